//! Takes the rows of one customer out of the data, as the folder of tables from which a patch is made.
//!
//! Cells are copied as they are written, under the names by which the data are read, so that an unchanged copy replays the
//! cycle. This module judges nothing.

mod copy;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gridtier::checked_toml::nearest;
use gridtier::contract::Table;
use gridtier::contract::cell::Dates;
use gridtier::customer::{self, Customers};
use gridtier::error::RunError;
use gridtier::index::count;
use gridtier::patch::CustomerKeys;
use gridtier::source::{Source, TableBook};
use gridtier::text;

use super::error::AppealError;
use super::replay::{EarlierPatch, accounts_of, upheld_before};
use super::{AppealRequest, refused, usage};
use crate::cycle::{Manifest, customer as customer_of};
use crate::folder::DataFolder;
use crate::inputs::other_inputs;
use crate::results;
use crate::store::{Store, StoreError};

/// A table of a customer's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTable {
    /// The table.
    pub table: Table,
    /// The customer's rows in it.
    pub rows: u64,
    /// The name of the file.
    pub file: String,
}

/// The rows of a customer that were written into a folder.
#[derive(Clone, Debug)]
pub struct OwnRows {
    /// Id of the customer.
    pub customer: String,
    /// The ids of its accounts.
    pub accounts: BTreeSet<String>,
    /// The tables, in their order.
    pub tables: Vec<OwnTable>,
}

/// Writes the rows of a customer of the data into the new or empty folder `dir`, a CSV file for each table.
///
/// The customer is an account, or all accounts of a holder if `id` is the id of a holder.
///
/// # Errors
/// No account or holder has the id, `dir` is not empty or cannot be written, or a table cannot be read. Nothing has
/// appeared.
pub fn own_rows(data: &DataFolder, id: &str, dir: &Path) -> Result<OwnRows, AppealError> {
    check_empty(dir)?;
    let mut book = TableBook::new(Table::Customers);
    let customers = customer::read(data, &mut book)?;
    let accounts = accounts_in_data(&customers, id)?;
    written(data, &[], (id, accounts), dir)
}

impl AppealRequest<'_> {
    /// Writes the rows of a cycle's customer into the new or empty folder `dir`, a CSV file for each table, with the
    /// corrections of earlier appeals that were upheld.
    ///
    /// # Errors
    /// The cycle does not grade the customer, the data are not those of the cycle, `dir` is not empty or cannot be written,
    /// or a table cannot be read. Nothing has appeared.
    pub fn own_rows(&self, data: DataFolder, dir: &Path) -> Result<OwnRows, AppealError> {
        check_empty(dir)?;
        let store = Store::open(self.store)?;
        let appeal = self.open_appeal(&store)?;
        let base = self.base(&store, appeal.as_ref())?;
        let customer = customer_of(&base, self.customer)?.row.customer_id;
        let manifest = Manifest::read(&base)?;
        if let Some(others) = other_inputs(&manifest, &data).map_err(RunError::from)? {
            return Err(AppealError::OtherInputs(others));
        }
        let known_as_of = manifest.known_as_of.as_deref();
        let known_as_of = known_as_of.and_then(|text| Dates::default().local_time(text));
        let data = data.with_known_as_of(known_as_of);
        let accounts = accounts_of(&base, &customer)?;
        let earlier = upheld_before(&store, &base, &manifest, &data)?;
        written(&data, &earlier, (&customer, accounts), dir)
    }
}

/// The accounts that an id stands for.
fn accounts_in_data(customers: &Customers, id: &str) -> Result<BTreeSet<String>, AppealError> {
    if customers.ids.get(id).is_some() {
        return Ok(BTreeSet::from([id.to_owned()]));
    }
    let all = || (0u32..).zip(&customers.rows).map(|(number, row)| (customers.ids.key(number), row));
    let held = all().filter(|(_, row)| row.holder_id.as_deref() == Some(id));
    let held: BTreeSet<String> = held.map(|(account, _)| account.to_owned()).collect();
    if !held.is_empty() {
        return Ok(held);
    }
    let holders = all().filter_map(|(_, row)| row.holder_id.as_deref());
    let known = all().map(|(account, _)| account).chain(holders);
    let hint = nearest(id, known)
        .map_or_else(text::Text::default, |near| text!("; did you mean {near}?", "; 是否指 {near}？"));
    let what = text!("no customer of the data has the id {id}", "数据中没有户号 {id}");
    Err(usage(text::Text::join(&[what, hint], "")))
}

fn check_empty(dir: &Path) -> Result<(), AppealError> {
    let is_free = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => fs::symlink_metadata(dir).is_err(),
    };
    if is_free {
        return Ok(());
    }
    let dir = dir.display();
    Err(usage(text!(
        "-o {dir}: it is there and not empty; name a new folder",
        "-o {dir}: 已存在且不为空; 请另指定新文件夹"
    )))
}

fn written(
    data: &DataFolder,
    earlier: &[EarlierPatch],
    (customer, accounts): (&str, BTreeSet<String>),
    dir: &Path,
) -> Result<OwnRows, AppealError> {
    let earlier: Vec<&DataFolder> = earlier.iter().filter_map(|patch| patch.rows_of(&accounts)).collect();
    let sources = earlier.iter().copied().chain([data]).map(|folder| folder as &dyn Source);
    let keys = CustomerKeys::new(&accounts, &sources.collect::<Vec<_>>())?;
    let draft = results::draft(dir)?;
    let mut tables = Vec::new();
    for table in Table::ALL {
        // The last correction of a table replaced all rows that the customer had in it.
        let corrected = earlier.iter().rev().copied().find(|patch| !patch.files(table).is_empty());
        let folder = corrected.unwrap_or(data);
        if folder.files(table).is_empty() {
            continue;
        }
        let rows = keys.rows_in(folder, table)?;
        let file = format!("{table}.csv");
        let bytes = copy::table(folder, table, &rows).map_err(RunError::from)?;
        let path = draft.path().join(&file);
        fs::write(&path, bytes).map_err(|source| StoreError::Write { path, source })?;
        tables.push(OwnTable { table, rows: count(rows.len()), file });
    }
    if tables.iter().all(|table| table.rows == 0) {
        return Err(refused(text!(
            "the data have no row of customer {customer}",
            "数据中没有客户 {customer} 的数据行"
        )));
    }
    check_empty(dir)?;
    results::place(draft, dir)?;
    Ok(OwnRows { customer: customer.to_owned(), accounts, tables })
}

#[cfg(test)]
mod tests;
