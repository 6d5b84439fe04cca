//! Bills and payments: revenue, what was paid on time, and how long the rest was owed.
//!
//! Arrears are rebuilt from payments as of the window's end. A balance would be simpler, but reflects the day of the
//! export. All money is in fen.

use crate::contract::Table;
use crate::contract::cell::{CheckedColumn, Ids, Integers};
use crate::contract::rule::Rule;
use crate::customer::{CustomerFinder, Customers};
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, index};
use crate::key::KeyIndex;
use crate::meter::MonthlyUsage;
use crate::rows::{self, CheckedRow, Columns, Placement, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window};

/// An accepted bill.
#[derive(Clone, Debug, PartialEq)]
struct AcceptedBill {
    customer: CustomerIx,
    month: Month,
    amount_fen: i64,
    due_on: Option<i32>,
    /// Key number of the bill that it reverses.
    reverses: Option<u32>,
}

/// An accepted payment.
#[derive(Clone, Debug, PartialEq)]
struct AcceptedPayment {
    /// Position of the bill among the accepted ones.
    bill: u32,
    paid_on: i32,
    amount_fen: i64,
}

/// The facts that bills and payments give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billing {
    /// Σ amounts due, reversals included.
    pub billed_fen: i64,
    /// Number of months with an accepted bill.
    pub billed_months: i64,
    /// Σ amounts due over the covered months that have a bill.
    pub priced_fen: i64,
    /// Σ active energy over the same months, in Wh.
    pub priced_wh: i64,
    /// Number of bills above zero that were due before the window's end.
    pub due_bills: i64,
    /// Σ due on them, after reversals.
    pub due_fen: i64,
    /// The part of `due_fen` that was paid by the due day.
    pub on_time_fen: i64,
    /// Σ of the unpaid amount over the days from the due day to the window's end: fen × days.
    pub overdue_fen_days: i64,
}

/// The books of both tables, and the facts by customer.
#[derive(Debug)]
pub struct Billed {
    /// Of `bills`.
    pub bills: TableBook,
    /// Of `payments`.
    pub payments: TableBook,
    /// By customer.
    pub facts: Vec<Billing>,
}

/// Reads payments, and counts them and the bills.
///
/// # Errors
/// A table cannot be read, or a sum overflows.
pub fn count(
    source: &dyn Source,
    bills: &Bills,
    bills_book: TableBook,
    usage: &MonthlyUsage,
    customers: usize,
) -> Result<Billed, RunError> {
    let window = usage.window();
    let mut payments_book = TableBook::new(Table::Payments);
    let payments = read_payments(source, bills, window, &mut payments_book)?;
    let mut facts = vec![Billing::default(); customers];
    bills.revenue(usage, &mut facts)?;
    bills.arrears(window, &bills.due_after_reversals(), &payments, &mut facts)?;
    Ok(Billed { bills: bills_book, payments: payments_book, facts })
}

/// What became of the rows with one bill id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BillState {
    /// All were rejected.
    Unknown,
    /// At least one lies outside the window, and none was accepted.
    OutOfWindow,
    /// One was accepted: its position among the accepted bills.
    Accepted(u32),
}

/// The columns and rules of bills.
struct BillRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
    keys: KeyIndex,
    /// By key number, as far as rows outside the window have been seen.
    states: Vec<BillState>,
}

struct BillCells {
    customer_ids: Ids,
    amounts_fen: Integers,
    due_days: CheckedColumn<i32>,
    reversed: Ids,
}

/// The place of a bill is its month.
impl TableRules<BillCells, Month, AcceptedBill> for BillRules<'_> {
    /// A payment of a bill outside the window is outside it too, so the ids of such bills are kept.
    const NUMBERS_ALL_KEYS: bool = true;

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<BillCells, RunError> {
        Ok(BillCells {
            customer_ids: columns.ids("customer_id", book)?,
            amounts_fen: columns.cells("amount_due")?,
            due_days: columns.narrow("due_on")?,
            reversed: columns.ids("reverses", book)?,
        })
    }

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn place(&mut self, month: i64, cells: &BillCells, _ids: &Ids, row: usize) -> Placement<Month> {
        let month = i32::try_from(month).ok().map(Month).filter(|&month| self.window.index(month).is_some());
        let Some(month) = month else { return Placement::Outside };
        self.finder.place(&cells.customer_ids, row, month.last_day()).map(|_| month)
    }

    fn note_outside(&mut self, key: u32, _placement: &Placement<Month>) {
        self.states.resize(self.keys.len(), BillState::Unknown);
        self.states[index(key)] = BillState::OutOfWindow;
    }

    fn value(
        &mut self,
        month: Month,
        _ids: &Ids,
        cells: &BillCells,
        row: usize,
    ) -> Result<AcceptedBill, Rule> {
        let customer = self.finder.find(&cells.customer_ids, row)?;
        let amount_fen = cells.amounts_fen.required(row)?;
        // Only a reversal may be without a due day.
        let due_on = match amount_fen {
            ..0 => cells.due_days.nullable(row)?,
            _ => Some(cells.due_days.required(row)?),
        };
        let reverses = cells.reversed.nullable(row)?.map(|bill| self.keys.insert(bill));
        Ok(AcceptedBill { customer, month, amount_fen, due_on, reverses })
    }
}

/// The bills of the window.
pub struct Bills {
    keys: KeyIndex,
    /// By key number.
    states: Vec<BillState>,
    rows: Vec<CheckedRow<AcceptedBill>>,
}

impl Bills {
    /// Reads the bills.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn read(
        source: &dyn Source,
        customers: &Customers,
        window: Window,
        book: &mut TableBook,
    ) -> Result<Self, RunError> {
        let finder = CustomerFinder::new(customers);
        let mut rules = BillRules { finder, window, keys: KeyIndex::default(), states: Vec::new() };
        let rows = rows::read(source, book, &mut rules)?;
        let BillRules { keys, mut states, .. } = rules;
        states.resize(keys.len(), BillState::Unknown);
        for (position, bill) in (0..).zip(&rows) {
            states[index(bill.key)] = BillState::Accepted(position);
        }
        let bills = Self { keys, states, rows };
        bills.notice_idle_reversals(book);
        Ok(bills)
    }

    /// The months with a counted bill, once for each bill: customer and position in the window.
    pub fn months(&self, window: Window) -> impl Iterator<Item = (CustomerIx, usize)> + '_ {
        self.rows.iter().filter_map(move |row| Some((row.value.customer, window.index(row.value.month)?)))
    }

    /// Reports reversals that reverse nothing.
    fn notice_idle_reversals(&self, book: &mut TableBook) {
        for CheckedRow { key, value: bill, .. } in &self.rows {
            let rule = match bill.amount_fen {
                0.. if bill.reverses.is_some() => Rule::ReversesIgnored,
                ..0 if self.reversed_by(bill).is_none() => Rule::UnknownReversal,
                _ => continue,
            };
            book.notice(rule, 1, || format!("bill {}", self.keys.key(*key)));
        }
    }

    /// The position of the bill that a negative bill reverses: an accepted one of the same customer.
    fn reversed_by(&self, bill: &AcceptedBill) -> Option<usize> {
        let named = bill.reverses.filter(|_| bill.amount_fen < 0)?;
        let BillState::Accepted(named) = self.states[index(named)] else { return None };
        (self.rows[index(named)].value.customer == bill.customer).then_some(index(named))
    }

    /// Sums revenue by customer, and both revenue and energy over the covered months that have a bill.
    fn revenue(&self, usage: &MonthlyUsage, facts: &mut [Billing]) -> Result<(), RunError> {
        // Sorts positions, not copies of the rows: a quarter of the memory, which matters for hundreds of millions of bills.
        let mut order: Vec<u32> = (0..).take(self.rows.len()).collect();
        order.sort_unstable_by_key(|&position| self.customer_and_month(position));
        for bills in order.chunk_by(|&a, &b| self.customer_and_month(a) == self.customer_and_month(b)) {
            let (customer, month) = self.customer_and_month(bills[0]);
            let amounts = bills.iter().map(|&bill| i128::from(self.rows[index(bill)].value.amount_fen));
            let fen = narrow(amounts.sum(), "a customer's revenue")?;
            let fact = &mut facts[customer.index()];
            fact.billed_months += 1;
            fact.billed_fen = add(fact.billed_fen, fen, "a customer's revenue")?;
            let Some(position) = usage.window().index(month) else { continue };
            if usage.covered(position, customer) {
                let wh = usage.get(position, customer).active_wh;
                fact.priced_fen = add(fact.priced_fen, fen, "a customer's revenue")?;
                fact.priced_wh = add(fact.priced_wh, wh, "a customer's energy")?;
            }
        }
        Ok(())
    }

    fn customer_and_month(&self, position: u32) -> (CustomerIx, Month) {
        let bill = &self.rows[index(position)].value;
        (bill.customer, bill.month)
    }

    /// What is due on each accepted bill, by its position, after reversals and never below 0.
    fn due_after_reversals(&self) -> Vec<i128> {
        let mut due_fen: Vec<i128> =
            self.rows.iter().map(|row| i128::from(row.value.amount_fen.max(0))).collect();
        for row in &self.rows {
            if let Some(reversed) = self.reversed_by(&row.value) {
                due_fen[reversed] += i128::from(row.value.amount_fen);
            }
        }
        due_fen.iter_mut().for_each(|fen| *fen = (*fen).max(0));
        due_fen
    }

    /// What was paid by the due day, and fen × days of the rest, over bills above zero due before the window's end.
    /// Payments come in the order of bills and days.
    fn arrears(
        &self,
        window: Window,
        due_fen: &[i128],
        payments: &[AcceptedPayment],
        facts: &mut [Billing],
    ) -> Result<(), RunError> {
        let mut sums = vec![(0i128, 0i128, 0i128); facts.len()];
        for ((position, row), &due) in (0..).zip(&self.rows).zip(due_fen) {
            let Some(due_on) = row.value.due_on else { continue };
            if row.value.amount_fen <= 0 || due_on >= window.end_day() {
                continue;
            }
            let start = payments.partition_point(|payment| payment.bill < position);
            let of_bill = payments[start..].iter().take_while(|payment| payment.bill == position);
            let (on_time, fen_days) = settle_bill(due, due_on, window.end_day(), of_bill);
            let customer = row.value.customer.index();
            facts[customer].due_bills += 1;
            let sum = &mut sums[customer];
            *sum = (sum.0 + due, sum.1 + on_time, sum.2 + fen_days);
        }
        for (fact, (due, on_time, fen_days)) in facts.iter_mut().zip(sums) {
            fact.due_fen = narrow(due, "what a customer owed")?;
            fact.on_time_fen = narrow(on_time, "what a customer paid")?;
            fact.overdue_fen_days = narrow(fen_days, "a customer's overdue fen × days")?;
        }
        Ok(())
    }
}

/// The columns and rules of payments.
struct PaymentRules<'a> {
    bills: &'a Bills,
    /// Key number of the bill found last. Payments are often sorted by bill, so the next one is likely the same or next.
    last_bill: u32,
    window: Window,
    keys: KeyIndex,
}

struct PaymentCells {
    bill_ids: Ids,
    amounts_fen: Integers,
}

/// The place of a payment is its day and the position of its bill, if the bill is accepted.
impl TableRules<PaymentCells, (i32, Option<u32>), AcceptedPayment> for PaymentRules<'_> {
    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<PaymentCells, RunError> {
        Ok(PaymentCells { bill_ids: columns.ids("bill_id", book)?, amounts_fen: columns.cells("amount")? })
    }

    fn customer_id(&self, _customer: CustomerIx) -> &str {
        ""
    }

    /// A payment is in the window if its bill is; one made after the window's end never is.
    fn place(
        &mut self,
        paid_on: i64,
        cells: &PaymentCells,
        _ids: &Ids,
        row: usize,
    ) -> Placement<(i32, Option<u32>)> {
        let paid_on = i32::try_from(paid_on).ok().filter(|paid_on| *paid_on < self.window.end_day());
        let Some(paid_on) = paid_on else { return Placement::Outside };
        let bill = cells.bill_ids.get(row).and_then(|id| self.bills.keys.get_near(id, &mut self.last_bill));
        match bill.map_or(BillState::Unknown, |bill| self.bills.states[index(bill)]) {
            BillState::OutOfWindow => Placement::Outside,
            BillState::Accepted(bill) => Placement::Inside((paid_on, Some(bill))),
            BillState::Unknown => Placement::Inside((paid_on, None)),
        }
    }

    fn value(
        &mut self,
        (paid_on, bill): (i32, Option<u32>),
        _ids: &Ids,
        cells: &PaymentCells,
        row: usize,
    ) -> Result<AcceptedPayment, Rule> {
        cells.bill_ids.required(row)?;
        let bill = bill.ok_or(Rule::Orphan)?;
        Ok(AcceptedPayment { bill, paid_on, amount_fen: cells.amounts_fen.required(row)? })
    }
}

/// Accepted payments, in the order of bills and days.
fn read_payments(
    source: &dyn Source,
    bills: &Bills,
    window: Window,
    book: &mut TableBook,
) -> Result<Vec<AcceptedPayment>, RunError> {
    let mut rules = PaymentRules { bills, last_bill: 0, window, keys: KeyIndex::default() };
    let rows = rows::read(source, book, &mut rules)?;
    let mut payments: Vec<AcceptedPayment> = rows.into_iter().map(|row| row.value).collect();
    payments.sort_unstable_by_key(|payment| (payment.bill, payment.paid_on));
    Ok(payments)
}

/// The part of `due` paid by `due_on`, and Σ unpaid(t) over the days t from `due_on` to `end` − 1, where
/// unpaid(t) = max(0, due − max(0, paid(t))) and paid(t) = Σ amounts paid by t. Payments must be sorted by day.
fn settle_bill<'p>(
    due: i128,
    due_on: i32,
    end: i32,
    payments: impl Iterator<Item = &'p AcceptedPayment>,
) -> (i128, i128) {
    let unpaid = |paid: i128| (due - paid.max(0)).max(0);
    let (mut paid, mut on_time, mut fen_days, mut since) = (0i128, 0i128, 0i128, due_on);
    for payment in payments {
        if payment.paid_on > since {
            fen_days += unpaid(paid) * i128::from(payment.paid_on - since);
            since = payment.paid_on;
        }
        paid += i128::from(payment.amount_fen);
        if payment.paid_on <= due_on {
            on_time = paid;
        }
    }
    fen_days += unpaid(paid) * i128::from(end - since);
    (due.min(on_time.max(0)), fen_days)
}

fn narrow(sum: i128, what: &str) -> Result<i64, RunError> {
    i64::try_from(sum).map_err(|_| {
        let advice = "an amount in the table must be wrong: look for the largest ones";
        Refusal::of(Table::Bills, format!("{what} exceeds 64 bits"), advice).into()
    })
}

fn add(a: i64, b: i64, what: &str) -> Result<i64, RunError> {
    narrow(i128::from(a) + i128::from(b), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;
    use crate::unit::day_of_date;

    const WINDOW: Window = Window { end: Month(54 * 12), months: 3 };
    const BILLS: &str = "bill_id|customer_id|billing_month|amount_due|due_on|reverses";
    const PAYMENTS: &str = "payment_id|bill_id|paid_on|amount";

    fn billed(bills: &[&str], payments: &[&str]) -> Billed {
        let readings = ["a|2023-10-01|10", "a|2023-11-01|20", "b|2023-10-01|1"];
        let source = MemorySource::default()
            .customers(&["a", "b"])
            .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &readings)
            .rows(Table::Bills, BILLS, bills)
            .rows(Table::Payments, PAYMENTS, payments);
        let customers = source.read_customers();
        let mut book = TableBook::new(Table::Bills);
        let bills = Bills::read(&source, &customers, WINDOW, &mut book).unwrap();
        let usage = source.read_usage(&customers, WINDOW);
        count(&source, &bills, book, &usage, customers.len()).unwrap()
    }

    #[test]
    fn overdue_fen_days_run_from_the_due_day_to_payment_or_the_end() {
        let billed = billed(
            &["1|a|2023-10|100|2023-11-25|-"],
            &["p|1|2023-11-25|30", "q|1|2023-11-30|50", "r|1|2024-01-01|20"],
        );
        let fact = billed.facts[0];
        assert_eq!((fact.due_fen, fact.on_time_fen), (10_000, 3_000));
        // 70 yuan for the 5 days from the 25th to the 29th, 20 yuan for the 32 days to the end.
        assert_eq!(fact.overdue_fen_days, 7_000 * 5 + 2_000 * 32);
        assert_eq!(billed.payments.tally.out_of_window, 1);
    }

    #[test]
    fn a_refund_reopens_a_paid_bill_and_an_overpayment_counts_no_more_than_the_bill() {
        let fact = billed(&["1|a|2023-10|100|2023-12-22|-"], &["p|1|2023-12-01|150", "q|1|2023-12-27|-100"])
            .facts[0];
        assert_eq!((fact.on_time_fen, fact.overdue_fen_days), (10_000, 5_000 * 5));
    }

    #[test]
    fn a_reversal_reduces_what_is_due_and_is_revenue_in_its_own_month() {
        let billed = billed(
            &[
                "1|a|2023-10|100|2023-11-25|-",
                "2|a|2023-11|-40|-|1",
                "3|a|2023-11|-500|-|1",
                "4|a|2023-12|-5|-|-",
                "5|b|2023-12|-5|-|1",
            ],
            &["p|1|2023-11-01|10"],
        );
        let fact = billed.facts[0];
        assert_eq!((fact.due_bills, fact.due_fen, fact.on_time_fen, fact.overdue_fen_days), (1, 0, 0, 0));
        assert_eq!((fact.billed_fen, fact.billed_months), (-44_500, 3));
        assert_eq!(billed.bills.noticed[&Rule::UnknownReversal], (2, "bill 4".into()));
    }

    #[test]
    fn average_price_uses_only_covered_months_with_a_bill() {
        let billed = billed(
            &["1|a|2023-10|5|2023-11-25|-", "2|a|2023-10|1|2023-11-25|-", "3|a|2023-12|7|2024-01-25|-"],
            &[],
        );
        let fact = billed.facts[0];
        assert_eq!(
            (fact.priced_fen, fact.priced_wh, fact.billed_fen, fact.billed_months),
            (600, 10_000, 1_300, 2)
        );
        assert_eq!(fact.due_bills, 2, "a bill due after the end is not yet due");
    }

    #[test]
    fn bad_bills_are_rejected_and_their_payments_are_orphans() {
        let billed = billed(
            &[
                "-|a|2023-10|1|2023-11-25|-",
                "1|a|never|1|2023-11-25|-",
                "2|x|2023-10|1|2023-11-25|-",
                "3|a|2023-10|abc|2023-11-25|-",
                "4|a|2023-10|1|-|-",
                "5|a|2023-10|2000000000000|2023-11-25|-",
                "6|a|2023-10|1|2023-11-25|-",
                "6|a|2023-10|2|2023-11-25|-",
                "7|a|2023-10|1|2023-11-25|-",
                "7|a|2023-10|1.00|2023/11/25|-",
                "8|x|2022-10|1|2023-11-25|-",
                "9|-|2023-10|1|2023-11-25|-",
            ],
            &[
                "p|6|2023-11-01|1",
                "q|8|2023-11-01|1",
                "r|zzz|2024-02-01|1",
                "s|7|2023-11-01|1",
                "t|zzz|2023-11-01|1",
                "u|7|2023-13-01|1",
                "v|-|2023-11-01|1",
            ],
        );
        assert_eq!(
            rejected_rules(&billed.bills),
            [
                "null_key",
                "bad_date",
                "orphan",
                "bad_number",
                "null_value",
                "out_of_bounds",
                "duplicate_key",
                "duplicate_key",
                "null_value",
            ]
        );
        let tally = billed.bills.tally;
        assert_eq!((tally.counted, tally.duplicates, tally.out_of_window), (1, 1, 1));
        assert_eq!(rejected_rules(&billed.payments), ["orphan", "orphan", "bad_date", "null_value"]);
        let tally = billed.payments.tally;
        assert_eq!((tally.counted, tally.out_of_window, tally.rejected), (1, 2, 4));
    }

    #[test]
    fn settling_a_bill_equals_the_day_by_day_sum_of_the_definition() {
        let day = |d: u32| day_of_date(chrono::NaiveDate::from_ymd_opt(2023, 12, d).unwrap());
        let payment = |d, amount_fen| AcceptedPayment { bill: 0, paid_on: day(d), amount_fen };
        let payments = [payment(1, -20), payment(5, 70), payment(5, -10), payment(9, 100), payment(12, -90)];
        let (due, due_on, end) = (100i128, day(4), day(20));
        let paid = |t: i32| {
            payments.iter().filter(|p| p.paid_on <= t).map(|p| i128::from(p.amount_fen)).sum::<i128>()
        };
        let slow: i128 = (due_on..end).map(|t| (due - paid(t).max(0)).max(0)).sum();
        assert_eq!(settle_bill(due, due_on, end, payments.iter()), (due.min(paid(due_on).max(0)), slow));
    }
}
