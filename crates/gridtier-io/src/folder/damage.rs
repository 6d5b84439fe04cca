//! Finds all that is wrong with the files of a folder in one run.
//!
//! A reader stops at the first fault. If each run named only one faulty file, correcting all files would take days. So
//! after the first fault every other file is read too, just to find its faults.

use std::fs;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::declared::DecimalMark;
use gridtier::error::{Refusal, RunError};
use gridtier::index::count;
use gridtier::text;
use gridtier::text::{Lang, Text};
use rayon::prelude::*;

use super::{Content, DataFolder, OpenError, Readable};
use crate::config::{Config, TableConfig};
use crate::guard::Unreadable;
use crate::listing::{self, DataFile, FileFormat};

/// Maximum number of refusals that are shown.
const SHOWN_MAX: usize = 50;

/// The first refusals, and how many more there are.
pub(super) fn limited(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    let more = refusals.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        refusals.truncate(SHOWN_MAX);
        let what = text!("and {more} more files are refused", "另有 {more} 个文件被拒绝");
        refusals.push(Refusal { table: None, path: None, what, advice: Text::default() });
    }
    refusals
}

/// The refusals of files that cannot be read to their end.
pub(super) fn of_files(files: &[Readable]) -> Vec<Refusal> {
    let damaged = files.par_iter().filter_map(|readable| Some(readable.file.refuse_for(readable.damage()?)));
    damaged.collect()
}

/// An error about `gridtier.toml`, with the refusals of files that cannot be read whatever it declares. More cannot be said of
/// them, since it may declare names and forms of text.
pub(super) fn with_files(error: OpenError, folder: &Path, wanted: &[Table]) -> OpenError {
    let OpenError::Config(faults, _) = error else { return error };
    OpenError::Config(faults, whatever_is_declared(folder, wanted))
}

fn whatever_is_declared(folder: &Path, wanted: &[Table]) -> Vec<Refusal> {
    let Ok(listing) = listing::list(folder, &Config::default(), wanted) else { return Vec::new() };
    let files: Vec<DataFile> = listing.tables.into_values().flatten().collect();
    let damaged = files.par_iter().filter_map(|file| {
        let is_same = matches!(file.format, FileFormat::Parquet | FileFormat::Ipc);
        let opened = is_same.then(|| Content::open(file, &TableConfig::default(), DecimalMark::default()))?;
        opened.err().map(|fault| file.refuse_for(fault))
    });
    // Of the refusals of names, only those of empty files: other names may be what `path` is declared for.
    let empty = listing.refusals.into_iter().filter(|refusal| {
        refusal
            .path
            .as_ref()
            .is_some_and(|path| fs::metadata(folder.join(path)).is_ok_and(|at| at.is_file() && at.len() == 0))
    });
    limited(empty.chain(damaged.collect::<Vec<_>>()).collect())
}

impl DataFolder {
    /// Reads all other files after an error about one file, and adds the errors about those that cannot be read to their end.
    #[must_use]
    pub fn with_all_damage(&self, error: RunError) -> RunError {
        let RunError::Refused(mut first) = error else { return error };
        let Some(path) = first.path.clone() else { return first.into() };
        let all: Vec<&Readable> = self.tables.values().flat_map(|table| &table.files).collect();
        let others = all.into_par_iter().filter(|readable| path.as_os_str() != readable.file.name.as_str());
        let refused: Vec<Refusal> =
            others.filter_map(|readable| Some(readable.file.refuse_for(readable.damage()?))).collect();
        for other in limited(refused) {
            let [en, zh] = [Lang::En, Lang::Zh].map(|lang| other.message(lang));
            first.advice =
                Text::new(format!("{}\n{en}", first.advice.en), format!("{}\n{zh}", first.advice.zh));
        }
        first.into()
    }
}

impl Readable {
    /// The first fault of the columns that are read, if there is one.
    fn damage(&self) -> Option<Unreadable> {
        let mut own: Vec<usize> =
            self.mapping.picks.keys().flat_map(|name| self.mapping.own_positions(name)).collect();
        own.sort_unstable();
        own.dedup();
        for part in 0..count(self.content.parts().len()) {
            let read = self.pieces(u32::try_from(part).ok()?, &own).and_then(|pieces| {
                for piece in pieces {
                    piece?;
                }
                Ok(())
            });
            if let Err(fault) = read {
                return Some(fault);
            }
        }
        None
    }
}
