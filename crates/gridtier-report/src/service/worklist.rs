//! The work list of the month after the period: whom to visit, call or invite.

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::delivered::Delivered;
use gridtier_service::worklist::WorkRow;

use super::head::not_measured;
use super::view::ServiceView;
use super::words;
use crate::format::grouped;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The sections of the work list. `figures` is `None` if it is not measured.
#[must_use]
pub fn sections(view: &ServiceView, figures: Option<&Delivered>) -> Vec<Section> {
    let month = view.run.period.last.plus(1);
    let heading = text!("Work list of {month}", "{month} 工作清单");
    let Some(figures) = figures else { return vec![not_measured(heading, &[Table::Deliveries])] };
    let rows = &figures.worklist;
    let overdue = grouped(count(rows.iter().filter(|row| row.overdue).count()));
    let beyond = grouped(count(rows.iter().filter(|row| !row.within_capacity).count()));
    let all = grouped(count(rows.len()));
    let sum = Section::titled(heading)
        .with(Block::Sentence(text!(
            "{all} to do: {overdue} of them overdue, {beyond} beyond the month's capacity.",
            "共 {all} 项，其中逾期 {overdue} 项，超出当月能力 {beyond} 项。"
        )))
        .table(by_service(view, figures));
    if !view.names_customers() || rows.is_empty() {
        return vec![sum];
    }
    let whom = Section::titled(text!("Whom to visit, call or invite", "走访、回访和邀请名单"))
        .sentence(
            "Best tiers first, of each what is overdue first. A file .csv has the whole list, as the workbook does.",
            "等级高的在前，同等级逾期的在前。.csv 文件和工作簿含完整名单。",
        )
        .table(list(view, figures));
    vec![sum, view.with_more(whom, rows.len())]
}

/// The customers of the work list, one row for each thing to do.
#[must_use]
pub fn list(view: &ServiceView, figures: &Delivered) -> DataTable {
    let rows = figures.worklist.iter().take(view.most_rows);
    DataTable::new(
        Text::coded("worklist", "Whom to visit, call or invite", "走访、回访和邀请名单"),
        vec![
            words::count("position", "no.", "序号"),
            words::customer_column(),
            words::tier_column(),
            words::text("service", "service", "服务"),
            words::text("reason", "why", "依据"),
            words::text("due_by", "due by", "期限"),
            DataColumn::new(ColumnFormat::YesNo, "overdue", "overdue", "逾期"),
            DataColumn::new(ColumnFormat::YesNo, "within_capacity", "within capacity", "能力之内"),
            words::id("key", "key", "编码").as_detail(),
        ],
        (1_i64..).zip(rows).map(|(position, row)| {
            vec![
                DataCell::Integer(position),
                view.customer_cell(row.customer),
                view.tier_cell(row.customer),
                DataCell::Text(words::service(view.catalogue, row.service)),
                DataCell::Text(words::reason(figures.reasons.reason(row.reason), view.policy)),
                words::deadline(row.due_by),
                DataCell::YesNo(row.overdue),
                DataCell::YesNo(row.within_capacity),
                DataCell::same(row.key.to_string()),
            ]
        }),
    )
}

/// How much there is to do of each service, and for which tiers.
fn by_service(view: &ServiceView, figures: &Delivered) -> DataTable {
    let mut counts: BTreeMap<_, ([i64; 3], Vec<i64>)> = BTreeMap::new();
    let tiers: &[Tier] = if view.names_customers() { &Tier::ALL } else { &[] };
    for row in &figures.worklist {
        let WorkRow { service, reason, overdue, within_capacity, tier, .. } = row;
        let (count, by_tier) =
            counts.entry((*service, *reason)).or_insert_with(|| ([0; 3], vec![0; tiers.len()]));
        let position = tier.and_then(|tier| tiers.iter().position(|known| *known == tier));
        if let Some(count) = position.and_then(|place| by_tier.get_mut(place)) {
            *count += 1;
        }
        count[0] += 1;
        count[1] += i64::from(*overdue);
        count[2] += i64::from(!within_capacity);
    }
    let mut columns = vec![
        words::text("service", "service", "服务"),
        words::text("reason", "why", "依据"),
        words::count("items", "to do", "应做"),
        words::count("overdue", "overdue", "逾期"),
        words::count("beyond_capacity", "beyond capacity", "超出能力"),
    ];
    columns.extend(tiers.iter().map(|tier| words::count(tier.code(), tier.en(), tier.zh())));
    DataTable::new(
        Text::coded("worklist_by_service", "Work by service", "各项服务工作量"),
        columns,
        counts.into_iter().map(|((service, reason), (sums, by_tier))| {
            let names = [
                words::service(view.catalogue, service),
                words::reason(figures.reasons.reason(reason), view.policy),
            ];
            let counts = sums.into_iter().chain(by_tier).map(DataCell::Integer);
            names.map(DataCell::Text).into_iter().chain(counts).collect()
        }),
    )
}

#[cfg(test)]
mod tests {
    use gridtier::text::Lang;

    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;

    #[test]
    fn the_list_names_who_is_to_be_visited_and_until_when() {
        let scene = LogScene::without_a_delivery();
        let figures = scene.delivered().unwrap();
        let sections = sections(&scene.view(), Some(&figures));
        let text = terminal::text(&sections, Lang::En.into());
        assert!(text.contains("Work list of 2026-06") && text.contains("2026-06-30"), "{text}");
        let rows = &sections[1].tables().next().unwrap().rows;
        assert_eq!(rows.len(), figures.worklist.len());
        assert_eq!(rows[0].cells[1], DataCell::same("c00"));
        let view = ServiceView { min_count: 2, ..scene.view() };
        assert_eq!(super::sections(&view, Some(&figures)).len(), 1);
    }

    #[test]
    fn a_list_of_nothing_and_a_list_that_is_not_measured_are_told_apart() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        let text = terminal::text(&sections(&scene.view(), None), Lang::Zh.into());
        assert!(text.contains("未测量"), "{text}");
    }
}
