//! The values of a cycle for the indicators of another method (REGRADE section 3, *values*).

use std::borrow::Cow;

use crate::cycle::Cycle;
use crate::indicator::IndicatorColumn;
use crate::indicator::expression::Expression;
use crate::method::Method;

/// Where the values of an indicator are found.
enum FoundColumn<'a> {
    /// In the cycle's own column at that place.
    Column(usize),
    /// In a column that was evaluated for another method.
    Expressed(&'a IndicatorColumn),
}

/// The values of a cycle in the order of another method's indicators, by customer number; `None` if the cycle has not
/// published something that one of these indicators needs.
pub(super) fn values<'a>(cycle: &'a Cycle, method: &Method) -> Option<Cow<'a, [IndicatorColumn]>> {
    let found: Vec<FoundColumn> =
        (0..method.indicators.len()).map(|place| find(cycle, method, place)).collect::<Option<_>>()?;
    let mut places = found.iter().enumerate();
    if found.len() == cycle.columns.len()
        && places.all(|(place, found)| matches!(found, FoundColumn::Column(at) if *at == place))
    {
        return Some(Cow::Borrowed(&cycle.columns));
    }
    let columns = found.iter().map(|found| match found {
        FoundColumn::Column(at) => cycle.columns[*at].clone(),
        FoundColumn::Expressed(column) => (*column).clone(),
    });
    Some(Cow::Owned(columns.collect()))
}

/// Finds an indicator of the registry in the column that the cycle has published, and an indicator of the method's own
/// in a column of the same expression.
fn find<'a>(cycle: &'a Cycle, method: &Method, place: usize) -> Option<FoundColumn<'a>> {
    let Some(own) = place.checked_sub(method.registered.len()) else {
        let id = &method.indicators[place].id;
        let published = cycle.method.registered.iter().position(|indicator| indicator.id == id);
        return published.map(FoundColumn::Column);
    };
    let wanted = &method.own[own];
    if let Some(same) = cycle.method.own.iter().position(|known| known == wanted) {
        return Some(FoundColumn::Column(cycle.method.registered.len() + same));
    }
    let expressed = cycle.expressed.iter().find(|(known, _)| known == wanted);
    expressed.map(|(_, column)| FoundColumn::Expressed(column))
}

/// The expressions of a method for which a cycle of another method has no column; they must be evaluated on the cycle's
/// facts.
#[must_use]
pub fn expressions_to_evaluate<'a>(cycle: &Cycle, method: &'a Method) -> Vec<&'a Expression> {
    method.own.iter().filter(|wanted| !cycle.method.own.contains(wanted)).collect()
}
