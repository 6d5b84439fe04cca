//! The cycles of the store with their states, and its register.

use std::sync::Arc;

use gridtier::text::Text;
use gridtier_io::inventory;
use gridtier_report::governance;
use gridtier_report::section::Section;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of the store.
pub fn page(view: &Arc<View>, _: &Asked) -> Result<Page, WebError> {
    let store = view.store()?;
    let cycles = governance::cycles(&inventory::cycles(&store, &(view.settings.now)())?);
    let entries = inventory::register(&store)?;
    let register = match entries.is_empty() {
        true => Section::titled(Text::new("Register", "登记簿"))
            .sentence("The register has no entries yet.", "登记簿尚无记录。"),
        false => governance::register(&entries),
    };
    Ok(Page::new(Text::coded("store", "Store and register", "存储与登记簿"), vec![cycles, register]))
}
