//! The JSON Schema of `gridtier.toml`, derived from the contracts, so that no column name can be misspelt.
//!
//! One schema serves to check the file, to give hints in messages about it, and to let editors complete its keys. Nothing
//! here reads a file.

use gridtier::contract::declared::{DecimalMark, EnergyUnit, MoneyUnit, Stamp, Timestamps};
use gridtier::contract::{Column, ColumnKind, ID_BYTES_MAX, Table};
use gridtier::word::Word;
use serde_json::{Map, Value, json};

use super::{Encoding, HiveType};

const DELIMITERS: &[&str] = &[",", "\t", ";", "|"];
/// The key of `nulls` that stands for all columns.
pub(super) const EVERY_COLUMN: &str = "*";
/// Greatest length to which a key may be padded with zeros.
const PAD_MAX: usize = ID_BYTES_MAX;
const PAD_ABOUT: &str = "digits of the keys of a column: shorter ones get zeros in front";
const CLOCK_ABOUT: &str = "what times without a zone are: local, or instants in UTC (needs zone)";

/// Keys of a TOML table with the schemas of their values.
type Properties = Map<String, Value>;

/// The JSON Schema of the file.
#[must_use]
pub fn schema() -> Value {
    let tables = Table::every().map(|table| {
        let about = if table.required() { "where the table is and how it is written" } else { "the same" };
        (table.name().to_owned(), closed(table_properties(table), about))
    });
    let mut properties = Properties::new();
    let format = json!({
        "type": "integer", "minimum": 1, "maximum": 1, "description": "the version of this format: 1"
    });
    properties.insert("format".into(), format);
    properties.insert("zone".into(), text("zone of the utility's local time, such as Asia/Shanghai"));
    properties.insert("nulls".into(), list("what stands for an empty cell in all tables"));
    let ids = Table::every().flat_map(Table::columns).filter_map(pad_property).collect();
    properties.insert("pad".into(), closed(ids, PAD_ABOUT));
    properties.insert("timestamps".into(), word(Timestamps::CODES, CLOCK_ABOUT));
    properties.insert("passthrough".into(), passthrough());
    properties.insert("tables".into(), closed(tables.collect(), "what is particular to single tables"));
    json!({
        "type": "object", "properties": properties, "required": ["format"], "additionalProperties": false
    })
}

/// Schema of the columns that are passed through.
fn passthrough() -> Value {
    let mut titled = Properties::new();
    titled.insert("column".into(), text("its name in the files"));
    titled.insert("en".into(), text("what it is called in English"));
    titled.insert("zh".into(), text("what it is called in Chinese"));
    let titled = json!({
        "type": "object", "properties": titled, "required": ["column"], "additionalProperties": false,
        "description": "with titles"
    });
    let about = "columns of customers, such as a name or an address, that are kept with the cycle and shown on customer \
                 sheets only";
    json!({
        "type": "array", "items": any_of(&[text("its name in the files"), titled], "a column"), "description": about
    })
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn word(words: &[&str], about: &str) -> Value {
    json!({"type": "string", "enum": words, "description": about})
}

/// Schema of a value that must be one of the names in a list of names and values.
fn named<T>(names: &[(&str, T)], about: &str) -> Value {
    word(&names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), about)
}

/// Schema of a TOML table that may have these keys and no others.
fn closed(properties: Properties, about: &str) -> Value {
    json!({
        "type": "object", "properties": properties, "required": [], "additionalProperties": false,
        "description": about
    })
}

/// Schema of a list of texts.
fn list(about: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": about})
}

/// Schema of a value that may have one of several forms.
fn any_of(forms: &[Value], about: &str) -> Value {
    json!({"anyOf": forms, "description": about})
}

/// Schema of a TOML table that may have any keys.
fn map(values: Value, about: &str) -> Value {
    json!({"type": "object", "additionalProperties": values, "description": about})
}

fn table_properties(table: Table) -> Properties {
    let columns = table.columns();
    let mut properties = Properties::new();
    let mut add = |key: &str, schema: Value| {
        properties.insert(key.into(), schema);
    };
    add("path", text("file or folder in the data folder, if not named after the table"));
    add("delimiter", word(DELIMITERS, "delimiter of CSV files, if neither comma nor tab"));
    add("encoding", named(Encoding::NAMES, "encoding of CSV files, if it is not to be detected"));
    add("sheet", text("sheet of a workbook, if it is not the first visible one"));
    add(
        "header_row",
        json!({
            "type": "integer", "minimum": 1, "maximum": 1_048_576,
            "description": "row of a workbook or CSV file with the header, if it is not the first row that is not empty"
        }),
    );
    add("decimal_mark", word(DecimalMark::CODES, "mark before the fraction of numbers written as text"));
    add("columns", columns_schema(table));
    let hive = word(HiveType::CODES, "type of the values");
    add("hive", map(hive, "type of the values in folder names such as org=01, by key"));
    if columns.iter().any(|column| column.kind == ColumnKind::Energy) {
        add("energy_unit", word(EnergyUnit::CODES, "unit of its energies, kWh if silent"));
    }
    if columns.iter().any(|column| column.kind == ColumnKind::Money) {
        add("money_unit", word(MoneyUnit::NAMES, "unit of its amounts, yuan if silent"));
    }
    if table == Table::MeterReadings {
        add("net_export", json!({"type": "boolean", "description": "true if energy may flow to the grid"}));
        let stamp = "end if readings are stamped by the end of their interval, start if silent";
        add("stamp", word(Stamp::CODES, stamp));
    }
    let constants: Properties = columns.iter().map(constant_property).collect();
    add("constants", closed(constants, "value of a column that the files lack"));
    let markers = columns.iter().map(|column| (column.name.to_owned(), list(column.about)));
    let markers = markers.chain([(EVERY_COLUMN.to_owned(), list("of all columns"))]).collect();
    let about = "what stands for an empty cell: texts, days or numbers";
    add(
        "nulls",
        any_of(&[list("in all columns"), closed(markers, "by column; \"*\" is every column")], about),
    );
    add("timestamps", word(Timestamps::CODES, CLOCK_ABOUT));
    let ids: Properties = columns.iter().filter_map(pad_property).collect();
    add("pad", closed(ids, PAD_ABOUT));
    let dates: Properties = columns.iter().filter_map(date_property).collect();
    if !dates.is_empty() {
        add("dates", closed(dates, "pattern by date column, such as %Y%m%d"));
    }
    let words: Properties = columns.iter().filter_map(word_property).collect();
    if !words.is_empty() {
        add("words", closed(words, "the contract's word by column and own spelling"));
    }
    properties
}

/// The utility's own names of columns. Those of `responses` include the columns that an instrument asks for, which no
/// contract lists.
fn columns_schema(table: Table) -> Value {
    let about = "the utility's own name by contract column";
    let mut columns = closed(column_properties(table), about);
    if table == Table::Responses {
        columns["additionalProperties"] =
            text("a column that the instrument asks for, such as E1, W_empathy");
    }
    columns
}

fn column_properties(table: Table) -> Properties {
    let columns = table.columns().iter();
    columns
        .map(|column| {
            let name = match column.kind {
                ColumnKind::Id => any_of(&[text("one column"), list("several, joined by /")], column.about),
                _ => text(column.about),
            };
            (column.name.to_owned(), name)
        })
        .collect()
}

fn date_property(column: &Column) -> Option<(String, Value)> {
    column.kind.is_date().then(|| (column.name.to_owned(), text(column.about)))
}

fn pad_property(column: &Column) -> Option<(String, Value)> {
    let digits = json!({"type": "integer", "minimum": 1, "maximum": PAD_MAX, "description": column.about});
    (column.kind == ColumnKind::Id).then(|| (column.name.to_owned(), digits))
}

fn constant_property(column: &Column) -> (String, Value) {
    let value = match column.kind {
        ColumnKind::Word(words) => word(words.codes, column.about),
        ColumnKind::Flag => json!({"type": "boolean", "description": column.about}),
        kind if kind.is_number() => json!({"type": "number", "description": column.about}),
        kind if kind.is_date() => {
            json!({"type": "string", "format": "date", "description": column.about})
        }
        _ => text(column.about),
    };
    (column.name.to_owned(), value)
}

fn word_property(column: &Column) -> Option<(String, Value)> {
    const EMPTY: &str = "an empty text for an empty cell";
    let spelling = match column.kind {
        ColumnKind::Word(words) => {
            word(&words.codes.iter().copied().chain([""]).collect::<Vec<_>>(), "the word, or nothing")
        }
        ColumnKind::Flag => {
            any_of(&[json!({"type": "boolean"}), word(&["true", "false", ""], EMPTY)], "the flag")
        }
        kind if kind.is_number() => any_of(&[json!({"type": "number"}), text(EMPTY)], "the number"),
        _ => return None,
    };
    Some((column.name.to_owned(), map(spelling, column.about)))
}
