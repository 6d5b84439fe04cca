//! One page that opens without a network: all of its style is in it, and every text is escaped.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Access, Dimension, Provenance, Service};
use gridtier::entitlement::view::{Words, cell_terms};
use gridtier::method::Tier;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Failure, Table};

const STYLE: &str = include_str!("html/style.css");

pub(super) fn write(file: &mut impl Write, tables: Vec<Table>) -> Result<u64, Failure> {
    let title = tables.first().map_or(String::new(), |table| table.title.to_owned());
    let mut rows = 0;
    let mut sections = Vec::new();
    for table in tables {
        let batches = table.batches.collect::<Result<Vec<_>, _>>()?;
        rows += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        sections.push(section(table.title, table.heads, &batches)?);
    }
    let page = page(&title, &html! { @for section in &sections { (section) } });
    file.write_all(page.into_string().as_bytes())?;
    Ok(rows)
}

fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

fn section(title: &str, heads: &[String], batches: &[RecordBatch]) -> Result<Markup, Failure> {
    let mut rows: Vec<Vec<(String, bool)>> = Vec::new();
    for batch in batches {
        let texts = batch.columns().iter().map(|column| cast(column, &DataType::Utf8));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cell = |(text, column): (&arrow_array::ArrayRef, &arrow_array::ArrayRef)| {
                let text = text.as_string::<i32>();
                let shown = if text.is_valid(row) { text.value(row).to_owned() } else { String::new() };
                (shown, column.data_type().is_numeric())
            };
            rows.push(texts.iter().zip(batch.columns()).map(cell).collect());
        }
    }
    Ok(html! {
        h2 { (title) }
        table {
            thead { tr { @for head in heads { th { (head) } } } }
            tbody {
                @for row in &rows {
                    tr { @for (cell, is_number) in row { td.number[*is_number] { (cell) } } }
                }
            }
        }
    })
}

/// What stands at the head of the matrix besides the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// Number and window of the cycle.
    pub cycle: Option<String>,
    /// Customers by tier.
    pub customers: Option<[u64; 4]>,
}

/// The matrix as one page, to be hung on a wall: A3, landscape.
///
/// # Errors
/// The writer fails.
pub fn matrix_page(
    file: &mut impl Write,
    catalogue: &Catalogue,
    occasion: &Occasion,
    words: Words,
) -> Result<(), Failure> {
    let title = words.pick("Entitlement matrix", "Entitlement matrix", "客户分级服务矩阵");
    let body = html! {
        h1 { (title) }
        p.head {
            (catalogue.name) " " (catalogue.version) " · "
            (words.pick("in force from", "in force from", "生效日期")) " " (catalogue.effective_from)
            @if let Some(to) = catalogue.effective_to { " – " (to) }
            @if let Some(cycle) = &occasion.cycle { " · " (cycle) }
        }
        table.matrix {
            (matrix_head(occasion, words))
            @for dimension in Dimension::ALL {
                @let services: Vec<&Service> = catalogue.services.iter()
                    .filter(|service| service.dimensions.first() == Some(dimension)).collect();
                @if !services.is_empty() {
                    tbody {
                        @for (place, service) in services.iter().enumerate() {
                            tr {
                                @if place == 0 {
                                    th.dimension rowspan=(services.len()) {
                                        (words.pick(dimension.en(), dimension.en(), dimension.zh()))
                                    }
                                }
                                (service_row(catalogue, service, words))
                            }
                        }
                    }
                }
            }
        }
        (legend(words))
        p.source { (words.pick("Source", "Source", "来源")) ": " (catalogue.source) }
    };
    file.write_all(page(&title, &body).into_string().as_bytes())?;
    Ok(())
}

fn matrix_head(occasion: &Occasion, words: Words) -> Markup {
    let customers = |tier: Tier| occasion.customers.map(|customers| customers[tier as usize]);
    html! {
        thead {
            tr {
                th { (words.pick("dimension", "dimension", "维度")) }
                th colspan="2" { (words.pick("service", "service", "服务")) }
                @for tier in Tier::ALL {
                    th.tier {
                        (words.pick(tier.name(), tier.name(), tier.name_zh()))
                        @if let Some(count) = customers(tier) {
                            br; span.small {
                                (count) " " (words.pick("customers", "customers", "户"))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn service_row(catalogue: &Catalogue, service: &Service, words: Words) -> Markup {
    let others = service.dimensions.iter().skip(1);
    let condition = service.condition.as_ref().map(|condition| condition.text.as_str());
    html! {
        td.id { (service.id) }
        td.service {
            b { (words.pick(&service.title, &service.title, &service.title_zh)) }
            @for dimension in others { " (" (words.pick(dimension.en(), dimension.en(), dimension.zh())) ")" }
            @if catalogue.is_regulated(service) {
                " " span.tag { (words.pick("regulated", "regulated", "监管")) }
            }
            br; span.small { (words.pick(&service.about, &service.about, &service.about_zh)) }
            @if let Some(condition) = condition {
                br; span.small { (words.pick("only if", "only if", "条件")) ": " code { (condition) } }
            }
            @for opening in &service.opens {
                br; span.small {
                    (words.pick("whatever the tier", "whatever the tier", "不分等级")) ": "
                    code { (opening.condition.text) } " → "
                    (words.pick(opening.access.word(), opening.access.en(), opening.access.zh()))
                }
            }
        }
        @for tier in Tier::ALL { (cell(service, tier, words)) }
    }
}

fn cell(service: &Service, tier: Tier, words: Words) -> Markup {
    let cell = service.cell(tier);
    let terms = cell_terms(service, cell.access, &cell.terms, words);
    let note = words.pick(&cell.terms.note, &cell.terms.note, &cell.terms.note_zh);
    let is_text = cell.provenance == Provenance::Text;
    html! {
        td class=(cell.access.word()) title=(cell.phrase) {
            (words.pick(cell.access.word(), cell.access.en(), cell.access.zh()))
            @if is_text { " ●" }
            @if !terms.is_empty() { br; span.small { (terms) } }
            @if !note.trim().is_empty() { br; span.small { (note) } }
        }
    }
}

fn legend(words: Words) -> Markup {
    html! {
        p.legend {
            @for access in Access::ALL.iter().rev() {
                span class=(access.word()) { (words.pick(access.word(), access.en(), access.zh())) } " "
            }
            "● " (words.pick("stated in the paper", "stated in the paper; all other cells are inferred or set by the operator", "论文原文; 其余为推定或企业规定"))
        }
    }
}
