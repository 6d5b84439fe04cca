//! All services of all customers, as a file for other programs.

use gridtier::entitlement::selection::ListPurpose;
use gridtier_io::export;
use gridtier_report::entitlement::grants_list;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about, opted_out_text, purpose};
use super::deliver::{list_format, list_voice, mark, wrote};
use crate::args::GrantsArgs;
use crate::exit::{Done, Failure};

/// Runs `gridtier entitlements grants`.
pub fn run(args: &GrantsArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let opt_out = args.list.opt_out.opt_out.as_deref();
    let selection = entitled.selection(&args.filter, opt_out, Some(&args.output), lang)?;
    let purpose = purpose(&args.list, ListPurpose::Operations);
    let about = about(&entitled, &args.filter, Some(purpose), 0)?;
    let list = grants_list(entitled.entitlements().grants(&selection, purpose)?).about(about);
    let format = list_format(&args.format, &args.output)?;
    let voice = list_voice(&args.format, format, chosen);
    let rows = export::write_list(&args.output, format, voice, mark(&args.format, voice), list)?;
    let opted_out = opted_out_text(entitled.entitlements().opted_out(&selection)?, purpose);
    Ok(wrote(&args.output, rows, &opted_out, lang))
}
