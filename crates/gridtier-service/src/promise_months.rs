//! How promises were kept month by month, all as of the same day (SERVICE §4). Each month is measured as a period of its own,
//! so that a promise over a year is held against the twelve months to the end of each.

use gridtier::unit::Month;

use crate::base::Base;
use crate::group::{GroupBy, Groups};
use crate::interruption::Interruptions;
use crate::log::Log;
use crate::period::{Period, Run};
use crate::policy::Policy;
use crate::promise::{Actual, PromiseRow, promises};
use crate::time::WorkCalendar;

/// Number of months, of which the last is that of the period.
const MONTHS: i32 = 12;

/// How the promises of a month were kept.
#[derive(Clone, Debug, PartialEq)]
pub struct PromiseMonth {
    /// The month.
    pub month: Month,
    /// By promise id and group: all customers and the classes.
    pub rows: Vec<PromiseRow>,
}

/// The twelve months to the end of the period; `None`, not measured, if the log has no table of outages or of
/// interruptions. Needs those of the year before these months, too.
#[must_use]
pub fn promise_months(
    base: &Base,
    groups: &Groups,
    log: &Log,
    interruptions: Option<&Interruptions>,
    policy: &Policy,
    run: Run,
) -> Option<Vec<PromiseMonth>> {
    let outages = log.outages.as_deref()?;
    let interruptions = interruptions?;
    let no_calendar = WorkCalendar::default();
    let is_shown = |row: &PromiseRow| matches!(groups.group(row.group).by, GroupBy::All | GroupBy::Class);
    let months = (1 - MONTHS..=0).map(|back| {
        let month = run.period.last.plus(back);
        let actual = Actual {
            base,
            groups,
            outages,
            interruptions,
            deliveries: log.deliveries.as_deref(),
            calendar: log.calendar.as_ref().unwrap_or(&no_calendar),
            run: Run { period: Period { first: month, last: month }, as_of: run.as_of },
        };
        PromiseMonth { month, rows: promises(&actual, policy).rows.into_iter().filter(is_shown).collect() }
    });
    Some(months.collect())
}

#[cfg(test)]
mod tests {
    use gridtier::contract::OutageKind;

    use super::*;
    use crate::fixture::{LIMITS, base, interruption, may_2026, member, merged, outage, policy, promise};
    use crate::policy::Measure;

    #[test]
    fn each_month_is_measured_by_its_own_interruptions() {
        let base = base(vec![("a", member("East"))]);
        let mut restored = promise("p", Measure::Restoration);
        restored.limit = Some(60.0);
        let policy = policy(vec![restored]);
        let rows = vec![
            interruption(0, 0, "2026-04-10 10:00", Some("2026-04-10 10:30")),
            interruption(1, 0, "2026-05-10 10:00", Some("2026-05-10 12:00")),
        ];
        let outages = ["O1", "O2"].map(|id| outage(id, OutageKind::Fault));
        let log = Log { outages: Some(outages.into()), ..Log::default() };
        let interruptions = merged(rows, 1, may_2026(), &LIMITS);
        let groups = Groups::of(&base);
        let months = promise_months(&base, &groups, &log, Some(&interruptions), &policy, may_2026()).unwrap();
        let shares: Vec<_> = months
            .iter()
            .map(|month| (month.month.to_string(), month.rows[0].exposures, month.rows[0].share_kept))
            .collect();
        assert_eq!(shares.len(), 12);
        assert_eq!(shares[10..], [("2026-04".into(), 1, Some(1.0)), ("2026-05".into(), 1, Some(0.0))]);
        assert_eq!(shares[0], ("2025-06".into(), 0, None));
        assert!(promise_months(&base, &groups, &log, None, &policy, may_2026()).is_none());
    }
}
