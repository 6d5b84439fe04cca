//! Lists of notices: what changed for whom, and what became of applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

use super::super::application::{Application, Decision, Why};
use super::super::catalogue::Catalogue;
use super::super::change::{Change, ChangeKind};
use super::super::offer::Offer;
use super::due::reason_words;
use super::matrix::{access_name, cell_terms, note, parts_of, tier_name, title};
use super::{Draft, Sheet, Words, integer, schema};
use crate::method::Tier;
use crate::word::Word;

/// Columns of the notice list.
#[must_use]
pub fn notices_schema() -> SchemaRef {
    let text = |name, nullable| (name, DataType::Utf8, nullable);
    schema(&[
        text("customer_id", false),
        text("tier_before", true),
        text("tier_after", true),
        text("service", false),
        text("title", false),
        text("change", false),
        text("access_before", false),
        text("access_after", false),
        text("terms_before", false),
        text("terms_after", false),
        text("reasons", false),
    ])
}

/// Notices in the making, and the counts of all changes whether or not the customer is on the list.
pub struct Notices<'a> {
    titles: &'a Catalogue,
    older: &'a Catalogue,
    words: Words,
    cells: [StringBuilder; 11],
    rows: usize,
    counts: BTreeMap<(String, ChangeKind), u64>,
}

/// Whether a customer stands on the notice list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// It does.
    Listed,
    /// It is counted only: it has opted out.
    CountedOnly,
}

impl<'a> Notices<'a> {
    /// An empty list, in the words asked for; titles come from the newer catalogue, of dropped services from the older.
    #[must_use]
    pub fn new(older: &'a Catalogue, newer: &'a Catalogue, words: Words) -> Self {
        let cells = std::array::from_fn(|_| StringBuilder::new());
        Self { titles: newer, older, words, cells, rows: 0, counts: BTreeMap::new() }
    }

    /// Adds a customer's changes.
    pub fn add(&mut self, id: &str, tiers: [Option<Tier>; 2], changes: &[Change], noticed: Noticed) {
        let words = self.words;
        for change in changes {
            *self.counts.entry((change.service.to_owned(), change.kind)).or_default() += 1;
            if noticed == Noticed::CountedOnly {
                continue;
            }
            let [before, after] = tiers.map(|tier| tier.map(|tier| tier_name(tier, words)));
            let kind = change.kind;
            let cells = [
                Some(id.to_owned()),
                before,
                after,
                Some(change.service.to_owned()),
                Some(self.title(change.service)),
                Some(words.name(kind)),
                Some(access_name(change.before, words)),
                Some(access_name(change.after, words)),
                Some(offered(change.terms_before, words)),
                Some(offered(change.terms_after, words)),
                Some(reason_words(change.reasons, words)),
            ];
            for (builder, cell) in self.cells.iter_mut().zip(cells) {
                builder.append_option(cell);
            }
            self.rows += 1;
        }
    }

    fn title(&self, id: &str) -> String {
        let find =
            |catalogue: &Catalogue| Some(title(&catalogue.services[catalogue.service(id)?], self.words));
        find(self.titles).or_else(|| find(self.older)).unwrap_or_default()
    }

    /// Rows since the last batch was taken.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows since the last batch was taken.
    pub fn take(&mut self) -> RecordBatch {
        self.rows = 0;
        let columns = self.cells.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        RecordBatch::try_new(notices_schema(), columns.to_vec()).expect("columns stand as in the schema")
    }

    /// The counts of changes by service. Counts from 1 to below `min_count` are empty; no sums are shown that would
    /// give them back.
    #[must_use]
    pub fn summary(&self, min_count: u64) -> Sheet {
        let mut ids: Vec<&str> = Vec::new();
        for catalogue in [self.titles, self.older] {
            let known = catalogue.services.iter().map(|service| service.id.as_str());
            let new: Vec<&str> = known.filter(|id| !ids.contains(id)).collect();
            ids.extend(new);
        }
        ids.retain(|id| ChangeKind::ALL.iter().any(|kind| self.count(id, *kind) > 0));
        let mut draft = Draft::new(self.words)
            .text(("service", "service", "编号"), ids.iter().map(|id| Some((*id).to_owned())))
            .text(("title", "name", "服务"), ids.iter().map(|id| Some(self.title(id))));
        for &kind in ChangeKind::ALL {
            let name = (kind.code(), kind.en(), kind.zh());
            let counts = ids.iter().map(|id| self.count(id, kind));
            draft = draft.integers(
                name,
                counts.map(|count| (count == 0 || count >= min_count).then(|| integer(count))),
            );
        }
        draft.sheet(("changes", "Gains and losses", "服务变化"))
    }

    fn count(&self, id: &str, kind: ChangeKind) -> u64 {
        self.counts.get(&(id.to_owned(), kind)).copied().unwrap_or(0)
    }
}

/// The terms of an offer in a few words, and its note.
fn offered(offer: Option<Offer>, words: Words) -> String {
    let Some(Offer { service, access, terms }) = offer else { return String::new() };
    let cadence = terms.cadence.unwrap_or(service.cadence);
    let cadence = words.name(cadence);
    let mut parts = vec![cell_terms(service, access, terms, words), note(terms, words)];
    if terms.cadence.is_none() {
        parts.insert(0, cadence);
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// What became of applications, in their order.
#[must_use]
pub fn decisions(
    catalogue: &Catalogue,
    applications: &[Application],
    decisions: &[Decision],
    words: Words,
) -> Sheet {
    let each = || decisions.iter().map(|decision| (decision, &applications[decision.application]));
    Draft::new(words)
        .text(("customer_id", "customer", "户号"), each().map(|(_, asked)| Some(asked.customer_id.clone())))
        .text(
            ("tier", "tier", "等级"),
            each().map(|(decision, _)| decision.tier.map(|tier| tier_name(tier, words))),
        )
        .text(
            ("service", "service", "编号"),
            each().map(|(_, asked)| Some(catalogue.services[asked.service].id.clone())),
        )
        .text(
            ("title", "name", "服务"),
            each().map(|(_, asked)| Some(title(&catalogue.services[asked.service], words))),
        )
        .days(("applied_on", "applied on", "申请日期"), each().map(|(_, asked)| asked.applied_on))
        .text(("area", "transformer area", "台区"), each().map(|(_, asked)| Some(asked.area.clone())))
        .text(
            ("parts", "parts chosen", "所选项目"),
            each().map(|(_, asked)| Some(parts_of(&catalogue.services[asked.service], asked.parts, words))),
        )
        .integers(("units", "units", "数量"), each().map(|(_, asked)| Some(integer(asked.units))))
        .text(
            ("plan_allows", "plan allows", "有序用电方案允许"),
            each().map(|(_, asked)| asked.plan_allows.map(|allows| allows.to_string())),
        )
        .text(
            ("outcome", "outcome", "结果"),
            each().map(|(decision, _)| {
                let outcome = decision.outcome;
                Some(words.name(outcome))
            }),
        )
        .text(("why", "why", "原因"), each().map(|(decision, _)| Some(why(&decision.why, words))))
        .money(
            ("fee", "fee, CNY", "费用（元）"),
            each().map(|(decision, _)| decision.fee_fen.map(i128::from)),
        )
        .money(
            ("subsidy", "subsidy, CNY", "补贴（元）"),
            each().map(|(decision, _)| decision.subsidy_fen.map(i128::from)),
        )
        .sheet(("decisions", "Applications decided", "申请处理结果"))
}

fn why(why: &Why, words: Words) -> String {
    let say = |en: String, zh: String| words.pick(&en, &en, &zh);
    match why {
        Why::Due(reasons) => reason_words(*reasons, words),
        Why::NotAppliedFor => {
            say("it comes by itself; no application is needed".into(), "主动提供, 无需申请".into())
        }
        Why::Once => say("granted already; it is given once".into(), "已批准过, 仅提供一次".into()),
        Why::Capacity => say("capacity of the period is used up".into(), "本期服务能力已满".into()),
        Why::PlanOpen => say("the outage plan has not been checked".into(), "尚未核对有序用电方案".into()),
        Why::PlanForbids => {
            say("the approved outage plan leaves no room".into(), "经批准的有序用电方案不允许".into())
        }
        Why::NotGraded => say("not in the cycle's graded population".into(), "不在本周期评级范围内".into()),
        Why::Tier => say("the tier does not have it".into(), "该等级不享有此服务".into()),
        Why::Condition([en, zh], [seen, seen_zh]) => {
            say(format!("needs {en}; here {seen}"), format!("要求 {zh}；该客户 {seen_zh}"))
        }
        Why::Quota(quota) => {
            say(format!("more than the quota of {quota} a year"), format!("超过每年 {quota} 次的限额"))
        }
        Why::NoParts => say("no part was chosen".into(), "未选择项目".into()),
        Why::NoArea => say("no transformer area was named".into(), "未填写台区".into()),
    }
}
