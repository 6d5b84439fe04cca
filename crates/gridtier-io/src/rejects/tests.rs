use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, BinaryArray, Date32Array, Float64Array, StringArray};
use arrow_ipc::writer::FileWriter;
use gridtier::contract::rule::Rule;
use gridtier::source::RowAt;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::trial::{Trial, parquet, parquet_as};

fn reject(file: u32, row: u64) -> Reject {
    Reject { at: RowAt::new(file, row), rule: Rule::Orphan }
}

/// The rejects as lines, cells divided by bars.
fn lines(trial: &Trial, table: Table, rejects: &[Reject]) -> Vec<String> {
    let folder = trial.open().unwrap();
    let mut lines = Vec::new();
    reject_rows::<Refusal>(&folder, table, rejects, None, &mut |batch| {
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

fn names(trial: &Trial, table: Table) -> Vec<String> {
    let schema = reject_schema(&trial.open().unwrap(), table);
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn rows_of_all_files_come_back_under_their_own_names() {
    let trial = Trial::with(
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
        Trial::with("payments.csv", "payment_id,bill_id,paid_on,amount\n1,b\n2,b,2025-01-01,1,234,x\n");
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
        let trial = Trial::with(name, bytes);
        let told = lines(&trial, Table::Payments, &[reject(0, 0), reject(0, 1), reject(0, 2)]);
        assert_eq!(told[0], format!("{name}|0|orphan|007|b|2024-10-04|1.5"));
        assert_eq!(told[1], format!("{name}|1|orphan|-|\u{FFFD}c|2024-10-05|NaN"));
        assert_eq!(told[2], format!("{name}|2|orphan|x|-|2024-10-06|-0.0"));
        assert_eq!(lines(&trial, Table::Payments, &[reject(0, 2)]), [told[2].clone()]);
    }
}

#[test]
fn only_the_rejects_come_back_whatever_their_row_groups() {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10_000))
        .set_data_page_row_count_limit(500);
    let file = parquet_as(properties, crate::parquet::sample_of_readings(50_000));
    let trial = Trial::with("meter_readings.parquet", file);
    for step in [1, 7, 9_999, 33_333] {
        let rows: Vec<u64> = (0..50_000).step_by(step).collect();
        let rejects: Vec<Reject> = rows.iter().map(|&row| reject(0, row)).collect();
        let told = lines(&trial, Table::MeterReadings, &rejects);
        assert_eq!(told.len(), rows.len(), "{step}");
        for (line, row) in told.iter().zip(rows) {
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
    let trial = Trial::with("payments.csv", format!("payment_id,bill_id,paid_on,amount\n1,{long},x,1\n"));
    let again = Reject { rule: Rule::BadDate, ..reject(0, 0) };
    let told = lines(&trial, Table::Payments, &[reject(0, 0), again]);
    assert_eq!(told.len(), 2);
    assert!(told[1].starts_with("payments.csv|0|bad_date|1|户户") && told[1].ends_with("户…|x|1"));
    assert!(told[0].len() < 4_200);
}
