//! The local web view of a store: pages of the sections that every other renderer shows.
//!
//! Pages are made on the server and work without a script. What they show are results of the engine, read or measured by the
//! use cases of `gridtier-io`; nothing is computed here, no URL holds the path of a file, and nothing is asked of another
//! machine.
//!
//! The modules stand in the order in which they build on each other; each uses only those above it.

mod secret;
mod settings;
mod guard;
mod asked;
mod answer;
mod fields;
mod layout;
mod held;
mod view;
mod pages;
mod routes;
mod server;

pub use server::{ServeError, Server};
pub use settings::{Settings, SettingsError};

#[cfg(test)]
mod tests;
