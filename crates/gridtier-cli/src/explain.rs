//! `gridtier explain`: why a customer has its tier, and what would lift it.

use gridtier::contract::cell::fold_id;
use gridtier_io::cycle::{self, EVIDENCE_TABLES};
use gridtier_io::folder::DataFolder;
use gridtier_io::store::Store;
use gridtier_report::explain::sections;
use gridtier_report::render::terminal;

use crate::args::{ExplainArgs, ResultFormat};
use crate::exit::{Done, Failure};
use crate::lang::Lang;

/// Runs `gridtier explain`.
pub fn run(args: &ExplainArgs, lang: Lang) -> Result<Done, Failure> {
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    let id = fold_id(&args.customer);
    let mut recalled = cycle::customer(&cycle, &id)?;
    if let Some(data) = &args.data {
        recalled.look_up(&cycle, DataFolder::open_tables(data, &EVIDENCE_TABLES)?)?;
    }
    let decision = recalled.decision().cloned();
    let explanation = recalled.explain();
    let data = match args.format {
        ResultFormat::Text => {
            let is_overridden = explanation.row.reason.as_deref() == Some("override");
            let decision = decision.as_ref().filter(|_| is_overridden);
            terminal::text(&sections(&explanation, decision, cycle.version), lang.into())
        }
        ResultFormat::Json => {
            let text = serde_json::to_string_pretty(&explanation);
            text.map_err(|error| Failure::bug(&error.to_string()))? + "\n"
        }
    };
    Ok(Done { data })
}
