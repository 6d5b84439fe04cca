//! How the scores of ranked customers spread, by stratum.

use super::{Cycle, Ranked};
use crate::index::{count, index};
use crate::word::Word;

/// Widths of a bin in 10⁻⁶ points, narrowest first.
const WIDTHS_E6: [i64; 4] = [500_000, 1_000_000, 2_000_000, 5_000_000];
/// Bins of a stratum at most, unless the widest are too narrow for that.
const BINS_MAX: i64 = 40;

/// The ranked customers of a stratum by score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreSpread {
    /// Place of the stratum in [`Cycle::strata`].
    pub stratum: u32,
    /// Ranked customers.
    pub customers: u64,
    /// Least score, lower quartile, median, upper quartile, greatest, in 10⁻⁶ points. The quartile k is the score that
    /// ⌈n k ÷ 4⌉ customers do not exceed: a published score.
    pub five_e6: [i64; 5],
    /// Width of the bins in 10⁻⁶ points.
    pub width_e6: i64,
    /// The bins, ascending and without gaps.
    pub bins: Vec<ScoreBin>,
}

/// Customers whose scores lie in a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreBin {
    /// The least score that belongs to it.
    pub from_e6: i64,
    /// Customers by tier of rank and quota, best tier first.
    pub customers: [u64; 4],
}

impl Cycle {
    /// How scores spread in each stratum with ranked customers, the stratum with most of them first.
    #[must_use]
    pub fn score_spreads(&self) -> Vec<ScoreSpread> {
        let mut by_stratum: Vec<Vec<Ranked>> = vec![Vec::new(); self.strata.len()];
        for customer in self.ranked() {
            by_stratum[index(customer.stratum)].push(customer);
        }
        let mut spreads: Vec<ScoreSpread> =
            by_stratum.iter_mut().filter_map(|customers| spread(customers)).collect();
        spreads.sort_by_key(|spread| (std::cmp::Reverse(spread.customers), spread.stratum));
        spreads
    }
}

/// Number of bins of a width that hold the scores of a range.
fn bins_of([first_e6, last_e6]: [i64; 2], width_e6: i64) -> i64 {
    last_e6.div_euclid(width_e6) - first_e6.div_euclid(width_e6) + 1
}

/// The spread of the customers of one stratum; `None` if there are none.
fn spread(customers: &mut [Ranked]) -> Option<ScoreSpread> {
    customers.sort_by_key(|customer| customer.score_e6);
    let (first, last) = (customers.first()?, customers.last()?);
    let quartile = |k: usize| customers[(customers.len() * k).div_ceil(4) - 1].score_e6;
    let five_e6 = [first.score_e6, quartile(1), quartile(2), quartile(3), last.score_e6];
    let range_e6 = [first.score_e6, last.score_e6];
    let width_e6 = WIDTHS_E6.into_iter().find(|width| bins_of(range_e6, *width) <= BINS_MAX);
    let width_e6 = width_e6.unwrap_or(WIDTHS_E6[WIDTHS_E6.len() - 1]);
    let first_bin = first.score_e6.div_euclid(width_e6);
    let mut bins: Vec<ScoreBin> = (0..bins_of(range_e6, width_e6))
        .map(|bin| ScoreBin { from_e6: (first_bin + bin) * width_e6, customers: [0; 4] })
        .collect();
    for customer in customers.iter() {
        let bin = (customer.score_e6.div_euclid(width_e6) - first_bin) as usize;
        bins[bin].customers[customer.computed.position()] += 1;
    }
    Some(ScoreSpread { stratum: first.stratum, customers: count(customers.len()), five_e6, width_e6, bins })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Tier;

    fn ranked(scores_e6: &[i64]) -> Vec<Ranked> {
        let customer = |(at, &score_e6): (usize, &i64)| Ranked {
            number: at as u32,
            stratum: 3,
            rank: count(at) + 1,
            score_e6,
            computed: if score_e6 >= 70_000_000 { Tier::Special } else { Tier::Grade3 },
            vetoed: false,
        };
        scores_e6.iter().enumerate().map(customer).collect()
    }

    #[test]
    fn quartiles_are_published_scores() {
        let found = spread(&mut ranked(&[50_000_000, 10_000_000, 40_000_000, 20_000_000, 30_000_000]));
        assert_eq!(found.unwrap().five_e6.map(|score| score / 1_000_000), [10, 20, 30, 40, 50]);
        let found = spread(&mut ranked(&[10_000_000, 20_000_000, 30_000_000, 40_000_000]));
        assert_eq!(found.unwrap().five_e6.map(|score| score / 1_000_000), [10, 10, 20, 30, 40]);
    }

    #[test]
    fn every_customer_is_in_one_bin_of_its_tier() {
        let found = spread(&mut ranked(&[69_999_999, 70_000_000, 70_499_999, 70_500_000])).unwrap();
        assert_eq!(found.width_e6, 500_000);
        let bins: Vec<_> = found.bins.iter().map(|bin| (bin.from_e6, bin.customers)).collect();
        let expected = [(69_500_000, [0, 0, 0, 1]), (70_000_000, [2, 0, 0, 0]), (70_500_000, [1, 0, 0, 0])];
        assert_eq!(bins, expected);
    }

    #[test]
    fn bins_are_wider_where_scores_spread_wider() {
        let found = spread(&mut ranked(&[0, 100_000_000])).unwrap();
        assert_eq!((found.width_e6, found.bins.len()), (5_000_000, 21));
        assert_eq!(spread(&mut ranked(&[])), None);
    }
}
