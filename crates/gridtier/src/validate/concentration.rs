//! Concentration of revenue and energy among customers: Pareto shares, Lorenz curves, Gini coefficients.

use super::MeasureValue;
use crate::cycle::Cycle;
use crate::index::{count, float};
use crate::method::Tier;
use crate::statistics::Concentration;

/// Number of steps of the Lorenz curve.
const LORENZ_STEPS: usize = 100;

/// A group of customers with its shares of revenue and energy.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupShare {
    /// `special`, …, `special+grade-1`, `top_20_revenue`, `top_20_energy`.
    pub group: &'static str,
    /// Number of customers in the group.
    pub customers: u64,
    /// The group's share of the graded population.
    pub customers_share: f64,
    /// The group's share of annual revenue.
    pub revenue_share: Option<f64>,
    /// The group's share of annual energy.
    pub energy_share: Option<f64>,
}

/// A point of a Lorenz curve.
#[derive(Clone, Debug, PartialEq)]
pub struct LorenzPoint {
    /// `revenue` or `energy`.
    pub amount: &'static str,
    /// Cumulative share of customers, smallest amounts first.
    pub customers_share: f64,
    /// The cumulative share of the amount that these customers have.
    pub amount_share: f64,
}

impl LorenzPoint {
    /// The same point of the curve with the largest amounts first: the share of customers, and the share of the amount that
    /// they have.
    #[must_use]
    pub fn of_the_largest(&self) -> [f64; 2] {
        [1.0 - self.customers_share, 1.0 - self.amount_share]
    }
}

pub(super) struct Concentrated {
    pub held: Vec<GroupShare>,
    pub lorenz: Vec<LorenzPoint>,
    pub values: Vec<MeasureValue>,
}

/// Measures the whole graded population, including provisional customers. Unknown and negative amounts count as 0.
pub(super) fn concentration(cycle: &Cycle) -> Concentrated {
    let revenue = Concentration::of(cycle.rows.iter().map(|row| cycle.revenue_fen(row.number)));
    let energy = Concentration::of(cycle.rows.iter().map(|row| cycle.energy_wh(row.number)));
    let people = cycle.rows.len();
    let fifth = (people + 2) / 5;
    let groups: [(&'static str, &[Tier]); 5] = [
        ("special", &[Tier::Special]),
        ("special+grade-1", &[Tier::Special, Tier::Grade1]),
        ("grade-1", &[Tier::Grade1]),
        ("grade-2", &[Tier::Grade2]),
        ("grade-3", &[Tier::Grade3]),
    ];
    let mut held: Vec<GroupShare> =
        groups.iter().map(|(group, tiers)| tiers_share(cycle, group, tiers, &revenue, &energy)).collect();
    let top = |group, revenue_share, energy_share| GroupShare {
        group,
        customers: count(fifth),
        customers_share: float(fifth) / float(people.max(1)),
        revenue_share,
        energy_share,
    };
    held.push(top("top_20_revenue", revenue.top_share(fifth), None));
    held.push(top("top_20_energy", None, energy.top_share(fifth)));
    let (special, special_and_grade1) = (&held[0], &held[1]);
    let values = vec![
        ("pareto_revenue", special_and_grade1.revenue_share),
        ("pareto_special", special.revenue_share),
        ("pareto_energy", special_and_grade1.energy_share),
        ("top20_revenue", revenue.top_share(fifth)),
        ("top20_energy", energy.top_share(fifth)),
        ("gini_revenue", revenue.gini()),
        ("gini_energy", energy.gini()),
    ];
    let lorenz = [("energy", &energy), ("revenue", &revenue)]
        .into_iter()
        .flat_map(|(amount, concentration)| {
            let points = concentration.lorenz(LORENZ_STEPS).into_iter();
            points.map(move |(customers_share, amount_share)| LorenzPoint {
                amount,
                customers_share,
                amount_share,
            })
        })
        .collect();
    Concentrated { held, lorenz, values }
}

/// The shares of the customers whose final tier is one of `tiers`.
fn tiers_share(
    cycle: &Cycle,
    group: &'static str,
    tiers: &[Tier],
    revenue: &Concentration,
    energy: &Concentration,
) -> GroupShare {
    let (mut customers, mut revenue_part, mut energy_part) = (0, 0, 0);
    for row in cycle.rows.iter().filter(|row| tiers.contains(&row.tier)) {
        customers += 1;
        revenue_part += i128::from(cycle.revenue_fen(row.number).max(0));
        energy_part += i128::from(cycle.energy_wh(row.number).max(0));
    }
    GroupShare {
        group,
        customers: count(customers),
        customers_share: float(customers) / float(cycle.rows.len().max(1)),
        revenue_share: revenue.share(revenue_part),
        energy_share: energy.share(energy_part),
    }
}
