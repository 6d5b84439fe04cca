//! `gridtier check`: compares the data with the contracts, and publishes nothing.

use std::path::Path;

use gridtier::fact::Facts;
use gridtier::output;
use gridtier::source::Finding;
use gridtier::unit::Window;
use gridtier_io::check::{CheckOutcome, check};
use gridtier_io::check_files::{self, CheckFilesError};
use gridtier_io::folder::DataFolder;
use gridtier_report::summary::{advice, rows};
use serde_json::json;

use crate::args::{CheckArgs, ResultFormat};
use crate::destination::{Destination, write_file};
use crate::exit::{BEYOND_LIMITS, Done, Failure, OUTPUT};
use crate::lang::Lang;
use crate::{method, progress, regrade, summary};

/// Runs `gridtier check`.
pub fn run(args: &CheckArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let method = method::load(&args.method)?;
    let (folder, bar) =
        progress::watch(regrade::open(&args.data, lang)?.with_known_as_of(args.known_as_of), lang);
    let window = match args.as_of {
        Some(end) => Window { end, months: method.window_months },
        None => Window::everything(),
    };
    let checked = check(&folder, window, &method);
    bar.finish_and_clear();
    let CheckOutcome { facts, findings, breaches } = checked?;
    let value = json!({
        "reconciliation": facts.reconciliation(), "findings": findings, "breaches": breaches,
        "inputs": folder.inputs()?,
    });
    let for_programs = format!("{value:#}\n");
    match destination {
        Some(Destination::Folder(dir)) => write(dir, &folder, &facts, &findings, lang)?,
        Some(Destination::File(path, format)) => {
            let mut sections = rows(&facts, &findings).to_vec();
            sections.extend(advice(&findings));
            write_file((path, format), lang, &sections, &for_programs)?;
        }
        None => {}
    }
    let data = match args.format {
        ResultFormat::Text => summary::rows(&facts, &findings, folder.inputs()?, lang),
        ResultFormat::Json => for_programs,
    };
    if let Some(refusal) = facts.refusal {
        return Err(Failure { data, ..refusal.into() });
    }
    if breaches.is_empty() {
        return Ok(Done { data });
    }
    let message =
        summary::check_beyond_limits(&breaches, &args.data, destination.and_then(Destination::folder));
    Err(Failure { data, message, code: BEYOND_LIMITS })
}

fn write(
    dir: &Path,
    folder: &DataFolder,
    facts: &Facts,
    findings: &[Finding],
    lang: Lang,
) -> Result<(), Failure> {
    let written = check_files::write(dir, folder, &facts.books, output::check_tables(facts, findings), lang);
    written.map_err(|error| match error {
        CheckFilesError::Write(error) => Failure::new(OUTPUT, error.text()),
        CheckFilesError::Refused(refusal) => refusal.into(),
    })
}
