//! Which parts are read, and in which order.
//!
//! What lies outside the window by its statistics is counted and not opened. The rest is read in the order of time as far
//! as that is known, so that the readings of a meter are met in order.

use super::calendar::Calendar;
use crate::contract::rule::Rule;
use crate::source::{Intake, Part, Source};

/// The parts to be read.
pub(super) struct Plan {
    pub parts: Vec<Part>,
}

impl Plan {
    /// Plans the reading of `parts`; those outside the window are booked in `intake`.
    pub fn new(source: &dyn Source, parts: Vec<Part>, calendar: &Calendar, intake: &mut Intake) -> Self {
        let table = intake.table;
        let mut inside = Vec::with_capacity(parts.len());
        for part in parts {
            let bounds = source.bounds(part);
            match (&bounds, part.rows) {
                (Some(bounds), Some(rows)) if calendar.span(bounds.first_us, bounds.last_us).is_none() => {
                    intake.tally.rows_in += rows;
                    intake.tally.out_of_window += rows;
                    for &column in &bounds.integer_ids {
                        let file = || format!("column {column} of {}", source.file_name(table, part.file));
                        intake.notice(Rule::IntegerId, rows, file);
                    }
                    source.progress(intake.table, rows);
                }
                _ => inside.push((bounds.map(|bounds| bounds.first_us), part)),
            }
        }
        // Parts of an unknown time stay where they are listed, before all others.
        inside.sort_by_key(|(first_us, _)| *first_us);
        Self { parts: inside.into_iter().map(|(_, part)| part).collect() }
    }
}
