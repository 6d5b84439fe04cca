//! Makes a column from the value in the name of a folder.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array};
use gridtier::unit::day_of_date;

use crate::config::HiveType;

/// A column of `rows` equal values. Text is a dictionary of one entry; a value of another type has been checked.
pub(super) fn array(value: Option<&str>, kind: HiveType, rows: usize) -> ArrayRef {
    match kind {
        HiveType::Text => text(value, rows),
        HiveType::Integer => {
            let value: Option<i64> = value.and_then(|value| value.parse().ok());
            Arc::new(std::iter::repeat_n(value, rows).collect::<Int64Array>())
        }
        HiveType::Date => {
            let day = value.and_then(|value| value.parse().ok()).map(day_of_date);
            Arc::new(std::iter::repeat_n(day, rows).collect::<Date32Array>())
        }
    }
}

fn text(value: Option<&str>, rows: usize) -> ArrayRef {
    let keys: Int32Array = std::iter::repeat_n(value.map(|_| 0), rows).collect();
    let mut words = StringViewBuilder::new();
    words.append_value(value.unwrap_or_default());
    // Cannot fail: there is one entry, and every key is 0 or null.
    DictionaryArray::try_new(keys, Arc::new(words.finish())).map_or_else(
        |_| arrow_array::new_null_array(&arrow_schema::DataType::Utf8View, rows),
        |array| Arc::new(array) as _,
    )
}
