//! Access to columns and cells of published tables by name and type.

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, PrimitiveArray, RecordBatch, StringArray};

use crate::word::Word;

/// The columns of a published batch; `None` if a column is missing or of another type.
pub(super) trait Cells {
    fn flags(&self, name: &str) -> Option<&BooleanArray>;
    fn texts(&self, name: &str) -> Option<&StringArray>;
    fn integers(&self, name: &str) -> Option<&PrimitiveArray<Int64Type>>;
    fn floats(&self, name: &str) -> Option<&PrimitiveArray<Float64Type>>;
    fn dates(&self, name: &str) -> Option<&PrimitiveArray<Date32Type>>;

    /// One cell of a column of text; `None` if the cell is empty or the column is missing.
    fn text(&self, name: &str, row: usize) -> Option<String> {
        text_at(self.texts(name)?, row).map(str::to_owned)
    }
}

impl Cells for RecordBatch {
    fn flags(&self, name: &str) -> Option<&BooleanArray> {
        self.column_by_name(name)?.as_boolean_opt()
    }

    fn texts(&self, name: &str) -> Option<&StringArray> {
        self.column_by_name(name)?.as_string_opt()
    }

    fn integers(&self, name: &str) -> Option<&PrimitiveArray<Int64Type>> {
        self.column_by_name(name)?.as_primitive_opt()
    }

    fn floats(&self, name: &str) -> Option<&PrimitiveArray<Float64Type>> {
        self.column_by_name(name)?.as_primitive_opt()
    }

    fn dates(&self, name: &str) -> Option<&PrimitiveArray<Date32Type>> {
        self.column_by_name(name)?.as_primitive_opt()
    }
}

/// The text of a cell; `None` if the cell is empty.
pub(super) fn text_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The value of a cell; `None` if the cell is empty.
pub(super) fn value_at<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

/// The word of a cell, or `Some(None)` if the cell is empty; `None` if the text is not a word of `W`.
pub(super) fn word_at<W: Word>(column: &StringArray, row: usize) -> Option<Option<W>> {
    text_at(column, row).map_or(Some(None), |code| W::from_code(code).map(Some))
}
