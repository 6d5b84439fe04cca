//! Reads the footer of a parquet file, and checks what it claims.
//!
//! A footer that lies costs the reader memory and time before the first row. First a walk checks its shape, then it is
//! decoded with only the statistics asked for, then it is compared with the length of the file: rows, row groups and column
//! chunks must fit into the file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};

use gridtier::index::{count, index_u64};
use gridtier::text;
use gridtier::text::Text;

use super::cursor::Stuck;
use super::limits::{COLUMNS_MAX, FOOTER_BYTES_MAX, NESTING_MAX, check_rows};
use super::thrift::{ELEMENT, ThriftShape as Shape, walk};
use super::{Unreadable, caught};

const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";
const MAGIC_BYTES: u64 = count(MAGIC.len());
/// The end of a file: the length of the footer, and the magic.
const TAIL: usize = 8;
const TAIL_BYTES: u64 = count(TAIL);

/// Code of the last converted type, `INTERVAL`.
const CONVERTED_TYPE_MAX: i64 = 21;

/// Maximum number of decompressed bytes for each byte of a file, on top of [`UNPACKED_FREE`].
const UNPACKED_PER_BYTE_MAX: u64 = 500;
/// Bytes that a file of any length may claim to decompress to.
const UNPACKED_FREE: u64 = 1 << 30;

const TIME: Shape = Shape::Struct(&[(1, Shape::Bool), (2, Shape::Struct(&[]))]);
const LOGICAL_TYPE: Shape = Shape::Struct(&[
    (5, Shape::Struct(&[(1, Shape::I32), (2, Shape::I32)])),
    (7, TIME),
    (8, TIME),
    (10, Shape::Struct(&[(1, Shape::Byte), (2, Shape::Bool)])),
    (16, Shape::Struct(&[(1, Shape::Byte)])),
    (17, Shape::Struct(&[(1, Shape::Binary)])),
    (18, Shape::Struct(&[(1, Shape::Binary), (2, Shape::I32)])),
]);
const SCHEMA_ELEMENT: Shape = Shape::Struct(&[
    (1, Shape::I32),
    (2, Shape::I32),
    (3, Shape::I32),
    (4, Shape::Binary),
    (5, Shape::I32),
    (6, Shape::I32),
    (7, Shape::I32),
    (8, Shape::I32),
    (9, Shape::I32),
    (10, LOGICAL_TYPE),
]);
const KEY_VALUE: Shape = Shape::Struct(&[(1, Shape::Binary), (2, Shape::Binary)]);
const ENCODING_STATS: Shape = Shape::Struct(&[(1, Shape::I32), (2, Shape::I32), (3, Shape::I32)]);
const BOUNDING_BOX: Shape = Shape::Struct(&[
    (1, Shape::Double),
    (2, Shape::Double),
    (3, Shape::Double),
    (4, Shape::Double),
    (5, Shape::Double),
    (6, Shape::Double),
    (7, Shape::Double),
    (8, Shape::Double),
]);
const COLUMN_METADATA: Shape = Shape::Struct(&[
    (1, Shape::I32),
    (2, Shape::List(&Shape::I32)),
    (3, Shape::List(&Shape::Binary)),
    (4, Shape::I32),
    (5, Shape::I64),
    (6, Shape::I64),
    (7, Shape::I64),
    (9, Shape::I64),
    (10, Shape::I64),
    (11, Shape::I64),
    (13, Shape::List(&ENCODING_STATS)),
    (14, Shape::I64),
    (15, Shape::I32),
    (17, Shape::Struct(&[(1, BOUNDING_BOX), (2, Shape::List(&Shape::I32))])),
]);
const COLUMN_CHUNK: Shape = Shape::Struct(&[
    (1, Shape::Binary),
    (2, Shape::I64),
    (3, COLUMN_METADATA),
    (4, Shape::I64),
    (5, Shape::I32),
    (6, Shape::I64),
    (7, Shape::I32),
]);
const SORTING_COLUMN: Shape = Shape::Struct(&[(1, Shape::I32), (2, Shape::Bool), (3, Shape::Bool)]);
const ROW_GROUP: Shape = Shape::Struct(&[
    (1, Shape::List(&COLUMN_CHUNK)),
    (2, Shape::I64),
    (3, Shape::I64),
    (4, Shape::List(&SORTING_COLUMN)),
    (5, Shape::I64),
    (6, Shape::I64),
    (7, Shape::I16),
]);
/// `FileMetaData` of parquet.thrift.
const FILE_METADATA: &[(i16, Shape)] = &[
    (1, Shape::I32),
    (2, Shape::List(&SCHEMA_ELEMENT)),
    (3, Shape::I64),
    (4, Shape::List(&ROW_GROUP)),
    (5, Shape::List(&KEY_VALUE)),
    (6, Shape::Binary),
    (7, Shape::List(&Shape::Struct(&[]))),
];

/// Reads the footer of a file of `bytes`, with the statistics of the columns at `leaves`.
pub(crate) fn read(file: &mut File, bytes: u64, leaves: &[usize]) -> Result<ParquetMetaData, Unreadable> {
    let mut footer = footer_bytes(file, bytes)?;
    for unknown in check_shape(&footer)? {
        replace_by_no_type(&mut footer[unknown]);
    }
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::skip_except(leaves))
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let metadata = caught(|| ParquetMetaDataReader::decode_metadata_with_options(&footer, Some(&options)))?
        .map_err(Unreadable::from)?;
    let metadata = without_empty_dictionaries(metadata);
    check_claims(&metadata, bytes, bytes - TAIL_BYTES - count(footer.len()))?;
    Ok(metadata)
}

/// The bytes of a footer.
pub(super) fn footer_bytes(file: &mut File, bytes: u64) -> Result<Vec<u8>, Unreadable> {
    if bytes < MAGIC_BYTES + TAIL_BYTES {
        return Err(Unreadable::damaged(text!(
            "it is too short to be a parquet file",
            "文件太短，不是 parquet 文件"
        )));
    }
    file.seek(SeekFrom::Start(bytes - TAIL_BYTES))?;
    let mut tail = [0; TAIL];
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(4);
    if magic == MAGIC_ENCRYPTED {
        return Err(Unreadable::because(
            text!("it is encrypted", "文件已加密"),
            text!("deliver it without encryption", "请提供未加密的文件"),
        ));
    }
    if magic != MAGIC {
        return Err(Unreadable::damaged(text!(
            "it is cut off: the end of a parquet file is missing",
            "文件被截断：缺少 parquet 文件的结尾"
        )));
    }
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    if length > bytes - TAIL_BYTES - MAGIC_BYTES || length > FOOTER_BYTES_MAX {
        return Err(Unreadable::damaged(text!(
            "its footer claims {length} bytes, the file has {bytes}",
            "文件尾声明有 {length} 字节，而文件只有 {bytes} 字节"
        )));
    }
    file.seek(SeekFrom::Start(bytes - TAIL_BYTES - length))?;
    let mut footer = vec![0; index_u64(length)];
    file.read_exact(&mut footer)?;
    Ok(footer)
}

/// Removes the dictionary from columns that claim that their dictionary begins at 0. The magic of the file is at that
/// position, so they have no dictionary.
fn without_empty_dictionaries(metadata: ParquetMetaData) -> ParquetMetaData {
    if !metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).any(has_empty_dictionary) {
        return metadata;
    }
    let groups = metadata.row_groups().iter().map(|group| {
        let chunks = group.columns().iter().cloned().map(|chunk| match has_empty_dictionary(&chunk) {
            true => chunk.into_builder().set_dictionary_page_offset(None).build(),
            false => Ok(chunk),
        });
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        group.clone().into_builder().set_column_metadata(chunks).build()
    });
    match groups.collect() {
        Ok(groups) => metadata.into_builder().set_row_groups(groups).build(),
        // `check_claims` refuses such a footer.
        Err(_) => metadata,
    }
}

/// Whether a column claims a dictionary at a position where none can be.
fn has_empty_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset().is_some_and(|at| at <= 0)
}

/// Writes −1, which stands for none, over the code of a converted type that the decoder does not know. The physical type
/// says how such a column is read.
fn replace_by_no_type(code: &mut [u8]) {
    let last = code.len() - 1;
    for (at, byte) in code.iter_mut().enumerate() {
        *byte = u8::from(at == 0) | if at < last { 0x80 } else { 0 };
    }
}

/// Walks the footer and the tree of its schema: the decoder reserves memory for the children that a group claims, and
/// recurses into them. Returns where codes of unknown converted types stand.
fn check_shape(footer: &[u8]) -> Result<Vec<Range<usize>>, Unreadable> {
    let mut children: Vec<i64> = Vec::new();
    let mut unknown = Vec::new();
    let walked = walk(footer, FILE_METADATA, &mut |path, value, at| match path {
        [2, ELEMENT] => children.push(0),
        [2, 5] => children.last_mut().into_iter().for_each(|last| *last = value),
        [2, 6] if !(-1..=CONVERTED_TYPE_MAX).contains(&value) => unknown.push(at),
        _ => {}
    });
    walked.map_err(|stuck| match stuck {
        Stuck::Short => Unreadable::damaged(text!("its footer ends too early", "文件尾过早结束")),
        Stuck::Broken(how) => {
            let how = Text::from(how);
            Unreadable::damaged(text!("its footer holds {how}", "文件尾含有{how}"; how))
        }
    })?;
    if children.len() > 2 * COLUMNS_MAX {
        return Err(Unreadable::damaged(text!(
            "its schema claims {columns} columns",
            "结构声明有 {columns} 列",
            columns = children.len()
        )));
    }
    let nodes = children.len();
    if !children.iter().all(|&claimed| usize::try_from(claimed).is_ok_and(|claimed| claimed < nodes)) {
        return Err(Unreadable::damaged(text!(
            "its schema claims more columns than it lists",
            "结构声明的列多于所列出的列"
        )));
    }
    if depth(&children) > NESTING_MAX {
        return Err(Unreadable::damaged(text!("its columns are nested too deep", "列的嵌套过深")));
    }
    Ok(unknown)
}

/// The depth of a tree given by the number of children of each node, parents first.
fn depth(children: &[i64]) -> usize {
    let mut open: Vec<i64> = Vec::new();
    let mut deepest = 0;
    for &own_children in children {
        if own_children > 0 {
            open.push(own_children);
            deepest = deepest.max(open.len());
            continue;
        }
        while let Some(last) = open.last_mut() {
            *last -= 1;
            if *last > 0 {
                break;
            }
            open.pop();
        }
    }
    deepest
}

/// Compares what the footer claims with the bytes that the file has before it.
fn check_claims(metadata: &ParquetMetaData, bytes: u64, room: u64) -> Result<(), Unreadable> {
    let total = metadata.file_metadata().num_rows();
    let (mut rows, mut packed, mut unpacked) = (0u64, 0u64, 0u64);
    for group in metadata.row_groups() {
        let Ok(group_rows) = u64::try_from(group.num_rows()) else {
            return Err(lies(&text!(
                "a row group of {rows} rows",
                "行组有 {rows} 行",
                rows = group.num_rows()
            )));
        };
        rows = rows.saturating_add(group_rows);
        for chunk in group.columns() {
            let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            let (Ok(start), Ok(length)) = (u64::try_from(start), u64::try_from(chunk.compressed_size()))
            else {
                return Err(lies(&text!("a column before the start of the file", "有一列在文件开头之前")));
            };
            if start < MAGIC_BYTES || start.saturating_add(length) > room {
                return Err(lies(&text!(
                    "a column at {start} of {length} bytes, the file has {bytes}",
                    "位于 {start} 的一列有 {length} 字节，而文件有 {bytes} 字节"
                )));
            }
            packed = packed.saturating_add(length);
            unpacked = unpacked.saturating_add(u64::try_from(chunk.uncompressed_size()).unwrap_or(0));
        }
    }
    if u64::try_from(total) != Ok(rows) {
        return Err(lies(&text!(
            "{total} rows in the file, {rows} in its row groups",
            "文件有 {total} 行，而各行组共 {rows} 行"
        )));
    }
    if packed > room {
        return Err(lies(&text!(
            "columns of {packed} bytes, the file has {bytes}",
            "各列共 {packed} 字节，而文件有 {bytes} 字节"
        )));
    }
    if unpacked > bytes.saturating_mul(UNPACKED_PER_BYTE_MAX).saturating_add(UNPACKED_FREE) {
        return Err(lies(&text!(
            "{bytes} bytes that unpack to {unpacked}",
            "{bytes} 字节解压为 {unpacked} 字节"
        )));
    }
    check_rows(rows, bytes)
}

fn lies(what: &Text) -> Unreadable {
    Unreadable::damaged(text!("its footer lies: {what}", "文件尾有误：{what}"; what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_of_a_schema_is_that_of_its_tree() {
        assert_eq!(depth(&[3, 0, 0, 0]), 1);
        assert_eq!(depth(&[2, 1, 0, 1, 0]), 2);
        assert_eq!(depth(&[1, 1, 1, 0]), 3);
        assert_eq!(depth(&[]), 0);
    }
}
