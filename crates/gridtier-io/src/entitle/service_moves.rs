//! What each customer gains and loses between two cycles, by the id under which it is graded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::rehearsal::ServiceMoves;
use gridtier::text::{Lang, Voice};

use super::{CycleEntitlements, MemberCursor, NoticeOptions, merge};
use crate::cycle::{CycleError, account_holders};

/// The services that graded customers of the later cycle gain and lose; customers without a change are left out. A holder has
/// the services of all its accounts.
///
/// # Errors
/// A file of a cycle cannot be read.
pub fn service_moves(
    before: CycleEntitlements<'_>,
    after: CycleEntitlements<'_>,
) -> Result<BTreeMap<String, Arc<ServiceMoves>>, CycleError> {
    let holders = account_holders(after.cycle)?;
    let selection = Selection::default();
    let purpose = ListPurpose::Operations;
    let options = NoticeOptions { selection: &selection, purpose, voice: Voice::from(Lang::En) };
    let mut older = MemberCursor::new(before, &[])?;
    let mut newer = MemberCursor::new(after, &selection.columns().collect::<Vec<_>>())?;
    let mut moves: BTreeMap<String, Arc<ServiceMoves>> = BTreeMap::new();
    // Many customers have the same set of changes: each distinct set is kept once.
    let mut sets: BTreeSet<Arc<ServiceMoves>> = BTreeSet::new();
    loop {
        older.advance()?;
        newer.advance()?;
        let Some(now) = &newer.batch else { return Ok(moves) };
        let rows = [older.row, newer.row];
        let merged =
            merge(before, after, older.batch.as_ref(), now, rows, options, &mut |id, _, changes, _| {
                if changes.is_empty() {
                    return;
                }
                let holder = holders.as_ref().and_then(|holders| holders.get(id)).map_or(id, String::as_str);
                let own = moves.entry(holder.to_owned()).or_default();
                let mut set = ServiceMoves::clone(own);
                changes.iter().for_each(|change| set.add(change.service, change.kind));
                *own = match sets.get(&set) {
                    Some(known) => Arc::clone(known),
                    None => {
                        let new = Arc::new(set);
                        sets.insert(Arc::clone(&new));
                        new
                    }
                };
            })?;
        [older.row, newer.row] = merged.rows;
    }
}
