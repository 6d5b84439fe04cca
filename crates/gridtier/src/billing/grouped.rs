//! Rows in the order of a group that each belongs to, such as bills in that of their customers.
//!
//! A row is moved twice within what a cache holds: within its piece into blocks of groups, if the piece is not in the order of
//! blocks already, and then within its block. Rows in no order were read one by one from all memory before.

use std::ops::Range;

use rayon::prelude::*;

use crate::index::index;
use crate::rows::RowPiece;

/// The most blocks: each has a range of every piece.
const BLOCKS_MAX: usize = 128;

/// The fewest groups of a block.
const GROUPS_MIN: usize = 1_024;

/// The group of a row that is left out.
pub(super) const NONE: u32 = u32::MAX;

/// Rows by group.
#[derive(Debug)]
pub(super) struct Grouped<R> {
    /// For each group, the end of its rows.
    pub ends: Vec<u32>,
    /// The rows, by group, and those of one group in the order of the table.
    pub rows: Vec<R>,
}

/// How rows are grouped.
pub(super) trait Grouping<T>: Sync {
    /// What becomes of a row.
    type Row: Copy + Send + Sync;

    /// What stands at each position before its row has come.
    const EMPTY: Self::Row;

    /// The number of a row's group; [`NONE`] for a row that is left out.
    fn group(&self, row: &T) -> u32;

    /// What becomes of the row with this key that gets this position.
    fn row(&self, position: u32, key: u32, row: &T) -> Self::Row;

    /// Sorts the rows of a group.
    fn sort(&self, _rows: &mut [Self::Row]) {}
}

/// Where the rows of each block are.
struct Blocks {
    /// How many groups each block has.
    groups: usize,
    /// For each piece, the end of the rows of each block.
    ends: Vec<Vec<u32>>,
}

impl Blocks {
    /// The rows of a block in a piece.
    fn range(&self, piece: usize, block: usize) -> Range<usize> {
        let ends = &self.ends[piece];
        let start = block.checked_sub(1).map_or(0, |before| ends[before]);
        index(start)..index(ends[block])
    }

    /// The number of rows of a block.
    fn rows(&self, block: usize) -> usize {
        (0..self.ends.len()).map(|piece| self.range(piece, block).len()).sum()
    }
}

/// A block, and its part of what is computed.
struct Block<'a, R> {
    number: usize,
    /// The position of its first row.
    before: usize,
    ends: &'a mut [u32],
    rows: &'a mut [R],
}

/// Groups the rows of `pieces`, whose order within a piece may change.
pub(super) fn group<T: Copy + Send + Sync, G: Grouping<T>>(
    grouping: &G,
    groups: usize,
    pieces: &mut [RowPiece<T>],
) -> Grouped<G::Row> {
    let of_block = groups.div_ceil(BLOCKS_MAX).max(GROUPS_MIN);
    let blocks = groups.div_ceil(of_block);
    // Memory of a thread's own is used again for all of its pieces: that of each piece would be touched for the first time.
    let ends = (pieces.par_iter_mut())
        .map_init(Default::default, |(order, copy), piece| {
            sort_by_block(grouping, (of_block, blocks), piece, order, copy)
        })
        .collect();
    let of_blocks = Blocks { groups: of_block, ends };
    let lengths: Vec<usize> = (0..blocks).map(|block| of_blocks.rows(block)).collect();
    let mut ends = vec![0_u32; groups];
    let mut rows: Vec<G::Row> = (0..lengths.iter().sum()).into_par_iter().map(|_| G::EMPTY).collect();
    let (mut rest, mut before) = (&mut rows[..], 0);
    let mut all = Vec::with_capacity(blocks);
    for ((number, ends), length) in ends.chunks_mut(of_block).enumerate().zip(lengths) {
        let (rows, others) = rest.split_at_mut(length);
        all.push(Block { number, before, ends, rows });
        (rest, before) = (others, before + length);
    }
    all.into_par_iter().for_each(|block| group_block(grouping, &of_blocks, pieces, block));
    Grouped { ends, rows }
}

/// Sorts the rows of a piece by block, and leaves those of a block in their order. Returns the end of each block. `order` and
/// `copy` are memory to work in.
fn sort_by_block<T: Copy, G: Grouping<T>>(
    grouping: &G,
    (of_block, blocks): (usize, usize),
    piece: &mut RowPiece<T>,
    order: &mut Vec<u32>,
    copy: &mut Vec<T>,
) -> Vec<u32> {
    // Rows that are left out come last.
    let block = |row: &T| (index(grouping.group(row)) / of_block).min(blocks);
    let mut ends = vec![0_u32; blocks + 1];
    let (mut last, mut are_in_order) = (0, true);
    for row in &piece.values {
        let block = block(row);
        are_in_order &= last <= block;
        last = block;
        ends[block] += 1;
    }
    let mut end = 0;
    ends.iter_mut().for_each(|rows| {
        end += *rows;
        *rows = end;
    });
    if !are_in_order {
        order.clear();
        order.resize(piece.values.len(), 0);
        let mut nexts = vec![0_u32; blocks + 1];
        nexts[1..].copy_from_slice(&ends[..blocks]);
        for (row, value) in (0..).zip(&piece.values) {
            let next = &mut nexts[block(value)];
            order[index(*next)] = row;
            *next += 1;
        }
        piece.reorder(order, copy);
    }
    ends
}

/// Groups the rows of a block.
fn group_block<T: Copy, G: Grouping<T>>(
    grouping: &G,
    blocks: &Blocks,
    pieces: &[RowPiece<T>],
    block: Block<G::Row>,
) {
    let Block { number, before, ends, rows } = block;
    let first = number * blocks.groups;
    let group = |row: &T| index(grouping.group(row)) - first;
    let of_block = || pieces.iter().enumerate().map(|(at, piece)| (piece, blocks.range(at, number)));
    for (piece, range) in of_block() {
        piece.values[range].iter().for_each(|row| ends[group(row)] += 1);
    }
    let mut start = 0;
    ends.iter_mut().for_each(|end| start += std::mem::replace(end, start));
    let before = u32::try_from(before).expect("rows have positions of 32 bits");
    // Each end is the start until the rows of its group are counted over.
    for (piece, range) in of_block() {
        for (key, row) in piece.keyed_in(range) {
            let end = &mut ends[group(row)];
            rows[index(*end)] = grouping.row(before + *end, key, row);
            *end += 1;
        }
    }
    let mut start = 0;
    for end in ends {
        grouping.sort(&mut rows[start..index(*end)]);
        start = index(*end);
        *end += before;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Own;

    impl Grouping<(u32, u32)> for Own {
        type Row = (u32, u32, u32);

        const EMPTY: (u32, u32, u32) = (0, 0, 0);

        fn group(&self, row: &(u32, u32)) -> u32 {
            row.0
        }

        fn row(&self, position: u32, key: u32, row: &(u32, u32)) -> (u32, u32, u32) {
            assert_eq!(key, row.1 + 7);
            (row.0, position, row.1)
        }
    }

    proptest! {
        #[test]
        fn rows_are_grouped_as_by_a_stable_sort(
            groups in prop_oneof![0..12_u32, 1_000..6_000_u32],
            drawn in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..60), 0..6),
            is_sorted in any::<bool>(),
            threads in 1..6_usize,
        ) {
            // A tenth of the rows is in no group.
            let groups_of = |drawn: &u32| if drawn.is_multiple_of(10) { NONE } else { (drawn / 10) % groups.max(1) };
            let mut next = 0;
            let mut pieces: Vec<RowPiece<(u32, u32)>> = Vec::new();
            for drawn in &drawn {
                let mut groups: Vec<u32> = drawn.iter().map(groups_of).collect();
                if is_sorted {
                    groups.sort_unstable();
                }
                let rows: Vec<(u32, u32)> = groups.into_iter().zip(next..).collect();
                next += rows.len() as u32;
                pieces.push(RowPiece::of(rows.iter().map(|row| row.1 + 7).collect(), rows));
            }
            let mut expected: Vec<(u32, u32)> =
                pieces.iter().flat_map(|piece| piece.values.clone()).filter(|row| row.0 < groups).collect();
            expected.sort();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let groups = index(groups);
            let found = pool.install(|| group(&Own, groups, &mut pieces));
            let end = |group: usize| expected.partition_point(|row| index(row.0) <= group) as u32;
            prop_assert_eq!(found.ends, (0..groups).map(end).collect::<Vec<_>>());
            let expected: Vec<(u32, u32, u32)> =
                (0..).zip(expected).map(|(position, row)| (row.0, position, row.1)).collect();
            prop_assert_eq!(found.rows, expected);
        }
    }
}
