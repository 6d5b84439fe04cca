//! The schema files that describe every input, method, `gridtier.toml` and manifest, for people and other programs.
//!
//! A contract written by hand beside the code that enforces it is wrong after the first change. So the files are
//! generated: `contract` writes a table of the engine as an Open Data Contract Standard document, and the JSON Schemas
//! come from the types that read and write a file. A test compares the committed copies in `schemas/` with the generated
//! ones. Nothing is checked against a schema here.

mod about;
mod yaml;
mod contract;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use gridtier::checked_toml::schema_of_output;
use gridtier::contract::Table;
use gridtier::entitlement;
use gridtier::method;
use gridtier_service::handbook::handbook_schema;
use gridtier_service::survey::instrument;
use serde_json::{Value, json};

use crate::config;
use crate::cycle::Manifest;
use crate::draft;

/// The dialect of the JSON Schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Names and contents of the schema files, with the contracts in the order in which tables are read.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let contracts =
        Table::every().map(|table| (format!("{table}.odcs.yaml"), contract::document(table).to_text()));
    let schemas = [
        ("method.schema.json", titled("gridtier method file", method::schema())),
        ("entitlements.schema.json", titled("gridtier catalogue of entitlements", entitlement::schema())),
        ("service.schema.json", titled("gridtier service policy", gridtier_service::policy::schema())),
        ("handbook.schema.json", titled("gridtier text of a customer handbook", handbook_schema())),
        ("instrument.schema.json", titled("gridtier instrument of a survey", instrument::schema())),
        ("gridtier-toml.schema.json", titled("gridtier.toml beside the data", config::schema())),
        (
            "manifest.schema.json",
            titled("Manifest of a published cycle (_manifest.json)", schema_of_output::<Manifest>()),
        ),
    ];
    let schemas = schemas.map(|(name, schema)| (name.to_owned(), format!("{schema:#}\n")));
    contracts.chain(schemas).collect()
}

/// Writes the schema files into `dir`, which is created if missing, and returns their paths.
///
/// # Errors
/// A file cannot be written; see [`draft::write_folder`].
pub fn write(dir: &Path) -> io::Result<Vec<PathBuf>> {
    draft::write_folder(dir, |draft| {
        let files = files().into_iter().map(|(name, content)| {
            draft::write_file(&draft.join(&name), |file| file.write_all(content.as_bytes()))?;
            Ok(dir.join(name))
        });
        files.collect()
    })
}

/// Adds dialect and title to a JSON Schema.
fn titled(title: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!(title);
    schema
}

#[cfg(test)]
mod tests;
