//! Workbooks: a sheet for each table, with a frozen head, filters, widths and typed numbers; ids are text. Charts are
//! Excel's own, each on a sheet with its numbers. One sheet says what the workbook is about, and lists the others.
//!
//! The head of a table is in the first row of its sheet, where filters, pivot tables and programs expect it. The facts
//! about the workbook are printed above every page and are on the sheet about the workbook. If the result has sentences
//! of its own, such as a report, that sheet is the first one. If the result is a table or a list, that sheet is the last
//! one, so that programs that read the first sheet get the table.

mod width;
mod styles;
mod sheet;
mod graph;
mod front;
mod paged;

use std::io::{self, Seek, Write};

use rust_xlsxwriter::{
    Color, ConditionalFormat2ColorScale, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook,
    Worksheet, XlsxError,
};

use super::RenderError;
use crate::chart::{Chart, HeatScale, Plot};
use crate::section::{Block, Section};
use crate::table::{CellValue, DataList, DataTable, arrow_row, plain_columns};
use gridtier::text::{Text, Voice};

use front::{Front, ListedSheet};
pub use paged::PagedWorkbook;

use graph::{Cells, drawn_table, native};
use sheet::{PAGE_LINE_MAX, Sheet, page_lines, write_text};
use styles::Look;
use width::{LINE_HEIGHT, LINES_MAX, lines};

/// Number of rows that Excel allows on a sheet below its head.
const ROWS_MAX: u32 = 1_048_575;
/// Number of rows that decide the widths of columns.
const SAMPLE_ROWS: usize = 500;
/// The row of the head on the sheet of a chart. Title and reading are above it.
const CHART_HEAD: u32 = 3;
/// Columns that a chart covers, and their width in characters.
const BESIDE: u16 = 11;
const COLUMN: f64 = 8.43;
/// Darkest shade of a heat map; white is 0. Text on this shade is still readable.
const SHADE: u32 = 0x86_BC_E0;
/// Maximum length of the text above a printed page.
const ABOUT_FACTS: usize = 3;

/// Writes sections as a workbook: their tables and charts as sheets, and their sentences on the sheet about the
/// workbook.
///
/// # Errors
/// The writer fails.
pub fn write(
    out: &mut (impl Write + Seek + Send),
    sections: &[Section],
    voice: Voice,
) -> Result<(), RenderError> {
    let place = match sections.iter().any(|section| section.heading.is_some()) {
        true => AboutPlace::First,
        false => AboutPlace::Last,
    };
    let mut book = Book::new(title(sections), facts(sections), place, voice)?;
    for section in sections {
        book.section(section)?;
    }
    book.finish(out)
}

/// Writes a list and counts its rows. A list longer than a sheet continues on further sheets.
///
/// # Errors
/// The writer fails, or a batch cannot be read.
pub fn write_list(
    out: &mut (impl Write + Seek + Send),
    list: DataList,
    voice: Voice,
) -> Result<u64, RenderError> {
    let mut book = Book::new(list.title.clone(), list.about.clone(), AboutPlace::Last, voice)?;
    let rows = book.list(list)?;
    book.finish(out)?;
    Ok(rows)
}

/// An empty workbook.
fn workbook(title: &str) -> Result<Workbook, RenderError> {
    let mut workbook = Workbook::new();
    // A fixed day, so that the same tables give the same file.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let properties = DocProperties::new().set_creation_datetime(&day).set_author("gridtier");
    workbook.set_properties(&properties.set_title(title));
    Ok(workbook)
}

/// The title of sections: the first heading, or the title of the first table.
fn title(sections: &[Section]) -> Text {
    let heading = sections.iter().find_map(|section| section.heading.as_ref());
    let title = heading.or_else(|| sections.iter().find_map(|section| Some(&section.tables().next()?.title)));
    title.cloned().unwrap_or_default()
}

/// The facts before the first heading and the first table, which are about the whole result.
fn facts(sections: &[Section]) -> Vec<(Text, Text)> {
    match sections.first() {
        Some(Section { heading: None, blocks }) => match blocks.first() {
            Some(Block::Facts(facts)) => facts.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The position of the sheet about the workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AboutPlace {
    /// Before all other sheets, because people read it first.
    First,
    /// After all other sheets, because programs that read the first sheet need a table.
    Last,
}

/// A workbook that is being filled sheet by sheet.
pub struct Book {
    workbook: Workbook,
    title: Text,
    facts: Vec<(Text, Text)>,
    place: AboutPlace,
    sheets: Vec<ListedSheet>,
    words: Vec<Section>,
    rows_max: u32,
    voice: Voice,
}

impl Book {
    /// An empty workbook. `facts` are about the whole workbook, such as cycle, dates and filters.
    ///
    /// # Errors
    /// Never but by a fault of the writer.
    pub fn new(
        title: Text,
        facts: Vec<(Text, Text)>,
        place: AboutPlace,
        voice: Voice,
    ) -> Result<Self, RenderError> {
        let mut workbook = workbook(&title.pick(voice))?;
        if place == AboutPlace::First {
            workbook.add_worksheet().set_name(front::name().pick(voice))?;
        }
        Ok(Self {
            workbook,
            title,
            facts,
            place,
            sheets: Vec::new(),
            words: Vec::new(),
            rows_max: ROWS_MAX,
            voice,
        })
    }

    /// Limits the rows of a sheet to fewer than Excel allows.
    #[must_use]
    pub fn with_rows_max(self, rows_max: u32) -> Self {
        Self { rows_max: rows_max.clamp(1, ROWS_MAX), ..self }
    }

    /// Adds a section: its tables and charts as sheets, and its sentences on the sheet about the workbook.
    ///
    /// # Errors
    /// The writer fails.
    pub fn section(&mut self, section: &Section) -> Result<(), RenderError> {
        self.section_of(section, &Text::default())
    }

    /// Adds a section of a chapter. The chapter's title names tables that have no title.
    ///
    /// # Errors
    /// The writer fails.
    pub fn section_of(&mut self, section: &Section, chapter: &Text) -> Result<(), RenderError> {
        let mut untitled = section.heading.clone().unwrap_or_else(|| chapter.clone());
        for block in &section.blocks {
            match block {
                Block::Table(table) if table.title.is_empty() => {
                    // A table without a title gets the heading of its section.
                    self.table(&DataTable { title: untitled.clone(), ..table.clone() })?;
                }
                Block::Table(table) => {
                    untitled = table.title.clone();
                    self.table(table)?;
                }
                Block::Chart(chart) => self.chart(chart)?,
                _ => {}
            }
        }
        let words = section.blocks.iter().filter(|block| !matches!(block, Block::Table(_) | Block::Chart(_)));
        let words = Section { heading: section.heading.clone(), blocks: words.cloned().collect() };
        // The facts about the whole workbook come first.
        let is_about = words.heading.is_none()
            && matches!(words.blocks.as_slice(), [Block::Facts(facts)] if *facts == self.facts);
        if !words.blocks.is_empty() && !is_about {
            self.words.push(words);
        }
        Ok(())
    }

    /// Adds sentences to the sheet about the workbook.
    pub fn words(&mut self, section: Section) {
        self.words.push(section);
    }

    /// A sheet with a table.
    ///
    /// # Errors
    /// The writer fails.
    pub fn table(&mut self, table: &DataTable) -> Result<(), RenderError> {
        let voice = self.voice;
        let sample = table
            .rows
            .iter()
            .take(SAMPLE_ROWS)
            .map(|row| row.cells.iter().map(|cell| cell.value(voice)).collect());
        let sample: Vec<Vec<CellValue>> = sample.collect();
        let title = table.title.pick(voice);
        let rows_max = gridtier::index::index(self.rows_max);
        let mut rows = table.rows.as_slice();
        loop {
            let (part, rest) = rows.split_at(rows.len().min(rows_max));
            let name = self.add_sheet(&title)?;
            let mut sheet = Sheet::begin(self.last()?, &table.columns, &sample, 0, voice)?;
            part.iter().try_for_each(|row| sheet.row(row))?;
            let written = sheet.finish()?;
            self.sheets.push(ListedSheet { name, holds: title.clone().into_owned(), rows: written });
            rows = rest;
            if rows.is_empty() {
                return Ok(());
            }
        }
    }

    /// Sheets with a list; its rows are counted.
    ///
    /// # Errors
    /// The writer fails, or a batch cannot be read.
    pub fn list(&mut self, list: DataList) -> Result<u64, RenderError> {
        let voice = self.voice;
        let title = list.title.pick(voice).into_owned();
        let mut batches = list.batches;
        let first = batches.next().transpose().map_err(RenderError::List)?;
        let first_arrays = first.as_ref().map(plain_columns).transpose()?;
        let mut sample = Vec::new();
        if let (Some(batch), Some(arrays)) = (&first, &first_arrays) {
            for row in 0..batch.num_rows().min(SAMPLE_ROWS) {
                sample.push(arrow_row(arrays, row, &list.columns, voice)?);
            }
        }
        let rows_max = self.rows_max;
        let (mut total, mut parts) = (0, 1);
        let mut name = self.add_sheet(&title)?;
        let mut sheet = Sheet::begin(self.last()?, &list.columns, &sample, 0, voice)?;
        for batch in first.iter().cloned().map(Ok).chain(batches) {
            let batch = batch.map_err(RenderError::List)?;
            let arrays = plain_columns(&batch)?;
            for row in 0..batch.num_rows() {
                if sheet.rows() == rows_max {
                    let rows = sheet.finish()?;
                    total += u64::from(rows);
                    let holds = part_of(&title, parts, voice);
                    self.sheets.push(ListedSheet { name, holds, rows });
                    parts += 1;
                    name = self.add_sheet(&title)?;
                    sheet = Sheet::begin(self.last()?, &list.columns, &sample, 0, voice)?;
                }
                sheet.values(&arrow_row(&arrays, row, &list.columns, voice)?)?;
            }
        }
        let rows = sheet.finish()?;
        let holds = if parts == 1 { title } else { part_of(&title, parts, voice) };
        self.sheets.push(ListedSheet { name, holds, rows });
        Ok(total + u64::from(rows))
    }

    /// Adds a sheet with a native chart of Excel and its numbers. If Excel has no such chart, the sheet has a table
    /// with shades.
    ///
    /// # Errors
    /// The writer fails.
    pub fn chart(&mut self, chart: &Chart) -> Result<(), RenderError> {
        let voice = self.voice;
        let title = chart.title.pick(voice);
        let (table, drawn) = drawn_table(chart);
        let sample: Vec<Vec<CellValue>> =
            table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.value(voice)).collect()).collect();
        let taken = self.names();
        let name = sheet_name(&title, &taken);
        let about = self.about_line();
        // A chart's sheet is small, and its cells are written in any order.
        let native_sheet = self.workbook.add_worksheet().set_name(&name)?;
        page_lines(native_sheet, &self.title.pick(voice), &about);
        let heading =
            Format::new().set_bold().set_font_size(14).set_num_format("@").set_align(FormatAlign::Top);
        write_text(native_sheet, 0, 0, &title, &heading, Look::Plain)?;
        let mut sheet = Sheet::begin(native_sheet, &table.columns, &sample, CHART_HEAD, voice)?;
        table.rows.iter().try_for_each(|row| sheet.row(row))?;
        let across = sheet.across() + f64::from(BESIDE + 1) * COLUMN;
        let rows = sheet.finish()?;
        let native_sheet = self.last()?;
        let beside = u16::try_from(table.columns.len() + 1).unwrap_or(u16::MAX - BESIDE);
        let words = Format::new().set_num_format("@").set_align(FormatAlign::Top).set_text_wrap();
        for (row, text) in [(1, chart.reading.pick(voice).into_owned()), (2, graph::guides(chart, voice))] {
            native_sheet.merge_range(row, 0, row, beside + BESIDE, &text, &words)?;
            native_sheet
                .set_row_height(row, LINE_HEIGHT * f64::from(lines(&text, across).clamp(1, LINES_MAX)))?;
        }
        let cells =
            Cells { sheet: &name, head: CHART_HEAD, rows: drawn, left: 0, columns: table.columns.len() };
        match native(chart, &cells, voice) {
            Some(native) => {
                // The row of the head is repeated on each printed page, and what stands in it, too.
                native_sheet.insert_chart(CHART_HEAD + 1, beside, &native)?;
            }
            None => shade(native_sheet, chart, &cells)?,
        }
        self.sheets.push(ListedSheet { name, holds: format!("{title} ({})", chart_word(voice)), rows });
        Ok(())
    }

    /// Writes the workbook.
    ///
    /// # Errors
    /// The writer fails.
    pub fn finish(mut self, out: &mut (impl Write + Seek + Send)) -> Result<(), RenderError> {
        let title = self.title.pick(self.voice).into_owned();
        let sheet = match self.place {
            AboutPlace::First => self.workbook.worksheet_from_index(0)?,
            AboutPlace::Last => {
                let name = sheet_name(&front::name().pick(self.voice), &self.names());
                self.workbook.add_worksheet().set_name(name)?
            }
        };
        let mut about = Front::begin(sheet, &title, self.voice)?;
        about.facts(&self.facts)?;
        about.sheets(&self.sheets)?;
        self.words.iter().try_for_each(|section| about.words(section))?;
        Ok(self.workbook.save_to_writer(out)?)
    }

    /// A further sheet, and its name.
    fn add_sheet(&mut self, title: &str) -> Result<String, RenderError> {
        let (name, about) = (sheet_name(title, &self.names()), self.about_line());
        let sheet = self.workbook.add_worksheet_with_constant_memory()?.set_name(&name)?;
        page_lines(sheet, &self.title.pick(self.voice), &about);
        Ok(name)
    }

    /// The sheet that was added last.
    fn last(&mut self) -> Result<&mut Worksheet, RenderError> {
        let last = self.workbook.worksheets().len().saturating_sub(1);
        Ok(self.workbook.worksheet_from_index(last)?)
    }

    fn names(&mut self) -> Vec<String> {
        self.workbook.worksheets().iter().map(Worksheet::name).collect()
    }

    /// The first facts about the workbook in one line.
    fn about_line(&self) -> String {
        let facts = self.facts.iter().take(ABOUT_FACTS);
        let facts =
            facts.map(|(name, value)| format!("{} {}", name.pick(self.voice), value.pick(self.voice)));
        // What does not fit above a page stands on the first sheet.
        let mut line = String::new();
        for fact in facts {
            let longer = if line.is_empty() { fact } else { format!("{line} · {fact}") };
            if !line.is_empty() && longer.chars().count() > PAGE_LINE_MAX {
                break;
            }
            line = longer;
        }
        line
    }
}

/// The content of a sheet that is one of several for a list.
fn part_of(title: &str, part: u32, voice: Voice) -> String {
    let part = Text::new(
        format!("part {part}: Excel holds no more rows in a sheet"),
        format!("第 {part} 部分: 一个工作表的行数有限"),
    );
    format!("{title} ({})", part.pick(voice))
}

fn chart_word(voice: Voice) -> String {
    Text::new("chart", "图").pick(voice).into_owned()
}

/// Shades the numbers of a heat map, as a whole or row by row.
fn shade(sheet: &mut Worksheet, chart: &Chart, cells: &Cells<'_>) -> Result<(), RenderError> {
    let (first, last) = (cells.head + 1, cells.head + cells.rows);
    let Some(right) = cells.columns.checked_sub(1).filter(|right| *right > 0 && cells.rows > 0) else {
        return Ok(());
    };
    let right = u16::try_from(right).unwrap_or(u16::MAX);
    let scale = ConditionalFormat2ColorScale::new()
        .set_minimum_color(Color::RGB(0xFF_FF_FF))
        .set_maximum_color(Color::RGB(SHADE));
    match &chart.plot {
        Plot::HeatMap(heat) if heat.scale == HeatScale::Row => {
            for row in first..=last {
                sheet.add_conditional_format(row, 1, row, right, &scale)?;
            }
        }
        _ => {
            sheet.add_conditional_format(first, 1, last, right, &scale)?;
        }
    }
    Ok(())
}

/// Excel allows at most 31 characters in a sheet's name, forbids the characters below, and allows no name twice,
/// ignoring case. A sheet without a title gets its position as name.
fn sheet_name(title: &str, taken: &[String]) -> String {
    let place = (taken.len() + 1).to_string();
    let letters = title.chars().filter(|c| !"[]:*?/\\'".contains(*c) && !c.is_control());
    let name = cut(letters, SHEET_NAME_MAX);
    if name.is_empty() || name.eq_ignore_ascii_case("history") {
        return place;
    }
    if taken.iter().all(|other| other.to_lowercase() != name.to_lowercase()) {
        return name;
    }
    format!("{} {place}", cut(name.chars(), SHEET_NAME_MAX - 1 - place.len()))
}

/// Maximum length of the name of a sheet, as Excel counts it.
const SHEET_NAME_MAX: usize = 31;

/// A text of at most `most` characters, as Excel counts them, without spaces at the end, and with an ellipsis if it is cut.
fn cut(letters: impl Iterator<Item = char>, most: usize) -> String {
    let all: String = letters.collect();
    if all.encode_utf16().count() <= most {
        return all.trim().to_owned();
    }
    let mut units = 1;
    let kept = all.chars().take_while(|letter| {
        units += letter.len_utf16();
        units <= most
    });
    format!("{}…", kept.collect::<String>().trim())
}

impl From<XlsxError> for RenderError {
    fn from(error: XlsxError) -> Self {
        Self::Write(match error {
            XlsxError::IoError(error) => error,
            other => io::Error::other(other),
        })
    }
}

#[cfg(test)]
mod tests;
