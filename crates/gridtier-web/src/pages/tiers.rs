//! The tiers of a cycle, and the boundaries between them.

use std::sync::Arc;

use gridtier::text;
use gridtier_io::cycle::{Manifest, boundaries};
use gridtier_report::summary;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of tiers.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    let manifest = Manifest::read(&cycle)?;
    let window = (&manifest.window).into();
    let mut sections = summary::recorded(&manifest.control_totals, window, &manifest.method.name);
    sections.push(gridtier_report::boundaries::section(&boundaries(&cycle)?));
    let number = cycle.version;
    Ok(Page::new(text!("Tiers and boundaries of cycle {number}", "周期 {number} 的等级与界线"), sections))
}
