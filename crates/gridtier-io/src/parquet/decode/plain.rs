//! Columns of text in plain pages, where these are the pages of a row group shortly before.
//!
//! arrow-rs decodes plain text, since it makes views of it without a copy: a decoder of our own that joined the text took 1.07
//! times as long (benches/README.md). What it gives for a chunk that is met a second time is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::ByteViewType;
use arrow_array::{Array, ArrayRef, GenericByteViewArray};
use arrow_schema::DataType;
use gridtier::index::index;

use super::kept_rows::{KeptBudget, KeptChunk, KeptRows, row_count};
use super::pages::Unpacker;
use crate::guard::limits::{BATCH_ROWS, BATCH_TEXT_BYTES_MAX};
use crate::guard::parquet_pages::{ChunkPages, PageEncoding, PageKind};

/// The longest value of rows that are kept: any batch of such values is short enough.
const VALUE_BYTES_MAX: usize = BATCH_TEXT_BYTES_MAX / BATCH_ROWS;

/// The smallest batches that are kept, since each takes memory of its own.
const BATCH_ROWS_MIN: usize = if cfg!(test) { 16 } else { 1_024 };

/// The chunks of plain text that were met last, by codec, whether they are text or bytes, and column.
pub(super) struct PlainChunks {
    by_column: Mutex<BTreeMap<String, Arc<KeptRows>>>,
    budget: Arc<KeptBudget>,
}

/// What is known of a chunk of plain text.
pub(super) enum PlainChunk {
    /// All its rows, in batches.
    Rows(Vec<ArrayRef>),
    /// It is met the second time, so its rows are worth keeping.
    Again(Arc<KeptChunk>),
    Unknown,
}

impl PlainChunks {
    /// Keeps chunks within a budget.
    pub fn new(budget: &Arc<KeptBudget>) -> Self {
        Self { by_column: Mutex::default(), budget: Arc::clone(budget) }
    }

    /// Meets a chunk of a column that is to be decoded to that type in batches of `batch_rows`.
    pub fn meet(
        &self,
        file: &File,
        chunk: &ChunkPages,
        (column, has_levels, data_type): (&str, bool, &DataType),
        batch_rows: usize,
        unpacker: &mut Unpacker,
    ) -> PlainChunk {
        let is_view = matches!(data_type, DataType::Utf8View | DataType::BinaryView);
        let mut pages = chunk.pages.iter();
        if !is_view
            || !pages.all(|page| page.kind != PageKind::Dictionary && page.encoding == PageEncoding::Plain)
        {
            return PlainChunk::Unknown;
        }
        let kept = {
            let mut by_column = self.by_column.lock().unwrap_or_else(PoisonError::into_inner);
            let column = by_column.entry(format!("{} {data_type} {column}", chunk.codec));
            Arc::clone(column.or_insert_with(|| Arc::new(KeptRows::new(&self.budget))))
        };
        // What cannot be read here is refused by arrow-rs.
        let Ok(Some((met, false))) = kept.meet(file, &chunk.pages, has_levels, unpacker) else {
            return PlainChunk::Unknown;
        };
        match met.rows.get() {
            None if batch_rows >= BATCH_ROWS_MIN.min(row_count(&chunk.pages)) => PlainChunk::Again(met),
            Some(Some(rows)) if are_batches(rows, batch_rows, row_count(&chunk.pages)) => {
                PlainChunk::Rows(rows.clone())
            }
            _ => PlainChunk::Unknown,
        }
    }
}

/// Whether these are batches of that size and of so many rows together. Another number of rows would mean that the file has
/// changed since its headers were read.
fn are_batches(rows: &[ArrayRef], batch_rows: usize, total: usize) -> bool {
    rows.iter().map(|batch| batch.len()).sum::<usize>() == total
        && rows.first().is_some_and(|batch| batch.len() == batch_rows.min(total))
}

/// Keeps the rows of a chunk, of which arrow-rs gave all batches; `None` if they cannot be kept.
pub(in crate::parquet) fn keep(chunk: &KeptChunk, batches: Option<Vec<ArrayRef>>) {
    // Another thread may have kept them meanwhile.
    let _ = chunk.rows.set(batches);
}

/// A batch of text or bytes as views without the pages that it was decoded from, which short values do not need. `None` if a
/// value is too long to be kept.
pub(in crate::parquet) fn batch_to_keep(batch: &ArrayRef) -> Option<ArrayRef> {
    match batch.as_string_view_opt() {
        Some(text) => without_pages(text),
        None => without_pages(batch.as_binary_view_opt()?),
    }
}

/// The lowest 32 bits of a view are the length.
fn without_pages<T: ByteViewType>(batch: &GenericByteViewArray<T>) -> Option<ArrayRef> {
    let is_short = batch.views().iter().all(|&view| index(view as u32) <= VALUE_BYTES_MAX);
    is_short.then(|| Arc::new(batch.gc()) as ArrayRef)
}
