//! Results as Arrow tables: file and column names are an interface to other programs (SERVICE §10).
//!
//! Each module turns the rows of some results into tables; rows come sorted by key. Nothing is computed here; files and
//! formats are left to the callers.

pub mod promises;
pub mod survey;
pub mod delivered;
pub mod contacts;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use gridtier::output::Output;

use crate::time::Second;

/// Number of rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

pub(crate) const TEXT: DataType = DataType::Utf8;
pub(crate) const INTEGER: DataType = DataType::Int64;
pub(crate) const NUMBER: DataType = DataType::Float64;
pub(crate) const FLAG: DataType = DataType::Boolean;
pub(crate) const DAY: DataType = DataType::Date32;
/// A local time: parquet has no seconds, and a time zone would be a claim that the log does not make.
pub(crate) const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// A column that always has a value.
pub(crate) fn full(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

/// A column that may be empty.
pub(crate) fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

pub(crate) fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub(crate) fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

pub(crate) fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

pub(crate) fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

pub(crate) fn days(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

pub(crate) fn times(values: impl Iterator<Item = Option<Second>>) -> ArrayRef {
    let times_us = values.map(|time| time.map(|time| time.seconds() * 1_000_000));
    Arc::new(times_us.collect::<TimestampMicrosecondArray>())
}

/// A table with `rows` rows; `columns` makes the columns of one batch from its range of rows.
pub(crate) fn table<'a>(
    name: &'static str,
    fields: Vec<Field>,
    rows: usize,
    columns: impl Fn(Range<usize>) -> Vec<ArrayRef> + Send + 'a,
) -> Output<'a> {
    let schema = Arc::new(Schema::new(fields));
    let shared = schema.clone();
    let starts = (0..rows).step_by(BATCH_ROWS);
    let batches = starts.map(move |start| {
        let columns = columns(start..(start + BATCH_ROWS).min(rows));
        RecordBatch::try_new(shared.clone(), columns).expect("columns match the fields")
    });
    Output { name, schema, batches: Box::new(batches) }
}
