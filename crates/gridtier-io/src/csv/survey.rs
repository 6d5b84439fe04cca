//! Hashes a CSV file, detects its encoding and delimiter, and counts its records, in one pass if the file is UTF-8.

use std::io::{BufRead, BufReader, Read};

use csv::StringRecord;
use gridtier::index::count;
use gridtier::phrase::of_library;
use gridtier::text;

use super::common::CommonCharacters;
use super::decode::{Decoded, encoding_of_mark};
use super::lexer::{Lexer, Records, holds_zero};
use super::title::{FromHeader, TitleRows};
use super::{CsvDeclared, CsvFile, reader, unreadable, without_formula};
use crate::config::Encoding;
use crate::guard::Unreadable;
use crate::guard::limits::COLUMNS_MAX;
use crate::hash::Hashing;
use crate::listing::DataFile;

/// Bytes at the start of a file from which encoding and delimiter are detected.
const START_BYTES: u64 = 1 << 20;
const CHUNK_BYTES: usize = 1 << 20;

/// The encoding that a file's first bytes or its declaration name; `None` where it must be found by reading on.
fn known_encoding(start: &[u8], declared: Option<Encoding>) -> Result<Option<Encoding>, Unreadable> {
    let mark = encoding_of_mark(start);
    if let (Some(mark), Some(named)) = (mark, declared.filter(|named| Some(*named) != mark)) {
        return Err(Unreadable::because(
            text!(
                "it begins with the mark of {mark}, but gridtier.toml declares {named}",
                "文件以 {mark} 标记开头，而 gridtier.toml 声明为 {named}"
            ),
            text!("correct or remove `encoding`", "请更正或删除 `encoding`"),
        ));
    }
    if let (None, Some(named)) = (mark, declared) {
        check_width(start, named)?;
    }
    if [&b"\xFF\xFE\0\0"[..], b"\0\0\xFE\xFF"].iter().any(|mark| start.starts_with(mark)) {
        return Err(Unreadable::because(
            text!("it is UTF-32 text, which is not read", "文件是 UTF-32 文本，不支持读取"),
            text!("export it as CSV UTF-8", "请导出为 CSV UTF-8"),
        ));
    }
    let known = declared.or(mark);
    let wide = matches!(known, Some(Encoding::Utf16Le | Encoding::Utf16Be));
    // The lexer looks for it in the rest of the file, but not in the rows above the header.
    if let Some(at) = start.iter().position(|&byte| byte == 0).filter(|_| !wide) {
        return Err(holds_zero(1 + count(start[..at].iter().filter(|byte| **byte == b'\n').count())));
    }
    Ok(known)
}

/// Checks that text which is declared as UTF-16 can be it. Every export has digits, delimiters and line breaks, and in UTF-16
/// one of the two bytes of each is 0: the second one with the low byte first.
fn check_width(start: &[u8], named: Encoding) -> Result<(), Unreadable> {
    let [low_first, high_first] =
        [1, 0].map(|at| start.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count());
    let (is_utf8, other) = match named {
        Encoding::Utf16Le if high_first > low_first => (false, Some("utf-16be")),
        Encoding::Utf16Be if low_first > high_first => (false, Some("utf-16le")),
        Encoding::Utf16Le | Encoding::Utf16Be if low_first + high_first == 0 => {
            // The start may end within a character.
            let is_utf8 =
                std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
            (is_utf8, None)
        }
        _ => return Ok(()),
    };
    let what = match other {
        Some(other) => text!(
            "gridtier.toml declares the other byte order than that of the file, which is {other}",
            "gridtier.toml 声明的字节序与文件相反：文件为 {other}"
        ),
        None if is_utf8 => text!(
            "gridtier.toml declares UTF-16, but the bytes of the file are not UTF-16: they are UTF-8 text",
            "gridtier.toml 声明为 UTF-16，但文件的字节不是 UTF-16，而是 UTF-8 文本"
        ),
        None => text!(
            "gridtier.toml declares UTF-16, but the bytes of the file are not UTF-16: Latin letters take one byte each",
            "gridtier.toml 声明为 UTF-16，但文件的字节不是 UTF-16：其中每个拉丁字母只占一个字节"
        ),
    };
    let fitting = other.unwrap_or(if is_utf8 { "utf-8" } else { "gb18030" });
    let advice = match other {
        Some(_) => text!("declare encoding = \"{fitting}\"", "请声明 encoding = \"{fitting}\""),
        None => text!(
            "declare encoding = \"{fitting}\", or remove `encoding`: UTF-8 and GB18030 are found out",
            "请声明 encoding = \"{fitting}\"，或删除 `encoding`：UTF-8 和 GB18030 可自动识别"
        ),
    };
    Err(Unreadable::because(what, advice))
}

/// Surveys a file; what is not declared is detected.
pub(super) fn survey(file: &DataFile, declared: CsvDeclared) -> Result<(CsvFile, String), Unreadable> {
    let start = start_of(file)?;
    let known = known_encoding(&start, declared.encoding)?;
    let wide = matches!(known, Some(Encoding::Utf16Le | Encoding::Utf16Be));
    let delimiter =
        declared.delimiter.unwrap_or_else(|| delimiter_of(&start, known, declared.header_row.unwrap_or(1)));
    let titles = TitleRows::new(delimiter, declared.header_row);
    let pass = raw_pass(file, &titles, wide)?;
    let encoding = match (known, pass.bad_utf8) {
        (Some(Encoding::Utf8), Some(at)) => {
            return Err(Unreadable::because(
                text!("byte {at} is not UTF-8 text", "第 {at} 字节不是 UTF-8 文本"),
                OTHER_ENCODING,
            ));
        }
        (Some(known), _) => known,
        (None, None) => Encoding::Utf8,
        (None, Some(_)) => Encoding::Gb18030,
    };
    let passed = match encoding {
        Encoding::Utf8 if known.is_none() => settle(file, &titles, pass.records, pass.text)?,
        Encoding::Utf8 => {
            let (records, is_chinese) = (pass.records?, pass.text.look_chinese());
            TextPass { records, is_chinese, ..TextPass::of(encoding) }
        }
        _ => {
            let mut common = CommonCharacters::default();
            let records = decoded_pass(file, &titles, encoding, pass.bad_utf8, &mut common)?;
            let is_chinese = common.look_chinese();
            // Bytes of another encoding are hardly ever valid UTF-8 by chance.
            let is_utf8_too = pass.bad_utf8.is_none() && pass.text.are_present();
            let is_guess = !is_chinese && (known.is_none() || is_utf8_too);
            TextPass { records, is_chinese, is_guess, ..TextPass::of(encoding) }
        }
    };
    let (header, header_row) = header_of(file, titles, passed.encoding, declared.header_row)?;
    let csv = CsvFile {
        encoding: passed.encoding,
        is_guess: passed.is_guess,
        is_gb18030_too: passed.is_gb18030_too,
        is_chinese: passed.is_chinese,
        delimiter,
        header_row,
        header,
        rows: passed.records.number.saturating_sub(1),
        has_empty_lines: passed.records.are_apart,
        swallowing: passed.records.swallowing,
    };
    Ok((csv, pass.sha256))
}

/// The advice for text whose encoding is not the one that its mark or `gridtier.toml` names.
const OTHER_ENCODING: (&str, &str) = (
    "declare the `encoding` that the file has, or export it as CSV UTF-8",
    "请声明文件实际的 `encoding`，或导出为 CSV UTF-8",
);

/// What a pass over a whole file has found out about its text.
struct TextPass {
    encoding: Encoding,
    records: Records,
    is_chinese: bool,
    is_guess: bool,
    is_gb18030_too: bool,
}

impl TextPass {
    fn of(encoding: Encoding) -> Self {
        Self {
            encoding,
            records: Records::default(),
            is_chinese: false,
            is_guess: false,
            is_gb18030_too: false,
        }
    }
}

/// Decides the encoding of text whose bytes are valid UTF-8. Rarely, GBK text is valid UTF-8 too, which then shows
/// letters such as `ģ` in place of Chinese characters.
fn settle(
    file: &DataFile,
    titles: &TitleRows,
    records: Result<Records, Unreadable>,
    text: CommonCharacters,
) -> Result<TextPass, Unreadable> {
    let as_utf8 =
        TextPass { records: records?, is_chinese: text.look_chinese(), ..TextPass::of(Encoding::Utf8) };
    if as_utf8.is_chinese || !text.are_present() {
        return Ok(as_utf8);
    }
    let mut common = CommonCharacters::default();
    match decoded_pass(file, titles, Encoding::Gb18030, None, &mut common) {
        Ok(records) if file.others_are_gb18030 => {
            Ok(TextPass { encoding: Encoding::Gb18030, records, is_chinese: true, ..as_utf8 })
        }
        Ok(_) => Ok(TextPass { is_guess: common.look_chinese(), is_gb18030_too: true, ..as_utf8 }),
        Err(_) => Ok(as_utf8),
    }
}

fn start_of(file: &DataFile) -> Result<Vec<u8>, Unreadable> {
    let mut start = Vec::new();
    file.open()?.take(START_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

/// Comma or tab, whichever is more frequent outside quotes in the header.
fn delimiter_of(start: &[u8], mark: Option<Encoding>, header_row: u32) -> u8 {
    let mut text = Vec::new();
    // Without a mark the encoding is UTF-8 or GB18030; commas, tabs and line breaks are the same bytes in both.
    match Decoded::new(start, mark.unwrap_or(Encoding::Utf8)) {
        // The start may end within a character.
        Ok(mut decoded) => drop(decoded.read_to_end(&mut text)),
        Err(_) => text.extend_from_slice(start),
    }
    let (mut commas, mut tabs, mut in_quotes, mut is_empty) = (0, 0, false, true);
    let declared = (header_row > 1).then_some(header_row);
    for &byte in TitleRows::new(b',', declared).rest(&text) {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' | b'\r' if !in_quotes && !is_empty => break,
            b',' if !in_quotes => commas += 1,
            b'\t' if !in_quotes => tabs += 1,
            _ => {}
        }
        is_empty &= byte == b'\n' || byte == b'\r';
    }
    if tabs > commas { b'\t' } else { b',' }
}

/// What the pass over the bytes of a file finds.
struct RawPass {
    sha256: String,
    /// The first byte that is not UTF-8.
    bad_utf8: Option<u64>,
    /// Its records, if the bytes are UTF-8.
    records: Result<Records, Unreadable>,
    /// The characters of the file, read as UTF-8.
    text: CommonCharacters,
}

fn raw_pass(file: &DataFile, titles: &TitleRows, wide: bool) -> Result<RawPass, Unreadable> {
    let mut hashing = Hashing::new(file.open()?);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut utf8 = Utf8Check::default();
    let mut titles = titles.clone();
    let mut lexer = Lexer::new(titles.delimiter());
    let mut text = CommonCharacters::default();
    let mut fault = None;
    loop {
        let read = hashing.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        if !wide {
            utf8.feed(&chunk[..read]);
        }
        if !wide && utf8.bad.is_none() && fault.is_none() {
            let bytes = without_mark(&chunk[..read], hashing.length() == count(read));
            text.feed(bytes);
            let rest = titles.rest(bytes);
            lexer.begin_at(titles.header_row());
            fault = lexer.feed(rest).err();
        }
    }
    if hashing.length() != file.bytes {
        return Err(Unreadable::damaged(text!(
            "it was changed while it was being read",
            "读取期间文件被改动"
        )));
    }
    let records = fault.map_or_else(|| lexer.finish(), Err);
    Ok(RawPass { sha256: hashing.finish(), bad_utf8: utf8.finish(), records, text })
}

fn without_mark(chunk: &[u8], is_first: bool) -> &[u8] {
    if is_first { chunk.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(chunk) } else { chunk }
}

/// Counts the records of a file that is not UTF-8, and so checks that all of it can be decoded.
fn decoded_pass(
    file: &DataFile,
    titles: &TitleRows,
    encoding: Encoding,
    bad_utf8: Option<u64>,
    common: &mut CommonCharacters,
) -> Result<Records, Unreadable> {
    let mut text = BufReader::with_capacity(CHUNK_BYTES, Decoded::new(file.open()?, encoding)?);
    let mut titles = titles.clone();
    let mut lexer = Lexer::new(titles.delimiter());
    loop {
        let chunk = text.fill_buf().map_err(|error| match (bad_utf8, error.kind()) {
            (Some(at), std::io::ErrorKind::InvalidData) if encoding == Encoding::Gb18030 => {
                let error = of_library(&error.to_string());
                Unreadable::because(
                    text!(
                        "it is neither UTF-8 (byte {at}) nor GB18030 ({error})",
                        "既不是 UTF-8（第 {at} 字节），也不是 GB18030（{error}）";
                        error
                    ),
                    text!(
                        "export it as CSV UTF-8, or declare `encoding`",
                        "请导出为 CSV UTF-8，或声明 `encoding`"
                    ),
                )
            }
            (_, std::io::ErrorKind::InvalidData) => {
                Unreadable::because(of_library(&error.to_string()), OTHER_ENCODING)
            }
            _ => error.into(),
        })?;
        if chunk.is_empty() {
            return lexer.finish();
        }
        let rest = titles.rest(chunk);
        lexer.begin_at(titles.header_row());
        lexer.feed(rest)?;
        common.feed(chunk);
        let read = chunk.len();
        text.consume(read);
    }
}

/// The number of empty lines between the header and a row.
pub(super) fn empty_lines_before(csv: &CsvFile, file: &DataFile, row: u64) -> Result<u64, Unreadable> {
    let mut text = BufReader::with_capacity(CHUNK_BYTES, csv.text(file)?);
    Ok(Lexer::empty_lines_before(row + 1, csv.delimiter, |lexer| {
        let chunk = text.fill_buf().ok().filter(|chunk| !chunk.is_empty())?;
        lexer.feed(chunk).ok()?;
        let read = chunk.len();
        text.consume(read);
        Some(())
    }))
}

/// The names in the header, and its row.
fn header_of(
    file: &DataFile,
    titles: TitleRows,
    encoding: Encoding,
    declared: Option<u32>,
) -> Result<(Vec<String>, u64), Unreadable> {
    let delimiter = titles.delimiter();
    let mut reader = reader(FromHeader::new(Decoded::new(file.open()?, encoding)?, titles), delimiter);
    let mut header = StringRecord::new();
    let is_there = reader.read_record(&mut header).map_err(unreadable)?;
    let starts_empty = reader.get_ref().starts_empty();
    match declared {
        Some(row) if !is_there || starts_empty => {
            return Err(Unreadable::because(
                text!(
                    "row {row}, in which `header_row` says that the header is, is empty",
                    "`header_row` 声明的表头行（第 {row} 行）为空"
                ),
                text!(
                    "correct `header_row`; 1 is the first row of the file",
                    "请更正 `header_row`；1 为文件第一行"
                ),
            ));
        }
        None if !is_there => {
            return Err(Unreadable::damaged(text!(
                "it holds nothing but line breaks, not even a header",
                "文件只有换行，连表头也没有"
            )));
        }
        _ => {}
    }
    if header.len() > COLUMNS_MAX {
        let columns = header.len();
        return Err(Unreadable::damaged(text!("its header has {columns} columns", "表头有 {columns} 列")));
    }
    let row = reader.get_ref().header_row().unwrap_or(1);
    Ok((header.iter().map(|name| without_formula(name).trim().to_owned()).collect(), row))
}

/// Checks that a file is UTF-8, chunk by chunk.
#[derive(Default)]
struct Utf8Check {
    /// Offset of the first byte that is not UTF-8.
    bad: Option<u64>,
    /// Number of bytes so far that are UTF-8.
    checked: u64,
    /// The beginning of a character whose end is in the next chunk.
    carried: Vec<u8>,
}

impl Utf8Check {
    fn feed(&mut self, chunk: &[u8]) {
        if self.bad.is_some() {
            return;
        }
        let mut rest = chunk;
        while !self.carried.is_empty() && !rest.is_empty() {
            self.carried.push(rest[0]);
            rest = &rest[1..];
            match std::str::from_utf8(&self.carried) {
                Ok(_) => {
                    self.checked += count(self.carried.len());
                    self.carried.clear();
                }
                Err(error) if error.error_len().is_some() => return self.bad = Some(self.checked),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => self.checked += count(rest.len()),
            Err(error) => {
                self.checked += count(error.valid_up_to());
                match error.error_len() {
                    Some(_) => self.bad = Some(self.checked),
                    None => self.carried = rest[error.valid_up_to()..].to_vec(),
                }
            }
        }
    }

    fn finish(self) -> Option<u64> {
        self.bad.or((!self.carried.is_empty()).then_some(self.checked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_checked_across_the_ends_of_chunks() {
        let text = "户号a𠮷b".as_bytes();
        for cut in 0..text.len() {
            let mut check = Utf8Check::default();
            check.feed(&text[..cut]);
            check.feed(&text[cut..]);
            assert_eq!(check.finish(), None, "{cut}");
            let mut check = Utf8Check::default();
            check.feed(&text[..cut]);
            let is_boundary = std::str::from_utf8(&text[..cut]).is_ok();
            assert_eq!(check.finish().is_none(), is_boundary, "{cut}");
        }
        let mut check = Utf8Check::default();
        check.feed(b"ab\xE6");
        check.feed(b"cd");
        assert_eq!(check.finish(), Some(2));
    }

    #[test]
    fn the_delimiter_is_comma_or_tab_whichever_is_more_frequent_in_the_header() {
        assert_eq!(delimiter_of(b"a,b,c\n1\t2\t3\t4\t5\n", None, 1), b',');
        assert_eq!(delimiter_of(b"\r\na\tb\t\"c,d,e\"\n1,2,3,4\n", None, 1), b'\t');
        assert_eq!(delimiter_of(b"\xFF\xFEa\0\t\0b\0\n\0", Some(Encoding::Utf16Le), 1), b'\t');
        assert_eq!(delimiter_of(b"a title, with a comma\na\tb\n", None, 2), b'\t');
    }
}
