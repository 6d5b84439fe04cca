//! What moved between two cycles, and why.

use std::cmp::Reverse;

use gridtier::compare::{
    Comparison, CustomerMove, Drift, DriftVerdict, ENDS, EndState, Pair, Step, TierStability, TransitionKey,
};
use gridtier::cycle::Cycle;
use gridtier::index::{count, index};
use gridtier::indicator::DIMENSIONS;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use serde_json::{Value, json};

use crate::charts;
use crate::format::{counted, decimal, grouped, quantity};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable, RowRole};

/// Number of moves that are shown one by one.
const SHOWN_MOVES: usize = 10;
/// Number of measures of drift that are shown; the tables have all of them.
const SHOWN_DRIFTS: usize = 10;
/// Number of measures of drift whose bins are drawn.
const SHOWN_BINS: usize = 3;
/// Decimals of indexes and rates that are not shares.
const INDEX_DECIMALS: u8 = 3;
/// Most decimals of the limits of bins.
const DECIMALS_MAX: u8 = 6;
/// Significance level of each of the twelve z-tests, so that all together have a level of 5 %.
const Z_TEST_LEVEL: f64 = 0.05 / 12.0;

/// The two cycles that are compared, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparedCycles {
    /// The earlier cycle.
    pub before: u64,
    /// The later cycle.
    pub after: u64,
    /// The revision of the earlier cycle whose values correct it, if there is one.
    pub revision: Option<u64>,
    /// Whether the later cycle is only rehearsed, so that no other command can be asked about it.
    pub is_rehearsed: bool,
}

/// The sections about a comparison.
#[must_use]
pub fn sections(pair: &Pair<'_>, comparison: &Comparison, cycles: ComparedCycles) -> Vec<Section> {
    let everybody = &comparison.stability[0];
    let table = matrix(comparison);
    let drawn = [charts::transitions(&table), charts::flow(&table)];
    let head = Section::titled(title(pair, everybody, cycles)).table(table);
    let head = drawn.into_iter().fold(head, Section::chart);
    vec![
        head.sentence(
            "Customers by tier before (rows) and after (columns); [ ] marks those who held their tier.",
            "行为前一周期等级, 列为后一周期等级; [ ] 为等级未变的户数。",
        ),
        verdicts(pair, comparison, everybody),
        waterfall(comparison),
        causes(comparison),
        moves(pair, comparison, cycles),
        drift(comparison),
        backtest(comparison),
    ]
}

fn cycle_name(cycle: &Cycle, number: u64) -> Text {
    let (day, method) = (cycle.end, &cycle.method.name);
    Text::new(
        format!("cycle {number} (as of {day}-01, method {method})"),
        format!("第 {number} 周期 (截止 {day}-01, 方法 {method})"),
    )
}

fn title(pair: &Pair<'_>, everybody: &TierStability, cycles: ComparedCycles) -> Text {
    let (before, after) = (cycle_name(pair.before, cycles.before), cycle_name(pair.after, cycles.after));
    let [compared, up, held, down] =
        [everybody.compared(), everybody.moved[0], everybody.moved[1], everybody.moved[2]].map(grouped);
    Text::new(
        format!(
            "From {} to {}: of {compared} customers graded in both, {up} rose, {held} held their tier, {down} fell",
            before.en, after.en
        ),
        format!(
            "{} 与 {} 对比: 两期均评级 {compared} 户, 升级 {up} 户, 不变 {held} 户, 降级 {down} 户",
            before.zh, after.zh
        ),
    )
}

/// States before, as rows of the matrix.
const FROM: [EndState; 6] = [
    EndState::Special,
    EndState::Grade1,
    EndState::Grade2,
    EndState::Grade3,
    EndState::New,
    EndState::Absent,
];
fn state(state: EndState) -> Text {
    state.tier().map_or_else(|| Text::of_word(state), names::tier)
}

fn matrix(comparison: &Comparison) -> DataTable {
    let customers = |is_in: &dyn Fn(&TransitionKey) -> bool| {
        let rows = comparison.transitions.iter().filter(|(key, _)| is_in(key));
        rows.map(|(_, sums)| sums.customers).sum::<u64>()
    };
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "from", "from \\ to", "由 \\ 至")];
    columns.extend(ENDS.map(|to| {
        let Text { en, zh, .. } = state(to);
        DataColumn::new(ColumnFormat::Integer, to.code(), en, zh)
    }));
    columns.push(DataColumn::new(ColumnFormat::Integer, "all", "all", "合计"));
    let mut table = DataTable::new(
        Text::coded("transitions", "", ""),
        columns,
        FROM.map(|from| {
            let mut row = vec![DataCell::Text(state(from))];
            row.extend(ENDS.map(|to| {
                let found = customers(&|key| key.before == from && key.after == to);
                if from == to && from.tier().is_some() {
                    DataCell::marked(found)
                } else {
                    DataCell::count(found)
                }
            }));
            row.push(DataCell::count(customers(&|key| key.before == from)));
            row
        }),
    );
    let mut total = vec![DataCell::text("all", "合计")];
    total.extend(ENDS.map(|to| DataCell::count(customers(&|key| key.after == to))));
    total.push(DataCell::count(customers(&|_| true)));
    table.rows.push(crate::table::DataRow { role: RowRole::Total, cells: total });
    table
}

/// What the comparison says about the grading, one sentence each.
fn verdicts(pair: &Pair<'_>, comparison: &Comparison, everybody: &TierStability) -> Section {
    let mut lines: Vec<Text> =
        comparison.gates(pair).iter().filter(|gate| gate.value.is_some()).map(names::gate).collect();
    let measures = everybody.measures();
    let measure =
        |name: &str| measures.iter().find(|(known, _)| *known == name).and_then(|(_, value)| *value);
    if let Some(tau) = measure("tau_b") {
        let tau = decimal(tau, INDEX_DECIMALS);
        lines.push(Text::new(
            format!("the order of customers ranked at both ends: Kendall's tau-b {tau} (1 is the same order, 0 none)"),
            format!("两期均排名客户的次序一致性: 肯德尔 tau-b {tau} (1 为完全一致, 0 为无关)"),
        ));
    }
    if let (Some(upper), Some(lower)) = (measure("mwb_upper"), measure("mwb_lower")) {
        let [fall, rise] = [upper, lower].map(|width| decimal(width, INDEX_DECIMALS));
        lines.push(Text::new(
            format!(
                "how far moves go: falls {fall}, rises {rise} of the farthest possible (weighted bandwidth)"
            ),
            format!("变动幅度: 降级 {fall}, 升级 {rise} (加权带宽, 1 为可能的最大幅度)"),
        ));
    }
    lines.extend(far_moves(everybody));
    lines.extend(why_not_split(comparison));
    Section::titled(Text::new("What it comes to", "结论")).with(crate::section::Block::Lines(lines))
}

/// Tiers to which more customers moved than to a nearer tier.
fn far_moves(everybody: &TierStability) -> impl Iterator<Item = Text> {
    let tests = everybody.neighbour_tests().into_iter();
    tests.filter(|test| test.p_value.is_some_and(|p| p < Z_TEST_LEVEL)).map(|test| {
        let [from, to, near] = [test.from, test.to, test.neighbour].map(|tier| names::tier(Tier::ALL[tier]));
        Text::new(
            format!("{} came to {} more often than to {}: look at what moved them", from.en, to.en, near.en),
            format!("{}变为{}的户数显著多于变为{}: 请核查原因", from.zh, to.zh, near.zh),
        )
    })
}

/// If moves could not be split, the reason.
fn why_not_split(comparison: &Comparison) -> Option<Text> {
    let status = comparison.attribution.status?;
    Some(Text::new(
        format!("no move could be split into its steps: {}", status.en()),
        format!("等级变动无法分解: {}", status.zh()),
    ))
}

/// The number of customers who joined minus the number who left, by step and tier.
fn waterfall(comparison: &Comparison) -> Section {
    let everybody: Vec<_> =
        comparison.waterfall.iter().filter(|row| row.stratum == gridtier::compare::EVERYBODY).collect();
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "step", "step", "步骤")];
    columns.extend(names::tier_columns());
    let steps = Step::ALL.iter().filter(|step| everybody.iter().any(|row| row.step == **step));
    let table = DataTable::new(
        Text::coded("waterfall", "", ""),
        columns,
        steps.map(|&step| {
            let mut row = vec![DataCell::word(step)];
            row.extend(Tier::ALL.iter().map(|&tier| {
                let found = everybody.iter().find(|row| row.step == step && row.tier == tier);
                found.map_or(DataCell::Blank, |row| {
                    DataCell::whole(i128::from(row.joined) - i128::from(row.left))
                })
            }));
            row
        }),
    );
    let drawn: Vec<_> = Tier::ALL.iter().map(|&tier| charts::members(&table, &names::tier(tier))).collect();
    let section =
        Section::titled(Text::new("How each tier's members changed", "各等级成员的变化")).table(table);
    drawn.into_iter().fold(section, Section::chart).sentence(
        "Each step is those who joined the tier less those who left it. Own behaviour is judged by the earlier cycle's \
         method and lines; cohort is what the same method makes of everybody's new values.",
        "各步骤为进入该等级的户数减去离开的户数。客户自身变化按前一周期的方法与界线判定; 群体与界线变动为同一方法用于全体新数据的结果。",
    )
}

/// How many rose and fell by cause.
fn causes(comparison: &Comparison) -> Section {
    let rows = Step::PARTS.iter().map(|&step| {
        let moves = comparison.attribution.moves.iter().filter(|moved| moved.cause() == Some(step));
        let (up, down): (Vec<&CustomerMove>, Vec<_>) = moves.partition(|moved| is_up(moved));
        (step, [up, down].map(|moves| count(moves.len())))
    });
    let table = DataTable::new(
        Text::coded("causes", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Word, "cause", "main cause", "主因"),
            DataColumn::new(ColumnFormat::Integer, "up", "rose", "升级"),
            DataColumn::new(ColumnFormat::Integer, "down", "fell", "降级"),
        ],
        rows.filter(|(_, changed)| changed.iter().any(|customers| *customers > 0))
            .map(|(step, [up, down])| vec![DataCell::word(step), DataCell::count(up), DataCell::count(down)]),
    );
    Section::titled(Text::new("Why customers moved", "等级变动的原因")).table(table)
}

fn is_up(moved: &CustomerMove) -> bool {
    moved.tier_after() < moved.tier_before()
}

/// How many tiers a customer rose or fell.
fn tiers_moved(moved: &CustomerMove) -> usize {
    moved.tier_after().position().abs_diff(moved.tier_before().position())
}

/// The moves that most need an explanation: the farthest ones, and among these the ones of the customers with the
/// most revenue.
fn moves(pair: &Pair<'_>, comparison: &Comparison, cycles: ComparedCycles) -> Section {
    let ComparedCycles { before, after, is_rehearsed, .. } = cycles;
    let attribution = &comparison.attribution;
    let revenue = |moved: &CustomerMove| {
        let after = pair.customers[index(moved.customer)].after_at();
        after.map_or(0, |at| pair.after.revenue_fen(pair.after.rows[at].number))
    };
    let mut changed: Vec<&CustomerMove> =
        attribution.moves.iter().filter(|moved| moved.tier_before() != moved.tier_after()).collect();
    changed.sort_by_key(|moved| (Reverse(tiers_moved(moved)), -revenue(moved), moved.customer));
    changed.truncate(SHOWN_MOVES);
    let table = DataTable::new(
        Text::coded("moves", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            DataColumn::new(ColumnFormat::Word, "tier_before", "tier before", "前等级"),
            DataColumn::new(ColumnFormat::Word, "tier_after", "tier after", "后等级"),
            DataColumn::new(ColumnFormat::Number(2), "score_before", "score before", "前得分"),
            DataColumn::new(ColumnFormat::Number(2), "score_after", "score after", "后得分"),
            DataColumn::new(ColumnFormat::Money, "revenue", "CNY a year", "年电费 (元)"),
            DataColumn::new(ColumnFormat::Word, "cause", "main cause", "主因"),
            DataColumn::new(ColumnFormat::Text, "own_first", "greatest own change", "自身变化首项"),
        ],
        changed.iter().map(|moved| {
            vec![
                DataCell::same(attribution.id(pair, moved).to_owned()),
                names::tier_cell(moved.tier_before()),
                names::tier_cell(moved.tier_after()),
                names::points_cell(moved.score_before_e6()),
                names::points_cell(moved.score_after_e6()),
                DataCell::Fen(revenue(moved).into()),
                moved.cause().map_or(DataCell::Missing, DataCell::word),
                moved.own_first.map_or(DataCell::Missing, |place| indicator(pair, place)),
            ]
        }),
    );
    let section = Section::titled(Text::new("Moves that need explaining first", "最需说明的变动"))
        .table(table)
        .sentence(
            "The farthest moves, and of these the customers with the most revenue.",
            "变动幅度最大者, 同幅度按年电费排列。",
        );
    if is_rehearsed {
        return section;
    }
    section.sentence(
        format!("Each one step by step: gridtier explain ID --since {before} --cycle {after} --store STORE."),
        format!("逐步说明: gridtier explain 户号 --since {before} --cycle {after} --store STORE。"),
    )
}

fn indicator(pair: &Pair<'_>, place: u16) -> DataCell {
    let [en, zh] = pair.before.method.indicators[usize::from(place)].titles.clone();
    DataCell::text(en, zh)
}

/// The measures that drifted most.
fn drift(comparison: &Comparison) -> Section {
    let mut drifts: Vec<&Drift> = comparison.drift.iter().filter(|drift| drift.stratum.is_none()).collect();
    drifts.sort_by(|a, b| b.index.value.total_cmp(&a.index.value));
    let beyond = drifts.iter().filter(|drift| drift.verdict() != DriftVerdict::Stable).count();
    drifts.truncate(SHOWN_DRIFTS);
    let table = DataTable::new(
        Text::coded("drift", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "measure", "measure", "指标"),
            DataColumn::new(ColumnFormat::Number(INDEX_DECIMALS), "value", "index", "稳定性指数"),
            DataColumn::new(ColumnFormat::Number(INDEX_DECIMALS), "sampling_95", "by chance", "抽样波动"),
            DataColumn::new(ColumnFormat::Word, "verdict", "verdict", "结论"),
        ],
        drifts.iter().map(|drift| {
            vec![
                DataCell::Text(measure_name(&drift.measure)),
                DataCell::Number(drift.index.value),
                DataCell::number(drift.index.sampling_95),
                DataCell::word(drift.verdict()),
            ]
        }),
    );
    let drawn = charts::drift(&table);
    let section =
        Section::titled(Text::new("Drift of the population", "客户群体漂移")).table(table).chart(drawn);
    let bins = drifts.iter().take(SHOWN_BINS).filter(|drift| drift.index.value > 0.0);
    bins.map(|drift| charts::drift_bins(bins_table(drift), &measure_name(&drift.measure)))
        .fold(section, Section::chart)
        .sentence(
            format!(
                "Population stability index on the earlier cycle's deciles: below 0.10 stable, from 0.25 on an alert. \
                 {beyond} measures are not stable."
            ),
            format!("以前一周期十分位计算的群体稳定性指数: 0.10 以下稳定, 0.25 以上报警。不稳定的共 {beyond} 项。"),
        )
}

/// Shares of customers by bin, before and after.
fn bins_table(drift: &Drift) -> DataTable {
    // Scores are counted in millionths of a point.
    let unit = if matches!(&*drift.measure, "score" | "score_frozen") { 1e6 } else { 1.0 };
    let marks: Vec<f64> =
        drift.index.bins.iter().filter_map(|bin| bin.mark).map(|mark| mark / unit).collect();
    let decimals = telling_apart(&marks);
    DataTable::new(
        Text::default(),
        vec![
            DataColumn::new(ColumnFormat::Text, "bin", "bin", "区间"),
            DataColumn::new(ColumnFormat::Share, "before", "before", "前期"),
            DataColumn::new(ColumnFormat::Share, "after", "after", "后期"),
        ],
        drift.index.bins.iter().map(|bin| {
            let name = Text::of_word(bin.side);
            let name = match bin.mark {
                Some(mark) => {
                    let mark = mark / unit;
                    let mark = decimals.map_or_else(|| quantity(mark), |decimals| decimal(mark, decimals));
                    let Text { en, zh, .. } = name;
                    text!("{en} {mark}", "{zh} {mark}")
                }
                None => name,
            };
            vec![
                DataCell::Text(name),
                DataCell::ratio(bin.before, drift.index.before),
                DataCell::ratio(bin.after, drift.index.after),
            ]
        }),
    )
}

/// The fewest decimals with which different neighbours among some numbers look different; `None` if those of
/// [`quantity`] suffice.
fn telling_apart(marks: &[f64]) -> Option<u8> {
    let differ = |shown: &dyn Fn(f64) -> String| {
        marks.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq() || shown(pair[0]) != shown(pair[1]))
    };
    if differ(&quantity) {
        return None;
    }
    let wanted = (1..=DECIMALS_MAX).find(|&decimals| differ(&|mark| decimal(mark, decimals)));
    Some(wanted.unwrap_or(DECIMALS_MAX))
}

fn measure_name(measure: &str) -> Text {
    match measure {
        "score" => Text::coded("score", "score", "得分"),
        "score_frozen" => Text::coded("score_frozen", "score by the earlier method", "得分 (按前一周期参数)"),
        dimension if DIMENSIONS.contains(&dimension) => names::dimension(dimension),
        indicator => gridtier::indicator::registry::find(indicator).map_or_else(
            || Text::same(indicator.to_owned()),
            |found| Text::coded(found.id, found.title, found.title_zh),
        ),
    }
}

/// How well the earlier scores foretold what happened.
fn backtest(comparison: &Comparison) -> Section {
    let tests = comparison.backtests.outcomes.iter().filter(|test| test.stratum.is_none());
    let table = DataTable::new(
        Text::coded("backtest", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Word, "outcome", "outcome", "结果"),
            DataColumn::new(ColumnFormat::Integer, "customers", "known of", "已知户数"),
            DataColumn::new(ColumnFormat::Integer, "events", "customers with it", "发生户数"),
            DataColumn::new(ColumnFormat::Number(INDEX_DECIMALS), "auc", "AUC", "AUC"),
            DataColumn::new(ColumnFormat::Text, "limits", "95 %", "95 % 区间"),
        ],
        tests.map(|test| {
            vec![
                DataCell::word(test.outcome),
                DataCell::count(test.customers),
                DataCell::count(test.events),
                DataCell::number(test.area.map(|area| area.value)),
                test.area.and_then(|area| area.limits).map_or(DataCell::Missing, |[low, high]| {
                    let [low, high] = [low, high].map(|limit| decimal(limit, INDEX_DECIMALS));
                    DataCell::same(format!("{low} … {high}"))
                }),
            ]
        }),
    );
    let section =
        Section::titled(Text::new("What the earlier scores foretold", "前一周期得分的预见性")).table(table).sentence(
            "AUC: how often, of two customers, the one without arrears or violation, or with top revenue, had the higher \
             score before; 0.5 is chance.",
            "AUC: 两户之中, 无欠费或违约 (或电费居前) 者此前得分较高的机会; 0.5 为随机。",
        );
    match comparison.backtests.overlap_months {
        0 => section,
        months => section.sentence(
            format!(
                "Of the later window {} in the earlier one too: what they show is no foresight.",
                counted(u64::from(months), "month was", "months were")
            ),
            format!("后一窗口有 {months} 个月也在前一窗口内, 这部分不属预见。"),
        ),
    }
}

/// The comparison as JSON for programs; single customers are in the tables.
#[must_use]
pub fn json(pair: &Pair<'_>, comparison: &Comparison, cycles: ComparedCycles) -> Value {
    let everybody = &comparison.stability[0];
    let measures: serde_json::Map<String, Value> =
        everybody.measures().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let transitions = comparison.transitions.iter().map(|(key, sums)| {
        json!({
            "stratum": pair.strata[index(key.stratum)],
            "from": key.before.code(),
            "from_provisional": key.before_provisional,
            "to": key.after.code(),
            "to_provisional": key.after_provisional,
            "customers": sums.customers,
        })
    });
    let causes = Step::PARTS.iter().map(|&step| {
        let moves = comparison.attribution.moves.iter().filter(|moved| moved.cause() == Some(step));
        (step.code().to_owned(), json!(moves.count()))
    });
    json!({
        "from": cycles.before,
        "cycle": cycles.after,
        "revision": cycles.revision,
        "transitions": transitions.collect::<Vec<_>>(),
        "stability": measures,
        "causes": causes.collect::<serde_json::Map<String, Value>>(),
        "waterfall": comparison.waterfall.iter().map(|row| json!({
            "stratum": row.stratum,
            "tier": row.tier.code(),
            "step": row.step.code(),
            "joined": row.joined,
            "left": row.left,
        })).collect::<Vec<_>>(),
        "drift": comparison.drift.iter().filter(|drift| drift.stratum.is_none()).map(|drift| json!({
            "measure": drift.measure,
            "value": drift.index.value,
            "sampling_95": drift.index.sampling_95,
            "verdict": drift.verdict().code(),
        })).collect::<Vec<_>>(),
        "backtest": comparison.backtests.outcomes.iter().filter(|test| test.stratum.is_none()).map(|test| json!({
            "outcome": test.outcome.code(),
            "customers": test.customers,
            "events": test.events,
            "auc": test.area.map(|area| area.value),
        })).collect::<Vec<_>>(),
        "gates": comparison.gates(pair),
    })
}

#[cfg(test)]
mod tests {
    use gridtier::statistics::stability_index::{BinSide, DriftBin, StabilityIndex};

    use super::*;

    #[test]
    fn limits_of_bins_of_a_score_are_points() {
        let bin = |number: u64, side: BinSide, mark: f64| DriftBin {
            number,
            side,
            mark: Some(mark),
            term: 0.0,
            before: 5,
            after: 5,
        };
        let bins = vec![bin(1, BinSide::Upto, 41_827_522.0), bin(2, BinSide::Above, 41_827_522.0)];
        let index = StabilityIndex { before: 10, after: 10, bins, value: 0.0, sampling_95: None };
        let table = bins_table(&Drift { stratum: None, measure: "score".to_owned(), index });
        let DataCell::Text(name) = &table.rows[0].cells[0] else { panic!("{table:?}") };
        assert_eq!((name.en.as_ref(), name.zh.as_ref()), ("up to 41.83", "不超过 41.83"));
    }

    #[test]
    fn limits_of_bins_have_as_many_decimals_as_tell_them_apart() {
        assert_eq!(telling_apart(&[]), None);
        assert_eq!(telling_apart(&[0.5, 0.55, 0.6]), None);
        assert_eq!(telling_apart(&[0.5384, 0.5391, 0.5412]), Some(3));
        // Equal limits, such as those of `below 1` and `equal to 1`, need not differ.
        assert_eq!(telling_apart(&[0.5, 1.0, 1.0]), None);
        assert_eq!(telling_apart(&[1e-9, 2e-9]), Some(DECIMALS_MAX));
    }
}
