//! Small files that would take all memory or all day: refused within 5 s and 1 GiB.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::StringArray;
use arrow_schema::DataType;
use gridtier::contract::Table;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;

use super::forge::*;
use crate::guard::limits::CELL_BYTES_MAX;
use crate::test_folder::{TestFolder, parquet_as};

/// The other two columns of a table of readings.
fn with(customer_id: Column, pages: &[i64]) -> [Column; 3] {
    let day = text(b"1970-01-02");
    let energy = 1.5f64.to_le_bytes().to_vec();
    [
        customer_id,
        Column::constant("read_at", BYTE_ARRAY, day, pages),
        Column::constant("active_kwh", DOUBLE, energy, pages),
    ]
}

fn refused(file: Vec<u8>) -> String {
    let begun = Instant::now();
    let refusal = TestFolder::with("meter_readings.parquet", file).refusal(Table::MeterReadings);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    refusal
}

/// Brotli packs repetitions into almost nothing.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 5, 22);
    brotli.write_all(bytes).unwrap();
    brotli.into_inner()
}

fn words(word: &[u8], pages: &[i64]) -> Column {
    Column::constant("customer_id", BYTE_ARRAY, text(word), pages)
}

#[test]
fn a_forged_file_is_read_like_any_other() {
    let file = forged(&with(words(b"007", &[1_000, 24]), &[1_024]), 1_024, 1);
    let folder = TestFolder::with("meter_readings.parquet", file);
    let readings = crate::test_folder::readings(&folder).unwrap();
    assert_eq!((readings.len(), &readings[0]), (1_024, &Ok(("007".to_owned(), 86_400_000_000, 1_500))));
}

/// CRC-32 as in zip and parquet, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[test]
fn a_page_that_differs_from_its_checksum_is_refused() {
    for flip in [0, 1] {
        let mut ids = words(b"007", &[1_024]);
        let dictionary = ids.pages.remove(0);
        let checksum = crc32(&dictionary.body) ^ flip;
        ids.pages.insert(0, dictionary.with_checksum(checksum));
        let file = forged(&with(ids, &[1_024]), 1_024, 1);
        let read = crate::test_folder::readings(&TestFolder::with("meter_readings.parquet", file));
        assert_eq!(
            read.as_ref().is_err_and(|refusal| refusal.contains("CRC checksum")),
            flip == 1,
            "{read:?}"
        );
    }
}

#[test]
fn two_kilobytes_that_claim_a_hundred_billion_rows_are_refused() {
    let pages = [i64::from(i32::MAX); 50];
    let rows = pages.iter().sum();
    let file = forged(&with(words(&[b'x'; 100], &pages), &pages), rows, 1);
    assert!(file.len() < 8_000, "{}", file.len());
    assert!(refused(file).contains("claims 107374182350 rows in"));
}

#[test]
fn a_long_word_repeated_millions_of_times_is_never_copied_out() {
    let pages = [4_000_000];
    let file = forged(&with(words(&vec![b'x'; CELL_BYTES_MAX], &pages), &pages), 4_000_000, 1);
    let begun = Instant::now();
    let batches = TestFolder::with("meter_readings.parquet", file).read(Table::MeterReadings).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(batches.iter().map(|batch| batch.record.num_rows()).sum::<usize>(), 4_000_000);
    assert!(matches!(batches[0].column("customer_id").unwrap().data_type(), DataType::Dictionary(..)));
}

#[test]
fn a_long_word_that_would_be_repeated_as_text_is_refused() {
    let mut bomb = words(&vec![b'x'; CELL_BYTES_MAX], &[3_999_999]);
    bomb.pages.insert(1, Page::data(1, PLAIN, text(b"1")));
    let refusal = refused(forged(&with(bomb, &[4_000_000]), 4_000_000, 1));
    assert!(refusal.contains("16384 rows of one column hold"), "{refusal}");
}

#[test]
fn one_giant_word_is_refused() {
    let refusal = refused(forged(&with(words(&vec![b'x'; 100 << 20], &[10]), &[10]), 10, 1));
    assert!(refusal.contains("one cell holds 104857600 bytes"), "{refusal}");
    // The same word, compressed to a few kilobytes.
    let page = Page::data(1, PLAIN, text(&vec![b'x'; 100 << 20])).packed(packed);
    let column = Column::new("customer_id", BYTE_ARRAY, BROTLI, vec![page]);
    let file = forged(&with(column, &[1]), 1, 1);
    assert!(file.len() < 6_000, "{}", file.len());
    let refusal = refused(file);
    assert!(refusal.contains("one cell holds 104857600 bytes"), "{refusal}");
}

#[test]
fn pages_cannot_claim_more_than_they_may_hold() {
    let claims = |page: Page, codec| {
        let column = Column::new("customer_id", BYTE_ARRAY, codec, vec![page]);
        refused(forged(&with(column, &[1]), 1, 1))
    };
    for codec in [SNAPPY, GZIP, BROTLI, ZSTD] {
        let refusal = claims(Page::data(1, PLAIN, text(b"1")).claiming(i64::from(i32::MAX)), codec);
        assert!(
            refusal.contains("a page claims 2147483647 bytes") || refusal.contains("unpack to"),
            "{refusal}"
        );
    }
    let refusal = claims(Page::dictionary(i64::from(i32::MAX), text(b"1")), NONE);
    assert!(refusal.contains("a dictionary claims 2147483647 values in 5 bytes"), "{refusal}");
    let refusal = claims(Page::data(1, PLAIN, text(b"1")).claiming(-1), SNAPPY);
    assert!(refusal.contains("a page header has no length"), "{refusal}");
}

#[test]
fn codecs_that_do_not_stop_are_stopped() {
    let zeros = vec![0; 300 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    for (codec, bytes) in [(GZIP, gzip.finish().unwrap()), (BROTLI, packed(&zeros))] {
        let page = Page::data(1, PLAIN, text(b"1")).packed(|_| bytes);
        let column = Column::new("customer_id", BYTE_ARRAY, codec, vec![page]);
        let refusal = refused(forged(&with(column, &[1]), 1, 1));
        assert!(refusal.contains("a page of 5 bytes unpacks to more"), "{refusal}");
    }
}

#[test]
fn differences_cannot_stand_for_more_than_they_may() {
    let growing: StringArray = (0..3_000).map(|length| Some("x".repeat(length))).collect();
    let rows = 3_000;
    let mut columns = super::readings(rows);
    columns[0].1 = Arc::new(growing);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_column_encoding("customer_id".into(), Encoding::DELTA_BYTE_ARRAY);
    let file = parquet_as(properties, columns);
    let refusal = refused(file);
    assert!(refusal.contains("stands for 4498500 bytes of text"), "{refusal}");
    let lengths = [&[0x80, 0x01, 4][..], &varint(1 << 40), &[0]].concat();
    let column = Column::new("customer_id", BYTE_ARRAY, NONE, vec![Page::data(1, DELTA_LENGTH, lengths)]);
    let refusal = refused(forged(&with(column, &[1]), 1, 1));
    assert!(refusal.contains("a page of 1 values claims 1099511627776 differences"), "{refusal}");
}

#[test]
fn a_column_of_fixed_bytes_that_are_gigabytes_long_is_refused() {
    let mut column = Column::new("customer_id", FIXED, NONE, vec![Page::data(1, PLAIN, vec![])]);
    column.type_length = Some(i64::from(i32::MAX));
    let refusal = refused(forged(&with(column, &[1]), 1, 1));
    assert!(refusal.contains("holds a nested value or bytes of fixed length"), "{refusal}");
}

#[test]
fn a_footer_that_lies_is_refused() {
    let readings = |change: &dyn Fn(&mut Column)| {
        let mut columns = with(words(b"1", &[9]), &[9]);
        change(&mut columns[0]);
        refused(forged(&columns, 9, 1))
    };
    let refusal = readings(&|column| column.values = Some(8));
    assert!(refusal.contains("column customer_id has 9 values, its row group 9 rows"), "{refusal}");
    for offset in [-5, 0, 1 << 40] {
        assert!(readings(&|column| column.offset = Some(offset)).contains("its footer lies"));
    }
    assert!(readings(&|column| column.unpacked = Some(1 << 60)).contains("its footer lies"));
    // Fewer or more rows than pages hold.
    for rows in [8, 10, -1] {
        let refusal = refused(forged(&with(words(b"1", &[9]), &[9]), rows, 1));
        assert!(
            refusal.contains("values, its row group") || refusal.contains("its footer lies"),
            "{refusal}"
        );
    }
    // The same bytes for a thousand row groups.
    let refusal = refused(forged(&with(words(&[b'x'; 4_000], &[9]), &[9]), 9, 1_000));
    assert!(refusal.contains("its footer lies: columns of"), "{refusal}");
}

/// A file of nothing but a footer.
fn footer(write: impl Fn(&mut Thrift)) -> String {
    let mut footer = Thrift::new();
    write(&mut footer);
    refused(ended(b"PAR1".to_vec(), footer.finish()))
}

#[test]
fn a_schema_cannot_claim_more_than_it_lists() {
    let refusal = footer(|footer| {
        footer
            .integer(1, I32, 1)
            .list(2, STRUCT, 1)
            .element()
            .text(4, "m")
            .integer(5, I32, i64::from(i32::MAX))
            .close();
    });
    assert!(refusal.contains("claims more columns than it lists"), "{refusal}");
    let deep = 15_000;
    let refusal = footer(|footer| {
        footer.integer(1, I32, 1).list(2, STRUCT, deep);
        for _ in 0..deep - 1 {
            footer.element().integer(3, I32, 1).text(4, "m").integer(5, I32, 1).close();
        }
        footer.element().integer(1, I32, 1).integer(3, I32, 1).text(4, "m").close();
    });
    assert!(refusal.contains("nested too deep"), "{refusal}");
    let refusal = footer(|footer| {
        footer.integer(1, I32, 1).list(2, STRUCT, 1 << 30);
    });
    assert!(refusal.contains("its footer ends too early"), "{refusal}");
    // A field whose type is not the one that the decoder expects.
    let refusal = footer(|footer| {
        footer.integer(1, I32, 1).list(2, STRUCT, 1).element().text(5, "m").close();
    });
    assert!(refusal.contains("a field of another type"), "{refusal}");
    // A list of a billion flags, which take no bytes.
    let refusal = footer(|footer| {
        footer.integer(1, I32, 1).list(20, 1, 1 << 30);
    });
    assert!(refusal.contains("its footer"), "{refusal}");
}

#[test]
fn a_bomb_in_a_column_that_nobody_asks_for_does_no_harm() {
    let [id, time, energy] = with(words(b"1", &[9]), &[9]);
    let bomb =
        Column::new("extra", BYTE_ARRAY, SNAPPY, vec![Page::data(9, PLAIN, vec![0; 8]).claiming(1 << 30)]);
    let folder = TestFolder::with("meter_readings.parquet", forged(&[id, time, energy, bomb], 9, 1));
    assert_eq!(crate::test_folder::readings(&folder).unwrap().len(), 9);
}
