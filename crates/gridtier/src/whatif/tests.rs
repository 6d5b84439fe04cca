//! Tests of settings and their siblings, and of trials with many customers whose ids are text.

use super::*;
use crate::contract::rule::Rule;
use crate::contract::{SupplyLevel, Table, UseCategory};
use crate::customer::{Customer, Customers};
use crate::cycle::{Placed, PublishedOffences};
use crate::fixture::plain_customer;
use crate::indicator::IndicatorValue;
use crate::source::{Finding, Tally};
use crate::stratum::Groups;
use crate::tier::{Previous, TierInputs, grade_on};
use crate::unit::Month;
use crate::word::Word;

/// A cycle of `people` customers with two indicators known.
fn cycle(people: u32) -> Cycle {
    let text = crate::method::PRESETS[1].1.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
    let method = Method::parse("m.toml", &text).unwrap();
    let mut customers = Customers::default();
    for number in 0..people {
        customers.ids.insert(&format!("{number:010}"));
        customers.rows.push(Customer {
            use_category: UseCategory::LargeIndustrial,
            supply_level: SupplyLevel::ALL[number as usize % 3],
            ..plain_customer()
        });
    }
    let known = |place: usize| -> IndicatorColumn {
        let step = [7_919, 104_729][place];
        let spread =
            |number: u32| 90.0 * (u64::from(number) * step % u64::from(people)) as f64 / f64::from(people);
        (0..people).map(|number| IndicatorValue::Known(spread(number))).collect()
    };
    let mut columns: Vec<IndicatorColumn> =
        vec![IndicatorColumn::unknown(people as usize); method.indicators.len()];
    let place = |id: &str| method.indicators.iter().position(|spec| spec.id == id).unwrap();
    columns[place("annual_energy")] = known(0);
    columns[place("overdue_days")] = known(1);
    let scores = crate::fixture::scored(people, &columns, &method);
    let previous = Previous::new();
    let end = Month::new(2026, 1);
    let ceilings = vec![None; people as usize];
    let inputs = TierInputs {
        ids: &customers.ids,
        groups: Groups::of(&customers, method.strata),
        end,
        ceilings,
        previous: &previous,
    };
    let tiers = grade_on(inputs, &columns, &scores, &method);
    let rows = (0..people as usize).map(|at| Placed {
        number: at as u32,
        stratum: 0,
        rank: tiers.rank(at),
        score_e6: scores.score_e6(at),
        dimensions: [None; 3],
        provisional: None,
        computed: tiers.computed[at],
        tier: tiers.tier[at],
        policy: tiers.policy[at],
        ceiling: None,
    });
    let (rows, parameters) = (rows.collect(), scores.parameters.clone());
    let (influence, strata) = (scores.influence.clone(), vec!["all".to_owned()]);
    Cycle {
        months: method.window_months,
        counting: 0,
        ledger: tiers.ledger,
        offences: PublishedOffences::default(),
        expressed: Vec::new(),
        covered_months: vec![36; people as usize],
        method,
        end,
        customers,
        columns,
        rows,
        strata,
        parameters,
        influence,
        previous,
    }
}

fn tried(settings: &[&str]) -> Result<Trial, Text> {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    set(&cycle(60), &settings)
}

#[test]
fn siblings_are_scaled_by_one_factor_and_sum_to_one() {
    let trial = tried(&["weights.contribution=0.6"]).unwrap();
    let after: Vec<f64> = trial.scaled.iter().map(|scaled| scaled.after).collect();
    assert!((after.iter().sum::<f64>() - 1.0).abs() < 1e-12 && after[0] == 0.6);
    assert!((after[1] / after[2] - 0.2970 / 0.1634).abs() < 1e-12);
    let all: f64 = trial.method.indicators.iter().filter_map(|spec| spec.weight).map(|w| w.nominal()).sum();
    assert!((all - 1.0).abs() < 1e-12);
    let trial = tried(&["weights.contribution=1"]).unwrap();
    assert!(trial.scaled.iter().skip(1).all(|scaled| scaled.after == 0.0));
}

#[test]
fn points_can_be_fitted_within_strata_on_trial() {
    let cycle = cycle(120);
    let trial = set(&cycle, &["normalise_within=stratum".to_owned()]).unwrap();
    let outcome = attempt(&cycle, &trial.method);
    let strata: Vec<&str> =
        outcome.scores.parameters.strata.iter().map(|stratum| stratum.name.as_str()).collect();
    assert_eq!(strata, ["high_voltage", "low_voltage", "residential"]);
    for at in 0..120 {
        let values: Vec<IndicatorValue> = cycle.columns.iter().map(|column| column.get(at)).collect();
        let parameters = outcome.scores.parameters.in_stratum(outcome.tiers.stratum(at));
        let scored = crate::score::score_row(&trial.method, &parameters, &values).score.unwrap();
        assert_eq!(Some(crate::unit::round_half_away(scored * 1e6)), outcome.scores.score_e6(at));
    }
}

/// Weights from the data do not influence who is provisional, in a trial as in a grading.
#[test]
fn a_trial_that_changes_nothing_moves_nobody_if_weights_come_from_the_data() {
    let data = r#"[weights.groups.compliance.objective]
by = "entropy"
items = ["power_factor", "payment", "plan", "safety", "violations"]
"#;
    let preset = crate::method::PRESETS[1].1.replace("min_known_weight = 0.5", "min_known_weight = 0.30");
    let start = preset.find("[weights.groups.compliance]").unwrap();
    let end = start + 1 + preset[start + 1..].find("\n[").unwrap() + 1;
    let method = Method::parse("m.toml", &format!("{}{data}{}", &preset[..start], &preset[end..])).unwrap();
    let mut cycle = cycle(60);
    let fitted = crate::fixture::scored(60, &cycle.columns, &method);
    let tiers = cycle.judged(&cycle.columns, &method).1;
    for (at, row) in cycle.rows.iter_mut().enumerate() {
        (row.tier, row.computed, row.score_e6) = (tiers.tier[at], tiers.computed[at], fitted.score_e6(at));
    }
    (cycle.parameters, cycle.method) = (fitted.parameters.clone(), method);
    let trial = set(&cycle, &["combine=weighted_sum".to_owned()]).unwrap();
    let again = cycle.judged(&cycle.columns, &trial.method).0;
    assert_eq!(again.provisional, fitted.provisional);
    assert_eq!(again.points_e6, fitted.points_e6);
    assert!(attempt(&cycle, &trial.method).changed.is_empty());
    // If a weight is set elsewhere, the weights from the data stay as they were in the cycle.
    let trial = set(&cycle, &["weights.contribution=0.6".to_owned()]).unwrap();
    let weights = cycle.judged(&cycle.columns, &trial.method).0.parameters.weights;
    for (before, after) in fitted.parameters.weights.iter().zip(&weights) {
        assert_eq!(before.map(|w| (w.of_group, w.of_indicator)), after.map(|w| (w.of_group, w.of_indicator)));
    }
}

#[test]
fn a_misspelt_path_is_answered_by_the_nearest_known_one() {
    let refused = tried(&["weights.payment=0.2"]).unwrap_err();
    assert!(refused.en.contains("did you mean `weights.groups.compliance.payment`?"), "{refused}");
    let refused = tried(&["weights.contribution=0.6", "weights.contribution=0.7"]).unwrap_err();
    assert!(refused.en.contains("is set twice"), "{refused}");
}

#[test]
fn weights_beyond_the_whole_are_refused() {
    assert!(tried(&["weights.contribution=0.7", "weights.compliance=0.7"]).is_err());
    assert!(
        tried(&["weights.indicators.potential.energy_growth=0.3"]).unwrap_err().en.contains("must sum to 1")
    );
    assert!(tried(&["weights.contribution=x"]).unwrap_err().en.contains("from 0 to 1"));
    assert!(tried(&["combine=sum"]).is_err() && tried(&["combine=weighted_product"]).is_ok());
}

/// In transitionMatrix, 50,000 customers in two periods took 12.9 s, and ids that were text were refused.
#[test]
fn fifty_thousand_customers_with_text_ids_are_compared_at_once() {
    let cycle = cycle(50_000);
    let unchanged = attempt(&cycle, &cycle.method);
    assert!(unchanged.changed.is_empty());
    let trial = set(&cycle, &["weights.contribution=0.1".to_owned()]).unwrap();
    let outcome = attempt(&cycle, &trial.method);
    let all: u64 = outcome.transitions.iter().flatten().sum();
    assert_eq!(all, 50_000);
    assert_eq!(outcome.up + outcome.down, outcome.changed.len() as u64);
    assert!(outcome.up > 1_000);
    for tier in 0..4 {
        let before: u64 = outcome.transitions[tier].iter().sum();
        let after: u64 = outcome.transitions.iter().map(|row| row[tier]).sum();
        assert_eq!(before, after, "quotas hold");
    }
}

#[test]
fn other_limits_are_applied_to_what_was_counted_in_the_cycle() {
    let mut cycle = cycle(100);
    cycle.parameters.delivered[0] = false;
    let tally = |rows_in, rejected| Tally { rows_in, rejected, ..Tally::default() };
    let findings = [Finding::of(Table::Bills, Rule::BeforeOpening, 6, "")];
    let tables = CountedTables {
        tallies: vec![(Table::Bills, tally(100, 11)), (Table::Payments, tally(100, 9))],
        findings: &findings,
        unit_suspects: &[],
        customers: 100,
    };
    let by = |settings: &[&str]| -> Vec<String> {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let trial = set(&cycle, &settings).unwrap();
        let outcome = attempt(&cycle, &trial.method);
        let found = breaches(&cycle, &trial.method, &outcome, &tables);
        found.iter().map(|breach| breach.what().to_string()).collect()
    };
    let (rejects, opening) = (
        "table bills: 11 rejected rows, 10 allowed",
        "before_opening in table bills: 6.00 % of the customers, 5 % allowed",
    );
    let delivered = "min_delivered_weight=0";
    assert_eq!(by(&[delivered]), [rejects, opening]);
    assert_eq!(by(&[delivered, "limits.reject_rows=11"]), [opening]);
    assert_eq!(by(&[delivered, "limits.reject_share=0.2", "plausibility.before_opening=0.06"]), [""; 0]);
    assert_eq!(by(&[delivered, "limits.reject_rows=8"]).len(), 3);
    let little = by(&["min_delivered_weight=1"]);
    assert!(little.iter().any(|breach| breach.starts_with("little_delivered: ")), "{little:?}");
}
