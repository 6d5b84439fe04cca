//! The readings that an earlier cycle has counted, told of the files that lie there now.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::customer::Customers;
use gridtier::error::{Refusal, RunError};
use gridtier::meter::{Earlier, FileBook, UsageSink};
use gridtier::source::{Reject, RowAt};
use gridtier::unit::{Month, Window};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use super::{Manifest, file_books};
use crate::config::FILE_NAME;
use crate::folder::{DataFolder, Input};
use crate::recall::{self, each};
use crate::rejects::published;
use crate::store::Cycle;

const USAGE: &str = "monthly_usage.parquet";
const REJECTS: &str = "rejects/meter_readings.parquet";

/// Whether readings are taken over from a file of a cycle.
pub(super) fn is_needed(name: &str) -> bool {
    [USAGE, REJECTS, "customers.parquet"].contains(&name)
}

/// What a cycle says of readings.
pub struct Readings {
    /// The cycle.
    pub cycle: Cycle,
    window: Window,
    customers: Customers,
    files: Vec<Option<FileBook>>,
    integer_ids: Vec<Vec<&'static str>>,
    gone: Vec<(Month, Month)>,
    orphans: BTreeSet<(u32, String)>,
    rejects: Vec<Reject>,
}

impl Readings {
    /// What a cycle says of the readings of a folder; nothing when it cannot be read.
    pub(super) fn of(cycle: Cycle, manifest: &Manifest, folder: &DataFolder) -> Option<Self> {
        let (files, gone) = matched(manifest, folder);
        let window = Window {
            end: Month::try_from(manifest.window.end.clone()).ok()?,
            months: manifest.window.months,
        };
        let customers = recall::customers(&cycle).ok()?;
        let integer_ids =
            folder.files(Table::MeterReadings).iter().map(|file| file.integer_ids(folder.config()));
        let integer_ids = integer_ids.collect();
        let (orphans, rejects) = (BTreeSet::new(), Vec::new());
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
        each(cycle, REJECTS, |batch| {
            let (names, rules) = (text(batch, "source_file")?, text(batch, "rule")?);
            let rows = batch.column_by_name("row")?.as_primitive_opt::<Int64Type>()?;
            for row in 0..batch.num_rows() {
                let Some(&number) = numbers.get(names.value(row)) else { continue };
                let known = &mut files[number as usize];
                if known.is_none() {
                    continue;
                }
                let rule = Rule::all().find(|rule| rule.code() == rules.value(row))?;
                let at = RowAt::new(number, u64::try_from(rows.value(row)).ok()?);
                rejects.push(Reject { at, rule });
                if rule == Rule::Orphan {
                    match readables[number as usize].published_id(batch, row) {
                        Some(id) => drop(orphans.insert((number, id))),
                        // Whether its customer is known now cannot be told.
                        None => gone.extend(known.take().and_then(|book| book.months)),
                    }
                }
            }
            Some(())
        })
        .ok()?;
        rejects.retain(|reject| files[reject.at.file() as usize].is_some());
        rejects.sort_unstable();
        Some(())
    }

    /// Hands all of it to `work`.
    pub(super) fn with<T>(&self, work: impl FnOnce(Option<&Earlier>) -> T) -> T {
        let path = self.cycle.dir.join(USAGE);
        let usage = |sink: UsageSink| read_usage(&path, sink);
        let earlier = Earlier {
            window: self.window,
            files: self.files.clone(),
            integer_ids: self.integer_ids.clone(),
            gone: self.gone.clone(),
            customers: &self.customers.ids,
            orphans: self.orphans.clone(),
            rejects: self.rejects.clone(),
            usage: &usage,
        };
        work(Some(&earlier))
    }

    /// The published text of the rejects, for files whose rejects are the same again.
    pub(crate) fn published_rejects(&self) -> Option<published::Rejects> {
        published::Rejects::open(&self.cycle.dir.join(REJECTS), &self.rejects)
    }
}

/// Readings in files that a cycle had too; none where what is declared about them is not the same.
pub(super) fn rows_in_common(manifest: &Manifest, folder: &DataFolder) -> u64 {
    let declared = |input: &&Input| input.path == FILE_NAME;
    let before = manifest.inputs.iter().map(|entry| &entry.input).find(declared);
    if before != folder.inputs().iter().find(declared) {
        return 0;
    }
    matched(manifest, folder).0.iter().flatten().map(|book| book.tally.rows_in).sum()
}

/// By file of the folder what the cycle says of it, and the months of those that are gone or changed.
fn matched(manifest: &Manifest, folder: &DataFolder) -> (Vec<Option<FileBook>>, Vec<(Month, Month)>) {
    let mut books = file_books(&manifest.inputs);
    let inputs: BTreeMap<&str, &Input> =
        manifest.inputs.iter().map(|entry| (entry.input.path.as_str(), &entry.input)).collect();
    let of_file = |input: Input| {
        let is_same = inputs.get(input.path.as_str()).is_some_and(|known| **known == input);
        if is_same { books.remove(input.path.as_str()) } else { None }
    };
    let files = folder.files(Table::MeterReadings).iter().map(|file| file.input()).map(of_file).collect();
    (files, books.into_values().filter_map(|book| book.months).collect())
}

fn text<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b arrow_array::StringArray> {
    batch.column_by_name(name)?.as_string_opt()
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
