//! Checks that the files of a table agree on the types of its columns, and lists surplus columns.

use arrow_schema::DataType;
use gridtier::contract::Table;
use gridtier::contract::cell::Family;
use gridtier::contract::rule::Rule;
use gridtier::index::count;

use super::{FileColumn, Mapping, Pick, folded};
use crate::guard::Unreadable;

/// A finding about the files of a table that rejects no row: rule, number of columns, example.
pub type Notice = (Rule, u64, String);

/// Most names in an example.
const NAMES_MAX: usize = 20;

/// A file with the types of its columns.
#[derive(Clone, Copy, Debug)]
pub struct TypedFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its columns.
    pub own: &'a [FileColumn],
    /// How they map to the contract.
    pub mapping: &'a Mapping,
}

impl<'a> TypedFile<'a> {
    fn type_of(&self, column: &str) -> Option<&'a DataType> {
        match self.mapping.picks.get(column)? {
            Pick::Own(at) => self.own[*at].data_type.as_ref(),
            Pick::Hive(_) | Pick::Joined(_) | Pick::Constant => None,
        }
        .filter(|kind| Family::of(kind) != Family::Empty)
    }
}

/// How two types of one column relate.
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
/// The position of the first file whose type clashes with that of an earlier one, and why.
pub fn agree(table: Table, files: &[TypedFile]) -> Result<Vec<Notice>, (usize, Unreadable)> {
    let mut notices = Vec::new();
    notices.extend(unknown(files));
    let mut widened = Vec::new();
    for column in table.columns() {
        let mut first: Option<(&TypedFile, &DataType)> = None;
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
        notices.push((Rule::WidenedType, count(widened.len()), widened.join("; ")));
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

/// The columns that are not in the contract, each once, as the files spell them.
fn unknown(files: &[TypedFile]) -> Option<Notice> {
    let mut seen = std::collections::BTreeSet::new();
    let mut names = Vec::new();
    for file in files {
        for name in &file.mapping.unknown {
            if seen.insert(folded(name)) {
                names.push(name.as_str());
            }
        }
    }
    let surplus = count(names.len());
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (surplus > 0).then(|| (Rule::UnknownColumn, surplus, format!("{}{more}", names.join(", "))))
}
