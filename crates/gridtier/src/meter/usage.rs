//! Energy by customer and month, and which months are covered.

use rayon::prelude::*;

use super::stripe::{Cell, Stripes};
use crate::unit::{Month, Window};

/// What was read of one customer in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthUse {
    /// Σ active energy in Wh.
    pub active_wh: i64,
    /// Σ |reactive energy| in varh.
    pub reactive_varh: i64,
    /// Readings.
    pub readings: u32,
    /// Readings that carry reactive energy.
    pub reactive_readings: u32,
}

impl MonthUse {
    pub(super) fn add(&mut self, other: Self) {
        self.active_wh = self.active_wh.wrapping_add(other.active_wh);
        self.reactive_varh = self.reactive_varh.wrapping_add(other.reactive_varh);
        self.readings += other.readings;
        self.reactive_readings += other.reactive_readings;
    }

    pub(super) fn remove(&mut self, other: Self) {
        self.active_wh = self.active_wh.wrapping_sub(other.active_wh);
        self.reactive_varh = self.reactive_varh.wrapping_sub(other.reactive_varh);
        self.readings -= other.readings;
        self.reactive_readings -= other.reactive_readings;
    }
}

/// A month far from its customer's median month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitSuspect {
    /// Number of the customer.
    pub customer: u32,
    /// The month.
    pub month: Month,
    /// Its energy.
    pub active_wh: i64,
    /// The customer's median month (the lower of two).
    pub median_wh: i64,
}

/// Which months of which customers are covered: a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    months: usize,
    /// By customer: its months, in as many words as they ask for.
    words: Vec<u64>,
}

impl Coverage {
    /// Of `customers` none of whose months is covered.
    #[must_use]
    pub fn none(months: usize, customers: usize) -> Self {
        Self { months, words: vec![0; customers * Self::words_each(months)] }
    }

    fn words_each(months: usize) -> usize {
        months.div_ceil(u64::BITS as usize)
    }

    /// Whether the month at a position of the window is covered.
    #[must_use]
    pub fn covered(&self, month: usize, customer: usize) -> bool {
        let word = self.words[customer * Self::words_each(self.months) + month / u64::BITS as usize];
        word >> (month % u64::BITS as usize) & 1 == 1
    }

    /// A customer's months as text, the first of the window first: 1 where it is covered, else 0.
    #[must_use]
    pub fn told(&self, customer: usize) -> String {
        (0..self.months).map(|month| if self.covered(month, customer) { '1' } else { '0' }).collect()
    }

    /// Takes over a customer's months as [told](Self::told); whether the text is such.
    #[must_use]
    pub fn set(&mut self, customer: usize, told: &str) -> bool {
        let start = customer * Self::words_each(self.months);
        for (month, covered) in told.bytes().enumerate().take(self.months) {
            let bit = u64::from(covered == b'1') << (month % u64::BITS as usize);
            self.words[start + month / u64::BITS as usize] |= bit;
        }
        told.len() == self.months && told.bytes().all(|covered| matches!(covered, b'0' | b'1'))
    }
}

/// How far a month may lie from the median: below the 1000 of a wrong unit, above any honest season.
const UNIT_FACTOR: i128 = 900;

/// Energy by customer and month: 32 bytes each.
#[derive(Clone, Debug)]
pub struct MonthlyUsage {
    window: Window,
    customers: usize,
    /// By stripe, month and customer in the stripe; no cells where the stripe's month has no reading.
    stripes: Vec<Vec<Vec<Cell>>>,
    /// How far a customer's number is shifted to find its stripe.
    shift: u32,
}

impl MonthlyUsage {
    pub(super) fn new(window: Window, customers: usize, stripes: Stripes) -> Self {
        let (stripes, shift) = stripes.into_parts();
        let stripes = stripes.into_iter().map(|stripe| stripe.months).collect();
        Self { window, customers, stripes, shift }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// What was read of a customer in the month at a position of the window.
    #[must_use]
    pub fn get(&self, month: usize, customer: usize) -> MonthUse {
        let stripe = customer >> self.shift;
        let cell = self.stripes[stripe][month].get(customer - (stripe << self.shift));
        cell.map_or_else(MonthUse::default, |cell| cell.used)
    }

    /// Whether the month is covered: 2 × readings ≥ the most readings in it and its two neighbours in the window.
    #[must_use]
    pub fn covered(&self, month: usize, customer: usize) -> bool {
        let readings = |month: usize| self.get(month, customer).readings;
        let own = readings(month);
        if own == 0 {
            return false;
        }
        let last = self.window.months as usize - 1;
        let most = (month.saturating_sub(1)..=(month + 1).min(last)).map(readings).max().unwrap_or(0);
        2 * u64::from(own) >= u64::from(most)
    }

    /// Which months are covered.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let months = self.window.months as usize;
        let mut coverage = Coverage::none(months, self.customers);
        let each = coverage.words.par_chunks_mut(Coverage::words_each(months)).enumerate();
        each.for_each(|(customer, words)| {
            for month in (0..months).filter(|&month| self.covered(month, customer)) {
                words[month / u64::BITS as usize] |= 1 << (month % u64::BITS as usize);
            }
        });
        coverage
    }

    /// The first customer and month with more readings than that.
    pub(super) fn above(&self, readings: u32) -> Option<(usize, usize)> {
        let is_above = |customer: usize| {
            let mut months = 0..self.window.months as usize;
            months.find(|&month| self.get(month, customer).readings > readings).map(|month| (customer, month))
        };
        (0..self.customers).into_par_iter().find_map_first(is_above)
    }

    /// Months above 900 times or below 1/900 of the customer's own median month, by customer and month. Months without
    /// energy neither count nor are suspect: an empty house is no wrong unit.
    pub(super) fn unit_suspects(&self) -> Vec<UnitSuspect> {
        let of_customer = |customer: usize| {
            let months = 0..self.window.months as usize;
            let energy = move |month: usize| self.get(month, customer).active_wh;
            let mut sorted: Vec<i64> = months.clone().map(energy).filter(|&wh| wh > 0).collect();
            sorted.sort_unstable();
            let median_wh = if sorted.is_empty() { 0 } else { sorted[(sorted.len() - 1) / 2] };
            let far = move |month: &usize| {
                let (wh, median) = (i128::from(energy(*month)), i128::from(median_wh));
                wh > 0 && (wh > UNIT_FACTOR * median || wh * UNIT_FACTOR < median)
            };
            months.filter(far).map(move |month| UnitSuspect {
                customer: customer as u32,
                month: self.window.month(month),
                active_wh: energy(month),
                median_wh,
            })
        };
        (0..self.customers).into_par_iter().flat_map_iter(of_customer).collect()
    }
}
