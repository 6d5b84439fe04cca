//! The rows of a table that count, as they are collected: in one vector, or in pieces.

use super::duplicates::{settle_duplicates, settle_pieces};
use super::rules::CheckedRow;
use crate::index::{count, index};
use crate::source::{RowAt, TableBook};

/// The rows of a batch that count, where the thread that tested them has put them. Copying millions of bills into one
/// vector, by the one thread that takes batches in their order, took a tenth of the time of reading them.
#[derive(Clone, Debug)]
pub struct RowPiece<T> {
    pub(super) file: u32,
    pub(super) first_row: u64,
    /// The position of each row in its batch; empty if all rows of the batch count.
    pub(super) places: Vec<u32>,
    /// The number of each row's key in the table.
    pub keys: Vec<u32>,
    /// Each row's values.
    pub values: Vec<T>,
}

impl<T> RowPiece<T> {
    /// Rows with these keys, which are not those of a batch.
    #[must_use]
    pub fn of(keys: Vec<u32>, values: Vec<T>) -> Self {
        Self { file: 0, first_row: 0, places: Vec::new(), keys, values }
    }

    /// The location of a row of the piece.
    pub(super) fn at(&self, row: usize) -> RowAt {
        let place = self.places.get(row).map_or(count(row), |&place| place.into());
        RowAt::new(self.file, self.first_row + place)
    }

    /// Changes the order of the rows: at each place comes the row at that place of `order`. Their locations are lost. `copy` is
    /// memory to work in.
    pub fn reorder(&mut self, order: &[u32], copy: &mut Self)
    where
        T: Copy,
    {
        self.places = Vec::new();
        copy.keys.clone_from(&self.keys);
        copy.values.clone_from(&self.values);
        self.keys.iter_mut().zip(order).for_each(|(key, &row)| *key = copy.keys[index(row)]);
        self.values.iter_mut().zip(order).for_each(|(value, &row)| *value = copy.values[index(row)]);
    }

    /// Keeps the rows for which `is_kept` is true, which is asked in their order.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(RowAt) -> bool) {
        let kept: Vec<bool> = (0..self.values.len()).map(|row| is_kept(self.at(row))).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        if self.places.is_empty() {
            self.places = (0..).take(kept.len()).collect();
        }
        let mut of_row = kept.iter();
        self.places.retain(|_| of_row.next() == Some(&true));
        let mut of_row = kept.iter();
        self.keys.retain(|_| of_row.next() == Some(&true));
        let mut of_row = kept.iter();
        self.values.retain(|_| of_row.next() == Some(&true));
    }
}

/// Where rows that count are collected.
pub(super) trait Collected<T>: Default {
    /// Adds the rows of the next batch.
    fn add(&mut self, piece: RowPiece<T>);

    /// The number of rows.
    fn len(&self) -> usize;

    /// The key of each row.
    fn keys(&self) -> impl Iterator<Item = u32>;

    /// Of equal rows with one key, keeps the first; if rows with one key differ, none. `keys` is the number of keys.
    fn settle(self, book: &mut TableBook, keys: usize) -> Self;
}

impl<T: PartialEq> Collected<T> for Vec<CheckedRow<T>> {
    fn add(&mut self, piece: RowPiece<T>) {
        let RowPiece { file, first_row, places, keys, values } = piece;
        let mut places = places.into_iter();
        self.extend((0..).zip(keys).zip(values).map(|((row, key), value)| {
            let row = places.next().unwrap_or(row);
            CheckedRow { key, at: RowAt::new(file, first_row + u64::from(row)), value }
        }));
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn keys(&self) -> impl Iterator<Item = u32> {
        self.iter().map(|row| row.key)
    }

    fn settle(self, book: &mut TableBook, keys: usize) -> Self {
        settle_duplicates(book, self, keys)
    }
}

impl<T: PartialEq> Collected<T> for Vec<RowPiece<T>> {
    fn add(&mut self, piece: RowPiece<T>) {
        if !piece.values.is_empty() {
            self.push(piece);
        }
    }

    fn len(&self) -> usize {
        self.iter().map(|piece| piece.values.len()).sum()
    }

    fn keys(&self) -> impl Iterator<Item = u32> {
        self.iter().flat_map(|piece| piece.keys.iter().copied())
    }

    fn settle(self, book: &mut TableBook, keys: usize) -> Self {
        settle_pieces(book, self, keys)
    }
}
