//! Everything that everybody is entitled to, as a file for other programs.

use gridtier_io::export;
use gridtier_report::entitlement::grants_list;

use super::cycle::{EntitledCycle, purpose};
use super::deliver::{list_format, list_voice, mark, wrote};
use crate::args::GrantsArgs;
use crate::exit::{Done, Failure};
use crate::lang::Lang;

/// Runs `gridtier entitlements grants`.
pub fn run(args: &GrantsArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let selection = entitled.selection(&args.filter, args.list.opt_out.opt_out.as_deref())?;
    let list = grants_list(entitled.entitlements().grants(&selection, purpose(&args.list))?);
    let format = list_format(&args.format, &args.output)?;
    let voice = list_voice(&args.format, format, lang);
    let rows = export::write_list(&args.output, format, voice, mark(&args.format), list)?;
    Ok(wrote(&args.output, Some(rows)))
}
