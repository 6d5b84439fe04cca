//! Tests of weights with gaps, and of who is provisional.

mod many;

use proptest::prelude::*;

use super::weigh::effective;
use super::*;
use crate::contract::Table;
use crate::indicator::{self, INDICATORS};
use crate::memory::MemorySource;
use crate::meter::ReadingDetail;
use crate::method::{Combine, Normalise, NormaliseWithin, PRESETS, Unknowns};
use crate::unit::{Window, round_half_away};
use crate::word::Word;

fn paper_with(changes: &[(&str, &str)]) -> Method {
    let text = changes.iter().fold(PRESETS[0].1.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Method::parse("m.toml", &text).unwrap()
}

/// Values of the paper's method: `known` by id, all others as given.
fn row(method: &Method, known: &[(&str, f64)], others: IndicatorValue) -> Vec<IndicatorValue> {
    let value = |id: &str| {
        known.iter().find(|(known, _)| *known == id).map_or(others, |(_, x)| IndicatorValue::Known(*x))
    };
    method.indicators.iter().map(|spec| value(&spec.id)).collect()
}

/// Parameters fitted to one customer who has every value, so that goalposts and knots apply.
fn fitted(method: &Method) -> Parameters {
    let column: IndicatorColumn = [IndicatorValue::Known(0.0)].into_iter().collect();
    let one = RankedValues::new(&column, &[0]);
    let fit = |spec: &crate::method::Spec| {
        Some(Fitted::fit(spec.normalise.as_ref()?, spec.direction, one, 1, spec.base))
    };
    Parameters {
        fitted: method.indicators.iter().map(fit).collect(),
        weights: method.indicators.iter().map(|spec| spec.weight).collect(),
        delivered: vec![true; method.indicators.len()],
        strata: Vec::new(),
    }
}

#[test]
fn weights_of_indicators_that_are_left_out_go_to_siblings_level_by_level() {
    let method = paper_with(&[]);
    let values =
        row(&method, &[("on_time_payment", 0.5), ("sensitivity", 1.0)], IndicatorValue::NotApplicable);
    let scored = score_row(&method, &fitted(&method), &values);
    // Contribution has only standing, compliance has only payment, and cooperation is left out. Standing is 0.15 of
    // contribution, which therefore enters with 2 × 0.15 of its weight. Of payment 0.6 is known, so it enters whole;
    // that is 0.35 × 0.6 = 0.21 of compliance, which therefore enters with 0.42.
    let (contribution, compliance) = (0.5396 * 0.3, 0.2970 * 0.42);
    let expected = (contribution * 100.0 + compliance * 50.0) / (contribution + compliance);
    assert!((scored.score.unwrap() - expected).abs() < 1e-9);
    assert_eq!(scored.dimensions, [Some(100.0), Some(50.0), None]);
    assert!((scored.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

/// The effective weights of a customer who lacks some indicators of the paper's method.
fn weights_without(missing: &[&str], limit: f64) -> impl Fn(&str) -> f64 {
    let mut method = paper_with(&[]);
    method.reweight_limit = crate::method::ReweightLimit(limit);
    let weights: Vec<Option<crate::method::Weight>> =
        method.indicators.iter().map(|spec| spec.weight).collect();
    let points: Vec<Option<f64>> =
        method.indicators.iter().map(|spec| (!missing.contains(&spec.id.as_str())).then_some(0.0)).collect();
    let (weights, _) = effective(&weights, &points, method.reweight_limit);
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    move |id| weights[method.indicators.iter().position(|spec| spec.id == id).unwrap()]
}

#[test]
fn two_suggestions_do_not_get_the_whole_weight_of_cooperation() {
    let never_asked = ["policy_fulfilment", "work_fulfilment"];
    // Suggestions are 0.2 of cooperation, which therefore enters with 2 × 0.2 of its weight: 0.06536 of 0.90196.
    let weight = weights_without(&never_asked, 2.0);
    assert!((weight("suggestion_points") - 0.06536 / 0.90196).abs() < 1e-12);
    assert!((weight("sensitivity") - 0.15 * 0.5396 / 0.90196).abs() < 1e-12);
    // Without a limit, cooperation enters with its whole weight.
    assert!((weights_without(&never_asked, 0.0)("suggestion_points") - 0.1634).abs() < 1e-12);
    // If policies were asked for, 0.6 of cooperation is known: it enters whole, and its groups share its weight 2 : 1.
    let weight = weights_without(&["work_fulfilment"], 2.0);
    assert!((weight("suggestion_points") - 0.1634 / 3.0).abs() < 1e-12);
}

#[test]
fn a_group_of_which_little_is_known_enters_its_dimension_with_a_part_of_its_weight() {
    // Half of the energy mix is known: with limit 2 the group enters whole, with limit 1.5 it enters with 0.75 of 0.10.
    let missing = ["total_energy_use"];
    assert!((weights_without(&missing, 2.0)("replaceable_share") - 0.5396 * 0.10).abs() < 1e-12);
    let weight = weights_without(&missing, 1.5);
    assert!((weight("replaceable_share") - 0.5396 * 0.075 / 0.975).abs() < 1e-12);
    assert!((weight("sensitivity") - 0.5396 * 0.15 / 0.975).abs() < 1e-12);
    // Of contribution 0.95 is known, so it enters whole.
    assert!((weight("suggestion_points") - 0.1634 * 0.2).abs() < 1e-12);
    // Only energy is known: it is 0.4 of the group current, which enters with 0.8 of its weight and has no sibling in
    // the dimension; 0.55 × 0.4 = 0.22 of contribution is known, which enters with 0.44. Compliance and cooperation
    // enter whole.
    let missing = [
        "annual_revenue",
        "average_price",
        "energy_growth",
        "total_energy_use",
        "replaceable_share",
        "sensitivity",
    ];
    let contribution = 0.5396 * 0.44;
    let expected = contribution / (contribution + 0.2970 + 0.1634);
    assert!((weights_without(&missing, 2.0)("annual_energy") - expected).abs() < 1e-12);
}

#[test]
fn indicators_without_delivered_data_make_nobody_provisional() {
    let covered = [("full", 0..36)];
    // Only readings were delivered: energy and growth of 0.1187 + 0.1079, sensitivity of 0.0809. All of these are
    // known.
    let (computed, _) = scored(&covered, &paper_with(&[]));
    assert_eq!((computed.provisional[0], computed.known_weight(0)), (None, 1.0));
    let delivered: Vec<&str> = paper_with(&[])
        .indicators
        .iter()
        .zip(&computed.parameters.delivered)
        .filter(|(_, delivered)| **delivered)
        .map(|(spec, _)| spec.id.as_str().to_owned())
        .map(|id| INDICATORS.iter().find(|entry| entry.id == id).unwrap().id)
        .collect();
    assert_eq!(delivered, ["annual_energy", "energy_growth", "sensitivity"]);
}

#[test]
fn an_unknown_is_left_out_or_worst_or_neutral_and_never_a_silent_zero() {
    let known = [("policy_fulfilment", 1.0)];
    let score_of = |unknown: &str| {
        let method = paper_with(&[("unknown = \"reweight\"", &format!("unknown = \"{unknown}\""))]);
        let values = row(&method, &known, IndicatorValue::Unknown);
        score_row(&method, &fitted(&method), &values).score.unwrap()
    };
    let weight = 0.1634 * 0.4;
    assert_eq!(score_of("reweight"), 100.0);
    assert!((score_of("worst") - 100.0 * weight).abs() < 1e-9);
    assert!((score_of("neutral") - (100.0 * weight + 50.0 * (1.0 - weight))).abs() < 1e-9);
}

#[test]
fn without_known_indicators_there_is_no_score() {
    let method = paper_with(&[]);
    let scored = score_row(&method, &fitted(&method), &row(&method, &[], IndicatorValue::Unknown));
    assert_eq!((scored.score, scored.dimensions), (None, [None; 3]));
}

const WINDOW: Window = Window { end: Month(54 * 12), months: 36 };

/// Scores customers whose monthly readings cover the given months of the window.
fn scored(covered: &[(&str, Range<usize>)], method: &Method) -> (Scores, Vec<IndicatorColumn>) {
    let ids: Vec<&str> = covered.iter().map(|(id, _)| *id).collect();
    let reading = |id: &str, month: usize| format!("{id}|{}-01|10", WINDOW.month(month));
    let rows: Vec<String> =
        covered.iter().flat_map(|(id, months)| months.clone().map(|month| reading(id, month))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source = MemorySource::default().customers(&ids).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh",
        &rows,
    );
    let facts = crate::fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
    let columns = indicator::compute(&facts, method.wanted()).unwrap();
    (score(&facts, &columns, method, None), columns)
}

#[test]
fn short_history_and_little_known_weight_make_a_customer_provisional() {
    let covered = [("full", 0..36), ("late", 30..36), ("never", 0..0), ("early", 0..11)];
    let (computed, _) = scored(&covered, &paper_with(&[]));
    // The customers by id are early, full, late and never.
    let why: Vec<Option<&str>> = computed.provisional.iter().map(|why| why.map(Provisional::code)).collect();
    assert_eq!(why, [Some("short_history"), None, Some("short_history"), Some("short_history")]);
    let firm: Vec<Option<String>> =
        (0..4).map(|at| computed.firm_from.get(&at).map(Month::to_string)).collect();
    // Customer early loses a covered month for each new month, until all eleven are gone.
    assert_eq!(firm, [Some("2025-01".into()), None, Some("2024-07".into()), Some("2025-01".into())]);
    // Twelve months give no growth, so 0.1996 of 0.3075 is known.
    let (strict, _) =
        scored(&[("new", 24..36)], &paper_with(&[("min_known_weight = 0.5", "min_known_weight = 0.7")]));
    assert_eq!(strict.provisional, [Some(Provisional::LowKnownWeight)]);
    assert!((strict.known_weight(0) - (0.22 + 0.15) / (0.22 + 0.20 + 0.15)).abs() < 1e-12);
}

#[test]
fn a_known_weight_at_the_limit_passes() {
    assert_eq!(provisional(false, 0.5 - 1e-13, &paper_with(&[])), None);
    assert_eq!(provisional(false, 0.5 - 1e-11, &paper_with(&[])), Some(Provisional::LowKnownWeight));
}

#[test]
fn contributions_add_up_to_the_score() {
    let lenient = paper_with(&[("min_known_weight = 0.5", "min_known_weight = 0.1")]);
    let (scores, columns) = scored(&[("a", 0..36), ("b", 6..36)], &lenient);
    let contributions = scores.contributions(&columns, &lenient, 0..2);
    for position in 0..2 {
        let sum: f64 = contributions.iter().map(|column| column[position]).sum();
        let score = scores.score_e6(position).unwrap() as f64 / 1e6;
        assert!((sum - score).abs() < 1e-6, "{sum} {score}");
    }
}

/// The results for a population, computed customer by customer and sum by sum in the slow, obvious way.
struct Obvious {
    score_e6: Vec<Option<i64>>,
    known_weight: Vec<f64>,
    provisional: Vec<bool>,
    dimensions: Vec<[Option<f64>; 3]>,
    /// For each customer, the contribution of each indicator.
    contributions: Vec<Vec<f64>>,
    influence: Vec<Option<f64>>,
}

fn obvious(scores: &Scores, short: &[bool], columns: &[IndicatorColumn], method: &Method) -> Obvious {
    let rows: Vec<Vec<IndicatorValue>> = scores
        .population
        .iter()
        .map(|&number| columns.iter().map(|column| column.get(number as usize)).collect())
        .collect();
    let known_weight: Vec<f64> = rows
        .iter()
        .map(|row| {
            let weight = |is_in: fn(&IndicatorValue) -> bool| {
                let each = method.indicators.iter().zip(row).filter(|(_, value)| is_in(value));
                each.filter_map(|(spec, _)| spec.weight).fold(0.0, |sum, weight| sum + weight.nominal())
            };
            let applicable = weight(|value| *value != IndicatorValue::NotApplicable);
            if applicable > 0.0 { weight(|value| value.known().is_some()) / applicable } else { 0.0 }
        })
        .collect();
    let provisional: Vec<bool> = known_weight
        .iter()
        .zip(short)
        .map(|(known, &short)| short || *known < method.min_known_weight - WEIGHT_TOLERANCE)
        .collect();
    let all: Vec<Scored> = rows.iter().map(|row| score_row(method, &scores.parameters, row)).collect();
    let ranked: Vec<&Scored> =
        all.iter().zip(&provisional).filter(|(_, why)| !**why).map(|(row, _)| row).collect();
    let score = |row: usize| ranked[row].contributions.iter().sum::<f64>();
    let mean = mcda::sum(ranked.len(), |row| [score(row)])[0] / ranked.len() as f64;
    let off = |row: usize| score(row) - mean;
    let variance = mcda::sum(ranked.len(), |row| [off(row) * off(row)])[0];
    let published = |row: &&Scored| row.score.map(|score| round_half_away(score * 1e6));
    let varies = ranked.iter().any(|row| published(row) != published(&ranked[0]));
    let influence = (0..columns.len()).map(|place| {
        scores.parameters.weights[place]?;
        let together = mcda::sum(ranked.len(), |row| [ranked[row].contributions[place] * off(row)])[0];
        (varies && variance > 0.0).then(|| together / variance)
    });
    Obvious {
        influence: influence.collect(),
        score_e6: all.iter().map(|row| published(&row)).collect(),
        known_weight,
        provisional,
        dimensions: all.iter().map(|row| row.dimensions).collect(),
        contributions: all.into_iter().map(|row| row.contributions).collect(),
    }
}

/// Values many of which are equal, with gaps in patterns; different for every seed. Nothing is known about some customers.
fn made(people: usize, indicators: usize, seed: u64) -> Vec<IndicatorColumn> {
    let draw = |number: usize, place: usize| {
        let mut x = (number as u64 * 64 + place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (seed << 1));
        x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (x ^ (x >> 29)) >> 11
    };
    let value = |number: usize, place: usize| {
        let x = draw(number, place) as f64 / (1u64 << 53) as f64;
        match draw(number, place + 32) % 8 {
            _ if number % 11 == 6 => IndicatorValue::Unknown,
            0 => IndicatorValue::NotApplicable,
            1 => IndicatorValue::Unknown,
            2..=4 => IndicatorValue::Known((x * 6.0).floor() / 5.0),
            5 => IndicatorValue::Known(-x),
            _ => IndicatorValue::Known((x * 14.0).exp()),
        }
    };
    (0..indicators).map(|place| (0..people).map(|number| value(number, place)).collect()).collect()
}

fn bits(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Option<u64>> {
    values.into_iter().map(|x| x.map(f64::to_bits)).collect()
}

/// Asserts that blocks and rows agree in every bit, with every seventh customer closed and every fifth new. Depending on
/// the seed, one or two indicators have no weight, and customers about whom nothing is known are ranked.
fn blocks_and_rows_agree(people: usize, seed: u64, how: Combine, unknown: Unknowns) {
    let mut method = paper_with(&[]);
    (method.combine, method.unknown) = (how, unknown);
    method.min_known_weight = if seed % 4 < 2 { 0.4 } else { 0.0 };
    for place in [2, 5].into_iter().take((seed % 3) as usize) {
        method.indicators[place].weight = None;
    }
    let columns = made(people, method.indicators.len(), seed);
    let population: Vec<u32> = (0..people as u32).filter(|number| people < 300 || number % 7 != 3).collect();
    let short: Vec<bool> = population.iter().map(|number| number % 5 == 1).collect();
    let delivered = vec![true; columns.len()];
    let groups = Groups::one();
    let population = Population { numbers: population, short_history: &short, delivered, groups };
    let scores = judge(population, &columns, &method);
    let expected = obvious(&scores, &short, &columns, &method);
    let all = 0..scores.population.len();
    assert_eq!(all.clone().map(|at| scores.score_e6(at)).collect::<Vec<_>>(), expected.score_e6);
    assert!(people <= 6 || expected.score_e6.contains(&None), "customers about whom nothing is known");
    let why: Vec<bool> = scores.provisional.iter().map(Option::is_some).collect();
    assert_eq!(why, expected.provisional);
    // One is computed in one pass and the other in two, so the last digits may differ.
    for (computed, expected) in scores.influence.iter().zip(&expected.influence) {
        assert_eq!(computed.is_some(), expected.is_some());
        assert!(
            (computed.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-9,
            "{computed:?} {expected:?}"
        );
    }
    assert_eq!(all.clone().map(|at| scores.known_weight(at)).collect::<Vec<_>>(), expected.known_weight);
    let own = scores.dimensions(&columns, &method, all.clone());
    assert_eq!(bits(own.into_iter().flatten()), bits(expected.dimensions.into_iter().flatten()));
    // The same must hold for a range that begins anywhere.
    let stretch = all.end / 3..all.end;
    let parts = scores.contributions(&columns, &method, stretch.clone());
    for at in stretch.clone() {
        let computed = parts.iter().map(|column| Some(column[at - stretch.start]));
        assert_eq!(bits(computed), bits(expected.contributions[at].iter().copied().map(Some)));
    }
    let known = |place: usize| {
        let ranked =
            scores.ranked().filter(|&at| columns[place].known(scores.population[at] as usize).is_some());
        ranked.count() as u64
    };
    assert_eq!(scores.ranked_known, (0..columns.len()).map(known).collect::<Vec<_>>());
}

/// Customers of the groups a, b and c in turn; c is small.
fn in_groups(people: usize) -> Groups {
    let numbers = (0..people).map(|number| if number % 50 == 0 { 2 } else { (number % 2) as u32 });
    Groups { names: ["a", "b", "c"].map(str::to_owned).to_vec(), numbers: numbers.collect() }
}

/// Whether a customer of [`in_groups`] is in stratum b.
fn is_of_b(at: usize) -> bool {
    at % 2 == 1 || at.is_multiple_of(50)
}

fn judged_within(method: &Method, columns: &[IndicatorColumn], groups: Groups) -> Scores {
    let people = columns[0].len();
    let short: Vec<bool> = (0..people).map(|number| number % 5 == 1).collect();
    let (numbers, delivered) = ((0..people as u32).collect(), vec![true; columns.len()]);
    judge(Population { numbers, short_history: &short, delivered, groups }, columns, method)
}

#[test]
fn points_are_fitted_within_each_stratum_with_enough_known_values_and_otherwise_over_all() {
    let mut method = paper_with(&[("min_known_weight = 0.5", "min_known_weight = 0.0")]);
    method.normalise_within = NormaliseWithin::Stratum;
    method.indicators[2].normalise = Some(Normalise::Percentile);
    let mut columns = made(1_000, method.indicators.len(), 3);
    // Too few customers of group a have a known growth.
    columns[3] = (0..1_000)
        .map(|number| match number % 2 == 1 || number < 40 {
            true => IndicatorValue::Known(number as f64),
            false => IndicatorValue::Unknown,
        })
        .collect();
    for &how in Combine::ALL {
        method.combine = how;
        let scores = judged_within(&method, &columns, in_groups(1_000));
        let strata = &scores.parameters.strata;
        let names: Vec<&str> = strata.iter().map(|stratum| stratum.name.as_str()).collect();
        // Group c has 20 ranked customers and joins b, the largest stratum.
        assert_eq!(names, ["a", "b"]);
        let ranked_of_b: Vec<u32> = scores.ranked().filter(|&at| is_of_b(at)).map(|at| at as u32).collect();
        let energy = RankedValues::new(&columns[0], &ranked_of_b);
        let spec = &method.indicators[0];
        let normalise = spec.normalise.as_ref().unwrap();
        let expected = Fitted::fit(normalise, spec.direction, energy, strata[1].ranked_known[0], spec.base);
        assert_eq!(strata[1].fitted[0].as_ref(), Some(&expected));
        assert_ne!(strata[0].fitted[0], strata[1].fitted[0]);
        assert!(strata[0].fitted[3].is_none() && strata[1].fitted[3].is_some(), "growth");
        assert!(
            strata.iter().all(|stratum| stratum.fitted[6].is_none()),
            "goalposts are the same everywhere"
        );
        let contributions = scores.contributions(&columns, &method, 300..600);
        for at in 0..1_000 {
            let row: Vec<IndicatorValue> = columns.iter().map(|column| column.get(at)).collect();
            let stratum = if is_of_b(at) { "b" } else { "a" };
            let scored = score_row(&method, &scores.parameters.in_stratum(stratum), &row);
            let published = scored.score.map(|score| round_half_away(score * 1e6));
            assert_eq!(scores.score_e6(at), published, "{how:?} {at}");
            if (300..600).contains(&at) {
                let computed = contributions.iter().map(|column| Some(column[at - 300]));
                assert_eq!(bits(computed), bits(scored.contributions.into_iter().map(Some)));
            }
        }
    }
}

#[test]
fn one_stratum_is_fitted_as_the_whole_population_and_so_are_weights_from_the_data() {
    let data = "items = [\"contribution\", \"compliance\", \"cooperation\"]\nby = \"entropy\"\n";
    let (start, rest) = PRESETS[0].1.split_once("[weights]\n").unwrap();
    let rest = &rest[rest.find("\n[").unwrap()..];
    let text = format!("{start}[weights]\n[weights.objective]\n{data}{rest}");
    let mut method = Method::parse("m.toml", &text).unwrap();
    method.min_known_weight = 0.0;
    let columns = made(600, method.indicators.len(), 5);
    let over_all = judged_within(&method, &columns, Groups::one());
    method.normalise_within = NormaliseWithin::Stratum;
    let within = judged_within(&method, &columns, Groups::one());
    assert_eq!(within.parameters.weights, over_all.parameters.weights);
    assert_eq!(within.points_e6, over_all.points_e6);
    assert!(over_all.parameters.strata.is_empty() && within.parameters.strata.len() == 1);
    let apart = judged_within(&method, &columns, in_groups(600));
    assert_ne!(
        apart.parameters.weights, over_all.parameters.weights,
        "points fitted within strata vary in another way"
    );
}

#[test]
fn blocks_and_rows_agree_beyond_the_size_of_a_block() {
    // The population is larger than a block of sums, of patterns and of order statistics.
    for (people, how) in [11_000, 11_000, 11_000, 120_000].into_iter().zip(Combine::ALL.iter().copied().rev())
    {
        blocks_and_rows_agree(people, 7, how, Unknowns::Reweight);
    }
}

proptest! {
    #[test]
    fn blocks_and_rows_agree_in_every_bit(
        people in 0usize..600,
        seed in any::<u64>(),
        how in 0usize..4,
        unknown in prop::sample::select(vec![Unknowns::Reweight, Unknowns::Worst, Unknowns::Neutral]),
    ) {
        blocks_and_rows_agree(people, seed, Combine::ALL[how], unknown);
    }
}
