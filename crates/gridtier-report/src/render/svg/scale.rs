//! Scales: from numbers to positions, with round ticks and their labels.

use crate::chart::Axis;
use crate::format;
use crate::table::{CellValue, ColumnFormat};
use gridtier::index::float;
use gridtier::text::Voice;

use super::text_width::text_width;

/// Numbers on an axis are limited to ± this value, so that sums and differences stay finite.
const LARGEST: f64 = 1e18;
/// Larger numbers are written with a power of ten. No sum of a utility is that large.
const SCIENTIFIC_FROM: f64 = 1e15;
/// Maximum number of ticks.
const TICKS_MAX: usize = 8;
/// Minimum space between the labels of ticks.
const TICK_GAP: f64 = 18.0;
/// The distance between ticks is one of these times a power of ten.
const STEPS: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// A linear scale with round ticks.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// The positions of `low` and `high`.
    places: [f64; 2],
    /// The numbers of the ticks.
    pub ticks: Vec<f64>,
    step: f64,
}

/// The least and the greatest of the finite numbers; `None` if there are none.
pub(super) fn range(numbers: impl IntoIterator<Item = f64>) -> Option<[f64; 2]> {
    numbers.into_iter().filter(|number| number.is_finite()).fold(None, |range, number| {
        let number = number.clamp(-LARGEST, LARGEST);
        let [low, high] = range.unwrap_or([number; 2]);
        Some([low.min(number), high.max(number)])
    })
}

/// The smallest range that contains this range and zero.
pub(super) fn with_zero([low, high]: [f64; 2]) -> [f64; 2] {
    [low.min(0.0), high.max(0.0)]
}

impl Scale {
    /// A scale with at most `ticks_max` ticks.
    pub(super) fn new(range: [f64; 2], places: [f64; 2], ticks_max: usize) -> Self {
        let [low, high] = widened(range);
        let raw = (high - low) / float(ticks_max.max(1));
        let power = 10_f64.powf(raw.log10().floor());
        let step = STEPS.iter().map(|factor| factor * power).find(|step| *step >= raw * 0.999_999);
        let step = step.unwrap_or(10.0 * power);
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil();
        let count = gridtier::index::index((last - first) as u32) + 1;
        let ticks: Vec<f64> = (0..count).map(|at| (first + float(at)) * step).collect();
        Self { low: first * step, high: last * step, places, ticks, step }
    }

    /// A horizontal scale with as many ticks as their labels allow.
    pub(super) fn horizontal(range: [f64; 2], places: [f64; 2], axis: &Axis) -> Self {
        let room = places[1] - places[0];
        for ticks_max in (1..=TICKS_MAX).rev() {
            let scale = Self::new(range, places, ticks_max);
            let widest = scale.ticks.iter().map(|tick| text_width(&scale.label(*tick, axis), super::SMALL));
            let widest = widest.fold(0.0, f64::max) + TICK_GAP;
            if ticks_max == 1 || widest * float(scale.ticks.len().saturating_sub(1)) <= room {
                return scale;
            }
        }
        Self::new(range, places, 1)
    }

    /// The position of a number.
    pub(super) fn place(&self, number: f64) -> f64 {
        let number = number.clamp(self.low, self.high);
        self.places[0] + (number - self.low) / (self.high - self.low) * (self.places[1] - self.places[0])
    }

    /// The label of a tick, with as many decimals as the distance between ticks needs.
    pub(super) fn label(&self, tick: f64, axis: &Axis) -> String {
        match axis.format {
            _ if self.step >= SCIENTIFIC_FROM => format!("{tick:.1e}"),
            ColumnFormat::Share => {
                format!("{} %", format::decimal(100.0 * tick, decimals(100.0 * self.step)))
            }
            _ => format::decimal(tick, decimals(self.step)),
        }
    }
}

/// The number of decimals in which multiples of a step differ.
fn decimals(step: f64) -> u8 {
    (0..8)
        .find(|&decimals| {
            let scaled = step * 10_f64.powi(i32::from(decimals));
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        })
        .unwrap_or(8)
}

/// Widens a range that consists of a single number.
fn widened([low, high]: [f64; 2]) -> [f64; 2] {
    if high - low > 1e-12 * (1.0 + low.abs().max(high.abs())) {
        return [low, high];
    }
    match high {
        0.0 => [0.0, 1.0],
        _ => [low - 0.1 * low.abs(), high + 0.1 * high.abs()],
    }
}

/// A number beside its mark, among numbers that differ by at most `span`: shares close to each other have more decimals, so
/// that they look different.
pub(super) fn shown_among(number: f64, span: f64, format: ColumnFormat, voice: Voice) -> String {
    match format {
        ColumnFormat::Share if span < 0.002 => format!("{} %", format::decimal(100.0 * number, 3)),
        ColumnFormat::Share if span < 0.02 => format!("{} %", format::decimal(100.0 * number, 2)),
        _ => shown(number, format, voice),
    }
}

/// A number as it is written beside its mark.
pub(super) fn shown(number: f64, format: ColumnFormat, voice: Voice) -> String {
    match format {
        _ if number.abs() >= SCIENTIFIC_FROM => format!("{number:.2e}"),
        ColumnFormat::Points => format::decimal(number, 1),
        _ => CellValue::Number(number).shown(format, voice).into_owned(),
    }
}
