//! What a grading depends on: weights, indicators, and clusters of the data.

use crate::chart::{Axis, Bars, Chart, HeatMap, HeatScale, Plot, Tornado};
use crate::table::{ColumnFormat, DataTable};
use gridtier::text::Text;

/// How many customers change their tier if an indicator has less or more weight, from a table with the indicator, the
/// share with less weight and the share with more. `base` is the share over all drawn weights.
#[must_use]
pub fn weights(table: DataTable, base: f64) -> Chart {
    let axis =
        Axis::new(Text::new("customers whose tier changes", "等级变化的客户占比"), ColumnFormat::Share);
    Chart::new(
        Text::coded("weights", "Which weight matters most", "各指标权重的敏感性"),
        Text::new(
            "Weights were drawn at random around the method's. The line is the mean share of customers whose tier changes. \
             Each bar ends at the mean over the draws that gave the indicator more weight, or less. The longest bars are on top.",
            "围绕方法权重随机抽取权重。竖线为等级变化客户的平均占比；各条终点为该指标权重偏高或偏低时的平均占比，差别大者在上。",
        ),
        Plot::Tornado(Tornado::of_table(&table, axis, base)),
        table,
    )
    .for_pages()
}

/// How many customers change their tier if scores are combined in another way or without an indicator, from the
/// columns `variation` and `tier_changed`.
#[must_use]
pub fn left_out(table: &DataTable) -> Chart {
    let shown = table.select(&["variation", "tier_changed"]);
    let axis =
        Axis::new(Text::new("customers whose tier changes", "等级变化的客户占比"), ColumnFormat::Share);
    Chart::new(
        Text::coded("left_out", "What the tiers depend on", "等级对方法与指标的依赖"),
        Text::new(
            "Each bar is the share of customers whose tier would differ if scores were combined in another way, or without \
             an indicator.",
            "每条为改用其他合成方法或剔除某项指标后等级会变化的客户占比。",
        ),
        Plot::Bars(Bars::of_table(&shown, axis)),
        shown,
    )
    .beside_its_table()
}

/// How clusters differ, from a table with the indicator, its unit, and a column of means for each cluster.
#[must_use]
pub fn clusters(table: DataTable) -> Chart {
    let map = HeatMap {
        column_title: Text::new("clusters, the largest first", "类（由大到小）"),
        ..HeatMap::of_table(&table, ColumnFormat::Quantity, HeatScale::Row)
    };
    Chart::new(
        Text::coded("clusters", "How the clusters differ", "各类客户的指标均值"),
        Text::new(
            "Each row is an indicator in its own unit, each column a cluster that the data form without regard to tiers. The \
             darker a cell, the higher the cluster's mean among the means of its row.",
            "行为指标（各用其单位），列为不依等级、由数据自行形成的类。颜色越深，该类均值在本行中越高。",
        ),
        Plot::HeatMap(map),
        table,
    )
    .beside_its_table()
}
