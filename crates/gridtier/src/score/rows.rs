//! Scores, contributions and moments of a whole population, block by block.
//!
//! Points are filled in column by column for as many customers as fit into the L1 cache; weights come from the
//! customers' patterns. The arithmetic is that of `score_row`: within a customer it keeps the registry's order, and
//! several customers are computed side by side.

use super::combine::{contribute, entering, finished, summed};
use super::moments::{LANES, Moments};
use super::pattern::Patterns;
use super::weigh::{effective, points};
use super::{Fitted, NO_SCORE, Parameters, Provisional};
use crate::index::index;
use crate::indicator::column::absence;
use crate::indicator::{DIMENSIONS, IndicatorColumn, IndicatorValue};
use crate::method::{Combine, Method, Unknowns};
use crate::vectors::{Pass, prefetch};

/// Number of customers of a block.
const ROWS: usize = 1 << 7;
/// Number of indicators that are turned together: weights from rows to columns, points from columns to rows.
const WIDTH: usize = 4;
/// The numbers of one group of indicators of a customer.
type Quad = [f64; WIDTH];

/// Everything that scoring a population needs.
pub(super) struct BlockScorer<'a> {
    how: Combine,
    parameters: &'a Parameters,
    columns: &'a [IndicatorColumn],
    patterns: &'a Patterns,
    /// For each position, the number of the stratum; empty if points are fitted over all ranked customers.
    strata: &'a [u32],
    /// For each stratum and indicator, the normalisation that applies there.
    by_stratum: Vec<Vec<Option<&'a Fitted>>>,
    /// The indicators that have a weight.
    pub places: Vec<usize>,
    /// Number of groups of [`WIDTH`] indicators in a row.
    size: usize,
    /// For each pattern and each indicator with a weight, its weight in the score.
    weights: Vec<Quad>,
    /// For each pattern and each indicator with a weight, its weight within the dimension.
    within: Vec<Quad>,
    /// For each pattern, whether any indicator with a weight is known.
    scored: Vec<bool>,
    /// Whether that holds for all patterns.
    are_all_scored: bool,
    /// The number that enters the sum for an unknown value; `None` if unknown values are left out.
    unknown: Option<f64>,
}

/// The weights and points of one customer.
pub(super) struct WeightedRow<'a> {
    how: Combine,
    /// For each indicator with a weight, that weight; 0 if it is left out.
    weights: &'a [f64],
    within: &'a [f64],
    /// For each indicator with a weight, the points as they enter the sum.
    entered: &'a [f64],
}

/// Points, or contributions, of a block of customers; reused for every block.
struct PointSheet {
    /// The numbers of each indicator with a weight. The last group of [`WIDTH`] indicators is filled up by zeros.
    columns: Vec<[f64; ROWS]>,
    /// The numbers customer by customer, as they were when last [turned](Self::turn).
    cells: Vec<Quad>,
    scratch: Vec<u64>,
    /// The last values of a population, padded to a full block.
    padded: [u64; ROWS],
}

impl PointSheet {
    fn new(rows: &BlockScorer) -> Self {
        let columns = vec![[0.0; ROWS]; rows.size * WIDTH];
        Self { columns, cells: Vec::new(), scratch: Vec::with_capacity(ROWS), padded: [0; ROWS] }
    }

    /// Writes the columns row by row, four rows at a time, which the compiler turns in registers.
    #[inline(always)]
    fn turn(&mut self) {
        let groups = self.columns.as_chunks::<WIDTH>().0;
        self.cells.resize(ROWS * groups.len(), [0.0; WIDTH]);
        for (cell, group) in groups.iter().enumerate() {
            let [a, b, c, d] = group.each_ref().map(|column| column.as_chunks::<WIDTH>().0);
            let columns = a.iter().zip(b).zip(c.iter().zip(d));
            for (rows, ((a, b), (c, d))) in self.cells.chunks_exact_mut(WIDTH * groups.len()).zip(columns) {
                let turned: [Quad; WIDTH] = std::array::from_fn(|row| [a[row], b[row], c[row], d[row]]);
                for (row, turned) in rows.chunks_exact_mut(groups.len()).zip(turned) {
                    row[cell] = turned;
                }
            }
        }
    }
}

impl<'a> BlockScorer<'a> {
    pub fn new(
        method: &Method,
        parameters: &'a Parameters,
        columns: &'a [IndicatorColumn],
        patterns: &'a Patterns,
        strata: &'a [u32],
    ) -> Self {
        let places: Vec<usize> = (0..parameters.weights.len())
            .filter(|&place| parameters.fitted[place].is_some() && parameters.weights[place].is_some())
            .collect();
        let size = places.len().div_ceil(WIDTH).max(1);
        let how = method.combine;
        let unknown = match method.unknown {
            Unknowns::Reweight => None,
            Unknowns::Worst => Some(entering(how, 0.0)),
            Unknowns::Neutral => Some(entering(how, 50.0)),
        };
        let (mut weights, mut within, mut scored) = (Vec::new(), Vec::new(), Vec::new());
        for pattern in 0..patterns.len() {
            let values: Vec<IndicatorValue> =
                (0..columns.len()).map(|place| patterns.value(pattern, place)).collect();
            let (in_score, in_dimension) =
                effective(&parameters.weights, &points(method, parameters, &values), method.reweight_limit);
            weights.extend(quads(&places, &in_score, size));
            within.extend(quads(&places, &in_dimension, size));
            scored.push(parameters.any_known(&values));
        }
        let by_stratum = parameters.strata.iter().map(|stratum| {
            (0..columns.len()).map(|place| stratum.holding(&parameters.fitted, place)).collect()
        });
        let by_stratum = by_stratum.collect();
        Self {
            how,
            parameters,
            columns,
            patterns,
            strata,
            by_stratum,
            places,
            size,
            weights,
            within,
            are_all_scored: scored.iter().all(|is_scored| *is_scored),
            scored,
            unknown,
        }
    }

    /// Calls `f` for every customer of a range of the population, with its index in the range. The range begins at position
    /// `start`.
    pub fn each(&self, population: &[u32], start: usize, mut f: impl FnMut(usize, WeightedRow)) {
        let mut sheet = PointSheet::new(self);
        for (block, numbers) in population.chunks(ROWS).enumerate() {
            self.enter(numbers, start + block * ROWS, &mut sheet);
            sheet.turn();
            for (row, entered) in sheet.cells.chunks_exact(self.size).take(numbers.len()).enumerate() {
                let at = block * ROWS + row;
                f(at, self.row(self.patterns.by_position[start + at], entered));
            }
        }
    }

    /// Turns points into contributions, in place; fills in the scores and the sums of their contributions.
    #[inline(always)]
    fn weigh(
        &self,
        sheet: &mut PointSheet,
        patterns: &[u32; ROWS],
        scores: &mut [f64; ROWS],
        totals: &mut [f64; ROWS],
    ) {
        if matches!(self.how, Combine::WeightedSum | Combine::GreyRelational) {
            self.add_up(&mut sheet.columns, patterns, scores);
            *totals = *scores;
            return;
        }
        sheet.turn();
        let mut parts = vec![0.0; self.places.len()];
        for (row, cells) in sheet.cells.chunks_exact(self.size).enumerate() {
            let weighted = self.row(patterns[row], cells);
            scores[row] = weighted.combined();
            weighted.contribute(&mut parts);
            totals[row] = parts.iter().sum();
            sheet.columns.iter_mut().zip(&parts).for_each(|(column, part)| column[row] = *part);
        }
    }

    /// As [`weigh`](Self::weigh), for scores that are the sum of their contributions.
    #[inline(always)]
    fn add_up(&self, columns: &mut [[f64; ROWS]], patterns: &[u32; ROWS], totals: &mut [f64; ROWS]) {
        let groups = patterns.as_chunks::<LANES>().0.iter().zip(totals.as_chunks_mut::<LANES>().0);
        for (group, (patterns, totals)) in groups.enumerate() {
            let weights = patterns.map(|pattern| &self.weights[pattern as usize * self.size..][..self.size]);
            let mut sums = [0.0; LANES];
            for (cell, columns) in columns.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
                let quads: [Quad; LANES] = weights.map(|weights| weights[cell]);
                for (place, column) in columns.iter_mut().enumerate() {
                    let parts = &mut column.as_chunks_mut::<LANES>().0[group];
                    for ((part, sum), quad) in parts.iter_mut().zip(&mut sums).zip(&quads) {
                        *part *= quad[place];
                        *sum += *part;
                    }
                }
            }
            *totals = sums;
        }
    }

    fn row<'b>(&'b self, pattern: u32, entered: &'b [Quad]) -> WeightedRow<'b> {
        let (start, size) = (index(pattern) * self.size, self.places.len());
        WeightedRow {
            how: self.how,
            weights: &self.weights[start..start + self.size].as_flattened()[..size],
            within: &self.within[start..start + self.size].as_flattened()[..size],
            entered: &entered.as_flattened()[..size],
        }
    }

    /// Fills a block with points as they enter the sum. The first customer of the block is at position `start`.
    #[inline(always)]
    fn enter(&self, numbers: &[u32], start: usize, sheet: &mut PointSheet) {
        let PointSheet { columns, scratch, padded, .. } = sheet;
        for (column, &place) in columns.iter_mut().zip(&self.places) {
            let Some(fitted) = &self.parameters.fitted[place] else { continue };
            prefetch(self.columns[place].after(numbers));
            let mut values = self.columns[place].gather(numbers, scratch);
            if values.len() < ROWS {
                padded[..values.len()].copy_from_slice(values);
                values = padded;
            }
            match self.strata.get(start..start + numbers.len()) {
                Some(strata) => self.fill_by_stratum(place, strata, values, column),
                None => fitted.fill(values, column),
            }
            if !matches!(self.how, Combine::WeightedSum | Combine::Topsis) {
                for z in column.iter_mut() {
                    *z = entering(self.how, *z);
                }
            }
            // A value that is left out has weight 0 and may be any finite number.
            if let Some(unknown) = self.unknown {
                let absent = column.iter_mut().zip(values).filter(|(_, bits)| absence(**bits) != 0);
                absent.for_each(|(z, _)| *z = unknown);
            }
        }
    }

    /// As [`Fitted::fill`], but by the normalisation of each customer's stratum.
    fn fill_by_stratum(&self, place: usize, strata: &[u32], values: &[u64], column: &mut [f64; ROWS]) {
        column.fill(0.0);
        for ((filled, &bits), &stratum) in column.iter_mut().zip(values).zip(strata) {
            let x = f64::from_bits(bits);
            if let Some(fitted) = self.by_stratum[index(stratum)][place].filter(|_| !x.is_nan()) {
                *filled = fitted.points(x);
            }
        }
    }

    /// The dimension of each indicator with a weight.
    pub fn dimensions(&self) -> Vec<usize> {
        self.places
            .iter()
            .map(|&place| self.parameters.weights[place].map_or(0, |weight| weight.dimension))
            .collect()
    }
}

/// Writes the published scores of a range of the population; returns the moments of its ranked customers.
pub(super) struct ScorePass<'a> {
    pub rows: &'a BlockScorer<'a>,
    /// The customers of the range, ascending.
    pub numbers: &'a [u32],
    /// Position of the first customer in the population.
    pub start: usize,
    /// Why a customer of the range is provisional.
    pub provisional: &'a [Option<Provisional>],
    /// The scores to be written.
    pub points_e6: &'a mut [i32],
}

impl Pass for ScorePass<'_> {
    type Output = Moments;

    #[inline(always)]
    fn run(self) -> Moments {
        let Self { rows, numbers, start, provisional, points_e6 } = self;
        let (mut all, mut of_block) = (Moments::new(rows.places.len()), Moments::new(rows.places.len()));
        let mut sheet = PointSheet::new(rows);
        let blocks = numbers.chunks(ROWS).zip(provisional.chunks(ROWS)).zip(points_e6.chunks_mut(ROWS));
        for (block, ((numbers, provisional), points_e6)) in blocks.enumerate() {
            let start = start + block * ROWS;
            rows.enter(numbers, start, &mut sheet);
            let (mut patterns, mut counts) = ([0; ROWS], [0.0; ROWS]);
            patterns[..numbers.len()]
                .copy_from_slice(&rows.patterns.by_position[start..start + numbers.len()]);
            let (mut scores, mut totals) = ([0.0; ROWS], [0.0; ROWS]);
            rows.weigh(&mut sheet, &patterns, &mut scores, &mut totals);
            for (counts, why) in counts.iter_mut().zip(provisional) {
                *counts = f64::from(u8::from(why.is_none()));
            }
            let mut rounded = [0; ROWS];
            for (rounded, &score) in rounded.iter_mut().zip(&scores) {
                *rounded = published(score);
            }
            if !rows.are_all_scored {
                for (rounded, pattern) in rounded.iter_mut().zip(patterns) {
                    *rounded = if rows.scored[index(pattern)] { *rounded } else { NO_SCORE };
                }
            }
            points_e6.copy_from_slice(&rounded[..points_e6.len()]);
            all.publish(&rounded, &counts);
            of_block.replace(&sheet.columns, &totals, &counts);
            all.join(&of_block);
        }
        all
    }
}

/// The weights of the indicators at `places`, in groups of [`WIDTH`]; 0 in the places after the last indicator.
fn quads(places: &[usize], weights: &[f64], size: usize) -> impl Iterator<Item = Quad> {
    (0..size).map(|cell| {
        std::array::from_fn(|at| places.get(cell * WIDTH + at).map_or(0.0, |&place| weights[place]))
    })
}

/// A score, which is not negative, in 10⁻⁶ points: [`round_half_away`](crate::unit::round_half_away) without a branch.
#[inline(always)]
fn published(score: f64) -> i32 {
    /// 2⁵²: a number added to it is rounded to an integer, which is then in its last bits.
    const INTEGER: f64 = 4_503_599_627_370_496.0;
    let x = score * 1e6;
    let near = (x + INTEGER) - INTEGER;
    let whole = if near > x { near - 1.0 } else { near };
    let rounded = if x - whole >= 0.5 { whole + 1.0 } else { whole };
    (rounded + INTEGER).to_bits() as u32 as i32
}

impl WeightedRow<'_> {
    /// The score from 0 to 100, whether or not anything is known.
    fn combined(&self) -> f64 {
        let weighted = self.weights.iter().copied().zip(self.entered.iter().copied());
        finished(self.how, summed(self.how, weighted))
    }

    /// For each indicator with a weight, its contribution to the score.
    pub fn contribute(&self, parts: &mut [f64]) {
        let score = match self.how {
            // These contributions do not depend on the score.
            Combine::WeightedSum | Combine::GreyRelational => 0.0,
            Combine::WeightedProduct | Combine::Topsis => self.combined(),
        };
        contribute(self.how, self.weights, self.entered, score, &mut parts[..self.weights.len()]);
    }

    /// The score within each dimension; `dimension_by_place` has the dimension of each indicator with a weight.
    pub fn dimensions(&self, dimension_by_place: &[usize]) -> [Option<f64>; DIMENSIONS.len()] {
        std::array::from_fn(|dimension| {
            let members = self
                .within
                .iter()
                .zip(dimension_by_place)
                .zip(self.entered)
                .map(|((w, other), z)| (if *other == dimension { *w } else { 0.0 }, *z));
            let counts = members.clone().any(|(w, _)| w > 0.0);
            counts.then(|| finished(self.how, summed(self.how, members)))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::published;
    use crate::unit::round_half_away;

    proptest! {
        #[test]
        fn scores_are_rounded_as_everywhere(near in 0u32..=100_000_000, off in -3i64..=3, z in 0.0f64..=101.0) {
            let half = (f64::from(near) + 0.5) / 1e6;
            let beside = f64::from_bits((half.to_bits() as i64 + off) as u64);
            for score in [beside, f64::from(near) / 1e6, z] {
                prop_assert_eq!(i64::from(published(score)), round_half_away(score * 1e6));
            }
        }
    }
}
