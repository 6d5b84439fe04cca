//! The values from which the step `own` starts: those of the revision, or those of the earlier cycle for a customer
//! that the revision does not grade.

use super::grading::{GradingRules, Measured};
use super::pair::Pair;
use crate::index::index;
use crate::score::OnParameters;

/// Where the values of the step `stratum` come from.
#[derive(Clone, Copy)]
pub(super) struct CorrectedValues<'a> {
    pub rules: &'a GradingRules<'a>,
    pub pair: &'a Pair<'a>,
    pub before: &'a Measured<'a>,
    /// The revision of the earlier cycle, with the positions of the pair's customers in its rows.
    pub revised: Option<(&'a Measured<'a>, &'a [Option<u32>])>,
}

impl<'a> CorrectedValues<'a> {
    /// The cycle from which the values of a customer of the pair come, and the customer's position in it. `first` is
    /// the customer's position in the earlier cycle's rows.
    pub fn source(&self, customer: u32, first: usize) -> (&'a Measured<'a>, usize) {
        let revised =
            self.revised.and_then(|(revised, positions)| Some((revised, index(positions[index(customer)]?))));
        revised.unwrap_or((self.before, first))
    }

    /// The results of `score` on these values, in the strata of the customers' groups in the later cycle: `width`
    /// numbers for each customer. The customers must be graded at both ends and in ascending order.
    pub fn in_later_strata(
        &self,
        customers: &[u32],
        after: &Measured,
        width: usize,
        score: impl Fn(OnParameters) -> Vec<i32>,
    ) -> Vec<i32> {
        let mut all = vec![0; customers.len() * width];
        let cycles = [Some(self.before), self.revised.map(|(revised, _)| revised)];
        for cycle in cycles.into_iter().flatten() {
            let (mut rows, mut numbers, mut strata) = (Vec::new(), Vec::new(), Vec::new());
            for (row, &customer) in customers.iter().enumerate() {
                let Some((first, second)) = self.pair.customers[index(customer)].both() else { continue };
                let (source, at) = self.source(customer, first);
                if std::ptr::eq(source, cycle) {
                    rows.push(row);
                    numbers.push(source.cycle.rows[at].number);
                    strata.push(after.strata[second]);
                }
            }
            let found = score(self.rules.frozen(&cycle.values, &numbers, &strata));
            for (row, found) in rows.into_iter().zip(found.chunks_exact(width.max(1))) {
                all[row * width..][..width].copy_from_slice(found);
            }
        }
        all
    }
}
