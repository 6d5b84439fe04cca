//! Hands the pages of a row group to the decoder, each checked first.
//!
//! `parquet_pages` has checked what page headers claim. What only the compressed bytes show is checked here: some codecs
//! decompress without end whatever the header says, and delta-encoded pages stand for more text than they hold.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use gridtier::index::{count, index, index_u64};
use gridtier::text;

use super::parquet_pages::{ChunkPages, DELTA_FREE, DELTA_GROWTH_MAX, PageClaim, PageKind};
use super::{Unreadable, delta};

/// The columns of one row group that are read; all of them are flat.
pub(crate) struct GuardedRowGroup {
    pub file: Arc<File>,
    pub metadata: Arc<ParquetMetaData>,
    pub row_group: usize,
    /// For each column: its position among the leaves of the schema, and its pages.
    pub chunks: Vec<(usize, Arc<ChunkPages>)>,
}

impl RowGroups for GuardedRowGroup {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(self.row_group).num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let (leaf, chunk) = &self.chunks[column];
        let group = self.metadata.row_group(self.row_group);
        let column = group.column(*leaf);
        let inner = SerializedPageReader::new(Arc::clone(&self.file), column, self.num_rows(), None)?;
        let has_levels = column.column_descr().max_def_level() > 0;
        let pages = GuardedPages {
            inner,
            file: Arc::clone(&self.file),
            chunk: Arc::clone(chunk),
            next: 0,
            has_levels,
        };
        Ok(Box::new(OneChunk(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.row_group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

struct OneChunk(Option<GuardedPages>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(|pages| Ok(Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for OneChunk {}

struct GuardedPages {
    inner: SerializedPageReader<File>,
    file: Arc<File>,
    chunk: Arc<ChunkPages>,
    next: usize,
    has_levels: bool,
}

impl From<Unreadable> for ParquetError {
    fn from(fault: Unreadable) -> Self {
        Self::General(fault.what.to_string())
    }
}

impl GuardedPages {
    fn next_page(&mut self) -> Result<Option<Page>> {
        let Some(expected) = self.chunk.pages.get(self.next).copied() else { return Ok(None) };
        self.check_unpacked(&expected)?;
        let page = self.inner.get_next_page()?;
        let Some(page) = page else { return Err(ParquetError::EOF("a page is missing".into())) };
        let is_dictionary = expected.kind == PageKind::Dictionary;
        if page.is_dictionary_page() != is_dictionary || u64::from(page.num_values()) != expected.values {
            return Err(ParquetError::General("a page changed while it was being read".into()));
        }
        if !is_dictionary {
            check_differences(&page, self.has_levels)?;
        }
        self.next += 1;
        Ok(Some(page))
    }

    /// Decompresses a page and drops the bytes, where its codec might not stop at the length that the header claims.
    fn check_unpacked(&self, page: &PageClaim) -> std::result::Result<(), Unreadable> {
        /// `deflate` makes at most 1,032 bytes out of one.
        const DEFLATE_MAX: u64 = 1_032;
        /// Compressed bytes that do no harm whatever they decompress to.
        const HARMLESS: u64 = 64 << 10;
        const LZ4_FRAME: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];
        let needed = match self.chunk.codec {
            Compression::GZIP(_) => page.packed * DEFLATE_MAX > page.unpacked.max(HARMLESS * DEFLATE_MAX),
            Compression::BROTLI(_) => true,
            Compression::LZ4 => page.packed > HARMLESS,
            _ => false,
        };
        if !needed {
            return Ok(());
        }
        let levels = page.levels.min(page.packed);
        (&*self.file).seek(SeekFrom::Start(page.start + levels))?;
        let packed = (&*self.file).take(page.packed - levels);
        let most = page.unpacked;
        let unpacked = match self.chunk.codec {
            Compression::GZIP(_) => unpacked_bytes(flate2::read::MultiGzDecoder::new(packed), most),
            Compression::BROTLI(_) => unpacked_bytes(brotli::Decompressor::new(packed, 4096), most),
            _ => {
                let mut start = Vec::new();
                packed.take(4).read_to_end(&mut start)?;
                if start == LZ4_FRAME {
                    let what = text!(
                        "a page is an LZ4 frame, which may unpack to anything",
                        "数据页是 LZ4 帧，解压后的大小无法预知"
                    );
                    let advice = text!("write the file with zstd or snappy", "请用 zstd 或 snappy 压缩文件");
                    return Err(Unreadable::because(what, advice));
                }
                return Ok(());
            }
        };
        // The decoder refuses a page that cannot be decompressed.
        if unpacked.is_some_and(|unpacked| unpacked > most) {
            return Err(Unreadable::damaged(text!(
                "a page of {most} bytes unpacks to more",
                "声明为 {most} 字节的数据页解压后更大"
            )));
        }
        Ok(())
    }
}

/// The number of bytes that come out, at most one more than `most`.
fn unpacked_bytes(source: impl Read, most: u64) -> Option<u64> {
    std::io::copy(&mut source.take(most + 1), &mut std::io::sink()).ok()
}

/// Checks the lengths in a delta-encoded page.
fn check_differences(page: &Page, has_levels: bool) -> std::result::Result<(), Unreadable> {
    let encoding = page.encoding();
    if !matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
        return Ok(());
    }
    let (bytes, most) = (page.buffer().as_ref(), u64::from(page.num_values()));
    let levels = match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            index(*def_levels_byte_len) + index(*rep_levels_byte_len)
        }
        Page::DataPage { def_level_encoding: Encoding::RLE, .. } if has_levels => {
            let length = bytes.first_chunk::<4>().map_or(0, |length| index(u32::from_le_bytes(*length)));
            length.saturating_add(4)
        }
        // Early writers used one bit for each value.
        _ if has_levels => index_u64(most.div_ceil(8)),
        _ => 0,
    };
    let Some(values) = bytes.get(levels..) else {
        return Err(Unreadable::damaged(text!(
            "the levels of a page are longer than the page",
            "数据页的层级长于数据页"
        )));
    };
    if values.is_empty() && most > 0 {
        // All of its values are null.
        return Ok(());
    }
    if encoding == Encoding::DELTA_LENGTH_BYTE_ARRAY {
        return delta::check_lengths(values, most);
    }
    let text = delta::text_bytes(values, most)?;
    let limit = count(bytes.len()) * DELTA_GROWTH_MAX + DELTA_FREE;
    if text > limit {
        return Err(Unreadable::damaged(text!(
            "a page of {bytes} bytes stands for {text} bytes of text",
            "{bytes} 字节的数据页代表 {text} 字节文本",
            bytes = bytes.len()
        )));
    }
    Ok(())
}

impl Iterator for GuardedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_page().transpose()
    }
}

impl PageReader for GuardedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.next_page()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        if self.next < self.chunk.pages.len() { self.inner.peek_next_page() } else { Ok(None) }
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.next += 1;
        self.inner.skip_next_page()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_one_bit_for_each_value_come_before_the_differences() {
        let page = |bytes: Vec<u8>| Page::DataPage {
            buf: bytes.into(),
            num_values: 9,
            encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY,
            #[allow(deprecated)]
            def_level_encoding: Encoding::BIT_PACKED,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        assert_eq!(check_differences(&page(vec![0, 0]), true), Ok(()), "nine nulls");
        assert!(check_differences(&page(vec![0]), true).is_err(), "levels of eight values");
    }
}
