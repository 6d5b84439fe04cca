//! Finds the order in which files name the customers, from their first rows.

use std::collections::BTreeSet;

use super::id_cache::{CustomerIds, IdCache, IdNumber};
use super::places::Places;
use crate::contract::Table;
use crate::customer::Customers;
use crate::error::RunError;
use crate::index::{CustomerIx, count, index};
use crate::rows::Columns;
use crate::source::{Batch, Part, Source, TableBook};

/// Number of rows that a table has at least for each customer if its order is to be looked at: with fewer, there is
/// little to gain.
const ROWS_PER_CUSTOMER_MIN: u64 = if cfg!(test) { 2 } else { 8 };
/// The rows that are looked at are at most this many times the customers.
const ROWS_MAX: usize = 2;
/// A customer whose number is at most this much higher than that of the row before it is near: its cells are in the
/// same pages of memory.
const NEAR: u32 = if cfg!(test) { 1 } else { 64 };
/// Customers stay in the order of ids if fewer rows than one in this many are not near the row before.
const FAR_PER: usize = 8;

/// Places in the order in which the first rows of the files name the customers; those that are not named follow in the
/// order of ids. A file that cannot be read ends the search: whoever reads all of it reports why.
pub(super) fn find_places(source: &dyn Source, customers: &Customers, parts: &[Part]) -> Places {
    let rows: u64 = parts.iter().filter_map(|part| part.rows).sum();
    if rows / ROWS_PER_CUSTOMER_MIN < count(customers.len()) {
        return Places::default();
    }
    let mut search = Search::new(source, customers);
    let mut files = BTreeSet::new();
    for &part in parts {
        if files.insert(part.file) && search.look_at(part).is_err() {
            break;
        }
    }
    search.finish()
}

/// Looks at first rows.
struct Search<'a> {
    source: &'a dyn Source,
    customers: &'a Customers,
    cache: IdCache,
    numbers: Vec<IdNumber>,
    /// Whether a customer has been named.
    is_named: Vec<bool>,
    /// The customers that were named, in their order.
    named: Vec<CustomerIx>,
    rows: usize,
    last: u32,
    /// Number of rows that are not near the row before.
    far: usize,
}

impl<'a> Search<'a> {
    fn new(source: &'a dyn Source, customers: &'a Customers) -> Self {
        Self {
            source,
            customers,
            cache: IdCache::default(),
            numbers: Vec::new(),
            is_named: vec![false; customers.len()],
            named: Vec::new(),
            rows: 0,
            last: 0,
            far: 0,
        }
    }

    /// Looks at the first rows of a part. The error says that no further rows are needed, or that they cannot be read.
    fn look_at(&mut self, part: Part) -> Result<(), RunError> {
        let source = self.source;
        let end = self.rows + self.customers.len();
        let looked = source.read(Table::MeterReadings, part, &["customer_id"], &mut |batch| {
            self.look_at_batch(&batch)?;
            // One row for each customer: what follows is another day, or the next customers of a sorted file.
            if self.is_done() || self.rows >= end { Err(RunError::Enough) } else { Ok(()) }
        });
        match looked {
            Err(RunError::Enough) if !self.is_done() => Ok(()),
            looked => looked,
        }
    }

    fn is_done(&self) -> bool {
        !self.is_far()
            || self.named.len() == self.customers.len()
            || self.rows >= ROWS_MAX * self.customers.len()
    }

    /// Whether enough rows are not near the row before.
    fn is_far(&self) -> bool {
        self.far * FAR_PER >= self.rows
    }

    fn look_at_batch(&mut self, batch: &Batch) -> Result<(), RunError> {
        let Self { source, customers, cache, numbers, .. } = self;
        let declared = source.declared().of(Table::MeterReadings);
        let columns = Columns::new(*source, Table::MeterReadings, batch, &declared);
        let mut noted_later = TableBook::new(Table::MeterReadings);
        let in_order = Places::default();
        columns.numbers_of("customer_id", &mut noted_later, &mut |array, text_of| {
            let mut ids = CustomerIds { ids: &customers.ids, places: &in_order };
            cache.number_column(array, &mut ids, text_of, numbers)
        })?;
        for number in self.numbers.iter().filter_map(|number| number.known()) {
            let is_near = (self.last..=self.last.saturating_add(NEAR)).contains(&number);
            self.far += usize::from(!is_near);
            self.last = number;
            if !std::mem::replace(&mut self.is_named[index(number)], true) {
                self.named.push(CustomerIx::new(number));
            }
        }
        self.rows += batch.record.num_rows();
        Ok(())
    }

    fn finish(self) -> Places {
        if self.rows == 0 || !self.is_far() {
            return Places::default();
        }
        Places::new(self.named, self.customers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;

    /// The customers in the order of their places.
    fn order(ids: &[&str], files: &[&[&str]]) -> Vec<u32> {
        let mut source = MemorySource::default().customers(ids);
        for rows in files {
            source = source.rows(Table::MeterReadings, "customer_id|read_at|active_kwh", rows);
        }
        let customers = crate::customer::read(&source, &mut TableBook::new(Table::Customers)).unwrap();
        let parts = source.parts(Table::MeterReadings).unwrap().unwrap();
        let places = find_places(&source, &customers, &parts);
        let all = (0..).take(customers.len()).map(super::super::places::PlaceIx::new);
        all.map(|place| places.customer(place).number()).collect()
    }

    #[test]
    fn places_follow_the_first_rows_and_then_the_ids() {
        let rows = ["c|1|1", "a|1|1", "d|1|1", "x|1|1", "c|2|1", "a|2|1", "b|3|1", "c|3|1"];
        assert_eq!(order(&["a", "b", "c", "d"], &[&rows]), [2, 0, 3, 1]);
    }

    #[test]
    fn each_file_is_asked_for_customers_that_no_earlier_file_names() {
        let files: [&[&str]; 2] =
            [&["b|1|1", "a|1|1", "b|2|1", "a|2|1"], &["d|1|1", "c|1|1", "d|2|1", "c|2|1"]];
        assert_eq!(order(&["a", "b", "c", "d"], &files), [1, 0, 3, 2]);
    }

    #[test]
    fn rows_in_the_order_of_ids_keep_it() {
        let rows = ["a|1|1", "b|1|1", "c|1|1", "a|2|1", "b|2|1", "c|2|1"];
        assert_eq!(order(&["a", "b", "c"], &[&rows]), [0, 1, 2]);
    }
}
