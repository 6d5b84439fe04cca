//! How reliable the supply was: the indices of IEEE 1366 and of Chinese practice by scope and group, and the causes of
//! interruptions (SERVICE §4).
//!
//! A customer that is open for a part of the period counts by its open days: all indices divide by customer-days.

use std::collections::BTreeMap;

use gridtier::contract::OutageKind;
use gridtier::index::index;
use gridtier::word::Word;

use crate::base::Base;
use crate::estimate::quotient;
use crate::group::{GroupIx, Groups, OpenDays, UNKNOWN};
use crate::interruption::{Interruptions, MergedInterruption};
use crate::log::Outage;
use crate::major_day::MajorDays;
use crate::period::Period;
use crate::policy::Limits;
use crate::time::DAY_S;

gridtier::words! {
    /// Which interruptions an index counts, in the order of the codes' bytes.
    Scope "scope" {
        /// All.
        All "all" "all" "全部停电",
        /// Those of faults.
        Fault "fault" "faults" "故障停电",
        /// Planned ones, also at short notice.
        Planned "planned" "planned" "计划停电",
        /// Those for lack of power in the system (rationing).
        Rationing "rationing" "rationing" "限电",
        /// All but those that start on major event days.
        WithoutMed "without_med" "without major event days" "剔除重大事件日",
    }
}

/// Number of scopes.
const SCOPES: usize = Scope::ALL.len();

impl Scope {
    /// Whether an interruption by an outage of a kind counts; `on_major_day` says whether it starts on a major event day.
    fn counts(self, kind: OutageKind, on_major_day: bool) -> bool {
        match self {
            Self::All => true,
            Self::Fault => kind == OutageKind::Fault,
            Self::Planned => matches!(kind, OutageKind::Planned | OutageKind::Temporary),
            Self::Rationing => kind == OutageKind::Rationing,
            Self::WithoutMed => !on_major_day,
        }
    }
}

/// The counts and sums from which the indices are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    /// Sustained interruptions.
    interruptions: i64,
    /// Momentary ones.
    momentary: i64,
    /// Σ seconds of the sustained ones.
    seconds: i64,
    /// Σ seconds of the momentary ones.
    momentary_seconds: i64,
    /// Those not restored.
    open: i64,
    /// Customers with many sustained interruptions.
    many: i64,
    /// Customers with a long one.
    long_single: i64,
    /// Customers whose interruptions are long in total.
    long_total: i64,
}

impl Totals {
    /// Counts an interruption of a customer; `long_single` is a mark until [`closed`](Self::closed).
    fn count(&mut self, interruption: &MergedInterruption, limits: &Limits) {
        let seconds = interruption.seconds();
        if interruption.is_sustained(limits) {
            self.interruptions += 1;
            self.seconds += seconds;
            self.long_single |= i64::from(is_long(seconds, limits));
        } else {
            self.momentary += 1;
            self.momentary_seconds += seconds;
        }
        self.open += i64::from(interruption.open);
    }

    /// A customer's totals after its last interruption.
    fn closed(mut self, limits: &Limits) -> Self {
        self.many = i64::from(self.interruptions >= limits.many);
        self.long_total = i64::from(self.interruptions > 0 && is_long(self.seconds, limits));
        self
    }

    fn add(&mut self, other: &Self) {
        self.interruptions += other.interruptions;
        self.momentary += other.momentary;
        self.seconds += other.seconds;
        self.momentary_seconds += other.momentary_seconds;
        self.open += other.open;
        self.many += other.many;
        self.long_single += other.long_single;
        self.long_total += other.long_total;
    }

    fn all_seconds(&self) -> i64 {
        self.seconds + self.momentary_seconds
    }
}

fn is_long(seconds: i64, limits: &Limits) -> bool {
    seconds >= limits.long_hours * 3_600
}

/// The reliability of a group in a scope. An index is `None` if its divisor is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityRow {
    /// The scope.
    pub scope: Scope,
    /// The group.
    pub group: GroupIx,
    /// Number of customers with an open day in the period.
    pub customers: i64,
    /// Σ open days of the period over the customers.
    pub customer_days: i64,
    /// Number of sustained interruptions that start in the period.
    pub interruptions: i64,
    /// Number of momentary ones.
    pub momentary: i64,
    /// Σ seconds of the sustained ones.
    pub seconds: i64,
    /// Number of interruptions that were not restored by the as-of time, including those that are not yet sustained.
    pub open: i64,
    /// Sustained interruptions per customer: n·D/customer-days.
    pub saifi: Option<f64>,
    /// Minutes of sustained interruption per customer: Σs·D/(60·customer-days).
    pub saidi_min: Option<f64>,
    /// Minutes per sustained interruption: Σs/(60·n).
    pub caidi_min: Option<f64>,
    /// Momentary interruptions per customer.
    pub maifi: Option<f64>,
    /// Share of time with supply: 1 − Σs/(86,400·customer-days).
    pub asai: Option<f64>,
    /// Share of customers with at least [`Limits::many`] sustained interruptions.
    pub cemi: Option<f64>,
    /// Share of customers with one sustained interruption of at least [`Limits::long_hours`].
    pub celid_single: Option<f64>,
    /// Share of customers whose sustained interruptions together last at least [`Limits::long_hours`].
    pub celid_total: Option<f64>,
    /// For scope `all`: share of time with supply, momentary interruptions counted too (供电可靠率 RS-1).
    pub rs1: Option<f64>,
    /// For scope `all`: the same without rationing (RS-3).
    pub rs3: Option<f64>,
}

/// The reliability of all groups that have customers, in each scope, by scope and group.
#[must_use]
pub fn reliability(
    base: &Base,
    groups: &Groups,
    outages: &[Outage],
    interruptions: &Interruptions,
    major_days: &MajorDays,
    period: Period,
    limits: &Limits,
) -> Vec<ReliabilityRow> {
    let open = OpenDays::of_all(base, groups, period);
    let mut totals = vec![[Totals::default(); SCOPES]; groups.len()];
    for customer in base.customers() {
        let starting = interruptions.of_customer(customer).filter(|one| period.holds(one.start));
        let mut of_scopes = [Totals::default(); SCOPES];
        for interruption in starting {
            let kind = outages[index(interruption.outage)].kind;
            let on_major_day = major_days.holds(interruption.start.day());
            for scope in Scope::ALL.iter().filter(|scope| scope.counts(kind, on_major_day)) {
                of_scopes[scope.position()].count(&interruption, limits);
            }
        }
        let of_scopes = of_scopes.map(|of_scope| of_scope.closed(limits));
        for group in groups.of_customer(Some(customer)) {
            for (total, of_scope) in totals[group.index()].iter_mut().zip(&of_scopes) {
                total.add(of_scope);
            }
        }
    }
    let of_customers: Vec<GroupIx> =
        groups.iter().filter(|(_, group)| group.is_of_customers()).map(|(at, _)| at).collect();
    let rows = Scope::ALL.iter().flat_map(|&scope| {
        let (open, totals) = (&open, &totals);
        of_customers.iter().map(move |&group| row(scope, group, &totals[group.index()], open, period))
    });
    rows.collect()
}

fn row(
    scope: Scope,
    group: GroupIx,
    of_scopes: &[Totals; SCOPES],
    open: &OpenDays,
    period: Period,
) -> ReliabilityRow {
    let total = &of_scopes[scope.position()];
    let customers = open.customers[group.index()];
    let customer_days = open.customer_days[group.index()];
    let of_days = |sum: i64, unit: i64| {
        let dividend = i128::from(sum) * i128::from(period.days());
        quotient(dividend, i128::from(unit) * i128::from(customer_days))
    };
    let is_all = scope == Scope::All;
    let rationed = of_scopes[Scope::Rationing.position()].all_seconds();
    ReliabilityRow {
        scope,
        group,
        customers,
        customer_days,
        interruptions: total.interruptions,
        momentary: total.momentary,
        seconds: total.seconds,
        open: total.open,
        saifi: of_days(total.interruptions, 1),
        saidi_min: of_days(total.seconds, 60),
        caidi_min: quotient(total.seconds, 60 * i128::from(total.interruptions)),
        maifi: of_days(total.momentary, 1),
        asai: share_with_supply(total.seconds, customer_days),
        cemi: quotient(total.many, customers),
        celid_single: quotient(total.long_single, customers),
        celid_total: quotient(total.long_total, customers),
        rs1: is_all.then(|| share_with_supply(total.all_seconds(), customer_days)).flatten(),
        rs3: is_all.then(|| share_with_supply(total.all_seconds() - rationed, customer_days)).flatten(),
    }
}

/// Share of time with supply in some customer-days: 1 − Σs/(86,400·customer-days); `None` without customer-days.
#[must_use]
pub fn share_with_supply(seconds: i64, customer_days: i64) -> Option<f64> {
    quotient(seconds, i128::from(DAY_S) * i128::from(customer_days)).map(|without| 1.0 - without)
}

/// A cause of sustained interruptions that start in the period.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseRow {
    /// The kind of the outages.
    pub kind: OutageKind,
    /// The cause in the utility's words, or `unknown`.
    pub cause: Box<str>,
    /// Number of outages with which the interruptions began.
    pub outages: i64,
    /// Number of interruptions.
    pub interruptions: i64,
    /// Σ their seconds.
    pub seconds: i64,
    /// Their share of the seconds of all causes; `None` if nothing was interrupted.
    pub share: Option<f64>,
}

/// The causes of the sustained interruptions that start in the period: most seconds first, then by kind and cause.
#[must_use]
pub fn causes(
    outages: &[Outage],
    interruptions: &Interruptions,
    period: Period,
    limits: &Limits,
) -> Vec<CauseRow> {
    let mut of_outages = vec![(0_i64, 0_i64); outages.len()];
    for interruption in interruptions.starting_in(period).filter(|one| one.is_sustained(limits)) {
        let (count, seconds) = &mut of_outages[index(interruption.outage)];
        *count += 1;
        *seconds += interruption.seconds();
    }
    let mut of_causes: BTreeMap<(&str, &str), CauseRow> = BTreeMap::new();
    for (outage, &(count, seconds)) in outages.iter().zip(&of_outages).filter(|(_, (count, _))| *count > 0) {
        let cause = outage.cause.as_deref().unwrap_or(UNKNOWN);
        let row = of_causes.entry((outage.kind.code(), cause)).or_insert_with(|| CauseRow {
            kind: outage.kind,
            cause: cause.into(),
            outages: 0,
            interruptions: 0,
            seconds: 0,
            share: None,
        });
        row.outages += 1;
        row.interruptions += count;
        row.seconds += seconds;
    }
    let all: i64 = of_outages.iter().map(|(_, seconds)| seconds).sum();
    let mut rows: Vec<CauseRow> = of_causes.into_values().collect();
    for row in &mut rows {
        row.share = quotient(row.seconds, all);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.seconds));
    rows
}

#[cfg(test)]
mod tests;
