//! The customers of a cycle with the columns that a catalogue's conditions test, batch by batch in the order of ids.
//!
//! Three files of the cycle are merged by id. Only the needed columns are read, so that memory holds a few batches
//! however many customers there are. This module computes nothing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, RecordBatchReader, StringArray, UInt64Array};
use arrow_schema::{ArrowError, Schema};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use arrow_select::take::take_record_batch;
use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::index::float_i64;
use gridtier::unit::Window;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::error::{CycleError, unreadable};
use super::load::{MEMBERS, customers, has_holders};
use super::manifest::Manifest;
use super::table::rows_with_key;
use crate::store::StoredCycle;

/// Number of customers in a batch.
const BATCH_ROWS: usize = 1 << 13;

/// The customers of a cycle, in the order of their ids.
pub struct MemberBatches {
    tiers: TierRows,
    path: PathBuf,
    customers: Follower,
    indicators: Option<Follower>,
}

impl MemberBatches {
    /// Opens a cycle with the columns that a catalogue's conditions test and the `additional` ones.
    ///
    /// # Errors
    /// A file of the cycle cannot be read, or lacks a column.
    pub fn open(cycle: &StoredCycle, catalogue: &Catalogue, additional: &[&str]) -> Result<Self, CycleError> {
        let (of_customers, measured) = looked_at(catalogue, additional);
        let path = cycle.dir.join("tiers.parquet");
        let tiers = open(&path, &TIER_COLUMNS)?;
        let indicators = cycle.dir.join("indicators.parquet");
        let (tiers, indicators) = match (has_holders(cycle), measured.is_empty()) {
            (true, _) => (TierRows::Held(Box::new(HeldAccounts::open(cycle, tiers, &measured)?)), None),
            (false, true) => (TierRows::Graded(Box::new(tiers)), None),
            (false, false) => {
                (TierRows::Graded(Box::new(tiers)), Some(Follower::open(indicators, &measured)?))
            }
        };
        let customers = Follower::open(cycle.dir.join("customers.parquet"), &of_customers)?;
        Ok(Self { tiers, path, customers, indicators })
    }

    /// Like [`Self::open`], but for one customer: reads only the pages that have the customer's rows. In a cycle that
    /// grades holders, the batches hold all accounts.
    ///
    /// # Errors
    /// A file of the cycle cannot be read, or lacks a column.
    pub fn of_customer(
        cycle: &StoredCycle,
        catalogue: &Catalogue,
        additional: &[&str],
        id: &str,
    ) -> Result<Self, CycleError> {
        if has_holders(cycle) {
            return Self::open(cycle, catalogue, additional);
        }
        let (of_customers, measured) = looked_at(catalogue, additional);
        let path = cycle.dir.join("tiers.parquet");
        let tiers = TierRows::Graded(rows_of(&path, &TIER_COLUMNS, id)?);
        let follow = |name: &str, columns: &[&str]| Follower::of_customer(cycle.dir.join(name), columns, id);
        let indicators =
            (!measured.is_empty()).then(|| follow("indicators.parquet", &measured)).transpose()?;
        Ok(Self { tiers, path, customers: follow("customers.parquet", &of_customers)?, indicators })
    }

    /// Joins a batch of the tier table with the columns of the other files. `indicators` is given if the rows are
    /// accounts of holders.
    fn join(
        &mut self,
        tiers: &RecordBatch,
        indicators: Option<RecordBatch>,
    ) -> Result<RecordBatch, CycleError> {
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
            columns.extend(others(&follower.rows_with_ids(ids)?));
        }
        columns.extend(indicators.iter().flat_map(others));
        RecordBatch::try_from_iter(columns).map_err(|error| unreadable(&self.path, error))
    }
}

impl Iterator for MemberBatches {
    type Item = Result<RecordBatch, CycleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.tiers {
            TierRows::Graded(tiers) => {
                let batch = tiers.next()?;
                batch.map_err(|error| unreadable(&self.path, error)).map(|batch| (batch, None))
            }
            TierRows::Held(accounts) => accounts.next()?,
        };
        Some(next.and_then(|(tiers, indicators)| self.join(&tiers, indicators)))
    }
}

/// Columns of the tier table.
const TIER_COLUMNS: [&str; 4] = ["customer_id", "tier", "provisional", "score_e6"];

/// The columns of customers and those of indicators that a catalogue's conditions test, with the additional ones.
fn looked_at<'a>(catalogue: &'a Catalogue, additional: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let named = catalogue.columns().into_iter().map(|place| catalogue.fields[place].name.as_str());
    let mut columns: Vec<&str> = named.chain(additional.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    let (of_customers, others): (Vec<&str>, Vec<&str>) =
        columns.into_iter().partition(|name| Table::Customers.column(name).is_some());
    let measured = others.into_iter().filter(|name| !matches!(*name, "provisional" | "score")).collect();
    (of_customers, measured)
}

/// Rows of a table, batch by batch.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// The columns of a batch besides the customer's id.
fn others(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let (schema, columns) = (batch.schema(), batch.columns());
    let named = schema.fields().iter().zip(columns).filter(|(field, _)| field.name() != "customer_id");
    named.map(|(field, column)| (field.name().clone(), column.clone())).collect()
}

/// The source of the rows of the tier table.
enum TierRows {
    /// The table itself.
    Graded(Batches),
    /// The accounts that are open at the window's end, with the tiers of their holders.
    Held(Box<HeldAccounts>),
}

/// Accounts with the tiers and indicators of their holders. The holders' rows are kept in memory.
struct HeldAccounts {
    members: ParquetRecordBatchReader,
    path: PathBuf,
    tiers: RecordBatch,
    indicators: RecordBatch,
    /// By account, in the order of ids: whether it is open at the window's end.
    open: Vec<bool>,
    read: usize,
}

impl HeldAccounts {
    fn open(
        cycle: &StoredCycle,
        tiers: ParquetRecordBatchReader,
        measured: &[&str],
    ) -> Result<Self, CycleError> {
        let path = cycle.dir.join(MEMBERS);
        let window = Manifest::read(cycle)?.window;
        let window = Window { end: window.end, months: window.months };
        let customers = customers(cycle)?;
        let indicators = cycle.dir.join("indicators.parquet");
        let wanted: Vec<&str> = measured.iter().copied().chain(["customer_id"]).collect();
        Ok(Self {
            members: open(&path, &["account_id", "customer_id"])?,
            tiers: whole(&cycle.dir.join("tiers.parquet"), tiers)?,
            indicators: whole(&indicators, open(&indicators, &wanted)?)?,
            open: customers.rows.iter().map(|customer| customer.in_population(window)).collect(),
            path,
            read: 0,
        })
    }

    /// The next accounts that are graded through their holders: their rows of the tier table, under the ids of the
    /// accounts, and their rows of indicators.
    fn next(&mut self) -> Option<Result<(RecordBatch, Option<RecordBatch>), CycleError>> {
        loop {
            let batch = match self.members.next()? {
                Ok(batch) => batch,
                Err(error) => return Some(Err(unreadable(&self.path, error))),
            };
            let first = self.read;
            self.read += batch.num_rows();
            match self.held(&batch, first) {
                Ok((tiers, _)) if tiers.num_rows() == 0 => {}
                held => return Some(held.map(|(tiers, indicators)| (tiers, Some(indicators)))),
            }
        }
    }

    /// The open accounts among a batch of members, with the tiers and indicators of their holders. `first` is the position
    /// of the batch's first account.
    fn held(&self, members: &RecordBatch, first: usize) -> Result<(RecordBatch, RecordBatch), CycleError> {
        let column = |batch: &RecordBatch, name: &str| {
            let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>()).cloned();
            column.ok_or_else(|| {
                unreadable(&self.path, "its columns are not those of this version of gridtier")
            })
        };
        let (accounts, holders) = (column(members, "account_id")?, column(members, "customer_id")?);
        let graded = column(&self.tiers, "customer_id")?;
        let (mut ids, mut rows) = (Vec::new(), Vec::new());
        for row in (0..members.num_rows()).filter(|row| self.open.get(first + row) == Some(&true)) {
            let holder = holders.value(row);
            let place = partition_point(graded.len(), |at| graded.value(at) < holder);
            if place < graded.len() && graded.value(place) == holder {
                ids.push(accounts.value(row));
                rows.push(place as u64);
            }
        }
        let rows = UInt64Array::from(rows);
        let taken = |batch| take_record_batch(batch, &rows).map_err(|error| unreadable(&self.path, error));
        let tiers = taken(&self.tiers)?;
        let named: Vec<(String, ArrayRef)> =
            std::iter::once(("customer_id".to_owned(), Arc::new(StringArray::from(ids)) as ArrayRef))
                .chain(others(&tiers))
                .collect();
        let tiers = RecordBatch::try_from_iter(named).map_err(|error| unreadable(&self.path, error))?;
        Ok((tiers, taken(&self.indicators)?))
    }
}

/// The first index below `len` for which `before` is false; for all smaller indices it must be true.
fn partition_point(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// All rows of a file.
fn whole(path: &Path, batches: ParquetRecordBatchReader) -> Result<RecordBatch, CycleError> {
    let schema = batches.schema();
    let batches: Vec<RecordBatch> =
        batches.collect::<Result<_, _>>().map_err(|error| unreadable(path, error))?;
    concat_batches(&schema, &batches).map_err(|error| unreadable(path, error))
}

/// A file sorted by customer id that is read alongside the tier table. It must have a row for every id of that table.
pub(super) struct Follower {
    path: PathBuf,
    batches: Batches,
    current: Option<RecordBatch>,
    row: usize,
}

impl Follower {
    pub(super) fn open(path: PathBuf, columns: &[&str]) -> Result<Self, CycleError> {
        let columns: Vec<&str> = columns.iter().copied().chain(["customer_id"]).collect();
        Ok(Self { batches: Box::new(open(&path, &columns)?), path, current: None, row: 0 })
    }

    fn of_customer(path: PathBuf, columns: &[&str], id: &str) -> Result<Self, CycleError> {
        let columns: Vec<&str> = columns.iter().copied().chain(["customer_id"]).collect();
        Ok(Self { batches: rows_of(&path, &columns, id)?, path, current: None, row: 0 })
    }

    /// The rows of the given ids, which ascend from call to call. Rows between them are skipped.
    pub(super) fn rows_with_ids(&mut self, ids: &StringArray) -> Result<RecordBatch, CycleError> {
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

    /// The position of an id's row in a batch. The search begins after the row found last.
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
fn open(path: &Path, columns: &[&str]) -> Result<ParquetRecordBatchReader, CycleError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            unreadable(path, "it is not there: the cycle is of an earlier version of gridtier; grade again")
        }
        _ => unreadable(path, error),
    })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(path, error))?;
    has_columns(path, builder.schema(), columns)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|error| unreadable(path, error))
}

fn has_columns(path: &Path, schema: &Schema, columns: &[&str]) -> Result<(), CycleError> {
    match columns.iter().find(|name| schema.field_with_name(name).is_err()) {
        None => Ok(()),
        Some(missing) => {
            let what = format!("it has no column {missing}, which the catalogue or the question names");
            Err(unreadable(path, what))
        }
    }
}

/// The rows of a customer in a file, with at least these columns.
fn rows_of(path: &Path, columns: &[&str], id: &str) -> Result<Batches, CycleError> {
    let rows = rows_with_key(path, "customer_id", id)?;
    let Some(rows) = rows else { return Ok(Box::new(std::iter::empty())) };
    has_columns(path, &rows.schema(), columns)?;
    let schema = rows.schema();
    let places: Vec<usize> = (0..rows.num_columns())
        .filter(|&place| columns.contains(&schema.field(place).name().as_str()))
        .collect();
    let rows = rows.project(&places).map_err(|error| unreadable(path, error))?;
    Ok(Box::new(std::iter::once(Ok(rows))))
}
