//! What orders two ranked customers of a stratum, best first.

use std::cmp::Ordering;

/// What orders a ranked customer.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Customer number: the order of ids by bytes.
    pub number: u32,
    pub vetoed: bool,
    pub score_e6: Option<i64>,
    pub revenue: Option<f64>,
    pub energy: Option<f64>,
}

/// What told two customers apart at a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenBy {
    /// The score: no tie.
    Score,
    /// One is vetoed.
    Veto,
    /// Annual revenue.
    Revenue,
    /// Annual energy.
    Energy,
    /// The customer id.
    Id,
}

impl BrokenBy {
    /// The word of the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Veto => "veto",
            Self::Revenue => "revenue",
            Self::Energy => "energy",
            Self::Id => "id",
        }
    }
}

/// Best first: not vetoed, score, revenue, energy (each descending, none last), id ascending.
pub(super) fn compare(a: &Standing, b: &Standing) -> (Ordering, BrokenBy) {
    let steps = [
        (a.vetoed.cmp(&b.vetoed), BrokenBy::Veto),
        (b.score_e6.cmp(&a.score_e6), BrokenBy::Score),
        (descending(a.revenue, b.revenue), BrokenBy::Revenue),
        (descending(a.energy, b.energy), BrokenBy::Energy),
    ];
    steps.into_iter().find(|(order, _)| order.is_ne()).unwrap_or((a.number.cmp(&b.number), BrokenBy::Id))
}

/// More before less, none last.
pub(super) fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
