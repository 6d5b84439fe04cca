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
use crate::guard::limits::BATCH_ROWS;
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
    let id = |number: usize| match number {
        4 | 7 => Some(format!("customer {number}, too long for a view")),
        _ => Some(format!("customer {number}")),
    };
    let rows = letters.bytes().flat_map(|letter| {
        let rest = (12..ROWS).map(move |row| match letter {
            // Other rows, some without an id.
            b'n' if row % 7 == 3 => None,
            letter => id(row * usize::from(letter) / 7 % 12),
        });
        (0..12).map(id).chain(rest).collect::<Vec<_>>()
    });
    (ROWS, rows.collect())
}

/// A file with a row group for each letter, whose ids are text or bytes, plain or in a dictionary.
/// Without a letter for rows without an id, the columns have no levels.
fn file_of_row_groups(
    letters: &str,
    (version, codec): (WriterVersion, Compression),
    is_plain: bool,
    is_text: bool,
) -> Vec<u8> {
    let (rows, ids) = row_groups(letters);
    let numbers: ArrayRef = Arc::new((0..ids.len() as i64).collect::<Int64Array>());
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_dictionary_enabled(!is_plain)
        .set_encoding(Encoding::PLAIN)
        .set_max_row_group_row_count(Some(rows))
        .set_write_batch_size(64)
        .set_data_page_row_count_limit(64);
    let ids = ids.iter().map(Option::as_deref);
    let ids: ArrayRef = match is_text {
        true => Arc::new(ids.collect::<StringArray>()),
        false => Arc::new(ids.map(|id| id.map(str::as_bytes)).collect::<BinaryArray>()),
    };
    let columns = [("customer_id", ids), ("read_at", Arc::clone(&numbers)), ("active_kwh", numbers)];
    let has_levels = letters.contains('n');
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, has_levels)),
    );
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Where the rows of an array are in memory: references to a dictionary, or views.
fn memory(ids: &ArrayRef) -> usize {
    match ids.data_type() {
        DataType::Dictionary(..) => ids.as_dictionary::<Int32Type>().keys().values().as_ptr().addr(),
        DataType::Utf8View => ids.as_string_view().views().as_ptr().addr(),
        _ => ids.as_binary_view().views().as_ptr().addr(),
    }
}

/// The most chunks that a column is to keep.
fn chunks_max() -> usize {
    3 + rayon::current_num_threads()
}

/// What a column is to remember: the last chunks that differ, until so many in a row equal none that is kept.
#[derive(Default)]
struct Remembered {
    /// Its letter, how often it was met, and where its kept rows are in memory, once they have been seen.
    chunks: Vec<(u8, usize, Option<usize>)>,
    others: usize,
}

impl Remembered {
    /// Whether the rows of a chunk are to be those that were met before, and which these are.
    fn meet(&mut self, letter: u8, now: usize, is_plain: bool) -> Option<usize> {
        if self.others >= chunks_max() {
            return None;
        }
        let Some(place) = self.chunks.iter().position(|(known, ..)| *known == letter) else {
            self.others += 1;
            self.chunks.push((letter, 1, (!is_plain).then_some(now)));
            let more = self.chunks.len().saturating_sub(chunks_max());
            self.chunks.drain(..more);
            return None;
        };
        self.others = 0;
        let (_, meetings, rows) = self.chunks.remove(place);
        // A copy of plain rows is kept when they are met again, so it is seen at the third meeting.
        let seen = rows.or((!is_plain || meetings > 1).then_some(now));
        self.chunks.push((letter, meetings + 1, seen));
        rows
    }
}

#[test]
fn row_groups_are_decoded_as_by_arrow_whether_or_not_they_equal_one_before() {
    // The last two have more row groups that differ, one by one and in a row, than are kept.
    let letters = (b'b'..=b'z').take(chunks_max() + 1).map(char::from);
    let one_by_one: String = letters.clone().flat_map(|letter| [letter, 'a']).chain("bzba".chars()).collect();
    let in_a_row: String = letters.chain("aaaa".chars()).collect();
    let all =
        ["aaaaaa", "aabbbabbbaabb", "aannnabnannaab", "aabacabcabd", "abcdabcdeaeab", &one_by_one, &in_a_row];
    let codecs = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let formats = codecs.into_iter().flat_map(|codec| versions.map(|version| (version, codec)));
    for (format, letters) in formats.flat_map(|format| all.map(|letters| (format, letters))) {
        for (is_plain, is_text) in [(false, true), (false, false), (true, true), (true, false)] {
            let folder = TestFolder::with(
                "meter_readings.parquet",
                file_of_row_groups(letters, format, is_plain, is_text),
            );
            let folder = folder.open().unwrap();
            let readable = &folder.files(Table::MeterReadings)[0];
            let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
            let read = |row_group: usize, selection: Option<RowSelection>| -> Vec<ArrayRef> {
                let pieces = file.pieces(&readable.file, row_group, &[0], 70, selection).unwrap();
                pieces.map(|piece| Arc::clone(&piece.unwrap().columns[0])).collect()
            };
            // No array is dropped, so that another one cannot have its memory.
            let mut all_rows = Vec::new();
            let mut remembered = Remembered::default();
            for (row_group, letter) in letters.bytes().enumerate() {
                let how = format!(
                    "row group {row_group} of {letters}, plain {is_plain}, text {is_text}, {format:?}"
                );
                let own = read(row_group, None);
                let rows = own.iter().map(|ids| ids.len()).sum();
                let by_arrow = read(row_group, Some(RowSelection::from(vec![RowSelector::select(rows)])));
                assert_eq!(own, by_arrow, "{how}");
                // A dictionary is known from the second row group on.
                if is_plain || row_group > 0 {
                    let now = memory(&own[0]);
                    match remembered.meet(letter, now, is_plain) {
                        Some(before) => assert_eq!(now, before, "{how}"),
                        None => {
                            assert!(all_rows.iter().all(|rows: &Vec<_>| memory(&rows[0]) != now), "{how}")
                        }
                    }
                }
                all_rows.push(own);
            }
        }
    }
}

#[test]
fn repeated_row_groups_with_too_much_text_in_a_batch_are_refused_whichever_is_read() {
    let long = "x".repeat(1_100);
    let rows = 3 * BATCH_ROWS;
    let numbers: ArrayRef = Arc::new((0..rows as i64).collect::<Int64Array>());
    let columns = vec![
        ("customer_id", Arc::new(StringArray::from(vec![long.as_str(); rows])) as ArrayRef),
        ("read_at", Arc::clone(&numbers)),
        ("active_kwh", numbers),
    ];
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(BATCH_ROWS));
    let folder = TestFolder::with("meter_readings.parquet", parquet_as(properties, columns));
    let folder = folder.open().unwrap();
    let readable = &folder.files(Table::MeterReadings)[0];
    let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
    for row_group in [0, 1, 2, 0] {
        let mut pieces = file.pieces(&readable.file, row_group, &[0], BATCH_ROWS, None).unwrap();
        let refused = pieces.next().unwrap().unwrap_err();
        assert!(refused.what.en.contains("bytes of text"), "{refused:?}");
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
fn a_page_that_arrow_refuses_is_refused_however_often_it_was_met() {
    let ids = StringArray::from(vec!["7"; 600]);
    let numbers: ArrayRef = Arc::new((0..600).collect::<Int64Array>());
    let columns = vec![
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("read_at", Arc::clone(&numbers)),
        ("active_kwh", numbers),
    ];
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_encoding(Encoding::PLAIN)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(200));
    let mut bytes = parquet_as(properties, columns);
    // The header of a page of ids: 200 values, of which now 3 instead of 0 are null, in 200 rows.
    for row_group in 0..3 {
        let whole = TestFolder::with("meter_readings.parquet", &bytes);
        let folder = whole.open().unwrap();
        let readable = &folder.files(Table::MeterReadings)[0];
        let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
        let chunk = file.metadata.row_group(row_group).column(0);
        let page = ChunkPages::survey(&mut readable.file.open().unwrap(), chunk, 200).unwrap().pages[0];
        let header = &mut bytes[page.header as usize..page.start as usize];
        let counts = [0x15, 0x90, 0x03, 0x15, 0x00, 0x15, 0x90, 0x03];
        let at = header.windows(8).position(|window| window == counts).unwrap();
        header[at + 4] = 0x06;
    }
    let folder = TestFolder::with("meter_readings.parquet", bytes);
    let folder = folder.open().unwrap();
    let readable = &folder.files(Table::MeterReadings)[0];
    let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
    let read =
        |row_group| file.pieces(&readable.file, row_group, &[0], 90, None)?.collect::<Result<Vec<_>, _>>();
    for row_group in [0, 1, 2, 1, 0] {
        assert!(read(row_group).is_err(), "row group {row_group}");
    }
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
        let fault = cell::ids(&piece.columns[0]).unwrap_err();
        assert_eq!(fault.what.en, "it holds bytes that are not UTF-8 text: \\xFF");
    }
}

#[test]
fn damage_is_noticed_with_the_rows_of_its_page_whatever_was_read_before() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for is_plain in [false, true] {
        let mut bytes = file_of_row_groups("aaa", (WriterVersion::PARQUET_1_0, zstd), is_plain, true);
        let page = {
            let whole = TestFolder::with("meter_readings.parquet", &bytes);
            let folder = whole.open().unwrap();
            let readable = &folder.files(Table::MeterReadings)[0];
            let Content::Parquet(file) = &readable.content else { panic!("not a parquet file") };
            let chunk = file.metadata.row_group(2).column(0);
            let chunk = ChunkPages::survey(&mut readable.file.open().unwrap(), chunk, 200).unwrap();
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
}
