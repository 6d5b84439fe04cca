//! Which rows of the log any figure may need, for the period and those that it is compared with. The others are tallied
//! when they are read, and forgotten.

use gridtier::index::index;

use crate::due::{first_due_day, first_interruption, first_opening, longest_days};
use crate::interruption::{Interruptions, KeptInterruptions, is_of_kinds};
use crate::log::{Contact, Delivery, Outage};
use crate::monthly::report::compared_runs;
use crate::period::Run;
use crate::policy::{Measure, Policy};
use crate::time::Second;

/// Minutes of a day.
const DAY_MIN: i64 = 1_440;

/// Months of the longest slot.
const SLOT_MONTHS: i32 = 12;

/// The interruptions of the outages of a log that figures need one by one.
pub fn kept_interruptions(policy: &Policy, run: Run, outages: &[Outage]) -> KeptInterruptions {
    let notices = || policy.promises.iter().filter(|promise| promise.measure == Measure::Notice);
    let runs = compared_runs(run);
    let first_day = |run: &Run| run.period.first_day();
    let first_of_year = |run: &Run| first_day(run).min(run.period.year_to_end().first_day());
    let since = runs.iter().map(|run| first_of_year(run).min(first_interruption(policy, *run)));
    let is_over_year = notices().any(|promise| promise.over_year);
    let noticed_since = runs.iter().map(|run| if is_over_year { first_of_year(run) } else { first_day(run) });
    let is_noticed = |outage: &Outage| {
        notices().any(|promise| {
            is_of_kinds(outage, &promise.kinds) && !promise.exempt.contains(&outage.responsibility)
        })
    };
    KeptInterruptions {
        run,
        momentary_seconds: policy.limits.momentary_seconds,
        since: since.min().unwrap_or(i32::MIN),
        noticed_since: noticed_since.min().unwrap_or(i32::MIN),
        noticed: outages.iter().map(is_noticed).collect(),
    }
}

/// Which deliveries a figure may need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveriesSince {
    /// For each service of the catalogue, the day since which a time of a delivery may matter.
    since: Vec<i32>,
    /// For each service, whether sessions are given: the last time that a customer came matters however long ago it was.
    is_session: Vec<bool>,
    /// The service of notices.
    notice: Option<usize>,
    /// For each outage, whether a notice of it may be owed in one of the periods.
    is_noticed: Vec<bool>,
}

impl DeliveriesSince {
    /// The deliveries that the figures of a run need.
    #[must_use]
    pub fn of(
        policy: &Policy,
        services: usize,
        run: Run,
        outages: usize,
        interruptions: Option<&Interruptions>,
    ) -> Self {
        let due = &policy.due;
        let of_appointment = i32::try_from(policy.limits.appointment_minutes / DAY_MIN).unwrap_or(i32::MAX);
        let mut since = vec![i32::MAX; services];
        let mut is_noticed = vec![false; outages];
        for outage in interruptions.into_iter().flat_map(Interruptions::noticed_outages) {
            is_noticed[index(outage)] = true;
        }
        for run in compared_runs(run) {
            // Capacities count from January on, sessions from the first month of a slot on.
            let of_slots = run.period.first.plus(-SLOT_MONTHS).first_day();
            let usual = of_slots.saturating_sub(of_appointment).saturating_sub(1);
            let of_events = |service: usize| {
                let rules = policy.follow_ups.iter().filter(move |rule| rule.services.contains(&service));
                rules.map(|rule| first_due_day(run).saturating_sub(longest_days(rule)))
            };
            for (service, since) in since.iter_mut().enumerate() {
                let is_matched = due.customer.contains(&service) || due.follow_up == Some(service);
                let of_items = is_matched.then(|| first_opening(policy, run));
                let earliest = of_events(service).chain(of_items).min().unwrap_or(i32::MAX);
                *since = (*since).min(usual).min(earliest);
            }
        }
        let is_session = (0..services).map(|service| due.session.contains(&service)).collect();
        Self { since, is_session, notice: due.notice, is_noticed }
    }

    /// Whether a figure may need a delivery.
    #[must_use]
    pub fn needs(&self, delivery: &Delivery) -> bool {
        let service = usize::from(delivery.service);
        let Delivery { created_at, planned_at, sent_at, delivered_at, read_at, failed_at, .. } = *delivery;
        let later = [planned_at, sent_at, delivered_at, read_at, failed_at];
        let last: Option<Second> = later.into_iter().flatten().chain([created_at]).max();
        let is_of_notice = || {
            self.notice == Some(service)
                && delivery.outage.is_some_and(|outage| self.is_noticed[index(outage)])
        };
        last.is_some_and(|last| last.day() >= self.since[service])
            || self.is_session[service] && delivery.customer.is_some()
            || is_of_notice()
    }
}

/// Which contacts a figure may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactsSince {
    /// The day since which a time of a contact may matter.
    since: i32,
}

impl ContactsSince {
    /// The contacts that the figures of a run need.
    #[must_use]
    pub fn of(policy: &Policy, run: Run) -> Self {
        let before = i32::try_from(policy.limits.repeat_days).unwrap_or(i32::MAX).saturating_add(1);
        let of_run = |run: Run| {
            let rules = policy.follow_ups.iter();
            let of_events = rules.map(move |rule| first_due_day(run).saturating_sub(longest_days(rule)));
            // What was waiting on the day to which the as-of day is moved was closed after the period began.
            let earlier = run.period.first_day().saturating_sub(before);
            of_events.chain([earlier]).min().unwrap_or(earlier)
        };
        Self { since: compared_runs(run).map(of_run).into_iter().min().unwrap_or(i32::MIN) }
    }

    /// Whether a figure may need a contact: also an old one, if it is not closed.
    #[must_use]
    pub fn needs(&self, contact: &Contact) -> bool {
        let last = contact.closed_at.map(|closed_at| closed_at.max(contact.received_at));
        last.is_none_or(|last| last.day() >= self.since)
    }
}

#[cfg(test)]
mod tests;
