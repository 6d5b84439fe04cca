//! `gridtier entitlements`: what the tiers entitle to, to whom, why, and at what cost.

mod answer;
mod catalogue;
mod deliver;

use gridtier::entitlement::Catalogue;
use gridtier_io::cycle;
use gridtier_io::store::{Store, StoredCycle};

use crate::args::{Entitlements, Question};
use crate::exit::{Done, Failure, USAGE};
use crate::lang::Lang;

pub use catalogue::{check_in_force, load};

/// Runs `gridtier entitlements`.
pub fn run(args: &Entitlements, lang: Lang, asked: Option<Lang>) -> Result<Done, Failure> {
    match &args.action {
        Some(action) => catalogue::run(action),
        None => ask(&args.question, Tongue { lang, is_asked: asked.is_some() }),
    }
}

/// The language, and whether somebody asked for it: files for programs do not change with the environment.
#[derive(Clone, Copy)]
pub struct Tongue {
    pub lang: Lang,
    pub is_asked: bool,
}

fn ask(question: &Question, tongue: Tongue) -> Result<Done, Failure> {
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
    refuse_useless(question)?;
    let store = question.store.as_ref().map(Store::open).transpose()?;
    let Some(store) = store else {
        return match (kind.matrix, &question.catalogue) {
            (true, name) => {
                answer::matrix(question, &load(name.as_deref().unwrap_or("paper"), None)?, None, tongue)
            }
            (false, _) => {
                Err(Failure::new(USAGE, "this question is about a cycle; give its store by --store"))
            }
        };
    };
    let cycle = store.cycle(question.cycle)?;
    let catalogue = catalogue_of(question, &cycle)?;
    let answer = answer::Answer { question, store: &store, cycle: &cycle, catalogue: &catalogue, tongue };
    match kind {
        _ if kind.matrix => answer::matrix(question, &catalogue, Some(&cycle), tongue),
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
fn catalogue_of(question: &Question, cycle: &StoredCycle) -> Result<Catalogue, Failure> {
    match &question.catalogue {
        None => Ok(cycle::catalogue(cycle)?),
        Some(name) => load(name, Some(&cycle::method(cycle)?)),
    }
}

/// An option that a question does not look at is a misunderstanding.
fn refuse_useless(question: &Question) -> Result<(), Failure> {
    let (kind, who) = (&question.kind, &question.who);
    let is_count = kind.service.is_some() || kind.changes_from.is_some();
    let is_list = is_count || kind.grants;
    let filtered = !(who.tier.is_empty()
        && who.region.is_empty()
        && who.use_category.is_empty()
        && who.supply_level.is_empty());
    let options = [
        ("--tier, --region, --use-category and --supply-level", filtered, is_list || kind.costs),
        ("--by", who.by.is_some(), kind.service.is_some()),
        ("--opt-out", who.opt_out.is_some(), is_list || kind.customer.is_some()),
        ("--purpose", who.purpose.is_some(), is_list),
        ("--min-count", who.min_count.is_some(), is_count || kind.costs),
    ];
    match options.iter().find(|(_, is_given, is_used)| *is_given && !*is_used) {
        None => Ok(()),
        Some((name, ..)) => {
            Err(Failure::new(USAGE, format!("{name} has no effect on this question; leave it out")))
        }
    }
}
