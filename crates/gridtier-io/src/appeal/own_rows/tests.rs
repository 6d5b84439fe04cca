use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, StringArray, TimestampMicrosecondArray};
use gridtier::source::Batch;
use rust_xlsxwriter::{Format, Workbook};

use super::*;
use crate::rejects::CellTexts;
use crate::test_folder::{TestFolder, parquet, read};

const CUSTOMERS: &str = "customer_id,use_category,supply_level,opened_on,closed_on,aged_transformer_area,holder_id\n\
    a1,residential,low_voltage,2010-01-01,,false,H1\n\
    a2,residential,low_voltage,2010-01-01,,false,H1\n\
    b7,residential,low_voltage,2010-01-01,,false,\n";
const BILLS: &str = "bill_id,customer_id,billing_month,amount_due,due_on,remark\n\
    1,a1,2025-03,100.50,2025-04-10,x\n2,b7,2025-03,200,2025-04-10,y\n3,a1,2025-04,\"1,050\",2025-05-10,z\n";
const PAYMENTS: &str = "payment_id,bill_id,paid_on,amount\np,1,2025-04-20,100.50\nq,2,2025-04-20,200\n";

fn data() -> TestFolder {
    TestFolder::with("customers.csv", CUSTOMERS).and("bills.csv", BILLS).and("payments.csv", PAYMENTS)
}

/// What is written of a customer: id, accounts and the text of each file.
fn taken(folder: &TestFolder, id: &str) -> Result<(OwnRows, Vec<(String, String)>), String> {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("rows");
    let rows = own_rows(&folder.open()?, id, &dir).map_err(|error| error.text().en.into_owned())?;
    let texts = rows.tables.iter().map(|own| {
        let text = fs::read_to_string(dir.join(&own.file)).unwrap();
        (own.file.clone(), text.trim_start_matches('\u{feff}').to_owned())
    });
    let texts = texts.collect();
    Ok((rows, texts))
}

/// The cells of some rows of a table as text, in the contract's columns.
fn cells(folder: &DataFolder, table: Table, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<Option<String>>> {
    let all = read(folder, table).unwrap().into_iter().flat_map(|batch| rows_of(&batch));
    all.filter(|row| row.iter().flatten().any(|cell| is_wanted(cell))).collect()
}

fn rows_of(batch: &Batch) -> Vec<Vec<Option<String>>> {
    let columns = batch.record.columns();
    let texts: Vec<CellTexts> = columns.iter().map(|column| CellTexts::of(column).unwrap()).collect();
    let rows = (0..batch.record.num_rows()).map(|row| {
        let cells = texts.iter().map(|texts| texts.whole(row).filter(|text| !text.is_empty()));
        cells.map(|cell| cell.map(std::borrow::Cow::into_owned)).collect()
    });
    rows.collect()
}

/// Copies a customer's rows, opens the copy as a patch, and compares the cells of a table.
fn assert_read_alike(folder: &TestFolder, id: &str, table: Table) {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("rows");
    let data = folder.open().unwrap();
    own_rows(&data, id, &dir).unwrap();
    let patch = data.open_alike(&dir).map_err(|error| error.text().en.into_owned()).unwrap();
    let (expected, found) = (cells(&data, table, |cell| cell == id), cells(&patch, table, |_| true));
    assert_eq!(found, expected);
    assert!(!found.is_empty());
}

#[test]
fn each_table_gives_a_file_with_all_rows_of_the_customer_and_a_header() {
    let (rows, texts) = taken(&data(), "a1").unwrap();
    assert_eq!((rows.customer.as_str(), rows.accounts.len()), ("a1", 1));
    assert_eq!(
        texts,
        [
            (
                "customers.csv".to_owned(),
                "customer_id,use_category,supply_level,opened_on,closed_on,aged_transformer_area,holder_id\n\
                 a1,residential,low_voltage,2010-01-01,,false,H1\n"
                    .to_owned()
            ),
            // Columns that are not of the contract do not matter to a patch.
            (
                "bills.csv".to_owned(),
                "bill_id,customer_id,billing_month,amount_due,due_on\n1,a1,2025-03,100.50,2025-04-10\n\
                 3,a1,2025-04,\"1,050\",2025-05-10\n"
                    .to_owned()
            ),
            // A payment is the customer's if its bill is.
            (
                "payments.csv".to_owned(),
                "payment_id,bill_id,paid_on,amount\np,1,2025-04-20,100.50\n".to_owned()
            ),
        ]
    );
    // A table without rows of the customer has its header, for rows that were forgotten.
    let (rows, texts) = taken(&data(), "a2").unwrap();
    assert_eq!(rows.tables.iter().map(|own| own.rows).collect::<Vec<_>>(), [1, 0, 0]);
    assert_eq!(texts[2].1, "payment_id,bill_id,paid_on,amount\n");
}

#[test]
fn the_id_of_a_holder_stands_for_all_its_accounts() {
    let (rows, texts) = taken(&data(), "H1").unwrap();
    assert_eq!(rows.accounts, BTreeSet::from(["a1".to_owned(), "a2".to_owned()]));
    assert_eq!(rows.tables[0].rows, 2);
    assert!(texts[0].1.contains("\na1,") && texts[0].1.contains("\na2,") && !texts[0].1.contains("b7"));
}

#[test]
fn an_unknown_id_is_refused_with_the_one_that_was_meant() {
    assert_eq!(taken(&data(), "a3").unwrap_err(), "no customer of the data has the id a3; did you mean a1?");
    assert_eq!(
        taken(&data(), "nobody at all").unwrap_err(),
        "no customer of the data has the id nobody at all"
    );
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_an_empty_one_is_filled() {
    let (folder, place) = (data(), tempfile::tempdir().unwrap());
    own_rows(&folder.open().unwrap(), "a1", place.path()).unwrap();
    let refused = own_rows(&folder.open().unwrap(), "b7", place.path()).unwrap_err().text();
    assert!(refused.en.contains("not empty") && refused.zh.contains("不为空"), "{}", refused.en);
    let left = fs::read_to_string(place.path().join("payments.csv")).unwrap();
    assert!(left.contains("p,1,") && !left.contains("q,2,"));
}

#[test]
fn nothing_appears_if_a_table_cannot_be_read() {
    let (folder, place) = (data(), tempfile::tempdir().unwrap());
    let opened = folder.open().unwrap();
    fs::remove_file(folder.path().join("payments.csv")).unwrap();
    assert!(own_rows(&opened, "a1", &place.path().join("rows")).is_err());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_copy_of_parquet_is_read_as_the_parquet_is() {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a1", "b7", "a1"]));
    let day_us = 86_400_000_000;
    let times = TimestampMicrosecondArray::from(vec![
        20_000 * day_us,
        20_000 * day_us,
        20_001 * day_us + 900_000_000,
    ]);
    let energies = Float64Array::from(vec![Some(0.1 + 0.2), Some(2.0), None]);
    let readings = parquet(vec![
        ("customer_id", Arc::clone(&ids)),
        ("read_at", Arc::new(times)),
        ("active_kwh", Arc::new(energies)),
    ]);
    let bills = parquet(vec![
        ("bill_id", Arc::new(StringArray::from(vec!["1", "2", "3"]))),
        ("customer_id", ids),
        ("billing_month", Arc::new(StringArray::from(vec!["2025-03"; 3]))),
        ("amount_due", Arc::new(Float64Array::from(vec![1.25, 2.0, 1e7]))),
        ("due_on", Arc::new(Date32Array::from(vec![20_200; 3]))),
    ]);
    let folder = TestFolder::with("customers.csv", CUSTOMERS)
        .and("meter_readings.parquet", readings)
        .and("bills.parquet", bills);
    assert_read_alike(&folder, "a1", Table::MeterReadings);
    assert_read_alike(&folder, "a1", Table::Bills);
}

#[test]
fn a_copy_of_a_workbook_is_read_as_the_workbook_is() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "电费台账").unwrap();
    let names = ["bill_id", "customer_id", "billing_month", "amount_due", "due_on"];
    for (column, name) in (0u16..).zip(names) {
        sheet.write(1, column, name).unwrap();
    }
    for (row, id) in [(2, "a1"), (3, "b7"), (5, "a1")] {
        sheet.write(row, 0, format!("B{row}")).unwrap();
        sheet.write(row, 1, id).unwrap();
        sheet.write(row, 2, "2025-03").unwrap();
        sheet.write(row, 3, 12.5 * f64::from(row)).unwrap();
        sheet.write_with_format(row, 4, 45_658, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    }
    let folder = TestFolder::with("customers.csv", CUSTOMERS)
        .and("ledger/bills 2025.xlsx", book.save_to_buffer().unwrap())
        .and("gridtier.toml", "format = 1\n[tables.bills]\npath = \"ledger\"\nheader_row = 2\n");
    assert_read_alike(&folder, "a1", Table::Bills);
}

#[test]
fn a_copy_has_the_names_and_the_form_that_gridtier_toml_declares() {
    let config = "format = 1\npassthrough = [\"户名\"]\n[tables.customers.columns]\ncustomer_id = [\"区\", \"号\"]\nsupply_level = \"电压\"\n\
        [tables.customers]\ndelimiter = \";\"\nencoding = \"gb18030\"\n\
        [tables.customers.constants]\nuse_category = \"residential\"\n";
    let text = "区;号;电压;户名;opened_on;closed_on;aged_transformer_area\n01;a;low_voltage;张三;2010-01-01;;false\n\
        02;b;low_voltage;李四;2010-01-01;;false\n";
    let folder = TestFolder::with("customers.csv", encoding_rs::GB18030.encode(text).0)
        .and("gridtier.toml", config)
        .and(
            "bills.csv",
            "bill_id,customer_id,billing_month,amount_due,due_on\n1,01a,2025-03,100,2025-04-10\n",
        );
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("rows");
    let data = folder.open().unwrap();
    let id = data_ids(&data)[0].clone();
    own_rows(&data, &id, &dir).unwrap();
    let written = fs::read(dir.join("customers.csv")).unwrap();
    assert_eq!(
        encoding_rs::GB18030.decode(&written).0,
        "区;号;电压;opened_on;closed_on;aged_transformer_area;户名\n01;a;low_voltage;2010-01-01;;false;张三\n"
    );
    assert_eq!(data_ids(&data.open_alike(&dir).unwrap()), [id]);
}

fn data_ids(data: &DataFolder) -> Vec<String> {
    let customers = customer::read(data, &mut TableBook::new(Table::Customers)).unwrap();
    (0u32..).zip(&customers.rows).map(|(number, _)| customers.ids.key(number).to_owned()).collect()
}
