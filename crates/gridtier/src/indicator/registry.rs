//! The default indicators: id, names, unit, direction, formula, origin, when there is no value, and evaluation, one
//! entry each. Documentation, the method's allowed names and the explanations derive from here.

use super::{Direction, IndicatorValue};
use crate::contract::{ImportanceLevel, LoadClass, Table};
use crate::fact::{CustomerFacts, Facts};
use crate::index::{IndicatorIx, float_i64, index};

/// An indicator of the default registry.
pub struct Indicator {
    /// Its name in methods and outputs.
    pub id: &'static str,
    /// Dimension that it belongs to by default.
    pub dimension: &'static str,
    /// Group that it belongs to by default.
    pub group: &'static str,
    /// Name in English.
    pub title: &'static str,
    /// Name in Chinese.
    pub title_zh: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Whether more is better.
    pub direction: Direction,
    /// Formula.
    pub formula: &'static str,
    /// When it does not apply or cannot be measured.
    pub no_value: &'static str,
    /// The optional tables that it needs, besides those of customers and energy.
    pub tables: &'static [Table],
    /// Whether a counted row carries the optional column that it rests on; `None` where it rests on none.
    pub carried: Option<fn(&Facts) -> bool>,
    /// The words of the source paper that it is reconstructed from.
    pub origin: &'static str,
    /// Whether the customer can change it by behaviour within a cycle.
    pub lever: Lever,
    /// Evaluation for a customer.
    pub value: fn(&Facts, usize) -> IndicatorValue,
}

/// Whether the customer can change an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lever {
    /// By its own behaviour.
    Behaviour,
    /// Only by consuming or paying more, or not at all: never advised.
    None,
}

/// Most points for suggestions, so that they cannot be collected.
pub const SUGGESTION_CAP: i64 = 6;
/// Months of the two ends that growth compares.
const YEAR: u32 = 12;
/// Shortest window in which the two ends do not overlap.
const GROWTH_MONTHS_MIN: u32 = 24;
/// Fewest pairs of covered months, of twelve, by which growth is known.
const GROWTH_PAIRS_MIN: i64 = 10;

/// Standing of an importance level [I].
const fn importance_standing(level: ImportanceLevel) -> f64 {
    match level {
        ImportanceLevel::Special => 1.0,
        ImportanceLevel::First => 0.8,
        ImportanceLevel::Second => 0.5,
        ImportanceLevel::Temporary => 0.3,
    }
}

/// Standing of a load class [I].
const fn load_standing(class: LoadClass) -> f64 {
    match class {
        LoadClass::First => 0.6,
        LoadClass::Second => 0.3,
        LoadClass::Third => 0.0,
    }
}

/// The default registry, in the order of dimensions and groups.
pub const INDICATORS: &[Indicator] = &[
    Indicator {
        id: "annual_energy",
        dimension: "contribution",
        group: "current",
        title: "Annual energy",
        title_zh: "年用电量",
        unit: "kWh/a",
        direction: Direction::More,
        formula: "12 × Σ Wh of covered months / covered months / 1000",
        no_value: "unknown: no covered month",
        tables: &[],
        carried: None,
        origin: "用电量",
        lever: Lever::None,
        value: |facts, i| {
            let energy = &facts.rows[i].energy;
            ratio(12.0 * float_i64(energy.covered_wh) / 1000.0, energy.covered_months)
        },
    },
    Indicator {
        id: "annual_revenue",
        dimension: "contribution",
        group: "current",
        title: "Annual revenue",
        title_zh: "年电费收入",
        unit: "CNY/a",
        direction: Direction::More,
        formula: "12 × Σ amount_due / distinct months with a counted bill of any sign",
        no_value: "unknown: no bill",
        tables: &[Table::Bills],
        carried: None,
        origin: "电费收入",
        lever: Lever::None,
        value: |facts, i| {
            let billing = &facts.rows[i].billing;
            ratio(12.0 * float_i64(billing.billed_fen) / 100.0, billing.billed_months)
        },
    },
    Indicator {
        id: "average_price",
        dimension: "contribution",
        group: "current",
        title: "Average price",
        title_zh: "平均电价",
        unit: "CNY/kWh",
        direction: Direction::More,
        formula: "Σ amount_due / Σ energy, both over covered months that have a bill",
        no_value: "unknown: no such month, energy ≤ 0 or a price below 0",
        tables: &[Table::Bills],
        carried: None,
        origin: "平均电价 (prior work quoted by the paper)",
        lever: Lever::None,
        value: |facts, i| {
            let billing = &facts.rows[i].billing;
            if billing.priced_wh <= 0 || billing.priced_fen < 0 {
                return IndicatorValue::Unknown;
            }
            IndicatorValue::Known(float_i64(billing.priced_fen) * 10.0 / float_i64(billing.priced_wh))
        },
    },
    Indicator {
        id: "energy_growth",
        dimension: "contribution",
        group: "potential",
        title: "Energy growth",
        title_zh: "用电增长率",
        unit: "1/a",
        direction: Direction::More,
        formula: "(E_last / E_first)^(12/(M − 12)) − 1, E = Σ active energy of the first and last 12 months",
        no_value: "unknown: window below 24 months, an uncovered month in either end, E_first ≤ 0, E_last < 0",
        tables: &[],
        carried: None,
        origin: "用电增长率: 目的在于将潜在价值纳入全面考虑",
        lever: Lever::None,
        value: energy_growth,
    },
    Indicator {
        id: "total_energy_use",
        dimension: "contribution",
        group: "energy_mix",
        title: "Total energy use",
        title_zh: "能源总消耗量",
        unit: "tce/a",
        direction: Direction::More,
        formula: "total_kgce of the latest energy audit / 1000",
        no_value: "unknown: no audit",
        tables: &[Table::EnergyProfiles],
        carried: None,
        origin: "客户能源总消耗量",
        lever: Lever::None,
        value: |facts, i| {
            facts.profiles[i]
                .map_or(IndicatorValue::Unknown, |p| IndicatorValue::finite(p.total_kgce / 1000.0))
        },
    },
    Indicator {
        id: "replaceable_share",
        dimension: "contribution",
        group: "energy_mix",
        title: "Replaceable by electricity",
        title_zh: "电能可替代比例",
        unit: "share",
        direction: Direction::More,
        formula: "replaceable_kgce / total_kgce of the same audit",
        no_value: "unknown: no audit, or a total of 0",
        tables: &[Table::EnergyProfiles],
        carried: None,
        origin: "电能可替代比例",
        lever: Lever::None,
        value: |facts, i| match facts.profiles[i] {
            Some(profile) if profile.total_kgce > 0.0 => {
                IndicatorValue::finite(profile.replaceable_kgce / profile.total_kgce)
            }
            _ => IndicatorValue::Unknown,
        },
    },
    Indicator {
        id: "sensitivity",
        dimension: "contribution",
        group: "standing",
        title: "Sensitivity",
        title_zh: "政治经济敏感性",
        unit: "",
        direction: Direction::More,
        formula: "max of importance level (1, 0.8, 0.5, 0.3; none 0) and load class (0.6, 0.3, 0; none 0)",
        no_value: "never",
        tables: &[],
        carried: None,
        origin: "政治经济敏感性",
        lever: Lever::None,
        value: |facts, i| {
            let customer = &facts.customers.rows[i];
            let importance = customer.importance_level.map_or(0.0, importance_standing);
            IndicatorValue::Known(importance.max(customer.load_class.map_or(0.0, load_standing)))
        },
    },
    Indicator {
        id: "power_factor_attainment",
        dimension: "compliance",
        group: "power_factor",
        title: "Power-factor attainment",
        title_zh: "功率因数达标率",
        unit: "share",
        direction: Direction::More,
        formula: "months with PF ≥ the customer's standard / months assessed",
        no_value: "n/a: no standard; unknown: no assessed month",
        tables: &[],
        carried: Some(|facts| facts.rows.iter().any(|row| row.energy.reactive_readings > 0)),
        origin: "功率因素达成率",
        lever: Lever::Behaviour,
        value: |facts, i| match facts.customers.rows[i].power_factor_standard {
            None => IndicatorValue::NotApplicable,
            Some(_) => {
                let energy = &facts.rows[i].energy;
                ratio(float_i64(energy.power_factor_attained), energy.power_factor_months)
            }
        },
    },
    Indicator {
        id: "on_time_payment",
        dimension: "compliance",
        group: "payment",
        title: "Paid on time",
        title_zh: "按期付款率",
        unit: "share",
        direction: Direction::More,
        formula: "Σ min(due, max(0, paid(due_on))) / Σ due, over bills issued above 0 and due before the end; due is after reversals",
        no_value: "unknown: no such bill, nothing due, or no table of payments",
        tables: &[Table::Bills, Table::Payments],
        carried: None,
        origin: "电费缴纳情况",
        lever: Lever::Behaviour,
        value: |facts, i| paid(facts, i, |facts| facts.billing.on_time_fen),
    },
    Indicator {
        id: "overdue_days",
        dimension: "compliance",
        group: "payment",
        title: "Days overdue",
        title_zh: "加权逾期天数",
        unit: "days",
        direction: Direction::Less,
        formula: "Σ over the days t from due_on to end − 1 of unpaid(t) / Σ due, over the same bills",
        no_value: "as on_time_payment",
        tables: &[Table::Bills, Table::Payments],
        carried: None,
        origin: "电费缴纳情况",
        lever: Lever::Behaviour,
        value: |facts, i| paid(facts, i, |facts| facts.billing.overdue_fen_days),
    },
    Indicator {
        id: "plan_completion",
        dimension: "compliance",
        group: "plan",
        title: "Plan completion",
        title_zh: "用电计划完成率",
        unit: "share",
        direction: Direction::More,
        formula: "mean over covered months with a plan of 1 − min(1, abs(actual − plan)/plan)",
        no_value: "n/a: no plan filed; unknown: table absent, or no such month covered",
        tables: &[Table::Plans],
        carried: None,
        origin: "用电计划完成率",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let plans = &facts.rows[i].plans;
            if facts.present(Table::Plans) && plans.planned_months == 0 {
                return IndicatorValue::NotApplicable;
            }
            mean_share(plans.plan_share_e6, plans.plan_months)
        },
    },
    Indicator {
        id: "fault_impact",
        dimension: "compliance",
        group: "safety",
        title: "Outages caused to others",
        title_zh: "客户方故障影响",
        unit: "customer-h/a",
        direction: Direction::Less,
        formula: "Σ customers affected × minutes / 60 / (M/12), confirmed faults of the customer",
        no_value: "unknown: table absent",
        tables: &[Table::Incidents],
        carried: None,
        origin: "客户方故障对其他客户的影响",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let hours = float_i64(facts.rows[i].incidents.fault_customer_minutes) / 60.0;
            if_present(facts, Table::Incidents, hours / (f64::from(facts.window.months) / 12.0))
        },
    },
    Indicator {
        id: "violation_points",
        dimension: "compliance",
        group: "violations",
        title: "Violation points",
        title_zh: "违约用电与窃电积分",
        unit: "points",
        direction: Direction::Less,
        formula: "Σ severity × 0.5^(age/12), confirmed violations and thefts of the customer; age = months from the month of occurrence to the last month of the window",
        no_value: "unknown: table absent",
        tables: &[Table::Incidents],
        carried: None,
        origin: "违章用电情况",
        lever: Lever::Behaviour,
        value: |facts, i| {
            if_present(facts, Table::Incidents, float_i64(facts.rows[i].incidents.violation_points_e6) / 1e6)
        },
    },
    Indicator {
        id: "policy_fulfilment",
        dimension: "cooperation",
        group: "policy",
        title: "Policies carried out",
        title_zh: "新政策落实",
        unit: "share",
        direction: Direction::More,
        formula: "mean of min(delivered, requested) / requested over policy events with a request",
        no_value: "n/a: never asked; unknown: table absent",
        tables: &[Table::Cooperation],
        carried: None,
        origin: "对供电公司新政策的落实",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let cooperation = &facts.rows[i].cooperation;
            asked(facts, cooperation.policy_share_e6, cooperation.policy_requests)
        },
    },
    Indicator {
        id: "work_fulfilment",
        dimension: "cooperation",
        group: "work",
        title: "Work supported",
        title_zh: "工作配合",
        unit: "share",
        direction: Direction::More,
        formula: "mean of min(delivered, requested) / requested over work events with a request",
        no_value: "n/a: never asked; unknown: table absent",
        tables: &[Table::Cooperation],
        carried: None,
        origin: "对供电公司工作的配合",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let cooperation = &facts.rows[i].cooperation;
            asked(facts, cooperation.work_share_e6, cooperation.work_requests)
        },
    },
    Indicator {
        id: "suggestion_points",
        dimension: "cooperation",
        group: "suggestions",
        title: "Suggestions",
        title_zh: "优化建议积分",
        unit: "points",
        direction: Direction::More,
        formula: "min(6, submitted + 2 × adopted)",
        no_value: "unknown: table absent",
        tables: &[Table::Cooperation],
        carried: None,
        origin: "激发客户提出优化建议和方案的主动性",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let cooperation = &facts.rows[i].cooperation;
            let points = (cooperation.suggestions + 2 * cooperation.suggestions_adopted).min(SUGGESTION_CAP);
            if_present(facts, Table::Cooperation, float_i64(points))
        },
    },
];

/// Position of annual energy, by which ties are broken after revenue.
pub const ANNUAL_ENERGY: IndicatorIx = registered("annual_energy");
/// Position of annual revenue, by which ties are broken first.
pub const ANNUAL_REVENUE: IndicatorIx = registered("annual_revenue");

/// Position of the average price, whose median shows a wrong unit.
pub const AVERAGE_PRICE: IndicatorIx = registered("average_price");
/// Position of growth, a ratio less 1.
pub const ENERGY_GROWTH: IndicatorIx = registered("energy_growth");

/// The position of an entry, found while the program is compiled: an id that no entry has does not compile.
const fn registered(id: &str) -> IndicatorIx {
    let mut number = 0;
    while index(number) < INDICATORS.len() {
        if is_same(INDICATORS[index(number)].id.as_bytes(), id.as_bytes()) {
            return IndicatorIx::new(number);
        }
        number += 1;
    }
    panic!("no indicator of the registry has this id")
}

/// Whether two texts are the same; `==` cannot be used in a constant.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([first, rest @ ..], [other, others @ ..]) => *first == *other && is_same(rest, others),
        _ => false,
    }
}

/// The entry of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Indicator> {
    INDICATORS.iter().find(|indicator| indicator.id == id)
}

/// `above / below`, unknown when there is nothing below.
fn ratio(above: f64, below: i64) -> IndicatorValue {
    if below <= 0 { IndicatorValue::Unknown } else { IndicatorValue::Known(above / float_i64(below)) }
}

fn mean_share(share_e6: i64, count: i64) -> IndicatorValue {
    if count == 0 {
        IndicatorValue::Unknown
    } else {
        IndicatorValue::Known(float_i64(share_e6) / float_i64(count) / 1e6)
    }
}

fn if_present(facts: &Facts, table: Table, value: f64) -> IndicatorValue {
    if facts.present(table) { IndicatorValue::Known(value) } else { IndicatorValue::Unknown }
}

fn asked(facts: &Facts, share_e6: i64, requests: i64) -> IndicatorValue {
    match (facts.present(Table::Cooperation), requests) {
        (false, _) => IndicatorValue::Unknown,
        (true, 0) => IndicatorValue::NotApplicable,
        (true, _) => mean_share(share_e6, requests),
    }
}

fn paid(facts: &Facts, customer: usize, above: fn(&CustomerFacts) -> i64) -> IndicatorValue {
    if !facts.present(Table::Payments) {
        return IndicatorValue::Unknown;
    }
    ratio(float_i64(above(&facts.rows[customer])), facts.rows[customer].billing.due_fen)
}

fn energy_growth(facts: &Facts, customer: usize) -> IndicatorValue {
    let energy = &facts.rows[customer].energy;
    let months = facts.window.months;
    let is_short = months < GROWTH_MONTHS_MIN || energy.growth_pairs < GROWTH_PAIRS_MIN;
    if is_short || energy.growth_first_wh <= 0 || energy.growth_last_wh < 0 {
        return IndicatorValue::Unknown;
    }
    let years = f64::from(months - YEAR) / 12.0;
    let growth =
        libm::pow(float_i64(energy.growth_last_wh) / float_i64(energy.growth_first_wh), 1.0 / years) - 1.0;
    IndicatorValue::finite(growth)
}
