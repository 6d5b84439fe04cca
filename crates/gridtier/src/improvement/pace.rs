//! From which month on a target can be reached, if the customer from now on does what the indicator asks.
//!
//! A cycle does not contain the value of each month, so the answers are bounds: the months that lower the value are
//! assumed to leave the window first. `gridtier explain --data` reads the values of the months and gives exact
//! answers.

use super::PlanItem;
use crate::index::{float, float_i64};
use crate::method::Method;
use crate::unit::{Month, Window, round_half_away};

/// The indicator that is a share of assessed months.
pub const POWER_FACTOR: &str = "power_factor_attainment";
/// Number of months in which an offence loses half of its points.
const HALF_LIFE_MONTHS: f64 = 12.0;
/// By how much a quotient may exceed a whole number because of rounding.
const TOLERANCE: f64 = 1e-9;

/// From which month on a target can be reached. The month is the last month of the first window that reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetPace {
    /// A share of the assessed months must reach the standard. Every month from now on is assumed to reach it.
    Months {
        /// Number of months that must reach the standard.
        needed: i64,
        /// Number of assessed months of the window.
        all: i64,
        /// The earliest month with which enough months reach the standard.
        earliest: Month,
    },
    /// Every bill from now on must be paid on time. The month is exact if the bills of all months are equal.
    Bills {
        /// The earliest month with which enough bills are paid on time.
        earliest: Month,
    },
    /// No offence may be added.
    Offences {
        /// The latest month with which the old offences have lost enough points.
        latest: Month,
    },
}

impl TargetPace {
    /// The month from which on the target can be reached.
    #[must_use]
    pub fn month(self) -> Month {
        match self {
            Self::Months { earliest: month, .. }
            | Self::Bills { earliest: month }
            | Self::Offences { latest: month } => month,
        }
    }
}

impl PlanItem {
    /// From which month on the target can be reached; `None` if it is reached already, or if the cycle lacks the
    /// numbers.
    #[must_use]
    pub fn pace(&self, method: &Method, window: Window) -> Option<TargetPace> {
        let (value, target) = (self.value?, self.target_value?);
        let month = |later: i64| Some(window.end.plus(i32::try_from(later).ok()? - 1));
        let length = float(crate::index::index(window.months));
        match method.indicators[usize::from(self.place)].id.as_str() {
            POWER_FACTOR if target > value => {
                let all = i64::from(self.assessed_months.filter(|&months| months > 0)?);
                let attained = round_half_away(value * float_i64(all));
                let needed = ceiling(target * float_i64(all));
                Some(TargetPace::Months { needed, all, earliest: month((needed - attained).max(1))? })
            }
            "on_time_payment" if target > value => {
                Some(TargetPace::Bills { earliest: month(ceiling((target - value) * length).max(1))? })
            }
            "violation_points" if target < value => {
                let later = if target > 0.0 { HALF_LIFE_MONTHS * (value / target).log2() } else { length };
                Some(TargetPace::Offences { latest: month(ceiling(later.min(length)).max(1))? })
            }
            _ => None,
        }
    }
}

/// Rounds up to a whole number. A number that exceeds a whole number by no more than [`TOLERANCE`] is taken to be
/// that whole number.
fn ceiling(number: f64) -> i64 {
    round_half_away((number - TOLERANCE).ceil())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::PRESETS;

    /// A customer's pace to a target, from a window of 24 months before 2026.
    fn pace(id: &str, value: f64, target: f64, assessed: Option<u32>) -> Option<TargetPace> {
        let method = Method::parse("m.toml", PRESETS[1].1).unwrap();
        let place = method.indicators.iter().position(|spec| spec.id == id).unwrap();
        let item = PlanItem {
            place: u16::try_from(place).unwrap(),
            value: Some(value),
            points: None,
            lost_e6: None,
            is_lever: true,
            target_points: None,
            target_value: Some(target),
            shown_target: None,
            due_on: 0,
            status: None,
            assessed_months: assessed,
        };
        item.pace(&method, Window { end: Month::new(2026, 1), months: 24 })
    }

    #[test]
    fn a_share_of_months_comes_nearer_by_every_month_from_now_on() {
        let earliest = Month::new(2026, 8);
        let of_24 = Some(TargetPace::Months { needed: 20, all: 24, earliest });
        assert_eq!(pace(POWER_FACTOR, 0.5, 0.82, Some(24)), of_24);
        assert_eq!(pace(POWER_FACTOR, 0.5, 20.0 / 24.0 + 1e-13, Some(24)), of_24);
        assert_eq!(pace(POWER_FACTOR, 0.5, 0.82, None), None, "how many months were assessed is not known");
        assert_eq!(pace(POWER_FACTOR, 0.5, 0.5, Some(24)), None, "the target is reached already");
    }

    #[test]
    fn targets_of_bills_paid_on_time_and_of_fading_offences_have_a_month() {
        let bills = Some(TargetPace::Bills { earliest: Month::new(2026, 6) });
        assert_eq!(pace("on_time_payment", 0.5, 0.75, None), bills);
        let halved = Some(TargetPace::Offences { latest: Month::new(2026, 12) });
        assert_eq!(pace("violation_points", 4.0, 2.0, None), halved);
        let gone = Some(TargetPace::Offences { latest: Month::new(2027, 12) });
        assert_eq!(pace("violation_points", 4.0, 0.0, None), gone);
        assert_eq!(pace("suggestion_points", 0.0, 2.0, None), None);
    }
}
