//! The pages. Each module has a function that takes the view and the request and returns a page.

pub mod store;
pub mod overview;
pub mod customers;
pub mod customer;
pub mod changes;
pub mod checks;
pub mod record;
pub mod tiers;
pub mod indicators;
pub mod quality;
pub mod entitlements;
pub mod whatif;
pub mod proposals;
pub mod delivery;

use std::sync::Arc;

use gridtier_io::cycle::Manifest;

use crate::answer::WebError;
use crate::asked::Asked;
use crate::view::View;

/// From this number of customers on, checks and changes take so long that they are computed before anybody asks for them.
const WARMED_FROM: u64 = 50_000;

/// Reads and measures what the first readers would wait for: the list of customers, the service log, and, of a large
/// cycle, the checks and the changes since the cycle before. Errors are ignored here: a request for the page meets and reports them again.
pub fn warm(view: &Arc<View>) {
    view.warm();
    delivery::warm(view);
    let file = |path| Asked::new(path, vec![("format".to_owned(), "csv".to_owned())], view.settings.lang);
    if !customers_of(view, &file("/")).is_ok_and(|customers| customers >= WARMED_FROM) {
        return;
    }
    // Files wait for their content, so the two do not need memory at the same time. The changes come last, since the two
    // cycles then stay in memory for the moves of single customers and for trials.
    let _ = checks::page(view, &file("/checks"));
    let _ = changes::page(view, &file("/changes"));
}

/// Number of customers in the current cycle.
fn customers_of(view: &View, asked: &Asked) -> Result<u64, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    Ok(Manifest::read(&cycle)?.control_totals.customers)
}
