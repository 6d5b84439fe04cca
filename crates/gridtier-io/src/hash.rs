//! SHA-256 of files and of bytes in memory.
//!
//! A manifest identifies every input and output by its hash. A file that is read anyway is hashed on the way.

use std::io::{self, ErrorKind, Read};

use gridtier::index::count;
use sha2::{Digest, Sha256};

/// A reader that hashes the bytes read through it.
pub struct Hashing<R> {
    source: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    /// Hashes what will be read from `source`.
    pub fn new(source: R) -> Self {
        Self { source, sha256: Sha256::new(), bytes: 0 }
    }

    /// Bytes read so far.
    pub fn length(&self) -> u64 {
        self.bytes
    }

    /// The hash of all bytes read, in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.sha256.finalize())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.sha256.update(&out[..read]);
        self.bytes += count(read);
        Ok(read)
    }
}

/// Reads `source` to its end: its hash and its length.
///
/// # Errors
/// The source cannot be read.
pub fn sha256_of(source: impl Read) -> io::Result<(String, u64)> {
    const BUFFER_BYTES: usize = 1 << 20;
    let mut hashing = Hashing::new(source);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match hashing.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hashing.sha256.finalize()), hashing.bytes)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The SHA-256 of bytes in memory, in hexadecimal.
#[must_use]
pub fn sha256_of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_abc_is_the_published_one() {
        let (sha256, bytes) = sha256_of(&b"abc"[..]).unwrap();
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(bytes, 3);
    }
}
