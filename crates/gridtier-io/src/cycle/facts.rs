//! The facts of a published cycle, read back from its own tables.

use std::collections::BTreeMap;

use gridtier::compare::expressions_to_evaluate;
use gridtier::contract::Table;
use gridtier::customer::Customers;
use gridtier::cycle::Cycle;
use gridtier::error::RunError;
use gridtier::fact::{Facts, TIME_OF_USE};
use gridtier::holder::Holders;
use gridtier::index::index;
use gridtier::indicator::expression::Expression;
use gridtier::indicator::registry::{ANNUAL_ENERGY, AVERAGE_PRICE};
use gridtier::indicator::{self, INDICATORS, IndicatorColumn, SupplyCosts, WantedIndicators};
use gridtier::key::NearKey;
use gridtier::meter::{FileBook, ReadingDetail};
use gridtier::method::{GradingUnit, Method};
use gridtier::output::facts::{
    PublishedFacts, missing_facts, read_offences, read_reconciliation, read_unit_suspects, with_missing_facts,
};
use gridtier::output::findings::read_of_tables;
use gridtier::source::TableBook;
use gridtier::unit::Window;

use super::error::{CycleError, unreadable};
use super::load::{customers, has_holders};
use super::manifest::Manifest;
use super::table::read_batches;
use crate::folder::DataFolder;
use crate::store::StoredCycle;

/// Reads the facts of a cycle whose inputs are the files of `folder`. `books_by_name` holds the table book of each file of
/// readings.
///
/// # Errors
/// A table cannot be read, or was not written by this version of gridtier.
pub(crate) fn facts(
    cycle: &StoredCycle,
    books_by_name: BTreeMap<&str, FileBook>,
    folder: &DataFolder,
    window: Window,
) -> Result<Facts, CycleError> {
    let customers = customers(cycle)?;
    let mut counted = PublishedFacts::new(customers.len(), window);
    let mut start = 0;
    read_batches(cycle, "facts.parquet", |batch| {
        counted.read(batch, start, &customers)?;
        start += batch.num_rows();
        Some(())
    })?;
    let mut offences = Vec::new();
    read_batches(cycle, "offences.parquet", |batch| {
        offences.extend(read_offences(batch, &customers)?);
        Some(())
    })?;
    let mut unit_suspects = Vec::new();
    read_batches(cycle, "unit_suspects.parquet", |batch| {
        unit_suspects.extend(read_unit_suspects(batch, &customers)?);
        Some(())
    })?;
    let mut findings = Vec::new();
    read_batches(cycle, "findings.parquet", |batch| read_of_tables(batch, &mut findings))?;
    let reading_files: BTreeMap<u32, FileBook> = (0..)
        .zip(folder.files(Table::MeterReadings))
        .filter_map(|(number, file)| Some((number, *books_by_name.get(file.file.name.as_str())?)))
        .collect();
    Ok(Facts {
        files_taken: reading_files.len(),
        reading_files,
        offences,
        unit_suspects,
        findings,
        ..judged(customers, counted, books(cycle)?, window)
    })
}

/// The facts that methods need: without files, offences, suspects and findings.
fn judged(customers: Customers, counted: PublishedFacts, books: Vec<TableBook>, window: Window) -> Facts {
    Facts {
        window,
        customers,
        usage: None,
        coverage: counted.coverage,
        reading_files: BTreeMap::new(),
        files_taken: 0,
        rows: counted.rows,
        profiles: counted.profiles,
        offences: Vec::new(),
        unit_suspects: Vec::new(),
        books,
        findings: Vec::new(),
        refusal: None,
    }
}

/// The table book of each table. A table without a book was not among the inputs.
fn books(cycle: &StoredCycle) -> Result<Vec<TableBook>, CycleError> {
    let mut books: Vec<TableBook> = Table::ALL.into_iter().map(TableBook::new).collect();
    read_batches(cycle, "reconciliation.parquet", |batch| read_reconciliation(batch, &mut books))?;
    Ok(books)
}

/// Annual energy and average price of accounts by themselves, in a cycle that publishes them by holder only.
pub(crate) struct AccountValues {
    customers: Customers,
    window: Window,
    energy: IndicatorColumn,
    price: IndicatorColumn,
}

impl AccountValues {
    /// Computes them from the facts of a cycle, which are counted by account; `None` for a cycle that grades accounts, since
    /// its indicators are those of accounts already.
    ///
    /// # Errors
    /// A table cannot be read, or was not written by gridtier.
    pub fn read(cycle: &StoredCycle) -> Result<Option<Self>, CycleError> {
        if !has_holders(cycle) {
            return Ok(None);
        }
        let customers = customers(cycle)?;
        let window = Manifest::read(cycle)?.window;
        let window = Window { end: window.end, months: window.months };
        let mut counted = PublishedFacts::new(customers.len(), window);
        let mut start = 0;
        read_batches(cycle, "facts.parquet", |batch| {
            counted.read(&with_missing_facts(batch)?, start, &customers)?;
            start += batch.num_rows();
            Some(())
        })?;
        let facts = judged(customers, counted, books(cycle)?, window);
        let registered = [ANNUAL_ENERGY, AVERAGE_PRICE].map(|place| &INDICATORS[place.index()]);
        let wanted =
            WantedIndicators { registered: &registered, own: &[], supply_costs: SupplyCosts::default() };
        let columns = indicator::compute(&facts, wanted);
        let mut columns =
            columns.map_err(|error| unreadable(&cycle.dir.join("facts.parquet"), error))?.into_iter();
        let (Some(energy), Some(price)) = (columns.next(), columns.next()) else { return Ok(None) };
        Ok(Some(Self { customers: facts.customers, window, energy, price }))
    }

    /// Annual energy in kWh and average price in yuan per kWh of an account that is open at the window's end; `None` where
    /// unknown. `near` is for accounts in order.
    pub fn of(&self, account: &str, near: &mut NearKey) -> [Option<f64>; 2] {
        let number = self.customers.ids.get_near(account, near).map(index);
        let number = number.filter(|&number| self.customers.rows[number].in_population(self.window));
        [&self.energy, &self.price].map(|column| number.and_then(|number| column.known(number)))
    }
}

/// Evaluates expressions of another method on the facts of a cycle. Skips an expression if the cycle has its column
/// already, or has not counted a fact that the expression uses.
///
/// # Errors
/// A table cannot be read, or was not written by gridtier.
pub fn express(stored: &StoredCycle, cycle: &mut Cycle, method: &Method) -> Result<(), CycleError> {
    let wanted = expressions_to_evaluate(cycle, method);
    if wanted.is_empty() {
        return Ok(());
    }
    let customers = customers(stored)?;
    let mut counted = PublishedFacts::new(customers.len(), cycle.window());
    let (mut start, mut missing) = (0, Vec::new());
    read_batches(stored, "facts.parquet", |batch| {
        missing = missing_facts(batch);
        counted.read(&with_missing_facts(batch)?, start, &customers)?;
        start += batch.num_rows();
        Some(())
    })?;
    // Parts of the day and demand are counted only for a method that asks for them.
    if cycle.method.reading_detail() != ReadingDetail::TimeOfUse {
        missing.extend(TIME_OF_USE.map(str::to_owned));
    }
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let known: Vec<Expression> =
        wanted.into_iter().filter(|expression| !expression.uses(&missing)).cloned().collect();
    let bug = |error: RunError| unreadable(&stored.dir.join("facts.parquet"), error);
    let facts = judged(customers, counted, books(stored)?, cycle.window());
    let columns = match cycle.method.grading_unit {
        GradingUnit::Account => indicator::own(&facts, &known).map_err(bug)?,
        GradingUnit::Holder => {
            let holders = Holders::of(&facts, cycle.method.wanted()).map_err(bug)?;
            indicator::own(&holders.facts, &known).map_err(bug)?
        }
    };
    cycle.expressed.extend(known.into_iter().zip(columns));
    Ok(())
}
