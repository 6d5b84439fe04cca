//! Conversion of a file's columns to checked integers, from any physical type.
//!
//! One utility exports decimals, another text with full-width digits; all encodings of the same values must give the same
//! facts. A cell is a value and a [`CellState`]. A column whose type cannot hold the contract's values at all (a list
//! instead of a number) is a [`TypeFault`], which refuses the file. Each cell is checked without regard to the rest of
//! its row.

mod bytes;
mod shown;
mod text;
mod date;
mod number;
mod spelling;
mod forms;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::rule::Rule;
use crate::index::index;
use crate::text::Text;
use crate::word::Word;

pub use bytes::{NotText, TextOfBytes, shown_bytes};
pub use date::{Dates, dates, fill_times_us, months, times_us};
pub use forms::{WrittenForms, written_forms};
pub use number::{Scaling, Sign, counts, fill_scaled, flags, floats, power_factors, scaled};
pub use shown::ShownCells;
pub use spelling::{as_declared, lacks_values};
pub use text::{
    Ids, Texts, any_texts, are_integers, fold_id, id_state, id_texts, ids, odd_words, texts, words,
};

/// Whether a cell has a valid value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// The value is valid.
    Ok,
    /// The cell is empty.
    Null,
    /// The cell breaks a rule; its value is meaningless.
    Fault(Rule),
}

impl CellState {
    /// The rule that the cell of a nullable column breaks.
    #[must_use]
    pub fn fault(self) -> Option<Rule> {
        match self {
            Self::Fault(rule) => Some(rule),
            Self::Ok | Self::Null => None,
        }
    }

    /// The rule that the cell of a required column breaks, if it is empty or has a fault.
    #[must_use]
    pub fn fault_or_null(self) -> Option<Rule> {
        match self {
            Self::Fault(rule) => Some(rule),
            Self::Null => Some(Rule::NullValue),
            Self::Ok => None,
        }
    }
}

/// A column as checked values, with the state of each.
#[derive(Clone, Debug, Default)]
pub struct CheckedColumn<T> {
    /// One value for each row; meaningless unless the state is [`CellState::Ok`].
    pub values: Vec<T>,
    /// One state for each row.
    pub states: Vec<CellState>,
}

/// A column as integers, as most columns of the contract are read.
pub type Integers = CheckedColumn<i64>;

impl<T: Copy> CheckedColumn<T> {
    /// The value of a row; `None` if the cell is empty or breaks a rule.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<T> {
        (self.states[row] == CellState::Ok).then(|| self.values[row])
    }

    /// The value of a row in a required column.
    ///
    /// # Errors
    /// The cell is empty or breaks a rule.
    pub fn required(&self, row: usize) -> Result<T, Rule> {
        self.states[row].fault_or_null().map_or(Ok(self.values[row]), Err)
    }

    /// The value of a row in a nullable column.
    ///
    /// # Errors
    /// The cell breaks a rule.
    pub fn nullable(&self, row: usize) -> Result<Option<T>, Rule> {
        self.states[row].fault().map_or_else(|| Ok(self.get(row)), Err)
    }

    /// Converts the values and keeps the states.
    #[must_use]
    pub fn map<U>(self, convert: impl Fn(T) -> U) -> CheckedColumn<U> {
        CheckedColumn { values: self.values.into_iter().map(convert).collect(), states: self.states }
    }
}

impl<T: Copy + Default> CheckedColumn<T> {
    /// A column of empty cells, which stands in for an absent nullable column.
    #[must_use]
    pub fn empty(rows: usize) -> Self {
        Self { values: vec![T::default(); rows], states: vec![CellState::Null; rows] }
    }
}

impl Integers {
    fn with_capacity(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), states: Vec::with_capacity(rows) }
    }

    fn push(&mut self, (value, state): CheckedCell) {
        self.values.push(value);
        self.states.push(state);
    }

    /// A column of these cells, whose number the iterator should know: then there is no test for room at each.
    #[inline]
    fn of(cells: impl Iterator<Item = CheckedCell>) -> Self {
        let (values, states) = cells.unzip();
        Self { values, states }
    }
}

/// The value of enum `W` at a position that [`words`] has found.
///
/// # Panics
/// The position is not that of a value of `W`.
#[must_use]
pub fn word_at<W: Word>(position: i64) -> W {
    W::ALL[usize::try_from(position).expect("positions are not negative")]
}

/// A column as integers, with a list of the rows that have no valid value. It is meant for billions of readings, few of
/// which are invalid, so it needs no state for each row. Its buffers are reused from batch to batch.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// One value for each row; meaningless for the rows in `odd`.
    pub values: Vec<i64>,
    /// The rows that are not [`CellState::Ok`], ascending.
    pub odd: Vec<(u32, CellState)>,
}

impl Values {
    /// Removes all rows and keeps the buffers.
    pub fn clear(&mut self) {
        self.values.clear();
        self.odd.clear();
    }

    fn take(&mut self, cells: Integers) {
        self.clear();
        self.odd.extend((0..).zip(cells.states).filter(|(_, state)| *state != CellState::Ok));
        self.values.extend(cells.values);
    }

    /// Appends to `odd` the empty cells and those for which `check` returns a fault.
    fn note_odd<T: Copy>(
        &mut self,
        values: &[T],
        nulls: Option<&NullBuffer>,
        check: impl Fn(T) -> CellState,
    ) {
        for (row, &value) in (0..).zip(values) {
            let state = if nulls.is_some_and(|nulls| nulls.is_null(index(row))) {
                CellState::Null
            } else {
                check(value)
            };
            if state != CellState::Ok {
                self.odd.push((row, state));
            }
        }
    }
}

/// A value and its state.
type CheckedCell = (i64, CellState);

const NULL: CheckedCell = (0, CellState::Null);

const fn fault(rule: Rule) -> CheckedCell {
    (0, CellState::Fault(rule))
}

/// The column's type cannot hold the values of the contract. The text says why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TypeFault {
    /// Why.
    pub what: Text,
    /// What to do.
    pub advice: Text,
}

impl TypeFault {
    /// A fault that is mended by another type in the export.
    #[must_use]
    pub fn of_export(what: Text) -> Self {
        let advice =
            Text::new("export the column in the type that the contract gives", "请按合同规定的类型导出该列");
        Self { what, advice }
    }
}

impl From<NotText> for TypeFault {
    fn from(NotText { shown, .. }: NotText) -> Self {
        Self {
            what: crate::text!(
                "it holds bytes that are not UTF-8 text: {shown}",
                "含有不是 UTF-8 文本的字节：{shown}"
            ),
            advice: Text::new("write the column as text in UTF-8", "请将该列写为 UTF-8 文本"),
        }
    }
}

/// A family of physical types. The files of one table may differ in type only within a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Any text encoding.
    Text,
    /// Signed and unsigned integers.
    Integer,
    /// Half, single and double precision.
    Float,
    /// Decimals of any width.
    Decimal,
    /// Calendar days.
    Date,
    /// Times without a zone.
    LocalTime,
    /// Times with a zone.
    ZonedTime,
    /// true or false.
    Flag,
    /// A column without any value.
    Empty,
    /// Lists, structs, maps and everything else.
    Nested,
}

impl Family {
    /// The family of a type.
    #[must_use]
    pub fn of(data_type: &DataType) -> Self {
        use DataType as T;
        match data_type {
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => Self::Text,
            T::Dictionary(_, values) => Self::of(values),
            T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => {
                Self::Integer
            }
            T::Float16 | T::Float32 | T::Float64 => Self::Float,
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => Self::Decimal,
            T::Date32 | T::Date64 => Self::Date,
            T::Timestamp(_, None) => Self::LocalTime,
            T::Timestamp(_, Some(_)) => Self::ZonedTime,
            T::Boolean => Self::Flag,
            T::Null => Self::Empty,
            _ => Self::Nested,
        }
    }

    /// The family's name in messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "an integer",
            Self::Float => "a floating-point number",
            Self::Decimal => "a decimal",
            Self::Date => "a date",
            Self::LocalTime => "a time without zone",
            Self::ZonedTime => "a time with zone",
            Self::Flag => "true or false",
            Self::Empty => "empty",
            Self::Nested => "a nested value",
        }
    }

    /// The family's name in Chinese.
    #[must_use]
    pub fn word_zh(self) -> &'static str {
        match self {
            Self::Text => "文本",
            Self::Integer => "整数",
            Self::Float => "浮点数",
            Self::Decimal => "定点小数",
            Self::Date => "日期",
            Self::LocalTime => "不带时区的时间",
            Self::ZonedTime => "带时区的时间",
            Self::Flag => "真假值",
            Self::Empty => "空列",
            Self::Nested => "嵌套值",
        }
    }
}

/// Converts a column. In a dictionary, each distinct value is converted once.
///
/// # Errors
/// Any error of `convert`.
fn by_value(
    array: &ArrayRef,
    convert: impl Fn(&ArrayRef) -> Result<Integers, TypeFault>,
) -> Result<Integers, TypeFault> {
    let Some(dictionary) = array.as_any_dictionary_opt() else { return convert(array) };
    if dictionary.values().is_empty() {
        return Ok(Integers::empty(array.len()));
    }
    let values = convert(dictionary.values())?;
    let mut cells = Integers::with_capacity(array.len());
    for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
        if dictionary.is_null(row) {
            cells.push(NULL);
        } else {
            cells.push((values.values[key], values.states[key]));
        }
    }
    Ok(cells)
}

fn unfit(kind: (&str, &str), array: &ArrayRef) -> TypeFault {
    let family = Family::of(array.data_type());
    let (en, zh, held, held_zh) = (kind.0, kind.1, family.word(), family.word_zh());
    TypeFault::of_export(crate::text!(
        "it must be {en}, but the file holds {held}",
        "该列应为{zh}，但文件中是{held_zh}"
    ))
}
