//! Sparse cadence: customers who are read every second month or less often.
//!
//! Each reading of such a customer covers several months, but its date lies in one of them. The readings are spread
//! over the days until the next reading, so that the same use gives the same months whether it is read monthly or
//! quarterly. The readings of a customer who lost months are not spread, since such gaps are neither regular nor many
//! (SPEC, section 3).

use super::month_cell::MonthUse;
use crate::unit::{Window, share_of_days};

/// Lengths in months of the gaps of a sparse cadence.
const GAPS: std::ops::RangeInclusive<usize> = 2..=12;
/// Fewest months with readings from which a cadence is recognised.
const READ_MONTHS_MIN: usize = 3;
/// A run of equal gaps is a cadence of its own if it has at least this many gaps.
const RUN_GAPS_MIN: usize = 3;
const RUN_MONTHS_MIN: usize = 12;

/// A month with readings, and the number of months over which its energy is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SparseMonth {
    month: usize,
    gap: usize,
}

/// Whether any month without a reading lies between months with one. Without such a month there is nothing to spread.
pub(super) fn has_gap(months: impl Iterator<Item = MonthUse>) -> bool {
    let (mut was_read, mut was_left_out) = (false, false);
    for used in months {
        if used.readings == 0 {
            was_left_out |= was_read;
        } else if was_left_out {
            return true;
        } else {
            was_read = true;
        }
    }
    false
}

/// Spreads the months that begin a sparse gap. `months` are those of one customer over the window. Returns the lengths
/// of the gaps that were spread, ascending and each once; none if nothing was changed.
pub(super) fn spread(months: &mut [MonthUse], window: Window) -> Vec<usize> {
    let found = sparse_months(months);
    let mut gaps: Vec<usize> = found.iter().map(|sparse| sparse.gap).collect();
    gaps.sort_unstable();
    gaps.dedup();
    for sparse in found {
        spread_month(months, window, sparse);
    }
    gaps
}

fn sparse_months(months: &[MonthUse]) -> Vec<SparseMonth> {
    let Some(first) = months.iter().position(|used| used.readings > 0) else { return Vec::new() };
    let last = months.iter().rposition(|used| used.readings > 0).unwrap_or(first);
    let read: Vec<usize> = (first..=last).filter(|&month| months[month].readings > 0).collect();
    if read.len() < READ_MONTHS_MIN {
        return Vec::new();
    }
    let gaps: Vec<usize> = read.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let is_sparse = sparse_gaps(&gaps);
    let mut found = Vec::new();
    for ((&month, &gap), _) in read.iter().zip(&gaps).zip(&is_sparse).filter(|(_, is_sparse)| **is_sparse) {
        found.push(SparseMonth { month, gap });
    }
    if is_sparse.last() == Some(&true) {
        found.push(SparseMonth { month: last, gap: gaps[gaps.len() - 1] });
    }
    found
}

/// Which gaps are sparse: gaps of a length that at least 8 of 10 gaps have, and gaps in a run of at least three equal
/// ones that spans at least twelve months.
fn sparse_gaps(gaps: &[usize]) -> Vec<bool> {
    let mut is_sparse = Vec::with_capacity(gaps.len());
    for run in gaps.chunk_by(|a, b| a == b) {
        let gap = run[0];
        let equal = gaps.iter().filter(|other| **other == gap).count();
        let is_regular = 10 * equal >= 8 * gaps.len();
        let is_long_run = run.len() >= RUN_GAPS_MIN && gap * run.len() >= RUN_MONTHS_MIN;
        let sparse = GAPS.contains(&gap) && (is_regular || is_long_run);
        is_sparse.resize(is_sparse.len() + run.len(), sparse);
    }
    is_sparse
}

/// Spreads a month over the days from its first day to the end of the gap. Each of its readings counts as one a day.
/// Months beyond the window are cut off.
fn spread_month(months: &mut [MonthUse], window: Window, SparseMonth { month, gap }: SparseMonth) {
    let read = months[month];
    let first_day = window.month(month).first_day();
    let days_until = |end: usize| window.month(end).first_day() - first_day;
    let all_days = days_until(month + gap);
    for (offset, used) in months[month..].iter_mut().take(gap).enumerate() {
        let (before, through) = (days_until(month + offset), days_until(month + offset + 1));
        let days = (through - before).unsigned_abs();
        *used = MonthUse {
            active_wh: share_of_days(read.active_wh, all_days, before, through),
            reactive_varh: share_of_days(read.reactive_varh, all_days, before, through),
            readings: read.readings * days,
            reactive_readings: read.reactive_readings * days,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::unit::Month;

    const NONE: [usize; 0] = [];

    const WINDOW: Window = Window { end: Month(56 * 12), months: 36 };

    fn read_in(months: impl IntoIterator<Item = usize>) -> Vec<MonthUse> {
        let mut row = vec![MonthUse::default(); 36];
        for month in months {
            row[month] =
                MonthUse { active_wh: 61_000, reactive_varh: 610, readings: 1, reactive_readings: 1 };
        }
        row
    }

    fn gaps_of(months: impl IntoIterator<Item = usize>) -> Vec<usize> {
        spread(&mut read_in(months), WINDOW)
    }

    #[test]
    fn a_reading_of_two_months_is_spread_over_their_days_and_adds_up() {
        let mut row = read_in((0..36).step_by(2));
        assert_eq!(spread(&mut row, WINDOW), [2]);
        // January and February 2023 have 31 and 28 of the 59 days.
        let energies = [row[0].active_wh, row[1].active_wh];
        assert_eq!(energies, [61_000 * 31 / 59, 61_000 - 61_000 * 31 / 59]);
        assert_eq!((row[0].readings, row[1].readings, row[1].reactive_readings), (31, 28, 28));
        assert_eq!(row.iter().map(|used| used.active_wh).sum::<i64>(), 18 * 61_000);
        assert_eq!(row.iter().map(|used| used.reactive_varh).sum::<i64>(), 18 * 610);
    }

    #[test]
    fn the_last_month_is_spread_like_the_one_before_and_cut_off_at_the_window() {
        let mut row = read_in((2..36).step_by(3));
        assert_eq!(spread(&mut row, WINDOW), [3]);
        assert_eq!((row[0].readings, row[1].readings), (0, 0), "nothing is known before the first reading");
        // Of the 90 days from December 2025 to February 2026, 31 are in the window.
        assert_eq!((row[35].readings, row[35].active_wh), (31, 61_000 * 31 / 90));
        let mut row = read_in((0..=30).step_by(3));
        spread(&mut row, WINDOW);
        assert!(row[32].readings == 30 && row[33].readings == 0);
    }

    #[test]
    fn net_export_is_spread_with_its_sign() {
        let mut row = read_in([0, 2, 4]);
        row[0].active_wh = -100;
        assert_eq!(spread(&mut row, WINDOW), [2]);
        assert_eq!((row[0].active_wh, row[1].active_wh), (-52, -48));
    }

    #[test]
    fn lost_months_do_not_make_a_cadence() {
        assert_eq!(gaps_of([0, 1, 2, 4, 5, 6, 8, 9]), NONE);
        assert_eq!(gaps_of([0, 2]), NONE, "one gap");
        assert_eq!(gaps_of([0, 3, 5, 9]), NONE);
        assert_eq!(gaps_of([0, 13, 26]), NONE, "gaps longer than a year");
        assert_eq!(gaps_of((0..36).filter(|month| month % 6 != 0)), NONE, "every sixth month lost");
        // 7 of 10 gaps are of two months, in runs of less than a year.
        assert_eq!(gaps_of([0, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17]), NONE);
    }

    #[test]
    fn eight_of_ten_gaps_make_a_cadence_and_the_others_stay() {
        let mut row = read_in([0, 2, 4, 6, 8, 9, 10, 12, 14, 16, 18]);
        assert_eq!(spread(&mut row, WINDOW), [2]);
        assert_eq!([row[8].readings, row[9].readings, row[10].readings], [1, 1, 30]);
    }

    #[test]
    fn a_run_of_three_equal_gaps_over_a_year_is_a_cadence_of_its_own() {
        // Readings are quarterly for a year, then monthly.
        let mut row = read_in([0, 3, 6, 9].into_iter().chain(12..36));
        assert_eq!(spread(&mut row, WINDOW), [3]);
        assert_eq!((row[10].readings, row[12].readings, row[35].readings), (30, 1, 1));
        // Three gaps of three months span only nine months.
        assert_eq!(gaps_of([0, 3, 6, 9].into_iter().chain(10..36)), NONE);
        // Two cadences follow each other.
        assert_eq!(gaps_of((0..18).step_by(2).chain((18..36).step_by(3))), [2, 3]);
    }

    proptest! {
        #[test]
        fn nothing_is_spread_where_no_month_is_left_out(is_read in prop::collection::vec(any::<bool>(), 36)) {
            let mut row = read_in((0..36).filter(|&month| is_read[month]));
            let has_gap = has_gap(row.iter().copied());
            let read: Vec<usize> = (0..36).filter(|&month| is_read[month]).collect();
            prop_assert_eq!(has_gap, read.windows(2).any(|pair| pair[1] > pair[0] + 1));
            prop_assert!(has_gap || spread(&mut row, WINDOW).is_empty());
        }
    }
}
