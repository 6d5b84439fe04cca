//! Interruptions as a customer experiences them: overlapping rows are one interruption (SERVICE §4).
//!
//! A log has a row for each outage that interrupts a customer, and one outage may follow from another before the
//! supply is back. Added up row by row, such hours would count twice. So the rows of a customer are merged, and every
//! figure about interruptions is taken from the merged ones. A log may have 50 million rows: interruptions are kept one
//! by one only where a figure needs them, in 12 bytes each. Of the earlier ones, only the seconds of each day are kept.

mod pile;

use std::collections::BTreeMap;

use gridtier::contract::OutageKind;
use gridtier::index::{CustomerIx, index};

use crate::log::{Interruption, Outage};
use crate::period::{Period, Run};
use crate::policy::Limits;
use crate::time::Second;

pub use pile::{InterruptionPile, RowFate};

/// An interruption of a customer's supply, merged from rows that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedInterruption {
    /// The customer.
    pub customer: CustomerIx,
    /// The outage of the first row, whose attributes count: position in [`crate::log::Log::outages`].
    pub outage: u32,
    /// When the first row began. The whole interruption counts in the day and period of its start.
    pub start: Second,
    /// When the last row ended; the as-of time if one of the rows has no end.
    pub end: Second,
    /// Whether the supply was not restored by the as-of time.
    pub open: bool,
}

impl MergedInterruption {
    /// Its length in seconds, up to the as-of time if it is open.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.end.since(self.start)
    }

    /// Whether it is longer than a momentary one.
    #[must_use]
    pub fn is_sustained(&self, limits: &Limits) -> bool {
        self.seconds() > limits.momentary_seconds
    }
}

/// The rows that were merged into an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlaps {
    /// Number of rows.
    pub rows: u64,
    /// The first of them by outage, customer and start.
    pub example: Option<Interruption>,
}

/// Which interruptions are kept one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptInterruptions {
    /// The period and the as-of day. No row begins outside the window.
    pub run: Run,
    /// Interruptions are sustained if they are longer.
    pub momentary_seconds: i64,
    /// The day since which interruptions are kept; earlier ones that end on this day or later are kept, too.
    pub since: i32,
    /// The day since which the first interruption that an outage caused a customer is looked up, for which a notice may
    /// be owed. No earlier than `since`.
    pub noticed_since: i32,
    /// For each outage of the log, whether a notice may be owed.
    pub noticed: Vec<bool>,
}

impl KeptInterruptions {
    /// Keeps all interruptions, and looks up the first ones of all outages.
    #[must_use]
    pub fn all(run: Run, limits: &Limits, outages: usize) -> Self {
        let (since, noticed_since) = (i32::MIN, i32::MIN);
        let noticed = vec![true; outages];
        Self { run, momentary_seconds: limits.momentary_seconds, since, noticed_since, noticed }
    }
}

/// An interruption in little space: the customer follows from the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PackedInterruption {
    /// Position of the outage in its lower 31 bits; the highest bit is set while the supply is not restored.
    outage_and_open: u32,
    /// Seconds from the first day of the window to the start.
    start: u32,
    /// Length in seconds.
    length: u32,
}

/// The first interruption of a customer that began with an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FirstOfOutage {
    outage: u32,
    customer: CustomerIx,
    /// Position among those that are kept.
    place: u32,
}

/// The highest bit, which marks an open interruption.
const OPEN: u32 = 1 << 31;

/// The interruptions of all customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Interruptions {
    /// The first second of the window.
    epoch: Second,
    /// By customer and start.
    list: Vec<PackedInterruption>,
    /// For each customer, the position in `list` after its last interruption.
    ends: Vec<u32>,
    /// For each day on which sustained interruptions start, the sum of their seconds. The key is the number of days
    /// since 1970-01-01. All days of the log are included.
    pub sustained_seconds: BTreeMap<i32, i64>,
    /// For each day of the log on which rows begin, how many do.
    pub rows_by_day: BTreeMap<i32, i64>,
    /// The first interruptions that outages caused customers, where a notice may be owed, by outage and customer.
    noticed: Vec<FirstOfOutage>,
    /// The rows that were merged.
    pub overlaps: Overlaps,
}

impl Interruptions {
    /// The outages of which notice may be owed, each as often as customers are concerned.
    pub fn noticed_outages(&self) -> impl Iterator<Item = u32> {
        self.noticed.iter().map(|first| first.outage)
    }

    /// All interruptions that were kept, by customer and start.
    pub fn all(&self) -> impl Iterator<Item = MergedInterruption> {
        (0..self.ends.len()).flat_map(|customer| self.of_customer(CustomerIx::from_index(customer)))
    }

    /// A customer's interruptions that were kept, by start.
    pub fn of_customer(&self, customer: CustomerIx) -> impl Iterator<Item = MergedInterruption> {
        let before = customer.index().checked_sub(1);
        let first = before.map_or(0, |before| index(self.ends[before]));
        let of_customer = &self.list[first..index(self.ends[customer.index()])];
        of_customer.iter().map(move |packed| self.unpacked(*packed, customer))
    }

    fn unpacked(&self, packed: PackedInterruption, customer: CustomerIx) -> MergedInterruption {
        let start = self.epoch.plus(packed.start.into());
        MergedInterruption {
            customer,
            outage: packed.outage_and_open & !OPEN,
            start,
            end: start.plus(packed.length.into()),
            open: packed.outage_and_open & OPEN != 0,
        }
    }

    /// For each outage of which notice may be owed and each customer, the first interruption that it began, if that is
    /// not too long ago. By outage and customer.
    pub fn first_of_outages(&self) -> impl Iterator<Item = MergedInterruption> {
        self.noticed.iter().map(|first| self.unpacked(self.list[index(first.place)], first.customer))
    }

    /// The interruptions that start in a period, by customer and start. The period begins no earlier than those kept.
    pub fn starting_in(&self, period: Period) -> impl Iterator<Item = MergedInterruption> {
        self.all().filter(move |interruption| period.holds(interruption.start))
    }
}

/// Whether an outage is of one of the kinds; every outage is if none is named.
#[must_use]
pub fn is_of_kinds(outage: &Outage, kinds: &[OutageKind]) -> bool {
    kinds.is_empty() || kinds.contains(&outage.kind)
}

#[cfg(test)]
mod tests;
