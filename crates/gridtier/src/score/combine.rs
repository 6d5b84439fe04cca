//! How points become one score between 0 and 100, and which part of it each indicator holds.
//!
//! Whatever the way, the parts add up to the score: for the weighted sum and grey relation because both are sums, for
//! the product and TOPSIS by a stated attribution. All distances are to fixed points, 100 and 0 everywhere, and not to
//! the best and worst customer, so that one customer's score never depends on another's.

use crate::mcda::ranking::closeness;
use crate::method::Combine;

/// Points below which the product counts no less: one 0 would make all of it 0.
const PRODUCT_FLOOR: f64 = 1.0;
/// Distinguishing coefficient ρ of grey relation (Deng 1982).
const RHO: f64 = 0.5;

/// The score of points by weights that sum to 1; `None` is left out.
///
/// - weighted sum: Σ w z;
/// - weighted product: Π max(z, 1)^w = exp Σ w ln max(z, 1), from 1 to 100;
/// - TOPSIS: 100 d⁻/(d⁺ + d⁻), d⁺ = √Σ (w (100 − z))², d⁻ = √Σ (w z)²;
/// - grey relation: Σ w g(z), see [`relation`].
#[must_use]
pub fn combined(how: Combine, weights: &[f64], points: &[Option<f64>]) -> f64 {
    let each = weights.iter().zip(points).filter_map(|(w, z)| Some((*w, entering(how, (*z)?))));
    finished(how, summed(how, each))
}

/// Points as they enter the sum.
#[inline]
#[must_use]
pub fn entering(how: Combine, z: f64) -> f64 {
    match how {
        Combine::WeightedSum | Combine::Topsis => z,
        Combine::WeightedProduct => log_points(z),
        Combine::GreyRelational => relation(z),
    }
}

/// The sum over weights and points that [enter](entering) it, in their order: a number that orders customers as the score
/// does. What has no weight changes no bit of it.
#[inline]
pub fn summed(how: Combine, weighted: impl Iterator<Item = (f64, f64)>) -> f64 {
    if how != Combine::Topsis {
        return weighted.fold(0.0, |total, (w, z)| total + w * z);
    }
    let (mut to_best, mut to_worst) = (0.0, 0.0);
    for (w, z) in weighted {
        to_best += (w * (100.0 - z)) * (w * (100.0 - z));
        to_worst += (w * z) * (w * z);
    }
    closeness(to_best.sqrt(), to_worst.sqrt())
}

/// The score of a [sum](summed).
#[inline]
#[must_use]
pub fn finished(how: Combine, sum: f64) -> f64 {
    match how {
        Combine::WeightedSum | Combine::GreyRelational => sum,
        Combine::WeightedProduct => libm::exp(sum).min(100.0),
        Combine::Topsis => 100.0 * sum,
    }
}

/// ln max(z, 1).
#[must_use]
pub fn log_points(z: f64) -> f64 {
    libm::log(z.max(PRODUCT_FLOOR))
}

/// Grey relation to 100 points, stretched to 0 … 100: ξ = ρ/(1 − z/100 + ρ) lies between ρ/(1 + ρ) = ⅓ for 0 points and
/// 1 for 100, and g = 100 (ξ − ⅓)/⅔.
#[must_use]
pub fn relation(z: f64) -> f64 {
    let least = RHO / (1.0 + RHO);
    100.0 * (RHO / (1.0 - z / 100.0 + RHO) - least) / (1.0 - least)
}

/// Each indicator's part of `score`, 0 where it is left out: w z and w g(z) for the sums. The product is shared in
/// proportion to w ln max(z, 1), the logarithm's own summands, or to w where all of these are 0; TOPSIS in proportion to
/// (w z)², the summands of d⁻². These two are attributions: an indicator's part changes when another's points do.
#[must_use]
pub fn contributions(how: Combine, weights: &[f64], points: &[Option<f64>], score: f64) -> Vec<f64> {
    let weights: Vec<f64> = weights.iter().zip(points).map(|(w, z)| z.map_or(0.0, |_| *w)).collect();
    let entered: Vec<f64> = points.iter().map(|z| z.map_or(0.0, |z| entering(how, z))).collect();
    let mut parts = vec![0.0; points.len()];
    contribute(how, &weights, &entered, score, &mut parts);
    parts
}

/// The [`contributions`] of points that [enter](entering) the sum; what is left out has weight 0 and enters as 0.
#[inline]
pub fn contribute(how: Combine, weights: &[f64], entered: &[f64], score: f64, parts: &mut [f64]) {
    let each = || weights.iter().zip(entered);
    if how == Combine::Topsis {
        parts.iter_mut().zip(each()).for_each(|(part, (w, z))| *part = (w * z) * (w * z));
    } else {
        parts.iter_mut().zip(each()).for_each(|(part, (w, z))| *part = w * z);
    }
    if matches!(how, Combine::WeightedSum | Combine::GreyRelational) {
        return;
    }
    let total: f64 = parts.iter().sum();
    if total > 0.0 {
        parts.iter_mut().for_each(|part| *part = score * (*part / total));
    } else {
        parts.iter_mut().zip(weights).for_each(|(part, w)| *part = score * w);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_and_everything_are_the_ends_of_every_scale() {
        for how in Combine::ALL {
            let of = |z: f64| combined(how, &[0.3, 0.7], &[Some(z), Some(z)]);
            let least = if how == Combine::WeightedProduct { 1.0 } else { 0.0 };
            assert!((of(0.0) - least).abs() < 1e-9 && (of(100.0) - 100.0).abs() < 1e-9, "{how:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_and_more_points_are_never_less(
            z in prop::collection::vec(0.0f64..=100.0, 4),
            raw in prop::collection::vec(0.01f64..1.0, 4),
            place in 0usize..4,
            more in 0.0f64..50.0,
        ) {
            let total: f64 = raw.iter().sum();
            let weights: Vec<f64> = raw.iter().map(|w| w / total).collect();
            for how in Combine::ALL {
                let mut points: Vec<Option<f64>> = z.iter().copied().map(Some).collect();
                let score = combined(how, &weights, &points);
                let parts = contributions(how, &weights, &points, score);
                prop_assert!((parts.iter().sum::<f64>() - score).abs() < 1e-9);
                points[place] = Some((z[place] + more).min(100.0));
                prop_assert!(combined(how, &weights, &points) >= score - 1e-9, "{how:?}");
            }
        }
    }
}
