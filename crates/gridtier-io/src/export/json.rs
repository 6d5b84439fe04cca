//! JSON: rows as objects by column code, in the order of columns; numbers as numbers, days and ids as text, what is missing as null.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::unit::date_of_day;
use serde_json::{Value, json};

use super::{Failure, Table};

pub(super) fn write(file: &mut impl Write, tables: Vec<Table>) -> Result<u64, Failure> {
    let several = tables.len() > 1;
    let mut rows = 0;
    if several {
        file.write_all(b"{")?;
    }
    for (place, table) in tables.into_iter().enumerate() {
        if several {
            let comma = if place == 0 { "\n" } else { ",\n" };
            write!(file, "{comma}{}: ", json!(table.name))?;
        }
        rows += list(file, table)?;
    }
    file.write_all(if several { b"\n}\n" } else { b"\n" })?;
    Ok(rows)
}

fn list(file: &mut impl Write, table: Table) -> Result<u64, Failure> {
    let mut rows = 0;
    file.write_all(b"[")?;
    for batch in table.batches {
        let batch = batch?;
        let schema = batch.schema();
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            file.write_all(if rows == 0 { b"\n{" } else { b",\n{" })?;
            for (place, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                write!(file, "{comma}{}: {}", json!(field.name()), value(column, row))?;
            }
            file.write_all(b"}")?;
            rows += 1;
        }
    }
    file.write_all(b"\n]")?;
    Ok(rows)
}

/// Dictionaries as the text that they stand for.
fn plain(column: &ArrayRef) -> Result<ArrayRef, Failure> {
    match column.data_type() {
        DataType::Dictionary(_, values) => Ok(cast(column, values)?),
        _ => Ok(column.clone()),
    }
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Decimal128(_, scale) => {
            let unscaled = column.as_primitive::<Decimal128Type>().value(row);
            json!(unscaled as f64 / 10f64.powi(i32::from(*scale)))
        }
        DataType::Date32 => {
            let day = column.as_primitive::<Date32Type>().value(row);
            date_of_day(day).map_or(Value::Null, |date| json!(date.to_string()))
        }
        _ => Value::Null,
    }
}
