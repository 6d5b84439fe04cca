//! Running the command, writing small tables, reading what was published.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tempfile::TempDir;

use crate::tables;

/// A folder that is removed after the test.
pub fn scratch() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The command, which prints English whatever the language of the machine.
pub fn gridtier() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridtier"));
    command.env("LC_ALL", "C");
    command
}

/// How a run ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the command to its end.
pub fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    ended(gridtier().args(args).output().unwrap())
}

/// The outcome of a finished process.
pub fn ended(output: Output) -> Ended {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // A process ended by a signal has no code.
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs the command and asserts that it succeeds.
pub fn done(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let ended = run(args);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// Grades a folder as of a day with further options and gives the cycle's folder.
pub fn regrade(data: &Path, as_of: &str, method: &str, store: &Path, options: &[&str]) -> PathBuf {
    let args = [
        "regrade".as_ref(),
        data.as_os_str(),
        "--as-of".as_ref(),
        as_of.as_ref(),
        "--method".as_ref(),
        method.as_ref(),
        "--store".as_ref(),
        store.as_os_str(),
    ];
    done(args.into_iter().chain(options.iter().map(OsStr::new)));
    current(store)
}

/// The folder of a store's current cycle.
pub fn current(store: &Path) -> PathBuf {
    done(["path".as_ref(), "--store".as_ref(), store.as_os_str()]).trim().into()
}

/// The rules whose limits a cycle's data exceeded, which somebody accepted, in the order of the manifest; `rejects` if a
/// table has too many rejects.
pub fn breaches(cycle: &Path) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(&fs::read(cycle.join("_manifest.json")).unwrap()).unwrap();
    let rule = |breach: &Value| breach["rule"].as_str().unwrap_or("rejects").to_owned();
    manifest["breaches"].as_array().unwrap().iter().map(rule).collect()
}

/// Writes a file of a data folder, making folders on the way.
pub fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A preset with pieces of text replaced, as a file in `dir`.
pub fn method_file(dir: &Path, preset: &str, changes: &[(&str, &str)]) -> String {
    let mut text = done(["method", "show", preset]);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let path = dir.join("method.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A published table.
pub struct Published(pub Vec<RecordBatch>);

impl Published {
    /// Reads a file of a cycle.
    pub fn read(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        Self(reader.map(Result::unwrap).collect())
    }

    pub fn rows(&self) -> usize {
        self.0.iter().map(RecordBatch::num_rows).sum()
    }

    /// A text column; empty cells as `None`.
    pub fn texts(&self, name: &str) -> Vec<Option<String>> {
        let column = |batch: &RecordBatch| {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
            column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(column).collect()
    }

    /// An integer column.
    pub fn integers(&self, name: &str) -> Vec<Option<i64>> {
        let column = |batch: &RecordBatch| {
            batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
        };
        self.0.iter().flat_map(column).collect()
    }

    /// These columns as text, row by row.
    pub fn rows_of(&self, columns: &[&str]) -> Vec<Vec<Option<String>>> {
        let of_batch = |batch: &RecordBatch| {
            let columns: Vec<_> = columns.iter().map(|name| tables::texts(batch, name)).collect();
            let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
            (0..batch.num_rows()).map(row).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_batch).collect()
    }

    /// A column of doubles.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        let column = |batch: &RecordBatch| {
            batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect::<Vec<_>>()
        };
        self.0.iter().flat_map(column).collect()
    }
}

/// How many rows hold each value of a text column.
pub fn counts(values: &[Option<String>]) -> std::collections::BTreeMap<&str, usize> {
    let mut counts = std::collections::BTreeMap::new();
    values.iter().flatten().for_each(|value| *counts.entry(value.as_str()).or_default() += 1);
    counts
}

/// A file of the shared real data. Prints SKIPPED and returns `None` if it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    // `eprintln!` would not do, because the harness hides what a passing test prints with it.
    let line = format!("SKIPPED: {name} of the shared real data is not on this machine\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
    None
}
