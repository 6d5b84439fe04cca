//! All that the answers of a survey say.

use gridtier::source::Finding;

use super::counts::{CountsRow, counts};
use super::frame::Frame;
use super::grouping::groupings;
use super::hypothesis::{TestRow, tests};
use super::instrument::Instrument;
use super::measure::Respondents;
use super::respondent::{Answers, Invitations, Responses};
use super::scale::{AlphaRow, alphas};
use super::scores::{ScoreRow, scores};
use super::structure::{StructureRow, structure};
use crate::base::Base;
use crate::group::Groups;

/// The results of a survey; all rows in the order of their keys.
#[derive(Clone, Debug)]
pub struct SurveyResults {
    /// Counts by group.
    pub counts: Vec<CountsRow>,
    /// Scores by group.
    pub scores: Vec<ScoreRow>,
    /// Tests.
    pub tests: Vec<TestRow>,
    /// Reliability of the scales.
    pub alphas: Vec<AlphaRow>,
    /// Items and dimensions.
    pub structure: Vec<StructureRow>,
    /// What was noticed about responses.
    pub findings: Vec<Finding>,
}

/// The accepted rows of a survey and what they are about.
#[derive(Clone, Copy)]
pub struct SurveyInput<'a> {
    /// What was asked.
    pub instrument: &'a Instrument,
    /// The customers.
    pub base: &'a Base,
    /// The groups of the customers.
    pub groups: &'a Groups,
    /// The as-of day, in days since 1970-01-01.
    pub as_of: i32,
    /// What was answered.
    pub responses: &'a Responses,
    /// Who was invited; `None` if the table is absent.
    pub invitations: Option<&'a Invitations>,
    /// Fewest answers of a group whose scores are shown.
    pub min_cell: i64,
}

/// Evaluates a survey.
#[must_use]
pub fn evaluate(survey: SurveyInput) -> SurveyResults {
    let SurveyInput { instrument, base, groups, as_of, responses, invitations, min_cell } = survey;
    let frame = Frame::of(base, as_of);
    let answers = Answers::read(instrument, responses);
    let respondents = Respondents::of(instrument, responses, &answers, &frame);
    let groupings = groupings(instrument, groups, &frame, responses, invitations);
    let outcomes =
        answers.outcomes.iter().map(|values| respondents.rows.iter().map(|&row| values[row]).collect());
    let outcomes: Vec<(String, Vec<Option<f64>>)> =
        instrument.outcomes.iter().cloned().zip(outcomes).collect();
    SurveyResults {
        counts: counts(&groupings, responses, &answers, invitations),
        scores: scores(&respondents, &groupings, &frame, min_cell),
        tests: tests(&respondents, &groupings, &outcomes),
        alphas: alphas(instrument, &answers),
        structure: structure(instrument, &answers),
        findings: answers.findings,
    }
}
