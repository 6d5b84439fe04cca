//! Notice of outages: whether each customer was told in time (SERVICE §4).
//!
//! A notice is owed once for each outage that begins an interruption of the customer. A row that was merged into the
//! interruption of another outage owes none of its own.

use gridtier::index::{CustomerIx, index};

use crate::interruption::{Interruptions, MergedInterruption, is_of_kinds};
use crate::log::{Delivery, Outage};
use crate::policy::Promise;
use crate::time::Second;

gridtier::words! {
    /// Whether and to whom notice was given in time.
    NoticeStatus "status of a notice" {
        /// The customer was told in time.
        OnTime "on_time" "on time" "按时",
        /// The public was told in time.
        Announced "announced" "announced" "已公告",
        /// The customer or the public was told too late.
        Late "late" "late" "逾期",
        /// Nobody was told.
        Missed "missed" "missed" "未通知",
    }
}

/// The notice of an outage to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutageNotice {
    /// The outage: position in the log.
    pub outage: u32,
    /// The customer.
    pub customer: CustomerIx,
    /// When the first interruption began that the outage caused the customer: S of SERVICE §4.
    pub start: Second,
    /// Length of that interruption.
    pub seconds: i64,
    /// The latest time that is on time.
    pub due: Second,
    /// The first delivery that was done: position in the log.
    pub delivery: Option<u32>,
    /// When it was done.
    pub done_at: Option<Second>,
    /// When the outage was announced to the public, whether or not the promise counts announcements.
    pub announced_at: Option<Second>,
    /// Whether and to whom notice was given in time.
    pub status: NoticeStatus,
}

impl OutageNotice {
    /// Whether the promise was kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self.status, NoticeStatus::OnTime | NoticeStatus::Announced)
    }

    /// Seconds from the delivery or the announcement, whichever was earlier, to the start; negative if both came after
    /// it, `None` if there was neither.
    #[must_use]
    pub fn lead_seconds(&self) -> Option<i64> {
        let earlier = self.done_at.into_iter().chain(self.announced_at).min()?;
        Some(self.start.since(earlier))
    }
}

/// The deliveries of notices that were done, by outage and customer.
#[derive(Clone, Debug, Default)]
pub struct NoticeDeliveries(Vec<(u32, CustomerIx, Second, u32)>);

impl NoticeDeliveries {
    /// The deliveries of a service that were done for a customer and an outage.
    #[must_use]
    pub fn of(deliveries: &[Delivery], service: usize) -> Self {
        let of_service =
            (0..).zip(deliveries).filter(|(_, delivery)| usize::from(delivery.service) == service);
        let done = of_service.filter_map(|(position, delivery)| {
            Some((delivery.outage?, delivery.customer?, delivery.done()?, position))
        });
        let mut done: Vec<_> = done.collect();
        done.sort_unstable();
        Self(done)
    }

    /// When the first notice of an outage was done for a customer, and its position in the log. Of several at the
    /// same time, the one with the smallest id counts.
    fn first(&self, outage: u32, customer: CustomerIx) -> Option<(Second, u32)> {
        let place = self.0.partition_point(|&(of, to, ..)| (of, to) < (outage, customer));
        let &(of, to, done_at, position) = self.0.get(place)?;
        ((of, to) == (outage, customer)).then_some((done_at, position))
    }
}

/// The notices that a promise owes to the customers that `selected` names by position: of each outage of its kinds whose
/// first interruption of the customer begins on one of the `days`. An outage of an exempt responsibility owes none. By
/// outage and customer.
#[must_use]
pub fn notices(
    interruptions: &Interruptions,
    outages: &[Outage],
    deliveries: &NoticeDeliveries,
    promise: &Promise,
    selected: &[bool],
    days: std::ops::Range<i32>,
) -> Vec<OutageNotice> {
    let owed = interruptions.first_of_outages().filter(|first| {
        let outage = &outages[index(first.outage)];
        days.contains(&first.start.day())
            && selected[first.customer.index()]
            && is_of_kinds(outage, &promise.kinds)
            && !promise.exempt.contains(&outage.responsibility)
    });
    owed.map(|first| notice(&first, &outages[index(first.outage)], deliveries, promise)).collect()
}

fn notice(
    interruption: &MergedInterruption,
    outage: &Outage,
    deliveries: &NoticeDeliveries,
    promise: &Promise,
) -> OutageNotice {
    let start = interruption.start;
    // A checked policy has a lead that can lie ahead.
    let due = promise.lead.and_then(|lead| lead.ahead(start)).unwrap_or(start);
    let first = deliveries.first(interruption.outage, interruption.customer);
    let done_at = first.map(|(done_at, _)| done_at);
    let announced_at = outage.announced_at;
    let in_time = |time: Option<Second>| time.is_some_and(|time| time <= due);
    let status = if in_time(done_at) {
        NoticeStatus::OnTime
    } else if promise.announcement && in_time(announced_at) {
        NoticeStatus::Announced
    } else if done_at.is_some() || announced_at.is_some() {
        NoticeStatus::Late
    } else {
        NoticeStatus::Missed
    };
    OutageNotice {
        outage: interruption.outage,
        customer: interruption.customer,
        start,
        seconds: interruption.seconds(),
        due,
        delivery: first.map(|(_, position)| position),
        done_at,
        announced_at,
        status,
    }
}
