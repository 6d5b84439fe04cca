//! From a file's own columns to the contract's: names, and types that agree across the files of a table.
//!
//! Engines fill a column that one file lacks with nulls, make a second column of `KWH` beside `kwh`, and coerce types
//! that differ between files. Here a table has one schema: names match without case, what is missing
//! or clashes is refused by file, what is surplus is named. Whether a column's values are good is not known here.

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

pub use agree::{Notice, Typed, agree};

/// A column as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name in the file.
    pub name: String,
    /// Its type; `None` for text that stands for any type, as in CSV.
    pub data_type: Option<DataType>,
}

impl FileColumn {
    /// A column with a type.
    pub fn typed(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type: Some(data_type) }
    }

    /// A column of text that stands for any type.
    pub fn loose(name: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: None }
    }
}

/// Rows of a file: whole columns, and the rows (0-based in the piece) that could not be taken apart.
#[derive(Debug)]
pub struct FilePiece {
    /// The columns asked for.
    pub columns: Vec<ArrayRef>,
    /// Rows of each.
    pub rows: usize,
    /// Rows whose cells mean nothing.
    pub faults: Vec<(u32, Rule)>,
}

/// Where a contract column of a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The file's own column at this place.
    Own(usize),
    /// The value at this place in the names of its folders.
    Hive(usize),
}

impl Pick {
    /// The place among the file's own columns.
    pub fn own(self) -> Option<usize> {
        match self {
            Self::Own(at) => Some(at),
            Self::Hive(_) => None,
        }
    }
}

/// How the columns of a file become the contract's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// By contract name; nullable columns that the file lacks are not there.
    pub picks: BTreeMap<&'static str, Pick>,
    /// Names of the file and its folders that no contract column took.
    pub unknown: Vec<String>,
}

/// A name as it is compared: without case, surrounding white space and full-width forms.
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
    let own_names = places(own.iter().map(|column| column.name.as_str()))?;
    let hive_names = places(hive.iter().map(|hive| hive.key.as_str()))?;
    let mut mapping = Mapping::default();
    let mut missing = Vec::new();
    for column in table.columns() {
        let wanted = folded(config.columns.get(column.name).map_or(column.name, String::as_str));
        // What a job wrote into a folder's name it left out of the file, or it is the same.
        let pick = hive_names.get(&wanted).map(|&at| Pick::Hive(at));
        match pick.or_else(|| own_names.get(&wanted).map(|&at| Pick::Own(at))) {
            Some(pick) => drop(mapping.picks.insert(column.name, pick)),
            None if column.nullable => {}
            None => missing.push(column),
        }
    }
    let is_taken = |pick| mapping.picks.values().any(|&taken| taken == pick);
    let own_left =
        own.iter().enumerate().filter(|(at, _)| !is_taken(Pick::Own(*at))).map(|(_, own)| &own.name);
    let hive_left =
        hive.iter().enumerate().filter(|(at, _)| !is_taken(Pick::Hive(*at))).map(|(_, hive)| &hive.key);
    mapping.unknown = own_left.chain(hive_left).cloned().collect();
    if !missing.is_empty() {
        return Err(refuse_missing(table, &missing, &mapping.unknown, own.len(), config));
    }
    refuse_nested(&mapping, own).map(|()| mapping)
}

/// The place of each name by its folded form.
fn places<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<BTreeMap<String, usize>, Unreadable> {
    let mut places = BTreeMap::new();
    for (at, name) in names.clone().enumerate() {
        if let Some(first) = places.insert(folded(name), at) {
            let first = names.clone().nth(first).unwrap_or_default();
            return Err(Unreadable::because(
                format!("the columns `{first}` and `{name}` have one name but for case or white space"),
                "rename one of them, or leave it out",
            ));
        }
    }
    Ok(places)
}

fn refuse_missing(
    table: Table,
    missing: &[&Column],
    left: &[String],
    columns: usize,
    config: &TableConfig,
) -> Unreadable {
    let own_name =
        |column: &Column| config.columns.get(column.name).map_or(column.name, String::as_str).to_owned();
    let names: Vec<String> = missing.iter().map(|column| format!("`{}`", own_name(column))).collect();
    let what = match names.as_slice() {
        [one] => format!("the column {one} is missing"),
        many => format!("the columns {} are missing", many.join(", ")),
    };
    let near = missing.iter().find_map(|column| {
        let folded_left: Vec<String> = left.iter().map(|name| folded(name)).collect();
        let near = nearest(&folded(&own_name(column)), folded_left.iter().map(String::as_str))?;
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
