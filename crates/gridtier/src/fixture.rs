//! Small tables written as text, for the engine's own tests.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use crate::contract::Table;
use crate::customer::{self, Customers};
use crate::index::index;
use crate::indicator::IndicatorColumn;
use crate::memory::MemorySource;
use crate::meter::{self, MonthlyUsage, ReadingDetail};
use crate::method::Method;
use crate::score::{Population, Scores, judge};
use crate::service_months::ServiceMonths;
use crate::source::TableBook;
use crate::unit::Window;

/// A text column; `-` is an empty cell.
pub fn text(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().map(|&value| (value != "-").then_some(value)).collect::<StringArray>())
}

/// A column of doubles.
pub fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// Scores of the first `people` customers, all of whom have a long history, with everything delivered.
pub fn scored(people: u32, columns: &[IndicatorColumn], method: &Method) -> Scores {
    let short_history = vec![false; index(people)];
    let delivered = vec![true; method.indicators.len()];
    let population = Population { numbers: (0..people).collect(), short_history: &short_history, delivered };
    judge(population, columns, method)
}

/// The rules that the rejects of a table break, in the order of rows.
pub fn rejected_rules(book: &TableBook) -> Vec<&str> {
    book.rejects.iter().map(|reject| reject.rule.code()).collect()
}

impl MemorySource {
    /// Adds columns to a table.
    pub fn columns(self, table: Table, columns: Vec<(&str, ArrayRef)>) -> Self {
        let columns = columns.into_iter().map(|(name, array)| (name, array, true));
        self.with(table, RecordBatch::try_from_iter_with_nullable(columns).unwrap())
    }

    /// Adds rows to a table, cells between `|`; `-` is an empty cell.
    pub fn rows(self, table: Table, header: &str, rows: &[&str]) -> Self {
        let cells: Vec<Vec<&str>> =
            rows.iter().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>()).collect();
        let columns = header
            .split('|')
            .enumerate()
            .map(|(at, name)| (name.trim(), text(&cells.iter().map(|row| row[at]).collect::<Vec<_>>())))
            .collect();
        self.columns(table, columns)
    }

    /// Adds customers with the given ids and no particular feature.
    pub fn customers(self, ids: &[&str]) -> Self {
        let rows: Vec<String> = ids
            .iter()
            .map(|id| format!("{id}|large_industrial|high_voltage|0.90|2000-01-01|false"))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let header =
            "customer_id|use_category|supply_level|power_factor_standard|opened_on|aged_transformer_area";
        self.rows(Table::Customers, header, &rows)
    }

    /// The accepted customers.
    pub fn read_customers(&self) -> Customers {
        customer::read(self, &mut TableBook::new(Table::Customers)).unwrap()
    }

    /// The finished energy of a window, without bills.
    pub fn read_usage(&self, customers: &Customers, window: Window) -> MonthlyUsage {
        let mut book = TableBook::new(Table::MeterReadings);
        let mut usage =
            meter::read(self, customers, window, ReadingDetail::Energy, None, &mut book).unwrap().usage;
        usage.spread(customers, &mut book);
        let next_read = |customer, from| usage.next_read(customer, from);
        let service = ServiceMonths::new(window, customers, next_read, std::iter::empty());
        usage.cover(customers, &service, &mut book);
        usage
    }
}
