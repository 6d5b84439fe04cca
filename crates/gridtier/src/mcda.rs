//! Weights that follow from the data, and weights within limits, on a plain matrix.
//!
//! Every function takes the matrix by columns, one for each criterion. Where the textbook formula divides by zero, it
//! defines a result: common libraries return NaN for everybody there, or give a rare event most of the weight. A value
//! that is not finite is missing. This module does not know who is graded or what a criterion means; how points are
//! combined into a score is in [`score::combine`](crate::score::combine).

pub mod objective;

use rayon::prelude::*;

pub use objective::{Guard, ObjectiveWeights, Scheme};

/// Number of rows that are summed as one block.
pub const BLOCK: usize = 1 << 12;

/// Σ f(row) over rows `0..rows`, component by component. Blocks have a fixed size and their sums are added in order, so
/// that the bits do not depend on the number of threads.
pub fn sum<const K: usize>(rows: usize, f: impl Fn(usize) -> [f64; K] + Sync) -> [f64; K] {
    let blocks: Vec<[f64; K]> = (0..rows.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| (block * BLOCK..((block + 1) * BLOCK).min(rows)).map(&f).fold([0.0; K], added))
        .collect();
    blocks.into_iter().fold([0.0; K], added)
}

/// The sum of two vectors.
fn added<const K: usize>(mut total: [f64; K], more: [f64; K]) -> [f64; K] {
    total.iter_mut().zip(more).for_each(|(total, more)| *total += more);
    total
}

/// The weights nearest in proportion to `shares` that respect their limits and sum to 1: wᵢ = clamp(λ sᵢ, floorᵢ, capᵢ)
/// with the one λ for which they sum to 1. The limits hold for the result itself, since nothing is rescaled afterwards.
///
/// The floors must sum to at most 1, the caps to at least 1, and shares must not be negative. Where all shares that are
/// not at a limit are 0, the remainder is spread in proportion to the room below the caps.
#[must_use]
pub fn bounded(shares: &[f64], floors: &[f64], caps: &[f64]) -> Vec<f64> {
    /// Number of bisection steps for λ, which is enough for every bit of a double.
    const STEPS: usize = 200;
    let mut high = 1.0;
    while clamped(shares, floors, caps, high).iter().sum::<f64>() < 1.0 && high < 1e300 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..STEPS {
        let middle = low + (high - low) / 2.0;
        if clamped(shares, floors, caps, middle).iter().sum::<f64>() < 1.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let mut weights = clamped(shares, floors, caps, high);
    // The remainder that rounding, or shares of 0, leave.
    let rest = 1.0 - weights.iter().sum::<f64>();
    let room: Vec<f64> = weights
        .iter()
        .zip(floors)
        .zip(caps)
        .map(|((weight, floor), cap)| if rest > 0.0 { cap - weight } else { weight - floor })
        .collect();
    let all: f64 = room.iter().sum();
    if all > 0.0 {
        weights.iter_mut().zip(room).for_each(|(weight, room)| *weight += rest * (room / all));
    }
    weights
}

/// The shares times `lambda`, each within its limits.
fn clamped(shares: &[f64], floors: &[f64], caps: &[f64], lambda: f64) -> Vec<f64> {
    shares
        .iter()
        .zip(floors)
        .zip(caps)
        .map(|((share, floor), cap)| (lambda * share).clamp(*floor, *cap))
        .collect()
}

#[cfg(test)]
mod tests;
