//! Scores, contributions and moments of a whole population, block by block.
//!
//! Points are filled in column by column for as many customers as fit into the L1 cache; weights come from the
//! customers' patterns. The arithmetic is that of `score_row`: within a customer it keeps the registry's order, and
//! several customers are computed side by side.

use super::combine::{contribute, entering, finished, summed};
use super::moments::{Moments, Quad, WIDTH};
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
/// Number of customers whose contributions are summed side by side.
const LANES: usize = 4;

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
    pub size: usize,
    /// For each pattern and each indicator with a weight, its weight in the score.
    weights: Vec<Quad>,
    /// For each pattern and each indicator with a weight, its weight within the dimension.
    within: Vec<Quad>,
    /// For each pattern, whether any indicator with a weight is known.
    scored: Vec<bool>,
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

/// Points, or contributions, of a block of customers, row by row; reused for every block.
struct PointSheet {
    cells: Vec<Quad>,
    columns: [[f64; ROWS]; WIDTH],
    scratch: Vec<u64>,
    /// The last values of a population, padded to a full block.
    padded: [u64; ROWS],
}

impl PointSheet {
    fn new(rows: &BlockScorer) -> Self {
        let cells = vec![[0.0; WIDTH]; ROWS * rows.size];
        Self { cells, columns: [[0.0; ROWS]; WIDTH], scratch: Vec::with_capacity(ROWS), padded: [0; ROWS] }
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
        cells: &mut [Quad],
        patterns: &[u32; ROWS],
        scores: &mut [f64; ROWS],
        totals: &mut [f64; ROWS],
    ) {
        if matches!(self.how, Combine::WeightedSum | Combine::GreyRelational) {
            self.add_up(cells, patterns, scores);
            *totals = *scores;
            return;
        }
        let mut parts = vec![0.0; self.places.len()];
        for (row, cells) in cells.chunks_exact_mut(self.size).enumerate() {
            let weighted = self.row(patterns[row], cells);
            scores[row] = weighted.combined();
            weighted.contribute(&mut parts);
            totals[row] = parts.iter().sum();
            cells.as_flattened_mut()[..parts.len()].copy_from_slice(&parts);
        }
    }

    /// As [`weigh`](Self::weigh), for scores that are the sum of their contributions.
    #[inline(always)]
    fn add_up(&self, cells: &mut [Quad], patterns: &[u32; ROWS], totals: &mut [f64; ROWS]) {
        let size = self.size;
        let lanes = patterns.as_chunks::<LANES>().0.iter().zip(totals.as_chunks_mut::<LANES>().0);
        for (cells, (patterns, totals)) in cells.chunks_exact_mut(LANES * size).zip(lanes) {
            for (cells, &pattern) in cells.chunks_exact_mut(size).zip(patterns) {
                let weights = &self.weights[pattern as usize * size..][..size];
                for (cells, weights) in cells.iter_mut().zip(weights) {
                    for (cell, weight) in cells.iter_mut().zip(weights) {
                        *cell *= weight;
                    }
                }
            }
            let mut sums = [0.0; LANES];
            for cell in 0..size {
                let quads: [Quad; LANES] = std::array::from_fn(|row| cells[row * size + cell]);
                for place in 0..WIDTH {
                    for (sum, quad) in sums.iter_mut().zip(&quads) {
                        *sum += quad[place];
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
        let PointSheet { cells, columns, scratch, padded } = sheet;
        for (cell, places) in self.places.chunks(WIDTH).enumerate() {
            for (column, &place) in columns.iter_mut().zip(places) {
                let Some(fitted) = &self.parameters.fitted[place] else { continue };
                prefetch_after(self.columns[place].bits(), numbers);
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
            columns[places.len()..].fill([0.0; ROWS]);
            turn(columns, cells, self.size, cell);
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
        let (mut all, mut of_block) = (Moments::new(rows.size), Moments::new(rows.size));
        let mut sheet = PointSheet::new(rows);
        let blocks = numbers.chunks(ROWS).zip(provisional.chunks(ROWS)).zip(points_e6.chunks_mut(ROWS));
        for (block, ((numbers, provisional), points_e6)) in blocks.enumerate() {
            let start = start + block * ROWS;
            rows.enter(numbers, start, &mut sheet);
            let (mut patterns, mut ranked) = ([0; ROWS], [false; ROWS]);
            patterns[..numbers.len()]
                .copy_from_slice(&rows.patterns.by_position[start..start + numbers.len()]);
            let (mut scores, mut totals) = ([0.0; ROWS], [0.0; ROWS]);
            rows.weigh(&mut sheet.cells, &patterns, &mut scores, &mut totals);
            ranked.iter_mut().zip(provisional).for_each(|(ranked, why)| *ranked = why.is_none());
            let mut rounded = [0; ROWS];
            for (rounded, &score) in rounded.iter_mut().zip(&scores) {
                *rounded = published(score);
            }
            for (((points, rounded), pattern), why) in
                points_e6.iter_mut().zip(rounded).zip(patterns).zip(provisional)
            {
                *points = if rows.scored[index(pattern)] { rounded } else { NO_SCORE };
                if why.is_none() {
                    all.publish(*points);
                }
            }
            for (parts, _) in sheet.cells.chunks_exact_mut(rows.size).zip(&ranked).filter(|(_, is)| !**is) {
                parts.fill([0.0; WIDTH]);
            }
            of_block.replace(&sheet.cells, &totals, &ranked);
            all.join(&of_block);
        }
        all
    }
}

/// Writes columns as a group of indicators of each row, four rows at a time, which the compiler turns in registers.
#[inline(always)]
fn turn(columns: &[[f64; ROWS]; WIDTH], cells: &mut [Quad], size: usize, cell: usize) {
    let [a, b, c, d] = columns.each_ref().map(|column| column.as_chunks::<WIDTH>().0);
    let columns = a.iter().zip(b).zip(c.iter().zip(d));
    for (rows, ((a, b), (c, d))) in cells.chunks_exact_mut(WIDTH * size).zip(columns) {
        let turned: [Quad; WIDTH] = std::array::from_fn(|row| [a[row], b[row], c[row], d[row]]);
        for (row, turned) in rows.chunks_exact_mut(size).zip(turned) {
            row[cell] = turned;
        }
    }
}

/// Fetches about as many values as there are customers, from that of the last customer on, while these are computed.
#[inline(always)]
fn prefetch_after(values: &[u64], numbers: &[u32]) {
    let next = numbers.last().map_or(0, |&last| index(last) + 1);
    prefetch(values.get(next..next + numbers.len()).unwrap_or_default());
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
