//! Caches results that take long to compute, as long as they fit into a limit of bytes. Threads in the background compute
//! them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A result that can be cached.
pub trait Held: Send + Sync + 'static {
    /// About how many bytes of memory it takes.
    fn bytes(&self) -> usize;
}

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

/// The results with their keys. The one that was requested last is the last.
struct Results<K, V, E> {
    most: usize,
    bytes_most: usize,
    made: Vec<(K, Made<V, E>)>,
}

impl<K: PartialEq, V: Held, E> Results<K, V, E> {
    fn place(&self, key: &K) -> Option<usize> {
        self.made.iter().position(|(known, _)| known == key)
    }

    /// Removes the oldest result if there is no place for one more. Returns whether another one may be computed now.
    fn make_room(&mut self) -> bool {
        let begun = self.made.iter().filter(|(_, made)| matches!(made, Made::Begun)).count();
        if begun >= MADE_AT_A_TIME.min(self.most) {
            return false;
        }
        while self.made.len() >= self.most {
            // A result that is still being computed stays, because its thread will look for its entry.
            let Some(oldest) = self.made.iter().position(|(_, made)| matches!(made, Made::Done(_))) else {
                return false;
            };
            self.made.remove(oldest);
        }
        true
    }

    /// Removes the oldest results until the others fit into the limit. The last one stays, whatever its size.
    fn keep_within_bytes(&mut self) {
        while self.bytes() > self.bytes_most {
            let done = |(_, made): &(K, Made<V, E>)| matches!(made, Made::Done(_));
            let Some(oldest) = self.made.iter().position(done) else { return };
            if !self.made[oldest + 1..].iter().any(done) {
                return;
            }
            self.made.remove(oldest);
        }
    }

    fn bytes(&self) -> usize {
        let held = self.made.iter().filter_map(|(_, made)| match made {
            Made::Done(Ok(result)) => Some(result.bytes()),
            _ => None,
        });
        held.sum()
    }
}

/// The results, and the condition that waiting threads are woken by.
type Shared<K, V, E> = (Mutex<Results<K, V, E>>, Condvar);

/// All results, and the place of one that is ready.
type Ready<'a, K, V, E> = (MutexGuard<'a, Results<K, V, E>>, usize);

/// The latest results by key. They are computed in the background, so that no request waits for them longer than it
/// chooses.
pub struct Background<K, V, E>(Arc<Shared<K, V, E>>);

/// Most results that are computed at the same time.
const MADE_AT_A_TIME: usize = 4;

impl<K, V, E> Background<K, V, E>
where
    K: PartialEq + Clone + Send + 'static,
    V: Held,
    E: Send + Sync + 'static,
{
    /// A cache of at most `most` results, which take at most `bytes_most` bytes together.
    pub fn new(most: usize, bytes_most: usize) -> Self {
        let results = Results { most, bytes_most, made: Vec::new() };
        Self(Arc::new((Mutex::new(results), Condvar::new())))
    }

    /// A result that is cached already, by a condition for its key.
    pub fn known(&self, is_wanted: impl Fn(&K) -> bool) -> Option<Arc<V>> {
        let found = locked(&self.0.0);
        found.made.iter().find_map(|(key, made)| match made {
            Made::Done(Ok(result)) if is_wanted(key) => Some(Arc::clone(result)),
            _ => None,
        })
    }

    /// The result of a key; `None` if it is not ready within `patience`. Starts to compute a missing result on a thread of its
    /// own; if too many are being computed, it first waits for one of them. An error is returned once, because another attempt
    /// may succeed.
    pub fn get(
        &self,
        key: &K,
        patience: Duration,
        make: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Option<Result<Arc<V>, Arc<E>>> {
        let (mut found, place) = self.wait(key, patience, make)?;
        let (key, made) = found.made.remove(place);
        match made {
            Made::Begun => None,
            Made::Done(Err(error)) => Some(Err(error)),
            Made::Done(Ok(result)) => {
                found.made.push((key, Made::Done(Ok(Arc::clone(&result)))));
                Some(Ok(result))
            }
        }
    }

    /// As [`get`](Self::get), but leaves the result for who asks for it: an error too.
    pub fn prepare(&self, key: &K, patience: Duration, make: impl FnOnce() -> Result<V, E> + Send + 'static) {
        drop(self.wait(key, patience, make));
    }

    /// Waits until the result of a key is ready. Returns all results and the place of that one.
    fn wait(
        &self,
        key: &K,
        patience: Duration,
        make: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Option<Ready<'_, K, V, E>> {
        let (results, changed) = &*self.0;
        let deadline = Instant::now() + patience;
        let mut make = Some(make);
        let mut found = locked(results);
        loop {
            match found.place(key) {
                Some(place) if matches!(found.made[place].1, Made::Begun) => {}
                Some(place) => return Some((found, place)),
                // The computation panicked, or the result was removed at once.
                None if make.is_none() => return None,
                None => {
                    if found.make_room()
                        && let Some(make) = make.take()
                    {
                        found.made.push((key.clone(), Made::Begun));
                        let (key, shared) = (key.clone(), Arc::clone(&self.0));
                        std::thread::spawn(move || finish(&key, &shared, make));
                    }
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            found = changed.wait_timeout(found, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Computes a result, stores it, and wakes the threads that wait for it.
fn finish<K: PartialEq, V: Held, E>(key: &K, shared: &Shared<K, V, E>, make: impl FnOnce() -> Result<V, E>) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make));
    let mut results = locked(&shared.0);
    match (results.place(key), result) {
        (Some(place), Ok(result)) => {
            let (key, _) = results.made.remove(place);
            results.made.push((key, Made::Done(result.map(Arc::new).map_err(Arc::new))));
            results.keep_within_bytes();
        }
        // After a panic the entry is removed, so that the next request computes the result again.
        (Some(place), Err(_)) => drop(results.made.remove(place)),
        (None, _) => {}
    }
    shared.1.notify_all();
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(250);
    const LONG: Duration = Duration::from_secs(60);

    /// Takes as many bytes as it says.
    impl Held for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    #[test]
    fn the_result_that_was_not_asked_for_longest_goes_for_a_new_one() {
        let held: Background<usize, usize, String> = Background::new(2, 100);
        let asked = |key: usize, made: usize| *held.get(&key, LONG, move || Ok(made)).unwrap().unwrap();
        assert_eq!((asked(1, 1), asked(2, 2), asked(1, 9), asked(3, 3)), (1, 2, 1, 3));
        assert_eq!((asked(1, 9), asked(3, 9), asked(2, 9)), (1, 3, 9));
    }

    #[test]
    fn results_leave_when_they_take_more_memory_than_they_may() {
        let held: Background<usize, usize, String> = Background::new(10, 100);
        let asked = |key: usize, made: usize| *held.get(&key, LONG, move || Ok(made)).unwrap().unwrap();
        for key in 1..=4 {
            assert_eq!(asked(key, 30), 30);
        }
        // 120 bytes were too many: the first left.
        let is_there = |key: usize| held.known(|known| *known == key).is_some();
        assert_eq!([1, 2, 3, 4].map(is_there), [false, true, true, true]);
        // One that is larger than everything may be is there for who waits for it, and alone.
        assert_eq!(asked(5, 500), 500);
        assert_eq!([1, 2, 3, 4, 5].map(is_there), [false, false, false, false, true]);
    }

    #[test]
    fn a_result_in_the_background_is_there_when_it_is_made() {
        let held: Background<usize, usize, String> = Background::new(2, 100);
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

    #[test]
    fn an_error_that_was_prepared_is_there_for_who_asks() {
        let held: Background<usize, usize, String> = Background::new(2, 100);
        held.prepare(&1, LONG, || Err("none".to_owned()));
        assert_eq!(held.get(&1, LONG, || Ok(1)), Some(Err(Arc::new("none".to_owned()))));
        assert_eq!(held.get(&1, LONG, || Ok(1)), Some(Ok(Arc::new(1))));
    }

    #[test]
    fn who_finds_no_room_waits_for_it() {
        let held: Background<usize, usize, String> = Background::new(1, 100);
        let slowly = || {
            std::thread::sleep(PATIENCE * 2);
            Ok(7)
        };
        assert!(held.get(&1, Duration::ZERO, slowly).is_none());
        assert!(held.get(&2, Duration::ZERO, || Ok(8)).is_none());
        assert_eq!(held.get(&2, LONG, || Ok(8)).map(|found| *found.unwrap()), Some(8));
    }
}
