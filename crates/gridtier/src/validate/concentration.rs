//! Who holds which part of revenue and energy: Pareto, Lorenz, Gini.

use super::MeasureValue;
use crate::cycle::Cycle;
use crate::index::{count, float};
use crate::method::Tier;
use crate::statistics::Concentration;

/// Parts of the Lorenz curve.
const LORENZ_STEPS: usize = 100;

/// Customers with the part of revenue and energy that they hold.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupShare {
    /// `special`, …, `special+grade-1`, `top_20_revenue`, `top_20_energy`.
    pub group: &'static str,
    /// Customers in it.
    pub customers: u64,
    /// Their share of the graded population.
    pub customers_share: f64,
    /// Their share of annual revenue.
    pub revenue_share: Option<f64>,
    /// Their share of annual energy.
    pub energy_share: Option<f64>,
}

/// A point of a Lorenz curve.
#[derive(Clone, Debug, PartialEq)]
pub struct LorenzPoint {
    /// `revenue` or `energy`.
    pub amount: &'static str,
    /// Share of customers, those with least first.
    pub customers_share: f64,
    /// The share of the amount that they hold.
    pub amount_share: f64,
}

pub(super) struct Concentrated {
    pub held: Vec<GroupShare>,
    pub lorenz: Vec<LorenzPoint>,
    pub values: Vec<MeasureValue>,
}

/// Measures the whole graded population, provisional customers too. Unknown amounts count 0, negative ones too.
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
        groups.iter().map(|(group, tiers)| of_tiers(cycle, group, tiers, &revenue, &energy)).collect();
    let top = |group, revenue_share, energy_share| GroupShare {
        group,
        customers: count(fifth),
        customers_share: float(fifth) / float(people.max(1)),
        revenue_share,
        energy_share,
    };
    held.push(top("top_20_revenue", revenue.top_share(fifth), None));
    held.push(top("top_20_energy", None, energy.top_share(fifth)));
    let of = |place: usize| (held[place].revenue_share, held[place].energy_share);
    let values = vec![
        ("pareto_revenue", of(1).0),
        ("pareto_special", of(0).0),
        ("pareto_energy", of(1).1),
        ("top20_revenue", revenue.top_share(fifth)),
        ("top20_energy", energy.top_share(fifth)),
        ("gini_revenue", revenue.gini()),
        ("gini_energy", energy.gini()),
    ];
    let curve = |amount: &'static str, of: &Concentration| {
        of.lorenz(LORENZ_STEPS)
            .into_iter()
            .map(|(customers_share, amount_share)| LorenzPoint { amount, customers_share, amount_share })
            .collect::<Vec<_>>()
    };
    let lorenz = [curve("energy", &energy), curve("revenue", &revenue)].concat();
    Concentrated { held, lorenz, values }
}

fn of_tiers(
    cycle: &Cycle,
    group: &'static str,
    tiers: &[Tier],
    revenue: &Concentration,
    energy: &Concentration,
) -> GroupShare {
    let members = || cycle.rows.iter().filter(|row| tiers.contains(&row.tier));
    let sum = |amount: &dyn Fn(u32) -> i64| -> i128 {
        members().map(|row| i128::from(amount(row.number).max(0))).sum()
    };
    let share = |part: i128, all: i128| (all > 0).then(|| part as f64 / all as f64);
    let customers = count(members().count());
    GroupShare {
        group,
        customers,
        customers_share: customers as f64 / float(cycle.rows.len().max(1)),
        revenue_share: share(sum(&|number| cycle.revenue_fen(number)), revenue.total()),
        energy_share: share(sum(&|number| cycle.energy_wh(number)), energy.total()),
    }
}
