//! Compares two published cycles: who moved, and why (REGRADE sections 1 to 3).
//!
//! The earlier cycle is *before*, the later one *after*. Only what both have published is used, so that the same numbers
//! come out years later. Scores of one cycle's values by the other one's parameters come from the arithmetic that grades
//! (`score`). Who decided on a cycle, and when, is not known here.

mod pair;
mod transition;
mod drift;
mod backtest;

pub use backtest::{Backtest, BacktestMean, BacktestOutcome, Backtests, backtest};
pub use drift::{Drift, DriftVerdict, drift};
pub use pair::{EndState, NotComparable, Pair, PairedCustomer};
pub use transition::{
    EVERYBODY, TierStability, TransitionKey, TransitionRate, TransitionSums, stability, transitions,
};

#[cfg(test)]
mod tests;
