//! How each use category uses energy, as data.
//!
//! The shares, sizes and load curves are chosen so that the demo looks real to someone who runs a utility: a few industrial
//! customers use most of the energy, homes follow the weather, pumps follow the crops, and use falls at Spring Festival.
//! They describe no real place.

use gridtier::contract::UseCategory;
use gridtier::word::Word;

use crate::draw::KeyedDraw;

/// The distribution of customers' energy in a typical month.
#[derive(Clone, Copy, Debug)]
pub enum SizeDistribution {
    /// Log-normal.
    LogNormal { median_kwh: f64, sigma: f64 },
    /// Pareto, truncated.
    Pareto { kwh_min: f64, kwh_max: f64 },
}

impl SizeDistribution {
    pub fn draw(self, draw: &mut KeyedDraw) -> f64 {
        match self {
            Self::LogNormal { median_kwh, sigma } => draw.log_normal(median_kwh, sigma),
            Self::Pareto { kwh_min, kwh_max } => draw.pareto(kwh_min).min(kwh_max),
        }
    }
}

/// How the customers of one use category use energy.
#[derive(Debug)]
pub struct CategoryProfile {
    /// The use category.
    pub category: UseCategory,
    /// Percentage of all customers.
    pub percent: u32,
    /// Energy of a customer in a typical month.
    pub size: SizeDistribution,
    /// Lowest and highest hours of full load in a month, from which the capacity follows.
    pub full_load_hours: (f64, f64),
    /// Smallest capacity, kVA.
    pub capacity_kva_min: u32,
    /// Energy of each calendar month relative to the typical one.
    pub season: [f64; 12],
    /// Energy of a day of the weekend relative to a working day.
    pub weekend: f64,
    /// Load in each hour of the day, relative to the others.
    pub hours: [f64; 24],
    /// Price of energy, 10⁻⁴ CNY/kWh; invented.
    pub price_e4: i64,
    /// Price of capacity, fen/kVA a month (the two-part tariff of large industry); invented.
    pub capacity_fen: i64,
}

/// The profile of a use category.
pub fn profile(category: UseCategory) -> &'static CategoryProfile {
    &PROFILES[category.position()]
}

/// Load through the day of plants that run in shifts.
const SHIFTS: [f64; 24] = [
    0.90, 0.90, 0.90, 0.90, 0.90, 0.90, 0.92, 0.95, 1.05, 1.08, 1.08, 1.06, 1.00, 1.04, 1.08, 1.08, 1.06,
    1.04, 1.02, 1.02, 1.02, 1.00, 0.98, 0.94,
];
/// Load through the day of shops, offices and workshops.
const OPEN_HOURS: [f64; 24] = [
    0.35, 0.32, 0.30, 0.30, 0.30, 0.35, 0.50, 0.80, 1.30, 1.60, 1.70, 1.70, 1.50, 1.55, 1.70, 1.70, 1.60,
    1.50, 1.35, 1.25, 1.10, 0.80, 0.55, 0.42,
];
/// Load through the day of irrigation and drying.
const PUMPS: [f64; 24] = [
    0.60, 0.60, 0.60, 0.60, 0.70, 1.00, 1.40, 1.50, 1.50, 1.50, 1.40, 1.20, 1.00, 1.00, 1.20, 1.30, 1.30,
    1.20, 1.00, 0.80, 0.70, 0.65, 0.60, 0.60,
];
/// Load through the day of homes.
const HOMES: [f64; 24] = [
    0.60, 0.50, 0.45, 0.42, 0.42, 0.50, 0.80, 1.00, 0.85, 0.75, 0.75, 0.95, 1.05, 0.85, 0.75, 0.80, 0.95,
    1.25, 1.75, 2.00, 1.95, 1.70, 1.25, 0.85,
];
/// Load through the day of street lights and the like.
const LIGHTS: [f64; 24] = [
    1.80, 1.80, 1.80, 1.80, 1.80, 1.70, 1.00, 0.30, 0.20, 0.20, 0.20, 0.20, 0.20, 0.20, 0.20, 0.20, 0.30,
    0.80, 1.60, 1.80, 1.80, 1.80, 1.80, 1.80,
];

/// The profiles, in the order of [`UseCategory::ALL`].
pub const PROFILES: [CategoryProfile; 5] = [
    CategoryProfile {
        category: UseCategory::LargeIndustrial,
        percent: 4,
        size: SizeDistribution::Pareto { kwh_min: 40_000.0, kwh_max: 60_000_000.0 },
        full_load_hours: (150.0, 450.0),
        capacity_kva_min: 315,
        season: [0.93, 0.78, 1.02, 1.02, 1.02, 1.02, 1.05, 1.04, 1.03, 1.02, 1.03, 1.04],
        weekend: 0.88,
        hours: SHIFTS,
        price_e4: 6_250,
        capacity_fen: 2_300,
    },
    CategoryProfile {
        category: UseCategory::CommercialIndustrial,
        percent: 16,
        size: SizeDistribution::LogNormal { median_kwh: 4_000.0, sigma: 1.2 },
        full_load_hours: (80.0, 250.0),
        capacity_kva_min: 10,
        season: [0.98, 0.85, 0.92, 0.90, 0.94, 1.05, 1.20, 1.22, 1.08, 0.94, 0.94, 0.98],
        weekend: 0.80,
        hours: OPEN_HOURS,
        price_e4: 7_650,
        capacity_fen: 0,
    },
    CategoryProfile {
        category: UseCategory::Agricultural,
        percent: 8,
        size: SizeDistribution::LogNormal { median_kwh: 900.0, sigma: 1.3 },
        full_load_hours: (40.0, 160.0),
        capacity_kva_min: 10,
        season: [0.50, 0.50, 0.80, 1.20, 1.50, 1.60, 1.50, 1.30, 1.00, 0.80, 0.70, 0.60],
        weekend: 1.0,
        hours: PUMPS,
        price_e4: 4_920,
        capacity_fen: 0,
    },
    CategoryProfile {
        category: UseCategory::Residential,
        percent: 70,
        size: SizeDistribution::LogNormal { median_kwh: 220.0, sigma: 0.55 },
        full_load_hours: (30.0, 60.0),
        capacity_kva_min: 8,
        season: [1.10, 1.05, 0.85, 0.78, 0.80, 0.98, 1.30, 1.38, 1.12, 0.82, 0.82, 1.00],
        weekend: 1.12,
        hours: HOMES,
        price_e4: 5_380,
        capacity_fen: 0,
    },
    CategoryProfile {
        category: UseCategory::Other,
        percent: 2,
        size: SizeDistribution::LogNormal { median_kwh: 1_500.0, sigma: 0.8 },
        full_load_hours: (200.0, 350.0),
        capacity_kva_min: 10,
        season: [1.15, 1.08, 1.00, 0.92, 0.86, 0.82, 0.84, 0.90, 0.97, 1.05, 1.13, 1.18],
        weekend: 1.0,
        hours: LIGHTS,
        price_e4: 7_100,
        capacity_fen: 0,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_are_in_the_order_of_the_contract_and_their_shares_add_up() {
        assert_eq!(UseCategory::ALL, PROFILES.map(|profile| profile.category));
        assert_eq!(PROFILES.map(|profile| profile.percent).iter().sum::<u32>(), 100);
    }
}
