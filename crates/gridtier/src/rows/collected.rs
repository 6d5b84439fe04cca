//! Where the rows of a table that count are collected: in one vector, or in pieces.

use super::duplicates::{settle_duplicates, settle_pieces};
use super::pieces::RowPiece;
use super::rules::CheckedRow;
use crate::source::TableBook;

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
        self.extend(piece.rows());
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
        self.iter().flat_map(RowPiece::keyed).map(|(key, _)| key)
    }

    fn settle(self, book: &mut TableBook, keys: usize) -> Self {
        settle_pieces(book, self, keys)
    }
}
