//! How many customers were invited, responded, and gave a valid response (SERVICE §7).

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
    /// Number of responses with enough answers in which all answers are the same.
    pub straight_line: i64,
    /// Number of responses of customers who were not invited, whether they count or not; `None` if there is no table
    /// of invitations. An anonymous response is not among them, because nobody knows whether the respondent was
    /// invited.
    pub not_invited: Option<i64>,
    /// Returned / sent.
    pub response_rate: Option<f64>,
    /// Valid / returned.
    pub valid_rate: Option<f64>,
}

/// The counts of all groups with an invitation or a response, by group. The group of all customers is always among
/// them.
#[must_use]
pub fn counts(
    groupings: &[SurveyGrouping],
    responses: &Responses,
    answers: &Answers,
    invitations: Option<&Invitations>,
) -> Vec<CountsRow> {
    let invited: Option<BTreeSet<CustomerIx>> =
        invitations.map(|invitations| invitations.customers.iter().copied().collect());
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
            if let (Some(invited), Some(customer)) = (&invited, customer)
                && !invited.contains(customer)
            {
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

#[cfg(test)]
mod tests {
    use gridtier::method::Tier;

    use super::*;
    use crate::fixture::{base, day};
    use crate::survey::fixture::{evaluated, graded, instrument, responses};

    fn close(value: Option<f64>, expected: f64) -> bool {
        (value.unwrap() - expected).abs() < 5e-5
    }

    #[test]
    fn vector_17_response_and_valid_rates() {
        let plain = instrument("kind = \"plain\"\ngroups = []", &[("x", 1)]);
        let ids: Vec<String> = (0..248).map(|number| format!("{number:03}")).collect();
        let base = base(ids.iter().map(|id| (id.as_str(), graded(Tier::Grade2))).collect());
        let invitations =
            Invitations { customers: base.customers().collect(), sent_on: vec![day("2026-05-01"); 248] };
        let rows: Vec<(Option<u32>, &str)> =
            (0..237).map(|number| (Some(number), if number < 226 { "4" } else { "-" })).collect();
        let results = evaluated(&plain, &base, &responses(&plain, &rows), Some(&invitations));
        let row = &results.counts[0];
        assert_eq!((row.sent, row.returned, row.valid, row.few_answers), (Some(248), 237, 226, 11));
        assert!(close(row.response_rate, 0.9556) && close(row.valid_rate, 0.9536));
    }

    #[test]
    fn every_response_is_counted_once_in_each_grouping() {
        let plain = instrument("kind = \"plain\"\ngroups = [\"tier\", \"shop\"]", &[("x", 10)]);
        let base = base(vec![
            ("1", graded(Tier::Special)),
            ("2", graded(Tier::Grade3)),
            ("3", graded(Tier::Grade1)),
        ]);
        let invitations =
            Invitations { customers: vec![CustomerIx::new(0), CustomerIx::new(2)], sent_on: vec![0, 0] };
        let rows = [
            (Some(0), "1 2 3 4 5 6 7 1 2 3 here"),
            (Some(0), "4 4 4 4 4 4 4 4 4 4 here"),
            (Some(1), "1 2 - - 5 6 7 1 2 3 -"),
            (None, "1 2 3 4 5 6 7 1 2 3 -"),
        ];
        let responses = responses(&plain, &rows);
        let results = evaluated(&plain, &base, &responses, Some(&invitations));
        let shown = |row: &CountsRow| {
            let key = format!("{} {}", row.group_by, row.group);
            (key, row.sent, row.returned, row.valid, row.few_answers, row.straight_line, row.not_invited)
        };
        let expected = [
            ("all all", Some(2), 4, 2, 1, 1, Some(1)),
            ("shop here", None, 2, 1, 0, 1, Some(0)),
            ("shop unknown", None, 2, 1, 1, 0, Some(1)),
            ("tier grade-1", Some(1), 0, 0, 0, 0, Some(0)),
            ("tier grade-3", Some(0), 1, 0, 1, 0, Some(1)),
            ("tier special", Some(1), 2, 1, 0, 1, Some(0)),
            ("tier unknown", Some(0), 1, 1, 0, 0, Some(0)),
        ];
        let expected = expected.map(|(key, sent, returned, valid, few, straight, uninvited)| {
            (key.to_owned(), sent, returned, valid, few, straight, uninvited)
        });
        assert_eq!(results.counts.iter().map(shown).collect::<Vec<_>>(), expected);
        let special = &results.counts[5];
        assert_eq!((special.response_rate, special.valid_rate), (Some(2.0), Some(0.5)));
        let grade_1 = &results.counts[3];
        assert_eq!((grade_1.response_rate, grade_1.valid_rate), (Some(0.0), None));
        let grade_3 = &results.counts[4];
        assert_eq!(grade_3.response_rate, None, "nobody was invited");
        let without = evaluated(&plain, &base, &responses, None);
        assert!(
            without
                .counts
                .iter()
                .all(|row| (row.sent, row.not_invited, row.response_rate) == (None, None, None))
        );
        assert!(!without.counts.iter().any(|row| &*row.group == "grade-1"));
    }

    #[test]
    fn a_survey_without_invitations_and_responses_counts_nothing() {
        let plain = instrument("kind = \"plain\"", &[("x", 1)]);
        let results = evaluated(&plain, &base(vec![]), &Responses::default(), None);
        assert_eq!(results.counts.len(), 1);
        assert_eq!((results.counts[0].returned, results.counts[0].valid_rate), (0, None));
    }
}
