//! How the utility served its customers: promises and how they were kept, services that were due and what was
//! delivered, contacts with their timers, and surveys (SERVICE).
//!
//! The modules below are in the order in which data flows; each uses only those above it. A log of facts and a policy
//! come in, tables go out; no file is opened and no clock is read. Nothing here can change a score, because the
//! engine does not use this package. A tier measures what the customer does, but delivery is what the utility does.

pub mod time;
pub mod period;
pub mod base;
pub mod log;
pub mod policy;
pub mod estimate;
pub mod group;
pub mod interruption;
pub mod major_day;
pub mod reliability;
pub mod notice;
pub mod compensation;
pub mod proposal;
pub mod promise;
pub mod survey;
pub mod promise_figures;
pub mod promise_months;
pub mod slot;
pub mod due;
pub mod matching;
pub mod worklist;
pub mod delivered;
pub mod usage;
pub mod contact;
pub mod repeat;
pub mod timer;
pub mod fairness;
pub mod topic;
pub mod rate;
pub mod ageing;
pub mod contact_figures;
pub mod handbook;
pub mod output;
pub mod monthly;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod scene;
pub mod read;
