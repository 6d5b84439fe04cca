use gridtier::contract::UseCategory;

use super::*;
use crate::base::{Base, Member};
use crate::fixture::base;
use crate::survey::evaluation::SurveyResults;
use crate::survey::fixture::{evaluated, graded, instrument, responses};
use crate::survey::instrument::Instrument;

fn customers(members: Vec<Member>) -> Base {
    let ids: Vec<String> = (0..members.len()).map(|number| format!("{number:03}")).collect();
    base(ids.iter().map(String::as_str).zip(members).collect())
}

fn results(instrument: &Instrument, base: &Base, rows: &[(Option<u32>, &str)]) -> SurveyResults {
    evaluated(instrument, base, &responses(instrument, rows), None)
}

fn row<'r>(results: &'r SurveyResults, id: &str, by: &str, group: &str) -> &'r ScoreRow {
    results
        .scores
        .iter()
        .find(|row| row.id == id && row.group_by == by && &*row.group == group)
        .unwrap_or_else(|| panic!("{id} {by} {group}"))
}

fn assert_near(value: Option<f64>, expected: f64) {
    assert!(
        (value.unwrap() - expected).abs() < 1e-12 * expected.abs().max(1.0),
        "{value:?} is not {expected}"
    );
}

fn home(tier: Tier) -> Member {
    Member { use_category: UseCategory::Residential, ..graded(tier) }
}

#[test]
fn vector_19_the_total_is_the_mean_of_the_dimensions() {
    let names = ["tangibles", "reliability", "responsiveness", "assurance", "empathy"];
    let gaps = [-0.65, -1.10, -0.83, -0.70, -1.01];
    // 100 respondents with a perception of 6 whose expectations give these mean gaps.
    let gap = instrument("kind = \"gap\"", &names.map(|name| (name, 1)));
    let rows: Vec<String> = (0..100)
        .map(|at| {
            let expected = gaps.map(|gap: f64| {
                let hundredths = (-gap * 100.0).round() as i64;
                (5 + hundredths / 100 + i64::from(at < hundredths % 100)).to_string()
            });
            format!("{} 5 5 5 5 5", expected.join(" "))
        })
        .collect();
    let rows: Vec<(Option<u32>, &str)> = rows.iter().map(|cells| (None, cells.as_str())).collect();
    let results = results(&gap, &base(vec![]), &rows);
    for (name, gap) in names.iter().zip(gaps) {
        let row = results
            .scores
            .iter()
            .find(|row| row.measure == SurveyMeasure::Gap && row.id == *name && row.group_by == "all");
        assert_near(row.unwrap().mean, gap);
    }
    let total = results
        .scores
        .iter()
        .find(|row| row.measure == SurveyMeasure::Gap && row.level == SurveyLevel::Total);
    assert_near(total.unwrap().mean, -0.858);
    let ranks: Vec<_> = names
        .iter()
        .map(|name| {
            let is_row = |row: &&ScoreRow| {
                row.measure == SurveyMeasure::Gap && row.id == *name && row.group_by == "all"
            };
            results.scores.iter().find(is_row).unwrap().rank.unwrap()
        })
        .collect();
    assert_eq!(ranks, [1, 5, 3, 2, 4]);
}

#[test]
fn a_sample_of_a_finite_frame_has_a_smaller_error() {
    let plain = instrument("kind = \"plain\"\ngroups = [\"tier\", \"shop\"]", &[("x", 1)]);
    let base = customers(vec![graded(Tier::Special); 10]);
    let rows = [(Some(0), "1 a"), (Some(1), "3 a"), (Some(2), "5 a"), (Some(3), "3 a")];
    let results = results(&plain, &base, &rows);
    let all = row(&results, "x", "all", "all");
    let sd = (8.0f64 / 3.0).sqrt();
    assert_eq!((all.n, all.population, all.coverage, all.rank), (4, Some(10), None, Some(1)));
    assert_near(all.mean, 3.0);
    assert_near(all.sd, sd);
    assert_near(all.se, sd / 2.0 * 0.6f64.sqrt());
    let half = 3.182_446_305_284_263_3 * sd / 2.0 * 0.6f64.sqrt();
    let interval = all.interval.unwrap();
    assert!((interval.lo - (3.0 - half)).abs() < 1e-9 && (interval.hi - (3.0 + half)).abs() < 1e-9);
    assert_near(row(&results, "x", "tier", "special").se, sd / 2.0 * 0.6f64.sqrt());
    let own = row(&results, "x", "shop", "a");
    assert_eq!(own.population, None);
    assert_near(own.se, sd / 2.0);
}

#[test]
fn a_whole_frame_has_no_error_and_more_answers_than_customers_no_correction() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1)]);
    let base = customers(vec![graded(Tier::Special); 2]);
    let whole = results(&plain, &base, &[(Some(0), "1"), (Some(1), "3")]);
    assert_eq!(
        (row(&whole, "x", "all", "all").se, row(&whole, "x", "stratified", "population").se),
        (Some(0.0), Some(0.0))
    );
    let twice = results(&plain, &base, &[(Some(0), "1"), (Some(0), "2"), (Some(1), "3")]);
    let all = row(&twice, "x", "all", "all");
    assert_eq!((all.n, all.population), (3, Some(2)), "a customer may answer twice");
    assert_near(all.se, 1.0 / 3.0f64.sqrt());
    assert_near(row(&twice, "x", "stratified", "population").se, 1.0 / 3.0f64.sqrt());
}

#[test]
fn one_answer_has_a_mean_and_no_error_and_equal_answers_no_deviation() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1), ("y", 3)]);
    let base = customers(vec![graded(Tier::Special); 9]);
    let one = results(&plain, &base, &[(Some(0), "4 1 1 2")]);
    let all = row(&one, "x", "all", "all");
    assert_eq!((all.n, all.mean, all.sd, all.se, all.interval), (1, Some(4.0), None, None, None));
    let stratified = row(&one, "x", "stratified", "population");
    assert_eq!((stratified.mean, stratified.se, stratified.coverage), (Some(4.0), None, Some(1.0)));
    let same = results(&plain, &base, &[(Some(0), "4 1 1 2"), (Some(1), "4 1 1 2"), (Some(2), "4 2 1 1")]);
    let y = row(&same, "y", "all", "all");
    assert_eq!((y.sd, y.se), (Some(0.0), Some(0.0)));
}

#[test]
fn few_answers_are_withheld() {
    let plain = instrument("kind = \"plain\"\ngroups = [\"shop\"]", &[("x", 1)]);
    let base = customers(vec![graded(Tier::Special); 30]);
    let cells: Vec<String> =
        (0..19).map(|at| format!("{} {}", at % 7 + 1, if at < 10 { "ten" } else { "nine" })).collect();
    let rows: Vec<(Option<u32>, &str)> = (0..).map(Some).zip(cells.iter().map(String::as_str)).collect();
    let responses = responses(&plain, &rows);
    let groups = crate::group::Groups::of(&base);
    let results = crate::survey::evaluation::evaluate(crate::survey::evaluation::SurveyInput {
        instrument: &plain,
        base: &base,
        groups: &groups,
        as_of: crate::fixture::day("2026-06-01"),
        responses: &responses,
        invitations: None,
        min_cell: 10,
    });
    let nine = row(&results, "x", "shop", "nine");
    assert_eq!(
        (nine.n, nine.is_withheld, nine.population, nine.mean, nine.sd, nine.se, nine.interval, nine.rank),
        (9, true, None, None, None, None, None, None)
    );
    let ten = row(&results, "x", "shop", "ten");
    assert!(!ten.is_withheld && ten.mean.is_some() && ten.rank == Some(1));
}

#[test]
fn anonymous_and_ungraded_respondents_have_their_own_groups_and_are_outside_the_frame() {
    let plain = instrument("kind = \"plain\"\ngroups = [\"tier\", \"area\"]", &[("x", 1)]);
    let base = customers(vec![graded(Tier::Special), crate::fixture::member("East")]);
    let rows = [(Some(0), "1"), (Some(1), "3"), (None, "5"), (None, "6")];
    let results = results(&plain, &base, &rows);
    let of = |by, group| {
        let row = row(&results, "x", by, group);
        (row.n, row.population)
    };
    assert_eq!(of("all", "all"), (4, Some(1)));
    assert_eq!(
        [of("tier", "special"), of("tier", "ungraded"), of("tier", "unknown")],
        [(1, Some(1)), (1, Some(0)), (2, Some(0))]
    );
    assert_eq!(of("area", "unknown"), (4, Some(1)));
    assert_eq!(of("stratified", "population"), (1, Some(1)));
    assert!(
        !results.scores.iter().any(|row| &*row.group == "urban"),
        "groups without a response have no row"
    );
}

#[test]
fn strata_weigh_as_in_the_frame() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1)]);
    // special: 6 industrial and 4 homes; grade-3: 20 homes; grade-2: 10 that nobody answered for.
    let mut members = vec![graded(Tier::Special); 6];
    members.extend(vec![home(Tier::Special); 4]);
    members.extend(vec![home(Tier::Grade3); 20]);
    members.extend(vec![graded(Tier::Grade2); 10]);
    let base = customers(members);
    let rows = [(0, "2"), (1, "4"), (6, "5"), (7, "7"), (10, "1"), (11, "2"), (12, "3")];
    let rows: Vec<(Option<u32>, &str)> =
        rows.into_iter().map(|(customer, cells)| (Some(customer), cells)).collect();
    let stratified = results(&plain, &base, &rows);
    let stratified = row(&stratified, "x", "stratified", "population");
    assert_eq!(
        (stratified.n, stratified.population, stratified.coverage, stratified.sd),
        (7, Some(40), Some(0.75), None)
    );
    assert_near(stratified.mean, (6.0 * 3.0 + 4.0 * 6.0 + 20.0 * 2.0) / 30.0);
    let part = |share: f64, unseen: f64, variance: f64, n: f64| share * share * unseen * variance / n;
    let se = (part(0.2, 4.0 / 6.0, 2.0, 2.0)
        + part(4.0 / 30.0, 0.5, 2.0, 2.0)
        + part(20.0 / 30.0, 17.0 / 20.0, 1.0, 3.0))
    .sqrt();
    assert_near(stratified.se, se);
    let interval = stratified.interval.unwrap();
    assert_near(Some(interval.hi - interval.lo), 2.0 * Z * se);
}

#[test]
fn a_tier_is_one_stratum_if_one_of_its_classes_has_fewer_than_two_answers() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1)]);
    let mut members = vec![graded(Tier::Special); 6];
    members.extend(vec![home(Tier::Special); 4]);
    let base = customers(members);
    let rows = [(Some(0), "2"), (Some(1), "4"), (Some(6), "6")];
    let results = results(&plain, &base, &rows);
    let stratified = row(&results, "x", "stratified", "population");
    assert_near(stratified.mean, 4.0);
    assert_near(stratified.se, (0.7f64 * 4.0 / 3.0).sqrt());
    let lone = evaluated(&plain, &base, &responses(&plain, &[(Some(6), "6")]), None);
    let stratified = row(&lone, "x", "stratified", "population");
    assert_eq!((stratified.mean, stratified.se, stratified.interval), (Some(6.0), None, None));
}

#[test]
fn the_only_customer_of_a_stratum_is_known_without_error() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1)]);
    let base =
        customers(vec![graded(Tier::Special), home(Tier::Grade3), home(Tier::Grade3), home(Tier::Grade3)]);
    let rows = [(Some(0), "7"), (Some(1), "2"), (Some(2), "4")];
    let results = results(&plain, &base, &rows);
    let stratified = row(&results, "x", "stratified", "population");
    assert_near(stratified.mean, (7.0 + 3.0 * 3.0) / 4.0);
    assert_near(stratified.se, (0.75f64 * 0.75 / 3.0 * 2.0 / 2.0).sqrt());
}

#[test]
fn equal_means_share_the_smallest_rank() {
    let plain = instrument("kind = \"plain\"\ngroups = []", &[("w", 1), ("x", 1), ("y", 1), ("z", 1)]);
    let results = results(&plain, &base(vec![]), &[(None, "1 3 5 3"), (None, "1 5 3 2")]);
    let ranks = ["w", "x", "y", "z"].map(|id| row(&results, id, "all", "all").rank.unwrap());
    assert_eq!(ranks, [4, 1, 1, 3]);
    let total = row(&results, "total", "all", "all");
    assert_eq!(total.rank, None);
}

#[test]
fn without_responses_there_are_empty_rows_for_all() {
    let plain = instrument("kind = \"plain\"", &[("x", 1)]);
    let results = results(&plain, &customers(vec![graded(Tier::Special)]), &[]);
    let keys: Vec<_> = results
        .scores
        .iter()
        .map(|row| (row.id.as_str(), row.group_by.as_str(), row.n, row.is_withheld))
        .collect();
    assert_eq!(keys.len(), 6);
    assert!(keys.iter().all(|(.., n, is_withheld)| (*n, *is_withheld) == (0, true)));
    assert!(results.tests.is_empty());
}
