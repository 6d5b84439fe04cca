//! Part 4: what every customer is owed, and what each tier gets besides.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Access, Cadence, Dimension, Fee, Service};
use gridtier::index::float_i64;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;

use super::text_column;
use super::wording::{condition_words, edition};
use crate::format::money;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RichText, RowRole, Tone};

/// The sections of the part.
pub(super) fn sections(catalogue: &Catalogue) -> Vec<Section> {
    let mut sections = vec![owed(catalogue), by_tier(catalogue)];
    let prices = prices(catalogue);
    if !prices.rows.is_empty() {
        sections.push(
            Section::titled(text!("Prices by combination", "组合价格"))
                .sentence("In CNY, for the parts chosen together.", "单位：元，按所选项目组合计价。")
                .table(prices),
        );
    }
    sections
}

/// Whether a rule makes the service the same for everybody to whom it is owed, so that no tier can have more of it.
fn is_owed(catalogue: &Catalogue, service: &Service) -> bool {
    catalogue.duties.iter().any(|duty| duty.is_basic && service.duty.as_ref() == Some(&duty.id))
}

/// What is owed whatever the tier.
fn owed(catalogue: &Catalogue) -> Section {
    let columns = vec![
        text_column("service", "service", "服务"),
        text_column("owed_to", "owed to", "服务对象"),
        text_column("duty", "what is owed", "应尽义务"),
        text_column("rule", "rule", "依据"),
    ];
    let rows = catalogue.services.iter().filter_map(|service| {
        let duty = catalogue.duties.iter().find(|duty| service.duty.as_ref() == Some(&duty.id))?;
        let only = service.condition.as_ref().unwrap_or(&duty.owed_to);
        Some(vec![
            DataCell::Rich(Box::new(named(catalogue, service))),
            DataCell::Text(condition_words(only, &catalogue.fields)),
            DataCell::Text(duty.title.clone()),
            DataCell::Text(duty.source.clone()),
        ])
    });
    let table = DataTable::new(Text::coded("owed", "", ""), columns, rows);
    Section::titled(text!("Owed to all, whatever the tier", "面向全体客户的服务（不分等级）"))
        .with(Block::Sentence(text!(
            "These services follow from rules. Nobody has to be of a certain tier to receive them.",
            "以下服务依规定提供，与客户等级无关。"
        )))
        .table(table)
}

/// What each tier gets of the other services.
fn by_tier(catalogue: &Catalogue) -> Section {
    let mut columns = vec![text_column("service", "service", "服务")];
    columns.extend(Tier::ALL.map(|tier| text_column(tier.code(), tier.en(), tier.zh())));
    let mut rows = Vec::new();
    for &dimension in Dimension::ALL {
        let services = catalogue
            .services
            .iter()
            .filter(|service| service.dimensions.first() == Some(&dimension) && !is_owed(catalogue, service));
        let of_dimension: Vec<DataRow> = services.map(|service| row(catalogue, service)).collect();
        if !of_dimension.is_empty() {
            rows.push(DataRow { role: RowRole::Group, cells: vec![DataCell::word(dimension)] });
            rows.extend(of_dimension);
        }
    }
    let edition = edition(&catalogue.name, &catalogue.version, catalogue.effective_from);
    Section::titled(text!("Services by tier", "各等级客户的服务"))
        .with(Block::Sentence(text!("Catalogue {edition}.", "服务目录 {edition}。"; edition)))
        .table(DataTable { title: Text::coded("matrix", "", ""), columns, rows })
}

fn row(catalogue: &Catalogue, service: &Service) -> DataRow {
    let mut name = named(catalogue, service);
    name.details.extend(service.condition.as_ref().map(|condition| {
        let only = condition_words(condition, &catalogue.fields);
        text!("Only if: {only}.", "适用条件：{only}。"; only)
    }));
    name.details.extend(service.opens.iter().map(|opening| {
        let to = condition_words(&opening.condition, &catalogue.fields);
        let terms = access_words(service, opening.access, opening.terms.fee_fen, opening.terms.subsidy_e6);
        text!("Whatever the tier, if {to}: {terms}.", "不分等级，{to}的：{terms}。"; to, terms)
    }));
    if let Fee::Shared(key) = service.fee {
        let key = Text::of_word(key);
        name.details
            .push(text!("The applicants divide the rest {key}.", "其余费用由申请客户分摊（{key}）。"; key));
    }
    let mut cells = vec![DataCell::Rich(Box::new(name))];
    cells.extend(Tier::ALL.map(|tier| DataCell::Rich(Box::new(terms(catalogue, service, tier)))));
    cells.into()
}

fn named(catalogue: &Catalogue, service: &Service) -> RichText {
    let title = Text::new(service.title.clone(), service.title_zh.clone());
    let about = Text::new(service.about.clone(), service.about_zh.clone());
    RichText {
        plain: title.clone(),
        lead: title,
        is_strong: true,
        tag: catalogue.is_regulated(service).then(|| text!("regulated", "监管")),
        details: vec![about],
        ..RichText::default()
    }
}

/// The terms of a tier in words.
fn terms(catalogue: &Catalogue, service: &Service, tier: Tier) -> RichText {
    let cell = service.cell(tier);
    let terms = &cell.terms;
    let lead = access_words(service, cell.access, terms.fee_fen, terms.subsidy_e6);
    let mut details = Vec::new();
    if cell.access != Access::None {
        details.extend(cadence_words(terms.cadence.unwrap_or(service.cadence)));
        details.extend(free_parts(service, terms.free_parts));
        details.extend(
            terms.quota_per_year.map(|quota| text!("at most {quota} in a year", "每年最多 {quota} 次")),
        );
        details.extend(cell.condition.as_ref().map(|condition| {
            let only = condition_words(condition, &catalogue.fields);
            text!("only if: {only}", "适用条件：{only}"; only)
        }));
        if !terms.note.is_empty() || !terms.note_zh.is_empty() {
            details.push(Text::new(terms.note.clone(), terms.note_zh.clone()));
        }
    }
    RichText { plain: lead.clone(), lead, details, tone: Some(tone(cell.access)), ..RichText::default() }
}

/// In which way a service is given, in words.
fn access_words(service: &Service, access: Access, fee_fen: Option<i64>, subsidy_e6: Option<i64>) -> Text {
    match access {
        Access::None => Text::same("–"),
        Access::Limited => text!("in part", "部分提供"),
        Access::Included => text!("free of charge", "免费提供"),
        Access::OnApplication => text!("free of charge, on application", "申请后免费提供"),
        Access::Subsidised => match subsidy_e6 {
            Some(share) => {
                let percent = float_i64(share) / 1e4;
                text!("the utility bears {percent} % of the cost", "供电企业承担费用的 {percent}%")
            }
            None => text!("the utility bears a part of the cost", "供电企业承担部分费用"),
        },
        Access::Paid => match (&service.fee, fee_fen) {
            (Fee::Combination(..), _) => {
                text!("for a fee; prices are below", "有偿提供，价格见下表")
            }
            (_, Some(fen)) => {
                let (fee, unit, unit_zh) = (money(fen.into()), &service.unit, &service.unit_zh);
                text!("for a fee: {fee} CNY ({unit})", "有偿提供：{fee} 元/{unit_zh}")
            }
            (_, None) => text!("for a fee", "有偿提供"),
        },
    }
}

fn cadence_words(cadence: Cadence) -> Option<Text> {
    Some(match cadence {
        Cadence::OnDemand | Cadence::OnEvent => return None,
        Cadence::Once => text!("once", "一次"),
        Cadence::Yearly => text!("every year", "每年"),
        Cadence::HalfYearly => text!("every half-year", "每半年"),
        Cadence::Quarterly => text!("every quarter", "每季度"),
        Cadence::Monthly => text!("every month", "每月"),
    })
}

/// The parts of a combination that cost nothing.
fn free_parts(service: &Service, bits: u32) -> Option<Text> {
    let names = super::wording::listed(&part_names(service, bits));
    (!names.is_empty()).then(|| text!("free of charge: {names}", "免费项目：{names}"; names))
}

/// The names of the parts of a combination that these bits stand for.
fn part_names(service: &Service, bits: u32) -> Vec<Text> {
    let Fee::Combination(parts, _) = &service.fee else { return Vec::new() };
    let chosen = parts.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    chosen.map(|(_, part)| Text::new(part.title.clone(), part.title_zh.clone())).collect()
}

/// What the parts of a service cost together, for each tier that pays for them.
fn prices(catalogue: &Catalogue) -> DataTable {
    let mut columns = vec![text_column("parts", "parts chosen", "所选项目")];
    columns.extend(
        Tier::ALL.map(|tier| DataColumn::new(ColumnFormat::Money, tier.code(), tier.en(), tier.zh())),
    );
    let mut rows: Vec<DataRow> = Vec::new();
    for service in &catalogue.services {
        let Fee::Combination(_, choices) = &service.fee else { continue };
        let title = Text::new(service.title.clone(), service.title_zh.clone());
        rows.push(DataRow { role: RowRole::Group, cells: vec![DataCell::Text(title)] });
        rows.extend(choices.iter().map(|choice| {
            let mut cells = vec![DataCell::Text(super::wording::listed(&part_names(service, choice.parts)))];
            cells.extend(Tier::ALL.map(|tier| {
                let cell = service.cell(tier);
                let price = service.price_fen(&cell.terms, choice.parts);
                let price = price.filter(|_| cell.access == Access::Paid);
                price.map_or(DataCell::Missing, |fen| DataCell::Fen(fen.into()))
            }));
            DataRow::from(cells)
        }));
    }
    DataTable { title: Text::coded("prices", "", ""), columns, rows }
}

/// The colour of an access.
fn tone(access: Access) -> Tone {
    Tone(match access {
        Access::None => 0,
        Access::Limited => 1,
        Access::Paid => 2,
        Access::Subsidised => 3,
        Access::OnApplication => 4,
        Access::Included => 5,
    })
}
