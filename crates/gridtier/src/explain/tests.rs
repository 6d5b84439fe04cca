//! Tests of the items of an explanation, the next tier, and the levers.

use super::*;
use crate::indicator::IndicatorColumn;
use crate::method::PRESETS;
use crate::score::{Fitted, RankedValues};
use crate::unit::Window;

fn method() -> Method {
    Method::parse("m.toml", PRESETS[0].1).unwrap()
}

fn fitted(method: &Method) -> Parameters {
    let column: IndicatorColumn = [0.0, 1.0, 100.0, 1e6].into_iter().map(IndicatorValue::Known).collect();
    let four = RankedValues::new(&column, &[0, 1, 2, 3]);
    let fit = |spec: &crate::method::Spec| {
        Some(Fitted::fit(spec.normalise.as_ref()?, spec.direction, four, 4, spec.base))
    };
    Parameters {
        fitted: method.indicators.iter().map(fit).collect(),
        weights: method.indicators.iter().map(|spec| spec.weight).collect(),
        delivered: vec![true; method.indicators.len()],
        strata: Vec::new(),
    }
}

/// A customer with half of its bills paid on time and 30 overdue days.
fn explanation(gap: f64) -> Explanation {
    let method = method();
    let fitted = fitted(&method);
    let value = |id: &str| match id {
        "on_time_payment" => IndicatorValue::Known(0.5),
        "overdue_days" => IndicatorValue::Known(30.0),
        "plan_completion" => IndicatorValue::NotApplicable,
        "annual_energy" => IndicatorValue::Known(500.0),
        _ => IndicatorValue::Unknown,
    };
    let values: Vec<IndicatorValue> = method.indicators.iter().map(|spec| value(&spec.id)).collect();
    let score = score_row(&method, &fitted, &values).score.unwrap();
    let score_e6 = crate::unit::round_half_away(score * 1e6);
    let row = TierRow {
        rank: Some(50),
        score_e6: Some(score_e6),
        tier_computed: Some("grade-2".into()),
        tier: "grade-2".into(),
        ..TierRow::default()
    };
    let line = Boundary {
        better: "grade-1".into(),
        customers: 100,
        quota: 40,
        count: 40,
        score_above_e6: Some(score_e6 + (gap * 1e6) as i64 - 1),
    };
    let window = Window { end: Month::new(2026, 1), months: 36 };
    let history = History { window, accounts: Vec::new() };
    explain(&method, &fitted, &values, row, &[line], &history)
}

#[test]
fn a_tier_that_the_customer_has_is_not_offered() {
    let row = TierRow {
        rank: Some(50),
        score_e6: Some(1),
        tier_computed: Some("grade-2".into()),
        tier: "grade-1".into(),
        reason: Some("override".into()),
        ..TierRow::default()
    };
    let next = next(&row, &[line("special", 10), line("grade-1", 40)], &method()).unwrap();
    assert_eq!((next.tier.as_str(), next.places), ("special", 40));
}

fn line(better: &str, count: i64) -> Boundary {
    Boundary { better: better.into(), customers: 100, quota: count, count, score_above_e6: Some(9_000_000) }
}

#[test]
fn the_next_tier_requires_its_floor_if_that_is_above_the_line_of_the_quota() {
    let row = TierRow {
        rank: Some(50),
        score_e6: Some(5_000_000),
        tier_computed: Some("grade-2".into()),
        tier: "grade-2".into(),
        ..TierRow::default()
    };
    let mut method = method();
    let gap_and_places = |line: Boundary, method: &Method| {
        let next = next(&row, &[line], method).unwrap();
        (next.gap, next.places)
    };
    assert_eq!(gap_and_places(line("grade-1", 40), &method), (4.000001, 10));
    // The floor leaves 18 of 40 places empty, so the customer needs only to reach the first of them.
    method.lines.floors_e6[1] = Some(12_000_000);
    assert_eq!(gap_and_places(Boundary { count: 22, ..line("grade-1", 40) }, &method), (7.0, 27));
    // A floor below the line asks for nothing more than the line.
    method.lines.floors_e6[1] = Some(8_000_000);
    assert_eq!(gap_and_places(line("grade-1", 40), &method), (4.000001, 10));
}

#[test]
fn the_items_add_up_to_the_published_score() {
    let explanation = explanation(1.0);
    let sum: f64 = explanation.items.iter().map(|item| item.contribution).sum();
    assert!((sum - explanation.row.score_e6.unwrap() as f64 / 1e6).abs() < 1e-6);
    let weights: f64 = explanation.items.iter().map(|item| item.weight).sum();
    assert!((weights - 1.0).abs() < 1e-12);
}

#[test]
fn levers_are_indicators_of_behaviour_and_reach_the_boundary_exactly() {
    let explanation = explanation(5.0);
    let next = explanation.next.as_ref().unwrap();
    assert_eq!((next.tier.as_str(), next.places), ("grade-1", 10));
    let ids: Vec<&str> = explanation.levers.iter().map(|lever| lever.indicator.as_str()).collect();
    assert_eq!(ids, ["on_time_payment", "overdue_days"], "energy is not a lever");
    let lever = &explanation.levers[0];
    // Only energy and payment are known; the share paid on time has 60 % of the weight of payment. Of contribution 0.55
    // × 0.4 = 0.22 of the weight is known, of compliance 0.35: so these dimensions enter with 0.44 and 0.7 of their
    // weight.
    let (contribution, compliance) = (0.5396 * 0.44, 0.2970 * 0.7);
    let weight = compliance / (contribution + compliance) * 0.6;
    assert!((lever.gain_max - 50.0 * weight).abs() < 1e-9);
    let (needed, exact) = (lever.value_needed.unwrap(), 0.5 + 0.05 / weight);
    assert!(needed >= exact && needed < exact + 0.0011, "{needed} for {exact}");
    assert!(explanation.reachable);
}

#[test]
fn an_unreachable_tier_is_reported() {
    let explanation = explanation(60.0);
    assert!(!explanation.reachable);
    assert!(explanation.levers.iter().all(|lever| lever.value_needed.is_none()));
}
