//! The mean scores of groups with their intervals, and of the whole frame by strata (SERVICE §7).

use std::collections::BTreeMap;

use gridtier::index::{CustomerIx, float, float_i64};
use gridtier::method::Tier;

use super::distribution::t_975;
use super::frame::Frame;
use super::grouping::{SurveyGrouping, by_group};
use super::measure::{Respondents, Score, SurveyLevel, SurveyMeasure};
use super::rank::{is_constant, step};
use crate::estimate::{Interval, Z};
use crate::group::CustomerClass;

/// The grouping of the row whose strata are weighted by their size in the frame.
pub const STRATIFIED: &str = "stratified";
/// The group of that row.
pub const POPULATION: &str = "population";

/// The score of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// What is measured.
    pub measure: SurveyMeasure,
    /// The level.
    pub level: SurveyLevel,
    /// The item, dimension or total.
    pub id: String,
    /// The grouping, or [`STRATIFIED`].
    pub group_by: String,
    /// The group, or [`POPULATION`].
    pub group: Box<str>,
    /// Number of valid respondents with this score. If they are too few, only this number is shown.
    pub n: i64,
    /// Number of customers of the frame in the group; `None` for a group of the survey's own columns.
    pub population: Option<i64>,
    /// The share of the frame that lies in strata with answers; only in the row of the frame.
    pub coverage: Option<f64>,
    /// Mean, in steps of the scale; in points for measure V.
    pub mean: Option<f64>,
    /// Standard deviation, with n − 1; `None` for the row of the frame.
    pub sd: Option<f64>,
    /// Standard error of the mean, with the finite population correction.
    pub se: Option<f64>,
    /// 95 % interval of the mean.
    pub interval: Option<Interval>,
    /// Rank of a dimension by mean within measure and group; 1 is the highest. Equal means share the smallest rank.
    pub rank: Option<i64>,
    /// Whether only the number of answers is shown, because there are too few.
    pub is_withheld: bool,
}

/// Mean and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    n: usize,
    mean: f64,
    /// With n − 1; `None` for one value.
    sd: Option<f64>,
}

impl Spread {
    /// `None` without values.
    fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / float(n);
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = match n {
            0 => return None,
            1 => None,
            // Exactly 0 for equal values; the formula would leave a rounding error.
            _ if is_constant(values) => Some(0.0),
            _ => Some((squares / float(n - 1)).sqrt()),
        };
        Some(Self { n, mean, sd })
    }
}

/// The finite population correction 1 − n/N of a sample of n from N: answers of the whole population have no sampling
/// error. 1 if N is not known or smaller than n.
fn unseen(n: usize, population: Option<i64>) -> f64 {
    match population.map(float_i64) {
        Some(population) if float(n) <= population => 1.0 - float(n) / population,
        _ => 1.0,
    }
}

/// The scores of all groups with a valid response, by measure, level, id and group. Of a group with fewer than `min_cell`
/// answers, only their number is shown.
#[must_use]
pub fn scores(
    respondents: &Respondents,
    groupings: &[SurveyGrouping],
    frame: &Frame,
    min_cell: i64,
) -> Vec<ScoreRow> {
    let strata = FrameStrata::of(respondents, frame);
    let mut rows = Vec::new();
    for score in &respondents.scores {
        for grouping in groupings {
            rows.extend(of_grouping(score, grouping, respondents));
        }
        rows.push(strata.row(score));
    }
    for row in rows.iter_mut().filter(|row| row.n < min_cell) {
        *row = ScoreRow {
            population: None,
            coverage: None,
            mean: None,
            sd: None,
            se: None,
            interval: None,
            is_withheld: true,
            ..row.clone()
        };
    }
    rank_dimensions(&mut rows);
    let key =
        |row: &ScoreRow| (row.measure, row.level, row.id.clone(), row.group_by.clone(), row.group.clone());
    rows.sort_by_cached_key(key);
    rows
}

/// The scores of the groups of a grouping that have a valid response.
fn of_grouping(score: &Score, grouping: &SurveyGrouping, respondents: &Respondents) -> Vec<ScoreRow> {
    let mut has_response = vec![grouping.is_all(); grouping.groups.len()];
    for &row in &respondents.rows {
        has_response[gridtier::index::index(grouping.of_response[row])] = true;
    }
    let values = by_group(grouping, &respondents.rows, &score.values);
    let groups =
        grouping.groups.iter().zip(values).zip(has_response).filter(|(_, has_response)| *has_response);
    let rows = groups.map(|((group, values), _)| {
        let spread = Spread::of(&values);
        let sd = spread.and_then(|spread| spread.sd);
        let n = values.len();
        let se = sd.map(|sd| sd / float(n).sqrt() * unseen(n, group.population).sqrt());
        let mean = spread.map(|spread| spread.mean);
        let interval = mean.zip(se).map(|(mean, se)| {
            let half = t_975(float(n - 1)) * se;
            Interval { lo: mean - half, hi: mean + half }
        });
        ScoreRow {
            population: group.population,
            mean,
            sd,
            se,
            interval,
            ..empty_row(score, &grouping.by, &group.name, n)
        }
    });
    rows.collect()
}

fn empty_row(score: &Score, group_by: &str, group: &str, n: usize) -> ScoreRow {
    ScoreRow {
        measure: score.measure,
        level: score.level,
        id: score.id.clone(),
        group_by: group_by.into(),
        group: group.into(),
        n: n as i64,
        population: None,
        coverage: None,
        mean: None,
        sd: None,
        se: None,
        interval: None,
        rank: None,
        is_withheld: false,
    }
}

/// Ranks the dimensions of each measure and group.
fn rank_dimensions(rows: &mut [ScoreRow]) {
    let mut means: BTreeMap<(SurveyMeasure, String, Box<str>), Vec<f64>> = BTreeMap::new();
    let key = |row: &ScoreRow| (row.measure, row.group_by.clone(), row.group.clone());
    for row in rows.iter().filter(|row| row.level == SurveyLevel::Dimension) {
        means.entry(key(row)).or_default().extend(row.mean.map(step));
    }
    for row in rows.iter_mut().filter(|row| row.level == SurveyLevel::Dimension) {
        let Some(mean) = row.mean.map(step) else { continue };
        let higher = means[&key(row)].iter().filter(|other| **other > mean).count();
        row.rank = Some(higher as i64 + 1);
    }
}

/// The strata of the frame: tier × class.
struct FrameStrata {
    /// Number of customers of the frame, by tier and class.
    population: BTreeMap<(Tier, CustomerClass), i64>,
    /// For each respondent, the stratum; `None` outside the frame.
    of: Vec<Option<(Tier, CustomerClass)>>,
}

/// A customer's stratum; `None` outside the frame and without a tier.
fn stratum(frame: &Frame, customer: CustomerIx) -> Option<(Tier, CustomerClass)> {
    let member = frame.base.member(customer);
    let tier = member.tier.filter(|_| frame.holds(customer))?;
    Some((tier, CustomerClass::of(member.use_category)))
}

impl FrameStrata {
    fn of(respondents: &Respondents, frame: &Frame) -> Self {
        let mut population = BTreeMap::new();
        for stratum in frame.customers().filter_map(|customer| stratum(frame, customer)) {
            *population.entry(stratum).or_default() += 1;
        }
        let of = respondents.customers.iter().map(|customer| stratum(frame, (*customer)?)).collect();
        Self { population, of }
    }

    /// The strata of a score: number of customers and the answers. If a class of a tier has fewer than two answers,
    /// the whole tier is one stratum.
    fn answers(&self, score: &Score) -> Vec<(i64, Vec<f64>)> {
        let mut answers: BTreeMap<(Tier, CustomerClass), Vec<f64>> = BTreeMap::new();
        for (stratum, value) in self.of.iter().zip(&score.values) {
            if let (Some(stratum), Some(value)) = (stratum, value) {
                answers.entry(*stratum).or_default().push(*value);
            }
        }
        let mut tiers: BTreeMap<Tier, Vec<(i64, Vec<f64>)>> = BTreeMap::new();
        for (stratum, &customers) in &self.population {
            let answers = answers.remove(stratum).unwrap_or_default();
            tiers.entry(stratum.0).or_default().push((customers, answers));
        }
        let mut strata = Vec::new();
        for classes in tiers.into_values() {
            if classes.iter().all(|(_, answers)| answers.len() >= 2) {
                strata.extend(classes);
                continue;
            }
            let customers = classes.iter().map(|(customers, _)| customers).sum();
            strata.push((customers, classes.into_iter().flat_map(|(_, answers)| answers).collect()));
        }
        strata
    }

    /// The mean of the frame (W. G. Cochran, *Sampling Techniques*, 3rd ed., section 5.3): Σ N_h ȳ_h/Σ N_h over the
    /// strata with answers, se² = Σ (N_h/ΣN)² (1 − n_h/N_h) s_h²/n_h. The error is unknown if a stratum of several
    /// customers has one answer.
    fn row(&self, score: &Score) -> ScoreRow {
        let population: i64 = self.population.values().sum();
        let strata = self.answers(score);
        let answered: Vec<(i64, &Vec<f64>, Spread)> = strata
            .iter()
            .filter_map(|(customers, answers)| Some((*customers, answers, Spread::of(answers)?)))
            .collect();
        let n = answered.iter().map(|(_, answers, _)| answers.len()).sum();
        let covered: i64 = answered.iter().map(|(customers, ..)| customers).sum();
        let mut row =
            ScoreRow { population: Some(population), ..empty_row(score, STRATIFIED, POPULATION, n) };
        row.coverage = (population > 0).then(|| float_i64(covered) / float_i64(population));
        if covered == 0 {
            return row;
        }
        let all = float_i64(covered);
        let sum: f64 =
            answered.iter().map(|(customers, _, spread)| float_i64(*customers) * spread.mean).sum();
        let mean = sum / all;
        let parts = answered.iter().map(|(customers, _, spread)| {
            let unseen = unseen(spread.n, Some(*customers));
            if unseen == 0.0 {
                return Some(0.0);
            }
            let weight = float_i64(*customers) / all;
            Some(weight * weight * unseen * spread.sd?.powi(2) / float(spread.n))
        });
        let se = parts.sum::<Option<f64>>().map(f64::sqrt);
        row.mean = Some(mean);
        row.se = se;
        row.interval = se.map(|se| Interval { lo: mean - Z * se, hi: mean + Z * se });
        row
    }
}

#[cfg(test)]
mod tests;
