//! `gridtier plans` and `gridtier plan`: what customers of grade-3 can improve, and by when. `gridtier inspect`: which tiers
//! customers would have between two regrades.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use gridtier::output;
use gridtier::text;
use gridtier_io::agree::PlanAgreement;
use gridtier_io::cycle::about;
use gridtier_io::draft;
use gridtier_io::export::{ExportFormat, WriteError};
use gridtier_io::inspect::{InspectError, InspectedCycle, InspectionRecord, PlannedCycle, inspect, plans};
use gridtier_io::store::{self, Store};
use gridtier_io::system::system_error;
use gridtier_report::improvement::{self, ReportedPlans};
use gridtier_report::inspection::{self, ReportedInspection};
use gridtier_report::letter::{LetterTemplate, SHIPPED};
use gridtier_report::render::terminal;
use gridtier_report::section::{Block, Section};

use crate::args::{InspectArgs, PlanArgs, PlansArgs, ResultFormat};
use crate::destination::{Destination, write_file};
use crate::exit::{Done, Failure, INPUT, METHOD, USAGE, note};
use crate::lang::Lang;
use crate::{progress, regrade};

/// Runs `gridtier plans`.
pub fn run_plans(args: &PlansArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let template = match &args.letters {
        Some(path) => Some(template(path, args.template.as_deref())?),
        None => None,
    };
    let store = Store::open(&args.cycle.store)?;
    let PlannedCycle { number, cycle, plans, inspected, statuses } = plans(&store, args.cycle.cycle)?;
    let reported = ReportedPlans { number, cycle: &cycle, plans: &plans, inspected, statuses: &statuses };
    let shown = improvement::sections(reported);
    let wants_json = args.format == ResultFormat::Json
        || matches!(destination, Some(Destination::File(_, ExportFormat::Json)));
    let for_programs =
        if wants_json { format!("{:#}\n", improvement::json(reported)) } else { String::new() };
    match destination {
        Some(Destination::Folder(dir)) => {
            store::write_tables(dir, output::improvement::tables(&cycle, &plans))?;
        }
        Some(Destination::File(path, ExportFormat::Xlsx)) => {
            let about = Section::new().with(Block::Facts(about(&store.cycle(Some(number))?)?));
            let sheets: Vec<Section> =
                std::iter::once(about).chain(improvement::workbook(reported)).collect();
            write_file((path, ExportFormat::Xlsx), lang, &sheets, "")?;
        }
        Some(Destination::File(path, format)) => write_file((path, format), lang, &shown, &for_programs)?,
        None => {}
    }
    if let (Some(path), Some(template)) = (&args.letters, &template) {
        let written = draft::write_file(path, |file| {
            for letter in template.letters(&cycle, &plans) {
                file.write_all(letter.as_bytes())?;
            }
            Ok(())
        });
        written.map_err(|failure: WriteError| failure.at(path))?;
    }
    let data = match args.format {
        ResultFormat::Text => terminal::text(&shown, lang.into()),
        ResultFormat::Json => for_programs,
    };
    Ok(Done { data })
}

/// The template of letters: a file, or the shipped one. A template is never replaced by letters.
fn template(letters: &Path, path: Option<&Path>) -> Result<LetterTemplate, Failure> {
    let replaced = fs::read_to_string(letters).ok();
    if replaced.is_some_and(|text| LetterTemplate::is_meant(&text)) {
        let letters = letters.display();
        return Err(Failure::new(
            USAGE,
            text!(
                "--letters {letters}: this is a template, which letters would replace; give it with --template {letters}, \
                 and name another file for the letters",
                "--letters {letters}: 该文件是信函模板, 写出信函会将其覆盖; 请用 --template {letters} 指定模板, 并为信函另取文件名"
            ),
        ));
    }
    let Some(path) = path else { return Ok(LetterTemplate::parse("letter.txt", SHIPPED)?) };
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| {
        let error = system_error(&error);
        Failure::new(METHOD, text!("{name} cannot be read: {error}", "{name} 无法读取: {error}"; error))
    })?;
    Ok(LetterTemplate::parse(&name, &text)?)
}

/// Runs `gridtier plan`.
pub fn run_plan(args: &PlanArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.cycle.store)?;
    let agreement = PlanAgreement {
        number: args.cycle.cycle,
        customer_id: &args.customer,
        indicator: args.indicator.as_deref(),
        due_on: args.due_on,
        by: &args.by,
        reason: &args.reason,
        at: &regrade::now(),
    };
    let entry = agreement.record(&store)?;
    let data = match args.format {
        ResultFormat::Text => {
            let shown =
                improvement::agreed(entry.number, &args.customer, args.indicator.as_deref(), args.due_on);
            terminal::text(&[shown], lang.into())
        }
        ResultFormat::Json => {
            let text =
                serde_json::to_string_pretty(&entry).map_err(|error| Failure::bug(&error.to_string()))?;
            text + "\n"
        }
    };
    Ok(Done { data })
}

/// Runs `gridtier inspect`.
pub fn run_inspect(args: &InspectArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let store = Store::open(&args.store)?;
    let (folder, bar) = progress::watch(regrade::open(&args.data, lang)?, lang);
    let at = regrade::now();
    let record = args.by.as_deref().filter(|_| args.record).map(|by| InspectionRecord { by, at: &at });
    let inspected = inspect(&folder, args.as_of, &store, args.fresh, record);
    bar.finish_and_clear();
    let InspectedCycle { number, cycle, inspection, recorded, reused, agreed } = inspected?;
    if let Some(reused) = reused {
        note(&regrade::reused_line(reused), lang);
    }
    let reported =
        ReportedInspection { number, cycle: &cycle, inspection: &inspection, recorded, agreed: &agreed };
    let shown = inspection::sections(reported);
    let for_programs = format!("{:#}\n", inspection::json(reported));
    match destination {
        Some(Destination::Folder(dir)) => {
            store::write_tables(dir, output::inspection::tables(&cycle, &inspection))?;
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

impl From<InspectError> for Failure {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Cycle(error) => error.into(),
            InspectError::Run(error) => error.into(),
            InspectError::Request(text) => Self::new(USAGE, text),
            InspectError::Damaged(text) => Self::new(INPUT, text),
        }
    }
}
