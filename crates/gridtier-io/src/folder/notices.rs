//! Findings about the files of a table as a whole, which reject no row.

use gridtier::contract::ColumnKind;
use gridtier::contract::rule::Rule;
use gridtier::index::count;

use super::{Content, Readable};
use crate::columns::{Notice, unit_in_name};
use crate::config::TableConfig;
use crate::csv::Swallowing;

/// Maximum number of sheets that an example names.
const SHEETS_NAMED: usize = 10;

/// The findings about files of one table.
pub(super) fn of_files(files: &[Readable], config: &TableConfig) -> Vec<Notice> {
    let mut guessed = Vec::new();
    let mut hidden: Option<Notice> = None;
    let mut statistics: Option<Notice> = None;
    let mut integers: Option<Notice> = None;
    let mut swallowing: Option<Notice> = None;
    let mut sheets: Option<Notice> = None;
    for readable in files {
        let name = &readable.file.name;
        if readable.bad_statistics > 0 {
            add(&mut statistics, Rule::BadStatistics, readable.bad_statistics, || name.clone());
        }
        match &readable.content {
            Content::Csv(csv) => {
                if csv.is_guess {
                    guessed.push(name.clone());
                }
                if let Some(Swallowing { line, lines, lines_of_all }) = csv.swallowing {
                    add(&mut swallowing, Rule::QuotedRows, lines_of_all, || {
                        format!("{name}: a cell from line {line} on spans {lines} lines")
                    });
                }
            }
            Content::Workbook(book) => {
                if let Some((number, what)) = book.hidden() {
                    add(&mut hidden, Rule::HiddenCells, *number, || format!("{name}: {what}"));
                }
                let left_out = book.left_out();
                if !left_out.is_empty() {
                    let named = left_out[..left_out.len().min(SHEETS_NAMED)].join(", ");
                    add(&mut sheets, Rule::OtherSheets, count(left_out.len()), || format!("{name}: {named}"));
                }
                for (column, numbers) in integer_ids(readable) {
                    add(&mut integers, Rule::IntegerId, numbers, || format!("{name}: {column}"));
                }
            }
            Content::Parquet(_) | Content::Ipc(_) => {}
        }
    }
    let guessed =
        (!guessed.is_empty()).then(|| (Rule::EncodingGuessed, count(guessed.len()), guessed.join(", ")));
    [guessed, statistics, swallowing, hidden, sheets, integers, other_units(files, config)]
        .into_iter()
        .flatten()
        .collect()
}

/// The columns whose header names a unit in which the table is not read, unless the table declares its unit.
fn other_units(files: &[Readable], config: &TableConfig) -> Option<Notice> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for readable in files {
        for column in readable.file.table.columns() {
            let [energy, money] = config.says_unit;
            let is_declared = match column.kind {
                ColumnKind::Energy => energy,
                ColumnKind::Money => money,
                _ => false,
            };
            let own = readable.mapping.picks.get(column.name).and_then(|pick| pick.own());
            let (Some(own), unit, false) = (own, column.unit, is_declared) else { continue };
            let header = readable.columns[own].name.trim();
            let Some(named) = unit_in_name(header, unit).filter(|named| *named != unit) else { continue };
            if found.iter().all(|(known, _)| *known != header) {
                let file = &readable.file.name;
                found.push((header, format!("{header} of {file} names {named} and is read in {unit}")));
            }
        }
    }
    let number = count(found.len());
    found.into_iter().next().map(|(_, example)| (Rule::UnitInHeader, number, example))
}

/// Adds to a finding; the first example stays.
fn add(notice: &mut Option<Notice>, rule: Rule, number: u64, example: impl FnOnce() -> String) {
    notice.get_or_insert_with(|| (rule, 0, example())).1 += number;
}

/// The columns of ids of a workbook that hold numbers, and how many.
fn integer_ids(readable: &Readable) -> Vec<(&'static str, u64)> {
    let Content::Workbook(book) = &readable.content else { return Vec::new() };
    let ids = readable.file.table.columns().iter().filter(|column| column.kind == ColumnKind::Id);
    let mut found = Vec::new();
    for column in ids {
        let own = readable.mapping.own_positions(column.name).into_iter();
        let numbers = own.filter_map(|position| book.check_ids(position).ok()).sum();
        if numbers > 0 {
            found.push((column.name, numbers));
        }
    }
    found
}
