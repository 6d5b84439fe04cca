//! What the next cycle would change for customers and costs (REGRADE section 10): which customers must be told what, costs of
//! services before and after, and months with too few readings.
//!
//! The comparison finds who moved and why. The catalogue decides what a customer is entitled to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::{EndState, PairedCustomer, Step};
use crate::entitlement::Catalogue;
use crate::entitlement::change::ChangeKind;
use crate::entitlement::recovery::Statement;
use crate::index::count;
use crate::method::Tier;
use crate::unit::{Month, Window};
use crate::word::Word as _;

/// The services that a customer gains and loses, in the order of the newer catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceMoves {
    /// Ids of services that the customer loses or of which it gets less.
    pub lost: Vec<String>,
    /// Ids of services that the customer gains or of which it gets more.
    pub gained: Vec<String>,
    /// Whether a service is given on terms that are better in one respect and worse in another.
    pub other_terms: bool,
}

impl ServiceMoves {
    /// Adds the change of a service. A service that is listed already is not listed again.
    pub fn add(&mut self, service: &str, kind: ChangeKind) {
        let list = match kind {
            ChangeKind::Lost | ChangeKind::Less => &mut self.lost,
            ChangeKind::Gained | ChangeKind::More => &mut self.gained,
            ChangeKind::Terms => {
                self.other_terms = true;
                return;
            }
        };
        if !list.iter().any(|known| known == service) {
            list.push(service.to_owned());
        }
    }

    fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.gained.is_empty() && !self.other_terms
    }
}

/// A notice to a customer about a regrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The customer.
    pub customer_id: String,
    /// Whether the customer must be told: its tier falls, it loses a service or gets less of one, or an improvement
    /// plan begins.
    pub must: bool,
    /// The customer's state before.
    pub before: EndState,
    /// The customer's tier now.
    pub after: Tier,
    /// Why the tier changed; `None` if it has not changed, or if the customer was not graded before.
    pub cause: Option<Step>,
    /// The services that the customer gains and loses; shared by all customers with the same moves.
    pub services: Arc<ServiceMoves>,
}

impl Telling {
    /// The notice to a customer; `None` if nothing changes for the customer, or if it is not graded any more.
    #[must_use]
    pub fn of(
        id: &str,
        customer: &PairedCustomer,
        cause: Option<Step>,
        services: Arc<ServiceMoves>,
    ) -> Option<Self> {
        let (before, after) = (customer.before, customer.after.tier()?);
        if before == EndState::from(after) && services.is_empty() {
            return None;
        }
        let falls = before.tier().is_some_and(|before| after.position() > before.position());
        let mut telling = Self { customer_id: id.to_owned(), must: false, before, after, cause, services };
        telling.must = falls || telling.begins_plan() || !telling.services.lost.is_empty();
        Some(telling)
    }

    /// Whether an improvement plan begins: the customer is in grade-3 now and was not before.
    #[must_use]
    pub fn begins_plan(&self) -> bool {
        self.after == Tier::Grade3 && self.before != EndState::Grade3
    }
}

/// How many customers of each tier gain and lose a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceShift {
    /// For each tier now, best first, the number of customers who gain the service or get more of it.
    pub gained: [u64; 4],
    /// For each tier now, best first, the number of customers who lose the service or get less of it.
    pub lost: [u64; 4],
}

/// How many customers gain and lose each service, by id of the service.
#[must_use]
pub fn service_shifts(tellings: &[Telling]) -> BTreeMap<&str, ServiceShift> {
    let mut shifts: BTreeMap<&str, ServiceShift> = BTreeMap::new();
    for telling in tellings {
        let tier = telling.after.position();
        for service in &telling.services.gained {
            shifts.entry(service).or_default().gained[tier] += 1;
        }
        for service in &telling.services.lost {
            shifts.entry(service).or_default().lost[tier] += 1;
        }
    }
    shifts
}

/// The cost and income of a service for a tier in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceCost {
    /// Number of entitled customers.
    pub entitled: u64,
    /// The cost of the service, in fen.
    pub cost_fen: i128,
    /// The income from fees, in fen.
    pub income_fen: i128,
}

/// The costs of a service for a tier in two cycles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostChange {
    /// The service's id.
    pub service: String,
    /// The tier.
    pub tier: Tier,
    /// The costs before; `None` if the earlier catalogue lacks the service.
    pub before: Option<ServiceCost>,
    /// The costs after; `None` if the newer catalogue lacks the service.
    pub after: Option<ServiceCost>,
}

/// The costs of all services of two catalogues, sorted by id of the service and by tier, best first.
#[must_use]
pub fn cost_changes(
    before: (&Catalogue, &[Statement]),
    after: (&Catalogue, &[Statement]),
) -> Vec<CostChange> {
    let mut rows: BTreeMap<(&str, usize), [Option<ServiceCost>; 2]> = BTreeMap::new();
    for (end, (catalogue, statements)) in [before, after].into_iter().enumerate() {
        for statement in statements {
            let &Statement { service, tier, entitled, cost_fen, income_fen, .. } = statement;
            let key = (catalogue.services[service].id.as_str(), tier.position());
            rows.entry(key).or_default()[end] = Some(ServiceCost { entitled, cost_fen, income_fen });
        }
    }
    let rows = rows.into_iter().map(|((service, tier), [before, after])| CostChange {
        service: service.to_owned(),
        tier: Tier::ALL[tier],
        before,
        after,
    });
    rows.collect()
}

/// A month with few readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThinMonth {
    /// The month.
    pub month: Month,
    /// Number of readings in the month.
    pub readings: u64,
    /// Number of readings in the median month.
    pub median: u64,
}

/// The months of a window with less than half the readings of the median month; of two middle months, the lower counts.
#[must_use]
pub fn thin_months(window: Window, readings: &BTreeMap<Month, u64>) -> Vec<ThinMonth> {
    let of_month = |month: &Month| readings.get(month).copied().unwrap_or(0);
    let months: Vec<Month> =
        (0..window.months).map(|place| window.month(crate::index::index(place))).collect();
    let mut sorted: Vec<u64> = months.iter().map(of_month).collect();
    sorted.sort_unstable();
    let Some(&median) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return Vec::new() };
    let thin = months.into_iter().filter(|month| 2 * of_month(month) < median);
    thin.map(|month| ThinMonth { month, readings: of_month(&month), median }).collect()
}

/// Number of customers who must be told, and number of all customers who are told.
#[must_use]
pub fn told(tellings: &[Telling]) -> (u64, u64) {
    (count(tellings.iter().filter(|telling| telling.must).count()), count(tellings.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(before: EndState, after: EndState) -> PairedCustomer {
        PairedCustomer::for_test(before, after)
    }

    fn must(before: EndState, after: EndState, services: ServiceMoves) -> Option<bool> {
        Telling::of("A", &customer(before, after), None, Arc::new(services)).map(|telling| telling.must)
    }

    #[test]
    fn a_fall_a_loss_and_a_plan_must_be_told_and_other_changes_may_be_told() {
        use EndState::{Absent, Closed, Grade1, Grade2, Grade3, New, Special};
        let none = ServiceMoves::default;
        assert_eq!(must(Grade1, Grade1, none()), None);
        assert_eq!(must(Grade1, Grade2, none()), Some(true), "its tier falls");
        assert_eq!(must(Grade1, Special, none()), Some(false), "its tier rises");
        assert_eq!(must(New, Grade3, none()), Some(true), "a plan begins");
        assert_eq!(must(New, Grade2, none()), Some(false));
        assert_eq!(must(Absent, Grade1, none()), Some(false));
        assert_eq!(must(Grade3, Grade3, none()), None, "the plan goes on");
        assert_eq!(must(Special, Closed, none()), None, "the customer is closed");
        assert_eq!(must(Special, Absent, none()), None);
    }

    #[test]
    fn less_of_a_service_is_a_loss_and_mixed_terms_are_another_change() {
        let services = |kinds: &[(&str, ChangeKind)]| {
            let mut moves = ServiceMoves::default();
            kinds.iter().for_each(|(service, kind)| moves.add(service, *kind));
            moves
        };
        let mixed = services(&[("S05", ChangeKind::Terms)]);
        assert_eq!(must(EndState::Grade1, EndState::Grade1, mixed), Some(false));
        let moves = services(&[
            ("S01", ChangeKind::Less),
            ("S02", ChangeKind::Lost),
            ("S03", ChangeKind::Gained),
            ("S04", ChangeKind::More),
            ("S01", ChangeKind::Less),
        ]);
        assert_eq!((moves.lost.join(","), moves.gained.join(",")), ("S01,S02".into(), "S03,S04".into()));
        assert_eq!(must(EndState::Grade1, EndState::Special, moves), Some(true));
    }

    #[test]
    fn a_month_below_half_of_the_lower_median_is_thin() {
        let window = Window { end: Month::new(2026, 1), months: 4 };
        let counts = [(2025, 9, 100), (2025, 10, 100), (2025, 11, 49), (2025, 12, 120)];
        let readings = counts.map(|(year, month, readings)| (Month::new(year, month), readings));
        let thin = ThinMonth { month: Month::new(2025, 11), readings: 49, median: 100 };
        assert_eq!(thin_months(window, &readings.into()), [thin]);
        let half = [(2025, 9, 100), (2025, 10, 100), (2025, 11, 50), (2025, 12, 120)];
        let half = half.map(|(year, month, readings)| (Month::new(year, month), readings));
        assert_eq!(thin_months(window, &half.into()), []);
        assert_eq!(thin_months(window, &BTreeMap::new()), [], "without any readings, no month is thin");
    }
}
