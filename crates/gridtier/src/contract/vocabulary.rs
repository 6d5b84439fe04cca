//! The words of the contract's coded columns: one enum for each column, with code, English and Chinese.

crate::words! {
    /// What a customer uses energy for: the category of its tariff.
    UseCategory "use category" {
        /// Two-part tariff of large industry.
        LargeIndustrial "large_industrial" "large industrial" "大工业",
        /// Other industry, and commerce.
        CommercialIndustrial "commercial_industrial" "commercial and industrial" "工商业",
        /// Farming.
        Agricultural "agricultural" "agricultural" "农业",
        /// Homes.
        Residential "residential" "residential" "居民",
        /// Everything else.
        Other "other" "other" "其他",
    }
}

crate::words! {
    /// The voltage level of the supply, with homes as a level of their own.
    SupplyLevel "supply level" {
        /// Supplied at high voltage.
        HighVoltage "high_voltage" "high voltage" "高压",
        /// Supplied at low voltage, but not a home.
        LowVoltage "low_voltage" "low voltage, not residential" "低压非居民",
        /// A home.
        Residential "residential" "residential" "居民",
    }
}

crate::words! {
    /// Regulatory importance (重要电力用户), imported from a government list. It is never matched with tiers by its label,
    /// which is similar.
    ImportanceLevel "importance level" {
        /// Special.
        Special "imp_special" "special importance" "特级重要用户",
        /// First level.
        First "imp_first" "first importance" "一级重要用户",
        /// Second level.
        Second "imp_second" "second importance" "二级重要用户",
        /// For a limited time, such as an event.
        Temporary "imp_temporary" "temporary importance" "临时性重要用户",
    }
}

crate::words! {
    /// The highest load class (负荷等级) among a customer's equipment.
    LoadClass "load class" {
        /// A failure endangers life or causes great loss.
        First "load_1" "first-class load" "一类负荷",
        /// A failure causes considerable loss.
        Second "load_2" "second-class load" "二类负荷",
        /// All other loads.
        Third "load_3" "third-class load" "三类负荷",
    }
}

crate::words! {
    /// How a reading came about.
    Quality "quality of a reading" {
        /// Read from the meter.
        Actual "actual" "actual" "实抄",
        /// Estimated by the utility.
        Estimated "estimated" "estimated" "估抄",
        /// Known to be wrong: the row is rejected.
        Invalid "invalid" "invalid" "无效",
    }
}

crate::words! {
    /// What happened to the meter when its register was read.
    RegisterKind "kind of a register reading" {
        /// Nothing: the register was read.
        Read "read" "read" "抄表",
        /// The meter was installed, or its register set anew: what came before does not continue.
        Installed "installed" "installed" "装表",
        /// The meter was removed.
        Removed "removed" "removed" "拆表",
    }
}

crate::words! {
    /// What kind of event happened.
    IncidentKind "kind of an incident" {
        /// A fault in the customer's equipment that affected others.
        Fault "fault" "fault" "故障",
        /// Use against the contract.
        Violation "violation" "violation" "违约用电",
        /// Theft of energy.
        Theft "theft" "theft" "窃电",
    }
}

crate::words! {
    /// Who is responsible for an incident.
    Responsibility "responsibility" {
        /// The customer.
        Customer "customer" "customer" "客户",
        /// The utility.
        Utility "utility" "utility" "供电企业",
        /// Somebody else.
        ThirdParty "third_party" "third party" "第三方",
        /// Nobody.
        ForceMajeure "force_majeure" "force majeure" "不可抗力",
        /// Not established.
        Unknown "unknown" "unknown" "不明",
    }
}

crate::words! {
    /// How far the finding of liability has come. Only a confirmed incident may lower a score.
    IncidentStatus "status of an incident" {
        /// Claimed but not decided.
        Alleged "alleged" "alleged" "待认定",
        /// Decided.
        Confirmed "confirmed" "confirmed" "已认定",
        /// Decided, and under appeal.
        Appealed "appealed" "appealed" "申诉中",
        /// Decided, and withdrawn.
        Revoked "revoked" "revoked" "已撤销",
    }
}

crate::words! {
    /// What kind of request or suggestion the event is about.
    CooperationKind "kind of a cooperation event" {
        /// A measure such as load shifting.
        Policy "policy" "policy" "政策配合",
        /// Help with the utility's own work.
        Work "work" "work" "工作配合",
        /// A suggestion of the customer.
        Suggestion "suggestion" "suggestion" "建议",
    }
}
