//! The pages. Each module has a function that takes the view and the request and returns a page.

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
