//! The shape of `_manifest.json`, as published beside the tables of a cycle.

use gridtier::checked_toml::{Key, Shape};

const COUNT: Shape = Shape::Integer(0, i64::MAX);
const WHOLE: Shape = Shape::Integer(i64::MIN, i64::MAX);
const TEXT_OR_NULL: Shape = Shape::Either(&Shape::Text, &Shape::Null);

const SHA256: &str = "its SHA-256 in lower-case hexadecimal";

const ENGINE: &[Key] = &[
    Key::required("name", Shape::Text, "gridtier"),
    Key::required("version", Shape::Text, "its version"),
    Key::optional("counting", COUNT, "raised whenever the same inputs would give other facts"),
];

const WINDOW: &[Key] = &[
    Key::required("start", Shape::Text, "first month, such as 2023-01"),
    Key::required("end", Shape::Text, "first month after the window, such as 2026-01"),
    Key::required("months", Shape::Integer(1, i64::MAX), "length in months"),
];

const METHOD: &[Key] = &[
    Key::required("name", Shape::Text, "the method's name"),
    Key::required("sha256", Shape::Text, "SHA-256 of its text in lower-case hexadecimal"),
    Key::required("text", Shape::Text, "the whole method file: what is needed to compute the cycle again"),
];

const ENTITLEMENTS: &[Key] = &[
    Key::required("name", Shape::Text, "the catalogue's name"),
    Key::required("version", Shape::Text, "its version"),
    Key::required("effective_from", Shape::Day, "first day on which it holds"),
    Key::required("effective_to", TEXT_OR_NULL, "last day on which it holds; null if it has none"),
    Key::required("sha256", Shape::Text, "SHA-256 of its text in lower-case hexadecimal"),
    Key::required("text", Shape::Text, "the whole catalogue file"),
];

const INPUT: &[Key] = &[
    Key::required("table", TEXT_OR_NULL, "the table; null for gridtier.toml"),
    Key::required("path", Shape::Text, "the file, relative to the data folder"),
    Key::required("bytes", COUNT, "its length"),
    Key::required("sha256", Shape::Text, SHA256),
    Key::required("rows", COUNT, "its rows, those that were set aside among them"),
    Key::optional("counted", COUNT, "of readings: rows that count"),
    Key::optional("out_of_window", COUNT, "of readings: rows outside the window"),
    Key::optional("rejected", COUNT, "of readings: rows set aside"),
    Key::optional("duplicates", COUNT, "of readings: surplus copies of counted rows"),
    Key::optional("first_month", TEXT_OR_NULL, "of readings: first month of its rows in the window, if any"),
    Key::optional("last_month", TEXT_OR_NULL, "of readings: last month of its rows in the window, if any"),
];

const TIER_TOTAL: &[Key] = &[
    Key::required("customers", COUNT, "customers with this final tier"),
    Key::required("provisional", COUNT, "of them provisional"),
    Key::required("revenue_fen", WHOLE, "sum of their amounts due in the window, in fen"),
    Key::required("active_wh", WHOLE, "sum of their active energy in the window, in Wh"),
];

const RECONCILED: &[Key] = &[
    Key::required("table", Shape::Text, "the table"),
    Key::required("rows_in", COUNT, "all rows: the sum of the four below"),
    Key::required("counted", COUNT, "rows that count in facts"),
    Key::required("out_of_window", COUNT, "rows outside the window"),
    Key::required("rejected", COUNT, "rows set aside"),
    Key::required("duplicates", COUNT, "surplus copies of counted rows"),
];

const CONTROL_TOTALS: &[Key] = &[
    Key::required("customers", COUNT, "accepted customers"),
    Key::required("population", COUNT, "the graded population"),
    Key::required("ranked", COUNT, "of it ranked"),
    Key::required("short_history", COUNT, "provisional for short history"),
    Key::required("low_known_weight", COUNT, "provisional for little known weight"),
    Key::required("vetoed", COUNT, "customers whose tier confirmed offences cap"),
    Key::required("lowered_by_veto", COUNT, "of them those whose tier that lowered"),
    Key::required("active_wh", WHOLE, "sum of the active energy of all accepted customers, in Wh"),
    Key::required("reactive_varh", WHOLE, "sum of |reactive energy|, in varh"),
    Key::required("readings", COUNT, "readings counted"),
    Key::required("revenue_fen", WHOLE, "sum of the amounts due, in fen"),
    Key::required("tiers", Shape::List(&Shape::Table(TIER_TOTAL)), "by final tier, best first"),
    Key::required(
        "reconciliation",
        Shape::List(&Shape::Table(RECONCILED)),
        "what became of the rows of each table that is there",
    ),
];

const FINDING: &[Key] = &[
    Key::required("table", Shape::Text, "the table, or method for what concerns no table"),
    Key::required("rule", Shape::Text, "the code of the rule"),
    Key::required("severity", Shape::OneOf(&["info", "warning", "error"]), "how much it matters"),
    Key::required("rows", COUNT, "rows (or columns, customers, indicators) concerned"),
    Key::required("example", Shape::Text, "one of them"),
];

const BREACH: &[Key] = &[
    Key::required("table", Shape::Text, "the table"),
    Key::required("rejected", COUNT, "its rejects"),
    Key::required("allowed", COUNT, "those that the method allows"),
];

const OUTPUT: &[Key] = &[
    Key::required("name", Shape::Text, "the file, relative to the cycle's folder"),
    Key::required("sha256", Shape::Text, SHA256),
    Key::required("bytes", COUNT, "its length"),
    Key::required("rows", COUNT, "its rows"),
];

/// The keys of a cycle's manifest.
pub const MANIFEST: &[Key] = &[
    Key::required(
        "format",
        Shape::Integer(1, 1),
        "the version of this format: a reader refuses a higher one; keys may be added within a version",
    ),
    Key::required("engine", Shape::Table(ENGINE), "the program that computed the cycle"),
    Key::required("as_of", Shape::Day, "first day after the window"),
    Key::required("window", Shape::Table(WINDOW), "the window of whole months"),
    Key::required("method", Shape::Table(METHOD), "the method that judged"),
    Key::required("entitlements", Shape::Table(ENTITLEMENTS), "the catalogue of what the tiers entitle to"),
    Key::required("inputs", Shape::List(&Shape::Table(INPUT)), "the files it was computed from"),
    Key::required(
        "control_totals",
        Shape::Table(CONTROL_TOTALS),
        "the figures by which the cycle is recognised and checked",
    ),
    Key::required("findings", Shape::List(&Shape::Table(FINDING)), "what was noticed, by table and rule"),
    Key::required(
        "breaches",
        Shape::List(&Shape::Table(BREACH)),
        "tables with more rejects than the method allows",
    ),
    Key::required("accepted_by", TEXT_OR_NULL, "who accepted the breaches; null if there are none"),
    Key::required(
        "outputs",
        Shape::List(&Shape::Table(OUTPUT)),
        "all files of the cycle but this one, by name",
    ),
];
