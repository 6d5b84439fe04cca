//! Laws of improvement plans on generated cycles, and tests of each rule on a hand-made cycle.

use proptest::prelude::*;

use super::*;
use crate::compare::generated;
use crate::contract::IncidentKind;
use crate::fixture::{DraftCustomer, cycle};
use crate::index::CustomerIx;
use crate::method::PRESETS;
use crate::tier::Previous;

fn plans(cycle: &Cycle) -> ImprovementPlans {
    ImprovementPlans::of(cycle, &AgreedDates::default())
}

/// The score of a customer with other values of some indicators, by the cycle's parameters.
fn score_with(cycle: &Cycle, plan: &ImprovementPlan, changed: &[(usize, f64)]) -> i64 {
    let row = &cycle.rows[index(plan.row)];
    let mut values: Vec<IndicatorValue> =
        cycle.columns.iter().map(|column| column.get(index(row.number))).collect();
    for &(place, value) in changed {
        values[place] = IndicatorValue::Known(value);
    }
    let parameters = cycle.parameters.in_stratum(&cycle.strata[index(row.stratum)]);
    round_half_away(score_row(&cycle.method, &parameters, &values).score.unwrap() * 1e6)
}

/// The score of a customer with all levers at an effort.
fn score_at(cycle: &Cycle, plan: &ImprovementPlan, items: &[PlanItem], effort: u16) -> i64 {
    let row = &cycle.rows[index(plan.row)];
    let parameters = cycle.parameters.in_stratum(&cycle.strata[index(row.stratum)]);
    let values: Vec<IndicatorValue> =
        cycle.columns.iter().map(|column| column.get(index(row.number))).collect();
    let scored = score_row(&cycle.method, &parameters, &values);
    let mut points = scored.points.clone();
    for item in items.iter().filter(|item| item.is_lever) {
        let z = &mut points[usize::from(item.place)];
        *z = z.map(|z| z + (100.0 - z) * f64::from(effort) / 1000.0);
    }
    round_half_away(combined(cycle.method.combine, &scored.weights, &points) * 1e6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_effort_is_the_least_that_suffices_and_targets_reach_their_points(seed in any::<u64>()) {
        let cycle = generated::pair(seed, true).before;
        let plans = plans(&cycle);
        let of_grade3 = cycle.rows.iter().filter(|row| row.tier == Tier::Grade3).count();
        prop_assert_eq!(plans.plans.len(), of_grade3);
        for (at, plan) in plans.plans.iter().enumerate() {
            let (row, items) = (&cycle.rows[index(plan.row)], plans.items(at));
            let (Some(gap_e6), Some(effort), Some(score_e6)) = (plan.gap_e6, plan.effort, row.score_e6) else {
                prop_assert!(plan.gap_e6.is_none() && plan.effort.is_none());
                continue;
            };
            let rise = |effort: u16| score_at(&cycle, plan, items, effort) - score_e6;
            if rise(effort) >= gap_e6 {
                prop_assert!(effort == 0 || rise(effort - 1) < gap_e6, "{:?}", plan);
            } else {
                prop_assert_eq!((effort, plan.reachable), (1000, Some(false)));
            }
            let parameters = cycle.parameters.in_stratum(&cycle.strata[index(row.stratum)]);
            for item in items {
                let fitted = parameters.fitted[usize::from(item.place)].as_ref();
                if let (Some(z), Some(value), Some(fitted)) = (item.target_points, item.target_value, fitted) {
                    prop_assert!(fitted.points(value) >= z - POINT_TOLERANCE, "{:?}", item);
                    prop_assert!(z >= item.points.unwrap());
                }
                prop_assert_eq!(item.target_points.is_some(), item.is_lever);
            }
            if plan.reachable == Some(true) {
                prop_assert!(row.ceiling.is_none());
                let targets: Vec<(usize, f64)> = items
                    .iter()
                    .filter_map(|item| Some((usize::from(item.place), item.target_value?)))
                    .collect();
                let rise = score_with(&cycle, plan, &targets) - score_e6;
                prop_assert!(rise >= gap_e6, "{rise} {:?}", plan);
            }
        }
    }
}

/// Ten customers with different shares paid on time; the last of them is in grade-3.
fn ten(change: impl Fn(usize, &mut DraftCustomer)) -> Cycle {
    let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
    let text = text.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
    let method = Method::parse("m.toml", &text).unwrap();
    let draft = |at: usize| {
        let share = 1.0 - 0.1 * at as f64;
        let mut draft = DraftCustomer::new(
            format!("{at:02}"),
            &[("annual_energy", 10.0), ("on_time_payment", share), ("suggestion_points", 0.0)],
        );
        change(at, &mut draft);
        draft
    };
    cycle(&method, Month::new(2026, 1), (0..10).map(draft).collect(), Previous::new())
}

fn item<'a>(cycle: &Cycle, plans: &'a ImprovementPlans, id: &str) -> &'a PlanItem {
    let place = cycle.method.indicators.iter().position(|spec| spec.id == id).unwrap();
    plans.items(0).iter().find(|item| usize::from(item.place) == place).unwrap()
}

#[test]
fn a_plan_says_what_is_lost_and_which_values_suffice() {
    let cycle = ten(|_, _| {});
    let plans = plans(&cycle);
    let [plan] = plans.plans[..] else { panic!("{:?}", plans.plans) };
    let rows = &cycle.rows;
    assert_eq!(plan.gap_e6, Some(rows[8].score_e6.unwrap() + 1 - rows[9].score_e6.unwrap()));
    assert_eq!((plan.reachable, plan.blocked_until), (Some(true), None));
    assert_eq!(plan.due_on, Month::new(2027, 1).first_day());
    let paid = item(&cycle, &plans, "on_time_payment");
    assert!(paid.is_lever && paid.lost_e6.unwrap() > 0);
    assert!(paid.target_value.unwrap() > 0.1 && paid.target_value.unwrap() <= 0.2);
    // Energy is not a lever, however much it costs the customer.
    let energy = item(&cycle, &plans, "annual_energy");
    assert!(!energy.is_lever && energy.target_points.is_none() && energy.lost_e6.is_some());
    // An unknown indicator gets no target.
    let unknown = item(&cycle, &plans, "overdue_days");
    assert_eq!((unknown.value, unknown.points, unknown.lost_e6), (None, None, None));
    // Suggestion points are whole numbers.
    let suggestions = item(&cycle, &plans, "suggestion_points");
    assert_eq!(suggestions.target_value.map(f64::fract), suggestions.is_lever.then_some(0.0));
}

#[test]
fn a_floor_that_leaves_places_empty_is_what_a_plan_asks_for() {
    let mut cycle = ten(|_, _| {});
    let score_of = |cycle: &Cycle, row: usize| cycle.rows[row].score_e6.unwrap();
    // Seven of ten reach the floor of grade-2, so that two places by quota stay empty.
    let floor_e6 = score_of(&cycle, 6) - 1;
    cycle.method.lines.floors_e6[2] = Some(floor_e6);
    let line = cycle.ledger.iter_mut().find(|line| line.better == Tier::Grade2).unwrap();
    line.count = 7;
    assert_eq!(plans(&cycle).plans[0].gap_e6, Some(floor_e6 - score_of(&cycle, 9)));
    // A floor that all reach who have a place by quota asks for nothing more.
    cycle.method.lines.floors_e6[2] = Some(score_of(&cycle, 8));
    cycle.ledger.iter_mut().find(|line| line.better == Tier::Grade2).unwrap().count = 9;
    assert_eq!(plans(&cycle).plans[0].gap_e6, Some(score_of(&cycle, 8) + 1 - score_of(&cycle, 9)));
}

#[test]
fn a_ceiling_blocks_until_its_offences_have_left_the_window() {
    let cycle = ten(|at, draft| {
        if at == 0 {
            let (customer, month) = (CustomerIx::new(0), Month::new(2024, 3));
            draft.offences = vec![Offence { customer, month, kind: IncidentKind::Theft, severity: 5 }];
        }
    });
    assert_eq!((cycle.months, cycle.rows[0].tier), (36, Tier::Grade3));
    let plan = plans(&cycle).plans[0];
    assert_eq!((plan.row, plan.reachable), (0, Some(false)));
    // The customer has the best score of all, and only has to wait.
    assert_eq!((plan.gap_e6, plan.effort), (Some(0), Some(0)));
    assert_eq!(plan.blocked_until, Some(Month::new(2027, 4)));
}

#[test]
fn without_effort_targets_are_the_present_values() {
    let cycle = ten(|at, draft| {
        if at == 0 {
            let (customer, month) = (CustomerIx::new(0), Month::new(2024, 3));
            draft.offences = vec![Offence { customer, month, kind: IncidentKind::Theft, severity: 5 }];
        }
    });
    let plans = plans(&cycle);
    let levers: Vec<_> = plans.items(0).iter().filter(|item| item.is_lever).collect();
    assert!(!levers.is_empty());
    for item in levers {
        assert_eq!((item.target_value, item.target_points), (item.value, item.points));
    }
}

#[test]
fn if_no_lever_helps_even_the_whole_effort_is_not_enough() {
    // All customers pay alike, so that only energy tells them apart.
    let cycle = ten(|at, draft| {
        let kwh = IndicatorValue::Known(100.0 - 10.0 * at as f64);
        draft.values = vec![("annual_energy", kwh), ("on_time_payment", IndicatorValue::Known(1.0))];
    });
    let plan = plans(&cycle).plans[0];
    assert!(plan.gap_e6.unwrap() > 0);
    assert_eq!((plan.effort, plan.reachable), (Some(1000), Some(false)));
}

#[test]
fn a_plan_is_due_when_somebody_agreed_on_another_day() {
    let cycle = ten(|_, _| {});
    let mut agreed = AgreedDates::default();
    agreed.plans.insert("09".into(), 21_000);
    agreed.items.insert(("09".into(), "on_time_payment".into()), 20_900);
    let plans = ImprovementPlans::of(&cycle, &agreed);
    assert_eq!(plans.plans[0].due_on, 21_000);
    assert_eq!(item(&cycle, &plans, "on_time_payment").due_on, 20_900);
    assert_eq!(item(&cycle, &plans, "suggestion_points").due_on, 21_000);
}

#[test]
fn the_status_follows_from_target_due_day_and_the_cycles_points() {
    use PlanStatus::{Behind, Met, Missed, OnTheWay, Unknown};
    let cycle = ten(|_, _| {});
    let plans = plans(&cycle);
    let paid = item(&cycle, &plans, "on_time_payment");
    let (z, target) = (paid.points.unwrap(), paid.target_points.unwrap());
    let status = |day, points| paid.status_on(day, points).unwrap();
    assert_eq!(status(paid.due_on - 1, None), Unknown);
    assert_eq!(status(paid.due_on, Some(target - 1e-10)), Met);
    assert_eq!(status(paid.due_on - 1, Some(z + 1e-6)), OnTheWay);
    assert_eq!(status(paid.due_on - 1, Some(z + 1e-10)), Behind);
    assert_eq!(status(paid.due_on, Some(z + 1e-6)), Missed);
    let energy = item(&cycle, &plans, "annual_energy");
    assert_eq!(energy.status_on(paid.due_on, Some(100.0)), None);
    let plan = plans.plans[0];
    let (before, grade3) = (Some(10), Some(Tier::Grade3));
    assert_eq!(plan.status_on(plan.due_on, before, Some(20), Some(Tier::Grade2)), Met);
    assert_eq!(plan.status_on(plan.due_on, before, Some(20), grade3), Missed);
    assert_eq!(plan.status_on(plan.due_on - 1, before, Some(20), grade3), OnTheWay);
    assert_eq!(plan.status_on(plan.due_on - 1, before, Some(10), grade3), Behind);
    assert_eq!(plan.status_on(plan.due_on - 1, before, None, None), Unknown);
}

proptest! {
    #[test]
    fn no_effort_leads_above_100_points(z in 0.0f64..100.0, effort in 0u16..=EFFORT_MAX) {
        prop_assert!(with_effort(z, effort) <= 100.0 && with_effort(z, EFFORT_MAX) >= 100.0 - POINT_TOLERANCE);
    }
}

#[test]
fn the_whole_effort_leads_to_exactly_100_points() {
    assert_eq!(with_effort(25.679_999_999_999_996, EFFORT_MAX), 100.0);
}
