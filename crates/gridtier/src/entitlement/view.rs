//! What is shown of entitlements, as Arrow tables: the matrix, a customer's services, counts, costs, notices.
//!
//! Exporters write these tables and compute nothing. A table speaks in codes, which programs rely on, or in the words
//! of a language, which people read; its rows and numbers are the same in both.

mod matrix;
mod due;
mod notice;
mod statement;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::index::float_i64;
use crate::word::Word;

pub use due::{customer, grants, grants_schema, holders, holders_schema};
pub use matrix::{cell_terms, cells, combinations, condition_words, matrix, opened_to, services};
pub use notice::{Noticed, Notices, decisions, notices_schema};
pub use statement::{census, statements};

/// In which words a table speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// The codes of files: for programs.
    Codes,
    /// English.
    En,
    /// Chinese.
    Zh,
    /// Chinese and English side by side.
    Both,
}

impl Words {
    /// The word of this language.
    #[must_use]
    pub fn pick(self, code: &str, en: &str, zh: &str) -> String {
        match self {
            Self::Codes => code.to_owned(),
            Self::En => en.to_owned(),
            Self::Zh => zh.to_owned(),
            Self::Both if en == zh => en.to_owned(),
            Self::Both => format!("{zh} {en}"),
        }
    }

    /// The name of a coded word.
    #[must_use]
    pub fn name(self, word: impl Word) -> String {
        self.pick(word.code(), word.en(), word.zh())
    }
}

/// Digits of an amount of money, two of them after the point.
const MONEY_DIGITS: (u8, i8) = (18, 2);

/// Type of amounts in CNY.
pub const MONEY: DataType = DataType::Decimal128(MONEY_DIGITS.0, MONEY_DIGITS.1);

/// A table for people or programs.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its code, as a file or sheet name.
    pub name: &'static str,
    /// Its title in the words asked for.
    pub title: String,
    /// What stands above its columns.
    pub heads: Vec<String>,
    /// Its rows.
    pub batch: RecordBatch,
}

/// A table in the making.
struct Draft {
    words: Words,
    heads: Vec<String>,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

/// A column's code, and its title in English and Chinese.
type Name = (&'static str, &'static str, &'static str);

impl Draft {
    fn new(words: Words) -> Self {
        Self { words, heads: Vec::new(), fields: Vec::new(), arrays: Vec::new() }
    }

    fn column(mut self, name: Name, array: ArrayRef) -> Self {
        let (code, en, zh) = name;
        self.heads.push(self.words.pick(code, en, zh));
        self.fields.push(Field::new(code, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }

    fn text(self, name: Name, values: impl Iterator<Item = Option<String>>) -> Self {
        self.column(name, Arc::new(values.collect::<StringArray>()))
    }

    fn integers(self, name: Name, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.column(name, Arc::new(values.collect::<Int64Array>()))
    }

    fn numbers(self, name: Name, values: impl Iterator<Item = Option<f64>>) -> Self {
        self.column(name, Arc::new(values.collect::<Float64Array>()))
    }

    fn flags(self, name: Name, values: impl Iterator<Item = bool>) -> Self {
        self.column(name, Arc::new(values.map(Some).collect::<BooleanArray>()))
    }

    fn days(self, name: Name, values: impl Iterator<Item = i32>) -> Self {
        self.column(name, Arc::new(values.map(Some).collect::<Date32Array>()))
    }

    /// Amounts in fen as CNY.
    fn money(self, name: Name, values: impl Iterator<Item = Option<i128>>) -> Self {
        self.column(name, money(values))
    }

    fn sheet(self, name: Name) -> Sheet {
        let (code, en, zh) = name;
        let schema = Arc::new(Schema::new(self.fields));
        let batch =
            RecordBatch::try_new(schema, self.arrays).expect("columns of one table have equal lengths");
        Sheet { name: code, title: self.words.pick(code, en, zh), heads: self.heads, batch }
    }
}

fn money(values: impl Iterator<Item = Option<i128>>) -> ArrayRef {
    let (precision, scale) = MONEY_DIGITS;
    let amounts = values.collect::<Decimal128Array>().with_precision_and_scale(precision, scale);
    Arc::new(amounts.expect("a constant precision that the type allows"))
}

/// 10⁻⁶ as a number.
fn e6(value: i64) -> f64 {
    float_i64(value) / 1e6
}

/// A count as an integer of a table.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn schema(fields: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = fields.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
