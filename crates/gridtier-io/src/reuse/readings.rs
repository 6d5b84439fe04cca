//! The readings that an earlier cycle has counted, told of the files that lie there now.

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
use gridtier::unit::{Month, Window};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use super::file_books;
use crate::config::FILE_NAME;
use crate::cycle::{Manifest, customers};
use crate::folder::{DataFolder, Input, Readable};
use crate::rejects::published;
use crate::store::StoredCycle;

const USAGE: &str = "monthly_usage.parquet";
const REJECTS: &str = "rejects/meter_readings.parquet";

/// Whether readings are taken over from a file of a cycle.
pub(super) fn is_needed(name: &str) -> bool {
    [USAGE, REJECTS, "customers.parquet"].contains(&name)
}

/// What a cycle says of readings.
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
    /// What a cycle says of the readings of a folder; nothing when it cannot be read.
    pub(super) fn of(cycle: StoredCycle, manifest: &Manifest, folder: &DataFolder) -> Option<Self> {
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

    /// Takes over the rejects of files that lie there unchanged.
    fn read_rejects(&mut self, folder: &DataFolder) -> Option<()> {
        let Self { cycle, files, gone, orphans, rejects, .. } = self;
        let readables = folder.files(Table::MeterReadings);
        let numbers: BTreeMap<&str, u32> =
            readables.iter().zip(0..).map(|(file, number)| (file.file.name.as_str(), number)).collect();
        let ids: BTreeSet<&str> = readables.iter().filter_map(Readable::id_column).collect();
        published::each_place(&cycle.dir.join(REJECTS), &ids, &mut |place| {
            let Some(&number) = numbers.get(place.file) else { return Some(()) };
            let (readable, known) = (&readables[index(number)], &mut files[index(number)]);
            if known.is_none() {
                return Some(());
            }
            let rule = Rule::all().find(|rule| rule.code() == place.rule)?;
            rejects.push(Reject { at: RowAt::new(number, place.row), rule });
            if rule == Rule::Orphan {
                match readable.id_column().and_then(|column| place.cell(column)) {
                    Some(id) => {
                        let files = orphans.entry(id.to_owned()).or_default();
                        if files.last() != Some(&number) {
                            files.push(number);
                        }
                    }
                    // Whether its customer is known now cannot be told.
                    None => gone.extend(known.take().and_then(|book| book.months)),
                }
            }
            Some(())
        })?;
        rejects.retain(|reject| files[index(reject.at.file())].is_some());
        rejects.sort_unstable();
        Some(())
    }

    /// Hands all of it to `work`.
    pub(super) fn with<T>(&self, work: impl FnOnce(Option<&Earlier>) -> T) -> T {
        let path = self.cycle.dir.join(USAGE);
        work(Some(&Earlier {
            window: self.window,
            files: &self.files,
            integer_ids: &self.integer_ids,
            gone: &self.gone,
            customers: &self.customers.ids,
            orphans: &self.orphans,
            rejects: &self.rejects,
            usage: &|sink: UsageSink| read_usage(&path, sink),
        }))
    }

    /// The published text of the rejects, for files whose rejects are the same again.
    pub(crate) fn published_rejects(&self) -> Option<published::Rejects<'_>> {
        published::Rejects::open(&self.cycle.dir.join(REJECTS), &self.rejects)
    }
}

/// Readings in files that a cycle had too, and that lie in `window` as they lay in the cycle's; none where what is
/// declared about them is not the same.
pub(super) fn rows_that_fit(manifest: &Manifest, folder: &DataFolder, window: Window) -> u64 {
    let declared = |input: &&Input| input.path == FILE_NAME;
    let before = manifest.inputs.iter().map(|entry| &entry.input).find(declared);
    if before != folder.inputs().iter().find(declared) {
        return 0;
    }
    let before = Window::from(&manifest.window);
    let (files, _) = matched(manifest, folder);
    let that_fit = files.iter().flatten().filter(|book| book.fits(before, window));
    that_fit.map(|book| book.tally.rows_in).sum()
}

/// By file of the folder what the cycle says of it, and the months of those that are gone or changed.
fn matched(manifest: &Manifest, folder: &DataFolder) -> (Vec<Option<FileBook>>, Vec<(Month, Month)>) {
    let mut books = file_books(&manifest.inputs);
    let inputs: BTreeMap<&str, &Input> =
        manifest.inputs.iter().map(|entry| (entry.input.path.as_str(), &entry.input)).collect();
    let mut files = Vec::new();
    for file in folder.files(Table::MeterReadings) {
        let input = file.input();
        let is_same = inputs.get(input.path.as_str()).is_some_and(|known| **known == input);
        files.push(if is_same { books.remove(input.path.as_str()) } else { None });
    }
    (files, books.into_values().filter_map(|book| book.months).collect())
}

/// Hands a published `monthly_usage` to `sink`, its row groups from several threads.
fn read_usage(path: &Path, sink: UsageSink) -> Result<(), RunError> {
    /// Rows of a batch.
    const ROWS: usize = 1 << 15;
    let refused = |error: &dyn std::fmt::Display| {
        let advice = "verify the store with `gridtier verify`, or count everything anew with --fresh";
        RunError::from(Refusal::at(Table::MeterReadings, path, error.to_string(), advice))
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
