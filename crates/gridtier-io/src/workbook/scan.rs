//! Splits the XML of a sheet into tags and texts, without copying them and without an event for each attribute.
//!
//! A full sheet has six million cells, each of which is five events for a general XML reader: that took two thirds of the
//! time. Here the bytes are looked at once. Texts with entities go through the general reader; a sheet in another encoding
//! than UTF-8 is converted on the way.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, Encoding};
use gridtier::text;
use quick_xml::events::Event;

use super::xml::{next, push_text, reader};
use crate::guard::Unreadable;
use crate::guard::limits::XML_PIECE_BYTES_MAX;

/// How many first bytes of a part are looked at for its encoding.
const DECLARATION_BYTES: usize = 256;

/// A piece of XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markup<'a> {
    /// A tag that opens an element: its local name, its attributes, and whether it closes the element too.
    Start { name: &'a [u8], attributes: &'a [u8], is_empty: bool },
    /// A tag that closes an element: its local name.
    End(&'a [u8]),
    /// Text between tags, with its entities.
    Text(&'a [u8]),
    /// Text without entities.
    Plain(&'a [u8]),
}

#[derive(Clone, Copy)]
enum TokenKind {
    Tag,
    Text,
    Cdata,
}

/// Scans a part. Comments and instructions are left out.
pub(super) struct Scanner<R> {
    source: R,
    buffer: Vec<u8>,
    /// The first byte that has not been handed out.
    at: usize,
    is_at_end: bool,
}

impl<R: BufRead> Scanner<R> {
    pub fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), at: 0, is_at_end: false }
    }

    /// The next piece; `None` at the end of the part.
    pub fn next(&mut self) -> Result<Option<Markup<'_>>, Unreadable> {
        let Some((kind, start, end)) = self.token()? else { return Ok(None) };
        let bytes = &self.buffer[start..end];
        Ok(Some(match kind {
            TokenKind::Text => Markup::Text(bytes),
            TokenKind::Cdata => Markup::Plain(bytes),
            TokenKind::Tag => tag(bytes),
        }))
    }

    /// Kind and place of the next piece.
    fn token(&mut self) -> Result<Option<(TokenKind, usize, usize)>, Unreadable> {
        loop {
            let rest = &self.buffer[self.at..];
            let start = self.at;
            match rest.first() {
                None if self.is_at_end => return Ok(None),
                None => self.fill()?,
                Some(b'<') if rest.len() < 9 && !self.is_at_end => self.fill()?,
                Some(b'<') if rest.starts_with(b"<!--") => self.skip(4, b"-->")?,
                Some(b'<') if rest.starts_with(b"<?") => self.skip(2, b"?>")?,
                Some(b'<') if rest.starts_with(b"<![CDATA[") => match find(&rest[9..], b"]]>") {
                    Some(length) => {
                        self.at += 9 + length + 3;
                        return Ok(Some((TokenKind::Cdata, start + 9, start + 9 + length)));
                    }
                    None => self.fill_within(rest.len())?,
                },
                // Declarations have no meaning in a sheet.
                Some(b'<') if rest.starts_with(b"<!") => self.skip(2, b">")?,
                Some(b'<') => match tag_end(rest) {
                    Some(length) => {
                        self.at += length + 1;
                        return Ok(Some((TokenKind::Tag, start + 1, start + length)));
                    }
                    None => self.fill_within(rest.len())?,
                },
                Some(_) => match rest.iter().position(|byte| *byte == b'<') {
                    Some(length) => {
                        self.at += length;
                        return Ok(Some((TokenKind::Text, start, start + length)));
                    }
                    None if self.is_at_end => {
                        self.at = self.buffer.len();
                        return Ok(Some((TokenKind::Text, start, self.at)));
                    }
                    None => self.fill_within(rest.len())?,
                },
            }
        }
    }

    /// Skips what begins here and ends with `mark`, without holding it.
    fn skip(&mut self, opening: usize, mark: &[u8]) -> Result<(), Unreadable> {
        self.at += opening;
        loop {
            if let Some(found) = find(&self.buffer[self.at..], mark) {
                self.at += found + mark.len();
                return Ok(());
            }
            self.at = self.at.max(self.buffer.len().saturating_sub(mark.len() - 1));
            if self.is_at_end {
                return Err(not_whole());
            }
            self.fill()?;
        }
    }

    /// As [`fill`](Self::fill), for a piece of which `held` bytes are here and more are needed.
    fn fill_within(&mut self, held: usize) -> Result<(), Unreadable> {
        if self.is_at_end {
            return Err(not_whole());
        }
        if held > XML_PIECE_BYTES_MAX {
            return Err(Unreadable::damaged(text!(
                "one tag or text is longer than any of a table",
                "某个标签或文本长于任何表格"
            )));
        }
        self.fill()
    }

    /// Reads more bytes and drops those that have been handed out.
    fn fill(&mut self) -> Result<(), Unreadable> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let chunk = self.source.fill_buf()?;
        let length = chunk.len();
        self.buffer.extend_from_slice(chunk);
        self.source.consume(length);
        self.is_at_end = length == 0;
        Ok(())
    }
}

fn not_whole() -> Unreadable {
    Unreadable::damaged(text!("its XML is not whole: it ends within a tag", "XML 不完整：在标签中结束"))
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// The place of the bracket that ends a tag; one in quotes does not.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// What is between the brackets of a tag.
fn tag(bytes: &[u8]) -> Markup<'_> {
    if let Some(name) = bytes.strip_prefix(b"/") {
        return Markup::End(local(name.trim_ascii_end()));
    }
    let (bytes, is_empty) = match bytes.strip_suffix(b"/") {
        Some(bytes) => (bytes, true),
        None => (bytes, false),
    };
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let (name, attributes) = bytes.split_at(end);
    Markup::Start { name: local(name), attributes, is_empty }
}

/// A name without what comes before its colon.
fn local(name: &[u8]) -> &[u8] {
    name.iter().position(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}

/// The attributes of a tag: local names and values, with their entities.
pub(super) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (rest[..equals].trim_ascii(), rest[equals + 1..].trim_ascii_start());
        let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let end = value.iter().position(|byte| byte == quote)?;
        rest = &value[end + 1..];
        Some((local(name), &value[..end]))
    })
}

/// Whether a flag is set by an attribute.
pub(super) fn flag(bytes: &[u8], name: &[u8]) -> bool {
    attributes(bytes).any(|(own, value)| own == name && matches!(value, b"1" | b"true" | b"on"))
}

/// Bytes as text.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| {
        Unreadable::damaged(text!("its XML is not whole: it is not UTF-8", "XML 不完整：不是有效的 UTF-8"))
    })
}

/// Appends a text with its entities resolved and its line ends as line feeds.
pub(super) fn push_markup(markup: &Markup, out: &mut String) -> Result<(), Unreadable> {
    match markup {
        Markup::Text(bytes) if bytes.iter().any(|byte| matches!(byte, b'&' | b'\r')) => {
            let mut buffer = Vec::new();
            let mut reader = reader(*bytes);
            loop {
                match next(&mut reader, &mut buffer)? {
                    Event::Eof => return Ok(()),
                    event => push_text(&event, out)?,
                }
            }
        }
        Markup::Text(bytes) | Markup::Plain(bytes) => {
            let content = utf8(bytes)?;
            let content: Cow<str> =
                if content.contains('\r') { content.replace("\r\n", "\n").into() } else { content.into() };
            push_text(&Event::Text(quick_xml::events::BytesText::from_escaped(content)), out)
        }
        Markup::Start { .. } | Markup::End(_) => Ok(()),
    }
}

/// The encoding of a part that is not in UTF-8, by its first bytes.
pub(super) fn other_encoding(first: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(first) {
        return (encoding != encoding_rs::UTF_8).then_some(encoding);
    }
    let first = &first[..first.len().min(DECLARATION_BYTES)];
    let declaration = first.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..find(declaration, b"?>")?];
    let (_, label) = attributes(declaration).find(|(name, _)| *name == b"encoding")?;
    Encoding::for_label(label).filter(|encoding| *encoding != encoding_rs::UTF_8)
}

/// A part in another encoding, converted to UTF-8 as it is read.
pub(super) struct Converted<R> {
    source: R,
    decoder: Decoder,
    out: String,
    at: usize,
    is_at_end: bool,
}

impl<R: BufRead> Converted<R> {
    pub fn new(source: R, encoding: &'static Encoding) -> Self {
        Self { source, decoder: encoding.new_decoder(), out: String::new(), at: 0, is_at_end: false }
    }
}

impl<R: BufRead> Read for Converted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let some = chunk.len().min(into.len());
        into[..some].copy_from_slice(&chunk[..some]);
        self.consume(some);
        Ok(some)
    }
}

impl<R: BufRead> BufRead for Converted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.out.len() && !self.is_at_end {
            self.out.clear();
            self.at = 0;
            let chunk = self.source.fill_buf()?;
            let (length, last) = (chunk.len(), chunk.is_empty());
            let wanted = self.decoder.max_utf8_buffer_length(length).unwrap_or(0);
            self.out.reserve(wanted);
            let (_, _, is_damaged) = self.decoder.decode_to_string(chunk, &mut self.out, last);
            self.source.consume(length);
            self.is_at_end = last;
            if is_damaged {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "its text is not in its encoding"));
            }
        }
        Ok(&self.out.as_bytes()[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// The pieces of a part that arrives in chunks of a few bytes.
    fn pieces(xml: &str, chunk: usize) -> Vec<String> {
        let mut scanner = Scanner::new(BufReader::with_capacity(chunk, xml.as_bytes()));
        let mut pieces = Vec::new();
        while let Some(markup) = scanner.next().unwrap() {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            pieces.push(match markup {
                Markup::Start { name, attributes, is_empty } => {
                    let all: Vec<String> = super::attributes(attributes)
                        .map(|(name, value)| format!("{}={}", shown(name), shown(value)))
                        .collect();
                    format!("{}{}({})", if is_empty { "empty " } else { "" }, shown(name), all.join(" "))
                }
                Markup::End(name) => format!("/{}", shown(name)),
                text => {
                    let mut out = String::new();
                    push_markup(&text, &mut out).unwrap();
                    out
                }
            });
        }
        pieces
    }

    #[test]
    fn a_part_is_split_into_the_same_pieces_however_it_arrives() {
        let xml = "<?xml version='1.0'?><!DOCTYPE x><x:a b=\"1 > 0\" c = 'd'><!-- <b> --><b/>R&amp;D\r\n&#x7535;\
                   <![CDATA[<&>]]></x:a >end";
        let expected = ["a(b=1 > 0 c=d)", "empty b()", "R&D\n电", "<&>", "/a", "end"];
        for chunk in 1..40 {
            assert_eq!(pieces(xml, chunk), expected, "{chunk}");
        }
    }

    #[test]
    fn a_part_that_ends_within_a_tag_or_comment_is_damaged() {
        for xml in ["<a", "<a b='>", "<!-- x", "<![CDATA[x"] {
            let mut scanner = Scanner::new(xml.as_bytes());
            assert!(scanner.next().is_err(), "{xml}");
        }
        let mut scanner = Scanner::new(&b"<a>&nosuch;</a>"[..]);
        scanner.next().unwrap();
        let text = scanner.next().unwrap().unwrap();
        assert!(push_markup(&text, &mut String::new()).is_err(), "an unknown entity");
    }

    #[test]
    fn a_part_in_utf_16_is_converted() {
        let bytes: Vec<u8> = "\u{feff}<a>电</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encoding = other_encoding(&bytes).unwrap();
        let mut text = String::new();
        Converted::new(BufReader::with_capacity(3, &*bytes), encoding).read_to_string(&mut text).unwrap();
        assert_eq!(text, "<a>电</a>");
        assert_eq!(
            other_encoding(b"<?xml version=\"1.0\" encoding=\"GB18030\"?>"),
            Some(encoding_rs::GB18030)
        );
        assert_eq!(other_encoding(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>"), None);
        assert_eq!(other_encoding("\u{feff}<a/>".as_bytes()), None);
    }
}
