//! The method of a cycle in sentences: how points, scores and tiers are computed, and which policies change them.

use gridtier::indicator::registry;
use gridtier::method::{
    Approval, GradingUnit, Method, Normalise, NormaliseWithin, Scale, Spec, Strata, Tier,
};
use gridtier::score::Parameters;
use gridtier::text;
use gridtier::text::Text;

use super::Part;
use crate::format::{percent, quantity};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use crate::weights;

/// The chapter on the method.
#[must_use]
pub fn method(method: &Method, parameters: &Parameters) -> Part {
    let name = &method.name;
    let mut sections = vec![
        Section::titled(text!("Method {name} in words", "方法 {name} 说明"))
            .with(Block::Lines(scoring(method))),
        Section::titled(Text::new("How tiers are determined", "等级的确定"))
            .with(Block::Lines(tiering(method))),
        Section::titled(Text::new("Policies that overrule the rank", "名次之外的规则"))
            .with(Block::Lines(policies(method))),
        Section::of_table(indicators(method, parameters)),
    ];
    sections.extend(weights::origins(method));
    Part::new(Text::coded("method", "Method in words", "方法说明"), sections)
}

fn scoring(method: &Method) -> Vec<Text> {
    let (months, least) = (method.window_months, method.min_months);
    let known = percent(method.min_known_weight);
    let (combine, unknown) = (Text::of_word(method.combine), Text::of_word(method.unknown));
    let fitted = Text::of_word(method.normalise_within);
    let unit = match method.grading_unit {
        GradingUnit::Account => text!("Each account is graded by itself.", "以户号为评级单位。"),
        GradingUnit::Holder => {
            text!("All accounts of a holder are graded together.", "同一客户的全部户号合并评级。")
        }
    };
    let mut lines = vec![
        unit,
        text!("The window has {months} months.", "评价窗口为 {months} 个月。"),
        text!(
            "Every indicator is turned into 0 to 100 points. The score combines the points by their weights ({combine}).",
            "各指标换算为 0 至 100 分, 按权重合成得分 ({combine})。"; combine
        ),
        text!("An unknown indicator: {unknown}.", "未知指标的处理: {unknown}。"; unknown),
        text!(
            "A customer is not ranked and gets a provisional tier if it has fewer than {least} covered months, or if its known \
             indicators have less than {known} of the weight.",
            "有效月份少于 {least} 个, 或已知指标权重低于 {known} 的客户不参与排名, 取暂定等级。"
        ),
    ];
    if method.normalise_within == NormaliseWithin::Stratum || method.strata != Strata::None {
        lines.push(text!("Points are fitted to: {fitted}.", "分值拟合范围: {fitted}。"; fitted));
    }
    lines
}

/// How tiers are determined, in sentences.
pub(crate) fn tiering(method: &Method) -> Vec<Text> {
    let strata = Text::of_word(method.strata);
    let shares = |quotas: &[u32; 4]| {
        let parts: Vec<Text> = Tier::ALL
            .into_iter()
            .zip(quotas)
            .map(|(tier, share)| {
                let tier = Text::of_word(tier);
                text!("{tier} {share} %", "{tier} {share} %"; tier)
            })
            .collect();
        Text::join(&parts, ", ")
    };
    let (quotas, ties) = (shares(&method.lines.quotas), Text::of_word(method.ties));
    let mut lines = vec![match method.strata {
        Strata::None => text!("All customers are ranked in one order by score.", "全部客户按得分统一排名。"),
        _ => {
            let least = method.min_stratum;
            text!(
                "Customers are ranked by score within their {strata}. Strata with fewer than {least} ranked customers are merged.",
                "客户在各{strata}内按得分排名; 参评户数少于 {least} 的分层合并。"; strata
            )
        }
    }];
    lines.push(
        text!("Shares of the tiers, from the best: {quotas}.", "等级比例 (由高到低): {quotas}。"; quotas),
    );
    for (stratum, quotas) in &method.lines.by_stratum {
        let (stratum, quotas) = (names::stratum(stratum), shares(quotas));
        lines.push(text!("In {stratum}: {quotas}.", "{stratum}: {quotas}。"; stratum, quotas));
    }
    for (tier, floor) in Tier::ALL.into_iter().zip(method.lines.floors_e6) {
        if let Some(floor) = floor {
            let (tier, floor) = (names::tier(tier), quantity(gridtier::index::float_i64(floor) / 1e6));
            lines.push(text!("{tier} also needs {floor} points.", "{tier}另须达到 {floor} 分。"; tier));
        }
    }
    lines.push(text!("Equal scores at a line: {ties}.", "界线上同分的处理: {ties}。"; ties));
    let provisional = names::tier(method.provisional_tier);
    lines.push(text!("Provisional customers get {provisional}.", "暂定客户取{provisional}。"; provisional));
    lines
}

/// The policies that overrule the rank, in sentences.
pub(crate) fn policies(method: &Method) -> Vec<Text> {
    let mut lines: Vec<Text> = method
        .vetoes
        .iter()
        .map(|veto| {
            let kinds: Vec<Text> = veto.kinds.iter().map(|&kind| Text::of_word(kind)).collect();
            let (kinds, best) = (Text::join(&kinds, " / "), names::tier(veto.ceiling));
            let (count, severity) = (veto.min_count, veto.min_severity);
            text!(
                "{count} or more confirmed offences ({kinds}) of severity {severity} or above: {best} at best.",
                "查实行为 ({kinds}) 严重程度 {severity} 及以上达 {count} 次: 最高{best}。"; kinds, best
            )
        })
        .collect();
    if let Some(band) = method.hysteresis {
        let band = percent(band);
        lines.push(text!(
            "A tier changes by one only if the rank passes the line by {band} of the stratum.",
            "名次须越过界线达分层户数的 {band}, 等级才变动一级。"
        ));
    }
    if let Some(most) = method.step_limit {
        lines.push(text!("A customer rises by at most {most} tiers in a cycle.", "每周期最多升 {most} 级。"));
    }
    if !method.overrides.is_empty() {
        let count = method.overrides.len();
        lines.push(text!(
            "The method has {count} overrides for single customers, each with approver, reason and last day.",
            "方法中有 {count} 项针对单个客户的人工核定, 均注明批准人、理由和有效期。"
        ));
    }
    if method.governance.approval == Approval::Required {
        lines.push(text!(
            "A cycle is published only after somebody other than its proposer approves it.",
            "周期须由提案人以外的人批准后发布。"
        ));
    }
    if lines.is_empty() {
        lines.push(text!("None: tiers depend only on rank and quota.", "无: 等级仅由名次与比例确定。"));
    }
    lines
}

fn indicators(method: &Method, parameters: &Parameters) -> DataTable {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Share, "weight", "weight", "权重"),
        DataColumn::new(ColumnFormat::Text, "formula", "formula", "公式"),
        DataColumn::new(ColumnFormat::Text, "no_value", "when it has no value", "何时无值"),
        DataColumn::new(ColumnFormat::Text, "points", "0 to 100 points", "换算为分值"),
    ];
    let rows = method.indicators.iter().enumerate().filter_map(|(place, spec)| {
        let weight = parameters.weights[place]?;
        let [formula, no_value] = formula(spec);
        Some(vec![
            DataCell::text(spec.titles[0].clone(), spec.titles[1].clone()),
            DataCell::Number(weight.nominal()),
            DataCell::Text(formula),
            DataCell::Text(no_value),
            spec.normalise
                .as_ref()
                .map_or(DataCell::Missing, |normalise| DataCell::Text(points(spec, normalise))),
        ])
    });
    let title = Text::coded("formulas", "Indicators, formulas and points", "指标、公式与分值换算");
    DataTable::new(title, columns, rows)
}

/// The formula of an indicator, and the condition under which it has no value.
pub(crate) fn formula(spec: &Spec) -> [Text; 2] {
    match registry::find(&spec.id) {
        Some(known) => {
            [Text::new(known.formula, known.formula_zh), Text::new(known.no_value, known.no_value_zh)]
        }
        None => [
            Text::new("an expression of the method file", "方法文件中的表达式"),
            Text::new("unknown: a fact that it uses is unknown", "未知: 所用事实未知"),
        ],
    }
}

/// How a value is turned into points.
fn points(spec: &Spec, normalise: &Normalise) -> Text {
    let direction = Text::of_word(spec.direction);
    let how = match normalise {
        Normalise::MinMax(transform, scale) => {
            let transform = Text::of_word(*transform);
            let between = match *scale {
                Scale::Quantiles(low, high) => {
                    let [low, high] = [low, high].map(percent);
                    text!("between the quantiles {low} and {high}", "{low} 至 {high} 分位之间线性")
                }
                Scale::Goalposts(low, high) => {
                    let [low, high] = [low, high].map(quantity);
                    text!("between {low} and {high}", "{low} 至 {high} 之间线性")
                }
            };
            if transform.code.as_deref() == Some("none") {
                between
            } else {
                text!("{between}, of {transform}", "{transform} 后取{between}"; between, transform)
            }
        }
        Normalise::Percentile => text!("share of customers below", "低于该值的客户占比"),
        Normalise::Points(knots) => {
            let knots: Vec<String> =
                knots.iter().map(|(x, z)| format!("{} → {}", quantity(*x), quantity(*z))).collect();
            let knots = knots.join(", ");
            return text!("by knots: {knots}", "分段: {knots}");
        }
        Normalise::Target { target, tolerance } => {
            let [target, tolerance] = [*target, *tolerance].map(quantity);
            return text!(
                "100 at {target}, 0 from {tolerance} away",
                "{target} 处为 100 分, 偏差达 {tolerance} 为 0 分"
            );
        }
    };
    text!("{how}; {direction}", "{how}; {direction}"; how, direction)
}
