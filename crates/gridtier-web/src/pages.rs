//! The pages, one module each: a function from the view and what is asked to a page.

pub mod store;
pub mod overview;
pub mod customers;
pub mod customer;
pub mod changes;
pub mod checks;
pub mod record;
pub mod tiers;
pub mod indicators;
pub mod quality;
pub mod entitlements;
pub mod whatif;
pub mod proposals;
