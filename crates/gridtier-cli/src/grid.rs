//! Tables for people: numbers with thousands separators, at most 100 columns wide.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

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
    let of_head = |head: &Head| match head {
        Head::Text(name) | Head::Number(name) => longest_word(name),
    };
    let mut words: Vec<usize> = heads.iter().map(of_head).collect();
    for row in rows {
        words.iter_mut().zip(&row).for_each(|(longest, text)| *longest = longest_word(text).max(*longest));
        table.add_row(row.into_iter().zip(heads).map(|(text, head)| match head {
            Head::Text(_) => Cell::new(text),
            Head::Number(_) => Cell::new(text).set_alignment(CellAlignment::Right),
        }));
    }
    // Columns give way to each other, but not so far that they break a word.
    let widths: Vec<usize> = words.into_iter().map(|word| word + PADDING).collect();
    if widths.iter().sum::<usize>() <= usize::from(WIDTH) {
        table.set_constraints(widths.into_iter().map(|width| {
            ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(width).unwrap_or(WIDTH)))
        }));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Spaces on both sides of a cell.
const PADDING: usize = 2;
/// A word that is longer may be broken, such as a sentence in Chinese.
const WORD_MAX: usize = 24;

fn longest_word(text: &str) -> usize {
    let widths = text.split_whitespace().map(UnicodeWidthStr::width);
    widths.filter(|width| *width <= WORD_MAX).max().unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(grouped), ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn a_table_fits_a_hundred_columns() {
        let wide = "long ".repeat(60);
        let table = grid(&[Head::Text("a"), Head::Number("b")], [vec![wide, grouped(12_345)]]);
        assert!(table.lines().all(|line| line.width() <= 100), "{table}");
    }

    #[test]
    fn a_word_is_broken_only_where_there_is_no_room_for_it() {
        let heads: Vec<Head> = (0..6).map(|_| Head::Text("heading")).collect();
        let row = vec!["Energy-efficiency package of the utility".to_owned(); 4];
        let row = row.into_iter().chain(["a ".repeat(40), "b ".repeat(40)]).collect::<Vec<_>>();
        let table = grid(&heads, [row]);
        assert!(
            table.contains("Energy-efficiency") && table.lines().all(|line| line.width() <= 100),
            "{table}"
        );
    }
}
