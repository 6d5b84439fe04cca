//! What a rehearsed cycle would change for customers and costs.

use gridtier::compare::EndState;
use gridtier::method::Tier;
use gridtier::rehearsal::{CostChange, ServiceCost, Telling, ThinMonth, told};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use serde_json::{Value, json};

use crate::format::{counted, grouped};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable, RowRole};

/// Says that nothing was published, and where the files are.
#[must_use]
pub fn heading(number: u64, folder: &str) -> Section {
    Section::titled(text!(
        "Rehearsal of cycle {number}: nothing is published; its files and those of the comparison are in {folder}",
        "第 {number} 周期演练: 未发布任何内容; 周期文件和对比文件在 {folder}"
    ))
}

/// Costs before and after, and why customers are told.
#[must_use]
pub fn sections(costs: &[CostChange], tellings: &[Telling]) -> Vec<Section> {
    vec![costs_section(costs), tell_section(tellings)]
}

/// The costs of a tier, before or after; with `None` the costs of all tiers.
fn sum(costs: &[CostChange], tier: Option<Tier>, end: fn(&CostChange) -> Option<ServiceCost>) -> ServiceCost {
    let rows = costs.iter().filter(|row| tier.is_none_or(|tier| row.tier == tier)).filter_map(end);
    rows.fold(ServiceCost::default(), |sum, cost| ServiceCost {
        entitled: sum.entitled + cost.entitled,
        cost_fen: sum.cost_fen + cost.cost_fen,
        income_fen: sum.income_fen + cost.income_fen,
    })
}

fn costs_section(costs: &[CostChange]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Integer, "cost_before", "cost before, CNY", "原成本 (元)"),
        DataColumn::new(ColumnFormat::Integer, "cost_after", "after", "新成本 (元)"),
        DataColumn::new(ColumnFormat::Integer, "income_before", "fees before, CNY", "原收入 (元)"),
        DataColumn::new(ColumnFormat::Integer, "income_after", "after", "新收入 (元)"),
    ];
    let rows = Tier::ALL.into_iter().map(Some).chain([None]).map(|tier| {
        let (before, after) = (sum(costs, tier, |row| row.before), sum(costs, tier, |row| row.after));
        let name = tier.map_or_else(|| Text::new("all", "合计"), names::tier);
        let mut cells = vec![DataCell::Text(name)];
        let amounts = [before.cost_fen, after.cost_fen, before.income_fen, after.income_fen];
        cells.extend(amounts.map(|fen| DataCell::count(yuan(fen))));
        cells
    });
    let mut table = DataTable::new(Text::coded("costs_by_tier", "", ""), columns, rows);
    if let Some(all) = table.rows.last_mut() {
        all.role = RowRole::Total;
    }
    Section::titled(Text::new("Services in a year, by tier", "各等级服务的年成本与收入")).table(table)
}

/// Whole CNY of an amount in fen, which is never negative, rounded half up.
fn yuan(fen: i128) -> u64 {
    u64::try_from((fen + 50) / 100).unwrap_or(u64::MAX)
}

/// A reason for a notice, and a test of whether it applies to a customer.
type Reason = (&'static str, &'static str, &'static str, fn(&Telling) -> bool);

const REASONS: [Reason; 6] = [
    ("falls", "tier falls", "等级下降", |telling| {
        telling.before.tier().is_some_and(|before| before.position() < telling.after.position())
    }),
    ("lost", "a service is lost or lowered", "服务取消或减少", |telling| {
        !telling.services.lost.is_empty()
    }),
    ("plan", "an improvement plan begins", "开始督促改进", |telling| {
        telling.after == Tier::Grade3 && telling.before != EndState::Grade3
    }),
    ("rises", "tier rises", "等级上升", |telling| {
        telling.before.tier().is_some_and(|before| before.position() > telling.after.position())
    }),
    ("gained", "a service is gained or raised", "服务新增或提升", |telling| {
        !telling.services.gained.is_empty()
    }),
    ("first", "graded, and was not before", "首次评级", |telling| telling.before.tier().is_none()),
];

fn tell_section(tellings: &[Telling]) -> Section {
    let (must, all) = told(tellings);
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "reason", "what changes", "变化"),
        DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
    ];
    let rows = REASONS.iter().map(|&(code, en, zh, holds)| {
        let customers = tellings.iter().filter(|telling| holds(telling)).count();
        vec![DataCell::Text(Text::coded(code, en, zh)), DataCell::count(gridtier::index::count(customers))]
    });
    let table = DataTable::new(Text::coded("reasons_to_tell", "", ""), columns, rows);
    let customers = counted(must, "customer", "customers");
    let (must, all) = (grouped(must), grouped(all));
    Section::titled(Text::new("Whom to tell", "告知客户")).table(table).sentence(
        format!(
            "{customers} must be told: tier falls, a service is lost or lowered, or a plan begins; something changes for \
             {all} in all. A customer may stand in several rows; the file `tell` has a row for each."
        ),
        format!(
            "须告知 {must} 户: 等级下降、服务取消或减少、或开始督促改进; 共 {all} 户有变化。同一客户可计入多行; 文件 `tell` 每户一行。"
        ),
    )
}

/// Months with few readings; no section if there are no such months.
#[must_use]
pub fn thin_section(thin: &[ThinMonth]) -> Section {
    thin.iter().fold(Section::new(), |section, thin| {
        let (month, readings, median) = (thin.month, grouped(thin.readings), grouped(thin.median));
        section.sentence(
            format!(
                "{month} has {readings} readings, less than half of the median month's {median}: check whether all of \
                 them have arrived."
            ),
            format!("{month} 仅有 {readings} 条读数, 不足中位月份 {median} 条的一半: 请核实数据是否到齐。"),
        )
    })
}

/// Months with few readings for programs.
#[must_use]
pub fn thin_json(thin: &[ThinMonth]) -> Value {
    let months = thin.iter().map(
        |thin| json!({ "month": thin.month.to_string(), "readings": thin.readings, "median": thin.median }),
    );
    Value::Array(months.collect())
}

/// Costs and reasons for programs.
#[must_use]
pub fn json(costs: &[CostChange], tellings: &[Telling]) -> Value {
    let end = |cost: ServiceCost| json!({ "entitled": cost.entitled, "cost_fen": fen(cost.cost_fen), "income_fen": fen(cost.income_fen) });
    let tiers = Tier::ALL.into_iter().map(|tier| {
        let ends = json!({
            "before": end(sum(costs, Some(tier), |row| row.before)),
            "after": end(sum(costs, Some(tier), |row| row.after)),
        });
        (tier.code().to_owned(), ends)
    });
    let (must, all) = told(tellings);
    let reasons = REASONS.iter().map(|(code, _, _, holds)| {
        ((*code).to_owned(), json!(tellings.iter().filter(|telling| holds(telling)).count()))
    });
    json!({
        "costs": tiers.collect::<serde_json::Map<String, Value>>(),
        "tell": { "must": must, "all": all, "reasons": reasons.collect::<serde_json::Map<String, Value>>() },
    })
}

fn fen(amount: i128) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
