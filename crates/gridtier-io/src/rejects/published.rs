//! Rejects that an earlier cycle has published, so that their files need not be read again.
//!
//! Columns are matched by name. If any published column may have been renamed because its name was taken, none is
//! matched and the files are read again.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader, new_null_array};
use arrow_schema::{Schema, SchemaRef};
use gridtier::source::Reject;
use gridtier::text;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::text::is_whole;
use super::{BATCH_ROWS, OWN_FROM, PLACE_NAMES};
use crate::columns::FileColumn;
use crate::guard::Unreadable;

/// A published reject, with the cells that were asked for.
pub(crate) struct PublishedReject<'b> {
    /// Name of the input file.
    pub file: &'b str,
    /// Row number in the file, from 0.
    pub row: u64,
    /// Code of its rule.
    pub rule: &'b str,
    batch: &'b RecordBatch,
    at: usize,
}

impl<'b> PublishedReject<'b> {
    /// The cell of a column of the file; `None` if it is null, or may have been cut.
    pub fn cell(&self, column: &str) -> Option<&'b str> {
        let cells =
            self.batch.column(column_position(&self.batch.schema(), column)?).as_string_opt::<i32>()?;
        let cell = cells.is_valid(self.at).then(|| cells.value(self.at))?;
        is_whole(cell).then_some(cell)
    }
}

/// Calls `visit` with every published reject and its cells of `columns`. Returns `None` if the table cannot be read, or as
/// soon as `visit` returns `None`.
pub(crate) fn for_each_reject(
    path: &Path,
    columns: &BTreeSet<&str>,
    visit: &mut dyn FnMut(PublishedReject) -> Option<()>,
) -> Option<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).ok()?).ok()?;
    let own = columns.iter().filter_map(|column| column_position(builder.schema(), column));
    let wanted = ProjectionMask::roots(builder.parquet_schema(), (0..OWN_FROM).chain(own));
    for batch in builder.with_projection(wanted).with_batch_size(BATCH_ROWS).build().ok()? {
        let batch = batch.ok()?;
        let text = |at: usize| batch.column(at).as_string_opt::<i32>();
        let (files, rules) = (text(0)?, text(2)?);
        let rows = batch.column(1).as_primitive_opt::<Int64Type>()?;
        for at in 0..batch.num_rows() {
            let row = u64::try_from(rows.value(at)).ok()?;
            visit(PublishedReject { file: files.value(at), row, rule: rules.value(at), batch: &batch, at })?;
        }
    }
    Some(())
}

/// The rejects of a table in a cycle, ordered by file and row.
pub struct Rejects<'k> {
    batches: ParquetRecordBatchReader,
    /// The rest of the last batch read.
    open: Option<RecordBatch>,
    /// Rejects of files that have not changed since.
    known: &'k [Reject],
}

impl<'k> Rejects<'k> {
    /// Opens the published table. `known` are its rejects of files that have not changed since, in order.
    pub(crate) fn open(path: &Path, known: &'k [Reject]) -> Option<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).ok()?).ok()?;
        let batches = builder.with_batch_size(BATCH_ROWS).build().ok()?;
        Some(Self { batches, open: None, known })
    }

    /// Whether the `rejects` of a file equal the published ones, and each of the file's `columns` is found by name both
    /// in the published table and in `schema`.
    pub(super) fn cover(&self, rejects: &[Reject], columns: &[&FileColumn], schema: &Schema) -> bool {
        let Some(file) = rejects.first().map(|first| first.at.file()) else { return false };
        let start = self.known.partition_point(|reject| reject.at.file() < file);
        let end = self.known.partition_point(|reject| reject.at.file() <= file);
        let published = self.batches.schema();
        self.known[start..end] == *rejects
            && columns.iter().all(|column| {
                column_position(schema, &column.name).is_some()
                    && column_position(&published, &column.name).is_some()
            })
    }

    /// The next published rows of a file that is [covered](Self::cover), in the columns of `schema`. Files must be asked
    /// for in ascending order.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(super) fn next_rows(&mut self, name: &str, schema: &SchemaRef) -> Result<RecordBatch, Unreadable> {
        loop {
            let next =
                self.open.take().map_or_else(|| self.batches.next().transpose(), |batch| Ok(Some(batch)));
            let Some(batch) = next? else {
                return Err(Unreadable::damaged(text!(
                    "its rejects were changed while they were being read",
                    "不合格行表在读取过程中被修改"
                )));
            };
            let names = batch.column(0).as_string::<i32>();
            // A batch without the file holds rejects of files that changed since, or that were read again.
            let Some(start) = (0..batch.num_rows()).find(|&row| names.value(row) == name) else { continue };
            let after = (start..batch.num_rows()).find(|&row| names.value(row) != name);
            let end = after.unwrap_or(batch.num_rows());
            if end < batch.num_rows() {
                self.open = Some(batch.slice(end, batch.num_rows() - end));
            }
            return conform(&batch.slice(start, end - start), schema);
        }
    }
}

/// Position of a file's column in a table of rejects; `None` if it is not there, or columns may have been renamed.
fn column_position(schema: &Schema, name: &str) -> Option<usize> {
    let names: Vec<String> =
        schema.fields().iter().skip(OWN_FROM).map(|field| field.name().to_lowercase()).collect();
    if names.iter().any(|name| may_be_renamed(name)) {
        return None;
    }
    names.iter().position(|known| *known == name.to_lowercase()).map(|at| at + OWN_FROM)
}

/// Whether a column may have been renamed because its own name was taken: a number follows the name then.
fn may_be_renamed(name: &str) -> bool {
    PLACE_NAMES.iter().any(|taken| name.strip_prefix(taken).is_some_and(|rest| rest.starts_with('_')))
}

/// The rows in the columns of `schema`; columns that were not published are null.
fn conform(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Unreadable> {
    let published = rows.schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (at, field) in schema.fields().iter().enumerate() {
        let known = if at < OWN_FROM { Some(at) } else { column_position(&published, field.name()) };
        columns.push(match known {
            Some(known) => Arc::clone(rows.column(known)),
            None => new_null_array(field.data_type(), rows.num_rows()),
        });
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
