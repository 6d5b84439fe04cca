//! Cells of any column that is not nested, as text.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use gridtier::contract::cell::{ShownCells, shown_bytes};

use crate::guard::Unreadable;

/// Length in bytes of the longest cell that is shown in full.
const CELL_BYTES_MAX: usize = 1 << 10;

/// A cell, cut if it is very long.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= CELL_BYTES_MAX {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(CELL_BYTES_MAX)]).into()
}

/// Whether a shown cell is certainly complete: a cell that was cut has at least as many bytes as the limit.
pub(super) fn is_whole(shown: &str) -> bool {
    shown.len() < CELL_BYTES_MAX
}

/// The cells of a column as text.
pub(crate) enum CellTexts<'a> {
    /// Strings, and bytes that may be UTF-8.
    Bytes(&'a ArrayRef),
    /// Dictionary-encoded cells, with their keys and the texts of the dictionary.
    Dictionary(&'a ArrayRef, Vec<usize>, Box<CellTexts<'a>>),
    /// Numbers, dates and the like.
    Shown(ShownCells<'a>),
}

impl<'a> CellTexts<'a> {
    /// The texts of a column.
    pub(crate) fn of(array: &'a ArrayRef) -> Result<Self, Unreadable> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => {
                Self::Bytes(array)
            }
            T::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                // `normalized_keys` panics on an empty dictionary, in which every cell is null.
                let empty = dictionary.values().is_empty();
                let keys = if empty { vec![0; array.len()] } else { dictionary.normalized_keys() };
                Self::Dictionary(array, keys, Box::new(Self::of(dictionary.values())?))
            }
            _ => Self::Shown(
                ShownCells::of(array).map_err(|fault| Unreadable::because(fault.what, fault.advice))?,
            ),
        })
    }

    /// The cell of a row, which [`cut`] may still shorten; `None` if it is null.
    pub(super) fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        // Four bytes beyond the limit, so that `cut` removes a character that is split here.
        self.within(row, CELL_BYTES_MAX + 4)
    }

    /// The cell of a row in full; `None` if it is null.
    pub(crate) fn whole(&self, row: usize) -> Option<Cow<'a, str>> {
        self.within(row, usize::MAX)
    }

    fn within(&self, row: usize, bytes_most: usize) -> Option<Cow<'a, str>> {
        match self {
            Self::Bytes(array) => {
                let bytes = bytes(array, row)?;
                let bytes = &bytes[..bytes.len().min(bytes_most)];
                // Only in columns that the engine does not read: in others, bytes that are no text refuse the file.
                Some(str::from_utf8(bytes).map_or_else(|_| shown_bytes(bytes).into(), Cow::Borrowed))
            }
            Self::Dictionary(array, keys, values) => {
                array.is_valid(row).then(|| values.within(keys[row], bytes_most))?
            }
            Self::Shown(cells) => cells.get(row).map(Cow::Owned),
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
