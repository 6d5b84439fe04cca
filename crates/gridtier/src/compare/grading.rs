//! Judges the customers of a cycle by the earlier cycle's method in two ways (REGRADE section 3): with that cycle's
//! parameters and lines (*frozen*), and with parameters and lines found anew (*refitted*).

use std::borrow::Cow;

use rayon::prelude::*;

use super::groups::GroupStrata;
use super::lines::{RankedAt, TierLines};
use super::pair::{Damaged, Pair, PairedCustomer};
use super::values::values;
use crate::cycle::Cycle;
use crate::index::{float_i64, index};
use crate::indicator::IndicatorColumn;
use crate::indicator::registry::{ANNUAL_ENERGY, ANNUAL_REVENUE};
use crate::method::Tier;
use crate::score::{NO_SCORE, OnParameters, Parameters};
use crate::text;
use crate::tier::{Previous, RankKey};

/// The graded customers of a cycle, measured by the earlier cycle's method. Except for `values`, columns are in the order
/// of the cycle's rows.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    /// The cycle.
    pub cycle: &'a Cycle,
    /// Its values in the order of the earlier method's indicators, by customer number.
    pub values: Cow<'a, [IndicatorColumn]>,
    /// The best tier that the earlier method's vetoes allow, given the customer's offences; `None` without
    /// a veto.
    pub ceilings: Vec<Option<Tier>>,
    /// The stratum of the earlier cycle to which the customer's group belongs.
    pub strata: Vec<u32>,
    /// The score by the earlier cycle's parameters in 10⁻⁶ points, or [`NO_SCORE`].
    pub scores_e6: Vec<i32>,
}

impl Measured<'_> {
    /// The rank key of the customer at a position of the cycle's rows, from the customer's values in the cycle and a given
    /// score. `number` is the customer's index in the pair.
    pub fn key(&self, at: usize, number: u32, points_e6: i32) -> RankKey {
        key(self.cycle, at, number, self.ceilings[at].is_some(), published(points_e6))
    }
}

/// The later cycle's customers as the earlier method would grade them. Columns are in the order of the later cycle's rows,
/// except for `strata`.
#[derive(Debug)]
pub(super) struct Cohort {
    /// The strata of the fit.
    pub strata: Vec<String>,
    /// The number of the customer's stratum in `strata`.
    pub stratum: Vec<u32>,
    /// In 10⁻⁶ points, or [`NO_SCORE`].
    pub scores_e6: Vec<i32>,
    /// The tier before policies; `None` where nobody in the customer's stratum is ranked.
    pub tiers: Vec<Option<Tier>>,
}

/// The method, parameters and lines of the earlier cycle, and the tiers by the lines of the later
/// one.
pub(super) struct GradingRules<'a> {
    pair: &'a Pair<'a>,
    /// The earlier cycle's parameters, with its strata in the order of its rows.
    parameters: Parameters,
    groups: GroupStrata<'a>,
    lines_before: TierLines,
    /// By position in the rows of each cycle: the customer's index in the pair.
    numbers_before: Vec<u32>,
    numbers_after: Vec<u32>,
    /// For each position in the later cycle's rows: the customer's tier by that cycle's lines.
    tiers_after: Vec<Option<Tier>>,
}

impl<'a> GradingRules<'a> {
    /// # Errors
    /// The ranks of one of the cycles contradict its ledger.
    pub fn new(pair: &'a Pair<'a>) -> Result<Self, Damaged> {
        let numbers_before = numbers(pair, pair.before, PairedCustomer::before_at);
        let numbers_after = numbers(pair, pair.after, PairedCustomer::after_at);
        let lines_before = lines(pair.before, &numbers_before)?;
        let lines_after = lines(pair.after, &numbers_after)?;
        let placed = numbers_after.par_iter().enumerate().map(|(at, number)| {
            let row = &pair.after.rows[at];
            let key = key(pair.after, at, *number, row.ceiling.is_some(), row.score_e6);
            lines_after.tier(row.stratum, &key, row.ceiling)
        });
        let tiers_after = placed.collect();
        let groups = GroupStrata::new(pair.before);
        let parameters = pair.before.parameters.with_strata(&pair.before.strata);
        Ok(Self { pair, parameters, groups, lines_before, numbers_before, numbers_after, tiers_after })
    }

    /// Values to be scored by the earlier cycle's method and frozen parameters, in strata of that cycle.
    pub fn frozen<'v>(
        &'v self,
        columns: &'v [IndicatorColumn],
        numbers: &'v [u32],
        strata: &'v [u32],
    ) -> OnParameters<'v> {
        let (method, parameters) = (&self.pair.before.method, &self.parameters);
        OnParameters { method, parameters, columns, numbers, strata }
    }

    /// Whether points are fitted within strata, so that a customer's score depends on its stratum.
    pub fn is_fitted_by_stratum(&self) -> bool {
        !self.parameters.strata.is_empty()
    }

    /// The earlier cycle itself, as it was published.
    pub fn before(&self) -> Measured<'a> {
        let cycle = self.pair.before;
        Measured {
            cycle,
            values: Cow::Borrowed(&cycle.columns),
            ceilings: cycle.rows.iter().map(|row| row.ceiling).collect(),
            strata: cycle.rows.iter().map(|row| row.stratum).collect(),
            scores_e6: cycle.rows.iter().map(|row| points(row.score_e6)).collect(),
        }
    }

    /// The customers of another cycle; `None` if it has not published what a value of the earlier method needs.
    pub fn measured(&self, cycle: &'a Cycle) -> Option<Measured<'a>> {
        let values = values(cycle, &self.pair.before.method)?;
        let numbers: Vec<u32> = cycle.rows.iter().map(|row| row.number).collect();
        let strata = self.groups.of(cycle);
        let scores_e6 = self.frozen(&values, &numbers, &strata).scores();
        let by_number = cycle.ceilings(&self.pair.before.method);
        let ceilings = numbers.iter().map(|&number| by_number[index(number)]).collect();
        Some(Measured { cycle, values, ceilings, strata, scores_e6 })
    }

    /// The customer's tier by the earlier cycle's lines; `None` where nobody in the stratum is ranked.
    pub fn tier(&self, stratum: u32, key: &RankKey, ceiling: Option<Tier>) -> Option<Tier> {
        self.lines_before.tier(stratum, key, ceiling)
    }

    /// The tier of the customer at a position of the later cycle's rows, by that cycle's lines.
    pub fn tier_after(&self, at: usize) -> Option<Tier> {
        self.tiers_after[at]
    }

    /// Tests that the earlier cycle's parameters give the scores that it published, and that its lines give the tiers of
    /// its ranked customers.
    ///
    /// # Errors
    /// A score or a tier differs from the published one.
    pub fn check(&self, before: &Measured) -> Result<(), Damaged> {
        let rows = &before.cycle.rows;
        let numbers: Vec<u32> = rows.iter().map(|row| row.number).collect();
        let found = self.frozen(&before.values, &numbers, &before.strata).scores();
        for (at, (row, &found)) in rows.iter().zip(&found).enumerate() {
            let id = before.cycle.customers.ids.key(row.number);
            if found != before.scores_e6[at] {
                let [found, known] = [published(found), row.score_e6].map(shown);
                return Err(Damaged(text!(
                    "the parameters of the earlier cycle give customer {id} a score of {found}, but the published \
                     score is {known}; run `gridtier verify` on the store",
                    "按前一周期的参数, 客户 {id} 的得分为 {found}, 而已发布的得分为 {known}; 请对存储运行 `gridtier verify`",
                )));
            }
            let Some(computed) = row.computed else { continue };
            let key = before.key(at, self.numbers_before[at], found);
            let expected = row.ceiling.map_or(computed, |ceiling| computed.max(ceiling));
            if self.tier(row.stratum, &key, row.ceiling) != Some(expected) {
                return Err(Damaged(text!(
                    "the lines of the earlier cycle put customer {id} into another tier than its rank does; run `gridtier \
                     verify` on the store",
                    "客户 {id} 按前一周期界线所处的等级与其名次不符; 请对存储运行 `gridtier verify`",
                )));
            }
        }
        Ok(())
    }

    /// The later cycle's customers graded anew by the earlier method. If both cycles have the same method, the result is
    /// what the later cycle has published.
    ///
    /// # Errors
    /// The new ranks contradict the new lines, which would be a bug.
    pub fn cohort(&self, after: &Measured) -> Result<Cohort, Damaged> {
        let cycle = self.pair.after;
        if cycle.method.text == self.pair.before.method.text {
            return Ok(Cohort {
                strata: cycle.strata.clone(),
                stratum: cycle.rows.iter().map(|row| row.stratum).collect(),
                scores_e6: cycle.rows.iter().map(|row| points(row.score_e6)).collect(),
                tiers: self.tiers_after.clone(),
            });
        }
        self.refitted(after)
    }

    /// The later cycle's customers graded anew by the earlier method.
    ///
    /// # Errors
    /// The new ranks contradict the new lines, which would be a bug.
    pub(super) fn refitted(&self, after: &Measured) -> Result<Cohort, Damaged> {
        let (cycle, method) = (after.cycle, &self.pair.before.method);
        let (scores, tiers) = cycle.judged_after(&Previous::new(), &after.values, method);
        let key = |at: usize| after.key(at, self.numbers_after[at], scores.points_e6[at]);
        let ranked = (0..cycle.rows.len())
            .filter_map(|at| Some(RankedAt { at, stratum: tiers.stratum[at], rank: tiers.rank(at)? }));
        let lines =
            TierLines::new(&tiers.strata, &tiers.ledger, ranked, key, method).ok_or_else(other_ledger)?;
        let placed = (0..cycle.rows.len())
            .into_par_iter()
            .map(|at| lines.tier(tiers.stratum[at], &key(at), after.ceilings[at]));
        Ok(Cohort {
            tiers: placed.collect(),
            scores_e6: scores.points_e6,
            stratum: tiers.stratum,
            strata: tiers.strata,
        })
    }
}

/// By position in the rows of a cycle: the customer's index in the pair.
fn numbers(pair: &Pair, cycle: &Cycle, position: fn(&PairedCustomer) -> Option<usize>) -> Vec<u32> {
    let mut numbers = vec![0; cycle.rows.len()];
    for (number, customer) in (0u32..).zip(&pair.customers) {
        if let Some(at) = position(customer) {
            numbers[at] = number;
        }
    }
    numbers
}

/// The published lines of a cycle.
fn lines(cycle: &Cycle, numbers: &[u32]) -> Result<TierLines, Damaged> {
    let ranked = cycle.rows.iter().enumerate();
    let ranked = ranked.filter_map(|(at, row)| Some(RankedAt { at, stratum: row.stratum, rank: row.rank? }));
    let key = |at: usize| {
        let row = &cycle.rows[at];
        key(cycle, at, numbers[at], row.ceiling.is_some(), row.score_e6)
    };
    TierLines::new(&cycle.strata, &cycle.ledger, ranked, key, &cycle.method).ok_or_else(other_ledger)
}

fn other_ledger() -> Damaged {
    Damaged(text!(
        "the ranks of a cycle are not those of its ledger; run `gridtier verify` on the store",
        "某周期的名次与其界线台账不符; 请对存储运行 `gridtier verify`",
    ))
}

/// The rank key of the customer at a position of a cycle's rows, from the customer's values in the cycle.
fn key(cycle: &Cycle, at: usize, number: u32, vetoed: bool, score_e6: Option<i64>) -> RankKey {
    let customer = index(cycle.rows[at].number);
    RankKey {
        number,
        vetoed,
        score_e6,
        revenue: cycle.columns[ANNUAL_REVENUE.index()].known(customer),
        energy: cycle.columns[ANNUAL_ENERGY.index()].known(customer),
    }
}

/// A published score as it is held in memory. It is at most 100 points, so it fits.
pub(super) fn points(score_e6: Option<i64>) -> i32 {
    score_e6.and_then(|score| i32::try_from(score).ok()).unwrap_or(NO_SCORE)
}

/// A score from memory as it is published.
pub(super) fn published(points_e6: i32) -> Option<i64> {
    (points_e6 != NO_SCORE).then_some(i64::from(points_e6))
}

fn shown(score_e6: Option<i64>) -> String {
    score_e6.map_or_else(|| "-".to_owned(), |score| format!("{:.6}", float_i64(score) / 1e6))
}

#[cfg(test)]
mod tests;
