//! All graded customers of a cycle with tiers, scores and contributions, as a list read batch by batch.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchReader as _, StringArray, new_null_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::index::float_i64;
use gridtier::method::Method;
use gridtier::text::Text;
use gridtier_report::customers::{GradedColumns, graded_columns};
use gridtier_report::table::{DataColumn, DataList, ListError};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::about::about;
use super::error::{CycleError, unreadable};
use super::load::graded_table;
use super::manifest::method;
use super::members::Follower;
use super::table::{batches, has_tier_probability};
use crate::store::StoredCycle;

/// All graded customers of a cycle, in the order of their ids. Memory holds a few batches at a time.
///
/// # Errors
/// A file of the cycle cannot be read.
pub fn graded_customers(cycle: &StoredCycle) -> Result<DataList<'static>, CycleError> {
    let method = method(cycle)?;
    let table = cycle.dir.join(graded_table(cycle));
    let known = batches(&table)?.schema();
    let attributes: Vec<&'static str> =
        ATTRIBUTES.into_iter().filter(|name| known.field_with_name(name).is_ok()).collect();
    let columns = graded_columns(
        &method,
        GradedColumns { attributes: &attributes, has_probability: has_tier_probability(cycle) },
    );
    let [tiers, contributions] = ["tiers.parquet", "contributions.parquet"].map(|name| cycle.dir.join(name));
    let rows = GradedRows {
        columns: columns.clone(),
        method,
        tiers: batches(&tiers)?,
        contributions: batches(&contributions)?,
        attributes: Follower::open(table, &attributes)?,
        path: tiers,
    };
    Ok(DataList {
        title: Text::coded("customers", "All customers", "全部客户"),
        schema: schema(&columns),
        columns,
        about: about(cycle)?,
        batches: Box::new(rows.map(|batch| batch.map_err(ListError::from))),
    })
}

/// The attributes of a customer in the list, besides its grade.
const ATTRIBUTES: [&str; 3] = ["region", "use_category", "supply_level"];

/// The schema of a list without rows.
fn schema(columns: &[DataColumn]) -> SchemaRef {
    let fields = columns.iter().map(|column| Field::new(code(column), DataType::Utf8, true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn code(column: &DataColumn) -> String {
    column.title.code.as_deref().unwrap_or_default().to_owned()
}

/// Three files of a cycle, read side by side.
struct GradedRows {
    columns: Vec<DataColumn>,
    method: Method,
    tiers: ParquetRecordBatchReader,
    contributions: ParquetRecordBatchReader,
    attributes: Follower,
    path: PathBuf,
}

impl GradedRows {
    fn batch(&mut self, tiers: &RecordBatch) -> Result<RecordBatch, CycleError> {
        let contributions = self.contributions.next().transpose();
        let contributions = contributions.map_err(|error| unreadable(&self.path, error))?;
        let contributions = contributions.ok_or_else(|| other_rows(&self.path))?;
        let [ids, same] = [tiers, &contributions].map(ids);
        let ids = ids.filter(|_| ids == same).ok_or_else(|| other_rows(&self.path))?;
        let attributes = self.attributes.rows_with_ids(ids)?;
        let arrays = self.columns.iter().map(|column| {
            let code = code(column);
            let found = match code.strip_prefix("points_") {
                Some(indicator) if self.method.indicators.iter().any(|spec| spec.id == indicator) => {
                    contributions.column_by_name(indicator).cloned()
                }
                _ if code == "score" => points(tiers),
                _ => tiers.column_by_name(&code).or_else(|| attributes.column_by_name(&code)).cloned(),
            };
            (code, found.unwrap_or_else(|| new_null_array(&DataType::Utf8, tiers.num_rows())))
        });
        let fields: Vec<(String, ArrayRef, bool)> = arrays.map(|(code, array)| (code, array, true)).collect();
        RecordBatch::try_from_iter_with_nullable(fields).map_err(|error| unreadable(&self.path, error))
    }
}

impl Iterator for GradedRows {
    type Item = Result<RecordBatch, CycleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let tiers = self.tiers.next()?.map_err(|error| unreadable(&self.path, error));
        Some(tiers.and_then(|tiers| self.batch(&tiers)))
    }
}

fn ids(batch: &RecordBatch) -> Option<&StringArray> {
    batch.column_by_name("customer_id")?.as_string_opt::<i32>()
}

/// The scores in points.
fn points(tiers: &RecordBatch) -> Option<ArrayRef> {
    let scores = tiers.column_by_name("score_e6")?.as_primitive_opt::<Int64Type>()?;
    let points: Float64Array = scores.iter().map(|score| score.map(|score| float_i64(score) / 1e6)).collect();
    Some(Arc::new(points))
}

fn other_rows(path: &Path) -> CycleError {
    unreadable(path, "contributions.parquet has rows of other customers")
}
