//! The report of a period: measured, compared, judged.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use gridtier::contract::ContactKind;

use crate::due::DueInputs;
use crate::group::Groups;
use crate::log::Log;
use crate::monthly::coverage::{LogCoverage, coverage};
use crate::monthly::facts::MonthFacts;
use crate::monthly::improvement::months_before;
use crate::monthly::judge::{FigureJudge, MonthlyFigure};
use crate::monthly::sample::{SampledDelivery, sample};
use crate::period::{Period, Run};

/// The monthly report.
#[derive(Clone, Debug)]
pub struct MonthlyReport {
    /// The period and the as-of day.
    pub run: Run,
    /// The period before it, of the same length, as of the same day.
    pub before: Run,
    /// The same period a year earlier, as of the same day.
    pub year_ago: Run,
    /// All figures, by verdict and id.
    pub figures: Vec<MonthlyFigure>,
    /// How many rows the log has of each table.
    pub coverage: Vec<LogCoverage>,
    /// The complaints received in the period: positions in the log.
    pub complaints: Vec<u32>,
    /// The corrections opened or done in the period, or not done: positions in the log.
    pub corrections: Vec<u32>,
    /// The deliveries to check next.
    pub to_check: Vec<SampledDelivery>,
}

impl MonthlyReport {
    /// The report of the period of `inputs`.
    #[must_use]
    pub fn of(inputs: DueInputs, groups: &Groups) -> Self {
        let DueInputs { policy, log, run, .. } = inputs;
        let measure = |run: Run| {
            let months = inputs.run.period.first.0 - run.period.first.0;
            (run, MonthFacts::measure(inputs, groups, run, months_before(run.as_of, months)))
        };
        let [now, before, year_ago] = compared_runs(run);
        let [now, before, year_ago] = thread::scope(|scope| {
            let before = scope.spawn(move || measure(before));
            let year_ago = scope.spawn(move || measure(year_ago));
            [measure(now), joined(before), joined(year_ago)]
        });
        let coverage = coverage(log, inputs.interruptions, now.0, before.0, year_ago.0);
        let judge = FigureJudge { policy, coverage: &coverage, facts: [&now.1, &before.1, &year_ago.1] };
        Self {
            run,
            before: before.0,
            year_ago: year_ago.0,
            figures: judge.figures(),
            complaints: complaints(log, run),
            corrections: corrections(log, run),
            to_check: log.deliveries.as_deref().map_or_else(Vec::new, |rows| sample(rows, run.period)),
            coverage,
        }
    }
}

/// The result of a thread, or its panic.
fn joined<T>(thread: ScopedJoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// A run, the period before it and the same period a year earlier, as of the same day.
#[must_use]
pub fn compared_runs(run: Run) -> [Run; 3] {
    let months = run.period.last.0 - run.period.first.0 + 1;
    [0, months, 12].map(|months| earlier(run, months))
}

/// The same period so many months earlier, as of the same day.
fn earlier(run: Run, months: i32) -> Run {
    let Period { first, last } = run.period;
    Run { period: Period { first: first.plus(-months), last: last.plus(-months) }, as_of: run.as_of }
}

fn complaints(log: &Log, run: Run) -> Vec<u32> {
    let contacts = (0..).zip(log.contacts.iter().flatten());
    let complaints =
        contacts.filter(|(_, one)| one.kind == ContactKind::Complaint && run.period.holds(one.received_at));
    complaints.map(|(place, _)| place).collect()
}

fn corrections(log: &Log, run: Run) -> Vec<u32> {
    let days = run.period.first_day()..run.period.end_day();
    let corrections = (0..).zip(log.corrections.iter().flatten()).filter(|(_, correction)| {
        days.contains(&correction.opened_on) || correction.done_on.is_none_or(|day| days.contains(&day))
    });
    corrections.map(|(place, _)| place).collect()
}
