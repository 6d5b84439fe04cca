//! The rows of one customer as an upheld appeal publishes them; all others stay as they were.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, BooleanArray, Float64Array, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;

use super::read::Cells;
use super::{NUMBER, Output, TEXT, facts, full, holders, indicators, text};
use crate::method::Method;
use crate::run::Graded;

/// The tables of facts that hold rows of customers.
const OF_ACCOUNTS: [&str; 4] = ["customers", "facts", "monthly_usage", "offences"];

/// The corrected rows of a customer in one table.
#[derive(Clone, Debug)]
pub struct CustomerRows {
    /// The table.
    pub name: &'static str,
    /// The columns of the table.
    pub schema: SchemaRef,
    /// The ids of the rows: accounts, or the customer itself.
    pub ids: BTreeSet<String>,
    /// The rows, in the order of the table.
    pub rows: RecordBatch,
}

/// The rows of a customer in all tables except the tier table, from facts in which the customer's own are corrected.
/// `accounts` are its accounts, and `contributions` the parts of its score by indicator. `None` if rows do not fit
/// their columns, which would be a bug.
#[must_use]
pub fn customer_rows(
    graded: &Graded,
    method: &Method,
    customer: &str,
    accounts: &BTreeSet<String>,
    contributions: &[f64],
) -> Option<Vec<CustomerRows>> {
    let own = BTreeSet::from([customer.to_owned()]);
    let counted = facts::tables(&graded.facts).into_iter().filter(|table| OF_ACCOUNTS.contains(&table.name));
    let mut all = counted.map(|table| of_ids(table, accounts)).collect::<Option<Vec<_>>>()?;
    if let Some(held) = &graded.holders {
        let holders = holders::tables(graded, held).into_iter().find(|table| table.name == "holders")?;
        all.push(of_ids(holders, &own)?);
    }
    all.push(of_ids(indicators::output(graded, method), &own)?);
    let mut fields = vec![full("customer_id", TEXT)];
    fields.extend(method.indicators.iter().map(|spec| full(&spec.id, NUMBER)));
    let schema = Arc::new(Schema::new(fields));
    let mut columns = vec![text([Some(customer)].into_iter())];
    columns.extend(contributions.iter().map(|part| Arc::new(Float64Array::from(vec![*part])) as ArrayRef));
    let rows = RecordBatch::try_new(schema.clone(), columns).ok()?;
    all.push(CustomerRows { name: "contributions", schema, ids: own, rows });
    Some(all)
}

/// The rows of a table whose customer is one of these.
fn of_ids(table: Output, ids: &BTreeSet<String>) -> Option<CustomerRows> {
    let mut found = Vec::new();
    for batch in table.batches {
        let customers = batch.texts("customer_id")?;
        let is_own: BooleanArray =
            customers.iter().map(|id| Some(id.is_some_and(|id| ids.contains(id)))).collect();
        if is_own.true_count() > 0 {
            found.push(filter_record_batch(&batch, &is_own).ok()?);
        }
    }
    let rows = concat_batches(&table.schema, &found).ok()?;
    Some(CustomerRows { name: table.name, schema: table.schema, ids: ids.clone(), rows })
}

/// A batch of a table without the rows of these customers, and with the corrected ones where they belong by the order of ids.
/// `next` is the first corrected row that is not written yet; after the last batch the rest is still to be written. `None` when
/// the batch has other columns.
#[must_use]
pub fn merged(batch: &RecordBatch, corrected: &CustomerRows, next: &mut usize) -> Option<Vec<RecordBatch>> {
    let old = batch.texts("customer_id")?;
    let new = corrected.rows.texts("customer_id")?;
    let (mut pieces, mut start) = (Vec::new(), 0);
    for row in 0..batch.num_rows() {
        let id = old.value(row);
        let first = *next;
        while *next < new.len() && new.value(*next) <= id {
            *next += 1;
        }
        let is_replaced = corrected.ids.contains(id);
        if is_replaced || *next > first {
            pieces.push(batch.slice(start, row - start));
            pieces.push(corrected.rows.slice(first, *next - first));
            start = row + usize::from(is_replaced);
        }
    }
    pieces.push(batch.slice(start, batch.num_rows() - start));
    pieces.retain(|piece| piece.num_rows() > 0);
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, f64)]) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![full("customer_id", TEXT), full("x", NUMBER)]));
        let ids = text(rows.iter().map(|(id, _)| Some(*id)));
        let values: Float64Array = rows.iter().map(|(_, x)| Some(*x)).collect();
        RecordBatch::try_new(schema, vec![ids, Arc::new(values)]).unwrap()
    }

    fn merge(batches: &[RecordBatch], ids: &[&str], rows: &[(&str, f64)]) -> Vec<(String, f64)> {
        let rows = table(rows);
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        let corrected = CustomerRows { name: "t", schema: rows.schema(), ids, rows };
        let mut next = 0;
        let mut pieces: Vec<RecordBatch> =
            batches.iter().flat_map(|batch| merged(batch, &corrected, &mut next).unwrap()).collect();
        pieces.push(corrected.rows.slice(next, corrected.rows.num_rows() - next));
        let cells = pieces.iter().flat_map(|piece| {
            let (ids, x) = (piece.texts("customer_id").unwrap(), piece.floats("x").unwrap());
            (0..piece.num_rows()).map(|row| (ids.value(row).to_owned(), x.value(row))).collect::<Vec<_>>()
        });
        cells.collect()
    }

    #[test]
    fn rows_are_replaced_added_and_taken_away_in_the_order_of_ids() {
        let batches = [table(&[("a", 1.0), ("b", 2.0), ("b", 3.0)]), table(&[("b", 4.0), ("d", 5.0)])];
        let found = |ids: &[&str], rows: &[(&str, f64)]| {
            let cells = merge(&batches, ids, rows);
            cells.iter().map(|(id, x)| format!("{id}{x}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(&["b"], &[("b", 7.0)]), "a1 b7 d5");
        assert_eq!(found(&["b"], &[]), "a1 d5");
        assert_eq!(found(&["c"], &[("c", 8.0), ("c", 9.0)]), "a1 b2 b3 b4 c8 c9 d5");
        assert_eq!(found(&["a", "e"], &[("a", 6.0), ("e", 6.0)]), "a6 b2 b3 b4 d5 e6");
    }
}
