//! Months that two cycles have counted differently (REGRADE section 4, `restated_months`).
//!
//! Both tables of monthly usage are sorted by customer and month and are merged while they are read. They can
//! have tens of millions of rows; only those that differ are kept, one batch at a time.

use std::cmp::Ordering;
use std::ops::Range;

use arrow_array::{Array, Date32Array, Int64Array, StringArray};

/// Number of counts that are compared: active energy, reactive energy, readings, and readings with reactive energy.
pub const COUNTS: usize = 4;
/// Most differing rows in a batch.
const BATCH_ROWS: usize = 1 << 16;

/// Rows of a table of monthly usage, by customer and month.
#[derive(Clone, Debug)]
pub struct UsageBatch {
    /// The customers.
    pub ids: StringArray,
    /// The first days of the months.
    pub days: Date32Array,
    /// The counts, in the order that [`COUNTS`] gives.
    pub counts: [Int64Array; COUNTS],
}

/// Months that differ, by customer and month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestatedMonths {
    /// The customers.
    pub ids: Vec<String>,
    /// The first days of the months.
    pub days: Vec<i32>,
    /// The counts in the earlier cycle; 0 where it has no row.
    pub before: Vec<[i64; COUNTS]>,
    /// The counts in the later cycle; 0 where it has no row.
    pub after: Vec<[i64; COUNTS]>,
}

/// One of the two tables, read from its start.
#[derive(Debug)]
struct UsageRows<I> {
    batches: I,
    current: Option<UsageBatch>,
    row: usize,
}

impl<E, I: Iterator<Item = Result<UsageBatch, E>>> UsageRows<I> {
    fn new(batches: I) -> Self {
        Self { batches, current: None, row: 0 }
    }

    /// Moves on to a batch that has the next row. Returns whether there is such a row.
    fn advance(&mut self) -> Result<bool, E> {
        while self.current.as_ref().is_none_or(|batch| self.row >= batch.ids.len()) {
            match self.batches.next() {
                Some(batch) => (self.current, self.row) = (Some(batch?), 0),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Customer and month of the next row.
    fn key(&self) -> Option<(&str, i32)> {
        let batch = self.current.as_ref().filter(|batch| self.row < batch.ids.len())?;
        Some((batch.ids.value(self.row), batch.days.value(self.row)))
    }

    fn counts(&self) -> [i64; COUNTS] {
        let batch = self.current.as_ref();
        batch.map_or([0; COUNTS], |batch| batch.counts.each_ref().map(|column| column.value(self.row)))
    }
}

/// A merge of the monthly usage of two cycles.
#[derive(Debug)]
pub struct UsageMerge<B, A, F> {
    before: UsageRows<B>,
    after: UsageRows<A>,
    days: Range<i32>,
    is_in_both: F,
}

impl<E, B, A, F> UsageMerge<B, A, F>
where
    B: Iterator<Item = Result<UsageBatch, E>>,
    A: Iterator<Item = Result<UsageBatch, E>>,
    F: Fn(&str) -> bool,
{
    /// Compares months that begin on one of `days`, which both windows contain, for customers that both cycles have
    /// accepted.
    pub fn new(before: B, after: A, days: Range<i32>, is_in_both: F) -> Self {
        Self { before: UsageRows::new(before), after: UsageRows::new(after), days, is_in_both }
    }

    /// The next months that differ; empty when there are no more.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn next_batch(&mut self) -> Result<RestatedMonths, E> {
        let mut found = RestatedMonths::default();
        while found.ids.len() < BATCH_ROWS {
            let (has_before, has_after) = (self.before.advance()?, self.after.advance()?);
            let order = match (self.before.key(), self.after.key()) {
                (Some(first), Some(second)) if has_before && has_after => first.cmp(&second),
                (Some(_), _) if has_before => Ordering::Less,
                (_, Some(_)) if has_after => Ordering::Greater,
                _ => break,
            };
            self.add(order, &mut found);
            self.before.row += usize::from(order.is_le());
            self.after.row += usize::from(order.is_ge());
        }
        Ok(found)
    }

    /// Adds the next row of one table, or of both, if it counts and differs.
    fn add(&self, order: Ordering, found: &mut RestatedMonths) {
        let key = if order.is_le() { self.before.key() } else { self.after.key() };
        let Some((id, day)) = key.filter(|(_, day)| self.days.contains(day)) else { return };
        let before = if order.is_le() { self.before.counts() } else { [0; COUNTS] };
        let after = if order.is_ge() { self.after.counts() } else { [0; COUNTS] };
        if before == after || (order.is_ne() && !(self.is_in_both)(id)) {
            return;
        }
        found.ids.push(id.to_owned());
        found.days.push(day);
        found.before.push(before);
        found.after.push(after);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A batch of customers with the day and the active energy of each row.
    fn batch(rows: &[(&str, i32, i64)]) -> Result<UsageBatch, Infallible> {
        let column = |of: fn(i64) -> i64| rows.iter().map(|row| Some(of(row.2))).collect::<Int64Array>();
        Ok(UsageBatch {
            ids: rows.iter().map(|row| Some(row.0)).collect(),
            days: rows.iter().map(|row| Some(row.1)).collect(),
            counts: [column(|wh| wh), column(|_| 0), column(|_| 1), column(|_| 0)],
        })
    }

    #[test]
    fn months_in_both_windows_that_differ_come_with_both_counts() {
        let before = [batch(&[("a", 1, 5), ("a", 2, 6), ("a", 9, 7)]), batch(&[("b", 1, 5), ("c", 1, 5)])];
        let after =
            [batch(&[("a", 1, 5)]), batch(&[]), batch(&[("a", 2, 7), ("a", 3, 8), ("d", 2, 4), ("e", 1, 0)])];
        let is_in_both = |id: &str| id != "c";
        let mut merge = UsageMerge::new(before.into_iter(), after.into_iter(), 1..9, is_in_both);
        let Ok(found) = merge.next_batch();
        assert_eq!(found.ids, ["a", "a", "b", "d", "e"]);
        assert_eq!(found.days, [2, 3, 1, 2, 1]);
        let wh = |counts: &[[i64; COUNTS]]| counts.iter().map(|counts| counts[0]).collect::<Vec<_>>();
        assert_eq!((wh(&found.before), wh(&found.after)), (vec![6, 0, 5, 0, 0], vec![7, 8, 0, 4, 0]));
        assert_eq!(
            found.after[4],
            [0, 0, 1, 0],
            "a month with one reading of 0 differs from a month without readings"
        );
        let Ok(more) = merge.next_batch();
        assert_eq!(more, RestatedMonths::default());
    }
}
