//! Files of gridtier: readers, writers, the store of cycles and the invented utility.
#![allow(missing_docs)]

pub mod sample;
pub mod store;
