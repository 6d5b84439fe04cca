//! Whether the files of a table agree on the types of its columns, and what is to be noticed about them.

use arrow_schema::DataType;
use gridtier::contract::Table;
use gridtier::contract::cell::Family;
use gridtier::contract::rule::Rule;

use super::{FileColumn, Mapping, Pick, folded};
use crate::guard::Unreadable;

/// Something noticed about a table that sets no row aside: rule, columns, example.
pub type Notice = (Rule, u64, String);

/// Most names listed in an example.
const NAMES_MAX: usize = 20;

/// A file as far as its types are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its columns.
    pub own: &'a [FileColumn],
    /// How they are mapped.
    pub mapping: &'a Mapping,
}

impl<'a> Typed<'a> {
    fn type_of(&self, column: &str) -> Option<&'a DataType> {
        match self.mapping.picks.get(column)? {
            Pick::Own(at) => self.own[*at].data_type.as_ref(),
            Pick::Hive(_) => None,
        }
        .filter(|kind| Family::of(kind) != Family::Empty)
    }
}

/// How two types of one column stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Same,
    Widened,
    Clash,
}

fn relation(a: &DataType, b: &DataType) -> Relation {
    use Family as F;
    match (F::of(a), F::of(b)) {
        (F::Integer, F::Integer) | (F::Float, F::Float) | (F::Decimal, F::Decimal) if a != b => {
            Relation::Widened
        }
        (F::Integer, F::Decimal) | (F::Decimal, F::Integer) => Relation::Widened,
        (a, b) if a == b => Relation::Same,
        _ => Relation::Clash,
    }
}

/// Checks the files of a table against each other.
///
/// # Errors
/// The place of the file among `files` whose type clashes with an earlier one's, and why.
pub fn agree(table: Table, files: &[Typed]) -> Result<Vec<Notice>, (usize, Unreadable)> {
    let mut notices = Vec::new();
    notices.extend(unknown(files));
    let mut widened = Vec::new();
    for column in table.columns() {
        let mut first: Option<(&Typed, &DataType)> = None;
        let mut wider = None;
        for (at, file) in files.iter().enumerate() {
            let Some(kind) = file.type_of(column.name) else { continue };
            let Some((first_file, first_kind)) = first else {
                first = Some((file, kind));
                continue;
            };
            match relation(first_kind, kind) {
                Relation::Same => {}
                Relation::Widened => {
                    let (name, first_name) = (file.name, first_file.name);
                    wider.get_or_insert_with(|| {
                        format!("{}: {first_kind} in {first_name}, {kind} in {name}", column.name)
                    });
                }
                Relation::Clash => return Err((at, clash(column.name, kind, first_kind, first_file.name))),
            }
        }
        widened.extend(wider);
    }
    if !widened.is_empty() {
        notices.push((Rule::WidenedType, widened.len() as u64, widened.join("; ")));
    }
    Ok(notices)
}

fn clash(column: &str, kind: &DataType, first_kind: &DataType, first_name: &str) -> Unreadable {
    let (word, first_word) = (Family::of(kind).word(), Family::of(first_kind).word());
    Unreadable::because(
        format!(
            "the column {column} is {word} ({kind}) here and {first_word} ({first_kind}) in {first_name}"
        ),
        "export all files of the table with one type for each column",
    )
}

/// The columns that no contract names, by the files' own spelling.
fn unknown(files: &[Typed]) -> Option<Notice> {
    let mut seen = std::collections::BTreeSet::new();
    let mut names = Vec::new();
    for file in files {
        for name in &file.mapping.unknown {
            if seen.insert(folded(name)) {
                names.push(name.as_str());
            }
        }
    }
    let count = names.len() as u64;
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (count > 0).then(|| (Rule::UnknownColumn, count, format!("{}{more}", names.join(", "))))
}
