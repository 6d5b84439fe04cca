//! How many customers came from which tier to which: transitions, their rates with limits, and how stable the tiers
//! are, by stratum and for everybody (REGRADE section 1).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::pair::{EndState, Pair, PairedCustomer};
use crate::cycle::Cycle;
use crate::index::{count, float_i64, index};
use crate::method::Tier;
use crate::statistics::KendallOrder;
use crate::statistics::migration::{
    MigrationCounts, NeighbourTest, concentration_p_value, goodman_limits, herfindahl, mean_singular_value,
    neighbour_tests, shorrocks, weighted_bandwidths,
};
use crate::word::Word;

/// The name that stands for the customers of all strata.
pub const EVERYBODY: &str = "*";

/// The states that a customer graded before can have after, in the order of published rows.
pub const ENDS: [EndState; 6] = [
    EndState::Special,
    EndState::Grade1,
    EndState::Grade2,
    EndState::Grade3,
    EndState::Closed,
    EndState::Absent,
];

/// One combination of states before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransitionKey {
    /// Number of the stratum in [`Alignment::strata`](super::Alignment::strata).
    pub stratum: u32,
    /// The customers' state before.
    pub before: EndState,
    /// Whether their tier before was provisional.
    pub before_provisional: bool,
    /// The customers' state after.
    pub after: EndState,
    /// Whether their tier after is provisional.
    pub after_provisional: bool,
}

/// How many customers share a combination of states, and their annual revenue and energy in both cycles; an unknown
/// value counts 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransitionSums {
    /// Number of customers.
    pub customers: u64,
    /// Annual revenue in fen, before and after.
    pub revenue_fen: [i64; 2],
    /// Annual energy in Wh, before and after.
    pub energy_wh: [i64; 2],
}

/// The share of a tier's customers that came to one state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransitionRate {
    /// The tier before.
    pub from: Tier,
    /// The state after.
    pub to: EndState,
    /// Number of customers who came to that state.
    pub customers: u64,
    /// Number of customers who were in the tier before.
    pub from_customers: u64,
    /// Goodman's simultaneous limits at 95 %; `None` if the tier was empty.
    pub limits: Option<[f64; 2]>,
}

impl TransitionRate {
    /// The share; `None` if the tier was empty.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.from_customers > 0).then(|| self.customers as f64 / self.from_customers as f64)
    }
}

/// How stable the tiers of one stratum are, or those of everybody.
#[derive(Clone, Debug, PartialEq)]
pub struct TierStability {
    /// Number of the stratum in [`Alignment::strata`](super::Alignment::strata); `None` for everybody.
    pub stratum: Option<u32>,
    /// Number of customers graded in both cycles: those who rose, kept their tier and fell.
    pub moved: [u64; 3],
    /// Customers ranked in both cycles, by final tier before and after.
    pub firm: MigrationCounts,
    /// Graded customers by final tier, before and after.
    pub tiers: [[u64; 4]; 2],
    /// All rates, sorted by tier before and state after.
    pub rates: Vec<TransitionRate>,
    /// Number of customers ranked and scored in both cycles.
    pub tau_customers: u64,
    /// Kendall's τ-b of their scores; `None` when it is undefined.
    pub tau_b: Option<f64>,
}

impl TierStability {
    /// Number of customers graded in both cycles.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.moved.iter().sum()
    }

    /// The share of these customers whose final tier changed; `None` if there are none.
    #[must_use]
    pub fn changed_share(&self) -> Option<f64> {
        let [up, _, down] = self.moved;
        (self.compared() > 0).then(|| (up + down) as f64 / self.compared() as f64)
    }

    /// The measures by name, as they are published.
    #[must_use]
    pub fn measures(&self) -> [(&'static str, Option<f64>); 15] {
        let real = |count: u64| Some(count as f64);
        let [up, held, down] = self.moved;
        let [upper, lower] = weighted_bandwidths(&self.firm);
        [
            ("compared", real(self.compared())),
            ("up", real(up)),
            ("held", real(held)),
            ("down", real(down)),
            ("changed_share", self.changed_share()),
            ("firm", real(self.firm.iter().flatten().sum())),
            ("mwb_upper", upper),
            ("mwb_lower", lower),
            ("shorrocks", shorrocks(&self.firm)),
            ("m_svd", mean_singular_value(&self.firm)),
            ("hi_before", herfindahl(self.tiers[0])),
            ("hi_after", herfindahl(self.tiers[1])),
            ("hi_p_value", concentration_p_value(self.tiers[0], self.tiers[1])),
            ("tau_customers", real(self.tau_customers)),
            ("tau_b", self.tau_b),
        ]
    }

    /// The z-tests that compare farther moves with nearer ones.
    #[must_use]
    pub fn neighbour_tests(&self) -> Vec<NeighbourTest> {
        neighbour_tests(&self.firm)
    }
}

/// The transitions of a pair, by key. Customers that neither cycle grades are left out.
#[must_use]
pub fn transitions(pair: &Pair<'_>) -> BTreeMap<TransitionKey, TransitionSums> {
    let mut sums = BTreeMap::<TransitionKey, TransitionSums>::new();
    for customer in &pair.customers {
        let key = TransitionKey {
            stratum: customer.stratum,
            before: customer.before,
            before_provisional: customer.before_provisional,
            after: customer.after,
            after_provisional: customer.after_provisional,
        };
        let sum = sums.entry(key).or_default();
        sum.customers += 1;
        let ends = [(pair.before, customer.before_at()), (pair.after, customer.after_at())];
        for (end, (cycle, at)) in ends.into_iter().enumerate() {
            let Some(at) = at else { continue };
            let number = cycle.rows[at].number;
            sum.revenue_fen[end] += cycle.revenue_fen(number).max(0);
            sum.energy_wh[end] += cycle.energy_wh(number).max(0);
        }
    }
    sums
}

/// The stability of the tiers of all customers, then of each stratum in the order of
/// [`Alignment::strata`](super::Alignment::strata). A stratum
/// is left out if none of its customers counts.
#[must_use]
pub fn stability(pair: &Pair<'_>) -> Vec<TierStability> {
    let mut members: Vec<Vec<&PairedCustomer>> = vec![Vec::new(); pair.strata.len()];
    for customer in &pair.customers {
        members[index(customer.stratum)].push(customer);
    }
    let everybody = (None, pair.customers.iter().collect::<Vec<_>>());
    let strata = (0..).zip(members).filter(|(_, members)| !members.is_empty());
    let groups: Vec<_> =
        std::iter::once(everybody).chain(strata.map(|(number, members)| (Some(number), members))).collect();
    groups.into_par_iter().map(|(stratum, members)| stability_of(pair, stratum, &members)).collect()
}

fn stability_of(pair: &Pair<'_>, stratum: Option<u32>, members: &[&PairedCustomer]) -> TierStability {
    let mut moved = [0; 3];
    let mut firm: MigrationCounts = [[0; 4]; 4];
    let mut tiers = [[0; 4]; 2];
    let mut ends = [[0u64; 6]; 4];
    let (mut scores_before, mut scores_after) = (Vec::new(), Vec::new());
    for customer in members {
        let (before, after) = (customer.before.tier(), customer.after.tier());
        for (end, tier) in [before, after].into_iter().enumerate() {
            if let Some(tier) = tier {
                tiers[end][tier.position()] += 1;
            }
        }
        if let Some(before) = before
            && let Some(end) = ENDS.iter().position(|&end| end == customer.after)
        {
            ends[before.position()][end] += 1;
        }
        let (Some(before), Some(after)) = (before, after) else { continue };
        moved[match after.cmp(&before) {
            Ordering::Less => 0,
            Ordering::Equal => 1,
            Ordering::Greater => 2,
        }] += 1;
        if customer.before_provisional || customer.after_provisional {
            continue;
        }
        firm[before.position()][after.position()] += 1;
        let stays = stratum.is_none_or(|number| is_after_in(pair, customer, number));
        if let Some((before, after)) = scores(pair, customer).filter(|_| stays) {
            scores_before.push(float_i64(before));
            scores_after.push(float_i64(after));
        }
    }
    TierStability {
        stratum,
        moved,
        firm,
        tiers,
        rates: rates(&ends),
        tau_customers: count(scores_before.len()),
        tau_b: KendallOrder::of(&scores_before).tau_b(&scores_after),
    }
}

/// Whether a customer is in a stratum in the later cycle too.
fn is_after_in(pair: &Pair<'_>, customer: &PairedCustomer, stratum: u32) -> bool {
    let after = customer.after_at().map(|at| &pair.after.rows[at]);
    after.is_some_and(|row| pair.strata_after[index(row.stratum)] == stratum)
}

/// A customer's published scores in both cycles.
fn scores(pair: &Pair<'_>, customer: &PairedCustomer) -> Option<(i64, i64)> {
    let (before, after) = customer.both()?;
    score(pair.before, before).zip(score(pair.after, after))
}

fn score(cycle: &Cycle, at: usize) -> Option<i64> {
    cycle.rows[at].score_e6
}

fn rates(ends: &[[u64; 6]; 4]) -> Vec<TransitionRate> {
    let rates = Tier::ALL.iter().flat_map(|&from| {
        let row = ends[from.position()];
        let from_customers = row.iter().sum();
        ENDS.iter().zip(row).map(move |(&to, customers)| TransitionRate {
            from,
            to,
            customers,
            from_customers,
            limits: goodman_limits(customers, from_customers),
        })
    });
    rates.collect()
}
