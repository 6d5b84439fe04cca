//! Words that several sections about a service log use: groups, reasons, units, services.

use gridtier::entitlement::Catalogue;
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::unit::date_of_day;
use gridtier_service::contact::UNCLASSIFIED;
use gridtier_service::due::DueReason;
use gridtier_service::group::{Group, UNGRADED};
use gridtier_service::policy::{Measure, Policy};
use gridtier_service::time::Second;

use crate::format::decimal;
use crate::table::{ColumnFormat, DataCell, DataColumn};
use crate::{group_names, names};

/// The name of a group.
pub(super) fn group(group: &Group) -> Text {
    group_names::group(group.by, &group.name)
}

/// A tier, or those without one.
pub(super) fn tier(code: &str) -> Text {
    group_names::tier(code)
}

/// The tier of a customer.
pub(super) fn tier_cell(tier: Option<Tier>) -> DataCell {
    DataCell::Text(tier.map_or_else(|| group_names::other(UNGRADED), names::tier))
}

/// The unit of what a promise measures.
pub(super) fn unit(measure: Measure) -> Text {
    match measure {
        Measure::Availability => Text::same("%"),
        Measure::Interruptions => Text::new("times", "次"),
        Measure::Minutes | Measure::Restoration | Measure::PromisedTime | Measure::Plan => {
            Text::new("min", "分钟")
        }
        Measure::Notice => Text::new("h", "小时"),
    }
}

/// A value of what a promise measures.
pub(super) fn value(value: Option<f64>, measure: Measure) -> DataCell {
    value.map_or(DataCell::Missing, |value| DataCell::Quantity(value, unit(measure)))
}

/// Most decimals of a value that is close to its limit: limits are compared in steps of 10⁻⁹.
const DECIMALS_MAX: u8 = 9;

/// What was achieved of a promise. If two decimals would show it as its limit, as many as tell them apart.
pub(super) fn achieved(value: Option<f64>, limit: Option<f64>, measure: Measure) -> DataCell {
    let is_told = |value: f64, limit: f64, decimals| decimal(value, decimals) != decimal(limit, decimals);
    match value.zip(limit) {
        Some((value, limit)) if value != limit && !is_told(value, limit, 2) => {
            let decimals = (3..DECIMALS_MAX).find(|&decimals| is_told(value, limit, decimals));
            DataCell::Formatted(value, ColumnFormat::Number(decimals.unwrap_or(DECIMALS_MAX)))
        }
        _ => self::value(value, measure),
    }
}

/// The title of a service, with its id for programs.
pub(super) fn service(catalogue: &Catalogue, place: usize) -> Text {
    let service = &catalogue.services[place];
    let id = &service.id;
    Text::coded(id.clone(), format!("{id} {}", service.title), format!("{id} {}", service.title_zh))
}

/// Why something is due.
pub(super) fn reason(reason: DueReason, policy: &Policy) -> Text {
    let code = reason.name(policy);
    let titled =
        |en: &str, zh: &str, title: &Text| (format!("{en}: {}", title.en), format!("{zh}：{}", title.zh));
    let (en, zh) = match reason {
        DueReason::Cadence => ("by the calendar".to_owned(), "按日历".to_owned()),
        DueReason::FollowUp(rule) => titled("follow-up", "回访", &policy.follow_ups[rule].title),
        DueReason::AtLeast(rule) => {
            titled("number of follow-ups", "回访次数", &policy.follow_ups[rule].title)
        }
        DueReason::Notice(promise) => titled("notice", "通知", &policy.promises[promise].title),
        DueReason::Session => ("for the public".to_owned(), "面向公众".to_owned()),
        DueReason::Appointment => ("appointment".to_owned(), "预约".to_owned()),
        DueReason::Invitation => ("invitation".to_owned(), "邀请".to_owned()),
    };
    Text::coded(code, en, zh)
}

/// A local time to the minute.
pub(super) fn time(at: Option<Second>) -> DataCell {
    at.map_or(DataCell::Missing, |at| {
        let shown = at.to_string();
        let minute = shown.rsplit_once(':').map_or(shown.as_str(), |(minute, _)| minute).to_owned();
        DataCell::Text(Text::coded(shown, minute.clone(), minute))
    })
}

/// The time until which something is due. Of what is due by the end of a day, the day.
pub(super) fn deadline(at: Second) -> DataCell {
    let shown = at.to_string();
    match shown.strip_suffix(" 23:59:59") {
        Some(day) => {
            let day = day.to_owned();
            DataCell::Text(Text::coded(shown, day.clone(), day))
        }
        None => time(Some(at)),
    }
}

/// A column of numbers with as many decimals as they need.
pub(super) fn quantity(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Quantity, code, en, zh)
}

/// A day, in days since 1970-01-01.
pub(super) fn day(day: i32) -> Text {
    Text::same(date_of_day(day).map(|day| day.to_string()).unwrap_or_default())
}

/// A count of cases in a column of whole numbers.
pub(super) fn count(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Integer, code, en, zh)
}

/// A share in percent.
pub(super) fn share(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Share, code, en, zh)
}

/// A column of texts.
pub(super) fn text(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Text, code, en, zh)
}

/// The column of customers.
pub(super) fn customer_column() -> DataColumn {
    id("customer_id", "customer", "户号")
}

/// The column of tiers.
pub(super) fn tier_column() -> DataColumn {
    text("tier", "tier", "等级")
}

/// The column of topics.
pub(super) fn topic_column() -> DataColumn {
    text("topic", "topic", "分类")
}

/// A topic of contacts, with its id for programs.
pub(super) fn topic(policy: &Policy, id: &str) -> Text {
    match policy.topics.iter().find(|topic| topic.id == id) {
        Some(topic) => Text::coded(id.to_owned(), topic.title.en.clone(), topic.title.zh.clone()),
        None => Text::coded(UNCLASSIFIED, "unclassified", "未分类"),
    }
}

/// A column of ids.
pub(super) fn id(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Id, code, en, zh)
}

/// A column of amounts in CNY.
pub(super) fn money(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Money, code, en, zh)
}

/// A column of numbers with decimals.
pub(super) fn number(decimals: u8, code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Number(decimals), code, en, zh)
}

/// A whole number that may be unknown.
pub(super) fn whole(value: Option<i64>) -> DataCell {
    value.map_or(DataCell::Missing, DataCell::Integer)
}

/// An amount in fen that may be unknown.
pub(super) fn fen(value: Option<i64>) -> DataCell {
    value.map_or(DataCell::Missing, |fen| DataCell::Fen(fen.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_limit_is_shown_with_as_many_decimals_as_tell() {
        let shown = |value: f64| achieved(Some(value), Some(99.9), Measure::Availability);
        let unit = unit(Measure::Availability);
        assert_eq!(shown(99.89), DataCell::Quantity(99.89, unit.clone()));
        assert_eq!(shown(99.9), DataCell::Quantity(99.9, unit));
        assert_eq!(shown(99.8999), DataCell::Formatted(99.8999, ColumnFormat::Number(4)));
        assert_eq!(shown(99.899_999_99), DataCell::Formatted(99.899_999_99, ColumnFormat::Number(8)));
    }
}
