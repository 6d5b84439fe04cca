//! What `gridtier regrade` and `check` print, and what they say when there are too many findings.

use std::path::Path;

use gridtier::fact::Facts;
use gridtier::limit::Breach;
use gridtier::method::Method;
use gridtier::run::Graded;
use gridtier::source::Finding;
use gridtier_io::regrade::KnownCycle;
use gridtier_io::store::StoredCycle;
use gridtier_report::render::terminal;
use gridtier_report::summary::{self, IsNew, Published, breach_lines};

use crate::lang::Lang;

/// The summary of a published cycle.
pub fn published(graded: &Graded, method: &Method, cycle: &StoredCycle, store: &Path, lang: Lang) -> String {
    let current = cycle.commit.current.unwrap_or(cycle.version);
    let published = Published { graded, method, version: cycle.version, dir: &cycle.dir, store, current };
    terminal::text(&summary::published(&published), lang.into())
}

/// The result of a grading for programs.
pub fn json(graded: &Graded, cycle: &StoredCycle) -> String {
    let current = cycle.commit.current.unwrap_or(cycle.version);
    let totals = (&graded.control_totals(), graded.findings.as_slice());
    format!("{:#}\n", summary::cycle_json(totals, cycle.version, &cycle.dir, IsNew::Yes, current))
}

/// That nothing was published, since a published cycle has it all.
pub fn known(known: &KnownCycle, store: &Path, lang: Lang) -> String {
    let repeated = summary::Repeated {
        version: known.cycle.version,
        dir: &known.cycle.dir,
        as_of: &known.manifest.as_of,
        method: &known.manifest.method.name,
        current: known.current,
        store,
    };
    terminal::text(&[summary::repeated(&repeated)], lang.into())
}

/// The published cycle that has it all, for programs.
pub fn known_json(known: &KnownCycle) -> String {
    let KnownCycle { cycle, manifest, current } = known;
    let totals = (&manifest.control_totals, manifest.findings.as_slice());
    format!("{:#}\n", summary::cycle_json(totals, cycle.version, &cycle.dir, IsNew::No, *current))
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
