//! Text for a terminal: at most 100 columns wide, numbers to the right, no colours and no control characters.

use std::borrow::Cow;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::chart::Chart;
use crate::section::{Block, Section};
use crate::table::{DataColumn, DataTable};
use gridtier::text::{Text, Voice};

/// Widest line.
const WIDTH: usize = 100;

/// A heading with a line under it.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Sections as text.
#[must_use]
pub fn text(sections: &[Section], voice: Voice) -> String {
    let mut text = String::new();
    for section in sections {
        if section.heading.is_none() && !section.blocks.iter().any(is_shown) {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(heading) = &section.heading {
            text += &wrapped(&heading.pick(voice));
            if matches!(section.blocks.first(), Some(Block::Facts(_) | Block::Table(_))) {
                text.push('\n');
            }
        }
        let mut last: Option<&Block> = None;
        for block in section.blocks.iter().filter(|block| is_shown(block)) {
            if last.is_some_and(|last| is_spaced(last) || is_spaced(block)) {
                text.push('\n');
            }
            text += &block_text(block, voice);
            last = Some(block);
        }
    }
    text
}

/// Whether an empty line separates the block from the others.
fn is_spaced(block: &Block) -> bool {
    matches!(block, Block::Table(_) | Block::Chart(_))
}

/// Whether a terminal shows the block. It shows no legend of colours, and no chart whose table is in the section or is
/// long.
fn is_shown(block: &Block) -> bool {
    match block {
        Block::Legend(_) => false,
        Block::Chart(chart) => !chart.is_table_beside && !chart.is_for_pages,
        _ => true,
    }
}

fn block_text(block: &Block, voice: Voice) -> String {
    match block {
        Block::Sentence(sentence) => wrapped(&sentence.pick(voice)),
        Block::Facts(facts) => facts_text(facts, voice),
        Block::Lines(lines) => lines.iter().map(|line| indented(&line.pick(voice))).collect(),
        Block::Legend(_) => String::new(),
        Block::Chart(chart) => chart_text(chart, voice),
        Block::Table(table) => table_text(table, voice),
    }
}

/// A chart as its title, how to read it, and its table.
fn chart_text(chart: &Chart, voice: Voice) -> String {
    let (title, reading) = (chart.title.pick(voice), chart.reading.pick(voice));
    format!("{}{}\n{}", wrapped(&title), wrapped(&reading), table_text(&chart.table, voice))
}

fn facts_text(facts: &[(Text, Text)], voice: Voice) -> String {
    let width = facts.iter().map(|(name, _)| name.pick(voice).width()).max().unwrap_or(0);
    facts
        .iter()
        .map(|(name, value)| {
            let name = name.pick(voice);
            let value = broken(&escaped(&value.pick(voice)), WIDTH.saturating_sub(width + 4).max(WORD_MAX));
            let beside = format!("\n{}", " ".repeat(width + 4));
            format!(
                "  {name}{}  {}\n",
                " ".repeat(width - name.width()),
                value.trim_end().replace('\n', &beside)
            )
        })
        .collect()
}

fn table_text(table: &DataTable, voice: Voice) -> String {
    let table = &*table.without_details();
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic);
    drawn.set_width(u16::try_from(WIDTH).unwrap_or(u16::MAX));
    let heads: Vec<_> = table.columns.iter().map(|column| column.head(voice)).collect();
    let mut words: Vec<usize> = heads.iter().map(|head| longest_word(head)).collect();
    drawn.set_header(heads.iter().zip(&table.columns).map(|(head, column)| aligned(head, column)));
    for row in &table.rows {
        let shown = row
            .cells
            .iter()
            .zip(&table.columns)
            .map(|(cell, column)| printable(&cell.value(voice).shown(column.format, voice)).into_owned());
        let shown: Vec<String> = shown.collect();
        for ((longest, text), column) in words.iter_mut().zip(&shown).zip(&table.columns) {
            // A number and its unit stay in one line.
            let whole = if column.format.is_right_aligned() { text.width() } else { 0 };
            *longest = longest_word(text).max(whole).max(*longest);
        }
        drawn.add_row(shown.iter().zip(&table.columns).map(|(text, column)| aligned(text, column)));
    }
    // Columns are narrowed to fit, but not so far that a word breaks, if that is possible.
    if let Some(widths) = least_widths(&words, &table.columns) {
        drawn.set_constraints(widths.into_iter().map(|width| {
            ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(width).unwrap_or(u16::MAX)))
        }));
    }
    drawn.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The least widths of columns, so that their longest words are whole; in columns of texts also longer words are broken
/// if there is no room for them. `None` if even numbers have no room.
fn least_widths(words: &[usize], columns: &[DataColumn]) -> Option<Vec<usize>> {
    let gaps = columns.len().saturating_sub(1);
    WORD_CUTS.iter().find_map(|&cut| {
        let widths = words.iter().zip(columns).map(|(&word, column)| {
            let is_number = column.format.is_right_aligned();
            PADDING + if is_number { word } else { word.min(cut) }
        });
        let widths: Vec<usize> = widths.collect();
        (widths.iter().sum::<usize>() + gaps <= WIDTH).then_some(widths)
    })
}

/// Maximum width of a cell that is shown whole: three lines, longer than any sentence of this program.
const CELL_WIDTH_MAX: usize = 300;
/// Width to which a longer text is cut.
const CELL_WIDTH_CUT: usize = 60;

/// A cell as a terminal may show it: without control characters, and cut if it is very long.
fn printable(text: &str) -> Cow<'_, str> {
    // The width before escaping is enough for this test: escapes only make a text wider, and few characters have no
    // width.
    let is_long = text.len() > CELL_WIDTH_MAX && text.width() > CELL_WIDTH_MAX;
    if !is_long {
        return escaped(text);
    }
    let (mut cut, mut width) = (String::new(), 0);
    for character in text.chars() {
        let shown = escaped(character.encode_utf8(&mut [0; 4])).into_owned();
        width += shown.width().max(1);
        if width >= CELL_WIDTH_CUT {
            break;
        }
        cut += &shown;
    }
    format!("{cut}…").into()
}

fn steers(character: char) -> bool {
    // Characters that override the direction of writing can hide the text before them.
    (character.is_control() && character != '\n')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line of a message, without characters that control a terminal.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text)
}

/// A text with escapes such as `\u{1b}` in place of control characters other than line breaks, so that no id or name
/// can control the terminal.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if steers(character) { escaped.extend(character.escape_unicode()) } else { escaped.push(character) }
    }
    escaped.into()
}

fn aligned(text: &str, column: &DataColumn) -> Cell {
    let cell = Cell::new(text);
    if column.format.is_right_aligned() { cell.set_alignment(CellAlignment::Right) } else { cell }
}

/// Spaces on both sides of a cell.
const PADDING: usize = 2;
/// A longer word may be broken, such as a sentence in Chinese.
const WORD_MAX: usize = 24;
/// Lengths from which words of a text are broken, from the first that leaves room for the table.
const WORD_CUTS: [usize; 3] = [WORD_MAX, 12, 8];

fn longest_word(text: &str) -> usize {
    let widths = text.split_whitespace().map(UnicodeWidthStr::width);
    widths.filter(|width| *width <= WORD_MAX).max().unwrap_or(0)
}

/// Text with line breaks where a line would be too long: at spaces, and between Chinese characters.
fn wrapped(text: &str) -> String {
    escaped(text).lines().map(|line| broken(line, WIDTH)).collect()
}

/// A line of a list.
fn indented(text: &str) -> String {
    broken(&escaped(text), WIDTH - 2).lines().map(|line| format!("  {line}\n")).collect()
}

fn broken(line: &str, width_max: usize) -> String {
    let mut text = String::new();
    let mut width = 0;
    for piece in pieces(line) {
        let piece_width = piece.trim_end().width();
        if width > 0 && width + piece_width > width_max {
            text.truncate(text.trim_end().len());
            text.push('\n');
            width = 0;
        }
        text += piece;
        width += piece.width();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The parts of a line between which it may be broken: words with the space after them, and single wide characters
/// with any following characters that must not begin a line.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut may_break = false;
    for (at, character) in line.char_indices() {
        let is_wide = character.width() == Some(2);
        let may_begin_a_line = !character.is_whitespace() && !"。，、；：？！）」』”".contains(character);
        if at > start && may_begin_a_line && (may_break || is_wide) {
            pieces.push(&line[start..at]);
            start = at;
        }
        may_break = is_wide || character.is_whitespace();
    }
    pieces.push(&line[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ColumnFormat, DataCell};

    fn drawn(columns: Vec<DataColumn>, row: Vec<DataCell>) -> String {
        table_text(&DataTable::new(Text::default(), columns, [row]), Voice::Codes)
    }

    #[test]
    fn a_table_fits_a_hundred_columns() {
        let columns = vec![
            DataColumn::new(ColumnFormat::Text, "a", "", ""),
            DataColumn::new(ColumnFormat::Integer, "b", "", ""),
        ];
        let table = drawn(columns, vec![DataCell::same("long ".repeat(60)), DataCell::Integer(12_345)]);
        assert!(table.lines().all(|line| line.width() <= WIDTH) && table.contains("12,345"), "{table}");
    }

    #[test]
    fn a_word_is_broken_only_where_there_is_no_room_for_it() {
        let columns = (0..6).map(|_| DataColumn::new(ColumnFormat::Text, "heading", "", "")).collect();
        let mut row = vec![DataCell::same("Energy-efficiency package of the utility"); 4];
        row.extend([DataCell::same("a ".repeat(40)), DataCell::same("b ".repeat(40))]);
        let table = drawn(columns, row);
        assert!(table.contains("Energy-efficiency"), "{table}");
        assert!(table.lines().all(|line| line.width() <= WIDTH), "{table}");
    }

    #[test]
    fn a_number_and_its_unit_stay_in_one_line_and_details_are_left_out() {
        let mut columns = vec![DataColumn::new(ColumnFormat::Text, "text", "", "")];
        let share = |at: usize| DataColumn::new(ColumnFormat::Share, format!("share{at}"), "", "");
        columns.extend((0..9).map(share));
        columns.push(DataColumn::new(ColumnFormat::Id, "hidden", "", "").as_detail());
        let mut row = vec![DataCell::same("word ".repeat(40))];
        row.extend(vec![DataCell::Number(0.123); 9]);
        row.push(DataCell::same("K1"));
        let table =
            table_text(&DataTable::new(Text::default(), columns, [row]), gridtier::text::Lang::En.into());
        assert_eq!(table.matches("12.3 %").count(), 9, "{table}");
        assert!(table.lines().all(|line| line.width() <= WIDTH) && !table.contains("K1"), "{table}");
    }

    #[test]
    fn a_cell_neither_steers_the_terminal_nor_overflows_it() {
        assert_eq!(printable("a\u{1b}[2Jb\u{7f}"), "a\\u{1b}[2Jb\\u{7f}");
        let cut = printable(&"电".repeat(100_000)).into_owned();
        assert!(cut.ends_with('…') && cut.width() <= CELL_WIDTH_CUT, "{cut}");
        assert!(printable(&"\u{1b}".repeat(1_000)).width() <= CELL_WIDTH_CUT);
        assert_eq!(printable("a sentence of ours"), "a sentence of ours");
        // A character that overrides the direction of writing makes `vsc.exe` look like `exe.csv`.
        assert_eq!(harmless("bills/\u{202e}vsc.exe\u{1b}[31m"), "bills/\\u{202e}vsc.exe\\u{1b}[31m");
        assert_eq!(harmless("two\nlines, 两行"), "two\nlines, 两行");
    }

    #[test]
    fn long_sentences_are_broken_at_spaces_and_between_chinese_characters() {
        for sentence in ["word and ".repeat(30), "电力客户价值分级。".repeat(30)] {
            let text = wrapped(&sentence);
            assert!(text.lines().count() > 1 && text.lines().all(|line| line.width() <= WIDTH), "{text}");
            assert!(!text.lines().any(|line| line.starts_with('。')), "{text}");
            assert_eq!(text.replace(['\n', ' '], ""), sentence.replace(' ', ""));
        }
        assert_eq!(wrapped("two\nlines"), "two\nlines\n");
    }
}
