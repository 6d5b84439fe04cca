//! A folder of results outside of any store: tables as parquet, rejects, and a manifest. It appears whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use gridtier::output::Output;
use gridtier::source::TableBook;
use serde_json::Value;
use tempfile::TempDir;

use crate::folder::DataFolder;
use crate::publish::{PublishError, pass_rejects};
use crate::store::{OutputFile, StoreError, write_parquet};

const MANIFEST: &str = "_manifest.json";
const REJECTS: &str = "rejects";

fn not_written(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    |source| StoreError::Write { path: path.to_owned(), source }
}

/// Refuses a folder that is there: results are never mixed with others.
///
/// # Errors
/// There is something of that name.
pub fn check_new(dir: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(dir) {
        Ok(_) => Err(StoreError::Exists { path: dir.to_owned() }),
        Err(_) => Ok(()),
    }
}

/// Writes results into the new folder `dir`: `tables`, the rejects of each table of `folder` that is there, and the
/// manifest, which `manifest` makes from the list of files.
///
/// # Errors
/// The folder is there, a file cannot be written, or a file with rejects cannot be read again. Nothing has appeared.
pub fn write(
    dir: &Path,
    tables: Vec<Output>,
    (folder, books): (Option<&DataFolder>, &[TableBook]),
    manifest: impl FnOnce(&[OutputFile]) -> Value,
) -> Result<(), PublishError> {
    check_new(dir)?;
    let draft = draft(dir)?;
    let rejects = draft.path().join(REJECTS);
    fs::create_dir(&rejects).map_err(not_written(&rejects))?;
    let outputs = write_files(draft.path(), tables, folder, books)?;
    let path = draft.path().join(MANIFEST);
    fs::write(&path, format!("{:#}\n", manifest(&outputs))).map_err(not_written(&path))?;
    for written in [&path, &rejects] {
        fs::File::open(written).and_then(|open| open.sync_all()).map_err(not_written(written))?;
    }
    check_new(dir)?;
    Ok(place(draft, dir)?)
}

/// An empty folder beside `dir`, which is removed if it is dropped.
pub(crate) fn draft(dir: &Path) -> Result<TempDir, StoreError> {
    crate::draft::begin_folder(crate::draft::parent(dir)).map_err(not_written(dir))
}

/// Puts a draft in its place, which is free or an empty folder.
pub(crate) fn place(draft: TempDir, dir: &Path) -> Result<(), StoreError> {
    crate::draft::place(draft, dir).map_err(not_written(dir))
}

fn write_files(
    draft: &Path,
    tables: Vec<Output>,
    folder: Option<&DataFolder>,
    books: &[TableBook],
) -> Result<Vec<OutputFile>, PublishError> {
    let mut outputs = Vec::new();
    for table in tables {
        let name = format!("{}.parquet", table.name);
        outputs.push(write_parquet(&draft.join(&name), &name, &table.schema, table.batches)?);
    }
    for book in books.iter().filter(|book| book.present) {
        let Some(folder) = folder else { continue };
        let name = format!("{REJECTS}/{}.parquet", book.table);
        outputs.push(pass_rejects(folder, book, None, |schema, batches| {
            write_parquet(&draft.join(&name), &name, &schema, batches)
        })?);
    }
    outputs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(outputs)
}
