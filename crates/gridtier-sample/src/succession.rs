//! The same customers in the window that follows: which of them use more or less, behave better, commit offences, change
//! their voltage, move in or out, or are missing.
//!
//! A regrade has interesting results only if some customers change and most do not. What changes is drawn once for each
//! customer and window; everything else stays as it was, and energy continues at the level of the earlier window's end.

use gridtier::contract::{SupplyLevel, UseCategory};
use gridtier::unit::Window;

use crate::draw::{DrawPurpose, KeyedDraw, exp};
use crate::population::{OWN_TRANSFORMER_KVA, Payer, SampleCustomer, SampleUtility, months_of, newcomer};

/// Number of existing customers for each newcomer.
const CUSTOMERS_PER_NEWCOMER: u32 = 25;

impl SampleUtility {
    /// The utility in the window that follows, of the same length.
    #[must_use]
    pub fn next_window(&self) -> Self {
        let months = self.window.months;
        let window = Window { end: self.window.end.plus(months.cast_signed()), months };
        let before = u32::try_from(self.customers.len()).unwrap_or(u32::MAX);
        let newcomers = before.div_ceil(CUSTOMERS_PER_NEWCOMER);
        let old = self.customers.iter().map(|customer| later(self, customer, window));
        let new = (before..before + newcomers).map(|index| newcomer(self.seed, window, index, before));
        let first_month = self.first_month + months;
        Self::of(self.seed, window, first_month, old.chain(new).collect(), self.cadence, self.faults)
    }
}

/// A customer in the window that follows.
fn later(utility: &SampleUtility, customer: &SampleCustomer, window: Window) -> SampleCustomer {
    let mut draw = KeyedDraw::new(utility.seed, DrawPurpose::Change, customer.index, utility.first_month);
    let mut later = customer.clone();
    // Months count from the middle of a window.
    let years = f64::from(window.months) / 12.0;
    later.base_kwh *= exp((customer.growth * years).clamp(-1.5, 1.5));
    let (up, down) = (draw.range(0.10, 0.35), draw.range(-0.35, -0.10));
    later.growth = draw.pick(&[(10, up), (10, down), (80, customer.growth * 0.5)]);
    later.payer = payer(&mut draw, customer.payer);
    later.carelessness = match draw.unit() {
        luck if customer.carelessness > 1.0 && luck < 0.3 => 0.65,
        luck if customer.carelessness < 1.0 && luck < 0.03 => 6.0,
        _ => customer.carelessness,
    };
    change_voltage(&mut draw, &mut later);
    if let Some(standard) = later.power_factor_standard.filter(|_| draw.chance(0.15)) {
        // A compensator was installed.
        later.power_factor = (f64::from(standard) / 100.0 + draw.range(0.02, 0.06)).min(0.99);
    }
    move_out(&mut draw, &mut later, window);
    later
}

fn payer(draw: &mut KeyedDraw, payer: Payer) -> Payer {
    match payer {
        Payer::Bad => draw.pick(&[(30, Payer::Prompt), (70, Payer::Bad)]),
        Payer::Sloppy => draw.pick(&[(20, Payer::Automatic), (72, Payer::Sloppy), (8, Payer::Bad)]),
        Payer::Prompt => draw.pick(&[(5, Payer::Sloppy), (1, Payer::Bad), (94, Payer::Prompt)]),
        Payer::Automatic => Payer::Automatic,
    }
}

/// A business that needs a transformer of its own, or that gives it up.
fn change_voltage(draw: &mut KeyedDraw, customer: &mut SampleCustomer) {
    let is_business =
        matches!(customer.category, UseCategory::CommercialIndustrial | UseCategory::Agricultural);
    if !is_business || !draw.chance(0.03) {
        return;
    }
    if customer.is_high_voltage() {
        customer.supply_level = SupplyLevel::LowVoltage;
        customer.capacity_kva = Some(OWN_TRANSFORMER_KVA - 20);
        customer.power_factor_standard = None;
        customer.base_kwh *= 0.4;
    } else {
        let is_farm = customer.category == UseCategory::Agricultural;
        customer.supply_level = SupplyLevel::HighVoltage;
        customer.capacity_kva = Some(customer.capacity_kva.unwrap_or(0).max(OWN_TRANSFORMER_KVA));
        customer.power_factor_standard = Some(if is_farm { 80 } else { 85 });
        customer.base_kwh *= 1.6;
    }
}

/// Some customers close, and a few that did not close are missing from the export.
fn move_out(draw: &mut KeyedDraw, customer: &mut SampleCustomer, window: Window) {
    let (start, end) = (window.start().first_day(), window.end_day());
    let is_open = customer.closed_on.is_none_or(|day| day >= end);
    if is_open && draw.chance(0.04) {
        customer.closed_on = Some(draw.whole(start, end - 1));
    }
    customer.months = months_of(window, customer.opened_on, customer.closed_on);
    if is_open && customer.category == UseCategory::Residential && draw.chance(0.004) {
        customer.is_listed = false;
        customer.months = 0..0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gridtier::unit::Month;

    use super::*;
    use crate::{SampleCadence, SampleFaults};

    #[test]
    fn the_next_window_has_every_kind_of_change_and_most_customers_go_on() {
        let window = Window { end: Month::new(2026, 1), months: 36 };
        let first = SampleUtility::new(7, window, 3_000, SampleCadence::Monthly, SampleFaults::None);
        let next = first.next_window();
        assert_eq!((next.window.start(), next.window.end), (Month::new(2026, 1), Month::new(2029, 1)));
        assert_eq!(next.customers.len(), 3_120);
        let ids: BTreeSet<&str> = next.customers.iter().map(|customer| customer.id.as_str()).collect();
        assert_eq!(ids.len(), next.customers.len());
        let (start, end) = (next.window.start().first_day(), next.window.end_day());
        let pairs = || first.customers.iter().zip(&next.customers);
        let count = |holds: &dyn Fn(&SampleCustomer, &SampleCustomer) -> bool| {
            pairs().filter(|(before, after)| holds(before, after)).count()
        };
        assert!(pairs().all(|(before, after)| before.id == after.id && before.index == after.index));
        assert!(next.customers[3_000..].iter().all(|customer| (start..end).contains(&customer.opened_on)));
        let closed = count(&|before, after| before.closed_on != after.closed_on);
        let missing = count(&|_, after| !after.is_listed);
        let voltage = count(&|before, after| before.supply_level != after.supply_level);
        let (mended, worse) = (
            count(&|before, after| before.payer == Payer::Bad && after.payer != Payer::Bad),
            count(&|before, after| before.payer != Payer::Bad && after.payer == Payer::Bad),
        );
        let careless = count(&|before, after| before.carelessness < 1.0 && after.carelessness > 1.0);
        let kinds = [closed, missing, voltage, mended, worse, careless];
        assert!(kinds.iter().all(|customers| (3..200).contains(customers)), "{kinds:?}");
        let grown = count(&|before, after| after.growth > 0.1 && before.growth <= 0.1);
        assert!((150..600).contains(&grown), "{grown}");
    }
}
