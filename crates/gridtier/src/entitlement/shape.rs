//! The shape of a catalogue of entitlements: every key, what it may hold, and what it is for.

use super::service::{Access, Cadence, Dimension, FeeRule, Provenance, ShareKey, Start};
use crate::checked_toml::{Key, Shape};
use crate::word::Word;

/// Largest amount of money in a catalogue, in yuan.
const AMOUNT_CNY_MAX: f64 = 1e9;

const MONEY: Shape = Shape::Number(0.0, AMOUNT_CNY_MAX);
const SHARE: Shape = Shape::Number(0.0, 1.0);
const UPTAKE: Shape = Shape::Number(0.0, 1000.0);
const UNITS: Shape = Shape::Integer(1, 1_000_000_000);
const WORDS: Shape = Shape::List(&Shape::Text);

const CELL: &[Key] = &[
    Key::required("access", Shape::OneOf(Access::CODES), "what the tier gets"),
    Key::required(
        "provenance",
        Shape::OneOf(Provenance::CODES),
        "who says so: the paper, an inference, the operator",
    ),
    Key::optional("phrase", Shape::Text, "provenance text: the paper's words"),
    Key::optional("fee", MONEY, "paid: price of a unit in CNY, instead of the service's"),
    Key::optional("subsidy_share", SHARE, "subsidised: the share that the utility bears"),
    Key::optional("free_parts", WORDS, "paid by combination: parts that cost nothing"),
    Key::optional("cadence", Shape::OneOf(Cadence::CODES), "how often, instead of the service's"),
    Key::optional("quota_per_year", UNITS, "most units a customer gets in a year"),
    Key::optional("uptake", UPTAKE, "units a year and entitled customer, instead of the service's"),
    Key::optional("condition", Shape::Text, "what must hold besides the tier"),
    Key::optional("note", Shape::Text, "terms in words, English"),
    Key::optional("note_zh", Shape::Text, "terms in words, Chinese"),
    Key::optional("less", Shape::Text, "why this tier gets less than a worse one"),
];

const CELLS: &[Key] = &[
    Key::optional("special", Shape::Table(CELL), "special, 特级"),
    Key::optional("grade-1", Shape::Table(CELL), "grade-1, 一级"),
    Key::optional("grade-2", Shape::Table(CELL), "grade-2, 二级"),
    Key::optional("grade-3", Shape::Table(CELL), "grade-3, 三级"),
];

const OPENS: &[Key] = &[
    Key::required("condition", Shape::Text, "for whom, whatever the tier"),
    Key::required("reason", Shape::OneOf(&["importance", "regulation"]), "why"),
    Key::required("access", Shape::OneOf(Access::CODES), "what they get at least"),
    Key::required("source", Shape::Text, "the rule that says so"),
    Key::optional("fee", MONEY, "paid: price of a unit in CNY, instead of the service's"),
    Key::optional("subsidy_share", SHARE, "subsidised: the share that the utility bears"),
    Key::optional("cadence", Shape::OneOf(Cadence::CODES), "how often, instead of the service's"),
    Key::optional("quota_per_year", UNITS, "most units a customer gets in a year"),
];

const PART: &[Key] = &[
    Key::required("id", Shape::Text, "its name in combinations"),
    Key::required("title", Shape::Text, "name in English"),
    Key::required("title_zh", Shape::Text, "name in Chinese"),
    Key::required("unit_cost", MONEY, "what one costs the utility, in CNY"),
];

const COMBINATION: &[Key] = &[
    Key::required("parts", WORDS, "the parts chosen"),
    Key::required("fee", MONEY, "their price together, in CNY"),
    Key::required("share", SHARE, "share of the takers who choose them; all combinations sum to 1"),
];

const FEE: &[Key] = &[
    Key::required("rule", Shape::OneOf(FeeRule::CODES), "how a price comes about"),
    Key::optional("amount", MONEY, "fixed: price of a unit in CNY"),
    Key::optional("parts", Shape::List(&Shape::Table(PART)), "combination: what can be chosen"),
    Key::optional(
        "combinations",
        Shape::List(&Shape::Table(COMBINATION)),
        "combination: the price of each choice",
    ),
    Key::optional(
        "share_by",
        Shape::OneOf(ShareKey::CODES),
        "shared: how applicants of an area divide what is left",
    ),
];

const CAPACITY: &[Key] = &[
    Key::required("units", UNITS, "units that the utility can deliver"),
    Key::required("per", Shape::OneOf(&["month", "year"]), "in a month, or in a year"),
];

const SERVICE: &[Key] = &[
    Key::required("id", Shape::Text, "its name in tables, such as S06"),
    Key::required(
        "dimensions",
        Shape::List(&Shape::OneOf(Dimension::CODES)),
        "SERVQUAL dimensions; basic services stand outside",
    ),
    Key::required("title", Shape::Text, "name in English"),
    Key::required("title_zh", Shape::Text, "name in Chinese"),
    Key::required("about", Shape::Text, "one line in English"),
    Key::required("about_zh", Shape::Text, "one line in Chinese"),
    Key::required("start", Shape::OneOf(Start::CODES), "the utility begins by itself, or the customer asks"),
    Key::optional("duty", Shape::Text, "the duty that makes it a regulated service"),
    Key::required("unit", Shape::Text, "what is counted, in English"),
    Key::required("unit_zh", Shape::Text, "what is counted, in Chinese"),
    Key::required("unit_cost", MONEY, "what a unit costs the utility, in CNY"),
    Key::optional("uptake", UPTAKE, "units a year and entitled customer"),
    Key::optional(
        "programme_units",
        UNITS,
        "units a year for the public as a whole, instead of an uptake by customer",
    ),
    Key::required("fee", Shape::Table(FEE), "how its price comes about"),
    Key::optional("capacity", Shape::Table(CAPACITY), "what the utility can deliver; unlimited if left out"),
    Key::required("cadence", Shape::OneOf(Cadence::CODES), "how often"),
    Key::optional("condition", Shape::Text, "to whom it can apply at all, whatever the tier"),
    Key::optional("outage_plan", Shape::Flag, "whether the approved outage plan must leave room for it"),
    Key::optional("source", Shape::Text, "where the service is named"),
    Key::required("cells", Shape::Table(CELLS), "what each tier gets"),
    Key::optional("opens", Shape::List(&Shape::Table(OPENS)), "who gets it whatever the tier"),
];

/// The keys of a catalogue file.
pub const KEYS: &[Key] = &[
    Key::required("format", Shape::Integer(super::FORMAT, super::FORMAT), "the version of this format, 1"),
    Key::required("name", Shape::Text, "the catalogue's name"),
    Key::required("version", Shape::Text, "its version, such as 2026.1"),
    Key::required("effective_from", Shape::Day, "first day on which it holds"),
    Key::optional("effective_to", Shape::Day, "last day on which it holds"),
    Key::required("source", Shape::Text, "where it comes from"),
    Key::required("service", Shape::List(&Shape::Table(SERVICE)), "the services"),
];

const DUTY: &[Key] = &[
    Key::required("id", Shape::Text, "its name in catalogues"),
    Key::required("title", Shape::Text, "what is owed, in English"),
    Key::required("title_zh", Shape::Text, "what is owed, in Chinese"),
    Key::required("owed_to", Shape::Text, "condition: to whom"),
    Key::required(
        "kind",
        Shape::OneOf(&["basic", "protection"]),
        "basic: free for all of them; protection: open to all of them",
    ),
    Key::required("source", Shape::Text, "the rule"),
    Key::required("effective_from", Shape::Day, "first day on which it holds"),
    Key::optional("effective_to", Shape::Day, "last day on which it holds"),
];

/// The keys of the list of duties.
pub const DUTY_KEYS: &[Key] = &[
    Key::required("format", Shape::Integer(super::FORMAT, super::FORMAT), "the version of this format, 1"),
    Key::required("duty", Shape::List(&Shape::Table(DUTY)), "the duties"),
];
