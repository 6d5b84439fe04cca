//! One customer: why it has its tier, and what would raise it. The page links to the customer's move since an earlier
//! cycle.

use std::sync::Arc;

use gridtier::contract::cell::fold_id;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::browse::predecessor;
use gridtier_io::cycle;
use gridtier_io::cycle::Manifest;
use gridtier_io::store::StoredCycle;
use gridtier_report::customer_sheet::passed_facts;
use gridtier_report::explain;
use gridtier_report::section::{Block, Section};
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of a customer.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let Some(id) = asked.field("id") else {
        return Err(WebError::request(text!("name a customer by its id", "请给出户号")));
    };
    let (store, stored) = view.cycle(asked)?;
    let record = cycle::customer(&stored, &fold_id(id))?;
    let decision = record.decision().cloned();
    let explanation = record.explain();
    let is_overridden = explanation.row.reason.as_deref() == Some("override");
    let mut sections =
        explain::sections(&explanation, decision.filter(|_| is_overridden).as_ref(), stored.version);
    let passed = passed(&stored, &explanation.row.customer_id)?;
    sections.splice(0..0, (!passed.is_empty()).then(|| Section::new().with(Block::Facts(passed))));
    let before = predecessor(&store, &stored)?.map(|before| before.version);
    let id = &explanation.row.customer_id;
    let title = text!("Customer {id}", "客户 {id}");
    Ok(Page::new(title, sections).led_by(links(asked, id, before)))
}

/// The columns that the operator passes through to customer sheets. A holder with several accounts gets those of the
/// first account.
fn passed(cycle: &StoredCycle, id: &str) -> Result<Vec<(Text, Text)>, WebError> {
    let columns = Manifest::read(cycle)?.passthrough;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = cycle::profiles(cycle, id, &columns)?;
    Ok(accounts.first().map_or_else(Vec::new, |account| passed_facts(&columns, account)))
}

fn links(asked: &Asked, id: &str, before: Option<u64>) -> Markup {
    let own = [("id", id)];
    html! {
        p.pager {
            @if let Some(before) = before {
                a href=(asked.link("/moved", &[("id", id), ("since", &before.to_string())])) {
                    (asked.lang.pick("Why it moved since cycle ", "等级变化原因, 对比周期 ")) (before)
                }
            }
            a href=(asked.link("/customer/services", &own)) { (asked.lang.pick("What it is entitled to", "享有的权益")) }
            a href=(asked.link("/customer/history", &own)) { (asked.lang.pick("Its tiers over time", "历次等级")) }
            a href=(asked.link("/whatif", &own)) { (asked.lang.pick("What if, for this customer", "对该客户试算")) }
        }
    }
}
