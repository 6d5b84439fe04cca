//! All answers of a service log, kept without the log, for a view that shows them again and again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::date_of_day;
use gridtier::word::Word as _;
use gridtier_report::format::shell_word;
use gridtier_report::section::{Extent, Section};
use gridtier_report::service::worklist::{NamedWorkList, WorkFilter, WorkListShown};
use gridtier_service::period::Run;

use super::question::{AnswerShown, AskedLog, ServiceAnswer, ServiceQuestion, doubtful};
use super::{MeasuredLog, ServiceError, ServiceLog, ignored, open};
use crate::store::StoredCycle;

/// Rows of a list on a page, which people read and print.
pub const PAGE_ROWS: usize = 40;
/// Rows of a list in a workbook or JSON: more than a spreadsheet shows with ease are left to the folder.
pub const FILE_ROWS: usize = 100_000;
/// Rows of a list in a kept answer's files. The lists of all answers stay in memory.
const KEPT_ROWS: usize = 20_000;

/// The policy unless another is given.
const POLICY: &str = "paper";

/// Which service log is asked, and how its answers are shown.
#[derive(Clone, Debug)]
pub struct LogRequest {
    /// The service folder.
    pub data: PathBuf,
    /// The store of the cycles, for what a message says.
    pub store: PathBuf,
    /// The policy: a shipped one or a file.
    pub policy: String,
    /// Period and as-of day.
    pub run: Run,
    /// Groups with fewer customers than this are withheld, and no customer is named if it is not 0.
    pub min_count: u64,
}

impl LogRequest {
    /// What to do about results that are doubtful.
    #[must_use]
    pub fn fix(&self) -> Text {
        let [data, store] = [&self.data, &self.store].map(|path| path.display().to_string());
        let (data, store, period) = (shell_word(&data), shell_word(&store), self.run.period);
        let mut command = format!("gridtier service check {data} --store {store} --period {period}");
        if Run::new(period, None) != Some(self.run)
            && let Some(day) = date_of_day(self.run.as_of)
        {
            command.push_str(&format!(" --as-of {day}"));
        }
        if self.policy != POLICY {
            command.push_str(&format!(" --policy {}", shell_word(&self.policy)));
        }
        text!("see the rows with `{command} -o DIR`", "用 `{command} -o DIR` 查看有关行")
    }
}

/// Where a kept answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerPlace {
    /// On a page, which shows what matters most.
    Page,
    /// In the files that the page offers.
    File,
}

/// The answers of a service log to all questions.
pub struct KeptAnswers {
    /// Number of the cycle that the log was read against.
    pub cycle: u64,
    /// Why results are doubtful: findings exceed the limits of the cycle's method.
    pub doubts: Option<Text>,
    /// Names in the folder that belong to no table.
    pub ignored: Option<Text>,
    names_customers: bool,
    /// By the position of their question: for the page, and for its files.
    answers: BTreeMap<usize, [KeptSections; 2]>,
    work_list: Option<NamedWorkList>,
}

/// An answer in one place. Those of a work list are made when they are asked for, since a filter chooses its lines.
struct KeptSections {
    before: Vec<Section>,
    body: Vec<Section>,
    after: Vec<Section>,
}

impl KeptAnswers {
    /// Reads a log against a cycle and answers all questions. This may take long.
    ///
    /// # Errors
    /// The policy is wrong, or a file cannot be read.
    pub fn measure(request: &LogRequest, cycle: &StoredCycle) -> Result<Self, ServiceError> {
        let folder = open(&request.data)?;
        let ignored = ignored(&folder);
        let log = ServiceLog::read(folder, cycle, Some(&request.policy), request.run)?;
        let measured = MeasuredLog::of(&log, cycle)?;
        let mut kept = Self {
            cycle: cycle.version,
            doubts: (!measured.breaches.is_empty()).then(|| doubtful(&measured.breaches, request.fix())),
            ignored,
            names_customers: request.min_count == 0,
            answers: BTreeMap::new(),
            work_list: None,
        };
        // What is due and delivered follows from the figures of the work list.
        for &question in
            ServiceQuestion::ALL.iter().filter(|question| **question != ServiceQuestion::Delivered)
        {
            let answer = question.answer(AskedLog { measured: &measured, cycle }, true);
            kept.keep(&answer, request.min_count);
            if question == ServiceQuestion::Due {
                let (delivered, work_list) = answer.into_delivered();
                kept.keep(&delivered, request.min_count);
                kept.work_list = work_list;
            }
        }
        Ok(kept)
    }

    fn keep(&mut self, answer: &ServiceAnswer<'_>, min_count: u64) {
        let places = [AnswerPlace::Page, AnswerPlace::File];
        let sections = places.map(|place| KeptSections::of(answer, place, min_count));
        self.answers.insert(answer.question().position(), sections);
    }

    /// The answer to a question. Of a work list the lines that `filter` keeps.
    #[must_use]
    pub fn sections(
        &self,
        question: ServiceQuestion,
        place: AnswerPlace,
        filter: &WorkFilter,
    ) -> Vec<Section> {
        let Some(kept) = self.answers.get(&question.position()) else { return Vec::new() };
        let kept = &kept[usize::from(place == AnswerPlace::File)];
        let list = self.work_list.as_ref().filter(|_| question == ServiceQuestion::Due);
        let body = match list {
            Some(list) => list.sections(self.list_shown(place, filter)),
            None => kept.body.clone(),
        };
        kept.before.iter().cloned().chain(body).chain(kept.after.iter().cloned()).collect()
    }

    fn list_shown<'a>(&self, place: AnswerPlace, filter: &'a WorkFilter) -> WorkListShown<'a> {
        let (most_rows, extent) = match place {
            AnswerPlace::Page => (PAGE_ROWS, Extent::Browsed { page_rows: PAGE_ROWS, file_rows: FILE_ROWS }),
            AnswerPlace::File => (FILE_ROWS, Extent::Whole),
        };
        WorkListShown { filter, names_customers: self.names_customers, most_rows, extent }
    }

    /// The work list; `None` if it is not measured.
    #[must_use]
    pub fn work_list(&self) -> Option<&NamedWorkList> {
        self.work_list.as_ref()
    }

    /// About how many bytes of memory they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let places = self.answers.values().flatten();
        let sections = places.flat_map(|kept| [&kept.before, &kept.body, &kept.after]).flatten();
        let list = self.work_list.as_ref().map_or(0, NamedWorkList::bytes);
        sections.map(Section::bytes).sum::<usize>() + list
    }
}

impl KeptSections {
    fn of(answer: &ServiceAnswer<'_>, place: AnswerPlace, min_count: u64) -> Self {
        let (most_rows, extent) = match place {
            AnswerPlace::Page => (PAGE_ROWS, Extent::Browsed { page_rows: PAGE_ROWS, file_rows: KEPT_ROWS }),
            AnswerPlace::File => (KEPT_ROWS, Extent::Whole),
        };
        let shown = AnswerShown { min_count, most_rows, extent, filter: &WorkFilter::default() };
        let [before, after] = answer.around(shown);
        let body = if answer.has_work_list() { Vec::new() } else { answer.body(shown) };
        Self { before, body, after }
    }
}
