//! Measures the gates that a proposal must pass before its approval: it compares the proposal with the current cycle and runs
//! the proposal's own checks (REGRADE section 5).
//!
//! A proposal cannot be compared if no cycle is current, or if the current one has a later as-of. The gates of the
//! comparison then have no values.

use gridtier::compare::{Attribution, Pair, comparison_gates, drift};
use gridtier::cycle::Cycle;
use gridtier::gate::GateValues;
use gridtier::index::float;
use gridtier::robustness::StepProgress;
use gridtier::validate::{Verdict, validate};

use crate::cycle::{Manifest, cycle, cycle_alone, express};
use crate::govern::GovernanceError;
use crate::store::{Store, StoredCycle};

/// Measures the gates of a proposal.
///
/// # Errors
/// A cycle cannot be read, or the published files of the current one contradict each other.
pub fn measure(
    store: &Store,
    proposal: &StoredCycle,
    progress: StepProgress,
) -> Result<GateValues, GovernanceError> {
    let manifest = Manifest::read(proposal)?;
    let rejects = manifest.breaches.iter().filter(|breach| breach.rejected.is_some()).count();
    let mut after = cycle(store, proposal)?;
    let compared = match store.current()? {
        Some(current) => {
            let before = cycle_alone(&store.cycle(Some(current))?)?;
            express(proposal, &mut after, &before.method)?;
            compare(&before, &after)?
        }
        None => GateValues::default(),
    };
    let checks = validate(&after, progress).checks;
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    Ok(GateValues { failed_checks: Some(float(failed)), breaches: Some(float(rejects)), ..compared })
}

/// The gates of the comparison. They have no values if the cycles cannot be compared.
fn compare(before: &Cycle, after: &Cycle) -> Result<GateValues, GovernanceError> {
    let Ok(pair) = Pair::new(before, after) else { return Ok(GateValues::default()) };
    let attribution = Attribution::new(&pair, None);
    let attribution = attribution.map_err(|damaged| GovernanceError::Damaged(vec![damaged.0]))?;
    Ok(comparison_gates(&pair, &drift(&pair, attribution.frozen_e6.as_deref())))
}
