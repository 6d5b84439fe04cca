//! Turns a value into points between 0 and 100, by parameters that are fitted to the ranked customers and kept with the
//! cycle.

use super::logarithm::{log1p, transformed};
use super::quantile::RankedValues;
use crate::index::count;
use crate::indicator::Direction;
use crate::method::{Normalise, Scale, Transform};

/// The points of all values if these do not tell customers apart.
const NEUTRAL: f64 = 50.0;
/// Number of values that are compared together, so that points of equal neighbours are computed once.
pub(super) const RUN: usize = 8;
/// Marks whose relative difference is at most this may differ only by rounding to fen and Wh (SPEC section 5).
const RESOLUTION: f64 = 1e-4;
/// Bits that no value has: those of a NaN that columns do not use.
const NO_VALUE: u64 = u64::MAX;

/// A normalisation with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The kind of normalisation, with the fitted numbers.
    pub kind: FittedKind,
    /// Whether more is better. It does not matter for `points` and `target`, which state points directly.
    pub direction: Direction,
}

/// A normalisation's parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum FittedKind {
    /// No ranked customer has a value to which marks or ranks could be fitted: everybody gets 50.
    Nobody,
    /// Between two marks of the transformed value.
    MinMax {
        /// What is done to the value first.
        transform: Transform,
        /// The mark that gets 0 points.
        lo: f64,
        /// The mark that gets 100 points.
        hi: f64,
        /// Whether the marks are too close to tell customers apart: then every value gets 50.
        degenerate: bool,
    },
    /// By rank among the values of the ranked customers.
    Percentile {
        /// Distinct values, ascending.
        values: Vec<f64>,
        /// For each value, how many ranked customers have it or a lower one.
        upto: Vec<u64>,
    },
    /// Piecewise linear through (x, z), constant outside the knots.
    Points(Vec<(f64, f64)>),
    /// 100 × max(0, 1 − |x − target|/tolerance).
    Target {
        /// The value that gets 100 points.
        target: f64,
        /// The distance from the target at which no points are left.
        tolerance: f64,
    },
}

impl FittedKind {
    /// By rank among distinct, ascending values. `counts` gives for each value how many ranked customers have it.
    #[must_use]
    pub fn percentile(values: Vec<f64>, counts: impl IntoIterator<Item = u64>) -> Self {
        let mut sum = 0;
        let upto = counts
            .into_iter()
            .map(|count| {
                sum += count;
                sum
            })
            .collect();
        Self::Percentile { values, upto }
    }
}

impl Fitted {
    /// Fits a normalisation to the values of the ranked customers, of whom `known` have a value. Goalposts, knots and
    /// targets are fixed, whether or not anybody has a value. `base` is 1 for a ratio minus 1, whose resolution is that
    /// of the ratio, and 0 otherwise.
    #[must_use]
    pub fn fit(
        normalise: &Normalise,
        direction: Direction,
        ranked: RankedValues,
        known: u64,
        base: f64,
    ) -> Self {
        let kind = match normalise {
            Normalise::MinMax(_, Scale::Quantiles(..)) | Normalise::Percentile if known == 0 => {
                FittedKind::Nobody
            }
            Normalise::MinMax(transform, Scale::Goalposts(lo, hi)) => {
                let transform = *transform;
                let [lo, hi] = [*lo, *hi].map(|mark| transformed(transform, mark));
                FittedKind::MinMax { transform, lo, hi, degenerate: false }
            }
            Normalise::MinMax(transform, Scale::Quantiles(low, high)) => {
                let [lo, hi] = ranked.quantiles(*transform, [*low, *high]);
                let degenerate = hi - lo <= RESOLUTION * (base + lo).abs().max((base + hi).abs());
                FittedKind::MinMax { transform: *transform, lo, hi, degenerate }
            }
            Normalise::Percentile => {
                let mut known = ranked.known();
                // Adding 0 turns −0 into 0; the two are equal but have different bits.
                known.iter_mut().for_each(|x| *x += 0.0);
                known.sort_unstable_by(f64::total_cmp);
                let runs = known.chunk_by(|a, b| a == b);
                let (values, counts): (_, Vec<u64>) = runs.map(|run| (run[0], count(run.len()))).unzip();
                FittedKind::percentile(values, counts)
            }
            Normalise::Points(knots) => FittedKind::Points(knots.clone()),
            Normalise::Target { target, tolerance } => {
                FittedKind::Target { target: *target, tolerance: *tolerance }
            }
        };
        Self { kind, direction }
    }

    /// Whether the marks are too close to tell customers apart, so that every value gets 50.
    #[must_use]
    pub fn is_degenerate(&self) -> bool {
        matches!(self.kind, FittedKind::MinMax { degenerate: true, .. })
    }

    /// The points of a value, 0 to 100.
    #[must_use]
    pub fn points(&self, x: f64) -> f64 {
        match &self.kind {
            FittedKind::Nobody => NEUTRAL,
            FittedKind::MinMax { degenerate: true, .. } => NEUTRAL,
            FittedKind::MinMax { transform, lo, hi, .. } => {
                self.directed(between(*lo, *hi, transformed(*transform, x)))
            }
            FittedKind::Percentile { values, upto } => self.directed(percentile(values, upto, x)),
            FittedKind::Points(knots) => piecewise(knots, x),
            FittedKind::Target { target, tolerance } => near(*target, *tolerance, x),
        }
    }

    /// The points of many values, whose number is a multiple of [`RUN`]; an arbitrary finite number for a customer without a
    /// value. The arithmetic is that of [`points`](Self::points), but cases are decided once for all values and there
    /// is no branch per value, so that the compiler computes several values side by side.
    #[inline(always)]
    pub(super) fn fill(&self, values: &[u64], filled: &mut [f64]) {
        match &self.kind {
            FittedKind::MinMax { transform, lo, hi, degenerate: false } => {
                match transform {
                    // The values are shares between 0 and 1, where dividing by 1 changes no bit.
                    Transform::None if hi - lo == 1.0 => each(values, filled, |x| 100.0 * clamped(x - lo)),
                    Transform::None => each(values, filled, |x| between(*lo, *hi, x)),
                    Transform::Log1p => runs(values, filled, &Logarithms { lo: *lo, hi: *hi }),
                }
                if self.direction == Direction::Less {
                    for z in filled {
                        *z = 100.0 - *z;
                    }
                }
            }
            FittedKind::Points(knots) if !knots.is_empty() => {
                let segments: Vec<Segment> =
                    (0..knots.len()).map(|place| Segment::from(knots, place)).collect();
                runs(values, filled, &Knots(&segments));
            }
            _ => {
                // Percentiles need a search, which is done once for equal neighbours.
                let (mut last, mut points) = (0.0f64, self.points(0.0));
                for (filled, &bits) in filled.iter_mut().zip(values) {
                    let x = f64::from_bits(bits);
                    if !x.is_nan() && bits != last.to_bits() {
                        (last, points) = (x, self.points(x));
                    }
                    *filled = points;
                }
            }
        }
    }

    fn directed(&self, z: f64) -> f64 {
        match self.direction {
            Direction::More => z,
            Direction::Less => 100.0 - z,
        }
    }
}

/// Turns a run of values into points, in place. A trait rather than a closure, since only functions can be inlined always.
trait RunPoints {
    fn fill(&self, run: &mut [f64; RUN]);
}

/// Points between the logarithms of two marks.
struct Logarithms {
    lo: f64,
    hi: f64,
}

impl RunPoints for Logarithms {
    #[inline(always)]
    fn fill(&self, run: &mut [f64; RUN]) {
        for x in run {
            *x = between(self.lo, self.hi, log1p(*x));
        }
    }
}

/// Points between knots.
struct Knots<'a>(&'a [Segment]);

impl RunPoints for Knots<'_> {
    #[inline(always)]
    fn fill(&self, run: &mut [f64; RUN]) {
        along(self.0, run);
    }
}

#[inline(always)]
fn each(values: &[u64], filled: &mut [f64], points: impl Fn(f64) -> f64) {
    for (filled, &bits) in filled.iter_mut().zip(values) {
        *filled = points(f64::from_bits(bits));
    }
}

/// As [`each`], for normalisations whose points take long to compute, and neighbours that are often equal, as for rare
/// events and missing values.
#[inline(always)]
fn runs(values: &[u64], filled: &mut [f64], points: &impl RunPoints) {
    // A run is computed where this loop has put it. Taken from `values` inside the loop below, it went through the stack in
    // pieces narrower than it was read back, and each run waited for the last: logarithms took 4.2 ns a value instead of 1.0.
    for (filled, &bits) in filled.iter_mut().zip(values) {
        *filled = f64::from_bits(bits);
    }
    // The last run of equal values, and its points.
    let (mut equal, mut equal_points) = ([NO_VALUE; RUN], [0.0; RUN]);
    for (filled, values) in filled.as_chunks_mut::<RUN>().0.iter_mut().zip(values.as_chunks::<RUN>().0) {
        if !differ(values, &equal) {
            *filled = equal_points;
            continue;
        }
        points.fill(filled);
        if !differ(values, &[values[0]; RUN]) {
            (equal, equal_points) = (*values, *filled);
        }
    }
}

/// Whether two runs differ in any bit; compared without a branch per value.
#[inline(always)]
fn differ(a: &[u64; RUN], b: &[u64; RUN]) -> bool {
    let mut all = 0;
    for (a, b) in a.iter().zip(b) {
        all |= a ^ b;
    }
    all != 0
}

/// The number cut to 0 … 1; 0 for NaN.
#[inline(always)]
fn clamped(x: f64) -> f64 {
    let x = if x > 0.0 { x } else { 0.0 };
    if x < 1.0 { x } else { 1.0 }
}

#[inline(always)]
fn between(lo: f64, hi: f64, x: f64) -> f64 {
    100.0 * clamped((x - lo) / (hi - lo))
}

fn percentile(values: &[f64], upto: &[u64], x: f64) -> f64 {
    let place = values.partition_point(|value| *value < x);
    let below = place.checked_sub(1).map_or(0, |last| upto[last]);
    let equal = if values.get(place) == Some(&x) { upto[place] - below } else { 0 };
    let all = upto.last().copied().unwrap_or(0);
    100.0 * (below as f64 + 0.5 * equal as f64) / all as f64
}

fn near(target: f64, tolerance: f64, x: f64) -> f64 {
    100.0 * (1.0 - (x - target).abs() / tolerance).max(0.0)
}

/// Points from one knot to the next: z0 + dz × (x − x0)/dx. They are constant from the last knot on.
#[derive(Clone, Copy)]
struct Segment {
    x0: f64,
    z0: f64,
    dx: f64,
    dz: f64,
}

impl Segment {
    fn from(knots: &[(f64, f64)], place: usize) -> Self {
        let (x0, z0) = knots[place];
        let (dx, dz) = knots.get(place + 1).map_or((1.0, 0.0), |(x1, z1)| (x1 - x0, z1 - z0));
        Self { x0, z0, dx, dz }
    }

    #[inline(always)]
    fn at(self, x: f64) -> f64 {
        self.z0 + self.dz * ((x - self.x0) / self.dx)
    }
}

/// A value outside the knots counts as the nearest knot.
#[inline(always)]
fn within(first: f64, last: f64, x: f64) -> f64 {
    let x = if x > first { x } else { first };
    if x < last { x } else { last }
}

fn piecewise(knots: &[(f64, f64)], x: f64) -> f64 {
    let (Some(first), Some(last)) = (knots.first(), knots.last()) else { return NEUTRAL };
    let x = within(first.0, last.0, x);
    Segment::from(knots, knots.partition_point(|knot| knot.0 <= x).saturating_sub(1)).at(x)
}

/// As [`piecewise`] for a whole run: the last segment that begins before a value is chosen by masks, without a branch.
/// (From selections between numbers, the compiler makes branches.)
#[inline(always)]
fn along(segments: &[Segment], run: &mut [f64; RUN]) {
    let (first, last) = (segments[0], segments[segments.len() - 1].x0);
    let (mut x0, mut z0, mut dx, mut dz) =
        ([first.x0; RUN], [first.z0; RUN], [first.dx; RUN], [first.dz; RUN]);
    for x in run.iter_mut() {
        *x = within(first.x0, last, *x);
    }
    for segment in &segments[1..] {
        let chosen_so_far = x0.iter_mut().zip(&mut z0).zip(dx.iter_mut().zip(&mut dz));
        for (x, ((x0, z0), (dx, dz))) in run.iter().zip(chosen_so_far) {
            let is_beyond = 0u64.wrapping_sub(u64::from(*x >= segment.x0));
            *x0 = chosen(is_beyond, segment.x0, *x0);
            *z0 = chosen(is_beyond, segment.z0, *z0);
            *dx = chosen(is_beyond, segment.dx, *dx);
            *dz = chosen(is_beyond, segment.dz, *dz);
        }
    }
    let found = x0.into_iter().zip(z0).zip(dx.into_iter().zip(dz));
    for (x, ((x0, z0), (dx, dz))) in run.iter_mut().zip(found) {
        *x = Segment { x0, z0, dx, dz }.at(*x);
    }
}

/// The first number if the mask has all bits, the second one if it has none.
#[inline(always)]
fn chosen(mask: u64, a: f64, b: f64) -> f64 {
    f64::from_bits(a.to_bits() & mask | b.to_bits() & !mask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::indicator::{IndicatorColumn, IndicatorValue};

    fn fit(normalise: Normalise, direction: Direction, known: &[f64]) -> Fitted {
        let column: IndicatorColumn = known.iter().map(|x| IndicatorValue::Known(*x)).collect();
        let numbers: Vec<u32> = (0..known.len() as u32).collect();
        let ranked = RankedValues::new(&column, &numbers);
        Fitted::fit(&normalise, direction, ranked, known.len() as u64, 0.0)
    }

    #[test]
    fn min_max_clamps_outside_its_marks_and_is_reversed_if_less_is_better() {
        let normalise = Normalise::MinMax(Transform::None, Scale::Goalposts(0.0, 2.0));
        let more = fit(normalise.clone(), Direction::More, &[1.0]);
        assert_eq!([-1.0, 0.5, 9.0].map(|x| more.points(x)), [0.0, 25.0, 100.0]);
        let less = fit(normalise, Direction::Less, &[1.0]);
        assert_eq!([-1.0, 0.5, 9.0].map(|x| less.points(x)), [100.0, 75.0, 0.0]);
    }

    #[test]
    fn the_logarithm_is_taken_before_the_quantiles() {
        let normalise = Normalise::MinMax(Transform::Log1p, Scale::Quantiles(0.0, 1.0));
        let fitted = fit(normalise, Direction::More, &[0.0, 1e6, -5.0]);
        assert!((fitted.points(999.0) - 100.0 * 1000f64.ln() / 1_000_001f64.ln()).abs() < 1e-12);
        assert_eq!(fitted.points(-3.0), 0.0);
    }

    #[test]
    fn equal_marks_and_no_values_give_fifty() {
        let normalise = Normalise::MinMax(Transform::None, Scale::Quantiles(0.01, 0.99));
        let constant = fit(normalise.clone(), Direction::Less, &[3.0, 3.0]);
        assert!(constant.is_degenerate());
        assert_eq!([constant.points(3.0), constant.points(99.0)], [50.0, 50.0]);
        assert_eq!(fit(normalise, Direction::More, &[]).points(1.0), 50.0);
        assert_eq!(fit(Normalise::Percentile, Direction::Less, &[]).points(1.0), 50.0);
    }

    #[test]
    fn fixed_parameters_apply_even_if_no_ranked_customer_has_a_value() {
        let knots = Normalise::Points(vec![(0.0, 0.0), (1.0, 9.0)]);
        assert_eq!(fit(knots, Direction::More, &[]).points(1.0), 9.0);
        let goalposts = Normalise::MinMax(Transform::None, Scale::Goalposts(0.0, 4.0));
        assert_eq!(fit(goalposts, Direction::Less, &[]).points(1.0), 75.0);
        let target = Normalise::Target { target: 2.0, tolerance: 4.0 };
        assert_eq!(fit(target, Direction::More, &[]).points(1.0), 75.0);
    }

    #[test]
    fn marks_within_the_resolution_of_the_facts_are_degenerate() {
        let fit = |lo: f64, hi: f64, base: f64| {
            let column: IndicatorColumn = [lo, hi].into_iter().map(IndicatorValue::Known).collect();
            let ranked = RankedValues::new(&column, &[0, 1]);
            let normalise = Normalise::MinMax(Transform::None, Scale::Quantiles(0.0, 1.0));
            Fitted::fit(&normalise, Direction::More, ranked, 2, base)
        };
        // The resolution at 8192 is 10⁻⁴ × 8192 = 0.8192.
        assert!(fit(8191.5, 8192.0, 0.0).is_degenerate());
        assert!(!fit(8191.0, 8192.0, 0.0).is_degenerate());
        assert_eq!(fit(8191.5, 8192.0, 0.0).points(8192.0), 50.0);
        // The greater magnitude decides, on either side of 0. Only 0 itself is within the resolution of 0.
        assert!(fit(-8192.0, -8191.5, 0.0).is_degenerate());
        assert!(fit(0.0, 0.0, 0.0).is_degenerate());
        assert!(!fit(0.0, 1e-9, 0.0).is_degenerate());
        // Growth of 0 and of 0.00009 a year means ratios of 1 and 1.00009.
        assert!(fit(0.0, 0.000_09, 1.0).is_degenerate());
        assert!(!fit(0.0, 0.000_09, 0.0).is_degenerate());
        assert!(!fit(0.0, 0.000_11, 1.0).is_degenerate());
        // Goalposts are fixed, so they are never degenerate.
        let goalposts = Normalise::MinMax(Transform::None, Scale::Goalposts(1000.0, 1000.01));
        let column = IndicatorColumn::unknown(1);
        let ranked = RankedValues::new(&column, &[0]);
        assert!(!Fitted::fit(&goalposts, Direction::More, ranked, 0, 0.0).is_degenerate());
    }

    #[test]
    fn a_percentile_counts_half_of_the_customers_with_an_equal_value() {
        let fitted = fit(Normalise::Percentile, Direction::More, &[1.0, 2.0, 2.0, 3.0]);
        assert_eq!([1.0, 2.0, 3.0].map(|x| fitted.points(x)), [12.5, 50.0, 87.5]);
        assert_eq!([0.0, 2.5, 9.0].map(|x| fitted.points(x)), [0.0, 75.0, 100.0]);
        let fitted = fit(Normalise::Percentile, Direction::Less, &[0.0, -0.0, 1.0, 5.0]);
        assert_eq!(fitted.points(-0.0), 75.0);
    }

    #[test]
    fn points_are_linear_between_knots_and_flat_outside() {
        let knots = Normalise::Points(vec![(0.0, 100.0), (5.0, 80.0), (30.0, 40.0)]);
        let fitted = fit(knots, Direction::Less, &[1.0]);
        assert_eq!(
            [-1.0, 0.0, 2.5, 5.0, 17.5, 99.0].map(|x| fitted.points(x)),
            [100.0, 100.0, 90.0, 80.0, 60.0, 40.0]
        );
    }

    #[test]
    fn a_target_loses_on_both_sides() {
        let fitted = fit(Normalise::Target { target: 1.0, tolerance: 0.5 }, Direction::More, &[1.0]);
        assert_eq!([0.25, 0.75, 1.0, 1.25, 2.0].map(|x| fitted.points(x)), [0.0, 50.0, 100.0, 50.0, 0.0]);
    }

    proptest! {
        #[test]
        fn more_is_never_worse_when_more_is_better(
            known in prop::collection::vec(-1e6f64..1e9, 1..40), a in -1e6f64..1e9, b in -1e6f64..1e9,
        ) {
            let (a, b) = (a.min(b), a.max(b));
            for normalise in [
                Normalise::MinMax(Transform::None, Scale::Quantiles(0.01, 0.99)),
                Normalise::MinMax(Transform::Log1p, Scale::Quantiles(0.01, 0.99)),
                Normalise::Percentile,
            ] {
                let more = fit(normalise.clone(), Direction::More, &known);
                prop_assert!(more.points(a) <= more.points(b));
                prop_assert!((0.0..=100.0).contains(&more.points(a)));
                let less = fit(normalise, Direction::Less, &known);
                prop_assert!(less.points(a) >= less.points(b));
            }
        }

        #[test]
        fn the_unit_of_an_indicator_does_not_change_its_points(
            known in prop::collection::vec(0f64..1e6, 2..40), x in 0f64..1e6, exponent in -10i32..10,
        ) {
            let unit = 2f64.powi(exponent);
            for normalise in [
                Normalise::MinMax(Transform::None, Scale::Quantiles(0.01, 0.99)),
                Normalise::Percentile,
            ] {
                let plain = fit(normalise.clone(), Direction::More, &known).points(x);
                let scaled: Vec<f64> = known.iter().map(|x| x * unit).collect();
                prop_assert!((plain - fit(normalise, Direction::More, &scaled).points(x * unit)).abs() < 1e-9);
            }
        }
    }
}
