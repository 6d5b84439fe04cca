//! The customers who would move in a trial, as a list; and one customer before and after.

use gridtier::cycle::Cycle;
use gridtier::text;
use gridtier::text::Text;
use gridtier::whatif::TrialOutcome;

use crate::format::grouped;
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

fn score(score: Option<i64>) -> DataCell {
    DataCell::number(score.map(|score| gridtier::index::float_i64(score) / 1e6))
}

/// The customers whose tier would change, in the order of ids, up to a maximum number.
#[must_use]
pub fn moved(cycle: &Cycle, outcome: &TrialOutcome, most: usize) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Text, "before", "tier in the cycle", "本周期等级"),
        DataColumn::new(ColumnFormat::Text, "after", "tier tried", "试算等级"),
        DataColumn::new(ColumnFormat::Number(2), "score_before", "score in the cycle", "本周期得分"),
        DataColumn::new(ColumnFormat::Number(2), "score_after", "score tried", "试算得分"),
    ];
    let rows = outcome.changed.iter().take(most).map(|&at| {
        let row = &cycle.rows[at];
        vec![
            DataCell::same(cycle.customers.ids.key(row.number).to_owned()),
            DataCell::Text(names::stratum(outcome.tiers.stratum(at))),
            names::tier_cell(row.tier),
            names::tier_cell(outcome.tiers.tier[at]),
            score(row.score_e6),
            score(outcome.scores.score_e6(at)),
        ]
    });
    let title = Text::coded("moved", "Who would change tier", "等级将变化的客户");
    let section = Section::of_table(DataTable::new(title, columns, rows));
    if outcome.changed.len() <= most {
        return section;
    }
    let [shown, all] = [most, outcome.changed.len()].map(|count| grouped(gridtier::index::count(count)));
    section.sentence(
        format!("The first {shown} of {all}, by id."),
        format!("共 {all} 户, 此处按户号列出前 {shown} 户。"),
    )
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
    let rank = |rank: Option<u64>| rank.map_or(DataCell::Missing, DataCell::count);
    let rows = [
        vec![
            DataCell::text("in the cycle", "本周期"),
            names::tier_cell(row.tier),
            score(row.score_e6),
            rank(row.rank),
        ],
        vec![
            DataCell::text("tried", "试算"),
            names::tier_cell(outcome.tiers.tier[at]),
            score(outcome.scores.score_e6(at)),
            rank(outcome.tiers.rank(at)),
        ],
    ];
    Section::titled(text!("Customer {id}", "客户 {id}")).table(DataTable::new(
        Text::coded("customer", "", ""),
        columns,
        rows,
    ))
}
