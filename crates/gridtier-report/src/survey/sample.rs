//! How many customers to ask, and whom.

use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;
use gridtier_service::base::Base;
use gridtier_service::survey::plan::{SampleRow, SurveyPlan};

use super::SurveyView;
use crate::format::grouped;
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The plan by tier and use category, and the first of the customers to ask.
#[must_use]
pub fn plan_sections(view: &SurveyView, plan: &SurveyPlan, base: &Base) -> Vec<Section> {
    let needed = grouped(plan.rows.iter().map(|row| row.sample).sum::<i64>());
    let to_ask = grouped(plan.rows.iter().map(|row| row.to_ask).sum::<i64>());
    let mut by_tier: Vec<_> = plan.rows.iter().collect();
    by_tier.sort_by_key(|row| row.tier);
    let table = DataTable::new(
        Text::coded("plan", "Whom to ask, by tier and use category", "各等级、各用电分类的抽样数"),
        vec![
            DataColumn::new(ColumnFormat::Text, "tier", "tier", "客户等级"),
            DataColumn::new(ColumnFormat::Text, "use_category", "use category", "用电分类"),
            DataColumn::new(ColumnFormat::Integer, "population", "customers", "户数"),
            DataColumn::new(ColumnFormat::Integer, "opted_out", "opted out", "拒绝联系"),
            DataColumn::new(ColumnFormat::Integer, "sample", "answers needed", "所需份数"),
            DataColumn::new(ColumnFormat::Integer, "to_ask", "to ask", "应发份数"),
        ],
        by_tier.into_iter().map(|row| {
            vec![
                names::tier_cell(row.tier),
                DataCell::word(row.use_category),
                DataCell::Integer(row.population),
                DataCell::Integer(row.opted_out),
                DataCell::Integer(row.sample),
                DataCell::Integer(row.to_ask),
            ]
        }),
    );
    let plan_section = Section::titled(text!("How many to ask", "抽样数"))
        .with(Block::Sentence(text!(
            "{needed} answers are needed; {to_ask} customers are to be asked.",
            "需要 {needed} 份回答，应向 {to_ask} 户发出问卷。"
        )))
        .table(table)
        .sentence(
            "So many answers of each tier tell a share of its customers to ±5 % with 95 % confidence. Who is asked follows \
             from the seed, so that nobody picks the respondents.",
            "各等级的份数可使该等级的比例估计在 95 % 置信度下误差不超过 ±5 %。抽中的客户由种子数决定，无人挑选受访者。",
        );
    let shown = view.most_rows.min(plan.sample.len());
    let more = plan.sample.len() - shown;
    let list =
        Section::titled(text!("Customers to ask", "受访客户")).table(sample(&plan.sample[..shown], base));
    let list = list.with_all((more > 0).then(|| {
        let more = grouped(count(more));
        Block::Sentence(text!(
            "{more} more; -o with a folder or a file .csv writes all of them.",
            "另有 {more} 户；用 -o 指定文件夹或 .csv 文件可写出全部。"
        ))
    }));
    vec![plan_section, list]
}

/// All customers to ask.
#[must_use]
pub fn sample_list(plan: &SurveyPlan, base: &Base) -> Section {
    Section::of_table(sample(&plan.sample, base))
}

fn sample(rows: &[SampleRow], base: &Base) -> DataTable {
    DataTable::new(
        Text::coded("sample", "Customers to ask", "受访客户"),
        vec![
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            DataColumn::new(ColumnFormat::Text, "tier", "tier", "客户等级"),
            DataColumn::new(ColumnFormat::Text, "use_category", "use category", "用电分类"),
        ],
        rows.iter().map(|row| {
            vec![
                DataCell::same(base.id(row.customer).to_owned()),
                names::tier_cell(row.tier),
                DataCell::word(row.use_category),
            ]
        }),
    )
}
