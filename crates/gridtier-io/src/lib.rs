//! Files of gridtier: readers, writers, the store of cycles and the invented utility.
#![allow(missing_docs)]

pub mod columns;
pub mod config;
pub mod csv;
pub mod folder;
pub mod hash;
pub mod ipc;
pub mod limits;
pub mod listing;
pub mod parquet;
pub mod publish;
pub mod recall;
pub mod rejects;
pub mod report;
pub mod sample;
pub mod schema;
pub mod store;
pub mod unreadable;

#[cfg(test)]
mod example;
#[cfg(test)]
mod trial;
