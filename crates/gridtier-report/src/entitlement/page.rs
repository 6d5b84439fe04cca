//! The matrix as one page to hang on a wall: A3, landscape.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Access, Dimension, Provenance, Service};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::matrix::combinations;
use super::text_column;
use super::wording::{joined, note_text, opened_to, service_condition, service_title, terms_text};
use crate::format;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RichText, RowRole, Tone};
use gridtier::text::Text;

/// The cycle whose matrix a page shows.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// Number and window of the cycle.
    pub cycle: Option<Text>,
    /// Customers by tier.
    pub customers: Option<[u64; 4]>,
}

/// The page: the matrix, its legend, prices of combinations, the source.
#[must_use]
pub fn matrix_page(catalogue: &Catalogue, occasion: &Occasion) -> Vec<Section> {
    let heading = Text::new("Entitlement matrix", "客户分级服务矩阵");
    let mut sections = vec![
        Section::titled(heading)
            .with(Block::Sentence(head(catalogue, occasion)))
            .table(page_table(catalogue, occasion))
            .with(Block::Legend(
                Access::ALL.iter().rev().map(|&access| (tone(access), Text::of_word(access))).collect(),
            ))
            .sentence(
                "● stated in the paper; all other cells are inferred or set by the operator",
                "● 论文原文; 其余为推定或企业规定",
            ),
    ];
    let prices = combinations(catalogue);
    if !prices.rows.is_empty() {
        sections.push(Section::of_table(prices));
    }
    let source = Text::same(catalogue.source.clone());
    sections.push(Section::new().with(Block::Sentence(joined(&[Text::new("Source", "来源"), source], ": "))));
    sections
}

/// The name of the catalogue, the day since which it is in force, and the cycle.
fn head(catalogue: &Catalogue, occasion: &Occasion) -> Text {
    let to = catalogue.effective_to.map_or_else(String::new, |to| format!(" – {to}"));
    let from = catalogue.effective_from;
    let mut parts = vec![
        Text::same(format!("{} {}", catalogue.name, catalogue.version)),
        Text::new(format!("in force from {from}{to}"), format!("生效日期 {from}{to}")),
    ];
    parts.extend(occasion.cycle.clone());
    joined(&parts, " · ")
}

fn page_table(catalogue: &Catalogue, occasion: &Occasion) -> DataTable {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Id, "service", "service", "编号"),
        text_column("title", "name", "服务"),
    ];
    columns.extend(Tier::ALL.map(|tier| {
        let column = text_column(tier.code(), tier.code(), tier.zh());
        match occasion.customers {
            Some(customers) => {
                let count = customers[tier.position()];
                let en = format::counted(count, "customer", "customers");
                column.with_note(Text::new(en, format!("{} 户", format::grouped(count))))
            }
            None => column,
        }
    }));
    let mut rows = Vec::new();
    for &dimension in Dimension::ALL {
        let services =
            catalogue.services.iter().filter(|service| service.dimensions.first() == Some(&dimension));
        let of_dimension: Vec<DataRow> = services.map(|service| service_row(catalogue, service)).collect();
        if !of_dimension.is_empty() {
            rows.push(DataRow { role: RowRole::Group, cells: vec![DataCell::word(dimension)] });
            rows.extend(of_dimension);
        }
    }
    DataTable { title: Text::default(), columns, rows }
}

fn service_row(catalogue: &Catalogue, service: &Service) -> DataRow {
    let mut details = vec![Text::new(service.about.clone(), service.about_zh.clone())];
    details.extend(
        service_condition(catalogue, service)
            .map(|condition| joined(&[Text::new("only if", "条件"), condition], ": ")),
    );
    details.extend(
        opened_to(catalogue, service)
            .map(|opened| joined(&[Text::new("whatever the tier", "不分等级"), opened], ": ")),
    );
    let mut lead = vec![service_title(service)];
    for &dimension in service.dimensions.iter().skip(1) {
        lead.push(Text::new(format!("({})", dimension.en()), format!("({})", dimension.zh())));
    }
    let named = RichText {
        plain: service_title(service),
        lead: joined(&lead, " "),
        is_strong: true,
        tag: catalogue.is_regulated(service).then(|| Text::new("regulated", "监管")),
        details,
        ..RichText::default()
    };
    let mut cells = vec![DataCell::same(service.id.clone()), DataCell::Rich(Box::new(named))];
    cells.extend(Tier::ALL.map(|tier| DataCell::Rich(Box::new(cell_text(service, tier)))));
    cells.into()
}

fn cell_text(service: &Service, tier: Tier) -> RichText {
    let cell = service.cell(tier);
    let name = Text::of_word(cell.access);
    let mark = if cell.provenance == Provenance::Text { " ●" } else { "" };
    let details = [terms_text(service, cell.access, &cell.terms), note_text(&cell.terms)];
    RichText {
        plain: name.clone(),
        lead: joined(&[name, Text::same(mark)], ""),
        details: details.into_iter().filter(|detail| !detail.is_empty()).collect(),
        tone: Some(tone(cell.access)),
        hint: (!cell.phrase.is_empty()).then(|| Text::same(cell.phrase.clone())),
        ..RichText::default()
    }
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
