//! Order statistics of millions of values without sorting them: the leading bits of each value say into which of 65,536
//! narrow ranges it falls, and only the ranges that hold a wanted one are looked at.

use rayon::prelude::*;

use super::normalise::transformed;
use crate::indicator::Column;
use crate::method::Transform;

/// Values that are looked at in one piece.
const BLOCK: usize = 1 << 16;
/// Leading bits that name a range: sign, exponent and four bits of the fraction.
const RANGE_BITS: u32 = 16;

/// The values of some customers.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// By customer number.
    pub column: &'a Column,
    /// The customers, ascending.
    pub numbers: &'a [u32],
}

/// How many values fall into each range, and the ranges that are wanted.
struct Ranges {
    upto: Vec<u64>,
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
    /// Values are told into ranges before the transform, which never puts a value of one range beyond one of the next.
    #[must_use]
    pub fn quantiles(&self, transform: Transform, q: [f64; 2]) -> [f64; 2] {
        let ranges = self.count(transform);
        let all = ranges.upto.last().copied().unwrap_or(0);
        let places = q.map(|q| (all.saturating_sub(1)) as f64 * q);
        let mut wanted: Vec<usize> = Vec::new();
        for h in places {
            let k = h.floor() as u64;
            wanted.extend([ranges.of(k), ranges.of((k + 1).min(all.saturating_sub(1)))]);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut found: Vec<f64> = self.within(transform, &wanted);
        found.iter_mut().for_each(|x| *x = transformed(transform, *x));
        found.sort_unstable_by(f64::total_cmp);
        // The place of an order statistic among those found: those of ranges in between are not there.
        let statistic = |k: u64| {
            let (mut place, range) = (k, ranges.of(k));
            for other in 0..range {
                if wanted.binary_search(&other).is_err() {
                    place -= ranges.count(other);
                }
            }
            found[place as usize]
        };
        places.map(|h| {
            let k = h.floor() as u64;
            let (low, high) = (statistic(k), statistic((k + 1).min(all - 1)));
            low + (h - k as f64) * (high - low)
        })
    }

    fn count(&self, transform: Transform) -> Ranges {
        let none = || vec![0u64; 1 << RANGE_BITS];
        let counts = self
            .numbers
            .par_chunks(BLOCK)
            .fold(none, |mut counts, numbers| {
                self.each(transform, numbers, |x| counts[range(x)] += 1);
                counts
            })
            .reduce(none, |mut all, more| {
                all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
                all
            });
        let add = |sum: &mut u64, count: u64| {
            *sum += count;
            Some(*sum)
        };
        Ranges { upto: counts.into_iter().scan(0, add).collect() }
    }

    /// The values of some ranges.
    fn within(&self, transform: Transform, wanted: &[usize]) -> Vec<f64> {
        let pieces: Vec<Vec<f64>> = self
            .numbers
            .par_chunks(BLOCK)
            .map(|numbers| {
                let mut found = Vec::new();
                self.each(transform, numbers, |x| {
                    if wanted.contains(&range(x)) {
                        found.push(x);
                    }
                });
                found
            })
            .collect();
        pieces.concat()
    }

    #[inline]
    fn each(&self, transform: Transform, numbers: &[u32], mut take: impl FnMut(f64)) {
        // What the logarithm takes for 0 is 0 in the order, too.
        let floor = if transform == Transform::Log1p { 0.0 } else { f64::NEG_INFINITY };
        let mut scratch = Vec::new();
        for &bits in self.column.gather(numbers, &mut scratch) {
            let x = f64::from_bits(bits);
            if !x.is_nan() {
                take(x.max(floor));
            }
        }
    }
}

impl Ranges {
    /// The range of the kth value, from 0.
    fn of(&self, k: u64) -> usize {
        self.upto.partition_point(|&upto| upto <= k)
    }

    fn count(&self, range: usize) -> u64 {
        self.upto[range] - range.checked_sub(1).map_or(0, |before| self.upto[before])
    }
}

/// The range of a value: the leading bits of an integer that stands in the order of `f64::total_cmp`.
#[inline]
fn range(x: f64) -> usize {
    let bits = x.to_bits();
    let ordered = bits ^ (((bits as i64 >> 63) as u64) | 1 << 63);
    (ordered >> (u64::BITS - RANGE_BITS)) as usize
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

    /// An error in the last bit may make the logarithm fall between neighbours; between ranges it must not.
    #[test]
    fn the_logarithm_never_puts_a_value_beyond_the_next_range() {
        const NEIGHBOURS: u64 = 64;
        let width = 1u64 << (u64::BITS - RANGE_BITS);
        let log = |bits: u64| transformed(Transform::Log1p, f64::from_bits(bits));
        for line in (1..f64::INFINITY.to_bits() / width).map(|range| range * width) {
            let below = (1..=NEIGHBOURS).map(|step| log(line - step)).fold(0.0, f64::max);
            let above = (0..NEIGHBOURS).map(|step| log(line + step)).fold(f64::INFINITY, f64::min);
            assert!(below <= above, "{:e}", f64::from_bits(line));
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
