//! All figures about contacts from one log (SERVICE §6).

use crate::ageing::{AgeingRow, ageing};
use crate::base::Base;
use crate::contact::Contacts;
use crate::fairness::{FairnessRow, fairness};
use crate::group::{Groups, OpenDays};
use crate::log::Log;
use crate::period::Run;
use crate::policy::Policy;
use crate::rate::{RateRow, rates};
use crate::repeat::repeats;
use crate::time::WorkCalendar;
use crate::timer::{TimerCase, TimerRow, timer_cases, timer_rows};
use crate::topic::{TopicRow, topics};

/// Why customers contacted the utility, and how it handled their contacts.
#[derive(Clone, Debug)]
pub struct ContactFigures<'a> {
    /// The contacts.
    pub contacts: Contacts<'a>,
    /// For each contact of the log, whether it repeats an earlier one; `None` without a customer.
    pub repeats: Vec<Option<bool>>,
    /// By timer and contact.
    pub cases: Vec<TimerCase>,
    /// By timer and group.
    pub timers: Vec<TimerRow>,
    /// By timer and tier.
    pub fairness: Vec<FairnessRow>,
    /// By kind and topic; within a kind, topics with most contacts first.
    pub topics: Vec<TopicRow>,
    /// By kind and group.
    pub rates: Vec<RateRow>,
    /// By kind and days of waiting.
    pub ageing: Vec<AgeingRow>,
}

impl<'a> ContactFigures<'a> {
    /// The figures of a log; `None`, not measured, if it has no table of contacts.
    #[must_use]
    pub fn of(base: &Base, groups: &Groups, log: &'a Log, policy: &Policy, run: Run) -> Option<Self> {
        let contacts = Contacts::of(log, policy, run)?;
        let repeats = repeats(&contacts, &policy.limits);
        let no_calendar = WorkCalendar::default();
        let calendar = log.calendar.as_ref().unwrap_or(&no_calendar);
        let cases = timer_cases(&contacts, base, policy, calendar, run);
        let open = OpenDays::of_all(base, groups, run.period);
        Some(Self {
            timers: timer_rows(&cases, &contacts, groups, policy),
            fairness: fairness(&cases, &contacts, groups, policy),
            topics: topics(&contacts, &repeats, policy),
            rates: rates(&contacts, &repeats, groups, &open),
            ageing: ageing(contacts.all, run),
            contacts,
            repeats,
            cases,
        })
    }
}
