//! The hot loop: meter readings to energy by customer and month, with every row checked in the same pass.
//!
//! Ten to a hundred billion readings become customers × months cells of exact integers. Threads share the cells by
//! stripes of customers ([`stripe`]); integer sums make the result the same for any number of threads and any order of
//! rows. Memory is bounded by customers × months and not by rows: 32 bytes each, in which a repeated reading leaves a mark;
//! what is marked is read again and settled exactly ([`repeat`]). What a month's energy is worth is not known here.

mod batch;
mod by_stripe;
mod calendar;
mod earlier;
mod lookup;
mod plan;
mod repeat;
mod schedule;
mod streak;
mod stripe;
mod sum;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;

use crate::contract::Table;
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::key::KeyIndex;
use crate::source::{Part, Source, TableBook};
use crate::unit::Window;

use calendar::{Calendar, Slots};
use earlier::Standing;
pub use earlier::{Earlier, FileBook, UsageSink};
use plan::Books;
use stripe::Stripes;
use sum::Summed;
pub use usage::{Coverage, MonthUse, MonthlyUsage, UnitSuspect};

/// Most readings of one customer in one month: so many at the contract's bound still sum within 64 bits.
const READINGS_MAX: u32 = 9_000_000;

/// What all threads share.
struct Kernel<'a> {
    source: &'a dyn Source,
    customers: &'a Customers,
    declared: TableDeclared,
    calendar: Calendar,
    meters: RwLock<KeyIndex>,
    stripes: Stripes,
}

impl<'a> Kernel<'a> {
    fn new(source: &'a dyn Source, customers: &'a Customers, window: Window, slots: Slots) -> Self {
        Self {
            source,
            customers,
            declared: source.declared().of(Table::MeterReadings),
            calendar: Calendar::new(window, slots),
            meters: RwLock::default(),
            stripes: Stripes::new(customers.len(), window.months as usize),
        }
    }
}

/// The readings of a window.
#[derive(Debug)]
pub struct Readings {
    /// Energy by customer and month.
    pub usage: MonthlyUsage,
    /// What became of the rows of each file, by its number; a file without a row is left out.
    pub files: BTreeMap<u32, FileBook>,
    /// Files that were not read, because an earlier cycle has counted them.
    pub files_reused: usize,
}

/// Reads all meter readings of the window, but for those of which `earlier` says what they come to. The result holds
/// every customer; months without a reading are all zero.
///
/// # Errors
/// The table is absent or unreadable, or a month has too many readings to be summed.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    earlier: Option<&Earlier>,
    book: &mut TableBook,
) -> Result<Readings, RunError> {
    let Some(parts) = source.parts(Table::MeterReadings)? else {
        let advice =
            "put meter_readings.parquet, a CSV file or a folder meter_readings/ into the data folder";
        return Err(Refusal::of(Table::MeterReadings, "the table is missing", advice).into());
    };
    book.present = true;
    let by = |slots| read_by(slots, source, customers, window, earlier, &parts);
    // Whether days tell readings apart shows while they are read.
    let read = match by(Slots::Days)? {
        None => by(Slots::Minutes)?,
        read => read,
    };
    let Some((readings, books)) = read else {
        return Err(RunError::Bug("slots of a minute are too coarse".into()));
    };
    books.into_values().for_each(|of_file| book.absorb(of_file));
    book.close()?;
    bounded(&readings.usage, customers)?;
    Ok(readings)
}

/// Reads what does not stand of `parts`; nothing when the slots are too coarse for these readings.
fn read_by(
    slots: Slots,
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    earlier: Option<&Earlier>,
    parts: &[Part],
) -> Result<Option<(Readings, Books)>, RunError> {
    let kernel = Kernel::new(source, customers, window, slots);
    let mut standing = Standing::new(earlier, customers, window);
    let mut summed = Summed::default();
    let mut read = BTreeSet::new();
    loop {
        let is_next = |part: &&Part| !standing.has(part.file) && !read.contains(&part.file);
        let next: Vec<Part> = parts.iter().filter(is_next).copied().collect();
        if next.is_empty() {
            break;
        }
        read.extend(next.iter().map(|part| part.file));
        let next = plan::plan(source, next, &kernel.calendar, &mut summed.books);
        if !sum::sum(&kernel, next, &mut summed)? {
            return Ok(None);
        }
        standing.doubt(summed.spans.iter().flatten().copied());
    }
    repeat::settle(&kernel, &mut summed)?;
    standing.fill(customers, &kernel.stripes)?;
    let mut files = summed.file_books(window);
    let taken = standing.books(source);
    let files_reused = taken.len();
    for (file, book, known) in taken {
        summed.books.insert(file, book);
        files.insert(file, known);
    }
    let usage = MonthlyUsage::new(window, customers.len(), kernel.stripes);
    Ok(Some((Readings { usage, files, files_reused }, summed.books)))
}

fn bounded(usage: &MonthlyUsage, customers: &Customers) -> Result<(), RunError> {
    if let Some((customer, month)) = usage.first_above(READINGS_MAX) {
        let (id, month) = (customers.ids.key(customer.number()), usage.window().month(month));
        let what = format!("customer {id} has more than {READINGS_MAX} readings in {month}");
        let advice = "their sum could overflow; sum the readings to intervals of a minute or more";
        return Err(Refusal::of(Table::MeterReadings, what, advice).into());
    }
    Ok(())
}

/// The finding of months far from their customer's median, with the list.
#[must_use]
pub fn unit_suspects(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) -> Vec<UnitSuspect> {
    let suspects = usage.unit_suspects();
    if let Some(first) = suspects.first() {
        book.notice(Rule::UnitSuspect, suspects.len() as u64, || {
            let id = customers.ids.key(first.customer.number());
            let [month_kwh, median_kwh] = [first.active_wh, first.median_wh].map(|wh| wh / 1000);
            format!("{id} in {}: {month_kwh} kWh, median month {median_kwh} kWh", first.month)
        });
    }
    suspects
}

#[cfg(test)]
mod tests;
