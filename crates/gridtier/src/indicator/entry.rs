//! The type of the registry's entries, which describe one indicator each.

use std::fmt;

use super::{Direction, IndicatorValue};
use crate::contract::{SupplyLevel, Table};
use crate::fact::Facts;
use crate::word::Word;

/// An indicator of the default registry.
pub struct Indicator {
    /// Its name in methods and outputs.
    pub id: &'static str,
    /// Dimension that it belongs to by default.
    pub dimension: &'static str,
    /// Group that it belongs to by default.
    pub group: &'static str,
    /// Name in English.
    pub title: &'static str,
    /// Name in Chinese.
    pub title_zh: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Whether more is better.
    pub direction: Direction,
    /// Formula in English.
    pub formula: &'static str,
    /// Formula in Chinese.
    pub formula_zh: &'static str,
    /// When it does not apply or cannot be measured, in English.
    pub no_value: &'static str,
    /// The same in Chinese.
    pub no_value_zh: &'static str,
    /// The optional tables that the indicator needs, in addition to those of customers and energy.
    pub tables: &'static [Table],
    /// Whether any counted row has a value in the optional column that it needs; `None` where it needs none.
    pub carried: Option<fn(&Facts) -> bool>,
    /// How the values of a holder's accounts become one.
    pub fold: Fold,
    /// The words of the source paper that it is reconstructed from.
    pub origin: &'static str,
    /// Whether the customer can change it by behaviour within a cycle.
    pub lever: Lever,
    /// Evaluation for a customer.
    pub value: fn(&Facts, usize) -> IndicatorValue,
}

/// How the values of a holder's accounts become one (DATA section 5).
#[derive(Clone, Copy)]
pub enum Fold {
    /// The greatest.
    Greatest,
    /// Computed from the sums of the accounts' numerators and denominators.
    Sum(Summed),
}

/// How to find the numerator and denominator of an account's value, and the value that their sums give.
#[derive(Clone, Copy)]
pub struct Summed {
    /// Numerator and denominator of an account whose value is known: whole numbers, except for energy audits and costs.
    pub parts: fn(&Facts, usize, &SupplyCosts) -> [f64; 2],
    /// The value from the summed numerators and denominators.
    pub value: fn(&Facts, [f64; 2]) -> IndicatorValue,
    /// For numerator and denominator: whether only accounts that are open at the end of the window are summed.
    pub while_open: [bool; 2],
    /// Whether an account takes part in the sums; `None` if every account with a known value does.
    pub knows: Option<fn(&Facts, usize) -> bool>,
}

impl fmt::Debug for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indicator").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Summed {
    /// The part of the sums that an account contributes; `None` if it contributes nothing.
    pub(crate) fn counted(&self, [above, below]: [f64; 2], is_open: bool) -> Option<[f64; 2]> {
        match self.while_open {
            _ if is_open => Some([above, below]),
            [true, true] => None,
            [only_above, only_below] => {
                Some([if only_above { 0.0 } else { above }, if only_below { 0.0 } else { below }])
            }
        }
    }
}

impl Fold {
    /// Sums over all accounts for which the indicator is known.
    pub(super) const fn sum(
        parts: fn(&Facts, usize, &SupplyCosts) -> [f64; 2],
        value: fn(&Facts, [f64; 2]) -> IndicatorValue,
    ) -> Self {
        Self::Sum(Summed { parts, value, while_open: [false; 2], knows: None })
    }
}

/// What supplying a kilowatt-hour costs, by the method.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SupplyCosts {
    /// In CNY/kWh, by supply level.
    pub by_level: [f64; SupplyLevel::ALL.len()],
}

/// Whether the customer can change an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// By its own behaviour.
    Behaviour,
    /// Only by consuming or paying more, or not at all. Such changes are never advised.
    None,
}
