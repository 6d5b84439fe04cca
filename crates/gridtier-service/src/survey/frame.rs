//! The frame of a survey: the customers that its results describe, in all and by group (SERVICE §1).

use std::collections::BTreeMap;

use gridtier::contract::UseCategory;
use gridtier::index::{CustomerIx, float};

use crate::base::Base;
use crate::estimate::nano;

/// The customers with a tier that are open on the as-of day.
pub struct Frame<'b> {
    /// All customers.
    pub base: &'b Base,
    is_in: Vec<bool>,
    /// For each use category, the known average prices of the customers of the frame in steps of 10⁻⁹, ascending.
    prices: BTreeMap<UseCategory, Vec<i64>>,
}

impl<'b> Frame<'b> {
    /// The frame on a day, in days since 1970-01-01.
    #[must_use]
    pub fn of(base: &'b Base, as_of: i32) -> Self {
        let is_in: Vec<bool> =
            base.members.iter().map(|member| member.tier.is_some() && member.is_open(as_of)).collect();
        let mut prices: BTreeMap<UseCategory, Vec<i64>> = BTreeMap::new();
        for (member, _) in base.members.iter().zip(&is_in).filter(|(_, is_in)| **is_in) {
            prices.entry(member.use_category).or_default().extend(member.average_price.map(nano));
        }
        prices.values_mut().for_each(|prices| prices.sort_unstable());
        Self { base, is_in, prices }
    }

    /// Whether a customer is in the frame.
    #[must_use]
    pub fn holds(&self, customer: CustomerIx) -> bool {
        self.is_in[customer.index()]
    }

    /// The customers of the frame in order.
    pub fn customers(&self) -> impl Iterator<Item = CustomerIx> {
        self.base.customers().filter(|customer| self.holds(*customer))
    }

    /// Where a customer's average price lies among those of its use category in the frame, in percent: 100 × (count
    /// below + ½ count equal)/n (SPEC §5), where prices that agree in steps of 10⁻⁹ are equal (SERVICE §1). `None` if the price, or every price of the category, is unknown.
    #[must_use]
    pub fn price_percentile(&self, customer: CustomerIx) -> Option<f64> {
        let member = self.base.member(customer);
        let (price, prices) = (nano(member.average_price?), self.prices.get(&member.use_category)?);
        let below = prices.partition_point(|other| *other < price);
        let upto = prices.partition_point(|other| *other <= price);
        let halves = below + upto;
        (!prices.is_empty()).then(|| 100.0 * (0.5 * float(halves)) / float(prices.len()))
    }
}

#[cfg(test)]
mod tests {
    use gridtier::method::Tier;

    use super::*;
    use crate::base::Member;
    use crate::fixture::{base, day, member};

    fn priced(average_price: Option<f64>) -> Member {
        Member { tier: Some(Tier::Grade2), average_price, ..member("East") }
    }

    #[test]
    fn the_frame_holds_the_customers_with_a_tier_that_are_open_on_the_day() {
        let base = base(vec![
            ("closed", Member { closed_on: Some(day("2026-05-31")), ..priced(None) }),
            ("last day", Member { closed_on: Some(day("2026-06-01")), ..priced(None) }),
            ("not yet", Member { opened_on: day("2026-06-02"), ..priced(None) }),
            ("ungraded", member("East")),
        ]);
        let frame = Frame::of(&base, day("2026-06-01"));
        assert_eq!(frame.customers().map(|customer| base.id(customer)).collect::<Vec<_>>(), ["last day"]);
    }

    #[test]
    fn a_price_is_placed_among_those_of_its_use_category_in_the_frame() {
        let home = |price| Member { use_category: UseCategory::Residential, ..priced(Some(price)) };
        let base = base(vec![
            ("1", priced(Some(0.5))),
            ("2", priced(Some(0.6))),
            ("3", priced(Some(0.6))),
            ("4", priced(Some(0.9))),
            ("5", home(0.4)),
            ("6", Member { tier: None, ..priced(Some(0.7)) }),
            ("7", priced(None)),
            ("8", Member { tier: None, use_category: UseCategory::Agricultural, ..priced(Some(0.7)) }),
        ]);
        let frame = Frame::of(&base, day("2026-06-01"));
        let percentiles = base.customers().map(|customer| frame.price_percentile(customer));
        assert_eq!(
            percentiles.collect::<Vec<_>>(),
            [Some(12.5), Some(50.0), Some(50.0), Some(87.5), Some(50.0), Some(75.0), None, None]
        );
    }

    #[test]
    fn prices_that_agree_in_steps_of_a_billionth_are_equal() {
        let base = base(vec![
            ("a", priced(Some(0.650_000_000_1))),
            ("b", priced(Some(0.650_000_000_2))),
            ("c", priced(Some(0.7))),
        ]);
        let frame = Frame::of(&base, day("2026-06-01"));
        let percentiles: Vec<_> = base.customers().map(|customer| frame.price_percentile(customer)).collect();
        assert_eq!(percentiles[0], percentiles[1]);
        assert_eq!(percentiles[0], Some(100.0 / 3.0));
    }
}
