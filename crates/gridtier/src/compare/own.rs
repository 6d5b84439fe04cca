//! What each indicator contributed to `own`, and which indicators became known (REGRADE section 3, file `own`).

use rayon::prelude::*;

use super::corrected::CorrectedValues;
use super::grading::Measured;
use super::moved::CustomerMove;
use super::step::{SplitStatus, Step};
use crate::index::index;
use crate::score::{OnParameters, Parameters};

/// For each split move and indicator: the indicator's contribution after the step `own` minus that after `stratum`,
/// each rounded to 10⁻⁶ points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnContributions {
    /// Positions, in the earlier method, of the indicators whose weight is above 0.
    pub places: Vec<usize>,
    /// Indices of the split moves, ascending.
    pub moves: Vec<u32>,
    /// The differences, move by move in the order of `places`.
    differences_e6: Vec<i32>,
}

impl OwnContributions {
    /// The differences of the split move at an index of `moves`, in the order of `places`.
    #[must_use]
    pub fn row(&self, at: usize) -> &[i32] {
        &self.differences_e6[at * self.places.len()..][..self.places.len()]
    }

    /// The part `own` of a split move, minus the sum of its differences, each of which is rounded.
    #[must_use]
    pub fn rounding_e6(&self, at: usize, moves: &[CustomerMove]) -> i64 {
        let own = moves[index(self.moves[at])].part_e6(Step::Own).unwrap_or(0);
        own - self.row(at).iter().map(|part| i64::from(*part)).sum::<i64>()
    }

    /// The differences of a move; `None` if the move is not split.
    #[must_use]
    pub fn of_move(&self, moved: usize) -> Option<&[i32]> {
        let at = self.moves.binary_search_by(|known| index(*known).cmp(&moved)).ok()?;
        Some(self.row(at))
    }
}

/// Computes the differences of all split moves, and sets those fields of the moves that depend on
/// them.
pub(super) fn own_contributions(
    corrected: CorrectedValues,
    after: &Measured,
    moves: &mut [CustomerMove],
) -> OwnContributions {
    let pair = corrected.pair;
    let places = pair.before.parameters.weighing();
    let split = (0u32..).zip(&*moves).filter(|(_, moved)| moved.status == SplitStatus::Split);
    let split: Vec<u32> = split.map(|(at, _)| at).collect();
    let customers: Vec<u32> = split.iter().map(|&at| moves[index(at)].customer).collect();
    let later = customers.iter().filter_map(|customer| pair.customers[index(*customer)].after_at());
    let (numbers, strata): (Vec<u32>, Vec<u32>) =
        later.map(|at| (after.cycle.rows[at].number, after.strata[at])).unzip();
    let mut differences_e6 = corrected.rules.frozen(&after.values, &numbers, &strata).contributions_e6();
    let earlier = corrected
        .in_later_strata(&customers, after, places.len(), |values: OnParameters| values.contributions_e6());
    differences_e6.iter_mut().zip(earlier).for_each(|(later, earlier)| *later -= earlier);
    let own = OwnContributions { places, moves: split, differences_e6 };
    let weighing: Vec<usize> = of_weight(&pair.before.parameters).collect();
    let found: Vec<(u16, u16, Option<u16>)> = (0..own.moves.len())
        .into_par_iter()
        .map(|at| {
            let first = pair.customers[index(customers[at])].before_at().unwrap_or(0);
            let (source, was) = corrected.source(customers[at], first);
            let was = Valued { cycle: source, number: source.cycle.rows[was].number };
            let (known, unknown) = newly(&weighing, was, Valued { cycle: after, number: numbers[at] });
            (known, unknown, first_of(&own, at))
        })
        .collect();
    for (&at, (known, unknown, first)) in own.moves.iter().zip(found) {
        let moved = &mut moves[index(at)];
        (moved.newly_known, moved.newly_unknown, moved.own_first) = (known, unknown, first);
    }
    own
}

/// The values of a customer in a cycle.
#[derive(Clone, Copy)]
struct Valued<'a> {
    cycle: &'a Measured<'a>,
    number: u32,
}

impl Valued<'_> {
    fn knows(&self, place: usize) -> bool {
        self.cycle.values[place].known(index(self.number)).is_some()
    }
}

/// How many of these indicators became known, and how many ceased to be known.
fn newly(places: &[usize], was: Valued, is: Valued) -> (u16, u16) {
    let (mut known, mut unknown) = (0, 0);
    for &place in places {
        known += u16::from(is.knows(place) && !was.knows(place));
        unknown += u16::from(was.knows(place) && !is.knows(place));
    }
    (known, unknown)
}

/// Positions of the indicators whose weight is above 0.
fn of_weight(parameters: &Parameters) -> impl Iterator<Item = usize> {
    let weights = parameters.weights.iter().enumerate();
    weights.filter(|(_, weight)| weight.is_some_and(|weight| weight.nominal() > 0.0)).map(|(place, _)| place)
}

/// The position of the indicator with the largest difference, the first of equally large ones; `None` if all are
/// 0.
fn first_of(own: &OwnContributions, at: usize) -> Option<u16> {
    let parts = own.row(at);
    let largest = parts.iter().map(|part| part.unsigned_abs()).max().filter(|largest| *largest > 0)?;
    let place = parts.iter().position(|part| part.unsigned_abs() == largest)?;
    u16::try_from(own.places[place]).ok()
}
