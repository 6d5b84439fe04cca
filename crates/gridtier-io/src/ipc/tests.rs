use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, StringViewArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use gridtier::contract::Table;
use gridtier::source::Source;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::test_folder::{TestFolder, readings};

fn batch(rows: usize) -> RecordBatch {
    let names: Vec<String> = (0..100).map(|id| format!("{id:010}")).collect();
    let ids: DictionaryArray<Int32Type> = (0..rows).map(|row| Some(names[row % 100].as_str())).collect();
    let times: StringViewArray =
        (0..rows).map(|row| Some(format!("2025-01-01 {:02}:00:00", row % 24))).collect();
    let energies: Float64Array = (0..rows).map(|row| row as f64).collect();
    RecordBatch::try_from_iter([
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("read_at", Arc::new(times)),
        ("active_kwh", Arc::new(energies)),
        ("note", Arc::new(arrow_array::NullArray::new(rows))),
    ])
    .unwrap()
}

fn options(packed: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default().try_with_compression(packed).unwrap()
}

fn file(batches: &[RecordBatch], packed: Option<CompressionType>) -> Vec<u8> {
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options(packed)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn stream_of(batches: &[RecordBatch], packed: Option<CompressionType>) -> Vec<u8> {
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options(packed)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

#[test]
fn files_and_streams_are_read_whether_compressed_or_not() {
    for packed in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let whole = batch(20_010);
        let batches = [whole.slice(0, 20_000), whole.slice(20_000, 10)];
        for bytes in [file(&batches, packed), stream_of(&batches, packed)] {
            let data = TestFolder::with("meter_readings.feather", bytes);
            let all = readings(&data).unwrap();
            assert_eq!(all.len(), 20_010);
            assert_eq!(all[19_999].as_ref().unwrap().0, "0000000099");
            assert_eq!(all[20_009].as_ref().unwrap().2, 20_009_000);
            let batches = data.read(Table::MeterReadings).unwrap();
            assert_eq!(batches.iter().map(|batch| batch.first_row).collect::<Vec<_>>(), [0, 16_384, 20_000]);
        }
    }
}

#[test]
fn only_the_columns_asked_for_are_read() {
    let data = TestFolder::with("meter_readings.arrow", file(&[batch(10)], None));
    let folder = data.open().unwrap();
    let part = folder.parts(Table::MeterReadings).unwrap().unwrap()[0];
    for asked in [&["active_kwh", "customer_id"][..], &["meter_id"]] {
        let mut rows = 0;
        let mut sink = |batch: gridtier::source::Batch| {
            assert!(batch.column("read_at").is_none());
            rows += batch.record.num_rows();
            Ok(())
        };
        folder.read(Table::MeterReadings, part, asked, &mut sink).unwrap();
        assert_eq!(rows, 10);
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let whole = batch(600);
    let batches = [whole.slice(0, 300), whole.slice(300, 300)];
    for bytes in [file(&batches, Some(CompressionType::ZSTD)), stream_of(&batches, None)] {
        for cut in (1..bytes.len()).step_by(bytes.len() / 150).chain(bytes.len() - 12..bytes.len()) {
            let refusal =
                TestFolder::with("meter_readings.arrow", &bytes[..cut]).refusal(Table::MeterReadings);
            assert!(refusal.starts_with("table meter_readings: meter_readings.arrow: "), "{refusal}");
        }
    }
}

#[test]
fn flipped_bytes_never_crash_the_process() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let whole = batch(600);
    let batches = [whole.slice(0, 300), whole.slice(300, 300)];
    let mut refused = 0;
    for packed in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for bytes in [file(&batches, packed), stream_of(&batches, packed)] {
            for _ in 0..100 {
                let mut damaged = bytes.clone();
                // Damage to headers does the most harm.
                let within = if random.next_u32() % 2 == 0 { 1_000 } else { bytes.len() };
                damaged[random.next_u32() as usize % within] = random.next_u32() as u8;
                refused += usize::from(
                    TestFolder::with("meter_readings.arrow", damaged).read(Table::MeterReadings).is_err(),
                );
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_packed_column_cannot_claim_to_unpack_to_a_hundred_gigabytes() {
    let mut bytes = file(&[batch(20_000)], Some(CompressionType::ZSTD));
    let energies = (20_000u64 * 8).to_le_bytes();
    let at = bytes.windows(8).position(|window| window == energies).unwrap();
    bytes[at..at + 8].copy_from_slice(&(100u64 << 30).to_le_bytes());
    let refusal = TestFolder::with("meter_readings.arrow", bytes).refusal(Table::MeterReadings);
    assert!(refusal.contains("unpacks to 1073"), "{refusal}");
}

#[test]
fn old_feather_files_are_refused_with_advice() {
    let refusal =
        TestFolder::with("meter_readings.feather", b"FEA1 and so on and so on").refusal(Table::MeterReadings);
    assert!(refusal.contains("old version 1") && refusal.contains("Feather version 2"), "{refusal}");
}

#[test]
fn a_file_is_read_by_its_footer_alone() {
    // This is how Polars leaves the beginning of its files: with a schema that is not a message.
    let mut bytes = file(&[batch(100)], None);
    let start = bytes.windows(4).position(|window| window == [0xFF; 4]).unwrap();
    bytes[start..start + 8].copy_from_slice(&[4, 0, 0, 0, 0xF2, 0xFF, 0xFF, 0xFF]);
    assert_eq!(readings(&TestFolder::with("meter_readings.arrow", bytes)).unwrap().len(), 100);
}
