//! The use case `regrade`: from a data folder to a published cycle, for commands, pages and tests.
//!
//! Grading and publishing are two steps, so that the caller can show findings beyond the method's limits and ask who
//! accepts them. The store stays locked from the first step to the second. The caller provides the time and the user's
//! name: nothing here depends on the machine.

use std::path::Path;

use gridtier::contract::rule::Rule;
use gridtier::decision::{RecordKind, RevisionCause};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::fact::Facts;
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
    CatalogueText, CycleError, Engine, Manifest, MethodText, Revision, final_tiers, has_tier_probability,
    previous_cycle, was_published_before,
};
use crate::folder::DataFolder;
use crate::govern::{CorrectedCycle, GovernanceError, decisions, refuse_without_approval};
use crate::publish::{Grading, PublishError, StagedFacts, publish, write_facts};
use crate::reuse::{self, Reuse};
use crate::store::{Commit, Store, StoreError, StoredCycle};

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
    /// Whether to count everything again instead of reusing what an earlier cycle counted from the same files.
    pub fresh: bool,
    /// Whether to publish a cycle that equals a published one.
    pub again: bool,
    /// Whether the cycle becomes current even if the current one has a later as-of.
    pub make_current: bool,
    /// Whether the cycle is to hold the probability of each customer's tier.
    pub tier_probability: bool,
    /// Whether the cycle waits for somebody's approval.
    pub propose: bool,
    /// Who grades and why: for proposals and revisions.
    pub signed: Option<Signature<'a>>,
    /// The cycle that is corrected, and what was wrong.
    pub revises: Option<(u64, RevisionCause)>,
    /// When the regrade was asked for, in UTC (RFC 3339).
    pub asked_at: &'a str,
}

/// Who did something, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
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
    /// The version of the current cycle; 0 if there is none.
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
    /// The command asks for what the rules of governance do not allow.
    #[error("{0}")]
    Governance(#[from] GovernanceError),
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
    staged: StagedFacts,
    folder: DataFolder,
    reuse: Reuse,
    graded: Graded,
    revises: Option<Revision>,
    previous: Option<StoredCycle>,
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
        if !self.propose {
            refuse_without_approval(&store, self.method)?;
        }
        let revises = self.revision(&store)?;
        if let Some((cycle, manifest)) = self.known(&store, &folder, revises.as_ref())? {
            if self.make_current && cycle.is_published() && !self.propose {
                staging.into_decisions().make_current(&cycle, self.asked_at)?;
            }
            let current = store.current()?.unwrap_or(0);
            return Ok(GradeOutcome::Known(Box::new(KnownCycle { cycle, manifest, current })));
        }
        let previous = self.previous(&store)?;
        let tiers = previous.as_ref().map(final_tiers).transpose()?.unwrap_or_default();
        let window = Window { end: self.end, months: self.method.window_months };
        let mut reuse = if self.fresh {
            Reuse::Nothing
        } else {
            reuse::find(&store, &folder, window, self.method.reading_detail())?
        };
        let facts = facts(&folder, &mut reuse, self.end, self.method)?;
        // The larger part of a cycle's files hold facts: 0.06 s of writing them fit beside the judgement of 100,000 customers.
        let write = |facts: &Facts| write_facts(staging, &folder, &reuse, facts);
        let judged = run::judge_beside(facts, self.method, &tiers, write);
        let (mut graded, staged) = judged.map_err(|error| folder.with_all_damage(error))?;
        let staged = staged?;
        add_finding(&mut graded, self.catalogue);
        let new = Unpublished { request: self, staged, folder, reuse, graded, revises, previous };
        Ok(GradeOutcome::New(Box::new(new)))
    }

    /// The correction that this regrade makes.
    fn revision(&self, store: &Store) -> Result<Option<Revision>, RegradeError> {
        let Some((number, because)) = self.revises else { return Ok(None) };
        let corrected = CorrectedCycle {
            number,
            because,
            window: Window { end: self.end, months: self.method.window_months },
            method_sha256: &MethodText::from(self.method).sha256,
        };
        let Signature { by, reason } = self.signed.unwrap_or(Signature { by: "", reason: "" });
        Ok(Some(corrected.revision(store, by, reason)?))
    }

    /// The latest cycle that this regrade would repeat, if it is whole: one that is published, or for a proposal one that
    /// waits for approval.
    fn known(
        &self,
        store: &Store,
        folder: &DataFolder,
        revises: Option<&Revision>,
    ) -> Result<Option<(StoredCycle, Manifest)>, RegradeError> {
        if self.again {
            return Ok(None);
        }
        let decided: Vec<u64> = decisions(&store.register()?).map(|(cycle, _)| cycle).collect();
        for cycle in store.cycles()?.into_iter().rev() {
            let is_open = self.propose && !decided.contains(&cycle.version);
            if !cycle.is_published() && !is_open {
                continue;
            }
            // A cycle that cannot be read, or was published by another version, is not the same.
            let Ok(manifest) = Manifest::read(&cycle) else { continue };
            let is_same_correction = revises.is_none() || manifest.revises.as_ref() == revises;
            if is_same_correction
                && self.is_of(&manifest, folder)?
                && (!self.tier_probability || has_tier_probability(&cycle))
                && self.has_same_previous(store, &cycle, &manifest)?
                && cycle.verify()?.is_empty()
            {
                return Ok(Some((cycle, manifest)));
            }
        }
        Ok(None)
    }

    /// Whether a cycle has the inputs, window, method, catalogue and engine of this regrade, and was computed from nothing
    /// else.
    fn is_of(&self, manifest: &Manifest, folder: &DataFolder) -> Result<bool, RunError> {
        let window = Window { end: self.end, months: self.method.window_months };
        Ok(manifest.engine == Engine::this()
            && !manifest.is_of_appeal()
            && manifest.window == window.into()
            && manifest.method == MethodText::from(self.method)
            && manifest.entitlements.as_ref() == Some(&CatalogueText::from(self.catalogue))
            && manifest.known_as_of == folder.known_as_of()
            && folder.has_inputs(manifest.inputs.iter().map(|entry| &entry.input))?)
    }

    /// Whether hysteresis and step limit would use the same earlier cycle for this regrade as they did for `cycle`.
    fn has_same_previous(
        &self,
        store: &Store,
        cycle: &StoredCycle,
        manifest: &Manifest,
    ) -> Result<bool, RegradeError> {
        if !self.looks_back() {
            return Ok(true);
        }
        let now = self.previous(store)?.map(|cycle| cycle.commit.manifest_sha256);
        if manifest.previous.is_some() {
            return Ok(manifest.previous == now);
        }
        // The first manifests did not name the previous cycle.
        let mut then = store.published()?;
        then.retain(|earlier| was_published_before(earlier, cycle));
        let then = previous_cycle(then, self.end)?;
        Ok(then.map(|cycle| cycle.commit.manifest_sha256) == now)
    }

    fn looks_back(&self) -> bool {
        self.method.hysteresis.is_some() || self.method.step_limit.is_some()
    }

    /// The cycle whose final tiers the method uses (hysteresis or a step limit).
    fn previous(&self, store: &Store) -> Result<Option<StoredCycle>, RegradeError> {
        if !self.looks_back() {
            return Ok(None);
        }
        Ok(previous_cycle(store.published()?, self.end)?)
    }
}

/// A finding if the catalogue is an edited copy of a shipped one under the same name and version.
fn edited_catalogue(catalogue: &Catalogue) -> Option<Finding> {
    let Catalogue { name, version, .. } = catalogue;
    let example = format!("{name} {version}");
    catalogue.is_edited_copy().then(|| Finding::of_method(Rule::EditedCatalogue, 1, example))
}

/// Adds the finding about the catalogue.
fn add_finding(graded: &mut Graded, catalogue: &Catalogue) {
    graded.findings.extend(edited_catalogue(catalogue));
    run::sort(&mut graded.findings);
}

/// Grades a data folder by a method and a catalogue, without counting again what is reused.
///
/// # Errors
/// The inputs cannot be graded.
pub(crate) fn grade(
    folder: &DataFolder,
    reuse: &mut Reuse,
    end: Month,
    (method, catalogue): (&Method, &Catalogue),
    previous: &Previous,
) -> Result<Graded, RunError> {
    let mut graded = judge(folder, reuse, end, method, previous)?;
    add_finding(&mut graded, catalogue);
    Ok(graded)
}

/// Like [`grade`], but without a finding about the catalogue.
///
/// # Errors
/// The inputs cannot be graded.
pub(crate) fn judge(
    folder: &DataFolder,
    reuse: &mut Reuse,
    end: Month,
    method: &Method,
    previous: &Previous,
) -> Result<Graded, RunError> {
    let judged = run::judge(facts(folder, reuse, end, method)?, method, previous);
    judged.map_err(|error| folder.with_all_damage(error))
}

/// The facts of a folder, without counting again what is reused.
fn facts(folder: &DataFolder, reuse: &mut Reuse, end: Month, method: &Method) -> Result<Facts, RunError> {
    if let Some(facts) = reuse.take_facts() {
        return Ok(facts);
    }
    let facts = reuse
        .with_readings(|earlier| run::count_facts(folder, end, method, earlier, reader_findings(folder)));
    facts.map_err(|error| folder.with_all_damage(error))
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

impl Reused {
    /// What a grading has taken from an earlier cycle.
    pub(crate) fn of(reuse: &Reuse, graded: &Graded) -> Option<Self> {
        let version = reuse.cycle()?.version;
        let (taken, files) = (graded.facts.files_taken, graded.facts.reading_files.len());
        match reuse {
            Reuse::Facts(_) => Some(Self::Facts { version }),
            Reuse::Readings(_) if taken > 0 => Some(Self::Readings { version, taken, files }),
            Reuse::Readings(_) | Reuse::Nothing => None,
        }
    }
}

impl Unpublished<'_> {
    /// The graded customers.
    #[must_use]
    pub fn graded(&self) -> &Graded {
        &self.graded
    }

    /// The breaches of the method's limits. If there are any, somebody must accept them before the cycle is
    /// published.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.graded.breaches
    }

    /// What was reused from an earlier cycle, if anything.
    #[must_use]
    pub fn reused(&self) -> Option<Reused> {
        Reused::of(&self.reuse, &self.graded)
    }

    /// Draws weights to estimate how probable each customer's tier is, and publishes that with the tiers.
    pub fn estimate_tier_probability(&mut self, progress: StepProgress) {
        let probability = robustness::tier_probability(&self.graded, self.request.method, progress);
        self.graded.tier_probability = Some(probability);
    }

    /// Publishes the cycle at the time `published_at`. `accepted_by` is the person who accepts the breaches; the name is
    /// recorded only if there are breaches.
    ///
    /// # Errors
    /// There are breaches and nobody accepts them, or the cycle cannot be written. Nothing was published.
    pub fn publish(
        self,
        accepted_by: Option<&str>,
        published_at: &str,
    ) -> Result<(Graded, StoredCycle), RegradeError> {
        let Self { request, staged, folder, graded, revises, previous, .. } = self;
        if !graded.breaches.is_empty() && accepted_by.is_none() {
            return Err(RegradeError::BeyondLimits(graded.breaches));
        }
        let grading = Grading {
            folder: &folder,
            graded: &graded,
            method: request.method,
            catalogue: request.catalogue,
            accepted_by: accepted_by.filter(|_| !graded.breaches.is_empty()),
            revises: revises.as_ref(),
            previous: previous.as_ref().map(|cycle| cycle.commit.manifest_sha256.as_str()),
            commit: Commit {
                kind: if request.propose { RecordKind::Proposal } else { RecordKind::Cycle },
                make_current: request.make_current,
                by: request.signed.map(|signed| signed.by),
                reason: request.signed.map(|signed| signed.reason),
                ..Commit::cycle(published_at, None)
            },
        };
        let cycle = publish(staged, &grading)?;
        Ok((graded, cycle))
    }
}
