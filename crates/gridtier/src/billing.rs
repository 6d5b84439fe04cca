//! Bills and payments: revenue, what was paid on time, and how long the rest was owed.
//!
//! Arrears are rebuilt from payments as of the window's end and never read from a balance, which says what was known
//! on the day of the export. All money is in fen. Whether a late payer is a bad customer is not decided here.

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::customer::{self, Customers};
use crate::error::RunError;
use crate::index::CustomerIx;
use crate::key::KeyIndex;
use crate::meter::MonthlyUsage;
use crate::rows::{self, Columns, Row};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window};

/// Where a bill's rows lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// No accepted row, none outside the window.
    Unknown,
    /// A row outside the window and no accepted one.
    OutOfWindow,
    /// An accepted row.
    Accepted,
}

/// An accepted bill.
#[derive(Clone, Debug, PartialEq)]
struct Bill {
    customer: u32,
    month: Month,
    amount_fen: i64,
    due_on: Option<i32>,
    /// Number of the bill that it reverses.
    reverses: Option<u32>,
}

/// An accepted payment.
#[derive(Clone, Debug, PartialEq)]
struct Payment {
    bill: u32,
    paid_on: i32,
    amount_fen: i64,
}

/// What bills and payments say of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billing {
    /// Σ amounts due, reversals included.
    pub billed_fen: i64,
    /// Distinct months with a counted bill.
    pub billed_months: i64,
    /// Σ amounts due over the covered months that have a bill.
    pub priced_fen: i64,
    /// Σ active energy over the same months, in Wh.
    pub priced_wh: i64,
    /// Bills above zero that were due before the window's end.
    pub due_bills: i64,
    /// Σ due on them, after reversals.
    pub due_fen: i64,
    /// Of it paid by the due day.
    pub on_time_fen: i64,
    /// Σ over days of what was unpaid from the due day on: fen × days.
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

/// Reads bills and payments.
///
/// # Errors
/// A table cannot be read, or a sum overflows.
pub fn read(source: &dyn Source, customers: &Customers, usage: &MonthlyUsage) -> Result<Billed, RunError> {
    let mut ledger = Ledger::read(source, customers, usage.window())?;
    let (payments_book, payments) = ledger.read_payments(source, usage.window())?;
    let mut facts = vec![Billing::default(); customers.len()];
    ledger.revenue(usage, &mut facts)?;
    let due_fen = ledger.due_after_reversals();
    ledger.arrears(usage.window(), &due_fen, payments, &mut facts)?;
    Ok(Billed { bills: ledger.book, payments: payments_book, facts })
}

/// The bills of the window.
struct Ledger {
    book: TableBook,
    index: KeyIndex,
    standing: Vec<Standing>,
    bills: Vec<Row<Bill>>,
    /// By bill number: its place in `bills`, if it is accepted.
    place: Vec<Option<u32>>,
}

impl Ledger {
    fn read(source: &dyn Source, customers: &Customers, window: Window) -> Result<Self, RunError> {
        let mut ledger = Self {
            book: TableBook::new(Table::Bills),
            index: KeyIndex::default(),
            standing: Vec::new(),
            bills: Vec::new(),
            place: Vec::new(),
        };
        let mut book = TableBook::new(Table::Bills);
        ledger.index.reserve(rows::known_rows(source, Table::Bills)?);
        rows::read_table(source, &mut book, &mut |columns, book| {
            ledger.take(columns, book, customers, window)
        })?;
        ledger.standing.resize(ledger.index.len(), Standing::Unknown);
        ledger.bills = rows::settle(&mut book, std::mem::take(&mut ledger.bills), ledger.index.len());
        book.close()?;
        ledger.place = vec![None; ledger.index.len()];
        for (place, bill) in ledger.bills.iter().enumerate() {
            ledger.standing[bill.key as usize] = Standing::Accepted;
            ledger.place[bill.key as usize] = Some(place as u32);
        }
        ledger.book = book;
        ledger.check_reversals();
        Ok(ledger)
    }

    fn take(
        &mut self,
        columns: &mut Columns,
        book: &mut TableBook,
        customers: &Customers,
        window: Window,
    ) -> Result<(), RunError> {
        let bill_ids = columns.ids("bill_id", book)?;
        let customer_ids = columns.ids("customer_id", book)?;
        let months = columns.cells("billing_month")?;
        let amounts = columns.cells("amount_due")?;
        let due_days = columns.cells("due_on")?;
        let reversed = columns.ids("reverses", book)?;
        let mut last = 0;
        for row in 0..columns.rows() {
            let at = columns.at(row);
            let fault = columns
                .reader_fault(row)
                .or(rows::key_fault(&bill_ids, row))
                .or(rows::fault_or_null(months.states[row]));
            if let Some(rule) = fault {
                book.reject(at, rule);
                continue;
            }
            let key = columns.own_key(&bill_ids, row, &mut self.index)?;
            let month = Month(months.values[row] as i32);
            if window.index(month).is_none() {
                book.tally.out_of_window += 1;
                self.standing.resize(self.index.len(), Standing::Unknown);
                self.standing[key as usize] = Standing::OutOfWindow;
                continue;
            }
            // Only a reversal may be without a due day.
            let due_fault = || match due_days.get(row) {
                None if amounts.values[row] >= 0 => rows::fault_or_null(due_days.states[row]),
                _ => rows::fault_if_any(due_days.states[row]),
            };
            let checked = customer::resolve(customers, &customer_ids, row, &mut last).and_then(|customer| {
                let fault = rows::fault_or_null(amounts.states[row])
                    .or_else(due_fault)
                    .or(rows::fault_if_any(reversed.states[row]));
                fault.map_or(Ok(customer), Err)
            });
            let customer = match checked {
                Ok(customer) => customer,
                Err(rule) => {
                    book.reject(at, rule);
                    continue;
                }
            };
            let value = Bill {
                customer,
                month,
                amount_fen: amounts.values[row],
                due_on: due_days.get(row).map(|day| day as i32),
                reverses: reversed.get(row).map(|bill| self.index.insert(bill)),
            };
            self.bills.push(Row { key, at, value });
        }
        Ok(())
    }

    /// Notes reversals that reverse nothing.
    fn check_reversals(&mut self) {
        let Self { book, index, bills, place, .. } = self;
        for bill in bills.iter() {
            let Bill { amount_fen, reverses, .. } = bill.value;
            let example = || format!("bill {}", index.key(bill.key));
            if amount_fen >= 0 {
                if reverses.is_some() {
                    book.notice(Rule::ReversesIgnored, 1, example);
                }
            } else if target(bills, place, &bill.value).is_none() {
                book.notice(Rule::UnknownReversal, 1, example);
            }
        }
    }

    /// Accepted payments, in the order of bills and days.
    fn read_payments(
        &mut self,
        source: &dyn Source,
        window: Window,
    ) -> Result<(TableBook, Vec<Payment>), RunError> {
        let mut book = TableBook::new(Table::Payments);
        let mut index = KeyIndex::default();
        index.reserve(rows::known_rows(source, Table::Payments)?);
        let mut found: Vec<Row<Payment>> = Vec::new();
        rows::read_table(source, &mut book, &mut |columns, book| {
            self.take_payments(columns, book, window, &mut index, &mut found)
        })?;
        let found = rows::settle(&mut book, found, index.len());
        book.close()?;
        let mut payments: Vec<Payment> = found.into_iter().map(|row| row.value).collect();
        payments.sort_unstable_by_key(|payment| (payment.bill, payment.paid_on));
        Ok((book, payments))
    }

    fn take_payments(
        &self,
        columns: &mut Columns,
        book: &mut TableBook,
        window: Window,
        index: &mut KeyIndex,
        found: &mut Vec<Row<Payment>>,
    ) -> Result<(), RunError> {
        let payment_ids = columns.ids("payment_id", book)?;
        let bill_ids = columns.ids("bill_id", book)?;
        let days = columns.cells("paid_on")?;
        let amounts = columns.cells("amount")?;
        let mut last = 0;
        for row in 0..columns.rows() {
            let at = columns.at(row);
            let fault = columns
                .reader_fault(row)
                .or(rows::key_fault(&payment_ids, row))
                .or(rows::fault_or_null(days.states[row]));
            if let Some(rule) = fault {
                book.reject(at, rule);
                continue;
            }
            let paid_on = days.values[row] as i32;
            let bill = bill_ids.get(row).and_then(|bill| self.index.get_near(bill, &mut last));
            let standing = bill.map_or(Standing::Unknown, |bill| self.standing[bill as usize]);
            if paid_on >= window.end_day() || standing == Standing::OutOfWindow {
                book.tally.out_of_window += 1;
                continue;
            }
            let bill = bill.filter(|_| standing == Standing::Accepted);
            let fault = rows::fault_or_null(bill_ids.states[row])
                .or(if bill.is_none() { Some(Rule::Orphan) } else { None })
                .or(rows::fault_or_null(amounts.states[row]));
            match (bill, fault) {
                (Some(bill), None) => {
                    let value = Payment { bill, paid_on, amount_fen: amounts.values[row] };
                    found.push(Row { key: columns.own_key(&payment_ids, row, index)?, at, value });
                }
                (_, rule) => book.reject(at, rule.unwrap_or(Rule::Orphan)),
            }
        }
        Ok(())
    }

    /// Revenue by customer, and over the covered months that have a bill revenue and energy together.
    fn revenue(&self, usage: &MonthlyUsage, facts: &mut [Billing]) -> Result<(), RunError> {
        let mut order: Vec<u32> = (0..self.bills.len() as u32).collect();
        let key = |place: u32| {
            let bill = &self.bills[place as usize].value;
            (bill.customer, bill.month)
        };
        order.sort_unstable_by_key(|&place| key(place));
        for of_month in order.chunk_by(|&a, &b| key(a) == key(b)) {
            let (customer, month) = key(of_month[0]);
            let amount = |&place: &u32| i128::from(self.bills[place as usize].value.amount_fen);
            let fen = narrow(of_month.iter().map(amount).sum(), "a customer's revenue")?;
            let fact = &mut facts[customer as usize];
            fact.billed_months += 1;
            fact.billed_fen = add(fact.billed_fen, fen, "a customer's revenue")?;
            let Some(position) = usage.window().index(month) else { continue };
            let customer = CustomerIx::new(customer);
            if usage.covered(position, customer) {
                let wh = usage.get(position, customer).active_wh;
                fact.priced_fen = add(fact.priced_fen, fen, "a customer's revenue")?;
                fact.priced_wh = add(fact.priced_wh, wh, "a customer's energy")?;
            }
        }
        Ok(())
    }

    /// What is due on each accepted bill, by its place, after reversals and never below 0.
    fn due_after_reversals(&self) -> Vec<i128> {
        let due = |bill: &Row<Bill>| i128::from(bill.value.amount_fen.max(0));
        let mut due_fen: Vec<i128> = self.bills.iter().map(due).collect();
        for bill in &self.bills {
            if let Some(target) = target(&self.bills, &self.place, &bill.value) {
                due_fen[target] += i128::from(bill.value.amount_fen);
            }
        }
        due_fen.iter_mut().for_each(|fen| *fen = (*fen).max(0));
        due_fen
    }

    /// What was paid by the due day, and fen × days of the rest, over bills above zero due before the window's end.
    fn arrears(
        &self,
        window: Window,
        due_fen: &[i128],
        payments: Vec<Payment>,
        facts: &mut [Billing],
    ) -> Result<(), RunError> {
        let mut sums = vec![(0i128, 0i128, 0i128); facts.len()];
        for (place, bill) in self.bills.iter().enumerate() {
            let Some(due_on) = bill.value.due_on else { continue };
            if bill.value.amount_fen <= 0 || due_on >= window.end_day() {
                continue;
            }
            let start = payments.partition_point(|payment| payment.bill < bill.key);
            let mine = payments[start..].iter().take_while(|payment| payment.bill == bill.key);
            let (on_time, fen_days) = settle_bill(due_fen[place], due_on, window.end_day(), mine);
            facts[bill.value.customer as usize].due_bills += 1;
            let sum = &mut sums[bill.value.customer as usize];
            *sum = (sum.0 + due_fen[place], sum.1 + on_time, sum.2 + fen_days);
        }
        for (fact, (due, on_time, fen_days)) in facts.iter_mut().zip(sums) {
            fact.due_fen = narrow(due, "what a customer owed")?;
            fact.on_time_fen = narrow(on_time, "what a customer paid")?;
            fact.overdue_fen_days = narrow(fen_days, "a customer's overdue fen × days")?;
        }
        Ok(())
    }
}

/// The place of the accepted bill of the same customer that a negative bill names.
fn target(bills: &[Row<Bill>], place: &[Option<u32>], bill: &Bill) -> Option<usize> {
    let named = place[bill.reverses.filter(|_| bill.amount_fen < 0)? as usize]? as usize;
    (bills[named].value.customer == bill.customer).then_some(named)
}

/// What of `due` was paid by `due_on`, and Σ of the unpaid over the days from `due_on` to `end` − 1.
/// unpaid(t) = max(0, due − max(0, paid(t))), paid(t) = Σ amounts paid by t. Payments come in the order of days.
fn settle_bill<'p>(
    due: i128,
    due_on: i32,
    end: i32,
    payments: impl Iterator<Item = &'p Payment>,
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
        crate::error::Refusal::of(Table::Bills, format!("{what} exceeds 64 bits"), advice).into()
    })
}

fn add(a: i64, b: i64, what: &str) -> Result<i64, RunError> {
    narrow(i128::from(a) + i128::from(b), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::unit::day_of_date;

    const WINDOW: Window = Window { end: Month(54 * 12), months: 3 };
    const BILLS: &str = "bill_id|customer_id|billing_month|amount_due|due_on|reverses";
    const PAYMENTS: &str = "payment_id|bill_id|paid_on|amount";

    fn billed(bills: &[&str], payments: &[&str]) -> Billed {
        let readings = ["a|2023-10-01|10", "a|2023-11-01|20", "b|2023-10-01|1"];
        let source = Memory::default()
            .customers(&["a", "b"])
            .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &readings)
            .rows(Table::Bills, BILLS, bills)
            .rows(Table::Payments, PAYMENTS, payments);
        let customers = customer::read(&source, &mut TableBook::new(Table::Customers)).unwrap();
        let mut book = TableBook::new(Table::MeterReadings);
        let usage = crate::meter::read(&source, &customers, WINDOW, None, &mut book).unwrap().usage;
        read(&source, &customers, &usage).unwrap()
    }

    fn rules(book: &TableBook) -> Vec<&str> {
        book.rejects.iter().map(|reject| reject.rule.code()).collect()
    }

    #[test]
    fn each_fen_counts_the_days_from_the_due_day_to_its_payment_or_the_end() {
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
    fn a_refund_opens_a_paid_bill_again_and_an_overpayment_pays_no_more_than_the_bill() {
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
    fn average_price_looks_at_covered_months_with_a_bill_only() {
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
    fn bad_bills_are_set_aside_and_their_payments_are_orphans() {
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
            rules(&billed.bills),
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
        assert_eq!(rules(&billed.payments), ["orphan", "orphan", "bad_date", "null_value"]);
        let tally = billed.payments.tally;
        assert_eq!((tally.counted, tally.out_of_window, tally.rejected), (1, 2, 4));
    }

    #[test]
    fn the_day_by_day_sum_of_the_definition_is_what_is_computed() {
        let day = |d: u32| day_of_date(chrono::NaiveDate::from_ymd_opt(2023, 12, d).unwrap());
        let payment = |d, amount_fen| Payment { bill: 0, paid_on: day(d), amount_fen };
        let payments = [payment(1, -20), payment(5, 70), payment(5, -10), payment(9, 100), payment(12, -90)];
        let (due, due_on, end) = (100i128, day(4), day(20));
        let paid = |t: i32| {
            payments.iter().filter(|p| p.paid_on <= t).map(|p| i128::from(p.amount_fen)).sum::<i128>()
        };
        let slow: i128 = (due_on..end).map(|t| (due - paid(t).max(0)).max(0)).sum();
        assert_eq!(settle_bill(due, due_on, end, payments.iter()), (due.min(paid(due_on).max(0)), slow));
    }
}
