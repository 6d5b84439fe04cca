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

crate::words! {
    /// Where a customer lives or works, for floors of reliability promises.
    Area "area" {
        /// A town.
        Urban "urban" "urban" "城市",
        /// The countryside.
        Rural "rural" "rural" "农村",
        /// A place that is hard to reach.
        Remote "remote" "remote" "偏远",
    }
}

crate::words! {
    /// Why the supply was interrupted.
    OutageKind "kind of an outage" {
        /// A fault.
        Fault "fault" "fault" "故障停电",
        /// A planned outage.
        Planned "planned" "planned" "计划停电",
        /// An outage at short notice.
        Temporary "temporary" "at short notice" "临时停电",
        /// The system lacked power.
        Rationing "rationing" "rationing" "限电",
    }
}

crate::words! {
    /// How a service reached the customer.
    Channel "channel" {
        /// A visit.
        Visit "visit" "visit" "上门",
        /// A telephone call.
        Phone "phone" "telephone" "电话",
        /// A text message.
        Sms "sms" "text message" "短信",
        /// An e-mail.
        Email "email" "e-mail" "邮件",
        /// WeChat.
        Wechat "wechat" "WeChat" "微信",
        /// The utility's app.
        App "app" "app" "手机应用",
        /// A letter.
        Letter "letter" "letter" "信函",
        /// A business hall.
        Hall "hall" "business hall" "营业厅",
        /// A meeting.
        Meeting "meeting" "meeting" "会议",
        /// Newspapers, radio, television.
        Media "media" "media" "媒体",
    }
}

crate::words! {
    /// What a contact is about.
    ContactKind "kind of a contact" {
        /// A complaint.
        Complaint "complaint" "complaint" "投诉",
        /// A report of a violation or a fault.
        Report "report" "report" "举报",
        /// A question.
        Query "query" "query" "咨询",
        /// A suggestion.
        Suggestion "suggestion" "suggestion" "建议",
        /// Praise.
        Praise "praise" "praise" "表扬",
    }
}

crate::words! {
    /// How a contact was decided.
    ContactOutcome "outcome of a contact" {
        /// The customer was right.
        Upheld "upheld" "upheld" "属实",
        /// The customer was partly right.
        Partly "partly" "partly upheld" "部分属实",
        /// The customer was not right.
        NotUpheld "not_upheld" "not upheld" "不属实",
        /// The customer withdrew it.
        Withdrawn "withdrawn" "withdrawn" "撤诉",
    }
}

crate::words! {
    /// How a calendar changes a day.
    DayKind "kind of a day" {
        /// No working day, whatever its weekday.
        Holiday "holiday" "holiday" "放假",
        /// A working day, whatever its weekday.
        Workday "workday" "working day" "上班",
    }
}

crate::words! {
    /// What a quality check looked at.
    CheckSubject "subject of a check" {
        /// A service that was delivered.
        Delivery "delivery" "delivery" "服务提供",
        /// A contact.
        Contact "contact" "contact" "客户联络",
        /// A survey.
        Survey "survey" "survey" "满意度调查",
        /// A power supply station.
        Station "station" "station" "供电所",
    }
}

crate::words! {
    /// What a correction is about.
    CorrectionSubject "subject of a correction" {
        /// A promise.
        Promise "promise" "promise" "服务承诺",
        /// A service that was delivered.
        Delivery "delivery" "delivery" "服务提供",
        /// A contact.
        Contact "contact" "contact" "客户联络",
        /// A quality check.
        Check "check" "check" "质量检查",
        /// A survey.
        Survey "survey" "survey" "满意度调查",
    }
}

crate::words! {
    /// Whether a correction helped.
    CorrectionResult "result of a correction" {
        /// It helped.
        Effective "effective" "effective" "有效",
        /// It did not help.
        Ineffective "ineffective" "ineffective" "无效",
    }
}
