//! Walks the messages of an Arrow file or stream by their headers.
//!
//! The decoder reserves memory for the body that a message claims, and for the length that a compressed buffer claims to
//! decompress to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::{Endianness, MessageHeader, RecordBatch};

use gridtier::index::{count, index_u64};
use gridtier::phrase::of_library;
use gridtier::text;

use super::limits::{FOOTER_BYTES_MAX, MESSAGE_BYTES_MAX, check_rows};
use super::{Unreadable, caught};

const MAGIC: &[u8; 6] = b"ARROW1";
const FEATHER_1: &[u8; 4] = b"FEA1";
/// The start of a file: magic and padding.
const HEAD_BYTES: u64 = 8;
/// The end of a file: the length of the footer, and the magic.
const TAIL: usize = 10;
const TAIL_BYTES: u64 = count(TAIL);
/// The mark before the length of a message.
const CONTINUED: u32 = u32::MAX;

/// How the messages of a file are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpcLayout {
    /// In a file, the footer lists the messages.
    File,
    /// In a stream, one message follows the other.
    Stream,
}

/// Walks a file of `bytes` and returns its layout and number of rows.
pub(crate) fn walk(file: &mut File, bytes: u64) -> Result<(IpcLayout, u64), Unreadable> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.starts_with(FEATHER_1) {
        return Err(Unreadable::because(
            text!("it is a Feather file of the old version 1", "这是旧版（第 1 版）Feather 文件"),
            text!("write it as Feather version 2, or as parquet", "请写成 Feather 第 2 版或 parquet"),
        ));
    }
    let mut walker = MessageWalker { file, at: 0, end: bytes, rows: 0, dictionaries: BTreeMap::new() };
    let layout = if head.starts_with(MAGIC) {
        walker.blocks()?;
        IpcLayout::File
    } else {
        walker.stream()?;
        IpcLayout::Stream
    };
    let rows = walker.rows;
    check_rows(rows, bytes)?;
    Ok((layout, rows))
}

struct MessageWalker<'f> {
    file: &'f mut File,
    at: u64,
    end: u64,
    rows: u64,
    /// Decompressed bytes of each dictionary.
    dictionaries: BTreeMap<i64, u64>,
}

/// Where the footer of a file says that a message is.
struct MessagePlace {
    start: u64,
    header_bytes: u64,
    body_bytes: u64,
}

impl MessagePlace {
    fn new(block: &arrow_ipc::Block) -> Result<Self, Unreadable> {
        Ok(Self {
            start: unsigned(block.offset())?,
            header_bytes: unsigned(block.metaDataLength().into())?,
            body_bytes: unsigned(block.bodyLength())?,
        })
    }

    fn bytes(&self) -> u64 {
        self.header_bytes.saturating_add(self.body_bytes)
    }

    /// Whether the message lies between the head of the file and `end`.
    fn is_inside(&self, end: u64) -> bool {
        self.start >= HEAD_BYTES
            && (8..=FOOTER_BYTES_MAX).contains(&self.header_bytes)
            && self.start.saturating_add(self.bytes()) <= end
    }
}

fn unsigned(value: i64) -> Result<u64, Unreadable> {
    u64::try_from(value).map_err(|_| no_content())
}

impl MessageWalker<'_> {
    /// Walks the messages that the footer of a file lists.
    fn blocks(&mut self) -> Result<(), Unreadable> {
        let footer = self.footer()?;
        let places = caught(|| places(&footer))??;
        let room = self.end - HEAD_BYTES - TAIL_BYTES - count(footer.len());
        let total = places.iter().fold(0u64, |total, place| total.saturating_add(place.bytes()));
        if total > room || !places.iter().all(|place| place.is_inside(HEAD_BYTES + room)) {
            return Err(Unreadable::damaged(text!(
                "its footer lies: its batches do not fit into the file",
                "文件尾有误：批次超出文件"
            )));
        }
        for place in places {
            let mut message = vec![0; index_u64(place.header_bytes)];
            self.file.seek(SeekFrom::Start(place.start))?;
            self.file.read_exact(&mut message)?;
            let prefix = if message[..4] == CONTINUED.to_le_bytes() { 8 } else { 4 };
            let body_start = place.start + place.header_bytes;
            let claimed = caught(|| self.message(&message[prefix..], body_start, ExpectedMessage::Batch))??;
            if claimed > place.body_bytes {
                return Err(Unreadable::damaged(text!(
                    "a message reaches beyond its place",
                    "消息超出其位置"
                )));
            }
        }
        Ok(())
    }

    fn footer(&mut self) -> Result<Vec<u8>, Unreadable> {
        let bytes = self.end;
        if bytes < HEAD_BYTES + TAIL_BYTES {
            return Err(cut_off());
        }
        self.file.seek(SeekFrom::Start(bytes - TAIL_BYTES))?;
        let mut tail = [0; TAIL];
        self.file.read_exact(&mut tail)?;
        let (length, magic) = tail.split_at(4);
        if magic != MAGIC {
            return Err(cut_off());
        }
        let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
        if length > bytes - HEAD_BYTES - TAIL_BYTES || length > FOOTER_BYTES_MAX {
            return Err(Unreadable::damaged(text!(
                "its footer claims {length} bytes, the file has {bytes}",
                "文件尾声明有 {length} 字节，而文件只有 {bytes} 字节"
            )));
        }
        self.file.seek(SeekFrom::Start(bytes - TAIL_BYTES - length))?;
        let mut footer = vec![0; index_u64(length)];
        self.file.read_exact(&mut footer)?;
        Ok(footer)
    }

    /// Walks the messages of a stream, which must have an end mark.
    fn stream(&mut self) -> Result<(), Unreadable> {
        let mut expected = ExpectedMessage::Schema;
        while self.at < self.end {
            let Some(header) = self.header()? else {
                if self.at == self.end {
                    return Ok(());
                }
                // Of two streams in one file, a reader would stop at the end of the first.
                return Err(Unreadable::because(
                    text!("there is more after the end of the stream", "数据流结束后还有内容"),
                    text!("write each stream to a file of its own", "请将每个数据流写入单独的文件"),
                ));
            };
            let start = self.at + count(header.len());
            self.at = start + caught(|| self.message(&header, start, expected))??;
            expected = ExpectedMessage::Batch;
        }
        Err(Unreadable::damaged(text!(
            "it is cut off: the end of the stream is missing",
            "文件被截断：缺少数据流的结尾"
        )))
    }

    fn word(&mut self) -> Result<u32, Unreadable> {
        if self.end - self.at < 4 {
            return Err(Unreadable::damaged(text!("it ends within a message", "文件在消息中间结束")));
        }
        let mut word = [0; 4];
        self.file.seek(SeekFrom::Start(self.at))?;
        self.file.read_exact(&mut word)?;
        self.at += 4;
        Ok(u32::from_le_bytes(word))
    }

    /// The header of the next message; leaves `at` at its first byte. `None` at the end of the stream.
    fn header(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut length = self.word()?;
        // Streams written before Arrow 0.15 (2019) have no mark before the length.
        if length == CONTINUED {
            length = self.word()?;
        }
        if length == 0 {
            return Ok(None);
        }
        let length = u64::from(length);
        if length > self.end - self.at || length > FOOTER_BYTES_MAX {
            return Err(Unreadable::damaged(text!(
                "a message claims a header of {length} bytes",
                "消息声明其头部有 {length} 字节"
            )));
        }
        let mut header = vec![0; index_u64(length)];
        self.file.read_exact(&mut header)?;
        Ok(Some(header))
    }

    /// Checks a message whose body begins at `start`, and returns the length of its body.
    fn message(&mut self, header: &[u8], start: u64, expected: ExpectedMessage) -> Result<u64, Unreadable> {
        let message = arrow_ipc::root_as_message(header).map_err(malformed)?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if body > self.end - start.min(self.end) {
            return Err(Unreadable::damaged(text!(
                "a message reaches beyond the end of the file",
                "消息超出文件结尾"
            )));
        }
        match (message.header_type(), expected) {
            (MessageHeader::Schema, ExpectedMessage::Schema) => check_schema(message.header_as_schema())?,
            (MessageHeader::RecordBatch, ExpectedMessage::Batch) => {
                let batch = message.header_as_record_batch().ok_or_else(no_content)?;
                self.check_unpacked(batch, start, body)?;
                self.rows = self.rows.saturating_add(unsigned(batch.length())?);
            }
            (MessageHeader::DictionaryBatch, ExpectedMessage::Batch) => {
                let dictionary = message.header_as_dictionary_batch().ok_or_else(no_content)?;
                let batch = dictionary.data().ok_or_else(no_content)?;
                let bytes = self.check_unpacked(batch, start, body)?;
                let before = self.dictionaries.entry(dictionary.id()).or_default();
                *before = if dictionary.isDelta() { before.saturating_add(bytes) } else { bytes };
                if self.dictionaries.values().sum::<u64>() > MESSAGE_BYTES_MAX {
                    return Err(too_large(MESSAGE_BYTES_MAX));
                }
            }
            _ => return Err(Unreadable::damaged(text!("a message of an unexpected kind", "消息类型不符"))),
        }
        Ok(body)
    }

    /// The bytes that a batch decompresses to.
    fn check_unpacked(&mut self, batch: RecordBatch, start: u64, body: u64) -> Result<u64, Unreadable> {
        let mut unpacked = body;
        if batch.compression().is_some() {
            unpacked = 0;
            for buffer in batch.buffers().iter().flatten() {
                let (offset, length) = (unsigned(buffer.offset())?, unsigned(buffer.length())?);
                if length == 0 {
                    continue;
                }
                if length < 8 || offset.saturating_add(length) > body {
                    return Err(Unreadable::damaged(text!(
                        "a column reaches beyond its message",
                        "列超出其消息"
                    )));
                }
                unpacked = unpacked.saturating_add(self.unpacked_buffer(start + offset, length)?);
            }
        }
        if unpacked > MESSAGE_BYTES_MAX { Err(too_large(unpacked)) } else { Ok(unpacked) }
    }

    /// The decompressed length of a buffer, with which a compressed buffer begins; −1 means that it is stored as it is.
    fn unpacked_buffer(&mut self, start: u64, length: u64) -> Result<u64, Unreadable> {
        let mut claimed = [0; 8];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut claimed)?;
        match i64::from_le_bytes(claimed) {
            -1 => Ok(length),
            claimed => unsigned(claimed),
        }
    }
}

/// What a message must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpectedMessage {
    Schema,
    /// Rows, or a dictionary.
    Batch,
}

/// The messages that a footer lists: dictionaries, then batches of rows.
fn places(footer: &[u8]) -> Result<Vec<MessagePlace>, Unreadable> {
    let footer = arrow_ipc::root_as_footer(footer).map_err(malformed)?;
    check_schema(footer.schema())?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    dictionaries.chain(footer.recordBatches().into_iter().flatten()).map(MessagePlace::new).collect()
}

fn cut_off() -> Unreadable {
    Unreadable::damaged(text!(
        "it is cut off: the end of an Arrow file is missing",
        "文件被截断：缺少 Arrow 文件的结尾"
    ))
}

fn check_schema(schema: Option<arrow_ipc::Schema>) -> Result<(), Unreadable> {
    if schema.ok_or_else(no_content)?.endianness() == Endianness::Little {
        return Ok(());
    }
    Err(Unreadable::because(
        text!("it was written on a big-endian machine", "文件由大端字节序的机器写成"),
        text!("write it as parquet", "请写成 parquet"),
    ))
}

fn malformed(error: impl std::fmt::Display) -> Unreadable {
    let error = error.to_string();
    let error = of_library(error.lines().next().unwrap_or_default());
    Unreadable::damaged(text!("a message is malformed: {error}", "消息有误：{error}"; error))
}

fn no_content() -> Unreadable {
    Unreadable::damaged(text!("a message is malformed", "消息有误"))
}

fn too_large(bytes: u64) -> Unreadable {
    Unreadable::because(
        text!(
            "a batch unpacks to {bytes} bytes; the most is {MESSAGE_BYTES_MAX}",
            "一个批次解压后有 {bytes} 字节，上限为 {MESSAGE_BYTES_MAX}"
        ),
        text!(
            "write the file in batches of about a million rows, or as parquet",
            "请按约一百万行一批写文件，或写成 parquet"
        ),
    )
}
