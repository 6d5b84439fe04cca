//! What a customer is entitled to, and why.

use arrow_array::Array;
use gridtier::entitlement::view::Sheet;

use super::cycle::EntitledCycle;
use super::deliver::{deliver, words};
use crate::args::{CustomerArgs, FilterArgs};
use crate::exit::{Done, Failure};
use crate::lang::Lang;
use crate::sheet::told;
use crate::summary::tier_name;

/// Runs `gridtier entitlements customer`.
pub fn run(args: &CustomerArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let selection = entitled.selection(&FilterArgs::default(), args.opt_out.opt_out.as_deref())?;
    let id = args.id.trim();
    let (sheet, tier, is_opted_out) =
        entitled.entitlements().customer(id, &selection, words(&args.output, lang)?)?;
    let (tier, version) = (tier_name(tier, lang), entitled.cycle.version);
    let mut text = match lang {
        Lang::En => format!("Customer {id}: tier {tier} in cycle {version}\n"),
        Lang::Zh => format!("客户 {id}: 第 {version} 周期等级 {tier}\n"),
    };
    if is_opted_out {
        text += lang.pick("It wants no marketing.\n", "该客户拒绝营销。\n");
    }
    text.push('\n');
    // Services that the customer has come first; the others have no reasons.
    let reasons = sheet.batch.column_by_name("reasons");
    let due = reasons.map_or(0, |reasons| reasons.len() - reasons.null_count());
    let rows = sheet.batch.num_rows();
    text += &told(&slice(&sheet, 0, due), &["service", "title", "access", "terms", "why"])?;
    if due < rows {
        text += lang.pick("\nNot due:\n\n", "\n不享有的服务:\n\n");
        text += &told(&slice(&sheet, due, rows - due), &["service", "title", "why"])?;
    }
    deliver(&args.output, &[sheet], text)
}

fn slice(sheet: &Sheet, from: usize, rows: usize) -> Sheet {
    Sheet { batch: sheet.batch.slice(from, rows), ..sheet.clone() }
}
