//! Counts the records of a CSV text and checks that every quote is closed.
//!
//! The parser reads an unclosed quote as a cell that reaches to the end of the file: one quote can swallow a million rows
//! without an error. This scanner follows the parser's rules and remembers the line in which a quote was opened.

use gridtier::index::{count, index_u64};
use gridtier::text;
use gridtier::text::Text;

use crate::guard::Unreadable;
use crate::guard::limits::{CELL_BYTES_MAX, COLUMNS_MAX, cell_too_long};

/// Maximum number of bytes in a record, far more than a record of any table needs.
const RECORD_BYTES_MAX: u64 = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LexerState {
    StartOfRecord,
    StartOfCell,
    Cell,
    Quoted,
    QuoteInQuoted,
}

/// Scans a text chunk by chunk.
#[derive(Debug)]
pub struct Lexer {
    delimiter: u8,
    state: LexerState,
    at: u64,
    line: u64,
    after_return: bool,
    record_start: u64,
    cell_start: u64,
    quote_line: u64,
    cells: usize,
    records: u64,
}

impl Lexer {
    /// A scanner at the start of a text.
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: LexerState::StartOfRecord,
            at: 0,
            line: 1,
            after_return: false,
            record_start: 0,
            cell_start: 0,
            quote_line: 0,
            cells: 0,
            records: 0,
        }
    }

    /// Says in which line of the file the text begins.
    pub fn begin_at(&mut self, line: Option<u64>) {
        if self.at == 0 {
            self.line = line.unwrap_or(1);
        }
    }

    /// Scans the next chunk of the text.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Unreadable> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let plain = match self.state {
                LexerState::Cell => {
                    rest.iter().position(|&byte| byte == self.delimiter || byte == b'\n' || byte == b'\r')
                }
                LexerState::Quoted => {
                    rest.iter().position(|&byte| byte == b'"' || byte == b'\n' || byte == b'\r')
                }
                _ => Some(0),
            };
            let plain = plain.unwrap_or(rest.len());
            self.at += count(plain);
            self.after_return &= plain == 0;
            rest = &rest[plain..];
            if let Some((&byte, after)) = rest.split_first() {
                self.step(byte)?;
                rest = after;
            }
        }
        self.check_lengths()
    }

    fn step(&mut self, byte: u8) -> Result<(), Unreadable> {
        let ends_line = byte == b'\n' || byte == b'\r';
        let line = self.line;
        if ends_line && !(byte == b'\n' && self.after_return) {
            self.line += 1;
        }
        self.after_return = byte == b'\r';
        let ends_cell = byte == self.delimiter || ends_line;
        match self.state {
            LexerState::Quoted if byte == b'"' => self.state = LexerState::QuoteInQuoted,
            LexerState::Quoted => {}
            LexerState::QuoteInQuoted if byte == b'"' => self.state = LexerState::Quoted,
            LexerState::StartOfRecord if ends_line => {}
            LexerState::StartOfRecord | LexerState::StartOfCell if byte == b'"' => {
                self.begin_if_first();
                (self.state, self.quote_line) = (LexerState::Quoted, line);
            }
            _ if ends_cell => {
                self.begin_if_first();
                self.check_lengths()?;
                self.cells += 1;
                self.cell_start = self.at + 1;
                self.state = LexerState::StartOfCell;
                if ends_line {
                    self.records += 1;
                    self.state = LexerState::StartOfRecord;
                }
            }
            _ => {
                self.begin_if_first();
                self.state = LexerState::Cell;
            }
        }
        self.at += 1;
        Ok(())
    }

    fn begin_if_first(&mut self) {
        if self.state == LexerState::StartOfRecord {
            (self.record_start, self.cell_start, self.cells) = (self.at, self.at, 0);
        }
    }

    fn check_lengths(&self) -> Result<(), Unreadable> {
        if self.state == LexerState::StartOfRecord {
            return Ok(());
        }
        let cell = self.at.saturating_sub(self.cell_start);
        // The cell may have two quotes around it.
        if cell > count(CELL_BYTES_MAX) + 2 {
            return Err(match self.state {
                LexerState::Quoted => {
                    self.unclosed(&text!("is still open after {cell} bytes", "{cell} 字节之后仍未闭合"))
                }
                _ => cell_too_long(index_u64(cell)),
            });
        }
        if self.at - self.record_start > RECORD_BYTES_MAX || self.cells > 100 * COLUMNS_MAX {
            let what = text!(
                "the row that ends in line {line} is longer than any table's",
                "结束于第 {line} 行的记录过长，不像表格",
                line = self.line
            );
            let advice = text!(
                "check that the file is a table of one row per line",
                "请检查文件是否为每行一条记录的表"
            );
            return Err(Unreadable::because(what, advice));
        }
        Ok(())
    }

    fn unclosed(&self, how: &Text) -> Unreadable {
        Unreadable::because(
            text!(
                "the quote opened in line {line} {how}",
                "第 {line} 行开始的引号{how}",
                line = self.quote_line;
                how
            ),
            text!(
                "close it, or double the quotes inside cells, and export the file again",
                "请补上引号，或将单元格内的引号写成两个，再重新导出文件"
            ),
        )
    }

    /// Ends the text and returns the number of its records, including the header.
    pub fn finish(&self) -> Result<u64, Unreadable> {
        match self.state {
            LexerState::Quoted => Err(self.unclosed(&text!("is never closed", "始终没有闭合"))),
            LexerState::StartOfRecord => Ok(self.records),
            _ => Ok(self.records + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &[u8]) -> Result<u64, String> {
        let mut lexer = Lexer::new(b',');
        text.chunks(3)
            .try_for_each(|chunk| lexer.feed(chunk))
            .and_then(|()| lexer.finish())
            .map_err(|e| e.what.to_string())
    }

    #[test]
    fn records_end_at_line_breaks_outside_quotes() {
        for (text, count) in [
            ("a,b\n1,2\n", 2),
            ("a,b\r\n1,2", 2),
            ("a,b\r1,2\r\r", 2),
            ("\n\na\n\n\nb\n", 2),
            ("a\n\"x\ny\",\"\"\"\"\n", 2),
            ("a\n\"\"\n", 2),
            ("", 0),
        ] {
            assert_eq!(records(text.as_bytes()), Ok(count), "{text:?}");
        }
    }

    #[test]
    fn an_unclosed_quote_is_refused_with_the_line_in_which_it_was_opened() {
        assert_eq!(
            records(b"a,b\r\n1,\"x\r\n2,y\r\n").unwrap_err(),
            "the quote opened in line 2 is never closed"
        );
        let long = format!("a\n\"{}", "x\n".repeat(CELL_BYTES_MAX));
        assert!(
            records(long.as_bytes()).unwrap_err().starts_with("the quote opened in line 2 is still open")
        );
    }

    #[test]
    fn a_cell_may_have_a_mebibyte_and_no_more() {
        let cell = |bytes: usize| records(format!("a,b\n1,\"{}\"\n", "x".repeat(bytes)).as_bytes());
        assert_eq!(cell(CELL_BYTES_MAX), Ok(2));
        assert!(cell(CELL_BYTES_MAX + 1).is_err());
    }

    proptest! {
        #[test]
        fn the_lexer_counts_as_many_records_as_the_parser(text in "[ab\",\r\n]{0,40}") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let parsed = reader.records().count() as u64;
            if let Ok(count) = records(text.as_bytes()) {
                prop_assert_eq!(count, parsed);
            }
        }
    }
}
