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
        // A tester that panics sends no result. The receiver is gone after this statement, so that a reader that waits to send
        // goes on.
        let taken =
            results.into_iter().try_for_each(|result| take(result.recv().unwrap_or(Err(RunError::Enough))?));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::memory::MemorySource;

    /// Tests forty batches, of which later ones are done sooner, and returns the files in the order in which they are taken.
    fn test_all_batches(
        test: impl Fn(u32) -> Result<(), RunError> + Sync,
        take: impl Fn(u32) -> Result<(), RunError>,
    ) -> (Vec<u32>, Result<(), RunError>) {
        let header = "customer_id|month|planned_kwh";
        let source = (0..40)
            .fold(MemorySource::default(), |source, _| source.rows(Table::Plans, header, &["a|2024-01|1"]));
        let parts = source.parts(Table::Plans).unwrap().unwrap();
        let mut taken = Vec::new();
        let done = test_in_order(
            &source,
            Table::Plans,
            (&parts, &["customer_id"]),
            |batch| {
                thread::sleep(Duration::from_micros(u64::from(40 - batch.file) * 20));
                test(batch.file).map(|()| batch.file)
            },
            |file| {
                taken.push(file);
                take(file)
            },
        );
        (taken, done)
    }

    fn fault(file: u32) -> RunError {
        RunError::Bug(file.to_string())
    }

    #[test]
    fn results_are_taken_in_the_order_of_the_table() {
        let (taken, done) = test_all_batches(|_| Ok(()), |_| Ok(()));
        assert_eq!(taken, (0..40).collect::<Vec<_>>());
        assert!(done.is_ok());
    }

    #[test]
    fn the_first_error_in_the_order_of_the_table_ends_the_reading() {
        let (taken, done) =
            test_all_batches(|file| if file % 10 == 7 { Err(fault(file)) } else { Ok(()) }, |_| Ok(()));
        assert_eq!((taken, done.unwrap_err().to_string()), ((0..7).collect(), fault(7).to_string()));
        let (taken, done) =
            test_all_batches(|_| Ok(()), |file| if file == 3 { Err(fault(3)) } else { Ok(()) });
        assert_eq!((taken, done.unwrap_err().to_string()), ((0..=3).collect(), fault(3).to_string()));
    }

    #[test]
    #[should_panic(expected = "a bug in a test")]
    fn a_panic_of_a_test_ends_the_reading() {
        let _ =
            test_all_batches(|file| if file == 20 { panic!("a bug in a test") } else { Ok(()) }, |_| Ok(()));
    }
}
