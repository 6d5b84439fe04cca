//! The place of one customer among the others of its stratum, if it takes nobody's place.

use crate::index::{count, index_u64};
use crate::tier::RankKey;

/// A customer's place among the others of its stratum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Rank, 1 is best.
    pub rank: u64,
    /// For each line, best first: whether the customer is above it.
    pub above: [bool; 3],
    /// For each line: the number of places above it. All others keep their places; the customer adds one to
    /// each line that it is above.
    pub counts: [u64; 3],
}

impl Standing {
    /// Finds the place of a customer from its corrected key. `others` are the other ranked customers of its stratum in the
    /// order of ranks, `counts` the published number of places above each line, and `rank_before` the customer's published
    /// rank, if it had one.
    ///
    /// The customer crosses a line upward if it comes before the last of the others above the line, and downward if it comes
    /// after the first of the others below it. Between these two it stays on its side, so that a correction that changes
    /// nobody's order changes no tier. A customer that was not ranked starts below every line.
    #[must_use]
    pub fn new(others: &[RankKey], counts: [u64; 3], rank_before: Option<u64>, key: &RankKey) -> Self {
        let rank = 1 + count(others.partition_point(|other| !other.is_after(key)));
        let lines = counts.map(|count| {
            let was_above = rank_before.is_some_and(|rank| rank <= count);
            let others_above = count - u64::from(was_above);
            let cut = index_u64(others_above);
            let crosses = if was_above {
                others.get(cut).is_some_and(|first_below| key.is_after(first_below))
            } else {
                cut.checked_sub(1).and_then(|last| others.get(last)).is_some_and(|last| last.is_after(key))
            };
            let is_above = was_above != crosses;
            (is_above, others_above + u64::from(is_above))
        });
        Self { rank, above: lines.map(|line| line.0), counts: lines.map(|line| line.1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32, score_e6: i64) -> RankKey {
        RankKey { number, vetoed: false, score_e6: Some(score_e6), revenue: None, energy: None }
    }

    /// Ten customers with 100, 90, … 10 points, without the one at `rank`. One, four and nine of
    /// them are above the lines.
    fn others(rank: Option<u32>) -> Vec<RankKey> {
        (1..=10)
            .filter(|number| Some(*number) != rank)
            .map(|number| key(number, 110 - 10 * i64::from(number)))
            .collect()
    }

    fn placed(rank: Option<u32>, corrected: &RankKey) -> Standing {
        Standing::new(&others(rank), [1, 4, 9], rank.map(u64::from), corrected)
    }

    #[test]
    fn whoever_comes_before_the_last_above_a_line_crosses_it_and_nobody_gives_way() {
        // Rank 6 with 50 points; the last of grade-1 is rank 4 with 70.
        let corrected = placed(Some(6), &key(6, 75));
        let expected = Standing { rank: 4, above: [false, true, true], counts: [1, 5, 9] };
        assert_eq!(corrected, expected);
        let best = placed(Some(6), &key(6, 101));
        assert_eq!(best, Standing { rank: 1, above: [true; 3], counts: [2, 5, 9] });
    }

    #[test]
    fn between_the_last_above_and_the_first_below_a_customer_stays_on_its_side() {
        // Rank 5 with 60 points is the first of grade-2. With 65 points it still does not pass rank 4, the last of
        // grade-1.
        assert_eq!(placed(Some(5), &key(5, 65)).above, [false, false, true]);
        // Rank 4 is the last of grade-1 and stays there until it falls behind rank 5.
        assert_eq!(
            placed(Some(4), &key(4, 61)),
            Standing { rank: 4, above: [false, true, true], counts: [1, 4, 9] }
        );
        assert_eq!(
            placed(Some(4), &key(4, 59)),
            Standing { rank: 5, above: [false, false, true], counts: [1, 3, 9] }
        );
    }

    #[test]
    fn who_was_not_ranked_begins_below_every_line() {
        let corrected = placed(None, &key(11, 75));
        assert_eq!(corrected, Standing { rank: 4, above: [false, true, true], counts: [1, 5, 10] });
        // It comes after rank 9, the last above the line to grade-3.
        assert_eq!(placed(None, &key(11, 15)), Standing { rank: 10, above: [false; 3], counts: [1, 4, 9] });
    }

    #[test]
    fn a_veto_that_the_correction_lifts_counts_like_the_score() {
        let vetoed = RankKey { vetoed: true, ..key(1, 100) };
        assert_eq!(placed(Some(1), &vetoed), Standing { rank: 10, above: [false; 3], counts: [0, 3, 8] });
    }

    #[test]
    fn where_nobody_is_there_to_pass_no_line_is_crossed() {
        let alone = Standing::new(&[], [0, 0, 1], Some(1), &key(1, 5));
        assert_eq!(alone, Standing { rank: 1, above: [false, false, true], counts: [0, 0, 1] });
        let first = Standing::new(&[], [0, 1, 1], None, &key(1, 5));
        assert_eq!(first.above, [false; 3], "nobody is above the line");
    }

    #[test]
    fn equal_scores_are_decided_by_revenue_energy_and_id_as_ranks_are() {
        // As many points as rank 4, and a greater id: the customer comes after it.
        assert_eq!(placed(Some(6), &key(6, 70)).above, [false, false, true]);
        let richer = RankKey { revenue: Some(1.0), ..key(6, 70) };
        assert_eq!(placed(Some(6), &richer).above, [false, true, true]);
    }
}
