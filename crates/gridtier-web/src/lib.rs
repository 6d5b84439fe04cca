//! The local web view of a store. Its pages show the sections that every other renderer shows too.
//!
//! The server renders the pages, and they work without a script. They show results of the engine, which the use cases of
//! `gridtier-io` read or measure. This crate computes nothing itself, no URL contains a file path, and no page loads
//! anything from another machine.
//!
//! A module uses only the modules above it in this list.

mod secret;
mod settings;
mod guard;
mod asked;
mod answer;
mod fields;
mod file_body;
mod layout;
mod memory;
mod held;
mod whole;
mod view;
mod pages;
mod routes;
mod server;

pub use server::{ServeError, Server};
pub use settings::{DeliverySettings, HandbookSettings, Settings, SettingsError};

#[cfg(test)]
mod tests;
