//! Tails and quantiles of the distributions that tests and intervals need.
//!
//! statrs gives tails to 10⁻⁹ relative up to a million degrees of freedom (compared with mpmath), but the quantiles of
//! Student's t and F keep only five to seven beyond 10⁴: they are computed here.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

use crate::estimate::Z;

/// From this many degrees of freedom on, the quantile of Student's t is that of the normal distribution with a
/// correction, which is exact to 10⁻¹² there.
const MANY: f64 = 1_000.0;

/// Probability beyond each end of a two-sided 95 % interval.
const TAIL: f64 = 0.025;

/// Probability that a standard normal value is as far from 0 as `z`.
pub fn two_sided_normal(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// Probability that a value of Student's t is as far from 0 as `t`.
pub fn two_sided_t(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    let t = t.abs();
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| (2.0 * student.sf(t)).min(1.0))
}

/// Probability that a value of χ² is at least `x`.
pub fn upper_chi_squared(x: f64, df: f64) -> f64 {
    ChiSquared::new(df).map_or(f64::NAN, |chi_squared| chi_squared.sf(x.max(0.0)))
}

/// Probability that a value of F is at least `x`.
pub fn upper_f(x: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |fisher| fisher.sf(x.max(0.0)))
}

/// The 97.5 % point of Student's t. For many degrees of freedom by the series of M. Abramowitz, I. A. Stegun, *Handbook
/// of Mathematical Functions*, 26.7.5.
pub fn t_975(df: f64) -> f64 {
    if df < MANY {
        return StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| student.inverse_cdf(0.975));
    }
    let z = Z;
    let s = z * z;
    let first = z * (s + 1.0) / 4.0;
    let second = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let third = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    let fourth = z * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92_160.0;
    z + (first + (second + (third + fourth / df) / df) / df) / df
}

/// The points of F below which 2.5 % and 97.5 % of its values lie, by bisection on its tails: the first lies below 1 and
/// the second above. `None` without degrees of freedom.
pub fn f_025_975(df1: f64, df2: f64) -> Option<(f64, f64)> {
    let fisher = FisherSnedecor::new(df1, df2).ok()?;
    let lo = bisect(0.0, 1.0, |x| fisher.cdf(x) < TAIL);
    let above = std::iter::successors(Some(1.0), |x: &f64| Some(x * 2.0)).find(|x| fisher.sf(*x) < TAIL)?;
    let hi = bisect(above / 2.0, above, |x| fisher.sf(x) >= TAIL);
    Some((lo, hi))
}

/// The point between `lo` and `hi` up to which a condition holds.
fn bisect(mut lo: f64, mut hi: f64, holds: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (lo + hi);
        if middle <= lo || middle >= hi {
            return middle;
        }
        if holds(middle) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() < relative, "{value:e} is not {expected:e}");
    }

    #[test]
    fn tails_agree_with_high_precision_values() {
        for (z, p) in [
            (0.5, 0.617_075_077_451_973_8),
            (1.96, 0.049_995_790_296_440_87),
            (6.0, 1.973_175_290_075_396e-09),
            (20.0, 5.507_248_237_212_467_5e-89),
        ] {
            assert_near(two_sided_normal(z), p, 1e-9);
        }
        for (t, df, p) in [
            (0.3, 1.0, 0.814_452_841_844_515_3),
            (2.5, 7.0, 0.040_992_218_585_752_895),
            (4.0, 98.0, 0.000_122_997_377_734_074_86),
            (8.0, 98.0, 2.536_943_394_094_079e-12),
            (1.5, 9_999.0, 0.133_645_974_980_801_1),
            (3.0, 99_999.0, 0.002_700_460_890_713_429_2),
        ] {
            assert_near(two_sided_t(t, df), p, 1e-8);
        }
        for (x, df, p) in [
            (3.0, 1.0, 0.083_264_516_663_550_4),
            (60.0, 3.0, 5.878_230_727_906_912e-13),
            (54.691_34, 5.0, 1.510_847_746_595_517_2e-10),
            (300.0, 20.0, 8.082_849_629_775_91e-52),
        ] {
            assert_near(upper_chi_squared(x, df), p, 1e-12);
        }
        for (x, df1, df2, p) in [
            (36.0, 4.0, 30.042_56, 4.655_971_595_065_372e-11),
            (1.2, 3.0, 99_999.0, 0.308_028_027_205_972_55),
            (36.0, 5.0, 66.0, 1.336_374_995_383_106_3e-17),
            (1.01, 2_999.0, 62_979.0, 0.350_111_037_414_795_16),
        ] {
            assert_near(upper_f(x, df1, df2), p, 1e-8);
        }
    }

    #[test]
    fn quantiles_of_t_and_f_agree_with_high_precision_values() {
        for (df, t) in [
            (1.0, 12.706_204_736_174_705),
            (2.0, 4.302_652_729_749_464),
            (4.0, 2.776_445_105_197_794_3),
            (9.0, 2.262_157_162_798_205_3),
            (29.0, 2.045_229_642_132_704_3),
            (99.0, 1.984_216_951_586_417_4),
            (999.0, 1.962_341_461_133_45),
            (1_000.0, 1.962_339_080_826_408_5),
            (9_999.0, 1.960_201_263_621_357_7),
            (99_999.0, 1.959_987_707_771_844_8),
            (1_000_000.0, 1.959_966_356_814_107),
        ] {
            assert_near(t_975(df), t, 1e-12);
        }
        for (df1, df2, lo, hi) in [
            (1.0, 1.0, 0.001_543_712_508_674_131, 647.789_011_477_845_3),
            (1.0, 10.0, 0.001_032_388_671_751_794_3, 6.936_728_166_296_985_5),
            (8.0, 80.0, 0.266_216_233_076_755_07, 2.354_941_128_642_467),
            (5.0, 66.0, 0.163_588_367_259_699_83, 2.765_521_154_372_531),
            (200.0, 4_200.0, 0.810_273_542_802_542_9, 1.211_419_478_730_084),
            (9_999.0, 209_979.0, 0.971_845_343_178_727_8, 1.028_588_688_448_372_6),
            (99.0, 99.0, 0.672_841_663_126_681_9, 1.486_233_767_619_293_6),
        ] {
            let (low, high) = f_025_975(df1, df2).unwrap();
            assert_near(low, lo, 1e-10);
            assert_near(high, hi, 1e-10);
        }
    }

    #[test]
    fn an_infinite_t_leaves_no_probability() {
        assert_eq!(
            (two_sided_t(f64::INFINITY, 1.0), two_sided_t(0.0, 3.0), two_sided_normal(0.0)),
            (0.0, 1.0, 1.0)
        );
    }
}
