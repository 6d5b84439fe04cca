//! The value of a folder's name as a column.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array};
use gridtier::unit::day_of_date;

use crate::config::HiveType;

/// `rows` times one value. Text is a dictionary of one word; a value of another type has been checked to be one.
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
    // One word, and keys that are 0 or null.
    DictionaryArray::try_new(keys, Arc::new(words.finish())).map_or_else(
        |_| arrow_array::new_null_array(&arrow_schema::DataType::Utf8View, rows),
        |array| Arc::new(array) as _,
    )
}
