//! Who moved between two cycles, and why: everybody's moves in figures, and one customer's in steps.

use std::sync::Arc;

use gridtier::compare::explain_move;
use gridtier::contract::cell::fold_id;
use gridtier::text;
use gridtier_io::browse::predecessor;
use gridtier_io::compare::{ComparisonRequest, RevisionChoice};
use gridtier_report::comparison::{ComparedCycles, sections};
use gridtier_report::moved;
use maud::html;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::fields::{from_cycle, look};
use crate::view::View;

/// The page of all changes.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let request = request(view, asked)?;
    view.with_pair(request, |held| {
        let (before, after, revision) = held.cycles.numbers;
        let title = text!("Changes from cycle {before} to {after}", "周期 {before} 至 {after} 的变化");
        let pair = held.pair()?;
        let numbers = ComparedCycles { before, after, revision };
        let lead = look(asked, &from_cycle(asked));
        Ok(Page::new(title, sections(&pair, &held.comparison, numbers)).led_by(lead))
    })
}

/// The page of one customer's move.
pub fn one(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let Some(id) = asked.field("id").map(fold_id) else {
        return Err(WebError::request(text!("name a customer by its id", "请给出户号")));
    };
    let request = request(view, asked)?;
    view.with_pair(request, |held| {
        let pair = held.pair()?;
        let (before, after, _) = held.cycles.numbers;
        let revision = held.cycles.revision.as_ref();
        let Some(explained) = explain_move(&pair, &held.comparison.attribution, revision, &id) else {
            return Err(WebError::not_found(text!(
                "neither cycle {before} nor cycle {after} grades customer {id}",
                "周期 {before} 和周期 {after} 均未对客户 {id} 评级"
            )));
        };
        let title = text!("Customer {id} since cycle {before}", "客户 {id} 自周期 {before} 以来的变化");
        let back = html! {
            p.pager { a href=(asked.link("/customer", &[("id", &id)])) { (asked.lang.pick("The customer", "该客户")) } }
        };
        Ok(Page::new(title, moved::sections(&explained, [before, after])).led_by(back))
    })
}

/// Which cycles are compared: those of the URL, or the current one with the one before it.
fn request(view: &View, asked: &Asked) -> Result<ComparisonRequest, WebError> {
    let (store, stored) = view.cycle(asked)?;
    let from = match asked.value("since") {
        Some(number) => Some(number),
        None => predecessor(&store, &stored)?.map(|before| before.version),
    };
    Ok(ComparisonRequest { from, cycle: Some(stored.version), revision: RevisionChoice::Latest })
}
