use std::collections::BTreeSet;

use arrow_schema::DataType;
use gridtier::contract::{CheckSubject, ContactKind, CorrectionResult, CorrectionSubject, OutageKind, Table};
use gridtier::method::Tier;
use gridtier::output::Output;
use sha2::{Digest, Sha256};

use super::*;
use crate::contact_figures::ContactFigures;
use crate::delivered::Delivered;
use crate::fixture::{at, day, interruption, outage};
use crate::group::Groups;
use crate::log::Log;
use crate::log::{Check, Correction, Interruption};
use crate::monthly::coverage::CoverageDoubt;
use crate::monthly::facts::FigureValue;
use crate::monthly::improvement::{
    check_rows, checks_table, correction_rows, corrections_table, months_before,
};
use crate::monthly::judge::MonthlyFigure;
use crate::monthly::judge::{FigureGap, FigureVerdict};
use crate::monthly::rule::{FIGURE_RULES, FIGURE_TABLES, is_attribute, rule_of};
use crate::monthly::sample::sample;
use crate::output::contacts::ContactNames;
use crate::output::{contacts, delivered, promises};
use crate::period::{Period, Run};
use crate::promise_figures::PromiseFigures;
use crate::scene::{Scene, graded};

const POLICY: &str = "[due]\ncustomer = [\"S05\"]\nsession = [\"S14\"]\nfollow_up = \"S05\"\nnotice = \"S07\"\n\
    [[promise]]\nid = \"restore\"\nservice = \"S01\"\nmeasure = \"restoration\"\nlimit = 240\nstep = 15\n\
    [[promise]]\nid = \"supply\"\nservice = \"S01\"\nmeasure = \"availability\"\nlimit = 99.8\n\
    [[promise]]\nid = \"told\"\nservice = \"S07\"\nmeasure = \"notice\"\nkinds = [\"planned\"]\nlead = \"24 h\"\n\
    [[follow_up]]\nid = \"closed\"\nafter = \"contact\"\nwithin = \"3 d\"\n\
    [[timer]]\nid = \"contact\"\nkinds = [\"complaint\"]\nfrom = \"received\"\nto = \"first_contact\"\nwithin = \"24 h\"\nfloor = 50\n\
    [[topic]]\nid = \"outage\"\n";

/// Two customers, and in each of the months February and March 2026 the same: a fault, deliveries, complaints and
/// praise.
fn scene() -> Scene {
    let customers = vec![("a", graded(Tier::Special)), ("b", graded(Tier::Grade3))];
    let mut scene = Scene::new(customers, POLICY, "2026-03", None);
    for month in ["2026-02", "2026-03"] {
        let on = |day: &str| format!("{month}-{day}");
        for (number, at) in ["02 08:00", "12 08:00", "27 08:00"].into_iter().enumerate() {
            scene.done(&format!("d{month}{number}"), "S05", "a", &on(at));
            scene.contact(&format!("k{month}{number}"), ContactKind::Complaint, "b", &on(at), |contact| {
                contact.first_contact_at = Some(contact.received_at.plus(3_600 * 20));
                contact.closed_at = contact.first_contact_at;
                contact.satisfied = Some(number > 0);
            });
        }
        scene.contact(&format!("p{month}"), ContactKind::Praise, "a", &on("28 08:00"), |_| {});
    }
    scene.log.outages = Some(vec![outage("O1", OutageKind::Fault)]);
    scene.merge(rows());
    scene.log.checks = Some(vec![check("c1", "2026-02-27", 2), check("c2", "2026-03-27", 2)]);
    scene.log.corrections = Some(vec![correction("r1", "2026-02-25", "2026-02-27", Some("2026-02-26"))]);
    scene
}

/// The interruptions of both months.
fn rows() -> Vec<Interruption> {
    let of_month = |month: &str| {
        let on = |day: &str| format!("{month}-{day}");
        [
            interruption(0, 0, &on("10 10:00"), Some(&on("10 12:00"))),
            interruption(0, 1, &on("28 10:00"), Some(&on("28 10:30"))),
        ]
    };
    ["2026-02", "2026-03"].into_iter().flat_map(of_month).collect()
}

fn check(id: &str, checked_on: &str, failed: i64) -> Check {
    let subject = CheckSubject::Contact;
    Check { id: id.into(), checked_on: day(checked_on), subject, standard: "S".into(), sampled: 10, failed }
}

fn correction(id: &str, opened_on: &str, due_on: &str, done_on: Option<&str>) -> Correction {
    Correction {
        id: id.into(),
        opened_on: day(opened_on),
        about: CorrectionSubject::Contact,
        reference: None,
        action: "call back".into(),
        due_on: day(due_on),
        done_on: done_on.map(day),
        result: None,
    }
}

fn report(scene: &Scene) -> MonthlyReport {
    MonthlyReport::of(scene.inputs(), &Groups::of(&scene.base))
}

fn found(report: &MonthlyReport, id: &str) -> MonthlyFigure {
    let found = report.figures.iter().find(|figure| figure.id() == id);
    found.unwrap_or_else(|| panic!("no figure {id}")).clone()
}

/// Verdict and gap of a figure.
fn verdict(scene: &Scene, id: &str) -> (FigureVerdict, Option<FigureGap>) {
    let figure = found(&report(scene), id);
    (figure.verdict, figure.gap)
}

const COMPLAINTS: &str = "rates/complaint/all/all/contacts";

/// Tables as they are written, with their number columns and the number of rows of all customers and of tiers.
fn written(outputs: Vec<Output>) -> Vec<(String, usize)> {
    let mut columns = Vec::new();
    for output in outputs {
        let schema = output.schema.clone();
        let mut rows = 0;
        for batch in output.batches {
            let texts = batch.column_by_name("group_by").map(|column| {
                use arrow_array::cast::AsArray as _;
                column.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
            });
            rows += texts.map_or(batch.num_rows(), |texts| {
                texts.iter().filter(|text| ["all", "tier"].contains(&text.as_str())).count()
            });
        }
        let is_number =
            |kind: &DataType| matches!(kind, DataType::Int64 | DataType::Float64 | DataType::Boolean);
        let numbers = schema.fields().iter().filter(|field| is_number(field.data_type()));
        columns.extend(numbers.map(|field| (format!("{}/{}", output.name, field.name()), rows)));
    }
    columns
}

#[test]
fn every_number_of_the_tables_is_a_figure_or_shown_with_one() {
    let scene = scene();
    let groups = Groups::of(&scene.base);
    let (policy, log, run) = (&scene.policy, &scene.log, scene.run);
    let supply =
        PromiseFigures::of(&scene.base, &groups, log, scene.interruptions.as_ref(), policy, run).unwrap();
    let inputs = scene.inputs();
    let due = Delivered::measure(inputs, &groups).unwrap();
    let contact = ContactFigures::of(&scene.base, &groups, log, policy, run).unwrap();
    let names = ContactNames { base: &scene.base, groups: &groups, policy };
    let outages = log.outages.as_deref().unwrap();
    let mut outputs = promises::tables(&supply, &scene.base, &groups, outages, policy);
    outputs.extend(delivered::tables(inputs, &groups, &due, log.deliveries.as_deref().unwrap()));
    outputs.extend(contacts::tables(names, &contact));
    outputs.push(checks_table(check_rows(log.checks.as_ref().unwrap(), run.period)));
    let corrections = correction_rows(log.corrections.as_ref().unwrap(), run.period, run.as_of);
    outputs.push(corrections_table(corrections));
    // Lists of single cases, of which the report shows counts.
    let lists = ["breaches", "due", "worklist", "contacts", "cases"];
    let named: BTreeSet<&str> = FIGURE_TABLES.iter().map(|table| table.name).chain(lists).collect();
    for output in &outputs {
        assert!(named.contains(output.name), "{} is left out", output.name);
    }
    let report = report(&scene);
    let mut seen = BTreeSet::new();
    for (column, rows) in written(outputs) {
        let (table, name) = column.split_once('/').unwrap();
        if lists.contains(&table) || is_attribute(table, name) {
            continue;
        }
        assert!(rule_of(table, name).is_some(), "{column} has no rule");
        let listed =
            report.figures.iter().filter(|figure| figure.table.name == table && *figure.column == *name);
        assert!(listed.count() >= rows, "{column}: {rows} rows");
        seen.insert(column);
    }
    let days = ["major_days/days".to_owned()];
    let ruled: BTreeSet<String> =
        FIGURE_RULES.iter().map(|rule| format!("{}/{}", rule.table, rule.column)).collect();
    assert_eq!(seen.into_iter().chain(days).collect::<BTreeSet<_>>(), ruled);
}

#[test]
fn figures_are_listed_by_verdict_and_id_and_each_once() {
    let report = report(&scene());
    let keys: Vec<_> = report.figures.iter().map(|figure| (figure.verdict, figure.id())).collect();
    assert!(keys.is_sorted());
    let ids: BTreeSet<_> = keys.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), keys.len());
    use FigureVerdict::{Better, Breach, NotMeasured, Same, Worse};
    assert!(Breach < Worse && Worse < NotMeasured && NotMeasured < Same && Same < Better);
}

#[test]
fn a_figure_has_parts_last_month_and_the_same_month_a_year_ago() {
    let mut scene = scene();
    scene.contact("old", ContactKind::Complaint, "b", "2025-03-05 08:00", |contact| {
        contact.closed_at = Some(contact.received_at);
    });
    let report = report(&scene);
    let complaints = found(&report, COMPLAINTS);
    let values = [&complaints.now, &complaints.before, &complaints.year_ago].map(|reading| reading.value);
    assert_eq!(values, [3, 3, 1].map(|count| Some(FigureValue::Count(count))));
    assert_eq!((complaints.now.denominator, complaints.before.denominator), (Some(62), Some(56)));
    let share = found(&report, "timers/contact/all/all/share");
    assert_eq!((share.now.numerator, share.now.denominator, share.limit), (Some(3), Some(3), Some(0.5)));
    assert!(share.now.interval.is_some());
    let cemi = found(&report, "reliability/all/all/all/cemi");
    assert_eq!((cemi.now.numerator, cemi.now.denominator), (Some(0), Some(2)));
    assert_eq!((report.before.period.to_string(), report.before.as_of), ("2026-02".into(), report.run.as_of));
    assert_eq!(report.year_ago.period.to_string(), "2025-03");
}

#[test]
fn more_and_fewer_cases_are_worse_or_better_by_what_they_are() {
    let mut scene = scene();
    assert_eq!(verdict(&scene, COMPLAINTS), (FigureVerdict::Same, None));
    scene.contact("k", ContactKind::Complaint, "a", "2026-03-03 08:00", |contact| {
        contact.closed_at = Some(contact.received_at);
    });
    scene.contact("p", ContactKind::Praise, "a", "2026-03-03 08:00", |_| {});
    assert_eq!(verdict(&scene, COMPLAINTS).0, FigureVerdict::Worse);
    assert_eq!(verdict(&scene, "rates/praise/all/all/contacts").0, FigureVerdict::Better);
    assert_eq!(verdict(&scene, "rates/complaint/all/all/asked").0, FigureVerdict::Same);
    scene.contact("k2", ContactKind::Complaint, "a", "2026-02-03 08:00", |_| {});
    scene.contact("k3", ContactKind::Complaint, "a", "2026-02-03 08:00", |_| {});
    assert_eq!(verdict(&scene, COMPLAINTS).0, FigureVerdict::Better);
}

#[test]
fn a_limit_that_is_missed_is_a_breach_and_one_that_is_reached_is_not() {
    let mut scene = scene();
    let share = "timers/contact/all/all/share";
    let miss = |scene: &mut Scene, id: &str| {
        scene.contact(id, ContactKind::Complaint, "b", "2026-03-04 08:00", |_| {});
    };
    for id in ["m1", "m2", "m3"] {
        miss(&mut scene, id);
    }
    assert_eq!(verdict(&scene, share).0, FigureVerdict::Worse, "3 of 6 are the floor of 50 % itself");
    miss(&mut scene, "m4");
    assert_eq!(verdict(&scene, share).0, FigureVerdict::Breach);
    assert_eq!(verdict(&scene, "fairness/contact/grade-3/share").0, FigureVerdict::Breach);
    assert_eq!(verdict(&scene, "promises/restore/all/all/share_kept").0, FigureVerdict::Same);
    let mut rows = rows();
    rows.push(interruption(0, 0, "2026-03-20 10:00", Some("2026-03-20 14:01")));
    scene.merge(rows);
    assert_eq!(verdict(&scene, "promises/restore/all/all/share_kept").0, FigureVerdict::Breach);
    assert_eq!(verdict(&scene, "promises/restore/all/all/achieved").0, FigureVerdict::Breach);
    assert_eq!(verdict(&scene, "promises/restore/tier/grade-3/share_kept").0, FigureVerdict::Same);
    let supply = found(&report(&scene), "promises/supply/all/all/achieved");
    assert_eq!(
        (supply.verdict, supply.limit, supply.more_is_better),
        (FigureVerdict::Breach, Some(99.8), Some(true))
    );
}

#[test]
fn a_month_without_rows_is_not_measured_and_never_better() {
    let mut scene = scene();
    let march = |at: crate::time::Second| at >= crate::fixture::at("2026-03-01 00:00");
    scene.log.contacts.as_mut().unwrap().retain(|contact| !march(contact.received_at));
    let mut rows = rows();
    rows.retain(|row| !march(row.started_at));
    scene.merge(rows);
    let missing = Some(FigureGap::RowsMissing);
    for id in [COMPLAINTS, "reliability/all/all/all/saidi_min", "reliability/all/tier/special/interruptions"]
    {
        assert_eq!(verdict(&scene, id), (FigureVerdict::NotMeasured, missing), "{id}");
    }
    let report = report(&scene);
    let better: Vec<String> = report
        .figures
        .iter()
        .filter(|figure| figure.verdict == FigureVerdict::Better)
        .map(MonthlyFigure::id)
        .filter(|id| !id.starts_with("units") && !id.starts_with("channels"))
        .collect();
    assert!(better.is_empty(), "{better:?}");
    let told = report.coverage.iter().find(|coverage| coverage.table == Table::Contacts).unwrap();
    assert_eq!((told.doubt, told.now.rows, told.before.rows), (Some(CoverageDoubt::NoRows), 0, 4));
}

#[test]
fn a_month_with_few_rows_or_none_at_its_end_is_not_better() {
    let missing = (FigureVerdict::NotMeasured, Some(FigureGap::RowsMissing));
    let mut few = scene();
    few.log
        .contacts
        .as_mut()
        .unwrap()
        .retain(|contact| !["k2026-030", "k2026-031", "k2026-032"].contains(&&*contact.id));
    assert_eq!(verdict(&few, COMPLAINTS), missing);
    // Three of four rows are left, but the last week has none.
    let mut early = scene();
    early.contact("k", ContactKind::Complaint, "a", "2026-03-03 08:00", |_| {});
    early
        .log
        .contacts
        .as_mut()
        .unwrap()
        .retain(|one| !["k2026-032", "k2026-031", "p2026-03"].contains(&&*one.id));
    let report_early = report(&early);
    let told = report_early.coverage.iter().find(|coverage| coverage.table == Table::Contacts).unwrap();
    assert_eq!(told.doubt, Some(CoverageDoubt::EndsEarly));
    assert_eq!(verdict(&early, COMPLAINTS), missing);
    let mut early_as_of = scene();
    early_as_of.run = Run::new(early_as_of.run.period, Some(day("2026-03-20"))).unwrap();
    early_as_of.log.contacts.as_mut().unwrap().retain(|one| one.received_at < at("2026-03-20 00:00"));
    assert_eq!(verdict(&early_as_of, COMPLAINTS), missing);
}

#[test]
fn an_absent_table_is_named_and_has_no_numbers() {
    let mut scene = scene();
    scene.log.contacts = None;
    scene.log.corrections = None;
    let absent = (FigureVerdict::NotMeasured, Some(FigureGap::TableAbsent));
    for id in ["rates/contacts", "corrections/overdue", "ageing/open", "delivered/follow_up:closed/share"] {
        assert_eq!(verdict(&scene, id), absent, "{id}");
    }
    scene.log.deliveries = None;
    assert_eq!(verdict(&scene, "promises/told/share_kept"), absent);
    assert_eq!(verdict(&scene, "delivered/share"), absent);
    assert!(report(&scene).to_check.is_empty());
    let nothing = Scene { log: Log::default(), ..scene };
    let report = report(&nothing);
    assert_eq!(report.figures.len(), FIGURE_RULES.len());
    assert!(report.figures.iter().all(|figure| figure.verdict == FigureVerdict::NotMeasured));
}

#[test]
fn fewer_than_half_as_many_cases_do_not_make_a_share_better() {
    let mut scene = scene();
    for number in 0..4 {
        scene.contact(&format!("q{number}"), ContactKind::Query, "a", "2026-03-28 08:00", |_| {});
        scene.contact(&format!("m{number}"), ContactKind::Complaint, "a", "2026-02-10 08:00", |_| {});
    }
    let share = "timers/contact/all/all/share";
    assert_eq!(verdict(&scene, share), (FigureVerdict::NotMeasured, Some(FigureGap::FewCases)));
    scene.contact("m", ContactKind::Complaint, "a", "2026-03-05 08:00", |contact| {
        contact.first_contact_at = Some(contact.received_at);
    });
    assert_eq!(verdict(&scene, share), (FigureVerdict::Better, None), "4 of 7 are more than half");
}

#[test]
fn a_cause_that_is_gone_is_still_listed() {
    let mut scene = scene();
    let mut tree = outage("O2", OutageKind::Fault);
    tree.cause = Some("tree".into());
    scene.log.outages.as_mut().unwrap().push(tree);
    let mut rows = rows();
    rows.push(interruption(1, 0, "2026-02-20 10:00", Some("2026-02-20 11:00")));
    scene.merge(rows);
    let seconds = found(&report(&scene), "causes/fault/tree/seconds");
    assert_eq!((seconds.now.value, seconds.verdict), (Some(FigureValue::Count(0)), FigureVerdict::Better));
    assert_eq!(seconds.before.value, Some(FigureValue::Count(3_600)));
}

#[test]
fn what_waits_is_compared_with_what_waited_a_month_earlier() {
    let mut scene = scene();
    scene.contact("w1", ContactKind::Complaint, "a", "2026-02-20 08:00", |contact| {
        contact.closed_at = Some(at("2026-03-10 08:00"));
    });
    let waiting = found(&report(&scene), "ageing/complaint/7-15/open");
    assert_eq!(waiting.now.value, Some(FigureValue::Count(0)));
    assert_eq!(
        waiting.before.value,
        Some(FigureValue::Count(1)),
        "on 1 March it had been waiting for 8 days"
    );
    scene.log.corrections = Some(vec![
        correction("r1", "2026-01-05", "2026-02-27", Some("2026-03-02")),
        Correction {
            result: Some(CorrectionResult::Ineffective),
            ..correction("r2", "2026-03-05", "2026-03-31", None)
        },
        correction("r3", "2026-03-05", "2026-04-01", None),
    ]);
    let overdue = found(&report(&scene), "corrections/all/overdue");
    assert_eq!(
        (overdue.now.value, overdue.before.value),
        (Some(FigureValue::Count(1)), Some(FigureValue::Count(1)))
    );
    assert_eq!(overdue.verdict, FigureVerdict::Breach);
    assert_eq!(found(&report(&scene), "corrections/contact/opened").now.value, Some(FigureValue::Count(2)));
    assert_eq!(report(&scene).corrections, [0, 1, 2]);
}

#[test]
fn a_share_of_checks_that_failed_is_worse_if_it_rises() {
    let mut scene = scene();
    scene.log.checks = Some(vec![check("c1", "2026-02-27", 2), check("c2", "2026-03-27", 3)]);
    let share = found(&report(&scene), "checks/all/share");
    assert_eq!(
        (share.verdict, share.now.numerator, share.now.denominator),
        (FigureVerdict::Worse, Some(3), Some(10))
    );
    assert_eq!(
        verdict(&scene, "checks/delivery/share"),
        (FigureVerdict::NotMeasured, Some(FigureGap::NoCases))
    );
}

#[test]
fn complaints_of_the_period_are_listed_and_no_other_contacts() {
    let scene = scene();
    let report = report(&scene);
    let contacts = scene.log.contacts.as_ref().unwrap();
    let ids: Vec<&str> = report.complaints.iter().map(|&place| &*contacts[place as usize].id).collect();
    assert_eq!(ids, ["k2026-030", "k2026-031", "k2026-032"]);
}

#[test]
fn five_or_two_percent_of_each_service_with_the_smallest_hashes_are_checked_next() {
    let mut scene = Scene::new(vec![("a", graded(Tier::Special))], "", "2026-03", None);
    for number in 0..301 {
        scene.done(&format!("d{number:03}"), "S05", "a", "2026-03-05 08:00");
    }
    for number in 0..3 {
        scene.done(&format!("e{number}"), "S21", "a", "2026-03-05 08:00");
        scene.done(&format!("f{number}"), "S21", "a", "2026-04-05 08:00");
    }
    let deliveries = scene.log.deliveries.as_ref().unwrap();
    let sampled = sample(deliveries, scene.run.period);
    let hex = |id: &str| -> String {
        let bytes = Sha256::digest(format!("2026-03:{id}"));
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let of = |service: &str| -> Vec<&str> {
        let of_service = sampled.iter().filter(|one| one.service == scene.service(service));
        of_service.map(|one| &*one.of(deliveries).id).collect()
    };
    let mut all: Vec<String> = (0..301).map(|number| format!("d{number:03}")).collect();
    all.sort_by_key(|id| hex(id));
    assert_eq!(of("S05"), all[..7], "2 % of 301 are 6.02");
    let mut few = ["e0", "e1", "e2"];
    few.sort_by_key(|id| hex(id));
    assert_eq!(of("S21"), few);
}

#[test]
fn the_same_day_months_earlier_is_the_last_of_a_shorter_month() {
    let before = |day_text, months| months_before(day(day_text), months);
    assert_eq!(before("2026-04-01", 1), day("2026-03-01"));
    assert_eq!(before("2026-03-31", 1), day("2026-02-28"));
    assert_eq!(before("2024-02-29", 12), day("2023-02-28"));
}

#[test]
fn a_quarter_is_compared_with_the_quarter_before() {
    let mut scene = scene();
    scene.run = Run::new(Period::parse("2026Q1").unwrap(), None).unwrap();
    let report = report(&scene);
    assert_eq!(report.before.period, Period::parse("2025Q4").unwrap());
    assert_eq!(found(&report, COMPLAINTS).now.value, Some(FigureValue::Count(6)));
}

#[test]
fn the_tables_of_the_report_have_a_row_for_each_figure_and_leave_out_lists_of_absent_tables() {
    let mut scene = scene();
    let rows = |scene: &Scene| -> Vec<(&'static str, usize)> {
        let report = report(scene);
        let tables = tables::tables(&report, scene.inputs());
        let count = |table: Output| (table.name, table.batches.map(|batch| batch.num_rows()).sum());
        let counts: Vec<(&str, usize)> = tables.into_iter().map(count).collect();
        assert_eq!(counts[0], ("figures", report.figures.len()));
        counts[1..].to_vec()
    };
    assert_eq!(rows(&scene), [("coverage", 6), ("complaints", 3), ("corrections", 0), ("to_check", 3)]);
    scene.log.contacts = None;
    scene.log.corrections = None;
    assert_eq!(rows(&scene), [("coverage", 6), ("to_check", 3)]);
}

#[test]
fn the_share_of_the_others_and_availability_have_numerator_and_denominator() {
    let report = report(&scene());
    let parts = |id: &str| {
        let now = found(&report, id).now;
        (now.numerator, now.denominator)
    };
    // Customer a has no complaint, and b three in time.
    assert_eq!(parts("fairness/contact/special/rest_share"), (Some(3), Some(3)));
    assert_eq!(parts("fairness/contact/grade-3/rest_share"), (Some(0), Some(0)));
    // Two hours of one customer, and half an hour of the other.
    let all = 2 * 31 * 86_400;
    assert_eq!(parts("promises/supply/all/all/achieved"), (Some(all - 9_000), Some(all)));
    assert_eq!(parts("promises/restore/all/all/achieved"), (None, None));
}
