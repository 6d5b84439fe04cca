//! Some rows of a table as the text of a CSV file, in the form in which `gridtier.toml` says that the table is written.

use std::borrow::Cow;
use std::io;

use arrow_array::Array;
use gridtier::contract::Table;
use gridtier::contract::declared::DecimalMark;
use gridtier::error::Refusal;
use gridtier::index::{count, index};
use gridtier::source::{RowAt, Source as _};

use crate::columns::{FilePiece, Pick, names_in_file};
use crate::config::{Encoding, TableConfig};
use crate::folder::{DataFolder, Readable, constant};
use crate::guard::Unreadable;
use crate::rejects::CellTexts;

/// A column of the copy: the column of the contract that it belongs to, or a column that is passed through.
struct CopiedColumn {
    /// The column of the contract, or the name under which the column is passed through.
    of: String,
    /// Its position among the columns that make up a key; 0 for any other column.
    part: usize,
    /// The name in the header.
    name: String,
}

/// Where the cells of a copied column come from in one file.
enum CellOrigin {
    /// The column at this position of the file.
    Column(usize),
    /// The same in every row: a value in the names of the folders, or a declared one.
    Same(Option<String>),
}

/// The rows of a table at these places, which are in the order of files and rows, as the bytes of a CSV file with a header.
pub(super) fn table(folder: &DataFolder, table: Table, rows: &[RowAt]) -> Result<Vec<u8>, Refusal> {
    let config = folder.config().table(table);
    let columns = columns(folder.files(table), table, &config);
    let mut out =
        csv::WriterBuilder::new().delimiter(config.delimiter.unwrap_or(b',')).from_writer(Vec::new());
    let header = out.write_record(columns.iter().map(|column| &column.name));
    header.map_err(|error| refuse(table, cannot_write(error)))?;
    for rows in rows.chunk_by(|a, b| a.file() == b.file()) {
        let file = &folder.files(table)[index(rows[0].file())];
        let copied = copy_file(file, (rows[0].file(), rows), &columns, folder, &mut |record| {
            out.write_record(record.iter().map(|cell| cell.as_bytes())).map_err(cannot_write)
        });
        copied.map_err(|fault| file.file.refuse_for(fault))?;
    }
    let text = out.into_inner().map_err(|error| refuse(table, error.into_error().into()))?;
    let text = String::from_utf8(text).expect("cells and names are text");
    // The declared header row has as many rows before it as are left empty of names here.
    let titles = config.header_row.map_or(0, |row| index(row).saturating_sub(1));
    let title = format!("{table}\r\n").repeat(titles);
    Ok(encoded(&format!("{title}{text}"), config.encoding))
}

fn cannot_write(error: csv::Error) -> Unreadable {
    io::Error::from(error).into()
}

fn refuse(table: Table, fault: Unreadable) -> Refusal {
    Refusal::of(table, fault.what, fault.advice)
}

/// The columns that some file of the table has, by the names under which the table is read.
fn columns(files: &[Readable], table: Table, config: &TableConfig) -> Vec<CopiedColumn> {
    let mut columns = Vec::new();
    for column in table.columns() {
        let is_there = files
            .iter()
            .any(|file| file.mapping.picks.get(column.name).is_some_and(|pick| *pick != Pick::Constant));
        let names = names_in_file(column, config).into_iter().enumerate().filter(|_| is_there);
        columns.extend(names.map(|(part, name)| CopiedColumn {
            of: column.name.to_owned(),
            part,
            name: name.to_owned(),
        }));
    }
    for name in &config.passthrough {
        if columns.iter().all(|column| !column.name.eq_ignore_ascii_case(name)) {
            columns.push(CopiedColumn { of: name.clone(), part: 0, name: name.clone() });
        }
    }
    columns
}

fn origin(column: &CopiedColumn, file: &Readable, folder: &DataFolder) -> Result<CellOrigin, Unreadable> {
    Ok(match file.mapping.find(&column.of).map(|(_, pick)| pick) {
        Some(Pick::Own(at)) => CellOrigin::Column(at),
        Some(pick @ Pick::Joined(_)) => CellOrigin::Column(file.mapping.positions(pick)[column.part]),
        Some(Pick::Hive(at)) => CellOrigin::Same(file.file.hive[at].value.clone()),
        Some(Pick::Constant) => {
            let config = folder.config().table(file.file.table);
            let value = config.constants.get(&column.of).map(|value| constant::repeated(value, 1));
            let text = match &value {
                Some(array) => CellTexts::of(array)?.whole(0).map(Cow::into_owned),
                None => None,
            };
            CellOrigin::Same(text)
        }
        None => CellOrigin::Same(None),
    })
}

/// Takes the cells of a copied row.
type RowSink<'s> = dyn FnMut(&[Cow<str>]) -> Result<(), Unreadable> + 's;

/// Hands on the cells of some rows of a file.
fn copy_file(
    file: &Readable,
    (number, mut rows): (u32, &[RowAt]),
    columns: &[CopiedColumn],
    folder: &DataFolder,
    sink: &mut RowSink<'_>,
) -> Result<(), Unreadable> {
    let origins = columns.iter().map(|column| origin(column, file, folder));
    let origins: Vec<CellOrigin> = origins.collect::<Result<_, _>>()?;
    let own = origins.iter().filter_map(|origin| match origin {
        CellOrigin::Column(at) => Some(*at),
        CellOrigin::Same(_) => None,
    });
    let mut own: Vec<usize> = own.collect();
    own.sort_unstable();
    own.dedup();
    let has_comma = folder.declared().of(file.file.table).decimal_mark == DecimalMark::Comma;
    for part in file.parts(number) {
        let mut first = part.first_row;
        let end = first + part.rows.unwrap_or(u64::MAX - first);
        if rows.first().is_none_or(|row| row.row() >= end) {
            continue;
        }
        for piece in file.pieces(part.index, &own)? {
            let piece = piece?;
            first += piece.gap;
            let cells = CopiedCells::of(&piece, &origins, &own, has_comma)?;
            while let Some((row, rest)) =
                rows.split_first().filter(|(row, _)| row.row() < first + count(piece.rows))
            {
                rows = rest;
                sink(&cells.row(usize::try_from(row.row() - first).expect("a row of the piece")))?;
            }
            first += count(piece.rows);
        }
    }
    Ok(())
}

/// The cells of a piece, by copied column.
struct CopiedCells<'a> {
    columns: Vec<CopiedCell<'a>>,
}

enum CopiedCell<'a> {
    /// The texts of a column, and whether a decimal point becomes a comma.
    Texts(CellTexts<'a>, bool),
    Same(&'a str),
}

impl<'a> CopiedCells<'a> {
    fn of(
        piece: &'a FilePiece,
        origins: &'a [CellOrigin],
        own: &[usize],
        has_comma: bool,
    ) -> Result<Self, Unreadable> {
        let columns = origins.iter().map(|origin| match origin {
            CellOrigin::Same(text) => Ok(CopiedCell::Same(text.as_deref().unwrap_or_default())),
            CellOrigin::Column(at) => {
                let array = &piece.columns[own.partition_point(|own| own < at)];
                // Numbers of parquet have no decimal mark; their text gets the one that is declared.
                let kind = array.data_type();
                let is_number = kind.is_floating() || kind.is_decimal();
                Ok(CopiedCell::Texts(CellTexts::of(array)?, has_comma && is_number))
            }
        });
        Ok(Self { columns: columns.collect::<Result<_, Unreadable>>()? })
    }

    fn row(&self, row: usize) -> Vec<Cow<'_, str>> {
        let cells = self.columns.iter().map(|column| match column {
            CopiedCell::Same(text) => Cow::Borrowed(*text),
            CopiedCell::Texts(texts, has_comma) => match texts.whole(row) {
                Some(text) if *has_comma => Cow::Owned(text.replace('.', ",")),
                Some(text) => text,
                None => Cow::Borrowed(""),
            },
        });
        cells.collect()
    }
}

/// The text in the declared encoding; UTF-8 with a byte-order mark, which spreadsheet programs need, if none is declared.
fn encoded(text: &str, encoding: Option<Encoding>) -> Vec<u8> {
    match encoding.unwrap_or(Encoding::Utf8) {
        Encoding::Utf8 => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Gb18030 => encoding_rs::GB18030.encode(text).0.into_owned(),
        Encoding::Big5 => encoding_rs::BIG5.encode(text).0.into_owned(),
        Encoding::Latin1 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    }
}
