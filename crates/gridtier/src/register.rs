//! Registers: what a meter's counter showed, and the energy between two readings of it.
//!
//! Billing systems keep the register (示数) and not the energy of an interval. The energy between two readings of one
//! meter is (difference × multiplier), if the register has not started again at 0, has not been exchanged and has not
//! been misread; `segment` decides that in the order of time. Rows of one instant are settled before that, in
//! `instant`. All rows are held in memory and sorted by customer, meter and time: a table of registers has few rows,
//! while one of intervals has billions (DATA, section 1).

mod instant;
mod segment;

use std::collections::BTreeMap;

use crate::contract::cell::{CheckedColumn, Ids, Integers};
use crate::contract::rule::Rule;
use crate::contract::{MULTIPLIER_E3_MAX, Quality, REGISTER_DIGITS_MAX, RegisterKind, Table};
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, count, index};
use crate::key::KeyIndex;
use crate::meter::{CustomerMonth, MonthDays, MonthUse, ReadMeters, months_before_opening};
use crate::rows::Columns;
use crate::source::{RowAt, Source, TableBook};
use crate::text;
use crate::unit::Window;

use segment::{Interval, MeterRows};

/// The multiplier 1, in the unit 10⁻³ in which multipliers are kept.
const MULTIPLIER_ONE: u32 = 1_000;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
struct RegisterRow {
    customer: CustomerIx,
    /// Number of the meter's id.
    meter: u32,
    /// Microseconds of local time.
    time_us: i64,
    kind: RegisterKind,
    is_estimated: bool,
    /// Number of whole digits of the register, if it is known.
    digits: Option<u8>,
    /// The multiplier in 10⁻³.
    multiplier: u32,
    active_wh: i64,
    reactive_varh: Option<i64>,
    /// When the row was recorded, in microseconds of local time; the least possible time if that is unknown.
    recorded_us: i64,
    at: RowAt,
    fate: Fate,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The row is kept, in the order of its meter.
    Kept,
    /// The row repeats another row.
    Duplicate,
    /// The row breaks a rule.
    Rejected(Rule),
}

impl RegisterRow {
    /// Whether two rows of one instant show the same values, apart from what happened to the meter.
    fn shows_the_same(&self, other: &Self) -> bool {
        (self.active_wh, self.reactive_varh, self.multiplier)
            == (other.active_wh, other.reactive_varh, other.multiplier)
    }

    /// The key by which rows are sorted: customer, meter and time, and a removal before an installation.
    fn order(&self) -> (CustomerIx, u32, i64, u8, RowAt) {
        let kind = match self.kind {
            RegisterKind::Removed => 0,
            RegisterKind::Installed => 1,
            RegisterKind::Read => 2,
        };
        (self.customer, self.meter, self.time_us, kind, self.at)
    }
}

/// The registers of a window.
#[derive(Debug, Default)]
pub struct Registers {
    /// Energy by customer and month.
    pub months: Vec<CustomerMonth>,
    /// Customers and their meters.
    pub meters: Vec<(CustomerIx, u32)>,
    /// Ids of the meters.
    pub meter_ids: KeyIndex,
}

impl Registers {
    /// Refuses a meter that was also read as intervals: its energy would count twice.
    ///
    /// # Errors
    /// The first such meter, as a refusal.
    pub fn refuse_meters_of(&self, read: &ReadMeters, customers: &Customers) -> Result<(), Refusal> {
        let mut twice =
            self.meters.iter().filter(|(customer, meter)| read.has(*customer, self.meter_ids.key(*meter)));
        let first = twice.by_ref().map(|(customer, meter)| (*customer, self.meter_ids.key(*meter))).min();
        let Some((customer, meter)) = first else { return Ok(()) };
        let id = customers.ids.key(customer.number());
        let what = text!(
            "meter {meter} of customer {id} is in meter_readings too: its energy would count twice",
            "客户 {id} 的电能表 {meter} 同时出现在 meter_readings 中，电量会重复计算"
        );
        let advice = text!("leave each meter in one of the two tables", "每块电能表只保留在其中一张表中");
        Err(Refusal::of(Table::RegisterReadings, what, advice))
    }
}

/// Reads the registers of a window: energy by customer and month, without the days before a customer opened.
///
/// # Errors
/// The table cannot be read, or a sum overflows.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    book: &mut TableBook,
) -> Result<Registers, RunError> {
    let mut registers = Registers::default();
    let Some(parts) = source.parts(Table::RegisterReadings)? else { return Ok(registers) };
    book.present = true;
    let declared = source.declared().of(Table::RegisterReadings);
    let names: Vec<&str> = Table::RegisterReadings.columns().iter().map(|column| column.name).collect();
    let known_as_of = source.declared().known_as_of;
    let mut keys = Keys { customers, unaccepted: KeyIndex::default(), meters: KeyIndex::default() };
    let mut rows = Vec::new();
    for part in parts {
        source.read(Table::RegisterReadings, part, &names, &mut |batch| {
            let in_batch = count(batch.record.num_rows());
            book.tally.rows_in += in_batch;
            source.progress(Table::RegisterReadings, in_batch);
            let mut columns = Columns::new(source, Table::RegisterReadings, &batch, &declared);
            columns.note_forms(book);
            let cells = RegisterCells::read(&columns, book)?;
            for row in 0..columns.rows() {
                let at = columns.at(row);
                let recorded = match columns.reader_fault(row) {
                    None => cells.recorded_us.nullable(row),
                    Some(rule) => Err(rule),
                };
                let recorded_us = match recorded {
                    Ok(recorded_us) => recorded_us.unwrap_or(i64::MIN),
                    Err(rule) => {
                        book.reject(at, rule);
                        continue;
                    }
                };
                if known_as_of.is_some_and(|known| recorded_us > known.us) {
                    book.tally.not_yet_known += 1;
                    continue;
                }
                match cells.row(row, at, &mut keys) {
                    Ok(checked) => rows.push(RegisterRow { recorded_us, ..checked }),
                    Err(rule) => book.reject(at, rule),
                }
            }
            Ok(())
        })?;
    }
    rows.sort_unstable_by_key(RegisterRow::order);
    registers.meter_ids = keys.meters;
    let mut counter = RegisterCounter { customers, window, book, registers };
    for rows in rows.chunk_by_mut(|a, b| a.customer == b.customer) {
        counter.count_customer(rows)?;
    }
    let registers = counter.registers;
    book.close()?;
    Ok(registers)
}

/// Customers and meters by number.
struct Keys<'a> {
    customers: &'a Customers,
    /// Ids that belong to no accepted customer. They are needed because a later record may move a row away from such an
    /// id. Their numbers follow those of the customers.
    unaccepted: KeyIndex,
    meters: KeyIndex,
}

impl Keys<'_> {
    fn customer(&mut self, id: &str) -> CustomerIx {
        let customers = self.customers;
        let number = customers.ids.get(id);
        number.map_or_else(
            || CustomerIx::from_index(customers.len() + index(self.unaccepted.insert(id))),
            CustomerIx::new,
        )
    }
}

/// The columns of a batch.
struct RegisterCells {
    customer_ids: Ids,
    meter_ids: Ids,
    times_us: Integers,
    active_wh: Integers,
    reactive_varh: Integers,
    multipliers: Integers,
    digits: Integers,
    kinds: CheckedColumn<RegisterKind>,
    qualities: CheckedColumn<Quality>,
    recorded_us: Integers,
}

impl RegisterCells {
    fn read(columns: &Columns, book: &mut TableBook) -> Result<Self, RunError> {
        Ok(Self {
            customer_ids: columns.ids("customer_id", book)?,
            meter_ids: columns.ids("meter_id", book)?,
            times_us: columns.cells("read_at")?,
            active_wh: columns.cells("register_kwh")?,
            reactive_varh: columns.cells("reactive_register_kvarh")?,
            multipliers: columns.cells("multiplier")?,
            digits: columns.cells("register_digits")?,
            kinds: columns.words("kind")?,
            qualities: columns.words("quality")?,
            recorded_us: columns.cells("recorded_at")?,
        })
    }

    /// A row whose key can be read, with the first other rule that the row breaks by itself.
    fn row(&self, row: usize, at: RowAt, keys: &mut Keys) -> Result<RegisterRow, Rule> {
        self.check_key(row)?;
        let mut checked = RegisterRow {
            customer: keys.customer(self.customer_ids.required(row)?),
            meter: keys.meters.insert(self.meter_ids.required(row)?),
            time_us: self.times_us.required(row)?,
            kind: self.kinds.get(row).unwrap_or(RegisterKind::Read),
            is_estimated: self.qualities.get(row) == Some(Quality::Estimated),
            digits: None,
            multiplier: MULTIPLIER_ONE,
            active_wh: 0,
            reactive_varh: None,
            recorded_us: i64::MIN,
            at,
            fate: Fate::Kept,
        };
        if checked.customer.index() >= keys.customers.len() {
            checked.fate = Fate::Rejected(Rule::Orphan);
        } else if let Err(rule) = self.fill(row, &mut checked) {
            checked.fate = Fate::Rejected(rule);
        }
        Ok(checked)
    }

    fn fill(&self, row: usize, checked: &mut RegisterRow) -> Result<(), Rule> {
        if self.qualities.nullable(row)? == Some(Quality::Invalid) {
            return Err(Rule::InvalidQuality);
        }
        self.kinds.nullable(row)?;
        checked.active_wh = self.active_wh.required(row)?;
        checked.reactive_varh = self.reactive_varh.nullable(row)?;
        checked.multiplier = bounded(&self.multipliers, row, MULTIPLIER_E3_MAX)?.unwrap_or(MULTIPLIER_ONE);
        checked.digits = bounded(&self.digits, row, REGISTER_DIGITS_MAX)?;
        let is_beyond = |shown: i64| checked.digits.is_some_and(|digits| shown >= capacity(digits));
        if is_beyond(checked.active_wh) || checked.reactive_varh.is_some_and(is_beyond) {
            return Err(Rule::OutOfBounds);
        }
        Ok(())
    }

    /// Checks that the key of a row is there and its time readable. Ids that are too long are found later.
    fn check_key(&self, row: usize) -> Result<(), Rule> {
        for ids in [&self.customer_ids, &self.meter_ids] {
            if ids.required(row) == Err(Rule::NullValue) {
                return Err(Rule::NullKey);
            }
        }
        match self.times_us.required(row) {
            Ok(_) => Ok(()),
            Err(Rule::NullValue) => Err(Rule::NullKey),
            Err(rule) => Err(rule),
        }
    }
}

/// A number from 1 to `max`; every other number is out of bounds, whatever its sign.
fn bounded<T: TryFrom<i64>>(column: &Integers, row: usize, max: i64) -> Result<Option<T>, Rule> {
    let value =
        column.nullable(row).map_err(|rule| if rule == Rule::Negative { Rule::OutOfBounds } else { rule })?;
    let Some(value) = value else { return Ok(None) };
    let in_bounds = (1..=max).contains(&value).then(|| T::try_from(value).ok()).flatten();
    in_bounds.map(Some).ok_or(Rule::OutOfBounds)
}

/// The smallest energy that a register with this many whole digits cannot show, in Wh or varh.
fn capacity(digits: u8) -> i64 {
    10_i64.pow(u32::from(digits)) * 1_000
}

/// Counts the rows of one customer after another.
struct RegisterCounter<'a> {
    customers: &'a Customers,
    window: Window,
    book: &'a mut TableBook,
    registers: Registers,
}

impl RegisterCounter<'_> {
    fn count_customer(&mut self, rows: &mut [RegisterRow]) -> Result<(), RunError> {
        let customer = rows[0].customer;
        let accepted = self.customers.rows.get(customer.index());
        let opening = accepted.map_or(0, |accepted| months_before_opening(self.window, accepted));
        let (window, start, end) = (self.window, self.window.start(), self.window.end);
        let opened = window.month(opening);
        let mut months: BTreeMap<usize, MonthUse> = BTreeMap::new();
        let mut lost_before = false;
        for rows in rows.chunk_by_mut(|a, b| a.meter == b.meter) {
            for rows in rows.chunk_by_mut(|a, b| a.time_us == b.time_us) {
                instant::settle(rows);
            }
            let meter = MeterRows::follow(rows);
            self.notice(&meter, rows);
            if rows.iter().any(|row| row.fate == Fate::Kept) {
                self.registers.meters.push((customer, rows[0].meter));
            }
            let mut counts = vec![false; rows.len()];
            for interval in &meter.intervals {
                let mut parts = interval.span.months(opened, end).peekable();
                [interval.from, interval.to].iter().for_each(|&row| counts[row] |= parts.peek().is_some());
                lost_before |= interval.span.months(start, opened).next().is_some();
                parts
                    .try_for_each(|part| {
                        let month = index((part.month.0 - start.0).unsigned_abs());
                        add(interval, part, months.entry(month).or_default())
                    })
                    .ok_or_else(|| self.refuse_overflow(customer))?;
            }
            rows.iter().zip(counts).for_each(|(row, counts)| self.tally(row, counts));
        }
        if lost_before {
            self.book.notice(Rule::BeforeOpening, 1, || {
                format!("days of {} before it opened", self.customers.ids.key(customer.number()))
            });
        }
        let months = months.into_iter();
        self.registers.months.extend(months.map(|(month, used)| CustomerMonth { customer, month, used }));
        Ok(())
    }

    fn tally(&mut self, row: &RegisterRow, counts: bool) {
        match row.fate {
            Fate::Rejected(rule) => self.book.reject(row.at, rule),
            Fate::Duplicate => self.book.tally.duplicates += 1,
            Fate::Kept if counts => self.book.tally.counted += 1,
            Fate::Kept => self.book.tally.out_of_window += 1,
        }
    }

    fn notice(&mut self, meter: &MeterRows, rows: &[RegisterRow]) {
        let name = |row: &RegisterRow| {
            let id = self.customers.ids.key(row.customer.number());
            format!("meter {} of {id}", self.registers.meter_ids.key(row.meter))
        };
        let mut kept = rows.iter().filter(|row| row.fate == Fate::Kept);
        if let (Some(only), None) = (kept.next(), kept.next()) {
            self.book.notice(Rule::SingleReading, 1, || name(only));
        }
        let fell = meter.intervals.iter().filter(|interval| interval.reactive_fell).count();
        if fell > 0 {
            self.book.notice(Rule::ReactiveDecrease, count(fell), || name(&rows[0]));
        }
    }

    fn refuse_overflow(&self, customer: CustomerIx) -> RunError {
        let id = self.customers.ids.key(customer.number());
        let what = text!("the energy of customer {id} exceeds 64 bits", "客户 {id} 的电量超出 64 位整数");
        let advice = text!("look for registers and multipliers that are too large", "请检查过大的示数和倍率");
        Refusal::of(Table::RegisterReadings, what, advice).into()
    }
}

/// Adds the part of an interval that lies in one month; its days count as readings. `None` on overflow.
fn add(interval: &Interval, part: MonthDays, used: &mut MonthUse) -> Option<()> {
    let days = part.days.unsigned_abs();
    used.active_wh = used.active_wh.checked_add(interval.span.share(part, interval.active_wh))?;
    used.readings = used.readings.checked_add(days)?;
    if let Some(varh) = interval.reactive_varh {
        used.reactive_varh = used.reactive_varh.checked_add(interval.span.share(part, varh))?;
        used.reactive_readings = used.reactive_readings.checked_add(days)?;
    }
    Some(())
}

#[cfg(test)]
mod tests;
