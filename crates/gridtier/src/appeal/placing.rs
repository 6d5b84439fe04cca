//! Places one customer of a cycle anew in its stratum, by either rule for quotas, and finds who else
//! moves because of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::corrected::CorrectedCustomer;
use super::standing::{DrawnLine, Newcomer};
use crate::compare::Damaged;
use crate::cycle::{Cycle, Placed};
use crate::index::{count, index, index_u64};
use crate::method::{AppealQuota, Tier};
use crate::run::{ControlTotals, Graded, TierTotal};
use crate::score::Provisional;
use crate::text;
use crate::tier::{
    LedgerLine, Policy, PolicyPlace, PolicyRules, RankKey, counts_above, keeps_ties, leaves_places,
    ledger_lines,
};
use crate::word::Word as _;

/// Score, rank and tier of a customer, as a ruling records them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealPlace {
    /// Score in 10⁻⁶ points; null when nothing is known.
    pub score_e6: Option<i64>,
    /// Rank in the stratum; null for a provisional customer.
    pub rank: Option<u64>,
    /// Final tier.
    pub tier: Tier,
}

impl From<&Placed> for AppealPlace {
    fn from(row: &Placed) -> Self {
        Self { score_e6: row.score_e6, rank: row.rank, tier: row.tier }
    }
}

/// Another customer whose final tier changes because of an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RippledCustomer {
    /// Its id.
    pub customer_id: String,
    /// The final tier that was published.
    pub before: Tier,
    /// The final tier after the appeal.
    pub after: Tier,
}

/// A cycle in which one customer was placed anew.
#[derive(Clone, Debug)]
pub struct Placing {
    /// Position of the customer in the cycle's rows.
    pub at: usize,
    /// The customer's place before the appeal.
    pub before: AppealPlace,
    /// The customer's place after the appeal.
    pub after: AppealPlace,
    /// The customer's row, and every other row that differs from the published one, by position in the
    /// cycle's rows.
    pub rows: BTreeMap<usize, Placed>,
    /// The boundaries of all strata.
    pub ledger: Vec<LedgerLine>,
    /// All other customers whose final tier changes, by id.
    pub ripple: Vec<RippledCustomer>,
}

impl Placing {
    /// Places the customer in row `at` of the cycle by its corrected values. `cycle.previous` must hold the final tiers that
    /// the cycle's policies used.
    ///
    /// # Errors
    /// The cycle's ranks contradict its ledger.
    pub fn new(
        cycle: &Cycle,
        at: usize,
        corrected: &CorrectedCustomer,
        quota: AppealQuota,
    ) -> Result<Self, Damaged> {
        let published = &cycle.rows[at];
        let row = Placed {
            stratum: corrected.stratum,
            rank: None,
            score_e6: corrected.score_e6,
            dimensions: corrected.parts.dimensions,
            provisional: corrected.provisional,
            computed: None,
            policy: None,
            ceiling: corrected.ceiling,
            ..published.clone()
        };
        let mut placing = Self {
            at,
            before: published.into(),
            after: published.into(),
            rows: BTreeMap::from([(at, row)]),
            ledger: cycle.ledger.clone(),
            ripple: Vec::new(),
        };
        // A customer whose group changed first leaves its old stratum.
        if corrected.stratum != published.stratum {
            StratumOrder::new(cycle, published.stratum, at)?.place(&mut placing, None, quota);
        }
        let key = corrected.provisional.is_none().then(|| corrected.key(published.number));
        StratumOrder::new(cycle, corrected.stratum, at)?.place(&mut placing, key, quota);
        placing.rows.retain(|&position, row| position == at || *row != cycle.rows[position]);
        placing.after = (&placing.rows[&at]).into();
        let rippled = placing
            .rows
            .iter()
            .filter(|(position, row)| **position != at && row.tier != cycle.rows[**position].tier);
        placing.ripple = rippled
            .map(|(&position, row)| RippledCustomer {
                customer_id: cycle.customers.ids.key(row.number).to_owned(),
                before: cycle.rows[position].tier,
                after: row.tier,
            })
            .collect();
        Ok(placing)
    }

    /// The control totals of the revised cycle. `published` holds those of the cycle. `graded` holds the facts of all customers,
    /// with this customer's corrected.
    #[must_use]
    pub fn control_totals(&self, cycle: &Cycle, published: &ControlTotals, graded: &Graded) -> ControlTotals {
        let counted = graded.control_totals();
        let mut totals = ControlTotals {
            population: count(cycle.rows.len()),
            ranked: 0,
            short_history: 0,
            low_known_weight: 0,
            vetoed: 0,
            lowered_by_veto: 0,
            tiers: [TierTotal::default(); 4],
            reconciliation: published.reconciliation.clone(),
            ..counted
        };
        let judged = graded.judged();
        for (position, published) in cycle.rows.iter().enumerate() {
            let row = self.rows.get(&position).unwrap_or(published);
            totals.ranked += u64::from(row.rank.is_some());
            totals.short_history += u64::from(row.provisional == Some(Provisional::ShortHistory));
            totals.low_known_weight += u64::from(row.provisional == Some(Provisional::LowKnownWeight));
            totals.vetoed += u64::from(row.ceiling.is_some());
            totals.lowered_by_veto += u64::from(row.policy == Some(Policy::Veto));
            let tier = &mut totals.tiers[row.tier.position()];
            tier.customers += 1;
            tier.provisional += u64::from(row.provisional.is_some());
            if let Some(number) = judged.customers.ids.get(cycle.customers.ids.key(row.number)) {
                let facts = &judged.rows[index(number)];
                tier.revenue_fen = tier.revenue_fen.saturating_add(facts.billing.billed_fen);
                tier.active_wh = tier.active_wh.saturating_add(facts.energy.active_wh);
            }
        }
        totals
    }

    /// Whether the score, rank or tier of the customer changes, or the tier of anybody else.
    #[must_use]
    pub fn changes_places(&self) -> bool {
        self.before != self.after || !self.ripple.is_empty()
    }
}

/// The ranked customers of a stratum, without the customer who appeals.
struct StratumOrder<'a> {
    cycle: &'a Cycle,
    /// Number of the stratum.
    stratum: u32,
    /// Positions of the other customers in the cycle's rows, best first.
    others: Vec<usize>,
    /// The keys of the other customers, in the same order.
    keys: Vec<RankKey>,
    /// The published lines, best first.
    lines: [DrawnLine; 3],
    /// The published rank of the customer who appeals; `None` if it was not ranked in this stratum.
    rank_before: Option<u64>,
}

impl<'a> StratumOrder<'a> {
    fn new(cycle: &'a Cycle, stratum: u32, at: usize) -> Result<Self, Damaged> {
        let mut ranked: Vec<(u64, usize)> = (0..)
            .zip(&cycle.rows)
            .filter(|(_, row)| row.stratum == stratum)
            .filter_map(|(position, row)| Some((row.rank?, position)))
            .collect();
        ranked.sort_unstable();
        let lines = || cycle.ledger.iter().filter(|line| line.stratum == cycle.strata[index(stratum)]);
        let are_places = (1..).zip(&ranked).all(|(place, (rank, _))| place == *rank);
        if !are_places || lines().any(|line| line.customers != count(ranked.len())) {
            return Err(Damaged(text!(
                "the ranks of a stratum contradict the ledger; run `gridtier verify` on the store",
                "某分层的名次与界线台账不符; 请对存储运行 `gridtier verify`"
            )));
        }
        let mut drawn = [DrawnLine::default(); 3];
        let published: Vec<RankKey> =
            ranked.iter().map(|(_, position)| cycle.rank_key(&cycle.rows[*position])).collect();
        for line in lines() {
            let place = line.better.position();
            let floor_e6 = cycle.method.lines.floors_e6[place];
            let is_open = leaves_places(&published, &cycle.method, line);
            drawn[place] = DrawnLine { count: line.count, floor_e6, is_open };
        }
        let rank_before = ranked.iter().find(|(_, position)| *position == at).map(|(rank, _)| *rank);
        let others: Vec<usize> =
            ranked.into_iter().map(|(_, position)| position).filter(|position| *position != at).collect();
        let keys = others.iter().map(|&position| cycle.rank_key(&cycle.rows[position])).collect();
        Ok(Self { cycle, stratum, others, keys, lines: drawn, rank_before })
    }

    /// Puts the customer into the order by its corrected key. Without a key the customer is not ranked here
    /// and is left out.
    fn place(self, placing: &mut Placing, key: Option<RankKey>, quota: AppealQuota) {
        let Self { cycle, stratum, mut others, mut keys, lines, rank_before } = self;
        let name = &cycle.strata[index(stratum)];
        let keeps_ties = keeps_ties(&cycle.method);
        let standing =
            key.as_ref().map(|key| Newcomer { others: &keys, keeps_ties, rank_before, key }.standing(lines));
        let mut after = match &standing {
            Some(standing) => standing.counts,
            None => lines.map(|DrawnLine { count, .. }| {
                count - u64::from(rank_before.is_some_and(|rank| rank <= count))
            }),
        };
        if let (Some(key), Some(standing)) = (key, standing) {
            let place = index_u64(standing.rank) - 1;
            others.insert(place, placing.at);
            keys.insert(place, key);
        }
        if quota == AppealQuota::Displacement {
            after = counts_above(&keys, &cycle.method, name);
        }
        replace_lines(&mut placing.ledger, name, ledger_lines(&keys, &cycle.method, name, after));
        let rules = PolicyRules::new(&cycle.customers.ids, &cycle.previous, cycle.end, &cycle.method);
        let above = |better: Tier| after.get(better.position()).copied().filter(|_| !keys.is_empty());
        for (rank, &position) in (1u64..).zip(&others) {
            let is_own = position == placing.at;
            let row = placing.rows.entry(position).or_insert_with(|| cycle.rows[position].clone());
            row.rank = Some(rank);
            let computed = Some(Tier::ALL[after.iter().filter(|count| rank > **count).count()]);
            // With a place of its own (`quota`), only vetoed customers behind one who falls below a floor get another computed
            // tier.
            if is_own || quota == AppealQuota::Displacement || row.computed != computed {
                row.computed = computed;
                judge(row, &rules, others.len(), &above);
            }
        }
        if let Some(row) = placing.rows.get_mut(&placing.at).filter(|row| row.rank.is_none()) {
            judge(row, &rules, others.len(), &above);
        }
    }
}

/// Gives a customer the final tier that the policies make of its computed one.
fn judge(row: &mut Placed, rules: &PolicyRules, ranked: usize, above: &dyn Fn(Tier) -> Option<u64>) {
    let place = PolicyPlace {
        number: row.number,
        rank: row.rank,
        computed: row.computed,
        ceiling: row.ceiling,
        ranked,
        above,
    };
    (row.tier, row.policy) = rules.moved(&place);
}

/// Replaces the lines of one stratum in a ledger, which is sorted by the names of strata.
fn replace_lines(ledger: &mut Vec<LedgerLine>, stratum: &str, lines: Vec<LedgerLine>) {
    ledger.retain(|line| line.stratum != stratum);
    let place = ledger.partition_point(|line| line.stratum.as_str() < stratum);
    ledger.splice(place..place, lines);
}
