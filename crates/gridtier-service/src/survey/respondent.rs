//! The accepted responses of a survey: which cells are answers, and which responses are valid (SERVICE §7).

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::index::CustomerIx;
use gridtier::source::Finding;
use gridtier::unit::round_half_away;

use super::instrument::{Instrument, SurveyForm, item_column, weight_column};

/// Of ten items that were asked, a valid response answers at least this many.
const ANSWERED_OF_TEN: usize = 9;

/// From this many items on, the same answer to all of them is no answer.
const STRAIGHT_LINE_ITEMS: usize = 10;

/// What the weights of a respondent sum to.
const WEIGHT_SUM: i64 = 100;

/// The largest magnitude of an outcome, the bound of amounts in all tables.
const OUTCOME_MAX: f64 = 1e12;

/// A column of a survey's table, as texts of its file; `None` for an empty cell.
pub type TextColumn = Vec<Option<Box<str>>>;

/// The accepted rows of `responses`, in the order of their ids by bytes.
#[derive(Clone, Debug, Default)]
pub struct Responses {
    /// The ids.
    pub ids: Vec<Box<str>>,
    /// The days on which they came back, in days since 1970-01-01.
    pub returned_on: Vec<i32>,
    /// Who answered; `None` if the respondent is anonymous.
    pub customers: Vec<Option<CustomerIx>>,
    /// The instrument's columns by name; one that the file lacks is absent.
    pub columns: BTreeMap<String, TextColumn>,
}

impl Responses {
    /// Number of responses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no responses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The accepted rows of `invitations`, in the order of customers.
#[derive(Clone, Debug, Default)]
pub struct Invitations {
    /// Who was invited, each once.
    pub customers: Vec<CustomerIx>,
    /// The days on which the invitations were sent, in days since 1970-01-01.
    pub sent_on: Vec<i32>,
}

gridtier::words! {
    /// Whether a response counts in scores.
    Validity "validity of a response" {
        /// It counts.
        Valid "valid" "valid" "有效",
        /// Fewer than 90 % of the items are answered.
        FewAnswers "few_answers" "few answers" "作答过少",
        /// All items have the same answer.
        StraightLine "straight_line" "straight line" "答案全同",
    }
}

/// All responses in numbers.
#[derive(Clone, Debug)]
pub struct Answers {
    /// In the order of [`Instrument::forms`]: for each item, each response's answer as given.
    pub forms: Vec<(SurveyForm, Vec<Vec<Option<i64>>>)>,
    /// For each response, the weights of the dimensions, if they are whole and sum to 100. Empty if the instrument asks
    /// for none.
    pub weights: Vec<Option<Vec<i64>>>,
    /// For each outcome, each response's number.
    pub outcomes: Vec<Vec<Option<f64>>>,
    /// Whether each response counts.
    pub validity: Vec<Validity>,
    /// `out_of_scale` and `bad_number` by cells, `weights_not_100` by responses, in the order of the rules.
    pub findings: Vec<Finding>,
}

impl Answers {
    /// Reads the cells of the responses.
    #[must_use]
    pub fn read(instrument: &Instrument, responses: &Responses) -> Self {
        let mut reading = CellReading { responses, noticed: BTreeMap::new() };
        let forms = instrument.forms().iter().map(|&form| (form, reading.form(instrument, form)));
        let forms: Vec<_> = forms.collect();
        let weights = reading.weights(instrument);
        let outcomes = instrument.outcomes.iter().map(|name| reading.outcome(name)).collect();
        let validity: Vec<Validity> =
            (0..responses.len()).map(|row| validity(instrument, &forms, row)).collect();
        let findings = reading.noticed.into_iter();
        let findings = findings
            .map(|(rule, (cells, example))| Finding::of(Table::Responses, rule, cells, example))
            .collect();
        Self { forms, weights, outcomes, validity, findings }
    }

    /// The positions of the valid responses.
    pub fn valid(&self) -> impl Iterator<Item = usize> {
        self.validity.iter().enumerate().filter(|(_, each)| **each == Validity::Valid).map(|(row, _)| row)
    }
}

struct CellReading<'a> {
    responses: &'a Responses,
    noticed: BTreeMap<Rule, (u64, String)>,
}

impl CellReading<'_> {
    fn notice(&mut self, rule: Rule, example: &str) {
        self.noticed.entry(rule).or_insert_with(|| (0, example.to_owned())).0 += 1;
    }

    /// The cells of a column that pass `read`; the others are noticed, empty ones excepted.
    fn column<T>(&mut self, name: &str, rule: Rule, read: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
        let responses = self.responses;
        let Some(column) = responses.columns.get(name) else {
            return responses.ids.iter().map(|_| None).collect();
        };
        let mut values = Vec::with_capacity(column.len());
        for (cell, id) in column.iter().zip(&responses.ids) {
            let cell = cell.as_deref().map(str::trim).filter(|cell| !cell.is_empty());
            let value = cell.and_then(&read);
            if let (Some(cell), None) = (cell, &value) {
                self.notice(rule, &format!("{name} of {id}: {cell}"));
            }
            values.push(value);
        }
        values
    }

    fn form(&mut self, instrument: &Instrument, form: SurveyForm) -> Vec<Vec<Option<i64>>> {
        let scale = instrument.lo..=instrument.hi;
        let columns = instrument.items.iter().map(|item| {
            self.column(&item_column(form, &item.id), Rule::OutOfScale, |cell| {
                whole(cell).filter(|answer| scale.contains(answer))
            })
        });
        columns.collect()
    }

    fn outcome(&mut self, name: &str) -> Vec<Option<f64>> {
        self.column(name, Rule::BadNumber, |cell| number(cell).filter(|number| number.abs() <= OUTCOME_MAX))
    }

    fn weights(&mut self, instrument: &Instrument) -> Vec<Option<Vec<i64>>> {
        if !instrument.weights {
            return Vec::new();
        }
        let columns: Vec<Option<&TextColumn>> = instrument
            .dimensions
            .iter()
            .map(|dimension| self.responses.columns.get(&weight_column(&dimension.id)))
            .collect();
        let mut all = Vec::with_capacity(self.responses.len());
        for (row, id) in self.responses.ids.iter().enumerate() {
            let cells = columns.iter().map(|column| column.and_then(|column| column[row].as_deref()));
            let weights: Option<Vec<i64>> =
                cells.map(|cell| whole(cell?).filter(|weight| (0..=WEIGHT_SUM).contains(weight))).collect();
            let weights = weights.filter(|weights| weights.iter().sum::<i64>() == WEIGHT_SUM);
            if weights.is_none() {
                self.notice(Rule::WeightsNot100, id);
            }
            all.push(weights);
        }
        all
    }
}

/// Whether a response counts: it answers at least 90 % of what was asked and does not give one answer to every item, in
/// each form, of ten or more.
fn validity(instrument: &Instrument, forms: &[(SurveyForm, Vec<Vec<Option<i64>>>)], row: usize) -> Validity {
    let asked = forms.len() * instrument.items.len();
    let answered = forms.iter().flat_map(|(_, items)| items).filter(|item| item[row].is_some()).count();
    if 10 * answered < ANSWERED_OF_TEN * asked {
        return Validity::FewAnswers;
    }
    let has_one_answer = forms.iter().all(|(_, items)| {
        let mut answers = items.iter().filter_map(|item| item[row]);
        let first = answers.next();
        answers.all(|answer| Some(answer) == first)
    });
    if instrument.items.len() >= STRAIGHT_LINE_ITEMS && has_one_answer {
        return Validity::StraightLine;
    }
    Validity::Valid
}

/// A number as people write it, with full-width digits too; `None` if it is none or not finite.
pub(crate) fn number(cell: &str) -> Option<f64> {
    let folded = cell.trim().chars().map(|c| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '．' => '.',
        '－' | '\u{2212}' => '-',
        _ => c,
    });
    folded.collect::<String>().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number, also if it is written as `5.0`.
fn whole(cell: &str) -> Option<i64> {
    let number = number(cell).filter(|number| number.fract() == 0.0 && number.abs() <= OUTCOME_MAX)?;
    Some(round_half_away(number))
}

#[cfg(test)]
mod tests;
