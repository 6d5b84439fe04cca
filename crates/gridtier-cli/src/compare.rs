//! `gridtier compare`: who moved between two cycles, and why.

use gridtier::output::comparison;
use gridtier_io::compare::{CompareError, ComparedPair, ComparisonRequest};
use gridtier_io::store::{self, Store};
use gridtier_report::comparison::{ComparedCycles, json, sections};
use gridtier_report::render::terminal;

use crate::args::{CompareArgs, ResultFormat};
use crate::destination::{Destination, write_file};
use crate::exit::{Done, Failure, INPUT, USAGE};
use crate::lang::Lang;

/// Runs `gridtier compare`.
pub fn run(args: &CompareArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let store = Store::open(&args.cycle.store)?;
    let request = ComparisonRequest {
        from: args.from,
        cycle: args.cycle.cycle,
        revision: args.revision.unwrap_or_default(),
    };
    let cycles = ComparedPair::read(&store, request)?;
    let (pair, result) = cycles.compare()?;
    let (before, after, revision) = cycles.numbers;
    let numbers = ComparedCycles { before, after, revision };
    let shown = sections(&pair, &result, numbers);
    let for_programs = format!("{:#}\n", json(&pair, &result, numbers));
    match destination {
        Some(Destination::Folder(dir)) => {
            let restated = cycles.restated()?;
            let failure = restated.failure();
            let mut tables = comparison::tables(&pair, &result);
            tables.push(restated.output);
            store::write_tables(dir, tables)?;
            failure.check()?;
        }
        Some(Destination::File(path, format)) => write_file((path, format), lang, &shown, &for_programs)?,
        None => {}
    }
    let data = match args.format {
        ResultFormat::Text => terminal::text(&shown, lang.into()),
        ResultFormat::Json => for_programs,
    };
    Ok(Done { data })
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Cycle(error) => error.into(),
            CompareError::Request(text) => Self::new(USAGE, text),
            CompareError::Damaged(text) => Self::new(INPUT, text),
        }
    }
}
