//! Tests of promises by hand-made logs: a is industrial in the East, b residential in the North.

use gridtier::contract::{OutageKind, Responsibility, UseCategory};
use gridtier::word::Word as _;
use proptest::prelude::*;

use super::*;
use crate::base::Member;
use crate::fixture::{
    LIMITS, at, base, condition, day, interruption, may_2026, member, merged, notice_delivery, outage,
    policy, promise,
};
use crate::log::{Interruption, Log};
use crate::policy::Compensation;
use crate::time::Span;

fn two() -> Base {
    let b = Member { use_category: UseCategory::Residential, ..member("North") };
    base(vec![("a", member("East")), ("b", b)])
}

/// The results of promises, with what is needed to name them.
struct Held {
    base: Base,
    groups: Groups,
    policy: Policy,
    results: PromiseResults,
}

impl Held {
    fn of(base: Base, (log, rows): Happened, promises: Vec<Promise>) -> Self {
        let run = may_2026();
        let policy = policy(promises);
        let groups = Groups::of(&base);
        let merged = merged(rows, base.len(), run, &LIMITS);
        let actual = Actual {
            base: &base,
            groups: &groups,
            outages: log.outages.as_deref().unwrap(),
            interruptions: &merged,
            deliveries: log.deliveries.as_deref(),
            calendar: &WorkCalendar::default(),
            run,
        };
        let results = super::promises(&actual, &policy);
        Self { base, groups, policy, results }
    }

    fn row(&self, name: &str) -> &PromiseRow {
        self.results.rows.iter().find(|row| &*self.groups.group(row.group).name == name).unwrap()
    }

    /// Exposures, kept, breached and exempt of a group.
    fn counts(&self, name: &str) -> [i64; 4] {
        let row = self.row(name);
        [row.exposures, row.kept, row.breached, row.exempt]
    }

    fn breaches(&self) -> Vec<(&str, Option<f64>)> {
        let breaches = self.results.breaches.iter();
        breaches.map(|breach| (self.base.id(breach.customer), breach.value)).collect()
    }
}

/// A log, and the rows of its interruptions.
type Happened = (Log, Vec<Interruption>);

fn log(outages: Vec<Outage>, rows: Vec<Interruption>) -> Happened {
    (Log { outages: Some(outages), ..Log::default() }, rows)
}

fn faults(rows: Vec<Interruption>) -> Happened {
    log(["O1", "O2", "O3"].map(|id| outage(id, OutageKind::Fault)).into(), rows)
}

fn limited(measure: Measure, limit: f64) -> Promise {
    Promise { limit: Some(limit), ..promise("p", measure) }
}

#[test]
fn vector_12_what_forty_restorations_achieve_and_propose() {
    let ids: Vec<String> = (1..=40).map(|k| format!("{k:02}")).collect();
    let customers = ids.iter().map(|id| (id.as_str(), member("East"))).collect();
    let midnight = at("2026-05-10 00:00");
    let rows = (1..=40)
        .map(|k| Interruption {
            outage: 0,
            customer: CustomerIx::new(k - 1),
            started_at: midnight,
            restored_at: Some(midnight.plus(60 * i64::from(k))),
        })
        .collect();
    let promise = Promise { step: Some(15.0), ..limited(Measure::Restoration, 240.0) };
    let held = Held::of(base(customers), faults(rows), vec![promise]);
    let all = held.row("all");
    assert_eq!((all.exposures, all.kept, all.achieved), (40, 40, Some(38.0)));
    assert_eq!((all.proposed, all.advice), (Some(45.0), Some(LimitAdvice::Tighten)));
}

#[test]
fn availability_is_of_each_group_and_reaches_its_limit_exactly() {
    // A thousandth of the 31 days of a customer.
    let third = at("2026-05-10 00:00").plus(2_678);
    let rows = vec![
        Interruption { restored_at: Some(third), ..interruption(0, 0, "2026-05-10 00:00", None) },
        interruption(1, 0, "2026-05-12 00:00", Some("2026-05-12 00:05")),
    ];
    let held = Held::of(two(), faults(rows), vec![limited(Measure::Availability, 99.9)]);
    let east = held.row("East");
    let expected = 100.0 * (1.0 - 2_678.0 / (31.0 * 86_400.0));
    assert_eq!((east.achieved, east.kept, east.share_kept), (Some(expected), 1, Some(1.0)));
    assert_eq!(held.row("all").achieved, Some(100.0 * (1.0 - 2_678.0 / (62.0 * 86_400.0))));
    assert_eq!((held.row("North").achieved, held.row("North").advice), (Some(100.0), None));
    let broken = Held::of(
        two(),
        faults(vec![interruption(0, 0, "2026-05-10 00:00", Some("2026-05-10 01:00"))]),
        vec![limited(Measure::Availability, 99.9)],
    );
    assert_eq!((broken.counts("East"), broken.counts("all")), ([1, 0, 1, 0], [1, 1, 0, 0]));
    assert!(broken.results.breaches.is_empty(), "a group is no customer");
}

#[test]
fn availability_that_equals_its_limit_is_kept_whatever_rounding_makes_of_it() {
    for tenths in 1..1_000_i64 {
        // 1,000 customers of a 27-day month: tenths of a percent are whole seconds.
        let (customer_days, seconds) = (27_000, tenths * 27 * 86_400);
        let value = 100.0 * share_with_supply(seconds, customer_days).unwrap();
        let limit: f64 = format!("{}.{}", (1_000 - tenths) / 10, (1_000 - tenths) % 10).parse().unwrap();
        assert_eq!(nano(value), nano(limit), "{tenths}");
    }
}

#[test]
fn a_group_without_open_customers_has_no_exposure() {
    let gone = Member { closed_on: Some(day("2026-04-30")), ..member("South") };
    let customers = base(vec![("a", member("East")), ("b", gone)]);
    for measure in [Measure::Availability, Measure::Interruptions, Measure::Minutes] {
        let held = Held::of(customers_of(&customers), faults(Vec::new()), vec![limited(measure, 5.0)]);
        assert_eq!(held.counts("South"), [0; 4], "{measure:?}");
        assert_eq!((held.row("South").share_kept, held.row("South").achieved), (None, None));
        assert_eq!(held.counts("all"), [1, 1, 0, 0]);
    }
}

/// The same customers once more.
fn customers_of(base: &Base) -> Base {
    let customers = base.customers().map(|customer| (base.id(customer), base.member(customer).clone()));
    crate::fixture::base(customers.collect())
}

#[test]
fn interruptions_and_minutes_count_the_sustained_ones_of_each_customer_in_scope() {
    let rows = vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 01:00")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 01:00")),
        interruption(2, 0, "2026-05-03 00:00", Some("2026-05-03 00:05")),
        interruption(0, 1, "2026-05-01 00:00", Some("2026-05-01 05:00")),
        interruption(1, 0, "2026-04-02 00:00", Some("2026-04-02 09:00")),
    ];
    let held = |promise| Held::of(two(), faults(rows.clone()), vec![promise]);
    let count = held(limited(Measure::Interruptions, 1.0));
    assert_eq!((count.counts("all"), count.breaches()), ([2, 1, 1, 0], vec![("a", Some(2.0))]));
    let minutes = held(limited(Measure::Minutes, 120.0));
    assert_eq!((minutes.counts("all"), minutes.breaches()), ([2, 1, 1, 0], vec![("b", Some(300.0))]));
    assert_eq!(minutes.row("East").achieved, Some(120.0));
    let residential = condition("use_category = \"residential\"");
    let scoped = held(Promise { condition: residential, ..limited(Measure::Minutes, 120.0) });
    assert_eq!((scoped.counts("all"), scoped.counts("East")), ([1, 0, 1, 0], [0; 4]));
    let of_a_year = held(Promise { over_year: true, ..limited(Measure::Minutes, 120.0) });
    assert_eq!(of_a_year.breaches(), [("a", Some(660.0)), ("b", Some(300.0))]);
}

#[test]
fn a_limit_with_decimals_is_kept_by_what_equals_it() {
    let end = at("2026-05-01 00:00").plus(63_072);
    let row = Interruption { restored_at: Some(end), ..interruption(0, 0, "2026-05-01 00:00", None) };
    let held = Held::of(two(), faults(vec![row]), vec![limited(Measure::Minutes, 1051.2)]);
    assert_eq!(held.counts("all"), [2, 2, 0, 0]);
}

#[test]
fn customers_who_come_or_go_within_the_span_are_exposures() {
    let comes = Member { opened_on: day("2026-05-31"), ..member("East") };
    let goes = Member { closed_on: Some(day("2026-05-01")), ..member("East") };
    let later = Member { opened_on: day("2026-06-01"), ..member("East") };
    let customers = base(vec![("a", comes), ("b", goes), ("c", later)]);
    let held = Held::of(customers, faults(Vec::new()), vec![limited(Measure::Interruptions, 0.0)]);
    assert_eq!(held.counts("all"), [2, 2, 0, 0]);
}

#[test]
fn restoration_counts_each_interruption_also_momentary_and_open_ones_in_the_period_of_its_start() {
    let rows = vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 01:00")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 01:00:01")),
        interruption(2, 0, "2026-05-03 00:00", Some("2026-05-03 00:01")),
        interruption(0, 1, "2026-05-31 23:59", Some("2026-06-01 00:30")),
        interruption(1, 1, "2026-06-01 23:30", None),
        interruption(2, 1, "2026-05-31 08:00", Some("2026-05-31 08:30")),
    ];
    let held = Held::of(two(), faults(rows), vec![limited(Measure::Restoration, 60.0)]);
    assert_eq!(held.counts("all"), [5, 4, 1, 0]);
    assert_eq!(held.breaches(), [("a", Some(3_601.0 / 60.0))]);
    let open = vec![interruption(0, 0, "2026-05-31 00:00", None)];
    let held = Held::of(two(), faults(open), vec![limited(Measure::Restoration, 60.0)]);
    assert_eq!(held.breaches(), [("a", Some(2_880.0))]);
}

#[test]
fn an_exempt_responsibility_is_no_exposure_and_not_in_the_sum() {
    let storm = Outage { responsibility: Responsibility::ForceMajeure, ..outage("O1", OutageKind::Fault) };
    let outages = vec![storm, outage("O2", OutageKind::Fault)];
    let rows = vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 10:00")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 05:00")),
        interruption(0, 1, "2026-05-01 00:00", Some("2026-05-01 10:00")),
    ];
    let exempt = |promise| Promise { exempt: vec![Responsibility::ForceMajeure], ..promise };
    let held = |promise| Held::of(two(), log(outages.clone(), rows.clone()), vec![exempt(promise)]);
    let restoration = held(limited(Measure::Restoration, 60.0));
    assert_eq!((restoration.counts("all"), restoration.counts("North")), ([1, 0, 1, 2], [0, 0, 0, 1]));
    let promised = held(promise("p", Measure::PromisedTime));
    assert_eq!(promised.counts("all"), [1, 0, 1, 2]);
    let plan = Promise { after: Some(Span::Hours(8)), ..promise("p", Measure::Plan) };
    assert_eq!(held(plan).counts("all"), [0, 0, 0, 2]);
    assert_eq!(held(limited(Measure::Minutes, 299.0)).breaches(), [("a", Some(300.0))]);
    assert_eq!(held(limited(Measure::Interruptions, 0.0)).counts("all"), [2, 1, 1, 0]);
    let north = held(limited(Measure::Availability, 100.0));
    assert_eq!((north.counts("North"), north.counts("East")), ([1, 1, 0, 0], [1, 0, 1, 0]));
    let notice = Promise { lead: Some(Span::Hours(24)), ..promise("p", Measure::Notice) };
    let (log, rows) = log(outages.clone(), rows.clone());
    let with_deliveries = Log { deliveries: Some(Vec::new()), ..log };
    let notice = Held::of(two(), (with_deliveries, rows), vec![exempt(notice)]);
    assert_eq!(notice.counts("all"), [1, 0, 1, 0]);
}

#[test]
fn a_promised_time_is_kept_to_the_second_and_broken_if_none_was_given() {
    let until = |id: &str, promised: Option<&str>| Outage {
        promised_at: promised.map(at),
        ..outage(id, OutageKind::Planned)
    };
    let outages = vec![
        until("O1", Some("2026-05-01 12:00")),
        until("O2", None),
        Outage { kind: OutageKind::Fault, ..until("O3", None) },
    ];
    let rows = vec![
        interruption(0, 0, "2026-05-01 08:00", Some("2026-05-01 12:00")),
        interruption(0, 1, "2026-05-01 08:00", Some("2026-05-01 12:30")),
        interruption(1, 0, "2026-05-02 08:00", Some("2026-05-02 09:00")),
        interruption(2, 0, "2026-05-03 08:00", Some("2026-05-03 09:00")),
    ];
    let kinds = vec![OutageKind::Planned, OutageKind::Temporary];
    let promise = Promise { kinds, ..promise("p", Measure::PromisedTime) };
    let held = Held::of(two(), log(outages, rows), vec![promise]);
    assert_eq!(held.counts("all"), [3, 1, 2, 0]);
    assert_eq!(held.breaches(), [("a", None), ("b", Some(30.0))]);
    assert_eq!((held.row("all").limit, held.row("all").achieved), (None, None));
}

#[test]
fn a_plan_is_owed_only_for_interruptions_beyond_its_span() {
    let planned =
        |id: &str, plan: Option<&str>| Outage { plan_at: plan.map(at), ..outage(id, OutageKind::Fault) };
    let outages = vec![planned("O1", Some("2026-05-01 04:00")), planned("O2", None)];
    let rows = vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 04:00:01")),
        interruption(0, 1, "2026-04-30 23:59:59", Some("2026-05-01 06:00")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 04:00")),
        interruption(1, 1, "2026-05-02 00:00", Some("2026-05-02 05:00")),
    ];
    let promise = Promise { after: Some(Span::Hours(4)), ..promise("p", Measure::Plan) };
    let held = Held::of(two(), log(outages.clone(), rows.clone()), vec![promise.clone()]);
    assert_eq!((held.counts("all"), held.breaches()), ([2, 1, 1, 0], vec![("b", None)]));
    let over_year = Promise { over_year: true, ..promise };
    let held = Held::of(two(), log(outages, rows), vec![over_year]);
    assert_eq!(held.breaches(), [("b", Some(14_401.0 / 60.0)), ("b", None)]);
}

/// Planned outages with notices; a is told of O1 in time, b never; O2 is announced in time, O3 too late.
fn notified() -> Happened {
    let announced = |id: &str, at_text: Option<&str>| Outage {
        announced_at: at_text.map(at),
        ..outage(id, OutageKind::Planned)
    };
    let outages = vec![
        announced("O1", None),
        announced("O2", Some("2026-05-13 23:59:59")),
        announced("O3", Some("2026-05-15 00:00")),
    ];
    let rows = vec![
        interruption(0, 0, "2026-05-20 08:00", Some("2026-05-20 09:00")),
        interruption(0, 0, "2026-05-21 08:00", Some("2026-05-21 09:00")),
        interruption(0, 1, "2026-05-20 08:00", Some("2026-05-20 09:00")),
        interruption(1, 0, "2026-05-20 09:30", Some("2026-05-20 10:30")),
        interruption(1, 1, "2026-05-20 10:00", Some("2026-05-20 11:00")),
        interruption(2, 1, "2026-05-21 00:00", Some("2026-05-21 01:00")),
    ];
    let deliveries = vec![
        notice_delivery("D1", 0, 0, Some("2026-05-14 08:00")),
        notice_delivery("D2", 0, 0, Some("2026-05-13 08:00")),
        notice_delivery("D3", 1, 0, None),
        Delivery { service: 0, ..notice_delivery("D4", 1, 0, Some("2026-05-01 08:00")) },
        Delivery { customer: None, ..notice_delivery("D5", 1, 0, Some("2026-05-01 08:00")) },
        notice_delivery("D6", 1, 1, Some("2026-05-20 12:00")),
    ];
    let (log, rows) = log(outages, rows);
    (Log { deliveries: Some(deliveries), ..log }, rows)
}

fn notice_promise(announcement: bool) -> Promise {
    Promise { lead: Some(Span::Days(7)), announcement, ..promise("p", Measure::Notice) }
}

/// Outage, customer, status, seconds ahead and delivery of a notice.
type NoticeFacts = (u32, u32, &'static str, Option<i64>, Option<u32>);

fn statuses(promise: &Promise) -> Vec<NoticeFacts> {
    statuses_of(notified(), promise)
}

fn statuses_of((log, rows): Happened, promise: &Promise) -> Vec<NoticeFacts> {
    let merged = merged(rows, 2, may_2026(), &LIMITS);
    let deliveries = NoticeDeliveries::of(log.deliveries.as_deref().unwrap(), crate::fixture::NOTICE.into());
    let days = may_2026().period.first_day()..may_2026().period.end_day();
    let outages = log.outages.unwrap();
    let notices = notices(&merged, &outages, &deliveries, promise, &[true, true], days);
    let row = notices.iter().map(|notice| {
        let customer = notice.customer.number();
        (notice.outage, customer, notice.status.code(), notice.lead_seconds(), notice.delivery)
    });
    row.collect()
}

#[test]
fn notices_are_on_time_announced_late_or_missed() {
    assert_eq!(
        statuses(&notice_promise(true)),
        [
            (0, 0, "on_time", Some(7 * 86_400), Some(1)),
            (0, 1, "missed", None, None),
            (1, 0, "announced", Some(6 * 86_400 + 34_201), None),
            (1, 1, "announced", Some(6 * 86_400 + 36_001), Some(5)),
            (2, 1, "late", Some(6 * 86_400), None),
        ]
    );
}

#[test]
fn an_outage_owes_notice_of_the_first_interruption_that_it_began() {
    let outages = vec![outage("O1", OutageKind::Fault), outage("O2", OutageKind::Planned)];
    let rows = vec![
        interruption(0, 0, "2026-05-20 08:00", Some("2026-05-20 09:00")),
        interruption(0, 1, "2026-05-20 08:00", Some("2026-05-20 09:00")),
        // Merged into the fault; a is interrupted once more later, b is not.
        interruption(1, 0, "2026-05-20 08:30", Some("2026-05-20 10:00")),
        interruption(1, 0, "2026-05-20 12:00", Some("2026-05-20 13:00")),
        interruption(1, 1, "2026-05-20 08:30", Some("2026-05-20 10:00")),
    ];
    let deliveries = Some(vec![notice_delivery("D1", 0, 1, Some("2026-05-13 12:00"))]);
    let planned = Promise { kinds: vec![OutageKind::Planned], ..notice_promise(false) };
    let ahead = Some(7 * 86_400);
    let (log, rows) = log(outages, rows);
    let log = Log { deliveries, ..log };
    assert_eq!(statuses_of((log.clone(), rows.clone()), &planned), [(1, 0, "on_time", ahead, Some(0))]);
    let compensated = Promise { compensation: Some(Compensation::Fixed(100)), ..planned };
    let held = Held::of(two(), (Log { deliveries: Some(Vec::new()), ..log }, rows), vec![compensated]);
    assert_eq!(held.results.breaches[0].started_at, Some(at("2026-05-20 12:00")));
}

#[test]
fn an_outage_that_first_interrupted_before_the_period_owes_no_notice_in_it() {
    for first in ["2026-04-30 08:00", "2025-01-30 08:00"] {
        let end = first.replace("08", "09");
        let rows = vec![
            interruption(0, 0, first, Some(end.as_str())),
            interruption(0, 0, "2026-05-02 08:00", Some("2026-05-02 09:00")),
        ];
        let (log, rows) = log(vec![outage("O1", OutageKind::Planned)], rows);
        let log = Log { deliveries: Some(Vec::new()), ..log };
        assert_eq!(statuses_of((log, rows), &notice_promise(false)), [], "{first}");
    }
}

#[test]
fn an_announcement_that_a_promise_does_not_count_is_a_late_notice_however_early() {
    let found = statuses(&notice_promise(false));
    let found: Vec<_> = found.into_iter().map(|(.., status, lead, _)| (status, lead)).collect();
    let announced = [552_601, 554_401, 518_400].map(|lead| ("late", Some(lead)));
    assert_eq!(found[1..], [&[("missed", None)], &announced[..]].concat());
}

#[test]
fn notices_have_hours_as_values_and_only_missed_or_late_ones_are_breaches() {
    let held = Held::of(two(), notified(), vec![notice_promise(true)]);
    assert_eq!((held.counts("all"), held.counts("East")), ([5, 3, 2, 0], [2, 2, 0, 0]));
    assert_eq!(held.breaches(), [("b", None), ("b", Some(144.0))]);
    let keys: Vec<_> =
        held.results.breaches.iter().map(|breach| (breach.started_at, breach.outage)).collect();
    assert_eq!(keys, [(Some(at("2026-05-20 08:00")), Some(0)), (Some(at("2026-05-21 00:00")), Some(2))]);
}

#[test]
fn without_deliveries_notices_are_not_measured_and_other_promises_are() {
    let (log, rows) = notified();
    let log = Log { deliveries: None, ..log };
    let other = Promise { id: "other".into(), ..limited(Measure::Restoration, 60.0) };
    let held = Held::of(two(), (log, rows), vec![notice_promise(true), other]);
    assert_eq!(held.results.not_measured, [0]);
    assert!(held.results.rows.iter().all(|row| row.promise == 1) && !held.results.rows.is_empty());
}

#[test]
fn compensations_add_up_and_unknown_ones_are_counted() {
    let priced = Member {
        use_category: UseCategory::LargeIndustrial,
        annual_energy_kwh: Some(87_600.0),
        average_price: Some(0.65),
        ..member("East")
    };
    let customers = base(vec![("a", priced), ("b", member("North"))]);
    let rows = vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 02:30")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 00:45")),
        interruption(0, 1, "2026-05-01 00:00", Some("2026-05-01 02:30")),
    ];
    let energy = Some(Compensation::Energy { two_part: 5.0, single: 4.0 });
    let promise = Promise { compensation: energy, ..limited(Measure::Restoration, 60.0) };
    let held = Held::of(customers, faults(rows), vec![promise]);
    let fen: Vec<_> = held.results.breaches.iter().map(|breach| breach.compensation_fen).collect();
    assert_eq!(fen, [Some(8_125), None]);
    assert_eq!(held.row("all").owed, Some(Owed { fen: 8_125, unknown: 1 }));
    assert_eq!(held.row("East").owed, Some(Owed { fen: 8_125, unknown: 0 }));
    let without = Held::of(two(), faults(Vec::new()), vec![limited(Measure::Restoration, 60.0)]);
    assert_eq!(without.row("all").owed, None);
}

#[test]
fn promises_and_breaches_are_in_the_order_of_ids() {
    let second = Promise { id: "b".into(), ..limited(Measure::Restoration, 0.0) };
    let first = Promise { id: "a".into(), ..limited(Measure::Restoration, 0.0) };
    let rows = vec![
        interruption(0, 1, "2026-05-01 00:00", Some("2026-05-01 01:00")),
        interruption(1, 0, "2026-05-02 00:00", Some("2026-05-02 01:00")),
    ];
    let held = Held::of(two(), faults(rows), vec![second, first]);
    let of_rows: Vec<_> = held.results.rows.iter().map(|row| row.promise).collect();
    assert!(of_rows.is_sorted_by_key(|&at| &held.policy.promises[at].id));
    let of_breaches: Vec<_> =
        held.results.breaches.iter().map(|breach| (breach.promise, breach.customer.number())).collect();
    assert_eq!(of_breaches, [(1, 0), (1, 1), (0, 0), (0, 1)]);
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_no_promise_and_groups_add_up(
        drawn in proptest::collection::vec((0_u32..3, 0_u32..2, 0_i64..5_000, 0_i64..900), 0..40),
        limit in 0_u32..20,
    ) {
        let midnight = at("2026-05-10 00:00");
        let mut rows: Vec<Interruption> = drawn
            .iter()
            .map(|&(outage, customer, start, length)| Interruption {
                outage,
                customer: CustomerIx::new(customer),
                started_at: midnight.plus(start),
                restored_at: Some(midnight.plus(start + length)),
            })
            .collect();
        let promises = || [Measure::Interruptions, Measure::Minutes, Measure::Restoration, Measure::Availability]
            .map(|measure| Promise { id: measure.code().into(), step: Some(1.0), ..limited(measure, f64::from(limit)) })
            .to_vec();
        let forth = Held::of(two(), faults(rows.clone()), promises()).results;
        rows.reverse();
        let back = Held::of(two(), faults(rows), promises()).results;
        prop_assert_eq!(&forth, &back);
        for row in &forth.rows {
            prop_assert_eq!(row.kept + row.breached, row.exposures);
        }
    }
}
