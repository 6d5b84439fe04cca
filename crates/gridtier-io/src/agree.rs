//! The use case `plan`: records a day, agreed with the customer, on which an improvement plan or one of its targets is due
//! (REGRADE sections 5 and 7). The day is kept in an entry of the register, from which plans and inspections take it.

use chrono::NaiveDate;
use gridtier::decision::EntryKind;
use gridtier::improvement::{AgreedDates, ImprovementPlans};
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::day_of_date;
use serde_json::json;

use crate::cycle::cycle_alone;
use crate::govern::GovernanceError;
use crate::store::{NewEntry, RegisterEntry, Store};

/// The day that was agreed on.
#[derive(Clone, Copy, Debug)]
pub struct PlanAgreement<'a> {
    /// Number of the cycle; `None` for the current one.
    pub number: Option<u64>,
    /// The customer.
    pub customer_id: &'a str,
    /// The indicator whose target is meant; `None` for the whole plan.
    pub indicator: Option<&'a str>,
    /// The day on which the plan or target is due.
    pub due_on: NaiveDate,
    /// Who agreed.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When, in UTC (RFC 3339).
    pub at: &'a str,
}

impl PlanAgreement<'_> {
    /// Writes the entry.
    ///
    /// # Errors
    /// The cycle is not published; the customer has no plan in it, or the plan has no such target; the day is not after
    /// the cycle's as-of; or the store cannot be read or written.
    pub fn record(&self, store: &Store) -> Result<RegisterEntry, GovernanceError> {
        let desk = store.decide()?;
        let stored = store.cycle(self.number)?;
        let (number, id) = (stored.version, self.customer_id);
        let refused = |what: Text| Err(GovernanceError::Refused(vec![what]));
        if !stored.is_published() {
            return refused(text!("cycle {number} is not published", "第 {number} 周期未发布"));
        }
        let cycle = cycle_alone(&stored)?;
        if day_of_date(self.due_on) <= cycle.end.first_day() {
            let (day, end) = (self.due_on, cycle.end);
            return Err(GovernanceError::Usage(text!(
                "--due-on {day} is not after the as-of of cycle {number} ({end}-01)",
                "--due-on {day} 须晚于第 {number} 周期的截止日 ({end}-01)"
            )));
        }
        let plans = ImprovementPlans::of(&cycle, &AgreedDates::default());
        let Some(at) = plans.plans.iter().position(|plan| plan.id(&cycle) == id) else {
            return refused(text!(
                "customer {id} has no improvement plan in cycle {number}: only graded customers of grade-3 have one",
                "客户 {id} 在第 {number} 周期没有改进计划: 仅三级客户有改进计划"
            ));
        };
        if let Some(indicator) = self.indicator {
            let levers = plans.items(at).iter().filter(|item| item.is_lever);
            let levers: Vec<&str> =
                levers.map(|item| cycle.method.indicators[usize::from(item.place)].id.as_str()).collect();
            if !levers.contains(&indicator) {
                let levers = levers.join(", ");
                return refused(text!(
                    "the plan of customer {id} has no target for `{indicator}`; it has: {levers}",
                    "客户 {id} 的改进计划没有指标 `{indicator}` 的目标; 现有目标: {levers}"
                ));
            }
        }
        Ok(desk.append(&NewEntry {
            at: self.at,
            by: self.by.trim(),
            kind: EntryKind::Plan,
            cycle: Some(number),
            customer_id: Some(id),
            reason: self.reason,
            files: Vec::new(),
            facts: json!({ "indicator": self.indicator, "due_on": self.due_on.to_string() }),
        })?)
    }
}
