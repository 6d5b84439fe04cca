//! gridtier, the engine: from the columns of a utility's tables to a graded customer base.
//!
//! The modules below are in the order in which data flows; each uses only those above it. Facts come first, judgement
//! after: no weight, cut-off or tier can influence how a kilowatt-hour is counted. The engine opens no file, reads no
//! clock and no environment, and prints nothing.
//!
//! What is computed and why: [the method](pages::method), [its checks](pages::checks),
//! [entitlements](pages::entitlements).
//!
//! # Example
//!
//! Ten customers with three years of readings and bills, graded by the shipped method `paper`:
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::{ArrayRef, RecordBatch, StringArray};
//! use gridtier::{MemorySource, Method, Month, Previous, Table, Tier, regrade};
//!
//! // All columns as text here; numbers and dates of any Arrow type do as well.
//! fn batch<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> RecordBatch {
//!     RecordBatch::try_from_iter(names.into_iter().enumerate().map(|(at, name)| {
//!         let column: StringArray = rows.iter().map(|row| Some(row[at].as_str())).collect();
//!         (name, Arc::new(column) as ArrayRef)
//!     }))
//!     .unwrap()
//! }
//!
//! let end = Month::new(2026, 1);
//! let (mut customers, mut readings, mut bills) = (Vec::new(), Vec::new(), Vec::new());
//! for customer in 1..=10 {
//!     let id = format!("{customer:04}");
//!     customers.push([id.as_str(), "other", "low_voltage", "0.90", "2000-01-01", "false"].map(str::to_owned));
//!     for months_back in 1..=36 {
//!         let (month, kwh) = (end.plus(-months_back), 100 * customer);
//!         readings.push([id.clone(), format!("{month}-01"), kwh.to_string(), (kwh / 4).to_string()]);
//!         bills.push([format!("{id} {month}"), id.clone(), month.to_string(), kwh.to_string(), format!("{month}-28")]);
//!     }
//! }
//! let columns =
//!     ["customer_id", "use_category", "supply_level", "power_factor_standard", "opened_on", "aged_transformer_area"];
//! let source = MemorySource::default()
//!     .with(Table::Customers, batch(columns, &customers))
//!     .with(Table::MeterReadings, batch(["customer_id", "read_at", "active_kwh", "reactive_kvarh"], &readings))
//!     .with(Table::Bills, batch(["bill_id", "customer_id", "billing_month", "amount_due", "due_on"], &bills));
//!
//! let method = Method::preset("paper").unwrap()?;
//! let graded = regrade(&source, end, &method, &Previous::new(), None, Vec::new())?;
//! // In the order of ids: 10 % special, 30 % grade 1, 50 % grade 2, 10 % grade 3.
//! assert_eq!((graded.tiers.tier[9], graded.tiers.tier[0]), (Tier::Special, Tier::Grade3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod index;
pub mod word;
pub mod text;
pub mod phrase;
pub mod unit;
mod digits;
mod vectors;
mod id_words;
mod id_numbers;
mod aside;
pub mod checked_toml;
pub mod contract;
pub mod error;
pub mod source;
pub mod memory;
pub mod key;
pub mod rows;
mod delivery;
pub mod patch;
pub mod customer;
pub mod service_months;
pub mod meter;
pub mod register;
pub mod billing;
pub mod incident;
pub mod plan;
pub mod cooperation;
pub mod energy_profile;
pub mod fact;
pub mod indicator;
pub mod holder;
pub mod mcda;
pub mod statistics;
pub mod method;
pub mod stratum;
pub mod score;
pub mod tier;
pub mod limit;
pub mod run;
pub mod cycle;
pub mod robustness;
pub mod whatif;
pub mod cluster;
pub mod validate;
pub mod gate;
pub mod decision;
pub mod history;
pub mod explain;
pub mod compare;
pub mod appeal;
pub mod improvement;
pub mod inspection;
pub mod entitlement;
pub mod rehearsal;
pub mod output;
pub mod pages;

#[cfg(test)]
mod fixture;

pub use contract::Table;
pub use error::{Refusal, RunError};
pub use fact::Facts;
pub use memory::MemorySource;
pub use method::{Method, Tier};
pub use run::{Graded, judge, regrade};
pub use score::Scores;
pub use source::{Finding, Source};
pub use tier::{Previous, Tiers};
pub use unit::{Month, Window};
