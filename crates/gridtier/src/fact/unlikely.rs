//! Energies that do not fit what else is known of a customer: its reactive energy, its contracted capacity.

use super::Energy;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::index::{count, index};
use crate::source::TableBook;

/// Reactive energy above this many times the active energy: a power factor below 0.034, which no use over months has. Units
/// that differ by a thousand give about 0.003.
const REACTIVE_FACTOR: f64 = 30.0;
/// Reactive energy below this part of the active energy, at more than half of the customers: a power factor of 1.000000.
const REACTIVE_SHARE: f64 = 0.001;
/// Reactive energy above this part of the active energy, at more than half of the customers: a power factor below 0.7, so that
/// the two columns are swapped, or one is a register.
const REACTIVE_USUAL_MAX: f64 = 1.0;
/// Hours of a long month; a transformer is not loaded above one and a half times its capacity for long.
const FULL_HOURS: f64 = 744.0 * 1.5;
/// Mean load below this part of the capacity, at more than half of the customers: it is not in kVA.
const LOAD_SHARE: f64 = 0.000_5;
/// Fewest customers that show something together.
const CUSTOMERS_MIN: usize = 3;

/// Notes customers whose energies are far from each other in `energy_book`, and those whose capacity cannot carry what they
/// use in `customers_book`.
pub(super) fn notice(
    energies: &[Energy],
    customers: &Customers,
    energy_book: &mut TableBook,
    customers_book: &mut TableBook,
) {
    let reactive =
        energies.iter().zip(0..).filter(|(energy, _)| energy.active_wh > 0 && energy.reactive_varh > 0);
    let ratio = |energy: &Energy| energy.reactive_varh as f64 / energy.active_wh as f64;
    let ratios: Vec<(u32, f64)> = reactive.map(|(energy, customer)| (customer, ratio(energy))).collect();
    let high = ratios.iter().filter(|(_, ratio)| *ratio > REACTIVE_USUAL_MAX).count();
    let is_high = ratios.len() >= CUSTOMERS_MIN && 2 * high > ratios.len();
    let most = if is_high { REACTIVE_USUAL_MAX } else { REACTIVE_FACTOR };
    let found = far(ratios.into_iter(), REACTIVE_SHARE, most);
    if let Some(&first) = found.first() {
        energy_book.notice(Rule::UnlikelyRatio, count(found.len()), || {
            let (id, energy) = (customers.ids.key(first), &energies[index(first)]);
            let [varh, wh] = [energy.reactive_varh, energy.active_wh];
            format!("{id}: {} kvarh of reactive energy and {} kWh", varh / 1_000, wh / 1_000)
        });
    }
    let loads = energies.iter().zip(&customers.rows).zip(0..).filter_map(|((energy, row), customer)| {
        let kva = row.contract_capacity_kva.filter(|kva| *kva > 0.0)?;
        let hours = month_kwh(energy)? / kva / FULL_HOURS;
        Some((customer, hours))
    });
    let found = far(loads, LOAD_SHARE, 1.0);
    if let Some(&first) = found.first() {
        customers_book.notice(Rule::UnlikelyRatio, count(found.len()), || {
            let (id, place) = (customers.ids.key(first), index(first));
            let kva = customers.rows[place].contract_capacity_kva.unwrap_or_default();
            let kwh = month_kwh(&energies[place]).unwrap_or_default();
            format!("{id}: {kva} kVA and {kwh:.0} kWh a month")
        });
    }
}

/// The mean energy of a covered month in kWh; `None` for a customer that used nothing.
fn month_kwh(energy: &Energy) -> Option<f64> {
    (energy.covered_wh > 0 && energy.covered_months > 0)
        .then(|| energy.covered_wh as f64 / energy.covered_months as f64 / 1e3)
}

/// The customers whose ratio is above `most`. If more than half of all ratios are below `least`, those customers too.
fn far(ratios: impl Iterator<Item = (u32, f64)>, least: f64, most: f64) -> Vec<u32> {
    let ratios: Vec<(u32, f64)> = ratios.collect();
    let low = ratios.iter().filter(|(_, ratio)| *ratio < least).count();
    let is_low = ratios.len() >= CUSTOMERS_MIN && 2 * low > ratios.len();
    let is_far = |ratio: f64| ratio > most || is_low && ratio < least;
    ratios.into_iter().filter(|(_, ratio)| is_far(*ratio)).map(|(customer, _)| customer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_far_above_is_found_and_customers_far_below_only_if_they_are_most() {
        let found = |ratios: &[f64]| far((0..).zip(ratios.iter().copied()), 0.001, 30.0);
        assert_eq!(found(&[0.3, 31.0, 0.000_1]), [1]);
        assert_eq!(found(&[0.000_1, 0.3, 0.000_1]), [0, 2]);
        assert!(found(&[0.000_1, 0.000_1]).is_empty(), "two customers show nothing");
        assert!(found(&[0.3; 5]).is_empty());
    }
}
