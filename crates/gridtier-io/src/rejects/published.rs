//! Rejects that an earlier cycle has published, so that their file need not be read for them again.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader, new_null_array};
use arrow_schema::SchemaRef;
use gridtier::source::Reject;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::OWN_FROM;
use crate::columns::OwnColumn;

/// The rejects of a table in a cycle, in the order of files and rows.
pub struct Rejects {
    batches: ParquetRecordBatchReader,
    /// What is left of the batch before.
    open: Option<RecordBatch>,
    /// Those of files that lie there unchanged.
    known: Vec<Reject>,
}

impl Rejects {
    /// Opens the published table; `known` are its rejects of files that lie there unchanged, in order.
    pub(crate) fn open(path: &Path, known: &[Reject]) -> Option<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).ok()?).ok()?;
        Some(Self { batches: builder.build().ok()?, open: None, known: known.to_vec() })
    }

    /// The published rows of a file whose rejects are `rejects` again, with the columns of `schema`; files must be asked
    /// for in their order. Nothing when they are not the same, or a column `own` of the file cannot be told.
    pub(super) fn of_file(
        &mut self,
        name: &str,
        rejects: &[Reject],
        own: &[&OwnColumn],
        schema: &SchemaRef,
    ) -> Option<Vec<RecordBatch>> {
        let file = rejects.first()?.at.file();
        let start = self.known.partition_point(|reject| reject.at.file() < file);
        let end = self.known.partition_point(|reject| reject.at.file() <= file);
        let published = self.batches.schema();
        let is_told = |column: &&OwnColumn| {
            [schema, &published].iter().all(|schema| place(schema, &column.name).is_some())
        };
        if self.known[start..end] != *rejects || !own.iter().all(is_told) {
            return None;
        }
        let rows = self.rows(name)?;
        let found: usize = rows.iter().map(RecordBatch::num_rows).sum();
        let rows = rows.iter().map(|rows| conform(rows, schema)).collect::<Option<Vec<_>>>()?;
        (found == rejects.len()).then_some(rows)
    }

    /// The rows of a file, from where the last one ended.
    fn rows(&mut self, name: &str) -> Option<Vec<RecordBatch>> {
        let mut found = Vec::new();
        loop {
            let batch = match self.open.take() {
                Some(batch) => batch,
                None => match self.batches.next() {
                    Some(batch) => batch.ok()?,
                    None => return Some(found),
                },
            };
            let names = batch.column(0).as_string_opt::<i32>()?;
            let is_own = |row: &usize| names.value(*row) == name;
            // What is skipped are rejects of files that came or went, or were read again.
            let skipped = if found.is_empty() { batch.num_rows() } else { 0 };
            let start = (0..skipped).find(is_own).unwrap_or(skipped);
            let end = (start..batch.num_rows()).find(|row| !is_own(row)).unwrap_or(batch.num_rows());
            if end > start {
                found.push(batch.slice(start, end - start));
            }
            if end < batch.num_rows() {
                self.open = Some(batch.slice(end, batch.num_rows() - end));
                return Some(found);
            }
        }
    }
}

/// Where a file's column stands in a table of rejects, if it has its own name there.
fn place(schema: &SchemaRef, name: &str) -> Option<usize> {
    let is_own = |field: &arrow_schema::FieldRef| field.name().to_lowercase() == name.to_lowercase();
    let mut places = (OWN_FROM..schema.fields().len()).filter(|&at| is_own(&schema.fields()[at]));
    places.next().filter(|_| places.next().is_none())
}

fn conform(rows: &RecordBatch, schema: &SchemaRef) -> Option<RecordBatch> {
    let column = |(at, field): (usize, &arrow_schema::FieldRef)| -> ArrayRef {
        let known = if at < OWN_FROM { Some(at) } else { place(&rows.schema(), field.name()) };
        known.map_or_else(
            || new_null_array(field.data_type(), rows.num_rows()),
            |known| Arc::clone(rows.column(known)),
        )
    };
    let columns = schema.fields().iter().enumerate().map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).ok()
}
