//! What a service log says: promises against what happened, services due against delivered, contacts and their timers.
//!
//! Each module turns the figures of one part into sections, what needs attention first. What depends on an absent table
//! is told as not measured, which differs from 0.

mod words;
mod view;
mod withhold;
mod head;
#[cfg(test)]
mod fixture;
mod reliability;
pub mod promises;
pub mod delivered;
pub mod worklist;
pub mod contacts;
pub mod monthly;
pub mod policy;

pub use head::{absent_tables, head, not_measured};
pub use view::ServiceView;
