//! Reads an excerpt of every delivery in a folder.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::contract::Table;
use gridtier::contract::declared::DecimalMark;
use gridtier::error::Refusal;
use gridtier::text::Text;

use super::excerpt::{Excerpt, ExcerptColumn};
use super::names::DICTIONARY;
use crate::config::TableConfig;
use crate::folder::Content;
use crate::guard::Unreadable;
use crate::listing::{self, DataFile};

/// Maximum number of files of a folder from which rows are read; they are spread over all its files.
const FILES_READ: usize = 12;
/// Number of rows that are read of each of these files.
const ROWS_READ: usize = 20_000;
/// Rows that are tried as the header.
const HEADER_ROWS: u32 = 12;
/// Column names that a header must share with the dictionary.
const KNOWN_NAMES_MIN: usize = 2;
/// Maximum number of distinct words of a coded column.
const WORDS_MAX: usize = 1_000;

/// A delivery, opened.
pub struct Delivery {
    /// Some of its rows.
    pub excerpt: Excerpt,
    files: Vec<(DataFile, Content)>,
}

/// Names of files and folders that cannot be read, and why.
type Unread = Vec<(String, Text)>;

/// Opens every file and folder in `root`, in the order of names. Says why, if one cannot be read.
///
/// # Errors
/// The folder cannot be listed.
pub fn deliveries(root: &Path) -> Result<(Vec<Delivery>, Unread), Refusal> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for (name, files) in listing::deliveries(root)? {
        let opened = files.map_err(|refusal| refusal.what).and_then(|files| open(&name, files));
        match opened {
            Ok(delivery) => found.extend(delivery),
            Err(why) => unreadable.push((name, why)),
        }
    }
    Ok((found, unreadable))
}

fn open(name: &str, files: Vec<DataFile>) -> Result<Option<Delivery>, Text> {
    let Some(first) = files.first() else { return Ok(None) };
    let header_row = header_row(first);
    let config = TableConfig { header_row, ..TableConfig::default() };
    let mut opened = Vec::new();
    for file in files {
        let (content, _) = Content::open(&file, &config, DecimalMark::Point).map_err(|fault| fault.what)?;
        opened.push((file, content));
    }
    let excerpt = excerpt(name, header_row, &opened).map_err(|fault| fault.what)?;
    Ok(Some(Delivery { excerpt, files: opened }))
}

/// Number of a file's columns whose names the dictionary knows.
fn known_names(content: &Content) -> usize {
    content.columns().iter().filter(|column| is_known(&column.name)).count()
}

/// Whether the dictionary has a name as the name of any column of any table.
fn is_known(name: &str) -> bool {
    Table::every().any(|table| {
        table.columns().iter().any(|column| DICTIONARY.column(table, column.name, name).is_some())
    })
}

/// The row of the header, if titles stand above it: the one of the rows tried that has the most known names, or the first
/// of several such rows.
fn header_row(file: &DataFile) -> Option<u32> {
    let names_at = |header_row| {
        let config = TableConfig { header_row, ..TableConfig::default() };
        Content::open(file, &config, DecimalMark::Point).map_or(0, |(content, _)| known_names(&content))
    };
    if names_at(None) >= KNOWN_NAMES_MIN || !file.format.may_have_titles() {
        return None;
    }
    let counts = (2..=HEADER_ROWS).map(|row| (names_at(Some(row)), row));
    let best = counts.max_by_key(|(names, row)| (*names, std::cmp::Reverse(*row)))?;
    (best.0 >= KNOWN_NAMES_MIN).then_some(best.1)
}

fn excerpt(
    path: &str,
    header_row: Option<u32>,
    files: &[(DataFile, Content)],
) -> Result<Excerpt, Unreadable> {
    let columns = files.first().map_or_else(Vec::new, |(_, content)| content.columns());
    let empty = columns.into_iter().map(|column| ExcerptColumn { name: column.name, cells: Vec::new() });
    let rows = files.iter().map(|(_, content)| content.rows()).sum();
    let mut excerpt =
        Excerpt { path: path.into(), files: files.len(), rows, header_row, columns: empty.collect() };
    let step = files.len().div_ceil(FILES_READ).max(1);
    for (file, content) in files.iter().step_by(step) {
        let names: Vec<String> = content.columns().into_iter().map(|column| column.name).collect();
        // Files with the columns of the first one say enough; `check` names those that lack a column.
        if names.iter().ne(excerpt.columns.iter().map(|column| &column.name)) {
            continue;
        }
        let positions: Vec<usize> = (0..names.len()).collect();
        let end = excerpt.rows_read() + ROWS_READ;
        each_piece(file, content, &positions, &mut |cells| {
            let room = end - excerpt.rows_read();
            for (column, cells) in excerpt.columns.iter_mut().zip(cells) {
                column.cells.extend(cells.into_iter().take(room));
            }
            excerpt.rows_read() < end
        })?;
    }
    Ok(excerpt)
}

/// Calls `take` with the cells of each piece as text, by column, until it returns false.
fn each_piece(
    file: &DataFile,
    content: &Content,
    positions: &[usize],
    take: &mut dyn FnMut(Vec<Vec<String>>) -> bool,
) -> Result<(), Unreadable> {
    for (part, rows) in content.parts().into_iter().enumerate() {
        if rows == 0 {
            continue;
        }
        for piece in content.pieces(file, u32::try_from(part).unwrap_or(u32::MAX), positions)? {
            let piece = piece?;
            let cells: Result<Vec<Vec<String>>, Unreadable> = piece.columns.iter().map(texts).collect();
            if !take(cells?) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The cells of a column of any type as text; an empty cell is empty text.
fn texts(array: &ArrayRef) -> Result<Vec<String>, Unreadable> {
    let texts = cast(array, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    Ok((0..texts.len())
        .map(|row| if texts.is_null(row) { String::new() } else { texts.value(row).trim().to_owned() })
        .collect())
}

impl Delivery {
    /// How often each text occurs in a column, in all rows; `None` if there are too many for a coded column.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn words(&self, column: usize) -> Result<Option<BTreeMap<String, u64>>, Unreadable> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let name = &self.excerpt.columns[column].name;
        for (file, content) in &self.files {
            // A later file may have other columns, or the same in another order.
            let columns = content.columns();
            let here = Some(column).filter(|&at| columns.get(at).is_some_and(|own| own.name == *name));
            let own = here.or_else(|| columns.iter().position(|own| own.name == *name));
            let Some(own) = own else { continue };
            each_piece(file, content, &[own], &mut |cells| {
                for cell in cells.into_iter().flatten().filter(|cell| !cell.is_empty()) {
                    *counts.entry(cell).or_default() += 1;
                }
                counts.len() <= WORDS_MAX
            })?;
        }
        Ok((counts.len() <= WORDS_MAX).then_some(counts))
    }
}
