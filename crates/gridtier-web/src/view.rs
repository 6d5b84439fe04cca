//! What all pages share: the store, caches of results, and limits on how many pages are made at the same time.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use gridtier_io::browse::{CustomerColumns, predecessor};
use gridtier_io::service::kept::{KeptAnswers, LogRequest};
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::section::Section;
use rayon::ThreadPoolBuilder;
use tokio::sync::Semaphore;

use crate::answer::WebError;
use crate::asked::Asked;
use crate::held::{Background, Held};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::whole::{CycleKey, WholeCycles};

/// Number of pages that may be made at the same time. Further ones wait.
const PAGES_AT_A_TIME: usize = 4;
/// Number of pages that may read whole cycles, or wait for one, at the same time.
const WHOLE_CYCLES_AT_A_TIME: usize = 4;
/// Limits of the cached lists of customers: how many lists, and how many bytes in all. A million customers take about
/// 50 MB.
const COLUMNS_HELD: usize = 3;
const COLUMNS_BYTES: usize = 200 << 20;
/// Limits of the cached results that were computed in the background: how many results, and how many bytes in all.
const SLOW_HELD: usize = 256;
const SLOW_BYTES: usize = 64 << 20;
/// How much a page has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few rows, or cached results.
    Little,
    /// A whole cycle or two. Such pages wait for each other, but other pages do not wait for them.
    Much,
}

impl Held for Vec<Section> {
    fn bytes(&self) -> usize {
        self.iter().map(Section::bytes).sum()
    }
}

impl Held for KeptAnswers {
    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

impl Held for CustomerColumns {
    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

/// The view of a store.
pub struct View {
    /// The settings of the view.
    pub settings: Settings,
    /// Every form that changes the store sends this secret. A page of another site does not know it, so it cannot
    /// send such a form.
    pub form_secret: Secret,
    slow: Background<(CycleKey, String), Vec<Section>, WebError>,
    little: Arc<Semaphore>,
    much: Arc<Semaphore>,
    columns: Background<[Option<CycleKey>; 2], CustomerColumns, WebError>,
    log: Background<(), KeptAnswers, WebError>,
    /// Whole cycles in memory.
    pub cycles: Arc<WholeCycles>,
}

impl View {
    /// The view of a store. This reads nothing yet.
    ///
    /// # Errors
    /// The operating system provides no random numbers or threads.
    pub fn new(settings: Settings) -> io::Result<Self> {
        Ok(Self {
            form_secret: Secret::random()?,
            slow: Background::new(SLOW_HELD, SLOW_BYTES),
            little: Arc::new(Semaphore::new(PAGES_AT_A_TIME)),
            much: Arc::new(Semaphore::new(WHOLE_CYCLES_AT_A_TIME)),
            columns: Background::new(COLUMNS_HELD, COLUMNS_BYTES),
            log: Background::new(1, usize::MAX),
            cycles: WholeCycles::new(&settings)?,
            settings,
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

    /// The answers of the service log; `None` while it is being read and measured, which happens once, against the current
    /// cycle. The log itself is dropped.
    ///
    /// # Errors
    /// The store, the policy or a table cannot be read. The next request tries again.
    pub fn service_log(
        &self,
        request: &LogRequest,
        patience: Duration,
    ) -> Result<Option<Arc<KeptAnswers>>, WebError> {
        let request = request.clone();
        let measured = self.log.get(&(), patience, move || measured_log(&request));
        measured.transpose().map_err(|error| (*error).clone())
    }

    /// Waits until the service log is read and measured. An error is left for the page, which shows it.
    pub fn prepare_service_log(&self, request: &LogRequest, patience: Duration) {
        let request = request.clone();
        self.log.prepare(&(), patience, move || measured_log(&request));
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

    /// The semaphore that limits the pages of an effort.
    pub fn turns(&self, effort: Effort) -> Arc<Semaphore> {
        Arc::clone(match effort {
            Effort::Little => &self.little,
            Effort::Much => &self.much,
        })
    }
}

/// Reads and measures a service log against the current cycle.
fn measured_log(request: &LogRequest) -> Result<KeptAnswers, WebError> {
    let cycle = Store::open(&request.store)?.cycle(None)?;
    // Threads of its own, so that the pages of other readers do not queue behind it.
    let threads = ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).build();
    let threads = threads.map_err(|_| WebError::bug())?;
    // A panic is an error that the page shows; without one, each reload would read the log again.
    let measure = AssertUnwindSafe(|| threads.install(|| KeptAnswers::measure(request, &cycle)));
    Ok(catch_unwind(measure).map_err(|_| WebError::bug())??)
}
