//! The methods against what others have printed and computed: published cases, independent libraries, and the defects
//! measured in known libraries, each with the right outcome.
//!
//! Where a definition differs between libraries, ours and the difference stand in crates/gridtier/CHECKS.md.

use gridtier::indicator::Direction;
use gridtier::mcda::ranking::{Normalisation, grey_relational, topsis, weighted_product, weighted_sum};
use gridtier::mcda::{Guard, objective};
use gridtier::method::ahp;
use gridtier::statistics::{Order, adjusted_rand, silhouette};
use serde_json::Value;

use crate::support::shared;

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The matrix of a case by columns.
fn columns(case: &Value) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = case["matrix"].as_array().unwrap().iter().map(floats).collect();
    (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

fn directions(case: &Value, columns: usize) -> Vec<Direction> {
    let sign = |x: &Value| if x.as_f64().unwrap() < 0.0 { Direction::Less } else { Direction::More };
    let types = case.get("types").and_then(Value::as_array);
    types.map_or_else(|| vec![Direction::More; columns], |types| types.iter().map(sign).collect())
}

fn normalised(case: &Value, columns: &[Vec<f64>], directions: &[Direction], default: &str) -> Vec<Vec<f64>> {
    let how = match case.get("normalisation").and_then(Value::as_str).unwrap_or(default) {
        "vector" => Normalisation::Vector,
        "minmax" | "min_max" => Normalisation::MinMax,
        "sum" => Normalisation::Sum,
        "max" | "linear" => Normalisation::Max,
        "none" => Normalisation::None,
        other => panic!("{}: normalisation {other} is not known", case["name"]),
    };
    how.apply(columns, directions)
}

fn all(values: Vec<Option<f64>>) -> Vec<f64> {
    values.into_iter().map(Option::unwrap).collect()
}

/// What our functions say of a case; `None` for a method that this program does not have.
fn computed(case: &Value, method: &str, columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let directions = directions(case, columns.len());
    let weights =
        || case.get("weights").map_or_else(|| vec![1.0 / columns.len() as f64; columns.len()], floats);
    let on = |default: &str| normalised(case, columns, &directions, default);
    Some(match method {
        "entropy" => objective::entropy(columns).weights,
        "critic" => objective::critic(columns, &directions).weights,
        "std" => objective::standard_deviation(&on("none")).weights,
        "topsis" => all(topsis(&on("vector"), &weights())),
        "grey_relational" | "grey relational" | "gra" => {
            let rho = case.get("rho").and_then(Value::as_f64).unwrap_or(0.5);
            all(grey_relational(&on("minmax"), &weights(), rho))
        }
        "weighted_sum" | "weighted sum" | "wsm" | "saw" => all(weighted_sum(&on("minmax"), &weights())),
        "weighted_product" | "weighted product" | "wpm" => {
            all(weighted_product(&on("sum"), &weights(), f64::MIN_POSITIVE))
        }
        _ => return None,
    })
}

/// Whether a value is the printed one, to its last printed digit or one beside it.
fn is_printed(value: f64, printed: f64) -> bool {
    let text = printed.to_string();
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len()).max(3) as i32;
    (value - printed).abs() <= 0.5001 * 10f64.powi(-digits)
}

fn judged(case: &Value) {
    let rows: Vec<Vec<f64>> = case["matrix"].as_array().unwrap().iter().map(floats).collect();
    ahp::check(&rows, rows.len()).unwrap();
    let judged = ahp::judge(&rows, ahp::Variant::Eigenvector);
    let printed: Vec<f64> = match case.get("labels").and_then(Value::as_array) {
        Some(labels) => {
            let of = |label: &Value| case["expected_weights"][label.as_str().unwrap()].as_f64().unwrap();
            labels.iter().map(of).collect()
        }
        None => floats(case.get("expected_weights").unwrap_or(&case["expected"])),
    };
    for (weight, printed) in judged.weights.iter().zip(&printed) {
        assert!(is_printed(*weight, *printed), "{}: {:?} {printed:?}", case["name"], judged.weights);
    }
    if let Some(cr) = case["expected_CR_saaty"].as_f64() {
        assert!(is_printed(judged.cr, cr), "{}: {}", case["name"], judged.cr);
    }
}

#[test]
fn every_published_case_is_reproduced_to_its_printed_digits() {
    let Some(folder) = shared("published") else { return };
    let mut tried = 0;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in cases.as_array().unwrap() {
            let method = case["method"].as_str().unwrap();
            if method == "ahp" {
                judged(case);
                tried += 1;
                continue;
            }
            let Some(found) = computed(case, method, &columns(case)) else {
                let line = format!("SKIPPED: {}: there is no {method} here\n", case["name"]);
                std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
                continue;
            };
            tried += 1;
            let printed = floats(&case["expected"]);
            assert_eq!(found.len(), printed.len(), "{}", case["name"]);
            for (value, printed) in found.iter().zip(&printed) {
                assert!(is_printed(*value, *printed), "{}: {found:?} {printed:?}", case["name"]);
            }
        }
    }
    assert!(tried >= 7, "only {tried} cases");
}

/// Numbers in [0, 1) from a seed, as the script beside the values draws them.
struct Numbers(u64);

impl Iterator for Numbers {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some(((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64)
    }
}

fn drawn(case: &Value) -> (Numbers, usize, usize) {
    let count = |key: &str| case[key].as_u64().unwrap() as usize;
    (Numbers(case["seed"].as_u64().unwrap()), count("rows"), count("columns"))
}

fn matrix(case: &Value) -> Vec<Vec<f64>> {
    let (mut numbers, rows, columns) = drawn(case);
    let rows: Vec<Vec<f64>> =
        (0..rows).map(|_| (0..columns).map(|_| 0.5 + 9.5 * numbers.next().unwrap()).collect()).collect();
    (0..columns).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

fn tau(case: &Value) -> Option<f64> {
    let (mut numbers, rows, _) = drawn(case);
    let levels = case["levels"].as_f64().unwrap();
    let pairs: Vec<(f64, f64)> = (0..rows)
        .map(|_| {
            let (u, v) = (numbers.next().unwrap(), numbers.next().unwrap());
            if levels > 0.0 {
                ((u * levels).floor(), ((0.6 * u + 0.4 * v) * levels).floor())
            } else {
                (u, 0.5 * u + 0.5 * v)
            }
        })
        .collect();
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    // A column scaled by floor(0.6 u + 0.4 v) uses the first one before it is cut into levels.
    Order::of(&a).tau_b(&b)
}

fn rand_index(case: &Value) -> f64 {
    let (mut numbers, rows, _) = drawn(case);
    let clusters = floats(&case["clusters"]);
    let (a, b): (Vec<usize>, Vec<usize>) = (0..rows)
        .map(|_| {
            let (u, v) = (numbers.next().unwrap(), numbers.next().unwrap());
            ((u * clusters[0]) as usize, ((0.7 * u + 0.3 * v) * clusters[1]) as usize)
        })
        .unzip();
    adjusted_rand(&a, &b)
}

fn mean_silhouette(case: &Value) -> f64 {
    let (mut numbers, rows, columns) = drawn(case);
    let clusters = case["clusters"].as_f64().unwrap();
    let rows: Vec<Vec<f64>> =
        (0..rows).map(|_| (0..columns).map(|_| 100.0 * numbers.next().unwrap()).collect()).collect();
    let labels: Vec<usize> = rows.iter().map(|row| (row[0] / 100.0 * clusters) as usize).collect();
    silhouette(&rows, &labels).unwrap()
}

#[test]
fn independent_libraries_agree_to_a_billionth() {
    let values: Value = serde_json::from_str(include_str!("independent/values.json")).unwrap();
    for case in values["cases"].as_array().unwrap() {
        let function = case["function"].as_str().unwrap();
        let (found, expected) = match function {
            "kendall_tau_b" => {
                (tau(case).into_iter().collect(), case["expected"].as_f64().into_iter().collect())
            }
            "adjusted_rand" => (vec![rand_index(case)], vec![case["expected"].as_f64().unwrap()]),
            "silhouette" => (vec![mean_silhouette(case)], vec![case["expected"].as_f64().unwrap()]),
            method => (computed(case, method, &matrix(case)).unwrap(), floats(&case["expected"])),
        };
        assert_eq!(found.len(), expected.len(), "{case}");
        for (ours, theirs) in found.iter().zip(&expected) {
            let library = &case["library"];
            assert!((ours - theirs).abs() < 1e-9, "{function} by {library}: {ours} {theirs}\n{case}");
        }
    }
}

#[test]
fn a_criterion_of_rare_events_does_not_take_the_weight() {
    // Energy, on-time rate and incidents of 1,000 customers, 95 % without any: scikit-criteria gives the incidents 0.866,
    // pymcdm refuses the zeros.
    let mut numbers = Numbers(77);
    let mut column =
        |f: &dyn Fn(f64) -> f64| (0..1000).map(|_| f(numbers.next().unwrap())).collect::<Vec<_>>();
    let columns = [
        column(&|u| (8.0 + 2.0 * (u - 0.5)).exp()),
        column(&|u| 0.9 + 0.1 * u),
        column(&|u| {
            if u < 0.951 {
                0.0
            } else if u < 0.9988 {
                1.0
            } else {
                2.0
            }
        }),
    ];
    let found = objective::entropy(&columns);
    assert_eq!(found.guards[2], Some(Guard::Sparse));
    assert!(found.weights[2] <= 1.0 / 3.0 + 1e-12 && found.weights[0] > found.weights[1], "{found:?}");
}

#[test]
fn bad_columns_are_named_and_nothing_becomes_nan() {
    let mut numbers = Numbers(78);
    let good: Vec<f64> = (0..100).map(|_| 1.0 + numbers.next().unwrap()).collect();
    let other: Vec<f64> = (0..100).map(|_| 1.0 + numbers.next().unwrap()).collect();
    let mut exporter = other.clone();
    exporter[5] = -3.0;
    let mut gap = other.clone();
    gap[7] = f64::NAN;
    for (bad, guard) in [
        (vec![0.0; 100], Some(Guard::AllZero)),
        (vec![2.0; 100], Some(Guard::Constant)),
        (exporter, Some(Guard::Negative)),
        (gap, None),
    ] {
        let columns = [good.clone(), bad, other.clone()];
        let by_entropy = objective::entropy(&columns);
        let by_critic = objective::critic(&columns, &[Direction::More; 3]);
        assert_eq!(by_entropy.guards, [None, guard, None]);
        for weights in
            [by_entropy.weights, by_critic.weights, objective::standard_deviation(&columns).weights]
        {
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{weights:?}");
            assert!(weights[0] > 0.0 && weights[2] > 0.0, "the sound columns keep theirs: {weights:?}");
        }
        let marks = Normalisation::MinMax.apply(&columns, &[Direction::More; 3]);
        let close = topsis(&marks, &[0.3, 0.3, 0.4]);
        assert!(close.iter().all(|x| x.is_some_and(|x| (0.0..=1.0).contains(&x))));
    }
}
