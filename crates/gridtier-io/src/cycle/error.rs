//! Why a published cycle cannot be read.

use std::error::Error;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use gridtier::error::RunError;
use gridtier::text;
use gridtier::text::Text;

use crate::store::{StoreError, StoredCycle};

/// Why a published cycle cannot be read.
#[derive(Debug)]
pub enum CycleError {
    /// The store or the cycle cannot be read.
    Store(StoreError),
    /// A file of the cycle is not as it was published.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The customer was not graded.
    NoSuchCustomer {
        /// The id asked for.
        id: String,
        /// Why the cycle does not grade such a customer.
        why: Absence,
    },
}

impl CycleError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Store(error) => error.text(),
            Self::File { path, what } => {
                let path = path.display();
                text!(
                    "{path} cannot be read: {what}. Run `gridtier verify` on the store, and restore the cycle from a \
                     copy",
                    "{path} 无法读取: {what}。请对存储运行 `gridtier verify`, 并从备份恢复该周期",
                )
            }
            Self::NoSuchCustomer { id, why } => why.text(id),
        }
    }
}

impl Display for CycleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl Error for CycleError {}

impl From<StoreError> for CycleError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why late bills and missed plans could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file of the cycle cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// A table cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder is not the one that the cycle was computed from.
    #[error("{0}")]
    OtherData(Text),
}

/// Why a customer is not in the graded population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No accepted customer has this id, even if leading zeros are ignored.
    Unknown,
    /// The id has too few or too many leading zeros.
    OtherZeros {
        /// The id of the customer.
        likely: String,
    },
    /// The customer was closed before the window's end.
    Closed {
        /// The customer's last day.
        on: String,
    },
    /// The customer's first day is after the window's end.
    NotYetOpen {
        /// The customer's first day.
        on: String,
    },
}

impl Absence {
    /// The reason and what to do, in both languages.
    #[must_use]
    pub fn text(&self, id: &str) -> Text {
        match self {
            Self::Unknown => text!(
                "customer {id} is not in the cycle's graded population, and no accepted customer has this id; check \
                 it: it is compared as text, zeros in front and all",
                "客户 {id} 不在本周期的参评客户中, 已接受的客户中也没有该户号; 请核对, 户号按文本比较, 包括前导零",
            ),
            Self::OtherZeros { likely } => text!(
                "customer {id} is not in the cycle's graded population, but {likely} is a customer: ids are compared \
                 with the zeros in front",
                "客户 {id} 不在本周期的参评客户中, 但存在客户 {likely}: 户号比较包括前导零",
            ),
            Self::Closed { on } => text!(
                "customer {id} is not in the cycle's graded population: it was closed on {on}, before the window's \
                 end; ask a cycle of an earlier as-of by --cycle",
                "客户 {id} 不在本周期的参评客户中: 已于 {on} 销户, 早于评价窗口结束日; 可用 --cycle 查询更早的周期",
            ),
            Self::NotYetOpen { on } => text!(
                "customer {id} is not in the cycle's graded population: it opens on {on}, after the window's end",
                "客户 {id} 不在本周期的参评客户中: 其立户日期 {on} 晚于评价窗口结束日",
            ),
        }
    }
}

/// The error for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: impl Display) -> CycleError {
    CycleError::File { path: path.into(), what: error.to_string() }
}

/// The error for a table of the cycle that lacks a column, or has one of another type.
pub(crate) fn other_columns(cycle: &StoredCycle, name: &str) -> CycleError {
    unreadable(
        &cycle.dir.join(name),
        "its columns are not those of this version of gridtier; if an earlier one published it, grade again",
    )
}
