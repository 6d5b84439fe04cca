//! What services cost a year and what fees bring back (服务成本回收机制), by service and tier.
//!
//! Units = entitled customers × uptake, limited by each customer's quota and by the capacity, which better tiers use
//! first. Cost = units × unit cost; income = units × fee; recovery rate = income ÷ cost. Uptakes and costs are the
//! catalogue's assumptions. A selection of customers gets its share of the cost of all customers, so that the costs of
//! selections add up to the whole. All sums are integers.

use arrow_array::BooleanArray;

use super::catalogue::Catalogue;
use super::grant::{Basis, Members, grant};
use super::service::{Access, Fee, Service, Terms, rounded};
use crate::method::Tier;
use crate::word::Word;

const E6: i128 = 1_000_000;

/// Number of 10⁻¹⁶ fen in a fen: the unit of what 10⁻⁶ units cost at a share of 10⁻⁶ of 10⁻⁶ yuan.
const E16: i128 = 10_000_000_000_000_000;

/// Numbers of entitled customers of a cycle, by service, by tier and by the part of the catalogue that entitles them.
#[derive(Clone, Debug)]
pub struct Demand {
    /// For each service and tier, the customers entitled by the tier's cell, then those entitled by each opening.
    entitled: Vec<[Vec<EntitledCount>; 4]>,
    /// Number of customers by tier.
    customers: [EntitledCount; 4],
}

/// A number of customers, and how many of them are selected.
#[derive(Clone, Copy, Debug, Default)]
struct EntitledCount {
    all: u64,
    selected: u64,
}

impl EntitledCount {
    fn add(&mut self, is_selected: bool) {
        self.all += 1;
        self.selected += u64::from(is_selected);
    }

    /// The selection's share of a sum over all customers.
    fn share_of(self, whole: i128) -> i128 {
        if self.all == 0 { 0 } else { whole * i128::from(self.selected) / i128::from(self.all) }
    }
}

/// Units, cost and income of a service for a tier, in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Position of the service in the catalogue.
    pub service: usize,
    /// The tier.
    pub tier: Tier,
    /// Number of selected customers entitled.
    pub entitled: u64,
    /// Units delivered, in 10⁻⁶.
    pub units_e6: i128,
    /// Units that capacity leaves undelivered, in 10⁻⁶.
    pub short_e6: i128,
    /// The cost of the delivered units, in fen.
    pub cost_fen: i128,
    /// The fees for the delivered units, in fen.
    pub income_fen: i128,
}

impl Demand {
    /// Starts with no customers counted.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        let slots = |service: &Service| {
            std::array::from_fn(|_| vec![EntitledCount::default(); 1 + service.opens.len()])
        };
        Self { entitled: catalogue.services.iter().map(slots).collect(), customers: Default::default() }
    }

    /// Counts the members, and which of them are `selected`.
    pub fn add(&mut self, catalogue: &Catalogue, members: &Members, selected: &BooleanArray) {
        let mut record = members.record();
        for row in 0..members.len() {
            members.fill(row, &mut record);
            let (tier, is_selected) = (members.tier(row), selected.value(row));
            self.customers[tier.position()].add(is_selected);
            for (service, slots) in catalogue.services.iter().zip(&mut self.entitled) {
                let slot = match grant(catalogue, service, tier, &record).map(|grant| grant.basis) {
                    Ok(Basis::Cell(_)) => 0,
                    Ok(Basis::Opening(place, _)) => 1 + place,
                    Err(_) => continue,
                };
                slots[tier.position()][slot].add(is_selected);
            }
        }
    }

    /// The statement of each service and tier, in the order of the catalogue, best tier first.
    #[must_use]
    pub fn statements(&self, catalogue: &Catalogue) -> Vec<Statement> {
        let services = catalogue.services.iter().enumerate();
        services.flat_map(|(place, service)| self.of_service(place, service)).collect()
    }

    fn of_service(&self, place: usize, service: &Service) -> Vec<Statement> {
        let mut left = service.capacity.map(|capacity| i128::from(capacity.per_year()) * E6);
        let statement = |tier: Tier| {
            let slots = &self.entitled[place][tier.position()];
            let mut statement = Statement {
                service: place,
                tier,
                entitled: slots.iter().map(|count| count.selected).sum(),
                units_e6: 0,
                short_e6: 0,
                cost_fen: 0,
                income_fen: 0,
            };
            if let Some(units) = service.programme_units {
                statement.programme(units, &self.customers, service);
                return statement;
            }
            let cell = service.cell(tier);
            let opened =
                service.opens.iter().map(|opening| (opening.access, &opening.terms, service.uptake_e6));
            let bases = std::iter::once((cell.access, &cell.terms, cell.uptake_e6)).chain(opened);
            for (&count, (access, terms, uptake_e6)) in slots.iter().zip(bases) {
                let units_each = terms
                    .quota_per_year
                    .map_or(i128::from(uptake_e6), |quota| i128::from(uptake_e6).min(i128::from(quota) * E6));
                let wanted = i128::from(count.all) * units_each;
                let units = left.map_or(wanted, |left| wanted.min(left));
                left = left.map(|left| left - units);
                let (units, short) = (count.share_of(units), count.share_of(wanted - units));
                statement.add(units, short, access, terms, service);
            }
            statement
        };
        Tier::ALL.into_iter().map(statement).collect()
    }
}

impl Statement {
    fn add(&mut self, units_e6: i128, short_e6: i128, access: Access, terms: &Terms, service: &Service) {
        self.units_e6 += units_e6;
        self.short_e6 += short_e6;
        let cost = units_e6 * cost_of_unit_e10(service);
        self.cost_fen += rounded(cost, E16);
        self.income_fen += match access {
            Access::None | Access::Limited | Access::OnApplication | Access::Included => 0,
            Access::Paid => rounded(units_e6 * income_of_unit_e6(service, terms), E6 * E6),
            Access::Subsidised => {
                let own = E6 - i128::from(terms.subsidy_e6.unwrap_or(0));
                // The quotient and the rest apart, since the product may be too large.
                rounded(cost / E6 * own + cost % E6 * own / E6, E16)
            }
        };
    }

    /// A programme for the public costs the same however many customers use it, so each customer gets an equal share of
    /// the cost. Shares of tiers are differences of rounded cumulative sums, so that they add up.
    fn programme(&mut self, units: u64, customers: &[EntitledCount; 4], service: &Service) {
        let all: u64 = customers.iter().map(|count| count.all).sum();
        let (units, cost) = (i128::from(units) * E6, service.cost_fen(units));
        let up_to = |tiers: usize, whole: i128| {
            let part: u64 = customers[..tiers].iter().map(|count| count.all).sum();
            if all == 0 { 0 } else { whole * i128::from(part) / i128::from(all) }
        };
        let at = self.tier.position();
        let part = |whole: i128| customers[at].share_of(up_to(at + 1, whole) - up_to(at, whole));
        (self.units_e6, self.cost_fen) = (part(units), part(cost));
    }
}

/// Cost of a unit, in 10⁻¹⁰ fen.
fn cost_of_unit_e10(service: &Service) -> i128 {
    match &service.fee {
        Fee::Combination(parts, choices) => choices
            .iter()
            .map(|choice| {
                let chosen = parts.iter().enumerate().filter(|(place, _)| choice.parts >> place & 1 == 1);
                let cost: i64 = chosen.map(|(_, part)| part.unit_cost_e6).sum();
                i128::from(cost) * i128::from(choice.share_e6)
            })
            .sum(),
        Fee::Free | Fee::Fixed(_) | Fee::Shared(_) => i128::from(service.unit_cost_e6) * E6,
    }
}

/// Fee of a paid unit, in 10⁻⁶ fen; for combinations, the mean over the choices.
fn income_of_unit_e6(service: &Service, terms: &Terms) -> i128 {
    match &service.fee {
        Fee::Combination(_, choices) => choices
            .iter()
            .map(|choice| {
                let price = service.price_fen(terms, choice.parts).unwrap_or(0);
                i128::from(price) * i128::from(choice.share_e6)
            })
            .sum(),
        Fee::Free | Fee::Fixed(_) | Fee::Shared(_) => i128::from(terms.fee_fen.unwrap_or(0)) * E6,
    }
}
