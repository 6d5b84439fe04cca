//! Weights with gaps, and who is provisional.

use super::*;
use crate::contract::Table;
use crate::indicator;
use crate::memory::Memory;
use crate::method::PRESETS;
use crate::unit::Window;

fn paper_with(changes: &[(&str, &str)]) -> Method {
    let text = changes.iter().fold(PRESETS[0].1.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Method::parse("m.toml", &text).unwrap()
}

/// Values of the paper's method: `known` by id, the others as given.
fn row(method: &Method, known: &[(&str, f64)], others: Value) -> Vec<Value> {
    let value =
        |id: &str| known.iter().find(|(known, _)| *known == id).map_or(others, |(_, x)| Value::Known(*x));
    method.indicators.iter().map(|spec| value(&spec.id)).collect()
}

/// Parameters fitted to one customer who has every value, so that goalposts and knots are in force.
fn fitted(method: &Method) -> Parameters {
    let fit =
        |spec: &crate::method::Spec| Some(Fitted::fit(spec.normalise.as_ref()?, spec.direction, vec![0.0]));
    Parameters {
        fitted: method.indicators.iter().map(fit).collect(),
        weights: method.indicators.iter().map(|spec| spec.weight).collect(),
    }
}

#[test]
fn weights_of_what_is_left_out_go_to_the_siblings_level_by_level() {
    let method = paper_with(&[]);
    let values = row(&method, &[("on_time_payment", 0.5), ("sensitivity", 1.0)], Value::NotApplicable);
    let scored = score_row(&method, &fitted(&method), &values);
    // Contribution has standing alone, compliance has payment alone, cooperation is left out.
    let (contribution, compliance) = (0.5396 / 0.8366, 0.2970 / 0.8366);
    let expected = contribution * 100.0 + compliance * 50.0;
    assert!((scored.score.unwrap() - expected).abs() < 1e-9);
    assert_eq!(scored.dimensions, [Some(100.0), Some(50.0), None]);
    assert!((scored.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn an_unknown_is_left_out_or_worst_or_neutral_and_never_a_silent_zero() {
    let known = [("policy_fulfilment", 1.0)];
    let score_of = |unknown: &str| {
        let method = paper_with(&[("unknown = \"reweight\"", &format!("unknown = \"{unknown}\""))]);
        let values = row(&method, &known, Value::Unknown);
        score_row(&method, &fitted(&method), &values).score.unwrap()
    };
    let weight = 0.1634 * 0.4;
    assert_eq!(score_of("reweight"), 100.0);
    assert!((score_of("worst") - 100.0 * weight).abs() < 1e-9);
    assert!((score_of("neutral") - (100.0 * weight + 50.0 * (1.0 - weight))).abs() < 1e-9);
}

#[test]
fn nothing_known_is_no_score() {
    let method = paper_with(&[]);
    let scored = score_row(&method, &fitted(&method), &row(&method, &[], Value::Unknown));
    assert_eq!((scored.score, scored.dimensions), (None, [None; 3]));
}

const WINDOW: Window = Window { end: Month(54 * 12), months: 36 };

/// Scores customers whose monthly readings cover the given months of the window.
fn scores(covered: &[(&str, std::ops::Range<usize>)], method: &Method) -> Scores {
    let ids: Vec<&str> = covered.iter().map(|(id, _)| *id).collect();
    let reading = |id: &str, month: usize| format!("{id}|{}-01|10", WINDOW.month(month));
    let rows: Vec<String> =
        covered.iter().flat_map(|(id, months)| months.clone().map(|month| reading(id, month))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source =
        Memory::default().customers(&ids).rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &rows);
    let facts = crate::fact::read(&source, WINDOW).unwrap();
    let columns = indicator::compute(&facts, &method.own).unwrap();
    score(&facts, &columns, method)
}

#[test]
fn short_history_and_little_known_weight_make_a_customer_provisional() {
    let covered = [("full", 0..36), ("late", 30..36), ("never", 0..0), ("early", 0..11)];
    let lenient = paper_with(&[("min_known_weight = 0.5", "min_known_weight = 0.1")]);
    let scored = scores(&covered, &lenient);
    // By id: early, full, late, never.
    let why: Vec<Option<&str>> = scored.provisional.iter().map(|why| why.map(Provisional::reason)).collect();
    assert_eq!(why, [Some("short_history"), None, Some("short_history"), Some("short_history")]);
    let firm: Vec<Option<String>> = scored.firm_from.iter().map(|m| m.map(|m| m.to_string())).collect();
    // Early loses a covered month for each new one until all eleven are gone.
    assert_eq!(firm, [Some("2025-01".into()), None, Some("2024-07".into()), Some("2025-01".into())]);
    let strict = scores(&covered[..1], &paper_with(&[]));
    assert_eq!(strict.provisional, [Some(Provisional::LowKnownWeight)]);
    assert!(strict.known_weight[0] > 0.1 && strict.known_weight[0] < 0.5);
}

#[test]
fn a_known_weight_at_the_limit_passes() {
    assert_eq!(provisional(false, 0.5 - 1e-13, &paper_with(&[])), None);
    assert_eq!(provisional(false, 0.5 - 1e-11, &paper_with(&[])), Some(Provisional::LowKnownWeight));
}

#[test]
fn contributions_add_up_to_the_score() {
    let lenient = paper_with(&[("min_known_weight = 0.5", "min_known_weight = 0.1")]);
    let scores = scores(&[("a", 0..36), ("b", 6..36)], &lenient);
    for position in 0..2 {
        let sum: f64 = scores.contributions.iter().map(|column| column[position]).sum();
        let score = scores.score_e6[position].unwrap() as f64 / 1e6;
        assert!((sum - score).abs() < 1e-6, "{sum} {score}");
    }
}
