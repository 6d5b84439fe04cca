use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use gridtier::contract::rule::Rule;
use gridtier::contract::{READING_KWH_MAX, Table};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

fn spec() -> SampleSpec {
    SampleSpec { customers: 400, months: 14, ..SampleSpec::demo() }
}

fn written(spec: &SampleSpec) -> (tempfile::TempDir, SampleSummary) {
    let dir = tempfile::tempdir().unwrap();
    let summary = write(dir.path(), spec).unwrap();
    (dir, summary)
}

/// Every file below a folder with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let inner = files(&path);
            found.extend(
                inner
                    .into_iter()
                    .map(|(name, bytes)| (PathBuf::from(path.file_name().unwrap()).join(name), bytes)),
            );
        } else {
            found.insert(PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap());
        }
    }
    found
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[derive(Clone, Debug, PartialEq)]
struct ReadingRow {
    key: (String, Option<String>, i64),
    kwh: f64,
    kvarh: Option<f64>,
    quality: String,
}

fn readings(path: &Path) -> Vec<ReadingRow> {
    let mut rows = Vec::new();
    for batch in batches(path) {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let (ids, meters, qualities) = (text("customer_id"), text("meter_id"), text("quality"));
        let times =
            batch.column_by_name("read_at").unwrap().as_primitive::<TimestampMillisecondType>().clone();
        let kwh = batch.column_by_name("active_kwh").unwrap().as_primitive::<Float64Type>().clone();
        let kvarh = batch.column_by_name("reactive_kvarh").unwrap().as_primitive::<Float64Type>().clone();
        rows.extend((0..batch.num_rows()).map(|row| ReadingRow {
            key: (
                ids.value(row).to_owned(),
                meters.is_valid(row).then(|| meters.value(row).to_owned()),
                times.value(row),
            ),
            kwh: kwh.value(row),
            kvarh: kvarh.is_valid(row).then(|| kvarh.value(row)),
            quality: qualities.value(row).to_owned(),
        }));
    }
    rows
}

/// Bill, customer, month, amount in fen, due date, reversed bill.
type BillRow = (String, String, i32, i128, Option<i32>, Option<String>);

fn bills(dir: &Path) -> Vec<BillRow> {
    let mut rows = Vec::new();
    for batch in batches(&dir.join("bills.parquet")) {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let (months, due_on) =
            (batch.column(2).as_primitive::<Date32Type>(), batch.column(4).as_primitive::<Date32Type>());
        let fen = batch.column(3).as_primitive::<Decimal128Type>();
        rows.extend((0..batch.num_rows()).map(|row| {
            (
                text(0).value(row).to_owned(),
                text(1).value(row).to_owned(),
                months.value(row),
                fen.value(row),
                due_on.is_valid(row).then(|| due_on.value(row)),
                text(5).is_valid(row).then(|| text(5).value(row).to_owned()),
            )
        }));
    }
    rows
}

/// Payment, bill, day, amount in fen.
fn payments(dir: &Path) -> Vec<(String, String, i32, i128)> {
    let mut rows = Vec::new();
    for batch in batches(&dir.join("payments.parquet")) {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let days = batch.column(2).as_primitive::<Date32Type>();
        let fen = batch.column(3).as_primitive::<Decimal128Type>();
        rows.extend((0..batch.num_rows()).map(|row| {
            (text(0).value(row).to_owned(), text(1).value(row).to_owned(), days.value(row), fen.value(row))
        }));
    }
    rows
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let daily = SampleSpec { cadence: SampleCadence::Daily, ..spec() };
    for spec in [spec(), daily] {
        let of_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (dir, summary) = pool.install(|| written(&spec));
            (files(dir.path()), summary)
        };
        let (one, three) = (of_threads(1), of_threads(3));
        assert_eq!(one.1, three.1);
        assert!(one.0 == three.0, "files differ");
    }
}

#[test]
fn another_seed_is_another_utility() {
    let (left, right) = (written(&spec()).0, written(&SampleSpec { seed: 1, ..spec() }).0);
    let (left, right) = (files(left.path()), files(right.path()));
    assert!(left.keys().eq(right.keys()));
    assert!(left.iter().all(|(name, bytes)| right[name] != *bytes));
}

/// The tables of the sample. The table of registers is not among them, because the sample's energy comes as intervals.
fn sampled() -> impl Iterator<Item = Table> {
    Table::ALL.into_iter().filter(|table| *table != Table::RegisterReadings)
}

#[test]
fn the_demo_is_small_and_a_fifth_of_it_holds_four_fifths_of_the_energy() {
    let (dir, summary) = written(&SampleSpec::demo());
    let bytes: usize = files(dir.path()).values().map(Vec::len).sum();
    assert!(bytes < 3_000_000, "{bytes}");
    assert!(summary.rows(Table::Customers) > 3_000 && summary.rows(Table::MeterReadings) > 95_000);
    assert!(summary.tables.iter().map(|one| one.table).eq(sampled()));

    let mut by_customer: BTreeMap<String, f64> = BTreeMap::new();
    for row in readings(&dir.path().join("meter_readings.parquet")) {
        *by_customer.entry(row.key.0).or_default() += row.kwh.max(0.0);
    }
    let mut energies: Vec<f64> = by_customer.into_values().collect();
    energies.sort_by(|left, right| right.total_cmp(left));
    let top: f64 = energies.iter().take(energies.len() / 5).sum();
    assert!(top >= 0.8 * energies.iter().sum::<f64>());
}

#[test]
fn planted_readings_are_found_as_planted() {
    let (dir, summary) = written(&spec());
    let rows = readings(&dir.path().join("meter_readings.parquet"));
    let customers: BTreeSet<String> =
        csv_rows(&dir.path().join("customers.csv")).into_iter().map(|mut row| row.swap_remove(0)).collect();
    let found = |test: &dyn Fn(&ReadingRow) -> bool| rows.iter().filter(|row| test(row)).count() as u64;
    let planted = |rule: &str| summary.planted(Table::MeterReadings, rule);

    assert_eq!(found(&|row| row.kwh < 0.0), planted(Rule::Negative.code()));
    assert_eq!(found(&|row| row.kwh.is_nan()), planted(Rule::NotFinite.code()));
    assert_eq!(found(&|row| row.quality == "invalid"), planted(Rule::InvalidQuality.code()));
    assert_eq!(found(&|row| !customers.contains(&row.key.0)), planted(Rule::Orphan.code()));
    assert_eq!(found(&|row| row.kwh.abs() > READING_KWH_MAX as f64), 0);
    let window = spec().window().unwrap();
    let (start, end) = (window.start().first_day(), window.end_day());
    assert_eq!(
        found(&|row| !(start..end).contains(&((row.key.2 / 86_400_000) as i32))),
        planted(OUT_OF_WINDOW)
    );
    let mut by_key: BTreeMap<_, Vec<&ReadingRow>> = BTreeMap::new();
    rows.iter().for_each(|row| by_key.entry(&row.key).or_default().push(row));
    let repeated: Vec<_> = by_key.values().filter(|group| group.len() > 1).collect();
    let equal = repeated.iter().filter(|group| group[0] == group[1]).count() as u64;
    assert_eq!(equal, planted(DUPLICATES));
    assert_eq!(2 * (repeated.len() as u64 - equal), planted(Rule::ConflictingReading.code()));
    assert_eq!(rows.len() as u64, summary.rows(Table::MeterReadings));
    assert_eq!(planted(Rule::UnitSuspect.code()), 1);
    assert_eq!(found(&|row| row.kwh.is_finite()), rows.len() as u64 - 1);
}

#[test]
fn a_month_in_the_wrong_unit_stands_out_at_every_cadence() {
    for cadence in [SampleCadence::Monthly, SampleCadence::Daily] {
        let (dir, _) = written(&SampleSpec { cadence, ..spec() });
        let mut months: BTreeMap<String, BTreeMap<Month, f64>> = BTreeMap::new();
        for row in readings(&dir.path().join("meter_readings.parquet")) {
            let month = Month::of_day((row.key.2 / 86_400_000) as i32).unwrap();
            *months.entry(row.key.0).or_default().entry(month).or_default() += row.kwh;
        }
        let suspects = months.values().filter(|months| {
            let mut energies: Vec<f64> = months.values().copied().filter(|kwh| *kwh > 0.0).collect();
            energies.sort_by(f64::total_cmp);
            energies.iter().any(|kwh| *kwh > 900.0 * energies[energies.len() / 2])
        });
        assert_eq!(suspects.count(), 1, "{cadence:?}");
    }
}

#[test]
fn every_table_has_faults_and_none_has_more_rejects_than_a_grading_allows() {
    let (dir, summary) = written(&spec());
    for table in sampled() {
        let set_aside: u64 = summary
            .faults
            .iter()
            .filter(|fault| fault.table == table && fault.rule != DUPLICATES && fault.rule != OUT_OF_WINDOW)
            .map(|fault| fault.rows)
            .sum();
        assert!((1..=10).contains(&set_aside), "{table}: {set_aside}");
        let csv = dir.path().join(format!("{table}.csv"));
        if csv.exists() {
            assert_eq!(csv_rows(&csv).len() as u64, summary.rows(table), "{table}");
        }
    }
}

#[test]
fn words_of_a_clean_sample_are_those_of_the_contract() {
    let (dir, summary) = written(&SampleSpec { faults: SampleFaults::None, ..spec() });
    assert!(summary.faults.is_empty());
    for table in [Table::Customers, Table::Incidents, Table::Cooperation, Table::EnergyProfiles] {
        for row in csv_rows(&dir.path().join(format!("{table}.csv"))) {
            for (cell, column) in row.iter().zip(table.columns()) {
                assert!(!cell.is_empty() || column.nullable, "{table} {}", column.name);
                if let gridtier::contract::ColumnKind::Word(words) = column.kind {
                    assert!(
                        cell.is_empty() || words.position(cell).is_some(),
                        "{table} {} {cell}",
                        column.name
                    );
                }
            }
        }
    }
    for row in readings(&dir.path().join("meter_readings.parquet")) {
        assert!(row.kwh >= 0.0 && row.kvarh.is_none_or(|kvarh| kvarh >= 0.0));
    }
}

#[test]
fn the_books_of_a_clean_sample_are_in_order() {
    let (dir, _) = written(&SampleSpec { faults: SampleFaults::None, customers: 1_500, ..spec() });
    let (bills, payments) = (bills(dir.path()), payments(dir.path()));
    let by_id: BTreeMap<&str, &BillRow> = bills.iter().map(|bill| (bill.0.as_str(), bill)).collect();
    assert_eq!(by_id.len(), bills.len());
    let ids: BTreeSet<&str> = payments.iter().map(|payment| payment.0.as_str()).collect();
    assert_eq!(ids.len(), payments.len());
    let mut reversals = 0;
    for (_, customer, month, fen, due_on, reverses) in &bills {
        assert_eq!(*fen < 0, due_on.is_none());
        assert_eq!(*fen < 0, reverses.is_some());
        if let Some(reversed) = reverses {
            let reversed = by_id[reversed.as_str()];
            assert!(reversed.1 == *customer && reversed.2 < *month && reversed.3 >= -fen);
            reversals += 1;
        }
    }
    assert!(reversals > 20, "{reversals}");
    let end = spec().window().unwrap().end_day();
    assert!(payments.iter().all(|payment| payment.2 < end && by_id.contains_key(payment.1.as_str())));
    let due: i128 = bills.iter().map(|bill| bill.3).sum();
    let paid: i128 = payments.iter().map(|payment| payment.3).sum();
    assert!(paid * 100 > due * 80 && paid < due, "{paid} of {due}");
    assert!(payments.iter().any(|payment| payment.3 < 0));
}

#[test]
fn planted_bills_and_payments_are_found_as_planted() {
    let (dir, summary) = written(&spec());
    let (bills, payments) = (bills(dir.path()), payments(dir.path()));
    let window = spec().window().unwrap();
    let (start, end) = (window.start().first_day(), window.end_day());
    let customers: BTreeSet<String> =
        csv_rows(&dir.path().join("customers.csv")).into_iter().map(|mut row| row.swap_remove(0)).collect();
    let bill_ids: BTreeSet<&str> = bills.iter().map(|bill| bill.0.as_str()).collect();
    let early: BTreeSet<&str> =
        bills.iter().filter(|bill| !(start..end).contains(&bill.2)).map(|bill| bill.0.as_str()).collect();
    let count =
        |found: usize, table, rule| assert_eq!(found as u64, summary.planted(table, rule), "{table} {rule}");

    count(bills.len() - bill_ids.len(), Table::Bills, DUPLICATES);
    let is_orphan = |bill: &&BillRow| !customers.contains(&bill.1);
    count(bills.iter().filter(is_orphan).count(), Table::Bills, Rule::Orphan.code());
    let is_undated = |bill: &&BillRow| bill.3 > 0 && bill.4.is_none();
    count(bills.iter().filter(is_undated).count(), Table::Bills, Rule::NullValue.code());
    let is_unknown = |bill: &&BillRow| {
        bill.3 < 0 && !bill.5.as_deref().is_some_and(|reversed| bill_ids.contains(reversed))
    };
    count(bills.iter().filter(is_unknown).count(), Table::Bills, Rule::UnknownReversal.code());
    count(early.len(), Table::Bills, OUT_OF_WINDOW);

    let payment_ids: BTreeSet<&str> = payments.iter().map(|payment| payment.0.as_str()).collect();
    count(payments.len() - payment_ids.len(), Table::Payments, DUPLICATES);
    let orphans = payments.iter().filter(|payment| !bill_ids.contains(payment.1.as_str())).count();
    count(orphans, Table::Payments, Rule::Orphan.code());
    let outside =
        payments.iter().filter(|payment| payment.2 >= end || early.contains(payment.1.as_str())).count();
    count(outside, Table::Payments, OUT_OF_WINDOW);
}

#[test]
fn files_by_month_hold_the_rows_of_the_flat_file() {
    let flat = SampleSpec { customers: 60, months: 4, cadence: SampleCadence::Daily, ..spec() };
    let (flat_dir, flat_summary) = written(&flat);
    let (dir, summary) = written(&SampleSpec { layout: SampleLayout::MonthlyFiles, ..flat });
    assert_eq!(summary, flat_summary);
    let names: Vec<PathBuf> = files(&dir.path().join("meter_readings")).into_keys().collect();
    assert_eq!(
        names,
        ["2025-09", "2025-10", "2025-11", "2025-12"].map(|month| PathBuf::from(format!("{month}.parquet")))
    );
    let together: Vec<ReadingRow> =
        names.iter().flat_map(|name| readings(&dir.path().join("meter_readings").join(name))).collect();
    let flat = readings(&flat_dir.path().join("meter_readings.parquet"));
    // NaN differs from itself.
    assert_eq!(format!("{together:?}"), format!("{flat:?}"));
}

#[test]
fn a_tiny_utility_is_written_too() {
    for customers in [1, 7] {
        let tiny = SampleSpec { customers, months: 1, cadence: SampleCadence::QuarterHour, ..spec() };
        let (_, summary) = written(&tiny);
        assert!(summary.rows(Table::Customers) >= u64::from(customers));
    }
}

#[test]
fn an_impossible_specification_is_refused_before_anything_is_written() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new");
    for wrong in [
        SampleSpec { customers: 0, ..spec() },
        SampleSpec { months: 0, ..spec() },
        SampleSpec { months: 12 * 56, ..spec() },
        SampleSpec { end: (2026, 13), ..spec() },
        SampleSpec { end: (1960, 1), ..spec() },
    ] {
        assert!(write(&dir, &wrong).is_err());
    }
    assert!(!dir.exists());
}

#[test]
fn a_folder_with_files_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("customers.csv"), "real").unwrap();
    assert!(matches!(write(dir.path(), &spec()), Err(SampleError::NotEmpty { .. })));
    assert_eq!(fs::read_to_string(dir.path().join("customers.csv")).unwrap(), "real");
}
