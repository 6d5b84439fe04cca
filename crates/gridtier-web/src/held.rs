//! Results that cost much, held for the next reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last few results by key. A result that is missing is made while others who want it wait, so that it is made once.
pub struct Held<K, V> {
    most: usize,
    found: Mutex<Vec<(K, Arc<V>)>>,
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
        let mut found = locked(&self.found);
        if let Some(place) = found.iter().position(|(known, _)| known == key) {
            let entry = found.remove(place);
            let result = Arc::clone(&entry.1);
            found.push(entry);
            return Ok(result);
        }
        // What must go leaves before its successor needs the memory.
        while found.len() >= self.most {
            drop(found.remove(0));
        }
        let result = Arc::new(make()?);
        found.push((key.clone(), Arc::clone(&result)));
        Ok(result)
    }
}

/// What became of a result that is made in the background.
enum Made<V, E> {
    Begun,
    Done(Result<Arc<V>, Arc<E>>),
}

/// The last results that are made in the background, by key: whoever asks meanwhile is not kept waiting.
pub struct Background<K, V, E> {
    most: usize,
    found: Arc<Mutex<Vec<(K, Made<V, E>)>>>,
}

impl<K, V, E> Background<K, V, E>
where
    K: PartialEq + Clone + Send + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Holds at most so many results.
    pub fn new(most: usize) -> Self {
        Self { most, found: Arc::default() }
    }

    /// The result of a key, if it is made; else begins it on a thread of its own, unless it has begun.
    pub fn get(
        &self,
        key: &K,
        make: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Option<Result<Arc<V>, Arc<E>>> {
        let mut found = locked(&self.found);
        match found.iter().find(|(known, _)| known == key) {
            Some((_, Made::Begun)) => return None,
            Some((_, Made::Done(result))) => return Some(result.clone()),
            None => {}
        }
        // One that has begun stays: it will want to say what became of it.
        while found.len() >= self.most {
            let Some(oldest) = found.iter().position(|(_, made)| matches!(made, Made::Done(_))) else {
                return None;
            };
            found.remove(oldest);
        }
        found.push((key.clone(), Made::Begun));
        let (key, shared) = (key.clone(), Arc::clone(&self.found));
        std::thread::spawn(move || {
            let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make));
            let mut found = locked(&shared);
            let place = found.iter().position(|(known, _)| *known == key);
            match (place, made) {
                (Some(place), Ok(made)) => found[place].1 = Made::Done(made.map(Arc::new).map_err(Arc::new)),
                // Who asks again gets it begun again.
                (Some(place), Err(_)) => drop(found.remove(place)),
                (None, _) => {}
            }
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use super::*;

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
        assert!(held.get(&1, || Ok(7)).is_none());
        let found = (0..500).find_map(|_| {
            std::thread::sleep(Duration::from_millis(5));
            held.get(&1, || panic!("it is begun once"))
        });
        assert_eq!(found.map(|found| *found.unwrap()), Some(7));
    }
}
