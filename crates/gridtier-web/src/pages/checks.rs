//! Whether a cycle is sound: all its checks with limits and verdicts, measured when they are first asked for.

use std::sync::Arc;

use gridtier::text;
use gridtier::validate::validate;
use gridtier_report::validate::sections;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::{CycleKey, View};

/// The page of checks.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (store, stored) = view.cycle(asked)?;
    let number = stored.version;
    let title = text!("Checks of cycle {number}", "周期 {number} 的检验");
    let key = (CycleKey::from(&stored), "checks".to_owned());
    let measuring = Arc::clone(view);
    let measured = view.slow.get(&key, move || {
        measuring.with_cycle(&store, &stored, |cycle| {
            // Nobody watches.
            let validation = validate(cycle, &|_, _, _| {});
            Ok(sections(cycle, &validation, stored.version))
        })
    });
    match measured {
        None => Ok(Page::waiting(title)),
        Some(Ok(sections)) => Ok(Page::new(title, sections.to_vec())),
        Some(Err(error)) => Err((*error).clone()),
    }
}
