//! `gridtier rehearse`: what the next cycle would change, before anything is published.

use gridtier_io::entitle::ServiceChanges;
use gridtier_io::rehearse::{Rehearse, RehearseError};
use gridtier_io::store::Store;
use gridtier_report::comparison::{self, ComparedCycles};
use gridtier_report::governance;
use gridtier_report::notice::{self, ServiceNames};
use gridtier_report::rehearsal;
use gridtier_report::render::terminal;
use serde_json::json;

use crate::args::{RehearseArgs, ResultFormat};
use crate::destination::check_folder;
use crate::exit::{Done, Failure, OUTPUT, USAGE, note};
use crate::lang::Lang;
use crate::regrade::{now, open};
use crate::summary::CheckCommand;
use crate::{entitlements, method, progress, summary};

/// Runs `gridtier rehearse`.
pub fn run(args: &RehearseArgs, lang: Lang) -> Result<Done, Failure> {
    check_folder(&args.output)?;
    let method = method::load(&args.method)?;
    let catalogue = entitlements::load(&args.entitlements, Some(&method))?;
    entitlements::check_in_force(&catalogue, args.as_of)?;
    let store = Store::open(&args.store)?;
    let (folder, bar) = progress::watch(open(&args.data, lang)?.with_known_as_of(args.known_as_of), lang);
    let at = now();
    let (output, end) = (args.output.as_path(), args.as_of);
    let rehearse = Rehearse { store: &store, end, method: &method, catalogue: &catalogue, output, at: &at };
    let rehearsed = rehearse.grade(&folder);
    bar.finish_and_clear();
    let rehearsed = rehearsed?;
    let (pair, compared) = rehearsed.cycles.compare()?;
    let found = progress::steps(lang, |progress| rehearsed.consequences(&pair, &compared, progress))?;
    rehearsed.write(&pair, &compared, &found)?;
    if !rehearsed.breaches.is_empty() {
        let (as_of, known_as_of) = (Some(args.as_of), args.known_as_of);
        let check = CheckCommand { data: &args.data, as_of, known_as_of, method: &args.method };
        note(&summary::beyond_limits(&rehearsed.breaches, &check), lang);
    }
    let (before, after, revision) = rehearsed.cycles.numbers;
    let numbers = ComparedCycles { before, after, revision, is_rehearsed: true };
    let ServiceChanges { costs, tellings } = &found.services;
    let data = match args.format {
        ResultFormat::Text => {
            let mut shown = vec![rehearsal::heading(after, &args.output.display().to_string())];
            shown.extend(comparison::sections(&pair, &compared, numbers));
            shown.push(governance::gates(&found.gates));
            shown.extend(rehearsal::sections(costs, tellings));
            let names = ServiceNames { older: &found.catalogue_before, newer: &catalogue };
            shown.extend(notice::sections(tellings, names));
            if !found.thin.is_empty() {
                shown.push(rehearsal::thin_section(&found.thin));
            }
            terminal::text(&shown, lang.into())
        }
        ResultFormat::Json => {
            let mut answer = comparison::json(&pair, &compared, numbers);
            answer["gates"] = json!(found.gates);
            answer["consequences"] = rehearsal::json(costs, tellings);
            answer["consequences"]["services"] = notice::json(tellings);
            answer["consequences"]["thin_months"] = rehearsal::thin_json(&found.thin);
            format!("{answer:#}\n")
        }
    };
    Ok(Done { data })
}

impl From<RehearseError> for Failure {
    fn from(error: RehearseError) -> Self {
        match error {
            RehearseError::Cycle(error) => error.into(),
            RehearseError::Compare(error) => error.into(),
            RehearseError::Run(error) => error.into(),
            RehearseError::Publish(error) => error.into(),
            RehearseError::Gates(error) => error.into(),
            RehearseError::OtherFolder(what) => Self::new(USAGE, what),
            RehearseError::Folder(error) => Self::new(
                OUTPUT,
                gridtier::text!("the folder could not be written: {error}", "无法写入文件夹: {error}"),
            ),
        }
    }
}
