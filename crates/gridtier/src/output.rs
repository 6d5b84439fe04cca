//! The tables of a cycle as Arrow record batches: file and column names are an interface to other programs.
//!
//! Tables are streams of batches sorted by key, with text as plain strings. This module converts the engine's results
//! and computes nothing new; files and formats are left to the callers.

mod read;
pub mod attribution;
pub mod checks;
pub mod comparison;
pub mod facts;
pub mod findings;
pub mod gates;
pub mod history;
pub mod holders;
pub mod improvement;
pub mod indicators;
pub mod inspection;
pub mod ledger;
pub mod parameters;
pub mod rehearsal;
pub mod restated;
pub mod tiers;
pub mod trial;
mod weights;
pub mod appeal;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::fact::Facts;
use crate::method::{Method, NormaliseWithin};
use crate::run::{Graded, Reconciled};
use crate::source::Finding;

/// Number of rows of a batch, but for the last of a table. Files are written in batches of this size.
pub const BATCH_ROWS: usize = 1 << 16;

/// A table to be written.
pub struct Output<'a> {
    /// File name without extension.
    pub name: &'static str,
    /// The table's columns.
    pub schema: SchemaRef,
    /// The table's rows, sorted by key.
    pub batches: Box<dyn Iterator<Item = RecordBatch> + Send + 'a>,
}

/// The tables of the facts of a cycle; none if the facts were read from a published cycle.
#[must_use]
pub fn fact_tables(facts: &Facts) -> Vec<Output<'_>> {
    facts::tables(facts)
}

/// The tables of a graded cycle, which has the number `cycle` in its store, besides those of its facts.
#[must_use]
pub fn judged_tables<'a>(graded: &'a Graded, method: &'a Method, cycle: u64) -> Vec<Output<'a>> {
    let mut tables = vec![
        tiers::output(graded, method, cycle),
        indicators::output(graded, method),
        contributions(graded, method),
        ledger::output(graded),
        parameters::table(&graded.scores, method),
        weights::table(&graded.scores, method),
        findings::output(&graded.findings),
    ];
    tables.extend(graded.holders.iter().flat_map(|holders| holders::tables(graded, holders)));
    if method.normalise_within == NormaliseWithin::Stratum {
        tables.push(parameters::by_stratum(&graded.scores.parameters, method));
    }
    tables
}

/// The tables of an input check: findings, row counts, and suspect units.
#[must_use]
pub fn check_tables<'a>(facts: &'a Facts, all: &'a [Finding]) -> Vec<Output<'a>> {
    vec![findings::output(all), facts::reconciliation(facts.reconciliation()), facts::unit_suspects(facts)]
}

/// The tables about the rows of input tables that are read apart from a grading: findings and row counts.
#[must_use]
pub fn row_tables(all: &[Finding], reconciled: Vec<Reconciled>) -> Vec<Output<'_>> {
    vec![findings::output(all), facts::reconciliation(reconciled)]
}

/// A column of texts.
#[must_use]
pub fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// A column of whole numbers.
#[must_use]
pub fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// A column of texts in which none is missing, of a long table: it is filled faster.
fn every_text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of whole numbers in which none is missing, of a long table: it is filled faster.
fn every_integer(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A column of counts as signed integers, into which every count of rows or customers fits.
fn counts(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    integers(values.map(|count| count.map(|count| i64::try_from(count).unwrap_or(i64::MAX))))
}

/// A column of numbers.
#[must_use]
pub fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// A column of days, in days since 1970-01-01.
#[must_use]
pub fn days(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// A column of flags, some of which may be missing.
#[must_use]
pub fn flags_or_none(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

/// Text.
pub const TEXT: DataType = DataType::Utf8;
/// A whole number.
pub const INTEGER: DataType = DataType::Int64;
/// A number.
pub const NUMBER: DataType = DataType::Float64;
/// A day.
pub const DAY: DataType = DataType::Date32;
/// Yes or no.
pub const FLAG: DataType = DataType::Boolean;

/// A column that always has a value.
#[must_use]
pub fn full(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

/// A column that may be empty.
#[must_use]
pub fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

/// A table with `rows` rows; `columns` makes the columns of one batch from its range of rows.
pub fn table<'a>(
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

fn contributions<'a>(graded: &'a Graded, method: &'a Method) -> Output<'a> {
    let (scores, ids) = (&graded.scores, &graded.judged().customers.ids);
    let mut fields = vec![full("customer_id", TEXT)];
    fields.extend(method.indicators.iter().map(|spec| full(&spec.id, NUMBER)));
    table("contributions", fields, scores.population.len(), move |rows| {
        let mut columns = vec![every_text(rows.clone().map(|at| ids.key(scores.population[at])))];
        let all = scores.contributions(&graded.columns, method, rows);
        columns.extend(all.into_iter().map(|points| Arc::new(Float64Array::from(points)) as ArrayRef));
        columns
    })
}
