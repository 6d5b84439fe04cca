//! From indicators to a score: who can be ranked, normalise, weight, combine.
//!
//! Arithmetic on floats runs in the registry's order within a customer; across customers, only for weights that follow
//! from the data and for influence, in blocks of a fixed size in the order of ids. So scores are bit-identical for any
//! number of threads. The published score is an integer of 10⁻⁶ points, so that equal means equal
//! in every engine. Which tier a score earns is not known here.

pub mod combine;
pub mod normalise;
mod weigh;
pub mod weights;

use rayon::prelude::*;

use crate::fact::Facts;
use crate::indicator::{Column, Value};
use crate::mcda;
use crate::method::Method;
use crate::unit::{Month, round_half_away};

pub use normalise::Fitted;
pub use weigh::{Parameters, Scored, effective, points, score_row};
pub use weights::Weighed;

/// Known over applicable weight within this distance of the limit passes.
const KNOWN_WEIGHT_TOLERANCE: f64 = 1e-12;

/// Why a customer is scored and not ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisional {
    /// Fewer covered months than the method asks for.
    ShortHistory,
    /// Less known weight than the method asks for.
    LowKnownWeight,
}

impl Provisional {
    /// The word of the reason column.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ShortHistory => "short_history",
            Self::LowKnownWeight => "low_known_weight",
        }
    }
}

/// The graded population with its scores; every column is indexed by position in `population`.
#[derive(Debug)]
pub struct Scores {
    /// Customer numbers, ascending.
    pub population: Vec<u32>,
    /// Why a customer is provisional.
    pub provisional: Vec<Option<Provisional>>,
    /// The first month from which a firm grade is possible, for provisional customers where it is foreseeable.
    pub firm_from: Vec<Option<Month>>,
    /// Known ÷ applicable weight.
    pub known_weight: Vec<f64>,
    /// Score in 10⁻⁶ points; `None` when nothing is known.
    pub score_e6: Vec<Option<i64>>,
    /// Each dimension's own score, 0 to 100.
    pub dimensions: [Vec<Option<f64>>; 3],
    /// By indicator: points in the score, 0 when it is left out.
    pub contributions: Vec<Vec<f64>>,
    /// What was fitted to the ranked customers.
    pub parameters: Parameters,
    /// By siblings of the method: how their weights came about.
    pub weighed: Vec<Weighed>,
    /// By indicator: the share of the score's variance over the ranked customers that comes through it.
    pub influence: Vec<Option<f64>>,
    /// By indicator: ranked customers with a known value.
    pub ranked_known: Vec<u64>,
}

/// Scores the graded population of `facts` by `method`. `columns` holds the method's indicators by customer number.
#[must_use]
pub fn score(facts: &Facts, columns: &[Column], method: &Method) -> Scores {
    let window = facts.window;
    let in_population = |&number: &u32| facts.customers.rows[number as usize].in_population(window);
    let population: Vec<u32> = (0..facts.customers.len() as u32).filter(in_population).collect();
    let short_history: Vec<bool> = population
        .iter()
        .map(|&number| facts.rows[number as usize].energy.covered_months < i64::from(method.min_months))
        .collect();
    let mut scores = judge(population, &short_history, columns, method);
    scores.firm_from = scores
        .population
        .iter()
        .zip(&scores.provisional)
        .map(|(&number, why)| firm_from(facts, number, *why, method))
        .collect();
    scores
}

/// Scores a population by customer number, ascending, of which `short_history` says who cannot be ranked for want of
/// covered months. When a firm grade will be possible is left open.
#[must_use]
pub fn judge(population: Vec<u32>, short_history: &[bool], columns: &[Column], method: &Method) -> Scores {
    let known_weight: Vec<f64> =
        population.par_iter().map(|&number| known_weight(columns, method, number as usize)).collect();
    let provisional: Vec<Option<Provisional>> = short_history
        .iter()
        .zip(&known_weight)
        .map(|(&short_history, &known)| provisional(short_history, known, method))
        .collect();
    let ranked: Vec<u32> = population
        .iter()
        .zip(&provisional)
        .filter(|(_, why)| why.is_none())
        .map(|(&number, _)| number)
        .collect();
    let (fitted, ranked_known): (Vec<Option<Fitted>>, Vec<u64>) = method
        .indicators
        .par_iter()
        .zip(columns)
        .map(|(spec, column)| {
            let known: Vec<f64> =
                ranked.iter().filter_map(|&number| column[number as usize].known()).collect();
            let count = known.len() as u64;
            (spec.normalise.as_ref().map(|normalise| Fitted::fit(normalise, spec.direction, known)), count)
        })
        .unzip();
    let (weights, weighed) = weights::weigh(method, &fitted, columns, &ranked);
    let mut scores = Scores {
        score_e6: Vec::with_capacity(population.len()),
        dimensions: std::array::from_fn(|_| Vec::with_capacity(population.len())),
        contributions: vec![Vec::with_capacity(population.len()); columns.len()],
        firm_from: vec![None; population.len()],
        population,
        provisional,
        known_weight,
        parameters: Parameters { fitted, weights },
        weighed,
        influence: Vec::new(),
        ranked_known,
    };
    scores.fill(columns, method);
    scores.influence = scores.influence();
    scores
}

impl Scores {
    fn fill(&mut self, columns: &[Column], method: &Method) {
        /// Customers scored between two copies into the columns.
        const BLOCK: usize = 1 << 16;
        let population = std::mem::take(&mut self.population);
        for block in population.chunks(BLOCK) {
            let rows: Vec<Scored> = block
                .par_iter()
                .map(|&number| {
                    let values: Vec<Value> = columns.iter().map(|column| column[number as usize]).collect();
                    score_row(method, &self.parameters, &values)
                })
                .collect();
            for row in rows {
                self.score_e6.push(row.score.map(|score| round_half_away(score * 1e6)));
                for (column, own) in self.dimensions.iter_mut().zip(row.dimensions) {
                    column.push(own);
                }
                for (column, points) in self.contributions.iter_mut().zip(row.contributions) {
                    column.push(points);
                }
            }
        }
        self.population = population;
    }

    /// How much of the spread of the score comes through each indicator: cov(contribution, score)/var(score) over the
    /// ranked customers. Contributions add up to the score, so these shares sum to 1; a negative one says that the
    /// indicator works against the rest. `None` for all when the score does not vary, and for what has no weight.
    fn influence(&self) -> Vec<Option<f64>> {
        let ranked: Vec<usize> = self.ranked().collect();
        let rows = ranked.len();
        let score = |at: usize| self.contributions.iter().map(|column| column[at]).sum::<f64>();
        let scores: Vec<f64> = ranked.par_iter().map(|&at| score(at)).collect();
        // The mean of equal numbers is not always that number: that nobody differs is told exactly, as published.
        let published = |row: usize| self.score_e6[ranked[row]];
        let varies = (1..rows).any(|row| published(row) != published(0));
        let mean = mcda::sum(rows, |row| [scores[row]])[0] / rows as f64;
        let variance = mcda::sum(rows, |row| [(scores[row] - mean) * (scores[row] - mean)])[0];
        let of = |(column, weight): (&Vec<f64>, &Option<crate::method::Weight>)| {
            weight.as_ref()?;
            let together = mcda::sum(rows, |row| [column[ranked[row]] * (scores[row] - mean)])[0];
            (varies && variance > 0.0).then(|| together / variance)
        };
        self.contributions.iter().zip(&self.parameters.weights).map(of).collect()
    }

    /// Positions of the ranked customers.
    pub fn ranked(&self) -> impl Iterator<Item = usize> {
        self.provisional.iter().enumerate().filter(|(_, why)| why.is_none()).map(|(position, _)| position)
    }
}

/// The weight of known indicators over that of applicable ones, by nominal weights; 0 when none applies.
fn known_weight(columns: &[Column], method: &Method, number: usize) -> f64 {
    let (mut known, mut applicable) = (0.0, 0.0);
    for (spec, column) in method.indicators.iter().zip(columns) {
        let Some(weight) = spec.weight else { continue };
        match column[number] {
            Value::Known(_) => {
                known += weight.nominal();
                applicable += weight.nominal();
            }
            Value::Unknown => applicable += weight.nominal(),
            Value::NotApplicable => {}
        }
    }
    if applicable > 0.0 { known / applicable } else { 0.0 }
}

fn provisional(short_history: bool, known_weight: f64, method: &Method) -> Option<Provisional> {
    if short_history {
        Some(Provisional::ShortHistory)
    } else if known_weight < method.min_known_weight - KNOWN_WEIGHT_TOLERANCE {
        Some(Provisional::LowKnownWeight)
    } else {
        None
    }
}

/// The first later window that holds enough covered months, if every month from now on is covered: months at the front
/// drop out as the window moves. Whether enough weight will be known cannot be foreseen.
fn firm_from(facts: &Facts, number: u32, why: Option<Provisional>, method: &Method) -> Option<Month> {
    if why != Some(Provisional::ShortHistory) {
        return None;
    }
    let months = facts.window.months;
    let covered = |month: usize| facts.usage.covered(month, number as usize);
    (1..=months)
        .find(|&later| {
            let kept = (later as usize..months as usize).filter(|&month| covered(month)).count();
            kept as u32 + later >= method.min_months
        })
        .map(|later| facts.window.end.plus(later as i32))
}

#[cfg(test)]
mod tests;
