//! A table of the engine as text for a terminal.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::entitlement::view::Sheet;

use crate::exit::Failure;
use crate::grid::{Head, grid, grouped};

/// The columns of a table, by code, as people read them.
pub fn told(sheet: &Sheet, columns: &[&str]) -> Result<String, Failure> {
    let schema = sheet.batch.schema();
    let places: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let heads: Vec<Head> = places
        .iter()
        .map(|&place| match sheet.batch.column(place).data_type().is_numeric() {
            true => Head::Number(&sheet.heads[place]),
            false => Head::Text(&sheet.heads[place]),
        })
        .collect();
    let cells = places.iter().map(|&place| cells(sheet.batch.column(place), schema.field(place).name()));
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    let row = |row: usize| cells.iter().map(|column| column[row].clone()).collect();
    Ok(grid(&heads, (0..sheet.batch.num_rows()).map(row)))
}

fn cells(column: &ArrayRef, name: &str) -> Result<Vec<String>, Failure> {
    let is_share = name.ends_with("_share") || name.ends_with("_rate");
    let texts = cast(column, &DataType::Utf8).map_err(|error| Failure::bug(&error.to_string()))?;
    let texts = texts.as_string::<i32>();
    let cell = |row: usize| match column.data_type() {
        _ if column.is_null(row) => String::new(),
        DataType::Int64 => grouped(column.as_primitive::<Int64Type>().value(row)),
        DataType::Decimal128(..) => amount(texts.value(row)),
        DataType::Float64 => {
            let number = texts.value(row).parse::<f64>().unwrap_or(f64::NAN);
            if is_share { format!("{:.1} %", 100.0 * number) } else { grouped(number.round() as i64) }
        }
        _ => texts.value(row).to_owned(),
    };
    Ok((0..column.len()).map(cell).collect())
}

/// `1234567.50` as `1,234,567.50`.
fn amount(text: &str) -> String {
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    match whole.parse::<i128>() {
        Ok(number) => format!("{}.{cents}", grouped(number)),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_cents() {
        assert_eq!(["0.05", "1234567.50", "12"].map(amount), ["0.05", "1,234,567.50", "12.00"]);
    }
}
