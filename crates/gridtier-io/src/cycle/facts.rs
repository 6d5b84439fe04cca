//! The facts of a published cycle, read back from its own tables.

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::fact::Facts;
use gridtier::meter::FileBook;
use gridtier::output::facts::{PublishedFacts, read_offences, read_reconciliation, read_unit_suspects};
use gridtier::output::findings::read_of_tables;
use gridtier::source::TableBook;
use gridtier::unit::Window;

use super::error::CycleError;
use super::load::customers;
use super::table::read_batches;
use crate::folder::DataFolder;
use crate::store::StoredCycle;

/// Reads the facts of a cycle whose inputs are those of `folder`, with the books of its files of readings by name.
///
/// # Errors
/// A table cannot be read, or was not written by this version of gridtier.
pub(crate) fn facts(
    cycle: &StoredCycle,
    books_by_name: BTreeMap<&str, FileBook>,
    folder: &DataFolder,
    window: Window,
) -> Result<Facts, CycleError> {
    let customers = customers(cycle)?;
    let mut counted = PublishedFacts::new(customers.len(), window);
    let mut start = 0;
    read_batches(cycle, "facts.parquet", |batch| {
        counted.read(batch, start, &customers)?;
        start += batch.num_rows();
        Some(())
    })?;
    let mut offences = Vec::new();
    read_batches(cycle, "offences.parquet", |batch| {
        offences.extend(read_offences(batch, &customers)?);
        Some(())
    })?;
    let mut unit_suspects = Vec::new();
    read_batches(cycle, "unit_suspects.parquet", |batch| {
        unit_suspects.extend(read_unit_suspects(batch, &customers)?);
        Some(())
    })?;
    let mut books: Vec<TableBook> = Table::ALL.into_iter().map(TableBook::new).collect();
    read_batches(cycle, "reconciliation.parquet", |batch| read_reconciliation(batch, &mut books))?;
    let mut findings = Vec::new();
    read_batches(cycle, "findings.parquet", |batch| read_of_tables(batch, &mut findings))?;
    let reading_files: BTreeMap<u32, FileBook> = (0..)
        .zip(folder.files(Table::MeterReadings))
        .filter_map(|(number, file)| Some((number, *books_by_name.get(file.file.name.as_str())?)))
        .collect();
    Ok(Facts {
        window,
        usage: None,
        coverage: counted.coverage,
        files_taken: reading_files.len(),
        reading_files,
        rows: counted.rows,
        profiles: counted.profiles,
        offences,
        unit_suspects,
        books,
        findings,
        refusal: None,
        customers,
    })
}
