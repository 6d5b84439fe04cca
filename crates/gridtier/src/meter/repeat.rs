//! Readings that came twice: settled exactly, in memory that does not grow with their number.
//!
//! The first pass marks customer-months in which two readings fell on one slot. Here their rows are read again, in as
//! many rounds as a fixed budget of rows asks for: equal repetitions count once, and where any two differ none counts.

use std::cmp::Ordering;

use super::calendar::Span;
use super::worker::{Bits, Reading, Worker};
use super::{Kernel, share_out};
use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::source::{Part, RowAt};

/// Rows held at once.
const ROWS_HELD_MAX: u64 = 8_000_000;

/// A reading under suspicion, with its place.
type Suspect = (Reading, RowAt);

/// Corrects `total` for every reading that came more than once.
pub(super) fn settle(
    kernel: &Kernel,
    parts: &[Part],
    spans: &[Option<Span>],
    total: &mut Worker,
) -> Result<(), RunError> {
    let months: Vec<u16> = (0..kernel.calendar.window.months as usize)
        .filter(|&month| total.suspects.any(month))
        .map(|month| month as u16)
        .collect();
    if months.is_empty() {
        return Ok(());
    }
    let suspects = std::mem::take(&mut total.suspects);
    for customers in rounds(kernel, total, &months) {
        let held = collect(kernel, parts, spans, &months, &suspects, &customers)?;
        held.chunk_by(|a, b| order(a, b) == Ordering::Equal).for_each(|group| correct(group, total));
    }
    Ok(())
}

/// Ranges of customers, each with at most the budget of readings in suspicious months (a single customer may have more).
fn rounds(kernel: &Kernel, total: &Worker, months: &[u16]) -> Vec<std::ops::Range<u32>> {
    let mut rounds = Vec::new();
    let (mut start, mut held) = (0, 0);
    for customer in 0..kernel.customers.len() {
        let readings = |&month: &u16| u64::from(total.usage.get(usize::from(month), customer).readings);
        let more: u64 = months.iter().map(readings).sum();
        if held > 0 && held + more > ROWS_HELD_MAX {
            rounds.push(start..customer as u32);
            (start, held) = (customer as u32, 0);
        }
        held += more;
    }
    rounds.push(start..kernel.customers.len() as u32);
    rounds
}

/// The readings of suspicious customer-months, in an order in which repetitions stand together.
fn collect(
    kernel: &Kernel,
    parts: &[Part],
    spans: &[Option<Span>],
    months: &[u16],
    suspects: &Bits,
    customers: &std::ops::Range<u32>,
) -> Result<Vec<Suspect>, RunError> {
    let concerned = |span: &Option<Span>| {
        span.is_some_and(|(low, high)| months.iter().any(|month| (low..=high).contains(month)))
    };
    let parts: Vec<Part> =
        parts.iter().zip(spans).filter(|(_, span)| concerned(span)).map(|(part, _)| *part).collect();
    type Reader<'k> = (Worker<'k>, Vec<Suspect>);
    let read = |reader: &mut Reader, _place: usize, part: Part| {
        let (worker, held) = reader;
        kernel.source.read(Table::MeterReadings, part, super::worker::COLUMNS, &mut |batch| {
            worker.take(&batch, &mut |_, reading, at| {
                if suspects.get(reading.place.month, reading.series as usize)
                    && customers.contains(&reading.customer)
                {
                    held.push((*reading, at));
                }
            })?;
            // These rows are in the book already.
            worker.forget();
            Ok(())
        })
    };
    let new = || -> Reader { (Worker::new(kernel), Vec::new()) };
    let mut held: Vec<Suspect> =
        share_out(&parts, &new, &read)?.into_iter().flat_map(|(_, held)| held).collect();
    held.sort_unstable_by(|a, b| order(a, b).then(a.1.cmp(&b.1)));
    Ok(held)
}

fn order(a: &Suspect, b: &Suspect) -> Ordering {
    (a.0.series, a.0.read_at_us).cmp(&(b.0.series, b.0.read_at_us))
}

/// Takes the surplus of a group of readings of one meter and time out of the sums.
fn correct(group: &[Suspect], total: &mut Worker) {
    let [(first, _), rest @ ..] = group else { return };
    let same = |(other, _): &Suspect| {
        (other.active_wh, other.reactive_varh) == (first.active_wh, first.reactive_varh)
    };
    let equal = rest.iter().all(same);
    let surplus = if equal { rest } else { group };
    if rest.is_empty() {
        return;
    }
    for (reading, at) in surplus {
        let cell = &mut total.usage.month_mut(usize::from(reading.place.month))[reading.customer as usize];
        cell.remove(reading.month_use());
        total.intake.tally.counted -= 1;
        if equal {
            total.intake.tally.duplicates += 1;
        } else {
            total.intake.reject(*at, Rule::ConflictingReading);
        }
    }
}
