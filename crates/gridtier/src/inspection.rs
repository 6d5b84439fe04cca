//! Inspections between two regrades (督促改进): where the customers of a cycle stand now by its own yardstick, what the
//! method's triggers propose, and how far improvement plans have come (REGRADE section 7).
//!
//! An inspection changes no tier. What a trigger proposes becomes a tier only by a revision or the next regrade.

mod fire;

use crate::billing::Billing;
use crate::compare::{Damaged, NotComparable, Pair, Standings};
use crate::contract::Table;
use crate::cycle::{Cycle, Placed, PublishedOffences};
use crate::improvement::{AgreedDates, ImprovementPlans, PlanItem};
use crate::index::index;
use crate::method::{Method, Tier};
use crate::run::Graded;
use crate::score::Parameters;
use crate::tier::Previous;
use crate::unit::Month;

/// Today's customers, with the data that triggers look at.
#[derive(Debug)]
pub struct InspectedBase {
    /// The customers as a cycle, graded by the method of the inspected one.
    pub cycle: Cycle,
    /// By customer number: what bills and payments say.
    billing: Vec<Billing>,
    /// Whether arrears are known: bills and payments were delivered.
    has_payments: bool,
    /// Whether offences are known.
    has_incidents: bool,
}

impl InspectedBase {
    /// The customers of a present grading by the inspected cycle's method. `counting` is the version of what was
    /// counted.
    #[must_use]
    pub fn of(graded: Graded, method: &Method, counting: u32) -> Self {
        let dimensions = [None; 3];
        let rows = graded.scores.population.iter().enumerate().map(|(at, &number)| Placed {
            number,
            stratum: graded.tiers.stratum[at],
            rank: graded.tiers.rank(at),
            score_e6: graded.scores.score_e6(at),
            dimensions,
            provisional: graded.scores.provisional[at],
            computed: graded.tiers.computed[at],
            tier: graded.tiers.tier[at],
            policy: graded.tiers.policy[at],
            ceiling: graded.tiers.ceiling[at],
        });
        let rows = rows.collect();
        let Graded { facts: accounts, holders, columns, scores, tiers, .. } = graded;
        let window = accounts.window;
        let has_payments = accounts.present(Table::Bills) && accounts.present(Table::Payments);
        let has_incidents = accounts.present(Table::Incidents);
        let mut accounts = accounts;
        let offences = std::mem::take(&mut accounts.offences);
        let (facts, members) = match holders {
            Some(holders) => (holders.facts, Some(holders.members.holders)),
            None => (accounts, None),
        };
        let covered = |covered: i64| u32::try_from(covered).unwrap_or_default();
        let cycle = Cycle {
            method: method.clone(),
            end: window.end,
            months: window.months,
            counting,
            columns,
            expressed: Vec::new(),
            rows,
            strata: tiers.strata,
            ledger: tiers.ledger,
            offences: PublishedOffences { rows: offences, holders: members },
            covered_months: facts.rows.iter().map(|row| covered(row.energy.covered_months)).collect(),
            parameters: scores.parameters,
            influence: scores.influence,
            previous: Previous::new(),
            customers: facts.customers,
        };
        let billing = facts.rows.into_iter().map(|row| row.billing).collect();
        Self { cycle, billing, has_payments, has_incidents }
    }
}

/// A customer of the cycle at an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectedCustomer {
    /// The number of the cycle's stratum in which it is judged now; its stratum in the cycle if it is not graded now.
    pub stratum: u32,
    /// Its tier in the cycle.
    pub tier: Tier,
    /// Where it stands now by the cycle's lines.
    pub tier_now: Option<Tier>,
    /// Its score now by the cycle's parameters, in 10⁻⁶ points.
    pub score_now_e6: Option<i64>,
}

/// A trigger that fired for a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiredTrigger {
    /// Position in the cycle's rows.
    pub row: u32,
    /// Place in the method's triggers.
    pub trigger: u16,
    /// The day from which on it holds, where that is known.
    pub since: Option<i32>,
}

/// Tiers of an earlier inspection of the same cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierInspection {
    /// The first month after its window.
    pub end: Month,
    /// By position in the cycle's rows: where the customer stood.
    pub tiers: Vec<Option<Tier>>,
}

/// What an inspection found.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The first month after its window.
    pub end: Month,
    /// By position in the cycle's rows.
    pub customers: Vec<InspectedCustomer>,
    /// By customer, and within it by name of the trigger.
    pub fired: Vec<FiredTrigger>,
    /// The plans with their status.
    pub plans: ImprovementPlans,
}

/// Why a cycle was not inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInspected {
    /// The day is before the cycle's, or other units are graded.
    NotComparable(NotComparable),
    /// What the cycle has published does not fit together.
    Damaged(Damaged),
}

impl From<NotComparable> for NotInspected {
    fn from(why: NotComparable) -> Self {
        Self::NotComparable(why)
    }
}

impl From<Damaged> for NotInspected {
    fn from(why: Damaged) -> Self {
        Self::Damaged(why)
    }
}

/// Inspects the customers of a cycle. `earlier` are the recorded inspections of the same cycle, in the order in which
/// they were recorded. The last one of each day counts, and only days before this one.
///
/// # Errors
/// The data are of a day before the cycle's, or the cycle's files do not fit together.
pub fn inspect(
    cycle: &Cycle,
    now: &InspectedBase,
    earlier: Vec<EarlierInspection>,
    agreed: &AgreedDates,
) -> Result<Inspection, NotInspected> {
    let pair = Pair::new(cycle, &now.cycle)?;
    let standings = Standings::of(&pair)?;
    let mut customers: Vec<InspectedCustomer> = cycle.rows.iter().map(not_graded_now).collect();
    let mut positions = vec![None; cycle.rows.len()];
    for (before, after) in pair.customers.iter().filter_map(|customer| customer.both()) {
        positions[before] = Some(after);
        let (Some(standings), customer) = (&standings, &mut customers[before]) else { continue };
        customer.stratum = standings.strata[after];
        customer.tier_now = standings.tiers[after];
        customer.score_now_e6 = standings.scores_e6[after];
    }
    let look = fire::Look {
        cycle,
        now,
        customers: &customers,
        is_graded: &positions.iter().map(Option::is_some).collect::<Vec<_>>(),
        earlier: &last_of_each_day(earlier, now.cycle.end),
    };
    let fired = look.fired();
    let mut plans = ImprovementPlans::of(cycle, agreed);
    let parameters: Vec<_> = cycle.strata.iter().map(|name| cycle.parameters.in_stratum(name)).collect();
    let day = now.cycle.end.first_day();
    for (plan, items) in plans.each_mut() {
        let row = index(plan.row);
        let customer = &customers[row];
        let points = |item: &PlanItem| {
            let value = standings.as_ref()?.value(&pair, positions[row]?, usize::from(item.place))?;
            points_now(&parameters[index(customer.stratum)], item, value)
        };
        for item in items {
            item.status = item.status_on(day, points(item));
        }
        let score_e6 = cycle.rows[row].score_e6;
        plan.status = Some(plan.status_on(day, score_e6, customer.score_now_e6, customer.tier_now));
    }
    Ok(Inspection { end: now.cycle.end, customers, fired, plans })
}

fn not_graded_now(row: &Placed) -> InspectedCustomer {
    InspectedCustomer { stratum: row.stratum, tier: row.tier, tier_now: None, score_now_e6: None }
}

fn points_now(parameters: &Parameters, item: &PlanItem, value: f64) -> Option<f64> {
    parameters.fitted[usize::from(item.place)].as_ref().map(|fitted| fitted.points(value))
}

/// The inspections before a day, the latest day first. Only the last one recorded for each day is kept.
fn last_of_each_day(mut earlier: Vec<EarlierInspection>, end: Month) -> Vec<EarlierInspection> {
    earlier.retain(|inspection| inspection.end < end);
    earlier.reverse();
    // Stable: of equal days the one recorded last comes first.
    earlier.sort_by_key(|inspection| std::cmp::Reverse(inspection.end));
    earlier.dedup_by_key(|inspection| inspection.end);
    earlier
}

#[cfg(test)]
mod tests;
