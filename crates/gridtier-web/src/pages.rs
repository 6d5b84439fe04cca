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

use std::sync::Arc;

use crate::asked::Asked;
use crate::view::View;

/// Reads and measures what the first readers would wait for: the list of customers, the checks, and the changes since the
/// cycle before. Errors are ignored here: a request for the page meets and reports them again.
pub fn warm(view: &Arc<View>) {
    view.warm();
    // Files wait for their content, so the two do not need memory at the same time. The changes come last, since the two
    // cycles then stay in memory for the moves of single customers and for trials.
    let file = |path| Asked::new(path, vec![("format".to_owned(), "csv".to_owned())], view.settings.lang);
    let _ = checks::page(view, &file("/checks"));
    let _ = changes::page(view, &file("/changes"));
}
