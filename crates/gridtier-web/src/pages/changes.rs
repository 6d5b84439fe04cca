//! Who moved between two cycles, and why: a page of figures about all customers, and one with the steps of one
//! customer.

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

/// The page with the changes of all customers.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (request, [before, after]) = request(view, asked)?;
    let title = text!("Changes from cycle {before} to {after}", "周期 {before} 至 {after} 的变化");
    let (_, stored) = view.cycle(asked)?;
    let made = view.slowly(asked, &stored, format!("changes since {before}"), move |view| {
        let held = view.pair(request)?;
        let (before, after, revision) = held.cycles.numbers;
        Ok(sections(&held.pair()?, &held.comparison, ComparedCycles { before, after, revision }))
    })?;
    Ok(Page::made(title, made).led_by(look(asked, &from_cycle(asked))))
}

/// The page with the move of one customer.
pub fn one(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let Some(id) = asked.field("id").map(fold_id) else {
        return Err(WebError::request(text!("name a customer by its id", "请给出户号")));
    };
    let (request, [before, after]) = request(view, asked)?;
    let title = text!("Customer {id} since cycle {before}", "客户 {id} 自周期 {before} 以来的变化");
    let back = html! {
        p.pager { a href=(asked.link("/customer", &[("id", &id)])) { (asked.lang.pick("The customer", "该客户")) } }
    };
    let (_, stored) = view.cycle(asked)?;
    let (question, id) = (format!("move of {id} since {before}"), id.into_owned());
    let made = view.slowly(asked, &stored, question, move |view| {
        let held = view.pair(request)?;
        let explained =
            explain_move(&held.pair()?, &held.comparison.attribution, held.cycles.revision.as_ref(), &id);
        let explained = explained.ok_or_else(|| {
            WebError::not_found(text!(
                "neither cycle {before} nor cycle {after} grades customer {id}",
                "周期 {before} 和周期 {after} 均未对客户 {id} 评级"
            ))
        })?;
        Ok(moved::sections(&explained, [before, after]))
    })?;
    Ok(Page::made(title, made).led_by(back))
}

/// The two cycles to compare, with their numbers: those in the URL, or the current cycle and the published one before
/// it.
fn request(view: &View, asked: &Asked) -> Result<(ComparisonRequest, [u64; 2]), WebError> {
    let (store, stored) = view.cycle(asked)?;
    let after = stored.version;
    let before = match asked.value("since") {
        Some(number) => Some(store.cycle(Some(number))?.version),
        None => predecessor(&store, &stored)?.map(|before| before.version),
    };
    let before = before.ok_or_else(|| {
        WebError::not_found(text!(
            "no published cycle is earlier than cycle {after}, so there is nothing to compare it with",
            "没有早于周期 {after} 的已发布周期可供对比"
        ))
    })?;
    let request =
        ComparisonRequest { from: Some(before), cycle: Some(after), revision: RevisionChoice::Latest };
    Ok((request, [before, after]))
}
