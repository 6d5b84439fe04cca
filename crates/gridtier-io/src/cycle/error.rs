//! Why a published cycle cannot be read.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::store::{StoreError, StoredCycle};

/// Why a published cycle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The store or the cycle cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the cycle is not what it was published as.
    #[error(
        "{path} cannot be read: {what}. Run `gridtier verify` on the store, and restore the cycle from a copy"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The customer was not graded.
    #[error(
        "customer {id} is not in the cycle's graded population. Check the id; it is compared as text, leading zeros and all"
    )]
    NoSuchCustomer {
        /// The id asked for.
        id: String,
    },
}

/// The error for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: impl Display) -> CycleError {
    CycleError::File { path: path.into(), what: error.to_string() }
}

/// The error for a table of the cycle that lacks a column, or has one of another type.
pub(super) fn other_columns(cycle: &StoredCycle, name: &str) -> CycleError {
    unreadable(
        &cycle.dir.join(name),
        "its columns are not those of this version of gridtier; if an earlier one published it, grade again",
    )
}
