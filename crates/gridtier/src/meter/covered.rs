//! Decides which months are covered: those with about as many readings as the months around them.
//!
//! How many readings a month should have follows from the months on both sides, so that a change from monthly to daily
//! reading costs no month, and a few special readings do no harm (SPEC, section 3).

use std::ops::Range;

/// Number of months in a side, including the month itself.
const SIDE_MONTHS: usize = 5;
/// Fewest months with readings that make a side.
const SIDE_READ_MIN: usize = 3;

/// Calls `cover` with the covered months of one customer, given the readings of each month of the window.
pub(super) fn for_each_covered(readings: &[u32], cover: impl FnMut(usize)) {
    let read = || readings.iter().copied().filter(|read| *read > 0);
    let (Some(least), Some(most)) = (read().min(), read().max()) else { return };
    if 2 * u64::from(least) > u64::from(most) {
        // Each month has more than half of the most readings, so more than half of what is typical of any side.
        (0..readings.len()).filter(|&month| readings[month] > 0).for_each(cover);
    } else {
        for_each_covered_by_sides(readings, cover);
    }
}

fn for_each_covered_by_sides(readings: &[u32], mut cover: impl FnMut(usize)) {
    let months = readings.len();
    let ahead: Vec<Option<u32>> =
        (0..months).map(|month| typical(readings, month..(month + SIDE_MONTHS).min(months))).collect();
    for (month, &read) in readings.iter().enumerate().filter(|(_, read)| **read > 0) {
        // The side behind a month is the side ahead of the month that is four months earlier.
        let behind = match month.checked_sub(SIDE_MONTHS - 1) {
            Some(start) => ahead[start],
            None => typical(readings, 0..month + 1),
        };
        let (low, high) = match (behind, ahead[month]) {
            (Some(a), Some(b)) => (a.min(b), a.max(b)),
            (Some(one), None) | (None, Some(one)) => (one, one),
            (None, None) => {
                let start = month.saturating_sub(SIDE_MONTHS - 1);
                let around = &readings[start..(month + SIDE_MONTHS).min(months)];
                let most = around.iter().copied().max().unwrap_or(0);
                (most, most)
            }
        };
        let [read, low, high] = [read, low, high].map(u64::from);
        if 2 * read > high || 2 * read > low && read <= 2 * low {
            cover(month);
        }
    }
}

/// The typical count of a side: the upper median of its months with readings; `None` if these are too few.
fn typical(readings: &[u32], side: Range<usize>) -> Option<u32> {
    let mut counts = [0; SIDE_MONTHS];
    let mut read = 0;
    for &count in readings[side].iter().filter(|count| **count > 0) {
        counts[read] = count;
        read += 1;
    }
    if read < SIDE_READ_MIN {
        return None;
    }
    let counts = &mut counts[..read];
    counts.sort_unstable();
    Some(counts[read / 2])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONE: [usize; 0] = [];

    /// The months that are not covered although they have readings.
    fn left_out(readings: &[u32]) -> Vec<usize> {
        let mut covered = vec![false; readings.len()];
        for_each_covered(readings, |month| covered[month] = true);
        (0..readings.len()).filter(|&month| readings[month] > 0 && !covered[month]).collect()
    }

    #[test]
    fn more_than_half_of_the_usual_readings_cover_a_month() {
        let mut daily = [30; 12];
        daily[5] = 15;
        assert_eq!(left_out(&daily), [5]);
        daily[5] = 16;
        assert_eq!(left_out(&daily), NONE);
        assert_eq!(left_out(&[1; 12]), NONE);
        assert_eq!(
            left_out(&[0, 1, 0, 0, 0, 0, 0, 1]),
            NONE,
            "a month without neighbours is compared with itself"
        );
    }

    #[test]
    fn a_change_to_daily_reading_costs_only_the_incomplete_month_of_the_change() {
        let change =
            |at: usize| -> Vec<u32> { (0..12).map(|month| if month < at { 1 } else { 31 }).collect() };
        assert_eq!(left_out(&change(6)), NONE);
        let mut incomplete = change(6);
        incomplete[6] = 10;
        assert_eq!(left_out(&incomplete), [6]);
        // Two months of daily reading at the end of the window are too few for a side of their own.
        assert_eq!(left_out(&change(10)), NONE);
        assert_eq!(left_out(&change(2)), [0, 1], "two monthly readings at the start are too few as well");
    }

    #[test]
    fn special_reads_between_monthly_ones_do_no_harm() {
        let mut monthly = [1; 36];
        monthly[29] = 3;
        monthly[31] = 4;
        assert_eq!(left_out(&monthly), NONE);
    }

    #[test]
    fn the_upper_median_of_an_even_side_decides() {
        assert_eq!(typical(&[1, 9, 0, 4, 7], 0..5), Some(7));
        assert_eq!(typical(&[1, 9, 4, 0, 0], 0..5), Some(4));
        assert_eq!(typical(&[1, 9, 0, 0, 0], 0..5), None);
    }

    proptest! {
        #[test]
        fn months_with_about_equally_many_readings_are_covered_whatever_their_sides(
            least in 1..40_u32,
            above in prop::collection::vec(prop::option::weighted(0.8, 0..40_u32), 0..40),
        ) {
            let readings: Vec<u32> =
                above.iter().map(|above| above.map_or(0, |above| least + above)).collect();
            let (mut found, mut by_sides) = (Vec::new(), Vec::new());
            for_each_covered(&readings, |month| found.push(month));
            for_each_covered_by_sides(&readings, |month| by_sides.push(month));
            prop_assert_eq!(found, by_sides);
        }
    }
}
