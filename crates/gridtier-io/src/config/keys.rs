//! The keys of `gridtier.toml`, derived from the contracts: a column can be misspelt nowhere.
//!
//! One shape serves the check of the file, the hints in its messages and the JSON Schema for editors. Nothing here reads
//! a file.

use std::sync::LazyLock;

use gridtier::checked_toml::{Key, Shape};
use gridtier::contract::declared::{DecimalMark, EnergyUnit, MoneyUnit};
use gridtier::contract::{Column, ColumnKind, Table};

use super::HiveType;

/// Marks that may be declared, with their meaning.
pub(super) const DECIMAL_MARKS: &[(&str, DecimalMark)] =
    &[(".", DecimalMark::Point), (",", DecimalMark::Comma)];
/// A column that exists so that its use can be refused with advice.
pub(super) const REGISTER_COLUMN: &str = "register_kwh";

const DELIMITERS: &[&str] = &[",", "\t", ";", "|"];
const FLAGS: &[&str] = &["true", "false"];
const REGISTER_ABOUT: &str = "refused: only the energy of intervals can be graded, not cumulative registers";

/// The keys of the document.
#[must_use]
pub fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let tables = Table::ALL.iter().map(|&table| {
            let about =
                if table.required() { "where the table is and how it is written" } else { "the same" };
            Key::optional(table.name(), Shape::Table(forever(table_keys(table))), about)
        });
        vec![
            Key::required("format", Shape::Integer(1, 1), "the version of this format: 1"),
            Key::optional("zone", Shape::Text, "zone of the utility's local time, such as Asia/Shanghai"),
            Key::optional(
                "tables",
                Shape::Table(forever(tables.collect())),
                "what is particular to single tables",
            ),
        ]
    });
    &KEYS
}

/// Shapes are static data; these are made once, since they follow the contracts.
fn forever<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}

fn names<T>(list: &[(&'static str, T)]) -> Shape {
    Shape::OneOf(forever(list.iter().map(|(name, _)| *name).collect()))
}

fn table_keys(table: Table) -> Vec<Key> {
    let has = |kind: ColumnKind| table.columns().iter().any(|column| column.kind == kind);
    let text_map = |keys: Vec<Key>| Shape::Table(forever(keys));
    let mut keys = vec![
        Key::optional("path", Shape::Text, "file or folder in the data folder, if not named after the table"),
        Key::optional(
            "delimiter",
            Shape::OneOf(DELIMITERS),
            "delimiter of CSV files, if neither comma nor tab",
        ),
        Key::optional(
            "decimal_mark",
            names(DECIMAL_MARKS),
            "mark before the fraction of numbers written as text",
        ),
        Key::optional("columns", text_map(column_keys(table)), "the utility's own name by contract column"),
        Key::optional("hive", hive_shape(), "type of the values in folder names such as org=01, by key"),
    ];
    if has(ColumnKind::Energy) {
        keys.push(Key::optional(
            "energy_unit",
            names(EnergyUnit::NAMES),
            "unit of its energies, kWh if silent",
        ));
    }
    if has(ColumnKind::Money) {
        keys.push(Key::optional(
            "money_unit",
            names(MoneyUnit::NAMES),
            "unit of its amounts, yuan if silent",
        ));
    }
    if table == Table::MeterReadings {
        keys.push(Key::optional("net_export", Shape::Flag, "true if energy may flow to the grid"));
        keys.push(Key::optional("register", Shape::Text, REGISTER_ABOUT));
    }
    let dates: Vec<Key> = table.columns().iter().filter_map(date_key).collect();
    if !dates.is_empty() {
        keys.push(Key::optional("dates", text_map(dates), "pattern by date column, such as %Y%m%d"));
    }
    let words: Vec<Key> = table.columns().iter().filter_map(word_key).collect();
    if !words.is_empty() {
        keys.push(Key::optional("words", text_map(words), "the contract's word by column and own spelling"));
    }
    keys
}

fn column_keys(table: Table) -> Vec<Key> {
    let own_name = |column: &Column| Key::optional(column.name, Shape::Text, column.about);
    let mut keys: Vec<Key> = table.columns().iter().map(own_name).collect();
    if table == Table::MeterReadings {
        keys.push(Key::optional(REGISTER_COLUMN, Shape::Text, REGISTER_ABOUT));
    }
    keys
}

fn date_key(column: &Column) -> Option<Key> {
    matches!(
        column.kind,
        ColumnKind::Date | ColumnKind::PlacingDate | ColumnKind::PlacingMonth | ColumnKind::PlacingTime
    )
    .then(|| Key::optional(column.name, Shape::Text, column.about))
}

fn word_key(column: &Column) -> Option<Key> {
    let words = match column.kind {
        ColumnKind::Word(words) => words.codes,
        ColumnKind::Flag => FLAGS,
        _ => return None,
    };
    let shape = Shape::Map(&forever(vec![Shape::OneOf(words)])[0]);
    Some(Key::optional(column.name, shape, column.about))
}

fn hive_shape() -> Shape {
    Shape::Map(&forever(vec![names(HiveType::NAMES)])[0])
}
