//! Improvement plans: sections for managers, and a workbook to hand over.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridtier::cycle::Cycle;
use gridtier::improvement::{
    EFFORT_MAX, ImprovementPlan, ImprovementPlans, PlanItem, PlanStatus, TargetPace,
};
use gridtier::index::{count, float, float_i64, index};
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{Month, date_of_day};
use gridtier::word::Word;
use serde_json::{Value, json};

use crate::format::{counted, grouped, with_unit};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// Number of plans that are shown one by one.
const SHOWN_PLANS: usize = 10;
/// Decimals of points.
const POINT_DECIMALS: u8 = 2;

/// The plans of a cycle, and its number in the store.
#[derive(Clone, Copy, Debug)]
pub struct ReportedPlans<'a> {
    /// Number of the cycle.
    pub number: u64,
    /// The cycle.
    pub cycle: &'a Cycle,
    /// Its plans.
    pub plans: &'a ImprovementPlans,
    /// The as-of of the inspection that gave the plans their status.
    pub inspected: Option<Month>,
    /// For each inspection of the cycle: its as-of, and the status of each plan.
    pub statuses: &'a [(Month, Vec<Option<PlanStatus>>)],
}

/// Whether a plan can succeed, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outlook {
    /// The levers suffice.
    Reachable,
    /// Offences set a ceiling on the tier.
    Blocked,
    /// The customer is provisional, or a policy gave it a worse tier than its rank: the score decides nothing.
    Held,
    /// The levers do not suffice.
    OutOfReach,
    /// The customer is ranked, but the tier has no line.
    NoLine,
}

impl Outlook {
    const ALL: [Self; 5] = [Self::Reachable, Self::Blocked, Self::Held, Self::OutOfReach, Self::NoLine];

    pub(crate) fn of(cycle: &Cycle, plan: &ImprovementPlan) -> Self {
        let row = &cycle.rows[index(plan.row)];
        match plan.reachable {
            _ if row.ceiling.is_some() => Self::Blocked,
            _ if row.provisional.is_some() || row.computed != Some(row.tier) => Self::Held,
            Some(true) => Self::Reachable,
            Some(false) => Self::OutOfReach,
            None => Self::NoLine,
        }
    }

    fn text(self) -> Text {
        let (code, en, zh) = match self {
            Self::Reachable => ("reachable", "within reach", "可达"),
            Self::Blocked => ("blocked", "held by a veto", "否决期内"),
            Self::Held => ("held", "held otherwise", "其他原因保持"),
            Self::OutOfReach => ("out_of_reach", "out of reach", "暂不可达"),
            Self::NoLine => ("no_line", "no line", "无界线"),
        };
        Text::coded(code, en, zh)
    }

    fn column(self) -> DataColumn {
        let Text { code, en, zh } = self.text();
        DataColumn::new(ColumnFormat::Integer, code.unwrap_or_default(), en, zh)
    }
}

/// Plans in figures.
#[derive(Clone, Debug, Default)]
struct PlanCounts {
    /// By outlook.
    outlooks: [u64; Outlook::ALL.len()],
    /// The effort of each plan within reach, in ‰.
    efforts: Vec<u16>,
    /// For each indicator, the number of plans in which it is the lever that costs most points.
    first_levers: BTreeMap<u16, u64>,
    /// By status.
    statuses: [u64; PlanStatus::ALL.len()],
}

impl PlanCounts {
    fn add(&mut self, cycle: &Cycle, plan: &ImprovementPlan, items: &[PlanItem]) {
        let outlook = Outlook::of(cycle, plan);
        self.outlooks[outlook as usize] += 1;
        self.efforts.extend(plan.effort.filter(|_| outlook == Outlook::Reachable));
        if let Some(first) = first_lever(items) {
            *self.first_levers.entry(first.place).or_default() += 1;
        }
        if let Some(status) = plan.status {
            self.statuses[status.position()] += 1;
        }
    }

    fn all(&self) -> u64 {
        self.outlooks.iter().sum()
    }

    /// The lower median of the efforts, as a share of the whole way.
    fn median_effort(&self) -> Option<f64> {
        let mut efforts = self.efforts.clone();
        efforts.sort_unstable();
        let middle = efforts.len().checked_sub(1)? / 2;
        Some(f64::from(efforts[middle]) / f64::from(EFFORT_MAX))
    }

    /// The lever that costs most in most plans.
    fn first_lever(&self) -> Option<u16> {
        let most = self.first_levers.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?;
        Some(*most.0)
    }
}

/// The lever that costs most points; of several that cost the same, the first by id.
fn first_lever(items: &[PlanItem]) -> Option<&PlanItem> {
    let levers = items.iter().filter(|item| item.is_lever && item.lost_e6 > Some(0));
    levers.rev().max_by_key(|item| item.lost_e6)
}

/// The sections about the plans.
#[must_use]
pub fn sections(reported: ReportedPlans) -> Vec<Section> {
    let mut all = PlanCounts::default();
    for (at, plan) in reported.plans.plans.iter().enumerate() {
        all.add(reported.cycle, plan, reported.plans.items(at));
    }
    vec![overview(reported, &all), levers(reported), nearest(reported)]
}

fn overview(reported: ReportedPlans, all: &PlanCounts) -> Section {
    let (number, day) = (reported.number, reported.cycle.end);
    let (customers, of) = (grouped(all.all()), counted(all.all(), "customer", "customers"));
    let heading = text!(
        "Improvement plans of cycle {number} (as of {day}-01): {of} of grade-3",
        "第 {number} 周期 (截止 {day}-01) 改进计划: 三级客户 {customers} 户"
    );
    let [reachable, blocked, held, out_of_reach, no_line] = all.outlooks.map(grouped);
    let section = Section::titled(heading).with(Block::Sentence(text!(
        "{reachable} can reach grade-2 by conduct alone, {blocked} are held by a veto for now, {held} are provisional or held \
         by another policy, for {out_of_reach} conduct alone does not suffice, for {no_line} there is no line.",
        "{reachable} 户可凭自身行为升至二级, {blocked} 户尚在否决期内, {held} 户为暂定或因其他政策保持等级, {out_of_reach} 户仅凭行为尚不足, \
         {no_line} 户无界线。"
    )));
    let section = match reported.inspected {
        None => section,
        Some(day) => {
            let counts = PlanStatus::ALL.iter().map(|status| {
                let customers = grouped(all.statuses[status.position()]);
                text!("{en} {customers}", "{zh} {customers}", en = status.en(), zh = status.zh())
            });
            let counts = Text::join(&counts.collect::<Vec<_>>(), ", ");
            section.with(Block::Sentence(text!(
                "At the inspection of {day}-01: {counts}.",
                "{day}-01 期间检查: {counts}。";
                counts
            )))
        }
    };
    section.table(by_region(reported))
}

/// One row for each region, for managers.
fn by_region(reported: ReportedPlans) -> DataTable {
    let cycle = reported.cycle;
    let mut regions: BTreeMap<Option<&str>, PlanCounts> = BTreeMap::new();
    for (at, plan) in reported.plans.plans.iter().enumerate() {
        regions.entry(region(cycle, plan)).or_default().add(cycle, plan, reported.plans.items(at));
    }
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "region", "region", "区域"),
        DataColumn::new(ColumnFormat::Integer, "plans", "plans", "计划数"),
    ];
    columns.extend(Outlook::ALL.map(Outlook::column));
    columns.push(DataColumn::new(ColumnFormat::Share, "median_effort", "median effort", "努力程度中位数"));
    columns.push(DataColumn::new(ColumnFormat::Text, "first_lever", "most often lost at", "最常失分项"));
    let rows = regions.into_iter().map(|(region, counts)| {
        let mut cells = vec![region_cell(region), DataCell::count(counts.all())];
        cells.extend(counts.outlooks.map(DataCell::count));
        cells.push(DataCell::number(counts.median_effort()));
        cells.push(counts.first_lever().map_or(DataCell::Missing, |place| indicator_cell(cycle, place)));
        cells
    });
    DataTable::new(Text::coded("plans_by_region", "By region", "按区域"), columns, rows)
}

/// One row for each indicator that customers can change.
fn levers(reported: ReportedPlans) -> Section {
    let mut found: BTreeMap<u16, (u64, i64)> = BTreeMap::new();
    for (_, item) in reported.plans.all_items().filter(|(_, item)| item.is_lever) {
        let (customers, lost_e6) = found.entry(item.place).or_default();
        *customers += 1;
        *lost_e6 = lost_e6.saturating_add(item.lost_e6.unwrap_or(0));
    }
    let mut rows: Vec<(u16, u64, f64)> = found
        .into_iter()
        .map(|(place, (customers, lost_e6))| {
            let mean = float_i64(lost_e6) / 1e6 / float(usize::try_from(customers).unwrap_or(1).max(1));
            (place, customers, mean)
        })
        .collect();
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "mean_lost", "mean points lost", "平均失分"),
    ];
    let rows = rows.into_iter().map(|(place, customers, mean)| {
        vec![indicator_cell(reported.cycle, place), DataCell::count(customers), DataCell::Number(mean)]
    });
    let table = DataTable::new(Text::coded("levers", "", ""), columns, rows);
    Section::titled(text!("What they can change by conduct", "可凭行为改进的指标")).table(table)
}

/// The plans that need least effort.
fn nearest(reported: ReportedPlans) -> Section {
    let plans = &reported.plans.plans;
    let mut order: Vec<usize> = (0..plans.len())
        .filter(|&at| Outlook::of(reported.cycle, &plans[at]) == Outlook::Reachable)
        .collect();
    order.sort_by_key(|&at| (plans[at].effort, plans[at].row));
    order.truncate(SHOWN_PLANS);
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "gap", "points to gain", "分差"),
        DataColumn::new(ColumnFormat::Share, "effort", "effort", "努力程度"),
        DataColumn::new(ColumnFormat::Text, "targets", "what is enough", "达标水平"),
        DataColumn::new(ColumnFormat::Date, "due_on", "due on", "复查日期"),
    ];
    let rows = order.iter().map(|&at| {
        let plan = &plans[at];
        vec![
            DataCell::same(plan.id(reported.cycle).to_owned()),
            names::points_cell(plan.gap_e6),
            effort_cell(plan),
            DataCell::Text(targets_text(reported.cycle, reported.plans.items(at))),
            date_cell(plan.due_on),
        ]
    });
    let table = DataTable::new(Text::coded("nearest", "", ""), columns, rows);
    Section::titled(text!("The nearest to grade-2", "距二级最近的客户")).table(table).sentence(
        "Effort: how far every lever must come on the way from its present points to 100. All plans: -o FILE.xlsx or -o DIR.",
        "努力程度: 各项可改进指标由现有分数向 100 分提高的比例。全部计划: -o FILE.xlsx 或 -o DIR。",
    )
}

/// The workbook: regions, a row for each customer, and a sheet of what each can change.
#[must_use]
pub fn workbook(reported: ReportedPlans) -> Vec<Section> {
    [by_region(reported), customers(reported), targets(reported)].map(Section::of_table).into()
}

/// One row for each customer with a plan.
fn customers(reported: ReportedPlans) -> DataTable {
    let cycle = reported.cycle;
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "region", "region", "区域"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "gap", "points to gain", "分差"),
        DataColumn::new(ColumnFormat::Share, "effort", "effort", "努力程度"),
        DataColumn::new(ColumnFormat::Text, "outlook", "outlook", "前景"),
        DataColumn::new(ColumnFormat::Date, "blocked_until", "held until", "否决期至"),
        DataColumn::new(ColumnFormat::Text, "lost", "most points lost at", "主要失分项"),
        DataColumn::new(ColumnFormat::Text, "targets", "what is enough", "达标水平"),
        DataColumn::new(ColumnFormat::Date, "due_on", "due on", "复查日期"),
        DataColumn::new(ColumnFormat::Text, "status", "status", "状态"),
        DataColumn::new(ColumnFormat::Text, "inspections", "at each inspection", "历次检查"),
    ];
    let rows = reported.plans.plans.iter().enumerate().map(|(at, plan)| {
        let row = &cycle.rows[index(plan.row)];
        let (items, outlook) = (reported.plans.items(at), Outlook::of(cycle, plan));
        vec![
            DataCell::same(plan.id(cycle).to_owned()),
            region_cell(region(cycle, plan)),
            DataCell::Text(names::stratum(&cycle.strata[index(row.stratum)])),
            names::points_cell(row.score_e6),
            names::points_cell(plan.gap_e6),
            effort_cell(plan),
            DataCell::Text(outlook.text()),
            plan.blocked_until.map_or(DataCell::Blank, |month| date_cell(month.first_day())),
            first_lost(items).map_or(DataCell::Missing, |item| indicator_cell(cycle, item.place)),
            match outlook {
                Outlook::Reachable => DataCell::Text(targets_text(cycle, items)),
                _ => DataCell::Blank,
            },
            date_cell(plan.due_on),
            plan.status.map_or(DataCell::Blank, DataCell::word),
            DataCell::Text(inspections_text(reported, at)),
        ]
    });
    DataTable::new(Text::coded("plans", "Plans", "改进计划"), columns, rows)
}

/// The status of a plan at each inspection of the cycle.
fn inspections_text(reported: ReportedPlans, at: usize) -> Text {
    let each = reported.statuses.iter().filter_map(|(day, statuses)| {
        let status = Text::of_word((*statuses.get(at)?)?);
        Some(text!("{day}-01 {status}", "{day}-01 {status}"; status))
    });
    Text::join(&each.collect::<Vec<_>>(), "; ")
}

/// One row for each customer and indicator that it can change.
fn targets(reported: ReportedPlans) -> DataTable {
    let cycle = reported.cycle;
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Quantity, "value", "value", "指标值"),
        DataColumn::new(ColumnFormat::Quantity, "target_value", "value to reach", "目标值"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "points", "points", "分数"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "target_points", "points to reach", "目标分数"),
        DataColumn::new(ColumnFormat::Number(POINT_DECIMALS), "lost", "points lost", "失分"),
        DataColumn::new(ColumnFormat::Text, "pace", "when it can be reached", "达标时间"),
        DataColumn::new(ColumnFormat::Date, "due_on", "due on", "复查日期"),
        DataColumn::new(ColumnFormat::Text, "status", "status", "状态"),
    ];
    let levers = reported.plans.all_items().filter(|(plan, item)| {
        item.is_lever && Outlook::of(cycle, &reported.plans.plans[*plan]) != Outlook::Held
    });
    let rows = levers.map(|(plan, item)| {
        let unit = names::unit(&cycle.method.indicators[usize::from(item.place)].unit);
        let quantity = |value: Option<f64>| {
            value.map_or(DataCell::Missing, |value| DataCell::Quantity(value, unit.clone()))
        };
        vec![
            DataCell::same(reported.plans.plans[plan].id(cycle).to_owned()),
            indicator_cell(cycle, item.place),
            quantity(item.value),
            quantity(item.shown_target),
            DataCell::number(item.points),
            DataCell::number(item.target_points),
            names::points_cell(item.lost_e6),
            pace_text(cycle, item).map_or(DataCell::Blank, DataCell::Text),
            date_cell(item.due_on),
            item.status.map_or(DataCell::Blank, DataCell::word),
        ]
    });
    DataTable::new(Text::coded("targets", "Targets", "改进目标"), columns, rows)
}

/// Says that a day was agreed on with a customer.
#[must_use]
pub fn agreed(entry: u64, customer_id: &str, indicator: Option<&str>, day: NaiveDate) -> Section {
    Section::titled(match indicator {
        None => text!(
            "Entry {entry} of the register: the improvement plan of customer {customer_id} is due on {day}",
            "登记簿第 {entry} 条: 客户 {customer_id} 的改进计划复查日期为 {day}"
        ),
        Some(indicator) => text!(
            "Entry {entry} of the register: the target for {indicator} of customer {customer_id} is due on {day}",
            "登记簿第 {entry} 条: 客户 {customer_id} 的指标 {indicator} 目标复查日期为 {day}"
        ),
    })
}

/// The plans as JSON for programs; single customers are in the tables.
#[must_use]
pub fn json(reported: ReportedPlans) -> Value {
    let mut all = PlanCounts::default();
    for (at, plan) in reported.plans.plans.iter().enumerate() {
        all.add(reported.cycle, plan, reported.plans.items(at));
    }
    let [reachable, blocked, held, out_of_reach, no_line] = all.outlooks;
    let plans = reported.plans.plans.iter().enumerate().map(|(at, plan)| {
        json!({
            "customer_id": plan.id(reported.cycle),
            "region": region(reported.cycle, plan),
            "gap_e6": plan.gap_e6,
            "effort": plan.effort,
            "reachable": plan.reachable,
            "outlook": Outlook::of(reported.cycle, plan).text().code,
            "blocked_until": plan.blocked_until.map(|month| format!("{month}-01")),
            "due_on": date_of_day(plan.due_on).map(|day| day.to_string()),
            "status": plan.status.map(Word::code),
            "inspections": reported.statuses.iter().map(|(day, statuses)| json!({
                "as_of": format!("{day}-01"),
                "status": statuses.get(at).copied().flatten().map(Word::code),
            })).collect::<Vec<_>>(),
            "targets": reported.plans.items(at).iter().filter(|item| item.is_lever).map(|item| json!({
                "indicator": reported.cycle.method.indicators[usize::from(item.place)].id,
                "value": item.value,
                "target_value": item.target_value,
                "lost_e6": item.lost_e6,
                "pace": pace_json(reported.cycle, item),
                "due_on": date_of_day(item.due_on).map(|day| day.to_string()),
                "status": item.status.map(Word::code),
            })).collect::<Vec<_>>(),
        })
    });
    json!({
        "cycle": reported.number,
        "as_of": format!("{}-01", reported.cycle.end),
        "inspected": reported.inspected.map(|month| format!("{month}-01")),
        "counts": {
            "plans": count(reported.plans.plans.len()),
            "reachable": reachable,
            "blocked": blocked,
            "held": held,
            "out_of_reach": out_of_reach,
            "no_line": no_line,
        },
        "plans": plans.collect::<Vec<_>>(),
    })
}

fn pace_json(cycle: &Cycle, item: &PlanItem) -> Value {
    let Some(pace) = item.pace(&cycle.method, cycle.window()) else { return Value::Null };
    match pace {
        TargetPace::Months { needed, all, earliest } => {
            json!({ "months_needed": needed, "months": all, "earliest": earliest.to_string() })
        }
        TargetPace::Bills { earliest } => json!({ "earliest": earliest.to_string() }),
        TargetPace::Offences { latest } => json!({ "latest": latest.to_string() }),
    }
}

pub(crate) fn region<'a>(cycle: &'a Cycle, plan: &ImprovementPlan) -> Option<&'a str> {
    cycle.customers.rows[index(cycle.rows[index(plan.row)].number)].region.as_deref()
}

fn region_cell(region: Option<&str>) -> DataCell {
    region.map_or_else(|| DataCell::text("not given", "未注明"), |region| DataCell::same(region.to_owned()))
}

/// The title of an indicator.
pub(crate) fn indicator(cycle: &Cycle, place: u16) -> Text {
    let spec = &cycle.method.indicators[usize::from(place)];
    Text::coded(spec.id.clone(), spec.titles[0].clone(), spec.titles[1].clone())
}

fn indicator_cell(cycle: &Cycle, place: u16) -> DataCell {
    DataCell::Text(indicator(cycle, place))
}

fn effort_cell(plan: &ImprovementPlan) -> DataCell {
    DataCell::number(plan.effort.map(|effort| f64::from(effort) / f64::from(EFFORT_MAX)))
}

pub(crate) fn date_cell(day: i32) -> DataCell {
    date_of_day(day).map_or(DataCell::Missing, DataCell::Date)
}

/// The indicator that costs most points; of several that cost the same, the first by id.
fn first_lost(items: &[PlanItem]) -> Option<&PlanItem> {
    items.iter().rev().filter(|item| item.lost_e6 > Some(0)).max_by_key(|item| item.lost_e6)
}

/// The present value of a lever and its target; `None` if the present value suffices, or if no value suffices.
pub(crate) fn target_text(cycle: &Cycle, item: &PlanItem) -> Option<Text> {
    let (target, value) = (item.shown_target?, item.value?);
    if target == value {
        return None;
    }
    let name = indicator(cycle, item.place);
    let code = &cycle.method.indicators[usize::from(item.place)].unit;
    let unit = names::unit(code);
    let [from, to] =
        [value, target].map(|x| Text::new(with_unit(x, code, &unit.en), with_unit(x, code, &unit.zh)));
    Some(text!("{name}: {from} to {to}", "{name}: {from} 至 {to}"; name, from, to))
}

/// The levers with a target, the most costly first.
pub(crate) fn target_texts(cycle: &Cycle, items: &[PlanItem]) -> Vec<Text> {
    let mut levers: Vec<&PlanItem> = items.iter().filter(|item| item.is_lever).collect();
    levers.sort_by_key(|item| std::cmp::Reverse(item.lost_e6));
    levers.into_iter().filter_map(|item| target_text(cycle, item)).collect()
}

/// How far the indicator can rise and by which month, if from now on the customer does everything that the indicator
/// asks for.
fn pace_text(cycle: &Cycle, item: &PlanItem) -> Option<Text> {
    let pace = item.pace(&cycle.method, cycle.window())?;
    let month = pace.month();
    let text = match pace {
        TargetPace::Months { needed, all, .. } => text!(
            "{needed} of {all} months at the standard: with the readings of {month} at the earliest, if every month from \
             now on counts",
            "{all} 个月中 {needed} 个月达标: 若今后每月均达标, 最早以 {month} 的读数达到"
        ),
        TargetPace::Bills { .. } => text!(
            "every bill from now on paid on time: with those of {month} at the earliest, if all months' bills are alike",
            "今后各期账单均按期缴纳: 若各月账单金额相近, 最早以 {month} 的账单达到"
        ),
        TargetPace::Offences { .. } => text!(
            "no further offence: by the end of {month} at the latest",
            "无新增违约用电或窃电: 最迟至 {month} 末达到"
        ),
    };
    let is_late = !matches!(pace, TargetPace::Offences { .. }) && month.plus(1).first_day() > item.due_on;
    let late = text!("{text}; that is after the day it is due", "{text}; 晚于复查日期"; text);
    Some(if is_late { late } else { text })
}

/// The levers with a target and by when it can be reached, the most costly first: for letters.
pub(crate) fn dated_target_texts(cycle: &Cycle, items: &[PlanItem]) -> Vec<Text> {
    let mut levers: Vec<&PlanItem> = items.iter().filter(|item| item.is_lever).collect();
    levers.sort_by_key(|item| std::cmp::Reverse(item.lost_e6));
    let dated = levers.into_iter().filter_map(|item| {
        let target = target_text(cycle, item)?;
        let Some(pace) = pace_text(cycle, item) else { return Some(target) };
        Some(text!("{target} ({pace})", "{target} ({pace})"; target, pace))
    });
    dated.collect()
}

fn targets_text(cycle: &Cycle, items: &[PlanItem]) -> Text {
    Text::join(&target_texts(cycle, items), "; ")
}
