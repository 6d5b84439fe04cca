//! What is due to a customer, and from when to when: visits by the calendar, and follow-ups of events (SERVICE §5, items
//! 1 and 2).
//!
//! Items are made customer by customer, since those of a million customers over two years would fill memory.

use std::borrow::Cow;

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::Datum;
use gridtier::entitlement::grant::{Grant, Records, grant};
use gridtier::entitlement::service::{Cadence, Service};
use gridtier::index::{CustomerIx, index};
use gridtier::unit::{Month, date_of_day};

use crate::base::Base;
use crate::interruption::Interruptions;
use crate::log::Log;
use crate::period::Run;
use crate::policy::{FollowUp, FollowedEvent, Measure, Policy};
use crate::slot::Slot;
use crate::time::{Second, Span, WorkCalendar};

/// Months before the period for which due items are matched with deliveries.
const MATCHED_MONTHS: i32 = 12;

/// Days of the longest slot, a leap year.
const LONGEST_SLOT_DAYS: i32 = 366;

/// All that duties follow from.
#[derive(Clone, Copy)]
pub struct DueInputs<'a> {
    /// The customers.
    pub base: &'a Base,
    /// The services.
    pub catalogue: &'a Catalogue,
    /// The rules.
    pub policy: &'a Policy,
    /// What happened.
    pub log: &'a Log,
    /// The merged interruptions, also those that end on [`first_interruption`] or later; `None` if the table is absent.
    pub interruptions: Option<&'a Interruptions>,
    /// The period and the as-of day.
    pub run: Run,
}

impl<'a> DueInputs<'a> {
    /// The interruptions; `None`, not measured, if the log has no table of outages or of interruptions.
    #[must_use]
    pub fn measured_interruptions(&self) -> Option<&'a Interruptions> {
        self.log.outages.as_ref().and(self.interruptions)
    }
}

/// Why something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueReason {
    /// A service that a customer is granted, once in each slot of its cadence.
    Cadence,
    /// A follow-up by a rule: position in [`Policy::follow_ups`].
    FollowUp(usize),
    /// The minimum number of follow-ups by a rule: position in [`Policy::follow_ups`].
    AtLeast(usize),
    /// A notice that was promised: position in [`Policy::promises`].
    Notice(usize),
    /// A session for the public.
    Session,
    /// An appointment.
    Appointment,
    /// An invitation to a session.
    Invitation,
}

impl DueReason {
    /// Its name in tables.
    #[must_use]
    pub fn name(self, policy: &Policy) -> Cow<'static, str> {
        match self {
            Self::Cadence => "cadence".into(),
            Self::FollowUp(rule) => format!("follow_up:{}", policy.follow_ups[rule].id).into(),
            Self::AtLeast(rule) => format!("at_least:{}", policy.follow_ups[rule].id).into(),
            Self::Notice(promise) => format!("notice:{}", policy.promises[promise].id).into(),
            Self::Session => "session".into(),
            Self::Appointment => "appointment".into(),
            Self::Invitation => "invitation".into(),
        }
    }
}

/// Position in [`DueReasons`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DueReasonIx(u32);

/// All reasons of a policy, in the order of the bytes of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueReasons {
    list: Vec<(Cow<'static, str>, DueReason)>,
}

impl DueReasons {
    /// The reasons of a policy.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let mut all =
            vec![DueReason::Cadence, DueReason::Session, DueReason::Appointment, DueReason::Invitation];
        all.extend(
            (0..policy.follow_ups.len())
                .flat_map(|rule| [DueReason::FollowUp(rule), DueReason::AtLeast(rule)]),
        );
        let promises = policy.promises.iter().enumerate();
        let notices = promises.filter(|(_, promise)| promise.measure == Measure::Notice);
        all.extend(notices.map(|(place, _)| DueReason::Notice(place)));
        let mut list: Vec<_> = all.into_iter().map(|reason| (reason.name(policy), reason)).collect();
        list.sort_by(|one, other| one.0.cmp(&other.0));
        Self { list }
    }

    /// Position of a reason.
    ///
    /// # Panics
    /// It is none of this policy.
    #[must_use]
    pub fn place(&self, reason: DueReason) -> DueReasonIx {
        let place = self.list.iter().position(|(_, known)| *known == reason);
        let place = place.expect("a reason of the policy");
        DueReasonIx(u32::try_from(place).expect("a policy has fewer than 2^32 rules"))
    }

    /// The reason of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<DueReason> {
        self.list.iter().find(|(known, _)| known == name).map(|(_, reason)| *reason)
    }

    /// A reason.
    #[must_use]
    pub fn reason(&self, place: DueReasonIx) -> DueReason {
        self.list[index(place.0)].1
    }

    /// A reason's name.
    #[must_use]
    pub fn name(&self, place: DueReasonIx) -> &str {
        &self.list[index(place.0)].0
    }
}

/// What makes an item due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueSource {
    /// A slot of the calendar, with its first day.
    Slot(i32),
    /// The first day of the customer's supply.
    Opening,
    /// An interruption, with its start.
    Interruption(Second),
    /// A contact: position in the log.
    Contact(u32),
    /// A delivery: position in the log.
    Delivery(u32),
}

/// Something that is due to a customer, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueItem {
    /// The reason.
    pub reason: DueReasonIx,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// What makes it due.
    pub source: DueSource,
    /// Of a series of follow-ups, its number from 1; 0 for a single one.
    pub number: u32,
    /// From when on it can be delivered.
    pub opens: Second,
    /// Until when it must be delivered.
    pub due_by: Second,
}

impl DueItem {
    /// Its place among the items of a customer; items with equal places are in the order of their keys.
    fn urgency(&self) -> (Second, Second, DueReasonIx) {
        (self.due_by, self.opens, self.reason)
    }

    /// Its key in tables, unique within its reason.
    #[must_use]
    pub fn key(&self, inputs: &DueInputs, customer: CustomerIx) -> String {
        let id = inputs.base.id(customer);
        let event = match self.source {
            DueSource::Slot(day) => {
                return slot_key(&inputs.catalogue.services[self.service], Some(id), day);
            }
            DueSource::Opening => id.to_owned(),
            DueSource::Interruption(start) => format!("{id}:{}", start.seconds()),
            DueSource::Contact(place) => inputs
                .log
                .contacts
                .as_ref()
                .map_or_else(String::new, |contacts| contacts[index(place)].id.to_string()),
            DueSource::Delivery(place) => {
                let deliveries = inputs.log.deliveries.as_ref();
                deliveries.map_or_else(String::new, |deliveries| deliveries[index(place)].id.to_string())
            }
        };
        if self.number > 0 { format!("{event}#{}", self.number) } else { event }
    }
}

/// The key of a service in a slot: `<service>:<customer>:<first day>`, without a customer `<service>:<first day>`.
#[must_use]
pub fn slot_key(service: &Service, customer: Option<&str>, first_day: i32) -> String {
    let day = date_of_day(first_day).map_or_else(|| first_day.to_string(), |day| day.to_string());
    match customer {
        Some(customer) => format!("{}:{customer}:{day}", service.id),
        None => format!("{}:{day}", service.id),
    }
}

/// The minimum number of follow-ups by a rule that are due to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueCount {
    /// The item, of which `at_least` are due from `opens` to `due_by`.
    pub item: DueItem,
    /// How many.
    pub at_least: i64,
}

/// An event that a rule follows up.
#[derive(Clone, Copy, Debug)]
struct FollowedUp {
    customer: CustomerIx,
    rule: u32,
    at: Second,
    source: DueSource,
}

/// Makes the items of customers.
pub struct Duties<'a> {
    inputs: DueInputs<'a>,
    /// The reasons.
    pub reasons: DueReasons,
    calendar: Cow<'a, WorkCalendar>,
    records: Records<'a>,
    record: Vec<Datum<'a>>,
    /// The customer whose values `record` has.
    recorded: Option<CustomerIx>,
    /// For each rule of follow-ups, the customers whom it follows up.
    followed: Vec<Vec<bool>>,
    /// Events by customer, except openings.
    events: Vec<FollowedUp>,
    next_event: usize,
    cadence: DueReasonIx,
}

impl<'a> Duties<'a> {
    /// Prepares the duties to all customers.
    ///
    /// # Panics
    /// A column of the base has a type that its field does not have.
    #[must_use]
    pub fn of(inputs: DueInputs<'a>) -> Self {
        let DueInputs { base, catalogue, policy, log, .. } = inputs;
        let reasons = DueReasons::of(policy);
        let cadence = reasons.place(DueReason::Cadence);
        let records =
            Records::of(&base.columns, &catalogue.fields).expect("columns of the types of their fields");
        let record = records.record();
        let followed = policy.follow_ups.iter().map(|rule| base.selected(rule.condition.as_ref())).collect();
        let calendar = log.calendar.as_ref().map_or_else(Cow::default, Cow::Borrowed);
        let mut events = events(inputs);
        events.sort_by_key(|event| event.customer);
        Self {
            inputs,
            reasons,
            calendar,
            records,
            record,
            recorded: None,
            followed,
            events,
            next_event: 0,
            cadence,
        }
    }

    /// What a customer is granted of a service; `None` if nothing. A customer without a tier is granted nothing.
    pub fn granted(&mut self, customer: CustomerIx, service: usize) -> Option<Grant<'a>> {
        let tier = self.inputs.base.member(customer).tier?;
        if self.recorded != Some(customer) {
            self.records.fill(customer.index(), &mut self.record);
            self.recorded = Some(customer);
        }
        let catalogue = self.inputs.catalogue;
        grant(catalogue, &catalogue.services[service], tier, &self.record).ok()
    }

    /// Writes a customer's items and counts, in the order of their due times. Must be called for the customers in
    /// their order.
    pub fn of_customer(
        &mut self,
        customer: CustomerIx,
        items: &mut Vec<DueItem>,
        counts: &mut Vec<DueCount>,
    ) {
        items.clear();
        counts.clear();
        self.by_calendar(customer, items);
        if let Some(service) = self.inputs.policy.due.follow_up {
            self.after_opening(customer, service, items, counts);
            while let Some(&event) =
                self.events.get(self.next_event).filter(|event| event.customer <= customer)
            {
                self.next_event += 1;
                if event.customer == customer {
                    self.follow(event, service, items, counts);
                }
            }
        }
        let inputs = &self.inputs;
        items.sort_by(|one, other| {
            one.urgency()
                .cmp(&other.urgency())
                .then_with(|| one.key(inputs, customer).cmp(&other.key(inputs, customer)))
        });
    }

    fn by_calendar(&mut self, customer: CustomerIx, items: &mut Vec<DueItem>) {
        let DueInputs { base, catalogue, policy, run, .. } = self.inputs;
        let (first, last) = slots_between(run);
        for &service in &policy.due.customer {
            let Some(grant) = self.granted(customer, service) else { continue };
            let cadence: Cadence = grant.terms.cadence.unwrap_or(catalogue.services[service].cadence);
            let member = base.member(customer);
            let slots = Slot::all(cadence, first, last).filter(|slot| slot.is_lived_through_by(member));
            items.extend(slots.map(|slot| DueItem {
                reason: self.cadence,
                service,
                source: DueSource::Slot(slot.first.first_day()),
                number: 0,
                opens: slot.opens(),
                due_by: slot.due_by(),
            }));
        }
    }

    fn after_opening(
        &self,
        customer: CustomerIx,
        service: usize,
        items: &mut Vec<DueItem>,
        counts: &mut Vec<DueCount>,
    ) {
        let DueInputs { base, policy, run, .. } = self.inputs;
        let opened_on = base.member(customer).opened_on;
        for (place, rule) in policy.follow_ups.iter().enumerate() {
            let days = longest_days(rule);
            let is_over = opened_on.saturating_add(days) < first_due_day(run);
            if rule.event == FollowedEvent::Opening && opened_on < run.as_of && !is_over {
                let (rule, at) = (place as u32, Second::of_day(opened_on));
                self.follow(
                    FollowedUp { customer, rule, at, source: DueSource::Opening },
                    service,
                    items,
                    counts,
                );
            }
        }
    }

    /// Adds the items that follow an event.
    fn follow(
        &self,
        event: FollowedUp,
        service: usize,
        items: &mut Vec<DueItem>,
        counts: &mut Vec<DueCount>,
    ) {
        let FollowedUp { customer, rule, at, source } = event;
        let place = index(rule);
        if !self.followed[place][customer.index()] {
            return;
        }
        let rule = &self.inputs.policy.follow_ups[place];
        let member = self.inputs.base.member(customer);
        let earliest = Second::of_day(first_due_day(self.inputs.run));
        let is_wanted = |due_by: Second| due_by >= earliest && member.is_open(due_by.day());
        let reason = self.reasons.place(DueReason::FollowUp(place));
        if let Some(within) = rule.within {
            let due_by = within.after(at, &self.calendar);
            let item = DueItem { reason, service, source, number: 0, opens: at, due_by };
            items.extend(Some(item).filter(|item| is_wanted(item.due_by)));
        }
        let Some(until) = rule.until_months else { return };
        if let Some(every) = rule.every_months {
            let mut opens = at;
            for number in 1..=until / every {
                let due_by = Span::Months(number * every).after(at, &self.calendar);
                let item = DueItem { reason, service, source, number, opens, due_by };
                items.extend(Some(item).filter(|item| is_wanted(item.due_by)));
                opens = due_by.plus(1);
            }
        }
        if let Some(at_least) = rule.at_least {
            let due_by = Span::Months(until).after(at, &self.calendar);
            let reason = self.reasons.place(DueReason::AtLeast(place));
            let item = DueItem { reason, service, source, number: 0, opens: at, due_by };
            counts.extend(Some(DueCount { item, at_least }).filter(|count| is_wanted(count.item.due_by)));
        }
    }
}

/// The earliest due day of the items that are matched with deliveries: the first day of the month twelve months
/// before the period.
#[must_use]
pub fn first_due_day(run: Run) -> i32 {
    run.period.first.plus(-MATCHED_MONTHS).first_day()
}

/// The first and last month whose slots are considered: from twelve months before the period to the last known or
/// planned month.
fn slots_between(run: Run) -> (Month, Month) {
    let planned = run.period.last.plus(1);
    let known = Month::of_day(run.as_of - 1).unwrap_or(planned);
    (run.period.first.plus(-MATCHED_MONTHS), planned.max(known))
}

/// An upper bound of the days from an event to the last due day of a rule's items. Events that are too old for the
/// bound are dropped early.
pub fn longest_days(rule: &FollowUp) -> i32 {
    let within = match rule.within {
        None => 0,
        Some(Span::Minutes(n)) => n / 1_440 + 1,
        Some(Span::Hours(n)) => n / 24 + 1,
        Some(Span::Days(n)) => n,
        Some(Span::Months(n)) => 31 * n,
        // No calendar has 31 holidays in a row.
        Some(Span::WorkingDays(n)) => 7 * n + 31,
    };
    let months = 31 * rule.until_months.unwrap_or(0);
    within.max(months).saturating_add(1).cast_signed()
}

/// The earliest day on which an interruption may end and still have a follow-up that is due. `i32::MAX` if the policy
/// follows up no interruptions.
#[must_use]
pub fn first_interruption(policy: &Policy, run: Run) -> i32 {
    let rules = policy.follow_ups.iter().filter(|rule| rule.event == FollowedEvent::Interruption);
    rules.map(longest_days).max().map_or(i32::MAX, |days| first_due_day(run) - days)
}

/// No item opens before this day: deliveries that were done before it fill none and count for none.
#[must_use]
pub fn first_opening(policy: &Policy, run: Run) -> i32 {
    let longest = policy.follow_ups.iter().map(longest_days).max();
    first_due_day(run) - longest.unwrap_or(0).max(LONGEST_SLOT_DAYS)
}

/// The follow-ups that are not measured, because the table of their events is absent: positions in
/// [`Policy::follow_ups`].
#[must_use]
pub fn follow_ups_not_measured(inputs: &DueInputs) -> Vec<usize> {
    let rules = inputs.policy.follow_ups.iter().enumerate();
    let absent = rules.filter(|(_, rule)| match rule.event {
        FollowedEvent::Opening => false,
        FollowedEvent::Interruption => inputs.measured_interruptions().is_none(),
        FollowedEvent::Contact => inputs.log.contacts.is_none(),
        FollowedEvent::Delivery => inputs.log.deliveries.is_none(),
    });
    absent.map(|(place, _)| place).collect()
}

/// The events of all follow-ups except openings, which follow from the customers.
fn events(inputs: DueInputs) -> Vec<FollowedUp> {
    let DueInputs { policy, log, run, .. } = inputs;
    let mut events = Vec::new();
    for (place, rule) in policy.follow_ups.iter().enumerate() {
        let number = place as u32;
        let earliest = first_due_day(run) - longest_days(rule);
        let mut add = |customer: Option<CustomerIx>, at: Option<Second>, source| {
            if let (Some(customer), Some(at)) = (customer, at)
                && at < run.now()
                && at.day() >= earliest
            {
                events.push(FollowedUp { customer, rule: number, at, source });
            }
        };
        match rule.event {
            FollowedEvent::Opening => {}
            FollowedEvent::Interruption => {
                let least_s = rule.min_hours.unwrap_or(0) * 3_600;
                let all = inputs.measured_interruptions().into_iter().flat_map(Interruptions::all);
                for one in all.filter(|one| !one.open && one.seconds() >= least_s) {
                    add(Some(one.customer), Some(one.end), DueSource::Interruption(one.start));
                }
            }
            FollowedEvent::Contact => {
                for (place, contact) in (0..).zip(log.contacts.iter().flatten()) {
                    if rule.kinds.is_empty() || rule.kinds.contains(&contact.kind) {
                        add(contact.customer, contact.closed_at, DueSource::Contact(place));
                    }
                }
            }
            FollowedEvent::Delivery => {
                for (place, delivery) in (0..).zip(log.deliveries.iter().flatten()) {
                    if rule.services.contains(&usize::from(delivery.service)) {
                        add(delivery.customer, delivery.done(), DueSource::Delivery(place));
                    }
                }
            }
        }
    }
    events
}

#[cfg(test)]
mod tests;
