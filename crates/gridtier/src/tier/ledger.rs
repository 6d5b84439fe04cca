//! The boundaries between the tiers of a stratum, and the ledger that documents them.

use super::keeps_ties;
use super::order::Ordered;
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
    /// Number of ranked customers of the stratum.
    pub customers: u64,
    /// Number of customers above the line by quota: (N × c + 50) div 100.
    pub quota: u64,
    /// Number of customers above the line as it was drawn. It differs from the quota if ties are kept together, or if
    /// places stay empty because too few customers reach the floor of the tier.
    pub count: u64,
    /// The score just above the line.
    pub score_above_e6: Option<i64>,
    /// The score just below the line.
    pub score_below_e6: Option<i64>,
    /// Number of customers with the score and veto state that both neighbours of the line have; 0 if these differ in
    /// score or veto state.
    pub tie_group: u64,
    /// The criterion by which the two sides differ.
    pub broken_by: BrokenBy,
}

impl LedgerLine {
    /// The boundary as `special/grade-1` and so on.
    #[must_use]
    pub fn boundary(&self) -> String {
        format!("{}/{}", self.better.code(), Tier::ALL[self.better as usize + 1].code())
    }
}

/// Number of customers above each boundary, after the method's rule for ties and its floors.
pub(super) fn cuts(ranked: impl Ordered + Copy, method: &Method, quotas: [usize; 3]) -> [usize; 3] {
    std::array::from_fn(|place| {
        let count = with_ties(ranked, method, quotas[place]);
        method.lines.floors_e6[place].map_or(count, |floor_e6| ranked.reaching(floor_e6, count))
    })
}

/// Number of customers above a boundary, after the method's rule for ties.
pub(super) fn with_ties(ranked: impl Ordered, method: &Method, quota: usize) -> usize {
    if !keeps_ties(method) || quota == 0 || quota == ranked.len() {
        return quota;
    }
    let group = ranked.tie_group(quota);
    match method.ties {
        Ties::Up => group.end,
        Ties::Down => group.start,
        Ties::Break => quota,
    }
}

/// Number of customers above each boundary by the quotas of a stratum: (N × c + 50) div 100.
pub(super) fn quotas(customers: usize, method: &Method, stratum: &str) -> [usize; 3] {
    method.lines.boundaries(stratum).map(|percent| (customers * index(percent) + 50) / 100)
}

/// The ledger's lines of one stratum.
pub(super) fn ledger(
    stratum: &str,
    ranked: impl Ordered,
    quotas: [usize; 3],
    cuts: [usize; 3],
) -> Vec<LedgerLine> {
    quotas
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
