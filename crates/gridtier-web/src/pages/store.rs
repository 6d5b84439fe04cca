//! The cycles of the store with their states, and its register.

use std::sync::Arc;

use gridtier::text::Text;
use gridtier_io::inventory;
use gridtier_report::governance;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of the store.
pub fn page(view: &Arc<View>, _: &Asked) -> Result<Page, WebError> {
    let store = view.store()?;
    let cycles = governance::cycles(&inventory::cycles(&store, &(view.settings.now)())?);
    let register = governance::register(&inventory::register(&store)?);
    Ok(Page::new(Text::coded("store", "Store and register", "存储与登记簿"), vec![cycles, register]))
}
