//! The facts by name, with unit and source: those that expressions may use, and that a cycle stores.

use super::{CustomerFacts, Facts};
use crate::contract::Table;
use crate::word::Word;

/// The facts that are counted only if a method weighs or names them.
pub const TIME_OF_USE: [&str; 7] =
    ["sharp_wh", "peak_wh", "flat_wh", "valley_wh", "demand_months", "demand_wh", "demand_hours_wh"];

/// A fact that expressions may use.
pub struct FactColumn {
    /// The fact's name.
    pub name: &'static str,
    /// The fact's unit.
    pub unit: &'static str,
    /// What the fact means.
    pub about: &'static str,
    /// The table that the fact comes from.
    pub table: Table,
    /// How to read the fact's value for a customer.
    pub value: FactValue,
}

/// How the value of a fact is read.
pub enum FactValue {
    /// An integer: a function that reads it, and one that borrows it for writing.
    Integer(fn(&CustomerFacts) -> i64, fn(&mut CustomerFacts) -> &mut i64),
    /// A number that may be missing.
    Number(fn(&Facts, usize) -> Option<f64>),
    /// A word that may be missing.
    Word(fn(&Facts, usize) -> Option<&str>),
}

/// A fact that is counted from a table and named as its field.
macro_rules! integer {
    ($table:ident, $part:ident.$field:ident, $unit:literal, $about:literal) => {
        FactColumn {
            name: stringify!($field),
            unit: $unit,
            about: $about,
            table: Table::$table,
            value: FactValue::Integer(|facts| facts.$part.$field, |facts| &mut facts.$part.$field),
        }
    };
}

/// A column of the customers table, or of the latest audit.
const fn other(
    table: Table,
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    value: FactValue,
) -> FactColumn {
    FactColumn { name, unit, about, table, value }
}

/// The facts that expressions may use.
pub const COLUMNS: &[FactColumn] = &[
    integer!(MeterReadings, energy.covered_months, "months", "months covered by readings"),
    integer!(MeterReadings, energy.active_wh, "Wh", "active energy of the window"),
    integer!(MeterReadings, energy.covered_wh, "Wh", "active energy of the covered months"),
    integer!(MeterReadings, energy.reactive_varh, "varh", "sum of |reactive energy|"),
    integer!(MeterReadings, energy.readings, "readings", "readings counted"),
    integer!(MeterReadings, energy.reactive_readings, "readings", "readings with reactive energy"),
    integer!(
        MeterReadings,
        energy.growth_pairs,
        "pairs",
        "pairs of the same calendar month in the first and last year, both covered"
    ),
    integer!(MeterReadings, energy.growth_first_wh, "Wh", "active energy of the first months of these pairs"),
    integer!(MeterReadings, energy.growth_last_wh, "Wh", "active energy of the last months of these pairs"),
    integer!(MeterReadings, energy.power_factor_months, "months", "months with an assessed power factor"),
    integer!(
        MeterReadings,
        energy.power_factor_attained,
        "months",
        "months with a power factor at the standard"
    ),
    integer!(
        MeterReadings,
        energy.power_factor_shortfall_e2,
        "10⁻²",
        "sum of what the other months lack to the standard"
    ),
    integer!(MeterReadings, energy.sharp_wh, "Wh", "active energy in sharp hours"),
    integer!(MeterReadings, energy.peak_wh, "Wh", "active energy in peak hours"),
    integer!(MeterReadings, energy.flat_wh, "Wh", "active energy in flat hours"),
    integer!(MeterReadings, energy.valley_wh, "Wh", "active energy in valley hours"),
    integer!(MeterReadings, energy.demand_months, "months", "covered months with a demand"),
    integer!(MeterReadings, energy.demand_wh, "Wh", "active energy of the covered months with a demand"),
    integer!(
        MeterReadings,
        energy.demand_hours_wh,
        "Wh",
        "highest demand × hours of the covered months with a demand"
    ),
    integer!(Bills, billing.billed_fen, "fen", "amounts due, reversals included"),
    integer!(Bills, billing.billed_months, "months", "months with a bill"),
    integer!(Bills, billing.revenue_fen, "fen", "amounts due over service months in the delivered range"),
    integer!(
        Bills,
        billing.revenue_months,
        "months",
        "service months in the delivered range; 0 without a bill"
    ),
    integer!(Bills, billing.priced_fen, "fen", "amounts due over the covered ones of these service months"),
    integer!(Bills, billing.priced_wh, "Wh", "active energy over the months of priced_fen"),
    integer!(Bills, billing.due_bills, "bills", "bills due before the end"),
    integer!(Bills, billing.due_fen, "fen", "due on these bills after reversals"),
    integer!(Payments, billing.on_time_fen, "fen", "part of due_fen paid by the due day"),
    integer!(Payments, billing.overdue_fen_days, "fen·days", "unpaid after the due day, over days"),
    integer!(
        Payments,
        billing.cross_year_arrears_fen,
        "fen",
        "unpaid at the end, due in earlier calendar years"
    ),
    integer!(Payments, billing.unpaid_fen, "fen", "unpaid at the end"),
    integer!(Incidents, incidents.fault_customer_minutes, "customer·min", "outages caused to others"),
    integer!(Incidents, incidents.violation_points_e6, "10⁻⁶ points", "points of offences, halved each year"),
    integer!(Plans, plans.planned_months, "months", "months with a plan"),
    integer!(Plans, plans.plan_months, "months", "covered months with a plan"),
    integer!(Plans, plans.plan_share_e6, "10⁻⁶", "sum of the completion of these plans"),
    integer!(Cooperation, cooperation.policy_requests, "events", "policy events with a request"),
    integer!(
        Cooperation,
        cooperation.policy_share_e6,
        "10⁻⁶",
        "sum of the fulfilment of these policy events"
    ),
    integer!(Cooperation, cooperation.work_requests, "events", "work events with a request"),
    integer!(Cooperation, cooperation.work_share_e6, "10⁻⁶", "sum of the fulfilment of these work events"),
    integer!(Cooperation, cooperation.suggestions, "events", "suggestions submitted"),
    integer!(Cooperation, cooperation.suggestions_adopted, "events", "suggestions adopted"),
    other(
        Table::Customers,
        "contract_capacity_kva",
        "kVA",
        "contract capacity",
        FactValue::Number(|f, i| f.customers.rows[i].contract_capacity_kva),
    ),
    other(
        Table::EnergyProfiles,
        "total_kgce",
        "kgce",
        "energy of all carriers, latest audit",
        FactValue::Number(|f, i| f.profiles[i].map(|profile| profile.total_kgce)),
    ),
    other(
        Table::EnergyProfiles,
        "replaceable_kgce",
        "kgce",
        "part of total_kgce that electricity could replace",
        FactValue::Number(|f, i| f.profiles[i].map(|profile| profile.replaceable_kgce)),
    ),
    other(
        Table::Customers,
        "use_category",
        "",
        "use category",
        FactValue::Word(|f, i| Some(f.customers.rows[i].use_category.code())),
    ),
    other(
        Table::Customers,
        "supply_level",
        "",
        "supply level",
        FactValue::Word(|f, i| Some(f.customers.rows[i].supply_level.code())),
    ),
    other(
        Table::Customers,
        "region",
        "",
        "region",
        FactValue::Word(|f, i| f.customers.rows[i].region.as_deref()),
    ),
    other(
        Table::Customers,
        "importance_level",
        "",
        "regulatory importance level",
        FactValue::Word(|f, i| f.customers.rows[i].importance_level.map(Word::code)),
    ),
    other(
        Table::Customers,
        "load_class",
        "",
        "load class",
        FactValue::Word(|f, i| f.customers.rows[i].load_class.map(Word::code)),
    ),
];
