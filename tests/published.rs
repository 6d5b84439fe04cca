//! Compares the code that grades with published cases and independent libraries, and tests it on defects measured in
//! common libraries.
//!
//! A case states a method of the literature. What a case needs and the engine does not have (vector, sum and max
//! normalisation, an ideal found in the data) is prepared here, so that the weights ([`Scheme::weigh`], [`ahp::judge`]),
//! the points ([`Fitted`]) and the score ([`combined`]) come from the functions that grade a customer. Where a definition
//! differs between libraries, crates/gridtier/CHECKS.md states ours and the difference.

use gridtier::indicator::{Direction, IndicatorColumn, IndicatorValue as Measured};
use gridtier::mcda::{Guard, Scheme};
use gridtier::method::{Combine, Normalise, Scale, Transform, ahp};
use gridtier::score::combine::combined;
use gridtier::score::{Fitted, RankedValues};
use gridtier::statistics::{KendallOrder, adjusted_rand, silhouette};
use gridtier::word::Word;
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
    match case.get("types").and_then(Value::as_array) {
        None => vec![Direction::More; columns],
        Some(types) => types
            .iter()
            .map(|sign| if sign.as_f64().unwrap() < 0.0 { Direction::Less } else { Direction::More })
            .collect(),
    }
}

/// The points of a column by min-max between its least and greatest value, as a method grades it; `None` where missing.
fn min_max_points(column: &[f64], direction: Direction) -> Vec<Option<f64>> {
    let values: IndicatorColumn = column.iter().map(|x| Measured::finite(*x)).collect();
    let numbers: Vec<u32> =
        (0..column.len() as u32).filter(|row| column[*row as usize].is_finite()).collect();
    let ranked = RankedValues::new(&values, &numbers);
    let normalise = Normalise::MinMax(Transform::None, Scale::Quantiles(0.0, 1.0));
    let fitted = Fitted::fit(&normalise, direction, ranked, numbers.len() as u64, 0.0);
    column.iter().map(|x| x.is_finite().then(|| fitted.points(*x))).collect()
}

/// A column on the scale that a case asks for; cost criteria are inverted, so that more is better.
fn normalised(normalisation: &str, column: &[f64], direction: Direction) -> Vec<f64> {
    let is_cost = direction == Direction::Less;
    let highest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = column.iter().copied().fold(f64::INFINITY, f64::min);
    let norm = column.iter().map(|x| x * x).sum::<f64>().sqrt();
    let total: f64 = column.iter().map(|x| if is_cost { 1.0 / x } else { *x }).sum();
    let scaled = |x: &f64| match (normalisation, is_cost) {
        ("none", false) => *x,
        ("vector", false) => x / norm,
        ("vector", true) => 1.0 - x / norm,
        ("sum", false) => x / total,
        ("sum", true) => 1.0 / x / total,
        ("max" | "linear", false) => x / highest,
        ("max" | "linear", true) => lowest / x,
        ("minmax" | "min_max", _) => unreachable!("by min_max_points"),
        (other, _) => panic!("normalisation {other} is not known"),
    };
    match normalisation {
        "minmax" | "min_max" => {
            min_max_points(column, direction).into_iter().map(|z| z.unwrap_or(f64::NAN) / 100.0).collect()
        }
        _ => column.iter().map(scaled).collect(),
    }
}

/// The score of every row.
fn scores(combine: Combine, weights: &[f64], points: &[Vec<f64>]) -> Vec<f64> {
    (0..points[0].len())
        .map(|row| {
            let row: Vec<Option<f64>> = points.iter().map(|column| Some(column[row])).collect();
            combined(combine, weights, &row)
        })
        .collect()
}

/// TOPSIS with the best and worst value of each column as ideal and anti-ideal. The engine measures distances to 100 and
/// 0 points, so min-max turns the values into points z, and each weight is multiplied by the range of its column: w (best
/// − x) = w (best − worst) (100 − z)/100. Closeness does not change when all distances are scaled alike.
fn topsis(weights: &[f64], columns: &[Vec<f64>]) -> Vec<f64> {
    let (points, weights): (Vec<Vec<f64>>, Vec<f64>) = columns
        .iter()
        .zip(weights)
        .map(|(column, w)| {
            let points = min_max_points(column, Direction::More).into_iter().map(Option::unwrap).collect();
            let best = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let worst = column.iter().copied().fold(f64::INFINITY, f64::min);
            (points, w * (best - worst))
        })
        .unzip();
    scores(Combine::Topsis, &weights, &points).into_iter().map(|score| score / 100.0).collect()
}

/// The weighted product of positive values. Points below 1 count as 1, so values are scaled to lie between 1 and 100; as
/// the weights sum to 1, the product is scaled by the same factor.
fn weighted_product(weights: &[f64], columns: &[Vec<f64>]) -> Vec<f64> {
    let least = columns.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let points: Vec<Vec<f64>> =
        columns.iter().map(|column| column.iter().map(|x| x / least).collect()).collect();
    assert!(points.iter().flatten().all(|z| (1.0..100.0).contains(z)), "{points:?}");
    scores(Combine::WeightedProduct, weights, &points).into_iter().map(|score| score * least).collect()
}

/// What the engine computes for a case; `None` for a method that it does not have.
fn computed(case: &Value, method: &str, columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let directions = directions(case, columns.len());
    let equal = || vec![1.0 / columns.len() as f64; columns.len()];
    let weights = case.get("weights").map_or_else(equal, floats);
    let on = |default: &str| -> Vec<Vec<f64>> {
        let normalisation = case.get("normalisation").and_then(Value::as_str).unwrap_or(default);
        let pairs = columns.iter().zip(&directions);
        pairs.map(|(column, direction)| normalised(normalisation, column, *direction)).collect()
    };
    Some(match method {
        "entropy" => Scheme::Entropy.weigh(columns).weights,
        "critic" => {
            // Cost criteria are turned round by changing their sign: rescaled to 0 … 1, a value becomes (max − x)/(max −
            // min).
            let turned: Vec<Vec<f64>> = columns
                .iter()
                .zip(&directions)
                .map(|(column, direction)| match direction {
                    Direction::More => column.clone(),
                    Direction::Less => column.iter().map(|x| -x).collect(),
                })
                .collect();
            Scheme::Critic.weigh(&turned).weights
        }
        "std" => Scheme::StandardDeviation.weigh(&on("none")).weights,
        "topsis" => topsis(&weights, &on("vector")),
        "weighted_sum" | "weighted sum" | "wsm" | "saw" => {
            scores(Combine::WeightedSum, &weights, &on("minmax"))
        }
        "weighted_product" | "weighted product" | "wpm" => weighted_product(&weights, &on("sum")),
        _ => return None,
    })
}

/// Whether a value rounds to the printed one. A number printed with fewer than three decimals is taken to have three.
fn is_printed(value: f64, printed: f64) -> bool {
    let text = printed.to_string();
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len()).max(3) as i32;
    (value - printed).abs() <= 0.5001 * 10f64.powi(-digits)
}

fn pairwise_weights_are_printed(case: &Value) {
    let rows: Vec<Vec<f64>> = case["matrix"].as_array().unwrap().iter().map(floats).collect();
    ahp::check(&rows, rows.len()).unwrap();
    let judged = ahp::judge(&rows, ahp::Variant::Eigenvector);
    let printed: Vec<f64> = match case.get("labels").and_then(Value::as_array) {
        Some(labels) => labels
            .iter()
            .map(|label| case["expected_weights"][label.as_str().unwrap()].as_f64().unwrap())
            .collect(),
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
                pairwise_weights_are_printed(case);
                tried += 1;
                continue;
            }
            let Some(found) = computed(case, method, &columns(case)) else {
                let line = format!("SKIPPED: {}: the engine has no {method}\n", case["name"]);
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

/// Numbers in [0, 1) from a seed (splitmix64), as independent/compute.py draws them.
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
    // As in the script, the second column is made of u itself and not of its level.
    KendallOrder::of(&a).tau_b(&b)
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
    // Energy, on-time rate and incidents of 1,000 customers, 95 % of whom have no incident: scikit-criteria gives the
    // incidents a weight of 0.866, and pymcdm refuses the zeros.
    let mut numbers = Numbers(77);
    let mut column = |f: fn(f64) -> f64| -> Vec<f64> { numbers.by_ref().take(1000).map(f).collect() };
    let columns = [
        column(|u| (8.0 + 2.0 * (u - 0.5)).exp()),
        column(|u| 0.9 + 0.1 * u),
        column(|u| {
            if u < 0.951 {
                0.0
            } else if u < 0.9988 {
                1.0
            } else {
                2.0
            }
        }),
    ];
    let found = Scheme::Entropy.weigh(&columns);
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
        assert_eq!(Scheme::Entropy.weigh(&columns).guards, [None, guard, None]);
        for scheme in Scheme::ALL {
            let weights = scheme.weigh(&columns).weights;
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{weights:?}");
            assert!(weights[0] > 0.0 && weights[2] > 0.0, "the sound columns keep theirs: {weights:?}");
        }
        let points = columns.each_ref().map(|column| min_max_points(column, Direction::More));
        for row in 0..100 {
            let row = points.each_ref().map(|points| points[row]);
            let score = combined(Combine::Topsis, &[0.3, 0.3, 0.4], &row);
            assert!((0.0..=100.0).contains(&score), "{score}");
        }
    }
}
