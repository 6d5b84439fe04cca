//! The messages of an Arrow stream, by their headers alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_ipc::{Endianness, MessageHeader, RecordBatch};

use crate::limits::{FOOTER_BYTES_MAX, MESSAGE_BYTES_MAX, check_rows};
use crate::unreadable::{Unreadable, caught};

const MAGIC: &[u8; 6] = b"ARROW1";
const FEATHER_1: &[u8; 4] = b"FEA1";
/// Magic and padding before the stream of a file.
const HEAD_BYTES: u64 = 8;
/// Length of the footer and magic at the end of a file.
const TAIL_BYTES: u64 = 10;
const CONTINUED: u32 = u32::MAX;

/// How the messages of a file are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// By its footer.
    File,
    /// One after the other.
    Stream,
}

/// Walks a file of `bytes`: how it is laid out, and its rows.
pub(super) fn walk(file: &mut File, bytes: u64) -> Result<(Layout, u64), Unreadable> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.starts_with(FEATHER_1) {
        let advice = "write it as Feather version 2, or as parquet";
        return Err(Unreadable::because("it is a Feather file of the old version 1", advice));
    }
    let mut walker = Walker { file, at: 0, end: bytes, rows: 0, dictionaries: BTreeMap::new() };
    let layout = if head.starts_with(MAGIC) {
        walker.blocks()?;
        Layout::File
    } else {
        walker.stream()?;
        Layout::Stream
    };
    let rows = walker.rows;
    check_rows(rows, bytes)?;
    Ok((layout, rows))
}

struct Walker<'f> {
    file: &'f mut File,
    at: u64,
    end: u64,
    rows: u64,
    /// Bytes of each dictionary, unpacked.
    dictionaries: BTreeMap<i64, u64>,
}

/// Where a message is: its beginning, the length of its header, the length of its body.
type Place = (u64, u64, u64);

impl Walker<'_> {
    /// Walks the messages that the footer of a file lists.
    fn blocks(&mut self) -> Result<(), Unreadable> {
        let footer = self.footer()?;
        let places = caught(|| places(&footer))??;
        let room = self.end - HEAD_BYTES - TAIL_BYTES - footer.len() as u64;
        let total = places
            .iter()
            .fold(0u64, |total, (_, header, body)| total.saturating_add(header.saturating_add(*body)));
        let is_inside = |(start, header, body): &Place| {
            let end = start.saturating_add(*header).saturating_add(*body);
            *start >= HEAD_BYTES && (8..=FOOTER_BYTES_MAX).contains(header) && end <= HEAD_BYTES + room
        };
        if total > room || !places.iter().all(is_inside) {
            return Err(Unreadable::damaged("its footer lies: its batches do not fit into the file"));
        }
        for (start, header, body) in places {
            let mut message = vec![0; header as usize];
            self.file.seek(SeekFrom::Start(start))?;
            self.file.read_exact(&mut message)?;
            let prefix = if message[..4] == CONTINUED.to_le_bytes() { 8 } else { 4 };
            let claimed = caught(|| self.message(&message[prefix..], start + header, Kind::Batch))??;
            if claimed > body {
                return Err(Unreadable::damaged("a message reaches beyond its place"));
            }
        }
        Ok(())
    }

    fn footer(&mut self) -> Result<Vec<u8>, Unreadable> {
        let bytes = self.end;
        let cut_off = || Unreadable::damaged("it is cut off: the end of an Arrow file is missing");
        if bytes < HEAD_BYTES + TAIL_BYTES {
            return Err(cut_off());
        }
        self.file.seek(SeekFrom::Start(bytes - TAIL_BYTES))?;
        let mut tail = [0; TAIL_BYTES as usize];
        self.file.read_exact(&mut tail)?;
        let (length, magic) = tail.split_at(4);
        if magic != MAGIC {
            return Err(cut_off());
        }
        let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
        if length > bytes - HEAD_BYTES - TAIL_BYTES || length > FOOTER_BYTES_MAX {
            return Err(Unreadable::damaged(format!(
                "its footer claims {length} bytes, the file has {bytes}"
            )));
        }
        self.file.seek(SeekFrom::Start(bytes - TAIL_BYTES - length))?;
        let mut footer = vec![0; length as usize];
        self.file.read_exact(&mut footer)?;
        Ok(footer)
    }

    /// Walks the messages of a stream, which must say that it ends.
    fn stream(&mut self) -> Result<(), Unreadable> {
        let mut kind = Kind::Schema;
        while self.at < self.end {
            let Some(header) = self.header()? else {
                // Two streams written one after the other: a reader stops at the end of the first.
                let is_last = self.at == self.end;
                let advice = "write each stream to a file of its own";
                let more = || Unreadable::because("there is more after the end of the stream", advice);
                return if is_last { Ok(()) } else { Err(more()) };
            };
            let start = self.at + header.len() as u64;
            self.at = start + caught(|| self.message(&header, start, kind))??;
            kind = Kind::Batch;
        }
        Err(Unreadable::damaged("it is cut off: the end of the stream is missing"))
    }

    fn word(&mut self) -> Result<u32, Unreadable> {
        if self.end - self.at < 4 {
            return Err(Unreadable::damaged("it ends within a message"));
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
        // Streams from before 2019 have no mark before the length.
        if length == CONTINUED {
            length = self.word()?;
        }
        if length == 0 {
            return Ok(None);
        }
        let length = u64::from(length);
        if length > self.end - self.at || length > FOOTER_BYTES_MAX {
            return Err(Unreadable::damaged(format!("a message claims a header of {length} bytes")));
        }
        let mut header = vec![0; length as usize];
        self.file.read_exact(&mut header)?;
        Ok(Some(header))
    }

    /// Checks a message whose body begins at `start`; the length of its body.
    fn message(&mut self, header: &[u8], start: u64, expected: Kind) -> Result<u64, Unreadable> {
        let message = arrow_ipc::root_as_message(header).map_err(malformed)?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if body > self.end - start.min(self.end) {
            return Err(Unreadable::damaged("a message reaches beyond the end of the file"));
        }
        match (message.header_type(), expected) {
            (MessageHeader::Schema, Kind::Schema) => check_schema(message.header_as_schema())?,
            (MessageHeader::RecordBatch, Kind::Batch) => {
                let batch = message.header_as_record_batch().ok_or_else(no_content)?;
                self.check_unpacked(batch, start, body)?;
                let rows = u64::try_from(batch.length()).map_err(|_| no_content())?;
                self.rows = self.rows.saturating_add(rows);
            }
            (MessageHeader::DictionaryBatch, Kind::Batch) => {
                let dictionary = message.header_as_dictionary_batch().ok_or_else(no_content)?;
                let batch = dictionary.data().ok_or_else(no_content)?;
                let bytes = self.check_unpacked(batch, start, body)?;
                let before = self.dictionaries.entry(dictionary.id()).or_default();
                *before = if dictionary.isDelta() { before.saturating_add(bytes) } else { bytes };
                if self.dictionaries.values().sum::<u64>() > MESSAGE_BYTES_MAX {
                    return Err(too_large(MESSAGE_BYTES_MAX));
                }
            }
            _ => return Err(Unreadable::damaged("a message of an unexpected kind")),
        }
        Ok(body)
    }

    /// The bytes that a batch unpacks to.
    fn check_unpacked(&mut self, batch: RecordBatch, start: u64, body: u64) -> Result<u64, Unreadable> {
        let mut unpacked = body;
        if batch.compression().is_some() {
            unpacked = 0;
            for buffer in batch.buffers().iter().flatten() {
                let (Ok(offset), Ok(length)) =
                    (u64::try_from(buffer.offset()), u64::try_from(buffer.length()))
                else {
                    return Err(no_content());
                };
                if length == 0 {
                    continue;
                }
                if length < 8 || offset.saturating_add(length) > body {
                    return Err(Unreadable::damaged("a column reaches beyond its message"));
                }
                unpacked = unpacked.saturating_add(self.unpacked_buffer(start + offset, length)?);
            }
        }
        if unpacked > MESSAGE_BYTES_MAX { Err(too_large(unpacked)) } else { Ok(unpacked) }
    }

    /// A packed buffer begins with its length unpacked, or with −1 if it is not packed.
    fn unpacked_buffer(&mut self, start: u64, length: u64) -> Result<u64, Unreadable> {
        let mut claimed = [0; 8];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut claimed)?;
        match i64::from_le_bytes(claimed) {
            -1 => Ok(length),
            claimed => u64::try_from(claimed).map_err(|_| no_content()),
        }
    }
}

/// What a message must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Schema,
    /// Rows, or a dictionary.
    Batch,
}

/// The places of the messages that a footer lists: dictionaries, then rows.
fn places(footer: &[u8]) -> Result<Vec<Place>, Unreadable> {
    let footer = arrow_ipc::root_as_footer(footer).map_err(malformed)?;
    check_schema(footer.schema())?;
    let blocks =
        footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    let place = |block: &arrow_ipc::Block| {
        let length = |value: i64| u64::try_from(value).map_err(|_| no_content());
        Ok((length(block.offset())?, length(block.metaDataLength().into())?, length(block.bodyLength())?))
    };
    blocks.map(place).collect()
}

fn check_schema(schema: Option<arrow_ipc::Schema>) -> Result<(), Unreadable> {
    if schema.ok_or_else(no_content)?.endianness() == Endianness::Little {
        return Ok(());
    }
    Err(Unreadable::because("it was written on a big-endian machine", "write it as parquet"))
}

fn malformed(error: impl std::fmt::Display) -> Unreadable {
    let error = error.to_string();
    Unreadable::damaged(format!("a message is malformed: {}", error.lines().next().unwrap_or_default()))
}

fn no_content() -> Unreadable {
    Unreadable::damaged("a message is malformed")
}

fn too_large(bytes: u64) -> Unreadable {
    Unreadable::because(
        format!("a batch unpacks to {bytes} bytes; the most is {MESSAGE_BYTES_MAX}"),
        "write the file in batches of about a million rows, or as parquet",
    )
}
