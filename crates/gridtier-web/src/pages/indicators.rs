//! The indicators of a cycle and their weights.

use std::sync::Arc;

use gridtier::text;
use gridtier_io::cycle::indicator_parameters;
use gridtier_report::indicators;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of indicators.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    let (method, parameters, influence) = indicator_parameters(&cycle)?;
    let number = cycle.version;
    let title = text!("Indicators of cycle {number}", "周期 {number} 的指标");
    Ok(Page::new(title, vec![indicators::section(&method, &parameters, &influence)]))
}
