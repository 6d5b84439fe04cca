//! How reliably the items of a dimension measure one thing (SERVICE §7).

use gridtier::index::float;
use gridtier::word::Word;

use super::distribution::f_025_975;
use super::instrument::{Instrument, SurveyForm, TOTAL};
use super::respondent::Answers;
use crate::estimate::Interval;

/// Reliability of a scale, or an item of a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct AlphaRow {
    /// The form.
    pub form: SurveyForm,
    /// The dimension, or `total` for all items.
    pub scale: String,
    /// The item; `None` for the scale itself.
    pub item: Option<String>,
    /// Number of items of the scale.
    pub k: usize,
    /// Number of valid respondents who answered all of them.
    pub n: usize,
    /// Cronbach's α of the scale.
    pub alpha: Option<f64>,
    /// Feldt's 95 % interval of α.
    pub interval: Option<Interval>,
    /// Correlation of the item with the sum of the others.
    pub r_rest: Option<f64>,
    /// Cronbach's α without the item.
    pub alpha_without: Option<f64>,
}

/// The answers of the valid respondents who answered all of some items, turned round where an item is reversed.
pub(super) struct Complete {
    /// For each item, the answers.
    pub items: Vec<Vec<i64>>,
}

impl Complete {
    /// The complete answers to the items at the given positions.
    pub fn of(instrument: &Instrument, answers: &Answers, form: usize, items: &[usize]) -> Self {
        let columns = &answers.forms[form].1;
        let rows: Vec<usize> =
            answers.valid().filter(|&row| items.iter().all(|&item| columns[item][row].is_some())).collect();
        let by_item = items.iter().map(|&item| {
            let answers = rows.iter().filter_map(|&row| columns[item][row]);
            answers.map(|answer| instrument.directed(item, answer)).collect()
        });
        Self { items: by_item.collect() }
    }

    /// Number of respondents.
    pub fn n(&self) -> usize {
        self.items.first().map_or(0, Vec::len)
    }

    /// Each respondent's sum over items, of which some may be left out.
    pub fn sums(&self, items: impl Iterator<Item = usize>) -> Vec<i64> {
        let mut sums = vec![0; self.n()];
        for item in items {
            sums.iter_mut().zip(&self.items[item]).for_each(|(sum, answer)| *sum += answer);
        }
        sums
    }
}

/// n Σxy − Σx Σy of integers, exactly: n² times the covariance.
fn co_moment(x: &[i64], y: &[i64]) -> i128 {
    let n = x.len() as i128;
    let products: i128 = x.iter().zip(y).map(|(x, y)| i128::from(*x) * i128::from(*y)).sum();
    n * products - sum(x) * sum(y)
}

fn sum(values: &[i64]) -> i128 {
    values.iter().map(|value| i128::from(*value)).sum()
}

/// Pearson's correlation of integers; `None` without variation.
pub(super) fn correlation(x: &[i64], y: &[i64]) -> Option<f64> {
    let (of_x, of_y) = (co_moment(x, x), co_moment(y, y));
    (of_x > 0 && of_y > 0).then(|| co_moment(x, y) as f64 / (of_x as f64 * of_y as f64).sqrt())
}

/// Cronbach's α of some items (L. J. Cronbach, *Psychometrika* 16(3) 297–334, 1951): k/(k − 1)·(1 − Σ variances/variance
/// of the sum). `moments` are those of all items of the scale. `None` for fewer than two items, or if the sum has no
/// variation.
fn alpha(complete: &Complete, moments: &[i128], items: &[usize]) -> Option<f64> {
    let sums = complete.sums(items.iter().copied());
    let whole = co_moment(&sums, &sums);
    if items.len() < 2 || whole == 0 {
        return None;
    }
    let parts: i128 = items.iter().map(|&item| moments[item]).sum();
    let k = float(items.len());
    Some(k / (k - 1.0) * ((whole - parts) as f64 / whole as f64))
}

/// The 95 % interval of α (L. S. Feldt, *Psychometrika* 30(3) 357–370, 1965): 1 − (1 − α)·F, with n − 1 and
/// (n − 1)(k − 1) degrees of freedom.
fn feldt(alpha: f64, k: usize, n: usize) -> Option<Interval> {
    let df1 = float(n.checked_sub(1)?);
    let (low, high) = f_025_975(df1, df1 * float(k - 1))?;
    Some(Interval { lo: 1.0 - (1.0 - alpha) * high, hi: 1.0 - (1.0 - alpha) * low })
}

/// The reliability of all scales, by form, scale and item; a scale stands before its items.
#[must_use]
pub fn alphas(instrument: &Instrument, answers: &Answers) -> Vec<AlphaRow> {
    let all: Vec<usize> = (0..instrument.items.len()).collect();
    let scales = instrument.dimensions.iter().map(|dimension| (dimension.id.as_str(), &dimension.items));
    let scales: Vec<(&str, &Vec<usize>)> = scales.chain([(TOTAL, &all)]).collect();
    let mut rows = Vec::new();
    for (form, (code, _)) in answers.forms.iter().enumerate() {
        for (name, items) in &scales {
            rows.extend(of_scale(
                instrument,
                *code,
                name,
                items,
                &Complete::of(instrument, answers, form, items),
            ));
        }
    }
    rows.sort_by_cached_key(|row| (row.form.code(), row.scale.clone(), row.item.clone()));
    rows
}

fn of_scale(
    instrument: &Instrument,
    form: SurveyForm,
    scale: &str,
    items: &[usize],
    complete: &Complete,
) -> Vec<AlphaRow> {
    let (k, n) = (items.len(), complete.n());
    let places: Vec<usize> = (0..k).collect();
    let moments: Vec<i128> = complete.items.iter().map(|item| co_moment(item, item)).collect();
    let of_scale = alpha(complete, &moments, &places);
    let row = AlphaRow {
        form,
        scale: scale.into(),
        item: None,
        k,
        n,
        alpha: of_scale,
        interval: of_scale.and_then(|alpha| feldt(alpha, k, n)),
        r_rest: None,
        alpha_without: None,
    };
    let mut rows = vec![row.clone()];
    for (place, &item) in items.iter().enumerate() {
        let others: Vec<usize> = places.iter().copied().filter(|other| *other != place).collect();
        rows.push(AlphaRow {
            item: Some(instrument.items[item].id.clone()),
            alpha: None,
            interval: None,
            r_rest: correlation(&complete.items[place], &complete.sums(others.iter().copied())),
            alpha_without: alpha(complete, &moments, &others),
            ..row.clone()
        });
    }
    rows
}

#[cfg(test)]
mod tests;
