//! Tables as data: columns with their title, unit and format, and rows of typed cells or Arrow batches.

mod list;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use chrono::NaiveDate;
use gridtier::unit::day_of_date;
use gridtier::word::Word;

pub use list::{DataList, ListError, arrow_row, arrow_value, plain_columns};

use crate::format;
use gridtier::text::{Text, Voice};

/// The content of a column. The format decides how its cells are written for people and on which side they are
/// aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFormat {
    /// Names of rows, such as account numbers: never a number.
    Id,
    /// Text.
    Text,
    /// A coded word.
    Word,
    /// Whole numbers.
    Integer,
    /// Numbers with this many decimals.
    Number(u8),
    /// Numbers of any size, with as many decimals as are significant; each cell may have a unit of its own.
    Quantity,
    /// Shares of 1, read as percent.
    Share,
    /// Amounts in CNY, with two decimals.
    Money,
    /// Days.
    Date,
    /// Yes or no.
    YesNo,
    /// Points of 100, drawn as a bar where that is possible.
    Points,
}

impl ColumnFormat {
    /// Whether cells and title are aligned to the right, as numbers are.
    #[must_use]
    pub fn is_right_aligned(self) -> bool {
        match self {
            Self::Integer | Self::Number(_) | Self::Quantity | Self::Share | Self::Money => true,
            Self::Id | Self::Text | Self::Word | Self::Date | Self::YesNo | Self::Points => false,
        }
    }
}

/// Finds the names of a code.
pub type NamesOfCode = fn(&str) -> Option<Text>;

/// The names of a code of `W`.
#[must_use]
pub fn names_of<W: Word>(code: &str) -> Option<Text> {
    W::from_code(code).map(Text::of_word)
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct DataColumn {
    /// Its title; its code is the name of the column for programs.
    pub title: Text,
    /// The unit, if all cells have the same unit and the title does not name it.
    pub unit: Option<Text>,
    /// A line in small print below the title.
    pub note: Option<Text>,
    /// What it holds.
    pub format: ColumnFormat,
    /// The names of the codes that an Arrow column of [words](ColumnFormat::Word) holds.
    pub names: Option<NamesOfCode>,
    /// Whether only workbooks, CSV and JSON have the column: a page and a terminal have no room for it.
    pub is_detail: bool,
}

impl DataColumn {
    /// A column of a format.
    pub fn new(
        format: ColumnFormat,
        code: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
        zh: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            title: Text::coded(code, en, zh),
            unit: None,
            note: None,
            format,
            names: None,
            is_detail: false,
        }
    }

    /// A column of a word whose codes are in Arrow batches.
    #[must_use]
    pub fn word<W: Word>(code: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { names: Some(names_of::<W>), ..Self::new(ColumnFormat::Word, code, en, zh) }
    }

    /// The column with a unit beside its title.
    #[must_use]
    pub fn in_unit(self, unit: impl Into<Text>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    /// The column with a line below its title.
    #[must_use]
    pub fn with_note(self, note: impl Into<Text>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// Leaves the column to workbooks, CSV and JSON.
    #[must_use]
    pub fn as_detail(self) -> Self {
        Self { is_detail: true, ..self }
    }

    /// Title and unit for a reader; the code alone for programs.
    #[must_use]
    pub fn head(&self, voice: Voice) -> Cow<'_, str> {
        match &self.unit {
            Some(unit) if voice != Voice::Codes => {
                format!("{} ({})", self.title.pick(voice), unit.pick(voice)).into()
            }
            _ => self.title.pick(voice),
        }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum DataCell {
    /// The cell has no value.
    Blank,
    /// The value is unknown or does not exist; shown as a dash.
    Missing,
    /// Text, or a word with its code.
    Text(Text),
    /// A whole number.
    Integer(i64),
    /// An emphasised whole number: `[12]` in a terminal, bold on pages.
    Marked(i64),
    /// A number; a share of 1 in a column of shares.
    Number(f64),
    /// A number in a unit of its own; the unit's code decides how it is read.
    Quantity(f64, Text),
    /// A number in a format of its own, in a column of [quantities](ColumnFormat::Quantity).
    Formatted(f64, ColumnFormat),
    /// An amount in fen.
    Fen(i128),
    /// A day.
    Date(NaiveDate),
    /// Yes or no.
    YesNo(bool),
    /// Text that a page shows in more than one line.
    Rich(Box<RichText>),
}

impl DataCell {
    /// A text that is the same in every language.
    pub fn same(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(Text::same(text))
    }

    /// A text in both languages.
    pub fn text(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(Text::new(en, zh))
    }

    /// A coded word.
    #[must_use]
    pub fn word(word: impl Word) -> Self {
        Self::Text(Text::of_word(word))
    }

    /// A count.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// An emphasised count.
    #[must_use]
    pub fn marked(count: u64) -> Self {
        Self::Marked(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// A sum of counts or amounts. A sum beyond 64 bits is shown as the largest number of 64 bits.
    #[must_use]
    pub fn whole(sum: i128) -> Self {
        Self::Integer(i64::try_from(sum).unwrap_or(i64::MAX))
    }

    /// A number that may be missing.
    #[must_use]
    pub fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Missing, Self::Number)
    }

    /// A part of a whole as a share; missing where the whole is zero.
    #[must_use]
    pub fn ratio(part: impl Into<i128>, whole: impl Into<i128>) -> Self {
        let (part, whole): (i128, i128) = (part.into(), whole.into());
        if whole == 0 { Self::Missing } else { Self::Number(part as f64 / whole as f64) }
    }

    /// About how many bytes of memory its texts take.
    fn bytes(&self) -> usize {
        let text =
            |text: &Text| text.en.len() + text.zh.len() + text.code.as_ref().map_or(0, |code| code.len());
        match self {
            Self::Text(own) | Self::Quantity(_, own) => text(own),
            Self::Rich(rich) => {
                let details: usize = rich.details.iter().map(|line| size_of::<Text>() + text(line)).sum();
                size_of::<RichText>() + text(&rich.plain) + text(&rich.lead) + details
            }
            _ => 0,
        }
    }

    /// The value that a renderer gets.
    #[must_use]
    pub fn value(&self, voice: Voice) -> CellValue<'_> {
        match self {
            Self::Blank => CellValue::Blank,
            Self::Missing => CellValue::Missing,
            Self::Text(text) => CellValue::Text(text.pick(voice)),
            Self::Integer(integer) => CellValue::Integer(*integer),
            Self::Marked(integer) => CellValue::Marked(*integer),
            Self::Number(number) => CellValue::Number(*number),
            Self::Quantity(number, unit) => CellValue::Quantity(*number, unit),
            Self::Formatted(number, format) => CellValue::Formatted(*number, *format),
            Self::Fen(fen) => CellValue::Fen(*fen),
            Self::Date(date) => CellValue::Date(*date),
            Self::YesNo(is_so) => CellValue::YesNo(*is_so),
            Self::Rich(rich) => CellValue::Text(rich.plain.pick(voice)),
        }
    }
}

/// A text with small print, for pages. All other renderers show `plain`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RichText {
    /// The whole text in one line.
    pub plain: Text,
    /// The first line of the cell on a page.
    pub lead: Text,
    /// Whether the first line is bold.
    pub is_strong: bool,
    /// A tag after the first line.
    pub tag: Option<Text>,
    /// Lines in small print.
    pub details: Vec<Text>,
    /// The colour of the cell.
    pub tone: Option<Tone>,
    /// The tooltip of the cell.
    pub hint: Option<Text>,
}

/// The colour of a cell or of an entry of a legend, from 0 for the least to 5 for the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone(pub u8);

/// The role of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowRole {
    /// A row like the others.
    #[default]
    Body,
    /// A heading over the rows below it; pages show its first cell alone.
    Group,
    /// A sum of other rows.
    Total,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct DataRow {
    /// The role of the row.
    pub role: RowRole,
    /// The cells, one for each column.
    pub cells: Vec<DataCell>,
}

impl From<Vec<DataCell>> for DataRow {
    fn from(cells: Vec<DataCell>) -> Self {
        Self { role: RowRole::Body, cells }
    }
}

/// A table that is in memory as a whole.
#[derive(Clone, Debug)]
pub struct DataTable {
    /// Its title. The title's code is the name of the table's sheet, file or key for programs.
    pub title: Text,
    /// Its columns.
    pub columns: Vec<DataColumn>,
    /// Its rows, a cell for each column.
    pub rows: Vec<DataRow>,
}

/// The items whose place is kept.
fn only<T: Clone>(items: &[T], kept: &[bool]) -> Vec<T> {
    items.iter().zip(kept).filter(|(_, kept)| **kept).map(|(item, _)| item.clone()).collect()
}

impl DataTable {
    /// A table whose rows are all plain.
    #[must_use]
    pub fn new(title: Text, columns: Vec<DataColumn>, rows: impl IntoIterator<Item = Vec<DataCell>>) -> Self {
        Self { title, columns, rows: rows.into_iter().map(DataRow::from).collect() }
    }

    /// Whether the other table has the same title, columns and cells.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let titles =
            |table: &Self| table.columns.iter().map(|column| column.title.clone()).collect::<Vec<_>>();
        self.title == other.title && titles(self) == titles(other) && self.rows == other.rows
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        let cells = cells.map(|cell| size_of::<DataCell>() + cell.bytes());
        size_of::<Self>() + self.columns.len() * size_of::<DataColumn>() + cells.sum::<usize>()
    }

    /// The table without its [details](DataColumn::is_detail), as pages and a terminal show it.
    #[must_use]
    pub fn without_details(&self) -> Cow<'_, Self> {
        if !self.columns.iter().any(|column| column.is_detail) {
            return Cow::Borrowed(self);
        }
        let kept: Vec<bool> = self.columns.iter().map(|column| !column.is_detail).collect();
        let rows = self.rows.iter().map(|row| DataRow { role: row.role, cells: only(&row.cells, &kept) });
        Cow::Owned(Self {
            title: self.title.clone(),
            columns: only(&self.columns, &kept),
            rows: rows.collect(),
        })
    }

    /// Some of its columns, by code, in that order.
    #[must_use]
    pub fn select(&self, codes: &[&str]) -> Self {
        let positions: Vec<usize> = codes
            .iter()
            .filter_map(|code| {
                self.columns.iter().position(|column| column.title.code.as_deref() == Some(code))
            })
            .collect();
        Self {
            title: self.title.clone(),
            columns: positions.iter().map(|&position| self.columns[position].clone()).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| DataRow {
                    role: row.role,
                    cells: positions.iter().map(|&position| row.cells[position].clone()).collect(),
                })
                .collect(),
        }
    }
}

impl DataTable {
    /// Its rows as Arrow columns, named by their codes and typed by their formats.
    ///
    /// # Errors
    /// A row does not have as many cells as the table has columns.
    pub fn to_batch(&self, voice: Voice) -> Result<RecordBatch, ArrowError> {
        let arrays = (0..self.columns.len()).map(|position| {
            let format = self.columns[position].format;
            to_array(format, self.rows.iter().map(|row| row.cells[position].value(voice)), voice)
        });
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let fields = self.columns.iter().zip(&arrays).map(|(column, array)| {
            Field::new(column.title.pick(Voice::Codes), array.data_type().clone(), true)
        });
        RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), arrays)
    }
}

/// Digits of an amount in CNY, two of them after the point.
pub(crate) const MONEY_DIGITS: (u8, i8) = (18, 2);

/// The type of amounts in CNY.
pub(crate) const MONEY: DataType = DataType::Decimal128(MONEY_DIGITS.0, MONEY_DIGITS.1);

/// Values as an array of the type that belongs to a format.
fn to_array<'v>(
    format: ColumnFormat,
    values: impl Iterator<Item = CellValue<'v>>,
    voice: Voice,
) -> Result<ArrayRef, ArrowError> {
    Ok(match format {
        ColumnFormat::Integer => Arc::new(Int64Array::from_iter(values.map(CellValue::integer))),
        ColumnFormat::Number(_) | ColumnFormat::Quantity | ColumnFormat::Share | ColumnFormat::Points => {
            Arc::new(Float64Array::from_iter(values.map(CellValue::number)))
        }
        ColumnFormat::Money => {
            let (precision, scale) = MONEY_DIGITS;
            let amounts = Decimal128Array::from_iter(values.map(CellValue::fen));
            Arc::new(amounts.with_precision_and_scale(precision, scale)?)
        }
        ColumnFormat::Date => Arc::new(Date32Array::from_iter(values.map(CellValue::day))),
        ColumnFormat::YesNo => Arc::new(BooleanArray::from_iter(values.map(CellValue::flag))),
        ColumnFormat::Id | ColumnFormat::Text | ColumnFormat::Word => {
            Arc::new(StringArray::from_iter(values.map(|value| match value {
                CellValue::Blank | CellValue::Missing => None,
                value => Some(value.shown(format, voice)),
            })))
        }
    })
}

/// The value of a cell, as renderers get it.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue<'a> {
    /// The cell has no value.
    Blank,
    /// Not known.
    Missing,
    /// Text in the language of the reader.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// An emphasised whole number.
    Marked(i64),
    /// A number.
    Number(f64),
    /// A number in a unit.
    Quantity(f64, &'a Text),
    /// A number in a format of its own.
    Formatted(f64, ColumnFormat),
    /// An amount in fen.
    Fen(i128),
    /// A day.
    Date(NaiveDate),
    /// Yes or no.
    YesNo(bool),
}

impl<'a> CellValue<'a> {
    /// The value as an owned cell, with the names of a code if its column has them.
    fn into_cell(self, column: &DataColumn) -> DataCell {
        match self {
            Self::Blank => DataCell::Blank,
            Self::Missing => DataCell::Missing,
            Self::Text(text) => {
                let names = column.names.and_then(|names| names(&text));
                DataCell::Text(names.unwrap_or_else(|| Text::same(text.into_owned())))
            }
            Self::Integer(integer) => DataCell::Integer(integer),
            Self::Marked(integer) => DataCell::Marked(integer),
            Self::Number(number) => DataCell::Number(number),
            Self::Quantity(number, unit) => DataCell::Quantity(number, unit.clone()),
            Self::Formatted(number, format) => DataCell::Formatted(number, format),
            Self::Fen(fen) => DataCell::Fen(fen),
            Self::Date(date) => DataCell::Date(date),
            Self::YesNo(is_so) => DataCell::YesNo(is_so),
        }
    }

    fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(integer) | Self::Marked(integer) => Some(integer),
            _ => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::Quantity(number, _) | Self::Formatted(number, _) => Some(number),
            Self::Integer(integer) | Self::Marked(integer) => Some(gridtier::index::float_i64(integer)),
            _ => None,
        }
    }

    fn fen(self) -> Option<i128> {
        if let Self::Fen(fen) = self { Some(fen) } else { None }
    }

    fn day(self) -> Option<i32> {
        if let Self::Date(date) = self { Some(day_of_date(date)) } else { None }
    }

    fn flag(self) -> Option<bool> {
        if let Self::YesNo(is_so) = self { Some(is_so) } else { None }
    }

    /// The value as it is written for people in a column of that format.
    #[must_use]
    pub fn shown(self, format: ColumnFormat, voice: Voice) -> Cow<'a, str> {
        match (self, format) {
            (Self::Formatted(number, format), _) => Self::Number(number).shown(format, voice),
            (Self::Blank, _) => "".into(),
            (Self::Missing, _) => format::DASH.into(),
            (Self::Text(text), _) => text,
            (Self::Integer(integer), ColumnFormat::Id) => integer.to_string().into(),
            (Self::Integer(integer), _) => format::grouped(integer).into(),
            (Self::Marked(integer), _) => format!("[{}]", format::grouped(integer)).into(),
            (Self::Number(number), ColumnFormat::Share) => format::percent(number).into(),
            (Self::Number(number), ColumnFormat::Number(decimals)) => {
                format::decimal(number, decimals).into()
            }
            (Self::Number(number), ColumnFormat::Points) => {
                format!("{} {}", format::bar(number / 100.0, BAR_CHARACTERS), format::decimal(number, 0))
                    .into()
            }
            (Self::Number(number), _) => format::quantity(number).into(),
            (Self::Quantity(number, unit), _) => {
                format::with_unit(number, &unit.pick(Voice::Codes), &unit.pick(voice)).into()
            }
            (Self::Fen(fen), _) => format::money(fen).into(),
            (Self::Date(date), _) => date.to_string().into(),
            (Self::YesNo(is_so), _) => format::yes_no(is_so, voice),
        }
    }
}

/// Number of characters in a bar of 100 points.
const BAR_CHARACTERS: usize = 16;
