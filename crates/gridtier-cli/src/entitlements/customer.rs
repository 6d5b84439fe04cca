//! What a customer is entitled to, and why.

use gridtier_report::section::Section;

use super::cycle::EntitledCycle;
use super::deliver::{deliver, voice};
use crate::args::{CustomerArgs, FilterArgs};
use crate::exit::{Done, Failure};
use crate::lang::Lang;

/// Runs `gridtier entitlements customer`.
pub fn run(args: &CustomerArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let selection = entitled.selection(&FilterArgs::default(), args.opt_out.opt_out.as_deref())?;
    let id = args.id.trim();
    let (services, is_opted_out) = entitled.entitlements().customer(id, &selection)?;
    let text = services.sections(id, entitled.cycle.version, is_opted_out);
    deliver(&args.output, voice(&args.output, lang)?, &[Section::of_table(services.table)], &text)
}
