//! Tests of quotas, ties, strata and policies on populations whose scores are set by hand.

use proptest::prelude::*;

use super::*;
use crate::contract::rule::Rule;
use crate::contract::{IncidentKind, SupplyLevel, UseCategory};
use crate::customer::{Customer, Customers};
use crate::fact::CustomerFacts;
use crate::fixture::plain_customer;
use crate::incident::Offence;
use crate::index::CustomerIx;
use crate::indicator::{INDICATORS, IndicatorValue};
use crate::meter::Coverage;
use crate::method::PRESETS;
use crate::score::Provisional;
use crate::unit::{Month, Window};
use crate::word::Word;

const WINDOW: Window = Window { end: Month(54 * 12), months: 36 };

/// A ranked or provisional customer of a made population.
#[derive(Clone, Debug)]
struct Person {
    score_e6: i64,
    revenue: Option<f64>,
    supply_level: SupplyLevel,
    provisional: bool,
    thefts: u8,
}

fn person(score: i64) -> Person {
    Person {
        score_e6: score * 1_000_000,
        revenue: None,
        supply_level: SupplyLevel::HighVoltage,
        provisional: false,
        thefts: 0,
    }
}

fn method(changes: &[(&str, &str)]) -> Method {
    let text = changes.iter().fold(PRESETS[1].1.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Method::parse("m.toml", &text).unwrap()
}

/// The method without strata and vetoes.
fn plain(changes: &[(&str, &str)]) -> Method {
    let mut all = vec![("strata = \"supply_level\"", "strata = \"none\"")];
    all.extend(changes);
    method(&all)
}

fn facts(people: &[Person]) -> Facts {
    let mut customers = Customers::default();
    let mut offences = Vec::new();
    for (number, person) in people.iter().enumerate() {
        customers.ids.insert(&format!("{number:06}"));
        customers.rows.push(Customer {
            use_category: UseCategory::LargeIndustrial,
            supply_level: person.supply_level,
            ..plain_customer()
        });
        let theft = Offence {
            customer: CustomerIx::from_index(number),
            kind: IncidentKind::Theft,
            severity: 3,
            month: WINDOW.start(),
        };
        offences.extend(vec![theft; usize::from(person.thefts)]);
    }
    Facts {
        window: WINDOW,
        rows: vec![CustomerFacts::default(); people.len()],
        profiles: vec![None; people.len()],
        customers,
        usage: None,
        reading_files: std::collections::BTreeMap::new(),
        files_taken: 0,
        coverage: Coverage::none(WINDOW.months as usize, people.len()),
        offences,
        unit_suspects: Vec::new(),
        books: Vec::new(),
        findings: Vec::new(),
        refusal: None,
    }
}

fn graded(people: &[Person], method: &Method, previous: &Previous) -> Tiers {
    let facts = facts(people);
    let mut columns = vec![IndicatorColumn::unknown(people.len()); INDICATORS.len()];
    columns[1] =
        people.iter().map(|p| p.revenue.map_or(IndicatorValue::Unknown, IndicatorValue::Known)).collect();
    let mut scores = crate::fixture::scored(people.len() as u32, &columns, method);
    scores.provisional = people.iter().map(|p| p.provisional.then_some(Provisional::ShortHistory)).collect();
    scores.points_e6 = people.iter().map(|p| p.score_e6 as i32).collect();
    grade(&facts, &columns, &scores, method, previous, None)
}

fn counts(tiers: &Tiers) -> [usize; 4] {
    Tier::ALL.map(|tier| tiers.tier.iter().filter(|&&mine| mine == tier).count())
}

#[test]
fn quotas_are_exact_counts_rounded_half_up() {
    let people: Vec<Person> = (0..1454).map(person).collect();
    let tiers = graded(&people, &plain(&[]), &Previous::new());
    assert_eq!(counts(&tiers), [145, 437, 727, 145]);
    assert_eq!(tiers.rank(1453), Some(1));
    assert_eq!(tiers.tier[1453], Tier::Special);
    let few =
        |n: i64| counts(&graded(&(0..n).map(person).collect::<Vec<_>>(), &plain(&[]), &Previous::new()));
    assert_eq!((few(1), few(5), few(0)), ([0, 0, 1, 0], [1, 1, 3, 0], [0, 0, 0, 0]));
}

#[test]
fn ties_are_broken_by_revenue_then_energy_then_id_and_the_ledger_names_the_criterion() {
    let mut people: Vec<Person> = (0..10).map(|_| person(50)).collect();
    people[7].revenue = Some(9.0);
    let tiers = graded(&people, &plain(&[]), &Previous::new());
    assert_eq!(tiers.rank(7), Some(1));
    assert_eq!(tiers.rank(0), Some(2));
    let lines: Vec<(String, u64, &str)> =
        tiers.ledger.iter().map(|line| (line.boundary(), line.tie_group, line.broken_by.code())).collect();
    assert_eq!(
        lines,
        [
            ("special/grade-1".to_owned(), 10, "revenue"),
            ("grade-1/grade-2".to_owned(), 10, "id"),
            ("grade-2/grade-3".to_owned(), 10, "id"),
        ]
    );
}

#[test]
fn ties_can_be_kept_together_up_or_down() {
    // Of these scores, the four of 8 lie on both sides of a line.
    let people: Vec<Person> = [9, 8, 8, 8, 8, 3, 2, 1, 0, 0].map(person).to_vec();
    let up = graded(&people, &plain(&[("ties = \"break\"", "ties = \"up\"")]), &Previous::new());
    assert_eq!(counts(&up), [1, 4, 5, 0]);
    let down = graded(&people, &plain(&[("ties = \"break\"", "ties = \"down\"")]), &Previous::new());
    assert_eq!(counts(&down), [1, 0, 7, 2]);
    assert_eq!(down.ledger[1].quota, 4);
    assert_eq!(down.ledger[1].count, 1);
}

#[test]
fn a_floor_leaves_places_empty_and_the_ledger_counts_the_places_taken() {
    // Of 20 customers, two would be special, and eight special or grade-1; one reaches a score of 18.5, five reach 15.
    let people: Vec<Person> = (0..20).map(person).collect();
    let lines = "[tiers.lines]\nspecial = 18.5\ngrade-1 = 15\n\n[weights]\n";
    let method = plain(&[("[weights]\n", lines)]);
    let tiers = graded(&people, &method, &Previous::new());
    assert_eq!(counts(&tiers), [1, 4, 13, 2]);
    let lines: Vec<[u64; 2]> = tiers.ledger.iter().map(|line| [line.quota, line.count]).collect();
    assert_eq!(lines, [[2, 1], [8, 5], [18, 18]]);
    // A score that equals the floor reaches it; a floor below the line changes nothing.
    let lines = "[tiers.lines]\nspecial = 18\ngrade-2 = 1.5\n\n[weights]\n";
    let tiers = graded(&people, &plain(&[("[weights]\n", lines)]), &Previous::new());
    assert_eq!(counts(&tiers), [2, 6, 10, 2]);
}

#[test]
fn a_tier_without_a_floor_has_that_of_the_next_worse_one() {
    // Two customers would be special, six grade-1 and ten grade-2; but only four reach 16, and nobody below 16 is
    // better than grade-3.
    let people: Vec<Person> = (0..20).map(person).collect();
    let lines = "[tiers.lines]\ngrade-2 = 16\n\n[weights]\n";
    let tiers = graded(&people, &plain(&[("[weights]\n", lines)]), &Previous::new());
    assert_eq!(counts(&tiers), [2, 2, 0, 16]);
    let lines: Vec<[u64; 2]> = tiers.ledger.iter().map(|line| [line.quota, line.count]).collect();
    assert_eq!(lines, [[2, 2], [8, 4], [18, 4]]);
}

#[test]
fn a_vetoed_customer_above_a_floor_takes_no_place_of_the_customers_before_it() {
    // The vetoed customer is last although it has the highest score; nobody else reaches the floor.
    let mut people: Vec<Person> = (0..10).map(person).collect();
    people[9].thefts = 1;
    let lines = "[tiers.lines]\ngrade-2 = 8.5\n\n[weights]\n";
    let tiers = graded(&people, &plain(&[("[weights]\n", lines)]), &Previous::new());
    assert!(tiers.ledger.iter().all(|line| line.count == 0));
    assert!(tiers.computed.iter().all(|tier| *tier == Some(Tier::Grade3)));
}

#[test]
fn strata_may_have_quotas_of_their_own() {
    let mut people: Vec<Person> = (0..80).map(person).collect();
    people[40..].iter_mut().for_each(|person| person.supply_level = SupplyLevel::LowVoltage);
    let own =
        "[tiers.quotas_by_stratum]\nlow_voltage = [50, 0, 0, 50]\nresidential = [1, 1, 1, 97]\n\n[weights]\n";
    let tiers = graded(&people, &method(&[("[weights]\n", own)]), &Previous::new());
    assert_eq!(counts(&tiers), [4 + 20, 12, 20, 4 + 20]);
    let unused: Vec<(&str, &str)> =
        tiers.findings.iter().map(|found| (found.rule.code(), found.example.as_str())).collect();
    assert_eq!(unused, [("unused_quotas", "residential")], "nobody is in that stratum");
}

#[test]
fn a_stratum_without_a_ranked_customer_has_no_boundary() {
    let mut people: Vec<Person> = (0..35).map(person).collect();
    people[34] = Person { supply_level: SupplyLevel::LowVoltage, provisional: true, ..person(1) };
    // The pooled stratum is still too small and joins the largest stratum; unpooled, it would be a stratum of its own.
    let tiers = graded(&people, &method(&[]), &Previous::new());
    assert_eq!(tiers.strata, ["high_voltage"]);
    people.iter_mut().for_each(|person| person.provisional = true);
    assert_eq!(graded(&people, &method(&[]), &Previous::new()).ledger, []);
}

#[test]
fn vetoed_customers_rank_last_and_cannot_rise_above_the_ceiling() {
    let mut people: Vec<Person> = (0..20).map(person).collect();
    people[16..].iter_mut().for_each(|person| person.thefts = 1);
    let tiers = graded(&people, &plain(&[]), &Previous::new());
    // Of the four vetoed customers, two are in the last tenth; the other two are computed as grade-2 and capped.
    assert_eq!(counts(&tiers), [2, 6, 8, 4]);
    assert_eq!(tiers.rank(19), Some(17));
    assert_eq!((tiers.computed[19], tiers.tier[19]), (Some(Tier::Grade2), Tier::Grade3));
    assert_eq!((tiers.policy[19], tiers.policy[16]), (Some(Policy::Veto), None));
    assert_eq!(tiers.ledger[2].broken_by, BrokenBy::Score);
    people[0].provisional = true;
    people[0].thefts = 1;
    let tiers = graded(&people, &plain(&[]), &Previous::new());
    assert_eq!((tiers.tier[0], tiers.computed[0], tiers.rank(0)), (Tier::Grade3, None, None));
}

#[test]
fn small_strata_are_pooled_and_then_join_the_largest() {
    let level = |supply_level: usize, count: usize| {
        (0..count)
            .map(move |score| Person { supply_level: SupplyLevel::ALL[supply_level], ..person(score as i64) })
            .collect::<Vec<_>>()
    };
    let strata = |people: Vec<Person>| {
        let tiers = graded(&people, &method(&[]), &Previous::new());
        let mut sizes = std::collections::BTreeMap::<String, usize>::new();
        (0..tiers.stratum.len()).for_each(|at| *sizes.entry(tiers.stratum(at).to_owned()).or_default() += 1);
        sizes.into_iter().map(|(name, size)| format!("{name} {size}")).collect::<Vec<_>>().join(", ")
    };
    let [high, low, home] = [0, 1, 2].map(|place| SupplyLevel::CODES[place]);
    assert_eq!(strata([level(0, 30), level(1, 40)].concat()), format!("{high} 30, {low} 40"));
    assert_eq!(strata([level(0, 20), level(1, 20), level(2, 50)].concat()), format!("other 40, {home} 50"));
    assert_eq!(strata([level(0, 5), level(1, 40), level(2, 40)].concat()), format!("{low} 45, {home} 40"));
    assert_eq!(strata([level(0, 5), level(1, 6)].concat()), "other 11");
}

#[test]
fn a_change_of_one_tier_is_held_within_the_band_of_the_boundary() {
    let people: Vec<Person> = (0..100).rev().map(person).collect();
    let banded = plain(&[("[limits]", "[hysteresis]\nband = 0.02\n[limits]")]);
    // The customers at ranks 9 and 8 have passed the line below rank 10 by 2 and 3 places.
    let previous: Previous =
        [(8, Tier::Grade1), (7, Tier::Grade1), (10, Tier::Special), (12, Tier::Special), (11, Tier::Grade3)]
            .map(|(number, tier)| (format!("{number:06}"), tier))
            .into();
    let tiers = graded(&people, &banded, &previous);
    let tier_and_policy = |number: usize| (tiers.tier[number], tiers.policy[number]);
    assert_eq!(tier_and_policy(8), (Tier::Grade1, Some(Policy::Hysteresis)));
    assert_eq!(tier_and_policy(7), (Tier::Special, None));
    assert_eq!(tier_and_policy(10), (Tier::Special, Some(Policy::Hysteresis)));
    assert_eq!(tier_and_policy(12), (Tier::Grade1, None));
    assert_eq!(tier_and_policy(11), (Tier::Grade1, None), "a change of two tiers is not held");
}

#[test]
fn a_rise_may_be_limited_but_a_fall_is_not() {
    let people: Vec<Person> = (0..100).rev().map(person).collect();
    let limited = plain(&[("[limits]", "[step_limit]\nup = 1\n[limits]")]);
    let previous: Previous =
        [(0, Tier::Grade3), (99, Tier::Special)].map(|(n, tier)| (format!("{n:06}"), tier)).into();
    let tiers = graded(&people, &limited, &previous);
    assert_eq!((tiers.tier[0], tiers.policy[0]), (Tier::Grade2, Some(Policy::StepLimit)));
    assert_eq!(tiers.tier[99], Tier::Grade3);
}

#[test]
fn overrides_pin_raise_or_lower_and_expire() {
    let entry = |id: usize, kind: &str, tier: &str, expires: &str| {
        format!(
            "[[override]]\ncustomer_id = \"{id:06}\"\nkind = \"{kind}\"\ntier = \"{tier}\"\napprover = \"Li\"\nreason = \"r\"\nexpires = {expires}\n"
        )
    };
    let entries = [
        entry(0, "pin", "grade-3", "2024-01-01"),
        entry(1, "floor", "special", "2030-01-01"),
        entry(99, "ceiling", "grade-2", "2030-01-01"),
        entry(50, "pin", "special", "2023-12-31"),
        entry(777_777, "pin", "special", "2030-01-01"),
    ];
    let decided = plain(&[("[limits]", &format!("{}[limits]", entries.concat()))]);
    let people: Vec<Person> = (0..100).map(person).collect();
    let tiers = graded(&people, &decided, &Previous::new());
    assert_eq!(
        (tiers.tier[0], tiers.policy[0]),
        (Tier::Grade3, None),
        "the customer is in that tier already"
    );
    assert_eq!((tiers.tier[1], tiers.policy[1]), (Tier::Special, Some(Policy::Override)));
    assert_eq!((tiers.tier[99], tiers.computed[99]), (Tier::Grade2, Some(Tier::Special)));
    assert_eq!(tiers.tier[50], Tier::Grade2);
    assert_eq!((tiers.findings[0].rule, tiers.findings[0].rows), (Rule::UnusedOverride, 2));
}

proptest! {
    #[test]
    fn quotas_are_exact_and_a_better_score_never_gives_a_worse_tier(
        scores in prop::collection::vec(0i64..12, 0..120),
        thefts in prop::collection::vec(prop::bool::weighted(0.05), 120),
    ) {
        let people: Vec<Person> = scores.iter().zip(&thefts)
            .map(|(&score, &theft)| Person { thefts: u8::from(theft), ..person(score) }).collect();
        let tiers = graded(&people, &plain(&[]), &Previous::new());
        let n = people.len();
        let above = |tier: Tier| tiers.computed.iter().filter(|mine| mine.unwrap() <= tier).count();
        prop_assert_eq!(above(Tier::Special), (n * 10 + 50) / 100);
        prop_assert_eq!(above(Tier::Grade1), (n * 40 + 50) / 100);
        prop_assert_eq!(above(Tier::Grade2), (n * 90 + 50) / 100);
        for (a, first) in people.iter().enumerate() {
            for (b, second) in people.iter().enumerate() {
                if first.score_e6 > second.score_e6 && first.thefts == second.thefts {
                    prop_assert!(tiers.tier[a] <= tiers.tier[b]);
                }
            }
        }
    }

    #[test]
    fn ranks_are_those_of_a_sort(
        people in 0u64..3_000,
        seed in any::<u64>(),
        scores in prop::sample::select(vec![3u64, 400, 100_000_001]),
    ) {
        ranks_are_those_of_a_sort_of(people, seed, scores);
    }

    /// One customer far above all others makes buckets so wide that the leading bits do not tell the others apart.
    #[test]
    fn ranks_are_those_of_a_sort_of_crowded_scores(
        people in 0u64..3_000,
        seed in any::<u64>(),
        scores in prop::sample::select(vec![300u64, 5_000, 90_000]),
    ) {
        let best = (people > 0).then_some(100_000_000);
        ranks_are_those_of_a_sort_below(best, people, seed, scores);
    }
}

#[test]
fn ranks_are_those_of_a_sort_beyond_the_size_of_a_piece() {
    for scores in [1, 100_000_001] {
        ranks_are_those_of_a_sort_of(150_000, 5, scores);
    }
    ranks_are_those_of_a_sort_below(Some(100_000_000), 150_000, 5, 40_000);
}

fn ranks_are_those_of_a_sort_of(people: u64, seed: u64, scores: u64) {
    ranks_are_those_of_a_sort_below(None, people, seed, scores);
}

/// With ties at every step and gaps in revenue. `best` is the score of the first customer; the others are below `scores`.
fn ranks_are_those_of_a_sort_below(best: Option<i64>, people: u64, seed: u64, scores: u64) {
    let draw = |number: u64, most: u64| {
        let x = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (seed << 1));
        (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) % most
    };
    let made = |number: u64| Person {
        score_e6: best.filter(|_| number == 0).unwrap_or_else(|| draw(8 * number, scores) as i64),
        revenue: (draw(8 * number + 1, 4) > 0).then(|| draw(8 * number + 2, 3) as f64 - 1.0),
        supply_level: SupplyLevel::ALL[draw(8 * number + 3, 10).saturating_sub(7) as usize],
        provisional: draw(8 * number + 4, 9) == 0,
        thefts: u8::from(draw(8 * number + 5, 50) == 0),
    };
    let people: Vec<Person> = (0..people).map(made).collect();
    let tiers = graded(&people, &method(&[]), &Previous::new());
    let by_place = |&a: &usize, &b: &usize| {
        let (a, b) = (&people[a], &people[b]);
        let by_score = a.thefts.cmp(&b.thefts).then(b.score_e6.cmp(&a.score_e6));
        by_score.then(b.revenue.partial_cmp(&a.revenue).unwrap())
    };
    for stratum in 0..tiers.strata.len() as u32 {
        let ranked = |&at: &usize| !people[at].provisional && tiers.stratum[at] == stratum;
        let mut order: Vec<usize> = (0..people.len()).filter(ranked).collect();
        order.sort_by(by_place);
        for (rank, &at) in order.iter().enumerate() {
            assert_eq!(tiers.rank(at), Some(rank as u64 + 1));
        }
    }
    assert!((0..people.len()).all(|at| people[at].provisional == tiers.rank(at).is_none()));
}
