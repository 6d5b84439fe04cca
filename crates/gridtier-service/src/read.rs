//! Reading the service folder: what became of each row, and the accepted rows as a [`Log`].
//!
//! Rows are tested in the order that all tables share (SPEC §3): key and placing time, window, every other rule,
//! duplicates. A time at or after the as-of day is empty before any other rule looks at it.

mod shared;
mod outage;
mod interruption;
mod delivery;
mod contact;
mod calendar;
mod check;
mod correction;
pub mod survey;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::source::{Source, TableBook};

use crate::base::Base;
use crate::log::Log;
use crate::period::Run;

/// What the rows of a service folder are read with.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The folder.
    pub source: &'a dyn Source,
    /// The customers.
    pub base: &'a Base,
    /// The services that deliveries may name.
    pub catalogue: &'a Catalogue,
    /// Period and as-of day.
    pub run: Run,
}

/// Reads all tables of a service folder. Returns the accepted rows, and a book for each of [`Table::SERVICE`].
///
/// # Errors
/// A table cannot be read.
pub fn read(reading: Reading) -> Result<(Log, Vec<TableBook>), RunError> {
    let mut log = Log::default();
    let (outage_book, outages) = outage::read(reading)?;
    let (interruption_book, interruptions) = interruption::read(reading, &outages)?;
    let (delivery_book, deliveries) = delivery::read(reading, &outages)?;
    let (contact_book, contacts) = contact::read(reading)?;
    let (mut calendar_book, calendar) = calendar::read(reading)?;
    let (check_book, checks) = check::read(reading)?;
    let (correction_book, corrections) = correction::read(reading)?;
    if !calendar_book.present {
        calendar_book.notice(Rule::CalendarMissing, 1, || Table::Calendar.name().to_owned());
    }
    log.outages = outage_book.present.then_some(outages.counted);
    log.interruptions = interruption_book.present.then_some(interruptions);
    log.deliveries = delivery_book.present.then_some(deliveries);
    log.contacts = contact_book.present.then_some(contacts);
    log.calendar = calendar_book.present.then_some(calendar);
    log.checks = check_book.present.then_some(checks);
    log.corrections = correction_book.present.then_some(corrections);
    let books = vec![
        outage_book,
        interruption_book,
        delivery_book,
        contact_book,
        calendar_book,
        check_book,
        correction_book,
    ];
    Ok((log, books))
}

#[cfg(test)]
mod tests;
