//! The policies that may move a customer from the computed tier: veto, hysteresis, step limit, override, in this order.

use std::collections::BTreeMap;

use super::Tiers;
use crate::contract::rule::Rule;
use crate::index::{count, float};
use crate::key::KeyIndex;
use crate::method::{Bound, Method, Override, Tier};
use crate::score::Scores;
use crate::source::Finding;
use crate::unit::{Month, day_of_date};

/// Final tiers of the previous cycle by customer id; empty if there is none.
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

/// A customer before its policies are applied.
pub struct PolicyPlace<'a> {
    /// Customer number.
    pub number: u32,
    /// Rank within the stratum; `None` for a provisional customer.
    pub rank: Option<u64>,
    /// The tier by rank and quota; `None` for a provisional customer.
    pub computed: Option<Tier>,
    /// The best tier that confirmed offences leave to the customer.
    pub ceiling: Option<Tier>,
    /// Number of ranked customers of the stratum.
    pub ranked: usize,
    /// How many customers of the stratum are above the line below a tier; `None` if the stratum has no lines.
    pub above: &'a dyn Fn(Tier) -> Option<u64>,
}

/// The policies of a method, in force on a day.
pub struct PolicyRules<'a> {
    ids: &'a KeyIndex,
    previous: &'a Previous,
    end: Month,
    method: &'a Method,
    /// The overrides by customer number.
    overrides: BTreeMap<u32, &'a Override>,
}

impl<'a> PolicyRules<'a> {
    /// The policies of `method` on the first day of `end`. `previous` has the final tiers of the cycle before, by
    /// customer id; `ids` are the ids of the present customers.
    #[must_use]
    pub fn new(ids: &'a KeyIndex, previous: &'a Previous, end: Month, method: &'a Method) -> Self {
        let overrides = method
            .overrides
            .iter()
            .filter(|decision| is_in_force(decision, end))
            .filter_map(|decision| Some((ids.get(&decision.customer_id)?, decision)))
            .collect();
        Self { ids, previous, end, method, overrides }
    }

    /// Whether nothing but ceilings can move a customer.
    pub(super) fn are_ceilings(&self) -> bool {
        self.previous.is_empty() && self.overrides.is_empty()
    }

    /// As [`moved`](Self::moved), if the policies [are ceilings](Self::are_ceilings).
    #[inline]
    pub(super) fn capped(&self, computed: Option<Tier>, ceiling: Option<Tier>) -> (Tier, Option<Policy>) {
        let from = computed.unwrap_or(self.method.provisional_tier);
        let tier = ceiling.map_or(from, |ceiling| from.max(ceiling));
        (tier, (computed.is_some() && tier != from).then_some(Policy::Veto))
    }

    /// The final tier of a customer, and the policy that made it differ from the computed one.
    #[must_use]
    pub fn moved(&self, place: &PolicyPlace) -> (Tier, Option<Policy>) {
        let PolicyPlace { number, rank, computed, ceiling, .. } = *place;
        let mut moved = Moved { tier: computed.unwrap_or(self.method.provisional_tier), by: None };
        // Most methods have no policy that needs the cycle before, and then no id is looked up.
        let before = match self.previous.is_empty() {
            true => None,
            false => self.previous.get(self.ids.key(number)).copied(),
        };
        if let Some(ceiling) = ceiling {
            moved.to(moved.tier.max(ceiling), Policy::Veto);
        } else if let (Some(rank), Some(before)) = (rank, before)
            && self.is_held(place, rank, before)
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
        let differs = computed.is_some_and(|computed| computed != moved.tier);
        (moved.tier, moved.by.filter(|_| differs))
    }

    /// Whether a change of one tier is not made because the rank passed the boundary by no more than band × N ranks.
    fn is_held(&self, place: &PolicyPlace, rank: u64, before: Tier) -> bool {
        let (Some(band), Some(computed)) = (self.method.hysteresis, place.computed) else {
            return false;
        };
        if (computed as usize).abs_diff(before as usize) != 1 {
            return false;
        }
        let Some(above) = (place.above)(computed.min(before)) else { return false };
        let passed = if computed < before { above + 1 - rank } else { rank - above };
        passed as f64 <= band * float(place.ranked)
    }

    /// Adds a finding if an override is not in force or is for nobody who is graded.
    pub(super) fn note_unused(&self, scores: &Scores, tiers: &mut Tiers) {
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

/// An override is in force if it expires on or after the day of the grading.
fn is_in_force(decision: &Override, end: Month) -> bool {
    day_of_date(decision.expires) >= end.first_day()
}
