//! Files that are damaged or made to do harm: every one ends in a sentence that names it, within 5 s and 1 GiB.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use gridtier::error::RunError;
use gridtier::fact;
use gridtier::unit::{Month, Window};
use gridtier_io::folder::DataFolder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::support::{Ended, ended, gridtier, write};
use crate::tables;
use crate::utility::{AS_OF, Draws, READINGS, Utility};

const LIMIT: Duration = Duration::from_secs(5);

/// Sixty readings of the small utility's customers, with text, empty cells and numbers.
fn readings() -> RecordBatch {
    let day = |row: usize| format!("2025-{:02}-{:02}", row % 12 + 1, row % 28 + 1);
    let ids: StringArray = (0..60).map(|row| Some(format!("{:04}", row % 3 + 1))).collect();
    let times: StringArray = (0..60).map(|row| Some(day(row))).collect();
    let energies: Float64Array = (0..60).map(|row| Some(f64::from(row) + 0.5)).collect();
    let reactive: Float64Array = (0..60).map(|row| (row % 4 > 0).then_some(f64::from(row))).collect();
    tables::batch([
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("read_at", Arc::new(times)),
        ("active_kwh", Arc::new(energies)),
        ("reactive_kvarh", Arc::new(reactive)),
    ])
}

/// The same readings in many forms.
fn sound_files() -> Vec<(&'static str, Vec<u8>)> {
    let table = readings();
    let parquet = |codec| {
        let properties = WriterProperties::builder().set_compression(codec).set_data_page_row_count_limit(20);
        tables::parquet_as(&table, properties.set_max_row_group_row_count(Some(40)))
    };
    let plain = WriterProperties::builder().set_dictionary_enabled(false);
    vec![
        ("a.parquet", parquet(Compression::UNCOMPRESSED)),
        ("a.parquet", parquet(Compression::SNAPPY)),
        ("a.parquet", parquet(Compression::ZSTD(Default::default()))),
        ("a.parquet", parquet(Compression::GZIP(Default::default()))),
        ("a.parquet", parquet(Compression::LZ4_RAW)),
        ("a.parquet", parquet(Compression::BROTLI(Default::default()))),
        ("a.parquet", tables::parquet_as(&table, plain)),
        ("a.arrow", tables::ipc(&table, None)),
        ("a.arrow", tables::ipc(&table, Some(CompressionType::LZ4_FRAME))),
        ("a.arrow", tables::ipc(&table, Some(CompressionType::ZSTD))),
        ("a.arrow", tables::ipc_stream(&table)),
        ("a.csv", tables::csv(&table)),
        ("a.csv", [b"\xFF\xFE".to_vec(), utf_16(&tables::csv(&table))].concat()),
    ]
}

fn utf_16(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|&byte| [byte, 0]).collect()
}

/// Bytes flipped or written over, the end cut off, or a piece left out.
fn damaged(sound: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    match draws.below(10) {
        0 => bytes.truncate(draws.below(sound.len())),
        1 => {
            let start = draws.below(sound.len());
            bytes.drain(start..(start + draws.below(64)).min(sound.len()));
        }
        2 => {
            // Lengths that lie: four bytes of ones.
            let start = draws.below(sound.len() - 4);
            bytes[start..start + 4].fill(0xFF);
        }
        // Most of what matters in a parquet file stands at its end.
        3..=5 => (0..=draws.below(4)).for_each(|_| flip(&mut bytes, sound.len() * 2 / 3, draws)),
        _ => (0..=draws.below(8)).for_each(|_| flip(&mut bytes, 0, draws)),
    }
    bytes
}

fn flip(bytes: &mut [u8], from: usize, draws: &mut Draws) {
    let at = from + draws.below(bytes.len() - from);
    bytes[at] ^= 1 << draws.below(8);
}

/// Reads the folder as a check does. Whether it could be read; everything else fails the test.
fn is_read(utility: &Utility, file: &str) -> bool {
    let begun = Instant::now();
    let window = Window { end: Month::new(2026, 1), months: 36 };
    let read = catch_unwind(AssertUnwindSafe(|| match DataFolder::open(&utility.data()) {
        Ok(folder) => match fact::read(&folder, window) {
            Ok(_) => Ok(()),
            Err(RunError::Refused(refusal)) => Err(refusal.to_string()),
            Err(bug) => panic!("{bug}"),
        },
        Err(error) => Err(error.to_string()),
    }));
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    match read {
        Ok(Ok(())) => true,
        Ok(Err(told)) => {
            let names_it = told.contains(&format!("meter_readings/{file}")) || told.contains("no row");
            assert!(names_it && told.contains("what to do: "), "{told}");
            false
        }
        Err(_) => panic!("it panicked"),
    }
}

#[test]
fn a_damaged_file_is_read_or_refused_by_name_and_never_ends_the_process() {
    const CASES: u64 = 60;
    let utility = Utility::small().without("meter_readings.csv");
    let (mut read, mut refused) = (0, 0);
    for (form, (name, sound)) in sound_files().into_iter().enumerate() {
        let path = format!("meter_readings/{name}");
        write(&utility.data(), &path, &sound);
        assert!(is_read(&utility, name), "form {form}");
        for case in 0..CASES {
            let bytes = damaged(&sound, &mut Draws(form as u64 * 1_000 + case));
            write(&utility.data(), &path, bytes);
            let outcome = catch_unwind(AssertUnwindSafe(|| is_read(&utility, name)));
            let outcome = outcome.unwrap_or_else(|_| panic!("form {form} ({name}), case {case}"));
            *(if outcome { &mut read } else { &mut refused }) += 1;
        }
        std::fs::remove_file(utility.data().join(path)).unwrap();
    }
    assert!(read > 50 && refused > 200, "{read} read, {refused} refused");
}

/// Runs a check in 1 GiB of memory and 5 s.
fn check_in_little_memory(utility: &Utility) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1048576; exec \"$0\" \"$@\""]).arg(gridtier().get_program());
    command.args(["check", "data", "--as-of", AS_OF, "--threads", "2", "-o", "out"]);
    let begun = Instant::now();
    let ended = ended(command.current_dir(utility.path()).env("LC_ALL", "C").output().unwrap());
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("allocation"), "{}", ended.stderr);
    ended
}

fn with_readings(name: &str, bytes: impl AsRef<[u8]>) -> Utility {
    Utility::small().without("meter_readings.csv").and(&format!("meter_readings/{name}"), bytes)
}

#[test]
fn the_command_itself_survives_damaged_files() {
    for (form, (name, sound)) in sound_files().into_iter().enumerate() {
        let ended = check_in_little_memory(&with_readings(name, damaged(&sound, &mut Draws(form as u64))));
        assert!(
            [0, 1, 4].contains(&ended.code),
            "form {form} ({name}): exit {}\n{}",
            ended.code,
            ended.stderr
        );
        assert!(ended.code != 4 || ended.stderr.contains("meter_readings"), "{}", ended.stderr);
    }
}

#[test]
fn a_footer_that_claims_more_than_the_file_holds_is_refused() {
    let sound = tables::parquet(&readings());
    let lengths = sound.len() - 8..sound.len() - 4;
    for claimed in [0, 1, sound.len() as u32, i32::MAX as u32, u32::MAX] {
        let mut bytes = sound.clone();
        bytes[lengths.clone()].copy_from_slice(&claimed.to_le_bytes());
        let ended = check_in_little_memory(&with_readings("a.parquet", bytes));
        assert_eq!(ended.code, 4, "{claimed}: {}", ended.stderr);
        assert!(ended.stderr.contains("table meter_readings: meter_readings/a.parquet"), "{}", ended.stderr);
    }
}

#[test]
fn one_huge_cell_is_refused() {
    let huge = "x".repeat(8 << 20);
    let csv = format!("{READINGS}0001,{huge},2025-01-01,1,,\n");
    let text = |cell: &str| Arc::new(StringArray::from(vec![cell])) as ArrayRef;
    let table = tables::batch([
        ("customer_id", text("0001")),
        ("meter_id", text(&huge)),
        ("read_at", text("2025-01-01")),
        ("active_kwh", text("1")),
    ]);
    let parquet = WriterProperties::builder().set_compression(Compression::ZSTD(Default::default()));
    for (name, bytes) in [
        ("a.csv", csv.into_bytes()),
        ("a.parquet", tables::parquet_as(&table, parquet)),
        ("a.arrow", tables::ipc(&table, Some(CompressionType::ZSTD))),
    ] {
        let ended = check_in_little_memory(&with_readings(name, bytes));
        assert_eq!(ended.code, 4, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("meter_readings/{name}")), "{}", ended.stderr);
    }
}

#[test]
fn a_few_kilobytes_that_stand_for_100_gb_of_text_take_no_memory() {
    const ROWS: usize = 1_000_000;
    let word = "x".repeat(100_000);
    let bomb = |word: &str| -> ArrayRef {
        let values = Arc::new(StringArray::from(vec![word]));
        Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0; ROWS]), values))
    };
    for column in ["customer_id", "meter_id", "quality", "remark"] {
        let cell = |name: &str, usual: &str| bomb(if name == column { &word } else { usual });
        let table = tables::batch([
            ("customer_id", cell("customer_id", "0001")),
            ("meter_id", cell("meter_id", "M1")),
            ("read_at", cell("read_at", "2025-01-01")),
            ("active_kwh", Arc::new(Float64Array::from(vec![1.0; ROWS])) as ArrayRef),
            ("quality", cell("quality", "actual")),
            ("remark", cell("remark", "none")),
        ]);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(Default::default()))
            .set_dictionary_page_size_limit(1 << 20);
        let bytes = tables::parquet_as(&table, properties);
        assert!(bytes.len() < 100_000, "{}", bytes.len());
        let ended = check_in_little_memory(&with_readings("a.parquet", bytes));
        assert!([0, 1, 4].contains(&ended.code), "{column}: exit {}\n{}", ended.code, ended.stderr);
    }
}

#[test]
fn a_page_that_unpacks_to_a_gigabyte_is_refused() {
    let word = "0".repeat(1 << 20);
    let ids: StringArray = std::iter::repeat_n(Some(word.as_str()), 300).collect();
    let rows = |cell: &str| Arc::new(StringArray::from(vec![cell; 300])) as ArrayRef;
    let table = tables::batch([
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("read_at", rows("2025-01-01")),
        ("active_kwh", rows("1")),
    ]);
    for codec in [
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::ZSTD(Default::default()),
    ] {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_dictionary_enabled(false)
            .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
            .set_data_page_size_limit(1 << 30)
            .set_write_batch_size(1_000);
        let bytes = tables::parquet_as(&table, properties);
        assert!(bytes.len() < 2_000_000, "{}", bytes.len());
        let ended = check_in_little_memory(&with_readings("a.parquet", bytes));
        assert_eq!(ended.code, 4, "{}", ended.stderr);
    }
}
