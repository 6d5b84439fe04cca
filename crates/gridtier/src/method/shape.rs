//! The shape of a method file: every key, what it may hold, and what it is for.

use super::{Combine, Tier};
use crate::checked_toml::{Key, Shape};
use crate::mcda::Scheme;
use crate::word::Word;

const TIER: Shape = Shape::OneOf(Tier::CODES);
const ANY: Shape = Shape::Number(f64::MIN, f64::MAX);
const SHARE: Shape = Shape::Number(0.0, 1.0);

const EXPERT: &[Key] = &[
    Key::required("name", Shape::Text, "who judged"),
    Key::required(
        "matrix",
        Shape::List(&Shape::List(&Shape::Ratio)),
        "row i, column j: how much i outweighs j",
    ),
];

const AHP: &[Key] = &[
    Key::required("items", Shape::List(&Shape::Text), "the siblings, in the order of rows and columns"),
    Key::optional(
        "variant",
        Shape::OneOf(&["eigenvector", "geometric_mean"]),
        "how weights follow from a matrix",
    ),
    Key::required("experts", Shape::List(&Shape::Table(EXPERT)), "pooled by the element-wise geometric mean"),
];

const OBJECTIVE: &[Key] = &[
    Key::required("items", Shape::List(&Shape::Text), "the siblings"),
    Key::required(
        "by",
        Shape::OneOf(Scheme::CODES),
        "how weights follow from the points of ranked customers",
    ),
];

const LIMITED: Shape = Shape::Map(&SHARE);

const BLEND: &[Key] = &[
    Key::required("alpha", SHARE, "share of the weights given or judged; the rest comes from the data"),
    Key::required("by", Shape::OneOf(Scheme::CODES), "how the other weights follow from the data"),
    Key::optional("floor", LIMITED, "by sibling: the least weight, holding in the result"),
    Key::optional("cap", LIMITED, "by sibling: the greatest weight, holding in the result"),
];

const SOURCES: &[Key] = &[
    Key::optional("ahp", Shape::Table(AHP), "judgement that gives the weights instead"),
    Key::optional("objective", Shape::Table(OBJECTIVE), "weights from the data instead"),
    Key::optional("blend", Shape::Table(BLEND), "weights given or judged, blended with some from the data"),
];

const SIBLINGS: Shape = Shape::Open(SOURCES, &SHARE);

const WEIGHTS: &[Key] = &[
    Key::optional("contribution", SHARE, "weight of the dimension"),
    Key::optional("compliance", SHARE, "weight of the dimension"),
    Key::optional("cooperation", SHARE, "weight of the dimension"),
    Key::optional("ahp", Shape::Table(AHP), "judgement that gives the weights of the dimensions instead"),
    Key::optional("objective", Shape::Table(OBJECTIVE), "weights of the dimensions from the data instead"),
    Key::optional("blend", Shape::Table(BLEND), "weights given or judged, blended with some from the data"),
    Key::required("groups", Shape::Map(&SIBLINGS), "by dimension: the weights of its groups"),
    Key::required("indicators", Shape::Map(&SIBLINGS), "by group: the weights of its indicators"),
];

const INDICATOR: &[Key] = &[
    Key::required(
        "normalise",
        Shape::OneOf(&["min_max", "percentile", "points", "target"]),
        "how a value becomes 0 to 100",
    ),
    Key::optional("transform", Shape::OneOf(&["none", "log1p"]), "min_max: taken before, ln(1 + max(x, 0))"),
    Key::optional("quantiles", Shape::List(&SHARE), "min_max: two quantiles of the ranked customers"),
    Key::optional("goalposts", Shape::List(&ANY), "min_max: two fixed values in the indicator's unit"),
    Key::optional("knots", Shape::List(&Shape::List(&ANY)), "points: pairs of value and points, by value"),
    Key::optional("target", ANY, "target: the value that gets 100"),
    Key::optional("tolerance", ANY, "target: the distance at which nothing is left"),
    Key::optional("expr", Shape::Text, "an own indicator: SQL expression over the facts"),
    Key::optional("applies", Shape::Text, "an own indicator: SQL condition under which it applies"),
    Key::optional("unit", Shape::Text, "an own indicator: its unit"),
    Key::optional("direction", Shape::OneOf(&["+", "-"]), "an own indicator: whether more is better"),
    Key::optional("title", Shape::Text, "an own indicator: its name in English"),
    Key::optional("title_zh", Shape::Text, "an own indicator: its name in Chinese"),
];

const VETO: &[Key] = &[
    Key::required("name", Shape::Text, "its name in explanations"),
    Key::required(
        "kinds",
        Shape::List(&Shape::OneOf(&["violation", "theft"])),
        "kinds of confirmed offences",
    ),
    Key::optional("min_severity", Shape::Integer(1, 5), "offences below it do not count; 1 if left out"),
    Key::optional("min_count", Shape::Integer(1, 1_000_000), "so many are needed; 1 if left out"),
    Key::required("ceiling", TIER, "the best tier that is left"),
];

const OVERRIDE: &[Key] = &[
    Key::required("customer_id", Shape::Text, "the customer"),
    Key::required("kind", Shape::OneOf(&["pin", "floor", "ceiling"]), "this tier, at least it, at most it"),
    Key::required("tier", TIER, "the tier"),
    Key::required("approver", Shape::Text, "who decided"),
    Key::required("reason", Shape::Text, "why"),
    Key::required("expires", Shape::Day, "last day on which it holds"),
];

const LIMITS: &[Key] = &[
    Key::required("reject_share", SHARE, "rejects as a share of a table's rows"),
    Key::required("reject_rows", Shape::Integer(0, i64::MAX), "rejects allowed however small the table"),
];

const LIMIT: &[Key] = &[
    Key::optional("warn", ANY, "beyond it the check warns"),
    Key::optional("fail", ANY, "beyond it the check fails"),
];

const CHECKS: &[Key] = &[
    Key::optional("draws", Shape::Integer(100, 100_000), "draws of weights; 1000 if left out"),
    Key::optional("sample", Shape::Integer(1_000, 1_000_000), "ranked customers drawn for it; 20000"),
    Key::optional("seed", Shape::Integer(0, i64::MAX), "where random draws start; 2026"),
    Key::optional(
        "concentration",
        Shape::Number(1.0, 1e6),
        "how closely drawn weights keep to the method's: a share w varies by √(w (1 − w)/(concentration + 1)); 100",
    ),
    Key::optional("clusters", Shape::Integer(2, 12), "most clusters tried; 8"),
    Key::optional(
        "size_kva",
        Shape::List(&ANY),
        "contract capacities from which a customer is medium and large; [100, 315]",
    ),
    Key::optional("supply_cost", ANY, "cost of supply in CNY/kWh, for ABC classes by profit"),
    Key::optional("limits", Shape::Map(&Shape::Table(LIMIT)), "by measure: when its check warns and fails"),
];

/// The keys of a method file.
pub const KEYS: &[Key] = &[
    Key::required("format", Shape::Integer(super::FORMAT, super::FORMAT), "the version of this format, 1"),
    Key::required("name", Shape::Text, "the method's name"),
    Key::required("window_months", Shape::Integer(1, 600), "length of the window in months"),
    Key::required(
        "min_months",
        Shape::Integer(0, 600),
        "covered months below which a customer is provisional",
    ),
    Key::required("min_known_weight", SHARE, "share of known weight below which a customer is provisional"),
    Key::required("provisional_tier", TIER, "tier of a provisional customer"),
    Key::required(
        "unknown",
        Shape::OneOf(&["reweight", "worst", "neutral"]),
        "what an unknown indicator does",
    ),
    Key::required("combine", Shape::OneOf(Combine::CODES), "how points become a score"),
    Key::required("quotas", Shape::List(&Shape::Integer(0, 100)), "shares of the four tiers in percent"),
    Key::required(
        "ties",
        Shape::OneOf(&["break", "up", "down"]),
        "what happens to equal scores at a boundary",
    ),
    Key::required(
        "strata",
        Shape::OneOf(&["none", "supply_level", "use_category", "region"]),
        "the column of customers whose values are graded apart",
    ),
    Key::required(
        "min_stratum",
        Shape::Integer(1, 1_000_000_000),
        "ranked customers below which strata are pooled",
    ),
    Key::required("weights", Shape::Table(WEIGHTS), "weights of dimensions, groups and indicators"),
    Key::required("indicators", Shape::Map(&Shape::Table(INDICATOR)), "by indicator: its normalisation"),
    Key::optional("veto", Shape::List(&Shape::Table(VETO)), "ceilings for confirmed offences"),
    Key::optional(
        "hysteresis",
        Shape::Table(&[Key::required("band", SHARE, "share of a stratum's customers, such as 0.02")]),
        "holds a tier that changes by one unless the rank passed the boundary by more than the band",
    ),
    Key::optional(
        "step_limit",
        Shape::Table(&[Key::required("up", Shape::Integer(1, 3), "most tiers up in one cycle")]),
        "limits how far a customer rises in one cycle",
    ),
    Key::optional(
        "override",
        Shape::List(&Shape::Table(OVERRIDE)),
        "decisions of persons about single customers",
    ),
    Key::optional(
        "checks",
        Shape::Table(CHECKS),
        "what `gridtier validate` does, and when it warns and fails",
    ),
    Key::required("limits", Shape::Table(LIMITS), "faults of the data beyond which nothing is published"),
];
