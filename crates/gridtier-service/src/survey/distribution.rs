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
        assert_near(two_sided_normal(0.5), 0.61707507745197379, 1e-9);
        assert_near(two_sided_normal(1.96), 0.049995790296440868, 1e-9);
        assert_near(two_sided_normal(6.0), 1.9731752900753963e-9, 1e-9);
        assert_near(two_sided_normal(20.0), 5.5072482372124674e-89, 1e-9);
        assert_near(two_sided_t(0.3, 1.0), 0.81445284184451531, 1e-8);
        assert_near(two_sided_t(2.5, 7.0), 0.040992218585752897, 1e-8);
        assert_near(two_sided_t(4.0, 98.0), 0.00012299737773407485, 1e-8);
        assert_near(two_sided_t(8.0, 98.0), 2.536943394094079e-12, 1e-8);
        assert_near(two_sided_t(1.5, 9999.0), 0.13364597498080111, 1e-8);
        assert_near(two_sided_t(3.0, 99999.0), 0.0027004608907134292, 1e-8);
        assert_near(upper_chi_squared(3.0, 1.0), 0.083264516663550402, 1e-12);
        assert_near(upper_chi_squared(60.0, 3.0), 5.8782307279069123e-13, 1e-12);
        assert_near(upper_chi_squared(54.69134, 5.0), 1.5108477465955173e-10, 1e-12);
        assert_near(upper_chi_squared(300.0, 20.0), 8.0828496297759099e-52, 1e-12);
        assert_near(upper_f(36.0, 4.0, 30.04256), 4.655971595065372e-11, 1e-8);
        assert_near(upper_f(1.2, 3.0, 99999.0), 0.30802802720597258, 1e-8);
        assert_near(upper_f(36.0, 5.0, 66.0), 1.3363749953831063e-17, 1e-8);
        assert_near(upper_f(1.01, 2999.0, 62979.0), 0.35011103741479515, 1e-8);
    }

    #[test]
    fn quantiles_of_t_and_f_agree_with_high_precision_values() {
        assert_near(t_975(1.0), 12.706204736174705, 1e-12);
        assert_near(t_975(2.0), 4.3026527297494639, 1e-12);
        assert_near(t_975(4.0), 2.7764451051977944, 1e-12);
        assert_near(t_975(9.0), 2.2621571627982055, 1e-12);
        assert_near(t_975(29.0), 2.0452296421327043, 1e-12);
        assert_near(t_975(99.0), 1.9842169515864175, 1e-12);
        assert_near(t_975(999.0), 1.96234146113345, 1e-12);
        assert_near(t_975(1000.0), 1.9623390808264085, 1e-12);
        assert_near(t_975(9999.0), 1.9602012636213577, 1e-12);
        assert_near(t_975(99999.0), 1.9599877077718448, 1e-12);
        assert_near(t_975(1000000.0), 1.959966356814107, 1e-12);
        let (lo, hi) = f_025_975(1.0, 1.0).unwrap();
        assert_near(lo, 0.001543712508674131, 1e-10);
        assert_near(hi, 647.78901147784531, 1e-10);
        let (lo, hi) = f_025_975(1.0, 10.0).unwrap();
        assert_near(lo, 0.0010323886717517944, 1e-10);
        assert_near(hi, 6.9367281662969858, 1e-10);
        let (lo, hi) = f_025_975(8.0, 80.0).unwrap();
        assert_near(lo, 0.26621623307675507, 1e-10);
        assert_near(hi, 2.3549411286424672, 1e-10);
        let (lo, hi) = f_025_975(5.0, 66.0).unwrap();
        assert_near(lo, 0.16358836725969982, 1e-10);
        assert_near(hi, 2.7655211543725307, 1e-10);
        let (lo, hi) = f_025_975(200.0, 4200.0).unwrap();
        assert_near(lo, 0.81027354280254298, 1e-10);
        assert_near(hi, 1.2114194787300841, 1e-10);
        let (lo, hi) = f_025_975(9999.0, 209979.0).unwrap();
        assert_near(lo, 0.97184534317872781, 1e-10);
        assert_near(hi, 1.0285886884483727, 1e-10);
        let (lo, hi) = f_025_975(99.0, 99.0).unwrap();
        assert_near(lo, 0.67284166312668187, 1e-10);
        assert_near(hi, 1.4862337676192937, 1e-10);
    }

    #[test]
    fn an_infinite_t_leaves_no_probability() {
        assert_eq!(
            (two_sided_t(f64::INFINITY, 1.0), two_sided_t(0.0, 3.0), two_sided_normal(0.0)),
            (0.0, 1.0, 1.0)
        );
    }
}
