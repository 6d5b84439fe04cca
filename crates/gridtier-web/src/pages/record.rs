//! Further pages about a customer: its entitlements, and its tiers over time.

use std::sync::Arc;

use gridtier::contract::cell::fold_id;
use gridtier::entitlement::selection::Selection;
use gridtier::text;
use gridtier_io::cycle::{self, Manifest};
use gridtier_io::entitle::CycleEntitlements;
use gridtier_io::inventory;
use gridtier_report::entitlement::CustomerOccasion;
use gridtier_report::governance::history_section;
use maud::html;

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

fn id(asked: &Asked) -> Result<String, WebError> {
    let id = asked.field("id").map(|id| fold_id(id).into_owned());
    id.ok_or_else(|| WebError::request(text!("name a customer by its id", "请给出户号")))
}

/// The page of a customer's services.
pub fn services(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let id = id(asked)?;
    let (_, stored) = view.cycle(asked)?;
    let catalogue = cycle::catalogue(&stored)?;
    let selection = Selection { opted_out: view.settings.opted_out.clone(), ..Selection::default() };
    let entitlements = CycleEntitlements { cycle: &stored, catalogue: &catalogue };
    let (services, is_opted_out) = entitlements.customer(&id, &selection)?;
    let as_of = Manifest::read(&stored)?.as_of;
    let occasion = CustomerOccasion { id: &id, version: stored.version, as_of: &as_of };
    let title = text!("What customer {id} is entitled to", "客户 {id} 享有的权益");
    Ok(Page::new(title, services.sections(&occasion, is_opted_out)).led_by(back(asked, &id)))
}

/// The page of a customer's tiers over time.
pub fn history(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let id = id(asked)?;
    let history = inventory::history(&view.store()?, None, Some(&id))?;
    let title = text!("Tiers of customer {id} over time", "客户 {id} 的历次等级");
    Ok(Page::new(title, vec![history_section(&history, Some(&id))]).led_by(back(asked, &id)))
}

fn back(asked: &Asked, id: &str) -> maud::Markup {
    html! { p.pager { a href=(asked.link("/customer", &[("id", id)])) { (asked.lang.pick("The customer", "该客户")) } } }
}
