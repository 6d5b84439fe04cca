//! The distribution of amounts and scores over customers.

use crate::chart::{Axis, Boxes, Chart, Curve, Guide, Histogram, Lines, Link, Plot, Profile, Stroke};
use crate::table::{ColumnFormat, DataTable};
use gridtier::text;
use gridtier::text::Text;

/// The share of customers that the Pareto rule is about.
const FIFTH: f64 = 0.2;

/// The axes of curves over shares of customers.
fn shares(x: Text) -> [Axis; 2] {
    [
        Axis::new(x, ColumnFormat::Share),
        Axis::new(Text::new("share of the year's sum", "占全年合计的比例"), ColumnFormat::Share),
    ]
}

/// The curve that would result if all customers had the same amount.
fn equal() -> Curve {
    Curve {
        name: Text::new("if all were equal", "完全均等"),
        points: vec![[0.0, 0.0], [1.0, 1.0]],
        stroke: Stroke::Reference,
    }
}

/// The share that the largest customers have, from a table with the share of customers, the largest first, and a
/// column of shares for each amount.
#[must_use]
pub fn pareto(table: DataTable) -> Chart {
    let axes = shares(Text::new("share of customers, the largest first", "客户占比（由大到小）"));
    let mut lines = Lines::of_table(&table, axes);
    lines.curves.push(equal());
    lines.guides.push(Guide { name: Text::new("largest 20 %", "最大 20 %"), at: FIFTH });
    Chart::new(
        Text::coded("pareto", "What the largest customers bring", "大客户贡献（帕累托曲线）"),
        Text::new(
            "Customers are sorted from the largest on the left. The height of a curve is the share that they have together. The \
             dashed line crosses each curve at the share of the largest fifth.",
            "自左至右为由大到小的客户，高度为其累计占比。虚线与曲线的交点为最大 20 % 客户的占比。",
        ),
        Plot::Lines(lines),
        table,
    )
    .for_pages()
}

/// How unequal amounts are, from a table with the share of customers, the smallest first, and a column of shares for
/// each amount.
#[must_use]
pub fn lorenz(table: DataTable) -> Chart {
    let axes = shares(Text::new("share of customers, the smallest first", "客户占比（由小到大）"));
    let mut lines = Lines::of_table(&table, axes);
    lines.curves.push(equal());
    Chart::new(
        Text::coded("lorenz", "How unequal revenue and energy are", "电费与电量的集中程度（洛伦兹曲线）"),
        Text::new(
            "Customers are sorted from the smallest on the left. The height of a curve is the share that they have together. The \
             farther a curve is below the straight line, the fewer customers have most of the sum. Twice the area between the \
             curve and the line is the Gini coefficient.",
            "自左至右为由小到大的客户，高度为其累计占比。曲线离直线越远，越集中于少数客户；两线间面积的两倍为基尼系数。",
        ),
        Plot::Lines(lines),
        table,
    )
    .for_pages()
}

/// The scores of a stratum, from a table with the lower edge of each bin and counts by tier. `lines` are the lowest
/// scores of the tiers; `place` is the stratum's number from 1.
#[must_use]
pub fn scores(table: DataTable, width: f64, (stratum, place): (&Text, usize), lines: Vec<Guide>) -> Chart {
    let axes = [
        Axis::new(Text::new("points of the score", "得分"), ColumnFormat::Number(1)),
        Axis::new(Text::new("ranked customers", "参评户数"), ColumnFormat::Integer),
    ];
    let histogram = Histogram { guides: lines, ..Histogram::of_table(&table, width, axes) };
    let Text { en, zh, .. } = text!("Scores in stratum {stratum}", "分层 {stratum} 的得分分布"; stratum);
    Chart::new(
        Text::coded(format!("scores_{place}"), en, zh),
        Text::new(
            "Each column counts the ranked customers whose score is in its range, coloured by the tier that rank and quota give. \
             Each line is the lowest score of one of the better tiers. A customer with a confirmed offence may be on the other side.",
            "每柱为得分落入该区间的参评户数，按排名与比例所定等级分色。竖线为各较高等级的最低得分；有查实违约或窃电的客户可能在线外。",
        ),
        Plot::Histogram(histogram),
        table,
    )
    .for_pages()
}

/// The scores of each stratum as box plots.
#[must_use]
pub fn score_boxes(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("points of the score", "得分"), ColumnFormat::Number(1));
    Chart::new(
        Text::coded("score_boxes", "Scores by stratum", "各分层得分"),
        Text::new(
            "The box holds the middle half of a stratum's customers, the line in it is the median, and the thin line reaches \
             from the least score to the greatest. Customers are ranked only within their stratum.",
            "箱体为该分层居中的一半客户，箱内竖线为中位数，细线自最低得分至最高得分。客户仅在本分层内排名。",
        ),
        Plot::Boxes(Boxes::of_table(&table, axis)),
        table,
    )
    .for_pages()
}

/// Mean points of each indicator by tier, from a table with the indicator and a column for each tier.
#[must_use]
pub fn tier_points(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("mean points of 100", "平均得点（百分制）"), ColumnFormat::Number(1));
    Chart::new(
        Text::coded("tier_points", "How the tiers differ", "各等级的指标平均得点"),
        Text::new(
            "Each tier has a line from indicator to indicator. Where the lines are far apart, the tiers differ in the indicator; \
             where they meet, the tiers do not differ.",
            "每个等级一条线，逐项连接。各线相距越远，该指标越能区分等级；重合处不能区分。",
        ),
        Plot::Profile(Profile::of_table(&table, axis, Link::Along)),
        table,
    )
    .for_pages()
}
