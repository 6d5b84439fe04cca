//! One pass over a batch: check its rows, then visit those that count stripe by stripe.

use super::batch::{IdCaches, ReadingBatch, ReadingContext};
use super::by_stripe::{ByStripe, StripeRows};
use super::stripe::{Stripe, Stripes};
use crate::error::RunError;
use crate::source::{Batch, TableBook};

/// The data that all threads share.
pub(super) struct Kernel<'a> {
    /// What every thread needs to check a batch.
    pub context: ReadingContext<'a>,
    /// The sums that the threads fill.
    pub stripes: Stripes,
}

/// The buffers of one thread, kept from batch to batch.
#[derive(Default)]
pub(super) struct BatchBuffers {
    caches: IdCaches,
    /// The batch that was loaded last.
    pub readings: ReadingBatch,
    by_stripe: ByStripe,
}

impl Kernel<'_> {
    /// Checks the rows of a batch, counts in `book` what becomes of them, and calls `body` with each stripe, the batch,
    /// and the rows of the stripe: all rows that count, and some that are excluded.
    ///
    /// # Errors
    /// A column has a type that the contract cannot read.
    pub fn visit(
        &self,
        buffers: &mut BatchBuffers,
        batch: &Batch,
        book: &mut TableBook,
        mut body: impl FnMut(&mut Stripe, &ReadingBatch, StripeRows),
    ) -> Result<(), RunError> {
        let BatchBuffers { caches, readings, by_stripe } = buffers;
        readings.load(&self.context, caches, batch, book)?;
        by_stripe.visit(&self.stripes, readings, |stripe, rows| body(stripe, readings, rows));
        Ok(())
    }

    /// As [`visit`](Self::visit), but if the rows follow in no order, the batch is only loaded, and `false` is returned.
    ///
    /// # Errors
    /// A column has a type that the contract cannot read.
    pub fn visit_if_ordered(
        &self,
        buffers: &mut BatchBuffers,
        batch: &Batch,
        book: &mut TableBook,
        mut body: impl FnMut(&mut Stripe, &ReadingBatch, StripeRows),
    ) -> Result<bool, RunError> {
        let BatchBuffers { caches, readings, by_stripe } = buffers;
        readings.load(&self.context, caches, batch, book)?;
        Ok(by_stripe.visit_if_ordered(&self.stripes, readings, |stripe, rows| body(stripe, readings, rows)))
    }
}
