//! Measured values with unit and direction, computed from facts.
//!
//! A value is known; or does not apply to the customer; or applies but cannot be measured. The last two are never 0.
//! The built-in indicators are in the [`registry`], each with everything that defines it; an analyst's own indicators
//! are expressions over the facts ([`expression`]). The score decides how good a value is.

pub mod column;
pub mod expression;
mod entry;
mod formula;
mod further;
pub mod registry;

use rayon::prelude::*;

use crate::error::RunError;
use crate::fact::Facts;
use expression::Expression;

pub use column::IndicatorColumn;
pub use registry::{INDICATORS, Indicator, SupplyCosts};

/// The three dimensions of the method, in order.
pub const DIMENSIONS: [&str; 3] = ["contribution", "compliance", "cooperation"];

/// Results have a column of this ending for each indicator: whether its value is known.
pub const STATUS_SUFFIX: &str = "_status";

crate::words! {
    /// Whether more is better.
    Direction "direction" {
        /// More is better.
        More "+" "more is better" "越大越好",
        /// Less is better.
        Less "-" "less is better" "越小越好",
    }
}

/// One customer's value of an indicator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IndicatorValue {
    /// Measured.
    Known(f64),
    /// The indicator does not apply to the customer.
    NotApplicable,
    /// The indicator applies but cannot be measured.
    Unknown,
}

impl IndicatorValue {
    /// A measured value, or unknown if the number is not finite.
    #[must_use]
    pub fn finite(x: f64) -> Self {
        if x.is_finite() { Self::Known(x) } else { Self::Unknown }
    }

    /// The measured value; `None` if there is none.
    #[must_use]
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Known(x) => Some(x),
            Self::NotApplicable | Self::Unknown => None,
        }
    }

    /// The word of the status column.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::NotApplicable => "na",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the data that an indicator needs were delivered: its tables exist, empty or not, and a counted row has the
/// optional column from which the indicator is computed. The data of an indicator of the method's own always count as
/// delivered.
#[must_use]
pub fn is_delivered(id: &str, facts: &Facts) -> bool {
    registry::find(id).is_none_or(|indicator| {
        indicator.tables.iter().all(|&table| facts.present(table))
            && indicator.carried.is_none_or(|carried| carried(facts))
    })
}

/// The indicators that are computed for each customer: entries of the registry, then expressions over the facts.
#[derive(Clone, Copy)]
pub struct WantedIndicators<'a> {
    /// Entries of the registry.
    pub registered: &'a [&'static Indicator],
    /// The method's own indicators.
    pub own: &'a [Expression],
    /// The method's costs of supply, which `profit` needs.
    pub supply_costs: SupplyCosts,
}

/// Computes the wanted indicators, by customer number.
///
/// # Errors
/// An expression fails on data although it was checked, which is a bug.
pub fn compute(facts: &Facts, wanted: WantedIndicators) -> Result<Vec<IndicatorColumn>, RunError> {
    let mut columns = registered(facts, wanted);
    columns.extend(expression::evaluate(facts, wanted.own)?);
    Ok(columns)
}

/// Computes the wanted indicators of the registry, by customer number.
pub(crate) fn registered(facts: &Facts, wanted: WantedIndicators) -> Vec<IndicatorColumn> {
    let customers = facts.rows.len();
    let columns = wanted.registered.iter().map(|indicator| {
        let all = (0..customers).into_par_iter();
        match indicator.id {
            "profit" => all.map(|customer| formula::profit(facts, customer, &wanted.supply_costs)).collect(),
            _ => all.map(|customer| (indicator.value)(facts, customer)).collect(),
        }
    });
    columns.collect()
}

/// Computes the method's own indicators, by customer number.
///
/// # Errors
/// An expression fails on data although it was checked, which is a bug.
pub fn own(facts: &Facts, own: &[Expression]) -> Result<Vec<IndicatorColumn>, RunError> {
    expression::evaluate(facts, own)
}

#[cfg(test)]
mod tests;
