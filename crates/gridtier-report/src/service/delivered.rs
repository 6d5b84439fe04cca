//! What was due and what was delivered: missed duties first, then channels, units and capacity.

use gridtier::contract::Table;
use gridtier::index::float_i64;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::delivered::{Delivered, DeliveredRow};
use gridtier_service::due::DueInputs;
use gridtier_service::group::{GroupBy, GroupIx};
use gridtier_service::matching::{DueRow, DueStatus};
use gridtier_service::usage;

use super::head::not_measured;
use super::view::ServiceView;
use super::withhold::Withheld;
use super::words;
use crate::format::{grouped, percent};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use crate::{charts, group_names};

/// Thousandths of a unit.
const UNIT_E3: i64 = 1_000;

/// A number of units, with decimals only if it is not whole.
fn units_of(units_e3: i64) -> DataCell {
    let decimals = if units_e3 % UNIT_E3 == 0 { 0 } else { 3 };
    DataCell::Formatted(float_i64(units_e3) / float_i64(UNIT_E3), ColumnFormat::Number(decimals))
}

/// The sections about what was due and delivered. `figures` is `None` if they are not measured.
#[must_use]
pub fn sections(view: &ServiceView, inputs: &DueInputs, figures: Option<&Delivered>) -> Vec<Section> {
    let (Some(figures), Some(deliveries)) = (figures, view.log.deliveries.as_deref()) else {
        let heading = text!("Due and delivered", "应做与已做");
        return vec![not_measured(heading, &[Table::Deliveries])];
    };
    let withheld = &Withheld::of(view);
    let mut sections = vec![due(view, withheld, figures)];
    sections.extend(by_tier(view, withheld, figures));
    sections.extend(missed(view, figures));
    sections.push(channels(view, &usage::channels(inputs, deliveries)));
    if view.names_customers() {
        sections.push(units(view, &usage::units(inputs, deliveries, &figures.fills)));
    }
    sections.push(capacity(view, &usage::capacities(inputs, deliveries)));
    sections
}

fn reason(view: &ServiceView, figures: &Delivered, row: &DeliveredRow) -> Text {
    words::reason(figures.reasons.reason(row.reason), view.policy)
}

fn by_need(rows: &mut [&DeliveredRow]) {
    rows.sort_by(|one, other| {
        let shares = [one, other].map(|row| row.share().unwrap_or(2.0));
        let missed = [one, other].map(|row| row.count(DueStatus::Missed));
        shares[0].total_cmp(&shares[1]).then(missed[1].cmp(&missed[0]))
    });
}

fn count_columns() -> Vec<DataColumn> {
    let mut columns = vec![words::count("due", "due", "应做")];
    let statuses = DueStatus::ALL.iter();
    columns.extend(
        statuses
            .map(|status| DataColumn::new(ColumnFormat::Integer, status.code(), status.en(), status.zh())),
    );
    columns.push(words::share("share", "done in time", "按时率"));
    columns
}

fn count_cells(row: &DeliveredRow) -> Vec<DataCell> {
    let mut cells = vec![DataCell::Integer(row.due())];
    cells.extend(row.by_status.map(DataCell::Integer));
    cells.push(DataCell::number(row.share()));
    cells
}

/// What was due to everybody, by reason and service.
fn due(view: &ServiceView, withheld: &Withheld, figures: &Delivered) -> Section {
    let all = view.groups.all();
    let rows = figures.delivered.iter().filter(|row| {
        row.group == all && withheld.shows_due(figures.reasons.reason(row.reason), row.service)
    });
    let mut rows: Vec<&DeliveredRow> = rows.collect();
    by_need(&mut rows);
    let sum = |status| rows.iter().map(|row| row.count(status)).sum::<i64>();
    let items: i64 = rows.iter().map(|row| row.due()).sum();
    let [late, missed, open] = [DueStatus::Late, DueStatus::Missed, DueStatus::Open].map(sum).map(grouped);
    let kept = sum(DueStatus::OnTime) + sum(DueStatus::Announced);
    let decided = items - sum(DueStatus::Open);
    let share = (decided > 0).then(|| percent(float_i64(kept) / float_i64(decided)));
    let (items, share) = (grouped(items), share.unwrap_or_else(|| crate::format::DASH.to_owned()));
    let mut columns =
        vec![words::text("reason", "why it was due", "应做依据"), words::text("service", "service", "服务")];
    columns.extend(count_columns());
    let table = DataTable::new(
        Text::coded("delivered", "Due and delivered", "应做与已做"),
        columns,
        rows.iter().map(|row| {
            let names = [reason(view, figures, row), words::service(view.catalogue, row.service)];
            [names.map(DataCell::Text).to_vec(), count_cells(row)].concat()
        }),
    );
    let mut section = Section::titled(text!("Due and delivered", "应做与已做"))
        .with(Block::Sentence(text!(
            "{items} were due: {missed} missed, {late} late, {open} not due yet; in time: {share} of those decided.",
            "应做 {items} 项：未做 {missed} 项，逾期 {late} 项，未到期 {open} 项；已到期项目按时率 {share}。"
        )))
        .table(table);
    if !figures.not_measured.is_empty() {
        let names = figures
            .not_measured
            .iter()
            .map(|&place| words::reason(figures.reasons.reason(place), view.policy));
        let Text { en, zh, .. } = Text::join(&names.collect::<Vec<_>>(), "; ");
        section = section.with(Block::Sentence(text!(
            "Not measured, because the table of their events is absent: {en}.",
            "因缺少相应事件的表而未测量：{zh}。"
        )));
    }
    section
}

/// What was due to each tier; nothing if nothing was due to a customer.
fn by_tier(view: &ServiceView, withheld: &Withheld, figures: &Delivered) -> Option<Section> {
    let of_tiers = figures.delivered.iter().filter(|row| view.groups.group(row.group).by == GroupBy::Tier);
    let of_tiers: Vec<&DeliveredRow> = of_tiers.collect();
    let mut rows = Vec::new();
    for of_one in of_tiers.chunk_by(|a, b| (a.reason, a.service) == (b.reason, b.service)) {
        let counts: Vec<(GroupIx, i64)> = of_one.iter().map(|row| (row.group, row.due())).collect();
        let shown = withheld.shown_counts(&counts);
        let is_shown = withheld.shows_due(figures.reasons.reason(of_one[0].reason), of_one[0].service);
        let shown = of_one.iter().filter(|row| is_shown && shown.contains(&row.group) && row.due() > 0);
        rows.extend(shown.copied());
    }
    by_need(&mut rows);
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![
        words::text("reason", "why it was due", "应做依据"),
        words::text("service", "service", "服务"),
        words::text("tier", "tier", "等级"),
    ];
    columns.extend(count_columns());
    let table = DataTable::new(
        Text::coded("delivered_by_tier", "Due and delivered by tier", "各等级应做与已做"),
        columns,
        rows.iter().take(view.most_rows).map(|row| {
            let names = [
                reason(view, figures, row),
                words::service(view.catalogue, row.service),
                words::group(view.groups.group(row.group)),
            ];
            [names.map(DataCell::Text).to_vec(), count_cells(row)].concat()
        }),
    );
    let section = Section::titled(text!("Due and delivered by tier", "各等级应做与已做"))
        .sentence("The smallest share done in time comes first.", "按时率低的在前。")
        .table(table)
        .chart(charts::due_and_delivered(due_by_tier(view, &rows)));
    Some(view.with_more(section, rows.len()))
}

/// Due and delivered by service and tier, for a chart.
fn due_by_tier(view: &ServiceView, rows: &[&DeliveredRow]) -> DataTable {
    let mut sums: std::collections::BTreeMap<_, [i64; 2]> = std::collections::BTreeMap::new();
    for row in rows {
        let done = row.due() - row.count(DueStatus::Missed) - row.count(DueStatus::Open);
        let sum = sums.entry((row.service, row.group)).or_default();
        sum[0] += row.due();
        sum[1] += done;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    let is_one_service = |a: &((usize, GroupIx), _), b: &((usize, GroupIx), _)| a.0.0 == b.0.0;
    group_names::best_tier_first(&mut sums, is_one_service, |((_, group), _)| {
        &view.groups.group(*group).name
    });
    DataTable::new(
        Text::coded("due_and_delivered", "Due and delivered", "应做与已做"),
        vec![
            words::text("service_tier", "service and tier", "服务与等级"),
            words::count("due", "due", "应做"),
            words::count("delivered", "delivered", "已做"),
        ],
        sums.into_iter().map(|((service, group), [due, done])| {
            let (service, tier) =
                (words::service(view.catalogue, service), words::group(view.groups.group(group)));
            let name = text!("{service}, {tier}", "{service}，{tier}"; service, tier);
            vec![DataCell::Text(name), DataCell::Integer(due), DataCell::Integer(done)]
        }),
    )
}

/// What was missed, item by item; nothing if nothing was or no customer may be named.
fn missed(view: &ServiceView, figures: &Delivered) -> Option<Section> {
    let mut rows: Vec<&DueRow> = figures.due.iter().filter(|row| row.status == DueStatus::Missed).collect();
    if rows.is_empty() || !view.names_customers() {
        return None;
    }
    let tier = |row: &DueRow| row.customer.and_then(|customer| view.base.member(customer).tier);
    rows.sort_by_key(|row| (tier(row).map_or(usize::MAX, |tier| tier.position()), row.due_by));
    let table = DataTable::new(
        Text::coded("missed", "What was missed", "未做明细"),
        vec![
            words::text("reason", "why it was due", "应做依据"),
            words::text("service", "service", "服务"),
            words::customer_column(),
            words::tier_column(),
            words::text("due_by", "due by", "期限"),
            words::id("key", "key", "编码").as_detail(),
        ],
        rows.iter().take(view.most_rows).map(|row| {
            vec![
                DataCell::Text(words::reason(figures.reasons.reason(row.reason), view.policy)),
                DataCell::Text(words::service(view.catalogue, row.service)),
                view.customer_cell(row.customer),
                view.tier_cell(row.customer),
                words::deadline(row.due_by),
                DataCell::same(row.key.to_string()),
            ]
        }),
    );
    let section = Section::titled(text!("What was missed", "未做明细"))
        .sentence("Best tiers first, then what was due earliest.", "等级高的在前，同等级按期限先后。")
        .table(table);
    Some(view.with_more(section, rows.len()))
}

fn channels(view: &ServiceView, rows: &[usage::ChannelRow]) -> Section {
    let table = DataTable::new(
        Text::coded("channels", "By which channel", "送达渠道"),
        vec![
            words::text("service", "service", "服务"),
            DataColumn::new(ColumnFormat::Word, "channel", "channel", "渠道"),
            words::count("created", "entered", "登记"),
            words::count("sent", "sent", "发出"),
            words::count("delivered", "delivered", "送达"),
            words::count("read", "read", "已读"),
            words::count("failed", "failed", "失败"),
            words::share("delivered_share", "reached", "送达率"),
            words::share("read_share", "opened", "已读率"),
            words::number(0, "median_min", "median time", "中位用时").in_unit(Text::new("min", "分钟")),
        ],
        rows.iter().map(|row| {
            let counts = [row.created, row.sent, row.delivered, row.read, row.failed].map(DataCell::Integer);
            let shares = [row.delivered_share(), row.read_share(), row.median_min].map(DataCell::number);
            let names =
                [DataCell::Text(words::service(view.catalogue, row.service)), DataCell::word(row.channel)];
            [names.to_vec(), counts.to_vec(), shares.to_vec()].concat()
        }),
    );
    Section::titled(text!("By which channel", "送达渠道"))
        .sentence(
            "Deliveries entered in the period. Reached: delivered of those sent; opened: read of those delivered.",
            "报告期内登记的服务。送达率为送达占发出的比例，已读率为已读占送达的比例。",
        )
        .table(table)
}

fn units(view: &ServiceView, rows: &[usage::UnitsRow]) -> Section {
    let mut rows: Vec<&usage::UnitsRow> = rows.iter().collect();
    group_names::best_tier_first(&mut rows, |a, b| a.service == b.service, |row| row.tier);
    let table = DataTable::new(
        Text::coded("units", "What was delivered to whom, and what it cost", "服务对象与成本"),
        vec![
            words::text("service", "service", "服务"),
            words::text("tier", "tier", "等级"),
            words::count("deliveries", "deliveries", "次数"),
            words::quantity("units", "units", "数量"),
            words::count("failed", "failed", "失败"),
            words::count("extra", "beyond duty", "应做之外"),
            words::money("cost_cny", "cost CNY", "成本（元）"),
            words::money("income_cny", "fees CNY", "收费（元）"),
        ],
        rows.iter().map(|row| {
            vec![
                DataCell::Text(words::service(view.catalogue, row.service)),
                DataCell::Text(words::tier(row.tier)),
                DataCell::Integer(row.deliveries),
                units_of(row.units_e3),
                DataCell::Integer(row.failed),
                DataCell::Integer(row.extra),
                DataCell::Fen(row.cost_fen.into()),
                DataCell::Fen(row.income_fen.into()),
            ]
        }),
    );
    Section::titled(text!("What was delivered to whom, and what it cost", "服务对象与成本"))
        .sentence("Deliveries done in the period.", "报告期内完成的服务。")
        .table(table)
}

fn capacity(view: &ServiceView, rows: &[usage::CapacityRow]) -> Section {
    let table = DataTable::new(
        Text::coded("capacity", "How much of the capacity was used", "服务能力使用情况"),
        vec![
            words::text("service", "service", "服务"),
            words::text("month", "month", "月份"),
            words::text("per", "capacity of a", "能力口径"),
            words::quantity("capacity", "capacity", "能力"),
            words::quantity("delivered", "delivered", "已提供"),
            words::share("share", "used", "使用率"),
        ],
        rows.iter().map(|row| {
            let per = if row.per_year {
                Text::coded("year", "year, used since 1 January", "年（自 1 月 1 日累计）")
            } else {
                Text::coded("month", "month", "月")
            };
            vec![
                DataCell::Text(words::service(view.catalogue, row.service)),
                DataCell::same(row.month.to_string()),
                DataCell::Text(per),
                units_of(row.capacity_e3),
                units_of(row.delivered_e3),
                DataCell::number(row.share()),
            ]
        }),
    );
    Section::titled(text!("How much of the capacity was used", "服务能力使用情况"))
        .sentence("Services whose capacity the catalogue limits.", "服务目录限定了能力的服务。")
        .table(table)
}

#[cfg(test)]
mod tests {
    use gridtier::text::Lang;

    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;

    #[test]
    fn without_a_table_of_deliveries_nothing_is_measured() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        assert!(scene.delivered().is_none());
        let text = terminal::text(&sections(&scene.view(), &scene.due_inputs(), None), Lang::En.into());
        assert!(text.contains("Not measured") && text.contains("deliveries"), "{text}");
    }

    #[test]
    fn a_missed_visit_is_counted_by_tier_and_named() {
        let scene = LogScene::without_a_delivery();
        let figures = scene.delivered().unwrap();
        let missed: i64 = figures
            .delivered
            .iter()
            .filter(|row| row.group == scene.view().groups.all())
            .map(|row| row.count(DueStatus::Missed))
            .sum();
        assert_eq!(missed, 1, "the monthly visit to the customer of the tier special");
        let sections = sections(&scene.view(), &scene.due_inputs(), Some(&figures));
        let text = terminal::text(&sections, Lang::En.into());
        assert!(text.contains("1 were due: 1 missed, 0 late") && text.contains("c00"), "{text}");
        let zh = terminal::text(&sections, Lang::Zh.into());
        assert!(zh.contains("应做 1 项：未做 1 项"), "{zh}");
    }
}
