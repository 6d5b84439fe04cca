use gridtier::contract::{ContactKind, OutageKind, Responsibility, UseCategory};
use gridtier::method::Tier;

use super::*;
use crate::base::Member;
use crate::fixture::{at, day, member};
use crate::log::{Interruption, Outage};
use crate::scene::{Scene, graded};

const FOLLOW_UP: &str = "[due]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"rule\"\n";

/// The items and counts of the scene's only customer: reason, key, opens, due.
fn items(scene: &Scene) -> Vec<(String, String, Second, Second)> {
    let mut duties = Duties::of(scene.inputs());
    let (mut items, mut counts) = (Vec::new(), Vec::new());
    let mut all = Vec::new();
    for customer in scene.base.customers() {
        duties.of_customer(customer, &mut items, &mut counts);
        for item in items.iter().copied().chain(counts.iter().map(|count| count.item)) {
            let reason = duties.reasons.name(item.reason).to_owned();
            all.push((reason, item.key(&scene.inputs(), customer), item.opens, item.due_by));
        }
    }
    all
}

fn keys(scene: &Scene) -> Vec<String> {
    items(scene).into_iter().map(|(_, key, ..)| key).collect()
}

#[test]
fn a_visit_is_due_once_in_each_slot_of_its_cadence() {
    let customers = vec![
        ("a", graded(Tier::Grade1)),
        ("b", graded(Tier::Grade3)),
        ("c", member("East")),
        ("d", Member { opened_on: day("2026-04-02"), ..graded(Tier::Grade1) }),
        ("e", Member { closed_on: Some(day("2025-12-31")), ..graded(Tier::Grade2) }),
    ];
    let scene = Scene::new(customers, "[due]\ncustomer = [\"S05\"]", "2026-05", None);
    assert_eq!(
        keys(&scene),
        [
            // Slots that ended before 2025-05, twelve months before the period, are left out. This one ends after.
            "S05:a:2025-04-01",
            "S05:a:2025-07-01",
            "S05:a:2025-10-01",
            "S05:a:2026-01-01",
            "S05:a:2026-04-01",
            "S05:b:2025-01-01",
            "S05:b:2026-01-01",
            "S05:e:2025-01-01",
        ],
        "without a tier nothing is granted; a slot counts only if the customer is open throughout"
    );
    assert_eq!(items(&scene)[0].2..=items(&scene)[0].3, at("2025-04-01 00:00")..=at("2025-06-30 23:59:59"));
}

#[test]
fn a_service_is_due_only_to_customers_whom_its_condition_admits() {
    let home = Member { use_category: UseCategory::Residential, ..graded(Tier::Special) };
    let scene = Scene::new(
        vec![("a", home), ("b", graded(Tier::Special))],
        "[due]\ncustomer = [\"S12\"]",
        "2026-01",
        None,
    );
    assert_eq!(keys(&scene), ["S12:b:2025-01-01", "S12:b:2025-07-01", "S12:b:2026-01-01"]);
}

#[test]
fn a_follow_up_is_due_within_its_span_and_then_in_a_series_whose_parts_do_not_overlap() {
    let rule = format!(
        "{FOLLOW_UP}after = \"opening\"\nwithin = \"3 d\"\nevery_months = 5\nuntil_months = 12\nat_least = 3"
    );
    let new = Member { opened_on: day("2026-01-31"), ..member("East") };
    let scene = Scene::new(vec![("new", new)], &rule, "2026-02", None);
    let opened = at("2026-01-31 00:00");
    let of = |reason: &str, key: &str, opens, due: &str| (reason.to_owned(), key.to_owned(), opens, at(due));
    assert_eq!(
        items(&scene),
        [
            of("follow_up:rule", "new", opened, "2026-02-03 23:59:59"),
            of("follow_up:rule", "new#1", opened, "2026-06-30 23:59:59"),
            of("follow_up:rule", "new#2", at("2026-07-01 00:00"), "2026-11-30 23:59:59"),
            of("at_least:rule", "new", opened, "2027-01-31 23:59:59"),
        ],
        "12/5 = 2 in the series"
    );
}

#[test]
fn a_customer_is_followed_up_only_if_open_on_the_due_day_and_admitted_by_the_condition() {
    let rule = format!("{FOLLOW_UP}after = \"opening\"\nwithin = \"3 d\"\nwhere = 'tier = \"special\"'");
    let of = |closed: Option<&str>, tier| Member {
        opened_on: day("2026-02-01"),
        closed_on: closed.map(day),
        tier,
        ..member("East")
    };
    let customers = vec![
        ("a", of(Some("2026-02-03"), Some(Tier::Special))),
        ("b", of(Some("2026-02-04"), Some(Tier::Special))),
        ("c", of(None, Some(Tier::Grade1))),
        ("d", of(None, None)),
    ];
    assert_eq!(keys(&Scene::new(customers, &rule, "2026-02", None)), ["b"]);
}

#[test]
fn events_from_the_as_of_day_on_and_old_events_are_not_followed_up() {
    let rule = format!("{FOLLOW_UP}after = \"opening\"\nwithin = \"3 d\"");
    let of = |opened: &str| Member { opened_on: day(opened), ..member("East") };
    let customers = vec![
        ("a", of("2025-01-28")),
        ("b", of("2025-01-29")),
        ("c", of("2026-02-14")),
        ("d", of("2026-02-15")),
    ];
    let scene = Scene::new(customers, &rule, "2026-02", Some("2026-02-15"));
    assert_eq!(keys(&scene), ["b", "c"], "a was due on 2025-01-31, and items are kept from 2025-02 on");
}

#[test]
fn closed_contacts_of_the_kinds_of_a_rule_are_followed_up() {
    let rule = format!("{FOLLOW_UP}after = \"contact\"\nkinds = [\"complaint\"]\nwithin = \"3 d\"");
    let mut scene = Scene::new(vec![("a", member("East"))], &rule, "2026-04", None);
    scene.closed("k1", "a", "2026-04-10 08:00");
    scene.closed("k2", "", "2026-04-10 08:00");
    scene.contact("k3", ContactKind::Complaint, "a", "2026-04-10 08:00", |_| {});
    scene.contact("k4", ContactKind::Query, "a", "2026-04-10 08:00", |query| {
        query.closed_at = Some(query.received_at)
    });
    assert_eq!(
        items(&scene),
        [("follow_up:rule".into(), "k1".into(), at("2026-04-10 08:00"), at("2026-04-13 23:59:59"))]
    );
    let all = rule.replace("kinds = [\"complaint\"]\n", "");
    let of_all = Scene { policy: Scene::new(vec![], &all, "2026-04", None).policy, ..scene };
    assert_eq!(keys(&of_all), ["k1", "k4"]);
    let absent = Scene { log: Log { contacts: None, ..of_all.log }, ..of_all };
    assert_eq!((keys(&absent).len(), follow_ups_not_measured(&absent.inputs())), (0, vec![0]));
}

#[test]
fn each_delivery_that_was_done_is_followed_up_once() {
    let rule = format!("{FOLLOW_UP}after = \"delivery\"\nservices = [\"S10\", \"S22\"]\nwithin = \"3 h\"");
    let mut scene = Scene::new(vec![("a", member("East"))], &rule, "2026-04", None);
    scene.done("d1", "S10", "a", "2026-04-10 08:00");
    scene.done("d2", "S11", "a", "2026-04-10 08:00");
    scene.done("d3", "S22", "", "2026-04-10 08:00");
    scene.deliver("d4", "S22", "a", "2026-04-10 08:00", |delivery| {
        delivery.sent_at = Some(delivery.created_at)
    });
    assert_eq!(
        items(&scene),
        [("follow_up:rule".into(), "d1".into(), at("2026-04-10 08:00"), at("2026-04-10 11:00"))]
    );
}

#[test]
fn merged_interruptions_that_are_over_and_long_enough_are_followed_up_from_their_end() {
    let rule = format!("{FOLLOW_UP}after = \"interruption\"\nmin_hours = 8\nwithin = \"5 wd\"");
    let mut scene = Scene::new(vec![("a", member("East")), ("b", member("East"))], &rule, "2026-04", None);
    let outage = Outage {
        id: "o".into(),
        started_at: at("2026-04-01 00:00"),
        kind: OutageKind::Fault,
        cause: None,
        responsibility: Responsibility::Utility,
        announced_at: None,
        promised_at: None,
        plan_at: None,
    };
    let row = |customer: &str, started: &str, restored: Option<&str>| Interruption {
        outage: 0,
        customer: scene.customer(customer).unwrap(),
        started_at: at(started),
        restored_at: restored.map(at),
    };
    let rows = vec![
        // 4 h and 4 h that touch are 8 h; 7:59:59 is too short; the last is still open.
        row("a", "2026-04-01 00:00", Some("2026-04-01 04:00")),
        row("a", "2026-04-01 04:00", Some("2026-04-01 08:00")),
        row("a", "2026-04-02 00:00", Some("2026-04-02 07:59:59")),
        row("b", "2026-04-20 00:00", None),
    ];
    scene.log.outages = Some(vec![outage]);
    scene.merge(rows);
    let key = format!("a:{}", at("2026-04-01 00:00").seconds());
    assert_eq!(
        items(&scene),
        [("follow_up:rule".into(), key, at("2026-04-01 08:00"), at("2026-04-08 23:59:59"))],
        "2026-04-01 is a Wednesday"
    );
    scene.interruptions = None;
    assert_eq!((keys(&scene).len(), follow_ups_not_measured(&scene.inputs())), (0, vec![0]));
}

#[test]
fn a_long_interruption_is_followed_up_from_its_end_however_early_it_began() {
    let rule = format!("{FOLLOW_UP}after = \"interruption\"\nwithin = \"5 wd\"");
    let mut scene = Scene::new(vec![("a", member("East"))], &rule, "2026-04", None);
    let since = first_interruption(&scene.policy, scene.run);
    assert!(since < day("2025-04-01"));
    scene.log.outages = Some(Vec::new());
    scene.merge(vec![Interruption {
        outage: 0,
        customer: CustomerIx::new(0),
        started_at: at("2022-01-01 00:00"),
        restored_at: Some(at("2026-04-01 00:00")),
    }]);
    assert_eq!(keys(&scene).len(), 1);
}

#[test]
fn items_are_in_the_order_of_due_time_opening_reason_and_key() {
    let text = format!(
        "{FOLLOW_UP}after = \"contact\"\nwithin = \"3 d\"\n[[follow_up]]\nid = \"a_rule\"\nafter = \"contact\"\nwithin = \"3 d\""
    );
    let mut scene = Scene::new(vec![("a", member("East"))], &text, "2026-04", None);
    scene.closed("k9", "a", "2026-04-10 08:00");
    scene.closed("k10", "a", "2026-04-10 08:00");
    scene.closed("k0", "a", "2026-04-10 09:00");
    let order: Vec<String> =
        items(&scene).into_iter().map(|(reason, key, ..)| format!("{reason} {key}")).collect();
    assert_eq!(
        order,
        [
            "follow_up:a_rule k10",
            "follow_up:a_rule k9",
            "follow_up:rule k10",
            "follow_up:rule k9",
            "follow_up:a_rule k0",
            "follow_up:rule k0"
        ]
    );
}

#[test]
fn no_item_opens_before_the_day_from_which_deliveries_are_looked_at() {
    let rule = format!("{FOLLOW_UP}after = \"opening\"\nwithin = \"3 d\"\nuntil_months = 24\nat_least = 1\n");
    let policy = rule.replace("[due]\n", "[due]\ncustomer = [\"S05\"]\n");
    let customers: Vec<(String, Member)> = (0..1_200)
        .map(|days| {
            (format!("c{days:04}"), Member { opened_on: day("2022-06-01") + days, ..graded(Tier::Grade2) })
        })
        .collect();
    let customers = customers.iter().map(|(id, member)| (id.as_str(), member.clone())).collect();
    let scene = Scene::new(customers, &policy, "2025-12", None);
    let opens = items(&scene).into_iter().map(|(.., opens, _)| opens.day()).min().unwrap();
    let first = first_opening(&scene.policy, scene.run);
    assert!(first <= opens && opens < first + 60, "{first} {opens}");
    assert_eq!(first_interruption(&scene.policy, scene.run), i32::MAX);
}
