use gridtier::method::Tier;

use super::*;
use crate::fixture::{at, member};
use crate::scene::{Scene, graded};

fn scene() -> Scene {
    let customers = vec![("a", graded(Tier::Special)), ("b", member("East"))];
    Scene::new(customers, "[due]\ncustomer = [\"S05\"]\nfollow_up = \"S24\"", "2026-03", None)
}

#[test]
fn channels_count_states_of_deliveries_entered_in_the_period() {
    let mut scene = scene();
    let mut add = |id: &str, created: &str, times: [Option<&str>; 4]| {
        scene.deliver(id, "S07", "a", created, |delivery| {
            let [sent, delivered, read, failed] = times.map(|time| time.map(at));
            (delivery.sent_at, delivery.delivered_at, delivery.read_at, delivery.failed_at) =
                (sent, delivered, read, failed);
            delivery.channel = if id == "d6" { Channel::App } else { Channel::Sms };
        });
    };
    let sent = Some("2026-03-01 08:00");
    add("d1", "2026-03-01 00:00", [None; 4]);
    add("d2", "2026-03-01 00:00", [sent, None, None, None]);
    add("d3", "2026-03-01 00:00", [sent, Some("2026-03-01 08:10"), Some("2026-03-01 09:00"), None]);
    add("d4", "2026-03-01 00:00", [sent, Some("2026-04-01 08:00"), None, Some("2026-03-01 09:00")]);
    add("d5", "2026-03-01 00:00", [None, None, None, Some("2026-03-01 09:00")]);
    add("d6", "2026-03-31 23:59", [sent, None, Some("2026-03-01 08:30"), None]);
    add("d7", "2026-04-01 00:00", [sent, Some("2026-04-01 08:00"), None, None]);
    add("d8", "2026-02-28 23:59", [sent, Some("2026-03-01 08:00"), None, None]);
    let rows = channels(&scene.inputs(), scene.log.deliveries.as_ref().unwrap());
    let counts: Vec<_> = rows
        .iter()
        .map(|row| (row.channel.code(), row.created, row.sent, row.delivered, row.read, row.failed))
        .collect();
    assert_eq!(counts, [("app", 1, 1, 1, 1, 0), ("sms", 5, 4, 2, 1, 1)]);
    assert_eq!((rows[1].delivered_share(), rows[1].read_share()), (Some(0.5), Some(0.5)));
    // 10 minutes and 31 days.
    assert_eq!(rows[1].median_min, Some((10.0 + 31.0 * 1_440.0) / 2.0));
    assert_eq!(rows[0].median_min, Some(30.0), "read counts as done");
}

#[test]
fn a_channel_of_planned_deliveries_has_no_shares() {
    let mut scene = scene();
    scene.deliver("d1", "S07", "a", "2026-03-01 00:00", |_| {});
    let rows = channels(&scene.inputs(), scene.log.deliveries.as_ref().unwrap());
    assert_eq!((rows[0].delivered_share(), rows[0].read_share(), rows[0].median_min), (None, None, None));
}

#[test]
fn units_count_by_tier_what_was_done_and_what_failed_in_the_period() {
    let mut scene = scene();
    let mut add = |id: &str, service: &str, customer: &str, done: &str, change: &dyn Fn(&mut Delivery)| {
        scene.deliver(id, service, customer, "2026-01-01 00:00", |delivery| {
            delivery.delivered_at = Some(at(done));
            change(delivery);
        });
    };
    // S05 costs 2500 fen a unit, S07 5 fen.
    add("d1", "S05", "a", "2026-03-01 00:00", &|_| {});
    add("d2", "S05", "a", "2026-03-31 23:59:59", &|delivery| {
        (delivery.units_e3, delivery.cost_fen, delivery.fee_fen) = (2_000, Some(7), Some(300));
    });
    add("d3", "S05", "", "2026-03-01 00:00", &|_| {});
    add("d4", "S07", "b", "2026-03-01 00:00", &|delivery| delivery.units_e3 = 100);
    add("d5", "S05", "a", "2026-04-01 00:00", &|_| {});
    add("d6", "S24", "b", "2026-03-01 00:00", &|_| {});
    add("d7", "S07", "b", "2026-03-01 00:00", &|delivery| {
        (delivery.delivered_at, delivery.failed_at) = (None, Some(at("2026-03-05 00:00")));
    });
    add("d8", "S07", "b", "2026-03-01 00:00", &|delivery| {
        (delivery.delivered_at, delivery.failed_at) = (None, Some(at("2026-02-05 00:00")));
    });
    let fills = [true, false, false, false, false, false, false, false];
    let rows = units(&scene.inputs(), scene.log.deliveries.as_ref().unwrap(), &fills);
    let row = |service: &str, tier, deliveries, units_e3, failed, extra, cost_fen, income_fen| UnitsRow {
        service: scene.service(service),
        tier,
        deliveries,
        units_e3,
        failed,
        extra,
        cost_fen,
        income_fen,
    };
    assert_eq!(
        rows,
        [
            row("S05", "public", 1, 1_000, 0, 1, 2_500, 0),
            row("S05", "special", 2, 3_000, 0, 1, 2_507, 300),
            // 0.5 fen is rounded up.
            row("S07", "ungraded", 1, 100, 1, 0, 1, 0),
            row("S24", "ungraded", 1, 1_000, 0, 1, 1_500, 0),
        ]
    );
}

#[test]
fn costs_of_units_are_rounded_half_up_and_do_not_overflow() {
    let mut scene = scene();
    scene.deliver("d1", "S07", "a", "2026-03-01 00:00", |_| {});
    let delivery = |units_e3| Delivery { units_e3, ..scene.log.deliveries.as_ref().unwrap()[0].clone() };
    assert_eq!([99, 100, 101, 0].map(|units| cost_fen(&delivery(units), 50_000)), [0, 1, 1, 0]);
    assert_eq!(
        cost_fen(&delivery(i64::MAX), i64::MAX),
        (i128::from(i64::MAX) * i128::from(i64::MAX) + 5_000_000) / 10_000_000
    );
}

#[test]
fn capacities_are_used_by_the_units_of_a_month_or_of_the_year_so_far() {
    let customers = vec![("a", graded(Tier::Special))];
    let mut scene = Scene::new(customers, "", "2025-12..2026-02", None);
    for (id, service, done) in [
        // S21: 30 a month; S18: 80 a year.
        ("d1", "S21", "2025-12-31 23:59:59"),
        ("d2", "S21", "2026-01-01 00:00"),
        ("d3", "S18", "2025-03-01 00:00"),
        ("d4", "S18", "2026-01-15 00:00"),
        ("d5", "S18", "2026-02-15 00:00"),
        ("d6", "S18", "2024-12-31 00:00"),
    ] {
        scene.done(id, service, "a", done);
    }
    let rows = capacities(&scene.inputs(), scene.log.deliveries.as_ref().unwrap());
    let of = |service: &str| -> Vec<_> {
        let place = scene.service(service);
        let rows = rows.iter().filter(|row| row.service == place);
        rows.map(|row| (row.month.to_string(), row.per_year, row.capacity_e3, row.delivered_e3)).collect()
    };
    assert_eq!(
        of("S21"),
        [
            ("2025-12".into(), false, 30_000, 1_000),
            ("2026-01".into(), false, 30_000, 1_000),
            ("2026-02".into(), false, 30_000, 0)
        ]
    );
    assert_eq!(
        of("S18"),
        [
            ("2025-12".into(), true, 80_000, 1_000),
            ("2026-01".into(), true, 80_000, 1_000),
            ("2026-02".into(), true, 80_000, 2_000)
        ]
    );
    assert!(of("S05").is_empty(), "it has no capacity");
    let none = CapacityRow {
        service: 0,
        month: Month::new(2026, 1),
        per_year: false,
        capacity_e3: 0,
        delivered_e3: 0,
    };
    assert_eq!(none.share(), None);
}

#[test]
fn a_unit_cost_is_not_rounded_before_it_is_multiplied() {
    let mut scene = scene();
    for (id, service, units_e3) in [("d1", "S05", 3_000), ("d2", "S07", 1_000)] {
        scene.deliver(id, service, "a", "2026-03-01 00:00", |delivery| {
            (delivery.delivered_at, delivery.units_e3) = (Some(at("2026-03-01 00:00")), units_e3);
        });
    }
    let [visit, message] = ["S05", "S07"].map(|service| scene.service(service));
    // 0.125 and 0.045 CNY: 37.5 and 4.5 fen, rounded half up.
    scene.catalogue.services[visit].unit_cost_e6 = 125_000;
    scene.catalogue.services[message].unit_cost_e6 = 45_000;
    let rows = units(&scene.inputs(), scene.log.deliveries.as_ref().unwrap(), &[false; 2]);
    assert_eq!(rows.iter().map(|row| row.cost_fen).collect::<Vec<_>>(), [38, 5]);
}
