//! Finds the value of an indicator that has a given number of points, which is the way back from points to values
//! (METHOD section 9).

use super::Fitted;
use super::normalise::FittedKind;
use crate::method::Transform;

/// Number of bisection steps, which is enough for the precision of a double.
const HALVINGS: usize = 80;
/// How far beyond a mark, as a share of the mark, a value must be so that its logarithm is beyond that of the mark in
/// spite of rounding.
const BEYOND_ROUNDING: f64 = 1e-12;

impl Fitted {
    /// The value nearest to `from` that has at least `z` points; `None` if no value has. Of two values that are equally
    /// near, the lower one.
    #[must_use]
    pub fn nearest_value(&self, from: f64, z: f64) -> Option<f64> {
        if self.points(from) >= z {
            return Some(from);
        }
        // On either side, points rise to `z` only once between `from` and the nearest mark with enough points.
        let enough = || self.marks().into_iter().filter(|mark| self.points(*mark) >= z);
        let below = enough().filter(|mark| *mark < from).max_by(f64::total_cmp);
        let above = enough().filter(|mark| *mark > from).min_by(f64::total_cmp);
        let values = [below, above].into_iter().flatten().map(|mark| self.first_with(from, mark, z));
        values.min_by(|a, b| (a - from).abs().total_cmp(&(b - from).abs()))
    }

    /// Whether all values have the same points.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match &self.kind {
            FittedKind::Nobody => true,
            FittedKind::MinMax { degenerate, .. } => *degenerate,
            FittedKind::Points(knots) => knots.windows(2).all(|pair| pair[0].1 == pair[1].1),
            FittedKind::Percentile { .. } | FittedKind::Target { .. } => false,
        }
    }

    /// The values at which points begin or cease to change.
    fn marks(&self) -> Vec<f64> {
        match &self.kind {
            FittedKind::MinMax { transform: Transform::None, lo, hi, .. } => vec![*lo, *hi],
            FittedKind::MinMax { lo, hi, .. } => {
                let [lo, hi] = [libm::expm1(*lo), libm::expm1(*hi)];
                vec![lo - lo.abs() * BEYOND_ROUNDING, lo, hi, hi + hi.abs() * BEYOND_ROUNDING]
            }
            // Half of those with the same value count, so that only a value beyond all has 100 points.
            FittedKind::Percentile { values, .. } => {
                let ends =
                    [values.first().map(|first| first.next_down()), values.last().map(|last| last.next_up())];
                ends.into_iter().flatten().collect()
            }
            FittedKind::Points(knots) => knots.iter().map(|knot| knot.0).collect(),
            FittedKind::Target { target, .. } => vec![*target],
            FittedKind::Nobody => Vec::new(),
        }
    }

    /// The value nearest to `too_low` that has `z` points, on the way to `enough`, which has them.
    fn first_with(&self, mut too_low: f64, mut enough: f64, z: f64) -> f64 {
        for _ in 0..HALVINGS {
            let middle = too_low + (enough - too_low) / 2.0;
            if self.points(middle) >= z {
                enough = middle;
            } else {
                too_low = middle;
            }
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Direction;

    fn fitted(kind: FittedKind, direction: Direction) -> Fitted {
        Fitted { kind, direction }
    }

    fn is_near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn the_nearest_value_with_enough_points_lies_on_either_side() {
        let knots = FittedKind::Points(vec![(0.0, 100.0), (10.0, 0.0), (30.0, 100.0)]);
        let fitted = fitted(knots, Direction::More);
        assert!(is_near(fitted.nearest_value(10.0, 50.0), 5.0));
        assert!(is_near(fitted.nearest_value(18.0, 50.0), 20.0));
        // If the value itself has enough points, it is the nearest.
        assert_eq!(fitted.nearest_value(21.0, 50.0), Some(21.0));
        assert_eq!(fitted.nearest_value(10.0, 100.5), None);
    }

    #[test]
    fn percentiles_reach_a_hundred_points_beyond_the_best_value() {
        let (values, upto) = (vec![0.3, 0.5, 0.8], vec![1, 3, 4]);
        for (direction, beyond) in
            [(Direction::More, 0.8f64.next_up()), (Direction::Less, 0.3f64.next_down())]
        {
            let kind = FittedKind::Percentile { values: values.clone(), upto: upto.clone() };
            let fitted = fitted(kind, direction);
            assert_eq!(fitted.nearest_value(0.5, 100.0), Some(beyond));
        }
    }

    #[test]
    fn marks_of_logarithms_reach_a_hundred_points() {
        for hi in [0.7f64, 3.3, 9.1, 17.0] {
            let kind = FittedKind::MinMax { transform: Transform::Log1p, lo: 0.1, hi, degenerate: false };
            for direction in [Direction::More, Direction::Less] {
                let fitted = fitted(kind.clone(), direction);
                let value = fitted.nearest_value(libm::expm1((hi + 0.1) / 2.0), 100.0).unwrap();
                assert_eq!(fitted.points(value), 100.0, "{hi} {direction:?}");
            }
        }
    }

    #[test]
    fn no_value_is_found_if_all_values_have_the_same_points() {
        let kind = FittedKind::MinMax { transform: Transform::None, lo: 1.0, hi: 1.0, degenerate: true };
        for kind in [FittedKind::Nobody, kind, FittedKind::Points(vec![(0.0, 40.0), (9.0, 40.0)])] {
            let fitted = fitted(kind, Direction::More);
            assert!(fitted.is_constant());
            assert_eq!(fitted.nearest_value(3.0, 60.0), None);
        }
    }
}
