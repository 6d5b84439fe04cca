//! The built-in indicators, one entry each: id, names, unit, direction, formula, origin, when there is no value, and
//! how to compute it. Documentation, the method's allowed names and the explanations derive from here.

use super::formula::{
    annual_energy, annual_energy_parts, annual_revenue, annual_revenue_parts, asked, energy_growth,
    finite_over, growth, has_both_ends, if_present, importance_standing, load_standing, mean_of_e6,
    mean_share, paid, quotient, ratio,
};
use super::{Direction, IndicatorValue};
use crate::contract::Table;
use crate::index::{IndicatorIx, float_i64, index};

pub use super::entry::{Fold, Indicator, Lever, Summed, SupplyCosts};
pub use super::further::FURTHER;

/// Maximum points for suggestions, so that making many of them brings no advantage.
pub const SUGGESTION_CAP: i64 = 6;

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
        formula_zh: "12 × Σ 有效月份电量 / 有效月份数",
        no_value: "unknown: no covered month",
        no_value_zh: "未知: 无有效月份",
        tables: &[],
        carried: None,
        fold: Fold::Sum(Summed {
            parts: annual_energy_parts,
            value: |_, [wh, _]| finite_over(wh, 1000.0),
            while_open: [true; 2],
            knows: None,
        }),
        origin: "用电量",
        lever: Lever::None,
        value: annual_energy,
    },
    Indicator {
        id: "annual_revenue",
        dimension: "contribution",
        group: "current",
        title: "Annual revenue",
        title_zh: "年电费收入",
        unit: "CNY/a",
        direction: Direction::More,
        formula: "12 × Σ amount_due / number of months, both over the service months in the delivered range of bills",
        formula_zh: "12 × Σ 应收电费 / 月数, 均取账单交付范围内的服务月份",
        no_value: "unknown: no counted bill, or no such month",
        no_value_zh: "未知: 无计入账单, 或无此类月份",
        tables: &[Table::Bills],
        carried: None,
        fold: Fold::Sum(Summed {
            parts: annual_revenue_parts,
            value: |_, [fen, _]| finite_over(fen, 100.0),
            while_open: [true; 2],
            knows: None,
        }),
        origin: "电费收入",
        lever: Lever::None,
        value: annual_revenue,
    },
    Indicator {
        id: "average_price",
        dimension: "contribution",
        group: "current",
        title: "Average price",
        title_zh: "平均电价",
        unit: "CNY/kWh",
        direction: Direction::More,
        formula: "Σ amount_due / Σ energy, both over the covered service months in the delivered range of bills",
        formula_zh: "Σ 应收电费 / Σ 电量, 均取账单交付范围内有读数的服务月份",
        no_value: "unknown: no counted bill or no such month, energy ≤ 0 or a price below 0",
        no_value_zh: "未知: 无计入账单或无此类月份, 电量 ≤ 0, 或电价为负",
        tables: &[Table::Bills],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let billing = &facts.rows[i].billing;
                [float_i64(billing.priced_fen), float_i64(billing.priced_wh)]
            },
            |_, [fen, wh]| quotient(fen * 10.0, wh),
        ),
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
        formula: "(E_last / E_first)^(12/(M − 12)) − 1, E = Σ active energy over those of the first 12 months, \
                  and the same of the last 12, of which both are covered",
        formula_zh: "(E末 / E初)^(12/(M − 12)) − 1, E 为首末 12 个月中两端均有读数的对应月份电量之和",
        no_value: "unknown: window below 24 months, fewer than 10 such pairs of months, E_first ≤ 0, E_last < 0",
        no_value_zh: "未知: 窗口不足 24 个月, 对应月份少于 10 对, E初 ≤ 0 或 E末 < 0",
        tables: &[],
        carried: None,
        fold: Fold::Sum(Summed {
            parts: |facts, i, _| {
                let energy = &facts.rows[i].energy;
                [float_i64(energy.growth_last_wh), float_i64(energy.growth_first_wh)]
            },
            value: |facts, [last, first]| growth(facts.window.months, last, first),
            while_open: [true; 2],
            knows: Some(has_both_ends),
        }),
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
        formula_zh: "最近一次能源审计的总能耗 (kgce) / 1000",
        no_value: "unknown: no audit",
        no_value_zh: "未知: 无能源审计",
        tables: &[Table::EnergyProfiles],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| [facts.profiles[i].map_or(0.0, |profile| profile.total_kgce), 1.0],
            |_, [kgce, _]| finite_over(kgce, 1000.0),
        ),
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
        formula_zh: "可替代能耗 / 总能耗, 取同一次审计",
        no_value: "unknown: no audit, or a total of 0",
        no_value_zh: "未知: 无能源审计, 或总能耗为 0",
        tables: &[Table::EnergyProfiles],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                facts.profiles[i].map_or([0.0; 2], |profile| [profile.replaceable_kgce, profile.total_kgce])
            },
            |_, [part, all]| quotient(part, all),
        ),
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
        formula_zh: "取重要性等级 (1, 0.8, 0.5, 0.3; 无为 0) 与负荷等级 (0.6, 0.3, 0; 无为 0) 的较大者",
        no_value: "never",
        no_value_zh: "总有值",
        tables: &[],
        carried: None,
        fold: Fold::Greatest,
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
        formula_zh: "功率因数达到该户标准的月数 / 考核月数",
        no_value: "n/a: no standard; unknown: no assessed month",
        no_value_zh: "不适用: 无标准; 未知: 无考核月份",
        tables: &[],
        carried: Some(|facts| facts.rows.iter().any(|row| row.energy.reactive_readings > 0)),
        fold: Fold::sum(
            |facts, i, _| {
                let energy = &facts.rows[i].energy;
                [float_i64(energy.power_factor_attained), float_i64(energy.power_factor_months)]
            },
            |_, [attained, months]| quotient(attained, months),
        ),
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
        formula_zh: "Σ min(应收, max(0, 到期日已缴)) / Σ 应收, 取窗口结束前到期且出账金额大于 0 的账单; 应收为冲减后金额",
        no_value: "unknown: no such bill, nothing due, or no table of payments",
        no_value_zh: "未知: 无此类账单, 无应收, 或无缴费表",
        tables: &[Table::Bills, Table::Payments],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let billing = &facts.rows[i].billing;
                [float_i64(billing.on_time_fen), float_i64(billing.due_fen)]
            },
            |_, [paid, due]| quotient(paid, due),
        ),
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
        formula_zh: "Σ (到期日至窗口末日各日的未缴金额) / Σ 应收, 取相同账单",
        no_value: "as on_time_payment",
        no_value_zh: "同按期缴费",
        tables: &[Table::Bills, Table::Payments],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let billing = &facts.rows[i].billing;
                [float_i64(billing.overdue_fen_days), float_i64(billing.due_fen)]
            },
            |_, [days, due]| quotient(days, due),
        ),
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
        formula_zh: "报有计划且有读数的各月 1 − min(1, |实际 − 计划|/计划) 的均值",
        no_value: "n/a: no plan filed; unknown: table absent, or no such month covered",
        no_value_zh: "不适用: 未报计划; 未知: 无该表, 或无此类月份",
        tables: &[Table::Plans],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let plans = &facts.rows[i].plans;
                [float_i64(plans.plan_share_e6), float_i64(plans.plan_months)]
            },
            mean_of_e6,
        ),
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
        formula_zh: "Σ 影响户数 × 分钟 / 60 / (M/12), 取查实且责任在客户的故障",
        no_value: "unknown: table absent",
        no_value_zh: "未知: 无该表",
        tables: &[Table::Incidents],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| [float_i64(facts.rows[i].incidents.fault_customer_minutes), 1.0],
            |facts, [minutes, _]| {
                IndicatorValue::finite(minutes / 60.0 / (f64::from(facts.window.months) / 12.0))
            },
        ),
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
        formula_zh: "Σ 严重程度 × 0.5^(距今月数/12), 取查实且责任在客户的违约用电和窃电; 距今月数由发生月至窗口末月",
        no_value: "unknown: table absent",
        no_value_zh: "未知: 无该表",
        tables: &[Table::Incidents],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| [float_i64(facts.rows[i].incidents.violation_points_e6), 1.0],
            |_, [points, _]| finite_over(points, 1e6),
        ),
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
        formula_zh: "有要求的政策性事项中 min(完成, 要求) / 要求 的均值",
        no_value: "n/a: never asked; unknown: table absent",
        no_value_zh: "不适用: 从未要求; 未知: 无该表",
        tables: &[Table::Cooperation],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let cooperation = &facts.rows[i].cooperation;
                [float_i64(cooperation.policy_share_e6), float_i64(cooperation.policy_requests)]
            },
            mean_of_e6,
        ),
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
        formula_zh: "有要求的工作事项中 min(完成, 要求) / 要求 的均值",
        no_value: "n/a: never asked; unknown: table absent",
        no_value_zh: "不适用: 从未要求; 未知: 无该表",
        tables: &[Table::Cooperation],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let cooperation = &facts.rows[i].cooperation;
                [float_i64(cooperation.work_share_e6), float_i64(cooperation.work_requests)]
            },
            mean_of_e6,
        ),
        origin: "对供电公司工作的配合",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let cooperation = &facts.rows[i].cooperation;
            asked(facts, cooperation.work_share_e6, cooperation.work_requests)
        },
    },
    Indicator {
        id: SUGGESTIONS,
        dimension: "cooperation",
        group: "suggestions",
        title: "Suggestions",
        title_zh: "优化建议积分",
        unit: "points",
        direction: Direction::More,
        formula: "min(6, submitted + 2 × adopted)",
        formula_zh: "min(6, 提出数 + 2 × 采纳数)",
        no_value: "unknown: table absent",
        no_value_zh: "未知: 无该表",
        tables: &[Table::Cooperation],
        carried: None,
        fold: Fold::sum(
            |facts, i, _| {
                let cooperation = &facts.rows[i].cooperation;
                [float_i64(cooperation.suggestions + 2 * cooperation.suggestions_adopted), 1.0]
            },
            |_, [points, _]| IndicatorValue::finite(points.min(float_i64(SUGGESTION_CAP))),
        ),
        origin: "激发客户提出优化建议和方案的主动性",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let cooperation = &facts.rows[i].cooperation;
            let points = (cooperation.suggestions + 2 * cooperation.suggestions_adopted).min(SUGGESTION_CAP);
            if_present(facts, Table::Cooperation, float_i64(points))
        },
    },
];

/// Position of annual energy, which breaks ties after revenue.
pub const ANNUAL_ENERGY: IndicatorIx = registered("annual_energy");
/// Position of annual revenue, which breaks ties first.
pub const ANNUAL_REVENUE: IndicatorIx = registered("annual_revenue");

/// Position of the average price, whose median reveals a wrong unit.
pub const AVERAGE_PRICE: IndicatorIx = registered("average_price");
/// Position of growth, which is a ratio minus 1.
pub const ENERGY_GROWTH: IndicatorIx = registered("energy_growth");

/// Id of the indicator that is counted in whole points.
pub const SUGGESTIONS: &str = "suggestion_points";

/// Position of the share paid on time.
pub const ON_TIME_PAYMENT: IndicatorIx = registered("on_time_payment");
/// Position of the weighted days overdue.
pub const OVERDUE_DAYS: IndicatorIx = registered("overdue_days");
/// Position of the points for violations.
pub const VIOLATION_POINTS: IndicatorIx = registered("violation_points");

/// The position of an entry. It is found while the program is compiled: an id that no entry has does not compile.
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

/// All entries: those that presets weigh, then the further ones.
pub fn all() -> impl Iterator<Item = &'static Indicator> {
    INDICATORS.iter().chain(FURTHER)
}

/// The entry with that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Indicator> {
    all().find(|indicator| indicator.id == id)
}
