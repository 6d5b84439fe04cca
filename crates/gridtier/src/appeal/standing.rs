//! The place of one customer among the others of its stratum, if it takes nobody's place.

use crate::index::{count, index_u64};
use crate::tier::RankKey;

/// A line of a stratum as it was published.
#[derive(Clone, Copy, Debug, Default)]
pub struct DrawnLine {
    /// Number of places above the line.
    pub count: u64,
    /// The floor of the tier above the line, in 10⁻⁶ points.
    pub floor_e6: Option<i64>,
    /// Whether the floor leaves places empty.
    pub is_open: bool,
}

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

/// The other ranked customers of a stratum, and the customer who is placed among them.
pub struct Newcomer<'a> {
    /// The others in the order of ranks.
    pub others: &'a [RankKey],
    /// Whether the method's rule for ties keeps customers of equal score on one side of a line.
    pub keeps_ties: bool,
    /// The customer's published rank, if it had one.
    pub rank_before: Option<u64>,
    /// The customer's corrected key.
    pub key: &'a RankKey,
}

impl Newcomer<'_> {
    /// Finds the place of the customer. `lines` are those of the stratum, best first.
    ///
    /// The customer crosses a line upward if it comes before the last of the others above the line, and downward if it comes
    /// after the first of the others below it. Between these two it stays on its side, so that a correction that changes
    /// nobody's order changes no tier. A customer that was not ranked starts below every line. Where ties stay
    /// together, a customer of equal score and veto state is on the side of those two. Below the floor of a tier nobody is
    /// above its line; if the floor leaves places empty, whoever reaches it is.
    #[must_use]
    pub fn standing(&self, lines: [DrawnLine; 3]) -> Standing {
        let rank = 1 + count(self.others.partition_point(|other| !other.is_after(self.key)));
        let lines = lines.map(|line| {
            let others_above = line.count - u64::from(self.was_above(&line));
            match self.is_above(&line) {
                true => (true, others_above + 1),
                // Who is below a floor ranks before vetoed customers all the same, and takes the line with it.
                false => (false, others_above.min(rank - 1)),
            }
        });
        Standing { rank, above: lines.map(|line| line.0), counts: lines.map(|line| line.1) }
    }

    fn was_above(&self, line: &DrawnLine) -> bool {
        self.rank_before.is_some_and(|rank| rank <= line.count)
    }

    fn is_above(&self, line: &DrawnLine) -> bool {
        let (key, was_above) = (self.key, self.was_above(line));
        let cut = index_u64(line.count - u64::from(was_above));
        let last_above = cut.checked_sub(1).and_then(|last| self.others.get(last));
        let first_below = self.others.get(cut);
        if let Some(floor_e6) = line.floor_e6.filter(|_| !key.vetoed) {
            if !key.reaches(floor_e6) {
                return false;
            }
            if line.is_open {
                return true;
            }
        }
        match (was_above, self.keeps_ties) {
            (true, false) => !first_below.is_some_and(|below| key.is_after(below)),
            (true, true) => first_below.is_none_or(|below| below.is_worse(key)),
            (false, false) => last_above.is_some_and(|last| last.is_after(key)),
            (false, true) => last_above.is_some_and(|last| !key.is_worse(last)),
        }
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

    fn among(others: &[RankKey], counts: [u64; 3], rank: Option<u64>, key: &RankKey) -> Standing {
        let lines = counts.map(|count| DrawnLine { count, ..DrawnLine::default() });
        Newcomer { others, keeps_ties: false, rank_before: rank, key }.standing(lines)
    }

    fn placed(rank: Option<u32>, corrected: &RankKey) -> Standing {
        among(&others(rank), [1, 4, 9], rank.map(u64::from), corrected)
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
        let alone = among(&[], [0, 0, 1], Some(1), &key(1, 5));
        assert_eq!(alone, Standing { rank: 1, above: [false, false, true], counts: [0, 0, 1] });
        let first = among(&[], [0, 1, 1], None, &key(1, 5));
        assert_eq!(first.above, [false; 3], "nobody is above the line");
    }

    #[test]
    fn equal_scores_are_decided_by_revenue_energy_and_id_as_ranks_are() {
        // As many points as rank 4, and a greater id: the customer comes after it.
        assert_eq!(placed(Some(6), &key(6, 70)).above, [false, false, true]);
        let richer = RankKey { revenue: Some(1.0), ..key(6, 70) };
        assert_eq!(placed(Some(6), &richer).above, [false, true, true]);
    }

    #[test]
    fn where_ties_stay_together_an_equal_score_is_on_the_side_of_its_group() {
        let kept = |rank: Option<u64>, counts: [u64; 3], key: &RankKey| {
            let others = others(rank.map(|rank| rank as u32));
            let lines = counts.map(|count| DrawnLine { count, ..DrawnLine::default() });
            Newcomer { others: &others, keeps_ties: true, rank_before: rank, key }.standing(lines)
        };
        // As many points as rank 4, the last of grade-1, and a greater id.
        let risen = kept(Some(6), [1, 4, 9], &key(6, 70));
        assert_eq!(risen, Standing { rank: 5, above: [false, true, true], counts: [1, 5, 9] });
        // As many points as rank 5, the first of grade-2, and a smaller id.
        let fallen = kept(Some(4), [1, 4, 9], &key(4, 60));
        assert_eq!(fallen, Standing { rank: 4, above: [false, false, true], counts: [1, 3, 9] });
    }

    #[test]
    fn nobody_is_above_a_line_below_its_floor_and_empty_places_are_for_whoever_reaches_it() {
        let floored = |rank: u64, count: u64, is_open: bool, score: i64| {
            let others = others(Some(rank as u32));
            let line = DrawnLine { count, floor_e6: Some(65), is_open };
            let key = key(rank as u32, score);
            let newcomer =
                Newcomer { others: &others, keeps_ties: false, rank_before: Some(rank), key: &key };
            newcomer.standing([DrawnLine::default(), line, line]).above[1]
        };
        // Four customers reach the floor of 65 points, and one more place is free.
        assert!(floored(6, 4, true, 66), "it comes after all who are above the line, but a place is free");
        assert!(!floored(6, 4, false, 66), "no place is free");
        assert!(
            !floored(4, 4, true, 64),
            "it comes before all who are below the line, but is below the floor"
        );
        // All places are taken, and the first below the line reaches the floor too.
        assert!(!floored(2, 3, false, 66));
        // Nobody reached the floor.
        let alone = Newcomer { others: &[], keeps_ties: false, rank_before: Some(1), key: &key(1, 70) };
        let line = DrawnLine { count: 0, floor_e6: Some(65), is_open: true };
        assert_eq!(alone.standing([line; 3]), Standing { rank: 1, above: [true; 3], counts: [1; 3] });
    }
}
