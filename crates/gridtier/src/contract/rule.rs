//! Rules that a row or table can break, with their stable codes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a row was set aside, or what was noticed about a table. Its code is what scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// CSV row with more or fewer cells than the header.
    BadWidth,
    /// A key column is empty.
    NullKey,
    /// A key is longer than 128 bytes.
    IdTooLong,
    /// A date that cannot be read, or that places the row outside 1970 to 2199.
    BadDate,
    /// A column that must have a value is empty.
    NullValue,
    /// Text that is no number, or a number where a whole one is required.
    BadNumber,
    /// NaN or infinite.
    NotFinite,
    /// Beyond the contract's bound.
    OutOfBounds,
    /// Below zero where that cannot be.
    Negative,
    /// A word that the column does not know.
    BadEnum,
    /// A reading that its source marks invalid.
    InvalidQuality,
    /// Names a customer or bill that is not among the accepted ones.
    Orphan,
    /// The same meter and time with another energy.
    ConflictingReading,
    /// The same key with another content.
    DuplicateKey,
    /// Account numbers came as integers: leading zeros, if there were any, are gone.
    IntegerId,
    /// A column that no contract names.
    UnknownColumn,
    /// A column whose type is wider in one file than in another.
    WidenedType,
    /// A reversal that names no accepted bill of the same customer in the window.
    UnknownReversal,
    /// A bill above zero that claims to reverse another.
    ReversesIgnored,
    /// A confirmed fault without customers affected or minutes: it counts 0.
    MissingImpact,
    /// A month far from the customer's own median, as when kWh and MWh are mixed.
    UnitSuspect,
    /// An optional table that is there and has no accepted row.
    EmptyTable,
    /// An indicator that is the same for every ranked customer.
    DegenerateIndicator,
    /// An override that names no graded customer, or that has expired.
    UnusedOverride,
    /// Points that tell too little, or something too rare, for weights to follow from them.
    WeightGuard,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// May change grades.
    Warning,
    /// Rows were set aside.
    Error,
}

/// Every rule with its code, severity and meaning, in the order of the enum.
const RULES: &[(Rule, &str, Severity, &str)] = &[
    (Rule::BadWidth, "bad_width", Severity::Error, "the CSV row has more or fewer cells than the header"),
    (Rule::NullKey, "null_key", Severity::Error, "a key column is empty"),
    (Rule::IdTooLong, "id_too_long", Severity::Error, "a key is longer than 128 bytes"),
    (Rule::BadDate, "bad_date", Severity::Error, "a date cannot be read or lies outside 1970 to 2199"),
    (Rule::NullValue, "null_value", Severity::Error, "a required column is empty"),
    (Rule::BadNumber, "bad_number", Severity::Error, "a number cannot be read"),
    (Rule::NotFinite, "not_finite", Severity::Error, "a number is NaN or infinite"),
    (Rule::OutOfBounds, "out_of_bounds", Severity::Error, "a number is beyond the contract's bound"),
    (Rule::Negative, "negative", Severity::Error, "a number is below zero where that cannot be"),
    (Rule::BadEnum, "bad_enum", Severity::Error, "a word that the column does not know"),
    (Rule::InvalidQuality, "invalid_quality", Severity::Error, "the source marks the reading invalid"),
    (Rule::Orphan, "orphan", Severity::Error, "names a customer or bill that is not among the accepted ones"),
    (
        Rule::ConflictingReading,
        "conflicting_reading",
        Severity::Error,
        "the same meter and time came with different energies; none counts",
    ),
    (
        Rule::DuplicateKey,
        "duplicate_key",
        Severity::Error,
        "the same key came with different contents; none counts",
    ),
    (Rule::IntegerId, "integer_id", Severity::Warning, "keys came as integers; leading zeros may be lost"),
    (
        Rule::UnknownColumn,
        "unknown_column",
        Severity::Info,
        "a column that the contract does not name; ignored",
    ),
    (
        Rule::WidenedType,
        "widened_type",
        Severity::Info,
        "a column's type is wider in one file than in another",
    ),
    (
        Rule::UnknownReversal,
        "unknown_reversal",
        Severity::Warning,
        "a reversal names no accepted bill of the customer in the window; it counts in revenue only",
    ),
    (
        Rule::ReversesIgnored,
        "reverses_ignored",
        Severity::Warning,
        "a bill of zero or more names a bill to reverse; the name is ignored",
    ),
    (
        Rule::MissingImpact,
        "missing_impact",
        Severity::Warning,
        "a confirmed fault has no customers affected or no minutes; it counts 0",
    ),
    (
        Rule::UnitSuspect,
        "unit_suspect",
        Severity::Warning,
        "a month is above 900 times or below 1/900 of the customer's median month",
    ),
    (Rule::EmptyTable, "empty_table", Severity::Warning, "the table is there and no row of it counts"),
    (
        Rule::DegenerateIndicator,
        "degenerate_indicator",
        Severity::Warning,
        "the indicator is the same for all ranked customers: each gets 50",
    ),
    (
        Rule::UnusedOverride,
        "unused_override",
        Severity::Warning,
        "an override names nobody graded, or has expired",
    ),
    (
        Rule::WeightGuard,
        "weight_guard",
        Severity::Warning,
        "the points of an indicator, group or dimension are sparse, constant or mostly missing: its weight is limited",
    ),
];

impl Rule {
    /// All rules, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|(rule, ..)| *rule)
    }

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().1
    }

    /// How much a finding of this rule matters.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.entry().2
    }

    /// What it means, in one clause.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.entry().3
    }

    fn entry(self) -> &'static (Self, &'static str, Severity, &'static str) {
        &RULES[self as usize]
    }
}

impl Severity {
    /// The lower-case word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::all()
            .find(|rule| rule.code() == code)
            .ok_or_else(|| D::Error::custom(format!("`{code}` is not the code of a rule")))
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::all().map(Self::code).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_rules_is_in_the_order_of_the_enum() {
        for (place, (rule, ..)) in RULES.iter().enumerate() {
            assert_eq!(*rule as usize, place, "{rule}");
        }
        assert_eq!(RULES.len(), Rule::WeightGuard as usize + 1);
    }
}
