//! The facts about each customer in the window, as exact integers, before any judgement.
//!
//! Facts are computed once and can be judged by many methods: modules above this one count, modules below it judge. An
//! analyst's own expressions may use the facts in [`COLUMNS`].

mod nothing_counts;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::billing::{self, Billing, Bills};
use crate::contract::Table;
use crate::cooperation::{self, CooperationFacts};
use crate::customer::{self, Customers};
use crate::energy_profile::{self, EnergyProfile};
use crate::error::{Refusal, RunError};
use crate::incident::{self, IncidentFacts, Offence};
use crate::index::{CustomerIx, index};
use crate::meter::{self, Coverage, Earlier, FileBook, MonthlyUsage, ReadingDetail, Readings, UnitSuspect};
use crate::plan::{self, PlanFacts};
use crate::register;
use crate::rows;
use crate::service_months::ServiceMonths;
use crate::source::{Finding, Source, TableBook};
use crate::text;
use crate::unit::Window;
use crate::word::Word;

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
    /// Number of those that carry reactive energy.
    pub reactive_readings: i64,
    /// Pairs of one of the first twelve months and the same of the last twelve, of which both are covered; 0 in a window
    /// below 24 months.
    pub growth_pairs: i64,
    /// Σ active energy of the first months of these pairs.
    pub growth_first_wh: i64,
    /// Σ active energy of the last months of these pairs.
    pub growth_last_wh: i64,
    /// Number of months whose power factor can be assessed.
    pub power_factor_months: i64,
    /// Number of those at or above the customer's standard.
    pub power_factor_attained: i64,
    /// Σ of the hundredths by which the power factor of the others is below the standard.
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

/// All integer facts of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerFacts {
    /// From the readings.
    pub energy: Energy,
    /// From bills and payments.
    pub billing: Billing,
    /// From incidents.
    pub incidents: IncidentFacts,
    /// From plans.
    pub plans: PlanFacts,
    /// From cooperation events.
    pub cooperation: CooperationFacts,
}

/// The facts of a window, by customer number.
#[derive(Debug)]
pub struct Facts {
    /// The window.
    pub window: Window,
    /// The accepted customers.
    pub customers: Customers,
    /// Energy by customer and month; `None` for the facts of a published cycle, whose table is kept as it is.
    pub usage: Option<MonthlyUsage>,
    /// Which months are covered.
    pub coverage: Coverage,
    /// What became of the rows of each file of readings, by its number.
    pub reading_files: BTreeMap<u32, FileBook>,
    /// Number of files of readings whose counts were taken from an earlier cycle.
    pub files_taken: usize,
    /// Integer facts.
    pub rows: Vec<CustomerFacts>,
    /// Latest energy audit.
    pub profiles: Vec<Option<EnergyProfile>>,
    /// Confirmed violations and thefts, by customer and month.
    pub offences: Vec<Offence>,
    /// Months whose energy is far from the customer's median, which suggests a wrong unit.
    pub unit_suspects: Vec<UnitSuspect>,
    /// What became of every row, by table in their order.
    pub books: Vec<TableBook>,
    /// The findings, by table and rule.
    pub findings: Vec<Finding>,
    /// Why nobody can be graded, if a required table has no row that counts.
    pub refusal: Option<Refusal>,
}

impl Facts {
    /// Whether the source has a table, even an empty one. Of the tables of energy one stands for both.
    #[must_use]
    pub fn present(&self, table: Table) -> bool {
        let mut present = self.books.iter().filter(|book| book.present).map(|book| book.table);
        let stands_for_energy = Table::ENERGY.contains(&table);
        present.any(|other| other == table || (stands_for_energy && Table::ENERGY.contains(&other)))
    }
}

/// The findings of all tables, each with one of its rows.
fn findings(source: &dyn Source, books: &[TableBook]) -> Vec<Finding> {
    books.iter().flat_map(|book| book.findings(source, &rows::reject_examples(source, book))).collect()
}

fn energy_overflows() -> Refusal {
    let what = text!("the energy of a customer exceeds 64 bits", "某客户的电量超出 64 位整数");
    let advice = text!("look for energies near the bound of 10⁹ kWh", "请检查接近 10⁹ kWh 上限的电量");
    Refusal::of(Table::RegisterReadings, what, advice)
}

/// Reads all tables of a window, except for the readings whose sums `earlier` supplies. `detail` says how much of a
/// reading is wanted.
///
/// # Errors
/// A table cannot be read, a required one is absent, or a sum overflows.
pub fn read(
    source: &dyn Source,
    window: Window,
    detail: ReadingDetail,
    earlier: Option<&Earlier>,
) -> Result<Facts, RunError> {
    let mut customers_book = TableBook::new(Table::Customers);
    let customers = customer::read(source, &mut customers_book)?;
    let mut readings_book = TableBook::new(Table::MeterReadings);
    let mut registers_book = TableBook::new(Table::RegisterReadings);
    let registers = register::read(source, &customers, window, &mut registers_book)?;
    // Which meters were read is not known of files that are not read again.
    let earlier = earlier.filter(|_| !registers_book.present);
    let Readings { mut usage, files: reading_files, meters, files_reused: files_taken } =
        meter::read(source, &customers, window, detail, earlier, &mut readings_book)?;
    registers.refuse_meters_of(&meters, &customers)?;
    drop(meters);
    usage.add(&registers.months).ok_or_else(energy_overflows)?;
    let energy_book = if readings_book.present { &mut readings_book } else { &mut registers_book };
    usage.spread(&customers, energy_book);
    let unit_suspects = meter::unit_suspects(&usage, &customers, energy_book);
    let mut bills_book = TableBook::new(Table::Bills);
    let bills = Bills::read(source, &customers, window, &mut bills_book)?;
    let bill_months = bills.months(window);
    let service = ServiceMonths::new(window, &customers, |of, from| usage.next_read(of, from), bill_months);
    usage.cover(&customers, &service, energy_book);
    let billed = billing::count(source, &bills, bills_book, &usage, &service, &customers)?;
    let incidents = incident::read(source, &customers, window)?;
    let (plans_book, plans) = plan::read(source, &customers, &usage)?;
    let (cooperation_book, cooperation) = cooperation::read(source, &customers, window)?;
    let (profiles_book, profiles) = energy_profile::read(source, &customers, window)?;
    let energies = energies(&usage, &customers)?;
    let rows = by_customer(energies, billed.facts, incidents.facts, plans, cooperation);
    let books = vec![
        customers_book,
        readings_book,
        registers_book,
        billed.bills,
        billed.payments,
        incidents.book,
        plans_book,
        cooperation_book,
        profiles_book,
    ];
    let findings = findings(source, &books);
    let refusal = nothing_counts::refusal(source, &books, &findings, window);
    let (coverage, usage) = (usage.coverage().clone(), Some(usage));
    Ok(Facts {
        window,
        customers,
        usage,
        coverage,
        reading_files,
        files_taken,
        rows,
        profiles,
        offences: incidents.offences,
        unit_suspects,
        books,
        findings,
        refusal,
    })
}

/// The facts of each customer from those of the tables, all in the order of customers.
fn by_customer(
    energies: Vec<Energy>,
    billing: Vec<Billing>,
    incidents: Vec<IncidentFacts>,
    plans: Vec<PlanFacts>,
    cooperation: Vec<CooperationFacts>,
) -> Vec<CustomerFacts> {
    let zipped = energies.into_iter().zip(billing).zip(incidents).zip(plans).zip(cooperation);
    zipped
        .map(|((((energy, billing), incidents), plans), cooperation)| CustomerFacts {
            energy,
            billing,
            incidents,
            plans,
            cooperation,
        })
        .collect()
}

fn energies(usage: &MonthlyUsage, customers: &Customers) -> Result<Vec<Energy>, RunError> {
    customers
        .rows
        .par_iter()
        .enumerate()
        .map(|(position, customer)| {
            let number = CustomerIx::from_index(position);
            energy(usage, number, customer.power_factor_standard).ok_or_else(|| {
                let id = customers.ids.key(number.number());
                let what = text!("the energy of customer {id} exceeds 64 bits", "客户 {id} 的电量超出 64 位");
                let advice =
                    text!("look for readings near the bound of 10⁹ kWh", "请查看接近上限 10⁹ kWh 的读数");
                Refusal::of(Table::MeterReadings, what, advice).into()
            })
        })
        .collect()
}

/// Months of a year.
const YEAR: usize = 12;

/// Hours of a day: those of summer time are not told apart.
const DAY_HOURS: i64 = 24;

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

/// The facts that are counted only for a method that weighs or names them.
pub const TIME_OF_USE: [&str; 7] =
    ["sharp_wh", "peak_wh", "flat_wh", "valley_wh", "demand_months", "demand_wh", "demand_hours_wh"];

/// The power factor of a month in hundredths, rounded half up, where it is below `bound`. `None` when that exceeds 128
/// bits.
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

/// A fact that expressions may use.
pub struct FactColumn {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The table that it comes from.
    pub table: Table,
    /// Its value for a customer.
    pub value: FactValue,
}

/// How the value of a fact is read.
pub enum FactValue {
    /// An integer: read it, and borrow it to write.
    Integer(fn(&CustomerFacts) -> i64, fn(&mut CustomerFacts) -> &mut i64),
    /// A number that may be missing.
    Number(fn(&Facts, usize) -> Option<f64>),
    /// A word that may be missing.
    Word(fn(&Facts, usize) -> Option<&str>),
}

/// A fact counted from a table, named as its field.
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
    integer!(MeterReadings, energy.reactive_readings, "readings", "of them with reactive energy"),
    integer!(
        MeterReadings,
        energy.growth_pairs,
        "pairs",
        "months of the first and of the last year that are both covered"
    ),
    integer!(MeterReadings, energy.growth_first_wh, "Wh", "active energy of their first months"),
    integer!(MeterReadings, energy.growth_last_wh, "Wh", "active energy of their last months"),
    integer!(MeterReadings, energy.power_factor_months, "months", "months with an assessed power factor"),
    integer!(MeterReadings, energy.power_factor_attained, "months", "of them at the standard"),
    integer!(
        MeterReadings,
        energy.power_factor_shortfall_e2,
        "10⁻²",
        "sum of what the others lack to the standard"
    ),
    integer!(MeterReadings, energy.sharp_wh, "Wh", "active energy in sharp hours"),
    integer!(MeterReadings, energy.peak_wh, "Wh", "active energy in peak hours"),
    integer!(MeterReadings, energy.flat_wh, "Wh", "active energy in flat hours"),
    integer!(MeterReadings, energy.valley_wh, "Wh", "active energy in valley hours"),
    integer!(MeterReadings, energy.demand_months, "months", "covered months with a demand"),
    integer!(MeterReadings, energy.demand_wh, "Wh", "active energy of these months"),
    integer!(MeterReadings, energy.demand_hours_wh, "Wh", "their highest demand × hours"),
    integer!(Bills, billing.billed_fen, "fen", "amounts due, reversals included"),
    integer!(Bills, billing.billed_months, "months", "months with a bill"),
    integer!(Bills, billing.revenue_fen, "fen", "amounts due over service months in the delivered range"),
    integer!(
        Bills,
        billing.revenue_months,
        "months",
        "service months in the delivered range; 0 without a bill"
    ),
    integer!(Bills, billing.priced_fen, "fen", "amounts due over those of them that are covered"),
    integer!(Bills, billing.priced_wh, "Wh", "active energy over the same months"),
    integer!(Bills, billing.due_bills, "bills", "bills due before the end"),
    integer!(Bills, billing.due_fen, "fen", "due on them after reversals"),
    integer!(Payments, billing.on_time_fen, "fen", "of it paid by the due day"),
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
    integer!(Plans, plans.plan_months, "months", "of them covered"),
    integer!(Plans, plans.plan_share_e6, "10⁻⁶", "sum of their completion"),
    integer!(Cooperation, cooperation.policy_requests, "events", "policy events with a request"),
    integer!(Cooperation, cooperation.policy_share_e6, "10⁻⁶", "sum of their fulfilment"),
    integer!(Cooperation, cooperation.work_requests, "events", "work events with a request"),
    integer!(Cooperation, cooperation.work_share_e6, "10⁻⁶", "sum of their fulfilment"),
    integer!(Cooperation, cooperation.suggestions, "events", "suggestions submitted"),
    integer!(Cooperation, cooperation.suggestions_adopted, "events", "of them adopted"),
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
        "of it replaceable by electricity",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    #[test]
    fn demand_counts_in_the_covered_months_that_have_one() {
        let header = "customer_id|read_at|active_kwh|peak_kwh|max_demand_kw";
        let rows = [
            "a|2023-11-01|10|4|0.1",
            "a|2023-12-01|20|5|-",
            "a|2024-01-01|30|6|0.2",
            "a|2024-02-01|40|7|0.0005",
        ];
        let source = MemorySource::default().customers(&["a"]).rows(Table::MeterReadings, header, &rows);
        let window = Window { end: Month::new(2024, 3), months: 4 };
        let energy = |detail| read(&source, window, detail, None).unwrap().rows[0].energy;
        let counted = energy(ReadingDetail::TimeOfUse);
        assert_eq!((counted.covered_months, counted.demand_months, counted.demand_wh), (4, 3, 80_000));
        assert_eq!(counted.demand_hours_wh, 100 * 30 * 24 + 200 * 31 * 24 + 29 * 24);
        assert_eq!((counted.peak_wh, counted.valley_wh), (22_000, 0));
        let plain = energy(ReadingDetail::Energy);
        assert_eq!((plain.peak_wh, plain.demand_months, plain.active_wh), (0, 0, 100_000));
    }

    #[test]
    fn the_power_factor_is_compared_after_rounding_half_up_to_two_decimals() {
        // 0.895 exactly: P = 895, P² + Q² = 10⁶ has Q² = 198,975, which is no square; bracket it instead.
        assert_eq!(power_factor_attained(895_000, 446_066, 90), Some(true));
        assert_eq!(power_factor_attained(895_000, 446_067, 90), Some(false));
        // 3-4-5: PF = 0.8 and 0.6 exactly.
        assert_eq!(power_factor_attained(4, 3, 80), Some(true));
        assert_eq!(power_factor_attained(3, 4, 80), Some(false));
        assert_eq!(power_factor_attained(1, 0, 90), Some(true));
        assert_eq!(power_factor_attained(i64::MAX, 1, 90), None);
        // 0.8, 0.6, 0.895 − ε and almost nothing.
        assert_eq!(power_factor(4, 3, 90), Some(80));
        assert_eq!(power_factor(3, 4, 90), Some(60));
        assert_eq!(power_factor(895_000, 446_067, 90), Some(89));
        assert_eq!(power_factor(1, 1_000, 90), Some(0));
    }
}
