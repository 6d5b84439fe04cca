mod bombs;
mod damage;
mod encodings;
mod forge;
mod own_decoder;
mod unusual;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow_schema::DataType;
use gridtier::contract::Table;
use gridtier::source::Source;
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type, TypePtr};

use super::flat_type;
use crate::test_folder::{TestFolder, parquet, parquet_as, read};

/// Readings of `rows` rows: 100 customers, an hour apart, in order.
pub(crate) fn readings(rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let id = |row| format!("{:010}", row % 100);
    let time = |row| row as i64 * 3_600_000_000;
    vec![
        ("customer_id", Arc::new((0..rows).map(id).map(Some).collect::<StringArray>())),
        ("read_at", Arc::new(TimestampMicrosecondArray::from_iter_values((0..rows).map(time)))),
        ("active_kwh", Arc::new((0..rows).map(|row| row as f64 / 1_000.0).collect::<Float64Array>())),
    ]
}

#[test]
fn parts_are_row_groups_and_rows_keep_their_places() {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(20_000));
    let folder = TestFolder::with("meter_readings.parquet", parquet_as(properties, readings(50_000)));
    let folder = folder.open().unwrap();
    let parts = folder.parts(Table::MeterReadings).unwrap().unwrap();
    let places: Vec<_> = parts.iter().map(|part| (part.first_row, part.rows)).collect();
    assert_eq!(places, [(0, Some(20_000)), (20_000, Some(20_000)), (40_000, Some(10_000))]);
    let mut next = 0;
    for batch in read(&folder, Table::MeterReadings).unwrap() {
        assert_eq!(batch.first_row, next);
        assert!(batch.record.num_rows() <= 16_384);
        next += batch.record.num_rows() as u64;
    }
    assert_eq!(next, 50_000);
    assert_eq!(folder.inputs().unwrap()[0].rows, 50_000);
}

#[test]
fn repeated_text_stays_one_dictionary_for_each_row_group() {
    let folder = TestFolder::with("meter_readings.parquet", parquet(readings(50_000)));
    let batches = folder.read(Table::MeterReadings).unwrap();
    assert!(batches.len() > 1);
    let values = |batch: usize| {
        Arc::clone(batches[batch].column("customer_id").unwrap().as_dictionary::<Int32Type>().values())
    };
    assert_eq!(values(0).len(), 100);
    assert!((1..batches.len()).all(|batch| Arc::ptr_eq(&values(0), &values(batch))));
}

#[test]
fn text_that_outgrew_its_dictionary_comes_as_views() {
    let properties =
        WriterProperties::builder().set_dictionary_page_size_limit(100).set_data_page_row_count_limit(1_000);
    let folder = TestFolder::with("meter_readings.parquet", parquet_as(properties, readings(50_000)));
    for batch in folder.read(Table::MeterReadings).unwrap() {
        assert_eq!(batch.column("customer_id").unwrap().data_type(), &DataType::Utf8View);
    }
}

#[test]
fn only_the_columns_asked_for_are_read() {
    let mut columns = readings(10);
    columns.push(("quality", Arc::new(Int64Array::from(vec![1; 10]))));
    let folder = TestFolder::with("meter_readings.parquet", parquet(columns));
    let folder = folder.open().unwrap();
    let part = folder.parts(Table::MeterReadings).unwrap().unwrap()[0];
    for (asked, given) in
        [(&["active_kwh", "meter_id"][..], &["active_kwh"][..]), (&["meter_id"], &[]), (&[], &[])]
    {
        let mut sink = |batch: gridtier::source::Batch| {
            let schema = batch.record.schema();
            assert_eq!(schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), given);
            assert_eq!(batch.record.num_rows(), 10);
            Ok(())
        };
        folder.read(Table::MeterReadings, part, asked, &mut sink).unwrap();
    }
}

#[test]
fn a_file_without_rows_is_a_table_without_rows() {
    let folder = TestFolder::with("meter_readings.parquet", parquet(readings(0)));
    let folder = folder.open().unwrap();
    assert_eq!(folder.parts(Table::MeterReadings).unwrap().unwrap(), []);
    assert_eq!(folder.inputs().unwrap()[0].rows, 0);
}

/// arrow-rs does not check that such text is UTF-8.
#[test]
fn a_column_of_json_is_not_read_whether_or_not_it_has_a_logical_type() {
    for (converted, logical) in [
        (ConvertedType::JSON, None),
        (ConvertedType::JSON, Some(LogicalType::Json)),
        (ConvertedType::UTF8, None),
    ] {
        let column = Type::primitive_type_builder("remark", Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(converted)
            .with_logical_type(logical)
            .build()
            .unwrap();
        let column: TypePtr = Arc::new(column);
        let descriptor = ColumnDescriptor::new(Arc::clone(&column), 1, 0, ColumnPath::from("remark"));
        let read = flat_type(&descriptor, &column, None);
        assert_eq!(read.is_some(), converted == ConvertedType::UTF8, "{converted:?} {read:?}");
    }
}
