//! The monthly report 服务月报: problems first, every figure with last month and the same month a year ago, nothing left
//! out (SERVICE §8).

mod figure_words;
mod key_figures;

use std::collections::{BTreeMap, BTreeSet};

use gridtier::index::{count, index};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::due::DueReasons;
use gridtier_service::group::{GroupBy, GroupIx};
use gridtier_service::log::Correction;
use gridtier_service::monthly::MonthlyReport;
use gridtier_service::monthly::improvement::is_overdue;
use gridtier_service::monthly::judge::{FigureGap, FigureReading, FigureVerdict, MonthlyFigure};
use gridtier_service::period::Period;
use gridtier_service::policy::Measure;

use super::view::ServiceView;
use super::withhold::Withheld;
use super::words;
use crate::format::grouped;
use crate::section::{Block, Extent, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The sections of the report: problems, then the figures that a manager asks for first, then everything else.
#[must_use]
pub fn sections(view: &ServiceView, report: &MonthlyReport) -> Vec<Section> {
    let shown = shown_figures(view, report);
    let is_doubtful = report.coverage.iter().any(|row| row.doubt.is_some() || !row.present);
    let mut sections = vec![summary(view, report, &shown)];
    sections.extend(is_doubtful.then(|| coverage(report)));
    sections.push(figures(view, report, &shown, FigureVerdict::Breach));
    sections.extend(key_figures::sections(view, report, &shown));
    sections.push(figures(view, report, &shown, FigureVerdict::Worse));
    if view.names_customers() {
        sections.extend([complaints(view, report), corrections(view, report)]);
    }
    sections.push(match view.extent.is_whole() {
        true => figures(view, report, &shown, FigureVerdict::NotMeasured),
        false => gaps(&shown),
    });
    if view.extent.is_whole() {
        sections.push(figures(view, report, &shown, FigureVerdict::Same));
    }
    sections.push(figures(view, report, &shown, FigureVerdict::Better));
    sections.extend(view.names_customers().then(|| to_check(view, report)));
    sections.extend((!is_doubtful).then(|| coverage(report)));
    sections
}

/// The figures but those of groups that are withheld.
fn shown_figures<'r>(view: &ServiceView, report: &'r MonthlyReport) -> Vec<&'r MonthlyFigure> {
    if view.names_customers() {
        return report.figures.iter().collect();
    }
    let (withheld, reasons) = (Withheld::of(view), DueReasons::of(view.policy));
    let mut cases: BTreeMap<RowKey, Vec<(GroupIx, [i64; 3])>> = BTreeMap::new();
    for figure in &report.figures {
        let counts = CASES.contains(&(figure.table.name, &*figure.column));
        if let Some(tier) = tier_of(view, figure).filter(|_| counts && !is_availability(view, figure)) {
            let readings = [&figure.now, &figure.before, &figure.year_ago];
            let counts = readings.map(|reading| reading.numerator.unwrap_or(0));
            cases.entry(row_but_tier(figure)).or_default().push((tier, counts));
        }
    }
    let shown: BTreeMap<_, BTreeSet<GroupIx>> =
        cases.iter().map(|(row, counts)| (row, withheld.shown_of_periods(counts.iter().copied()))).collect();
    let figures = report.figures.iter().filter(|figure| {
        shows_row(view, &withheld, &reasons, figure)
            && tier_of(view, figure).is_none_or(|tier| {
                let of_row = shown.get(&row_but_tier(figure));
                of_row.map_or_else(|| withheld.shows(tier), |of_row| of_row.contains(&tier))
            })
    });
    figures.collect()
}

/// Of the tables by tier, the column that counts the cases.
const CASES: [(&str, &str); 7] = [
    ("reliability", "customers"),
    ("promises", "exposures"),
    ("delivered", "due"),
    ("units", "deliveries"),
    ("timers", "cases"),
    ("fairness", "decided"),
    ("rates", "contacts"),
];

/// The tier of a figure; `None` if it is of all customers or of no tier.
fn tier_of(view: &ServiceView, figure: &MonthlyFigure) -> Option<GroupIx> {
    let parts = figure.table.key.iter().zip(&figure.key);
    let name =
        parts.filter(|(column, _)| ["group", "tier"].contains(*column)).map(|(_, name)| name).next()?;
    let mut groups = view.groups.iter();
    groups.find(|(_, group)| group.by == GroupBy::Tier && group.name == *name).map(|(place, _)| place)
}

/// A table and the key of its row, without the tier.
type RowKey<'r> = (&'r str, Vec<&'r str>);

/// The table and the key of a figure, without its tier.
fn row_but_tier(figure: &MonthlyFigure) -> RowKey<'_> {
    let parts = figure.table.key.iter().zip(&figure.key);
    let others = parts.filter(|(column, _)| !["group", "tier"].contains(*column)).map(|(_, name)| &**name);
    (figure.table.name, others.collect())
}

/// Whether a figure is about availability, of which a group is one case.
fn is_availability(view: &ServiceView, figure: &MonthlyFigure) -> bool {
    figure.table.name == "promises"
        && view.policy.promises.iter().any(|promise| {
            promise.measure == Measure::Availability
                && figure.key.first().is_some_and(|id| **id == *promise.id)
        })
}

/// Whether the rule, or what was due, that a figure is about may be shown.
fn shows_row(view: &ServiceView, withheld: &Withheld, reasons: &DueReasons, figure: &MonthlyFigure) -> bool {
    let Some(id) = figure.key.first() else { return true };
    let policy = view.policy;
    match figure.table.name {
        "promises" => {
            let promise = policy.promises.iter().position(|promise| *promise.id == **id);
            promise.is_none_or(|promise| withheld.shows_promise(promise))
        }
        "timers" => {
            let timer = policy.timers.iter().position(|timer| *timer.id == **id);
            timer.is_none_or(|timer| withheld.shows_timer(timer))
        }
        "delivered" => {
            let reason = reasons.named(id);
            let service = figure.key.get(1).and_then(|service| view.catalogue.service(service));
            reason.zip(service).is_none_or(|(reason, service)| withheld.shows_due(reason, service))
        }
        _ => true,
    }
}

/// How many figures there are of each verdict.
fn summary(view: &ServiceView, report: &MonthlyReport, shown: &[&MonthlyFigure]) -> Section {
    let facts = FigureVerdict::ALL.iter().map(|&verdict| {
        let figures = shown.iter().filter(|figure| figure.verdict == verdict).count();
        (Text::of_word(verdict), Text::same(grouped(count(figures))))
    });
    let (before, year_ago) = (report.before.period, report.year_ago.period);
    let section =
        Section::titled(text!("Verdicts", "结论")).with(Block::Facts(facts.collect())).with(Block::Sentence(text!(
            "Figures with each verdict. Compared with {before} and {year_ago}, with the same log and the same tiers; what \
             cannot be compared is not called better.",
            "各结论的指标个数。与 {before}、{year_ago} 比较，采用同一服务记录和同一等级；无法比较的不视为好转。"
        )));
    if view.extent.is_whole() {
        return section.sentence(
            "The lists have every share, index and count, of all customers and by tier.",
            "全部比率、指数和数量（全体及各等级）均已列出。",
        );
    }
    let (files, files_zh) = match view.extent {
        Extent::Browsed { .. } => ("the workbook below lists", "下方的工作簿列出"),
        _ => ("the workbook and JSON list", "工作簿和 JSON 列出"),
    };
    section.sentence(
        format!(
            "Here are all limits missed, and the other figures of all customers; {files} every figure, also by tier."
        ),
        format!("此处列出全部未达标指标和其他指标的全体数值；{files_zh}全部指标（含各等级）。"),
    )
}

/// Whether a figure is of all customers, or of no customers in particular.
fn is_of_all(figure: &MonthlyFigure) -> bool {
    let mut parts = figure.table.key.iter().zip(&figure.key);
    parts.all(|(column, name)| !["group", "tier"].contains(column) || &**name == GroupBy::All.code())
}

/// What is not measured, or not to be compared, by table and reason.
fn gaps(shown: &[&MonthlyFigure]) -> Section {
    let section = Section::titled(verdict_heading(FigureVerdict::NotMeasured));
    let mut counts: BTreeMap<_, (Text, i64)> = BTreeMap::new();
    for figure in shown.iter().filter(|figure| figure.verdict == FigureVerdict::NotMeasured) {
        let Some(gap) = figure.gap else { continue };
        let name = || Text::coded(figure.table.name, figure.table.en, figure.table.zh);
        counts.entry((gap, figure.table.name)).or_insert_with(|| (name(), 0)).1 += 1;
    }
    if counts.is_empty() {
        return section.sentence("None.", "无。");
    }
    let table = DataTable::new(
        Text::coded("gaps", "Not measured, or not to be compared", "未计量或无法比较的指标"),
        vec![
            DataColumn::new(ColumnFormat::Word, "reason", "reason", "原因"),
            words::text("table", "figures about", "指标类别"),
            words::count("figures", "figures", "指标数"),
        ],
        counts.into_iter().map(|((gap, _), (name, figures))| {
            vec![DataCell::word(gap), DataCell::Text(name), DataCell::Integer(figures)]
        }),
    );
    section.table(table)
}

/// How many rows the tables have, and what is doubtful about them.
fn coverage(report: &MonthlyReport) -> Section {
    let table = DataTable::new(
        Text::coded("rows_of_month", "Rows of the log", "服务记录行数"),
        vec![
            words::text("table", "table", "数据表"),
            words::count("rows", "in the period", "本期"),
            words::count("rows_before", "last month", "上月"),
            words::count("rows_year_ago", "same month last year", "上年同月"),
            DataColumn::new(ColumnFormat::Word, "doubt", "doubt", "疑问"),
        ],
        report.coverage.iter().map(|row| {
            let doubt = match row.doubt {
                _ if !row.present => DataCell::word(FigureGap::TableAbsent),
                Some(doubt) => DataCell::word(doubt),
                None => DataCell::Blank,
            };
            let name = Text::coded(row.table.code(), row.table.en(), row.table.zh());
            let counts = [row.now, row.before, row.year_ago]
                .map(|count| if row.present { DataCell::Integer(count.rows) } else { DataCell::Missing });
            [vec![DataCell::Text(name)], counts.to_vec(), vec![doubt]].concat()
        }),
    );
    let section = Section::titled(text!("Rows of the log", "服务记录行数")).table(table);
    if report.coverage.iter().all(|row| row.doubt.is_none()) {
        return section;
    }
    section.sentence(
        "Rows of the period may be missing: figures that follow from these tables are never called better.",
        "本期可能缺少记录：由这些表得出的指标一律不视为好转。",
    )
}

fn verdict_heading(verdict: FigureVerdict) -> Text {
    match verdict {
        FigureVerdict::Breach => text!("Limits missed", "未达标的指标"),
        FigureVerdict::Worse => text!("Worse than last month", "较上月变差的指标"),
        FigureVerdict::NotMeasured => text!("Not measured, or not to be compared", "未计量或无法比较的指标"),
        FigureVerdict::Same => text!("No better or worse than last month", "与上月持平的指标"),
        FigureVerdict::Better => text!("Better than last month", "较上月好转的指标"),
    }
}

/// The figures of a verdict, in the order of their ids: all of them where limits are missed and where everything is listed,
/// else those of all customers.
fn figures(
    view: &ServiceView,
    report: &MonthlyReport,
    shown: &[&MonthlyFigure],
    verdict: FigureVerdict,
) -> Section {
    let of_verdict = || shown.iter().copied().filter(|figure| figure.verdict == verdict);
    let lists_tiers = view.extent.is_whole() || verdict == FigureVerdict::Breach;
    let listed: Vec<&MonthlyFigure> =
        of_verdict().filter(|figure| lists_tiers || is_of_all(figure)).take(view.most_rows).collect();
    let (heading, all) = (verdict_heading(verdict), of_verdict().count());
    let section = Section::titled(heading.clone());
    if all == 0 {
        return section.sentence("None.", "无。");
    }
    let names_gap = verdict == FigureVerdict::NotMeasured;
    let mut columns = reading_columns(report);
    if names_gap {
        columns.push(DataColumn::new(ColumnFormat::Word, "reason", "reason", "原因"));
    }
    let rows = listed.iter().map(|figure| {
        let mut cells = reading_cells(figure, figure_words::name(view, figure));
        if names_gap {
            cells.push(figure.gap.map_or(DataCell::Blank, DataCell::word));
        }
        cells
    });
    let Text { en, zh, .. } = heading;
    let table = DataTable::new(Text::coded(verdict.code(), en, zh), columns, rows);
    section.table(table).with_all(view.left_out(all - listed.len()))
}

/// The columns of a figure: its name, its value with numerator and denominator, last month, the same month a year
/// ago, its limit.
fn reading_columns(report: &MonthlyReport) -> Vec<DataColumn> {
    let parts = |code: &'static str| words::text(code, "of", "分子/分母");
    let period = |code: &'static str, period: Period| {
        let shown = period.to_string();
        DataColumn::new(ColumnFormat::Quantity, code, shown.clone(), shown)
    };
    vec![
        words::text("figure", "figure", "指标"),
        words::quantity("now", "this month", "本期"),
        parts("now_of"),
        period("before", report.before.period),
        parts("before_of").as_detail(),
        period("year_ago", report.year_ago.period),
        parts("year_ago_of").as_detail(),
        words::quantity("limit", "limit", "限值"),
    ]
}

/// The cells of [`reading_columns`].
fn reading_cells(figure: &MonthlyFigure, name: Text) -> Vec<DataCell> {
    // Programs read the id of a figure, people its name: the id is long and says the same.
    let mut cells = vec![DataCell::Text(Text::coded(figure.id(), name.en, name.zh))];
    for reading in [&figure.now, &figure.before, &figure.year_ago] {
        cells.extend([figure_words::value(figure, reading), of(reading)]);
    }
    cells.push(figure_words::number(figure, figure.limit));
    cells
}

/// Numerator and denominator.
fn of(reading: &FigureReading) -> DataCell {
    match (reading.numerator, reading.denominator) {
        (Some(numerator), Some(denominator)) => {
            let [numerator, denominator] = [numerator, denominator].map(grouped);
            DataCell::Text(Text::same(format!("{numerator}/{denominator}")))
        }
        _ => DataCell::Missing,
    }
}

fn complaints(view: &ServiceView, report: &MonthlyReport) -> Section {
    let section = Section::titled(text!("Complaints of the month", "本期投诉"));
    let Some(contacts) = &view.log.contacts else {
        return section.sentence("Not measured: there is no table of contacts.", "未计量：缺少诉求表。");
    };
    if report.complaints.is_empty() {
        return section.sentence("None was recorded.", "无投诉记录。");
    }
    let rows = report.complaints.iter().take(view.most_rows).map(|&place| {
        let contact = &contacts[index(place)];
        vec![
            DataCell::same(contact.id.to_string()),
            view.customer_cell(contact.customer),
            view.tier_cell(contact.customer),
            DataCell::Text(words::topic(view.policy, contact.topic.as_deref().unwrap_or_default())),
            words::time(Some(contact.received_at)),
            DataCell::word(contact.state()),
            contact.outcome.map_or(DataCell::Missing, DataCell::word),
        ]
    });
    let table = DataTable::new(
        Text::coded("complaints", "Complaints of the month", "本期投诉"),
        vec![
            words::id("contact_id", "contact", "诉求编号"),
            words::customer_column(),
            words::tier_column(),
            words::topic_column(),
            words::text("received_at", "received", "受理时间"),
            DataColumn::new(ColumnFormat::Word, "state", "state", "状态"),
            DataColumn::new(ColumnFormat::Word, "outcome", "outcome", "结论"),
        ],
        rows,
    );
    view.with_more(section.table(table), report.complaints.len())
}

fn correction_state(correction: &Correction, as_of: i32) -> Text {
    match correction.done_on {
        Some(day) => Text::coded(
            "done",
            format!("done on {}", words::day(day).en),
            format!("{}完成", words::day(day).zh),
        ),
        None if is_overdue(correction, as_of) => Text::coded("overdue", "overdue", "逾期未完成"),
        None => Text::coded("open", "open", "进行中"),
    }
}

fn corrections(view: &ServiceView, report: &MonthlyReport) -> Section {
    let section = Section::titled(text!("Corrections", "整改"));
    let Some(corrections) = &view.log.corrections else {
        return section.sentence("Not measured: there is no table of corrections.", "未计量：缺少整改表。");
    };
    if report.corrections.is_empty() {
        return section.sentence("None was opened, done or left open.", "本期无新增、完成或未完成的整改。");
    }
    let table = DataTable::new(
        Text::coded("corrections", "Corrections", "整改"),
        vec![
            words::id("correction_id", "correction", "整改编号"),
            DataColumn::new(ColumnFormat::Word, "about", "about", "对象"),
            words::text("action", "action", "措施"),
            words::text("opened_on", "opened", "提出日期"),
            words::text("due_on", "due", "到期日期"),
            words::text("state", "state", "状态"),
            DataColumn::new(ColumnFormat::Word, "result", "result", "结果"),
        ],
        report.corrections.iter().take(view.most_rows).map(|&place| {
            let correction = &corrections[index(place)];
            vec![
                DataCell::same(correction.id.to_string()),
                DataCell::word(correction.about),
                DataCell::same(correction.action.to_string()),
                DataCell::Text(words::day(correction.opened_on)),
                DataCell::Text(words::day(correction.due_on)),
                DataCell::Text(correction_state(correction, report.run.as_of)),
                correction.result.map_or(DataCell::Missing, DataCell::word),
            ]
        }),
    );
    view.with_more(section.table(table), report.corrections.len())
}

fn to_check(view: &ServiceView, report: &MonthlyReport) -> Section {
    let section = Section::titled(text!("What to check next", "下一步抽查"));
    let Some(deliveries) = &view.log.deliveries else {
        return section
            .sentence("Not measured: there is no table of deliveries.", "未计量：缺少服务记录表。");
    };
    if report.to_check.is_empty() {
        return section.sentence("Nothing was delivered.", "本期无已完成的服务。");
    }
    let table = DataTable::new(
        Text::coded("to_check", "What to check next", "下一步抽查"),
        vec![
            words::text("service", "service", "服务"),
            words::id("delivery_id", "delivery", "服务记录编号"),
            words::customer_column(),
            words::text("done_at", "done at", "完成时间"),
        ],
        report.to_check.iter().take(view.most_rows).map(|sampled| {
            let delivery = sampled.of(deliveries);
            vec![
                DataCell::Text(words::service(view.catalogue, sampled.service)),
                DataCell::same(delivery.id.to_string()),
                view.customer_cell(delivery.customer),
                words::time(delivery.done()),
            ]
        }),
    );
    let section = section.sentence(
        "Of each service 2 % of what was delivered, but at least five, drawn so that nobody can choose them.",
        "每项服务抽取已完成的 2 %，至少 5 项；抽取方法使任何人都无法挑选。",
    );
    view.with_more(section.table(table), report.to_check.len())
}

#[cfg(test)]
mod tests {
    use gridtier::text::{Lang, Voice};
    use gridtier_service::monthly::MonthlyReport;

    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;

    /// The ids of the figures of a table.
    fn ids(table: &DataTable) -> Vec<String> {
        let id =
            |cell: &DataCell| cell.value(Voice::Codes).shown(ColumnFormat::Text, Voice::Codes).into_owned();
        table.rows.iter().map(|row| id(&row.cells[0])).collect()
    }

    fn report(scene: &LogScene) -> MonthlyReport {
        MonthlyReport::of(scene.due_inputs(), scene.view().groups)
    }

    #[test]
    fn problems_come_first_and_every_figure_is_shown_once() {
        let scene = LogScene::with_complaints();
        let report = report(&scene);
        let view = ServiceView { most_rows: usize::MAX, extent: Extent::Whole, ..scene.view() };
        let sections = sections(&view, &report);
        let codes = FigureVerdict::ALL.iter().map(|verdict| verdict.code());
        let tables: Vec<&DataTable> = sections.iter().flat_map(Section::tables).collect();
        let of_verdicts: Vec<&&DataTable> = tables
            .iter()
            .filter(|table| codes.clone().any(|code| table.title.code.as_deref() == Some(code)))
            .collect();
        let listed: Vec<String> = of_verdicts.iter().flat_map(|table| ids(table)).collect();
        assert_eq!(listed, report.figures.iter().map(MonthlyFigure::id).collect::<Vec<_>>());
        let text = terminal::text(&sections, Lang::En.into());
        let place = |heading: &str| text.find(heading).unwrap_or_else(|| panic!("{heading}: {text}"));
        assert!(place("Limits missed") < place("Worse than last month"));
        assert!(place("Not measured, or") < place("No better or worse than"));
        let id = "timers/answer/tier/special/share";
        let row = ids(of_verdicts[0]).iter().position(|known| known == id);
        let cells = &of_verdicts[0].rows[row.expect("no complaint of the special tier was answered")].cells;
        let (en, zh) =
            ("Contacts in time: Answer, special: share on time", "诉求处理时限：答复，特级 special：按时率");
        assert_eq!(cells[0], DataCell::Text(Text::coded(id, en, zh)));
        assert_eq!(cells[2], DataCell::same("0/40"));
    }

    #[test]
    fn a_page_lists_what_concerns_all_customers_and_says_how_much_more_there_is() {
        let scene = LogScene::with_complaints();
        let report = report(&scene);
        let sections = sections(&scene.view(), &report);
        let table = |code: &str| {
            let mut tables = sections.iter().flat_map(Section::tables);
            tables.find(|table| table.title.code.as_deref() == Some(code))
        };
        assert!(ids(table("breach").unwrap()).iter().any(|id| id.contains("/tier/special/")));
        assert!(ids(table("key_figures").unwrap()).contains(&"timers/answer/all/all/share".to_owned()));
        assert_eq!(
            ids(table("key_figures_by_tier").unwrap()),
            ["timers/share/answer/tier", "rates/contacts/complaint/tier", "rates/contacts/report/tier"]
        );
        assert!(table("same").is_none() && table("gaps").is_some());
        for verdict in ["worse", "better"] {
            let listed = table(verdict).map(ids).unwrap_or_default();
            assert!(!listed.iter().any(|id| id.contains("/tier/")), "{listed:?}");
        }
    }

    #[test]
    fn names_are_words_in_both_languages_and_no_codes() {
        let scene = LogScene::with_complaints();
        for figure in &report(&scene).figures {
            let Text { en, zh, .. } = figure_words::name(&scene.view(), figure);
            assert!(!en.contains('_') && !zh.contains('_'), "{en} {zh}");
            assert!(!zh.is_ascii(), "{zh}");
        }
    }

    #[test]
    fn nobody_is_named_and_small_tiers_are_withheld_where_groups_are_to_be_large() {
        let scene = LogScene::with_complaints();
        let view = ServiceView { min_count: 2, most_rows: usize::MAX, ..scene.view() };
        let text = terminal::text(&sections(&view, &report(&scene)), Lang::En.into());
        for name in ["c00", "k00", "special"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
}
