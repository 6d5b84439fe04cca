//! Files that entries of the register name, such as the corrected rows of an appeal: kept by their hashes, so that what was
//! decided can be replayed. A file is written once. A file that no entry names was left by a killed writer and does no
//! harm.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::durable::{HashedFile, sync_dir};
use super::error::{Damage, StoreError, cannot_read, cannot_write};
use super::layout::{self, KEPT, TEMP_PREFIX};
use super::register::EntryFile;
use crate::hash::sha256_of;

/// Where a file with a hash is kept.
pub(super) fn kept_path(root: &Path, sha256: &str) -> PathBuf {
    root.join(KEPT).join(sha256)
}

/// Whether a file is kept as its entry says.
pub(super) fn is_kept(root: &Path, file: &EntryFile) -> Result<bool, StoreError> {
    // A name that is not a hash could lead out of the folder.
    if file.sha256.len() != 64 || !file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(false);
    }
    let path = kept_path(root, &file.sha256);
    match File::open(&path).and_then(sha256_of) {
        Ok((sha256, bytes)) => Ok(sha256 == file.sha256 && bytes == file.bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot_read(&path)(error)),
    }
}

/// Keeps the file `from`, which has the hash and length of `file`.
pub(super) fn keep(root: &Path, from: &Path, file: &EntryFile) -> Result<(), StoreError> {
    if is_kept(root, file)? {
        return Ok(());
    }
    let folder = root.join(KEPT);
    fs::create_dir_all(&folder).map_err(cannot_write(&folder))?;
    let draft = root.join(format!("{TEMP_PREFIX}{}-file", layout::new_run()));
    let mut source = File::open(from).map_err(cannot_read(from))?;
    let mut written = HashedFile::create_new(&draft).map_err(cannot_write(&draft))?;
    let copied =
        io::copy(&mut source, &mut written).and_then(|_| written.finish()).map_err(cannot_write(&draft));
    let kept = copied.and_then(|(sha256, bytes)| match (sha256 == file.sha256, bytes == file.bytes) {
        (true, true) => {
            let path = kept_path(root, &file.sha256);
            fs::rename(&draft, &path).map_err(cannot_write(&path))
        }
        _ => Err(StoreError::Damaged { damage: Damage::Content { path: from.to_owned() } }),
    });
    kept.inspect_err(|_| drop(fs::remove_file(&draft)))?;
    sync_dir(&folder)?;
    sync_dir(root)
}
