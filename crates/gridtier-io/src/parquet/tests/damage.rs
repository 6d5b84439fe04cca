//! Files that were cut off, overwritten or mislabelled: refused by name, whatever the damage.

use std::time::{Duration, Instant};

use gridtier::contract::Table;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::readings;
use crate::test_folder::{TestFolder, parquet, parquet_as};

/// Reads a file in every way there is; none may panic, abort or take long.
fn survive(bytes: &[u8]) -> Result<usize, String> {
    let begun = Instant::now();
    let folder = TestFolder::with("meter_readings.parquet", bytes);
    let folder = folder.open()?;
    let mut rows = 0;
    for batch in crate::test_folder::read(&folder, Table::MeterReadings)? {
        rows += batch.record.num_rows();
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    Ok(rows)
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let file = parquet(readings(1_000));
    for cut in (0..file.len()).step_by(file.len() / 200 + 1).skip(1).chain(file.len() - 20..file.len()) {
        let refusal = survive(&file[..cut]).unwrap_err();
        assert!(refusal.starts_with("table meter_readings: meter_readings.parquet: it is"), "{refusal}");
        assert!(refusal.contains("what to do: "), "{refusal}");
    }
}

#[test]
fn flipped_bytes_never_end_the_process() {
    let variants = [
        (Compression::UNCOMPRESSED, WriterVersion::PARQUET_1_0, true, Encoding::PLAIN),
        (Compression::SNAPPY, WriterVersion::PARQUET_2_0, true, Encoding::PLAIN),
        (
            Compression::ZSTD(ZstdLevel::default()),
            WriterVersion::PARQUET_1_0,
            false,
            Encoding::DELTA_BYTE_ARRAY,
        ),
        (Compression::UNCOMPRESSED, WriterVersion::PARQUET_2_0, false, Encoding::DELTA_BYTE_ARRAY),
        (
            Compression::GZIP(GzipLevel::default()),
            WriterVersion::PARQUET_1_0,
            false,
            Encoding::DELTA_LENGTH_BYTE_ARRAY,
        ),
    ];
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut read, mut refused) = (0, 0);
    for (codec, version, dictionary, encoding) in variants {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(version)
            .set_dictionary_enabled(dictionary)
            .set_column_encoding("customer_id".into(), encoding)
            .set_data_page_row_count_limit(200);
        let file = parquet_as(properties, readings(600));
        for folder in 0..200 {
            let mut damaged = file.clone();
            for _ in 0..=folder % 4 {
                // Half of the flips are in the footer, where small changes do most damage.
                let from = if random.next_u32() % 2 == 0 { 0 } else { file.len() - file.len() / 4 };
                let at = from + random.next_u32() as usize % (file.len() - from);
                damaged[at] = random.next_u32() as u8;
            }
            match survive(&damaged) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 0 && refused > 400, "{read} read, {refused} refused");
}

#[test]
fn junk_between_the_marks_is_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for length in [0, 1, 7, 100, 5_000] {
        let mut junk = vec![0; length];
        random.fill_bytes(&mut junk);
        for claimed in [0, length as u32, u32::MAX] {
            let file = [b"PAR1", junk.as_slice(), &claimed.to_le_bytes(), b"PAR1"].concat();
            survive(&file).unwrap_err();
        }
    }
}

#[test]
fn a_file_of_another_kind_is_refused_and_its_kind_named() {
    for (start, expected) in [
        (&b"customer_id,read_at\n"[..], "it is named .parquet, but it is text"),
        (b"PK\x03\x04 and so on and on", "it is a zip archive or an Excel workbook"),
        (b"ARROW1\0\0 and so on and on", "it is an Arrow file"),
        (b"PARE and so on, and so on PARE", "it is encrypted"),
        (b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b", "it is something else"),
    ] {
        let refusal = TestFolder::with("meter_readings.parquet", start).refusal(Table::MeterReadings);
        assert!(refusal.contains(expected), "{refusal}");
    }
    let parquet = parquet(readings(3));
    let refusal = TestFolder::with("meter_readings.csv", parquet).refusal(Table::MeterReadings);
    assert!(refusal.contains("it is named .csv, but it is a parquet file"), "{refusal}");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let mut file = parquet(readings(10));
    let at = file.windows(10).position(|window| window == b"0000000003").unwrap();
    file[at] = 0xFF;
    let refusal = survive(&file).unwrap_err();
    assert!(
        refusal.contains("non UTF-8") || refusal.contains("utf8") || refusal.contains("UTF-8"),
        "{refusal}"
    );
}
