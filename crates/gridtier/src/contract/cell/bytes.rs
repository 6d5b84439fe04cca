//! Reads bytes as text: some writers of parquet and Arrow do not say that a column of bytes is text.
//!
//! Such text must be UTF-8. Text of another encoding is a fault and no empty cell: a customer's objection, written in GBK,
//! would be lost with it.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_schema::DataType;

/// Maximum number of bytes of a value that a message shows.
const SHOWN_MAX: usize = 40;

/// Bytes that are not UTF-8 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotText {
    /// The first row of the column that holds such bytes.
    pub row: usize,
    /// The bytes, as [`shown_bytes`] gives them.
    pub shown: String,
}

/// Reads columns of bytes as text, batch by batch. The batches of a column may share a dictionary, which is then read once.
#[derive(Debug, Default)]
pub struct TextOfBytes {
    /// The last dictionary, and its values as text.
    dictionary: Option<(ArrayRef, ArrayRef)>,
}

impl TextOfBytes {
    /// The next batch of a column as text; a column of another type, unchanged.
    ///
    /// # Errors
    /// A row holds bytes that are not UTF-8.
    pub fn read(&mut self, array: &ArrayRef) -> Result<ArrayRef, NotText> {
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            let Some(texts) = texts_of(array) else { return Ok(Arc::clone(array)) };
            let not_text = (0..array.len()).find(|&row| texts.is_null(row) && array.is_valid(row));
            return match not_text {
                Some(row) => Err(NotText { row, shown: shown(array, row) }),
                None => Ok(Arc::new(texts)),
            };
        };
        let values = dictionary.values();
        let known = self.dictionary.take().filter(|(last, _)| Arc::ptr_eq(last, values));
        let read = || Some(Arc::new(texts_of(values)?) as ArrayRef);
        let Some(texts) = known.map(|(_, texts)| texts).or_else(read) else { return Ok(Arc::clone(array)) };
        // A value to which no row refers is never read.
        if texts.null_count() > values.null_count() {
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                if dictionary.keys().is_valid(row) && texts.is_null(key) && values.is_valid(key) {
                    return Err(NotText { row, shown: shown(values, key) });
                }
            }
        }
        self.dictionary = Some((Arc::clone(values), Arc::clone(&texts)));
        Ok(dictionary.with_values(texts))
    }
}

/// The values of a column of bytes as text, null where they are not UTF-8; `None` if the column is not bytes.
fn texts_of(array: &ArrayRef) -> Option<StringViewArray> {
    fn read<'a>(values: impl ExactSizeIterator<Item = Option<&'a [u8]>>) -> StringViewArray {
        let mut texts = StringViewBuilder::with_capacity(values.len());
        values.for_each(|bytes| texts.append_option(bytes.and_then(|bytes| str::from_utf8(bytes).ok())));
        texts.finish()
    }
    Some(match array.data_type() {
        DataType::Binary => read(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => read(array.as_binary::<i64>().iter()),
        DataType::BinaryView => read(array.as_binary_view().iter()),
        _ => return None,
    })
}

fn shown(array: &ArrayRef, row: usize) -> String {
    let bytes = match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(row),
        DataType::LargeBinary => array.as_binary::<i64>().value(row),
        _ => array.as_binary_view().value(row),
    };
    let cut = if bytes.len() > SHOWN_MAX { "…" } else { "" };
    shown_bytes(&bytes[..bytes.len().min(SHOWN_MAX)]) + cut
}

/// Bytes as text, in which each byte that is not part of UTF-8 text is written as `\xCA`.
#[must_use]
pub fn shown_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for piece in bytes.utf8_chunks() {
        shown.push_str(piece.valid());
        for byte in piece.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\x{byte:02X}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{
        BinaryArray, BinaryViewArray, DictionaryArray, Int32Array, LargeBinaryArray, StringArray,
    };

    use super::*;

    /// 是 and 否 in GBK.
    const YES: &[u8] = b"\xCA\xC7";
    const NO: &[u8] = b"\xB7\xF1";

    fn read(array: impl Array + 'static) -> Result<ArrayRef, NotText> {
        TextOfBytes::default().read(&(Arc::new(array) as ArrayRef))
    }

    #[test]
    fn bytes_are_read_as_text_and_the_first_row_that_is_not_utf8_is_named() {
        let text = [Some("是".as_bytes()), None, Some(b""), Some(b"a long text that has a buffer")];
        for array in [
            Arc::new(BinaryArray::from_iter(text)) as ArrayRef,
            Arc::new(LargeBinaryArray::from_iter(text)),
            Arc::new(BinaryViewArray::from_iter(text)),
        ] {
            let texts = TextOfBytes::default().read(&array).unwrap();
            let texts: Vec<_> = texts.as_string_view().iter().collect();
            assert_eq!(texts, text.map(|bytes| bytes.map(|bytes| str::from_utf8(bytes).unwrap())));
        }
        let fault = NotText { row: 2, shown: "\\xCA\\xC7".into() };
        let bad = [Some(&b"1"[..]), None, Some(YES), Some(NO)];
        assert_eq!(read(BinaryArray::from_iter(bad)).unwrap_err(), fault);
        assert_eq!(read(LargeBinaryArray::from_iter(bad)).unwrap_err(), fault);
        assert_eq!(read(BinaryViewArray::from_iter(bad)).unwrap_err(), fault);
        assert!(read(StringArray::from(vec!["是"])).is_ok_and(|texts| texts.data_type() == &DataType::Utf8));
    }

    #[test]
    fn a_value_of_a_dictionary_must_be_text_if_a_row_has_it() {
        let values: ArrayRef = Arc::new(BinaryArray::from_iter([Some(&b"1"[..]), Some(YES), None]));
        let of = |keys: Vec<Option<i32>>| {
            let keys = Int32Array::from(keys);
            Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(&values)).unwrap()) as ArrayRef
        };
        let mut column = TextOfBytes::default();
        let texts = |array: &ArrayRef| Arc::clone(array.as_any_dictionary().values());
        let first = texts(&column.read(&of(vec![Some(0), None, Some(2)])).unwrap());
        assert_eq!(first.as_string_view().value(0), "1");
        let second = texts(&column.read(&of(vec![Some(0)])).unwrap());
        assert!(Arc::ptr_eq(&first, &second), "a dictionary was read twice");
        let fault = column.read(&of(vec![None, Some(0), Some(1)])).unwrap_err();
        assert_eq!(fault, NotText { row: 2, shown: "\\xCA\\xC7".into() });
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_one_by_one() {
        assert_eq!(shown_bytes(b"M\xFF7\xE6\x88"), "M\\xFF7\\xE6\\x88");
        assert_eq!(shown_bytes("户 7".as_bytes()), "户 7");
        let long = read(BinaryArray::from_iter_values([[0xFE_u8; 99]])).unwrap_err();
        assert_eq!(long.shown, "\\xFE".repeat(SHOWN_MAX) + "…");
    }
}
