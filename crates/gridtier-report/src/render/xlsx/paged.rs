//! Sheets that print like pages: headings, sentences and tables one below the other, and charts beside their numbers.
//!
//! A sheet prints on A4, one page wide. The numbers of a chart are to the right of the printed area, since a spreadsheet
//! draws its charts from cells.

use std::io::{Seek, Write};

use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet};

use super::graph::{Cells, drawn_table, native};
use super::styles::CellStyles;
use super::width::{LINE_HEIGHT, LINES_MAX, lines};
use super::{sheet_name, workbook};
use crate::chart::{Chart, Plot};

use crate::render::{RenderError, is_formula};
use crate::section::{Block, Section};
use crate::table::{CellValue, ColumnFormat, DataRow, DataTable, RowRole};
use gridtier::text::{Text, Voice};

/// Number of printed columns, and their width in characters.
const COLUMNS: u16 = 8;
const FIRST_WIDTH: f64 = 22.0;
const WIDTH: f64 = 13.0;
/// The first column of the numbers of charts.
const BESIDE: u16 = COLUMNS + 2;
/// Number of columns from the numbers of one chart to those of the next.
const BESIDE_STEP: u16 = 8;
/// Width of a chart, height without bars and height of a bar, all in pixels; and height of a row.
const CHART_WIDTH: u32 = 760;
const CHART_HEIGHT: u32 = 110;
const BAR_HEIGHT: u32 = 20;
const COLUMN_HEIGHT: u32 = 180;
/// Room for the slanted names below the bars of a waterfall.
const NAMES_HEIGHT: u32 = 100;
const ROW_PIXELS: u32 = 20;
/// Excel's code of A4.
const PAPER_A4: u8 = 9;

/// A workbook of such sheets.
pub struct PagedWorkbook {
    workbook: Workbook,
    formats: PageFormats,
    voice: Voice,
}

struct PageFormats {
    cells: CellStyles,
    title: Format,
    heading: Format,
    sentence: Format,
    name: Format,
}

impl PagedWorkbook {
    /// A workbook without a sheet.
    ///
    /// # Errors
    /// Never in practice: its properties are fixed.
    pub fn new(voice: Voice) -> Result<Self, RenderError> {
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let formats = PageFormats {
            cells: CellStyles::new(),
            title: Format::new().set_bold().set_font_size(15),
            heading: Format::new().set_bold().set_font_size(12).set_font_color("1F3F66"),
            name: wrapped.clone().set_font_color("444444"),
            sentence: wrapped,
        };
        Ok(Self { workbook: workbook("")?, formats, voice })
    }

    /// Adds a sheet.
    ///
    /// # Errors
    /// Excel has no room for it.
    pub fn page(&mut self, name: &str, sections: &[Section]) -> Result<(), RenderError> {
        let taken: Vec<String> = self.workbook.worksheets().iter().map(Worksheet::name).collect();
        let name = sheet_name(name, &taken);
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(&name)?;
        sheet.set_portrait().set_paper_size(PAPER_A4).set_print_fit_to_pages(1, 0);
        sheet.set_column_width(0, FIRST_WIDTH)?;
        for column in 1..COLUMNS {
            sheet.set_column_width(column, WIDTH)?;
        }
        let mut page = Page { sheet, name, formats: &self.formats, voice: self.voice, row: 0, charts: 0 };
        for (position, section) in sections.iter().enumerate() {
            if let Some(heading) = &section.heading {
                page.heading(heading, position == 0)?;
            }
            for block in &section.blocks {
                page.block(block)?;
            }
        }
        let last = page.row.max(1);
        page.sheet.set_print_area(0, 0, last, COLUMNS - 1)?;
        Ok(())
    }

    /// Writes the workbook.
    ///
    /// # Errors
    /// The writer fails.
    pub fn save(mut self, out: &mut (impl Write + Seek + Send)) -> Result<(), RenderError> {
        Ok(self.workbook.save_to_writer(out)?)
    }
}

/// A sheet that is filled from top to bottom.
struct Page<'w> {
    sheet: &'w mut Worksheet,
    name: String,
    formats: &'w PageFormats,
    voice: Voice,
    /// The next free row.
    row: u32,
    /// Charts so far.
    charts: u16,
}

impl Page<'_> {
    fn heading(&mut self, heading: &Text, is_title: bool) -> Result<(), RenderError> {
        self.row += u32::from(!is_title);
        let format = if is_title { &self.formats.title } else { &self.formats.heading };
        self.sheet.write_string_with_format(self.row, 0, heading.pick(self.voice).as_ref(), format)?;
        self.row += 1;
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), RenderError> {
        match block {
            Block::Sentence(text) => self.sentence(&text.pick(self.voice)),
            Block::Lines(lines) => {
                lines.iter().try_for_each(|line| self.sentence(&format!("• {}", line.pick(self.voice))))
            }
            Block::Facts(facts) => facts.iter().try_for_each(|(name, value)| {
                let name = name.pick(self.voice);
                self.sheet.write_string_with_format(self.row, 0, name.as_ref(), &self.formats.name)?;
                self.wide(1, &value.pick(self.voice))
            }),
            Block::Table(table) => self.table(table, 0).map(drop),
            Block::Chart(chart) => self.chart(chart),
            Block::Legend(_) => Ok(()),
        }
    }

    fn sentence(&mut self, text: &str) -> Result<(), RenderError> {
        self.wide(0, text)
    }

    /// Writes a text across all printed columns from `first` on.
    fn wide(&mut self, first: u16, text: &str) -> Result<(), RenderError> {
        let width = FIRST_WIDTH + WIDTH * f64::from(COLUMNS - 1) - if first == 0 { 0.0 } else { FIRST_WIDTH };
        let format = if is_formula(text) { &self.formats.cells.quoted } else { &self.formats.sentence };
        self.sheet.merge_range(self.row, first, self.row, COLUMNS - 1, "", format)?;
        self.sheet.write_string_with_format(self.row, first, text, format)?;
        self.height(lines(text, width))?;
        self.row += 1;
        Ok(())
    }

    fn height(&mut self, lines: u32) -> Result<(), RenderError> {
        if lines > 1 {
            self.sheet.set_row_height(self.row, LINE_HEIGHT * f64::from(lines.min(LINES_MAX)))?;
        }
        Ok(())
    }

    /// A table from the column `left` on; moves down below it. Returns its first row of cells.
    fn table(&mut self, table: &DataTable, left: u16) -> Result<u32, RenderError> {
        let mut most = 1;
        for (at, column) in (left..).zip(&table.columns) {
            let head = column.head(self.voice);
            // Quantities have their unit beside them, as a text.
            let is_right = match column.format {
                ColumnFormat::Quantity => false,
                ColumnFormat::Points => true,
                other => other.is_right_aligned(),
            };
            let cells = &self.formats.cells;
            let format = if is_right { &cells.head_right } else { &cells.head };
            // The last text has the rest of the printed columns, and so has its head.
            let is_last_text =
                left == 0 && usize::from(at) + 1 == table.columns.len() && at + 1 < COLUMNS && !is_right;
            let width = match at {
                0 => FIRST_WIDTH,
                _ if is_last_text => WIDTH * f64::from(COLUMNS - at),
                _ => WIDTH,
            };
            if is_last_text {
                self.sheet.merge_range(self.row, at, self.row, COLUMNS - 1, "", format)?;
            }
            self.sheet.write_string_with_format(self.row, at, head.as_ref(), format)?;
            most = most.max(lines(&head, width));
        }
        if left == 0 {
            self.height(most)?;
        }
        self.row += 1;
        let first = self.row;
        for row in &table.rows {
            self.table_row(row, table, left)?;
        }
        Ok(first)
    }

    /// Writes a row of a table. Its last text gets the rest of the printed columns.
    fn table_row(&mut self, row: &DataRow, table: &DataTable, left: u16) -> Result<(), RenderError> {
        let mut most = 1;
        let last = row.cells.len().saturating_sub(1);
        for (at, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
            let place = left + u16::try_from(at).unwrap_or(u16::MAX - left);
            let value = cell.value(self.voice);
            let is_last_text = at == last && left == 0 && place + 1 < COLUMNS;
            if let (true, CellValue::Text(text)) = (is_last_text, &value) {
                self.sheet.merge_range(
                    self.row,
                    place,
                    self.row,
                    COLUMNS - 1,
                    "",
                    &self.formats.cells.text,
                )?;
                most = most.max(lines(text, WIDTH * f64::from(COLUMNS - place)));
            } else if let CellValue::Text(_) | CellValue::Quantity(..) = &value {
                let text = value.clone().shown(column.format, self.voice);
                most = most.max(lines(&text, if place == 0 { FIRST_WIDTH } else { WIDTH }));
            }
            self.cell(place, &value, column.format, row.role)?;
        }
        if left == 0 {
            self.height(most)?;
        }
        self.row += 1;
        Ok(())
    }

    fn cell(
        &mut self,
        at: u16,
        value: &CellValue,
        format: ColumnFormat,
        role: RowRole,
    ) -> Result<(), RenderError> {
        let cells = &self.formats.cells;
        let (number, style) = match value {
            CellValue::Blank | CellValue::Missing => return Ok(()),
            CellValue::Integer(integer) | CellValue::Marked(integer) => {
                (gridtier::index::float_i64(*integer), cells.number(0))
            }
            CellValue::Fen(fen) => (*fen as f64 / 100.0, &cells.money),
            CellValue::Number(number) if format == ColumnFormat::Points => (*number, cells.number(0)),
            CellValue::Number(number) => (*number, cells.of(format, *number)),
            CellValue::Formatted(number, format) => (*number, cells.of(*format, *number)),
            CellValue::Text(_) | CellValue::YesNo(_) | CellValue::Quantity(..) | CellValue::Date(_) => {
                let text = value.clone().shown(format, self.voice);
                let style = if is_formula(&text) { &cells.quoted } else { &cells.text };
                let style = if role == RowRole::Body { style.clone() } else { style.clone().set_bold() };
                self.sheet.write_string_with_format(self.row, at, text.as_ref(), &style)?;
                return Ok(());
            }
        };
        let style = if role == RowRole::Body { style.clone() } else { style.clone().set_bold() };
        self.sheet.write_number_with_format(self.row, at, number, &style)?;
        Ok(())
    }

    /// Adds a native chart, and beside it the numbers that it is drawn from.
    fn chart(&mut self, chart: &Chart) -> Result<(), RenderError> {
        self.sentence(&chart.reading.pick(self.voice))?;
        let top = self.row;
        let beside = BESIDE + BESIDE_STEP * self.charts;
        self.charts += 1;
        let (table, rows) = drawn_table(chart);
        let first = self.table(&table, beside)?;
        let height = CHART_HEIGHT
            + match chart.plot {
                Plot::Bars(_) | Plot::Tornado(_) => BAR_HEIGHT * rows,
                Plot::Waterfall(_) => COLUMN_HEIGHT + NAMES_HEIGHT,
                _ => COLUMN_HEIGHT,
            };
        let cells =
            Cells { sheet: &self.name, head: first - 1, rows, left: beside, columns: table.columns.len() };
        if let Some(mut native) = native(chart, &cells, self.voice).filter(|_| rows > 0) {
            native.set_width(CHART_WIDTH).set_height(height);
            self.sheet.insert_chart(top, 0, &native)?;
        }
        self.row = top + height / ROW_PIXELS + 1;
        Ok(())
    }
}
