//! Writes `bills` and `payments`: what is owed follows from the energy, when it is paid from who the customer is.
//!
//! A bill is due on the 25th of the month after the one billed. A few are corrected one to three months later: wholly,
//! by a reversal and a new bill, or in part, by a reversal alone. Payments are kept up to the end of the window, as in an
//! export made on that day. Nothing rebuilds arrears here; that is the engine's work.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;

use crate::draw::{Draw, Purpose};
use crate::energy::month_wh;
use crate::output::{GHOST_ID, ParquetFile, ROW_GROUP_ROWS, Written};
use crate::population::{Customer, Payer, Utility};
use crate::{DUPLICATES, OUT_OF_WINDOW, SampleError};

/// Day of the following month, counted from 0, on which a bill is due.
const DUE_DAY: i32 = 24;
/// Latest correction, in months after the month billed.
const CORRECTED_WITHIN: u32 = 3;
/// Digits of money in the files.
const MONEY: (u8, i8) = (14, 2);
/// Steps of the residential tariff: kWh a month above which energy costs this much more, 10⁻⁴ CNY/kWh; invented.
const RESIDENTIAL_STEPS: [(i64, i64); 2] = [(230, 500), (400, 2_500)];

#[derive(Clone, Debug)]
struct Bill {
    id: String,
    customer_id: String,
    /// First day of the month billed.
    month_day: i32,
    due_fen: i64,
    due_on: Option<i32>,
    reverses: Option<String>,
}

#[derive(Clone, Debug)]
struct Payment {
    /// 0 until it is entered.
    number: u64,
    bill_id: String,
    paid_on: i32,
    fen: i64,
}

/// How a bill is corrected later.
#[derive(Clone, Copy, Debug)]
struct Correction {
    months_later: u32,
    /// Percent of the bill that is taken back.
    percent: i64,
}

pub fn write(dir: &Path, utility: &Utility) -> Result<(Written, Written), SampleError> {
    let mut books = Books::create(dir)?;
    for month in 0..utility.window.months {
        for customer in &utility.customers {
            enter(&mut books, utility, customer, month);
        }
        books.flush(ROW_GROUP_ROWS)?;
    }
    if utility.has_faults() {
        plant(&mut books, utility);
    }
    books.close()
}

/// Enters what a month brings for a customer: its bill, corrections of earlier ones, and all payments of these.
fn enter(books: &mut Books, utility: &Utility, customer: &Customer, month: u32) {
    if let Some(bill) = original(utility, customer, month) {
        let correction = correction(utility, customer, month);
        let mut draw = utility.draw(Purpose::Payment, customer.index, month);
        let payments = payments(&mut draw, customer.payer, &bill);
        let refund = correction.and_then(|correction| refund(utility, month, correction, &bill, &payments));
        books.pay(utility, payments.into_iter().chain(refund));
        books.bills.push(bill);
    }
    for months_later in 1..=CORRECTED_WITHIN.min(month) {
        let origin = month - months_later;
        let correction = correction(utility, customer, origin).filter(|one| one.months_later == months_later);
        if let (Some(correction), Some(bill)) = (correction, original(utility, customer, origin)) {
            correct(books, utility, customer, month, origin, correction, &bill);
        }
    }
}

fn original(utility: &Utility, customer: &Customer, month: u32) -> Option<Bill> {
    let due_fen = amount_fen(customer, month_wh(utility, customer, month)?);
    Some(bill(utility, customer, 'B', month, month, due_fen))
}

/// A bill of `issued`, numbered after the month `origin` whose energy it is for.
fn bill(utility: &Utility, customer: &Customer, kind: char, origin: u32, issued: u32, due_fen: i64) -> Bill {
    let (origin, issued) = (utility.window.month(origin as usize), utility.window.month(issued as usize));
    Bill {
        id: format!("{kind}{:04}{:02}{}", origin.year(), origin.number(), customer.id),
        customer_id: customer.id.clone(),
        month_day: issued.first_day(),
        due_fen,
        due_on: Some(issued.plus(1).first_day() + DUE_DAY),
        reverses: None,
    }
}

/// The price of a month's energy and capacity.
fn amount_fen(customer: &Customer, wh: i64) -> i64 {
    let category = customer.category();
    let mut price = i128::from(wh) * i128::from(category.price_e4);
    if customer.supply_level == "residential" {
        for (kwh, more_e4) in RESIDENTIAL_STEPS {
            price += i128::from((wh - kwh * 1000).max(0)) * i128::from(more_e4);
        }
    }
    // 10⁻⁷ CNY to fen, rounded half up: nothing here is negative.
    let energy_fen = ((price + 50_000) / 100_000) as i64;
    energy_fen + category.capacity_fen * i64::from(customer.capacity_kva.unwrap_or(0))
}

fn correction(utility: &Utility, customer: &Customer, month: u32) -> Option<Correction> {
    let mut draw = utility.draw(Purpose::Correction, customer.index, month);
    let percent = match draw.unit() {
        luck if luck < 0.002 => 100,
        luck if luck < 0.005 => i64::from(draw.whole(5, 30)),
        _ => return None,
    };
    Some(Correction { months_later: draw.whole(1, CORRECTED_WITHIN as i32) as u32, percent })
}

/// Enters the reversal of a bill and, if all of it was taken back, the bill in its place.
fn correct(
    books: &mut Books,
    utility: &Utility,
    customer: &Customer,
    month: u32,
    origin: u32,
    correction: Correction,
    wrong: &Bill,
) {
    let back_fen = wrong.due_fen * correction.percent / 100;
    if back_fen == 0 {
        return;
    }
    let mut reversal = bill(utility, customer, 'C', origin, month, -back_fen);
    reversal.due_on = None;
    reversal.reverses = Some(wrong.id.clone());
    books.bills.push(reversal);
    if correction.percent == 100 {
        let right = bill(utility, customer, 'R', origin, month, wrong.due_fen * 9 / 10);
        let mut draw = utility.draw(Purpose::Repayment, customer.index, origin);
        books.pay(utility, payments(&mut draw, customer.payer, &right).into_iter());
        books.bills.push(right);
    }
}

/// What was paid on a bill goes back when all of the bill is reversed.
fn refund(
    utility: &Utility,
    month: u32,
    correction: Correction,
    bill: &Bill,
    payments: &[Payment],
) -> Option<Payment> {
    let paid_on = utility.window.month((month + correction.months_later + 1) as usize).first_day() + 9;
    let fen: i64 =
        payments.iter().filter(|payment| payment.paid_on < paid_on).map(|payment| payment.fen).sum();
    let is_due =
        correction.percent == 100 && month + correction.months_later < utility.window.months && fen > 0;
    is_due.then(|| Payment { number: 0, bill_id: bill.id.clone(), paid_on, fen: -fen })
}

/// All payments that a bill will ever get.
fn payments(draw: &mut Draw, payer: Payer, bill: &Bill) -> Vec<Payment> {
    let Some(due_on) = bill.due_on.filter(|_| bill.due_fen > 0) else { return Vec::new() };
    let pay =
        |days: i32, fen: i64| Payment { number: 0, bill_id: bill.id.clone(), paid_on: due_on + days, fen };
    let due = bill.due_fen;
    if draw.chance(0.001) {
        let more = due / 5 + 1;
        let days = -draw.whole(1, 15);
        return vec![pay(days, due + more), pay(days + 20, -more)];
    }
    match payer {
        Payer::Automatic => vec![pay(-5, due)],
        Payer::Sloppy if draw.chance(0.3) => vec![pay(draw.whole(1, 30), due)],
        Payer::Prompt | Payer::Sloppy => vec![pay(-draw.whole(0, 18), due)],
        Payer::Bad => match draw.pick(&[(30, 0), (40, 1), (20, 2), (10, 3)]) {
            0 => vec![pay(-draw.whole(0, 10), due)],
            1 => vec![pay(draw.whole(5, 100), due)],
            2 => {
                let first = due * i64::from(draw.whole(20, 70)) / 100;
                vec![pay(draw.whole(-5, 20), first), pay(draw.whole(25, 120), due - first)]
            }
            _ => Vec::new(),
        },
    }
}

/// Both files and the rows that wait for a row group.
struct Books {
    bill_file: ParquetFile,
    payment_file: ParquetFile,
    bills: Vec<Bill>,
    payments: Vec<Payment>,
    payments_entered: u64,
    bills_written: Written,
    payments_written: Written,
}

impl Books {
    fn create(dir: &Path) -> Result<Self, SampleError> {
        Ok(Self {
            bill_file: ParquetFile::create(dir.join("bills.parquet"), bill_schema(), &["bill_id"])?,
            payment_file: ParquetFile::create(
                dir.join("payments.parquet"),
                payment_schema(),
                &["payment_id", "bill_id"],
            )?,
            bills: Vec::new(),
            payments: Vec::new(),
            payments_entered: 0,
            bills_written: Written::new(Table::Bills),
            payments_written: Written::new(Table::Payments),
        })
    }

    /// Enters the payments made before the window's end.
    fn pay(&mut self, utility: &Utility, payments: impl Iterator<Item = Payment>) {
        let end = utility.window.end_day();
        payments.filter(|payment| payment.paid_on < end).for_each(|payment| self.enter_payment(payment));
    }

    fn enter_payment(&mut self, mut payment: Payment) {
        self.payments_entered += 1;
        payment.number = self.payments_entered;
        self.payments.push(payment);
    }

    fn pay_all(&mut self, bill: &Bill, paid_on: i32) {
        self.enter_payment(Payment { number: 0, bill_id: bill.id.clone(), paid_on, fen: bill.due_fen });
    }

    /// Writes what waits, once it is at least `rows`.
    fn flush(&mut self, rows: usize) -> Result<(), SampleError> {
        if self.bills.len() >= rows {
            let bills = std::mem::take(&mut self.bills);
            self.bills_written.rows += bills.len() as u64;
            self.bill_file.write(&bill_columns(&bills))?;
        }
        if self.payments.len() >= rows {
            let payments = std::mem::take(&mut self.payments);
            self.payment_file.write(&payment_columns(&payments))?;
            self.payments_written.rows += payments.len() as u64;
        }
        Ok(())
    }

    fn close(mut self) -> Result<(Written, Written), SampleError> {
        self.flush(1)?;
        self.bill_file.close()?;
        self.payment_file.close()?;
        Ok((self.bills_written, self.payments_written))
    }
}

fn bill_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("bill_id", DataType::Utf8, false),
        Field::new("customer_id", DataType::Utf8, false),
        Field::new("billing_month", DataType::Date32, false),
        Field::new("amount_due", DataType::Decimal128(MONEY.0, MONEY.1), false),
        Field::new("due_on", DataType::Date32, true),
        Field::new("reverses", DataType::Utf8, true),
    ]))
}

fn bill_columns(bills: &[Bill]) -> Vec<ArrayRef> {
    vec![
        Arc::new(StringArray::from_iter_values(bills.iter().map(|bill| &bill.id))),
        Arc::new(StringArray::from_iter_values(bills.iter().map(|bill| &bill.customer_id))),
        Arc::new(Date32Array::from_iter_values(bills.iter().map(|bill| bill.month_day))),
        money(bills.iter().map(|bill| bill.due_fen)),
        Arc::new(Date32Array::from_iter(bills.iter().map(|bill| bill.due_on))),
        Arc::new(StringArray::from_iter(bills.iter().map(|bill| bill.reverses.as_ref()))),
    ]
}

fn payment_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("payment_id", DataType::Utf8, false),
        Field::new("bill_id", DataType::Utf8, false),
        Field::new("paid_on", DataType::Date32, false),
        Field::new("amount", DataType::Decimal128(MONEY.0, MONEY.1), false),
    ]))
}

fn payment_columns(payments: &[Payment]) -> Vec<ArrayRef> {
    let ids = payments.iter().map(|payment| format!("P{:010}", payment.number));
    vec![
        Arc::new(StringArray::from_iter_values(ids)),
        Arc::new(StringArray::from_iter_values(payments.iter().map(|payment| &payment.bill_id))),
        Arc::new(Date32Array::from_iter_values(payments.iter().map(|payment| payment.paid_on))),
        money(payments.iter().map(|payment| payment.fen)),
    ]
}

fn money(fen: impl Iterator<Item = i64>) -> ArrayRef {
    let fen = Decimal128Array::from_iter_values(fen.map(i128::from));
    Arc::new(fen.with_data_type(DataType::Decimal128(MONEY.0, MONEY.1)))
}

/// Plants the faults of both tables, on customers whose other rows stay as they are.
fn plant(books: &mut Books, utility: &Utility) {
    plant_repeated(books, utility);
    plant_reversals(books, utility);
    plant_unusable(books, utility);
    plant_outside(books, utility);
}

/// A fee and its payment, each delivered twice.
fn plant_repeated(books: &mut Books, utility: &Utility) {
    let Some(customer) = utility.target(11) else { return };
    let month = utility.fault_month(11);
    let fee = bill(utility, customer, 'S', month, month, 5_000);
    books.pay_all(&fee, fee.month_day + 20);
    books.payments.extend(books.payments.last().cloned());
    books.payments_written.plant(DUPLICATES, 1);
    books.bills.extend([fee.clone(), fee]);
    books.bills_written.plant(DUPLICATES, 1);
}

/// Reversals of a bill that does not exist, and of none.
fn plant_reversals(books: &mut Books, utility: &Utility) {
    for (slot, reverses) in [(12, Some("B19990100000000")), (13, None)] {
        let Some(customer) = utility.target(slot) else { continue };
        let month = utility.fault_month(slot);
        let reversal = bill(utility, customer, 'U', month, month, -1_234);
        books.bills.push(Bill { due_on: None, reverses: reverses.map(str::to_owned), ..reversal });
        books.bills_written.plant(Rule::UnknownReversal.code(), 1);
    }
}

/// A bill without a due date, a bill of nobody, and payments of no bill.
fn plant_unusable(books: &mut Books, utility: &Utility) {
    if let Some(customer) = utility.target(14) {
        let month = utility.fault_month(14);
        let undated = bill(utility, customer, 'S', month, month, 8_800);
        books.bills.push(Bill { due_on: None, ..undated.clone() });
        books.bills_written.plant(Rule::NullValue.code(), 1);
        books.bills.push(Bill { id: format!("S{GHOST_ID}"), customer_id: GHOST_ID.to_owned(), ..undated });
        books.bills_written.plant(Rule::Orphan.code(), 1);
    }
    for number in 1..=2 {
        let bill_id = format!("B1999010000000{number}");
        books.enter_payment(Payment {
            number: 0,
            bill_id,
            paid_on: utility.window.start().first_day() + 10,
            fen: 9_900,
        });
        books.payments_written.plant(Rule::Orphan.code(), 1);
    }
}

/// A bill of the month before the window with its payment, and a payment on the window's last day plus three.
fn plant_outside(books: &mut Books, utility: &Utility) {
    let last = utility.window.months - 1;
    if let Some(customer) = utility.target(15) {
        let before = utility.window.start().plus(-1);
        let id = format!("B{:04}{:02}{}", before.year(), before.number(), customer.id);
        let early = Bill { id, month_day: before.first_day(), ..bill(utility, customer, 'B', 0, 0, 6_400) };
        books.pay_all(&early, before.first_day() + 50);
        books.bills.push(early);
        books.bills_written.plant(OUT_OF_WINDOW, 1);
        books.payments_written.plant(OUT_OF_WINDOW, 1);
    }
    if let Some(late) = utility.target(12).and_then(|customer| original(utility, customer, last)) {
        books.pay_all(&late, utility.window.end_day() + 3);
        books.payments_written.plant(OUT_OF_WINDOW, 1);
    }
}
