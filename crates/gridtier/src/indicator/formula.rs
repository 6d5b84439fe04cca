//! Formulas that several entries of the registry share: values from sums, and the numerators and denominators of a
//! holder's accounts.

use super::IndicatorValue;
use super::entry::SupplyCosts;
use crate::contract::{ImportanceLevel, LoadClass, Table};
use crate::customer::Customer;
use crate::fact::{CustomerFacts, Facts};
use crate::index::float_i64;
use crate::word::Word;

/// Number of months in each of the two ends that growth compares.
const YEAR: u32 = 12;
/// Shortest window in which the two ends do not overlap.
const GROWTH_MONTHS_MIN: u32 = 24;
/// Fewest pairs of covered months, of twelve, for which growth is known.
const GROWTH_PAIRS_MIN: i64 = 10;

/// Standing of an importance level [I].
pub(super) const fn importance_standing(level: ImportanceLevel) -> f64 {
    match level {
        ImportanceLevel::Special => 1.0,
        ImportanceLevel::First => 0.8,
        ImportanceLevel::Second => 0.5,
        ImportanceLevel::Temporary => 0.3,
    }
}

/// Standing of a load class [I].
pub(super) const fn load_standing(class: LoadClass) -> f64 {
    match class {
        LoadClass::First => 0.6,
        LoadClass::Second => 0.3,
        LoadClass::Third => 0.0,
    }
}

/// `above / below`; unknown if `below` is not above 0.
pub(super) fn ratio(above: f64, below: i64) -> IndicatorValue {
    if below <= 0 { IndicatorValue::Unknown } else { IndicatorValue::Known(above / float_i64(below)) }
}

pub(super) fn mean_share(share_e6: i64, count: i64) -> IndicatorValue {
    if count == 0 {
        IndicatorValue::Unknown
    } else {
        IndicatorValue::Known(float_i64(share_e6) / float_i64(count) / 1e6)
    }
}

pub(super) fn if_present(facts: &Facts, table: Table, value: f64) -> IndicatorValue {
    if facts.present(table) { IndicatorValue::Known(value) } else { IndicatorValue::Unknown }
}

pub(super) fn asked(facts: &Facts, share_e6: i64, requests: i64) -> IndicatorValue {
    match (facts.present(Table::Cooperation), requests) {
        (false, _) => IndicatorValue::Unknown,
        (true, 0) => IndicatorValue::NotApplicable,
        (true, _) => mean_share(share_e6, requests),
    }
}

pub(super) fn paid(facts: &Facts, customer: usize, above: fn(&CustomerFacts) -> i64) -> IndicatorValue {
    if !facts.present(Table::Payments) {
        return IndicatorValue::Unknown;
    }
    ratio(float_i64(above(&facts.rows[customer])), facts.rows[customer].billing.due_fen)
}

/// `above / below`, unknown when there is nothing below.
pub(super) fn quotient(above: f64, below: f64) -> IndicatorValue {
    if below <= 0.0 { IndicatorValue::Unknown } else { IndicatorValue::finite(above / below) }
}

/// A sum converted to another unit; unknown if it is not finite.
pub(super) fn finite_over(sum: f64, units: f64) -> IndicatorValue {
    IndicatorValue::finite(sum / units)
}

pub(super) fn mean_of_e6(_: &Facts, [share_e6, count]: [f64; 2]) -> IndicatorValue {
    quotient(share_e6 / 1e6, count)
}

/// 12 × `sum` / `months`, rounded half away from zero.
pub(super) fn annualised(sum: i64, months: i64) -> f64 {
    let (twelve, months) = (12 * i128::from(sum), i128::from(months.max(1)));
    let rounded = (2 * twelve.abs() + months) / (2 * months);
    (twelve.signum() * rounded) as f64
}

/// Annual energy in kWh.
pub(super) fn annual_energy(facts: &Facts, customer: usize) -> IndicatorValue {
    let energy = &facts.rows[customer].energy;
    ratio(12.0 * float_i64(energy.covered_wh) / 1000.0, energy.covered_months)
}

/// Annual revenue in CNY.
pub(super) fn annual_revenue(facts: &Facts, customer: usize) -> IndicatorValue {
    let billing = &facts.rows[customer].billing;
    ratio(12.0 * float_i64(billing.revenue_fen) / 100.0, billing.revenue_months)
}

/// Annual energy in whole Wh.
pub(super) fn annual_energy_parts(facts: &Facts, customer: usize, _: &SupplyCosts) -> [f64; 2] {
    let energy = &facts.rows[customer].energy;
    [annualised(energy.covered_wh, energy.covered_months), 1.0]
}

/// Annual revenue in whole fen.
pub(super) fn annual_revenue_parts(facts: &Facts, customer: usize, _: &SupplyCosts) -> [f64; 2] {
    let billing = &facts.rows[customer].billing;
    [annualised(billing.revenue_fen, billing.revenue_months), 1.0]
}

/// The arrears of an account from earlier calendar years, in years of its revenue.
pub(super) fn cross_year_arrears(facts: &Facts, customer: usize) -> IndicatorValue {
    let owed = float_i64(facts.rows[customer].billing.cross_year_arrears_fen) / 100.0;
    match annual_revenue(facts, customer).known() {
        Some(revenue) if facts.present(Table::Payments) => quotient(owed, revenue),
        _ => IndicatorValue::Unknown,
    }
}

/// Cost of supply of a customer in CNY/kWh.
pub(super) fn supply_cost(facts: &Facts, customer: usize, costs: &SupplyCosts) -> f64 {
    costs.by_level[facts.customers.rows[customer].supply_level.position()]
}

/// Contract capacity at the end and at the start of the window; `None` unless both are known.
pub(super) fn capacities(customer: &Customer) -> Option<[f64; 2]> {
    Some([customer.contract_capacity_kva?, customer.capacity_at_start_kva?])
}

pub(super) fn grown([end, start]: [f64; 2]) -> IndicatorValue {
    if start > 0.0 { IndicatorValue::finite(end / start - 1.0) } else { IndicatorValue::Unknown }
}

pub(super) fn shortfall_parts(facts: &Facts, customer: usize, _: &SupplyCosts) -> [f64; 2] {
    let energy = &facts.rows[customer].energy;
    [float_i64(energy.power_factor_shortfall_e2), float_i64(energy.power_factor_months)]
}

pub(super) fn valley_parts(facts: &Facts, customer: usize, _: &SupplyCosts) -> [f64; 2] {
    let energy = &facts.rows[customer].energy;
    let all = [energy.sharp_wh, energy.peak_wh, energy.flat_wh, energy.valley_wh];
    [float_i64(energy.valley_wh), all.into_iter().map(float_i64).sum()]
}

pub(super) fn demand_parts(facts: &Facts, customer: usize, _: &SupplyCosts) -> [f64; 2] {
    let energy = &facts.rows[customer].energy;
    [float_i64(energy.demand_wh), float_i64(energy.demand_hours_wh)]
}

/// Whether both ends of an account's window are complete, so that they count in the growth of its holder.
pub(super) fn has_both_ends(facts: &Facts, customer: usize) -> bool {
    facts.window.months >= GROWTH_MONTHS_MIN && facts.rows[customer].energy.growth_pairs >= GROWTH_PAIRS_MIN
}

/// Growth a year from the energy of the two ends of a window.
pub(super) fn growth(months: u32, last_wh: f64, first_wh: f64) -> IndicatorValue {
    if first_wh <= 0.0 || last_wh < 0.0 {
        return IndicatorValue::Unknown;
    }
    let years = f64::from(months - YEAR) / 12.0;
    IndicatorValue::finite(libm::pow(last_wh / first_wh, 1.0 / years) - 1.0)
}

pub(super) fn energy_growth(facts: &Facts, customer: usize) -> IndicatorValue {
    if !has_both_ends(facts, customer) {
        return IndicatorValue::Unknown;
    }
    let energy = &facts.rows[customer].energy;
    growth(facts.window.months, float_i64(energy.growth_last_wh), float_i64(energy.growth_first_wh))
}

/// Profit of an account from its own annual values, not rounded.
pub(super) fn profit(facts: &Facts, customer: usize, costs: &SupplyCosts) -> IndicatorValue {
    match (annual_revenue(facts, customer).known(), annual_energy(facts, customer).known()) {
        (Some(revenue), Some(energy)) => {
            IndicatorValue::finite(revenue - supply_cost(facts, customer, costs) * energy)
        }
        _ => IndicatorValue::Unknown,
    }
}
