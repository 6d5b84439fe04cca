//! Whether items belong to the dimensions that they were written for (SERVICE §7).
//!
//! No factors are extracted: how, how many and how rotated are choices, and programs differ where eigenvalues are close.

use gridtier::word::Word;

use super::instrument::{Instrument, SurveyForm};
use super::rank::step;
use super::respondent::Answers;
use super::scale::{Complete, correlation};

/// How an item goes with a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureRow {
    /// The form.
    pub form: SurveyForm,
    /// The item.
    pub item: String,
    /// The dimension.
    pub scale: String,
    /// Whether it is the item's own.
    pub is_own: bool,
    /// Number of valid respondents who answered the whole form.
    pub n: usize,
    /// Correlation of the item with the sum of the dimension's items, itself left out.
    pub r: Option<f64>,
    /// Whether the item goes better with another dimension than with its own; the same in all rows of an item. `None`
    /// if its own correlation is unknown.
    pub is_misfit: Option<bool>,
}

/// The correlation of each item with each dimension, by form, item and dimension.
#[must_use]
pub fn structure(instrument: &Instrument, answers: &Answers) -> Vec<StructureRow> {
    let all: Vec<usize> = (0..instrument.items.len()).collect();
    let mut rows = Vec::new();
    for (form, (code, _)) in answers.forms.iter().enumerate() {
        let complete = Complete::of(instrument, answers, form, &all);
        for item in 0..instrument.items.len() {
            rows.extend(of_item(instrument, *code, &complete, item));
        }
    }
    rows.sort_by_cached_key(|row| (row.form.code(), row.item.clone(), row.scale.clone()));
    rows
}

fn of_item(instrument: &Instrument, form: SurveyForm, complete: &Complete, item: usize) -> Vec<StructureRow> {
    let own = instrument.items[item].dimension;
    let with_each = instrument.dimensions.iter().map(|dimension| {
        let others = dimension.items.iter().copied().filter(|other| *other != item);
        correlation(&complete.items[item], &complete.sums(others))
    });
    let correlations: Vec<Option<f64>> = with_each.collect();
    let is_misfit = correlations[own].map(|r| {
        let others = correlations.iter().enumerate().filter(|(dimension, _)| *dimension != own);
        others.filter_map(|(_, other)| *other).any(|other| step(other) > step(r))
    });
    let rows = correlations.into_iter().enumerate().map(|(dimension, r)| StructureRow {
        form,
        item: instrument.items[item].id.clone(),
        scale: instrument.dimensions[dimension].id.clone(),
        is_own: dimension == own,
        n: complete.n(),
        r,
        is_misfit,
    });
    rows.collect()
}
