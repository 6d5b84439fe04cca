//! gridtier, the engine: from the columns of a utility's tables to a graded customer base.
//!
//! The modules below stand in the order in which data flows; each uses only those above it. Facts come first,
//! judgement after: no weight, cut-off or tier can reach how a kilowatt-hour is counted. The engine opens no file,
//! reads no clock and no environment, and prints nothing.

pub mod billing;
pub mod contract;
pub mod customer;
pub mod document;
pub mod error;
pub mod event;
pub mod explain;
pub mod fact;
pub mod indicator;
pub mod key;
pub mod meter;
pub mod method;
pub mod output;
pub mod rows;
pub mod run;
pub mod score;
pub mod source;
pub mod tier;
pub mod unit;

#[cfg(test)]
mod memory;
