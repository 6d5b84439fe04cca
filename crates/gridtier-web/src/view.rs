//! What all pages share: the store, results that are held for the next reader, and how many pages are made at a time.

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

/// Pages that are made at a time. The others wait.
const PAGES_AT_A_TIME: usize = 4;
/// Pages that wait for a whole cycle at a time.
const WHOLE_CYCLES_AT_A_TIME: usize = 4;
/// Cycles whose customers are held in columns.
const COLUMNS_HELD: usize = 3;
/// Results that are made in the background and held.
const SLOW_HELD: usize = 64;

/// Whether a page reads a few rows, or whole cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few rows, or what is held.
    Little,
    /// A whole cycle or two. Such pages wait for each other, and no other page waits for them.
    Much,
}

/// Two cycles and what came of comparing them.
pub struct HeldPair {
    /// The cycles.
    pub cycles: ComparedPair,
    /// What came of it.
    pub comparison: Comparison,
}

impl HeldPair {
    fn read(store: &Store, request: ComparisonRequest) -> Result<Self, WebError> {
        let cycles = ComparedPair::read(store, request)?;
        let (_, comparison) = cycles.compare()?;
        Ok(Self { cycles, comparison })
    }

    /// The customers of both, aligned.
    pub fn pair(&self) -> Result<Pair<'_>, WebError> {
        Pair::new(&self.cycles.before, &self.cycles.after).map_err(|error| WebError::not_found(error.0))
    }
}

/// Whole cycles in memory. One or two are held for the next question; whoever asks them keeps them as long as it takes, so that
/// a long validation delays no trial.
enum Whole {
    Nothing,
    Cycle(CycleKey, Arc<Cycle>),
    Pair([CycleKey; 2], Arc<HeldPair>),
}

/// A whole cycle, alone or as the later one of two.
pub enum WholeCycle {
    /// Alone.
    Alone(Arc<Cycle>),
    /// As the later one of two.
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
    /// What it was started with.
    pub settings: Settings,
    /// What forms carry that change something: a page of another site cannot know it.
    pub form_secret: Secret,
    slow: Background<(CycleKey, String), Vec<Section>, WebError>,
    little: Arc<Semaphore>,
    much: Arc<Semaphore>,
    columns: Background<[Option<CycleKey>; 2], CustomerColumns, WebError>,
    whole: Mutex<Whole>,
    leisure: ThreadPool,
}

impl View {
    /// The view of a store; nothing is read yet.
    ///
    /// # Errors
    /// The operating system gives no random numbers or threads.
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

    /// The store as it is now: cycles may have come since the last page.
    pub fn store(&self) -> Result<Store, WebError> {
        Ok(Store::open(&self.settings.store)?)
    }

    /// The cycle that is asked about, with its store.
    pub fn cycle(&self, asked: &Asked) -> Result<(Store, StoredCycle), WebError> {
        let store = self.store()?;
        let cycle = store.cycle(asked.cycle())?;
        Ok((store, cycle))
    }

    /// The customers of a cycle in columns; `None` while they are being read.
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

    /// Reads what the first reader would wait for. What goes wrong here goes wrong again when it is asked for, and is said then.
    pub fn warm(&self) {
        if let Ok(store) = self.store()
            && let Ok(cycle) = store.cycle(None)
        {
            let _ = self.customers(&store, &cycle, Duration::ZERO);
        }
    }

    /// Sections that take their time, by the cycle and what is asked of it; `None` while they are being made.
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

    /// A whole cycle, which is kept for the next question.
    pub fn whole_cycle(&self, store: &Store, stored: &StoredCycle) -> Result<WholeCycle, WebError> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let key = CycleKey::from(stored);
        match &*whole {
            Whole::Cycle(known, cycle) if *known == key => return Ok(WholeCycle::Alone(Arc::clone(cycle))),
            Whole::Pair([_, known], pair) if *known == key => return Ok(WholeCycle::Later(Arc::clone(pair))),
            // What was held leaves before its successor needs the memory.
            _ => *whole = Whole::Nothing,
        }
        let read = Arc::new(cycle::cycle(store, stored)?);
        *whole = Whole::Cycle(key, Arc::clone(&read));
        Ok(WholeCycle::Alone(read))
    }

    /// Two cycles that are compared, which are kept for the next question.
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

    /// Measures something that takes long on threads of its own, so that the pages of others are not behind it in the queue.
    pub fn at_leisure<T: Send>(&self, measure: impl FnOnce() -> T + Send) -> T {
        self.leisure.install(measure)
    }

    /// The right to make a page.
    pub fn turns(&self, effort: Effort) -> Arc<Semaphore> {
        Arc::clone(match effort {
            Effort::Little => &self.little,
            Effort::Much => &self.much,
        })
    }
}

/// By what a cycle's results are held: its number may come again in another store of the same folder, its manifest does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleKey(u64, String);

impl From<&StoredCycle> for CycleKey {
    fn from(cycle: &StoredCycle) -> Self {
        Self(cycle.version, cycle.commit.manifest_sha256.clone())
    }
}
