//! The invented power utility that gridtier's demo, tests and benches grade.
//!
//! Real accounts cannot be published, and a small table written by hand lacks everything that makes grading hard: a few
//! customers with most of the energy, seasons, short histories, bad payers, corrections of bills, and faulty files.
//! [`write()`] invents a utility by a [`SampleSpec`] and writes all its tables.
//!
//! Every cell is a pure function of the seed, the table, the customer and the month (`draw`): any month can be written
//! alone, on any number of threads, and the same specification gives the same bytes on any machine. Memory is bounded by
//! the number of customers and one row group per thread, not by the number of readings.
//!
//! ```
//! use gridtier::contract::Table;
//! use gridtier_sample::SampleSpec;
//!
//! let dir = tempfile::tempdir()?;
//! let spec = SampleSpec { customers: 20, months: 3, ..SampleSpec::demo() };
//! let summary = gridtier_sample::write(dir.path(), &spec)?;
//! assert!(summary.rows(Table::Customers) >= 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules, in reading order: `draw` makes random numbers from keys, `category` describes each use category,
//! `population` draws the customers, `succession` says what becomes of them in the window that follows, `energy` what they use in a month, `output` writes files; `customers`, `readings`,
//! `money` and `events` write the tables, each with its planted faults. `service` writes what the utility did for its
//! customers in the last year of the window, and `survey` what they think of it.
//!
//! Nothing here reads or grades a table. Names, tariffs and rates are made up.

mod draw;
mod category;
mod population;
mod succession;
mod energy;
mod output;
mod customers;
mod readings;
mod money;
mod events;
mod service;
mod survey;

use std::path::{Path, PathBuf};

use gridtier::contract::Table;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{Month, Window};

use self::output::WrittenTable;
use self::population::SampleUtility;

/// Stands in place of a rule for rows that repeat another row.
pub const DUPLICATES: &str = "duplicates";
/// Stands in place of a rule for rows dated outside the window.
pub const OUT_OF_WINDOW: &str = "out_of_window";

/// Largest number of customers.
const CUSTOMERS_MAX: u32 = 10_000_000;

/// How often a meter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleCadence {
    /// Once a month, in whole kWh.
    Monthly,
    /// Once a day, in 0.01 kWh.
    Daily,
    /// Every quarter of an hour, in Wh.
    QuarterHour,
}

/// Whether the tables have faulty rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFaults {
    /// Clean tables.
    None,
    /// A few in each table, with at most ten rejects: below the default limits of a grading.
    Few,
}

/// The files of the readings; each other table is one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleLayout {
    /// `meter_readings.parquet`.
    Flat,
    /// `meter_readings/2023-01.parquet` and so on, one file for each month.
    MonthlyFiles,
}

/// Which utility to invent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleSpec {
    /// Number of customers, at most 10,000,000.
    pub customers: u32,
    /// Length of the window in months.
    pub months: u32,
    /// Year and month (1 to 12) after the window; its first day is the `--as-of` of a grading.
    pub end: (i32, u32),
    /// How often meters are read.
    pub cadence: SampleCadence,
    /// Seed of the random numbers: another seed gives another utility.
    pub seed: u64,
    /// Whether to plant faulty rows.
    pub faults: SampleFaults,
    /// The files of the readings.
    pub layout: SampleLayout,
    /// How many windows after the first: 0 writes the window that ends at `end`, 1 the one after it with the same
    /// customers, some of whom have changed.
    pub windows_later: u32,
}

impl SampleSpec {
    /// The utility of `gridtier demo`: 3,000 customers read monthly over 2023 to 2025, with a few faults.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            customers: 3_000,
            months: 36,
            end: (2026, 1),
            cadence: SampleCadence::Monthly,
            seed: 20_260_101,
            faults: SampleFaults::Few,
            layout: SampleLayout::Flat,
            windows_later: 0,
        }
    }

    /// The first month after the window that is written.
    #[must_use]
    pub fn as_of(&self) -> Month {
        let (year, month) = self.end;
        Month::new(year, month).plus((self.months * self.windows_later).cast_signed())
    }

    /// Checks the numbers and returns the window.
    fn window(&self) -> Result<Window, SampleError> {
        let (year, month) = self.end;
        if !(1..=CUSTOMERS_MAX).contains(&self.customers) {
            return Err(SampleError::Customers { asked: self.customers });
        }
        if !(1..=12).contains(&month) || !(1971..=2199).contains(&year) {
            return Err(SampleError::End { year, month });
        }
        let end = Month::new(year, month);
        // Some planted rows are dated in the month before the window, which must not lie before 1970: a date before 1970
        // breaks a different rule from a date outside the window.
        if self.months == 0 || i64::from(self.months) >= i64::from(end.0) {
            return Err(SampleError::Months { asked: self.months, most: end.0 - 1 });
        }
        Ok(Window { end, months: self.months })
    }
}

/// The number of rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The table.
    pub table: Table,
    /// Its rows, planted ones included.
    pub rows: u64,
}

/// Faulty rows that a check must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlantedFault {
    /// Their table.
    pub table: Table,
    /// Code of the rule that they break, [`DUPLICATES`] or [`OUT_OF_WINDOW`].
    pub rule: &'static str,
    /// How many rows the check must count; for `unit_suspect`, how many months of a customer.
    pub rows: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleSummary {
    /// Rows by table, in the order of the tables in [`Table`].
    pub tables: Vec<RowCount>,
    /// Planted faults, in the order of their tables.
    pub faults: Vec<PlantedFault>,
}

impl SampleSummary {
    fn new(mut written: Vec<WrittenTable>) -> Self {
        written.sort_by_key(|one| one.table);
        let tables = written.iter().map(|one| RowCount { table: one.table, rows: one.rows }).collect();
        let faults = written.iter().flat_map(WrittenTable::faults).collect();
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

/// Why the utility was not written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Too few or too many customers.
    #[error("{asked} customers cannot be invented; ask for 1 to {CUSTOMERS_MAX}")]
    Customers {
        /// The number asked for.
        asked: u32,
    },
    /// The end of the window is not a month.
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

impl SampleError {
    /// The error in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Customers { asked } => text!(
                "{asked} customers cannot be invented; ask for 1 to {CUSTOMERS_MAX}",
                "无法虚构 {asked} 个客户；请给出 1 到 {CUSTOMERS_MAX}"
            ),
            Self::End { year, month } => text!(
                "{year}-{month:02} is no month that a window can end at; give one from 1971-01 to 2199-12",
                "统计窗口不能以 {year}-{month:02} 结束；请给出 1971-01 到 2199-12"
            ),
            Self::Months { asked, most } => text!(
                "a window of {asked} months is empty or reaches back beyond 1970; ask for 1 to {most}",
                "{asked} 个月的窗口为空，或早于 1970 年；请给出 1 到 {most}"
            ),
            Self::NotEmpty { dir } => text!(
                "{dir} is not empty; name a new folder, so that invented and real tables never mix",
                "{dir} 不是空文件夹；请另取新文件夹，以免虚构与真实的表混在一起",
                dir = dir.display()
            ),
            Self::Io { path, source } => cannot_write(path, source),
            Self::Parquet { path, source } => cannot_write(path, source),
            Self::Csv { path, source } => cannot_write(path, source),
        }
    }
}

fn cannot_write(path: &Path, source: &dyn std::error::Error) -> Text {
    let path = path.display();
    text!("cannot write {path}: {source}", "无法写入 {path}：{source}")
}

/// Writes all tables of the utility into `dir`, which is created unless it exists and is empty.
///
/// # Errors
/// The specification is out of range, the folder has files, or a file cannot be written.
pub fn write(dir: &Path, spec: &SampleSpec) -> Result<SampleSummary, SampleError> {
    let utility = utility(spec)?;
    output::whole_folder(dir, |dir| write_tables(dir, &utility, spec.layout))
}

fn write_tables(
    dir: &Path,
    utility: &SampleUtility,
    layout: SampleLayout,
) -> Result<SampleSummary, SampleError> {
    let (readings, others) = rayon::join(
        || readings::write(dir, utility, layout),
        || -> Result<Vec<WrittenTable>, SampleError> {
            let (bills, payments) = money::write(dir, utility)?;
            Ok(vec![
                customers::write(dir, utility)?,
                bills,
                payments,
                events::incidents(dir, utility)?,
                events::plans(dir, utility)?,
                events::cooperation(dir, utility)?,
                events::energy_profiles(dir, utility)?,
            ])
        },
    );
    let mut written = others?;
    written.push(readings?);
    Ok(SampleSummary::new(written))
}

/// Writes the service log of the utility into `dir`, which is created unless it exists and is empty: what happened to the
/// customers of [`write()`] in the last year of the window, and what the utility did for them.
///
/// The days off and the moved working days are those of 2025, whatever the window.
///
/// # Errors
/// As for [`write()`].
pub fn write_service(dir: &Path, spec: &SampleSpec) -> Result<SampleSummary, SampleError> {
    let utility = utility(spec)?;
    output::whole_folder(dir, |dir| service::write(dir, &utility).map(SampleSummary::new))
}

/// Writes a survey of the utility's customers into `dir`, which is created unless it exists and is empty: who was asked in
/// the last months of the window, and the answers to the 22 statements of the instrument `servqual`.
///
/// # Errors
/// As for [`write()`].
pub fn write_survey(dir: &Path, spec: &SampleSpec) -> Result<SampleSummary, SampleError> {
    let utility = utility(spec)?;
    output::whole_folder(dir, |dir| survey::write(dir, &utility).map(SampleSummary::new))
}

/// The utility in the window that is written.
fn utility(spec: &SampleSpec) -> Result<SampleUtility, SampleError> {
    let window = spec.window()?;
    let first = SampleUtility::new(spec.seed, window, spec.customers, spec.cadence, spec.faults);
    Ok((0..spec.windows_later).fold(first, |utility, _| utility.next_window()))
}

#[cfg(test)]
mod tests;
