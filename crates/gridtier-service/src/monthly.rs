//! The monthly report: every figure with last month and the same month a year ago, problems first (SERVICE §8).
//!
//! The source asks for a true report, 如实反映, 杜绝报喜不报忧. So figures are not picked: they are the number columns of
//! the tables of results, and a month that may look better only because rows are missing is not called better.

pub mod rule;
pub mod improvement;
pub mod coverage;
pub mod facts;
pub mod judge;
pub mod sample;
pub mod report;
pub mod tables;

pub use report::MonthlyReport;

#[cfg(test)]
mod tests;
