mod bytes;
mod declared;

use std::sync::Arc;

use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{Float64Array, Int64Array, StringArray};
use gridtier::contract::rule::Rule;
use gridtier::meter::ReadingDetail;
use gridtier::source::TableBook;
use gridtier::unit::{Month, Window};
use parquet::file::properties::WriterProperties;

use super::*;
use crate::test_folder::{TestFolder, ids_of, parquet, parquet_as, readings};

const PAYMENTS: &str = "payment_id,bill_id,paid_on,amount\n";

fn payments(id: &str) -> String {
    format!("{PAYMENTS}{id},b,2025-01-01,1\n")
}

fn amounts(amount: ArrayRef) -> Vec<u8> {
    let text = |text: &str| Arc::new(StringArray::from(vec![text; amount.len()])) as ArrayRef;
    parquet(vec![
        ("payment_id", text("p")),
        ("bill_id", text("b")),
        ("paid_on", text("2025-01-01")),
        ("amount", amount),
    ])
}

#[test]
fn a_path_that_is_not_a_folder_is_refused() {
    let data = TestFolder::with("file", "x");
    let refusal = DataFolder::open(&data.path().join("file")).err().unwrap().to_string();
    assert!(refusal.contains("the data folder cannot be listed"), "{refusal}");
    assert!(data.open().unwrap().parts(Table::Bills).unwrap().is_none());
}

#[test]
fn inputs_name_every_file_with_its_hash_and_rows() {
    let data = TestFolder::with("payments/b.csv", payments("1"))
        .and("payments/a.csv", payments("2"))
        .and("gridtier.toml", "format = 1\n")
        .and("paymentz.csv", "x");
    let folder = data.open().unwrap();
    let inputs: Vec<_> = folder
        .inputs()
        .unwrap()
        .iter()
        .map(|input| (input.table, input.path.as_str(), input.bytes, input.rows))
        .collect();
    let payments = Some(Table::Payments);
    assert_eq!(
        inputs,
        [
            (None, "gridtier.toml", 11, 0),
            (payments, "payments/a.csv", 51, 1),
            (payments, "payments/b.csv", 51, 1)
        ]
    );
    assert!(folder.inputs().unwrap().iter().all(|input| input.sha256.len() == 64));
    assert_eq!(folder.unused(), ["paymentz.csv"]);
    assert_eq!(folder.file_name(Table::Payments, 1), "payments/b.csv");
}

#[test]
fn the_same_file_twice_is_refused_unless_its_folders_differ_or_it_is_empty() {
    let twice = |a: &str, b: &str, text: &str| TestFolder::with(a, text).and(b, text).open().map(drop);
    let refusal = twice("payments/a.csv", "payments/b.csv", &payments("1")).unwrap_err();
    assert!(
        refusal.contains("payments/b.csv: it is the same file as payments/a.csv, byte for byte"),
        "{refusal}"
    );
    assert_eq!(twice("payments/a.csv", "payments/b.csv", PAYMENTS), Ok(()));
    assert_eq!(twice("payments/org=1/a.csv", "payments/org=2/a.csv", &payments("1")), Ok(()));
    assert!(twice("payments/org=1/a.csv", "payments/org=1/b.csv", &payments("1")).is_err());
}

#[test]
fn a_folder_value_is_a_column_and_keeps_its_zeros() {
    let file = "payment_id,bill_id,amount\n1,b,1\n2,b,2\n";
    let data = TestFolder::with("payments/paid_on=2025-01-31/bill_id=007/a.csv", file)
        .and("payments/paid_on=__HIVE_DEFAULT_PARTITION__/bill_id=%E6%88%B7/b.csv", file)
        .and("gridtier.toml", "format = 1\n[tables.payments.hive]\npaid_on = \"date\"\n");
    let batches = data.read(Table::Payments).unwrap();
    assert_eq!(batches.len(), 2);
    let ids = |batch: usize| ids_of(batches[batch].column("bill_id").unwrap());
    let all: Vec<_> = [ids(0), ids(1)].concat().into_iter().map(Option::unwrap).collect();
    assert_eq!(all, ["007", "007", "户", "户"]);
    let days = batches.iter().map(|batch| batch.column("paid_on").unwrap().null_count()).collect::<Vec<_>>();
    assert_eq!(days, [0, 2]);
}

#[test]
fn types_that_clash_are_refused_and_wider_ones_noticed() {
    let data = |a: ArrayRef, b: ArrayRef| {
        TestFolder::with("payments/a.parquet", amounts(a)).and("payments/b.parquet", amounts(b))
    };
    let double = || Arc::new(Float64Array::from(vec![1.0])) as ArrayRef;
    let refusal = data(double(), Arc::new(StringArray::from(vec!["1"]))).refusal(Table::Payments);
    assert!(
        refusal.starts_with("table payments: payments/b.parquet: the column amount is text"),
        "{refusal}"
    );
    assert!(refusal.contains("(Float64) in payments/a.parquet"), "{refusal}");
    let wider = data(Arc::new(Int64Array::from(vec![1])), Arc::new(arrow_array::Int32Array::from(vec![1])));
    let notices = wider.open().unwrap().notices(Table::Payments);
    let example = "amount: Int64 in payments/a.parquet, Int32 in payments/b.parquet".to_owned();
    assert_eq!(notices, [(Rule::WidenedType, 1, example)]);
    let mixed =
        TestFolder::with("payments/a.parquet", amounts(double())).and("payments/b.csv", payments("1"));
    assert_eq!(mixed.read(Table::Payments).unwrap().len(), 2);
}

#[test]
fn columns_are_found_by_declared_names_and_any_case() {
    let data = TestFolder::with("A_RCVD/x.csv", "PAYMENT_ID,Bill_ID,CHARGE_YMD,amount,ORG\n1,b,20250131,5,01\n").and(
        "gridtier.toml",
        "format = 1\n[tables.payments]\npath = \"A_RCVD\"\n[tables.payments.columns]\npaid_on = \"charge_ymd\"\n",
    );
    let batch = &data.read(Table::Payments).unwrap()[0];
    assert_eq!(ids_of(batch.column("paid_on").unwrap()), [Some("20250131".to_owned())]);
    assert_eq!(data.open().unwrap().notices(Table::Payments), [(Rule::UnknownColumn, 1, "ORG".into())]);
}

#[test]
fn all_that_is_wrong_is_reported_at_once() {
    let data = TestFolder::with("payments/a.csv", "payment_id,bill_id,paid_on\n")
        .and("payments/b.parquet", "PAR1 and no more")
        .and("payments/c.csv", payments("1"))
        .and("plans.csv", "customer_id,month\n");
    let refusal = data.open().err().unwrap();
    for part in [
        "payments/a.csv: the column `amount` is missing",
        "payments/b.parquet: it is cut off",
        "plans.csv: the column `planned_kwh` is missing",
    ] {
        assert!(refusal.contains(part), "{refusal}");
    }
    let refusal = TestFolder::with("gridtier.toml", b"format = 1\nzone = \"\xFF\"\n").open().err().unwrap();
    assert!(refusal.contains("gridtier.toml:1: it is not UTF-8 text"), "{refusal}");
    assert!(TestFolder::with("gridtier.toml", "format = 2\n").open().is_err());
}

#[test]
fn files_of_parquet_are_the_same_only_if_their_bytes_are() {
    let file = |amount: f64| amounts(Arc::new(Float64Array::from(vec![amount])));
    assert_eq!(file(1.5).len(), file(2.5).len(), "only their hashes tell them apart");
    let both = |a: f64, b: f64| {
        TestFolder::with("payments/a.parquet", file(a)).and("payments/b.parquet", file(b)).open().map(drop)
    };
    assert_eq!(both(1.5, 2.5), Ok(()));
    assert!(both(1.5, 1.5).unwrap_err().contains("it is the same file as payments/a.parquet, byte for byte"));
}

#[test]
fn a_folder_has_the_inputs_of_another_only_if_every_hash_is_the_same() {
    let folder = |amount: f64, config: &str| {
        let file = amounts(Arc::new(Float64Array::from(vec![amount])));
        TestFolder::with("payments.parquet", file).and("gridtier.toml", config)
    };
    let is_of = |data: &TestFolder, other: &TestFolder| {
        let other = other.open().unwrap();
        data.open().unwrap().has_inputs(other.inputs().unwrap().iter()).unwrap()
    };
    let data = folder(1.5, "format = 1\n");
    assert!(is_of(&data, &folder(1.5, "format = 1\n")));
    assert!(!is_of(&data, &folder(2.5, "format = 1\n")), "the same length, another amount");
    assert!(!is_of(&data, &folder(1.5, "format = 1 \n")));
    assert!(!is_of(&data, &folder(1.5, "format = 1\n").and("plans.csv", "customer_id,month,planned_kwh\n")));
    assert!(!is_of(&folder(1.5, "format = 1\n").and("plans.csv", "customer_id,month,planned_kwh\n"), &data));
}

#[test]
fn a_file_that_changes_while_the_folder_is_read_is_refused() {
    let data = TestFolder::with("payments.csv", payments("1"));
    let folder = data.open().unwrap();
    fs::write(data.path().join("payments.csv"), payments("1") + "2,b,2025-01-01,2\n").unwrap();
    let refusal = crate::test_folder::read(&folder, Table::Payments).unwrap_err();
    assert!(refusal.contains("payments.csv: it was changed while it was being read"), "{refusal}");
}

#[test]
fn the_sink_can_stop_the_reading_and_progress_is_passed_on() {
    let seen = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&seen);
    let data = TestFolder::with("payments.csv", payments("1"));
    let folder = data.open().unwrap().with_progress(Box::new(move |_, rows| {
        count.fetch_add(rows, Ordering::Relaxed);
    }));
    let part = folder.parts(Table::Payments).unwrap().unwrap()[0];
    let stopped = folder.read(Table::Payments, part, &["amount"], &mut |_| Err(RunError::Enough));
    assert!(matches!(stopped, Err(RunError::Enough)));
    folder.progress(Table::Payments, 7);
    assert_eq!(seen.load(Ordering::Relaxed), 7);
}

#[test]
fn every_table_of_the_invented_utility_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let spec = gridtier_sample::SampleSpec {
        customers: 50,
        layout: gridtier_sample::SampleLayout::MonthlyFiles,
        ..gridtier_sample::SampleSpec::demo()
    };
    let path = dir.path().join("data");
    let summary = gridtier_sample::write(&path, &spec).unwrap();
    let folder = DataFolder::open(&path).unwrap_or_else(|error| panic!("{error}"));
    for table in Table::ALL.into_iter().filter(|table| *table != Table::RegisterReadings) {
        let rows: usize = crate::test_folder::read(&folder, table)
            .unwrap()
            .iter()
            .map(|batch| batch.record.num_rows())
            .sum();
        assert_eq!(rows as u64, summary.rows(table), "{table}");
        assert!(rows > 0);
    }
}

#[test]
fn readings_of_all_formats_make_one_table() {
    let parquet = parquet(crate::parquet::sample_of_readings(3));
    let csv = "customer_id,read_at,active_kwh\n0000000009,1970-01-01 09:00:00,0.009\n";
    let data =
        TestFolder::with("meter_readings/2024/a.parquet", parquet).and("meter_readings/2025/b.csv", csv);
    let all: Vec<_> = readings(&data).unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(all[2], ("0000000002".into(), 7_200_000_000, 2));
    assert_eq!(all[3], ("0000000009".into(), 32_400_000_000, 9));
}

/// Readings of one customer on the given days, in row groups of two.
fn days(id: ArrayRef, days: Vec<Option<i32>>) -> Vec<u8> {
    let energy: ArrayRef = Arc::new(Float64Array::from(vec![1.0; days.len()]));
    let days: ArrayRef = Arc::new(arrow_array::Date32Array::from(days));
    parquet_as(
        WriterProperties::builder().set_max_row_group_row_count(Some(2)),
        vec![("customer_id", id), ("read_at", days), ("active_kwh", energy)],
    )
}

/// The days for which the parts of a file of readings have bounds.
fn bounds_of(file: Vec<u8>) -> Vec<Option<(i64, i64)>> {
    let folder = TestFolder::with("meter_readings.parquet", file).open().unwrap();
    let parts = folder.parts(Table::MeterReadings).unwrap().unwrap();
    let days = |us: i64| us.div_euclid(gridtier::unit::DAY_US);
    let bounds = |part| folder.bounds(part).map(|bounds| (days(bounds.first_us), days(bounds.last_us)));
    parts.into_iter().map(bounds).collect()
}

#[test]
fn statistics_bound_the_parts_whose_keys_are_proved_to_be_readable() {
    let text = |ids: Vec<Option<&str>>| Arc::new(StringArray::from(ids)) as ArrayRef;
    let six = || vec![Some(10), Some(11), Some(20), None, Some(31), Some(30)];
    let sound = text(vec![Some("a"); 6]);
    assert_eq!(bounds_of(days(sound, six())), [Some((10, 11)), None, Some((30, 31))]);
    for doubtful in [None, Some(" "), Some(""), Some("\u{3000}"), Some("\u{ff11}")] {
        let ids = text(vec![Some("a"), doubtful, Some("a"), Some("a"), Some("a"), Some("a")]);
        assert_eq!(bounds_of(days(ids, six())), [None, None, Some((30, 31))], "{doubtful:?}");
    }
    let integers = Arc::new(Int64Array::from(vec![1; 6])) as ArrayRef;
    assert_eq!(bounds_of(days(integers, six())), [Some((10, 11)), None, Some((30, 31))]);
    // Rows before 1970 and far after 2199 are rejected, so these parts have no bounds.
    let far = days(text(vec![Some("a"); 2]), vec![Some(-1), Some(90_000)]);
    assert_eq!(bounds_of(far), [None]);
}

#[test]
fn statistics_that_contradict_themselves_are_ignored_and_noticed() {
    let mut file = days(Arc::new(StringArray::from(vec!["a"; 2])), vec![Some(10), Some(11)]);
    // The greatest value is in the footer twice: as the old and the new field of the statistics.
    let footer = file.len() - 8 - index(u32::from_le_bytes(*file[file.len() - 8..].first_chunk().unwrap()));
    for at in footer..file.len() - 4 {
        if file[at..].starts_with(&11i32.to_le_bytes()) {
            file[at] = 9;
        }
    }
    assert_eq!(bounds_of(file.clone()), [None]);
    let notices =
        TestFolder::with("meter_readings.parquet", file).open().unwrap().notices(Table::MeterReadings);
    assert_eq!(notices, [(Rule::BadStatistics, 1, "meter_readings.parquet".into())]);
}

/// Two days in the footer as the old and the new form of the statistics, and in the index of the pages before it.
#[test]
fn statistics_that_contradict_each_other_are_ignored_and_noticed() {
    let file = days(Arc::new(StringArray::from(vec!["a"; 2])), vec![Some(10), Some(11)]);
    let footer = file.len() - 8 - index(u32::from_le_bytes(*file[file.len() - 8..].first_chunk().unwrap()));
    let least = |at: &usize| file[*at..].starts_with(&10i32.to_le_bytes());
    let in_footer: Vec<usize> = (footer..file.len() - 4).filter(least).collect();
    let in_index = (0..footer).rev().find(least).unwrap();
    assert_eq!(bounds_of(file.clone()), [Some((10, 11))]);
    for at in [in_footer[0], in_footer[1], in_index] {
        let mut other = file.clone();
        other[at] = 7;
        assert_eq!(bounds_of(other.clone()), [None], "{at}");
        let data = TestFolder::with("meter_readings.parquet", other);
        let notices = data.open().unwrap().notices(Table::MeterReadings);
        assert_eq!(notices, [(Rule::BadStatistics, 1, "meter_readings.parquet".into())], "{at}");
    }
    // Bounds that are wider than the values of the pages contradict nothing.
    let mut wider = file.clone();
    in_footer.iter().for_each(|&at| wider[at] = 7);
    assert_eq!(bounds_of(wider), [Some((7, 11))]);
}

#[test]
fn damaged_pages_of_several_files_are_named_in_one_run() {
    let mut damaged = days(Arc::new(StringArray::from(vec!["a"; 2])), vec![Some(10), Some(11)]);
    damaged[4..24].fill(0xFF);
    let other = [damaged.clone(), b"".to_vec()].concat();
    let data = TestFolder::with("meter_readings/a.parquet", damaged)
        .and("meter_readings/b.parquet", days(Arc::new(StringArray::from(vec!["a"; 1])), vec![Some(10)]))
        .and("meter_readings/x=1/c.parquet", other);
    let folder = data.open().unwrap();
    let first = folder.files(Table::MeterReadings)[0].file.refuse(Text::same("first"), Text::same("mend it"));
    let RunError::Refused(all) = folder.with_all_damage(first.into()) else { panic!("no refusal") };
    let all = all.to_string();
    assert!(all.contains("x=1/c.parquet: ") && !all.contains("b.parquet"), "{all}");
}

#[test]
fn damaged_pages_are_named_in_the_run_that_names_other_faults() {
    let mut damaged = days(Arc::new(StringArray::from(vec!["a"; 2])), vec![Some(10), Some(11)]);
    damaged[4..24].fill(0xFF);
    let data = TestFolder::with("meter_readings/a.parquet", &damaged)
        .and("meter_readings/b.parquet", days(Arc::new(StringArray::from(vec!["a"; 1])), vec![Some(10)]))
        .and("meter_readings/c.csv", "customer_id\n")
        .and("plans.csv", "");
    let refusal = data.open().err().unwrap();
    for part in ["meter_readings/a.parquet: ", "meter_readings/c.csv: ", "plans.csv: "] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    assert!(!refusal.contains("b.parquet"), "{refusal}");
    // Also if the only other fault is in another table.
    let data = TestFolder::with("meter_readings/a.parquet", damaged).and("plans.csv", "customer_id,month\n");
    let refusal = data.open().err().unwrap();
    assert!(refusal.contains("meter_readings/a.parquet: ") && refusal.contains("plans.csv: "), "{refusal}");
}

#[test]
fn files_that_cannot_be_read_are_named_in_the_run_that_names_faults_of_gridtier_toml() {
    let data = TestFolder::with("gridtier.toml", "format = 1\nzoen = 1\n")
        .and("plans.csv", "")
        .and("bills.parquet", "PAR1 and no more")
        .and("payments.csv", "in;another;form\n");
    let refusal = data.open().err().unwrap();
    for part in ["gridtier.toml:2: unknown key `zoen`", "bills.parquet: it is cut off", "plans.csv: "] {
        assert!(refusal.contains(part), "{refusal}");
    }
    assert!(!refusal.contains("payments"), "{refusal}");
}

#[test]
fn a_header_that_names_another_unit_is_noticed_unless_the_table_declares_its_unit() {
    let notices = |table: Table, header: &str, column: &str, unit: &str| {
        let name = table.name();
        let columns =
            format!("[tables.{name}.columns]\n{column} = \"{}\"\n", header.split(',').next_back().unwrap());
        let data = TestFolder::with(&format!("{name}.csv"), format!("{header}\n"))
            .and("gridtier.toml", format!("format = 1\n[tables.{name}]\n{unit}\n{columns}"));
        let mut notices = data.open().unwrap().notices(table);
        notices.retain(|notice| notice.0 == Rule::UnitInHeader);
        notices.pop().map(|(_, columns, example)| (columns, example))
    };
    let readings = |name: &str, unit| {
        notices(Table::MeterReadings, &format!("customer_id,read_at,{name}"), "active_kwh", unit)
    };
    let found = "电量(万千瓦时) of meter_readings.csv names 万kWh and is read in kWh".to_owned();
    assert_eq!(readings("电量(万千瓦时)", ""), Some((1, found)));
    assert_eq!(readings("电量(万千瓦时)", "energy_unit = \"万kWh\""), None, "declared");
    assert_eq!(readings("电量(万千瓦时)", "energy_unit = \"kWh\""), None, "declared, against the header");
    assert_eq!(readings("电量(千瓦时)", ""), None);
    let bills = |unit| {
        notices(Table::Bills, "bill_id,customer_id,billing_month,due_on,应收（万元）", "amount_due", unit)
    };
    assert_eq!(bills("").unwrap().0, 1);
    assert_eq!(bills("money_unit = \"万元\""), None);
}

#[test]
fn row_groups_outside_the_window_are_counted_and_not_opened() {
    let ids = |count: usize| Arc::new(StringArray::from(vec!["a"; count])) as ArrayRef;
    let window = Window { end: Month(2), months: 1 };
    // Four row groups: in January, across its end, in February and in March 1970. The window is February.
    let all = vec![Some(0), Some(1), Some(30), Some(31), Some(32), Some(33), Some(59), Some(70)];
    let customers = "customer_id,use_category,supply_level,opened_on,aged_transformer_area\n\
                     a,residential,residential,1969-01-01,false\n";
    // The first row group cannot be read.
    let mut file = days(ids(8), all);
    file[4..24].fill(0xFF);
    let data = TestFolder::with("customers.csv", customers).and("meter_readings.parquet", file);
    let folder = data.open().unwrap();
    let known = gridtier::customer::read(&folder, &mut TableBook::new(Table::Customers)).unwrap();
    let mut book = TableBook::new(Table::MeterReadings);
    let usage =
        gridtier::meter::read(&folder, &known, window, ReadingDetail::Energy, None, &mut book).unwrap().usage;
    let used = usage.get(0, gridtier::index::CustomerIx::new(0));
    assert_eq!((used.readings, used.active_wh), (3, 3_000));
    let tally = book.tally;
    assert_eq!((tally.rows_in, tally.counted, tally.out_of_window, tally.rejected), (8, 3, 5, 0));
    // A window that needs this row group reports the damage.
    let january = Window { end: Month(1), months: 1 };
    assert!(
        gridtier::meter::read(
            &folder,
            &known,
            january,
            ReadingDetail::Energy,
            None,
            &mut TableBook::new(Table::MeterReadings)
        )
        .is_err()
    );
}
