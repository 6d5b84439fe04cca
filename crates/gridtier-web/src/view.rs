//! What all pages share: the store, results that are held for the next reader, and how many pages are made at a time.

use std::sync::{Arc, Mutex, PoisonError};

use gridtier::compare::{Comparison, Pair};
use gridtier::cycle::Cycle;
use gridtier_io::browse::{CustomerColumns, predecessor};
use gridtier_io::compare::{ComparedPair, ComparisonRequest};
use gridtier_io::cycle;
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::section::Section;
use tokio::sync::Semaphore;

use crate::answer::WebError;
use crate::asked::Asked;
use crate::held::{Background, Held};
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

/// Whole cycles in memory: one question at a time, so that memory holds no more.
enum Whole {
    Nothing,
    Cycle(CycleKey, Box<Cycle>),
    Pair([CycleKey; 2], Box<HeldPair>),
}

/// The view of a store.
pub struct View {
    /// What it was started with.
    pub settings: Settings,
    /// What forms carry that change something: a page of another site cannot know it.
    pub form_secret: Secret,
    /// What takes its time, by the cycle and what is asked of it.
    pub slow: Background<(CycleKey, String), Vec<Section>, WebError>,
    little: Arc<Semaphore>,
    much: Arc<Semaphore>,
    columns: Held<[Option<CycleKey>; 2], CustomerColumns>,
    whole: Mutex<Whole>,
}

impl View {
    /// The view of a store; nothing is read yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            form_secret: Secret::random(),
            slow: Background::new(SLOW_HELD),
            little: Arc::new(Semaphore::new(PAGES_AT_A_TIME)),
            much: Arc::new(Semaphore::new(WHOLE_CYCLES_AT_A_TIME)),
            columns: Held::new(COLUMNS_HELD),
            whole: Mutex::new(Whole::Nothing),
        }
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

    /// The customers of a cycle in columns.
    pub fn customers(&self, store: &Store, cycle: &StoredCycle) -> Result<Arc<CustomerColumns>, WebError> {
        let before = predecessor(store, cycle)?;
        let key = [Some(CycleKey::from(cycle)), before.as_ref().map(CycleKey::from)];
        Ok(self.columns.get(&key, || CustomerColumns::read(cycle, before.as_ref()))?)
    }

    /// Reads what the first reader would wait for. What goes wrong here goes wrong again when it is asked for, and is said then.
    pub fn warm(&self) {
        if let Ok(store) = self.store()
            && let Ok(cycle) = store.cycle(None)
        {
            let _ = self.customers(&store, &cycle);
        }
    }

    /// Asks a whole cycle, and keeps it for the next question.
    pub fn with_cycle<T>(
        &self,
        store: &Store,
        stored: &StoredCycle,
        ask: impl FnOnce(&Cycle) -> Result<T, WebError>,
    ) -> Result<T, WebError> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let key = CycleKey::from(stored);
        if !matches!(&*whole, Whole::Cycle(known, _) if *known == key) {
            // What was held leaves before its successor needs the memory.
            *whole = Whole::Nothing;
            *whole = Whole::Cycle(key, Box::new(cycle::cycle(store, stored)?));
        }
        match &*whole {
            Whole::Cycle(_, cycle) => ask(cycle),
            Whole::Nothing | Whole::Pair(..) => Err(WebError::bug()),
        }
    }

    /// Asks two cycles that are compared, and keeps them for the next question.
    pub fn with_pair<T>(
        &self,
        request: ComparisonRequest,
        ask: impl FnOnce(&HeldPair) -> Result<T, WebError>,
    ) -> Result<T, WebError> {
        let store = self.store()?;
        let key = [CycleKey::from(&store.cycle(request.from)?), CycleKey::from(&store.cycle(request.cycle)?)];
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(&*whole, Whole::Pair(known, _) if *known == key) {
            *whole = Whole::Nothing;
            *whole = Whole::Pair(key, Box::new(HeldPair::read(&store, request)?));
        }
        match &*whole {
            Whole::Pair(_, held) => ask(held),
            Whole::Nothing | Whole::Cycle(..) => Err(WebError::bug()),
        }
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
