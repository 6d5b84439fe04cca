//! From indicators to a score: who can be ranked, normalise, weight, combine.
//!
//! Within a customer, floats are added in the registry's order. Across customers, floats are added only for weights
//! that follow from the data and for influence, in blocks of a fixed size in the order of ids. So scores are
//! bit-identical for any number of threads. The published score is an integer of 10⁻⁶ points, so that equal scores are
//! equal in every engine. This module does not assign tiers.

pub mod combine;
mod logarithm;
mod ranked;
mod quantile;
pub mod normalise;
mod nearest;
pub mod weights;
mod weigh;
mod pattern;
mod moments;
mod rows;
mod first_reading;
mod strata;

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::fact::Facts;
use crate::holder::HolderAccounts;
use crate::index::{CustomerIx, count, index};
use crate::indicator::{self, DIMENSIONS, IndicatorColumn, IndicatorValue};
use crate::mcda;
use crate::method::Method;
use crate::stratum::Groups;
use crate::unit::{Month, round_half_away};
use crate::vectors::Vectors;

use first_reading::{FirstReading, ReadIndicators};
use moments::Moments;
use pattern::Patterns;
use ranked::RankedCustomers;
use rows::{BlockScorer, ScorePass};
use strata::PointStrata;

pub use normalise::Fitted;
pub use quantile::RankedValues;
pub use weigh::{Parameters, Scored, StratumParameters, effective, points, score_row};
pub use weights::Weighed;

/// A share of weight passes if it falls short of its limit by no more than this, since sums of weights are rounded.
pub const WEIGHT_TOLERANCE: f64 = 1e-12;

crate::words! {
    /// Why a customer is scored but not ranked.
    Provisional "reason for a provisional tier" {
        /// Fewer covered months than the method asks for.
        ShortHistory "short_history" "short history" "用电历史不足",
        /// Less known weight than the method asks for.
        LowKnownWeight "low_known_weight" "little known weight" "已知指标权重不足",
    }
}

/// Stands for the score of a customer about whom nothing is known.
pub const NO_SCORE: i32 = -1;

/// The graded population with its scores; every column is indexed by position in `population`. Contributions are not
/// kept, since there may be ten million customers: when they are written, they are computed again [range by
/// range](Scores::contributions).
#[derive(Debug)]
pub struct Scores {
    /// Customer numbers, ascending.
    pub population: Vec<u32>,
    /// Why a customer is provisional.
    pub provisional: Vec<Option<Provisional>>,
    /// For each position of a provisional customer, the first month from which a firm grade is possible, if that can be
    /// foreseen.
    pub firm_from: BTreeMap<usize, Month>,
    /// Scores in 10⁻⁶ points, or [`NO_SCORE`].
    pub points_e6: Vec<i32>,
    /// The parameters that were fitted to the ranked customers.
    pub parameters: Parameters,
    /// For each set of siblings of the method, their weights and what the weights follow from.
    pub weighed: Vec<Weighed>,
    /// For each indicator, the share of the score's variance over the ranked customers that comes through it.
    pub influence: Vec<Option<f64>>,
    /// For each indicator, the number of ranked customers with a known value.
    pub ranked_known: Vec<u64>,
    /// For each position, the number of the stratum among [`Parameters::strata`]; empty if points are fitted over all
    /// ranked customers.
    point_strata: Vec<u32>,
    /// Which indicators are known for each customer.
    patterns: Patterns,
    /// For each pattern, the known weight as a share of the applicable weight, both of delivered indicators.
    known_weight: Vec<f64>,
}

/// The customers that are scored, and what is known about them besides their indicators.
#[derive(Clone, Debug)]
pub struct Population<'a> {
    /// Customer numbers, ascending.
    pub numbers: Vec<u32>,
    /// For each position, whether too few months are covered to rank the customer.
    pub short_history: &'a [bool],
    /// For each indicator of the method, whether the data that it needs were delivered.
    pub delivered: Vec<bool>,
    /// The groups within whose strata points are fitted, if the method does so.
    pub groups: Groups,
}

/// The accounts behind the facts of holders.
#[derive(Clone, Copy)]
pub struct Holding<'a> {
    /// The facts of accounts.
    pub accounts: &'a Facts,
    /// Who holds which account.
    pub members: &'a HolderAccounts,
}

/// Scores the graded population of `facts` by `method`. `columns` has the method's indicators by customer number.
#[must_use]
pub fn score(
    facts: &Facts,
    columns: &[IndicatorColumn],
    method: &Method,
    holding: Option<Holding>,
) -> Scores {
    let window = facts.window;
    let population: Vec<u32> = (0u32..)
        .zip(&facts.customers.rows)
        .filter(|(_, customer)| customer.in_population(window))
        .map(|(number, _)| number)
        .collect();
    let short_history: Vec<bool> = population
        .iter()
        .map(|&number| facts.rows[index(number)].energy.covered_months < i64::from(method.min_months))
        .collect();
    let delivered = method
        .indicators
        .iter()
        .map(|spec| indicator::is_delivered(&spec.id, holding.map_or(facts, |holding| holding.accounts)))
        .collect();
    let groups = Groups::of_points(&facts.customers, method);
    let population = Population { numbers: population, short_history: &short_history, delivered, groups };
    let mut scores = judge(population, columns, method);
    scores.firm_from = scores
        .population
        .iter()
        .zip(&scores.provisional)
        .enumerate()
        .filter_map(|(at, (&number, why))| Some((at, firm_from_of(facts, holding, number, *why, method)?)))
        .collect();
    scores
}

/// Scores a population. [`Scores::firm_from`] stays empty.
#[must_use]
pub fn judge(population: Population, columns: &[IndicatorColumn], method: &Method) -> Scores {
    judge_by(Vectors::widest(), population, columns, method)
}

/// As [`judge`], computed with given vectors.
fn judge_by(
    vectors: Vectors,
    population: Population,
    columns: &[IndicatorColumn],
    method: &Method,
) -> Scores {
    let Population { numbers: population, short_history, delivered, groups } = population;
    let first_reading =
        FirstReading { method, columns, delivered: &delivered, population: &population, short_history };
    let ReadIndicators { patterns, ranked_by_pattern, provisional, marks } = first_reading.run(vectors);
    let known_weight: Vec<f64> = (0..patterns.len())
        .map(|pattern| known_weight(|place| patterns.value(pattern, place), method, &delivered))
        .collect();
    let ranked = RankedCustomers::new(&population, &provisional);
    let ranked_known: Vec<u64> = (0..columns.len())
        .map(|place| {
            (0..patterns.len())
                .filter(|&pattern| patterns.value(pattern, place).known().is_some())
                .map(|pattern| ranked_by_pattern[pattern])
                .sum()
        })
        .collect();
    let fitted: Vec<Option<Fitted>> = method
        .indicators
        .iter()
        .zip(columns)
        .zip(ranked_known.iter().zip(&marks))
        .map(|((spec, column), (&known, marks))| {
            let sample = RankedValues::with_marks(column, &ranked, known, marks.as_ref());
            let normalise = spec.normalise.as_ref()?;
            Some(Fitted::fit(normalise, spec.direction, sample, known, spec.base))
        })
        .collect();
    let is_ranked = |at: usize| provisional[at].is_none();
    let PointStrata { fitted: strata, by_position: point_strata } =
        strata::fit(method, columns, &groups, &population, is_ranked);
    let mut parameters = Parameters { fitted, weights: Vec::new(), delivered, strata };
    let of_ranked = (0..point_strata.len()).filter(|&at| is_ranked(at)).map(|at| point_strata[at]).collect();
    let (weights, weighed) = weights::weigh(method, &parameters, columns, &ranked, of_ranked);
    parameters.weights = weights;
    let rows = BlockScorer::new(method, &parameters, columns, &patterns, &point_strata);
    let (points_e6, moments) = fill(vectors, &rows, &population, &provisional);
    let mut influence = vec![None; columns.len()];
    rows.places.iter().zip(moments.influence()).for_each(|(&place, share)| influence[place] = share);
    Scores {
        population,
        provisional,
        firm_from: BTreeMap::new(),
        points_e6,
        influence,
        weighed,
        ranked_known,
        known_weight,
        parameters,
        point_strata,
        patterns,
    }
}

/// The published scores, and the moments of scores and contributions over the ranked customers.
fn fill(
    vectors: Vectors,
    rows: &BlockScorer,
    population: &[u32],
    provisional: &[Option<Provisional>],
) -> (Vec<i32>, Moments) {
    // Zeros are not written here, so that the threads below touch this memory first.
    let mut points_e6 = vec![0; population.len()];
    let blocks = population.par_chunks(mcda::BLOCK).zip(provisional.par_chunks(mcda::BLOCK));
    let all: Vec<Moments> = points_e6
        .par_chunks_mut(mcda::BLOCK)
        .zip(blocks)
        .enumerate()
        .map(|(block, (points_e6, (numbers, provisional)))| {
            vectors.run(ScorePass { rows, numbers, start: block * mcda::BLOCK, provisional, points_e6 })
        })
        .collect();
    let mut moments = Moments::new(rows.places.len());
    all.iter().for_each(|more| moments.join(more));
    (points_e6, moments)
}

/// Customers with values that are scored on given parameters: frozen ones, or those of another cycle.
#[derive(Clone, Copy, Debug)]
pub struct OnParameters<'a> {
    /// The method of the parameters.
    pub method: &'a Method,
    /// The parameters.
    pub parameters: &'a Parameters,
    /// The values by customer number, in the order of the method's indicators.
    pub columns: &'a [IndicatorColumn],
    /// The numbers of the customers, ascending.
    pub numbers: &'a [u32],
    /// For each customer, the number of its stratum among [`Parameters::strata`]; not used if these are empty.
    pub strata: &'a [u32],
}

/// The parts of one customer's score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreParts {
    /// For each indicator of the method, its contribution; 0 if it is left out.
    pub contributions: Vec<f64>,
    /// The score within each dimension, 0 to 100.
    pub dimensions: [Option<f64>; DIMENSIONS.len()],
}

impl OnParameters<'_> {
    /// The strata within which points are fitted; empty if points are fitted over all ranked customers.
    fn point_strata(&self) -> &[u32] {
        if self.parameters.strata.is_empty() { &[] } else { self.strata }
    }

    /// For each customer, the score in 10⁻⁶ points, or [`NO_SCORE`].
    #[must_use]
    pub fn scores(&self) -> Vec<i32> {
        let patterns = Patterns::of(self.columns, self.numbers);
        let rows =
            BlockScorer::new(self.method, self.parameters, self.columns, &patterns, self.point_strata());
        fill(Vectors::widest(), &rows, self.numbers, &vec![None; self.numbers.len()]).0
    }

    /// For each customer, the parts of its score.
    #[must_use]
    pub fn parts(&self) -> Vec<ScoreParts> {
        let patterns = Patterns::of(self.columns, self.numbers);
        let rows =
            BlockScorer::new(self.method, self.parameters, self.columns, &patterns, self.point_strata());
        let dimension_by_place = rows.dimensions();
        let mut weighed = vec![0.0; rows.places.len()];
        let mut all = Vec::with_capacity(self.numbers.len());
        rows.each(self.numbers, 0, |_, row| {
            let mut contributions = vec![0.0; self.columns.len()];
            row.contribute(&mut weighed);
            rows.places.iter().zip(&weighed).for_each(|(&place, part)| contributions[place] = *part);
            all.push(ScoreParts { contributions, dimensions: row.dimensions(&dimension_by_place) });
        });
        all
    }

    /// For each customer, and within a customer for each indicator that [weighs](Parameters::weighing), the
    /// contribution rounded to 10⁻⁶ points.
    #[must_use]
    pub fn contributions_e6(&self) -> Vec<i32> {
        let patterns = Patterns::of(self.columns, self.numbers);
        let rows =
            BlockScorer::new(self.method, self.parameters, self.columns, &patterns, self.point_strata());
        let width = rows.places.len();
        let mut all = vec![0; self.numbers.len() * width];
        let blocks =
            all.par_chunks_mut((mcda::BLOCK * width).max(1)).zip(self.numbers.par_chunks(mcda::BLOCK));
        blocks.enumerate().for_each(|(block, (all, numbers))| {
            let mut parts = vec![0.0; width];
            rows.each(numbers, block * mcda::BLOCK, |at, row| {
                row.contribute(&mut parts);
                let rounded = parts.iter().map(|part| round_half_away(part * 1e6) as i32);
                all[at * width..][..width].iter_mut().zip(rounded).for_each(|(cell, part)| *cell = part);
            });
        });
        all
    }
}

impl Scores {
    fn rows<'a>(&'a self, columns: &'a [IndicatorColumn], method: &Method) -> BlockScorer<'a> {
        BlockScorer::new(method, &self.parameters, columns, &self.patterns, &self.point_strata)
    }

    /// Score in 10⁻⁶ points; `None` if nothing is known about the customer.
    #[must_use]
    pub fn score_e6(&self, at: usize) -> Option<i64> {
        let points = self.points_e6[at];
        (points != NO_SCORE).then_some(i64::from(points))
    }

    /// The known weight as a share of the applicable weight, both of delivered indicators.
    #[must_use]
    pub fn known_weight(&self, at: usize) -> f64 {
        self.known_weight[index(self.patterns.by_position[at])]
    }

    /// Positions of the ranked customers.
    pub fn ranked(&self) -> impl Iterator<Item = usize> {
        self.provisional.iter().enumerate().filter(|(_, why)| why.is_none()).map(|(position, _)| position)
    }

    /// For each indicator, its contribution to the scores of a range of the population; 0 if it is left out. `columns`
    /// and `method` are those of the scoring.
    #[must_use]
    pub fn contributions(
        &self,
        columns: &[IndicatorColumn],
        method: &Method,
        at: Range<usize>,
    ) -> Vec<Vec<f64>> {
        let rows = self.rows(columns, method);
        let mut contributions = vec![vec![0.0; at.len()]; columns.len()];
        let mut parts = vec![0.0; rows.places.len()];
        rows.each(&self.population[at.clone()], at.start, |at, row| {
            row.contribute(&mut parts);
            rows.places.iter().zip(&parts).for_each(|(&place, part)| contributions[place][at] = *part);
        });
        contributions
    }

    /// The score within each dimension for a range of the population, 0 to 100. `columns` and `method` are those of the
    /// scoring.
    #[must_use]
    pub fn dimensions(
        &self,
        columns: &[IndicatorColumn],
        method: &Method,
        at: Range<usize>,
    ) -> Vec<[Option<f64>; DIMENSIONS.len()]> {
        let rows = self.rows(columns, method);
        let dimension_by_place = rows.dimensions();
        let mut dimensions = Vec::with_capacity(at.len());
        rows.each(&self.population[at.clone()], at.start, |_, row| {
            dimensions.push(row.dimensions(&dimension_by_place));
        });
        dimensions
    }
}

/// The weight of known indicators as a share of that of applicable ones, by nominal weights of delivered indicators; 0
/// if no indicator applies.
fn known_weight(state: impl Fn(usize) -> IndicatorValue, method: &Method, delivered: &[bool]) -> f64 {
    let (mut known, mut applicable) = (0.0, 0.0);
    for (place, spec) in method.indicators.iter().enumerate().filter(|(place, _)| delivered[*place]) {
        let Some(weight) = spec.weight else { continue };
        match state(place) {
            IndicatorValue::Known(_) => {
                known += weight.nominal();
                applicable += weight.nominal();
            }
            IndicatorValue::Unknown => applicable += weight.nominal(),
            IndicatorValue::NotApplicable => {}
        }
    }
    if applicable > 0.0 { known / applicable } else { 0.0 }
}

fn provisional(short_history: bool, known_weight: f64, method: &Method) -> Option<Provisional> {
    if short_history {
        Some(Provisional::ShortHistory)
    } else if known_weight < method.min_known_weight - WEIGHT_TOLERANCE {
        Some(Provisional::LowKnownWeight)
    } else {
        None
    }
}

/// As [`firm_from`]; for a holder, the earliest month over its open accounts.
fn firm_from_of(
    facts: &Facts,
    holding: Option<Holding>,
    number: u32,
    why: Option<Provisional>,
    method: &Method,
) -> Option<Month> {
    let Some(Holding { accounts, members }) = holding else {
        return firm_from(facts, number, why, method);
    };
    let open = members
        .of(number)
        .filter(|account| accounts.customers.rows[account.index()].in_population(facts.window));
    open.filter_map(|account| firm_from(accounts, account.number(), why, method)).min()
}

/// The end of the first later window with enough covered months, if every month from now on is covered; as the window
/// moves, months at its start drop out. Whether enough weight will be known then cannot be foreseen.
fn firm_from(facts: &Facts, number: u32, why: Option<Provisional>, method: &Method) -> Option<Month> {
    if why != Some(Provisional::ShortHistory) {
        return None;
    }
    let customer = CustomerIx::new(number);
    (1..=facts.window.months)
        .zip(1i32..)
        .find(|&(later, _)| {
            let kept =
                (later..facts.window.months).filter(|&month| facts.coverage.covered(index(month), customer));
            count(kept.count()) + u64::from(later) >= u64::from(method.min_months)
        })
        .map(|(_, later)| facts.window.end.plus(later))
}

#[cfg(test)]
mod tests;
