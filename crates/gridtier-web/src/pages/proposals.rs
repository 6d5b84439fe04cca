//! Proposals that wait for approval, with the forms to review, approve, reject and withdraw them.

use std::sync::Arc;

use gridtier::decision::{CycleState, EntryKind, ListedCycle, Opinion};
use gridtier::method::Gate;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_io::gates::measure;
use gridtier_io::govern::Decision;
use gridtier_io::inventory;
use gridtier_io::store::Store;
use gridtier_report::format::counted;
use gridtier_report::governance;
use gridtier_report::section::{Block, Section};
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// The page of proposals.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let store = view.store()?;
    if let Some(number) = asked.value("entry") {
        return entry(&store, asked, number);
    }
    let mut waiting = inventory::cycles(&store, &(view.settings.now)())?;
    waiting.retain(|cycle| cycle.state == CycleState::Proposed);
    let title = Text::coded("proposals", "Proposals", "提案");
    if waiting.is_empty() {
        let none = Section::new().sentence("No proposal waits for approval.", "没有待审批的提案。");
        return Ok(Page::new(title, vec![none]));
    }
    let mut about = inventory::register(&store)?;
    about.retain(|entry| waiting.iter().any(|cycle| entry.cycle == Some(cycle.number)));
    let mut sections = vec![governance::cycles(&waiting).with(Block::Sentence(what_to_do(&waiting)))];
    if !about.is_empty() {
        sections.push(governance::register(&about));
    }
    let forms = html! { @for cycle in &waiting { (form(view, asked, cycle)) } };
    Ok(Page::new(title, sections).ending_with(forms))
}

/// What a reader can do about the proposals on this page.
fn what_to_do(waiting: &[ListedCycle]) -> Text {
    let count = governance::waiting(waiting);
    let proposals = counted(count, "proposal waits", "proposals wait");
    text!(
        "{proposals} for a decision. Below, follow the links to what would change, then fill in the form. Agreement, \
         objection and note are recorded and publish nothing. Approval publishes the proposal; rejection and withdrawal \
         end it. Whoever proposed it can only withdraw it.",
        "有 {count} 个提案待审批。请在下方先查看该提案带来的变化, 再填写表单。同意、反对和备注仅作记录, 不会发布; 批准即发布该提案, \
         否决或撤回则终止该提案。提案人本人只能撤回。"
    )
}

/// The decisions that a form offers: value, English, Chinese.
const ACTIONS: [(&str, &str, &str); 6] = [
    ("agree", "agree", "同意"),
    ("object", "object", "反对"),
    ("note", "note", "备注"),
    ("approve", "approve and publish", "批准并发布"),
    ("reject", "reject", "否决"),
    ("withdraw", "withdraw", "撤回"),
];

fn form(view: &View, asked: &Asked, cycle: &ListedCycle) -> Markup {
    let (lang, number) = (asked.lang, cycle.number);
    html! {
        section {
            h2 { (lang.pick("Decide on proposal ", "审批提案 ")) (number) }
            p.pager {
                a href=(asked.link("/", &[("cycle", &number.to_string())])) { (lang.pick("Its tiers", "查看该提案")) }
                a href=(asked.link("/changes", &[("cycle", &number.to_string())])) { (lang.pick("Who would move, and why", "等级变化及原因")) }
                a href=(asked.link("/checks", &[("cycle", &number.to_string())])) { (lang.pick("Its checks", "检验")) }
            }
            form.fields method="post" action="/proposals" {
                input type="hidden" name="secret" value=(view.form_secret.reveal());
                input type="hidden" name="number" value=(number);
                input type="hidden" name="lang" value=(lang.code());
                label { (lang.pick("Who you are", "经办人")) input name="by" required maxlength="200" autocomplete="name"; }
                label { (lang.pick("Why", "理由")) input name="reason" required maxlength="2000" size="40"; }
                fieldset {
                    legend { (lang.pick("Decision", "意见")) }
                    @for (value, en, zh) in ACTIONS {
                        label { input type="radio" name="action" value=(value) required; (lang.pick(en, zh)) }
                    }
                }
                details {
                    summary { (lang.pick("Approve although a gate fails; the register says so", "门限不通过仍批准; 记入登记簿")) }
                    fieldset {
                        @for &gate in Gate::ALL {
                            label { input type="checkbox" name="despite" value=(gate.code()); (lang.pick(gate.en(), gate.zh())) }
                        }
                    }
                }
                button type="submit" { (lang.pick("Record", "提交")) }
            }
            p.small {
                (lang.pick("Names are declared, not authenticated.", "姓名仅为申报, 不作认证。"))
            }
        }
    }
}

/// The page of an entry of the register, which shows the result of a form.
fn entry(store: &Store, asked: &Asked, number: u64) -> Result<Page, WebError> {
    let found = inventory::recorded_entry(store, number)?;
    let (entry, gates) = found.ok_or_else(|| {
        WebError::not_found(text!("the register has no entry {number}", "登记簿没有第 {number} 条"))
    })?;
    let cycle = entry.cycle.unwrap_or_default();
    let mut sections = match entry.kind {
        EntryKind::Approve => governance::approved(cycle, store.current()?, &gates),
        kind => vec![governance::recorded(kind, cycle, entry.number)],
    };
    sections.push(governance::register(&[entry]));
    let back = html! {
        p.pager {
            a href=(asked.link("/proposals", &[])) { (asked.lang.pick("All proposals", "全部提案")) }
            a href=(asked.link("/store", &[])) { (asked.lang.pick("The register", "登记簿")) }
        }
    };
    Ok(Page::new(text!("Proposal {cycle}", "提案 {cycle}"), sections).ending_with(back))
}

fn missing(name: &str) -> WebError {
    WebError::request(text!("the form lacks `{name}`", "表单缺少 `{name}`"))
}

/// Carries out the decision of a form, by the same use cases as the commands. Returns the number of the new entry of the
/// register.
pub fn decide(view: &Arc<View>, asked: &Asked) -> Result<u64, WebError> {
    if !asked.field("secret").is_some_and(|secret| view.form_secret.matches(secret)) {
        return Err(WebError::forbidden(text!(
            "the form is from another view, or this view was restarted after the page was opened; open the page again",
            "表单不是由本视图提供, 或服务已重新启动; 请重新打开页面"
        )));
    }
    let number: u64 = asked.value("number").ok_or_else(|| missing("number"))?;
    let (by, reason) = (asked.field("by").unwrap_or_default(), asked.field("reason").unwrap_or_default());
    let at = (view.settings.now)();
    let decision = Decision { store: &view.settings.store, number, by, reason, at: &at };
    let action = asked.field("action").unwrap_or_default();
    match (action, Opinion::from_code(action)) {
        (_, Some(opinion)) => Ok(decision.review(opinion)?.number),
        ("approve", None) => {
            let despite: Vec<Gate> = asked.all("despite").filter_map(Gate::from_code).collect();
            decision.approve(&despite, |store, proposal| measure(store, proposal, &|_, _, _| {}))?;
            let of_cycle = inventory::register(&view.store()?)?.into_iter();
            let mut approvals =
                of_cycle.filter(|entry| entry.kind == EntryKind::Approve && entry.cycle == Some(number));
            approvals.next_back().map(|entry| entry.number).ok_or_else(WebError::bug)
        }
        ("reject", None) => Ok(decision.reject()?.number),
        ("withdraw", None) => Ok(decision.withdraw()?.number),
        _ => Err(missing("action")),
    }
}
