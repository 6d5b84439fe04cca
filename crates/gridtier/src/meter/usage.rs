//! What the kernel returns: energy by customer and month, which months are covered, and which are suspect of a wrong unit.

use rayon::prelude::*;

use super::month_cell::{MonthCell, MonthUse};
use super::stripe::Stripes;
use crate::index::{CustomerIx, index};
use crate::unit::{Month, Window};

/// A month whose energy is so far from its customer's median month that the unit is probably wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitSuspect {
    /// The customer.
    pub customer: CustomerIx,
    /// The month.
    pub month: Month,
    /// Its active energy in Wh.
    pub active_wh: i64,
    /// The median month of the customer in Wh, the lower of two.
    pub median_wh: i64,
}

/// How far a month may be from the median: below the factor of 1000 that a wrong unit gives, above any real season.
const UNIT_FACTOR: i128 = 900;

fn is_suspect(wh: i64, median_wh: i64) -> bool {
    let (wh, median_wh) = (i128::from(wh), i128::from(median_wh));
    wh > 0 && (wh > UNIT_FACTOR * median_wh || wh * UNIT_FACTOR < median_wh)
}

/// Bits of a word of [`Coverage`].
const WORD_BITS: usize = index(u64::BITS);

/// Which months of which customers are covered: a bit for each.
///
/// ```
/// use gridtier::index::CustomerIx;
/// use gridtier::meter::Coverage;
///
/// let (customer, mut coverage) = (CustomerIx::new(0), Coverage::none(3, 1));
/// assert!(coverage.set_digits(customer, "011"));
/// assert_eq!((coverage.covered(0, customer), coverage.covered(2, customer)), (false, true));
/// assert_eq!(coverage.to_digits(customer), "011");
/// assert!(!coverage.set_digits(customer, "01"), "one digit for each month");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    months: usize,
    /// By customer: the bits of its months, in as many words as the window needs.
    words: Vec<u64>,
}

impl Coverage {
    /// No month of any customer is covered.
    #[must_use]
    pub fn none(months: usize, customers: usize) -> Self {
        Self { months, words: vec![0; customers * months.div_ceil(WORD_BITS)] }
    }

    fn words_per_customer(&self) -> usize {
        self.months.div_ceil(WORD_BITS)
    }

    /// Whether the month at a position of the window is covered.
    #[must_use]
    pub fn covered(&self, month: usize, customer: CustomerIx) -> bool {
        let word = self.words[customer.index() * self.words_per_customer() + month / WORD_BITS];
        word >> (month % WORD_BITS) & 1 == 1
    }

    /// The months of a customer as digits, the first month of the window first: `1` where it is covered, else `0`.
    #[must_use]
    pub fn to_digits(&self, customer: CustomerIx) -> String {
        (0..self.months).map(|month| if self.covered(month, customer) { '1' } else { '0' }).collect()
    }

    /// Sets the months of a customer, none of which is covered yet, from [digits](Self::to_digits). Returns `false` if
    /// the text is not one digit for each month.
    #[must_use]
    pub fn set_digits(&mut self, customer: CustomerIx, digits: &str) -> bool {
        let start = customer.index() * self.words_per_customer();
        for (month, digit) in digits.bytes().enumerate().take(self.months) {
            self.words[start + month / WORD_BITS] |= u64::from(digit == b'1') << (month % WORD_BITS);
        }
        digits.len() == self.months && digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
    }
}

/// Energy by customer and month: 32 bytes for each.
#[derive(Clone, Debug)]
pub struct MonthlyUsage {
    window: Window,
    customers: usize,
    /// By stripe, month and customer in the stripe; empty where no customer of the stripe has a reading in the month.
    stripes: Vec<Vec<Vec<MonthCell>>>,
    /// The stripe of a customer is its number shifted right by this.
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

    fn months(&self) -> usize {
        index(self.window.months)
    }

    /// What was read of a customer in the month at a position of the window.
    #[must_use]
    pub fn get(&self, month: usize, customer: CustomerIx) -> MonthUse {
        let stripe = customer.index() >> self.shift;
        let cell = self.stripes[stripe][month].get(customer.index() - (stripe << self.shift));
        cell.map_or_else(MonthUse::default, |cell| cell.used)
    }

    /// Whether the month is covered: it has at least half as many readings as the one with most readings among itself
    /// and its two neighbours in the window. A month without a reading is not covered.
    #[must_use]
    pub fn covered(&self, month: usize, customer: CustomerIx) -> bool {
        let readings = self.get(month, customer).readings;
        if readings == 0 {
            return false;
        }
        let neighbours = month.saturating_sub(1)..=(month + 1).min(self.months() - 1);
        let most = neighbours.map(|month| self.get(month, customer).readings).max().unwrap_or(0);
        2 * u64::from(readings) >= u64::from(most)
    }

    /// Which months are covered, of all customers.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::none(self.months(), self.customers);
        let words_per_customer = coverage.words_per_customer();
        coverage.words.par_chunks_mut(words_per_customer).enumerate().for_each(|(customer, words)| {
            let customer = CustomerIx::from_index(customer);
            for month in (0..self.months()).filter(|&month| self.covered(month, customer)) {
                words[month / WORD_BITS] |= 1 << (month % WORD_BITS);
            }
        });
        coverage
    }

    /// The first customer, and its first month, with more readings than `limit`.
    pub(super) fn first_above(&self, limit: u32) -> Option<(CustomerIx, usize)> {
        (0..self.customers).into_par_iter().map(CustomerIx::from_index).find_map_first(|customer| {
            let month = (0..self.months()).find(|&month| self.get(month, customer).readings > limit)?;
            Some((customer, month))
        })
    }

    /// Months above 900 times or below 1/900 of the customer's own median month, by customer and month. Months without
    /// energy are neither suspect nor part of the median: an empty house is no wrong unit.
    pub(super) fn unit_suspects(&self) -> Vec<UnitSuspect> {
        let customers = (0..self.customers).into_par_iter().map(CustomerIx::from_index);
        customers.flat_map_iter(|customer| self.unit_suspects_of(customer)).collect()
    }

    fn unit_suspects_of(&self, customer: CustomerIx) -> impl Iterator<Item = UnitSuspect> + '_ {
        let energies = (0..self.months()).map(move |month| self.get(month, customer).active_wh);
        let mut sorted: Vec<i64> = energies.clone().filter(|&wh| wh > 0).collect();
        sorted.sort_unstable();
        let median_wh = if sorted.is_empty() { 0 } else { sorted[(sorted.len() - 1) / 2] };
        energies.enumerate().filter(move |&(_, wh)| is_suspect(wh, median_wh)).map(
            move |(month, active_wh)| UnitSuspect {
                customer,
                month: self.window.month(month),
                active_wh,
                median_wh,
            },
        )
    }
}
