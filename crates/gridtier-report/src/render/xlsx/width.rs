//! The space that texts need, in characters. A Chinese character counts as two.

use unicode_width::UnicodeWidthStr;

/// Height of a line in points, and maximum number of lines of a row.
pub(super) const LINE_HEIGHT: f64 = 15.0;
pub(super) const LINES_MAX: u32 = 20;
/// Widths of columns, in characters.
pub(super) const WIDTHS: std::ops::RangeInclusive<f64> = 9.0..=46.0;
/// Number of characters that the button of a filter covers.
pub(super) const FILTER_BUTTON: f64 = 3.0;

/// Width of a text.
pub(super) fn characters(text: &str) -> f64 {
    gridtier::index::float(text.width())
}

/// Width of the longest word of a text. Chinese text can break between any two characters.
fn longest_word(text: &str) -> f64 {
    text.split(|letter: char| letter.is_whitespace() || !letter.is_ascii())
        .map(characters)
        .fold(0.0, f64::max)
}

/// Width that a head needs in at most two lines.
pub(super) fn of_head(head: &str) -> f64 {
    (characters(head) / 2.0).ceil().max(longest_word(head)) + FILTER_BUTTON
}

/// Number of lines that a text needs in a column of a width.
pub(super) fn lines(text: &str, width: f64) -> u32 {
    text.lines().map(|line| (characters(line) / (width - 1.0)).ceil().max(1.0) as u32).sum::<u32>().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_take_several_lines() {
        assert_eq!([lines("", 10.0), lines("abc", 10.0), lines("户号户号户号", 10.0)], [1, 1, 2]);
    }
}
