//! The facts about one customer's energy, from the energy of each month.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::contract::Table;
use crate::customer::Customers;
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, index};
use crate::meter::MonthlyUsage;
use crate::text;

/// Number of months in a year.
const YEAR: usize = 12;

/// Number of hours in a day. Days on which clocks change count the same.
const DAY_HOURS: i64 = 24;

/// The facts that readings give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Energy {
    /// Number of covered months.
    pub covered_months: i64,
    /// Σ active energy.
    pub active_wh: i64,
    /// Σ active energy of the covered months.
    pub covered_wh: i64,
    /// Σ |reactive energy|.
    pub reactive_varh: i64,
    /// Number of readings.
    pub readings: i64,
    /// Number of readings that carry reactive energy.
    pub reactive_readings: i64,
    /// Number of pairs of a month among the first twelve and the same calendar month among the last twelve, both
    /// covered; 0 in a window shorter than 24 months.
    pub growth_pairs: i64,
    /// Σ active energy of the first months of these pairs.
    pub growth_first_wh: i64,
    /// Σ active energy of the last months of these pairs.
    pub growth_last_wh: i64,
    /// Number of months whose power factor can be assessed.
    pub power_factor_months: i64,
    /// Number of these months at or above the customer's standard.
    pub power_factor_attained: i64,
    /// Σ of the hundredths by which the power factor of the other months is below the standard.
    pub power_factor_shortfall_e2: i64,
    /// Σ active energy read in sharp hours. This and the facts below are 0 unless they were asked for.
    pub sharp_wh: i64,
    /// Σ active energy read in peak hours.
    pub peak_wh: i64,
    /// Σ active energy read in flat hours.
    pub flat_wh: i64,
    /// Σ active energy read in valley hours.
    pub valley_wh: i64,
    /// Number of covered months with a demand.
    pub demand_months: i64,
    /// Σ active energy of the covered months with a demand.
    pub demand_wh: i64,
    /// Σ highest demand × hours of the covered months with a demand.
    pub demand_hours_wh: i64,
}

/// The energy facts of all customers, in their order.
pub(super) fn energies(usage: &MonthlyUsage, customers: &Customers) -> Result<Vec<Energy>, RunError> {
    // The first customer on which an overflow was found: facts are collected in place, which `Result` would prevent.
    let overflown = AtomicUsize::new(usize::MAX);
    let all = customers.rows.par_iter().enumerate().map(|(position, customer)| {
        let energy = energy(usage, CustomerIx::from_index(position), customer.power_factor_standard);
        energy.unwrap_or_else(|| {
            overflown.fetch_min(position, Ordering::Relaxed);
            Energy::default()
        })
    });
    let all = all.collect();
    let overflown = overflown.into_inner();
    if overflown == usize::MAX {
        return Ok(all);
    }
    let id = customers.ids.key(CustomerIx::from_index(overflown).number());
    let what = text!("the energy of customer {id} exceeds 64 bits", "客户 {id} 的电量超出 64 位");
    let advice = text!("look for readings near the bound of 10⁹ kWh", "请查看接近上限 10⁹ kWh 的读数");
    Err(Refusal::of(Table::MeterReadings, what, advice).into())
}

/// The energy facts of a customer, or `None` on overflow.
fn energy(usage: &MonthlyUsage, customer: CustomerIx, standard: Option<u8>) -> Option<Energy> {
    let months = index(usage.window().months);
    let mut energy = Energy::default();
    [energy.sharp_wh, energy.peak_wh, energy.flat_wh, energy.valley_wh] = usage.parts_wh(customer);
    for month in 0..months {
        let used = usage.get(month, customer);
        energy.readings += i64::from(used.readings);
        energy.reactive_readings += i64::from(used.reactive_readings);
        energy.active_wh = energy.active_wh.checked_add(used.active_wh)?;
        energy.reactive_varh = energy.reactive_varh.checked_add(used.reactive_varh)?;
        if !usage.covered(month, customer) {
            continue;
        }
        let last_year = (months + month).checked_sub(YEAR).filter(|_| month < YEAR && months >= 2 * YEAR);
        if let Some(later) = last_year.filter(|&later| usage.covered(later, customer)) {
            energy.growth_pairs += 1;
            energy.growth_first_wh = energy.growth_first_wh.checked_add(used.active_wh)?;
            let last_wh = usage.get(later, customer).active_wh;
            energy.growth_last_wh = energy.growth_last_wh.checked_add(last_wh)?;
        }
        energy.covered_months += 1;
        energy.covered_wh = energy.covered_wh.checked_add(used.active_wh)?;
        if let Some(demand_w) = usage.demand_w(month, customer) {
            energy.demand_months += 1;
            energy.demand_wh = energy.demand_wh.checked_add(used.active_wh)?;
            let hours = i64::from(usage.window().month(month).days()) * DAY_HOURS;
            energy.demand_hours_wh = energy.demand_hours_wh.checked_add(demand_w.checked_mul(hours)?)?;
        }
        let (Some(standard), true) =
            (standard, used.active_wh > 0 && used.readings == used.reactive_readings)
        else {
            continue;
        };
        energy.power_factor_months += 1;
        let attained = power_factor_attained(used.active_wh, used.reactive_varh, standard)?;
        energy.power_factor_attained += i64::from(attained);
        if !attained {
            let factor = power_factor(used.active_wh, used.reactive_varh, standard)?;
            energy.power_factor_shortfall_e2 += i64::from(standard - factor);
        }
    }
    Some(energy)
}

/// Whether PF = P/√(P² + Q²), rounded half up to two decimals, reaches `standard` hundredths, in integers:
/// (200 P)² ≥ (2s − 1)² (P² + Q²). `None` when that exceeds 128 bits.
#[must_use]
pub fn power_factor_attained(active_wh: i64, reactive_varh: i64, standard: u8) -> Option<bool> {
    let (p, q) = (i128::from(active_wh), i128::from(reactive_varh));
    let squares = p.checked_mul(p)?.checked_add(q.checked_mul(q)?)?;
    let bound = 2 * i128::from(standard) - 1;
    Some((200 * p).checked_mul(200 * p)? >= (bound * bound).checked_mul(squares)?)
}

/// The power factor of a month in hundredths, rounded half up; `None` if it is not below `bound`, or if the computation
/// exceeds 128 bits.
fn power_factor(active_wh: i64, reactive_varh: i64, bound: u8) -> Option<u8> {
    let (mut reached, mut too_high) = (0, bound);
    while too_high - reached > 1 {
        let middle = reached + (too_high - reached) / 2;
        if power_factor_attained(active_wh, reactive_varh, middle)? {
            reached = middle;
        } else {
            too_high = middle;
        }
    }
    Some(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_factor_is_compared_after_rounding_half_up_to_two_decimals() {
        // For 0.895 exactly, P = 895 and P² + Q² = 10⁶ give Q² = 198,975, which is not a square; so the values on both
        // sides are tested.
        assert_eq!(power_factor_attained(895_000, 446_066, 90), Some(true));
        assert_eq!(power_factor_attained(895_000, 446_067, 90), Some(false));
        // Sides of 3, 4 and 5 give power factors of exactly 0.8 and 0.6.
        assert_eq!(power_factor_attained(4, 3, 80), Some(true));
        assert_eq!(power_factor_attained(3, 4, 80), Some(false));
        assert_eq!(power_factor_attained(1, 0, 90), Some(true));
        assert_eq!(power_factor_attained(i64::MAX, 1, 90), None);
        // Power factors of 0.8, 0.6, 0.895 − ε and almost 0.
        assert_eq!(power_factor(4, 3, 90), Some(80));
        assert_eq!(power_factor(3, 4, 90), Some(60));
        assert_eq!(power_factor(895_000, 446_067, 90), Some(89));
        assert_eq!(power_factor(1, 1_000, 90), Some(0));
    }
}
