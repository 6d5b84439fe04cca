//! Writes who holds which account, in the order of accounts, and the holders as customers, in the order of holders.

use arrow_array::RecordBatch;

use super::facts::customers_as;
use super::read::Cells;
use super::{Output, TEXT, full, table, text};
use crate::holder::Holders;
use crate::key::KeyIndex;
use crate::run::Graded;

/// The accepted accounts with their holders, and the holders with the attributes that strata and cross-tables use.
pub(super) fn tables<'a>(graded: &'a Graded, holders: &'a Holders) -> Vec<Output<'a>> {
    let accounts = &graded.facts.customers.ids;
    let (names, of) = (&holders.facts.customers.ids, &holders.members.holders);
    let fields = vec![full("account_id", TEXT), full("customer_id", TEXT)];
    let members = table("members", fields, of.len(), move |rows| {
        let holders = of[rows.clone()].iter();
        let numbers = (0u32..).skip(rows.start).take(rows.len());
        vec![
            text(numbers.map(|account| Some(accounts.key(account)))),
            text(holders.map(|&holder| Some(names.key(holder)))),
        ]
    });
    vec![members, customers_as("holders", &holders.facts.customers)]
}

/// Adds the accounts of a published batch and the numbers of their holders; `None` if the batch is not a table of
/// members.
#[must_use]
pub fn read_members(
    batch: &RecordBatch,
    names: &KeyIndex,
    accounts: &mut KeyIndex,
    holders: &mut Vec<u32>,
) -> Option<()> {
    let (ids, of) = (batch.texts("account_id")?, batch.texts("customer_id")?);
    for row in 0..batch.num_rows() {
        accounts.insert(ids.value(row));
        holders.push(names.get(of.value(row))?);
    }
    Some(())
}

/// The holder of the first account of a published batch; `None` if the batch is not a table of members.
#[must_use]
pub fn read_first(batch: &RecordBatch) -> Option<String> {
    batch.text("customer_id", 0)
}
