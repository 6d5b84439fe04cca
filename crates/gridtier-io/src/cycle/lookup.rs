//! Why a customer is not in a cycle's graded population.

use std::collections::BTreeMap;

use gridtier::customer::Customers;
use gridtier::key::KeyIndex;
use gridtier::unit::{Window, date_of_day};

use super::error::{Absence, CycleError};
use super::load::customers;
use super::manifest::Manifest;
use crate::store::StoredCycle;

/// The error for a customer that is not in the graded population of a cycle, which says why.
pub(crate) fn absent(cycle: &StoredCycle, id: &str) -> CycleError {
    let why = customers(cycle)
        .and_then(|customers| Ok(absence(&customers, (&Manifest::read(cycle)?.window).into(), id)));
    match why {
        Ok(why) => CycleError::NoSuchCustomer { id: id.into(), why },
        Err(error) => error,
    }
}

fn absence(customers: &Customers, window: Window, id: &str) -> Absence {
    let day = |day: i32| date_of_day(day).map_or_else(String::new, |day| day.to_string());
    let Some(number) = customers.ids.get(id) else {
        let padded = WithoutZeros::of(&customers.ids);
        return padded
            .find(id)
            .map_or(Absence::Unknown, |likely| Absence::OtherZeros { likely: likely.into() });
    };
    let customer = &customers.rows[gridtier::index::index(number)];
    match customer.closed_on {
        _ if customer.opened_on >= window.end_day() => Absence::NotYetOpen { on: day(customer.opened_on) },
        Some(closed_on) => Absence::Closed { on: day(closed_on) },
        None => Absence::Unknown,
    }
}

/// Customers by their ids without zeros in front: exports that took an id for a number lose them.
pub(crate) struct WithoutZeros<'a>(BTreeMap<&'a str, Option<&'a str>>);

impl<'a> WithoutZeros<'a> {
    /// All customers.
    pub fn of(customers: &'a KeyIndex) -> Self {
        let mut by_digits = BTreeMap::new();
        for number in 0..u32::try_from(customers.len()).unwrap_or(u32::MAX) {
            let id = customers.key(number);
            // Where two customers have this id but for leading zeros, neither can be taken for the one that was meant.
            by_digits.entry(id.trim_start_matches('0')).and_modify(|known| *known = None).or_insert(Some(id));
        }
        Self(by_digits)
    }

    /// The only customer whose id differs from this one by zeros in front.
    pub fn find(&self, id: &str) -> Option<&'a str> {
        let known = *self.0.get(id.trim_start_matches('0'))?;
        known.filter(|known| *known != id)
    }
}
