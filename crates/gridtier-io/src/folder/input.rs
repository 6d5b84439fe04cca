//! The files of a folder as a manifest names them.

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::text;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Content, DataFolder, Readable};

/// A file that a cycle was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Its table; `None` for `gridtier.toml`.
    pub table: Option<Table>,
    /// Relative to the data folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its rows, including rejected ones.
    pub rows: u64,
    /// The encoding in which a text file was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

impl Input {
    fn without_hash(&self) -> Self {
        Self { sha256: String::new(), ..self.clone() }
    }
}

impl DataFolder {
    /// All files that are read: `gridtier.toml`, then the others by table and name. Waits until all are hashed.
    ///
    /// # Errors
    /// A file cannot be read to its end, or was changed after the folder was opened.
    pub fn inputs(&self) -> Result<&[Input], Refusal> {
        if let Some(inputs) = self.inputs.get() {
            return Ok(inputs);
        }
        let files: Vec<&Readable> = self.readable().collect();
        let inputs: Vec<Result<Input, Refusal>> = files.into_par_iter().map(Readable::input).collect();
        let all = self.config_input.iter().cloned().map(Ok).chain(inputs);
        let all = all.collect::<Result<Vec<_>, _>>()?;
        Ok(self.inputs.get_or_init(|| all))
    }

    /// Names of the files of all tables, below the folder.
    pub fn file_names(&self) -> impl Iterator<Item = &str> {
        self.readable().map(|readable| readable.file.name.as_str())
    }

    /// Number of rows of all files, including rejected ones.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.readable().map(|file| file.rows).sum()
    }

    /// `gridtier.toml`, if the folder has one.
    pub(crate) fn config_input(&self) -> Option<&Input> {
        self.config_input.as_ref()
    }

    /// Whether these are the inputs. Hashes are waited for only if all else is the same.
    ///
    /// # Errors
    /// A file cannot be read to its end, or was changed after the folder was opened.
    pub(crate) fn has_inputs<'a>(&self, published: impl Iterator<Item = &'a Input>) -> Result<bool, Refusal> {
        let published: Vec<&Input> = published.collect();
        let config = self.config_input.iter().map(Input::without_hash);
        let own = config.chain(self.readable().map(Readable::without_hash));
        let is_alike = own.eq(published.iter().map(|input| input.without_hash()));
        Ok(is_alike && self.inputs()?.iter().eq(published))
    }

    fn readable(&self) -> impl Iterator<Item = &Readable> {
        self.tables.values().flat_map(|table| &table.files)
    }
}

impl Readable {
    /// The file as a manifest names it.
    fn input(&self) -> Result<Input, Refusal> {
        Ok(Input { sha256: self.sha256.get()?.to_owned(), ..self.without_hash() })
    }

    /// The file as a manifest names it, but for its hash.
    fn without_hash(&self) -> Input {
        Input {
            table: Some(self.file.table),
            path: self.file.name.clone(),
            bytes: self.file.bytes,
            sha256: String::new(),
            rows: self.rows,
            encoding: match &self.content {
                Content::Csv(csv) => Some(csv.encoding.to_string()),
                _ => None,
            },
        }
    }

    /// Whether a manifest names this file with this content. Its hash is waited for only if all else is the same.
    ///
    /// # Errors
    /// The file cannot be read to its end, or was changed after the folder was opened.
    pub fn is_input(&self, published: &Input) -> Result<bool, Refusal> {
        Ok(self.without_hash() == published.without_hash() && self.sha256.get()? == published.sha256)
    }
}

/// The refusals of files that are copies of an earlier one.
pub(super) fn delivered_twice(files: &[Readable]) -> Vec<Refusal> {
    // Files of different lengths differ; the hashes of the others are needed now.
    let mut alike = BTreeMap::new();
    for one in files.iter().filter(|one| one.rows > 0) {
        *alike.entry((&one.file.hive, one.file.bytes)).or_insert(0) += 1;
    }
    let has_twin = |one: &&Readable| one.rows > 0 && alike[&(&one.file.hive, one.file.bytes)] > 1;
    let doubtful: Vec<&Readable> = files.iter().filter(has_twin).collect();
    let hashes: Vec<Result<&str, Refusal>> = doubtful.par_iter().map(|one| one.sha256.get()).collect();
    let mut first = BTreeMap::new();
    let mut refusals = Vec::new();
    for (one, sha256) in doubtful.into_iter().zip(hashes) {
        match sha256.map(|sha256| first.insert((&one.file.hive, sha256), &one.file.name)) {
            Ok(None) => {}
            Ok(Some(earlier)) => {
                let what =
                    text!("it is the same file as {earlier}, byte for byte", "它与 {earlier} 逐字节相同");
                let advice = text!(
                    "remove one of them: its rows would count twice",
                    "请移走其中一个：否则各行会计算两次"
                );
                refusals.push(one.file.refuse(what, advice));
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals
}
