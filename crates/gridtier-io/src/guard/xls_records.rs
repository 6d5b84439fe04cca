//! Walks the records of an old workbook (`.xls`) before a decoder keeps its cells.
//!
//! The decoder reserves memory for the rectangle around the cells of each sheet, for the dimensions that a record claims,
//! and for a copy of a text in every cell that refers to it: two cells or a few records can ask for all memory
//! ([MS-XLS], [MS-CFB]).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use gridtier::index::{count, index_u64};
use gridtier::text;

use super::Unreadable;
use super::package::encrypted;

/// Largest file: the decoder holds it twice.
const BYTES_MAX: u64 = 128 << 20;
/// Maximum number of sheets.
const SHEETS_MAX: usize = 1_024;
/// Maximum number of cells of all sheets together, and of places in the rectangles around them.
const CELLS_MAX: u64 = 6 << 20;
/// Maximum bytes of text in cells, and of formulas as text.
const TEXT_BYTES_MAX: u64 = 256 << 20;
/// Maximum bytes of text for each byte of a formula without names: a reference names its sheet.
const FORMULA_GROWTH: u64 = 12;

const SECTOR_END: u32 = 0xFFFF_FFFA;
const SMALL_SECTOR: usize = 64;
/// Streams shorter than this are stored in small sectors.
const SMALL_STREAM: u64 = 4_096;

/// Types of records.
const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const FILE_PASS: u16 = 0x002F;
const BOUND_SHEET: u16 = 0x0085;
const NAME: u16 = 0x0018;
const SHARED_TEXTS: u16 = 0x00FC;
const CONTINUE: u16 = 0x003C;
const DIMENSIONS: u16 = 0x0200;
const ROW: u16 = 0x0208;
const COLUMN_INFO: u16 = 0x007D;
const SHARED_TEXT_CELL: u16 = 0x00FD;
const FORMULA: u16 = 0x0006;
const NUMBERS: u16 = 0x00BD;
/// Types of cells with one value: number, text, flag or error, packed number, rich text.
const CELLS: [u16; 5] = [0x0203, 0x0204, 0x0205, 0x027E, 0x00D6];

/// The hidden parts of a sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct HiddenParts {
    pub(crate) rows: Vec<u32>,
    /// First and last of each run.
    pub(crate) columns: Vec<(u32, u32)>,
}

/// Checks a workbook of `bytes`, and returns which parts of each sheet are hidden, in the order of sheets.
pub(crate) fn check(file: &mut File, bytes: u64) -> Result<Vec<HiddenParts>, Unreadable> {
    if bytes > BYTES_MAX {
        return Err(too_large());
    }
    let mut all = Vec::with_capacity(index_u64(bytes));
    file.seek(SeekFrom::Start(0))?;
    file.take(bytes).read_to_end(&mut all)?;
    file.seek(SeekFrom::Start(0))?;
    let stream = CompoundFile { bytes: &all }.workbook().ok_or_else(malformed)??;
    drop(all);
    let globals = Globals::walk(&stream)?;
    let mut sums = WorkbookSize::default();
    let mut hidden = Vec::with_capacity(globals.sheets.len());
    for &start in &globals.sheets {
        hidden.push(walk_sheet(stream.get(start..).unwrap_or_default(), &globals, &mut sums)?);
    }
    Ok(hidden)
}

fn malformed() -> Unreadable {
    Unreadable::damaged(text!("it is no workbook that can be followed", "无法识别的工作簿结构"))
}

fn too_large() -> Unreadable {
    Unreadable::because(
        text!(
            "the workbook is too large, or claims more cells than a table has",
            "工作簿过大，或声称的单元格多于任何表格"
        ),
        text!(
            "save it as .xlsx, or export the sheet as CSV UTF-8",
            "请另存为 .xlsx，或将工作表导出为 CSV UTF-8"
        ),
    )
}

/// The container of an old workbook: a file system of sectors.
struct CompoundFile<'a> {
    bytes: &'a [u8],
}

/// An entry of its directory.
struct DirectoryEntry {
    name: String,
    start: u32,
    length: u64,
}

impl CompoundFile<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }

    /// The stream with the records; `None` if the container is malformed.
    fn workbook(&self) -> Option<Result<Vec<u8>, Unreadable>> {
        let size = match self.u16(30)? {
            9 => 512,
            12 => 4_096,
            _ => return None,
        };
        let table = self.sector_table(size)?;
        let directory = self.chain(self.u32(48)?, &table, size, usize::MAX);
        let entries: Vec<DirectoryEntry> = directory.chunks_exact(128).filter_map(entry).collect();
        let named = |name: &str| entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
        if named("EncryptedPackage").is_some() {
            return Some(Err(encrypted()));
        }
        let stream = named("Workbook").or_else(|| named("Book"))?;
        let length = usize::try_from(stream.length).ok()?.min(self.bytes.len());
        if stream.length >= SMALL_STREAM {
            return Some(Ok(self.chain(stream.start, &table, size, length)));
        }
        let small = self.chain(entries.first()?.start, &table, size, usize::MAX);
        let small_table = numbers(&self.chain(self.u32(60)?, &table, size, usize::MAX));
        let small = CompoundFile { bytes: &small };
        Some(Ok(small.sectors(stream.start, &small_table, SMALL_SECTOR, 0, length)))
    }

    /// For each sector, the number of the sector that follows it.
    fn sector_table(&self, size: usize) -> Option<Vec<u32>> {
        let mut places: Vec<u32> = (0..109).map(|at| self.u32(76 + 4 * at)).collect::<Option<_>>()?;
        let mut next = self.u32(68)?;
        // Each sector of the list is visited once.
        for _ in 0..self.bytes.len() / size {
            if next >= SECTOR_END {
                break;
            }
            let more = numbers(self.sector(next, size, size)?);
            let (last, more) = more.split_last()?;
            places.extend(more);
            next = *last;
        }
        let mut table = Vec::new();
        for place in places.into_iter().filter(|place| *place < SECTOR_END) {
            if table.len() > self.bytes.len() / size {
                break;
            }
            table.extend(numbers(self.sector(place, size, size)?));
        }
        Some(table)
    }

    fn sector(&self, number: u32, size: usize, first: usize) -> Option<&[u8]> {
        let start = usize::try_from(number).ok()?.checked_mul(size)?.checked_add(first)?;
        self.bytes.get(start..(start + size).min(self.bytes.len()))
    }

    fn chain(&self, start: u32, table: &[u32], size: usize, length: usize) -> Vec<u8> {
        self.sectors(start, table, size, size, length)
    }

    /// The bytes of a chain of sectors, at most as many as the file has.
    fn sectors(&self, start: u32, table: &[u32], size: usize, first: usize, length: usize) -> Vec<u8> {
        let most = length.min(self.bytes.len());
        let (mut bytes, mut next) = (Vec::new(), start);
        while next < SECTOR_END && bytes.len() < most {
            let Some(sector) = self.sector(next, size, first).filter(|sector| !sector.is_empty()) else {
                break;
            };
            bytes.extend_from_slice(sector);
            let Some(&following) = usize::try_from(next).ok().and_then(|next| table.get(next)) else { break };
            next = following;
        }
        bytes.truncate(most);
        bytes
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

fn entry(bytes: &[u8]) -> Option<DirectoryEntry> {
    let name: Vec<u16> =
        bytes[..64].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
    let name = name.split(|unit| *unit == 0).next().unwrap_or_default();
    let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    Some(DirectoryEntry {
        name: String::from_utf16_lossy(name),
        start: number(116)?,
        length: number(120)?.into(),
    })
}

/// A record: its type and its bytes.
type Record<'a> = (u16, &'a [u8]);

/// The records of a stream, until it ends or breaks off.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (head, rest) = self.rest.split_at_checked(4)?;
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let (data, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((u16::from_le_bytes([head[0], head[1]]), data))
    }
}

fn u16_at(data: &[u8], at: usize) -> u64 {
    data.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |two| u64::from(u16::from_le_bytes(*two)))
}

fn u32_at(data: &[u8], at: usize) -> u64 {
    data.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u64::from(u32::from_le_bytes(*four)))
}

/// The records before those of the sheets.
#[derive(Default)]
struct Globals {
    /// Where the records of each sheet begin.
    sheets: Vec<usize>,
    /// Bytes of each shared text, at most.
    texts: Vec<u32>,
    longest_name: u64,
}

impl Globals {
    fn walk(stream: &[u8]) -> Result<Self, Unreadable> {
        let mut globals = Self::default();
        let mut shared: Vec<&[u8]> = Vec::new();
        let mut in_shared = false;
        for (kind, data) in (Records { rest: stream }) {
            match kind {
                FILE_PASS if u16_at(data, 0) != 0 => return Err(encrypted()),
                BOUND_SHEET => globals.sheets.push(index_u64(u32_at(data, 0))),
                NAME => {
                    globals.longest_name = globals.longest_name.max(u64::from(*data.get(3).unwrap_or(&0)))
                }
                SHARED_TEXTS => shared = vec![data],
                CONTINUE if in_shared => shared.push(data),
                EOF => break,
                _ => {}
            }
            in_shared = kind == SHARED_TEXTS || (in_shared && kind == CONTINUE);
        }
        if globals.sheets.len() > SHEETS_MAX {
            return Err(too_large());
        }
        globals.texts = SharedTexts { parts: shared, part: 0, at: 8 }.lengths();
        Ok(globals)
    }
}

/// A walk through the shared texts, which reach over several records.
struct SharedTexts<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl SharedTexts<'_> {
    fn lengths(mut self) -> Vec<u32> {
        let mut lengths = Vec::new();
        while let Some(length) = self.text() {
            lengths.push(length);
        }
        lengths
    }

    fn byte(&mut self) -> Option<u8> {
        while self.at >= self.parts.get(self.part)?.len() {
            (self.part, self.at) = (self.part + 1, 0);
        }
        self.at += 1;
        Some(self.parts[self.part][self.at - 1])
    }

    fn number(&mut self, bytes: u32) -> Option<u32> {
        let mut number = 0;
        for place in 0..bytes {
            number |= u32::from(self.byte()?) << (8 * place);
        }
        Some(number)
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let left = self.parts.get(self.part)?.len().saturating_sub(self.at);
            let some = left.min(bytes);
            (self.at, bytes) = (self.at + some, bytes - some);
            if bytes > 0 {
                (self.part, self.at) = (self.part + 1, 0);
            }
        }
        Some(())
    }

    /// Most bytes of the next text in UTF-8.
    fn text(&mut self) -> Option<u32> {
        let characters = self.number(2)?;
        let mut flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.number(2)? } else { 0 };
        let extra = if flags & 4 != 0 { self.number(4)? } else { 0 };
        let mut left = usize::try_from(characters).ok()?;
        while left > 0 {
            let width = if flags & 1 != 0 { 2 } else { 1 };
            let here = (self.parts.get(self.part)?.len().saturating_sub(self.at) / width).min(left);
            self.at += here * width;
            left -= here;
            if left > 0 {
                (self.part, self.at) = (self.part + 1, 0);
                // The rest of the text may be compressed even if this part was not, and the other way round.
                flags = self.byte()?;
            }
        }
        self.skip(usize::try_from(runs).ok()? * 4 + usize::try_from(extra).ok()?)?;
        Some(characters * 3)
    }
}

/// What all sheets together hold.
#[derive(Default)]
struct WorkbookSize {
    cells: u64,
    area: u64,
    text: u64,
}

impl WorkbookSize {
    fn check(&self) -> Result<(), Unreadable> {
        let is_within = self.cells.max(self.area) <= CELLS_MAX && self.text <= TEXT_BYTES_MAX;
        if is_within { Ok(()) } else { Err(too_large()) }
    }
}

/// The rectangle around cells.
struct Rectangle {
    rows: (u64, u64),
    columns: (u64, u64),
}

impl Rectangle {
    const NONE: Self = Self { rows: (u64::MAX, 0), columns: (u64::MAX, 0) };

    fn add(&mut self, row: u64, column: u64) {
        self.rows = (self.rows.0.min(row), self.rows.1.max(row));
        self.columns = (self.columns.0.min(column), self.columns.1.max(column));
    }

    fn area(&self) -> u64 {
        let [rows, columns] =
            [self.rows, self.columns].map(|(first, last)| if last < first { 0 } else { last - first + 1 });
        rows.saturating_mul(columns)
    }
}

fn walk_sheet(stream: &[u8], globals: &Globals, sums: &mut WorkbookSize) -> Result<HiddenParts, Unreadable> {
    let mut hidden = HiddenParts::default();
    let (mut cells, mut formulas) = (Rectangle::NONE, Rectangle::NONE);
    let mut depth = 0u32;
    for (kind, data) in (Records { rest: stream }) {
        match kind {
            BOF => depth += 1,
            EOF if depth <= 1 => break,
            EOF => depth -= 1,
            _ if depth > 1 => continue,
            DIMENSIONS => {
                let rows = u32_at(data, 4).saturating_sub(u32_at(data, 0)) + 1;
                sums.area = sums.area.saturating_add(rows.saturating_mul(u16_at(data, 10) + 1));
            }
            ROW if data.get(12).is_some_and(|flags| flags & 0x20 != 0) => {
                hidden.rows.extend(u32::try_from(u16_at(data, 0)));
            }
            COLUMN_INFO if u16_at(data, 8) & 1 != 0 => {
                let [first, last] = [0, 2].map(|at| u16_at(data, at));
                hidden.columns.extend(u32::try_from(first).ok().zip(u32::try_from(last).ok()));
            }
            NUMBERS => {
                let last = u16_at(data, data.len().saturating_sub(2));
                cells.add(u16_at(data, 0), u16_at(data, 2));
                cells.add(u16_at(data, 0), last);
                sums.cells += count(data.len()) / 6;
            }
            FORMULA => {
                cells.add(u16_at(data, 0), u16_at(data, 2));
                formulas.add(u16_at(data, 0), u16_at(data, 2));
                sums.cells += 2;
                sums.text += count(data.len()) * (FORMULA_GROWTH + globals.longest_name / 5);
            }
            SHARED_TEXT_CELL => {
                cells.add(u16_at(data, 0), u16_at(data, 2));
                sums.cells += 1;
                let number = index_u64(u32_at(data, 6));
                sums.text +=
                    globals.texts.get(number).map_or(3 * u64::from(u16::MAX), |bytes| u64::from(*bytes));
            }
            kind if CELLS.contains(&kind) => {
                cells.add(u16_at(data, 0), u16_at(data, 2));
                sums.cells += 1;
            }
            _ => {}
        }
        sums.check()?;
    }
    sums.area = sums.area.saturating_add(cells.area()).saturating_add(formulas.area());
    sums.check().map(|()| hidden)
}
