//! The order within a stratum, the lines that cut it, and the ledger that defends each line.

use std::cmp::Ordering;

use super::keeps_ties;
use super::rank::Ranking;
use crate::method::{Method, Tier, Ties};

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

/// One boundary of one stratum.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The stratum.
    pub stratum: String,
    /// The tier above the line.
    pub better: Tier,
    /// Ranked customers of the stratum.
    pub customers: u64,
    /// Customers above the line by quota: (N × c + 50) div 100.
    pub quota: u64,
    /// Customers above the line; differs from the quota only where ties are kept together.
    pub count: u64,
    /// Score just above.
    pub score_above_e6: Option<i64>,
    /// Score just below.
    pub score_below_e6: Option<i64>,
    /// Customers with the score and veto state found on both sides; 0 when either differs.
    pub tie_group: u64,
    /// What told the two sides apart.
    pub broken_by: BrokenBy,
}

impl Line {
    /// `special/grade-1`, …
    #[must_use]
    pub fn boundary(&self) -> String {
        format!("{}/{}", self.better.name(), Tier::ALL[self.better as usize + 1].name())
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

/// How many customers stand above each line, after the method's rule for ties.
pub(super) fn cuts(ranked: Ranking, method: &Method) -> [usize; 3] {
    quotas(ranked.len(), method).map(|quota| {
        if !keeps_ties(method) || quota == 0 || quota == ranked.len() {
            return quota;
        }
        let group = ranked.tie_group(quota);
        match method.ties {
            Ties::Up => group.end,
            Ties::Down => group.start,
            Ties::Break => quota,
        }
    })
}

fn quotas(customers: usize, method: &Method) -> [usize; 3] {
    method.boundaries().map(|percent| (customers * percent as usize + 50) / 100)
}

/// The ledger's lines of one stratum.
pub(super) fn ledger(stratum: &str, ranked: Ranking, method: &Method, cuts: [usize; 3]) -> Vec<Line> {
    let line = |place: usize| {
        let quota = quotas(ranked.len(), method)[place];
        let above = quota.checked_sub(1).and_then(|last| ranked.get(last));
        let below = ranked.get(quota);
        let (tie_group, broken_by) = match (&above, &below) {
            (Some(above), Some(below)) => (ranked.tie_group(quota).len(), compare(above, below).1),
            _ => (0, BrokenBy::Score),
        };
        Line {
            stratum: stratum.into(),
            better: Tier::ALL[place],
            customers: ranked.len() as u64,
            quota: quota as u64,
            count: cuts[place] as u64,
            score_above_e6: above.and_then(|standing| standing.score_e6),
            score_below_e6: below.and_then(|standing| standing.score_e6),
            tie_group: tie_group as u64,
            broken_by,
        }
    };
    (0..3).map(line).collect()
}
