//! Transitions, stability, drift and back-test of hand-made pairs of cycles.

use super::*;
use crate::contract::{IncidentKind, SupplyLevel};
use crate::cycle::Cycle;
use crate::fixture::{DraftCustomer, cycle};
use crate::incident::Offence;
use crate::index::{CustomerIx, index};
use crate::method::{Method, PRESETS, Tier};
use crate::tier::Previous;
use crate::unit::Month;
use crate::word::Word;

const BEFORE: Month = Month(12 * 53);
const AFTER: Month = Month(12 * 55);

fn graded(end: Month, customers: Vec<DraftCustomer>) -> Cycle {
    let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
    let text = text.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
    cycle(&Method::parse("m.toml", &text).unwrap(), end, customers, Previous::new())
}

fn customer(number: u32, revenue: f64) -> DraftCustomer {
    DraftCustomer::new(
        format!("{number:04}"),
        &[("annual_revenue", revenue), ("annual_energy", 2.0 * revenue)],
    )
}

/// Ten customers with these revenues. In a stratum of ten, the tiers have 1, 3, 5 and 1 customers.
fn ten(end: Month, revenues: [u32; 10]) -> Cycle {
    graded(end, (0..).zip(revenues).map(|(number, cny)| customer(number, f64::from(cny))).collect())
}

#[test]
fn transitions_count_customers_and_money_at_both_ends() {
    let before = ten(BEFORE, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    // The first and the last customer change places.
    let after = ten(AFTER, [1, 9, 8, 7, 6, 5, 4, 3, 2, 10]);
    let pair = Pair::new(&before, &after).unwrap();
    let transitions = transitions(&pair);
    let found: Vec<_> = transitions
        .iter()
        .map(|(key, sums)| {
            (key.before.code(), key.after.code(), sums.customers, sums.revenue_fen, sums.energy_wh[0])
        })
        .collect();
    assert_eq!(
        found,
        [
            ("special", "grade-3", 1, [1000, 100], 20_000),
            ("grade-1", "grade-1", 3, [2400, 2400], 48_000),
            ("grade-2", "grade-2", 5, [2000, 2000], 40_000),
            ("grade-3", "special", 1, [100, 1000], 2_000),
        ]
    );
}

#[test]
fn stability_is_measured_for_everybody_and_each_stratum() {
    let before = ten(BEFORE, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let after = ten(AFTER, [1, 9, 8, 7, 6, 5, 4, 3, 2, 10]);
    let pair = Pair::new(&before, &after).unwrap();
    let stability = stability(&pair);
    assert_eq!(stability.iter().map(|of| of.stratum).collect::<Vec<_>>(), [None, Some(0)]);
    assert_eq!((stability[0].moved, stability[0].changed_share()), ([1, 8, 1], Some(0.2)));
    let rate = |from: Tier, to: EndState| {
        *stability[0].rates.iter().find(|rate| rate.from == from && rate.to == to).unwrap()
    };
    assert_eq!(stability[0].rates.len(), 24);
    assert_eq!(rate(Tier::Special, EndState::Grade3).share(), Some(1.0));
    assert_eq!(rate(Tier::Grade1, EndState::Closed).share(), Some(0.0));
    let measures = stability[0].measures();
    let value = |name: &str| measures.iter().find(|(known, _)| *known == name).unwrap().1;
    assert_eq!(
        (value("compared"), value("firm"), value("tau_customers")),
        (Some(10.0), Some(10.0), Some(10.0))
    );
    assert_eq!((value("mwb_upper"), value("mwb_lower")), (Some(1.0), Some(1.0)));
    // Of 45 pairs, the 17 that contain the first or the last customer are reversed.
    assert!((value("tau_b").unwrap() - (28.0 - 17.0) / 45.0).abs() < 1e-12);
}

#[test]
fn customers_who_left_count_in_rates_and_provisional_customers_not_in_firm_counts() {
    let before = graded(BEFORE, vec![customer(1, 5.0), customer(2, 4.0), customer(3, 3.0)]);
    let gone = DraftCustomer { closed_on: Some(AFTER.first_day() - 1), ..customer(1, 5.0) };
    let short = DraftCustomer { covered_months: 3, ..customer(2, 4.0) };
    let after = graded(AFTER, vec![gone, short]);
    let pair = Pair::new(&before, &after).unwrap();
    let everybody = &stability(&pair)[0];
    let came_to = |end: EndState| {
        everybody.rates.iter().filter(|rate| rate.to == end).map(|rate| rate.customers).sum::<u64>()
    };
    assert_eq!((came_to(EndState::Closed), came_to(EndState::Absent)), (1, 1));
    assert_eq!((everybody.compared(), everybody.firm), (1, [[0; 4]; 4]));
    assert_eq!(everybody.tau_b, None);
}

#[test]
fn drift_is_measured_in_strata_of_at_least_200_and_for_measures_that_both_cycles_have() {
    let crowd = |end, factor: f64| {
        let high = (0..200).map(|number| customer(number, factor * f64::from(number)));
        let low = (200..399).map(|number| DraftCustomer {
            supply_level: SupplyLevel::LowVoltage,
            ..customer(number, f64::from(number))
        });
        graded(end, high.chain(low).collect())
    };
    let (before, after) = (crowd(BEFORE, 1.0), crowd(AFTER, 3.0));
    let pair = Pair::new(&before, &after).unwrap();
    let frozen: Vec<i32> = after.rows.iter().map(|row| row.score_e6.unwrap() as i32).collect();
    let drifts = drift(&pair, Some(&frozen));
    let strata: std::collections::BTreeSet<_> = drifts.iter().map(|drift| drift.stratum).collect();
    assert_eq!(strata.len(), 2, "the stratum low voltage has 199 customers");
    let drift_of =
        |measure: &str| drifts.iter().find(|drift| drift.stratum.is_some() && drift.measure == measure);
    assert_eq!(drift_of("annual_revenue").unwrap().verdict(), DriftVerdict::Alert);
    assert_eq!(drift_of("score_frozen").unwrap().index, drift_of("score").unwrap().index);
    // No customer has a value, so all are in the bin `unknown`.
    let unknown = drift_of("average_price").unwrap();
    assert_eq!((unknown.index.bins.len(), unknown.verdict()), (1, DriftVerdict::Stable));
    assert_eq!(unknown.beyond_sampling(), Some(false));
    assert!(drift(&pair, None).iter().all(|drift| drift.measure != "score_frozen"));
}

#[test]
fn the_back_test_measures_what_high_and_low_scores_foretold() {
    let before = ten(BEFORE, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let offence =
        Offence { customer: CustomerIx::new(0), month: BEFORE, kind: IncidentKind::Theft, severity: 1 };
    let later = (0..10).map(|number| {
        let overdue = if number >= 8 { 30.0 } else { 29.9 };
        let mut draft = customer(number, f64::from(10 - number));
        draft.values.extend([
            ("overdue_days", crate::indicator::IndicatorValue::Known(overdue)),
            ("violation_points", crate::indicator::IndicatorValue::Known(0.0)),
        ]);
        draft.offences = if number == 0 { vec![offence] } else { Vec::new() };
        draft
    });
    let after = graded(AFTER, later.collect());
    let pair = Pair::new(&before, &after).unwrap();
    let tests = backtest(&pair);
    let area = |outcome: BacktestOutcome| {
        let test = tests.outcomes.iter().find(|test| test.outcome == outcome).unwrap();
        (test.customers, test.events, test.area.unwrap().value)
    };
    // The two customers with the lowest scores fell into arrears; the one with the highest score has an offence and the
    // most revenue.
    assert_eq!(area(BacktestOutcome::Arrears), (10, 2, 1.0));
    assert_eq!(area(BacktestOutcome::Violation), (10, 1, 0.0));
    assert_eq!(area(BacktestOutcome::TopRevenue), (10, 1, 1.0));
    let special = tests
        .means
        .iter()
        .find(|mean| mean.tier == Tier::Special && mean.measure_id() == "annual_revenue")
        .unwrap();
    assert_eq!((special.customers, special.mean.unwrap().value), (1, 10.0));
    // The later window has 36 months and ends 24 months later, so 12 of its months were in the earlier one.
    assert_eq!(tests.overlap_months, 12);
}

#[test]
fn the_order_within_a_stratum_is_compared_for_those_who_are_in_it_at_both_ends() {
    let people = |end: Month, moved: SupplyLevel| {
        let person = |number: u32| {
            let supply_level = if number < 4 { SupplyLevel::LowVoltage } else { SupplyLevel::Residential };
            let supply_level = if number == 3 { moved } else { supply_level };
            DraftCustomer { supply_level, ..customer(number, f64::from(number + 1)) }
        };
        graded(end, (0..8).map(person).collect())
    };
    let (before, after) = (people(BEFORE, SupplyLevel::LowVoltage), people(AFTER, SupplyLevel::Residential));
    let pair = Pair::new(&before, &after).unwrap();
    let counted: Vec<_> = stability(&pair)
        .iter()
        .map(|of| (of.stratum.map(|number| &*pair.strata[index(number)]), of.compared(), of.tau_customers))
        .collect();
    assert_eq!(counted, [(None, 8, 8), (Some("low_voltage"), 4, 3), (Some("residential"), 4, 4)]);
}
