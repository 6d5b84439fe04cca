//! Part 5: how customers are graded, in sentences that a customer can check, and what lifts a grade.

use gridtier::indicator::DIMENSIONS;
use gridtier::indicator::registry::{self, Lever};
use gridtier::method::{Method, Spec};
use gridtier::score::Parameters;
use gridtier::text;
use gridtier::text::Text;

use super::text_column;
use crate::cycle_report::{formula, policies, tiering};
use crate::format::percent;
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RichText, RowRole};
use crate::weights;

/// The sections of the part.
pub(super) fn sections(method: &Method, parameters: &Parameters) -> Vec<Section> {
    let mut sections = vec![
        origin(method),
        Section::titled(text!("Indicators and weights", "指标与权重")).table(indicators(method, parameters)),
    ];
    sections.extend(weights::origins(method));
    sections.extend([
        Section::titled(text!("How the grade is determined", "等级的确定"))
            .with(Block::Lines(tiering(method))),
        Section::titled(text!("Rules beside the rank", "名次之外的规则"))
            .with(Block::Lines(policies(method))),
        lifts(method, parameters),
    ]);
    sections
}

/// What the system measures, and where it comes from.
fn origin(method: &Method) -> Section {
    let (name, months) = (&method.name, method.window_months);
    Section::new()
        .with(Block::Sentence(text!(
            "Customers are graded by what they contribute, how well they keep the rules of supply and how far they cooperate, \
             over {months} months (method {name}). Each indicator is turned into 0 to 100 points, and the weighted sum of the \
             points is the score.",
            "按客户的用电贡献、用电规范性和合作情况评价，评价期 {months} 个月（方法 {name}）。\
             各指标换算为 0 至 100 分，加权合计为得分。"
        )))
        .with(Block::Sentence(text!(
            "The system follows a paper on grading power customers by their value. Its Table 1 with the indicators is lost, and is \
             reconstructed here: the paper's text states the three dimensions, that contribution weighs most, and the four \
             tiers; formulas, weights and scales are the utility's choice.",
            "本体系依据论文《客户价值导向的电力客户分级服务》。其表 1（指标表）已佚失，此处为重建：三个维度、以贡献为最重以及四个等级\
             为论文原文，公式、权重和分值换算由供电企业确定。"
        )))
}

/// The indicators by dimension.
fn indicators(method: &Method, parameters: &Parameters) -> DataTable {
    let columns = vec![
        text_column("indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Share, "weight", "weight", "权重"),
        text_column("direction", "direction", "方向"),
        text_column("formula", "formula", "计算方法"),
        text_column("no_value", "when it is not counted", "何时不计"),
    ];
    let weighted: Vec<(&Spec, usize, f64)> = weighted(method, parameters);
    let mut rows = Vec::new();
    for (place, dimension) in DIMENSIONS.iter().enumerate() {
        let of_dimension: Vec<DataRow> = weighted
            .iter()
            .filter(|(_, of, _)| *of == place)
            .map(|(spec, _, weight)| {
                let [formula, no_value] = formula(spec).map(without_codes);
                vec![
                    DataCell::Rich(Box::new(named(spec))),
                    DataCell::Number(*weight),
                    DataCell::word(spec.direction),
                    DataCell::Text(formula),
                    DataCell::Text(no_value),
                ]
                .into()
            })
            .collect();
        if !of_dimension.is_empty() {
            let cells = vec![DataCell::Text(names::dimension(dimension))];
            rows.push(DataRow { role: RowRole::Group, cells });
            rows.extend(of_dimension);
        }
    }
    DataTable { title: Text::coded("indicators", "", ""), columns, rows }
}

/// A formula whose names of columns are read as words.
fn without_codes(Text { en, zh, .. }: Text) -> Text {
    Text::new(en.replace('_', " "), zh)
}

/// The indicators that have a weight, with the dimension and the weight in the cycle.
fn weighted<'m>(method: &'m Method, parameters: &Parameters) -> Vec<(&'m Spec, usize, f64)> {
    let with_weights = method.indicators.iter().zip(&parameters.weights);
    with_weights
        .filter_map(|(spec, weight)| Some((spec, weight.as_ref()?)))
        .map(|(spec, weight)| (spec, weight.dimension, weight.nominal()))
        .filter(|(_, _, weight)| *weight > 0.0)
        .collect()
}

fn title(spec: &Spec) -> Text {
    let [en, zh] = spec.titles.clone();
    Text::new(en, zh)
}

/// An indicator with its unit.
fn named(spec: &Spec) -> RichText {
    let unit = names::unit(&spec.unit);
    let details = if unit.is_empty() { Vec::new() } else { vec![unit] };
    RichText { plain: title(spec), lead: title(spec), is_strong: true, details, ..RichText::default() }
}

/// What a customer can do to be graded higher.
fn lifts(method: &Method, parameters: &Parameters) -> Section {
    let is_lever =
        |spec: &Spec| registry::find(&spec.id).is_some_and(|indicator| indicator.lever == Lever::Behaviour);
    let mut levers: Vec<(&Spec, f64)> = weighted(method, parameters)
        .into_iter()
        .filter(|(spec, ..)| is_lever(spec))
        .map(|(spec, _, weight)| (spec, weight))
        .collect();
    levers.sort_by(|a, b| b.1.total_cmp(&a.1));
    let lines = levers.into_iter().map(|(spec, weight)| {
        let (title, direction) = (title(spec), Text::of_word(spec.direction));
        let weight = percent(weight);
        text!(
            "{title}: {direction}; up to {weight} of the score",
            "{title}：{direction}，最多占得分的 {weight}";
            title, direction
        )
    });
    let (appeal, months) = (method.appeal.days, method.improvement.months);
    Section::titled(text!("What lifts a grade", "如何提升等级"))
        .with(Block::Sentence(text!(
            "Customers are never asked to use more energy. These indicators depend on what a customer does:",
            "不要求客户多用电。以下指标取决于客户自身的行为："
        )))
        .with(Block::Lines(lines.collect()))
        .with(Block::Sentence(text!(
            "A customer of grade-3 is given an improvement plan with {months} months to keep it. A customer who thinks that \
             its grade rests on wrong data may appeal within {appeal} days after the grading is published.",
            "三级客户可获得改进计划，期限 {months} 个月。客户认为等级所依据的数据有误的，可在等级公布后 {appeal} 天内申请复核。"
        )))
}
