//! The work list of the month after the period: whom to visit, call or invite, most valued customers first (SERVICE §5).

use std::cmp::Reverse;

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::Start;
use gridtier::index::{CustomerIx, index_u64};
use gridtier::method::Tier;
use gridtier::unit::Month;
use gridtier::word::Word;

use crate::due::{DueInputs, DueItem, DueReason, DueReasonIx, DueReasons, Duties, slot_key};
use crate::log::Delivery;
use crate::matching::OfCustomer;
use crate::slot::Slot;
use crate::time::Second;

/// For how many months before the month of the list missed items are listed.
const OVERDUE_MONTHS: i32 = 12;

/// A line of the work list.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkRow {
    /// Why it is on the list.
    pub reason: DueReasonIx,
    /// Distinguishes the rows of a reason: the key of the due item, the id of the appointment, or
    /// `<service>:<customer>:<first day>` for an invitation.
    pub key: Box<str>,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The customer; `None` for an appointment without one.
    pub customer: Option<CustomerIx>,
    /// The customer's tier.
    pub tier: Option<Tier>,
    /// Until when it must be done.
    pub due_by: Second,
    /// Whether it was due before the month.
    pub overdue: bool,
    /// Whether the monthly capacity of the service is enough for this row and the rows of the service before it.
    /// Always true if the service has no monthly capacity.
    pub within_capacity: bool,
}

impl WorkRow {
    /// Its place in the list: higher tiers first, then ungraded customers, then what has no customer; of a tier what is overdue, then by due time, service, customer,
    /// reason and key.
    fn urgency<'a>(&'a self, catalogue: &'a Catalogue) -> impl Ord + 'a {
        let tier = (self.customer.is_none(), self.tier.map_or(Tier::ALL.len(), Word::position));
        let service = catalogue.services[self.service].id.as_str();
        (tier, Reverse(self.overdue), self.due_by, service, self.customer, self.reason, &self.key)
    }
}

/// Collects the work list of a month.
pub struct WorkList<'a> {
    inputs: DueInputs<'a>,
    month: Month,
    rows: Vec<WorkRow>,
}

impl<'a> WorkList<'a> {
    /// An empty list of the month after the period.
    #[must_use]
    pub fn of(inputs: DueInputs<'a>) -> Self {
        Self { inputs, month: inputs.run.period.last.plus(1), rows: Vec::new() }
    }

    fn add(&mut self, item: &DueItem, customer: CustomerIx, overdue: bool) {
        self.rows.push(WorkRow {
            reason: item.reason,
            key: item.key(&self.inputs, customer).into(),
            service: item.service,
            customer: Some(customer),
            tier: self.inputs.base.member(customer).tier,
            due_by: item.due_by,
            overdue,
            within_capacity: true,
        });
    }

    /// Adds a customer's due items for which there is no delivery: visits planned for the month or earlier,
    /// follow-ups that are due in the month, and for each reason and service the latest item that was missed.
    pub fn add_customer(&mut self, reasons: &DueReasons, customer: CustomerIx, of_customer: &OfCustomer) {
        let (start, end) =
            (Second::of_day(self.month.first_day()), Second::last_of_day(self.month.last_day()));
        let earliest = Second::of_day(self.month.plus(-OVERDUE_MONTHS).first_day());
        let mut overdue: Vec<&DueItem> = Vec::new();
        for item in of_customer.items.iter().filter(|item| item.delivery.is_none()).map(|item| &item.item) {
            if item.due_by < earliest {
                continue;
            }
            if item.due_by < start {
                // Items come in the order of their due times, so the last one stays.
                match overdue
                    .iter_mut()
                    .find(|known| (known.reason, known.service) == (item.reason, item.service))
                {
                    Some(known) => *known = item,
                    None => overdue.push(item),
                }
            } else if reasons.reason(item.reason) == DueReason::Cadence {
                if self.is_planned(item, customer) {
                    self.add(item, customer, false);
                }
            } else if item.due_by <= end {
                self.add(item, customer, false);
            }
        }
        for item in overdue {
            self.add(item, customer, true);
        }
    }

    /// Whether a visit's slot includes the month, and the visit was planned for the month or earlier.
    fn is_planned(&self, item: &DueItem, customer: CustomerIx) -> bool {
        let (Some(first), Some(last)) = (Month::of_day(item.opens.day()), Month::of_day(item.due_by.day()))
        else {
            return false;
        };
        let slot = Slot { first, months: (last.0 - first.0 + 1).cast_unsigned() };
        slot.holds(self.month) && slot.planned_month(self.inputs.base.id(customer)) <= self.month
    }

    /// Adds the appointments of the month that were neither kept nor failed.
    pub fn add_appointments(&mut self, reasons: &DueReasons, deliveries: &[Delivery]) {
        let reason = reasons.place(DueReason::Appointment);
        let DueInputs { base, catalogue, policy, .. } = self.inputs;
        for delivery in deliveries {
            let service = usize::from(delivery.service);
            let Some(planned_at) = delivery.planned_at else { continue };
            let is_in_month = Month::of_day(planned_at.day()) == Some(self.month);
            let is_applied_for = catalogue.services[service].start == Start::Application;
            if !is_in_month || !is_applied_for || delivery.done().is_some() || delivery.failed_at.is_some() {
                continue;
            }
            self.rows.push(WorkRow {
                reason,
                key: delivery.id.clone(),
                service,
                customer: delivery.customer,
                tier: delivery.customer.and_then(|customer| base.member(customer).tier),
                due_by: planned_at.plus(policy.limits.appointment_minutes * 60),
                overdue: false,
                within_capacity: true,
            });
        }
    }

    /// Adds the invitations to sessions. A session counts if the utility starts it itself and its service has a
    /// monthly capacity. The customers whose last session was longest ago are invited, as many as the capacity
    /// allows.
    pub fn add_invitations(&mut self, duties: &mut Duties, deliveries: &[Delivery]) {
        let DueInputs { base, catalogue, policy, .. } = self.inputs;
        let reason = duties.reasons.place(DueReason::Invitation);
        for &place in &policy.due.session {
            let service = &catalogue.services[place];
            let Some(capacity) = service.capacity.filter(|capacity| capacity.periods == 12) else { continue };
            if service.start != Start::Automatic {
                continue;
            }
            let attended = attendance(place, base.len(), deliveries, self.month.year());
            let mut invited = Vec::new();
            for customer in base.customers().filter(|&one| base.member(one).is_open(self.month.first_day())) {
                let Some(grant) = duties.granted(customer, place) else { continue };
                let (last, of_year) = attended[customer.index()];
                if grant.terms.quota_per_year.is_some_and(|quota| u64::from(of_year) < quota) {
                    invited.push((last, base.member(customer).tier, customer));
                }
            }
            invited.sort_unstable();
            invited.truncate(index_u64(capacity.units));
            let day = self.month.first_day();
            self.rows.extend(invited.into_iter().map(|(_, tier, customer)| WorkRow {
                reason,
                key: slot_key(service, Some(base.id(customer)), day).into(),
                service: place,
                customer: Some(customer),
                tier,
                due_by: Second::last_of_day(self.month.last_day()),
                overdue: false,
                within_capacity: true,
            }));
        }
    }

    /// Sorts the list, and finds the rows within capacity.
    #[must_use]
    pub fn finish(mut self) -> Vec<WorkRow> {
        let catalogue = self.inputs.catalogue;
        self.rows.sort_unstable_by(|one, other| one.urgency(catalogue).cmp(&other.urgency(catalogue)));
        let mut places = vec![0_u64; catalogue.services.len()];
        for row in &mut self.rows {
            places[row.service] += 1;
            let capacity = catalogue.services[row.service].capacity.filter(|capacity| capacity.periods == 12);
            row.within_capacity = capacity.is_none_or(|capacity| places[row.service] <= capacity.units);
        }
        self.rows
    }
}

/// For each customer, the last done delivery of a service, and how many were done in a year.
fn attendance(
    service: usize,
    customers: usize,
    deliveries: &[Delivery],
    year: i32,
) -> Vec<(Option<Second>, u32)> {
    let mut attended = vec![(None, 0); customers];
    for delivery in deliveries.iter().filter(|delivery| usize::from(delivery.service) == service) {
        if let (Some(customer), Some(done)) = (delivery.customer, delivery.done()) {
            let (last, of_year) = &mut attended[customer.index()];
            *last = (*last).max(Some(done));
            *of_year += u32::from(Month::of_day(done.day()).is_some_and(|month| month.year() == year));
        }
    }
    attended
}

#[cfg(test)]
mod tests;
