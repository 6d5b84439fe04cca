//! What a broken promise costs the utility, for contracts that say so (SERVICE §4).

use gridtier::contract::{Responsibility, UseCategory};
use gridtier::index::float_i64;

use crate::base::Member;
use crate::estimate::round;
use crate::policy::Compensation;

/// Hours of a year, over which the annual energy is spread.
const YEAR_HOURS: f64 = 8_760.0;

/// Minimum length in seconds: a shorter interruption is compensated as if it had lasted an hour.
const HOUR_S: i64 = 3_600;

impl Compensation {
    /// What a breach costs, in fen; `None` if it depends on an indicator that is unknown.
    ///
    /// By `energy`: nothing unless the utility is `responsible`. That is `None` if the breach does not belong to a
    /// single outage. Otherwise the price of the energy that the customer would have used in the `seconds` of the
    /// interruption, at least an hour, times the multiple of its tariff (供电营业规则 2024): round(times·annual
    /// energy/8760·(max(s, 3600)/3600)·average price·100).
    #[must_use]
    pub fn fen(self, member: &Member, responsible: Option<Responsibility>, seconds: i64) -> Option<i64> {
        match self {
            Self::Fixed(fen) => Some(fen),
            Self::Energy { .. } if responsible != Some(Responsibility::Utility) => Some(0),
            Self::Energy { two_part, single } => {
                let is_two_part = member.use_category == UseCategory::LargeIndustrial;
                let times = if is_two_part { two_part } else { single };
                let hours = float_i64(seconds.max(HOUR_S)) / float_i64(HOUR_S);
                let yuan = times * member.annual_energy_kwh? / YEAR_HOURS * hours * member.average_price?;
                Some(round(yuan * 100.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::member;

    const ENERGY: Compensation = Compensation::Energy { two_part: 5.0, single: 4.0 };

    fn customer(use_category: UseCategory) -> Member {
        let (annual_energy_kwh, average_price) = (Some(87_600.0), Some(0.65));
        Member { use_category, annual_energy_kwh, average_price, ..member("East") }
    }

    #[test]
    fn vector_11_the_price_of_the_energy_that_was_not_supplied() {
        let utility = Some(Responsibility::Utility);
        let large = customer(UseCategory::LargeIndustrial);
        let of_lengths = [1_800, 3_600, 9_000].map(|seconds| ENERGY.fen(&large, utility, seconds));
        assert_eq!(of_lengths, [Some(3_250), Some(3_250), Some(8_125)]);
        assert_eq!(ENERGY.fen(&customer(UseCategory::Residential), utility, 9_000), Some(6_500));
        assert_eq!(ENERGY.fen(&large, Some(Responsibility::ThirdParty), 9_000), Some(0));
    }

    #[test]
    fn an_unknown_indicator_leaves_it_unknown_only_if_the_utility_is_responsible() {
        let unknown = member("East");
        let priced = Member { annual_energy_kwh: None, ..customer(UseCategory::Other) };
        assert_eq!(ENERGY.fen(&unknown, Some(Responsibility::Utility), 60), None);
        assert_eq!(ENERGY.fen(&priced, Some(Responsibility::Utility), 60), None);
        assert_eq!(ENERGY.fen(&unknown, Some(Responsibility::Customer), 60), Some(0));
        assert_eq!(ENERGY.fen(&unknown, None, 60), Some(0));
    }

    #[test]
    fn a_fixed_amount_asks_for_nothing() {
        assert_eq!(Compensation::Fixed(5_000).fen(&member("East"), None, 0), Some(5_000));
    }
}
