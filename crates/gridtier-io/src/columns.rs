//! Maps the columns of a file to those of the contract, and checks that the files of a table agree on types.
//!
//! Engines fill a column that one file lacks with nulls, read `KWH` as another column than `kwh`, and coerce types that
//! differ between files. Here a table has one schema: names match in any case; a file that lacks a column or clashes in
//! type is refused; surplus columns are listed. Values are not looked at.

mod agree;

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use gridtier::checked_toml::nearest;
use gridtier::contract::cell::{Family, fold_id};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Column, Table};

use crate::config::TableConfig;
use crate::guard::Unreadable;
use crate::listing::HiveValue;

pub use agree::{Notice, TypedFile, agree};

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name in the file.
    pub name: String,
    /// Its type; `None` in CSV, where text can be of any type.
    pub data_type: Option<DataType>,
}

impl FileColumn {
    /// A column with a type.
    pub fn typed(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type: Some(data_type) }
    }

    /// A column of CSV.
    pub fn untyped(name: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: None }
    }
}

/// Some rows of a file as columns.
#[derive(Debug)]
pub struct FilePiece {
    /// The columns asked for.
    pub columns: Vec<ArrayRef>,
    /// Number of rows.
    pub rows: usize,
    /// Rows (0-based in the piece) that could not be split into cells, and why.
    pub faults: Vec<(u32, Rule)>,
}

/// Where a column of the contract is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The column of the file at this position.
    Own(usize),
    /// The value at this position among those in the names of its folders.
    Hive(usize),
}

impl Pick {
    /// The position among the columns of the file.
    pub fn own(self) -> Option<usize> {
        match self {
            Self::Own(at) => Some(at),
            Self::Hive(_) => None,
        }
    }
}

/// How the columns of a file map to those of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// By contract name, without nullable columns that the file lacks.
    pub picks: BTreeMap<&'static str, Pick>,
    /// Columns of the file and keys of its folders that are not in the contract.
    pub unknown: Vec<String>,
}

/// A name in the form in which names are compared: lower case, trimmed, without full-width characters.
fn folded(name: &str) -> String {
    fold_id(name).to_lowercase()
}

/// Maps the columns of one file.
///
/// # Errors
/// Two names fold together, a required column is missing, or a mapped one is nested.
pub fn map(
    table: Table,
    own: &[FileColumn],
    hive: &[HiveValue],
    config: &TableConfig,
) -> Result<Mapping, Unreadable> {
    let own_names = positions(own.iter().map(|column| column.name.as_str()))?;
    let hive_names = positions(hive.iter().map(|hive| hive.key.as_str()))?;
    let mut mapping = Mapping::default();
    let mut missing = Vec::new();
    for column in table.columns() {
        let wanted = folded(name_in_file(column, config));
        // A value in a folder's name is the same as in the file, or the file lacks it.
        let pick = hive_names.get(&wanted).map(|&at| Pick::Hive(at));
        match pick.or_else(|| own_names.get(&wanted).map(|&at| Pick::Own(at))) {
            Some(pick) => drop(mapping.picks.insert(column.name, pick)),
            None if column.nullable => {}
            None => missing.push(column),
        }
    }
    let own_names = own.iter().enumerate().map(|(at, column)| (Pick::Own(at), &column.name));
    let hive_names = hive.iter().enumerate().map(|(at, hive)| (Pick::Hive(at), &hive.key));
    for (pick, name) in own_names.chain(hive_names) {
        if !mapping.picks.values().any(|&taken| taken == pick) {
            mapping.unknown.push(name.clone());
        }
    }
    if !missing.is_empty() {
        return Err(refuse_missing(table, &missing, &mapping.unknown, own.len(), config));
    }
    refuse_nested(&mapping, own).map(|()| mapping)
}

/// The position of each name, by its folded form.
fn positions<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<BTreeMap<String, usize>, Unreadable> {
    let mut positions = BTreeMap::new();
    for (at, name) in names.clone().enumerate() {
        if let Some(first) = positions.insert(folded(name), at) {
            let first = names.clone().nth(first).unwrap_or_default();
            return Err(Unreadable::because(
                format!("the columns `{first}` and `{name}` have one name but for case or white space"),
                "rename one of them, or leave it out",
            ));
        }
    }
    Ok(positions)
}

/// The name that a column has in the files: the declared one, or that of the contract.
fn name_in_file<'c>(column: &Column, config: &'c TableConfig) -> &'c str {
    config.columns.get(column.name).map_or(column.name, String::as_str)
}

fn refuse_missing(
    table: Table,
    missing: &[&Column],
    left: &[String],
    columns: usize,
    config: &TableConfig,
) -> Unreadable {
    let names: Vec<String> =
        missing.iter().map(|column| format!("`{}`", name_in_file(column, config))).collect();
    let what = match names.as_slice() {
        [one] => format!("the column {one} is missing"),
        many => format!("the columns {} are missing", many.join(", ")),
    };
    let near = missing.iter().find_map(|column| {
        let folded_left: Vec<String> = left.iter().map(|name| folded(name)).collect();
        let near = nearest(&folded(name_in_file(column, config)), folded_left.iter().map(String::as_str))?;
        let at = folded_left.iter().position(|name| name == near)?;
        Some((column.name, left[at].as_str()))
    });
    let first = missing[0].name;
    let (name, example) = near.unwrap_or((first, "ITS_NAME_IN_THE_FILE"));
    let hint = near.map_or_else(String::new, |(_, near)| format!("is it `{near}`? "));
    let delimiter =
        if columns == 1 { "; if cells are not divided by comma or tab, declare `delimiter`" } else { "" };
    let advice = format!(
        "{hint}name it in gridtier.toml: [tables.{table}.columns] {name} = \"{example}\", or export it{delimiter}"
    );
    Unreadable::because(what, advice)
}

fn refuse_nested(mapping: &Mapping, own: &[FileColumn]) -> Result<(), Unreadable> {
    for (name, pick) in &mapping.picks {
        let Pick::Own(at) = pick else { continue };
        if own[*at].data_type.as_ref().is_some_and(|kind| Family::of(kind) == Family::Nested) {
            let own = &own[*at].name;
            return Err(Unreadable::because(
                format!("the column `{own}`, read as {name}, holds a nested value or bytes of fixed length"),
                "export it as one plain value in each row",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
