//! Reading the checked rows of a table: the steps that all tables share.
//!
//! A row is tested in a fixed order: the time of its record, its own key and date, whether a later record replaces it,
//! the window and the customer's opening, every other rule, and duplicates among the remaining rows. The module of each
//! table implements [`TableRules`]; this module has the order, the counting and the treatment of duplicate keys. Several
//! threads test batches; keys are numbered in the order of the table, by one thread.

mod columns;
mod own_key;
mod recorded;
mod rules;
mod tested;
mod batches;
mod duplicates;
mod example;

use std::collections::BTreeSet;

use batches::test_in_order;
pub use columns::{Columns, Numbering, TextOf};
use duplicates::{settle_duplicates, settle_earlier};
pub use example::reject_examples;
use recorded::LastRecords;
pub use recorded::out_of_date;
pub use rules::{CheckedRow, Placement, TableRules};
pub use tested::{Outside, TestedRow};
use tested::{RowTester, TestedBatch};

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, count, index, index_u64};
use crate::key::{Folds, KeyIndex};
use crate::source::{Part, RowAt, Source, TableBook};
use crate::text;

/// The rows of a table that count, and those that would count if the window began earlier.
#[derive(Clone, Debug)]
pub struct TableRows<T> {
    /// The accepted rows.
    pub counted: Vec<CheckedRow<T>>,
    /// Rows with [`Placement::Earlier`] that break no rule, one for each key. They are tallied as out of the window.
    pub earlier: Vec<CheckedRow<T>>,
}

impl<T> Default for TableRows<T> {
    fn default() -> Self {
        Self { counted: Vec::new(), earlier: Vec::new() }
    }
}

/// Takes the tested rows of a table, in the order of files and rows, and numbers their keys. A [`KeyIndex`] is enough for
/// a table of whose rows nothing else is known.
pub trait RowSink<T: TableRules> {
    /// Whether rows outside the window get a key number too, because other tables refer to them.
    const NUMBERS_ALL_KEYS: bool = false;

    /// Whether accepted rows get a key number. Without one, the module settles duplicates itself.
    const NUMBERS_KEYS: bool = true;

    /// Whether the module keeps the accepted rows itself, in less space than all of them would take here: each is handed
    /// to [`keep`](Self::keep), and [`settle`](Self::settle) tallies them.
    const KEEPS_ROWS: bool = false;

    /// The numbers of the table's own keys.
    fn keys(&mut self) -> &mut KeyIndex;

    /// Takes the notes of a batch before its rows, which it may change.
    fn note(&mut self, _notes: T::Notes, _rows: &mut [TestedRow<T::Row>]) {}

    /// Whether this reading of the table takes rows whose key begins with this id, if [`KEEPS_ROWS`](Self::KEEPS_ROWS) is
    /// true.
    fn takes(&self, _id: &str) -> bool {
        true
    }

    /// Takes an accepted row, if [`KEEPS_ROWS`](Self::KEEPS_ROWS) is true. The key is 0 unless keys are numbered.
    fn keep(&mut self, _row: CheckedRow<T::Row>) {}

    /// Tallies the rows that were kept, after all have been read. Returns whether the table is to be read again for rows
    /// that were left out; that reading tallies nothing else.
    fn settle(&mut self, _book: &mut TableBook) -> bool {
        false
    }

    /// Records the key of a row outside the window, if [`NUMBERS_ALL_KEYS`](Self::NUMBERS_ALL_KEYS) is true.
    fn note_outside(&mut self, _key: u32, _outside: Outside) {}
}

impl<T: TableRules> RowSink<T> for KeyIndex {
    fn keys(&mut self) -> &mut KeyIndex {
        self
    }
}

/// Reads all contract columns of a table, and returns the accepted rows in the order of files and rows. Each row is tested
/// in the declared order. The book records whether the source has the table and what became of each row.
///
/// # Errors
/// The table cannot be read.
pub fn read<T: TableRules>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &T,
    sink: &mut impl RowSink<T>,
) -> Result<Vec<CheckedRow<T::Row>>, RunError> {
    Ok(read_with_earlier(source, book, rules, sink)?.counted)
}

/// As [`read`], but also returns the rows that are [`Placement::Earlier`].
///
/// # Errors
/// The table cannot be read.
pub fn read_with_earlier<T: TableRules, S: RowSink<T>>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &T,
    sink: &mut S,
) -> Result<TableRows<T::Row>, RunError> {
    let table = book.table;
    let Some(parts) = source.parts(table)? else { return Ok(TableRows::default()) };
    book.present = true;
    if S::NUMBERS_KEYS && !S::KEEPS_ROWS {
        sink.keys().reserve(index_u64(parts.iter().filter_map(|part| part.rows).sum()));
    }
    let declared = source.declared().of(table);
    let last_records = LastRecords::read(source, table, &parts, &declared)?;
    let tester = RowTester { source, table, declared, rules, last_records };
    let rows = TableRows::default();
    let mut sorter = RowSorter { sink, rows, before_opening: BTreeSet::new(), are_keys_ascending: true };
    sorter.read_parts(&tester, &parts, book)?;
    while sorter.sink.settle(book) {
        sorter.read_parts(&tester, &parts, &mut TableBook::new(table))?;
    }
    let RowSorter { sink, rows: TableRows { counted, earlier }, before_opening, are_keys_ascending } = sorter;
    if let Some(&first) = before_opening.first() {
        book.notice(Rule::BeforeOpening, count(before_opening.len()), || {
            format!("customer {}", rules.customer_id(first))
        });
    }
    let keys = sink.keys().len();
    let counted = if are_keys_ascending {
        book.tally.counted += count(counted.len());
        counted
    } else {
        settle_duplicates(book, counted, keys)
    };
    let earlier = settle_earlier(earlier, &counted, keys);
    book.close()?;
    Ok(TableRows { counted, earlier })
}

/// Sorts the tested rows of a table by what becomes of them.
struct RowSorter<'s, T: TableRules, S> {
    sink: &'s mut S,
    rows: TableRows<T::Row>,
    /// Customers with rows before their opening.
    before_opening: BTreeSet<CustomerIx>,
    /// Whether the key of each row that counts has a greater number than that of the row before, so that no key repeats.
    are_keys_ascending: bool,
}

impl<T: TableRules, S: RowSink<T>> RowSorter<'_, T, S> {
    /// Reads all parts of a table, and tests and sorts their rows.
    fn read_parts(
        &mut self,
        tester: &RowTester<T>,
        parts: &[Part],
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let RowTester { source, table, rules, .. } = *tester;
        let of_contract = table.columns().iter().map(|column| column.name);
        let names: Vec<&str> =
            of_contract.chain(rules.further_columns().iter().map(String::as_str)).collect();
        test_in_order(
            source,
            table,
            (parts, &names),
            |batch| tester.test(&batch),
            |tested| self.sort(source, tested, book),
        )
    }

    /// Takes the rows of a batch.
    fn sort(
        &mut self,
        source: &dyn Source,
        tested: TestedBatch<T::Row, T::Notes>,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let TestedBatch { file, first_row, key, mut rows, notes, before_opening, book: of_batch } = tested;
        source.progress(of_batch.table, of_batch.tally.rows_in);
        let table = of_batch.table;
        book.append(of_batch);
        self.before_opening.extend(before_opening);
        self.sink.note(notes, &mut rows);
        let folds = |folds| refuse_folds(source, table, file, folds);
        // The keys of rows that the module keeps are numbered one by one, since keeping may drop keys.
        let is_numbered = |row: &TestedRow<T::Row>| {
            S::NUMBERS_ALL_KEYS || S::NUMBERS_KEYS && !S::KEEPS_ROWS && row.value.is_some()
        };
        let numbered = rows.iter().filter(|row| is_numbered(row)).map(|row| index(row.row));
        let mut numbers = key.numbers(numbered, self.sink.keys()).map_err(folds)?.into_iter();
        for tested in rows {
            let number = if is_numbered(&tested) { numbers.next() } else { None };
            let TestedRow { row, outside, value } = tested;
            if let (true, Some(number), Some(outside)) = (S::NUMBERS_ALL_KEYS, number, outside) {
                self.sink.note_outside(number, outside);
            }
            let Some(value) = value else { continue };
            let row = index(row);
            if S::KEEPS_ROWS && !self.sink.takes(key.ids.values.value(row)) {
                continue;
            }
            let key = match number {
                Some(number) => number,
                None if S::NUMBERS_KEYS => key.number(row, self.sink.keys()).map_err(folds)?,
                None => 0,
            };
            self.take(CheckedRow { key, at: RowAt::new(file, first_row + count(row)), value }, outside);
        }
        Ok(())
    }

    /// Takes an accepted row.
    fn take(&mut self, row: CheckedRow<T::Row>, outside: Option<Outside>) {
        match outside {
            _ if S::KEEPS_ROWS => self.sink.keep(row),
            None => {
                self.are_keys_ascending &= self.rows.counted.last().is_none_or(|last| last.key < row.key);
                self.rows.counted.push(row);
            }
            Some(_) => self.rows.earlier.push(row),
        }
    }
}

/// The error for two spellings that fold to one key.
fn refuse_folds(source: &dyn Source, table: Table, file: u32, folds: Folds) -> RunError {
    let Folds { first, second } = folds;
    let what = text!(
        "`{first}` and `{second}` are two keys that fold to one",
        "`{first}` 与 `{second}` 归一后是同一个编号"
    );
    let advice =
        ("write the key in one way only, in half-width characters", "请统一编号的写法，使用半角字符");
    Refusal::at(table, source.file_name(table, file), what, advice).into()
}

/// Notes rows that are equal but for their key, by `content`. The example is the smallest of those that `example` writes.
pub fn notice_repeated<T, K: Ord>(
    book: &mut TableBook,
    rows: &[CheckedRow<T>],
    content: impl Fn(&T) -> K,
    example: impl Fn(&T) -> String,
) {
    let mut sorted: Vec<(K, &T)> = rows.iter().map(|row| (content(&row.value), &row.value)).collect();
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let repeated: Vec<&T> =
        sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).collect();
    // The content holds the customer and the time, so the first in its order is the same for any order of rows.
    if let Some(first) = repeated.first() {
        book.notice(Rule::LikelyRepeated, count(repeated.len()), || example(first));
    }
}

#[cfg(test)]
mod tests;
