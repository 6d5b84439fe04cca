//! What a tier entitles to: services, the tier × service matrix, and each customer's own share of it.
//!
//! The [`Catalogue`] is data that an operator replaces: services by SERVQUAL dimension, a cell for every tier, conditions
//! and prices. It can only be made from text that passed its lint, so that a better tier cannot have got less by a slip
//! and nothing that is owed to everybody can have been withdrawn. What a customer is due is derived from its row and the
//! catalogue when somebody asks ([`grant`]) and kept nowhere. How a customer came to its tier is not known here.

pub mod condition;
pub mod service;
pub mod offer;
mod raw;
mod build;
pub mod catalogue;
mod lint;
mod parse;
pub mod grant;
pub mod selection;
pub mod census;
pub mod recovery;
pub mod change;
pub mod application;
pub mod view;

pub use catalogue::Catalogue;
pub use parse::{CATALOGUES, schema};

/// The version of the catalogue's format that this program reads.
pub const FORMAT: i64 = 1;
