//! What all pages share: the store, caches of results, and limits on how many pages are made at the same time.

use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gridtier::compare::{Comparison, Pair};
use gridtier::cycle::Cycle;
use gridtier_io::browse::{CustomerColumns, predecessor};
use gridtier_io::compare::{ComparedPair, ComparisonRequest};
use gridtier_io::cycle;
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::section::Section;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;

use crate::answer::WebError;
use crate::asked::Asked;
use crate::held::Background;
use crate::secret::Secret;
use crate::settings::Settings;

/// Number of pages made at the same time. Further ones wait.
const PAGES_AT_A_TIME: usize = 4;
/// Number of pages at the same time that read whole cycles or wait for one.
const WHOLE_CYCLES_AT_A_TIME: usize = 4;
/// Number of cycles whose lists of customers are cached.
const COLUMNS_HELD: usize = 3;
/// Number of cached results that were computed in the background.
const SLOW_HELD: usize = 64;

/// How much a page has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few rows, or cached results.
    Little,
    /// A whole cycle or two. Such pages wait for each other, but no other page waits for them.
    Much,
}

/// Two cycles and their comparison.
pub struct HeldPair {
    /// The two cycles.
    pub cycles: ComparedPair,
    /// The comparison of the two cycles.
    pub comparison: Comparison,
}

impl HeldPair {
    fn read(store: &Store, request: ComparisonRequest) -> Result<Self, WebError> {
        let cycles = ComparedPair::read(store, request)?;
        let (_, comparison) = cycles.compare()?;
        Ok(Self { cycles, comparison })
    }

    /// The customers of both cycles, aligned.
    pub fn pair(&self) -> Result<Pair<'_>, WebError> {
        Pair::new(&self.cycles.before, &self.cycles.after).map_err(|error| WebError::not_found(error.0))
    }
}

/// The cached whole cycle, or the cached pair. A page that uses it has a counted reference and no lock, so that a long
/// validation does not delay a trial.
enum Whole {
    Nothing,
    Cycle(CycleKey, Arc<Cycle>),
    Pair([CycleKey; 2], Arc<HeldPair>),
}

/// A whole cycle, cached alone or as the later one of a pair.
pub enum WholeCycle {
    /// A cycle that is cached alone.
    Alone(Arc<Cycle>),
    /// The later cycle of a cached pair.
    Later(Arc<HeldPair>),
}

impl Deref for WholeCycle {
    type Target = Cycle;

    fn deref(&self) -> &Cycle {
        match self {
            Self::Alone(cycle) => cycle,
            Self::Later(pair) => &pair.cycles.after,
        }
    }
}

/// The view of a store.
pub struct View {
    /// The settings of the view.
    pub settings: Settings,
    /// The secret in every form that changes the store. A page of another site cannot know it.
    pub form_secret: Secret,
    slow: Background<(CycleKey, String), Vec<Section>, WebError>,
    little: Arc<Semaphore>,
    much: Arc<Semaphore>,
    columns: Background<[Option<CycleKey>; 2], CustomerColumns, WebError>,
    whole: Mutex<Whole>,
    leisure: ThreadPool,
}

impl View {
    /// The view of a store. This reads nothing yet.
    ///
    /// # Errors
    /// The operating system provides no random numbers or threads.
    pub fn new(settings: Settings) -> io::Result<Self> {
        Ok(Self {
            settings,
            form_secret: Secret::random()?,
            slow: Background::new(SLOW_HELD),
            little: Arc::new(Semaphore::new(PAGES_AT_A_TIME)),
            much: Arc::new(Semaphore::new(WHOLE_CYCLES_AT_A_TIME)),
            columns: Background::new(COLUMNS_HELD),
            whole: Mutex::new(Whole::Nothing),
            leisure: ThreadPoolBuilder::new().build().map_err(io::Error::other)?,
        })
    }

    /// Opens the store anew, since it may have new cycles since the last page.
    pub fn store(&self) -> Result<Store, WebError> {
        Ok(Store::open(&self.settings.store)?)
    }

    /// The requested cycle, with its store.
    pub fn cycle(&self, asked: &Asked) -> Result<(Store, StoredCycle), WebError> {
        let store = self.store()?;
        let cycle = store.cycle(asked.cycle())?;
        Ok((store, cycle))
    }

    /// The list of a cycle's customers; `None` while it is being read.
    ///
    /// # Errors
    /// The store or a table cannot be read.
    pub fn customers(
        &self,
        store: &Store,
        cycle: &StoredCycle,
        patience: Duration,
    ) -> Result<Option<Arc<CustomerColumns>>, WebError> {
        let before = predecessor(store, cycle)?;
        let key = [Some(CycleKey::from(cycle)), before.as_ref().map(CycleKey::from)];
        let cycle = cycle.clone();
        let read =
            self.columns.get(&key, patience, move || Ok(CustomerColumns::read(&cycle, before.as_ref())?));
        read.transpose().map_err(|error| (*error).clone())
    }

    /// Reads the list of the current cycle's customers, so that the first reader does not wait for it. Errors are ignored here:
    /// the request for the list meets and reports them again.
    pub fn warm(&self) {
        if let Ok(store) = self.store()
            && let Ok(cycle) = store.cycle(None)
        {
            let _ = self.customers(&store, &cycle, Duration::ZERO);
        }
    }

    /// Sections that take long to compute, by their cycle and a key; `None` while they are being computed.
    pub fn slowly(
        self: &Arc<Self>,
        asked: &Asked,
        stored: &StoredCycle,
        question: String,
        make: impl FnOnce(&Arc<Self>) -> Result<Vec<Section>, WebError> + Send + 'static,
    ) -> Result<Option<Arc<Vec<Section>>>, WebError> {
        let view = Arc::clone(self);
        let made = self.slow.get(&(CycleKey::from(stored), question), asked.patience(), move || make(&view));
        made.transpose().map_err(|error| (*error).clone())
    }

    /// A whole cycle. It stays cached for the next request.
    pub fn whole_cycle(&self, store: &Store, stored: &StoredCycle) -> Result<WholeCycle, WebError> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let key = CycleKey::from(stored);
        match &*whole {
            Whole::Cycle(known, cycle) if *known == key => return Ok(WholeCycle::Alone(Arc::clone(cycle))),
            Whole::Pair([_, known], pair) if *known == key => return Ok(WholeCycle::Later(Arc::clone(pair))),
            // Drops the cached cycle before another one needs the memory.
            _ => *whole = Whole::Nothing,
        }
        let read = Arc::new(cycle::cycle(store, stored)?);
        *whole = Whole::Cycle(key, Arc::clone(&read));
        Ok(WholeCycle::Alone(read))
    }

    /// Two cycles to compare. They stay cached for the next request.
    pub fn pair(&self, request: ComparisonRequest) -> Result<Arc<HeldPair>, WebError> {
        let store = self.store()?;
        let key = [CycleKey::from(&store.cycle(request.from)?), CycleKey::from(&store.cycle(request.cycle)?)];
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match &*whole {
            Whole::Pair(known, pair) if *known == key => return Ok(Arc::clone(pair)),
            _ => *whole = Whole::Nothing,
        }
        let read = Arc::new(HeldPair::read(&store, request)?);
        *whole = Whole::Pair(key, Arc::clone(&read));
        Ok(read)
    }

    /// Runs a long measurement on threads of its own, so that the pages of other readers do not queue behind it.
    pub fn at_leisure<T: Send>(&self, measure: impl FnOnce() -> T + Send) -> T {
        self.leisure.install(measure)
    }

    /// The semaphore that limits the pages of an effort.
    pub fn turns(&self, effort: Effort) -> Arc<Semaphore> {
        Arc::clone(match effort {
            Effort::Little => &self.little,
            Effort::Much => &self.much,
        })
    }
}

/// The key under which results of a cycle are cached. It contains the hash of the manifest, because another store in the
/// same folder may use the same number again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleKey(u64, String);

impl From<&StoredCycle> for CycleKey {
    fn from(cycle: &StoredCycle) -> Self {
        Self(cycle.version, cycle.commit.manifest_sha256.clone())
    }
}
