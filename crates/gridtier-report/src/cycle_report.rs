//! The report of a cycle for managers and analysts. Its chapters show the results that commands show one by one.
//!
//! Each chapter also states what happened and what needs a decision. The first chapter is made from these statements.

mod words;
mod near_line;
mod strata;
mod captions;
mod quality;
mod provenance;
mod front;

use gridtier::compare::{Comparison, Pair};
use gridtier::cycle::Cycle;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::recovery::Statement;
use gridtier::limit;
use gridtier::method::Tier;
use gridtier::rehearsal::{CostChange, Telling};
use gridtier::run::ControlTotals;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::Window;
use gridtier::validate::{Validation, Verdict};
use gridtier::word::Word;

use crate::comparison::{self, ComparedCycles};
use crate::document::Chapter;
use crate::entitlement::{costs_in_words, costs_table, matrix_sections, withheld_note};
use crate::format::{counted, grouped, percent};
use crate::notice::{self, ServiceNames};
use crate::section::{Block, Section};
use crate::{boundaries, indicators, names, rehearsal, summary, validate};

pub use front::{Front, front};
pub use provenance::{InputFile, OutputTable, Provenance, provenance};
pub use quality::{DataQuality, quality};
pub use words::method;
pub(crate) use words::{formula, policies, tiering};

/// Maximum number of rows of a table in a report.
pub const ROWS_MAX: usize = 60;

/// A chapter, and its statements for the first chapter.
#[derive(Clone, Debug)]
pub struct Part {
    /// The chapter.
    pub chapter: Chapter,
    /// Sentences on what happened.
    pub happened: Vec<Text>,
    /// Sentences on what somebody has to decide.
    pub decisions: Vec<Text>,
}

impl Part {
    fn new(title: Text, sections: impl IntoIterator<Item = Section>) -> Self {
        let sections = sections.into_iter().map(captions::captioned);
        Self { chapter: Chapter::new(title, sections), happened: Vec::new(), decisions: Vec::new() }
    }
}

/// The tiers: customers, revenue and energy of each.
#[must_use]
pub fn tiers(cycle: &Cycle, totals: &ControlTotals, window: Window) -> Part {
    let title = Text::coded("tiers", "Tiers", "等级");
    let mut sections = summary::recorded(totals, window, &cycle.method.name);
    // Window, method and number of customers stand in the chapter before.
    sections.iter_mut().for_each(|section| section.blocks.retain(|block| !matches!(block, Block::Facts(_))));
    let mut part = Part::new(title, sections);
    let revenue: i128 = totals.tiers.iter().map(|tier| i128::from(tier.revenue_fen)).sum();
    let special = totals.tiers[Tier::Special.position()];
    let customers = counted(special.customers, "customer", "customers");
    let count = grouped(special.customers);
    part.happened.push(if revenue > 0 {
        let share = percent(special.revenue_fen as f64 / revenue as f64);
        text!(
            "{customers} in the tier special; they bring {share} of the revenue.",
            "特级客户 {count} 户, 贡献电费的 {share}。"
        )
    } else {
        text!("{customers} in the tier special.", "特级客户 {count} 户。")
    });
    let provisional = totals.short_history + totals.low_known_weight;
    if provisional > 0 {
        let (customers, tier) =
            (counted(provisional, "customer has", "customers have"), cycle.method.provisional_tier);
        let (count, tier) = (grouped(provisional), names::tier(tier));
        part.happened.push(text!(
            "{customers} a provisional tier ({tier}), since too little is known of them.",
            "{count} 户因信息不足取暂定等级 ({tier})。"; tier
        ));
    }
    if totals.lowered_by_veto > 0 {
        let customers = counted(totals.lowered_by_veto, "customer was", "customers were");
        let count = grouped(totals.lowered_by_veto);
        part.happened.push(text!(
            "{customers} put into a lower tier for confirmed violations or thefts.",
            "{count} 户因查实的违约用电或窃电被降级。"
        ));
    }
    part
}

/// The lines between tiers, and the customers next to them.
#[must_use]
pub fn lines(cycle: &Cycle) -> Part {
    let sections = [boundaries::section(&cycle.ledger), near_line::section(cycle)];
    let sections = sections.map(|section| captions::capped(section, "ledger.parquet"));
    Part::new(Text::coded("boundaries", "Lines between tiers", "等级界线"), sections)
}

/// The strata, with their customers by tier and their scores.
#[must_use]
pub fn by_stratum(cycle: &Cycle) -> Part {
    let section = captions::capped(strata::section(cycle), "tiers.parquet");
    Part::new(Text::coded("strata", "Strata", "分层"), [section])
}

/// The indicators with their weights and influence.
#[must_use]
pub fn indicator_weights(cycle: &Cycle) -> Part {
    let section = indicators::section(&cycle.method, &cycle.parameters, &cycle.influence);
    let mut part = Part::new(Text::coded("indicators", "Indicators and weights", "指标与权重"), [section]);
    let missing = limit::undelivered(&cycle.method, &cycle.parameters.delivered);
    if !missing.is_empty() {
        let share = percent(1.0 - limit::delivered_weight(&cycle.method, &cycle.parameters.delivered));
        let titles: Vec<Text> = missing.iter().map(|id| names::indicator_title(&cycle.method, id)).collect();
        let missing = Text::join(&titles, ", ");
        part.decisions.push(text!(
            "{share} of the weight has no data ({missing}): deliver the data, or remove these indicators from the method.",
            "权重的 {share} 没有数据 ({missing}): 请补充数据, 或从方法中去掉这些指标。"; missing
        ));
    }
    part
}

/// The checks with their verdicts.
#[must_use]
pub fn checks(cycle: &Cycle, validation: &Validation, number: u64) -> Part {
    let sections = validate::sections(cycle, validation, number);
    let mut part = Part::new(Text::coded("checks", "Checks", "检验"), sections);
    let titles = |verdict: Verdict| {
        let found = validation.checks.iter().filter(|check| check.verdict == verdict);
        found.map(|check| Text::new(check.measure.titles[0], check.measure.titles[1])).collect::<Vec<_>>()
    };
    let passed = titles(Verdict::Pass).len();
    part.happened.push(text!("{passed} checks of the grading pass.", "分级检验通过 {passed} 项。"));
    let (failed, warned) = (titles(Verdict::Fail), titles(Verdict::Warn));
    if !failed.is_empty() {
        let (count, failed) = (failed.len(), Text::join(&failed, "; "));
        part.decisions.push(text!(
            "{count} checks fail: {failed}. Correct the method or the data, or record why the cycle is used nevertheless.",
            "{count} 项检验不通过: {failed}。请修正方法或数据, 或说明仍予采用的理由。"; failed
        ));
    }
    if !warned.is_empty() {
        let (count, warned) = (warned.len(), Text::join(&warned, "; "));
        part.decisions.push(text!(
            "{count} checks warn: {warned}. Read them before the tiers are used.",
            "{count} 项检验提示: {warned}。请先阅读再使用等级。"; warned
        ));
    }
    part
}

/// Two cycles and their comparison.
#[derive(Clone, Copy)]
pub struct Changed<'a> {
    /// Both cycles, aligned by customer.
    pub pair: &'a Pair<'a>,
    /// The comparison of the cycles.
    pub comparison: &'a Comparison,
    /// The numbers of the cycles.
    pub numbers: ComparedCycles,
    /// The changes in services, if both cycles record a catalogue.
    pub services: Option<ChangedServices<'a>>,
}

/// Changes in services between two cycles.
#[derive(Clone, Copy)]
pub struct ChangedServices<'a> {
    /// The costs before and after.
    pub costs: &'a [CostChange],
    /// The notices to customers.
    pub tellings: &'a [Telling],
    /// The names of the services in both catalogues.
    pub names: ServiceNames<'a>,
}

/// Who moved since the earlier cycle, why, and how their services change.
#[must_use]
pub fn changes(changed: Changed<'_>) -> Part {
    let Changed { pair, comparison, numbers, services } = changed;
    let mut sections = comparison::sections(pair, comparison, numbers);
    if let Some(ChangedServices { costs, tellings, names }) = services {
        sections.extend(rehearsal::sections(costs, tellings));
        sections.extend(notice::sections(tellings, names));
    }
    let mut part = Part::new(Text::coded("changes", "Changes and why", "变化与原因"), sections);
    let [up, held, down] = comparison.stability[0].moved.map(grouped);
    let before = numbers.before;
    part.happened.push(text!(
        "Since cycle {before}: {up} customers rose, {held} held their tier, {down} fell.",
        "与周期 {before} 相比: 升级 {up} 户, 不变 {held} 户, 降级 {down} 户。"
    ));
    let gates = comparison.gates(pair);
    let beyond = gates.iter().filter(|gate| matches!(gate.verdict, Verdict::Warn | Verdict::Fail));
    part.decisions.extend(beyond.map(|gate| {
        let gate = names::gate(gate);
        text!(
            "{gate}. Find out why before the tiers are used.",
            "{gate}。请在使用等级前查明原因。"; gate
        )
    }));
    let must = services.map_or(0, |services| services.tellings.iter().filter(|telling| telling.must).count());
    if must > 0 {
        let must = gridtier::index::count(must);
        let (customers, count) = (counted(must, "customer", "customers"), grouped(must));
        part.decisions.push(text!(
            "{customers} must be told that their tier falls, that they lose a service, or that a plan begins.",
            "须告知 {count} 户: 等级下降、服务取消或减少、或开始督促改进。"
        ));
    }
    part
}

/// The entitlements of the tiers, and their costs in a year.
#[must_use]
pub fn entitlements(catalogue: &Catalogue, statements: &[Statement], min_count: u64) -> Part {
    let mut sections = matrix_sections(catalogue);
    sections.push(costs_in_words(&costs_table(catalogue, statements, min_count)));
    sections.extend(withheld_note(min_count));
    let title = Text::coded("entitlements", "Entitlements and costs", "权益与成本");
    let mut part = Part::new(title, sections);
    let cost = statements.iter().map(|line| line.cost_fen).sum();
    let income = statements.iter().map(|line| line.income_fen).sum();
    let [cost, income] = [cost, income].map(|fen: i128| grouped((fen + 50) / 100));
    part.happened.push(text!(
        "The tiers' services cost CNY {cost} a year by the catalogue, and the fees for them bring CNY {income}.",
        "按目录估算, 各等级服务年成本 {cost} 元, 收费 {income} 元。"
    ));
    part
}
