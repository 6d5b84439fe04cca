//! Whether contacts were handled in time (SERVICE §6, timers).

use gridtier::index::float_i64;
use gridtier::word::Word;

use crate::base::Base;
use crate::contact::Contacts;
use crate::estimate::{Interval, quantile, quotient, wilson};
use crate::group::{GroupIx, Groups};
use crate::log::Contact;
use crate::period::Run;
use crate::policy::{Policy, Timer};
use crate::time::{Second, WorkCalendar};

gridtier::words! {
    /// What became of a case of a timer.
    TimerStatus "status of a case" {
        /// Done in time.
        OnTime "on_time" "on time" "按时",
        /// Done too late.
        Late "late" "late" "逾期完成",
        /// Not done, and the time is over.
        Overdue "overdue" "overdue" "逾期未办",
        /// Not done, but there is time left.
        Open "open" "open" "在办",
    }
}

/// A contact under a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerCase {
    /// The timer: position in the policy.
    pub timer: usize,
    /// The contact: position in the log.
    pub contact: u32,
    /// When the timer began to run.
    pub from: Second,
    /// Until when it may run.
    pub due_by: Second,
    /// When it was stopped.
    pub done_at: Option<Second>,
    /// What became of it.
    pub status: TimerStatus,
}

impl TimerCase {
    /// Seconds from the beginning until it was stopped; negative if the stopping step came first.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        self.done_at.map(|done_at| done_at.since(self.from))
    }

    /// Hours from the beginning until it was stopped.
    #[must_use]
    pub fn hours(&self) -> Option<f64> {
        self.seconds().map(hours)
    }
}

fn hours(seconds: i64) -> f64 {
    float_i64(seconds) / 3_600.0
}

/// How many cases were decided, and how many of them in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// Number of cases that were done, or whose time is over.
    pub decided: i64,
    /// Number of cases that were done in time.
    pub on_time: i64,
}

impl Decided {
    /// The share in time; `None` if nothing was decided.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        quotient(self.on_time, self.decided)
    }

    /// The 95 % interval of the share.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.on_time, self.decided)
    }
}

/// The cases of a timer in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerRow {
    /// The timer: position in the policy.
    pub timer: usize,
    /// The group.
    pub group: GroupIx,
    /// Number of cases by status, in the order of [`TimerStatus`].
    pub by_status: [i64; TimerStatus::ALL.len()],
    /// Median hours of the cases that were done.
    pub median_h: Option<f64>,
    /// 90 % quantile of these hours.
    pub p90_h: Option<f64>,
}

impl TimerRow {
    /// Number of cases with a status.
    #[must_use]
    pub fn count(&self, status: TimerStatus) -> i64 {
        self.by_status[status.position()]
    }

    /// Number of cases.
    #[must_use]
    pub fn cases(&self) -> i64 {
        self.by_status.iter().sum()
    }

    /// The cases that are not open.
    #[must_use]
    pub fn decided(&self) -> Decided {
        Decided {
            decided: self.cases() - self.count(TimerStatus::Open),
            on_time: self.count(TimerStatus::OnTime),
        }
    }
}

/// The cases of all timers among the contacts received in the period, by timer id and contact id.
#[must_use]
pub fn timer_cases(
    contacts: &Contacts,
    base: &Base,
    policy: &Policy,
    calendar: &WorkCalendar,
    run: Run,
) -> Vec<TimerCase> {
    let mut order: Vec<usize> = (0..policy.timers.len()).collect();
    order.sort_by_key(|&place| policy.timers[place].id.as_str());
    let mut cases = Vec::new();
    for place in order {
        let timer = &policy.timers[place];
        let selected = base.selected(timer.condition.as_ref());
        let is_nobody_selected = base.holds_for_nobody(timer.condition.as_ref());
        for (contact, row) in contacts.in_period() {
            let is_selected = row.customer.map_or(is_nobody_selected, |customer| selected[customer.index()]);
            let is_timed = is_selected && (timer.kinds.is_empty() || timer.kinds.contains(&row.kind));
            if let Some(from) = row.at(timer.from).filter(|_| is_timed) {
                cases.push(timer_case((place, timer), (contact, row), from, calendar, run));
            }
        }
    }
    cases
}

fn timer_case(
    (place, timer): (usize, &Timer),
    (contact, row): (u32, &Contact),
    from: Second,
    calendar: &WorkCalendar,
    run: Run,
) -> TimerCase {
    let due_by = timer.within.after(from, calendar);
    let done_at = timer.to.iter().filter_map(|&step| row.at(step)).min();
    let status = match done_at {
        Some(done_at) if done_at <= due_by => TimerStatus::OnTime,
        Some(_) => TimerStatus::Late,
        None if due_by < run.now() => TimerStatus::Overdue,
        None => TimerStatus::Open,
    };
    TimerCase { timer: place, contact, from, due_by, done_at, status }
}

/// Counts the cases by timer and group: each timer for all groups that have customers, and for those without customers
/// that have cases. `cases` are in the order of [`timer_cases`]; so are the rows, by timer id and group.
#[must_use]
pub fn timer_rows(
    cases: &[TimerCase],
    contacts: &Contacts,
    groups: &Groups,
    policy: &Policy,
) -> Vec<TimerRow> {
    let mut order: Vec<usize> = (0..policy.timers.len()).collect();
    order.sort_by_key(|&place| policy.timers[place].id.as_str());
    let mut rows = Vec::new();
    let mut rest = cases;
    for timer in order {
        let count = rest.iter().take_while(|case| case.timer == timer).count();
        let (of_timer, after) = rest.split_at(count);
        rest = after;
        let mut counts = vec![[0_i64; TimerStatus::ALL.len()]; groups.len()];
        let mut seconds: Vec<Vec<i64>> = vec![Vec::new(); groups.len()];
        for case in of_timer {
            for group in groups.of_customer(contacts.contact(case.contact).customer) {
                counts[group.index()][case.status.position()] += 1;
                seconds[group.index()].extend(case.seconds());
            }
        }
        for (group, about) in groups.iter() {
            let by_status = counts[group.index()];
            if !about.is_of_customers() && by_status.iter().all(|&count| count == 0) {
                continue;
            }
            let seconds = &mut seconds[group.index()];
            seconds.sort_unstable();
            let hours: Vec<f64> = seconds.iter().map(|&seconds| hours(seconds)).collect();
            let (median_h, p90_h) = (quantile(&hours, 0.5), quantile(&hours, 0.9));
            rows.push(TimerRow { timer, group, by_status, median_h, p90_h });
        }
    }
    rows
}

#[cfg(test)]
mod tests;
