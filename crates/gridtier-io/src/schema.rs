//! The schema files: what every input, method, `gridtier.toml` and manifest looks like, for people and other programs.
//!
//! A contract that is written by hand beside the code that enforces it is wrong after the first change. So the files are
//! made from the same types that read the data: `contract` writes a table as an Open Data Contract Standard document,
//! from the engine's tables and rules; the JSON Schemas come from the keys that check a file. The committed copies in
//! `schemas/` are compared with what is made here. Nothing is checked against a schema here.

mod about;
mod contract;
mod manifest;
mod yaml;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gridtier::checked_toml::{Key, Shape};
use gridtier::contract::Table;
use gridtier::entitlement;
use gridtier::method;
use serde_json::{Value, json};

use crate::config;

pub use manifest::MANIFEST;

/// The dialect of the JSON Schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema files: name and content, the contracts in the order in which tables are read.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let contracts =
        Table::ALL.iter().map(|&table| (format!("{table}.odcs.yaml"), contract::document(table).to_text()));
    let schemas = [
        ("method.schema.json", closed("gridtier method file", method::KEYS)),
        ("entitlements.schema.json", closed("gridtier catalogue of entitlements", entitlement::KEYS)),
        ("gridtier-toml.schema.json", closed("gridtier.toml beside the data", config::keys())),
        ("manifest.schema.json", open("Manifest of a published cycle (_manifest.json)", MANIFEST)),
    ];
    let schemas = schemas.map(|(name, schema)| (name.to_owned(), format!("{schema:#}\n")));
    contracts.chain(schemas).collect()
}

/// Writes the schema files into `dir`, which is made if need be, and says where they are.
///
/// # Errors
/// A file cannot be written.
pub fn write(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let write_one = |(name, content): (String, String)| {
        let path = dir.join(name);
        fs::write(&path, content).map(|()| path)
    };
    files().into_iter().map(write_one).collect()
}

/// The JSON Schema of a document that people write: a key that is not known is a mistake.
fn closed(title: &str, keys: &'static [Key]) -> Value {
    let mut schema = Shape::Table(keys).json_schema();
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!(title);
    schema
}

/// The JSON Schema of a document that gridtier writes: keys may be added within a version of its format.
fn open(title: &str, keys: &'static [Key]) -> Value {
    let mut schema = closed(title, keys);
    allow_more(&mut schema);
    schema
}

fn allow_more(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if entries.get("additionalProperties") == Some(&Value::Bool(false)) {
                entries.remove("additionalProperties");
            }
            entries.values_mut().for_each(allow_more);
        }
        Value::Array(values) => values.iter_mut().for_each(allow_more),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
