//! Surveys: one engine, instruments as data (SERVICE §7).
//!
//! An instrument says what was asked; the answers of a survey become scores of respondents, and these become figures of
//! groups, tests, and the reliability of the scales. How many customers to ask, and whom, is planned before. Who is asked
//! follows from the frame and a seed, so that nobody picks the respondents.

mod distribution;
mod rank;
pub mod instrument;
pub mod frame;
pub mod respondent;
pub mod measure;
pub mod grouping;
pub mod counts;
pub mod scores;
pub mod hypothesis;
pub mod scale;
pub mod structure;
pub mod plan;
pub mod evaluation;
#[cfg(test)]
mod fixture;
