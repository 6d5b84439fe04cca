//! The cycles of the store with their states, and its register.

use std::sync::Arc;

use gridtier::text;
use gridtier::text::Text;
use gridtier_io::inventory;
use gridtier_report::format::counted;
use gridtier_report::governance;
use gridtier_report::section::Section;
use maud::html;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of the store.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let store = view.store()?;
    let listed = inventory::cycles(&store, &(view.settings.now)())?;
    let cycles = governance::cycles(&listed);
    let entries = inventory::register(&store)?;
    let register = match entries.is_empty() {
        true => Section::titled(Text::new("Register", "登记簿"))
            .sentence("The register has no entries yet.", "登记簿尚无记录。"),
        false => governance::register(&entries),
    };
    let page = Page::new(Text::coded("store", "Store and register", "存储与登记簿"), vec![cycles, register]);
    let waiting = governance::waiting(&listed);
    if waiting == 0 {
        return Ok(page);
    }
    let proposals = counted(waiting, "proposal waits", "proposals wait");
    let link = text!("{proposals} for a decision", "{waiting} 个提案待审批");
    Ok(page.ending_with(html! {
        p.pager { a href=(asked.link("/proposals", &[])) { (link.pick(asked.voice())) } }
    }))
}
