//! The facts about each customer in the window, as exact integers, before any judgement.
//!
//! Facts are computed once and can be judged by many methods: modules above this one count, modules below it judge. An
//! analyst's own expressions may use the facts in [`COLUMNS`].

mod column;
mod energy;
mod nothing_counts;
mod unlikely;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::aside::drop_aside;
use crate::billing::{self, Billing, Bills};
use crate::contract::Table;
use crate::cooperation::{self, CooperationFacts};
use crate::customer::{self, Customers};
use crate::energy_profile::{self, EnergyProfile};
use crate::error::{Refusal, RunError};
use crate::incident::{self, IncidentFacts, Offence};
use crate::meter::{self, Coverage, Earlier, FileBook, MonthlyUsage, ReadingDetail, Readings, UnitSuspect};
use crate::plan::{self, PlanFacts};
use crate::register;
use crate::rows;
use crate::service_months::ServiceMonths;
use crate::source::{Finding, Source, TableBook};
use crate::text;
use crate::unit::Window;

pub use column::{COLUMNS, FactColumn, FactValue, TIME_OF_USE};
pub use energy::{Energy, power_factor_attained};

/// All integer facts of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Facts from readings.
    pub energy: Energy,
    /// Facts from bills and payments.
    pub billing: Billing,
    /// Facts from incidents.
    pub incidents: IncidentFacts,
    /// Facts from plans.
    pub plans: PlanFacts,
    /// Facts from cooperation events.
    pub cooperation: CooperationFacts,
}

/// The facts of a window, by customer number.
#[derive(Debug)]
pub struct Facts {
    /// The window.
    pub window: Window,
    /// The accepted customers.
    pub customers: Customers,
    /// Energy by customer and month; `None` for the facts of a published cycle, where the table stays in its file.
    pub usage: Option<MonthlyUsage>,
    /// Which months are covered.
    pub coverage: Coverage,
    /// What became of the rows of each file of readings, by the number of the file.
    pub reading_files: BTreeMap<u32, FileBook>,
    /// Number of files of readings whose counts were taken from an earlier cycle.
    pub files_taken: usize,
    /// The integer facts of each customer.
    pub rows: Vec<CustomerFacts>,
    /// The latest energy audit of each customer.
    pub profiles: Vec<Option<EnergyProfile>>,
    /// Confirmed violations and thefts, by customer and month.
    pub offences: Vec<Offence>,
    /// Months whose energy is far from the customer's median, which suggests a wrong unit.
    pub unit_suspects: Vec<UnitSuspect>,
    /// What became of every row, in the order of the tables.
    pub books: Vec<TableBook>,
    /// The findings, sorted by table and rule.
    pub findings: Vec<Finding>,
    /// Why nobody can be graded; `None` unless a required table has no row that counts.
    pub refusal: Option<Refusal>,
}

impl Facts {
    /// Whether the source has a table, even an empty one. For both tables of energy, it is enough that the source has
    /// one of them.
    #[must_use]
    pub fn present(&self, table: Table) -> bool {
        let mut present = self.books.iter().filter(|book| book.present).map(|book| book.table);
        let stands_for_energy = Table::ENERGY.contains(&table);
        present.any(|other| other == table || (stands_for_energy && Table::ENERGY.contains(&other)))
    }
}

/// The findings of all tables, each with an example row.
fn findings(source: &dyn Source, books: &[TableBook]) -> Vec<Finding> {
    books.iter().flat_map(|book| book.findings(source, &rows::reject_examples(source, book))).collect()
}

fn energy_overflows() -> Refusal {
    let what = text!("the energy of a customer exceeds 64 bits", "某客户的电量超出 64 位整数");
    let advice = text!("look for energies near the bound of 10⁹ kWh", "请检查接近 10⁹ kWh 上限的电量");
    Refusal::of(Table::RegisterReadings, what, advice)
}

/// Reads all tables of a window, except for the readings whose sums `earlier` supplies. `detail` says which parts of a
/// reading are wanted.
///
/// # Errors
/// A table cannot be read, a required table is absent, or a sum overflows.
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
    // For files that are not read again, it is unknown which meters they contain.
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
    let next_read = |of, from| usage.next_read(of, from);
    let service =
        ServiceMonths::new(window, &customers, next_read, |of, from| bills.next_billed(window, of, from));
    usage.cover(&customers, &service, energy_book);
    let billed = billing::count(source, &bills, bills_book, &usage, &service, &customers)?;
    drop_aside(bills);
    let incidents = incident::read(source, &customers, window)?;
    let (plans_book, plans) = plan::read(source, &customers, &usage)?;
    let (cooperation_book, cooperation) = cooperation::read(source, &customers, window)?;
    let (profiles_book, profiles) = energy_profile::read(source, &customers, window)?;
    let energies = energy::energies(&usage, &customers)?;
    let energy_book = if readings_book.present { &mut readings_book } else { &mut registers_book };
    unlikely::notice(&energies, &customers, energy_book, &mut customers_book);
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

/// Puts the facts from all tables together for each customer; all are in the order of customers.
fn by_customer(
    energies: Vec<Energy>,
    billing: Vec<Billing>,
    incidents: Vec<IncidentFacts>,
    plans: Vec<PlanFacts>,
    cooperation: Vec<CooperationFacts>,
) -> Vec<CustomerFacts> {
    // Half of the time is the first touch of the memory, which several threads share.
    let zipped = energies.into_par_iter().zip(billing).zip(incidents).zip(plans).zip(cooperation);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    #[test]
    fn demand_counts_in_the_covered_months_that_have_a_demand() {
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
}
