//! What the utility promises and requires of itself: `service.toml`, versioned data like the catalogue (SERVICE §3).

mod raw;
mod build;
mod parse;
mod doubt;

use chrono::NaiveDate;
use gridtier::contract::{ContactKind, OutageKind, Responsibility};
use gridtier::entitlement::condition::Condition;
use gridtier::text::Text;
use gridtier::unit::day_of_date;

use crate::period::Period;
use crate::time::Span;

pub(crate) use build::is_plain_id;
pub use parse::{POLICIES, fields, schema};

/// The version of the policy's format that this program reads.
pub const FORMAT: i64 = 1;

gridtier::words! {
    /// What a promise measures.
    Measure "measure of a promise" {
        /// Share of time with supply, by group, in percent.
        Availability "availability" "availability" "供电可靠率",
        /// Sustained interruptions of a customer.
        Interruptions "interruptions" "interruptions" "停电次数",
        /// Minutes of sustained interruption of a customer.
        Minutes "minutes" "minutes without supply" "停电时间",
        /// Minutes until the supply is restored.
        Restoration "restoration" "restoration" "复电时间",
        /// Restoration by the promised time.
        PromisedTime "promised_time" "promised time" "承诺复电时间",
        /// An emergency plan for a long outage.
        Plan "plan" "emergency plan" "应急方案",
        /// Notice before an outage.
        Notice "notice" "notice" "停电通知",
    }
}

gridtier::words! {
    /// A time of a contact.
    ContactStep "step of a contact" {
        /// It was received.
        Received "received" "received" "受理",
        /// The customer was first contacted.
        FirstContact "first_contact" "first contact" "首次联系",
        /// It was analysed.
        Analysed "analysed" "analysed" "分析",
        /// It was answered.
        Answered "answered" "answered" "答复",
        /// It was closed.
        Closed "closed" "closed" "办结",
        /// It was passed on to another authority.
        PassedOn "passed_on" "passed on" "转办",
        /// The customer was called back.
        CalledBack "called_back" "called back" "回访",
    }
}

gridtier::words! {
    /// The event that a follow-up follows.
    FollowedEvent "event that is followed up" {
        /// The first day of the supply.
        Opening "opening" "start of the supply" "开户送电",
        /// The end of an interruption.
        Interruption "interruption" "end of an interruption" "停电恢复",
        /// The closing of a contact.
        Contact "contact" "closing of a contact" "诉求办结",
        /// The delivery of a service.
        Delivery "delivery" "delivery of a service" "服务完成",
    }
}

/// A checked policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// First day on which it is in force.
    pub effective_from: NaiveDate,
    /// Its source.
    pub source: String,
    /// The text of its file.
    pub text: String,
    /// Limits that several figures share.
    pub limits: Limits,
    /// The services that are due.
    pub due: DueServices,
    /// Promises, in the order of the file.
    pub promises: Vec<Promise>,
    /// Follow-ups, in the order of the file.
    pub follow_ups: Vec<FollowUp>,
    /// Timers of contacts, in the order of the file.
    pub timers: Vec<Timer>,
    /// Topics of contacts, in the order of the file. `other`, unknown and empty topics are `unclassified`.
    pub topics: Vec<Topic>,
}

impl Policy {
    /// Whether it is in force on the last day of a period.
    #[must_use]
    pub fn is_in_force(&self, period: Period) -> bool {
        day_of_date(self.effective_from) < period.end_day()
    }

    /// Every condition of promises, follow-ups and timers.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_promises = self.promises.iter().filter_map(|promise| promise.condition.as_ref());
        let of_follow_ups = self.follow_ups.iter().filter_map(|rule| rule.condition.as_ref());
        let of_timers = self.timers.iter().filter_map(|timer| timer.condition.as_ref());
        of_promises.chain(of_follow_ups).chain(of_timers)
    }

    /// The ids of the entries with a remark on what must be confirmed or explained.
    pub fn remarked(&self) -> impl Iterator<Item = &str> {
        let promises = self.promises.iter().map(|entry| (&entry.id, &entry.remark));
        let follow_ups = self.follow_ups.iter().map(|entry| (&entry.id, &entry.remark));
        let timers = self.timers.iter().map(|entry| (&entry.id, &entry.remark));
        let all = promises.chain(follow_ups).chain(timers).filter(|(_, remark)| !remark.is_empty());
        all.map(|(id, _)| id.as_str())
    }
}

/// Limits that several figures share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest momentary interruption, in seconds.
    pub momentary_seconds: i64,
    /// From this many sustained interruptions on, a customer counts in CEMI.
    pub many: i64,
    /// From this many hours on, a customer counts in CELID.
    pub long_hours: i64,
    /// A proposed limit must have been kept in this percentage of exposures.
    pub keep_percent: i64,
    /// A contact repeats an earlier one of at most this many days before.
    pub repeat_days: i64,
    /// An appointment is kept if the delivery is at most this many minutes late.
    pub appointment_minutes: i64,
    /// Minimum number of answers for a cell of a survey to be shown.
    pub min_cell: i64,
}

/// The services that are due, as positions in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueServices {
    /// To each customer whose tier gives them, by their cadence.
    pub customer: Vec<usize>,
    /// Once in each slot of the calendar, to the public.
    pub session: Vec<usize>,
    /// The service of follow-ups.
    pub follow_up: Option<usize>,
    /// The service of notices.
    pub notice: Option<usize>,
}

/// A promise.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The place where it is stated.
    pub source: String,
    /// What must still be confirmed, or explained.
    pub remark: String,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// What it measures.
    pub measure: Measure,
    /// To whom it is made; `None` for everybody.
    pub condition: Option<Condition>,
    /// The kinds of outages that count; all if the file names none.
    pub kinds: Vec<OutageKind>,
    /// The responsibilities that do not count.
    pub exempt: Vec<Responsibility>,
    /// Whether it is measured over the twelve months to the period's end instead of the period.
    pub over_year: bool,
    /// The limit, in the measure's unit; `None` for a measure that has none.
    pub limit: Option<f64>,
    /// Proposals are multiples of this.
    pub step: Option<f64>,
    /// The weakest limit that is allowed.
    pub floor: Option<f64>,
    /// Of `notice`: how long ahead.
    pub lead: Option<Span>,
    /// Of `plan`: how long after the start.
    pub after: Option<Span>,
    /// Of `notice`: whether a public announcement keeps it.
    pub announcement: bool,
    /// What a breach costs the utility; `None` if nothing.
    pub compensation: Option<Compensation>,
}

impl Default for Limits {
    /// The limits of SERVICE §3, which apply where a policy leaves one out.
    fn default() -> Self {
        Self {
            momentary_seconds: 300,
            many: 3,
            long_hours: 8,
            keep_percent: 95,
            repeat_days: 90,
            appointment_minutes: 15,
            min_cell: 10,
        }
    }
}

/// What a breach costs the utility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compensation {
    /// An amount in fen.
    Fixed(i64),
    /// A multiple of the price of the energy that the customer did not get.
    Energy {
        /// For customers with a two-part tariff.
        two_part: f64,
        /// For all others.
        single: f64,
    },
}

/// A follow-up.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The place where it is stated.
    pub source: String,
    /// What must still be confirmed, or explained.
    pub remark: String,
    /// The event.
    pub event: FollowedEvent,
    /// Of contacts: the kinds.
    pub kinds: Vec<ContactKind>,
    /// Of deliveries: the services, as positions in the catalogue.
    pub services: Vec<usize>,
    /// Of interruptions: the minimum length, in hours.
    pub min_hours: Option<i64>,
    /// Who is followed up; `None` for everybody.
    pub condition: Option<Condition>,
    /// When the first is due.
    pub within: Option<Span>,
    /// Months from one to the next.
    pub every_months: Option<u32>,
    /// Months after the event until the last.
    pub until_months: Option<u32>,
    /// The minimum number of follow-ups in these months.
    pub at_least: Option<i64>,
}

/// A timer of contacts.
#[derive(Clone, Debug)]
pub struct Timer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The place where it is stated.
    pub source: String,
    /// What must still be confirmed, or explained.
    pub remark: String,
    /// The kinds of contacts.
    pub kinds: Vec<ContactKind>,
    /// The time from which it runs.
    pub from: ContactStep,
    /// The times that stop it: the earliest counts.
    pub to: Vec<ContactStep>,
    /// How long it may run.
    pub within: Span,
    /// Whose contacts; `None` for everybody's.
    pub condition: Option<Condition>,
    /// The percentage on time below which it is missed.
    pub floor: Option<i64>,
}

/// A topic of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
}
