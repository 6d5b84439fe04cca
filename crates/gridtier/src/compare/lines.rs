//! The lines between the tiers of a published grading, by which any customer can be placed in a tier (REGRADE section
//! 3).
//!
//! A line is not simply a score, since vetoed customers and ties may lie next to it. It is the rank key of its
//! *holder*: the customer whose rank equals the number of customers above the line. A customer is above the line if its
//! key does not come after the holder's key.

use crate::index::{index, index_u64};
use crate::method::{Method, Tier, Ties};
use crate::tier::{LedgerLine, RankKey, keeps_ties};
use crate::word::Word;

/// One line of one stratum.
#[derive(Clone, Debug)]
enum Line {
    /// Nobody is above it.
    Nobody,
    /// Everybody is above it.
    Everybody,
    /// This customer and all who do not come after it are above the line.
    Holder(RankKey),
    /// The tier's floor leaves places empty. Customers who reach the floor are above the line; so are vetoed customers
    /// who do not come after the last customer above the line.
    Floor { floor_e6: i64, last: Option<RankKey> },
}

/// The lines of all strata of a grading.
#[derive(Clone, Debug)]
pub(crate) struct TierLines {
    /// For each number of a stratum, its lines, best first; `None` where nobody is ranked.
    by_stratum: Vec<Option<[Line; 3]>>,
    /// Whether the method's rule for ties keeps customers of equal score on one side of a line.
    keeps_ties: bool,
}

/// A ranked customer of a grading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RankedAt {
    /// Position in the grading's rows.
    pub at: usize,
    /// Number of the stratum.
    pub stratum: u32,
    /// Rank in the stratum, from 1.
    pub rank: u64,
}

impl TierLines {
    /// The lines of a grading, from its ledger. `key` gives the rank key of the customer at a position. `None` if the
    /// ranks contradict the ledger.
    pub fn new(
        strata: &[String],
        ledger: &[LedgerLine],
        ranked: impl Iterator<Item = RankedAt>,
        key: impl Fn(usize) -> RankKey,
        method: &Method,
    ) -> Option<Self> {
        let mut orders: Vec<Vec<Option<u32>>> = vec![Vec::new(); strata.len()];
        for line in ledger {
            let stratum = strata.iter().position(|name| *name == line.stratum)?;
            orders[stratum].resize(index_u64(line.customers), None);
        }
        for RankedAt { at, stratum, rank } in ranked {
            let place = orders[index(stratum)].get_mut(index_u64(rank).checked_sub(1)?)?;
            *place = Some(u32::try_from(at).ok()?);
        }
        let lines = |(stratum, order): (&String, &Vec<Option<u32>>)| {
            if order.is_empty() {
                return Some(None);
            }
            let order: Vec<u32> = order.iter().copied().collect::<Option<_>>()?;
            let ranking = PublishedRanking { order: &order, key: &key, method };
            let of_tier = |better: Tier| {
                let line = ledger.iter().find(|line| line.stratum == *stratum && line.better == better)?;
                ranking.line(line)
            };
            let [special, grade1, grade2, _] = Tier::ALL;
            Some(Some([of_tier(special)?, of_tier(grade1)?, of_tier(grade2)?]))
        };
        let by_stratum = strata.iter().zip(&orders).map(lines).collect::<Option<_>>()?;
        Some(Self { by_stratum, keeps_ties: keeps_ties(method) })
    }

    /// The tier of a customer in a stratum: the best tier whose line the customer is above, but no better than its
    /// ceiling; `None` where nobody is ranked.
    pub fn tier(&self, stratum: u32, key: &RankKey, ceiling: Option<Tier>) -> Option<Tier> {
        let lines = self.by_stratum[index(stratum)].as_ref()?;
        let above = Tier::ALL[lines.iter().filter(|line| !self.is_above(line, key)).count()];
        Some(ceiling.map_or(above, |ceiling| above.max(ceiling)))
    }

    fn is_above(&self, line: &Line, key: &RankKey) -> bool {
        match line {
            Line::Nobody => false,
            Line::Everybody => true,
            Line::Holder(holder) if self.keeps_ties => !key.is_worse(holder),
            Line::Holder(holder) => !key.is_after(holder),
            Line::Floor { last, .. } if key.vetoed => last.as_ref().is_some_and(|last| !key.is_after(last)),
            Line::Floor { floor_e6, .. } => key.score_e6 >= Some(*floor_e6),
        }
    }
}

/// The ranked customers of a stratum, best first.
struct PublishedRanking<'a, K> {
    /// Positions in the grading's rows.
    order: &'a [u32],
    key: &'a K,
    method: &'a Method,
}

impl<K: Fn(usize) -> RankKey> PublishedRanking<'_, K> {
    /// The rank key of the customer at a rank.
    fn key_at(&self, rank: usize) -> Option<RankKey> {
        Some((self.key)(index(*self.order.get(rank.checked_sub(1)?)?)))
    }

    fn line(&self, published: &LedgerLine) -> Option<Line> {
        let count = index_u64(published.count);
        let floor_e6 = self.method.lines.floors_e6[published.better.position()];
        // After an appeal a place can be free although the next customer reaches the floor.
        let floor_e6 = floor_e6.filter(|&floor_e6| {
            count < self.with_ties(index_u64(published.quota))
                && !self.key_at(count + 1).is_some_and(|below| below.reaches(floor_e6))
        });
        if let Some(floor_e6) = floor_e6 {
            let last = self.key_at(count).filter(|key| key.vetoed);
            return Some(Line::Floor { floor_e6, last });
        }
        match count {
            0 => Some(Line::Nobody),
            all if all == self.order.len() => Some(Line::Everybody),
            count => self.key_at(count).map(Line::Holder),
        }
    }

    /// How many customers are above a line by the quota and the method's rule for ties, before the floor applies.
    fn with_ties(&self, quota: usize) -> usize {
        let (Some(above), Some(below)) = (self.key_at(quota), self.key_at(quota + 1)) else { return quota };
        if self.method.ties == Ties::Break || below.is_worse(&above) {
            return quota;
        }
        match self.method.ties {
            Ties::Down => self.order.partition_point(|at| above.is_worse(&(self.key)(index(*at)))),
            _ => self.order.partition_point(|at| !(self.key)(index(*at)).is_worse(&above)),
        }
    }
}

#[cfg(test)]
mod tests;
