//! From a published cycle back to what the engine needs: one customer's numbers, frozen parameters, final tiers.
//!
//! Everything is read from the cycle's own files, the method from its manifest, so that an explanation given years
//! later is about what was published. Nothing is computed here.

mod cohort;

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use gridtier::entitlement::Catalogue;
use gridtier::explain::{Boundary, Row};
use gridtier::indicator::Value;
use gridtier::method::{Method, Tier};
use gridtier::output::parameters;
use gridtier::score::Parameters;
use gridtier::tier::Previous;
use gridtier::unit::{Month, date_of_day};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::store::{StoreError, StoredCycle};

pub use cohort::cohort;
pub(crate) use cohort::{customers, each};

/// Why a cycle cannot be recalled.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// The store or the cycle cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the cycle is not what it was published as.
    #[error(
        "{path} cannot be read: {what}. Run `gridtier verify` on the store, and restore the cycle from a copy"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The customer was not graded.
    #[error(
        "customer {id} is not in the cycle's graded population. Check the id; it is compared as text, leading zeros and all"
    )]
    NoSuchCustomer {
        /// The id asked for.
        id: String,
    },
}

/// A customer of a cycle, with all that an explanation needs.
#[derive(Debug)]
pub struct Recalled {
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

/// Recalls a customer of a cycle.
///
/// # Errors
/// A file cannot be read, or the customer is not in it.
pub fn customer(cycle: &StoredCycle, id: &str) -> Result<Recalled, RecallError> {
    let method = method(cycle)?;
    let missing = || RecallError::NoSuchCustomer { id: id.into() };
    let tiers = rows_of(&cycle.dir.join("tiers.parquet"), "customer_id", id)?.ok_or_else(missing)?;
    let indicators =
        rows_of(&cycle.dir.join("indicators.parquet"), "customer_id", id)?.ok_or_else(missing)?;
    let row = tier_row(&tiers).ok_or_else(|| unlike(cycle, "tiers.parquet"))?;
    let lines = rows_of(&cycle.dir.join("ledger.parquet"), "stratum", &row.stratum)?;
    let boundaries = lines.map_or(Some(Vec::new()), |lines| boundaries(&lines));
    let path = cycle.dir.join("parameters.parquet");
    let parameters = read(&path)?.and_then(|table| parameters::read(&table, &method));
    let values =
        method.indicators.iter().map(|spec| value(&indicators, &spec.id)).collect::<Option<Vec<_>>>();
    Ok(Recalled {
        parameters: parameters.ok_or_else(|| unlike(cycle, "parameters.parquet"))?,
        values: values.ok_or_else(|| unlike(cycle, "indicators.parquet"))?,
        boundaries: boundaries.ok_or_else(|| unlike(cycle, "ledger.parquet"))?,
        method,
        row,
    })
}

/// The method of a cycle, from its manifest.
///
/// # Errors
/// The manifest cannot be read, or its method is not one that this program understands.
pub fn method(cycle: &StoredCycle) -> Result<Method, RecallError> {
    let manifest = cycle.manifest()?;
    let text = manifest["method"]["text"].as_str().unwrap_or_default();
    Method::parse("_manifest.json: method", text).map_err(|faults| RecallError::File {
        path: cycle.dir.join("_manifest.json"),
        what: faults.to_string(),
    })
}

/// The catalogue of entitlements that a cycle records.
///
/// # Errors
/// The manifest cannot be read, has no catalogue, or one that this program does not understand.
pub fn catalogue(cycle: &StoredCycle) -> Result<Catalogue, RecallError> {
    let manifest = cycle.manifest()?;
    let path = cycle.dir.join("_manifest.json");
    let Some(text) = manifest["entitlements"]["text"].as_str() else {
        let what = "it names no catalogue of entitlements: the cycle is of an earlier version of gridtier; grade again";
        return Err(unreadable(&path, what));
    };
    let own = method(cycle)?;
    let own: Vec<&str> = own.indicators.iter().map(|spec| spec.id.as_str()).collect();
    Catalogue::parse("_manifest.json: entitlements", text, &own).map_err(|faults| unreadable(&path, faults))
}

/// The first month after a cycle's window.
///
/// # Errors
/// The manifest cannot be read.
pub fn end(cycle: &StoredCycle) -> Result<Month, RecallError> {
    let manifest = cycle.manifest()?;
    let end = manifest["window"]["end"].as_str().unwrap_or_default().to_owned();
    Month::try_from(end).map_err(|what| RecallError::File { path: cycle.dir.join("_manifest.json"), what })
}

/// The final tiers of a cycle by customer.
///
/// # Errors
/// The tier table cannot be read.
pub fn final_tiers(cycle: &StoredCycle) -> Result<Previous, RecallError> {
    let path = cycle.dir.join("tiers.parquet");
    let mut tiers = Previous::new();
    for batch in batches(&path)? {
        let batch = batch.map_err(|error| unreadable(&path, error))?;
        let ids = text(&batch, "customer_id").ok_or_else(|| unlike(cycle, "tiers.parquet"))?;
        let names = text(&batch, "tier").ok_or_else(|| unlike(cycle, "tiers.parquet"))?;
        for (id, name) in ids.iter().zip(names) {
            if let (Some(id), Some(tier)) = (id, name.and_then(Tier::named)) {
                tiers.insert(id.to_owned(), tier);
            }
        }
    }
    Ok(tiers)
}

pub(crate) fn unreadable(path: &Path, error: impl std::fmt::Display) -> RecallError {
    RecallError::File { path: path.into(), what: error.to_string() }
}

fn unlike(cycle: &StoredCycle, name: &str) -> RecallError {
    unreadable(
        &cycle.dir.join(name),
        "its columns are not those of this version of gridtier; if an earlier one published it, grade again",
    )
}

pub(crate) type Batches = parquet::arrow::arrow_reader::ParquetRecordBatchReader;

fn batches(path: &Path) -> Result<Batches, RecallError> {
    /// Rows of a batch.
    const ROWS: usize = 1 << 14;
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, error))?;
    builder.with_batch_size(ROWS).build().map_err(|error| unreadable(path, error))
}

/// A whole small table; `None` when it has no rows.
fn read(path: &Path) -> Result<Option<RecordBatch>, RecallError> {
    joined(path, batches(path)?.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(path, error))?)
}

/// The rows of a table whose `column` is `wanted`; `None` when there are none.
fn rows_of(path: &Path, column: &str, wanted: &str) -> Result<Option<RecordBatch>, RecallError> {
    let mut found = Vec::new();
    for batch in batches(path)? {
        let batch = batch.map_err(|error| unreadable(path, error))?;
        let keys =
            text(&batch, column).ok_or_else(|| unreadable(path, format!("it has no column {column}")))?;
        let mask: BooleanArray = keys.iter().map(|key| Some(key == Some(wanted))).collect();
        if mask.true_count() > 0 {
            found.push(filter_record_batch(&batch, &mask).map_err(|error| unreadable(path, error))?);
        }
    }
    joined(path, found)
}

fn joined(path: &Path, batches: Vec<RecordBatch>) -> Result<Option<RecordBatch>, RecallError> {
    let Some(first) = batches.first() else { return Ok(None) };
    concat_batches(&first.schema(), &batches).map(Some).map_err(|error| unreadable(path, error))
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
