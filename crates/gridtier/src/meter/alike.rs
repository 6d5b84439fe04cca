//! Finds two months that are alike: one file delivered a second time with other dates.

use super::usage::MonthlyUsage;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::delivery::notice_missing_months;
use crate::index::{CustomerIx, count, index};
use crate::source::TableBook;

/// About how many customers are examined.
const SAMPLE: usize = 500;
/// Fewest customers with energy in both months that show anything.
const CUSTOMERS_MIN: usize = 3;
/// Most months of which each is compared with each.
const MONTHS_MAX: usize = 240;

/// Notes in `book` the months in which at least half of the customers examined have the same energy as in an earlier month.
/// Must run before readings are spread: equal parts of one interval are no repetition.
pub(super) fn notice_months_alike(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
    let step = customers.len().div_ceil(SAMPLE).max(1);
    let sample = (0..customers.len()).step_by(step).map(CustomerIx::from_index);
    let sample = sample.filter(|customer| usage.has_ends.get(customer.index()) != Some(&true));
    let rows: Vec<Vec<i64>> = sample
        .map(|customer| usage.months_of(customer).map(|used| used.active_wh).collect())
        .filter(|row: &Vec<i64>| varies(row))
        .collect();
    let window = usage.window();
    let months = index(window.months);
    let read: Vec<usize> = (0..months).filter(|&month| rows.iter().any(|row| row[month] != 0)).collect();
    if read.len() > MONTHS_MAX {
        return;
    }
    let mut found = Vec::new();
    for (at, &later) in read.iter().enumerate() {
        let alike = read[..at].iter().find_map(|&earlier| {
            let both: Vec<&Vec<i64>> =
                rows.iter().filter(|row| row[earlier] != 0 && row[later] != 0).collect();
            let equal = both.iter().filter(|row| row[earlier] == row[later]).count();
            (both.len() >= CUSTOMERS_MIN && 2 * equal >= both.len()).then_some((earlier, equal, both.len()))
        });
        found.extend(alike.map(|alike| (later, alike)));
    }
    if let Some(&(later, (earlier, equal, both))) = found.first() {
        let [earlier, later] = [earlier, later].map(|month| window.month(month));
        book.notice(Rule::LikelyRepeated, count(found.len()), || {
            format!("{earlier} and {later}: {equal} of {both} customers examined have equal energy in both")
        });
    }
}

/// Notes in `book` the months in which next to none of about 500 customers have a reading.
pub(super) fn notice_missing(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
    let mut read = vec![0; index(usage.window().months)];
    let step = customers.len().div_ceil(SAMPLE).max(1);
    for customer in (0..customers.len()).step_by(step).map(CustomerIx::from_index) {
        read.iter_mut()
            .zip(usage.months_of(customer))
            .for_each(|(read, used)| *read += u64::from(used.readings > 0));
    }
    notice_missing_months(usage.window(), &read, book);
}

/// Whether few months of a customer are alike by themselves, as those of a lamp are.
fn varies(row: &[i64]) -> bool {
    let mut read: Vec<i64> = row.iter().copied().filter(|wh| *wh != 0).collect();
    let months = read.len();
    read.sort_unstable();
    read.dedup();
    // A year that was delivered for the next one leaves half of the values.
    months > 2 && 5 * read.len() >= 2 * months
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Table;
    use crate::memory::MemorySource;
    use crate::meter::{ReadingDetail, read};
    use crate::unit::{Month, Window};

    fn found(rows: impl IntoIterator<Item = String>) -> Option<(u64, String)> {
        let rows: Vec<String> = rows.into_iter().collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let header = "customer_id|read_at|active_kwh";
        let ids = ["a", "b", "c", "d"];
        let source = MemorySource::default().customers(&ids).rows(Table::MeterReadings, header, &rows);
        let window = Window { end: Month::new(2025, 1), months: 24 };
        let mut book = TableBook::new(Table::MeterReadings);
        read(&source, &source.read_customers(), window, ReadingDetail::Energy, None, &mut book).unwrap();
        book.noticed.get(&Rule::LikelyRepeated).cloned()
    }

    #[test]
    fn a_year_that_was_delivered_as_the_next_one_too_is_noticed() {
        let year = |year: i32, more: usize| {
            (1..=12_usize).flat_map(move |month| {
                ["a", "b", "c", "d"].into_iter().zip(1..).map(move |(id, factor)| {
                    format!("{id}|{year}-{month:02}-01|{}.25", 100 * factor + month * month + more)
                })
            })
        };
        let twice = found(year(2023, 0).chain(year(2024, 0))).unwrap();
        let example = "2023-01 and 2024-01: 4 of 4 customers examined have equal energy in both";
        assert_eq!(twice, (12, example.to_owned()));
        assert_eq!(found(year(2023, 0).chain(year(2024, 1_000))), None);
    }

    #[test]
    fn lamps_that_use_the_same_every_month_are_not_noticed() {
        let rows =
            (1..=12).flat_map(|month| ["a", "b", "c", "d"].map(|id| format!("{id}|2024-{month:02}-01|5.25")));
        assert_eq!(found(rows), None);
    }
}
