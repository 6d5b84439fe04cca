//! All figures about promises from one log (SERVICE §4).

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::index::index;
use gridtier::source::Finding;

use crate::base::Base;
use crate::group::{Groups, OpenDays};
use crate::interruption::Interruptions;
use crate::log::{Log, Outage};
use crate::major_day::MajorDays;
use crate::period::Run;
use crate::policy::Policy;
use crate::promise::{Actual, PromiseResults, promises};
use crate::reliability::{CauseRow, ReliabilityRow, causes, reliability};
use crate::time::WorkCalendar;

/// How reliable the supply was, and how promises were kept.
#[derive(Clone, Debug)]
pub struct PromiseFigures {
    /// The major event days of the period.
    pub major_days: MajorDays,
    /// By scope and group.
    pub reliability: Vec<ReliabilityRow>,
    /// Most seconds first.
    pub causes: Vec<CauseRow>,
    /// The promises.
    pub promises: PromiseResults,
}

impl PromiseFigures {
    /// The figures of a log; `None`, not measured, if it has no table of outages or of interruptions.
    #[must_use]
    pub fn of(
        base: &Base,
        groups: &Groups,
        log: &Log,
        interruptions: Option<&Interruptions>,
        policy: &Policy,
        run: Run,
    ) -> Option<Self> {
        let (period, limits) = (run.period, &policy.limits);
        let outages: &[Outage] = log.outages.as_deref()?;
        let interruptions = interruptions?;
        let customer_days = OpenDays::of_all(base, groups, period).customer_days[groups.all().index()];
        let major_days = MajorDays::of(&interruptions.sustained_seconds, period, customer_days);
        let reliability = reliability(base, groups, outages, interruptions, &major_days, period, limits);
        let causes = causes(outages, interruptions, period, limits);
        let no_calendar = WorkCalendar::default();
        let actual = Actual {
            base,
            groups,
            outages,
            interruptions,
            deliveries: log.deliveries.as_deref(),
            calendar: log.calendar.as_ref().unwrap_or(&no_calendar),
            run,
        };
        let promises = promises(&actual, policy);
        Some(Self { major_days, reliability, causes, promises })
    }
}

/// The finding about overlapping rows, with the key of one of them: outage, customer and start. `None` if no rows
/// overlap.
#[must_use]
pub fn overlap(base: &Base, log: &Log, interruptions: &Interruptions) -> Option<Finding> {
    let overlaps = interruptions.overlaps;
    let row = overlaps.example?;
    let outage = log.outages.as_ref()?.get(index(row.outage))?;
    let example = format!("{}, {}, {}", outage.id, base.id(row.customer), row.started_at);
    Some(Finding::of(Table::Interruptions, Rule::Overlap, overlaps.rows, example))
}

#[cfg(test)]
mod tests {
    use gridtier::contract::OutageKind;

    use super::*;
    use crate::fixture::{LIMITS, base, interruption, may_2026, member, merged, outage, policy, promise};
    use crate::log::Interruption;
    use crate::policy::Measure;

    fn rows() -> Vec<Interruption> {
        vec![
            interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 11:00")),
            interruption(1, 0, "2026-05-10 10:00", Some("2026-05-10 12:00")),
            interruption(1, 1, "2026-05-10 10:30", Some("2026-05-10 12:00")),
        ]
    }

    fn log() -> Log {
        let outages = ["O1", "O2"].map(|id| outage(id, OutageKind::Fault));
        Log { outages: Some(outages.into()), ..Log::default() }
    }

    fn supply(rows: Vec<Interruption>) -> Interruptions {
        merged(rows, 2, may_2026(), &LIMITS)
    }

    fn figures(log: &Log, interruptions: Option<&Interruptions>) -> Option<PromiseFigures> {
        let base = base(vec![("a", member("East")), ("b", member("East"))]);
        let policy = policy(vec![promise("p", Measure::Restoration)]);
        PromiseFigures::of(&base, &Groups::of(&base), log, interruptions, &policy, may_2026())
    }

    #[test]
    fn figures_agree_with_each_other() {
        let figures = figures(&log(), Some(&supply(rows()))).unwrap();
        let all = figures.reliability[0];
        assert_eq!((all.interruptions, all.seconds), (2, 14_400));
        assert_eq!((figures.causes[0].interruptions, figures.causes[0].seconds), (2, 14_400));
        assert_eq!(figures.promises.rows[0].exposures, 2);
        assert_eq!(figures.major_days, MajorDays::default());
    }

    #[test]
    fn an_absent_table_is_not_measured_and_an_empty_one_is_measured_as_nothing() {
        assert!(figures(&Log { outages: None, ..log() }, Some(&supply(rows()))).is_none());
        assert!(figures(&log(), None).is_none());
        let empty = figures(&log(), Some(&supply(Vec::new()))).unwrap();
        assert_eq!((empty.reliability[0].saifi, empty.reliability[0].customers), (Some(0.0), 2));
        assert_eq!((empty.promises.rows[0].exposures, empty.promises.rows[0].share_kept), (0, None));
    }

    #[test]
    fn rows_that_overlap_are_a_finding_that_names_one_of_them() {
        let base = base(vec![("a", member("East")), ("b", member("East"))]);
        let finding = overlap(&base, &log(), &supply(rows())).unwrap();
        assert_eq!((finding.table.as_str(), finding.rule, finding.rows), ("interruptions", Rule::Overlap, 1));
        assert_eq!(finding.example, "O2, b, 2026-05-10 10:30:00");
        assert_eq!(finding.example_text().zh, finding.example);
    }

    #[test]
    fn rows_that_do_not_overlap_are_no_finding() {
        let base = base(vec![("a", member("East")), ("b", member("East"))]);
        assert_eq!(overlap(&base, &log(), &supply(Vec::new())), None);
    }
}
