//! How deliveries reached customers, how many units they were, what they cost, and how much of the capacity they used
//! (SERVICE §5: channels, units, capacity).

use std::collections::BTreeMap;

use gridtier::contract::Channel;
use gridtier::entitlement::service::{E6_OF_FEN, rounded};
use gridtier::index::float_i64;
use gridtier::unit::Month;
use gridtier::word::Word;

use crate::due::DueInputs;
use crate::estimate::{quantile, quotient};
use crate::group::UNGRADED;
use crate::log::Delivery;
use crate::time::Second;

/// The deliveries of a service by one channel, entered in the period.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelRow {
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The channel.
    pub channel: Channel,
    /// Number of deliveries.
    pub created: i64,
    /// Those that were sent, delivered or read, or that failed; the others are only planned.
    pub sent: i64,
    /// Those that are done.
    pub delivered: i64,
    /// Those that were read.
    pub read: i64,
    /// Those whose last state is failed.
    pub failed: i64,
    /// Median minutes from sending to done; `None` if no delivery has both times.
    pub median_min: Option<f64>,
}

impl ChannelRow {
    /// The share of the sent deliveries that are done. Those that are only planned do not count as sent.
    #[must_use]
    pub fn delivered_share(&self) -> Option<f64> {
        quotient(self.delivered, self.sent)
    }

    /// The share of the done ones that were read.
    #[must_use]
    pub fn read_share(&self) -> Option<f64> {
        quotient(self.read, self.delivered)
    }
}

/// How much of a service was delivered to the customers of one tier in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitsRow {
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The tier; `ungraded`, or `public` without a customer.
    pub tier: &'static str,
    /// Number of done deliveries.
    pub deliveries: i64,
    /// Their units, in 10⁻³.
    pub units_e3: i64,
    /// Number of deliveries that failed in the period.
    pub failed: i64,
    /// Number of done deliveries that filled no due item, of services that are due to customers.
    pub extra: i64,
    /// What the done ones cost the utility, in fen.
    pub cost_fen: i64,
    /// What customers paid for them, in fen.
    pub income_fen: i64,
}

/// How much of a service's capacity a month's deliveries used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityRow {
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The month.
    pub month: Month,
    /// Whether the capacity is for a year. Then units since 1 January count.
    pub per_year: bool,
    /// The capacity in 10⁻³ units.
    pub capacity_e3: i64,
    /// Done units in 10⁻³: of the month, or from 1 January to the end of the month.
    pub delivered_e3: i64,
}

impl CapacityRow {
    /// The share of the capacity that was used.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        quotient(self.delivered_e3, self.capacity_e3)
    }
}

/// The group of deliveries without a customer.
pub const PUBLIC: &str = "public";

impl Delivery {
    /// Whether its last state is failed: nothing was delivered or read.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.done().is_none() && self.failed_at.is_some()
    }

    /// Whether it is more than planned: read, delivered, failed or sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.done().is_some() || self.failed_at.is_some() || self.sent_at.is_some()
    }
}

/// Sorts rows by the bytes of their service's id, keeping the order of a service's rows.
fn by_service<T>(inputs: &DueInputs, mut rows: Vec<T>, service: impl Fn(&T) -> usize) -> Vec<T> {
    rows.sort_by_key(|row| inputs.catalogue.services[service(row)].id.as_str());
    rows
}

/// Counts deliveries by service and channel.
#[must_use]
pub fn channels(inputs: &DueInputs, deliveries: &[Delivery]) -> Vec<ChannelRow> {
    let period = inputs.run.period;
    let mut by_channel: BTreeMap<(usize, &str), (ChannelRow, Vec<i64>)> = BTreeMap::new();
    for delivery in deliveries.iter().filter(|delivery| period.holds(delivery.created_at)) {
        let service = usize::from(delivery.service);
        let channel = delivery.channel;
        let (row, seconds) = by_channel.entry((service, channel.code())).or_insert_with(|| {
            let row = ChannelRow {
                service,
                channel,
                created: 0,
                sent: 0,
                delivered: 0,
                read: 0,
                failed: 0,
                median_min: None,
            };
            (row, Vec::new())
        });
        row.created += 1;
        row.sent += i64::from(delivery.is_sent());
        row.delivered += i64::from(delivery.done().is_some());
        row.read += i64::from(delivery.read_at.is_some());
        row.failed += i64::from(delivery.is_failed());
        if let (Some(sent), Some(done)) = (delivery.sent_at, delivery.done()) {
            seconds.push(done.since(sent));
        }
    }
    let rows = by_channel.into_values().map(|(mut row, mut seconds)| {
        seconds.sort_unstable();
        let minutes: Vec<f64> = seconds.into_iter().map(|seconds| float_i64(seconds) / 60.0).collect();
        row.median_min = quantile(&minutes, 0.5);
        row
    });
    by_service(inputs, rows.collect(), |row| row.service)
}

/// Exact sums, before they are limited to 64 bits.
#[derive(Default)]
struct UnitSums {
    deliveries: i64,
    units_e3: i128,
    failed: i64,
    extra: i64,
    cost_fen: i128,
    income_fen: i128,
}

/// What a delivery cost: the cost in its row or, without one, its units at the catalogue's cost, rounded half up.
fn cost_fen(delivery: &Delivery, unit_cost_e6: i64) -> i128 {
    match delivery.cost_fen {
        Some(cost_fen) => i128::from(cost_fen),
        None => rounded(i128::from(unit_cost_e6) * i128::from(delivery.units_e3), 1_000 * E6_OF_FEN),
    }
}

fn clamped(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// Counts units by service and tier. `fills` tells for each delivery whether it filled a customer's item.
#[must_use]
pub fn units(inputs: &DueInputs, deliveries: &[Delivery], fills: &[bool]) -> Vec<UnitsRow> {
    let DueInputs { base, catalogue, policy, run, .. } = *inputs;
    let mut sums: BTreeMap<(usize, &'static str), UnitSums> = BTreeMap::new();
    for (delivery, fills) in deliveries.iter().zip(fills) {
        let service = usize::from(delivery.service);
        let is_done = delivery.done().is_some_and(|done| run.period.holds(done));
        let is_failed = delivery.is_failed() && delivery.failed_at.is_some_and(|at| run.period.holds(at));
        if !is_done && !is_failed {
            continue;
        }
        let tier = delivery
            .customer
            .map_or(PUBLIC, |customer| base.member(customer).tier.map_or(UNGRADED, Word::code));
        let sum = sums.entry((service, tier)).or_default();
        sum.failed += i64::from(is_failed);
        if is_done {
            let is_due = policy.due.customer.contains(&service) || policy.due.follow_up == Some(service);
            sum.deliveries += 1;
            sum.units_e3 += i128::from(delivery.units_e3);
            sum.extra += i64::from(is_due && !fills);
            sum.cost_fen += cost_fen(delivery, catalogue.services[service].unit_cost_e6);
            sum.income_fen += i128::from(delivery.fee_fen.unwrap_or(0));
        }
    }
    let rows = sums.into_iter().map(|((service, tier), sum)| UnitsRow {
        service,
        tier,
        deliveries: sum.deliveries,
        units_e3: clamped(sum.units_e3),
        failed: sum.failed,
        extra: sum.extra,
        cost_fen: clamped(sum.cost_fen),
        income_fen: clamped(sum.income_fen),
    });
    by_service(inputs, rows.collect(), |row| row.service)
}

/// The use of capacities in each month of the period, of all services that have one.
#[must_use]
pub fn capacities(inputs: &DueInputs, deliveries: &[Delivery]) -> Vec<CapacityRow> {
    let period = inputs.run.period;
    let services = &inputs.catalogue.services;
    let january = Month::new(period.first.year(), 1);
    let mut done: Vec<BTreeMap<Month, i128>> = vec![BTreeMap::new(); services.len()];
    for delivery in deliveries {
        let service = usize::from(delivery.service);
        let month = delivery.done().and_then(|done: Second| Month::of_day(done.day()));
        if let Some(month) = month.filter(|month| (january..=period.last).contains(month)) {
            *done[service].entry(month).or_default() += i128::from(delivery.units_e3);
        }
    }
    let mut rows = Vec::new();
    for (place, service) in services.iter().enumerate() {
        let Some(capacity) = service.capacity else { continue };
        let per_year = capacity.periods == 1;
        rows.extend(period.months().map(|month| {
            let from = if per_year { Month::new(month.year(), 1) } else { month };
            CapacityRow {
                service: place,
                month,
                per_year,
                capacity_e3: clamped(i128::from(capacity.units) * 1_000),
                delivered_e3: clamped(done[place].range(from..=month).map(|(_, units)| units).sum()),
            }
        }));
    }
    by_service(inputs, rows, |row| row.service)
}

#[cfg(test)]
mod tests;
