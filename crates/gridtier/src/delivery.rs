//! Finds months that a table lacks: a file of a month that was lost looks like a month in which nothing happened.

use crate::contract::rule::Rule;
use crate::index::count;
use crate::source::TableBook;
use crate::unit::Window;

/// A month lacks rows if it has fewer than one in this many of the usual number.
const ONE_IN: u64 = 10;
/// Months of a year: a table that is delivered once a year has no longer gaps.
const YEAR: usize = 12;
/// Usual number of rows below which months differ by chance.
const USUAL_MIN: u64 = 3;

/// Notes in `book` the months of a window, by position, that have next to no rows after the first month that has some. Nothing
/// is noted where more than two in five months lack rows, as a table that is delivered in some months only, unless it ends:
/// its last months lack rows for longer than any before. The last month may still be under way.
pub(crate) fn notice_missing_months(window: Window, rows_by_month: &[u64], book: &mut TableBook) {
    let Some((_, rows)) = rows_by_month.split_last() else { return };
    let Some(first) = rows.iter().position(|rows| *rows > 0) else { return };
    let mut read: Vec<u64> = rows.iter().copied().filter(|rows| *rows > 0).collect();
    read.sort_unstable();
    let usual = read[read.len() / 2];
    let lacking: Vec<usize> = (first..rows.len()).filter(|&month| rows[month] * ONE_IN < usual).collect();
    let Some(&month) = lacking.first() else { return };
    let is_delivered = |months: &[u64]| {
        let lacking = months.iter().filter(|rows| **rows * ONE_IN < usual).count();
        5 * lacking <= 2 * months.len()
    };
    if usual >= USUAL_MIN && (is_delivered(&rows[first..]) || is_delivered(until_end(&rows[first..], usual)))
    {
        book.notice(Rule::MissingMonths, count(lacking.len()), || {
            format!("{}: {}, elsewhere about {usual}", window.month(month), rows[month])
        });
    }
}

/// The months before the rows of a table end; all months if other gaps are as long as that at the end, or if one month alone
/// has rows, as of bills once a year.
fn until_end(months: &[u64], usual: u64) -> &[u64] {
    let gaps: Vec<usize> = months.split(|rows| *rows * ONE_IN >= usual).map(<[u64]>::len).collect();
    match gaps.split_last() {
        Some((at_end, before))
            if (before.len() > 1 || *at_end > YEAR) && before.iter().all(|gap| gap < at_end) =>
        {
            &months[..months.len() - at_end]
        }
        _ => months,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Table;
    use crate::unit::Month;

    fn found(rows: &[u64]) -> Option<(u64, String)> {
        let window = Window { end: Month::new(2025, 1), months: rows.len().try_into().unwrap() };
        let mut book = TableBook::new(Table::Payments);
        notice_missing_months(window, rows, &mut book);
        book.noticed.remove(&Rule::MissingMonths)
    }

    #[test]
    fn months_that_a_table_lacks_are_noticed_after_its_first() {
        let example = |text: &str| Some((2, text.to_owned()));
        assert_eq!(found(&[0, 0, 50, 52, 4, 0, 51, 50, 49]), example("2024-08: 4, elsewhere about 50"));
        assert_eq!(
            found(&[50, 52, 6, 51, 0]),
            None,
            "a tenth of the usual number; the last month is under way"
        );
        assert_eq!(found(&[50, 0, 50, 0, 50, 0, 50]), None, "delivered every second month");
        assert_eq!(
            found(&[50, 0, 50, 0, 50, 0, 0, 9]),
            Some((4, "2024-06: 0, elsewhere about 50".to_owned()))
        );
        assert_eq!(found(&[50, 0, 0, 50, 0, 0, 50, 0, 0, 0]), None, "delivered every third month");
        assert_eq!(found(&[0, 50, 0, 0, 0, 0, 0, 0]), None, "delivered once a year");
        let alone = [&[50][..], &[0; 35]].concat();
        assert!(found(&alone).is_some(), "one month of three years");
        let ends = [&[50, 51][..], &[0; 10]].concat();
        assert_eq!(
            found(&ends),
            Some((9, "2024-03: 0, elsewhere about 51".to_owned())),
            "the window is too late"
        );
        assert_eq!(found(&[2, 0, 2, 2, 2]), None, "few rows");
        assert_eq!(found(&[0, 0]), None);
    }
}
