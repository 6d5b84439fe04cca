//! Points and weights of many customers, block by block: what a score, its parts and its spread are made of.
//!
//! Points are filled in column by column for as many customers as the nearest cache holds, weights come from the
//! customer's pattern, and what is done with a row of both is the caller's. The arithmetic is that of `score_row`.

use super::Parameters;
use super::combine::{contribute, entering, finished, summed};
use super::pattern::Patterns;
use super::weigh::{effective, points};
use crate::indicator::{Column, DIMENSIONS, Value};
use crate::method::{Combine, Method, Unknowns};

/// Customers whose points are made at one time.
const ROWS: usize = 1 << 7;

/// All that scoring a population needs.
pub(super) struct Rows<'a> {
    how: Combine,
    parameters: &'a Parameters,
    columns: &'a [Column],
    patterns: &'a Patterns,
    /// Places of the indicators that weigh.
    pub places: Vec<usize>,
    /// By pattern and place: the weight in the score.
    weights: Vec<f64>,
    /// By pattern and place: the weight within the dimension.
    within: Vec<f64>,
    /// By pattern: whether anything that weighs is known.
    scored: Vec<bool>,
    /// What enters the sum in place of a value, by its absence.
    absent: [f64; 4],
}

/// One customer.
pub(super) struct Row<'a> {
    how: Combine,
    /// By place: the weight, 0 where left out.
    pub weights: &'a [f64],
    within: &'a [f64],
    /// By place: the points as they enter the sum.
    entered: &'a [f64],
    scored: bool,
}

impl<'a> Rows<'a> {
    pub fn new(
        method: &Method,
        parameters: &'a Parameters,
        columns: &'a [Column],
        patterns: &'a Patterns,
    ) -> Self {
        let weighs =
            |place: &usize| parameters.fitted[*place].is_some() && parameters.weights[*place].is_some();
        let places: Vec<usize> = (0..parameters.weights.len()).filter(weighs).collect();
        let how = method.combine;
        let unknown = match method.unknown {
            Unknowns::Reweight => 0.0,
            Unknowns::Worst => entering(how, 0.0),
            Unknowns::Neutral => entering(how, 50.0),
        };
        let (mut weights, mut within, mut scored) = (Vec::new(), Vec::new(), Vec::new());
        for pattern in 0..patterns.len() {
            let values: Vec<Value> = (0..columns.len()).map(|place| patterns.value(pattern, place)).collect();
            let (all, own) = effective(&parameters.weights, &points(method, parameters, &values));
            weights.extend(places.iter().map(|&place| all[place]));
            within.extend(places.iter().map(|&place| own[place]));
            scored.push(parameters.any_known(&values));
        }
        let absent = [0.0, 0.0, unknown, unknown];
        Self { how, parameters, columns, patterns, places, weights, within, scored, absent }
    }

    /// Hands every customer of a stretch of the population to `take`, with its place in the stretch.
    pub fn each(&self, population: &[u32], start: usize, mut take: impl FnMut(usize, Row)) {
        let size = self.places.len();
        let mut sheet = vec![0.0; ROWS * size];
        let mut scratch = Vec::new();
        for (block, numbers) in population.chunks(ROWS).enumerate() {
            self.enter(numbers, &mut sheet, &mut scratch);
            for row in 0..numbers.len() {
                let at = block * ROWS + row;
                let pattern = self.patterns.of[start + at] as usize;
                let own = pattern * size..(pattern + 1) * size;
                let row = Row {
                    how: self.how,
                    weights: &self.weights[own.clone()],
                    within: &self.within[own],
                    entered: &sheet[row * size..(row + 1) * size],
                    scored: self.scored[pattern],
                };
                take(at, row);
            }
        }
    }

    /// Fills a sheet with points as they enter the sum, row by row.
    fn enter(&self, numbers: &[u32], sheet: &mut [f64], scratch: &mut Vec<u64>) {
        let size = self.places.len();
        for (at, &place) in self.places.iter().enumerate() {
            let Some(fitted) = &self.parameters.fitted[place] else { continue };
            let values = self.columns[place].gather(numbers, scratch);
            let slots = &mut sheet[at..];
            match self.how {
                Combine::WeightedSum | Combine::Topsis => {
                    fitted.fill(values, &self.absent, |z| z, slots, size)
                }
                how => fitted.fill(values, &self.absent, |z| entering(how, z), slots, size),
            }
        }
    }

    /// The dimension of each place.
    pub fn dimensions(&self) -> Vec<usize> {
        let dimension = |&place: &usize| self.parameters.weights[place].map_or(0, |weight| weight.dimension);
        self.places.iter().map(dimension).collect()
    }
}

impl Row<'_> {
    /// 0 to 100, whether or not anything is known.
    pub fn combined(&self) -> f64 {
        let weighted = self.weights.iter().copied().zip(self.entered.iter().copied());
        finished(self.how, summed(self.how, weighted))
    }

    /// 0 to 100; `None` when nothing is known.
    pub fn score(&self) -> Option<f64> {
        self.scored.then(|| self.combined())
    }

    /// What the [parts](Self::contribute) add up to.
    pub fn total(&self, parts: &mut [f64]) -> f64 {
        if matches!(self.how, Combine::WeightedSum | Combine::GreyRelational) {
            return self.combined();
        }
        self.contribute(parts);
        parts.iter().sum()
    }

    /// By place: its part of the score.
    pub fn contribute(&self, parts: &mut [f64]) {
        let score = match self.how {
            // These parts do not depend on it.
            Combine::WeightedSum | Combine::GreyRelational => 0.0,
            Combine::WeightedProduct | Combine::Topsis => self.combined(),
        };
        contribute(self.how, self.weights, self.entered, score, parts);
    }

    /// Each dimension's own score; `of` holds the dimension of each place.
    pub fn dimensions(&self, of: &[usize]) -> [Option<f64>; DIMENSIONS.len()] {
        std::array::from_fn(|dimension| {
            let own = || {
                let each = self.within.iter().zip(of).zip(self.entered);
                each.map(|((w, of), z)| (if *of == dimension { *w } else { 0.0 }, *z))
            };
            own().any(|(w, _)| w > 0.0).then(|| finished(self.how, summed(self.how, own())))
        })
    }
}
