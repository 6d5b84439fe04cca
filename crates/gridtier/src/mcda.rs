//! Multi-criteria methods on a plain matrix: weights that follow from the data, and ways to combine criteria.
//!
//! Every function takes the matrix by columns, one for each criterion, and says what it does where the textbook divides
//! by zero: known libraries answer there with NaN for everybody, or with most of the weight for a rare event. A value
//! that is not finite is missing. Who is graded and what a criterion means is not known here.

pub mod objective;
pub mod ranking;

use rayon::prelude::*;

pub use objective::{Guard, Objective, Scheme};

/// Rows whose sum is taken in one piece.
pub const BLOCK: usize = 1 << 12;

/// Σ f(row) over rows `0..rows`, component by component: in blocks of a fixed size whose sums are added in their order,
/// so that the bits do not depend on the number of threads.
pub fn sum<const K: usize>(rows: usize, f: impl Fn(usize) -> [f64; K] + Sync) -> [f64; K] {
    let add = |mut total: [f64; K], more: [f64; K]| {
        add(&mut total, &more);
        total
    };
    let blocks: Vec<[f64; K]> = (0..rows.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| (block * BLOCK..((block + 1) * BLOCK).min(rows)).map(&f).fold([0.0; K], add))
        .collect();
    blocks.into_iter().fold([0.0; K], add)
}

/// Adds component by component.
pub fn add(total: &mut [f64], more: &[f64]) {
    total.iter_mut().zip(more).for_each(|(total, more)| *total += more);
}

/// The weights nearest in proportion to `shares` that keep their limits and sum to 1: wᵢ = clamp(λ sᵢ, floorᵢ, capᵢ)
/// with the one λ that makes them sum to 1. Limits so hold in the result and not before a last division. The floors
/// must sum to at most 1 and the caps to at least 1; shares are not negative, and where those that are free are all 0
/// the rest is spread in proportion to what is left below the caps.
#[must_use]
pub fn bounded(shares: &[f64], floors: &[f64], caps: &[f64]) -> Vec<f64> {
    /// Halvings of λ, enough for every bit of a double.
    const ROUNDS: usize = 200;
    let at = |lambda: f64| -> Vec<f64> {
        let limited = |((share, floor), cap): ((&f64, &f64), &f64)| (lambda * share).clamp(*floor, *cap);
        shares.iter().zip(floors).zip(caps).map(limited).collect()
    };
    let total = |weights: &[f64]| weights.iter().sum::<f64>();
    let mut high = 1.0;
    while total(&at(high)) < 1.0 && high < 1e300 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..ROUNDS {
        let middle = low + (high - low) / 2.0;
        if total(&at(middle)) < 1.0 { low = middle } else { high = middle }
    }
    let mut weights = at(high);
    // What rounding, or shares of 0, leave over.
    let rest = 1.0 - total(&weights);
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

#[cfg(test)]
mod tests;
