//! Caches results that take long to compute. Threads in the background compute them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks a mutex even if a thread panicked while it held the lock. Each change under the lock is complete in one
/// step, so the data are still valid.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of a result.
enum Made<V, E> {
    Begun,
    Done(Result<Arc<V>, Arc<E>>),
}

/// The results with their keys, and the condition that waiting threads are woken by.
type Results<K, V, E> = (Mutex<Vec<(K, Made<V, E>)>>, Condvar);

/// The latest results by key. They are computed in the background, so that no request waits for them longer than it
/// chooses.
pub struct Background<K, V, E> {
    most: usize,
    found: Arc<Results<K, V, E>>,
}

/// Most results that are computed at the same time.
const MADE_AT_A_TIME: usize = 4;

impl<K, V, E> Background<K, V, E>
where
    K: PartialEq + Clone + Send + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// A cache of at most `most` results.
    pub fn new(most: usize) -> Self {
        Self { most, found: Arc::new((Mutex::new(Vec::new()), Condvar::new())) }
    }

    /// The result of a key; `None` if it is not ready within `patience`. Starts to compute a missing result on a thread of its
    /// own, unless too many are being computed.
    pub fn get(
        &self,
        key: &K,
        patience: Duration,
        make: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Option<Result<Arc<V>, Arc<E>>> {
        let (results, made) = &*self.found;
        let mut found = locked(results);
        if !found.iter().any(|(known, _)| known == key) {
            let begun = found.iter().filter(|(_, made)| matches!(made, Made::Begun)).count();
            if begun >= MADE_AT_A_TIME {
                return None;
            }
            // A result that is still being computed stays, because its thread will look for its entry.
            while found.len() >= self.most {
                let oldest = found.iter().position(|(_, made)| matches!(made, Made::Done(_)))?;
                found.remove(oldest);
            }
            found.push((key.clone(), Made::Begun));
            let (key, shared) = (key.clone(), Arc::clone(&self.found));
            std::thread::spawn(move || finish(&key, &shared, make));
        }
        let waited = made.wait_timeout_while(found, patience, |found| {
            found.iter().any(|(known, made)| known == key && matches!(made, Made::Begun))
        });
        let (mut found, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let place = found.iter().position(|(known, _)| known == key)?;
        match &found[place].1 {
            Made::Begun => None,
            Made::Done(Ok(result)) => Some(Ok(Arc::clone(result))),
            // An error is removed, because another attempt may succeed.
            Made::Done(Err(error)) => {
                let error = Arc::clone(error);
                found.remove(place);
                Some(Err(error))
            }
        }
    }
}

/// Computes a result, stores it, and wakes the threads that wait for it.
fn finish<K: PartialEq, V, E>(key: &K, found: &Results<K, V, E>, make: impl FnOnce() -> Result<V, E>) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make));
    let mut results = locked(&found.0);
    let place = results.iter().position(|(known, _)| known == key);
    match (place, result) {
        (Some(place), Ok(result)) => results[place].1 = Made::Done(result.map(Arc::new).map_err(Arc::new)),
        // After a panic the entry is removed, so that the next request computes the result again.
        (Some(place), Err(_)) => drop(results.remove(place)),
        (None, _) => {}
    }
    found.1.notify_all();
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(250);

    #[test]
    fn the_oldest_result_goes_for_a_new_one() {
        let held: Background<u32, u32, String> = Background::new(2);
        for key in [1, 2, 3] {
            assert_eq!(held.get(&key, Duration::from_secs(60), move || Ok(key)), Some(Ok(Arc::new(key))));
        }
        let again = |key: u32| held.get(&key, Duration::from_secs(60), || Ok(9)).unwrap().unwrap();
        assert_eq!((*again(3), *again(1)), (3, 9));
    }

    #[test]
    fn a_result_in_the_background_is_there_when_it_is_made() {
        let held: Background<u32, u32, String> = Background::new(2);
        let slowly = || {
            std::thread::sleep(PATIENCE * 2);
            Ok(7)
        };
        assert!(held.get(&1, PATIENCE, slowly).is_none());
        assert_eq!(
            held.get(&2, PATIENCE * 8, || Err("none".to_owned())),
            Some(Err(Arc::new("none".to_owned())))
        );
        let found = (0..20).find_map(|_| held.get(&1, PATIENCE, || panic!("it is begun once")));
        assert_eq!(found.map(|found| *found.unwrap()), Some(7));
    }
}
