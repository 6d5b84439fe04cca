//! `gridtier.toml` beside the data: what a utility declares about its own export.
//!
//! Guessed units, time zones and column names are wrong sooner or later. So they are declared in a file beside the
//! data, which is hashed with it. The file is optional; what it does not declare follows the contract. All faults are
//! reported at once, with their lines. The engine applies the declarations to cells.

mod date_form;
mod encoding;
mod keys;

use std::collections::BTreeMap;
use std::path::{Component, Path};

use chrono::NaiveDate;
use chrono::format::{Fixed, Item, StrftimeItems};
use chrono_tz::Tz;
use gridtier::checked_toml::{CheckedToml, Fault, Faults, nearest};
use gridtier::contract::cell::fold_id;
use gridtier::contract::declared::{Declared, MoneyUnit, NetExport, PassedColumn, TableDeclared};
use gridtier::contract::{Column, ColumnKind, Table};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use serde::Deserialize;

pub use encoding::Encoding;
pub use keys::schema;

/// What to do where a zone is missing.
const ZONE_FIX: (&str, &str) = (
    "declare the zone of local time at the top of the file: zone = \"Asia/Shanghai\"",
    "请在文件开头声明当地时区：zone = \"Asia/Shanghai\"",
);

/// Name of the file.
pub const FILE_NAME: &str = "gridtier.toml";

/// The declarations about a data folder.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Declarations that the engine applies.
    pub declared: Declared,
    tables: BTreeMap<Table, TableConfig>,
    /// What stands for an empty cell in every table.
    nulls: Vec<String>,
}

/// Where a table is found and how its columns are named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableConfig {
    /// File or folder, relative to the data folder, if it is not named after the table.
    pub path: Option<String>,
    /// Delimiter of its CSV files, if it is neither comma nor tab.
    pub delimiter: Option<u8>,
    /// Encoding of its CSV files, if it is not to be detected.
    pub encoding: Option<Encoding>,
    /// Sheet of its workbooks, if it is not the first visible one.
    pub sheet: Option<String>,
    /// Row of its workbooks and CSV files with the header, 1 for the first; `None` for the first row that is not empty.
    pub header_row: Option<u32>,
    /// The utility's column names, by contract name or that of a further column: one, or those that make up a key.
    pub columns: BTreeMap<String, Vec<String>>,
    /// The value of columns that a file lacks, by contract name.
    pub constants: BTreeMap<String, Constant>,
    /// Types of the values in hive folder names, by key; text if not declared.
    pub hive: BTreeMap<String, HiveType>,
    /// Whether the table declares the unit of its energies, and that of its amounts.
    pub says_unit: [bool; 2],
    /// Whether the table declares what times without a zone mean in it.
    pub says_clock: bool,
    /// Names of the columns that are passed through; of `customers` only.
    pub passthrough: Vec<String>,
    /// Names of columns that are read besides those of the contract, where a file has them.
    pub further: Vec<String>,
}

/// The value of a column that a file lacks.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// A key, a word or free text.
    Text(String),
    /// A number in the unit of the table.
    Number(f64),
    /// true or false.
    Flag(bool),
    /// A calendar day.
    Day(NaiveDate),
}

gridtier::words! {
    /// The type of a hive folder key.
    #[derive(Default)]
    HiveType "type of folder values" {
        /// Text: `01` stays `01`.
        #[default]
        Text "text" "text" "文本",
        /// A whole number.
        Integer "integer" "integer" "整数",
        /// A day such as 2025-01-31.
        Date "date" "date" "日期",
    }
}

impl Config {
    /// Where a table is found and how its columns are named.
    #[must_use]
    pub fn table(&self, table: Table) -> TableConfig {
        self.tables.get(&table).cloned().unwrap_or_default()
    }

    /// The same for a folder in which tables need not lie where they are declared to be: a `path` that is not there is
    /// dropped.
    pub(crate) fn without_paths_absent_in(mut self, root: &Path) -> Self {
        for table in self.tables.values_mut() {
            table.path = table.path.take().filter(|path| root.join(path).exists());
        }
        self
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
        faults.clock(&["timestamps"], file.timestamps.as_deref(), &file);
        let silent = TableEntry::default();
        for table in Table::every() {
            let entry = file.tables.get(table.name()).unwrap_or(&silent);
            faults.table(table, entry, &file);
            config.declared.tables.insert(table, entry.declared(table, &file));
            config.tables.insert(table, entry.config(table, &file));
        }
        faults.passthrough(&file.passthrough);
        config.pass_through(&file);
        config.nulls = markers(&file.nulls);
        document.faults(faults.faults).map(|()| config)
    }
}

impl Config {
    /// Has columns of a table read that its contract does not name. What stands for an empty cell everywhere does so in
    /// them too.
    pub(crate) fn read_further(&mut self, table: Table, names: &[String]) {
        let declared = self.declared.tables.entry(table).or_default();
        for name in names {
            declared.nulls.insert(name.clone(), self.nulls.clone());
        }
        self.tables.entry(table).or_default().further = names.to_vec();
    }

    /// Declares the columns of `customers` that are passed through, and what stands for an empty cell in them.
    fn pass_through(&mut self, file: &ConfigFile) {
        let passed: Vec<PassedColumn> = file.passthrough.iter().map(PassedEntry::column).collect();
        let names = passed.iter().map(|passed| passed.column.clone()).collect();
        self.tables.entry(Table::Customers).or_default().passthrough = names;
        let own = file.tables.get(Table::Customers.name()).map(|entry| &entry.nulls);
        let declared = self.declared.tables.entry(Table::Customers).or_default();
        for PassedColumn { column, .. } in &passed {
            let own = own.iter().flat_map(|nulls| nulls.of(column));
            let markers = file.nulls.iter().chain(own).map(|marker| marker.trim().to_owned());
            declared.nulls.insert(column.clone(), markers.filter(|marker| !marker.is_empty()).collect());
        }
        self.declared.passthrough = passed;
    }
}

fn markers(texts: &[String]) -> Vec<String> {
    texts.iter().map(|marker| marker.trim().to_owned()).filter(|marker| !marker.is_empty()).collect()
}

/// A column that is passed through: its name alone, or its name with titles.
#[derive(Deserialize)]
#[serde(untagged)]
enum PassedEntry {
    Name(String),
    Titled { column: String, en: Option<String>, zh: Option<String> },
}

impl PassedEntry {
    fn column(&self) -> PassedColumn {
        let (column, en, zh) = match self {
            Self::Name(column) => (column, None, None),
            Self::Titled { column, en, zh } => (column, en.clone(), zh.clone()),
        };
        PassedColumn { column: column.trim().to_owned(), en, zh }
    }
}

/// The values of a document that fits the schema.
#[derive(Deserialize)]
struct ConfigFile {
    zone: Option<String>,
    #[serde(default)]
    nulls: Vec<String>,
    #[serde(default)]
    pad: BTreeMap<String, usize>,
    timestamps: Option<String>,
    #[serde(default)]
    passthrough: Vec<PassedEntry>,
    #[serde(default)]
    tables: BTreeMap<String, TableEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TableEntry {
    path: Option<String>,
    delimiter: Option<String>,
    encoding: Option<String>,
    sheet: Option<String>,
    header_row: Option<u32>,
    energy_unit: Option<String>,
    money_unit: Option<String>,
    decimal_mark: Option<String>,
    net_export: bool,
    stamp: Option<String>,
    timestamps: Option<String>,
    nulls: Markers,
    pad: BTreeMap<String, usize>,
    constants: BTreeMap<String, Scalar>,
    columns: BTreeMap<String, Names>,
    dates: BTreeMap<String, String>,
    words: BTreeMap<String, BTreeMap<String, Scalar>>,
    hive: BTreeMap<String, String>,
}

/// What stands for an empty cell: in all columns, or by column.
#[derive(Deserialize)]
#[serde(untagged)]
enum Markers {
    Everywhere(Vec<String>),
    ByColumn(BTreeMap<String, Vec<String>>),
}

impl Default for Markers {
    fn default() -> Self {
        Self::Everywhere(Vec::new())
    }
}

impl Markers {
    /// The markers of a column.
    fn of(&self, column: &str) -> impl Iterator<Item = &String> {
        let lists = match self {
            Self::Everywhere(markers) => [Some(markers), None],
            Self::ByColumn(columns) => [columns.get(keys::EVERY_COLUMN), columns.get(column)],
        };
        lists.into_iter().flatten().flatten()
    }
}

/// The utility's own name of a column, or several that make up one key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// A word, day, number or flag.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl Scalar {
    /// The value, as it is written in a cell.
    fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.trim().to_owned(),
        }
    }

    /// The value, as a constant of a column of this kind.
    fn constant(&self, kind: ColumnKind) -> Constant {
        match self {
            Self::Flag(flag) => Constant::Flag(*flag),
            Self::Number(number) => Constant::Number(*number),
            Self::Text(text) => match text.parse() {
                Ok(day) if kind.is_date() => Constant::Day(day),
                _ => Constant::Text(text.clone()),
            },
        }
    }
}

/// The value of a code, which the schema has checked; the default where there is none.
fn by_code<T: Word + Default>(code: Option<&str>) -> T {
    code.and_then(T::from_code).unwrap_or_default()
}

/// Words by their spelling in the files; white space around a spelling is removed.
fn trimmed(words: &BTreeMap<String, Scalar>) -> BTreeMap<String, String> {
    words.iter().map(|(spelling, word)| (spelling.trim().to_owned(), word.text())).collect()
}

impl TableEntry {
    /// The table's declarations for the engine. Where the table declares nothing, the declarations of the whole file apply;
    /// the markers for empty cells of both are put together.
    fn declared(&self, table: Table, file: &ConfigFile) -> TableDeclared {
        let timestamps = self.timestamps.as_deref().or(file.timestamps.as_deref());
        let mut declared = TableDeclared {
            energy: by_code(self.energy_unit.as_deref()),
            money: self.money_unit.as_deref().and_then(MoneyUnit::by_name).unwrap_or_default(),
            decimal_mark: by_code(self.decimal_mark.as_deref()),
            net_export: if self.net_export { NetExport::Allowed } else { NetExport::Refused },
            timestamps: by_code(timestamps),
            stamp: by_code(self.stamp.as_deref()),
            date_forms: self.dates.clone(),
            words: self.words.iter().map(|(column, words)| (column.clone(), trimmed(words))).collect(),
            ..TableDeclared::default()
        };
        for column in table.columns() {
            let name = column.name;
            let markers = file.nulls.iter().chain(self.nulls.of(name));
            let markers: Vec<String> =
                markers.map(|marker| marker.trim().to_owned()).filter(|marker| !marker.is_empty()).collect();
            if !markers.is_empty() {
                declared.nulls.insert(name.to_owned(), markers);
            }
            let is_joined = self.columns.get(name).is_some_and(|names| names.all().len() > 1);
            let width = self.pad.get(name).or(file.pad.get(name).filter(|_| !is_joined));
            if let (ColumnKind::Id, Some(&width)) = (column.kind, width) {
                declared.pad.insert(name.to_owned(), width);
            }
        }
        declared
    }

    fn config(&self, table: Table, file: &ConfigFile) -> TableConfig {
        let constants = self.constants.iter().filter_map(|(name, value)| {
            let column = table.column(name)?;
            Some((name.clone(), value.constant(column.kind)))
        });
        TableConfig {
            path: self.path.as_ref().map(|path| path.trim_end_matches('/').to_owned()),
            delimiter: self.delimiter.as_ref().and_then(|delimiter| delimiter.bytes().next()),
            encoding: self.encoding.as_deref().and_then(Encoding::by_name),
            sheet: self.sheet.clone(),
            header_row: self.header_row,
            columns: self.columns.iter().map(|(name, own)| (name.clone(), own.all().to_vec())).collect(),
            constants: constants.collect(),
            hive: self.hive.iter().map(|(key, kind)| (key.clone(), by_code(Some(kind)))).collect(),
            says_unit: [self.energy_unit.is_some(), self.money_unit.is_some()],
            says_clock: self.timestamps.is_some() || file.timestamps.is_some(),
            passthrough: Vec::new(),
            further: Vec::new(),
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
            let what = text!("`{name}` is not a time zone", "`{name}` 不是时区");
            let fix = match nearest(name, known) {
                Some(near) => text!(
                    "give one such as Asia/Shanghai; did you mean `{near}`?",
                    "请写 Asia/Shanghai 这样的时区；是否指 `{near}`？"
                ),
                None => text!("give one such as Asia/Shanghai", "请写 Asia/Shanghai 这样的时区"),
            };
            self.fault(&["zone"], what, fix);
        }
        zone
    }

    /// A table with instants must declare a zone, by which they become local times.
    fn clock(&mut self, path: &[&str], clock: Option<&str>, file: &ConfigFile) {
        if clock == Some("instant") && file.zone.is_none() {
            self.fault(
                path,
                ("instants have no month without a zone", "没有时区，无法确定时刻属于哪个月"),
                ZONE_FIX,
            );
        }
    }

    /// The columns that are passed through: each once, and none that the cycle keeps anyway.
    fn passthrough(&mut self, entries: &[PassedEntry]) {
        let mut seen: Vec<String> = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            let (column, position) = (entry.column().column, position.to_string());
            let folded = fold_id(&column).to_lowercase();
            let what = if folded.is_empty() {
                text!("a name in `passthrough` is empty", "`passthrough` 中有空列名")
            } else if Table::Customers.column(&folded).is_some() {
                text!(
                    "`{column}` is a column of customers, which every cycle keeps",
                    "`{column}` 是客户表的合同列，周期本来就会保留"
                )
            } else if seen.contains(&folded) {
                text!("`{column}` is passed through twice", "`{column}` 在 `passthrough` 中重复")
            } else {
                seen.push(folded);
                continue;
            };
            self.fault(&["passthrough", &position], what, ("remove it from the list", "请从列表中删除"));
        }
    }

    fn table(&mut self, table: Table, entry: &TableEntry, file: &ConfigFile) {
        let at = |key: &'static str| ["tables", table.name(), key];
        if let Some(path) = &entry.path {
            let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            if path.is_empty() || !inside {
                let what = text!("`{path}` is not in the data folder", "`{path}` 不在数据目录中");
                let fix = (
                    "give a path relative to the data folder, without `..`",
                    "请写相对于数据目录的路径，不含 `..`",
                );
                self.fault(&at("path"), what, fix);
            }
        }
        self.clock(&at("timestamps"), entry.timestamps.as_deref(), file);
        for (column, names) in &entry.columns {
            self.names(table, column, names, entry);
        }
        for (column, form) in &entry.dates {
            self.date_form(&["tables", table.name(), "dates", column.as_str()], form, file);
        }
        for (column, words) in &entry.words {
            let Some(column) = table.column(column).filter(|column| column.kind.is_number()) else {
                continue;
            };
            for (spelling, number) in words {
                self.number_word(table, column, spelling, number);
            }
        }
    }

    /// The utility's own names of a column.
    fn names(&mut self, table: Table, column: &str, names: &Names, entry: &TableEntry) {
        let path = ["tables", table.name(), "columns", column];
        if names.all().is_empty() || names.all().iter().any(|name| name.trim().is_empty()) {
            let what =
                text!("`tables.{table}.columns.{column}` is empty", "`tables.{table}.columns.{column}` 为空");
            let fix = (
                "give the name that the column has in the files, or remove the line",
                "请写该列在文件中的列名，或删除这一行",
            );
            self.fault(&path, what, fix);
        }
        if names.all().len() > 1 && entry.pad.contains_key(column) {
            let what = text!(
                "`tables.{table}.pad.{column}` pads a key that is made up of several columns",
                "`tables.{table}.pad.{column}` 对由多列组成的编号补零"
            );
            let fix = ("export the padded column, or remove the line", "请导出补零后的列，或删除这一行");
            self.fault(&["tables", table.name(), "pad", column], what, fix);
        }
    }

    fn date_form(&mut self, path: &[&str], form: &str, file: &ConfigFile) {
        let items: Vec<Item> = StrftimeItems::new(form).collect();
        if form.is_empty() || items.contains(&Item::Error) {
            let what = text!("`{form}` is not a date pattern", "`{form}` 不是日期格式");
            let fix = (
                "write it with %Y, %m, %d, %H, %M, %S, such as %Y%m%d",
                "请用 %Y、%m、%d、%H、%M、%S 书写，例如 %Y%m%d",
            );
            return self.fault(path, what, fix);
        }
        if items.contains(&Item::Fixed(Fixed::TimezoneName)) {
            let what = text!("`{form}` skips the name of a zone", "`{form}` 会略过时区名称");
            let fix = (
                "use %z for an offset such as +0800, or export local times without a zone",
                "偏移量（如 +0800）请用 %z，或导出不带时区的当地时间",
            );
            return self.fault(path, what, fix);
        }
        if file.zone.is_none() && items.iter().any(date_form::is_instant) {
            let what = text!(
                "`{form}` gives instants, and no zone is declared",
                "`{form}` 给出的是时刻，但没有声明时区"
            );
            self.fault(path, what, ZONE_FIX);
        }
    }

    /// Checks the value that a spelling stands for: a number, or an empty cell.
    fn number_word(&mut self, table: Table, column: &Column, spelling: &str, number: &Scalar) {
        let name = column.name;
        let text = number.text();
        let path = ["tables", table.name(), "words", name, spelling];
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
        let is_standard = number.is_some_and(|number| [0.9, 0.85, 0.8].contains(&number));
        let (en, zh) = match column.kind {
            _ if text.is_empty() => return,
            ColumnKind::PowerFactor if is_standard => return,
            ColumnKind::PowerFactor => ("0.90, 0.85 or 0.80", "0.90、0.85 或 0.80"),
            _ if number.is_some() => return,
            _ => ("a number", "数字"),
        };
        let shown = format!("tables.{table}.words.{name}.{spelling}");
        self.fault(
            &path,
            text!(
                "`{shown}` must be {en}, or \"\" for an empty cell, not \"{text}\"",
                "`{shown}` 应为{zh}，或用 \"\" 表示空，而不是 \"{text}\""
            ),
            text!("write {en}, or \"\"", "请写{zh}，或 \"\""),
        );
    }
}

#[cfg(test)]
mod tests;
