//! Testing the batches of a table by several threads, and taking the results in the order of the table.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::contract::Table;
use crate::error::RunError;
use crate::source::{Batch, Part, Source};

/// Most batches for each thread that are read or tested before the ones before them are taken.
const BATCHES_AHEAD: usize = 2;

/// A batch to be tested, and where its result goes.
type Job<R> = (Batch, SyncSender<Result<R, RunError>>);

/// Reads the columns `names` of the parts of a table with one thread, applies `test` to each batch with all threads, and
/// `take` to each result with the caller's, in the order of parts and rows. The first error in that order ends the
/// reading.
///
/// Testing takes three times as long as reading: bills and payments took 1.4 s with one thread for each of the two.
///
/// # Errors
/// A part cannot be read, or any error of `test` or `take`.
pub(super) fn test_in_order<R: Send>(
    source: &dyn Source,
    table: Table,
    (parts, names): (&[Part], &[&str]),
    test: impl Fn(Batch) -> Result<R, RunError> + Sync,
    mut take: impl FnMut(R) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let threads = rayon::current_num_threads();
    let (in_order, results) = sync_channel::<Receiver<Result<R, RunError>>>(threads * BATCHES_AHEAD);
    let (to_test, jobs) = channel::<Job<R>>();
    let jobs = Mutex::new(jobs);
    // The threads are not those of the pool, where the caller may wait already.
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            // Nobody receives any more once a result was refused.
            let mut send = |batch| {
                let (reply, result) = sync_channel(1);
                in_order.send(result).map_err(|_| RunError::Enough)?;
                to_test.send((batch, reply)).map_err(|_| RunError::Enough)
            };
            parts.iter().try_for_each(|&part| source.read(table, part, names, &mut send))
        });
        let testers: Vec<_> = (0..threads).map(|_| scope.spawn(|| test_all(&jobs, &test))).collect();
        // A tester that panics sends no result.
        let mut taken = results.into_iter().map(|result| result.recv().unwrap_or(Err(RunError::Enough)));
        let taken = taken.try_for_each(|result| take(result?));
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        testers.into_iter().for_each(|tester| tester.join().unwrap_or_else(|panic| resume_unwind(panic)));
        taken.and(read)
    })
}

/// Tests batches as long as there are any.
fn test_all<R>(jobs: &Mutex<Receiver<Job<R>>>, test: &impl Fn(Batch) -> Result<R, RunError>) {
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok((batch, reply)) = next() {
        // Nobody receives any more once the result of a batch before was refused.
        let _ = reply.send(test(batch));
    }
}
