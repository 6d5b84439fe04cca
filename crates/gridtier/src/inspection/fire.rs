//! Decides which triggers of the method fire for which customers.

use std::collections::BTreeMap;

use chrono::Months;
use rayon::prelude::*;

use super::{EarlierInspection, FiredTrigger, InspectedBase, InspectedCustomer};
use crate::contract::IncidentKind;
use crate::cycle::Cycle;
use crate::incident::Offence;
use crate::index::index;
use crate::method::{Tier, TriggerCondition};
use crate::unit::{Month, date_of_day, day_of_date};
use crate::word::Word as _;

/// The data that triggers need.
pub(super) struct Look<'a> {
    /// The inspected cycle.
    pub cycle: &'a Cycle,
    /// Today's customers.
    pub now: &'a InspectedBase,
    /// The inspected customers, by position in the cycle's rows.
    pub customers: &'a [InspectedCustomer],
    /// For each position, whether the customer is graded now.
    pub is_graded: &'a [bool],
    /// The earlier inspections, one for each day, the latest first.
    pub earlier: &'a [EarlierInspection],
}

/// One customer of the cycle.
struct Candidate<'a> {
    at: usize,
    /// The customer's number among today's customers.
    number: Option<u32>,
    /// The customer's offences today.
    offences: &'a [Offence],
}

/// `None` if a trigger does not fire; otherwise the first day on which its condition was met, if that is known.
type Since = Option<Option<i32>>;

impl Look<'_> {
    /// All triggers that fire, sorted by customer, then by name.
    pub fn fired(&self) -> Vec<FiredTrigger> {
        let triggers = &self.cycle.method.triggers;
        let mut by_name: Vec<usize> = (0..triggers.len()).collect();
        by_name.sort_by(|a, b| triggers[*a].name.cmp(&triggers[*b].name));
        let mut offences: BTreeMap<u32, Vec<Offence>> = BTreeMap::new();
        for (customer, found) in self.now.cycle.offences.by_customer() {
            offences.entry(customer).or_default().extend(found);
        }
        let ids = &self.cycle.customers.ids;
        let fired = (0..self.cycle.rows.len()).into_par_iter().flat_map_iter(|at| {
            let number = self.now.cycle.customers.ids.get(ids.key(self.cycle.rows[at].number));
            let offences = number.and_then(|number| offences.get(&number)).map_or(&[][..], Vec::as_slice);
            let candidate = Candidate { at, number, offences };
            let fired = by_name.iter().filter_map(|&trigger| {
                let since = self.since(&candidate, &triggers[trigger].condition)?;
                let row = u32::try_from(at).ok()?;
                Some(FiredTrigger { row, trigger: u16::try_from(trigger).ok()?, since })
            });
            fired.collect::<Vec<_>>()
        });
        fired.collect()
    }

    /// The first day after the window.
    fn day(&self) -> i32 {
        self.now.cycle.end.first_day()
    }

    fn since(&self, customer: &Candidate, condition: &TriggerCondition) -> Since {
        match condition {
            TriggerCondition::Offence { kinds, min_severity, min_count } => {
                self.offended(customer, kinds, *min_severity, *min_count)
            }
            TriggerCondition::Arrears { months } => self.in_arrears(customer, *months),
            TriggerCondition::Clean { months } => self.clean(customer, *months),
            TriggerCondition::Sustained { steps, inspections } => {
                self.sustained(customer.at, *steps, *inspections)
            }
            TriggerCondition::Decline { steps } => {
                let InspectedCustomer { tier, tier_now, .. } = self.customers[customer.at];
                let has_declined = rise(tier, tier_now?) <= -i64::from(*steps);
                has_declined.then(|| Some(self.day()))
            }
            TriggerCondition::Closed => {
                let row = &self.now.cycle.customers.rows[index(customer.number?)];
                row.closed_on.filter(|&day| day < self.day()).map(Some)
            }
            TriggerCondition::Missing => customer.number.is_none().then_some(None),
        }
    }

    /// Fires since the first day of the month in which enough offences were reached.
    fn offended(
        &self,
        customer: &Candidate,
        kinds: &[IncidentKind],
        min_severity: u8,
        min_count: u32,
    ) -> Since {
        let counted = customer.offences.iter().filter(|offence| {
            offence.month >= self.cycle.end
                && kinds.contains(&offence.kind)
                && offence.severity >= min_severity
        });
        let mut months: Vec<Month> = counted.map(|offence| offence.month).collect();
        months.sort_unstable();
        let last_needed = months.get(index(min_count).checked_sub(1)?)?;
        Some(Some(last_needed.first_day()))
    }

    fn in_arrears(&self, customer: &Candidate, months: u32) -> Since {
        let unpaid_since = self.now.billing[index(customer.number?)].unpaid_since?;
        let since = date_of_day(unpaid_since)?.checked_add_months(Months::new(months))?;
        let since = day_of_date(since);
        (self.now.has_payments && since <= self.day()).then_some(Some(since))
    }

    /// Fires since the day after the last overdue day, or since the month after the last offence; without a day if the
    /// window has neither.
    fn clean(&self, customer: &Candidate, months: u32) -> Since {
        let now = &self.now.cycle;
        let row = &self.cycle.rows[customer.at];
        let is_candidate = row.tier == Tier::Grade3 || row.ceiling.is_some();
        let is_known = self.now.has_payments && self.now.has_incidents && months <= now.months;
        if !is_candidate || !is_known || !self.is_graded[customer.at] {
            return None;
        }
        let start = now.end.plus(-i32::try_from(months).ok()?);
        let last_month = customer.offences.iter().map(|offence| offence.month).max();
        let last_day = self.now.billing[index(customer.number?)].last_overdue_day;
        let is_clean = last_month.is_none_or(|month| month < start)
            && last_day.is_none_or(|day| day < start.first_day());
        let after = [last_month.map(|month| month.plus(1).first_day()), last_day.map(|day| day + 1)];
        is_clean.then(|| after.into_iter().flatten().max())
    }

    /// Fires since the first of the inspections that were needed.
    fn sustained(&self, at: usize, steps: u32, inspections: u32) -> Since {
        let InspectedCustomer { tier, tier_now, .. } = self.customers[at];
        let is_better =
            |found: Option<Tier>| found.is_some_and(|found| rise(tier, found) >= i64::from(steps));
        let needed = index(inspections).saturating_sub(1);
        let before = self.earlier.get(..needed)?;
        let holds = is_better(tier_now) && before.iter().all(|inspection| is_better(inspection.tiers[at]));
        let first = before.last().map_or(self.now.cycle.end, |inspection| inspection.end);
        holds.then(|| Some(first.first_day()))
    }
}

/// By how many tiers `to` is better than `from`; negative if it is worse.
fn rise(from: Tier, to: Tier) -> i64 {
    from.position() as i64 - to.position() as i64
}
