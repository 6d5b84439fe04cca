//! A cycle's tables as Arrow columns: the names that other programs rely on.
//!
//! Tables come as streams of batches, sorted by key, text as plain strings. Nothing is computed here that is not a
//! column of the engine already. How and where they are written is not known here.

pub mod checks;
pub mod facts;
pub mod parameters;
pub mod trial;
mod weights;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::fact::Facts;
use crate::method::Method;
use crate::run::Graded;
use crate::source::Finding;
use crate::word::Word;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// A table to be written.
pub struct Output<'a> {
    /// File name without extension.
    pub name: &'static str,
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, by key.
    pub batches: Box<dyn Iterator<Item = RecordBatch> + Send + 'a>,
}

/// The tables of a graded cycle; those of the facts only where the facts were counted and not taken from a cycle that
/// has published them.
#[must_use]
pub fn tables<'a>(graded: &'a Graded, method: &'a Method) -> Vec<Output<'a>> {
    let judged = vec![
        tiers(graded, method),
        indicators(graded, method),
        contributions(graded, method),
        ledger(graded),
        parameters::table(&graded.scores, method),
        weights::table(&graded.scores, method),
        findings(&graded.findings),
    ];
    facts::tables(&graded.facts).into_iter().chain(judged).collect()
}

/// The tables of a check: what was wrong, and what became of the rows.
#[must_use]
pub fn check_tables<'a>(facts: &'a Facts, all: &'a [Finding]) -> Vec<Output<'a>> {
    vec![findings(all), facts::reconciliation(facts), facts::unit_suspects(facts)]
}

fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn days(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

const TEXT: DataType = DataType::Utf8;
const INTEGER: DataType = DataType::Int64;
const NUMBER: DataType = DataType::Float64;
const DAY: DataType = DataType::Date32;
const FLAG: DataType = DataType::Boolean;

/// A column that always has a value.
fn full(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

/// A column that may be empty.
fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

/// A table of `rows` rows whose columns are made range by range.
fn table<'a>(
    name: &'static str,
    fields: Vec<Field>,
    rows: usize,
    columns: impl Fn(Range<usize>) -> Vec<ArrayRef> + Send + 'a,
) -> Output<'a> {
    let schema = Arc::new(Schema::new(fields));
    let shared = schema.clone();
    let starts = (0..rows).step_by(BATCH_ROWS);
    let batches = starts.map(move |start| {
        let columns = columns(start..(start + BATCH_ROWS).min(rows));
        RecordBatch::try_new(shared.clone(), columns).expect("columns and fields stand side by side")
    });
    Output { name, schema, batches: Box::new(batches) }
}

fn tiers<'a>(graded: &'a Graded, method: &'a Method) -> Output<'a> {
    let (scores, tiers, ids) = (&graded.scores, &graded.tiers, &graded.facts.customers.ids);
    let mut fields = vec![
        full("customer_id", TEXT),
        full("stratum", TEXT),
        nullable("rank", INTEGER),
        nullable("score_e6", INTEGER),
        nullable("contribution", NUMBER),
        nullable("compliance", NUMBER),
        nullable("cooperation", NUMBER),
        full("known_weight", NUMBER),
        full("provisional", FLAG),
        nullable("firm_from", DAY),
        nullable("tier_computed", TEXT),
        full("tier", TEXT),
        nullable("reason", TEXT),
        nullable("ceiling", TEXT),
    ];
    let probability = graded.tier_probability.as_ref();
    fields.extend(probability.map(|_| nullable("tier_probability", NUMBER)));
    table("tiers", fields, scores.population.len(), move |rows| {
        let each = || rows.clone();
        let reason = |at: usize| match scores.provisional[at] {
            Some(why) => Some(why.reason()),
            None => tiers.policy[at].map(|policy| policy.reason()),
        };
        let dimensions = scores.dimensions(&graded.columns, method, rows.clone());
        let own = |dimension: usize| numbers(dimensions.iter().map(|own| own[dimension]));
        let mut columns = vec![
            text(each().map(|at| Some(ids.key(scores.population[at])))),
            text(each().map(|at| Some(tiers.stratum(at)))),
            integers(each().map(|at| tiers.rank(at).map(|rank| rank as i64))),
            integers(each().map(|at| scores.score_e6(at))),
            own(0),
            own(1),
            own(2),
            numbers(each().map(|at| Some(scores.known_weight(at)))),
            flags(each().map(|at| scores.provisional[at].is_some())),
            days(each().map(|at| scores.firm_from.get(&at).map(|month| month.first_day()))),
            text(each().map(|at| tiers.computed[at].map(|tier| tier.code()))),
            text(each().map(|at| Some(tiers.tier[at].code()))),
            text(each().map(reason)),
            text(each().map(|at| tiers.ceiling[at].map(|tier| tier.code()))),
        ];
        columns.extend(probability.map(|probability| numbers(each().map(|at| probability[at]))));
        columns
    })
}

fn indicators<'a>(graded: &'a Graded, method: &'a Method) -> Output<'a> {
    let (scores, ids) = (&graded.scores, &graded.facts.customers.ids);
    let mut fields = vec![full("customer_id", TEXT)];
    for spec in &method.indicators {
        fields.push(nullable(&spec.id, NUMBER));
        fields.push(full(&format!("{}_status", spec.id), TEXT));
    }
    table("indicators", fields, scores.population.len(), move |rows| {
        let numbers_of = || rows.clone().map(|at| scores.population[at]);
        let mut columns = vec![text(numbers_of().map(|number| Some(ids.key(number))))];
        for column in &graded.columns {
            columns.push(numbers(numbers_of().map(|number| column.known(number as usize))));
            columns.push(text(numbers_of().map(|number| Some(column.get(number as usize).status()))));
        }
        columns
    })
}

fn contributions<'a>(graded: &'a Graded, method: &'a Method) -> Output<'a> {
    let (scores, ids) = (&graded.scores, &graded.facts.customers.ids);
    let mut fields = vec![full("customer_id", TEXT)];
    fields.extend(method.indicators.iter().map(|spec| full(&spec.id, NUMBER)));
    table("contributions", fields, scores.population.len(), move |rows| {
        let mut columns = vec![text(rows.clone().map(|at| Some(ids.key(scores.population[at]))))];
        let all = scores.contributions(&graded.columns, method, rows);
        columns.extend(all.into_iter().map(|points| Arc::new(Float64Array::from(points)) as ArrayRef));
        columns
    })
}

fn ledger(graded: &Graded) -> Output<'_> {
    let lines = &graded.tiers.ledger;
    let fields = vec![
        full("stratum", TEXT),
        full("boundary", TEXT),
        full("customers", INTEGER),
        full("quota", INTEGER),
        nullable("score_above_e6", INTEGER),
        nullable("score_below_e6", INTEGER),
        full("tie_group", INTEGER),
        full("broken_by", TEXT),
        full("count", INTEGER),
    ];
    table("ledger", fields, lines.len(), move |rows| {
        let each = || lines[rows.clone()].iter();
        let boundaries: Vec<String> = each().map(|line| line.boundary()).collect();
        vec![
            text(each().map(|line| Some(line.stratum.as_str()))),
            text(boundaries.iter().map(|boundary| Some(boundary.as_str()))),
            integers(each().map(|line| Some(line.customers as i64))),
            integers(each().map(|line| Some(line.quota as i64))),
            integers(each().map(|line| line.score_above_e6)),
            integers(each().map(|line| line.score_below_e6)),
            integers(each().map(|line| Some(line.tie_group as i64))),
            text(each().map(|line| Some(line.broken_by.name()))),
            integers(each().map(|line| Some(line.count as i64))),
        ]
    })
}

fn findings(findings: &[Finding]) -> Output<'_> {
    let fields = vec![
        full("table", TEXT),
        full("rule", TEXT),
        full("severity", TEXT),
        full("rows", INTEGER),
        full("example", TEXT),
    ];
    table("findings", fields, findings.len(), move |rows| {
        let each = || findings[rows.clone()].iter();
        vec![
            text(each().map(|finding| Some(finding.table.as_str()))),
            text(each().map(|finding| Some(finding.rule.code()))),
            text(each().map(|finding| Some(finding.severity.word()))),
            integers(each().map(|finding| Some(finding.rows as i64))),
            text(each().map(|finding| Some(finding.example.as_str()))),
        ]
    })
}
