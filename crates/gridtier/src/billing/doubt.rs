//! Bills and payments that break no rule but cannot be right: delivered twice under other ids, a month away from the
//! energy that they bill, in another unit, or far from what is paid.

use super::bill::{Bill, Bills};
use super::billed::BilledMonth;
use super::paid::BillPayment;
use super::reversal::DueAfterReversals;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::delivery::notice_missing_months;
use crate::index::{CustomerIx, count, index};
use crate::meter::MonthlyUsage;
use crate::source::TableBook;
use crate::unit::{Window, date_of_day};

/// Equal bills or payments are reported if they are at least one row in this many: a few may be real.
const REPEATED_ONE_IN: u64 = 200;
/// A month's bills are suspect from this factor on. It is less than the 100 between fen and yuan.
const AMOUNT_FACTOR: i128 = 90;
/// Energy may differ from the median by less than this where the bills of the month are suspect.
const ENERGY_FACTOR: i128 = 10;
/// About how many customers are examined for bills that are a month apart: the others show nothing else.
const SAMPLE: usize = 2_000;
/// Fewest months with a bill and energy that show anything about one customer.
const MONTHS_MIN: usize = 12;
/// Fewest customers that show anything.
const CUSTOMERS_MIN: usize = 3;
/// Prices of a fitting month spread at most this much as widely as those of the same month.
const SPREAD_MAX: f64 = 0.5;
/// Payments far from the amounts due: the total, and a customer's own.
const PAID_FACTOR: i128 = 10;

/// What the bills of the customers so far leave in doubt.
pub(super) struct BillDoubts<'a> {
    bills: &'a Bills,
    usage: &'a MonthlyUsage,
    /// Only every so-many-th customer is examined for its months.
    step: usize,
    /// Bills equal to another but for their id, and the first two ids.
    repeated: u64,
    first_repeated: Option<[&'a str; 2]>,
    /// Months with suspect amounts.
    amounts: Vec<SuspectAmount>,
    /// Customers whose bills fit the energy of the month before, of their own, and of the month after.
    votes: [u64; 3],
    first_apart: Option<CustomerIx>,
}

struct SuspectAmount {
    customer: CustomerIx,
    month: usize,
    fen: i128,
    median_fen: i128,
}

impl<'a> BillDoubts<'a> {
    pub fn new(bills: &'a Bills, usage: &'a MonthlyUsage, customers: usize) -> Self {
        Self {
            bills,
            usage,
            step: customers.div_ceil(SAMPLE).max(1),
            repeated: 0,
            first_repeated: None,
            amounts: Vec::new(),
            votes: [0; 3],
            first_apart: None,
        }
    }

    /// Looks at the bills of a customer, and at their sums by month.
    pub fn look(&mut self, customer: CustomerIx, bills: &[Bill], billed: &[BilledMonth]) {
        if bills.len() > billed.len() {
            self.look_for_repeated(bills);
        }
        self.look_at_amounts(customer, billed);
        if customer.index().is_multiple_of(self.step) {
            self.look_at_months(customer, billed);
        }
    }

    fn look_for_repeated(&mut self, of_customer: &[Bill]) {
        let bills = self.bills;
        let content = |row: &Bill| (row.month(), row.amount_fen, row.due_on());
        // A reversal repeats no bill, and a bill of nothing counts for nothing.
        let mut of_customer: Vec<_> = of_customer.iter().filter(|row| row.amount_fen > 0).collect();
        // Ids are asked for among equal bills only, since their texts are mostly not written yet.
        of_customer
            .sort_unstable_by(|a, b| content(a).cmp(&content(b)).then_with(|| bills.id(a).cmp(bills.id(b))));
        for pair in of_customer.windows(2).filter(|pair| content(pair[0]) == content(pair[1])) {
            self.repeated += 1;
            let ids = [pair[0], pair[1]].map(|row| bills.id(row));
            self.first_repeated = Some(self.first_repeated.map_or(ids, |first| first.min(ids)));
        }
    }

    fn look_at_amounts(&mut self, customer: CustomerIx, billed: &[BilledMonth]) {
        let amounts = || billed.iter().map(|billed| billed.fen).filter(|fen| *fen > 0);
        let (Some(least), Some(most)) = (amounts().min(), amounts().max()) else { return };
        if most <= AMOUNT_FACTOR * least {
            return;
        }
        let energy = |month: usize| i128::from(self.usage.get(month, customer).active_wh);
        let Some(median_fen) = lower_median(amounts()) else { return };
        let energies = billed.iter().map(|billed| energy(billed.month)).filter(|wh| *wh > 0);
        let Some(median_wh) = lower_median(energies) else { return };
        for &BilledMonth { month, fen } in billed.iter().filter(|billed| billed.fen > 0) {
            let wh = energy(month);
            let too_much = fen > AMOUNT_FACTOR * median_fen && wh < ENERGY_FACTOR * median_wh;
            let too_little = fen * AMOUNT_FACTOR < median_fen && wh * ENERGY_FACTOR > median_wh;
            if too_much || too_little {
                self.amounts.push(SuspectAmount { customer, month, fen, median_fen });
            }
        }
    }

    /// Whose energy the bills of a customer fit best: that of the month before, of their own, or of the month after.
    fn look_at_months(&mut self, customer: CustomerIx, billed: &[BilledMonth]) {
        if billed.len() < MONTHS_MIN {
            return;
        }
        let months = index(self.usage.window().months);
        let spread = |shift: usize| {
            let prices = billed.iter().filter_map(|&BilledMonth { month, fen }| {
                let month = (month + shift).checked_sub(1).filter(|month| *month < months)?;
                let wh = self.usage.get(month, customer).active_wh;
                (fen > 0 && wh > 0).then(|| libm::log(fen as f64 / wh as f64))
            });
            variance(&prices.collect::<Vec<_>>())
        };
        let [Some(before), Some(own), Some(after)] = [0, 1, 2].map(spread) else { return };
        let best = before.min(after);
        if best < SPREAD_MAX * SPREAD_MAX * own {
            self.votes[if before < after { 0 } else { 2 }] += 1;
            self.first_apart.get_or_insert(customer);
        } else if own < best {
            self.votes[1] += 1;
        }
    }

    /// Adds what was found about later customers.
    pub fn append(&mut self, later: Self) {
        self.repeated += later.repeated;
        self.first_repeated = self.first_repeated.into_iter().chain(later.first_repeated).min();
        self.amounts.extend(later.amounts);
        self.votes.iter_mut().zip(later.votes).for_each(|(votes, more)| *votes += more);
        self.first_apart = self.first_apart.or(later.first_apart);
    }

    pub fn notice(&self, customers: &Customers, book: &mut TableBook) {
        if self.repeated > 0 && self.repeated * REPEATED_ONE_IN >= count(self.bills.rows.len()) {
            let [first, second] = self.first_repeated.unwrap_or_default();
            book.notice(Rule::LikelyRepeated, self.repeated, || {
                format!("bills {first} and {second}: the same customer, month, amount and day to pay")
            });
        }
        if let Some(first) = self.amounts.first() {
            book.notice(Rule::AmountSuspect, count(self.amounts.len()), || {
                let id = customers.ids.key(first.customer.number());
                let month = self.usage.window().month(first.month);
                let [cny, median_cny] = [first.fen, first.median_fen].map(|fen| fen / 100);
                format!("{id} in {month}: {cny} CNY, median month {median_cny} CNY")
            });
        }
        let [before, own, after] = self.votes;
        let (apart, side) = if before > after { (before, "before") } else { (after, "after") };
        if apart >= count(CUSTOMERS_MIN)
            && apart > own + before.min(after)
            && let Some(first) = self.first_apart
        {
            let (looked, id) = (before + own + after, customers.ids.key(first.number()));
            book.notice(Rule::MonthsApart, apart, || {
                format!("month {side}, {apart} of {looked} customers examined, first {id}")
            });
        }
    }
}

/// The lower median of some numbers.
fn lower_median(values: impl Iterator<Item = i128>) -> Option<i128> {
    let mut sorted: Vec<i128> = values.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// The variance of at least [`MONTHS_MIN`] − 1 numbers.
fn variance(values: &[f64]) -> Option<f64> {
    if values.len() + 1 < MONTHS_MIN {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64)
}

/// Notes payments that equal another in bill, day and amount, and payments far from what is due. Payments must be sorted by
/// bill, then by day and amount.
pub(super) fn notice_payments(
    bills: &Bills,
    payments: &[BillPayment],
    due_after_reversals: &DueAfterReversals,
    customers: &Customers,
    window: Window,
    book: &mut TableBook,
) {
    let equal = || payments.windows(2).filter(|pair| pair[0] == pair[1] && pair[0].amount_fen > 0);
    let repeated = count(equal().count());
    let id = |payment: &BillPayment| bills.id(&bills.rows[index(payment.bill)]);
    // Ids are asked for only if they are shown, since all are written at once.
    if repeated * REPEATED_ONE_IN >= count(payments.len())
        && let Some((bill, day)) = equal().map(|pair| (id(&pair[0]), pair[0].paid_on)).min()
    {
        let day = date_of_day(day).map_or_else(String::new, |day| day.to_string());
        book.notice(Rule::LikelyRepeated, repeated, || format!("bill {bill}: two equal payments on {day}"));
    }
    notice_missing_months(window, &bills.paid_by_month(payments), book);
    // Bills without a payment say nothing about the amounts of payments.
    let mut paid = vec![0_i128; customers.len()];
    let mut due = vec![0_i128; customers.len()];
    for of_bill in payments.chunk_by(|a, b| a.bill == b.bill) {
        let position = of_bill[0].bill;
        let bill = &bills.rows[index(position)];
        let customer = bill.customer.index();
        paid[customer] += of_bill.iter().map(|payment| i128::from(payment.amount_fen)).sum::<i128>();
        due[customer] += i128::from(due_after_reversals.due_fen(position, bill));
    }
    let is_far = |paid: i128, due: i128| due > 0 && (paid > PAID_FACTOR * due || paid < 0);
    let is_low = |customer: &usize| paid[*customer] > 0 && due[*customer] > PAID_FACTOR * paid[*customer];
    let payers = paid.iter().filter(|paid| **paid != 0).count();
    let is_little = 2 * (0..customers.len()).filter(is_low).count() > payers;
    let far = |customer: &usize| is_far(paid[*customer], due[*customer]) || is_little && is_low(customer);
    let found = count((0..customers.len()).filter(far).count());
    if let Some(first) = (0..customers.len()).find(far) {
        book.notice(Rule::UnlikelyRatio, found, || {
            let (id, paid, due) =
                (customers.ids.key(CustomerIx::from_index(first).number()), paid[first], due[first]);
            format!("{id}: paid {} CNY of {} CNY due", paid / 100, due / 100)
        });
    }
}
