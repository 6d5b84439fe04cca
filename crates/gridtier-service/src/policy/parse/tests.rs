use gridtier::contract::{ContactKind, OutageKind, Responsibility};
use gridtier::text::Lang;

use super::*;
use crate::policy::{Compensation, ContactStep, FollowedEvent, Limits, Measure};
use crate::time::Span;

fn catalogue() -> Catalogue {
    Catalogue::shipped("paper", &[]).unwrap().unwrap_or_else(|faults| panic!("{faults}"))
}

/// A policy to plant faults in.
const SMALL: &str = r#"format = 1
name = "small"
version = "1"
effective_from = 2025-01-01
source = "a test"
[limits]
many = 2
[due]
customer = ["S05"]
session = ["S14"]
follow_up = "S05"
notice = "S07"
[[promise]]
id = "restore"
service = "S03"
measure = "restoration"
where = 'area = "urban" and tier = "special"'
kinds = ["fault"]
limit = 240
floor = 330
[[promise]]
id = "notice"
service = "S07"
measure = "notice"
lead = "7 d"
[[promise]]
id = "share"
service = "S01"
measure = "availability"
limit = 99.9
floor = 99.8
[[promise]]
id = "plan"
service = "S04"
measure = "plan"
after = "4 h"
[[follow_up]]
id = "closed"
after = "contact"
kinds = ["complaint"]
within = "3 d"
[[follow_up]]
id = "work"
after = "delivery"
services = ["S10"]
within = "3 h"
[[timer]]
id = "contact"
from = "received"
to = "first_contact"
within = "24 h"
floor = 100
[[timer]]
id = "special"
from = "received"
to = ["answered", "passed_on"]
within = "3 h"
where = 'tier = "special"'
[[topic]]
id = "outage"
"#;

fn small() -> Policy {
    Policy::parse("p.toml", SMALL, &catalogue()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The only fault after `find` is replaced by `put`, with its line in [`SMALL`] checked against that of `put`.
fn planted(find: &str, put: &str) -> String {
    let text = SMALL.replacen(find, put, 1);
    assert_ne!(text, SMALL, "nothing to plant at: {find}");
    let faults = Policy::parse("p.toml", &text, &catalogue()).unwrap_err();
    assert_eq!(faults.faults.len(), 1, "{faults}");
    let fault = &faults.faults[0];
    assert!(!fault.fix.is_empty() && fault.what.en != fault.what.zh, "{faults}");
    assert!(faults.message(Lang::Zh).contains("处理办法："), "{faults}");
    let line = text.lines().nth(fault.line - 1).unwrap();
    format!("{line} | {} | {}", fault.what, fault.fix)
}

/// Plants each fault as [`planted`] does, and asserts that it is reported as expected.
fn assert_planted(cases: &[(&str, &str, &str)]) {
    for (find, put, expected) in cases {
        let fault = planted(find, put);
        assert!(fault.contains(expected), "{fault}\nexpected: {expected}");
    }
}

#[test]
fn the_shipped_policy_has_every_entry_of_the_page() {
    let catalogue = catalogue();
    let policy = Policy::shipped("paper", &catalogue).unwrap().unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(policy.limits, Limits::default());
    let ids = |services: &[usize]| -> Vec<String> {
        services.iter().map(|&service| catalogue.services[service].id.clone()).collect()
    };
    assert_eq!(ids(&policy.due.customer), ["S05", "S12", "S24"]);
    assert_eq!(ids(&policy.due.session), ["S09", "S13", "S14", "S16"]);
    assert_eq!(ids(&[policy.due.follow_up.unwrap(), policy.due.notice.unwrap()]), ["S05", "S07"]);
    let promises: Vec<_> = policy.promises.iter().map(|p| (p.id.as_str(), p.limit, p.over_year)).collect();
    assert_eq!(
        promises,
        [
            ("availability_industrial", Some(99.9), true),
            ("availability_residential", Some(99.8), true),
            ("interruptions_industrial", Some(3.0), true),
            ("minutes_residential", Some(1051.2), true),
            ("restore_fault", Some(240.0), false),
            ("restore_fault_special", Some(180.0), false),
            ("restore_planned", None, false),
            ("emergency_plan", None, false),
            ("notice_planned", None, false),
            ("notice_temporary", None, false),
        ]
    );
    let [.., planned, temporary] = policy.promises.as_slice() else { panic!() };
    assert_eq!((planned.lead, planned.announcement), (Some(Span::Days(7)), true));
    assert_eq!((temporary.lead, temporary.announcement), (Some(Span::Hours(24)), false));
    let follow_ups: Vec<_> = policy.follow_ups.iter().map(|f| (f.id.as_str(), f.event, f.within)).collect();
    assert_eq!(
        follow_ups,
        [
            ("new_connection", FollowedEvent::Opening, Some(Span::Days(3))),
            ("complaint_closed", FollowedEvent::Contact, Some(Span::Days(3))),
            ("work_done", FollowedEvent::Delivery, Some(Span::Hours(3))),
            ("long_outage", FollowedEvent::Interruption, Some(Span::WorkingDays(5))),
        ]
    );
    let new = &policy.follow_ups[0];
    assert_eq!((new.every_months, new.until_months, new.at_least), (Some(3), Some(12), Some(3)));
    let timers: Vec<_> = policy.timers.iter().map(|t| (t.id.as_str(), t.within, t.floor)).collect();
    assert_eq!(
        timers,
        [
            ("complaint_contact", Span::Hours(24), Some(100)),
            ("complaint_answer", Span::WorkingDays(5), Some(100)),
            ("solve_or_pass_on", Span::Hours(24), None),
            ("special_contact", Span::Hours(3), None),
            ("call_back", Span::Days(3), None),
        ]
    );
    let topics: Vec<_> = policy.topics.iter().map(|topic| topic.id.as_str()).collect();
    assert_eq!(topics, ["outage", "billing", "connection", "voltage", "attitude"]);
}

#[test]
fn figures_that_are_not_settled_carry_a_remark() {
    let policy = Policy::shipped("paper", &catalogue()).unwrap().unwrap();
    for timer in &policy.timers {
        assert_eq!(timer.remark.starts_with("To be confirmed"), timer.floor.is_some(), "{}", timer.id);
    }
    assert!(policy.promises.iter().all(|promise| !promise.source.is_empty() && !promise.title.is_empty()));
}

#[test]
fn what_is_left_out_has_the_values_of_the_page() {
    let policy = small();
    assert_eq!(policy.limits, Limits { many: 2, ..Limits::default() });
    let restore = &policy.promises[0];
    assert_eq!(restore.exempt, [Responsibility::Customer, Responsibility::ForceMajeure]);
    assert_eq!(
        (restore.measure, restore.kinds.as_slice()),
        (Measure::Restoration, [OutageKind::Fault].as_slice())
    );
    assert_eq!(
        (restore.over_year, restore.compensation, restore.title.en.as_ref()),
        (false, None, "restore")
    );
    assert_eq!(policy.follow_ups[0].kinds, [ContactKind::Complaint]);
    assert_eq!(policy.timers[0].to, [ContactStep::FirstContact]);
    assert_eq!(policy.timers[1].to, [ContactStep::Answered, ContactStep::PassedOn]);
    let nobody = SMALL.replace("kinds = [\"fault\"]", "exempt = []");
    assert_eq!(Policy::parse("p.toml", &nobody, &catalogue()).unwrap().promises[0].exempt, []);
}

#[test]
fn compensations_are_an_amount_or_multiples() {
    let with = |compensation: &str| {
        let text = SMALL.replace("floor = 330", &format!("compensation = {{ {compensation} }}"));
        Policy::parse("p.toml", &text, &catalogue()).unwrap().promises[0].compensation
    };
    assert_eq!(with("rule = \"fixed\", amount = 12.345"), Some(Compensation::Fixed(1235)));
    let energy = Compensation::Energy { two_part: 5.0, single: 4.0 };
    assert_eq!(with("rule = \"energy\""), Some(energy));
    let energy = Compensation::Energy { two_part: 6.0, single: 2.5 };
    assert_eq!(with("rule = \"energy\", two_part = 6, single = 2.5"), Some(energy));
    for wrong in
        ["rule = \"fixed\"", "rule = \"energy\", amount = 3", "rule = \"fixed\", amount = 1, single = 2"]
    {
        let fault = planted("floor = 330", &format!("compensation = {{ {wrong} }}"));
        assert!(fault.contains("do not belong to its rule"), "{fault}");
    }
}

#[test]
fn unknown_keys_words_spans_services_and_conditions_are_refused_by_line() {
    assert_planted(&[
        ("many = 2", "manny = 2", "manny = 2 | unknown key `limits.manny` | did you mean `many`?"),
        ("many = 2", "many = 0", "many = 0 | `limits.many` must be"),
        ("\"fault\"", "\"faults\"", "kinds = [\"faults\"] | `promise.restore.kinds` cannot be \"faults\""),
        (
            "from = \"received\"",
            "from = \"recieved\"",
            "from = \"recieved\" | `timer.contact.from` cannot be",
        ),
        ("\"24 h\"", "\"24 hours\"", "within = \"24 hours\" | `24 hours` is not a length of time | write"),
        (
            "\"4 h\"",
            "\"200000 h\"",
            "`200000 h` is not a length of time | write a whole number from 1 to 100000 and",
        ),
        (
            "follow_up = \"S05\"",
            "follow_up = \"S99\"",
            "follow_up = \"S99\" | the catalogue has no service `S99`",
        ),
        ("notice = \"S07\"", "notice = \"S99\"", "notice = \"S99\" | the catalogue has no service `S99`"),
        ("\"4 h\"", "\"0 h\"", "after = \"0 h\" | `0 h` is not a length of time | write"),
        ("\"S03\"", "\"S99\"", "service = \"S99\" | the catalogue has no service `S99` | did you mean"),
        ("[\"S10\"]", "[\"S1O\"]", "services = [\"S1O\"] | the catalogue has no service `S1O`"),
        ("[\"S05\"]", "[\"S05\", \"S05\"]", "the service `S05` is named twice"),
        ("area =", "aria =", "where = 'aria = \"urban\" and tier = \"special\"' | condition: "),
        (
            "tier = \"special\"'\n[[topic",
            "tier = \"vip\"'\n[[topic",
            "where = 'tier = \"vip\"' | condition: ",
        ),
        ("id = \"plan\"", "id = \"share\"", "id = \"share\" | the id `share` occurs twice in `promise`"),
        ("id = \"plan\"", "id = \"a plan\"", "id = \"a plan\" | the id `a plan` is empty or has characters"),
    ]);
}

#[test]
fn a_limit_weaker_than_its_floor_is_refused_in_the_direction_of_its_measure() {
    assert_eq!(
        planted("limit = 240", "limit = 331"),
        "limit = 331 | promise restore: the limit 331 is weaker than its floor 330 | lower the limit to 330 or less"
    );
    assert_eq!(
        planted("limit = 99.9", "limit = 99.7"),
        "limit = 99.7 | promise share: the limit 99.7 is weaker than its floor 99.8 | raise the limit to 99.8 or more"
    );
    assert!(Policy::parse("p.toml", &SMALL.replace("limit = 240", "limit = 330"), &catalogue()).is_ok());
    assert!(planted("limit = 99.9", "limit = 100.1").contains("a limit of 100.1 %"));
}

#[test]
fn a_timer_with_floor_and_condition_is_refused() {
    let fault = planted("floor = 100", "floor = 100\nwhere = 'tier = \"special\"'");
    assert!(fault.starts_with("floor = 100 | timer contact has both `floor` and `where`"), "{fault}");
}

#[test]
fn a_contact_begins_when_it_is_received_which_stops_no_timer() {
    let text = SMALL.replacen("from = \"received\"", "from = \"answered\"", 1);
    for to in ["\"received\"", "[\"closed\", \"received\"]"] {
        let text = text.replacen("to = \"first_contact\"", &format!("to = {to}"), 1);
        let faults = Policy::parse("p.toml", &text, &catalogue()).unwrap_err();
        let fault = faults.faults[0].what.en.as_ref();
        assert!(faults.faults.len() == 1 && fault.contains("received"), "{faults}");
    }
}

#[test]
fn services_due_by_the_calendar_need_a_calendar_cadence_wherever_they_are_given() {
    let text = SMALL.replace("customer = [\"S05\"]", "customer = [\"S05\", \"S07\"]");
    let faults = Policy::parse("p.toml", &text, &catalogue()).unwrap_err();
    assert_eq!((faults.faults.len(), faults.faults[3].line), (4, 9), "one for each cell");
    let first = &faults.faults[0].what.en;
    assert_eq!(first, "S07 is due to customers, but its cell special has the cadence on_event");
    // A tier that gets nothing does not matter, nor does the cadence of the service if all cells have their own.
    let paper = gridtier::entitlement::CATALOGUES[0].1;
    let own = paper.replacen(
        "cadence = \"yearly\"\nsource = \"The paper, 可靠性: “对增加",
        "cadence = \"on_event\"\nsource = \"The paper, 可靠性: “对增加",
        1,
    );
    assert_ne!(own, paper);
    let own = own.replacen(
        "grade-3 = { access = \"limited\", provenance = \"inferred\", cadence = \"yearly\", note = \"With an improvement plan.\", note_zh = \"同时制定改进计划。\" }",
        "grade-3 = { access = \"none\", provenance = \"inferred\" }",
        1,
    );
    assert!(!own.contains("With an improvement plan."));
    match Catalogue::parse("c.toml", &own, &[]) {
        Ok(own) => assert!(Policy::parse("p.toml", SMALL, &own).is_ok()),
        Err(faults) => panic!("{faults}"),
    }
    let fault = planted("[\"S14\"]", "[\"S06\"]");
    assert!(fault.starts_with("session = [\"S06\"] | sessions of S06 have no slots"), "{fault}");
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    assert_planted(&[
        ("limit = 240\nfloor = 330\n", "", "the measure restoration needs `limit`"),
        (
            "lead = \"7 d\"",
            "lead = \"7 d\"\nlimit = 3",
            "limit = 3 | promise notice: the measure notice has no `limit`",
        ),
        ("lead = \"7 d\"\n", "", "the measure notice needs `lead`"),
        ("lead = \"7 d\"", "lead = \"7 wd\"", "the lead can only be hours or days"),
        ("limit = 240", "limit = 240\nannouncement = true", "the measure restoration has no `announcement`"),
        ("after = \"4 h\"\n", "", "the measure plan needs `after`"),
        ("limit = 99.9", "limit = 99.9\nstep = 1", "the measure availability has no `step`"),
        (
            "notice = \"S07\"\n",
            "",
            "measure = \"notice\" | promise notice measures notices, but `due.notice`",
        ),
        ("services = [\"S10\"]\n", "", "the event delivery needs `services`"),
        ("after = \"contact\"", "after = \"contact\"\nmin_hours = 8", "the event contact has no `min_hours`"),
        ("within = \"3 d\"\n", "", "nothing says when it is due"),
        ("within = \"3 d\"", "within = \"3 d\"\nevery_months = 3", "`until_months` belongs to"),
        ("within = \"3 d\"", "within = \"3 d\"\nuntil_months = 3", "`until_months` belongs to"),
        ("to = \"first_contact\"", "to = []", "to = [] | timer contact has no step that stops it"),
        ("to = \"first_contact\"", "to = \"received\"", "`timer.contact.to` cannot be \"received\""),
    ]);
    let text = SMALL.replace("follow_up = \"S05\"\n", "");
    let faults = Policy::parse("p.toml", &text, &catalogue()).unwrap_err();
    assert_eq!(faults.faults.len(), 2, "one for each rule: {faults}");
    assert!(faults.faults[0].what.en.contains("`due.follow_up` names no service"));
}

#[test]
fn all_faults_come_at_once_by_line() {
    let text =
        SMALL.replace("many = 2", "many = 0").replace("\"24 h\"", "\"1 week\"").replace("\"S03\"", "\"S3\"");
    let faults = Policy::parse("p.toml", &text, &catalogue()).unwrap_err();
    let lines: Vec<usize> = faults.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [7, 15, 51], "{faults}");
    assert!(faults.to_string().starts_with("p.toml:7: "));
}
