//! Counts of those entitled, and the year's costs and fees.

use super::super::catalogue::Catalogue;
use super::super::census::CensusLine;
use super::super::recovery::Statement;
use super::matrix::{tier_name, title};
use super::{Draft, Sheet, Words, integer};
use crate::contract::Table;
use crate::method::Tier;
use crate::word::Word;

/// A census of one service, `by` a column or nothing. What is withheld is empty, and the line says so.
#[must_use]
pub fn census(lines: &[CensusLine], by: Option<&str>, words: Words) -> Sheet {
    let lines = match by {
        Some(_) => lines,
        // One group is all there is.
        None => lines.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    let column = by.and_then(|by| Table::Customers.column(by));
    let each = || lines.iter();
    let group = |line: &CensusLine| match (&line.group, words) {
        (None, Words::Codes) => None,
        (None, _) => Some(words.pick("", "total", "合计")),
        (Some(group), Words::Codes) => Some(group.clone()),
        (Some(group), _) if group.is_empty() => Some(words.pick("", "(none)", "（空）")),
        (Some(group), _) => {
            let zh = column.and_then(|column| column.word_zh(group));
            Some(words.pick("", group, zh.unwrap_or(group)))
        }
    };
    let mut draft = Draft::new(words)
        .text(
            ("line", "line", "行"),
            each().map(|line| {
                let (code, zh) = if line.group.is_none() { ("total", "合计") } else { ("group", "分组") };
                Some(words.pick(code, code, zh))
            }),
        )
        .text(("group", "group", "分组"), each().map(group));
    for tier in Tier::ALL {
        let name = (tier.code(), tier.code(), tier.zh());
        draft = draft.integers(name, each().map(|line| line.of(tier).map(integer)));
    }
    draft
        .integers(("total", "total", "合计"), each().map(|line| line.sum().map(integer)))
        .flags(
            ("withheld", "withheld", "部分不公布"),
            each().map(|line| line.counts.iter().any(Option::is_none)),
        )
        .sheet(("census", "Customers entitled", "可享客户数"))
}

/// The year's statement by service and tier, then by tier over all services, and last of all. Lines of fewer entitled
/// customers than `min_count`, but not none, are withheld, and so is every sum that holds one.
#[must_use]
pub fn statements(catalogue: &Catalogue, statements: &[Statement], min_count: u64, words: Words) -> Sheet {
    let is_withheld = |line: &Statement| line.entitled > 0 && line.entitled < min_count;
    let sum = |tier: Option<Tier>| {
        let part = || statements.iter().filter(|line| tier.is_none_or(|tier| line.tier == tier));
        CostRow {
            service: None,
            tier,
            entitled: None,
            units_e6: None,
            short_e6: None,
            money: (!part().any(is_withheld))
                .then(|| (part().map(|line| line.cost_fen).sum(), part().map(|line| line.income_fen).sum())),
        }
    };
    let mut rows: Vec<CostRow> = statements.iter().map(|line| CostRow::of(line, is_withheld(line))).collect();
    rows.extend(Tier::ALL.map(|tier| sum(Some(tier))));
    rows.push(sum(None));
    let all = words.pick("total", "total", "合计");
    let each = || rows.iter();
    let units = |e6: Option<i128>| e6.map(|units| units as f64 / 1e6);
    let rate = |(cost, income): (i128, i128)| (cost > 0).then(|| income as f64 / cost as f64);
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
        .integers(("entitled", "entitled", "可享客户"), each().map(|row| row.entitled.map(integer)))
        .numbers(("units", "units a year", "年提供量"), each().map(|row| units(row.units_e6)))
        .numbers(("short", "beyond capacity", "超出能力"), each().map(|row| units(row.short_e6)))
        .money(("cost", "cost, CNY", "成本（元）"), each().map(|row| row.money.map(|money| money.0)))
        .money(("income", "fees, CNY", "收费（元）"), each().map(|row| row.money.map(|money| money.1)))
        .numbers(("recovery_rate", "recovery rate", "回收率"), each().map(|row| row.money.and_then(rate)))
        .flags(("withheld", "withheld", "不公布"), each().map(|row| row.money.is_none()))
        .sheet(("costs", "Cost and recovery in a year", "年度服务成本与回收"))
}

/// A line of the statement; sums over services have no units. What is withheld is empty.
struct CostRow {
    service: Option<usize>,
    tier: Option<Tier>,
    entitled: Option<u64>,
    units_e6: Option<i128>,
    short_e6: Option<i128>,
    /// Cost and income, in fen.
    money: Option<(i128, i128)>,
}

impl CostRow {
    fn of(line: &Statement, is_withheld: bool) -> Self {
        let shown = !is_withheld;
        Self {
            service: Some(line.service),
            tier: Some(line.tier),
            entitled: shown.then_some(line.entitled),
            units_e6: shown.then_some(line.units_e6),
            short_e6: shown.then_some(line.short_e6),
            money: shown.then_some((line.cost_fen, line.income_fen)),
        }
    }
}
