//! The customers who pass a filter as a list, whose rows are made while it is written: a file of a million takes no more memory
//! than their places in it.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_report::customers::{ListedCustomer, list_columns};
use gridtier_report::table::{DataList, ListError};

use super::{CustomerColumns, CustomerFilter, CustomerOrder};

/// Rows that are made at a time.
const BATCH: usize = 8_192;

impl CustomerColumns {
    /// All customers who pass a filter.
    #[must_use]
    pub fn list(&self, filter: &CustomerFilter, order: CustomerOrder) -> DataList<'_> {
        let mut rows = self.passing(filter);
        if order != CustomerOrder::Id {
            rows.sort_unstable_by_key(|&row| (self.key(order, row), row));
        }
        let schema = schema();
        let starts = (0..rows.len()).step_by(BATCH);
        let of_batches = Arc::clone(&schema);
        let batches = starts.map(move |start| {
            let part = &rows[start..rows.len().min(start + BATCH)];
            let customers: Vec<ListedCustomer> = part.iter().map(|&row| self.customer(row)).collect();
            RecordBatch::try_new(Arc::clone(&of_batches), arrays(&customers)).map_err(ListError::from)
        });
        DataList {
            title: Text::coded("customers", "Customers", "客户"),
            columns: list_columns(),
            schema,
            about: Vec::new(),
            batches: Box::new(batches),
        }
    }
}

/// The types of the columns, in the order of [`list_columns`].
fn schema() -> SchemaRef {
    let fields = [
        ("customer_id", DataType::Utf8),
        ("tier", DataType::Utf8),
        ("provisional", DataType::Boolean),
        ("score", DataType::Float64),
        ("rank", DataType::Int64),
        ("stratum", DataType::Utf8),
        ("region", DataType::Utf8),
        ("use_category", DataType::Utf8),
        ("movement", DataType::Utf8),
    ];
    Arc::new(Schema::new(fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec()))
}

fn arrays(customers: &[ListedCustomer]) -> Vec<ArrayRef> {
    fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
        Arc::new(cells.collect::<StringArray>())
    }
    let score =
        |customer: &ListedCustomer| customer.score_e6.map(|score| gridtier::index::float_i64(score) / 1e6);
    let ranks = customers.iter().map(|customer| customer.rank.and_then(|rank| i64::try_from(rank).ok()));
    vec![
        texts(customers.iter().map(|one| Some(one.id.as_str()))),
        texts(customers.iter().map(|one| Some(one.tier.code()))),
        Arc::new(BooleanArray::from_iter(customers.iter().map(|one| Some(one.is_provisional)))),
        Arc::new(customers.iter().map(score).collect::<Float64Array>()),
        Arc::new(ranks.collect::<Int64Array>()),
        texts(customers.iter().map(|one| Some(one.stratum.as_str()))),
        texts(customers.iter().map(|one| one.region.as_deref())),
        texts(customers.iter().map(|one| one.use_category.as_deref())),
        texts(customers.iter().map(|one| one.movement.map(|moved| moved.code()))),
    ]
}
