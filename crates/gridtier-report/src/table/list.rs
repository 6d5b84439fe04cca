//! Tables too long for memory, as Arrow batches, and the values of their cells.

use std::borrow::Cow;
use std::error::Error;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use gridtier::text::{Text, Voice};
use gridtier::unit::date_of_day;

use super::{CellValue, DataCell, DataColumn, DataTable};

/// Why a row of a list could not be read.
pub type ListError = Box<dyn Error + Send + Sync>;

/// A table too long for memory: Arrow batches whose columns are those of `columns`, in the same order.
pub struct DataList<'a> {
    /// Its title; its code names the sheet or the file.
    pub title: Text,
    /// Its columns.
    pub columns: Vec<DataColumn>,
    /// The types of its batches, which are needed for a list without batches.
    pub schema: SchemaRef,
    /// Facts about the list for pages and workbooks: the cycle, dates, filters.
    pub about: Vec<(Text, Text)>,
    /// Its rows.
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, ListError>> + 'a>,
}

impl DataList<'_> {
    /// The same list with facts about it.
    #[must_use]
    pub fn about(self, about: Vec<(Text, Text)>) -> Self {
        Self { about, ..self }
    }

    /// Its first rows as a table, in the words of its batches.
    ///
    /// # Errors
    /// A batch cannot be read.
    pub fn first(self, most: usize) -> Result<DataTable, ListError> {
        let mut rows: Vec<Vec<DataCell>> = Vec::new();
        for batch in self.batches {
            if rows.len() >= most {
                break;
            }
            let batch = batch?;
            let arrays = plain_columns(&batch)?;
            for row in 0..batch.num_rows().min(most - rows.len()) {
                let values = arrow_row(&arrays, row, &self.columns, Voice::Codes)?;
                let cells =
                    values.into_iter().zip(&self.columns).map(|(value, column)| value.into_cell(column));
                rows.push(cells.collect());
            }
        }
        Ok(DataTable::new(self.title, self.columns, rows))
    }
}

/// The columns of a batch, with dictionaries as the values that they stand for.
///
/// # Errors
/// A dictionary cannot be unpacked.
pub fn plain_columns(batch: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
    batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Dictionary(_, values) => cast(column, values),
            _ => Ok(column.clone()),
        })
        .collect()
}

/// The values of one row of [plain columns](plain_columns).
///
/// # Errors
/// A value is of a type that has no text, as for [`arrow_value`].
pub fn arrow_row<'a>(
    arrays: &'a [ArrayRef],
    row: usize,
    columns: &[DataColumn],
    voice: Voice,
) -> Result<Vec<CellValue<'a>>, ArrowError> {
    arrays.iter().zip(columns).map(|(array, column)| arrow_value(array, row, column, voice)).collect()
}

/// One value of a [plain column](plain_columns).
///
/// # Errors
/// The value is of a type that has no text.
pub fn arrow_value<'a>(
    array: &'a ArrayRef,
    row: usize,
    column: &DataColumn,
    voice: Voice,
) -> Result<CellValue<'a>, ArrowError> {
    if array.is_null(row) {
        return Ok(if column.format.is_right_aligned() { CellValue::Missing } else { CellValue::Blank });
    }
    Ok(match array.data_type() {
        DataType::Utf8 => {
            let text = array.as_string::<i32>().value(row);
            let names = column.names.filter(|_| voice != Voice::Codes).and_then(|names| names(text));
            CellValue::Text(names.map_or(Cow::Borrowed(text), |names| names.pick(voice).into_owned().into()))
        }
        DataType::Int64 => CellValue::Integer(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => {
            let count = array.as_primitive::<UInt64Type>().value(row);
            CellValue::Integer(
                i64::try_from(count).map_err(|error| ArrowError::CastError(error.to_string()))?,
            )
        }
        DataType::Float64 => CellValue::Number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => CellValue::YesNo(array.as_boolean().value(row)),
        DataType::Decimal128(_, 2) => CellValue::Fen(array.as_primitive::<Decimal128Type>().value(row)),
        DataType::Date32 => date_of_day(array.as_primitive::<Date32Type>().value(row))
            .map_or(CellValue::Missing, CellValue::Date),
        _ => CellValue::Text(array_value_to_string(array, row)?.into()),
    })
}
