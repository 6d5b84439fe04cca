//! Explains the tier of one customer of a published cycle, and what would raise it.
//!
//! Points are computed by the code that graded the cycle, with the cycle's frozen parameters, so that the explained score
//! always equals the published one. Levers are only the indicators that a customer can influence by behaviour: nobody is
//! advised to consume more. The wording is left to the callers.

use serde::Serialize;

use crate::index::float_i64;
use crate::indicator::registry;
use crate::indicator::{DIMENSIONS, IndicatorValue};
use crate::method::{Combine, Method, Tier};
use crate::score::combine::combined;
use crate::score::normalise::FittedKind;
use crate::score::{Fitted, Parameters, Scored, score_row};
use crate::word::Word;

/// Bisection steps: enough for the precision of a double.
const HALVINGS: usize = 80;

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
    /// Known ÷ applicable weight.
    pub known_weight: f64,
    /// Whether the customer is scored and not ranked.
    pub provisional: bool,
    /// First day of the first month from which a firm grade is possible.
    pub firm_from: Option<String>,
    /// Tier by rank and quota.
    pub tier_computed: Option<String>,
    /// Final tier.
    pub tier: String,
    /// Why it is provisional, or which policy moved it.
    pub reason: Option<String>,
    /// The best tier that confirmed offences leave.
    pub ceiling: Option<String>,
}

/// A boundary between tiers of the customer's stratum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// The tier above the line.
    pub better: String,
    /// Ranked customers of the stratum.
    pub customers: i64,
    /// Customers above the line.
    pub count: i64,
    /// Score just above.
    pub score_above_e6: Option<i64>,
}

/// One indicator of the customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// Its id.
    pub indicator: String,
    /// Its name in English.
    pub title: String,
    /// Its name in Chinese.
    pub title_zh: String,
    /// Its dimension.
    pub dimension: String,
    /// Its unit.
    pub unit: String,
    /// `known`, `na` or `unknown`.
    pub status: &'static str,
    /// Its value.
    pub value: Option<f64>,
    /// From 0 to 100; `None` where it does not count.
    pub points: Option<f64>,
    /// Weight in this customer's score.
    pub weight: f64,
    /// Its contribution to the score.
    pub contribution: f64,
    /// Points that the score would gain if this indicator had 100 points.
    pub missing: f64,
}

/// The distance to the next better tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Next {
    /// The next better tier.
    pub tier: String,
    /// Points that the score must gain, all other customers unchanged.
    pub gap: f64,
    /// Ranks that the customer must gain.
    pub places: i64,
}

/// An indicator that the customer can influence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeverAdvice {
    /// The indicator.
    pub indicator: String,
    /// Its name in English.
    pub title: String,
    /// Its name in Chinese.
    pub title_zh: String,
    /// Its unit.
    pub unit: String,
    /// Its value now.
    pub value: f64,
    /// The most points that it could add.
    pub gain_max: f64,
    /// The value with which this indicator alone would close the gap, rounded so that it still does; `None` where no
    /// value does.
    pub value_needed: Option<f64>,
    /// The same as months that must count, and of how many, where the indicator is a share of months.
    pub months_needed: Option<[i64; 2]>,
}

/// A month or an event behind the value of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The indicator that it lowers.
    pub indicator: String,
    /// The month, such as 2025-03.
    pub month: String,
    /// The power factor of a month below the customer's standard.
    pub power_factor: Option<f64>,
    /// Of an offence: its kind.
    pub offence: Option<String>,
    /// Of an offence: its severity, 1 to 5.
    pub severity: Option<i64>,
}

/// Pieces of evidence that an explanation lists of each kind: the latest.
pub const EVIDENCE_MAX: usize = 10;

/// What a cycle's tables say of a customer beside its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Months of which the power factor is assessed.
    pub power_factor_months: Option<i64>,
    /// Months and events, latest first, at most [`EVIDENCE_MAX`] of a kind.
    pub evidence: Vec<Evidence>,
}

/// The whole explanation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The row of the tier table.
    #[serde(flatten)]
    pub row: TierRow,
    /// Ranked customers of the stratum.
    pub customers: Option<i64>,
    /// Every indicator, in the method's order.
    pub items: Vec<Item>,
    /// The distance to the next tier; `None` in the best tier and for provisional customers.
    pub next: Option<Next>,
    /// The indicators that the customer can influence, greatest possible gain first.
    pub levers: Vec<LeverAdvice>,
    /// Whether all levers together would close the gap.
    pub reachable: bool,
    /// Months and events that lower values, latest first.
    pub evidence: Vec<Evidence>,
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
    let next = next(&row, boundaries);
    let levers = levers(method, parameters, &scored, &items, next.as_ref(), history);
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
        evidence: history.evidence.clone(),
    }
}

/// The gain of the score if the indicators at these indices had `z` points.
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

/// The fewest points of one indicator that raise the score by `gap`; above 100 when no points do.
fn points_needed(method: &Method, scored: &Scored, place: usize, gap: f64) -> f64 {
    let now = scored.points[place].unwrap_or(100.0);
    if method.combine == Combine::WeightedSum {
        return now + gap / scored.weights[place];
    }
    if with_points(method, scored, &[place], 100.0) < gap {
        return f64::INFINITY;
    }
    let (mut too_low, mut enough) = (now, 100.0);
    for _ in 0..HALVINGS {
        let middle = too_low + (enough - too_low) / 2.0;
        if with_points(method, scored, &[place], middle) >= gap {
            enough = middle;
        } else {
            too_low = middle;
        }
    }
    enough
}

fn next(row: &TierRow, boundaries: &[Boundary]) -> Option<Next> {
    let computed = Tier::from_code(row.tier_computed.as_deref()?)?;
    // An override, or a held tier, may be better than the score's: what the customer has is not offered.
    let has = Tier::from_code(&row.tier)?.position().min(computed.position());
    let better = Tier::ALL[has.checked_sub(1)?];
    let line = boundaries.iter().find(|line| line.better == better.code())?;
    // One unit above the last score of the better tier, because revenue decides between equal scores.
    let needed_e6 = line.score_above_e6? + 1;
    let gap = float_i64((needed_e6 - row.score_e6?).max(0)) / 1e6;
    Some(Next { tier: better.code().into(), gap, places: (row.rank? - line.count).max(0) })
}

fn levers(
    method: &Method,
    parameters: &Parameters,
    scored: &Scored,
    items: &[Item],
    next: Option<&Next>,
    history: &History,
) -> Vec<LeverAdvice> {
    let mut levers: Vec<LeverAdvice> = items
        .iter()
        .filter(|item| {
            registry::find(&item.indicator).is_some_and(|entry| entry.lever == registry::Lever::Behaviour)
        })
        .filter(|item| item.missing > 0.0)
        .filter_map(|item| {
            let place = method.indicators.iter().position(|spec| spec.id == item.indicator)?;
            let (value, fitted) = (item.value?, parameters.fitted[place].as_ref()?);
            // The published score is rounded, so the true one may lie half a unit lower.
            let needed = next.map(|next| points_needed(method, scored, place, next.gap + SCORE_UNIT));
            let needed = needed.filter(|&z| z <= 100.0);
            let exact = needed.and_then(|z| value_for(fitted, value, z));
            let months = history.power_factor_months.filter(|_| item.indicator == "power_factor_attainment");
            let (value_needed, months_needed) = match (exact, months) {
                (Some(exact), Some(months)) if months > 0 => {
                    let share = safe_value(exact, 1.0 / float_i64(months), value);
                    let counted = crate::unit::round_half_away(share * float_i64(months));
                    (Some(share.min(1.0)), Some([counted.min(months), months]))
                }
                (Some(exact), _) => (Some(safe_value(exact, step(&item.unit), value)), None),
                (None, _) => (None, None),
            };
            Some(LeverAdvice {
                indicator: item.indicator.clone(),
                title: item.title.clone(),
                title_zh: item.title_zh.clone(),
                unit: item.unit.clone(),
                value,
                gain_max: item.missing,
                value_needed,
                months_needed,
            })
        })
        .collect();
    levers.sort_by(|a, b| b.gain_max.total_cmp(&a.gain_max));
    levers
}

/// One unit of the published score.
const SCORE_UNIT: f64 = 1e-6;

/// The steps in which people read values of a unit, or in which they come: shares in tenths of a percent, points of
/// suggestions whole.
fn step(unit: &str) -> f64 {
    match unit {
        "share" => 0.001,
        "points" => 1.0,
        _ => 0.01,
    }
}

/// The `exact` value in whole steps, away from the present value: rounded to the nearest it might not suffice. The way to
/// 0 ends there.
fn safe_value(exact: f64, step: f64, now: f64) -> f64 {
    // A value that is a whole number of steps but for the bisection's last bits stays.
    let steps = exact / step;
    let near = steps.round();
    let is_whole = (steps - near).abs() < 1e-9;
    match exact >= now {
        _ if is_whole => near * step,
        true => steps.ceil() * step,
        false => (steps.floor() * step).max(0.0),
    }
}

/// The value nearest to `from` that has at least `z` points, by bisection between `from` and the best value.
fn value_for(fitted: &Fitted, from: f64, z: f64) -> Option<f64> {
    let candidates: Vec<f64> = match &fitted.kind {
        FittedKind::MinMax { transform: crate::method::Transform::None, lo, hi, .. } => vec![*lo, *hi],
        FittedKind::MinMax { lo, hi, .. } => vec![libm::expm1(*lo), libm::expm1(*hi)],
        FittedKind::Percentile { values, .. } => {
            values.first().into_iter().chain(values.last()).copied().collect()
        }
        FittedKind::Points(knots) => knots.iter().map(|knot| knot.0).collect(),
        FittedKind::Target { target, .. } => vec![*target],
        FittedKind::Nobody => Vec::new(),
    };
    let best = candidates.into_iter().max_by(|a, b| fitted.points(*a).total_cmp(&fitted.points(*b)))?;
    if fitted.points(best) < z {
        return None;
    }
    let (mut too_low, mut enough) = (from, best);
    for _ in 0..HALVINGS {
        let middle = too_low + (enough - too_low) / 2.0;
        if fitted.points(middle) >= z {
            enough = middle;
        } else {
            too_low = middle;
        }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::IndicatorColumn;
    use crate::method::PRESETS;
    use crate::score::RankedValues;

    fn method() -> Method {
        Method::parse("m.toml", PRESETS[0].1).unwrap()
    }

    fn fitted(method: &Method) -> Parameters {
        let column: IndicatorColumn = [0.0, 1.0, 100.0, 1e6].into_iter().map(IndicatorValue::Known).collect();
        let four = RankedValues { column: &column, numbers: &[0, 1, 2, 3] };
        let fit = |spec: &crate::method::Spec| {
            Some(Fitted::fit(spec.normalise.as_ref()?, spec.direction, four, 4, spec.base))
        };
        Parameters {
            fitted: method.indicators.iter().map(fit).collect(),
            weights: method.indicators.iter().map(|spec| spec.weight).collect(),
            delivered: vec![true; method.indicators.len()],
            strata: Vec::new(),
        }
    }

    /// A customer with half of its bills paid on time and 30 overdue days.
    fn explanation(gap: f64) -> Explanation {
        let method = method();
        let fitted = fitted(&method);
        let value = |id: &str| match id {
            "on_time_payment" => IndicatorValue::Known(0.5),
            "overdue_days" => IndicatorValue::Known(30.0),
            "plan_completion" => IndicatorValue::NotApplicable,
            "annual_energy" => IndicatorValue::Known(500.0),
            _ => IndicatorValue::Unknown,
        };
        let values: Vec<IndicatorValue> = method.indicators.iter().map(|spec| value(&spec.id)).collect();
        let score = score_row(&method, &fitted, &values).score.unwrap();
        let score_e6 = crate::unit::round_half_away(score * 1e6);
        let row = TierRow {
            rank: Some(50),
            score_e6: Some(score_e6),
            tier_computed: Some("grade-2".into()),
            tier: "grade-2".into(),
            ..TierRow::default()
        };
        let line = Boundary {
            better: "grade-1".into(),
            customers: 100,
            count: 40,
            score_above_e6: Some(score_e6 + (gap * 1e6) as i64 - 1),
        };
        let history = History { power_factor_months: Some(24), evidence: Vec::new() };
        explain(&method, &fitted, &values, row, &[line], &history)
    }

    #[test]
    fn a_value_that_is_needed_is_rounded_away_from_the_present_one() {
        assert!((safe_value(0.5121, 0.001, 0.4) - 0.513).abs() < 1e-12);
        assert!((safe_value(0.966, 0.01, 4.6) - 0.96).abs() < 1e-12, "days must fall below");
        assert!((safe_value(0.8, 1.0 / 24.0, 0.5) - 20.0 / 24.0).abs() < 1e-12, "20 of 24 months");
        assert_eq!(safe_value(1.2, 1.0, 0.0), 2.0);
        assert!((safe_value(0.75 + 1e-13, 0.001, 0.4) - 0.75).abs() < 1e-12, "no step more for the last bit");
        assert_eq!(safe_value(0.3, 1.0, 2.0), 0.0);
    }

    #[test]
    fn a_tier_that_the_customer_has_is_not_offered() {
        let row = TierRow {
            rank: Some(50),
            score_e6: Some(1),
            tier_computed: Some("grade-2".into()),
            tier: "grade-1".into(),
            reason: Some("override".into()),
            ..TierRow::default()
        };
        let line = |better: &str, count| Boundary {
            better: better.into(),
            customers: 100,
            count,
            score_above_e6: Some(9),
        };
        let next = next(&row, &[line("special", 10), line("grade-1", 40)]).unwrap();
        assert_eq!((next.tier.as_str(), next.places), ("special", 40));
    }

    #[test]
    fn the_items_add_up_to_the_published_score() {
        let explanation = explanation(1.0);
        let sum: f64 = explanation.items.iter().map(|item| item.contribution).sum();
        assert!((sum - explanation.row.score_e6.unwrap() as f64 / 1e6).abs() < 1e-6);
        let weights: f64 = explanation.items.iter().map(|item| item.weight).sum();
        assert!((weights - 1.0).abs() < 1e-12);
    }

    #[test]
    fn levers_are_indicators_of_behaviour_and_reach_the_boundary_exactly() {
        let explanation = explanation(5.0);
        let next = explanation.next.as_ref().unwrap();
        assert_eq!((next.tier.as_str(), next.places), ("grade-1", 10));
        let ids: Vec<&str> = explanation.levers.iter().map(|lever| lever.indicator.as_str()).collect();
        assert_eq!(ids, ["on_time_payment", "overdue_days"], "energy is no lever");
        let lever = &explanation.levers[0];
        // Energy and payment are left, payment 60 % by on-time share.
        // Of contribution 0.55 × 0.4 = 0.22 is known and of compliance 0.35: they enter with 0.44 and 0.7 of their weight.
        let (contribution, compliance) = (0.5396 * 0.44, 0.2970 * 0.7);
        let weight = compliance / (contribution + compliance) * 0.6;
        assert!((lever.gain_max - 50.0 * weight).abs() < 1e-9);
        let (needed, exact) = (lever.value_needed.unwrap(), 0.5 + 0.05 / weight);
        assert!(needed >= exact && needed < exact + 0.0011, "{needed} for {exact}");
        assert!(explanation.reachable);
    }

    #[test]
    fn an_unreachable_tier_is_reported() {
        let explanation = explanation(60.0);
        assert!(!explanation.reachable);
        assert!(explanation.levers.iter().all(|lever| lever.value_needed.is_none()));
    }
}
