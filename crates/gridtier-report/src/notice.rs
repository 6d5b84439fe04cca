//! Notices to customers after a regrade: services gained and lost by tier, and a list with one row for each customer.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use gridtier::compare::{EndState, Step};
use gridtier::entitlement::Catalogue;
use gridtier::method::Tier;
use gridtier::rehearsal::{ServiceShift, Telling, service_shifts};
use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier::unit::date_of_day;
use gridtier::word::Word as _;
use serde_json::{Value, json};

use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataList, DataTable};

/// Number of rows in a batch of the list.
const BATCH_ROWS: usize = 8_192;

/// The names of the services of two catalogues: those in the newer one, and for services that it dropped those in the older
/// one.
#[derive(Clone, Copy, Debug)]
pub struct ServiceNames<'a> {
    /// The catalogue of the earlier cycle.
    pub older: &'a Catalogue,
    /// The catalogue of the later cycle.
    pub newer: &'a Catalogue,
}

impl<'a> ServiceNames<'a> {
    fn title(&self, id: &str) -> Text {
        let found = [self.newer, self.older].into_iter().find_map(|catalogue| {
            let service = &catalogue.services[catalogue.service(id)?];
            Some(Text::new(service.title.clone(), service.title_zh.clone()))
        });
        found.unwrap_or_else(|| Text::same(id.to_owned()))
    }

    fn titles(&self, ids: &[String]) -> Text {
        Text::join(&ids.iter().map(|id| self.title(id)).collect::<Vec<_>>(), "; ")
    }

    /// All services, in the order of the newer catalogue, and then those that it dropped.
    fn ids(&self) -> impl Iterator<Item = &'a str> {
        let newer = self.newer;
        let dropped = self.older.services.iter().filter(|service| newer.service(&service.id).is_none());
        newer.services.iter().chain(dropped).map(|service| service.id.as_str())
    }
}

/// How many customers of each tier gain and lose which service.
#[must_use]
pub fn sections(tellings: &[Telling], names: ServiceNames) -> Vec<Section> {
    let gained = Text::new(
        "Services gained or raised: customers by their tier now",
        "新增或提升的服务: 户数 (按现等级)",
    );
    let lost = Text::new(
        "Services lost or lowered: customers by their tier now",
        "取消或减少的服务: 户数 (按现等级)",
    );
    let shifts = service_shifts(tellings);
    let section = |code, heading: Text, count: fn(&ServiceShift) -> [u64; 4]| {
        let mut columns = vec![
            DataColumn::new(ColumnFormat::Id, "service", "service", "编号"),
            DataColumn::new(ColumnFormat::Text, "title", "name", "服务"),
        ];
        columns.extend(names::tier_columns());
        columns.push(DataColumn::new(ColumnFormat::Integer, "all", "all", "合计"));
        let rows = names.ids().filter_map(|id| {
            let counts = count(shifts.get(id)?);
            let all: u64 = counts.iter().sum();
            let mut row = vec![DataCell::same(id.to_owned()), DataCell::Text(names.title(id))];
            row.extend(counts.into_iter().chain([all]).map(DataCell::count));
            (all > 0).then_some(row)
        });
        let table = DataTable::new(Text::coded(code, "", ""), columns, rows);
        (!table.rows.is_empty()).then(|| Section::titled(heading).table(table))
    };
    let gained = section("services_gained", gained, |shift| shift.gained);
    let lost = section("services_lost", lost, |shift| shift.lost);
    gained.into_iter().chain(lost).collect()
}

/// Says which options show the changes of services and write the list of notices.
#[must_use]
pub fn hint() -> Section {
    Section::new().sentence(
        "Services gained and lost, costs before and after: --services. Whom to tell what: --notices FILE.",
        "权益增减与前后成本: --services。告知名单: --notices 文件。",
    )
}

/// The counts as JSON for programs.
#[must_use]
pub fn json(tellings: &[Telling]) -> Value {
    let by_tier = |counts: [u64; 4]| {
        let counts = Tier::ALL.iter().zip(counts).map(|(tier, count)| (tier.code().to_owned(), json!(count)));
        Value::Object(counts.collect())
    };
    let services = service_shifts(tellings).into_iter().map(|(id, ServiceShift { gained, lost })| {
        (id.to_owned(), json!({ "gained": by_tier(gained), "lost": by_tier(lost) }))
    });
    Value::Object(services.collect())
}

/// Days that notices name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoticeDays {
    /// The last day on which an appeal is in time; `None` before the cycle is published.
    pub object_by: Option<i32>,
    /// The day on which improvement plans of the cycle are due.
    pub plan_due_on: i32,
}

/// The list of notices: one row for each customer for whom something changes.
pub fn list<'a>(
    tellings: &'a [Telling],
    names: ServiceNames<'a>,
    days: NoticeDays,
    voice: Voice,
) -> DataList<'a> {
    let (utf8, day) = (DataType::Utf8, DataType::Date32);
    let fields = [
        Field::new("customer_id", utf8.clone(), false),
        Field::new("must", DataType::Boolean, false),
        Field::new("tier_before", utf8.clone(), false),
        Field::new("tier_after", utf8.clone(), false),
        Field::new("cause", utf8.clone(), true),
        Field::new("gained", utf8.clone(), true),
        Field::new("lost", utf8.clone(), true),
        Field::new("tell", utf8, false),
        Field::new("object_by", day.clone(), true),
        Field::new("plan_due_on", day, true),
    ];
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let of_batch = Arc::clone(&schema);
    let batches = tellings.chunks(BATCH_ROWS).map(move |rows| {
        let columns = columns(rows, names, days, voice);
        Ok(RecordBatch::try_new(Arc::clone(&of_batch), columns)
            .expect("columns are in the order of the schema"))
    });
    DataList {
        title: Text::coded("notices", "Whom to tell what", "客户告知名单"),
        columns: vec![
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            DataColumn::new(ColumnFormat::YesNo, "must", "must be told", "须告知"),
            DataColumn::word::<EndState>("tier_before", "tier before", "原等级"),
            DataColumn::word::<Tier>("tier_after", "tier now", "现等级"),
            DataColumn::word::<Step>("cause", "main cause", "主要原因"),
            DataColumn::new(ColumnFormat::Text, "gained", "services gained or raised", "新增或提升的服务"),
            DataColumn::new(ColumnFormat::Text, "lost", "services lost or lowered", "取消或减少的服务"),
            DataColumn::new(ColumnFormat::Text, "tell", "what to tell", "告知内容"),
            DataColumn::new(ColumnFormat::Date, "object_by", "appeal in time until", "申诉期限"),
            DataColumn::new(ColumnFormat::Date, "plan_due_on", "plan due on", "改进计划复查日期"),
        ],
        schema,
        about: Vec::new(),
        batches: Box::new(batches),
    }
}

fn columns(rows: &[Telling], names: ServiceNames, days: NoticeDays, voice: Voice) -> Vec<ArrayRef> {
    let services =
        |of: fn(&Telling) -> &[String]| texts(rows.iter().map(|row| service_list(of(row), names, voice)));
    let notices = rows.iter().map(|row| tell(row, names, days).pick(voice).into_owned());
    let plans = rows.iter().map(|row| row.begins_plan().then_some(days.plan_due_on));
    vec![
        texts(rows.iter().map(|row| Some(row.customer_id.as_str()))),
        Arc::new(rows.iter().map(|row| Some(row.must)).collect::<BooleanArray>()),
        texts(rows.iter().map(|row| Some(row.before.code()))),
        texts(rows.iter().map(|row| Some(row.after.code()))),
        texts(rows.iter().map(|row| row.cause.map(Step::code))),
        services(|row| &row.services.gained),
        services(|row| &row.services.lost),
        texts(notices.map(Some)),
        Arc::new(rows.iter().map(|_| days.object_by).collect::<Date32Array>()),
        Arc::new(plans.collect::<Date32Array>()),
    ]
}

fn texts<T: AsRef<str>>(texts: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(texts.collect::<StringArray>())
}

/// Ids of services as the cell of a list: their titles, or for programs the ids. `None` if there are none.
fn service_list(ids: &[String], names: ServiceNames, voice: Voice) -> Option<String> {
    let list = match voice {
        Voice::Codes => ids.join(","),
        _ => names.titles(ids).pick(voice).into_owned(),
    };
    (!ids.is_empty()).then_some(list)
}

/// The text of a notice, in whole sentences.
fn tell(telling: &Telling, names: ServiceNames, days: NoticeDays) -> Text {
    let after = Text::of_word(telling.after);
    let mut sentences = vec![match telling.before.tier() {
        Some(before) if before != telling.after => {
            let before = Text::of_word(before);
            text!("Your tier is now {after}; before it was {before}.", "贵户等级由{before}调整为{after}。"; before, after)
        }
        Some(_) => text!("Your tier remains {after}.", "贵户等级仍为{after}。"; after),
        None => text!("Your tier is {after}.", "贵户等级评为{after}。"; after),
    }];
    let services = &telling.services;
    if !services.lost.is_empty() {
        let lost = names.titles(&services.lost);
        sentences
            .push(text!("You no longer have, or have less of: {lost}.", "取消或减少的服务: {lost}。"; lost));
    }
    if !services.gained.is_empty() {
        let gained = names.titles(&services.gained);
        sentences
            .push(text!("You now have, or have more of: {gained}.", "新增或提升的服务: {gained}。"; gained));
    }
    if services.other_terms {
        sentences.push(text!("Some services are on other terms.", "部分服务的条款有变。"));
    }
    if let Some(day) = date_of_day(days.plan_due_on).filter(|_| telling.begins_plan()) {
        sentences.push(text!(
            "An improvement plan begins, which is due on {day}.",
            "开始督促改进, 复查日期为 {day}。"
        ));
    }
    if let Some(day) = days.object_by.and_then(date_of_day) {
        sentences.push(text!("You may appeal until {day}.", "如有异议, 请在 {day} 前 (含当日) 提出申诉。"));
    }
    Text::new(Text::join(&sentences, " ").en, Text::join(&sentences, "").zh)
}

#[cfg(test)]
mod tests {
    use gridtier::rehearsal::ServiceMoves;
    use gridtier::text::Lang;
    use gridtier::unit::Month;

    use super::*;
    use crate::render::{ByteOrderMark, csv};

    fn catalogue() -> Catalogue {
        Catalogue::shipped("paper", &[]).unwrap().unwrap()
    }

    fn telling(id: &str, before: EndState, after: Tier, lost: &[&str], gained: &[&str]) -> Telling {
        let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        let services = ServiceMoves { lost: ids(lost), gained: ids(gained), other_terms: false };
        let (customer_id, cause) = (id.to_owned(), Some(Step::Own));
        Telling { customer_id, must: !lost.is_empty(), before, after, cause, services: Arc::new(services) }
    }

    fn rows(voice: Voice) -> String {
        let catalogue = catalogue();
        let names = ServiceNames { older: &catalogue, newer: &catalogue };
        let tellings = [
            telling("a", EndState::Grade1, Tier::Grade3, &["S01", "S02"], &[]),
            telling("b", EndState::Grade2, Tier::Grade1, &[], &["S01"]),
        ];
        let days = NoticeDays {
            object_by: Some(Month::new(2026, 2).first_day()),
            plan_due_on: Month::new(2027, 1).first_day(),
        };
        let mut bytes = Vec::new();
        csv::write_list(&mut bytes, list(&tellings, names, days, voice), voice, ByteOrderMark::Absent)
            .unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_customer_has_one_row_with_what_to_tell_it_in_the_readers_language() {
        let (en, zh, codes) = (rows(Lang::En.into()), rows(Lang::Zh.into()), rows(Voice::Codes));
        assert_eq!(en.lines().count(), 3, "{en}");
        for part in
            ["Your tier is now grade-3; before it was grade-1.", "due on 2027-01-01", "until 2026-02-01"]
        {
            assert!(en.contains(part), "{part}: {en}");
        }
        let second = en.lines().nth(2).unwrap();
        assert!(second.contains("You now have, or have more of:") && !second.contains("plan begins"), "{en}");
        assert!(zh.contains("贵户等级由一级调整为三级。") && zh.contains("复查日期为 2027-01-01"), "{zh}");
        assert!(
            codes.starts_with("customer_id,must,tier_before,tier_after,cause,gained,lost,tell"),
            "{codes}"
        );
        assert!(codes.contains("\"S01,S02\""), "{codes}");
    }

    #[test]
    fn changes_are_counted_by_service_and_new_tier_and_services_without_a_change_are_left_out() {
        let catalogue = catalogue();
        let names = ServiceNames { older: &catalogue, newer: &catalogue };
        let tellings = [
            telling("a", EndState::Grade1, Tier::Grade3, &["S01"], &[]),
            telling("b", EndState::Grade1, Tier::Grade3, &["S01"], &[]),
            telling("c", EndState::Grade1, Tier::Grade2, &["S01"], &["S02"]),
        ];
        let sections = sections(&tellings, names);
        assert_eq!(sections.len(), 2);
        let lost = &sections[1].tables().next().unwrap().rows;
        assert_eq!(lost.len(), 1);
        let counts = [0, 0, 1, 2, 3].map(DataCell::count);
        assert_eq!(lost[0].cells[2..], counts);
        assert_eq!(json(&tellings)["S02"]["gained"]["grade-2"], 1);
    }
}
