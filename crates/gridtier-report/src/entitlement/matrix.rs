//! The matrix, and the tables behind it: cells with their terms, services, and prices of combinations.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Access, Cell, Fee, Service};
use gridtier::index::float_i64;
use gridtier::method::Tier;
use gridtier::word::Word;

use super::wording::{
    condition_text, dimensions_text, joined, note_text, opened_to, parts_text, service_condition,
    service_title, terms_text, tier_text,
};
use super::{count_cell, e6_cell, fen_cell, own_words, text_cell, text_column};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// Services by dimension, in the order of dimensions and then of the file.
fn by_dimension(catalogue: &Catalogue) -> Vec<&Service> {
    let mut services: Vec<&Service> = catalogue.services.iter().collect();
    services.sort_by_key(|service| service.dimensions.first().copied());
    services
}

/// A cell in short. `*` marks a condition besides the tier; `†` marks that some customers get more, whatever their tier.
fn short(service: &Service, cell: &Cell) -> Text {
    let is_conditional = service.condition.is_some() || cell.condition.is_some();
    let star = if is_conditional && cell.access != Access::None { "*" } else { "" };
    let has_more = service.opens.iter().any(|opening| opening.access > cell.access);
    let dagger = if has_more { "†" } else { "" };
    let name = joined(&[Text::of_word(cell.access), Text::same(format!("{star}{dagger}"))], "");
    let terms = terms_text(service, cell.access, &cell.terms);
    if terms.is_empty() {
        return name;
    }
    let Text { en, zh, code } = joined(&[name, terms], "\n");
    Text::coded(
        in_brackets(&code.unwrap_or_default(), ["(", ")"], " "),
        in_brackets(&en, ["(", ")"], " "),
        in_brackets(&zh, ["（", "）"], ""),
    )
}

/// Moves terms from the line below a name into brackets behind the name.
fn in_brackets(name_and_terms: &str, [open, close]: [&str; 2], space: &str) -> String {
    match name_and_terms.split_once('\n') {
        Some((name, terms)) => format!("{name}{space}{open}{terms}{close}"),
        None => name_and_terms.to_owned(),
    }
}

/// The matrix as people read it: a row for each service, a column for each tier.
#[must_use]
pub fn matrix(catalogue: &Catalogue) -> DataTable {
    let mut columns = vec![
        text_column("dimension", "dimension", "维度"),
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
    ];
    columns.extend(Tier::ALL.map(|tier| text_column(tier.code(), tier.code(), tier.zh())));
    columns.extend([
        text_column("start", "begins", "启动方式"),
        DataColumn::new(ColumnFormat::YesNo, "regulated", "regulated", "监管服务"),
        text_column("condition", "* only if", "* 适用条件"),
        text_column("opened_to", "† whatever the tier", "† 不分等级开放"),
    ]);
    let rows = by_dimension(catalogue).into_iter().map(|service| {
        let mut row = vec![
            DataCell::Text(dimensions_text(service)),
            DataCell::same(service.id.clone()),
            DataCell::Text(service_title(service)),
        ];
        row.extend(Tier::ALL.map(|tier| DataCell::Text(short(service, service.cell(tier)))));
        row.extend([
            DataCell::word(service.start),
            DataCell::YesNo(catalogue.is_regulated(service)),
            text_cell(service_condition(catalogue, service)),
            text_cell(opened_to(catalogue, service)),
        ]);
        row
    });
    DataTable::new(Text::coded("matrix", "Entitlement matrix", "客户分级服务矩阵"), columns, rows)
}

/// The matrix for a terminal, and what the marks in it mean.
#[must_use]
pub fn matrix_sections(catalogue: &Catalogue) -> Vec<Section> {
    let heading = Text::new(
        format!("Entitlement matrix: {} {}", catalogue.name, catalogue.version),
        format!("客户分级服务矩阵: {} {}", catalogue.name, catalogue.version),
    );
    let shown = ["service", "title", "special", "grade-1", "grade-2", "grade-3"];
    let mut sections = vec![Section::titled(heading).table(matrix(catalogue).select(&shown))];
    let conditions =
        catalogue.services.iter().map(|service| (service, service_condition(catalogue, service)));
    sections.extend(footnote(Text::new("* only if", "* 适用条件"), conditions));
    let openings = catalogue.services.iter().map(|service| (service, opened_to(catalogue, service)));
    sections.extend(footnote(Text::new("† whatever the tier", "† 不分等级开放"), openings));
    sections
}

/// What a mark means for each service that has it.
fn footnote<'c>(heading: Text, notes: impl Iterator<Item = (&'c Service, Option<Text>)>) -> Option<Section> {
    let lines: Vec<Text> = notes
        .filter_map(|(service, note)| Some(joined(&[Text::same(service.id.clone()), note?], ": ")))
        .collect();
    (!lines.is_empty()).then(|| Section::titled(heading).with(Block::Lines(lines)))
}

/// The cells of these tiers with their terms and provenance: a row for each service and tier.
#[must_use]
pub fn cells(catalogue: &Catalogue, tiers: &[Tier]) -> DataTable {
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
        text_column("tier", "tier", "等级"),
        text_column("access", "access", "提供方式"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "单价（元）"),
        DataColumn::new(ColumnFormat::Share, "subsidy_share", "subsidy share", "补贴比例"),
        text_column("cadence", "cadence", "频次"),
        DataColumn::new(ColumnFormat::Integer, "quota_per_year", "quota a year", "年度限额"),
        text_column("condition", "condition", "适用条件"),
        text_column("note", "terms", "条款"),
        text_column("provenance", "provenance", "依据"),
        text_column("phrase", "the paper's words", "论文原文"),
        text_column("less", "why less", "低于下级的理由"),
    ];
    let rows = by_dimension(catalogue).into_iter().flat_map(|service| {
        tiers.iter().map(move |&tier| {
            let cell = service.cell(tier);
            let cadence = cell.terms.cadence.unwrap_or(service.cadence);
            let note = note_text(&cell.terms);
            vec![
                DataCell::same(service.id.clone()),
                DataCell::Text(service_title(service)),
                DataCell::Text(tier_text(tier)),
                DataCell::word(cell.access),
                fen_cell(cell.terms.fee_fen),
                e6_cell(cell.terms.subsidy_e6),
                text_cell((cell.access != Access::None).then(|| Text::of_word(cadence))),
                count_cell(cell.terms.quota_per_year),
                text_cell(all_conditions(catalogue, service, cell)),
                text_cell((!note.is_empty()).then_some(note)),
                DataCell::word(cell.provenance),
                own_words(&cell.phrase),
                own_words(cell.less.as_deref().unwrap_or_default()),
            ]
        })
    });
    DataTable::new(Text::coded("cells", "Terms and provenance", "条款与依据"), columns, rows)
}

/// The conditions of the service and of its cell.
fn all_conditions(catalogue: &Catalogue, service: &Service, cell: &Cell) -> Option<Text> {
    let conditions = service.condition.iter().chain(&cell.condition);
    let texts: Vec<Text> = conditions.map(|condition| condition_text(catalogue, condition)).collect();
    (!texts.is_empty()).then(|| joined(&texts, "; "))
}

/// What a tier gets of every service, for a terminal.
#[must_use]
pub fn tier_section(catalogue: &Catalogue, tier: Tier) -> Section {
    let Text { en, zh, .. } = names::tier(tier);
    let (name, version) = (&catalogue.name, &catalogue.version);
    let heading = Text::new(
        format!("Services of tier {en}: {name} {version}"),
        format!("{zh}客户的服务: {name} {version}"),
    );
    let shown = ["service", "title", "access", "fee", "subsidy_share", "cadence", "condition"];
    Section::titled(heading).table(cells(catalogue, &[tier]).select(&shown))
}

/// The services: what they are, what they cost, what limits them.
#[must_use]
pub fn services(catalogue: &Catalogue) -> DataTable {
    let cost_format = unit_cost_format(catalogue);
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("dimension", "dimension", "维度"),
        text_column("title", "name", "服务"),
        text_column("about", "what it is", "说明"),
        DataColumn::new(ColumnFormat::YesNo, "regulated", "regulated", "监管服务"),
        text_column("unit", "unit", "计量单位"),
        DataColumn::new(cost_format, "unit_cost", "unit cost, CNY", "单位成本（元）"),
        DataColumn::new(ColumnFormat::Quantity, "uptake", "units a year and customer", "户均年用量"),
        DataColumn::new(
            ColumnFormat::Integer,
            "programme_units",
            "units a year for the public",
            "公众项目年用量",
        ),
        text_column("fee_rule", "fee rule", "收费规则"),
        DataColumn::new(ColumnFormat::Integer, "capacity_per_year", "capacity, units a year", "年度能力"),
        text_column("condition", "condition", "适用条件"),
        text_column("opened_to", "opened whatever the tier", "不分等级开放条件"),
        DataColumn::new(ColumnFormat::YesNo, "outage_plan", "needs the outage plan", "须核有序用电方案"),
        text_column("source", "source", "来源"),
    ];
    let rows = by_dimension(catalogue).into_iter().map(|service| {
        vec![
            DataCell::same(service.id.clone()),
            DataCell::Text(dimensions_text(service)),
            DataCell::Text(service_title(service)),
            DataCell::text(service.about.clone(), service.about_zh.clone()),
            DataCell::YesNo(catalogue.is_regulated(service)),
            DataCell::text(service.unit.clone(), service.unit_zh.clone()),
            unit_cost_cell(service.unit_cost_e6, cost_format),
            e6_cell(service.programme_units.is_none().then_some(service.uptake_e6)),
            count_cell(service.programme_units),
            DataCell::word(service.fee.rule()),
            count_cell(service.capacity.map(|capacity| capacity.per_year())),
            text_cell(service_condition(catalogue, service)),
            text_cell(opened_to(catalogue, service)),
            DataCell::YesNo(service.outage_plan),
            DataCell::same(service.source.clone()),
        ]
    });
    DataTable::new(Text::coded("services", "Services", "服务目录"), columns, rows)
}

/// Number of 10⁻⁶ yuan in a fen.
const FEN_E6: i64 = 10_000;

/// Costs per unit are amounts if all of them are whole fen, else numbers.
fn unit_cost_format(catalogue: &Catalogue) -> ColumnFormat {
    let are_fen = catalogue.services.iter().all(|service| service.unit_cost_e6 % FEN_E6 == 0);
    if are_fen { ColumnFormat::Money } else { ColumnFormat::Quantity }
}

/// A cost per unit, given in 10⁻⁶ yuan, in a column of that format.
fn unit_cost_cell(cost_e6: i64, format: ColumnFormat) -> DataCell {
    let decimals = if cost_e6 % FEN_E6 == 0 { 2 } else { 6 };
    match format {
        ColumnFormat::Money => DataCell::Fen((cost_e6 / FEN_E6).into()),
        _ => DataCell::Formatted(float_i64(cost_e6) / 1e6, ColumnFormat::Number(decimals)),
    }
}

/// The price of every choice of parts, for each tier that pays for them.
#[must_use]
pub fn combinations(catalogue: &Catalogue) -> DataTable {
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("parts", "parts chosen", "所选项目"),
        text_column("tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "价格（元）"),
    ];
    let mut rows = Vec::new();
    for service in by_dimension(catalogue) {
        let Fee::Combination(_, choices) = &service.fee else { continue };
        for choice in choices {
            for tier in Tier::ALL.into_iter().filter(|&tier| service.cell(tier).access == Access::Paid) {
                let price = service.price_fen(&service.cell(tier).terms, choice.parts);
                rows.extend(price.map(|price| {
                    vec![
                        DataCell::same(service.id.clone()),
                        DataCell::Text(parts_text(service, choice.parts)),
                        DataCell::Text(tier_text(tier)),
                        fen_cell(Some(price)),
                    ]
                }));
            }
        }
    }
    DataTable::new(Text::coded("prices", "Prices by combination", "组合价格"), columns, rows)
}
