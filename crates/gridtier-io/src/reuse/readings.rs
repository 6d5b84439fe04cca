//! Readings that an earlier cycle has counted, matched with the files that are in the folder now.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::customer::Customers;
use gridtier::error::{Refusal, RunError};
use gridtier::index::index;
use gridtier::meter::{Earlier, FileBook, UsageSink};
use gridtier::source::{Reject, RowAt};
use gridtier::text;
use gridtier::unit::{Month, Window};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use super::file_books;
use crate::config::FILE_NAME;
use crate::cycle::{Manifest, customers};
use crate::folder::{DataFolder, Input};
use crate::rejects::published;
use crate::store::StoredCycle;

const USAGE: &str = "monthly_usage.parquet";
const AS_READ: &str = "usage_as_read.parquet";
const REJECTS: &str = "rejects/meter_readings.parquet";

/// Whether a file of a cycle is read when its readings are reused.
pub(super) fn is_needed(name: &str) -> bool {
    [USAGE, AS_READ, REJECTS, "customers.parquet"].contains(&name)
}

/// The readings of a cycle that can be reused.
pub struct KnownReadings {
    /// The cycle.
    pub cycle: StoredCycle,
    window: Window,
    customers: Customers,
    files: Vec<Option<FileBook>>,
    integer_ids: Vec<Vec<&'static str>>,
    gone: Vec<(Month, Month)>,
    orphans: BTreeMap<String, Vec<u32>>,
    rejects: Vec<Reject>,
}

impl KnownReadings {
    /// Reads what a cycle has published about the readings of a folder; `None` if it cannot be read.
    pub(super) fn read(cycle: StoredCycle, manifest: &Manifest, folder: &DataFolder) -> Option<Self> {
        let (files, gone) = matched(manifest, folder);
        let window = Window::from(&manifest.window);
        let customers = customers(&cycle).ok()?;
        let readables = folder.files(Table::MeterReadings).iter();
        let integer_ids = readables.map(|file| file.integer_ids(folder.config())).collect();
        let (orphans, rejects) = (BTreeMap::new(), Vec::new());
        let mut all = Self { cycle, window, customers, files, integer_ids, gone, orphans, rejects };
        all.read_rejects(folder)?;
        Some(all)
    }

    /// Reads the published rejects of files that have not changed.
    fn read_rejects(&mut self, folder: &DataFolder) -> Option<()> {
        let Self { cycle, files, gone, orphans, rejects, .. } = self;
        let readables = folder.files(Table::MeterReadings);
        let numbers: BTreeMap<&str, u32> =
            readables.iter().zip(0..).map(|(file, number)| (file.file.name.as_str(), number)).collect();
        let ids: BTreeSet<&str> =
            readables.iter().filter_map(|file| file.id_column(folder.config())).collect();
        published::for_each_reject(&cycle.dir.join(REJECTS), &ids, &mut |reject| {
            let Some(&number) = numbers.get(reject.file) else { return Some(()) };
            let (readable, known) = (&readables[index(number)], &mut files[index(number)]);
            if known.is_none() {
                return Some(());
            }
            let rule = Rule::all().find(|rule| rule.code() == reject.rule)?;
            rejects.push(Reject { at: RowAt::new(number, reject.row), rule });
            if rule == Rule::Orphan {
                match readable.id_column(folder.config()).and_then(|column| reject.cell(column)) {
                    Some(id) => {
                        let files = orphans.entry(id.to_owned()).or_default();
                        if files.last() != Some(&number) {
                            files.push(number);
                        }
                    }
                    // Without the id nobody can tell whether the customer exists now, so the file is read again.
                    None => gone.extend(known.take().and_then(|book| book.months)),
                }
            }
            Some(())
        })?;
        rejects.retain(|reject| files[index(reject.at.file())].is_some());
        rejects.sort_unstable();
        Some(())
    }

    /// Calls `work` with these readings in the form that the engine takes.
    pub(super) fn with_earlier<T>(&self, work: impl FnOnce(Option<&Earlier>) -> T) -> T {
        let [usage, as_read] = [USAGE, AS_READ].map(|name| self.cycle.dir.join(name));
        work(Some(&Earlier {
            window: self.window,
            files: &self.files,
            integer_ids: &self.integer_ids,
            gone: &self.gone,
            customers: &self.customers.ids,
            orphans: &self.orphans,
            rejects: &self.rejects,
            usage: &|sink: UsageSink| read_usage(&usage, sink),
            as_read: &|sink: UsageSink| read_usage(&as_read, sink),
        }))
    }

    /// The published rejects as text, for files whose rejects are unchanged.
    pub(crate) fn published_rejects(&self) -> Option<published::Rejects<'_>> {
        published::Rejects::open(&self.cycle.dir.join(REJECTS), &self.rejects)
    }
}

/// The number of readings in unchanged files for which `window` and the cycle's window agree: each row is in both
/// windows or in neither. 0 if `gridtier.toml` has changed.
pub(super) fn rows_that_fit(manifest: &Manifest, folder: &DataFolder, window: Window) -> u64 {
    let declared = manifest.inputs.iter().map(|entry| &entry.input).find(|input| input.path == FILE_NAME);
    if declared != folder.config_input() {
        return 0;
    }
    // These findings are about files and their rows. A file that is not read would not raise them again.
    let has_doubt = manifest.findings.iter().any(|finding| {
        finding.table == Table::MeterReadings.name()
            && matches!(
                finding.rule,
                Rule::AmbiguousGrouping | Rule::MixedMonthForms | Rule::LikelyRepeated | Rule::StampSuspect
            )
    });
    if has_doubt {
        return 0;
    }
    let before = Window::from(&manifest.window);
    let (files, _) = matched(manifest, folder);
    let that_fit = files.iter().flatten().filter(|book| book.fits(before, window));
    that_fit.map(|book| book.tally.rows_in).sum()
}

/// For each file of the folder, its counts in the cycle if the file has not changed. Also the months of those files of
/// the cycle that are gone or have changed.
fn matched(manifest: &Manifest, folder: &DataFolder) -> (Vec<Option<FileBook>>, Vec<(Month, Month)>) {
    let mut books = file_books(&manifest.inputs);
    let inputs: BTreeMap<&str, &Input> =
        manifest.inputs.iter().map(|entry| (entry.input.path.as_str(), &entry.input)).collect();
    let mut files = Vec::new();
    for file in folder.files(Table::MeterReadings) {
        let path = file.file.name.as_str();
        // A file that cannot be hashed is read, which reports the error.
        let is_same = inputs.get(path).is_some_and(|known| file.is_input(known).unwrap_or(false));
        files.push(if is_same { books.remove(path) } else { None });
    }
    (files, books.into_values().filter_map(|book| book.months).collect())
}

/// Feeds a published `monthly_usage` to `sink`, its row groups in parallel.
fn read_usage(path: &Path, sink: UsageSink) -> Result<(), RunError> {
    /// Rows of a batch.
    const ROWS: usize = 1 << 15;
    let refused = |error: &dyn std::fmt::Display| {
        let what = text!("it cannot be read: {error}", "无法读取（{error}）");
        let advice = text!(
            "verify the store with `gridtier verify`, or count everything anew with --fresh",
            "请用 `gridtier verify` 校验存储，或用 --fresh 全部重新计算"
        );
        RunError::from(Refusal::at(Table::MeterReadings, path, what, advice))
    };
    let open = || File::open(path).map_err(|error| refused(&error));
    let metadata =
        ArrowReaderMetadata::load(&open()?, ArrowReaderOptions::new()).map_err(|error| refused(&error))?;
    (0..metadata.metadata().num_row_groups()).into_par_iter().try_for_each(|group| {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open()?, metadata.clone());
        let batches = builder.with_row_groups(vec![group]).with_batch_size(ROWS).build();
        for batch in batches.map_err(|error| refused(&error))? {
            sink(&batch.map_err(|error| refused(&error))?)?;
        }
        Ok(())
    })
}
