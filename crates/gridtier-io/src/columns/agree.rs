//! Checks that the files of a table agree on the types of its columns, and lists surplus columns.

use arrow_schema::DataType;
use gridtier::contract::cell::Family;
use gridtier::contract::rule::Rule;
use gridtier::contract::{Column, ColumnKind, Table};
use gridtier::index::count;
use gridtier::text;

use super::{FileColumn, Mapping, Pick, folded};
use crate::guard::Unreadable;

/// A finding about the files of a table that rejects no row: rule, number of columns, example.
pub type Notice = (Rule, u64, String);

/// Maximum number of names in an example.
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

/// Checks the files of a table against each other. A column without any value agrees with every type: where types
/// clash, `has_value` says whether a column has a value. It is given the positions of the file and of the column.
///
/// # Errors
/// The position of the first file whose type clashes with that of an earlier one, and why.
pub fn agree(
    table: Table,
    files: &[TypedFile],
    has_value: &dyn Fn(usize, usize, ColumnKind) -> bool,
) -> Result<Vec<Notice>, (usize, Unreadable)> {
    let mut notices = Vec::new();
    notices.extend(unknown(files));
    let mut widened = Vec::new();
    for column in table.columns() {
        let mut typed: Vec<(usize, &DataType)> = Vec::new();
        typed
            .extend(files.iter().enumerate().filter_map(|(at, file)| Some((at, file.type_of(column.name)?))));
        let wider = compare(column, files, &typed).or_else(|_| {
            typed.retain(|(at, _)| {
                let own = files[*at].mapping.picks.get(column.name).and_then(|pick| pick.own());
                own.is_none_or(|own| has_value(*at, own, column.kind))
            });
            compare(column, files, &typed)
        });
        widened.extend(wider?);
    }
    if !widened.is_empty() {
        notices.push((Rule::WidenedType, count(widened.len()), widened.join("; ")));
    }
    Ok(notices)
}

/// Compares the type that a column has in the first file with its types in the others. Returns the first pair of types
/// that differ without a clash, in words.
fn compare(
    column: &Column,
    files: &[TypedFile],
    typed: &[(usize, &DataType)],
) -> Result<Option<String>, (usize, Unreadable)> {
    let Some((&(first, first_kind), others)) = typed.split_first() else { return Ok(None) };
    let mut wider = None;
    for &(at, kind) in others {
        let (name, first_name) = (files[at].name, files[first].name);
        match relation(first_kind, kind) {
            Relation::Same => {}
            Relation::Widened => {
                wider.get_or_insert_with(|| {
                    format!("{}: {first_kind} in {first_name}, {kind} in {name}", column.name)
                });
            }
            Relation::Clash => return Err((at, clash(column, kind, first_kind, first_name))),
        }
    }
    Ok(wider)
}

fn clash(column: &Column, kind: &DataType, first_kind: &DataType, first_name: &str) -> Unreadable {
    let (family, first) = (Family::of(kind), Family::of(first_kind));
    let (word, first_word, name) = (family.word(), first.word(), column.name);
    let (word_zh, first_zh) = (family.word_zh(), first.word_zh());
    let (wanted, wanted_zh) = wanted(column.kind);
    Unreadable::because(
        text!(
            "the column {name} is {word} ({kind}) here and {first_word} ({first_kind}) in {first_name}; {wanted} is wanted",
            "列 {name} 在此文件中是{word_zh}（{kind}），在 {first_name} 中是{first_zh}（{first_kind}）；应为{wanted_zh}"
        ),
        text!(
            "export {name} as {wanted} in all files of the table",
            "请在该表的所有文件中把 {name} 导出为{wanted_zh}"
        ),
    )
}

/// The type that the contract wants of a column, in words.
fn wanted(kind: ColumnKind) -> (&'static str, &'static str) {
    match kind {
        ColumnKind::Id | ColumnKind::Text | ColumnKind::Word(_) => ("text", "文本"),
        ColumnKind::Flag => ("true or false", "真假值"),
        ColumnKind::Count => ("an integer", "整数"),
        ColumnKind::PlacingTime | ColumnKind::Time => ("a time", "时间"),
        kind if kind.is_date() => ("a date", "日期"),
        _ => ("a number (double or decimal)", "数字（浮点或定点小数）"),
    }
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
