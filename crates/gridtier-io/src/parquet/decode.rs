//! Our own decoder of the pages that meter readings come in: plain values, and references to a dictionary.
//!
//! What it gives is what arrow-rs gives; columns that it does not know are left to arrow-rs. It is faster because a
//! dictionary with the same bytes as the last is not decoded again, because the memory of pages and the state of
//! decompression are used again, because the rows of a chunk whose pages equal those of the chunk before are not decoded
//! again, and because levels of a page without nulls are not looked at one by one
//! (benches/README.md, "The kernel and its peers").

mod pages;
mod runs;
mod same_rows;
mod values;
mod texts;
mod dictionary;

use std::fs::File;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use gridtier::index::{index, index_u64};
use parquet::basic::Type;
use parquet::schema::types::ColumnDescriptor;

use self::dictionary::DictionaryTexts;
pub(crate) use self::dictionary::LastDictionaries;
pub(super) use self::pages::Unpacker;
use self::pages::{PageBytes, damaged};
use self::runs::Runs;
use self::same_rows::LastRows;
use self::values::ColumnValues;
use crate::guard::Unreadable;
use crate::guard::parquet_pages::{ChunkPages, PageClaim, PageEncoding, PageKind};

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
    /// The bytes in the file of the data pages so far, while all are read at once.
    packed: Option<Vec<u8>>,
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
    /// The decoder of a column, or `None` for a column that arrow-rs has to decode.
    ///
    /// `stored_type` is the type that the parquet schema gives, and `data_type` the one to decode to.
    pub fn of(
        file: &Arc<File>,
        chunk: &Arc<ChunkPages>,
        column: &ColumnDescriptor,
        stored_type: Option<&DataType>,
        data_type: &DataType,
        last: &Arc<LastDictionaries>,
    ) -> Option<Self> {
        let has_levels = column.max_def_level() > 0;
        let is_known = pages::is_known(chunk.codec)
            && chunk.pages.iter().all(|page| {
                matches!(page.encoding, PageEncoding::Plain | PageEncoding::Dictionary)
                    && (page.kind != PageKind::Data || !has_levels || page.has_run_levels)
                    && !page.has_repetition
            });
        if !is_known || column.max_def_level() > 1 {
            return None;
        }
        let values: Box<dyn ColumnValues> = match column.physical_type() {
            // Plain text is left to arrow-rs, which makes views of it without a copy.
            Type::BYTE_ARRAY => Box::new(DictionaryTexts::of(column.name(), data_type, last)?),
            _ => {
                let is_as_stored = stored_type.is_some_and(|stored| match (stored, data_type) {
                    (DataType::Timestamp(stored, _), DataType::Timestamp(unit, _)) => stored == unit,
                    (stored, data_type) => stored == data_type,
                });
                let fixed_bytes = usize::try_from(column.type_length()).unwrap_or(0);
                values::fixed(column.physical_type(), fixed_bytes, data_type).filter(|_| is_as_stored)?
            }
        };
        Some(Self {
            file: Arc::clone(file),
            chunk: Arc::clone(chunk),
            next: 0,
            has_levels,
            page: DataPage::default(),
            values,
            levels: Vec::new(),
            whole: None,
            packed: None,
        })
    }

    /// The values of the next rows.
    ///
    /// # Errors
    /// A page cannot be read, or holds fewer values than it claims.
    pub fn read(&mut self, rows: usize, unpacker: &mut Unpacker) -> Result<ArrayRef, Unreadable> {
        if self.next == 0 {
            self.whole = self.whole_chunk(unpacker)?.map(|rows| (rows, 0));
        }
        let Some((whole, read)) = &mut self.whole else { return self.read_pages(rows, unpacker) };
        if whole.len() - *read < rows {
            return Err(damaged());
        }
        let piece = whole.slice(*read, rows);
        *read += rows;
        Ok(piece)
    }

    /// Reads the dictionary. If it is that of the chunk before and rows are kept, all rows too.
    fn whole_chunk(&mut self, unpacker: &mut Unpacker) -> Result<Option<ArrayRef>, Unreadable> {
        if self.chunk.pages.first().is_none_or(|page| page.kind != PageKind::Dictionary) {
            return Ok(None);
        }
        self.open_page(unpacker)?;
        let Some(last) = self.values.last_rows().filter(|last| last.keeps(&self.chunk)) else {
            return Ok(None);
        };
        let whole = self.equal_or_decoded(&last, unpacker);
        if whole.is_err() {
            // The pages are read again one by one, so that damage is noticed with the rows of its page, whichever chunks
            // were read before.
            let _ = self.values.finish(None);
            (self.next, self.page, self.packed) = (1, DataPage::default(), None);
        }
        Ok(whole.ok())
    }

    /// All rows of the chunk: those of the last if its pages are equal, otherwise decoded and kept for the next.
    fn equal_or_decoded(&mut self, last: &LastRows, unpacker: &mut Unpacker) -> Result<ArrayRef, Unreadable> {
        if let Some(rows) = last.equal(&self.file, &self.chunk, self.has_levels, unpacker)? {
            return Ok(rows);
        }
        self.packed = Some(Vec::new());
        let count = self.chunk.pages.iter().skip(1).map(|page| index_u64(page.values)).sum();
        let rows = self.read_pages(count, unpacker)?;
        last.keep(&self.chunk, self.has_levels, self.packed.take().unwrap_or_default(), &rows);
        Ok(rows)
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
        unpacker.read(&self.file, &page)?;
        let memory = &mut self.page.bytes;
        let mut bytes = PageBytes { unpacker, codec: self.chunk.codec, page: &page, memory };
        if page.kind == PageKind::Dictionary {
            return self.values.set_dictionary(&mut bytes, index_u64(page.values));
        }
        bytes.unpacked()?;
        if let Some(packed) = &mut self.packed {
            packed.extend_from_slice(unpacker.packed());
        }
        self.page.open(&page, self.has_levels)
    }
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
