//! Divides customers into rounds, so that the rows held at once stay within a budget.

use std::ops::Range;

/// Cuts `customers` into ranges whose weights sum to at most `budget`; a single customer may weigh more than that.
/// Customers without weight at the end are left out.
pub(super) fn rounds(weights: &[u64], customers: Range<usize>, budget: u64) -> Vec<Range<usize>> {
    let mut rounds = Vec::new();
    let (mut start, mut sum) = (customers.start, 0);
    for customer in customers.clone() {
        let weight = weights[customer];
        if sum > 0 && sum + weight > budget {
            rounds.push(start..customer);
            (start, sum) = (customer, 0);
        }
        sum += weight;
    }
    if sum > 0 {
        rounds.push(start..customers.end);
    }
    rounds
}
