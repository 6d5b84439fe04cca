//! How many customers joined and left each tier, step by step (REGRADE section 3, `waterfall`).

use rayon::prelude::*;

use super::attribution::Attribution;
use super::moved::TierInStratum;
use super::pair::{EndState, Pair};
use super::step::Step;
use super::transition::EVERYBODY;
use crate::index::index;
use crate::method::Tier;
use crate::word::Word;

/// For each step, how many customers joined a tier and how many left it.
type Flows = [[u64; 2]; Step::ALL.len()];

/// A row of the waterfall: a step of a tier in a stratum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaterfallStep {
    /// The stratum, or `*` for everybody.
    pub stratum: String,
    /// The tier.
    pub tier: Tier,
    /// The step.
    pub step: Step,
    /// Number of customers that joined the tier; for the steps `before` and `after`, the number in it.
    pub joined: u64,
    /// Number of customers that left the tier.
    pub left: u64,
}

/// The flows of all cells: for each stratum, the last one meaning everybody, and each tier.
#[derive(Clone)]
struct Waterfall {
    cells: Vec<[Flows; 4]>,
}

impl Waterfall {
    fn new(strata: usize) -> Self {
        Self { cells: vec![[[[0; 2]; Step::ALL.len()]; 4]; strata + 1] }
    }

    /// Counts a customer that a step takes out of one cell and into another; `None` means outside of all cells.
    fn flow(&mut self, step: Step, from: Option<TierInStratum>, to: Option<TierInStratum>) {
        if from == to {
            return;
        }
        let everybody = self.cells.len() - 1;
        for (side, cell) in [(0, to), (1, from)] {
            if let Some((stratum, tier)) = cell {
                self.cells[index(stratum)][tier.position()][step.position()][side] += 1;
            }
        }
        let [tier_from, tier_to] = [from, to].map(|cell| cell.map(|(_, tier)| tier));
        if tier_from != tier_to {
            for (side, tier) in [(0, tier_to), (1, tier_from)] {
                if let Some(tier) = tier {
                    self.cells[everybody][tier.position()][step.position()][side] += 1;
                }
            }
        }
    }

    fn join(mut self, more: Self) -> Self {
        let sums = self.cells.iter_mut().flatten().flatten().flatten();
        sums.zip(more.cells.iter().flatten().flatten().flatten()).for_each(|(sum, more)| *sum += more);
        self
    }
}

/// The waterfall of each tier in each stratum: `*` first, then strata sorted by their bytes. Steps without a customer
/// are left out, and so are strata of the refitted method without a customer.
#[must_use]
pub fn waterfall(pair: &Pair, attribution: &Attribution) -> Vec<WaterfallStep> {
    let strata = &attribution.strata;
    let flows = attribution
        .moves
        .par_iter()
        .fold(
            || Waterfall::new(strata.len()),
            |mut flows, moved| {
                let path = moved.path();
                path.for_each(|(step, from, to)| flows.flow(step, Some(from), Some(to)));
                flows
            },
        )
        .reduce(|| Waterfall::new(strata.len()), Waterfall::join);
    let flows = ends(pair, strata, flows);
    let everybody = strata.len();
    let shown = (0..=everybody).filter(|stratum| {
        *stratum == everybody
            || pair.strata.contains(&strata[*stratum])
            || flows.cells[*stratum].iter().flatten().flatten().any(|count| *count > 0)
    });
    let mut shown: Vec<(&str, usize)> =
        shown.map(|stratum| (strata.get(stratum).map_or(EVERYBODY, String::as_str), stratum)).collect();
    shown.sort_unstable();
    shown.into_iter().flat_map(|(name, stratum)| rows(name, &flows.cells[stratum])).collect()
}

/// Counts the customers before and after, and those who come and go.
fn ends(pair: &Pair, strata: &[String], mut flows: Waterfall) -> Waterfall {
    let [before, after] = [pair.before, pair.after].map(|cycle| {
        let numbers = cycle.strata.iter().map(|name| strata.partition_point(|known| known < name) as u32);
        numbers.collect::<Vec<u32>>()
    });
    for customer in &pair.customers {
        let first = customer.before_at().map(|at| &pair.before.rows[at]);
        let second = customer.after_at().map(|at| &pair.after.rows[at]);
        let first = first.map(|row| (before[index(row.stratum)], row.tier));
        let second = second.map(|row| (after[index(row.stratum)], row.tier));
        flows.flow(Step::Before, None, first);
        flows.flow(Step::After, None, second);
        if first.is_none() {
            let step = if customer.before == EndState::New { Step::New } else { Step::AbsentBefore };
            flows.flow(step, None, second);
        }
        if second.is_none() {
            let step = if customer.after == EndState::Closed { Step::Closed } else { Step::AbsentAfter };
            flows.flow(step, first, None);
        }
    }
    flows
}

/// The rows of one stratum.
fn rows(stratum: &str, cells: &[Flows; 4]) -> Vec<WaterfallStep> {
    let mut rows = Vec::new();
    for (tier, flows) in Tier::ALL.into_iter().zip(cells) {
        for (&step, &[joined, left]) in Step::ALL.iter().zip(flows) {
            let is_end = matches!(step, Step::Before | Step::After);
            if is_end || joined + left > 0 {
                rows.push(WaterfallStep { stratum: stratum.to_owned(), tier, step, joined, left });
            }
        }
    }
    rows
}
