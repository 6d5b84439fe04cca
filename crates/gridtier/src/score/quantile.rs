//! Order statistics of millions of values without sorting them: a small sample says between which two values each wanted
//! one almost surely lies, one pass counts what is below and keeps what lies between, and the counts say whether that was
//! right.

use rayon::prelude::*;

use super::logarithm::transformed;
use crate::indicator::Column;
use crate::method::Transform;

/// Customers whose values are looked at in one piece, and of these at one time: they stay in the nearest cache.
const BLOCK: usize = 1 << 16;
const ROWS: usize = 1 << 11;
/// Values that are looked at together to see whether one of them is to be kept.
const RUN: usize = 8;
/// Customers in the sample; of up to twice as many all values are kept.
const SAMPLE: usize = 1 << 14;
/// How far a wanted value may be from its place in the sample: standard deviations of that place, and places beside.
const DEVIATIONS: f64 = 6.0;
const PLACES: f64 = 4.0;

/// The values of some customers.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// By customer number.
    pub column: &'a Column,
    /// The customers, ascending.
    pub numbers: &'a [u32],
}

/// Two values, how others stand to them, and those that lie between: many may be equal to one of the two.
#[derive(Clone)]
struct Window {
    from: f64,
    upto: f64,
    below: u64,
    /// Below or equal to the lower one.
    low: u64,
    /// Below or equal to the upper one.
    high: u64,
    between: Vec<f64>,
}

impl Sample<'_> {
    /// The known values, in no order that counts.
    #[must_use]
    pub fn known(&self) -> Vec<f64> {
        self.numbers.iter().filter_map(|&number| self.column.known(number as usize)).collect()
    }

    /// The quantiles `q` of the transformed values by linear interpolation at h = (n − 1) q: x\[k\] + frac × (x\[k+1\] − x\[k\])
    /// (Hyndman and Fan 1996, type 7). There must be a value.
    ///
    /// A transform keeps the order, so that it is taken of the order statistics alone.
    #[must_use]
    pub fn quantiles(&self, transform: Transform, q: [f64; 2]) -> [f64; 2] {
        let (all, windows) = self.look(self.windows(q));
        let of = |mut window: Window, q: f64| {
            let h = all.saturating_sub(1) as f64 * q;
            let k = h.floor() as u64;
            let next = (k + 1).min(all.saturating_sub(1));
            let found = window.find(k).zip(window.find(next)).unwrap_or_else(|| self.select(k, next));
            let (low, high) = (transformed(transform, found.0), transformed(transform, found.1));
            low + (h - k as f64) * (high - low)
        };
        let [low, high] = windows;
        [of(low, q[0]), of(high, q[1])]
    }

    /// Where the sample has the quantiles, and some room on both sides.
    fn windows(&self, q: [f64; 2]) -> [Window; 2] {
        let step = self.numbers.len() / SAMPLE;
        let mut sample = Vec::new();
        if step >= 2 {
            let numbers = self.numbers.iter().step_by(step);
            sample.extend(numbers.filter_map(|&number| self.column.known(number as usize)));
            sample.sort_unstable_by(f64::total_cmp);
        }
        let size = sample.len() as f64;
        q.map(|q| {
            let (place, room) = (size * q, DEVIATIONS * (size * q * (1.0 - q)).sqrt() + PLACES);
            let (first, last) = (place - room, place + room);
            let from = if first >= 0.0 { sample.get(first as usize) } else { None };
            let upto = sample.get(last as usize);
            Window::new(*from.unwrap_or(&f64::NEG_INFINITY), *upto.unwrap_or(&f64::INFINITY))
        })
    }

    /// Puts all values to the windows. Tells how many there are.
    fn look(&self, windows: [Window; 2]) -> (u64, [Window; 2]) {
        let pieces: Vec<(u64, [Window; 2])> = self
            .numbers
            .par_chunks(BLOCK)
            .map(|numbers| {
                let (mut all, mut windows, mut scratch) = (0, windows.clone(), Vec::with_capacity(ROWS));
                for numbers in numbers.chunks(ROWS) {
                    let values = self.column.gather(numbers, &mut scratch);
                    all += count(values, |x| !x.is_nan());
                    windows.iter_mut().for_each(|window| window.look(values));
                }
                (all, windows)
            })
            .collect();
        let (mut all, mut windows) = (0, windows);
        for (some, own) in pieces {
            all += some;
            windows.iter_mut().zip(own).for_each(|(window, own)| window.join(own));
        }
        (all, windows)
    }

    /// Two order statistics among all values: where the sample was misleading.
    fn select(&self, k: u64, next: u64) -> (f64, f64) {
        let mut known = self.known();
        let (k, next) = (k as usize, next as usize);
        let mut of = |k: usize| *known.select_nth_unstable_by(k, f64::total_cmp).1;
        (of(k), of(next))
    }
}

impl Window {
    fn new(from: f64, upto: f64) -> Self {
        Self { from, upto, below: 0, low: 0, high: 0, between: Vec::new() }
    }

    #[inline]
    fn look(&mut self, values: &[u64]) {
        let (from, upto) = (self.from, self.upto);
        self.below += count(values, |x| x < from);
        self.low += count(values, |x| x <= from);
        self.high += count(values, |x| x <= upto);
        let is_between = |bits: u64| (f64::from_bits(bits) > from) & (f64::from_bits(bits) < upto);
        for run in values.chunks(RUN) {
            if run.iter().fold(false, |any, &bits| any | is_between(bits)) {
                let kept = run.iter().filter(|bits| is_between(**bits));
                self.between.extend(kept.map(|&bits| f64::from_bits(bits)));
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.below += other.below;
        self.low += other.low;
        self.high += other.high;
        self.between.extend(other.between);
    }

    /// The kth value of all, from 0; `None` when it lies outside.
    fn find(&mut self, k: u64) -> Option<f64> {
        if k < self.below || k >= self.high {
            return None;
        }
        if k < self.low {
            return Some(self.from);
        }
        let place = (k - self.low) as usize;
        if place >= self.between.len() {
            return Some(self.upto);
        }
        Some(*self.between.select_nth_unstable_by(place, f64::total_cmp).1)
    }
}

#[inline]
fn count(values: &[u64], is: impl Fn(f64) -> bool) -> u64 {
    values.iter().fold(0, |count: u64, &bits| count.wrapping_add(u64::from(is(f64::from_bits(bits)))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::indicator::Value;

    /// As the textbook has it.
    fn sorted(values: &[f64], transform: Transform, q: f64) -> f64 {
        let mut values: Vec<f64> = values.iter().map(|x| transformed(transform, *x)).collect();
        values.sort_by(f64::total_cmp);
        let h = (values.len() - 1) as f64 * q;
        let k = h.floor() as usize;
        values[k] + (h - k as f64) * (values.get(k + 1).unwrap_or(&values[k]) - values[k])
    }

    fn quantiles(values: &[f64], transform: Transform, q: [f64; 2]) -> [f64; 2] {
        let column: Column = values.iter().map(|x| Value::Known(*x)).collect();
        let numbers: Vec<u32> = (0..values.len() as u32).collect();
        Sample { column: &column, numbers: &numbers }.quantiles(transform, q)
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        let of = |q: f64| quantiles(&[40.0, 10.0, 30.0, 20.0], Transform::None, [q, 1.0 - q])[0];
        assert_eq!([0.0, 0.5, 1.0].map(of), [10.0, 25.0, 40.0]);
        assert!((of(0.01) - 10.3).abs() < 1e-12);
        assert_eq!(quantiles(&[7.0], Transform::None, [0.01, 0.99]), [7.0, 7.0]);
    }

    /// What the sample says of the whole: nothing; right; wrong, since every value that it takes is a greatest one.
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

    /// So that a statistic may be found first and transformed then.
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
