//! The known past of a customer: the months, bills and events behind the customer's values.

use serde::Serialize;

use crate::billing::SettledBill;
use crate::contract::IncidentKind;
use crate::index::{count, float_i64, index};
use crate::plan::completion_e6;
use crate::unit::{Month, Window, date_of_day, round_half_away};
use crate::word::Word;

/// An explanation lists at most this many pieces of evidence of each kind.
pub const EVIDENCE_MAX: usize = 10;

/// A customer's past, for each account; a holder may have several accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The window.
    pub window: Window,
    /// The accounts.
    pub accounts: Vec<AccountHistory>,
}

/// The past of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountHistory {
    /// The account's id.
    pub id: String,
    /// Its energy in the months of the window that the meter's readings cover.
    pub energy: Vec<EnergyMonth>,
    /// The months whose power factor is assessed.
    pub power_factor: Vec<AssessedMonth>,
    /// The account's confirmed offences.
    pub offences: Vec<DatedOffence>,
    /// The account's bills; `None` if the data folder was not given.
    pub bills: Option<Vec<SettledBill>>,
    /// The account's plans in covered months; `None` if the data folder was not given.
    pub plans: Option<Vec<PlannedMonth>>,
}

/// The energy of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EnergyMonth {
    /// The month.
    pub month: Month,
    /// What was used, in Wh; `None` where a month is not covered by readings.
    pub active_wh: Option<i64>,
}

/// A month whose power factor is assessed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssessedMonth {
    /// The month.
    pub month: Month,
    /// Whether the power factor reaches the customer's standard.
    pub is_attained: bool,
    /// The power factor, rounded to two decimals.
    pub power_factor: f64,
}

/// A confirmed violation or theft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedOffence {
    /// The month of occurrence.
    pub month: Month,
    /// Violation or theft.
    pub kind: IncidentKind,
    /// The severity, from 1 to 5.
    pub severity: u8,
}

/// A covered month with a plan above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedMonth {
    /// The month.
    pub month: Month,
    /// The planned energy.
    pub planned_wh: i64,
    /// The energy used.
    pub actual_wh: i64,
}

impl PlannedMonth {
    /// The completion of the plan, 1 − min(1, |actual − plan| / plan), in 10⁻⁶.
    #[must_use]
    pub fn completion_e6(self) -> i64 {
        completion_e6(self.actual_wh, self.planned_wh)
    }
}

/// A bill, month or event that lowers the value of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The indicator whose value is lowered.
    pub indicator: &'static str,
    /// The account, if the customer has several.
    pub account: Option<String>,
    /// The month, such as 2025-03; for a bill, the month that it bills.
    pub month: Month,
    /// What kind of evidence it is.
    #[serde(flatten)]
    pub kind: EvidenceKind,
}

/// What lowered a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A bill of which a part was not paid by the due day.
    LateBill {
        /// The bill's id.
        bill_id: String,
        /// What was due on the bill, after reversals.
        due_fen: i64,
        /// The due day.
        due_on: String,
        /// The day on which nothing was left unpaid; null if something is owed at the window's end.
        paid_on: Option<String>,
        /// Days from the due day to the day on which nothing was left unpaid, or to the window's end.
        overdue_days: i32,
    },
    /// A month whose energy was far from its plan; the months farthest from their plans are listed.
    MissedPlan {
        /// The planned energy.
        planned_wh: i64,
        /// The energy used.
        actual_wh: i64,
        /// Completion of the plan, 0 to 1.
        completion: f64,
    },
    /// A month whose power factor is below the customer's standard.
    LowPowerFactor {
        /// The month's power factor.
        power_factor: f64,
    },
    /// A confirmed violation or theft.
    Offence {
        /// `violation` or `theft`.
        kind: &'static str,
        /// The severity, from 1 to 5.
        severity: u8,
    },
}

impl History {
    /// The energy of each month of the window: the sum of those accounts whose readings cover it, `None` where none does.
    pub(super) fn energy(&self) -> Vec<EnergyMonth> {
        (0..index(self.window.months))
            .map(|position| {
                let month = self.window.month(position);
                let accounts = self.accounts.iter().flat_map(|account| &account.energy);
                let known: Vec<i64> = accounts
                    .filter(|known| known.month == month)
                    .filter_map(|known| known.active_wh)
                    .collect();
                EnergyMonth { month, active_wh: (!known.is_empty()).then(|| known.iter().sum()) }
            })
            .collect()
    }

    /// Number of months whose power factor is assessed.
    #[must_use]
    pub fn power_factor_months(&self) -> i64 {
        let months: usize = self.accounts.iter().map(|account| account.power_factor.len()).sum();
        i64::try_from(count(months)).unwrap_or(i64::MAX)
    }

    /// Whether bills and plans are known.
    #[must_use]
    pub fn has_data(&self) -> bool {
        !self.accounts.is_empty() && self.accounts.iter().all(|account| account.bills.is_some())
    }

    /// The evidence of what lowers the customer's values: of each kind the latest, at most [`EVIDENCE_MAX`].
    #[must_use]
    pub fn evidence(&self) -> Vec<Evidence> {
        let end = self.window.end_day();
        let late = self.of_accounts(|account| {
            let bills = account.bills.iter().flatten();
            bills.filter_map(|bill| late_bill(bill, end)).collect()
        });
        let mut plans =
            self.of_accounts(|account| account.plans.iter().flatten().filter_map(missed).collect());
        plans.sort_by(|(_, _, a), (_, _, b)| completion(a).total_cmp(&completion(b)));
        plans.truncate(EVIDENCE_MAX);
        let low = self.of_accounts(|account| {
            let below = account.power_factor.iter().filter(|month| !month.is_attained);
            let kind =
                |month: &AssessedMonth| EvidenceKind::LowPowerFactor { power_factor: month.power_factor };
            below.map(|month| (month.month, kind(month))).collect()
        });
        let offences = self.of_accounts(|account| {
            let kind =
                |of: &DatedOffence| EvidenceKind::Offence { kind: of.kind.code(), severity: of.severity };
            account.offences.iter().map(|offence| (offence.month, kind(offence))).collect()
        });
        let kinds = [
            ("on_time_payment", late),
            ("plan_completion", plans),
            ("power_factor_attainment", low),
            ("violation_points", offences),
        ];
        kinds.into_iter().flat_map(|(indicator, all)| self.latest(indicator, all)).collect()
    }

    fn of_accounts<'a>(
        &'a self,
        of: impl Fn(&'a AccountHistory) -> Vec<(Month, EvidenceKind)>,
    ) -> Vec<(&'a str, Month, EvidenceKind)> {
        let all = self.accounts.iter().flat_map(|account| {
            of(account).into_iter().map(|(month, kind)| (account.id.as_str(), month, kind))
        });
        all.collect()
    }

    fn latest(&self, indicator: &'static str, mut all: Vec<(&str, Month, EvidenceKind)>) -> Vec<Evidence> {
        all.sort_by_key(|(_, month, _)| std::cmp::Reverse(*month));
        all.truncate(EVIDENCE_MAX);
        let has_several = self.accounts.len() > 1;
        let latest = all.into_iter().map(|(account, month, kind)| Evidence {
            indicator,
            account: has_several.then(|| account.to_owned()),
            month,
            kind,
        });
        latest.collect()
    }
}

fn late_bill(bill: &SettledBill, end: i32) -> Option<(Month, EvidenceKind)> {
    let day = |day: i32| date_of_day(day).map_or_else(String::new, |day| day.to_string());
    let is_late = bill.due_on < end && bill.on_time_fen < bill.due_fen;
    is_late.then(|| {
        let kind = EvidenceKind::LateBill {
            bill_id: bill.id.clone(),
            due_fen: i64::try_from(bill.due_fen).unwrap_or(i64::MAX),
            due_on: day(bill.due_on),
            paid_on: bill.paid_on.map(day),
            overdue_days: bill.paid_on.unwrap_or(end) - bill.due_on,
        };
        (bill.month, kind)
    })
}

fn missed(plan: &PlannedMonth) -> Option<(Month, EvidenceKind)> {
    let PlannedMonth { month, planned_wh, actual_wh } = *plan;
    let completion_e6 = plan.completion_e6();
    (completion_e6 < 1_000_000).then(|| {
        let completion = float_i64(completion_e6) / 1e6;
        (month, EvidenceKind::MissedPlan { planned_wh, actual_wh, completion })
    })
}

fn completion(kind: &EvidenceKind) -> f64 {
    if let EvidenceKind::MissedPlan { completion, .. } = kind { *completion } else { 1.0 }
}

/// The power factor that sums of energy give, rounded as people read it.
#[must_use]
pub fn power_factor(active_wh: i64, reactive_varh: i64) -> f64 {
    let [p, q] = [active_wh, reactive_varh].map(float_i64);
    float_i64(round_half_away(100.0 * p / p.hypot(q))) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(of: u32) -> Month {
        Month::new(2025, of)
    }

    fn history(accounts: Vec<AccountHistory>) -> History {
        History { window: Window { end: Month::new(2026, 1), months: 36 }, accounts }
    }

    #[test]
    fn energy_of_a_month_is_the_sum_of_the_accounts_that_know_it() {
        let account = |months: &[(u32, Option<i64>)]| AccountHistory {
            energy: months
                .iter()
                .map(|&(of, active_wh)| EnergyMonth { month: month(of), active_wh })
                .collect(),
            ..AccountHistory::default()
        };
        let accounts =
            vec![account(&[(1, Some(5)), (2, Some(0)), (3, None)]), account(&[(1, Some(7)), (3, None)])];
        let energy = history(accounts).energy();
        assert_eq!(energy.len(), 36);
        let of = |of: u32| energy.iter().find(|energy| energy.month == month(of)).unwrap().active_wh;
        assert_eq!([1, 2, 3, 4].map(of), [Some(12), Some(0), None, None]);
    }

    #[test]
    fn late_bills_are_listed_with_their_days_latest_first() {
        let bill = |of: u32, on_time_fen, paid_on: Option<i32>| SettledBill {
            id: format!("b{of}"),
            month: month(of),
            due_on: month(of).first_day() + 20,
            due_fen: 1_000,
            on_time_fen,
            overdue_fen_days: 0,
            paid_on,
        };
        let paid = month(3).first_day() + 25;
        let bills = vec![bill(3, 400, Some(paid)), bill(4, 1_000, Some(paid)), bill(12, 0, None)];
        let listed =
            history(vec![AccountHistory { bills: Some(bills), ..AccountHistory::default() }]).evidence();
        let days = |evidence: &Evidence| match &evidence.kind {
            EvidenceKind::LateBill { bill_id, paid_on, overdue_days, .. } => {
                (bill_id.clone(), paid_on.clone(), *overdue_days)
            }
            _ => unreachable!(),
        };
        let listed: Vec<_> = listed.iter().map(days).collect();
        assert_eq!(listed, [("b12".into(), None, 11), ("b3".into(), Some("2025-03-26".to_owned()), 5)]);
    }

    #[test]
    fn the_ten_months_farthest_from_their_plan_are_listed_by_month() {
        let plan = |of: u32| PlannedMonth {
            month: month(of),
            planned_wh: 1_000,
            actual_wh: if of == 5 { 1_000 } else { i64::from(100 * (of % 4)) + 400 },
        };
        let plans = (1..=12).map(plan).collect();
        let listed =
            history(vec![AccountHistory { plans: Some(plans), ..AccountHistory::default() }]).evidence();
        assert_eq!(listed.len(), EVIDENCE_MAX);
        assert!(listed.windows(2).all(|pair| pair[0].month > pair[1].month));
        assert!(
            listed.iter().all(|evidence| evidence.month != month(5)),
            "a plan that was kept is not listed"
        );
        assert!(listed.iter().any(|evidence| evidence.month == month(4)));
    }

    #[test]
    fn an_account_is_named_if_the_customer_has_several() {
        let account = |id: &str, of: u32| AccountHistory {
            id: id.into(),
            offences: vec![DatedOffence { month: month(of), kind: IncidentKind::Theft, severity: 3 }],
            ..AccountHistory::default()
        };
        let listed = history(vec![account("a", 3), account("b", 5)]).evidence();
        let accounts: Vec<_> = listed.iter().map(|evidence| evidence.account.as_deref()).collect();
        assert_eq!(accounts, [Some("b"), Some("a")]);
        assert_eq!(history(vec![account("a", 3)]).evidence()[0].account, None);
    }
}
