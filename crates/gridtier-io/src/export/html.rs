//! One page that opens without a network: all of its style is in it, and every text is escaped.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Access, Dimension, Provenance, Service};
use gridtier::entitlement::view::{self, Words, cell_terms, condition_words, opened_to};
use gridtier::method::Tier;
use gridtier::word::Word;
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
                        tr { th.dimension colspan="6" { (words.pick(dimension.en(), dimension.en(), dimension.zh())) } }
                        @for service in services { tr { (service_row(catalogue, service, words)) } }
                    }
                }
            }
        }
        (legend(words))
        (prices(catalogue, words))
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
                th colspan="2" { (words.pick("service", "service", "服务")) }
                @for tier in Tier::ALL {
                    th.tier {
                        (words.pick(tier.code(), tier.code(), tier.zh()))
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
    let condition = service.condition.as_ref().map(|condition| condition_words(catalogue, condition, words));
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
                br; span.small { (words.pick("only if", "only if", "条件")) ": " (condition) }
            }
            @if let Some(opened) = opened_to(catalogue, service, words) {
                br; span.small { (words.pick("whatever the tier", "whatever the tier", "不分等级")) ": " (opened) }
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
        td class=(cell.access.code()) title=[Some(&cell.phrase).filter(|phrase| !phrase.is_empty())] {
            (words.name(cell.access))
            @if is_text { " ●" }
            @if !terms.is_empty() { br; span.small { (terms) } }
            @if !note.trim().is_empty() { br; span.small { (note) } }
        }
    }
}

/// What can be chosen and what it costs, for the tiers that pay by combination.
fn prices(catalogue: &Catalogue, words: Words) -> Markup {
    let sheet = view::combinations(catalogue, words);
    let shown = if sheet.batch.num_rows() == 0 {
        Ok(Markup::default())
    } else {
        section(&sheet.title, &sheet.heads, std::slice::from_ref(&sheet.batch))
    };
    shown.unwrap_or_default()
}

fn legend(words: Words) -> Markup {
    html! {
        p.legend {
            @for access in Access::ALL.iter().rev() {
                span class=(access.code()) { (words.name(*access)) } " "
            }
            "● " (words.pick("stated in the paper", "stated in the paper; all other cells are inferred or set by the operator", "论文原文; 其余为推定或企业规定"))
        }
    }
}
