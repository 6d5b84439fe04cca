//! How points become one score between 0 and 100, and how much each indicator contributes to that score.
//!
//! The contributions always add up to the score. Weighted sum and grey relation are sums. For product and TOPSIS, an
//! attribution is stated below. All distances are to fixed points, 100 and 0 for every indicator, and not to the best
//! and worst customer, so that one customer's score never depends on another's.

use crate::method::Combine;

/// The minimum of the points in the product. Without this floor, a single 0 would make the product 0.
const PRODUCT_FLOOR: f64 = 1.0;
/// Distinguishing coefficient ρ of grey relation (Deng 1982).
const RHO: f64 = 0.5;

/// The score of points by weights that sum to 1; an indicator whose points are `None` is left out.
///
/// - weighted sum: Σ w z;
/// - weighted product: Π max(z, 1)^w = exp Σ w ln max(z, 1), from 1 to 100;
/// - TOPSIS: 100 d⁻/(d⁺ + d⁻), d⁺ = √Σ (w (100 − z))², d⁻ = √Σ (w z)² (C.-L. Hwang, K. Yoon, *Multiple Attribute Decision
///   Making*, 1981, with 100 and 0 points as ideal and anti-ideal);
/// - grey relation: Σ w g(z), see [`relation`].
#[must_use]
pub fn combined(method: Combine, weights: &[f64], points: &[Option<f64>]) -> f64 {
    let known = weights.iter().zip(points).filter_map(|(w, z)| Some((*w, entering(method, (*z)?))));
    finished(method, summed(method, known))
}

/// Points in the form in which they enter the sum.
#[inline]
#[must_use]
pub fn entering(method: Combine, z: f64) -> f64 {
    match method {
        Combine::WeightedSum | Combine::Topsis => z,
        Combine::WeightedProduct => log_points(z),
        Combine::GreyRelational => relation(z),
    }
}

/// The sum over weights and points that [enter](entering) it, in their order. This number orders customers as the score
/// does. A term with weight 0 changes no bit of it.
#[inline]
pub fn summed(method: Combine, weighted: impl Iterator<Item = (f64, f64)>) -> f64 {
    if method != Combine::Topsis {
        return weighted.fold(0.0, |total, (w, z)| total + w * z);
    }
    let (mut to_best, mut to_worst) = (0.0, 0.0);
    for (w, z) in weighted {
        to_best += (w * (100.0 - z)) * (w * (100.0 - z));
        to_worst += (w * z) * (w * z);
    }
    closeness(to_best.sqrt(), to_worst.sqrt())
}

/// TOPSIS closeness d⁻/(d⁺ + d⁻); ½ if both distances are 0.
fn closeness(to_best: f64, to_worst: f64) -> f64 {
    if to_best + to_worst > 0.0 { to_worst / (to_best + to_worst) } else { 0.5 }
}

/// The score that follows from a [sum](summed).
#[inline]
#[must_use]
pub fn finished(method: Combine, sum: f64) -> f64 {
    match method {
        Combine::WeightedSum | Combine::GreyRelational => sum,
        Combine::WeightedProduct => libm::exp(sum).min(100.0),
        Combine::Topsis => 100.0 * sum,
    }
}

/// The [sum](summed) from which a score follows.
#[must_use]
pub fn ordering(method: Combine, score: f64) -> f64 {
    match method {
        Combine::WeightedSum | Combine::GreyRelational => score,
        Combine::WeightedProduct => log_points(score),
        Combine::Topsis => score / 100.0,
    }
}

/// ln max(z, 1).
fn log_points(z: f64) -> f64 {
    libm::log(z.max(PRODUCT_FLOOR))
}

/// Grey relation to 100 points, stretched to 0 … 100: ξ = ρ/(1 − z/100 + ρ) lies between ρ/(1 + ρ) = ⅓ for 0 points and
/// 1 for 100, and g = 100 (ξ − ⅓)/⅔ (J. Deng, *Systems & Control Letters* 1(5) 288–294, 1982).
#[must_use]
pub fn relation(z: f64) -> f64 {
    let least = RHO / (1.0 + RHO);
    100.0 * (RHO / (1.0 - z / 100.0 + RHO) - least) / (1.0 - least)
}

/// Each indicator's contribution to `score`; 0 if it is left out.
///
/// For the sums, the contributions are w z and w g(z). The product is shared in proportion to w ln max(z, 1), the
/// summands of its logarithm, or to w if all of these are 0. TOPSIS is shared in proportion to (w z)², the summands of
/// d⁻². These two are attributions: an indicator's contribution changes when the points of another indicator do.
#[must_use]
pub fn contributions(method: Combine, weights: &[f64], points: &[Option<f64>], score: f64) -> Vec<f64> {
    let weights: Vec<f64> = weights.iter().zip(points).map(|(w, z)| z.map_or(0.0, |_| *w)).collect();
    let entered: Vec<f64> = points.iter().map(|z| z.map_or(0.0, |z| entering(method, z))).collect();
    let mut parts = vec![0.0; points.len()];
    contribute(method, &weights, &entered, score, &mut parts);
    parts
}

/// The [`contributions`] of points that [enter](entering) the sum; an indicator that is left out has weight 0 and
/// enters as 0.
#[inline]
pub fn contribute(method: Combine, weights: &[f64], entered: &[f64], score: f64, parts: &mut [f64]) {
    for (part, (w, z)) in parts.iter_mut().zip(weights.iter().zip(entered)) {
        *part = w * z;
    }
    match method {
        Combine::WeightedSum | Combine::GreyRelational => return,
        Combine::WeightedProduct => {}
        Combine::Topsis => parts.iter_mut().for_each(|part| *part *= *part),
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
    use crate::word::Word;

    #[test]
    fn no_points_and_full_points_are_the_ends_of_every_scale() {
        for &method in Combine::ALL {
            let [least, most] = [0.0, 100.0].map(|z| combined(method, &[0.3, 0.7], &[Some(z), Some(z)]));
            let expected = if method == Combine::WeightedProduct { 1.0 } else { 0.0 };
            assert!((least - expected).abs() < 1e-9 && (most - 100.0).abs() < 1e-9, "{method:?}");
        }
    }

    #[test]
    fn one_zero_does_not_make_a_product_zero() {
        let with_zero = combined(Combine::WeightedProduct, &[0.5, 0.5], &[Some(0.0), Some(100.0)]);
        assert!((with_zero - 10.0).abs() < 1e-12);
        assert!((combined(Combine::WeightedProduct, &[0.5, 0.5], &[Some(100.0); 2]) - 100.0).abs() < 1e-12);
    }

    #[test]
    fn closeness_is_half_if_both_distances_are_zero() {
        assert_eq!(combined(Combine::Topsis, &[0.0, 0.0], &[Some(30.0), Some(70.0)]), 50.0);
        assert_eq!(combined(Combine::Topsis, &[0.5, 0.5], &[Some(50.0); 2]), 50.0);
    }

    proptest! {
        #[test]
        fn contributions_add_up_and_more_points_are_never_less(
            z in prop::collection::vec(0.0f64..=100.0, 4),
            raw in prop::collection::vec(0.01f64..1.0, 4),
            changed in 0usize..4,
            more in 0.0f64..50.0,
        ) {
            let total: f64 = raw.iter().sum();
            let weights: Vec<f64> = raw.iter().map(|w| w / total).collect();
            for &method in Combine::ALL {
                let mut points: Vec<Option<f64>> = z.iter().copied().map(Some).collect();
                let score = combined(method, &weights, &points);
                let parts = contributions(method, &weights, &points, score);
                prop_assert!((parts.iter().sum::<f64>() - score).abs() < 1e-9);
                points[changed] = Some((z[changed] + more).min(100.0));
                prop_assert!(combined(method, &weights, &points) >= score - 1e-9, "{method:?}");
            }
        }
    }
}
