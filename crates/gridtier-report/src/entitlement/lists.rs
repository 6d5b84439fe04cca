//! Lists of customers: everybody's grants, and the holders of one service. They are too long for memory, so they are
//! Arrow batches.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::Datum;
use gridtier::entitlement::grant::{Grant, Members, grant};
use gridtier::entitlement::service::{Access, Cadence, FeeRule, Reason, Service};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::wording::{reasons_text, service_title, terms_text, tier_text};
use super::{number_of_e6, text_column};
use crate::table::{ColumnFormat, DataColumn, DataList, ListError, MONEY, MONEY_DIGITS};
use gridtier::text::{Text, Voice};

/// A schema of columns: name, type and whether it may be empty.
pub(super) fn schema_of(fields: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = fields.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn grants_schema() -> SchemaRef {
    schema_of(&[
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

/// Everybody's grants, by customer and then in the order of the catalogue.
pub fn grants_list<'a, E: Into<ListError>>(
    batches: impl Iterator<Item = Result<RecordBatch, E>> + 'a,
) -> DataList<'a> {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::word::<Tier>("tier", "tier", "等级"),
        text_column("service", "service", "编号"),
        DataColumn::word::<Access>("access", "access", "提供方式"),
        DataColumn::word::<FeeRule>("fee_rule", "fee rule", "收费规则"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "单价（元）"),
        DataColumn::new(ColumnFormat::Share, "subsidy_share", "subsidy share", "补贴比例"),
        DataColumn::word::<Cadence>("cadence", "cadence", "频次"),
        DataColumn::new(ColumnFormat::Integer, "quota_per_year", "quota a year", "年度限额"),
        DataColumn { names: Some(reason_names), ..text_column("reasons", "reasons", "理由") },
    ];
    DataList {
        title: Text::coded("entitlements", "Entitlements", "客户权益"),
        columns,
        schema: grants_schema(),
        about: Vec::new(),
        batches: Box::new(batches.map(|batch| batch.map_err(Into::into))),
    }
}

/// The names of the reasons that a cell lists.
fn reason_names(codes: &str) -> Option<Text> {
    let reasons: Option<Vec<Text>> =
        codes.split(';').map(|code| Reason::from_code(code).map(Text::of_word)).collect();
    Some(Text::join(&reasons?, ", "))
}

/// The grants of the members, all services, in codes.
#[must_use]
pub fn grants_batch(catalogue: &Catalogue, members: &Members) -> RecordBatch {
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

/// Columns of grants. Repeated text is kept as a dictionary, so that a batch needs little more memory than its ids.
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
        self.subsidies.append_option(grant.terms.subsidy_e6.map(number_of_e6));
        let quota = grant.terms.quota_per_year;
        self.quotas.append_option(quota.map(|quota| i64::try_from(quota).unwrap_or(i64::MAX)));
    }

    fn finish(mut self) -> RecordBatch {
        let [tier, service, access, rule, cadence, reasons] =
            self.words.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            tier,
            service,
            access,
            rule,
            money_array(self.fees),
            Arc::new(self.subsidies.finish()),
            cadence,
            Arc::new(self.quotas.finish()),
            reasons,
        ];
        // The declared schema decides which columns may be empty, not the cells that this batch happens to have.
        let declared = grants_schema();
        let fields =
            declared.fields().iter().zip(&columns).map(|(field, column)| {
                Field::new(field.name(), column.data_type().clone(), field.is_nullable())
            });
        RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
            .expect("columns of one table have equal lengths")
    }
}

/// Amounts in fen as CNY.
fn money_array(fen: Vec<Option<i128>>) -> ArrayRef {
    let (precision, scale) = MONEY_DIGITS;
    let amounts = Decimal128Array::from(fen).with_precision_and_scale(precision, scale);
    Arc::new(amounts.expect("a constant precision that the type allows"))
}

fn holders_schema() -> SchemaRef {
    schema_of(&[
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

/// The holders of a service.
pub fn holders_list<'a, E: Into<ListError>>(
    service: &Service,
    batches: impl Iterator<Item = Result<RecordBatch, E>> + 'a,
) -> DataList<'a> {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        text_column("tier", "tier", "等级"),
        text_column("use_category", "use category", "用电类别"),
        text_column("supply_level", "supply level", "供电电压层级"),
        text_column("region", "region", "地区"),
        text_column("access", "access", "提供方式"),
        text_column("terms", "terms", "条款"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "单价（元）"),
        text_column("reasons", "reasons", "理由"),
    ];
    DataList {
        title: service_title(service),
        columns,
        schema: holders_schema(),
        about: Vec::new(),
        batches: Box::new(batches.map(|batch| batch.map_err(Into::into))),
    }
}

/// The members to whom a service is due, with the columns that a letter to them needs.
#[must_use]
pub fn holders_batch(
    catalogue: &Catalogue,
    service: &Service,
    members: &Members,
    voice: Voice,
) -> RecordBatch {
    let shown = ["use_category", "supply_level", "region"]
        .map(|name| catalogue.fields.iter().position(|field| field.name == name));
    let mut texts: [StringBuilder; 8] = std::array::from_fn(|_| StringBuilder::new());
    let mut fees = Vec::new();
    let mut record = members.record();
    for row in 0..members.len() {
        members.fill(row, &mut record);
        let tier = members.tier(row);
        let Ok(grant) = grant(catalogue, service, tier, &record) else { continue };
        let [category, level, region] = shown.map(|position| {
            let position = position?;
            let Datum::Word(word) = record[position] else { return None };
            let zh = catalogue.fields[position].word_zh(word);
            Some(Text::new(word.to_owned(), zh.to_owned()).pick(voice).into_owned())
        });
        let cells = [
            Some(members.id(row).to_owned()),
            Some(tier_text(tier).pick(voice).into_owned()),
            category,
            level,
            region,
            Some(Text::of_word(grant.access).pick(voice).into_owned()),
            Some(terms_text(service, grant.access, grant.terms).pick(voice).into_owned()),
            Some(reasons_text(grant.reasons).pick(voice).into_owned()),
        ];
        for (builder, cell) in texts.iter_mut().zip(cells) {
            builder.append_option(cell);
        }
        fees.push(grant.terms.fee_fen.map(i128::from));
    }
    let [id, tier, category, level, region, access, terms, reasons] =
        texts.each_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
    let columns = vec![id, tier, category, level, region, access, terms, money_array(fees), reasons];
    RecordBatch::try_new(holders_schema(), columns).expect("columns are in the order of the schema")
}
