//! Tests of lines and samples, and of variations that cannot change the order.

use super::*;
use crate::word::Word;

fn ranked(strata: &[u32]) -> Vec<Ranked> {
    let mut ranks = BTreeMap::new();
    let one = |(number, &stratum): (usize, &u32)| {
        let rank = ranks.entry(stratum).or_insert(0u64);
        *rank += 1;
        Ranked {
            number: number as u32,
            stratum,
            rank: *rank,
            score_e6: 0,
            computed: Tier::Grade2,
            vetoed: false,
        }
    };
    strata.iter().enumerate().map(one).collect()
}

#[test]
fn a_sample_takes_every_part_of_each_ranking() {
    let strata: Vec<u32> = (0..10_000).map(|number| u32::from(number % 10 == 0)).collect();
    let ranked = ranked(&strata);
    let taken = sample(&ranked, 2, 1_000);
    let sampled_of = |stratum: u32| taken.iter().filter(|&&row| ranked[row].stratum == stratum).count();
    assert_eq!((sampled_of(0), sampled_of(1)), (900, STRATUM_SAMPLE_MIN));
    let best = taken.iter().filter(|&&row| ranked[row].stratum == 0 && ranked[row].rank <= 900).count();
    assert_eq!(best, 90, "the best tenth of the ranking gives a tenth of the sample");
    assert_eq!(sample(&ranked, 2, 10_000).len(), 10_000);
}

#[test]
fn lines_are_drawn_by_the_quotas() {
    let method = Method::preset("paper").unwrap().unwrap();
    let mut scores: Vec<ScoreAndRank> =
        (0..100).map(|score| (f64::from(score), 100 - score as u64)).collect();
    let found = lines(&mut scores, &method, "all", Combine::WeightedSum);
    assert_eq!(found, [(90.0, 10), (60.0, 40), (10.0, 90)]);
    assert_eq!([95.0, 90.0, 60.0, 59.0, 9.0].map(|score| below(&found, (score, 1))), [0, 0, 1, 2, 3]);
    assert_eq!(lines(&mut [(1.0, 1)], &method, "all", Combine::WeightedSum)[2], (1.0, 1));
}

#[test]
fn equal_scores_at_a_line_go_as_the_method_says() {
    let mut method = Method::preset("paper").unwrap().unwrap();
    // Of twenty customers, the second to the fifth have equal scores, and the first line falls among these.
    let score = |rank: u64| match rank {
        1 => 60.0,
        2..=5 => 50.0,
        _ => 40.0 - rank as f64,
    };
    let scores: Vec<ScoreAndRank> = (1..=20).map(|rank| (score(rank), rank)).collect();
    for (ties, special) in [(Ties::Break, 2), (Ties::Up, 5), (Ties::Down, 1)] {
        method.ties = ties;
        let found = lines(&mut scores.clone(), &method, "all", Combine::WeightedSum);
        let best = scores.iter().filter(|line| below(&found, **line) == 0).count();
        assert_eq!(best, special, "{ties:?}");
    }
}

#[test]
fn weights_drawn_very_close_to_the_methods_change_nothing() {
    let text = crate::method::PRESETS[0]
        .1
        .replace("[limits]", "[checks]\nconcentration = 1e6\ndraws = 100\n[limits]");
    let method = Method::parse("m.toml", &text).unwrap();
    let columns: Vec<IndicatorColumn> = (0..method.indicators.len())
        .map(|place| {
            (0..200)
                .map(|number| IndicatorValue::Known(((number * (place + 7)) % 199) as f64 / 199.0))
                .collect()
        })
        .collect();
    let scores = crate::fixture::scored(200, &columns, &method);
    let mut order: Vec<usize> = (0..200).collect();
    order.sort_by_key(|&at| -scores.score_e6(at).unwrap());
    let mut ranked = ranked(&[0; 200]);
    for (rank, &at) in order.iter().enumerate() {
        let place = method.lines.boundaries("all").iter().filter(|&&c| rank >= 2 * c as usize).count();
        ranked[at].rank = rank as u64 + 1;
        ranked[at].computed = Tier::ALL[place];
        ranked[at].score_e6 = scores.score_e6(at).unwrap();
    }
    let strata = ["all".to_owned()];
    let study = Study::new(&method, &scores.parameters, &columns, &ranked, &strata);
    let drawn = study.draw(&|_, _, _| {});
    assert!(drawn.draws.iter().all(|(_, compared)| compared.tau_b.unwrap() > 0.98));
    let sure = (0..200).filter(|&row| drawn.probability(row, ranked[row].computed) > 0.8).count();
    assert!(sure > 190, "{sure}");
    assert!(drawn.counts.iter().all(|counts| counts.iter().sum::<u32>() == 100));
    let by = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| study.draw(&|_, _, _| {}).counts)
    };
    assert_eq!(by(1), by(3));
    let without = study.leave_one_out(&|_, _, _| {});
    assert_eq!(without.len(), 16);
    assert!(without.iter().any(|(_, compared)| compared.changed > 0.0));
    let methods: Vec<Combine> = study.methods().into_iter().map(|(how, _)| how).collect();
    assert_eq!(methods, [Combine::WeightedProduct, Combine::Topsis, Combine::GreyRelational]);
}

/// Draws must use the arithmetic by which cycles are graded.
#[test]
fn a_study_scores_as_a_grading_does_in_every_bit() {
    let mut method = Method::preset("paper").unwrap().unwrap();
    let value = |number: usize, place: usize| match (number * 5 + place * 3) % 11 {
        0 => IndicatorValue::NotApplicable,
        1 => IndicatorValue::Unknown,
        x => IndicatorValue::Known((number * (place + 3) % 17) as f64 * x as f64 / 40.0),
    };
    let columns: Vec<IndicatorColumn> = (0..method.indicators.len())
        .map(|place| (0..100).map(|number| value(number, place)).collect())
        .collect();
    let ranked = ranked(&[0; 100]);
    let strata = ["all".to_owned()];
    for &how in Combine::ALL {
        method.combine = how;
        let scores = crate::fixture::scored(100, &columns, &method);
        let study = Study::new(&method, &scores.parameters, &columns, &ranked, &strata);
        let scoring = study.scoring(how, &scores.parameters.weights, None);
        let points = study.transformed(how, &study.prepared());
        for (row, z) in points.chunks(study.places().len()).enumerate() {
            let values: Vec<IndicatorValue> = columns.iter().map(|column| column.get(row)).collect();
            let scored = crate::score::score_row(&method, &scores.parameters, &values);
            let graded = crate::score::combine::combined(how, &scored.weights, &scored.points);
            let tried = crate::score::combine::finished(how, scoring.score(study.pattern[row], z));
            assert_eq!(tried.to_bits(), graded.to_bits(), "{how:?}");
        }
    }
}
