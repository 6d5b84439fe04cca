//! Decides which parts are read, and in which order.
//!
//! A part that lies outside the window by its file's statistics is counted without being opened. The other parts are
//! read in the order of time as far as it is known, so that the readings of a meter come in ascending order.

use std::collections::BTreeMap;

use super::calendar::Calendar;
use crate::contract::Table;
use crate::source::{Part, Source, TableBook};

/// Books by file number.
pub(super) type FileBooks = BTreeMap<u32, TableBook>;

/// The book of a file.
pub(super) fn book_of(books: &mut FileBooks, file: u32) -> &mut TableBook {
    books.entry(file).or_insert_with(|| TableBook::new(Table::MeterReadings))
}

/// The parts to be read, in the order of reading. The rows of parts outside the window are counted in `books`.
pub(super) fn plan(
    source: &dyn Source,
    parts: Vec<Part>,
    calendar: &Calendar,
    books: &mut FileBooks,
) -> Vec<Part> {
    let mut inside = Vec::with_capacity(parts.len());
    for part in parts {
        let bounds = source.bounds(part);
        match (&bounds, part.rows) {
            (Some(bounds), Some(rows))
                if calendar.months_between(bounds.first_us, bounds.last_us).is_none() =>
            {
                let book = book_of(books, part.file);
                book.tally.rows_in += rows;
                book.tally.out_of_window += rows;
                for column in bounds.integer_ids.iter().filter(|_| rows > 0) {
                    book.notice_integer_ids(source, part.file, column, rows);
                }
                source.progress(Table::MeterReadings, rows);
            }
            _ => inside.push((bounds.map(|bounds| bounds.first_us), part)),
        }
    }
    // Parts of unknown time keep their order and come before all others.
    inside.sort_by_key(|(first_us, _)| *first_us);
    inside.into_iter().map(|(_, part)| part).collect()
}
