//! The costs of the services in a year, and the fees for them.

use gridtier_report::entitlement::{costs_section, costs_table, withheld_note};
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about};
use super::deliver::{deliver_about, voice};
use crate::args::CostsArgs;
use crate::exit::{Done, Failure};

/// Runs `gridtier entitlements costs`.
pub fn run(args: &CostsArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let statements =
        entitled.entitlements().statements(&entitled.selection(&args.filter, None, None, lang)?)?;
    let min_count = args.withhold.min_count;
    let table = costs_table(&entitled.catalogue, &statements, min_count);
    let mut text = vec![costs_section(&table)];
    text.extend(withheld_note(min_count));
    let about = about(&entitled, &args.filter, None, min_count)?;
    let voice = voice(&args.output, chosen)?;
    deliver_about(&args.output, voice, about, vec![Section::of_table(table)], &text)
}
