//! The values of those gates that a comparison measures (REGRADE section 5).

use super::drift::Drift;
use super::pair::{EndState, Pair};
use super::transition::stability;
use crate::gate::GateValues;
use crate::index::{count, float};
use crate::indicator::DIMENSIONS;
use crate::method::Tier;

/// The gate values that a comparison and the drift of the same pair give. A share whose denominator is 0 has no value.
#[must_use]
pub fn comparison_gates(pair: &Pair<'_>, drifts: &[Drift]) -> GateValues {
    let everybody = stability(pair).into_iter().find(|group| group.stratum.is_none());
    let before = pair.customers.iter().filter(|customer| customer.before.tier().is_some());
    let graded_before: Vec<_> = before.collect();
    let special_again = graded_before
        .iter()
        .filter(|customer| customer.before == EndState::Special && customer.after.tier().is_some());
    let special_again: Vec<_> = special_again.collect();
    let lost = special_again.iter().filter(|customer| customer.after.tier() != Some(Tier::Special)).count();
    let absent = graded_before.iter().filter(|customer| customer.after == EndState::Absent).count();
    let of_all = |name: &str| {
        let of_it = drifts.iter().find(|drift| drift.stratum.is_none() && drift.measure == name);
        of_it.map(|drift| drift.index.value)
    };
    GateValues {
        changed: everybody.and_then(|group| group.changed_share()),
        special_lost: share(lost, special_again.len()),
        absent: share(absent, graded_before.len()),
        psi_score: of_all("score_frozen").or_else(|| of_all("score")),
        csi_max: drifts
            .iter()
            .filter(|drift| is_indicator(drift))
            .map(|drift| drift.index.value)
            .reduce(f64::max),
        failed_checks: None,
        breaches: None,
    }
}

/// Whether a drift is that of an indicator over all customers.
fn is_indicator(drift: &Drift) -> bool {
    let is_score = ["score", "score_frozen"].contains(&drift.measure.as_str());
    drift.stratum.is_none() && !is_score && !DIMENSIONS.contains(&drift.measure.as_str())
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (count(whole) > 0).then(|| float(part) / float(whole))
}
