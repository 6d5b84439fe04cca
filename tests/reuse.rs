//! What an earlier cycle has counted is not counted again, and that changes nothing else: with and without reuse, a
//! cycle has the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::support::{Published, current, method_file};
use crate::tables;
use crate::utility::Utility;

/// A utility with a file for each month of daily readings, September 2024 to December 2025, graded again and again over
/// twelve months.
struct History {
    utility: Utility,
    method: String,
}

impl History {
    fn new() -> Self {
        let utility = Utility::invented(120, &["--cadence", "daily", "--monthly-files", "--months", "16"]);
        let changes = [("window_months = 36", "window_months = 12"), ("min_months = 12", "min_months = 6")];
        let method = method_file(utility.path(), "utility", &changes);
        Self { utility, method }
    }

    /// Grades with and without what earlier cycles have counted, asserts that both give the same bytes, and returns the
    /// message about reuse.
    fn regrade(&self, as_of: &str) -> String {
        let run = |store: &str, options: &[&str]| {
            let args = ["regrade", "data", "--as-of", as_of, "--method", &self.method, "--store", store];
            let ended =
                self.utility.run(&[&args[..], &["--accept-findings=test", "--again"], options].concat());
            assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
            (ended.stderr, current(&self.utility.path().join(store)))
        };
        let (said, ours) = run("store", &[]);
        let (said_of_fresh, fresh) = run("fresh", &["--fresh"]);
        assert!(!said_of_fresh.contains("taken"), "{said_of_fresh}");
        let names = files(&fresh);
        assert!(names.len() > 18, "{names:?}");
        assert_eq!(files(&ours), names);
        for name in names {
            assert!(fs::read(ours.join(&name)).unwrap() == fs::read(fresh.join(&name)).unwrap(), "{name}");
        }
        said
    }

    fn data(&self, name: &str) -> PathBuf {
        self.utility.data().join(name)
    }

    /// One reading more, of another meter, in a file of its own.
    fn deliver(&self, name: &str, customer: &str, day: &str, kwh: f64) {
        let day: chrono::NaiveDate = day.parse().unwrap();
        let us = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
        let like = tables::read(&self.data("meter_readings/2025-06.parquet"));
        let reading: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", std::sync::Arc::new(StringArray::from(vec![customer]))),
            // Readings without a meter beside others of the same day would be a finding.
            ("meter_id", std::sync::Arc::new(StringArray::from(vec!["M-late"]))),
            ("read_at", std::sync::Arc::new(TimestampMicrosecondArray::from(vec![us]))),
            ("active_kwh", std::sync::Arc::new(Float64Array::from(vec![kwh]))),
        ];
        let reading = conform(&tables::batch(reading), &like);
        fs::write(self.data(name), tables::parquet(&reading)).unwrap();
    }
}

/// The columns of `like`, empty where `batch` has none.
fn conform(batch: &RecordBatch, like: &RecordBatch) -> RecordBatch {
    let schema = like.schema();
    tables::batch(schema.fields().iter().map(|field| {
        let known = batch.column_by_name(field.name());
        let column = known.map_or_else(
            || arrow_array::new_null_array(field.data_type(), batch.num_rows()),
            |column| arrow_cast::cast(column, field.data_type()).unwrap(),
        );
        (field.name().as_str(), column)
    }))
}

fn files(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            names.extend(files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

fn assert_says(said: &str, words: &str) {
    assert!(said.contains(words), "`{words}` is not in: {said}");
}

#[test]
fn a_new_month_is_read_and_the_others_are_reused() {
    let history = History::new();
    let december = history.data("meter_readings/2025-12.parquet");
    let kept = fs::read(&december).unwrap();
    fs::remove_file(&december).unwrap();
    assert!(!history.regrade("2025-12-01").contains("taken"));
    fs::write(&december, kept).unwrap();
    // December 2024 has left the window. Statistics show that no row of its file, or of an earlier one, counts.
    assert_says(
        &history.regrade("2026-01-01"),
        "11 of 16 files of readings were not counted again: their sums were taken from cycle 1",
    );
    assert_says(
        &history.regrade("2026-01-01"),
        "inputs and window are the same, so all facts were taken from cycle 2",
    );
}

#[test]
fn a_month_with_other_files_is_read_again() {
    let history = History::new();
    history.regrade("2026-01-01");
    let tiers = Published::read(&current(&history.utility.store()).join("tiers.parquet"));
    let customer = tiers.texts("customer_id").into_iter().flatten().next().unwrap();
    history.deliver("meter_readings/late.parquet", &customer, "2025-03-05", 1e6);
    assert_says(&history.regrade("2026-01-01"), "15 of 17 files");
    // The file now has a reading of another month: the old month and the new one are both read again.
    history.deliver("meter_readings/late.parquet", &customer, "2025-07-05", 1e6);
    assert_says(&history.regrade("2026-01-01"), "14 of 17 files");
    fs::remove_file(history.data("meter_readings/late.parquet")).unwrap();
    // The first cycle had these very inputs.
    assert_says(
        &history.regrade("2026-01-01"),
        "inputs and window are the same, so all facts were taken from cycle 1",
    );
}

#[test]
fn months_that_a_change_of_customers_does_not_touch_are_reused() {
    let history = History::new();
    history.deliver("meter_readings/stranger.parquet", "ZZZ2", "2025-04-09", 1.0);
    history.regrade("2026-01-01");
    let rejects = Published::read(&current(&history.utility.store()).join("rejects/meter_readings.parquet"));
    assert!(rejects.texts("rule").contains(&Some("orphan".to_owned())));
    let customers = fs::read_to_string(history.data("customers.csv")).unwrap();
    let pattern = customers.lines().nth(1).unwrap();
    let cells: Vec<&str> = pattern.split(',').collect();
    let with = |id: &str| format!("{id},{}\n", cells[1..].join(","));
    // Somebody without a reading changes no month.
    fs::write(history.data("customers.csv"), format!("{customers}{}", with("ZZZ1"))).unwrap();
    assert_says(&history.regrade("2026-01-01"), "17 of 17 files");
    // An orphan that becomes a customer changes its month, which two files share.
    let both = format!("{customers}{}{}", with("ZZZ1"), with("ZZZ2"));
    fs::write(history.data("customers.csv"), both).unwrap();
    assert_says(
        &history.regrade("2026-01-01"),
        "15 of 17 files of readings were not counted again: their sums were taken from cycle 2",
    );
    // Without one of the customers, readings that counted become orphans.
    let fewer = customers.replacen(&format!("{pattern}\n"), "", 1);
    assert_ne!(fewer, customers);
    fs::write(history.data("customers.csv"), fewer).unwrap();
    assert!(!history.regrade("2026-01-01").contains("taken"));
}

#[test]
fn nothing_is_reused_after_a_changed_declaration_or_from_a_damaged_cycle() {
    let history = History::new();
    history.regrade("2026-01-01");
    fs::write(history.data("gridtier.toml"), "format = 1\n[tables.meter_readings]\nenergy_unit = \"MWh\"\n")
        .unwrap();
    assert!(!history.regrade("2026-01-01").contains("taken"));
    fs::remove_file(history.data("gridtier.toml")).unwrap();
    let usage = history.utility.path().join("store");
    let first = fs::read_dir(&usage).unwrap().map(|entry| entry.unwrap().path());
    let first = first.into_iter().find(|path| path.to_str().unwrap().contains("v000001-")).unwrap();
    let usage = first.join("monthly_usage.parquet");
    let mut bytes = fs::read(&usage).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&usage, bytes).unwrap();
    assert!(!history.regrade("2026-01-01").contains("taken"));
}
