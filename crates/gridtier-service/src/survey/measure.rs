//! The scores of each valid respondent: items, dimensions, totals and the delivered value (SERVICE §7).

use gridtier::index::{CustomerIx, float, float_i64};

use super::frame::Frame;
use super::instrument::{Instrument, InstrumentKind, MONEY, SurveyForm, ValueRole};
use super::respondent::{Answers, Responses};

gridtier::words! {
    /// What a score measures, in the order of the codes' bytes.
    SurveyMeasure "measure of a survey" {
        /// Expectation.
        Expectation "E" "expectation" "期望",
        /// Perception.
        Perception "P" "perception" "感知",
        /// The answers of a plain form.
        Question "Q" "answer" "得分",
        /// Delivered value, in points from 0 to 100.
        Value "V" "delivered value" "让渡价值",
        /// Perception minus expectation.
        Gap "gap" "gap" "差距",
    }
}

gridtier::words! {
    /// Which items a score covers, in the order of the codes' bytes.
    SurveyLevel "level of a score" {
        /// A dimension.
        Dimension "dimension" "dimension" "维度",
        /// An item.
        Item "item" "item" "题目",
        /// All dimensions.
        Total "total" "total" "总分",
        /// All dimensions by the respondent's own weights.
        Weighted "weighted" "weighted total" "加权总分",
    }
}

/// The id of the only score of the level total, except in measure V.
pub const TOTAL_SCORE: &str = "total";
/// The id of the only score of the level weighted.
pub const WEIGHTED_SCORE: &str = "weighted";
/// The value that the customer gets, in points: a total of measure V.
pub const VALUE_SCORE: &str = "value";
/// The cost to the customer, in points: a total of measure V.
pub const COST_SCORE: &str = "cost";
/// Value minus cost, in points from −100 to 100: a total of measure V.
pub const DELIVERED_SCORE: &str = "delivered";
/// Value / cost: a total of measure V.
pub const RATIO_SCORE: &str = "ratio";

/// A score of all valid respondents.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// What it measures.
    pub measure: SurveyMeasure,
    /// Its level.
    pub level: SurveyLevel,
    /// The item, dimension or total.
    pub id: String,
    /// For each valid respondent; `None` where it cannot be computed.
    pub values: Vec<Option<f64>>,
}

/// The valid respondents of a survey and their scores.
#[derive(Clone, Debug)]
pub struct Respondents {
    /// Their positions among the responses, ascending.
    pub rows: Vec<usize>,
    /// Who they are; `None` if anonymous.
    pub customers: Vec<Option<CustomerIx>>,
    /// The scores: by measure, then item, dimension, total, weighted, in the order of the instrument.
    pub scores: Vec<Score>,
}

/// The scores of one measure by column, before they have names.
struct ScoreColumns {
    items: Vec<Vec<Option<f64>>>,
    dimensions: Vec<Vec<Option<f64>>>,
    total: Vec<Option<f64>>,
}

impl Respondents {
    /// Scores the valid responses.
    #[must_use]
    pub fn of(instrument: &Instrument, responses: &Responses, answers: &Answers, frame: &Frame) -> Self {
        let rows: Vec<usize> = answers.valid().collect();
        let customers: Vec<Option<CustomerIx>> = rows.iter().map(|&row| responses.customers[row]).collect();
        let forms: Vec<(SurveyForm, ScoreColumns)> = answers
            .forms
            .iter()
            .map(|(form, items)| (*form, columns(instrument, directed(instrument, items, &rows))))
            .collect();
        let mut scores = Vec::new();
        if let [(_, expectation), (_, perception)] = &forms[..] {
            let gaps = expectation.items.iter().zip(&perception.items);
            let gaps = gaps.map(|(expected, perceived)| difference(perceived, expected)).collect();
            let gap = columns(instrument, gaps);
            if instrument.weights {
                let weights: Vec<Option<&[i64]>> =
                    rows.iter().map(|&row| answers.weights[row].as_deref()).collect();
                for (measure, columns) in
                    [(SurveyMeasure::Gap, &gap), (SurveyMeasure::Perception, perception)]
                {
                    scores.push(weighted(measure, columns, &weights));
                }
            }
            scores.extend(named(instrument, SurveyMeasure::Gap, gap));
        }
        for (form, columns) in forms {
            if instrument.kind == InstrumentKind::Value {
                scores.extend(delivered_value(instrument, &columns, &customers, frame));
            }
            scores.extend(named(instrument, measure_of(form), columns));
        }
        scores.sort_by_key(|score| (score.measure, score.level));
        Self { rows, customers, scores }
    }
}

fn measure_of(form: SurveyForm) -> SurveyMeasure {
    match form {
        SurveyForm::Expectation => SurveyMeasure::Expectation,
        SurveyForm::Perception => SurveyMeasure::Perception,
        SurveyForm::Question => SurveyMeasure::Question,
    }
}

/// The answers of the given responses. Answers to reversed items are mirrored on the scale.
fn directed(instrument: &Instrument, items: &[Vec<Option<i64>>], rows: &[usize]) -> Vec<Vec<Option<f64>>> {
    let by_item = items.iter().enumerate().map(|(item, answers)| {
        let directed =
            rows.iter().map(|&row| answers[row].map(|answer| float_i64(instrument.directed(item, answer))));
        directed.collect()
    });
    by_item.collect()
}

/// `a` − `b` where both are given.
fn difference(a: &[Option<f64>], b: &[Option<f64>]) -> Vec<Option<f64>> {
    a.iter().zip(b).map(|(a, b)| Some((*a)? - (*b)?)).collect()
}

/// Dimensions and total of the scores of items.
fn columns(instrument: &Instrument, items: Vec<Vec<Option<f64>>>) -> ScoreColumns {
    let respondents = items.first().map_or(0, Vec::len);
    let dimensions: Vec<Vec<Option<f64>>> = instrument
        .dimensions
        .iter()
        .map(|dimension| {
            (0..respondents)
                .map(|at| mean_of_half(dimension.items.iter().map(|&item| items[item][at])))
                .collect()
        })
        .collect();
    let total = (0..respondents).map(|at| mean_of_all(dimensions.iter().map(|dimension| dimension[at])));
    let total = total.collect();
    ScoreColumns { items, dimensions, total }
}

/// The mean of the scores that are given; `None` if fewer than half of them are given.
fn mean_of_half(scores: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let all = scores.len();
    let (mut given, mut sum) = (0, 0.0);
    for score in scores.flatten() {
        given += 1;
        sum += score;
    }
    (given > 0 && 2 * given >= all).then(|| sum / float(given))
}

/// The mean of all scores; `None` if one is missing.
fn mean_of_all(scores: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let all = float(scores.len());
    scores.sum::<Option<f64>>().map(|sum| sum / all)
}

/// The total in which each respondent's own weights count: Σ weight × dimension/100.
fn weighted(measure: SurveyMeasure, columns: &ScoreColumns, weights: &[Option<&[i64]>]) -> Score {
    let totals = weights.iter().enumerate().map(|(at, weights)| {
        let parts = columns.dimensions.iter().zip((*weights)?);
        let sum: Option<f64> =
            parts.map(|(dimension, weight)| Some(float_i64(*weight) * dimension[at]?)).sum();
        Some(sum? / 100.0)
    });
    Score { measure, level: SurveyLevel::Weighted, id: WEIGHTED_SCORE.into(), values: totals.collect() }
}

/// The scores of one measure with their names.
fn named(instrument: &Instrument, measure: SurveyMeasure, columns: ScoreColumns) -> Vec<Score> {
    let items = instrument.items.iter().map(|item| (SurveyLevel::Item, item.id.as_str()));
    let dimensions =
        instrument.dimensions.iter().map(|dimension| (SurveyLevel::Dimension, dimension.id.as_str()));
    let names = items.chain(dimensions).chain([(SurveyLevel::Total, TOTAL_SCORE)]);
    let values = columns.items.into_iter().chain(columns.dimensions).chain([columns.total]);
    names.zip(values).map(|((level, id), values)| Score { measure, level, id: id.into(), values }).collect()
}

/// The delivered value (P. Kotler): value minus cost, with each dimension in points from 0 to 100. A part of the
/// money cost is the percentile of the customer's average price within its use category.
fn delivered_value(
    instrument: &Instrument,
    columns: &ScoreColumns,
    customers: &[Option<CustomerIx>],
    frame: &Frame,
) -> Vec<Score> {
    let (lo, range) = (float_i64(instrument.lo), float_i64(instrument.hi - instrument.lo));
    let share = instrument.money_from_bills;
    let mut scores: Vec<Score> = Vec::new();
    for (dimension, means) in instrument.dimensions.iter().zip(&columns.dimensions) {
        let points = |(mean, customer): (&Option<f64>, &Option<CustomerIx>)| {
            let points = 100.0 * ((*mean)? - lo) / range;
            let percentile = customer.and_then(|customer| frame.price_percentile(customer));
            match percentile {
                Some(percentile) if dimension.id == MONEY && share > 0.0 => {
                    Some((1.0 - share) * points + share * percentile)
                }
                _ => Some(points),
            }
        };
        scores.push(Score {
            measure: SurveyMeasure::Value,
            level: SurveyLevel::Dimension,
            id: dimension.id.clone(),
            values: means.iter().zip(customers).map(points).collect(),
        });
    }
    let side = |role: ValueRole, at: usize| -> Option<f64> {
        let of_role = instrument.dimensions.iter().zip(&scores).filter_map(|(dimension, score)| {
            let (own, weight) = dimension.role?;
            (own == role).then(|| score.values[at].map(|points| weight * points))
        });
        of_role.sum()
    };
    let all = 0..customers.len();
    let value: Vec<Option<f64>> = all.clone().map(|at| side(ValueRole::Value, at)).collect();
    let cost: Vec<Option<f64>> = all.map(|at| side(ValueRole::Cost, at)).collect();
    let ratio = value.iter().zip(&cost).map(|(value, cost)| {
        let (value, cost) = ((*value)?, (*cost)?);
        (cost != 0.0).then(|| value / cost)
    });
    let ratio = ratio.collect();
    let delivered = difference(&value, &cost);
    let totals =
        [(VALUE_SCORE, value), (COST_SCORE, cost), (DELIVERED_SCORE, delivered), (RATIO_SCORE, ratio)];
    scores.extend(totals.map(|(id, values)| Score {
        measure: SurveyMeasure::Value,
        level: SurveyLevel::Total,
        id: id.into(),
        values,
    }));
    scores
}

#[cfg(test)]
mod tests;
