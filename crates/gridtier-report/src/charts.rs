//! Charts that several results share. They are made from the tables of their sections, since a chart computes nothing.

mod cost;
mod distribution;
mod movement;
mod service;
mod survey;
mod weight;

use crate::chart::{Axis, Bars, Chart, Columns, Flow, HeatMap, HeatScale, Link, Plot, Profile, Waterfall};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};
use gridtier::text::Text;

pub use cost::costs;
pub use distribution::{lorenz, pareto, score_boxes, scores, tier_points};
pub use movement::{drift, drift_bins, members};
pub use service::{ageing, complaint_topics, due_and_delivered, promises_by_month, promises_kept};
pub use survey::{delivered_value, survey_gaps};
pub use weight::{clusters, left_out, weights};

/// The contribution of each tier, from the columns `tier`, `customers_share`, `revenue_share` and `energy_share`.
#[must_use]
pub fn tiers(table: &DataTable) -> Chart {
    let mut shown = table.select(&["tier", "customers_share", "revenue_share", "energy_share"]);
    let names = [("customers", "户数"), ("revenue", "电费"), ("energy", "电量")];
    for (column, name) in shown.columns.iter_mut().skip(1).zip(names) {
        let code = column.title.code.take();
        column.title = Text { code, ..Text::from(name) };
    }
    let bars =
        Bars::of_table(&shown, Axis::new(Text::new("share of all", "占全部的比例"), ColumnFormat::Share));
    Chart::new(
        Text::coded("tier_shares", "What each tier brings", "各等级的户数、电费与电量占比"),
        Text::new(
            "Three bars for each tier: its share of customers, of revenue and of energy. Where the second and third bar \
             are longer than the first, a customer of the tier brings more than the average.",
            "每个等级三条：户数、电费、电量占比。后两条长于第一条时，该等级客户的户均贡献高于平均水平。",
        ),
        Plot::Bars(bars),
        shown,
    )
    .beside_its_table()
}

/// The influence of each indicator beside its weight, from the columns of the table of influence.
#[must_use]
pub fn influence(table: &DataTable) -> Chart {
    let shown = table.select(&["indicator", "weight", "influence"]);
    let axis = Axis::new(Text::new("share of all indicators", "占全部指标的比例"), ColumnFormat::Share);
    Chart::new(
        Text::coded("influence", "Weight and influence of each indicator", "各指标的名义权重与实际影响力"),
        Text::new(
            "Two marks for each indicator: its weight in the method, and its share of the differences between scores. The \
             longer the line between them, the less the weight says about what decides.",
            "每项指标两个标记：方法中的权重，以及在得分差异中所占的份额。两者之间的线越长，权重与实际作用相差越大。",
        ),
        Plot::Profile(Profile::of_table(&shown, axis, Link::Between)),
        shown,
    )
    .beside_its_table()
}

/// How the indicators add up to a score: the rows of indicators with the columns `indicator`, `contribution` and
/// `so_far`. The last `so_far` is the score.
#[must_use]
pub fn score(table: &DataTable) -> Chart {
    let mut shown = table.select(&["indicator", "contribution", "so_far"]);
    shown.rows.retain(|row| row.role == RowRole::Body);
    let last = shown.rows.last().and_then(|row| row.cells.last()).cloned().unwrap_or(DataCell::Missing);
    let total = vec![DataCell::text("score", "得分"), last.clone(), last];
    shown.rows.push(DataRow { role: RowRole::Total, cells: total });
    let axis = Axis::new(Text::new("points of the score", "得分"), ColumnFormat::Number(2));
    Chart::new(
        Text::coded("score", "How the score comes about", "得分构成"),
        Text::new(
            "Each bar is what an indicator adds; it begins where the bar before it ends. The last bar is their sum.",
            "每一条为一项指标的加分，起点为前一条的终点；最后一条为合计。",
        ),
        Plot::Waterfall(Waterfall::of_table(&shown, axis)),
        shown,
    )
    .beside_its_table()
}

/// Energy by month: a table of months and kWh.
#[must_use]
pub fn months(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("energy, kWh", "电量 (kWh)"), ColumnFormat::Number(0));
    Chart::new(
        Text::coded("months", "Energy by month", "逐月用电量"),
        Text::new(
            "A column for each month of the window; a month without a reading has none.",
            "评价窗口内每月一柱；没有抄表读数的月份留空。",
        ),
        Plot::Columns(Columns::of_table(&table, axis)),
        table,
    )
}

/// A heat map of moves between tiers, from a table whose first column is the tier before and whose other columns are
/// tiers after. Columns of sums, with the code `all`, are left out.
#[must_use]
pub fn transitions(table: &DataTable) -> Chart {
    let shown = without_sums(table);
    let heat = HeatMap {
        row_title: Text::new("before", "变动前"),
        column_title: Text::new("after", "变动后"),
        ..HeatMap::of_table(&shown, ColumnFormat::Integer, HeatScale::Row)
    };
    Chart::new(
        Text::coded("transitions", "Customers by tier before and after", "等级转移矩阵"),
        Text::new(
            "Each row is a tier before, each column a tier after. The darker a cell, the more of its row went there. Cells \
             to the right of the diagonal are falls.",
            "行为变动前等级，列为变动后等级。颜色越深，该行客户去往此处越多；对角线右侧为降级。",
        ),
        Plot::HeatMap(heat),
        shown,
    )
    .beside_its_table()
}

/// The same moves as ribbons.
#[must_use]
pub fn flow(table: &DataTable) -> Chart {
    let shown = without_sums(table);
    let heat = HeatMap::of_table(&shown, ColumnFormat::Integer, HeatScale::All);
    let values = heat.values.iter().map(|row| row.iter().map(|value| value.unwrap_or(0.0)).collect());
    let flow = Flow {
        from_title: Text::new("before", "变动前"),
        to_title: Text::new("after", "变动后"),
        values: values.collect(),
        from: heat.rows,
        to: heat.columns,
        format: ColumnFormat::Integer,
    };
    Chart::new(
        Text::coded("flow", "Where customers went", "等级流向"),
        Text::new(
            "The tiers before are on the left, those after on the right, each as high as its number of customers. The width \
             of a ribbon is the number of customers that moved that way.",
            "左侧为变动前等级，右侧为变动后等级，高度为户数；带的宽度为由此及彼的户数。",
        ),
        Plot::Flow(flow),
        shown,
    )
    .beside_its_table()
}

/// A table without its row and column of sums.
fn without_sums(table: &DataTable) -> DataTable {
    let codes: Vec<&str> = table
        .columns
        .iter()
        .filter_map(|column: &DataColumn| column.title.code.as_deref())
        .filter(|code| *code != "all")
        .collect();
    let mut shown = table.select(&codes);
    shown.rows.retain(|row| row.role == RowRole::Body);
    shown
}

#[cfg(test)]
mod tests;
