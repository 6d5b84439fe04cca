//! What was due in the period and what became of it, by reason, service and group (SERVICE §5).

use gridtier::entitlement::service::Start;
use gridtier::index::{CustomerIx, index};
use gridtier::word::Word;

use crate::due::{DueInputs, DueItem, DueReason, DueReasonIx, DueReasons, follow_ups_not_measured, slot_key};
use crate::estimate::quotient;
use crate::group::{GroupIx, Groups};
use crate::log::Delivery;
use crate::matching::{DueRow, DueStatus, Matching, OfCustomer, undelivered};
use crate::notice::{NoticeDeliveries, NoticeStatus, notices};
use crate::policy::Measure;
use crate::slot::Slot;
use crate::time::Second;
use crate::worklist::{WorkList, WorkRow};

/// Thousandths of a unit.
const UNIT_E3: i64 = 1_000;

/// The items of a service that were due for one reason in one group, in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveredRow {
    /// The reason.
    pub reason: DueReasonIx,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The group.
    pub group: GroupIx,
    /// Number of items by status, in the order of [`DueStatus`].
    pub by_status: [i64; DueStatus::ALL.len()],
}

impl DeliveredRow {
    /// Number of items with a status.
    #[must_use]
    pub fn count(&self, status: DueStatus) -> i64 {
        self.by_status[status.position()]
    }

    /// Number of items.
    #[must_use]
    pub fn due(&self) -> i64 {
        self.by_status.iter().sum()
    }

    /// (on time + announced)/(due − open); `None` if all are open.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let kept = self.count(DueStatus::OnTime) + self.count(DueStatus::Announced);
        quotient(kept, self.due() - self.count(DueStatus::Open))
    }
}

/// What was due, and what is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The reasons.
    pub reasons: DueReasons,
    /// What was due in the period, by reason and key.
    pub due: Vec<DueRow>,
    /// Counts by reason, service and group. If a service was due for a reason, there is a row for each group that has
    /// customers, and for each other group in which something was due.
    pub delivered: Vec<DeliveredRow>,
    /// The work list of the month after the period, in its order.
    pub worklist: Vec<WorkRow>,
    /// For each delivery of the log, whether it filled an item of a customer.
    pub fills: Vec<bool>,
    /// Reasons that are not measured, because the table of their events is absent.
    pub not_measured: Vec<DueReasonIx>,
}

impl Delivered {
    /// Measures what was due; `None` if the log has no table of deliveries.
    #[must_use]
    pub fn measure(inputs: DueInputs, groups: &Groups) -> Option<Self> {
        let deliveries = inputs.log.deliveries.as_deref()?;
        let mut due = Vec::new();
        let mut list = WorkList::of(inputs);
        let matching = Matching::of(inputs, deliveries);
        let (mut duties, fills) = matching.run(|duties, customer, of_customer| {
            list.add_customer(&duties.reasons, customer, of_customer);
            due.extend(rows_of_customer(&inputs, customer, of_customer));
        });
        list.add_appointments(&duties.reasons, deliveries);
        list.add_invitations(&mut duties, deliveries);
        let reasons = duties.reasons;
        due.extend(promised_notices(&inputs, &reasons, deliveries));
        due.extend(sessions(&inputs, &reasons, deliveries));
        due.extend(appointments(&inputs, &reasons, deliveries));
        due.sort_unstable_by(|one, other| {
            one.reason.cmp(&other.reason).then_with(|| one.key.cmp(&other.key))
        });
        let mut counts = DueCounts::of(groups);
        due.iter().for_each(|row| counts.count(row));
        let delivered = counts.rows(&inputs);
        let not_measured = not_measured(&inputs, &reasons);
        Some(Self { reasons, due, delivered, worklist: list.finish(), fills, not_measured })
    }

    /// As [`measure`](Self::measure), but without the lists of what is due, which take much memory: `due` and `worklist`
    /// stay empty.
    #[must_use]
    pub fn counts(inputs: DueInputs, groups: &Groups) -> Option<Self> {
        let deliveries = inputs.log.deliveries.as_deref()?;
        let mut counts = DueCounts::of(groups);
        let matching = Matching::of(inputs, deliveries);
        let (duties, fills) = matching.run(|_, customer, of_customer| {
            rows_of_customer(&inputs, customer, of_customer).for_each(|row| counts.count(&row));
        });
        let reasons = duties.reasons;
        promised_notices(&inputs, &reasons, deliveries).iter().for_each(|row| counts.count(row));
        sessions(&inputs, &reasons, deliveries).iter().for_each(|row| counts.count(row));
        appointments(&inputs, &reasons, deliveries).iter().for_each(|row| counts.count(row));
        let delivered = counts.rows(&inputs);
        let not_measured = not_measured(&inputs, &reasons);
        Some(Self { reasons, due: Vec::new(), delivered, worklist: Vec::new(), fills, not_measured })
    }
}

/// What was due to a customer in the period: items, and least numbers of follow-ups.
fn rows_of_customer<'a>(
    inputs: &'a DueInputs<'a>,
    customer: CustomerIx,
    of_customer: &'a OfCustomer,
) -> impl Iterator<Item = DueRow> + 'a {
    let period = inputs.run.period;
    let row = move |item: &DueItem| DueRow {
        reason: item.reason,
        key: item.key(inputs, customer).into(),
        service: item.service,
        customer: Some(customer),
        opens: Some(item.opens),
        due_by: item.due_by,
        units_due: None,
        units_done: None,
        status: DueStatus::Open,
        delivery: None,
    };
    let items = of_customer.items.iter().filter(move |matched| period.holds(matched.item.due_by));
    let items = items.map(move |matched| DueRow {
        status: matched.status,
        delivery: matched.delivery,
        ..row(&matched.item)
    });
    let counts = of_customer.counts.iter().filter(move |(count, _)| period.holds(count.item.due_by));
    let counts = counts.map(move |&(count, done)| DueRow {
        units_due: Some(count.at_least),
        units_done: Some(done),
        status: reached(done, count.at_least, inputs, count.item.due_by),
        ..row(&count.item)
    });
    items.chain(counts)
}

/// The reasons whose events are in a table that is absent.
fn not_measured(inputs: &DueInputs, reasons: &DueReasons) -> Vec<DueReasonIx> {
    let policy = inputs.policy;
    let follow_ups = follow_ups_not_measured(inputs).into_iter().flat_map(|rule| {
        let counts = policy.follow_ups[rule].at_least.is_some();
        [Some(DueReason::FollowUp(rule)), Some(DueReason::AtLeast(rule)).filter(|_| counts)]
    });
    let are_notices_absent = inputs.measured_interruptions().is_none();
    let promises = policy.promises.iter().enumerate().filter(|_| are_notices_absent);
    let notices = promises.filter(|(_, promise)| promise.measure == Measure::Notice);
    let notices = notices.map(|(promise, _)| DueReason::Notice(promise));
    let mut absent: Vec<_> =
        follow_ups.flatten().chain(notices).map(|reason| reasons.place(reason)).collect();
    absent.sort_unstable();
    absent
}

/// The promised notices of outages that interrupted their first customer in the period.
fn promised_notices(inputs: &DueInputs, reasons: &DueReasons, deliveries: &[Delivery]) -> Vec<DueRow> {
    let DueInputs { base, policy, log, run, .. } = *inputs;
    let (Some(outages), Some(interruptions), Some(service)) =
        (&log.outages, inputs.interruptions, policy.due.notice)
    else {
        return Vec::new();
    };
    let of_service = NoticeDeliveries::of(deliveries, service);
    let days = run.period.first_day()..run.period.end_day();
    let mut due = Vec::new();
    let promises = policy.promises.iter().enumerate();
    for (place, promise) in promises.filter(|(_, promise)| promise.measure == Measure::Notice) {
        let reason = reasons.place(DueReason::Notice(place));
        let selected = base.selected(promise.condition.as_ref());
        let owed = notices(interruptions, outages, &of_service, promise, &selected, days.clone());
        due.extend(owed.into_iter().map(|notice| DueRow {
            reason,
            key: format!("{}:{}", outages[index(notice.outage)].id, base.id(notice.customer)).into(),
            service,
            customer: Some(notice.customer),
            opens: None,
            due_by: notice.due,
            units_due: None,
            units_done: None,
            status: match notice.status {
                NoticeStatus::OnTime => DueStatus::OnTime,
                NoticeStatus::Announced => DueStatus::Announced,
                NoticeStatus::Late => DueStatus::Late,
                NoticeStatus::Missed => DueStatus::Missed,
            },
            // What was announced in time was not filled by a delivery that came too late.
            delivery: notice.delivery.filter(|_| notice.status != NoticeStatus::Announced),
        }));
    }
    due
}

/// The status of a count.
fn reached(done: i64, wanted: i64, inputs: &DueInputs, due_by: Second) -> DueStatus {
    if done >= wanted { DueStatus::OnTime } else { undelivered(due_by, inputs.run.now()) }
}

/// The sessions whose slots end in the period.
fn sessions(inputs: &DueInputs, reasons: &DueReasons, deliveries: &[Delivery]) -> Vec<DueRow> {
    let period = inputs.run.period;
    let reason = reasons.place(DueReason::Session);
    let mut rows = Vec::new();
    for &place in &inputs.policy.due.session {
        let service = &inputs.catalogue.services[place];
        let slots = Slot::all(service.cadence, period.first, period.last);
        for slot in slots.filter(|slot| period.holds(slot.due_by())) {
            let (opens, due_by) = (slot.opens(), slot.due_by());
            let of_service = deliveries.iter().filter(|delivery| usize::from(delivery.service) == place);
            let in_slot = of_service
                .filter(|delivery| delivery.done().is_some_and(|done| opens <= done && done <= due_by));
            // Without a programme one done delivery is the session, however many units it has.
            let units_done = match service.programme_units {
                Some(_) => in_slot.fold(0_i64, |sum, delivery| sum.saturating_add(delivery.units_e3)),
                None => in_slot.fold(0_i64, |sum, _| sum.saturating_add(UNIT_E3)),
            };
            let units_due = service.programme_units.map_or(UNIT_E3, |units| slot.programme_e3(units));
            rows.push(DueRow {
                reason,
                key: slot_key(service, None, slot.first.first_day()).into(),
                service: place,
                customer: None,
                opens: Some(opens),
                due_by,
                units_due: Some(units_due),
                units_done: Some(units_done),
                status: reached(units_done, units_due, inputs, due_by),
                delivery: None,
            });
        }
    }
    rows
}

/// The appointments of services for which customers apply.
fn appointments(inputs: &DueInputs, reasons: &DueReasons, deliveries: &[Delivery]) -> Vec<DueRow> {
    let DueInputs { catalogue, policy, run, .. } = *inputs;
    let reason = reasons.place(DueReason::Appointment);
    let rows = (0..).zip(deliveries).filter_map(|(place, delivery)| {
        let service = usize::from(delivery.service);
        let due_by = delivery.planned_at?.plus(policy.limits.appointment_minutes * 60);
        if catalogue.services[service].start != Start::Application || !run.period.holds(due_by) {
            return None;
        }
        let status = match delivery.done() {
            Some(done) if done <= due_by => DueStatus::OnTime,
            Some(_) => DueStatus::Late,
            None if delivery.failed_at.is_some() => DueStatus::Missed,
            None => undelivered(due_by, run.now()),
        };
        Some(DueRow {
            reason,
            key: delivery.id.clone(),
            service,
            customer: delivery.customer,
            opens: Some(delivery.created_at),
            due_by,
            units_due: None,
            units_done: None,
            status,
            delivery: Some(place),
        })
    });
    rows.collect()
}

/// Counts of what was due by reason, service and group. Sessions belong to no customer, so they count only in the group
/// of all.
struct DueCounts<'a> {
    groups: &'a Groups,
    /// Reason, service, and whether it is a session.
    kinds: Vec<(DueReasonIx, usize, bool)>,
    /// For each of these, the counts of each group by status.
    counts: Vec<Vec<[i64; DueStatus::ALL.len()]>>,
}

impl<'a> DueCounts<'a> {
    fn of(groups: &'a Groups) -> Self {
        Self { groups, kinds: Vec::new(), counts: Vec::new() }
    }

    fn count(&mut self, row: &DueRow) {
        let kind = (row.reason, row.service, row.is_session());
        let place = self.kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.counts.push(vec![[0; DueStatus::ALL.len()]; self.groups.len()]);
            self.kinds.len() - 1
        });
        let of_row = self.groups.of_customer(row.customer);
        let of_row = if row.is_session() { &[self.groups.all()][..] } else { &of_row };
        for group in of_row {
            self.counts[place][group.index()][row.status.position()] += 1;
        }
    }

    fn rows(&self, inputs: &DueInputs) -> Vec<DeliveredRow> {
        let services = &inputs.catalogue.services;
        let mut rows: Vec<DeliveredRow> = Vec::new();
        for (&(reason, service, is_session), of_kind) in self.kinds.iter().zip(&self.counts) {
            for (at, group) in self.groups.iter() {
                let by_status = of_kind[at.index()];
                let has_row = if is_session { at == self.groups.all() } else { group.is_of_customers() };
                if has_row || by_status.iter().any(|&count| count > 0) {
                    rows.push(DeliveredRow { reason, service, group: at, by_status });
                }
            }
        }
        rows.sort_unstable_by_key(|row| (row.reason, services[row.service].id.as_str(), row.group));
        rows
    }
}

#[cfg(test)]
mod tests;
