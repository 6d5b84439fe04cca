//! Checks that keep a malformed or malicious file from costing more than a refusal.
//!
//! The decoders of parquet and Arrow believe what a file says about itself: they reserve memory for as many values as a
//! header claims, and an allocation that fails ends the process. Here the claims are checked before a decoder sees them
//! (`parquet_footer`, `parquet_statistics`, `parquet_pages`, `ipc_messages`, `package`, `xls_records`) or while it reads (`row_group`, `delta`), against the limits in
//! [`limits`]; a panic of a decoder becomes an [`Unreadable`] ([`caught`]).
//!
//! These modules do not know what a file is about: they know no table, no rule and no unit.

mod unreadable;
pub mod limits;
mod cursor;
mod thrift;
pub(crate) mod parquet_footer;
pub(crate) mod parquet_statistics;
pub(crate) mod parquet_pages;
mod delta;
pub(crate) mod row_group;
pub(crate) mod ipc_messages;
pub(crate) mod package;
pub(crate) mod xls_records;

pub use unreadable::{CHECK_ACCESS, Unreadable, caught};
