//! Which thread reads which part.
//!
//! Each thread begins with a run of neighbouring parts of its own, so that threads meet on few customers and months, and
//! what a thread reads is mostly in the order of time. A thread that has done takes the rear half of what another has
//! still to do.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::RunError;
use crate::source::Part;

struct Shares(Vec<Mutex<Range<usize>>>);

impl Shares {
    /// Runs of parts with about as many rows for each thread.
    fn new(parts: &[Part], threads: usize) -> Self {
        let rows = |part: &Part| part.rows.unwrap_or(1);
        let all: u64 = parts.iter().map(rows).sum();
        let mut shares = Vec::with_capacity(threads);
        let (mut start, mut before) = (0, 0);
        for thread in 1..=threads as u64 {
            let mut end = start;
            while end < parts.len() && (before < all * thread / threads as u64 || thread == threads as u64) {
                before += rows(&parts[end]);
                end += 1;
            }
            shares.push(Mutex::new(start..end));
            start = end;
        }
        Self(shares)
    }

    /// The next part of a thread, and whether it begins a new run.
    fn next(&self, thread: usize) -> Option<(usize, bool)> {
        let lock = |share: &Mutex<Range<usize>>| share.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(place) = self.take(thread) {
            return Some((place, false));
        }
        loop {
            let left = |&other: &usize| lock(&self.0[other]).len();
            let richest = (0..self.0.len()).filter(|&other| other != thread).max_by_key(left)?;
            let rear = {
                let mut share = self.0[richest].lock().unwrap_or_else(PoisonError::into_inner);
                if share.is_empty() {
                    return None;
                }
                let middle = share.start + share.len() / 2;
                let rear = middle..share.end;
                share.end = middle;
                rear
            };
            *self.0[thread].lock().unwrap_or_else(PoisonError::into_inner) = rear;
            // Another thread may have emptied it already.
            if let Some(place) = self.take(thread) {
                return Some((place, true));
            }
        }
    }

    fn take(&self, thread: usize) -> Option<usize> {
        self.0[thread].lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

/// What reads parts.
pub(super) trait Reader: Send {
    /// Reads the part at `place`. `begins` says that it does not follow on the part read before.
    ///
    /// # Errors
    /// The part cannot be read.
    fn read(&mut self, place: usize, part: Part, begins: bool) -> Result<(), RunError>;
}

/// Lets each thread read parts with a reader of its own. Of several parts that cannot be read, the first is told.
pub(super) fn share_out<R: Reader>(parts: &[Part], new: &(dyn Fn() -> R + Sync)) -> Result<Vec<R>, RunError> {
    let shares = Shares::new(parts, rayon::current_num_threads());
    // From the first failure on, only parts before it are read: there will be no result, but one message.
    let end = AtomicUsize::new(parts.len());
    let results = rayon::broadcast(|thread| {
        let mut reader = new();
        let mut failure = None;
        let mut begins = true;
        while let Some((place, is_new)) = shares.next(thread.index()) {
            begins |= is_new;
            if place >= end.load(Ordering::Relaxed) {
                continue;
            }
            if let Err(error) = reader.read(place, parts[place], begins) {
                end.fetch_min(place, Ordering::Relaxed);
                failure = Some((place, error));
            }
            begins = false;
        }
        failure.map_or(Ok(reader), Err)
    });
    let mut readers = Vec::new();
    let mut first: Option<(usize, RunError)> = None;
    for result in results {
        match result {
            Ok(reader) => readers.push(reader),
            Err(error) if first.as_ref().is_none_or(|first| error.0 < first.0) => first = Some(error),
            Err(_) => {}
        }
    }
    first.map_or(Ok(readers), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(index: u32, rows: u64) -> Part {
        Part { file: 0, index, first_row: 0, rows: Some(rows) }
    }

    #[test]
    fn every_part_is_taken_once_in_runs() {
        let parts: Vec<Part> = (0..10).map(|index| part(index, 1 + u64::from(index == 0) * 8)).collect();
        let shares = Shares::new(&parts, 3);
        let mut taken = Vec::new();
        // The first thread does all the work, its own first.
        while let Some(next) = shares.next(0) {
            taken.push(next);
        }
        assert_eq!(taken[0], (0, false));
        let mut places: Vec<usize> = taken.iter().map(|(place, _)| *place).collect();
        let in_order = taken.windows(2).filter(|pair| !pair[1].1).all(|pair| pair[1].0 == pair[0].0 + 1);
        assert!(in_order, "{taken:?}");
        places.sort_unstable();
        assert_eq!(places, (0..10).collect::<Vec<_>>());
        assert_eq!([shares.next(0), shares.next(1), shares.next(2)], [None; 3]);
    }

    #[test]
    fn of_two_failures_the_first_is_told() {
        struct Failing;
        impl Reader for Failing {
            fn read(&mut self, place: usize, _part: Part, _begins: bool) -> Result<(), RunError> {
                if place == 3 || place == 17 { Err(RunError::Bug(place.to_string())) } else { Ok(()) }
            }
        }
        let parts: Vec<Part> = (0..20).map(|index| part(index, 1)).collect();
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let result = pool.install(|| share_out(&parts, &|| Failing));
            assert!(matches!(result, Err(RunError::Bug(place)) if place == "3"));
        }
    }
}
