//! Which parts are read, and in which order.
//!
//! What lies outside the window by its statistics is counted and not opened. The rest is read in the order of time as far
//! as that is known, so that the readings of a meter are met in order.

use std::collections::BTreeMap;

use super::calendar::Calendar;
use super::earlier::notice_integers;
use crate::contract::Table;
use crate::source::{Part, Source, TableBook};

/// Books by file.
pub(super) type Books = BTreeMap<u32, TableBook>;

/// The book of a file.
pub(super) fn book_of(books: &mut Books, file: u32) -> &mut TableBook {
    books.entry(file).or_insert_with(|| TableBook::new(Table::MeterReadings))
}

/// The parts to be read, in their order; those outside the window are booked.
pub(super) fn plan(
    source: &dyn Source,
    parts: Vec<Part>,
    calendar: &Calendar,
    books: &mut Books,
) -> Vec<Part> {
    let mut inside = Vec::with_capacity(parts.len());
    for part in parts {
        let bounds = source.bounds(part);
        match (&bounds, part.rows) {
            (Some(bounds), Some(rows)) if calendar.span(bounds.first_us, bounds.last_us).is_none() => {
                let book = book_of(books, part.file);
                book.tally.rows_in += rows;
                book.tally.out_of_window += rows;
                notice_integers(source, book, part.file, &bounds.integer_ids, rows);
                source.progress(Table::MeterReadings, rows);
            }
            _ => inside.push((bounds.map(|bounds| bounds.first_us), part)),
        }
    }
    // Parts of an unknown time stay where they are listed, before all others.
    inside.sort_by_key(|(first_us, _)| *first_us);
    inside.into_iter().map(|(_, part)| part).collect()
}
