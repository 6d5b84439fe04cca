//! `gridtier check`: compares the data with the contracts, and publishes nothing.

use std::path::Path;

use gridtier::fact::Facts;
use gridtier::output;
use gridtier::source::Finding;
use gridtier::text;
use gridtier::unit::Window;
use gridtier_io::check::{CheckOutcome, check};
use gridtier_io::check_files::{self, CheckFilesError};
use gridtier_io::folder::DataFolder;
use gridtier_report::summary::{advice, rows};
use serde_json::json;

use crate::args::{CheckArgs, ResultFormat};
use crate::destination::{Destination, write_file};
use crate::exit::{BEYOND_LIMITS, Done, Failure, OUTPUT, USAGE};
use crate::lang::Lang;
use crate::summary::CheckCommand;
use crate::{method, progress, regrade, summary};

/// Runs `gridtier check`.
pub fn run(args: &CheckArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let method = method::load(&args.method)?;
    let (folder, bar) =
        progress::watch(regrade::open(&args.data, lang)?.with_known_as_of(args.known_as_of), lang);
    if let Some(output) = &args.output {
        keep_inputs(output, &args.data, &folder)?;
    }
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
    let CheckArgs { data: folder, as_of, known_as_of, .. } = args;
    let again = CheckCommand { data: folder, as_of: *as_of, known_as_of: *known_as_of, method: &args.method };
    let message = summary::check_beyond_limits(&breaches, &again, destination.and_then(Destination::folder));
    Err(Failure { data, message, code: BEYOND_LIMITS })
}

/// Refuses an output that would replace an input, or lie among the files of a table.
fn keep_inputs(output: &Path, data: &Path, folder: &DataFolder) -> Result<(), Failure> {
    let absolute = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
    // The part of the path that is there decides: what is not there yet is no link.
    let there = absolute.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, place)) = there else { return Ok(()) };
    let place = place.join(absolute.strip_prefix(part).unwrap_or(Path::new("")));
    // A table is a file of the data folder, or a folder in it.
    let tables = folder.file_names().filter_map(|name| Path::new(name).iter().next());
    let mut taken = tables.filter_map(|table| data.join(table).canonicalize().ok());
    let is_data = data.canonicalize().is_ok_and(|data| data == place);
    if !is_data && !taken.any(|table| place.starts_with(table)) {
        return Ok(());
    }
    let output = output.display();
    Err(Failure::new(
        USAGE,
        text!(
            "-o {output}: it lies in the data that are checked; name another file or folder",
            "-o {output}: 位于被检查的数据之中; 请指定其他文件或文件夹"
        ),
    ))
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
