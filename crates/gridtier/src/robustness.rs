//! Sensitivity of the tiers: the same points are graded with other weights, without one indicator, and combined in
//! another way.
//!
//! A draw depends only on the seed and its number. It has a stream of random numbers of its own, so that draws do not
//! depend on threads. For every draw the boundaries between tiers are found on a sample of the ranking, and every
//! ranked customer is compared with them. Policies play no part: only computed tiers are compared. This module does not
//! judge whether a result is good.

mod draw;

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::cycle::Ranked;
use crate::index::{float, float_i64, index};
use crate::indicator::{IndicatorColumn, IndicatorValue};
use crate::method::{Combine, Method, Tier, Ties, Weight};
use crate::run::Graded;
use crate::score::combine::{entering, ordering, summed};
use crate::score::{Parameters, effective, points};
use crate::statistics::KendallOrder;
use crate::word::Word;

pub use draw::WeightDraw;

/// Number of draws whose weights are kept at one time.
const DRAWS_AT_ONCE: u64 = 64;
/// Fewest ranked customers of a stratum in a sample, if the stratum has so many.
const STRATUM_SAMPLE_MIN: usize = 300;

/// Receives the progress of a long computation: its name, steps done, steps in all.
pub type StepProgress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// The ranked customers with their points, prepared for repeated scoring.
pub struct Study<'a> {
    method: &'a Method,
    weights: &'a [Option<Weight>],
    ranked: &'a [Ranked],
    /// The names of the strata.
    strata: &'a [String],
    /// Places of the indicators that have a weight.
    places: Vec<usize>,
    /// The points of these indicators, row by row; 0 for an indicator that is left out.
    points: Vec<f64>,
    /// Which indicators are known in each row, as the number of a pattern.
    pattern: Vec<u32>,
    patterns: Vec<Vec<bool>>,
    /// Rows of the sample.
    sample: Vec<usize>,
}

/// The order and the tiers that one variation gives, compared with the published ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Kendall's τ-b over the sample.
    pub tau_b: Option<f64>,
    /// Share of the sample whose tier changes.
    pub changed: f64,
}

/// The effects of drawn weights.
#[derive(Debug)]
pub struct Drawn {
    /// The draws, each with its comparison.
    pub draws: Vec<(WeightDraw, Compared)>,
    /// For each ranked customer, the number of draws that gave each tier.
    pub counts: Vec<[u32; 4]>,
}

impl Drawn {
    /// The share of draws that gave the ranked customer at a row the tier.
    #[must_use]
    pub fn probability(&self, row: usize, tier: Tier) -> f64 {
        f64::from(self.counts[row][tier.position()]) / float(self.draws.len().max(1))
    }

    /// The mean share of the sample whose tier changes, over the draws that are `wanted`; `None` if there are none.
    #[must_use]
    pub fn mean_change(&self, wanted: impl Fn(&WeightDraw) -> bool) -> Option<f64> {
        let changed =
            self.draws.iter().filter(|(draw, _)| wanted(draw)).map(|(_, compared)| compared.changed);
        let changed: Vec<f64> = changed.collect();
        (!changed.is_empty()).then(|| changed.iter().sum::<f64>() / float(changed.len()))
    }
}

/// For each position in the graded population, the share of drawn weights that leave a ranked customer in its computed
/// tier; `None` for provisional customers.
#[must_use]
pub fn tier_probability(graded: &Graded, method: &Method, progress: StepProgress) -> Vec<Option<f64>> {
    let (scores, tiers) = (&graded.scores, &graded.tiers);
    let rows: Vec<(usize, Ranked)> = (0..scores.population.len())
        .filter_map(|at| {
            let ranked = Ranked {
                number: scores.population[at],
                stratum: tiers.stratum[at],
                rank: tiers.rank(at)?,
                score_e6: scores.score_e6(at)?,
                computed: tiers.computed[at]?,
                vetoed: tiers.ceiling[at].is_some(),
            };
            Some((at, ranked))
        })
        .collect();
    let customers: Vec<Ranked> = rows.iter().map(|(_, customer)| *customer).collect();
    let drawn =
        Study::new(method, &scores.parameters, &graded.columns, &customers, &tiers.strata).draw(progress);
    let mut probability = vec![None; scores.population.len()];
    for (row, (at, customer)) in rows.iter().enumerate() {
        probability[*at] = Some(drawn.probability(row, customer.computed));
    }
    probability
}

/// The effective weights for one set of weights, with a row for each pattern of known indicators.
struct Scoring {
    how: Combine,
    weights: Vec<f64>,
}

impl<'a> Study<'a> {
    /// Prepares the customers `ranked`, ascending by number, for scoring. `columns` are indexed by customer number.
    #[must_use]
    pub fn new(
        method: &'a Method,
        parameters: &'a Parameters,
        columns: &[IndicatorColumn],
        ranked: &'a [Ranked],
        strata: &'a [String],
    ) -> Self {
        let places = parameters.weighing();
        let by_stratum: Vec<Cow<Parameters>> =
            strata.iter().map(|name| parameters.in_stratum(name)).collect();
        let rows: Vec<Vec<Option<f64>>> = ranked
            .par_iter()
            .map(|customer| {
                let values: Vec<IndicatorValue> =
                    columns.iter().map(|column| column.get(index(customer.number))).collect();
                points(method, &by_stratum[index(customer.stratum)], &values)
            })
            .collect();
        let (mut known, mut patterns, mut pattern) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut flat = Vec::with_capacity(rows.len() * places.len());
        for row in &rows {
            let mask: Vec<bool> = row.iter().map(Option::is_some).collect();
            let number = known.get(&mask).copied().unwrap_or_else(|| {
                known.insert(mask.clone(), patterns.len() as u32);
                patterns.push(mask);
                patterns.len() as u32 - 1
            });
            pattern.push(number);
            flat.extend(places.iter().map(|&place| row[place].unwrap_or(0.0)));
        }
        let sample = sample(ranked, strata.len(), method.checks.sample);
        let weights = &parameters.weights;
        Self { method, weights, ranked, strata, places, points: flat, pattern, patterns, sample }
    }

    /// Number of customers in the sample.
    #[must_use]
    pub fn sampled(&self) -> usize {
        self.sample.len()
    }

    /// The rows of the sample.
    #[must_use]
    pub fn sample(&self) -> &[usize] {
        &self.sample
    }

    /// The points of each indicator that has a weight; `None` if the indicator is left out.
    #[must_use]
    pub fn row(&self, row: usize) -> Vec<Option<f64>> {
        let mask = &self.patterns[index(self.pattern[row])];
        let points = self.points[row * self.places.len()..].iter();
        self.places.iter().zip(points).map(|(&place, z)| mask[place].then_some(*z)).collect()
    }

    /// Places of the indicators that have a weight, in the method's order.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    fn order(&self) -> KendallOrder {
        let published: Vec<f64> = self
            .sample
            .iter()
            .map(|&row| behind_if_vetoed(&self.ranked[row], self.ranked[row].score_e6 as f64 / 1e6))
            .collect();
        KendallOrder::of(&published)
    }

    /// Combines the same points with the same weights in every other way.
    #[must_use]
    pub fn methods(&self) -> Vec<(Combine, Compared)> {
        let (order, points) = (self.order(), self.prepared());
        let others = Combine::ALL.iter().copied().filter(|how| *how != self.method.combine);
        others
            .map(|how| {
                let scoring = self.scoring(how, self.weights, None);
                let points = self.transformed(how, &points);
                (how, self.compare(&order, &scoring, &self.scores(&scoring, &points)))
            })
            .collect()
    }

    /// Leaves out each indicator in turn, while its weight goes to its siblings.
    #[must_use]
    pub fn leave_one_out(&self, progress: StepProgress) -> Vec<(usize, Compared)> {
        const WHAT: &str = "leave one out";
        let order = self.order();
        let points = self.transformed(self.method.combine, &self.prepared());
        let mut found = Vec::with_capacity(self.places.len());
        for (done, &place) in self.places.iter().enumerate() {
            progress(WHAT, done as u64, self.places.len() as u64);
            let scoring = self.scoring(self.method.combine, self.weights, Some(place));
            found.push((place, self.compare(&order, &scoring, &self.scores(&scoring, &points))));
        }
        progress(WHAT, self.places.len() as u64, self.places.len() as u64);
        found
    }

    /// Draws weights around the method's weights: for each set of siblings from a Dirichlet distribution with
    /// parameters concentration × weight, whose means are the weights.
    #[must_use]
    pub fn draw(&self, progress: StepProgress) -> Drawn {
        const WHAT: &str = "draw weights";
        let (order, checks) = (self.order(), &self.method.checks);
        let prepared = self.transformed(self.method.combine, &self.prepared());
        let all = self.transformed(self.method.combine, &self.points);
        let mut drawn = Drawn { draws: Vec::new(), counts: vec![[0; 4]; self.ranked.len()] };
        for start in (0..checks.draws).step_by(DRAWS_AT_ONCE as usize) {
            progress(WHAT, start, checks.draws);
            let numbers = start..(start + DRAWS_AT_ONCE).min(checks.draws);
            let some: Vec<(WeightDraw, Scoring, Vec<[ScoreAndRank; 3]>, Compared)> = numbers
                .into_par_iter()
                .map(|number| {
                    let draw = WeightDraw::new(checks.seed, number, self.weights, checks.concentration);
                    let scoring = self.scoring(self.method.combine, &draw.weights, None);
                    let scores = self.scores(&scoring, &prepared);
                    let compared = self.compare(&order, &scoring, &scores);
                    let lines = self.lines(&scoring, &scores);
                    (draw, scoring, lines, compared)
                })
                .collect();
            self.count(&some, &all, &mut drawn.counts);
            drawn.draws.extend(some.into_iter().map(|(draw, _, _, compared)| (draw, compared)));
        }
        progress(WHAT, checks.draws, checks.draws);
        drawn
    }

    /// Counts the tier of every ranked customer in some draws.
    fn count(
        &self,
        some: &[(WeightDraw, Scoring, Vec<[ScoreAndRank; 3]>, Compared)],
        points: &[f64],
        counts: &mut [[u32; 4]],
    ) {
        let size = self.places.len();
        counts.par_iter_mut().enumerate().for_each(|(row, count)| {
            let customer = &self.ranked[row];
            let z = &points[row * size..(row + 1) * size];
            for (_, scoring, lines, _) in some {
                let score = behind_if_vetoed(customer, scoring.score(self.pattern[row], z));
                count[below(&lines[index(customer.stratum)], (score, customer.rank))] += 1;
            }
        });
    }

    /// The sample's points, row by row.
    fn prepared(&self) -> Vec<f64> {
        let size = self.places.len();
        self.sample
            .iter()
            .flat_map(|&row| self.points[row * size..(row + 1) * size].iter().copied())
            .collect()
    }

    /// Points in the form in which a way to combine sums them.
    fn transformed(&self, how: Combine, points: &[f64]) -> Vec<f64> {
        points.par_iter().map(|&z| entering(how, z)).collect()
    }

    fn scoring(&self, how: Combine, weights: &[Option<Weight>], without: Option<usize>) -> Scoring {
        let mut all = Vec::with_capacity(self.patterns.len() * self.places.len());
        // An indicator without a weight does not count among the indicators of its group.
        let mut weights = weights.to_vec();
        without.into_iter().for_each(|place| weights[place] = None);
        for mask in &self.patterns {
            let points: Vec<Option<f64>> = mask
                .iter()
                .enumerate()
                .map(|(place, is_there)| (*is_there && Some(place) != without).then_some(0.0))
                .collect();
            let (weights, _) = effective(&weights, &points, self.method.reweight_limit);
            all.extend(self.places.iter().map(|&place| weights[place]));
        }
        Scoring { how, weights: all }
    }

    /// The scores of the sample.
    fn scores(&self, scoring: &Scoring, points: &[f64]) -> Vec<f64> {
        let size = self.places.len().max(1);
        self.sample
            .iter()
            .zip(points.chunks(size))
            .map(|(&row, z)| behind_if_vetoed(&self.ranked[row], scoring.score(self.pattern[row], z)))
            .collect()
    }

    fn compare(&self, order: &KendallOrder, scoring: &Scoring, scores: &[f64]) -> Compared {
        let lines = self.lines(scoring, scores);
        let pairs = self.sample.iter().zip(scores);
        let changed = pairs.filter(|&(&row, &score)| {
            let customer = &self.ranked[row];
            below(&lines[index(customer.stratum)], (score, customer.rank)) != customer.computed.position()
        });
        let changed = changed.count();
        Compared { tau_b: order.tau_b(scores), changed: float(changed) / float(self.sample.len().max(1)) }
    }

    /// For each stratum, the last customer of the sample above each boundary.
    fn lines(&self, scoring: &Scoring, scores: &[f64]) -> Vec<[ScoreAndRank; 3]> {
        let mut by_stratum: Vec<Vec<ScoreAndRank>> = vec![Vec::new(); self.strata.len()];
        for (&row, score) in self.sample.iter().zip(scores) {
            let customer = &self.ranked[row];
            by_stratum[index(customer.stratum)].push((*score, customer.rank));
        }
        let how = scoring.how;
        self.strata
            .iter()
            .zip(&mut by_stratum)
            .map(|(name, scores)| lines(scores, self.method, name, how))
            .collect()
    }
}

/// A score, and the published rank that orders equal scores.
type ScoreAndRank = (f64, u64);

/// The last customer above each boundary of a stratum, by quota and floor.
fn lines(scores: &mut [ScoreAndRank], method: &Method, stratum: &str, how: Combine) -> [ScoreAndRank; 3] {
    let mut lines = by_quota(scores, method, stratum);
    for (line, floor_e6) in lines.iter_mut().zip(method.lines.floors_e6) {
        let Some(floor_e6) = floor_e6 else { continue };
        // The lowest score that, when published, is rounded to the floor.
        let floor = ordering(how, (float_i64(floor_e6) - 0.5) / 1e6);
        if line.0 < floor {
            *line = (floor, u64::MAX);
        }
    }
    lines
}

/// The boundaries by quota. Equal scores at a boundary are ordered by the published rank, or all go up or down, as the
/// method says.
fn by_quota(scores: &mut [ScoreAndRank], method: &Method, stratum: &str) -> [ScoreAndRank; 3] {
    method.lines.boundaries(stratum).map(|percent| match (scores.len() * index(percent) + 50) / 100 {
        0 => (f64::INFINITY, 0),
        quota => {
            let (_, &mut (score, rank), after) =
                scores.select_nth_unstable_by(quota - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            match method.ties {
                Ties::Break => (score, rank),
                Ties::Down if after.iter().any(|other| other.0 == score) => (score, 0),
                Ties::Up | Ties::Down => (score, u64::MAX),
            }
        }
    })
}

/// How many boundaries a customer does not reach; this is the position of its tier.
fn below(lines: &[ScoreAndRank; 3], (score, rank): ScoreAndRank) -> usize {
    lines.iter().filter(|line| score < line.0 || (score == line.0 && rank > line.1)).count()
}

/// The score, changed so that vetoed customers come behind all others, in whatever way points are combined.
fn behind_if_vetoed(customer: &Ranked, score: f64) -> f64 {
    const BEHIND: f64 = 1e6;
    if customer.vetoed { score - BEHIND } else { score }
}

impl Scoring {
    /// A number that orders rows as the score does, from points in the form in which they are summed.
    fn score(&self, pattern: u32, z: &[f64]) -> f64 {
        let start = index(pattern) * z.len();
        let weights = &self.weights[start..start + z.len()];
        summed(self.how, weights.iter().copied().zip(z.iter().copied()))
    }
}

/// A systematic sample: every k-th customer of each stratum's ranking, or all customers, so that every part of the
/// ranking has the same share in the sample as in the whole.
fn sample(ranked: &[Ranked], strata: usize, size: usize) -> Vec<usize> {
    if ranked.len() <= size {
        return (0..ranked.len()).collect();
    }
    let mut by_stratum: Vec<Vec<usize>> = vec![Vec::new(); strata];
    ranked.iter().enumerate().for_each(|(row, customer)| by_stratum[index(customer.stratum)].push(row));
    let mut taken = Vec::with_capacity(size);
    for members in &mut by_stratum {
        members.sort_unstable_by_key(|&row| ranked[row].rank);
        let share = (members.len() * size).div_ceil(ranked.len());
        let take = share.max(STRATUM_SAMPLE_MIN).min(members.len());
        taken.extend((0..take).map(|place| members[(2 * place + 1) * members.len() / (2 * take)]));
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests;
