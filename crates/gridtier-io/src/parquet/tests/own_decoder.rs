//! Our decoder and arrow-rs give the same arrays.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_schema::{DataType, Field, Schema};
use gridtier::contract::{Table, cell};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::columns::FilePiece;
use crate::folder::Content;
use crate::guard::parquet_pages::ChunkPages;
use crate::test_folder::{TestFolder, parquet_as};

const ROWS: usize = 3_000;

/// `ROWS` numbers below `most`, of which those that `nulls` of 8 rows draw are missing.
fn numbers(random: &mut ChaCha8Rng, most: u32, nulls: u32) -> Vec<Option<i32>> {
    let number = |_| (random.next_u32() % 8 >= nulls).then(|| (random.next_u32() % most) as i32 - 7);
    (0..ROWS).map(number).collect()
}

/// Columns of every type that our decoder knows, and some that it leaves to arrow-rs.
fn columns(random: &mut ChaCha8Rng, most: u32, nulls: u32) -> Vec<ArrayRef> {
    let numbers = numbers(random, most, nulls);
    let wide: Vec<Option<i64>> = numbers.iter().map(|n| n.map(|n| i64::from(n) * 1_000_003)).collect();
    let text: Vec<Option<String>> = numbers.iter().map(|n| n.map(|n| format!("客户 {n}"))).collect();
    let decimal = |digits| {
        let values = wide.iter().map(|n| n.map(|n| i128::from(n) % 10_i128.pow(8)));
        Arc::new(values.collect::<Decimal128Array>().with_precision_and_scale(digits, 2).unwrap())
    };
    vec![
        Arc::new(Int32Array::from(numbers.clone())),
        Arc::new(Date32Array::from(numbers.clone())),
        Arc::new(Int64Array::from(wide.clone())),
        Arc::new(TimestampMicrosecondArray::from(wide.clone()).with_timezone("Asia/Shanghai")),
        Arc::new(TimestampMillisecondArray::from(wide.clone())),
        Arc::new(TimestampNanosecondArray::from(wide.clone())),
        Arc::new(TimestampSecondArray::from(wide.clone())),
        Arc::new(numbers.iter().map(|n| n.map(|n| n as f32 / 8.0)).collect::<Float32Array>()),
        Arc::new(numbers.iter().map(|n| n.map(|n| f64::from(n) / 7.0)).collect::<Float64Array>()),
        decimal(9),
        decimal(18),
        decimal(38),
        Arc::new(StringArray::from(text.clone())),
        Arc::new(text.iter().map(|text| text.as_ref().map(String::as_bytes)).collect::<BinaryArray>()),
        Arc::new(text.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()),
    ]
}

/// The columns of a file's only row group, read by our decoder or by arrow-rs.
fn read(folder: &TestFolder, columns: usize, is_by_arrow: bool) -> Vec<FilePiece> {
    let folder = folder.open().unwrap();
    let readable = &folder.files(Table::MeterReadings)[0];
    let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
    // A selection of rows is left to arrow-rs.
    let selection = is_by_arrow.then(|| RowSelection::from(vec![RowSelector::select(ROWS)]));
    let positions: Vec<usize> = (0..columns).collect();
    file.pieces(&readable.file, 0, &positions, 700, selection).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_type_and_encoding_is_decoded_as_by_arrow() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let codecs = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())];
    for (codec, version) in codecs.into_iter().flat_map(|codec| {
        [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0].map(|version| (codec, version))
    }) {
        // With many values and a short dictionary, the rest of a column is plain.
        for (most, nulls, dictionary_bytes) in [
            (1, 0, 1 << 20),
            (40, 0, 1 << 20),
            (2_000, 1, 400),
            (2_000, 0, 0),
            (300, 5, 1 << 20),
            (9, 8, 1 << 20),
        ] {
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary_bytes > 0)
                .set_dictionary_page_size_limit(dictionary_bytes.max(1))
                .set_write_batch_size(64)
                .set_data_page_row_count_limit(450)
                .set_statistics_enabled(EnabledStatistics::None);
            let columns = columns(&mut random, most, nulls);
            let count = columns.len();
            let names: Vec<String> = (0..count).map(|column| format!("column_{column}")).collect();
            let with_names = names.iter().map(String::as_str).zip(columns.iter().cloned());
            let keys = ["customer_id", "read_at", "active_kwh"].map(|name| (name, Arc::clone(&columns[2])));
            let file = parquet_as(properties, with_names.chain(keys).collect());
            let folder = TestFolder::with("meter_readings.parquet", file);
            let (own, by_arrow) = (read(&folder, count, false), read(&folder, count, true));
            let how = format!("{codec} {version:?}, {most} values, {nulls} of 8 null");
            assert_eq!(own.len(), by_arrow.len(), "{how}");
            for (own, by_arrow) in own.iter().zip(&by_arrow) {
                for (column, (own, by_arrow)) in own.columns.iter().zip(&by_arrow.columns).enumerate() {
                    assert_eq!(own.data_type(), by_arrow.data_type(), "{how}, column {column}");
                    assert_eq!(own, by_arrow, "{how}, column {column}");
                }
            }
        }
    }
}

#[test]
fn row_groups_and_files_with_equal_dictionaries_share_one_array() {
    let file = |from: f64| {
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(100));
        let mut columns = super::readings(300);
        columns[2].1 = Arc::new((0..300).map(|row| from + f64::from(row)).collect::<Float64Array>());
        parquet_as(properties, columns)
    };
    let folder = TestFolder::with("meter_readings/1.parquet", file(0.0));
    let folder = folder.and("meter_readings/2.parquet", file(0.5));
    let batches = folder.read(Table::MeterReadings).unwrap();
    let dictionary = |batch: usize| {
        let column = batches[batch].column("customer_id").unwrap();
        Arc::clone(column.as_any_dictionary().values())
    };
    assert_eq!(batches.len(), 6);
    assert!((1..6).all(|batch| Arc::ptr_eq(&dictionary(0), &dictionary(batch))));
}

/// Row groups of ids with the same dictionary, named by letters: each begins with all ids, and the same letter stands for the
/// same rows.
fn row_groups(letters: &str) -> (usize, Vec<Option<String>>) {
    const ROWS: usize = 200;
    let id = |number: usize| Some(format!("customer {number}"));
    let rows = letters.bytes().flat_map(|letter| {
        let rest = (12..ROWS).map(move |row| match letter {
            // Other rows, some without an id.
            b'n' if row % 7 == 3 => None,
            letter => id(row * usize::from(letter) % 12),
        });
        (0..12).map(id).chain(rest).collect::<Vec<_>>()
    });
    (ROWS, rows.collect())
}

#[test]
fn row_groups_are_decoded_as_by_arrow_whether_or_not_they_equal_the_one_before() {
    for (letters, version) in [
        ("aaaa", WriterVersion::PARQUET_1_0),
        ("aabbbab", WriterVersion::PARQUET_2_0),
        ("aannnabn", WriterVersion::PARQUET_1_0),
        ("abcdefgaaaa", WriterVersion::PARQUET_1_0),
    ] {
        let (rows, ids) = row_groups(letters);
        let numbers: ArrayRef = Arc::new((0..ids.len() as i64).collect::<Int64Array>());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_writer_version(version)
            .set_max_row_group_row_count(Some(rows))
            .set_write_batch_size(64)
            .set_data_page_row_count_limit(64);
        let ids: ArrayRef = Arc::new(ids.iter().map(Option::as_deref).collect::<StringArray>());
        let columns = vec![("customer_id", ids), ("read_at", Arc::clone(&numbers)), ("active_kwh", numbers)];
        let folder = TestFolder::with("meter_readings.parquet", parquet_as(properties, columns));
        let folder = folder.open().unwrap();
        let readable = &folder.files(Table::MeterReadings)[0];
        let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
        let read = |row_group: usize, selection: Option<RowSelection>| -> Vec<ArrayRef> {
            let pieces = file.pieces(&readable.file, row_group, &[0], 70, selection).unwrap();
            pieces.map(|piece| Arc::clone(&piece.unwrap().columns[0])).collect()
        };
        let memory = |ids: &ArrayRef| ids.as_dictionary::<Int32Type>().keys().values().as_ptr();
        // The array before is not dropped, so that another one cannot have its memory.
        let mut before: Option<(u8, ArrayRef)> = None;
        for (row_group, letter) in letters.bytes().enumerate() {
            let own = read(row_group, None);
            let by_arrow = read(row_group, Some(RowSelection::from(vec![RowSelector::select(rows)])));
            assert_eq!(own, by_arrow, "row group {row_group} of {letters}");
            // The dictionary is known from the second row group on, so the rows of the third may be those of the second.
            let may_be_kept = row_group >= 2 && letters != "abcdefgaaaa";
            let is_kept = before.as_ref().is_some_and(|(_, ids)| memory(ids) == memory(&own[0]));
            let was_equal = before.is_some_and(|(last, _)| last == letter);
            assert_eq!(is_kept, may_be_kept && was_equal, "row group {row_group} of {letters}");
            before = Some((letter, Arc::clone(&own[0])));
        }
    }
}

#[test]
fn levels_after_those_of_repetition_are_left_to_arrow() {
    let ids: Vec<Option<&str>> = (0..200).map(|row| (row >= 100).then_some("7")).collect();
    let numbers: ArrayRef = Arc::new((0..200).collect::<Int64Array>());
    let columns = vec![
        ("customer_id", Arc::new(StringArray::from(ids)) as ArrayRef),
        ("read_at", Arc::clone(&numbers)),
        ("active_kwh", numbers),
    ];
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_encoding(Encoding::PLAIN);
    let mut bytes = parquet_as(properties.set_dictionary_enabled(true), columns);
    // The six bytes of definition levels, a run without and a run with a value, become three of repetition levels and three of
    // definition levels.
    let lengths = bytes.windows(4).position(|window| window == [0x15, 0x0C, 0x15, 0x00]).unwrap();
    bytes[lengths..lengths + 4].copy_from_slice(&[0x15, 0x06, 0x15, 0x06]);
    let folder = TestFolder::with("meter_readings.parquet", bytes);
    let folder = folder.open().unwrap();
    let readable = &folder.files(Table::MeterReadings)[0];
    let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
    let read = |selection| file.pieces(&readable.file, 0, &[0], 200, selection).unwrap().next().unwrap();
    let by_arrow = read(Some(RowSelection::from(vec![RowSelector::select(200)]))).unwrap_err();
    assert_eq!(read(None).unwrap_err(), by_arrow);
}

#[test]
fn bytes_that_only_the_arrow_schema_calls_text_are_not_taken_for_text() {
    let schema = Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, true),
        Field::new("read_at", DataType::Int64, true),
        Field::new("active_kwh", DataType::Int64, true),
    ]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let ids: ArrayRef = Arc::new(BinaryArray::from(vec![&b"7"[..], &[0xFF]]));
    let columns = [("customer_id", ids), ("read_at", Arc::clone(&numbers)), ("active_kwh", numbers)];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    for has_dictionary in [false, true] {
        let properties =
            WriterProperties::builder().set_dictionary_enabled(has_dictionary).set_key_value_metadata(Some(
                vec![KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&schema))],
            ));
        let options =
            ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        let folder = TestFolder::with("meter_readings.parquet", writer.into_inner().unwrap());
        let folder = folder.open().unwrap();
        let readable = &folder.files(Table::MeterReadings)[0];
        let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
        assert_eq!(file.columns()[0].data_type, Some(DataType::Binary));
        let piece = file.pieces(&readable.file, 0, &[0], 10, None).unwrap().next().unwrap().unwrap();
        let ids = cell::ids(&piece.columns[0]).unwrap();
        assert_eq!((ids.get(0), ids.get(1)), (Some("7"), None));
    }
}

#[test]
fn damage_is_noticed_with_the_rows_of_its_page_whatever_was_read_before() {
    let (rows, ids) = row_groups("aaa");
    let numbers: ArrayRef = Arc::new((0..ids.len() as i64).collect::<Int64Array>());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(rows))
        .set_write_batch_size(64)
        .set_data_page_row_count_limit(64);
    let ids: ArrayRef = Arc::new(ids.iter().map(Option::as_deref).collect::<StringArray>());
    let columns = vec![("customer_id", ids), ("read_at", Arc::clone(&numbers)), ("active_kwh", numbers)];
    let mut bytes = parquet_as(properties, columns);
    let page = {
        let whole = TestFolder::with("meter_readings.parquet", &bytes);
        let folder = whole.open().unwrap();
        let readable = &folder.files(Table::MeterReadings)[0];
        let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
        let chunk = file.metadata.row_group(2).column(0);
        let chunk = ChunkPages::survey(&mut readable.file.open().unwrap(), chunk, rows as u64).unwrap();
        *chunk.pages.last().unwrap()
    };
    bytes[page.start as usize..][..page.packed as usize].fill(0xA5);
    let folder = TestFolder::with("meter_readings.parquet", bytes);
    for read_before in [&[][..], &[0], &[0, 1], &[2], &[1, 2, 2]] {
        let folder = folder.open().unwrap();
        let readable = &folder.files(Table::MeterReadings)[0];
        let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
        let read = |row_group: usize| -> Vec<Option<usize>> {
            let pieces = file.pieces(&readable.file, row_group, &[0], 50, None).unwrap();
            pieces.map(|piece| Some(piece.ok()?.rows)).take(4).collect()
        };
        for &row_group in read_before {
            assert_eq!(read(row_group).len(), 4);
        }
        assert_eq!(read(2), [Some(50), Some(50), Some(50), None], "after row groups {read_before:?}");
    }
}
