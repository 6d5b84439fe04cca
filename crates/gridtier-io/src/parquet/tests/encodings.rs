//! All encodings of one table give the same readings.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray,
    Float16Array, Float32Array, Float64Array, Int32Array, Int64Array, LargeStringArray, StringArray,
    StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
};
use arrow_cast::cast;
use arrow_schema::DataType;
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::test_folder::{ReadingOrRule, TestFolder, parquet, parquet_as, readings};

const IDS: [Option<&str>; 4] = [Some("0000123"), None, Some("0000123"), Some("a longer account number")];
const SECONDS: [i64; 4] = [1_735_689_600, 1_735_693_200, 1_735_696_800, 1_735_700_400];
const KWH: [Option<f64>; 4] = [Some(1.5), Some(2.0), None, Some(1024.25)];

fn expected() -> Vec<ReadingOrRule> {
    let row = |row: usize| {
        let id = IDS[row].ok_or(Rule::NullKey)?;
        let kwh = KWH[row].ok_or(Rule::NullValue)?;
        Ok((id.to_owned(), SECONDS[row] * 1_000_000, (kwh * 1000.0) as i64))
    };
    (0..4).map(row).collect()
}

fn ids() -> ArrayRef {
    Arc::new(StringArray::from(IDS.to_vec()))
}

fn times() -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(SECONDS.map(|s| s * 1_000_000)))
}

fn energies() -> ArrayRef {
    Arc::new(Float64Array::from(KWH.to_vec()))
}

fn check(file: Vec<u8>, how: &str) {
    let folder = TestFolder::with("meter_readings.parquet", file);
    assert_eq!(readings(&folder).unwrap(), expected(), "{how}");
}

fn check_columns(ids: ArrayRef, times: ArrayRef, energies: ArrayRef) {
    let how = [&ids, &times, &energies].map(|array| array.data_type().to_string()).join(", ");
    check(parquet(vec![("customer_id", ids), ("read_at", times), ("active_kwh", energies)]), &how);
}

#[test]
fn every_codec_is_read() {
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
        Compression::BROTLI(BrotliLevel::default()),
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder().set_compression(codec).set_writer_version(version);
            let columns = vec![("customer_id", ids()), ("read_at", times()), ("active_kwh", energies())];
            check(parquet_as(properties, columns), &format!("{codec} {version:?}"));
            // Pages that compress well enough to look like bombs.
            let properties = WriterProperties::builder().set_compression(codec).set_writer_version(version);
            let file = parquet_as(properties.set_dictionary_enabled(false), super::readings(200_000));
            let folder = TestFolder::with("meter_readings.parquet", file);
            assert_eq!(readings(&folder).unwrap().len(), 200_000, "{codec} {version:?}");
        }
    }
}

#[test]
fn every_encoding_of_pages_is_read() {
    for (text, number) in [
        (Encoding::PLAIN, Encoding::PLAIN),
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT),
        (Encoding::DELTA_BYTE_ARRAY, Encoding::PLAIN),
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = || {
                WriterProperties::builder()
                    .set_dictionary_enabled(false)
                    .set_writer_version(version)
                    .set_column_encoding("customer_id".into(), text)
                    .set_column_encoding("active_kwh".into(), number)
                    .set_column_encoding("read_at".into(), Encoding::DELTA_BINARY_PACKED)
            };
            let columns = vec![("customer_id", ids()), ("read_at", times()), ("active_kwh", energies())];
            check(parquet_as(properties(), columns), &format!("{text} {version:?}"));
            let folder = TestFolder::with(
                "meter_readings.parquet",
                parquet_as(properties(), super::readings(100_000)),
            );
            let all = readings(&folder).unwrap();
            let (id, us, wh) = all[99_999].clone().unwrap();
            assert_eq!(
                (id.as_str(), us, wh),
                ("0000000099", 99_999 * 3_600_000_000, 99_999),
                "{text} {version:?}"
            );
        }
    }
}

#[test]
fn every_type_of_text_is_read() {
    let dictionary: DictionaryArray<Int32Type> = IDS.into_iter().collect();
    for ids in [
        ids(),
        Arc::new(LargeStringArray::from(IDS.to_vec())),
        Arc::new(StringViewArray::from(IDS.to_vec())),
        Arc::new(BinaryArray::from_iter(IDS.map(|id| id.map(str::as_bytes)))),
        Arc::new(dictionary),
    ] as [ArrayRef; 5]
    {
        check_columns(ids, times(), energies());
    }
}

#[test]
fn every_unit_of_time_is_read() {
    for times in [
        Arc::new(TimestampSecondArray::from_iter_values(SECONDS)) as ArrayRef,
        Arc::new(TimestampMillisecondArray::from_iter_values(SECONDS.map(|s| s * 1_000))),
        times(),
        Arc::new(TimestampNanosecondArray::from_iter_values(SECONDS.map(|s| s * 1_000_000_000))),
        Arc::new(StringArray::from_iter_values((0..4).map(|hour| format!("2025-01-01 {hour:02}:00:00")))),
    ] {
        check_columns(ids(), times, energies());
    }
}

#[test]
fn every_type_of_number_is_read() {
    let hundredths = KWH.map(|kwh| kwh.map(|kwh| (kwh * 100.0) as i128));
    // Up to 9, 18, 38 and 76 digits: int32, int64, fixed bytes, long fixed bytes.
    for digits in [9, 18, 38] {
        let decimal = Decimal128Array::from(hundredths.to_vec()).with_precision_and_scale(digits, 2).unwrap();
        check_columns(ids(), times(), Arc::new(decimal));
    }
    let wide = hundredths.map(|value| value.map(arrow_buffer::i256::from_i128));
    let wide = Decimal256Array::from(wide.to_vec()).with_precision_and_scale(60, 2).unwrap();
    check_columns(ids(), times(), Arc::new(wide));
    let single: Float32Array = KWH.map(|kwh| kwh.map(|kwh| kwh as f32)).into_iter().collect();
    check_columns(ids(), times(), Arc::new(single));
    let text: StringArray = KWH.map(|kwh| kwh.map(|kwh| kwh.to_string())).into_iter().collect();
    check_columns(ids(), times(), Arc::new(text));
}

#[test]
fn half_precision_and_integers_are_read() {
    let kwh = [Some(1.0), Some(2.0), None, Some(1024.0)];
    let integers: ArrayRef = Arc::new(Int32Array::from(kwh.map(|kwh| kwh.map(|kwh| kwh as i32)).to_vec()));
    let double: ArrayRef = Arc::new(Float64Array::from(kwh.to_vec()));
    let half = cast(&double, &DataType::Float16).unwrap();
    assert!(half.as_any().is::<Float16Array>());
    for energies in [integers, half] {
        let file = parquet(vec![("customer_id", ids()), ("read_at", times()), ("active_kwh", energies)]);
        let all = readings(&TestFolder::with("meter_readings.parquet", file)).unwrap();
        assert_eq!(all[0].as_ref().unwrap().2, 1_000);
        assert_eq!((&all[2], all[3].as_ref().unwrap().2), (&Err(Rule::NullValue), 1_024_000));
    }
}

/// A file whose times are INT96: the nanoseconds of a day and its Julian number.
fn with_int96(stamps: &[(i64, i64)]) -> Vec<u8> {
    let schema = "message m { required int96 read_at; required double active_kwh; required binary customer_id (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let int96 = |&(day, nanoseconds): &(i64, i64)| {
        let mut value = Int96::new();
        let nanoseconds = nanoseconds as u64;
        value.set_data(nanoseconds as u32, (nanoseconds >> 32) as u32, (day + 2_440_588) as u32);
        value
    };
    let times: Vec<Int96> = stamps.iter().map(int96).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(&times, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<parquet::data_type::DoubleType>()
        .write_batch(&vec![1.0; stamps.len()], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let ids = vec![parquet::data_type::ByteArray::from("1"); stamps.len()];
    column.typed::<parquet::data_type::ByteArrayType>().write_batch(&ids, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn int96_keeps_minutes_and_far_years() {
    const HOUR_NS: i64 = 3_600_000_000_000;
    let far = 2_932_896;
    let stamps = [(20_089, 5 * HOUR_NS + 60_000_000_000), (0, 0), (-1, 23 * HOUR_NS), (far, 0)];
    let folder = TestFolder::with("meter_readings.parquet", with_int96(&stamps));
    let all = readings(&folder).unwrap();
    assert_eq!(all[0].as_ref().unwrap().1, (20_089 * 24 + 5) * 3_600_000_000 + 60_000_000);
    assert_eq!(all[1].as_ref().unwrap().1, 0);
    assert_eq!(all[2..], [Err(Rule::BadDate), Err(Rule::BadDate)], "no reading can be in 1969 or 9999");
    // In a column that does not decide the month of a row, the year 9999 is a date like any other.
    let batch = &folder.read(Table::MeterReadings).unwrap()[0];
    let how = gridtier::contract::cell::Dates::default();
    let days = gridtier::contract::cell::dates(batch.column("read_at").unwrap(), how).unwrap();
    assert_eq!(days.values, [20_089, 0, -1, far]);
}

#[test]
fn integer_keys_and_days_keep_their_types_for_the_engine() {
    let file = parquet(vec![
        ("payment_id", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
        ("bill_id", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("paid_on", Arc::new(Date32Array::from(vec![20_000, 20_001]))),
        ("amount", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
    ]);
    let folder = TestFolder::with("payments.parquet", file);
    let batch = &folder.read(Table::Payments).unwrap()[0];
    assert_eq!(batch.column("payment_id").unwrap().data_type(), &DataType::Int64);
    assert_eq!(batch.column("paid_on").unwrap().data_type(), &DataType::Date32);
}
