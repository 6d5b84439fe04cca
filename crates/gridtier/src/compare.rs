//! Compares two published cycles: who moved, and why (REGRADE sections 1 to 3).
//!
//! The earlier cycle is *before*, the later one *after*. A comparison uses only what both have published, so
//! that the same numbers come out years later. Where it scores values of one cycle by the parameters of the
//! other, it uses the arithmetic of grading (`score`). This module does not know who decided on a cycle, or
//! when.

mod movement;
mod pair;
mod values;
mod groups;
mod lines;
mod step;
mod grading;
mod corrected;
mod moved;
mod own;
mod attribution;
mod standing;
mod transition;
mod waterfall;
mod drift;
mod backtest;
mod comparison;
mod restated;
mod explained;

pub use attribution::Attribution;
pub use backtest::{Backtest, BacktestMean, BacktestOutcome, Backtests, backtest};
pub use comparison::Comparison;
pub use drift::{DRIFT_LIMITS, Drift, DriftVerdict, drift};
pub use explained::{
    ExplainedIndicator, ExplainedMove, ExplainedStep, MoveExplanation, OtherMoves, explain_move,
};
pub(crate) use groups::GroupStrata;
#[cfg(test)]
pub(crate) use lines::{RankedAt, TierLines};
pub use moved::CustomerMove;
pub use movement::Movement;
pub use own::OwnContributions;
pub use pair::{Alignment, Damaged, EndState, NotComparable, Pair, PairedCustomer};
pub use restated::{COUNTS, RestatedMonths, UsageBatch, UsageMerge};
pub use standing::Standings;
pub use step::{PolicyReason, SplitStatus, Step};
pub use transition::{
    ENDS, EVERYBODY, TierStability, TransitionKey, TransitionRate, TransitionSums, stability, transitions,
};
pub use values::expressions_to_evaluate;
pub use waterfall::{WaterfallStep, waterfall};

#[cfg(test)]
pub(crate) mod generated;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
