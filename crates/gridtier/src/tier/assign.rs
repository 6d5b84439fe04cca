//! Computed and final tiers of all customers, block by block, while the ranks of a block are in the cache.

use rayon::prelude::*;

use super::policy::{Policy, PolicyPlace, PolicyRules};
use super::rank::{self, RankOrder};
use crate::index::index;
use crate::method::Tier;
use crate::word::Word as _;

/// The boundaries of a stratum.
pub(super) struct StratumCuts {
    /// How many customers are above each boundary.
    pub above: [u64; 3],
    /// Number of ranked customers.
    pub ranked: usize,
}

impl StratumCuts {
    /// The tier of a rank; `None` for rank 0, that of customers who are not ranked.
    #[inline]
    fn tier(&self, rank: u32) -> Option<Tier> {
        let passed = self.above.map(|above| usize::from(u64::from(rank) > above));
        (rank > 0).then(|| Tier::ALL[passed.iter().sum::<usize>()])
    }

    /// How many customers are above the boundary below a tier; `None` if there is no boundary.
    fn above(&self, better: Tier) -> Option<u64> {
        self.above.get(better.position()).copied().filter(|_| self.ranked > 0)
    }
}

/// What tiers follow from besides ranks; columns are by position.
pub(super) struct Assignment<'a> {
    pub rules: PolicyRules<'a>,
    /// The boundaries of each stratum.
    pub cuts: Vec<StratumCuts>,
    pub numbers: &'a [u32],
    pub strata: &'a [u32],
    pub ceilings: &'a [Option<Tier>],
}

/// Tiers and policies by position.
pub(super) struct Assigned {
    /// The tiers by rank and quota; `None` for provisional customers.
    pub computed: Vec<Option<Tier>>,
    /// The tiers after the policies.
    pub tier: Vec<Tier>,
    /// The policy that made the final tier differ from the computed one.
    pub policy: Vec<Option<Policy>>,
}

impl Assignment<'_> {
    /// The ranks and tiers of all customers.
    pub fn assign(&self, order: RankOrder) -> (Vec<u32>, Assigned) {
        let people = self.numbers.len();
        // Two threads touch the fresh memory first.
        let (mut computed, (mut tier, mut policy)) =
            rayon::join(|| vec![None; people], || (vec![Tier::ALL[0]; people], vec![None; people]));
        let outputs = computed
            .par_chunks_mut(rank::BLOCK)
            .zip(tier.par_chunks_mut(rank::BLOCK))
            .zip(policy.par_chunks_mut(rank::BLOCK));
        let ranks = order.into_ranks(outputs, |start, ranks, ((computed, tier), policy)| {
            self.fill(start, ranks, (computed, tier, policy));
        });
        (ranks, Assigned { computed, tier, policy })
    }

    /// Fills in the tiers of some customers from position `start` on.
    fn fill(
        &self,
        start: usize,
        ranks: &[u32],
        (computed, tier, policy): (&mut [Option<Tier>], &mut [Tier], &mut [Option<Policy>]),
    ) {
        let all = start..start + ranks.len();
        let inputs = ranks.iter().zip(&self.strata[all.clone()]).zip(&self.ceilings[all]);
        let outputs = computed.iter_mut().zip(tier).zip(policy);
        let are_ceilings = self.rules.are_ceilings();
        for (at, (((&rank, &stratum), &ceiling), ((computed, tier), policy))) in
            inputs.zip(outputs).enumerate()
        {
            let cuts = &self.cuts[index(stratum)];
            *computed = cuts.tier(rank);
            (*tier, *policy) = if are_ceilings {
                self.rules.capped(*computed, ceiling)
            } else {
                self.rules.moved(&PolicyPlace {
                    number: self.numbers[start + at],
                    rank: Some(u64::from(rank)).filter(|rank| *rank > 0),
                    computed: *computed,
                    ceiling,
                    ranked: cuts.ranked,
                    above: &|better| cuts.above(better),
                })
            };
        }
    }
}
