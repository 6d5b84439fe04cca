//! The input tables of the method.

use std::fmt;

use super::column::{CUSTOMER_ID, Column, ColumnKind, RECORDED_AT, column};
use super::service_tables::{
    CALENDAR, CHECKS, CONTACTS, CORRECTIONS, DELIVERIES, INTERRUPTIONS, INVITATIONS, OUTAGES, RESPONSES,
};
use super::vocabulary::{
    Area, CooperationKind, ImportanceLevel, IncidentKind, IncidentStatus, LoadClass, Quality, RegisterKind,
    Responsibility, SupplyLevel, UseCategory,
};
use crate::word::Word;

crate::words! {
    /// An input table.
    Table "table" {
        /// The customer base.
        Customers "customers" "customers" "客户",
        /// Interval energy.
        MeterReadings "meter_readings" "meter readings" "抄表读数",
        /// Cumulative registers.
        RegisterReadings "register_readings" "register readings" "抄表示数",
        /// Amounts due.
        Bills "bills" "bills" "账单",
        /// Amounts paid.
        Payments "payments" "payments" "收费",
        /// Faults, violations, theft.
        Incidents "incidents" "incidents" "事件",
        /// Planned energy.
        Plans "plans" "plans" "用电计划",
        /// Requests of the utility and suggestions of the customer.
        Cooperation "cooperation" "cooperation" "客户配合",
        /// Energy audits.
        EnergyProfiles "energy_profiles" "energy profiles" "能源审计",
        /// Outages.
        Outages "outages" "outages" "停电",
        /// Which customers an outage interrupted.
        Interruptions "interruptions" "interruptions" "用户停电",
        /// Services that were planned and delivered.
        Deliveries "deliveries" "deliveries" "服务记录",
        /// Complaints, reports, queries, suggestions, praise.
        Contacts "contacts" "contacts" "客户诉求",
        /// Moved working days.
        Calendar "calendar" "calendar" "工作日历",
        /// Quality checks.
        Checks "checks" "checks" "质量检查",
        /// What is being put right.
        Corrections "corrections" "corrections" "整改",
        /// Who was asked in a survey.
        Invitations "invitations" "invitations" "调查邀请",
        /// Answers to a survey.
        Responses "responses" "responses" "调查答卷",
    }
}

/// Above these no value needs to be believed: some ten times the largest that is known of one customer (an aluminium
/// smelter takes about 1 GVA and 1 TWh a month, a steel works about 20 Mtce a year).
const CAPACITY_KVA: f64 = 1.0e7;
const AMOUNT_CNY: f64 = 5.0e9;
const ENERGY_KGCE: f64 = 2.0e11;
/// A request is made in kW or in times.
const REQUEST: f64 = 1.0e7;
/// Nobody is without supply for more than a year and still a customer.
const YEAR_MINUTES: f64 = 525_600.0;

const CUSTOMERS: &[Column] = &[
    CUSTOMER_ID.key(),
    column("use_category", ColumnKind::Word(UseCategory::LIST), "use category", "用电类别"),
    column("supply_level", ColumnKind::Word(SupplyLevel::LIST), "supply level", "供电电压层级"),
    column("region", ColumnKind::Text, "region or branch", "地区").nullable(),
    column("contract_capacity_kva", ColumnKind::Number, "contract capacity", "合同容量")
        .nullable()
        .unit("kVA")
        .plausible_to(CAPACITY_KVA),
    column("power_factor_standard", ColumnKind::PowerFactor, "power-factor standard", "功率因数标准")
        .nullable(),
    column(
        "importance_level",
        ColumnKind::Word(ImportanceLevel::LIST),
        "regulatory importance level",
        "重要电力用户等级",
    )
    .nullable(),
    column("load_class", ColumnKind::Word(LoadClass::LIST), "highest load class", "负荷等级").nullable(),
    column("opened_on", ColumnKind::Date, "day the supply began", "立户日期"),
    column("closed_on", ColumnKind::Date, "day the supply ended", "销户日期").nullable(),
    column("aged_transformer_area", ColumnKind::Flag, "in an aged transformer area", "是否老旧台区"),
    column(
        "marketing_opt_out",
        ColumnKind::Flag,
        "whether the customer wants no marketing; empty means no",
        "是否拒绝营销",
    )
    .nullable(),
    column(
        "capacity_at_start_kva",
        ColumnKind::Number,
        "contract capacity at the start of the window",
        "期初合同容量",
    )
    .nullable()
    .unit("kVA")
    .plausible_to(CAPACITY_KVA),
    column(
        "holder_id",
        ColumnKind::Id,
        "legal customer who holds the account; empty is the account",
        "客户编号",
    )
    .nullable(),
    column("area", ColumnKind::Word(Area::LIST), "area, for floors of reliability promises", "区域类别")
        .nullable(),
    RECORDED_AT,
];

const METER_READINGS: &[Column] = &[
    CUSTOMER_ID.key(),
    column(
        "meter_id",
        ColumnKind::Id,
        "meter; rows with an empty id belong to one meter of their own",
        "电能表编号",
    )
    .nullable()
    .key(),
    column(
        "read_at",
        ColumnKind::PlacingTime,
        "start of the interval, utility local time",
        "抄表区间起始时间",
    )
    .key(),
    column(
        "read_until",
        ColumnKind::PlacingTime,
        "end of the interval, exclusive; empty if the interval stays within the month",
        "抄表区间终止时间（不含），为空表示不超出当月",
    )
    .nullable(),
    column("active_kwh", ColumnKind::Energy, "active energy of the interval", "有功电量").unit("kWh"),
    column("reactive_kvarh", ColumnKind::Energy, "reactive energy of the interval", "无功电量")
        .nullable()
        .unit("kvarh"),
    column("quality", ColumnKind::Word(Quality::LIST), "quality of the reading", "数据质量").nullable(),
    column("sharp_kwh", ColumnKind::Energy, "part of the active energy in sharp hours", "尖时段有功电量")
        .nullable()
        .unit("kWh"),
    column("peak_kwh", ColumnKind::Energy, "part of the active energy in peak hours", "峰时段有功电量")
        .nullable()
        .unit("kWh"),
    column("flat_kwh", ColumnKind::Energy, "part of the active energy in flat hours", "平时段有功电量")
        .nullable()
        .unit("kWh"),
    column("valley_kwh", ColumnKind::Energy, "part of the active energy in valley hours", "谷时段有功电量")
        .nullable()
        .unit("kWh"),
    column("max_demand_kw", ColumnKind::Thousandths, "highest demand in the interval", "区间最大需量")
        .nullable()
        .unit("kW")
        .plausible_to(CAPACITY_KVA),
    RECORDED_AT,
];

const REGISTER_READINGS: &[Column] = &[
    CUSTOMER_ID.key(),
    column("meter_id", ColumnKind::Id, "meter", "电能表编号").key(),
    column(
        "read_at",
        ColumnKind::PlacingTime,
        "instant of the reading, utility local time; a date is its first instant",
        "抄表时刻",
    )
    .key(),
    column("register_kwh", ColumnKind::Energy, "cumulative active register", "有功示数").unit("kWh"),
    column(
        "reactive_register_kvarh",
        ColumnKind::Energy,
        "cumulative reactive register, forward and reverse added",
        "无功示数（正反向之和）",
    )
    .nullable()
    .unit("kvarh"),
    column("multiplier", ColumnKind::Thousandths, "energy of one unit of the register; empty is 1", "倍率")
        .nullable(),
    column(
        "register_digits",
        ColumnKind::Count,
        "whole digits of the register, 1 to 12, after which it begins at 0 again",
        "示数整数位数",
    )
    .nullable(),
    column("kind", ColumnKind::Word(RegisterKind::LIST), "what happened; empty is read", "抄表类型")
        .nullable(),
    column("quality", ColumnKind::Word(Quality::LIST), "quality of the reading", "数据质量").nullable(),
    RECORDED_AT,
];

const BILLS: &[Column] = &[
    column("bill_id", ColumnKind::Id, "bill", "账单编号").key(),
    CUSTOMER_ID,
    column("billing_month", ColumnKind::PlacingMonth, "month billed", "应收年月"),
    column("amount_due", ColumnKind::Money, "amount due, negative on a reversal", "应收金额")
        .unit("CNY")
        .plausible_to(AMOUNT_CNY),
    column(
        "due_on",
        ColumnKind::BoundedDate,
        "last day to pay; empty only on a reversal, or where there are no payments",
        "缴费截止日",
    )
    .nullable(),
    column("reverses", ColumnKind::Id, "the bill that this negative bill cancels", "冲销的账单编号")
        .nullable(),
    RECORDED_AT,
];

const PAYMENTS: &[Column] = &[
    column("payment_id", ColumnKind::Id, "payment", "收费编号").key(),
    column("bill_id", ColumnKind::Id, "bill paid; empty on a payment on account", "账单编号").nullable(),
    column("customer_id", ColumnKind::Id, "who paid; needed where no bill is named", "缴费户号").nullable(),
    column("paid_on", ColumnKind::PlacingDate, "day of payment", "收费日期"),
    column("amount", ColumnKind::Money, "amount, negative on a refund", "实收金额")
        .unit("CNY")
        .plausible_to(AMOUNT_CNY),
    RECORDED_AT,
];

const INCIDENTS: &[Column] = &[
    column("incident_id", ColumnKind::Id, "incident", "事件编号").key(),
    CUSTOMER_ID,
    column("occurred_at", ColumnKind::PlacingTime, "time of occurrence", "发生时间"),
    column("kind", ColumnKind::Word(IncidentKind::LIST), "kind", "类型"),
    column("responsibility", ColumnKind::Word(Responsibility::LIST), "who is responsible", "责任方"),
    column("status", ColumnKind::Word(IncidentStatus::LIST), "state of the finding of liability", "认定状态"),
    column("severity", ColumnKind::Count, "severity, 1 to 5", "严重程度"),
    column("affected_customers", ColumnKind::Count, "other customers affected", "影响户数")
        .nullable()
        .plausible_to(10_000_000.0),
    column("outage_minutes", ColumnKind::Count, "minutes of outage", "停电时长")
        .nullable()
        .unit("min")
        .plausible_to(YEAR_MINUTES),
    RECORDED_AT,
];

const PLANS: &[Column] = &[
    CUSTOMER_ID.key(),
    column("month", ColumnKind::PlacingMonth, "month planned", "计划月份").key(),
    column(
        "planned_kwh",
        ColumnKind::Energy,
        "the customer's own declared or contracted energy",
        "计划用电量",
    )
    .unit("kWh")
    .plausible_to(5.0e9),
    RECORDED_AT,
];

const COOPERATION: &[Column] = &[
    column("event_id", ColumnKind::Id, "event", "事件编号").key(),
    CUSTOMER_ID,
    column("occurred_on", ColumnKind::PlacingDate, "day of the event", "发生日期"),
    column("kind", ColumnKind::Word(CooperationKind::LIST), "kind", "类型"),
    column("requested", ColumnKind::Thousandths, "kW or times asked; 1 for a suggestion", "要求量")
        .plausible_to(REQUEST),
    column(
        "delivered",
        ColumnKind::Thousandths,
        "kW or times carried out; 1 for a suggestion adopted",
        "完成量",
    )
    .plausible_to(REQUEST),
    RECORDED_AT,
];

const ENERGY_PROFILES: &[Column] = &[
    CUSTOMER_ID.key(),
    column("as_of", ColumnKind::PlacingDate, "day of the energy audit", "审计日期").key(),
    column("total_kgce", ColumnKind::Number, "energy of all carriers in a year", "能源总消耗量")
        .unit("kgce")
        .plausible_to(ENERGY_KGCE),
    column(
        "replaceable_kgce",
        ColumnKind::Number,
        "part of total_kgce that electricity could replace",
        "电能可替代量",
    )
    .unit("kgce")
    .plausible_to(ENERGY_KGCE),
    RECORDED_AT,
];

impl Table {
    /// The tables that are graded, in the order in which they are read.
    pub const ALL: [Self; 9] = *<Self as Word>::ALL.first_chunk().expect("the first nine tables above");

    /// The tables of a service folder, in the order in which they are read. No grading reads them.
    pub const SERVICE: [Self; 7] = [
        Self::Outages,
        Self::Interruptions,
        Self::Deliveries,
        Self::Contacts,
        Self::Calendar,
        Self::Checks,
        Self::Corrections,
    ];

    /// The tables of a survey's folder, in the order in which they are read.
    pub const SURVEY: [Self; 2] = [Self::Invitations, Self::Responses];

    /// Every table that has a contract.
    pub fn every() -> impl Iterator<Item = Self> + Clone {
        <Self as Word>::ALL.iter().copied()
    }

    /// The table's name in reports, which is also that of its file or folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.code()
    }

    /// The name in Chinese.
    #[must_use]
    pub fn name_zh(self) -> &'static str {
        self.zh()
    }

    /// Whether grading always needs the table. Of [`ENERGY`](Self::ENERGY) it needs one table.
    #[must_use]
    pub fn required(self) -> bool {
        self == Self::Customers
    }

    /// The tables from which energy is counted: one of them must be delivered.
    pub const ENERGY: [Self; 2] = [Self::MeterReadings, Self::RegisterReadings];

    /// The contract's columns.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Customers => CUSTOMERS,
            Self::MeterReadings => METER_READINGS,
            Self::RegisterReadings => REGISTER_READINGS,
            Self::Bills => BILLS,
            Self::Payments => PAYMENTS,
            Self::Incidents => INCIDENTS,
            Self::Plans => PLANS,
            Self::Cooperation => COOPERATION,
            Self::EnergyProfiles => ENERGY_PROFILES,
            Self::Outages => OUTAGES,
            Self::Interruptions => INTERRUPTIONS,
            Self::Deliveries => DELIVERIES,
            Self::Contacts => CONTACTS,
            Self::Calendar => CALENDAR,
            Self::Checks => CHECKS,
            Self::Corrections => CORRECTIONS,
            Self::Invitations => INVITATIONS,
            Self::Responses => RESPONSES,
        }
    }

    /// The column of that name in the contract.
    #[must_use]
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
