//! Groups the rows of a batch by the stripe of their customers.
//!
//! In sorted files, the rows of a stripe are next to each other. For other files, row numbers are counting-sorted by
//! stripe, in two passes and without moving a value.

use std::ops::Range;

use super::batch::ReadingBatch;
use super::stripe::{Stripe, StripeIx, Stripes};
use crate::index::index;

/// Batches are sorted if their runs of rows of one stripe are shorter than this on average.
const RUN_ROWS_MIN: usize = 8;
/// Rows whose stripes are compared together.
const BLOCK: usize = if cfg!(test) { 4 } else { 64 };

/// A run of rows of one stripe: of the batch itself, or of its sorted order.
struct StripeRun {
    stripe: StripeIx,
    rows: Range<usize>,
}

/// The rows of a stripe in a batch. Both kinds have one iterator type, so that what is done with a row is written once.
pub(super) enum StripeRows<'a> {
    /// Neighbouring rows.
    Neighbours(Range<usize>),
    /// Rows from all over the batch.
    Sorted(std::slice::Iter<'a, u32>),
}

impl<'a> StripeRows<'a> {
    fn new(rows: Range<usize>, order: &'a [u32]) -> Self {
        if order.is_empty() { Self::Neighbours(rows) } else { Self::Sorted(order[rows].iter()) }
    }
}

impl Iterator for StripeRows<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Neighbours(rows) => rows.next(),
            Self::Sorted(rows) => rows.next().map(|&row| index(row)),
        }
    }
}

/// Buffers for the rows of a batch by stripe, kept from batch to batch.
#[derive(Default)]
pub(super) struct ByStripe {
    runs: Vec<StripeRun>,
    /// Rows sorted by stripe; empty if the runs are those of the batch itself.
    order: Vec<u32>,
    /// For each stripe, the place of its next row in `order`.
    next: Vec<usize>,
    /// Runs whose stripe another thread holds.
    later: Vec<StripeRun>,
}

impl ByStripe {
    /// Calls `body` with each stripe and the stripe's rows in their order: all rows that count, and some that are
    /// excluded. Stripes that another thread holds come last, so that threads seldom wait.
    pub fn visit(
        &mut self,
        stripes: &Stripes,
        readings: &ReadingBatch,
        body: impl FnMut(&mut Stripe, StripeRows),
    ) {
        if !self.find_runs(stripes, readings) {
            self.sort(stripes, readings);
        }
        self.visit_runs(stripes, body);
    }

    /// As [`visit`](Self::visit), unless the rows follow in no order: then returns `false` and calls nothing.
    pub fn visit_if_ordered(
        &mut self,
        stripes: &Stripes,
        readings: &ReadingBatch,
        body: impl FnMut(&mut Stripe, StripeRows),
    ) -> bool {
        let is_ordered = self.find_runs(stripes, readings);
        if is_ordered {
            self.visit_runs(stripes, body);
        }
        is_ordered
    }

    fn visit_runs(&mut self, stripes: &Stripes, mut body: impl FnMut(&mut Stripe, StripeRows)) {
        let Self { runs, order, later, .. } = self;
        for run in runs.drain(..) {
            // The rows of a stripe must keep their order: once one of its runs is put off, later runs of the stripe are
            // put off too.
            let is_put_off = later.iter().any(|late| late.stripe == run.stripe);
            match stripes.try_lock(run.stripe).filter(|_| !is_put_off) {
                Some(mut stripe) => body(&mut stripe, StripeRows::new(run.rows, order)),
                None => later.push(run),
            }
        }
        for run in later.drain(..) {
            body(&mut stripes.lock(run.stripe), StripeRows::new(run.rows, order));
        }
    }

    /// Finds the runs of a batch. Returns `false` if they are too short, on average, to be worth a lock each.
    fn find_runs(&mut self, stripes: &Stripes, readings: &ReadingBatch) -> bool {
        let Self { runs, order, .. } = self;
        runs.clear();
        order.clear();
        let rows = 0..readings.rows();
        let Some(first) = rows.clone().find(|&row| readings.counts(row)) else { return true };
        let (mut stripe, mut start) = (stripes.stripe_of(readings.place(first)), first);
        for from in (first..rows.end).step_by(BLOCK) {
            let block = from..rows.end.min(from + BLOCK);
            // In ordered files nearly all blocks belong to one stripe. Their rows are compared several at once.
            if stripes.are_all_of(stripe, readings.places(block.clone())) {
                continue;
            }
            for row in block {
                // An excluded row may have no customer, and so no stripe: it goes with the rows before it.
                let other = stripes.stripe_of(readings.place(row));
                if other != stripe && readings.counts(row) {
                    runs.push(StripeRun { stripe, rows: start..row });
                    (stripe, start) = (other, row);
                    if runs.len() > rows.end / RUN_ROWS_MIN {
                        return false;
                    }
                }
            }
        }
        runs.push(StripeRun { stripe, rows: start..rows.end });
        true
    }

    fn sort(&mut self, stripes: &Stripes, readings: &ReadingBatch) {
        let Self { runs, order, next, .. } = self;
        next.clear();
        next.resize(stripes.len(), 0);
        for row in (0..readings.rows()).filter(|&row| readings.counts(row)) {
            next[stripes.stripe_of(readings.place(row)).index()] += 1;
        }
        runs.clear();
        let mut start = 0;
        for (stripe, next) in next.iter_mut().enumerate() {
            let rows = start..start + *next;
            (*next, start) = (start, rows.end);
            if !rows.is_empty() {
                runs.push(StripeRun { stripe: StripeIx::from_index(stripe), rows });
            }
        }
        order.resize(start, 0);
        for row in (0..).take(readings.rows()).filter(|&row| readings.counts(index(row))) {
            let next = &mut next[stripes.stripe_of(readings.place(index(row))).index()];
            order[*next] = row;
            *next += 1;
        }
    }
}
