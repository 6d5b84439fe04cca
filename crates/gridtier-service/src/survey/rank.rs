//! Ranks of values, in which values that agree in steps of 10⁻⁹ are tied.

use gridtier::index::float;

/// A value in steps of 10⁻⁹, half away from zero, as a whole float: outcomes may be larger than what 64 bits of steps
/// can hold.
pub fn step(value: f64) -> f64 {
    // −0 becomes 0.
    (value * 1e9).round() + 0.0
}

/// Whether all values are equal.
pub fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| step(pair[0]) == step(pair[1]))
}

/// The ranks of values from 1 on; tied values share the mean of their ranks.
pub struct MidRanks {
    /// In the order of the values.
    pub ranks: Vec<f64>,
    /// Σ (t³ − t) over the sets of t tied values.
    pub ties: f64,
}

impl MidRanks {
    /// Ranks the values.
    pub fn of(values: &[f64]) -> Self {
        let steps: Vec<f64> = values.iter().map(|value| step(*value)).collect();
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| steps[a].total_cmp(&steps[b]));
        let (mut ranks, mut ties, mut before) = (vec![0.0; values.len()], 0.0, 0);
        for tied in order.chunk_by(|&a, &b| steps[a] == steps[b]) {
            let count = float(tied.len());
            let rank = float(before) + (count + 1.0) / 2.0;
            tied.iter().for_each(|&at| ranks[at] = rank);
            ties += count * count * count - count;
            before += tied.len();
        }
        Self { ranks, ties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_values_share_the_mean_of_their_ranks() {
        let ranked = MidRanks::of(&[3.0, 1.0, 0.1 + 0.2, 0.3, 3.0, 3.0]);
        assert_eq!(ranked.ranks, [5.0, 3.0, 1.5, 1.5, 5.0, 5.0]);
        assert_eq!(ranked.ties, 6.0 + 24.0);
    }

    #[test]
    fn no_values_have_no_ranks_and_one_has_rank_1() {
        assert!(MidRanks::of(&[]).ranks.is_empty());
        assert_eq!(MidRanks::of(&[-0.0]).ranks, [1.0]);
    }

    #[test]
    fn values_that_differ_by_less_than_half_a_step_are_constant() {
        assert!(is_constant(&[1.0, 1.0 + 1e-12]) && is_constant(&[]) && is_constant(&[2.0]));
        assert!(!is_constant(&[1.0, 1.0 + 1e-8]) && is_constant(&[0.0, -0.0]));
    }
}
