//! Maps the columns of a file to those of the contract, and checks that the files of a table agree on types.
//!
//! Query engines put nulls for a column that one file lacks, take `KWH` and `kwh` for two columns, and coerce types that
//! differ between files. Here a table has one schema: names match in any case; a file that lacks a column or clashes in
//! type is refused; surplus columns are listed. Values are not looked at.

mod agree;
mod absent;
mod unit_in_name;

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use gridtier::checked_toml::nearest;
use gridtier::contract::cell::{Family, fold_id};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Column, Table};
use gridtier::text;
use gridtier::text::Text;

use crate::config::{Config, TableConfig};
use crate::guard::Unreadable;
use crate::listing::HiveValue;

pub use absent::absent;
pub use agree::{Notice, TypedFile, agree};
pub use unit_in_name::unit_in_name;

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name in the file.
    pub name: String,
    /// Its type; `None` in CSV, where text can be of any type.
    pub data_type: Option<DataType>,
    /// Whether it holds times in parquet's INT96, which some writers fill with instants and others with local times.
    pub is_int96: bool,
}

impl FileColumn {
    /// A column with a type.
    pub fn typed(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type: Some(data_type), is_int96: false }
    }

    /// A column of CSV.
    pub fn untyped(name: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: None, is_int96: false }
    }
}

/// Some rows of a file as columns.
#[derive(Debug)]
pub struct FilePiece {
    /// The columns asked for.
    pub columns: Vec<ArrayRef>,
    /// Number of rows.
    pub rows: usize,
    /// Rows (0-based in the piece) that could not be split into cells, and why.
    pub faults: Vec<(u32, Rule)>,
    /// Empty rows between the last piece and this one: they count in a workbook's row numbers.
    pub gap: u64,
}

/// Where a column of the contract is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The column of the file at this position.
    Own(usize),
    /// The value at this position among those that the names of the file's folders give.
    Hive(usize),
    /// The columns of the file that the entry at this position of [`Mapping::joins`] lists: together they make up a key.
    Joined(usize),
    /// The value that is declared for files without the column.
    Constant,
}

impl Pick {
    /// The position among the file's columns, if the value is that of a single column, unchanged.
    pub fn own(self) -> Option<usize> {
        match self {
            Self::Own(at) => Some(at),
            Self::Hive(_) | Self::Joined(_) | Self::Constant => None,
        }
    }
}

/// How the columns of a file map to those of the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// By contract name, without nullable columns that the file lacks.
    pub picks: BTreeMap<&'static str, Pick>,
    /// Positions of the columns that make up a key, in the order in which they are joined.
    pub joins: Vec<Vec<usize>>,
    /// The columns that are passed through, by declared name.
    pub passed: Vec<(String, Pick)>,
    /// The columns that are read besides those of the contract, by the name asked for.
    pub further: Vec<(String, Pick)>,
    /// Columns of the file and keys of its folders that are not in the contract.
    pub unknown: Vec<String>,
    /// Nullable columns that the file lacks though `gridtier.toml` names them: contract name, and name in the file.
    pub absent: Vec<(&'static str, String)>,
}

impl Mapping {
    /// The positions of the file's columns that a joined pick puts together; none for any other pick.
    pub fn positions(&self, pick: Pick) -> &[usize] {
        match pick {
            Pick::Joined(at) => &self.joins[at],
            Pick::Own(_) | Pick::Hive(_) | Pick::Constant => &[],
        }
    }

    /// The positions of the file's columns from which a column of the contract is read.
    pub fn own_positions(&self, column: &str) -> Vec<usize> {
        let Some(&pick) = self.picks.get(column) else { return Vec::new() };
        pick.own().into_iter().chain(self.positions(pick).iter().copied()).collect()
    }

    /// The name of a column and where it is read from; `None` if the file lacks it.
    pub fn find(&self, column: &str) -> Option<(&str, Pick)> {
        let others = self.passed.iter().chain(&self.further);
        let other =
            || others.into_iter().find(|(name, _)| name == column).map(|(name, pick)| (&**name, *pick));
        self.picks.get_key_value(column).map(|(name, pick)| (*name, *pick)).or_else(other)
    }

    /// Whether a column of the file is only passed through.
    pub fn is_only_passed(&self, position: usize) -> bool {
        let pick = Pick::Own(position);
        self.passed.iter().any(|(_, passed)| *passed == pick) && !self.is_of_contract(pick)
    }

    fn is_taken(&self, pick: Pick) -> bool {
        self.is_of_contract(pick) || self.passed.iter().chain(&self.further).any(|(_, taken)| *taken == pick)
    }

    fn is_of_contract(&self, pick: Pick) -> bool {
        self.picks.values().any(|&taken| taken == pick)
            || pick.own().is_some_and(|at| self.joins.iter().any(|join| join.contains(&at)))
    }
}

/// A name in the form in which names are compared: lower case, trimmed, without full-width characters.
fn folded(name: &str) -> String {
    fold_id(name).to_lowercase()
}

/// Maps the columns of one file. Columns that are not mapped may lack a name, or share one.
///
/// # Errors
/// A required column is missing, or a mapped column is there twice or is nested.
pub fn map(
    table: Table,
    own: &[FileColumn],
    hive: &[HiveValue],
    config: &TableConfig,
) -> Result<Mapping, Unreadable> {
    let names = NamesInFile { own, own_names: own.iter().map(|column| folded(&column.name)).collect(), hive };
    let mut mapping = Mapping::default();
    let mut missing = Vec::new();
    for column in table.columns() {
        let mut found = Vec::new();
        for name in names_in_file(column, config) {
            match names.find(name)? {
                Some(pick) => found.push(pick),
                None => missing.push((column, name)),
            }
        }
        let is_whole = missing.last().is_none_or(|(last, _)| last.name != column.name);
        let pick = match found.as_slice() {
            [pick] if is_whole => *pick,
            [_, ..] if is_whole => {
                mapping.joins.push(names.own_positions(column.name, &found)?);
                Pick::Joined(mapping.joins.len() - 1)
            }
            _ if found.is_empty() && config.constants.contains_key(column.name) => {
                missing.retain(|(lacking, _)| lacking.name != column.name);
                Pick::Constant
            }
            _ => {
                if column.nullable && found.is_empty() {
                    missing.retain(|(lacking, _)| lacking.name != column.name);
                    let name = config.columns.get(column.name).map(|names| names.join(" + "));
                    mapping.absent.extend(name.map(|name| (column.name, name)));
                }
                continue;
            }
        };
        mapping.picks.insert(column.name, pick);
    }
    let mut not_passed = Vec::new();
    for name in &config.passthrough {
        match names.find(name)? {
            Some(pick) => mapping.passed.push((name.clone(), pick)),
            None => not_passed.push(name.as_str()),
        }
    }
    for name in &config.further {
        let own_name = config.columns.get(name).and_then(|own| own.first()).unwrap_or(name);
        mapping.further.extend(names.find(own_name)?.map(|pick| (name.clone(), pick)));
    }
    let own_picks = own.iter().enumerate().map(|(at, column)| (Pick::Own(at), shown(at, &column.name)));
    let hive_picks = hive.iter().enumerate().map(|(at, hive)| (Pick::Hive(at), hive.key.clone()));
    for (pick, name) in own_picks.chain(hive_picks) {
        if !mapping.is_taken(pick) {
            mapping.unknown.push(name);
        }
    }
    if !missing.is_empty() {
        return Err(refuse_missing(table, &missing, &mapping.unknown, own));
    }
    if !not_passed.is_empty() {
        return Err(refuse_not_passed(&not_passed, &mapping.unknown, own));
    }
    refuse_nested(&mapping, own).map(|()| mapping)
}

/// A column's name for messages, or its number if it has no name.
fn shown(at: usize, name: &str) -> String {
    if name.trim().is_empty() { format!("(column {})", at + 1) } else { name.to_owned() }
}

/// The same in Chinese. A column of a workbook without a name is called by its letters.
fn shown_zh(at: usize, name: &str) -> String {
    match name.strip_prefix("column ") {
        Some(letters) if is_nameless(name) => format!("({letters} 列)"),
        _ if name.trim().is_empty() => format!("(第 {} 列)", at + 1),
        _ => name.to_owned(),
    }
}

/// The names of a file's columns, and of the keys in the names of its folders.
struct NamesInFile<'a> {
    own: &'a [FileColumn],
    /// The folded names, by position.
    own_names: Vec<String>,
    hive: &'a [HiveValue],
}

impl NamesInFile<'_> {
    /// The column of that name. A name in the folders takes precedence over one in the file, whose values agree with
    /// it.
    fn find(&self, name: &str) -> Result<Option<Pick>, Unreadable> {
        let wanted = folded(name);
        let keys: Vec<&str> = self.hive.iter().map(|hive| hive.key.as_str()).collect();
        if let Some(at) = only(&wanted, keys.iter().map(|key| folded(key)), &keys)? {
            return Ok(Some(Pick::Hive(at)));
        }
        let own: Vec<&str> = self.own.iter().map(|column| column.name.as_str()).collect();
        Ok(only(&wanted, self.own_names.iter().cloned(), &own)?.map(Pick::Own))
    }

    /// The positions of the columns that make up a key.
    fn own_positions(&self, column: &str, picks: &[Pick]) -> Result<Vec<usize>, Unreadable> {
        picks.iter().map(|pick| pick.own().ok_or_else(|| refuse_joined(column))).collect()
    }
}

fn refuse_joined(column: &str) -> Unreadable {
    Unreadable::because(
        text!("{column} is made up of a column and the name of a folder", "{column} 由一列和文件夹名组成"),
        ("join columns of the file only", "请只用文件中的列组成编号"),
    )
}

/// The position of a name that must occur only once.
fn only(
    wanted: &str,
    folded: impl Iterator<Item = String>,
    names: &[&str],
) -> Result<Option<usize>, Unreadable> {
    let mut found = folded.enumerate().filter(|(_, name)| name == wanted).map(|(at, _)| at);
    let (first, second) = (found.next(), found.next());
    if let (Some(first), Some(second)) = (first, second) {
        let (first, second) = (names[first], names[second]);
        return Err(Unreadable::because(
            text!(
                "the columns `{first}` and `{second}` differ only in case or white space",
                "列 `{first}` 与 `{second}` 除大小写和空白外同名"
            ),
            ("rename one of them, or leave it out", "请改名其中一列，或不导出它"),
        ));
    }
    Ok(first)
}

/// The names that a column has in the files: those declared, or that of the contract.
pub(crate) fn names_in_file<'c>(column: &'c Column, config: &'c TableConfig) -> Vec<&'c str> {
    match config.columns.get(column.name) {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => vec![column.name],
    }
}

/// Maximum number of columns that a message lists.
const LISTED_MAX: usize = 30;

/// The names of a file's columns, for messages.
fn listed(own: &[FileColumn]) -> (String, String) {
    let names = |shown: fn(usize, &str) -> String| {
        let listed = own.iter().take(LISTED_MAX).enumerate().map(|(at, column)| shown(at, &column.name));
        let rest = (own.len() > LISTED_MAX).then(|| format!("… ({})", own.len()));
        listed.chain(rest).collect::<Vec<_>>()
    };
    (names(shown).join(", "), names(shown_zh).join("、"))
}

/// The one of the `left` names that a wanted name may be meant for.
fn near<'n>(wanted: &str, left: &'n [String]) -> Option<&'n str> {
    let folded_left: Vec<String> = left.iter().map(|name| folded(name)).collect();
    let near = nearest(&folded(wanted), folded_left.iter().map(String::as_str))?;
    Some(left[folded_left.iter().position(|name| name == near)?].as_str())
}

/// Columns that are to be passed through and are not there.
fn refuse_not_passed(names: &[&str], left: &[String], own: &[FileColumn]) -> Unreadable {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (en, zh) = (quoted.join(", "), quoted.join("、"));
    let (has, has_zh) = listed(own);
    let hint = names.iter().find_map(|name| near(name, left));
    let hint = hint.map_or_else(Text::default, |near| text!("did you mean `{near}`? ", "是否指 `{near}`？"));
    let fix = text!(
        "correct `passthrough` in gridtier.toml, or export the column in every file of the table",
        "请更正 gridtier.toml 中的 `passthrough`，或在该表的每个文件中导出该列"
    );
    Unreadable::because(
        text!(
            "passthrough names {en}, which the file lacks; the file has: {has}",
            "passthrough 声明了 {zh}，但文件中没有；文件中的列：{has_zh}"
        ),
        Text::join(&[hint, fix], ""),
    )
}

fn refuse_missing(
    table: Table,
    missing: &[(&Column, &str)],
    left: &[String],
    own: &[FileColumn],
) -> Unreadable {
    let names: Vec<String> = missing.iter().map(|(_, name)| format!("`{name}`")).collect();
    let (en, zh) = (names.join(", "), names.join("、"));
    let (has, has_zh) = listed(own);
    let what = match names.as_slice() {
        [_] => text!("the column {en} is missing; the file has: {has}", "缺少列 {zh}；文件中的列：{has_zh}"),
        _ => text!("the columns {en} are missing; the file has: {has}", "缺少列 {zh}；文件中的列：{has_zh}"),
    };
    let near: Vec<(&str, &str)> =
        missing.iter().filter_map(|(column, name)| Some((column.name, near(name, left)?))).collect();
    let hints = near.iter().map(|(_, near)| text!("is it `{near}`? ", "是否为 `{near}`？"));
    let hints = Text::join(&hints.take(1).collect::<Vec<_>>(), "");
    let (name, example) = near.first().copied().unwrap_or((missing[0].0.name, ""));
    let own_name = |unknown: &str| if example.is_empty() { unknown.to_owned() } else { example.to_owned() };
    let (own_name, own_name_zh) = (own_name("ITS_NAME_IN_THE_FILE"), own_name("文件中的列名"));
    let how = text!(
        "name it in gridtier.toml: [tables.{table}.columns] {name} = \"{own_name}\", export it, or give a value for all rows \
         under [tables.{table}.constants]",
        "请在 gridtier.toml 中写明列名：[tables.{table}.columns] {name} = \"{own_name_zh}\"；或导出该列；或在 \
         [tables.{table}.constants] 中给出所有行的值"
    );
    let delimiter = if own.len() == 1 {
        text!(
            "; if cells are not divided by comma or tab, declare `delimiter`",
            "；如果单元格不是用逗号或制表符分隔，请声明 `delimiter`"
        )
    } else {
        Text::default()
    };
    // A title fills the first cell of its row; the other cells are merged with it or empty.
    let is_title = own.iter().filter(|column| !is_nameless(&column.name)).count() <= 1;
    let title = if is_title {
        text!(
            "; if this is a title, say in which row the header is: `header_row = 2`",
            "；若这是标题，请用 `header_row = 2` 声明表头所在行"
        )
    } else {
        Text::default()
    };
    let data = if own.iter().any(|column| is_value(&column.name)) {
        text!(
            "; the first row seems to hold values: put a row with the names of the columns before it",
            "；首行似乎是数据：请在其前面加上列名行"
        )
    } else {
        Text::default()
    };
    Unreadable::because(what, Text::join(&[hints, how, delimiter, title, data], ""))
}

/// Whether a column of a file has no name of its own. In a workbook it is called by its letters.
fn is_nameless(name: &str) -> bool {
    let letters = name.strip_prefix("column ").unwrap_or(name).trim();
    letters.is_empty()
        || (letters.len() < name.len() && letters.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// Whether a name is a number or a day, as no column is called.
fn is_value(name: &str) -> bool {
    name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_digit() || b"-/.".contains(&byte))
}

fn refuse_nested(mapping: &Mapping, own: &[FileColumn]) -> Result<(), Unreadable> {
    let passed = mapping.passed.iter().chain(&mapping.further).map(|(name, pick)| (name.as_str(), pick));
    for (name, pick) in mapping.picks.iter().map(|(name, pick)| (*name, pick)).chain(passed) {
        for at in pick.own().iter().chain(mapping.positions(*pick)) {
            if own[*at].data_type.as_ref().is_some_and(|kind| Family::of(kind) == Family::Nested) {
                let own = &own[*at].name;
                return Err(Unreadable::because(
                    text!(
                        "the column `{own}`, read as {name}, holds a nested value or bytes of fixed length",
                        "列 `{own}`（对应 {name}）是嵌套值或定长字节"
                    ),
                    ("export it as one plain value in each row", "请导出为每行一个普通值"),
                ));
            }
        }
    }
    Ok(())
}

/// Refuses a mapped column of INT96 where a zone is declared and `timestamps` is not.
///
/// # Errors
/// The first such column, and how to declare its times.
pub fn refuse_int96(
    table: Table,
    own: &[FileColumn],
    mapping: &Mapping,
    config: &Config,
) -> Result<(), Unreadable> {
    if config.declared.zone.is_none() || config.table(table).says_clock {
        return Ok(());
    }
    for (name, at) in mapping.picks.iter().filter_map(|(name, pick)| Some((*name, pick.own()?))) {
        let is_date = table.column(name).is_some_and(|column| column.kind.is_date());
        if is_date && own[at].is_int96 {
            let own = &own[at].name;
            return Err(Unreadable::because(
                text!(
                    "the column `{own}`, read as {name}, has times of type INT96: are they local times, or instants in \
                     UTC as Spark writes them?",
                    "列 `{own}`（对应 {name}）是 INT96 时间：是当地时间，还是 Spark 写出的 UTC 时刻？"
                ),
                text!(
                    "answer in gridtier.toml: [tables.{table}] timestamps = \"local\" or \"instant\"",
                    "请在 gridtier.toml 中回答：[tables.{table}] timestamps = \"local\"（当地时间）或 \"instant\"（时刻）"
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
