//! Payments on account: in which order they pay a customer's bills (DATA §8).
//!
//! The order is chronological. On the first day of a month the bills of the month become payable, and waiting credit is
//! applied to them; then come the payments of each day. So a payment never pays a bill of a later month, and what a
//! customer paid ahead counts for a bill from the first day of the bill's month.

use std::collections::{BTreeMap, BTreeSet};

use super::bill::{Bill, Bills};
use super::narrow;
use super::paid::{BillPayment, CheckedPayment, PaidFor};
use super::reversal::{Due, DueAfterReversals};
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::key::KeyIndex;
use crate::unit::Month;

/// A bill above zero that payments on account can pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountBill {
    /// The month of the bill, which is payable from the first day of this month.
    pub month: Month,
    /// What is due after reversals, less all payments that name the bill, whenever they were made.
    pub unpaid_fen: i128,
}

/// A payment on account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountPayment {
    pub paid_on: i32,
    /// The amount paid; negative for a refund.
    pub amount_fen: i64,
}

/// An amount applied to a bill, which is given by its position in the list of bills. The amount is negative where a
/// refund took it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    pub bill: usize,
    pub day: i32,
    pub amount_fen: i128,
}

/// Applies a customer's payments on account, in the order of days and payment ids, to its bills, in the order of due days
/// and bill ids.
pub(super) fn settle(bills: &[AccountBill], payments: &[AccountPayment]) -> Vec<Applied> {
    let mut by_month: Vec<usize> = (0..bills.len()).collect();
    by_month.sort_by_key(|&bill| bills[bill].month);
    let mut to_come = by_month.into_iter().peekable();
    let mut account = Account::new(bills);
    for payment in payments {
        while let Some(bill) = to_come.next_if(|&bill| bills[bill].month.first_day() <= payment.paid_on) {
            account.open_month(&mut to_come, bill, bills);
        }
        account.pay(payment.paid_on, payment.amount_fen.into());
    }
    while let Some(bill) = to_come.next() {
        account.open_month(&mut to_come, bill, bills);
    }
    account.applied
}

/// A customer's account on a day.
struct Account {
    /// For each bill, the part that is not paid yet.
    unpaid_fen: Vec<i128>,
    /// The payable bills that are not fully paid.
    open: BTreeSet<usize>,
    /// Credit: paid and not applied yet. While there is any, no bill is open.
    credit_fen: i128,
    applied: Vec<Applied>,
    /// Amounts that a refund can take back, with their bills, in the order in which they were applied.
    standing: Vec<(usize, i128)>,
}

impl Account {
    fn new(bills: &[AccountBill]) -> Self {
        Self {
            unpaid_fen: bills.iter().map(|bill| bill.unpaid_fen.max(0)).collect(),
            open: BTreeSet::new(),
            credit_fen: 0,
            applied: Vec::new(),
            standing: Vec::new(),
        }
    }

    /// Makes the bills of a month payable and applies credit to them. `first` is the position of the first of these
    /// bills; the others follow it.
    fn open_month(
        &mut self,
        to_come: &mut std::iter::Peekable<impl Iterator<Item = usize>>,
        first: usize,
        bills: &[AccountBill],
    ) {
        let month = bills[first].month;
        self.open_bill(first);
        while let Some(bill) = to_come.next_if(|&bill| bills[bill].month == month) {
            self.open_bill(bill);
        }
        self.apply_credit(month.first_day());
    }

    fn open_bill(&mut self, bill: usize) {
        if self.unpaid_fen[bill] > 0 {
            self.open.insert(bill);
        }
    }

    fn pay(&mut self, day: i32, amount_fen: i128) {
        if amount_fen >= 0 {
            self.credit_fen += amount_fen;
            self.apply_credit(day);
        } else {
            self.refund(day, -amount_fen);
        }
    }

    /// Applies credit to the open bills in their order.
    fn apply_credit(&mut self, day: i32) {
        while self.credit_fen > 0 {
            let Some(&bill) = self.open.first() else { break };
            let amount_fen = self.credit_fen.min(self.unpaid_fen[bill]);
            self.credit_fen -= amount_fen;
            self.unpaid_fen[bill] -= amount_fen;
            if self.unpaid_fen[bill] == 0 {
                self.open.remove(&bill);
            }
            self.applied.push(Applied { bill, day, amount_fen });
            self.standing.push((bill, amount_fen));
        }
    }

    /// Takes a refund first from waiting credit, then from the bills to which amounts were applied last. Any remainder
    /// is dropped.
    fn refund(&mut self, day: i32, refund_fen: i128) {
        let from_credit = refund_fen.min(self.credit_fen);
        self.credit_fen -= from_credit;
        let mut left_fen = refund_fen - from_credit;
        while left_fen > 0 {
            let Some((bill, standing_fen)) = self.standing.pop() else { break };
            let amount_fen = left_fen.min(standing_fen);
            left_fen -= amount_fen;
            if standing_fen > amount_fen {
                self.standing.push((bill, standing_fen - amount_fen));
            }
            self.applied.push(Applied { bill, day, amount_fen: -amount_fen });
            self.unpaid_fen[bill] += amount_fen;
            self.open.insert(bill);
        }
    }
}

/// Finds how much of the accepted bills was paid by payments on account. `named` are the payments that name an accepted
/// bill; `other` are the payments on account and those that name an earlier bill, with the numbers of their ids in
/// `ids`.
pub(super) fn apply(
    bills: &Bills,
    due: &Due,
    named: &[BillPayment],
    other: &[(u32, CheckedPayment)],
    ids: &KeyIndex,
) -> Result<Vec<BillPayment>, RunError> {
    let by_customer = by_customer(other, ids);
    if by_customer.is_empty() {
        return Ok(Vec::new());
    }
    let mut payable = payable_bills(bills, due, named, other, &by_customer);
    let mut paid = Vec::new();
    for (customer, payments) in by_customer {
        let Some(mut listed) = payable.remove(&customer) else { continue };
        listed.sort_by(|a, b| (a.due_on, a.id).cmp(&(b.due_on, b.id)));
        let of_account: Vec<AccountBill> = listed.iter().map(|listed| listed.bill.clone()).collect();
        for applied in settle(&of_account, &payments) {
            // An amount applied to a bill before the window is in no sum.
            let Some(bill) = listed[applied.bill].accepted else { continue };
            let amount_fen = narrow(applied.amount_fen, ("what a customer paid", "客户的实付金额"))?;
            paid.push(BillPayment { bill, paid_on: applied.day, amount_fen });
        }
    }
    Ok(paid)
}

/// The payments on account by customer, in the order of days and ids.
fn by_customer(other: &[(u32, CheckedPayment)], ids: &KeyIndex) -> BTreeMap<CustomerIx, Vec<AccountPayment>> {
    let mut on_account: Vec<(CustomerIx, u32, AccountPayment)> = Vec::new();
    for &(id, payment) in other {
        if let PaidFor::Account(customer) = payment.paid_for() {
            let (paid_on, amount_fen) = (payment.paid_on(), payment.amount_fen);
            on_account.push((customer, id, AccountPayment { paid_on, amount_fen }));
        }
    }
    on_account.sort_unstable_by_key(|&(customer, id, payment)| (customer, payment.paid_on, ids.key(id)));
    let mut by_customer: BTreeMap<CustomerIx, Vec<AccountPayment>> = BTreeMap::new();
    for (customer, _, payment) in on_account {
        by_customer.entry(customer).or_default().push(payment);
    }
    by_customer
}

/// A bill in the order of a customer's account.
struct ListedBill<'a> {
    due_on: i32,
    id: &'a str,
    /// The position among the accepted bills; `None` for a bill outside the window.
    accepted: Option<u32>,
    bill: AccountBill,
}

/// What is due on each bill.
fn due_fen_of_each(due: &DueAfterReversals, bills: &[Bill]) -> Vec<i128> {
    (0..).zip(bills).map(|(position, bill)| due.due_fen(position, bill).into()).collect()
}

/// The bills above zero of the customers who pay on account.
fn payable_bills<'a>(
    bills: &'a Bills,
    due: &Due,
    named: &[BillPayment],
    other: &[(u32, CheckedPayment)],
    by_customer: &BTreeMap<CustomerIx, Vec<AccountPayment>>,
) -> BTreeMap<CustomerIx, Vec<ListedBill<'a>>> {
    let mut unpaid = due_fen_of_each(&due.counted, &bills.rows);
    for payment in named {
        unpaid[index(payment.bill)] -= i128::from(payment.amount_fen);
    }
    let mut unpaid_earlier = due_fen_of_each(&due.earlier, &bills.earlier);
    for (_, payment) in other {
        if let PaidFor::EarlierBill(bill) = payment.paid_for() {
            unpaid_earlier[index(bill)] -= i128::from(payment.amount_fen);
        }
    }
    let accepted = (0..).zip(&bills.rows).zip(unpaid).map(|((at, bill), unpaid)| (Some(at), bill, unpaid));
    let earlier = bills.earlier.iter().zip(unpaid_earlier).map(|(bill, unpaid)| (None, bill, unpaid));
    let mut payable: BTreeMap<CustomerIx, Vec<ListedBill>> = BTreeMap::new();
    for (accepted, bill, unpaid_fen) in accepted.chain(earlier) {
        // If the tables have payments, every bill above zero has a due day.
        let (Some(due_on), true) = (bill.due_on(), bill.amount_fen > 0) else { continue };
        if by_customer.contains_key(&bill.customer) {
            let listed = AccountBill { month: bill.month(), unpaid_fen };
            payable.entry(bill.customer).or_default().push(ListedBill {
                due_on,
                id: bills.id(bill),
                accepted,
                bill: listed,
            });
        }
    }
    payable
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bill(month: u32, unpaid_fen: i128) -> AccountBill {
        AccountBill { month: Month::new(2024, month), unpaid_fen }
    }

    fn day(month: u32, day: i32) -> i32 {
        Month::new(2024, month).first_day() + day - 1
    }

    fn paid(month: u32, on: i32, amount_fen: i64) -> AccountPayment {
        AccountPayment { paid_on: day(month, on), amount_fen }
    }

    fn applied(bill: usize, month: u32, on: i32, amount_fen: i128) -> Applied {
        Applied { bill, day: day(month, on), amount_fen }
    }

    #[test]
    fn payments_pay_bills_in_their_order_and_what_is_left_waits_for_the_first_day_of_a_later_month() {
        let bills = [bill(1, 100), bill(2, 100), bill(4, 100)];
        let settled = settle(&bills, &[paid(2, 10, 150), paid(2, 11, 130), paid(4, 1, 5)]);
        assert_eq!(
            settled,
            [
                applied(0, 2, 10, 100),
                applied(1, 2, 10, 50),
                applied(1, 2, 11, 50),
                // Waiting credit is applied before the payments of the day.
                applied(2, 4, 1, 80),
                applied(2, 4, 1, 5),
            ]
        );
    }

    #[test]
    fn a_payment_pays_a_bill_of_its_own_month_before_a_bill_of_a_later_month_that_is_due_sooner() {
        let bills = [bill(3, 100), bill(2, 100)];
        let settled = settle(&bills, &[paid(2, 28, 150)]);
        assert_eq!(settled, [applied(1, 2, 28, 100), applied(0, 3, 1, 50)]);
    }

    #[test]
    fn a_refund_takes_waiting_credit_then_what_was_applied_last_and_any_remainder_is_dropped() {
        let bills = [bill(1, 100), bill(1, 100)];
        let settled = settle(&bills, &[paid(1, 5, 230), paid(1, 6, -40), paid(1, 7, -300), paid(1, 8, 10)]);
        assert_eq!(
            settled,
            [
                applied(0, 1, 5, 100),
                applied(1, 1, 5, 100),
                applied(1, 1, 6, -10),
                applied(1, 1, 7, -90),
                applied(0, 1, 7, -100),
                applied(0, 1, 8, 10),
            ]
        );
    }

    /// The rules of DATA §8 taken literally, day by day and fen by fen.
    fn obvious(bills: &[AccountBill], payments: &[AccountPayment]) -> BTreeMap<(usize, i32), i128> {
        let mut unpaid: Vec<i128> = bills.iter().map(|bill| bill.unpaid_fen).collect();
        let (mut credit, mut latest) = (0i128, Vec::<usize>::new());
        let mut paid: BTreeMap<(usize, i32), i128> = BTreeMap::new();
        let days = Month::new(2024, 1).first_day()..Month::new(2024, 7).first_day();
        for today in days {
            let mut apply = |credit: &mut i128, unpaid: &mut Vec<i128>, latest: &mut Vec<usize>| {
                while *credit > 0 {
                    let payable = |&bill: &usize| bills[bill].month.first_day() <= today && unpaid[bill] > 0;
                    let Some(bill) = (0..bills.len()).find(payable) else { break };
                    *credit -= 1;
                    unpaid[bill] -= 1;
                    latest.push(bill);
                    *paid.entry((bill, today)).or_default() += 1;
                }
            };
            apply(&mut credit, &mut unpaid, &mut latest);
            let mut taken = Vec::new();
            for payment in payments.iter().filter(|payment| payment.paid_on == today) {
                credit += i128::from(payment.amount_fen.max(0));
                apply(&mut credit, &mut unpaid, &mut latest);
                for _ in 0..-payment.amount_fen.min(0) {
                    if credit > 0 {
                        credit -= 1;
                    } else if let Some(bill) = latest.pop() {
                        unpaid[bill] += 1;
                        taken.push(bill);
                    }
                }
            }
            for bill in taken {
                *paid.entry((bill, today)).or_default() -= 1;
            }
        }
        paid.retain(|_, amount| *amount != 0);
        paid
    }

    proptest! {
        #[test]
        fn settling_an_account_equals_the_rules_taken_literally(
            bills in prop::collection::vec((1u32..7, -3i128..12), 0..7),
            payments in prop::collection::vec((1u32..7, 1i32..4, -15i64..25), 0..9),
        ) {
            let bills: Vec<AccountBill> = bills.into_iter().map(|(month, unpaid)| bill(month, unpaid)).collect();
            let mut payments: Vec<AccountPayment> =
                payments.into_iter().map(|(month, on, amount)| paid(month, on, amount)).collect();
            payments.sort_by_key(|payment| payment.paid_on);
            let mut settled: BTreeMap<(usize, i32), i128> = BTreeMap::new();
            for applied in settle(&bills, &payments) {
                *settled.entry((applied.bill, applied.day)).or_default() += applied.amount_fen;
            }
            settled.retain(|_, amount| *amount != 0);
            prop_assert_eq!(settled, obvious(&bills, &payments));
        }
    }
}
