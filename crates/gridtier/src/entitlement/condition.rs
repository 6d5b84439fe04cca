//! Conditions of the catalogue: which customers a service can apply to, besides their tier.
//!
//! Conditions are written in a small typed language, such as `supply_level = "high_voltage" and
//! aged_transformer_area`. Conditions may use only columns and words of the contract, so a misspelt column or word is
//! an error when the catalogue is read. The tier is not a column, because the matrix already says what a tier gets.
//!
//! Missing values: a missing word equals no word, so `=` and `in` are false and `!=` is true; a missing flag is false;
//! a missing number or day makes a comparison *unknown*. `not`, `and` and `or` follow Kleene's logic, and an unknown
//! condition counts as not met. `is missing` tests for a missing value.

mod case;
mod parse;
mod en;
mod zh;

use std::collections::BTreeSet;
use std::fmt;

use crate::contract::{ColumnKind, Table};
use crate::indicator::INDICATORS;
use crate::text::Text;
use crate::unit::date_of_day;
use crate::word::WordList;

pub use case::{covered, possible, possible_together};

/// The kind of value in a column of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One of these words.
    Words(WordList),
    /// Any text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
}

/// A column that conditions may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// The column's name in Chinese.
    pub title_zh: &'static str,
    /// The kind of value in the column.
    pub kind: FieldKind,
}

impl Field {
    /// The Chinese name of a word of the column; the word itself if it has no Chinese name.
    #[must_use]
    pub fn word_zh<'w>(&self, word: &'w str) -> &'w str {
        match self.kind {
            FieldKind::Words(words) => words.zh(word).unwrap_or(word),
            _ => word,
        }
    }
}

/// The columns that conditions may name: the columns of `customers` except the id, `provisional`, `score` (0 to 100),
/// the indicators of the registry, and the method's own indicators, whose ids are given by `own`.
#[must_use]
pub fn fields(own: &[&str]) -> Vec<Field> {
    let field = |name: &str, title_zh, kind| Field { name: name.to_owned(), title_zh, kind };
    let mut fields: Vec<Field> = Table::Customers
        .columns()
        .iter()
        .filter_map(|column| {
            let kind = match column.kind {
                ColumnKind::Word(words) => FieldKind::Words(words),
                ColumnKind::Text => FieldKind::Text,
                ColumnKind::Flag => FieldKind::Flag,
                ColumnKind::Date => FieldKind::Day,
                ColumnKind::Number | ColumnKind::PowerFactor => FieldKind::Number,
                _ => return None,
            };
            Some(field(column.name, column.about_zh, kind))
        })
        .collect();
    fields.push(field("provisional", "暂定等级", FieldKind::Flag));
    fields.push(field("score", "得分", FieldKind::Number));
    let known = INDICATORS.iter().map(|indicator| (indicator.id, indicator.title_zh));
    let own = own.iter().copied().filter(|id| !INDICATORS.iter().any(|indicator| indicator.id == *id));
    fields.extend(
        known.chain(own.map(|id| (id, ""))).map(|(id, title_zh)| field(id, title_zh, FieldKind::Number)),
    );
    fields
}

/// The value that a customer has in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Datum<'a> {
    /// No value.
    Missing,
    /// A word or text.
    Word(&'a str),
    /// A number.
    Number(f64),
    /// A flag.
    Flag(bool),
    /// A day, in days since 1970-01-01.
    Day(i32),
}

impl fmt::Display for Datum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Day(day) => match date_of_day(*day) {
                Some(date) => write!(f, "\"{date}\""),
                None => write!(f, "day {day}"),
            },
        }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

/// A condition as a tree, whose columns are given by their position in [`fields`].
#[derive(Clone, Debug, PartialEq)]
enum Predicate {
    Always,
    Flag(usize),
    Missing(usize),
    Word(usize, Op, String),
    AmongWords(usize, Vec<String>),
    Number(usize, Op, f64),
    AmongNumbers(usize, Vec<f64>),
    Day(usize, Op, i32),
    Not(Box<Predicate>),
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
}

/// A checked condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The text as written.
    pub text: String,
    part: Predicate,
}

impl Condition {
    /// Parses a condition over `fields`.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Self, (Text, Text)> {
        Ok(Self { text: text.trim().to_owned(), part: parse::parse(text, fields)? })
    }

    /// The condition that every customer meets.
    #[must_use]
    pub fn always() -> Self {
        Self { text: "always".into(), part: Predicate::Always }
    }

    /// The condition that is false where this one is true, true where it is false, and unknown where it is unknown.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { text: format!("not ({})", self.text), part: Predicate::Not(Box::new(self.part.clone())) }
    }

    /// Whether a customer meets the condition. `record` has the customer's value for each field, in the order of the
    /// fields. An unknown condition is not met.
    #[must_use]
    pub fn holds(&self, record: &[Datum]) -> bool {
        self.part.truth(record) == Some(true)
    }

    /// The columns that the condition uses, as positions in the fields.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<usize> {
        let mut columns = BTreeSet::new();
        self.part.collect(&mut columns);
        columns
    }

    /// The customer's values that the condition uses, such as `aged_transformer_area = false`.
    #[must_use]
    pub fn seen(&self, fields: &[Field], record: &[Datum]) -> String {
        let columns = self.columns();
        let seen = columns.iter().map(|&column| format!("{} = {}", fields[column].name, record[column]));
        seen.collect::<Vec<_>>().join(", ")
    }

    /// The customer's values that the condition uses, in Chinese.
    #[must_use]
    pub fn seen_zh(&self, fields: &[Field], record: &[Datum]) -> String {
        let columns = self.columns();
        let seen = columns.iter().map(|&column| zh::seen(&fields[column], record[column]));
        seen.collect::<Vec<_>>().join("，")
    }

    /// The condition in English.
    #[must_use]
    pub fn en(&self, fields: &[Field]) -> String {
        en::part(&self.part, fields)
    }

    /// The condition in Chinese.
    #[must_use]
    pub fn zh(&self, fields: &[Field]) -> String {
        zh::part(&self.part, fields)
    }
}

impl Predicate {
    /// Whether the condition is true, false or, as `None`, unknown.
    fn truth(&self, record: &[Datum]) -> Option<bool> {
        match self {
            Self::Always => Some(true),
            Self::Flag(at) => Some(record[*at] == Datum::Flag(true)),
            Self::Missing(at) => Some(record[*at] == Datum::Missing),
            Self::Word(at, op, word) => match record[*at] {
                Datum::Word(value) => Some(op.holds(value.cmp(word.as_str()))),
                _ => Some(*op == Op::Ne),
            },
            Self::AmongWords(at, words) => match record[*at] {
                Datum::Word(value) => Some(words.iter().any(|word| word == value)),
                _ => Some(false),
            },
            Self::Number(at, op, number) => match record[*at] {
                Datum::Number(value) => value.partial_cmp(number).map(|order| op.holds(order)),
                _ => None,
            },
            Self::AmongNumbers(at, numbers) => match record[*at] {
                Datum::Number(value) => Some(numbers.contains(&value)),
                _ => None,
            },
            Self::Day(at, op, day) => match record[*at] {
                Datum::Day(value) => Some(op.holds(value.cmp(day))),
                _ => None,
            },
            Self::Not(part) => part.truth(record).map(|truth| !truth),
            Self::And(one, other) => match (one.truth(record), other.truth(record)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(one, other) => match (one.truth(record), other.truth(record)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }

    fn collect(&self, columns: &mut BTreeSet<usize>) {
        match self {
            Self::Always => {}
            Self::Flag(at)
            | Self::Missing(at)
            | Self::Word(at, ..)
            | Self::AmongWords(at, _)
            | Self::Number(at, ..)
            | Self::AmongNumbers(at, _)
            | Self::Day(at, ..) => {
                columns.insert(*at);
            }
            Self::Not(part) => part.collect(columns),
            Self::And(one, other) | Self::Or(one, other) => {
                one.collect(columns);
                other.collect(columns);
            }
        }
    }
}

#[cfg(test)]
mod tests;
