//! What a survey asks: items in dimensions, a scale, and what else a response carries.
//!
//! A checked [`Instrument`] is made by [`Instrument::parse`] only. Wordings are data; nothing here depends on what an
//! item says.

mod definition;
mod raw;
mod build;
mod parse;

pub use definition::{
    Instrument, InstrumentKind, MONEY, SurveyDimension, SurveyForm, SurveyItem, TOTAL, ValueRole,
    item_column, weight_column,
};
pub use parse::{INSTRUMENTS, schema};
