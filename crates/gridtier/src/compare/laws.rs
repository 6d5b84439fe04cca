//! Laws of comparisons, on drawn pairs of cycles.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::generated::{END, GeneratedPair, LATER, pair};
use super::grading::GradingRules;
use super::groups::GroupStrata;
use super::*;
use crate::cycle::Cycle;
use crate::fixture::{DraftCustomer, cycle};
use crate::index::index;
use crate::indicator::IndicatorValue;
use crate::method::{Method, PRESETS, Tier};
use crate::score::score_row;
use crate::tier::Previous;
use crate::unit::round_half_away;
use crate::word::Word;

fn parts(moved: &CustomerMove) -> (i64, i64) {
    let sum = |part: &dyn Fn(Step) -> Option<i64>| Step::PARTS.into_iter().filter_map(part).sum::<i64>();
    (sum(&|step| moved.part(step)), sum(&|step| moved.part_e6(step)))
}

fn check_sums(moved: &CustomerMove) -> Result<(), TestCaseError> {
    let (tiers, score_e6) = parts(moved);
    let [before, after] = [moved.tier_before(), moved.tier_after()].map(|tier| tier as i64);
    prop_assert_eq!(tiers, before - after, "{:?}", moved);
    if let (Some(before), Some(after)) = (moved.score_before_e6(), moved.score_after_e6()) {
        prop_assert_eq!(score_e6, after - before, "{:?}", moved);
    }
    let cause = moved.cause();
    prop_assert_eq!(cause.is_some(), before != after);
    if let Some(part) = cause.and_then(|cause| moved.part(cause)) {
        prop_assert!(part * (before - after) > 0, "{:?}", moved);
    }
    for (step, reason) in
        [(Step::PolicyBefore, moved.policy_before_reason), (Step::PolicyAfter, moved.policy_after_reason)]
    {
        prop_assert_eq!(reason.is_some(), moved.part(step).is_some_and(|part| part != 0));
    }
    Ok(())
}

/// The score of a customer by the code that explains single customers, with the earlier cycle's parameters.
fn by_row(before: &Cycle, stratum: &str, values: &[IndicatorValue]) -> Option<i64> {
    let parameters = before.parameters.in_stratum(stratum);
    score_row(&before.method, &parameters, values).score.map(|score| round_half_away(score * 1e6))
}

fn values_of(cycle: &Cycle, method: &Method, number: u32) -> Vec<IndicatorValue> {
    let columns = values::values(cycle, method).unwrap();
    columns.iter().map(|column| column.get(index(number))).collect()
}

fn number_of(cycle: &Cycle, id: &str) -> Option<u32> {
    cycle.customers.ids.get(id)
}

fn check_waterfall(pair: &Pair, attribution: &Attribution) -> Result<(), TestCaseError> {
    let rows = waterfall(pair, attribution);
    let mut ends: BTreeMap<(&str, Tier), [i64; 3]> = BTreeMap::new();
    for row in &rows {
        let sums = ends.entry((&row.stratum, row.tier)).or_default();
        match row.step {
            Step::Before => sums[0] = row.joined as i64,
            Step::After => sums[1] = row.joined as i64,
            _ => sums[2] += row.joined as i64 - row.left as i64,
        }
    }
    for (cell, [before, after, change]) in &ends {
        prop_assert_eq!(before + change, *after, "{:?} {:?}", cell, rows);
    }
    for (cycle, end) in [(pair.before, 0), (pair.after, 1)] {
        let mut counted: BTreeMap<(&str, Tier), i64> = BTreeMap::new();
        for row in &cycle.rows {
            *counted.entry((&cycle.strata[index(row.stratum)], row.tier)).or_default() += 1;
            *counted.entry(("*", row.tier)).or_default() += 1;
        }
        for (cell, sums) in &ends {
            prop_assert_eq!(sums[end], counted.get(cell).copied().unwrap_or(0), "{:?}", cell);
        }
        prop_assert!(counted.keys().all(|cell| ends.contains_key(cell)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_sum_exactly_for_every_customer_and_every_tier(seed in any::<u64>(), equal in any::<bool>()) {
        let GeneratedPair { before, revision, after } = pair(seed, equal);
        let pair = Pair::new(&before, &after).unwrap();
        let attribution = Attribution::new(&pair, revision.as_ref()).map_err(|Damaged(text)| {
            TestCaseError::fail(text.en.into_owned())
        })?;
        for (at, moved) in attribution.moves.iter().enumerate() {
            check_sums(moved)?;
            let own = attribution.own.of_move(at);
            prop_assert_eq!(own.is_some(), moved.status == SplitStatus::Split);
            if before.method.text == after.method.text && moved.status == SplitStatus::Split {
                prop_assert_eq!((moved.part(Step::Method), moved.part_e6(Step::Method)), (Some(0), Some(0)));
            }
            if revision.is_none() && moved.status == SplitStatus::Split {
                prop_assert_eq!((moved.part(Step::Correction), moved.part_e6(Step::Correction)), (Some(0), Some(0)));
            }
        }
        for at in 0..attribution.own.moves.len() {
            let rounding = attribution.own.rounding_e6(at, &attribution.moves);
            prop_assert!(rounding.unsigned_abs() <= attribution.own.places.len() as u64 + 1);
        }
        check_waterfall(&pair, &attribution)?;
    }

    #[test]
    fn scores_after_each_step_are_those_of_the_code_that_explains_single_customers(seed in any::<u64>()) {
        let GeneratedPair { before, revision, after } = pair(seed, false);
        let pair = Pair::new(&before, &after).unwrap();
        let attribution = Attribution::new(&pair, revision.as_ref()).unwrap();
        let Some(frozen) = &attribution.frozen_e6 else { return Ok(()) };
        let strata = GroupStrata::new(&before).of(&after);
        for (at, row) in after.rows.iter().enumerate() {
            let stratum = &before.strata[index(strata[at])];
            let expected = by_row(&before, stratum, &values_of(&after, &before.method, row.number));
            prop_assert_eq!(grading::published(frozen[at]), expected);
        }
        for moved in attribution.moves.iter().filter(|moved| moved.status == SplitStatus::Split) {
            let id = pair.id(&pair.customers[index(moved.customer)]);
            let stratum = attribution.strata[index(moved.strata[2])].as_str();
            let own = by_row(&before, stratum, &values_of(&after, &before.method, number_of(&after, id).unwrap()));
            let source = revision.as_ref().filter(|revision| number_of(revision, id).is_some()).unwrap_or(&before);
            let values = values_of(source, &before.method, number_of(source, id).unwrap());
            let corrected = by_row(&before, stratum, &values);
            prop_assert_eq!(moved.part_e6(Step::Own), own.zip(corrected).map(|(own, start)| own - start));
            if before.parameters.strata.is_empty() {
                prop_assert_eq!(moved.part_e6(Step::Stratum), Some(0));
            }
        }
    }

    #[test]
    fn the_same_method_fitted_anew_to_a_cycle_gives_what_that_cycle_has_published(seed in any::<u64>()) {
        let GeneratedPair { before, after, .. } = pair(seed, true);
        let pair = Pair::new(&before, &after).unwrap();
        let rules = GradingRules::new(&pair).unwrap();
        let measured = rules.measured(&after).unwrap();
        let cohort = rules.refitted(&measured).unwrap();
        for (at, row) in after.rows.iter().enumerate() {
            prop_assert_eq!(grading::published(cohort.scores_e6[at]), row.score_e6);
            prop_assert_eq!(cohort.tiers[at], rules.tier_after(at));
            let computed = row.computed.map(|computed| row.ceiling.map_or(computed, |ceiling| computed.max(ceiling)));
            prop_assert!(computed.is_none() || computed == cohort.tiers[at]);
        }
    }

    #[test]
    fn customers_whose_values_do_not_change_have_no_own_part(seed in any::<u64>()) {
        let GeneratedPair { before, .. } = pair(seed, true);
        let pair = Pair::new(&before, &before).unwrap();
        let attribution = Attribution::new(&pair, None).unwrap();
        for moved in attribution.moves.iter().filter(|moved| moved.status == SplitStatus::Split) {
            prop_assert_eq!(moved.own_first, None);
            for step in [Step::Correction, Step::Stratum, Step::Own, Step::Cohort, Step::Method] {
                prop_assert_eq!((moved.part(step), moved.part_e6(step)), (Some(0), Some(0)), "{:?}", moved);
            }
            prop_assert_eq!(moved.part(Step::PolicyBefore), moved.part(Step::PolicyAfter).map(|part| -part));
        }
    }
}

fn method() -> Method {
    let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
    Method::parse("m.toml", &text.replace("min_known_weight = 0.5", "min_known_weight = 0.0")).unwrap()
}

fn customers(kwh: &[f64]) -> Vec<DraftCustomer> {
    let drafts = kwh.iter().enumerate().map(|(at, kwh)| {
        DraftCustomer::new(format!("{at:02}"), &[("annual_energy", *kwh), ("on_time_payment", 0.5)])
    });
    drafts.collect()
}

const TEN: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

fn cycles() -> (Cycle, Cycle) {
    let graded = |end| cycle(&method(), end, customers(&TEN), Previous::new());
    (graded(END), graded(LATER))
}

fn statuses(before: &Cycle, revision: Option<&Cycle>, after: &Cycle) -> Vec<&'static str> {
    let pair = Pair::new(before, after).unwrap();
    let attribution = Attribution::new(&pair, revision).unwrap();
    attribution.moves.iter().map(|moved| moved.status.code()).collect()
}

#[test]
fn moves_are_not_split_if_the_window_has_another_length_or_facts_were_counted_differently() {
    let (before, mut after) = cycles();
    assert_eq!(statuses(&before, None, &after), ["split"; 10]);
    after.counting = 3;
    assert_eq!(statuses(&before, None, &after), ["counting"; 10]);
    // A revision whose facts were counted as those of the later cycle.
    let mut revision = cycle(&method(), END, customers(&TEN), Previous::new());
    revision.counting = 3;
    assert_eq!(statuses(&before, Some(&revision), &after), ["split"; 10]);
    after.months = 24;
    assert_eq!(statuses(&before, Some(&revision), &after), ["window"; 10]);
}

#[test]
fn the_unsplit_part_is_what_remains_after_correction_and_method() {
    let (before, mut after) = cycles();
    after.months = 24;
    let mut corrected = customers(&TEN);
    corrected[0].values[0].1 = IndicatorValue::Known(600.0);
    let revision = cycle(&method(), END, corrected, Previous::new());
    let pair = Pair::new(&before, &after).unwrap();
    let attribution = Attribution::new(&pair, Some(&revision)).unwrap();
    let moved = &attribution.moves[0];
    let correction = moved.part_e6(Step::Correction).unwrap();
    assert!(correction > 0);
    assert_eq!(moved.part_e6(Step::Unsplit), Some(-correction));
    assert_eq!((moved.part(Step::Correction), moved.part(Step::Unsplit)), (Some(3), Some(-3)));
    assert_eq!([moved.part(Step::Own), moved.part(Step::Stratum), moved.part_e6(Step::Cohort)], [None; 3]);
    assert_eq!((attribution.own.moves.len(), attribution.frozen_e6.is_none()), (0, true));
}

#[test]
fn without_a_score_or_without_lines_the_whole_move_is_the_unsplit_part() {
    let (before, _) = cycles();
    let mut changed = customers(&TEN);
    changed[3].values.clear();
    changed.iter_mut().for_each(|customer| customer.covered_months = 1);
    let after = cycle(&method(), LATER, changed, Previous::new());
    let found = statuses(&before, None, &after);
    assert_eq!((found[2], found[3], found[4]), ("no_lines", "no_score", "no_lines"));
    let pair = Pair::new(&before, &after).unwrap();
    let attribution = Attribution::new(&pair, None).unwrap();
    let (unscored, unlined) = (&attribution.moves[3], &attribution.moves[4]);
    assert_eq!((unscored.part_e6(Step::Unsplit), unscored.part(Step::PolicyAfter)), (None, None));
    let whole = unlined.score_after_e6().unwrap() - unlined.score_before_e6().unwrap();
    assert_eq!((unlined.part_e6(Step::Unsplit), unlined.part(Step::Own)), (Some(whole), None));
}

#[test]
fn a_changed_parameter_is_found_before_anything_is_compared() {
    let (mut before, after) = cycles();
    let weights = before.parameters.weights.iter_mut().flatten();
    weights.filter(|weight| weight.dimension == 0).for_each(|weight| weight.of_dimension += 0.1);
    let pair = Pair::new(&before, &after).unwrap();
    let Damaged(text) = Attribution::new(&pair, None).unwrap_err();
    assert!(text.en.contains("give customer 00 a score of"), "{}", text.en);
}

#[test]
fn ranks_that_are_not_those_of_the_ledger_are_found() {
    let (mut before, after) = cycles();
    before.rows[0].rank = Some(11);
    let pair = Pair::new(&before, &after).unwrap();
    let Damaged(text) = Attribution::new(&pair, None).unwrap_err();
    assert!(text.en.contains("not those of its ledger"), "{}", text.en);
    let (mut before, after) = cycles();
    before.rows[5].computed = Some(Tier::Special);
    let pair = Pair::new(&before, &after).unwrap();
    let Damaged(text) = Attribution::new(&pair, None).unwrap_err();
    assert!(text.en.contains("put customer 05 into another tier"), "{}", text.en);
}

#[test]
fn if_all_other_customers_gain_one_with_unchanged_values_falls_by_the_step_cohort() {
    let (before, _) = cycles();
    // The other customers use a hundred times as much energy.
    let mut grown: Vec<f64> = TEN.iter().map(|kwh| kwh * 100.0).collect();
    grown[9] = TEN[9];
    let after = cycle(&method(), LATER, customers(&grown), Previous::new());
    let pair = Pair::new(&before, &after).unwrap();
    let attribution = Attribution::new(&pair, None).unwrap();
    let last = &attribution.moves[9];
    assert_eq!((last.tier_before().code(), last.tier_after().code()), ("special", "grade-2"));
    assert!(last.part_e6(Step::Own) == Some(0) && last.part_e6(Step::Cohort).unwrap() < 0);
    assert_eq!(last.cause(), Some(Step::Cohort));
    let others = &attribution.moves[2];
    assert!(others.part_e6(Step::Own).unwrap() > 0, "{others:?}");
    assert_eq!(others.own_first, Some(0));
}
