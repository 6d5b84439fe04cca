//! The three ways a grading can fail, each a sentence that says what to do.
//!
//! Faults in rows are not errors: they are counted, set aside and reported. An error here means that there is nothing
//! to publish.

use std::path::PathBuf;

use crate::contract::Table;

/// Input that cannot be graded: a file that cannot be read, a column that is missing, a table without a row.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Refusal {
    /// The table, where one is concerned.
    pub table: Option<Table>,
    /// The file or folder, where one is concerned.
    pub path: Option<PathBuf>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

impl Refusal {
    /// A refusal of a table.
    pub fn of(table: Table, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { table: Some(table), path: None, what: what.into(), advice: advice.into() }
    }

    /// A refusal of a file or folder of a table.
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

/// What stops a run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// The input cannot be graded.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A reader's sink has seen enough; never leaves the engine.
    #[error("reading was stopped early")]
    Enough,
    /// Something that cannot happen has happened.
    #[error("a bug in gridtier: {0}")]
    Bug(String),
}
