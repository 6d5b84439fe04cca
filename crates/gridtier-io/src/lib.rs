//! Files for gridtier: readers of a utility's tables, the store of cycles and their readers, and the use cases that a
//! command, a page or a test calls.
//!
//! The modules are listed in the order in which data flows; each module uses only those above it. Nothing here decides a
//! number.

pub mod system;
pub mod guard;
pub mod hash;
pub mod draft;
pub mod config;
pub mod listing;
pub mod columns;
pub mod csv;
pub mod parquet;
pub mod ipc;
pub mod workbook;
pub mod folder;
pub mod init;
pub mod rejects;
pub mod store;
pub mod cycle;
pub mod reuse;
pub mod publish;
pub mod results;
pub mod check;
pub mod govern;
pub mod compare;
pub mod gates;
pub mod inventory;
pub mod regrade;
mod inputs;
pub mod appeal;
pub mod recompute;
pub mod browse;
pub mod inspect;
pub mod agree;
pub mod export;
pub mod check_files;
pub mod service;
pub mod survey;
pub mod entitle;
pub mod customer_sheet;
pub mod report;
pub mod handbook;
pub mod report_workbook;
pub mod rehearse;
pub mod schema;

#[cfg(test)]
mod sg186_test;
#[cfg(test)]
mod test_folder;
