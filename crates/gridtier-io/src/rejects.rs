//! Rejected rows with their original cells, so that a clerk can correct them at the source.
//!
//! The engine keeps only the position and the rule of a reject. This module reads the rejected rows a second time, with
//! every column that can be shown as text, under the names that the columns have in the file. It judges nothing and
//! leaves no row out; only very long cells are cut.

mod text;
pub mod published;

pub(crate) use text::CellTexts;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use csv::StringRecord;
use gridtier::contract::Table;
use gridtier::contract::cell::Family;
use gridtier::error::Refusal;
use gridtier::index::{count, index, index_u64};
use gridtier::source::Reject;
use parquet::arrow::arrow_reader::RowSelection;

use crate::columns::{FileColumn, FilePiece};
use crate::csv::CsvFile;
use crate::folder::{Content, DataFolder, Readable};
use crate::guard::Unreadable;
use crate::listing::DataFile;
use crate::parquet::ParquetFile;

/// Maximum number of rows in a batch, and the number of bytes of text at which a batch is handed on even with fewer rows.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 8 << 20;
/// Rows that are read from a file at a time.
const PIECE_ROWS: usize = 512;

/// The columns that precede those of the files.
const PLACE_NAMES: [&str; 3] = ["source_file", "row", "rule"];
const OWN_FROM: usize = PLACE_NAMES.len();

/// The schema of a table's rejects: file, row and rule, then the columns of all its files as text.
#[must_use]
pub fn reject_schema(folder: &DataFolder, table: Table) -> SchemaRef {
    RejectLayout::new(folder.files(table)).schema
}

/// Reads the rejects of a table again and hands them to `sink` batch by batch, in their order.
///
/// Where an earlier cycle has `published` the same rejects of a file, they are copied from there.
///
/// # Errors
/// A file can no longer be read, or `sink` fails.
pub fn reject_rows<E: From<Refusal>>(
    folder: &DataFolder,
    table: Table,
    rejects: &[Reject],
    mut published: Option<published::Rejects<'_>>,
    sink: &mut dyn FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(), E> {
    let layout = RejectLayout::new(folder.files(table));
    for rejects in rejects.chunk_by(|a, b| a.at.file() == b.at.file()) {
        let place = index(rejects[0].at.file());
        let Some(readable) = folder.files(table).get(place) else { continue };
        let own: Vec<&FileColumn> = readable.columns.iter().filter(|column| is_plain(column)).collect();
        if let Some(published) = published
            .as_mut()
            .filter(|all| are_named_apart(&readable.columns) && all.cover(rejects, &own, &layout.schema))
        {
            let mut left = rejects.len();
            while left > 0 {
                let rows = published.next_rows(&readable.file.name, &layout.schema);
                let rows = rows.map_err(|fault| readable.file.refuse_for(fault))?;
                left = left.saturating_sub(rows.num_rows());
                sink(rows)?;
            }
            continue;
        }
        let mut batch = RejectBatch::new(&layout, place, &readable.file, rejects);
        let mut rows = RejectReader::new(readable).map_err(|fault| readable.file.refuse_for(fault))?;
        loop {
            let more = rows.read_into(&mut batch).map_err(|fault| readable.file.refuse_for(fault))?;
            let is_full = batch.count > BATCH_ROWS - PIECE_ROWS || batch.bytes >= BATCH_BYTES;
            if batch.count > 0 && (is_full || !more) {
                sink(batch.finish().map_err(|fault| readable.file.refuse_for(fault))?)?;
            }
            if !more {
                break;
            }
        }
    }
    Ok(())
}

/// Whether a column can be shown as text.
fn is_plain(column: &FileColumn) -> bool {
    column
        .data_type
        .as_ref()
        .is_none_or(|kind| Family::of(kind) != Family::Nested || matches!(kind, DataType::FixedSizeBinary(_)))
}

/// Where the columns of each file go in the table of rejects.
struct RejectLayout {
    schema: SchemaRef,
    /// By file and column of the output: the position of that column in the file, if the file has it.
    places: Vec<Vec<Option<usize>>>,
}

impl RejectLayout {
    fn new(files: &[Readable]) -> Self {
        let mut names: Vec<String> = PLACE_NAMES.map(str::to_owned).to_vec();
        let mut place_of: BTreeMap<(String, usize), usize> = BTreeMap::new();
        for file in files {
            for (at, key) in shown_columns(file) {
                place_of.entry(key).or_insert_with(|| {
                    let name = file.columns[at].name.trim();
                    let numbered = format!("column_{}", at + 1);
                    names.push(unused_name(if name.is_empty() { &numbered } else { name }, &names));
                    names.len() - 1 - OWN_FROM
                });
            }
        }
        let places = files.iter().map(|file| {
            let mut places = vec![None; names.len() - OWN_FROM];
            for (at, key) in shown_columns(file) {
                places[place_of[&key]] = Some(at);
            }
            places
        });
        let places = places.collect();
        let fields: Vec<Field> = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let kind = if at == 1 { DataType::Int64 } else { DataType::Utf8 };
                Field::new(name, kind, at >= OWN_FROM)
            })
            .collect();
        Self { schema: Arc::new(Schema::new(fields)), places }
    }
}

/// The columns of a file that rejects show: not those that are passed through, which may name people.
fn shown_columns(file: &Readable) -> Vec<(usize, (String, usize))> {
    let mut keys = column_keys(&file.columns);
    keys.retain(|(at, _)| !file.is_only_passed(*at));
    keys
}

/// The columns of a file that can be shown: position, and name with the number of columns of that name before it.
fn column_keys(columns: &[FileColumn]) -> Vec<(usize, (String, usize))> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = Vec::new();
    for (at, column) in columns.iter().enumerate().filter(|(_, column)| is_plain(column)) {
        let name = column.name.trim().to_lowercase();
        let before = seen.entry(name.clone()).or_default();
        keys.push((at, (name, *before)));
        *before += 1;
    }
    keys
}

/// Whether no two columns have the same name.
fn are_named_apart(columns: &[FileColumn]) -> bool {
    column_keys(columns).iter().all(|(_, (name, before))| !name.is_empty() && *before == 0)
}

/// The name, followed by a number if the name is taken.
fn unused_name(name: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.iter().any(|taken| taken.eq_ignore_ascii_case(name)))
        .unwrap_or_default()
}

/// Collects rejects of one file into a record batch.
struct RejectBatch<'a> {
    layout: &'a RejectLayout,
    file: &'a DataFile,
    places: &'a [Option<usize>],
    /// Rejects that have not been reached yet.
    rejects: &'a [Reject],
    names: StringBuilder,
    numbers: Int64Builder,
    rules: StringBuilder,
    cells: Vec<StringBuilder>,
    count: usize,
    bytes: usize,
}

impl<'a> RejectBatch<'a> {
    fn new(layout: &'a RejectLayout, place: usize, file: &'a DataFile, rejects: &'a [Reject]) -> Self {
        let places = &layout.places[place];
        let (names, numbers, rules) = (StringBuilder::new(), Int64Builder::new(), StringBuilder::new());
        let cells = places.iter().map(|_| StringBuilder::new()).collect();
        Self { layout, file, places, rejects, names, numbers, rules, cells, count: 0, bytes: 0 }
    }

    /// Appends the row once for every reject that names it, and nothing if none does.
    fn append_rejects_at<'c>(&mut self, row: u64, cell: &dyn Fn(usize) -> Option<std::borrow::Cow<'c, str>>) {
        while let Some((reject, rest)) =
            self.rejects.split_first().filter(|(reject, _)| reject.at.row() == row)
        {
            self.rejects = rest;
            self.names.append_value(&self.file.name);
            self.numbers.append_value(i64::try_from(row).expect("a row number has less than 64 bits"));
            self.rules.append_value(reject.rule.code());
            for (builder, place) in self.cells.iter_mut().zip(self.places) {
                let text = place.and_then(cell);
                let text = text.as_deref().map(text::cut);
                self.bytes += text.as_ref().map_or(0, |text| text.len());
                builder.append_option(text.filter(|text| !text.is_empty()));
            }
            self.count += 1;
        }
    }

    fn finish(&mut self) -> Result<RecordBatch, Unreadable> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.names.finish()),
            Arc::new(self.numbers.finish()),
            Arc::new(self.rules.finish()),
        ];
        columns.extend(self.cells.iter_mut().map(|cells| Arc::new(cells.finish()) as ArrayRef));
        (self.count, self.bytes) = (0, 0);
        Ok(RecordBatch::try_new(Arc::clone(&self.layout.schema), columns)?)
    }
}

/// Reads a file piece by piece and keeps its rejected rows.
enum RejectReader<'a> {
    Csv { csv: &'a CsvFile, records: crate::csv::CsvRecords, record: StringRecord, row: u64 },
    Parquet(ParquetRows<'a>),
    Ipc { pieces: crate::ipc::IpcPieces, picks: Vec<usize>, row: u64 },
    Workbook { pieces: crate::workbook::WorkbookPieces, picks: Vec<usize>, row: u64 },
}

struct ParquetRows<'a> {
    parquet: &'a ParquetFile,
    file: &'a DataFile,
    picks: Vec<usize>,
    /// Range of row numbers of each row group.
    groups: Vec<Range<u64>>,
    next: usize,
    /// The row group being read, and the selected rows still to come.
    open: Option<(crate::parquet::ParquetPieces, std::vec::IntoIter<u64>)>,
}

impl<'a> RejectReader<'a> {
    fn new(readable: &'a Readable) -> Result<Self, Unreadable> {
        let columns = &readable.columns;
        let picks: Vec<usize> = (0..columns.len()).filter(|&at| is_plain(&columns[at])).collect();
        Ok(match &readable.content {
            Content::Csv(csv) => {
                Self::Csv { csv, records: csv.records(&readable.file)?, record: StringRecord::new(), row: 0 }
            }
            Content::Parquet(parquet) => {
                let mut start = 0;
                let groups = parquet.row_groups().map(|rows| {
                    start += rows;
                    start - rows..start
                });
                let groups = groups.collect();
                Self::Parquet(ParquetRows {
                    parquet,
                    file: &readable.file,
                    picks,
                    groups,
                    next: 0,
                    open: None,
                })
            }
            Content::Ipc(ipc) => {
                Self::Ipc { pieces: ipc.pieces(&readable.file, &picks, PIECE_ROWS)?, picks, row: 0 }
            }
            Content::Workbook(book) => {
                Self::Workbook { pieces: book.pieces(&readable.file, picks.clone())?, picks, row: 0 }
            }
        })
    }

    /// Reads a piece and appends the rejects in it. Returns whether rejects may remain.
    fn read_into(&mut self, batch: &mut RejectBatch) -> Result<bool, Unreadable> {
        if batch.rejects.is_empty() {
            return Ok(false);
        }
        match self {
            Self::Csv { csv, records, record, row } => {
                if !records.read(record)? {
                    return Err(changed());
                }
                batch.append_rejects_at(*row, &|at| csv_cell(csv, record, at));
                *row += 1;
            }
            Self::Parquet(rows) => rows.read_into(batch)?,
            Self::Ipc { pieces, picks, row } => {
                let piece = pieces.next().transpose()?.ok_or_else(changed)?;
                let first = *row;
                *row += count(piece.rows);
                if batch.rejects.first().is_some_and(|reject| reject.at.row() < *row) {
                    append_piece(batch, &piece, picks, first..*row)?;
                }
            }
            Self::Workbook { pieces, picks, row } => {
                let piece = pieces.next().transpose()?.ok_or_else(changed)?;
                let first = *row + piece.gap;
                *row = first + count(piece.rows);
                if batch.rejects.first().is_some_and(|reject| reject.at.row() < *row) {
                    append_piece(batch, &piece, picks, first..*row)?;
                }
            }
        }
        Ok(true)
    }
}

/// The error that the file now has fewer rows than when the rejects were found.
fn changed() -> Unreadable {
    Unreadable::damaged(gridtier::text!("it was changed while it was being read", "文件在读取过程中被修改"))
}

/// A cell of a record. If the record has too many cells, the last column holds all the surplus ones.
fn csv_cell<'r>(csv: &CsvFile, record: &'r StringRecord, at: usize) -> Option<std::borrow::Cow<'r, str>> {
    let is_last = at + 1 == csv.header.len();
    if is_last && record.len() > csv.header.len() {
        let delimiter = char::from(csv.delimiter).to_string();
        return Some(record.iter().skip(at).collect::<Vec<_>>().join(&delimiter).into());
    }
    record.get(at).map(Into::into)
}

/// Appends the rejects among the rows of a piece, whose row numbers are `rows`.
fn append_piece(
    batch: &mut RejectBatch,
    piece: &FilePiece,
    picks: &[usize],
    rows: impl Iterator<Item = u64>,
) -> Result<(), Unreadable> {
    let texts = piece.columns.iter().map(CellTexts::of).collect::<Result<Vec<_>, _>>()?;
    for (at, row) in rows.enumerate() {
        batch.append_rejects_at(row, &|own| texts[picks.partition_point(|pick| *pick < own)].get(at));
    }
    Ok(())
}

impl ParquetRows<'_> {
    fn read_into(&mut self, batch: &mut RejectBatch) -> Result<(), Unreadable> {
        if let Some((pieces, rows)) = &mut self.open {
            match pieces.next().transpose()? {
                Some(piece) => return append_piece(batch, &piece, &self.picks, rows.take(piece.rows)),
                None => self.open = None,
            }
        }
        let group = self.groups.get(self.next).cloned().ok_or_else(changed)?;
        let inside = batch.rejects.partition_point(|reject| reject.at.row() < group.end);
        let mut rows: Vec<u64> = batch.rejects[..inside].iter().map(|reject| reject.at.row()).collect();
        rows.dedup();
        if !rows.is_empty() {
            let selection = selection(&rows, &group);
            let pieces =
                self.parquet.pieces(self.file, self.next, &self.picks, PIECE_ROWS, Some(selection))?;
            self.open = Some((pieces, rows.into_iter()));
        }
        self.next += 1;
        Ok(())
    }
}

/// Selects the given rows, by number in the file, within a row group.
fn selection(rows: &[u64], group: &Range<u64>) -> RowSelection {
    let runs = rows.chunk_by(|a, b| a + 1 == *b);
    let ranges =
        runs.map(|run| index_u64(run[0] - group.start)..index_u64(run[run.len() - 1] + 1 - group.start));
    RowSelection::from_consecutive_ranges(ranges, index_u64(group.end - group.start))
}

#[cfg(test)]
mod tests;
