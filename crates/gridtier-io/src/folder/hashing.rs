//! The SHA-256 of the files of a folder, found beside the reading of their rows.
//!
//! A manifest names every input by its hash, but nothing needs it before the cycle is published, unless two files may be
//! the same or an earlier cycle may have counted them. Hashing 0.3 GB took a tenth of a regrade while nothing else ran;
//! threads of their own do it while one thread reads customers or judges, and a quarter of the processors keeps up with
//! the decoding of the rest.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;

use gridtier::error::Refusal;

use crate::guard::Unreadable;
use crate::hash::sha256_of;
use crate::listing::DataFile;

/// One of so many threads hashes while the others read rows.
const THREADS_PER_HASHING: usize = 4;

/// The hash of a file, found by who asks for it first.
#[derive(Debug)]
pub(super) struct FileHash {
    file: DataFile,
    sha256: OnceLock<Result<String, Unreadable>>,
}

impl FileHash {
    /// The hash of a file, which may be known already.
    pub fn new(file: &DataFile, known: Option<String>) -> Arc<Self> {
        let sha256 = known.map_or_else(OnceLock::new, |known| OnceLock::from(Ok(known)));
        Arc::new(Self { file: file.clone(), sha256 })
    }

    /// The hash in lower-case hexadecimal. The first call reads the file; others wait for it.
    ///
    /// # Errors
    /// The file cannot be read, or was changed since it was listed.
    pub fn get(&self) -> Result<&str, Refusal> {
        let found = self.sha256.get_or_init(|| hash(&self.file));
        found.as_deref().map_err(|fault| self.file.refuse_for(fault.clone()))
    }
}

fn hash(file: &DataFile) -> Result<String, Unreadable> {
    let (sha256, _) = sha256_of(file.open()?)?;
    // Rows are read at the same time and must be those that were hashed: the file is compared with its listing once more.
    file.open()?;
    Ok(sha256)
}

/// Begins to find hashes. What nobody will ask for any more, because its folder is dropped, is left out.
pub(super) fn begin(hashes: Vec<Weak<FileHash>>) {
    let (hashes, next) = (Arc::new(hashes), Arc::new(AtomicUsize::new(0)));
    for _ in 0..rayon::current_num_threads().div_ceil(THREADS_PER_HASHING).min(hashes.len()) {
        let (hashes, next) = (hashes.clone(), next.clone());
        let work = move || {
            while let Some(hash) = hashes.get(next.fetch_add(1, Ordering::Relaxed)) {
                // A fault is reported to who asks for the hash.
                let _ = hash.upgrade().map(|hash| hash.get().map(drop));
            }
        };
        // Without a thread, who asks for a hash finds it.
        let _ = thread::Builder::new().name("hashing".into()).spawn(work);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::hash::sha256_of_bytes;
    use crate::test_folder::TestFolder;

    #[test]
    fn a_hash_is_found_by_a_thread_or_by_who_asks() {
        let data = TestFolder::with("a.csv", "abc");
        let file = DataFile::beside(&data.path().join("a.csv")).unwrap();
        let (asked, of_thread) = (FileHash::new(&file, None), FileHash::new(&file, None));
        begin(vec![Arc::downgrade(&of_thread)]);
        let expected = sha256_of_bytes(b"abc");
        assert_eq!((asked.get().unwrap(), of_thread.get().unwrap()), (expected.as_str(), expected.as_str()));
        assert_eq!(FileHash::new(&file, Some("known".into())).get().unwrap(), "known");
    }

    #[test]
    fn a_file_that_changes_before_it_is_hashed_is_refused() {
        let data = TestFolder::with("a.csv", "abc");
        let path = data.path().join("a.csv");
        let hash = FileHash::new(&DataFile::beside(&path).unwrap(), None);
        fs::write(path, "abcd").unwrap();
        for _ in 0..2 {
            let refusal = hash.get().unwrap_err().to_string();
            assert!(refusal.contains("a.csv: it was changed while it was being read"), "{refusal}");
        }
    }
}
