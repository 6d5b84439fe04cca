//! The values of a cycle for the indicators of another method (REGRADE section 3, *values*).

use std::borrow::Cow;

use crate::cycle::Cycle;
use crate::indicator::IndicatorColumn;
use crate::indicator::expression::Expression;
use crate::method::Method;

/// Where the values of an indicator are.
enum Found<'a> {
    /// In the cycle's own column at that place.
    Column(usize),
    /// In a column that was evaluated for another method.
    Expressed(&'a IndicatorColumn),
}

/// The values of a cycle in the order of another method's indicators, by customer number; `None` if the cycle has not
/// published what one of them needs.
pub(super) fn values<'a>(cycle: &'a Cycle, method: &Method) -> Option<Cow<'a, [IndicatorColumn]>> {
    let found: Vec<Found> =
        (0..method.indicators.len()).map(|place| find(cycle, method, place)).collect::<Option<_>>()?;
    let is_own_place = |(place, found): (usize, &Found)| matches!(found, Found::Column(at) if *at == place);
    if found.len() == cycle.columns.len() && found.iter().enumerate().all(is_own_place) {
        return Some(Cow::Borrowed(&cycle.columns));
    }
    let column = |found: &Found| match found {
        Found::Column(at) => cycle.columns[*at].clone(),
        Found::Expressed(column) => (*column).clone(),
    };
    Some(Cow::Owned(found.iter().map(column).collect()))
}

/// An indicator of the registry as published; one of the method's own from a column of the same expression.
fn find<'a>(cycle: &'a Cycle, method: &Method, place: usize) -> Option<Found<'a>> {
    let Some(own) = place.checked_sub(method.registered.len()) else {
        let id = &method.indicators[place].id;
        let published = cycle.method.registered.iter().position(|indicator| indicator.id == id);
        return published.map(Found::Column);
    };
    let wanted = &method.own[own];
    if let Some(same) = cycle.method.own.iter().position(|known| known == wanted) {
        return Some(Found::Column(cycle.method.registered.len() + same));
    }
    let expressed = cycle.expressed.iter().find(|(known, _)| known == wanted);
    expressed.map(|(_, column)| Found::Expressed(column))
}

/// The expressions of a method that a cycle of another method has no column for: to be evaluated on the cycle's facts.
#[must_use]
pub fn expressions_to_evaluate<'a>(cycle: &Cycle, method: &'a Method) -> Vec<&'a Expression> {
    let is_missing = |wanted: &&Expression| !cycle.method.own.contains(wanted);
    method.own.iter().filter(is_missing).collect()
}
