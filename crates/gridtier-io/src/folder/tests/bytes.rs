//! Columns of bytes, as some writers of parquet and Arrow store text.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BinaryArray, DictionaryArray, Int32Array, RecordBatch, StringArray};
use gridtier::contract::Table;
use parquet::file::properties::WriterProperties;

use crate::test_folder::{TestFolder, parquet_as};

/// 是 in UTF-8 and in GBK.
const YES: &[u8] = "是".as_bytes();
const YES_IN_GBK: &[u8] = b"\xCA\xC7";

fn customers(objections: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let rows = objections.len();
    let text = |text: &str| Arc::new(StringArray::from(vec![text; rows])) as ArrayRef;
    let ids = (0..rows).map(|row| Some(format!("C{row}"))).collect::<StringArray>();
    vec![
        ("customer_id", Arc::new(ids)),
        ("use_category", text("other")),
        ("supply_level", text("low_voltage")),
        ("opened_on", text("2015-01-01")),
        ("aged_transformer_area", text("false")),
        ("marketing_opt_out", objections),
    ]
}

fn arrow(columns: Vec<(&'static str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(a, b)| (a, b, true))).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The same column as parquet with a dictionary and without, in row groups of two, and as Arrow, plain and in a dictionary.
fn files(objections: &[Option<&[u8]>]) -> [(&'static str, Vec<u8>); 4] {
    let plain: ArrayRef = Arc::new(BinaryArray::from_iter(objections));
    let keys = Int32Array::from_iter_values(0..i32::try_from(objections.len()).unwrap());
    let coded = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(&plain)).unwrap());
    let [with, without] = [true, false].map(|has_dictionary| {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(2))
            .set_dictionary_enabled(has_dictionary);
        parquet_as(properties, customers(Arc::clone(&plain)))
    });
    [
        ("customers.parquet", with),
        ("customers.parquet", without),
        ("customers.arrow", arrow(customers(plain))),
        ("customers.arrow", arrow(customers(coded))),
    ]
}

#[test]
fn bytes_that_are_utf8_are_text() {
    for (name, file) in files(&[Some(YES), None, Some(b""), Some(YES)]) {
        let batches = TestFolder::with(name, file).read(Table::Customers).unwrap();
        let mut objections = Vec::new();
        for batch in &batches {
            let column = batch.column("marketing_opt_out").unwrap();
            let column = arrow_cast::cast(column, &arrow_schema::DataType::Utf8View).unwrap();
            objections.extend(column.as_string_view().iter().map(|text| text.map(str::to_owned)));
        }
        let expected = [Some("是"), None, Some(""), Some("是")];
        assert_eq!(objections, expected.map(|text| text.map(str::to_owned)), "{name}");
    }
}

#[test]
fn bytes_of_another_encoding_are_refused_and_not_taken_for_an_empty_cell() {
    for (name, file) in files(&[Some(YES), None, Some(b""), Some(YES_IN_GBK)]) {
        let refusal = TestFolder::with(name, file).refusal(Table::Customers);
        let expected = format!(
            "table customers: {name}: row 3 of the column `marketing_opt_out` holds bytes that are not UTF-8 text: \\xCA\\xC7"
        );
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
}

#[test]
fn bytes_of_a_column_that_nobody_reads_may_be_anything() {
    let mut columns = customers(Arc::new(StringArray::from(vec!["是"])));
    columns.push(("photo", Arc::new(BinaryArray::from_iter_values([YES_IN_GBK]))));
    let data = TestFolder::with("customers.arrow", arrow(columns));
    assert_eq!(data.read(Table::Customers).unwrap().len(), 1);
}

#[test]
fn such_bytes_are_named_in_the_run_that_names_other_faults() {
    let [(name, file), ..] = files(&[Some(YES_IN_GBK)]);
    let data = TestFolder::with(name, file).and("plans.csv", "");
    let refusal = data.open().err().unwrap();
    for part in ["customers.parquet: row 0 of the column `marketing_opt_out`", "plans.csv: "] {
        assert!(refusal.contains(part), "{refusal}");
    }
}
