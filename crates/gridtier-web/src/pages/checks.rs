//! The checks of a cycle with limits and verdicts. They are measured when somebody first opens the page.

use std::sync::Arc;

use gridtier::text;
use gridtier::validate::validate;
use gridtier_report::validate::sections;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of checks.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, stored) = view.cycle(asked)?;
    let number = stored.version;
    let title = text!("Checks of cycle {number}", "周期 {number} 的检验");
    let of = stored.clone();
    let measured = view.slowly(asked, &stored, "checks".to_owned(), move |view| {
        view.cycles.at_leisure(&of, |cycle| {
            // Nobody waits for the progress, so it is not shown.
            let validation = validate(cycle, &|_, _, _| {});
            sections(cycle, &validation, of.version)
        })
    })?;
    Ok(Page::made(title, measured))
}
