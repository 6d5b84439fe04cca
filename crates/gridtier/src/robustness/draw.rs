//! One draw of weights: a Dirichlet distribution around the weights of each set of siblings.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::method::Weight;

/// Weights drawn around those of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightDraw {
    /// Number of the draw.
    pub number: u64,
    /// The weights of each indicator.
    pub weights: Vec<Option<Weight>>,
}

impl WeightDraw {
    /// The draw with that number, which depends only on the arguments. Siblings with weights w get w' from a Dirichlet
    /// distribution with parameters `concentration` × w, as independent gamma variates divided by their sum, so that
    /// the mean of w' is w and its variance w (1 − w)/(concentration + 1). A weight of 0 stays 0.
    #[must_use]
    pub fn new(seed: u64, number: u64, weights: &[Option<Weight>], concentration: f64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        let mut dimensions = BTreeMap::new();
        let mut groups = BTreeMap::new();
        let mut indicators = BTreeMap::new();
        for (place, weight) in weights.iter().enumerate() {
            let Some(weight) = weight else { continue };
            dimensions.insert((0, weight.dimension), weight.of_dimension);
            groups.insert((weight.dimension, weight.group), weight.of_group);
            indicators.insert((weight.group, place), weight.of_indicator);
        }
        for level in [&mut dimensions, &mut groups, &mut indicators] {
            vary(level, concentration, &mut rng);
        }
        let weights = weights
            .iter()
            .enumerate()
            .map(|(place, weight)| {
                weight.map(|weight| Weight {
                    of_dimension: dimensions[&(0, weight.dimension)],
                    of_group: groups[&(weight.dimension, weight.group)],
                    of_indicator: indicators[&(weight.group, place)],
                    ..weight
                })
            })
            .collect();
        Self { number, weights }
    }
}

/// Draws the weights of all siblings of a level, keyed by parent and own number.
fn vary(level: &mut BTreeMap<(usize, usize), f64>, concentration: f64, rng: &mut ChaCha8Rng) {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for ((parent, _), weight) in level.iter_mut() {
        *weight = if *weight > 0.0 { gamma(concentration * *weight, rng) } else { 0.0 };
        *sums.entry(*parent).or_default() += *weight;
    }
    for ((parent, _), weight) in level.iter_mut() {
        if sums[parent] > 0.0 {
            *weight /= sums[parent];
        }
    }
}

/// A uniform number in (0, 1), with 53 bits and never 0 or 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// A standard normal number (G. E. P. Box, M. E. Muller 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * libm::log(uniform(rng))).sqrt();
    radius * libm::cos(2.0 * std::f64::consts::PI * uniform(rng))
}

/// A gamma variate with shape `shape` and scale 1 (G. Marsaglia, W. W. Tsang, *ACM Trans. Mathematical Software* 26(3)
/// 363–372, 2000); for shapes below 1, by a power of a uniform number.
fn gamma(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let power = libm::log(uniform(rng)) / shape;
        return gamma(shape + 1.0, rng) * libm::exp(power);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        if libm::log(uniform(rng)) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    fn weights() -> Vec<Option<Weight>> {
        let method = Method::preset("paper").unwrap().unwrap();
        method.indicators.iter().map(|spec| spec.weight).collect()
    }

    #[test]
    fn drawn_weights_are_around_those_of_the_method() {
        const DRAWS: u64 = 4_000;
        let weights = weights();
        let (mut sum, mut squares) = (0.0, 0.0);
        for number in 0..DRAWS {
            let draw = WeightDraw::new(7, number, &weights, 100.0);
            let total: f64 = draw.weights.iter().flatten().map(Weight::nominal).sum();
            assert!((total - 1.0).abs() < 1e-12);
            let w = draw.weights[0].unwrap().of_dimension;
            sum += w;
            squares += w * w;
        }
        let (mean, w) = (sum / DRAWS as f64, weights[0].unwrap().of_dimension);
        let variance = squares / DRAWS as f64 - mean * mean;
        assert!((mean - w).abs() < 0.003, "{mean}");
        assert!((variance / (w * (1.0 - w) / 101.0) - 1.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn a_draw_depends_on_seed_and_number_alone() {
        let weights = weights();
        assert_eq!(WeightDraw::new(1, 5, &weights, 100.0), WeightDraw::new(1, 5, &weights, 100.0));
        assert_ne!(
            WeightDraw::new(1, 5, &weights, 100.0).weights,
            WeightDraw::new(2, 5, &weights, 100.0).weights
        );
        assert_ne!(
            WeightDraw::new(1, 5, &weights, 100.0).weights,
            WeightDraw::new(1, 6, &weights, 100.0).weights
        );
    }
}
