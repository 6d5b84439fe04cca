//! Rows with one key, after the whole table has been read.

use super::rules::CheckedRow;
use crate::contract::rule::Rule;
use crate::index::index;
use crate::source::TableBook;

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
pub(super) fn settle_duplicates<T: PartialEq>(
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
pub(super) fn settle_earlier<T: PartialEq>(
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
