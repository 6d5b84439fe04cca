//! The values of the gates between a proposal and its approval: the proposal compared with the current cycle, and its own checks
//! (REGRADE section 5).
//!
//! A proposal that cannot be compared, since no cycle is current or the current one has a later as-of, has no values of the
//! comparison.

use gridtier::gate::GateValues;
use gridtier::robustness::StepProgress;
use gridtier::validate::{Verdict, validate};

use crate::cycle::{Manifest, cycle};
use crate::govern::GovernanceError;
use crate::store::{Store, StoredCycle};

/// Measures the gates of a proposal.
///
/// # Errors
/// A cycle cannot be read.
pub fn measure(
    store: &Store,
    proposal: &StoredCycle,
    progress: StepProgress,
) -> Result<GateValues, GovernanceError> {
    let manifest = Manifest::read(proposal)?;
    let rejects = manifest.breaches.iter().filter(|breach| breach.rejected.is_some()).count();
    let after = cycle(store, proposal)?;
    let checks = validate(&after, progress).checks;
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    Ok(GateValues {
        failed_checks: Some(gridtier::index::float(failed)),
        breaches: Some(gridtier::index::float(rejects)),
        ..GateValues::default()
    })
}
