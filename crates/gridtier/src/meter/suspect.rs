//! Finds readings that are probably not energy in kWh: months in another unit, and cumulative registers with or without
//! an exchange.

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
/// Fewest nines of a value that stands for none.
const NINES_MIN: u32 = 5;
/// Fewest months above 0 in which a register can be recognised.
const REGISTER_MONTHS_MIN: usize = 12;
/// A register that falls must rise for at least this many months for each fall.
const MONTHS_BY_FALL_MIN: usize = 12;

/// Lists the months far from their customer's median, by customer and month, and notes them in `book`. Months below 1 kWh
/// are only noted: an empty house uses as little, but so does a small customer whose month is in 万kWh.
#[must_use]
pub fn unit_suspects(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) -> Vec<UnitSuspect> {
    let all = (0..customers.len()).into_par_iter().map(CustomerIx::from_index);
    let far: Vec<UnitSuspect> = all.flat_map_iter(|customer| far_months(usage, customer)).collect();
    let (near_zero, suspects): (Vec<_>, Vec<_>) =
        far.into_iter().partition(|month| month.active_wh < MONTH_WH_MIN);
    for (rule, months) in [(Rule::UnitSuspect, &suspects), (Rule::NearZeroUse, &near_zero)] {
        let Some(first) = months.first() else { continue };
        book.notice(rule, count(months.len()), || {
            let id = customers.ids.key(first.customer.number());
            let median_kwh = first.median_wh / 1000;
            let used = match rule {
                Rule::UnitSuspect => format!("{} kWh", first.active_wh / 1000),
                _ => format!("{} Wh", first.active_wh),
            };
            format!("{id} in {}: {used}, median month {median_kwh} kWh", first.month)
        });
    }
    suspects
}

/// Notes months with one reading that consists of nines only, such as 999999.99: many systems write that for a value that
/// they do not have.
pub(super) fn notice_placeholders(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
    let all = (0..customers.len()).into_par_iter().map(CustomerIx::from_index);
    let found: Vec<(CustomerIx, usize, i64)> = all
        .flat_map_iter(|customer| {
            let months = usage.months_of(customer).enumerate();
            months
                .filter(|(_, used)| used.readings == 1 && is_placeholder(used.active_wh))
                .map(move |(month, used)| (customer, month, used.active_wh))
                .collect::<Vec<_>>()
        })
        .collect();
    if let Some(&(customer, month, wh)) = found.first() {
        book.notice(Rule::ImplausibleValue, count(found.len()), || {
            let (id, month) = (customers.ids.key(customer.number()), usage.window().month(month));
            format!("{id} in {month}: {} kWh", wh as f64 / 1e3)
        });
    }
}

/// Whether a number of Wh is written with at least [`NINES_MIN`] nines and zeros behind them.
fn is_placeholder(wh: i64) -> bool {
    let mut rest = wh;
    while rest != 0 && rest % 10 == 0 {
        rest /= 10;
    }
    let mut nines = 0;
    while rest % 10 == 9 {
        (rest, nines) = (rest / 10, nines + 1);
    }
    rest == 0 && nines >= NINES_MIN
}

/// The lower median of the months of at least 1 kWh.
fn median_wh(row: &[MonthUse]) -> Option<i64> {
    let mut sorted: Vec<i64> =
        row.iter().map(|used| used.active_wh).filter(|wh| *wh >= MONTH_WH_MIN).collect();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn far_months(usage: &MonthlyUsage, customer: CustomerIx) -> Vec<UnitSuspect> {
    if !has_far_months(usage, customer) {
        return Vec::new();
    }
    let row: Vec<MonthUse> = usage.months_of(customer).collect();
    let Some(median_wh) = median_wh(&row) else { return Vec::new() };
    let far = row
        .iter()
        .enumerate()
        .filter(|(_, used)| is_suspect(used.active_wh, median_wh) || is_near_zero(used.active_wh, median_wh));
    far.map(|(month, used)| UnitSuspect {
        customer,
        month: usage.window().month(month),
        active_wh: used.active_wh,
        median_wh,
    })
    .collect()
}

/// Whether two months with energy are so far apart that one of them may be far from the median. Few customers have such
/// months, and the others need no median.
fn has_far_months(usage: &MonthlyUsage, customer: CustomerIx) -> bool {
    let (mut least, mut most) = (i64::MAX, 0);
    for used in usage.months_of(customer).filter(|used| used.active_wh > 0) {
        (least, most) = (least.min(used.active_wh), most.max(used.active_wh));
    }
    i128::from(most) > UNIT_FACTOR * i128::from(least)
}

fn is_suspect(wh: i64, median_wh: i64) -> bool {
    let (month, median) = (i128::from(wh), i128::from(median_wh));
    wh >= MONTH_WH_MIN && (month > UNIT_FACTOR * median || month * UNIT_FACTOR < median)
}

fn is_near_zero(wh: i64, median_wh: i64) -> bool {
    (1..MONTH_WH_MIN).contains(&wh) && i128::from(wh) * UNIT_FACTOR < i128::from(median_wh)
}

/// Notes in `book` the customers whose readings look like those of a cumulative register. Must run before readings are
/// spread, because the rounding would hide registers.
pub(super) fn notice_registers(usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
    let all = (0..customers.len()).into_par_iter().map(CustomerIx::from_index);
    let found: Vec<(CustomerIx, usize)> =
        all.filter_map(|customer| Some((customer, register_falls(usage.months_of(customer))?))).collect();
    let (steady, fallen): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, falls)| *falls == 0);
    if let Some((first, _)) = steady.first() {
        book.notice(Rule::LooksLikeRegister, count(steady.len()), || {
            format!("the energy of {} never falls from month to month", customers.ids.key(first.number()))
        });
    }
    if let Some((first, falls)) = fallen.first() {
        book.notice(Rule::RegisterWithFalls, count(fallen.len()), || {
            let id = customers.ids.key(first.number());
            format!("the energy of {id} rises from month to month, deep falls: {falls}")
        });
    }
}

/// How often the energy of a customer falls, if it looks like that of a register. Of `months`, those with readings and
/// energy above 0 are looked at.
///
/// It falls 0 times if the mean of a reading never falls over at least twelve months, and has risen. Otherwise it rises
/// every month but for a few falls to less than half, where the register was exchanged or rolled over.
fn register_falls(months: impl Iterator<Item = MonthUse>) -> Option<usize> {
    let mut months = months.filter(|used| used.readings > 0 && used.active_wh > 0);
    let first = months.next()?;
    let (mut last, mut read, mut falls, mut is_exchanged) = (first, 1, 0, true);
    for month in months {
        let [before, after] = [scaled(&last, &month), scaled(&month, &last)];
        falls += usize::from(after < before);
        is_exchanged &= 2 * after < before || after > before;
        // Most customers turn out to have no register in their first months.
        if falls > 0 && !is_exchanged {
            return None;
        }
        (last, read) = (month, read + 1);
    }
    match falls {
        0 => (read >= REGISTER_MONTHS_MIN && scaled(&last, &first) > scaled(&first, &last)).then_some(0),
        _ => (read >= falls * MONTHS_BY_FALL_MIN).then_some(falls),
    }
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
    fn a_value_of_nines_stands_for_none() {
        assert!(is_placeholder(999_999_990) && is_placeholder(99_999_000) && is_placeholder(99_999));
        assert!(![0, 9_999_000, 199_999, 999_990_001, 99_998_999, -99_999].into_iter().any(is_placeholder));
    }

    #[test]
    fn a_register_never_falls_over_a_year_and_rises() {
        let is_register = |months: Vec<MonthUse>| register_falls(months.into_iter()) == Some(0);
        assert!(is_register(months(1_000..1_012)));
        assert!(!is_register(months(1_000..1_011)), "too short");
        assert!(!is_register(months([5; 36])), "constant use");
        assert!(!is_register(months((1..=12).chain([11]))), "falls once");
        assert!(is_register(months([0, 0].into_iter().chain(1..=11).chain([11]))));
        assert!(!is_register(Vec::new()));
    }

    #[test]
    fn a_register_that_was_exchanged_rises_in_all_months_but_that_of_the_exchange() {
        let exchanged =
            |before: i64, after: i64| months((0..before).chain(0..after).map(|kwh| 1_000 + 50 * kwh * kwh));
        let falls = |months: Vec<MonthUse>| register_falls(months.into_iter());
        assert_eq!(falls(exchanged(18, 18)), Some(1));
        assert_eq!(falls(exchanged(7, 4)), None, "less than a year");
        assert_eq!(falls(months(1_000..1_036)), Some(0), "no fall: an ordinary register");
        assert_eq!(falls(months((1..=18).chain(12..=29))), None, "not a deep fall");
        assert_eq!(falls(months((1..=12).chain([12]).chain(1..=12))), None, "a month without a rise");
        let seasons = [900, 700, 300, 200, 250, 400, 800, 850, 400, 200, 300, 700];
        assert_eq!(falls(months(seasons.repeat(3))), None);
    }

    #[test]
    fn a_month_above_zero_and_below_one_kwh_is_near_zero_only_beside_a_large_median() {
        assert!(is_near_zero(100, 1_000_000) && is_near_zero(999, 900_000));
        assert!(!is_near_zero(0, 1_000_000), "no use at all");
        assert!(!is_near_zero(1_000, 1_000_000), "this one is listed as suspect");
        assert!(!is_near_zero(999, 899_000));
    }

    #[test]
    fn months_below_one_kwh_are_neither_suspect_nor_in_the_median() {
        assert!(is_suspect(1_000, 901_000) && !is_suspect(999, 901_000));
        assert!(is_suspect(900_001_000, 1_000_000) && !is_suspect(900_001_000, 1_000_002));
    }
}
