//! What a policy of service asks: promises, follow-ups and timers, with what must still be confirmed.

use gridtier::entitlement::Catalogue;
use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;
use gridtier_service::policy::Policy;

use super::words;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The sections about a policy that is sound.
#[must_use]
pub fn policy_sections(policy: &Policy, catalogue: &Catalogue) -> Vec<Section> {
    let (name, version, from) = (&policy.name, &policy.version, policy.effective_from);
    let [promises, follow_ups, timers] =
        [policy.promises.len(), policy.follow_ups.len(), policy.timers.len()].map(count);
    let heading = text!(
        "policy {name} {version} is sound: {promises} promises, {follow_ups} follow-ups, {timers} timers, in force from \
         {from}",
        "服务标准 {name} {version} 检查通过：承诺 {promises} 项，回访 {follow_ups} 项，时限 {timers} 项，生效日期 {from}"
    );
    let table = DataTable::new(
        Text::coded("promises", "Promises", "服务承诺"),
        vec![
            words::id("id", "id", "编码"),
            words::text("title", "promise", "承诺"),
            words::text("service", "service", "服务"),
            DataColumn::new(ColumnFormat::Word, "measure", "measures", "指标"),
            DataColumn::new(ColumnFormat::Quantity, "limit", "limit", "承诺值"),
            DataColumn::new(ColumnFormat::Quantity, "floor", "floor", "底线"),
        ],
        policy.promises.iter().map(|promise| {
            vec![
                DataCell::same(promise.id.clone()),
                DataCell::Text(promise.title.clone()),
                DataCell::Text(words::service(catalogue, promise.service)),
                DataCell::word(promise.measure),
                words::value(promise.limit, promise.measure),
                words::value(promise.floor, promise.measure),
            ]
        }),
    );
    let mut sections = vec![Section::titled(heading).table(table)];
    let doubts = policy.doubts().into_iter().map(Block::Sentence);
    sections.extend(doubts.map(|doubt| Section::new().with(doubt)));
    let remarked: Vec<&str> = policy.remarked().collect();
    if !remarked.is_empty() {
        let names = remarked.join(", ");
        sections.push(Section::new().with(Block::Sentence(text!(
            "These entries have a remark on what is to be confirmed or explained: {names}.",
            "以下条目附有待核实或说明的事项（remark）：{names}。"
        ))));
    }
    sections
}
