//! Entries of the registry that no preset weighs.

use super::entry::{Fold, Indicator, Lever, Summed, SupplyCosts};
use super::formula::{
    annual_energy_parts, annual_revenue_parts, capacities, cross_year_arrears, demand_parts, grown, quotient,
    shortfall_parts, supply_cost, valley_parts,
};
use super::{Direction, IndicatorValue};
use crate::contract::Table;
use crate::index::float_i64;

/// Registered indicators that no preset weighs (DATA sections 6 and 7), in the order of dimensions and groups. A method
/// has those of them that it names.
pub const FURTHER: &[Indicator] = &[
    Indicator {
        id: "profit",
        dimension: "contribution",
        group: "current",
        title: "Profit",
        title_zh: "年毛利",
        unit: "CNY/a",
        direction: Direction::More,
        formula: "annual_revenue − supply_cost of the supply level × annual_energy",
        formula_zh: "年电费收入 − 该供电层级单位供电成本 × 年用电量",
        no_value: "unknown: one of the two is unknown",
        no_value_zh: "未知: 二者之一未知",
        tables: &[Table::Bills],
        carried: None,
        fold: Fold::Sum(Summed {
            parts: |facts, i, costs| {
                let [[fen, _], [wh, _]] =
                    [annual_revenue_parts(facts, i, costs), annual_energy_parts(facts, i, costs)];
                [fen / 100.0 - supply_cost(facts, i, costs) * wh / 1000.0, 1.0]
            },
            value: |_, [profit, _]| IndicatorValue::finite(profit),
            while_open: [true; 2],
            knows: None,
        }),
        origin: "–",
        lever: Lever::None,
        value: |_, _| IndicatorValue::Unknown,
    },
    Indicator {
        id: "capacity_growth",
        dimension: "contribution",
        group: "potential",
        title: "Capacity growth",
        title_zh: "合同容量增长率",
        unit: "share",
        direction: Direction::More,
        formula: "contract_capacity_kva / capacity_at_start_kva − 1",
        formula_zh: "合同容量 / 期初容量 − 1",
        no_value: "unknown: one of them is empty, or the capacity at the start is 0",
        no_value_zh: "未知: 任一为空, 或期初容量为 0",
        tables: &[],
        carried: Some(|facts| facts.customers.rows.iter().any(|row| capacities(row).is_some())),
        fold: Fold::Sum(Summed {
            parts: |facts, i, _| capacities(&facts.customers.rows[i]).unwrap_or_default(),
            value: |_, capacities| grown(capacities),
            while_open: [true; 2],
            knows: None,
        }),
        origin: "–",
        lever: Lever::None,
        value: |facts, i| capacities(&facts.customers.rows[i]).map_or(IndicatorValue::Unknown, grown),
    },
    Indicator {
        id: "power_factor_shortfall",
        dimension: "compliance",
        group: "power_factor",
        title: "Power-factor shortfall",
        title_zh: "功率因数差值",
        unit: "",
        direction: Direction::Less,
        formula: "mean over the assessed months of max(0, standard − PF)",
        formula_zh: "各考核月 max(0, 标准 − 功率因数) 的均值",
        no_value: "n/a: no standard; unknown: no assessed month",
        no_value_zh: "不适用: 无标准; 未知: 无考核月份",
        tables: &[],
        carried: Some(|facts| facts.rows.iter().any(|row| row.energy.reactive_readings > 0)),
        fold: Fold::sum(shortfall_parts, |_, [lacking, months]| quotient(lacking / 100.0, months)),
        origin: "–",
        lever: Lever::Behaviour,
        value: |facts, i| match facts.customers.rows[i].power_factor_standard {
            None => IndicatorValue::NotApplicable,
            Some(_) => {
                let [lacking, months] = shortfall_parts(facts, i, &SupplyCosts::default());
                quotient(lacking / 100.0, months)
            }
        },
    },
    Indicator {
        id: "cross_year_arrears",
        dimension: "compliance",
        group: "payment",
        title: "Arrears of earlier years",
        title_zh: "跨年欠费率",
        unit: "share",
        direction: Direction::Less,
        formula: "unpaid at the end of bills due in calendar years before that of the end / annual_revenue",
        formula_zh: "窗口末日未缴、且在其之前各日历年到期的账单金额 / 年电费收入",
        no_value: "unknown: no table of payments, annual revenue unknown or not above 0",
        no_value_zh: "未知: 无缴费表, 年电费收入未知或不大于 0",
        tables: &[Table::Bills, Table::Payments],
        carried: None,
        fold: Fold::Sum(Summed {
            parts: |facts, i, costs| {
                let [fen, _] = annual_revenue_parts(facts, i, costs);
                [float_i64(facts.rows[i].billing.cross_year_arrears_fen), fen]
            },
            value: |_, [arrears, revenue]| quotient(arrears, revenue),
            while_open: [false, true],
            // The arrears of a closed account count, whatever its own revenue.
            knows: Some(|facts, _| facts.present(Table::Payments)),
        }),
        origin: "–",
        lever: Lever::Behaviour,
        value: cross_year_arrears,
    },
    Indicator {
        id: "valley_share",
        dimension: "cooperation",
        group: "load",
        title: "Share in valley hours",
        title_zh: "谷段电量占比",
        unit: "share",
        direction: Direction::More,
        formula: "valley / (sharp + peak + flat + valley)",
        formula_zh: "谷 / (尖 + 峰 + 平 + 谷)",
        no_value: "unknown: no part, or all of them 0",
        no_value_zh: "未知: 无分时电量, 或均为 0",
        tables: &[],
        carried: Some(|facts| {
            (0..facts.rows.len()).any(|i| valley_parts(facts, i, &SupplyCosts::default())[1] != 0.0)
        }),
        fold: Fold::sum(valley_parts, |_, [valley, all]| quotient(valley, all)),
        origin: "–",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let [valley, all] = valley_parts(facts, i, &SupplyCosts::default());
            quotient(valley, all)
        },
    },
    Indicator {
        id: "load_factor",
        dimension: "cooperation",
        group: "load",
        title: "Load factor",
        title_zh: "负荷率",
        unit: "share",
        direction: Direction::More,
        formula: "Σ active energy / Σ (monthly maximum × hours), over the covered months with a demand",
        formula_zh: "Σ 电量 / Σ (月最大需量 × 小时数), 取有需量的有效月份",
        no_value: "unknown: no such month",
        no_value_zh: "未知: 无此类月份",
        tables: &[],
        carried: Some(|facts| facts.rows.iter().any(|row| row.energy.demand_months > 0)),
        fold: Fold::sum(demand_parts, |_, [energy, hours]| quotient(energy, hours)),
        origin: "–",
        lever: Lever::Behaviour,
        value: |facts, i| {
            let [energy, hours] = demand_parts(facts, i, &SupplyCosts::default());
            quotient(energy, hours)
        },
    },
];
