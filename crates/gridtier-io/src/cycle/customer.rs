//! One customer of a published cycle: its values, its row of the tier table and the parameters it was scored by.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use gridtier::explain::{Boundary, Row};
use gridtier::indicator::Value;
use gridtier::method::Method;
use gridtier::output::parameters;
use gridtier::score::Parameters;
use gridtier::unit::date_of_day;

use super::error::{CycleError, other_columns};
use super::manifest::method;
use super::table::{rows_with_key, whole_table};
use crate::store::StoredCycle;

/// A customer of a cycle, with all that an explanation needs.
#[derive(Debug)]
pub struct CustomerRecord {
    /// The cycle's method.
    pub method: Method,
    /// What was fitted to its ranked customers.
    pub parameters: Parameters,
    /// The customer's values, in the order of the method's indicators.
    pub values: Vec<Value>,
    /// Its row of the tier table.
    pub row: Row,
    /// The boundaries of its stratum.
    pub boundaries: Vec<Boundary>,
}

/// Reads one customer of a cycle.
///
/// # Errors
/// A file cannot be read, or the customer is not in it.
pub fn customer(cycle: &StoredCycle, id: &str) -> Result<CustomerRecord, CycleError> {
    let method = method(cycle)?;
    let missing = || CycleError::NoSuchCustomer { id: id.into() };
    let tiers = rows_with_key(&cycle.dir.join("tiers.parquet"), "customer_id", id)?.ok_or_else(missing)?;
    let indicators =
        rows_with_key(&cycle.dir.join("indicators.parquet"), "customer_id", id)?.ok_or_else(missing)?;
    let row = tier_row(&tiers).ok_or_else(|| other_columns(cycle, "tiers.parquet"))?;
    let lines = rows_with_key(&cycle.dir.join("ledger.parquet"), "stratum", &row.stratum)?;
    let boundaries = lines.map_or(Some(Vec::new()), |lines| boundaries(&lines));
    let path = cycle.dir.join("parameters.parquet");
    let parameters = whole_table(&path)?.and_then(|table| parameters::read(&table, &method));
    let values =
        method.indicators.iter().map(|spec| value(&indicators, &spec.id)).collect::<Option<Vec<_>>>();
    Ok(CustomerRecord {
        parameters: parameters.ok_or_else(|| other_columns(cycle, "parameters.parquet"))?,
        values: values.ok_or_else(|| other_columns(cycle, "indicators.parquet"))?,
        boundaries: boundaries.ok_or_else(|| other_columns(cycle, "ledger.parquet"))?,
        method,
        row,
    })
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a arrow_array::StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

fn word(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = text(batch, name)?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn integer(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn number(batch: &RecordBatch, name: &str, row: usize) -> Option<f64> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn tier_row(batch: &RecordBatch) -> Option<Row> {
    let firm_from = batch.column_by_name("firm_from")?.as_primitive_opt::<Date32Type>()?;
    Some(Row {
        customer_id: word(batch, "customer_id", 0)?,
        stratum: word(batch, "stratum", 0)?,
        rank: integer(batch, "rank", 0),
        score_e6: integer(batch, "score_e6", 0),
        known_weight: number(batch, "known_weight", 0)?,
        provisional: batch.column_by_name("provisional")?.as_boolean_opt()?.value(0),
        firm_from: firm_from
            .is_valid(0)
            .then(|| date_of_day(firm_from.value(0)))
            .flatten()
            .map(|day| day.to_string()),
        tier_computed: word(batch, "tier_computed", 0),
        tier: word(batch, "tier", 0)?,
        reason: word(batch, "reason", 0),
        ceiling: word(batch, "ceiling", 0),
    })
}

fn boundaries(lines: &RecordBatch) -> Option<Vec<Boundary>> {
    let line = |row: usize| {
        Some(Boundary {
            better: word(lines, "boundary", row)?.split_once('/')?.0.to_owned(),
            customers: integer(lines, "customers", row)?,
            count: integer(lines, "count", row)?,
            score_above_e6: integer(lines, "score_above_e6", row),
        })
    };
    (0..lines.num_rows()).map(line).collect()
}

fn value(indicators: &RecordBatch, id: &str) -> Option<Value> {
    match word(indicators, &format!("{id}_status"), 0)?.as_str() {
        "known" => number(indicators, id, 0).map(Value::Known),
        "na" => Some(Value::NotApplicable),
        "unknown" => Some(Value::Unknown),
        _ => None,
    }
}
