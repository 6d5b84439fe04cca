//! What may move a customer from the computed tier: veto, hysteresis, step limit, override, in this order.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Tiers;
use crate::contract::rule::Rule;
use crate::index::{count, float, index};
use crate::key::KeyIndex;
use crate::method::{Bound, Method, Override, Tier};
use crate::score::Scores;
use crate::source::Finding;
use crate::unit::{Month, day_of_date};

/// Final tiers of the previous cycle by customer id; empty when there is none.
pub type Previous = BTreeMap<String, Tier>;

crate::words! {
    /// A policy that moved a customer.
    Policy "policy" {
        /// A ceiling for confirmed offences.
        Veto "veto" "veto" "封顶",
        /// A change of one tier near a boundary was not made.
        Hysteresis "hysteresis" "hysteresis" "滞回",
        /// A rise was limited.
        StepLimit "step_limit" "step limit" "升级限幅",
        /// A decision of a person.
        Override "override" "override" "人工核定",
    }
}

/// The policies of a method, in force on a day.
pub(super) struct PolicyRules<'a> {
    ids: &'a KeyIndex,
    previous: &'a Previous,
    end: Month,
    method: &'a Method,
    /// By stratum: its ranked customers.
    sizes: &'a [usize],
    /// By customer number.
    overrides: BTreeMap<u32, &'a Override>,
}

impl<'a> PolicyRules<'a> {
    pub fn new(
        ids: &'a KeyIndex,
        previous: &'a Previous,
        end: Month,
        method: &'a Method,
        sizes: &'a [usize],
    ) -> Self {
        let overrides = method
            .overrides
            .iter()
            .filter(|decision| is_in_force(decision, end))
            .filter_map(|decision| Some((ids.get(&decision.customer_id)?, decision)))
            .collect();
        Self { ids, previous, end, method, sizes, overrides }
    }

    /// Moves customers.
    pub fn apply(&self, scores: &Scores, tiers: &mut Tiers) {
        let moved: (Vec<Tier>, Vec<Option<Policy>>) = scores
            .population
            .par_iter()
            .enumerate()
            .map(|(position, &number)| self.moved(tiers, position, number))
            .unzip();
        (tiers.tier, tiers.policy) = moved;
        self.note_unused(scores, tiers);
    }

    /// The final tier, and the policy that made it differ from the computed one.
    fn moved(&self, tiers: &Tiers, position: usize, number: u32) -> (Tier, Option<Policy>) {
        let mut moved = Moved { tier: tiers.tier[position], by: None };
        // Most methods do not look back: then no id is looked up.
        let before = match self.previous.is_empty() {
            true => None,
            false => self.previous.get(self.ids.key(number)).copied(),
        };
        let rank = tiers.rank(position);
        if let Some(ceiling) = tiers.ceiling[position] {
            moved.to(moved.tier.max(ceiling), Policy::Veto);
        } else if let (Some(rank), Some(before)) = (rank, before)
            && self.is_held(tiers, position, rank, before)
        {
            moved.to(before, Policy::Hysteresis);
        }
        if let (Some(steps), Some(before), Some(_)) = (self.method.step_limit, before, rank) {
            let best = Tier::ALL[(before as usize).saturating_sub(steps as usize)];
            moved.to(moved.tier.max(best), Policy::StepLimit);
        }
        if let Some(decision) = self.overrides.get(&number) {
            let tier = match decision.bound {
                Bound::Pin => decision.tier,
                Bound::Floor => moved.tier.min(decision.tier),
                Bound::Ceiling => moved.tier.max(decision.tier),
            };
            moved.to(tier, Policy::Override);
        }
        let differs = tiers.computed[position].is_some_and(|computed| computed != moved.tier);
        (moved.tier, moved.by.filter(|_| differs))
    }

    /// Whether a change of one tier is not made: the rank passed the boundary by no more than band × N ranks.
    fn is_held(&self, tiers: &Tiers, position: usize, rank: u64, before: Tier) -> bool {
        let (Some(band), Some(computed)) = (self.method.hysteresis, tiers.computed[position]) else {
            return false;
        };
        let better = computed.min(before);
        if (computed as usize).abs_diff(before as usize) != 1 {
            return false;
        }
        let line =
            tiers.ledger.iter().find(|line| line.stratum == tiers.stratum(position) && line.better == better);
        let Some(line) = line else { return false };
        let passed = if computed < before { line.count + 1 - rank } else { rank - line.count };
        passed as f64 <= band * float(self.sizes[index(tiers.stratum[position])])
    }

    fn note_unused(&self, scores: &Scores, tiers: &mut Tiers) {
        let unused: Vec<&Override> = self
            .method
            .overrides
            .iter()
            .filter(|decision| {
                let number = self.ids.get(&decision.customer_id);
                let is_graded = number.is_some_and(|number| scores.population.binary_search(&number).is_ok());
                !is_in_force(decision, self.end) || !is_graded
            })
            .collect();
        if let Some(first) = unused.first() {
            let example = format!("customer {}, expires {}", first.customer_id, first.expires);
            tiers.findings.push(Finding::of_method(Rule::UnusedOverride, count(unused.len()), example));
        }
    }
}

/// A tier and the last policy that changed it.
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
