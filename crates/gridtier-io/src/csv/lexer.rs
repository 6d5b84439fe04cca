//! Counts the records of a CSV text and checks that every quote is closed.
//!
//! The parser reads an unclosed quote as a cell that reaches to the end of the file: one quote can swallow a million rows
//! without an error. This scanner follows the parser's rules and remembers the line in which a quote was opened. A second
//! stray quote closes the first: so it also looks for cells whose lines look like rows of the table. A byte of 0 is no text
//! and is refused: files that were not written to their end are filled with such bytes.

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

/// What a scan finds out about the records of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Their number, including the header.
    pub number: u64,
    /// Whether empty lines stand between them.
    pub are_apart: bool,
    /// The cells that may have swallowed rows.
    pub swallowing: Option<Swallowing>,
}

/// Quoted cells whose lines look like rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swallowing {
    /// The line in which the first of them begins.
    pub line: u64,
    /// The lines that the first spans.
    pub lines: u64,
    /// The lines of all.
    pub lines_of_all: u64,
}

/// The lines of a quoted cell that lie wholly inside it.
#[derive(Clone, Copy, Debug, Default)]
struct InnerLines {
    /// Whether a line break of the cell has been seen.
    is_inside: bool,
    /// Number of delimiters in the line so far.
    delimiters: usize,
    lines: u64,
    /// Those with as many delimiters as the header.
    like_rows: u64,
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
    /// Number of cells of the header.
    width: usize,
    inner: InnerLines,
    swallowing: Option<Swallowing>,
    /// Number of empty lines so far.
    empty_lines: u64,
    /// Number of empty lines before the last record.
    empty_before: u64,
    /// The record of which the empty lines before it are wanted, and their number once it has begun.
    wanted: u64,
    empty_before_wanted: u64,
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
            width: 0,
            inner: InnerLines::default(),
            swallowing: None,
            empty_lines: 0,
            empty_before: 0,
            wanted: u64::MAX,
            empty_before_wanted: 0,
        }
    }

    /// The number of empty lines before a record, 0 for the header, in a text that has been refused by no scan.
    pub fn empty_lines_before(
        record: u64,
        delimiter: u8,
        mut next: impl FnMut(&mut Self) -> Option<()>,
    ) -> u64 {
        let mut lexer = Self { wanted: record, ..Self::new(delimiter) };
        while lexer.records <= record && next(&mut lexer).is_some() {}
        lexer.empty_before_wanted
    }

    /// Says in which line of the file the text begins.
    pub fn begin_at(&mut self, line: Option<u64>) {
        if self.at == 0 {
            self.line = line.unwrap_or(1);
        }
    }

    /// Scans the next chunk of the text.
    ///
    /// # Errors
    /// A cell or record is too long, or the text holds a byte of 0.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Unreadable> {
        // Looked for apart from the cells, many bytes at once.
        if chunk.contains(&0) {
            let text = chunk.split(|&byte| byte == 0).next().unwrap_or_default();
            self.scan(text)?;
            return Err(holds_zero(self.line));
        }
        self.scan(chunk)
    }

    fn scan(&mut self, chunk: &[u8]) -> Result<(), Unreadable> {
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
            if self.inner.is_inside {
                self.inner.delimiters += rest[..plain].iter().filter(|&&byte| byte == self.delimiter).count();
            }
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
        let begins_line = ends_line && !(byte == b'\n' && self.after_return);
        self.line += u64::from(begins_line);
        self.after_return = byte == b'\r';
        let ends_cell = byte == self.delimiter || ends_line;
        if self.state == LexerState::QuoteInQuoted && byte != b'"' {
            self.end_quoted(line);
        }
        match self.state {
            LexerState::Quoted if byte == b'"' => self.state = LexerState::QuoteInQuoted,
            LexerState::Quoted if begins_line => self.inner.end_line(self.width),
            LexerState::Quoted => {}
            LexerState::QuoteInQuoted if byte == b'"' => self.state = LexerState::Quoted,
            LexerState::StartOfRecord if ends_line => self.empty_lines += u64::from(begins_line),
            LexerState::StartOfRecord | LexerState::StartOfCell if byte == b'"' => {
                self.begin_if_first();
                (self.state, self.quote_line) = (LexerState::Quoted, line);
                self.inner = InnerLines::default();
            }
            _ if ends_cell => {
                self.begin_if_first();
                self.check_lengths()?;
                self.cells += 1;
                self.cell_start = self.at + 1;
                self.state = LexerState::StartOfCell;
                if ends_line {
                    if self.records == 0 {
                        self.width = self.cells;
                    }
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
            self.empty_before = self.empty_lines;
            if self.records == self.wanted {
                self.empty_before_wanted = self.empty_lines;
            }
        }
    }

    /// Notes the cell whose quote has been closed in that line, if it may have swallowed rows.
    fn end_quoted(&mut self, line: u64) {
        if self.inner.look_like_rows() {
            let lines = line - self.quote_line + 1;
            let first = Swallowing { line: self.quote_line, lines, lines_of_all: 0 };
            self.swallowing.get_or_insert(first).lines_of_all += lines;
        }
        self.inner = InnerLines::default();
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

    /// Ends the text.
    pub fn finish(mut self) -> Result<Records, Unreadable> {
        if self.state == LexerState::QuoteInQuoted {
            self.end_quoted(self.line);
        }
        let is_open = match self.state {
            LexerState::Quoted => return Err(self.unclosed(&text!("is never closed", "始终没有闭合"))),
            LexerState::StartOfRecord => false,
            LexerState::StartOfCell | LexerState::Cell | LexerState::QuoteInQuoted => true,
        };
        Ok(Records {
            number: self.records + u64::from(is_open),
            are_apart: self.empty_before > 0,
            swallowing: self.swallowing,
        })
    }
}

impl InnerLines {
    /// Ends a line of the cell. The first one began before the cell.
    fn end_line(&mut self, width: usize) {
        if self.is_inside {
            self.lines += 1;
            self.like_rows += u64::from(width > 1 && self.delimiters + 1 == width);
        }
        (self.is_inside, self.delimiters) = (true, 0);
    }

    /// Whether the lines are rather rows of the table than text: at least two and more than half have as many delimiters.
    fn look_like_rows(self) -> bool {
        self.like_rows >= 2 && self.like_rows * 2 > self.lines
    }
}

/// The refusal of text with a byte of 0.
pub(super) fn holds_zero(line: u64) -> Unreadable {
    Unreadable::because(
        text!(
            "it holds bytes that are no text: a byte of 0 in line {line}",
            "文件含有不是文本的字节：第 {line} 行有值为 0 的字节"
        ),
        text!(
            "export or copy it again, as CSV UTF-8; if it is UTF-16, with its byte-order mark or with `encoding` declared",
            "请重新导出或复制，并存为 CSV UTF-8；若为 UTF-16，请带字节序标记，或声明 `encoding`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scanned(text: &[u8]) -> Result<Records, String> {
        let mut lexer = Lexer::new(b',');
        let fed = text.chunks(3).try_for_each(|chunk| lexer.feed(chunk));
        fed.and_then(|()| lexer.finish()).map_err(|e| e.what.to_string())
    }

    fn records(text: &[u8]) -> Result<u64, String> {
        scanned(text).map(|records| records.number)
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

    #[test]
    fn a_cell_whose_lines_look_like_rows_is_noted_with_its_first_line() {
        let swallowing = |text: &str| scanned(text.as_bytes()).unwrap().swallowing;
        let found = |line, lines, lines_of_all| Some(Swallowing { line, lines, lines_of_all });
        let stray = "a,b\n1,\"x\n2,y\n3,z\n4,x\"\n5,z\n";
        assert_eq!(swallowing(stray), found(2, 4, 4));
        assert_eq!(swallowing(&stray.replace('\n', "\r\n")), found(2, 4, 4));
        assert_eq!(swallowing(stray.trim_end().strip_suffix("\n5,z").unwrap()), found(2, 4, 4), "at the end");
        assert_eq!(swallowing(&format!("{stray}{}", &stray[4..])), found(2, 4, 8));
        assert_eq!(swallowing("a,b\n1,\"x\n2,\"\"y\"\"\n3,z\nz\"\n"), found(2, 4, 4), "quotes inside");
        for text in [
            "a,b\n1,\"one, two\nthree\nfour, five\nsix\"\n",
            "a,b\n1,\"one\ntwo, three\nfour, five\"\n",
            "a,b\n1,\"x\n2,y\n3,z\n\n\n\nend\"\n",
            "a\n\"one\ntwo\nthree\nfour\"\n",
        ] {
            assert_eq!(swallowing(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_byte_of_0_is_refused_with_its_line() {
        for (text, line) in [(&b"a,b\n1,2\n\0\0"[..], 3), (b"a,b\r\n1,\"x\ny\0\"", 3), (b"a\0", 1)] {
            let what = records(text).unwrap_err();
            assert_eq!(what, format!("it holds bytes that are no text: a byte of 0 in line {line}"));
        }
    }

    #[test]
    fn empty_lines_are_counted_before_a_record() {
        let text = b"a\r\n1\r\n\r\n\r\n\"2\r\n\"\r\n\r\n3\r\n\r\n";
        let before = |record| {
            let mut chunks = text.chunks(2);
            Lexer::empty_lines_before(record, b',', |lexer| lexer.feed(chunks.next()?).ok())
        };
        assert_eq!([0, 1, 2, 3].map(before), [0, 0, 2, 3]);
        assert!(scanned(text).unwrap().are_apart && !scanned(b"a\r\n1\r\n\r\n").unwrap().are_apart);
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
