//! What another method would change in a published cycle.

use gridtier::limit::Breach;
use gridtier::method::Tier;
use gridtier::whatif::{ChangedKey, Trial, TrialOutcome};
use gridtier::word::Word;
use serde_json::{Value, json};

use crate::charts;
use crate::format::{counted, grouped, percent};
use crate::names;
use crate::section::Section;
use crate::summary::breach_lines;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// The outcome of a trial on a cycle with `customers` graded customers.
#[must_use]
pub fn sections(trial: &Trial, outcome: &TrialOutcome, customers: usize, version: u64) -> Vec<Section> {
    let mut sections = vec![Section::titled(title(outcome, customers, version))];
    if !trial.scaled.is_empty() {
        sections.push(Section::of_table(weights(trial)).sentence(
            "Siblings that were not set are scaled so that all sum to 1.",
            "未指定的同级权重按比例缩放, 使合计为 1。",
        ));
    }
    if !trial.changed.is_empty() {
        sections.push(Section::of_table(keys(trial)));
    }
    let is_of_publication =
        |key: &ChangedKey| OF_PUBLICATION.iter().any(|table| key.path.split('.').next() == Some(table));
    if trial.changed.iter().any(is_of_publication) {
        sections.push(Section::new().sentence(
            "Limits, plausibility and checks move no tier: they decide what is published and what validate says.",
            "limits、plausibility 和 checks 不影响等级, 只决定能否发布以及 validate 的结论。",
        ));
    }
    let moves = transitions(outcome);
    let drawn = [charts::transitions(&moves), charts::flow(&moves)];
    sections.push(drawn.into_iter().fold(Section::of_table(moves), Section::chart));
    sections.extend([counts(outcome), shares(outcome)].map(Section::of_table));
    sections
}

/// The breaches of the limits of the tried method. `None` if they are the same as under the cycle's own method and the
/// trial changes no limit.
#[must_use]
pub fn limits(trial: &Trial, own: &[Breach], tried: &[Breach]) -> Option<Section> {
    let has_limits = trial.changed.iter().any(|key| {
        key.path == "min_delivered_weight"
            || ["limits.", "plausibility."].iter().any(|table| key.path.starts_with(table))
    });
    if own == tried && !has_limits {
        return None;
    }
    if tried.is_empty() {
        return Some(Section::new().sentence(
            "Nothing is beyond the limits of this method: the cycle would be published.",
            "未超出此方法的限值: 该周期可以发布。",
        ));
    }
    let lines = breach_lines(tried);
    Some(Section::new().sentence(
        format!("Beyond the limits of this method, so that the cycle would not be published:{}", lines.en),
        format!("超出此方法的限值, 该周期不会发布:{}", lines.zh),
    ))
}

fn title(outcome: &TrialOutcome, customers: usize, version: u64) -> Text {
    let (changed, all) = (gridtier::index::count(outcome.changed.len()), gridtier::index::count(customers));
    let share = if all == 0 {
        crate::format::DASH.to_owned()
    } else {
        percent(gridtier::index::float(outcome.changed.len()) / gridtier::index::float(customers))
    };
    let customers = counted(all, "customer", "customers");
    let [changed, all, up, down] = [changed, all, outcome.up, outcome.down].map(grouped);
    Text::new(
        format!(
            "Cycle {version}, tried and not published: {changed} of {customers} ({share}) would change tier, \
             {up} up, {down} down"
        ),
        format!(
            "第 {version} 周期试算 (未发布): {all} 户中 {changed} 户 ({share}) 等级变化, 升 {up} 户, 降 {down} 户"
        ),
    )
}

/// Tables of the method that judge data and cycles, but not customers.
const OF_PUBLICATION: [&str; 3] = ["limits", "plausibility", "checks"];

fn keys(trial: &Trial) -> DataTable {
    let shown = |value: &Option<String>| value.clone().map_or(DataCell::Missing, DataCell::same);
    DataTable::new(
        Text::coded("keys", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Id, "key", "key of the method", "方法的键"),
            DataColumn::new(ColumnFormat::Text, "before", "cycle", "本周期"),
            DataColumn::new(ColumnFormat::Text, "after", "tried", "试算"),
        ],
        trial
            .changed
            .iter()
            .map(|key| vec![DataCell::same(key.path.clone()), shown(&key.before), shown(&key.after)]),
    )
}

fn weights(trial: &Trial) -> DataTable {
    DataTable::new(
        Text::coded("weights", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "name", "weight of", "权重"),
            DataColumn::new(ColumnFormat::Id, "weight", "key", "键"),
            DataColumn::new(ColumnFormat::Number(4), "before", "cycle", "本周期"),
            DataColumn::new(ColumnFormat::Number(4), "after", "tried", "试算"),
            DataColumn::new(ColumnFormat::Text, "how", "", ""),
        ],
        trial.scaled.iter().map(|scaled| {
            vec![
                DataCell::Text(names::weight(&scaled.path, &trial.method)),
                DataCell::same(scaled.path.clone()),
                DataCell::Number(scaled.before),
                DataCell::Number(scaled.after),
                if scaled.asked {
                    DataCell::text("set", "指定")
                } else {
                    DataCell::text("scaled", "缩放")
                },
            ]
        }),
    )
}

fn transitions(outcome: &TrialOutcome) -> DataTable {
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "from", "from \\ to", "由 \\ 至")];
    columns.extend(names::tier_columns());
    DataTable::new(
        Text::coded("transitions", "", ""),
        columns,
        Tier::ALL.into_iter().zip(outcome.transitions).map(|(from, to)| {
            let mut row = vec![names::tier_cell(from)];
            row.extend(to.map(DataCell::count));
            row
        }),
    )
}

fn counts(outcome: &TrialOutcome) -> DataTable {
    DataTable::new(
        Text::coded("counts", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
            DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
            DataColumn::new(ColumnFormat::Integer, "before", "cycle", "本周期"),
            DataColumn::new(ColumnFormat::Integer, "after", "tried", "试算"),
        ],
        outcome.counts.iter().map(|count| {
            vec![
                DataCell::Text(names::stratum(&count.stratum)),
                DataCell::Text(names::tier_of_code(count.tier)),
                DataCell::count(count.before),
                DataCell::count(count.after),
            ]
        }),
    )
}

fn shares(outcome: &TrialOutcome) -> DataTable {
    DataTable::new(
        Text::coded("shares", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "tiers", "tier", "等级"),
            DataColumn::new(
                ColumnFormat::Share,
                "revenue_before",
                "annual revenue, cycle",
                "年电费占比, 本周期",
            ),
            DataColumn::new(ColumnFormat::Share, "revenue_after", "tried", "试算"),
            DataColumn::new(
                ColumnFormat::Share,
                "energy_before",
                "annual energy, cycle",
                "年电量占比, 本周期",
            ),
            DataColumn::new(ColumnFormat::Share, "energy_after", "tried", "试算"),
        ],
        outcome.shares.iter().map(|shares| {
            vec![
                DataCell::Text(names::tier_of_code(shares.tiers)),
                DataCell::Number(shares.revenue_before),
                DataCell::Number(shares.revenue_after),
                DataCell::Number(shares.energy_before),
                DataCell::Number(shares.energy_after),
            ]
        }),
    )
}

/// The outcome as JSON for programs.
#[must_use]
pub fn json(
    trial: &Trial,
    outcome: &TrialOutcome,
    breaches: &[Breach],
    customers: usize,
    version: u64,
) -> Value {
    json!({
        "cycle": version,
        "customers": customers,
        "changed": outcome.changed.len(),
        "up": outcome.up,
        "down": outcome.down,
        "weights": trial.scaled,
        "keys": trial.changed,
        "tiers": Tier::CODES,
        "transitions": outcome.transitions,
        "counts": outcome.counts,
        "shares": outcome.shares,
        "breaches": breaches,
    })
}
