//! Degenerate matrices have a defined result, and the guards that applied are reported.

use super::*;
use crate::word::Word;

fn splitmix(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn draws(seed: u64, rows: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut state = seed;
    (0..rows).map(|_| f(splitmix(&mut state))).collect()
}

fn whole(weights: &[f64]) -> bool {
    (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12 && weights.iter().all(|w| (0.0..=1.0).contains(w))
}

#[test]
fn a_rare_event_never_gets_more_than_an_equal_share() {
    // The columns are energy, on-time rate, and incidents that one customer in twenty has. The textbook's entropy weights
    // would give the incidents 87 %.
    let columns = vec![
        draws(1, 1000, |u| libm::exp(8.0 + 2.0 * (u - 0.5))),
        draws(2, 1000, |u| 0.9 + 0.1 * u),
        draws(3, 1000, |u| if u < 0.95 { 0.0 } else { 1.0 }),
    ];
    for scheme in Scheme::ALL {
        let found = scheme.weigh(&columns);
        assert_eq!(found.guards, [None, None, Some(Guard::Sparse)]);
        assert!(found.weights[2] <= 1.0 / 3.0 + 1e-12 && whole(&found.weights), "{found:?}");
    }
}

#[test]
fn one_bad_column_does_not_spoil_the_others() {
    let good = || [draws(4, 50, |u| 1.0 + u), draws(5, 50, |u| 2.0 + 3.0 * u * u)];
    let cases = [
        (vec![0.0; 50], Guard::AllZero),
        (vec![7.0; 50], Guard::Constant),
        ((0..50).map(|row| if row == 9 { 3.0 } else { f64::NAN }).collect(), Guard::NearlyEmpty),
    ];
    for (bad, guard) in cases {
        let [a, b] = good();
        let columns = vec![a, bad, b];
        let without = vec![columns[0].clone(), columns[2].clone()];
        for scheme in Scheme::ALL {
            let (with, without) = (scheme.weigh(&columns), scheme.weigh(&without));
            assert_eq!(with.guards, [None, Some(guard), None]);
            assert_eq!(with.weights[1], 0.0);
            assert!((with.weights[0] - without.weights[0]).abs() < 1e-12 && whole(&with.weights));
        }
    }
}

#[test]
fn a_column_that_most_rows_lack_takes_no_more_than_an_equal_share() {
    let sparse = (0..100).map(|row| if row % 5 == 0 { f64::from(row * row) } else { f64::NAN }).collect();
    let columns = vec![draws(9, 100, |u| 5.0 + u), sparse, draws(10, 100, |u| 5.0 + u)];
    for scheme in Scheme::ALL {
        let found = scheme.weigh(&columns);
        assert_eq!(found.guards, [None, Some(Guard::PartlyEmpty), None]);
        assert!(found.weights[1] <= 1.0 / 3.0 + 1e-12 && whole(&found.weights), "{found:?}");
    }
}

#[test]
fn a_negative_value_takes_no_weight_from_other_columns() {
    let [mut a, b] = [draws(6, 40, |u| 1.0 + u), draws(7, 40, |u| 1.0 + u)];
    a[3] = -0.5;
    let found = Scheme::Entropy.weigh(&[a.clone(), b.clone()]);
    assert_eq!((found.weights, found.guards), (vec![0.0, 1.0], vec![Some(Guard::Negative), None]));
    assert!(Scheme::Critic.weigh(&[a, b]).guards.iter().all(Option::is_none));
}

#[test]
fn a_missing_value_does_not_turn_weights_into_nan() {
    let columns = vec![vec![1.0, f64::NAN, 3.0, 2.0], vec![4.0, 5.0, 6.0, 1.0]];
    for scheme in Scheme::ALL {
        assert!(scheme.weigh(&columns).weights.iter().all(|w| w.is_finite()));
    }
}

#[test]
fn columns_that_tell_no_rows_apart_weigh_the_same() {
    let flat = vec![vec![3.0; 5], vec![0.0; 5]];
    for scheme in Scheme::ALL {
        assert_eq!(scheme.weigh(&flat).weights, [0.5, 0.5]);
        assert_eq!(scheme.weigh(&[]).weights, Vec::<f64>::new());
    }
}

#[test]
fn the_resulting_weights_respect_their_limits() {
    let w = bounded(&[0.8, 0.15, 0.05], &[0.0, 0.0, 0.1], &[0.5, 1.0, 1.0]);
    assert!((w[0] - 0.5).abs() < 1e-12 && w[2] >= 0.1 - 1e-12 && whole(&w), "{w:?}");
    assert!((w[1] / w[2] - 3.0).abs() < 1e-9, "weights that are not at a limit keep their proportion: {w:?}");
    let w = bounded(&[1.0, 0.0, 0.0], &[0.0; 3], &[0.4, 1.0, 1.0]);
    assert!((w[0] - 0.4).abs() < 1e-12 && (w[1] - 0.3).abs() < 1e-12 && whole(&w), "{w:?}");
    let w = bounded(&[0.2, 0.3, 0.5], &[0.0; 3], &[1.0; 3]);
    assert!(w.iter().zip([0.2, 0.3, 0.5]).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn sums_have_the_same_bits_for_any_number_of_threads() {
    let x = draws(8, 100_000, |u| libm::exp(30.0 * (u - 0.5)));
    let by = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| sum(x.len(), |row| [x[row], x[row] * x[row]]))
    };
    assert_eq!(by(1), by(3));
}

/// An event in every fifth row is not rare by count, but would still take nine tenths of the weight.
#[test]
fn under_entropy_an_event_column_never_takes_more_than_an_equal_share() {
    for every in [2, 3, 5, 9, 20] {
        let event: Vec<f64> = (0..1000).map(|row| f64::from(u8::from(row % every == 0))).collect();
        let columns = vec![event, draws(21, 1000, |u| 0.7 + 0.3 * u), draws(22, 1000, |u| 5.0 + u)];
        let found = Scheme::Entropy.weigh(&columns);
        assert_eq!(found.guards[0], Some(Guard::Sparse), "one row in {every}");
        assert!(found.weights[0] <= 1.0 / 3.0 + 1e-12, "one row in {every}: {:?}", found.weights);
    }
}
