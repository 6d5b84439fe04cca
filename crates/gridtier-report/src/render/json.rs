//! JSON: rows as objects by column code, in the order of columns; numbers as numbers, days and ids as text, what is
//! missing as null.

use std::io::Write;

use serde_json::{Value, json};

use super::RenderError;
use crate::table::{CellValue, DataColumn, DataList, DataTable, arrow_row, plain_columns};
use gridtier::text::{Text, Voice};

/// Writes tables: a list of rows for one of them, an object of such lists by code for several.
///
/// # Errors
/// The writer fails.
pub fn write(out: &mut impl Write, tables: &[&DataTable], voice: Voice) -> Result<(), RenderError> {
    if let [table] = tables {
        rows_of(out, table, voice)?;
        return Ok(out.write_all(b"\n")?);
    }
    out.write_all(b"{")?;
    for (position, table) in tables.iter().enumerate() {
        let comma = if position == 0 { "\n" } else { ",\n" };
        write!(out, "{comma}{}: ", key(&table.title))?;
        rows_of(out, table, voice)?;
    }
    Ok(out.write_all(b"\n}\n")?)
}

/// Writes a list and counts its rows.
///
/// # Errors
/// The writer fails, or a batch cannot be read.
pub fn write_list(out: &mut impl Write, list: DataList, voice: Voice) -> Result<u64, RenderError> {
    let mut rows = 0;
    out.write_all(b"[")?;
    for batch in list.batches {
        let batch = batch.map_err(RenderError::List)?;
        let arrays = plain_columns(&batch)?;
        for row in 0..batch.num_rows() {
            let values = arrow_row(&arrays, row, &list.columns, voice)?;
            object(out, rows == 0, &list.columns, &values)?;
            rows += 1;
        }
    }
    out.write_all(b"\n]\n")?;
    Ok(rows)
}

fn rows_of(out: &mut impl Write, table: &DataTable, voice: Voice) -> Result<(), RenderError> {
    out.write_all(b"[")?;
    for (position, row) in table.rows.iter().enumerate() {
        let values: Vec<CellValue> = row.cells.iter().map(|cell| cell.value(voice)).collect();
        object(out, position == 0, &table.columns, &values)?;
    }
    Ok(out.write_all(b"\n]")?)
}

fn object(
    out: &mut impl Write,
    is_first: bool,
    columns: &[DataColumn],
    values: &[CellValue],
) -> Result<(), RenderError> {
    out.write_all(if is_first { b"\n{" } else { b",\n{" })?;
    for (position, (column, value)) in columns.iter().zip(values).enumerate() {
        let comma = if position == 0 { "" } else { ", " };
        write!(out, "{comma}{}: {}", key(&column.title), plain(value))?;
    }
    Ok(out.write_all(b"}")?)
}

fn key(title: &Text) -> Value {
    json!(title.pick(Voice::Codes))
}

fn plain(value: &CellValue) -> Value {
    match value {
        CellValue::Blank | CellValue::Missing => Value::Null,
        CellValue::Text(text) => json!(text),
        CellValue::Integer(integer) | CellValue::Marked(integer) => json!(integer),
        CellValue::Number(number) | CellValue::Quantity(number, _) | CellValue::Formatted(number, _) => {
            json!(number)
        }
        CellValue::Fen(fen) => json!(*fen as f64 / 100.0),
        CellValue::Date(date) => json!(date.to_string()),
        CellValue::YesNo(is_so) => json!(is_so),
    }
}
