//! What a customer uses in a month, and how that falls on the meter's intervals.
//!
//! The month's energy is fixed first, and bills are made from it; readings divide it, so that they add up to what was
//! billed whatever the cadence. The division is by cumulative shares: a reading is the difference of two points on a
//! rising curve, so it needs no other reading, is never negative, and the month's sum is exact. Whether a reading
//! reaches the utility is decided here too; what is wrong with some of them is not.

use gridtier::unit::{Month, round_half_away};

use crate::Cadence;
use crate::category::CATEGORIES;
use crate::draw::{Purpose, exp, mix};
use crate::population::{Customer, Link, Utility};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const QUARTERS_PER_DAY: u32 = 96;

impl Cadence {
    /// Smallest step of a reading, Wh.
    pub(super) fn resolution_wh(self) -> i64 {
        match self {
            Self::Monthly => 1_000,
            Self::Daily => 10,
            Self::QuarterHour => 1,
        }
    }

    /// Readings in a month.
    pub(super) fn intervals(self, month: Month) -> u32 {
        let days = (month.plus(1).first_day() - month.first_day()) as u32;
        match self {
            Self::Monthly => 1,
            Self::Daily => days,
            Self::QuarterHour => days * QUARTERS_PER_DAY,
        }
    }

    /// Start of an interval of the month, milliseconds since 1970 in local time.
    pub(super) fn read_at_ms(self, month: Month, interval: u32) -> i64 {
        let step = match self {
            Self::Monthly => 0,
            Self::Daily => DAY_MS,
            Self::QuarterHour => HOUR_MS / 4,
        };
        i64::from(month.first_day()) * DAY_MS + i64::from(interval) * step
    }
}

/// Energy of a month in steps of the cadence's resolution, or `None` without supply.
pub fn month_steps(utility: &Utility, customer: &Customer, month: u32) -> Option<i64> {
    if !customer.months.contains(&month) {
        return None;
    }
    let luck = 1.0 + 0.07 * utility.draw(Purpose::Energy, customer.index, month).normal();
    let season = customer.category().season[(utility.window.month(month as usize).number() - 1) as usize];
    let years = (f64::from(month) - f64::from(utility.window.months) / 2.0) / 12.0;
    // Beyond a few years a trend levels off; it also keeps long windows finite.
    let trend = exp((customer.growth * years).clamp(-1.5, 1.5));
    let kwh = customer.base_kwh * season * trend * luck.max(0.2);
    Some(round_half_away(kwh * 1000.0 / utility.cadence.resolution_wh() as f64))
}

/// Energy of a month in Wh, or `None` without supply.
pub fn month_wh(utility: &Utility, customer: &Customer, month: u32) -> Option<i64> {
    Some(month_steps(utility, customer, month)? * utility.cadence.resolution_wh())
}

/// Reactive energy of a month in the same steps; only meters of customers with a standard measure it.
fn month_reactive_steps(utility: &Utility, customer: &Customer, month: u32, active: i64) -> Option<i64> {
    customer.power_factor_standard?;
    let luck = 0.012 * utility.draw(Purpose::Reactive, customer.index, month).normal();
    let factor = (customer.power_factor + luck).clamp(0.3, 0.999);
    Some(round_half_away(active as f64 * (1.0 / (factor * factor) - 1.0).sqrt()))
}

/// Cumulative shares of a category's energy over the intervals of one month.
#[derive(Debug)]
pub struct Shape {
    /// Share of the month before each interval; one more than there are intervals, from 0 to 1.
    cumulative: Vec<f64>,
    /// How far a customer's own point may lie from the common one, so that the curve still rises.
    slack: Vec<f64>,
}

impl Shape {
    /// One shape for each category.
    pub fn of_month(utility: &Utility, month: u32) -> Vec<Self> {
        (0..CATEGORIES.len()).map(|category| Self::new(utility, category, month)).collect()
    }

    fn new(utility: &Utility, category: usize, month: u32) -> Self {
        let month = utility.window.month(month as usize);
        let weights: Vec<f64> = (0..utility.cadence.intervals(month))
            .map(|interval| weight(utility, category, month, interval))
            .collect();
        let total: f64 = weights.iter().sum();
        let mut cumulative = vec![0.0];
        let mut slack = vec![0.0];
        for (place, share) in weights.iter().enumerate() {
            cumulative.push(cumulative[place] + share / total);
            let next = weights.get(place + 1).copied().unwrap_or(0.0);
            slack.push(0.3 * share.min(next) / total);
        }
        Self { cumulative, slack }
    }

    fn point(&self, interval: u32, steps: i64, jitter: f64) -> i64 {
        let place = interval as usize;
        if place + 1 == self.cumulative.len() {
            return steps;
        }
        round_half_away(steps as f64 * (self.cumulative[place] + self.slack[place] * jitter))
    }
}

/// Energy of an interval against others of its month.
fn weight(utility: &Utility, category: usize, month: Month, interval: u32) -> f64 {
    let category = &CATEGORIES[category];
    let (day, hour) = match utility.cadence {
        Cadence::Monthly => return 1.0,
        Cadence::Daily => (interval, None),
        Cadence::QuarterHour => (interval / QUARTERS_PER_DAY, Some(interval % QUARTERS_PER_DAY / 4)),
    };
    let day = month.first_day() + day as i32;
    // 1970-01-01 was a Thursday.
    let is_weekend = (day + 3).rem_euclid(7) >= 5;
    let weather = 1.0 + 0.06 * utility.draw(Purpose::Weather, 0, day as u32).normal().clamp(-3.0, 3.0);
    let weekend = if is_weekend { category.weekend } else { 1.0 };
    weekend * weather * hour.map_or(1.0, |hour| category.hours[hour as usize])
}

/// One reading as the meter took it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub active_kwh: f64,
    pub reactive_kvarh: Option<f64>,
    pub is_estimated: bool,
}

/// A meter in one month, read interval by interval.
#[derive(Debug)]
pub struct MeterMonth<'a> {
    pub customer: &'a Customer,
    shape: &'a Shape,
    key: u64,
    steps: i64,
    steps_read: i64,
    reactive_steps: Option<i64>,
    reactive_steps_read: i64,
    resolution_wh: i64,
    lost_in_65536: u64,
}

impl<'a> MeterMonth<'a> {
    /// The meter before `interval`, or `None` when no reading of the month arrives.
    pub fn at(
        utility: &Utility,
        customer: &'a Customer,
        month: u32,
        shapes: &'a [Shape],
        interval: u32,
    ) -> Option<Self> {
        let steps = month_steps(utility, customer, month)?;
        let (months_lost, lost_in_65536) = match customer.link {
            Link::Reliable => (0.0, 0),
            Link::Fair => (0.02, 600),
            Link::Flaky => (0.25, 20_000),
        };
        if utility.draw(Purpose::Arrival, customer.index, month).chance(months_lost) {
            return None;
        }
        let mut meter = Self {
            customer,
            shape: &shapes[customer.category],
            key: utility.draw(Purpose::Interval, customer.index, month).bits(),
            steps,
            steps_read: 0,
            reactive_steps: month_reactive_steps(utility, customer, month, steps),
            reactive_steps_read: 0,
            resolution_wh: utility.cadence.resolution_wh(),
            lost_in_65536: if utility.cadence == Cadence::Monthly { 0 } else { lost_in_65536 },
        };
        if interval > 0 {
            meter.read(interval - 1);
        }
        Some(meter)
    }

    /// The next reading, or `None` when it does not arrive; its energy is then lost, not carried over.
    pub fn read(&mut self, interval: u32) -> Option<Reading> {
        let bits = mix(self.key ^ u64::from(interval + 1) << 32);
        let jitter = (bits >> 32) as f64 / (1_u64 << 31) as f64 - 1.0;
        let point = self.shape.point(interval + 1, self.steps, jitter);
        let active = point - self.steps_read;
        self.steps_read = point;
        let reactive = self.reactive_steps.map(|steps| {
            let point = self.shape.point(interval + 1, steps, jitter);
            point - std::mem::replace(&mut self.reactive_steps_read, point)
        });
        // The quotient of two whole numbers is the double nearest to the decimal, so no digits are made up.
        let kilo = |steps: i64| (steps * self.resolution_wh) as f64 / 1000.0;
        (bits & 0xffff >= self.lost_in_65536).then(|| Reading {
            active_kwh: kilo(active),
            reactive_kvarh: reactive.map(kilo),
            is_estimated: bits >> 16 & 0xffff < 330,
        })
    }
}

#[cfg(test)]
mod tests {
    use gridtier::unit::Window;

    use super::*;
    use crate::Faults;

    fn utility(cadence: Cadence) -> Utility {
        let window = Window { end: Month::new(2026, 1), months: 24 };
        Utility::new(11, window, 300, cadence, Faults::None)
    }

    #[test]
    fn readings_of_a_month_add_up_to_what_is_billed() {
        for cadence in [Cadence::Monthly, Cadence::Daily, Cadence::QuarterHour] {
            let utility = utility(cadence);
            let shapes = Shape::of_month(&utility, 3);
            let intervals = cadence.intervals(utility.window.month(3));
            let mut meters = 0;
            for customer in utility.customers.iter().filter(|customer| customer.link == Link::Reliable) {
                let Some(mut meter) = MeterMonth::at(&utility, customer, 3, &shapes, 0) else { continue };
                let readings: Vec<Reading> =
                    (0..intervals).filter_map(|interval| meter.read(interval)).collect();
                assert!(readings.iter().all(|reading| reading.active_kwh >= 0.0));
                let wh: i64 =
                    readings.iter().map(|reading| round_half_away(reading.active_kwh * 1000.0)).sum();
                assert_eq!(Some(wh), month_wh(&utility, customer, 3), "{cadence:?} {}", customer.id);
                meters += 1;
            }
            assert!(meters > 200, "{meters}");
        }
    }

    #[test]
    fn a_meter_may_be_read_from_the_middle_of_a_month() {
        let utility = utility(Cadence::Daily);
        let shapes = Shape::of_month(&utility, 0);
        let customer = utility.customers.iter().find(|customer| customer.months.contains(&0)).unwrap();
        let mut whole = MeterMonth::at(&utility, customer, 0, &shapes, 0).unwrap();
        let readings: Vec<_> = (0..20).map(|interval| whole.read(interval)).collect();
        let mut later = MeterMonth::at(&utility, customer, 0, &shapes, 13).unwrap();
        assert_eq!(later.read(13), readings[13]);
    }
}
