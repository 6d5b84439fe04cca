//! The results of a survey as sections. The command and the web view show them alike.

use std::path::{Path, PathBuf};

use gridtier::text;
use gridtier::text::Text;
use gridtier_report::section::{Extent, Section};
use gridtier_report::summary::advice;
use gridtier_report::survey::{SurveyView, plan_sections, result_sections, survey_head};
use gridtier_service::survey::instrument::Instrument;
use gridtier_service::survey::plan::SurveyPlan;

use super::{EvaluatedSurvey, SurveyAnswers, open};
use crate::cycle;
use crate::folder::DataFolder;
use crate::service::question::{Examples, doubtful, shown_rows};
use crate::service::{self, ServiceError};
use crate::store::StoredCycle;

/// Rows of a list that is printed or shown on a page.
pub const SHOWN_ROWS: usize = 20;
/// Rows of a list in one file.
pub const FILE_ROWS: usize = 100_000;

/// A survey whose results are shown.
#[derive(Clone, Copy)]
pub struct ShownSurvey<'a> {
    /// What came back.
    pub answers: &'a SurveyAnswers,
    /// The cycle that it was read against.
    pub cycle: &'a StoredCycle,
    /// What follows from it.
    pub evaluated: &'a EvaluatedSurvey,
    /// Fewest answers of a group whose scores are shown; where no scores are shown, it does not matter.
    pub min_cell: i64,
}

impl ShownSurvey<'_> {
    /// What became of the rows of the tables.
    #[must_use]
    pub fn check(self) -> Vec<Section> {
        let findings = &self.evaluated.findings;
        let heading = text!("Tables of the survey", "调查数据检查");
        let mut sections = vec![self.within(SHOWN_ROWS, Extent::Brief, |view| survey_head(view, heading))];
        sections.extend(shown_rows(&self.answers.reconciliation(), findings, Extent::Brief, Examples::Shown));
        sections.extend(advice(findings));
        sections
    }

    /// The results; `None` if the table of responses is absent.
    #[must_use]
    pub fn score(self, most_rows: usize, extent: Extent) -> Option<Vec<Section>> {
        let results = self.evaluated.results.as_ref()?;
        let mut sections = self.within(most_rows, extent, |view| {
            let mut sections = vec![survey_head(view, text!("Survey", "客户调查"))];
            sections.extend(result_sections(view, results));
            sections
        });
        sections.extend(self.doubtful_rows(extent));
        Some(sections)
    }

    /// Whom to ask.
    #[must_use]
    pub fn plan(self, plan: &SurveyPlan, most_rows: usize, extent: Extent) -> Vec<Section> {
        let mut sections = self.within(most_rows, extent, |view| {
            let mut sections = vec![survey_head(view, text!("Plan of the survey", "调查计划"))];
            sections.extend(plan_sections(view, plan, &self.answers.base));
            sections
        });
        sections.extend(self.doubtful_rows(extent));
        sections
    }

    /// Why results are doubtful; `None` if no limit of the cycle's method is exceeded.
    #[must_use]
    pub fn doubts(self) -> Option<Text> {
        let breaches = &self.evaluated.breaches;
        let fix = text!(
            "see the rows in DIR/rejects, which `gridtier survey check` writes with -o DIR, and mend the export",
            "用 `gridtier survey check` 和 -o DIR 写出，在 DIR/rejects 中查看有关行，并修正导出"
        );
        (!breaches.is_empty()).then(|| doubtful(breaches, fix))
    }

    fn within<T>(self, most_rows: usize, extent: Extent, show: impl FnOnce(&SurveyView<'_>) -> T) -> T {
        let as_of = self.answers.as_of_date();
        show(&SurveyView {
            instrument: &self.answers.instrument,
            cycle: self.cycle.version,
            as_of: &as_of,
            min_cell: self.min_cell,
            most_rows,
            extent,
        })
    }

    /// The findings that are more than information, without their examples: `survey check` names respondents, results do
    /// not.
    fn doubtful_rows(self, extent: Extent) -> Vec<Section> {
        let findings = &self.evaluated.findings;
        if advice(findings).is_none() {
            return Vec::new();
        }
        let [_, findings] = shown_rows(&[], findings, extent, Examples::Withheld);
        vec![Section::titled(text!("Findings about the tables", "数据问题")), findings]
    }
}

/// Says which names in a survey's folder belong to no table; nothing if all do.
#[must_use]
pub fn ignored(folder: &DataFolder) -> Option<Text> {
    let names = folder.unused().join(", ");
    (!names.is_empty())
        .then(|| text!("not a table of a survey, and ignored: {names}", "不是调查数据表，已忽略：{names}"))
}

/// Says that a survey has no answers.
#[must_use]
pub fn nothing_to_score(data: &Path) -> Text {
    let data = data.display();
    text!(
        "{data}: there is nothing to score: the table responses is absent",
        "{data}：没有可统计的答卷：缺少 responses 表"
    )
}

/// Fewest answers of a group whose scores are shown (SERVICE §7), by a policy.
///
/// # Errors
/// The policy is wrong or cannot be read.
pub fn min_cell(policy: &str, cycle: &StoredCycle) -> Result<i64, ServiceError> {
    Ok(service::policy(Some(policy), &cycle::catalogue(cycle)?)?.limits.min_cell)
}

/// Which survey is scored.
#[derive(Clone, Debug)]
pub struct SurveyRequest {
    /// The folder of the survey.
    pub data: PathBuf,
    /// What was asked.
    pub instrument: Instrument,
    /// The as-of day, in days since 1970-01-01.
    pub as_of: i32,
    /// The policy of service, shipped or a file, which says how many answers a group must have for its scores to be shown.
    pub policy: String,
    /// At least so many, whatever the policy says.
    pub min_count: u64,
}

/// The results of a survey, and what is to be known about them.
pub struct ScoredSurvey {
    /// The results; without answers, the sentence that says so.
    pub sections: Vec<Section>,
    /// Why they are doubtful.
    pub doubts: Option<Text>,
    /// Names in the folder that belong to no table.
    pub ignored: Option<Text>,
}

/// Reads a survey against a cycle and scores it. This may take long.
///
/// # Errors
/// A file cannot be read.
pub fn scored(
    request: &SurveyRequest,
    cycle: &StoredCycle,
    (most_rows, extent): (usize, Extent),
) -> Result<ScoredSurvey, ServiceError> {
    let folder = open(&request.data, &request.instrument)?;
    let ignored = ignored(&folder);
    let answers = SurveyAnswers::read(Some(folder), cycle, request.instrument.clone(), request.as_of)?;
    let min_count = i64::try_from(request.min_count).unwrap_or(i64::MAX);
    let min_cell = min_cell(&request.policy, cycle)?.max(min_count);
    let evaluated = answers.evaluate(cycle, Some(min_cell))?;
    let shown = ShownSurvey { answers: &answers, cycle, evaluated: &evaluated, min_cell };
    let sections = shown.score(most_rows, extent).unwrap_or_else(|| {
        let Text { en, zh, .. } = nothing_to_score(&request.data);
        vec![Section::new().sentence(en, zh)]
    });
    Ok(ScoredSurvey { sections, doubts: shown.doubts(), ignored })
}
