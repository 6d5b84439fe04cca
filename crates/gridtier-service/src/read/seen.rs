//! Rows with an id, of which only those are kept that a figure may need. Of the others, only as much is held as duplicates
//! ask for, and only while the table is read.
//!
//! At most 16 ids per customer are held at once. If the table has more, the ids are divided by their hashes, and the table
//! is read once for each part. So memory is bounded by the number of customers, however long the log is.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use gridtier::contract::rule::Rule;
use gridtier::index::{count, index};
use gridtier::key::KeyIndex;
use gridtier::rows::{CheckedRow, RowSink, TableRules};
use gridtier::source::{RowAt, TableBook};

use super::shared::LogNotes;

/// Most ids that are held for each customer.
const IDS_PER_CUSTOMER: usize = 16;

/// Ids that are held however few customers there are.
const IDS_MIN: usize = 1 << 20;

/// The rows of a table that were read, and those of them that are kept.
pub struct SeenRows<T> {
    /// The numbers of the ids of this reading.
    pub keys: KeyIndex,
    /// By number, the first row.
    first: Vec<SeenRow>,
    /// The further rows of ids.
    further: Vec<(u32, SeenRow)>,
    /// The first rows that a figure may need, with the numbers of their ids.
    needed: Vec<(u32, T)>,
    /// The needed rows of earlier readings.
    done: Vec<T>,
    ids_max: usize,
    /// Into how many parts the ids are divided, and which of them this reading takes.
    parts: u64,
    part: u64,
}

/// Where a row is, and a hash of its values. Values that differ have the same hash once in 2^64 pairs.
#[derive(Clone, Copy)]
struct SeenRow {
    at: RowAt,
    hash: u64,
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl<T: Hash> SeenRows<T> {
    /// No rows, of so many customers.
    pub fn new(customers: usize) -> Self {
        Self::holding((customers * IDS_PER_CUSTOMER).max(IDS_MIN))
    }

    /// As [`new`](Self::new), but with so many ids held at most.
    fn holding(ids_max: usize) -> Self {
        let (first, further, needed, done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { keys: KeyIndex::default(), first, further, needed, done, ids_max, parts: 1, part: 0 }
    }

    /// Whether this is the first reading of the table.
    pub fn is_first_reading(&self) -> bool {
        self.part == 0
    }

    /// Whether this reading takes the rows of an id.
    pub fn takes(&self, id: &str) -> bool {
        self.parts == 1 || hash(id) % self.parts == self.part
    }

    /// Takes a row, whose key is one of [`keys`](Self::keys).
    pub fn keep(&mut self, row: CheckedRow<T>, is_needed: impl Fn(&T) -> bool) {
        let seen = SeenRow { at: row.at, hash: hash(&row.value) };
        if index(row.key) < self.first.len() {
            self.further.push((row.key, seen));
            return;
        }
        self.first.push(seen);
        if is_needed(&row.value) {
            self.needed.push((row.key, row.value));
        }
        while self.first.len() > self.ids_max && self.is_first_reading() {
            self.divide();
        }
    }

    /// Doubles the number of parts, and drops the rows that this reading takes no more.
    fn divide(&mut self) {
        self.parts *= 2;
        let (keys, numbers) = self.keys.retained(|id| hash(id) % self.parts == self.part);
        let number = |old: u32| numbers[index(old)];
        self.keys = keys;
        let first = (0..).zip(std::mem::take(&mut self.first));
        self.first = first.filter(|(old, _)| number(*old).is_some()).map(|(_, row)| row).collect();
        let further = std::mem::take(&mut self.further).into_iter();
        self.further = further.filter_map(|(old, row)| Some((number(old)?, row))).collect();
        let needed = std::mem::take(&mut self.needed).into_iter();
        self.needed = needed.filter_map(|(old, row)| Some((number(old)?, row))).collect();
    }

    /// Tallies the rows of this reading: of equal rows the first counts, and none of those that differ. Returns whether
    /// the table must be read again for further ids.
    pub fn settle(&mut self, book: &mut TableBook) -> bool {
        let all = std::mem::take(&mut self.first);
        let first = |key: u32| all[index(key)];
        let further = std::mem::take(&mut self.further);
        let differing = further.iter().filter(|(key, row)| row.hash != first(*key).hash);
        let differing: BTreeSet<u32> = differing.map(|(key, _)| *key).collect();
        book.tally.counted += count(all.len() - differing.len());
        differing.iter().for_each(|&key| book.reject(first(key).at, Rule::DuplicateKey));
        for (key, row) in further {
            if differing.contains(&key) {
                book.reject(row.at, Rule::DuplicateKey);
            } else {
                book.tally.duplicates += 1;
            }
        }
        let needed = std::mem::take(&mut self.needed).into_iter();
        self.done.extend(needed.filter(|(key, _)| !differing.contains(key)).map(|(_, row)| row));
        self.keys = KeyIndex::default();
        self.part += 1;
        self.part < self.parts
    }

    /// The rows that are kept, after all are settled.
    pub fn finish(self) -> Vec<T> {
        self.done
    }
}

/// Takes the rows of a table, and keeps those that a figure may need.
pub struct SeenSink<T, N> {
    /// The rows.
    pub seen: SeenRows<T>,
    /// Whether a figure may need a row.
    pub is_needed: N,
    /// Number of rows with a time that has not happened yet.
    pub future_rows: u64,
}

impl<R, N> RowSink<R> for SeenSink<R::Row, N>
where
    R: TableRules<Row: Hash, Notes = LogNotes>,
    N: Fn(&R::Row) -> bool,
{
    const KEEPS_ROWS: bool = true;

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.seen.keys
    }

    fn note(&mut self, notes: LogNotes, _values: &mut dyn Iterator<Item = &mut R::Row>) {
        self.future_rows += if self.seen.is_first_reading() { notes.future_rows } else { 0 };
    }

    fn takes(&self, id: &str) -> bool {
        self.seen.takes(id)
    }

    fn keep(&mut self, row: CheckedRow<R::Row>) {
        self.seen.keep(row, &self.is_needed);
    }

    fn settle(&mut self, book: &mut TableBook) -> bool {
        self.seen.settle(book)
    }
}

#[cfg(test)]
mod tests {
    use gridtier::contract::Table;

    use super::*;

    /// Rows of an id and a value: duplicates of `k3`, differing ones of `k5`.
    fn rows() -> Vec<(String, i32)> {
        let mut rows: Vec<(String, i32)> = (0..40).map(|number| (format!("k{number}"), number)).collect();
        rows.extend([("k3".into(), 3), ("k5".into(), 6), ("k5".into(), 5), ("k3".into(), 3)]);
        rows
    }

    /// Tally, rejected rows and kept rows with even values, and the number of readings.
    fn settled(ids_max: usize) -> ([u64; 3], Vec<u64>, Vec<i32>, usize) {
        let mut book = TableBook::new(Table::Deliveries);
        let mut seen = SeenRows::holding(ids_max);
        let mut readings = 0;
        loop {
            readings += 1;
            for (at, (id, value)) in (0..).zip(rows()) {
                if seen.takes(&id) {
                    let key = seen.keys.insert(&id);
                    let row = CheckedRow { key, at: RowAt::new(0, at), value };
                    seen.keep(row, |value| value % 2 == 0);
                }
            }
            if !seen.settle(&mut book) {
                break;
            }
        }
        let mut rejected: Vec<u64> = book.rejects.iter().map(|reject| reject.at.row()).collect();
        rejected.sort_unstable();
        let mut kept = seen.finish();
        kept.sort_unstable();
        ([book.tally.counted, book.tally.duplicates, book.tally.rejected], rejected, kept, readings)
    }

    #[test]
    fn of_equal_rows_the_first_counts_and_of_those_that_differ_none() {
        let (tally, rejected, kept, readings) = settled(100);
        assert_eq!((tally, readings), ([39, 2, 3], 1));
        assert_eq!(rejected, [5, 41, 42]);
        assert_eq!(kept, (0..40).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn ids_that_are_too_many_to_be_held_at_once_are_left_for_another_reading() {
        let (tally, rejected, kept, _) = settled(100);
        for ids_max in [30, 15, 3] {
            let divided = settled(ids_max);
            assert!(divided.3 > 1, "{ids_max}");
            assert_eq!((divided.0, &divided.1, &divided.2), (tally, &rejected, &kept), "{ids_max}");
        }
    }
}
