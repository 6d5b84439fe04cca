//! Files that appear under their names when they are whole and safe on the disk, or not at all.
//!
//! They are written as drafts under other names, and renamed. What a run that is killed leaves is a draft, which a later
//! run removes.

use std::fs::{self, DirEntry, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::{Builder, NamedTempFile, TempDir};

/// How the name of a draft begins and ends.
const NAME: (&str, &str) = (".gridtier-", ".partial");
/// A draft that has not been written to for so long was left by a run that was killed.
const AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The manifest of a published folder.
const MANIFEST: &str = "_manifest.json";

/// Writes a file, or replaces the one that is there.
///
/// # Errors
/// The file could not be written, or is part of a published folder; what was under its name is unchanged.
pub fn write_file<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    if is_published(path) {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    begin(path, fill)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a file that must not exist yet.
///
/// # Errors
/// The file could not be written, or is there.
pub fn write_new_file(path: &Path, content: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let draft = begin(path, |file| file.write_all(content))?;
    draft.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes files into a folder, beside those that are there or in their places. `fill` writes them into the folder that it
/// is given, from which they are moved when all are written. A new folder appears with all its files at once; into one that
/// is there, files are moved one after the other.
///
/// # Errors
/// A file could not be written, the folder is a published one, or a folder stands in the place of a file. In that case none
/// has appeared. If files could not be moved, some have.
pub fn write_folder<T, E: From<io::Error>>(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let is_new = !dir.exists();
    let beside = if is_new { parent(dir) } else { dir };
    // Where a file stands in the place of the folder, the draft cannot be made, which says so.
    if !beside.exists() {
        fs::create_dir_all(beside)?;
    }
    // Its folder of rejects belongs to a published folder too.
    if dir.ancestors().take(2).any(|folder| published_in(folder).is_some()) {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    let draft = begin_folder(beside)?;
    let filled = fill(draft.path())?;
    if is_new {
        place(draft, dir)?;
    } else {
        check_places(draft.path(), dir)?;
        move_into(draft.path(), dir)?;
        sync(dir)?;
    }
    Ok(filled)
}

/// Begins a folder of files in the folder in which it will lie. It is removed if it is dropped.
pub(crate) fn begin_folder(beside: &Path) -> io::Result<TempDir> {
    sweep(beside);
    let mut draft = builder();
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    draft.tempdir_in(beside).map_err(|error| without_draft(&error))
}

/// Puts a folder of files in its place, which is free or an empty folder.
pub(crate) fn place(draft: TempDir, dir: &Path) -> io::Result<()> {
    sync(draft.path())?;
    fs::rename(draft.path(), dir)?;
    // It has moved, so there is nothing to remove.
    let _ = draft.keep();
    Ok(())
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether a file or folder is a draft that is being written, or was left behind.
fn is_draft(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(NAME.0) && name.ends_with(NAME.1)
}

/// Whether nobody has written to a file or folder for so long that the run that wrote it must have ended.
pub(crate) fn is_abandoned(entry: &DirEntry) -> bool {
    let modified = entry.metadata().and_then(|found| found.modified()).ok();
    modified.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > AGE_MAX)
}

/// Whether a file is a manifest, or a manifest above it lists it: a file of a published cycle or report is never replaced
/// alone.
fn is_published(path: &Path) -> bool {
    path.exists()
        && path.ancestors().skip(1).take(2).any(|folder| {
            let Some(outputs) = published_in(folder) else { return false };
            let mut names = outputs.iter().filter_map(|output| output["name"].as_str());
            path == folder.join(MANIFEST) || names.any(|name| path == folder.join(name))
        })
}

/// The files that the manifest of a folder lists; `None` if there is no such manifest.
fn published_in(folder: &Path) -> Option<Vec<Value>> {
    let mut manifest: Value = serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()?;
    match manifest.get_mut("outputs")?.take() {
        Value::Array(outputs) => Some(outputs),
        _ => None,
    }
}

fn builder<'a>() -> Builder<'a, 'a> {
    let mut draft = Builder::new();
    draft.prefix(NAME.0).suffix(NAME.1);
    draft
}

/// The error of the system alone: messages name the file that was asked for, not its draft.
fn without_draft(error: &io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|named| named.source());
    let code = inner.and_then(|inner| inner.downcast_ref::<io::Error>()).and_then(io::Error::raw_os_error);
    code.map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// The folder in which a file or folder lies.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file under another name beside its place, which is on the disk.
fn begin<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<NamedTempFile, E> {
    let folder = parent(path);
    sweep(folder);
    let mut draft = builder();
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let draft = draft.tempfile_in(folder).map_err(|error| without_draft(&error))?;
    let mut writer = BufWriter::new(draft.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// Removes drafts that were left behind. Errors are ignored: a draft that stays does no harm.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_draft(&entry) && is_abandoned(&entry) {
            let is_folder = entry.file_type().is_ok_and(|found| found.is_dir());
            let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

/// Refuses files in whose places folders stand, and folders in whose places files stand.
fn check_places(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if place.exists() && !place.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            check_places(&entry.path(), &place)?;
        } else if place.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
    }
    Ok(())
}

/// Moves the files of a folder, and of the folders in it, into another.
fn move_into(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() && place.is_dir() {
            move_into(&entry.path(), &place)?;
        } else {
            fs::rename(entry.path(), place)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
