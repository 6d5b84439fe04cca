//! From scores to tiers: order, quota, the boundary ledger, and the policies that may move a customer.
//!
//! Quotas are exact counts by rank, so that 10 % of the customers are special and not 10 % of the scale. The computed
//! tier stays beside the final one; whatever made them differ is named on the row. What a tier entitles to is not known
//! here.

mod order;
mod policy;
mod stratum;

use crate::customer::Customers;
use crate::fact::Facts;
use crate::indicator::{Column, INDICATORS};
use crate::method::{Method, Tier, Ties, Veto};
use crate::score::Scores;
use crate::source::Finding;
use crate::unit::Month;

pub use order::{BrokenBy, Line};
pub use policy::{Policy, Previous};
pub use stratum::{ALL, OTHER};

use order::Standing;

/// Tiers of the graded population; every column is indexed as [`Scores::population`].
#[derive(Debug)]
pub struct Tiers {
    /// Stratum of each customer.
    pub stratum: Vec<String>,
    /// Rank within the stratum, 1 is best; `None` for provisional customers.
    pub rank: Vec<Option<u64>>,
    /// By rank and quota; `None` for provisional customers.
    pub computed: Vec<Option<Tier>>,
    /// After the policies.
    pub tier: Vec<Tier>,
    /// The policy that made the final tier differ from the computed one.
    pub policy: Vec<Option<Policy>>,
    /// The best tier that confirmed offences leave, whether or not that moved the customer.
    pub ceiling: Vec<Option<Tier>>,
    /// The boundaries of all strata, by stratum and boundary.
    pub ledger: Vec<Line>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// What tiers rest on besides scores and indicators.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// The customer base, by number.
    pub customers: &'a Customers,
    /// The first month after the window.
    pub end: Month,
    /// By position: the best tier that confirmed offences leave.
    pub ceilings: Vec<Option<Tier>>,
    /// The final tiers of the cycle before, for hysteresis and step limit.
    pub previous: &'a Previous,
}

/// Ranks the population of `scores` and puts every customer in a tier. `previous` holds the final tiers of the cycle
/// before, for hysteresis and step limit.
#[must_use]
pub fn grade(
    facts: &Facts,
    columns: &[Column],
    scores: &Scores,
    method: &Method,
    previous: &Previous,
) -> Tiers {
    let ceilings = vetoes(facts, scores, method);
    let grounds = Grounds { customers: &facts.customers, end: facts.window.end, ceilings, previous };
    grade_on(grounds, columns, scores, method)
}

/// As [`grade`], on grounds that may come from a published cycle.
#[must_use]
pub fn grade_on(grounds: Grounds, columns: &[Column], scores: &Scores, method: &Method) -> Tiers {
    let people = scores.population.len();
    let stratum = stratum::strata(grounds.customers, scores, method);
    let mut tiers = Tiers {
        rank: vec![None; people],
        computed: vec![None; people],
        tier: vec![method.provisional_tier; people],
        policy: vec![None; people],
        ceiling: grounds.ceilings.clone(),
        ledger: Vec::new(),
        findings: Vec::new(),
        stratum: stratum.names,
    };
    let standings = standings(columns, scores, &tiers.ceiling);
    let mut sizes = vec![0u64; people];
    for (name, members) in stratum.members {
        let mut ranked: Vec<&Standing> = members.iter().filter_map(|&at| standings[at].as_ref()).collect();
        order::sort(&mut ranked);
        let cuts = order::cuts(&ranked, method);
        for (rank, standing) in ranked.iter().enumerate() {
            let tier = Tier::ALL[cuts.iter().filter(|&&cut| rank >= cut).count()];
            tiers.rank[standing.position] = Some(rank as u64 + 1);
            tiers.computed[standing.position] = Some(tier);
            tiers.tier[standing.position] = tier;
            sizes[standing.position] = ranked.len() as u64;
        }
        tiers.ledger.extend(order::ledger(&name, &ranked, method, cuts));
    }
    tiers.ledger.sort_by(|a, b| (&a.stratum, a.better).cmp(&(&b.stratum, b.better)));
    policy::apply(&grounds, scores, method, &sizes, &mut tiers);
    tiers
}

/// What orders each ranked customer, by position.
fn standings(columns: &[Column], scores: &Scores, vetoes: &[Option<Tier>]) -> Vec<Option<Standing>> {
    let place = |id: &str| INDICATORS.iter().position(|indicator| indicator.id == id).unwrap_or(0);
    let (revenue, energy) = (place("annual_revenue"), place("annual_energy"));
    let mut standings: Vec<Option<Standing>> = vec![None; scores.population.len()];
    for position in scores.ranked() {
        let number = scores.population[position];
        standings[position] = Some(Standing {
            position,
            number,
            vetoed: vetoes[position].is_some(),
            score_e6: scores.score_e6[position],
            revenue: columns[revenue][number as usize].known(),
            energy: columns[energy][number as usize].known(),
        });
    }
    standings
}

/// The strictest ceiling that confirmed offences put on each customer, by position.
fn vetoes(facts: &Facts, scores: &Scores, method: &Method) -> Vec<Option<Tier>> {
    let ceiling = |&number: &u32| {
        let start = facts.offences.partition_point(|offence| offence.customer < number);
        let mine = || facts.offences[start..].iter().take_while(|offence| offence.customer == number);
        let concerned = |veto: &&Veto| {
            let counts = |offence: &&crate::event::Offence| {
                veto.kinds.contains(&offence.kind) && offence.severity >= veto.min_severity
            };
            mine().filter(counts).count() >= veto.min_count as usize
        };
        method.vetoes.iter().filter(concerned).map(|veto| veto.ceiling).max()
    };
    scores.population.iter().map(ceiling).collect()
}

/// Whether ties at a line were kept together.
fn keeps_ties(method: &Method) -> bool {
    method.ties != Ties::Break
}

#[cfg(test)]
mod tests;
