//! The customer handbook 客户手册: ten parts and an annex, in both languages (SERVICE §8).
//!
//! The words are the operator's own (`handbook.toml`), those of the cycle's catalogue and method, and those of the service
//! policy. Nothing is computed here, and nothing of a customer is shown.

mod wording;
mod services;
mod evaluation;
mod annex;

use gridtier::entitlement::Catalogue;
use gridtier::method::Method;
use gridtier::score::Parameters;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::handbook::{Handbook, HandbookPart};
use gridtier_service::policy::{Policy, fields};

use crate::document::{Chapter, Document};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// What a handbook is made of.
#[derive(Clone, Copy, Debug)]
pub struct HandbookSource<'a> {
    /// The operator's own text.
    pub handbook: &'a Handbook,
    /// The catalogue of the cycle.
    pub catalogue: &'a Catalogue,
    /// The method of the cycle.
    pub method: &'a Method,
    /// The weights that the cycle used.
    pub parameters: &'a Parameters,
    /// The service policy.
    pub policy: &'a Policy,
    /// First day after the window of the cycle.
    pub as_of: &'a str,
}

/// The handbook: ten parts in the order of the page, and the annex.
#[must_use]
pub fn document(source: HandbookSource<'_>) -> Document {
    let mut chapters: Vec<Chapter> = HandbookPart::ALL
        .iter()
        .map(|&part| {
            let number = (part.position() + 1).to_string();
            Chapter::new(Text::of_word(part), sections(part, source)).labelled(Text::same(number))
        })
        .collect();
    let annex = annex::sections(source.handbook, source.policy, &fields(source.catalogue));
    let title = Text::coded("annex", "Promises, deadlines, complaints", "服务承诺、办理时限与投诉");
    chapters.push(Chapter::new(title, annex).labelled(text!("Annex", "附录")));
    Document {
        title: text!("Customer handbook", "客户手册"),
        about: about(source),
        chapters,
        is_brief: false,
    }
}

/// The utility, the edition, and the grading that parts 4 and 5 describe.
fn about(source: HandbookSource<'_>) -> Text {
    let as_of = source.as_of;
    let mut parts = Vec::new();
    if !source.handbook.utility.is_empty() {
        parts.push(source.handbook.utility.clone());
    }
    parts.extend(source.handbook.issued_on.map(|day| text!("edition of {day}", "{day} 版")));
    parts.push(text!("grading as of {as_of}", "评价截止日 {as_of}"));
    Text::join(&parts, " · ")
}

fn sections(part: HandbookPart, source: HandbookSource<'_>) -> Vec<Section> {
    let handbook = source.handbook;
    let blocks = match part {
        HandbookPart::SpecialCustomers => return services::sections(source.catalogue),
        HandbookPart::Evaluation => return evaluation::sections(source.method, source.parameters),
        HandbookPart::ServiceArea => written(&handbook.service_area),
        HandbookPart::FaultHotline => written(&handbook.fault_hotline),
        HandbookPart::ServiceHotline => written(&handbook.service_hotline),
        HandbookPart::Departments => {
            let names = handbook.departments.iter().map(|department| to_be_written(&department.name));
            lines(names.collect())
        }
        HandbookPart::Duties => {
            let columns = [("department", "department", "部门"), ("duties", "duties", "职责范围")];
            let rows = handbook.departments.iter();
            table(
                "duties",
                columns,
                rows.map(|department| [&department.name, &department.duties].map(to_be_written)),
            )
        }
        HandbookPart::Questions => {
            let asked = handbook.questions.iter().map(|question| to_be_written(&question.ask));
            lines(asked.collect())
        }
        HandbookPart::Answers => {
            let columns = [("question", "question", "问题"), ("answer", "what to do", "处理方法")];
            let questions = handbook.questions.iter();
            table(
                "answers",
                columns,
                questions.map(|question| [&question.ask, &question.answer].map(to_be_written)),
            )
        }
        HandbookPart::Suppliers => {
            let columns = [("supplier", "supplier", "供应商"), ("about", "what it offers", "简介")];
            let suppliers = handbook.suppliers.iter();
            table(
                "suppliers",
                columns,
                suppliers.map(|supplier| [to_be_written(&supplier.name), supplier.about.clone()]),
            )
        }
    };
    vec![Section::new().with_all(blocks)]
}

/// A text of the operator, or that it is still to be written.
fn to_be_written(text: &Text) -> Text {
    if text.is_empty() { text!("To be written.", "待补充。") } else { text.clone() }
}

fn written(text: &Text) -> Vec<Block> {
    paragraphs(&to_be_written(text))
}

/// A text as paragraphs, one for each line that is not empty.
fn paragraphs(text: &Text) -> Vec<Block> {
    let [en, zh] = [&text.en, &text.zh]
        .map(|text| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>());
    let paragraphs = (0..en.len().max(zh.len())).map(|place| {
        let [en, zh] = [&en, &zh].map(|lines| lines.get(place).copied().unwrap_or_default().to_owned());
        Block::Sentence(Text::new(en, zh))
    });
    paragraphs.collect()
}

fn lines(lines: Vec<Text>) -> Vec<Block> {
    if lines.is_empty() { written(&Text::default()) } else { vec![Block::Lines(lines)] }
}

/// A table of names and what is said about them.
fn table(
    code: &'static str,
    columns: [(&'static str, &'static str, &'static str); 2],
    rows: impl Iterator<Item = [Text; 2]>,
) -> Vec<Block> {
    let columns = columns.map(|(code, en, zh)| text_column(code, en, zh));
    let rows: Vec<Vec<DataCell>> = rows.map(|texts| texts.map(DataCell::Text).to_vec()).collect();
    if rows.is_empty() {
        return written(&Text::default());
    }
    vec![Block::Table(DataTable::new(Text::coded(code, "", ""), columns.to_vec(), rows))]
}

fn text_column(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Text, code, en, zh)
}

#[cfg(test)]
mod tests;
