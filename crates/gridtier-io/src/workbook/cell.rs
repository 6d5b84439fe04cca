//! Cells of a sheet as their readers find them, and how places in a sheet are written.

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use gridtier::index::index;

use crate::guard::Unreadable;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SheetValue<'a> {
    Text(&'a str),
    /// A number. If its format consists of zeros alone, also the number of digits to which it is padded; else 0.
    Number {
        value: f64,
        zeros: usize,
    },
    Date(NaiveDateTime),
    Flag(bool),
    /// A number whose text is the shortest that is read as the same number.
    Plain {
        value: f64,
        text: &'a str,
    },
    /// An error such as `#N/A`.
    Error(&'a str),
    /// A formula without a cached value.
    NoValue,
}

impl<'a> SheetValue<'a> {
    /// The same value, where a number keeps its own text if nothing shorter is read as the same number.
    pub fn written_as(self, text: &'a str) -> Self {
        match self {
            Self::Number { value, zeros: 0 } if is_shortest(text) => Self::Plain { value, text },
            other => other,
        }
    }
}

/// Whether a number is written as [`number_text`] writes it: at most 15 digits are told apart by every double, so that no
/// shorter text means the same.
fn is_shortest(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "1"));
    let is_plain_whole = !whole.is_empty() && (whole == "0" || !whole.starts_with('0'));
    digits
        && text.len() <= 15
        && is_plain_whole
        && !fraction.is_empty()
        && !fraction.ends_with('0')
        && !fraction.contains('.')
}

/// A cell that is not empty. Row and column are 0 for the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SheetCell<'a> {
    pub row: u32,
    pub column: u32,
    pub value: SheetValue<'a>,
}

/// Called with each cell that is not empty, row by row.
pub(super) type OnCell<'a> = &'a mut dyn FnMut(SheetCell) -> Result<(), Unreadable>;

/// A rectangle of cells; all ends are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellRange {
    pub rows: (u32, u32),
    pub columns: (u32, u32),
}

impl CellRange {
    /// The range that is written `A1:B2`, or `A1`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let (first, last) = (place(first.as_bytes())?, place(last.as_bytes())?);
        Some(Self {
            rows: (first.0.min(last.0), first.0.max(last.0)),
            columns: (first.1.min(last.1), first.1.max(last.1)),
        })
    }

    /// Whether the two have a cell in common.
    pub fn meets(&self, other: &Self) -> bool {
        [(self.rows, other.rows), (self.columns, other.columns)].iter().all(|(a, b)| a.0 <= b.1 && b.0 <= a.1)
    }

    /// The range as a spreadsheet writes it.
    pub fn name(&self) -> String {
        let last = cell_name(self.rows.1, self.columns.1);
        format!("{}:{last}", cell_name(self.rows.0, self.columns.0))
    }
}

/// What a sheet has besides its cells.
#[derive(Clone, Debug, Default)]
pub(super) struct SheetTraits {
    pub merged: Vec<CellRange>,
    pub hidden_rows: Vec<u32>,
    /// First and last of each run of hidden columns.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Names of the other visible sheets of the workbook, if none is declared.
    pub left_out: Vec<String>,
}

/// Maximum number of rows and of columns of a sheet in any program.
pub(super) const ROWS_MAX: u32 = 1 << 20;
pub(super) const SHEET_COLUMNS_MAX: u32 = 1 << 14;

/// Row and column of a place that is written `B7`.
pub(super) fn place(text: &[u8]) -> Option<(u32, u32)> {
    let text = text.strip_prefix(b"$").unwrap_or(text);
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = text.split_at(letters);
    let digits = digits.strip_prefix(b"$").unwrap_or(digits);
    let mut column = 0u32;
    for letter in letters {
        column = column.checked_mul(26)? + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    let row: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (row, column) = (row.checked_sub(1)?, column.checked_sub(1)?);
    (row < ROWS_MAX && column < SHEET_COLUMNS_MAX).then_some((row, column))
}

/// The letters of a column.
pub(super) fn column_name(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A cell's place as a spreadsheet writes it.
pub(super) fn cell_name(row: u32, column: u32) -> String {
    format!("{}{}", column_name(column), row + 1)
}

/// The day from which a workbook counts its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateSystem {
    /// 1 is 1900-01-01, and 1900 has a 29 February that never was.
    From1900,
    /// 0 is 1904-01-01.
    From1904,
}

impl DateSystem {
    /// The time that a number stands for, to the millisecond.
    pub fn time(self, serial: f64) -> Option<NaiveDateTime> {
        const MS_PER_DAY: f64 = 86_400_000.0;
        /// The last day of the year 9999.
        const SERIAL_MAX: f64 = 2_958_466.0;
        if !(0.0..SERIAL_MAX).contains(&serial) {
            return None;
        }
        let epoch = match self {
            Self::From1900 if serial < 60.0 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
            Self::From1900 => NaiveDate::from_ymd_opt(1899, 12, 30)?,
            Self::From1904 => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        };
        let day = epoch.checked_add_days(Days::new(serial.floor() as u64))?;
        let ms = (serial.fract() * MS_PER_DAY).round() as i64;
        day.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::milliseconds(ms))
    }
}

/// How a cell shows its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberFormat {
    #[default]
    Other,
    /// A day, with or without the time.
    Date,
    /// The time of the day alone.
    Clock,
    /// Only zeros: the number is padded with zeros to this many digits.
    Zeros(usize),
}

impl NumberFormat {
    /// The format of a code such as `yyyy-mm-dd` or `0000000000`.
    pub fn parse(code: &str) -> Self {
        if code.len() > 1 && code.bytes().all(|byte| byte == b'0') {
            return Self::Zeros(code.len().min(64));
        }
        let (mut has_day, mut has_clock) = (false, false);
        let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
        for character in code.chars() {
            match character {
                _ if is_escaped => is_escaped = false,
                '"' => in_quotes = !in_quotes,
                _ if in_quotes => {}
                ']' => in_brackets = false,
                '[' => in_brackets = true,
                _ if in_brackets => {}
                '\\' | '_' | '*' => is_escaped = true,
                ';' => break,
                'y' | 'Y' | 'd' | 'D' => has_day = true,
                'h' | 'H' | 's' | 'S' => has_clock = true,
                // These letters mean a month, or minutes if they are next to hours or seconds.
                'm' | 'M' => has_day |= !has_clock && !code.contains(['h', 'H', 's', 'S']),
                _ => {}
            }
        }
        match (has_day, has_clock) {
            (true, _) => Self::Date,
            (false, true) if !code.contains("[h") && !code.contains("[m") && !code.contains("[s") => {
                Self::Clock
            }
            _ => Self::Other,
        }
    }

    /// The built-in format of a number (ECMA-376 §18.8.30), those of East Asia included.
    pub fn built_in(number: u32) -> Self {
        match number {
            14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Clock,
            _ => Self::Other,
        }
    }

    /// The value of a number in a cell of this format.
    pub fn value(self, value: f64, system: DateSystem) -> SheetValue<'static> {
        let is_day = match self {
            Self::Date => true,
            // A number of 1 or more is a date and time, although the cell shows only the time.
            Self::Clock => value >= 1.0,
            Self::Other | Self::Zeros(_) => false,
        };
        let zeros = if let Self::Zeros(zeros) = self { zeros } else { 0 };
        match system.time(value).filter(|_| is_day) {
            Some(time) => SheetValue::Date(time),
            None => SheetValue::Number { value, zeros },
        }
    }
}

/// Whether a number is whole and has at most 15 digits, which is as many as a spreadsheet keeps.
pub(super) fn is_exact_integer(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < 1e15
}

/// A number as the shortest text that is read as the same number, without an exponent.
pub(super) fn number_text(value: f64, zeros: usize, out: &mut String) {
    use std::fmt::Write as _;
    // −0 is 0.
    let value = value + 0.0;
    let zeros = if is_exact_integer(value) { index(zeros as u32) } else { 0 };
    // Cannot fail: a string takes any text.
    let _ = write!(out, "{value:0zeros$}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_ranges_are_written_as_in_a_spreadsheet() {
        assert_eq!((place(b"A1"), place(b"$XFD$1048576")), (Some((0, 0)), Some((1_048_575, 16_383))));
        assert_eq!((place(b"A0"), place(b"7"), place(b"XFE1"), place(b"A")), (None, None, None, None));
        assert_eq!(
            (cell_name(6, 27), column_name(701), column_name(702)),
            ("AB7".into(), "ZZ".into(), "AAA".into())
        );
        let range = CellRange::parse("B3:D2").unwrap();
        assert_eq!(range.name(), "B2:D3");
        assert!(
            range.meets(&CellRange::parse("D3:F9").unwrap())
                && !range.meets(&CellRange::parse("E1:F9").unwrap())
        );
    }

    #[test]
    fn dates_are_counted_from_1900_or_1904() {
        let day = |system: DateSystem, serial| system.time(serial).unwrap().to_string();
        assert_eq!(day(DateSystem::From1900, 45_658.0), "2025-01-01 00:00:00");
        assert_eq!(day(DateSystem::From1904, 44_196.0), "2025-01-01 00:00:00");
        assert_eq!(day(DateSystem::From1900, 1.0), "1900-01-01 00:00:00");
        assert_eq!(day(DateSystem::From1900, 45_658.010_416_666_664), "2025-01-01 00:15:00");
        assert_eq!(day(DateSystem::From1900, 45_658.999_999_999_9), "2025-01-02 00:00:00");
        assert_eq!(DateSystem::From1900.time(-1.0), None);
        assert_eq!(DateSystem::From1900.time(f64::NAN), None);
    }

    #[test]
    fn a_format_says_whether_a_number_is_a_date() {
        use NumberFormat as F;
        for (code, format) in [
            ("yyyy-mm-dd", F::Date),
            ("yyyy\"年\"m\"月\"d\"日\"", F::Date),
            ("[$-804]yyyy/m/d h:mm", F::Date),
            ("mmm-yy", F::Date),
            ("mm", F::Date),
            ("h:mm:ss", F::Clock),
            ("[h]:mm", F::Other),
            ("General", F::Other),
            ("0.00\"度\"", F::Other),
            ("#,##0.00_);[Red](#,##0.00)", F::Other),
            ("0.00E+00", F::Other),
            ("0.0 \"kWh/day\"", F::Other),
            ("0000000000", F::Zeros(10)),
            ("0", F::Other),
        ] {
            assert_eq!(NumberFormat::parse(code), format, "{code}");
        }
    }

    #[test]
    fn a_number_keeps_its_text_only_where_that_is_the_shortest() {
        for text in ["0", "7", "1234.5", "0.001", "999999999999.99", "512000000123"] {
            let mut shortest = String::new();
            number_text(text.parse().unwrap(), 0, &mut shortest);
            assert!(is_shortest(text) && shortest == text, "{text}");
        }
        for text in
            ["1.50", "007", "1e3", "-1", "+1", ".5", "5.", "1.0", "0.30000000000000004", "inf", "", "1.2.3"]
        {
            assert!(!is_shortest(text), "{text}");
        }
    }

    #[test]
    fn a_number_becomes_the_shortest_text_that_reads_as_the_same() {
        let text = |value, zeros| {
            let mut text = String::new();
            number_text(value, zeros, &mut text);
            text
        };
        assert_eq!(text(1234.5, 0), "1234.5");
        assert_eq!(text(0.1 + 0.2, 0), "0.30000000000000004");
        assert_eq!(
            (text(-0.0, 0), text(1e21, 0), text(1e-7, 0)),
            ("0".into(), "1000000000000000000000".into(), "0.0000001".into())
        );
        assert_eq!((text(123.0, 10), text(1.5, 10)), ("0000000123".into(), "1.5".into()));
    }
}
