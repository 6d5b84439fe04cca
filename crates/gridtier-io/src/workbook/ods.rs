//! Sheets of OpenDocument (`.ods`), read from their XML (ODF 1.3, part 3).
//!
//! A cell or row that repeats is written once with a number: the numbers are limited, because a kilobyte can stand for all
//! cells of a sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use gridtier::text;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::cell::{CellRange, OnCell, ROWS_MAX, SHEET_COLUMNS_MAX, SheetCell, SheetTraits, SheetValue};
use super::sheets::{SheetName, left_out, pick};
use super::xlsx::date;
use super::xml::{attribute, next, push_text, reader, value};
use crate::guard::Unreadable;
use crate::guard::limits::CELL_BYTES_MAX;
use crate::guard::package::{Package, encrypted};

/// Maximum number of non-empty cells of a sheet, counting repetitions.
const CELLS_MAX: u64 = 64 << 20;

/// Reads the cells of the chosen sheet.
pub(super) fn read(
    package: &mut Package,
    wanted: Option<&str>,
    on_cell: OnCell,
) -> Result<SheetTraits, Unreadable> {
    check_encryption(package)?;
    let Some(part) = package.part("content.xml")? else {
        return Err(Unreadable::damaged(text!(
            "it is no OpenDocument workbook: content.xml is missing",
            "不是 OpenDocument 工作簿：缺少 content.xml"
        )));
    };
    let mut reader = reader(part);
    let (mut styles, mut buffer, mut passed) = (Styles::default(), Vec::new(), Vec::new());
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Eof => break,
            Event::Start(element) if element.name().as_ref() == "table:table" => {
                let sheet = sheet_of(&element, &styles);
                if pick(std::slice::from_ref(&sheet), wanted).is_ok() {
                    let mut traits = SheetReader::new(&styles, on_cell).read(&mut reader)?;
                    if wanted.is_none() {
                        let others = sheets_below(&mut reader, &styles);
                        traits.left_out = left_out(&others, &sheet.name, wanted);
                    }
                    return Ok(traits);
                }
                passed.push(sheet);
            }
            Event::Start(element) => styles.start(&element),
            _ => {}
        }
    }
    // No sheet was chosen: give the reason.
    pick(&passed, wanted).map(|_| SheetTraits::default())
}

fn sheet_of(element: &BytesStart, styles: &Styles) -> SheetName {
    let name = attribute(element, "name").unwrap_or_default();
    let style = attribute(element, "style-name").unwrap_or_default();
    SheetName { name, path: String::new(), is_visible: !styles.hidden_tables.contains(&style) }
}

/// The sheets below the one that has been read. What is damaged there is of no matter to it.
fn sheets_below<R: BufRead>(reader: &mut Reader<R>, styles: &Styles) -> Vec<SheetName> {
    let (mut sheets, mut buffer) = (Vec::new(), Vec::new());
    loop {
        match next(reader, &mut buffer) {
            Ok(Event::Eof) | Err(_) => return sheets,
            Ok(Event::Start(element)) if element.name().as_ref() == "table:table" => {
                sheets.push(sheet_of(&element, styles));
            }
            Ok(_) => {}
        }
    }
}

fn check_encryption(package: &mut Package) -> Result<(), Unreadable> {
    let Some(part) = package.part("META-INF/manifest.xml")? else { return Ok(()) };
    let (mut reader, mut buffer) = (reader(part), Vec::new());
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Eof => return Ok(()),
            Event::Start(element) if element.local_name().as_ref() == "encryption-data" => {
                return Err(encrypted());
            }
            _ => {}
        }
    }
}

/// The styles that matter: hidden sheets, and numbers filled with zeros.
#[derive(Default)]
struct Styles {
    hidden_tables: BTreeSet<String>,
    /// Name of the style that is being read.
    open: String,
    /// Digits by the name of a number style of zeros alone.
    digits: BTreeMap<String, usize>,
    /// Number style by cell style.
    numbers: BTreeMap<String, String>,
}

impl Styles {
    fn start(&mut self, element: &BytesStart) {
        match element.name().as_ref() {
            "style:style" | "number:number-style" => {
                self.open = attribute(element, "name").unwrap_or_default();
                if let Some(number) = attribute(element, "data-style-name") {
                    self.numbers.insert(self.open.clone(), number);
                }
            }
            "style:table-properties" if attribute(element, "display").as_deref() == Some("false") => {
                self.hidden_tables.insert(self.open.clone());
            }
            "number:number" => {
                let digits = attribute(element, "min-integer-digits").and_then(|digits| digits.parse().ok());
                let decimals =
                    attribute(element, "decimal-places").and_then(|places| places.parse::<usize>().ok());
                let digits = digits.filter(|digits| (2..=64).contains(digits) && decimals.unwrap_or(0) == 0);
                self.digits.extend(digits.map(|digits| (self.open.clone(), digits)));
            }
            _ => {}
        }
    }

    fn zeros(&self, cell_style: &str) -> usize {
        self.numbers.get(cell_style).and_then(|number| self.digits.get(number)).copied().unwrap_or(0)
    }
}

/// The value of a cell, kept until its row ends.
#[derive(Clone, Debug, Default)]
struct OdsCell {
    column: u32,
    repeats: u32,
    kind: String,
    /// The value in an attribute.
    value: Option<String>,
    text: String,
    style: String,
    has_formula: bool,
    is_error: bool,
}

struct SheetReader<'a> {
    styles: &'a Styles,
    on_cell: OnCell<'a>,
    traits: SheetTraits,
    row: u32,
    row_repeats: u32,
    /// Columns so far in the row, and in the list of columns.
    column: u32,
    listed: u32,
    /// Style by last column of each run.
    column_styles: Vec<(u32, String)>,
    cells: Vec<OdsCell>,
    cell: Option<OdsCell>,
    /// Depths within a paragraph and within a comment.
    paragraphs: u32,
    comments: u32,
    emitted: u64,
}

impl<'a> SheetReader<'a> {
    fn new(styles: &'a Styles, on_cell: OnCell<'a>) -> Self {
        Self {
            styles,
            on_cell,
            traits: SheetTraits::default(),
            row: 0,
            row_repeats: 1,
            column: 0,
            listed: 0,
            column_styles: Vec::new(),
            cells: Vec::new(),
            cell: None,
            paragraphs: 0,
            comments: 0,
            emitted: 0,
        }
    }

    fn read<R: BufRead>(mut self, reader: &mut Reader<R>) -> Result<SheetTraits, Unreadable> {
        let mut buffer = Vec::new();
        loop {
            match next(reader, &mut buffer)? {
                Event::Eof => {
                    return Err(Unreadable::damaged(text!("the sheet ends too early", "工作表不完整")));
                }
                Event::Start(element) => self.start(&element)?,
                Event::End(element) => match element.name().as_ref() {
                    "table:table" => return Ok(self.traits),
                    "table:table-row" => self.end_row()?,
                    "table:table-cell" | "table:covered-table-cell" => self.end_cell()?,
                    "text:p" => self.paragraphs = self.paragraphs.saturating_sub(1),
                    "office:annotation" => self.comments = self.comments.saturating_sub(1),
                    _ => {}
                },
                event => {
                    if let Some(cell) =
                        self.cell.as_mut().filter(|_| self.paragraphs > 0 && self.comments == 0)
                    {
                        push_text(&event, &mut cell.text)?;
                    }
                }
            }
        }
    }

    fn start(&mut self, element: &BytesStart) -> Result<(), Unreadable> {
        let number = |name| attribute(element, name).and_then(|number| number.parse::<u32>().ok());
        let is_hidden = || {
            attribute(element, "visibility")
                .is_some_and(|word| matches!(word.as_str(), "collapse" | "filter"))
        };
        match element.name().as_ref() {
            "table:table-column" => {
                let last = self
                    .listed
                    .saturating_add(number("number-columns-repeated").unwrap_or(1))
                    .min(SHEET_COLUMNS_MAX);
                if is_hidden() && last > self.listed {
                    self.traits.hidden_columns.push((self.listed, last - 1));
                }
                if self.column_styles.len() < SHEET_COLUMNS_MAX as usize {
                    self.column_styles
                        .push((last, attribute(element, "default-cell-style-name").unwrap_or_default()));
                }
                self.listed = last;
            }
            "table:table-row" => {
                self.row_repeats = number("number-rows-repeated").unwrap_or(1).clamp(1, ROWS_MAX);
                self.column = 0;
                if is_hidden() {
                    let rows = self.row..self.row.saturating_add(self.row_repeats).min(ROWS_MAX);
                    self.traits.hidden_rows.extend(rows);
                }
            }
            "table:table-cell" | "table:covered-table-cell" => self.begin_cell(element),
            "text:p" => {
                if let Some(cell) =
                    self.cell.as_mut().filter(|cell| !cell.text.is_empty() && self.comments == 0)
                {
                    cell.text.push('\n');
                }
                self.paragraphs += 1;
            }
            "office:annotation" => self.comments += 1,
            "text:s" => self.space(number("c").unwrap_or(1)),
            "text:tab" => self.push('\t'),
            "text:line-break" => self.push('\n'),
            _ => {}
        }
        Ok(())
    }

    fn space(&mut self, spaces: u32) {
        // A longer run is beyond the limit of a cell anyway.
        for _ in 0..spaces.min(CELL_BYTES_MAX as u32) {
            self.push(' ');
        }
    }

    fn push(&mut self, character: char) {
        if let Some(cell) =
            self.cell.as_mut().filter(|cell| self.comments == 0 && cell.text.len() <= CELL_BYTES_MAX)
        {
            cell.text.push(character);
        }
    }

    fn begin_cell(&mut self, element: &BytesStart) {
        let mut cell = OdsCell { column: self.column, repeats: 1, ..OdsCell::default() };
        let (mut wide, mut high) = (1, 1);
        for attribute in element.attributes().with_checks(false).flatten() {
            let number = || attribute.value.parse::<u32>().unwrap_or(1).max(1);
            match attribute.key.as_ref() {
                "table:number-columns-repeated" => cell.repeats = number(),
                "table:number-columns-spanned" => wide = number(),
                "table:number-rows-spanned" => high = number(),
                "table:style-name" => cell.style = value(&attribute),
                "table:formula" => cell.has_formula = true,
                "office:value-type" => cell.kind = value(&attribute),
                "calcext:value-type" => cell.is_error = &*attribute.value == "error",
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value" => cell.value = Some(value(&attribute)),
                _ => {}
            }
        }
        if (wide > 1 || high > 1) && self.traits.merged.len() < ROWS_MAX as usize {
            let last = |first: u32, length: u32| first.saturating_add(length - 1);
            self.traits.merged.push(CellRange {
                rows: (self.row, last(self.row, high)),
                columns: (self.column, last(self.column, wide)),
            });
        }
        self.paragraphs = 0;
        self.cell = Some(cell);
    }

    fn end_cell(&mut self) -> Result<(), Unreadable> {
        let Some(mut cell) = self.cell.take() else { return Ok(()) };
        let repeats = cell.repeats.min(SHEET_COLUMNS_MAX.saturating_sub(cell.column));
        self.column = self.column.saturating_add(cell.repeats).min(SHEET_COLUMNS_MAX);
        cell.repeats = repeats;
        if cell.style.is_empty() {
            let at = self.column_styles.partition_point(|(last, _)| *last <= cell.column);
            cell.style = self.column_styles.get(at).map_or_else(String::new, |(_, style)| style.clone());
        }
        if !cell.kind.is_empty() || cell.has_formula || cell.is_error || !cell.text.is_empty() {
            self.cells.push(cell);
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Unreadable> {
        let last = self.row.saturating_add(self.row_repeats).min(ROWS_MAX);
        if !self.cells.is_empty() {
            for row in self.row..last {
                for cell in &self.cells {
                    let value = cell.value(self.styles);
                    if value == SheetValue::Text("") {
                        continue;
                    }
                    self.emitted += u64::from(cell.repeats);
                    if self.emitted > CELLS_MAX {
                        return Err(Unreadable::damaged(text!(
                            "the sheet claims more than {CELLS_MAX} cells",
                            "工作表声称的单元格超过 {CELLS_MAX} 个"
                        )));
                    }
                    for column in cell.column..cell.column + cell.repeats {
                        (self.on_cell)(SheetCell { row, column, value })?;
                    }
                }
            }
        }
        self.cells.clear();
        self.row = last;
        Ok(())
    }
}

impl OdsCell {
    fn value(&self, styles: &Styles) -> SheetValue<'_> {
        let is_error_text = self.has_formula && (self.text.starts_with('#') || self.text.starts_with("Err:"));
        if self.is_error || is_error_text {
            return SheetValue::Error(&self.text);
        }
        let value = self.value.as_deref();
        match self.kind.as_str() {
            "" if self.has_formula && self.text.is_empty() => SheetValue::NoValue,
            "float" | "percentage" | "currency" => match value.and_then(|value| value.trim().parse().ok()) {
                Some(value) => SheetValue::Number { value, zeros: styles.zeros(&self.style) },
                None => SheetValue::Text(&self.text),
            },
            "date" => value.and_then(date).map_or(SheetValue::Text(&self.text), SheetValue::Date),
            "boolean" => SheetValue::Flag(value == Some("true")),
            "string" => SheetValue::Text(value.unwrap_or(&self.text)),
            _ => SheetValue::Text(&self.text),
        }
    }
}
