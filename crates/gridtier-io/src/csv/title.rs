//! Leaves out the rows above the header: titles, print dates, empty lines.
//!
//! Rows are counted as a spreadsheet shows them, so that a person can read `header_row` off the screen: an empty line is
//! a row, a line break inside quotes is not.

use std::io::{self, Read};

/// Finds the header in a text that comes chunk by chunk.
#[derive(Clone, Debug)]
pub(super) struct TitleRows {
    delimiter: u8,
    /// The row that is declared to be the header; if it is `None`, the header is the first row that is not empty.
    declared: Option<u32>,
    /// The row that the next byte belongs to, 1 for the first.
    row: u64,
    at_start_of_row: bool,
    at_start_of_cell: bool,
    in_quotes: bool,
    after_return: bool,
    is_found: bool,
}

impl TitleRows {
    /// The state at the start of a text.
    pub(super) fn new(delimiter: u8, declared: Option<u32>) -> Self {
        Self {
            delimiter,
            declared,
            row: 1,
            at_start_of_row: true,
            at_start_of_cell: true,
            in_quotes: false,
            after_return: false,
            is_found: false,
        }
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The row of the header, once its first byte has been seen.
    pub(super) fn header_row(&self) -> Option<u64> {
        self.is_found.then_some(self.row)
    }

    /// The part of the next chunk that belongs to the header and the rows below it.
    pub(super) fn rest<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        if self.is_found {
            return chunk;
        }
        for (at, &byte) in chunk.iter().enumerate() {
            let is_second_of_break = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            if is_second_of_break {
                continue;
            }
            let ends_row = matches!(byte, b'\n' | b'\r');
            let is_header = match self.declared {
                Some(declared) => self.row == u64::from(declared),
                None => !ends_row,
            };
            if self.at_start_of_row && is_header {
                self.is_found = true;
                return &chunk[at..];
            }
            self.step(byte, ends_row);
        }
        &[]
    }

    fn step(&mut self, byte: u8, ends_row: bool) {
        if byte == b'"' && (self.in_quotes || self.at_start_of_cell) {
            self.in_quotes = !self.in_quotes;
        }
        self.at_start_of_row = ends_row && !self.in_quotes;
        self.at_start_of_cell = self.at_start_of_row || (byte == self.delimiter && !self.in_quotes);
        self.row += u64::from(self.at_start_of_row);
    }
}

/// Reads a text from its header on.
pub struct FromHeader<R> {
    source: R,
    titles: TitleRows,
    /// Whether the row of the header is an empty line.
    starts_empty: bool,
}

impl<R> FromHeader<R> {
    pub(super) fn new(source: R, titles: TitleRows) -> Self {
        Self { source, titles, starts_empty: false }
    }

    pub(super) fn header_row(&self) -> Option<u64> {
        self.titles.header_row()
    }

    pub(super) fn starts_empty(&self) -> bool {
        self.starts_empty
    }
}

impl<R: Read> Read for FromHeader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.source.read(out)?;
            let was_found = self.titles.header_row().is_some();
            let rest = self.titles.rest(&out[..read]).len();
            if read == 0 || rest > 0 {
                out.copy_within(read - rest..read, 0);
                self.starts_empty |= !was_found && rest > 0 && matches!(out[0], b'\n' | b'\r');
                return Ok(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text from the header on, and the header's row; the same for any division into chunks.
    fn from_header(text: &str, declared: Option<u32>) -> (String, Option<u64>) {
        let mut whole = TitleRows::new(b',', declared);
        let rest = whole.rest(text.as_bytes());
        for cut in 0..text.len() {
            let mut titles = TitleRows::new(b',', declared);
            let parts = [&text.as_bytes()[..cut], &text.as_bytes()[cut..]].map(|part| titles.rest(part));
            assert_eq!(parts.concat(), rest, "{cut}");
        }
        (String::from_utf8(rest.to_vec()).unwrap(), whole.header_row())
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_shows_them() {
        assert_eq!(from_header("a,b\n1,2\n", None), ("a,b\n1,2\n".into(), Some(1)));
        assert_eq!(from_header("\r\n\na,b\n", None), ("a,b\n".into(), Some(3)));
        assert_eq!(from_header("title\r\n\r\na,b\r\n", Some(3)), ("a,b\r\n".into(), Some(3)));
        assert_eq!(from_header("\"a\nlong title\",\na,b\n", Some(2)), ("a,b\n".into(), Some(2)));
        assert_eq!(from_header("5\" pipes\na,b\n", Some(2)), ("a,b\n".into(), Some(2)));
        assert_eq!(from_header("title\ra,b\r", Some(2)), ("a,b\r".into(), Some(2)));
        assert_eq!(from_header("title\n\na,b\n", Some(2)), ("\na,b\n".into(), Some(2)), "an empty row");
        assert_eq!(from_header("title\n", Some(5)), (String::new(), None));
    }
}
