//! The name of a figure in words, and its numbers in the form that suits them.

use gridtier::contract::{Channel, CheckSubject, ContactKind, CorrectionSubject, OutageKind};
use gridtier::index::float_i64;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::due::DueReason;
use gridtier_service::group::GroupBy;
use gridtier_service::monthly::facts::FigureValue;
use gridtier_service::monthly::judge::{FigureReading, MonthlyFigure};
use gridtier_service::policy::{Measure, Policy};
use gridtier_service::reliability::Scope;

use super::super::view::ServiceView;
use super::super::words;
use crate::table::{ColumnFormat, DataCell};

/// Table, row and column of a figure, in words.
pub(super) fn name(view: &ServiceView, figure: &MonthlyFigure) -> Text {
    named(view, figure, &[])
}

/// The same without the customers.
pub(super) fn short_name(view: &ServiceView, figure: &MonthlyFigure) -> Text {
    named(view, figure, &["group", "tier"])
}

/// The name, without these parts of the key.
fn named(view: &ServiceView, figure: &MonthlyFigure, left_out: &[&str]) -> Text {
    let table = Text::new(figure.table.en, figure.table.zh);
    let column = figure
        .rule()
        .map_or_else(|| Text::same(figure.column.to_string()), |rule| Text::new(rule.en, rule.zh));
    let parts = figure.table.key.iter().zip(&figure.key).filter(|(of, _)| !left_out.contains(of));
    let parts: Vec<Text> =
        parts.filter_map(|(of, code)| key_part(view, figure.table.name, of, code)).collect();
    let (en, zh) = (joined(&parts, ", ", |part| &part.en), joined(&parts, "，", |part| &part.zh));
    let dash = |name: &str, key: String, of: &str, between: [&str; 2]| {
        if key.is_empty() {
            format!("{name}{}{of}", between[1])
        } else {
            format!("{name}{}{key}{}{of}", between[0], between[1])
        }
    };
    Text::new(dash(&table.en, en, &column.en, [": ", ": "]), dash(&table.zh, zh, &column.zh, ["：", "："]))
}

fn joined(parts: &[Text], between: &str, of: impl Fn(&Text) -> &str) -> String {
    parts.iter().map(of).collect::<Vec<_>>().join(between)
}

/// A part of a key in words; `None` if it says nothing by itself.
fn key_part(view: &ServiceView, table: &str, column: &str, code: &str) -> Option<Text> {
    let policy = view.policy;
    let own = || Text::same(code.to_owned());
    Some(match column {
        "group_by" => return None,
        "month" if view.run.period.first == view.run.period.last => return None,
        "month" => Text::new(format!("month {code}"), format!("第{code}个月")),
        "group" | "tier" if code == GroupBy::All.code() => Text::of_word(GroupBy::All),
        "group" | "tier" => words::tier(code),
        "scope" => word::<Scope>(code),
        "kind" if table == "causes" => word::<OutageKind>(code),
        "kind" => word::<ContactKind>(code),
        "cause" if code == gridtier_service::group::UNKNOWN => Text::new("unknown cause", "原因不明"),
        "cause" => own(),
        "promise" => {
            policy.promises.iter().find(|one| one.id == code).map_or_else(own, |one| one.title.clone())
        }
        "timer" => policy.timers.iter().find(|one| one.id == code).map_or_else(own, |one| one.title.clone()),
        "topic" => words::topic(policy, code),
        "reason" => reasons(policy)
            .find(|reason| reason.name(policy) == code)
            .map_or_else(own, |reason| words::reason(reason, policy)),
        "service" => {
            view.catalogue.service(code).map_or_else(own, |place| words::service(view.catalogue, place))
        }
        "channel" => word::<Channel>(code),
        "days" => Text::new(format!("{code} days"), format!("{code}天")),
        "subject" if code == GroupBy::All.code() => Text::new("all", "全部"),
        "subject" => word::<CheckSubject>(code),
        "about" if code == GroupBy::All.code() => Text::new("all", "全部"),
        "about" => word::<CorrectionSubject>(code),
        _ => own(),
    })
}

fn word<W: Word>(code: &str) -> Text {
    W::from_code(code).map_or_else(|| Text::same(code.to_owned()), Text::of_word)
}

fn reasons(policy: &Policy) -> impl Iterator<Item = DueReason> {
    let follow_ups =
        (0..policy.follow_ups.len()).flat_map(|rule| [DueReason::FollowUp(rule), DueReason::AtLeast(rule)]);
    let promises = policy.promises.iter().enumerate();
    let notices = promises.filter(|(_, promise)| promise.measure == Measure::Notice);
    let others = [DueReason::Cadence, DueReason::Session, DueReason::Appointment, DueReason::Invitation];
    others.into_iter().chain(follow_ups).chain(notices.map(|(place, _)| DueReason::Notice(place)))
}

/// A figure's value.
pub(super) fn value(figure: &MonthlyFigure, reading: &FigureReading) -> DataCell {
    match reading.value {
        Some(FigureValue::Count(count)) => DataCell::Formatted(float_i64(count), ColumnFormat::Integer),
        Some(FigureValue::Real(real)) => number(figure, Some(real)),
        None => DataCell::Missing,
    }
}

/// A number in the form of the figure.
pub(super) fn number(figure: &MonthlyFigure, number: Option<f64>) -> DataCell {
    let Some(number) = number else { return DataCell::Missing };
    let format = match &*figure.column {
        // What matters in a share of time with supply is far behind the point.
        "asai" | "rs1" | "rs3" => ColumnFormat::Number(6),
        "cemi" | "celid_single" | "celid_total" | "cumulative" => ColumnFormat::Share,
        column if column.contains("share") => ColumnFormat::Share,
        "unfair" | "overdue" => ColumnFormat::Integer,
        "achieved" | "proposed" if number.fract() == 0.0 => ColumnFormat::Integer,
        _ => ColumnFormat::Number(2),
    };
    DataCell::Formatted(number, format)
}
