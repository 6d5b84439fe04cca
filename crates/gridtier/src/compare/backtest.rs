//! Back-test: whether the earlier cycle's scores and tiers foretold its customers' arrears, violations and revenue in
//! the later cycle (REGRADE section 8).

use rayon::prelude::*;

use super::pair::{Pair, PairedCustomer};
use crate::index::{IndicatorIx, count, index};
use crate::indicator::registry::{
    ANNUAL_ENERGY, ANNUAL_REVENUE, INDICATORS, ON_TIME_PAYMENT, OVERDUE_DAYS, VIOLATION_POINTS,
};
use crate::method::Tier;
use crate::statistics::discrimination::{AreaUnderCurve, MeanLimits, area_under_curve, mean_with_limits};
use crate::unit::{Month, Window};
use crate::word::Word;

/// Weighted days overdue from which a customer counts as being in arrears.
const ARREARS_DAYS: f64 = 30.0;
/// Share of the customers with the most revenue, in percent.
const TOP_PERCENT: usize = 10;

crate::words! {
    /// The outcome that a score should foretell.
    BacktestOutcome "outcome" {
        /// At least 30 weighted days overdue.
        Arrears "arrears" "arrears" "欠费",
        /// A confirmed violation or theft.
        Violation "violation" "violation" "违约用电或窃电",
        /// Among the tenth with the most revenue.
        TopRevenue "top_revenue" "top tenth by revenue" "电费收入前一成",
    }
}

impl BacktestOutcome {
    /// The indicator whose value decides whether the outcome is known.
    fn indicator(self) -> IndicatorIx {
        match self {
            Self::Arrears => OVERDUE_DAYS,
            Self::Violation => VIOLATION_POINTS,
            Self::TopRevenue => ANNUAL_REVENUE,
        }
    }
}

/// The measures whose means are compared by tier.
pub const MEASURES: [IndicatorIx; 5] =
    [ANNUAL_REVENUE, ANNUAL_ENERGY, ON_TIME_PAYMENT, OVERDUE_DAYS, VIOLATION_POINTS];

/// How well the scores of one stratum, or of everybody, foretold an outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// Number of the stratum in [`Alignment::strata`](super::Alignment::strata); `None` for everybody.
    pub stratum: Option<u32>,
    /// The outcome that was foretold.
    pub outcome: BacktestOutcome,
    /// Number of customers whose outcome is known.
    pub customers: u64,
    /// Of these customers, the number with the outcome.
    pub events: u64,
    /// Of two customers, one with the good outcome (no arrears, no violation, or top revenue) and one without, the
    /// chance that the first had the higher score; `None` when there is no customer on one side.
    pub area: Option<AreaUnderCurve>,
}

/// The mean of a measure in the later cycle by the tier of the earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BacktestMean {
    /// Number of the stratum in [`Alignment::strata`](super::Alignment::strata); `None` for everybody.
    pub stratum: Option<u32>,
    /// The measure, an indicator of the registry.
    pub measure: IndicatorIx,
    /// Final tier in the earlier cycle.
    pub tier: Tier,
    /// Number of customers whose value is known.
    pub customers: u64,
    /// The mean of their values; `None` if there are no such customers.
    pub mean: Option<MeanLimits>,
}

impl BacktestMean {
    /// The id of the measure.
    #[must_use]
    pub fn measure_id(&self) -> &'static str {
        INDICATORS[self.measure.index()].id
    }
}

/// A back-test of one cycle by a later one.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtests {
    /// Outcomes, sorted by stratum and outcome.
    pub outcomes: Vec<Backtest>,
    /// Means, sorted by stratum, measure and tier.
    pub means: Vec<BacktestMean>,
    /// Number of months of the later window that lie before the earlier cycle's day. The scores contain these months
    /// already, so foretelling them proves nothing.
    pub overlap_months: u32,
}

/// A customer that the earlier cycle ranked with a score and the later cycle grades.
#[derive(Clone, Copy)]
struct Tested {
    stratum: u32,
    score_e6: i64,
    tier: Tier,
    /// The customer's number in the later cycle.
    number: u32,
    offended: bool,
}

/// Tests the earlier cycle of a pair.
#[must_use]
pub fn backtest(pair: &Pair<'_>) -> Backtests {
    let offended = offended(pair);
    let tested: Vec<Tested> =
        pair.customers.iter().filter_map(|customer| tested(pair, customer, &offended)).collect();
    let mut groups = vec![(None, tested.clone())];
    for number in (0..).take(pair.strata.len()) {
        let members: Vec<Tested> = tested.iter().filter(|one| one.stratum == number).copied().collect();
        if !members.is_empty() {
            groups.push((Some(number), members));
        }
    }
    let outcomes = groups.par_iter().flat_map_iter(|(stratum, members)| {
        BacktestOutcome::ALL.iter().map(|&outcome| outcome_test(pair, *stratum, members, outcome))
    });
    let means = groups.par_iter().flat_map_iter(|(stratum, members)| {
        MEASURES.iter().flat_map(|&measure| means(pair, *stratum, members, measure))
    });
    Backtests {
        outcomes: outcomes.collect(),
        means: means.collect(),
        overlap_months: overlap(pair.after.window(), pair.before.end),
    }
}

/// The number of months of a window before the first day of a month.
fn overlap(window: Window, day: Month) -> u32 {
    let months = (0..window.months).filter(|&position| window.month(index(position)) < day);
    months.map(|_| 1).sum()
}

fn tested(pair: &Pair<'_>, customer: &PairedCustomer, offended: &[bool]) -> Option<Tested> {
    let (before, after) = customer.both()?;
    let row = &pair.before.rows[before];
    let number = pair.after.rows[after].number;
    let score_e6 = row.score_e6.filter(|_| row.provisional.is_none())?;
    Some(Tested {
        stratum: customer.stratum,
        score_e6,
        tier: row.tier,
        number,
        offended: offended[index(number)],
    })
}

/// For each customer number of the later cycle, whether the customer has an offence.
fn offended(pair: &Pair<'_>) -> Vec<bool> {
    let mut offended = vec![false; pair.after.customers.len()];
    for offence in &pair.after.offences.rows {
        let account = offence.customer.index();
        let holders = pair.after.offences.holders.as_ref();
        offended[holders.map_or(account, |holders| index(holders[account]))] = true;
    }
    offended
}

fn outcome_test(
    pair: &Pair<'_>,
    stratum: Option<u32>,
    members: &[Tested],
    outcome: BacktestOutcome,
) -> Backtest {
    let values = members.iter().map(|one| (one, pair.after.registry_value(outcome.indicator(), one.number)));
    let known: Vec<(Tested, f64)> = values.filter_map(|(one, value)| Some((*one, value?))).collect();
    let has: Vec<bool> = match outcome {
        BacktestOutcome::Arrears => known.iter().map(|(_, days)| *days >= ARREARS_DAYS).collect(),
        BacktestOutcome::Violation => known.iter().map(|(one, _)| one.offended).collect(),
        BacktestOutcome::TopRevenue => top(pair, &known),
    };
    let side = |with: bool| {
        let of_side = known.iter().zip(&has).filter(|&(_, &has)| has == with);
        of_side.map(|((one, _), _)| one.score_e6).collect::<Vec<i64>>()
    };
    let better = outcome == BacktestOutcome::TopRevenue;
    Backtest {
        stratum,
        outcome,
        customers: count(known.len()),
        events: count(has.iter().filter(|&&has| has).count()),
        area: area_under_curve(side(better), side(!better)),
    }
}

/// Which of the customers are the tenth with the most revenue. Of equal revenues, the one with more energy (unknown
/// last), then the one with the smaller id comes first.
fn top(pair: &Pair<'_>, known: &[(Tested, f64)]) -> Vec<bool> {
    let energy =
        |one: &Tested| pair.after.registry_value(ANNUAL_ENERGY, one.number).unwrap_or(f64::NEG_INFINITY);
    let mut order: Vec<usize> = (0..known.len()).collect();
    // Numbers are in the order of ids.
    order.sort_unstable_by(|&a, &b| {
        let (first, second) = (&known[a], &known[b]);
        second
            .1
            .total_cmp(&first.1)
            .then_with(|| energy(&second.0).total_cmp(&energy(&first.0)))
            .then_with(|| first.0.number.cmp(&second.0.number))
    });
    let mut is_top = vec![false; known.len()];
    order[..(known.len() * TOP_PERCENT + 50) / 100].iter().for_each(|&at| is_top[at] = true);
    is_top
}

fn means(
    pair: &Pair<'_>,
    stratum: Option<u32>,
    members: &[Tested],
    measure: IndicatorIx,
) -> Vec<BacktestMean> {
    let means = Tier::ALL.iter().map(|&tier| {
        let of_tier = members.iter().filter(|one| one.tier == tier);
        let values: Vec<f64> =
            of_tier.filter_map(|one| pair.after.registry_value(measure, one.number)).collect();
        BacktestMean {
            stratum,
            measure,
            tier,
            customers: count(values.len()),
            mean: mean_with_limits(&values),
        }
    });
    means.collect()
}
