//! A cycle at a glance: window, method, and the tiers with their customers, revenue and energy.

use std::sync::Arc;

use gridtier::text;
use gridtier_io::cycle::Manifest;
use gridtier_report::summary;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of a cycle.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    let manifest = Manifest::read(&cycle)?;
    let (number, as_of) = (cycle.version, &manifest.as_of);
    let title = text!("Cycle {number} as of {as_of}", "周期 {number} (评价截止日 {as_of})");
    let window = (&manifest.window).into();
    Ok(Page::new(
        title,
        summary::recorded_with_chart(&manifest.control_totals, window, &manifest.method.name),
    ))
}
