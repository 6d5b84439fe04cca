//! Whole cycles in memory: read once, cached for the next request, and limited in bytes.

use std::io;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gridtier::compare::{Alignment, Comparison, Pair};
use gridtier::cycle::Cycle;
use gridtier_io::compare::{ComparedPair, ComparisonRequest, RevisionChoice};
use gridtier_io::cycle::{self, Manifest};
use gridtier_io::store::{Store, StoredCycle};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::answer::WebError;
use crate::held::{Background, Held};
use crate::memory::{Memory, MemoryPart};
use crate::settings::Settings;

/// Most bytes of whole cycles in memory, with what is computed from them. Two cycles of a million customers fit, or one cycle
/// whose checks are being measured.
const WHOLE_BYTES: u64 = 1_200_000_000;
/// Bytes for each customer of a whole cycle, and the further bytes while two cycles are compared and while checks are
/// measured. Seen at 1,000,000 customers and 20 indicators.
const CUSTOMER_BYTES: u64 = 460;
const COMPARED_BYTES: u64 = 210;
const CHECKED_BYTES: u64 = 500;
/// How long a thread in the background waits for a whole cycle.
const WHOLE_PATIENCE: Duration = Duration::from_secs(1_800);

/// The key under which results of a cycle are cached. It contains the hash of the manifest, because another store in the
/// same folder may use the same number again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleKey(u64, String);

impl From<&StoredCycle> for CycleKey {
    fn from(cycle: &StoredCycle) -> Self {
        Self(cycle.version, cycle.commit.manifest_sha256.clone())
    }
}

/// Two cycles and their comparison.
pub struct HeldPair {
    /// The two cycles.
    pub cycles: ComparedPair,
    /// The comparison of the two cycles.
    pub comparison: Comparison,
    alignment: Arc<Alignment>,
}

impl HeldPair {
    fn read(store: &Store, request: ComparisonRequest, after: &StoredCycle) -> Result<Self, WebError> {
        let mut cycles = ComparedPair::read(store, request)?;
        let (pair, comparison) = cycles.compare()?;
        let alignment = pair.alignment();
        // Trials and checks of the later cycle need the tiers before it, as if it were read alone.
        cycles.after.previous = cycle::tiers_before(store, after, cycles.after.end)?;
        Ok(Self { cycles, comparison, alignment })
    }

    /// The customers of both, aligned.
    pub fn pair(&self) -> Pair<'_> {
        Pair::aligned(&self.cycles.before, &self.cycles.after, Arc::clone(&self.alignment))
    }
}

/// A whole cycle, or two that are compared, with the memory reserved for them. A page that uses them holds a counted
/// reference and no lock, so that a long validation does not delay a trial of the same cycle.
struct Whole {
    cycles: InMemory,
    part: MemoryPart,
}

enum InMemory {
    One(Box<Cycle>),
    Compared(Box<HeldPair>),
}

impl Held for Whole {
    fn bytes(&self) -> usize {
        usize::try_from(self.part.bytes()).unwrap_or(usize::MAX)
    }
}

/// Identifies whole cycles: one, or two to compare with the revision of the earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum WholeKey {
    One(CycleKey),
    Compared([CycleKey; 2], Option<CycleKey>),
}

/// A whole cycle, cached alone or as the later one of a pair.
pub struct WholeCycle(Arc<Whole>);

impl Deref for WholeCycle {
    type Target = Cycle;

    fn deref(&self) -> &Cycle {
        match &self.0.cycles {
            InMemory::One(cycle) => cycle,
            InMemory::Compared(pair) => &pair.cycles.after,
        }
    }
}

/// A cached pair.
pub struct WholePair(Arc<Whole>);

impl WholePair {
    /// The two cycles and their comparison.
    pub fn held(&self) -> Result<&HeldPair, WebError> {
        match &self.0.cycles {
            InMemory::Compared(pair) => Ok(pair),
            InMemory::One(_) => Err(WebError::bug()),
        }
    }
}

/// The cycles of a comparison.
#[derive(Clone)]
pub struct CyclePair {
    /// The earlier one.
    pub before: StoredCycle,
    /// The later one.
    pub after: StoredCycle,
    /// The last published revision of the earlier one.
    pub revision: Option<StoredCycle>,
}

impl CyclePair {
    fn key(&self) -> WholeKey {
        let revision = self.revision.as_ref().map(CycleKey::from);
        WholeKey::Compared([CycleKey::from(&self.before), CycleKey::from(&self.after)], revision)
    }

    fn request(&self) -> ComparisonRequest {
        let revision = self.revision.as_ref();
        ComparisonRequest {
            from: Some(self.before.version),
            cycle: Some(self.after.version),
            revision: revision
                .map_or(RevisionChoice::None, |revision| RevisionChoice::Cycle(revision.version)),
        }
    }

    /// A text that identifies the comparison among the questions about the later cycle.
    pub fn question(&self) -> String {
        format!("{:?}", self.key())
    }

    fn bytes(&self) -> Result<u64, WebError> {
        let after = customers(&self.after)?;
        let revised = self.revision.as_ref().map_or(Ok(0), customers)?;
        Ok((customers(&self.before)? + after + revised) * CUSTOMER_BYTES + after * COMPARED_BYTES)
    }
}

/// Number of customers in a cycle.
fn customers(cycle: &StoredCycle) -> Result<u64, WebError> {
    Ok(Manifest::read(cycle)?.control_totals.customers)
}

/// The cache of whole cycles of a store.
pub struct WholeCycles {
    store: PathBuf,
    cache: Background<WholeKey, Whole, WebError>,
    memory: Arc<Memory>,
    checking: Mutex<()>,
    leisure: ThreadPool,
}

impl WholeCycles {
    /// An empty cache.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub fn new(settings: &Settings) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            store: settings.store.clone(),
            // One only: the cached cycle is dropped before another one needs the memory.
            cache: Background::new(1, usize::MAX),
            memory: Memory::new(WHOLE_BYTES),
            checking: Mutex::new(()),
            leisure: ThreadPoolBuilder::new().build().map_err(io::Error::other)?,
        }))
    }

    /// A whole cycle, which stays cached for the next request; `None` if it is not read within `patience`.
    pub fn whole_cycle(
        self: &Arc<Self>,
        stored: &StoredCycle,
        patience: Duration,
    ) -> Result<Option<WholeCycle>, WebError> {
        let own = CycleKey::from(stored);
        let whole = self.cache.known(|key| match key {
            WholeKey::One(known) | WholeKey::Compared([_, known], _) => *known == own,
        });
        if let Some(whole) = whole {
            return Ok(Some(WholeCycle(whole)));
        }
        self.one(stored, patience)
    }

    /// A whole cycle that is cached alone.
    fn one(
        self: &Arc<Self>,
        stored: &StoredCycle,
        patience: Duration,
    ) -> Result<Option<WholeCycle>, WebError> {
        let (cycles, cycle) = (Arc::clone(self), stored.clone());
        let read = self.cache.get(&WholeKey::One(CycleKey::from(stored)), patience, move || {
            let part = cycles.memory.take(customers(&cycle)? * CUSTOMER_BYTES);
            let whole = cycle::cycle(&Store::open(&cycles.store)?, &cycle)?;
            Ok(Whole { cycles: InMemory::One(Box::new(whole)), part })
        });
        let read = read.transpose().map_err(|error| (*error).clone())?;
        Ok(read.map(WholeCycle))
    }

    /// Two cycles to compare. They stay cached for the next request. This may take long.
    pub fn pair(self: &Arc<Self>, compared: &CyclePair) -> Result<WholePair, WebError> {
        let (cycles, request, bytes) = (Arc::clone(self), compared.request(), compared.bytes()?);
        let after = compared.after.clone();
        let read = self.cache.get(&compared.key(), WHOLE_PATIENCE, move || {
            let part = cycles.memory.take(bytes);
            let pair = HeldPair::read(&Store::open(&cycles.store)?, request, &after)?;
            Ok(Whole { cycles: InMemory::Compared(Box::new(pair)), part })
        });
        let read = read.transpose().map_err(|error| (*error).clone())?;
        read.map(WholePair).ok_or_else(WebError::not_yet)
    }

    /// Runs a long measurement of a whole cycle on threads of its own, so that the pages of other readers do not queue behind
    /// it. One measurement runs at a time, because it takes as much memory as the cycle itself.
    pub fn at_leisure<T: Send>(
        self: &Arc<Self>,
        stored: &StoredCycle,
        measure: impl FnOnce(&Cycle) -> T + Send,
    ) -> Result<T, WebError> {
        let _only = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = customers(stored)? * CHECKED_BYTES;
        let patience = WHOLE_PATIENCE;
        let mut cycle = self.whole_cycle(stored, patience)?;
        if cycle.as_ref().is_some_and(|WholeCycle(whole)| whole.part.bytes() + needed > WHOLE_BYTES) {
            // The memory does not suffice for the measurement and two cycles.
            cycle = None;
            cycle = self.one(stored, patience)?.or(cycle);
        }
        let cycle = cycle.ok_or_else(WebError::not_yet)?;
        let _part = self.memory.take_beside(cycle.0.part.bytes(), needed);
        Ok(self.leisure.install(|| measure(&cycle)))
    }
}
