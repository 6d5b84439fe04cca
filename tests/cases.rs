//! Tiny utilities, each in a folder of `tests/cases` with its data, what is expected, and a README that says why.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use crate::support::{Published, breaches, regrade, scratch};
use crate::tables;
use crate::utility::AS_OF;

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases").join(case)
}

/// Grades a case and compares every expected table with the one that was published, and asserts that the data exceed
/// the limits of the rules `accepted` only.
fn check(case: &str, method: &str, accepted: &[&str]) {
    let store = scratch();
    let cycle = regrade(&folder(case).join("data"), AS_OF, method, store.path(), &["--accept-findings=test"]);
    assert_eq!(breaches(&cycle), accepted, "{case}");
    let mut compared = 0;
    for entry in fs::read_dir(folder(case).join("expected")).unwrap() {
        let path = entry.unwrap().path();
        let expected = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let columns: Vec<&str> = expected.lines().next().unwrap().split(',').collect();
        let published = Published::read(&cycle.join(name).with_extension("parquet"));
        assert_eq!(as_csv(&published, &columns), expected, "{case}: {name}");
        compared += 1;
    }
    assert_eq!(compared, 3, "{case} expects tiers, ledger and reconciliation");
}

/// These columns of a table as CSV, numbers with six decimals.
fn as_csv(published: &Published, columns: &[&str]) -> String {
    let mut text = columns.join(",") + "\n";
    for batch in &published.0 {
        let cells: Vec<Vec<String>> = columns.iter().map(|name| cells(batch, name)).collect();
        for row in 0..batch.num_rows() {
            let line: Vec<&str> = cells.iter().map(|column| column[row].as_str()).collect();
            text += &(line.join(",") + "\n");
        }
    }
    text
}

fn cells(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    if *column.data_type() == DataType::Float64 {
        let number = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.6}"));
        return column.as_primitive::<Float64Type>().iter().map(number).collect();
    }
    tables::texts(batch, name).into_iter().map(Option::unwrap_or_default).collect()
}

#[test]
fn a_small_utility_is_graded_as_by_hand() {
    check("paper_small", "paper", &[]);
}

#[test]
fn only_proven_theft_in_the_window_caps_a_tier() {
    check("utility_theft", "utility", &[]);
}

#[test]
fn short_history_and_little_known_weight_are_provisional() {
    check("provisional", "paper", &["before_opening"; 3]);
}

#[test]
fn equal_scores_at_a_line_are_broken_by_revenue_and_id() {
    check("ties", "paper", &[]);
}
