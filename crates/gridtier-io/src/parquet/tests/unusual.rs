//! Files of old or other writers: what arrow-rs reads is read, however unusual it is.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::forge::*;
use super::readings;
use crate::guard::caught;
use crate::test_folder::{self, TestFolder, parquet_as};

#[test]
fn what_other_writers_put_into_footers_is_read() {
    type Change = fn(&mut Column);
    let changes: [(&str, Change); 6] = [
        ("a dictionary that begins at 0", |column| column.dictionary_offset = Some(0)),
        ("integers of 32 bits", |column| column.integers = I32),
        ("a converted type without a meaning", |column| column.converted = Some(40)),
        ("a converted type far beyond all", |column| column.converted = Some(1 << 30)),
        ("no converted type, by its code", |column| column.converted = Some(-1)),
        ("the bytes before unpacking", |column| column.unpacked = Some(20)),
    ];
    for (what, change) in changes {
        let mut id = Column::constant("customer_id", BYTE_ARRAY, text(b"007"), &[9]);
        let mut time = Column::constant("read_at", BYTE_ARRAY, text(b"1970-01-02"), &[9]);
        let mut energy = Column::constant("active_kwh", DOUBLE, 1.5f64.to_le_bytes().to_vec(), &[9]);
        [&mut id, &mut time, &mut energy].into_iter().for_each(change);
        let folder = TestFolder::with("meter_readings.parquet", forged(&[id, time, energy], 9, 1));
        let read = test_folder::readings(&folder).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        assert_eq!(read, vec![Ok(("007".to_owned(), 86_400_000_000, 1_500)); 9], "{what}");
    }
}

/// The rows of a file as arrow-rs alone reads them, without our checks.
fn by_arrow(file: &Path) -> Option<RecordBatch> {
    let read = || {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).ok()?).ok()?.build().ok()?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>().ok()?;
        concat_batches(&schema, &batches).ok()
    };
    caught(read).ok().flatten()
}

#[test]
fn most_files_with_a_flipped_bit_that_arrow_ignores_are_read() {
    const NAME: &str = "meter_readings.parquet";
    /// Number of bits from one flip to the next. arrow-rs ignores a flip of 7,800 of all bits. Our reader refuses 980 of
    /// these flips: they contradict the number of rows, change the magic of the file, or give a field a type that other
    /// readers cannot read.
    const STEP: usize = 37;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_max_row_group_row_count(Some(20));
    let columns: Vec<(&str, ArrayRef)> = readings(40);
    let file = parquet_as(properties, columns);
    let folder = TestFolder::with(NAME, &file);
    let path = folder.path().join(NAME);
    let expected = by_arrow(&path).unwrap();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = 0;
    for bit in (0..file.len() * 8).step_by(STEP) {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, flipped).unwrap();
        if by_arrow(&path).is_none_or(|batch| batch.columns() != expected.columns()) {
            continue;
        }
        match test_folder::readings(&folder) {
            Ok(_) => read += 1,
            Err(why) => *refused.entry(why.lines().next().unwrap_or_default().to_owned()).or_default() += 1,
        }
    }
    let refused_in_all: usize = refused.values().sum();
    assert!(read > 5 * refused_in_all, "{read} read, refused: {refused:#?}");
}
