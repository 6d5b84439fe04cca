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
mod pieces;
mod duplicates;
mod collected;
mod example;

use std::borrow::Cow;
use std::collections::BTreeSet;

use batches::test_in_order;
use collected::Collected;
pub use columns::{Columns, Numbering, TextOf};
use duplicates::settle_earlier;
pub use example::reject_examples;
pub use pieces::RowPiece;
use recorded::LastRecords;
pub use recorded::out_of_date;
pub use rules::{CheckedRow, Placement, TableRules};
pub use tested::Outside;
use tested::{OtherRow, RowTester, TestedBatch};

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, count, index, index_u64};
use crate::key::{Folds, KeyIndex};
use crate::source::{Part, RowAt, Source, TableBook};
use crate::text;

/// The rows of a table that count, and those that would count if the window began earlier.
#[derive(Clone, Debug)]
pub struct TableRows<T, C = Vec<RowPiece<T>>> {
    /// The accepted rows, in the order of files and rows.
    pub counted: C,
    /// Rows with [`Placement::Earlier`] that break no rule, one for each key. They are tallied as out of the window.
    pub earlier: Vec<CheckedRow<T>>,
}

impl<T, C: Default> Default for TableRows<T, C> {
    fn default() -> Self {
        Self { counted: C::default(), earlier: Vec::new() }
    }
}

/// Takes the tested rows of a table, in the order of files and rows, and numbers their keys. A [`KeyIndex`] is enough for
/// a table of whose rows nothing else is known.
pub trait RowSink<T: TableRules> {
    /// Whether rows that are outside the window or break a rule get a key number too, because other tables refer to them.
    /// Not for rows that the module keeps.
    const NUMBERS_ALL_KEYS: bool = false;

    /// Whether accepted rows get a key number. Only a module that [keeps its rows](Self::KEEPS_ROWS), and settles their
    /// duplicates itself, can do without.
    const NUMBERS_KEYS: bool = true;

    /// Whether the module keeps the accepted rows itself, in less space than all of them would take here: each is handed
    /// to [`keep`](Self::keep), and [`settle`](Self::settle) tallies them. Such a table has no rows that are
    /// [`Placement::Earlier`].
    const KEEPS_ROWS: bool = false;

    /// The numbers of the table's own keys.
    fn keys(&mut self) -> &mut KeyIndex;

    /// Takes the notes of a batch before its rows, whose values it may change.
    fn note(&mut self, _notes: T::Notes, _values: &mut dyn Iterator<Item = &mut T::Row>) {}

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
    Ok(read_collected::<_, _, Vec<CheckedRow<T::Row>>>(source, book, rules, sink)?.counted)
}

/// As [`read`], but also returns the rows that are [`Placement::Earlier`], and leaves the others in pieces.
///
/// # Errors
/// The table cannot be read.
pub fn read_with_earlier<T: TableRules, S: RowSink<T>>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &T,
    sink: &mut S,
) -> Result<TableRows<T::Row>, RunError> {
    read_collected(source, book, rules, sink)
}

/// The accepted rows, and those that are [`Placement::Earlier`].
fn read_collected<T: TableRules, S: RowSink<T>, C: Collected<T::Row>>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &T,
    sink: &mut S,
) -> Result<TableRows<T::Row, C>, RunError> {
    let table = book.table;
    let Some(parts) = source.parts(table)? else { return Ok(TableRows::default()) };
    book.present = true;
    if S::NUMBERS_KEYS && !S::KEEPS_ROWS {
        sink.keys().reserve(index_u64(parts.iter().filter_map(|part| part.rows).sum()));
    }
    let declared = source.declared().of(table);
    let last_records = LastRecords::read(source, table, &parts, &declared)?;
    let tester = RowTester { source, table, declared, rules, last_records };
    let (counted, earlier) = (C::default(), Vec::new());
    let mut sorter = RowSorter {
        sink,
        counted,
        earlier,
        before_opening: BTreeSet::new(),
        ascending: Ascending::default(),
    };
    sorter.read_parts(&tester, &parts, book)?;
    while sorter.sink.settle(book) {
        sorter.read_parts(&tester, &parts, &mut TableBook::new(table))?;
    }
    let RowSorter { sink, counted, earlier, before_opening, ascending } = sorter;
    if let Some(&first) = before_opening.first() {
        book.notice(Rule::BeforeOpening, count(before_opening.len()), || {
            format!("customer {}", rules.customer_id(first))
        });
    }
    let keys = sink.keys().len();
    let counted = if ascending.is_broken {
        counted.settle(book, keys)
    } else {
        book.tally.counted += count(counted.len());
        counted
    };
    let earlier = settle_earlier(earlier, counted.keys(), keys);
    book.close()?;
    Ok(TableRows { counted, earlier })
}

/// Sorts the tested rows of a table by what becomes of them.
struct RowSorter<'s, T: TableRules, S, C> {
    sink: &'s mut S,
    counted: C,
    earlier: Vec<CheckedRow<T::Row>>,
    /// Customers with rows before their opening.
    before_opening: BTreeSet<CustomerIx>,
    ascending: Ascending,
}

/// Whether the key of each row that counts has a greater number than that of the row before, so that no key repeats.
#[derive(Default)]
struct Ascending {
    last: Option<u32>,
    is_broken: bool,
}

impl Ascending {
    fn add(&mut self, keys: &[u32]) {
        let first = self.last.iter().zip(keys).all(|(last, first)| last < first);
        self.is_broken |= !first || !keys.is_sorted_by(|a, b| a < b);
        self.last = keys.last().copied().or(self.last);
    }
}

impl<T: TableRules, S: RowSink<T>, C: Collected<T::Row>> RowSorter<'_, T, S, C> {
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
        mut tested: TestedBatch<T::Row, T::Notes>,
        book: &mut TableBook,
    ) -> Result<(), RunError> {
        let (table, file) = (tested.book.table, tested.file);
        source.progress(table, tested.book.tally.rows_in);
        book.append(std::mem::replace(&mut tested.book, TableBook::new(table)));
        self.before_opening.append(&mut tested.before_opening);
        let of_others = tested.others.iter_mut().filter_map(|other| other.value.as_mut());
        let mut values = tested.values.iter_mut().chain(of_others);
        self.sink.note(std::mem::take(&mut tested.notes), &mut values);
        let sorted = if S::KEEPS_ROWS { self.keep_rows(tested) } else { self.take_rows(tested) };
        sorted.map_err(|folds| refuse_folds(source, table, file, folds))
    }

    /// Numbers the keys of a batch, and takes its rows.
    fn take_rows(&mut self, tested: TestedBatch<T::Row, T::Notes>) -> Result<(), Folds> {
        let TestedBatch { file, first_row, key, mut places, values, others, .. } = tested;
        let others_numbered = others.iter().filter(|other| other.is_numbered(S::NUMBERS_ALL_KEYS));
        let others_numbered: Vec<u32> = others_numbered.map(|other| other.row).collect();
        let mut numbers = key.numbers(&merged(&places, &others_numbered), self.sink.keys())?;
        if !others_numbered.is_empty() {
            let mut all = numbers.into_iter();
            let mut keys = Vec::with_capacity(places.len());
            let mut left = others.into_iter().peekable();
            for &place in &places {
                while let Some(other) = left.next_if(|other| other.row < place) {
                    self.take_other(other, &mut all, (file, first_row));
                }
                keys.extend(all.next());
            }
            left.for_each(|other| self.take_other(other, &mut all, (file, first_row)));
            numbers = keys;
        } else if places.last().is_none_or(|last| index(*last) + 1 == places.len()) {
            // The first rows of the batch, without a gap.
            places = Vec::new();
        }
        self.ascending.add(&numbers);
        self.counted.add(RowPiece::at((file, first_row), places, numbers, values));
        Ok(())
    }

    /// Takes a row that is outside the window or breaks a rule. `numbers` begin with that of its key, if it gets one.
    fn take_other(
        &mut self,
        other: OtherRow<T::Row>,
        numbers: &mut impl Iterator<Item = u32>,
        (file, first_row): (u32, u64),
    ) {
        let key = if other.is_numbered(S::NUMBERS_ALL_KEYS) { numbers.next() } else { None };
        let OtherRow { row, outside, value } = other;
        if let (true, Some(key), Some(outside)) = (S::NUMBERS_ALL_KEYS, key, outside) {
            self.sink.note_outside(key, outside);
        }
        if let (Some(key), Some(value)) = (key, value) {
            let at = RowAt::new(file, first_row + u64::from(row));
            self.earlier.push(CheckedRow { key, at, value });
        }
    }

    /// Hands the rows of a batch to the module, one by one in their order. Their keys are numbered one by one, since keeping
    /// may drop keys.
    fn keep_rows(&mut self, tested: TestedBatch<T::Row, T::Notes>) -> Result<(), Folds> {
        let TestedBatch { file, first_row, key, places, values, .. } = tested;
        for (place, value) in places.into_iter().zip(values) {
            let row = index(place);
            if !self.sink.takes(key.ids.values.value(row)) {
                continue;
            }
            let key = if S::NUMBERS_KEYS { key.number(row, self.sink.keys())? } else { 0 };
            let at = RowAt::new(file, first_row + u64::from(place));
            self.sink.keep(CheckedRow { key, at, value });
        }
        Ok(())
    }
}

/// Two ascending lists of rows as one.
fn merged<'r>(rows: &'r [u32], others: &[u32]) -> Cow<'r, [u32]> {
    if others.is_empty() {
        return Cow::Borrowed(rows);
    }
    let mut merged = [rows, others].concat();
    // The sort finds the two ascending runs.
    merged.sort();
    Cow::Owned(merged)
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
