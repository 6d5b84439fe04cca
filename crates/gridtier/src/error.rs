//! The errors of a grading.
//!
//! A fault in a row is not an error: the row is counted, rejected and reported. An error here means that nothing can be
//! published.

use std::path::PathBuf;

use crate::contract::Table;

/// Input that cannot be graded: a file that cannot be read, a column that is missing, a table without a row.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Refusal {
    /// The table concerned, if any.
    pub table: Option<Table>,
    /// The file or folder concerned, if any.
    pub path: Option<PathBuf>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

impl Refusal {
    /// A refusal that concerns a table.
    pub fn of(table: Table, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { table: Some(table), path: None, what: what.into(), advice: advice.into() }
    }

    /// A refusal that concerns a file or folder of a table.
    pub fn at(
        table: Table,
        path: impl Into<PathBuf>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { path: Some(path.into()), ..Self::of(table, what, advice) }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(table) = self.table {
            write!(f, "table {table}: ")?;
        }
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        f.write_str(&self.what)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "\n  what to do: {}", self.advice) }
    }
}

/// An error that stops a run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// The input cannot be graded.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The consumer of a read needs no more rows. Used inside the engine only.
    #[error("reading was stopped early")]
    Enough,
    /// An internal check failed.
    #[error("a bug in gridtier: {0}")]
    Bug(String),
}
