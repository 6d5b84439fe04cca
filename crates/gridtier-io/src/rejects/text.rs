//! Any plain column as text.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use crate::guard::Unreadable;

/// Longest cell that is shown whole.
const CELL_BYTES_MAX: usize = 1 << 10;

/// A cell, cut if it is very long.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= CELL_BYTES_MAX {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(CELL_BYTES_MAX)]).into()
}

/// Whether a shown cell is certain not to be cut.
pub(super) fn is_whole(shown: &str) -> bool {
    shown.len() < CELL_BYTES_MAX
}

/// A column whose cells can be had as text.
pub(super) enum CellTexts<'a> {
    /// Text, and bytes that may be text.
    Bytes(&'a ArrayRef),
    /// References to another column.
    Dictionary(&'a ArrayRef, Vec<usize>, Box<CellTexts<'a>>),
    /// Numbers, dates and the like.
    Shown(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> CellTexts<'a> {
    /// The texts of a column.
    pub(super) fn of(array: &'a ArrayRef) -> Result<Self, Unreadable> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => {
                Self::Bytes(array)
            }
            T::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                // An empty dictionary has no keys to speak of.
                let empty = dictionary.values().is_empty();
                let keys = if empty { vec![0; array.len()] } else { dictionary.normalized_keys() };
                Self::Dictionary(array, keys, Box::new(Self::of(dictionary.values())?))
            }
            _ => {
                const OPTIONS: FormatOptions<'static> = FormatOptions::new();
                Self::Shown(array, ArrayFormatter::try_new(array.as_ref(), &OPTIONS)?)
            }
        })
    }

    /// A cell, if it holds anything.
    pub(super) fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            // Four bytes more than are shown: no character is cut that is not cut again.
            Self::Bytes(array) => bytes(array, row)
                .map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(CELL_BYTES_MAX + 4)])),
            Self::Dictionary(array, keys, values) => array.is_valid(row).then(|| values.get(keys[row]))?,
            Self::Shown(array, formatter) => {
                array.is_valid(row).then(|| Cow::Owned(formatter.value(row).to_string()))
            }
        }
    }
}

fn bytes(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    use DataType as T;
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        T::Utf8 => array.as_string::<i32>().value(row).as_bytes(),
        T::LargeUtf8 => array.as_string::<i64>().value(row).as_bytes(),
        T::Utf8View => array.as_string_view().value(row).as_bytes(),
        T::Binary => array.as_binary::<i32>().value(row),
        T::LargeBinary => array.as_binary::<i64>().value(row),
        _ => array.as_binary_view().value(row),
    })
}
