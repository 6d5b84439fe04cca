//! Who moved between two cycles, and why: a page of figures about all customers, and one with the steps of one
//! customer.

use std::sync::Arc;

use gridtier::compare::explain_move;
use gridtier::contract::cell::fold_id;
use gridtier::text;
use gridtier_io::browse::predecessor;
use gridtier_io::compare::latest_revision;
use gridtier_report::comparison::{ComparedCycles, sections};
use gridtier_report::moved;
use gridtier_report::section::{Block, Section};
use maud::html;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::fields::{from_cycle, look};
use crate::view::View;
use crate::whole::CyclePair;

/// The page with the changes of all customers.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    if let Some(page) = choice(view, asked)? {
        return Ok(page);
    }
    let compared = compared(view, asked)?;
    let (before, after) = (compared.before.version, compared.after.version);
    let title = text!("Changes from cycle {before} to {after}", "周期 {before} 至 {after} 的变化");
    let question = format!("changes {}", compared.question());
    let made = view.slowly(asked, &compared.after.clone(), question, move |view| {
        let whole = view.cycles.pair(&compared)?;
        let held = whole.held()?;
        let (before, after, revision) = held.cycles.numbers;
        let numbers = ComparedCycles { before, after, revision, is_rehearsed: false };
        let shown = sections(&held.pair(), &held.comparison, numbers);
        Ok(corrected(before, revision).into_iter().chain(shown).collect())
    })?;
    Ok(Page::made(title, made).led_by(look(asked, &from_cycle(asked))))
}

/// Where no cycle is earlier but others have the same as-of or a later one, as revisions do: the cycles to compare with.
fn choice(view: &View, asked: &Asked) -> Result<Option<Page>, WebError> {
    let (store, after) = view.cycle(asked)?;
    let mut others = store.published()?;
    others.retain(|other| other.version != after.version && !other.is_pruned());
    if asked.field("since").is_some() || others.is_empty() || predecessor(&store, &after)?.is_some() {
        return Ok(None);
    }
    let number = after.version;
    let heading = text!("Changes to cycle {number}", "至周期 {number} 的变化");
    let section = Section::new().with(Block::Sentence(text!(
        "No published cycle has an earlier as-of than cycle {number}. Choose one to compare it with:",
        "没有评价截止日早于周期 {number} 的已发布周期。请选择用于对比的周期:"
    )));
    let links = html! {
        ul {
            @for other in &others {
                @let since = other.version.to_string();
                li { a href=(asked.link("/changes", &[("since", &since), ("cycle", &number.to_string())])) {
                    (asked.lang.pick("Cycle ", "周期 ")) (since)
                    @if let Some(day) = &other.commit.as_of { " (" (day) ")" }
                } }
            }
        }
    };
    Ok(Some(Page::new(heading, vec![section]).ending_with(links)))
}

/// The page with the move of one customer.
pub fn one(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let Some(id) = asked.field("id").map(fold_id) else {
        return Err(WebError::request(text!("name a customer by its id", "请给出户号")));
    };
    let compared = compared(view, asked)?;
    let (before, after) = (compared.before.version, compared.after.version);
    let title = text!("Customer {id} since cycle {before}", "客户 {id} 自周期 {before} 以来的变化");
    let back = html! {
        p.pager { a href=(asked.link("/customer", &[("id", &id)])) { (asked.lang.pick("The customer", "该客户")) } }
    };
    let (question, id) = (format!("move of {id} {}", compared.question()), id.into_owned());
    let made = view.slowly(asked, &compared.after.clone(), question, move |view| {
        let whole = view.cycles.pair(&compared)?;
        let held = whole.held()?;
        let explained =
            explain_move(&held.pair(), &held.comparison.attribution, held.cycles.revision.as_ref(), &id);
        let explained = explained.ok_or_else(|| {
            WebError::not_found(text!(
                "neither cycle {before} nor cycle {after} grades customer {id}",
                "周期 {before} 和周期 {after} 均未对客户 {id} 评级"
            ))
        })?;
        let revision = compared.revision.as_ref().map(|revision| revision.version);
        let shown = moved::sections(&explained, [before, after]);
        Ok(corrected(before, revision).into_iter().chain(shown).collect())
    })?;
    Ok(Page::made(title, made).led_by(back))
}

/// Says which cycle corrects the data of the earlier one, if one does.
fn corrected(before: u64, revision: Option<u64>) -> Option<Section> {
    revision.map(|revision| {
        Section::new().sentence(
            format!("Cycle {revision} is a revision of cycle {before}: what differs between them counts as corrected data."),
            format!("周期 {revision} 是周期 {before} 的修订: 两者的差异计为数据更正。"),
        )
    })
}

/// The cycles to compare: those in the URL, or the current cycle and the published one before it; and the latest revision of
/// the earlier one.
fn compared(view: &View, asked: &Asked) -> Result<CyclePair, WebError> {
    let (store, after) = view.cycle(asked)?;
    let before = match asked.value("since") {
        Some(number) => Some(store.cycle(Some(number))?),
        None => predecessor(&store, &after)?,
    };
    let before = before.ok_or_else(|| {
        let after = after.version;
        WebError::not_found(text!(
            "no published cycle is earlier than cycle {after}, so there is nothing to compare it with",
            "没有早于周期 {after} 的已发布周期可供对比"
        ))
    })?;
    let revision = latest_revision(&store, &before)?;
    Ok(CyclePair { before, after, revision })
}
