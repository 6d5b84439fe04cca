//! Which delivery fills which due item. A delivery fills at most one item, and an item is filled at most once
//! (SERVICE §5, matching).
//!
//! First, every delivery fills the item that ends first among the items for which it is in time. Only then do the
//! remaining deliveries fill items that were missed. So a visit never counts as late for one item while it is in time
//! for another.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gridtier::index::{CustomerIx, index};

use crate::due::{DueCount, DueInputs, DueItem, DueReasonIx, Duties, first_opening};
use crate::log::Delivery;
use crate::time::Second;

gridtier::words! {
    /// What became of something that was due.
    DueStatus "status of what is due" {
        /// Delivered in time.
        OnTime "on_time" "on time" "按时",
        /// Announced to the public in time.
        Announced "announced" "announced" "已公告",
        /// Delivered after it was due.
        Late "late" "late" "逾期",
        /// Not delivered by the as-of day.
        Missed "missed" "missed" "未做",
        /// Not due yet, and not delivered.
        Open "open" "open" "未到期",
    }
}

/// Something that was due in the period, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DueRow {
    /// Why it was due.
    pub reason: DueReasonIx,
    /// Its key, unique within the reason.
    pub key: Box<str>,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// To whom; `None` if to the public.
    pub customer: Option<CustomerIx>,
    /// From when on it could be delivered.
    pub opens: Option<Second>,
    /// Until when it had to be delivered.
    pub due_by: Second,
    /// How much is due: 10⁻³ units of a session, or the least number of follow-ups; `None` if a single delivery is
    /// due.
    pub units_due: Option<i64>,
    /// How much or how many were delivered, where `units_due` is given.
    pub units_done: Option<i64>,
    /// What became of it.
    pub status: DueStatus,
    /// The delivery that filled it: position in the log.
    pub delivery: Option<u32>,
}

impl DueRow {
    /// Whether it is a session: something for the public that is counted in units.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.units_due.is_some() && self.customer.is_none()
    }
}

/// A due item and the delivery that filled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchedItem {
    /// The item.
    pub item: DueItem,
    /// The delivery: position in the log; `None` if the item is unmatched.
    pub delivery: Option<u32>,
    /// What became of it.
    pub status: DueStatus,
}

/// The status of what was not delivered.
#[must_use]
pub fn undelivered(due_by: Second, now: Second) -> DueStatus {
    if due_by < now { DueStatus::Missed } else { DueStatus::Open }
}

/// A done delivery of a service that is due to customers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DoneDelivery {
    customer: CustomerIx,
    service: u16,
    at: Second,
    /// Position in the log, which is the order of ids.
    delivery: u32,
}

/// The deliveries of all customers, to be matched with their items.
pub struct Matching<'a> {
    duties: Duties<'a>,
    inputs: DueInputs<'a>,
    /// The services that are due to customers.
    services: Vec<usize>,
    done: Vec<DoneDelivery>,
    next: usize,
    /// For each delivery of the log, whether it filled an item.
    fills: Vec<bool>,
}

/// What is due to one customer.
#[derive(Default)]
pub struct OfCustomer {
    /// The items in the order of their due times, each with the delivery that filled it.
    pub items: Vec<MatchedItem>,
    /// The least numbers of follow-ups, each with how many were done.
    pub counts: Vec<(DueCount, i64)>,
}

impl<'a> Matching<'a> {
    /// Prepares the matching of a log that has deliveries.
    #[must_use]
    pub fn of(inputs: DueInputs<'a>, deliveries: &[Delivery]) -> Self {
        let due = &inputs.policy.due;
        let mut services: Vec<usize> = due.customer.iter().copied().chain(due.follow_up).collect();
        services.sort_unstable();
        services.dedup();
        let first_day = first_opening(inputs.policy, inputs.run);
        let mut done = Vec::new();
        for (place, delivery) in (0..).zip(deliveries) {
            if let (Some(customer), Some(at)) = (delivery.customer, delivery.done())
                && services.contains(&usize::from(delivery.service))
                && at.day() >= first_day
            {
                done.push(DoneDelivery { customer, service: delivery.service, at, delivery: place });
            }
        }
        done.sort_unstable();
        Self {
            duties: Duties::of(inputs),
            inputs,
            services,
            done,
            next: 0,
            fills: vec![false; deliveries.len()],
        }
    }

    /// Makes and matches the items of all customers in order, and hands them on customer by customer. Returns the duties,
    /// and for each delivery whether it filled an item.
    pub fn run(
        mut self,
        mut hand_on: impl FnMut(&mut Duties<'a>, CustomerIx, &OfCustomer),
    ) -> (Duties<'a>, Vec<bool>) {
        let (mut items, mut counts) = (Vec::new(), Vec::new());
        let mut of_customer = OfCustomer::default();
        for customer in self.inputs.base.customers() {
            self.duties.of_customer(customer, &mut items, &mut counts);
            let first = self.next;
            while self.done.get(self.next).is_some_and(|done| done.customer == customer) {
                self.next += 1;
            }
            of_customer.items.clear();
            of_customer.counts.clear();
            let done = &self.done[first..self.next];
            let now = self.inputs.run.now();
            match_items(&items, &self.services, done, now, &mut self.fills, &mut of_customer.items);
            of_customer.counts.extend(counts.iter().map(|&count| (count, count_done(done, &count.item))));
            hand_on(&mut self.duties, customer, &of_customer);
        }
        (self.duties, self.fills)
    }
}

/// Matches a customer's items with the customer's deliveries, service by service, and records which deliveries fill
/// an item.
fn match_items(
    items: &[DueItem],
    services: &[usize],
    done: &[DoneDelivery],
    now: Second,
    fills: &mut [bool],
    matched: &mut Vec<MatchedItem>,
) {
    matched.extend(items.iter().map(|&item| {
        let status = undelivered(item.due_by, now);
        MatchedItem { item, delivery: None, status }
    }));
    for &service in services {
        let of_service: Vec<&DoneDelivery> =
            done.iter().filter(|done| usize::from(done.service) == service).collect();
        if of_service.is_empty() {
            continue;
        }
        let places: Vec<usize> = (0..items.len()).filter(|&place| items[place].service == service).collect();
        let spans: Vec<(Second, Second)> =
            places.iter().map(|&place| (items[place].opens, items[place].due_by)).collect();
        let times: Vec<Second> = of_service.iter().map(|done| done.at).collect();
        for (place, taken) in places.into_iter().zip(fill(&spans, &times)) {
            let Some((by, status)) = taken else { continue };
            let delivery = of_service[by].delivery;
            matched[place].delivery = Some(delivery);
            matched[place].status = status;
            fills[index(delivery)] = true;
        }
    }
}

/// Number of deliveries of an item's service from its opening to its due time.
fn count_done(done: &[DoneDelivery], item: &DueItem) -> i64 {
    let of_service = done.iter().filter(|done| usize::from(done.service) == item.service);
    let count = of_service.filter(|done| item.opens <= done.at && done.at <= item.due_by).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// For each item, from its opening to its due time and in the order in which items are taken, the delivery that fills
/// it: position in `done`, which ascends.
fn fill(items: &[(Second, Second)], done: &[Second]) -> Vec<Option<(usize, DueStatus)>> {
    let mut taken = vec![None; items.len()];
    let mut by_opening: Vec<usize> = (0..items.len()).collect();
    by_opening.sort_by_key(|&item| items[item].0);
    let mut opening = by_opening.into_iter().peekable();
    // The free items that have opened; the first of them is the next to be taken.
    let mut open = BinaryHeap::new();
    let mut left = Vec::new();
    for (delivery, &at) in done.iter().enumerate() {
        while let Some(item) = opening.next_if(|&item| items[item].0 <= at) {
            open.push(Reverse(item));
        }
        while open.peek().is_some_and(|&Reverse(item)| items[item].1 < at) {
            open.pop();
        }
        match open.pop() {
            Some(Reverse(item)) => taken[item] = Some((delivery, DueStatus::OnTime)),
            None => left.push(delivery),
        }
    }
    // Items are in the order of their due times: if the first free one is not over, no other is.
    let mut next = 0;
    for delivery in left {
        while taken.get(next).is_some_and(Option::is_some) {
            next += 1;
        }
        if items.get(next).is_some_and(|item| item.1 < done[delivery]) {
            taken[next] = Some((delivery, DueStatus::Late));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The matching as SERVICE §5 states it, without regard to speed.
    fn fill_plainly(items: &[(Second, Second)], done: &[Second]) -> Vec<Option<(usize, DueStatus)>> {
        let mut taken: Vec<Option<(usize, DueStatus)>> = vec![None; items.len()];
        let mut left = Vec::new();
        for (delivery, at) in done.iter().enumerate() {
            let mut free = (0..items.len()).filter(|&item| taken[item].is_none());
            match free.find(|&item| items[item].0 <= *at && *at <= items[item].1) {
                Some(item) => taken[item] = Some((delivery, DueStatus::OnTime)),
                None => left.push(delivery),
            }
        }
        for delivery in left {
            let mut free = (0..items.len()).filter(|&item| taken[item].is_none());
            if let Some(item) = free.find(|&item| items[item].1 < done[delivery]) {
                taken[item] = Some((delivery, DueStatus::Late));
            }
        }
        taken
    }

    proptest! {
        #[test]
        fn the_fast_matching_equals_the_stated_one(
            items in prop::collection::vec((0_i64..20, 0_i64..10), 0..12),
            done in prop::collection::vec(0_i64..30, 0..12),
        ) {
            let mut items: Vec<_> = items.iter().map(|&(opens, length)| (Second::new(opens), Second::new(opens + length))).collect();
            items.sort_by_key(|&(opens, due_by)| (due_by, opens));
            let mut done: Vec<_> = done.into_iter().map(Second::new).collect();
            done.sort();
            prop_assert_eq!(fill(&items, &done), fill_plainly(&items, &done));
        }
    }

    #[test]
    fn the_ends_of_an_item_are_in_time() {
        let item = [(Second::new(10), Second::new(20))];
        let status = |at: i64| fill(&item, &[Second::new(at)])[0].map(|(_, status)| status);
        assert_eq!(
            [9, 10, 20, 21].map(status),
            [None, Some(DueStatus::OnTime), Some(DueStatus::OnTime), Some(DueStatus::Late)]
        );
    }
}
