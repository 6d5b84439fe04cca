//! The hot loop: meter readings to energy by customer and month, with every row checked in the same pass.
//!
//! Ten to a hundred billion readings become customers × months cells of exact integers. Threads share the cells by
//! stripes of customers ([`stripe`]); integer sums make the result the same for any number of threads and any order of
//! rows. Memory is bounded by customers × months and not by rows: 32 bytes each, in which a repeated reading leaves a mark;
//! what is marked is read again and settled exactly ([`repeat`]). What a month's energy is worth is not known here.

mod batch;
mod by_stripe;
mod calendar;
mod lookup;
mod plan;
mod repeat;
mod schedule;
mod streak;
mod stripe;
mod sum;
mod usage;

use std::collections::BTreeMap;
use std::sync::RwLock;

use crate::contract::Table;
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::key::KeyIndex;
use crate::source::{Intake, Part, Source};
use crate::unit::Window;

use calendar::{Calendar, Slots};
use plan::Plan;
use stripe::Stripes;
pub use usage::{MonthUse, MonthlyUsage, UnitSuspect};

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

/// Reads all meter readings of the window. The result holds every customer; months without a reading are all zero.
///
/// # Errors
/// The table is absent or unreadable, or a month has too many readings to be summed.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    intake: &mut Intake,
) -> Result<MonthlyUsage, RunError> {
    let Some(parts) = source.parts(Table::MeterReadings)? else {
        let advice =
            "put meter_readings.parquet, a CSV file or a folder meter_readings/ into the data folder";
        return Err(Refusal::of(Table::MeterReadings, "the table is missing", advice).into());
    };
    intake.present = true;
    let plan = Plan::new(source, parts, &Calendar::new(window, Slots::Days), intake);
    let by = |slots| read_by(slots, source, customers, window, &plan.parts);
    // Whether days tell readings apart shows while they are read.
    let read = match by(Slots::Days)? {
        None => by(Slots::Minutes)?,
        read => read,
    };
    let Some((usage, books)) = read else {
        return Err(RunError::Bug("slots of a minute are too coarse".into()));
    };
    books.into_values().for_each(|book| intake.absorb(book));
    intake.close()?;
    bounded(usage, customers)
}

/// What the readings come to, and a book for each file.
type Read = (MonthlyUsage, BTreeMap<u32, Intake>);

/// Reads all parts; nothing when the slots are too coarse for these readings.
fn read_by(
    slots: Slots,
    source: &dyn Source,
    customers: &Customers,
    window: Window,
    parts: &[Part],
) -> Result<Option<Read>, RunError> {
    let kernel = Kernel::new(source, customers, window, slots);
    let Some(mut summed) = sum::sum(&kernel, parts)? else { return Ok(None) };
    repeat::settle(&kernel, parts, &mut summed)?;
    let usage = MonthlyUsage::new(window, customers.len(), kernel.stripes);
    Ok(Some((usage, summed.books)))
}

fn bounded(usage: MonthlyUsage, customers: &Customers) -> Result<MonthlyUsage, RunError> {
    if let Some((customer, month)) = usage.above(READINGS_MAX) {
        let (id, month) = (customers.ids.key(customer as u32), usage.window().month(month));
        let what = format!("customer {id} has more than {READINGS_MAX} readings in {month}");
        let advice = "their sum could overflow; sum the readings to intervals of a minute or more";
        return Err(Refusal::of(Table::MeterReadings, what, advice).into());
    }
    Ok(usage)
}

/// The finding of months far from their customer's median, with the list.
#[must_use]
pub fn unit_suspects(usage: &MonthlyUsage, customers: &Customers, intake: &mut Intake) -> Vec<UnitSuspect> {
    let suspects = usage.unit_suspects();
    if let Some(first) = suspects.first() {
        intake.notice(Rule::UnitSuspect, suspects.len() as u64, || {
            let id = customers.ids.key(first.customer);
            let [month_kwh, median_kwh] = [first.active_wh, first.median_wh].map(|wh| wh / 1000);
            format!("{id} in {}: {month_kwh} kWh, median month {median_kwh} kWh", first.month)
        });
    }
    suspects
}

#[cfg(test)]
mod tests;
