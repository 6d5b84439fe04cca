//! Counts of those entitled, and the year's costs and fees.

use super::super::catalogue::Catalogue;
use super::super::census::Line;
use super::super::recovery::Statement;
use super::matrix::{tier_name, title};
use super::{Draft, Sheet, Words};
use crate::method::Tier;

/// A census of one service, `by` a column or nothing. What is withheld is empty.
#[must_use]
pub fn census(lines: &[Line], by: Option<&str>, words: Words) -> Sheet {
    let lines = match by {
        Some(_) => lines,
        // One group is all there is.
        None => lines.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    let all = words.pick("total", "total", "合计");
    let none = words.pick("", "(none)", "（空）");
    let group = |line: &Line| match &line.group {
        None => all.clone(),
        Some(group) if group.is_empty() => none.clone(),
        Some(group) => group.clone(),
    };
    let mut draft =
        Draft::new(words).text(("group", "group", "分组"), lines.iter().map(|line| Some(group(line))));
    for tier in Tier::ALL {
        let name = (tier.name(), tier.name(), tier.name_zh());
        draft = draft.integers(name, lines.iter().map(|line| line.of(tier).map(|count| count as i64)));
    }
    draft
        .integers(("total", "total", "合计"), lines.iter().map(|line| line.sum().map(|count| count as i64)))
        .sheet(("census", "Customers entitled", "可享客户数"))
}

/// The year's statement by service and tier, then by tier over all services, and last of all. Lines of fewer entitled
/// customers than `min_count`, but not none, are left out, and the sums are those of what is shown.
#[must_use]
pub fn statements(catalogue: &Catalogue, statements: &[Statement], min_count: u64, words: Words) -> Sheet {
    let is_shown = |statement: &&Statement| statement.entitled == 0 || statement.entitled >= min_count;
    let shown: Vec<&Statement> = statements.iter().filter(is_shown).collect();
    let sum = |tier: Option<Tier>| {
        let part = || shown.iter().filter(|line| tier.is_none_or(|tier| line.tier == tier));
        Row {
            service: None,
            tier,
            entitled: None,
            units_e6: None,
            short_e6: None,
            cost_fen: part().map(|line| line.cost_fen).sum(),
            income_fen: part().map(|line| line.income_fen).sum(),
        }
    };
    let mut rows: Vec<Row> = shown.iter().map(|line| Row::of(line)).collect();
    rows.extend(Tier::ALL.map(|tier| sum(Some(tier))));
    rows.push(sum(None));
    let all = words.pick("total", "total", "合计");
    let each = || rows.iter();
    let units = |e6: Option<i128>| e6.map(|units| units as f64 / 1e6);
    Draft::new(words)
        .text(
            ("service", "service", "编号"),
            each().map(|row| Some(row.service.map_or(all.clone(), |at| catalogue.services[at].id.clone()))),
        )
        .text(
            ("title", "name", "服务"),
            each().map(|row| row.service.map(|at| title(&catalogue.services[at], words))),
        )
        .text(
            ("tier", "tier", "等级"),
            each().map(|row| Some(row.tier.map_or(all.clone(), |tier| tier_name(tier, words)))),
        )
        .integers(
            ("entitled", "entitled", "可享客户"),
            each().map(|row| row.entitled.map(|count| count as i64)),
        )
        .numbers(("units", "units a year", "年提供量"), each().map(|row| units(row.units_e6)))
        .numbers(("short", "beyond capacity", "超出能力"), each().map(|row| units(row.short_e6)))
        .money(("cost", "cost, CNY", "成本（元）"), each().map(|row| Some(row.cost_fen)))
        .money(("income", "fees, CNY", "收费（元）"), each().map(|row| Some(row.income_fen)))
        .numbers(
            ("recovery_rate", "recovery rate", "回收率"),
            each().map(|row| (row.cost_fen > 0).then(|| row.income_fen as f64 / row.cost_fen as f64)),
        )
        .sheet(("costs", "Cost and recovery in a year", "年度服务成本与回收"))
}

/// A line of the statement; sums over services have no units.
struct Row {
    service: Option<usize>,
    tier: Option<Tier>,
    entitled: Option<u64>,
    units_e6: Option<i128>,
    short_e6: Option<i128>,
    cost_fen: i128,
    income_fen: i128,
}

impl Row {
    fn of(line: &Statement) -> Self {
        Self {
            service: Some(line.service),
            tier: Some(line.tier),
            entitled: Some(line.entitled),
            units_e6: Some(line.units_e6),
            short_e6: Some(line.short_e6),
            cost_fen: line.cost_fen,
            income_fen: line.income_fen,
        }
    }
}
