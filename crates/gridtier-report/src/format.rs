//! The formats of numbers for people. Every renderer uses them.

use std::borrow::Cow;

use gridtier::text::{Lang, Voice};

/// Replaces an unknown number.
pub const DASH: &str = "–";

/// From this size on, a quantity is written without decimals.
const WHOLE_FROM: f64 = 1_000.0;

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped_digits(&number.unsigned_abs().to_string()))
}

fn grouped_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its English noun: `1 customer`, `1,200 customers`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with a fixed count of decimals: `1234.5` as `1,234.50`. No minus before a zero.
#[must_use]
pub fn decimal(number: f64, decimals: u8) -> String {
    if !number.is_finite() {
        return DASH.to_owned();
    }
    let text = format!("{:.*}", usize::from(decimals), number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if number < 0.0 && !is_zero { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped_digits(whole))
}

/// A share of 1 as percent with one decimal.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{} %", decimal(100.0 * share, 1))
}

/// Fen as CNY with two decimals.
#[must_use]
pub fn money(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", grouped_digits(&(fen / 100).to_string()), fen % 100)
}

/// A quantity whose size is not known beforehand: whole numbers and large ones without decimals, others with two.
#[must_use]
pub fn quantity(number: f64) -> String {
    decimal(number, quantity_decimals(number))
}

/// Decimals that [`quantity`] gives a number.
#[must_use]
pub fn quantity_decimals(number: f64) -> u8 {
    if number.fract() == 0.0 || number.abs() >= WHOLE_FROM { 0 } else { 2 }
}

/// A quantity with its unit; shares (`share`, or a rate per year, `1/a`) as percent.
#[must_use]
pub fn with_unit(number: f64, unit_code: &str, unit: &str) -> String {
    match unit_code {
        "share" | "1/a" => percent(number),
        _ => {
            let unit = match unit {
                "days" if number == 1.0 => "day",
                "points" if number == 1.0 => "point",
                many => many,
            };
            format!("{} {unit}", quantity(number)).trim_end().to_owned()
        }
    }
}

/// Yes or no.
#[must_use]
pub fn yes_no(is_so: bool, voice: Voice) -> Cow<'static, str> {
    match (voice, is_so) {
        (Voice::Codes, true) => "true".into(),
        (Voice::Codes, false) => "false".into(),
        (Voice::In(Lang::En), true) => "yes".into(),
        (Voice::In(Lang::En), false) => "no".into(),
        (Voice::In(Lang::Zh), true) => "是".into(),
        (Voice::In(Lang::Zh), false) => "否".into(),
        (Voice::Both, true) => "是 yes".into(),
        (Voice::Both, false) => "否 no".into(),
    }
}

/// A bar of `width` characters, filled in proportion to a share of 1.
#[must_use]
pub fn bar(share: f64, characters: usize) -> String {
    let filled = (0..characters)
        .filter(|&at| (gridtier::index::float(at) + 0.5) / gridtier::index::float(characters) <= share)
        .count();
    format!("{}{}", "█".repeat(filled), "░".repeat(characters - filled))
}

/// A text as one word of a command line that somebody copies. It is quoted if a shell would give its characters a meaning.
///
/// ```
/// use gridtier_report::format::shell_word;
///
/// assert_eq!(shell_word("0512000001"), "0512000001");
/// assert_eq!(shell_word("A B$(x)"), "'A B$(x)'");
/// assert_eq!(shell_word("O'Neil"), r"'O'\''Neil'");
/// assert_eq!(shell_word("a\u{1b}"), r"$'a\u001b'");
/// ```
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    // To a shell, letters and digits of all scripts are plain.
    let is_plain = text.chars().all(|letter| letter.is_alphanumeric() || "_-./:@%+=,".contains(letter));
    if is_plain && !text.is_empty() {
        return text.into();
    }
    if !text.contains(char::is_control) {
        return format!("'{}'", text.replace('\'', r"'\''")).into();
    }
    // A control character must not reach the terminal, and must not get lost either.
    let letters = text.chars().map(|letter| match letter {
        '\'' | '\\' => format!("\\{letter}"),
        _ if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        _ => letter.to_string(),
    });
    format!("$'{}'", letters.collect::<String>()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(grouped), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([5, 123_456_750, 1_200, -5].map(money), ["0.05", "1,234,567.50", "12.00", "-0.05"]);
    }

    #[test]
    fn decimals_are_those_asked_for() {
        assert_eq!(
            (decimal(1234.5, 2), decimal(-0.001, 2), decimal(-2.0, 0)),
            ("1,234.50".into(), "0.00".into(), "-2".into())
        );
        assert_eq!((decimal(f64::NAN, 2), percent(5.0 / 6.0)), ("–".into(), "83.3 %".into()));
        assert_eq!([0.0, 0.333, 12.0, 1_234.5].map(quantity), ["0", "0.33", "12", "1,234"]);
    }

    #[test]
    fn a_bar_is_filled_by_halves() {
        assert_eq!([0.0, 0.5, 0.62, 1.0].map(|share| bar(share, 4)), ["░░░░", "██░░", "██░░", "████"]);
    }
}
