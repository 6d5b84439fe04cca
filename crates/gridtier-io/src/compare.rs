//! Compares two cycles of a store: chooses them, and the revision that shows which differences are corrections.

use std::fmt::{self, Display};

use gridtier::compare::{Comparison, Damaged, NotComparable, Pair};
use gridtier::cycle::Cycle;
use gridtier::text;
use gridtier::text::Text;

use crate::cycle::{CycleError, Manifest, RestatedTable, cycle_alone, express, previous_cycle};
use crate::govern::stored_family;
use crate::store::{Store, StoreError, StoredCycle};

/// Which cycles are compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComparisonRequest {
    /// Number of the earlier cycle; `None` for the last published one with an earlier as-of.
    pub from: Option<u64>,
    /// Number of the later cycle; `None` for the current one.
    pub cycle: Option<u64>,
    /// Which revision of the earlier cycle tells what its data should have been.
    pub revision: RevisionChoice,
}

/// Which revision of the earlier cycle is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevisionChoice {
    /// The latest published one.
    #[default]
    Latest,
    /// None: nothing is counted as a correction.
    None,
    /// The one with this number.
    Cycle(u64),
}

/// The cycles of a comparison, read whole.
#[derive(Debug)]
pub struct ComparedPair {
    /// The earlier cycle.
    pub before: Cycle,
    /// The later cycle.
    pub after: Cycle,
    /// The revision of the earlier cycle.
    pub revision: Option<Cycle>,
    /// The numbers of the three cycles, in this order.
    pub numbers: (u64, u64, Option<u64>),
    /// The files of the earlier and of the later cycle.
    stored: [StoredCycle; 2],
}

/// Why cycles were not compared.
#[derive(Debug)]
pub enum CompareError {
    /// A cycle cannot be read.
    Cycle(CycleError),
    /// The request names cycles that cannot be compared.
    Request(Text),
    /// The published files of a cycle contradict each other.
    Damaged(Text),
}

impl CompareError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Cycle(error) => error.text(),
            Self::Request(text) | Self::Damaged(text) => text.clone(),
        }
    }
}

impl Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for CompareError {}

impl From<CycleError> for CompareError {
    fn from(error: CycleError) -> Self {
        Self::Cycle(error)
    }
}

impl From<StoreError> for CompareError {
    fn from(error: StoreError) -> Self {
        Self::Cycle(error.into())
    }
}

impl From<NotComparable> for CompareError {
    fn from(NotComparable(why): NotComparable) -> Self {
        Self::Request(why)
    }
}

impl From<Damaged> for CompareError {
    fn from(Damaged(what): Damaged) -> Self {
        Self::Damaged(what)
    }
}

impl ComparedPair {
    /// Reads the cycles of a request.
    ///
    /// # Errors
    /// There is no earlier cycle, or a cycle cannot be read.
    pub fn read(store: &Store, request: ComparisonRequest) -> Result<Self, CompareError> {
        let after = store.cycle(request.cycle)?;
        let before = match request.from {
            Some(number) => store.cycle(Some(number))?,
            None => earlier(store, &after)?,
        };
        let revision = match request.revision {
            RevisionChoice::Cycle(number) => Some(revision_of(store, &before, number)?),
            RevisionChoice::None => None,
            RevisionChoice::Latest => latest_revision(store, &before)?,
        };
        Self::of(before, after, revision)
    }

    /// Reads these cycles.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn of(
        before: StoredCycle,
        after: StoredCycle,
        revision: Option<StoredCycle>,
    ) -> Result<Self, CompareError> {
        let numbers = (before.version, after.version, revision.as_ref().map(|revision| revision.version));
        // Both cycles are read at the same time, each by one thread.
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| cycle_alone(&before));
            let second = cycle_alone(&after);
            (first.join(), second)
        });
        let first = first.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let mut second = second?;
        express(&after, &mut second, &first.method)?;
        let revision = revision.map(|stored| {
            let mut revision = cycle_alone(&stored)?;
            express(&stored, &mut revision, &first.method)?;
            Ok::<_, CycleError>(revision)
        });
        Ok(Self {
            numbers,
            before: first,
            after: second,
            revision: revision.transpose()?,
            stored: [before, after],
        })
    }

    /// The files of the earlier and of the later cycle.
    #[must_use]
    pub fn stored(&self) -> [&StoredCycle; 2] {
        self.stored.each_ref()
    }

    /// The months for which the two cycles have counted different values, as a table whose rows are computed while it is
    /// written.
    ///
    /// # Errors
    /// A manifest or a list of customers cannot be read.
    pub fn restated(&self) -> Result<RestatedTable, CompareError> {
        let [before, after] = &self.stored;
        Ok(RestatedTable::of(before, after)?)
    }

    /// Compares the two cycles.
    ///
    /// # Errors
    /// The cycles are in the wrong order, they grade different units, or the files of the earlier one contradict each
    /// other.
    pub fn compare(&self) -> Result<(Pair<'_>, Comparison), CompareError> {
        let pair = Pair::new(&self.before, &self.after)?;
        let comparison = Comparison::new(&pair, self.revision.as_ref())?;
        Ok((pair, comparison))
    }
}

/// The last published cycle whose as-of is earlier than that of `after`.
fn earlier(store: &Store, after: &StoredCycle) -> Result<StoredCycle, CompareError> {
    let end = Manifest::read(after)?.window.end;
    let others = store.published()?.into_iter().filter(|cycle| cycle.version != after.version).collect();
    previous_cycle(others, end)?.ok_or_else(|| {
        let number = after.version;
        CompareError::Request(text!(
            "there is no cycle with an as-of before that of cycle {number} ({end}-01); name the one to compare with by --from",
            "没有截止日早于第 {number} 周期 ({end}-01) 的周期; 请用 --from 指定要对比的周期",
        ))
    })
}

/// The cycle `number`, which must be of the family of the cycle that it corrects.
fn revision_of(store: &Store, corrected: &StoredCycle, number: u64) -> Result<StoredCycle, CompareError> {
    let revision = store.cycle(Some(number))?;
    if stored_family(&revision)? == stored_family(corrected)? {
        return Ok(revision);
    }
    let before = corrected.version;
    Err(CompareError::Request(text!(
        "--revision {number}: cycle {number} is no revision of cycle {before}; `gridtier cycles` says what each cycle revises",
        "--revision {number}: 周期 {number} 不是周期 {before} 的修订; `gridtier cycles` 列出各周期所修订的周期"
    )))
}

/// The latest published revision of a cycle's family, if it is later than the cycle.
///
/// # Errors
/// The store or a manifest cannot be read.
pub fn latest_revision(store: &Store, cycle: &StoredCycle) -> Result<Option<StoredCycle>, CompareError> {
    let own = stored_family(cycle)?;
    let mut latest = None;
    for other in store.published()? {
        if other.version > cycle.version && !other.is_pruned() && stored_family(&other)? == own {
            latest = Some(other);
        }
    }
    Ok(latest)
}
