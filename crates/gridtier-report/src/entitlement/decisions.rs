//! The decisions on applications, as tables.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::application::{Application, ApplicationDecision, ApplicationOutcome, Why};
use gridtier::index::count;
use gridtier::unit::date_of_day;
use gridtier::word::Word;

use super::wording::{parts_text, reasons_text, service_title, tier_text};
use super::{fen_cell, text_cell, text_column};
use crate::format;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// Decisions, in the order of the applications.
#[must_use]
pub fn decisions_table(
    catalogue: &Catalogue,
    applications: &[Application],
    decisions: &[ApplicationDecision],
) -> DataTable {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        text_column("tier", "tier", "等级"),
        text_column("service", "service", "编号"),
        text_column("title", "name", "服务"),
        DataColumn::new(ColumnFormat::Date, "applied_on", "applied on", "申请日期"),
        text_column("area", "transformer area", "台区"),
        text_column("parts", "parts chosen", "所选项目"),
        DataColumn::new(ColumnFormat::Integer, "units", "units", "数量"),
        text_column("plan_allows", "plan allows", "有序用电方案允许"),
        text_column("outcome", "outcome", "结果"),
        text_column("why", "why", "原因"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "费用（元）"),
        DataColumn::new(ColumnFormat::Money, "subsidy", "subsidy, CNY", "补贴（元）"),
    ];
    let rows = decisions.iter().map(|decision| {
        let application = &applications[decision.application];
        let service = &catalogue.services[application.service];
        vec![
            DataCell::same(application.customer_id.clone()),
            text_cell(decision.tier.map(tier_text)),
            DataCell::same(service.id.clone()),
            DataCell::Text(service_title(service)),
            date_of_day(application.applied_on).map_or(DataCell::Blank, DataCell::Date),
            DataCell::same(application.area.clone()),
            DataCell::Text(parts_text(service, application.parts)),
            DataCell::count(application.units),
            // The cell is text, because the first version gave programs text here.
            text_cell(application.plan_allows.map(|allows| match allows {
                true => Text::coded("true", "yes", "是"),
                false => Text::coded("false", "no", "否"),
            })),
            DataCell::word(decision.outcome),
            DataCell::Text(why(&decision.why)),
            fen_cell(decision.fee_fen),
            fen_cell(decision.subsidy_fen),
        ]
    });
    DataTable::new(Text::coded("decisions", "Applications decided", "申请处理结果"), columns, rows)
}

/// The number of applications with each outcome, and the decisions, for a terminal.
#[must_use]
pub fn decisions_section(decisions: &[ApplicationDecision], table: &DataTable) -> Section {
    let counts: Vec<Text> = ApplicationOutcome::ALL
        .iter()
        .map(|&outcome| {
            let decided = decisions.iter().filter(|decision| decision.outcome == outcome).count();
            let decided = format::grouped(count(decided));
            Text::new(format!("{} {decided}", outcome.en()), format!("{} {decided}", outcome.zh()))
        })
        .collect();
    let shown = ["customer_id", "tier", "service", "applied_on", "outcome", "why", "fee", "subsidy"];
    Section::titled(Text::join(&counts, ", ")).table(table.select(&shown))
}

fn why(why: &Why) -> Text {
    match why {
        Why::Due(reasons) => reasons_text(*reasons),
        Why::NotAppliedFor => Text::new("it comes by itself; no application is needed", "主动提供, 无需申请"),
        Why::Once => Text::new("granted already; it is given once", "已批准过, 仅提供一次"),
        Why::Capacity => Text::new("capacity of the period is used up", "本期服务能力已满"),
        Why::PlanOpen => Text::new("the outage plan has not been checked", "尚未核对有序用电方案"),
        Why::PlanForbids => {
            Text::new("the approved outage plan leaves no room", "经批准的有序用电方案不允许")
        }
        Why::NotGraded => Text::new("not in the cycle's graded population", "不在本周期评级范围内"),
        Why::Tier => Text::new("the tier does not have it", "该等级不享有此服务"),
        Why::Condition([en, zh], [seen, seen_zh]) => {
            Text::new(format!("needs {en}; here {seen}"), format!("要求 {zh}；该客户 {seen_zh}"))
        }
        Why::Quota(quota) => {
            Text::new(format!("more than the quota of {quota} a year"), format!("超过每年 {quota} 次的限额"))
        }
        Why::NoParts => Text::new("no part was chosen", "未选择项目"),
        Why::NoArea => Text::new("no transformer area was named", "未填写台区"),
    }
}
