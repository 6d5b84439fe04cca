//! The errors of a grading.
//!
//! A fault in a row is not an error: the row is counted, rejected and reported. An error here means that nothing can be
//! published.

use std::path::PathBuf;

use crate::contract::Table;
use crate::text::{Lang, Text};

/// Input that cannot be graded: a file that cannot be read, a column that is missing, a table without rows.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Refusal {
    /// The table concerned, if any.
    pub table: Option<Table>,
    /// The file or folder concerned, if any.
    pub path: Option<PathBuf>,
    /// What is wrong.
    pub what: Text,
    /// What to do about it.
    pub advice: Text,
}

impl Refusal {
    /// A refusal that concerns a table.
    pub fn of(table: Table, what: impl Into<Text>, advice: impl Into<Text>) -> Self {
        Self { table: Some(table), path: None, what: what.into(), advice: advice.into() }
    }

    /// A refusal that concerns a file or folder of a table.
    pub fn at(
        table: Table,
        path: impl Into<PathBuf>,
        what: impl Into<Text>,
        advice: impl Into<Text>,
    ) -> Self {
        Self { path: Some(path.into()), ..Self::of(table, what, advice) }
    }
}

impl Refusal {
    /// The refusal in one language: table, file, what is wrong and what to do.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        let table = match (self.table, lang) {
            (None, _) => String::new(),
            (Some(table), Lang::En) => format!("table {table}: "),
            (Some(table), Lang::Zh) => format!("表 {table}（{}）：", table.name_zh()),
        };
        let path = self.path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()));
        let what = self.what.in_lang(lang);
        if self.advice.is_empty() {
            return format!("{table}{path}{what}");
        }
        let todo = lang.pick("what to do: ", "处理办法：");
        format!("{table}{path}{what}\n  {todo}{}", self.advice.in_lang(lang))
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message(Lang::En))
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
