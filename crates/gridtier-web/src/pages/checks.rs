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
    let (store, stored) = view.cycle(asked)?;
    let number = stored.version;
    let title = text!("Checks of cycle {number}", "周期 {number} 的检验");
    let of = stored.clone();
    let measured = view.slowly(asked, &stored, "checks".to_owned(), move |view| {
        let cycle = view.whole_cycle(&store, &of)?;
        // Nobody waits for the progress, so it is not shown.
        let validation = view.at_leisure(|| validate(&cycle, &|_, _, _| {}));
        Ok(sections(&cycle, &validation, of.version))
    })?;
    Ok(Page::made(title, measured))
}
