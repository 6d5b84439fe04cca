//! Quality checks and what is being put right.

use gridtier::contract::{CheckSubject, CorrectionResult, CorrectionSubject};
use gridtier::output::Output;
use gridtier::unit::Month;
use gridtier::word::Word;

use crate::estimate::quotient;
use crate::log::{Check, Correction};
use crate::output::{INTEGER, NUMBER, TEXT, full, integers, nullable, numbers, table, text};
use crate::period::Period;

/// The name of the row about all checks, or all corrections.
pub const ALL: &str = "all";

/// The checks of the period about one subject, or about all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// The subject's code, or `all`.
    pub subject: &'static str,
    /// How many were looked at.
    pub sampled: i64,
    /// How many of them failed.
    pub failed: i64,
}

/// Adds up the checks of a period: of all, then by subject in the order of the codes' bytes.
#[must_use]
pub fn check_rows(checks: &[Check], period: Period) -> Vec<CheckRow> {
    let days = period.first_day()..period.end_day();
    let in_period: Vec<&Check> = checks.iter().filter(|check| days.contains(&check.checked_on)).collect();
    let subjects = CheckSubject::ALL.iter().copied().map(Some).chain([None]);
    let mut rows: Vec<CheckRow> = subjects.map(|subject| check_row(&in_period, subject)).collect();
    rows.sort_by_key(|row| row.subject);
    rows
}

/// The sum over the checks of a subject; over all of them if it is `None`.
fn check_row(checks: &[&Check], subject: Option<CheckSubject>) -> CheckRow {
    let mut row = CheckRow { subject: subject.map_or(ALL, Word::code), sampled: 0, failed: 0 };
    for check in checks.iter().filter(|check| subject.is_none_or(|subject| check.subject == subject)) {
        row.sampled = row.sampled.saturating_add(check.sampled);
        row.failed = row.failed.saturating_add(check.failed);
    }
    row
}

/// The corrections about one subject, or about all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// The subject's code, or `all`.
    pub about: &'static str,
    /// Opened in the period.
    pub opened: i64,
    /// Not done at the end of their last day, whenever they were opened.
    pub overdue: i64,
    /// Done in the period.
    pub done: i64,
    /// Of these, without effect.
    pub ineffective: i64,
}

/// Counts corrections of a period: of all, then by subject in the order of the codes' bytes. What is overdue is so at
/// 00:00 of the day `as_of`.
#[must_use]
pub fn correction_rows(corrections: &[Correction], period: Period, as_of: i32) -> Vec<CorrectionRow> {
    let subjects = CorrectionSubject::ALL.iter().copied().map(Some).chain([None]);
    let mut rows: Vec<CorrectionRow> =
        subjects.map(|about| correction_row(corrections, about, period, as_of)).collect();
    rows.sort_by_key(|row| row.about);
    rows
}

/// The counts of the corrections about a subject; of all of them if it is `None`.
fn correction_row(
    corrections: &[Correction],
    about: Option<CorrectionSubject>,
    period: Period,
    as_of: i32,
) -> CorrectionRow {
    let days = period.first_day()..period.end_day();
    let mut row = CorrectionRow {
        about: about.map_or(ALL, Word::code),
        opened: 0,
        overdue: 0,
        done: 0,
        ineffective: 0,
    };
    for one in corrections.iter().filter(|one| about.is_none_or(|about| one.about == about)) {
        let is_done = one.done_on.is_some_and(|day| days.contains(&day));
        row.opened += i64::from(days.contains(&one.opened_on));
        row.overdue += i64::from(is_overdue(one, as_of));
        row.done += i64::from(is_done);
        row.ineffective += i64::from(is_done && one.result == Some(CorrectionResult::Ineffective));
    }
    row
}

/// Whether a correction was opened before a day, was due before it, and was not done before it.
#[must_use]
pub fn is_overdue(correction: &Correction, as_of: i32) -> bool {
    let is_open = correction.opened_on < as_of && correction.done_on.is_none_or(|day| day >= as_of);
    is_open && correction.due_on < as_of
}

/// The same day of another month, or the last of that month.
#[must_use]
pub fn months_before(day: i32, months: i32) -> i32 {
    let Some(month) = Month::of_day(day) else { return day };
    let to = month.plus(-months);
    let last = to.plus(1).first_day() - 1;
    (to.first_day() + day - month.first_day()).min(last)
}

/// The table of checks.
pub(super) fn checks_table<'a>(rows: Vec<CheckRow>) -> Output<'a> {
    let fields = vec![
        full("subject", TEXT),
        full("sampled", INTEGER),
        full("failed", INTEGER),
        nullable("share", NUMBER),
    ];
    table("checks", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.subject))),
            integers(rows.iter().map(|row| Some(row.sampled))),
            integers(rows.iter().map(|row| Some(row.failed))),
            numbers(rows.iter().map(|row| quotient(row.failed, row.sampled))),
        ]
    })
}

/// The table of corrections.
pub(super) fn corrections_table<'a>(rows: Vec<CorrectionRow>) -> Output<'a> {
    let counts = ["opened", "overdue", "done", "ineffective"].map(|name| full(name, INTEGER));
    let fields = [full("about", TEXT)].into_iter().chain(counts).collect();
    table("corrections", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|row| Some(row.about))),
            integers(rows.iter().map(|row| Some(row.opened))),
            integers(rows.iter().map(|row| Some(row.overdue))),
            integers(rows.iter().map(|row| Some(row.done))),
            integers(rows.iter().map(|row| Some(row.ineffective))),
        ]
    })
}
