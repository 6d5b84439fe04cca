//! The words of a method file among which an analyst chooses.

use crate::contract::IncidentKind;

/// How much weight the known part of a group or dimension may take over from the unknown part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReweightLimit(pub f64);

impl ReweightLimit {
    /// The limit if a method gives none (SPEC section 5).
    pub const DEFAULT: Self = Self(2.0);

    /// The factor with which a node's weight enters its level if a share `k` of the node is known: min(1, limit × k).
    /// With limit 0 every node that is not empty enters with its whole weight.
    #[must_use]
    pub fn factor(self, k: f64) -> f64 {
        match (k > 0.0, self.0 > 0.0) {
            (false, _) => 0.0,
            (true, false) => 1.0,
            (true, true) => (self.0 * k).min(1.0),
        }
    }
}

/// The version of the method file's format that this program reads.
pub const FORMAT: i64 = 1;

crate::words! {
    /// A value tier (特级, 一级, 二级, 三级), best first. Not to be joined with importance levels or load classes.
    Tier "tier" {
        /// 特级
        Special "special" "special" "特级",
        /// 一级
        Grade1 "grade-1" "grade-1" "一级",
        /// 二级
        Grade2 "grade-2" "grade-2" "二级",
        /// 三级
        Grade3 "grade-3" "grade-3" "三级",
    }
}

impl Tier {
    /// All tiers, best first. It is an array, so that a table by tier has as many entries as there are tiers.
    pub const ALL: [Self; 4] = [Self::Special, Self::Grade1, Self::Grade2, Self::Grade3];
}

crate::words! {
    /// How an unknown indicator affects a score.
    Unknowns "treatment of unknown indicators" {
        /// The indicator is left out, and its siblings weigh more.
        Reweight "reweight" "left out, siblings weigh more" "剔除并重新分配权重",
        /// The indicator counts 0 points.
        Worst "worst" "0 points" "按最低分计",
        /// The indicator counts 50 points.
        Neutral "neutral" "50 points" "按中间分计",
    }
}

crate::words! {
    /// How points become a score.
    Combine "way to combine points" {
        /// Σ w z.
        WeightedSum "weighted_sum" "weighted sum" "加权和",
        /// Π max(z, 1)^w.
        WeightedProduct "weighted_product" "weighted product" "加权积",
        /// Closeness to 100 points in every indicator, as against 0 points in every indicator.
        Topsis "topsis" "TOPSIS" "TOPSIS",
        /// Grey relation to 100 points in every indicator.
        GreyRelational "grey_relational" "grey relational analysis" "灰色关联",
    }
}

crate::words! {
    /// What happens to equal scores at a boundary between tiers.
    Ties "treatment of ties" {
        /// Equal scores are ordered by revenue, energy and id.
        Break "break" "ordered by revenue, energy and id" "按电费、电量和户号排序",
        /// All customers with the score go to the better tier.
        Up "up" "all to the better tier" "均归入较高等级",
        /// All customers with the score go to the worse tier.
        Down "down" "all to the worse tier" "均归入较低等级",
    }
}

crate::words! {
    /// The column of customers that decides in which stratum a customer is graded.
    Strata "stratification" {
        /// All customers are one population.
        None "none" "none" "不分层",
        /// `supply_level`.
        SupplyLevel "supply_level" "supply level" "供电电压等级",
        /// `use_category`.
        UseCategory "use_category" "use category" "用电类别",
        /// `region`.
        Region "region" "region" "区域",
    }
}

crate::words! {
    /// The ranked customers to whom points are fitted.
    NormaliseWithin "population of normalisation" {
        /// All ranked customers, so that the scores of all strata are on one scale.
        Population "population" "all ranked customers" "全部参评客户",
        /// The ranked customers of the same stratum.
        Stratum "stratum" "the customer's stratum" "所在分层",
    }
}

crate::words! {
    /// What kind of unit is graded.
    GradingUnit "unit of grading" {
        /// Each account by itself.
        Account "account" "account" "户号",
        /// All accounts of a holder together.
        Holder "holder" "holder" "客户 (合并户号)",
    }
}

crate::words! {
    /// The kinds of incidents that a veto can count.
    OffenceKind "kind of offence" {
        /// Use against the contract.
        Violation "violation" "violation" "违约用电",
        /// Theft of energy.
        Theft "theft" "theft" "窃电",
    }
}

impl From<OffenceKind> for IncidentKind {
    fn from(kind: OffenceKind) -> Self {
        match kind {
            OffenceKind::Violation => Self::Violation,
            OffenceKind::Theft => Self::Theft,
        }
    }
}

crate::words! {
    /// The kind of bound that an override sets.
    Bound "kind of override" {
        /// Exactly this tier.
        Pin "pin" "pinned" "指定等级",
        /// At least this tier.
        Floor "floor" "at least" "不低于",
        /// At most this tier.
        Ceiling "ceiling" "at most" "不高于",
    }
}

crate::words! {
    /// Whether a cycle needs somebody's approval before it is published.
    Approval "kind of approval" {
        /// The cycle is published at once.
        None "none" "none" "无需审批",
        /// The cycle is proposed first, and published when somebody else approves it.
        Required "required" "required" "须审批",
    }
}

crate::words! {
    /// A measure of a proposal that is judged before its approval.
    Gate "gate" {
        /// Share of customers whose tier changed.
        Changed "changed" "tier changed" "等级变动",
        /// Share of special customers who lose the tier.
        SpecialLost "special_lost" "special lost" "特级流失",
        /// Share of customers who are not graded any more without being closed.
        Absent "absent" "absent" "缺失客户",
        /// Population stability index of the score.
        PsiScore "psi_score" "PSI of the score" "得分 PSI",
        /// Greatest stability index of an indicator.
        CsiMax "csi_max" "greatest CSI" "指标 CSI 最大值",
        /// Checks that fail.
        FailedChecks "failed_checks" "failed checks" "未通过的检验",
        /// Tables beyond the reject limit.
        Breaches "breaches" "tables beyond the reject limit" "拒收超限的表",
    }
}

crate::words! {
    /// Whether another customer changes tier if an appeal is upheld.
    AppealQuota "quota at an appeal" {
        /// No: the tier gets one more customer.
        Supernumerary "supernumerary" "one more in the tier" "增加名额",
        /// Yes, the customer at the line, because quotas stay as they are.
        Displacement "displacement" "quotas stay, others move" "名额不变, 顺延调整",
    }
}

crate::words! {
    /// What makes a trigger of an inspection fire.
    TriggerKind "kind of trigger" {
        /// Confirmed offences since the cycle.
        Offence "offence" "offence" "违约窃电",
        /// Bills unpaid for months.
        Arrears "arrears" "arrears" "欠费",
        /// No offence and no overdue day for months.
        Clean "clean" "clean record" "信用修复",
        /// A better tier in several inspections.
        Sustained "sustained" "sustained improvement" "持续改善",
        /// A worse tier now.
        Decline "decline" "decline" "明显下滑",
        /// The customer was closed.
        Closed "closed" "closed" "销户",
        /// The customer is not in the data.
        Missing "missing" "missing" "数据缺失",
    }
}

crate::words! {
    /// What an inspection proposes when a trigger fires.
    TriggerAction "action of a trigger" {
        /// Somebody reviews the customer.
        Review "review" "review" "复核",
        /// A worse tier.
        ProposeDown "propose_down" "propose a worse tier" "建议降级",
        /// A better tier.
        ProposeUp "propose_up" "propose a better tier" "建议升级",
        /// The customer is closed.
        Close "close" "close" "建议注销",
    }
}
