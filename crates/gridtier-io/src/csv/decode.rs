//! Decodes a file to UTF-8, strictly: a byte that cannot be decoded is an error and never replaced.

use std::io::{self, ErrorKind, Read};

use encoding_rs::{BIG5, DecoderResult, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};
use gridtier::index::count;

use crate::config::Encoding;

/// The byte-order marks with which files begin.
const MARKS: &[(&[u8], Encoding)] =
    &[(b"\xEF\xBB\xBF", Encoding::Utf8), (b"\xFF\xFE", Encoding::Utf16Le), (b"\xFE\xFF", Encoding::Utf16Be)];

/// The encoding whose byte-order mark a file begins with.
pub fn encoding_of_mark(start: &[u8]) -> Option<Encoding> {
    MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, encoding)| *encoding)
}

/// The decoder of an encoding; `None` for UTF-8, which needs none.
fn decoder(encoding: Encoding) -> Option<encoding_rs::Decoder> {
    let encoding = match encoding {
        Encoding::Utf8 => return None,
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
        Encoding::Gb18030 => GB18030,
        Encoding::Big5 => BIG5,
        Encoding::Latin1 => WINDOWS_1252,
    };
    Some(encoding.new_decoder_without_bom_handling())
}

const RAW_BYTES: usize = 64 << 10;
/// A byte of UTF-16 or GB18030 becomes at most three bytes of UTF-8.
const TEXT_BYTES: usize = 3 * RAW_BYTES + 16;

/// Reads a file as UTF-8, without its byte-order mark.
pub struct Decoded<R> {
    source: R,
    encoding: Encoding,
    /// `None` where the bytes are UTF-8 already.
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    text_at: usize,
    /// Bytes of the file decoded so far.
    offset: u64,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Reads from the start of a file.
    pub fn new(mut source: R, encoding: Encoding) -> io::Result<Self> {
        let mut start = Vec::with_capacity(3);
        source.by_ref().take(3).read_to_end(&mut start)?;
        let mark = MARKS
            .iter()
            .find(|(mark, of)| *of == encoding && start.starts_with(mark))
            .map_or(0, |(mark, _)| mark.len());
        let decoder = decoder(encoding);
        let rest = start.split_off(mark);
        let (raw, text) = if decoder.is_some() { (rest, Vec::new()) } else { (Vec::new(), rest) };
        Ok(Self { source, encoding, decoder, raw, text, text_at: 0, offset: count(mark), ended: false })
    }

    /// Decodes the next chunk of the file into `text`.
    fn refill(&mut self) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        self.text.resize(TEXT_BYTES, 0);
        self.text_at = 0;
        let mut filled = 0;
        while filled == 0 && !self.ended {
            let wanted = count(RAW_BYTES - self.raw.len());
            let read = self.source.by_ref().take(wanted).read_to_end(&mut self.raw)?;
            let last = count(read) < wanted;
            let (result, consumed, written) =
                decoder.decode_to_utf8_without_replacement(&self.raw, &mut self.text, last);
            filled = written;
            if let DecoderResult::Malformed(length, after) = result {
                let behind = u64::from(length) + u64::from(after);
                let at = (self.offset + count(consumed)).saturating_sub(behind);
                return Err(io::Error::new(ErrorKind::InvalidData, NotText { encoding: self.encoding, at }));
            }
            self.raw.drain(..consumed);
            self.offset += count(consumed);
            self.ended = last && matches!(result, DecoderResult::InputEmpty);
        }
        self.text.truncate(filled);
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.text_at == self.text.len() {
            if self.decoder.is_none() {
                return self.source.read(out);
            }
            self.refill()?;
        }
        let some = out.len().min(self.text.len() - self.text_at);
        out[..some].copy_from_slice(&self.text[self.text_at..self.text_at + some]);
        self.text_at += some;
        Ok(some)
    }
}

/// A byte that does not belong to any character of the encoding.
#[derive(Debug, thiserror::Error)]
#[error("byte {at} is not {encoding} text")]
pub struct NotText {
    encoding: Encoding,
    at: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], encoding: Encoding) -> Result<String, String> {
        let mut text = String::new();
        let mut decoded = Decoded::new(bytes, encoding).unwrap();
        decoded.read_to_string(&mut text).map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(text(b"\xEF\xBB\xBFab", Encoding::Utf8).unwrap(), "ab");
        assert_eq!(text(b"\xFF\xFEa\0b\0", Encoding::Utf16Le).unwrap(), "ab");
        assert_eq!(text(b"\xFE\xFF\0a\0b", Encoding::Utf16Be).unwrap(), "ab");
        assert_eq!(text(b"a", Encoding::Utf8).unwrap(), "a");
        assert_eq!(text(b"", Encoding::Gb18030).unwrap(), "");
    }

    #[test]
    fn long_texts_are_decoded_across_the_ends_of_chunks() {
        let long: String = (0..200_000).map(|n| ["户", "号", "x", "𠮷"][n % 4]).collect();
        let (gb18030, ..) = GB18030.encode(&long);
        assert_eq!(text(&gb18030, Encoding::Gb18030).unwrap(), long);
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(long.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(text(&utf16, Encoding::Utf16Le).unwrap(), long);
    }

    #[test]
    fn an_undecodable_byte_is_named_by_its_offset() {
        assert_eq!(text(b"ab\xFFcd", Encoding::Gb18030).unwrap_err(), "byte 2 is not GB18030 text");
        assert_eq!(
            text(b"\xFF\xFEa\0\x00\xD8b\0", Encoding::Utf16Le).unwrap_err(),
            "byte 4 is not UTF-16 text"
        );
        assert_eq!(text(b"\xFF\xFEa\0b", Encoding::Utf16Le).unwrap_err(), "byte 4 is not UTF-16 text");
    }
}
