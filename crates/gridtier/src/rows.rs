//! Reading the checked rows of a table: the steps that all tables share.
//!
//! A row is tested in a fixed order: the time of its record, its own key and date, whether a later record replaces it,
//! the window and the customer's opening, every other rule, and duplicates among the remaining rows. The module of each
//! table implements [`TableRules`]; this module has the order, the counting and the treatment of duplicate keys.

mod columns;
mod own_key;
mod recorded;
mod example;

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::contract::cell::{CellState, Ids};
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::index::{CustomerIx, count, index, index_u64};
use crate::key::KeyIndex;
use crate::source::{Batch, Part, RowAt, Source, TableBook};

pub use columns::{Columns, Numbering, TextOf};
pub use example::reject_examples;
use own_key::OwnKey;
pub use recorded::out_of_date;
use recorded::{LastRecords, Recorded};

/// Most batches that are read before their rows are tested.
const BATCHES_AHEAD: usize = 2;

/// An accepted row.
#[derive(Clone, Debug)]
pub struct CheckedRow<T> {
    /// Number of the row's key in the table.
    pub key: u32,
    /// The row's location.
    pub at: RowAt,
    /// The row's values.
    pub value: T,
}

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

/// Where a row lies in time. `P` is what is known about a row in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<P> {
    /// In the window.
    Inside(P),
    /// Outside the window.
    Outside,
    /// Outside the window, but needed for the order of the rows inside: such a row is read by the same rules and kept
    /// apart.
    Earlier(P),
    /// In the window but before the opening of its customer: the row belongs to the earlier owner of the number (SPEC
    /// §3).
    BeforeOpening(CustomerIx),
}

impl<P> Placement<P> {
    /// The same placement, with the known values of the row converted.
    pub fn map<Q>(self, convert: impl FnOnce(P) -> Q) -> Placement<Q> {
        match self {
            Self::Inside(place) => Placement::Inside(convert(place)),
            Self::Outside => Placement::Outside,
            Self::Earlier(place) => Placement::Earlier(convert(place)),
            Self::BeforeOpening(customer) => Placement::BeforeOpening(customer),
        }
    }
}

/// The columns and rules of one table, for [`read`], which applies them in the declared order.
///
/// `Cells` are the columns of a batch, besides the table's own key and date; `Place` is what is known about a row once
/// it is found to lie in the window; `Row` has the values of an accepted row. Rows with one key are duplicates if their
/// values are equal.
pub trait TableRules<Cells, Place, Row: PartialEq> {
    /// Whether rows outside the window get a key number too, because other tables refer to them.
    const NUMBERS_ALL_KEYS: bool = false;

    /// Whether accepted rows get a key number. Without one, the module settles duplicates itself.
    const NUMBERS_KEYS: bool = true;

    /// Whether the module keeps the accepted rows itself, in less space than all of them would take here: each is handed
    /// to [`keep`](Self::keep), and [`settle`](Self::settle) tallies them.
    const KEEPS_ROWS: bool = false;

    /// Columns to read besides those of the contract, which depend on what the table is read for.
    fn further_columns(&self) -> &[String] {
        &[]
    }

    /// The numbers of the table's own keys.
    fn keys(&mut self) -> &mut KeyIndex;

    /// The id of a customer, for messages.
    fn customer_id(&self, customer: CustomerIx) -> &str;

    /// Reads the columns of a batch.
    ///
    /// # Errors
    /// The type of a column cannot hold the contract's values.
    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<Cells, RunError>;

    /// Where in time a row lies. `date` is the value in the column that places the row, in the unit of
    /// [`Columns::cells`]; 0 for a table without such a column.
    fn place(&mut self, date: i64, cells: &Cells, ids: &Ids, row: usize) -> Placement<Place>;

    /// Whether this reading of the table takes rows whose key begins with this id, if [`KEEPS_ROWS`](Self::KEEPS_ROWS) is
    /// true.
    fn takes(&self, _id: &str) -> bool {
        true
    }

    /// Takes an accepted row, if [`KEEPS_ROWS`](Self::KEEPS_ROWS) is true. The key is 0 unless keys are numbered.
    fn keep(&mut self, _row: CheckedRow<Row>) {}

    /// Tallies the rows that were kept, after all have been read. Returns whether the table is to be read again for rows
    /// that were left out; that reading tallies nothing else.
    fn settle(&mut self, _book: &mut TableBook) -> bool {
        false
    }

    /// Records the key of a row outside the window, if [`NUMBERS_ALL_KEYS`](Self::NUMBERS_ALL_KEYS) is true.
    fn note_outside(&mut self, _key: u32, _placement: &Placement<Place>) {}

    /// The values of a row in the window. `ids` is the first column of the table's own key.
    ///
    /// # Errors
    /// The first rule that the row breaks.
    fn value(&mut self, place: Place, ids: &Ids, cells: &Cells, row: usize) -> Result<Row, Rule>;
}

/// Reads all contract columns of a table in the order of files and rows, and returns the accepted rows. Each row is
/// tested in the declared order. The book records whether the source has the table and what became of each row.
///
/// # Errors
/// The table cannot be read.
pub fn read<Cells, Place, V: PartialEq>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &mut impl TableRules<Cells, Place, V>,
) -> Result<Vec<CheckedRow<V>>, RunError> {
    Ok(read_with_earlier(source, book, rules)?.counted)
}

/// As [`read`], but also returns the rows that are [`Placement::Earlier`].
///
/// # Errors
/// The table cannot be read.
pub fn read_with_earlier<Cells, Place, V: PartialEq, T: TableRules<Cells, Place, V>>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &mut T,
) -> Result<TableRows<V>, RunError> {
    let table = book.table;
    let Some(parts) = source.parts(table)? else { return Ok(TableRows::default()) };
    book.present = true;
    if T::NUMBERS_KEYS && !T::KEEPS_ROWS {
        rules.keys().reserve(index_u64(parts.iter().filter_map(|part| part.rows).sum()));
    }
    let declared = source.declared().of(table);
    let further = rules.further_columns().to_vec();
    let of_contract = table.columns().iter().map(|column| column.name);
    let names: Vec<&str> = of_contract.chain(further.iter().map(String::as_str)).collect();
    let last_records = LastRecords::read(source, table, &parts, &declared)?;
    let rows = TableRows::default();
    let mut sorter = RowSorter { rules, rows, last_records, before_opening: BTreeSet::new() };
    sorter.read_parts(source, &parts, &names, book)?;
    while sorter.rules.settle(book) {
        sorter.read_parts(source, &parts, &names, &mut TableBook::new(table))?;
    }
    let RowSorter { rows: TableRows { counted, earlier }, before_opening, .. } = sorter;
    if let Some(&first) = before_opening.first() {
        book.notice(Rule::BeforeOpening, count(before_opening.len()), || {
            format!("customer {}", rules.customer_id(first))
        });
    }
    let keys = rules.keys().len();
    let counted = settle_duplicates(book, counted, keys);
    let earlier = settle_earlier(earlier, &counted, keys);
    book.close()?;
    Ok(TableRows { counted, earlier })
}

/// Sorts the rows of a table by what becomes of them.
struct RowSorter<'r, T, V> {
    rules: &'r mut T,
    rows: TableRows<V>,
    /// When the last row of each key was recorded; `None` for a table without `recorded_at`.
    last_records: Option<LastRecords>,
    /// Customers with rows before their opening.
    before_opening: BTreeSet<CustomerIx>,
}

impl<T, V: PartialEq> RowSorter<'_, T, V> {
    /// Reads the columns `names` of all parts of a table. Another thread reads ahead while the rows are tested.
    fn read_parts<Cells, Place>(
        &mut self,
        source: &dyn Source,
        parts: &[Part],
        names: &[&str],
        book: &mut TableBook,
    ) -> Result<(), RunError>
    where
        T: TableRules<Cells, Place, V>,
    {
        let table = book.table;
        let declared = source.declared().of(table);
        let (sender, batches) = sync_channel::<Batch>(BATCHES_AHEAD);
        thread::scope(|scope| {
            let reader = scope.spawn(move || {
                // Nobody receives any more once a batch was refused.
                let mut send = |batch| sender.send(batch).map_err(|_| RunError::Enough);
                parts.iter().try_for_each(|&part| source.read(table, part, names, &mut send))
            });
            let tested = batches.into_iter().try_for_each(|batch| {
                let count = count(batch.record.num_rows());
                book.tally.rows_in += count;
                source.progress(table, count);
                self.test_rows(&mut Columns::new(source, table, &batch, &declared), book)
            });
            let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
            tested.and(read)
        })
    }

    /// Tests the rows of a batch for all rules except duplicates, which need the whole table.
    fn test_rows<Cells, Place>(&mut self, columns: &mut Columns, book: &mut TableBook) -> Result<(), RunError>
    where
        T: TableRules<Cells, Place, V>,
    {
        columns.note_forms(book);
        let key = OwnKey::read(columns, book)?;
        let cells = self.rules.cells(columns, book)?;
        columns.note_implausible(book);
        let recorded = self.last_records.as_ref().map(|last| last.times(columns)).transpose()?;
        for row in 0..columns.rows() {
            let at = columns.at(row);
            if let Some(rule) = columns.reader_fault(row) {
                book.reject(at, rule);
                continue;
            }
            let mut recorded_us = None;
            if let (Some(last), Some(times)) = (&self.last_records, &recorded) {
                match last.recorded(times, row) {
                    Ok(Recorded::Known(us)) => recorded_us = Some(us),
                    Ok(Recorded::Later) => {
                        book.tally.not_yet_known += 1;
                        continue;
                    }
                    Err(rule) => {
                        book.reject(at, rule);
                        continue;
                    }
                }
            }
            let date = match key.date(row) {
                Ok(date) => date,
                Err(rule) => {
                    book.reject(at, rule);
                    continue;
                }
            };
            if let (Some(last), Some(us)) = (&mut self.last_records, recorded_us)
                && last.is_replaced(&key, row, date, us)
            {
                book.tally.duplicates += 1;
                continue;
            }
            self.test_row(columns, book, &key, date, &cells, row)?;
        }
        Ok(())
    }

    /// Places a row whose key and date can be read, and tests it for every other rule.
    fn test_row<Cells, Place>(
        &mut self,
        columns: &Columns,
        book: &mut TableBook,
        key: &OwnKey,
        date: i64,
        cells: &Cells,
        row: usize,
    ) -> Result<(), RunError>
    where
        T: TableRules<Cells, Place, V>,
    {
        let Self { rules, rows, before_opening, .. } = self;
        let at = columns.at(row);
        let known = T::NUMBERS_ALL_KEYS.then(|| key.number(columns, row, date, rules.keys())).transpose()?;
        let placement = rules.place(date, cells, &key.ids, row);
        let is_inside = matches!(placement, Placement::Inside(_));
        if !is_inside {
            book.tally.out_of_window += 1;
            if let Some(number) = known {
                rules.note_outside(number, &placement);
            }
        }
        let place = match placement {
            Placement::Inside(place) | Placement::Earlier(place) => place,
            Placement::Outside => return Ok(()),
            Placement::BeforeOpening(customer) => {
                before_opening.insert(customer);
                return Ok(());
            }
        };
        let value = match key.ids.states[row] {
            CellState::Fault(rule) => Err(rule),
            _ => rules.value(place, &key.ids, cells, row),
        };
        match value {
            Ok(_) if T::KEEPS_ROWS && !rules.takes(key.ids.values.value(row)) => {}
            Ok(value) => {
                let key = match known {
                    Some(number) => number,
                    None if T::NUMBERS_KEYS => key.number(columns, row, date, rules.keys())?,
                    None => 0,
                };
                if T::KEEPS_ROWS {
                    rules.keep(CheckedRow { key, at, value });
                    return Ok(());
                }
                let kept = if is_inside { &mut rows.counted } else { &mut rows.earlier };
                kept.push(CheckedRow { key, at, value });
            }
            Err(rule) if is_inside => book.reject(at, rule),
            // An earlier row that breaks a rule is not used; it is tallied already.
            Err(_) => {}
        }
        Ok(())
    }
}

/// What becomes of a row among the rows of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AmongEqualKeys {
    /// The first of equal rows.
    First,
    /// Equal to an earlier row.
    Copy,
    /// Some row with this key differs from another.
    Differs,
}

/// What becomes of each row among the rows of its key: if all are equal, the first counts; if any differ, none counts.
fn among_equal_keys<T: PartialEq>(rows: &[CheckedRow<T>], keys: usize) -> Vec<AmongEqualKeys> {
    // This takes four bytes for each key, where an `Option<usize>` takes sixteen: tables of bills have hundreds of
    // millions of keys.
    const NONE: u32 = u32::MAX;
    let mut first = vec![NONE; keys];
    let mut differs = vec![false; keys];
    for (position, row) in (0..).zip(rows) {
        let key = index(row.key);
        match first[key] {
            NONE => first[key] = position,
            first => differs[key] |= rows[index(first)].value != row.value,
        }
    }
    (0..)
        .zip(rows)
        .map(|(position, row): (u32, _)| match index(row.key) {
            key if differs[key] => AmongEqualKeys::Differs,
            key if first[key] == position => AmongEqualKeys::First,
            _ => AmongEqualKeys::Copy,
        })
        .collect()
}

/// Of equal rows with one key, the first counts; if rows with one key differ, all of them are rejected.
fn settle_duplicates<T: PartialEq>(
    book: &mut TableBook,
    mut rows: Vec<CheckedRow<T>>,
    keys: usize,
) -> Vec<CheckedRow<T>> {
    let mut fates = among_equal_keys(&rows, keys).into_iter();
    rows.retain(|row| {
        let fate = fates.next();
        match fate {
            Some(AmongEqualKeys::First) | None => book.tally.counted += 1,
            Some(AmongEqualKeys::Copy) => book.tally.duplicates += 1,
            Some(AmongEqualKeys::Differs) => book.reject(row.at, Rule::DuplicateKey),
        }
        fate == Some(AmongEqualKeys::First)
    });
    rows
}

/// Settles the rows before the window in the same way; these are tallied already. A counted row replaces an earlier one
/// with the same key.
fn settle_earlier<T: PartialEq>(
    mut earlier: Vec<CheckedRow<T>>,
    counted: &[CheckedRow<T>],
    keys: usize,
) -> Vec<CheckedRow<T>> {
    if earlier.is_empty() {
        return earlier;
    }
    let mut is_counted = vec![false; keys];
    counted.iter().for_each(|row| is_counted[index(row.key)] = true);
    let mut fates = among_equal_keys(&earlier, keys).into_iter();
    earlier.retain(|row| fates.next() == Some(AmongEqualKeys::First) && !is_counted[index(row.key)]);
    earlier
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
