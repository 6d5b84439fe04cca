//! Rejects that an earlier cycle has published, so that their files need not be read for them again.
//!
//! Which of a file's columns a published one is, is told by its name. Where a name may have been changed to make room
//! for another, nothing is taken.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader, new_null_array};
use arrow_schema::{Schema, SchemaRef};
use gridtier::source::Reject;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::text::is_whole;
use super::{BATCH_ROWS, OWN_FROM, PLACE_NAMES};
use crate::columns::FileColumn;
use crate::guard::Unreadable;

/// The place of a published reject, and the cells that were asked for.
pub(crate) struct PublishedReject<'b> {
    /// Name of its file.
    pub file: &'b str,
    /// 0-based in the file.
    pub row: u64,
    /// Code of its rule.
    pub rule: &'b str,
    batch: &'b RecordBatch,
    at: usize,
}

impl<'b> PublishedReject<'b> {
    /// The cell in the file's own column, if it is told whole.
    pub fn cell(&self, column: &str) -> Option<&'b str> {
        let cells = self.batch.column(place(&self.batch.schema(), column)?).as_string_opt::<i32>()?;
        let cell = cells.is_valid(self.at).then(|| cells.value(self.at))?;
        is_whole(cell).then_some(cell)
    }
}

/// Hands the place of every published reject to `take`, with the cells of the own `columns`; `None` when the table cannot
/// be read, or `take` says so.
pub(crate) fn each_place(
    path: &Path,
    columns: &BTreeSet<&str>,
    take: &mut dyn FnMut(PublishedReject) -> Option<()>,
) -> Option<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).ok()?).ok()?;
    let own = columns.iter().filter_map(|column| place(builder.schema(), column));
    let wanted = ProjectionMask::roots(builder.parquet_schema(), (0..OWN_FROM).chain(own));
    for batch in builder.with_projection(wanted).with_batch_size(BATCH_ROWS).build().ok()? {
        let batch = batch.ok()?;
        let text = |at: usize| batch.column(at).as_string_opt::<i32>();
        let (files, rules) = (text(0)?, text(2)?);
        let rows = batch.column(1).as_primitive_opt::<Int64Type>()?;
        for at in 0..batch.num_rows() {
            let row = u64::try_from(rows.value(at)).ok()?;
            take(PublishedReject { file: files.value(at), row, rule: rules.value(at), batch: &batch, at })?;
        }
    }
    Some(())
}

/// The rejects of a table in a cycle, in the order of files and rows.
pub struct Rejects<'k> {
    batches: ParquetRecordBatchReader,
    /// What is left of the batch before.
    open: Option<RecordBatch>,
    /// Those of files that lie there unchanged.
    known: &'k [Reject],
}

impl<'k> Rejects<'k> {
    /// Opens the published table; `known` are its rejects of files that lie there unchanged, in order.
    pub(crate) fn open(path: &Path, known: &'k [Reject]) -> Option<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).ok()?).ok()?;
        let batches = builder.with_batch_size(BATCH_ROWS).build().ok()?;
        Some(Self { batches, open: None, known })
    }

    /// Whether the `rejects` of a file are the published ones again, and can be told in a table of `schema`; `own` are the
    /// file's columns.
    pub(super) fn have(&self, rejects: &[Reject], own: &[&FileColumn], schema: &Schema) -> bool {
        let Some(file) = rejects.first().map(|first| first.at.file()) else { return false };
        let start = self.known.partition_point(|reject| reject.at.file() < file);
        let end = self.known.partition_point(|reject| reject.at.file() <= file);
        let published = self.batches.schema();
        self.known[start..end] == *rejects
            && own.iter().all(|column| {
                place(schema, &column.name).is_some() && place(&published, &column.name).is_some()
            })
    }

    /// The next published rows of a file that [has](Self::have) rows left, in the columns of `schema`. Files must be asked
    /// for in their order.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(super) fn next_of(&mut self, name: &str, schema: &SchemaRef) -> Result<RecordBatch, Unreadable> {
        loop {
            let next =
                self.open.take().map_or_else(|| self.batches.next().transpose(), |batch| Ok(Some(batch)));
            let Some(batch) = next? else {
                return Err(Unreadable::damaged("its rejects were changed while they were being read"));
            };
            let names = batch.column(0).as_string::<i32>();
            let is_own = |row: &usize| names.value(*row) == name;
            // What is skipped are rejects of files that came or went, or were read again.
            let Some(start) = (0..batch.num_rows()).find(is_own) else { continue };
            let end = (start..batch.num_rows()).find(|row| !is_own(row)).unwrap_or(batch.num_rows());
            if end < batch.num_rows() {
                self.open = Some(batch.slice(end, batch.num_rows() - end));
            }
            return conform(&batch.slice(start, end - start), schema);
        }
    }
}

/// Where a file's own column stands in a table of rejects; nothing when that cannot be told.
fn place(schema: &Schema, name: &str) -> Option<usize> {
    let names = || schema.fields().iter().skip(OWN_FROM).map(|field| field.name().to_lowercase());
    if names().any(|name| may_be_renamed(&name)) {
        return None;
    }
    names().position(|known| known == name.to_lowercase()).map(|at| at + OWN_FROM)
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
        let known = if at < OWN_FROM { Some(at) } else { place(&published, field.name()) };
        columns.push(match known {
            Some(known) => Arc::clone(rows.column(known)),
            None => new_null_array(field.data_type(), rows.num_rows()),
        });
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
