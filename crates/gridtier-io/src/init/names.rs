//! Names by which exports call tables, columns and words: the dictionary of `names.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gridtier::contract::Table;
use gridtier::contract::cell::fold_id;
use serde::Deserialize;

/// The dictionary.
pub static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| toml::from_str(include_str!("names.toml")).expect("a test reads the dictionary"));

/// Names of tables and columns, and words that stand for those of the contract.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dictionary {
    /// The day on which the dictionary was last changed.
    #[expect(dead_code, reason = "for people who read the file")]
    version: String,
    tables: BTreeMap<String, TableNames>,
    /// Words of yes and no.
    pub flags: BTreeMap<String, bool>,
    nulls: Nulls,
    passthrough: Passthrough,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passthrough {
    names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nulls {
    words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TableNames {
    names: Vec<String>,
    columns: BTreeMap<String, ColumnNames>,
    words: BTreeMap<String, BTreeMap<String, String>>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnNames {
    names: Vec<String>,
}

/// How a name in an export agrees with the dictionary. A better match is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameMatch {
    /// The name is one of the dictionary's; the value is the position in its list.
    Whole(usize),
    /// The name contains one of the dictionary's; the value is the position in its list.
    Part(usize),
}

/// A name in the form in which names are compared: lower case, half width, without spaces, `_` and `-`.
pub fn plain(name: &str) -> String {
    fold_id(name).to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).collect()
}

/// Whether a dictionary name is long enough to be looked for within another.
fn is_telling(name: &str) -> bool {
    if name.is_ascii() { name.len() >= 5 } else { name.chars().count() >= 2 }
}

fn match_of<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<NameMatch> {
    let name = plain(name);
    let whole = known.clone().position(|known| plain(known) == name).map(NameMatch::Whole);
    whole.or_else(|| {
        known.map(plain).position(|known| is_telling(&known) && name.contains(&known)).map(NameMatch::Part)
    })
}

impl Dictionary {
    /// How the name of a file or folder, without its extension, agrees with a table's.
    pub fn table(&self, table: Table, name: &str) -> Option<NameMatch> {
        let known = [table.name(), table.name_zh()].into_iter();
        match_of(name, known.chain(self.names(table).iter().map(String::as_str)))
    }

    fn names(&self, table: Table) -> &[String] {
        self.tables.get(table.name()).map_or(&[], |of_table| of_table.names.as_slice())
    }

    /// How a column's name agrees with that of a contract column.
    pub fn column(&self, table: Table, column: &str, name: &str) -> Option<NameMatch> {
        let contract = table.column(column)?;
        let listed = self.tables.get(table.name()).and_then(|of_table| of_table.columns.get(column));
        let listed = listed.map_or(&[][..], |column| column.names.as_slice());
        match_of(
            name,
            [contract.name, contract.about_zh].into_iter().chain(listed.iter().map(String::as_str)),
        )
    }

    /// The contract's word for a spelling in the column that an export calls `name`.
    pub fn word(&self, table: Table, column: &str, name: &str, spelling: &str) -> Option<&str> {
        let of_table = self.tables.get(table.name())?;
        let codes = of_table.codes.iter().find(|(known, _)| plain(known) == plain(name));
        let coded = codes.and_then(|(_, words)| words.get(spelling));
        coded.or_else(|| of_table.words.get(column)?.get(spelling)).map(String::as_str)
    }

    /// Whether the name of a column suggests that its cells name a person, a place or a phone.
    pub fn is_personal(&self, name: &str) -> bool {
        match_of(name, self.passthrough.names.iter().map(String::as_str)).is_some()
    }

    /// Whether a text stands for an empty cell.
    pub fn is_null(&self, text: &str) -> bool {
        self.nulls.words.iter().any(|word| word == text)
    }
}

#[cfg(test)]
mod tests {
    use gridtier::contract::ColumnKind;

    use super::*;

    #[test]
    fn the_dictionary_names_only_tables_columns_and_words_of_the_contracts() {
        for (name, of_table) in &DICTIONARY.tables {
            let table = Table::every().find(|table| table.name() == name).expect(name);
            for column in of_table.columns.keys() {
                assert!(table.column(column).is_some(), "{table}.{column}");
            }
            for (column, words) in &of_table.words {
                let ColumnKind::Word(list) = table.column(column).expect(column).kind else {
                    panic!("{table}.{column} has no words")
                };
                assert!(
                    words.values().all(|word| list.position(word).is_some()),
                    "{table}.{column}: {words:?}"
                );
            }
            for name in of_table.codes.keys() {
                let known = table
                    .columns()
                    .iter()
                    .any(|column| DICTIONARY.column(table, column.name, name).is_some());
                assert!(known, "no column of {table} is called {name}");
            }
        }
    }

    #[test]
    fn names_agree_without_case_width_spaces_and_underscores() {
        let column = |name| DICTIONARY.column(Table::Customers, "customer_id", name);
        assert_eq!(column("customer_id"), Some(NameMatch::Whole(0)));
        assert!(matches!(column("ｃｏｎｓ＿ｎｏ"), Some(NameMatch::Whole(_))));
        assert!(matches!(column("Cons No"), Some(NameMatch::Whole(_))));
        assert!(matches!(column("结算户号"), Some(NameMatch::Part(_))));
        assert_eq!(column("no"), None);
    }
}
