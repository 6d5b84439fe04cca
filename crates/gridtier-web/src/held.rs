//! Results that cost much, held for the next reader.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A place for a result, whose lock is held while the result is made.
type Place<V> = Arc<Mutex<Option<Arc<V>>>>;

/// The last few results by key. A result that is missing is made while others who want it wait, so that it is made once.
pub struct Held<K, V> {
    most: usize,
    found: Mutex<Vec<(K, Place<V>)>>,
}

/// A lock whose holder panicked guards nothing half made: results enter whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: PartialEq + Clone, V> Held<K, V> {
    /// Holds at most so many results.
    pub fn new(most: usize) -> Self {
        Self { most, found: Mutex::new(Vec::new()) }
    }

    /// The result of a key.
    ///
    /// # Errors
    /// As `make`; nothing is held then.
    pub fn get<E>(&self, key: &K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        let place = self.place(key);
        let mut result = locked(&place);
        if let Some(result) = &*result {
            return Ok(Arc::clone(result));
        }
        let made = Arc::new(make()?);
        *result = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The place of a key, the last of all now. What must go leaves before its successor needs the memory.
    fn place(&self, key: &K) -> Place<V> {
        let mut found = locked(&self.found);
        let known = found.iter().position(|(known, _)| known == key).map(|at| found.remove(at));
        while found.len() >= self.most {
            drop(found.remove(0));
        }
        let entry = known.unwrap_or_else(|| (key.clone(), Place::default()));
        let place = Arc::clone(&entry.1);
        found.push(entry);
        place
    }
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
/// How long somebody waits for a result before it is said that it is being made.
const PATIENCE: Duration = Duration::from_millis(250);

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

    /// The result of a key, if it is made soon; else `None`. It is begun on a thread of its own, unless it has begun or too
    /// many others have.
    pub fn get(
        &self,
        key: &K,
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
        let is_begun = |found: &mut Vec<(K, Made<V, E>)>| {
            found.iter().any(|(known, made)| known == key && matches!(made, Made::Begun))
        };
        let waited = made.wait_timeout_while(found, PATIENCE, is_begun);
        let (found, _) = waited.unwrap_or_else(PoisonError::into_inner);
        found.iter().find(|(known, _)| known == key).and_then(|(_, made)| match made {
            Made::Begun => None,
            Made::Done(result) => Some(result.clone()),
        })
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
    use std::convert::Infallible;

    #[test]
    fn a_result_is_made_once_and_the_least_used_one_goes() {
        let held: Held<u32, String> = Held::new(2);
        let made = std::cell::Cell::new(0);
        let get = |key: u32| {
            let make = || {
                made.set(made.get() + 1);
                Ok::<_, Infallible>(key.to_string())
            };
            held.get(&key, make).unwrap()
        };
        assert_eq!((get(1).as_str(), get(1).as_str(), made.get()), ("1", "1", 1));
        (get(2), get(1), get(3), get(1));
        assert_eq!(made.get(), 3);
        get(2);
        assert_eq!(made.get(), 4);
        assert_eq!(held.get(&9, || Err("none")), Err("none"));
    }

    #[test]
    fn a_result_in_the_background_is_there_when_it_is_made() {
        let held: Background<u32, u32, String> = Background::new(2);
        let slowly = || {
            std::thread::sleep(PATIENCE * 2);
            Ok(7)
        };
        assert!(held.get(&1, slowly).is_none());
        assert_eq!(held.get(&2, || Err("none".to_owned())), Some(Err(Arc::new("none".to_owned()))));
        let found = (0..20).find_map(|_| held.get(&1, || panic!("it is begun once")));
        assert_eq!(found.map(|found| *found.unwrap()), Some(7));
    }
}
