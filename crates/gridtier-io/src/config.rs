//! `gridtier.toml` beside the data: what a utility declares about its own export.
//!
//! Guessed units, time zones and column names are wrong sooner or later. So they are declared, in a file that lies with
//! the data and is hashed with it. The file is optional; what it does not declare follows the contract. All faults are
//! reported at once, with their lines. The engine applies the declarations to cells.

mod keys;

use std::collections::BTreeMap;
use std::path::{Component, Path};

use chrono::format::{Item, StrftimeItems};
use chrono_tz::Tz;
use gridtier::checked_toml::{CheckedToml, Fault, Faults, nearest};
use gridtier::contract::Table;
use gridtier::contract::declared::{
    Declared, EnergyUnit, MoneyUnit, NetExport, Stamp, TableDeclared, Timestamps,
};
use gridtier::text::Text;
use serde::Deserialize;

pub use keys::schema;

/// Name of the file.
pub const FILE_NAME: &str = "gridtier.toml";

/// The declarations about a data folder.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Declarations that the engine applies.
    pub declared: Declared,
    tables: BTreeMap<Table, TableConfig>,
}

/// Where a table is found and how its columns are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableConfig {
    /// File or folder, relative to the data folder, if it is not named after the table.
    pub path: Option<String>,
    /// Delimiter of its CSV files, if it is neither comma nor tab.
    pub delimiter: Option<u8>,
    /// The utility's column names, by contract name.
    pub columns: BTreeMap<String, String>,
    /// Types of the values in hive folder names, by key; text if not declared.
    pub hive: BTreeMap<String, HiveType>,
}

/// The type of a hive folder key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HiveType {
    /// Text: `01` stays `01`.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A day such as 2025-01-31.
    Date,
}

impl HiveType {
    /// Names accepted in `gridtier.toml`.
    pub const NAMES: &[(&str, Self)] =
        &[("text", Self::Text), ("integer", Self::Integer), ("date", Self::Date)];
}

impl Config {
    /// Where a table is found and how its columns are named.
    #[must_use]
    pub fn table(&self, table: Table) -> TableConfig {
        self.tables.get(&table).cloned().unwrap_or_default()
    }

    /// Reads the text of a `gridtier.toml`.
    ///
    /// # Errors
    /// All faults in it, with their lines.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let document = CheckedToml::parse(FILE_NAME, text, &schema())?;
        let file: ConfigFile = document.read()?;
        let mut faults = FaultCollector { document: &document, faults: Vec::new() };
        let mut config = Self::default();
        config.declared.zone = file.zone.as_deref().and_then(|zone| faults.zone(zone));
        for table in Table::ALL {
            if let Some(entry) = file.tables.get(table.name()) {
                faults.table(table, entry);
                config.declared.tables.insert(table, entry.declared());
                config.tables.insert(table, entry.config());
            }
        }
        document.faults(faults.faults).map(|()| config)
    }
}

/// The values of a document that fits the schema.
#[derive(Deserialize)]
struct ConfigFile {
    zone: Option<String>,
    #[serde(default)]
    tables: BTreeMap<String, TableEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TableEntry {
    path: Option<String>,
    delimiter: Option<String>,
    energy_unit: Option<String>,
    money_unit: Option<String>,
    decimal_mark: Option<String>,
    net_export: bool,
    stamp: Option<String>,
    register: Option<String>,
    timestamps: Option<String>,
    columns: BTreeMap<String, String>,
    dates: BTreeMap<String, String>,
    words: BTreeMap<String, BTreeMap<String, String>>,
    hive: BTreeMap<String, String>,
}

/// The value that `name` has in a list of names and values; the default if there is no name.
fn named<T: Copy + Default>(names: &[(&str, T)], name: Option<&str>) -> T {
    names.iter().find(|(known, _)| Some(*known) == name).map_or_else(T::default, |(_, value)| *value)
}

/// Words by their spelling in the files, without the white space around it.
fn trimmed(words: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    words.iter().map(|(spelling, word)| (spelling.trim().to_owned(), word.clone())).collect()
}

impl TableEntry {
    fn declared(&self) -> TableDeclared {
        TableDeclared {
            energy: named(EnergyUnit::NAMES, self.energy_unit.as_deref()),
            money: named(MoneyUnit::NAMES, self.money_unit.as_deref()),
            decimal_mark: named(keys::DECIMAL_MARKS, self.decimal_mark.as_deref()),
            net_export: if self.net_export { NetExport::Allowed } else { NetExport::Refused },
            timestamps: named(Timestamps::NAMES, self.timestamps.as_deref()),
            stamp: named(Stamp::NAMES, self.stamp.as_deref()),
            date_forms: self.dates.clone(),
            words: self.words.iter().map(|(column, words)| (column.clone(), trimmed(words))).collect(),
        }
    }

    fn config(&self) -> TableConfig {
        TableConfig {
            path: self.path.as_ref().map(|path| path.trim_end_matches('/').to_owned()),
            delimiter: self.delimiter.as_ref().and_then(|delimiter| delimiter.bytes().next()),
            columns: self.columns.clone(),
            hive: self
                .hive
                .iter()
                .map(|(key, kind)| (key.clone(), named(HiveType::NAMES, Some(kind))))
                .collect(),
        }
    }
}

/// Collects the faults that the JSON Schema cannot express.
struct FaultCollector<'d> {
    document: &'d CheckedToml<'d>,
    faults: Vec<Fault>,
}

impl FaultCollector<'_> {
    fn fault(&mut self, path: &[&str], what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: self.document.line(path), what: what.into(), fix: fix.into() });
    }

    fn zone(&mut self, name: &str) -> Option<Tz> {
        let zone = name.parse().ok();
        if zone.is_none() {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let near =
                nearest(name, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            self.fault(
                &["zone"],
                format!("`{name}` is not a time zone"),
                format!("give one such as Asia/Shanghai{near}"),
            );
        }
        zone
    }

    fn table(&mut self, table: Table, entry: &TableEntry) {
        let at = |key: &'static str| ["tables", table.name(), key];
        if let Some(path) = &entry.path {
            let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            if path.is_empty() || !inside {
                let what = format!("`{path}` is not in the data folder");
                self.fault(&at("path"), what, "give a path relative to the data folder, without `..`");
            }
        }
        if entry.register.is_some() {
            self.register(&at("register"));
        }
        for (column, own) in &entry.columns {
            let path = ["tables", table.name(), "columns", column.as_str()];
            if column == keys::REGISTER_COLUMN {
                self.register(&path);
            } else if own.trim().is_empty() {
                let what = format!("`tables.{table}.columns.{column}` is empty");
                self.fault(&path, what, "give the name that the column has in the files, or remove the line");
            }
        }
        for (column, form) in &entry.dates {
            if form.is_empty() || StrftimeItems::new(form).any(|item| matches!(item, Item::Error)) {
                let path = ["tables", table.name(), "dates", column.as_str()];
                let what = format!("`{form}` is not a date pattern");
                self.fault(&path, what, "write it with %Y, %m, %d, %H, %M, %S, such as %Y%m%d");
            }
        }
    }

    fn register(&mut self, path: &[&str]) {
        self.fault(
            path,
            "cumulative register readings cannot be graded",
            "map active_kwh to the energy of each interval: the difference of two register readings, with meter \
             exchanges and rollovers settled and the transformer ratio applied",
        );
    }
}

#[cfg(test)]
mod tests;
