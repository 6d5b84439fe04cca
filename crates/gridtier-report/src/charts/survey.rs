//! Charts about surveys: gaps and delivered value, with their intervals.

use crate::chart::{Axis, Chart, Link, Plot, Profile};
use crate::table::{ColumnFormat, DataTable};
use gridtier::text::Text;

/// Gaps by dimension and tier, from a table with the name, the lower end of the interval, the mean and the upper end.
#[must_use]
pub fn survey_gaps(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("perception less expectation", "感知减期望"), ColumnFormat::Number(2));
    intervals(
        table,
        axis,
        Text::coded("survey_gaps", "Gaps by dimension and tier", "各维度、各等级的服务质量差距"),
        Text::new(
            "Three marks for each dimension and tier: the mean gap, and the ends of its 95 % interval. Left of 0, less is \
             perceived than expected. Intervals that do not overlap show that two groups differ.",
            "每个维度、每个等级三个标记：差距均值及其 95 % 置信区间的两端。在 0 左侧表示感知低于期望。区间不重叠表示两组有差异。",
        ),
    )
}

/// The delivered value by tier, from a table with the tier, the lower end of the interval, the mean and the upper end.
#[must_use]
pub fn delivered_value(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("points", "分"), ColumnFormat::Number(2));
    intervals(
        table,
        axis,
        Text::coded("delivered_value", "Delivered value by tier", "各等级的让渡价值"),
        Text::new(
            "Three marks for each tier: customer value less customer cost on average, and the ends of its 95 % interval. \
             Right of 0, customers get more than it costs them.",
            "每个等级三个标记：顾客价值减顾客成本的均值，及其 95 % 置信区间的两端。在 0 右侧表示所得大于所付。",
        ),
    )
}

fn intervals(table: DataTable, axis: Axis, title: Text, reading: Text) -> Chart {
    let plot = Plot::Profile(Profile::of_table(&table, axis, Link::Between));
    Chart::new(title, reading, plot, table).for_pages()
}
