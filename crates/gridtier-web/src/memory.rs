//! A limit of memory for whole cycles. A part of it is reserved before a cycle is read, and becomes free when the cycle is
//! dropped.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A limit of memory, and how much of it is reserved.
#[derive(Debug)]
pub struct Memory {
    most: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// A reserved part of the memory.
#[derive(Debug)]
pub struct MemoryPart {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Memory {
    /// A limit of `most` bytes.
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::new(0), given_back: Condvar::new() })
    }

    /// Reserves `bytes`, and waits until they are free. More than the limit is reserved as soon as nothing else is.
    pub fn take(self: &Arc<Self>, bytes: u64) -> MemoryPart {
        self.take_beside(0, bytes)
    }

    /// Reserves `bytes` for a caller that has reserved `own` bytes already, so that it does not wait for itself.
    pub fn take_beside(self: &Arc<Self>, own: u64, bytes: u64) -> MemoryPart {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .given_back
            .wait_while(taken, |taken| *taken > own && taken.saturating_add(bytes) > self.most);
        let mut taken = waited.unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        MemoryPart { memory: Arc::clone(self), bytes }
    }
}

impl MemoryPart {
    /// Its bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for MemoryPart {
    fn drop(&mut self) {
        *self.memory.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.memory.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_needs_more_than_is_free_waits_until_it_is_given_back() {
        let memory = Memory::new(100);
        let parts = [memory.take(60), memory.take(40)];
        let other = Arc::clone(&memory);
        let waiting = std::thread::spawn(move || drop(other.take(50)));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!waiting.is_finished());
        let [first, second] = parts;
        drop(second);
        std::thread::sleep(Duration::from_millis(100));
        assert!(!waiting.is_finished());
        drop(first);
        waiting.join().unwrap();
    }

    #[test]
    fn who_needs_more_than_there_is_gets_it_alone() {
        let memory = Memory::new(100);
        let own = memory.take(1_000);
        // It does not wait for itself.
        drop(memory.take_beside(own.bytes(), 1_000));
        drop(own);
        assert_eq!(*memory.taken.lock().unwrap(), 0);
    }
}
