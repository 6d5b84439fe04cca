//! Files that are damaged or made to do harm: every one ends in a sentence that names it, within 5 s and 1 GiB.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use gridtier::error::RunError;
use gridtier::method::Method;
use gridtier::run::{self, Graded};
use gridtier::score::NO_SCORE;
use gridtier::tier::Previous;
use gridtier::unit::Month;
use gridtier_io::folder::DataFolder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rust_xlsxwriter::{Workbook, XlsxError};

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
        ("a.xlsx", workbook(&table).unwrap()),
    ]
}

/// A workbook of a table: text as text, numbers as numbers.
fn workbook(table: &RecordBatch) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, field) in (0..).zip(table.schema().fields()) {
        sheet.write_string(0, at, field.name())?;
        for (row, cell) in (1..).zip(tables::texts(table, field.name())) {
            let Some(cell) = cell else { continue };
            match cell.parse::<f64>() {
                Ok(number) if !cell.starts_with("00") => sheet.write_number(row, at, number)?,
                _ => sheet.write_string(row, at, &cell)?,
            };
        }
    }
    book.save_to_buffer()
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
            // False lengths: four bytes of ones.
            let start = draws.below(sound.len() - 4);
            bytes[start..start + 4].fill(0xFF);
        }
        // Most of what matters in a parquet file is at its end.
        3..=5 => (0..=draws.below(4)).for_each(|_| flip(&mut bytes, sound.len() * 2 / 3, draws)),
        _ => (0..=draws.below(8)).for_each(|_| flip(&mut bytes, 0, draws)),
    }
    bytes
}

fn flip(bytes: &mut [u8], from: usize, draws: &mut Draws) {
    let at = from + draws.below(bytes.len() - from);
    bytes[at] ^= 1 << draws.below(8);
}

/// Grades the folder in this process, and says whether that was possible. A refusal must name the table, and also the file,
/// unless no row of the table counts. Any other outcome fails the test.
fn is_graded(utility: &Utility, file: &str) -> bool {
    let begun = Instant::now();
    let method = Method::preset("utility").unwrap().unwrap();
    let grade = || -> Result<Graded, String> {
        let folder = DataFolder::open(&utility.data()).map_err(|error| error.to_string())?;
        run::regrade(&folder, Month::new(2026, 1), &method, &Previous::new(), None, Vec::new()).map_err(
            |error| match error {
                RunError::Refused(refusal) => refusal.to_string(),
                bug => panic!("{bug}"),
            },
        )
    };
    let graded = catch_unwind(AssertUnwindSafe(grade));
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    let graded = graded.unwrap_or_else(|_| panic!("it panicked"));
    if let Err(output) = &graded {
        assert!(output.contains("table ") && output.contains("what to do: "), "{output}");
        let of_table =
            ["it has no rows", "none of its", "64 bits"].iter().any(|words| output.contains(words));
        assert!(output.contains(file) || of_table, "{output}");
    }
    let scores =
        graded.iter().flat_map(|graded| graded.scores.points_e6.iter().filter(|points| **points != NO_SCORE));
    scores.for_each(|score| assert!((0..=100_000_000).contains(score), "{score}"));
    graded.is_ok()
}

#[test]
fn a_damaged_file_is_read_or_refused_by_name_and_never_crashes_the_process() {
    const CASES: u64 = 200;
    let utility = Utility::small().without("meter_readings.csv");
    let (mut read, mut refused) = (0, 0);
    for (form, (name, sound)) in sound_files().into_iter().enumerate() {
        let path = format!("meter_readings/{name}");
        write(&utility.data(), &path, &sound);
        assert!(is_graded(&utility, name), "form {form}");
        for case in 0..CASES {
            let bytes = damaged(&sound, &mut Draws(form as u64 * 1_000 + case));
            write(&utility.data(), &path, bytes);
            let outcome = catch_unwind(AssertUnwindSafe(|| is_graded(&utility, name)));
            let outcome = outcome.unwrap_or_else(|_| panic!("form {form} ({name}), case {case}"));
            *(if outcome { &mut read } else { &mut refused }) += 1;
        }
        std::fs::remove_file(utility.data().join(path)).unwrap();
    }
    assert!(read > 50 && refused > 200, "{read} read, {refused} refused");
}

/// What people and programs put into cells.
const ODD_CELLS: [&str; 24] = [
    "\"",
    "\"\"",
    ",",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\u{feff}",
    ";",
    "\t",
    "-",
    "−",
    "１",
    "1e999",
    "-1e-999",
    "NaN",
    "=1+1",
    "99999999999999999999",
    "0000-00-00",
    "9999-12-31",
    "2025-13-01",
    "24:00",
    "0512000001",
    "户",
];

#[test]
fn odd_cells_anywhere_in_any_table_are_counted_or_refused() {
    const CASES: u64 = 40;
    let invented = Utility::invented(12, &[]);
    let files: Vec<_> =
        std::fs::read_dir(invented.data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let text = |path| String::from_utf8(tables::csv(&tables::read(path))).unwrap();
    let sound: BTreeMap<String, String> = files
        .iter()
        .map(|path| (format!("{}.csv", path.file_stem().unwrap().to_str().unwrap()), text(path)))
        .collect();
    let utility = sound.iter().fold(Utility::empty(), |utility, (name, text)| utility.and(name, text));
    let (mut graded, mut refused) = (0, 0);
    for (table, (name, text)) in sound.iter().enumerate() {
        for case in 0..CASES {
            let mut draws = Draws(table as u64 * 1_000 + case);
            let mut odd: Vec<char> = text.chars().collect();
            for _ in 0..=draws.below(4) {
                let at = draws.below(odd.len().min(2_000));
                let end = at + draws.below(3).min(odd.len() - at);
                odd.splice(at..end, ODD_CELLS[draws.below(ODD_CELLS.len())].chars());
            }
            write(&utility.data(), name, odd.into_iter().collect::<String>());
            let outcome = catch_unwind(AssertUnwindSafe(|| is_graded(&utility, name)));
            *(if outcome.unwrap_or_else(|_| panic!("{name}, case {case}")) {
                &mut graded
            } else {
                &mut refused
            }) += 1;
        }
        write(&utility.data(), name, text);
    }
    assert!(graded > 100 && refused > 10, "{graded} graded, {refused} refused");
}

/// Runs a check in 1 GiB of memory and 5 s, with files of at most 256 MiB.
fn check_in_little_memory(utility: &Utility, options: &[&str]) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1048576; ulimit -f 524288; exec \"$0\" \"$@\""]);
    command
        .arg(gridtier().get_program())
        .args(["check", "data", "--as-of", AS_OF, "--threads", "2"])
        .args(options);
    let begun = Instant::now();
    let ended = ended(command.current_dir(utility.path()).env("LC_ALL", "C").output().unwrap());
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    assert!(ended.code >= 0, "a signal ended it\n{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("allocation"), "{}", ended.stderr);
    ended
}

fn with_readings(name: &str, bytes: impl AsRef<[u8]>) -> Utility {
    Utility::small().without("meter_readings.csv").and(&format!("meter_readings/{name}"), bytes)
}

#[test]
fn the_command_itself_survives_damaged_files() {
    for (form, (name, sound)) in sound_files().into_iter().enumerate() {
        let ended = check_in_little_memory(
            &with_readings(name, damaged(&sound, &mut Draws(form as u64))),
            &["-o", "out"],
        );
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
fn a_workbook_of_many_rows_is_read_in_little_memory() {
    const ROWS: usize = 20_000;
    let day = |row: usize| Some(format!("2025-{:02}-{:02}", row / 28 % 12 + 1, row % 28 + 1));
    let ids: StringArray = (0..ROWS).map(|row| Some(format!("{:04}", row % 3 + 1))).collect();
    let meters: StringArray = (0..ROWS).map(|row| Some(format!("M{row}"))).collect();
    let times: StringArray = (0..ROWS).map(day).collect();
    let energies: Float64Array = (0..ROWS).map(|row| Some(row as f64 / 4.0)).collect();
    let table = tables::batch([
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("meter_id", Arc::new(meters)),
        ("read_at", Arc::new(times)),
        ("active_kwh", Arc::new(energies)),
    ]);
    let ended = check_in_little_memory(&with_readings("a.xlsx", workbook(&table).unwrap()), &[]);
    assert!(ended.stdout.contains("20,000"), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_footer_that_claims_more_than_the_file_holds_is_refused() {
    let sound = tables::parquet(&readings());
    let lengths = sound.len() - 8..sound.len() - 4;
    for claimed in [0, 1, sound.len() as u32, i32::MAX as u32, u32::MAX] {
        let mut bytes = sound.clone();
        bytes[lengths.clone()].copy_from_slice(&claimed.to_le_bytes());
        let ended = check_in_little_memory(&with_readings("a.parquet", bytes), &[]);
        assert_eq!(ended.code, 4, "{claimed}: {}", ended.stderr);
        assert!(ended.stderr.contains("table meter_readings: meter_readings/a.parquet"), "{}", ended.stderr);
    }
}

#[test]
fn a_stream_that_goes_on_after_its_end_is_refused() {
    let stream = tables::ipc_stream(&readings());
    let joined = [stream.clone(), stream].concat();
    let ended = check_in_little_memory(&with_readings("a.arrow", joined), &[]);
    assert_eq!(ended.code, 4, "half of the rows are lost: {}", ended.stdout);
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
        let ended = check_in_little_memory(&with_readings(name, bytes), &[]);
        assert_eq!(ended.code, 4, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("meter_readings/{name}")), "{}", ended.stderr);
    }
}

/// Readings with one word of 100 KB in a column: 20 KB that stand for 10 GB.
fn bomb(column: &str) -> Utility {
    const ROWS: usize = 100_000;
    let long = "x".repeat(100_000);
    let cell = |name: &'static str, usual: &str| -> (&str, ArrayRef) {
        let word = if name == column { &long } else { usual };
        let values = Arc::new(StringArray::from(vec![word]));
        (name, Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0; ROWS]), values)))
    };
    let table = tables::batch([
        cell("customer_id", "0001"),
        cell("meter_id", "M1"),
        cell("read_at", "2025-01-01"),
        ("active_kwh", Arc::new(Float64Array::from(vec![1.0; ROWS])) as ArrayRef),
        cell("quality", "actual"),
        cell("remark", "none"),
    ]);
    let zstd = WriterProperties::builder().set_compression(Compression::ZSTD(Default::default()));
    let bytes = tables::parquet_as(&table, zstd.set_dictionary_page_size_limit(1 << 20));
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    with_readings("a.parquet", bytes)
}

#[test]
fn a_few_kilobytes_that_stand_for_10_gb_of_text_take_no_memory() {
    for (column, code) in [("customer_id", 4), ("quality", 4), ("remark", 0)] {
        let ended = check_in_little_memory(&bomb(column), &[]);
        assert_eq!(ended.code, code, "{column}: {}", ended.stderr);
    }
}

#[test]
fn the_rejects_of_a_bomb_do_not_fill_the_disk() {
    let ended = check_in_little_memory(&bomb("quality"), &["-o", "out"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
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
        let ended = check_in_little_memory(&with_readings("a.parquet", bytes), &[]);
        assert_eq!(ended.code, 4, "{}", ended.stderr);
    }
}
