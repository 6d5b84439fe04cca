//! Reads monthly usage for a comparison, and writes and reads the months that differ.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{Schema, SchemaRef};

use super::read::Cells;
use super::{DAY, INTEGER, TEXT, days, full, integers, text};
use crate::compare::{COUNTS, RestatedMonths, UsageBatch};

/// The columns of monthly usage that are compared.
const COUNT_NAMES: [&str; COUNTS] = ["active_wh", "reactive_varh", "readings", "reactive_readings"];
/// The columns of monthly usage that a comparison reads.
pub const USAGE_COLUMNS: [&str; 2 + COUNTS] =
    ["customer_id", "month", "active_wh", "reactive_varh", "readings", "reactive_readings"];

/// The columns of the table.
#[must_use]
pub fn schema() -> SchemaRef {
    let mut fields = vec![full("customer_id", TEXT), full("month", DAY)];
    for name in COUNT_NAMES {
        fields.extend(["before", "after"].map(|end| full(&format!("{name}_{end}"), INTEGER)));
    }
    Arc::new(Schema::new(fields))
}

/// The rows of a published batch of monthly usage; `None` if the batch is not one of monthly usage.
#[must_use]
pub fn read_usage(batch: &RecordBatch) -> Option<UsageBatch> {
    let counts = COUNT_NAMES.map(|name| batch.integers(name).cloned());
    let [active, reactive, readings, with_reactive] = counts;
    Some(UsageBatch {
        ids: batch.column_by_name("customer_id")?.as_string_opt()?.clone(),
        days: batch.dates("month")?.clone(),
        counts: [active?, reactive?, readings?, with_reactive?],
    })
}

/// The differing months as a batch.
///
/// # Panics
/// Cannot fail: the columns are those of the schema.
#[must_use]
pub fn batch(months: &RestatedMonths) -> RecordBatch {
    let mut columns = vec![
        text(months.ids.iter().map(|id| Some(id.as_str()))),
        days(months.days.iter().map(|day| Some(*day))),
    ];
    for place in 0..COUNTS {
        let ends = [&months.before, &months.after];
        columns.extend(ends.map(|end| integers(end.iter().map(|counts| Some(counts[place])))));
    }
    RecordBatch::try_new(schema(), columns).expect("columns match the fields")
}

/// The months of a written batch; `None` if the batch is not such a table.
#[must_use]
pub fn read(batch: &RecordBatch) -> Option<RestatedMonths> {
    let ids = batch.texts("customer_id")?;
    let counts = |end: &str| -> Option<Vec<[i64; COUNTS]>> {
        let columns = COUNT_NAMES.map(|name| batch.integers(&format!("{name}_{end}")));
        let [a, b, c, d] = columns;
        let columns = [a?, b?, c?, d?];
        Some((0..batch.num_rows()).map(|row| columns.map(|column| column.value(row))).collect())
    };
    Some(RestatedMonths {
        ids: (0..batch.num_rows()).map(|row| ids.value(row).to_owned()).collect(),
        days: batch.dates("month")?.values().to_vec(),
        before: counts("before")?,
        after: counts("after")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let months = RestatedMonths {
            ids: vec!["a".into(), "b".into()],
            days: vec![31, 59],
            before: vec![[1, 2, 3, 4], [0; COUNTS]],
            after: vec![[5, 6, 7, 8], [9, 0, 1, 0]],
        };
        let written = batch(&months);
        assert_eq!(read(&written), Some(months));
        assert_eq!(written.schema().field(2).name(), "active_wh_before");
        assert!(read_usage(&written).is_none());
    }
}
