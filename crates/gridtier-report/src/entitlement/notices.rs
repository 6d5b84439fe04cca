//! Which services changed for which customers between two cycles: the list of notices, and the counts of changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::change::{Change, ChangeKind};
use gridtier::entitlement::offer::Offer;
use gridtier::method::Tier;
use gridtier::word::Word;

use super::lists::schema_of;
use super::wording::{joined, note_text, reasons_text, service_title, terms_text, tier_text};
use super::{count_cell, text_column};
use crate::format;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataList, DataTable, ListError};
use gridtier::text::{Text, Voice};

/// Code, English and Chinese of the columns of the list, and whether they may be empty.
const COLUMNS: [(&str, &str, &str, bool); 11] = [
    ("customer_id", "customer", "户号", false),
    ("tier_before", "tier before", "原等级", true),
    ("tier_after", "tier now", "现等级", true),
    ("service", "service", "编号", false),
    ("title", "name", "服务", false),
    ("change", "change", "变化", false),
    ("access_before", "access before", "原提供方式", false),
    ("access_after", "access now", "现提供方式", false),
    ("terms_before", "terms before", "原条款", false),
    ("terms_after", "terms now", "现条款", false),
    ("reasons", "reasons", "理由", false),
];

fn notices_schema() -> SchemaRef {
    schema_of(&COLUMNS.map(|(code, _, _, is_nullable)| (code, DataType::Utf8, is_nullable)))
}

/// The list of notices.
pub fn notices_list<'a, E: Into<ListError>>(
    batches: impl Iterator<Item = Result<RecordBatch, E>> + 'a,
) -> DataList<'a> {
    DataList {
        title: Text::coded("notices", "Notices", "服务变化通知名单"),
        columns: COLUMNS.iter().map(|(code, en, zh, _)| text_column(code, en, zh)).collect(),
        schema: notices_schema(),
        about: Vec::new(),
        batches: Box::new(batches.map(|batch| batch.map_err(Into::into))),
    }
}

/// Collects notices, and counts all changes whether or not the customer is on the list.
pub struct Notices<'a> {
    titles: &'a Catalogue,
    older: &'a Catalogue,
    voice: Voice,
    cells: [StringBuilder; 11],
    rows: usize,
    opted_out: u64,
    counts: BTreeMap<(String, ChangeKind), u64>,
}

/// Whether a customer is on the notice list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// The customer is on the list.
    Listed,
    /// The customer is on the list, although it wants no marketing.
    ListedOptedOut,
    /// The customer is only counted, because it has opted out.
    CountedOnly,
}

impl<'a> Notices<'a> {
    /// An empty list; titles come from the newer catalogue, those of dropped services from the older.
    #[must_use]
    pub fn new(older: &'a Catalogue, newer: &'a Catalogue, voice: Voice) -> Self {
        let cells = std::array::from_fn(|_| StringBuilder::new());
        Self { titles: newer, older, voice, cells, rows: 0, opted_out: 0, counts: BTreeMap::new() }
    }

    /// Adds a customer's changes.
    pub fn add(&mut self, id: &str, tiers: [Option<Tier>; 2], changes: &[Change], noticed: Noticed) {
        self.opted_out += u64::from(noticed != Noticed::Listed && !changes.is_empty());
        for change in changes {
            *self.counts.entry((change.service.to_owned(), change.kind)).or_default() += 1;
            if noticed == Noticed::CountedOnly {
                continue;
            }
            let [before, after] = tiers.map(|tier| tier.map(tier_text));
            let cells = [
                Some(Text::same(id.to_owned())),
                before,
                after,
                Some(Text::same(change.service.to_owned())),
                Some(self.title(change.service)),
                Some(Text::of_word(change.kind)),
                Some(Text::of_word(change.before)),
                Some(Text::of_word(change.after)),
                Some(offer_text(change.terms_before)),
                Some(offer_text(change.terms_after)),
                Some(reasons_text(change.reasons)),
            ];
            for (builder, cell) in self.cells.iter_mut().zip(&cells) {
                builder.append_option(cell.as_ref().map(|text| text.pick(self.voice)));
            }
            self.rows += 1;
        }
    }

    fn title(&self, id: &str) -> Text {
        [self.titles, self.older]
            .iter()
            .find_map(|catalogue| Some(service_title(&catalogue.services[catalogue.service(id)?])))
            .unwrap_or_default()
    }

    /// Customers with a change who want no marketing.
    #[must_use]
    pub fn opted_out(&self) -> u64 {
        self.opted_out
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
        RecordBatch::try_new(notices_schema(), columns.to_vec())
            .expect("columns are in the order of the schema")
    }

    /// The counts of changes by service. Counts from 1 to below `min_count` are empty; no sums are shown that would
    /// reveal them.
    #[must_use]
    pub fn summary(&self, min_count: u64) -> DataTable {
        let mut ids: Vec<&str> = Vec::new();
        for service in self.titles.services.iter().chain(&self.older.services) {
            let is_changed = ChangeKind::ALL.iter().any(|&kind| self.count(&service.id, kind) > 0);
            if is_changed && !ids.contains(&service.id.as_str()) {
                ids.push(&service.id);
            }
        }
        let mut columns =
            vec![text_column("service", "service", "编号"), text_column("title", "name", "服务")];
        columns.extend(
            ChangeKind::ALL
                .iter()
                .map(|kind| DataColumn::new(ColumnFormat::Integer, kind.code(), kind.en(), kind.zh())),
        );
        let rows = ids.into_iter().map(|id| {
            let mut row = vec![DataCell::same(id.to_owned()), DataCell::Text(self.title(id))];
            row.extend(ChangeKind::ALL.iter().map(|&kind| {
                let count = self.count(id, kind);
                count_cell((count == 0 || count >= min_count).then_some(count))
            }));
            row
        });
        DataTable::new(Text::coded("changes", "Gains and losses", "服务变化"), columns, rows)
    }

    fn count(&self, id: &str, kind: ChangeKind) -> u64 {
        self.counts.get(&(id.to_owned(), kind)).copied().unwrap_or(0)
    }
}

/// The terms of an offer in a few words, and its note.
fn offer_text(offer: Option<Offer>) -> Text {
    let Some(Offer { service, access, terms }) = offer else { return Text::default() };
    let mut parts = vec![terms_text(service, access, terms), note_text(terms)];
    if terms.cadence.is_none() {
        parts.insert(0, Text::of_word(service.cadence));
    }
    parts.retain(|part| !part.is_empty());
    joined(&parts, "; ")
}

/// The counts for a terminal. `gone` customers of the earlier cycle are no longer graded.
#[must_use]
pub fn changes_section(summary: &DataTable, cycles: [u64; 2], gone: u64, min_count: u64) -> Section {
    let [before, after] = cycles;
    let shown = ["service", "title", "gained", "more", "terms", "less", "lost"];
    let section = Section::titled(Text::new(
        format!("Customers who gain and lose from cycle {before} to {after}"),
        format!("第 {before} 周期至第 {after} 周期的服务变化 (户数)"),
    ))
    .table(summary.select(&shown))
    .sentence(
        "Customers whom the earlier cycle had not graded gain all that they have now.",
        "上一周期未参评的客户, 其全部服务计为新增。",
    );
    if gone == 0 || gone < min_count {
        return section;
    }
    let no_longer =
        format::counted(gone, "customer of the earlier cycle is", "customers of the earlier cycle are");
    let gone = format::grouped(gone);
    section.sentence(format!("{no_longer} no longer graded."), format!("上一周期有 {gone} 户不再参评。"))
}
