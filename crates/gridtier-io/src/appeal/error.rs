//! Why an appeal was not filed, replayed or decided.

use std::io;

use gridtier::appeal::NotHeard;
use gridtier::error::RunError;
use gridtier::patch::PatchError;
use gridtier::text::{Lang, Text};

use crate::cycle::{CycleError, EvidenceError};
use crate::folder::OpenError;
use crate::govern::GovernanceError;
use crate::store::StoreError;

/// Why an appeal was not filed, replayed or decided.
#[derive(Debug, thiserror::Error)]
pub enum AppealError {
    /// A rule stands in the way, the request contradicts the records, or the store cannot be read or written.
    #[error(transparent)]
    Governance(#[from] GovernanceError),
    /// The data or the patch cannot be counted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The data are not those that the cycle was computed from, or a patch that the store keeps was
    /// changed.
    #[error("{0}")]
    OtherInputs(Text),
    /// The system provides no folder for temporary files.
    #[error("{0}")]
    NoPlace(io::Error),
}

impl AppealError {
    pub(super) fn bug(what: &str) -> Self {
        RunError::Bug(what.to_owned()).into()
    }

    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Governance(error) => error.text(),
            Self::Run(RunError::Refused(refusal)) => {
                Text::new(refusal.message(Lang::En), refusal.message(Lang::Zh))
            }
            Self::Run(error) => Text::same(error.to_string()),
            Self::OtherInputs(what) => what.clone(),
            Self::NoPlace(error) => Text::same(error.to_string()),
        }
    }
}

impl From<StoreError> for AppealError {
    fn from(error: StoreError) -> Self {
        GovernanceError::from(error).into()
    }
}

impl From<CycleError> for AppealError {
    fn from(error: CycleError) -> Self {
        GovernanceError::from(error).into()
    }
}

impl From<EvidenceError> for AppealError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Cycle(error) => error.into(),
            EvidenceError::Run(error) => error.into(),
            EvidenceError::OtherData(what) => Self::OtherInputs(what),
        }
    }
}

impl From<OpenError> for AppealError {
    fn from(error: OpenError) -> Self {
        Self::OtherInputs(error.text())
    }
}

impl From<PatchError> for AppealError {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Run(error) => error.into(),
            PatchError::OtherRows(what) => GovernanceError::Refused(what).into(),
        }
    }
}

impl From<NotHeard> for AppealError {
    fn from(error: NotHeard) -> Self {
        match error {
            NotHeard::Damaged(what) => GovernanceError::Damaged(vec![what.0]).into(),
            NotHeard::NotGraded(what) => GovernanceError::Refused(vec![what]).into(),
        }
    }
}
