use gridtier::contract::UseCategory;
use gridtier::word::Word;

use super::*;
use crate::base::Member;
use crate::delivered::Delivered;
use crate::fixture::{at, day, member};
use crate::group::Groups;
use crate::scene::{Scene, graded};

/// Reason, key, whether overdue and within capacity, in the order of the list.
fn list(scene: &Scene) -> Vec<String> {
    let measured = Delivered::measure(scene.inputs(), &Groups::of(&scene.base)).unwrap();
    let line = |row: &WorkRow| {
        let overdue = if row.overdue { " overdue" } else { "" };
        let beyond = if row.within_capacity { "" } else { " beyond" };
        format!("{} {}{overdue}{beyond}", measured.reasons.name(row.reason), row.key)
    };
    measured.worklist.iter().map(line).collect()
}

#[test]
fn visits_are_listed_from_their_planned_month_on_until_they_are_made() {
    // crc32(0512000448) plans the second month of a quarter and the fifth of a year.
    let id = "0512000448";
    let of = |period, tier: Tier| {
        let customer = Member { opened_on: day("2026-01-01"), ..graded(tier) };
        Scene::new(vec![(id, customer)], "[due]\ncustomer = [\"S05\"]", period, None)
    };
    assert_eq!(
        list(&of("2026-03", Tier::Grade1)),
        ["cadence S05:0512000448:2026-01-01 overdue"],
        "April is too early"
    );
    assert_eq!(
        list(&of("2026-04", Tier::Grade1)),
        ["cadence S05:0512000448:2026-01-01 overdue", "cadence S05:0512000448:2026-04-01"]
    );
    assert_eq!(list(&of("2026-05", Tier::Grade1))[1], "cadence S05:0512000448:2026-04-01", "still in June");
    assert_eq!(list(&of("2026-03", Tier::Grade2)), Vec::<String>::new());
    assert_eq!(list(&of("2026-04", Tier::Grade2)), ["cadence S05:0512000448:2026-01-01"]);
    let mut made = of("2026-04", Tier::Grade1);
    made.done("d1", "S05", id, "2026-02-01 08:00");
    made.done("d2", "S05", id, "2026-04-02 08:00");
    assert_eq!(list(&made), Vec::<String>::new());
}

#[test]
fn of_missed_items_only_the_last_is_overdue_for_twelve_months() {
    let customer = Member { opened_on: day("2025-01-01"), ..graded(Tier::Special) };
    let scene = Scene::new(vec![("c", customer)], "[due]\ncustomer = [\"S05\"]", "2026-04", None);
    assert_eq!(list(&scene), ["cadence S05:c:2026-04-01 overdue", "cadence S05:c:2026-05-01"]);
    let gone =
        Member { opened_on: day("2025-01-01"), closed_on: Some(day("2025-05-31")), ..graded(Tier::Special) };
    let scene = |period| Scene::new(vec![("c", gone.clone())], "[due]\ncustomer = [\"S05\"]", period, None);
    assert_eq!(list(&scene("2026-04")), ["cadence S05:c:2025-05-01 overdue"]);
    assert_eq!(
        list(&scene("2026-05")),
        Vec::<String>::new(),
        "May 2025 is not within twelve months before June 2026"
    );
}

#[test]
fn follow_ups_due_in_the_month_are_listed_and_counts_are_not() {
    let policy = "[due]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"new\"\nafter = \"opening\"\nwithin = \"3 d\"\n\
                  every_months = 1\nuntil_months = 3\nat_least = 1\n";
    let new = Member { opened_on: day("2026-03-29"), ..member("East") };
    let mut scene = Scene::new(vec![("n", new)], policy, "2026-03", None);
    assert_eq!(list(&scene), ["follow_up:new n", "follow_up:new n#1"], "due on 04-01 and 04-29; #2 in May");
    scene.done("d1", "S05", "n", "2026-03-30 08:00");
    assert_eq!(list(&scene), ["follow_up:new n#1"]);
}

#[test]
fn appointments_of_the_month_that_are_neither_kept_nor_failed_are_listed() {
    let mut scene = Scene::new(vec![("c", graded(Tier::Grade3))], "", "2026-03", None);
    for (id, service, customer, planned) in [
        ("p1", "S10", "c", "2026-04-01 00:00"),
        ("p2", "S10", "", "2026-04-30 23:59"),
        ("p3", "S10", "c", "2026-05-01 00:00"),
        ("p4", "S05", "c", "2026-04-10 00:00"),
        ("p5", "S10", "c", "2026-03-31 23:59"),
    ] {
        scene.deliver(id, service, customer, "2026-03-01 00:00", |delivery| {
            delivery.planned_at = Some(at(planned))
        });
    }
    scene.deliver("p6", "S10", "c", "2026-03-01 00:00", |delivery| {
        (delivery.planned_at, delivery.failed_at) =
            (Some(at("2026-04-10 00:00")), Some(at("2026-03-02 00:00")));
    });
    scene.deliver("p7", "S10", "c", "2026-03-01 00:00", |delivery| {
        (delivery.planned_at, delivery.delivered_at) =
            (Some(at("2026-04-10 00:00")), Some(at("2026-03-02 00:00")));
    });
    assert_eq!(list(&scene), ["appointment p1", "appointment p2"]);
}

#[test]
fn the_list_is_ordered_by_tier_overdue_due_service_customer_reason_and_key() {
    let opened_on = day("2026-02-01");
    let customers = vec![
        ("a", Member { opened_on, ..member("East") }),
        ("b", Member { opened_on, ..graded(Tier::Grade1) }),
        ("c", Member { opened_on, ..graded(Tier::Special) }),
        ("d", Member { opened_on, ..graded(Tier::Special) }),
    ];
    let policy = "[due]\ncustomer = [\"S05\"]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"closed\"\nafter = \"contact\"\nwithin = \"3 d\"\n";
    let mut scene = Scene::new(customers, policy, "2026-02", None);
    for customer in ["a", "b", "c", "d"] {
        scene.closed(&format!("k{customer}"), customer, "2026-02-27 08:00");
    }
    scene.closed("k1", "d", "2026-02-27 08:00");
    assert_eq!(
        list(&scene),
        [
            "cadence S05:c:2026-02-01 overdue",
            "cadence S05:d:2026-02-01 overdue",
            "follow_up:closed kc",
            "follow_up:closed k1",
            "follow_up:closed kd",
            "cadence S05:c:2026-03-01",
            "cadence S05:d:2026-03-01",
            "follow_up:closed kb",
            "follow_up:closed ka",
        ]
    );
}

#[test]
fn appointments_without_a_customer_come_after_those_of_ungraded_customers() {
    let mut scene = Scene::new(vec![("a", member("East"))], "", "2026-03", None);
    for (id, customer, planned) in [("p1", "", "2026-04-01 00:00"), ("p2", "a", "2026-04-09 00:00")] {
        scene.deliver(id, "S10", customer, "2026-03-01 00:00", |delivery| {
            delivery.planned_at = Some(at(planned));
        });
    }
    assert_eq!(list(&scene), ["appointment p2", "appointment p1"]);
}

#[test]
fn those_who_waited_longest_are_invited_as_many_as_the_capacity_and_no_more_often_than_their_quota() {
    let customers = vec![
        ("a", graded(Tier::Grade1)),
        ("b", graded(Tier::Grade1)),
        ("c", graded(Tier::Special)),
        ("d", graded(Tier::Special)),
        ("e", graded(Tier::Grade2)),
        ("f", Member { closed_on: Some(day("2026-03-31")), ..graded(Tier::Special) }),
        ("g", Member { use_category: UseCategory::Residential, ..graded(Tier::Grade1) }),
    ];
    let mut scene = Scene::new(customers, "[due]\nsession = [\"S16\", \"S09\", \"S13\"]", "2026-03", None);
    scene.done("d1", "S16", "a", "2025-12-31 08:00");
    scene.done("d2", "S16", "b", "2026-01-01 08:00");
    scene.done("d3", "S16", "c", "2025-06-01 08:00");
    // Grade-1 may come once a year, special customers four times; b has come this year.
    let invited = |scene: &Scene| -> Vec<String> {
        list(scene).into_iter().filter(|line| line.starts_with("invitation")).collect()
    };
    assert_eq!(
        invited(&scene),
        [
            "invitation S16:c:2026-04-01",
            "invitation S16:d:2026-04-01",
            "invitation S16:a:2026-04-01",
            "invitation S16:g:2026-04-01",
        ]
    );
    let few = scene.with_catalogue(&[(
        "capacity = { units = 30, per = \"month\" }\ncadence = \"monthly\"",
        "capacity = { units = 2, per = \"month\" }\ncadence = \"monthly\"",
    )]);
    assert_eq!(
        invited(&few),
        ["invitation S16:d:2026-04-01", "invitation S16:g:2026-04-01"],
        "never first, and of them the better tier first"
    );
}

#[test]
fn lines_beyond_the_monthly_capacity_of_their_service_are_marked() {
    let mut scene = Scene::new(vec![("c", graded(Tier::Grade3))], "", "2026-03", None).with_catalogue(&[(
        "capacity = { units = 300, per = \"month\" }",
        "capacity = { units = 2, per = \"month\" }",
    )]);
    for (id, day) in [("p1", 3), ("p2", 2), ("p3", 1)] {
        scene.deliver(id, "S10", "c", "2026-03-01 00:00", |delivery| {
            delivery.planned_at = Some(at(&format!("2026-04-0{day} 00:00")));
        });
    }
    scene.deliver("p4", "S18", "c", "2026-03-01 00:00", |delivery| {
        delivery.planned_at = Some(at("2026-04-02 00:00"))
    });
    assert_eq!(list(&scene), ["appointment p3", "appointment p2", "appointment p4", "appointment p1 beyond"]);
    assert_eq!(Tier::Special.code(), "special");
}
