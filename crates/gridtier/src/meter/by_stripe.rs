//! The rows of a batch by the stripe of their customers.
//!
//! Sorted files have the rows of a stripe side by side. Where they do not, places of rows are sorted by stripe first, in
//! two passes and without moving a value.

use std::ops::Range;
use std::sync::MutexGuard;

use super::batch::Readings;
use super::stripe::{Stripe, Stripes};

/// Runs shorter than this on average are sorted.
const RUN_ROWS_MIN: usize = 8;

/// Rows of one stripe: of the batch, or of its order.
type Run = (u32, Range<u32>);

/// Rows of a batch. One kind of iterator for both, so that what is done with a row stands in one loop.
pub(super) enum Rows<'a> {
    Run(Range<usize>),
    Sorted(std::slice::Iter<'a, u32>),
}

impl Iterator for Rows<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Run(rows) => rows.next(),
            Self::Sorted(rows) => rows.next().map(|&row| row as usize),
        }
    }
}

/// The rows of a batch that count, stripe after stripe.
#[derive(Default)]
pub(super) struct ByStripe {
    runs: Vec<Run>,
    /// Rows sorted by stripe; empty when the runs are of the batch itself.
    order: Vec<u32>,
    counts: Vec<u32>,
    later: Vec<Run>,
}

impl ByStripe {
    /// Calls `body` with the stripe, its number and its rows, each stripe's in their order; those that do not count may be
    /// among them. A stripe that another thread holds comes last.
    pub fn visit(
        &mut self,
        stripes: &Stripes,
        readings: &Readings,
        mut body: impl FnMut(&mut Stripe, u32, Rows),
    ) {
        self.find(stripes, readings);
        let Self { runs, order, later, .. } = self;
        let mut read = |mut guard: MutexGuard<Stripe>, (stripe, rows): Run| {
            let rows = rows.start as usize..rows.end as usize;
            let rows = if order.is_empty() { Rows::Run(rows) } else { Rows::Sorted(order[rows].iter()) };
            body(&mut guard, stripe, rows);
        };
        for (stripe, rows) in runs.drain(..) {
            // What comes later of a stripe comes after what has come before of it.
            let is_late = later.iter().any(|(late, _)| *late == stripe);
            match stripes.try_lock(stripe).filter(|_| !is_late) {
                Some(guard) => read(guard, (stripe, rows)),
                None => later.push((stripe, rows)),
            }
        }
        for (stripe, rows) in later.drain(..) {
            read(stripes.lock(stripe), (stripe, rows));
        }
    }

    fn find(&mut self, stripes: &Stripes, readings: &Readings) {
        let rows = readings.rows();
        let Self { runs, order, .. } = self;
        runs.clear();
        order.clear();
        let (mut stripe, mut start) = (u32::MAX, 0);
        for row in 0..rows {
            let own = stripes.of(readings.customers[row].index());
            if own != stripe && readings.counts(row) {
                if row > start {
                    runs.push((stripe, start as u32..row as u32));
                }
                (stripe, start) = (own, row);
            }
            if runs.len() > rows / RUN_ROWS_MIN {
                return self.sort(stripes, readings);
            }
        }
        runs.push((stripe, start as u32..rows as u32));
        // Before the first row that counts there is no stripe.
        runs.retain(|(stripe, _)| *stripe != u32::MAX);
    }

    fn sort(&mut self, stripes: &Stripes, readings: &Readings) {
        let Self { runs, order, counts, .. } = self;
        counts.clear();
        counts.resize(stripes.len() + 1, 0);
        let rows = || (0..readings.rows()).filter(|&row| readings.counts(row));
        let stripe = |row: usize| stripes.of(readings.customers[row].index()) as usize;
        rows().for_each(|row| counts[stripe(row) + 1] += 1);
        runs.clear();
        for place in 1..counts.len() {
            let (start, length) = (counts[place - 1], counts[place]);
            counts[place] = start + length;
            if length > 0 {
                runs.push((place as u32 - 1, start..start + length));
            }
        }
        order.resize(counts[stripes.len()] as usize, 0);
        for row in rows() {
            let next = &mut counts[stripe(row)];
            order[*next as usize] = row as u32;
            *next += 1;
        }
    }
}
