//! A row that is held until all rows of its reading are known.

use super::id_cache::IdNumber;
use super::month_cell::ReadingEnergy;
use super::quality::Repetition;
use super::spread::DaySpan;
use super::time_of_use::ReadingParts;
use crate::contract::rule::Rule;
use crate::source::RowAt;

/// The key that all rows of one reading share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReadingKey {
    /// The reading's customer, by number: the numbers of accepted customers come first, then those of all others.
    pub customer: IdNumber,
    /// The reading's meter; [`IdNumber::NULL`] without a meter id.
    pub meter: IdNumber,
    /// The reading's `read_at`.
    pub time_us: i64,
}

/// A row whose key and date can be read.
#[derive(Debug)]
pub(super) struct HeldRow {
    pub key: ReadingKey,
    pub until_us: Option<i64>,
    /// When the row was recorded; the least possible time if that is unknown.
    pub recorded_us: i64,
    pub energy: ReadingEnergy,
    pub at: RowAt,
    pub is_estimated: bool,
    /// The rule that the row breaks, apart from those of key, date and window.
    pub fault: Option<Rule>,
    pub parts: Option<Box<ReadingParts>>,
}

impl HeldRow {
    /// The days that the row's interval covers.
    pub fn days(&self, stamp_shift_us: i64) -> DaySpan {
        match self.until_us {
            Some(until_us) => DaySpan::between(self.key.time_us, until_us),
            None => {
                let time_us = self.key.time_us - stamp_shift_us;
                DaySpan::between(time_us, time_us)
            }
        }
    }
}

impl Repetition for &HeldRow {
    fn is_estimated(&self) -> bool {
        self.is_estimated
    }

    fn is_equal(&self, other: &Self) -> bool {
        (self.energy, self.until_us) == (other.energy, other.until_us)
    }
}
