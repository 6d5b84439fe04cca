//! The weights of a method, and how they were determined.

use gridtier::indicator::DIMENSIONS;
use gridtier::method::ahp::{Judgement, dissent};
use gridtier::method::{Method, WeightSource};
use gridtier::word::Word;

use crate::format::{decimal, percent};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// Decimals of weights and consistency ratios.
const DECIMALS: u8 = 4;

/// The sections that describe a checked method.
#[must_use]
pub fn sections(method: &Method) -> Vec<Section> {
    let name = &method.name;
    let heading = Text::new(format!("method {name} is sound"), format!("方法 {name} 检查通过"));
    let mut sections = vec![Section::titled(heading).table(weights(method))];
    sections.extend(origins(method));
    sections
}

/// How those weights are determined that the method does not give as numbers: by judgements, or by each cycle's data.
#[must_use]
pub fn origins(method: &Method) -> Vec<Section> {
    let mut sections: Vec<Section> = method.judgements.iter().map(judgement).collect();
    let from_data = Section::new().with_all(from_data(method));
    if !from_data.blocks.is_empty() {
        sections.push(from_data);
    }
    sections
}

fn weights(method: &Method) -> DataTable {
    let weight = ColumnFormat::Number(DECIMALS);
    DataTable::new(
        Text::coded("weights", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Id, "dimension", "dimension", "维度"),
            DataColumn::new(weight, "dimension_weight", "weight", "权重"),
            DataColumn::new(ColumnFormat::Id, "group", "group", "分组"),
            DataColumn::new(weight, "group_weight", "weight", "权重"),
            DataColumn::new(ColumnFormat::Id, "indicator", "indicator", "指标"),
            DataColumn::new(weight, "indicator_weight", "weight", "权重"),
            DataColumn::new(weight, "nominal_weight", "in all", "总权重"),
        ],
        method.indicators.iter().filter_map(|spec| {
            let weight = spec.weight?;
            Some(vec![
                DataCell::same(DIMENSIONS[weight.dimension]),
                DataCell::Number(weight.of_dimension),
                DataCell::same(spec.group.clone()),
                DataCell::Number(weight.of_group),
                DataCell::same(spec.id.clone()),
                DataCell::Number(weight.of_indicator),
                DataCell::Number(weight.nominal()),
            ])
        }),
    )
}

fn judgement(judgement: &Judgement) -> Section {
    let (parent, ratio) = (&judgement.parent, decimal(judgement.pooled.cr, DECIMALS));
    let experts = judgement.experts.iter().map(|(expert, judged)| {
        let weights = judgement.items.iter().zip(&judged.weights);
        let weights: Vec<String> =
            weights.map(|(item, weight)| format!("{item} {}", decimal(*weight, DECIMALS))).collect();
        let weights = weights.join(", ");
        let [ratio, dissent] = [judged.cr, dissent(judged, &judgement.pooled)].map(|x| decimal(x, DECIMALS));
        Text::new(
            format!("{expert}: {weights}; consistency ratio {ratio}, dissent {dissent}"),
            format!("{expert}: {weights}; 一致性比率 {ratio}, 分歧 {dissent}"),
        )
    });
    let experts = experts.collect();
    let mut section = Section::new();
    if judgement.unjudged > 0 {
        let pairs = judgement.unjudged;
        section = section.sentence(
            format!("{pairs} pairs are not judged; the ratios are those of incomplete matrices."),
            format!("有 {pairs} 对未作比较; 一致性比率为不完全矩阵的比率。"),
        );
    }
    section
        .sentence(
            format!("AHP for {parent}: consistency ratio {ratio}"),
            format!("{parent} 的 AHP 判断: 一致性比率 {ratio}"),
        )
        .with(Block::Lines(experts))
}

/// The weights that are known only once there are data.
fn from_data(method: &Method) -> Vec<Block> {
    let mut blocks = Vec::new();
    for siblings in &method.siblings {
        let Some(from) = &siblings.from_data else { continue };
        let (parent, scheme) = (&siblings.parent, from.scheme.code());
        let text = match siblings.source() {
            WeightSource::Blend => {
                let given = percent(from.alpha);
                Text::new(
                    format!(
                        "Weights for {parent}: {given} as above, the rest by {scheme} from each cycle's data"
                    ),
                    format!("{parent} 的权重: {given} 如上, 其余由各周期数据按 {scheme} 计算"),
                )
            }
            _ => Text::new(
                format!("Weights for {parent}: by {scheme} from each cycle's data; until then equal"),
                format!("{parent} 的权重: 由各周期数据按 {scheme} 计算, 此前取等权"),
            ),
        };
        blocks.push(Block::Sentence(text));
        blocks.push(Block::Lines(vec![Text::same(siblings.items.join(", "))]));
    }
    blocks
}
