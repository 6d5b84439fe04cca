//! What `gridtier regrade` and `check` print, and what they say when there are too many findings.

use std::path::Path;

use gridtier::fact::Facts;
use gridtier::limit::Breach;
use gridtier::method::Method;
use gridtier::run::Graded;
use gridtier::source::Finding;
use gridtier_io::store::StoredCycle;
use gridtier_report::render::terminal;
use gridtier_report::summary::{self, Published, breach_lines};

use crate::lang::Lang;

/// The summary of a published cycle.
pub fn published(graded: &Graded, method: &Method, cycle: &StoredCycle, store: &Path, lang: Lang) -> String {
    let published = Published { graded, method, version: cycle.version, dir: &cycle.dir, store };
    terminal::text(&summary::published(&published), lang.into())
}

/// The result of a grading for programs.
pub fn json(graded: &Graded, cycle: &StoredCycle) -> String {
    format!("{:#}\n", summary::json(graded, cycle.version, &cycle.dir))
}

/// What became of the rows of each table, and the findings.
pub fn rows(facts: &Facts, findings: &[Finding], lang: Lang) -> String {
    terminal::text(&summary::rows(facts, findings), lang.into())
}

/// Why nothing was published.
pub fn beyond_limits(breaches: &[Breach], data: &Path) -> String {
    let (lines, data) = (breach_lines(breaches), data.display());
    format!(
        "findings exceed the method's limits; nothing was published{lines}\n  what to do: see the rows with \
         `gridtier check {data} -o DIR`, mend the export, or publish all the same with --accept-findings=WHO"
    )
}

/// Why a regrade of these data would publish nothing.
pub fn check_beyond_limits(breaches: &[Breach], data: &Path, output: Option<&Path>) -> String {
    let fix = match output {
        Some(dir) => format!("the rows are in {}; mend the export", dir.join("rejects").display()),
        None => format!("see the rows with `gridtier check {} -o DIR`", data.display()),
    };
    let lines = breach_lines(breaches);
    format!(
        "findings exceed the method's limits; a regrade would publish nothing{lines}\n  what to do: {fix}"
    )
}
