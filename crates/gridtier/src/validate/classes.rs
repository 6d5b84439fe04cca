//! Cross-tables of tiers and other classifications of the same customers: ABC by revenue and by profit, size, load.

use std::collections::BTreeMap;

use super::MeasureValue;
use crate::cycle::Cycle;
use crate::index::{float, float_i64, index};
use crate::method::Tier;
use crate::unit::round_half_away;
use crate::word::Word;

/// Cumulative shares of customers in classes A and B, in percent: the classes have 5, 15 and 80 percent.
const ABC: [usize; 2] = [5, 20];
/// Share of all profits that class A brings, in percent.
const PROFIT_A: i128 = 80;
/// The class of customers whose class is unknown.
const UNSPECIFIED: &str = "unspecified";

/// A class of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomerClass {
    /// `abc_profit`, `abc_revenue`, `load_class` or `size`.
    pub scheme: &'static str,
    /// The class's name.
    pub name: &'static str,
}

/// Number and sums of the customers of a class and tier.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCount {
    /// The class.
    pub class: CustomerClass,
    /// The final tier.
    pub tier: Tier,
    /// Number of customers.
    pub customers: u64,
    /// The customers' annual revenue in fen.
    pub revenue_fen: i128,
    /// The customers' annual energy in Wh.
    pub energy_wh: i128,
}

pub(super) struct Classes {
    pub counts: Vec<ClassCount>,
    pub values: Vec<MeasureValue>,
}

/// Classes the whole graded population.
pub(super) fn classes(cycle: &Cycle) -> Classes {
    let revenue = by_revenue(cycle);
    let profit = by_profit(cycle);
    let mut counts: BTreeMap<(CustomerClass, Tier), (u64, i128, i128)> = BTreeMap::new();
    for (position, row) in cycle.rows.iter().enumerate() {
        let customer = &cycle.customers.rows[index(row.number)];
        let load = customer.load_class.map_or(UNSPECIFIED, Word::code);
        let size = size(customer.contract_capacity_kva, cycle.method.checks.size_kva);
        let mut add = |scheme, name| {
            let count = counts.entry((CustomerClass { scheme, name }, row.tier)).or_default();
            count.0 += 1;
            count.1 += i128::from(cycle.revenue_fen(row.number));
            count.2 += i128::from(cycle.energy_wh(row.number));
        };
        add("abc_revenue", revenue[position]);
        add("load_class", load);
        add("size", size);
        if let Some(profit) = &profit {
            add("abc_profit", profit[position]);
        }
    }
    let of_a = || cycle.rows.iter().zip(&revenue).filter(|(_, class)| **class == "A");
    let special = || cycle.rows.iter().enumerate().filter(|(_, row)| row.tier == Tier::Special);
    let unprofitable = profit.as_ref().and_then(|profit| {
        share(special().filter(|(position, _)| profit[*position] == "C").count(), special().count())
    });
    let values = vec![
        ("abc_a_graded", share(of_a().filter(|(row, _)| row.tier <= Tier::Grade1).count(), of_a().count())),
        ("abc_profit_special", unprofitable),
    ];
    let counts = counts
        .into_iter()
        .map(|((class, tier), (customers, revenue_fen, energy_wh))| ClassCount {
            class,
            tier,
            customers,
            revenue_fen,
            energy_wh,
        })
        .collect();
    Classes { counts, values }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

fn size(capacity: Option<f64>, [medium, large]: [f64; 2]) -> &'static str {
    match capacity {
        None => UNSPECIFIED,
        Some(kva) if kva >= large => "large",
        Some(kva) if kva >= medium => "medium",
        Some(_) => "small",
    }
}

/// For each position, the class by revenue: A for the 5 % of customers with the most revenue, B for the next 15 %, C
/// for the rest. A share of c percent is (N × c + 50) div 100 customers; equal revenues are ordered by energy, then by
/// id.
fn by_revenue(cycle: &Cycle) -> Vec<&'static str> {
    let mut order: Vec<usize> = (0..cycle.rows.len()).collect();
    order.sort_unstable_by_key(|&position| {
        let number = cycle.rows[position].number;
        (-i128::from(cycle.revenue_fen(number)), -i128::from(cycle.energy_wh(number)), number)
    });
    let lines = ABC.map(|percent| (order.len() * percent + 50) / 100);
    let mut classes = vec!["C"; order.len()];
    for (rank, &position) in order.iter().enumerate() {
        classes[position] = ["A", "B", "C"][lines.iter().filter(|&&line| rank >= line).count()];
    }
    classes
}

/// For each position, the class by profit, if the cost of supply is given: A for the fewest customers who together
/// bring 80 % of all profits, B for the others who bring some, C for those who bring none or less. Profit is annual
/// revenue − cost × annual energy.
fn by_profit(cycle: &Cycle) -> Option<Vec<&'static str>> {
    let cost = cycle.method.checks.supply_cost?;
    let mut profits: Vec<i128> = Vec::with_capacity(cycle.rows.len());
    for row in &cycle.rows {
        // Units: fen = CNY/kWh × Wh × 100/1000.
        let cost = round_half_away(cost * float_i64(cycle.energy_wh(row.number)) / 10.0);
        profits.push(i128::from(cycle.revenue_fen(row.number)) - i128::from(cost));
    }
    let all: i128 = profits.iter().filter(|profit| **profit > 0).sum();
    let mut order: Vec<usize> = (0..profits.len()).filter(|&position| profits[position] > 0).collect();
    order.sort_unstable_by_key(|&position| (-profits[position], position));
    let mut classes = vec!["C"; profits.len()];
    let mut sum = 0;
    for position in order {
        classes[position] = if 100 * sum < PROFIT_A * all { "A" } else { "B" };
        sum += profits[position];
    }
    Some(classes)
}
