//! Tables for people: numbers with thousands separators, at most 100 columns wide.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// Widest table.
const WIDTH: u16 = 100;

/// A line under the heading, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column's heading and whether it holds numbers.
pub enum Head<'a> {
    /// Text, to the left.
    Text(&'a str),
    /// Numbers, to the right.
    Number(&'a str),
}

/// A table with these columns.
pub fn grid(heads: &[Head], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    table.set_header(heads.iter().map(|head| match head {
        Head::Text(name) => Cell::new(name),
        Head::Number(name) => Cell::new(name).set_alignment(CellAlignment::Right),
    }));
    for row in rows {
        table.add_row(row.into_iter().zip(heads).map(|(text, head)| match head {
            Head::Text(_) => Cell::new(text),
            Head::Number(_) => Cell::new(text).set_alignment(CellAlignment::Right),
        }));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Lines of a list, each broken where it is too long for a page.
pub fn list(lines: impl IntoIterator<Item = String>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    lines.into_iter().for_each(|line| {
        table.add_row([line]);
    });
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A share as percent with one decimal.
pub fn percent(part: impl Into<i128>, whole: impl Into<i128>) -> String {
    let (part, whole): (i128, i128) = (part.into(), whole.into());
    if whole == 0 { "–".into() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(grouped), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!((percent(1, 3), percent(1, 0)), ("33.3 %".into(), "–".into()));
    }

    #[test]
    fn a_table_fits_a_hundred_columns() {
        let wide = "long ".repeat(60);
        let table = grid(&[Head::Text("a"), Head::Number("b")], [vec![wide, grouped(12_345)]]);
        assert!(table.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100), "{table}");
    }
}
