//! Inspections between two regrades (督促改进): how the customers of a cycle would be graded now by the cycle's own lines,
//! what the method's triggers propose, and how far improvement plans have come (REGRADE section 7).
//!
//! An inspection changes no tier. A tier that a trigger proposes is given only by a revision or the next regrade.

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

/// Today's customers, with the data that triggers need.
#[derive(Debug)]
pub struct InspectedBase {
    /// The customers as a cycle, graded by the method of the inspected cycle.
    pub cycle: Cycle,
    /// For each customer number, the facts from bills and payments.
    billing: Vec<Billing>,
    /// Whether arrears are known, that is, bills and payments were delivered.
    has_payments: bool,
    /// Whether offences are known, that is, incidents were delivered.
    has_incidents: bool,
}

impl InspectedBase {
    /// The customers of a present grading by the inspected cycle's method. `counting` is the version of the rules of
    /// counting.
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
        let covered =
            facts.rows.iter().map(|row| u32::try_from(row.energy.covered_months).unwrap_or_default());
        let covered_months = covered.collect();
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
            covered_months,
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
    /// The number of the cycle's stratum in which the customer is judged now; the customer's stratum in the cycle if it
    /// is not graded now.
    pub stratum: u32,
    /// The customer's tier in the cycle.
    pub tier: Tier,
    /// The customer's tier now by the cycle's lines.
    pub tier_now: Option<Tier>,
    /// The customer's score now by the cycle's parameters, in 10⁻⁶ points.
    pub score_now_e6: Option<i64>,
}

/// A trigger that fired for a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiredTrigger {
    /// Position in the cycle's rows.
    pub row: u32,
    /// Place in the method's triggers.
    pub trigger: u16,
    /// The first day on which the trigger's condition was met, if that is known.
    pub since: Option<i32>,
}

/// Tiers of an earlier inspection of the same cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierInspection {
    /// The first month after the inspection's window.
    pub end: Month,
    /// For each position in the cycle's rows, the customer's tier at that inspection.
    pub tiers: Vec<Option<Tier>>,
}

/// What an inspection found.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The first month after the inspection's window.
    pub end: Month,
    /// The customers by position in the cycle's rows.
    pub customers: Vec<InspectedCustomer>,
    /// The triggers that fired, sorted by customer, then by name of the trigger.
    pub fired: Vec<FiredTrigger>,
    /// The plans with their status.
    pub plans: ImprovementPlans,
}

/// Why a cycle was not inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInspected {
    /// The day is before the cycle's day, or other units are graded.
    NotComparable(NotComparable),
    /// Published files of the cycle contradict each other.
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
/// they were recorded. Only days before this one count, and for each day the inspection recorded last.
///
/// # Errors
/// The data are of a day before the cycle's day, or the cycle's files do not fit together.
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
        for item in items {
            let standing = standings.as_ref().zip(positions[row]);
            let value =
                standing.and_then(|(standings, at)| standings.value(&pair, at, usize::from(item.place)));
            let points =
                value.and_then(|value| points_now(&parameters[index(customer.stratum)], item, value));
            item.status = item.status_on(day, points);
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
    // Since the sort is stable, of several inspections of one day the one recorded last comes first.
    earlier.sort_by_key(|inspection| std::cmp::Reverse(inspection.end));
    earlier.dedup_by_key(|inspection| inspection.end);
    earlier
}

#[cfg(test)]
mod tests;
