//! Proposals of limits: the limit that nearly all cases kept. People decide on them (SERVICE §4).
//!
//! The source asks that promises follow the customers' feedback. A limit that is always kept by far says little. A
//! limit that is not kept calls for better work, never for a weaker promise. So a proposal consists of figures and
//! advice, and no policy is edited.

use crate::estimate::nano;
use crate::policy::{Limits, Measure, Promise};

gridtier::words! {
    /// What to do about a limit.
    LimitAdvice "advice" {
        /// It could be tighter.
        Tighten "tighten" "tighten" "收紧",
        /// It is suitable.
        Keep "keep" "keep" "保持",
        /// It is not kept, so the work must become better.
        Mend "mend" "mend" "整改",
    }
}

/// Minimum number of exposures for a proposal.
const FEWEST_EXPOSURES: i64 = 30;

/// By how much a value may exceed a multiple of the step because of rounding, in steps.
const ROUNDING: f64 = 1e-9;

/// A limit that could be promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// The limit, in the measure's unit.
    pub limit: f64,
    /// What to do about the limit that is promised.
    pub advice: LimitAdvice,
}

/// Whether limits are proposed for a measure.
#[must_use]
pub fn has_proposals(measure: Measure) -> bool {
    matches!(measure, Measure::Interruptions | Measure::Minutes | Measure::Restoration)
}

/// The place, from 1, of the value that [`Limits::keep_percent`] of `exposures` ascending values do not exceed. There
/// is at least one exposure.
#[must_use]
pub fn achieved_place(exposures: i64, limits: &Limits) -> i64 {
    let place = (i128::from(limits.keep_percent) * i128::from(exposures) + 99) / 100;
    i64::try_from(place).unwrap_or(exposures).clamp(1, exposures)
}

/// The smallest multiple of the promise's step that is at least what was achieved, but at most its floor; `None` with
/// fewer than 30 exposures, or if the promise has no step or no limit.
#[must_use]
pub fn proposal(promise: &Promise, achieved: f64, exposures: i64) -> Option<Proposal> {
    let (step, promised) = (promise.step?, promise.limit?);
    if exposures < FEWEST_EXPOSURES {
        return None;
    }
    // Adding 0 turns −0 into 0.
    let multiple = (achieved / step - ROUNDING).ceil() * step + 0.0;
    let limit = promise.floor.map_or(multiple, |floor| multiple.min(floor));
    let advice = match nano(limit).cmp(&nano(promised)) {
        std::cmp::Ordering::Less => LimitAdvice::Tighten,
        std::cmp::Ordering::Equal => LimitAdvice::Keep,
        std::cmp::Ordering::Greater => LimitAdvice::Mend,
    };
    Some(Proposal { limit, advice })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{LIMITS, promise};

    fn restoration(limit: f64, step: f64, floor: Option<f64>) -> Promise {
        Promise { limit: Some(limit), step: Some(step), floor, ..promise("restore", Measure::Restoration) }
    }

    fn proposed(promise: &Promise, achieved: f64) -> (f64, LimitAdvice) {
        let proposal = proposal(promise, achieved, 30).unwrap();
        (proposal.limit, proposal.advice)
    }

    #[test]
    fn a_proposal_is_the_next_multiple_of_the_step() {
        let promise = restoration(60.0, 15.0, None);
        assert_eq!(proposed(&promise, 38.0), (45.0, LimitAdvice::Tighten));
        assert_eq!(proposed(&promise, 45.0), (45.0, LimitAdvice::Tighten));
        assert_eq!(proposed(&promise, 45.1), (60.0, LimitAdvice::Keep));
        assert_eq!(proposed(&promise, 60.1), (75.0, LimitAdvice::Mend));
        assert_eq!(proposed(&promise, 0.0), (0.0, LimitAdvice::Tighten));
    }

    #[test]
    fn a_proposal_is_never_weaker_than_the_floor() {
        let promise = restoration(240.0, 15.0, Some(330.0));
        assert_eq!(proposed(&promise, 1_000.0), (330.0, LimitAdvice::Mend));
        let at_floor = restoration(330.0, 15.0, Some(330.0));
        assert_eq!(proposed(&at_floor, 1_000.0), (330.0, LimitAdvice::Keep));
    }

    #[test]
    fn rounding_adds_no_step_and_keeps_equal_limits_equal() {
        // Three steps of 0.1 are a float above 0.3.
        let promise = restoration(0.3, 0.1, None);
        assert_eq!(proposed(&promise, 3.0 * 0.1).1, LimitAdvice::Keep);
        assert_eq!(proposed(&promise, 0.3).1, LimitAdvice::Keep);
    }

    #[test]
    fn nothing_is_proposed_from_29_exposures_or_without_a_step() {
        assert_eq!(proposal(&restoration(240.0, 15.0, None), 38.0, 29), None);
        let without = Promise { step: None, ..restoration(240.0, 15.0, None) };
        assert_eq!(proposal(&without, 38.0, 100), None);
    }

    #[test]
    fn the_place_of_what_was_achieved_is_rounded_up() {
        let places = [1, 19, 20, 21, 40, 100].map(|exposures| achieved_place(exposures, &LIMITS));
        assert_eq!(places, [1, 19, 19, 20, 38, 95]);
    }
}
