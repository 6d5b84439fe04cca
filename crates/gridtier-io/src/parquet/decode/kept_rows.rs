//! Row groups in which a column has the same rows as in one shortly before.
//!
//! Daily readings name the same customers in the same order every day. The column of ids then has the same pages in every row
//! group: they are compared as they are in the file, headers included, and neither decompressed nor decoded. Where row groups
//! hold several days, the last of each file is shorter than the others, so more than one chunk is kept.

use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_array::ArrayRef;
use gridtier::index::{count, index_u64};

use super::pages::Unpacker;
use crate::guard::Unreadable;
use crate::guard::limits::BATCH_ROWS;
use crate::guard::parquet_pages::PageClaim;

/// The longest chunk that is kept: bytes in the file, bytes once decompressed, and rows.
const CHUNK_BYTES_MAX: u64 = 4 << 20;
const CHUNK_UNPACKED_MAX: u64 = 32 << 20;
const CHUNK_ROWS_MAX: u64 = 1 << 20;
/// Most memory for the kept chunks of all columns of a table.
const BUDGET: u64 = 96 << 20;
/// The most that a row takes: a view.
const ROW_BYTES: u64 = 16;
/// Chunks of a column that are kept, besides one for each thread, since threads begin in different files.
const KEPT: usize = 3;

/// The chunks of a column that were met last; shared by threads.
pub(super) struct KeptRows {
    met: Mutex<MetChunks>,
    budget: Arc<KeptBudget>,
}

#[derive(Default)]
struct MetChunks {
    /// The chunk that was met last comes last.
    chunks: Vec<Arc<KeptChunk>>,
    /// Chunks since the last that equalled one of these.
    others: usize,
}

/// The memory that kept chunks take. Not counted are rows that are still being read when their chunk is dropped, and rows that
/// several threads decode at once, of which one is kept.
pub(super) struct KeptBudget {
    bytes: AtomicU64,
    /// Most chunks of a column, or of those that refer to one dictionary, that are kept. After so many one after another that
    /// equal none that is kept, none is kept or compared any more.
    chunks_max: usize,
}

/// A chunk whose pages are compared with those of later chunks.
pub(in crate::parquet) struct KeptChunk {
    has_levels: bool,
    /// The data pages and their headers as they are in the file.
    bytes: Vec<u8>,
    /// Its rows once a thread has decoded them, in one piece or in batches; `None` if they cannot be kept.
    pub rows: OnceLock<Option<Vec<ArrayRef>>>,
    cost: u64,
    budget: Arc<KeptBudget>,
}

impl Default for KeptBudget {
    fn default() -> Self {
        Self { bytes: AtomicU64::new(0), chunks_max: KEPT + rayon::current_num_threads() }
    }
}

impl KeptBudget {
    fn take(&self, cost: u64) -> bool {
        let taken = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
            all.checked_add(cost).filter(|all| *all <= BUDGET)
        });
        taken.is_ok()
    }
}

impl Drop for KeptChunk {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.cost, Ordering::Relaxed);
    }
}

impl KeptRows {
    /// Keeps chunks within a budget.
    pub fn new(budget: &Arc<KeptBudget>) -> Self {
        Self { met: Mutex::default(), budget: Arc::clone(budget) }
    }

    /// The kept chunk with the bytes of these data pages, and whether it is new. `None` if the chunk is too long to be kept, or
    /// chunks of this column are not kept any more.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn meet(
        &self,
        file: &File,
        pages: &[PageClaim],
        has_levels: bool,
        unpacker: &mut Unpacker,
    ) -> Result<Option<(Arc<KeptChunk>, bool)>, Unreadable> {
        let bytes = bytes_of(pages);
        let [unpacked, rows] = [|page: &PageClaim| page.unpacked, |page: &PageClaim| page.values]
            .map(|of| pages.iter().map(of).fold(0, u64::saturating_add));
        if rows == 0
            || rows > CHUNK_ROWS_MAX
            || unpacked > CHUNK_UNPACKED_MAX
            || bytes.end - bytes.start > CHUNK_BYTES_MAX
            || self.lock().others >= self.budget.chunks_max
        {
            return Ok(None);
        }
        unpacker.read_bytes(file, bytes)?;
        let bytes = unpacker.packed();
        let mut met = self.lock();
        let known = met.chunks.iter().position(|kept| kept.has_levels == has_levels && kept.bytes == bytes);
        if let Some(place) = known {
            let kept = met.chunks.remove(place);
            met.chunks.push(Arc::clone(&kept));
            met.others = 0;
            return Ok(Some((kept, false)));
        }
        met.others += 1;
        if met.others >= self.budget.chunks_max {
            met.chunks.clear();
            return Ok(None);
        }
        // Batches of views take the memory of whole batches.
        let cost = count(bytes.len()) + unpacked + rows.next_multiple_of(count(BATCH_ROWS)) * ROW_BYTES;
        if met.chunks.len() == self.budget.chunks_max {
            met.chunks.remove(0);
        }
        while !self.budget.take(cost) {
            if met.chunks.is_empty() {
                return Ok(None);
            }
            met.chunks.remove(0);
        }
        let new = Arc::new(KeptChunk {
            has_levels,
            bytes: bytes.to_vec(),
            rows: OnceLock::new(),
            cost,
            budget: Arc::clone(&self.budget),
        });
        met.chunks.push(Arc::clone(&new));
        Ok(Some((new, true)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, MetChunks> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptChunk {
    /// The bytes of a page of a chunk that has the bytes of this one; its data pages begin at `first` with a header.
    pub fn page(&self, page: &PageClaim, first: &PageClaim) -> &[u8] {
        let start = index_u64(page.start - first.header);
        &self.bytes[start..start + index_u64(page.packed)]
    }
}

/// Where pages and their headers are in the file.
fn bytes_of(pages: &[PageClaim]) -> Range<u64> {
    pages.first().zip(pages.last()).map_or(0..0, |(first, last)| first.header..last.start + last.packed)
}

/// The rows of data pages.
pub(super) fn row_count(pages: &[PageClaim]) -> usize {
    pages.iter().map(|page| index_u64(page.values)).sum()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;
    use crate::guard::parquet_pages::{PageEncoding, PageKind};

    /// A file of chunks of a page each, which have a header of three bytes and hold as many rows as bytes.
    fn chunks(contents: &[&[u8]]) -> (NamedTempFile, Vec<PageClaim>) {
        let mut file = NamedTempFile::new().unwrap();
        let mut header = 0;
        let mut pages = Vec::new();
        for content in contents {
            file.write_all(&[b"HHH", *content].concat()).unwrap();
            let bytes = count(content.len());
            pages.push(PageClaim {
                kind: PageKind::Data,
                encoding: PageEncoding::Plain,
                values: bytes,
                header,
                start: header + 3,
                packed: bytes,
                unpacked: bytes,
                levels: 0,
                has_repetition: false,
                has_run_levels: true,
                is_packed: false,
                checksum: None,
            });
            header += 3 + bytes;
        }
        (file, pages)
    }

    fn meet(kept: &KeptRows, file: &NamedTempFile, page: &PageClaim) -> Option<(Arc<KeptChunk>, bool)> {
        let file = file.reopen().unwrap();
        kept.meet(&file, std::slice::from_ref(page), true, &mut Unpacker::default()).unwrap()
    }

    fn budget_of(chunks_max: usize) -> Arc<KeptBudget> {
        Arc::new(KeptBudget { bytes: AtomicU64::new(0), chunks_max })
    }

    #[test]
    fn a_chunk_is_known_until_four_others_were_met_and_none_is_kept_once_four_in_a_row_were_new() {
        let kept = KeptRows::new(&budget_of(4));
        let (file, pages) = chunks(&[b"a", b"b", b"c", b"d", b"e"]);
        let met = |letters: &str| -> String {
            let known = |letter: u8| match meet(&kept, &file, &pages[usize::from(letter - b'a')]) {
                Some((_, true)) => '+',
                Some((_, false)) => '=',
                None => '-',
            };
            letters.bytes().map(known).collect()
        };
        assert_eq!(met("aabacada"), "+=+=+=+=");
        // a is the last, so b is dropped for e, and then c for b.
        assert_eq!(met("eabaca"), "+=+=+=");
        assert_eq!(met("ecab"), "====");
        assert_eq!(met("ded"), "++=");
        assert_eq!(met("cabc"), "+++=");
        // Now d, a, b and c are kept, and four in a row equal none of what is kept.
        assert_eq!(met("edaba"), "+++--");
    }

    #[test]
    fn no_chunk_is_kept_beyond_the_budget_and_the_oldest_of_the_column_makes_room() {
        let budget = budget_of(9);
        let [long, other] = [7, 8].map(|byte| vec![byte; 1 << 20]);
        let (file, pages) = chunks(&[&long, &other, b"x"]);
        let columns: Vec<KeptRows> = (0..8).map(|_| KeptRows::new(&budget)).collect();
        let kept = columns.iter().map(|kept| meet(kept, &file, &pages[0]).is_some());
        // A chunk of a million rows is charged a megabyte twice and sixteen megabytes of views.
        assert_eq!(kept.filter(|kept| *kept).count(), 5);
        assert!(meet(&columns[0], &file, &pages[1]).is_some());
        assert!(meet(&columns[7], &file, &pages[1]).is_none());
        drop(columns);
        assert!(meet(&KeptRows::new(&budget), &file, &pages[0]).is_some());
        assert_eq!(budget.bytes.load(Ordering::Relaxed), 0);
        let mut page = pages[2];
        for rows in [0, CHUNK_ROWS_MAX + 1] {
            page.values = rows;
            assert!(meet(&KeptRows::new(&budget), &file, &page).is_none());
        }
    }

    #[test]
    fn threads_that_meet_a_chunk_first_share_it() {
        let kept = KeptRows::new(&budget_of(4));
        let (file, pages) = chunks(&[b"abc"]);
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..16).map(|_| scope.spawn(|| meet(&kept, &file, &pages[0]).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|(chunk, _)| Arc::ptr_eq(chunk, &all[0].0)));
        assert_eq!(all.iter().filter(|(_, is_new)| *is_new).count(), 1);
    }
}
