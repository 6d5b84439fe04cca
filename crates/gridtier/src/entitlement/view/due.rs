//! What customers are due: everybody's grants, the holders of one service, one customer's services.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::super::catalogue::Catalogue;
use super::super::condition::Datum;
use super::super::grant::{Basis, Grant, Members, Reasons, Refused, grant};
use super::super::service::{Access, Reason, Service};
use super::matrix::{access_name, cell_terms, note, title};
use super::{Draft, MONEY, MONEY_DIGITS, Sheet, Words, e6, integer, schema};
use crate::method::Tier;
use crate::word::Word;

/// Columns of everybody's grants, by customer and then in the order of the catalogue.
#[must_use]
pub fn grants_schema() -> SchemaRef {
    schema(&[
        ("customer_id", DataType::Utf8, false),
        ("tier", DataType::Utf8, false),
        ("service", DataType::Utf8, false),
        ("access", DataType::Utf8, false),
        ("fee_rule", DataType::Utf8, false),
        ("fee", MONEY, true),
        ("subsidy_share", DataType::Float64, true),
        ("cadence", DataType::Utf8, false),
        ("quota_per_year", DataType::Int64, true),
        ("reasons", DataType::Utf8, false),
    ])
}

/// The grants of the members, all services.
#[must_use]
pub fn grants(catalogue: &Catalogue, members: &Members) -> RecordBatch {
    let mut rows = GrantRows::new();
    let mut record = members.record();
    for row in 0..members.len() {
        members.fill(row, &mut record);
        let tier = members.tier(row);
        for service in &catalogue.services {
            if let Ok(grant) = grant(catalogue, service, tier, &record) {
                rows.push(members.id(row), tier, service, &grant);
            }
        }
    }
    rows.finish()
}

/// Grants in the making. Text that repeats is held as a dictionary, so that a batch costs little more than its ids.
struct GrantRows {
    ids: StringBuilder,
    words: [StringDictionaryBuilder<Int32Type>; 6],
    fees: Vec<Option<i128>>,
    subsidies: Float64Builder,
    quotas: Int64Builder,
}

impl GrantRows {
    fn new() -> Self {
        Self {
            ids: StringBuilder::new(),
            words: std::array::from_fn(|_| StringDictionaryBuilder::new()),
            fees: Vec::new(),
            subsidies: Float64Builder::new(),
            quotas: Int64Builder::new(),
        }
    }

    fn push(&mut self, id: &str, tier: Tier, service: &Service, grant: &Grant) {
        let cadence = grant.terms.cadence.unwrap_or(service.cadence);
        let reasons = grant.reasons.words();
        let words = [
            tier.code(),
            service.id.as_str(),
            grant.access.code(),
            service.fee.rule().code(),
            cadence.code(),
            reasons.as_str(),
        ];
        self.ids.append_value(id);
        for (builder, word) in self.words.iter_mut().zip(words) {
            builder.append_value(word);
        }
        self.fees.push(grant.terms.fee_fen.map(i128::from));
        self.subsidies.append_option(grant.terms.subsidy_e6.map(e6));
        self.quotas.append_option(grant.terms.quota_per_year.map(integer));
    }

    fn finish(mut self) -> RecordBatch {
        let [tier, service, access, rule, cadence, reasons] =
            self.words.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let (precision, scale) = MONEY_DIGITS;
        let fees = self.fees.into_iter().collect::<Decimal128Array>();
        let fees = fees.with_precision_and_scale(precision, scale).expect("a precision that the type allows");
        let columns: [(&str, ArrayRef); 10] = [
            ("customer_id", Arc::new(self.ids.finish())),
            ("tier", tier),
            ("service", service),
            ("access", access),
            ("fee_rule", rule),
            ("fee", Arc::new(fees)),
            ("subsidy_share", Arc::new(self.subsidies.finish())),
            ("cadence", cadence),
            ("quota_per_year", Arc::new(self.quotas.finish())),
            ("reasons", reasons),
        ];
        // What may be empty is so by the schema, not by what this batch happens to hold.
        let declared = grants_schema();
        let field = |(name, array): &(&str, ArrayRef)| {
            let nullable = declared.field_with_name(name).is_ok_and(|field| field.is_nullable());
            Field::new(*name, array.data_type().clone(), nullable)
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(schema, arrays).expect("columns of one table have equal lengths")
    }
}

/// Columns of the holders of one service.
#[must_use]
pub fn holders_schema() -> SchemaRef {
    schema(&[
        ("customer_id", DataType::Utf8, false),
        ("tier", DataType::Utf8, false),
        ("use_category", DataType::Utf8, true),
        ("supply_level", DataType::Utf8, true),
        ("region", DataType::Utf8, true),
        ("access", DataType::Utf8, false),
        ("terms", DataType::Utf8, false),
        ("fee", MONEY, true),
        ("reasons", DataType::Utf8, false),
    ])
}

/// The members that are due a service, with what a letter to them needs.
#[must_use]
pub fn holders(catalogue: &Catalogue, service: &Service, members: &Members, words: Words) -> RecordBatch {
    let place = |name: &str| catalogue.fields.iter().position(|field| field.name == name);
    let places = ["use_category", "supply_level", "region"].map(place);
    let mut texts: [StringBuilder; 8] = std::array::from_fn(|_| StringBuilder::new());
    let mut fees = Vec::new();
    let mut record = members.record();
    for row in 0..members.len() {
        members.fill(row, &mut record);
        let tier = members.tier(row);
        let Ok(grant) = grant(catalogue, service, tier, &record) else { continue };
        let own = places.map(|place| match place.map(|place| (&catalogue.fields[place], record[place])) {
            Some((field, Datum::Word(word))) => Some(words.pick(word, word, field.word_zh(word))),
            _ => None,
        });
        let [category, level, region] = own;
        let cells = [
            Some(members.id(row).to_owned()),
            Some(super::matrix::tier_name(tier, words)),
            category,
            level,
            region,
            Some(access_name(grant.access, words)),
            Some(cell_terms(service, grant.access, grant.terms, words)),
            Some(reason_words(grant.reasons, words)),
        ];
        for (builder, cell) in texts.iter_mut().zip(cells) {
            builder.append_option(cell);
        }
        fees.push(grant.terms.fee_fen.map(i128::from));
    }
    let [id, tier, category, level, region, access, terms, reasons] =
        texts.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
    let fees = super::money(fees.into_iter());
    let columns = vec![id, tier, category, level, region, access, terms, fees, reasons];
    RecordBatch::try_new(holders_schema(), columns).expect("columns stand as in the schema")
}

pub(super) fn reason_words(reasons: Reasons, words: Words) -> String {
    match words {
        Words::Codes => reasons.words(),
        _ => {
            let names = reasons.iter().map(|reason| words.pick("", reason.en(), reason.zh()));
            names.collect::<Vec<_>>().join(", ")
        }
    }
}

/// All services for one customer: what it is due and why, and what not and why not.
#[must_use]
pub fn customer(catalogue: &Catalogue, tier: Tier, record: &[Datum], words: Words) -> Sheet {
    let due: Vec<_> =
        catalogue.services.iter().map(|service| (service, grant(catalogue, service, tier, record))).collect();
    let (yes, no): (Vec<_>, Vec<_>) = due.into_iter().partition(|(_, grant)| grant.is_ok());
    let rows: Vec<_> = yes.into_iter().chain(no).collect();
    let each = || rows.iter();
    Draft::new(words)
        .text(("service", "service", "编号"), each().map(|(service, _)| Some(service.id.clone())))
        .text(("title", "name", "服务"), each().map(|(service, _)| Some(title(service, words))))
        .text(
            ("access", "access", "提供方式"),
            each().map(|(_, grant)| {
                let access = grant.as_ref().map_or(Access::None, |grant| grant.access);
                Some(access_name(access, words))
            }),
        )
        .text(
            ("terms", "terms", "条款"),
            each().map(|(service, grant)| {
                let grant = grant.as_ref().ok()?;
                let terms = cell_terms(service, grant.access, grant.terms, words);
                let note = note(grant.terms, words);
                let parts: Vec<&str> =
                    [terms.as_str(), note.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
                Some(parts.join("; "))
            }),
        )
        .money(
            ("fee", "fee, CNY", "单价（元）"),
            each().map(|(_, grant)| grant.as_ref().ok()?.terms.fee_fen.map(i128::from)),
        )
        .text(
            ("reasons", "reasons", "理由"),
            each().map(|(_, grant)| grant.as_ref().ok().map(|grant| reason_words(grant.reasons, words))),
        )
        .text(
            ("why", "why", "原因说明"),
            each().map(|(service, grant)| Some(why(catalogue, service, grant, tier, record, words))),
        )
        .sheet(("customer", "Services of a customer", "客户可享服务"))
}

/// Why a customer has a service or not, in a sentence.
fn why(
    catalogue: &Catalogue,
    service: &Service,
    grant: &Result<Grant, Refused>,
    tier: Tier,
    record: &[Datum],
    words: Words,
) -> String {
    let say = |en: String, zh: String| words.pick(&en, &en, &zh);
    let (en, zh) = (tier.code(), tier.zh());
    match grant {
        Err(Refused::Tier) => say(format!("not for tier {en}"), format!("{zh}客户不享有")),
        Err(Refused::Condition(condition)) => {
            let fields = &catalogue.fields;
            let (seen, seen_zh) = (condition.seen(fields, record), condition.seen_zh(fields, record));
            say(
                format!("needs {}; here {seen}", condition.text),
                format!("要求{}；该客户{seen_zh}", condition.zh(fields)),
            )
        }
        Ok(grant) => {
            let mut parts = Vec::new();
            for reason in grant.reasons.iter() {
                parts.push(match (reason, grant.basis) {
                    (Reason::Tier, Basis::Cell(cell)) => say(
                        format!("tier {en} ({})", cell.provenance.en()),
                        format!("{zh}客户（{}）", cell.provenance.zh()),
                    ),
                    (Reason::Condition, basis) => held(catalogue, service, basis, record, words),
                    (Reason::Regulation, _) => {
                        say("owed to everybody".into(), "监管要求, 面向全体客户".into())
                    }
                    (Reason::Importance, _) => opened(catalogue, service, record, words),
                    (Reason::Tier, Basis::Opening(..)) => continue,
                });
            }
            parts.join(if words == Words::Zh { "；" } else { "; " })
        }
    }
}

/// What the opening that holds saw.
fn opened(catalogue: &Catalogue, service: &Service, record: &[Datum], words: Words) -> String {
    let fields = &catalogue.fields;
    let held = service.opens.iter().find(|opening| opening.condition.holds(record));
    let Some(condition) = held.map(|opening| &opening.condition) else { return String::new() };
    let en = format!("whatever the tier, as {}", condition.seen(fields, record));
    words.pick(&en, &en, &format!("不分等级开放（{}）", condition.seen_zh(fields, record)))
}

fn held(catalogue: &Catalogue, service: &Service, basis: Basis, record: &[Datum], words: Words) -> String {
    let of_cell = match basis {
        Basis::Cell(cell) => cell.condition.as_ref(),
        Basis::Opening(..) => None,
    };
    let conditions = || service.condition.iter().chain(of_cell);
    let fields = &catalogue.fields;
    let seen: Vec<String> = conditions().map(|condition| condition.seen(fields, record)).collect();
    let zh: Vec<String> = conditions().map(|condition| condition.seen_zh(fields, record)).collect();
    let en = format!("as {}", seen.join(", "));
    words.pick(&en, &en, &format!("符合条件（{}）", zh.join("，")))
}
