//! Finds the files of one table in all its folders.

use std::fs;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::text::Text;

use super::{DataFile, FileFormat, HiveValue, is_ignored, names_in};
use crate::config::TableConfig;
use crate::guard::limits::NESTING_MAX;

/// Where Hadoop writers keep the output of a job until it is complete.
const JOB_FOLDER: &str = "_temporary";
/// The file that they leave when a job is complete.
const JOB_DONE: &str = "_SUCCESS";

/// The file `found`, or the files in the folder `found`, in the order of their names.
pub(super) fn files(
    root: &Path,
    table: Table,
    found: &str,
    config: &TableConfig,
) -> Result<Vec<DataFile>, Refusal> {
    let mut walk = FolderWalk { root, table, config, files: Vec::new(), job_folder: None, job_done: false };
    walk.enter(found, &[], 0)?;
    if let (Some(folder), false) = (walk.job_folder, walk.job_done) {
        let what = "it is the trace of a job that has not finished: half of its files may be missing";
        let advice = "wait for the job, or run it again; a finished one leaves a file _SUCCESS";
        return Err(Refusal::at(table, folder, what, advice));
    }
    if walk.files.is_empty() {
        let advice = "if nothing happened, put in a file with the header alone; if the table is not delivered, \
                      remove the folder";
        return Err(Refusal::at(table, found, "the folder holds no file", advice));
    }
    walk.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(walk.files)
}

struct FolderWalk<'a> {
    root: &'a Path,
    table: Table,
    config: &'a TableConfig,
    files: Vec<DataFile>,
    job_folder: Option<String>,
    job_done: bool,
}

impl FolderWalk<'_> {
    fn refuse(&self, name: &str, what: impl Into<Text>, advice: impl Into<Text>) -> Refusal {
        Refusal::at(self.table, name, what, advice)
    }

    fn refuse_for(&self, name: &str, error: &std::io::Error) -> Refusal {
        let advice = "check that it is there and that you may read it";
        self.refuse(name, format!("it cannot be read: {error}"), advice)
    }

    fn enter(&mut self, name: &str, hive: &[HiveValue], depth: usize) -> Result<(), Refusal> {
        let path = self.root.join(name);
        // Symbolic links are followed: large tables are often linked into the folder.
        let about = fs::metadata(&path).map_err(|error| self.refuse_for(name, &error))?;
        if about.is_file() {
            let file = self.file(name, &path, &about, hive)?;
            self.files.push(file);
            return Ok(());
        }
        if !about.is_dir() {
            return Err(self.refuse(name, "it is neither a file nor a folder", "remove it"));
        }
        if depth > NESTING_MAX {
            let advice = "check for a symbolic link that leads back up";
            return Err(self.refuse(
                name,
                format!("folders are nested more than {NESTING_MAX} deep"),
                advice,
            ));
        }
        let names = names_in(&path).map_err(|error| self.refuse_for(name, &error))?;
        for inner in names {
            let full = format!("{name}/{inner}");
            self.job_done |= inner == JOB_DONE;
            if inner == JOB_FOLDER {
                self.job_folder = Some(full);
            } else if !is_ignored(&inner) {
                let hive = self.hive_of(&full, &inner, hive)?;
                self.enter(&full, &hive, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The values of the outer folders and, if `inner` is a folder that names one, its own.
    fn hive_of(&self, full: &str, inner: &str, outer: &[HiveValue]) -> Result<Vec<HiveValue>, Refusal> {
        let mut all = outer.to_vec();
        let own = HiveValue::parse(inner).filter(|_| self.root.join(full).is_dir());
        if let Some(own) = own {
            own.check(self.table, full, self.config)?;
            if outer.iter().any(|hive| hive.key.eq_ignore_ascii_case(&own.key)) {
                let what = format!("the key {} stands twice in the names of its folders", own.key);
                return Err(self.refuse(full, what, "rename one of the folders"));
            }
            all.push(own);
        }
        Ok(all)
    }

    fn file(
        &self,
        name: &str,
        path: &Path,
        about: &fs::Metadata,
        hive: &[HiveValue],
    ) -> Result<DataFile, Refusal> {
        let Some(format) = FileFormat::by_extension(name) else {
            let known =
                FileFormat::EXTENSIONS.iter().map(|(extension, _)| *extension).collect::<Vec<_>>().join(", ");
            let base = name.rsplit('/').next().unwrap_or(name);
            let what = match base.rsplit_once('.') {
                Some((_, extension)) => format!("a file that ends in .{extension} is no table"),
                None => "its name has no extension that tells what it is".to_owned(),
            };
            let advice = format!("export it as one of {known} (unpack archives), or move it away");
            return Err(self.refuse(name, what, advice));
        };
        if about.len() == 0 {
            let advice = "export it again; a table without rows still has a header or schema";
            return Err(self.refuse(name, "the file is empty (0 bytes)", advice));
        }
        Ok(DataFile {
            table: self.table,
            path: path.to_owned(),
            name: name.to_owned(),
            format,
            hive: hive.to_vec(),
            bytes: about.len(),
            modified: about.modified().ok(),
        })
    }
}
