//! Promises against what happened, and how reliable the supply was: broken promises and what they cost first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use gridtier::contract::Table;
use gridtier::index::index;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::group::{CustomerClass, GroupBy, GroupIx};
use gridtier_service::policy::Promise;
use gridtier_service::promise::{PromiseBreach, PromiseRow};
use gridtier_service::promise_figures::PromiseFigures;
use gridtier_service::promise_months::PromiseMonth;

use super::head::not_measured;
use super::reliability;
use super::view::ServiceView;
use super::withhold::Withheld;
use super::words;
use crate::chart::Chart;
use crate::charts;
use crate::format::{grouped, money};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The sections about promises and reliability. `figures` is `None` if they are not measured. `months` are only drawn.
#[must_use]
pub fn sections(
    view: &ServiceView,
    figures: Option<&PromiseFigures>,
    months: &[PromiseMonth],
) -> Vec<Section> {
    let Some(figures) = figures else {
        let heading = text!("Promises and reliability", "服务承诺与供电可靠性");
        return vec![not_measured(heading, &[Table::Outages, Table::Interruptions])];
    };
    let withheld = &Withheld::of(view);
    let by_month = kept_by_month(view, withheld, months).map(|chart| Block::Chart(Box::new(chart)));
    let mut sections = vec![promises(view, withheld, figures).with_all(by_month)];
    sections.extend(broken_by_group(view, withheld, figures));
    sections.extend(breaches(view, figures));
    sections.push(reliability::reliability(view, figures));
    sections.push(reliability::by_group(view, withheld, figures));
    sections.push(reliability::causes(figures));
    sections.push(limits(view, withheld, figures));
    sections.push(reliability::major_days(figures));
    sections
}

fn promise<'a>(view: &ServiceView<'a>, place: usize) -> &'a Promise {
    &view.policy.promises[place]
}

fn promise_name(promise: &Promise) -> Text {
    Text::coded(promise.id.clone(), promise.title.en.clone(), promise.title.zh.clone())
}

/// The rows of a promise whose numbers may be shown. Availability has one exposure for each group, however large.
fn shown_rows<'r>(withheld: &Withheld, of_promise: &'r [PromiseRow]) -> Vec<&'r PromiseRow> {
    let counts: Vec<(GroupIx, i64)> = of_promise
        .iter()
        .map(|row| (row.group, if row.seconds.is_some() { 0 } else { row.exposures }))
        .collect();
    let shown = withheld.shown_counts(&counts);
    let rows = of_promise.iter();
    rows.filter(|row| withheld.shows_promise(row.promise) && shown.contains(&row.group)).collect()
}

/// Promise and group of the rows that may be shown.
fn shown_keys(withheld: &Withheld, rows: &[PromiseRow]) -> BTreeSet<(usize, GroupIx)> {
    let by_promise = rows.chunk_by(|one, next| one.promise == next.promise);
    by_promise.flat_map(|rows| shown_rows(withheld, rows)).map(|row| (row.promise, row.group)).collect()
}

/// How badly a promise is broken, the worst first: the share kept, then the number of breaches.
fn by_need(rows: &mut [&PromiseRow]) {
    rows.sort_by(|one, other| {
        let shares = [one, other].map(|row| row.share_kept.unwrap_or(2.0));
        shares[0].total_cmp(&shares[1]).then(other.breached.cmp(&one.breached))
    });
}

/// All promises towards all customers.
fn promises(view: &ServiceView, withheld: &Withheld, figures: &PromiseFigures) -> Section {
    let all = view.groups.all();
    let rows = figures.promises.rows.iter();
    let mut rows: Vec<&PromiseRow> =
        rows.filter(|row| row.group == all && withheld.shows_promise(row.promise)).collect();
    by_need(&mut rows);
    let broken = rows.iter().filter(|row| row.breached > 0).count();
    let (made, breached): (usize, i64) = (rows.len(), rows.iter().map(|row| row.breached).sum());
    let owed: i64 = rows.iter().filter_map(|row| row.owed).map(|owed| owed.fen).sum();
    let unknown: i64 = rows.iter().filter_map(|row| row.owed).map(|owed| owed.unknown).sum();
    let (breached, owed) = (grouped(breached), money(owed.into()));
    let mut section = Section::titled(text!("Promises against what happened", "服务承诺兑现情况"))
        .with(Block::Sentence(match rows.iter().any(|row| row.owed.is_some()) {
            true => text!(
                "Promises broken: {broken} of {made}; cases: {breached}; compensation: CNY {owed}.",
                "{made} 项承诺中 {broken} 项有违诺，共 {breached} 起；补偿 {owed} 元。"
            ),
            false => text!(
                "Promises broken: {broken} of {made}; cases: {breached}. The policy agrees on no compensation.",
                "{made} 项承诺中 {broken} 项有违诺，共 {breached} 起。服务标准未约定补偿。"
            ),
        }))
        .table(promise_table(view, &rows))
        .with_all(kept_by_class(view, withheld, figures).map(|chart| Block::Chart(Box::new(chart))));
    if unknown > 0 {
        let unknown = grouped(unknown);
        section = section.with(Block::Sentence(text!(
            "The compensation of {unknown} breaches is unknown, because energy or price of the customer is.",
            "另有 {unknown} 起因客户电量或电价未知，补偿金额不明。"
        )));
    }
    if !figures.promises.not_measured.is_empty() {
        let names = figures.promises.not_measured.iter().map(|&place| promise(view, place).title.clone());
        let Text { en, zh, .. } = Text::join(&names.collect::<Vec<_>>(), "; ");
        section = section.with(Block::Sentence(text!(
            "Not measured, because the table deliveries is absent: {en}.",
            "因缺少服务记录表 deliveries 而未测量：{zh}。"
        )));
    }
    section
}

/// The share kept of each promise by class, as a chart; nothing if a class is withheld or nothing was promised.
fn kept_by_class(view: &ServiceView, withheld: &Withheld, figures: &PromiseFigures) -> Option<Chart> {
    let class = |class: CustomerClass| {
        let found = view.groups.iter().find(|(_, group)| {
            group.by == GroupBy::Class && &*group.name == class.code() && group.members > 0
        });
        found.map(|(place, _)| (place, class)).filter(|(place, _)| withheld.shows(*place))
    };
    let classes: Vec<_> = CustomerClass::ALL.iter().filter_map(|&of| class(of)).collect();
    let mut columns = vec![words::text("promise", "promise", "承诺")];
    columns.extend(
        classes
            .iter()
            .map(|(_, class)| DataColumn::new(ColumnFormat::Share, class.code(), class.en(), class.zh())),
    );
    let shown = shown_keys(withheld, &figures.promises.rows);
    let rows = (0..view.policy.promises.len()).filter_map(|place| {
        let shares = classes.iter().map(|&(group, _)| {
            let mut rows =
                figures.promises.rows.iter().filter(|row| shown.contains(&(row.promise, row.group)));
            rows.find(|row| row.promise == place && row.group == group)?.share_kept
        });
        let shares: Vec<Option<f64>> = shares.collect();
        shares.iter().any(Option::is_some).then(|| {
            let name = DataCell::Text(promise_name(promise(view, place)));
            [vec![name], shares.into_iter().map(DataCell::number).collect()].concat()
        })
    });
    let title = Text::coded("promises_kept", "Promises kept by class", "各类客户承诺兑现率");
    let table = DataTable::new(title, columns, rows);
    (!table.rows.is_empty()).then(|| charts::promises_kept(table))
}

/// The share kept of each promise by class and month; nothing if a class is withheld or nothing was promised.
fn kept_by_month(view: &ServiceView, withheld: &Withheld, months: &[PromiseMonth]) -> Option<Chart> {
    let is_class = |row: &PromiseRow| view.groups.group(row.group).by == GroupBy::Class;
    let shown: Vec<_> = months.iter().map(|month| shown_keys(withheld, &month.rows)).collect();
    let of_month = |month: usize, promise, group| {
        let mut rows =
            months[month].rows.iter().filter(|row| shown[month].contains(&(row.promise, row.group)));
        rows.find(|row| row.promise == promise && row.group == group)?.share_kept
    };
    let mut columns = vec![words::text("promise", "promise", "承诺")];
    columns.extend(months.iter().map(|month| {
        // A cell of the chart has room for the number of the month.
        let (code, name) = (month.month.to_string(), (1 + month.month.0.rem_euclid(12)).to_string());
        DataColumn::new(ColumnFormat::Share, code, name.clone(), name)
    }));
    let all = months.first().into_iter().flat_map(|month| &month.rows);
    let shares_of = |row: &PromiseRow| -> Vec<Option<f64>> {
        (0..months.len()).map(|month| of_month(month, row.promise, row.group)).collect()
    };
    let with_cases: Vec<(&PromiseRow, Vec<Option<f64>>)> = all
        .filter(|row| is_class(row))
        .map(|row| (row, shares_of(row)))
        .filter(|(_, shares)| shares.iter().any(Option::is_some))
        .collect();
    let rows = with_cases.iter().map(|(row, shares)| {
        let is_alone = with_cases.iter().filter(|(other, _)| other.promise == row.promise).count() == 1;
        let (promise, class) = (promise(view, row.promise), words::group(view.groups.group(row.group)));
        let title = &promise.title;
        let name = match is_alone {
            true => title.clone(),
            false => text!("{title}: {class}", "{title}：{class}"; title, class),
        };
        [vec![DataCell::Text(name)], shares.iter().copied().map(DataCell::number).collect()].concat()
    });
    let title =
        Text::coded("promises_by_month", "Promises kept by class and month", "各类客户逐月承诺兑现率");
    let table = DataTable::new(title, columns, rows);
    (!table.rows.is_empty()).then(|| charts::promises_by_month(table))
}

fn promise_table(view: &ServiceView, rows: &[&PromiseRow]) -> DataTable {
    DataTable::new(
        Text::coded("promises", "Promises against what happened", "服务承诺兑现情况"),
        vec![
            words::text("promise", "promise", "承诺"),
            words::count("exposures", "cases", "应兑现"),
            words::count("kept", "kept", "兑现"),
            words::count("breached", "broken", "违诺"),
            words::count("exempt", "exempt", "免责"),
            words::share("share_kept", "share kept", "兑现率"),
            words::money("compensation_cny", "compensation CNY", "补偿（元）"),
            words::count("compensation_unknown", "of unknown amount", "金额不明").as_detail(),
        ],
        rows.iter().map(|row| {
            let promise = promise(view, row.promise);
            vec![
                DataCell::Text(promise_name(promise)),
                DataCell::Integer(row.exposures),
                DataCell::Integer(row.kept),
                DataCell::Integer(row.breached),
                DataCell::Integer(row.exempt),
                DataCell::number(row.share_kept),
                words::fen(row.owed.map(|owed| owed.fen)),
                words::whole(row.owed.map(|owed| owed.unknown)),
            ]
        }),
    )
}

/// What was promised, achieved and could be promised, for people to decide on.
fn limits(view: &ServiceView, withheld: &Withheld, figures: &PromiseFigures) -> Section {
    let all = view.groups.all();
    let rows = figures
        .promises
        .rows
        .iter()
        .filter(|row| row.group == all && row.achieved.is_some() && withheld.shows_promise(row.promise));
    let table = DataTable::new(
        Text::coded("limits", "What could be promised", "承诺值建议"),
        vec![
            words::text("promise", "promise", "承诺"),
            DataColumn::new(ColumnFormat::Quantity, "limit", "limit", "承诺值"),
            DataColumn::new(ColumnFormat::Quantity, "achieved", "achieved", "实际达到"),
            DataColumn::new(ColumnFormat::Quantity, "proposed", "could be", "建议值"),
            DataColumn::new(ColumnFormat::Word, "advice", "advice", "建议"),
        ],
        rows.map(|row| {
            let promise = promise(view, row.promise);
            vec![
                DataCell::Text(promise_name(promise)),
                words::value(row.limit, promise.measure),
                words::achieved(row.achieved, row.limit, promise.measure),
                words::value(row.proposed, promise.measure),
                row.advice.map_or(DataCell::Missing, DataCell::word),
            ]
        }),
    );
    let keep = view.policy.limits.keep_percent;
    Section::titled(text!("What could be promised", "承诺值建议"))
        .with(Block::Sentence(text!(
            "Achieved: what {keep} % of the cases did not exceed; of availability, the value itself. A limit that is not kept is \
             mended by better work, never loosened.",
            "实际达到：{keep} % 的情形不超过该值；供电可靠率为其本身。未兑现的承诺应改进工作，不得放宽。"
        )))
        .table(table)
}

/// The groups towards which promises were broken; nothing if there are none.
fn broken_by_group(view: &ServiceView, withheld: &Withheld, figures: &PromiseFigures) -> Option<Section> {
    let by_promise = figures.promises.rows.chunk_by(|a, b| a.promise == b.promise);
    let broken = by_promise.flat_map(|rows| shown_rows(withheld, rows)).filter(|row| {
        let is_part = view.groups.group(row.group).by != GroupBy::All && view.is_telling(row.group);
        is_part && row.breached > 0
    });
    let mut rows: Vec<&PromiseRow> = broken.collect();
    by_need(&mut rows);
    if rows.is_empty() {
        return None;
    }
    let table = DataTable::new(
        Text::coded("promises_by_group", "Towards whom promises were broken", "对哪些客户群违诺"),
        vec![
            words::text("promise", "promise", "承诺"),
            DataColumn::new(ColumnFormat::Word, "group_by", "by", "分组"),
            words::text("group", "group", "客户群"),
            words::count("exposures", "cases", "应兑现"),
            words::count("breached", "broken", "违诺"),
            words::share("share_kept", "share kept", "兑现率"),
            DataColumn::new(ColumnFormat::Quantity, "achieved", "achieved", "实际达到"),
            words::money("compensation_cny", "compensation CNY", "补偿（元）"),
        ],
        rows.iter().take(view.most_rows).map(|row| {
            let (promise, group) = (promise(view, row.promise), view.groups.group(row.group));
            vec![
                DataCell::Text(promise_name(promise)),
                DataCell::word(group.by),
                DataCell::Text(words::group(group)),
                DataCell::Integer(row.exposures),
                DataCell::Integer(row.breached),
                DataCell::number(row.share_kept),
                words::achieved(row.achieved, row.limit, promise.measure),
                words::fen(row.owed.map(|owed| owed.fen)),
            ]
        }),
    );
    let section = Section::titled(text!("Towards whom promises were broken", "对哪些客户群违诺"))
        .sentence("The groups with the smallest share kept come first.", "兑现率低的在前。")
        .table(table);
    Some(view.with_more(section, rows.len()))
}

/// The breaches one by one, those with the greatest compensation first; nothing if there are none or no customer may be
/// named.
fn breaches(view: &ServiceView, figures: &PromiseFigures) -> Option<Section> {
    let all = &figures.promises.breaches;
    if all.is_empty() || !view.names_customers() {
        return None;
    }
    let mut rows: Vec<&PromiseBreach> = all.iter().collect();
    let tier = |breach: &PromiseBreach| view.base.member(breach.customer).tier;
    let position = |breach: &PromiseBreach| tier(breach).map_or(usize::MAX, |tier| tier.position());
    rows.sort_by_key(|breach| (Reverse(breach.compensation_fen), position(breach)));
    let outages = view.log.outages.as_deref().unwrap_or_default();
    let table = DataTable::new(
        Text::coded("breaches", "Breaches", "违诺明细"),
        vec![
            words::text("promise", "promise", "承诺"),
            words::customer_column(),
            words::tier_column(),
            words::text("started_at", "interrupted at", "停电时间"),
            words::id("outage_id", "outage", "停电事件"),
            DataColumn::new(ColumnFormat::Quantity, "value", "value", "实际值"),
            words::money("compensation_cny", "compensation CNY", "补偿（元）"),
        ],
        rows.iter().take(view.most_rows).map(|breach| {
            let promise = promise(view, breach.promise);
            let outage = breach.outage.map(|outage| outages[index(outage)].id.to_string());
            vec![
                DataCell::Text(promise_name(promise)),
                view.customer_cell(Some(breach.customer)),
                view.tier_cell(Some(breach.customer)),
                words::time(breach.started_at),
                outage.map_or(DataCell::Missing, DataCell::same),
                words::value(breach.value, promise.measure),
                words::fen(breach.compensation_fen),
            ]
        }),
    );
    let section = Section::titled(text!("Breaches", "违诺明细"))
        .sentence(
            "Each case in which a promise to a customer was broken: the greatest compensation first, then the best tiers.",
            "逐项列出对客户的违诺，补偿金额大的在前，其次按等级。",
        )
        .table(table);
    Some(view.with_more(section, rows.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;
    use gridtier::text::{Lang, Voice};
    use gridtier_service::policy::Measure;

    #[test]
    fn what_needs_tables_that_are_absent_is_told_as_not_measured() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        let sections = sections(&scene.view(), None, &[]);
        let text = terminal::text(&sections, Lang::En.into());
        assert!(text.contains("Not measured") && text.contains("outages, interruptions"), "{text}");
        assert!(sections[0].tables().next().is_none());
        assert!(terminal::text(&sections, Lang::Zh.into()).contains("未测量"));
    }

    #[test]
    fn broken_promises_come_first_and_breaches_name_the_customer() {
        let scene = LogScene::with_an_outage();
        let figures = scene.promises().unwrap();
        let sections = sections(&scene.view(), Some(&figures), &[]);
        let table = sections[0].tables().next().unwrap();
        let restored = &table.rows[0].cells;
        assert_eq!(
            (&restored[1], &restored[3], &restored[6]),
            (&DataCell::Integer(2), &DataCell::Integer(1), &DataCell::Fen(5_000))
        );
        let text = terminal::text(&sections, Lang::En.into());
        assert!(text.contains("Promises broken: 1 of 2; cases: 1; compensation: CNY 50.00"), "{text}");
        assert!(
            text.contains("Breaches") && text.contains("2026-05-10 10:00") && text.contains("O1"),
            "{text}"
        );
        let zh = terminal::text(&sections, Lang::Zh.into());
        assert!(zh.contains("2 项承诺中 1 项有违诺") && zh.contains("补偿 50.00 元"), "{zh}");
    }

    #[test]
    fn promises_are_drawn_by_class_and_month() {
        let scene = LogScene::with_an_outage();
        let (figures, view) = (scene.promises().unwrap(), scene.view());
        let months = scene.promise_months().unwrap();
        let sections = sections(&view, Some(&figures), &months);
        let drawn: Vec<&Chart> = sections.iter().flat_map(Section::charts).collect();
        assert_eq!(
            drawn.iter().map(|chart| chart.code()).collect::<Vec<_>>(),
            ["promises_kept", "promises_by_month"]
        );
        assert_eq!(drawn[1].table.columns.len(), 13);
        let few = ServiceView { min_count: 1_000, ..view };
        assert!(kept_by_month(&few, &Withheld::of(&few), &months).is_none());
    }

    #[test]
    fn no_customer_is_named_when_small_counts_are_withheld() {
        let scene = LogScene::with_an_outage();
        let figures = scene.promises().unwrap();
        let view = ServiceView { min_count: 5, ..scene.view() };
        let sections = sections(&view, Some(&figures), &[]);
        let codes: Vec<_> = sections
            .iter()
            .flat_map(Section::tables)
            .map(|table| table.title.pick(Voice::Codes).into_owned())
            .collect();
        assert!(!codes.contains(&"breaches".to_owned()), "{codes:?}");
        assert!(codes.contains(&"promises".to_owned()));
    }

    #[test]
    fn a_measure_has_a_unit_in_both_languages() {
        for measure in Measure::ALL {
            let unit = words::unit(*measure);
            assert!(!unit.en.is_empty() && !unit.zh.is_empty());
        }
    }
}
