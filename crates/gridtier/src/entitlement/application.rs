//! Decisions on applications for services: which are granted, which wait, and what each applicant pays.
//!
//! An application is granted if the applicant is entitled to the service, the approved outage plan leaves room for it,
//! and capacity is left. Scarce capacity goes first to customers who are entitled by their importance level or by a
//! regulation, then by tier, day of application and id. A shared cost is divided among the applicants who are granted
//! the service in one transformer area and year.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::condition::Datum;
use super::grant::{Members, Reasons, Refused, grant};
use super::service::{Access, Cadence, Fee, Service, ShareKey, Start, Terms};
use crate::method::Tier;
use crate::unit::Month;

/// An application for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The applicant.
    pub customer_id: String,
    /// Position of the service in the catalogue.
    pub service: usize,
    /// Day of the application.
    pub applied_on: i32,
    /// The transformer area, for services whose cost is shared.
    pub area: String,
    /// For a service priced by combination, the chosen parts, one bit each.
    pub parts: u32,
    /// Units asked for.
    pub units: u64,
    /// Whether the outage plan leaves room for the service; `None` if that has not been checked.
    pub plan_allows: Option<bool>,
}

crate::words! {
    /// The outcome of an application.
    ApplicationOutcome "outcome of an application" {
        /// The applicant gets the service.
        Granted "granted" "granted" "批准",
        /// The applicant qualifies, but the capacity of the period is used up.
        Queued "queued" "queued" "排队",
        /// The outage plan must be checked first.
        Pending "pending" "pending" "待核",
        /// The applicant does not qualify.
        Refused "refused" "refused" "不予受理",
    }
}

/// Why an application has its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The applicant is entitled to the service, for these reasons.
    Due(Reasons),
    /// The utility provides the service without an application.
    NotAppliedFor,
    /// The service is given only once, and the customer has been granted it already.
    Once,
    /// The capacity of the period is used up.
    Capacity,
    /// The outage plan has not been checked.
    PlanOpen,
    /// The outage plan leaves no room for the service.
    PlanForbids,
    /// The customer is not in the graded population.
    NotGraded,
    /// The tier does not give the service.
    Tier,
    /// A condition is not met: the condition and the values that it used, each in English and Chinese.
    Condition([String; 2], [String; 2]),
    /// The units would exceed the customer's quota for a year.
    Quota(u64),
    /// No part was chosen.
    NoParts,
    /// No transformer area was named.
    NoArea,
}

/// The decision on an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationDecision {
    /// Position in the list of applications.
    pub application: usize,
    /// The applicant's tier, if the applicant is graded.
    pub tier: Option<Tier>,
    /// The outcome.
    pub outcome: ApplicationOutcome,
    /// The reason for the outcome.
    pub why: Why,
    /// What the applicant pays if the application is granted, in fen.
    pub fee_fen: Option<i64>,
    /// The part of a shared cost that the utility bears, in fen.
    pub subsidy_fen: Option<i64>,
}

/// What is known about an applicant's claim to a service.
#[derive(Clone, Debug)]
struct Claim {
    tier: Tier,
    is_opened: bool,
    access: Access,
    terms: Terms,
    reasons: Reasons,
    key: Option<f64>,
}

/// A review of applications: [add](Self::add) the customers of a cycle batch by batch, then [decide](Self::decide).
pub struct ApplicationReview<'a> {
    catalogue: &'a Catalogue,
    applications: &'a [Application],
    by_customer: BTreeMap<&'a str, Vec<usize>>,
    claims: Vec<Result<Claim, (Option<Tier>, Why)>>,
}

impl<'a> ApplicationReview<'a> {
    /// A review of these applications by the catalogue.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, applications: &'a [Application]) -> Self {
        let mut by_customer: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, application) in applications.iter().enumerate() {
            by_customer.entry(&application.customer_id).or_default().push(place);
        }
        let claims = applications.iter().map(|_| Err((None, Why::NotGraded))).collect();
        Self { catalogue, applications, by_customer, claims }
    }

    /// Looks up the claims of applicants among the members.
    pub fn add(&mut self, members: &Members) {
        let mut record = members.record();
        for row in 0..members.len() {
            let Some(places) = self.by_customer.get(members.id(row)) else { continue };
            members.fill(row, &mut record);
            for &place in places {
                let service = &self.catalogue.services[self.applications[place].service];
                self.claims[place] = self.claim(service, members.tier(row), &record);
            }
        }
    }

    fn claim(&self, service: &Service, tier: Tier, record: &[Datum]) -> Result<Claim, (Option<Tier>, Why)> {
        let grant = grant(self.catalogue, service, tier, record).map_err(|refused| {
            let why = match refused {
                Refused::Tier => Why::Tier,
                Refused::Condition(condition) => {
                    let fields = &self.catalogue.fields;
                    Why::Condition(
                        [condition.text.clone(), condition.zh(fields)],
                        [condition.seen(fields, record), condition.seen_zh(fields, record)],
                    )
                }
            };
            (Some(tier), why)
        })?;
        let column = match service.fee {
            Fee::Shared(ShareKey::Capacity) => Some("contract_capacity_kva"),
            Fee::Shared(ShareKey::Energy) => Some("annual_energy"),
            _ => None,
        };
        let at = self.catalogue.fields.iter().position(|field| Some(field.name.as_str()) == column);
        let key = match at.map(|at| record[at]) {
            Some(Datum::Number(key)) if key > 0.0 => Some(key),
            _ => None,
        };
        Ok(Claim {
            tier,
            is_opened: service.opens.iter().any(|opening| opening.condition.holds(record)),
            access: grant.access,
            terms: grant.terms.clone(),
            reasons: grant.reasons,
            key,
        })
    }

    /// Decides all applications. Returns the decisions in the order of the applications.
    #[must_use]
    pub fn decide(self) -> Vec<ApplicationDecision> {
        let mut order: Vec<usize> = (0..self.applications.len()).collect();
        order.sort_by_key(|&place| {
            let application = &self.applications[place];
            let claim = self.claims[place].as_ref().ok();
            let rank = claim.map(|claim| (!claim.is_opened, claim.tier));
            (rank, application.applied_on, &application.customer_id, place)
        });
        let mut used: BTreeMap<(usize, i32), u64> = BTreeMap::new();
        let mut taken: BTreeMap<(usize, &str, i32), u64> = BTreeMap::new();
        let mut decisions: Vec<Option<ApplicationDecision>> = vec![None; self.applications.len()];
        for place in order {
            decisions[place] = Some(self.decide_one(place, &mut used, &mut taken));
        }
        let mut decisions: Vec<ApplicationDecision> = decisions.into_iter().flatten().collect();
        self.share(&mut decisions);
        decisions
    }

    /// Decides one application. `used` and `taken` hold the units granted so far in each period: in total and by
    /// customer.
    fn decide_one(
        &self,
        position: usize,
        used: &mut BTreeMap<(usize, i32), u64>,
        taken: &mut BTreeMap<(usize, &'a str, i32), u64>,
    ) -> ApplicationDecision {
        let application = &self.applications[position];
        let service = &self.catalogue.services[application.service];
        let (outcome, tier, why) = match self.admitted(position) {
            Err(refused) => refused,
            Ok(claim) => {
                let (outcome, why) = match granted(application, service, claim, used, taken) {
                    Ok(()) => (ApplicationOutcome::Granted, Why::Due(claim.reasons)),
                    Err(short) => short,
                };
                (outcome, Some(claim.tier), why)
            }
        };
        let claim = self.claims[position].as_ref().ok().filter(|_| outcome == ApplicationOutcome::Granted);
        let unit_fee_fen = claim.and_then(|claim| match (claim.access, &service.fee) {
            (Access::Subsidised, _) => None,
            (Access::Paid, Fee::Combination(..)) => service.price_fen(&claim.terms, application.parts),
            _ => claim.terms.fee_fen,
        });
        let units = i64::try_from(application.units).unwrap_or(i64::MAX);
        let fee_fen = unit_fee_fen.map(|fee| fee.saturating_mul(units));
        ApplicationDecision { application: position, tier, outcome, why, fee_fen, subsidy_fen: None }
    }

    /// The claim of an application that is complete and allowed by the outage plan; otherwise the outcome of the
    /// application.
    fn admitted(&self, position: usize) -> Result<&Claim, (ApplicationOutcome, Option<Tier>, Why)> {
        use ApplicationOutcome::{Pending, Refused};
        let application = &self.applications[position];
        let service = &self.catalogue.services[application.service];
        let claim = self.claims[position].as_ref();
        if service.start == Start::Automatic || service.programme_units.is_some() {
            let tier = claim.map_or_else(|(tier, _)| *tier, |claim| Some(claim.tier));
            return Err((Refused, tier, Why::NotAppliedFor));
        }
        let claim = claim.map_err(|(tier, why)| (Refused, *tier, why.clone()))?;
        let tier = Some(claim.tier);
        if claim.access == Access::Subsidised && application.area.is_empty() {
            return Err((Refused, tier, Why::NoArea));
        }
        if matches!(service.fee, Fee::Combination(..)) && application.parts == 0 {
            return Err((Refused, tier, Why::NoParts));
        }
        match application.plan_allows {
            Some(false) if service.outage_plan => Err((Refused, tier, Why::PlanForbids)),
            None if service.outage_plan => Err((Pending, tier, Why::PlanOpen)),
            _ => Ok(claim),
        }
    }

    /// Divides the cost of the units granted in an area and a year among the applicants who got them.
    fn share(&self, decisions: &mut [ApplicationDecision]) {
        let mut areas: BTreeMap<(usize, &str, i32), Vec<usize>> = BTreeMap::new();
        for decision in decisions.iter().filter(|decision| decision.outcome == ApplicationOutcome::Granted) {
            let application = &self.applications[decision.application];
            let claim = self.claims[decision.application].as_ref();
            if claim.is_ok_and(|claim| claim.access == Access::Subsidised) {
                let year = Month::of_day(application.applied_on).map_or(0, Month::year);
                let area = (application.service, application.area.as_str(), year);
                areas.entry(area).or_default().push(decision.application);
            }
        }
        for ((service, ..), mut places) in areas {
            // Sorted by id, so that the fen left over by rounding do not depend on the order of the file.
            places.sort_by_key(|&at| (&self.applications[at].customer_id, self.applications[at].applied_on));
            let claims: Vec<&Claim> = places.iter().filter_map(|&at| self.claims[at].as_ref().ok()).collect();
            let keys: Option<Vec<f64>> = claims.iter().map(|claim| claim.key).collect();
            // If one of them has no key, all pay the same.
            let keys = keys.unwrap_or_else(|| vec![1.0; claims.len()]);
            let units: u64 = places.iter().map(|&at| self.applications[at].units).sum();
            let cost = self.catalogue.services[service].cost_fen(units);
            let cost = i64::try_from(cost).unwrap_or(i64::MAX);
            for ((place, claim), part) in places.into_iter().zip(claims).zip(shares(cost, &keys)) {
                let share = i128::from(claim.terms.subsidy_e6.unwrap_or(0));
                let subsidy = ((2 * i128::from(part) * share + 1_000_000) / 2_000_000) as i64;
                decisions[place].subsidy_fen = Some(subsidy);
                decisions[place].fee_fen = Some(part - subsidy);
            }
        }
    }
}

/// Grants the units of an admitted application, unless quota or capacity is used up.
fn granted<'a>(
    application: &'a Application,
    service: &Service,
    claim: &Claim,
    used: &mut BTreeMap<(usize, i32), u64>,
    taken: &mut BTreeMap<(usize, &'a str, i32), u64>,
) -> Result<(), (ApplicationOutcome, Why)> {
    let month = Month::of_day(application.applied_on).map_or(0, |month| month.0);
    let year = month.div_euclid(12);
    let is_once = claim.terms.cadence.unwrap_or(service.cadence) == Cadence::Once;
    // A service that is given once has a single period.
    let period = if is_once { 0 } else { year };
    let by_customer = taken.entry((application.service, &application.customer_id, period)).or_default();
    if is_once && *by_customer > 0 {
        return Err((ApplicationOutcome::Refused, Why::Once));
    }
    let units = *by_customer + application.units;
    if let Some(quota) = claim.terms.quota_per_year.filter(|quota| units > *quota) {
        return Err((ApplicationOutcome::Refused, Why::Quota(quota)));
    }
    if let Some(capacity) = service.capacity {
        let period = if capacity.periods == 12 { month } else { year };
        let by_all = used.entry((application.service, period)).or_default();
        if *by_all + application.units > capacity.units {
            return Err((ApplicationOutcome::Queued, Why::Capacity));
        }
        *by_all += application.units;
    }
    *by_customer = units;
    Ok(())
}

/// Divides an amount in proportion to positive keys into integers that add up to it, by the largest-remainder method;
/// of equal remainders, the one that comes first is rounded up first.
#[must_use]
pub fn shares(amount: i64, keys: &[f64]) -> Vec<i64> {
    // Keys become integers of 10⁻³, so that the parts do not depend on the order of addition.
    let keys: Vec<i128> = keys.iter().map(|key| ((key * 1e3).round() as i128).max(1)).collect();
    let all: i128 = keys.iter().sum();
    let scaled = |key: &i128| i128::from(amount) * key;
    let mut parts: Vec<i64> = keys.iter().map(|key| (scaled(key) / all) as i64).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(scaled(&keys[place]) % all));
    let left = amount - parts.iter().sum::<i64>();
    for &place in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests;
