//! Replaces the rows of one customer by those of a patch, and leaves the data files as they are (REGRADE section 6).
//!
//! A patch is a small source in the form of the data. For each of its tables, it holds all rows of one customer. The result
//! is one source with the files of the data followed by those of each patch, so that every stage reads it as it reads a
//! folder. This module does not know whether an appeal is upheld.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Table;
use crate::contract::declared::{Declared, TableDeclared};
use crate::error::{Refusal, RunError};
use crate::index::{count, index};
use crate::rows::{Columns, out_of_date};
use crate::source::{Batch, Bounds, Part, RowAt, Source, TableBook};
use crate::text;
use crate::text::Text;

/// The column that says when a row was recorded.
const RECORDED_AT: &str = "recorded_at";

/// The corrected rows of one customer.
#[derive(Clone, Copy)]
pub struct Patch<'a> {
    /// The ids of the customer's accounts.
    pub accounts: &'a BTreeSet<String>,
    /// The customer's rows in some of the tables.
    pub rows: &'a dyn Source,
}

/// Why a patch cannot take the place of a customer's rows.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// A table cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The patch lacks a table or holds a row that does not belong to the customer. The first such
    /// row of each file is named.
    #[error("{}", Text::join(.0, "; "))]
    OtherRows(Vec<Text>),
}

impl From<Refusal> for PatchError {
    fn from(refusal: Refusal) -> Self {
        Self::Run(refusal.into())
    }
}

/// Data in which the rows of some customers are replaced, table by table.
pub struct PatchedSource<'a> {
    data: &'a dyn Source,
    patches: Vec<CheckedPatch<'a>>,
    /// By table: the number of the first file of each patch.
    first_files: BTreeMap<Table, Vec<u32>>,
}

/// A patch whose rows all belong to its customer.
struct CheckedPatch<'a> {
    patch: Patch<'a>,
    tables: Vec<Table>,
    /// The ids of the customer's bills are filled only if the patch has payments.
    keys: CustomerKeys<'a>,
}

/// What says whether a row belongs to a customer: the ids of its accounts and of its bills. A payment belongs to the
/// customer of its bill, or, if it names no bill, to who paid it; any other row to the account that it names.
pub struct CustomerKeys<'a> {
    accounts: &'a BTreeSet<String>,
    bills: BTreeSet<String>,
}

impl<'a> CustomerKeys<'a> {
    /// The keys of the customer with these accounts, whose bills are in `sources`.
    ///
    /// # Errors
    /// A table of bills cannot be read.
    pub fn new(accounts: &'a BTreeSet<String>, sources: &[&dyn Source]) -> Result<Self, RunError> {
        let mut keys = Self { accounts, bills: BTreeSet::new() };
        for source in sources {
            keys.add_bills(*source, &source.declared().of(Table::Bills))?;
        }
        Ok(keys)
    }

    fn add_bills(&mut self, source: &dyn Source, declared: &TableDeclared) -> Result<(), RunError> {
        // Findings about keys go into a scratch book: the later reading of the table reports them.
        let mut book = TableBook::new(Table::Bills);
        for part in source.parts(Table::Bills)?.unwrap_or_default() {
            source.read(Table::Bills, part, &["bill_id", "customer_id"], &mut |batch| {
                let columns = Columns::new(source, Table::Bills, &batch, declared);
                let ids = columns.ids("bill_id", &mut book)?;
                let customers = columns.ids("customer_id", &mut book)?;
                for row in 0..columns.rows() {
                    if customers.get(row).is_some_and(|id| self.accounts.contains(id)) {
                        self.bills.extend(ids.get(row).map(str::to_owned));
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Where the customer's rows of a table are, in the order of files and rows. Rows that cannot be parsed belong to
    /// nobody. If the data are known up to an instant, only rows that count at that instant are found, since a row of a
    /// patch counts whenever it was recorded.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn rows_in(&self, source: &dyn Source, table: Table) -> Result<Vec<RowAt>, RunError> {
        let declared = source.declared().of(table);
        let mut found = Vec::new();
        let out_of_date = match source.declared().known_as_of {
            Some(_) => out_of_date(source, table)?,
            None => BTreeSet::new(),
        };
        for part in source.parts(table)?.unwrap_or_default() {
            source.read(table, part, key_columns(table), &mut |batch| {
                let is_own = owned(source, table, &batch, &declared, self)?;
                let faulty: BTreeSet<u32> = batch.faults.iter().map(|(row, _)| *row).collect();
                let own = (0u32..).zip(is_own).filter(|(row, is_own)| *is_own && !faulty.contains(row));
                let places = own.map(|(row, _)| RowAt::new(batch.file, batch.first_row + u64::from(row)));
                found.extend(places.filter(|at| !out_of_date.contains(at)));
                source.progress(table, count(batch.record.num_rows()));
                Ok(())
            })?;
        }
        Ok(found)
    }
}

impl<'a> PatchedSource<'a> {
    /// Puts patches on the data, in the order in which they were made. A table of a later patch replaces the same table of
    /// an earlier patch for the same customer.
    ///
    /// # Errors
    /// A patch has no table, has a table that the data lack, or has a row of another customer; or something cannot be
    /// read.
    pub fn new(data: &'a dyn Source, patches: &[Patch<'a>]) -> Result<Self, PatchError> {
        let mut source = Self { data, patches: Vec::new(), first_files: BTreeMap::new() };
        for table in Table::ALL {
            let mut next = files_of(data, table)?;
            let mut first_files = Vec::new();
            for patch in patches {
                first_files.push(next);
                next += files_of(patch.rows, table)?;
            }
            source.first_files.insert(table, first_files);
        }
        for &patch in patches {
            source.add(patch)?;
        }
        Ok(source)
    }

    fn add(&mut self, patch: Patch<'a>) -> Result<(), PatchError> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            if patch.rows.parts(table)?.is_none() {
                continue;
            }
            if self.data.parts(table)?.is_none() {
                return Err(PatchError::OtherRows(vec![text!(
                    "the data of the cycle have no table {table}, so the patch cannot correct it",
                    "该周期的数据没有 {table} 表, 无从更正"
                )]));
            }
            tables.push(table);
        }
        if tables.is_empty() {
            let what = text!("the patch holds no table", "更正文件夹中没有任何表");
            return Err(PatchError::OtherRows(vec![what]));
        }
        let mut keys = CustomerKeys { accounts: patch.accounts, bills: BTreeSet::new() };
        if tables.contains(&Table::Payments) {
            // Bills that the patch withdraws also belong to the customer, and so do their payments.
            let declared = self.data.declared().of(Table::Bills);
            let earlier = self.patches.iter().map(|earlier| earlier.patch.rows);
            for rows in std::iter::once(self.data).chain(earlier).chain([patch.rows]) {
                keys.add_bills(rows, &declared)?;
            }
        }
        let checked = CheckedPatch { patch, tables, keys };
        let mut others = Vec::new();
        for &table in &checked.tables {
            self.note_others(&checked, table, &mut others)?;
        }
        if !others.is_empty() {
            return Err(PatchError::OtherRows(others));
        }
        self.patches.push(checked);
        Ok(())
    }

    /// Notes the first row of each file of a patch that does not belong to its customer.
    fn note_others(
        &self,
        checked: &CheckedPatch,
        table: Table,
        others: &mut Vec<Text>,
    ) -> Result<(), PatchError> {
        let rows = checked.patch.rows;
        let declared = self.data.declared().of(table);
        let mut last_file = None;
        for part in rows.parts(table)?.unwrap_or_default() {
            rows.read(table, part, key_columns(table), &mut |batch| {
                let is_own = owned(rows, table, &batch, &declared, &checked.keys)?;
                let faulty: BTreeSet<u32> = batch.faults.iter().map(|(row, _)| *row).collect();
                let other = (0u32..).zip(&is_own).find(|(row, is_own)| !**is_own && !faulty.contains(row));
                if let Some((row, _)) = other.filter(|_| last_file != Some(batch.file)) {
                    last_file = Some(batch.file);
                    let at = RowAt::new(batch.file, batch.first_row + u64::from(row));
                    let file = rows.file_name(table, batch.file);
                    let row = rows.spreadsheet_row(table, at).unwrap_or(at.row() + 1);
                    others.push(text!(
                        "{file}, row {row}: this row does not belong to the customer",
                        "{file} 第 {row} 行: 不是该客户的数据"
                    ));
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The rejected rows of the last patch, each with the rule that it breaks. `books` are the table
    /// books of a reading of this source.
    #[must_use]
    pub fn rejected<'b>(&self, books: impl IntoIterator<Item = &'b TableBook>) -> Vec<Text> {
        let mut rejected = Vec::new();
        for book in books {
            let first = self.first_files.get(&book.table).and_then(|files| files.last().copied());
            for reject in
                book.rejects.iter().filter(|reject| first.is_some_and(|first| reject.at.file() >= first))
            {
                let (at, rule) = (reject.at, reject.rule);
                let file = self.file_name(book.table, at.file());
                let row = self.spreadsheet_row(book.table, at).unwrap_or(at.row() + 1);
                let (code, meaning, meaning_zh) = (rule.code(), rule.meaning(), rule.meaning_zh());
                rejected.push(Text::new(
                    format!("{file}, row {row}: {code}: {meaning}"),
                    format!("{file} 第 {row} 行: {code}: {meaning_zh}"),
                ));
            }
        }
        rejected
    }

    /// The source of a file of a table, and the file's number in that source. Source 0 is the data; source
    /// n is the n-th patch.
    fn origin(&self, table: Table, file: u32) -> (usize, u32) {
        let first_files = self.first_files.get(&table).map_or(&[][..], Vec::as_slice);
        let layer = first_files.partition_point(|first| *first <= file);
        match layer.checked_sub(1) {
            None => (0, file),
            Some(patch) => (layer, file - first_files[patch]),
        }
    }

    /// The data for 0, or the n-th patch.
    fn layer(&self, layer: usize) -> &'a dyn Source {
        layer.checked_sub(1).map_or(self.data, |patch| self.patches[patch].patch.rows)
    }

    /// The patches after a source that replace rows of a table in it.
    fn replacing(&self, layer: usize, table: Table) -> Vec<&CheckedPatch<'a>> {
        self.patches[layer..].iter().filter(|patch| patch.tables.contains(&table)).collect()
    }
}

/// The number of files that hold a table.
fn files_of(source: &dyn Source, table: Table) -> Result<u32, Refusal> {
    let parts = source.parts(table)?.unwrap_or_default();
    Ok(parts.iter().map(|part| part.file + 1).max().unwrap_or(0))
}

/// The columns that say to whom a row belongs.
fn key_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Payments => &["bill_id", "customer_id"],
        _ => &["customer_id"],
    }
}

/// For each row of a batch: whether it belongs to the customer.
fn owned(
    source: &dyn Source,
    table: Table,
    batch: &Batch,
    declared: &TableDeclared,
    keys: &CustomerKeys,
) -> Result<Vec<bool>, RunError> {
    let columns = Columns::new(source, table, batch, declared);
    let mut book = TableBook::new(table);
    let customers = columns.ids("customer_id", &mut book)?;
    let is_account = |row: usize| customers.get(row).is_some_and(|id| keys.accounts.contains(id));
    if table != Table::Payments {
        return Ok((0..columns.rows()).map(is_account).collect());
    }
    let bills = columns.ids("bill_id", &mut book)?;
    let is_own = (0..columns.rows())
        .map(|row| bills.get(row).map_or_else(|| is_account(row), |bill| keys.bills.contains(bill)));
    Ok(is_own.collect())
}

/// Passes on the kept rows of a batch in runs of neighbours, so that each row keeps its number in the file.
fn hand_on(
    batch: &Batch,
    is_kept: &[bool],
    sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut start = 0;
    for run in is_kept.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        if run[0] {
            let faults = batch.faults.iter().filter(|(row, _)| (start..end).contains(&index(*row)));
            let skipped = u32::try_from(start).expect("rows of a batch fit into 32 bits");
            sink(Batch {
                file: batch.file,
                first_row: batch.first_row + count(start),
                record: batch.record.slice(start, run.len()),
                faults: faults.map(|(row, rule)| (row - skipped, *rule)).collect(),
            })?;
        }
        start = end;
    }
    Ok(())
}

impl Source for PatchedSource<'_> {
    fn declared(&self) -> &Declared {
        self.data.declared()
    }

    fn parts(&self, table: Table) -> Result<Option<Vec<Part>>, Refusal> {
        let Some(mut parts) = self.data.parts(table)? else { return Ok(None) };
        for (checked, first) in self.patches.iter().zip(&self.first_files[&table]) {
            let more = checked.patch.rows.parts(table)?.unwrap_or_default();
            parts.extend(more.into_iter().map(|part| Part { file: part.file + first, ..part }));
        }
        Ok(Some(parts))
    }

    /// Asks only the data: a patch must not change how the rows of other customers are read.
    fn has_column(&self, table: Table, column: &str) -> bool {
        self.data.has_column(table, column)
    }

    fn read(
        &self,
        table: Table,
        part: Part,
        columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let (layer, file) = self.origin(table, part.file);
        let source = self.layer(layer);
        let replacing = self.replacing(layer, table);
        let declared = self.declared().of(table);
        // A correction is recorded later than what it corrects. The day up to which the data are known must not hide it, so
        // the column is left out.
        let is_always_known = layer > 0 && self.declared().known_as_of.is_some();
        let mut wanted: Vec<&str> = columns.to_vec();
        let needed = key_columns(table).iter().filter(|_| !replacing.is_empty());
        wanted.extend(needed.filter(|name| !columns.contains(name)));
        wanted.retain(|name| !(is_always_known && *name == RECORDED_AT));
        source.read(table, Part { file, ..part }, &wanted, &mut |mut batch| {
            let mut is_kept = vec![true; batch.record.num_rows()];
            for patch in &replacing {
                let is_own = owned(source, table, &batch, &declared, &patch.keys)?;
                is_kept.iter_mut().zip(is_own).for_each(|(is_kept, is_own)| *is_kept &= !is_own);
            }
            if let Ok(recorded) = batch.record.schema().index_of(RECORDED_AT)
                && is_always_known
            {
                batch.record.remove_column(recorded);
            }
            batch.file = part.file;
            match is_kept.iter().all(|is_kept| *is_kept) {
                true => sink(batch),
                false => hand_on(&batch, &is_kept, sink),
            }
        })
    }

    fn bounds(&self, part: Part) -> Option<Bounds> {
        let (layer, file) = self.origin(Table::MeterReadings, part.file);
        self.layer(layer).bounds(Part { file, ..part })
    }

    fn file_name(&self, table: Table, file: u32) -> String {
        let (layer, file) = self.origin(table, file);
        self.layer(layer).file_name(table, file)
    }

    fn spreadsheet_row(&self, table: Table, at: RowAt) -> Option<u64> {
        let (layer, file) = self.origin(table, at.file());
        self.layer(layer).spreadsheet_row(table, RowAt::new(file, at.row()))
    }

    fn row_fault(&self, table: Table, at: RowAt) -> Option<String> {
        let (layer, file) = self.origin(table, at.file());
        self.layer(layer).row_fault(table, RowAt::new(file, at.row()))
    }

    fn progress(&self, table: Table, rows: u64) {
        self.data.progress(table, rows);
    }
}

#[cfg(test)]
mod tests;
