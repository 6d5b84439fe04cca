//! `gridtier entitlements applications`: decides the applications that a table lists.

use gridtier_io::entitle;
use gridtier_report::entitlement::{decisions_section, decisions_table};
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::EntitledCycle;
use super::deliver::{deliver, voice};
use crate::args::ApplicationsArgs;
use crate::exit::{Done, Failure, say};

/// Runs `gridtier entitlements applications`.
pub fn run(args: &ApplicationsArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let applications = entitle::read_applications(&args.file, &entitled.catalogue)?;
    let decisions = entitled.entitlements().decide(&applications)?;
    let table = decisions_table(&entitled.catalogue, &applications, &decisions);
    let text = decisions_section(&decisions, &table);
    if let (Some(_), Some(counts)) = (&args.output.output, &text.heading) {
        say(&format!("gridtier: {}", counts.pick(lang.into())));
    }
    deliver(&args.output, voice(&args.output, chosen)?, &[Section::of_table(table)], &[text])
}
