use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, BinaryArray, Date32Array, Float64Array, StringArray};
use arrow_ipc::writer::FileWriter;
use gridtier::contract::rule::Rule;
use gridtier::source::RowAt;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::test_folder::{TestFolder, parquet, parquet_as};

fn reject(file: u32, row: u64) -> Reject {
    Reject { at: RowAt::new(file, row), rule: Rule::Orphan }
}

/// The rejects as lines, cells divided by bars.
fn lines(trial: &TestFolder, table: Table, rejects: &[Reject]) -> Vec<String> {
    lines_of(&trial.open().unwrap(), table, rejects, None)
}

fn lines_of(
    folder: &DataFolder,
    table: Table,
    rejects: &[Reject],
    published: Option<published::Rejects>,
) -> Vec<String> {
    let mut lines = Vec::new();
    reject_rows::<Refusal>(folder, table, rejects, published, &mut |batch| {
        assert!(batch.num_rows() <= BATCH_ROWS);
        for row in 0..batch.num_rows() {
            let text = |column: &ArrayRef| match column.as_string_opt::<i32>() {
                Some(text) if text.is_valid(row) => text.value(row).to_owned(),
                Some(_) => "-".to_owned(),
                None => column.as_primitive::<Int64Type>().value(row).to_string(),
            };
            lines.push(batch.columns().iter().map(text).collect::<Vec<_>>().join("|"));
        }
        Ok(())
    })
    .unwrap();
    lines
}

fn names(trial: &TestFolder, table: Table) -> Vec<String> {
    let schema = reject_schema(&trial.open().unwrap(), table);
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn rows_of_all_files_come_back_under_their_own_names() {
    let trial = TestFolder::with(
        "payments/a.csv",
        "Payment_ID,bill_id,paid_on,amount,row\n1,b,2025-01-01,1.50,x\n2,b,,2,y\n",
    )
    .and("payments/b.csv", "payment_id,BILL_ID,note,paid_on,amount\n3,c,n,soon,3\n");
    assert_eq!(
        names(&trial, Table::Payments),
        ["source_file", "row", "rule", "Payment_ID", "bill_id", "paid_on", "amount", "row_2", "note"]
    );
    assert_eq!(
        lines(&trial, Table::Payments, &[reject(0, 1), reject(1, 0)]),
        ["payments/a.csv|1|orphan|2|b|-|2|y|-", "payments/b.csv|0|orphan|3|c|soon|3|-|n"]
    );
    assert_eq!(lines(&trial, Table::Payments, &[]), Vec::<String>::new());
}

#[test]
fn rows_of_the_wrong_width_keep_all_their_cells() {
    let trial =
        TestFolder::with("payments.csv", "payment_id,bill_id,paid_on,amount\n1,b\n2,b,2025-01-01,1,234,x\n");
    assert_eq!(
        lines(&trial, Table::Payments, &[reject(0, 0), reject(0, 1)]),
        ["payments.csv|0|orphan|1|b|-|-", "payments.csv|1|orphan|2|b|2025-01-01|1,234,x"]
    );
}

#[test]
fn rows_of_parquet_and_arrow_files_are_shown_as_text() {
    let columns = || -> Vec<(&str, ArrayRef)> {
        vec![
            ("payment_id", Arc::new(StringArray::from(vec![Some("007"), None, Some("x")]))),
            ("bill_id", Arc::new(BinaryArray::from_iter([Some(&b"b"[..]), Some(b"\xFFc"), None]))),
            ("paid_on", Arc::new(Date32Array::from(vec![20_000, 20_001, 20_002]))),
            ("amount", Arc::new(Float64Array::from(vec![1.5, f64::NAN, -0.0]))),
        ]
    };
    let batch = RecordBatch::try_from_iter(columns()).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    for (name, bytes) in
        [("payments.parquet", parquet(columns())), ("payments.arrow", writer.into_inner().unwrap())]
    {
        let trial = TestFolder::with(name, bytes);
        let shown = lines(&trial, Table::Payments, &[reject(0, 0), reject(0, 1), reject(0, 2)]);
        assert_eq!(shown[0], format!("{name}|0|orphan|007|b|2024-10-04|1.5"));
        assert_eq!(shown[1], format!("{name}|1|orphan|-|\\xFFc|2024-10-05|NaN"));
        assert_eq!(shown[2], format!("{name}|2|orphan|x|-|2024-10-06|-0.0"));
        assert_eq!(lines(&trial, Table::Payments, &[reject(0, 2)]), [shown[2].clone()]);
    }
}

#[test]
fn only_the_rejects_come_back_whatever_their_row_groups() {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10_000))
        .set_data_page_row_count_limit(500);
    let file = parquet_as(properties, crate::parquet::sample_of_readings(50_000));
    let trial = TestFolder::with("meter_readings.parquet", file);
    for step in [1, 7, 9_999, 33_333] {
        let rows: Vec<u64> = (0..50_000).step_by(step).collect();
        let rejects: Vec<Reject> = rows.iter().map(|&row| reject(0, row)).collect();
        let shown = lines(&trial, Table::MeterReadings, &rejects);
        assert_eq!(shown.len(), rows.len(), "{step}");
        for (line, row) in shown.iter().zip(rows) {
            assert!(
                line.starts_with(&format!("meter_readings.parquet|{row}|orphan|{:010}|", row % 100)),
                "{line}"
            );
        }
    }
}

#[test]
fn a_row_with_two_rules_comes_twice_and_a_long_cell_is_cut() {
    let long = "户".repeat(5_000);
    let trial =
        TestFolder::with("payments.csv", format!("payment_id,bill_id,paid_on,amount\n1,{long},x,1\n"));
    let again = Reject { rule: Rule::BadDate, ..reject(0, 0) };
    let shown = lines(&trial, Table::Payments, &[reject(0, 0), again]);
    assert_eq!(shown.len(), 2);
    assert!(shown[1].starts_with("payments.csv|0|bad_date|1|户户") && shown[1].ends_with("户…|x|1"));
    assert!(shown[0].len() < 4_200);
}

/// Publishes `rejects` and gives the table's path.
fn publish_rejects(dir: &Path, trial: &TestFolder, rejects: &[Reject]) -> PathBuf {
    let folder = trial.open().unwrap();
    let path = dir.join("rejects.parquet");
    let schema = reject_schema(&folder, Table::Payments);
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
    reject_rows::<Refusal>(&folder, Table::Payments, rejects, None, &mut |batch| {
        writer.write(&batch).unwrap();
        Ok(())
    })
    .unwrap();
    writer.close().unwrap();
    path
}

/// A file of payments that name no bill; `header` gives the order of its columns.
fn payments(header: &str, rows: usize) -> String {
    (0..rows).fold(format!("{header}\n"), |text, row| text + &format!("{row},b,2025-01-01,{row}\n"))
}

const HEADER: &str = "payment_id,bill_id,paid_on,amount";

/// `rows` rejects of each file.
fn of_files(files: u32, rows: u64) -> Vec<Reject> {
    (0..files).flat_map(|file| (0..rows).map(move |row| reject(file, row))).collect()
}

#[test]
fn published_rejects_are_copied_and_their_files_are_not_opened() {
    const ROWS: usize = 5_000;
    let old = TestFolder::with("payments/a.csv", payments(HEADER, ROWS))
        .and("payments/b.csv", payments(HEADER, ROWS + 1))
        .and("payments/d.csv", payments(HEADER, ROWS + 2));
    let dir = tempfile::tempdir().unwrap();
    let path = publish_rejects(dir.path(), &old, &of_files(3, count(ROWS)));
    // One file is gone, one is new and has a column more.
    let new = TestFolder::with("payments/b.csv", payments(HEADER, ROWS + 1))
        .and("payments/c.csv", "payment_id,bill_id,paid_on,amount,note\n1,b,2025-01-01,1,n\n")
        .and("payments/d.csv", payments(HEADER, ROWS + 2));
    let mut rejects = of_files(1, count(ROWS));
    rejects.push(reject(1, 0));
    rejects.extend((0..count(ROWS)).map(|row| reject(2, row)));
    let again = lines(&new, Table::Payments, &rejects);
    let folder = new.open().unwrap();
    for name in ["b", "d"] {
        std::fs::remove_file(new.path().join(format!("payments/{name}.csv"))).unwrap();
    }
    let known: Vec<Reject> = rejects.iter().filter(|reject| reject.at.file() != 1).copied().collect();
    let taken = published::Rejects::open(&path, &known).unwrap();
    assert_eq!(lines_of(&folder, Table::Payments, &rejects, Some(taken)), again);
    assert_eq!(again.len(), 2 * ROWS + 1);
}

#[test]
fn published_rejects_that_differ_or_cannot_be_matched_are_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let old = TestFolder::with("payments/a.csv", payments(HEADER, 3));
    let path = publish_rejects(dir.path(), &old, &of_files(1, 2));
    // Another row is set aside now.
    let rejects = [reject(0, 0), reject(0, 2)];
    let known = of_files(1, 2);
    let taken = published::Rejects::open(&path, &known).unwrap();
    let folder = old.open().unwrap();
    assert_eq!(
        lines_of(&folder, Table::Payments, &rejects, Some(taken)),
        lines(&old, Table::Payments, &rejects)
    );
    // A new file has a column `row`, which now gets the name that a column of the old file had.
    let header = "payment_id,bill_id,paid_on,row_2,amount";
    let text = format!("{header}\n1,b,2025-01-01,own,1\n");
    let path = publish_rejects(dir.path(), &TestFolder::with("payments/b.csv", &text), &[reject(0, 0)]);
    let new = TestFolder::with("payments/a.csv", "payment_id,bill_id,paid_on,amount,row\n")
        .and("payments/b.csv", &text);
    let rejects = [reject(1, 0)];
    let taken = published::Rejects::open(&path, &rejects).unwrap();
    let folder = new.open().unwrap();
    assert_eq!(
        lines_of(&folder, Table::Payments, &rejects, Some(taken)),
        lines(&new, Table::Payments, &rejects)
    );
}

#[test]
fn rejects_do_not_show_columns_that_are_passed_through() {
    let customers = "customer_id,use_category,name,supply_level,opened_on,aged_transformer_area\n\
                     1,x,李四,low_voltage,2020-01-01,false\n";
    let trial = TestFolder::with("customers.csv", customers)
        .and("gridtier.toml", "format = 1\npassthrough = [\"name\"]\n");
    let shown = lines(&trial, Table::Customers, &[reject(0, 0)]).join("\n");
    assert!(!shown.contains("李四") && shown.ends_with("|1|x|low_voltage|2020-01-01|false"), "{shown}");
}
