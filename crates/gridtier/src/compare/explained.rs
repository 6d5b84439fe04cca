//! One customer's move step by step, the indicators that contributed to it, and how the other customers moved.

use serde::Serialize;

use super::attribution::Attribution;
use super::moved::CustomerMove;
use super::pair::{EndState, Pair};
use super::step::{PolicyReason, SplitStatus, Step};
use super::values::values;
use crate::cycle::Cycle;
use crate::index::{count, float, float_i64, index};
use crate::method::Tier;
use crate::word::Word;

/// A step of one customer's move.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedStep {
    /// The step.
    pub step: Step,
    /// By how much the step changed the score, in 10⁻⁶ points.
    pub part_e6: Option<i64>,
    /// By how many tiers the step moved the customer; a rise is positive.
    pub part: i64,
    /// The tier after the step.
    pub tier: Tier,
    /// The stratum after the step.
    pub stratum: String,
}

/// What the values of an indicator contributed to `own`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedIndicator {
    /// The indicator's id.
    pub indicator: String,
    /// The indicator's name in English.
    pub title: String,
    /// The indicator's name in Chinese.
    pub title_zh: String,
    /// The indicator's unit.
    pub unit: String,
    /// `known`, `na` or `unknown` before.
    pub status_before: &'static str,
    /// `known`, `na` or `unknown` after.
    pub status_after: &'static str,
    /// The value before, corrected if there is a revision.
    pub value_before: Option<f64>,
    /// The value after.
    pub value_after: Option<f64>,
    /// The indicator's part of the change of the score, in 10⁻⁶ points.
    pub part_e6: i64,
}

/// How the other customers of the earlier stratum moved. Moves that are not split are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherMoves {
    /// The number of the other customers, without this one.
    pub customers: u64,
    /// The number of them whose own behaviour raised the score.
    pub own_up: u64,
    /// The number of them whose own behaviour lowered the score.
    pub own_down: u64,
    /// The mean of their parts `own`, in points; `None` if there are no others.
    pub own_mean: Option<f64>,
    /// The number of them whose final tier rose.
    pub up: u64,
    /// The number of them whose final tier fell.
    pub down: u64,
}

/// The move of a customer that is graded at both ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedMove {
    /// Whether the move could be split.
    pub status: SplitStatus,
    /// Score before, in 10⁻⁶ points.
    pub score_before_e6: Option<i64>,
    /// Score after, in 10⁻⁶ points.
    pub score_after_e6: Option<i64>,
    /// The steps that the move has, in order.
    pub steps: Vec<ExplainedStep>,
    /// The step that moved the tier most; `None` if the tier has not changed.
    pub cause: Option<Step>,
    /// Why the final tier differs from the tier by the lines, before and after.
    pub policy_reasons: [Option<PolicyReason>; 2],
    /// The indicators that contributed to `own`, largest part first; those without a part are left out.
    pub indicators: Vec<ExplainedIndicator>,
    /// `own` minus the sum of these rounded parts, in 10⁻⁶ points.
    pub rounding_e6: i64,
    /// How the other customers moved; `None` where moves are not split.
    pub others: Option<OtherMoves>,
}

/// A customer's place before and after, and why it changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MoveExplanation {
    /// The customer.
    pub customer_id: String,
    /// The customer's place in the earlier cycle.
    pub before: EndState,
    /// The customer's place in the later cycle.
    pub after: EndState,
    /// Whether its tier before was provisional.
    pub before_provisional: bool,
    /// Whether its tier after is provisional.
    pub after_provisional: bool,
    /// The steps; `None` unless both cycles grade the customer.
    pub moved: Option<ExplainedMove>,
}

/// Explains the move of one customer; `None` if neither cycle grades the customer. `revision` is the one with which the
/// attribution was made.
#[must_use]
pub fn explain_move(
    pair: &Pair,
    attribution: &Attribution,
    revision: Option<&Cycle>,
    id: &str,
) -> Option<MoveExplanation> {
    let at = pair.customers.partition_point(|customer| pair.id(customer) < id);
    let customer = pair.customers.get(at).filter(|customer| pair.id(customer) == id)?;
    let place = attribution.moves.binary_search_by_key(&at, |moved| index(moved.customer)).ok();
    Some(MoveExplanation {
        customer_id: id.to_owned(),
        before: customer.before,
        after: customer.after,
        before_provisional: customer.before_provisional,
        after_provisional: customer.after_provisional,
        moved: place.map(|place| explained(pair, attribution, revision, place)),
    })
}

fn explained(
    pair: &Pair,
    attribution: &Attribution,
    revision: Option<&Cycle>,
    place: usize,
) -> ExplainedMove {
    let moved = &attribution.moves[place];
    let steps = moved.path().map(|(step, _, (stratum, tier))| ExplainedStep {
        step,
        part_e6: moved.part_e6(step),
        part: moved.part(step).unwrap_or(0),
        tier,
        stratum: attribution.strata[index(stratum)].clone(),
    });
    let mut steps: Vec<ExplainedStep> = steps.collect();
    // The unsplit part goes between the steps correction and method.
    steps.sort_by_key(|step| moved.ends(step.step));
    let is_split = moved.status == SplitStatus::Split;
    let row = attribution.own.moves.binary_search_by_key(&place, |at| index(*at)).ok();
    ExplainedMove {
        status: moved.status,
        score_before_e6: moved.score_before_e6(),
        score_after_e6: moved.score_after_e6(),
        steps,
        cause: moved.cause(),
        policy_reasons: [moved.policy_before_reason, moved.policy_after_reason],
        indicators: row.map(|row| indicators(pair, attribution, revision, row)).unwrap_or_default(),
        rounding_e6: row.map_or(0, |row| attribution.own.rounding_e6(row, &attribution.moves)),
        others: is_split.then(|| others(attribution, moved)),
    }
}

/// The indicators that contributed to `own`, for the split move at an index.
fn indicators(
    pair: &Pair,
    attribution: &Attribution,
    revision: Option<&Cycle>,
    row: usize,
) -> Vec<ExplainedIndicator> {
    let (method, own) = (&pair.before.method, &attribution.own);
    let id = attribution.id(pair, &attribution.moves[index(own.moves[row])]);
    // The number of the customer in a cycle that grades it.
    let graded = |cycle: &Cycle| {
        let number = cycle.customers.ids.get(id)?;
        cycle.rows.binary_search_by_key(&number, |row| row.number).is_ok().then_some(index(number))
    };
    let revised = revision.and_then(|revision| Some((values(revision, method)?, graded(revision)?)));
    let before = revised.or_else(|| Some((values(pair.before, method)?, graded(pair.before)?)));
    let after = values(pair.after, method).zip(graded(pair.after));
    let (Some((before, was)), Some((after, is))) = (before, after) else { return Vec::new() };
    let mut found: Vec<ExplainedIndicator> = own
        .places
        .iter()
        .zip(own.row(row))
        .filter(|(_, part)| **part != 0)
        .map(|(&place, &part)| {
            let (spec, was, is) = (&method.indicators[place], before[place].get(was), after[place].get(is));
            ExplainedIndicator {
                indicator: spec.id.clone(),
                title: spec.titles[0].clone(),
                title_zh: spec.titles[1].clone(),
                unit: spec.unit.clone(),
                status_before: was.status(),
                status_after: is.status(),
                value_before: was.known(),
                value_after: is.known(),
                part_e6: i64::from(part),
            }
        })
        .collect();
    found.sort_by_key(|indicator| std::cmp::Reverse(indicator.part_e6.abs()));
    found
}

/// How the other customers of the earlier stratum moved.
fn others(attribution: &Attribution, moved: &CustomerMove) -> OtherMoves {
    let others = attribution.moves.iter().filter(|other| {
        other.strata[0] == moved.strata[0]
            && other.customer != moved.customer
            && other.status == SplitStatus::Split
    });
    let others: Vec<&CustomerMove> = others.collect();
    let own_e6 = |other: &CustomerMove| other.part_e6(Step::Own).unwrap_or(0);
    let customers = others.len();
    let sum_e6: i64 = others.iter().map(|other| own_e6(other)).sum();
    OtherMoves {
        customers: count(customers),
        own_up: count(others.iter().filter(|other| own_e6(other) > 0).count()),
        own_down: count(others.iter().filter(|other| own_e6(other) < 0).count()),
        own_mean: (customers > 0).then(|| float_i64(sum_e6) / 1e6 / float(customers)),
        up: count(others.iter().filter(|other| other.tier_after() < other.tier_before()).count()),
        down: count(others.iter().filter(|other| other.tier_after() > other.tier_before()).count()),
    }
}

impl ExplainedMove {
    /// By how many tiers the whole move changed the tier; a rise is positive.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.steps.iter().map(|step| step.part).sum()
    }
}

impl EndState {
    /// Whether the cycle grades the customer.
    #[must_use]
    pub fn is_graded(self) -> bool {
        self.position() < Tier::ALL.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{DraftCustomer, cycle};
    use crate::method::{Method, PRESETS};
    use crate::tier::Previous;
    use crate::unit::Month;

    fn graded(year: i32, kwh: &[f64], last: &str) -> Cycle {
        let text = PRESETS[1].1.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
        let method = Method::parse("m.toml", &text).unwrap();
        let draft = |(at, kwh): (usize, &f64)| {
            let share = if *kwh > 100.0 { 1.0 } else { 0.5 };
            DraftCustomer::new(format!("{at:02}"), &[("annual_energy", *kwh), ("on_time_payment", share)])
        };
        let mut drafts: Vec<DraftCustomer> = kwh.iter().enumerate().map(draft).collect();
        drafts.push(DraftCustomer::new(last, &[("annual_energy", 9.0)]));
        cycle(&method, Month::new(year, 1), drafts, Previous::new())
    }

    #[test]
    fn the_steps_of_a_move_lead_from_one_tier_to_the_other_and_indicators_sum_to_own() {
        let before = graded(2023, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0], "x");
        let after = graded(2026, &[300.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1.0], "y");
        let pair = Pair::new(&before, &after).unwrap();
        let attribution = Attribution::new(&pair, None).unwrap();
        let explained = explain_move(&pair, &attribution, None, "00").unwrap();
        let moved = explained.moved.unwrap();
        assert_eq!((explained.before, explained.after), (EndState::Grade3, EndState::Special));
        assert_eq!((moved.change(), moved.cause, moved.steps.len()), (3, Some(Step::Own), 7));
        assert_eq!(moved.steps.last().map(|step| step.tier), Some(Tier::Special));
        let parts: i64 = moved.indicators.iter().map(|indicator| indicator.part_e6).sum();
        let own = moved.steps.iter().find(|step| step.step == Step::Own).and_then(|step| step.part_e6);
        assert_eq!(Some(parts + moved.rounding_e6), own);
        let first = &moved.indicators[0];
        assert!(first.part_e6.abs() >= moved.indicators[1].part_e6.abs());
        let energy = moved.indicators.iter().find(|found| found.indicator == "annual_energy").unwrap();
        assert_eq!((energy.value_before, energy.value_after), (Some(1.0), Some(300.0)));
        let others = moved.others.unwrap();
        assert_eq!((others.customers, others.own_up, others.own_down), (8, 0, 1));
        let gone = explain_move(&pair, &attribution, None, "x").unwrap();
        assert_eq!((gone.after, gone.moved, gone.after.is_graded()), (EndState::Absent, None, false));
        assert!(explain_move(&pair, &attribution, None, "z").is_none());
    }
}
