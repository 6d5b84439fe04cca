//! The provenance of a cycle: program, method, catalogue, files and their hashes.

use gridtier::text::Text;

use super::{Part, captions};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// An input file.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Its path within the data folder.
    pub path: String,
    /// The table to which it belongs.
    pub table: Text,
    /// The number of its rows.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// A table of the cycle.
#[derive(Clone, Debug)]
pub struct OutputTable {
    /// The name of its file in the cycle's folder.
    pub name: String,
    /// The number of its rows.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// The provenance of a cycle.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Program, people, times and hashes, by name.
    pub facts: Vec<(Text, Text)>,
    /// The input files.
    pub inputs: Vec<InputFile>,
    /// The published files.
    pub outputs: Vec<OutputTable>,
}

/// The chapter on provenance.
#[must_use]
pub fn provenance(of: Provenance) -> Part {
    let Provenance { facts, inputs, outputs } = of;
    let sections = [
        Section::new().with(Block::Facts(facts)),
        captions::capped(files(inputs), "_manifest.json"),
        captions::capped(tables(outputs), "_manifest.json"),
        Section::new().sentence(
            "gridtier verify compares every file with these hashes; recomputing from the same inputs gives the same bytes.",
            "gridtier verify 将每个文件与上述哈希值核对; 由相同输入重新计算, 结果逐字节相同。",
        ),
    ];
    Part::new(Text::coded("provenance", "Provenance", "来源与可追溯性"), sections)
}

fn size_columns() -> [DataColumn; 3] {
    [
        DataColumn::new(ColumnFormat::Integer, "rows", "rows", "行数"),
        DataColumn::new(ColumnFormat::Integer, "bytes", "bytes", "字节"),
        DataColumn::new(ColumnFormat::Id, "sha256", "SHA-256", "SHA-256"),
    ]
}

fn files(inputs: Vec<InputFile>) -> Section {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "path", "file", "文件"),
        DataColumn::new(ColumnFormat::Text, "table", "table", "表"),
    ];
    columns.extend(size_columns());
    let rows = inputs.into_iter().map(|file| {
        vec![
            DataCell::same(file.path),
            DataCell::Text(file.table),
            DataCell::count(file.rows),
            DataCell::count(file.bytes),
            DataCell::same(file.sha256),
        ]
    });
    Section::of_table(DataTable::new(
        Text::coded("inputs", "Files that were read", "读入的文件"),
        columns,
        rows,
    ))
}

fn tables(outputs: Vec<OutputTable>) -> Section {
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "name", "file", "文件")];
    columns.extend(size_columns());
    let rows = outputs.into_iter().map(|file| {
        vec![
            DataCell::same(file.name),
            DataCell::count(file.rows),
            DataCell::count(file.bytes),
            DataCell::same(file.sha256),
        ]
    });
    Section::of_table(DataTable::new(
        Text::coded("outputs", "Files that were published", "发布的文件"),
        columns,
        rows,
    ))
}
