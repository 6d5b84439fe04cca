//! The facts of a published cycle, read back from its own tables.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::fact::Facts;
use gridtier::meter::FileBook;
use gridtier::output::facts::{Counted, read_offences};
use gridtier::source::{Finding, TableBook};
use gridtier::unit::Window;

use super::error::CycleError;
use super::load::customers;
use super::table::read_batches;
use crate::folder::DataFolder;
use crate::store::StoredCycle;

/// Reads the facts of a cycle whose inputs are those of `folder`, with the books of its files of readings by name.
///
/// # Errors
/// A table cannot be read, or is none of this version of gridtier.
pub(crate) fn facts(
    cycle: &StoredCycle,
    books_by_name: BTreeMap<&str, FileBook>,
    folder: &DataFolder,
    window: Window,
) -> Result<Facts, CycleError> {
    let customers = customers(cycle)?;
    let mut counted = Counted::new(customers.len(), window);
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
    let mut books: Vec<TableBook> = Table::ALL.into_iter().map(TableBook::new).collect();
    read_batches(cycle, "reconciliation.parquet", |batch| reconcile(batch, &mut books))?;
    let mut findings = Vec::new();
    read_batches(cycle, "findings.parquet", |batch| {
        findings.extend(of_tables(batch)?);
        Some(())
    })?;
    let files = folder.files(Table::MeterReadings).iter().zip(0..);
    let book_of = |name: &str| books_by_name.get(name).copied();
    let reading_files: BTreeMap<u32, FileBook> =
        files.filter_map(|(file, number)| Some((number, book_of(&file.file.name)?))).collect();
    Ok(Facts {
        window,
        usage: None,
        coverage: counted.coverage,
        files_taken: reading_files.len(),
        reading_files,
        rows: counted.rows,
        profiles: counted.profiles,
        offences,
        unit_suspects: Vec::new(),
        books,
        findings,
        refusal: None,
        customers,
    })
}

/// What became of the rows of each table.
fn reconcile(batch: &RecordBatch, books: &mut [TableBook]) -> Option<()> {
    let names = batch.column_by_name("table")?.as_string_opt::<i32>()?;
    let count = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        u64::try_from(column.value(row)).ok()
    };
    for row in 0..batch.num_rows() {
        let book = books.iter_mut().find(|book| book.table.name() == names.value(row))?;
        book.present = true;
        book.tally.rows_in = count("rows_in", row)?;
        book.tally.counted = count("counted", row)?;
        book.tally.out_of_window = count("out_of_window", row)?;
        book.tally.rejected = count("rejected", row)?;
        book.tally.duplicates = count("duplicates", row)?;
    }
    Some(())
}

/// Findings about tables: those of the judgement are found again.
fn of_tables(batch: &RecordBatch) -> Option<Vec<Finding>> {
    let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
    let (tables, rules, examples) = (text("table")?, text("rule")?, text("example")?);
    let rows = batch.column_by_name("rows")?.as_primitive_opt::<Int64Type>()?;
    let mut findings = Vec::new();
    for row in 0..batch.num_rows() {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == tables.value(row)) else {
            continue;
        };
        let rule = Rule::all().find(|rule| rule.code() == rules.value(row))?;
        findings.push(Finding::of(table, rule, u64::try_from(rows.value(row)).ok()?, examples.value(row)));
    }
    Some(findings)
}
