//! Whether the values of an export's column can be those of a contract column.
//!
//! The engine's own conversions decide, so that a draft never promises what a grading would reject.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use gridtier::contract::cell::{self, Dates, Integers, Scaling, Sign, TypeFault};
use gridtier::contract::declared::DecimalMark;
use gridtier::contract::{AMOUNT_CNY_MAX, Column, ColumnKind};

use super::names::DICTIONARY;

/// Date patterns that are tried where no value is understood without one. The first with the most values wins.
const DATE_FORMS: &[&str] =
    &["%Y%m%d", "%Y%m", "%Y%m%d%H%M%S", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d-%b-%Y"];

/// How many values of a column fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Values that are not empty and do not stand for "none".
    pub filled: usize,
    /// How many of them the contract column can hold.
    pub fitting: usize,
    /// The date pattern by which these values fit, if one must be declared.
    pub date_form: Option<&'static str>,
    /// Another pattern by which as many values fit.
    pub other_form: Option<&'static str>,
    /// Whether the values fit only if a decimal comma is declared.
    pub comma: bool,
}

impl Fit {
    /// Whether at least 19 of 20 values fit.
    pub fn is_good(&self) -> bool {
        self.fitting * 20 >= self.filled * 19
    }
}

/// How the values fit a column of a contract. Words are compared elsewhere.
pub fn fit(column: &Column, values: &[&str]) -> Fit {
    let filled: Vec<&str> = values.iter().copied().filter(|value| !DICTIONARY.is_null(value)).collect();
    let array: ArrayRef = Arc::new(StringViewArray::from_iter_values(&filled));
    let mut fit = Fit { filled: filled.len(), ..Fit::default() };
    match column.kind {
        ColumnKind::Date
        | ColumnKind::BoundedDate
        | ColumnKind::PlacingDate
        | ColumnKind::PlacingMonth
        | ColumnKind::PlacingTime
        | ColumnKind::Time => {
            fit_dates(column.kind, &array, &mut fit);
        }
        ColumnKind::Id | ColumnKind::Text | ColumnKind::Word(_) => fit.fitting = fit.filled,
        ColumnKind::Flag => fit.fitting = filled.iter().filter(|value| is_flag(value)).count(),
        ColumnKind::PowerFactor => {
            fit.fitting = filled.iter().filter(|value| power_factor(value).is_some()).count();
        }
        _ => fit_numbers(column.kind, &array, &mut fit),
    }
    fit
}

fn is_flag(value: &str) -> bool {
    DICTIONARY.flags.contains_key(value)
        || ["true", "false", "0", "1", "0.0", "1.0"].contains(&value.to_ascii_lowercase().as_str())
}

/// The standard that a text names: the number itself, or a text with one of the three in it.
pub fn power_factor(value: &str) -> Option<&'static str> {
    [("0.90", "0.9"), ("0.85", "0.85"), ("0.80", "0.8")]
        .into_iter()
        .find(|(_, short)| value.contains(short))
        .map(|(standard, _)| standard)
}

fn valid(cells: Result<Integers, TypeFault>) -> usize {
    cells.map_or(0, |cells| cells.states.iter().filter(|state| **state == cell::CellState::Ok).count())
}

fn fit_dates(kind: ColumnKind, array: &ArrayRef, fit: &mut Fit) {
    let read = |form| {
        let how = Dates { form, places: true, ..Dates::default() };
        valid(match kind {
            ColumnKind::PlacingMonth => cell::months(array, how),
            ColumnKind::PlacingTime | ColumnKind::Time => cell::times_us(array, how),
            _ => cell::dates(array, how),
        })
    };
    fit.fitting = read(None);
    for &form in DATE_FORMS {
        let fitting = read(Some(form));
        if fitting > fit.fitting {
            (fit.fitting, fit.date_form, fit.other_form) = (fitting, Some(form), None);
        } else if fitting == fit.fitting && fitting > 0 && fit.date_form.is_some() {
            fit.other_form = Some(form);
        }
    }
}

fn fit_numbers(kind: ColumnKind, array: &ArrayRef, fit: &mut Fit) {
    let [points, commas] = [DecimalMark::Point, DecimalMark::Comma].map(|mark| {
        let max = AMOUNT_CNY_MAX * 100;
        let scaling = Scaling { factor: 100, max, sign: Sign::Any, mark };
        match kind {
            ColumnKind::Count => valid(cell::counts(array, Sign::Any, mark)),
            _ => valid(cell::scaled(array, &scaling)),
        }
    });
    fit.fitting = points;
    if commas > fit.fitting {
        (fit.fitting, fit.comma) = (commas, true);
    }
}

#[cfg(test)]
mod tests {
    use gridtier::contract::Table;

    use super::*;

    fn fit_of(table: Table, column: &str, values: &[&str]) -> Fit {
        fit(table.column(column).unwrap(), values)
    }

    #[test]
    fn a_date_pattern_is_found_where_one_is_needed() {
        let found = fit_of(Table::Bills, "billing_month", &["202501", "202512"]);
        assert_eq!((found.fitting, found.date_form.or(Some("%Y%m"))), (2, Some("%Y%m")));
        let found = fit_of(Table::Bills, "due_on", &["31.01.2025", "无", "01.02.2025"]);
        assert_eq!((found.filled, found.fitting, found.date_form), (2, 2, Some("%d.%m.%Y")));
        let found = fit_of(Table::Bills, "due_on", &["01/02/2025", "03/04/2025"]);
        assert!(found.date_form.is_some() && found.other_form.is_some(), "day or month first? {found:?}");
        assert_eq!(fit_of(Table::Bills, "due_on", &["2025-01-31"]).date_form, None);
    }

    #[test]
    fn a_decimal_comma_is_found_where_a_point_does_not_fit() {
        assert!(!fit_of(Table::Bills, "amount_due", &["1,234.50", "12"]).comma);
        let found = fit_of(Table::Bills, "amount_due", &["1.234,50", "0,5"]);
        assert!(found.comma && found.is_good(), "{found:?}");
    }

    #[test]
    fn flags_and_standards_are_recognised_by_their_words() {
        let column = "aged_transformer_area";
        assert!(fit_of(Table::Customers, column, &["是", "否", "1"]).is_good());
        assert!(!fit_of(Table::Customers, column, &["城东", "城西"]).is_good());
        let found = fit_of(Table::Customers, "power_factor_standard", &["考核标准0.90", "0.85", "无"]);
        assert_eq!((found.filled, found.fitting), (2, 2));
    }
}
