//! Why each customer moved: its scores and tiers after each step on the way from one cycle to the next (REGRADE section
//! 3).
//!
//! Parts are differences of neighbouring steps, so they sum exactly. The step `own` judges a customer's new values by the
//! earlier cycle's method, weights, parameters and lines. The step `cohort` then fits the same method anew to the new
//! values of all customers.

use rayon::prelude::*;

use super::corrected::CorrectedValues;
use super::grading::{Cohort, GradingRules, Measured, points};
use super::moved::{CustomerMove, SCORES, STRATA, TIERS};
use super::own::{OwnContributions, own_contributions};
use super::pair::{Damaged, Pair};
use super::step::{PolicyReason, SplitStatus, Step};
use crate::cycle::{Cycle, Placed};
use crate::index::{StratumIx, index};
use crate::method::Tier;
use crate::score::NO_SCORE;
use crate::tier::Policy;

/// Why the customers of two cycles moved.
#[derive(Debug)]
pub struct Attribution {
    /// Why no customer's move can be split; `None` if moves can be split.
    pub status: Option<SplitStatus>,
    /// The move of every customer that is graded at both ends, in the order of ids.
    pub moves: Vec<CustomerMove>,
    /// The names of all strata that customers pass from step to step, sorted by their bytes.
    pub strata: Vec<String>,
    /// For each split move, what each indicator contributed to `own`.
    pub own: OwnContributions,
    /// For each position in the later cycle's rows: the score of the customer's values by the earlier method with
    /// frozen parameters, in 10⁻⁶ points, or [`NO_SCORE`]. `None` where no move can be split.
    pub frozen_e6: Option<Vec<i32>>,
}

impl Attribution {
    /// Splits the moves of all customers that are graded at both ends. `revision` is the last published revision of the
    /// earlier cycle.
    ///
    /// Splits the moves of all customers that are graded at both ends. `revision` is the last published revision of
    /// the earlier cycle.
    ///
    /// # Errors
    /// Published files of the earlier cycle contradict each other: its parameters do not give its scores, or its lines
    /// do not give its tiers.
    pub fn new(pair: &Pair, revision: Option<&Cycle>) -> Result<Self, Damaged> {
        let rules = GradingRules::new(pair)?;
        let before = rules.before();
        rules.check(&before)?;
        let revised = revision.and_then(|revision| rules.measured(revision));
        let after = rules.measured(pair.after);
        let status = pair_status(pair, revision, after.is_some());
        let cohort = after.as_ref().filter(|_| status.is_none()).map(|after| rules.cohort(after));
        let cohort = cohort.transpose()?;
        let names = cohort.iter().flat_map(|cohort| &cohort.strata);
        let mut strata: Vec<String> = pair.strata.iter().chain(names).cloned().collect();
        strata.sort_unstable();
        strata.dedup();
        let numbers = |names: &[String]| -> Vec<u32> {
            let places = names.iter().map(|name| strata.partition_point(|known| known < name));
            places.map(|place| StratumIx::from_index(place).number()).collect()
        };
        let strata_before = numbers(&pair.before.strata);
        let strata_after = numbers(&pair.after.strata);
        let strata_cohort = cohort.as_ref().map(|cohort| numbers(&cohort.strata)).unwrap_or_default();
        let revised_at = revised.as_ref().map(|revised| positions(pair, revised.cycle));
        let revised = revised.as_ref().zip(revised_at.as_deref());
        let corrected = CorrectedValues { rules: &rules, pair, before: &before, revised };
        let later = after.as_ref().zip(cohort.as_ref()).filter(|_| status.is_none());
        let walk = Walk {
            corrected,
            scores_in_later_strata: later.and_then(|(after, _)| scores_in_later_strata(&corrected, after)),
            after: later,
            status,
            strata_before,
            strata_after,
            strata_cohort,
        };
        let mut moves: Vec<CustomerMove> = pair
            .customers
            .par_iter()
            .enumerate()
            .filter_map(|(at, customer)| Some(walk.customer(u32::try_from(at).ok()?, customer.both()?)))
            .collect();
        let own = later.map(|(after, _)| own_contributions(corrected, after, &mut moves)).unwrap_or_default();
        let frozen_e6 = after.filter(|_| status.is_none()).map(|after| after.scores_e6);
        Ok(Self { status, moves, strata, own, frozen_e6 })
    }

    /// The id of the customer of a move.
    #[must_use]
    pub fn id<'p>(&self, pair: &'p Pair, moved: &CustomerMove) -> &'p str {
        pair.id(&pair.customers[index(moved.customer)])
    }

    /// The stratum of a move's customer before.
    #[must_use]
    pub fn stratum_before(&self, moved: &CustomerMove) -> &str {
        &self.strata[index(moved.strata[0])]
    }

    /// The stratum of a move's customer after.
    #[must_use]
    pub fn stratum_after(&self, moved: &CustomerMove) -> &str {
        &self.strata[index(moved.strata[STRATA - 1])]
    }
}

/// Why no move of a pair can be split.
fn pair_status(pair: &Pair, revision: Option<&Cycle>, has_values: bool) -> Option<SplitStatus> {
    let counted = revision.unwrap_or(pair.before).counting;
    if pair.before.months != pair.after.months {
        Some(SplitStatus::Window)
    } else if counted != pair.after.counting {
        Some(SplitStatus::Counting)
    } else {
        (!has_values).then_some(SplitStatus::Expression)
    }
}

/// For each customer of a pair, its position in the rows of another cycle.
fn positions(pair: &Pair, cycle: &Cycle) -> Vec<Option<u32>> {
    let mut rows = (0u32..).zip(&cycle.rows).peekable();
    let ids = &cycle.customers.ids;
    let positions = pair.customers.iter().map(|customer| {
        let wanted = pair.id(customer);
        while rows.next_if(|(_, row)| ids.key(row.number) < wanted).is_some() {}
        rows.next_if(|(_, row)| ids.key(row.number) == wanted).map(|(at, _)| at)
    });
    positions.collect()
}

/// For each customer of a pair, the score of its corrected values in the stratum that its group has in the later cycle;
/// `None` where a score does not depend on the stratum.
fn scores_in_later_strata(corrected: &CorrectedValues, after: &Measured) -> Option<Vec<i32>> {
    if !corrected.rules.is_fitted_by_stratum() {
        return None;
    }
    let all = (0u32..).zip(&corrected.pair.customers);
    let both: Vec<u32> = all.filter(|(_, customer)| customer.both().is_some()).map(|(at, _)| at).collect();
    let found = corrected.in_later_strata(&both, after, 1, |values| values.scores());
    let mut scores = vec![NO_SCORE; corrected.pair.customers.len()];
    both.into_iter().zip(found).for_each(|(customer, score)| scores[index(customer)] = score);
    Some(scores)
}

/// Everything that one customer's steps are computed from.
struct Walk<'a> {
    corrected: CorrectedValues<'a>,
    /// For each customer of the pair, the score after the step `stratum`; `None` where scores do not depend on strata.
    scores_in_later_strata: Option<Vec<i32>>,
    /// The later cycle measured and graded by the earlier method; `None` where moves are not split.
    after: Option<(&'a Measured<'a>, &'a Cohort)>,
    status: Option<SplitStatus>,
    /// For each number of a stratum in the earlier cycle, in the later one and in the fit: its number in the
    /// attribution.
    strata_before: Vec<u32>,
    strata_after: Vec<u32>,
    strata_cohort: Vec<u32>,
}

impl Walk<'_> {
    fn customer(&self, number: u32, (first, second): (usize, usize)) -> CustomerMove {
        let pair = self.corrected.pair;
        let (old, new) = (&pair.before.rows[first], &pair.after.rows[second]);
        let mut moved = CustomerMove {
            customer: number,
            status: self.status.unwrap_or(SplitStatus::Split),
            scores_e6: [points(old.score_e6); SCORES],
            tiers: [old.tier; TIERS],
            strata: [self.strata_before[index(old.stratum)]; STRATA],
            policy_before_reason: None,
            policy_after_reason: None,
            newly_known: 0,
            newly_unknown: 0,
            own_first: None,
        };
        moved.scores_e6[SCORES - 1] = points(new.score_e6);
        moved.tiers[TIERS - 1] = new.tier;
        moved.strata[STRATA - 1] = self.strata_after[index(new.stratum)];
        match self.steps(number, first, second) {
            Ok(steps) => {
                moved.scores_e6 = steps.scores_e6;
                moved.tiers[1..TIERS - 1].copy_from_slice(&steps.tiers);
                moved.strata = steps.strata;
                moved.policy_before_reason = policy_reason(&moved, Step::PolicyBefore, old);
                moved.policy_after_reason = policy_reason(&moved, Step::PolicyAfter, new);
            }
            Err(status) => moved.status = status,
        }
        moved
    }

    /// The steps between the two published tiers of a customer.
    fn steps(&self, number: u32, first: usize, second: usize) -> Result<Steps, SplitStatus> {
        // Each step takes its values from a measured cycle, at the customer's position in that cycle.
        let CorrectedValues { rules, pair, before, .. } = self.corrected;
        let (start, corrected) = ((before, first), self.corrected.source(number, first));
        let [score_before, score_corrected] = [start, corrected].map(|(cycle, at)| cycle.scores_e6[at]);
        let score_after = points(pair.after.rows[second].score_e6);
        let (score_own, score_cohort) = self.after.map_or((score_after, score_after), |(after, cohort)| {
            (after.scores_e6[second], cohort.scores_e6[second])
        });
        let moved = self.scores_in_later_strata.as_ref();
        let score_moved = moved.map_or(score_corrected, |scores| scores[index(number)]);
        let scores_e6 = [score_before, score_corrected, score_moved, score_own, score_cohort, score_after];
        if scores_e6.contains(&NO_SCORE) {
            return Err(SplitStatus::NoScore);
        }
        let by_lines = |(cycle, at): (&Measured, usize), stratum: u32, points_e6: i32| {
            let key = cycle.key(at, number, points_e6);
            rules.tier(stratum, &key, cycle.ceilings[at]).ok_or(SplitStatus::NoLines)
        };
        let (stratum_before, stratum_corrected) = (start.0.strata[start.1], corrected.0.strata[corrected.1]);
        let policy_before = by_lines(start, stratum_before, score_before)?;
        let correction = by_lines(corrected, stratum_corrected, score_corrected)?;
        let method = rules.tier_after(second).ok_or(SplitStatus::NoLines)?;
        let in_before = |stratum: u32| self.strata_before[index(stratum)];
        let stratum_after = self.strata_after[index(pair.after.rows[second].stratum)];
        let strata = [stratum_before, stratum_corrected].map(in_before);
        let Some((after, cohort)) = self.after else {
            let tiers = [policy_before, correction, correction, correction, method, method];
            let strata = [strata[0], strata[1], strata[1], stratum_after, stratum_after];
            return Ok(Steps { scores_e6, tiers, strata });
        };
        let stratum = after.strata[second];
        let moved = by_lines(corrected, stratum, score_moved)?;
        let own = by_lines((after, second), stratum, score_own)?;
        let refitted = cohort.tiers[second].ok_or(SplitStatus::NoLines)?;
        let fit = self.strata_cohort[index(cohort.stratum[second])];
        Ok(Steps {
            scores_e6,
            tiers: [policy_before, correction, moved, own, refitted, method],
            strata: [strata[0], strata[1], in_before(stratum), fit, stratum_after],
        })
    }
}

/// The steps of one customer between its published tiers.
struct Steps {
    scores_e6: [i32; SCORES],
    tiers: [Tier; TIERS - 2],
    strata: [u32; STRATA],
}

/// Why the part of a policy step is not 0.
fn policy_reason(moved: &CustomerMove, step: Step, row: &Placed) -> Option<PolicyReason> {
    moved.part(step).filter(|part| *part != 0)?;
    Some(match (row.provisional, row.policy) {
        (Some(_), _) => PolicyReason::Provisional,
        (None, Some(Policy::Hysteresis)) => PolicyReason::Hysteresis,
        (None, Some(Policy::StepLimit)) => PolicyReason::StepLimit,
        (None, _) => PolicyReason::Override,
    })
}
