//! A table as an Open Data Contract Standard document, v3.1.0.
//!
//! Columns, words, bounds and rules come from the engine's contract. What this version of the standard cannot express
//! (units, references between tables) goes into custom properties. A rule that the standard does not have is a `custom`
//! check whose implementation is the code under which rejects are reported.

use gridtier::contract::rule::Rule;
use gridtier::contract::{
    AMOUNT_CNY_MAX, COUNT_MAX, Column, ColumnKind, ID_BYTES_MAX, PLACED_YEARS, READING_KWH_MAX, Table,
};
use gridtier::meter::PART_COLUMNS;
use gridtier::word::Word;

use super::about;
use super::yaml::Yaml;

const API_VERSION: &str = "v3.1.0";
/// The version of the contracts: raised with the format of the tables, not with the program.
const VERSION: &str = "1.0.0";
const DOMAIN: &str = "customer value grading of power utilities / 供电企业客户价值分级";

/// Lowest and highest severity of an incident.
const SEVERITIES: (i64, i64) = (1, 5);
const POWER_FACTORS: [f64; 3] = [0.9, 0.85, 0.8];

type Entries = Vec<(&'static str, Yaml)>;

/// The contract of a table.
pub fn document(table: Table) -> Yaml {
    let about = about::texts(table);
    let prose = vec![
        ("purpose", lines(about.purpose)),
        ("usage", lines(about.usage)),
        ("limitations", lines(about.limitations)),
    ];
    Yaml::Map(vec![
        ("apiVersion", API_VERSION.into()),
        ("kind", "DataContract".into()),
        ("id", format!("urn:gridtier:contract:{table}").into()),
        ("name", table.name().into()),
        ("version", VERSION.into()),
        ("status", "active".into()),
        ("domain", DOMAIN.into()),
        ("description", Yaml::Map(prose)),
        ("schema", Yaml::List(vec![object(table)])),
        ("customProperties", Yaml::List(vec![custom("requiredTable", Yaml::Flag(table.required()))])),
    ])
}

fn lines(both: [&str; 2]) -> Yaml {
    both.join("\n").into()
}

fn custom(property: &str, value: Yaml) -> Yaml {
    Yaml::Map(vec![("property", property.into()), ("value", value)])
}

fn object(table: Table) -> Yaml {
    let mut key_position = 0;
    let mut properties = Vec::new();
    for column in table.columns() {
        key_position += i64::from(column.key);
        properties.push(property(table, column, key_position));
    }
    Yaml::Map(vec![
        ("name", table.name().into()),
        ("physicalName", table.name().into()),
        ("logicalType", "object".into()),
        ("physicalType", "table".into()),
        ("businessName", table.name_zh().into()),
        ("description", lines(about::COLUMNS)),
        ("properties", Yaml::List(properties)),
        ("quality", Yaml::List(table_quality(table))),
    ])
}

fn property(table: Table, column: &Column, key_position: i64) -> Yaml {
    let (logical, physical) = types(column.kind);
    let mut entries: Entries = vec![
        ("name", column.name.into()),
        ("businessName", column.about_zh.into()),
        ("description", format!("{} / {}", column.about, column.about_zh).into()),
        ("logicalType", logical.into()),
        ("physicalType", physical.into()),
        ("required", Yaml::Flag(!column.nullable)),
        ("primaryKey", Yaml::Flag(column.key)),
    ];
    if column.key {
        entries.push(("primaryKeyPosition", Yaml::Whole(key_position)));
    }
    let options = options(table, column);
    if !options.is_empty() {
        entries.push(("logicalTypeOptions", Yaml::Map(options)));
    }
    let quality: Vec<Yaml> = Rule::all()
        .filter(|&rule| applies(table, column, rule))
        .map(|rule| check(rule, column.kind))
        .collect();
    if !quality.is_empty() {
        entries.push(("quality", Yaml::List(quality)));
    }
    let mut more = Vec::new();
    if !column.unit.is_empty() {
        more.push(custom("unit", column.unit.into()));
    }
    if let Some((other, key)) = reference(table, column) {
        more.push(custom("references", format!("{other}.{key}").into()));
    }
    if !more.is_empty() {
        entries.push(("customProperties", Yaml::List(more)));
    }
    Yaml::Map(entries)
}

/// The logical type of the standard, and the physical type recommended for exports; readers accept any type that holds
/// the same values.
fn types(kind: ColumnKind) -> (&'static str, &'static str) {
    match kind {
        ColumnKind::Id | ColumnKind::Text | ColumnKind::Word(_) => ("string", "string"),
        ColumnKind::Date | ColumnKind::BoundedDate | ColumnKind::PlacingDate | ColumnKind::PlacingMonth => {
            ("date", "date")
        }
        ColumnKind::PlacingTime | ColumnKind::Time => ("date", "timestamp"),
        ColumnKind::Energy | ColumnKind::Number => ("number", "double"),
        ColumnKind::Money => ("number", "decimal(18,2)"),
        ColumnKind::Thousandths => ("number", "decimal(18,3)"),
        ColumnKind::PowerFactor => ("number", "decimal(3,2)"),
        ColumnKind::Count => ("integer", "bigint"),
        ColumnKind::Flag => ("boolean", "boolean"),
    }
}

/// Bounds of a number, both inclusive.
fn between(low: i64, high: i64) -> Entries {
    vec![("minimum", Yaml::Whole(low)), ("maximum", Yaml::Whole(high))]
}

/// Bounds of a date that assigns its row to a month: from `low` in the first accepted year to `high` in the last.
fn placed(format: &str, low: &str, high: &str) -> Entries {
    let low = format!("{}-{low}", PLACED_YEARS.start());
    let high = format!("{}-{high}", PLACED_YEARS.end());
    vec![("format", format.into()), ("minimum", low.into()), ("maximum", high.into())]
}

fn options(table: Table, column: &Column) -> Entries {
    match column.kind {
        ColumnKind::Id => vec![("maxLength", Yaml::Whole(ID_BYTES_MAX as i64))],
        ColumnKind::Date => vec![("format", "yyyy-MM-dd".into())],
        ColumnKind::BoundedDate | ColumnKind::PlacingDate => placed("yyyy-MM-dd", "01-01", "12-31"),
        ColumnKind::PlacingMonth => placed("yyyy-MM", "01", "12"),
        ColumnKind::PlacingTime => placed("yyyy-MM-dd HH:mm:ss", "01-01 00:00:00", "12-31 23:59:59"),
        ColumnKind::Time => vec![("format", "yyyy-MM-dd HH:mm:ss".into())],
        ColumnKind::Energy if table == Table::MeterReadings => {
            between(if may_be_negative(column) { -READING_KWH_MAX } else { 0 }, READING_KWH_MAX)
        }
        ColumnKind::Money => between(-AMOUNT_CNY_MAX, AMOUNT_CNY_MAX),
        ColumnKind::Count if column.name == "severity" => between(SEVERITIES.0, SEVERITIES.1),
        ColumnKind::Count if column.name == "register_digits" => between(1, 12),
        ColumnKind::Count => between(0, COUNT_MAX),
        ColumnKind::Energy | ColumnKind::Thousandths | ColumnKind::Number => {
            vec![("minimum", Yaml::Whole(0))]
        }
        ColumnKind::Text | ColumnKind::Word(_) | ColumnKind::PowerFactor | ColumnKind::Flag => Vec::new(),
    }
}

fn may_be_negative(column: &Column) -> bool {
    let is_signed = column.kind == ColumnKind::Money && !["cost", "fee"].contains(&column.name);
    is_signed || column.name == "reactive_kvarh" || never_rejects(column)
}

/// Whether no cell of the column rejects its row.
fn never_rejects(column: &Column) -> bool {
    PART_COLUMNS.contains(&column.name)
}

/// The table and column that a column refers to: the table whose sole key column has the same name.
fn reference(table: Table, column: &Column) -> Option<(Table, &'static str)> {
    if column.name == "reverses" {
        return Some((table, "bill_id"));
    }
    // A table refers to those that are read before it.
    let mut before = Table::every().take_while(|other| *other != table);
    let other = before.find(|other| is_sole_key(*other, column.name))?;
    other.column(column.name).map(|key| (other, key.name))
}

/// Whether the key of a table is this one column.
fn is_sole_key(table: Table, name: &str) -> bool {
    let mut keys = table.columns().iter().filter(|column| column.key);
    keys.next().is_some_and(|key| key.name == name) && keys.next().is_none()
}

/// Columns whose values must not precede, or exceed, those of an earlier step.
const LATER_STEPS: [(Table, &str); 10] = [
    (Table::Interruptions, "restored_at"),
    (Table::Deliveries, "delivered_at"),
    (Table::Deliveries, "read_at"),
    (Table::Contacts, "first_contact_at"),
    (Table::Contacts, "analysed_at"),
    (Table::Contacts, "answered_at"),
    (Table::Contacts, "closed_at"),
    (Table::Contacts, "passed_on_at"),
    (Table::Contacts, "called_back_at"),
    (Table::Checks, "failed"),
];

/// Whether a cell of the column can break the rule, which rejects its row.
fn applies(table: Table, column: &Column, rule: Rule) -> bool {
    use ColumnKind as K;
    let kind = column.kind;
    let is_date = matches!(
        kind,
        K::Date | K::BoundedDate | K::PlacingDate | K::PlacingMonth | K::PlacingTime | K::Time
    );
    let is_scaled = matches!(kind, K::Energy | K::Money | K::Count | K::Thousandths);
    match rule {
        _ if never_rejects(column) => false,
        Rule::NullKey => column.key && !column.nullable,
        Rule::IdTooLong => kind == K::Id,
        Rule::BadDate => is_date,
        // `due_on` is nullable, but only reversals may leave it out.
        Rule::NullValue => !column.key && (!column.nullable || column.name == "due_on"),
        Rule::BadNumber => is_scaled || matches!(kind, K::Number | K::PowerFactor),
        Rule::NotFinite => is_scaled || kind == K::Number,
        Rule::OutOfBounds => is_scaled,
        // Negative numbers of these columns are reported as out of bounds.
        Rule::Negative => {
            let has_bounds = ["severity", "multiplier", "register_digits"].contains(&column.name);
            (is_scaled || kind == K::Number) && !may_be_negative(column) && !has_bounds
        }
        Rule::BadEnum => matches!(kind, K::Word(_) | K::PowerFactor | K::Flag),
        Rule::InvalidQuality => column.name == "quality",
        Rule::ClosedBeforeOpened => column.name == "closed_on",
        Rule::BadInterval => column.name == "read_until",
        Rule::RegisterDecrease => column.name == "register_kwh",
        Rule::MultiplierChanged => column.name == "multiplier",
        Rule::NeverRestored => column.name == "restored_at",
        Rule::UnknownService => column.name == "service",
        Rule::BadOrder => LATER_STEPS.contains(&(table, column.name)),
        Rule::AfterRemoval => column.name == "kind" && table.column("register_kwh").is_some(),
        // A reversal of an unknown bill still counts.
        Rule::Orphan => column.name != "reverses" && reference(table, column).is_some(),
        _ => false,
    }
}

/// A quality check of a column for a rule.
fn check(rule: Rule, kind: ColumnKind) -> Yaml {
    let words = match kind {
        ColumnKind::Word(words) => words.codes.iter().map(|&word| word.into()).collect(),
        ColumnKind::PowerFactor => POWER_FACTORS.map(Yaml::Number).to_vec(),
        _ => Vec::new(),
    };
    if rule == Rule::BadEnum && !words.is_empty() {
        let body = vec![
            ("metric", "invalidValues".into()),
            ("arguments", Yaml::Map(vec![("validValues", Yaml::List(words))])),
            ("mustBe", Yaml::Whole(0)),
        ];
        return described(rule, rule.meaning(), "library", body);
    }
    let meaning = match kind {
        // Such a day may lie in any year.
        ColumnKind::Date | ColumnKind::Time if rule == Rule::BadDate => "a date cannot be read",
        _ => rule.meaning(),
    };
    let body = vec![("engine", "gridtier".into()), ("implementation", rule.code().into())];
    described(rule, meaning, "custom", body)
}

fn described(rule: Rule, meaning: &str, kind: &str, body: Entries) -> Yaml {
    let mut entries: Entries =
        vec![("name", rule.code().into()), ("description", meaning.into()), ("type", kind.into())];
    entries.extend(body);
    entries.push(("unit", "rows".into()));
    entries.push(("dimension", dimension(rule).into()));
    entries.push(("severity", rule.severity().code().into()));
    Yaml::Map(entries)
}

fn dimension(rule: Rule) -> &'static str {
    match rule {
        Rule::NullKey | Rule::NullValue => "completeness",
        Rule::DuplicateKey | Rule::ConflictingReading => "uniqueness",
        Rule::Orphan => "consistency",
        Rule::InvalidQuality => "accuracy",
        _ => "conformity",
    }
}

/// Quality checks of rows or of the whole table.
fn table_quality(table: Table) -> Vec<Yaml> {
    let repeated = if Table::ENERGY.contains(&table) { Rule::ConflictingReading } else { Rule::DuplicateKey };
    let of_rows = [Rule::BadWidth, Rule::ErrorCell, repeated];
    let mut quality: Vec<Yaml> = of_rows.into_iter().map(|rule| check(rule, ColumnKind::Text)).collect();
    if table.required() {
        quality.push(Yaml::Map(vec![
            ("name", "has_rows".into()),
            ("description", "a required table without a row that can be used is refused".into()),
            ("type", "library".into()),
            ("metric", "rowCount".into()),
            ("mustBeGreaterThan", Yaml::Whole(0)),
            ("dimension", "completeness".into()),
            ("severity", "error".into()),
        ]));
    }
    quality.push(Yaml::Map(vec![
        ("name", "reject_limits".into()),
        (
            "description",
            "rows that break a rule are rejected and listed under rejects/ with file, row and rule; nothing is \
             published if there are more of them than the method allows; equal rows with the same key count once"
                .into(),
        ),
        ("type", "text".into()),
    ]));
    quality
}
