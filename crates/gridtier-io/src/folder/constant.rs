//! Makes columns that are not in the file: from the value in the name of a folder, from a declared constant, or from the
//! parts of a key.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
};
use gridtier::contract::cell::{TypeFault, id_texts};
use gridtier::unit::day_of_date;

use crate::config::{Constant, HiveType};

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

/// A column of `rows` equal values.
pub(crate) fn repeated(value: &Constant, rows: usize) -> ArrayRef {
    match value {
        Constant::Text(value) => text(Some(value), rows),
        Constant::Number(value) => {
            Arc::new(std::iter::repeat_n(Some(*value), rows).collect::<Float64Array>())
        }
        Constant::Flag(value) => Arc::new(std::iter::repeat_n(Some(*value), rows).collect::<BooleanArray>()),
        Constant::Day(day) => {
            Arc::new(std::iter::repeat_n(Some(day_of_date(*day)), rows).collect::<Date32Array>())
        }
    }
}

/// The parts of a key as one text, joined by `/`; null where a part is empty, or one of the `nulls`.
///
/// # Errors
/// A part cannot be a key.
pub(super) fn joined(parts: &[ArrayRef], nulls: &[String], rows: usize) -> Result<ArrayRef, TypeFault> {
    let parts = parts.iter().map(id_texts).collect::<Result<Vec<_>, _>>()?;
    let mut keys = StringViewBuilder::with_capacity(rows);
    let mut key = String::new();
    for row in 0..rows {
        key.clear();
        let mut is_whole = true;
        for (at, part) in parts.iter().enumerate() {
            let part = if part.is_valid(row) { part.value(row).trim() } else { "" };
            is_whole &= !part.is_empty() && nulls.iter().all(|marker| marker != part);
            if at > 0 {
                key.push('/');
            }
            key.push_str(part);
        }
        keys.append_option(is_whole.then_some(key.as_str()));
    }
    Ok(Arc::new(keys.finish()))
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

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_key_is_joined_from_its_parts_and_empty_where_a_part_is_empty() {
        let invoices: ArrayRef = Arc::new(StringArray::from(vec![Some("A1 "), Some("A1"), None, Some("无")]));
        let lines: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(2), Some(3)]));
        let keys = joined(&[invoices, lines], &["无".to_owned()], 4).unwrap();
        let keys: Vec<Option<&str>> = keys.as_string_view().iter().collect();
        assert_eq!(keys, [Some("A1/1"), None, None, None]);
        let amounts: ArrayRef = Arc::new(Float64Array::from(vec![1.5]));
        assert!(joined(&[amounts], &[], 1).is_err());
    }
}
