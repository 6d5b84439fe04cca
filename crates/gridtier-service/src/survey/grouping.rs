//! The groups of respondents: those of their customers, and those of the survey's own columns.

use std::collections::BTreeMap;

use gridtier::index::{CustomerIx, index};
use gridtier::word::Word;

use super::frame::Frame;
use super::instrument::Instrument;
use super::respondent::{Invitations, Responses};
use crate::group::{GroupBy, Groups, UNKNOWN};

/// One way to group respondents.
#[derive(Clone, Debug)]
pub struct SurveyGrouping {
    /// A code of [`GroupBy`], or a column of the survey.
    pub by: String,
    /// The groups in the order of their names by bytes.
    pub groups: Vec<SurveyGroup>,
    /// For each response, the position of its group.
    pub of_response: Vec<u32>,
}

/// A group of respondents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyGroup {
    /// Its name.
    pub name: Box<str>,
    /// Number of customers of the frame in it; `None` for a group of the survey's own columns.
    pub population: Option<i64>,
    /// Number of invited customers in it; `None` if that is not known.
    pub sent: Option<i64>,
}

impl SurveyGrouping {
    /// Whether this is the grouping into one group.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.by == GroupBy::All.code()
    }
}

/// The groupings of a survey, by their names: all, the instrument's groupings of customers, and its own columns.
#[must_use]
pub fn groupings(
    instrument: &Instrument,
    groups: &Groups,
    frame: &Frame,
    responses: &Responses,
    invitations: Option<&Invitations>,
) -> Vec<SurveyGrouping> {
    let of_customers = instrument.groupings.iter().chain([&GroupBy::All]);
    let of_customers =
        of_customers.map(|by| grouping_of_customers(*by, groups, frame, responses, invitations));
    let own = instrument.own_groups.iter().map(|name| own_grouping(name, responses));
    let mut all: Vec<SurveyGrouping> = of_customers.chain(own).collect();
    all.sort_by(|a, b| a.by.cmp(&b.by));
    all
}

fn grouping_of_customers(
    by: GroupBy,
    groups: &Groups,
    frame: &Frame,
    responses: &Responses,
    invitations: Option<&Invitations>,
) -> SurveyGrouping {
    let list: Vec<usize> =
        groups.iter().filter(|(_, group)| group.by == by).map(|(at, _)| at.index()).collect();
    let first = list.first().copied().unwrap_or(0);
    // The groups of a grouping lie side by side.
    let place = |customer: Option<CustomerIx>| groups.of_customer(customer)[by.position()].index() - first;
    let (mut population, mut sent) = (vec![0i64; list.len()], vec![0i64; list.len()]);
    for customer in frame.customers() {
        population[place(Some(customer))] += 1;
    }
    for &customer in invitations.iter().flat_map(|invitations| &invitations.customers) {
        sent[place(Some(customer))] += 1;
    }
    let of_list = list.iter().zip(population).zip(sent).map(|((&position, population), sent)| SurveyGroup {
        name: groups.list[position].name.clone(),
        population: Some(population),
        sent: invitations.map(|_| sent),
    });
    SurveyGrouping {
        by: by.code().into(),
        groups: of_list.collect(),
        of_response: responses.customers.iter().map(|customer| place(*customer) as u32).collect(),
    }
}

/// The grouping by a column of the survey. Who was not asked to answer is in none of its groups, so that nobody knows
/// how many were invited.
fn own_grouping(name: &str, responses: &Responses) -> SurveyGrouping {
    let column = responses.columns.get(name);
    let cell = |row: usize| {
        let cell = column.and_then(|column| column[row].as_deref()).map(str::trim);
        cell.filter(|cell| !cell.is_empty()).unwrap_or(UNKNOWN)
    };
    let mut places: BTreeMap<&str, u32> = (0..responses.len()).map(|row| (cell(row), 0)).collect();
    places.values_mut().zip(0..).for_each(|(place, number)| *place = number);
    SurveyGrouping {
        by: name.into(),
        groups: places
            .keys()
            .map(|&name| SurveyGroup { name: name.into(), population: None, sent: None })
            .collect(),
        of_response: (0..responses.len()).map(|row| places[cell(row)]).collect(),
    }
}

/// The values of the respondents in each group of a grouping, missing ones left out. `rows` are the positions of the
/// respondents among the responses.
#[must_use]
pub fn by_group(grouping: &SurveyGrouping, rows: &[usize], values: &[Option<f64>]) -> Vec<Vec<f64>> {
    let mut groups = vec![Vec::new(); grouping.groups.len()];
    for (&row, value) in rows.iter().zip(values) {
        groups[index(grouping.of_response[row])].extend(*value);
    }
    groups
}
