//! Explains the tier of one customer of a published cycle, and what would raise it.
//!
//! Points are computed by the code that graded the cycle, with the cycle's frozen parameters, so that the explained
//! score always equals the published score. Levers are only the indicators that a customer can influence by behaviour:
//! nobody is advised to consume more. The wording is left to the callers.

mod history;
mod outlook;
mod lever;

use serde::Serialize;

use crate::index::float_i64;
use crate::indicator::{DIMENSIONS, IndicatorValue};
use crate::method::{Combine, Method, Tier};
use crate::score::combine::combined;
use crate::score::{Parameters, Scored, score_row};
use crate::unit::Month;
use crate::word::Word;

pub(crate) use lever::{POINT_TOLERANCE, exists, sufficient_value};

pub use history::{
    AccountHistory, AssessedMonth, DatedOffence, EVIDENCE_MAX, EnergyMonth, Evidence, EvidenceKind, History,
    PlannedMonth, power_factor,
};

/// The part of a customer's row of the tier table that an explanation uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TierRow {
    /// The customer.
    pub customer_id: String,
    /// The stratum.
    pub stratum: String,
    /// Rank in the stratum.
    pub rank: Option<i64>,
    /// Score in 10⁻⁶ points.
    pub score_e6: Option<i64>,
    /// The known weight as a share of the applicable weight.
    pub known_weight: f64,
    /// Whether the customer is scored but not ranked.
    pub provisional: bool,
    /// First day of the first month from which a firm grade is possible.
    pub firm_from: Option<String>,
    /// Tier by rank and quota.
    pub tier_computed: Option<String>,
    /// Final tier.
    pub tier: String,
    /// Why the tier is provisional, or which policy moved the customer.
    pub reason: Option<String>,
    /// The best tier that confirmed offences leave to the customer.
    pub ceiling: Option<String>,
}

/// A boundary between tiers of the customer's stratum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// The tier above the line.
    pub better: String,
    /// Number of ranked customers of the stratum.
    pub customers: i64,
    /// Number of customers above the line by the quota.
    pub quota: i64,
    /// Number of customers above the line as it was drawn, after ties and floors.
    pub count: i64,
    /// The lowest score above the line by the quota.
    pub score_above_e6: Option<i64>,
}

/// One indicator of the customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The indicator's id.
    pub indicator: String,
    /// The indicator's name in English.
    pub title: String,
    /// The indicator's name in Chinese.
    pub title_zh: String,
    /// The indicator's dimension.
    pub dimension: String,
    /// The indicator's unit.
    pub unit: String,
    /// `known`, `na` or `unknown`.
    pub status: &'static str,
    /// The customer's value.
    pub value: Option<f64>,
    /// Points from 0 to 100; `None` if the indicator does not count.
    pub points: Option<f64>,
    /// The indicator's weight in this customer's score.
    pub weight: f64,
    /// The indicator's contribution to the score.
    pub contribution: f64,
    /// Points that the score would gain if this indicator had 100 points.
    pub missing: f64,
}

/// The distance to the next better tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Next {
    /// The next better tier.
    pub tier: String,
    /// Points that the score must gain while all other customers stay as they are.
    pub gap: f64,
    /// Ranks that the customer must gain.
    pub places: i64,
    /// Number of ranks by which the customer may fall below the line and still keep the tier, if the method's
    /// hysteresis holds back changes of one tier.
    pub held_within: Option<i64>,
}

/// An indicator that the customer can influence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeverAdvice {
    /// The indicator.
    pub indicator: String,
    /// The indicator's name in English.
    pub title: String,
    /// The indicator's name in Chinese.
    pub title_zh: String,
    /// The indicator's unit.
    pub unit: String,
    /// The customer's value now.
    pub value: f64,
    /// The most points that the indicator could add to the score.
    pub gain_max: f64,
    /// The value with which this indicator alone would close the gap, rounded so that it still closes it; `None` if no
    /// value does.
    pub value_needed: Option<f64>,
    /// The needed value in months, if the indicator is a share of months: how many months must count, and out of how
    /// many.
    pub months_needed: Option<[i64; 2]>,
    /// The first month after which the customer would have enough points, doing from now on what the indicator asks;
    /// `None` if the past is not known, or no month is enough.
    pub reached_with: Option<Month>,
}

/// The whole explanation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The row of the tier table.
    #[serde(flatten)]
    pub row: TierRow,
    /// Number of ranked customers of the stratum.
    pub customers: Option<i64>,
    /// All indicators, in the method's order.
    pub items: Vec<Item>,
    /// The distance to the next tier; `None` in the best tier and for provisional customers.
    pub next: Option<Next>,
    /// The indicators that the customer can influence, greatest possible gain first.
    pub levers: Vec<LeverAdvice>,
    /// Whether all levers together would close the gap.
    pub reachable: bool,
    /// Bills, months and events that lower values: of each kind the latest, at most [`EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// Whether the data folder was given, from which late bills and missed plans are listed.
    pub has_data: bool,
    /// The energy of each month of the window, of all accounts together.
    pub energy: Vec<EnergyMonth>,
}

/// Explains a customer. `values` and `parameters` are in the order of the method's indicators; `boundaries` are those
/// of the customer's stratum.
#[must_use]
pub fn explain(
    method: &Method,
    parameters: &Parameters,
    values: &[IndicatorValue],
    row: TierRow,
    boundaries: &[Boundary],
    history: &History,
) -> Explanation {
    let parameters = &*parameters.in_stratum(&row.stratum);
    let scored = score_row(method, parameters, values);
    let items: Vec<Item> = method
        .indicators
        .iter()
        .enumerate()
        .filter_map(|(place, spec)| {
            let (weight, points) = (scored.weights[place], scored.points[place]);
            Some(Item {
                indicator: spec.id.clone(),
                title: spec.titles[0].clone(),
                title_zh: spec.titles[1].clone(),
                dimension: DIMENSIONS[spec.weight?.dimension].into(),
                unit: spec.unit.clone(),
                status: values[place].status(),
                value: values[place].known(),
                points,
                weight,
                contribution: scored.contributions[place],
                missing: points.map_or(0.0, |_| with_points(method, &scored, &[place], 100.0)),
            })
        })
        .collect();
    let next = next(&row, boundaries, method);
    let scores = lever::RowScores { method, parameters, scored: &scored, items: &items };
    let levers = lever::levers(&scores, next.as_ref(), history);
    let places: Vec<usize> = levers
        .iter()
        .filter_map(|lever| method.indicators.iter().position(|spec| spec.id == lever.indicator))
        .collect();
    let gains = with_points(method, &scored, &places, 100.0);
    let is_capped = row.ceiling.is_some();
    Explanation {
        customers: boundaries.first().map(|line| line.customers),
        reachable: next.as_ref().is_some_and(|next| gains >= next.gap) && !is_capped,
        row,
        items,
        next,
        levers,
        evidence: history.evidence(),
        has_data: history.has_data(),
        energy: history.energy(),
    }
}

/// By how much the score would rise if the indicators at these places had `z` points.
fn with_points(method: &Method, scored: &Scored, places: &[usize], z: f64) -> f64 {
    if method.combine == Combine::WeightedSum {
        return places
            .iter()
            .map(|&place| scored.weights[place] * (z - scored.points[place].unwrap_or(z)))
            .sum();
    }
    let mut points = scored.points.clone();
    for &place in places {
        points[place] = points[place].map(|_| z);
    }
    combined(method.combine, &scored.weights, &points)
        - combined(method.combine, &scored.weights, &scored.points)
}

/// The next better tier. Its line is that of the quota or of a floor, whichever asks for more points.
fn next(row: &TierRow, boundaries: &[Boundary], method: &Method) -> Option<Next> {
    let computed = Tier::from_code(row.tier_computed.as_deref()?)?;
    // An override or hysteresis may have left the customer in a better tier than the score gives. A tier that the
    // customer already has is not offered.
    let has = Tier::from_code(&row.tier)?.position().min(computed.position());
    let place = has.checked_sub(1)?;
    let better = Tier::ALL[place];
    let line = boundaries.iter().find(|line| line.better == better.code())?;
    // The score must be one unit above the last score of the better tier, because revenue decides between equal scores.
    let by_quota_e6 = line.score_above_e6? + 1;
    let needed_e6 = method.lines.floors_e6[place].map_or(by_quota_e6, |floor_e6| floor_e6.max(by_quota_e6));
    let gap = float_i64((needed_e6 - row.score_e6?).max(0)) / 1e6;
    // If places above the line are empty, the customer takes one of them.
    let last_place = if line.count < line.quota { line.count + 1 } else { line.count };
    let places = (row.rank? - last_place).max(0);
    let band = method.hysteresis.filter(|_| computed.code() == row.tier);
    let held_within = band.map(|band| (band * float_i64(line.customers)).floor() as i64);
    Some(Next { tier: better.code().into(), gap, places, held_within })
}

#[cfg(test)]
mod tests;
