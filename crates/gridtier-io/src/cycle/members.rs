//! The customers of a cycle with the columns that conditions test, batch by batch, ordered by id.
//!
//! Three files of the cycle are merged by id, reading only the columns needed, so that memory holds a few batches
//! however many customers there are. Nothing is computed here.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_select::interleave::interleave_record_batch;
use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::index::float_i64;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::error::{CycleError, unreadable};
use crate::store::StoredCycle;

/// Number of customers in a batch.
const BATCH_ROWS: usize = 1 << 13;

/// The customers of a cycle, in the order of their ids.
pub struct MemberBatches {
    tiers: ParquetRecordBatchReader,
    path: PathBuf,
    customers: Follower,
    indicators: Option<Follower>,
}

impl MemberBatches {
    /// Opens a cycle with the columns that a catalogue's conditions test and the `additional` ones.
    ///
    /// # Errors
    /// A file of the cycle cannot be read, or lacks a column.
    pub fn open(
        cycle: &StoredCycle,
        catalogue: &Catalogue,
        additional: &[&'static str],
    ) -> Result<Self, CycleError> {
        let named = catalogue.columns().into_iter().map(|place| catalogue.fields[place].name.as_str());
        let mut columns: Vec<&str> = named.chain(additional.iter().copied()).collect();
        columns.sort_unstable();
        columns.dedup();
        let (of_customers, others): (Vec<&str>, Vec<&str>) =
            columns.into_iter().partition(|name| Table::Customers.column(name).is_some());
        let measured: Vec<&str> =
            others.into_iter().filter(|name| !matches!(*name, "provisional" | "score")).collect();
        let path = cycle.dir.join("tiers.parquet");
        let tiers = open(&path, &["customer_id", "tier", "provisional", "score_e6"])?;
        let indicators = match measured.is_empty() {
            true => None,
            false => Some(Follower::open(cycle.dir.join("indicators.parquet"), &measured)?),
        };
        let customers = Follower::open(cycle.dir.join("customers.parquet"), &of_customers)?;
        Ok(Self { tiers, path, customers, indicators })
    }

    /// The rows of a batch of the tier table, with the columns of the other files.
    fn join(&mut self, tiers: &RecordBatch) -> Result<RecordBatch, CycleError> {
        let other_columns =
            || unreadable(&self.path, "its columns are not those of this version of gridtier");
        let column = |name: &str| tiers.column_by_name(name).cloned().ok_or_else(other_columns);
        let ids = column("customer_id")?;
        let ids = ids.as_string_opt::<i32>().ok_or_else(other_columns)?;
        let score = column("score_e6")?;
        let score = score.as_primitive_opt::<Int64Type>().ok_or_else(other_columns)?;
        let score: Float64Array =
            score.iter().map(|score| score.map(|score| float_i64(score) / 1e6)).collect();
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("customer_id".into(), column("customer_id")?),
            ("tier".into(), column("tier")?),
            ("provisional".into(), column("provisional")?),
            ("score".into(), Arc::new(score)),
        ];
        for follower in std::iter::once(&mut self.customers).chain(&mut self.indicators) {
            let batch = follower.rows_with_ids(ids)?;
            let schema = batch.schema();
            let others = schema
                .fields()
                .iter()
                .zip(batch.columns())
                .filter(|(field, _)| field.name() != "customer_id");
            columns.extend(others.map(|(field, column)| (field.name().clone(), column.clone())));
        }
        RecordBatch::try_from_iter(columns).map_err(|error| unreadable(&self.path, error))
    }
}

impl Iterator for MemberBatches {
    type Item = Result<RecordBatch, CycleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.tiers.next()?;
        Some(batch.map_err(|error| unreadable(&self.path, error)).and_then(|batch| self.join(&batch)))
    }
}

/// A file sorted by customer id, read alongside the tier table: it has a row for every id of that table.
struct Follower {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
    current: Option<RecordBatch>,
    row: usize,
}

impl Follower {
    fn open(path: PathBuf, columns: &[&str]) -> Result<Self, CycleError> {
        let columns: Vec<&str> = columns.iter().copied().chain(["customer_id"]).collect();
        Ok(Self { batches: open(&path, &columns)?, path, current: None, row: 0 })
    }

    /// The rows of the given ids, which ascend from call to call. Rows between them are skipped.
    fn rows_with_ids(&mut self, ids: &StringArray) -> Result<RecordBatch, CycleError> {
        let mut held: Vec<RecordBatch> = self.current.iter().cloned().collect();
        let mut picks = Vec::with_capacity(ids.len());
        for id in ids.iter().flatten() {
            loop {
                let found = match held.last() {
                    Some(batch) => self.find(batch, id)?,
                    None => None,
                };
                if let Some(row) = found {
                    picks.push((held.len() - 1, row));
                    break;
                }
                self.row = 0;
                match self.batches.next() {
                    Some(batch) => held.push(batch.map_err(|error| unreadable(&self.path, error))?),
                    None => return Err(unreadable(&self.path, format!("it has no customer {id}"))),
                }
            }
        }
        self.current = held.last().cloned();
        let held: Vec<&RecordBatch> = held.iter().collect();
        if held.is_empty() {
            return Err(unreadable(&self.path, "it has no rows"));
        }
        interleave_record_batch(&held, &picks).map_err(|error| unreadable(&self.path, error))
    }

    /// The row of an id in a batch, from the row after the last one found.
    fn find(&mut self, batch: &RecordBatch, id: &str) -> Result<Option<usize>, CycleError> {
        let ids = batch.column_by_name("customer_id").and_then(|ids| ids.as_string_opt::<i32>());
        let ids = ids.ok_or_else(|| unreadable(&self.path, "it has no column customer_id"))?;
        while self.row < ids.len() && ids.value(self.row) < id {
            self.row += 1;
        }
        Ok((self.row < ids.len() && ids.value(self.row) == id).then_some(self.row))
    }
}

/// Opens a file with these columns only.
fn open(path: &std::path::Path, columns: &[&str]) -> Result<ParquetRecordBatchReader, CycleError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            unreadable(path, "it is not there: the cycle is of an earlier version of gridtier; grade again")
        }
        _ => unreadable(path, error),
    })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, error))?;
    let schema = builder.schema().clone();
    if let Some(missing) = columns.iter().find(|name| schema.field_with_name(name).is_err()) {
        let what = format!("it has no column {missing}, which the catalogue or the question names");
        return Err(unreadable(path, what));
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|error| unreadable(path, error))
}
