//! Measures the gates that a proposal must pass before its approval: it compares the proposal with the current cycle and runs
//! the proposal's own checks (REGRADE section 5).
//!
//! A proposal cannot be compared if no cycle is current, or if the current one has a later as-of. The gates of the
//! comparison then have no values.

use gridtier::compare::{Comparison, Damaged, Pair};
use gridtier::cycle::Cycle;
use gridtier::gate::GateValues;
use gridtier::index::float;
use gridtier::robustness::StepProgress;
use gridtier::validate::{Verdict, validate};

use crate::compare::{CompareError, latest_revision};
use crate::cycle::{CycleError, Manifest, cycle, cycle_alone, express};
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
    let mut after = cycle(store, proposal)?;
    let compared = match store.current()? {
        Some(current) => compared(store, &store.cycle(Some(current))?, (proposal, &mut after))?,
        None => GateValues::default(),
    };
    Ok(with_own_checks(proposal, &after, compared, progress)?)
}

/// Adds to the gates of a comparison those that a cycle is measured by alone: its failed checks, and its tables beyond
/// their limits.
///
/// # Errors
/// The manifest cannot be read.
pub(crate) fn with_own_checks(
    stored: &StoredCycle,
    cycle: &Cycle,
    compared: GateValues,
    progress: StepProgress,
) -> Result<GateValues, CycleError> {
    let manifest = Manifest::read(stored)?;
    let rejects = manifest.breaches.iter().filter(|breach| breach.rejected.is_some()).count();
    let checks = validate(cycle, progress).checks;
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    Ok(GateValues { failed_checks: Some(float(failed)), breaches: Some(float(rejects)), ..compared })
}

/// The gates of the comparison with the current cycle. They have no values if the cycles cannot be compared.
fn compared(
    store: &Store,
    current: &StoredCycle,
    (proposal, after): (&StoredCycle, &mut Cycle),
) -> Result<GateValues, GovernanceError> {
    let before = cycle_alone(current)?;
    express(proposal, after, &before.method)?;
    let Ok(pair) = Pair::new(&before, after) else { return Ok(GateValues::default()) };
    let revision = match latest_revision(store, current) {
        Ok(None) => None,
        Ok(Some(stored)) => {
            let mut revision = cycle_alone(&stored)?;
            express(&stored, &mut revision, &before.method)?;
            Some(revision)
        }
        Err(CompareError::Cycle(error)) => return Err(error.into()),
        Err(error) => return Err(GovernanceError::Damaged(vec![error.text()])),
    };
    let comparison = Comparison::new(&pair, revision.as_ref());
    let comparison = comparison.map_err(|Damaged(what)| GovernanceError::Damaged(vec![what]))?;
    Ok(comparison.gate_values())
}
