//! What services cost a year and what fees bring back (服务成本回收机制), by service and tier.
//!
//! Units = entitled customers × uptake, at most the quota each and the capacity of all, the better tiers served first.
//! Cost = units × unit cost; income = units × fee; recovery rate = income ÷ cost. Uptakes and costs are the catalogue's
//! assumptions. All sums are integers.

use super::catalogue::Catalogue;
use super::grant::{Basis, Members, grant};
use super::service::{Access, Fee, Service, Terms};
use crate::method::Tier;

const E6: i128 = 1_000_000;

/// Customers of a cycle, counted by what gives them each service.
#[derive(Clone, Debug)]
pub struct Demand {
    /// By service and tier: those who have it by their cell, then by each opening.
    entitled: Vec<[Vec<u64>; 4]>,
    /// Customers by tier.
    customers: [u64; 4],
}

/// A service's year for a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Place in the catalogue.
    pub service: usize,
    /// The tier.
    pub tier: Tier,
    /// Customers of the tier.
    pub customers: u64,
    /// Of them entitled.
    pub entitled: u64,
    /// Units delivered, in 10⁻⁶.
    pub units_e6: i128,
    /// Units that capacity leaves undelivered, in 10⁻⁶.
    pub short_e6: i128,
    /// What they cost, in fen.
    pub cost_fen: i128,
    /// What fees bring, in fen.
    pub income_fen: i128,
}

impl Demand {
    /// Nobody yet.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        let slots = |service: &Service| std::array::from_fn(|_| vec![0; 1 + service.opens.len()]);
        Self { entitled: catalogue.services.iter().map(slots).collect(), customers: [0; 4] }
    }

    /// Counts the members.
    pub fn add(&mut self, catalogue: &Catalogue, members: &Members) {
        let mut record = members.record();
        for row in 0..members.len() {
            members.fill(row, &mut record);
            let tier = members.tier(row);
            self.customers[tier as usize] += 1;
            for (service, slots) in catalogue.services.iter().zip(&mut self.entitled) {
                let slot = match grant(catalogue, service, tier, &record).map(|grant| grant.basis) {
                    Ok(Basis::Cell(_)) => 0,
                    Ok(Basis::Opening(place, _)) => 1 + place,
                    Err(_) => continue,
                };
                slots[tier as usize][slot] += 1;
            }
        }
    }

    /// The statement of each service and tier, in the order of the catalogue and best tier first.
    #[must_use]
    pub fn statements(&self, catalogue: &Catalogue) -> Vec<Statement> {
        let services = catalogue.services.iter().enumerate();
        services.flat_map(|(place, service)| self.of_service(place, service)).collect()
    }

    fn of_service(&self, place: usize, service: &Service) -> Vec<Statement> {
        let mut left = service.capacity.map(|capacity| i128::from(capacity.per_year()) * E6);
        let statement = |tier: Tier| {
            let slots = &self.entitled[place][tier as usize];
            let mut statement = Statement {
                service: place,
                tier,
                customers: self.customers[tier as usize],
                entitled: slots.iter().sum(),
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
            for (&customers, (access, terms, uptake_e6)) in slots.iter().zip(bases) {
                let each = terms
                    .quota_per_year
                    .map_or(i128::from(uptake_e6), |quota| i128::from(uptake_e6).min(i128::from(quota) * E6));
                let wanted = i128::from(customers) * each;
                let units = left.map_or(wanted, |left| wanted.min(left));
                left = left.map(|left| left - units);
                statement.take(units, wanted - units, access, terms, service);
            }
            statement
        };
        Tier::ALL.into_iter().map(statement).collect()
    }
}

impl Statement {
    fn take(&mut self, units_e6: i128, short_e6: i128, access: Access, terms: &Terms, service: &Service) {
        self.units_e6 += units_e6;
        self.short_e6 += short_e6;
        let cost = units_e6 * cost_of_unit_e6(service);
        let income = match access {
            Access::None | Access::Limited | Access::OnApplication | Access::Included => 0,
            Access::Paid => units_e6 * income_of_unit_e6(service, terms),
            Access::Subsidised => cost * (E6 - i128::from(terms.subsidy_e6.unwrap_or(0))) / E6,
        };
        self.cost_fen += rounded(cost, E6 * E6);
        self.income_fen += rounded(income, E6 * E6);
    }

    /// A programme for the public costs the same whoever comes: the tiers bear it by their customers. The boundaries
    /// are cumulative, so that the parts add up.
    fn programme(&mut self, units: u64, customers: &[u64; 4], service: &Service) {
        let all: u64 = customers.iter().sum();
        let (units, cost) = (i128::from(units) * E6, i128::from(units) * i128::from(service.unit_cost_fen));
        let up_to = |tiers: usize, of: i128| {
            let part: u64 = customers[..tiers].iter().sum();
            if all == 0 { 0 } else { of * i128::from(part) / i128::from(all) }
        };
        let at = self.tier as usize;
        self.units_e6 = up_to(at + 1, units) - up_to(at, units);
        self.cost_fen = up_to(at + 1, cost) - up_to(at, cost);
    }
}

/// Cost of a unit, in 10⁻⁶ fen.
fn cost_of_unit_e6(service: &Service) -> i128 {
    match &service.fee {
        Fee::Combination(parts, choices) => choices
            .iter()
            .map(|choice| {
                let chosen = parts.iter().enumerate().filter(|(place, _)| choice.parts >> place & 1 == 1);
                let cost: i64 = chosen.map(|(_, part)| part.unit_cost_fen).sum();
                i128::from(cost) * i128::from(choice.share_e6)
            })
            .sum(),
        Fee::Free | Fee::Fixed(_) | Fee::Shared(_) => i128::from(service.unit_cost_fen) * E6,
    }
}

/// Fee of a unit that is paid, in 10⁻⁶ fen: for combinations the mean over what takers choose.
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

/// a ÷ b of numbers that are not negative, half up.
fn rounded(a: i128, b: i128) -> i128 {
    (2 * a + b) / (2 * b)
}
