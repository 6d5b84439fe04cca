//! What a customer can change by behaviour, and which change of one indicator alone would lift the tier.
//!
//! Every value that is asked for is rounded away from the present value, so that it suffices.

use super::history::History;
use super::outlook;
use super::{Item, LeverAdvice, Next, with_points};
use crate::index::float_i64;
use crate::indicator::registry;
use crate::method::{Combine, Method};
use crate::score::{Parameters, Scored};
use crate::unit::round_half_away;

/// Number of bisection steps, which is enough for the precision of a double.
const HALVINGS: usize = 80;

/// How a customer was scored.
pub(super) struct RowScores<'a> {
    pub method: &'a Method,
    pub parameters: &'a Parameters,
    pub scored: &'a Scored,
    pub items: &'a [Item],
}

/// The indicators that the customer can influence, greatest possible gain first.
pub(super) fn levers(scores: &RowScores, next: Option<&Next>, history: &History) -> Vec<LeverAdvice> {
    let mut levers: Vec<LeverAdvice> = scores
        .items
        .iter()
        .filter(|item| {
            registry::find(&item.indicator).is_some_and(|entry| entry.lever == registry::Lever::Behaviour)
        })
        .filter(|item| item.missing > 0.0)
        .filter_map(|item| lever(scores, item, next, history))
        .collect();
    levers.sort_by(|a, b| b.gain_max.total_cmp(&a.gain_max));
    levers
}

/// What one indicator could add, and the value from which on it alone would suffice.
fn lever(scores: &RowScores, item: &Item, next: Option<&Next>, history: &History) -> Option<LeverAdvice> {
    let place = scores.method.indicators.iter().position(|spec| spec.id == item.indicator)?;
    let (value, fitted) = (item.value?, scores.parameters.fitted[place].as_ref()?);
    // The published score is rounded, so the true score may be half a unit lower.
    let needed = next.map(|next| points_needed(scores.method, scores.scored, place, next.gap + SCORE_UNIT));
    let needed = needed.filter(|&z| z <= 100.0);
    let exact =
        needed.and_then(|z| fitted.nearest_value(value, z)).filter(|&exact| exists(exact, &item.unit));
    let suffices = |value: f64| needed.is_some_and(|z| fitted.points(value) >= z - POINT_TOLERANCE);
    let months = history.power_factor_months();
    let months = (item.indicator == outlook::POWER_FACTOR && months > 0).then_some(months);
    let (value_needed, months_needed) = match (exact, months) {
        (Some(exact), Some(months)) => {
            let share = safe_value(exact, 1.0 / float_i64(months), value, suffices);
            let counted = round_half_away(share * float_i64(months));
            (Some(share.min(1.0)), Some([counted.min(months), months]))
        }
        (Some(exact), None) => {
            (Some(sufficient_value(exact, (&item.indicator, &item.unit), value, suffices)), None)
        }
        (None, _) => (None, None),
    };
    let reached_with = needed.filter(|_| exact.is_some()).and_then(|z| {
        outlook::reached_with(history, &item.indicator, value, |later| fitted.points(later) >= z)
    });
    Some(LeverAdvice {
        indicator: item.indicator.clone(),
        title: item.title.clone(),
        title_zh: item.title_zh.clone(),
        unit: item.unit.clone(),
        value,
        gain_max: item.missing,
        value_needed,
        months_needed,
        reached_with,
    })
}

/// One unit of the published score.
const SCORE_UNIT: f64 = 1e-6;

/// Points that differ by no more than this are equal.
pub(crate) const POINT_TOLERANCE: f64 = 1e-9;

/// Whether a lever can have a value: none is negative, and a share is at most 1.
pub(crate) fn exists(value: f64, unit: &str) -> bool {
    value >= 0.0 && (unit != "share" || value <= 1.0)
}

/// A needed value as it is shown, rounded away from the present value so that it suffices: shares in tenths of a percent,
/// suggestions in whole points.
pub(crate) fn sufficient_value(
    needed: f64,
    (indicator, unit): (&str, &str),
    now: f64,
    suffices: impl Fn(f64) -> bool,
) -> f64 {
    let step = match (indicator, unit) {
        (registry::SUGGESTIONS, _) => 1.0,
        (_, "share") => 0.001,
        _ => 0.01,
    };
    safe_value(needed, step, now, suffices)
}

/// The `exact` value in whole steps, rounded away from the present value, because rounding to the nearest step might
/// not suffice. Never below 0.
fn safe_value(exact: f64, step: f64, now: f64, suffices: impl Fn(f64) -> bool) -> f64 {
    // A value that differs from a whole number of steps only in the last bits of the bisection is that number, unless
    // points rise just beyond it, as percentiles do.
    let steps = exact / step;
    let near = steps.round();
    let is_near = (steps - near).abs() < 1e-9;
    match exact >= now {
        _ if is_near && suffices(near * step) => near * step,
        true if is_near => (near + 1.0) * step,
        false if is_near => ((near - 1.0) * step).max(0.0),
        true => steps.ceil() * step,
        false => (steps.floor() * step).max(0.0),
    }
}

/// The fewest points of one indicator that raise the score by `gap`; above 100 if no points do.
fn points_needed(method: &Method, scored: &Scored, place: usize, gap: f64) -> f64 {
    let now = scored.points[place].unwrap_or(100.0);
    if method.combine == Combine::WeightedSum {
        return now + gap / scored.weights[place];
    }
    if with_points(method, scored, &[place], 100.0) < gap {
        return f64::INFINITY;
    }
    let (mut too_low, mut enough) = (now, 100.0);
    for _ in 0..HALVINGS {
        let middle = too_low + (enough - too_low) / 2.0;
        if with_points(method, scored, &[place], middle) >= gap {
            enough = middle;
        } else {
            too_low = middle;
        }
    }
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_needed_is_rounded_away_from_the_present_one() {
        let is = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        let safe = |exact, step, now| safe_value(exact, step, now, |_| true);
        assert!(is(safe(0.5121, 0.001, 0.4), 0.513));
        assert!(is(safe(0.966, 0.01, 4.6), 0.96), "days must fall below");
        assert!(is(safe(0.8, 1.0 / 24.0, 0.5), 20.0 / 24.0), "20 of 24 months");
        assert_eq!(safe(1.2, 1.0, 0.0), 2.0);
        assert!(is(safe(0.75 + 1e-13, 0.001, 0.4), 0.75), "the last bit does not cost another step");
        assert_eq!(safe(0.3, 1.0, 2.0), 0.0);
        // Percentiles rise just beyond a value that somebody has.
        assert!(is(safe_value(0.3f64.next_up(), 0.001, 0.3, |value| value > 0.3), 0.301));
        assert!(is(safe_value(4.5f64.next_down(), 0.01, 4.5, |value| value < 4.5), 4.49));
    }
}
