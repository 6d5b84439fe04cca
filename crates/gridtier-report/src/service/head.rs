//! What a result about a service log begins with: period, as-of day, cycle, policy, and what could not be measured.

use gridtier::contract::Table;
use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;

use super::view::ServiceView;
use super::words;
use crate::format::grouped;
use crate::section::{Block, Section};

/// Period, as-of day, cycle and policy of a result.
#[must_use]
pub fn head(view: &ServiceView, heading: Text) -> Vec<Section> {
    let (period, as_of) = (view.run.period, words::day(view.run.as_of));
    let Text { en, zh, .. } = heading;
    let title = text!("{en}, {period}", "{zh}（{period}）");
    let policy = &view.policy;
    let facts = vec![
        (Text::new("as of", "截止日"), as_of),
        (Text::new("cycle", "等级所属周期"), Text::same(view.cycle.to_string())),
        (Text::new("policy", "服务标准"), Text::same(format!("{} {}", policy.name, policy.version))),
        (Text::new("customers", "客户"), Text::same(grouped(count(view.base.len())))),
    ];
    let mut sections = vec![Section::titled(title).with(Block::Facts(facts))];
    let min_count = view.min_count;
    if min_count > 0 {
        sections.push(Section::new().with(Block::Sentence(text!(
            "Withheld: groups of fewer than {min_count} customers and counts below {min_count} by group, further ones that would \
             give them away, rules for so few customers, and all lists of customers. Totals are shown, however small.",
            "不予公布：少于 {min_count} 户的分组和分组中少于 {min_count} 的计数、可推算出它们的其他数、仅涉及如此少客户的规则，以及所有客户名单。\
             合计数不论大小均公布。"
        ))));
    }
    sections
}

/// The tables that the service folder lacks; nothing if it has all of them.
#[must_use]
pub fn absent_tables(absent: &[Table]) -> Option<Section> {
    if absent.is_empty() {
        return None;
    }
    let Text { en, zh, .. } = table_names(absent);
    Some(Section::new().with(Block::Sentence(text!(
        "Absent tables: {en}. What depends on them is not measured, which is not the same as 0.",
        "缺少的表：{zh}。依赖这些表的指标未测量，不等于 0。"
    ))))
}

/// A result that cannot be given, because it needs these tables.
#[must_use]
pub fn not_measured(heading: Text, needed: &[Table]) -> Section {
    let Text { en, zh, .. } = table_names(needed);
    Section::titled(heading).with(Block::Sentence(text!(
        "Not measured: this needs the tables {en}, and the service folder lacks at least one of them.",
        "未测量：需要以下各表：{zh}，服务文件夹缺少其中至少一张。"
    )))
}

fn table_names(tables: &[Table]) -> Text {
    let names = tables.iter().map(|table| {
        let (code, zh) = (table.name(), table.name_zh());
        text!("{code}", "{zh} {code}")
    });
    Text::join(&names.collect::<Vec<_>>(), ", ")
}
