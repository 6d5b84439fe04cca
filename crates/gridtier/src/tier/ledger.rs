//! The boundaries between the tiers of a stratum, and the ledger that documents them.

use super::keeps_ties;
use super::rank::Ranking;
use super::rank_key::{BrokenBy, compare};
use crate::index::{count, index};
use crate::method::{Method, Tier, Ties};
use crate::word::Word;

/// One boundary of one stratum.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerLine {
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
    /// The criterion by which the two sides differ.
    pub broken_by: BrokenBy,
}

impl LedgerLine {
    /// `special/grade-1`, …
    #[must_use]
    pub fn boundary(&self) -> String {
        format!("{}/{}", self.better.code(), Tier::ALL[self.better as usize + 1].code())
    }
}

/// Customers above each boundary, after the method's rule for ties.
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
    method.boundaries().map(|percent| (customers * index(percent) + 50) / 100)
}

/// The ledger's lines of one stratum.
pub(super) fn ledger(stratum: &str, ranked: Ranking, method: &Method, cuts: [usize; 3]) -> Vec<LedgerLine> {
    quotas(ranked.len(), method)
        .into_iter()
        .zip(cuts)
        .zip(Tier::ALL)
        .map(|((quota, cut), better)| {
            let above = quota.checked_sub(1).and_then(|last| ranked.get(last));
            let below = ranked.get(quota);
            let (tie_group, broken_by) = match (&above, &below) {
                (Some(above), Some(below)) => (ranked.tie_group(quota).len(), compare(above, below).1),
                _ => (0, BrokenBy::Score),
            };
            LedgerLine {
                stratum: stratum.into(),
                better,
                customers: count(ranked.len()),
                quota: count(quota),
                count: count(cut),
                score_above_e6: above.and_then(|customer| customer.score_e6),
                score_below_e6: below.and_then(|customer| customer.score_e6),
                tie_group: count(tie_group),
                broken_by,
            }
        })
        .collect()
}
