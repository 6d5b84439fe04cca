//! What a customer uses in a month, and the readings of its meter.
//!
//! The month's energy is fixed first, and bills are made from it; readings divide it, so that they add up to what was
//! billed whatever the cadence. A reading is the difference of two points on a rising cumulative curve: it depends on no
//! other reading, is never negative, and the month's sum is exact. Some readings are lost on their way to the utility.

use gridtier::contract::UseCategory;
use gridtier::index::{float_i64, index};
use gridtier::unit::{Month, round_half_away};
use gridtier::word::Word;

use crate::SampleCadence;
use crate::category::profile;
use crate::draw::{DrawPurpose, exp, mix};
use crate::population::{MeterLink, SampleCustomer, SampleUtility};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const QUARTERS_PER_DAY: u32 = 96;

impl SampleCadence {
    /// Resolution of a reading, Wh.
    pub(super) fn resolution_wh(self) -> i64 {
        match self {
            Self::Monthly => 1_000,
            Self::Daily => 10,
            Self::QuarterHour => 1,
        }
    }

    /// Readings in a month.
    pub(super) fn intervals(self, month: Month) -> u32 {
        let days = month.plus(1).first_day().abs_diff(month.first_day());
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

/// Energy of a month in units of the cadence's resolution, or `None` without supply.
pub fn month_steps(utility: &SampleUtility, customer: &SampleCustomer, month: u32) -> Option<i64> {
    if !customer.months.contains(&month) {
        return None;
    }
    let luck = 1.0 + 0.07 * utility.draw(DrawPurpose::Energy, customer.index, month).normal();
    let season = customer.profile().season[index(utility.month(month).number() - 1)];
    let years = (f64::from(month) - f64::from(utility.window.months) / 2.0) / 12.0;
    // The limits keep the energy finite in long windows.
    let trend = exp((customer.growth * years).clamp(-1.5, 1.5));
    let kwh = customer.base_kwh * season * trend * luck.max(0.2);
    Some(round_half_away(kwh * 1000.0 / float_i64(utility.cadence.resolution_wh())))
}

/// Energy of a month in Wh, or `None` without supply.
pub fn month_wh(utility: &SampleUtility, customer: &SampleCustomer, month: u32) -> Option<i64> {
    Some(month_steps(utility, customer, month)? * utility.cadence.resolution_wh())
}

/// Reactive energy of a month in the same units; only customers with a power-factor standard have it measured.
fn month_reactive_steps(
    utility: &SampleUtility,
    customer: &SampleCustomer,
    month: u32,
    active: i64,
) -> Option<i64> {
    customer.power_factor_standard?;
    let luck = 0.012 * utility.draw(DrawPurpose::Reactive, customer.index, month).normal();
    let factor = (customer.power_factor + luck).clamp(0.3, 0.999);
    Some(round_half_away(float_i64(active) * (1.0 / (factor * factor) - 1.0).sqrt()))
}

/// Cumulative shares of a category's energy over the intervals of one month.
#[derive(Debug)]
pub struct LoadCurve {
    /// Share of the month before each interval, from 0 to 1; there is one value more than there are intervals.
    cumulative: Vec<f64>,
    /// How far a customer's point may deviate from the common curve so that the customer's curve still rises.
    slack: Vec<f64>,
}

impl LoadCurve {
    /// The curves of a month, in the order of [`UseCategory::ALL`].
    pub fn of_month(utility: &SampleUtility, month: u32) -> Vec<Self> {
        UseCategory::ALL.iter().map(|&category| Self::new(utility, category, month)).collect()
    }

    fn new(utility: &SampleUtility, category: UseCategory, month: u32) -> Self {
        let month = utility.month(month);
        let weights: Vec<f64> = (0..utility.cadence.intervals(month))
            .map(|interval| weight(utility, category, month, interval))
            .collect();
        let total: f64 = weights.iter().sum();
        let mut cumulative = vec![0.0];
        let mut slack = vec![0.0];
        for (interval, share) in weights.iter().enumerate() {
            cumulative.push(cumulative[interval] + share / total);
            let next = weights.get(interval + 1).copied().unwrap_or(0.0);
            slack.push(0.3 * share.min(next) / total);
        }
        Self { cumulative, slack }
    }

    /// Energy from the start of the month to an interval, of `steps` in the whole month.
    fn point(&self, interval: u32, steps: i64, jitter: f64) -> i64 {
        let interval = index(interval);
        if interval + 1 == self.cumulative.len() {
            return steps;
        }
        round_half_away(float_i64(steps) * (self.cumulative[interval] + self.slack[interval] * jitter))
    }
}

/// Energy of an interval relative to the others of its month.
fn weight(utility: &SampleUtility, category: UseCategory, month: Month, interval: u32) -> f64 {
    let profile = profile(category);
    let (day, hour) = match utility.cadence {
        SampleCadence::Monthly => return 1.0,
        SampleCadence::Daily => (interval, None),
        SampleCadence::QuarterHour => (interval / QUARTERS_PER_DAY, Some(interval % QUARTERS_PER_DAY / 4)),
    };
    let day = month.first_day() + day.cast_signed();
    // 1970-01-01 was a Thursday.
    let is_weekend = (day + 3).rem_euclid(7) >= 5;
    let weather =
        1.0 + 0.06 * utility.draw(DrawPurpose::Weather, 0, day.cast_unsigned()).normal().clamp(-3.0, 3.0);
    let weekend = if is_weekend { profile.weekend } else { 1.0 };
    weekend * weather * hour.map_or(1.0, |hour| profile.hours[index(hour)])
}

/// A reading as the meter recorded it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleReading {
    pub active_kwh: f64,
    pub reactive_kvarh: Option<f64>,
    pub is_estimated: bool,
}

/// A meter in one month, read interval by interval.
#[derive(Debug)]
pub struct MeterMonth<'a> {
    pub customer: &'a SampleCustomer,
    curve: &'a LoadCurve,
    key: u64,
    steps: i64,
    steps_read: i64,
    reactive_steps: Option<i64>,
    reactive_steps_read: i64,
    resolution_wh: i64,
    lost_in_65536: u64,
}

impl<'a> MeterMonth<'a> {
    /// The meter as it is before `interval`; `None` when no reading of the month arrives.
    pub fn at(
        utility: &SampleUtility,
        customer: &'a SampleCustomer,
        month: u32,
        curves: &'a [LoadCurve],
        interval: u32,
    ) -> Option<Self> {
        let steps = month_steps(utility, customer, month)?;
        let (months_lost, lost_in_65536) = match customer.link {
            MeterLink::Reliable => (0.0, 0),
            MeterLink::Fair => (0.02, 600),
            MeterLink::Flaky => (0.25, 20_000),
        };
        if utility.draw(DrawPurpose::Arrival, customer.index, month).chance(months_lost) {
            return None;
        }
        let mut meter = Self {
            customer,
            curve: &curves[customer.category.position()],
            key: utility.draw(DrawPurpose::Interval, customer.index, month).bits(),
            steps,
            steps_read: 0,
            reactive_steps: month_reactive_steps(utility, customer, month, steps),
            reactive_steps_read: 0,
            resolution_wh: utility.cadence.resolution_wh(),
            lost_in_65536: if utility.cadence == SampleCadence::Monthly { 0 } else { lost_in_65536 },
        };
        if interval > 0 {
            meter.read(interval - 1);
        }
        Some(meter)
    }

    /// The next reading, or `None` when it is lost; its energy is not carried over to the next.
    pub fn read(&mut self, interval: u32) -> Option<SampleReading> {
        let bits = mix(self.key ^ u64::from(interval + 1) << 32);
        // The upper 32 bits, uniform in [−1, 1).
        let jitter = (bits >> 32) as f64 / 2_147_483_648.0 - 1.0;
        let point = self.curve.point(interval + 1, self.steps, jitter);
        let active = point - self.steps_read;
        self.steps_read = point;
        let reactive = self.reactive_steps.map(|steps| {
            let point = self.curve.point(interval + 1, steps, jitter);
            point - std::mem::replace(&mut self.reactive_steps_read, point)
        });
        (bits & 0xffff >= self.lost_in_65536).then(|| SampleReading {
            active_kwh: self.kilo(active),
            reactive_kvarh: reactive.map(|steps| self.kilo(steps)),
            is_estimated: bits >> 16 & 0xffff < 330,
        })
    }

    /// Steps as kWh or kvarh: the quotient of two integers is the double nearest to the decimal number.
    fn kilo(&self, steps: i64) -> f64 {
        float_i64(steps * self.resolution_wh) / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use gridtier::unit::Window;

    use super::*;
    use crate::SampleFaults;

    fn utility(cadence: SampleCadence) -> SampleUtility {
        let window = Window { end: Month::new(2026, 1), months: 24 };
        SampleUtility::new(11, window, 300, cadence, SampleFaults::None)
    }

    #[test]
    fn readings_of_a_month_add_up_to_what_is_billed() {
        for cadence in [SampleCadence::Monthly, SampleCadence::Daily, SampleCadence::QuarterHour] {
            let utility = utility(cadence);
            let curves = LoadCurve::of_month(&utility, 3);
            let intervals = cadence.intervals(utility.window.month(3));
            let mut meters = 0;
            for customer in utility.customers.iter().filter(|customer| customer.link == MeterLink::Reliable) {
                let Some(mut meter) = MeterMonth::at(&utility, customer, 3, &curves, 0) else { continue };
                let readings: Vec<SampleReading> =
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
        let utility = utility(SampleCadence::Daily);
        let curves = LoadCurve::of_month(&utility, 0);
        let customer = utility.customers.iter().find(|customer| customer.months.contains(&0)).unwrap();
        let mut whole = MeterMonth::at(&utility, customer, 0, &curves, 0).unwrap();
        let readings: Vec<_> = (0..20).map(|interval| whole.read(interval)).collect();
        let mut later = MeterMonth::at(&utility, customer, 0, &curves, 13).unwrap();
        assert_eq!(later.read(13), readings[13]);
    }
}
