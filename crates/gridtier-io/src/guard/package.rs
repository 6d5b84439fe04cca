//! The zip archive of a workbook. What its entries claim is checked before any of them is unpacked.
//!
//! A few kilobytes can unpack to all of memory, and an XML reader keeps a tag or a text whole. The size of an entry is
//! limited twice: by what the directory claims, and while the entry is read. Each piece between two angle brackets is
//! limited while it is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use gridtier::index::count;
use gridtier::text;
use zip::ZipArchive;
use zip::result::ZipError;

use super::limits::{PACKED_RATIO_MAX, UNPACKED_BYTES_MAX, XML_PIECE_BYTES_MAX};
use super::{Unreadable, caught};

/// Maximum number of entries of an archive: a workbook of a thousand sheets has three thousand.
const ENTRIES_MAX: usize = 10_000;
/// Bytes that an entry may unpack to whatever its ratio.
const UNPACKED_FREE: u64 = 1 << 20;
/// Length of an archive above which its entries are counted before its directory is read.
const SEARCHED_FROM: u64 = 16 << 20;
/// The start of an entry in the directory of an archive.
const DIRECTORY_MARK: [u8; 4] = *b"PK\x01\x02";

/// An archive whose claims are within the limits.
pub(crate) struct Package {
    archive: ZipArchive<BufReader<File>>,
    /// The number of each entry by its name, in lower case, with `/` between folders and none at the start.
    entries: BTreeMap<String, usize>,
}

impl Package {
    /// Reads the directory of an archive of `bytes`.
    pub(crate) fn open(mut file: File, bytes: u64) -> Result<Self, Unreadable> {
        if bytes > UNPACKED_BYTES_MAX {
            return Err(too_large(bytes));
        }
        if bytes > SEARCHED_FROM {
            search_directory(&mut file)?;
        }
        let mut archive = caught(|| ZipArchive::new(BufReader::new(file)))?.map_err(zip_fault)?;
        if archive.len() > ENTRIES_MAX {
            return Err(too_many_entries());
        }
        let mut entries = BTreeMap::new();
        let mut total = 0u64;
        for number in 0..archive.len() {
            let entry = caught(|| archive.by_index_raw(number).map(|entry| EntryClaim::new(&entry)))?;
            let entry = entry.map_err(zip_fault)?;
            entry.check()?;
            total = total.saturating_add(entry.unpacked);
            entries.entry(folded(&entry.name)).or_insert(number);
        }
        if total > UNPACKED_BYTES_MAX {
            return Err(too_large(total));
        }
        Ok(Self { archive, entries })
    }

    /// Opens an entry; `None` if no entry has that name.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<PackagePart<impl Read>>, Unreadable> {
        let Some(&number) = self.entries.get(&folded(name)) else { return Ok(None) };
        let entry = caught(|| self.archive.by_index(number))?.map_err(zip_fault)?;
        let left = entry.size();
        Ok(Some(PackagePart { source: BufReader::with_capacity(64 << 10, entry), left, piece: 0 }))
    }

    /// Unpacks every entry and drops the bytes, as a check before a decoder reads the entries on its own.
    pub(crate) fn check_unpacked(&mut self) -> Result<(), Unreadable> {
        for number in 0..self.archive.len() {
            let entry = caught(|| self.archive.by_index(number))?.map_err(zip_fault)?;
            let claimed = entry.size();
            let unpacked = caught(|| io::copy(&mut entry.take(claimed + 1), &mut io::sink()))??;
            if unpacked != claimed {
                return Err(unpacks_to_more(claimed));
            }
        }
        Ok(())
    }
}

/// Counts the entries by their marks: the reader of the directory reserves memory for each.
fn search_directory(file: &mut File) -> Result<(), Unreadable> {
    file.seek(SeekFrom::Start(0))?;
    let mut source = BufReader::with_capacity(1 << 20, &mut *file);
    let (mut matched, mut found) = (0, 0);
    loop {
        let chunk = source.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        for &byte in chunk {
            matched = if byte == DIRECTORY_MARK[matched] { matched + 1 } else { usize::from(byte == b'P') };
            if matched == DIRECTORY_MARK.len() {
                (matched, found) = (0, found + 1);
            }
        }
        let read = chunk.len();
        source.consume(read);
    }
    file.seek(SeekFrom::Start(0))?;
    if found > ENTRIES_MAX { Err(too_many_entries()) } else { Ok(()) }
}

/// What the directory claims about an entry.
struct EntryClaim {
    name: String,
    packed: u64,
    unpacked: u64,
    is_encrypted: bool,
}

impl EntryClaim {
    fn new<R: Read>(entry: &zip::read::ZipFile<'_, R>) -> Self {
        Self {
            name: String::from_utf8_lossy(entry.name_raw()).into_owned(),
            packed: entry.compressed_size(),
            unpacked: entry.size(),
            is_encrypted: entry.encrypted(),
        }
    }

    fn check(&self) -> Result<(), Unreadable> {
        if self.is_encrypted {
            return Err(encrypted());
        }
        if self.unpacked > UNPACKED_FREE && self.unpacked >= self.packed.saturating_mul(PACKED_RATIO_MAX) {
            let Self { name, packed, unpacked, .. } = self;
            return Err(Unreadable::because(
                text!(
                    "its part {name} unpacks {packed} bytes to {unpacked}, which no table does",
                    "其中的 {name} 由 {packed} 字节解压为 {unpacked} 字节，不像表格"
                ),
                text!(
                    "save the workbook again, or export the sheet as CSV UTF-8",
                    "请重新保存工作簿，或将工作表导出为 CSV UTF-8"
                ),
            ));
        }
        Ok(())
    }
}

fn folded(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn zip_fault(error: ZipError) -> Unreadable {
    match error {
        ZipError::Io(error) => error.into(),
        other => Unreadable::damaged(text!("it is not whole: {other}", "文件不完整：{other}")),
    }
}

/// The refusal of a workbook behind a password.
pub(crate) fn encrypted() -> Unreadable {
    Unreadable::because(
        text!("the workbook is encrypted", "工作簿已加密"),
        text!("save it without a password", "请取消密码后另存"),
    )
}

fn too_large(bytes: u64) -> Unreadable {
    Unreadable::because(
        text!(
            "the workbook unpacks to {bytes} bytes; the most is {UNPACKED_BYTES_MAX}",
            "工作簿解压后有 {bytes} 字节，上限为 {UNPACKED_BYTES_MAX}"
        ),
        text!("export the sheet as CSV UTF-8 or parquet", "请将工作表导出为 CSV UTF-8 或 parquet"),
    )
}

fn too_many_entries() -> Unreadable {
    Unreadable::damaged(text!("it claims more than {ENTRIES_MAX} parts", "其部件超过 {ENTRIES_MAX} 个"))
}

fn unpacks_to_more(claimed: u64) -> Unreadable {
    Unreadable::damaged(text!(
        "a part of {claimed} bytes unpacks to another length",
        "一个声明为 {claimed} 字节的部件解压后长度不符"
    ))
}

/// An entry of XML, read within its claimed length and in pieces that an XML reader can hold.
pub(crate) struct PackagePart<R> {
    source: BufReader<R>,
    /// Number of bytes still to come, according to the claim.
    left: u64,
    /// Bytes since the last angle bracket.
    piece: usize,
}

impl<R: Read> Read for PackagePart<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let some = chunk.len().min(out.len());
        out[..some].copy_from_slice(&chunk[..some]);
        self.consume(some);
        Ok(some)
    }
}

impl<R: Read> BufRead for PackagePart<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > XML_PIECE_BYTES_MAX {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "one tag or text is longer than any of a table",
            ));
        }
        let chunk = self.source.fill_buf()?;
        if count(chunk.len()) > self.left {
            return Err(io::Error::new(ErrorKind::InvalidData, "a part unpacks to more than it claims"));
        }
        Ok(chunk)
    }

    fn consume(&mut self, bytes: usize) {
        let consumed = &self.source.buffer()[..bytes];
        match consumed.iter().rposition(|byte| matches!(byte, b'<' | b'>')) {
            Some(at) => self.piece = bytes - at,
            None => self.piece += bytes,
        }
        self.left -= count(bytes);
        self.source.consume(bytes);
    }
}
