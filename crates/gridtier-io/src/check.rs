//! The use case `check`: compares a data folder with the contracts and a method's limits, without grading or publishing.

use gridtier::contract::Table;
use gridtier::error::RunError;
use gridtier::fact::{self, Facts};
use gridtier::limit::{self, Breach};
use gridtier::method::Method;
use gridtier::run;
use gridtier::source::Finding;
use gridtier::unit::Window;

use crate::folder::DataFolder;

/// The outcome of a check.
#[derive(Debug)]
pub struct CheckOutcome {
    /// The facts. If these inputs cannot be graded, `refusal` says why.
    pub facts: Facts,
    /// All findings, in the order in which a cycle publishes them.
    pub findings: Vec<Finding>,
    /// The limits of the method that are exceeded.
    pub breaches: Vec<Breach>,
}

/// Reads all tables of a folder, in the same way as a grading over `window` reads them.
///
/// # Errors
/// A file cannot be read.
pub fn check(folder: &DataFolder, window: Window, method: &Method) -> Result<CheckOutcome, RunError> {
    let facts = fact::read(folder, window, method.reading_detail(), None)
        .map_err(|error| folder.with_all_damage(error))?;
    let mut findings = reader_findings(folder);
    findings.extend(facts.findings.iter().cloned());
    run::sort(&mut findings);
    let breaches = limit::of_facts(&facts, method);
    Ok(CheckOutcome { facts, findings, breaches })
}

/// Findings about the files of all tables, such as unknown columns.
#[must_use]
pub fn reader_findings(folder: &DataFolder) -> Vec<Finding> {
    Table::ALL
        .into_iter()
        .flat_map(|table| {
            let notices = folder.notices(table).into_iter();
            notices.map(move |(rule, rows, example)| Finding::of(table, rule, rows, example))
        })
        .collect()
}
