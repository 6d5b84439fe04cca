//! The first month after which a value would be good enough, if from now on the customer does what the indicator
//! asks.
//!
//! The window moves on month by month: old months leave it and new months enter. In the new months, the customer is
//! assumed to do what the indicator asks: bills are paid on the due day, what is owed is paid at once, every month
//! reaches the power-factor standard, plans are kept, and there is no offence. Each new bill is assumed to be as
//! large as the mean bill of the last twelve months. If the value computed from the old months differs from the
//! published value, there is no answer.

use super::history::{AccountHistory, History};
use crate::billing::SettledBill;
use crate::incident::points_e6;
use crate::index::float_i64;
use crate::unit::{Month, Window};

/// The indicator that is a share of months.
pub(super) const POWER_FACTOR: &str = "power_factor_attainment";
/// Number of latest months whose mean bill is used as the bill of each new month.
const RECENT_MONTHS: i32 = 12;
/// By how much the value computed from the old months may differ from the published value, because of rounding.
const TOLERANCE: f64 = 1e-9;

/// The first new month with which the indicator's value is good enough, within the length of a window.
pub(super) fn reached_with(
    history: &History,
    indicator: &str,
    now: f64,
    is_enough: impl Fn(f64) -> bool,
) -> Option<Month> {
    let computed = value_after(history, indicator, 0)?;
    if (computed - now).abs() > TOLERANCE * now.abs().max(1.0) {
        return None;
    }
    let length = i32::try_from(history.window.months).ok()?;
    let later =
        (1..=length).find(|&months| value_after(history, indicator, months).is_some_and(&is_enough))?;
    Some(history.window.end.plus(later - 1))
}

/// The value of an indicator after the window has moved on by a number of months.
fn value_after(history: &History, indicator: &str, months: i32) -> Option<f64> {
    let window = Window { end: history.window.end.plus(months), ..history.window };
    let accounts = history.accounts.iter();
    let sums = |of: &dyn Fn(&AccountHistory) -> Option<[f64; 2]>| {
        let mut parts = accounts.clone().map(of);
        parts.try_fold([0.0, 0.0], |sum, part| part.map(|part| [sum[0] + part[0], sum[1] + part[1]]))
    };
    let [sum, whole] = match indicator {
        "on_time_payment" => sums(&|account| Some(bills(account, history.window, window)?.0))?,
        "overdue_days" => sums(&|account| Some(bills(account, history.window, window)?.1))?,
        POWER_FACTOR => sums(&|account| Some(power_factor(account, history.window, window)))?,
        "plan_completion" => sums(&|account| plans(account, history.window, window))?,
        "violation_points" => {
            sums(&|account| Some([violations(account, window), 0.0])).map(|sum| [sum[0], 1.0])?
        }
        _ => return None,
    };
    (whole > 0.0).then(|| sum / whole)
}

/// Number of new months in the window.
fn new_months(old: Window, window: Window) -> i32 {
    window.end.0 - old.end.0
}

/// Two fractions, each as numerator and denominator: the share paid on time (fen paid on time / fen due), and the
/// days overdue (fen × days / fen due).
fn bills(account: &AccountHistory, old: Window, window: Window) -> Option<([f64; 2], [f64; 2])> {
    let all = account.bills.as_ref()?;
    let (mut due_fen, mut on_time_fen, mut fen_days) = (0i128, 0i128, 0i128);
    let end = window.end_day();
    for bill in all.iter().filter(|bill| bill.month >= window.start() && bill.due_on < end) {
        due_fen += bill.due_fen;
        // A bill that was not due yet is taken to be paid on its due day.
        let was_due = bill.due_on < old.end_day();
        on_time_fen += if was_due { bill.on_time_fen } else { bill.due_fen };
        fen_days += bill.overdue_fen_days;
    }
    let new_fen = new_bills_fen(all, old, window);
    let [due_fen, on_time_fen, fen_days] = [due_fen, on_time_fen, fen_days].map(|sum| sum as f64);
    Some(([on_time_fen + new_fen, due_fen + new_fen], [fen_days, due_fen + new_fen]))
}

/// Σ of the new bills that are due before the end of a window; the bill of each month is the mean of the last twelve
/// months.
fn new_bills_fen(all: &[SettledBill], old: Window, window: Window) -> f64 {
    let Some(last) = all.iter().max_by_key(|bill| (bill.month, bill.due_on)) else { return 0.0 };
    let first = all.iter().map(|bill| bill.month).min().unwrap_or(last.month);
    let recent = old.end.plus(-RECENT_MONTHS).max(first);
    let recent_fen: i128 = all.iter().filter(|bill| bill.month >= recent).map(|bill| bill.due_fen).sum();
    let months = (old.end.0 - recent.0).max(1);
    let days_to_pay = last.due_on - last.month.first_day();
    let due_on = (0..new_months(old, window)).map(|later| old.end.plus(later).first_day() + days_to_pay);
    let due = due_on.filter(|due_on| *due_on < window.end_day()).count();
    recent_fen as f64 / f64::from(months) * crate::index::float(due)
}

fn power_factor(account: &AccountHistory, old: Window, window: Window) -> [f64; 2] {
    let kept = || account.power_factor.iter().filter(|month| month.month >= window.start());
    let new = if account.power_factor.is_empty() { 0.0 } else { f64::from(new_months(old, window)) };
    let [attained, assessed] = [kept().filter(|month| month.is_attained).count(), kept().count()];
    [attained, assessed].map(|months| crate::index::float(months) + new)
}

fn plans(account: &AccountHistory, old: Window, window: Window) -> Option<[f64; 2]> {
    let all = account.plans.as_ref()?;
    let kept = || all.iter().filter(|plan| plan.month >= window.start());
    let new = if all.is_empty() { 0.0 } else { f64::from(new_months(old, window)) };
    let completion: i64 = kept().map(|plan| plan.completion_e6()).sum();
    Some([float_i64(completion) / 1e6 + new, crate::index::float(kept().count()) + new])
}

fn violations(account: &AccountHistory, window: Window) -> f64 {
    let kept = account.offences.iter().filter(|offence| offence.month >= window.start());
    let last = window.end.plus(-1);
    let points: i64 = kept.map(|offence| points_e6(offence.severity, last.0 - offence.month.0)).sum();
    float_i64(points) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::IncidentKind;
    use crate::explain::{AssessedMonth, DatedOffence, PlannedMonth};

    const WINDOW: Window = Window { end: Month(2026 * 12 - 1970 * 12), months: 24 };

    fn history(account: AccountHistory) -> History {
        History { window: WINDOW, accounts: vec![account] }
    }

    /// Bills of 24 months, due on the 21st; the latest `late` of them were paid ten days late.
    fn billed(late: usize) -> History {
        let bill = |at: usize| {
            let month = WINDOW.month(at);
            let is_late = at >= 24 - late;
            SettledBill {
                id: at.to_string(),
                month,
                due_on: month.first_day() + 20,
                due_fen: 1_000,
                on_time_fen: if is_late { 0 } else { 1_000 },
                overdue_fen_days: if is_late { 10_000 } else { 0 },
                paid_on: None,
            }
        };
        let bills = Some((0..24).map(bill).collect());
        history(AccountHistory { bills, ..AccountHistory::default() })
    }

    #[test]
    fn late_bills_lower_the_share_until_they_leave_the_window() {
        // The latest 6 of 24 bills are late: nothing changes for 18 months, then one late bill a month leaves the
        // window.
        let history = billed(6);
        let with = |enough: f64| reached_with(&history, "on_time_payment", 0.75, |value| value >= enough);
        assert_eq!(with(0.75), Some(Month::new(2026, 1)));
        assert_eq!(with(20.0 / 24.0), Some(Month::new(2027, 8)));
        assert_eq!(with(1.0), Some(Month::new(2027, 12)));
        let days = |enough: f64| reached_with(&history, "overdue_days", 2.5, |value| value <= enough);
        assert_eq!(days(0.0), Some(Month::new(2027, 12)));
        // The value computed from the old months differs from the published value, so there is no answer.
        assert_eq!(reached_with(&history, "on_time_payment", 0.8, |_| true), None);
    }

    #[test]
    fn bills_that_come_due_after_the_end_count_later() {
        let mut history = billed(24);
        let bills = history.accounts[0].bills.as_mut().unwrap();
        bills.iter_mut().for_each(|bill| bill.due_on += 20);
        // The bill of December is due in January.
        let now = 0.0;
        assert_eq!(value_after(&history, "on_time_payment", 0), Some(0.0));
        let first = value_after(&history, "on_time_payment", 1).unwrap();
        assert!((first - 1.0 / 23.0).abs() < 1e-12, "{first}");
        assert!(reached_with(&history, "on_time_payment", now, |value| value >= 1.0).is_some());
    }

    #[test]
    fn each_new_month_reaches_the_standard_and_its_plan_and_replaces_an_old_month() {
        let assessed =
            |at: usize| AssessedMonth { month: WINDOW.month(at), is_attained: at >= 12, power_factor: 0.8 };
        let planned = |at: usize| PlannedMonth {
            month: WINDOW.month(at),
            planned_wh: 10,
            actual_wh: if at < 12 { 5 } else { 10 },
        };
        let history = history(AccountHistory {
            power_factor: (0..24).map(assessed).collect(),
            plans: Some((0..24).map(planned).collect()),
            ..AccountHistory::default()
        });
        let with = |id: &str, now: f64, enough: f64| reached_with(&history, id, now, |value| value >= enough);
        assert_eq!(with(POWER_FACTOR, 0.5, 20.0 / 24.0), Some(Month::new(2026, 8)));
        assert_eq!(with("plan_completion", 0.75, 0.99), Some(Month::new(2026, 12)));
        assert_eq!(with("policy_fulfilment", 0.5, 0.6), None);
    }

    #[test]
    fn an_offence_fades_and_leaves_the_window() {
        let offence = DatedOffence { month: Month::new(2025, 12), kind: IncidentKind::Theft, severity: 4 };
        let history = history(AccountHistory { offences: vec![offence], ..AccountHistory::default() });
        let with = |enough: f64| reached_with(&history, "violation_points", 4.0, |value| value <= enough);
        assert_eq!(with(2.0), Some(Month::new(2026, 12)), "half of it after a year");
        assert_eq!(with(0.0), Some(Month::new(2027, 12)));
    }
}
