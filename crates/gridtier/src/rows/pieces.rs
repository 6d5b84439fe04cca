//! The rows of a table that count, in pieces.

use std::ops::Range;

use super::rules::CheckedRow;
use crate::index::{count, index};
use crate::source::RowAt;

/// The rows of a batch that count, where the thread that tested them has put them. Copying millions of bills into one
/// vector, by the one thread that takes batches in their order, took a tenth of the time of reading them.
#[derive(Clone, Debug)]
pub struct RowPiece<T> {
    file: u32,
    first_row: u64,
    /// The position of each row in its batch; empty if they are its first rows, without a gap.
    places: Vec<u32>,
    /// The number of each row's key in the table.
    keys: Vec<u32>,
    /// Each row's values.
    pub values: Vec<T>,
}

impl<T> RowPiece<T> {
    /// Rows with these keys, which are not those of a batch.
    #[must_use]
    pub fn of(keys: Vec<u32>, values: Vec<T>) -> Self {
        Self::at((0, 0), Vec::new(), keys, values)
    }

    /// Rows of a batch that begins at that row of a file. `places` are their positions in it; none if they are its first rows,
    /// without a gap.
    pub(super) fn at(
        (file, first_row): (u32, u64),
        places: Vec<u32>,
        keys: Vec<u32>,
        values: Vec<T>,
    ) -> Self {
        Self { file, first_row, places, keys, values }
    }

    /// The key and the values of each row.
    pub fn keyed(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        self.keyed_in(0..self.values.len())
    }

    /// The key and the values of the rows in a range.
    pub fn keyed_in(&self, range: Range<usize>) -> impl Iterator<Item = (u32, &T)> + Clone {
        self.keys[range.clone()].iter().copied().zip(&self.values[range])
    }

    /// The location of a row.
    fn location(&self, row: usize) -> RowAt {
        location((self.file, self.first_row), &self.places, row)
    }

    /// Changes the order of the rows: at each place comes the row at that place of `order`. Their locations are lost. `copy` is
    /// memory to work in.
    pub fn reorder(&mut self, order: &[u32], copy: &mut Vec<T>)
    where
        T: Copy,
    {
        copy.clone_from(&self.values);
        self.values.iter_mut().zip(order).for_each(|(value, &row)| *value = copy[index(row)]);
        self.keys = order.iter().map(|&row| self.keys[index(row)]).collect();
        self.places = Vec::new();
    }

    /// Keeps the rows for which `is_kept` is true, which is asked in their order.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(RowAt) -> bool) {
        let kept: Vec<bool> = (0..self.values.len()).map(|row| is_kept(self.location(row))).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let rows = || (0..kept.len()).filter(|&row| kept[row]);
        self.keys = rows().map(|row| self.keys[row]).collect();
        self.places = rows().map(|row| self.places.get(row).copied().unwrap_or(row as u32)).collect();
        let mut of_row = kept.iter();
        self.values.retain(|_| of_row.next() == Some(&true));
    }

    /// The rows, one by one.
    pub(super) fn rows(self) -> impl Iterator<Item = CheckedRow<T>> {
        let Self { file, first_row, places, keys, values } = self;
        keys.into_iter().zip(values).enumerate().map(move |(row, (key, value))| CheckedRow {
            key,
            at: location((file, first_row), &places, row),
            value,
        })
    }
}

/// The location of a row of a batch that begins at that row of a file, as by [`RowPiece::places`].
fn location((file, first_row): (u32, u64), places: &[u32], row: usize) -> RowAt {
    RowAt::new(file, first_row + places.get(row).map_or(count(row), |&place| place.into()))
}
