//! `gridtier report`: a cycle as one page, one workbook, or charts for slides.

use std::path::Path;

use gridtier::text;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::report::{ReportRequest, report};
use gridtier_io::store::Store;
use gridtier_report::document::Document;
use gridtier_report::render::ByteOrderMark;
use gridtier_report::section::Section;

use crate::args::ReportArgs;
use crate::destination::Destination;
use crate::exit::{Done, Failure, USAGE, note};
use crate::lang::Lang;
use crate::progress;

/// Runs `gridtier report`.
pub fn run(args: &ReportArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(Some(&args.output))?;
    let store = Store::open(&args.cycle.store)?;
    let request = ReportRequest {
        cycle: args.cycle.cycle,
        since: args.since.unwrap_or_default(),
        draws: args.draws,
        sample: args.sample,
        seed: args.seed,
        min_count: args.withhold.min_count,
    };
    let document = progress::steps(lang, |progress| report(&store, &request, progress))?;
    match destination {
        Some(Destination::File(path, format)) => write_file(path, format, &document, lang)?,
        Some(Destination::Folder(dir)) => write_charts(dir, &document)?,
        None => {}
    }
    let (path, chapters) = (args.output.display(), document.chapters.len());
    note(&text!("{path}: {chapters} chapters", "{path}: {chapters} 章"), lang);
    Ok(Done { data: String::new() })
}

fn write_file(path: &Path, format: ExportFormat, document: &Document, lang: Lang) -> Result<(), Failure> {
    let sections: Vec<Section> = document.sections().cloned().collect();
    Ok(export::write_sections(path, format, lang.into(), ByteOrderMark::Absent, &sections)?)
}

fn write_charts(dir: &Path, _: &Document) -> Result<(), Failure> {
    let dir = dir.display();
    Err(Failure::new(
        USAGE,
        text!("-o {dir}: name a file .html, .xlsx or .json", "-o {dir}: 请指定 .html、.xlsx 或 .json 文件"),
    ))
}
