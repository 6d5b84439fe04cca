//! The tier of one customer: how its score is made up, and what would raise its tier.

use gridtier::contract::IncidentKind;
use gridtier::explain::{EnergyMonth, Evidence, EvidenceKind, Explanation, Item, LeverAdvice, TierRow};
use gridtier::index::float_i64;
use gridtier::indicator::DIMENSIONS;
use gridtier::method::{Override, Tier};

use crate::charts;
use crate::format::{counted, decimal, grouped, money, percent};
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
    head = head.with_all(decision.map(approved).map(Block::Sentence));
    let evidence = evidence(&explanation.evidence).map(Block::Table);
    let sum = contributions(explanation);
    let drawn = charts::score(&sum);
    let head = head.table(sum).chart(drawn).with_all(monthly_energy(&explanation.energy)).with_all(evidence);
    vec![head.with_all(more_with_data(explanation)).with_all(way_up(explanation))]
}

/// Who approved an override, why and until when.
pub(crate) fn approved(Override { approver, reason, expires, .. }: &Override) -> Text {
    text!(
        "Approved by {approver}: {reason}; until {expires}.",
        "批准人 {approver}: {reason}; 有效期至 {expires}。"
    )
}

/// The energy of each month as a chart; `None` if no month is known.
fn monthly_energy(energy: &[EnergyMonth]) -> Option<Block> {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "month", "month", "月份"),
        DataColumn::new(ColumnFormat::Number(1), "energy_kwh", "energy kWh", "电量 (kWh)"),
    ];
    let rows = energy.iter().map(|month| {
        let kwh = month.active_wh.map(|wh| float_i64(wh) / 1e3);
        vec![DataCell::same(month.month.to_string()), DataCell::number(kwh)]
    });
    let table = DataTable::new(Text::default(), columns, rows);
    let is_known = energy.iter().any(|month| month.active_wh.is_some());
    is_known.then(|| Block::Chart(Box::new(charts::months(table).for_pages())))
}

/// The bills, months and events that lower the customer's values.
pub(crate) fn evidence(all: &[Evidence]) -> Option<DataTable> {
    let rows = all.iter().map(|evidence| {
        let mut what = what(&evidence.kind);
        if let Some(account) = &evidence.account {
            let Text { en, zh, .. } = what;
            what = text!("account {account}: {en}", "户号 {account}: {zh}");
        }
        vec![DataCell::same(evidence.month.to_string()), DataCell::Text(what)]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "month", "month", "月份"),
        DataColumn::new(ColumnFormat::Text, "evidence", "what lowered the score", "失分依据"),
    ];
    (!all.is_empty()).then(|| DataTable::new(Text::coded("evidence", "", ""), columns, rows))
}

/// A hint on how to list late bills and missed plans, if they lower the score and the data were not given.
fn more_with_data(explanation: &Explanation) -> Option<Block> {
    const OF_DATA: [&str; 3] = ["on_time_payment", "overdue_days", "plan_completion"];
    let is_lowered = explanation.levers.iter().any(|lever| OF_DATA.contains(&lever.indicator.as_str()));
    (is_lowered && !explanation.has_data).then(|| {
        Block::Sentence(text!(
            "--data DIR, the folder that was graded, lists late bills and missed plans, and when paying on time would \
             suffice.",
            "加 --data DIR (评级所用的数据目录) 可列出逾期账单和未完成的计划, 以及按期付款何时足以升级。",
        ))
    })
}

fn what(kind: &EvidenceKind) -> Text {
    match kind {
        EvidenceKind::LateBill { bill_id, due_fen, due_on, paid_on, overdue_days } => {
            let due = money(i128::from(*due_fen));
            let days = counted(u64::from(overdue_days.unsigned_abs()), "day", "days");
            match paid_on {
                Some(day) if overdue_days > &0 => text!(
                    "bill {bill_id}: {due} CNY due {due_on}, paid {day}, {days} overdue",
                    "账单 {bill_id}: {due} 元, 应缴日 {due_on}, 缴清日 {day}, 逾期 {overdue_days} 天",
                ),
                Some(_) => text!(
                    "bill {bill_id}: {due} CNY due {due_on}, not all of it paid on that day",
                    "账单 {bill_id}: {due} 元, 应缴日 {due_on}, 当日未全部有效缴纳",
                ),
                None => text!(
                    "bill {bill_id}: {due} CNY due {due_on}, not paid in full by the window's end, {days} overdue",
                    "账单 {bill_id}: {due} 元, 应缴日 {due_on}, 至窗口结束未缴清, 逾期 {overdue_days} 天",
                ),
            }
        }
        EvidenceKind::MissedPlan { planned_wh, actual_wh, completion } => {
            let [planned, actual] = [planned_wh, actual_wh].map(|wh| grouped(wh / WH_PER_KWH));
            let completion = percent(*completion);
            text!(
                "plan of {planned} kWh, {actual} kWh used: {completion} completion",
                "计划 {planned} kWh, 实际 {actual} kWh, 完成率 {completion}",
            )
        }
        EvidenceKind::LowPowerFactor { power_factor } => {
            let factor = decimal(*power_factor, 2);
            text!("power factor {factor}, below the standard", "功率因数 {factor}, 低于考核标准")
        }
        EvidenceKind::Offence { kind, severity } => {
            let Text { en, zh, .. } = IncidentKind::from_code(kind).map(Text::of_word).unwrap_or_default();
            text!("{en}, severity {severity}", "{zh}, 严重程度 {severity}")
        }
    }
}

/// Number of Wh in a kWh.
const WH_PER_KWH: i64 = 1_000;

fn title(row: &TierRow, version: u64) -> Text {
    let tier = names::tier_of_code(&row.tier);
    let id = &row.customer_id;
    Text::new(
        format!("Customer {id}: tier {} in cycle {version}", tier.en),
        format!("客户 {id}: 第 {version} 周期等级 {}", tier.zh),
    )
}

pub(crate) fn score(explanation: &Explanation) -> Text {
    let row = &explanation.row;
    let score = row.score_e6.map_or("–".to_owned(), |score| decimal(float_i64(score) / 1e6, 2));
    match (row.rank, explanation.customers) {
        (Some(rank), Some(customers)) => {
            let (rank, customers) = (grouped(rank), grouped(customers));
            let Text { en, zh, .. } = names::stratum(&row.stratum);
            text!(
                "Score {score} of 100, rank {rank} of {customers} in stratum {en}",
                "得分 {score} (满分 100), 在分层“{zh}”中排名 {rank} / {customers}"
            )
        }
        _ => Text::new(
            format!("Score {score} of 100, not ranked"),
            format!("得分 {score} (满分 100), 未参与排名"),
        ),
    }
}

/// Why the tier is provisional, or differs from the computed one.
pub(crate) fn reason(row: &TierRow) -> Option<Text> {
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

/// The score as a sum: a line for each dimension, and below it a line for each of its indicators.
pub(crate) fn contributions(explanation: &Explanation) -> DataTable {
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

/// How far the customer is from the next tier, and what the customer can do about it.
pub(crate) fn way_up(explanation: &Explanation) -> Vec<Block> {
    if explanation.row.ceiling.is_some() {
        return vec![Block::Sentence(Text::new(
            "A confirmed offence in the window caps this tier: no score lifts it.",
            "评价窗口内有查实的违约或窃电行为, 等级封顶: 得分再高也不能升级。",
        ))];
    }
    let Some(next) = &explanation.next else {
        let is_best = explanation.row.tier == Tier::Special.code();
        return match (explanation.row.provisional, is_best) {
            (true, _) => Vec::new(),
            (false, true) => vec![Block::Sentence(text!("There is no better tier.", "已是最高等级。"))],
            (false, false) => vec![Block::Sentence(text!(
                "The better tier has no place in this stratum: too few customers are ranked in it.",
                "该分层排名客户过少, 上一等级没有名额。",
            ))],
        };
    };
    let tier = names::tier_of_code(&next.tier);
    // Rounded up, so that the points shown are enough to pass the line.
    let (gap, places) = (decimal((next.gap * 100.0).ceil() / 100.0, 2), grouped(next.places));
    let points = if gap == "1.00" { "point" } else { "points" };
    let up = if next.places == 1 { "place up" } else { "places up" };
    let mut blocks = vec![Block::Sentence(Text::new(
        format!("To {}: {gap} {points} more, {places} {up}, if nobody else changes.", tier.en),
        format!("升至 {}: 在其他客户不变时还差 {gap} 分, {places} 个名次。", tier.zh),
    ))];
    if let Some(places) = next.held_within {
        blocks.push(Block::Sentence(text!(
            "The method holds a change of one tier unless the rank passes the line by more than {places} places.",
            "按评价方法, 名次越线不超过 {places} 位时等级保持不变。",
        )));
    }
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
    let dated: Vec<Text> = explanation.levers.iter().filter_map(dated).collect();
    if !dated.is_empty() {
        blocks.push(Block::Sentence(text!(
            "Each alone, if all else stays as it is and bills are as large as in the last year:",
            "各项单独做到, 其余不变且账单金额与近一年相当时:",
        )));
        blocks.push(Block::Lines(dated));
    }
    blocks.push(Block::Sentence(match explanation.reachable {
        true => Text::new("Together these are enough.", "各项合计足以升级。"),
        false => Text::new("Even together these are not enough.", "各项合计仍不足以升级。"),
    }));
    blocks
}

/// What the customer must do from now on, and after which month that is enough.
fn dated(lever: &LeverAdvice) -> Option<Text> {
    let month = lever.reached_with?;
    Some(match lever.indicator.as_str() {
        "on_time_payment" => text!(
            "pay on time from now on: reached with the bill of {month}",
            "今后按期付款: 至 {month} 账单达标",
        ),
        "overdue_days" => text!(
            "pay what is owed at once, and on time from now on: reached with the bill of {month}",
            "立即缴清欠费并今后按期付款: 至 {month} 账单达标",
        ),
        "power_factor_attainment" => text!(
            "keep the power factor at the standard from now on: reached with the readings of {month}",
            "今后功率因数达到考核标准: 至 {month} 读数达标",
        ),
        "plan_completion" => text!(
            "keep to the plans from now on: reached with the plan of {month}",
            "今后按计划用电: 至 {month} 计划达标",
        ),
        "violation_points" => text!(
            "no further offence: reached at the end of {month}",
            "不再发生违约或窃电: 至 {month} 月末达标",
        ),
        _ => return None,
    })
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
