//! Small tables of a published cycle for display: boundaries, indicators, and rejected rows.

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::method::Method;
use gridtier::output::parameters;
use gridtier::score::Parameters;
use gridtier::text::Text;
use gridtier::tier::LedgerLine;
use gridtier_report::section::Section;
use gridtier_report::table::{ColumnFormat, DataColumn, DataList, ListError};

use arrow_array::RecordBatchReader as _;

use super::error::{CycleError, other_columns, unreadable};
use super::load::{fitted, ledger};
use super::manifest::method;
use super::table::batches;
use crate::store::StoredCycle;

/// The boundaries between tiers, by stratum.
///
/// # Errors
/// The ledger cannot be read.
pub fn boundaries(cycle: &StoredCycle) -> Result<Vec<LedgerLine>, CycleError> {
    ledger(cycle)
}

/// The method of a cycle, the parameters fitted to its customers, and each indicator's share of the score's variance.
///
/// # Errors
/// A file cannot be read.
pub fn indicator_parameters(
    cycle: &StoredCycle,
) -> Result<(Method, Parameters, Vec<Option<f64>>), CycleError> {
    let method = method(cycle)?;
    let (table, fitted) = fitted(cycle, &method)?;
    let influence = parameters::read_influence(&table, &method);
    let influence = influence.ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    Ok((method, fitted, influence))
}

/// The meaning of the code of a rule; `None` if the code is not known.
fn meaning(code: &str) -> Option<Text> {
    let rule = Rule::all().find(|rule| rule.code() == code)?;
    Some(Text::coded(rule.code(), rule.meaning(), rule.meaning_zh()))
}

/// The rejected rows of an input table, with the cells as they are in the file.
///
/// # Errors
/// The rejects cannot be read.
pub fn rejects_list(cycle: &StoredCycle, table: Table) -> Result<DataList<'static>, CycleError> {
    let rows = batches(&rejects_path(cycle, table))?;
    let schema = rows.schema();
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "source_file" => DataColumn::new(ColumnFormat::Text, "source_file", "file", "文件"),
        "row" => DataColumn::new(ColumnFormat::Integer, "row", "row", "行号"),
        "rule" => DataColumn {
            names: Some(meaning),
            ..DataColumn::new(ColumnFormat::Word, "rule", "why", "原因")
        },
        own => DataColumn::new(ColumnFormat::Text, own.to_owned(), own.to_owned(), own.to_owned()),
    });
    Ok(DataList {
        title: Text::coded("rejects", "Rows that were set aside", "剔除的行"),
        columns: columns.collect(),
        schema: schema.clone(),
        about: Vec::new(),
        batches: Box::new(rows.map(|batch| batch.map_err(ListError::from))),
    })
}

/// The first rejected rows of an input table.
///
/// # Errors
/// The rejects cannot be read.
pub fn published_rejects(cycle: &StoredCycle, table: Table, most: usize) -> Result<Section, CycleError> {
    // One more tells whether there are more.
    let shown = rejects_list(cycle, table)?.first(most + 1);
    let mut shown = shown.map_err(|error| unreadable(&rejects_path(cycle, table), error))?;
    let is_cut = shown.rows.len() > most;
    shown.rows.truncate(most);
    let section = Section::of_table(shown);
    Ok(if is_cut {
        section.sentence(
            format!("The first {most} rows. The files below have all of them."),
            format!("此处为前 {most} 行; 下方的文件含全部。"),
        )
    } else {
        section
    })
}

fn rejects_path(cycle: &StoredCycle, table: Table) -> std::path::PathBuf {
    cycle.dir.join("rejects").join(format!("{}.parquet", table.name()))
}
