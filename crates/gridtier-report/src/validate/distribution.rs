//! Tables for charts: how revenue, scores and points are distributed, and which weights move most customers.

use gridtier::cycle::{Cycle, ScoreSpread};
use gridtier::index::{float_i64, index};
use gridtier::method::Tier;
use gridtier::validate::Validation;

use crate::chart::Guide;
use crate::charts;
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;
use gridtier::word::Word;

/// Maximum number of strata whose scores have a chart of their own. They are the ones with most customers.
const SHOWN_STRATA: usize = 6;

/// The shares of revenue and energy that groups of customers have, as a table and as curves.
pub(super) fn concentration(held: DataTable, validation: &Validation) -> Section {
    let section = Section::of_table(held);
    if validation.lorenz.is_empty() {
        return section;
    }
    let [pareto, lorenz] = [curves(validation, true), curves(validation, false)];
    section.chart(charts::pareto(pareto)).chart(charts::lorenz(lorenz))
}

/// The points of one amount's curve, from left to right.
fn curve(validation: &Validation, amount: &str, is_from_the_largest: bool) -> Vec<[f64; 2]> {
    let points = validation.lorenz.iter().filter(|point| point.amount == amount);
    let points = points.map(|point| match is_from_the_largest {
        true => point.of_the_largest(),
        false => [point.customers_share, point.amount_share],
    });
    let mut points: Vec<[f64; 2]> = points.collect();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    points
}

fn share_at(curve: &[[f64; 2]], x: f64) -> DataCell {
    let found = curve.iter().find(|point| (point[0] - x).abs() < f64::EPSILON);
    DataCell::number(found.map(|point| point[1]))
}

/// The published Lorenz curves, from the largest amounts or from the smallest.
fn curves(validation: &Validation, is_from_the_largest: bool) -> DataTable {
    let [revenue, energy] =
        ["revenue", "energy"].map(|amount| curve(validation, amount, is_from_the_largest));
    let longer = if revenue.len() >= energy.len() { &revenue } else { &energy };
    DataTable::new(
        Text::default(),
        vec![
            DataColumn::new(ColumnFormat::Share, "customers_share", "of customers", "客户占比"),
            DataColumn::new(ColumnFormat::Share, "revenue_share", "revenue", "电费"),
            DataColumn::new(ColumnFormat::Share, "energy_share", "energy", "电量"),
        ],
        longer.iter().map(|&[x, _]| vec![DataCell::Number(x), share_at(&revenue, x), share_at(&energy, x)]),
    )
}

/// The distribution of a cycle's published scores, by stratum.
#[must_use]
pub fn scores(cycle: &Cycle) -> Section {
    let spreads = cycle.score_spreads();
    let mut section = Section::new();
    if spreads.is_empty() {
        return section;
    }
    for (at, spread) in spreads.iter().take(SHOWN_STRATA).enumerate() {
        let name = &cycle.strata[index(spread.stratum)];
        let width = float_i64(spread.width_e6) / 1e6;
        section = section.chart(charts::scores(
            bins(spread),
            width,
            (&names::stratum(name), at + 1),
            lines_of(cycle, name),
        ));
    }
    section.chart(charts::score_boxes(boxes(cycle, &spreads)))
}

/// The lowest score above each line of a stratum, if the stratum has the line.
fn lines_of(cycle: &Cycle, stratum: &str) -> Vec<Guide> {
    let lines = cycle.ledger.iter().filter(|line| line.stratum == stratum && line.count > 0);
    lines
        .filter_map(|line| {
            let at = float_i64(line.score_above_e6?) / 1e6;
            Some(Guide { name: Text::new(line.better.en(), line.better.zh()), at })
        })
        .collect()
}

fn bins(spread: &ScoreSpread) -> DataTable {
    let mut columns = vec![DataColumn::new(ColumnFormat::Number(1), "from", "score from", "得分自")];
    columns.extend(names::tier_columns());
    DataTable::new(
        Text::default(),
        columns,
        spread.bins.iter().map(|bin| {
            let mut row = vec![DataCell::Number(float_i64(bin.from_e6) / 1e6)];
            row.extend(bin.customers.map(DataCell::count));
            row
        }),
    )
}

fn boxes(cycle: &Cycle, spreads: &[ScoreSpread]) -> DataTable {
    DataTable::new(
        Text::default(),
        vec![
            DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
            DataColumn::new(ColumnFormat::Number(1), "least", "least", "最低"),
            DataColumn::new(ColumnFormat::Number(1), "lower_quartile", "lower quartile", "下四分位"),
            DataColumn::new(ColumnFormat::Number(1), "median", "median", "中位数"),
            DataColumn::new(ColumnFormat::Number(1), "upper_quartile", "upper quartile", "上四分位"),
            DataColumn::new(ColumnFormat::Number(1), "greatest", "greatest", "最高"),
            DataColumn::new(ColumnFormat::Integer, "customers", "ranked customers", "参评户数"),
        ],
        spreads.iter().map(|spread| {
            let mut row = vec![DataCell::Text(names::stratum(&cycle.strata[index(spread.stratum)]))];
            row.extend(spread.five_e6.map(|score| DataCell::Number(float_i64(score) / 1e6)));
            row.push(DataCell::count(spread.customers));
            row
        }),
    )
}

/// Mean points of each indicator by tier.
pub(super) fn tier_points(cycle: &Cycle, validation: &Validation) -> Section {
    if validation.ranked.is_empty() {
        return Section::new();
    }
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标")];
    columns.extend(Tier::ALL.map(|tier| {
        let Text { en, zh, .. } = names::tier(tier);
        DataColumn::new(ColumnFormat::Number(1), tier.code(), en, zh)
    }));
    let table = DataTable::new(
        Text::default(),
        columns,
        validation.tier_points.iter().map(|points| {
            let mut row = vec![title(cycle, points.place)];
            row.extend(points.means.map(DataCell::number));
            row
        }),
    );
    Section::new().chart(charts::tier_points(table))
}

/// The table of the effect of each weight, the largest effect first.
pub(super) fn weights(section: Section, cycle: &Cycle, validation: &Validation) -> Section {
    let Some(base) = validation.mean_change().filter(|_| !validation.ranked.is_empty()) else {
        return section;
    };
    let effects = validation.weight_effects(&cycle.parameters.weights);
    let table = DataTable::new(
        Text::default(),
        vec![
            DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
            DataColumn::new(ColumnFormat::Share, "less", "less weight", "权重偏低"),
            DataColumn::new(ColumnFormat::Share, "more", "more weight", "权重偏高"),
        ],
        effects.iter().map(|effect| {
            vec![title(cycle, effect.place), DataCell::number(effect.less), DataCell::number(effect.more)]
        }),
    );
    section.chart(charts::weights(table, base))
}

fn title(cycle: &Cycle, place: usize) -> DataCell {
    let [en, zh] = cycle.method.indicators[place].titles.clone();
    DataCell::text(en, zh)
}
