//! Writing files so that they are on the disk before a commit names them: a commit is worth nothing while its files are only
//! in a cache.
//!
//! This module knows nothing of the store's layout or of versions.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use gridtier::index::count;
use sha2::{Digest, Sha256};

use super::error::{StoreError, cannot_write};
use crate::hash::hex;

/// Creates `path`, which must not exist, with `bytes`. A file that cannot be finished is removed.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Report the first failure; the next writer removes the file if this cannot.
        let _ = fs::remove_file(path);
    }
    written
}

/// Makes the names in a folder durable: their creation, renaming and removal.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match sync_names(path) {
        Err(error) if cannot_sync(error.kind()) => Ok(()),
        synced => synced.map_err(cannot_write(path)),
    }
}

/// Whether a folder cannot be synced at all. Some network file systems make names durable by themselves and refuse
/// the call; a folder with write but no read permission cannot be opened.
fn cannot_sync(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied)
}

#[cfg(unix)]
fn sync_names(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Only Unix can open a folder as a file.
#[cfg(not(unix))]
fn sync_names(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Syncs files to disk by a thread of its own, one after the other, while others are written: a disk takes as long to sync
/// a file of a few rows as to write a thousand.
#[derive(Debug)]
pub(super) struct Syncing(Option<SyncingThread>);

#[derive(Debug)]
struct SyncingThread {
    files: Sender<(PathBuf, File)>,
    thread: JoinHandle<Result<(), StoreError>>,
}

impl Syncing {
    /// Begins the thread. Without one, the caller waits for each file.
    pub(super) fn begin() -> Self {
        let (files, of_thread) = channel::<(PathBuf, File)>();
        let sync_all = move || of_thread.into_iter().try_for_each(|(path, file)| sync(&path, &file));
        let thread = thread::Builder::new().name("syncing".into()).spawn(sync_all);
        Self(thread.ok().map(|thread| SyncingThread { files, thread }))
    }

    /// Syncs a file soon.
    pub(super) fn add(&self, path: PathBuf, file: File) -> Result<(), StoreError> {
        match &self.0 {
            // The thread has ended if a file could not be synced, which `finish` reports.
            Some(SyncingThread { files, .. }) => files.send((path, file)).or(Ok(())),
            None => sync(&path, &file),
        }
    }

    /// Waits until all files are on the disk.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let Some(SyncingThread { files, thread }) = self.0 else { return Ok(()) };
        drop(files);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn sync(path: &Path, file: &File) -> Result<(), StoreError> {
    file.sync_all().map_err(cannot_write(path))
}

/// A file that is hashed, and its bytes counted, while it is written.
pub(super) struct HashedFile {
    file: File,
    sha256: Sha256,
    bytes: u64,
}

impl HashedFile {
    pub(super) fn create_new(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create_new(path)?, sha256: Sha256::new(), bytes: 0 })
    }

    /// Syncs the file to disk. Returns the SHA-256 and the length in bytes of what was written.
    pub(super) fn finish(self) -> io::Result<(String, u64)> {
        self.file.sync_all()?;
        Ok((hex(&self.sha256.finalize()), self.bytes))
    }

    /// Like [`finish`](Self::finish), but the file is still to be synced.
    pub(super) fn finish_unsynced(self) -> (File, String, u64) {
        (self.file, hex(&self.sha256.finalize()), self.bytes)
    }
}

impl Write for HashedFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let bytes = self.file.write(buffer)?;
        self.sha256.update(&buffer[..bytes]);
        self.bytes += count(bytes);
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
