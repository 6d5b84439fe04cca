//! The use case `verify --recompute`: computes a published cycle again from the files that its manifest names, and compares the
//! result with what was published (REGRADE section 9).
//!
//! Hashes prove that a cycle is as it was written; computing it again proves that what was written follows from the data.
//! Nothing is reused from any cycle except the tiers of the cycle before, if the method reads them.

use std::io;

use gridtier::contract::cell::Dates;
use gridtier::error::RunError;
use gridtier::robustness::{StepProgress, tier_probability};
use gridtier::text;
use gridtier::text::Text;
use serde_json::Value;

use crate::appeal::{AppealError, replay_again, tiers_read};
use crate::cycle::{
    COUNTING, CycleError, Engine, Manifest, TableDifference, catalogue, has_tier_probability, method,
    table_difference,
};
use crate::folder::DataFolder;
use crate::inputs::other_inputs;
use crate::publish::{Grading, PublishError, publish, write_facts};
use crate::regrade::grade;
use crate::reuse::Reuse;
use crate::store::{Commit, Store, StoreError, StoredCycle};

/// Why a cycle was not computed again.
#[derive(Debug, thiserror::Error)]
pub enum RecomputeError {
    /// The cycle, or the one before, cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The inputs cannot be graded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The result could not be written to compare it.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The folder does not hold the files that the cycle was computed from, or the store lacks the cycle before it.
    #[error("{0}")]
    OtherInputs(Text),
    /// No folder could be made for the result.
    #[error("{0}")]
    NoPlace(io::Error),
    /// The appeal that revised the cycle cannot be replayed.
    #[error(transparent)]
    Appeal(#[from] AppealError),
}

impl From<StoreError> for RecomputeError {
    fn from(error: StoreError) -> Self {
        Self::Cycle(error.into())
    }
}

/// A cycle that is to be computed again.
pub struct Recompute<'a> {
    store: &'a Store,
    cycle: StoredCycle,
    manifest: Manifest,
}

/// What became of a cycle that was computed again.
#[derive(Debug)]
pub struct Recomputed {
    /// The number of the cycle.
    pub number: u64,
    /// What differs; empty if the cycle follows from its inputs.
    pub differences: Vec<Difference>,
}

/// A file of a cycle that is not what its inputs give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The facts were counted by rules that this version does not have.
    Counting {
        /// The version of the rules by which the cycle was counted.
        published: u32,
    },
    /// A key of the manifest.
    Manifest {
        /// The key.
        key: String,
    },
    /// A file that the inputs give was not published.
    NotPublished {
        /// Its name.
        file: String,
    },
    /// A published file that the inputs do not give.
    NotComputed {
        /// Its name.
        file: String,
    },
    /// A table with other columns, rows or values.
    Table {
        /// Its name.
        file: String,
        /// The published table is the first one, the computed one the second.
        what: TableDifference,
    },
    /// A file with the same cells in other bytes.
    Bytes {
        /// Its name.
        file: String,
    },
}

impl Difference {
    /// What differs, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Counting { published } => text!(
                "its facts were counted by rules of version {published}, and this program counts by version {COUNTING}",
                "其事实按第 {published} 版计量规则统计, 本程序采用第 {COUNTING} 版"
            ),
            Self::Manifest { key } => text!(
                "_manifest.json: `{key}` is not what the inputs give",
                "_manifest.json: `{key}` 与由输入重算的结果不同"
            ),
            Self::NotPublished { file } => {
                text!(
                    "{file}: the inputs give it, and it was not published",
                    "{file}: 由输入可得该文件, 但未发布"
                )
            }
            Self::NotComputed { file } => {
                text!("{file}: the inputs do not give this file", "{file}: 由输入不能得出该文件")
            }
            Self::Bytes { file } => {
                text!("{file}: the same cells in other bytes", "{file}: 各单元格相同, 但字节不同")
            }
            Self::Table { file, what: TableDifference::Columns } => {
                text!("{file}: other columns", "{file}: 列不同")
            }
            Self::Table { file, what: TableDifference::Rows { first, second } } => text!(
                "{file}: {first} rows were published, the inputs give {second}",
                "{file}: 已发布 {first} 行, 由输入重算得 {second} 行"
            ),
            Self::Table { file, what: TableDifference::Cells { cells, at } } => {
                let (key, column) = (&at.key, &at.column);
                let [published, computed] = [&at.first, &at.second].map(|value| match value.as_str() {
                    "" => "–",
                    value => value,
                });
                text!(
                    "{file}: {cells} cells differ; first {column} of {key}: {published} was published, the inputs give \
                     {computed}",
                    "{file}: {cells} 个单元格不同; 首个为 {key} 的 {column}: 已发布 {published}, 重算得 {computed}"
                )
            }
        }
    }
}

impl<'a> Recompute<'a> {
    /// The cycle `number`, by default the current one.
    ///
    /// # Errors
    /// There is no such cycle, or it cannot be read.
    pub fn new(store: &'a Store, number: Option<u64>) -> Result<Self, RecomputeError> {
        let cycle = store.cycle(number)?;
        let manifest = Manifest::read(&cycle)?;
        Ok(Self { store, cycle, manifest })
    }

    /// Computes the cycle from `folder` and compares every file.
    ///
    /// # Errors
    /// The folder does not hold the inputs of the cycle, or cannot be graded.
    pub fn run(&self, folder: DataFolder, progress: StepProgress) -> Result<Recomputed, RecomputeError> {
        let number = self.cycle.version;
        if let Some(others) = other_inputs(&self.manifest, &folder).map_err(RunError::from)? {
            return Err(RecomputeError::OtherInputs(others));
        }
        let counting = self.manifest.engine.counting;
        if counting != COUNTING {
            let differences = vec![Difference::Counting { published: counting }];
            return Ok(Recomputed { number, differences });
        }
        let known_as_of = self.manifest.known_as_of.as_deref();
        let known_as_of = known_as_of.and_then(|text| Dates::default().local_time(text));
        let folder = folder.with_known_as_of(known_as_of);
        let scratch = tempfile::tempdir().map_err(RecomputeError::NoPlace)?;
        let other_store = Store::open_or_create(scratch.path())?;
        let again = match self.manifest.is_of_appeal() {
            true => replay_again(self.store, &self.cycle, &self.manifest, folder, &other_store)?,
            false => self.publish_again(&other_store, &folder, progress)?,
        };
        Ok(Recomputed { number, differences: self.differences(&again)? })
    }

    /// Publishes the cycle once more, in another store.
    fn publish_again(
        &self,
        store: &Store,
        folder: &DataFolder,
        progress: StepProgress,
    ) -> Result<StoredCycle, RecomputeError> {
        let Self { cycle, manifest, .. } = self;
        let (method, catalogue) = (method(cycle)?, catalogue(cycle)?);
        let tiers = tiers_read(self.store, cycle, manifest, &method)?;
        let end = manifest.window.end;
        let mut graded = grade(folder, &mut Reuse::Nothing, end, (&method, &catalogue), &tiers)?;
        if has_tier_probability(cycle) {
            graded.tier_probability = Some(tier_probability(&graded, &method, progress));
        }
        let grading = Grading {
            folder,
            graded: &graded,
            method: &method,
            catalogue: &catalogue,
            accepted_by: manifest.accepted_by.as_deref(),
            revises: manifest.revises.as_ref(),
            previous: manifest.previous.as_deref(),
            commit: Commit::cycle(&cycle.commit.published_at, None),
        };
        let staging = store.begin()?.numbered(cycle.version);
        let staged = write_facts(staging, folder, &Reuse::Nothing, &graded.facts)?;
        Ok(publish(staged, &grading)?)
    }

    fn differences(&self, again: &StoredCycle) -> Result<Vec<Difference>, RecomputeError> {
        let computed = Manifest::read(again)?;
        let is_same_version = self.manifest.engine == Engine::this();
        if is_same_version && again.commit.manifest_sha256 == self.cycle.commit.manifest_sha256 {
            // The manifest has the hash of every file.
            return Ok(Vec::new());
        }
        let mut differences = manifest_differences(&self.cycle.manifest()?, &again.manifest()?);
        for output in &computed.outputs {
            let file = output.name.clone();
            if !self.manifest.outputs.iter().any(|published| published.name == file) {
                differences.push(Difference::NotPublished { file });
                continue;
            }
            if self.cycle.holds(output) {
                continue;
            }
            let (published, computed) = (self.cycle.dir.join(&file), again.dir.join(&file));
            match table_difference(&published, &computed)? {
                Some(what) => differences.push(Difference::Table { file, what }),
                None if is_same_version => differences.push(Difference::Bytes { file }),
                None => {}
            }
        }
        let computed_names: Vec<&str> = computed.outputs.iter().map(|output| output.name.as_str()).collect();
        let surplus =
            self.manifest.outputs.iter().filter(|output| !computed_names.contains(&output.name.as_str()));
        differences.extend(surplus.map(|output| Difference::NotComputed { file: output.name.clone() }));
        if differences.is_empty() && is_same_version {
            differences.push(Difference::Bytes { file: "_manifest.json".into() });
        }
        Ok(differences)
    }
}

/// The keys in which manifests differ, except the program and the list of files.
fn manifest_differences(published: &Value, computed: &Value) -> Vec<Difference> {
    let (Some(published), Some(computed)) = (published.as_object(), computed.as_object()) else {
        return vec![Difference::Bytes { file: "_manifest.json".into() }];
    };
    let mut keys: Vec<&String> = published.keys().chain(computed.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| *key != "engine" && *key != "outputs" && published.get(*key) != computed.get(*key));
    keys.into_iter().map(|key| Difference::Manifest { key: key.clone() }).collect()
}
