//! One customer's move: its scores, tiers and strata after each step, and the parts that follow from them.

use super::grading::published;
use super::step::{PolicyReason, SplitStatus, Step};
use crate::method::Tier;
use crate::word::Word;

/// Number of scores: those after the steps before, correction, stratum, own, cohort and method.
pub(super) const SCORES: usize = 6;
/// Number of tiers: those after the steps before, policy before, correction, stratum, own, cohort, method and policy
/// after.
pub(super) const TIERS: usize = 8;
/// Number of strata: those at the steps before, correction, stratum and own, cohort, and method.
pub(super) const STRATA: usize = 5;

/// A stratum, by its number in [`Attribution::strata`](super::Attribution::strata), and a tier.
pub(super) type TierInStratum = (u32, Tier);

/// The move of a customer that is graded at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerMove {
    /// The customer's index in [`Alignment::customers`](super::Alignment::customers).
    pub customer: u32,
    /// Whether the move could be split.
    pub status: SplitStatus,
    /// Scores in 10⁻⁶ points, or [`NO_SCORE`]; the values of steps that a move with this `status` does not have mean
    /// nothing.
    pub(super) scores_e6: [i32; SCORES],
    pub(super) tiers: [Tier; TIERS],
    /// Numbers in [`Attribution::strata`].
    pub(super) strata: [u32; STRATA],
    /// Why the tier before differs from the tier by the earlier lines; `None` if that part is 0.
    pub policy_before_reason: Option<PolicyReason>,
    /// Why the tier after differs from the tier by the later lines; `None` if that part is 0.
    pub policy_after_reason: Option<PolicyReason>,
    /// For a split move: the number of indicators with a weight above 0 whose value became known.
    pub newly_known: u16,
    /// For a split move: the number of indicators with a weight above 0 whose value ceased to be
    /// known.
    pub newly_unknown: u16,
    /// Position, in the earlier method, of the indicator with the largest part of `own`; `None` where all
    /// are 0.
    pub own_first: Option<u16>,
}

impl CustomerMove {
    /// The final tier before.
    #[must_use]
    pub fn tier_before(&self) -> Tier {
        self.tiers[0]
    }

    /// The final tier after.
    #[must_use]
    pub fn tier_after(&self) -> Tier {
        self.tiers[TIERS - 1]
    }

    /// The published score before, in 10⁻⁶ points.
    #[must_use]
    pub fn score_before_e6(&self) -> Option<i64> {
        published(self.scores_e6[0])
    }

    /// The published score after, in 10⁻⁶ points.
    #[must_use]
    pub fn score_after_e6(&self) -> Option<i64> {
        published(self.scores_e6[SCORES - 1])
    }

    /// Whether the move is split except between correction and method.
    fn is_half_split(&self) -> bool {
        matches!(self.status, SplitStatus::Window | SplitStatus::Counting | SplitStatus::Expression)
    }

    /// By how much a step changed the score, in 10⁻⁶ points; `None` if the move has no such step.
    #[must_use]
    pub fn part_e6(&self, step: Step) -> Option<i64> {
        let [before, correction, stratum, own, cohort, after] = self.scores_e6.map(published);
        let is_split = self.status == SplitStatus::Split;
        let (from, to) = match step {
            Step::Correction if is_split || self.is_half_split() => (before, correction),
            Step::Stratum if is_split => (correction, stratum),
            Step::Own if is_split => (stratum, own),
            Step::Cohort if is_split => (own, cohort),
            Step::Method if is_split => (cohort, after),
            Step::Unsplit if self.is_half_split() => (correction, after),
            Step::Unsplit if !is_split => (before, after),
            _ => return None,
        };
        Some(to? - from?)
    }

    /// By how many tiers a step moved the customer, a rise being positive; `None` if the move has no such step.
    #[must_use]
    pub fn part(&self, step: Step) -> Option<i64> {
        let (from, to) = self.ends(step)?;
        Some(tier_number(self.tiers[from]) - tier_number(self.tiers[to]))
    }

    /// The indices of the tiers before and after a step.
    pub(super) fn ends(&self, step: Step) -> Option<(usize, usize)> {
        let place = Step::PARTS.iter().position(|part| *part == step)?;
        match (self.status, step) {
            (SplitStatus::Split, Step::Unsplit) => None,
            (SplitStatus::Split, _) => Some((place, place + 1)),
            (SplitStatus::NoLines | SplitStatus::NoScore, Step::Unsplit) => Some((0, TIERS - 1)),
            (SplitStatus::NoLines | SplitStatus::NoScore, _) => None,
            (_, Step::PolicyBefore | Step::Correction | Step::PolicyAfter) => Some((place, place + 1)),
            (_, Step::Unsplit) => Some((2, TIERS - 2)),
            _ => None,
        }
    }

    /// The steps that the move has, each with the tier and stratum before and after it.
    pub(super) fn path(&self) -> impl Iterator<Item = (Step, TierInStratum, TierInStratum)> {
        let cell = |place: usize| {
            // The step own keeps the stratum of the step before it, and the policies keep the stratum of the step
            // before them.
            let stratum = [0, 0, 1, 2, 2, 3, 4, 4][place];
            (self.strata[stratum], self.tiers[place])
        };
        let steps = Step::PARTS.into_iter();
        steps.filter_map(move |step| {
            let (from, to) = self.ends(step)?;
            Some((step, cell(from), cell(to)))
        })
    }

    /// The step that moved the tier most in the direction of its change; `None` if the tier has not changed.
    #[must_use]
    pub fn cause(&self) -> Option<Step> {
        let change = tier_number(self.tier_before()) - tier_number(self.tier_after());
        let size = |step: Step| self.part(step).unwrap_or(0) * change.signum();
        let largest = Step::CAUSES.iter().copied().map(size).max().filter(|_| change != 0)?;
        Step::CAUSES.iter().copied().find(|step| size(*step) == largest)
    }
}

fn tier_number(tier: Tier) -> i64 {
    tier.position() as i64
}
