//! Row groups in which a column has the same rows as in the row group before.
//!
//! Daily readings name the same customers in the same order every day. The column of ids then has the same pages in every row
//! group: they are compared as they are in the file, and neither decompressed nor decoded.

use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::ArrayRef;

use super::pages::Unpacker;
use crate::guard::Unreadable;
use crate::guard::parquet_pages::{ChunkPages, PageClaim};

/// The longest column chunk whose rows are kept: bytes in the file, and rows.
const KEPT_BYTES_MAX: u64 = 4 << 20;
const KEPT_ROWS_MAX: u64 = 1 << 20;
/// After so many chunks in a row with other rows, rows are neither kept nor compared.
const OTHERS_MAX: u32 = 4;

/// The rows of the last chunk that refers to a dictionary; shared by threads.
#[derive(Default)]
pub(super) struct LastRows {
    last: Mutex<Option<Arc<DecodedChunk>>>,
    /// Chunks with other rows since the last with equal ones.
    others: AtomicU32,
}

struct DecodedChunk {
    has_levels: bool,
    pages: Vec<PageClaim>,
    /// The bytes of all pages in the file.
    packed: Vec<u8>,
    rows: ArrayRef,
}

impl LastRows {
    /// The rows of a chunk if its pages are those of the last. The first page, with the dictionary, is known to be the same.
    ///
    /// # Errors
    /// A page cannot be read.
    pub fn equal(
        &self,
        file: &File,
        chunk: &ChunkPages,
        has_levels: bool,
        unpacker: &mut Unpacker,
    ) -> Result<Option<ArrayRef>, Unreadable> {
        let last = self.lock().clone();
        let Some(last) = last else { return Ok(None) };
        let pages = chunk.pages.get(1..).unwrap_or_default();
        let mut is_equal = last.has_levels == has_levels
            && last.pages.len() == pages.len()
            && last.pages.iter().zip(pages).all(|(last, page)| last.has_claims_of(page));
        let mut left = &last.packed[..];
        for page in pages {
            if !is_equal {
                break;
            }
            unpacker.read(file, page)?;
            let (before, rest) = left.split_at(unpacker.packed().len());
            is_equal = before == unpacker.packed();
            left = rest;
        }
        if is_equal {
            self.others.store(0, Ordering::Relaxed);
        } else if self.others.fetch_add(1, Ordering::Relaxed) + 1 >= OTHERS_MAX {
            *self.lock() = None;
        }
        Ok(is_equal.then(|| Arc::clone(&last.rows)))
    }

    /// Whether a chunk is short enough to be kept, and rows have been equal lately.
    pub fn keeps(&self, chunk: &ChunkPages) -> bool {
        let (mut bytes, mut rows) = (0, 0);
        for page in chunk.pages.iter().skip(1) {
            (bytes, rows) = (bytes + page.packed, rows + page.values);
        }
        bytes <= KEPT_BYTES_MAX && rows <= KEPT_ROWS_MAX && self.others.load(Ordering::Relaxed) < OTHERS_MAX
    }

    /// Keeps the rows of a chunk, and the bytes of its data pages in the file, for the next one, if that may be equal.
    pub fn keep(&self, chunk: &ChunkPages, has_levels: bool, packed: Vec<u8>, rows: &ArrayRef) {
        if self.others.load(Ordering::Relaxed) >= OTHERS_MAX {
            return;
        }
        let pages = chunk.pages.get(1..).unwrap_or_default().to_vec();
        *self.lock() = Some(Arc::new(DecodedChunk { has_levels, pages, packed, rows: Arc::clone(rows) }));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<DecodedChunk>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
