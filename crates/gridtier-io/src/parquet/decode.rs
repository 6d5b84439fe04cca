//! Our own decoder of the pages that meter readings come in: plain values, and references to a dictionary.
//!
//! What it gives is what arrow-rs gives; columns that it does not know are left to arrow-rs. It is faster because a
//! dictionary with the same bytes as the last is not decoded again, because the memory of pages and the state of
//! decompression are used again, because the rows of a chunk whose pages equal those of one shortly before are not decoded
//! again, and because levels of a page without nulls are not looked at one by one
//! (benches/README.md, "The kernel and its peers").

mod pages;
mod runs;
mod kept_rows;
mod values;
mod texts;
mod dictionary;
mod plain;

use std::fmt;
use std::fs::File;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use gridtier::index::{index, index_u64};
use parquet::basic::Type;
use parquet::schema::types::ColumnDescriptor;

use self::dictionary::{DictionaryTexts, LastDictionaries};
pub(super) use self::kept_rows::KeptChunk;
use self::kept_rows::row_count;
pub(super) use self::pages::Unpacker;
use self::pages::{PageBytes, damaged};
use self::plain::{PlainChunk, PlainChunks};
pub(super) use self::plain::{batch_to_keep, keep};
use self::runs::Runs;
use self::values::ColumnValues;
use crate::guard::Unreadable;
use crate::guard::parquet_pages::{ChunkPages, PageClaim, PageEncoding, PageKind};

/// What was met last in the columns of a table, which later chunks often repeat; shared by its files and by threads.
pub(crate) struct EarlierChunks {
    dictionaries: Arc<LastDictionaries>,
    plain: PlainChunks,
}

impl Default for EarlierChunks {
    fn default() -> Self {
        let budget = Arc::default();
        Self { dictionaries: Arc::new(LastDictionaries::new(&budget)), plain: PlainChunks::new(&budget) }
    }
}

impl fmt::Debug for EarlierChunks {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("EarlierChunks").finish_non_exhaustive()
    }
}

/// Who decodes the chunk of one column in a row group.
pub(super) enum Decoding {
    Own(Box<ColumnDecoder>),
    /// Nobody, since the batches are known.
    Kept(Vec<ArrayRef>),
    ByArrow,
    /// arrow-rs, and the rows are to be [kept](keep).
    ToKeep(Arc<KeptChunk>),
}

/// Decodes the chunk of one column in a row group.
pub(super) struct ColumnDecoder {
    file: Arc<File>,
    chunk: Arc<ChunkPages>,
    /// The position of the next page.
    next: usize,
    has_levels: bool,
    page: DataPage,
    values: Box<dyn ColumnValues>,
    /// Buffer for the levels of one batch.
    levels: Vec<i32>,
    /// All rows of the chunk, if they were taken at once, and how many of them have been read.
    whole: Option<(ArrayRef, usize)>,
    /// The kept chunk from whose bytes pages are taken in place of the file, while it is decoded, and the first data page.
    source: Option<(Arc<KeptChunk>, PageClaim)>,
}

/// A page whose rows are being read.
#[derive(Default)]
struct DataPage {
    bytes: Vec<u8>,
    /// Rows that have not been read.
    left: usize,
    /// Whether each row has a value; `None` if all have one.
    levels: Option<Runs>,
    /// Where the next plain value begins.
    at: usize,
    /// References to the dictionary; `None` if values are plain.
    references: Option<Runs>,
}

impl ColumnDecoder {
    /// Decides who decodes a column.
    ///
    /// `stored_type` is the type that the parquet schema gives, and `data_type` the one to decode to. Plain text is read, to see
    /// whether it is that of an `earlier` chunk, which may have been kept in batches of `batch_rows`.
    pub fn of(
        file: &Arc<File>,
        chunk: &Arc<ChunkPages>,
        column: &ColumnDescriptor,
        (stored_type, data_type): (Option<&DataType>, &DataType),
        earlier: &EarlierChunks,
        batch_rows: usize,
        unpacker: &mut Unpacker,
    ) -> Decoding {
        let has_levels = column.max_def_level() > 0;
        let is_known = pages::is_known(chunk.codec)
            && chunk.pages.iter().all(|page| {
                matches!(page.encoding, PageEncoding::Plain | PageEncoding::Dictionary)
                    && (page.kind != PageKind::Data || !has_levels || page.has_run_levels)
                    && !page.has_repetition
            });
        if !is_known || column.max_def_level() > 1 {
            return Decoding::ByArrow;
        }
        let Some(values) = collector(column, stored_type, data_type, earlier) else {
            let column = (column.name(), has_levels, data_type);
            return match earlier.plain.meet(file, chunk, column, batch_rows, unpacker) {
                PlainChunk::Rows(rows) => Decoding::Kept(rows),
                PlainChunk::Again(chunk) => Decoding::ToKeep(chunk),
                PlainChunk::Unknown => Decoding::ByArrow,
            };
        };
        Decoding::Own(Box::new(Self {
            file: Arc::clone(file),
            chunk: Arc::clone(chunk),
            next: 0,
            has_levels,
            page: DataPage::default(),
            values,
            levels: Vec::new(),
            whole: None,
            source: None,
        }))
    }

    /// The rows of a kept chunk that has the pages of this one, from the next page on; `None` if they cannot be decoded.
    fn kept_rows(&mut self, kept: &Arc<KeptChunk>, unpacker: &mut Unpacker) -> Option<ArrayRef> {
        let (first, chunk) = (self.next, Arc::clone(&self.chunk));
        let pages = &chunk.pages[first..];
        if let Some(rows) = kept.rows.get() {
            let rows = rows.as_ref()?.first().cloned();
            // Another number of rows would mean that the file has changed since its headers were read.
            return rows.filter(|rows| rows.len() == row_count(pages));
        }
        self.source = pages.first().map(|page| (Arc::clone(kept), *page));
        let rows = self.read_pages(row_count(pages), unpacker).ok();
        self.source = None;
        if rows.is_none() {
            let _ = self.values.finish(None);
            (self.next, self.page) = (first, DataPage::default());
        }
        // Another thread may have decoded them meanwhile, with the same result.
        let _ = kept.rows.set(rows.clone().map(|rows| vec![rows]));
        rows
    }

    /// The values of the next rows.
    ///
    /// # Errors
    /// A page cannot be read, or holds fewer values than it claims.
    pub fn read(&mut self, rows: usize, unpacker: &mut Unpacker) -> Result<ArrayRef, Unreadable> {
        if self.next == 0 {
            self.whole = self.repeated_references(unpacker)?.map(|rows| (rows, 0));
        }
        let Some((whole, read)) = &mut self.whole else { return self.read_pages(rows, unpacker) };
        if whole.len() - *read < rows {
            return Err(damaged());
        }
        let piece = whole.slice(*read, rows);
        *read += rows;
        Ok(piece)
    }

    /// Reads the dictionary. If it is that of the chunk before, all rows too; pages with damage are left to be read one by one,
    /// so that the rows before it are read, whichever chunks were met before.
    fn repeated_references(&mut self, unpacker: &mut Unpacker) -> Result<Option<ArrayRef>, Unreadable> {
        if self.chunk.pages.first().is_none_or(|page| page.kind != PageKind::Dictionary) {
            return Ok(None);
        }
        self.open_page(unpacker)?;
        let Some(kept) = self.values.kept_rows() else { return Ok(None) };
        let met = kept.meet(&self.file, &self.chunk.pages[1..], self.has_levels, unpacker)?;
        Ok(met.and_then(|(chunk, _)| self.kept_rows(&chunk, unpacker)))
    }

    fn read_pages(&mut self, rows: usize, unpacker: &mut Unpacker) -> Result<ArrayRef, Unreadable> {
        let mut nulls: Option<BooleanBufferBuilder> = None;
        let mut read = 0;
        while read < rows {
            if self.page.left == 0 {
                self.open_page(unpacker)?;
                continue;
            }
            let some = self.page.left.min(rows - read);
            self.append(some, read, rows, &mut nulls)?;
            self.page.left -= some;
            read += some;
        }
        self.values.finish(nulls.map(|mut nulls| NullBuffer::new(nulls.finish())))
    }

    /// Appends the next rows of the page, after `before` of the `rows` of this batch.
    fn append(
        &mut self,
        some: usize,
        before: usize,
        rows: usize,
        nulls: &mut Option<BooleanBufferBuilder>,
    ) -> Result<(), Unreadable> {
        let Some(levels) = &mut self.page.levels else {
            if let Some(nulls) = nulls {
                nulls.append_n(some, true);
            }
            return self.append_values(some);
        };
        self.levels.clear();
        levels.read(&self.page.bytes, some, &mut self.levels)?;
        let mut present = BooleanBufferBuilder::new(some);
        self.levels.iter().for_each(|&level| present.append(level != 0));
        let present = present.finish();
        let nulls = nulls.get_or_insert_with(|| {
            let mut nulls = BooleanBufferBuilder::new(rows);
            nulls.append_n(before, true);
            nulls
        });
        nulls.append_buffer(&present);
        self.append_values(present.count_set_bits())?;
        self.values.spread(&present);
        Ok(())
    }

    fn append_values(&mut self, count: usize) -> Result<(), Unreadable> {
        let DataPage { bytes, at, references, .. } = &mut self.page;
        match references {
            // A page of nulls alone may end before the width of its references.
            _ if count == 0 => {}
            Some(runs) => self.values.append_referred(runs, bytes, count)?,
            None => *at += self.values.append_plain(bytes.get(*at..).unwrap_or_default(), count)?,
        }
        Ok(())
    }

    fn open_page(&mut self, unpacker: &mut Unpacker) -> Result<(), Unreadable> {
        let page = *self.chunk.pages.get(self.next).ok_or_else(damaged)?;
        self.next += 1;
        match &self.source {
            Some((kept, first)) => unpacker.take(kept.page(&page, first), &page)?,
            None => unpacker.read(&self.file, &page)?,
        }
        let memory = &mut self.page.bytes;
        let mut bytes = PageBytes { unpacker, codec: self.chunk.codec, page: &page, memory };
        if page.kind == PageKind::Dictionary {
            return self.values.set_dictionary(&mut bytes, index_u64(page.values));
        }
        bytes.unpacked()?;
        self.page.open(&page, self.has_levels)
    }
}

/// What collects the values of a column; `None` for a type that arrow-rs has to decode.
fn collector(
    column: &ColumnDescriptor,
    stored_type: Option<&DataType>,
    data_type: &DataType,
    earlier: &EarlierChunks,
) -> Option<Box<dyn ColumnValues>> {
    if column.physical_type() == Type::BYTE_ARRAY {
        return Some(Box::new(DictionaryTexts::of(column.name(), data_type, &earlier.dictionaries)?));
    }
    let is_as_stored = stored_type.is_some_and(|stored| match (stored, data_type) {
        (DataType::Timestamp(stored, _), DataType::Timestamp(unit, _)) => stored == unit,
        (stored, data_type) => stored == data_type,
    });
    let fixed_bytes = usize::try_from(column.type_length()).unwrap_or(0);
    values::fixed(column.physical_type(), fixed_bytes, data_type).filter(|_| is_as_stored)
}

impl DataPage {
    /// Finds the levels and values in the bytes of a page.
    fn open(&mut self, page: &PageClaim, has_levels: bool) -> Result<(), Unreadable> {
        self.left = index_u64(page.values);
        self.levels = None;
        self.at = index_u64(page.levels);
        let mut levels_at = 0;
        if page.kind == PageKind::Data {
            // Nothing but definition levels stands before the values of a flat column.
            levels_at = 4;
            self.at = 0;
            if has_levels {
                let length = self.bytes.first_chunk::<4>().ok_or_else(damaged)?;
                self.at = 4usize.saturating_add(index(u32::from_le_bytes(*length)));
            }
        }
        let levels = self.bytes.get(..self.at).ok_or_else(damaged)?;
        if has_levels && self.left > 0 {
            let runs = Runs::new(1, levels_at)?;
            if !runs.begin_with(levels, 1, self.left)? {
                self.levels = Some(runs);
            }
        }
        self.references = match (page.encoding, self.bytes.get(self.at)) {
            (PageEncoding::Dictionary, Some(&width)) => Some(Runs::new(width, self.at + 1)?),
            // Without a width there can be no value, which is noticed as soon as one is read.
            _ => None,
        };
        Ok(())
    }
}
