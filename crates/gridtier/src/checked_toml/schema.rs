//! JSON Schemas made from types, and what a schema asks of a value.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::scalar::Number;
use crate::text;
use crate::text::Text;

/// The schema of a file that people write. An unknown key is a mistake, and an optional value is left out, since TOML
/// has no null.
#[must_use]
pub fn schema_of_input<T: JsonSchema>() -> Value {
    let mut schema = inlined::<T>(SchemaSettings::draft2020_12());
    tidy(&mut schema);
    close(&mut schema);
    schema
}

/// The schema of a file that gridtier writes: keys may be added within a version of its format.
#[must_use]
pub fn schema_of_output<T: JsonSchema>() -> Value {
    let mut schema = inlined::<T>(SchemaSettings::draft2020_12().for_serialize());
    tidy(&mut schema);
    schema
}

fn inlined<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Calls `visit` for the schemas directly inside a schema.
fn inner(schema: &mut Value, visit: fn(&mut Value)) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(visit),
            ("anyOf", Value::Array(alternatives)) => alternatives.iter_mut().for_each(visit),
            ("items" | "additionalProperties", value) => visit(value),
            _ => {}
        }
    }
}

/// Leaves out what describes Rust and not the file: widths of integers, names of types, defaults and line breaks; of
/// the variants of an enum, all but their words.
fn tidy(schema: &mut Value) {
    if let Value::Object(keywords) = schema {
        if let Some(Value::Array(variants)) = keywords.remove("oneOf") {
            let words = variants.iter().map(|variant| variant["const"].clone()).collect();
            keywords.insert("type".into(), "string".into());
            keywords.insert("enum".into(), Value::Array(words));
        }
        keywords.remove("default");
        keywords.remove("title");
        if keywords.get("type").is_none_or(|kind| !is_kind(kind, "string")) {
            keywords.remove("format");
        }
        if let Some(Value::String(description)) = keywords.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    }
    inner(schema, tidy);
}

fn is_kind(kind: &Value, name: &str) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        kind => kind == name,
    }
}

/// Refuses unknown keys and null.
fn close(schema: &mut Value) {
    if let Value::Object(keywords) = schema {
        if keywords.contains_key("properties") && !keywords.contains_key("additionalProperties") {
            keywords.insert("additionalProperties".into(), false.into());
        }
        if let Some(Value::Array(words)) = keywords.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        if let Some(Value::Array(kinds)) = keywords.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [kind] = kinds.as_slice() {
                let kind = kind.clone();
                keywords.insert("type".into(), kind);
            }
        }
        if let Some(Value::Array(alternatives)) = keywords.get_mut("anyOf") {
            alternatives.retain(|alternative| alternative["type"] != "null");
            if let [Value::Object(only)] = alternatives.as_slice() {
                let only = only.clone();
                keywords.remove("anyOf");
                for (keyword, value) in only {
                    keywords.entry(keyword).or_insert(value);
                }
            }
        }
    }
    inner(schema, close);
}

/// The kind of value that a schema asks for.
pub(super) enum Expected<'s> {
    /// One of these words.
    Word(Vec<&'s str>),
    /// Any text.
    Text,
    /// A day.
    Day,
    /// A fraction such as "1/3".
    Fraction,
    /// A whole number within bounds.
    Whole(i64, i64),
    /// A number within bounds.
    Number(f64, f64),
    /// A number above a bound.
    Above(f64),
    /// true or false.
    Flag,
    /// A list of values of one schema.
    List(&'s Value),
    /// A table.
    Table(TableSchema<'s>),
    /// One of these alternatives.
    AnyOf(Vec<Expected<'s>>),
}

/// The keys and values that a schema asks of a table.
pub(super) struct TableSchema<'s> {
    properties: Option<&'s serde_json::Map<String, Value>>,
    required: &'s Value,
    /// The schema of the values of all other keys; `None` if other keys are not allowed.
    others: Option<&'s Value>,
}

impl<'s> TableSchema<'s> {
    /// The keys by name.
    pub fn names(&self) -> impl Iterator<Item = &'s str> + Clone + use<'s> {
        self.properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str))
    }

    /// The schema of a key's value; `None` for an unknown key.
    pub fn value(&self, key: &str) -> Option<&'s Value> {
        self.properties.and_then(|properties| properties.get(key)).or(self.others)
    }

    /// The keys that must be there, with the schemas of their values.
    pub fn required(&self) -> impl Iterator<Item = (&'s str, &'s Value)> {
        let names = self.required.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.filter_map(|name| Some((name, self.value(name)?)))
    }
}

impl<'s> Expected<'s> {
    /// The kind of value that `schema` asks for.
    ///
    /// # Panics
    /// The schema has a form that no file of gridtier has; tests read every shipped file, so they would find it.
    pub fn of(schema: &'s Value) -> Self {
        if let Some(Value::Array(alternatives)) = schema.get("anyOf") {
            return Self::AnyOf(alternatives.iter().map(Self::of).collect());
        }
        if let Some(Value::Array(words)) = schema.get("enum") {
            return Self::Word(words.iter().filter_map(Value::as_str).collect());
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("string"), Some("date")) => Self::Day,
            (Some("string"), Some("ratio")) => Self::Fraction,
            (Some("string"), _) => Self::Text,
            (Some("boolean"), _) => Self::Flag,
            (Some("integer"), _) => Self::Whole(
                schema["minimum"].as_i64().unwrap_or(i64::MIN),
                schema["maximum"].as_i64().unwrap_or(i64::MAX),
            ),
            (Some("number"), _) => match schema["exclusiveMinimum"].as_f64() {
                Some(bound) => Self::Above(bound),
                None => Self::Number(
                    schema["minimum"].as_f64().unwrap_or(f64::MIN),
                    schema["maximum"].as_f64().unwrap_or(f64::MAX),
                ),
            },
            (Some("array"), _) => Self::List(&schema["items"]),
            (Some("object"), _) => Self::Table(TableSchema {
                properties: schema["properties"].as_object(),
                required: &schema["required"],
                others: schema.get("additionalProperties").filter(|others| others.is_object()),
            }),
            _ => unreachable!("no file that people write has the schema {schema}"),
        }
    }

    /// Whether a number is allowed.
    pub fn admits(&self, number: Number) -> bool {
        match (self, number) {
            (Self::Whole(least, most), Number::Whole(number)) => (*least..=*most).contains(&number),
            (Self::Number(least, most), number) => (*least..=*most).contains(&number.float()),
            (Self::Above(bound), number) => number.float() > *bound && number.float().is_finite(),
            _ => false,
        }
    }

    /// What the schema asks for, in words.
    pub fn words(&self) -> Text {
        match self {
            Self::Word(words) => {
                let words: Vec<&str> =
                    words.iter().map(|word| if word.is_empty() { "\"\"" } else { *word }).collect();
                let words = words.join(", ");
                text!("one of {words}", "以下之一：{words}")
            }
            Self::Text => text!("text", "文本"),
            Self::Day => text!("a day such as 2026-01-01", "日期，如 2026-01-01"),
            Self::Fraction => text!("a fraction such as \"1/3\"", "分数，如 \"1/3\""),
            Self::Whole(least, most) if least == most => Text::same(least.to_string()),
            Self::Whole(least, i64::MAX) => {
                text!("a whole number from {least} upwards", "不小于 {least} 的整数")
            }
            Self::Whole(least, most) => {
                text!("a whole number from {least} to {most}", "{least} 到 {most} 的整数")
            }
            Self::Number(f64::MIN, f64::MAX) => text!("a number", "数字"),
            Self::Number(least, most) => text!("a number from {least} to {most}", "{least} 到 {most} 的数字"),
            Self::Above(bound) => text!("a number above {bound}", "大于 {bound} 的数字"),
            Self::Flag => text!("true or false", "true 或 false"),
            Self::List(_) => text!("a list", "列表"),
            Self::Table(_) => text!("a table", "表"),
            Self::AnyOf(alternatives) => {
                let words: Vec<Text> = alternatives.iter().map(Self::words).collect();
                Text::any_of(&words)
            }
        }
    }

    /// A valid value, to be read in place of an invalid one.
    pub fn stand_in(&self) -> Value {
        match self {
            Self::Word(words) => words.first().copied().into(),
            Self::Text => "".into(),
            Self::Day => "1970-01-01".into(),
            Self::Fraction => "1".into(),
            Self::Whole(least, _) => (*least).max(0).into(),
            Self::Number(least, _) => least.max(0.0).into(),
            Self::Above(bound) => (bound + 1.0).into(),
            Self::Flag => false.into(),
            Self::List(_) => Value::Array(Vec::new()),
            Self::Table(table) => {
                let required = table.required();
                required.map(|(name, schema)| (name.to_owned(), Expected::of(schema).stand_in())).collect()
            }
            Self::AnyOf(alternatives) => alternatives.first().map_or(Value::Null, Self::stand_in),
        }
    }
}
