//! The words of an attribution: steps, whether a move could be split, and why a policy changed a tier.

crate::words! {
    /// A step between two cycles, in the order of the waterfall.
    Step "step of a comparison" {
        /// The customers before.
        Before "before" "before" "期初",
        /// Customers that closed.
        Closed "closed" "closed" "销户",
        /// Customers that are not graded after, though not closed.
        AbsentAfter "absent_after" "not graded after" "期末缺失",
        /// Undoes the policies that moved customers away from their tier by the earlier lines: provisional rule,
        /// hysteresis, step limit, override.
        PolicyBefore "policy_before" "policies before" "期初政策",
        /// Puts the values of the earlier cycle's last revision in place of the earlier cycle's own.
        Correction "correction" "data correction" "数据更正",
        /// Puts the customer into the stratum of its group after.
        Stratum "stratum" "stratum" "分层变动",
        /// Takes the values after, judged by the earlier cycle's method, parameters and lines.
        Own "own" "own behaviour" "客户自身变化",
        /// Fits the same method anew to all customers after.
        Cohort "cohort" "cohort and thresholds" "群体与界线变动",
        /// Grades by the method after.
        Method "method" "method" "方法变更",
        /// Applies the policies after.
        PolicyAfter "policy_after" "policies after" "期末政策",
        /// The part that could not be split.
        Unsplit "unsplit" "not split" "未分解",
        /// Customers that opened.
        New "new" "new" "新立户",
        /// Customers that were not graded before, though not new.
        AbsentBefore "absent_before" "not graded before" "期初缺失",
        /// The customers after.
        After "after" "after" "期末",
    }
}

impl Step {
    /// The parts of one customer's move, in the order of the steps.
    pub const PARTS: [Self; 8] = [
        Self::PolicyBefore,
        Self::Correction,
        Self::Stratum,
        Self::Own,
        Self::Cohort,
        Self::Method,
        Self::PolicyAfter,
        Self::Unsplit,
    ];

    /// If several parts are equally large, the one that is first in this list is the cause.
    pub(super) const CAUSES: [Self; 8] = [
        Self::Own,
        Self::Stratum,
        Self::Correction,
        Self::Method,
        Self::Cohort,
        Self::PolicyAfter,
        Self::PolicyBefore,
        Self::Unsplit,
    ];
}

crate::words! {
    /// Whether a customer's move could be split into steps.
    SplitStatus "status of an attribution" {
        /// The move could be split.
        Split "split" "split" "已分解",
        /// The windows differ in months.
        Window "window" "windows of different length" "窗口长度不同",
        /// The facts were counted by different versions of the rules.
        Counting "counting" "counted by different rules" "计量规则不同",
        /// The later cycle has not published what a value of the earlier method needs.
        Expression "expression" "a value cannot be computed" "指标值无法计算",
        /// Nobody is ranked in a stratum on the way.
        NoLines "no_lines" "a stratum without lines" "所经分层无界线",
        /// A score on the way is unknown.
        NoScore "no_score" "no score" "无得分",
    }
}

crate::words! {
    /// Why a customer's final tier differs from its tier by the lines.
    PolicyReason "reason of a policy step" {
        /// Too little was known to rank the customer.
        Provisional "provisional" "provisional tier" "暂定等级",
        /// A change near a line was not made.
        Hysteresis "hysteresis" "hysteresis" "滞回",
        /// A rise was limited.
        StepLimit "step_limit" "step limit" "升级限幅",
        /// A decision of a person.
        Override "override" "override" "人工核定",
    }
}
