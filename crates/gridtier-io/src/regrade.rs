//! The use case `regrade`: from a data folder to a published cycle, for commands, pages and tests.
//!
//! Grading and publishing are two steps, so that the caller can show findings beyond the method's limits and ask who
//! accepts them. The store stays locked from the first step to the second. The caller provides the time and the user's
//! name: nothing here depends on the machine.

use std::path::Path;

use gridtier::contract::rule::Rule;
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::limit::Breach;
use gridtier::method::Method;
use gridtier::robustness::{self, StepProgress};
use gridtier::run::{self, Graded};
use gridtier::source::Finding;
use gridtier::text;
use gridtier::text::Text;
use gridtier::tier::Previous;
use gridtier::unit::{Month, Window};

use crate::check::reader_findings;
use crate::cycle::{
    CatalogueText, CycleError, Engine, Manifest, MethodText, has_tier_probability, previous_cycle,
    previous_tiers,
};
use crate::folder::DataFolder;
use crate::publish::{Grading, PublishError, publish};
use crate::reuse::{self, Reuse};
use crate::store::{CurrentMove, Staging, Store, StoreError, StoredCycle};

/// How to grade, and where to publish.
#[derive(Clone, Copy)]
pub struct Regrade<'a> {
    /// The store's folder; created if missing.
    pub store: &'a Path,
    /// First month after the window.
    pub end: Month,
    /// The method.
    pub method: &'a Method,
    /// The catalogue of entitlements that the cycle records.
    pub catalogue: &'a Catalogue,
    /// Whether to count everything anew instead of reusing what an earlier cycle counted from the same files.
    pub fresh: bool,
    /// Whether to publish a cycle that equals a published one.
    pub again: bool,
    /// Whether the cycle becomes current though the current one has a later as-of.
    pub make_current: bool,
    /// Whether the cycle is to hold how probable each tier is.
    pub tier_probability: bool,
}

/// The outcome of a grading.
pub enum GradeOutcome<'a> {
    /// A cycle that can be published.
    New(Box<Unpublished<'a>>),
    /// Nothing was graded: a published cycle has the same inputs, window, method, catalogue and engine.
    Known(Box<KnownCycle>),
}

/// A published cycle that a regrade would repeat.
pub struct KnownCycle {
    /// The cycle.
    pub cycle: StoredCycle,
    /// Its manifest.
    pub manifest: Manifest,
    /// The version of the current cycle.
    pub current: u64,
}

/// Why a folder was not graded, or a cycle not published.
#[derive(Debug, thiserror::Error)]
pub enum RegradeError {
    /// The store cannot be read or written, or another run is writing to it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cycle before cannot be read.
    #[error(transparent)]
    Previous(#[from] CycleError),
    /// The inputs cannot be graded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The cycle could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Something is beyond the method's limits, and nobody accepts that.
    #[error("{}", beyond_limits(.0))]
    BeyondLimits(Vec<Breach>),
}

/// The message that findings exceed the limits and nobody accepts them.
#[must_use]
pub fn beyond_limits(breaches: &[Breach]) -> Text {
    let what = Text::join(&breaches.iter().map(Breach::what).collect::<Vec<_>>(), "; ");
    text!(
        "beyond the method's limits, and nobody accepts it: {what}",
        "超出方法的限值，且无人接受：{what}";
        what
    )
}

/// A graded cycle that is not published yet. It holds the store's lock, and leaves nothing behind when dropped.
pub struct Unpublished<'a> {
    request: Regrade<'a>,
    staging: Staging,
    folder: DataFolder,
    reuse: Reuse,
    graded: Graded,
    current: CurrentMove,
}

impl<'a> Regrade<'a> {
    /// Grades a data folder. The store is locked first, so that a second run at the same time ends before it has read
    /// anything. For progress, see [`DataFolder::with_progress`].
    ///
    /// # Errors
    /// The store is in use or cannot be read, or the inputs cannot be graded.
    pub fn grade(self, folder: DataFolder) -> Result<GradeOutcome<'a>, RegradeError> {
        let store = Store::open_or_create(self.store)?;
        let staging = store.begin()?;
        if let Some((cycle, manifest)) = self.known(&store, &folder)? {
            if self.make_current {
                staging.make_current(&cycle)?;
            }
            let current = store.cycle(None)?.version;
            return Ok(GradeOutcome::Known(Box::new(KnownCycle { cycle, manifest, current })));
        }
        let current = self.current_move(&store)?;
        let previous = self.previous(&store)?;
        let window = Window { end: self.end, months: self.method.window_months };
        let mut reuse = if self.fresh {
            Reuse::Nothing
        } else {
            reuse::find(&store, &folder, window, self.method.reading_detail())?
        };
        let graded = match reuse.take_facts() {
            Some(facts) => run::judge(facts, self.method, &previous),
            None => reuse.with_readings(|earlier| {
                run::regrade(&folder, self.end, self.method, &previous, earlier, reader_findings(&folder))
            }),
        };
        let mut graded = graded.map_err(|error| folder.with_all_damage(error))?;
        graded.findings.extend(self.edited_catalogue());
        run::sort(&mut graded.findings);
        let new = Unpublished { request: self, staging, folder, reuse, graded, current };
        Ok(GradeOutcome::New(Box::new(new)))
    }

    /// A finding if the catalogue is an edited copy of a shipped one under the same name and version.
    fn edited_catalogue(&self) -> Option<Finding> {
        let Catalogue { name, version, .. } = self.catalogue;
        let example = format!("{name} {version}");
        self.catalogue.is_edited_copy().then(|| Finding::of_method(Rule::EditedCatalogue, 1, example))
    }

    /// The latest published cycle that this regrade would repeat, if it is whole.
    fn known(
        &self,
        store: &Store,
        folder: &DataFolder,
    ) -> Result<Option<(StoredCycle, Manifest)>, RegradeError> {
        if self.again {
            return Ok(None);
        }
        for cycle in store.cycles()?.into_iter().rev() {
            // What cannot be read, or was published by another version, is not the same.
            let Ok(manifest) = Manifest::read(&cycle) else { continue };
            if self.is_of(&manifest, folder)
                && (!self.tier_probability || has_tier_probability(&cycle))
                && self.has_same_previous(store, &cycle)?
                && cycle.verify()?.is_empty()
            {
                return Ok(Some((cycle, manifest)));
            }
        }
        Ok(None)
    }

    /// Whether a cycle has the inputs, window, method, catalogue and engine of this regrade.
    fn is_of(&self, manifest: &Manifest, folder: &DataFolder) -> bool {
        let window = Window { end: self.end, months: self.method.window_months };
        manifest.engine == Engine::this()
            && manifest.window == window.into()
            && manifest.method == MethodText::from(self.method)
            && manifest.entitlements.as_ref() == Some(&CatalogueText::from(self.catalogue))
            && manifest.known_as_of == folder.known_as_of()
            && manifest.inputs.iter().map(|entry| &entry.input).eq(folder.inputs())
    }

    /// Whether the previous cycle, to which hysteresis and step limit compare, is the one that `cycle` was compared to.
    fn has_same_previous(&self, store: &Store, cycle: &StoredCycle) -> Result<bool, RegradeError> {
        if !self.looks_back() {
            return Ok(true);
        }
        let now = store.cycles()?;
        let then = now.iter().filter(|earlier| earlier.version < cycle.version).cloned().collect();
        let [then, now] = [then, now].map(|cycles| previous_cycle(cycles, self.end));
        Ok(then?.map(|cycle| cycle.version) == now?.map(|cycle| cycle.version))
    }

    /// A grading as of an earlier day leaves the current cycle current, unless it is asked to become it.
    fn current_move(&self, store: &Store) -> Result<CurrentMove, RegradeError> {
        if self.make_current || store.cycles()?.is_empty() {
            return Ok(CurrentMove::ToPublished);
        }
        // A current cycle that cannot be read is better replaced than kept.
        let current = store.cycle(None).ok().and_then(|cycle| Manifest::read(&cycle).ok());
        Ok(match current {
            Some(current) if current.window.end > self.end => CurrentMove::Stays,
            _ => CurrentMove::ToPublished,
        })
    }

    fn looks_back(&self) -> bool {
        self.method.hysteresis.is_some() || self.method.step_limit.is_some()
    }

    /// The final tiers of the previous cycle, if the method uses them (hysteresis or a step limit).
    fn previous(&self, store: &Store) -> Result<Previous, RegradeError> {
        if !self.looks_back() {
            return Ok(Previous::new());
        }
        Ok(previous_tiers(store.cycles()?, self.end)?)
    }
}

/// What was reused from an earlier cycle instead of being counted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reused {
    /// All facts: inputs and window are the same.
    Facts {
        /// The earlier cycle.
        version: u64,
    },
    /// Some files of readings: these have not changed.
    Readings {
        /// The earlier cycle.
        version: u64,
        /// Number of files reused.
        taken: usize,
        /// Number of all files of readings.
        files: usize,
    },
}

impl Unpublished<'_> {
    /// The graded customers.
    #[must_use]
    pub fn graded(&self) -> &Graded {
        &self.graded
    }

    /// What is beyond the method's limits. If there is anything, somebody must accept them before publishing.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.graded.breaches
    }

    /// What was reused from an earlier cycle, if anything.
    #[must_use]
    pub fn reused(&self) -> Option<Reused> {
        let version = self.reuse.cycle()?.version;
        let (taken, files) = (self.graded.facts.files_taken, self.graded.facts.reading_files.len());
        match self.reuse {
            Reuse::Facts(_) => Some(Reused::Facts { version }),
            Reuse::Readings(_) if taken > 0 => Some(Reused::Readings { version, taken, files }),
            Reuse::Readings(_) | Reuse::Nothing => None,
        }
    }

    /// Draws weights to estimate how probable each customer's tier is, and publishes that with the tiers.
    pub fn estimate_tier_probability(&mut self, progress: StepProgress) {
        let probability = robustness::tier_probability(&self.graded, self.request.method, progress);
        self.graded.tier_probability = Some(probability);
    }

    /// Publishes the cycle at the time `published_at`. `accepted_by` accepts breaches; without any it is not recorded.
    ///
    /// # Errors
    /// There are breaches and nobody accepts them, or the cycle cannot be written. Nothing was published.
    pub fn publish(
        self,
        accepted_by: Option<&str>,
        published_at: &str,
    ) -> Result<(Graded, StoredCycle), RegradeError> {
        let Self { request, staging, folder, reuse, graded, current } = self;
        if !graded.breaches.is_empty() && accepted_by.is_none() {
            return Err(RegradeError::BeyondLimits(graded.breaches));
        }
        let grading = Grading {
            folder: &folder,
            reuse: &reuse,
            graded: &graded,
            method: request.method,
            catalogue: request.catalogue,
            accepted_by: accepted_by.filter(|_| !graded.breaches.is_empty()),
            current,
        };
        let cycle = publish(staging, &grading, published_at)?;
        Ok((graded, cycle))
    }
}
