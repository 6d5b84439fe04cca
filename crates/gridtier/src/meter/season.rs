//! Customers who are not read off season: irrigation pumps, holiday homes.
//!
//! The months between their seasons have no reading because nothing is used; these months count as covered, with 0. A
//! season is recognised by calendar months that are never read in any year; lost months are not filled (SPEC, section
//! 3).

use std::ops::Range;

use super::month_cell::MonthUse;
use crate::unit::Window;

/// Shortest window in which a season shows.
const WINDOW_MONTHS_MIN: u32 = 24;
/// Fewest months of a stretch off season, and fewest such stretches, for a season to be recognised.
const STRETCH_MONTHS_MIN: usize = 3;
const STRETCHES_MIN: usize = 2;

/// The months of one customer that count as covered with 0. `months` are those of the window, after spreading. `open`
/// are the service months that do not begin after the day of closing.
pub(super) fn off_season(months: &[MonthUse], window: Window, open: Range<usize>) -> Vec<usize> {
    let read = |month: &usize| months[*month].readings > 0;
    let mut all = 0..months.len();
    if window.months < WINDOW_MONTHS_MIN || all.clone().all(|month| read(&month)) {
        return Vec::new();
    }
    let (Some(first), Some(last)) = (all.find(read), all.rfind(read)) else { return Vec::new() };
    let mut is_read_in = [false; 12];
    let calendar_month = |month: usize| window.month(month).0.rem_euclid(12).unsigned_abs() as usize;
    for month in (0..months.len()).filter(read) {
        is_read_in[calendar_month(month)] = true;
    }
    let is_off = |month: &usize| !is_read_in[calendar_month(*month)];
    let inside: Vec<usize> = (first..last).filter(is_off).collect();
    let stretches: Vec<&[usize]> =
        inside.chunk_by(|a, b| a + 1 == *b).filter(|stretch| stretch.len() >= STRETCH_MONTHS_MIN).collect();
    if stretches.len() < STRETCHES_MIN {
        return Vec::new();
    }
    let before = (open.start..first.min(open.end)).filter(is_off);
    let after = (open.start.max(last + 1)..open.end).filter(is_off);
    before.chain(stretches.concat()).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Month;

    const NONE: [usize; 0] = [];

    const WINDOW: Window = Window { end: Month(56 * 12), months: 36 };

    fn filled(read: impl IntoIterator<Item = usize>, open: Range<usize>) -> Vec<usize> {
        let mut row = vec![MonthUse::default(); 36];
        read.into_iter().for_each(|month| row[month].readings = 1);
        off_season(&row, WINDOW, open)
    }

    /// April to August of three years.
    fn summers() -> impl Iterator<Item = usize> {
        (0..3).flat_map(|year| (12 * year + 3)..(12 * year + 8))
    }

    #[test]
    fn months_between_seasons_and_at_both_ends_are_filled() {
        let expected: Vec<usize> = (0..36).filter(|month| !(3..8).contains(&(month % 12))).collect();
        assert_eq!(filled(summers(), 0..36), expected);
        assert_eq!(filled(summers(), 2..34)[0], 2, "not before service begins");
        assert_eq!(filled(summers(), 0..33).last(), Some(&32), "not after the customer closed");
        // Closed before the first reading: only what lies between the readings, and the months before it closed.
        let between: Vec<usize> = (8..27).filter(|month| !(3..8).contains(&(month % 12))).collect();
        assert_eq!(filled(summers(), 0..2), [vec![0, 1], between].concat());
    }

    #[test]
    fn one_winter_or_short_stretches_do_not_make_a_season() {
        assert_eq!(filled(summers().filter(|month| *month < 24), 0..36), NONE);
        let but_two = |month: &usize| !(4..6).contains(&(month % 12));
        assert_eq!(filled((0..36).filter(but_two), 0..36), NONE);
        let but_three = |month: &usize| !(4..7).contains(&(month % 12));
        assert_eq!(filled((0..36).filter(but_three), 0..36), [4, 5, 6, 16, 17, 18, 28, 29, 30]);
    }

    #[test]
    fn an_unread_month_is_lost_if_the_same_calendar_month_was_ever_read() {
        let read = summers().chain([13]);
        let filled = filled(read, 0..36);
        assert!(!filled.contains(&1) && !filled.contains(&25) && filled.contains(&0), "{filled:?}");
    }

    #[test]
    fn a_window_below_two_years_has_no_seasons() {
        let row: Vec<MonthUse> = (0..23)
            .map(|month| MonthUse { readings: u32::from(month % 6 < 3), ..MonthUse::default() })
            .collect();
        assert_eq!(off_season(&row, Window { months: 23, ..WINDOW }, 0..23), NONE);
    }
}
