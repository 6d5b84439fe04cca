//! Walks a TOML document along its schema, and returns faults with lines and the document as serde reads it.

use crate::text;
use crate::text::Text;
use chrono::NaiveDate;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, did_you_mean, line_at};
use super::scalar::{Number, parse_ratio};
use super::schema::{Expected, TableSchema};

/// The result of checking a document.
pub(super) struct Survey {
    /// The values of the document; stand-ins for values that are unsound.
    pub value: Value,
    /// Everything that is wrong, in the order of the document.
    pub faults: Vec<Fault>,
    /// The values that are wrong.
    pub unsound: Vec<Unsound>,
}

/// A value that is not as its schema asks.
pub(super) struct Unsound {
    /// The keys from the root to the value; an entry of a list is given by its position.
    pub path: Vec<String>,
    /// Whether the value is missing or of another kind, and not merely a wrong word or a number out of bounds.
    pub is_stand_in: bool,
}

impl Unsound {
    /// Whether the value is at a path, or within the value at that path.
    pub fn is_at(&self, path: &[&str]) -> bool {
        self.path.len() >= path.len() && self.path.iter().zip(path).all(|(own, key)| own == key)
    }
}

/// Checks a document against the schema of an object.
pub(super) fn check(text: &str, root: &DeTable, schema: &Value) -> Survey {
    let mut checker = Checker { text, path: Vec::new(), faults: Vec::new(), unsound: Vec::new() };
    let value = match Expected::of(schema) {
        Expected::Table(table) => checker.table(root, &table, 0),
        other => other.stand_in(),
    };
    Survey { value, faults: checker.faults, unsound: checker.unsound }
}

/// A key on the way to a value.
struct Step {
    key: String,
    /// How messages show the key: an entry of a list by its id, or not at all.
    shown: Option<String>,
}

struct Checker<'a> {
    text: &'a str,
    path: Vec<Step>,
    faults: Vec<Fault>,
    unsound: Vec<Unsound>,
}

impl Checker<'_> {
    fn fault(&mut self, at: usize, what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: line_at(self.text, at), what: what.into(), fix: fix.into() });
    }

    /// The path as messages show it.
    fn shown(&self) -> String {
        let shown: Vec<&str> = self.path.iter().filter_map(|step| step.shown.as_deref()).collect();
        shown.join(".")
    }

    /// Notes that the value at the path is not as its schema asks.
    fn note(&mut self, is_stand_in: bool) {
        let path = self.path.iter().map(|step| step.key.clone()).collect();
        self.unsound.push(Unsound { path, is_stand_in });
    }

    fn table(&mut self, table: &DeTable, schema: &TableSchema, at: usize) -> Value {
        let mut read = Map::new();
        for (name, value) in table {
            let key = name.get_ref().to_string();
            self.path.push(Step { key: key.clone(), shown: Some(key.clone()) });
            match schema.value(&key) {
                Some(inner) => {
                    let value = self.value(value, inner);
                    read.insert(key, value);
                }
                None => {
                    let fix = did_you_mean(&key, schema.names());
                    let what = text!("unknown key `{path}`", "未知的键 `{path}`", path = self.shown());
                    self.fault(name.span().start, what, fix);
                }
            }
            self.path.pop();
        }
        for (name, inner) in schema.required() {
            if !table.iter().any(|(key, _)| key.get_ref() == name) {
                self.path.push(Step { key: name.to_owned(), shown: Some(name.to_owned()) });
                let about = clause(inner["description"].as_str().unwrap_or_default());
                let what = text!("`{path}` is missing", "缺少 `{path}`", path = self.shown());
                self.fault(at, what, text!("add it: {about}", "请补上 `{name}`"));
                self.note(true);
                self.path.pop();
                read.insert(name.to_owned(), Expected::of(inner).stand_in());
            }
        }
        Value::Object(read)
    }

    fn value(&mut self, value: &Spanned<DeValue>, schema: &Value) -> Value {
        let at = value.span().start;
        let schema = alternative(schema, value.get_ref());
        match (Expected::of(schema), value.get_ref()) {
            (Expected::Table(table), DeValue::Table(entries)) => self.table(entries, &table, at),
            (Expected::List(inner), DeValue::Array(values)) => {
                let mut read = Vec::new();
                for (position, value) in values.iter().enumerate() {
                    self.path.push(Step { key: position.to_string(), shown: id(value) });
                    read.push(self.value(value, inner));
                    self.path.pop();
                }
                Value::Array(read)
            }
            (expected @ Expected::Word(_), DeValue::String(word)) if !fits(&expected, value.get_ref()) => {
                let Expected::Word(words) = &expected else { return expected.stand_in() };
                let fix = did_you_mean(word, words.iter().copied());
                let path = self.shown();
                self.fault(at, text!("`{path}` cannot be \"{word}\"", "`{path}` 不能是 \"{word}\""), fix);
                self.note(false);
                expected.stand_in()
            }
            (expected, inner) if fits(&expected, inner) => plain(inner),
            (expected, inner) => {
                let words = expected.words();
                let (path, found) = (self.shown(), kind(inner));
                let what = text!(
                    "`{path}` must be {words}, not {found}",
                    "`{path}` 应为{words}，而不是{found}";
                    words, found
                );
                self.fault(at, what, text!("write {words}", "请写{words}"; words));
                let is_number = Number::of(inner).is_some();
                let is_out_of_bounds =
                    is_number && matches!(expected, Expected::Whole(..) | Expected::Number(..));
                self.note(!is_out_of_bounds);
                if is_out_of_bounds { plain(inner) } else { expected.stand_in() }
            }
        }
    }
}

/// The one of a schema's alternatives with which to compare a list, a table or a misspelt word; the schema itself if it
/// has no alternatives.
fn alternative<'s>(schema: &'s Value, value: &DeValue) -> &'s Value {
    let mut alternatives = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let wanted = alternatives.find(|form| match value {
        DeValue::Array(_) => form["type"] == "array",
        DeValue::Table(_) => form["type"] == "object",
        DeValue::String(_) => form.get("enum").is_some() && !fits(&Expected::of(schema), value),
        _ => false,
    });
    wanted.unwrap_or(schema)
}

/// The id of a list's entry, if it has one.
fn id(value: &Spanned<DeValue>) -> Option<String> {
    Some(value.get_ref().as_table()?.get("id")?.get_ref().as_str()?.to_owned())
}

/// Turns a sentence into a clause, without capital and full stop. An abbreviation keeps its capitals.
fn clause(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), second) if second.is_none_or(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => sentence.trim_end_matches('.').to_owned(),
    }
}

/// Whether a scalar (a value that is neither table nor list) is what the schema asks for.
fn fits(expected: &Expected, value: &DeValue) -> bool {
    match (expected, value) {
        (Expected::AnyOf(alternatives), value) => {
            alternatives.iter().any(|alternative| fits(alternative, value))
        }
        (Expected::Word(words), DeValue::String(word)) => words.contains(&word.as_ref()),
        (Expected::Text, DeValue::String(_)) | (Expected::Flag, DeValue::Boolean(_)) => true,
        (Expected::Day, DeValue::String(text)) => text.parse::<NaiveDate>().is_ok(),
        (Expected::Day, DeValue::Datetime(date)) => date.date.is_some() && date.time.is_none(),
        (Expected::Fraction, DeValue::String(text)) => parse_ratio(text).is_some(),
        (expected, value) => Number::of(value).is_some_and(|number| expected.admits(number)),
    }
}

/// A scalar as JSON.
fn plain(value: &DeValue) -> Value {
    match (value, Number::of(value)) {
        (_, Some(Number::Whole(number))) => number.into(),
        (_, Some(Number::Float(number))) => number.into(),
        (DeValue::String(text), _) => text.as_ref().into(),
        (DeValue::Boolean(flag), _) => (*flag).into(),
        (DeValue::Datetime(date), _) => date.to_string().into(),
        _ => Value::Null,
    }
}

/// How a message shows a value.
fn kind(value: &DeValue) -> Text {
    match value {
        DeValue::String(text) => Text::same(format!("\"{text}\"")),
        DeValue::Integer(number) => Text::same(number.as_str().to_owned()),
        DeValue::Float(number) => Text::same(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Text::same(flag.to_string()),
        DeValue::Datetime(date) => Text::same(date.to_string()),
        DeValue::Array(_) => text!("a list", "列表"),
        DeValue::Table(_) => text!("a table", "表"),
    }
}
