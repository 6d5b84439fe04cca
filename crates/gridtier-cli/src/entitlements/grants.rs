//! Everything that everybody is entitled to, as a file for other programs.

use gridtier::entitlement::view;
use gridtier_io::export::{self, Table};

use super::cycle::{EntitledCycle, purpose};
use super::deliver::{list_format, mark, wrote};
use crate::args::GrantsArgs;
use crate::exit::{Done, Failure};
use crate::lang::Lang;

/// Runs `gridtier entitlements grants`.
pub fn run(args: &GrantsArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let selection = entitled.selection(&args.filter, args.list.opt_out.opt_out.as_deref())?;
    let schema = view::grants_schema();
    let heads: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let batches = entitled.entitlements().grants(&selection, purpose(&args.list))?;
    let title = lang.pick("Entitlements", "客户权益");
    let table = Table { name: "entitlements", title, heads: &heads, schema, batches: Box::new(batches) };
    let format = list_format(&args.format, &args.output)?;
    let rows = export::write(&args.output, format, mark(&args.format), vec![table])?;
    Ok(wrote(&args.output, Some(rows)))
}
