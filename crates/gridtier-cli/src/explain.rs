//! `gridtier explain`: why a customer has its tier, how it got there, and what would raise it.

use gridtier::compare::{MoveExplanation, explain_move};
use gridtier::contract::cell::fold_id;
use gridtier::explain::Explanation;
use gridtier::method::Override;
use gridtier_io::appeal::{corrections, evidence_tables, look_up};
use gridtier_io::compare::{ComparedPair, ComparisonRequest, RevisionChoice};
use gridtier_io::cycle;
use gridtier_io::folder::DataFolder;
use gridtier_io::store::{RegisterEntry, Store, StoredCycle};
use gridtier_report::render::terminal;
use gridtier_report::section::Section;
use gridtier_report::{appeal, explain, moved};
use serde_json::json;

use crate::args::{ExplainArgs, ResultFormat};
use crate::exit::{Done, Failure};
use crate::lang::Lang;
use crate::sheet;

/// Runs `gridtier explain`.
pub fn run(args: &ExplainArgs, lang: Lang) -> Result<Done, Failure> {
    if let Some(output) = &args.output {
        return sheet::run(args, output, lang);
    }
    let store = Store::open(&args.cycle.store)?;
    let cycle = store.cycle(args.cycle.cycle)?;
    let id = fold_id(args.customer.as_deref().unwrap_or_default());
    let found = Explained::of(args, &store, &cycle, &id);
    let Some(since) = args.since else {
        let explained = found?;
        let data = match args.format {
            ResultFormat::Text => terminal::text(&explained.sections(cycle.version), lang.into()),
            ResultFormat::Json => {
                let text = serde_json::to_string_pretty(&explained.explanation);
                text.map_err(|error| Failure::bug(&error.to_string()))? + "\n"
            }
        };
        return Ok(Done { data });
    };
    let graded_id = found.as_ref().map_or(&*id, |found| found.explanation.row.customer_id.as_str());
    let numbers = [since, cycle.version];
    // A customer that is no longer graded has a move too, so this comes before the explanation of its tier.
    let Some(explained_move) = move_since(&store, numbers, graded_id)? else { return Err(no_move(found)) };
    let found = found.ok();
    let data = match args.format {
        ResultFormat::Text => {
            let mut sections = moved::sections(&explained_move, numbers);
            sections.extend(found.iter().flat_map(|explained| explained.sections(cycle.version)));
            terminal::text(&sections, lang.into())
        }
        ResultFormat::Json => {
            let explanation = found.map(|explained| explained.explanation);
            let [from, to] = numbers;
            let whole =
                json!({ "from": from, "cycle": to, "move": explained_move, "explanation": explanation });
            format!("{whole:#}\n")
        }
    };
    Ok(Done { data })
}

/// The explanation of the tier in one cycle.
struct Explained {
    explanation: Explanation,
    /// The override that sets the tier.
    decision: Option<Override>,
    /// The rulings that have corrected the customer's rows.
    corrections: Vec<RegisterEntry>,
}

impl Explained {
    fn of(args: &ExplainArgs, store: &Store, cycle: &StoredCycle, id: &str) -> Result<Self, Failure> {
        let mut recalled = cycle::customer(cycle, id)?;
        if let Some(data) = &args.data {
            let data = DataFolder::open_tables(data, evidence_tables(cycle)?)?;
            look_up(store, cycle, &mut recalled, data)?;
        }
        let decision = recalled.decision().cloned();
        let explanation = recalled.explain();
        let mut corrections = corrections(store, cycle)?;
        corrections.retain(|ruling| ruling.customer_id.as_ref() == Some(&explanation.row.customer_id));
        let is_overridden = explanation.row.reason.as_deref() == Some("override");
        Ok(Self { decision: decision.filter(|_| is_overridden), corrections, explanation })
    }

    fn sections(&self, version: u64) -> Vec<Section> {
        let mut sections = explain::sections(&self.explanation, self.decision.as_ref(), version);
        sections.extend(self.corrections.iter().map(|ruling| {
            let files: Vec<&str> = ruling.files.iter().map(|file| file.name.as_str()).collect();
            appeal::corrected(ruling.number, &files)
        }));
        sections
    }
}

/// The move of a customer between two cycles; `None` if neither grades it.
fn move_since(store: &Store, [from, to]: [u64; 2], id: &str) -> Result<Option<MoveExplanation>, Failure> {
    let revision = RevisionChoice::Latest;
    let cycles =
        ComparedPair::read(store, ComparisonRequest { from: Some(from), cycle: Some(to), revision })?;
    let (pair, comparison) = cycles.compare()?;
    Ok(explain_move(&pair, &comparison.attribution, cycles.revision.as_ref(), id))
}

/// Why there is nothing to explain: the customer is in neither cycle.
fn no_move(found: Result<Explained, Failure>) -> Failure {
    match found {
        Err(failure) => failure,
        Ok(_) => Failure::bug("a graded customer is in neither of two cycles"),
    }
}
