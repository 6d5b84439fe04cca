//! How promises were kept (SERVICE §4).
//!
//! A promise is measured over exposures: the cases in which it could be kept or breached, such as customers,
//! interruptions or notices. Every exposure is either kept or breached. A case for which an exempt party is
//! responsible is no exposure. Values are exact integers of seconds or counts until they are shown.

use gridtier::index::{CustomerIx, index};

use crate::base::Base;
use crate::estimate::{nano, quotient};
use crate::group::{GroupIx, Groups, OpenDays};
use crate::interruption::{Interruptions, MergedInterruption, is_of_kinds};
use crate::log::{Delivery, Outage};
use crate::notice::{NoticeDeliveries, notices};
use crate::period::{Period, Run};
use crate::policy::{Measure, Policy, Promise};
use crate::proposal::{LimitAdvice, achieved_place, has_proposals, proposal};
use crate::reliability::share_with_supply;
use crate::time::{DAY_S, Second, WorkCalendar};

/// The data over which promises are measured.
#[derive(Clone, Copy)]
pub struct Actual<'a> {
    /// The customers.
    pub base: &'a Base,
    /// Their groups.
    pub groups: &'a Groups,
    /// The outages of the log.
    pub outages: &'a [Outage],
    /// The same rows, merged.
    pub interruptions: &'a Interruptions,
    /// The deliveries of the log; `None` if it has no such table.
    pub deliveries: Option<&'a [Delivery]>,
    /// The working days.
    pub calendar: &'a WorkCalendar,
    /// The period and the as-of day.
    pub run: Run,
}

/// How a promise to a group was kept. Values and limits are in the unit of the promise's measure: percent
/// (availability), a count (interruptions), minutes, or hours (notice).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PromiseRow {
    /// The promise: position in [`Policy::promises`].
    pub promise: usize,
    /// The group.
    pub group: GroupIx,
    /// Number of exposures.
    pub exposures: i64,
    /// Number of those that kept the promise.
    pub kept: i64,
    /// Number of those that broke it.
    pub breached: i64,
    /// Number of cases that are no exposures only because an exempt party is responsible. Counted for restoration,
    /// promised time and plan; 0 for other measures.
    pub exempt: i64,
    /// kept/exposures; `None` without exposures.
    pub share_kept: Option<f64>,
    /// The limit that is promised; `None` for a measure without one.
    pub limit: Option<f64>,
    /// Of availability: its value. Of interruptions, minutes and restoration: the value that
    /// [`keep_percent`](crate::policy::Limits::keep_percent) of the exposures do not exceed. `None` without exposures.
    pub achieved: Option<f64>,
    /// Of availability: the seconds with supply of all customers, and all of their seconds. `None` for other measures.
    pub seconds: Option<[i64; 2]>,
    /// The limit that could be promised.
    pub proposed: Option<f64>,
    /// What to do about the limit.
    pub advice: Option<LimitAdvice>,
    /// What the breaches cost; `None` if the promise has no compensation.
    pub owed: Option<Owed>,
}

/// What breaches cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Σ compensations that are known, in fen.
    pub fen: i64,
    /// Number of breaches whose compensation depends on an indicator that is unknown.
    pub unknown: i64,
}

/// An exposure that broke a promise. A group that misses its availability has no row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PromiseBreach {
    /// The promise: position in [`Policy::promises`].
    pub promise: usize,
    /// The customer.
    pub customer: CustomerIx,
    /// When the interruption began; `None` for a measure of all interruptions of a customer.
    pub started_at: Option<Second>,
    /// The outage: position in the log; `None` for a measure of all interruptions of a customer.
    pub outage: Option<u32>,
    /// The value, in the measure's unit; `None` if no time was promised, no plan issued or no notice given.
    pub value: Option<f64>,
    /// What it costs, in fen; `None` if the promise has no compensation or an indicator is unknown.
    pub compensation_fen: Option<i64>,
}

/// How all promises of a policy were kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromiseResults {
    /// By promise id and group: a row for each group that has customers.
    pub rows: Vec<PromiseRow>,
    /// By promise id, customer, start and outage.
    pub breaches: Vec<PromiseBreach>,
    /// The promises that cannot be measured because the log has no deliveries: positions in [`Policy::promises`].
    pub not_measured: Vec<usize>,
}

/// A case in which a promise was kept or broken.
struct Exposure {
    customer: CustomerIx,
    started_at: Option<Second>,
    outage: Option<u32>,
    /// The value in [`unit`]s of the measure.
    amount: Option<i64>,
    /// Length of the interruption, for its compensation.
    seconds: i64,
    is_kept: bool,
}

/// What a group's exposures add up to.
#[derive(Clone, Copy, Default)]
struct PromiseTally {
    exposures: i64,
    kept: i64,
    exempt: i64,
    owed: Owed,
}

/// Measures how all promises of a policy were kept.
#[must_use]
pub fn promises(actual: &Actual, policy: &Policy) -> PromiseResults {
    let notices = policy.due.notice.zip(actual.deliveries);
    let notices = notices.map(|(service, deliveries)| NoticeDeliveries::of(deliveries, service));
    let mut by_id: Vec<usize> = (0..policy.promises.len()).collect();
    by_id.sort_by_key(|&at| policy.promises[at].id.as_str());
    let mut results = PromiseResults::default();
    for at in by_id {
        let held = HeldPromise::of(actual, policy, at);
        let mut cases = Cases::of(&held);
        match (held.promise.measure, &notices) {
            (Measure::Availability, _) => {
                results.rows.extend(held.availability());
                continue;
            }
            (Measure::Interruptions | Measure::Minutes, _) => held.by_customer(&mut cases),
            (Measure::Restoration | Measure::PromisedTime | Measure::Plan, _) => {
                held.by_interruption(&mut cases)
            }
            (Measure::Notice, Some(notices)) => held.by_notice(notices, &mut cases),
            (Measure::Notice, None) => {
                results.not_measured.push(at);
                continue;
            }
        }
        cases.close(&mut results);
    }
    results
}

/// A promise with the data over which it is measured.
struct HeldPromise<'a> {
    actual: &'a Actual<'a>,
    policy: &'a Policy,
    at: usize,
    promise: &'a Promise,
    /// The period, or the year to its end.
    span: Period,
    /// Whether the promise is made to each customer.
    selected: Vec<bool>,
}

impl<'a> HeldPromise<'a> {
    fn of(actual: &'a Actual<'a>, policy: &'a Policy, at: usize) -> Self {
        let promise = &policy.promises[at];
        let period = actual.run.period;
        let span = if promise.over_year { period.year_to_end() } else { period };
        let selected = actual.base.selected(promise.condition.as_ref());
        Self { actual, policy, at, promise, span, selected }
    }

    fn outage(&self, interruption: &MergedInterruption) -> &'a Outage {
        &self.actual.outages[index(interruption.outage)]
    }

    fn is_exempt(&self, outage: &Outage) -> bool {
        self.promise.exempt.contains(&outage.responsibility)
    }

    /// Whether an interruption that starts in the span is of the promise's kinds and customers.
    fn concerns(&self, interruption: &MergedInterruption) -> bool {
        self.span.holds(interruption.start)
            && self.selected[interruption.customer.index()]
            && is_of_kinds(self.outage(interruption), &self.promise.kinds)
    }

    /// Whether an interruption counts in Σs and in the number of interruptions.
    fn adds_up(&self, interruption: &MergedInterruption) -> bool {
        interruption.is_sustained(&self.policy.limits)
            && self.concerns(interruption)
            && !self.is_exempt(self.outage(interruption))
    }

    /// Availability: each group with customer-days is one exposure.
    fn availability(&self) -> impl Iterator<Item = PromiseRow> {
        let (base, groups) = (self.actual.base, self.actual.groups);
        let open = OpenDays::of(base, groups, self.span, &self.selected);
        let mut seconds = vec![0; groups.len()];
        for interruption in self.actual.interruptions.all().filter(|one| self.adds_up(one)) {
            for group in groups.of_customer(Some(interruption.customer)) {
                seconds[group.index()] += interruption.seconds();
            }
        }
        self.of_customers().map(move |group| {
            let share = share_with_supply(seconds[group.index()], open.customer_days[group.index()]);
            let value = share.map(|share| 100.0 * share);
            let limit = self.promise.limit;
            let is_kept = value.is_some_and(|value| limit.is_none_or(|limit| nano(value) >= nano(limit)));
            let exposures = i64::from(value.is_some());
            let tally = PromiseTally { exposures, kept: i64::from(is_kept), ..PromiseTally::default() };
            let all = open.customer_days[group.index()] * DAY_S;
            let seconds = value.map(|_| [all - seconds[group.index()], all]);
            PromiseRow { achieved: value, seconds, owed: None, ..self.row(group, &tally) }
        })
    }

    /// Interruptions and minutes: each customer who is open in the span is an exposure.
    fn by_customer(&self, cases: &mut Cases) {
        let base = self.actual.base;
        for customer in base.customers().filter(|customer| self.selected[customer.index()]) {
            if base.member(customer).open_days_of(self.span) == 0 {
                continue;
            }
            let all = self.actual.interruptions.of_customer(customer);
            let counted = all.filter(|interruption| self.adds_up(interruption));
            let amount = match self.promise.measure {
                Measure::Interruptions => counted.map(|_| 1).sum(),
                _ => counted.map(|one| one.seconds()).sum(),
            };
            let is_kept = self.is_within_limit(amount);
            let (started_at, outage, amount) = (None, None, Some(amount));
            cases.expose(&Exposure { customer, started_at, outage, amount, seconds: 0, is_kept });
        }
    }

    /// Restoration, promised time and plan: each interruption is an exposure; for a plan, each long one.
    fn by_interruption(&self, cases: &mut Cases) {
        for interruption in self.actual.interruptions.all().filter(|one| self.concerns(one)) {
            let outage = self.outage(&interruption);
            let Some((amount, is_kept)) = self.judged(&interruption, outage) else { continue };
            if self.is_exempt(outage) {
                cases.exempt(interruption.customer);
                continue;
            }
            cases.expose(&Exposure {
                customer: interruption.customer,
                started_at: Some(interruption.start),
                outage: Some(interruption.outage),
                amount,
                seconds: interruption.seconds(),
                is_kept,
            });
        }
    }

    /// The value of an interruption in seconds and whether it keeps the promise; `None` if it is no case of the
    /// promise.
    fn judged(&self, interruption: &MergedInterruption, outage: &Outage) -> Option<(Option<i64>, bool)> {
        match self.promise.measure {
            Measure::PromisedTime => {
                let beyond = outage.promised_at.map(|promised_at| interruption.end.since(promised_at));
                Some((beyond, beyond.is_some_and(|beyond| beyond <= 0)))
            }
            Measure::Plan => {
                let due = self.promise.after?.after(interruption.start, self.actual.calendar);
                let is_in_time = outage.plan_at.is_some_and(|plan_at| plan_at <= due);
                let taken = outage.plan_at.map(|plan_at| plan_at.since(interruption.start));
                (interruption.end > due).then_some((taken, is_in_time))
            }
            _ => Some((Some(interruption.seconds()), self.is_within_limit(interruption.seconds()))),
        }
    }

    /// Notice: each pair of an outage and a customer whose interruption it began is an exposure.
    fn by_notice(&self, deliveries: &NoticeDeliveries, cases: &mut Cases) {
        let Actual { interruptions, outages, .. } = *self.actual;
        let days = self.span.first_day()..self.span.end_day();
        for notice in notices(interruptions, outages, deliveries, self.promise, &self.selected, days) {
            cases.expose(&Exposure {
                customer: notice.customer,
                started_at: Some(notice.start),
                outage: Some(notice.outage),
                amount: notice.lead_seconds(),
                seconds: notice.seconds,
                is_kept: notice.is_kept(),
            });
        }
    }

    /// Whether an amount keeps the limit. Both sides are the doubles nearest to exact values, so that an amount that
    /// equals the limit keeps it.
    fn is_within_limit(&self, amount: i64) -> bool {
        let value = quotient(amount, unit(self.promise.measure));
        value.zip(self.promise.limit).is_none_or(|(value, limit)| value <= limit)
    }

    fn breach(&self, exposure: &Exposure) -> PromiseBreach {
        let Exposure { customer, started_at, outage, amount, seconds, .. } = *exposure;
        let responsible = outage.map(|outage| self.actual.outages[index(outage)].responsibility);
        let member = self.actual.base.member(customer);
        let compensation = self.promise.compensation;
        PromiseBreach {
            promise: self.at,
            customer,
            started_at,
            outage,
            value: amount.and_then(|amount| quotient(amount, unit(self.promise.measure))),
            compensation_fen: compensation.and_then(|of| of.fen(member, responsible, seconds)),
        }
    }

    /// The groups that have customers.
    fn of_customers(&self) -> impl Iterator<Item = GroupIx> {
        let groups = self.actual.groups.iter();
        groups.filter(|(_, group)| group.is_of_customers()).map(|(at, _)| at)
    }

    /// A row with the counts of a tally.
    fn row(&self, group: GroupIx, tally: &PromiseTally) -> PromiseRow {
        PromiseRow {
            promise: self.at,
            group,
            exposures: tally.exposures,
            kept: tally.kept,
            breached: tally.exposures - tally.kept,
            exempt: tally.exempt,
            share_kept: quotient(tally.kept, tally.exposures),
            limit: self.promise.limit,
            achieved: None,
            seconds: None,
            proposed: None,
            advice: None,
            owed: self.promise.compensation.map(|_| tally.owed),
        }
    }
}

/// The counts of a promise's cases. Each case is added when it is found, so that cases take no memory.
struct Cases<'a> {
    held: &'a HeldPromise<'a>,
    /// By group.
    tallies: Vec<PromiseTally>,
    breaches: Vec<PromiseBreach>,
    /// The values of measures with proposals.
    amounts: Vec<(i64, CustomerIx)>,
}

impl<'a> Cases<'a> {
    fn of(held: &'a HeldPromise<'a>) -> Self {
        let tallies = vec![PromiseTally::default(); held.actual.groups.len()];
        Self { held, tallies, breaches: Vec::new(), amounts: Vec::new() }
    }

    /// Counts a case that an exempt party is responsible for.
    fn exempt(&mut self, customer: CustomerIx) {
        for group in self.held.actual.groups.of_customer(Some(customer)) {
            self.tallies[group.index()].exempt += 1;
        }
    }

    /// Counts an exposure.
    fn expose(&mut self, exposure: &Exposure) {
        let breach = (!exposure.is_kept).then(|| self.held.breach(exposure));
        for group in self.held.actual.groups.of_customer(Some(exposure.customer)) {
            self.tallies[group.index()].count(breach.as_ref());
        }
        self.breaches.extend(breach);
        if let Some(amount) = exposure.amount.filter(|_| has_proposals(self.held.promise.measure)) {
            self.amounts.push((amount, exposure.customer));
        }
    }

    /// Adds the promise's rows and breaches to the results.
    fn close(mut self, results: &mut PromiseResults) {
        let achieved = self.achieved();
        self.breaches.sort_unstable_by_key(|breach| (breach.customer, breach.started_at, breach.outage));
        results.breaches.append(&mut self.breaches);
        let promise = self.held.promise;
        results.rows.extend(self.held.of_customers().map(|group| {
            let tally = &self.tallies[group.index()];
            let achieved = achieved[group.index()];
            let proposal = achieved.and_then(|achieved| proposal(promise, achieved, tally.exposures));
            PromiseRow {
                achieved,
                proposed: proposal.map(|proposal| proposal.limit),
                advice: proposal.map(|proposal| proposal.advice),
                ..self.held.row(group, tally)
            }
        }));
    }

    /// By group: the value that nearly all exposures do not exceed; `None` for measures without proposals.
    fn achieved(&mut self) -> Vec<Option<f64>> {
        let HeldPromise { actual, policy, promise, .. } = self.held;
        self.amounts.sort_unstable();
        let mut achieved = vec![None; self.tallies.len()];
        let mut passed = vec![0; self.tallies.len()];
        for &(amount, customer) in &self.amounts {
            for group in actual.groups.of_customer(Some(customer)) {
                let at = group.index();
                passed[at] += 1;
                if passed[at] == achieved_place(self.tallies[at].exposures, &policy.limits) {
                    achieved[at] = quotient(amount, unit(promise.measure));
                }
            }
        }
        achieved
    }
}

impl PromiseTally {
    /// Counts an exposure as kept or breached.
    fn count(&mut self, breach: Option<&PromiseBreach>) {
        self.exposures += 1;
        match breach {
            None => self.kept += 1,
            Some(breach) => match breach.compensation_fen {
                Some(fen) => self.owed.fen = self.owed.fen.saturating_add(fen),
                None => self.owed.unknown += 1,
            },
        }
    }
}

/// By what an amount, in seconds or as a count, is divided to give a value of a measure.
fn unit(measure: Measure) -> i64 {
    match measure {
        Measure::Availability | Measure::Interruptions => 1,
        Measure::Minutes | Measure::Restoration | Measure::PromisedTime | Measure::Plan => 60,
        Measure::Notice => 3_600,
    }
}

#[cfg(test)]
mod tests;
