//! Tests of so many customers that quantiles begin with a sample, with gaps between their numbers and in the last blocks.

use super::*;
use crate::method::Scale;
use crate::score::logarithm::transformed;
use crate::score::normalise::FittedKind;

const PEOPLE: usize = 50_003;

struct Many {
    method: Method,
    columns: Vec<IndicatorColumn>,
    numbers: Vec<u32>,
    short_history: Vec<bool>,
}

impl Many {
    /// Every seventh customer is closed and every fifth new; an indicator has no weight.
    fn new(how: Combine) -> Self {
        let mut method = paper_with(&[]);
        (method.combine, method.min_known_weight) = (how, 0.4);
        method.indicators[2].weight = None;
        let columns = made(PEOPLE, method.indicators.len(), 9);
        let numbers: Vec<u32> = (0..PEOPLE as u32).filter(|number| number % 7 != 3).collect();
        let short_history = numbers.iter().map(|number| number % 5 == 1).collect();
        Self { method, columns, numbers, short_history }
    }

    fn judged_by(&self, vectors: Vectors) -> Scores {
        let population = Population {
            numbers: self.numbers.clone(),
            short_history: &self.short_history,
            delivered: vec![true; self.columns.len()],
            groups: Groups::one(),
        };
        judge_by(vectors, population, &self.columns, &self.method)
    }
}

fn assert_same_bits(a: Scores, b: &Scores) {
    assert_eq!(a.points_e6, b.points_e6);
    assert_eq!(a.provisional, b.provisional);
    assert_eq!(a.parameters, b.parameters);
    assert_eq!(a.ranked_known, b.ranked_known);
    assert_eq!(bits(a.influence), bits(b.influence.clone()));
}

#[test]
fn the_bits_are_the_same_with_all_vectors_that_the_processor_has() {
    for &how in Combine::ALL {
        let many = Many::new(how);
        let mut all = Vectors::all().map(|vectors| many.judged_by(vectors));
        let baseline = all.next().unwrap();
        all.for_each(|wide| assert_same_bits(wide, &baseline));
    }
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    let many = Many::new(Combine::WeightedSum);
    let by = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| many.judged_by(Vectors::widest()))
    };
    assert_same_bits(by(3), &by(1));
}

#[test]
fn marks_are_the_quantiles_of_a_sort_of_the_ranked_customers() {
    let mut many = Many::new(Combine::WeightedSum);
    for is_everybody_ranked in [false, true] {
        if is_everybody_ranked {
            many.method.min_known_weight = 0.0;
            many.short_history.fill(false);
        }
        let scores = many.judged_by(Vectors::widest());
        assert_eq!(scores.ranked().count() == many.numbers.len(), is_everybody_ranked);
        for (place, spec) in many.method.indicators.iter().enumerate() {
            let Some(Normalise::MinMax(transform, Scale::Quantiles(low, high))) = spec.normalise else {
                continue;
            };
            let ranked = scores.ranked().map(|at| many.numbers[at] as usize);
            let known = ranked.filter_map(|number| many.columns[place].known(number));
            let mut sorted: Vec<f64> = known.map(|x| transformed(transform, x)).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let expected = [low, high].map(|q| {
                let h = (sorted.len() - 1) as f64 * q;
                let k = h.floor() as usize;
                sorted[k] + (h - k as f64) * (sorted[k + 1] - sorted[k])
            });
            match scores.parameters.fitted[place].as_ref().map(|fitted| &fitted.kind) {
                Some(FittedKind::MinMax { lo, hi, .. }) => {
                    assert_eq!([lo, hi].map(|mark| mark.to_bits()), expected.map(f64::to_bits), "{place}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
