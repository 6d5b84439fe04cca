//! Energy audits: how much energy of all carriers a customer uses, and which part of it electricity could replace.
//!
//! The latest audit before the window's end counts, however old it is.

use crate::contract::Table;
use crate::contract::cell::{CheckedColumn, Ids};
use crate::contract::rule::Rule;
use crate::customer::{CustomerFinder, Customers, NamedCustomer};
use crate::error::RunError;
use crate::index::{CustomerIx, count};
use crate::key::{KeyIndex, NearKey};
use crate::rows::{self, Columns, Placement, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::Window;

/// An energy audit of a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyProfile {
    /// Day of the audit.
    pub as_of: i32,
    /// Energy of all carriers, kgce in a year.
    pub total_kgce: f64,
    /// The part of this energy that electricity could replace, kgce in a year.
    pub replaceable_kgce: f64,
}

/// Reads the audits before the window's end. Returns what became of the rows, and the latest audit of each customer.
///
/// # Errors
/// The table cannot be read.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
) -> Result<(TableBook, Vec<Option<EnergyProfile>>), RunError> {
    let mut book = TableBook::new(Table::EnergyProfiles);
    let finder = CustomerFinder::new(customers);
    let rows =
        rows::read(source, &mut book, &EnergyProfileRules { finder, window }, &mut KeyIndex::default())?;
    let above =
        rows.iter().map(|row| &row.value).filter(|(_, audit)| audit.replaceable_kgce > audit.total_kgce);
    let above: Vec<_> = above.collect();
    if let Some((customer, audit)) = above.iter().min_by_key(|(customer, audit)| (*customer, audit.as_of)) {
        book.notice(Rule::UnlikelyRatio, count(above.len()), || {
            let id = customers.ids.key(customer.number());
            format!("{id}: replaceable {} of {} kgce", audit.replaceable_kgce, audit.total_kgce)
        });
    }
    let mut profiles: Vec<Option<EnergyProfile>> = vec![None; customers.len()];
    for (customer, profile) in rows.into_iter().map(|row| row.value) {
        let latest = &mut profiles[customer.index()];
        if latest.is_none_or(|latest| latest.as_of < profile.as_of) {
            *latest = Some(profile);
        }
    }
    Ok((book, profiles))
}

/// The columns and rules of the table.
struct EnergyProfileRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
}

struct EnergyProfileCells {
    total_kgce: CheckedColumn<f64>,
    replaceable_kgce: CheckedColumn<f64>,
}

/// The key of a row is its customer and the day of the audit.
impl TableRules for EnergyProfileRules<'_> {
    type Cells = EnergyProfileCells;
    type Place = (NamedCustomer, i32);
    type Row = (CustomerIx, EnergyProfile);
    type Notes = NearKey;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<EnergyProfileCells, RunError> {
        Ok(EnergyProfileCells {
            total_kgce: columns.numbers("total_kgce")?,
            replaceable_kgce: columns.numbers("replaceable_kgce")?,
        })
    }

    fn place(
        &self,
        as_of: i64,
        _cells: &EnergyProfileCells,
        ids: &Ids,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<(NamedCustomer, i32)> {
        let Some(as_of) = i32::try_from(as_of).ok().filter(|as_of| *as_of < self.window.end_day()) else {
            return Placement::Outside;
        };
        self.finder.place(ids, row, as_of, near).map(|customer| (customer, as_of))
    }

    fn value(
        &self,
        (customer, as_of): (NamedCustomer, i32),
        _ids: &Ids,
        cells: &EnergyProfileCells,
        row: usize,
        _near: &mut NearKey,
    ) -> Result<(CustomerIx, EnergyProfile), Rule> {
        let customer = customer?;
        let total_kgce = cells.total_kgce.required(row)?;
        Ok((
            customer,
            EnergyProfile { as_of, total_kgce, replaceable_kgce: cells.replaceable_kgce.required(row)? },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    #[test]
    fn the_latest_audit_before_the_end_counts_however_old_it_is() {
        let audits = ["a|2001-01-01|5|1", "a|2003-01-01|7|2", "a|2024-01-01|9|3", "b|2003-01-01|-1|0"];
        let source = MemorySource::default().customers(&["a", "b"]).rows(
            Table::EnergyProfiles,
            "customer_id|as_of|total_kgce|replaceable_kgce",
            &audits,
        );
        let window = Window { end: Month::new(2024, 1), months: 36 };
        let (book, profiles) = read(&source, &source.read_customers(), window).unwrap();
        assert_eq!(profiles[0].map(|profile| profile.total_kgce), Some(7.0));
        assert_eq!((book.tally.out_of_window, book.tally.counted), (1, 2));
        assert_eq!(rejected_rules(&book), ["negative"]);
    }
}
