//! Files that people write by hand: every fault at once, with its line and what to do.
//!
//! A misspelt key that is silently ignored makes a check pass that never ran. So the shape of a document is data: it is
//! checked whole before anything is read from it, unknown keys are errors with the nearest known one, and the JSON
//! Schema that editors use comes from the same shape. What the values mean is not known here.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number within bounds.
    Integer(i64, i64),
    /// A number within bounds.
    Number(f64, f64),
    /// A number, or a fraction as text such as "1/3".
    Ratio,
    /// true or false.
    Flag,
    /// A day, as text or TOML date.
    Day,
    /// JSON's null; no TOML value is one.
    Null,
    /// A list of values of one shape.
    List(&'static Shape),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table whose keys are names of the writer's choice.
    Map(&'static Shape),
    /// A table with these keys, whose other keys are names of the writer's choice.
    Open(&'static [Key], &'static Shape),
    /// A value of the first shape, or of the second.
    Either(&'static Shape, &'static Shape),
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What its value may be.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// What it is for.
    pub about: &'static str,
}

impl Key {
    /// A key that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, required: false, about }
    }

    /// A key that must be there.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, required: true, about }
    }
}

/// Something wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and where.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

/// Everything wrong in a document, by line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    /// The document's name.
    pub name: String,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            let new_line = if place == 0 { "" } else { "\n" };
            write!(f, "{new_line}{}:{}: {}", self.name, fault.line, fault.what)?;
            if !fault.fix.is_empty() {
                write!(f, "\n  what to do: {}", fault.fix)?;
            }
        }
        Ok(())
    }
}

/// A TOML document that has the shape asked for.
pub struct CheckedToml<'t> {
    name: &'t str,
    text: &'t str,
    root: DeTable<'t>,
}

impl<'t> CheckedToml<'t> {
    /// Parses `text` and checks it against a table of `keys`.
    ///
    /// # Errors
    /// Every fault found, by line.
    pub fn parse(name: &'t str, text: &'t str, keys: &'static [Key]) -> Result<Self, Faults> {
        let (document, faults) = Self::survey(name, text, keys)?;
        document.faults(faults).map(|()| document)
    }

    /// As [`parse`](Self::parse), but hands the faults of the shape to a caller that looks for further ones.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn survey(name: &'t str, text: &'t str, keys: &'static [Key]) -> Result<(Self, Vec<Fault>), Faults> {
        let root = DeTable::parse(text).map_err(|error| {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            Faults {
                name: name.into(),
                faults: vec![Fault { line, what: error.message().into(), fix: "correct the TOML".into() }],
            }
        })?;
        let root = root.into_inner();
        let mut faults = Vec::new();
        Checker { text, faults: &mut faults }.table(&root, keys, "", 0);
        Ok((Self { name, text, root }, faults))
    }

    /// The document as a value of a type that mirrors its shape.
    ///
    /// # Errors
    /// The type and the shape differ: a bug, reported as a fault of the document all the same.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Faults> {
        toml::from_str(self.text).map_err(|error| {
            let line = line_at(self.text, error.span().map_or(0, |span| span.start));
            let fault = Fault { line, what: error.message().into(), fix: String::new() };
            Faults { name: self.name.into(), faults: vec![fault] }
        })
    }

    /// The line of a key given by its path, or of the nearest key above it that is there. An entry of a list is named by
    /// its place: `service`, `3`, `cells`.
    #[must_use]
    pub fn line(&self, path: &[&str]) -> usize {
        let Some((first, path)) = path.split_first() else { return 1 };
        let Some((name, mut value)) = self.root.iter().find(|(name, _)| name.get_ref() == first) else {
            return 1;
        };
        let mut at = name.span().start;
        for key in path {
            match value.get_ref() {
                DeValue::Table(table) => {
                    let Some((name, inner)) = table.iter().find(|(name, _)| name.get_ref() == key) else {
                        break;
                    };
                    (at, value) = (name.span().start, inner);
                }
                DeValue::Array(values) => {
                    let Some(inner) = key.parse().ok().and_then(|place: usize| values.get(place)) else {
                        break;
                    };
                    (at, value) = (inner.span().start, inner);
                }
                _ => break,
            }
        }
        line_at(self.text, at)
    }

    /// Nothing, if there are no faults.
    ///
    /// # Errors
    /// All of them, by line.
    pub fn faults(&self, mut faults: Vec<Fault>) -> Result<(), Faults> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by_key(|fault| fault.line);
        Err(Faults { name: self.name.into(), faults })
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The known name nearest to `unknown`, if one is near.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(unknown.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// "did you mean `x`?", or the list of what is known.
#[must_use]
pub fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(unknown, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known here: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// A day as TOML date or as text, for serde.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Day {
    /// `2026-01-01`
    Toml(toml::value::Datetime),
    /// `"2026-01-01"`
    Text(String),
}

impl Day {
    /// The day; `None` when the shape's check has told that it is none.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Toml(day) => {
                let day = day.date?;
                NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into())
            }
        }
    }
}

struct Checker<'a> {
    text: &'a str,
    faults: &'a mut Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, at: usize, what: String, fix: String) {
        self.faults.push(Fault { line: line_at(self.text, at), what, fix });
    }

    fn table(&mut self, table: &DeTable, keys: &[Key], path: &str, at: usize) {
        for (name, value) in table {
            let full = join(path, name.get_ref());
            match keys.iter().find(|key| key.name == name.get_ref()) {
                Some(key) => self.value(value, &key.shape, &full),
                None => {
                    let fix = did_you_mean(name.get_ref(), keys.iter().map(|key| key.name));
                    self.fault(name.span().start, format!("unknown key `{full}`"), fix);
                }
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            if !table.iter().any(|(name, _)| name.get_ref() == key.name) {
                let full = join(path, key.name);
                self.fault(at, format!("`{full}` is missing"), format!("add it: {}", key.about));
            }
        }
    }

    fn value(&mut self, value: &Spanned<DeValue>, shape: &Shape, path: &str) {
        let at = value.span().start;
        match (shape, value.get_ref()) {
            (Shape::Table(keys), DeValue::Table(table)) => self.table(table, keys, path, at),
            (Shape::Map(inner), DeValue::Table(table)) => {
                table.iter().for_each(|(name, value)| self.value(value, inner, &join(path, name.get_ref())));
            }
            (Shape::Open(keys, inner), DeValue::Table(table)) => {
                for (name, value) in table {
                    let known = keys.iter().find(|key| key.name == name.get_ref());
                    let shape = known.map_or(*inner, |key| &key.shape);
                    self.value(value, shape, &join(path, name.get_ref()));
                }
            }
            (Shape::List(inner), DeValue::Array(values)) => {
                values.iter().for_each(|value| self.value(value, inner, &entry(path, value)));
            }
            (Shape::Either(first, second), inner) => {
                let chosen = if first.is_kin(inner) { first } else { second };
                self.value(value, chosen, path);
            }
            (Shape::OneOf(words), DeValue::String(word)) if !words.contains(&word.as_ref()) => {
                self.fault(
                    at,
                    format!("`{path}` cannot be \"{word}\""),
                    did_you_mean(word, words.iter().copied()),
                );
            }
            (shape, inner) if shape.fits(inner) => {}
            (shape, inner) => {
                let words = shape.words();
                self.fault(
                    at,
                    format!("`{path}` must be {words}, not {}", kind(inner)),
                    format!("write {words}"),
                );
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The path of a list's entry: by its id, if it has one.
fn entry(path: &str, value: &Spanned<DeValue>) -> String {
    let id =
        value.get_ref().as_table().and_then(|table| table.get("id")).and_then(|id| id.get_ref().as_str());
    id.map_or_else(|| path.to_owned(), |id| join(path, id))
}

fn kind(value: &DeValue) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

/// The number of a TOML number.
fn number(value: &DeValue) -> Option<f64> {
    match value {
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
        }
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// The value of "1/3" or "3".
#[must_use]
pub fn parse_ratio(text: &str) -> Option<f64> {
    let part = |part: &str| part.trim().parse::<f64>().ok().filter(|part| part.is_finite() && *part > 0.0);
    match text.split_once('/') {
        Some((above, below)) => Some(part(above)? / part(below)?),
        None => part(text),
    }
}

impl Shape {
    /// Whether the value is of the same kind, right or wrong: so that its faults are this shape's.
    fn is_kin(&self, value: &DeValue) -> bool {
        match self {
            Self::Table(_) | Self::Map(_) | Self::Open(..) => matches!(value, DeValue::Table(_)),
            Self::List(_) => matches!(value, DeValue::Array(_)),
            Self::Text | Self::OneOf(_) => matches!(value, DeValue::String(_)),
            Self::Either(first, second) => first.is_kin(value) || second.is_kin(value),
            _ => self.fits(value),
        }
    }

    fn fits(&self, value: &DeValue) -> bool {
        let within = |low: f64, high: f64| number(value).is_some_and(|x| (low..=high).contains(&x));
        match self {
            Self::Text | Self::OneOf(_) => matches!(value, DeValue::String(_)),
            Self::Integer(low, high) => {
                matches!(value, DeValue::Integer(_)) && within(*low as f64, *high as f64)
            }
            Self::Number(low, high) => within(*low, *high),
            Self::Ratio => match value {
                DeValue::String(text) => parse_ratio(text).is_some(),
                _ => within(f64::MIN_POSITIVE, f64::MAX),
            },
            Self::Flag => matches!(value, DeValue::Boolean(_)),
            Self::Day => match value {
                DeValue::String(text) => text.parse::<NaiveDate>().is_ok(),
                DeValue::Datetime(date) => date.date.is_some() && date.time.is_none(),
                _ => false,
            },
            Self::Null
            | Self::List(_)
            | Self::Table(_)
            | Self::Map(_)
            | Self::Open(..)
            | Self::Either(..) => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Integer(low, high) if low == high => low.to_string(),
            Self::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Self::Number(low, high) if *low == f64::MIN && *high == f64::MAX => "a number".into(),
            Self::Number(low, high) => format!("a number from {low} to {high}"),
            Self::Ratio => "a number above 0, or a fraction such as \"1/3\"".into(),
            Self::Flag => "true or false".into(),
            Self::Day => "a day such as 2026-01-01".into(),
            Self::Null => "nothing".into(),
            Self::List(_) => "a list".into(),
            Self::Table(_) | Self::Map(_) | Self::Open(..) => "a table".into(),
            Self::Either(first, second) => format!("{} or {}", first.words(), second.words()),
        }
    }

    /// The JSON Schema of the shape.
    #[must_use]
    pub fn json_schema(&self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::OneOf(words) => json!({"type": "string", "enum": words}),
            Self::Integer(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
            Self::Number(low, high) if *low == f64::MIN && *high == f64::MAX => json!({"type": "number"}),
            Self::Number(low, high) => json!({"type": "number", "minimum": low, "maximum": high}),
            Self::Ratio => json!({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Day => json!({"type": "string", "format": "date"}),
            Self::Null => json!({"type": "null"}),
            Self::List(inner) => json!({"type": "array", "items": inner.json_schema()}),
            Self::Map(inner) => json!({"type": "object", "additionalProperties": inner.json_schema()}),
            Self::Either(first, second) => json!({"anyOf": [first.json_schema(), second.json_schema()]}),
            Self::Table(keys) => {
                let required: Vec<&str> =
                    keys.iter().filter(|key| key.required).map(|key| key.name).collect();
                json!({
                    "type": "object", "properties": properties(keys), "required": required,
                    "additionalProperties": false,
                })
            }
            Self::Open(keys, inner) => json!({
                "type": "object", "properties": properties(keys),
                "additionalProperties": inner.json_schema(),
            }),
        }
    }
}

fn properties(keys: &[Key]) -> Map<String, Value> {
    let property = |key: &Key| {
        let mut schema = key.shape.json_schema();
        schema["description"] = key.about.into();
        (key.name.to_owned(), schema)
    };
    keys.iter().map(property).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Key] = &[
        Key::required("format", Shape::Integer(1, 1), "the version of this format"),
        Key::optional("ties", Shape::OneOf(&["break", "up", "down"]), "how ties are treated"),
        Key::optional("weights", Shape::Map(&Shape::Number(0.0, 1.0)), "weights"),
        Key::optional("experts", Shape::List(&Shape::List(&Shape::Ratio)), "matrices"),
    ];

    fn faults(text: &str) -> Vec<String> {
        match CheckedToml::parse("m.toml", text, KEYS) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.to_string().lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn every_fault_is_told_at_once_with_line_and_fix() {
        let told = faults("tiess = \"break\"\nties = \"upp\"\n[weights]\na = 2\n");
        assert_eq!(
            told,
            [
                "m.toml:1: unknown key `tiess`",
                "  what to do: did you mean `ties`?",
                "m.toml:1: `format` is missing",
                "  what to do: add it: the version of this format",
                "m.toml:2: `ties` cannot be \"upp\"",
                "  what to do: did you mean `up`?",
                "m.toml:4: `weights.a` must be a number from 0 to 1, not 2",
                "  what to do: write a number from 0 to 1",
            ]
        );
    }

    #[test]
    fn a_good_document_has_no_fault_and_knows_its_lines() {
        let text = "format = 1\n[weights]\na = 0.5\nb = 0.5\n[[experts]]\n";
        assert_eq!(faults(&text.replace("[[experts]]\n", "")), Vec::<String>::new());
        let document =
            CheckedToml::parse("m.toml", "format = 1\n[weights]\na = 0.5\nb = 0.5\n", KEYS).unwrap();
        assert_eq!(document.line(&["weights", "b"]), 4);
        assert_eq!(document.line(&["weights", "missing"]), 2);
    }

    #[test]
    fn broken_toml_names_its_line() {
        assert!(faults("format = 1\nties = \n")[0].starts_with("m.toml:2:"));
    }

    #[test]
    fn ratios_are_numbers_or_fractions() {
        assert_eq!(faults("format = 1\nexperts = [[1, \"1/3\", 2.5]]"), Vec::<String>::new());
        assert_eq!(faults("format = 1\nexperts = [[0, \"1/0\", \"x\"]]").len(), 6);
        assert_eq!(parse_ratio("1/4"), Some(0.25));
    }
}
