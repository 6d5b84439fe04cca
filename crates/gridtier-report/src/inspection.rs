//! The result of an inspection between two regrades: the tiers that customers would have, proposals, and the progress
//! of plans.

use std::collections::{BTreeMap, BTreeSet};

use gridtier::cycle::Cycle;
use gridtier::improvement::{AgreedDates, PlanStatus};
use gridtier::index::{count, index};
use gridtier::inspection::{FiredTrigger, Inspection};
use gridtier::method::{Tier, TriggerAction};
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::date_of_day;
use gridtier::word::Word;
use serde_json::{Map, Value, json};

use crate::format::{counted, grouped};
use crate::improvement::{date_cell, indicator};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// Number of proposals that are shown one by one for each trigger.
const SHOWN_PROPOSALS: usize = 5;
/// Number of agreed days that are shown.
const SHOWN_AGREED: usize = 20;

/// An inspection, and the number of the inspected cycle in its store.
#[derive(Clone, Copy, Debug)]
pub struct ReportedInspection<'a> {
    /// Number of the cycle.
    pub number: u64,
    /// The cycle.
    pub cycle: &'a Cycle,
    /// What was found.
    pub inspection: &'a Inspection,
    /// The number under which the inspection is recorded, if it is.
    pub recorded: Option<u64>,
    /// The days that were agreed on with customers.
    pub agreed: &'a AgreedDates,
}

/// The sections about an inspection.
#[must_use]
pub fn sections(reported: ReportedInspection) -> Vec<Section> {
    let mut sections = vec![standing(reported), triggers(reported), proposals(reported), plans(reported)];
    sections.extend(agreed_section(reported));
    sections
}

/// Customers by tier in the cycle (rows) and tier now (columns). The last column holds those who have no tier now.
fn matrix(reported: ReportedInspection) -> [[u64; 5]; 4] {
    let mut counts = [[0; 5]; 4];
    for customer in &reported.inspection.customers {
        let now = customer.tier_now.map_or(Tier::ALL.len(), Tier::position);
        counts[customer.tier.position()][now] += 1;
    }
    counts
}

fn standing(reported: ReportedInspection) -> Section {
    let counts = matrix(reported);
    let (mut up, mut down, mut held, mut unknown) = (0, 0, 0, 0);
    for (then, row) in counts.iter().enumerate() {
        for (now, customers) in row.iter().enumerate() {
            let sum = match now {
                4 => &mut unknown,
                now if now < then => &mut up,
                now if now > then => &mut down,
                _ => &mut held,
            };
            *sum += customers;
        }
    }
    let unknown_of = counted(unknown, "customer is", "customers are");
    let [up, down, held, unknown] = [up, down, held, unknown].map(|customers: u64| grouped(customers));
    let (number, then, now) = (reported.number, reported.cycle.end, reported.inspection.end);
    let heading = text!(
        "Inspection as of {now}-01 of cycle {number} (as of {then}-01): by its own yardstick {up} customers stand higher, \
         {held} as graded, {down} lower",
        "{now}-01 期间检查, 对照第 {number} 周期 (截止 {then}-01): 按该周期标准, {up} 户上升, {held} 户不变, {down} 户下降"
    );
    let mut columns = vec![DataColumn::new(ColumnFormat::Text, "tier", "graded \\ now", "原等级 \\ 现状")];
    columns.extend(names::tier_columns());
    columns.push(DataColumn::new(ColumnFormat::Integer, "unknown", "not known", "未知"));
    let rows = Tier::ALL.iter().zip(counts).map(|(&tier, row)| {
        let mut cells = vec![names::tier_cell(tier)];
        cells.extend(row.into_iter().enumerate().map(|(now, customers)| {
            if now == tier.position() { DataCell::marked(customers) } else { DataCell::count(customers) }
        }));
        cells
    });
    let section =
        Section::titled(heading).table(DataTable::new(Text::coded("standing", "", ""), columns, rows));
    let section = section.with(Block::Sentence(text!(
        "No tier was changed. {unknown_of} not graded now, or without a score.",
        "本次检查不改变任何等级。{unknown} 户目前未评级或无得分。"
    )));
    match reported.recorded {
        None => section,
        Some(record) => section.with(Block::Sentence(text!(
            "It is kept in the store as record {record}.",
            "已存入存储, 记录号 {record}。"
        ))),
    }
}

fn action(reported: ReportedInspection, fired: &FiredTrigger) -> TriggerAction {
    reported.cycle.method.triggers[usize::from(fired.trigger)].action
}

/// One row for each trigger of the method.
fn triggers(reported: ReportedInspection) -> Section {
    let mut counts = vec![0; reported.cycle.method.triggers.len()];
    for fired in &reported.inspection.fired {
        counts[usize::from(fired.trigger)] += 1;
    }
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "trigger", "trigger", "触发条件"),
        DataColumn::new(ColumnFormat::Text, "action", "proposes", "建议"),
        DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
    ];
    let rows = reported.cycle.method.triggers.iter().zip(counts).map(|(trigger, customers)| {
        vec![DataCell::same(trigger.name.clone()), DataCell::word(trigger.action), DataCell::count(customers)]
    });
    Section::titled(text!("What the triggers of the method propose", "触发条件的建议"))
        .table(DataTable::new(Text::coded("trigger_counts", "", ""), columns, rows))
        .sentence(
            "A proposal becomes a tier only by an override in a revision, or by the next regrade.",
            "建议须经修订中的人工调整或下次评级方能生效。",
        )
}

/// The first customers of each trigger.
fn proposals(reported: ReportedInspection) -> Section {
    let mut shown: BTreeMap<u16, usize> = BTreeMap::new();
    let first = reported.inspection.fired.iter().filter(|fired| {
        let shown = shown.entry(fired.trigger).or_default();
        *shown += 1;
        *shown <= SHOWN_PROPOSALS
    });
    let mut first: Vec<&FiredTrigger> = first.collect();
    first.sort_by_key(|fired| (fired.trigger, fired.row));
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "trigger", "trigger", "触发条件"),
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "tier", "graded", "原等级"),
        DataColumn::new(ColumnFormat::Text, "tier_now", "now", "现状"),
        DataColumn::new(ColumnFormat::Number(2), "score_now", "score now", "现得分"),
        DataColumn::new(ColumnFormat::Text, "action", "proposal", "建议"),
        DataColumn::new(ColumnFormat::Date, "since", "since", "起始日"),
    ];
    let rows = first.into_iter().map(|fired| {
        let customer = &reported.inspection.customers[index(fired.row)];
        let id = reported.cycle.customers.ids.key(reported.cycle.rows[index(fired.row)].number);
        vec![
            DataCell::same(reported.cycle.method.triggers[usize::from(fired.trigger)].name.clone()),
            DataCell::same(id.to_owned()),
            names::tier_cell(customer.tier),
            customer.tier_now.map_or(DataCell::Missing, names::tier_cell),
            names::points_cell(customer.score_now_e6),
            DataCell::word(action(reported, fired)),
            fired.since.map_or(DataCell::Missing, date_cell),
        ]
    });
    Section::titled(text!(
        "The first {SHOWN_PROPOSALS} customers of each trigger",
        "各触发条件的前 {SHOWN_PROPOSALS} 户"
    ))
    .table(DataTable::new(Text::coded("proposals", "", ""), columns, rows))
}

/// For each status, the number of plans and of indicators in plans.
fn statuses(reported: ReportedInspection) -> [[u64; 2]; PlanStatus::ALL.len()] {
    let mut counts = [[0; 2]; PlanStatus::ALL.len()];
    let plans = &reported.inspection.plans;
    for status in plans.plans.iter().filter_map(|plan| plan.status) {
        counts[status.position()][0] += 1;
    }
    for status in plans.all_items().filter_map(|(_, item)| item.status) {
        counts[status.position()][1] += 1;
    }
    counts
}

fn plans(reported: ReportedInspection) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "status", "status", "状态"),
        DataColumn::new(ColumnFormat::Integer, "plans", "plans", "计划"),
        DataColumn::new(ColumnFormat::Integer, "targets", "targets", "目标"),
    ];
    let rows = PlanStatus::ALL.iter().zip(statuses(reported)).map(|(&status, [plans, targets])| {
        vec![DataCell::word(status), DataCell::count(plans), DataCell::count(targets)]
    });
    Section::titled(text!("How far improvement plans have come", "改进计划进展")).table(DataTable::new(
        Text::coded("plan_statuses", "", ""),
        columns,
        rows,
    ))
}

/// What was agreed on with one customer, and how far it has come.
struct AgreedStatus<'a> {
    customer_id: &'a str,
    /// The place of the indicator; `None` for the whole plan.
    place: Option<u16>,
    due_on: i32,
    status: Option<PlanStatus>,
}

/// The plans and targets whose day was agreed on, by customer.
fn agreed_statuses(reported: ReportedInspection<'_>) -> Vec<AgreedStatus<'_>> {
    let (agreed, plans) = (reported.agreed, &reported.inspection.plans);
    let with_items: BTreeSet<&str> = agreed.items.keys().map(|(customer, _)| customer.as_str()).collect();
    let mut found = Vec::new();
    for (at, plan) in plans.plans.iter().enumerate() {
        let customer_id = plan.id(reported.cycle);
        if agreed.plans.contains_key(customer_id) {
            let (due_on, status) = (plan.due_on, plan.status);
            found.push(AgreedStatus { customer_id, place: None, due_on, status });
        }
        if !with_items.contains(customer_id) {
            continue;
        }
        for item in plans.items(at) {
            let id = &reported.cycle.method.indicators[usize::from(item.place)].id;
            if agreed.items.contains_key(&(customer_id.to_owned(), id.clone())) {
                let (due_on, status) = (item.due_on, item.status);
                found.push(AgreedStatus { customer_id, place: Some(item.place), due_on, status });
            }
        }
    }
    found
}

/// The first agreed days.
fn agreed_section(reported: ReportedInspection) -> Option<Section> {
    let found = agreed_statuses(reported);
    if found.is_empty() {
        return None;
    }
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "target", "target", "目标"),
        DataColumn::new(ColumnFormat::Date, "due_on", "due on", "复查日期"),
        DataColumn::new(ColumnFormat::Text, "status", "status", "状态"),
    ];
    let rows = found.iter().take(SHOWN_AGREED).map(|agreed| {
        let subject = match agreed.place {
            Some(place) => indicator(reported.cycle, place),
            None => text!("whole plan", "整个计划"),
        };
        vec![
            DataCell::same(agreed.customer_id.to_owned()),
            DataCell::Text(subject),
            date_cell(agreed.due_on),
            agreed.status.map_or(DataCell::Missing, DataCell::word),
        ]
    });
    let (shown, all) = (count(found.len().min(SHOWN_AGREED)), count(found.len()));
    let heading = text!(
        "Plans with an agreed day ({shown} of {all})",
        "已约定复查日期的计划 ({all} 项中的 {shown} 项)"
    );
    Some(Section::titled(heading).table(DataTable::new(Text::coded("agreed_plans", "", ""), columns, rows)))
}

/// The inspection as JSON for programs; single customers are in the tables.
#[must_use]
pub fn json(reported: ReportedInspection) -> Value {
    let inspection = reported.inspection;
    let triggers = reported.cycle.method.triggers.iter().enumerate().map(|(place, trigger)| {
        let fired = inspection.fired.iter().filter(|fired| usize::from(fired.trigger) == place);
        let ids = fired.map(|fired| {
            let id = reported.cycle.customers.ids.key(reported.cycle.rows[index(fired.row)].number);
            json!({ "customer_id": id, "since": fired.since.and_then(date_of_day).map(|day| day.to_string()) })
        });
        json!({
            "trigger": trigger.name,
            "action": trigger.action.code(),
            "customers": ids.collect::<Vec<_>>(),
        })
    });
    let standing = Tier::ALL.iter().zip(matrix(reported)).map(|(tier, row)| {
        let names = Tier::ALL.iter().map(|tier| tier.code()).chain(["unknown"]);
        let row: Map<String, Value> =
            names.zip(row).map(|(name, customers)| (name.to_owned(), json!(customers))).collect();
        (tier.code().to_owned(), Value::Object(row))
    });
    let statuses = PlanStatus::ALL.iter().zip(statuses(reported)).map(|(status, [plans, targets])| {
        (status.code().to_owned(), json!({ "plans": plans, "targets": targets }))
    });
    json!({
        "cycle": reported.number,
        "as_of": format!("{}-01", inspection.end),
        "recorded": reported.recorded,
        "customers": count(inspection.customers.len()),
        "standing": standing.collect::<Map<_, _>>(),
        "triggers": triggers.collect::<Vec<_>>(),
        "plans": statuses.collect::<Map<_, _>>(),
        "agreed_plans": agreed_statuses(reported).iter().map(|agreed| json!({
            "customer_id": agreed.customer_id,
            "indicator": agreed.place.map(|place| &reported.cycle.method.indicators[usize::from(place)].id),
            "due_on": date_of_day(agreed.due_on).map(|day| day.to_string()),
            "status": agreed.status.map(Word::code),
        })).collect::<Vec<_>>(),
    })
}
