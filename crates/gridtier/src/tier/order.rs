//! The order of the ranked customers of a stratum: that of a whole grading by its histogram, or that of keys that are
//! already sorted.

use std::cmp::Reverse;
use std::ops::Range;

use super::rank_key::RankKey;

/// Ranked customers of a stratum, best first.
pub(super) trait Ordered {
    /// Number of customers.
    fn len(&self) -> usize;

    /// The customer at an index of the order, which is the rank − 1.
    fn get(&self, at: usize) -> Option<RankKey>;

    /// How many of the first `count` customers come before the first one that is below a floor.
    fn reaching(&self, floor_e6: i64, count: usize) -> usize;

    /// Indices of the customers with the score and veto state that both neighbours of a line have; empty, at the line,
    /// if the two differ. There must be somebody on each side of the line.
    fn tie_group(&self, line: usize) -> Range<usize>;
}

impl Ordered for &[RankKey] {
    fn len(&self) -> usize {
        <[RankKey]>::len(self)
    }

    fn get(&self, at: usize) -> Option<RankKey> {
        <[RankKey]>::get(self, at).cloned()
    }

    fn reaching(&self, floor_e6: i64, count: usize) -> usize {
        let reaches = |key: &RankKey| key.score_e6 >= Some(floor_e6);
        // Vetoed customers come last, whatever their scores, and the order of scores begins anew with them.
        let above = &self[..count];
        let (free, vetoed) = above.split_at(above.partition_point(|key| !key.vetoed));
        match free.partition_point(reaches) {
            reaching if reaching < free.len() => reaching,
            all => all + vetoed.partition_point(reaches),
        }
    }

    fn tie_group(&self, line: usize) -> Range<usize> {
        let state = |key: &RankKey| (key.vetoed, Reverse(key.score_e6));
        let (above, below) = (state(&self[line - 1]), state(&self[line]));
        if above != below {
            return line..line;
        }
        let start = self[..line].partition_point(|key| state(key) < above);
        start..line + self[line..].partition_point(|key| state(key) == above)
    }
}
