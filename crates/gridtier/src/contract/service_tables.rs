//! The columns of the tables of service and surveys.

use super::column::{CUSTOMER_ID, Column, ColumnKind, RECORDED_AT, column};
use super::vocabulary::{
    Channel, CheckSubject, ContactKind, ContactOutcome, CorrectionResult, CorrectionSubject, DayKind,
    OutageKind, Responsibility,
};
use crate::word::Word;

pub(super) const OUTAGES: &[Column] = &[
    column("outage_id", ColumnKind::Id, "outage", "停电编号").key(),
    column("started_at", ColumnKind::PlacingTime, "when it began", "开始时间"),
    column("kind", ColumnKind::Word(OutageKind::LIST), "why the supply was interrupted", "类型"),
    column("cause", ColumnKind::Text, "cause, in the utility's words", "原因").nullable(),
    column("responsibility", ColumnKind::Word(Responsibility::LIST), "who is responsible", "责任方"),
    column("announced_at", ColumnKind::Time, "when it was announced to the public", "公告时间").nullable(),
    column("promised_at", ColumnKind::Time, "restoration time that was given", "承诺复电时间").nullable(),
    column("plan_at", ColumnKind::Time, "when the emergency plan was issued", "应急方案时间").nullable(),
    RECORDED_AT,
];

pub(super) const INTERRUPTIONS: &[Column] = &[
    column("outage_id", ColumnKind::Id, "outage", "停电编号").key(),
    CUSTOMER_ID.key(),
    column(
        "started_at",
        ColumnKind::PlacingTime,
        "when the supply of the customer was interrupted",
        "停电时间",
    )
    .key(),
    column("restored_at", ColumnKind::Time, "when it was restored; empty while it is not", "复电时间")
        .nullable(),
    RECORDED_AT,
];

pub(super) const DELIVERIES: &[Column] = &[
    column("delivery_id", ColumnKind::Id, "delivery", "服务记录编号").key(),
    column("created_at", ColumnKind::PlacingTime, "when the row was entered", "登记时间"),
    CUSTOMER_ID.nullable(),
    column("service", ColumnKind::Text, "service of the catalogue", "服务项目"),
    column("channel", ColumnKind::Word(Channel::LIST), "how it reached the customer", "渠道"),
    column("ref", ColumnKind::Id, "the outage that it is about", "关联停电编号").nullable(),
    column("planned_at", ColumnKind::Time, "appointment", "预约时间").nullable(),
    column("sent_at", ColumnKind::Time, "when it was sent", "发出时间").nullable(),
    column("delivered_at", ColumnKind::Time, "when it was delivered", "完成时间").nullable(),
    column("read_at", ColumnKind::Time, "when it was read", "阅读时间").nullable(),
    column("failed_at", ColumnKind::Time, "when it failed", "失败时间").nullable(),
    column("units", ColumnKind::Thousandths, "units; empty is 1", "数量").nullable(),
    column("cost", ColumnKind::Money, "what it cost the utility", "成本").nullable().unit("CNY"),
    column("fee", ColumnKind::Money, "what the customer paid", "收费").nullable().unit("CNY"),
    column("satisfied", ColumnKind::Flag, "whether the customer was satisfied", "是否满意").nullable(),
    RECORDED_AT,
];

pub(super) const CONTACTS: &[Column] = &[
    column("contact_id", ColumnKind::Id, "contact", "诉求编号").key(),
    column("received_at", ColumnKind::PlacingTime, "when it was received", "受理时间"),
    CUSTOMER_ID.nullable(),
    column("kind", ColumnKind::Word(ContactKind::LIST), "kind", "类型"),
    column("channel", ColumnKind::Word(Channel::LIST), "how it came", "渠道").nullable(),
    column("topic", ColumnKind::Text, "topic, in the utility's words", "主题").nullable(),
    column(
        "first_contact_at",
        ColumnKind::Time,
        "when the customer was first contacted about it",
        "首次联系时间",
    )
    .nullable(),
    column("analysed_at", ColumnKind::Time, "when it was analysed", "分析时间").nullable(),
    column("answered_at", ColumnKind::Time, "when it was answered", "答复时间").nullable(),
    column("closed_at", ColumnKind::Time, "when it was closed", "办结时间").nullable(),
    column("passed_on_at", ColumnKind::Time, "when it was passed on to another authority", "转办时间")
        .nullable(),
    column("called_back_at", ColumnKind::Time, "when the customer was called back", "回访时间").nullable(),
    column("outcome", ColumnKind::Word(ContactOutcome::LIST), "how it was decided", "处理结果").nullable(),
    column("satisfied", ColumnKind::Flag, "whether the customer was satisfied", "是否满意").nullable(),
    RECORDED_AT,
];

pub(super) const CALENDAR: &[Column] = &[
    column("day", ColumnKind::BoundedDate, "day", "日期").key(),
    column("kind", ColumnKind::Word(DayKind::LIST), "holiday or working day", "类型"),
    RECORDED_AT,
];

pub(super) const CHECKS: &[Column] = &[
    column("check_id", ColumnKind::Id, "check", "检查编号").key(),
    column("checked_on", ColumnKind::PlacingDate, "day of the check", "检查日期"),
    column("subject", ColumnKind::Word(CheckSubject::LIST), "what was checked", "检查对象"),
    column("standard", ColumnKind::Text, "standard that was applied", "检查标准"),
    column("sampled", ColumnKind::Count, "how many were looked at", "抽查数"),
    column("failed", ColumnKind::Count, "how many of them failed", "不合格数"),
    RECORDED_AT,
];

pub(super) const CORRECTIONS: &[Column] = &[
    column("correction_id", ColumnKind::Id, "correction", "整改编号").key(),
    column("opened_on", ColumnKind::PlacingDate, "day on which it was opened", "开单日期"),
    column("about", ColumnKind::Word(CorrectionSubject::LIST), "what it is about", "整改对象"),
    column("ref", ColumnKind::Text, "what it refers to", "关联编号").nullable(),
    column("action", ColumnKind::Text, "what is done", "整改措施"),
    column("due_on", ColumnKind::BoundedDate, "day by which it is due", "到期日期"),
    column("done_on", ColumnKind::Date, "day on which it was done", "完成日期").nullable(),
    column("result", ColumnKind::Word(CorrectionResult::LIST), "whether it helped", "整改结果").nullable(),
    RECORDED_AT,
];

pub(super) const INVITATIONS: &[Column] = &[
    CUSTOMER_ID.key(),
    column("sent_on", ColumnKind::PlacingDate, "day on which the customer was asked", "发出日期"),
    RECORDED_AT,
];

pub(super) const RESPONSES: &[Column] = &[
    column("response_id", ColumnKind::Id, "response", "答卷编号").key(),
    column("returned_on", ColumnKind::PlacingDate, "day on which it came back", "收回日期"),
    column(
        "customer_id",
        ColumnKind::Id,
        "account number; empty where the answer is anonymous",
        "户号，匿名为空",
    )
    .nullable(),
    RECORDED_AT,
];
