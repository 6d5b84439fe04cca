//! `gridtier report`: a cycle as one page, one workbook, or charts for slides.

use std::path::Path;

use gridtier::text;
use gridtier::text::Text;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::report::{ReportRequest, report, write_charts, write_page};
use gridtier_io::report_workbook::write_workbook;
use gridtier_io::store::Store;
use gridtier_report::document::Document;
use gridtier_report::render::ByteOrderMark;
use gridtier_report::section::Section;

use crate::args::ReportArgs;
use crate::destination::Destination;
use crate::exit::{Done, Failure, note};
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
    let path = args.output.display();
    let said = match destination {
        Some(Destination::Folder(dir)) => {
            let charts = write_charts(dir, &document)?;
            text!("{path}: {charts} charts in English and Chinese", "{path}: {charts} 幅图, 中英文各一份")
        }
        Some(Destination::File(file, format)) => {
            match format {
                ExportFormat::Xlsx => {
                    let cycle = store.cycle(args.cycle.cycle)?;
                    write_workbook(file, &cycle, &document, lang.into())?;
                }
                _ => write_file(file, format, &document, lang)?,
            }
            let chapters = document.chapters.len();
            text!("{path}: {chapters} chapters", "{path}: {chapters} 章")
        }
        None => Text::default(),
    };
    note(&said, lang);
    Ok(Done { data: String::new() })
}

fn write_file(path: &Path, format: ExportFormat, document: &Document, lang: Lang) -> Result<(), Failure> {
    if format == ExportFormat::Html {
        return Ok(write_page(path, document, lang)?);
    }
    let sections: Vec<Section> = document.sections().cloned().collect();
    Ok(export::write_sections(path, format, lang.into(), ByteOrderMark::Absent, &sections)?)
}
