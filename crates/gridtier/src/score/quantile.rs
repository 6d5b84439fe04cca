//! Finds order statistics of millions of values without sorting them. A small sample gives an interval that almost
//! surely contains the wanted one. One pass counts the values below the interval and keeps those inside. The counts
//! show whether the interval was right; if not, the order statistic is selected from all values.

use rayon::prelude::*;

use super::logarithm::transformed;
use super::ranked::RankedCustomers;
use crate::index::{index, index_u64};
use crate::indicator::IndicatorColumn;
use crate::method::Transform;

/// Number of customers of one task, and of those handled at one time, so that their values stay in the L1 cache.
const BLOCK: usize = 1 << 16;
const ROWS: usize = 1 << 11;
/// Number of values that are tested together for where they lie.
const RUN: usize = 8;
/// Number of customers in the sample. With fewer than twice as many customers there is no sample, and all values are
/// kept.
pub(super) const SAMPLE: usize = 1 << 14;
/// Half the width of the interval in places of the sample: this many standard deviations of the place, plus a margin.
const DEVIATIONS: f64 = 6.0;
const PLACES: f64 = 4.0;

/// The values of some customers.
#[derive(Clone, Copy)]
pub struct RankedValues<'a> {
    column: &'a IndicatorColumn,
    customers: Customers<'a>,
    /// The number of known values and the windows around the quantiles, if they have been filled already.
    marks: Option<(u64, &'a Marks)>,
}

/// Customers whose numbers are given, or are found when they are asked for.
#[derive(Clone, Copy)]
enum Customers<'a> {
    Given(&'a [u32]),
    Ranked(&'a RankedCustomers<'a>),
}

/// The windows around two quantiles.
pub(super) type Marks = [OrderWindow; 2];

/// An interval, counts of values relative to its ends, and the values strictly inside, since many values may equal an
/// end.
#[derive(Clone, Debug)]
pub struct OrderWindow {
    from: f64,
    upto: f64,
    below: u64,
    /// Number of values below or equal to the lower end.
    low: u64,
    /// Number of values below or equal to the upper end.
    high: u64,
    between: Vec<f64>,
}

impl<'a> RankedValues<'a> {
    /// The values of a column for some customers, ascending.
    #[must_use]
    pub fn new(column: &'a IndicatorColumn, numbers: &'a [u32]) -> Self {
        Self { column, customers: Customers::Given(numbers), marks: None }
    }

    /// As [`new`](Self::new), if the number of known values is known and the windows around the quantiles that will be
    /// asked for are filled, if any will be.
    pub(super) fn with_marks(
        column: &'a IndicatorColumn,
        ranked: &'a RankedCustomers<'a>,
        known: u64,
        marks: Option<&'a Marks>,
    ) -> Self {
        let marks = marks.map(|marks| (known, marks));
        Self { column, customers: Customers::Ranked(ranked), marks }
    }

    fn numbers(&self) -> &'a [u32] {
        match self.customers {
            Customers::Given(numbers) => numbers,
            Customers::Ranked(ranked) => ranked.numbers(),
        }
    }

    /// The known values, by customer number.
    #[must_use]
    pub fn known(&self) -> Vec<f64> {
        self.numbers().iter().filter_map(|&number| self.column.known(index(number))).collect()
    }

    /// The quantiles `q` of the transformed values by linear interpolation at h = (n − 1) q: x\[k\] + frac × (x\[k+1\] − x\[k\])
    /// (Hyndman and Fan 1996, type 7). There must be a value.
    ///
    /// Transforms are monotone, so only the order statistics are transformed.
    #[must_use]
    pub fn quantiles(&self, transform: Transform, q: [f64; 2]) -> [f64; 2] {
        let filled;
        let (all, windows) = match self.marks {
            Some(marks) => marks,
            None => {
                filled = self.filled(self.windows(q));
                (filled.0, &filled.1)
            }
        };
        let last = all.saturating_sub(1);
        let [first, second] = q.map(|q| {
            let h = last as f64 * q;
            let k = h.floor() as u64;
            (h - k as f64, k, (k + 1).min(last))
        });
        let find = |window: &OrderWindow, (_, k, next)| {
            let mut window = window.clone();
            window.find(k).zip(window.find(next))
        };
        let [lower, upper] = windows;
        let (below, above) = rayon::join(|| find(lower, first), || find(upper, second));
        [(below, first), (above, second)].map(|(found, (share, k, next))| {
            let (low, high) = found.unwrap_or_else(|| self.select(k, next));
            let (low, high) = (transformed(transform, low), transformed(transform, high));
            low + share * (high - low)
        })
    }

    /// Windows around the quantiles of the sample.
    fn windows(&self, q: [f64; 2]) -> Marks {
        let step = self.numbers().len() / SAMPLE;
        let mut sample = Vec::new();
        if step >= 2 {
            let numbers = self.numbers().iter().step_by(step);
            sample.extend(numbers.filter_map(|&number| self.column.known(index(number))));
        }
        OrderWindow::around(sample, q)
    }

    /// The number of values, and the windows filled with the values inside.
    fn filled(&self, windows: Marks) -> (u64, Marks) {
        let blocks: Vec<(u64, Marks)> = self
            .numbers()
            .par_chunks(BLOCK)
            .map(|numbers| {
                let (mut all, mut windows, mut scratch) = (0, windows.clone(), Vec::with_capacity(ROWS));
                for numbers in numbers.chunks(ROWS) {
                    let values = self.column.gather(numbers, &mut scratch);
                    all += known(values);
                    add(&mut windows, values, &[0; ROWS]);
                }
                (all, windows)
            })
            .collect();
        let (mut all, mut windows) = (0, windows);
        for (count, block) in blocks {
            all += count;
            windows.iter_mut().zip(block).for_each(|(window, block)| window.join(block));
        }
        (all, windows)
    }

    /// Selects two order statistics from all values, if the sample was misleading.
    fn select(&self, k: u64, next: u64) -> (f64, f64) {
        let mut known = self.known();
        let [k, next] = [k, next].map(|k| *known.select_nth_unstable_by(index_u64(k), f64::total_cmp).1);
        (k, next)
    }
}

/// Adds the values of customers that count to the windows around two quantiles; `left_out` is 0 for these, and all ones for
/// the others.
#[inline(always)]
pub(super) fn add(windows: &mut Marks, values: &[u64], left_out: &[u64]) {
    let (runs, rest) = values.as_chunks();
    let (masks, rest_masks) = left_out[..values.len()].as_chunks();
    let mut counts = [WindowCounts::default(); 2];
    for (run, mask) in runs.iter().zip(masks) {
        add_run(windows, &mut counts, run, mask);
    }
    let (mut last, mut last_mask) = ([0; RUN], [u64::MAX; RUN]);
    last[..rest.len()].copy_from_slice(rest);
    last_mask[..rest.len()].copy_from_slice(rest_masks);
    add_run(windows, &mut counts, &last, &last_mask);
    for (window, counts) in windows.iter_mut().zip(counts) {
        window.below += counts.below.iter().sum::<u64>();
        window.low += counts.low.iter().sum::<u64>();
        window.high += counts.high.iter().sum::<u64>();
    }
}

/// The counts of a window, in a part for each place of a run, which the compiler counts side by side.
#[derive(Clone, Copy, Default)]
struct WindowCounts {
    below: [u64; RUN],
    low: [u64; RUN],
    high: [u64; RUN],
}

/// Adds a run of values. Most runs lie wholly between the two windows, and are only counted as below the upper one.
#[inline(always)]
fn add_run(windows: &mut Marks, counts: &mut [WindowCounts; 2], run: &[u64; RUN], left_out: &[u64; RUN]) {
    let [lower, upper] = windows;
    let (mut known, mut is_between) = ([0; RUN], true);
    let mut values = [0.0; RUN];
    for ((x, known), (&bits, &mask)) in values.iter_mut().zip(&mut known).zip(run.iter().zip(left_out)) {
        // All ones are a NaN, which satisfies no comparison.
        *x = f64::from_bits(bits | mask);
        *known = u64::from(!x.is_nan());
        is_between &= !((*x <= lower.upto) | (*x >= upper.from));
    }
    if is_between {
        let [_, WindowCounts { below, low, high }] = counts;
        for count in [below, low, high] {
            count.iter_mut().zip(&known).for_each(|(count, known)| *count += known);
        }
        return;
    }
    let [of_lower, of_upper] = counts;
    lower.add(of_lower, &values);
    upper.add(of_upper, &values);
}

impl OrderWindow {
    fn new(from: f64, upto: f64) -> Self {
        Self { from, upto, below: 0, low: 0, high: 0, between: Vec::new() }
    }

    /// Empty windows around the quantiles of a sample's values; without a sample, they extend over all numbers.
    pub fn around(mut sample: Vec<f64>, q: [f64; 2]) -> [Self; 2] {
        sample.sort_unstable_by(f64::total_cmp);
        let size = sample.len() as f64;
        q.map(|q| {
            let (place, room) = (size * q, DEVIATIONS * (size * q * (1.0 - q)).sqrt() + PLACES);
            let (first, last) = (place - room, place + room);
            let from = if first >= 0.0 { sample.get(first as usize) } else { None };
            let upto = sample.get(last as usize);
            Self::new(*from.unwrap_or(&f64::NEG_INFINITY), *upto.unwrap_or(&f64::INFINITY))
        })
    }

    /// Counts a run of values, which may be NaN, and keeps those inside.
    #[inline(always)]
    fn add(&mut self, counts: &mut WindowCounts, run: &[f64; RUN]) {
        let (from, upto) = (self.from, self.upto);
        let WindowCounts { below, low, high } = counts;
        let mut is_any_inside = false;
        for (x, (below, (low, high))) in run.iter().zip(below.iter_mut().zip(low.iter_mut().zip(high))) {
            *below += u64::from(*x < from);
            *low += u64::from(*x <= from);
            *high += u64::from(*x <= upto);
            is_any_inside |= (*x > from) & (*x < upto);
        }
        if is_any_inside {
            self.keep(run);
        }
    }

    /// Keeps the values inside.
    fn keep(&mut self, run: &[f64; RUN]) {
        let (mut inside, mut kept) = ([0.0; RUN], 0);
        for &x in run {
            // At most seven have been kept; the remainder saves the test of the index.
            inside[kept % RUN] = x;
            kept += usize::from((x > self.from) & (x < self.upto));
        }
        self.between.extend_from_slice(&inside[..kept]);
    }

    /// Joins the counts and values of other customers.
    pub fn join(&mut self, other: Self) {
        self.below += other.below;
        self.low += other.low;
        self.high += other.high;
        self.between.extend(other.between);
    }

    /// The kth of all values, from 0; `None` if it lies outside the interval.
    fn find(&mut self, k: u64) -> Option<f64> {
        if k < self.below || k >= self.high {
            return None;
        }
        if k < self.low {
            return Some(self.from);
        }
        let place = index_u64(k - self.low);
        if place >= self.between.len() {
            return Some(self.upto);
        }
        Some(*self.between.select_nth_unstable_by(place, f64::total_cmp).1)
    }
}

/// How many values are known.
fn known(values: &[u64]) -> u64 {
    values.iter().map(|&bits| u64::from(!f64::from_bits(bits).is_nan())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::indicator::IndicatorValue;

    /// The textbook's definition.
    fn sorted(values: &[f64], transform: Transform, q: f64) -> f64 {
        let mut values: Vec<f64> = values.iter().map(|x| transformed(transform, *x)).collect();
        values.sort_by(f64::total_cmp);
        let h = (values.len() - 1) as f64 * q;
        let k = h.floor() as usize;
        values[k] + (h - k as f64) * (values.get(k + 1).unwrap_or(&values[k]) - values[k])
    }

    fn quantiles(values: &[f64], transform: Transform, q: [f64; 2]) -> [f64; 2] {
        let column: IndicatorColumn = values.iter().map(|x| IndicatorValue::Known(*x)).collect();
        let numbers: Vec<u32> = (0..values.len() as u32).collect();
        RankedValues::new(&column, &numbers).quantiles(transform, q)
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        let quantile_of_four =
            |q: f64| quantiles(&[40.0, 10.0, 30.0, 20.0], Transform::None, [q, 1.0 - q])[0];
        assert_eq!([0.0, 0.5, 1.0].map(quantile_of_four), [10.0, 25.0, 40.0]);
        assert!((quantile_of_four(0.01) - 10.3).abs() < 1e-12);
        assert_eq!(quantiles(&[7.0], Transform::None, [0.01, 0.99]), [7.0, 7.0]);
    }

    /// The samples tell nothing, or are right, or are wrong since every sampled value is among the greatest.
    #[test]
    fn quantiles_of_many_values_are_those_of_a_sort() {
        let many = 5 * SAMPLE;
        let draw = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        let spread: Vec<f64> = (0..many).map(|at| draw(at) as f64 / 1e12 - 3.0).collect();
        let rare: Vec<f64> =
            (0..many).map(|at| if draw(at) % 200 == 0 { draw(at) as f64 } else { 0.0 }).collect();
        let mean: Vec<f64> =
            (0..many).map(|at| if at % 5 == 0 { 1e9 + at as f64 } else { draw(at) as f64 / 1e12 }).collect();
        for values in [&spread, &rare, &mean, &vec![4.0; many]] {
            for (transform, q) in [(Transform::None, [0.01, 0.99]), (Transform::Log1p, [0.0, 0.5])] {
                let expected = q.map(|q| sorted(values, transform, q).to_bits());
                assert_eq!(quantiles(values, transform, q).map(f64::to_bits), expected);
            }
        }
    }

    /// For this reason an order statistic can be found first and transformed afterwards.
    #[test]
    fn the_logarithm_keeps_the_order_of_neighbours() {
        const NEIGHBOURS: u64 = 64;
        let log = |bits: u64| transformed(Transform::Log1p, f64::from_bits(bits));
        for line in (1..0x7ff0).map(|line: u64| line << 48) {
            let near: Vec<f64> = (line - NEIGHBOURS..line + NEIGHBOURS).map(log).collect();
            assert!(near.is_sorted(), "{:e}", f64::from_bits(line));
        }
    }

    proptest! {
        #[test]
        fn selection_and_sorting_give_the_same_bits(
            spread in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 0..200),
            near in prop::collection::vec(-3i32..40, 1..200),
            low in 0.0f64..=1.0,
            high in 0.0f64..=1.0,
        ) {
            let spread = spread.iter().map(|x| x % 1e12);
            let values: Vec<f64> = spread.chain(near.iter().map(|x| f64::from(*x) / 7.0)).collect();
            for transform in [Transform::None, Transform::Log1p] {
                let expected = [low, high].map(|q| sorted(&values, transform, q).to_bits());
                prop_assert_eq!(quantiles(&values, transform, [low, high]).map(f64::to_bits), expected);
            }
        }
    }
}
