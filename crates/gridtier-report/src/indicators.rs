//! The indicators of a cycle: their meaning, their weights, and how much each contributes to the differences in score.

use gridtier::indicator::DIMENSIONS;
use gridtier::method::Method;
use gridtier::score::Parameters;
use gridtier::text::Text;

use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The indicators of a method, with the weights that a cycle used and the share of the score's variance that each has.
#[must_use]
pub fn section(method: &Method, parameters: &Parameters, influence: &[Option<f64>]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Text, "title", "name", "名称"),
        DataColumn::new(ColumnFormat::Text, "unit", "unit", "单位"),
        DataColumn::new(ColumnFormat::Text, "direction", "direction", "方向"),
        DataColumn::new(ColumnFormat::Text, "dimension", "dimension", "维度"),
        DataColumn::new(ColumnFormat::Text, "group", "group", "分组"),
        DataColumn::new(ColumnFormat::Share, "weight", "weight", "权重"),
        DataColumn::new(ColumnFormat::Share, "influence", "influence", "影响力"),
        DataColumn::new(ColumnFormat::YesNo, "delivered", "data delivered", "已提供数据"),
    ];
    let rows = method.indicators.iter().enumerate().map(|(place, spec)| {
        let weight = parameters.weights[place];
        let [en, zh] = spec.titles.clone();
        vec![
            DataCell::same(spec.id.clone()),
            DataCell::text(en, zh),
            DataCell::Text(names::unit(&spec.unit)),
            DataCell::word(spec.direction),
            weight.map_or(DataCell::Blank, |weight| {
                DataCell::Text(names::dimension(DIMENSIONS[weight.dimension]))
            }),
            DataCell::Text(names::indicator_group(&spec.group)),
            DataCell::number(weight.map(|weight| weight.nominal())),
            DataCell::number(influence[place]),
            DataCell::YesNo(parameters.delivered[place]),
        ]
    });
    let title = Text::coded("indicators", "Indicators", "指标");
    Section::of_table(DataTable::new(title, columns, rows)).sentence(
        "Influence is the share of the differences between scores that an indicator makes. One far above its weight decides more \
         than the method means it to; one far below tells customers hardly apart.",
        "影响力为指标在得分差异中所占比例。远高于权重, 表示其实际作用超出方法本意; 远低于权重, 表示该指标几乎不能区分客户。",
    )
}
