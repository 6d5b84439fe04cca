use gridtier::contract::{OutageKind, Responsibility};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::*;
use crate::base::Member;
use crate::fixture::{at, day, member};
use crate::log::{Interruption, Log, Outage};
use crate::scene::{Scene, graded};

const COMPLAINTS: &str = "[due]\ncustomer = [\"S05\"]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"closed\"\nafter = \"contact\"\nwithin = \"3 d\"\n";

fn measure(scene: &Scene) -> Delivered {
    Delivered::measure(scene.inputs(), &Groups::of(&scene.base)).unwrap()
}

/// Reason, key, status and delivery of what was due.
fn rows(scene: &Scene) -> Vec<String> {
    let measured = measure(scene);
    let deliveries = scene.log.deliveries.as_ref().unwrap();
    let row = |row: &DueRow| {
        let delivery = row.delivery.map_or("-", |place| &deliveries[place as usize].id);
        format!("{} {} {} {delivery}", measured.reasons.name(row.reason), row.key, row.status.code())
    };
    measured.due.iter().map(row).collect()
}

#[test]
fn vector_13_each_delivery_fills_the_item_that_ends_first_and_the_left_ones_fill_what_was_missed() {
    let mut scene =
        Scene::new(vec![("c", graded(Tier::Grade1))], COMPLAINTS, "2026-01..2026-09", Some("2026-07-10"));
    scene.closed("k", "c", "2026-04-10 00:00");
    for (id, done) in [("d1", "04-11"), ("d2", "04-12"), ("d3", "05-20"), ("d4", "06-01")] {
        scene.done(id, "S05", "c", &format!("2026-{done} 10:00"));
    }
    // The vector knows quarters 1 to 3 alone.
    scene.base.members[0].opened_on = day("2026-01-01");
    assert_eq!(
        rows(&scene),
        [
            "cadence S05:c:2026-01-01 late d3",
            "cadence S05:c:2026-04-01 on_time d2",
            "cadence S05:c:2026-07-01 open -",
            "follow_up:closed k on_time d1",
        ]
    );
    assert_eq!(measure(&scene).fills, [true, true, true, false], "d4 is extra");
}

#[test]
fn items_due_before_twelve_months_before_the_period_take_no_delivery() {
    let mut scene =
        Scene::new(vec![("c", graded(Tier::Grade1))], "[due]\ncustomer = [\"S05\"]", "2026-04", None);
    scene.base.members[0].opened_on = day("2025-01-01");
    scene.done("d1", "S05", "c", "2025-07-05 10:00");
    scene.done("d2", "S05", "c", "2025-07-06 10:00");
    // Of the first quarter of 2025 (due before April) nothing is known; the second is filled late by d2.
    assert_eq!(measure(&scene).fills, [true, true]);
    scene.done("d3", "S05", "c", "2025-07-07 10:00");
    assert_eq!(measure(&scene).fills, [true, true, false]);
}

#[test]
fn deliveries_of_other_services_customers_or_states_fill_nothing() {
    let customers = vec![("c", graded(Tier::Grade1)), ("d", member("East"))];
    let mut scene = Scene::new(customers, "[due]\ncustomer = [\"S05\"]", "2026-03", None);
    scene.base.members[0].opened_on = day("2026-01-01");
    scene.done("d1", "S06", "c", "2026-02-01 10:00");
    scene.done("d2", "S05", "d", "2026-02-01 10:00");
    scene.done("d3", "S05", "", "2026-02-01 10:00");
    scene.deliver("d4", "S05", "c", "2026-02-01 10:00", |delivery| {
        delivery.failed_at = Some(at("2026-02-01 11:00"))
    });
    assert_eq!(rows(&scene), ["cadence S05:c:2026-01-01 missed -"]);
    // Read counts as done where delivered is not known.
    scene.deliver("d5", "S05", "c", "2026-02-01 10:00", |delivery| {
        delivery.read_at = Some(at("2026-03-31 23:59:59"))
    });
    assert_eq!(rows(&scene), ["cadence S05:c:2026-01-01 on_time d5"]);
}

#[test]
fn at_one_time_the_smaller_delivery_id_comes_first() {
    let mut scene = Scene::new(vec![("c", graded(Tier::Grade1))], COMPLAINTS, "2026-04..2026-06", None);
    scene.base.members[0].opened_on = day("2026-04-01");
    scene.closed("k", "c", "2026-04-10 00:00");
    scene.done("d9", "S05", "c", "2026-04-11 10:00");
    scene.done("d10", "S05", "c", "2026-04-11 10:00");
    assert_eq!(rows(&scene), ["cadence S05:c:2026-04-01 on_time d9", "follow_up:closed k on_time d10"]);
}

#[test]
fn what_is_due_on_the_as_of_day_is_open_and_the_day_before_it_is_missed() {
    let customers = || vec![("c", Member { opened_on: day("2026-01-01"), ..graded(Tier::Grade1) })];
    let policy = "[due]\ncustomer = [\"S05\"]";
    let due = |as_of| rows(&Scene::new(customers(), policy, "2026-03", Some(as_of)));
    assert_eq!(due("2026-03-31"), ["cadence S05:c:2026-01-01 open -"]);
    assert_eq!(due("2026-04-01"), ["cadence S05:c:2026-01-01 missed -"]);
}

#[test]
fn a_least_number_of_follow_ups_counts_all_that_were_done_in_its_months() {
    let policy = "[due]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"new\"\nafter = \"opening\"\nuntil_months = 3\nat_least = 2\n";
    let new = Member { opened_on: day("2026-01-10"), ..member("East") };
    let mut scene = Scene::new(vec![("n", new)], policy, "2026-04", None);
    scene.done("d1", "S05", "n", "2026-01-10 00:00");
    scene.done("d2", "S05", "n", "2026-04-11 00:00");
    let counted = |scene: &Scene| {
        let measured = measure(scene);
        let row = measured.due[0].clone();
        (row.units_due, row.units_done, row.status, row.delivery)
    };
    assert_eq!(counted(&scene), (Some(2), Some(1), DueStatus::Missed, None));
    scene.done("d3", "S05", "n", "2026-04-10 23:59:59");
    assert_eq!(counted(&scene), (Some(2), Some(2), DueStatus::OnTime, None));
    assert_eq!(measure(&scene).fills, [false; 3], "a count takes no delivery");
    let early =
        Scene { run: crate::period::Run::new(scene.run.period, Some(day("2026-04-05"))).unwrap(), ..scene };
    let early = Scene { log: Log { deliveries: Some(Vec::new()), ..early.log }, ..early };
    assert_eq!(counted(&early), (Some(2), Some(0), DueStatus::Open, None));
}

#[test]
fn a_session_is_one_unit_in_a_slot_or_its_part_of_the_programme() {
    let mut scene =
        Scene::new(vec![], "[due]\nsession = [\"S14\", \"S16\"]", "2026-03..2026-04", Some("2026-04-20"));
    // 12 campaigns a year: one a month. S16 has no programme: one delivery.
    scene.deliver("d1", "S14", "", "2026-03-01 00:00", |delivery| {
        delivery.delivered_at = Some(at("2026-03-01 00:00"));
        delivery.units_e3 = 400;
    });
    scene.deliver("d2", "S14", "", "2026-03-01 00:00", |delivery| {
        delivery.delivered_at = Some(at("2026-03-31 23:59:59"));
        delivery.units_e3 = 600;
    });
    scene.done("d3", "S14", "", "2026-02-28 23:59:59");
    // One delivery is the session, even if its row has less than one unit.
    scene.deliver("d4", "S16", "", "2026-04-01 00:00", |delivery| {
        delivery.delivered_at = Some(at("2026-04-01 00:00"));
        delivery.units_e3 = 400;
    });
    assert_eq!(
        rows(&scene),
        [
            "session S14:2026-03-01 on_time -",
            "session S14:2026-04-01 open -",
            "session S16:2026-03-01 missed -",
            "session S16:2026-04-01 on_time -",
        ]
    );
    let measured = measure(&scene);
    let units: Vec<_> = measured.due.iter().map(|row| (row.units_due, row.units_done)).collect();
    assert_eq!(
        units,
        [(Some(1000), Some(1000)), (Some(1000), Some(0)), (Some(1000), Some(0)), (Some(1000), Some(1000))]
    );
    let groups = Groups::of(&scene.base);
    assert!(measured.delivered.iter().all(|row| row.group == groups.all()), "sessions count for all only");
    assert_eq!(measured.delivered.len(), 2);
}

#[test]
fn a_programme_that_does_not_divide_has_parts_that_add_up() {
    let scene = Scene::new(vec![], "[due]\nsession = [\"S14\"]", "2026-01..2026-03", None);
    let scene = scene.with_catalogue(&[("programme_units = 12", "programme_units = 10")]);
    let due: Vec<_> = measure(&scene).due.iter().map(|row| row.units_due).collect();
    assert_eq!(due, [Some(833), Some(833), Some(834)]);
}

#[test]
fn appointments_are_kept_up_to_the_minutes_of_grace() {
    let mut scene = Scene::new(vec![("c", member("East"))], "", "2026-03", Some("2026-03-20"));
    let plan = |scene: &mut Scene, id: &str, planned: &str, done: Option<&str>, failed: Option<&str>| {
        scene.deliver(id, "S10", "c", "2026-03-01 00:00", |delivery| {
            delivery.planned_at = Some(at(planned));
            delivery.delivered_at = done.map(at);
            delivery.failed_at = failed.map(at);
        });
    };
    plan(&mut scene, "p1", "2026-03-02 09:00", Some("2026-03-02 09:15"), None);
    plan(&mut scene, "p2", "2026-03-02 09:00", Some("2026-03-02 09:15:01"), None);
    plan(&mut scene, "p3", "2026-03-02 09:00", None, None);
    plan(&mut scene, "p4", "2026-03-25 09:00", None, None);
    plan(&mut scene, "p5", "2026-03-25 09:00", None, Some("2026-03-10 09:00"));
    plan(&mut scene, "p6", "2026-03-31 23:50", None, None);
    plan(&mut scene, "p7", "2026-02-28 23:50", None, None);
    scene.deliver("p8", "S05", "c", "2026-03-01 00:00", |visit| {
        visit.planned_at = Some(at("2026-03-02 09:00"))
    });
    assert_eq!(
        rows(&scene),
        [
            "appointment p1 on_time p1",
            "appointment p2 late p2",
            "appointment p3 missed p3",
            "appointment p4 open p4",
            "appointment p5 missed p5",
            "appointment p7 missed p7",
        ],
        "p6 is due after the period, p7 in it; S05 is no service that starts by application"
    );
    let row = &measure(&scene).due[0];
    assert_eq!((row.opens, row.due_by), (Some(at("2026-03-01 00:00")), at("2026-03-02 09:15")));
}

#[test]
fn counts_by_group_add_up_and_the_share_leaves_out_what_is_open() {
    let customers = vec![
        ("a", Member { opened_on: day("2026-01-01"), ..graded(Tier::Special) }),
        ("b", Member { opened_on: day("2026-01-01"), ..graded(Tier::Grade1) }),
        ("c", Member { closed_on: Some(day("2020-01-01")), ..graded(Tier::Grade2) }),
    ];
    let mut scene =
        Scene::new(customers, "[due]\ncustomer = [\"S05\"]", "2026-01..2026-03", Some("2026-03-10"));
    scene.done("d1", "S05", "a", "2026-01-10 08:00");
    let measured = measure(&scene);
    let groups = Groups::of(&scene.base);
    let of = |by: &str, name: &str| {
        let row = measured.delivered.iter().find(|row| {
            let group = groups.group(row.group);
            (group.by.code(), &*group.name) == (by, name)
        });
        row.map(|row| (row.due(), row.by_status, row.share()))
    };
    // a: January on time, February missed, March open; b: the quarter is open.
    assert_eq!(of("all", "all"), Some((4, [1, 0, 0, 1, 2], Some(0.5))));
    assert_eq!(of("tier", "special"), Some((3, [1, 0, 0, 1, 1], Some(0.5))));
    assert_eq!(of("tier", "grade-1"), Some((1, [0, 0, 0, 0, 1], None)));
    assert_eq!(of("tier", "grade-2"), Some((0, [0; 5], None)), "nothing due to c, which is not open");
    assert_eq!((of("tier", "ungraded"), of("tier", "unknown")), (None, None), "nobody is in them");
}

#[test]
fn without_deliveries_nothing_is_measured_and_with_an_empty_table_all_is_missed() {
    let customers = || vec![("c", Member { opened_on: day("2026-01-01"), ..graded(Tier::Grade1) })];
    let mut scene = Scene::new(customers(), "[due]\ncustomer = [\"S05\"]", "2026-03", None);
    assert_eq!(rows(&scene), ["cadence S05:c:2026-01-01 missed -"]);
    scene.log.deliveries = None;
    assert_eq!(Delivered::measure(scene.inputs(), &Groups::of(&scene.base)), None);
}

#[test]
fn promised_notices_are_due_ahead_of_the_outage_and_nothing_without_outages() {
    let policy = "[due]\nnotice = \"S07\"\n[[promise]]\nid = \"planned\"\nservice = \"S07\"\nmeasure = \"notice\"\nlead = \"7 d\"\nannouncement = true\n";
    let customers = vec![("a", graded(Tier::Special)), ("b", member("East")), ("c", member("East"))];
    let mut scene = Scene::new(customers, policy, "2026-06", None);
    assert_eq!(rows(&scene), Vec::<String>::new());
    let measured = measure(&scene);
    let absent: Vec<_> = measured.not_measured.iter().map(|&reason| measured.reasons.name(reason)).collect();
    assert_eq!(absent, ["notice:planned"]);
    let outage = |id: &str, announced: Option<&str>| Outage {
        id: id.into(),
        started_at: at("2026-06-20 08:00"),
        kind: OutageKind::Planned,
        cause: None,
        responsibility: Responsibility::Utility,
        announced_at: announced.map(at),
        promised_at: None,
        plan_at: None,
    };
    scene.log.outages = Some(vec![outage("o1", None), outage("o2", Some("2026-06-13 23:59:59"))]);
    let row = |outage, customer: &str, start: &str| Interruption {
        outage,
        customer: scene.customer(customer).unwrap(),
        started_at: at(start),
        restored_at: Some(at(start).plus(3_600)),
    };
    let first = "2026-06-20 08:00";
    let mut interrupted = ["a", "b", "c"].map(|customer| row(0, customer, first)).to_vec();
    interrupted.push(row(1, "a", "2026-06-20 12:00"));
    scene.merge(interrupted);
    // The last one came after what the public was told in time.
    for (id, outage, customer, done) in [
        ("d1", 0, "a", "2026-06-13 23:59:59"),
        ("d2", 0, "b", "2026-06-14 00:00"),
        ("d3", 1, "a", "2026-06-20 13:00"),
    ] {
        scene.deliver(id, "S07", customer, "2026-06-01 00:00", |notice| {
            (notice.outage, notice.delivered_at) = (Some(outage), Some(at(done)));
        });
    }
    assert_eq!(
        rows(&scene),
        [
            "notice:planned o1:a on_time d1",
            "notice:planned o1:b late d2",
            "notice:planned o1:c missed -",
            "notice:planned o2:a announced -",
        ]
    );
    let measured = measure(&scene);
    assert_eq!((measured.due[0].opens, measured.due[0].due_by), (None, at("2026-06-13 23:59:59")));
    let all = &measured.delivered[0];
    assert_eq!((all.by_status, all.share()), ([1, 1, 1, 1, 0], Some(0.5)));
    assert!(measured.not_measured.is_empty());
}
