//! Tests of the indices by hand-made outages.

use gridtier::method::Tier;

use super::*;
use crate::base::Member;
use crate::fixture::{LIMITS, base, day, interruption, may_2026, member, merged, outage};
use crate::log::Interruption;
use crate::period::Run;

fn close(found: Option<f64>, expected: f64, digits: i32) {
    let found = found.expect("a known value");
    assert!((found - expected).abs() <= 0.5 * 10_f64.powi(-digits), "{found} is not {expected}");
}

/// The rows of the scope and group of all customers.
struct Measured {
    base: Base,
    groups: Groups,
    rows: Vec<ReliabilityRow>,
    causes: Vec<CauseRow>,
}

impl Measured {
    fn of(base: Base, outages: Vec<Outage>, rows: Vec<Interruption>, run: Run, limits: &Limits) -> Self {
        Self::with_major_days(base, outages, rows, run, limits, &MajorDays::default())
    }

    fn with_major_days(
        base: Base,
        outages: Vec<Outage>,
        rows: Vec<Interruption>,
        run: Run,
        limits: &Limits,
        major: &MajorDays,
    ) -> Self {
        let interruptions = merged(rows, base.len(), run, limits);
        let groups = Groups::of(&base);
        let rows = reliability(&base, &groups, &outages, &interruptions, major, run.period, limits);
        let causes = causes(&outages, &interruptions, run.period, limits);
        Self { base, groups, rows, causes }
    }

    fn row(&self, scope: Scope, name: &str) -> &ReliabilityRow {
        let is_row =
            |row: &&ReliabilityRow| row.scope == scope && &*self.groups.group(row.group).name == name;
        self.rows.iter().find(is_row).unwrap()
    }
}

fn vector_9() -> Measured {
    let kinds = [OutageKind::Fault, OutageKind::Planned, OutageKind::Rationing, OutageKind::Fault];
    let outages =
        ["O1", "O2", "O3", "O4"].into_iter().zip(kinds).map(|(id, kind)| outage(id, kind)).collect();
    let rows = vec![
        interruption(0, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(1, 0, "2026-05-10 10:30", Some("2026-05-10 12:00")),
        interruption(1, 0, "2026-05-10 12:00", Some("2026-05-10 12:10")),
        interruption(2, 0, "2026-05-12 00:00", Some("2026-05-12 00:05:00")),
        interruption(2, 1, "2026-05-12 00:00", Some("2026-05-12 00:05:01")),
        interruption(3, 1, "2026-05-31 23:00", None),
    ];
    let d = Member { opened_on: day("2026-05-17"), closed_on: Some(day("2026-05-31")), ..member("North") };
    let graded = Member { tier: Some(Tier::Special), ..member("East") };
    let base = base(vec![("a", graded), ("b", member("East")), ("c", member("East")), ("d", d)]);
    Measured::of(base, outages, rows, may_2026(), &LIMITS)
}

#[test]
fn vector_9_the_indices_of_four_customers() {
    let measured = vector_9();
    let all = measured.row(Scope::All, "all");
    assert_eq!((all.customers, all.customer_days), (4, 108));
    assert_eq!((all.interruptions, all.momentary, all.seconds, all.open), (3, 1, 98_101, 1));
    close(all.saifi, 0.861_111, 6);
    close(all.saidi_min, 469.3103, 4);
    close(all.caidi_min, 545.005_56, 5);
    close(all.maifi, 0.287_037, 6);
    close(all.asai, 0.989_486_78, 8);
    assert_eq!((all.cemi, all.celid_single, all.celid_total), (Some(0.25), Some(0.5), Some(0.5)));
    close(all.rs1, 0.989_454_63, 8);
    close(all.rs3, 0.989_519_03, 8);
}

#[test]
fn vector_9_by_scope_and_group() {
    let measured = vector_9();
    let counts = |scope, name: &str| {
        let row = measured.row(scope, name);
        (row.interruptions, row.momentary, row.seconds, row.open)
    };
    assert_eq!(counts(Scope::Fault, "all"), (2, 0, 97_800, 1));
    assert_eq!(counts(Scope::Planned, "all"), (0, 0, 0, 0));
    assert_eq!(counts(Scope::Rationing, "all"), (1, 1, 301, 0));
    assert_eq!(counts(Scope::WithoutMed, "all"), counts(Scope::All, "all"));
    assert_eq!(counts(Scope::All, "special"), (1, 1, 7_800, 0));
    assert_eq!(counts(Scope::All, "ungraded"), (2, 0, 90_301, 1));
    assert_eq!(counts(Scope::All, "North"), (0, 0, 0, 0));
    assert_eq!(measured.row(Scope::Fault, "all").rs1, None);
    let north = measured.row(Scope::All, "North");
    assert_eq!((north.customers, north.customer_days, north.caidi_min), (1, 15, None));
    assert_eq!((north.saifi, north.asai, north.rs3), (Some(0.0), Some(1.0), Some(1.0)));
}

#[test]
fn rows_are_by_scope_and_group_in_the_order_of_their_bytes() {
    let measured = vector_9();
    let keys: Vec<_> = measured
        .rows
        .iter()
        .map(|row| {
            let group = measured.groups.group(row.group);
            (row.scope.code(), group.by.code(), group.name.clone())
        })
        .collect();
    assert!(keys.is_sorted() && Scope::CODES.is_sorted());
    assert!(
        !keys.iter().any(|(_, by, name)| *by == "tier" && &**name == UNKNOWN),
        "only groups with customers"
    );
}

#[test]
fn vector_6_minutes_per_customer_are_customer_hours_by_customers() {
    for (hours, customers, expected) in
        [(224_747, 24_102, 9.32), (98_559, 36_059, 2.73), (74_544, 39_296, 1.90)]
    {
        let days = 31;
        let totals = Totals { seconds: hours * 3_600, ..Totals::default() };
        let open = OpenDays { customers: vec![customers], customer_days: vec![customers * days] };
        let base = base(vec![]);
        let group = Groups::of(&base).all();
        let row = row(Scope::All, group, &[totals; SCOPES], &open, may_2026().period);
        close(row.saidi_min.map(|minutes| minutes / 60.0), expected, 2);
    }
}

#[test]
fn vector_7_a_share_of_the_year_with_supply_is_hours_without_it() {
    for (percent, hours) in [(99.9615, 3.37), (99.951, 4.29), (99.855, 12.70)] {
        let seconds = (hours * 3_600.0) as i64;
        close(share_with_supply(seconds, 365).map(|share| 100.0 * share), percent, 3);
    }
}

#[test]
fn vector_8_the_system_of_ieee_1366() {
    let minutes_customers =
        [(8.17, 200), (71.3, 600), (30.3, 25), (267.2, 90), (120.0, 700), (10.0, 1_500), (40.0, 100)];
    let interruptions: i32 = minutes_customers.iter().map(|(_, customers)| customers).sum();
    let seconds: f64 = minutes_customers.iter().map(|&(minutes, n)| minutes * 60.0 * f64::from(n)).sum();
    let totals = Totals {
        interruptions: i64::from(interruptions),
        seconds: seconds.round() as i64,
        ..Totals::default()
    };
    let run = Run::new(Period::parse("2026").unwrap(), None).unwrap();
    let open = OpenDays { customers: vec![2_000], customer_days: vec![2_000 * 365] };
    let base = base(vec![]);
    let row = row(Scope::All, Groups::of(&base).all(), &[totals; SCOPES], &open, run.period);
    close(row.saifi, 1.6075, 4);
    close(row.saidi_min, 86.11, 2);
    close(row.caidi_min, 53.57, 2);
    close(row.asai, 0.999_836, 6);
}

#[test]
fn without_customers_or_days_counts_are_0_and_indices_unknown() {
    let measured = Measured::of(base(vec![]), Vec::new(), Vec::new(), may_2026(), &LIMITS);
    assert_eq!(measured.rows.len(), SCOPES);
    let gone = Member { closed_on: Some(day("2026-04-30")), ..member("East") };
    let closed = Measured::of(
        base(vec![("a", gone)]),
        vec![outage("O1", OutageKind::Fault)],
        vec![interruption(0, 0, "2026-05-10 10:00", Some("2026-05-10 11:00"))],
        may_2026(),
        &LIMITS,
    );
    for (measured, interruptions) in [(&measured, 0), (&closed, 1)] {
        let all = measured.row(Scope::All, "all");
        assert_eq!((all.customers, all.customer_days, all.interruptions), (0, 0, interruptions));
        let unknown =
            [all.saifi, all.saidi_min, all.maifi, all.asai, all.cemi, all.celid_single, all.rs1, all.rs3];
        assert_eq!(unknown, [None; 8]);
    }
    assert_eq!(closed.row(Scope::All, "all").caidi_min, Some(60.0));
    assert_eq!(closed.base.len(), 1);
}

#[test]
fn long_hours_without_supply_count_for_one_interruption_and_for_several_together() {
    let outages = vec![outage("O1", OutageKind::Fault)];
    let rows = vec![
        interruption(0, 0, "2026-05-10 10:00", Some("2026-05-10 12:00")),
        interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 11:59:59")),
        interruption(0, 2, "2026-05-10 10:00", Some("2026-05-10 11:30")),
        interruption(0, 2, "2026-05-11 10:00", Some("2026-05-11 10:30")),
    ];
    let base = base(vec![
        ("a", member("East")),
        ("b", member("East")),
        ("c", member("East")),
        ("d", member("East")),
    ]);
    let measured = Measured::of(base, outages, rows, may_2026(), &LIMITS);
    let all = measured.row(Scope::All, "all");
    assert_eq!((all.celid_single, all.celid_total, all.cemi), (Some(0.25), Some(0.5), Some(0.25)));
}

#[test]
fn interruptions_on_major_event_days_are_left_out_only_in_the_scope_without_these_days() {
    let outages = vec![outage("O1", OutageKind::Fault)];
    let rows = vec![
        interruption(0, 0, "2026-05-10 23:00", Some("2026-05-11 12:00")),
        interruption(0, 0, "2026-05-12 10:00", Some("2026-05-12 11:00")),
    ];
    let major = MajorDays { t_med_min: Some(1.0), days: vec![day("2026-05-10")] };
    let base = base(vec![("a", member("East"))]);
    let measured = Measured::with_major_days(base, outages, rows, may_2026(), &LIMITS, &major);
    assert_eq!(measured.row(Scope::All, "all").interruptions, 2);
    assert_eq!(measured.row(Scope::WithoutMed, "all").seconds, 3_600);
}

#[test]
fn causes_are_by_kind_and_cause_with_most_seconds_first() {
    let with_cause = |id: &str, kind, cause: &str| Outage { cause: Some(cause.into()), ..outage(id, kind) };
    let outages = vec![
        with_cause("O1", OutageKind::Fault, "lightning"),
        with_cause("O2", OutageKind::Fault, "lightning"),
        with_cause("O3", OutageKind::Planned, "works"),
        outage("O4", OutageKind::Fault),
        with_cause("O5", OutageKind::Fault, "unknown"),
        with_cause("O6", OutageKind::Fault, "momentary"),
    ];
    let rows = vec![
        interruption(0, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(1, 0, "2026-05-11 10:00", Some("2026-05-11 11:00")),
        interruption(2, 0, "2026-05-12 10:00", Some("2026-05-12 11:00")),
        interruption(3, 0, "2026-05-13 10:00", Some("2026-05-13 10:30")),
        interruption(4, 0, "2026-05-14 10:00", Some("2026-05-14 10:30")),
        interruption(5, 0, "2026-05-15 10:00", Some("2026-05-15 10:05")),
        interruption(0, 0, "2026-04-10 10:00", Some("2026-04-10 11:00")),
    ];
    let base = base(vec![("a", member("East")), ("b", member("East"))]);
    let measured = Measured::of(base, outages, rows, may_2026(), &LIMITS);
    let causes: Vec<_> = measured
        .causes
        .iter()
        .map(|row| (row.kind.code(), &*row.cause, row.outages, row.interruptions, row.seconds, row.share))
        .collect();
    assert_eq!(
        causes,
        [
            ("fault", "lightning", 2, 3, 10_800, Some(0.6)),
            ("fault", "unknown", 2, 2, 3_600, Some(0.2)),
            ("planned", "works", 1, 1, 3_600, Some(0.2)),
        ]
    );
}

#[test]
fn customers_without_a_region_or_an_area_are_in_the_group_unknown() {
    let nowhere = Member { region: None, ..member("East") };
    let base = base(vec![("a", member("East")), ("b", nowhere)]);
    let rows = vec![interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 11:00"))];
    let outages = vec![outage("O1", OutageKind::Fault)];
    let measured = Measured::of(base, outages, rows, may_2026(), &LIMITS);
    let of_groups: Vec<_> = measured
        .rows
        .iter()
        .filter(|row| row.scope == Scope::All && row.interruptions > 0)
        .map(|row| {
            (
                measured.groups.group(row.group).by.code(),
                &*measured.groups.group(row.group).name,
                row.customers,
            )
        })
        .collect();
    assert_eq!(
        of_groups,
        [
            ("all", "all", 2),
            ("area", "unknown", 2),
            ("class", "industrial", 2),
            ("region", "unknown", 1),
            ("tier", "ungraded", 2),
            ("use_category", "other", 2),
        ]
    );
}
