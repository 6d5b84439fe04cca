//! Sheets of Office Open XML (`.xlsx`, `.xlsm`), read from the XML of their entries (ECMA-376, part 1).
//!
//! A sheet is read in one pass, which finds values, number formats, formulas without a value, hidden rows and merged cells.
//! Cells are not kept.

use std::collections::BTreeMap;
use std::io::BufRead;

use chrono::NaiveDateTime;
use gridtier::index::{count, index};
use gridtier::text;
use quick_xml::events::{BytesStart, Event};

use super::cell::{
    CellRange, DateSystem, NumberFormat, OnCell, ROWS_MAX, SHEET_COLUMNS_MAX, SheetCell, SheetTraits,
    SheetValue, place,
};
use super::scan::{Converted, Markup, Scanner, attributes, flag, other_encoding, push_markup};
use super::sheets::{SheetName, left_out, pick};
use super::xml::{self, attribute, next, reader, unescape};
use crate::guard::Unreadable;
use crate::guard::package::Package;

/// Maximum number of different texts of a workbook.
const STRINGS_MAX: usize = 16 << 20;
/// Maximum number of merged ranges, and of runs of hidden columns, of a sheet.
const RANGES_MAX: usize = 1 << 20;
/// Maximum number of cell formats; Excel has 65,490.
const FORMATS_MAX: usize = 1 << 17;

/// Reads the cells of the chosen sheet.
pub(super) fn read(
    package: &mut Package,
    wanted: Option<&str>,
    on_cell: OnCell,
) -> Result<SheetTraits, Unreadable> {
    let book = OpenXmlBook::read(package)?;
    let sheet = pick(&book.sheets, wanted)?;
    let strings = match &book.strings {
        Some(path) => SharedStrings::read(package, path)?,
        None => SharedStrings::default(),
    };
    let formats = match &book.styles {
        Some(path) => formats(package, path)?,
        None => Vec::new(),
    };
    let mut cells = CellParser {
        strings: &strings,
        formats: &formats,
        system: book.system,
        state: OpenCell::default(),
        traits: SheetTraits {
            left_out: left_out(&book.sheets, &sheet.name, wanted),
            ..SheetTraits::default()
        },
    };
    let encoding = other_encoding(part_of(package, &sheet.path)?.fill_buf()?);
    let part = part_of(package, &sheet.path)?;
    match encoding {
        None => cells.read(Scanner::new(part), on_cell)?,
        Some(encoding) => cells.read(Scanner::new(Converted::new(part, encoding)), on_cell)?,
    }
    Ok(cells.traits)
}

fn part_of<'p>(package: &'p mut Package, path: &'p str) -> Result<impl BufRead + use<'p>, Unreadable> {
    package.part(path)?.ok_or_else(|| missing_part(path))
}

fn cut_off() -> Unreadable {
    Unreadable::damaged(text!("a part of the workbook ends too early", "工作簿的一个部件不完整"))
}

fn missing_part(path: &str) -> Unreadable {
    let path = path.to_owned();
    Unreadable::damaged(text!("its part {path} is missing", "缺少部件 {path}"))
}

/// The parts of a workbook and how it counts dates.
struct OpenXmlBook {
    sheets: Vec<SheetName>,
    system: DateSystem,
    strings: Option<String>,
    styles: Option<String>,
}

/// A target of a relation: its path and type.
type Relations = BTreeMap<String, (String, String)>;

impl OpenXmlBook {
    fn read(package: &mut Package) -> Result<Self, Unreadable> {
        let of_package = relations(package, "_rels/.rels", "")?;
        let main = of_package.values().find(|(_, kind)| kind == "officeDocument");
        let path = main.map_or("xl/workbook.xml", |(path, _)| path.as_str()).to_owned();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let relations = relations(package, &format!("{folder}/_rels/{name}.rels"), folder)?;
        let part = package.part(&path)?.ok_or_else(|| missing_part(&path))?;
        let mut reader = reader(part);
        let (mut sheets, mut system, mut buffer) = (Vec::new(), DateSystem::From1900, Vec::new());
        loop {
            match next(&mut reader, &mut buffer)? {
                Event::Eof => break,
                Event::Start(element) => match element.local_name().as_ref() {
                    "sheet" => sheets.extend(sheet(&element, &relations)),
                    "workbookPr" if xml::flag(&element, "date1904") => system = DateSystem::From1904,
                    _ => {}
                },
                _ => {}
            }
        }
        let by_kind =
            |wanted: &str| relations.values().find(|(_, kind)| kind == wanted).map(|(path, _)| path.clone());
        Ok(Self { sheets, system, strings: by_kind("sharedStrings"), styles: by_kind("styles") })
    }
}

/// A sheet of the list in the workbook; `None` for one that holds a chart or macros.
fn sheet(element: &BytesStart, relations: &Relations) -> Option<SheetName> {
    let (path, kind) = relations.get(&attribute(element, "id")?)?;
    let is_visible = attribute(element, "state").is_none_or(|state| state == "visible");
    (kind == "worksheet").then(|| SheetName {
        name: attribute(element, "name").unwrap_or_default(),
        path: path.clone(),
        is_visible,
    })
}

/// The relations in a part, by id; targets are relative to a folder.
fn relations(package: &mut Package, path: &str, folder: &str) -> Result<Relations, Unreadable> {
    let mut relations = Relations::new();
    let Some(part) = package.part(path)? else { return Ok(relations) };
    let (mut reader, mut buffer) = (reader(part), Vec::new());
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Eof => return Ok(relations),
            Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                let all = ["Id", "Target", "Type"].map(|name| attribute(&element, name));
                let [Some(id), Some(target), Some(kind)] = all else { continue };
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.insert(id, (resolved(folder, &target), kind));
            }
            _ => {}
        }
    }
}

/// The path of a target in the archive.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.join("/")
}

/// The texts that cells refer to by number, one after the other.
#[derive(Default)]
struct SharedStrings {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl SharedStrings {
    fn read(package: &mut Package, path: &str) -> Result<Self, Unreadable> {
        let Some(mut part) = package.part(path)? else { return Ok(Self::default()) };
        let encoding = other_encoding(part.fill_buf()?);
        match encoding {
            None => Self::scan(Scanner::new(part)),
            Some(encoding) => Self::scan(Scanner::new(Converted::new(part, encoding))),
        }
    }

    fn scan(mut scanner: Scanner<impl BufRead>) -> Result<Self, Unreadable> {
        let (mut strings, mut item) = (Self::default(), TextItem::default());
        while let Some(markup) = scanner.next()? {
            match markup {
                Markup::Start { name: b"si", is_empty: false, .. } => item = TextItem::default(),
                Markup::Start { name: b"si", .. } => strings.push("")?,
                Markup::Start { name, is_empty, .. } => {
                    item.start(name);
                    if is_empty {
                        item.end(name);
                    }
                }
                Markup::End(b"si") => strings.push(&item.text)?,
                Markup::End(name) => item.end(name),
                text => item.text(&text)?,
            }
        }
        Ok(strings)
    }

    fn push(&mut self, text: &str) -> Result<(), Unreadable> {
        unescape(text, &mut self.text);
        self.ends.push(u32::try_from(self.text.len()).map_err(|_| too_many_texts())?);
        if self.ends.len() > STRINGS_MAX { Err(too_many_texts()) } else { Ok(()) }
    }

    fn get(&self, number: usize) -> Option<&str> {
        let end = index(*self.ends.get(number)?);
        let start = if number == 0 { 0 } else { index(self.ends[number - 1]) };
        Some(&self.text[start..end])
    }
}

fn too_many_texts() -> Unreadable {
    Unreadable::because(
        text!("the workbook has more than {STRINGS_MAX} texts", "工作簿的文本超过 {STRINGS_MAX} 个"),
        text!("export the sheet as CSV UTF-8 or parquet", "请将工作表导出为 CSV UTF-8 或 parquet"),
    )
}

/// A text in one or several runs, without the phonetic readings of its characters.
#[derive(Default)]
struct TextItem {
    text: String,
    in_text: bool,
    in_phonetic: bool,
}

impl TextItem {
    fn start(&mut self, name: &[u8]) {
        match name {
            b"t" => self.in_text = !self.in_phonetic,
            b"rPh" => self.in_phonetic = true,
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"t" => self.in_text = false,
            b"rPh" => self.in_phonetic = false,
            _ => {}
        }
    }

    fn text(&mut self, markup: &Markup) -> Result<(), Unreadable> {
        if self.in_text { push_markup(markup, &mut self.text) } else { Ok(()) }
    }
}

/// The number format of each cell format.
fn formats(package: &mut Package, path: &str) -> Result<Vec<NumberFormat>, Unreadable> {
    let mut formats = Vec::new();
    let Some(part) = package.part(path)? else { return Ok(formats) };
    let (mut reader, mut buffer) = (reader(part), Vec::new());
    let mut own: BTreeMap<String, NumberFormat> = BTreeMap::new();
    let mut in_cell_formats = false;
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Eof => return Ok(formats),
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (attribute(&element, "numFmtId"), attribute(&element, "formatCode"))
                    {
                        own.entry(id).or_insert_with(|| NumberFormat::parse(&code));
                    }
                }
                "cellXfs" => in_cell_formats = true,
                "xf" if in_cell_formats => {
                    let id = attribute(&element, "numFmtId").unwrap_or_default();
                    formats.push(match own.get(&id) {
                        Some(format) => *format,
                        None => id.parse().map_or(NumberFormat::Other, NumberFormat::built_in),
                    });
                    if formats.len() > FORMATS_MAX || own.len() > FORMATS_MAX {
                        return Err(Unreadable::damaged(text!(
                            "it claims too many cell formats",
                            "单元格格式过多"
                        )));
                    }
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cell_formats = false,
            _ => {}
        }
    }
}

/// Notes a merged range or hidden columns.
fn note_trait(name: &[u8], bytes: &[u8], traits: &mut SheetTraits) -> Result<(), Unreadable> {
    let value = |wanted: &[u8]| {
        let (_, value) = attributes(bytes).find(|(name, _)| *name == wanted)?;
        std::str::from_utf8(value).ok()
    };
    match name {
        b"mergeCell" => traits.merged.extend(value(b"ref").and_then(CellRange::parse)),
        b"col" if flag(bytes, b"hidden") => {
            let [first, last] =
                [&b"min"[..], b"max"].map(|name| value(name)?.parse::<u32>().ok()?.checked_sub(1));
            traits.hidden_columns.extend(first.zip(last));
        }
        _ => return Ok(()),
    }
    if traits.merged.len().max(traits.hidden_columns.len()) > RANGES_MAX {
        return Err(Unreadable::damaged(text!(
            "the sheet claims too many merged cells",
            "工作表的合并单元格过多"
        )));
    }
    Ok(())
}

/// What the type of a cell says about its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ValueKind {
    #[default]
    Number,
    SharedText,
    FormulaText,
    InlineText,
    Flag,
    Error,
    Date,
}

impl ValueKind {
    fn of(kind: &[u8]) -> Self {
        match kind {
            b"s" => Self::SharedText,
            b"str" => Self::FormulaText,
            b"inlineStr" => Self::InlineText,
            b"b" => Self::Flag,
            b"e" => Self::Error,
            b"d" => Self::Date,
            _ => Self::Number,
        }
    }
}

/// The cell that is being read.
#[derive(Default)]
struct OpenCell {
    row: u32,
    column: u32,
    /// The number of the next row, for a row that has none of its own.
    next_row: u32,
    in_cell: bool,
    kind: ValueKind,
    format: usize,
    value: TextItem,
    in_value: bool,
    has_value: bool,
    has_formula: bool,
    /// Whether the text is in the cell and not in the list of texts.
    is_inline: bool,
    text: String,
}

struct CellParser<'a> {
    strings: &'a SharedStrings,
    formats: &'a [NumberFormat],
    system: DateSystem,
    state: OpenCell,
    traits: SheetTraits,
}

impl CellParser<'_> {
    /// Reads a sheet to its end.
    fn read(&mut self, mut scanner: Scanner<impl BufRead>, on_cell: OnCell) -> Result<(), Unreadable> {
        loop {
            match scanner.next()? {
                None => return Err(cut_off()),
                Some(Markup::End(b"worksheet")) => return Ok(()),
                Some(markup) => self.markup(markup, on_cell)?,
            }
        }
    }

    fn markup(&mut self, markup: Markup, on_cell: OnCell) -> Result<(), Unreadable> {
        match markup {
            Markup::Start { name, attributes, is_empty } => {
                self.start(name, attributes)?;
                note_trait(name, attributes, &mut self.traits)?;
                if is_empty {
                    self.close(name, on_cell)?;
                }
                Ok(())
            }
            Markup::End(name) => self.close(name, on_cell),
            text if self.state.in_value => push_markup(&text, &mut self.state.text),
            text if self.state.is_inline => self.state.value.text(&text),
            _ => Ok(()),
        }
    }

    fn start(&mut self, name: &[u8], attributes: &[u8]) -> Result<(), Unreadable> {
        let state = &mut self.state;
        match name {
            b"row" => state.begin_row(attributes, &mut self.traits)?,
            b"c" => state.begin(attributes)?,
            b"v" if state.in_cell => (state.in_value, state.has_value) = (true, true),
            b"f" if state.in_cell => state.has_formula = true,
            b"is" if state.in_cell => state.is_inline = true,
            _ if state.is_inline => state.value.start(name),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &[u8], on_cell: OnCell) -> Result<(), Unreadable> {
        let state = &mut self.state;
        match name {
            b"c" if state.in_cell => {
                state.in_cell = false;
                self.end(on_cell)?;
                self.state.column += 1;
            }
            b"v" => state.in_value = false,
            b"is" => state.is_inline = false,
            _ if state.is_inline => state.value.end(name),
            _ => {}
        }
        Ok(())
    }

    /// Hands on the cell that has ended, unless it is empty.
    fn end(&mut self, on_cell: OnCell) -> Result<(), Unreadable> {
        let state = &mut self.state;
        let mut unescaped = String::new();
        let shown = state.text.trim();
        let value = match state.kind {
            ValueKind::SharedText if state.has_value => {
                let text = shown.parse().ok().and_then(|number| self.strings.get(number));
                SheetValue::Text(text.ok_or_else(|| {
                    Unreadable::damaged(text!(
                        "a cell names a text that is not there",
                        "单元格引用的文本不存在"
                    ))
                })?)
            }
            ValueKind::Error => SheetValue::Error(shown),
            _ if state.has_formula && !state.has_value => SheetValue::NoValue,
            ValueKind::Flag if state.has_value => SheetValue::Flag(matches!(shown, "1" | "true" | "TRUE")),
            ValueKind::FormulaText => {
                unescape(&state.text, &mut unescaped);
                SheetValue::Text(&unescaped)
            }
            ValueKind::InlineText => {
                unescape(&state.value.text, &mut unescaped);
                SheetValue::Text(&unescaped)
            }
            ValueKind::Date => date(&state.text).map_or(SheetValue::Text(&state.text), SheetValue::Date),
            // Some writers leave the value of a formula that was never computed empty.
            _ if state.has_formula && shown.is_empty() => SheetValue::NoValue,
            _ => match shown.parse::<f64>() {
                Ok(number) => {
                    let format = self.formats.get(state.format).copied().unwrap_or_default();
                    format.value(number, self.system).written_as(shown)
                }
                Err(_) => SheetValue::Text(shown),
            },
        };
        if value == SheetValue::Text("") {
            return Ok(());
        }
        on_cell(SheetCell { row: state.row, column: state.column, value })
    }
}

impl OpenCell {
    fn begin_row(&mut self, bytes: &[u8], traits: &mut SheetTraits) -> Result<(), Unreadable> {
        let number = attributes(bytes)
            .find(|(name, _)| *name == b"r")
            .and_then(|(_, row)| std::str::from_utf8(row).ok()?.parse::<u32>().ok()?.checked_sub(1));
        self.row = number.unwrap_or(self.next_row);
        (self.next_row, self.column) = (self.row.saturating_add(1), 0);
        if self.row >= ROWS_MAX {
            return Err(outside());
        }
        if flag(bytes, b"hidden") && count(traits.hidden_rows.len()) < u64::from(ROWS_MAX) {
            traits.hidden_rows.push(self.row);
        }
        Ok(())
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        (self.in_cell, self.in_value, self.has_value) = (true, false, false);
        (self.has_formula, self.is_inline, self.format) = (false, false, 0);
        (self.value.in_text, self.value.in_phonetic) = (false, false);
        self.value.text.clear();
        self.text.clear();
        self.kind = ValueKind::Number;
        for (name, value) in attributes(bytes) {
            match name {
                b"r" => (self.row, self.column) = place(value).ok_or_else(outside)?,
                b"t" => self.kind = ValueKind::of(value),
                b"s" => {
                    self.format = std::str::from_utf8(value).map_or(0, |value| value.parse().unwrap_or(0))
                }
                _ => {}
            }
        }
        if self.column >= SHEET_COLUMNS_MAX { Err(outside()) } else { Ok(()) }
    }
}

fn outside() -> Unreadable {
    Unreadable::damaged(text!("a cell lies outside of any sheet", "单元格位置超出工作表范围"))
}

/// A date in the form of ISO 8601.
pub(super) fn date(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().trim_end_matches('Z');
    match text.parse::<NaiveDateTime>() {
        Ok(time) => Some(time),
        Err(_) => text.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_workbook_or_to_the_archive() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/sharedStrings.xml"), "xl/sharedStrings.xml");
        assert_eq!(resolved("xl/sub", "../styles.xml"), "xl/styles.xml");
    }

    #[test]
    fn dates_of_iso_8601_are_read() {
        assert_eq!(date("2025-01-31").unwrap().to_string(), "2025-01-31 00:00:00");
        assert_eq!(date("2025-01-31T09:30:00.000Z").unwrap().to_string(), "2025-01-31 09:30:00");
        assert_eq!(date("today"), None);
    }
}
