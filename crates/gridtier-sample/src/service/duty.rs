//! Whom the utility visits how often. A utility visits by tier, which the sample does not know: it is estimated from
//! what an invented customer is like, by supply level as tiers are. In doubt a customer is visited rather more often.

use gridtier::contract::{ImportanceLevel, LoadClass, SupplyLevel};
use gridtier::index::{count, index, index_u64};
use gridtier::word::Word;

use super::year::{ServiceLevel, ServiceYear};
use crate::population::{Payer, SampleCustomer};

/// Of a hundred customers of a supply level, how many are served as those of the best tier, and of the best two. A few
/// more than have these tiers: few of these then go without.
const SERVED: [u64; 2] = [18, 52];
/// Customers of a hundred whose energy is below and above the range within which energy counts.
const CUT: u64 = 1;

/// How much service each customer gets.
pub struct Duties {
    levels: Vec<ServiceLevel>,
}

impl Duties {
    pub fn new(year: &ServiceYear) -> Self {
        let customers = &year.utility.customers;
        let mut sizes: Vec<f64> = customers.iter().map(|customer| magnitude(customer.base_kwh)).collect();
        sizes.sort_by(f64::total_cmp);
        let quantile = |percent: u64| {
            let place = index_u64(count(sizes.len()) * percent / 100);
            sizes.get(place).or(sizes.last()).copied().unwrap_or_default()
        };
        let range = [quantile(CUT), quantile(100 - CUT)];
        let mut levels = vec![ServiceLevel::Low; customers.len()];
        for &level in SupplyLevel::ALL {
            let of_level = customers.iter().filter(|customer| {
                // Who has left is not ranked.
                customer.supply_level == level && year.is_open(customer.index, year.end() - 1)
            });
            let mut order: Vec<(f64, u32)> =
                of_level.map(|customer| (value(customer, range), customer.index)).collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            for (place, (_, customer)) in (0..).zip(&order) {
                levels[index(*customer)] = match place * 100 / count(order.len()) {
                    percent if percent < SERVED[0] => ServiceLevel::High,
                    percent if percent < SERVED[1] => ServiceLevel::Middle,
                    _ => ServiceLevel::Low,
                };
            }
        }
        Self { levels }
    }

    pub fn level(&self, customer: u32) -> ServiceLevel {
        self.levels[index(customer)]
    }
}

/// About the logarithm to base 2, the same on every machine: exponent and mantissa of the number.
fn magnitude(number: f64) -> f64 {
    const UNIT: f64 = (1_u64 << 52) as f64;
    number.max(1.0).to_bits() as f64 / UNIT
}

/// About the points of a score that tell customers of a supply level apart, by the weights of the method `utility`: energy
/// and revenue, price, growth, importance, payment, power factor, and what the customer does when it is asked.
fn value(customer: &SampleCustomer, [least, most]: [f64; 2]) -> f64 {
    let energy = (magnitude(customer.base_kwh) - least) / (most - least).max(f64::MIN_POSITIVE);
    let price = (gridtier::index::float_i64(customer.profile().price_e4) - 4_500.0) / 4_000.0;
    let growth = (customer.growth + 0.15) / 0.4;
    let importance = match customer.importance_level {
        Some(ImportanceLevel::Special) => 1.0,
        Some(ImportanceLevel::First) => 0.8,
        Some(ImportanceLevel::Second) => 0.5,
        Some(ImportanceLevel::Temporary) => 0.3,
        None => 0.0_f64,
    };
    let importance = importance.max(match customer.load_class {
        Some(LoadClass::First) => 0.6,
        Some(LoadClass::Second) => 0.3,
        _ => 0.0,
    });
    let payment = match customer.payer {
        Payer::Automatic | Payer::Prompt => 1.0,
        Payer::Sloppy => 0.75,
        Payer::Bad => 0.4,
    };
    // Smaller customers are hardly ever asked for anything.
    let asked = match customer.supply_level {
        SupplyLevel::HighVoltage => 13.0,
        SupplyLevel::LowVoltage => 5.0,
        SupplyLevel::Residential => 1.0,
    };
    let standard = customer.power_factor_standard.map_or(0.0, |hundredths| f64::from(hundredths) / 100.0);
    let is_compensated = customer.power_factor > standard;
    24.0 * energy.clamp(0.0, 1.0)
        + 6.0 * price.clamp(0.0, 1.0)
        + 16.0 * growth.clamp(0.0, 1.0)
        + 8.0 * importance
        + 16.0 * payment
        + if is_compensated { 5.0 } else { 0.0 }
        + asked * customer.willingness.min(1.0)
}
