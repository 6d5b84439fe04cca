//! Compares two tables cell by cell. Floats must have the same bits.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader as _};
use arrow_cast::display::array_value_to_string;
use gridtier::index::count;

use super::error::{CycleError, unreadable};
use super::table::batches;

/// How two tables differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableDifference {
    /// Names or types of columns differ.
    Columns,
    /// The numbers of rows differ.
    Rows {
        /// Rows of the first table.
        first: u64,
        /// Rows of the second table.
        second: u64,
    },
    /// Values differ.
    Cells {
        /// Number of cells that differ.
        cells: u64,
        /// The first cell that differs, in the order of rows and then of columns.
        at: CellAt,
    },
}

/// A cell that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellAt {
    /// The value in the first column of the row; in most tables it identifies the row.
    pub key: String,
    /// The column.
    pub column: String,
    /// The value in the first table; empty where there is none.
    pub first: String,
    /// The value in the second table.
    pub second: String,
}

/// How two tables differ; `None` if every cell is the same.
///
/// # Errors
/// One of the tables cannot be read.
pub(crate) fn table_difference(first: &Path, second: &Path) -> Result<Option<TableDifference>, CycleError> {
    let (ours, theirs) = (batches(first)?, batches(second)?);
    if ours.schema().fields() != theirs.schema().fields() {
        return Ok(Some(TableDifference::Columns));
    }
    let (first_rows, second_rows) = (row_count(first)?, row_count(second)?);
    if first_rows != second_rows {
        return Ok(Some(TableDifference::Rows { first: first_rows, second: second_rows }));
    }
    let (mut cells, mut at) = (0, None);
    // Both tables have the same number of rows and are read in batches of the same size, so the batches align.
    for (ours, theirs) in ours.zip(theirs) {
        let ours = ours.map_err(|error| unreadable(first, error))?;
        let theirs = theirs.map_err(|error| unreadable(second, error))?;
        let (differing, found) = batch_difference(&ours, &theirs);
        cells += differing;
        at = at.or(found);
    }
    Ok(at.map(|at| TableDifference::Cells { cells, at }))
}

/// The rows of a table.
fn row_count(path: &Path) -> Result<u64, CycleError> {
    batches(path)?.try_fold(0, |rows, batch| match batch {
        Ok(batch) => Ok(rows + count(batch.num_rows())),
        Err(error) => Err(unreadable(path, error)),
    })
}

/// The number of cells of two batches that differ, and the first of them.
fn batch_difference(first: &RecordBatch, second: &RecordBatch) -> (u64, Option<CellAt>) {
    let mut differing: Vec<(usize, usize)> = Vec::new();
    for (place, (ours, theirs)) in first.columns().iter().zip(second.columns()).enumerate() {
        let rows = 0..first.num_rows();
        differing.extend(rows.filter(|&row| !is_same_cell(ours, theirs, row)).map(|row| (row, place)));
    }
    let at = differing.iter().min().map(|&(row, place)| {
        let shown = |column: &ArrayRef| array_value_to_string(column, row).unwrap_or_default();
        CellAt {
            key: shown(first.column(0)),
            column: first.schema().field(place).name().clone(),
            first: shown(first.column(place)),
            second: shown(second.column(place)),
        }
    });
    (count(differing.len()), at)
}

fn is_same_cell(first: &ArrayRef, second: &ArrayRef, row: usize) -> bool {
    if first.is_null(row) || second.is_null(row) {
        return first.is_null(row) && second.is_null(row);
    }
    let floats = first.as_primitive_opt::<Float64Type>().zip(second.as_primitive_opt::<Float64Type>());
    match floats {
        Some((ours, theirs)) => ours.value(row).to_bits() == theirs.value(row).to_bits(),
        None => first.slice(row, 1) == second.slice(row, 1),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::test_folder::{TestFolder, parquet};

    fn difference(first: Vec<(&str, ArrayRef)>, second: Vec<(&str, ArrayRef)>) -> Option<TableDifference> {
        let folder = TestFolder::with("first.parquet", parquet(first)).and("second.parquet", parquet(second));
        let path = |name: &str| folder.path().join(name);
        table_difference(&path("first.parquet"), &path("second.parquet")).unwrap()
    }

    fn table(scores: [Option<i64>; 3], shares: [f64; 3]) -> Vec<(&'static str, ArrayRef)> {
        vec![
            ("customer_id", Arc::new(StringArray::from(vec!["A", "B", "C"])) as ArrayRef),
            ("score_e6", Arc::new(Int64Array::from(scores.to_vec()))),
            ("share", Arc::new(Float64Array::from(shares.to_vec()))),
        ]
    }

    #[test]
    fn equal_tables_have_no_difference() {
        let same = || table([Some(1), None, Some(3)], [0.5, f64::NAN, -0.0]);
        assert_eq!(difference(same(), same()), None);
    }

    #[test]
    fn the_first_cell_by_rows_is_named_and_all_are_counted() {
        let found = difference(
            table([Some(1), None, Some(3)], [0.5, 1.0, 2.0]),
            table([Some(1), Some(2), Some(4)], [0.5, 1.0, 2.0]),
        );
        let at =
            CellAt { key: "B".into(), column: "score_e6".into(), first: String::new(), second: "2".into() };
        assert_eq!(found, Some(TableDifference::Cells { cells: 2, at }));
    }

    #[test]
    fn zeros_of_different_signs_differ_in_their_bits() {
        let scores = [Some(1), None, Some(3)];
        let found = difference(table(scores, [0.0, 1.0, 2.0]), table(scores, [-0.0, 1.0, 2.0]));
        assert!(matches!(found, Some(TableDifference::Cells { cells: 1, .. })), "{found:?}");
    }

    #[test]
    fn missing_rows_and_other_columns_are_reported_as_such() {
        let scores = [Some(1), None, Some(3)];
        let one = vec![("customer_id", Arc::new(StringArray::from(vec!["A"])) as ArrayRef)];
        let two = vec![("customer_id", Arc::new(StringArray::from(vec!["A", "B"])) as ArrayRef)];
        let rows = TableDifference::Rows { first: 1, second: 2 };
        assert_eq!(difference(one.clone(), two), Some(rows));
        assert_eq!(difference(one, table(scores, [0.0, 1.0, 2.0])), Some(TableDifference::Columns));
    }
}
