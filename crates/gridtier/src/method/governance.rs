//! Who decides that a cycle is published and what stops it, how appeals are heard, and when improvement plans are due
//! (REGRADE sections 5, 6 and 7).
//!
//! Nothing here changes a score: methods that differ only in rules of governance grade alike.

use super::checks::Limit;
use super::choices::{AppealQuota, Approval, Gate};
use super::raw::{AppealFile, GatesFile, GovernanceFile, ImprovementFile, LimitFile};
use crate::checked_toml::{CheckedToml, Fault};
use crate::text;
use crate::word::Word as _;

/// Number of days within which a proposal can be approved, if a method gives none (REGRADE section 5).
pub const VALID_DAYS: u32 = 30;

/// Who decides that a cycle is published, and what stops it.
#[derive(Clone, Debug, PartialEq)]
pub struct Governance {
    /// Whether a cycle is published at once, or proposed and then approved.
    pub approval: Approval,
    /// Who may approve; if empty, anybody except the proposer.
    pub approvers: Vec<String>,
    /// Number of reviewers who must agree. A proposal to which a reviewer objects cannot be approved.
    pub reviews: u32,
    /// Number of days within which a proposal can be approved.
    pub valid_days: u32,
    /// For each gate, in the order of [`Gate`], the limits above which it warns and fails.
    pub gates: [Limit; 7],
}

impl Governance {
    /// The limits of a gate.
    #[must_use]
    pub fn limit(&self, gate: Gate) -> Limit {
        self.gates[gate.position()]
    }

    pub(super) fn build(document: &CheckedToml, file: &GovernanceFile, faults: &mut Vec<Fault>) -> Self {
        let path = ["governance", "approvers"];
        if document.is_readable(&path) && file.approvers.iter().any(|name| name.trim().is_empty()) {
            faults.push(Fault {
                line: document.line(&path),
                what: text!("an approver has no name", "有审批人没有姓名"),
                fix: text!(
                    "name everybody who may approve; with an empty list anybody but the proposer may",
                    "请写明每个审批人的姓名; 空列表表示除提出人以外的任何人"
                ),
            });
        }
        Self {
            approval: file.approval.unwrap_or(Approval::None),
            approvers: file.approvers.clone(),
            reviews: file.reviews.unwrap_or(0),
            valid_days: file.valid_days.unwrap_or(VALID_DAYS),
            gates: gates(document, &file.gates, faults),
        }
    }
}

/// The limits of a gate if a method gives none (REGRADE section 5).
fn default_limit(gate: Gate) -> Limit {
    let (warn, fail) = match gate {
        Gate::Changed => (Some(0.30), Some(0.45)),
        Gate::SpecialLost => (Some(0.40), Some(0.60)),
        Gate::Absent => (Some(0.005), Some(0.02)),
        Gate::PsiScore => (Some(0.10), Some(0.25)),
        Gate::CsiMax => (Some(0.25), None),
        Gate::FailedChecks | Gate::Breaches => (None, Some(0.0)),
    };
    Limit { warn, fail }
}

fn gates(document: &CheckedToml, file: &GatesFile, faults: &mut Vec<Fault>) -> [Limit; 7] {
    let GatesFile { changed, special_lost, absent, psi_score, csi_max, failed_checks, breaches } = file;
    let given: [(Gate, &Option<LimitFile>); 7] = [
        (Gate::Changed, changed),
        (Gate::SpecialLost, special_lost),
        (Gate::Absent, absent),
        (Gate::PsiScore, psi_score),
        (Gate::CsiMax, csi_max),
        (Gate::FailedChecks, failed_checks),
        (Gate::Breaches, breaches),
    ];
    given.map(|(gate, limit)| {
        let Some(LimitFile { warn, fail }) = *limit else { return default_limit(gate) };
        if warn.zip(fail).is_some_and(|(warn, fail)| fail < warn) {
            let name = gate.code();
            faults.push(Fault {
                line: document.line(&["governance", "gates", name]),
                what: text!(
                    "`governance.gates.{name}` fails before it warns",
                    "`governance.gates.{name}` 的不通过限值先于警告限值"
                ),
                fix: text!(
                    "values above a limit are bad: `warn` must not exceed `fail`",
                    "数值超过限值为差: `warn` 不得大于 `fail`"
                ),
            });
        }
        Limit { warn, fail }
    })
}

/// How customers' objections are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppealTerms {
    /// Number of calendar days after publication within which an appeal is in time.
    pub days: u32,
    /// Whether a customer who rises is added to the better tier, or takes somebody's place.
    pub quota: AppealQuota,
}

impl From<&AppealFile> for AppealTerms {
    fn from(file: &AppealFile) -> Self {
        Self { days: file.days.unwrap_or(21), quota: file.quota.unwrap_or(AppealQuota::Supernumerary) }
    }
}

/// Improvement plans of grade-3 customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImprovementTerms {
    /// Number of months from a cycle's as-of until a plan is due.
    pub months: u32,
}

impl From<&ImprovementFile> for ImprovementTerms {
    fn from(file: &ImprovementFile) -> Self {
        Self { months: file.months.unwrap_or(12) }
    }
}
