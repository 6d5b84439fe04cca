//! The tables about reliability and promises.

use gridtier::index::index;
use gridtier::output::Output;
use gridtier::word::Word as _;

use super::{
    DAY, INTEGER, NUMBER, TEXT, TIME, days, full, group_names, groupings, integers, nullable, numbers, table,
    text, times,
};
use crate::base::Base;
use crate::group::Groups;
use crate::log::Outage;
use crate::major_day::MajorDays;
use crate::policy::Policy;
use crate::promise::{PromiseBreach, PromiseRow};
use crate::promise_figures::PromiseFigures;
use crate::reliability::{CauseRow, ReliabilityRow};

/// The tables `reliability`, `causes`, `major_days`, `promises` and `breaches`.
#[must_use]
pub fn tables<'a>(
    figures: &'a PromiseFigures,
    base: &'a Base,
    groups: &'a Groups,
    outages: &'a [Outage],
    policy: &'a Policy,
) -> Vec<Output<'a>> {
    vec![
        reliability(&figures.reliability, groups),
        causes(&figures.causes),
        major_days(&figures.major_days),
        promises(&figures.promises.rows, groups, policy),
        breaches(&figures.promises.breaches, base, outages, policy),
    ]
}

/// One row for each scope and group.
fn reliability<'a>(rows: &'a [ReliabilityRow], groups: &'a Groups) -> Output<'a> {
    type Count = fn(&ReliabilityRow) -> i64;
    type Index = fn(&ReliabilityRow) -> Option<f64>;
    let counts: [(&str, Count); 6] = [
        ("customers", |row| row.customers),
        ("customer_days", |row| row.customer_days),
        ("interruptions", |row| row.interruptions),
        ("momentary", |row| row.momentary),
        ("seconds", |row| row.seconds),
        ("open", |row| row.open),
    ];
    let indices: [(&str, Index); 10] = [
        ("saifi", |row| row.saifi),
        ("saidi_min", |row| row.saidi_min),
        ("caidi_min", |row| row.caidi_min),
        ("maifi", |row| row.maifi),
        ("asai", |row| row.asai),
        ("cemi", |row| row.cemi),
        ("celid_single", |row| row.celid_single),
        ("celid_total", |row| row.celid_total),
        ("rs1", |row| row.rs1),
        ("rs3", |row| row.rs3),
    ];
    let mut fields = vec![full("scope", TEXT), full("group_by", TEXT), full("group", TEXT)];
    fields.extend(counts.map(|(name, _)| full(name, INTEGER)));
    fields.extend(indices.map(|(name, _)| nullable(name, NUMBER)));
    table("reliability", fields, rows.len(), move |range| {
        let rows = &rows[range];
        let mut columns = vec![
            text(rows.iter().map(|row| Some(row.scope.code()))),
            groupings(groups, rows.iter().map(|row| row.group)),
            group_names(groups, rows.iter().map(|row| row.group)),
        ];
        columns.extend(counts.map(|(_, count)| integers(rows.iter().map(|row| Some(count(row))))));
        columns.extend(indices.map(|(_, value)| numbers(rows.iter().map(value))));
        columns
    })
}

/// One row for each kind and cause, most seconds first.
fn causes(rows: &[CauseRow]) -> Output<'_> {
    let fields = vec![
        full("kind", TEXT),
        full("cause", TEXT),
        full("outages", INTEGER),
        full("interruptions", INTEGER),
        full("seconds", INTEGER),
        nullable("share", NUMBER),
    ];
    table("causes", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.kind.code()))),
            text(rows.iter().map(|row| Some(&*row.cause))),
            integers(rows.iter().map(|row| Some(row.outages))),
            integers(rows.iter().map(|row| Some(row.interruptions))),
            integers(rows.iter().map(|row| Some(row.seconds))),
            numbers(rows.iter().map(|row| row.share)),
        ]
    })
}

/// One row for each major event day; one without a day if there is none.
fn major_days(major: &MajorDays) -> Output<'_> {
    let fields = vec![nullable("day", DAY), nullable("t_med_min", NUMBER)];
    table("major_days", fields, major.days.len().max(1), move |range| {
        vec![
            days(range.clone().map(|at| major.days.get(at).copied())),
            numbers(range.map(|_| major.t_med_min)),
        ]
    })
}

/// One row for each promise and group.
fn promises<'a>(rows: &'a [PromiseRow], groups: &'a Groups, policy: &'a Policy) -> Output<'a> {
    let fields = vec![
        full("promise", TEXT),
        full("group_by", TEXT),
        full("group", TEXT),
        full("exposures", INTEGER),
        full("kept", INTEGER),
        full("breached", INTEGER),
        full("exempt", INTEGER),
        nullable("share_kept", NUMBER),
        nullable("limit", NUMBER),
        nullable("achieved", NUMBER),
        nullable("proposed", NUMBER),
        nullable("advice", TEXT),
        nullable("compensation_fen", INTEGER),
        nullable("compensation_unknown", INTEGER),
    ];
    table("promises", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(policy.promises[row.promise].id.as_str()))),
            groupings(groups, rows.iter().map(|row| row.group)),
            group_names(groups, rows.iter().map(|row| row.group)),
            integers(rows.iter().map(|row| Some(row.exposures))),
            integers(rows.iter().map(|row| Some(row.kept))),
            integers(rows.iter().map(|row| Some(row.breached))),
            integers(rows.iter().map(|row| Some(row.exempt))),
            numbers(rows.iter().map(|row| row.share_kept)),
            numbers(rows.iter().map(|row| row.limit)),
            numbers(rows.iter().map(|row| row.achieved)),
            numbers(rows.iter().map(|row| row.proposed)),
            text(rows.iter().map(|row| row.advice.map(|advice| advice.code()))),
            integers(rows.iter().map(|row| row.owed.map(|owed| owed.fen))),
            integers(rows.iter().map(|row| row.owed.map(|owed| owed.unknown))),
        ]
    })
}

/// One row for each exposure that broke a promise.
fn breaches<'a>(
    rows: &'a [PromiseBreach],
    base: &'a Base,
    outages: &'a [Outage],
    policy: &'a Policy,
) -> Output<'a> {
    let fields = vec![
        full("promise", TEXT),
        full("customer_id", TEXT),
        nullable("started_at", TIME),
        nullable("outage_id", TEXT),
        nullable("value", NUMBER),
        nullable("compensation_fen", INTEGER),
    ];
    table("breaches", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(policy.promises[row.promise].id.as_str()))),
            text(rows.iter().map(|row| Some(base.id(row.customer)))),
            times(rows.iter().map(|row| row.started_at)),
            text(rows.iter().map(|row| row.outage.map(|outage| &*outages[index(outage)].id))),
            numbers(rows.iter().map(|row| row.value)),
            integers(rows.iter().map(|row| row.compensation_fen)),
        ]
    })
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_array::{Array as _, RecordBatch};
    use gridtier::contract::OutageKind;

    use super::*;
    use crate::fixture::{LIMITS, at, base, interruption, may_2026, member, merged, outage, policy, promise};
    use crate::log::Log;
    use crate::policy::{Measure, Promise};

    /// The tables of two customers, one of them interrupted for an hour, by their names.
    fn batches() -> Vec<(&'static str, RecordBatch)> {
        let base = base(vec![("a", member("East")), ("b", member("East"))]);
        let log = Log { outages: Some(vec![outage("O1", OutageKind::Fault)]), ..Log::default() };
        let rows = vec![interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 11:00"))];
        let interruptions = merged(rows, base.len(), may_2026(), &LIMITS);
        let limited = |id: &str, measure| Promise { limit: Some(0.0), ..promise(id, measure) };
        let policy = policy(vec![limited("r", Measure::Restoration), limited("i", Measure::Interruptions)]);
        let groups = Groups::of(&base);
        let figures =
            PromiseFigures::of(&base, &groups, &log, Some(&interruptions), &policy, may_2026()).unwrap();
        let tables = tables(&figures, &base, &groups, log.outages.as_deref().unwrap(), &policy);
        tables.into_iter().map(|mut table| (table.name, table.batches.next().unwrap())).collect()
    }

    #[test]
    fn tables_have_the_columns_of_the_page_in_its_order() {
        let columns = [
            "scope group_by group customers customer_days interruptions momentary seconds open saifi saidi_min \
             caidi_min maifi asai cemi celid_single celid_total rs1 rs3",
            "kind cause outages interruptions seconds share",
            "day t_med_min",
            "promise group_by group exposures kept breached exempt share_kept limit achieved proposed advice \
             compensation_fen compensation_unknown",
            "promise customer_id started_at outage_id value compensation_fen",
        ];
        let batches = batches();
        let names: Vec<&str> = batches.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["reliability", "causes", "major_days", "promises", "breaches"]);
        for ((name, batch), columns) in batches.iter().zip(columns) {
            let schema = batch.schema();
            let found: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            assert_eq!(found.join(" "), columns, "{name}");
        }
    }

    #[test]
    fn breaches_name_customer_time_and_outage_where_there_is_one() {
        let (_, breaches) = &batches()[4];
        let texts = |name: &str| breaches[name].as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!(texts("promise"), [Some("i"), Some("r")]);
        assert_eq!(texts("customer_id"), [Some("b"), Some("b")]);
        assert_eq!(texts("outage_id"), [None, Some("O1")]);
        let times: Vec<_> =
            breaches["started_at"].as_primitive::<TimestampMicrosecondType>().iter().collect();
        assert_eq!(times, [None, Some(at("2026-05-10 10:00").seconds() * 1_000_000)]);
        let values: Vec<_> = breaches["value"].as_primitive::<Float64Type>().iter().collect();
        assert_eq!(values, [Some(1.0), Some(60.0)]);
        assert_eq!(breaches["compensation_fen"].null_count(), 2);
    }

    #[test]
    fn the_table_of_major_event_days_has_a_row_without_a_day_if_there_is_none() {
        let (_, without) = &batches()[2];
        assert_eq!(
            (without.num_rows(), without["day"].null_count(), without["t_med_min"].null_count()),
            (1, 1, 1)
        );
        let rows = |major: &MajorDays| {
            let batch = major_days(major).batches.next().unwrap();
            let found: Vec<_> = batch["day"].as_primitive::<Date32Type>().iter().collect();
            let thresholds: Vec<_> = batch["t_med_min"].as_primitive::<Float64Type>().iter().collect();
            (found, thresholds)
        };
        let known = MajorDays { t_med_min: Some(5.0), days: Vec::new() };
        assert_eq!(rows(&known), (vec![None], vec![Some(5.0)]));
        let two = MajorDays { days: vec![20_000, 20_001], ..known };
        assert_eq!(rows(&two), (vec![Some(20_000), Some(20_001)], vec![Some(5.0); 2]));
    }

    #[test]
    fn rows_of_promises_and_reliability_are_sorted_by_key() {
        let batches = batches();
        for (batch, columns) in [
            (&batches[0].1, ["scope", "group_by", "group"]),
            (&batches[3].1, ["promise", "group_by", "group"]),
        ] {
            let key = |row| columns.map(|name| batch[name].as_string::<i32>().value(row).to_owned());
            let keys: Vec<_> = (0..batch.num_rows()).map(key).collect();
            assert!(keys.is_sorted() && !keys.is_empty());
        }
        let exposures: i64 = batches[3].1["exposures"].as_primitive::<Int64Type>().iter().flatten().sum();
        // Two customers and one interruption in each of six groupings.
        assert_eq!(exposures, 6 * (2 + 1));
    }
}
