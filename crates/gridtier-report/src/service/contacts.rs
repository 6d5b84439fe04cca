//! Contacts and how they were handled: tiers that wait longer and overdue cases first, then timers, topics, rates, ageing.

use gridtier::contract::{ContactKind, Table};
use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::contact::ContactState;
use gridtier_service::contact_figures::ContactFigures;
use gridtier_service::fairness::{FairnessRow, FairnessVerdict};
use gridtier_service::group::GroupBy;
use gridtier_service::rate::RateRow;
use gridtier_service::timer::{TimerCase, TimerRow, TimerStatus};
use gridtier_service::topic::TopicRow;

use super::head::not_measured;
use super::view::ServiceView;
use super::withhold::Withheld;
use super::words;
use crate::format::{grouped, percent};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use crate::{charts, group_names};

/// The sections about contacts. `figures` is `None` if they are not measured.
#[must_use]
pub fn sections(view: &ServiceView, figures: Option<&ContactFigures>) -> Vec<Section> {
    let Some(figures) = figures else {
        let heading = text!("Contacts", "客户诉求");
        return vec![not_measured(heading, &[Table::Contacts])];
    };
    let withheld = &Withheld::of(view);
    let mut sections = vec![attention(view, withheld, figures)];
    sections.extend(overdue(view, figures));
    sections.extend([timers(view, withheld, figures), fairness(view, withheld, figures)]);
    sections.extend([topics(view, figures), ageing(figures)]);
    sections.extend(rates(view, withheld, figures));
    sections
}

fn timer_name(view: &ServiceView, timer: usize) -> Text {
    let timer = &view.policy.timers[timer];
    Text::coded(timer.id.clone(), timer.title.en.clone(), timer.title.zh.clone())
}

/// How each timer treats the tiers that may be shown.
fn shown_fairness<'f>(withheld: &Withheld, figures: &'f ContactFigures) -> Vec<&'f FairnessRow> {
    let mut rows = Vec::new();
    for of_timer in figures.fairness.chunk_by(|a, b| a.timer == b.timer) {
        let counts: Vec<_> = of_timer.iter().map(|row| (row.tier, row.own.decided)).collect();
        let shown = withheld.shown_counts(&counts);
        rows.extend(of_timer.iter().filter(|row| shown.contains(&row.tier)));
    }
    rows
}

/// What needs attention: unfair tiers, tiers under a floor, overdue cases.
fn attention(view: &ServiceView, withheld: &Withheld, figures: &ContactFigures) -> Section {
    let received = grouped(count(figures.contacts.received.len()));
    let cases = || figures.cases.iter().filter(|case| withheld.shows_timer(case.timer));
    let overdue = cases().filter(|case| case.status == TimerStatus::Overdue).count();
    let late = cases().filter(|case| case.status == TimerStatus::Late).count();
    let [overdue, late] = [overdue, late].map(|cases| grouped(count(cases)));
    let section = Section::titled(text!("What needs attention", "须关注事项")).with(Block::Sentence(text!(
        "Contacts received: {received}; cases overdue: {overdue}, done late: {late}.",
        "受理诉求 {received} 件；逾期未办 {overdue} 项，逾期完成 {late} 项。"
    )));
    let section = section.with_all(most_complained(view, figures));
    let lines: Vec<Text> =
        shown_fairness(withheld, figures).into_iter().filter_map(|row| concern(view, row)).collect();
    if lines.is_empty() {
        return match view.names_customers() {
            true => section.sentence(
                "No tier is under the floor of a timer, and none waits longer than the others.",
                "各等级均未低于时限底线，也没有等级比其他客户等待更久。",
            ),
            false => section.sentence(
                "Of the tiers that are shown, none is under the floor of a timer, and none waits longer than the others.",
                "所公布的等级均未低于时限底线，也没有等级比其他客户等待更久。",
            ),
        };
    }
    section.with(Block::Lines(lines))
}

/// What customers complain of most; nothing if nobody complained.
fn most_complained(view: &ServiceView, figures: &ContactFigures) -> Option<Block> {
    let complaints = || figures.topics.iter().filter(|row| row.kind == ContactKind::Complaint);
    let all = grouped(complaints().map(|row| row.contacts).sum::<i64>());
    let vital = complaints().filter(|row| row.is_vital()).map(|row| {
        let (Text { en, zh, .. }, contacts) = (topic_name(view, row), grouped(row.contacts));
        Text::new(format!("{en} {contacts}"), format!("{zh} {contacts}"))
    });
    let vital: Vec<Text> = vital.collect();
    let Text { en, .. } = Text::join(&vital, ", ");
    let Text { zh, .. } = Text::join(&vital, "、");
    (!vital.is_empty()).then(|| {
        Block::Sentence(text!(
            "Most of the {all} complaints are about: {en}.",
            "投诉共 {all} 件，主要涉及：{zh}。"
        ))
    })
}

/// What is wrong with the handling of a tier's contacts; `None` if nothing is.
fn concern(view: &ServiceView, row: &FairnessRow) -> Option<Text> {
    let (timer, tier) = (timer_name(view, row.timer), words::group(view.groups.group(row.tier)));
    let floor = view.policy.timers[row.timer].floor.unwrap_or_default();
    let [share, rest] = [row.own, row.rest]
        .map(|decided| decided.share().map_or_else(|| crate::format::DASH.to_owned(), percent));
    if row.unfair {
        return Some(text!(
            "unfair: {timer}: {tier} {share} in time, the others {rest}",
            "不公平：{timer}：{tier}，按时率 {share}，其他客户 {rest}";
            timer, tier
        ));
    }
    (row.verdict == FairnessVerdict::Under).then(|| {
        text!(
            "under the floor of {floor} %: {timer}: {tier} {share} in time",
            "低于底线 {floor} %：{timer}：{tier}，按时率 {share}";
            timer, tier
        )
    })
}

/// Cases that are overdue or were done late, one by one; nothing if there are none or no customer may be named.
fn overdue(view: &ServiceView, figures: &ContactFigures) -> Option<Section> {
    let beyond =
        figures.cases.iter().filter(|case| matches!(case.status, TimerStatus::Overdue | TimerStatus::Late));
    let mut rows: Vec<&TimerCase> = beyond.collect();
    if rows.is_empty() || !view.names_customers() {
        return None;
    }
    rows.sort_by_key(|case| (case.status != TimerStatus::Overdue, case.due_by));
    let table = DataTable::new(
        Text::coded("late_cases", "Overdue and late cases", "逾期明细"),
        vec![
            words::text("timer", "timer", "时限"),
            words::id("contact_id", "contact", "诉求编号"),
            words::customer_column(),
            words::tier_column(),
            words::text("due_by", "due by", "期限"),
            words::text("done_at", "done at", "完成时间"),
            DataColumn::new(ColumnFormat::Word, "status", "status", "状态"),
        ],
        rows.iter().take(view.most_rows).map(|case| {
            let contact = figures.contacts.contact(case.contact);
            vec![
                DataCell::Text(timer_name(view, case.timer)),
                DataCell::same(contact.id.to_string()),
                view.customer_cell(contact.customer),
                view.tier_cell(contact.customer),
                words::deadline(case.due_by),
                words::time(case.done_at),
                DataCell::word(case.status),
            ]
        }),
    );
    let section = Section::titled(text!("Overdue and late cases", "逾期明细"))
        .sentence("What is still waiting first, the longest first.", "尚未办结的在前，等待最久的最先。")
        .table(table);
    Some(view.with_more(section, rows.len()))
}

fn timers(view: &ServiceView, withheld: &Withheld, figures: &ContactFigures) -> Section {
    let all = view.groups.all();
    let rows = figures.timers.iter().filter(|row| row.group == all && withheld.shows_timer(row.timer));
    let mut rows: Vec<&TimerRow> = rows.collect();
    rows.sort_by(|one, other| {
        let [one, other] = [one, other].map(|row| row.decided().share().unwrap_or(2.0));
        one.total_cmp(&other)
    });
    let mut columns = vec![words::text("timer", "timer", "时限"), words::count("cases", "cases", "件数")];
    let statuses = TimerStatus::ALL.iter();
    columns.extend(
        statuses
            .map(|status| DataColumn::new(ColumnFormat::Integer, status.code(), status.en(), status.zh())),
    );
    columns.extend([
        words::share("share", "in time", "按时率"),
        words::share("lo", "95 % from", "95 % 下限").as_detail(),
        words::share("hi", "to", "上限").as_detail(),
        words::count("floor_percent", "floor", "底线").in_unit(Text::same("%")),
        words::number(1, "median_h", "median", "中位用时").in_unit(Text::new("h", "小时")),
        words::number(1, "p90_h", "90 % within", "90 % 用时").in_unit(Text::new("h", "小时")),
    ]);
    let table = DataTable::new(
        Text::coded("timers", "Timers", "办理时限"),
        columns,
        rows.iter().map(|row| {
            let decided = row.decided();
            let interval = decided.interval();
            let mut cells = vec![DataCell::Text(timer_name(view, row.timer)), DataCell::Integer(row.cases())];
            cells.extend(row.by_status.map(DataCell::Integer));
            cells.extend([
                DataCell::number(decided.share()),
                DataCell::number(interval.map(|interval| interval.lo)),
                DataCell::number(interval.map(|interval| interval.hi)),
                words::whole(view.policy.timers[row.timer].floor),
                DataCell::number(row.median_h),
                DataCell::number(row.p90_h),
            ]);
            cells
        }),
    );
    Section::titled(text!("Timers", "办理时限"))
        .sentence(
            "The smallest share in time comes first; open cases are not counted in it.",
            "按时率低的在前；在办件不计入按时率。",
        )
        .table(table)
}

fn fairness(view: &ServiceView, withheld: &Withheld, figures: &ContactFigures) -> Section {
    let mut rows = shown_fairness(withheld, figures);
    rows.retain(|row| row.verdict != FairnessVerdict::None);
    rows.sort_by_key(|row| (!row.unfair, row.verdict != FairnessVerdict::Under));
    let is_one_list =
        |a: &&FairnessRow, b: &&FairnessRow| (a.unfair, a.verdict, a.timer) == (b.unfair, b.verdict, b.timer);
    group_names::best_tier_first(&mut rows, is_one_list, |row| &*view.groups.group(row.tier).name);
    let table = DataTable::new(
        Text::coded("fairness", "Whether a tier waits longer", "各等级是否被公平对待"),
        vec![
            words::text("timer", "timer", "时限"),
            words::text("tier", "tier", "等级"),
            words::count("decided", "decided", "已判定"),
            words::share("share", "in time", "按时率"),
            words::share("hi", "95 % up to", "95 % 上限"),
            words::share("rest_share", "others", "其他客户"),
            words::share("rest_lo", "95 % from", "95 % 下限"),
            DataColumn::new(ColumnFormat::Word, "verdict", "verdict", "结论"),
            DataColumn::new(ColumnFormat::YesNo, "unfair", "unfair", "不公平"),
        ],
        rows.iter().map(|row| {
            let [own, rest] = [row.own, row.rest];
            let shares = [
                own.share(),
                own.interval().map(|interval| interval.hi),
                rest.share(),
                rest.interval().map(|interval| interval.lo),
            ];
            let mut cells = vec![
                DataCell::Text(timer_name(view, row.timer)),
                DataCell::Text(words::group(view.groups.group(row.tier))),
                DataCell::Integer(own.decided),
            ];
            cells.extend(shares.map(DataCell::number));
            cells.extend([DataCell::word(row.verdict), DataCell::YesNo(row.unfair)]);
            cells
        }),
    );
    Section::titled(text!("Whether a tier waits longer", "各等级是否被公平对待"))
        .sentence(
            "Unfair: the tier's 95 % interval ends below where that of all other known customers begins.",
            "不公平：该等级按时率 95 % 区间的上限低于其他已知客户区间的下限。",
        )
        .table(table)
}

fn ageing(figures: &ContactFigures) -> Section {
    let of_kind = |kind| figures.ageing.iter().filter(move |row| row.kind == kind);
    let waiting = |kind, days: &str| of_kind(kind).filter(|row| row.days == days).map(|row| row.open).sum();
    let table = DataTable::new(
        Text::coded("ageing", "How long complaints and reports have been waiting", "投诉、举报未办结时长"),
        vec![
            words::text("days", "days", "天数"),
            words::count("complaint", "complaints", "投诉"),
            words::count("report", "reports", "举报"),
        ],
        of_kind(ContactKind::Complaint).map(|row| {
            let counts = [ContactKind::Complaint, ContactKind::Report].map(|kind| waiting(kind, row.days));
            [vec![DataCell::same(row.days)], counts.map(DataCell::Integer).to_vec()].concat()
        }),
    );
    let drawn = table.select(&["days", "complaint"]);
    Section::titled(text!("How long complaints and reports have been waiting", "投诉、举报未办结时长"))
        .sentence(
            "Not closed on the as-of day, whenever received; the first day of a span is in it, the last is not.",
            "截止日尚未办结的全部投诉、举报；天数含下限，不含上限。",
        )
        .table(table)
        .chart(charts::ageing(drawn).beside_its_table())
}

fn topic_name(view: &ServiceView, row: &TopicRow) -> Text {
    words::topic(view.policy, row.topic.id(view.policy))
}

fn topics(view: &ServiceView, figures: &ContactFigures) -> Section {
    let table = DataTable::new(
        Text::coded("topics", "What customers turned to us about", "诉求分类"),
        vec![
            DataColumn::new(ColumnFormat::Word, "kind", "kind", "类型"),
            words::topic_column(),
            words::count("contacts", "contacts", "件数"),
            words::share("share", "share", "占比"),
            words::share("cumulative", "cumulative", "累计占比"),
            DataColumn::new(ColumnFormat::YesNo, "vital", "vital few", "主要分类"),
            words::count("repeats", "repeated", "重复"),
            words::count("satisfied", "satisfied", "满意"),
            words::count("asked", "asked", "已回访"),
        ],
        figures.topics.iter().map(|row| {
            vec![
                DataCell::word(row.kind),
                DataCell::Text(topic_name(view, row)),
                DataCell::Integer(row.contacts),
                DataCell::number(row.share()),
                DataCell::number(row.cumulative_share()),
                DataCell::YesNo(row.is_vital()),
                DataCell::Integer(row.repeats),
                DataCell::Integer(row.satisfied),
                DataCell::Integer(row.asked),
            ]
        }),
    );
    let complaints = figures.topics.iter().filter(|row| row.kind == ContactKind::Complaint);
    let drawn = DataTable::new(
        Text::coded("complaint_topics", "Topics of complaints", "投诉分类"),
        vec![
            words::topic_column(),
            words::share("share", "share", "占比"),
            words::share("cumulative", "cumulative", "累计占比"),
        ],
        complaints.map(|row| {
            let shares = [row.share(), row.cumulative_share()].map(DataCell::number);
            [vec![DataCell::Text(topic_name(view, row))], shares.to_vec()].concat()
        }),
    );
    let section = Section::titled(text!("What customers turned to us about", "诉求分类"))
        .sentence(
            "Most contacts first, by kind. Vital few: the topics that make up the first 80 % of a kind.",
            "按类型，件数多的在前。主要分类：占该类诉求前 80 % 的分类。",
        )
        .table(table);
    if drawn.rows.is_empty() { section } else { section.chart(charts::complaint_topics(drawn)) }
}

fn rates(view: &ServiceView, withheld: &Withheld, figures: &ContactFigures) -> Vec<Section> {
    let mut rows: Vec<&RateRow> = Vec::new();
    for of_kind in figures.rates.chunk_by(|a, b| a.kind == b.kind) {
        let counts: Vec<_> = of_kind.iter().map(|row| (row.group, row.contacts)).collect();
        let shown = withheld.shown_counts(&counts);
        rows.extend(of_kind.iter().filter(|row| {
            let by = view.groups.group(row.group).by;
            let is_listed = matches!(by, GroupBy::All | GroupBy::Tier | GroupBy::Class);
            is_listed && shown.contains(&row.group) && row.contacts > 0
        }));
    }
    let group = |row: &RateRow| view.groups.group(row.group);
    let is_one_list = |a: &&RateRow, b: &&RateRow| (a.kind, group(a).by) == (b.kind, group(b).by);
    group_names::best_tier_first(&mut rows, is_one_list, |row| &*group(row).name);
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Word, "kind", "kind", "类型"),
        DataColumn::new(ColumnFormat::Word, "group_by", "by", "分组"),
        words::text("group", "group", "客户群"),
        words::count("contacts", "contacts", "件数"),
        words::number(1, "per_1000_a", "per 1,000 customers a year", "每千户每年"),
        words::count("repeats", "repeated", "重复"),
        words::count("satisfied", "satisfied", "满意"),
        words::count("asked", "asked", "已回访"),
    ];
    columns.extend(
        ContactState::ALL.iter().map(|state| words::count(state.code(), state.en(), state.zh()).as_detail()),
    );
    let table = DataTable::new(
        Text::coded("rates", "How often customers turned to us", "诉求频率"),
        columns,
        rows.into_iter().map(|row| {
            let group = view.groups.group(row.group);
            let mut cells = vec![
                DataCell::word(row.kind),
                DataCell::word(group.by),
                DataCell::Text(words::group(group)),
                DataCell::Integer(row.contacts),
                DataCell::number(row.per_1000_a()),
                DataCell::Integer(row.repeats),
                DataCell::Integer(row.satisfied),
                DataCell::Integer(row.asked),
            ];
            cells.extend(row.by_state.map(DataCell::Integer));
            cells
        }),
    );
    let often = Section::titled(text!("How often customers turned to us", "诉求频率"))
        .sentence("Contacts received in the period.", "报告期内受理的诉求。")
        .table(table);
    vec![often, states(view, figures)]
}

/// How far the contacts have come.
fn states(view: &ServiceView, figures: &ContactFigures) -> Section {
    let all = view.groups.all();
    let mut columns = vec![DataColumn::new(ColumnFormat::Word, "kind", "kind", "类型")];
    columns.extend(ContactState::ALL.iter().map(|state| words::count(state.code(), state.en(), state.zh())));
    let rows = figures.rates.iter().filter(|row| row.group == all && row.contacts > 0);
    let title = Text::coded("states", "How far contacts have come", "诉求办理环节");
    let table = DataTable::new(
        title,
        columns,
        rows.map(|row| {
            [vec![DataCell::word(row.kind)], row.by_state.map(DataCell::Integer).to_vec()].concat()
        }),
    );
    Section::titled(text!("How far contacts have come", "诉求办理环节"))
        .sentence("Contacts received in the period, by their last step.", "报告期内受理的诉求，按所处环节。")
        .table(table)
}

#[cfg(test)]
mod tests {
    use gridtier::text::Lang;
    use gridtier_service::group::{UNGRADED, UNKNOWN};

    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;

    #[test]
    fn a_tier_that_waits_longer_is_named_first() {
        let scene = LogScene::with_complaints();
        let figures = scene.contacts().unwrap();
        let sections = sections(&scene.view(), Some(&figures));
        let text = terminal::text(&sections, Lang::En.into());
        let concern = "unfair: Answer: special 0.0 % in time, the others 100.0 %";
        assert!(text.contains("Contacts received: 80; cases overdue: 40, done late: 0"), "{text}");
        assert!(text.find(concern).unwrap() < text.find("Timers").unwrap(), "{text}");
        let zh = terminal::text(&sections, Lang::Zh.into());
        assert!(zh.contains("不公平：答复：特级 special，按时率 0.0 %"), "{zh}");
    }

    #[test]
    fn tiers_of_few_customers_are_not_told() {
        let scene = LogScene::with_complaints();
        let figures = scene.contacts().unwrap();
        let view = ServiceView { min_count: 2, ..scene.view() };
        let text = terminal::text(&sections(&view, Some(&figures)), Lang::En.into());
        assert!(!text.contains("unfair: ") && !text.contains("grade-3"), "{text}");
        assert!(text.contains("Of the tiers that are shown, none"), "{text}");
    }

    #[test]
    fn waiting_complaints_and_their_topics_are_drawn() {
        let scene = LogScene::with_complaints();
        let figures = scene.contacts().unwrap();
        let sections = sections(&scene.view(), Some(&figures));
        let drawn: Vec<&str> = sections.iter().flat_map(Section::charts).map(|chart| chart.code()).collect();
        assert_eq!(drawn, ["complaint_topics", "complaints_waiting"]);
    }

    #[test]
    fn without_a_table_of_contacts_nothing_is_measured() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        assert!(scene.contacts().is_none());
        let text = terminal::text(&sections(&scene.view(), None), Lang::En.into());
        assert!(text.contains("Not measured"), "{text}");
    }

    #[test]
    fn tiers_are_named_also_without_one() {
        for code in [UNGRADED, UNKNOWN] {
            assert_ne!(words::tier(code).en, words::tier(code).zh);
        }
    }
}
