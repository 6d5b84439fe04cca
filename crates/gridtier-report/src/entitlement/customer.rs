//! One customer's services: which ones are due to the customer, which are not, and why.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::{Condition, Datum};
use gridtier::entitlement::grant::{Basis, Grant, Refused, grant};
use gridtier::entitlement::service::{Access, Reason, Service};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::wording::{joined, note_text, reasons_text, service_title, terms_text};
use super::{fen_cell, text_cell, text_column};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text;
use gridtier::text::Text;

/// The customer and the cycle that an answer is about.
#[derive(Clone, Copy, Debug)]
pub struct CustomerOccasion<'a> {
    /// The customer.
    pub id: &'a str,
    /// Number of the cycle.
    pub version: u64,
    /// First day after its window.
    pub as_of: &'a str,
}

/// All services for one customer.
#[derive(Clone, Debug)]
pub struct CustomerServices {
    /// The customer's tier.
    pub tier: Tier,
    /// A row for each service; the services that are due come first.
    pub table: DataTable,
    /// How many services are due.
    pub due: usize,
}

/// The services that are due to a customer of this tier with this record.
#[must_use]
pub fn customer_services(catalogue: &Catalogue, tier: Tier, record: &[Datum]) -> CustomerServices {
    let columns = vec![
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
        text_column("access", "access", "提供方式"),
        text_column("terms", "terms", "条款"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "单价（元）"),
        text_column("reasons", "reasons", "理由"),
        text_column("why", "why", "原因说明"),
    ];
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for service in &catalogue.services {
        let granted = grant(catalogue, service, tier, record);
        let access = granted.as_ref().map_or(Access::None, |grant| grant.access);
        let row = vec![
            DataCell::same(service.id.clone()),
            DataCell::Text(service_title(service)),
            DataCell::word(access),
            text_cell(granted.as_ref().ok().map(|grant| terms_and_note(service, grant))),
            fen_cell(granted.as_ref().ok().and_then(|grant| grant.terms.fee_fen)),
            text_cell(granted.as_ref().ok().map(|grant| reasons_text(grant.reasons))),
            DataCell::Text(why(catalogue, service, &granted, tier, record)),
        ];
        if granted.is_ok() { rows.push(row) } else { refused.push(row) }
    }
    let due = rows.len();
    let title = Text::coded("customer", "Services of a customer", "客户可享服务");
    CustomerServices { tier, table: DataTable::new(title, columns, rows.into_iter().chain(refused)), due }
}

fn terms_and_note(service: &Service, grant: &Grant) -> Text {
    let parts = [terms_text(service, grant.access, grant.terms), note_text(grant.terms)];
    let parts: Vec<Text> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    joined(&parts, "; ")
}

impl CustomerServices {
    /// The services, with customer, tier, cycle and day in every row, so that a copy of the table still says which
    /// customer and which day it is about.
    #[must_use]
    pub fn with_occasion(&self, occasion: &CustomerOccasion) -> DataTable {
        let mut table = self.table.clone();
        let columns = [
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            text_column("tier", "tier", "等级"),
            DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
            text_column("as_of", "as of", "评价截止日"),
        ];
        let cells = [
            DataCell::same(occasion.id.to_owned()),
            names::tier_cell(self.tier),
            DataCell::count(occasion.version),
            DataCell::same(occasion.as_of.to_owned()),
        ];
        table.columns.splice(0..0, columns);
        for row in &mut table.rows {
            row.cells.splice(0..0, cells.clone());
        }
        table
    }

    /// The sections for a terminal.
    #[must_use]
    pub fn sections(&self, occasion: &CustomerOccasion, is_opted_out: bool) -> Vec<Section> {
        let (Text { en, zh, .. }, CustomerOccasion { id, version, as_of }) =
            (names::tier(self.tier), occasion);
        let mut section = Section::titled(text!(
            "Customer {id}: tier {en} in cycle {version} as of {as_of}",
            "客户 {id}: 第 {version} 周期 ({as_of}) 等级 {zh}",
        ));
        if is_opted_out {
            section = section.sentence("It wants no marketing.", "该客户拒绝营销。");
        }
        let (mut granted, mut refused) = (self.table.clone(), self.table.clone());
        granted.rows.truncate(self.due);
        refused.rows.drain(..self.due);
        let shown = ["service", "title", "access", "terms", "why"];
        let mut sections = vec![section.with(Block::Table(granted.select(&shown)))];
        if !refused.rows.is_empty() {
            let title = Text::coded("not_due", "Services that are not due", "不享有的服务");
            let table = DataTable { title, ..refused.select(&["service", "title", "why"]) };
            sections.push(Section::of_table(table));
        }
        sections
    }
}

/// A sentence that says why a customer has a service or does not have it.
fn why(
    catalogue: &Catalogue,
    service: &Service,
    granted: &Result<Grant, Refused>,
    tier: Tier,
    record: &[Datum],
) -> Text {
    let (en, zh) = (tier.code(), tier.zh());
    match granted {
        Err(Refused::Tier) => Text::new(format!("not for tier {en}"), format!("{zh}客户不享有")),
        Err(Refused::Condition(condition)) => {
            let fields = &catalogue.fields;
            let (seen, seen_zh) = (condition.seen(fields, record), condition.seen_zh(fields, record));
            Text::new(
                format!("needs {}; here {seen}", condition.text),
                format!("要求{}；该客户{seen_zh}", condition.zh(fields)),
            )
        }
        Ok(grant) => {
            let mut parts = Vec::new();
            for reason in grant.reasons.iter() {
                parts.push(match (reason, grant.basis) {
                    (Reason::Tier, Basis::Cell(cell)) => Text::new(
                        format!("tier {en} ({})", cell.provenance.en()),
                        format!("{zh}客户（{}）", cell.provenance.zh()),
                    ),
                    (Reason::Condition, basis) => conditions_held(catalogue, service, basis, record),
                    (Reason::Regulation, _) => Text::new("owed to everybody", "监管要求, 面向全体客户"),
                    (Reason::Importance, _) => opening_held(catalogue, service, record),
                    (Reason::Tier, Basis::Opening(..)) => continue,
                });
            }
            Text { zh: joined(&parts, "；").zh, ..joined(&parts, "; ") }
        }
    }
}

/// The facts on which the opening that applies is based.
fn opening_held(catalogue: &Catalogue, service: &Service, record: &[Datum]) -> Text {
    let fields = &catalogue.fields;
    let held = service.opens.iter().find(|opening| opening.condition.holds(record));
    held.map_or_else(Text::default, |opening| {
        let (seen, seen_zh) =
            (opening.condition.seen(fields, record), opening.condition.seen_zh(fields, record));
        Text::new(format!("whatever the tier, as {seen}"), format!("不分等级开放（{seen_zh}）"))
    })
}

/// The facts on which the conditions of the service and of its cell are based.
fn conditions_held(catalogue: &Catalogue, service: &Service, basis: Basis, record: &[Datum]) -> Text {
    let of_cell = match basis {
        Basis::Cell(cell) => cell.condition.as_ref(),
        Basis::Opening(..) => None,
    };
    let conditions: Vec<&Condition> = service.condition.iter().chain(of_cell).collect();
    let fields = &catalogue.fields;
    let seen: Vec<String> = conditions.iter().map(|condition| condition.seen(fields, record)).collect();
    let zh: Vec<String> = conditions.iter().map(|condition| condition.seen_zh(fields, record)).collect();
    Text::new(format!("as {}", seen.join(", ")), format!("符合条件（{}）", zh.join("，")))
}
