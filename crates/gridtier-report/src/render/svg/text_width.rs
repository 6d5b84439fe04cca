//! Estimates the width of a text without knowing its font. Estimates are rather too wide than too narrow.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Sums of the same widths in another order differ by less than this.
const ROUNDING: f64 = 0.01;
/// Replaces the part of a text that is cut off.
const ELLIPSIS: char = '…';
/// Characters with which no line may begin.
const NO_LINE_BEGINS_WITH: &str = "。，、；：？！）」』”%)],.;:";

/// The width of a text at a font size.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    size * text.chars().map(character_width).sum::<f64>()
}

/// The width of a character, as a multiple of the font size.
fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' | ' ' => 0.3,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 0.4,
        'm' | 'M' | 'W' | '@' | '%' => 0.96,
        'w' | '…' | '–' | '+' | '=' | '<' | '>' | '~' | '&' | '×' | '·' => 0.8,
        'A'..='Z' => 0.7,
        '\u{20}'..='\u{7e}' => 0.59,
        _ => match character.width() {
            Some(0) | None => 0.0,
            Some(1) => 0.75,
            Some(_) if u32::from(character) >= 0x1_f000 => 1.35,
            Some(_) => 1.02,
        },
    }
}

/// Whether the estimate is reliable: for Latin letters, digits and Chinese characters. Glyphs of other scripts may be
/// far wider, so the viewer has to fit them.
pub(super) fn is_estimate_sure(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(character,
            '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{17f}' | '\u{370}'..='\u{3ff}' | '\u{2010}'..='\u{2030}'
            | '\u{2190}'..='\u{21ff}' | '\u{2264}'..='\u{2265}' | '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
    })
}

/// The text, or its beginning with an ellipsis if all of it does not fit.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> Cow<'_, str> {
    if text_width(text, size) <= room + ROUNDING {
        return text.into();
    }
    let mut cut = String::new();
    let mut width = size * character_width(ELLIPSIS);
    for character in text.chars() {
        width += size * character_width(character);
        if width > room {
            break;
        }
        cut.push(character);
    }
    cut.truncate(cut.trim_end().len());
    cut.push(ELLIPSIS);
    cut.into()
}

/// The text in at most `lines_max` lines, and whether the lines hold all of it.
pub(super) fn wrapped(text: &str, size: f64, room: f64, lines_max: usize) -> (Vec<String>, bool) {
    let mut lines = vec![String::new()];
    let mut width = 0.0;
    let mut pieces = pieces(text).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let piece_width = text_width(piece.trim_end(), size);
        if width > 0.0 && width + piece_width > room + ROUNDING {
            if lines.len() == lines_max {
                let rest: String = std::iter::once(piece).chain(pieces).collect();
                if let Some(last) = lines.last_mut() {
                    *last = fitted(&format!("{last}{rest}"), size, room).into_owned();
                }
                return (lines, false);
            }
            lines.push(String::new());
            width = 0.0;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(piece);
        }
        width += text_width(piece, size);
    }
    let mut is_whole = true;
    for line in &mut lines {
        line.truncate(line.trim_end().len());
        if let Cow::Owned(cut) = fitted(line, size, room) {
            *line = cut;
            is_whole = false;
        }
    }
    (lines, is_whole)
}

/// The parts between which a line may break: words with the space after them, and single wide characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut may_break) = (0, false);
    for (at, character) in text.char_indices() {
        let is_wide = character.width() == Some(2);
        let may_begin = character != ' ' && !NO_LINE_BEGINS_WITH.contains(character);
        if at > start && may_begin && (may_break || is_wide) {
            pieces.push(&text[start..at]);
            start = at;
        }
        may_break = is_wide || character == ' ';
    }
    pieces.push(&text[start..]);
    pieces
}
