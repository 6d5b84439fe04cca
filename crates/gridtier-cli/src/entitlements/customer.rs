//! What a customer is entitled to, and why.

use gridtier::contract::cell::fold_id;
use gridtier_io::cycle::Manifest;
use gridtier_report::entitlement::CustomerOccasion;
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about};
use super::deliver::{deliver_about, voice};
use crate::args::{CustomerArgs, FilterArgs};
use crate::exit::{Done, Failure};

/// Runs `gridtier entitlements customer`.
pub fn run(args: &CustomerArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let export = args.output.output.as_deref();
    let opt_out = args.opt_out.opt_out.as_deref();
    let selection = entitled.selection(&FilterArgs::default(), opt_out, export, lang)?;
    let id = fold_id(&args.id);
    let (services, is_opted_out) = entitled.entitlements().customer(&id, &selection)?;
    let as_of = Manifest::read(&entitled.cycle)?.as_of;
    let occasion = CustomerOccasion { id: &id, version: entitled.cycle.version, as_of: &as_of };
    let text = services.sections(&occasion, is_opted_out);
    let table = services.with_occasion(&occasion);
    let about = about(&entitled, &FilterArgs::default(), None, 0)?;
    let voice = voice(&args.output, chosen)?;
    deliver_about(&args.output, voice, about, vec![Section::of_table(table)], &text)
}
