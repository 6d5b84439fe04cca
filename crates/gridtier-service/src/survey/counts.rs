//! How many were asked, answered, and answered so that it counts (SERVICE §7).

use std::collections::BTreeSet;

use gridtier::index::{CustomerIx, index};

use super::grouping::SurveyGrouping;
use super::respondent::{Answers, Invitations, Responses, Validity};
use crate::estimate::quotient;

/// The answers of a group in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct CountsRow {
    /// The grouping.
    pub group_by: String,
    /// The group.
    pub group: Box<str>,
    /// Number of invitations; `None` if there is no table of invitations, or the group is one of the survey's own.
    pub sent: Option<i64>,
    /// Number of responses.
    pub returned: i64,
    /// Number of responses that count.
    pub valid: i64,
    /// Number of responses with too few answers.
    pub few_answers: i64,
    /// Number of responses, with enough answers, that have the same answer to everything.
    pub straight_line: i64,
    /// Number of responses of customers who were not invited, whether they count or not; `None` if there is no table of
    /// invitations. Nobody knows whether an anonymous respondent was.
    pub not_invited: Option<i64>,
    /// Returned by sent.
    pub response_rate: Option<f64>,
    /// Valid by returned.
    pub valid_rate: Option<f64>,
}

/// The counts of all groups that were asked or answered, by group; that of all is always among them.
#[must_use]
pub fn counts(
    groupings: &[SurveyGrouping],
    responses: &Responses,
    answers: &Answers,
    invitations: Option<&Invitations>,
) -> Vec<CountsRow> {
    let invited: Option<BTreeSet<CustomerIx>> =
        invitations.map(|invitations| invitations.customers.iter().copied().collect());
    let is_uninvited = |customer: Option<CustomerIx>| match (&invited, customer) {
        (Some(invited), Some(customer)) => !invited.contains(&customer),
        _ => false,
    };
    let mut rows = Vec::new();
    for grouping in groupings {
        let mut of_grouping: Vec<CountsRow> = grouping
            .groups
            .iter()
            .map(|group| CountsRow {
                group_by: grouping.by.clone(),
                group: group.name.clone(),
                sent: group.sent,
                returned: 0,
                valid: 0,
                few_answers: 0,
                straight_line: 0,
                not_invited: invited.as_ref().map(|_| 0),
                response_rate: None,
                valid_rate: None,
            })
            .collect();
        for ((&group, validity), customer) in
            grouping.of_response.iter().zip(&answers.validity).zip(&responses.customers)
        {
            let row = &mut of_grouping[index(group)];
            row.returned += 1;
            *match validity {
                Validity::Valid => &mut row.valid,
                Validity::FewAnswers => &mut row.few_answers,
                Validity::StraightLine => &mut row.straight_line,
            } += 1;
            if is_uninvited(*customer) {
                row.not_invited = row.not_invited.map(|responses| responses + 1);
            }
        }
        of_grouping.retain(|row| row.returned > 0 || row.sent.unwrap_or(0) > 0 || grouping.is_all());
        rows.extend(of_grouping);
    }
    for row in &mut rows {
        row.response_rate = row.sent.and_then(|sent| quotient(row.returned, sent));
        row.valid_rate = quotient(row.valid, row.returned);
    }
    rows
}
