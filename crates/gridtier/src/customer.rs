//! The customer base: who can be graded, and what kind of customer each is.
//!
//! Customers are numbered in the order of the bytes of their ids, so that every column indexed by customer is already
//! in the order in which results are published. What a customer consumed or paid is not known here.

use crate::contract::cell::word_at;
use crate::contract::rule::Rule;
use crate::contract::{ImportanceLevel, LoadClass, SupplyLevel, Table, UseCategory};
use crate::error::{Refusal, RunError};
use crate::key::KeyIndex;
use crate::rows::{self, Columns, Row};
use crate::source::{Source, TableBook};
use crate::unit::Window;

/// One customer's own columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Category of the tariff.
    pub use_category: UseCategory,
    /// Voltage level of the supply.
    pub supply_level: SupplyLevel,
    /// Region.
    pub region: Option<String>,
    /// Contract capacity in kVA.
    pub contract_capacity_kva: Option<f64>,
    /// Power-factor standard in hundredths.
    pub power_factor_standard: Option<u8>,
    /// Regulatory importance.
    pub importance_level: Option<ImportanceLevel>,
    /// Highest load class.
    pub load_class: Option<LoadClass>,
    /// Day the supply began.
    pub opened_on: i32,
    /// Day the supply ended.
    pub closed_on: Option<i32>,
    /// Whether the transformer area is aged.
    pub aged_transformer_area: bool,
    /// Whether the customer wants no marketing.
    pub marketing_opt_out: bool,
}

impl Customer {
    /// Whether the customer is in the graded population: opened before the window's end and not closed by it.
    #[must_use]
    pub fn in_population(&self, window: Window) -> bool {
        let end = window.end_day();
        self.opened_on < end && self.closed_on.is_none_or(|closed_on| closed_on >= end)
    }
}

/// The accepted customers, by number.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    /// Their ids.
    pub ids: KeyIndex,
    /// Their columns.
    pub rows: Vec<Customer>,
}

impl Customers {
    /// Customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Reads the customer base.
///
/// # Errors
/// The table is absent or unreadable.
pub fn read(source: &dyn Source, book: &mut TableBook) -> Result<Customers, RunError> {
    let mut index = KeyIndex::default();
    let mut found: Vec<Row<Customer>> = Vec::new();
    rows::read_table(source, book, &mut |columns, book| take(columns, book, &mut index, &mut found))?;
    if !book.present {
        let advice = "put customers.parquet, customers.csv or a folder customers/ into the data folder";
        return Err(Refusal::of(Table::Customers, "the table is missing", advice).into());
    }
    let found = rows::settle(book, found, index.len());
    book.close()?;
    Ok(number(&index, found))
}

fn take(
    columns: &mut Columns,
    book: &mut TableBook,
    index: &mut KeyIndex,
    found: &mut Vec<Row<Customer>>,
) -> Result<(), RunError> {
    let ids = columns.ids("customer_id", book)?;
    let use_category = columns.cells("use_category")?;
    let supply_level = columns.cells("supply_level")?;
    let region = columns.texts("region")?;
    let capacity = columns.numbers("contract_capacity_kva")?;
    let standard = columns.cells("power_factor_standard")?;
    let importance = columns.cells("importance_level")?;
    let load_class = columns.cells("load_class")?;
    let opened_on = columns.cells("opened_on")?;
    let closed_on = columns.cells("closed_on")?;
    let aged = columns.cells("aged_transformer_area")?;
    let opt_out = columns.cells("marketing_opt_out")?;
    for (row, region) in region.into_iter().enumerate() {
        let at = columns.at(row);
        let fault = columns
            .reader_fault(row)
            .or(rows::key_fault(&ids, row))
            .or(rows::fault_or_null(use_category.states[row]))
            .or(rows::fault_or_null(supply_level.states[row]))
            .or(rows::fault_if_any(capacity.states[row]))
            .or(rows::fault_if_any(standard.states[row]))
            .or(rows::fault_if_any(importance.states[row]))
            .or(rows::fault_if_any(load_class.states[row]))
            .or(rows::fault_or_null(opened_on.states[row]))
            .or(rows::fault_if_any(closed_on.states[row]))
            .or(rows::fault_or_null(aged.states[row]))
            .or(rows::fault_if_any(opt_out.states[row]));
        if let Some(rule) = fault {
            book.reject(at, rule);
            continue;
        }
        let value = Customer {
            use_category: word_at(use_category.values[row]),
            supply_level: word_at(supply_level.values[row]),
            region,
            contract_capacity_kva: capacity.get(row),
            power_factor_standard: standard.get(row).map(|hundredths| hundredths as u8),
            importance_level: importance.word(row),
            load_class: load_class.word(row),
            opened_on: opened_on.values[row] as i32,
            closed_on: closed_on.get(row).map(|day| day as i32),
            aged_transformer_area: aged.values[row] == 1,
            marketing_opt_out: opt_out.get(row) == Some(1),
        };
        found.push(Row { key: columns.own_key(&ids, row, index)?, at, value });
    }
    Ok(())
}

/// Numbers the accepted customers in the order of their ids; keys of rejected rows get no number.
fn number(index: &KeyIndex, mut found: Vec<Row<Customer>>) -> Customers {
    found.sort_unstable_by_key(|row| index.key(row.key));
    let mut customers = Customers::default();
    for row in found {
        customers.ids.insert(index.key(row.key));
        customers.rows.push(row.value);
    }
    customers
}

/// The number of the customer that a row names, or why it names none. `last` is the one found before.
///
/// # Errors
/// The rule that the reference breaks.
pub fn resolve(
    customers: &Customers,
    ids: &crate::contract::cell::Ids,
    row: usize,
    last: &mut u32,
) -> Result<u32, Rule> {
    match rows::fault_or_null(ids.states[row]) {
        Some(rule) => Err(rule),
        None => customers.ids.get_near(ids.values.value(row), last).ok_or(Rule::Orphan),
    }
}
