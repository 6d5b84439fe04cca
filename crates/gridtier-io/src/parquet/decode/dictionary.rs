//! Columns of text whose values are all references to the dictionary of their row group.
//!
//! The row groups of a table often have the same dictionary, such as that of daily readings of the same customers. A page
//! whose bytes in the file equal those of the last dictionary of the column is neither decompressed nor decoded, and the
//! engine sees that it is the same array.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;

use super::kept_rows::{KeptBudget, KeptRows};
use super::pages::{PageBytes, damaged};
use super::runs::Runs;
use super::texts::texts;
use super::values::{ColumnValues, spread};
use crate::guard::Unreadable;

/// The longest dictionary page that is kept, in bytes of the file: ids of several million customers.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// The last dictionary of each column of text, by the name of the column; shared by the files of a table and by threads.
pub(super) struct LastDictionaries {
    by_column: Mutex<BTreeMap<String, Arc<LastDictionary>>>,
    budget: Arc<KeptBudget>,
}

/// A dictionary, and the page that it was decoded from.
struct LastDictionary {
    packed: Vec<u8>,
    codec: String,
    values: ArrayRef,
    /// The chunks that refer to it.
    rows: Arc<KeptRows>,
}

impl LastDictionaries {
    /// Keeps chunks that refer to a dictionary within a budget.
    pub fn new(budget: &Arc<KeptBudget>) -> Self {
        Self { by_column: Mutex::default(), budget: Arc::clone(budget) }
    }

    /// The values of a dictionary page. If the page equals the last one, they are not decoded again, and the chunks that
    /// refer to it come with them.
    fn values(
        &self,
        (column, is_text): (&str, bool),
        page: &mut PageBytes,
        decode: impl FnOnce(&[u8]) -> Result<ArrayRef, Unreadable>,
    ) -> Result<(ArrayRef, Option<Arc<KeptRows>>), Unreadable> {
        // Equal bytes are different dictionaries if codecs or numbers of values differ, or if only one of the two is text,
        // which has to be UTF-8.
        let codec = format!("{} {} {} {is_text}", page.codec, page.page.values, page.page.unpacked);
        let last = self.lock().get(column).cloned();
        if let Some(last) = last.filter(|last| last.codec == codec && last.packed == page.packed()) {
            return Ok((Arc::clone(&last.values), Some(Arc::clone(&last.rows))));
        }
        let values = decode(page.unpacked()?)?;
        if page.packed().len() <= KEPT_BYTES_MAX {
            let packed = page.packed().to_vec();
            let (values, rows) = (Arc::clone(&values), Arc::new(KeptRows::new(&self.budget)));
            let last = LastDictionary { packed, codec, values, rows };
            self.lock().insert(column.to_owned(), Arc::new(last));
        }
        Ok((values, None))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<LastDictionary>>> {
        self.by_column.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Collects references to a dictionary of text.
pub(super) struct DictionaryTexts {
    column: String,
    last: Arc<LastDictionaries>,
    is_text: bool,
    dictionary: Option<ArrayRef>,
    /// Kept chunks that refer to this dictionary; `None` if it was met for the first time.
    kept_rows: Option<Arc<KeptRows>>,
    references: Vec<i32>,
}

impl DictionaryTexts {
    /// The collector of a column of that type; `None` if it is not a dictionary of text or of bytes.
    pub fn of(column: &str, data_type: &DataType, last: &Arc<LastDictionaries>) -> Option<Self> {
        let DataType::Dictionary(_, values) = data_type else { return None };
        matches!(**values, DataType::Utf8 | DataType::Binary).then(|| Self {
            column: column.to_owned(),
            last: Arc::clone(last),
            is_text: **values == DataType::Utf8,
            dictionary: None,
            kept_rows: None,
            references: Vec::new(),
        })
    }
}

impl ColumnValues for DictionaryTexts {
    fn set_dictionary(&mut self, page: &mut PageBytes, count: usize) -> Result<(), Unreadable> {
        let is_text = self.is_text;
        let (values, rows) =
            self.last.values((&self.column, is_text), page, |bytes| texts(bytes, count, is_text))?;
        (self.dictionary, self.kept_rows) = (Some(values), rows);
        Ok(())
    }

    fn kept_rows(&self) -> Option<Arc<KeptRows>> {
        self.kept_rows.clone()
    }

    fn append_plain(&mut self, _: &[u8], _: usize) -> Result<usize, Unreadable> {
        Err(damaged())
    }

    fn append_referred(&mut self, runs: &mut Runs, bytes: &[u8], count: usize) -> Result<(), Unreadable> {
        runs.read(bytes, count, &mut self.references)
    }

    fn spread(&mut self, present: &BooleanBuffer) {
        spread(&mut self.references, present);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, Unreadable> {
        let room = self.references.len();
        let references = std::mem::replace(&mut self.references, Vec::with_capacity(room));
        let references = PrimitiveArray::<Int32Type>::try_new(references.into(), nulls)?;
        let dictionary = self.dictionary.as_ref().ok_or_else(damaged)?;
        Ok(Arc::new(DictionaryArray::try_new(references, Arc::clone(dictionary))?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use parquet::basic::Compression;

    use super::*;
    use crate::guard::parquet_pages::{PageClaim, PageEncoding, PageKind};
    use crate::parquet::decode::pages::Unpacker;

    #[test]
    fn a_page_of_bytes_is_not_taken_for_text() {
        // One value of one byte, which no text in UTF-8 has.
        let stored = [1, 0, 0, 0, 0xFF];
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&stored).unwrap();
        let page = PageClaim {
            kind: PageKind::Dictionary,
            encoding: PageEncoding::Plain,
            values: 1,
            header: 0,
            start: 0,
            packed: 5,
            unpacked: 5,
            levels: 0,
            has_repetition: false,
            has_run_levels: true,
            is_packed: false,
            checksum: None,
        };
        let (mut unpacker, mut memory) = (Unpacker::default(), Vec::new());
        unpacker.read(&file, &page).unwrap();
        let codec = Compression::UNCOMPRESSED;
        let mut page = PageBytes { unpacker: &mut unpacker, codec, page: &page, memory: &mut memory };
        let last = LastDictionaries::new(&Arc::default());
        let mut read = |is_text| last.values(("name", is_text), &mut page, |bytes| texts(bytes, 1, is_text));
        let (first, _) = read(false).unwrap();
        assert!(read(true).is_err());
        assert!(Arc::ptr_eq(&first, &read(false).unwrap().0));
    }
}
