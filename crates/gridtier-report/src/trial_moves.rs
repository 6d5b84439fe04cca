//! The customers who would move in a trial, as a list; and one customer before and after.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::cycle::Cycle;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::whatif::TrialOutcome;
use gridtier::word::Word as _;

use crate::format::grouped;
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataList, DataTable, ListError};

/// Rows of a list that are made at a time.
const BATCH: usize = 8_192;

/// The columns of the customers whose tier would change.
fn columns() -> Vec<DataColumn> {
    vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn {
            names: Some(|code| Some(names::stratum(code))),
            ..DataColumn::new(ColumnFormat::Word, "stratum", "stratum", "分层")
        },
        tier_column("before", "tier in the cycle", "本周期等级"),
        tier_column("after", "tier tried", "试算等级"),
        DataColumn::new(ColumnFormat::Number(2), "score_before", "score in the cycle", "本周期得分"),
        DataColumn::new(ColumnFormat::Number(2), "score_after", "score tried", "试算得分"),
    ]
}

fn tier_column(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn {
        names: Some(|code| Tier::from_code(code).map(names::tier)),
        ..DataColumn::new(ColumnFormat::Word, code, en, zh)
    }
}

/// The customers whose tier would change, in the order of ids, as a list whose rows are made while it is written.
#[must_use]
pub fn moved_list<'a>(cycle: &'a Cycle, outcome: &'a TrialOutcome) -> DataList<'a> {
    let batches = outcome.changed.chunks(BATCH).map(move |part| {
        let places = || part.iter().copied();
        let arrays = vec![
            texts(places().map(|at| cycle.customers.ids.key(cycle.rows[at].number))),
            texts(places().map(|at| outcome.tiers.stratum(at))),
            texts(places().map(|at| cycle.rows[at].tier.code())),
            texts(places().map(|at| outcome.tiers.tier[at].code())),
            scores(places().map(|at| cycle.rows[at].score_e6)),
            scores(places().map(|at| outcome.scores.score_e6(at))),
        ];
        Ok(RecordBatch::try_new(schema(), arrays)?)
    });
    let title = Text::coded("moved", "Who would change tier", "等级将变化的客户");
    DataList { title, columns: columns(), schema: schema(), about: Vec::new(), batches: Box::new(batches) }
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(texts.map(Some).collect::<StringArray>())
}

/// Scores in points, from 10⁻⁶ points.
fn scores(scores_e6: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let points = scores_e6.map(|score| score.map(|score| gridtier::index::float_i64(score) / 1e6));
    Arc::new(points.collect::<Float64Array>())
}

/// The types of the columns.
fn schema() -> SchemaRef {
    let texts = ["customer_id", "stratum", "before", "after"].map(|name| (name, DataType::Utf8));
    let scores = ["score_before", "score_after"].map(|name| (name, DataType::Float64));
    let fields = texts.into_iter().chain(scores).map(|(name, kind)| Field::new(name, kind, true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

/// The customers whose tier would change, at most so many of them, in the order of ids.
///
/// # Errors
/// Never but by a fault of the program.
pub fn moved(cycle: &Cycle, outcome: &TrialOutcome, most: usize) -> Result<Section, ListError> {
    let list = moved_list(cycle, outcome);
    if outcome.changed.is_empty() {
        let section = Section::titled(list.title);
        return Ok(section.sentence("Nobody would change tier.", "没有客户的等级会变化。"));
    }
    let section = Section::of_table(list.first(most)?);
    if outcome.changed.len() <= most {
        return Ok(section);
    }
    let [shown, all] = [most, outcome.changed.len()].map(|count| grouped(gridtier::index::count(count)));
    Ok(section.sentence(
        format!("The first {shown} of {all} customers, by id. The files below have all of them."),
        format!("共 {all} 户, 此处按户号列出前 {shown} 户; 下方的文件含全部。"),
    ))
}

/// One graded customer before and after. `at` is its position in the rows of the cycle.
#[must_use]
pub fn customer(cycle: &Cycle, outcome: &TrialOutcome, at: usize) -> Section {
    let row = &cycle.rows[at];
    let id = cycle.customers.ids.key(row.number);
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "when", "", ""),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Number(6), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"),
    ];
    let rows = [
        vec![
            DataCell::text("in the cycle", "本周期"),
            names::tier_cell(row.tier),
            names::points_cell(row.score_e6),
            row.rank.map_or(DataCell::Missing, DataCell::count),
        ],
        vec![
            DataCell::text("tried", "试算"),
            names::tier_cell(outcome.tiers.tier[at]),
            names::points_cell(outcome.scores.score_e6(at)),
            outcome.tiers.rank(at).map_or(DataCell::Missing, DataCell::count),
        ],
    ];
    Section::titled(text!("Customer {id}", "客户 {id}")).table(DataTable::new(
        Text::coded("customer", "", ""),
        columns,
        rows,
    ))
}
