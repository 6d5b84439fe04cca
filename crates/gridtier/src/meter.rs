//! The hot loop: from meter readings to energy by customer and month, with every row checked in the same pass.
//!
//! Billions of readings become exact integers, one cell for each customer and month. The sums are integers, so that any
//! number of threads and any order of rows give the same result, and memory is bounded by customers × months instead of
//! rows. This module does not price the energy.
//!
//! # Words
//!
//! - A *part* is a piece of a file that is read on its own, such as a row group. A *run* is a sequence of neighbouring
//!   parts, or rows, that one thread reads one after the other.
//! - A *batch* is some rows of a part as Arrow columns; some of its rows *count* and the others are *excluded*, each
//!   for one reason.
//! - A *series* is all readings of one meter of one customer. Readings of a series with the same time are *repetitions*.
//! - A *slot* is a day or a minute of a month; a *month slot* is a month of the window and a slot of it. A slot with more
//!   than one reading of a series is *repeated*. A month in which two readings may share a slot is *doubtful*.
//! - A *month cell* holds the sums of one customer in one month, and *marks* of its slots: 32 bytes.
//! - A *stripe* is the month cells of neighbouring customers, its *members*, under one lock.
//! - A *streak* is a sequence of readings of a series in strictly ascending order of time.
//!
//! # Passes
//!
//! `first_rows` tell in which order the month cells of customers lie best, which are their `places`. `plan` orders the
//! parts and `schedule` deals them to threads. The `kernel` loads a `batch`, for which an `id_cache` numbers customers and
//! meters (with `known_ids`, if their order cannot be predicted) and the `calendar` finds month slots, and visits its rows
//! `by_stripe`. The first pass, `sum`, adds readings to the month cells of a `stripe` and marks their slots; readings in no
//! order wait in a `scatter`; minutes are marked by `streak`. Where the marks leave a doubt, `repeat` reads rows again.
//! Files that an `earlier` cycle has counted are not read at all. The result is `usage`, without the months before a
//! customer opened.
//!
//! The steps that follow take one customer after the other: `usage` spreads readings of a sparse `cadence`, then
//! decides which months are `covered` and which are out of `season`. `suspect` finds readings that are probably not
//! energy in kWh.
//!
//! Tables whose rows carry more than energy, such as the end of an interval, are read in another way, by `by_row`.

mod spread;
mod calendar;
mod month_cell;
mod quality;
mod rounds;
mod time_of_use;
mod places;
mod known_ids;
mod id_cache;
mod first_rows;
mod batch;
mod stripe;
mod by_stripe;
mod scatter;
mod kernel;
mod cadence;
mod season;
mod covered;
mod usage;
mod suspect;
mod alike;
mod plan;
mod stamp;
mod schedule;
mod streak;
mod sum;
mod repeat;
mod twin;
mod earlier;
mod held;
mod interval_notes;
mod by_row;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};

use crate::contract::Table;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, index};
use crate::key::KeyIndex;
use crate::source::{Part, Source, TableBook};
use crate::text;
use crate::unit::Window;

use batch::ReadingContext;
use calendar::{Calendar, SlotWidth};
use earlier::ReusedFiles;
pub use earlier::{Earlier, UsageSink};
use id_cache::MeterIx;
use kernel::Kernel;
pub use month_cell::MonthUse;
use places::Places;
use plan::FileBooks;
pub use spread::{DaySpan, MonthDays};
use stripe::Stripes;
pub use sum::FileBook;
use sum::PassRecord;
pub use suspect::{UnitSuspect, unit_suspects};
pub use time_of_use::{PART_COLUMNS, ReadingDetail};
use twin::TwinFinder;
pub(crate) use usage::months_before_opening;
pub use usage::{Coverage, CustomerMonth, MonthlyUsage};

/// Most readings of one customer in one month. Even if each has the contract's bound of 10⁹ kWh, or 10¹² Wh, this many
/// readings sum to less than 2⁶³.
const READINGS_MAX: u32 = 9_000_000;

/// The readings of a window.
#[derive(Debug)]
pub struct Readings {
    /// Energy by customer and month.
    pub usage: MonthlyUsage,
    /// What became of the rows of each file, by its number; a file without a row is left out.
    pub files: BTreeMap<u32, FileBook>,
    /// The meters that were read.
    pub meters: ReadMeters,
    /// Files that were not read, because an earlier cycle has counted them.
    pub files_reused: usize,
}

/// The meters whose readings were counted.
#[derive(Default)]
pub struct ReadMeters {
    ids: KeyIndex,
    /// The meters of readings that were added to stripes, and the places of their customers.
    stripes: Option<(Stripes, Places)>,
    /// The meters of readings that were settled row by row.
    series: BTreeSet<(CustomerIx, u32)>,
}

impl ReadMeters {
    /// Whether a customer has counted readings of a meter.
    #[must_use]
    pub fn has(&self, customer: CustomerIx, meter: &str) -> bool {
        let Some(meter) = self.ids.get(meter) else { return false };
        let in_stripe = self.stripes.as_ref().is_some_and(|(stripes, places)| {
            let place = places.of(customer);
            let stripe = stripes.lock(stripes.stripe_of(place));
            stripe.has_meter(stripe.member(place), MeterIx::new(meter))
        });
        in_stripe || self.series.contains(&(customer, meter))
    }
}

impl std::fmt::Debug for ReadMeters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadMeters({})", self.ids.len())
    }
}

/// Reads the meter readings of a window, except the files that `earlier` has counted. The result has every customer;
/// months without a reading are all zero, and so are those before a customer opened. Readings are not spread yet, and
/// no month is marked as covered.
///
/// # Errors
/// The table is absent or unreadable, or a month has too many readings to be summed.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    detail: ReadingDetail,
    earlier: Option<&Earlier>,
    book: &mut TableBook,
) -> Result<Readings, RunError> {
    let registers = source.parts(Table::RegisterReadings)?;
    let parts = source.parts(Table::MeterReadings)?;
    book.present = parts.is_some();
    let Some(parts) = parts.or_else(|| registers.map(|_| Vec::new())) else {
        let advice = text!(
            "put meter_readings.parquet, a CSV file or a folder meter_readings/ into the data folder, or \
                 register_readings if you have registers",
            "请把 meter_readings.parquet、CSV 文件或 meter_readings/ 文件夹放入数据文件夹；只有示数时提供 register_readings"
        );
        let what = text!("the table is missing", "缺少该表");
        return Err(Refusal::of(Table::MeterReadings, what, advice).into());
    };
    let (mut readings, books) = if by_row::is_needed(source, detail) {
        let context = reading_context(source, customers, window, SlotWidth::Minute, Places::default());
        by_row::read(&context, window, detail, &parts)?
    } else {
        read_by_month(source, customers, window, earlier, &parts)?
    };
    books.into_values().for_each(|of_file| book.absorb(of_file));
    book.close()?;
    check_bounds(&readings.usage, customers)?;
    readings.usage.drop_before_opening(customers, book);
    suspect::notice_registers(&readings.usage, customers, book);
    suspect::notice_placeholders(&readings.usage, customers, book);
    alike::notice_missing(&readings.usage, customers, book);
    alike::notice_months_alike(&readings.usage, customers, book);
    Ok(readings)
}

/// Reads the files that are not reused, of a table whose rows carry energy only.
fn read_by_month(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    earlier: Option<&Earlier>,
    parts: &[Part],
) -> Result<(Readings, FileBooks), RunError> {
    // Daily readings need one bit for each slot; for finer readings their order is needed. Whether readings are daily
    // or finer shows only while they are read.
    for slot_width in [SlotWidth::Day, SlotWidth::Minute] {
        if let Some(read) = read_by(slot_width, source, customers, window, earlier, parts)? {
            return Ok(read);
        }
    }
    Err(RunError::Bug("slots of a minute are too coarse".into()))
}

fn reading_context<'a>(
    source: &'a dyn Source,
    customers: &'a Customers,
    window: Window,
    slot_width: SlotWidth,
    places: Places,
) -> ReadingContext<'a> {
    let declared = source.declared().of(Table::MeterReadings);
    let calendar = Calendar::new(window, slot_width, declared.stamp.shift_us());
    ReadingContext { source, customers, places, declared, calendar, meters: RwLock::default() }
}

/// Reads the files that are not reused; `None` if the readings are too fine for the slots.
fn read_by(
    slot_width: SlotWidth,
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    earlier: Option<&Earlier>,
    parts: &[Part],
) -> Result<Option<(Readings, FileBooks)>, RunError> {
    let mut reused = ReusedFiles::new(earlier, customers, window);
    let first: Vec<Part> = parts.iter().copied().filter(|part| !reused.has(part.file)).collect();
    let places = first_rows::find_places(source, customers, &first);
    let context = reading_context(source, customers, window, slot_width, places);
    let kernel = Kernel { context, stripes: Stripes::new(customers.len(), index(window.months)) };
    let mut record = PassRecord::default();
    let mut files_read = BTreeSet::new();
    // Rows may be in other months than the earlier cycle's file books say, and then further files have to be read.
    loop {
        let mut unread = parts.to_vec();
        unread.retain(|part| !reused.has(part.file) && !files_read.contains(&part.file));
        if unread.is_empty() {
            break;
        }
        files_read.extend(unread.iter().map(|part| part.file));
        record.stamps.add_bounds(source, &unread);
        let planned = plan::plan(source, unread, &kernel.context.calendar, &mut record.books);
        if !sum::sum(&kernel, planned, &mut record)? {
            return Ok(None);
        }
        reused.drop_months(record.parts.iter().filter_map(|(_, span)| *span));
    }
    repeat::settle(&kernel, &mut record)?;
    record.stamps.notice(source, window, &mut record.books);
    let mut noticed = TableBook::new(Table::MeterReadings);
    TwinFinder::look_at_stripes(&kernel, window, &mut noticed);
    reused.fill(&kernel)?;
    let mut files = record.file_books(window);
    let reused = reused.books(source);
    let files_reused = reused.len();
    for (file, book, known) in reused {
        record.books.insert(file, book);
        files.insert(file, known);
    }
    let Kernel { context, mut stripes } = kernel;
    if !noticed.noticed.is_empty() {
        plan::book_of(&mut record.books, 0).absorb(noticed);
    }
    let usage = MonthlyUsage::new(window, customers.len(), &mut stripes, &context.places);
    let ids = context.meters.into_inner().unwrap_or_else(PoisonError::into_inner);
    let meters = ReadMeters { ids, stripes: Some((stripes, context.places)), series: BTreeSet::new() };
    Ok(Some((Readings { usage, files, meters, files_reused }, record.books)))
}

fn check_bounds(usage: &MonthlyUsage, customers: &Customers) -> Result<(), RunError> {
    let Some((customer, month)) = usage.first_above(READINGS_MAX) else { return Ok(()) };
    let (id, month) = (customers.ids.key(customer.number()), usage.window().month(month));
    let what = text!(
        "customer {id} has more than {READINGS_MAX} readings in {month}",
        "客户 {id} 在 {month} 的读数超过 {READINGS_MAX} 条"
    );
    let advice = text!(
        "their sum could overflow; sum the readings to intervals of a minute or more",
        "总和可能溢出；请将读数合并为一分钟以上的间隔"
    );
    Err(Refusal::of(Table::MeterReadings, what, advice).into())
}

#[cfg(test)]
mod tests;
