//! The messages of an Arrow stream, by their headers alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use arrow_ipc::{Endianness, Message, MessageHeader, RecordBatch};

use crate::limits::{FOOTER_BYTES_MAX, MESSAGE_BYTES_MAX, check_rows};
use crate::unreadable::{Unreadable, caught};

const MAGIC: &[u8; 6] = b"ARROW1";
const FEATHER_1: &[u8; 4] = b"FEA1";
/// Magic and padding before the stream of a file.
const HEAD_BYTES: u64 = 8;
/// Length of the footer and magic at the end of a file.
const TAIL_BYTES: u64 = 10;
const CONTINUED: u32 = u32::MAX;

/// What a walk finds.
#[derive(Debug)]
pub(super) struct Walked {
    /// Where the stream is in the file.
    pub stream: Range<u64>,
    /// Rows of all its batches.
    pub rows: u64,
}

/// Walks a file of `bytes`.
pub(super) fn walk(file: &mut File, bytes: u64) -> Result<Walked, Unreadable> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.starts_with(FEATHER_1) {
        let advice = "write it as Feather version 2, or as parquet";
        return Err(Unreadable::because("it is a Feather file of the old version 1", advice));
    }
    let footer = head.starts_with(MAGIC).then(|| footer(file, bytes)).transpose()?;
    let stream = match &footer {
        Some(footer) => start_of_stream(file, footer.start)?..footer.start,
        None => 0..bytes,
    };
    let mut walker = Walker {
        file,
        at: stream.start,
        end: stream.end,
        rows: 0,
        batches: 0,
        dictionaries: BTreeMap::new(),
    };
    let ended = walker.messages()?;
    match footer {
        Some(footer) if footer.batches != walker.batches => {
            let batches = walker.batches;
            let what = format!("its footer lists {} batches, but it holds {batches}", footer.batches);
            return Err(Unreadable::damaged(what));
        }
        None if !ended => return Err(Unreadable::damaged("it is cut off: the end of the stream is missing")),
        _ => {}
    }
    let rows = walker.rows;
    check_rows(rows, bytes)?;
    Ok(Walked { stream, rows })
}

/// Where the stream of a file begins: behind the magic and as many zeros as its writer likes.
fn start_of_stream(file: &mut File, end: u64) -> Result<u64, Unreadable> {
    const PADDING_MAX: u64 = 128;
    file.seek(SeekFrom::Start(HEAD_BYTES))?;
    let mut padding = Vec::new();
    file.take(PADDING_MAX).read_to_end(&mut padding)?;
    let words = padding.chunks_exact(4).take_while(|word| **word == [0; 4]).count();
    Ok((HEAD_BYTES + 4 * words as u64).min(end))
}

struct Footer {
    /// Where it begins.
    start: u64,
    batches: usize,
}

fn footer(file: &mut File, bytes: u64) -> Result<Footer, Unreadable> {
    let cut_off = || Unreadable::damaged("it is cut off: the end of an Arrow file is missing");
    if bytes < HEAD_BYTES + TAIL_BYTES {
        return Err(cut_off());
    }
    file.seek(SeekFrom::Start(bytes - TAIL_BYTES))?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(4);
    if magic != MAGIC {
        return Err(cut_off());
    }
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    if length > bytes - HEAD_BYTES - TAIL_BYTES || length > FOOTER_BYTES_MAX {
        return Err(Unreadable::damaged(format!("its footer claims {length} bytes, the file has {bytes}")));
    }
    let start = bytes - TAIL_BYTES - length;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; length as usize];
    file.read_exact(&mut footer)?;
    let batches = caught(|| {
        let footer = arrow_ipc::root_as_footer(&footer).map_err(|error| error.to_string())?;
        Ok(footer.recordBatches().map_or(0, |batches| batches.len()))
    })?;
    let batches =
        batches.map_err(|error: String| Unreadable::damaged(format!("its footer is malformed: {error}")))?;
    Ok(Footer { start, batches })
}

struct Walker<'f> {
    file: &'f mut File,
    at: u64,
    end: u64,
    rows: u64,
    batches: usize,
    /// Bytes of each dictionary, unpacked.
    dictionaries: BTreeMap<i64, u64>,
}

impl Walker<'_> {
    /// Walks all messages; whether the stream says that it ends.
    fn messages(&mut self) -> Result<bool, Unreadable> {
        let mut is_first = true;
        while self.at < self.end {
            let Some(header) = self.header()? else { return Ok(true) };
            let start = self.at + header.len() as u64;
            let body = caught(|| self.message(&header, start, is_first))??;
            self.at = start + body;
            is_first = false;
        }
        if is_first { Err(Unreadable::damaged("it holds no schema")) } else { Ok(false) }
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
    fn message(&mut self, header: &[u8], start: u64, is_first: bool) -> Result<u64, Unreadable> {
        let message = arrow_ipc::root_as_message(header)
            .map_err(|error| Unreadable::damaged(format!("a message is malformed: {error}")))?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if body > self.end - start.min(self.end) {
            return Err(Unreadable::damaged("a message reaches beyond the end of the file"));
        }
        match (message.header_type(), is_first) {
            (MessageHeader::Schema, true) => check_schema(&message)?,
            (MessageHeader::RecordBatch, false) => {
                let batch = message.header_as_record_batch().ok_or_else(no_content)?;
                self.check_unpacked(batch, start, body)?;
                let rows = u64::try_from(batch.length()).map_err(|_| no_content())?;
                self.rows = self.rows.saturating_add(rows);
                self.batches += 1;
            }
            (MessageHeader::DictionaryBatch, false) => {
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

fn check_schema(message: &Message) -> Result<(), Unreadable> {
    let schema = message.header_as_schema().ok_or_else(no_content)?;
    if schema.endianness() == Endianness::Little {
        return Ok(());
    }
    Err(Unreadable::because("it was written on a big-endian machine", "write it as parquet"))
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
