//! A published cycle in memory: customers, indicators, method, scores and tiers.
//!
//! All of this comes from the cycle's own files, so that later analyses are about what was published, and a method can
//! be tried without reading the meter readings again. The store knows where the files are.

mod score_spread;

use crate::customer::Customers;
use crate::incident::Offence;
use crate::index::{IndicatorIx, index};
use crate::indicator::IndicatorColumn;
use crate::indicator::expression::Expression;
use crate::indicator::registry::{self, ANNUAL_ENERGY, ANNUAL_REVENUE};
use crate::method::{Method, Tier};
use crate::score::{Parameters, Population, Provisional, Scores, judge};
use crate::stratum::Groups;
use crate::tier::{LedgerLine, Policy, Previous, RankKey, TierInputs, Tiers, ceiling_of, grade_on};
use crate::unit::{Month, Window, round_half_away};

pub use score_spread::{ScoreBin, ScoreSpread};

/// A row of the tier table.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Customer number.
    pub number: u32,
    /// Place of the stratum in [`Cycle::strata`].
    pub stratum: u32,
    /// Rank in the stratum; `None` for provisional customers.
    pub rank: Option<u64>,
    /// Published score.
    pub score_e6: Option<i64>,
    /// The published score within each dimension; `None` if no indicator of the dimension is known.
    pub dimensions: [Option<f64>; 3],
    /// Why the customer is provisional, that is, scored but not ranked.
    pub provisional: Option<Provisional>,
    /// The tier by rank and quota; `None` for provisional customers.
    pub computed: Option<Tier>,
    /// The tier after the policies.
    pub tier: Tier,
    /// The policy that made the final tier differ from the computed one.
    pub policy: Option<Policy>,
    /// The best tier that confirmed offences leave to the customer.
    pub ceiling: Option<Tier>,
}

/// The confirmed offences of a cycle, by account and month.
#[derive(Clone, Debug, Default)]
pub struct PublishedOffences {
    /// The offences. Their customer number is that of the account.
    pub rows: Vec<Offence>,
    /// For each account, the number of its holder; `None` if accounts are graded and not holders.
    pub holders: Option<Vec<u32>>,
}

impl PublishedOffences {
    /// The offences of each account that has any, each with the number of the graded customer.
    pub fn by_customer(&self) -> impl Iterator<Item = (u32, &[Offence])> {
        self.rows.chunk_by(|a, b| a.customer == b.customer).map(|offences| {
            let account = offences[0].customer;
            let holder = self.holders.as_ref().map(|holders| holders[account.index()]);
            (holder.unwrap_or(account.number()), offences)
        })
    }
}

/// A ranked customer as it was graded.
#[derive(Clone, Copy, Debug)]
pub struct Ranked {
    /// Customer number.
    pub number: u32,
    /// Number of the stratum.
    pub stratum: u32,
    /// Rank in the stratum, from 1.
    pub rank: u64,
    /// The published score.
    pub score_e6: i64,
    /// The tier by rank and quota.
    pub computed: Tier,
    /// Whether confirmed offences put the customer behind all customers without a veto.
    pub vetoed: bool,
}

/// A published cycle.
#[derive(Debug)]
pub struct Cycle {
    /// The cycle's method.
    pub method: Method,
    /// The first month after the cycle's window.
    pub end: Month,
    /// Length of the cycle's window in months.
    pub months: u32,
    /// The version of the rules of counting; cycles of different versions cannot be compared value by value.
    pub counting: u32,
    /// The accepted customers; the holders if holders are graded.
    pub customers: Customers,
    /// For each indicator of the method, the values by customer number; unknown for customers who were not graded.
    pub columns: Vec<IndicatorColumn>,
    /// The values of other methods' expressions over the cycle's facts, by customer number, as far as they were asked
    /// for.
    pub expressed: Vec<(Expression, IndicatorColumn)>,
    /// The graded population, by customer number.
    pub rows: Vec<Placed>,
    /// The names of the strata, at the places that the rows give.
    pub strata: Vec<String>,
    /// The boundaries between tiers, by stratum and boundary.
    pub ledger: Vec<LedgerLine>,
    /// Confirmed offences for which the customers are responsible.
    pub offences: PublishedOffences,
    /// For each customer number, how many months are covered.
    pub covered_months: Vec<u32>,
    /// The parameters that were fitted to the ranked customers.
    pub parameters: Parameters,
    /// For each indicator, its share of the score's variance.
    pub influence: Vec<Option<f64>>,
    /// The final tiers of the cycle before, if there is such a cycle and its tiers were asked for.
    pub previous: Previous,
}

impl Cycle {
    /// The ranked customers, by number.
    #[must_use]
    pub fn ranked(&self) -> Vec<Ranked> {
        self.rows
            .iter()
            .filter_map(|row| {
                Some(Ranked {
                    number: row.number,
                    stratum: row.stratum,
                    rank: row.rank?,
                    score_e6: row.score_e6?,
                    computed: row.computed?,
                    vetoed: row.ceiling.is_some(),
                })
            })
            .collect()
    }

    /// Grades the same customers on the same values by another method, as a regrade would. The covered months tell
    /// which histories are short, and the offences give the ceilings.
    #[must_use]
    pub fn judged(&self, columns: &[IndicatorColumn], method: &Method) -> (Scores, Tiers) {
        self.judged_after(&self.previous, columns, method)
    }

    /// As [`judged`](Self::judged), with these final tiers of the cycle before.
    #[must_use]
    pub fn judged_after(
        &self,
        previous: &Previous,
        columns: &[IndicatorColumn],
        method: &Method,
    ) -> (Scores, Tiers) {
        let numbers = self.rows.iter().map(|row| row.number).collect();
        let covered = self.rows.iter().map(|row| self.covered_months[index(row.number)]);
        let short_history: Vec<bool> = covered.map(|months| months < method.min_months).collect();
        let ceilings = self.ceilings(method);
        let delivered = method.indicators.iter().map(|spec| self.is_delivered(&spec.id)).collect();
        let groups = Groups::of_points(&self.customers, method);
        let population = Population { numbers, short_history: &short_history, delivered, groups };
        let scores = judge(population, columns, method);
        let inputs = TierInputs {
            ids: &self.customers.ids,
            groups: Groups::of(&self.customers, method.strata),
            end: self.end,
            ceilings: self.rows.iter().map(|row| ceilings[index(row.number)]).collect(),
            previous,
        };
        let tiers = grade_on(inputs, columns, &scores, method);
        (scores, tiers)
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { end: self.end, months: self.months }
    }

    /// For each customer number, the strictest ceiling that the cycle's offences give by the vetoes of a method. A
    /// holder is vetoed if one of its accounts is vetoed.
    #[must_use]
    pub fn ceilings(&self, method: &Method) -> Vec<Option<Tier>> {
        let mut ceilings = vec![None; self.customers.len()];
        for (customer, offences) in self.offences.by_customer() {
            let ceiling = &mut ceilings[index(customer)];
            *ceiling = (*ceiling).max(ceiling_of(offences, method));
        }
        ceilings
    }

    /// Whether the data that an indicator needs were delivered. `true` for every indicator of the method's own; `false`
    /// for an indicator of the registry that the cycle's method does not have.
    fn is_delivered(&self, id: &str) -> bool {
        let place = self.method.indicators.iter().position(|spec| spec.id == id);
        place.map_or(registry::find(id).is_none(), |place| self.parameters.delivered[place])
    }

    /// A customer's annual revenue in fen; 0 where it is unknown.
    #[must_use]
    pub fn revenue_fen(&self, number: u32) -> i64 {
        self.amount(ANNUAL_REVENUE, number, 100.0)
    }

    /// A customer's annual energy in Wh; 0 where it is unknown.
    #[must_use]
    pub fn energy_wh(&self, number: u32) -> i64 {
        self.amount(ANNUAL_ENERGY, number, 1000.0)
    }

    /// A customer's value of an indicator of the registry's first part, which every method has; `None` unless known.
    #[must_use]
    pub fn registry_value(&self, indicator: IndicatorIx, number: u32) -> Option<f64> {
        self.columns[indicator.index()].known(index(number))
    }

    /// The sort key of a customer by its published values.
    #[must_use]
    pub fn rank_key(&self, row: &Placed) -> RankKey {
        RankKey {
            number: row.number,
            vetoed: row.ceiling.is_some(),
            score_e6: row.score_e6,
            revenue: self.registry_value(ANNUAL_REVENUE, row.number),
            energy: self.registry_value(ANNUAL_ENERGY, row.number),
        }
    }

    /// A value in units of 1/`units`, rounded; 0 where it is unknown.
    fn amount(&self, indicator: IndicatorIx, number: u32, units: f64) -> i64 {
        self.registry_value(indicator, number).map_or(0, |x| round_half_away(x * units))
    }
}
