//! The use case `rehearse`: the next cycle graded into a folder beside the store, with what it would change (REGRADE section 10).
//! Nothing is written into the store.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use gridtier::compare::{Comparison, Pair};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::gate::GateResult;
use gridtier::limit::Breach;
use gridtier::method::Method;
use gridtier::output;
use gridtier::rehearsal::{ThinMonth, thin_months};
use gridtier::robustness::StepProgress;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{Month, Window};

use crate::compare::{CompareError, ComparedPair, latest_revision};
use crate::cycle::{
    CycleError, Manifest, as_of, catalogue, cycle, final_tiers, previous_cycle, read_columns,
};
use crate::draft::is_abandoned;
use crate::entitle::{CycleEntitlements, ServiceChanges};
use crate::folder::DataFolder;
use crate::gates::with_own_checks;
use crate::govern::{GovernanceError, rules_for};
use crate::publish::{Grading, PublishError, publish, write_facts};
use crate::regrade::grade;
use crate::reuse;
use crate::store::{Commit, Store, StoreError, StoredCycle, write_checked_tables};

/// The file by which a folder is recognised as an earlier rehearsal.
const MANIFEST: &str = "_manifest.json";
/// How the name of a folder begins in which a rehearsal keeps its cycle until it is whole.
const SCRATCH: &str = ".rehearsal-";

/// Why nothing was rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// The store or a cycle cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The next cycle cannot be compared with the current one.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The inputs cannot be graded.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The cycle could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The gates could not be measured.
    #[error("{0}")]
    Gates(#[from] GovernanceError),
    /// The folder cannot be used for a rehearsal.
    #[error("{0}")]
    OtherFolder(Text),
    /// The folder could not be written.
    #[error("{0}")]
    Folder(io::Error),
}

impl From<StoreError> for RehearseError {
    fn from(error: StoreError) -> Self {
        Self::Cycle(error.into())
    }
}

/// What to rehearse, and where.
#[derive(Clone, Copy)]
pub struct Rehearse<'a> {
    /// The store. The rehearsed cycle is compared with its current cycle.
    pub store: &'a Store,
    /// First month after the window.
    pub end: Month,
    /// The method.
    pub method: &'a Method,
    /// The catalogue of entitlements.
    pub catalogue: &'a Catalogue,
    /// The folder for the cycle and its comparison.
    pub output: &'a Path,
    /// When, in UTC (RFC 3339).
    pub at: &'a str,
}

/// A rehearsed cycle, with the current one.
pub struct Rehearsed<'a> {
    request: Rehearse<'a>,
    current: StoredCycle,
    next: StoredCycle,
    /// Holds the files of the cycle until they are moved into the folder.
    scratch: tempfile::TempDir,
    /// Both cycles, whole.
    pub cycles: ComparedPair,
    /// What is beyond the method's limits: `regrade` would ask who accepts it.
    pub breaches: Vec<Breach>,
}

/// What a rehearsed cycle would change.
pub struct Consequences {
    /// The gates of an approval.
    pub gates: Vec<GateResult>,
    /// What changes in services.
    pub services: ServiceChanges,
    /// The catalogue of the current cycle.
    pub catalogue_before: Catalogue,
    /// Months with few readings.
    pub thin: Vec<ThinMonth>,
}

impl<'a> Rehearse<'a> {
    /// Grades the folder as the next cycle.
    ///
    /// # Errors
    /// There is no current cycle, or it has a later as-of; the inputs cannot be graded; or the folder cannot be written.
    pub fn grade(self, folder: &DataFolder) -> Result<Rehearsed<'a>, RehearseError> {
        let Self { store, end, method, .. } = self;
        self.check_folder()?;
        let current = store.cycle(None)?;
        if as_of(&current)? > end {
            return Err(later_current(&current, end).into());
        }
        let looks_back = method.hysteresis.is_some() || method.step_limit.is_some();
        let previous = if looks_back { previous_cycle(store.published()?, end)? } else { None };
        let tiers = previous.as_ref().map(final_tiers).transpose()?.unwrap_or_default();
        let window = Window { end, months: method.window_months };
        let mut reuse = reuse::find(store, folder, window, method.reading_detail())?;
        let graded = grade(folder, &mut reuse, end, (method, self.catalogue), &tiers)?;
        fs::create_dir_all(self.output).map_err(RehearseError::Folder)?;
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(self.output);
        let scratch = scratch.map_err(RehearseError::Folder)?;
        let grading = Grading {
            folder,
            graded: &graded,
            method,
            catalogue: self.catalogue,
            accepted_by: None,
            revises: None,
            previous: previous.as_ref().map(|cycle| cycle.commit.manifest_sha256.as_str()),
            commit: Commit::cycle(self.at, None),
        };
        let number = store.last_record()? + 1;
        let staging = Store::open_or_create(scratch.path())?.begin()?.numbered(number);
        let staged = write_facts(staging, folder, &reuse, &graded.facts)?;
        let next = publish(staged, &grading)?;
        let cycles = ComparedPair::of(current.clone(), next.clone(), latest_revision(store, &current)?)?;
        Ok(Rehearsed { request: self, current, next, scratch, cycles, breaches: graded.breaches })
    }
}

fn later_current(current: &StoredCycle, end: Month) -> CompareError {
    let number = current.version;
    CompareError::Request(text!(
        "the current cycle {number} has a later as-of than {end}-01: a rehearsal is of the next cycle",
        "现行周期 {number} 的评价截止日晚于 {end}-01: 演练针对下一周期"
    ))
}

impl Rehearse<'_> {
    /// Refuses a folder in the store, and one with other files, which a rehearsal would mix with its own.
    fn check_folder(&self) -> Result<(), RehearseError> {
        let shown = self.output.display();
        let Ok(output) = self.output.canonicalize() else { return Ok(()) };
        if self.store.path().canonicalize().is_ok_and(|store| output.starts_with(store)) {
            return Err(RehearseError::OtherFolder(text!(
                "-o {shown}: a rehearsal writes nothing into the store; name another folder",
                "-o {shown}: 演练不写入存储; 请指定其他文件夹"
            )));
        }
        let mut is_empty = true;
        for entry in fs::read_dir(&output).map_err(RehearseError::Folder)? {
            let entry = entry.map_err(RehearseError::Folder)?;
            // A rehearsal that was killed left its drafts.
            if !entry.file_name().to_string_lossy().starts_with(SCRATCH) {
                is_empty = false;
            } else if is_abandoned(&entry) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        if is_empty || output.join(MANIFEST).is_file() {
            return Ok(());
        }
        Err(RehearseError::OtherFolder(text!(
            "-o {shown}: the folder has other files in it; name a new one, or that of an earlier rehearsal",
            "-o {shown}: 该文件夹中有其他文件; 请指定新文件夹, 或以前的演练文件夹"
        )))
    }
}

impl Rehearsed<'_> {
    /// What the cycle would change, given its comparison with the current one.
    ///
    /// # Errors
    /// A file of a cycle cannot be read.
    pub fn consequences(
        &self,
        pair: &Pair<'_>,
        comparison: &Comparison,
        progress: StepProgress,
    ) -> Result<Consequences, RehearseError> {
        let store = self.request.store;
        let next = cycle(store, &self.next)?;
        let values = with_own_checks(&self.next, &next, comparison.gate_values(), progress)?;
        let catalogue_before = catalogue(&self.current)?;
        let before = CycleEntitlements { cycle: &self.current, catalogue: &catalogue_before };
        let after = CycleEntitlements { cycle: &self.next, catalogue: self.request.catalogue };
        Ok(Consequences {
            gates: values.judge(&rules_for(store, &self.next)?),
            services: ServiceChanges::of(pair, comparison, before, after)?,
            thin: self.thin_months()?,
            catalogue_before,
        })
    }

    fn thin_months(&self) -> Result<Vec<ThinMonth>, CycleError> {
        let mut readings: BTreeMap<Month, u64> = BTreeMap::new();
        read_columns(&self.next, "monthly_usage.parquet", &["month", "readings"], |batch| {
            let days = batch.column_by_name("month")?.as_primitive_opt::<Date32Type>()?;
            let counts = batch.column_by_name("readings")?.as_primitive_opt::<Int64Type>()?;
            for (day, count) in days.values().iter().zip(counts.values()) {
                *readings.entry(Month::of_day(*day)?).or_default() += count.unsigned_abs();
            }
            Some(())
        })?;
        Ok(thin_months(Window::from(&Manifest::read(&self.next)?.window), &readings))
    }

    /// Writes everything into the folder, in place of an earlier rehearsal: the files of the cycle, and the tables of the
    /// comparison.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(
        &self,
        pair: &Pair<'_>,
        comparison: &Comparison,
        consequences: &Consequences,
    ) -> Result<(), RehearseError> {
        let Consequences { gates, services: ServiceChanges { costs, tellings }, .. } = consequences;
        let mut tables = output::comparison::tables(pair, comparison);
        tables.push(output::gates::output(gates));
        tables.push(output::rehearsal::costs(costs));
        tables.push(output::rehearsal::tell(tellings));
        let restated = self.cycles.restated()?;
        let failure = restated.failure();
        tables.push(restated.output);
        let compared = self.scratch.path().join("compared");
        write_checked_tables(&compared, tables, || failure.check())?;
        self.move_files(&compared).map_err(RehearseError::Folder)
    }

    /// Moves the tables of the comparison and the files of the cycle into the folder, the manifest last.
    fn move_files(&self, compared: &Path) -> io::Result<()> {
        let to = self.request.output;
        let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        for stale in [MANIFEST, "holders.parquet", "members.parquet", "stratum_parameters.parquet"] {
            fs::remove_file(to.join(stale))
                .or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })?;
        }
        let rejects = to.join("rejects");
        fs::remove_dir_all(&rejects).or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })?;
        let mut files = Vec::new();
        for from in [compared, &self.next.dir] {
            for entry in fs::read_dir(from)? {
                files.push(entry?);
            }
        }
        files.sort_by_key(|file| file.file_name() == MANIFEST);
        files.iter().try_for_each(|file| fs::rename(file.path(), to.join(file.file_name())))
    }
}
