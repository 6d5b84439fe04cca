//! The bytes of a page: read, compared with their checksum, and decompressed into memory that is used again.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

use gridtier::index::{count, index_u64};
use gridtier::text;
use parquet::basic::Compression;

use crate::guard::Unreadable;
use crate::guard::parquet_pages::PageClaim;

/// The refusal of a page that does not hold what its header claims.
pub(super) fn damaged() -> Unreadable {
    Unreadable::damaged(text!("a page holds less than it claims", "数据页的内容少于其声明"))
}

/// Whether pages of a codec are unpacked here.
pub(super) fn is_known(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

/// What unpacks the pages of all columns of a row group, one after another.
#[derive(Default)]
pub(in crate::parquet) struct Unpacker {
    /// Memory for a page, or for pages, as in the file. It is never made shorter, since memory that is added has to be cleared.
    memory: Vec<u8>,
    /// Bytes that were read.
    length: usize,
    zstd: zstd::bulk::Decompressor<'static>,
    snappy: snap::raw::Decoder,
}

impl Unpacker {
    /// Reads the bytes of a page.
    ///
    /// # Errors
    /// The file cannot be read, or the page differs from its checksum.
    pub fn read(&mut self, file: &File, page: &PageClaim) -> Result<(), Unreadable> {
        self.read_bytes(file, page.start..page.start + page.packed)?;
        self.verify(page)
    }

    /// Reads bytes of a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_bytes(&mut self, mut file: &File, bytes: Range<u64>) -> Result<(), Unreadable> {
        let memory = self.memory(index_u64(bytes.end - bytes.start));
        file.seek(SeekFrom::Start(bytes.start))?;
        file.read_exact(memory)?;
        Ok(())
    }

    /// Takes the bytes of a page that were read before.
    ///
    /// # Errors
    /// The page differs from its checksum.
    pub fn take(&mut self, bytes: &[u8], page: &PageClaim) -> Result<(), Unreadable> {
        self.memory(bytes.len()).copy_from_slice(bytes);
        self.verify(page)
    }

    fn memory(&mut self, length: usize) -> &mut [u8] {
        self.length = length;
        if self.memory.len() < length {
            self.memory.resize(length, 0);
        }
        &mut self.memory[..length]
    }

    fn verify(&self, page: &PageClaim) -> Result<(), Unreadable> {
        match page.checksum {
            Some(checksum) if checksum != crc32fast::hash(self.packed()) => Err(Unreadable::damaged(text!(
                "a page differs from its checksum (CRC checksum mismatch)",
                "数据页与其校验和（CRC checksum）不符"
            ))),
            _ => Ok(()),
        }
    }

    /// What was read last, as it is in the file.
    pub fn packed(&self) -> &[u8] {
        &self.memory[..self.length]
    }

    /// Decompresses the page that was read last into `out`, which then has the length that the header claims.
    ///
    /// # Errors
    /// The page cannot be decompressed, or not to the length that its header claims.
    pub fn unpack(
        &mut self,
        codec: Compression,
        page: &PageClaim,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        out.clear();
        let unpacked = index_u64(page.unpacked);
        let levels = index_u64(page.levels.min(page.packed));
        let (levels, values) = self.memory[..self.length].split_at(levels);
        out.reserve(unpacked);
        out.extend_from_slice(levels);
        match codec {
            _ if values.is_empty() || !page.is_packed => out.extend_from_slice(values),
            Compression::ZSTD(_) => {
                let mut rest = Cursor::new(&mut *out);
                rest.set_position(count(levels.len()));
                self.zstd.decompress_to_buffer(values, &mut rest)?;
            }
            Compression::SNAPPY => {
                let length = snap::raw::decompress_len(values).map_err(|_| damaged())?;
                if levels.len() + length != unpacked {
                    return Err(damaged());
                }
                out.resize(unpacked, 0);
                let written = self.snappy.decompress(values, &mut out[levels.len()..]);
                written.map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
            }
            _ => out.extend_from_slice(values),
        }
        if out.len() == unpacked { Ok(()) } else { Err(damaged()) }
    }
}

/// A page that has been read and not yet decompressed.
pub(super) struct PageBytes<'a> {
    pub unpacker: &'a mut Unpacker,
    pub codec: Compression,
    pub page: &'a PageClaim,
    /// Where it is decompressed to.
    pub memory: &'a mut Vec<u8>,
}

impl PageBytes<'_> {
    /// Its bytes in the file.
    pub fn packed(&self) -> &[u8] {
        self.unpacker.packed()
    }

    /// Its bytes.
    ///
    /// # Errors
    /// It cannot be decompressed.
    pub fn unpacked(&mut self) -> Result<&[u8], Unreadable> {
        self.unpacker.unpack(self.codec, self.page, self.memory)?;
        Ok(self.memory)
    }
}
