//! One sheet with a table: a frozen head, filters, widths, typed cells, and the head on every printed page.

use std::io;

use chrono::Datelike;
use rust_xlsxwriter::{
    Color, ConditionalFormatDataBar, ConditionalFormatType, ExcelDateTime, Format, Note, Worksheet,
};

use super::styles::{CellStyles, Look, with_look};
use super::width::{LINE_HEIGHT, LINES_MAX, WIDTHS, characters, lines, of_head};
use crate::format;
use crate::render::{RenderError, is_formula};
use crate::table::{CellValue, ColumnFormat, DataCell, DataColumn, DataRow, RowRole};
use gridtier::text::Voice;

/// Excel's codes of paper sizes.
const PAPER_A3: u8 = 8;
const PAPER_A4: u8 = 9;
/// Number of characters that fit across A4 in landscape at a readable size.
const A4_CHARACTERS: f64 = 150.0;
/// Maximum length of the line above each printed page. Excel takes at most 255 characters, including its codes.
pub(super) const PAGE_LINE_MAX: usize = 100;
/// Maximum length of a text in a cell of Excel.
const TEXT_MAX: usize = 32_767;
/// Fill of the bars behind points.
const BAR_FILL: u32 = 0x9D_BF_E0;

/// The text above each printed page of a workbook.
pub(super) fn page_lines(sheet: &mut Worksheet, title: &str, about: &str) {
    let [title, about] = [title, about].map(|text| {
        let mut line: String = text.chars().take(PAGE_LINE_MAX).collect();
        if line.len() < text.len() {
            line.pop();
            line.push('…');
        }
        line.replace('&', "&&").replace('\n', " ")
    });
    // Excel would read a digit after a code as the font size.
    sheet.set_header(format!("&L {title}&R {about}"));
    sheet.set_footer("&L&A&R&P / &N");
}

/// A table that is written row by row, so that memory does not grow with the rows.
pub(super) struct Sheet<'w> {
    pub(super) sheet: &'w mut Worksheet,
    columns: &'w [DataColumn],
    widths: Vec<f64>,
    styles: CellStyles,
    /// The row of the head.
    top: u32,
    rows: u32,
    /// Number of rows up to the last one that is not a sum.
    filtered: u32,
    voice: Voice,
}

impl<'w> Sheet<'w> {
    /// Writes the head into the row `top`. `sample` has the first rows, for the widths.
    pub(super) fn begin(
        sheet: &'w mut Worksheet,
        columns: &'w [DataColumn],
        sample: &[Vec<CellValue>],
        top: u32,
        voice: Voice,
    ) -> Result<Self, RenderError> {
        let styles = CellStyles::new();
        let mut widths = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let shown = sample.iter().map(|row| width_of(&row[at], column.format, voice));
            let longest = shown.fold(of_head(&column.head(voice)), f64::max);
            widths.push((longest + 3.0).clamp(*WIDTHS.start(), *WIDTHS.end()));
        }
        sheet.set_freeze_panes(top + 1, frozen_columns(columns))?;
        let paper = if widths.iter().sum::<f64>() > A4_CHARACTERS { PAPER_A3 } else { PAPER_A4 };
        sheet.set_landscape().set_paper_size(paper).set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(top, top)?;
        let heads =
            columns.iter().zip(&widths).map(|(column, width)| lines(&column.head(voice), width - 2.0));
        let head_lines = heads.max().unwrap_or(1).min(LINES_MAX);
        sheet.set_row_height(top, LINE_HEIGHT * f64::from(head_lines))?;
        for ((at, column), width) in (0..).zip(columns).zip(&widths) {
            sheet.set_column_width(at, *width)?;
            let style = if column.format.is_right_aligned() { &styles.head_right } else { &styles.head };
            sheet.write_string_with_format(top, at, column.head(voice).as_ref(), style)?;
            if let Some(note) = &column.note {
                sheet.insert_note(top, at, &Note::new(note.pick(voice)).add_author_prefix(false))?;
            }
        }
        Ok(Self { sheet, columns, widths, styles, top, rows: 0, filtered: 0, voice })
    }

    /// Characters across all columns.
    pub(super) fn across(&self) -> f64 {
        self.widths.iter().sum()
    }

    /// Number of rows so far.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// A row of a list.
    pub(super) fn values(&mut self, values: &[CellValue]) -> Result<(), RenderError> {
        self.begin_row(values)?;
        self.filtered = self.rows;
        (0..).zip(values).try_for_each(|(at, value)| self.cell(at, value, Look::Plain))
    }

    /// A row of a table.
    pub(super) fn row(&mut self, row: &DataRow) -> Result<(), RenderError> {
        let values: Vec<CellValue> = row.cells.iter().map(|cell| cell.value(self.voice)).collect();
        self.begin_row(&values)?;
        if row.role != RowRole::Total {
            self.filtered = self.rows;
        }
        for (at, (cell, value)) in (0..).zip(row.cells.iter().zip(&values)) {
            let look = match (row.role, cell) {
                (RowRole::Group, _) => Look::Group,
                (RowRole::Total, _) | (_, DataCell::Marked(_)) => Look::Strong,
                (_, DataCell::Rich(rich)) => rich.tone.map_or(Look::Plain, Look::Toned),
                _ => Look::Plain,
            };
            self.cell(at, value, look)?;
        }
        Ok(())
    }

    fn begin_row(&mut self, values: &[CellValue]) -> Result<(), RenderError> {
        self.rows += 1;
        // Some spreadsheet programs do not make rows high enough for wrapped text.
        let texts = values.iter().zip(&self.widths).map(|(value, width)| match value {
            CellValue::Text(text) => lines(text, *width),
            _ => 1,
        });
        if let Some(lines) = texts.max().filter(|lines| *lines > 1) {
            let row = self.top + self.rows;
            self.sheet.set_row_height(row, LINE_HEIGHT * f64::from(lines.min(LINES_MAX)))?;
        }
        Ok(())
    }

    fn cell(&mut self, at: u16, value: &CellValue, look: Look) -> Result<(), RenderError> {
        let (row, format, styles) =
            (self.top + self.rows, self.columns[usize::from(at)].format, &self.styles);
        let in_unit;
        let (number, style) = match value {
            CellValue::Blank | CellValue::Missing if look == Look::Group => {
                self.sheet.write_blank(row, at, &with_look(&styles.text, look))?;
                return Ok(());
            }
            CellValue::Blank | CellValue::Missing => return Ok(()),
            CellValue::Text(text) => return self.text(at, text, look),
            CellValue::YesNo(is_so) => return self.text(at, &format::yes_no(*is_so, self.voice), look),
            CellValue::Date(date) => {
                // Excel counts days from 1900 on.
                let day = u16::try_from(date.year()).ok().zip(u8::try_from(date.month()).ok());
                let (year, month) =
                    day.ok_or_else(|| io::Error::other(format!("{date} is no day of Excel")))?;
                let date = ExcelDateTime::from_ymd(year, month, u8::try_from(date.day()).unwrap_or(1))?;
                self.sheet.write_datetime_with_format(row, at, &date, &with_look(&styles.date, look))?;
                return Ok(());
            }
            CellValue::Quantity(number, unit) => {
                in_unit = styles.in_unit(*number, unit, self.voice);
                (*number, &in_unit)
            }
            CellValue::Integer(integer) | CellValue::Marked(integer) => {
                (gridtier::index::float_i64(*integer), styles.number(0))
            }
            CellValue::Fen(fen) => (*fen as f64 / 100.0, &styles.money),
            CellValue::Number(number) => (*number, styles.of(format, *number)),
            CellValue::Formatted(number, format) => (*number, styles.of(*format, *number)),
        };
        // A value that is not a finite number gets no cell, since Excel would show an error.
        if !number.is_finite() {
            return Ok(());
        }
        match look {
            Look::Plain => self.sheet.write_number_with_format(row, at, number, style)?,
            look => self.sheet.write_number_with_format(row, at, number, &with_look(style, look))?,
        };
        Ok(())
    }

    fn text(&mut self, at: u16, text: &str, look: Look) -> Result<(), RenderError> {
        let style = if is_formula(text) { &self.styles.quoted } else { &self.styles.text };
        write_text(self.sheet, self.top + self.rows, at, text, style, look)
    }

    /// Ends the sheet and returns its number of rows.
    pub(super) fn finish(self) -> Result<u32, RenderError> {
        let Some(last) = self.columns.len().checked_sub(1) else { return Ok(self.rows) };
        // A row of sums must not be filtered or sorted with the others.
        let last = u16::try_from(last).unwrap_or(u16::MAX);
        self.sheet.autofilter(self.top, 0, self.top + self.filtered, last)?;
        for (at, column) in (0..).zip(self.columns) {
            if column.format == ColumnFormat::Points && self.rows > 0 {
                let bar = ConditionalFormatDataBar::new()
                    .set_minimum(ConditionalFormatType::Number, 0)
                    .set_maximum(ConditionalFormatType::Number, 100)
                    .set_solid_fill(true)
                    .set_fill_color(Color::RGB(BAR_FILL));
                let rows = [self.top + 1, self.top + self.rows];
                self.sheet.add_conditional_format(rows[0], at, rows[1], at, &bar)?;
            }
        }
        Ok(self.rows)
    }
}

/// The column of names stays visible while the reader scrolls, unless names are very long.
fn frozen_columns(columns: &[DataColumn]) -> u16 {
    u16::from(columns.len() > 6 && columns.first().is_some_and(|first| !first.format.is_right_aligned()))
}

/// The width that a value needs. A bar of points has no fixed width.
fn width_of(value: &CellValue, format: ColumnFormat, voice: Voice) -> f64 {
    match (value, format) {
        (CellValue::Number(_), ColumnFormat::Points) => *WIDTHS.start() * 1.5,
        (CellValue::Text(text), _) => text.lines().map(characters).fold(0.0, f64::max),
        _ => characters(&value.clone().shown(format, voice)),
    }
}

/// Writes a text of any length and content. A text that is too long for Excel ends with a mark.
pub(super) fn write_text(
    sheet: &mut Worksheet,
    row: u32,
    at: u16,
    text: &str,
    style: &Format,
    look: Look,
) -> Result<(), RenderError> {
    let cut;
    let text = match text.encode_utf16().count() > TEXT_MAX {
        // No character takes more than two of Excel's units.
        true => {
            cut = text.chars().take(TEXT_MAX / 2 - 1).chain(['…']).collect::<String>();
            &cut
        }
        false => text,
    };
    match look {
        Look::Plain => sheet.write_string_with_format(row, at, text, style)?,
        look => sheet.write_string_with_format(row, at, text, &with_look(style, look))?,
    };
    Ok(())
}
