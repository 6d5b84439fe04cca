//! Parts of the energy by time of use, and the highest demand. They are read only for a method that weighs or names
//! them.

use super::spread::{DaySpan, MonthDays};
use crate::contract::READING_KWH_MAX;
use crate::contract::cell::{Integers, Values};
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::rows::Columns;

/// The columns of the parts and of the demand. No cell in them causes its row to be rejected.
pub const PART_COLUMNS: [&str; 5] = ["sharp_kwh", "peak_kwh", "flat_kwh", "valley_kwh", "max_demand_kw"];
const PARTS: usize = 4;
const DEMAND: &str = PART_COLUMNS[PARTS];

/// Largest accepted demand in W: that of the largest accepted energy of a reading, if used within an hour.
const DEMAND_W_MAX: i64 = READING_KWH_MAX * 1_000;

/// In a column of demands, this means that the row has none. A demand is never negative.
const NO_DEMAND: i64 = -1;

/// Which parts of a reading are decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadingDetail {
    /// Active and reactive energy.
    #[default]
    Energy,
    /// Also the parts by time of use and the highest demand, if the table has them.
    TimeOfUse,
}

/// The parts and the demand of one reading; `None` where the cell is empty or unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReadingParts {
    /// Energy in sharp, peak, flat and valley hours, in Wh.
    wh: [Option<i64>; PARTS],
    /// The highest demand in W.
    demand_w: Option<i64>,
}

impl ReadingParts {
    /// The greatest value of each part and of the demand among equal readings.
    pub fn greatest<'a>(mut readings: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let first = *readings.next()?;
        Some(readings.fold(first, |mut greatest, parts| {
            greatest.wh.iter_mut().zip(parts.wh).for_each(|(greatest, wh)| *greatest = (*greatest).max(wh));
            greatest.demand_w = greatest.demand_w.max(parts.demand_w);
            greatest
        }))
    }

    /// The share of a month in the reading's days: its share of the parts, and the whole demand.
    pub fn share(self, days: DaySpan, of: MonthDays) -> Self {
        Self { wh: self.wh.map(|wh| wh.map(|wh| days.share(of, wh))), ..self }
    }

    /// Whether a part is negative, or the sum of the parts exceeds the active energy by more than rounding each of them
    /// to Wh explains.
    pub fn exceed(self, active_wh: i64) -> bool {
        let present = self.wh.iter().flatten();
        let sum: i128 = present.clone().map(|&wh| i128::from(wh)).sum();
        present.clone().any(|&wh| wh < 0)
            || present.clone().next().is_some() && sum > i128::from(active_wh) + present.count() as i128
    }
}

/// The columns of a batch.
pub(super) struct PartColumns {
    wh: [Option<Values>; PARTS],
    demand_w: Integers,
}

impl PartColumns {
    pub fn read(columns: &Columns) -> Result<Self, RunError> {
        let mut wh = [const { None }; PARTS];
        for (part, name) in wh.iter_mut().zip(PART_COLUMNS) {
            let mut values = Values::default();
            if columns.fill_energies(name, &mut values)? {
                *part = Some(values);
            }
        }
        Ok(Self { wh, demand_w: columns.cells(DEMAND)? })
    }

    /// The parts of a row; `None` if it has none.
    pub fn at(&self, row: usize) -> Option<ReadingParts> {
        let wh = self.wh.each_ref().map(|values| {
            let values = values.as_ref()?;
            let is_odd = values.odd.binary_search_by_key(&row, |(odd, _)| index(*odd)).is_ok();
            (!is_odd).then(|| values.values[row])
        });
        let demand_w = self.demand_w.get(row).filter(|&demand_w| demand_w <= DEMAND_W_MAX);
        let parts = ReadingParts { wh, demand_w };
        (parts != ReadingParts::default()).then_some(parts)
    }
}

/// The parts and highest demands of all customers.
#[derive(Clone, Debug)]
pub(super) struct TimeOfUse {
    /// The parts of each customer.
    wh: Vec<[i64; PARTS]>,
    /// For each month and customer, the highest demand in W. Empty for a month without any demand.
    demand_w: Vec<Vec<i64>>,
}

impl TimeOfUse {
    pub fn new(customers: usize, months: usize) -> Self {
        Self { wh: vec![[0; PARTS]; customers], demand_w: vec![Vec::new(); months] }
    }

    /// Adds the parts of a reading in a month. Returns `false` if a sum overflows.
    #[must_use]
    pub fn add(&mut self, customer: CustomerIx, month: usize, parts: &ReadingParts) -> bool {
        for (sum, wh) in self.wh[customer.index()].iter_mut().zip(parts.wh) {
            let Some(more) = sum.checked_add(wh.unwrap_or(0)) else { return false };
            *sum = more;
        }
        if let Some(reading_w) = parts.demand_w {
            let month_w = &mut self.demand_w[month];
            month_w.resize(self.wh.len(), NO_DEMAND);
            month_w[customer.index()] = month_w[customer.index()].max(reading_w);
        }
        true
    }

    /// Energy of a customer in Wh in sharp, peak, flat and valley hours.
    pub fn parts_wh(&self, customer: CustomerIx) -> [i64; PARTS] {
        self.wh[customer.index()]
    }

    /// The highest demand of a customer in a month, in W.
    pub fn demand_w(&self, month: usize, customer: CustomerIx) -> Option<i64> {
        self.demand_w[month].get(customer.index()).copied().filter(|&demand_w| demand_w != NO_DEMAND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_may_exceed_their_total_by_the_effect_of_rounding() {
        let parts = |wh: [Option<i64>; PARTS]| ReadingParts { wh, demand_w: None };
        assert!(!parts([Some(5), Some(6), None, Some(0)]).exceed(8));
        assert!(parts([Some(5), Some(7), None, Some(0)]).exceed(8));
        assert!(parts([Some(-1), None, None, None]).exceed(8));
        assert!(!parts([None; PARTS]).exceed(-8));
    }
}
