//! Single values of a document: days, shares, ratios and numbers.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::de::DeValue;

use crate::index::float_i64;

/// A day, written as TOML date or as text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub NaiveDate);

impl TryFrom<String> for Day {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date"})
    }
}

/// A share of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Share(#[schemars(range(min = 0, max = 1))] pub f64);

/// A value, or `false` where it is switched off. TOML has no null.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Switched<T> {
    /// The value.
    On(T),
    /// `false`; `true` means nothing.
    Off(bool),
}

/// A ratio, written as a number or as a fraction such as "1/3"; 0 or "?" means that nobody judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Ratio {
    /// `0.25`
    Number(f64),
    /// `"1/4"`
    Text(String),
}

impl Ratio {
    /// The value of the ratio; `None` if the text is not a ratio, which the check has reported.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(*x),
            Self::Text(text) => parse_ratio(text),
        }
    }
}

impl JsonSchema for Ratio {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "format": "ratio"}]
        })
    }
}

/// The value of "1/3" or "3"; 0 for "?".
#[must_use]
pub fn parse_ratio(text: &str) -> Option<f64> {
    if text.trim() == "?" {
        return Some(0.0);
    }
    match text.split_once('/') {
        Some((above, below)) => Some(positive(above)? / positive(below)?),
        None => positive(text),
    }
}

fn positive(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0)
}

/// A TOML number.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// A number without point or exponent.
    Whole(i64),
    /// A number with point or exponent.
    Float(f64),
}

impl Number {
    /// A value as a number, if it is one.
    pub(super) fn of(value: &DeValue) -> Option<Self> {
        match value {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(Self::Whole)
            }
            DeValue::Float(number) => number.as_str().parse().ok().map(Self::Float),
            _ => None,
        }
    }

    /// As a double; a large integer is rounded.
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Whole(number) => float_i64(number),
            Self::Float(number) => number,
        }
    }
}
