//! Files of gridtier: readers, writers, the store of cycles and the invented utility.
#![allow(missing_docs)]

pub mod unreadable;
pub mod limits;
pub mod hash;
pub mod config;
pub mod listing;
pub mod columns;
pub mod csv;
pub mod parquet;
pub mod ipc;
pub mod folder;
pub mod rejects;
pub mod sample;
pub mod store;
pub mod report;
pub mod publish;
pub mod recall;
pub mod schema;

#[cfg(test)]
mod example;
#[cfg(test)]
mod trial;
