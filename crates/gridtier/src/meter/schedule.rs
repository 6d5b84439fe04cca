//! Decides which thread reads which part, by work stealing over runs of neighbouring parts.
//!
//! Each thread begins with a run of its own, so that two threads seldom meet at one stripe and month, and a thread
//! reads its parts mostly in the order of time. A thread that has finished its run takes the rear half of the longest
//! run left.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::RunError;
use crate::index::count;
use crate::source::Part;

/// For each thread, the positions of the parts that it has still to read.
struct PartQueues(Vec<Mutex<Range<usize>>>);

/// The number of rows of a part; a part with an unknown number counts as one row.
fn rows_or_one(part: &Part) -> u64 {
    part.rows.unwrap_or(1)
}

impl PartQueues {
    /// Cuts the parts into one run of neighbouring parts for each thread, with about as many rows in each.
    fn new(parts: &[Part], threads: usize) -> Self {
        let all: u64 = parts.iter().map(rows_or_one).sum();
        let mut queues = Vec::with_capacity(threads);
        let (mut start, mut before) = (0, 0);
        for thread in 1..=threads {
            let mut end = start;
            let share = all * count(thread) / count(threads);
            while end < parts.len() && (before < share || thread == threads) {
                before += rows_or_one(&parts[end]);
                end += 1;
            }
            queues.push(Mutex::new(start..end));
            start = end;
        }
        Self(queues)
    }

    fn lock(&self, thread: usize) -> MutexGuard<'_, Range<usize>> {
        self.0[thread].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position of the next part of a thread, and whether it begins a new run.
    fn next(&self, thread: usize) -> Option<(usize, bool)> {
        let own = self.lock(thread).next();
        if let Some(position) = own {
            return Some((position, false));
        }
        loop {
            let others = (0..self.0.len()).filter(|&other| other != thread);
            let longest = others.max_by_key(|&other| self.lock(other).len())?;
            let stolen = self.steal(longest)?;
            *self.lock(thread) = stolen;
            // Another thread may have stolen all of them in the meantime.
            let own = self.lock(thread).next();
            if let Some(position) = own {
                return Some((position, true));
            }
        }
    }

    /// Takes the rear half of a thread's run; `None` if nothing of the run is left.
    fn steal(&self, thread: usize) -> Option<Range<usize>> {
        let mut run = self.lock(thread);
        if run.is_empty() {
            return None;
        }
        let middle = run.start + run.len() / 2;
        let rear = middle..run.end;
        run.end = middle;
        Some(rear)
    }
}

/// Reads parts for one thread.
pub(super) trait PartReader: Send {
    /// Called before the first part of each run, since that part does not follow the part that the thread read before.
    fn begin_run(&mut self, _position: usize) {}

    /// Reads the part at a position.
    ///
    /// # Errors
    /// The part cannot be read.
    fn read(&mut self, position: usize, part: Part) -> Result<(), RunError>;
}

/// Reads parts on all threads, each with a reader of its own, and returns the readers.
///
/// # Errors
/// A part cannot be read. The error is that of the first such part, in whatever order the threads work.
pub(super) fn read_parts<R: PartReader>(
    parts: &[Part],
    new: &(dyn Fn() -> R + Sync),
) -> Result<Vec<R>, RunError> {
    let queues = PartQueues::new(parts, rayon::current_num_threads());
    // After a failure only the parts before the failed one are read, so that every execution returns the same error.
    let first_failure = AtomicUsize::new(parts.len());
    let results = rayon::broadcast(|thread| {
        let mut reader = new();
        let mut failure = None;
        let mut begins_run = true;
        while let Some((position, is_stolen)) = queues.next(thread.index()) {
            begins_run |= is_stolen;
            if position >= first_failure.load(Ordering::Relaxed) {
                continue;
            }
            if begins_run {
                reader.begin_run(position);
                begins_run = false;
            }
            if let Err(error) = reader.read(position, parts[position]) {
                first_failure.fetch_min(position, Ordering::Relaxed);
                failure = Some((position, error));
            }
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
    fn every_part_is_read_once_in_runs() {
        let parts: Vec<Part> = (0..10).map(|index| part(index, 1 + u64::from(index == 0) * 8)).collect();
        let queues = PartQueues::new(&parts, 3);
        let mut taken = Vec::new();
        // The first thread does all the work, beginning with its own parts.
        while let Some(next) = queues.next(0) {
            taken.push(next);
        }
        assert_eq!(taken[0], (0, false));
        let mut positions: Vec<usize> = taken.iter().map(|(position, _)| *position).collect();
        let in_order = taken.windows(2).filter(|pair| !pair[1].1).all(|pair| pair[1].0 == pair[0].0 + 1);
        assert!(in_order, "{taken:?}");
        positions.sort_unstable();
        assert_eq!(positions, (0..10).collect::<Vec<_>>());
        assert_eq!([queues.next(0), queues.next(1), queues.next(2)], [None; 3]);
    }

    #[test]
    fn of_two_failures_the_first_is_returned() {
        struct Failing;
        impl PartReader for Failing {
            fn read(&mut self, position: usize, _part: Part) -> Result<(), RunError> {
                if position == 3 || position == 17 {
                    Err(RunError::Bug(position.to_string()))
                } else {
                    Ok(())
                }
            }
        }
        let parts: Vec<Part> = (0..20).map(|index| part(index, 1)).collect();
        for threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let result = pool.install(|| read_parts(&parts, &|| Failing));
            assert!(matches!(result, Err(RunError::Bug(position)) if position == "3"));
        }
    }
}
