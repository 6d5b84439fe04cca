//! What the module of a table says about its rows.

use super::columns::Columns;
use crate::contract::cell::Ids;
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::index::CustomerIx;
use crate::source::{RowAt, TableBook};

/// An accepted row.
#[derive(Clone, Debug)]
pub struct CheckedRow<T> {
    /// Number of the row's key in the table.
    pub key: u32,
    /// The row's location.
    pub at: RowAt,
    /// The row's values.
    pub value: T,
}

/// Where a row lies in time. `P` is what is known about a row in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<P> {
    /// In the window.
    Inside(P),
    /// Outside the window.
    Outside,
    /// Outside the window, but needed for the order of the rows inside: such a row is read by the same rules and kept
    /// apart.
    Earlier(P),
    /// In the window but before the opening of its customer: the row belongs to the earlier owner of the number (SPEC
    /// §3).
    BeforeOpening(CustomerIx),
}

impl<P> Placement<P> {
    /// The same placement, with the known values of the row converted.
    pub fn map<Q>(self, convert: impl FnOnce(P) -> Q) -> Placement<Q> {
        match self {
            Self::Inside(place) => Placement::Inside(convert(place)),
            Self::Outside => Placement::Outside,
            Self::Earlier(place) => Placement::Earlier(convert(place)),
            Self::BeforeOpening(customer) => Placement::BeforeOpening(customer),
        }
    }
}

/// The columns and rules of one table, for [`read`](super::read), which applies them in the declared order. Several threads share
/// them.
pub trait TableRules: Sync {
    /// The columns of a batch, besides the table's own key and date.
    type Cells;
    /// What is known about a row once it is found to lie in the window.
    type Place;
    /// The values of an accepted row. Rows with one key are duplicates if their values are equal.
    type Row: PartialEq + Send;
    /// What testing the rows of a batch finds out besides their values, or needs from one row to the next.
    type Notes: Default + Send;

    /// Columns to read besides those of the contract, which depend on what the table is read for.
    fn further_columns(&self) -> &[String] {
        &[]
    }

    /// The id of a customer, for messages. It is asked for only where [`place`](Self::place) finds rows before the opening
    /// of a customer.
    fn customer_id(&self, customer: CustomerIx) -> &str {
        unreachable!("no row of this table belongs to an earlier owner: {customer:?}")
    }

    /// Reads the columns of a batch.
    ///
    /// # Errors
    /// The type of a column cannot hold the contract's values.
    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<Self::Cells, RunError>;

    /// Where in time a row lies. `date` is the value in the column that places the row, in the unit of
    /// [`Columns::cells`]; 0 for a table without such a column. `ids` is the first column of the table's own key.
    fn place(
        &self,
        date: i64,
        cells: &Self::Cells,
        ids: &Ids,
        row: usize,
        notes: &mut Self::Notes,
    ) -> Placement<Self::Place>;

    /// The values of a row in the window. `ids` is the first column of the table's own key.
    ///
    /// # Errors
    /// The first rule that the row breaks.
    fn value(
        &self,
        place: Self::Place,
        ids: &Ids,
        cells: &Self::Cells,
        row: usize,
        notes: &mut Self::Notes,
    ) -> Result<Self::Row, Rule>;
}
