//! Which services a tier gives: services, the tier × service matrix, and what each customer gets by it.
//!
//! The [`Catalogue`] is data that an operator can replace: services by SERVQUAL dimension, a cell for every tier,
//! conditions and prices. Parsing includes a lint, so that a catalogue cannot by mistake give a better tier less, or
//! withdraw what is owed to everybody. The services that a customer is entitled to are derived on demand from the
//! customer's row and the catalogue ([`grant`]), and never stored.

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

pub use catalogue::Catalogue;
pub use parse::{CATALOGUES, schema};

/// The version of the catalogue's format that this program reads.
pub const FORMAT: i64 = 1;
