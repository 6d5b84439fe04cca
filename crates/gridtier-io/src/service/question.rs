//! The questions that are asked of a service log, and their answers as sections and tables. The command and the web view ask
//! them alike.

use gridtier::error::Refusal;
use gridtier::limit::Breach;
use gridtier::output::Output;
use gridtier::run::Reconciled;
use gridtier::source::Finding;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::date_of_day;
use gridtier::word::Word as _;
use gridtier::words;
use gridtier_report::section::{Block, Extent, Section};
use gridtier_report::service::worklist::{self, NamedWorkList, WorkFilter, WorkListShown};
use gridtier_report::service::{ServiceView, absent_tables, contacts, delivered, head, monthly, promises};
use gridtier_report::summary::{advice, breach_lines, recorded_rows, recorded_rows_in_words};
use gridtier_report::table::DataTable;
use gridtier_service::contact_figures::ContactFigures;
use gridtier_service::delivered::Delivered;
use gridtier_service::monthly::MonthlyReport;
use gridtier_service::monthly::tables::tables;
use gridtier_service::promise_figures::PromiseFigures;
use gridtier_service::promise_months::PromiseMonth;
use serde_json::{Value, json};

use super::{MeasuredLog, ServiceLog};
use crate::store::StoredCycle;

words! {
    /// What is asked of a service log. The code is the name of the command.
    ServiceQuestion "question" {
        /// What became of the rows.
        Check "check" "Tables of the service log" "服务记录数据检查",
        /// Promises against what happened.
        Promises "promises" "Promises and reliability" "服务承诺与供电可靠性",
        /// Due against delivered.
        Delivered "delivered" "Services due and delivered" "服务应做与已做",
        /// How contacts were handled.
        Contacts "contacts" "Contacts of customers" "客户诉求",
        /// The work list.
        Due "due" "What is to be done next" "后续应做事项",
        /// The monthly report.
        Report "report" "Monthly report of service" "服务月报",
    }
}

/// What an answer is measured from.
#[derive(Clone, Copy)]
pub struct AskedLog<'a> {
    /// The log.
    pub measured: &'a MeasuredLog<'a>,
    /// The cycle that it was read against.
    pub cycle: &'a StoredCycle,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug)]
pub struct AnswerShown<'a> {
    /// Groups with fewer customers than this are withheld, and no customer is named if it is not 0.
    pub min_count: u64,
    /// Maximum number of rows of a list.
    pub most_rows: usize,
    /// Whether every figure is listed, and where the others are.
    pub extent: Extent,
    /// Which lines of the work list are shown.
    pub filter: &'a WorkFilter,
}

/// The figures that a question asks for. `None`: not measured, because a table is absent.
enum AnswerFigures<'a> {
    Rows,
    Promises(Option<Box<PromiseFigures>>, Vec<PromiseMonth>),
    Delivered(Option<Box<Delivered>>),
    Due(Option<Box<(Delivered, NamedWorkList)>>),
    Contacts(Option<Box<ContactFigures<'a>>>),
    Report(Box<MonthlyReport>),
}

/// The answer to a question.
pub struct ServiceAnswer<'a> {
    question: ServiceQuestion,
    asked: AskedLog<'a>,
    figures: AnswerFigures<'a>,
}

impl ServiceQuestion {
    /// The heading of its answer.
    #[must_use]
    pub fn heading(self) -> Text {
        Text::new(self.en(), self.zh())
    }

    /// Measures the answer. `is_drawn` asks for the months of promises too, which only charts and files show.
    #[must_use]
    pub fn answer(self, asked: AskedLog<'_>, is_drawn: bool) -> ServiceAnswer<'_> {
        let measured = asked.measured;
        let figures = match self {
            Self::Check => AnswerFigures::Rows,
            Self::Promises => {
                let months = if is_drawn { measured.promise_months() } else { Vec::new() };
                AnswerFigures::Promises(measured.promises().map(Box::new), months)
            }
            Self::Delivered => AnswerFigures::Delivered(measured.delivered().map(Box::new)),
            Self::Due => AnswerFigures::Due(measured.delivered().map(|figures| {
                let ServiceLog { base, policy, catalogue, run, .. } = measured.read;
                let list = NamedWorkList::of(base, catalogue, policy, *run, &figures);
                Box::new((figures, list))
            })),
            Self::Contacts => AnswerFigures::Contacts(measured.contacts().map(Box::new)),
            Self::Report => {
                let report = MonthlyReport::of(measured.due_inputs(), &measured.groups);
                AnswerFigures::Report(Box::new(report))
            }
        };
        ServiceAnswer { question: self, asked, figures }
    }
}

impl<'a> ServiceAnswer<'a> {
    /// The answer as sections.
    #[must_use]
    pub fn sections(&self, shown: AnswerShown<'_>) -> Vec<Section> {
        let [before, after] = self.around(shown);
        before.into_iter().chain(self.body(shown)).chain(after).collect()
    }

    /// What stands before and after the figures: what they were made from, and what became of the rows.
    pub(super) fn around(&self, shown: AnswerShown<'_>) -> [Vec<Section>; 2] {
        let measured = self.asked.measured;
        let mut before = head(&self.view(shown), self.question.heading());
        before.extend(absent_tables(&measured.absent()));
        [before, about_rows(self.question, measured, shown)]
    }

    /// The figures.
    pub(super) fn body(&self, shown: AnswerShown<'_>) -> Vec<Section> {
        let view = self.view(shown);
        match &self.figures {
            AnswerFigures::Rows => Vec::new(),
            AnswerFigures::Promises(figures, months) => promises::sections(&view, figures.as_deref(), months),
            AnswerFigures::Delivered(figures) => {
                delivered::sections(&view, &self.asked.measured.due_inputs(), figures.as_deref())
            }
            AnswerFigures::Due(figures) => match figures {
                Some(figures) => figures.1.sections(WorkListShown {
                    filter: shown.filter,
                    names_customers: view.names_customers(),
                    most_rows: shown.most_rows,
                    extent: shown.extent,
                }),
                None => worklist::absent(view.run),
            },
            AnswerFigures::Contacts(figures) => contacts::sections(&view, figures.as_deref()),
            AnswerFigures::Report(report) => monthly::sections(&view, report),
        }
    }

    /// The tables of a folder of results, without those that every folder has.
    #[must_use]
    pub fn tables(&self) -> Vec<Output<'_>> {
        let measured = self.asked.measured;
        match &self.figures {
            AnswerFigures::Rows => Vec::new(),
            AnswerFigures::Promises(figures, _) => measured.promise_tables(figures.as_deref()),
            AnswerFigures::Delivered(figures) => measured.delivered_tables(figures.as_deref()),
            AnswerFigures::Due(figures) => {
                measured.delivered_tables(figures.as_deref().map(|(figures, _)| figures))
            }
            AnswerFigures::Contacts(figures) => measured.contact_tables(figures.as_deref()),
            AnswerFigures::Report(report) => tables(report, measured.due_inputs()),
        }
    }

    /// All lines of the work list that a filter keeps; `None` if it is not asked for or not measured.
    #[must_use]
    pub fn work_list(&self, filter: &WorkFilter) -> Option<DataTable> {
        match &self.figures {
            AnswerFigures::Due(Some(figures)) => Some(figures.1.list(filter, usize::MAX)),
            _ => None,
        }
    }

    /// Whether it has a work list, whose lines a filter chooses.
    pub(super) fn has_work_list(&self) -> bool {
        matches!(self.figures, AnswerFigures::Due(Some(_)))
    }

    /// What it answers.
    pub(super) fn question(&self) -> ServiceQuestion {
        self.question
    }

    /// From the answer that is the work list: the answer what is due and delivered, which has the same figures, and the work
    /// list without the log.
    pub(super) fn into_delivered(self) -> (Self, Option<NamedWorkList>) {
        let (delivered, work_list) = match self.figures {
            AnswerFigures::Due(Some(figures)) => (Some(Box::new(figures.0)), Some(figures.1)),
            _ => (None, None),
        };
        let figures = AnswerFigures::Delivered(delivered);
        (Self { question: ServiceQuestion::Delivered, asked: self.asked, figures }, work_list)
    }

    fn view(&self, shown: AnswerShown<'_>) -> ServiceView<'a> {
        let AskedLog { measured, cycle } = self.asked;
        let ServiceLog { base, policy, catalogue, log, run, .. } = measured.read;
        ServiceView {
            base,
            groups: &measured.groups,
            policy,
            catalogue,
            log,
            run: *run,
            cycle: cycle.version,
            min_count: shown.min_count,
            most_rows: shown.most_rows,
            extent: shown.extent,
        }
    }

    /// What the answer was made from, as JSON.
    ///
    /// # Errors
    /// A file of the log cannot be hashed.
    pub fn about(&self) -> Result<Value, Refusal> {
        let AskedLog { measured, cycle } = self.asked;
        let log = measured.read;
        let absent: Vec<&str> = measured.absent().into_iter().map(|table| table.name()).collect();
        Ok(json!({
            "period": log.run.period.to_string(),
            "as_of": date_of_day(log.run.as_of).map(|day| day.to_string()),
            "cycle": cycle.version,
            "policy": { "name": log.policy.name, "version": log.policy.version },
            "absent_tables": absent,
            "beyond_limits": measured.breaches,
            "inputs": log.folder.inputs()?,
        }))
    }
}

/// What became of the rows: all of it for a check, else what is more than information.
fn about_rows(question: ServiceQuestion, measured: &MeasuredLog, shown: AnswerShown<'_>) -> Vec<Section> {
    let is_check = question == ServiceQuestion::Check;
    let doubtful = advice(&measured.findings);
    if !is_check && doubtful.is_none() {
        return Vec::new();
    }
    let extent = shown.extent;
    let examples = if shown.min_count == 0 { Examples::Shown } else { Examples::Withheld };
    let [rows, findings] = shown_rows(&measured.reconciliation(), &measured.findings, extent, examples);
    if is_check {
        return [rows, findings].into_iter().chain(doubtful).collect();
    }
    let section = match extent {
        // The heading is the title of the table, which a page then shows once.
        Extent::Browsed { .. } => Section::titled(text!("Rows", "数据行")).sentence(
            "Some rows are set aside: “Tables of the log” above says which, why, and what to do.",
            "部分行未计入：上方“数据检查”页列出是哪些行、原因及处理办法。",
        ),
        _ => Section::titled(text!("Rows of the tables", "数据行")).sentence(
            "Some rows are set aside. `gridtier service check` says which, why, and what to do.",
            "部分行未计入。用 `gridtier service check` 查看是哪些行、原因及处理办法。",
        ),
    };
    vec![section.with_all(rows.blocks)]
}

/// Whether findings have an example row, which may name a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Examples {
    Shown,
    Withheld,
}

/// The rows of each table and the findings; on a page of the web view the findings in words.
pub(crate) fn shown_rows(
    rows: &[Reconciled],
    findings: &[Finding],
    extent: Extent,
    examples: Examples,
) -> [Section; 2] {
    let mut findings = findings.to_vec();
    if examples == Examples::Withheld {
        findings.iter_mut().for_each(|finding| finding.example.clear());
    }
    match extent {
        Extent::Browsed { .. } => recorded_rows_in_words(rows, &findings),
        Extent::Brief | Extent::Whole => recorded_rows(rows, &findings),
    }
}

/// What `doubts` say as a section below the head of a result that is written into a file, which is read without the message
/// of the command.
#[must_use]
pub fn marked_doubtful(mut sections: Vec<Section>, doubts: Option<&Text>) -> Vec<Section> {
    let Some(Text { en, zh, .. }) = doubts else { return sections };
    let lines = en.lines().zip(zh.lines());
    let lines = lines.map(|(en, zh)| Text::new(en.trim().to_owned(), zh.trim().to_owned())).collect();
    let heading = text!("Doubtful results", "结果存疑");
    sections.insert(sections.len().min(1), Section::titled(heading).with(Block::Lines(lines)));
    sections
}

/// Says that results are doubtful, because findings exceed the limits of the cycle's method, and what to do (`fix`).
#[must_use]
pub fn doubtful(breaches: &[Breach], fix: Text) -> Text {
    let lines = breach_lines(breaches);
    text!(
        "findings exceed the limits of the cycle's method, so these results are doubtful{lines}\n  what to do: {fix}",
        "数据问题超出该周期评价方法的限值，结果存疑{lines}\n  处理办法：{fix}";
        lines, fix
    )
}
