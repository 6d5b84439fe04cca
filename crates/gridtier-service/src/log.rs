//! The accepted rows of the service folder (SERVICE §2): facts as the utility recorded them, without judgement.
//!
//! Every table may be absent; what depends on an absent table is *not measured*, which differs from 0. Rows are in the
//! order of their keys by bytes. Times at or after the as-of day have become empty, planned and promised ones excepted.

use gridtier::contract::{
    Channel, CheckSubject, ContactKind, ContactOutcome, CorrectionResult, CorrectionSubject, OutageKind,
    Responsibility,
};
use gridtier::index::CustomerIx;

use crate::time::{Second, WorkCalendar};

/// The service folder without the interruptions, which are [merged](crate::interruption::Interruptions) as they are
/// read. `None` stands for a table that is absent.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// By `outage_id`.
    pub outages: Option<Vec<Outage>>,
    /// By `delivery_id`: those that a figure may need ([`DeliveriesSince`](crate::read::DeliveriesSince)).
    pub deliveries: Option<Vec<Delivery>>,
    /// By `contact_id`: those that a figure may need ([`ContactsSince`](crate::read::ContactsSince)).
    pub contacts: Option<Vec<Contact>>,
    /// Moved working days.
    pub calendar: Option<WorkCalendar>,
    /// By `check_id`.
    pub checks: Option<Vec<Check>>,
    /// By `correction_id`.
    pub corrections: Option<Vec<Correction>>,
}

/// An interruption of the supply of some customers, as one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    /// Its id.
    pub id: Box<str>,
    /// When it began.
    pub started_at: Second,
    /// Why the supply was interrupted.
    pub kind: OutageKind,
    /// The cause, in the utility's words.
    pub cause: Option<Box<str>>,
    /// Who is responsible.
    pub responsibility: Responsibility,
    /// When it was announced to the public.
    pub announced_at: Option<Second>,
    /// The restoration time that the utility promised; may lie after the as-of day.
    pub promised_at: Option<Second>,
    /// When the emergency plan was issued.
    pub plan_at: Option<Second>,
}

/// The interruption of one customer's supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interruption {
    /// Position in [`Log::outages`].
    pub outage: u32,
    /// The customer.
    pub customer: CustomerIx,
    /// When it began.
    pub started_at: Second,
    /// When the supply was restored; `None` while it is not.
    pub restored_at: Option<Second>,
}

/// A service that was planned for or delivered to a customer or the public.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Delivery {
    /// Its id.
    pub id: Box<str>,
    /// When it was entered.
    pub created_at: Second,
    /// The customer; `None` for the public.
    pub customer: Option<CustomerIx>,
    /// Position of the service in the catalogue.
    pub service: u16,
    /// How it reached the customer.
    pub channel: Channel,
    /// The outage that it is about: position in [`Log::outages`].
    pub outage: Option<u32>,
    /// The appointment; may lie after the as-of day.
    pub planned_at: Option<Second>,
    /// When it was sent.
    pub sent_at: Option<Second>,
    /// When it was delivered.
    pub delivered_at: Option<Second>,
    /// When it was read.
    pub read_at: Option<Second>,
    /// When it failed.
    pub failed_at: Option<Second>,
    /// Units in 10⁻³; 1,000 where the row has none.
    pub units_e3: i64,
    /// What it cost, in fen; `None` where the row does not say.
    pub cost_fen: Option<i64>,
    /// What the customer paid, in fen.
    pub fee_fen: Option<i64>,
    /// Whether the customer was satisfied.
    pub satisfied: Option<bool>,
}

impl Delivery {
    /// When it was done: delivered, else read.
    #[must_use]
    pub fn done(&self) -> Option<Second> {
        self.delivered_at.or(self.read_at)
    }
}

/// A complaint, report, query, suggestion or praise.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Contact {
    /// Its id.
    pub id: Box<str>,
    /// When it was received.
    pub received_at: Second,
    /// The customer; `None` if not known.
    pub customer: Option<CustomerIx>,
    /// What it is about.
    pub kind: ContactKind,
    /// The channel by which it was received.
    pub channel: Option<Channel>,
    /// The topic, in the utility's words.
    pub topic: Option<Box<str>>,
    /// When the customer was first contacted about it.
    pub first_contact_at: Option<Second>,
    /// When it was analysed.
    pub analysed_at: Option<Second>,
    /// When it was answered.
    pub answered_at: Option<Second>,
    /// When it was closed.
    pub closed_at: Option<Second>,
    /// When it was passed on to another authority.
    pub passed_on_at: Option<Second>,
    /// When the customer was called back.
    pub called_back_at: Option<Second>,
    /// The outcome.
    pub outcome: Option<ContactOutcome>,
    /// Whether the customer was satisfied.
    pub satisfied: Option<bool>,
}

/// A quality check of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its id.
    pub id: Box<str>,
    /// Its day, in days since 1970-01-01.
    pub checked_on: i32,
    /// What was checked.
    pub subject: CheckSubject,
    /// The standard that was applied.
    pub standard: Box<str>,
    /// Number of things checked.
    pub sampled: i64,
    /// Number of things that failed the check.
    pub failed: i64,
}

/// A correction of a fault in the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// Its id.
    pub id: Box<str>,
    /// The day on which it was opened, in days since 1970-01-01.
    pub opened_on: i32,
    /// What it is about.
    pub about: CorrectionSubject,
    /// What it refers to.
    pub reference: Option<Box<str>>,
    /// What is done.
    pub action: Box<str>,
    /// The day by which it is due.
    pub due_on: i32,
    /// The day on which it was done.
    pub done_on: Option<i32>,
    /// Whether it helped.
    pub result: Option<CorrectionResult>,
}
