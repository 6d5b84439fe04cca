//! Shows one rejected row for each rule in the way people look it up: by file, row, column and value.
//!
//! A reject has only a place and a rule, since there may be millions. For the few rejects that findings and messages
//! show, the row is read again and its cells are converted one by one: the first cell that breaks the rule is shown,
//! because it must be corrected.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_cast::cast;
use arrow_schema::DataType;

use super::Columns;
use crate::contract::cell::{CellState, Family, ShownCells, Values};
use crate::contract::rule::Rule;
use crate::contract::{Column, ColumnKind, MULTIPLIER_E3_MAX, REGISTER_DIGITS_MAX, Table};
use crate::error::RunError;
use crate::index::{count, index_u64};
use crate::source::{Batch, Part, Reject, RowAt, Source, TableBook, place_of};

/// Maximum number of characters that are shown of a value.
const VALUE_CHARS_MAX: usize = 60;

/// The first reject of each rule of a table, as text.
pub fn reject_examples(source: &dyn Source, book: &TableBook) -> BTreeMap<Rule, String> {
    let mut first: BTreeMap<Rule, RowAt> = BTreeMap::new();
    for &Reject { at, rule } in &book.rejects {
        let known = first.entry(rule).or_insert(at);
        *known = (*known).min(at);
    }
    let mut examples: BTreeMap<Rule, String> =
        first.iter().map(|(&rule, &at)| (rule, place_of(source, book.table, at))).collect();
    for (rule, at) in &first {
        let fault =
            matches!(rule, Rule::BadWidth | Rule::ErrorCell).then(|| source.row_fault(book.table, *at));
        if let (Some(fault), Some(example)) = (fault.flatten(), examples.get_mut(rule)) {
            *example = format!("{example}: {fault}");
        }
    }
    let mut wanted: Vec<Reject> = first.into_iter().map(|(rule, at)| Reject { at, rule }).collect();
    wanted.sort_unstable();
    // A reject that cannot be read again is shown by its place alone.
    let Ok(Some(parts)) = source.parts(book.table) else { return examples };
    for part in parts {
        let rejects: Vec<Reject> = wanted.iter().filter(|reject| is_in(&part, reject.at)).copied().collect();
        for (rule, cell) in cells_of(source, book.table, part, &rejects) {
            if let Some(example) = examples.get_mut(&rule) {
                *example = format!("{example}: {cell}");
            }
        }
    }
    examples
}

fn is_in(part: &Part, at: RowAt) -> bool {
    part.file == at.file()
        && at.row() >= part.first_row
        && part.rows.is_none_or(|rows| at.row() < part.first_row + rows)
}

/// Column and value of the rejects of a part, by rule.
fn cells_of(source: &dyn Source, table: Table, part: Part, rejects: &[Reject]) -> Vec<(Rule, String)> {
    let Some(last) = rejects.last() else { return Vec::new() };
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    let mut cells = Vec::new();
    // An error here was already reported when the table was first read. Without the cells, the places of the rejects
    // are still shown.
    let _ = source.read(table, part, &names, &mut |batch| {
        let end = batch.first_row + count(batch.record.num_rows());
        for reject in rejects.iter().filter(|reject| (batch.first_row..end).contains(&reject.at.row())) {
            cells.extend(cell_of(source, table, &batch, *reject).map(|cell| (reject.rule, cell)));
        }
        if end > last.at.row() { Err(RunError::Enough) } else { Ok(()) }
    });
    cells
}

fn cell_of(source: &dyn Source, table: Table, batch: &Batch, reject: Reject) -> Option<String> {
    let row = index_u64(reject.at.row() - batch.first_row);
    let (file, first_row, faults) = (batch.file, reject.at.row(), Vec::new());
    let row = Batch { file, first_row, record: batch.record.slice(row, 1), faults };
    let declared = source.declared().of(table);
    let column = culprit(&Columns::new(source, table, &row, &declared), &row, table, reject.rule)?;
    Some(match row.column(column).and_then(value) {
        Some(value) => format!("{column} = {value}"),
        None => format!("{column} is empty"),
    })
}

/// The value in a column that has one row, cut if it is long; `None` if it is empty.
fn value(array: &ArrayRef) -> Option<String> {
    let text = ShownCells::of(array).ok()?.get(0)?;
    let is_long = text.chars().count() > VALUE_CHARS_MAX;
    let cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    Some(if is_long { format!("{cut}…") } else { cut }).filter(|text| !text.is_empty())
}

/// The column that breaks a rule in a batch that has one row.
fn culprit(columns: &Columns, row: &Batch, table: Table, rule: Rule) -> Option<&'static str> {
    let of_rule = match (rule, table) {
        (Rule::BadWidth | Rule::ErrorCell, _) => return None,
        (Rule::Orphan, Table::Payments) => Some("bill_id"),
        (Rule::Orphan, _) => Some("customer_id"),
        (Rule::InvalidQuality, _) => Some("quality"),
        (Rule::ClosedBeforeOpened, _) => Some("closed_on"),
        (Rule::BadInterval, _) => Some("read_until"),
        (Rule::RegisterDecrease, _) => Some("register_kwh"),
        (Rule::MultiplierChanged, _) => Some("multiplier"),
        (Rule::AfterRemoval, _) => Some("read_at"),
        (Rule::DuplicateKey | Rule::ConflictingReading, _) => {
            table.columns().iter().find(|column| column.key).map(|column| column.name)
        }
        _ => None,
    };
    let otherwise = match (rule, table) {
        (Rule::NullValue, Table::Bills) => Some("due_on"),
        (Rule::NullValue, Table::Payments) => Some("bill_id"),
        (Rule::OutOfBounds, Table::Incidents) => Some("severity"),
        (Rule::OutOfBounds, Table::RegisterReadings) => Some(of_register(columns)),
        // A column of nothing but NaN, as in one row, counts as empty.
        (Rule::NotFinite, _) => {
            table.columns().iter().map(|column| column.name).find(|name| row.column(name).is_some_and(is_nan))
        }
        _ => None,
    };
    of_rule.or_else(|| {
        let broken = table.columns().iter().find(|column| breaks(columns, table, column, rule));
        broken.map(|column| column.name).or(otherwise)
    })
}

/// The column of a register reading that is out of bounds which other columns and no single cell break.
fn of_register(columns: &Columns) -> &'static str {
    let cell =
        |name| columns.cells(name).map_or((0, CellState::Null), |cells| (cells.values[0], cells.states[0]));
    for (name, max) in [("multiplier", MULTIPLIER_E3_MAX), ("register_digits", REGISTER_DIGITS_MAX)] {
        match cell(name) {
            (value, CellState::Ok) if (1..=max).contains(&value) => {}
            (_, CellState::Null) => {}
            _ => return name,
        }
    }
    let (digits, state) = cell("register_digits");
    let capacity = u32::try_from(digits)
        .ok()
        .filter(|_| state == CellState::Ok)
        .map(|digits| 10_i64.pow(digits) * 1_000);
    let is_beyond = |name| capacity.is_some_and(|capacity| cell(name).0 >= capacity);
    if is_beyond("reactive_register_kvarh") && !is_beyond("register_kwh") {
        "reactive_register_kvarh"
    } else {
        "register_kwh"
    }
}

fn is_nan(array: &ArrayRef) -> bool {
    let doubles =
        (Family::of(array.data_type()) == Family::Float).then(|| cast(array, &DataType::Float64).ok());
    doubles.flatten().is_some_and(|doubles| {
        doubles.as_primitive::<Float64Type>().iter().any(|x| x.is_some_and(f64::is_nan))
    })
}

/// Whether a cell breaks a rule, without regard to the rest of its row.
fn breaks(columns: &Columns, table: Table, column: &Column, rule: Rule) -> bool {
    let Ok(state) = state_of(columns, table, column) else { return false };
    match state {
        CellState::Ok => false,
        CellState::Fault(broken) => broken == rule,
        CellState::Null if column.key => rule == Rule::NullKey && !column.nullable,
        CellState::Null => rule == Rule::NullValue && !column.nullable,
    }
}

fn state_of(columns: &Columns, table: Table, column: &Column) -> Result<CellState, RunError> {
    let states = match column.kind {
        ColumnKind::Text => return Ok(CellState::Ok),
        ColumnKind::Id => columns.ids(column.name, &mut TableBook::new(table))?.states,
        ColumnKind::Number => columns.numbers(column.name)?.states,
        ColumnKind::Energy if table == Table::MeterReadings => {
            let mut values = Values::default();
            let is_there = columns.fill_energies(column.name, &mut values)?;
            let odd = values.odd.first().map_or(CellState::Ok, |(_, state)| *state);
            return Ok(if is_there { odd } else { CellState::Null });
        }
        _ => columns.cells(column.name)?.states,
    };
    Ok(states.first().copied().unwrap_or(CellState::Ok))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};

    use super::*;
    use crate::memory::MemorySource;

    /// The example of one reject in row 1 of a table.
    fn example(table: Table, columns: Vec<(&str, ArrayRef)>, rule: Rule) -> String {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let source = MemorySource::default().with(table, batch);
        let mut book = TableBook::new(table);
        book.reject(RowAt::new(0, 1), rule);
        reject_examples(&source, &book).remove(&rule).unwrap()
    }

    #[test]
    fn a_register_reading_out_of_bounds_is_shown_with_the_column_that_has_bounds() {
        let shown = |[multiplier, digits, kwh, kvarh]: [&'static str; 4]| {
            let text = |value: &'static str| Arc::new(StringArray::from(vec!["1", value])) as ArrayRef;
            let columns = vec![
                ("customer_id", text("C1")),
                ("meter_id", text("M1")),
                ("read_at", text("2025-01-01")),
                ("register_kwh", text(kwh)),
                ("reactive_register_kvarh", text(kvarh)),
                ("multiplier", text(multiplier)),
                ("register_digits", text(digits)),
            ];
            example(Table::RegisterReadings, columns, Rule::OutOfBounds)
        };
        for (cells, expected) in [
            (["0", "6", "1", "1"], "multiplier = 0"),
            (["-2", "6", "1", "1"], "multiplier = -2"),
            (["", "13", "1", "1"], "register_digits = 13"),
            (["1", "2", "99", "100"], "reactive_register_kvarh = 100"),
            (["1", "2", "100", "100"], "register_kwh = 100"),
            (["1", "", "7", ""], "register_kwh = 7"),
        ] {
            assert_eq!(shown(cells), format!("register_readings/0 row 1: {expected}"));
        }
    }

    #[test]
    fn a_flag_that_is_nan_and_a_time_beyond_every_calendar_are_shown() {
        let flags: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
        let shown = example(Table::Customers, vec![("aged_transformer_area", flags)], Rule::NotFinite);
        assert_eq!(shown, "customers/0 row 1: aged_transformer_area = NaN");
        let days: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![0, 1 << 62]));
        let shown = example(Table::Bills, vec![("due_on", days)], Rule::BadDate);
        assert_eq!(shown, "bills/0 row 1: due_on = 4611686018427387904");
    }

    #[test]
    fn a_reject_is_shown_with_the_column_and_value_that_break_its_rule() {
        let texts = |values: [&'static str; 3]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let batch = RecordBatch::try_from_iter([
            ("payment_id", texts(["P1", "P2", "P3"])),
            ("bill_id", texts(["B1", "B9", "B1"])),
            ("paid_on", texts(["23/02/20", "2023-02-20", "2023-02-20"])),
            ("amount", texts(["1", "2", "10²"])),
        ]);
        let source = MemorySource::default().with(Table::Payments, batch.unwrap());
        let mut book = TableBook::new(Table::Payments);
        book.reject(RowAt::new(0, 2), Rule::BadNumber);
        book.reject(RowAt::new(0, 1), Rule::Orphan);
        book.reject(RowAt::new(0, 0), Rule::BadDate);
        let examples: Vec<String> = reject_examples(&source, &book).into_values().collect();
        assert_eq!(
            examples,
            [
                "payments/0 row 0: paid_on = 23/02/20",
                "payments/0 row 2: amount = 10²",
                "payments/0 row 1: bill_id = B9",
            ]
        );
    }
}
