//! From indicators to a score: who can be ranked, normalise, weight, combine.
//!
//! Arithmetic on floats runs in the registry's order within a customer and nowhere across customers, so that scores are
//! bit-identical for any number of threads. The published score is an integer of 10⁻⁶ points, so that equal means equal
//! in every engine. Which tier a score earns is not known here.

pub mod normalise;
mod weigh;

use rayon::prelude::*;

use crate::fact::Facts;
use crate::indicator::{Column, Value};
use crate::method::Method;
use crate::unit::{Month, round_half_away};

pub use normalise::Fitted;
pub use weigh::{Scored, score_row};

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
    /// By indicator: the fitted normalisation, `None` without one.
    pub fitted: Vec<Option<Fitted>>,
    /// By indicator: ranked customers with a known value.
    pub ranked_known: Vec<u64>,
}

/// Scores the graded population of `facts` by `method`. `columns` holds the method's indicators by customer number.
#[must_use]
pub fn score(facts: &Facts, columns: &[Column], method: &Method) -> Scores {
    let window = facts.window;
    let in_population = |&number: &u32| facts.customers.rows[number as usize].in_population(window);
    let population: Vec<u32> = (0..facts.customers.len() as u32).filter(in_population).collect();
    let known_weight: Vec<f64> =
        population.par_iter().map(|&number| known_weight(columns, method, number as usize)).collect();
    let provisional: Vec<Option<Provisional>> = population
        .iter()
        .zip(&known_weight)
        .map(|(&number, &known)| {
            provisional(facts.rows[number as usize].energy.covered_months, known, method)
        })
        .collect();
    let firm_from = population
        .iter()
        .zip(&provisional)
        .map(|(&number, why)| firm_from(facts, number, *why, method))
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
    let mut scores = Scores {
        score_e6: Vec::with_capacity(population.len()),
        dimensions: std::array::from_fn(|_| Vec::with_capacity(population.len())),
        contributions: vec![Vec::with_capacity(population.len()); columns.len()],
        population,
        provisional,
        firm_from,
        known_weight,
        fitted,
        ranked_known,
    };
    scores.fill(columns, method);
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
                    score_row(method, &self.fitted, &values)
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

fn provisional(covered_months: i64, known_weight: f64, method: &Method) -> Option<Provisional> {
    if covered_months < i64::from(method.min_months) {
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
