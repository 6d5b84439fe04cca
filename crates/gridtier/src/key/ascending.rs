//! Keys that were inserted in about the order of their bytes, found without a hash table.
//!
//! Ids of bills and payments mostly ascend in a table, so a new key is known to be new by one comparison. Ids of a few
//! kinds, such as bills and reversals, may alternate: each kind ascends by itself.

use std::cmp::Ordering;

/// Maximum number of ranges. A further kind of ids joins the range below it, and is out of order there sooner or later.
const RANGES_MAX: usize = 8;

/// Disjoint ranges of keys. Each key is in one range, and no range holds a key that was not inserted.
#[derive(Clone, Debug, Default)]
pub(super) struct AscendingKeys {
    /// For each range in the order of keys, the numbers of its keys in their order; never empty.
    ranges: Vec<Vec<u32>>,
    /// The range of the last insertion.
    last: usize,
}

/// What an insertion finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AscendingInsertion {
    /// The key is the one inserted last in its range, and has this number.
    Last(u32),
    /// The key was found by a search, and has this number.
    Known(u32),
    /// The key was new, and has got the new number.
    New,
    /// The key is new and lies within a range.
    OutOfOrder,
}

impl AscendingKeys {
    /// Inserts a key, which gets the number `new` if it is new. `key_of` gives the key of a number.
    pub fn insert<'k>(&mut self, key: &str, new: u32, key_of: impl Fn(u32) -> &'k str) -> AscendingInsertion {
        if let Some(range) = self.ranges.get(self.last) {
            let last = range.last().copied().unwrap_or_default();
            let end = key_of(last);
            if key == end {
                return AscendingInsertion::Last(last);
            }
            let is_below_next = self.ranges.get(self.last + 1).is_none_or(|next| key < key_of(next[0]));
            if key > end && is_below_next && (self.is_full() || are_near(end, key)) {
                self.ranges[self.last].push(new);
                return AscendingInsertion::New;
            }
        }
        match self.find(key, &key_of) {
            Ok(number) => AscendingInsertion::Known(number),
            Err(above) => self.insert_between(key, new, above, key_of),
        }
    }

    /// Inserts a new key, where `above` ranges begin below it.
    fn insert_between<'k>(
        &mut self,
        key: &str,
        new: u32,
        above: usize,
        key_of: impl Fn(u32) -> &'k str,
    ) -> AscendingInsertion {
        let below = above.checked_sub(1);
        let end = below.and_then(|below| self.ranges[below].last()).map(|&number| key_of(number));
        if end.is_some_and(|end| key < end) {
            return AscendingInsertion::OutOfOrder;
        }
        match below.zip(end) {
            Some((below, end)) if self.is_full() || are_near(end, key) => {
                self.ranges[below].push(new);
                self.last = below;
            }
            _ if self.is_full() => return AscendingInsertion::OutOfOrder,
            _ => {
                self.ranges.insert(above, vec![new]);
                self.last = above;
            }
        }
        AscendingInsertion::New
    }

    fn is_full(&self) -> bool {
        self.ranges.len() == RANGES_MAX
    }

    /// The number of a key; for a key that was not inserted, the number of ranges that begin below it.
    pub fn find<'k>(&self, key: &str, key_of: impl Fn(u32) -> &'k str) -> Result<u32, usize> {
        let above = self.ranges.partition_point(|range| key_of(range[0]) <= key);
        let Some(range) = above.checked_sub(1).map(|below| &self.ranges[below]) else { return Err(above) };
        let end = range.last().map_or(Ordering::Less, |&number| key_of(number).cmp(key));
        if end == Ordering::Less {
            return Err(above);
        }
        let found = range.binary_search_by(|&number| key_of(number).cmp(key));
        found.map(|position| range[position]).map_err(|_| above)
    }
}

/// Whether two keys are likely of one kind: they begin with the same half.
fn are_near(end: &str, key: &str) -> bool {
    let half = key.len().div_ceil(2);
    end.as_bytes().get(..half) == Some(&key.as_bytes()[..half])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert_all(keys: &[&'static str]) -> (AscendingKeys, Vec<AscendingInsertion>) {
        let mut ascending = AscendingKeys::default();
        let mut known: Vec<&str> = Vec::new();
        let mut found = Vec::new();
        for key in keys {
            let new = u32::try_from(known.len()).unwrap();
            let insertion = ascending.insert(key, new, |number| known[number as usize]);
            if insertion == AscendingInsertion::New {
                known.push(key);
            }
            found.push(insertion);
        }
        (ascending, found)
    }

    #[test]
    fn two_kinds_of_ids_that_alternate_ascend_each_by_itself() {
        use AscendingInsertion::{Known, New, OutOfOrder};
        let keys = ["B001", "R001", "B002", "R002", "B004", "B002", "R001", "R002", "B003"];
        let (ascending, found) = insert_all(&keys);
        assert_eq!(found, [New, New, New, New, New, Known(2), Known(1), Known(3), OutOfOrder]);
        let key_of = |number| ["B001", "R001", "B002", "R002", "B004"][number as usize];
        assert_eq!(ascending.find("B004", key_of), Ok(4));
        assert_eq!(
            ["A", "B003", "B005", "S"].map(|key| ascending.find(key, key_of)),
            [Err(0), Err(1), Err(1), Err(2)]
        );
    }

    #[test]
    fn a_ninth_kind_joins_the_range_below_it_and_is_out_of_order_below_all() {
        use AscendingInsertion::{New, OutOfOrder};
        let keys = ["b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "d9", "dx", "j1", "a1", "k1", "jx"];
        let (_, found) = insert_all(&keys);
        let joined = [New; 11].into_iter().chain([OutOfOrder, New, OutOfOrder]);
        assert_eq!(found, joined.collect::<Vec<_>>());
    }
}
