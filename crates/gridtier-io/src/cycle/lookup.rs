//! Why a customer is not in a cycle's graded population.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use gridtier::customer::Customers;
use gridtier::key::KeyIndex;
use gridtier::output::facts::read_customers;
use gridtier::unit::{Window, date_of_day};

use super::error::{Absence, CycleError, other_columns};
use super::manifest::Manifest;
use super::table::{read_columns, rows_of_id};
use crate::store::StoredCycle;

/// The error that says why a customer is not in the graded population of a cycle.
pub(crate) fn absent(cycle: &StoredCycle, id: &str) -> CycleError {
    match absence(cycle, id) {
        Ok(why) => CycleError::NoSuchCustomer { id: id.into(), why },
        Err(error) => error,
    }
}

/// Why a customer is absent. This reads only the ids of other customers, so that somebody who mistyped an id gets the
/// answer quickly.
fn absence(cycle: &StoredCycle, id: &str) -> Result<Absence, CycleError> {
    let Some(rows) = rows_of_id(cycle, CUSTOMERS, id)? else {
        let likely = with_other_zeros(cycle, id)?;
        return Ok(likely.map_or(Absence::Unknown, |likely| Absence::OtherZeros { likely }));
    };
    let mut own = Customers::default();
    read_customers(&rows, &mut own).ok_or_else(|| other_columns(cycle, CUSTOMERS))?;
    let end_day = Window::from(&Manifest::read(cycle)?.window).end_day();
    let day = |day: i32| date_of_day(day).map_or_else(String::new, |day| day.to_string());
    Ok(match own.rows.first() {
        Some(customer) if customer.opened_on >= end_day => {
            Absence::NotYetOpen { on: day(customer.opened_on) }
        }
        Some(customer) => {
            customer.closed_on.map_or(Absence::Unknown, |closed_on| Absence::Closed { on: day(closed_on) })
        }
        None => Absence::Unknown,
    })
}

const CUSTOMERS: &str = "customers.parquet";

/// The only customer whose id differs from this one by leading zeros; `None` if there is none or more than one.
fn with_other_zeros(cycle: &StoredCycle, id: &str) -> Result<Option<String>, CycleError> {
    let digits = id.trim_start_matches('0');
    let (mut found, mut count) = (None, 0);
    read_columns(cycle, CUSTOMERS, &["customer_id"], |batch| {
        let ids = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
        for known in ids.iter().flatten().filter(|known| known.trim_start_matches('0') == digits) {
            count += 1;
            found = Some(known.to_owned());
        }
        Some(())
    })?;
    Ok(found.filter(|_| count == 1))
}

/// Customers by their ids without leading zeros. Programs that export an id as a number lose these zeros.
pub(crate) struct WithoutZeros<'a>(BTreeMap<&'a str, Option<&'a str>>);

impl<'a> WithoutZeros<'a> {
    /// Indexes all customers.
    pub fn of(customers: &'a KeyIndex) -> Self {
        let mut by_digits = BTreeMap::new();
        for number in 0..u32::try_from(customers.len()).unwrap_or(u32::MAX) {
            let id = customers.key(number);
            // If two ids differ only by leading zeros, one cannot tell which of them was meant.
            by_digits.entry(id.trim_start_matches('0')).and_modify(|known| *known = None).or_insert(Some(id));
        }
        Self(by_digits)
    }

    /// The only customer whose id differs from this one by leading zeros; `None` if there is none or more than one.
    pub fn find(&self, id: &str) -> Option<&'a str> {
        let known = *self.0.get(id.trim_start_matches('0'))?;
        known.filter(|known| *known != id)
    }
}
