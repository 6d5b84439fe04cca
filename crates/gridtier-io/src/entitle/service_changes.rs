//! What a regrade changes in services: costs before and after, and whom to tell what.

use gridtier::compare::{Comparison, Pair};
use gridtier::entitlement::selection::Selection;
use gridtier::rehearsal::{CostChange, Telling, cost_changes};

use super::{CycleEntitlements, service_moves};
use crate::cycle::CycleError;

/// What changes in services between two compared cycles.
#[derive(Debug)]
pub struct ServiceChanges {
    /// Costs of each service and tier.
    pub costs: Vec<CostChange>,
    /// Whom to tell what, in the order of ids.
    pub tellings: Vec<Telling>,
}

impl ServiceChanges {
    /// The changes between the cycles of a comparison. To each cycle its own catalogue is applied.
    ///
    /// # Errors
    /// A file of a cycle cannot be read.
    pub fn of(
        pair: &Pair<'_>,
        comparison: &Comparison,
        before: CycleEntitlements<'_>,
        after: CycleEntitlements<'_>,
    ) -> Result<Self, CycleError> {
        let everybody = Selection::default();
        let costs = cost_changes(
            (before.catalogue, &before.statements(&everybody)?),
            (after.catalogue, &after.statements(&everybody)?),
        );
        let mut services = service_moves(before, after)?;
        let mut moves = comparison.attribution.moves.iter().peekable();
        let mut tellings = Vec::new();
        for (number, customer) in (0..).zip(&pair.customers) {
            let own = moves.next_if(|own| own.customer == number);
            let id = pair.id(customer);
            let services = services.remove(id).unwrap_or_default();
            tellings.extend(Telling::of(id, customer, own.and_then(|own| own.cause()), services));
        }
        Ok(Self { costs, tellings })
    }
}
