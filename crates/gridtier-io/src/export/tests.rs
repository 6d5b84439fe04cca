use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use gridtier::text::{Lang, Text};
use gridtier_report::table::{ColumnFormat, DataCell, DataColumn};
use serde_json::Value;

use super::*;

/// A table with a row of every kind of cell, and a row of empty cells.
fn table() -> DataTable {
    let columns = [
        (ColumnFormat::Id, "customer_id"),
        (ColumnFormat::Integer, "count"),
        (ColumnFormat::Share, "recovery_rate"),
        (ColumnFormat::Money, "fee"),
        (ColumnFormat::YesNo, "regulated"),
        (ColumnFormat::Date, "applied_on"),
        (ColumnFormat::Word, "word"),
    ];
    let columns = columns.map(|(format, code)| DataColumn::new(format, code, format!("the {code}"), ""));
    let row = vec![
        DataCell::same("=0012"),
        DataCell::Integer(1_234_567),
        DataCell::Number(0.25),
        DataCell::Fen(1205),
        DataCell::YesNo(true),
        DataCell::Date("2024-10-04".parse().unwrap()),
        DataCell::Text(Text::coded("a", "word a", "词")),
    ];
    let blank = vec![DataCell::Blank; row.len()];
    DataTable::new(Text::coded("all", "All <b> kinds", ""), columns.to_vec(), [row, blank])
}

fn write_table(path: &Path, format: ExportFormat, mark: ByteOrderMark) -> Result<(), ExportError> {
    write_sections(path, format, Voice::Codes, mark, &[Section::of_table(table())])
}

fn text_of(format: ExportFormat, voice: Voice) -> String {
    sections_text(format, voice, ByteOrderMark::Absent, &[Section::of_table(table())]).unwrap()
}

#[test]
fn every_kind_of_cell_keeps_its_value() {
    let rows: Vec<String> = text_of(ExportFormat::Csv, Voice::Codes).lines().map(str::to_owned).collect();
    assert_eq!(rows[1], "'=0012,1234567,0.25,12.05,true,2024-10-04,a");
    assert_eq!(rows[2], ",,,,,,");
    let json = text_of(ExportFormat::Json, Voice::Codes);
    let parsed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed[0]["customer_id"], "=0012", "JSON runs no formula");
    assert_eq!((parsed[0]["fee"].as_f64(), &parsed[0]["applied_on"]), (Some(12.05), &"2024-10-04".into()));
    assert!(parsed[1].as_object().unwrap().values().all(Value::is_null));
    let places = ["customer_id", "count", "recovery_rate", "fee"].map(|name| json.find(name).unwrap());
    assert!(places.is_sorted(), "keys are in the order of the columns");
    let page = text_of(ExportFormat::Html, Lang::En.into());
    assert!(page.contains("All &lt;b&gt; kinds") && page.contains(">=0012</td>"), "{page}");
    assert!(page.contains(">25.0 %<") && page.contains(">yes<") && page.contains(">word a<"), "{page}");
}

#[test]
fn an_export_replaces_a_file_and_names_a_folder_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "before").unwrap();
    write_table(&path, ExportFormat::Csv, ByteOrderMark::Written).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with('\u{feff}'));
    let nowhere = write_table(&dir.path().join("no/a.csv"), ExportFormat::Csv, ByteOrderMark::Absent);
    let message = nowhere.unwrap_err().to_string();
    assert!(message.contains("no/a.csv") && message.contains("Make the folder"), "{message}");
}

/// A list of `batches` batches with `rows` rows each.
fn list(batches: usize, rows: usize) -> DataList<'static> {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|_| "1")));
    let batch = RecordBatch::try_from_iter([("customer_id", ids)]).unwrap();
    DataList {
        title: Text::coded("long", "long", ""),
        columns: vec![DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "")],
        schema: batch.schema(),
        about: Vec::new(),
        batches: Box::new((0..batches).map(move |_| Ok(batch.clone()))),
    }
}

fn write_ids(path: &Path, format: ExportFormat, list: DataList) -> Result<u64, ExportError> {
    write_list(path, format, Lang::En.into(), ByteOrderMark::Absent, list)
}

#[test]
fn a_list_is_a_page_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.html");
    assert_eq!(write_ids(&path, ExportFormat::Html, list(2, 3)).unwrap(), 6);
    let page = fs::read_to_string(&path).unwrap();
    assert_eq!((page.matches("<td").count(), page.matches("customer</th>").count()), (6, 1), "{page}");
}

#[test]
fn a_parquet_without_rows_has_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.parquet");
    assert_eq!(write_ids(&path, ExportFormat::Parquet, list(0, 1)).unwrap(), 0);
    let file = File::open(&path).unwrap();
    let builder = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(builder.schema().fields().len(), 1);
}
