//! What every input table must look like, as data: the only module that names tables, columns and their rules.
//!
//! The readers, the conversions, the schema files and the messages all derive from the tables here, so that a column
//! has the same name in contracts and errors. [`cell`] turns a file's column into checked integers; [`rule`] names
//! what can be wrong with a row. Nothing here opens a file or decides what a value is worth.

pub mod declared;
pub mod rule;
pub mod cell;
mod vocabulary;
mod advice;
mod column;
mod service_tables;
mod table;

pub use column::{Column, ColumnKind};
pub use table::Table;
pub use vocabulary::{
    Area, Channel, CheckSubject, ContactKind, ContactOutcome, CooperationKind, CorrectionResult,
    CorrectionSubject, DayKind, ImportanceLevel, IncidentKind, IncidentStatus, LoadClass, OutageKind,
    Quality, RegisterKind, Responsibility, SupplyLevel, UseCategory,
};

/// Longest accepted key, in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// Largest accepted magnitude of one reading, in kWh or kvarh.
pub const READING_KWH_MAX: i64 = 1_000_000_000;
/// Largest accepted multiplier of a register, in thousandths.
pub const MULTIPLIER_E3_MAX: i64 = 1_000_000_000;
/// Largest accepted number of whole digits of a register.
pub const REGISTER_DIGITS_MAX: i64 = 12;
/// Largest accepted magnitude of an amount of money, in yuan.
pub const AMOUNT_CNY_MAX: i64 = 1_000_000_000_000;
/// Largest accepted count, such as customers affected or minutes of an outage.
pub const COUNT_MAX: i64 = 1_000_000_000;
/// First and last accepted year of the date that places a row in time.
pub const PLACED_YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;
