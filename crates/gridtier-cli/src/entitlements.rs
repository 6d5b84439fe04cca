//! `gridtier entitlements`: what the tiers entitle to, to whom, why, and at what cost.

mod answer;
mod catalogue;
mod deliver;

use gridtier::entitlement::Catalogue;
use gridtier_io::recall;
use gridtier_io::store::{Cycle, Store};

use crate::args::{Entitlements, Question};
use crate::exit::{Done, Failure, USAGE};
use crate::lang::Lang;

pub use catalogue::{check_in_force, load};

/// Runs `gridtier entitlements`.
pub fn run(args: &Entitlements, lang: Lang) -> Result<Done, Failure> {
    match &args.action {
        Some(action) => catalogue::run(action),
        None => ask(&args.question, lang),
    }
}

fn ask(question: &Question, lang: Lang) -> Result<Done, Failure> {
    let kind = &question.kind;
    let is_asked = kind.matrix
        || kind.costs
        || kind.grants
        || kind.customer.is_some()
        || kind.service.is_some()
        || kind.changes_from.is_some()
        || kind.applications.is_some();
    if !is_asked {
        let what = "no question is asked; give one of --matrix, --customer, --service, --costs, --changes-from, \
                    --applications, --grants, or see `gridtier entitlements --help`";
        return Err(Failure::new(USAGE, what));
    }
    let store = question.store.as_ref().map(Store::open).transpose()?;
    let Some(store) = store else {
        return match (kind.matrix, &question.catalogue) {
            (true, name) => {
                answer::matrix(question, &load(name.as_deref().unwrap_or("paper"), None)?, None, lang)
            }
            (false, _) => {
                Err(Failure::new(USAGE, "this question is about a cycle; give its store by --store"))
            }
        };
    };
    let cycle = store.cycle(question.cycle)?;
    let catalogue = catalogue_of(question, &cycle)?;
    let answer = answer::Answer { question, store: &store, cycle: &cycle, catalogue: &catalogue, lang };
    match kind {
        _ if kind.matrix => answer::matrix(question, &catalogue, Some(&cycle), lang),
        _ if kind.costs => answer.costs(),
        _ if kind.grants => answer.grants(),
        _ => match (&kind.customer, &kind.service, kind.changes_from, &kind.applications) {
            (Some(id), ..) => answer.customer(id.trim()),
            (_, Some(service), ..) => answer.service(service),
            (_, _, Some(version), _) => answer.changes(version),
            (.., Some(file)) => answer.applications(file),
            _ => Err(Failure::bug("a question without an answer")),
        },
    }
}

/// The catalogue asked for, or the one that the cycle records.
fn catalogue_of(question: &Question, cycle: &Cycle) -> Result<Catalogue, Failure> {
    match &question.catalogue {
        None => Ok(recall::catalogue(cycle)?),
        Some(name) => load(name, Some(&recall::method(cycle)?)),
    }
}
