//! Decides the applications of a table.

use gridtier::entitlement::application::ApplicationOutcome;
use gridtier::entitlement::view;
use gridtier::index::count;
use gridtier::word::Word;
use gridtier_io::entitle;

use super::cycle::EntitledCycle;
use super::deliver::{deliver, words};
use crate::args::ApplicationsArgs;
use crate::exit::{Done, Failure, say};
use crate::grid::grouped;
use crate::lang::Lang;
use crate::sheet::told;

/// Runs `gridtier entitlements applications`.
pub fn run(args: &ApplicationsArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let applications = entitle::read_applications(&args.file, &entitled.catalogue)?;
    let decisions = entitled.entitlements().decide(&applications)?;
    let sheet = view::decisions(&entitled.catalogue, &applications, &decisions, words(&args.output, lang)?);
    let counts = ApplicationOutcome::ALL.iter().map(|outcome| {
        let decided = decisions.iter().filter(|decision| decision.outcome == *outcome).count();
        format!("{} {}", lang.pick(outcome.en(), outcome.zh()), grouped(count(decided)))
    });
    let summary = counts.collect::<Vec<_>>().join(", ");
    if args.output.output.is_some() {
        say(&format!("gridtier: {summary}"));
    }
    let columns = ["customer_id", "tier", "service", "applied_on", "outcome", "why", "fee", "subsidy"];
    let text = format!("{summary}\n\n{}", told(&sheet, &columns)?);
    deliver(&args.output, &[sheet], text)
}
