//! Reads the page headers of a column chunk before any page is decoded.
//!
//! What a page claims decides how much memory its decoder takes. The headers also say whether all values of a chunk are
//! references to its dictionary, which the chunk's metadata may omit or get wrong.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use gridtier::index::{count, index_u64};
use gridtier::text;
use gridtier::text::Text;

use super::Unreadable;
use super::cursor::Stuck;
use super::limits::{BATCH_ROWS, BATCH_TEXT_BYTES_MAX, PAGE_BYTES_MAX};
use super::thrift::{ThriftShape as Shape, walk};

const DATA_HEADER: Shape =
    Shape::Struct(&[(1, Shape::I32), (2, Shape::I32), (3, Shape::I32), (4, Shape::I32)]);
const DICTIONARY_HEADER: Shape = Shape::Struct(&[(1, Shape::I32), (2, Shape::I32), (3, Shape::Bool)]);
const DATA_HEADER_V2: Shape = Shape::Struct(&[
    (1, Shape::I32),
    (2, Shape::I32),
    (3, Shape::I32),
    (4, Shape::I32),
    (5, Shape::I32),
    (6, Shape::I32),
    (7, Shape::Bool),
]);
/// `PageHeader` of parquet.thrift.
const PAGE_HEADER: &[(i16, Shape)] = &[
    (1, Shape::I32),
    (2, Shape::I32),
    (3, Shape::I32),
    (4, Shape::I32),
    (5, DATA_HEADER),
    (6, Shape::Struct(&[])),
    (7, DICTIONARY_HEADER),
    (8, DATA_HEADER_V2),
];

/// Bytes that are read first to find a header.
const HEADER_BYTES: u64 = 512;
/// Longest header: one with statistics holds two values of the column.
const HEADER_BYTES_MAX: u64 = 4 << 20;

/// Encodings by their codes in parquet.thrift.
const PLAIN: u64 = 0;
const PLAIN_DICTIONARY: u64 = 2;
const DELTA_LENGTH_BYTE_ARRAY: u64 = 6;
const DELTA_BYTE_ARRAY: u64 = 7;
const RLE_DICTIONARY: u64 = 8;
const RLE: u64 = 3;

/// Decompressed bytes for each byte of a column that are allowed even if its metadata claims fewer.
const UNPACKED_PER_BYTE_FREE: u64 = 100;
/// Maximum bytes of text for each byte of a delta-encoded page, on top of [`DELTA_FREE`].
pub(super) const DELTA_GROWTH_MAX: u64 = 16;
/// Bytes that a page of any length may stand for.
pub(super) const DELTA_FREE: u64 = 64 << 10;

/// The type of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageKind {
    Dictionary,
    Data,
    DataV2,
}

/// How the values of a page are encoded, as far as it decides their size or who decodes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageEncoding {
    /// References to the dictionary.
    Dictionary,
    /// Lengths, then text.
    DeltaLength,
    /// Text as differences from the text before.
    Delta,
    /// One after another.
    Plain,
    Other,
}

impl PageEncoding {
    fn from_code(code: Option<u64>) -> Self {
        match code {
            Some(PLAIN_DICTIONARY | RLE_DICTIONARY) => Self::Dictionary,
            Some(DELTA_LENGTH_BYTE_ARRAY) => Self::DeltaLength,
            Some(DELTA_BYTE_ARRAY) => Self::Delta,
            Some(PLAIN) => Self::Plain,
            _ => Self::Other,
        }
    }
}

/// What the header of a page claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageClaim {
    pub kind: PageKind,
    pub encoding: PageEncoding,
    pub values: u64,
    /// Where its header begins in the file.
    pub header: u64,
    /// Where its bytes begin in the file.
    pub start: u64,
    /// Its bytes in the file.
    pub packed: u64,
    /// Its bytes once decompressed.
    pub unpacked: u64,
    /// Bytes of levels before the values, which a page of version 2 does not compress.
    pub levels: u64,
    /// Whether some of these are repetition levels, which a flat column does not need.
    pub has_repetition: bool,
    /// Whether definition levels are stored as runs, as by all but the earliest writers.
    pub has_run_levels: bool,
    /// Whether the values are compressed by the codec of the column.
    pub is_packed: bool,
    /// The CRC-32 of its bytes in the file, if the writer stored it.
    pub checksum: Option<u32>,
}

/// The pages of a column chunk.
#[derive(Debug)]
pub(crate) struct ChunkPages {
    pub(crate) pages: Vec<PageClaim>,
    pub(crate) codec: Compression,
    /// Whether every value is a reference to the dictionary.
    pub(crate) all_dictionary: bool,
    /// Most bytes in memory at one time: the dictionary and one page.
    pub(crate) held: u64,
    /// Rows for a batch whose text fits into memory whatever the distribution of long values.
    pub(crate) batch_rows: usize,
}

impl ChunkPages {
    /// Reads the page headers of a chunk of a flat column in a row group of `rows`.
    pub(crate) fn survey(
        file: &mut File,
        chunk: &ColumnChunkMetaData,
        rows: u64,
    ) -> Result<Self, Unreadable> {
        let (mut at, length) = chunk.byte_range();
        let end = at + length;
        let mut pages: Vec<PageClaim> = Vec::new();
        let mut values = 0u64;
        while values < rows {
            let Some((page, next)) = page_at(file, at, end, chunk)? else { break };
            at = next;
            let Some(page) = page else { continue };
            match page.kind {
                PageKind::Dictionary if !pages.is_empty() => {
                    return Err(Unreadable::damaged(text!(
                        "a column has a dictionary that does not come first",
                        "某列的字典不在开头"
                    )));
                }
                PageKind::Dictionary => {}
                PageKind::Data | PageKind::DataV2 => values += page.values,
            }
            pages.push(page);
        }
        if values != rows || u64::try_from(chunk.num_values()) != Ok(rows) {
            let name = chunk.column_path().string();
            return Err(Unreadable::damaged(text!(
                "column {name} has {values} values, its row group {rows} rows",
                "列 {name} 有 {values} 个值，而行组有 {rows} 行"
            )));
        }
        Self::from_claims(pages, chunk)
    }

    fn from_claims(pages: Vec<PageClaim>, chunk: &ColumnChunkMetaData) -> Result<Self, Unreadable> {
        let claimed = u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
        let unpacked: u64 = pages.iter().map(|page| page.unpacked).sum();
        let packed: u64 = pages.iter().map(|page| page.packed).sum();
        // Some writers leave out the bytes of headers, and some claim the compressed size.
        let most = claimed.saturating_mul(4).max(packed.saturating_mul(UNPACKED_PER_BYTE_FREE));
        if unpacked > most.saturating_add(DELTA_FREE) {
            return Err(Unreadable::damaged(text!(
                "a column of {claimed} bytes unpacks to {unpacked}",
                "声明为 {claimed} 字节的列解压为 {unpacked} 字节"
            )));
        }
        let is_text = chunk.column_type() == Type::BYTE_ARRAY;
        let (mut dictionary, mut largest, mut batch_rows, mut all_dictionary) = (0, 0, BATCH_ROWS, true);
        for page in &pages {
            if page.kind == PageKind::Dictionary {
                dictionary += page.unpacked;
                continue;
            }
            largest = largest.max(page.unpacked);
            all_dictionary &= page.encoding == PageEncoding::Dictionary;
            if is_text {
                batch_rows = batch_rows.min(page.batch_rows());
            }
        }
        Ok(Self {
            codec: chunk.compression(),
            all_dictionary: all_dictionary && dictionary > 0,
            held: dictionary + largest,
            batch_rows,
            pages,
        })
    }
}

impl PageClaim {
    /// How many rows like those of this page fit into four times the text of a batch.
    fn batch_rows(&self) -> usize {
        let bytes = match self.encoding {
            PageEncoding::Dictionary => return BATCH_ROWS,
            PageEncoding::Delta => self.unpacked * DELTA_GROWTH_MAX + DELTA_FREE,
            PageEncoding::DeltaLength | PageEncoding::Plain | PageEncoding::Other => self.unpacked,
        };
        let rows = 4 * count(BATCH_TEXT_BYTES_MAX) * self.values / bytes.max(1);
        index_u64(rows.clamp(1, count(BATCH_ROWS)))
    }

    /// Checks the number of a dictionary's values against its bytes: the decoder reserves memory for each.
    fn check_dictionary(&self, chunk: &ColumnChunkMetaData) -> Result<(), Unreadable> {
        let width = match chunk.column_type() {
            Type::BOOLEAN => 1,
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            // Each value has its length before it.
            Type::BYTE_ARRAY => 4,
            Type::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(chunk.column_descr().type_length()).unwrap_or(1).max(1)
            }
        };
        if self.values.saturating_mul(width) <= self.unpacked {
            return Ok(());
        }
        let (values, bytes) = (self.values, self.unpacked);
        Err(Unreadable::damaged(text!(
            "a dictionary claims {values} values in {bytes} bytes",
            "字典声明在 {bytes} 字节中有 {values} 个值"
        )))
    }
}

/// The page at `at`, unless it is an index, and where the next begins; `None` at the end of the chunk.
fn page_at(
    file: &mut File,
    at: u64,
    end: u64,
    chunk: &ColumnChunkMetaData,
) -> Result<Option<(Option<PageClaim>, u64)>, Unreadable> {
    if at >= end {
        return Ok(None);
    }
    let (header, length) = header_at(file, at, end)?;
    let start = at + length;
    let (Some(unpacked), Some(packed)) = (header.unpacked, header.packed) else {
        return Err(Unreadable::damaged(text!("a page header has no length", "数据页头没有长度")));
    };
    if packed > end - start {
        return Err(Unreadable::damaged(text!("a page reaches beyond its column", "数据页超出所在的列")));
    }
    let unpacked = if chunk.compression() == Compression::UNCOMPRESSED { packed } else { unpacked };
    if unpacked > PAGE_BYTES_MAX || packed > PAGE_BYTES_MAX {
        return Err(Unreadable::because(
            text!(
                "a page claims {bytes} bytes; the most is {PAGE_BYTES_MAX}",
                "一个数据页声明有 {bytes} 字节，上限为 {PAGE_BYTES_MAX}",
                bytes = unpacked.max(packed)
            ),
            text!(
                "write the file with pages of about a mebibyte, as most programs do by themselves",
                "请用约 1 MiB 的数据页写文件，多数程序默认如此"
            ),
        ));
    }
    let kind = match header.kind {
        Some(0) => PageKind::Data,
        Some(1) => return Ok(Some((None, start + packed))),
        Some(2) => PageKind::Dictionary,
        Some(3) => PageKind::DataV2,
        _ => return Err(Unreadable::damaged(text!("a page of an unknown kind", "数据页类型未知"))),
    };
    let Some(values) = header.values else {
        return Err(Unreadable::damaged(text!("a page header has no count", "数据页头没有个数")));
    };
    let encoding = PageEncoding::from_code(header.encoding);
    let levels = header.levels.into_iter().flatten().sum();
    let page = PageClaim {
        kind,
        encoding,
        values,
        header: at,
        start,
        packed,
        unpacked,
        levels,
        has_repetition: header.levels[1].is_some_and(|bytes| bytes > 0),
        has_run_levels: kind == PageKind::DataV2 || header.level_encoding == Some(RLE),
        is_packed: header.is_packed != Some(0),
        checksum: header.checksum,
    };
    if kind == PageKind::Dictionary {
        page.check_dictionary(chunk)?;
    }
    Ok(Some((Some(page), start + packed)))
}

/// The fields of a page header that matter here; a negative number counts as absent.
#[derive(Default)]
struct PageHeader {
    kind: Option<u64>,
    unpacked: Option<u64>,
    packed: Option<u64>,
    values: Option<u64>,
    encoding: Option<u64>,
    level_encoding: Option<u64>,
    /// Bytes of definition levels and of repetition levels, of a page of version 2.
    levels: [Option<u64>; 2],
    /// 0 for a page of version 2 that is not compressed.
    is_packed: Option<u64>,
    checksum: Option<u32>,
}

/// The header at `at` and its length. Reads as little of the file as possible.
fn header_at(file: &mut File, at: u64, end: u64) -> Result<(PageHeader, u64), Unreadable> {
    let mut window = HEADER_BYTES;
    loop {
        let available = window.min(end - at);
        let mut bytes = Vec::with_capacity(index_u64(available));
        file.seek(SeekFrom::Start(at))?;
        file.by_ref().take(available).read_to_end(&mut bytes)?;
        let mut header = PageHeader::default();
        let walked = walk(&bytes, PAGE_HEADER, &mut |path, value, _| {
            let field = match path {
                [1] => &mut header.kind,
                [2] => &mut header.unpacked,
                [3] => &mut header.packed,
                [5 | 7 | 8, 1] => &mut header.values,
                [5 | 7, 2] | [8, 4] => &mut header.encoding,
                [5, 3] => &mut header.level_encoding,
                [8, 5] => &mut header.levels[0],
                [8, 6] => &mut header.levels[1],
                [8, 7] => &mut header.is_packed,
                [4] => {
                    header.checksum = i32::try_from(value).ok().map(i32::cast_unsigned);
                    return;
                }
                _ => return,
            };
            *field = u64::try_from(value).ok();
        });
        match walked {
            Ok(length) => return Ok((header, count(length))),
            Err(Stuck::Short) if available == window && window < HEADER_BYTES_MAX => window *= 16,
            Err(Stuck::Short) => {
                return Err(Unreadable::damaged(text!("a page header ends too early", "数据页头过早结束")));
            }
            Err(Stuck::Broken(how)) => {
                let how = Text::from(how);
                let what = text!("a page header holds {how}", "数据页头含有{how}"; how);
                return Err(Unreadable::damaged(what));
            }
        }
    }
}
