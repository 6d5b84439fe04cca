//! What the services that were delivered cost, and what fees brought back.

use gridtier::entitlement::Catalogue;
use gridtier::index::float_i64;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::group::UNGRADED;
use gridtier_service::usage::{PUBLIC, UnitsRow};

use super::text_column;
use super::wording::service_title;
use crate::group_names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};

/// Thousandths of a unit.
const UNIT_E3: i64 = 1_000;

/// The lines by service and tier, then by tier over all services, and at the end the total, which have no units.
#[must_use]
pub fn recovered_table(catalogue: &Catalogue, units: &[UnitsRow]) -> DataTable {
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
        text_column("tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Integer, "deliveries", "deliveries", "次数"),
        DataColumn::new(ColumnFormat::Quantity, "units", "units delivered", "提供量"),
        DataColumn::new(ColumnFormat::Money, "cost", "cost, CNY", "成本（元）"),
        DataColumn::new(ColumnFormat::Money, "income", "fees, CNY", "收费（元）"),
        DataColumn::new(ColumnFormat::Share, "recovery_rate", "recovery rate", "回收率"),
    ];
    let mut lines: Vec<&UnitsRow> = units.iter().collect();
    group_names::best_tier_first(&mut lines, |a, b| a.service == b.service, |line| line.tier);
    let mut rows: Vec<DataRow> = lines.into_iter().map(|line| row(catalogue, line).into()).collect();
    for tier in tiers().map(Some).chain([None]) {
        let summed: Vec<&UnitsRow> =
            units.iter().filter(|line| tier.is_none_or(|tier| line.tier == tier)).collect();
        if tier.is_none() || !summed.is_empty() {
            rows.push(DataRow { role: RowRole::Total, cells: sum_row(&summed, tier) });
        }
    }
    DataTable {
        title: Text::coded("recovery", "Cost and recovery of delivered services", "已提供服务的成本与回收"),
        columns,
        rows,
    }
}

/// All that deliveries are counted by.
fn tiers() -> impl Iterator<Item = &'static str> {
    Tier::ALL.into_iter().map(|tier| tier.code()).chain([UNGRADED, PUBLIC])
}

fn row(catalogue: &Catalogue, line: &UnitsRow) -> Vec<DataCell> {
    let service = &catalogue.services[line.service];
    let mut row = vec![
        DataCell::same(service.id.clone()),
        DataCell::Text(service_title(service)),
        DataCell::Text(group_names::tier(line.tier)),
        DataCell::Integer(line.deliveries),
        DataCell::Number(float_i64(line.units_e3) / float_i64(UNIT_E3)),
    ];
    row.extend(money(line.cost_fen.into(), line.income_fen.into()));
    row
}

fn sum_row(lines: &[&UnitsRow], tier: Option<&str>) -> Vec<DataCell> {
    let all = Text::new("total", "合计");
    let deliveries = lines.iter().map(|line| line.deliveries).sum();
    let mut row = vec![
        DataCell::Text(all.clone()),
        DataCell::Blank,
        DataCell::Text(tier.map_or(all, group_names::tier)),
        DataCell::Integer(deliveries),
        DataCell::Blank,
    ];
    let sum = |of: fn(&UnitsRow) -> i64| lines.iter().map(|line| i128::from(of(line))).sum();
    row.extend(money(sum(|line| line.cost_fen), sum(|line| line.income_fen)));
    row
}

/// Cost and income in fen, and income ÷ cost; blank without cost.
fn money(cost: i128, income: i128) -> [DataCell; 3] {
    let rate = if cost > 0 { DataCell::ratio(income, cost) } else { DataCell::Blank };
    [DataCell::Fen(cost), DataCell::Fen(income), rate]
}

/// The table for a terminal, with the period in which the services were delivered.
#[must_use]
pub fn recovered_section(table: &DataTable, period: &str, is_doubtful: bool) -> Section {
    let shown = ["service", "tier", "deliveries", "units", "cost", "income", "recovery_rate"];
    let section = Section::titled(text!(
        "Services delivered in {period}, by the costs and fees of their deliveries",
        "{period} 已提供服务的成本与收费"
    ))
    .table(table.select(&shown));
    if is_doubtful { section.with(Block::Sentence(doubtful())) } else { section }
}

/// What there is to say of results whose data have too many faults.
#[must_use]
pub fn doubtful() -> Text {
    Text::new(
        "These results are doubtful: findings about the service log exceed the limits of the cycle's method.",
        "结果存疑：服务记录的数据问题超出该周期评价方法的限值。",
    )
}
