//! Tables in memory, for the engine's own tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use crate::contract::Table;
use crate::contract::declared::Declared;
use crate::customer::{self, Customers};
use crate::error::{Refusal, RunError};
use crate::meter::{self, MonthlyUsage};
use crate::source::{Batch, Part, Source, TableBook};
use crate::unit::Window;

/// Each batch of a table is a file of its own.
#[derive(Default)]
pub struct Memory {
    pub declared: Declared,
    pub tables: BTreeMap<Table, Vec<RecordBatch>>,
}

/// A text column; `-` stands for an empty cell.
pub fn text(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().map(|&value| (value != "-").then_some(value)).collect::<StringArray>())
}

/// A column of doubles.
pub fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// The rules that the rejects of a table break, in the order of rows.
pub fn rejected_rules(book: &TableBook) -> Vec<&str> {
    book.rejects.iter().map(|reject| reject.rule.code()).collect()
}

impl Memory {
    /// Adds a file to a table.
    pub fn with(mut self, table: Table, columns: Vec<(&str, ArrayRef)>) -> Self {
        self.tables.entry(table).or_default().push(
            RecordBatch::try_from_iter_with_nullable(
                columns.into_iter().map(|(name, array)| (name, array, true)),
            )
            .unwrap(),
        );
        self
    }

    /// Adds a table whose rows are written as text, cells between `|`; `-` stands for an empty cell.
    pub fn rows(self, table: Table, header: &str, rows: &[&str]) -> Self {
        let split = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| split(row)).collect();
        let names = split(header);
        let column = |place: usize| text(&cells.iter().map(|row| row[place].as_str()).collect::<Vec<_>>());
        let columns = names.iter().enumerate().map(|(place, name)| (name.as_str(), column(place))).collect();
        self.with(table, columns)
    }

    /// Adds customers with the given ids and no particular feature.
    pub fn customers(self, ids: &[&str]) -> Self {
        let same = |value: &str| text(&vec![value; ids.len()]);
        let columns = vec![
            ("customer_id", text(ids)),
            ("use_category", same("large_industrial")),
            ("supply_level", same("high_voltage")),
            ("power_factor_standard", same("0.90")),
            ("opened_on", same("2000-01-01")),
            ("aged_transformer_area", same("false")),
        ];
        self.with(Table::Customers, columns)
    }

    /// The accepted customers.
    pub fn read_customers(&self) -> Customers {
        customer::read(self, &mut TableBook::new(Table::Customers)).unwrap()
    }

    /// The energy of a window.
    pub fn read_usage(&self, customers: &Customers, window: Window) -> MonthlyUsage {
        let mut book = TableBook::new(Table::MeterReadings);
        meter::read(self, customers, window, None, &mut book).unwrap().usage
    }
}

impl Source for Memory {
    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn parts(&self, table: Table) -> Result<Option<Vec<Part>>, Refusal> {
        let part = |(file, batch): (usize, &RecordBatch)| Part {
            file: file as u32,
            index: 0,
            first_row: 0,
            rows: Some(batch.num_rows() as u64),
        };
        Ok(self.tables.get(&table).map(|files| files.iter().enumerate().map(part).collect()))
    }

    fn read(
        &self,
        table: Table,
        part: Part,
        _columns: &[&str],
        sink: &mut dyn FnMut(Batch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let record = self.tables[&table][part.file as usize].clone();
        sink(Batch { file: part.file, first_row: 0, record, faults: Vec::new() })
    }

    fn file_name(&self, table: Table, file: u32) -> String {
        format!("{table}/{file}")
    }
}
