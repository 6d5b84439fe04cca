//! The accounts of a customer in a cycle: their columns, the texts passed through for customer sheets, and their months.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use gridtier::contract::declared::PassedColumn;
use gridtier::customer::Customers;
use gridtier::output::facts::read_customers;
use gridtier::unit::Month;
use gridtier_report::customer_sheet::{AccountProfile, MonthUsed};

use super::error::{CycleError, other_columns};
use super::keyed::CycleRows;
use crate::store::StoredCycle;

const CUSTOMERS: &str = "customers.parquet";
const USAGE: &str = "monthly_usage.parquet";

/// The accounts of a graded customer. `passthrough` are the columns that the manifest names for customer sheets.
///
/// # Errors
/// A file cannot be read.
pub fn profiles(
    cycle: &StoredCycle,
    id: &str,
    passthrough: &[PassedColumn],
) -> Result<Vec<AccountProfile>, CycleError> {
    profiles_of(&mut CycleRows::of(cycle), id, passthrough)
}

/// As [`profiles`], from tables that may be open already.
pub(crate) fn profiles_of(
    rows: &mut CycleRows,
    id: &str,
    passthrough: &[PassedColumn],
) -> Result<Vec<AccountProfile>, CycleError> {
    let accounts = rows.accounts(id)?;
    let profiles = accounts.iter().map(|account| profile(rows, account, passthrough));
    Ok(profiles.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// An account; `None` if the cycle has no such customer.
fn profile(
    rows: &mut CycleRows,
    id: &str,
    passthrough: &[PassedColumn],
) -> Result<Option<AccountProfile>, CycleError> {
    let Some(own) = rows.of_id(CUSTOMERS, id)? else { return Ok(None) };
    let mut customers = Customers::default();
    read_customers(&own, &mut customers).ok_or_else(|| other_columns(rows.cycle(), CUSTOMERS))?;
    let Some(customer) = customers.rows.pop() else { return Ok(None) };
    let passed = passthrough.iter().map(|passed| passed_text(&own, &passed.column)).collect::<Option<_>>();
    let usage = rows.of_id(USAGE, id)?;
    let months =
        usage.as_ref().map_or(Some(Vec::new()), months).ok_or_else(|| other_columns(rows.cycle(), USAGE))?;
    Ok(Some(AccountProfile {
        id: id.to_owned(),
        customer,
        passed: passed.ok_or_else(|| other_columns(rows.cycle(), CUSTOMERS))?,
        months,
    }))
}

/// The text of a column in the first row. The outer `None` means that the table has no such column of text.
fn passed_text(rows: &RecordBatch, column: &str) -> Option<Option<String>> {
    let texts = rows.column_by_name(column)?.as_string_opt::<i32>()?;
    Some(texts.iter().next().flatten().map(str::to_owned))
}

/// The months of an account; `None` if the table lacks a column.
fn months(usage: &RecordBatch) -> Option<Vec<MonthUsed>> {
    let months = usage.column_by_name("month")?.as_primitive_opt::<Date32Type>()?;
    let active_wh = usage.column_by_name("active_wh")?.as_primitive_opt::<Int64Type>()?;
    (0..usage.num_rows())
        .map(|row| {
            Some(MonthUsed { month: Month::of_day(months.value(row))?, active_wh: active_wh.value(row) })
        })
        .collect()
}
