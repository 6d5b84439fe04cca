//! What was paid by the due day, how long the rest was owed, and what is still owed from earlier years.

use super::bill::Bill;
use super::paid::{BillPayment, PaidBills};
use super::reversal::DueAfterReversals;
use super::{Billing, narrow};
use crate::error::RunError;
use crate::index::index;
use crate::unit::{Month, Window};

/// The sums that settling gives: what was due on bills, what was paid on time and what is unpaid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    due_fen: i128,
    pub on_time_fen: i128,
    pub overdue_fen_days: i128,
    /// Unpaid at the window's end.
    unpaid_fen: i128,
    /// The last day on which something was unpaid, from the due day on and before the window's end.
    last_unpaid_day: Option<i32>,
}

/// Sums over the bills of one customer.
#[derive(Clone, Copy, Debug, Default)]
struct ArrearsSums {
    due_fen: i128,
    on_time_fen: i128,
    overdue_fen_days: i128,
    unpaid_fen: i128,
    cross_year_fen: i128,
}

/// Sums arrears over the bills above zero that were due before the window's end.
pub(super) struct Arrears<'a> {
    end_day: i32,
    /// First day of the calendar year of the window's end.
    new_year: i32,
    /// What is due on the accepted bills.
    due: &'a DueAfterReversals,
    payments: &'a PaidBills,
}

impl<'a> Arrears<'a> {
    pub fn new(window: Window, due: &'a DueAfterReversals, payments: &'a PaidBills) -> Self {
        let new_year = Month::new(window.end.year(), 1).first_day();
        Self { end_day: window.end_day(), new_year, due, payments }
    }

    /// Sums the arrears of a customer. `first` is the position of the first of its bills.
    pub fn count(&self, first: usize, bills: &[Bill], fact: &mut Billing) -> Result<(), RunError> {
        let mut sum = ArrearsSums::default();
        let first = u32::try_from(first).expect("bills have positions of 32 bits");
        for (position, bill) in (first..).zip(bills) {
            let Some(due_on) = bill.due_on().filter(|due_on| *due_on < self.end_day) else { continue };
            if bill.amount_fen <= 0 {
                continue;
            }
            let due_fen = self.due.due_fen(position, bill).into();
            let settled =
                settle_bill(due_fen, due_on, self.end_day, self.payments.of(index(position)).iter());
            fact.due_bills += 1;
            let since = (settled.unpaid_fen > 0).then_some(due_on);
            let last = settled.last_unpaid_day;
            fact.add_days(&Billing { unpaid_since: since, last_overdue_day: last, ..Billing::default() });
            sum.due_fen += settled.due_fen;
            sum.on_time_fen += settled.on_time_fen;
            sum.overdue_fen_days += settled.overdue_fen_days;
            sum.unpaid_fen += settled.unpaid_fen;
            if due_on < self.new_year {
                sum.cross_year_fen += settled.unpaid_fen;
            }
        }
        fact.due_fen = narrow(sum.due_fen, ("what a customer owed", "客户的应付金额"))?;
        fact.on_time_fen = narrow(sum.on_time_fen, ("what a customer paid", "客户的实付金额"))?;
        fact.overdue_fen_days =
            narrow(sum.overdue_fen_days, ("a customer's overdue fen × days", "客户的逾期金额 × 天数"))?;
        fact.cross_year_arrears_fen = narrow(sum.cross_year_fen, ("what a customer owes", "客户的欠费"))?;
        fact.unpaid_fen = narrow(sum.unpaid_fen, ("what a customer owes", "客户的欠费"))?;
        Ok(())
    }
}

/// The part of `due` paid by `due_on`, Σ unpaid(t) over the days t from `due_on` to `end` − 1, unpaid(`end` − 1) and the last
/// of these days with unpaid(t) > 0, where unpaid(t) = max(0, due − max(0, paid(t))) and paid(t) = Σ amounts paid by t.
/// Payments must be sorted by day and made before `end`.
pub(super) fn settle_bill<'p>(
    due: i128,
    due_on: i32,
    end: i32,
    payments: impl Iterator<Item = &'p BillPayment>,
) -> Settled {
    let unpaid = |paid: i128| (due - paid.max(0)).max(0);
    let (mut paid, mut on_time, mut fen_days, mut since) = (0i128, 0i128, 0i128, due_on);
    let mut last_unpaid_day = None;
    for payment in payments {
        if payment.paid_on > since {
            if unpaid(paid) > 0 {
                last_unpaid_day = Some(payment.paid_on - 1);
            }
            fen_days += unpaid(paid) * i128::from(payment.paid_on - since);
            since = payment.paid_on;
        }
        paid += i128::from(payment.amount_fen);
        if payment.paid_on <= due_on {
            on_time = paid;
        }
    }
    fen_days += unpaid(paid) * i128::from(end - since);
    if unpaid(paid) > 0 && end > since {
        last_unpaid_day = Some(end - 1);
    }
    Settled {
        due_fen: due,
        on_time_fen: due.min(on_time.max(0)),
        overdue_fen_days: fen_days,
        unpaid_fen: unpaid(paid),
        last_unpaid_day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::day_of_date;

    #[test]
    fn settling_a_bill_equals_the_day_by_day_sum_of_the_definition() {
        let day = |d: u32| day_of_date(chrono::NaiveDate::from_ymd_opt(2023, 12, d).unwrap());
        let payment = |d, amount_fen| BillPayment { bill: 0, paid_on: day(d), amount_fen };
        let payments = [payment(1, -20), payment(5, 70), payment(5, -10), payment(9, 100), payment(12, -90)];
        let (due, due_on, end) = (100i128, day(4), day(20));
        let paid = |t: i32| {
            payments.iter().filter(|p| p.paid_on <= t).map(|p| i128::from(p.amount_fen)).sum::<i128>()
        };
        let slow = |t: i32| (due - paid(t).max(0)).max(0);
        assert_eq!(
            settle_bill(due, due_on, end, payments.iter()),
            Settled {
                due_fen: due,
                on_time_fen: due.min(paid(due_on).max(0)),
                overdue_fen_days: (due_on..end).map(slow).sum(),
                unpaid_fen: slow(end - 1),
                last_unpaid_day: (due_on..end).rev().find(|&t| slow(t) > 0),
            }
        );
        let paid_late = [payment(1, 30), payment(9, 70)];
        assert_eq!(settle_bill(due, due_on, end, paid_late.iter()).last_unpaid_day, Some(day(8)));
        let paid_in_time = [payment(4, 100)];
        assert_eq!(settle_bill(due, due_on, end, paid_in_time.iter()).last_unpaid_day, None);
    }
}
