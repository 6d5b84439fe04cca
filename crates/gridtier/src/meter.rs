//! The hot loop: meter readings to energy by customer and month, with every row checked in the same pass.
//!
//! Ten to a hundred billion readings become customers × months cells of exact integers. Each worker thread owns its
//! cells, so that no row takes a lock; integer sums make the result the same for any number of threads and any order of
//! rows. Memory is bounded by customers × months and not by rows: a repeated reading is recognised by one bit for its
//! place in the month, and only customer-months in which a bit was met twice are read again and settled exactly
//! ([`repeat`]). What a month's energy is worth is not known here.

mod calendar;
mod lookup;
mod repeat;
mod usage;
mod worker;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::contract::Table;
use crate::contract::declared::TableDeclared;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::source::{Intake, Part, Source};
use crate::unit::Window;

use calendar::Calendar;
use lookup::Series;
pub use usage::{MonthUse, MonthlyUsage, UnitSuspect};
use worker::Worker;

/// Most readings of one customer in one month: so many at the contract's bound still sum within 64 bits.
const READINGS_MAX: u32 = 9_000_000;

/// What all workers share.
struct Kernel<'a> {
    source: &'a dyn Source,
    customers: &'a Customers,
    declared: TableDeclared,
    calendar: Calendar,
    series: Series,
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
    let mut kernel = Kernel {
        source,
        customers,
        declared: source.declared().of(Table::MeterReadings),
        calendar: Calendar::new(window, calendar::step_us(source, &parts)?),
        series: Series::new(customers.len()),
    };
    let (usage, book) = loop {
        match sum(&kernel, &parts)? {
            Pass::Summed(usage, book) => break (usage, book),
            Pass::TooCoarse(step_us) => kernel.calendar = Calendar::new(window, step_us),
        }
    };
    intake.absorb(book);
    intake.close()?;
    bounded(usage, window, customers)
}

/// How a pass over all readings ended.
enum Pass {
    /// With the sums.
    Summed(MonthlyUsage, Intake),
    /// With so many readings on one slot that they had better be told apart by this step.
    TooCoarse(i64),
}

/// One of so many counted readings may fall on another's slot before a finer step is tried.
const COLLISIONS_PER: u64 = 20;

fn sum(kernel: &Kernel, parts: &[Part]) -> Result<Pass, RunError> {
    let mut total = Worker::new(kernel);
    let mut spans = vec![None; parts.len()];
    for worker in share_out(parts, &|| Worker::new(kernel), &Worker::read)? {
        worker.spans.iter().for_each(|&(part, span)| spans[part] = Some(span));
        total.absorb(worker);
    }
    let finer_us = total.collisions.step_us.max(calendar::STEP_US_MIN);
    let many = total.collisions.count > total.intake.tally.counted / COLLISIONS_PER;
    if many && finer_us < kernel.calendar.step_us {
        return Ok(Pass::TooCoarse(finer_us));
    }
    repeat::settle(kernel, parts, &spans, &mut total)?;
    Ok(Pass::Summed(total.usage, total.intake))
}

fn bounded(usage: MonthlyUsage, window: Window, customers: &Customers) -> Result<MonthlyUsage, RunError> {
    if let Some((customer, month)) = usage.find(|month| month.readings > READINGS_MAX) {
        let id = customers.ids.key(customer as u32);
        let what = format!("customer {id} has more than {READINGS_MAX} readings in {}", window.month(month));
        let advice = "their sum could overflow; sum the readings to intervals of a minute or more";
        return Err(Refusal::of(Table::MeterReadings, what, advice).into());
    }
    Ok(usage)
}

/// Lets each thread take part after part into a worker of its own.
fn share_out<W: Send>(
    parts: &[Part],
    new: &(dyn Fn() -> W + Sync),
    read: &(dyn Fn(&mut W, usize, Part) -> Result<(), RunError> + Sync),
) -> Result<Vec<W>, RunError> {
    let next = AtomicUsize::new(0);
    let results = rayon::broadcast(|_| {
        let mut worker = new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(&part) = parts.get(place) else { return Ok(worker) };
            if let Err(error) = read(&mut worker, place, part) {
                // The others stop too: there will be no result.
                next.store(parts.len(), Ordering::Relaxed);
                return Err((place, error));
            }
        }
    });
    let mut workers = Vec::new();
    let mut first_error: Option<(usize, RunError)> = None;
    for result in results {
        match result {
            Ok(worker) => workers.push(worker),
            Err(error) if first_error.as_ref().is_none_or(|first| error.0 < first.0) => {
                first_error = Some(error)
            }
            Err(_) => {}
        }
    }
    first_error.map_or(Ok(workers), |(_, error)| Err(error))
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
