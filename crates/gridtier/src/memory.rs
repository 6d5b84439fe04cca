//! Tables that are already in memory as Arrow record batches.
//!
//! For programs that embed the engine and for tests. Reading files is the business of the package `gridtier-io`.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use crate::contract::Table;
use crate::contract::declared::Declared;
use crate::error::{Refusal, RunError};
use crate::index::{count, index};
use crate::source::{Batch, Part, Source};

/// A [`Source`] of record batches. Columns carry the contract's names and may have any Arrow type that can hold the
/// contract's values: text, integers, floats, decimals, dates, times, dictionaries.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, RecordBatch, StringArray};
/// use gridtier::{MemorySource, Source, Table};
///
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["0001", "0002"]));
/// let source = MemorySource::default().with(Table::Customers, RecordBatch::try_from_iter([("customer_id", ids)])?);
/// assert_eq!(source.parts(Table::Customers)?.unwrap().len(), 1);
/// assert!(source.parts(Table::Bills)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    declared: Declared,
    tables: BTreeMap<Table, Vec<RecordBatch>>,
}

impl MemorySource {
    /// Adds rows to a table. Messages name the batches of a table `table/0`, `table/1` and so on.
    #[must_use]
    pub fn with(mut self, table: Table, batch: RecordBatch) -> Self {
        self.tables.entry(table).or_default().push(batch);
        self
    }

    /// Declares units, words, date forms and the time zone of the tables. Without a declaration, those of the contract
    /// apply.
    #[must_use]
    pub fn declaring(self, declared: Declared) -> Self {
        Self { declared, ..self }
    }
}

impl Source for MemorySource {
    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn parts(&self, table: Table) -> Result<Option<Vec<Part>>, Refusal> {
        Ok(self.tables.get(&table).map(|batches| {
            (0..)
                .zip(batches)
                .map(|(file, batch)| Part {
                    file,
                    index: 0,
                    first_row: 0,
                    rows: Some(count(batch.num_rows())),
                })
                .collect()
        }))
    }

    fn has_column(&self, table: Table, column: &str) -> bool {
        let batches = self.tables.get(&table).map_or(&[][..], Vec::as_slice);
        batches.iter().any(|batch| batch.column_by_name(column).is_some())
    }

    fn read(
        &self,
        table: Table,
        part: Part,
        _columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let record = self.tables[&table][index(part.file)].clone();
        sink(Batch { file: part.file, first_row: 0, record, faults: Vec::new() })
    }

    fn file_name(&self, table: Table, file: u32) -> String {
        format!("{table}/{file}")
    }
}
