//! The annex: what the utility promises, how fast it answers, and how to complain.

use gridtier::contract::ContactKind;
use gridtier::entitlement::condition::Field;
use gridtier::text;
use gridtier::text::Text;
use gridtier_service::handbook::Handbook;
use gridtier_service::policy::{Compensation, Limits, Measure, Policy, Promise, Timer};
use gridtier_service::time::Span;

use super::wording::{edition, minutes, span, to_whom, within, words};
use super::{paragraphs, text_column};
use crate::format::{decimal, money};
use crate::section::{Block, Section};
use crate::table::{DataCell, DataTable, RichText};

/// The sections of the annex. `fields` are the columns of the policy's conditions.
pub(super) fn sections(handbook: &Handbook, policy: &Policy, fields: &[Field]) -> Vec<Section> {
    let edition = edition(&policy.name, &policy.version, policy.effective_from);
    vec![
        Section::titled(text!("What we promise", "服务承诺"))
            .with(Block::Sentence(text!("Service policy {edition}.", "服务标准 {edition}。"; edition)))
            .table(promises(policy, fields)),
        Section::titled(text!("How fast we answer", "办理时限")).table(timers(policy, fields)),
        complaints(handbook, policy, fields),
    ]
}

fn promises(policy: &Policy, fields: &[Field]) -> DataTable {
    let columns = vec![
        text_column("promise", "promise", "承诺"),
        text_column("limit", "what is promised", "承诺内容"),
        text_column("whom", "to whom", "对象"),
        text_column("except", "except", "不含"),
    ];
    let rows = policy.promises.iter().map(|promise| {
        let mut limit = RichText {
            plain: promised(promise, policy.limits),
            lead: promised(promise, policy.limits),
            ..RichText::default()
        };
        limit.details.extend(kinds_of_outages(promise));
        limit.details.extend(promise.compensation.map(compensation));
        let except = words(&promise.exempt);
        vec![
            DataCell::Rich(Box::new(titled(&promise.title))),
            DataCell::Rich(Box::new(limit)),
            DataCell::Text(to_whom(promise.condition.as_ref(), fields)),
            if except.is_empty() { DataCell::Blank } else { DataCell::Text(except) },
        ]
    });
    DataTable::new(Text::coded("promises", "", ""), columns, rows)
}

/// A title in bold.
fn titled(title: &Text) -> RichText {
    RichText { plain: title.clone(), lead: title.clone(), is_strong: true, ..RichText::default() }
}

/// What is promised, in one sentence.
fn promised(promise: &Promise, limits: Limits) -> Text {
    let limit = promise.limit.unwrap_or_default();
    let (over, over_zh) =
        if promise.over_year { (" in twelve months", "，按十二个月计") } else { ("", "") };
    match promise.measure {
        Measure::Availability => {
            text!("supply at least {limit} % of the time{over}", "供电可靠率不低于 {limit}%{over_zh}")
        }
        Measure::Interruptions => {
            let times = decimal(limit, u8::from(limit.fract() != 0.0));
            let longer = minutes(gridtier::index::float_i64(limits.momentary_seconds) / 60.0);
            text!(
                "at most {times} interruptions longer than {longer}{over}",
                "超过 {longer}的停电不多于 {times} 次{over_zh}";
                longer
            )
        }
        Measure::Minutes => {
            let limit = minutes(limit);
            text!("at most {limit} without supply{over}", "停电时间不超过 {limit}{over_zh}"; limit)
        }
        Measure::Restoration => {
            let limit = minutes(limit);
            text!("supply is back within {limit}", "{limit}内恢复供电"; limit)
        }
        Measure::PromisedTime => {
            text!("supply is back at the time that was announced", "按公布的时间恢复供电")
        }
        Measure::Plan => {
            let after = promise.after.map(span).unwrap_or_default();
            text!(
                "an emergency plan if the outage lasts longer than {after}",
                "停电超过 {after}的，提出应急方案";
                after
            )
        }
        Measure::Notice => notice(promise.lead, promise.announcement),
    }
}

fn notice(lead: Option<Span>, is_announcement_enough: bool) -> Text {
    let lead = lead.map(span).unwrap_or_default();
    if is_announcement_enough {
        text!("notice or public announcement at least {lead} ahead", "至少提前 {lead}通知或公告"; lead)
    } else {
        text!("notice to the customer at least {lead} ahead", "至少提前 {lead}通知客户"; lead)
    }
}

/// The kinds of outages that count, unless all do.
fn kinds_of_outages(promise: &Promise) -> Option<Text> {
    let kinds = words(&promise.kinds);
    (!kinds.is_empty()).then(|| text!("outages: {kinds}", "适用停电类型：{kinds}"; kinds))
}

fn compensation(of: Compensation) -> Text {
    match of {
        Compensation::Fixed(fen) => {
            let amount = money(fen.into());
            text!("otherwise the customer gets {amount} CNY", "未兑现的，补偿 {amount} 元")
        }
        Compensation::Energy { two_part, single } => text!(
            "otherwise, if the utility is responsible, the customer gets {single} times the price of the energy not supplied \
             (two-part tariff: {two_part} times)",
            "未兑现且责任在供电企业的，按少供电量电费的 {single} 倍补偿（两部制电价 {two_part} 倍）"
        ),
    }
}

fn timers(policy: &Policy, fields: &[Field]) -> DataTable {
    let columns = vec![
        text_column("timer", "deadline", "时限项目"),
        text_column("contacts", "contacts", "适用诉求"),
        text_column("within", "within", "时限"),
        text_column("whom", "whose", "对象"),
    ];
    let rows = policy.timers.iter().map(|timer| {
        vec![
            DataCell::Rich(Box::new(titled(&timer.title))),
            DataCell::Text(contacts(timer)),
            DataCell::Text(running(timer)),
            DataCell::Text(to_whom(timer.condition.as_ref(), fields)),
        ]
    });
    DataTable::new(Text::coded("timers", "", ""), columns, rows)
}

/// The kinds of contacts that a timer is for.
fn contacts(timer: &Timer) -> Text {
    if timer.kinds.is_empty() { text!("all", "全部") } else { words(&timer.kinds) }
}

/// How long a timer runs, from which step to which.
fn running(timer: &Timer) -> Text {
    let (from, within) = (Text::of_word(timer.from), within(timer.within));
    let [or, or_zh] = [" or ", "或"];
    let steps: Vec<Text> = timer.to.iter().map(|&step| Text::of_word(step)).collect();
    let to = Text::new(Text::join(&steps, or).en, Text::join(&steps, or_zh).zh);
    text!("{to} {within} after it was {from}", "自{from}起 {within}{to}"; to, within, from)
}

/// How to complain, and what happens then.
fn complaints(handbook: &Handbook, policy: &Policy, fields: &[Field]) -> Section {
    let mut section = Section::titled(text!("How to complain", "如何投诉"));
    if !handbook.service_hotline.is_empty() {
        let hotline = &handbook.service_hotline;
        section = section.with(Block::Sentence(text!(
            "Complaints are taken by the service hotline: {hotline}",
            "投诉请拨打客户服务热线：{hotline}";
            hotline
        )));
    }
    section = section.with_all(paragraphs(&handbook.complaints));
    let topics: Vec<Text> = policy.topics.iter().map(|topic| topic.title.clone()).collect();
    if !topics.is_empty() {
        let topics = super::wording::listed(&topics);
        section = section.with(Block::Sentence(text!(
            "Please say what it is about, such as: {topics}.",
            "请说明投诉事项，如：{topics}。";
            topics
        )));
    }
    let of_complaints = policy
        .timers
        .iter()
        .filter(|timer| timer.kinds.is_empty() || timer.kinds.contains(&ContactKind::Complaint));
    let lines = of_complaints.map(|timer| {
        let (running, title) = (running(timer), &timer.title);
        let whom = timer.condition.as_ref().map(|condition| super::wording::condition_words(condition, fields));
        match whom {
            None => text!("{title}: {running}", "{title}：{running}"; title, running),
            Some(whom) => {
                text!("{title} (only if {whom}): {running}", "{title}（仅限{whom}）：{running}"; title, running, whom)
            }
        }
    });
    let lines: Vec<Text> = lines.collect();
    if lines.is_empty() {
        return section;
    }
    section
        .with(Block::Sentence(text!("What happens with a complaint:", "投诉的办理：")))
        .with(Block::Lines(lines))
        .with(Block::Sentence(text!("A complaint never lowers a grade.", "投诉不会降低客户等级。")))
}
