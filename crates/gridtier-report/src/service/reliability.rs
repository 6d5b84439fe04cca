//! How reliable the supply was: indices of all customers and of groups, causes of interruptions, and major event days.

use gridtier::index::{count, float_i64};
use gridtier::text;
use gridtier::text::Text;
use gridtier_service::promise_figures::PromiseFigures;
use gridtier_service::reliability::{ReliabilityRow, Scope};

use super::view::ServiceView;
use super::withhold::Withheld;
use super::words;
use crate::format::{decimal, grouped};
use crate::group_names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// Decimals of an index in minutes or in interruptions per customer.
const INDEX_DECIMALS: u8 = 3;

type Index = fn(&ReliabilityRow) -> Option<f64>;

fn saifi() -> (DataColumn, Index) {
    (words::number(INDEX_DECIMALS, "saifi", "SAIFI", "平均停电次数 SAIFI"), |row| row.saifi)
}

fn saidi() -> (DataColumn, Index) {
    let column = words::number(INDEX_DECIMALS, "saidi_min", "SAIDI", "平均停电时间 SAIDI");
    (column.in_unit(Text::new("min", "分钟")), |row| row.saidi_min)
}

fn asai() -> (DataColumn, Index) {
    let column = words::number(INDEX_DECIMALS, "asai_percent", "ASAI", "供电可用率 ASAI");
    (column.in_unit(Text::same("%")), |row| row.asai.map(percentage))
}

/// A share of 1 in percent: one decimal, as other shares have, would hide every difference in reliability.
fn percentage(share: f64) -> f64 {
    100.0 * share
}

/// Reliability by kind of interruption.
pub(super) fn reliability(view: &ServiceView, figures: &PromiseFigures) -> Section {
    let all = view.groups.all();
    let rows: Vec<&ReliabilityRow> = figures.reliability.iter().filter(|row| row.group == all).collect();
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Word, "scope", "interruptions of", "范围"),
        words::count("interruptions", "sustained", "持续停电"),
        words::count("momentary", "momentary", "瞬时停电"),
        words::count("open", "not restored", "未复电"),
    ];
    let caidi = words::number(1, "caidi_min", "CAIDI", "平均停电持续时间 CAIDI");
    let maifi = words::number(INDEX_DECIMALS, "maifi", "MAIFI", "平均瞬时停电次数 MAIFI");
    let indices: [(DataColumn, Index); 5] = [
        saifi(),
        saidi(),
        (caidi.in_unit(Text::new("min", "分钟")), |row| row.caidi_min),
        (maifi, |row| row.maifi),
        asai(),
    ];
    columns.extend(indices.iter().map(|(column, _)| column.clone()));
    let table = DataTable::new(
        Text::coded("reliability", "Reliability of the supply", "供电可靠性"),
        columns,
        rows.iter().map(|row| {
            let counts = [row.interruptions, row.momentary, row.open].map(DataCell::Integer);
            let values = indices.iter().map(|(_, value)| DataCell::number(value(row)));
            [vec![DataCell::word(row.scope)], counts.to_vec(), values.collect()].concat()
        }),
    );
    let section = Section::titled(text!("Reliability of the supply", "供电可靠性")).table(table).sentence(
        "SAIFI, SAIDI: sustained interruptions and minutes without supply per customer. CAIDI: minutes per interruption. \
         MAIFI: momentary interruptions per customer. ASAI: share of time with supply.",
        "SAIFI、SAIDI：户均持续停电次数和分钟数。CAIDI：每次停电的平均分钟数。MAIFI：户均瞬时停电次数。ASAI：有电时间占比。",
    );
    let rs = rows.iter().find(|row| row.scope == Scope::All).and_then(|row| row.rs1.zip(row.rs3));
    let Some((rs1, rs3)) = rs else { return section };
    let [rs1, rs3] = [rs1, rs3].map(|share| decimal(percentage(share), INDEX_DECIMALS + 1));
    section.with(Block::Sentence(text!(
        "Share of time with supply, momentary interruptions included: RS-1 {rs1} %, without rationing RS-3 {rs3} %.",
        "供电可靠率（含瞬时停电）：RS-1 {rs1} %，不计限电 RS-3 {rs3} %。"
    )))
}

/// Reliability by group of customers, of all interruptions.
pub(super) fn by_group(view: &ServiceView, withheld: &Withheld, figures: &PromiseFigures) -> Section {
    let rows = figures
        .reliability
        .iter()
        .filter(|row| row.scope == Scope::All && withheld.shows(row.group) && view.is_telling(row.group));
    let mut rows: Vec<&ReliabilityRow> = rows.collect();
    let group = |row: &ReliabilityRow| view.groups.group(row.group);
    group_names::best_tier_first(&mut rows, |a, b| group(a).by == group(b).by, |row| &*group(row).name);
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Word, "group_by", "by", "分组"),
        words::text("group", "group", "客户群"),
        words::count("customers", "customers", "户数"),
        words::count("interruptions", "sustained", "持续停电"),
    ];
    let indices: [(DataColumn, Index); 6] = [
        saifi(),
        saidi(),
        asai(),
        (words::share("cemi", "CEMI", "频繁停电客户占比 CEMI"), |row| row.cemi),
        (words::share("celid_single", "CELID, one", "单次长时间停电客户占比 CELID"), |row| {
            row.celid_single
        }),
        (words::share("celid_total", "CELID, all", "累计长时间停电客户占比 CELID"), |row| {
            row.celid_total
        }),
    ];
    columns.extend(indices.iter().map(|(column, _)| column.clone()));
    let table = DataTable::new(
        Text::coded("reliability_by_group", "Reliability by group", "各客户群供电可靠性"),
        columns,
        rows.into_iter().map(|row| {
            let group = view.groups.group(row.group);
            let mut cells = vec![
                DataCell::word(group.by),
                DataCell::Text(words::group(group)),
                DataCell::Integer(row.customers),
                DataCell::Integer(row.interruptions),
            ];
            cells.extend(indices.iter().map(|(_, value)| DataCell::number(value(row))));
            cells
        }),
    );
    let (many, hours) = (view.policy.limits.many, view.policy.limits.long_hours);
    Section::titled(text!("Reliability by group", "各客户群供电可靠性"))
        .sentence("All interruptions, whatever their cause.", "不分原因的全部停电。")
        .table(table)
        .with(Block::Sentence(text!(
            "CEMI: customers with {many} or more sustained interruptions. CELID: customers without supply for {hours} hours or \
             more, in one interruption or in all together.",
            "CEMI：持续停电 {many} 次及以上的客户占比。CELID：单次或累计停电 {hours} 小时及以上的客户占比。"
        )))
}

pub(super) fn causes(figures: &PromiseFigures) -> Section {
    let table = DataTable::new(
        Text::coded("causes", "What interrupted the supply", "停电原因"),
        vec![
            DataColumn::new(ColumnFormat::Word, "kind", "kind", "停电类型"),
            words::text("cause", "cause", "原因"),
            words::count("outages", "outages", "停电事件"),
            words::count("interruptions", "interruptions", "停电户次"),
            words::number(1, "customer_hours", "customer hours", "停电时户数"),
            words::share("share", "share", "占比"),
        ],
        figures.causes.iter().map(|row| {
            let cause = match &*row.cause {
                "unknown" => Text::coded("unknown", "unknown", "未知"),
                own => Text::same(own.to_owned()),
            };
            vec![
                DataCell::word(row.kind),
                DataCell::Text(cause),
                DataCell::Integer(row.outages),
                DataCell::Integer(row.interruptions),
                DataCell::Number(float_i64(row.seconds) / 3_600.0),
                DataCell::number(row.share),
            ]
        }),
    );
    Section::titled(text!("What interrupted the supply", "停电原因"))
        .sentence(
            "Sustained interruptions; the most time without supply first.",
            "持续停电，停电时间长的在前。",
        )
        .table(table)
}

pub(super) fn major_days(figures: &PromiseFigures) -> Section {
    let major = &figures.major_days;
    let Some(threshold) = major.t_med_min else {
        return Section::new().sentence(
            "Major event days: not known; this needs at least 30 days with interruptions, over a year before the period.",
            "重大事件日：无法判定；须有报告期前一年以上、至少 30 个有停电的日数据。",
        );
    };
    let threshold = decimal(threshold, INDEX_DECIMALS);
    let days: Vec<Text> = major.days.iter().map(|&day| words::day(day)).collect();
    let (found, Text { en, zh, .. }) = (grouped(count(days.len())), Text::join(&days, ", "));
    Section::new().with(Block::Sentence(if days.is_empty() {
        text!(
            "Major event days: none, that is, no day with more than {threshold} min per customer.",
            "重大事件日：无（户均停电超过 {threshold} 分钟的日）。"
        )
    } else {
        text!(
            "Major event days: {found}, with more than {threshold} min per customer: {en}.",
            "重大事件日：{found} 天（户均停电超过 {threshold} 分钟）：{zh}。"
        )
    }))
}
