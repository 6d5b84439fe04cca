//! The sort key of ranked customers, and the criterion that decides between two of them.

use std::cmp::Ordering;

/// The sort key of a ranked customer.
#[derive(Clone, Debug)]
pub struct RankKey {
    /// Customer number, which follows the order of ids by bytes.
    pub number: u32,
    /// Whether confirmed offences put the customer behind all others.
    pub vetoed: bool,
    /// Score in 10⁻⁶ points.
    pub score_e6: Option<i64>,
    /// Annual revenue.
    pub revenue: Option<f64>,
    /// Annual energy.
    pub energy: Option<f64>,
}

impl RankKey {
    /// Whether the customer comes after another one.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        compare(self, other).0.is_gt()
    }

    /// Whether a customer without a veto has at least the score of a floor, in 10⁻⁶ points.
    #[must_use]
    pub fn reaches(&self, floor_e6: i64) -> bool {
        !self.vetoed && self.score_e6 >= Some(floor_e6)
    }

    /// Whether the customer comes after another one by veto and score, without the criteria that break ties.
    #[must_use]
    pub fn is_worse(&self, other: &Self) -> bool {
        (self.vetoed, other.score_e6) > (other.vetoed, self.score_e6)
    }
}

crate::words! {
    /// The criterion that decided the order of the two customers next to a boundary.
    BrokenBy "tie-breaker" {
        /// The scores differ, so there is no tie.
        Score "score" "score" "得分",
        /// One of the two customers is vetoed.
        Veto "veto" "veto" "封顶",
        /// Annual revenue.
        Revenue "revenue" "annual revenue" "年电费收入",
        /// Annual energy.
        Energy "energy" "annual energy" "年用电量",
        /// The customer id.
        Id "id" "customer id" "客户编号",
    }
}

/// Compares two customers, better first, and returns the criterion that decided: no veto, score, revenue, energy (each
/// descending, missing last), or id (ascending).
pub(super) fn compare(a: &RankKey, b: &RankKey) -> (Ordering, BrokenBy) {
    let steps = [
        (a.vetoed.cmp(&b.vetoed), BrokenBy::Veto),
        (b.score_e6.cmp(&a.score_e6), BrokenBy::Score),
        (descending(a.revenue, b.revenue), BrokenBy::Revenue),
        (descending(a.energy, b.energy), BrokenBy::Energy),
    ];
    steps.into_iter().find(|(order, _)| order.is_ne()).unwrap_or((a.number.cmp(&b.number), BrokenBy::Id))
}

/// Descending order, missing values last.
pub(super) fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
