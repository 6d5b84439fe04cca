//! An invented power utility: what a newcomer grades in the first minute, and what the engine is measured on.
//!
//! Real accounts cannot be published, and a small table written by hand hides what makes grading hard: a few customers
//! with most of the energy, seasons, short histories, bad payers, corrections of bills, and files that are not clean.
//! Every cell is a pure function of the seed, the table, the customer and the month (see `draw`), so any month can be
//! written alone, on any number of threads, and the same specification gives the same bytes on any machine. Memory is
//! bounded by the number of customers and one row group per thread, not by the number of readings.
//!
//! The modules, in order of flow: `draw` makes numbers out of keys, `category` says how each kind of customer uses
//! energy, `population` who the customers are, `energy` what they use in a month, `output` how files are written;
//! `customers`, `readings`, `money` and `events` write the tables, each with its own planted faults.
//!
//! Nothing here reads or grades a table, and no figure is that of a real utility: names, tariffs and rates are made up.

mod category;
mod customers;
mod draw;
mod energy;
mod events;
mod money;
mod output;
mod population;
mod readings;

use std::path::{Path, PathBuf};

use gridtier::contract::Table;
use gridtier::unit::{Month, Window};

use self::output::Written;
use self::population::Utility;

/// What is counted neither as a reject nor as a fact: surplus rows of equal content.
pub const DUPLICATES: &str = "duplicates";
/// What is counted neither as a reject nor as a fact: rows placed outside the window.
pub const OUT_OF_WINDOW: &str = "out_of_window";

/// Most customers that can be asked for.
const CUSTOMERS_MAX: u32 = 10_000_000;

/// How often a meter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Once a month, in whole kWh.
    Monthly,
    /// Once a day, in 0.01 kWh.
    Daily,
    /// Every quarter of an hour, in Wh.
    QuarterHour,
}

/// Whether the tables hold rows that a check must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// Clean tables.
    None,
    /// A handful in each table, at most ten rejects: under the default limits of a grading.
    Few,
}

/// How the readings are laid out; the other tables are one file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `meter_readings.parquet`.
    Flat,
    /// `meter_readings/2023-01.parquet` and so on, one file for each month.
    MonthlyFiles,
}

/// Which utility to invent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleSpec {
    /// Number of customers.
    pub customers: u32,
    /// Length of the window in months.
    pub months: u32,
    /// Year and month (1 to 12) after the window: its first day is the `--as-of` of a grading.
    pub end: (i32, u32),
    /// How often meters are read.
    pub cadence: Cadence,
    /// Another seed is another utility.
    pub seed: u64,
    /// Whether to plant faults.
    pub faults: Faults,
    /// Files of the readings.
    pub layout: Layout,
}

impl SampleSpec {
    /// The utility of `gridtier demo`: 3,000 customers read monthly over 2023 to 2025, with a few faults.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            customers: 3_000,
            months: 36,
            end: (2026, 1),
            cadence: Cadence::Monthly,
            seed: 20_260_101,
            faults: Faults::Few,
            layout: Layout::Flat,
        }
    }

    /// The window, once every number is known to be usable.
    fn window(&self) -> Result<Window, SampleError> {
        let (year, month) = self.end;
        if !(1..=CUSTOMERS_MAX).contains(&self.customers) {
            return Err(SampleError::Customers { asked: self.customers });
        }
        if !(1..=12).contains(&month) || !(1971..=2199).contains(&year) {
            return Err(SampleError::End { year, month });
        }
        let end = Month::new(year, month);
        // One month is left free in 1970: planted rows lie just before the window, and a date before 1970 is
        // another fault than a date outside the window.
        if self.months == 0 || i64::from(self.months) >= i64::from(end.0) {
            return Err(SampleError::Months { asked: self.months, most: end.0 - 1 });
        }
        Ok(Window { end, months: self.months })
    }
}

/// Rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// The table.
    pub table: Table,
    /// Its rows, planted ones included.
    pub rows: u64,
}

/// Rows that a check must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlantedFault {
    /// The table that holds them.
    pub table: Table,
    /// Code of the contract's rule, [`DUPLICATES`] or [`OUT_OF_WINDOW`].
    pub rule: &'static str,
    /// How many rows the check must count; for `unit_suspect` how many months of a customer.
    pub rows: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleSummary {
    /// Rows by table, in the order of [`Table::ALL`].
    pub tables: Vec<TableRows>,
    /// Planted faults, in the order of their tables.
    pub faults: Vec<PlantedFault>,
}

impl SampleSummary {
    fn new(mut written: Vec<Written>) -> Self {
        written.sort_by_key(|one| one.table);
        let tables = written.iter().map(|one| TableRows { table: one.table, rows: one.rows }).collect();
        let faults = written.iter().flat_map(Written::faults).collect();
        Self { tables, faults }
    }

    /// Rows of one table.
    #[must_use]
    pub fn rows(&self, table: Table) -> u64 {
        self.tables.iter().find(|one| one.table == table).map_or(0, |one| one.rows)
    }

    /// Rows planted in one table under one rule.
    #[must_use]
    pub fn planted(&self, table: Table, rule: &str) -> u64 {
        self.faults.iter().filter(|one| one.table == table && one.rule == rule).map(|one| one.rows).sum()
    }
}

/// Why no utility was written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Too few or too many customers.
    #[error("{asked} customers cannot be invented; ask for 1 to {CUSTOMERS_MAX}")]
    Customers {
        /// The number asked for.
        asked: u32,
    },
    /// The window's end is no month.
    #[error("{year}-{month:02} is no month that a window can end at; give one from 1971-01 to 2199-12")]
    End {
        /// Year asked for.
        year: i32,
        /// Month asked for.
        month: u32,
    },
    /// The window is empty or begins before 1970.
    #[error("a window of {asked} months is empty or reaches back beyond 1970; ask for 1 to {most}")]
    Months {
        /// Months asked for.
        asked: u32,
        /// Most months possible before this end.
        most: i32,
    },
    /// The folder holds files.
    #[error("{} is not empty; name a new folder, so that invented and real tables never mix", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// A file or folder could not be made or written.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A parquet file could not be written.
    #[error("cannot write {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// A CSV file could not be written.
    #[error("cannot write {}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: csv::Error,
    },
}

/// Writes all tables of the utility into `dir`, which is made if need be and must be empty.
pub fn write(dir: &Path, spec: &SampleSpec) -> Result<SampleSummary, SampleError> {
    let window = spec.window()?;
    output::claim(dir)?;
    let utility = Utility::new(spec.seed, window, spec.customers, spec.cadence, spec.faults);
    let (readings, others) = rayon::join(
        || readings::write(dir, &utility, spec.layout),
        || -> Result<Vec<Written>, SampleError> {
            let (bills, payments) = money::write(dir, &utility)?;
            Ok(vec![
                customers::write(dir, &utility)?,
                bills,
                payments,
                events::incidents(dir, &utility)?,
                events::plans(dir, &utility)?,
                events::cooperation(dir, &utility)?,
                events::energy_profiles(dir, &utility)?,
            ])
        },
    );
    let mut written = others?;
    written.push(readings?);
    Ok(SampleSummary::new(written))
}

#[cfg(test)]
mod tests;
