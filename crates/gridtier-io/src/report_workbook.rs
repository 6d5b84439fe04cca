//! Writes the report of a cycle as a workbook: the chapters of the page and a sheet with all
//! customers.

use std::path::Path;

use gridtier::text::{Text, Voice};
use gridtier_report::document::Document;
use gridtier_report::render::xlsx::{AboutPlace, Book};
use gridtier_report::section::{Block, Section};
use gridtier_report::table::{DataList, DataTable};

use crate::cycle::{about, graded_customers, hashes};
use crate::draft;
use crate::export::{ExportError, WriteError};
use crate::store::StoredCycle;

/// Writes the report of a cycle as a workbook and returns the number of customers in it.
///
/// # Errors
/// The file cannot be written. In that case no file has appeared under the name.
pub fn write_workbook(
    path: &Path,
    cycle: &StoredCycle,
    document: &Document,
    voice: Voice,
) -> Result<u64, ExportError> {
    let mut facts = about(cycle)?;
    facts.extend(hashes(cycle)?);
    let customers = graded_customers(cycle)?;
    let mut rows = 0;
    draft::write_file(path, |file| {
        let mut book = Book::new(document.title.clone(), facts, AboutPlace::First, voice)?;
        rows = fill(&mut book, document, customers)?;
        Ok(book.finish(file)?)
    })
    .map_err(|error: WriteError| error.at(path))?;
    Ok(rows)
}

fn fill(book: &mut Book, document: &Document, customers: DataList) -> Result<u64, WriteError> {
    let mut written: Vec<&DataTable> = Vec::new();
    for chapter in &document.chapters {
        book.words(Section::titled(chapter.title.clone()));
        for section in &chapter.sections {
            book.section_of(&without_tables(section, &written), &chapter.title)?;
            written.extend(section.tables());
        }
    }
    book.words(Section::titled(Text::new("All customers", "全部客户")).sentence(
        "Every graded customer with its tier, its score and what each indicator adds to the score: the points of all \
         indicators sum to the score. The same numbers stand in tiers.parquet and contributions.parquet of the cycle.",
        "每个参评客户的等级、得分, 以及各项指标对得分的贡献: 各指标得分之和等于总得分。与周期中的 tiers.parquet 和 \
         contributions.parquet 一致。",
    ));
    Ok(book.list(customers)?)
}

/// The section without tables that are written already: the first chapter shows the tiers, and so does the chapter on
/// them, but a second sheet would be a copy.
fn without_tables(section: &Section, written: &[&DataTable]) -> Section {
    let is_new = |block: &&Block| match block {
        Block::Table(table) => !written.iter().any(|other| other.is_same(table)),
        _ => true,
    };
    Section {
        heading: section.heading.clone(),
        blocks: section.blocks.iter().filter(is_new).cloned().collect(),
    }
}
