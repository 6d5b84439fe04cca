//! Results that cost much, held for the next reader.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A lock whose holder panicked guards nothing half made: results enter whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of a result that is made in the background.
enum Made<V, E> {
    Begun,
    Done(Result<Arc<V>, Arc<E>>),
}

/// Results with their keys, and who waits for one.
type Results<K, V, E> = (Mutex<Vec<(K, Made<V, E>)>>, Condvar);

/// The last results that are made in the background, by key: whoever asks meanwhile does not wait long.
pub struct Background<K, V, E> {
    most: usize,
    found: Arc<Results<K, V, E>>,
}

/// Most results that are made at a time.
const MADE_AT_A_TIME: usize = 4;

impl<K, V, E> Background<K, V, E>
where
    K: PartialEq + Clone + Send + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Holds at most so many results.
    pub fn new(most: usize) -> Self {
        Self { most, found: Arc::new((Mutex::new(Vec::new()), Condvar::new())) }
    }

    /// The result of a key, if it is made while somebody waits so long; else `None`. It is begun on a thread of its own, unless
    /// it has begun or too many others have.
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
            // One that has begun stays: it will want to say what became of it.
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
            // What went wrong may go well for who asks again.
            Made::Done(Err(error)) => {
                let error = Arc::clone(error);
                found.remove(place);
                Some(Err(error))
            }
        }
    }
}

/// Makes a result and says so to who waits for it.
fn finish<K: PartialEq, V, E>(key: &K, found: &Results<K, V, E>, make: impl FnOnce() -> Result<V, E>) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make));
    let mut results = locked(&found.0);
    let place = results.iter().position(|(known, _)| known == key);
    match (place, result) {
        (Some(place), Ok(result)) => results[place].1 = Made::Done(result.map(Arc::new).map_err(Arc::new)),
        // Who asks again has it begun again.
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
