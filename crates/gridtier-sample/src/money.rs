//! Writes `bills` and `payments`.
//!
//! A bill follows from the month's energy and is due on the 25th of the month after; when it is paid depends on the kind
//! of payer. A few bills are corrected one to three months later: in full, by a reversal and a new bill, or in part, by a
//! reversal alone. Payments end with the window, as in an export made on its last day.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::contract::rule::Rule;
use gridtier::contract::{SupplyLevel, Table};
use gridtier::index::count;

use crate::draw::{DrawPurpose, KeyedDraw};
use crate::energy::month_wh;
use crate::output::{GHOST_ID, ParquetTableWriter, ROW_GROUP_ROWS, WrittenTable};
use crate::population::{Payer, SampleCustomer, SampleUtility};
use crate::{DUPLICATES, OUT_OF_WINDOW, SampleError};

/// Day of the following month, counted from 0, on which a bill is due.
const DUE_DAY: i32 = 24;
/// Latest correction, in months after the month billed.
const CORRECTED_WITHIN: u32 = 3;
/// Precision and scale of money in the files.
const MONEY: (u8, i8) = (14, 2);
/// Steps of the residential tariff: the kWh a month above which energy costs more, and how much more in 10⁻⁴ CNY/kWh;
/// invented.
const RESIDENTIAL_STEPS: [(i64, i64); 2] = [(230, 500), (400, 2_500)];

#[derive(Clone, Debug)]
struct SampleBill {
    id: String,
    customer_id: String,
    /// First day of the month billed.
    month_day: i32,
    due_fen: i64,
    due_on: Option<i32>,
    reverses: Option<String>,
}

#[derive(Clone, Debug)]
struct SamplePayment {
    /// The number of the payment, which is set when the payment is entered.
    number: u64,
    bill_id: String,
    paid_on: i32,
    fen: i64,
}

/// How a bill is corrected later.
#[derive(Clone, Copy, Debug)]
struct BillCorrection {
    months_later: u32,
    /// Percentage of the bill that is reversed.
    percent: i64,
}

/// Writes both tables.
pub fn write(dir: &Path, utility: &SampleUtility) -> Result<(WrittenTable, WrittenTable), SampleError> {
    let mut books = BillingFiles::create(dir)?;
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

/// Enters the bill of a month, the corrections of earlier bills that are made in that month, and all payments of these
/// bills.
fn enter(books: &mut BillingFiles, utility: &SampleUtility, customer: &SampleCustomer, month: u32) {
    if let Some(bill) = original(utility, customer, month) {
        let correction = correction(utility, customer, month);
        let mut draw = utility.draw(DrawPurpose::Payment, customer.index, month);
        let payments = payments(&mut draw, customer.payer, &bill);
        let refund = correction.and_then(|correction| refund(utility, month, correction, &bill, &payments));
        books.pay(utility, payments.into_iter().chain(refund));
        books.bills.push(bill);
    }
    for months_later in 1..=CORRECTED_WITHIN.min(month) {
        let origin = month - months_later;
        let correction =
            correction(utility, customer, origin).filter(|found| found.months_later == months_later);
        if let (Some(correction), Some(bill)) = (correction, original(utility, customer, origin)) {
            correct(books, utility, customer, month, origin, correction, &bill);
        }
    }
}

fn original(utility: &SampleUtility, customer: &SampleCustomer, month: u32) -> Option<SampleBill> {
    let due_fen = amount_fen(customer, month_wh(utility, customer, month)?);
    Some(bill(utility, customer, 'B', month, month, due_fen))
}

/// A bill issued in the month `issued` for the energy of the month `origin`, which its number names.
fn bill(
    utility: &SampleUtility,
    customer: &SampleCustomer,
    kind: char,
    origin: u32,
    issued: u32,
    due_fen: i64,
) -> SampleBill {
    let (origin, issued) = (utility.month(origin), utility.month(issued));
    SampleBill {
        id: format!("{kind}{:04}{:02}{}", origin.year(), origin.number(), customer.id),
        customer_id: customer.id.clone(),
        month_day: issued.first_day(),
        due_fen,
        due_on: Some(issued.plus(1).first_day() + DUE_DAY),
        reverses: None,
    }
}

/// The price of a month's energy and capacity.
fn amount_fen(customer: &SampleCustomer, wh: i64) -> i64 {
    let profile = customer.profile();
    let mut price = i128::from(wh) * i128::from(profile.price_e4);
    if customer.supply_level == SupplyLevel::Residential {
        for (kwh, more_e4) in RESIDENTIAL_STEPS {
            price += i128::from((wh - kwh * 1000).max(0)) * i128::from(more_e4);
        }
    }
    // 10⁻⁷ CNY to fen, rounded half up; the price is never negative.
    let energy_fen = ((price + 50_000) / 100_000) as i64;
    energy_fen + profile.capacity_fen * i64::from(customer.capacity_kva.unwrap_or(0))
}

fn correction(utility: &SampleUtility, customer: &SampleCustomer, month: u32) -> Option<BillCorrection> {
    let mut draw = utility.draw(DrawPurpose::Correction, customer.index, month);
    let percent = match draw.unit() {
        luck if luck < 0.002 => 100,
        luck if luck < 0.005 => i64::from(draw.whole(5, 30)),
        _ => return None,
    };
    Some(BillCorrection {
        months_later: draw.whole(1, CORRECTED_WITHIN.cast_signed()).cast_unsigned(),
        percent,
    })
}

/// Enters the reversal of a bill and, if all of it is reversed, the bill that replaces it.
fn correct(
    books: &mut BillingFiles,
    utility: &SampleUtility,
    customer: &SampleCustomer,
    month: u32,
    origin: u32,
    correction: BillCorrection,
    wrong: &SampleBill,
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
        let mut draw = utility.draw(DrawPurpose::Repayment, customer.index, origin);
        books.pay(utility, payments(&mut draw, customer.payer, &right).into_iter());
        books.bills.push(right);
    }
}

/// The payment that returns what was paid on a bill, for a bill that is reversed completely.
fn refund(
    utility: &SampleUtility,
    month: u32,
    correction: BillCorrection,
    bill: &SampleBill,
    payments: &[SamplePayment],
) -> Option<SamplePayment> {
    let paid_on = utility.month(month + correction.months_later + 1).first_day() + 9;
    let fen: i64 =
        payments.iter().filter(|payment| payment.paid_on < paid_on).map(|payment| payment.fen).sum();
    let is_due =
        correction.percent == 100 && month + correction.months_later < utility.window.months && fen > 0;
    is_due.then(|| SamplePayment { number: 0, bill_id: bill.id.clone(), paid_on, fen: -fen })
}

/// All payments of a bill, including those after the window.
fn payments(draw: &mut KeyedDraw, payer: Payer, bill: &SampleBill) -> Vec<SamplePayment> {
    let Some(due_on) = bill.due_on.filter(|_| bill.due_fen > 0) else { return Vec::new() };
    let parts = parts_paid(draw, payer, bill.due_fen).into_iter();
    parts
        .map(|(days, fen)| SamplePayment { number: 0, bill_id: bill.id.clone(), paid_on: due_on + days, fen })
        .collect()
}

/// In what parts a bill of `due` fen is paid: days after the due date, and fen.
fn parts_paid(draw: &mut KeyedDraw, payer: Payer, due: i64) -> Vec<(i32, i64)> {
    if draw.chance(0.001) {
        let overpaid = due / 5 + 1;
        let days = -draw.whole(1, 15);
        return vec![(days, due + overpaid), (days + 20, -overpaid)];
    }
    match payer {
        Payer::Automatic => vec![(-5, due)],
        Payer::Sloppy if draw.chance(0.3) => vec![(draw.whole(1, 30), due)],
        Payer::Prompt | Payer::Sloppy => vec![(-draw.whole(0, 18), due)],
        Payer::Bad => match draw.pick(&[(30, 0), (40, 1), (20, 2), (10, 3)]) {
            0 => vec![(-draw.whole(0, 10), due)],
            1 => vec![(draw.whole(5, 100), due)],
            2 => {
                let first = due * i64::from(draw.whole(20, 70)) / 100;
                vec![(draw.whole(-5, 20), first), (draw.whole(25, 120), due - first)]
            }
            _ => Vec::new(),
        },
    }
}

/// Both files, and the rows that do not fill a row group yet.
struct BillingFiles {
    bill_file: ParquetTableWriter,
    payment_file: ParquetTableWriter,
    bills: Vec<SampleBill>,
    payments: Vec<SamplePayment>,
    payments_entered: u64,
    bills_written: WrittenTable,
    payments_written: WrittenTable,
}

impl BillingFiles {
    fn create(dir: &Path) -> Result<Self, SampleError> {
        Ok(Self {
            bill_file: ParquetTableWriter::create(dir.join("bills.parquet"), bill_schema(), &["bill_id"])?,
            payment_file: ParquetTableWriter::create(
                dir.join("payments.parquet"),
                payment_schema(),
                &["payment_id", "bill_id"],
            )?,
            bills: Vec::new(),
            payments: Vec::new(),
            payments_entered: 0,
            bills_written: WrittenTable::new(Table::Bills),
            payments_written: WrittenTable::new(Table::Payments),
        })
    }

    /// Enters those payments that are made before the window ends.
    fn pay(&mut self, utility: &SampleUtility, payments: impl Iterator<Item = SamplePayment>) {
        let end = utility.window.end_day();
        payments.filter(|payment| payment.paid_on < end).for_each(|payment| self.enter_payment(payment));
    }

    fn enter_payment(&mut self, mut payment: SamplePayment) {
        self.payments_entered += 1;
        payment.number = self.payments_entered;
        self.payments.push(payment);
    }

    /// Enters a payment of all that is due.
    fn pay_all(&mut self, bill: &SampleBill, paid_on: i32) {
        self.enter_payment(SamplePayment { number: 0, bill_id: bill.id.clone(), paid_on, fen: bill.due_fen });
    }

    /// Writes the rows of each table that has at least `rows` of them.
    fn flush(&mut self, rows: usize) -> Result<(), SampleError> {
        if self.bills.len() >= rows {
            let bills = std::mem::take(&mut self.bills);
            self.bills_written.rows += count(bills.len());
            self.bill_file.write(&bill_columns(&bills))?;
        }
        if self.payments.len() >= rows {
            let payments = std::mem::take(&mut self.payments);
            self.payment_file.write(&payment_columns(&payments))?;
            self.payments_written.rows += count(payments.len());
        }
        Ok(())
    }

    fn close(mut self) -> Result<(WrittenTable, WrittenTable), SampleError> {
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

fn bill_columns(bills: &[SampleBill]) -> Vec<ArrayRef> {
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

fn payment_columns(payments: &[SamplePayment]) -> Vec<ArrayRef> {
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
fn plant(books: &mut BillingFiles, utility: &SampleUtility) {
    plant_repeated(books, utility);
    plant_reversals(books, utility);
    plant_unusable(books, utility);
    plant_outside(books, utility);
}

/// A fee and its payment, each twice.
fn plant_repeated(books: &mut BillingFiles, utility: &SampleUtility) {
    let Some(customer) = utility.target(11) else { return };
    let month = utility.fault_month(11);
    let fee = bill(utility, customer, 'S', month, month, 5_000);
    books.pay_all(&fee, fee.month_day + 20);
    books.payments.extend(books.payments.last().cloned());
    books.payments_written.plant(DUPLICATES, 1);
    books.bills.extend([fee.clone(), fee]);
    books.bills_written.plant(DUPLICATES, 1);
}

/// A reversal of a bill that does not exist, and a reversal that names no bill.
fn plant_reversals(books: &mut BillingFiles, utility: &SampleUtility) {
    for (slot, reverses) in [(12, Some("B19990100000000")), (13, None)] {
        let Some(customer) = utility.target(slot) else { continue };
        let month = utility.fault_month(slot);
        let reversal = bill(utility, customer, 'U', month, month, -1_234);
        books.bills.push(SampleBill { due_on: None, reverses: reverses.map(str::to_owned), ..reversal });
        books.bills_written.plant(Rule::UnknownReversal.code(), 1);
    }
}

/// A bill without a due date, a bill of an unknown customer, and payments of unknown bills.
fn plant_unusable(books: &mut BillingFiles, utility: &SampleUtility) {
    if let Some(customer) = utility.target(14) {
        let month = utility.fault_month(14);
        let undated = bill(utility, customer, 'S', month, month, 8_800);
        books.bills.push(SampleBill { due_on: None, ..undated.clone() });
        books.bills_written.plant(Rule::NullValue.code(), 1);
        books.bills.push(SampleBill {
            id: format!("S{GHOST_ID}"),
            customer_id: GHOST_ID.to_owned(),
            ..undated
        });
        books.bills_written.plant(Rule::Orphan.code(), 1);
    }
    for number in 1..=2 {
        let bill_id = format!("B1999010000000{number}");
        books.enter_payment(SamplePayment {
            number: 0,
            bill_id,
            paid_on: utility.window.start().first_day() + 10,
            fen: 9_900,
        });
        books.payments_written.plant(Rule::Orphan.code(), 1);
    }
}

/// A bill of the month before the window with its payment, and a payment on the window's last day plus three.
fn plant_outside(books: &mut BillingFiles, utility: &SampleUtility) {
    let last = utility.window.months - 1;
    if let Some(customer) = utility.target(15) {
        let before = utility.window.start().plus(-1);
        let id = format!("B{:04}{:02}{}", before.year(), before.number(), customer.id);
        let early =
            SampleBill { id, month_day: before.first_day(), ..bill(utility, customer, 'B', 0, 0, 6_400) };
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
