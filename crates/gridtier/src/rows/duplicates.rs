//! Rows with one key, after the whole table has been read.

use super::pieces::RowPiece;
use super::rules::CheckedRow;
use crate::contract::rule::Rule;
use crate::index::index;
use crate::source::{RowAt, TableBook};

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

impl AmongEqualKeys {
    /// Tallies a row, and returns whether it counts.
    fn settle(self, at: RowAt, book: &mut TableBook) -> bool {
        match self {
            Self::First => book.tally.counted += 1,
            Self::Copy => book.tally.duplicates += 1,
            Self::Differs => book.reject(at, Rule::DuplicateKey),
        }
        self == Self::First
    }
}

/// What becomes of each row among the rows of its key: if all are equal, the first counts; if any differ, none counts.
/// `rows` are the keys and values of all rows, and `value_at` gives the value of the row at a position.
fn among_equal_keys<'r, T: PartialEq + 'r>(
    rows: impl Iterator<Item = (u32, &'r T)> + Clone,
    value_at: impl Fn(u32) -> &'r T,
    keys: usize,
) -> Vec<AmongEqualKeys> {
    // This takes four bytes for each key, where an `Option<usize>` takes sixteen: tables of bills have hundreds of
    // millions of keys.
    const NONE: u32 = u32::MAX;
    let mut first = vec![NONE; keys];
    let mut differs = vec![false; keys];
    for (position, (key, value)) in (0..).zip(rows.clone()) {
        let key = index(key);
        match first[key] {
            NONE => first[key] = position,
            first => differs[key] |= value_at(first) != value,
        }
    }
    (0..)
        .zip(rows)
        .map(|(position, (key, _)): (u32, _)| match index(key) {
            key if differs[key] => AmongEqualKeys::Differs,
            key if first[key] == position => AmongEqualKeys::First,
            _ => AmongEqualKeys::Copy,
        })
        .collect()
}

/// As [`among_equal_keys`], of rows in one vector.
fn among_rows<T: PartialEq>(rows: &[CheckedRow<T>], keys: usize) -> Vec<AmongEqualKeys> {
    let keyed = rows.iter().map(|row| (row.key, &row.value));
    among_equal_keys(keyed, |position| &rows[index(position)].value, keys)
}

/// Of equal rows with one key, the first counts; if rows with one key differ, all of them are rejected.
pub(super) fn settle_duplicates<T: PartialEq>(
    book: &mut TableBook,
    mut rows: Vec<CheckedRow<T>>,
    keys: usize,
) -> Vec<CheckedRow<T>> {
    let mut fates = among_rows(&rows, keys).into_iter();
    rows.retain(|row| fates.next().is_some_and(|fate| fate.settle(row.at, book)));
    rows
}

/// As [`settle_duplicates`], of rows in pieces.
pub(super) fn settle_pieces<T: PartialEq>(
    book: &mut TableBook,
    mut pieces: Vec<RowPiece<T>>,
    keys: usize,
) -> Vec<RowPiece<T>> {
    let mut ends = Vec::with_capacity(pieces.len());
    for piece in &pieces {
        ends.push(ends.last().copied().unwrap_or(0) + piece.values.len());
    }
    let value_at = |position: u32| {
        let at = ends.partition_point(|end| *end <= index(position));
        &pieces[at].values[index(position) + pieces[at].values.len() - ends[at]]
    };
    let keyed = pieces.iter().flat_map(RowPiece::keyed);
    let mut fates = among_equal_keys(keyed, value_at, keys).into_iter();
    for piece in &mut pieces {
        piece.retain(|at| fates.next().is_some_and(|fate| fate.settle(at, book)));
    }
    pieces
}

/// Settles the rows before the window in the same way; these are tallied already. A counted row replaces an earlier one
/// with the same key.
pub(super) fn settle_earlier<T: PartialEq>(
    mut earlier: Vec<CheckedRow<T>>,
    counted: impl Iterator<Item = u32>,
    keys: usize,
) -> Vec<CheckedRow<T>> {
    if earlier.is_empty() {
        return earlier;
    }
    let mut is_counted = vec![false; keys];
    counted.for_each(|key| is_counted[index(key)] = true);
    let mut fates = among_rows(&earlier, keys).into_iter();
    earlier.retain(|row| fates.next() == Some(AmongEqualKeys::First) && !is_counted[index(row.key)]);
    earlier
}
