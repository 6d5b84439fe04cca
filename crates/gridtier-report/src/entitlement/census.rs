//! Counts of the customers who are entitled to services, and the year's costs and fees.

use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::census::{Census, CensusLine};
use gridtier::entitlement::recovery::Statement;
use gridtier::entitlement::service::Service;
use gridtier::method::Tier;
use gridtier::word::Word;

use super::wording::{service_title, tier_text};
use super::{count_cell, text_cell, text_column};
use crate::charts;
use crate::format;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};
use gridtier::text::{Text, Voice};

/// A census of one service, grouped `by` a column or not at all. Withheld counts are empty, and their line says that they
/// are withheld. The group of the total is empty for programs.
#[must_use]
pub fn census_table(lines: &[CensusLine], by: Option<&str>, voice: Voice) -> DataTable {
    let lines = match by {
        Some(_) => lines,
        // Without a column there is one group, which is the total.
        None => lines.last().map(std::slice::from_ref).unwrap_or_default(),
    };
    let mut columns = vec![text_column("line", "line", "行"), text_column("group", "group", "分组")];
    columns.extend(
        Tier::ALL.map(|tier| DataColumn::new(ColumnFormat::Integer, tier.code(), tier.code(), tier.zh())),
    );
    columns.extend([
        DataColumn::new(ColumnFormat::Integer, "total", "total", "合计"),
        DataColumn::new(ColumnFormat::YesNo, "withheld", "withheld", "部分不公布"),
    ]);
    let rows = lines.iter().map(|line| {
        let (kind, group) = match &line.group {
            None if voice == Voice::Codes => (Text::new("total", "合计"), None),
            None => (Text::new("total", "合计"), Some(Text::new("total", "合计"))),
            Some(group) => (Text::new("group", "分组"), Some(group_text(group, by))),
        };
        let mut row = vec![DataCell::Text(kind), text_cell(group)];
        row.extend(Tier::ALL.map(|tier| count_cell(line.of(tier))));
        row.push(count_cell(line.sum()));
        row.push(DataCell::YesNo(line.counts.iter().any(Option::is_none)));
        row
    });
    DataTable::new(Text::coded("census", "Customers entitled", "可享客户数"), columns, rows)
}

/// A value of the column by which a census is grouped.
fn group_text(group: &str, by: Option<&str>) -> Text {
    if group.is_empty() {
        return Text::coded("", "(none)", "（空）");
    }
    let zh = by.and_then(|by| Table::Customers.column(by)).and_then(|column| column.word_zh(group));
    Text::new(group.to_owned(), zh.unwrap_or(group).to_owned())
}

/// The census for a terminal; it is also divided by access if nothing is withheld.
#[must_use]
pub fn census_section(
    service: &Service,
    census: &Census,
    lines: &[CensusLine],
    by: Option<&str>,
    voice: Voice,
) -> Section {
    let shown = ["group", "special", "grade-1", "grade-2", "grade-3", "total"];
    let section = Section::titled(Text::new(
        format!("{} {}: customers entitled", service.id, service.title),
        format!("{} {}: 可享客户数", service.id, service.title_zh),
    ))
    .table(census_table(lines, by, voice).select(&shown));
    let accesses: Vec<Text> = census
        .by_access
        .iter()
        .rev()
        .map(|(access, count)| {
            let count = format::grouped(*count);
            Text::new(format!("{} {count}", access.en()), format!("{} {count}", access.zh()))
        })
        .collect();
    // A second way of dividing the same customers would reveal the numbers that the first way withholds.
    let is_whole = lines.iter().all(|line| line.counts.iter().all(Option::is_some));
    if accesses.is_empty() || !is_whole {
        return section;
    }
    section.with(Block::Sentence(Text::join(&accesses, ", ")))
}

/// The year's statement: lines by service and tier, then by tier over all services, and at the end the total. A line
/// with at least one but fewer than `min_count` entitled customers is withheld, and so is every sum that includes it.
#[must_use]
pub fn costs_table(catalogue: &Catalogue, statements: &[Statement], min_count: u64) -> DataTable {
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
        text_column("tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Integer, "entitled", "entitled", "可享客户"),
        DataColumn::new(ColumnFormat::Quantity, "units", "units a year", "年提供量"),
        DataColumn::new(ColumnFormat::Quantity, "short", "beyond capacity", "超出能力"),
        DataColumn::new(ColumnFormat::Money, "cost", "cost, CNY", "成本（元）"),
        DataColumn::new(ColumnFormat::Money, "income", "fees, CNY", "收费（元）"),
        DataColumn::new(ColumnFormat::Share, "recovery_rate", "recovery rate", "回收率"),
        DataColumn::new(ColumnFormat::YesNo, "withheld", "withheld", "不公布"),
    ];
    let mut rows: Vec<DataRow> =
        statements.iter().map(|line| statement_row(catalogue, line, min_count).into()).collect();
    for tier in Tier::ALL.map(Some).into_iter().chain([None]) {
        rows.push(DataRow { role: RowRole::Total, cells: sum_row(statements, tier, min_count) });
    }
    DataTable {
        title: Text::coded("costs", "Cost and recovery in a year", "年度服务成本与回收"),
        columns,
        rows,
    }
}

fn is_withheld(line: &Statement, min_count: u64) -> bool {
    line.entitled > 0 && line.entitled < min_count
}

fn statement_row(catalogue: &Catalogue, line: &Statement, min_count: u64) -> Vec<DataCell> {
    let service = &catalogue.services[line.service];
    let mut row = vec![
        DataCell::same(service.id.clone()),
        DataCell::Text(service_title(service)),
        DataCell::Text(tier_text(line.tier)),
    ];
    if is_withheld(line, min_count) {
        row.extend([DataCell::Blank, DataCell::Blank, DataCell::Blank]);
        row.extend(money_cells(None));
    } else {
        row.extend([
            DataCell::count(line.entitled),
            DataCell::ratio(line.units_e6, 1_000_000),
            DataCell::ratio(line.short_e6, 1_000_000),
        ]);
        row.extend(money_cells(Some((line.cost_fen, line.income_fen))));
    }
    row
}

/// The sum over all services, of a tier or of all; it has no units.
fn sum_row(statements: &[Statement], tier: Option<Tier>, min_count: u64) -> Vec<DataCell> {
    let summed: Vec<&Statement> =
        statements.iter().filter(|line| tier.is_none_or(|tier| line.tier == tier)).collect();
    let money = (!summed.iter().any(|line| is_withheld(line, min_count))).then(|| {
        (summed.iter().map(|line| line.cost_fen).sum(), summed.iter().map(|line| line.income_fen).sum())
    });
    let all = Text::new("total", "合计");
    let mut row = vec![
        DataCell::Text(all.clone()),
        DataCell::Blank,
        DataCell::Text(tier.map_or(all, tier_text)),
        DataCell::Blank,
        DataCell::Blank,
        DataCell::Blank,
    ];
    row.extend(money_cells(money));
    row
}

/// Cost and income in fen, and whether they are withheld.
fn money_cells(money: Option<(i128, i128)>) -> [DataCell; 4] {
    let Some((cost, income)) = money else {
        return [DataCell::Blank, DataCell::Blank, DataCell::Blank, DataCell::YesNo(true)];
    };
    let rate = if cost > 0 { DataCell::ratio(income, cost) } else { DataCell::Blank };
    [DataCell::Fen(cost), DataCell::Fen(income), rate, DataCell::YesNo(false)]
}

/// The statement for a terminal: the lines with entitled customers, and the sums.
#[must_use]
pub fn costs_section(costs: &DataTable) -> Section {
    costs_of(costs, &["service", "tier", "entitled", "units", "short", "cost", "income", "recovery_rate"])
}

/// The same for pages, which have room for the names of the services.
#[must_use]
pub fn costs_in_words(costs: &DataTable) -> Section {
    costs_of(
        costs,
        &["service", "title", "tier", "entitled", "units", "short", "cost", "income", "recovery_rate"],
    )
}

fn costs_of(costs: &DataTable, shown: &[&str]) -> Section {
    let mut table = costs.select(shown);
    let is_entitled = shown.iter().position(|column| *column == "entitled");
    table.rows.retain(|row| is_entitled.is_none_or(|at| row.cells[at] != DataCell::Integer(0)));
    Section::titled(Text::new(
        "A year's services by the catalogue's unit costs, uptakes, fees and capacities",
        "按目录的单位成本、用量、收费与能力估算的年度服务成本",
    ))
    .table(table)
    .with_all(costs_chart(costs))
}

/// The sum of a column of money; `None` if a cell is withheld.
fn sum_fen(lines: &[&[DataCell]], column: usize) -> Option<i128> {
    let fen = lines.iter().map(|line| match line[column] {
        DataCell::Fen(fen) => Some(fen),
        _ => None,
    });
    fen.sum()
}

/// Cost and income by service; a service with a withheld line shows neither. `None` if no service costs anything.
fn costs_chart(costs: &DataTable) -> Option<Block> {
    let shown = costs.select(&["service", "title", "cost", "income"]);
    let lines: Vec<&[DataCell]> =
        shown.rows.iter().filter(|row| row.role == RowRole::Body).map(|row| &*row.cells).collect();
    let services = lines.chunk_by(|a, b| a[0] == b[0]);
    let rows: Vec<Vec<DataCell>> = services
        .filter_map(|lines| {
            let sums = [2, 3].map(|column| sum_fen(lines, column));
            let (DataCell::Text(id), DataCell::Text(title)) = (&lines[0][0], &lines[0][1]) else {
                return None;
            };
            let name = Text::join(&[id.clone(), title.clone()], " ");
            let mut row = vec![DataCell::Text(name)];
            row.extend(sums.map(|sum| sum.map_or(DataCell::Missing, DataCell::Fen)));
            (sums != [Some(0), Some(0)]).then_some(row)
        })
        .collect();
    let columns = vec![
        text_column("service", "service", "服务"),
        DataColumn::new(ColumnFormat::Money, "cost", "cost", "成本"),
        DataColumn::new(ColumnFormat::Money, "income", "fees", "收费"),
    ];
    let table = DataTable::new(Text::default(), columns, rows);
    (!table.rows.is_empty()).then(|| Block::Chart(Box::new(charts::costs(table))))
}
