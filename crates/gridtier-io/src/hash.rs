//! The sha256 of a file, while it is read for another purpose or for its own sake.
//!
//! A cycle names the files that it was computed from by their hashes.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// A reader that hashes what passes through it.
pub struct Hashing<R> {
    source: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    /// Before the first byte.
    pub fn new(source: R) -> Self {
        Self { source, sha256: Sha256::new(), bytes: 0 }
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.bytes
    }

    /// The hash of what was read, in hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.sha256.finalize())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.sha256.update(&out[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The hash and length of all of a reader.
pub fn sha256_of(source: impl Read) -> io::Result<(String, u64)> {
    const STRETCH_BYTES: usize = 1 << 20;
    let mut hashing = Hashing::new(source);
    let mut stretch = vec![0; STRETCH_BYTES];
    while hashing.read(&mut stretch)? > 0 {}
    let bytes = hashing.length();
    Ok((hashing.finish(), bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_that_everyone_computes() {
        let (sha256, bytes) = sha256_of(&b"abc"[..]).unwrap();
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(bytes, 3);
    }
}
