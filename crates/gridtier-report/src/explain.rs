//! One customer's tier: where its score comes from, and what would lift it.

use gridtier::contract::IncidentKind;
use gridtier::explain::{Evidence, Explanation, Item, LeverAdvice, TierRow};
use gridtier::indicator::DIMENSIONS;
use gridtier::method::Override;

use crate::format::{decimal, grouped, percent};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;

/// Dimensions in the order of [`DIMENSIONS`].
const DIMENSION_NAMES: [(&str, &str); 3] =
    [("CONTRIBUTION", "用电贡献"), ("COMPLIANCE", "用电规范性"), ("COOPERATION", "客户合作")];

/// The explanation of a customer's tier in a cycle; `decision` is the approved override of its tier, if it has one.
#[must_use]
pub fn sections(explanation: &Explanation, decision: Option<&Override>, version: u64) -> Vec<Section> {
    let mut head =
        Section::titled(title(&explanation.row, version)).with(Block::Sentence(score(explanation)));
    head = head.with_all(reason(&explanation.row).map(Block::Sentence));
    if let Some(Override { approver, reason, expires, .. }) = decision {
        head = head.sentence(
            format!("Approved by {approver}: {reason}; until {expires}."),
            format!("批准人 {approver}: {reason}; 有效期至 {expires}。"),
        );
    }
    let evidence = evidence(&explanation.evidence).map(Block::Table);
    vec![head.table(contributions(explanation)).with_all(evidence).with_all(way_up(explanation))]
}

/// The months and events that lower the customer's values.
fn evidence(all: &[Evidence]) -> Option<DataTable> {
    let rows = all.iter().map(|evidence| {
        let what = match (&evidence.offence, evidence.power_factor) {
            (Some(kind), _) => {
                let kind = IncidentKind::from_code(kind).map(Text::of_word).unwrap_or_default();
                let severity = evidence.severity.unwrap_or_default();
                let (en, zh) = (kind.en, kind.zh);
                text!("{en}, severity {severity}", "{zh}, 严重程度 {severity}")
            }
            (None, Some(factor)) => {
                let factor = decimal(factor, 2);
                text!("power factor {factor}, below the standard", "功率因数 {factor}, 低于考核标准")
            }
            (None, None) => Text::default(),
        };
        vec![DataCell::same(evidence.month.clone()), DataCell::Text(what)]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "month", "month", "月份"),
        DataColumn::new(ColumnFormat::Text, "evidence", "what lowered the score", "失分依据"),
    ];
    (!all.is_empty()).then(|| DataTable::new(Text::coded("evidence", "", ""), columns, rows))
}

fn title(row: &TierRow, version: u64) -> Text {
    let tier = names::tier_of_code(&row.tier);
    let id = &row.customer_id;
    Text::new(
        format!("Customer {id}: tier {} in cycle {version}", tier.en),
        format!("客户 {id}: 第 {version} 周期等级 {}", tier.zh),
    )
}

fn score(explanation: &Explanation) -> Text {
    let row = &explanation.row;
    let score =
        row.score_e6.map_or("–".to_owned(), |score| decimal(gridtier::index::float_i64(score) / 1e6, 2));
    match (row.rank, explanation.customers) {
        (Some(rank), Some(customers)) => {
            let (rank, customers, stratum) = (grouped(rank), grouped(customers), &row.stratum);
            Text::new(
                format!("Score {score} of 100, rank {rank} of {customers} in stratum {stratum}"),
                format!("得分 {score} (满分 100), 在分层 {stratum} 中排名 {rank} / {customers}"),
            )
        }
        _ => Text::new(
            format!("Score {score} of 100, not ranked"),
            format!("得分 {score} (满分 100), 未参与排名"),
        ),
    }
}

/// Why the tier is provisional, or differs from the computed one.
fn reason(row: &TierRow) -> Option<Text> {
    let computed = row.tier_computed.as_deref().map(names::tier_of_code).unwrap_or_default();
    let (en, zh) = (computed.en, computed.zh);
    let known = percent(row.known_weight);
    let why = match row.reason.as_deref()? {
        "short_history" => {
            Text::new("Provisional: too few months with readings.", "暂定等级: 有读数的月份不足。")
        }
        "low_known_weight" => Text::new(
            format!("Provisional: only {known} of the weight of its indicators is known."),
            format!("暂定等级: 已知指标的权重仅占 {known}。"),
        ),
        "veto" => Text::new(
            format!("By score the tier would be {en}; a confirmed offence caps it."),
            format!("按得分应为 {zh}; 因查实的违约或窃电行为封顶。"),
        ),
        "hysteresis" => Text::new(
            format!("Held: by score the tier would be {en}, but the rank passed the line by too little."),
            format!("保持原等级: 按得分应为 {zh}, 但越线幅度不足。"),
        ),
        "step_limit" => Text::new(
            format!("By score the tier would be {en}; the rise in one cycle is limited."),
            format!("按得分应为 {zh}; 单个周期升级幅度受限。"),
        ),
        "override" => Text::new(
            format!("Set by an approved override; by score the tier would be {en}."),
            format!("由经批准的人工调整确定; 按得分应为 {zh}。"),
        ),
        other => Text::same(other.to_owned()),
    };
    let Some(day) = &row.firm_from else { return Some(why) };
    Some(Text::new(
        format!("{} A firm grade is possible from {day} at the earliest.", why.en),
        format!("{} 最早可于 {day} 正式评级。", why.zh),
    ))
}

/// The score as a sum: by dimension, and in it by indicator.
fn contributions(explanation: &Explanation) -> DataTable {
    let mut rows = Vec::new();
    let mut so_far = 0.0;
    for (dimension, (en, zh)) in DIMENSIONS.iter().zip(DIMENSION_NAMES) {
        let items: Vec<&Item> =
            explanation.items.iter().filter(|item| item.dimension == *dimension).collect();
        rows.push(DataRow {
            role: RowRole::Total,
            cells: vec![
                DataCell::text(en, zh),
                DataCell::Blank,
                DataCell::Blank,
                DataCell::Number(items.iter().map(|item| item.weight).sum()),
                DataCell::Number(items.iter().map(|item| item.contribution).sum()),
                DataCell::Blank,
            ],
        });
        for item in items {
            so_far += item.contribution;
            rows.push(item_row(item, so_far).into());
        }
    }
    DataTable {
        title: Text::coded("items", "", ""),
        columns: vec![
            DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
            DataColumn::new(ColumnFormat::Quantity, "value", "value", "数值"),
            DataColumn::new(ColumnFormat::Points, "points", "points of 100", "得点 (百分制)"),
            DataColumn::new(ColumnFormat::Share, "weight", "weight", "权重"),
            DataColumn::new(ColumnFormat::Number(2), "contribution", "adds", "贡献"),
            DataColumn::new(ColumnFormat::Number(2), "so_far", "so far", "累计"),
        ],
        rows,
    }
}

fn item_row(item: &Item, so_far: f64) -> Vec<DataCell> {
    vec![
        DataCell::text(format!("  {}", item.title), format!("  {}", item.title_zh)),
        match (item.value, item.status) {
            (Some(value), _) => DataCell::Quantity(value, names::unit(&item.unit)),
            (None, "na") => DataCell::text("does not apply", "不适用"),
            (None, _) => DataCell::text("unknown", "未知"),
        },
        item.points.map_or(DataCell::Blank, DataCell::Number),
        DataCell::Number(item.weight),
        DataCell::Number(item.contribution),
        DataCell::Number(so_far),
    ]
}

/// What is missing to the next tier, and what the customer can do about it.
fn way_up(explanation: &Explanation) -> Vec<Block> {
    if explanation.row.ceiling.is_some() {
        return vec![Block::Sentence(Text::new(
            "A confirmed offence in the window caps this tier: no score lifts it.",
            "评价窗口内有查实的违约或窃电行为, 等级封顶: 得分再高也不能升级。",
        ))];
    }
    let Some(next) = &explanation.next else {
        let top = Block::Sentence(Text::new("There is no better tier.", "已是最高等级。"));
        return if explanation.row.provisional { Vec::new() } else { vec![top] };
    };
    let tier = names::tier_of_code(&next.tier);
    // Rounded up: with as many points as are written the line is passed.
    let (gap, places) = (decimal((next.gap * 100.0).ceil() / 100.0, 2), grouped(next.places));
    let up = if next.places == 1 { "place up" } else { "places up" };
    let mut blocks = vec![Block::Sentence(Text::new(
        format!("To {}: {gap} points more, {places} {up}, if nobody else changes.", tier.en),
        format!("升至 {}: 在其他客户不变时还差 {gap} 分, {places} 个名次。", tier.zh),
    ))];
    if explanation.row.reason.as_deref() == Some("override") {
        blocks.push(Block::Sentence(text!(
            "The approved override sets the tier while it holds, whatever the score.",
            "人工调整有效期内, 等级由其确定, 不随得分变化。",
        )));
    }
    if explanation.levers.is_empty() {
        blocks.push(Block::Sentence(Text::new(
            "Nothing that the customer can change by behaviour is left to gain.",
            "客户通过自身行为已无可提升之处。",
        )));
        return blocks;
    }
    blocks.push(Block::Table(levers(&explanation.levers)));
    blocks.push(Block::Sentence(match explanation.reachable {
        true => Text::new("Together these are enough.", "各项合计足以升级。"),
        false => Text::new("Even together these are not enough.", "各项合计仍不足以升级。"),
    }));
    blocks
}

fn levers(levers: &[LeverAdvice]) -> DataTable {
    DataTable::new(
        Text::coded("levers", "", ""),
        vec![
            DataColumn::new(
                ColumnFormat::Text,
                "indicator",
                "what the customer can change",
                "客户可改进的方面",
            ),
            DataColumn::new(ColumnFormat::Quantity, "value", "now", "目前"),
            DataColumn::new(ColumnFormat::Number(2), "gain_max", "could add", "最多可加"),
            DataColumn::new(ColumnFormat::Quantity, "value_needed", "alone enough at", "单独达标所需"),
        ],
        levers.iter().map(|lever| {
            vec![
                DataCell::text(lever.title.clone(), lever.title_zh.clone()),
                DataCell::Quantity(lever.value, names::unit(&lever.unit)),
                DataCell::Number(lever.gain_max),
                lever.value_needed.map_or(DataCell::Missing, |needed| {
                    lever.months_needed.map_or_else(
                        || DataCell::Quantity(needed, names::unit(&lever.unit)),
                        |[counted, all]| {
                            DataCell::Text(text!("{counted} of {all} months", "{all} 个月中 {counted} 个月"))
                        },
                    )
                }),
            ]
        }),
    )
}
