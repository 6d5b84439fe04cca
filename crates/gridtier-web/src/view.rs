//! What all pages share: the store, results that are held for the next reader, and how many pages are made at a time.

use std::sync::Arc;

use gridtier_io::store::{Store, StoredCycle};
use tokio::sync::Semaphore;

use crate::answer::WebError;
use crate::asked::Asked;
use crate::secret::Secret;
use crate::settings::Settings;

/// Pages that are made at a time. The others wait.
const PAGES_AT_A_TIME: usize = 4;
/// Pages at a time that hold whole cycles in memory.
const WHOLE_CYCLES_AT_A_TIME: usize = 1;

/// Whether a page reads a few rows, or whole cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few rows, or what is held.
    Little,
    /// A whole cycle or two. Such pages wait for each other, and no other page waits for them.
    Much,
}

/// The view of a store.
pub struct View {
    /// What it was started with.
    pub settings: Settings,
    /// What forms carry that change something: a page of another site cannot know it.
    pub form_secret: Secret,
    little: Arc<Semaphore>,
    much: Arc<Semaphore>,
}

impl View {
    /// The view of a store; nothing is read yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            form_secret: Secret::random(),
            little: Arc::new(Semaphore::new(PAGES_AT_A_TIME)),
            much: Arc::new(Semaphore::new(WHOLE_CYCLES_AT_A_TIME)),
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
