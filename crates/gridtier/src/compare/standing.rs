//! Where today's customers would be placed by the earlier cycle's method, parameters and lines. This is the step `own`
//! alone, which can be computed before the next cycle (REGRADE section 7).

use std::borrow::Cow;

use super::grading::{GradingRules, published};
use super::pair::{Damaged, Pair};
use crate::index::index;
use crate::indicator::IndicatorColumn;
use crate::method::Tier;

/// The later customers of a pair, judged by the earlier cycle. Except for `values`, columns are in the order of the
/// later cycle's rows.
#[derive(Debug)]
pub struct Standings<'a> {
    /// The values in the order of the earlier method's indicators, by customer number of the later cycle.
    pub values: Cow<'a, [IndicatorColumn]>,
    /// The number of the earlier cycle's stratum to which the customer's group belongs.
    pub strata: Vec<u32>,
    /// Scores in 10⁻⁶ points; `None` where nothing is known.
    pub scores_e6: Vec<Option<i64>>,
    /// Tiers by the earlier cycle's lines; `None` without a score, or where nobody is ranked.
    pub tiers: Vec<Option<Tier>>,
}

impl<'a> Standings<'a> {
    /// Judges the later customers. `None` if the later cycle lacks what a value of the earlier method needs.
    ///
    /// # Errors
    /// Published files of the earlier cycle contradict each other.
    pub fn of(pair: &'a Pair<'a>) -> Result<Option<Self>, Damaged> {
        let rules = GradingRules::new(pair)?;
        rules.check(&rules.before())?;
        let Some(now) = rules.measured(pair.after) else { return Ok(None) };
        let mut tiers = vec![None; pair.after.rows.len()];
        for (number, customer) in (0u32..).zip(&pair.customers) {
            let Some(at) = customer.after_at() else { continue };
            if published(now.scores_e6[at]).is_some() {
                let key = now.key(at, number, now.scores_e6[at]);
                tiers[at] = rules.tier(now.strata[at], &key, now.ceilings[at]);
            }
        }
        let scores_e6 = now.scores_e6.iter().map(|&points| published(points)).collect();
        Ok(Some(Self { values: now.values, strata: now.strata, scores_e6, tiers }))
    }

    /// The value of an indicator for the customer at a position of the later cycle's rows.
    #[must_use]
    pub fn value(&self, pair: &Pair, at: usize, place: usize) -> Option<f64> {
        self.values[place].known(index(pair.after.rows[at].number))
    }
}
