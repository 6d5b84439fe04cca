//! Writes and reads the ledger of tier boundaries.

use arrow_array::RecordBatch;

use super::read::{Cells, value_at, word_at};
use super::{INTEGER, Output, TEXT, counts, full, integers, nullable, table, text};
use crate::explain::Boundary;
use crate::method::Tier;
use crate::run::Graded;
use crate::tier::LedgerLine;
use crate::word::Word;

/// One row for each boundary between tiers of a stratum.
pub(super) fn output(graded: &Graded) -> Output<'_> {
    output_of(&graded.tiers.ledger)
}

/// One row for each of these boundaries.
#[must_use]
pub fn output_of(lines: &[LedgerLine]) -> Output<'_> {
    let fields = vec![
        full("stratum", TEXT),
        full("boundary", TEXT),
        full("customers", INTEGER),
        full("quota", INTEGER),
        full("count", INTEGER),
        nullable("score_above_e6", INTEGER),
        nullable("score_below_e6", INTEGER),
        full("tie_group", INTEGER),
        full("broken_by", TEXT),
    ];
    table("ledger", fields, lines.len(), move |rows| {
        let lines = &lines[rows];
        let boundaries: Vec<String> = lines.iter().map(|line| line.boundary()).collect();
        vec![
            text(lines.iter().map(|line| Some(line.stratum.as_str()))),
            text(boundaries.iter().map(|boundary| Some(boundary.as_str()))),
            counts(lines.iter().map(|line| Some(line.customers))),
            counts(lines.iter().map(|line| Some(line.quota))),
            counts(lines.iter().map(|line| Some(line.count))),
            integers(lines.iter().map(|line| line.score_above_e6)),
            integers(lines.iter().map(|line| line.score_below_e6)),
            counts(lines.iter().map(|line| Some(line.tie_group))),
            text(lines.iter().map(|line| Some(line.broken_by.code()))),
        ]
    })
}

/// The lines of a published batch, in the order of the batch; `None` if the batch is not a ledger.
#[must_use]
pub fn read_lines(batch: &RecordBatch) -> Option<Vec<LedgerLine>> {
    let (strata, boundaries, broken) =
        (batch.texts("stratum")?, batch.texts("boundary")?, batch.texts("broken_by")?);
    let (customers, quotas) = (batch.integers("customers")?, batch.integers("quota")?);
    let (counts, groups) = (batch.integers("count")?, batch.integers("tie_group")?);
    let (above, below) = (batch.integers("score_above_e6")?, batch.integers("score_below_e6")?);
    (0..batch.num_rows())
        .map(|row| {
            Some(LedgerLine {
                stratum: strata.value(row).to_owned(),
                better: Tier::from_code(boundaries.value(row).split_once('/')?.0)?,
                customers: customers.value(row).try_into().ok()?,
                quota: quotas.value(row).try_into().ok()?,
                count: counts.value(row).try_into().ok()?,
                score_above_e6: value_at(above, row),
                score_below_e6: value_at(below, row),
                tie_group: groups.value(row).try_into().ok()?,
                broken_by: word_at(broken, row)??,
            })
        })
        .collect()
}

/// The boundaries of a published batch; `None` if the batch is not a ledger.
#[must_use]
pub fn read(batch: &RecordBatch) -> Option<Vec<Boundary>> {
    let (customers, counts) = (batch.integers("customers")?, batch.integers("count")?);
    let quotas = batch.integers("quota")?;
    let scores_above = batch.integers("score_above_e6")?;
    (0..batch.num_rows())
        .map(|row| {
            Some(Boundary {
                better: batch.text("boundary", row)?.split_once('/')?.0.to_owned(),
                customers: value_at(customers, row)?,
                quota: value_at(quotas, row)?,
                count: value_at(counts, row)?,
                score_above_e6: value_at(scores_above, row),
            })
        })
        .collect()
}
