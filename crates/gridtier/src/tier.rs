//! From scores to tiers: order, quotas, the ledger of boundaries, and the policies that may move a customer.
//!
//! Quotas are exact counts by rank: 10 % of the customers are special, whatever their scores. The computed tier is kept
//! beside the final one, together with the policy that made them differ. Entitlements are not a matter of this module.

mod rank_key;
mod order;
mod rank;
mod ledger;
mod policy;
mod assign;

use crate::contract::rule::Rule;
use crate::fact::Facts;
use crate::incident::Offence;
use crate::index::{CustomerIx, count, index, index_u64};
use crate::indicator::IndicatorColumn;
use crate::indicator::registry::{ANNUAL_ENERGY, ANNUAL_REVENUE};
use crate::key::KeyIndex;
use crate::method::{Method, Tier, Ties, Veto};
use crate::score::{Holding, Scores};
use crate::source::Finding;
use crate::stratum::stratify;
use crate::unit::Month;
use crate::word::Word as _;

pub use crate::stratum::Groups;
pub use ledger::LedgerLine;
pub use policy::{Policy, PolicyPlace, PolicyRules, Previous};
pub use rank_key::{BrokenBy, RankKey};

use assign::{Assignment, StratumCuts};
use order::Ordered as _;
use rank::{Base, RankOrder};

/// Tiers of the graded population; every column is in the order of [`Scores::population`].
#[derive(Debug)]
pub struct Tiers {
    /// The strata, by name.
    pub strata: Vec<String>,
    /// The number of each customer's stratum in `strata`.
    pub stratum: Vec<u32>,
    /// Rank within the stratum, 1 is best; 0 for provisional customers.
    pub ranks: Vec<u32>,
    /// The tiers by rank and quota; `None` for provisional customers.
    pub computed: Vec<Option<Tier>>,
    /// The tiers after the policies.
    pub tier: Vec<Tier>,
    /// The policy that made the final tier differ from the computed one.
    pub policy: Vec<Option<Policy>>,
    /// The best tier that confirmed offences leave to the customer, whether or not that moved the customer.
    pub ceiling: Vec<Option<Tier>>,
    /// The boundaries of all strata, sorted by stratum and boundary.
    pub ledger: Vec<LedgerLine>,
    /// Findings about the method's data.
    pub findings: Vec<Finding>,
}

impl Tiers {
    /// Rank within the stratum, 1 is best; `None` for a provisional customer.
    #[must_use]
    pub fn rank(&self, at: usize) -> Option<u64> {
        Some(u64::from(self.ranks[at])).filter(|rank| *rank > 0)
    }

    /// The name of a customer's stratum.
    #[must_use]
    pub fn stratum(&self, at: usize) -> &str {
        &self.strata[index(self.stratum[at])]
    }
}

/// What tiers depend on besides scores and indicators.
#[derive(Debug)]
pub struct TierInputs<'a> {
    /// The ids of the customer base, by number.
    pub ids: &'a KeyIndex,
    /// The groups from which strata are made.
    pub groups: Groups,
    /// The first month after the window.
    pub end: Month,
    /// For each position, the best tier that confirmed offences leave to the customer.
    pub ceilings: Vec<Option<Tier>>,
    /// The final tiers of the cycle before, for hysteresis and step limit.
    pub previous: &'a Previous,
}

/// Ranks the population of `scores` and assigns every customer a tier. `previous` holds the final tiers of the cycle
/// before, for hysteresis and step limit.
#[must_use]
pub fn grade(
    facts: &Facts,
    columns: &[IndicatorColumn],
    scores: &Scores,
    method: &Method,
    previous: &Previous,
    holding: Option<Holding>,
) -> Tiers {
    let inputs = TierInputs {
        ids: &facts.customers.ids,
        groups: Groups::of(&facts.customers, method.strata),
        end: facts.window.end,
        ceilings: vetoes(facts, scores, method, holding),
        previous,
    };
    grade_on(inputs, columns, scores, method)
}

/// As [`grade`], but on inputs that may come from a published cycle.
#[must_use]
pub fn grade_on(inputs: TierInputs, columns: &[IndicatorColumn], scores: &Scores, method: &Method) -> Tiers {
    let TierInputs { ids, groups, end, ceilings, previous } = inputs;
    let strata = stratify(
        &groups,
        &scores.population,
        |position| scores.provisional[position].is_none(),
        method.min_stratum,
    );
    let (revenue, energy) = (&columns[ANNUAL_REVENUE.index()], &columns[ANNUAL_ENERGY.index()]);
    let base = Base { scores, ceilings: &ceilings, revenue, energy };
    let order = RankOrder::new(&base, &strata);
    let (mut lines, mut cuts) = (Vec::new(), Vec::new());
    for (stratum, name) in strata.names.iter().enumerate() {
        let ranking = order.ranking(&base, stratum);
        let quotas = ledger::quotas(ranking.len(), method, name);
        let cut = ledger::cuts(ranking, method, quotas);
        // A stratum in which nobody is ranked has no boundary.
        if ranking.len() > 0 {
            lines.extend(ledger::ledger(name, ranking, quotas, cut));
        }
        cuts.push(StratumCuts { above: cut.map(count), ranked: ranking.len() });
    }
    let rules = PolicyRules::new(ids, previous, end, method);
    let numbers = &scores.population;
    let assignment = Assignment { rules, cuts, numbers, strata: &strata.by_position, ceilings: &ceilings };
    let (ranks, assigned) = assignment.assign(order);
    let mut tiers = Tiers {
        ranks,
        computed: assigned.computed,
        tier: assigned.tier,
        policy: assigned.policy,
        ledger: lines,
        findings: unused_quotas(method, &strata.names).into_iter().collect(),
        strata: strata.names,
        stratum: Vec::new(),
        ceiling: Vec::new(),
    };
    assignment.rules.note_unused(scores, &mut tiers);
    (tiers.stratum, tiers.ceiling) = (strata.by_position, ceilings);
    tiers
}

/// How many of the ranked customers of a stratum are above each line, by the stratum's quotas, the method's rule for
/// ties and the floors. `order` has the customers' keys, best first.
#[must_use]
pub fn counts_above(order: &[RankKey], method: &Method, stratum: &str) -> [u64; 3] {
    ledger::cuts(order, method, ledger::quotas(order.len(), method, stratum)).map(count)
}

/// Whether the floor of a tier leaves places above its line empty. `order` has the keys of the stratum's ranked customers,
/// best first.
#[must_use]
pub fn leaves_places(order: &[RankKey], method: &Method, line: &LedgerLine) -> bool {
    let Some(floor_e6) = method.lines.floors_e6[line.better.position()] else { return false };
    let count = index_u64(line.count);
    count < ledger::with_ties(order, method, index_u64(line.quota))
        && !order.get(count).is_some_and(|below| below.reaches(floor_e6))
}

/// The lines of a stratum as its ledger publishes them; `counts` are the numbers of customers above each. `order` has
/// the keys of the stratum's ranked customers, best first; a stratum in which nobody is ranked has no lines.
#[must_use]
pub fn ledger_lines(order: &[RankKey], method: &Method, stratum: &str, counts: [u64; 3]) -> Vec<LedgerLine> {
    if order.is_empty() {
        return Vec::new();
    }
    let quotas = ledger::quotas(order.len(), method, stratum);
    ledger::ledger(stratum, order, quotas, counts.map(index_u64))
}

/// One finding for all strata that have quotas of their own but do not occur in the population: misspelt, pooled or
/// empty.
fn unused_quotas(method: &Method, strata: &[String]) -> Option<Finding> {
    let named = method.lines.by_stratum.keys().filter(|name| !strata.contains(name));
    let unused: Vec<&str> = named.map(String::as_str).collect();
    (!unused.is_empty())
        .then(|| Finding::of_method(Rule::UnusedQuotas, count(unused.len()), unused.join(", ")))
}

/// The strictest ceiling that confirmed offences put on each customer, by position.
fn vetoes(facts: &Facts, scores: &Scores, method: &Method, holding: Option<Holding>) -> Vec<Option<Tier>> {
    scores
        .population
        .iter()
        .map(|&number| match holding {
            None => ceiling(facts, CustomerIx::new(number), method),
            // A holder is vetoed if one of its accounts is vetoed.
            Some(Holding { accounts, members }) => {
                members.of(number).filter_map(|account| ceiling(accounts, account, method)).max()
            }
        })
        .collect()
}

/// The strictest ceiling that a customer's confirmed offences put on it.
fn ceiling(facts: &Facts, customer: CustomerIx, method: &Method) -> Option<Tier> {
    let start = facts.offences.partition_point(|offence| offence.customer < customer);
    let end = facts.offences.partition_point(|offence| offence.customer <= customer);
    ceiling_of(&facts.offences[start..end], method)
}

/// The strictest ceiling that the confirmed offences of one account put on it.
#[must_use]
pub fn ceiling_of(offences: &[Offence], method: &Method) -> Option<Tier> {
    method.vetoes.iter().filter(|veto| applies(veto, offences)).map(|veto| veto.ceiling).max()
}

/// Whether a customer's offences suffice for a veto.
fn applies(veto: &Veto, offences: &[Offence]) -> bool {
    let counted = offences
        .iter()
        .filter(|offence| veto.kinds.contains(&offence.kind) && offence.severity >= veto.min_severity);
    counted.count() >= index(veto.min_count)
}

/// Whether the method keeps ties at a boundary together.
pub(crate) fn keeps_ties(method: &Method) -> bool {
    method.ties != Ties::Break
}

#[cfg(test)]
mod tests;
