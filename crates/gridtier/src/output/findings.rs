//! Writes and reads the table of findings.

use arrow_array::RecordBatch;

use super::read::Cells;
use super::{INTEGER, Output, TEXT, counts, full, table, text};
use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::source::Finding;
use crate::word::Word;

/// One row for each table and rule.
pub(super) fn output(findings: &[Finding]) -> Output<'_> {
    let fields = vec![
        full("table", TEXT),
        full("rule", TEXT),
        full("severity", TEXT),
        full("rows", INTEGER),
        full("example", TEXT),
    ];
    table("findings", fields, findings.len(), move |rows| {
        let findings = &findings[rows];
        vec![
            text(findings.iter().map(|finding| Some(finding.table.as_str()))),
            text(findings.iter().map(|finding| Some(finding.rule.code()))),
            text(findings.iter().map(|finding| Some(finding.severity.code()))),
            counts(findings.iter().map(|finding| Some(finding.rows))),
            text(findings.iter().map(|finding| Some(finding.example.as_str()))),
        ]
    })
}

/// Appends the findings of a published batch that are about input tables; `None` if the batch is not a table of
/// findings. Findings about the method are skipped, because grading produces them again.
#[must_use]
pub fn read_of_tables(batch: &RecordBatch, findings: &mut Vec<Finding>) -> Option<()> {
    let (tables, rules, examples) = (batch.texts("table")?, batch.texts("rule")?, batch.texts("example")?);
    let rows = batch.integers("rows")?;
    for row in 0..batch.num_rows() {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == tables.value(row)) else {
            continue;
        };
        let rule = Rule::all().find(|rule| rule.code() == rules.value(row))?;
        findings.push(Finding::of(table, rule, u64::try_from(rows.value(row)).ok()?, examples.value(row)));
    }
    Some(())
}
