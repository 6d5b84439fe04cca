//! The measures of a published cycle, and when each of them warns or fails: one entry each.
//!
//! The default limits are conventions, not laws: if an analyst sets others in the method file, every cycle graded by
//! that method shows them. How a measure is computed is not known here.

use super::raw::ChecksFile;
use crate::checked_toml::{CheckedToml, Fault, did_you_mean};
use crate::text;
use crate::text::Text;

/// The side of a limit on which values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// At or above the limit.
    AtLeast,
    /// At or below the limit.
    AtMost,
}

/// Something that is measured on a cycle.
#[derive(Debug)]
pub struct Measure {
    /// The measure's id, which also names its limits.
    pub id: &'static str,
    /// Name in English and Chinese.
    pub titles: [&'static str; 2],
    /// The side of a limit on which values are good.
    pub good: Good,
    /// The limit beyond which the check warns, unless the method gives another.
    pub warn: Option<f64>,
    /// The limit beyond which the check fails, unless the method gives another.
    pub fail: Option<f64>,
    /// The unit of the values.
    pub unit: Unit,
    /// How to read the values, in one sentence, in English and Chinese.
    pub reading: [&'static str; 2],
}

/// The unit of a measure's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Parts of a whole, shown as percent.
    Share,
    /// Coefficients, ratios, counts.
    Number,
}

const fn share(
    id: &'static str,
    titles: [&'static str; 2],
    (good, warn, fail): (Good, Option<f64>, Option<f64>),
    reading: [&'static str; 2],
) -> Measure {
    Measure { id, titles, good, warn, fail, unit: Unit::Share, reading }
}

const fn number(
    id: &'static str,
    titles: [&'static str; 2],
    (good, warn, fail): (Good, Option<f64>, Option<f64>),
    reading: [&'static str; 2],
) -> Measure {
    Measure { id, titles, good, warn, fail, unit: Unit::Number, reading }
}

const NO_LIMITS: (Good, Option<f64>, Option<f64>) = (Good::AtLeast, None, None);

const fn at_least(warn: f64) -> (Good, Option<f64>, Option<f64>) {
    (Good::AtLeast, Some(warn), None)
}

const fn at_most(warn: f64) -> (Good, Option<f64>, Option<f64>) {
    (Good::AtMost, Some(warn), None)
}

/// All measures, in the order in which they are shown.
pub const MEASURES: &[Measure] = &[
    share(
        "undelivered_weight",
        ["Weight without data", "无数据的指标权重"],
        at_most(0.5),
        [
            "Share of the weight whose data nobody delivered: the table of parameters names these indicators, and a tier says nothing about them.",
            "未提供数据的指标所占权重: 参数表列出这些指标, 等级不反映其情况。",
        ],
    ),
    share(
        "influence_max",
        ["Greatest influence of one indicator", "单项指标最大影响力"],
        at_most(0.5),
        [
            "The share of the score's variance that comes through one indicator: above one half the grading is little more than that indicator.",
            "单项指标所解释的得分方差比例: 超过一半时, 分级近似由该指标决定。",
        ],
    ),
    share(
        "pareto_revenue",
        ["Revenue of special + grade-1", "特级与一级电费占比"],
        at_least(0.8),
        [
            "Share of annual revenue held by the two best tiers; the Pareto law expects 80 % or more, and less is a remark about the customers before it is one about the method.",
            "特级与一级客户的年电费占比; 按二八定律应达 80 %, 不足时首先说明客户结构分散。",
        ],
    ),
    share(
        "pareto_special",
        ["Revenue of special", "特级电费占比"],
        NO_LIMITS,
        [
            "Share of annual revenue held by the best tier, beside its share of customers in the table.",
            "特级客户的年电费占比, 与其户数占比对照。",
        ],
    ),
    share(
        "pareto_energy",
        ["Energy of special + grade-1", "特级与一级电量占比"],
        NO_LIMITS,
        ["Share of annual energy held by the two best tiers.", "特级与一级客户的年电量占比。"],
    ),
    share(
        "top20_revenue",
        ["Revenue of the top 20 %", "前 20 % 客户电费占比"],
        NO_LIMITS,
        [
            "Share of annual revenue of the fifth of customers with the most of it, whatever their tier: the most that any grading of a fifth could reach.",
            "电费最高的 20 % 客户 (不论等级) 的年电费占比, 是任何 20 % 分组可达到的上限。",
        ],
    ),
    share(
        "top20_energy",
        ["Energy of the top 20 %", "前 20 % 客户电量占比"],
        NO_LIMITS,
        [
            "Share of annual energy of the fifth of customers with the most of it.",
            "电量最高的 20 % 客户的年电量占比。",
        ],
    ),
    number(
        "gini_revenue",
        ["Gini coefficient of revenue", "电费基尼系数"],
        NO_LIMITS,
        [
            "0 when all customers pay the same, towards 1 when one pays everything.",
            "各户电费相同为 0, 集中于一户趋近 1。",
        ],
    ),
    number(
        "gini_energy",
        ["Gini coefficient of energy", "电量基尼系数"],
        NO_LIMITS,
        [
            "0 when all customers use the same, towards 1 when one uses everything.",
            "各户电量相同为 0, 集中于一户趋近 1。",
        ],
    ),
    share(
        "abc_a_graded",
        ["ABC class A among special + grade-1", "A 类客户进入特级与一级的比例"],
        at_least(0.8),
        [
            "Of the 5 % of customers with the most revenue, the share in the two best tiers: the others were outweighed by compliance and cooperation and deserve a look.",
            "电费最高的 5 % 客户 (A 类) 中进入特级与一级的比例: 其余客户因规范性或合作得分较低, 值得核查。",
        ],
    ),
    share(
        "abc_profit_special",
        ["Special customers without profit", "特级客户中无利润者比例"],
        at_most(0.1),
        [
            "Of the special customers, the share whose revenue does not cover the cost of supply given by supply_cost.",
            "特级客户中电费低于供电成本 (supply_cost) 者的比例。",
        ],
    ),
    number(
        "importance",
        ["Importance 重要性", "重要性原则"],
        at_least(1.0),
        [
            "Energy per customer of special + grade-1 over that of all graded customers: below 1 the best tiers are not the large ones.",
            "特级与一级户均电量与全体户均电量之比: 小于 1 表示优质客户并非用电大户。",
        ],
    ),
    number(
        "economy",
        ["Economy 经济性", "经济性原则"],
        at_most(0.0),
        [
            "Neighbouring tiers of which the better one brings less revenue per customer: 0 says that service spent on a better tier goes where more is earned.",
            "相邻等级中较高等级户均电费反而较低的次数: 0 表示服务投入与收益相称。",
        ],
    ),
    share(
        "guidance",
        ["Guidance 导向性", "导向性原则"],
        at_least(0.1),
        [
            "Of the ranked customers below special, the share whose own behaviour alone could lift them a tier: near 0 the grading gives no reason to improve.",
            "特级以下的排名客户中, 仅凭改进自身行为即可升级者的比例: 接近 0 表示分级缺乏激励作用。",
        ],
    ),
    share(
        "dynamics",
        ["Dynamics 动态性", "动态性原则"],
        at_most(0.5),
        [
            "Of the customers graded in this cycle and the one before, the share whose tier changed: above one half the tiers do not hold still for long enough to act on.",
            "两个周期均参评的客户中等级发生变化的比例: 超过一半则等级难以作为服务依据。",
        ],
    ),
    number(
        "weights_tau",
        ["Rank agreement under drawn weights", "权重扰动下的秩相关"],
        (Good::AtLeast, Some(0.9), Some(0.7)),
        [
            "Kendall's τ-b between the published order and the order under drawn weights, mean of all draws: 1 is the same order, 0 none.",
            "公布排序与权重扰动后排序的 Kendall τ-b 均值: 1 为完全一致, 0 为无关。",
        ],
    ),
    share(
        "weights_change",
        ["Tier changes under drawn weights", "权重扰动下的等级变化比例"],
        (Good::AtMost, Some(0.15), Some(0.4)),
        [
            "Share of ranked customers whose tier changes under drawn weights, mean of all draws.",
            "权重扰动后等级变化的客户比例 (各次抽样均值)。",
        ],
    ),
    share(
        "borderline",
        ["Borderline customers", "临界客户比例"],
        (Good::AtMost, Some(0.25), Some(0.5)),
        [
            "Share of ranked customers that keep their tier in fewer than 80 of 100 draws: those to look at before anyone is told.",
            "在不足 80 % 的抽样中保持原等级的客户比例: 公布前应优先复核。",
        ],
    ),
    number(
        "leave_out_tau",
        ["Rank agreement, one indicator left out", "剔除单项指标后的秩相关"],
        (Good::AtLeast, Some(0.7), Some(0.4)),
        [
            "The lowest Kendall's τ-b when each indicator in turn is left out and its weight goes to its siblings.",
            "逐项剔除指标 (权重归其同级指标) 后 Kendall τ-b 的最小值。",
        ],
    ),
    share(
        "leave_out_change",
        ["Tier changes, one indicator left out", "剔除单项指标后的等级变化比例"],
        (Good::AtMost, Some(0.35), Some(0.6)),
        [
            "The greatest share of customers whose tier changes when one indicator is left out.",
            "逐项剔除指标后等级变化客户比例的最大值。",
        ],
    ),
    number(
        "method_tau",
        ["Rank agreement with other methods", "与其他合成方法的秩相关"],
        (Good::AtLeast, Some(0.7), Some(0.4)),
        [
            "The lowest Kendall's τ-b between the published order and those by the other ways to combine the same points.",
            "公布排序与其他合成方法 (加权和、加权积、TOPSIS、灰色关联) 排序的 Kendall τ-b 最小值。",
        ],
    ),
    share(
        "method_change",
        ["Tier changes under other methods", "其他合成方法下的等级变化比例"],
        (Good::AtMost, Some(0.4), None),
        [
            "The greatest share of customers whose tier changes when the same points are combined in another way.",
            "采用其他合成方法时等级变化客户比例的最大值。",
        ],
    ),
    number(
        "cluster_silhouette",
        ["Silhouette of the clusters", "聚类轮廓系数"],
        NO_LIMITS,
        [
            "How well the customers fall into groups by themselves, from −1 to 1: below 0.25 there are no groups to speak of, and grades by quota are as natural as any.",
            "客户自然聚类的清晰程度 (−1 至 1): 低于 0.25 说明没有明显的自然分群, 按比例划分等级同样合理。",
        ],
    ),
    number(
        "cluster_stability",
        ["Stability of the clusters", "聚类稳定性"],
        at_least(0.6),
        [
            "Mean adjusted Rand index between clusterings from different seeds: below 0.6 do not read anything into the clusters.",
            "不同随机种子所得聚类间调整兰德指数的均值: 低于 0.6 时不宜解读聚类结果。",
        ],
    ),
    number(
        "cluster_agreement",
        ["Clusters against tiers", "聚类与等级的一致性"],
        NO_LIMITS,
        [
            "Adjusted Rand index between k-means clusters and tiers: 1 is the same partition, 0 is chance; a low value is no fault, since tiers cut a ranking by quota.",
            "k 均值聚类与等级的调整兰德指数: 1 为相同划分, 0 为随机水平; 等级按比例切分排序, 数值低并非缺陷。",
        ],
    ),
];

/// When a measure warns and fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The limit beyond which the check warns.
    pub warn: Option<f64>,
    /// The limit beyond which the check fails.
    pub fail: Option<f64>,
}

/// How the checks of a cycle are done.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks {
    /// Number of draws of weights.
    pub draws: u64,
    /// Number of ranked customers drawn for robustness and clusters.
    pub sample: usize,
    /// The seed of random draws.
    pub seed: u64,
    /// How closely drawn weights keep to the method's.
    pub concentration: f64,
    /// Most clusters that are tried.
    pub clusters: usize,
    /// The contract capacities from which on a customer is medium and large.
    pub size_kva: [f64; 2],
    /// Cost of supply in CNY/kWh.
    pub supply_cost: Option<f64>,
    /// The limits of the measures, in the order of the measures.
    pub limits: Vec<Limit>,
}

impl Checks {
    pub(super) fn build(document: &CheckedToml, file: &ChecksFile, faults: &mut Vec<Fault>) -> Self {
        let mut fault = |path: &[&str], what: Text, fix: Text| {
            faults.push(Fault { line: document.line(path), what, fix });
        };
        for name in file.limits.keys().filter(|name| MEASURES.iter().all(|measure| measure.id != **name)) {
            let fix = did_you_mean(name, MEASURES.iter().map(|measure| measure.id));
            let what = text!("`{name}` is not a measure of a cycle", "`{name}` 不是周期的度量");
            fault(&["checks", "limits", name], what, fix);
        }
        let size_kva = match file.size_kva.as_deref() {
            None => [100.0, 315.0],
            Some(&[medium, large]) if medium < large => [medium, large],
            Some(other) => {
                let what = text!(
                    "`checks.size_kva` must be two ascending capacities, not {other:?}",
                    "`checks.size_kva` 应为两个递增的容量，而不是 {other:?}"
                );
                fault(&["checks", "size_kva"], what, text!("such as [100, 315]", "例如 [100, 315]"));
                [100.0, 315.0]
            }
        };
        for measure in MEASURES {
            let Some(limit) = file.limits.get(measure.id) else { continue };
            let is_crossed = match (limit.warn, limit.fail, measure.good) {
                (Some(warn), Some(fail), Good::AtLeast) => fail > warn,
                (Some(warn), Some(fail), Good::AtMost) => fail < warn,
                _ => false,
            };
            if is_crossed {
                let what = text!(
                    "`checks.limits.{id}` fails before it warns",
                    "`checks.limits.{id}` 的 `fail` 先于 `warn` 触发",
                    id = measure.id
                );
                let fix = match measure.good {
                    Good::AtLeast => text!(
                        "values below a limit are bad: `fail` must not be above `warn`",
                        "低于限值为差：`fail` 不应高于 `warn`"
                    ),
                    Good::AtMost => text!(
                        "values above a limit are bad: `fail` must not be below `warn`",
                        "高于限值为差：`fail` 不应低于 `warn`"
                    ),
                };
                fault(&["checks", "limits", measure.id], what, fix);
            }
        }
        let limits = MEASURES.iter().map(|measure| match file.limits.get(measure.id) {
            Some(limit) => Limit { warn: limit.warn, fail: limit.fail },
            None => Limit { warn: measure.warn, fail: measure.fail },
        });
        Self {
            draws: file.draws.unwrap_or(1_000),
            sample: file.sample.unwrap_or(20_000),
            seed: file.seed.unwrap_or(2026),
            concentration: file.concentration.unwrap_or(100.0),
            clusters: file.clusters.unwrap_or(8),
            size_kva,
            supply_cost: file.supply_cost,
            limits: limits.collect(),
        }
    }
}
