//! What may move a customer from the computed tier: veto, hysteresis, step limit, override, in this order.

use std::collections::BTreeMap;

use super::{Grounds, Tiers};
use crate::contract::rule::Rule;
use crate::method::{Bound, Method, Override, Tier};
use crate::score::Scores;
use crate::source::Finding;
use crate::unit::{Month, day_of_date};

/// Final tiers of the previous cycle by customer id; empty when there is none.
pub type Previous = BTreeMap<String, Tier>;

/// A policy that moved a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A ceiling for confirmed offences.
    Veto,
    /// A change of one tier that was held.
    Hysteresis,
    /// A rise that was cut short.
    StepLimit,
    /// A person's decision.
    Override,
}

impl Policy {
    /// The word of the reason column.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Veto => "veto",
            Self::Hysteresis => "hysteresis",
            Self::StepLimit => "step_limit",
            Self::Override => "override",
        }
    }
}

/// Moves customers by the method's policies. `sizes` holds the ranked customers of each one's stratum.
pub(super) fn apply(grounds: &Grounds, scores: &Scores, method: &Method, sizes: &[u64], tiers: &mut Tiers) {
    let (previous, end) = (grounds.previous, grounds.end);
    let overrides: BTreeMap<&str, &Override> = method
        .overrides
        .iter()
        .filter(|decision| is_in_force(decision, end))
        .map(|decision| (decision.customer_id.as_str(), decision))
        .collect();
    for (position, &number) in scores.population.iter().enumerate() {
        let id = grounds.customers.ids.key(number);
        let mut moved = Moved { tier: tiers.tier[position], by: None };
        if let Some(ceiling) = tiers.ceiling[position] {
            moved.to(moved.tier.max(ceiling), Policy::Veto);
        } else if let (Some(rank), Some(&before)) = (tiers.rank[position], previous.get(id))
            && is_held(tiers, position, rank, before, sizes[position], method)
        {
            moved.to(before, Policy::Hysteresis);
        }
        if let (Some(steps), Some(&before), Some(_)) =
            (method.step_limit, previous.get(id), tiers.rank[position])
        {
            let best = Tier::ALL[(before as usize).saturating_sub(steps as usize)];
            moved.to(moved.tier.max(best), Policy::StepLimit);
        }
        if let Some(decision) = overrides.get(id) {
            let tier = match decision.bound {
                Bound::Pin => decision.tier,
                Bound::Floor => moved.tier.min(decision.tier),
                Bound::Ceiling => moved.tier.max(decision.tier),
            };
            moved.to(tier, Policy::Override);
        }
        tiers.tier[position] = moved.tier;
        let differs = tiers.computed[position].is_some_and(|computed| computed != moved.tier);
        tiers.policy[position] = moved.by.filter(|_| differs);
    }
    note_unused(grounds, scores, method, tiers);
}

struct Moved {
    tier: Tier,
    by: Option<Policy>,
}

impl Moved {
    fn to(&mut self, tier: Tier, by: Policy) {
        if tier != self.tier {
            (self.tier, self.by) = (tier, Some(by));
        }
    }
}

/// An override holds when it expires on or after the day of the grading.
fn is_in_force(decision: &Override, end: Month) -> bool {
    day_of_date(decision.expires) >= end.first_day()
}

/// Whether a change of one tier is held: the rank passed the boundary by no more than band × N places.
fn is_held(tiers: &Tiers, position: usize, rank: u64, before: Tier, customers: u64, method: &Method) -> bool {
    let (Some(band), Some(computed)) = (method.hysteresis, tiers.computed[position]) else { return false };
    let better = computed.min(before);
    if (computed as usize).abs_diff(before as usize) != 1 {
        return false;
    }
    let is_mine = |line: &&super::Line| line.stratum == tiers.stratum[position] && line.better == better;
    let Some(line) = tiers.ledger.iter().find(is_mine) else { return false };
    let passed = if computed < before { line.count + 1 - rank } else { rank - line.count };
    passed as f64 <= band * customers as f64
}

fn note_unused(grounds: &Grounds, scores: &Scores, method: &Method, tiers: &mut Tiers) {
    let is_graded = |id: &str| {
        grounds.customers.ids.get(id).is_some_and(|number| scores.population.binary_search(&number).is_ok())
    };
    let unused: Vec<&Override> = method
        .overrides
        .iter()
        .filter(|decision| !is_in_force(decision, grounds.end) || !is_graded(&decision.customer_id))
        .collect();
    if let Some(first) = unused.first() {
        let example = format!("customer {}, expires {}", first.customer_id, first.expires);
        tiers.findings.push(Finding::of_method(Rule::UnusedOverride, unused.len() as u64, example));
    }
}
