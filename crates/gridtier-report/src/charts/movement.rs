//! How tiers and populations changed between two cycles.

use crate::chart::{Axis, Bars, Chart, Plot, Waterfall};
use crate::table::{ColumnFormat, DataCell, DataTable, RowRole};
use gridtier::compare::{DRIFT_LIMITS, Step};
use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier::word::Word;

/// How the members of a tier changed, from the column `step` and that of the tier.
#[must_use]
pub fn members(table: &DataTable, tier: &Text) -> Chart {
    let code = tier.pick(Voice::Codes).into_owned();
    let mut shown = table.select(&["step", &code]);
    shown.rows.retain(|row| row.cells.get(1).is_some_and(|cell| *cell != DataCell::Blank));
    for row in &mut shown.rows {
        let is_sum = match row.cells.first() {
            Some(DataCell::Text(step)) => {
                [Step::Before, Step::After].iter().any(|sum| step.code.as_deref() == Some(sum.code()))
            }
            _ => false,
        };
        row.role = if is_sum { RowRole::Total } else { RowRole::Body };
    }
    let Text { en, zh, .. } = tier.clone();
    let title = text!("How the members of {en} changed", "{zh} 成员的变化");
    let axis = Axis::new(Text::new("customers", "户数"), ColumnFormat::Integer);
    Chart::new(
        Text { code: Some(format!("members_{code}").into()), ..title },
        Text::new(
            "The first bar is the tier's number of customers before, the last one the number after. Each bar between them is the \
             number that joined in a step, minus the number that left in it.",
            "自期初户数至期末户数：中间各条为该步骤进入户数与离开户数之差。",
        ),
        Plot::Waterfall(Waterfall::of_table(&shown, axis)),
        shown,
    )
    .beside_its_table()
}

/// How far each measure drifted, from the columns `measure` and `value`.
#[must_use]
pub fn drift(table: &DataTable) -> Chart {
    let shown = table.select(&["measure", "value"]);
    let axis = Axis::new(Text::new("population stability index", "群体稳定性指数"), ColumnFormat::Number(3));
    let bars = Bars::of_table(&shown, axis)
        .with_guide(Text::new("watch", "关注"), DRIFT_LIMITS[0])
        .with_guide(Text::new("alert", "报警"), DRIFT_LIMITS[1]);
    Chart::new(
        Text::coded("drift", "What drifted most", "漂移最大的指标"),
        Text::new(
            "Each bar shows how much the distribution of a measure differs from that in the earlier cycle. A bar that ends left \
             of the first line is stable; one that ends right of the second is an alert.",
            "每条为该指标的客户分布与前一周期的差异：第一条线以左为稳定，第二条线以右为报警。",
        ),
        Plot::Bars(bars),
        shown,
    )
    .beside_its_table()
}

/// The bins in which a measure drifted, from a table with the bin and the share of customers in it before and after.
#[must_use]
pub fn drift_bins(table: DataTable, measure: &Text) -> Chart {
    let axis = Axis::new(Text::new("share of customers", "客户占比"), ColumnFormat::Share);
    let code = format!("drift_{}", measure.pick(Voice::Codes));
    let Text { en, zh, .. } = measure.clone();
    let title = text!("Where it drifted: {en}", "漂移所在区间：{zh}");
    Chart::new(
        Text { code: Some(code.into()), ..title },
        Text::new(
            "Each bin holds a tenth of the earlier cycle's customers, so the bars before are about equally long. Where the two \
             bars of a bin differ, customers came or went.",
            "区间为前一周期的十分位，故前期各条长度相近。两条长短不同的区间，即客户移入或移出之处。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}
