//! How much the population has drifted: the stability index of the score, the dimensions and each indicator (REGRADE section 2).

use rayon::prelude::*;

use super::grading::published;
use super::pair::Pair;
use crate::cycle::Cycle;
use crate::index::{IndicatorIx, float_i64, index};
use crate::indicator::{DIMENSIONS, IndicatorValue};
use crate::method::Method;
use crate::statistics::stability_index::{DriftValue, StabilityIndex, stability_index};
use crate::unit::round_half_away;

/// A stratum's drift is measured only if it has at least this many ranked customers in each of the two cycles.
const MIN_STRATUM: usize = 200;

/// From the first limit on, a stability index of the score is a warning; from the second on, an alert.
pub const DRIFT_LIMITS: [f64; 2] = [0.10, 0.25];

crate::words! {
    /// The verdict on a stability index.
    DriftVerdict "verdict on drift" {
        /// Below 0.10.
        Stable "stable" "stable" "稳定",
        /// Below 0.25.
        Warn "warn" "warn" "预警",
        /// From 0.25 on.
        Alert "alert" "alert" "报警",
    }
}

impl DriftVerdict {
    /// The verdict on an index.
    #[must_use]
    pub fn of(value: f64) -> Self {
        match value {
            _ if value < DRIFT_LIMITS[0] => Self::Stable,
            _ if value < DRIFT_LIMITS[1] => Self::Warn,
            _ => Self::Alert,
        }
    }
}

/// The drift of one measure in one stratum.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Number of the stratum in [`Alignment::strata`](super::Alignment::strata); `None` for everybody.
    pub stratum: Option<u32>,
    /// `score`, `score_frozen`, a dimension or the id of an indicator.
    pub measure: String,
    /// The index with its bins.
    pub index: StabilityIndex,
}

impl Drift {
    /// Whether the index is greater than sampling explains; `None` where one of the cycles has no customer.
    #[must_use]
    pub fn beyond_sampling(&self) -> Option<bool> {
        self.index.sampling_95.map(|band| self.index.value > band)
    }

    /// What the index says.
    #[must_use]
    pub fn verdict(&self) -> DriftVerdict {
        DriftVerdict::of(self.index.value)
    }
}

/// A measure, and where its values are found.
enum DriftMeasure {
    /// The published scores.
    Score,
    /// The later cycle's values scored by the earlier one's parameters.
    FrozenScore,
    /// The score within a dimension.
    Dimension(usize),
    /// An indicator, by its positions in the methods of the two cycles.
    Indicator(IndicatorIx, IndicatorIx),
}

/// The drift of every measure, for everybody and then for each stratum that has at least 200 ranked customers in both
/// cycles. `frozen` holds, for each row of the later cycle, the score by the earlier cycle's parameters in 10⁻⁶ points,
/// or [`NO_SCORE`](crate::score::NO_SCORE); it is `None` where these parameters do not apply.
#[must_use]
pub fn drift(pair: &Pair<'_>, frozen: Option<&[i32]>) -> Vec<Drift> {
    let ends = [ranked(pair.before), ranked(pair.after)];
    let mut groups = vec![(None, ends.clone())];
    for number in 0..pair.strata.len() {
        let stratum = u32::try_from(number).ok();
        let numbers = [&pair.strata_before, &pair.strata_after];
        let cycles = [pair.before, pair.after];
        let members: [Vec<usize>; 2] = std::array::from_fn(|end| {
            let in_stratum =
                |&&at: &&usize| Some(numbers[end][index(cycles[end].rows[at].stratum)]) == stratum;
            ends[end].iter().filter(in_stratum).copied().collect()
        });
        if members.iter().all(|members| members.len() >= MIN_STRATUM) {
            groups.push((stratum, members));
        }
    }
    let measures = measures(pair, frozen.is_some());
    let tasks: Vec<_> =
        groups.iter().flat_map(|group| measures.iter().map(move |measure| (group, measure))).collect();
    let drifts = tasks.into_par_iter().map(|((stratum, [before, after]), (name, measure))| {
        let before: Vec<DriftValue> =
            before.iter().map(|&at| value(pair.before, at, measure, 0, None)).collect();
        let after: Vec<DriftValue> =
            after.iter().map(|&at| value(pair.after, at, measure, 1, frozen)).collect();
        Drift { stratum: *stratum, measure: name.clone(), index: stability_index(&before, &after) }
    });
    drifts.collect()
}

/// Positions of the ranked customers in the rows of a cycle.
fn ranked(cycle: &Cycle) -> Vec<usize> {
    (0..cycle.rows.len()).filter(|&at| cycle.rows[at].provisional.is_none()).collect()
}

/// The measures that both cycles compute alike.
fn measures(pair: &Pair<'_>, frozen: bool) -> Vec<(String, DriftMeasure)> {
    let mut measures = vec![("score".to_owned(), DriftMeasure::Score)];
    if frozen {
        measures.push(("score_frozen".to_owned(), DriftMeasure::FrozenScore));
    }
    measures.extend(
        (0..).zip(DIMENSIONS).map(|(at, dimension)| (dimension.to_owned(), DriftMeasure::Dimension(at))),
    );
    for (at, spec) in pair.before.method.indicators.iter().enumerate() {
        if let Some(other) = same_indicator(&pair.before.method, at, &pair.after.method) {
            let positions =
                DriftMeasure::Indicator(IndicatorIx::from_index(at), IndicatorIx::from_index(other));
            measures.push((spec.id.clone(), positions));
        }
    }
    measures
}

/// Finds the indicator at `place` of a method in another method. Returns its position there if both compute it alike:
/// as the same entry of the registry, or as their own indicator of the same name with the same expressions.
fn same_indicator(method: &Method, place: usize, other: &Method) -> Option<usize> {
    let id = &method.indicators[place].id;
    let found = other.indicators.iter().position(|spec| spec.id == *id)?;
    let own = [(method, place), (other, found)]
        .map(|(method, place)| place.checked_sub(method.registered.len()).map(|own| &method.own[own]));
    (own[0] == own[1]).then_some(found)
}

/// The value of a row of a cycle, which is the earlier one for `end` 0 and the later one for 1.
fn value(cycle: &Cycle, at: usize, measure: &DriftMeasure, end: usize, frozen: Option<&[i32]>) -> DriftValue {
    let row = &cycle.rows[at];
    let score =
        |score: Option<i64>| score.map_or(DriftValue::Absent, |score| DriftValue::Known(float_i64(score)));
    match measure {
        DriftMeasure::Score => score(row.score_e6),
        DriftMeasure::FrozenScore => score(frozen.map_or(row.score_e6, |frozen| published(frozen[at]))),
        DriftMeasure::Dimension(dimension) => {
            score(row.dimensions[*dimension].map(|points| round_half_away(points * 1e6)))
        }
        DriftMeasure::Indicator(before, after) => {
            let column = &cycle.columns[if end == 0 { before.index() } else { after.index() }];
            match column.get(index(row.number)) {
                IndicatorValue::Known(x) => DriftValue::Known(x),
                IndicatorValue::NotApplicable => DriftValue::NotApplicable,
                IndicatorValue::Unknown => DriftValue::Unknown,
            }
        }
    }
}
