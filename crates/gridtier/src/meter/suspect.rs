//! Finds readings that are probably not energy in kWh: months in another unit, and cumulative registers.

use rayon::prelude::*;

use super::month_cell::MonthUse;
use super::usage::MonthlyUsage;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::index::{CustomerIx, count};
use crate::source::TableBook;
use crate::unit::Month;

/// A month whose energy is so far from its customer's median month that the unit is probably wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitSuspect {
    /// The customer.
    pub customer: CustomerIx,
    /// The month.
    pub month: Month,
    /// Its active energy in Wh.
    pub active_wh: i64,
    /// The median month of the customer in Wh; of an even number of months, the lower of the two middle ones.
    pub median_wh: i64,
}

/// How far a month may be from the median. The factor is less than the 1000 that a wrong unit gives, and more than any
/// real season gives.
const UNIT_FACTOR: i128 = 900;
/// Months below 1 kWh are neither suspect nor part of the median: an empty house does not show a wrong unit.
const MONTH_WH_MIN: i64 = 1_000;
/// Fewest months above 0 in which a register can be recognised.
const REGISTER_MONTHS_MIN: usize = 12;

/// Lists the months far from their customer's median, by customer and month, and notes them in `book`.
#[must_use]
pub fn unit_suspects(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) -> Vec<UnitSuspect> {
    let all = (0..customers.len()).into_par_iter().map(CustomerIx::from_index);
    let suspects: Vec<UnitSuspect> =
        all.flat_map_iter(|customer| unit_suspects_of(usage, customer)).collect();
    if let Some(first) = suspects.first() {
        book.notice(Rule::UnitSuspect, count(suspects.len()), || {
            let id = customers.ids.key(first.customer.number());
            let [month_kwh, median_kwh] = [first.active_wh, first.median_wh].map(|wh| wh / 1000);
            format!("{id} in {}: {month_kwh} kWh, median month {median_kwh} kWh", first.month)
        });
    }
    suspects
}

fn unit_suspects_of(usage: &MonthlyUsage, customer: CustomerIx) -> Vec<UnitSuspect> {
    let row = usage.row(customer);
    let mut sorted: Vec<i64> =
        row.iter().map(|used| used.active_wh).filter(|wh| *wh >= MONTH_WH_MIN).collect();
    sorted.sort_unstable();
    let Some(&median_wh) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return Vec::new() };
    let far = row.iter().enumerate().filter(|(_, used)| is_suspect(used.active_wh, median_wh));
    far.map(|(month, used)| UnitSuspect {
        customer,
        month: usage.window().month(month),
        active_wh: used.active_wh,
        median_wh,
    })
    .collect()
}

fn is_suspect(wh: i64, median_wh: i64) -> bool {
    let (month, median) = (i128::from(wh), i128::from(median_wh));
    wh >= MONTH_WH_MIN && (month > UNIT_FACTOR * median || month * UNIT_FACTOR < median)
}

/// Notes in `book` the customers whose readings look like those of a cumulative register. Must run before readings are
/// spread, because the rounding would hide registers.
pub(super) fn notice_registers(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
    let all = (0..customers.len()).into_par_iter().map(CustomerIx::from_index);
    let found: Vec<CustomerIx> = all.filter(|&customer| looks_like_register(&usage.row(customer))).collect();
    if let Some(first) = found.first() {
        book.notice(Rule::LooksLikeRegister, count(found.len()), || {
            format!("the energy of {} never falls from month to month", customers.ids.key(first.number()))
        });
    }
}

/// Whether the mean energy of a reading never falls over at least twelve months above 0, and rises.
fn looks_like_register(row: &[MonthUse]) -> bool {
    let months: Vec<&MonthUse> = row.iter().filter(|used| used.readings > 0 && used.active_wh > 0).collect();
    months.len() >= REGISTER_MONTHS_MIN
        && months.windows(2).all(|pair| scaled(pair[1], pair[0]) >= scaled(pair[0], pair[1]))
        && scaled(months[months.len() - 1], months[0]) > scaled(months[0], months[months.len() - 1])
}

/// The energy of a month times the number of readings of the other month. Two months compare by this product as by their
/// mean readings, without a division.
fn scaled(month: &MonthUse, other: &MonthUse) -> i128 {
    i128::from(month.active_wh) * i128::from(other.readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(means: impl IntoIterator<Item = i64>) -> Vec<MonthUse> {
        let mut readings = 0;
        means
            .into_iter()
            .map(|mean| {
                readings = 30 - readings % 2;
                MonthUse { active_wh: mean * i64::from(readings), readings, ..MonthUse::default() }
            })
            .collect()
    }

    #[test]
    fn a_register_never_falls_over_a_year_and_rises() {
        assert!(looks_like_register(&months(1_000..1_012)));
        assert!(!looks_like_register(&months(1_000..1_011)), "too short");
        assert!(!looks_like_register(&months([5; 36])), "constant use");
        assert!(!looks_like_register(&months((1..=12).chain([11]))), "falls once");
        assert!(looks_like_register(&months([0, 0].into_iter().chain(1..=11).chain([11]))));
        assert!(!looks_like_register(&[]));
    }

    #[test]
    fn months_below_one_kwh_are_neither_suspect_nor_in_the_median() {
        assert!(is_suspect(1_000, 901_000) && !is_suspect(999, 901_000));
        assert!(is_suspect(900_001_000, 1_000_000) && !is_suspect(900_001_000, 1_000_002));
    }
}
