//! Quotients, quantiles, intervals and rounding, each in one way (SERVICE §1).

use gridtier::index::{float, float_i64};
use gridtier::unit::round_half_away;

/// The 97.5 % point of the standard normal distribution: the half width of a two-sided 95 % interval, in standard
/// errors.
pub const Z: f64 = 1.959_963_984_540_054;

/// Number of integer steps in 1. Values that might be equal are compared by these steps.
const STEPS: f64 = 1e9;

/// The largest magnitude that is rounded to an integer.
const MOST: f64 = 9.0e18;

/// One division of exact integers; `None` if the divisor is 0.
#[must_use]
pub fn quotient(dividend: impl Into<i128>, divisor: impl Into<i128>) -> Option<f64> {
    let (dividend, divisor): (i128, i128) = (dividend.into(), divisor.into());
    (divisor != 0).then(|| dividend as f64 / divisor as f64)
}

/// A value in steps of 10⁻⁹, rounded half away from zero. Ties and ranks are decided by these steps.
#[must_use]
pub fn nano(value: f64) -> i64 {
    round(value * STEPS)
}

/// A value rounded to an integer, half away from zero. Magnitudes above 9·10¹⁸ are limited to it.
#[must_use]
pub fn round(value: f64) -> i64 {
    round_half_away(value.clamp(-MOST, MOST))
}

/// A 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}

/// The 95 % interval of a share of `successes` among `n` trials (E. B. Wilson, *J. American Statistical Association*
/// 22(158) 209–212, 1927): (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²))/(1 + z²/n). Exactly 0 or 1 at an end if no or all
/// trials succeed; `None` without trials.
#[must_use]
pub fn wilson(successes: i64, n: i64) -> Option<Interval> {
    let share = quotient(successes, n)?;
    let trials = float_i64(n);
    let square = Z * Z;
    let middle = share + square / (2.0 * trials);
    let half = Z * (share * (1.0 - share) / trials + square / (4.0 * trials * trials)).sqrt();
    let scale = 1.0 + square / trials;
    let lo = if successes == 0 { 0.0 } else { (middle - half) / scale };
    let hi = if successes == n { 1.0 } else { (middle + half) / scale };
    Some(Interval { lo, hi })
}

/// The quantile at `p` from 0 to 1 of ascending values, linear between neighbours (type 7 of R. J. Hyndman, Y. Fan, *The
/// American Statistician* 50(4) 361–365, 1996); `None` without values.
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let place = float(sorted.len().checked_sub(1)?) * p;
    let below = place.floor() as usize;
    let low = sorted[below];
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (place - place.floor()) * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_16_the_wilson_interval_of_139_of_182() {
        let interval = wilson(139, 182).unwrap();
        assert!((interval.lo - 0.696_969).abs() < 5e-7, "{interval:?}");
        assert!((interval.hi - 0.819_600).abs() < 5e-7, "{interval:?}");
    }

    #[test]
    fn an_interval_reaches_0_or_1_exactly_if_no_or_all_trials_succeed() {
        assert_eq!(wilson(0, 7).unwrap().lo, 0.0);
        assert_eq!(wilson(7, 7).unwrap().hi, 1.0);
        assert!(wilson(0, 7).unwrap().hi < 0.5 && wilson(7, 7).unwrap().lo > 0.5);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let values = [1.0, 2.0, 4.0, 8.0];
        let quantiles = [0.0, 0.5, 0.9, 1.0].map(|p| quantile(&values, p).unwrap());
        assert_eq!(quantiles[..2], [1.0, 3.0]);
        assert!((quantiles[2] - 6.8).abs() < 1e-12);
        assert_eq!(quantiles[3], 8.0);
        assert_eq!(quantile(&[5.0], 0.9), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_quotient_by_nothing_is_unknown() {
        assert_eq!(quotient(0, 0), None);
        assert_eq!(quotient(-1, 4), Some(-0.25));
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_does_not_overflow() {
        assert_eq!([round(2.5), round(-2.5), round(2.4)], [3, -3, 2]);
        assert_eq!([nano(0.1 + 0.2), nano(-1e-9)], [300_000_000, -1]);
        assert_eq!(round(f64::INFINITY), 9_000_000_000_000_000_000);
    }
}
