//! Tests of each trigger on hand-made customers, and of inspections of generated cycles.

use super::*;
use crate::compare::{Attribution, generated};
use crate::contract::IncidentKind;
use crate::fixture::{DraftCustomer, cycle};
use crate::improvement::PlanStatus;
use crate::incident::Offence;
use crate::index::CustomerIx;
use crate::method::PRESETS;
use crate::word::Word as _;

const THEN: Month = Month(12 * 53);
const NOW: Month = Month(12 * 54);

fn method() -> Method {
    let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
    Method::parse("m.toml", &text.replace("min_known_weight = 0.5", "min_known_weight = 0.0")).unwrap()
}

/// Ten customers with different shares paid on time; the last of them is in grade-3.
fn drafts() -> Vec<DraftCustomer> {
    let draft = |at: usize| {
        let share = 1.0 - 0.1 * at as f64;
        DraftCustomer::new(format!("{at:02}"), &[("annual_energy", 10.0), ("on_time_payment", share)])
    };
    (0..10).map(draft).collect()
}

fn then() -> Cycle {
    cycle(&method(), THEN, drafts(), Previous::new())
}

/// Today's customers; their payments and incidents are known.
fn base(drafts: Vec<DraftCustomer>) -> InspectedBase {
    let cycle = cycle(&method(), NOW, drafts, Previous::new());
    let billing = vec![Billing::default(); cycle.customers.len()];
    InspectedBase { cycle, billing, has_payments: true, has_incidents: true }
}

fn pays(draft: &mut DraftCustomer, share: f64) {
    draft.values[1].1 = crate::indicator::IndicatorValue::Known(share);
}

fn offence(month: Month, kind: IncidentKind, severity: u8) -> Offence {
    Offence { customer: CustomerIx::new(0), month, kind, severity }
}

fn inspected(now: &InspectedBase, earlier: Vec<EarlierInspection>) -> Inspection {
    inspect(&then(), now, earlier, &AgreedDates::default()).unwrap()
}

/// Customer, trigger and first day of each trigger that fired.
fn fired(inspection: &Inspection) -> Vec<(u32, String, Option<i32>)> {
    let triggers = method().triggers;
    let name = |fired: &FiredTrigger| triggers[usize::from(fired.trigger)].name.clone();
    inspection.fired.iter().map(|fired| (fired.row, name(fired), fired.since)).collect()
}

#[test]
fn nothing_changes_where_nothing_has_changed() {
    let mut now = base(drafts());
    now.has_payments = false;
    let found = inspected(&now, Vec::new());
    assert_eq!(fired(&found), []);
    for (customer, row) in found.customers.iter().zip(&then().rows) {
        assert_eq!((customer.tier_now, customer.score_now_e6), (Some(row.tier), row.score_e6));
    }
    assert_eq!(found.plans.plans[0].status, Some(PlanStatus::Missed), "due on the day of the inspection");
}

#[test]
fn offences_count_from_the_cycles_day_on() {
    let mut people = drafts();
    people[0].offences = vec![offence(THEN.plus(-1), IncidentKind::Theft, 5)];
    people[1].offences = vec![offence(THEN, IncidentKind::Theft, 1)];
    people[2].offences = vec![offence(THEN.plus(2), IncidentKind::Violation, 3)];
    people[3].offences = vec![offence(THEN.plus(2), IncidentKind::Violation, 2)];
    let found = fired(&inspected(&base(people), Vec::new()));
    let of_offences: Vec<_> =
        found.into_iter().filter(|(_, name, _)| name == "theft" || name == "violation").collect();
    let expected = [
        (1, "theft".to_owned(), Some(THEN.first_day())),
        (2, "violation".to_owned(), Some(THEN.plus(2).first_day())),
    ];
    assert_eq!(of_offences, expected);
}

#[test]
fn arrears_fire_once_the_months_are_over_to_the_day() {
    let mut now = base(drafts());
    // Three months after 31 August is 30 November.
    let day = |month: Month, day: i32| Some(month.first_day() + day - 1);
    now.billing[0].unpaid_since = day(NOW.plus(-3), 1);
    now.billing[1].unpaid_since = day(NOW.plus(-3), 2);
    now.billing[2].unpaid_since = day(NOW.plus(-5), 31);
    let since = |at: u32| -> Option<i32> {
        let found = fired(&inspected(&now, Vec::new()));
        found.into_iter().find(|(row, name, _)| *row == at && name == "arrears").and_then(|found| found.2)
    };
    assert_eq!(since(0), Some(NOW.first_day()));
    assert_eq!(since(1), None);
    assert_eq!(since(2), Some(NOW.plus(-2).first_day() + 29));
}

#[test]
fn a_customer_of_grade_3_without_arrears_and_offences_for_long_enough_is_proposed() {
    let clean = |change: &dyn Fn(&mut InspectedBase)| {
        let mut now = base(drafts());
        change(&mut now);
        let found = fired(&inspected(&now, Vec::new()));
        found.into_iter().find(|(_, name, _)| name == "clean").map(|(row, _, since)| (row, since))
    };
    assert_eq!(clean(&|_| {}), Some((9, None)));
    let start = NOW.plus(-6).first_day();
    assert_eq!(clean(&|now| now.billing[9].last_overdue_day = Some(start - 1)), Some((9, Some(start))));
    assert_eq!(clean(&|now| now.billing[9].last_overdue_day = Some(start)), None);
    // Without incidents it is unknown whether the customer had none, so the trigger does not fire.
    assert_eq!(clean(&|now| now.has_incidents = false), None);
    let offended = |month: Month| {
        let mut people = drafts();
        people[9].offences = vec![offence(month, IncidentKind::Violation, 1)];
        let found = fired(&inspected(&base(people), Vec::new()));
        found.into_iter().find(|(row, name, _)| *row == 9 && name == "clean").map(|found| found.2)
    };
    assert_eq!(offended(NOW.plus(-7)), Some(Some(start)));
    assert_eq!(offended(NOW.plus(-6)), None);
}

#[test]
fn a_better_tier_must_be_seen_twice_in_a_row() {
    let mut people = drafts();
    pays(&mut people[9], 1.0);
    let now = base(people);
    let sustained = |earlier: Vec<EarlierInspection>| {
        let found = fired(&inspected(&now, earlier));
        found.into_iter().find(|(_, name, _)| name == "sustained").map(|(row, _, since)| (row, since))
    };
    let at = |end: Month, tier: Option<Tier>| {
        let mut tiers = vec![None; 10];
        tiers[9] = tier;
        EarlierInspection { end, tiers }
    };
    let (first, second) = (THEN.plus(4), THEN.plus(8));
    assert_eq!(sustained(Vec::new()), None);
    let better = Some(Tier::Grade2);
    assert_eq!(sustained(vec![at(first, better)]), Some((9, Some(first.first_day()))));
    // The latest inspection decides. Of several on one day, that is the one recorded last.
    assert_eq!(sustained(vec![at(second, Some(Tier::Grade3)), at(first, better)]), None);
    assert_eq!(sustained(vec![at(second, None), at(second, better)]), Some((9, Some(second.first_day()))));
    assert_eq!(sustained(vec![at(NOW, better)]), None, "an inspection of the same day is not an earlier one");
}

#[test]
fn customers_who_declined_closed_or_are_missing_are_named() {
    let mut people = drafts();
    pays(&mut people[0], 0.0);
    people[5].closed_on = Some(NOW.first_day() - 1);
    people.remove(6);
    let now = base(people);
    let found = inspected(&now, Vec::new());
    let named: Vec<_> = fired(&found).into_iter().filter(|(_, name, _)| name != "clean").collect();
    let expected = [
        (0, "decline".to_owned(), Some(NOW.first_day())),
        (5, "closed".to_owned(), Some(NOW.first_day() - 1)),
        (6, "missing".to_owned(), None),
    ];
    assert_eq!(named, expected);
    for at in [5, 6] {
        assert_eq!((found.customers[at].tier_now, found.customers[at].score_now_e6), (None, None));
    }
}

#[test]
fn an_inspection_on_a_day_before_the_cycles_is_refused() {
    let mut now = base(drafts());
    now.cycle.end = THEN.plus(-1);
    let found = inspect(&then(), &now, Vec::new(), &AgreedDates::default());
    assert!(matches!(found, Err(NotInspected::NotComparable(_))));
}

#[test]
fn an_inspection_gives_the_tiers_of_the_step_own_of_a_comparison() {
    let mut compared = 0;
    for seed in 0..40 {
        let pair = generated::pair(seed, true);
        let (before, after) = (&pair.before, &pair.after);
        let aligned = Pair::new(before, after).unwrap();
        let attribution = Attribution::new(&aligned, None).unwrap();
        let standings = Standings::of(&aligned).unwrap().unwrap();
        for moved in &attribution.moves {
            let Some((_, at)) = aligned.customers[index(moved.customer)].both() else { continue };
            let (Some(tier), Some(parts)) = (standings.tiers[at], moved.part(crate::compare::Step::Own))
            else {
                continue;
            };
            let until: i64 = [
                crate::compare::Step::PolicyBefore,
                crate::compare::Step::Correction,
                crate::compare::Step::Stratum,
            ]
            .into_iter()
            .filter_map(|step| moved.part(step))
            .sum();
            let expected = moved.tier_before().position() as i64 - until - parts;
            assert_eq!(tier.position() as i64, expected, "seed {seed}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}
