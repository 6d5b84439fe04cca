//! The pages of a column chunk, by their headers alone.
//!
//! What a page claims decides how much memory its decoder takes, so all headers of a chunk are read before the first
//! page is. They also say whether all of a chunk's values are references to its dictionary, which the chunk's metadata
//! may be silent or wrong about.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::compact::{Shape, Stuck, walk};
use crate::limits::{BATCH_ROWS, BATCH_TEXT_BYTES_MAX, PAGE_BYTES_MAX};
use crate::unreadable::Unreadable;

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

/// First and last try at how long a header is: one with statistics holds two values.
const HEADER_BYTES: u64 = 512;
const HEADER_BYTES_MAX: u64 = 4 << 20;

/// Encodings by their numbers in parquet.thrift.
const PLAIN_DICTIONARY: i64 = 2;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;
const RLE_DICTIONARY: i64 = 8;

/// How much longer than its page the text of a page of differences may be, and how much any page may hold.
pub(super) const DELTA_GROWTH_MAX: u64 = 16;
pub(super) const DELTA_FREE: u64 = 64 << 10;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageKind {
    Dictionary,
    Data,
    DataV2,
}

/// How the values of a page are written, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageEncoding {
    /// References to the dictionary.
    Dictionary,
    /// Lengths, then text.
    DeltaLength,
    /// Text as differences to the text before.
    Delta,
    Other,
}

impl PageEncoding {
    fn of_number(number: i64) -> Self {
        match number {
            PLAIN_DICTIONARY | RLE_DICTIONARY => Self::Dictionary,
            DELTA_LENGTH_BYTE_ARRAY => Self::DeltaLength,
            DELTA_BYTE_ARRAY => Self::Delta,
            _ => Self::Other,
        }
    }
}

/// A page, by its header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub kind: PageKind,
    pub encoding: PageEncoding,
    pub values: u64,
    /// Where its bytes begin in the file.
    pub start: u64,
    pub packed: u64,
    pub unpacked: u64,
    /// Bytes before the values that are not packed, in a page of version 2.
    pub levels: u64,
}

/// The pages of a chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    pub pages: Vec<Page>,
    pub codec: Compression,
    /// Whether every value is a reference to the dictionary.
    pub all_dictionary: bool,
    /// Most that is held of it at one time: the dictionary and one page.
    pub held: u64,
    /// Rows that a batch may have so that its text fits into memory, were all of it to come at once.
    pub batch_rows: usize,
}

impl Chunk {
    /// Reads the headers of a chunk of a flat column in a row group of `rows`.
    pub(super) fn survey(
        file: &mut File,
        chunk: &ColumnChunkMetaData,
        rows: u64,
    ) -> Result<Self, Unreadable> {
        let (mut at, length) = chunk.byte_range();
        let end = at + length;
        let mut pages: Vec<Page> = Vec::new();
        let mut values = 0u64;
        while values < rows {
            let Some((page, next)) = page_at(file, at, end, chunk)? else { break };
            at = next;
            let Some(page) = page else { continue };
            match page.kind {
                PageKind::Dictionary if !pages.is_empty() => {
                    return Err(Unreadable::damaged("a column has a dictionary that does not come first"));
                }
                PageKind::Dictionary => {}
                PageKind::Data | PageKind::DataV2 => values += page.values,
            }
            pages.push(page);
        }
        if values != rows || u64::try_from(chunk.num_values()) != Ok(rows) {
            let name = chunk.column_path().string();
            return Err(Unreadable::damaged(format!(
                "column {name} has {values} values, its row group {rows} rows"
            )));
        }
        Self::of(pages, chunk)
    }

    fn of(pages: Vec<Page>, chunk: &ColumnChunkMetaData) -> Result<Self, Unreadable> {
        let claimed = u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
        let unpacked: u64 = pages.iter().map(|page| page.unpacked).sum();
        // What headers take is counted or not, by writer.
        if unpacked > claimed.saturating_mul(4).saturating_add(DELTA_FREE) {
            let what = format!("a column of {claimed} bytes unpacks to {unpacked}");
            return Err(Unreadable::damaged(what));
        }
        let of_dictionary = |page: &&Page| page.kind == PageKind::Dictionary;
        let dictionary: u64 = pages.iter().filter(of_dictionary).map(|page| page.unpacked).sum();
        let data = || pages.iter().filter(|page| !of_dictionary(page));
        let is_text = chunk.column_type() == Type::BYTE_ARRAY;
        Ok(Self {
            codec: chunk.compression(),
            all_dictionary: dictionary > 0 && data().all(|page| page.encoding == PageEncoding::Dictionary),
            held: dictionary + data().map(|page| page.unpacked).max().unwrap_or(0),
            batch_rows: if is_text {
                data().map(Page::batch_rows).min().unwrap_or(BATCH_ROWS)
            } else {
                BATCH_ROWS
            },
            pages,
        })
    }
}

impl Page {
    /// Rows like this page's that fit into four times the text of a batch.
    fn batch_rows(&self) -> usize {
        let bytes = match self.encoding {
            PageEncoding::Dictionary => return BATCH_ROWS,
            PageEncoding::Delta => self.unpacked * DELTA_GROWTH_MAX + DELTA_FREE,
            PageEncoding::DeltaLength | PageEncoding::Other => self.unpacked,
        };
        let rows = 4 * BATCH_TEXT_BYTES_MAX as u64 * self.values / bytes.max(1);
        (rows as usize).clamp(1, BATCH_ROWS)
    }

    /// Checks a dictionary's values against its bytes: each is held as a number of its own once unpacked.
    fn check_dictionary(&self, chunk: &ColumnChunkMetaData) -> Result<(), Unreadable> {
        let width = match chunk.column_type() {
            Type::BOOLEAN => 1,
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            // A length before each.
            Type::BYTE_ARRAY => 4,
            Type::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(chunk.column_descr().type_length()).unwrap_or(1).max(1)
            }
        };
        if self.values.saturating_mul(width) <= self.unpacked {
            return Ok(());
        }
        let (values, bytes) = (self.values, self.unpacked);
        Err(Unreadable::damaged(format!("a dictionary claims {values} values in {bytes} bytes")))
    }
}

/// The page at `at`, unless it is an index, and where the next begins; `None` at the end of the chunk.
fn page_at(
    file: &mut File,
    at: u64,
    end: u64,
    chunk: &ColumnChunkMetaData,
) -> Result<Option<(Option<Page>, u64)>, Unreadable> {
    if at >= end {
        return Ok(None);
    }
    let (header, length) = header_at(file, at, end)?;
    let start = at + length;
    let size = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let (Some(unpacked), Some(packed)) = (size(header.unpacked), size(header.packed)) else {
        return Err(Unreadable::damaged("a page header has no length"));
    };
    if packed > end - start {
        return Err(Unreadable::damaged("a page reaches beyond its column"));
    }
    let unpacked = if chunk.compression() == Compression::UNCOMPRESSED { packed } else { unpacked };
    if unpacked > PAGE_BYTES_MAX || packed > PAGE_BYTES_MAX {
        return Err(Unreadable::because(
            format!("a page claims {} bytes; the most is {PAGE_BYTES_MAX}", unpacked.max(packed)),
            "write the file with pages of about a mebibyte, as most programs do by themselves",
        ));
    }
    let kind = match header.kind {
        Some(0) => PageKind::Data,
        Some(1) => return Ok(Some((None, start + packed))),
        Some(2) => PageKind::Dictionary,
        Some(3) => PageKind::DataV2,
        _ => return Err(Unreadable::damaged("a page of an unknown kind")),
    };
    let Some(values) = size(header.values) else {
        return Err(Unreadable::damaged("a page header has no count"));
    };
    let encoding = PageEncoding::of_number(header.encoding.unwrap_or(-1));
    let levels = size(header.levels[0]).unwrap_or(0) + size(header.levels[1]).unwrap_or(0);
    let page = Page { kind, encoding, values, start, packed, unpacked, levels };
    if kind == PageKind::Dictionary {
        page.check_dictionary(chunk)?;
    }
    Ok(Some((Some(page), start + packed)))
}

#[derive(Default)]
struct Header {
    kind: Option<i64>,
    unpacked: Option<i64>,
    packed: Option<i64>,
    values: Option<i64>,
    encoding: Option<i64>,
    levels: [Option<i64>; 2],
}

/// The header at `at` and its length, reading as little of the file as it takes.
fn header_at(file: &mut File, at: u64, end: u64) -> Result<(Header, u64), Unreadable> {
    let mut window = HEADER_BYTES;
    loop {
        let available = window.min(end - at);
        let mut bytes = Vec::with_capacity(available as usize);
        file.seek(SeekFrom::Start(at))?;
        file.by_ref().take(available).read_to_end(&mut bytes)?;
        let mut header = Header::default();
        let walked = walk(&bytes, PAGE_HEADER, &mut |path, value| {
            let place = match path {
                [1] => &mut header.kind,
                [2] => &mut header.unpacked,
                [3] => &mut header.packed,
                [5 | 7 | 8, 1] => &mut header.values,
                [5 | 7, 2] | [8, 4] => &mut header.encoding,
                [8, 5] => &mut header.levels[0],
                [8, 6] => &mut header.levels[1],
                _ => return,
            };
            *place = Some(value);
        });
        match walked {
            Ok(length) => return Ok((header, length as u64)),
            Err(Stuck::Short) if available == window && window < HEADER_BYTES_MAX => window *= 16,
            Err(Stuck::Short) => return Err(Unreadable::damaged("a page header ends too early")),
            Err(Stuck::Broken(how)) => return Err(Unreadable::damaged(format!("a page header holds {how}"))),
        }
    }
}
