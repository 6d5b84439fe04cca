use gridtier::contract::{ContactKind, DayKind};
use gridtier::method::Tier;

use super::*;
use crate::fixture::{at, day, member};
use crate::scene::{Scene, graded};

const ANSWER: &str = "[[timer]]\nid = \"answer\"\nkinds = [\"complaint\", \"report\"]\nfrom = \"received\"\nto = [\"answered\", \"passed_on\"]\nwithin = \"24 h\"\n";

fn cases(scene: &Scene) -> Vec<TimerCase> {
    let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
    let calendar = scene.log.calendar.clone().unwrap_or_default();
    timer_cases(&contacts, &scene.base, &scene.policy, &calendar, scene.run)
}

fn lines(scene: &Scene) -> Vec<String> {
    let contacts = scene.log.contacts.as_ref().unwrap();
    let line = |case: &TimerCase| {
        let (timer, contact) = (&scene.policy.timers[case.timer].id, &contacts[case.contact as usize].id);
        format!("{timer} {contact} {}", case.status.code())
    };
    cases(scene).iter().map(line).collect()
}

#[test]
fn a_case_is_stopped_by_the_earliest_of_its_steps_at_its_last_second() {
    let mut scene = Scene::new(vec![("a", member("East"))], ANSWER, "2026-03", Some("2026-03-20"));
    let mut add = |id: &str, received: &str, answered: Option<&str>, passed_on: Option<&str>| {
        scene.contact(id, ContactKind::Complaint, "a", received, |contact| {
            (contact.answered_at, contact.passed_on_at) = (answered.map(at), passed_on.map(at));
        });
    };
    add("k1", "2026-03-02 08:00", Some("2026-03-03 08:00:00"), None);
    add("k2", "2026-03-02 08:00", Some("2026-03-03 08:00:01"), None);
    add("k3", "2026-03-02 08:00", Some("2026-03-09 08:00"), Some("2026-03-02 09:30"));
    add("k4", "2026-03-02 08:00", None, None);
    add("k5", "2026-03-18 23:59:59", None, None);
    add("k6", "2026-03-19 00:00:00", None, None);
    add("k7", "2026-02-28 08:00", None, None);
    scene.contact("k8", ContactKind::Query, "a", "2026-03-02 08:00", |_| {});
    assert_eq!(
        lines(&scene),
        [
            "answer k1 on_time",
            "answer k2 late",
            "answer k3 on_time",
            "answer k4 overdue",
            "answer k5 overdue",
            "answer k6 open"
        ],
        "due on the as-of day's first second is open"
    );
    let hours: Vec<Option<f64>> = cases(&scene).iter().map(TimerCase::hours).collect();
    assert_eq!(hours[..4], [Some(24.0), Some(86_401.0 / 3_600.0), Some(1.5), None]);
}

#[test]
fn a_timer_without_its_first_step_does_not_run_and_one_stopped_before_it_is_on_time() {
    let policy = "[[timer]]\nid = \"call_back\"\nfrom = \"closed\"\nto = \"called_back\"\nwithin = \"3 d\"\n";
    let mut scene = Scene::new(vec![], policy, "2026-03", None);
    scene.contact("k1", ContactKind::Praise, "", "2026-03-02 08:00", |contact| {
        contact.called_back_at = Some(contact.received_at)
    });
    scene.contact("k2", ContactKind::Praise, "", "2026-03-02 08:00", |contact| {
        (contact.called_back_at, contact.closed_at) =
            (Some(contact.received_at), Some(at("2026-03-02 10:00")));
    });
    assert_eq!(lines(&scene), ["call_back k2 on_time"], "no kinds are all kinds");
    assert_eq!(cases(&scene)[0].hours(), Some(-2.0));
}

#[test]
fn a_condition_sees_missing_columns_where_there_is_no_customer() {
    let with = |condition: &str| {
        let mut scene = Scene::new(
            vec![("a", graded(Tier::Special)), ("b", member("East"))],
            &format!("{ANSWER}where = '{condition}'\n"),
            "2026-03",
            None,
        );
        for (id, customer) in [("k1", "a"), ("k2", "b"), ("k3", "")] {
            scene.contact(id, ContactKind::Complaint, customer, "2026-03-02 08:00", |_| {});
        }
        lines(&scene)
    };
    assert_eq!(with("tier = \"special\""), ["answer k1 overdue"]);
    assert_eq!(with("tier != \"special\""), ["answer k2 overdue", "answer k3 overdue"]);
    assert_eq!(with("tier is missing and use_category is missing"), ["answer k3 overdue"]);
}

#[test]
fn working_days_follow_the_calendar_of_the_log() {
    let policy = ANSWER.replace("24 h", "1 wd");
    let mut scene = Scene::new(vec![], &policy, "2026-05", None);
    scene.contact("k1", ContactKind::Complaint, "", "2026-05-08 09:00", |_| {});
    assert_eq!(cases(&scene)[0].due_by, at("2026-05-11 23:59:59"));
    let changes = [(day("2026-05-09"), DayKind::Workday)].into_iter().collect();
    scene.log.calendar = Some(WorkCalendar { changes });
    assert_eq!(cases(&scene)[0].due_by, at("2026-05-09 23:59:59"));
}

#[test]
fn rows_count_by_group_and_groups_of_customers_have_one_even_without_cases() {
    let policy = format!(
        "[[timer]]\nid = \"z\"\nkinds = [\"praise\"]\nfrom = \"received\"\nto = \"closed\"\nwithin = \"1 h\"\n{ANSWER}"
    );
    let customers = vec![("a", graded(Tier::Special)), ("b", member("East"))];
    let mut scene = Scene::new(customers, &policy, "2026-03", Some("2026-03-20"));
    for (id, customer, received, answered) in [
        ("k1", "a", "2026-03-02 08:00", Some("2026-03-02 10:00")),
        ("k2", "a", "2026-03-02 08:00", Some("2026-03-04 08:00")),
        ("k3", "", "2026-03-02 08:00", None),
        ("k4", "a", "2026-03-19 08:00", None),
    ] {
        scene.contact(id, ContactKind::Report, customer, received, |contact| {
            contact.answered_at = answered.map(at)
        });
    }
    let groups = Groups::of(&scene.base);
    let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
    let rows = timer_rows(&cases(&scene), &contacts, &groups, &scene.policy);
    let of = |timer: &str, by: &str, name: &str| {
        rows.iter().find(|row| {
            let group = groups.group(row.group);
            (scene.policy.timers[row.timer].id.as_str(), group.by.code(), &*group.name) == (timer, by, name)
        })
    };
    let all = of("answer", "all", "all").unwrap();
    assert_eq!((all.by_status, all.cases()), ([1, 1, 1, 1], 4));
    assert_eq!(all.decided(), Decided { decided: 3, on_time: 1 });
    assert_eq!((all.median_h, all.p90_h.map(|hours| (hours * 1e9).round())), (Some(25.0), Some(43.4e9)));
    let special = of("answer", "tier", "special").unwrap();
    assert_eq!((special.by_status, special.decided().share()), ([1, 1, 0, 1], Some(0.5)));
    assert_eq!(of("answer", "tier", "unknown").unwrap().by_status, [0, 0, 1, 0]);
    assert_eq!(of("answer", "tier", "ungraded").unwrap().cases(), 0);
    assert_eq!(of("z", "tier", "unknown"), None);
    let none = of("z", "all", "all").unwrap();
    assert_eq!(
        (none.cases(), none.decided().share(), none.decided().interval(), none.median_h),
        (0, None, None, None)
    );
    assert_eq!(rows[0].timer, 1, "by the ids of timers");
}

#[test]
fn vector_16_the_interval_of_a_timer_is_wilson_s() {
    let interval = Decided { decided: 182, on_time: 139 }.interval().unwrap();
    assert!((interval.lo - 0.696_969).abs() < 5e-7 && (interval.hi - 0.819_600).abs() < 5e-7);
}
