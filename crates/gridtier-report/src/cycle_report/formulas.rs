//! The formulas of the registry's indicators in Chinese.

/// Formula, and the condition without a value, by the id of the indicator.
const FORMULAS_ZH: [(&str, &str, &str); 22] = [
    ("annual_energy", "12 × Σ 有效月份电量 / 有效月份数", "未知: 无有效月份"),
    (
        "annual_revenue",
        "12 × Σ 应收电费 / 月数, 均取账单交付范围内的服务月份",
        "未知: 无计入账单, 或无此类月份",
    ),
    (
        "average_price",
        "Σ 应收电费 / Σ 电量, 均取账单交付范围内有读数的服务月份",
        "未知: 无计入账单或无此类月份, 电量 ≤ 0, 或电价为负",
    ),
    (
        "energy_growth",
        "(E末 / E初)^(12/(M − 12)) − 1, E 为首末 12 个月中两端均有读数的对应月份电量之和",
        "未知: 窗口不足 24 个月, 对应月份少于 10 对, E初 ≤ 0 或 E末 < 0",
    ),
    ("total_energy_use", "最近一次能源审计的总能耗 (kgce) / 1000", "未知: 无能源审计"),
    ("replaceable_share", "可替代能耗 / 总能耗, 取同一次审计", "未知: 无能源审计, 或总能耗为 0"),
    (
        "sensitivity",
        "取重要性等级 (1, 0.8, 0.5, 0.3; 无为 0) 与负荷等级 (0.6, 0.3, 0; 无为 0) 的较大者",
        "总有值",
    ),
    ("power_factor_attainment", "功率因数达到该户标准的月数 / 考核月数", "不适用: 无标准; 未知: 无考核月份"),
    (
        "on_time_payment",
        "Σ min(应收, max(0, 到期日已缴)) / Σ 应收, 取窗口结束前到期且出账金额大于 0 的账单; 应收为冲减后金额",
        "未知: 无此类账单, 无应收, 或无缴费表",
    ),
    ("overdue_days", "Σ (到期日至窗口末日各日的未缴金额) / Σ 应收, 取相同账单", "同按期缴费"),
    (
        "plan_completion",
        "报有计划且有读数的各月 1 − min(1, |实际 − 计划|/计划) 的均值",
        "不适用: 未报计划; 未知: 无该表, 或无此类月份",
    ),
    ("fault_impact", "Σ 影响户数 × 分钟 / 60 / (M/12), 取查实且责任在客户的故障", "未知: 无该表"),
    (
        "violation_points",
        "Σ 严重程度 × 0.5^(距今月数/12), 取查实且责任在客户的违约用电和窃电; 距今月数由发生月至窗口末月",
        "未知: 无该表",
    ),
    (
        "policy_fulfilment",
        "有要求的政策性事项中 min(完成, 要求) / 要求 的均值",
        "不适用: 从未要求; 未知: 无该表",
    ),
    ("work_fulfilment", "有要求的工作事项中 min(完成, 要求) / 要求 的均值", "不适用: 从未要求; 未知: 无该表"),
    ("suggestion_points", "min(6, 提出数 + 2 × 采纳数)", "未知: 无该表"),
    ("profit", "年电费收入 − 该供电层级单位供电成本 × 年用电量", "未知: 二者之一未知"),
    ("capacity_growth", "合同容量 / 期初容量 − 1", "未知: 任一为空, 或期初容量为 0"),
    ("power_factor_shortfall", "各考核月 max(0, 标准 − 功率因数) 的均值", "不适用: 无标准; 未知: 无考核月份"),
    (
        "cross_year_arrears",
        "窗口末日未缴、且在其之前各日历年到期的账单金额 / 年电费收入",
        "未知: 无缴费表, 年电费收入未知或不大于 0",
    ),
    ("valley_share", "谷 / (尖 + 峰 + 平 + 谷)", "未知: 无分时电量, 或均为 0"),
    ("load_factor", "Σ 电量 / Σ (月最大需量 × 小时数), 取有需量的有效月份", "未知: 无此类月份"),
];

/// The formula of an indicator and the condition under which it has no value, in Chinese.
pub(super) fn chinese(id: &str) -> Option<[&'static str; 2]> {
    FORMULAS_ZH.iter().find(|(known, ..)| *known == id).map(|&(_, formula, no_value)| [formula, no_value])
}

#[cfg(test)]
mod tests {
    use gridtier::indicator::registry;

    use super::*;

    #[test]
    fn every_indicator_of_the_registry_has_its_formula_in_chinese() {
        let missing: Vec<&str> =
            registry::all().map(|known| known.id).filter(|id| chinese(id).is_none()).collect();
        assert_eq!(missing, Vec::<&str>::new());
        assert_eq!(FORMULAS_ZH.len(), registry::all().count());
    }
}
