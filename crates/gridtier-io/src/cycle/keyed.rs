//! The rows of one key after the other in a table that is sorted by its keys: pages that were decoded for one key serve the
//! next ones, so that a run through all keys in their order decodes each page once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::{Array as _, RecordBatch};
use arrow_select::concat::concat_batches;
use gridtier::output::holders;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::PageIndexPolicy;

use super::error::{CycleError, other_columns, unreadable};
use super::load::{MEMBERS, account_holders, has_holders};
use super::table::{BATCH_ROWS, KeyPage, key_pages, rows_with_key};
use crate::store::StoredCycle;

/// The tables of a cycle, in which rows are looked up by their keys. In the order of keys that is one run through each
/// table; in another order it is as slow as single look-ups.
pub(crate) struct CycleRows {
    cycle: StoredCycle,
    tables: BTreeMap<&'static str, KeyedTable>,
    /// All holders and accounts, once they have been read.
    held: Option<Held>,
}

/// Holders and their accounts.
#[derive(Default)]
struct Held {
    holders: BTreeMap<String, String>,
    accounts: BTreeMap<String, Vec<String>>,
}

impl CycleRows {
    /// The tables of a cycle, none of which is open yet.
    pub(crate) fn of(cycle: &StoredCycle) -> Self {
        Self { cycle: cycle.clone(), tables: BTreeMap::new(), held: None }
    }

    /// The cycle.
    pub(crate) fn cycle(&self) -> &StoredCycle {
        &self.cycle
    }

    /// The rows of a customer in a table; `None` when there are none.
    pub(super) fn of_id(&mut self, name: &'static str, id: &str) -> Result<Option<RecordBatch>, CycleError> {
        let table = match self.tables.entry(name) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(new) => new.insert(KeyedTable::open(self.cycle.dir.join(name), "customer_id")?),
        };
        table.rows(id)
    }

    /// Reads the accounts of all holders, for a run through many of them. Their table is sorted by account.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn read_accounts(&mut self) -> Result<(), CycleError> {
        let Some(holders) = account_holders(&self.cycle)? else { return Ok(()) };
        let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (account, holder) in &holders {
            accounts.entry(holder.clone()).or_default().push(account.clone());
        }
        self.held = Some(Held { holders, accounts });
        Ok(())
    }

    /// The holder of an account in a cycle that grades holders; in other cycles the id itself.
    ///
    /// # Errors
    /// The table of members cannot be read.
    pub(crate) fn graded_id(&self, id: &str) -> Result<String, CycleError> {
        if !has_holders(&self.cycle) {
            return Ok(id.to_owned());
        }
        let holder = match &self.held {
            Some(held) => held.holders.get(id).cloned(),
            None => {
                let member = rows_with_key(&self.cycle.dir.join(MEMBERS), "account_id", id)?;
                member.and_then(|row| holders::read_first(&row))
            }
        };
        Ok(holder.unwrap_or_else(|| id.to_owned()))
    }

    /// The accounts of a graded customer, in the order of their ids.
    ///
    /// # Errors
    /// The table of members cannot be read.
    pub(crate) fn accounts(&self, id: &str) -> Result<Vec<String>, CycleError> {
        if !has_holders(&self.cycle) {
            return Ok(vec![id.to_owned()]);
        }
        if let Some(held) = &self.held {
            return Ok(held.accounts.get(id).cloned().unwrap_or_default());
        }
        let members = rows_with_key(&self.cycle.dir.join(MEMBERS), "customer_id", id)?;
        let ids = members.and_then(|members| {
            let accounts = members.column_by_name("account_id")?.as_string_opt::<i32>()?;
            Some(accounts.iter().flatten().map(str::to_owned).collect())
        });
        ids.ok_or_else(|| other_columns(&self.cycle, MEMBERS))
    }
}

/// A table of a cycle, and the rows of it that were decoded last.
struct KeyedTable {
    path: PathBuf,
    column: &'static str,
    file: File,
    metadata: ArrowReaderMetadata,
    /// Its pages, in the order of their keys; `None` where they are not known, or not in this order.
    pages: Option<Vec<KeyPage>>,
    block: Option<Block>,
}

/// Rows of neighbouring pages.
struct Block {
    first: usize,
    end: usize,
    rows: RecordBatch,
}

impl KeyedTable {
    fn open(path: PathBuf, column: &'static str) -> Result<Self, CycleError> {
        let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| unreadable(&path, error))?;
        let pages = key_pages(&metadata, column).filter(|pages| {
            pages.iter().all(|page| page.least.is_some() && page.greatest.is_some())
                && pages.windows(2).all(|pair| pair[0].greatest <= pair[1].least)
        });
        Ok(Self { path, column, file, metadata, pages, block: None })
    }

    /// The rows of a key; `None` when there are none.
    fn rows(&mut self, key: &str) -> Result<Option<RecordBatch>, CycleError> {
        let Some(pages) = &self.pages else { return rows_with_key(&self.path, self.column, key) };
        let first = pages.partition_point(|page| page.greatest.as_deref().is_some_and(|text| text < key));
        let end = pages.partition_point(|page| page.least.as_deref().is_some_and(|text| text <= key));
        if first >= end {
            return Ok(None);
        }
        let is_here = self.block.as_ref().is_some_and(|block| block.first <= first && end <= block.end);
        if !is_here {
            // The pages of one key for the first one; then also those that the next keys are in.
            let least = if self.block.is_some() { BATCH_ROWS } else { 0 };
            self.block = Some(self.read(first, end, least)?);
        }
        Ok(self.block.as_ref().and_then(|block| block.rows_of(self.column, key)))
    }

    /// Pages from `first` to before `end`, and further ones up to `least` rows.
    fn read(&self, first: usize, end: usize, least: usize) -> Result<Block, CycleError> {
        let pages = self.pages.as_deref().unwrap_or_default();
        let count = |pages: &[KeyPage]| pages.iter().map(|page| page.rows).sum::<usize>();
        let mut end = end;
        while end < pages.len() && count(&pages[first..end]) < least {
            end += 1;
        }
        let chosen = count(&pages[first..end]);
        let selection = vec![
            RowSelector::skip(count(&pages[..first])),
            RowSelector::select(chosen),
            RowSelector::skip(count(&pages[end..])),
        ];
        let failure = |error: &dyn std::fmt::Display| unreadable(&self.path, error);
        let file = self.file.try_clone().map_err(|error| failure(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_selection(RowSelection::from(selection))
            .with_batch_size(chosen.max(1))
            .build()
            .map_err(|error| failure(&error))?;
        let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|error| failure(&error))?;
        let rows = concat_batches(self.metadata.schema(), &batches);
        let rows = rows.map_err(|error| failure(&error))?;
        let keys = rows.column_by_name(self.column).and_then(|keys| keys.as_string_opt::<i32>());
        let keys = keys.ok_or_else(|| failure(&format!("it has no column {}", self.column)))?;
        if !keys.iter().is_sorted() {
            return Err(failure(&format!("it is not sorted by {}", self.column)));
        }
        Ok(Block { first, end, rows })
    }
}

impl Block {
    fn rows_of(&self, column: &str, key: &str) -> Option<RecordBatch> {
        let keys = self.rows.column_by_name(column)?.as_string_opt::<i32>()?;
        let first_not = |is_before: &dyn Fn(&str) -> bool| {
            let (mut low, mut high) = (0, keys.len());
            while low < high {
                let middle = low + (high - low) / 2;
                if is_before(keys.value(middle)) { low = middle + 1 } else { high = middle }
            }
            low
        };
        let (start, end) = (first_not(&|text| text < key), first_not(&|text| text <= key));
        (start < end).then(|| self.rows.slice(start, end - start))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::types::UInt64Type;
    use parquet::file::properties::EnabledStatistics;

    use super::super::table::written;
    use super::*;

    fn places(rows: Option<RecordBatch>) -> Vec<u64> {
        let rows = rows.map(|rows| rows.column(1).as_primitive::<UInt64Type>().values().to_vec());
        rows.unwrap_or_default()
    }

    #[test]
    fn keys_in_any_order_find_their_rows_with_and_without_an_index_of_pages() {
        for statistics in [EnabledStatistics::Page, EnabledStatistics::Chunk, EnabledStatistics::None] {
            let file = written(statistics);
            let mut table = KeyedTable::open(file.path().to_owned(), "customer_id").unwrap();
            let orders: [Vec<u64>; 3] =
                [(0..100).collect(), (0..100).rev().collect(), (0..100).map(|key| key * 37 % 100).collect()];
            for key in orders.into_iter().flatten() {
                let rows = table.rows(&format!("C{key:03}")).unwrap();
                assert_eq!(places(rows), [3 * key, 3 * key + 1, 3 * key + 2], "{statistics:?}");
            }
            for missing in ["", "B", "C0", "C0505", "D"] {
                assert!(table.rows(missing).unwrap().is_none(), "{missing}");
            }
        }
    }

    #[test]
    fn keys_in_order_are_found_in_the_pages_that_were_decoded_before() {
        let file = written(EnabledStatistics::Page);
        let mut table = KeyedTable::open(file.path().to_owned(), "customer_id").unwrap();
        let mut decoded = Vec::new();
        for key in 0..100 {
            table.rows(&format!("C{key:03}")).unwrap();
            let block = table.block.as_ref().map(|block| (block.first, block.end));
            if decoded.last() != Some(&block) {
                decoded.push(block);
            }
        }
        // The pages of the first key, then all others: the table has fewer rows than are decoded together.
        assert_eq!(decoded.len(), 2, "{decoded:?}");
    }
}
