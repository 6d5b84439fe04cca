//! gridtier, the engine: from the columns of a utility's tables to a graded customer base.
//!
//! The modules below stand in the order in which data flows; each uses only those above it. Facts come first,
//! judgement after: no weight, cut-off or tier can reach how a kilowatt-hour is counted. The engine opens no file,
//! reads no clock and no environment, and prints nothing.

pub mod index;
pub mod word;
pub mod unit;
pub mod checked_toml;
pub mod contract;
pub mod error;
pub mod source;
pub mod key;
pub mod rows;
pub mod customer;
pub mod meter;
pub mod billing;
pub mod incident;
pub mod plan;
pub mod cooperation;
pub mod energy_profile;
pub mod fact;
pub mod indicator;
pub mod mcda;
pub mod statistics;
pub mod method;
pub mod score;
pub mod tier;
pub mod run;
pub mod cycle;
pub mod robustness;
pub mod whatif;
pub mod cluster;
pub mod validate;
pub mod explain;
pub mod entitlement;
pub mod output;

#[cfg(test)]
mod memory;
