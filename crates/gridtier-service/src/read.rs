//! Reading the service folder: what became of each row, and the accepted rows as a [`Log`].
//!
//! Rows are tested in the order that all tables share (SPEC §3): key and placing time, window, every other rule,
//! duplicates. A time at or after the as-of day is empty before any other rule looks at it.

mod shared;
mod kept;
mod seen;
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
use crate::interruption::Interruptions;
use crate::log::Log;
use crate::period::Run;
use crate::policy::Policy;

pub use kept::{ContactsSince, DeliveriesSince};

/// What the rows of a service folder are read with.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The folder.
    pub source: &'a dyn Source,
    /// The customers.
    pub base: &'a Base,
    /// The services that deliveries may name.
    pub catalogue: &'a Catalogue,
    /// The policy: only the rows are kept that its figures need.
    pub policy: &'a Policy,
    /// Period and as-of day.
    pub run: Run,
}

/// A service folder that was read.
pub struct ReadLog {
    /// The accepted rows that a figure may need.
    pub log: Log,
    /// The merged interruptions; `None` if their table is absent.
    pub interruptions: Option<Interruptions>,
    /// A book for each of [`Table::SERVICE`].
    pub books: Vec<TableBook>,
}

/// Reads all tables of a service folder.
///
/// # Errors
/// A table cannot be read.
pub fn read(reading: Reading) -> Result<ReadLog, RunError> {
    let Reading { catalogue, policy, run, .. } = reading;
    let mut log = Log::default();
    let (outage_book, outages) = outage::read(reading)?;
    let (interruption_book, interruptions) = interruption::read(reading, &outages)?;
    let interruptions = interruption_book.present.then_some(interruptions);
    let (services, counted) = (catalogue.services.len(), outages.counted.len());
    let since = DeliveriesSince::of(policy, services, run, counted, interruptions.as_ref());
    let (delivery_book, deliveries) = delivery::read(reading, &outages, &since)?;
    let (contact_book, contacts) = contact::read(reading)?;
    let (mut calendar_book, calendar) = calendar::read(reading)?;
    let (check_book, checks) = check::read(reading)?;
    let (correction_book, corrections) = correction::read(reading)?;
    if !calendar_book.present {
        calendar_book.notice(Rule::CalendarMissing, 1, || Table::Calendar.name().to_owned());
    }
    log.outages = outage_book.present.then_some(outages.counted);
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
    Ok(ReadLog { log, interruptions, books })
}

#[cfg(test)]
mod tests;
