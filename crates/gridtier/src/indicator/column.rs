//! The values of one indicator, eight bytes each.
//!
//! A measured value is a finite double and is stored unchanged; a customer without a value has one of two NaNs that
//! tell why. So a column of ten million customers takes 80 MB, and a loop over it needs no second array to know who has
//! a value.

use rayon::prelude::*;

use super::IndicatorValue;
use crate::index::index;
use crate::vectors::prefetch;

/// The bits of a value that does not apply.
const NOT_APPLICABLE: u64 = 0x7ff8_0000_0000_0001;
/// The bits of a value that applies but cannot be measured.
const UNKNOWN: u64 = 0x7ff8_0000_0000_0002;

/// The values of one indicator, by customer number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndicatorColumn {
    bits: Vec<u64>,
}

fn bits(value: IndicatorValue) -> u64 {
    match value {
        IndicatorValue::Known(x) if x.is_nan() => UNKNOWN,
        IndicatorValue::Known(x) => x.to_bits(),
        IndicatorValue::NotApplicable => NOT_APPLICABLE,
        IndicatorValue::Unknown => UNKNOWN,
    }
}

fn value(bits: u64) -> IndicatorValue {
    match f64::from_bits(bits) {
        x if !x.is_nan() => IndicatorValue::Known(x),
        _ if bits == NOT_APPLICABLE => IndicatorValue::NotApplicable,
        _ => IndicatorValue::Unknown,
    }
}

/// The status as a number: 0 if the value is known, 1 if it does not apply, 2 if it is unknown.
#[inline]
#[must_use]
pub fn absence(bits: u64) -> u64 {
    if f64::from_bits(bits).is_nan() { bits & 3 } else { 0 }
}

impl IndicatorColumn {
    /// A column in which nothing is known.
    #[must_use]
    pub fn unknown(customers: usize) -> Self {
        Self { bits: vec![UNKNOWN; customers] }
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// Whether there are no customers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// A customer's value.
    #[must_use]
    pub fn get(&self, number: usize) -> IndicatorValue {
        value(self.bits[number])
    }

    /// A customer's value, if it is measured.
    #[inline]
    #[must_use]
    pub fn known(&self, number: usize) -> Option<f64> {
        let x = f64::from_bits(self.bits[number]);
        (!x.is_nan()).then_some(x)
    }

    /// Sets a customer's value.
    pub fn set(&mut self, number: usize, value: IndicatorValue) {
        self.bits[number] = bits(value);
    }

    /// The values as they are in memory: doubles, or NaNs whose last two bits tell why there is no value.
    #[must_use]
    pub fn bits(&self) -> &[u64] {
        &self.bits
    }

    /// The values of some customers in ascending order. They are borrowed without a copy if no number is left out.
    #[inline]
    pub fn gather<'a>(&'a self, numbers: &[u32], scratch: &'a mut Vec<u64>) -> &'a [u64] {
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else { return &[] };
        let (first, last) = (index(first), index(last));
        if last - first + 1 == numbers.len() {
            return &self.bits[first..=last];
        }
        scratch.clear();
        scratch.extend(numbers.iter().map(|&number| self.bits[index(number)]));
        scratch
    }

    /// Asks the processor to fetch a customer's value, which is needed soon.
    #[inline(always)]
    pub(crate) fn prefetch(&self, number: usize) {
        prefetch(std::slice::from_ref(&self.bits[number]));
    }

    /// As many values as there are customers, beginning after the last of them; none near the end of the column. They can be
    /// fetched while those of the customers are computed.
    #[inline(always)]
    pub(crate) fn after(&self, numbers: &[u32]) -> &[u64] {
        let next = numbers.last().map_or(0, |&last| index(last) + 1);
        self.bits.get(next..next + numbers.len()).unwrap_or_default()
    }
}

impl FromIterator<IndicatorValue> for IndicatorColumn {
    fn from_iter<I: IntoIterator<Item = IndicatorValue>>(values: I) -> Self {
        Self { bits: values.into_iter().map(bits).collect() }
    }
}

impl FromParallelIterator<IndicatorValue> for IndicatorColumn {
    fn from_par_iter<I: IntoParallelIterator<Item = IndicatorValue>>(values: I) -> Self {
        Self { bits: values.into_par_iter().map(bits).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was_and_the_three_kinds_stay_distinct() {
        let values = [
            IndicatorValue::Known(0.0),
            IndicatorValue::Known(-0.0),
            IndicatorValue::Known(f64::MAX),
            IndicatorValue::Known(f64::MIN_POSITIVE / 8.0),
            IndicatorValue::NotApplicable,
            IndicatorValue::Unknown,
        ];
        let column: IndicatorColumn = values.into_iter().collect();
        for (number, value) in values.into_iter().enumerate() {
            assert_eq!(column.get(number), value);
            assert_eq!(column.known(number).map(f64::to_bits), value.known().map(f64::to_bits));
        }
        let absences: Vec<u64> = column.bits().iter().map(|&bits| absence(bits)).collect();
        assert_eq!(absences, [0, 0, 0, 0, 1, 2]);
        assert_eq!(
            [IndicatorValue::Known(f64::NAN)].into_iter().collect::<IndicatorColumn>().get(0),
            IndicatorValue::Unknown
        );
    }

    #[test]
    fn gathering_takes_the_customers_asked_for() {
        let column: IndicatorColumn = (0..9).map(|x| IndicatorValue::Known(f64::from(x))).collect();
        let mut scratch = Vec::new();
        let mut gathered = |numbers: &[u32]| {
            column.gather(numbers, &mut scratch).iter().map(|&bits| f64::from_bits(bits)).collect::<Vec<_>>()
        };
        assert_eq!(gathered(&[2, 3, 4]), [2.0, 3.0, 4.0]);
        assert_eq!(gathered(&[0, 3, 8]), [0.0, 3.0, 8.0]);
        assert!(gathered(&[]).is_empty());
    }

    #[test]
    fn the_values_after_some_customers_are_as_many_as_they_or_none() {
        let column: IndicatorColumn = (0..9).map(|x| IndicatorValue::Known(f64::from(x))).collect();
        assert_eq!(column.after(&[2, 3, 4]), [5.0, 6.0, 7.0].map(f64::to_bits));
        assert_eq!(column.after(&[0, 5]), [6.0, 7.0].map(f64::to_bits));
        assert!(
            [&[] as &[u32], &[0, 3, 8], &[4, 5, 6]].iter().all(|numbers| column.after(numbers).is_empty())
        );
    }
}
