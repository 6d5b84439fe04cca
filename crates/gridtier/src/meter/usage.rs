//! Energy by customer and month, which the kernel returns, and what is derived from it for each customer in turn.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::month_cell::{MonthCell, MonthUse};
use super::places::Places;
use super::stripe::Stripes;
use super::time_of_use::TimeOfUse;
use super::{cadence, covered, season};
use crate::contract::rule::Rule;
use crate::customer::{Customer, Customers};
use crate::index::{CustomerIx, count, index};
use crate::service_months::ServiceMonths;
use crate::source::TableBook;
use crate::unit::{Month, Window};

/// Number of bits in a word of [`Coverage`].
const WORD_BITS: usize = index(u64::BITS);

/// Which months of which customers are covered, with one bit for each.
///
/// ```
/// use gridtier::index::CustomerIx;
/// use gridtier::meter::Coverage;
///
/// let (customer, mut coverage) = (CustomerIx::new(0), Coverage::none(3, 1));
/// assert!(coverage.set_digits(customer, "011"));
/// assert_eq!((coverage.covered(0, customer), coverage.covered(2, customer)), (false, true));
/// assert_eq!(coverage.to_digits(customer), "011");
/// assert!(!coverage.set_digits(customer, "01"), "there must be one digit for each month");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    months: usize,
    /// For each customer, the bits of the months, in as many words as the window needs.
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

    /// The months of a customer as digits, the first month of the window first: `1` if the month is covered, else `0`.
    #[must_use]
    pub fn to_digits(&self, customer: CustomerIx) -> String {
        (0..self.months).map(|month| if self.covered(month, customer) { '1' } else { '0' }).collect()
    }

    /// Sets the months of a customer, none of which is covered yet, from [digits](Self::to_digits). Returns `false` if
    /// the text does not have one digit for each month.
    #[must_use]
    pub fn set_digits(&mut self, customer: CustomerIx, digits: &str) -> bool {
        let start = customer.index() * self.words_per_customer();
        for (month, digit) in digits.bytes().enumerate().take(self.months) {
            self.words[start + month / WORD_BITS] |= u64::from(digit == b'1') << (month % WORD_BITS);
        }
        digits.len() == self.months && digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
    }
}

/// Energy by customer and month, 32 bytes for each.
///
/// At first, the sums are those of the readings, and no month is covered. [`spread`](Self::spread) and
/// [`cover`](Self::cover) then complete them.
#[derive(Clone, Debug)]
pub struct MonthlyUsage {
    window: Window,
    customers: usize,
    stripes: Vec<UsageStripe>,
    /// Shifting the number of a customer right by this gives its stripe.
    shift: u32,
    /// For each customer, whether any of its readings is an interval with an end; empty if no customer has one.
    pub(super) has_ends: Vec<bool>,
    coverage: Coverage,
    /// The months that [`as_read`](Self::as_read) returns. A later cycle that reuses these readings starts from them.
    as_read: Vec<CustomerMonth>,
    /// The parts by time of use; `None` unless they were asked for.
    pub(super) time_of_use: Option<TimeOfUse>,
}

/// The months of neighbouring customers.
#[derive(Clone, Debug)]
struct UsageStripe {
    first: CustomerIx,
    customers: usize,
    /// The cells of each month, by customer; empty if no customer of the stripe has a reading in the month.
    months: Vec<Vec<MonthCell>>,
}

/// The energy that a customer used in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerMonth {
    /// The customer.
    pub customer: CustomerIx,
    /// Position of the month in the window.
    pub month: usize,
    /// The sums of the month.
    pub used: MonthUse,
}

impl UsageStripe {
    fn of(&self) -> impl Iterator<Item = CustomerIx> + use<> {
        let first = self.first.number();
        (first..).take(self.customers).map(CustomerIx::new)
    }

    /// The months of a customer, in their order.
    fn months_of(&self, customer: CustomerIx) -> impl Iterator<Item = MonthUse> + '_ {
        let member = customer.index() - self.first.index();
        self.months
            .iter()
            .map(move |cells| cells.get(member).map_or_else(MonthUse::default, |cell| cell.used))
    }

    fn set(&mut self, customer: CustomerIx, month: usize, used: MonthUse) {
        let member = customer.index() - self.first.index();
        let cells = &mut self.months[month];
        if cells.is_empty() {
            *cells = vec![MonthCell::default(); self.customers];
        }
        cells[member].used = used;
    }
}

impl MonthlyUsage {
    pub(super) fn new(window: Window, customers: usize, stripes: &mut Stripes, places: &Places) -> Self {
        let shift = stripes.shift();
        let mut first = CustomerIx::new(0);
        let mut of_stripes = stripes.take_months();
        if !places.are_ids() {
            order_by_ids(&mut of_stripes, shift, places, index(window.months));
        }
        let stripes = of_stripes.into_iter().map(|(customers, months)| {
            let start = first;
            first = CustomerIx::from_index(start.index() + customers);
            UsageStripe { first: start, customers, months }
        });
        Self {
            window,
            customers,
            stripes: stripes.collect(),
            shift,
            has_ends: Vec::new(),
            coverage: Coverage::none(index(window.months), customers),
            as_read: Vec::new(),
            time_of_use: None,
        }
    }

    /// Energy of a customer in Wh by time of use (sharp, peak, flat, valley); 0 if it was not read.
    #[must_use]
    pub fn parts_wh(&self, customer: CustomerIx) -> [i64; 4] {
        self.time_of_use.as_ref().map_or([0; 4], |parts| parts.parts_wh(customer))
    }

    /// The highest demand of a customer in a month in W; `None` if it was not read.
    #[must_use]
    pub fn demand_w(&self, month: usize, customer: CustomerIx) -> Option<i64> {
        self.time_of_use.as_ref()?.demand_w(month, customer)
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    fn months(&self) -> usize {
        index(self.window.months)
    }

    /// The sums of a customer's readings in the month at a position of the window.
    #[must_use]
    pub fn get(&self, month: usize, customer: CustomerIx) -> MonthUse {
        let stripe = &self.stripes[customer.index() >> self.shift];
        let cell = stripe.months[month].get(customer.index() - stripe.first.index());
        cell.map_or_else(MonthUse::default, |cell| cell.used)
    }

    /// The months of a customer, by position in the window.
    pub fn months_of(&self, customer: CustomerIx) -> impl Iterator<Item = MonthUse> + '_ {
        self.stripes[customer.index() >> self.shift].months_of(customer)
    }

    /// The first month at or after a position of the window in which a customer has a reading.
    #[must_use]
    pub fn next_read(&self, customer: CustomerIx, from: usize) -> Option<usize> {
        (from..self.months()).find(|&month| self.get(month, customer).readings > 0)
    }

    /// Whether the month at a position of the window is covered: it has about as many readings as the months around it,
    /// or has none because the customer is not read off season.
    #[must_use]
    pub fn covered(&self, month: usize, customer: CustomerIx) -> bool {
        self.coverage.covered(month, customer)
    }

    /// For all customers, which months are covered.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The months as they were read, for customers whose months have changed since; sorted by customer and month. A
    /// customer without any reading has one month of 0.
    #[must_use]
    pub fn as_read(&self) -> &[CustomerMonth] {
        &self.as_read
    }

    /// The first customer that has a month with more readings than `limit`, and the first such month.
    pub(super) fn first_above(&self, limit: u32) -> Option<(CustomerIx, usize)> {
        (0..self.customers).into_par_iter().map(CustomerIx::from_index).find_map_first(|customer| {
            let month = (0..self.months()).find(|&month| self.get(month, customer).readings > limit)?;
            Some((customer, month))
        })
    }

    /// Removes the months before the one in which the customer opened: they belong to the earlier owner of the number.
    /// Their rows, which were counted so far, become rows outside the window.
    pub(super) fn drop_before_opening(&mut self, customers: &Customers, book: &mut TableBook) {
        let window = self.window;
        let before_opening =
            |customer: CustomerIx| months_before_opening(window, &customers.rows[customer.index()]);
        let found = self.change(
            |_, customer| before_opening(customer) > 0,
            |customer, row| {
                let opening = before_opening(customer);
                let rows: u64 = row[..opening].iter().map(|used| u64::from(used.readings)).sum();
                row[..opening].fill(MonthUse::default());
                (rows > 0).then_some(rows)
            },
        );
        for (customer, rows) in found {
            book.tally.counted -= rows;
            book.tally.out_of_window += rows;
            book.notice(Rule::BeforeOpening, 1, || {
                let id = customers.ids.key(customer.number());
                let noun = if rows == 1 { "reading" } else { "readings" };
                format!("{rows} {noun} of {id} before it opened")
            });
        }
    }

    /// Adds the energy of registers, which comes by customer and month. Returns `None` on overflow.
    #[must_use]
    pub fn add(&mut self, months: &[CustomerMonth]) -> Option<()> {
        if months.is_empty() {
            return Some(());
        }
        self.has_ends.resize(self.customers, false);
        months.iter().for_each(|month| self.has_ends[month.customer.index()] = true);
        let added = self.change(
            |_, customer| months.binary_search_by_key(&customer, |month| month.customer).is_ok(),
            |customer, row| {
                let start = months.partition_point(|month| month.customer < customer);
                let own = months[start..].iter().take_while(|month| month.customer == customer);
                let mut sums = own
                    .map(|month| row[month.month].checked_add(month.used).map(|sum| row[month.month] = sum));
                let first = sums.next()?;
                Some(first.is_some() && sums.all(|sum| sum.is_some()))
            },
        );
        added.into_iter().all(|(_, is_sum)| is_sum).then_some(())
    }

    /// Spreads the readings of customers with a sparse cadence, and notes these customers in `book`.
    pub fn spread(&mut self, customers: &Customers, book: &mut TableBook) {
        let window = self.window;
        let has_ends = std::mem::take(&mut self.has_ends);
        let may_be_sparse = |stripe: &UsageStripe, customer: CustomerIx| {
            let has_ends = has_ends.get(customer.index()).is_some_and(|has_ends| *has_ends);
            !has_ends && cadence::has_gap(stripe.months_of(customer))
        };
        let found = self.change(may_be_sparse, |_, row| {
            let gaps = cadence::spread(row, window);
            (!gaps.is_empty()).then_some(gaps)
        });
        self.has_ends = has_ends;
        let mut by_gap: BTreeMap<usize, (u64, CustomerIx)> = BTreeMap::new();
        for (customer, gaps) in &found {
            for &gap in gaps {
                by_gap.entry(gap).or_insert((0, *customer)).0 += 1;
            }
        }
        if !found.is_empty() {
            book.notice(Rule::SparseCadence, count(found.len()), || {
                let each = by_gap.iter().map(|(gap, (read, first))| {
                    let (noun, first) = (
                        if *read == 1 { "customer" } else { "customers" },
                        customers.ids.key(first.number()),
                    );
                    format!("every {gap} months: {read} {noun}, first {first}")
                });
                each.collect::<Vec<_>>().join("; ")
            });
        }
    }

    /// Decides which months are covered, and notes in `book` the customers who are not read off season.
    pub fn cover(&mut self, customers: &Customers, service: &ServiceMonths, book: &mut TableBook) {
        let (months, window) = (self.months(), self.window);
        let words_per_customer = self.coverage.words_per_customer();
        let mut coverage = std::mem::replace(&mut self.coverage, Coverage::none(0, 0));
        let by_stripe = self
            .stripes
            .par_iter()
            .zip(coverage.words.par_chunks_mut((words_per_customer << self.shift).max(1)));
        let seasonal: Vec<CustomerIx> = by_stripe
            .flat_map_iter(|(stripe, words)| {
                let mut row = Vec::with_capacity(months);
                let mut readings = vec![0; months];
                let mut seasonal = Vec::new();
                for (customer, words) in stripe.of().zip(words.chunks_mut(words_per_customer)) {
                    row.clear();
                    row.extend(stripe.months_of(customer));
                    readings.iter_mut().zip(&row).for_each(|(readings, used)| *readings = used.readings);
                    let mut set = |month: usize| words[month / WORD_BITS] |= 1 << (month % WORD_BITS);
                    covered::for_each_covered(&readings, &mut set);
                    let closed_on = customers.rows[customer.index()].closed_on;
                    let open = open_months(window, service.of(customer), closed_on);
                    let filled = season::off_season(&row, window, open);
                    if !filled.is_empty() {
                        seasonal.push(customer);
                    }
                    filled.into_iter().for_each(set);
                }
                seasonal
            })
            .collect();
        self.coverage = coverage;
        if let Some(first) = seasonal.first() {
            book.notice(Rule::OffSeason, count(seasonal.len()), || {
                format!("first {}", customers.ids.key(first.number()))
            });
        }
    }

    /// Changes the months of the customers for whom `concerns` is true, stripe by stripe; `change` returns what it did to a
    /// customer's row, or `None` if nothing. Returns what was done, by customer.
    fn change<T: Send>(
        &mut self,
        concerns: impl Fn(&UsageStripe, CustomerIx) -> bool + Sync,
        change: impl Fn(CustomerIx, &mut [MonthUse]) -> Option<T> + Sync,
    ) -> Vec<(CustomerIx, T)> {
        let months = self.months();
        let known: BTreeSet<CustomerIx> = self.as_read.iter().map(|month| month.customer).collect();
        let mut done = Vec::new();
        let mut as_read = Vec::new();
        let changed: Vec<_> = self
            .stripes
            .par_iter_mut()
            .map(|stripe| {
                let (mut done, mut as_read) = (Vec::new(), Vec::new());
                let (mut row, mut before) = (Vec::with_capacity(months), Vec::with_capacity(months));
                for customer in stripe.of() {
                    if !concerns(stripe, customer) {
                        continue;
                    }
                    row.clear();
                    row.extend(stripe.months_of(customer));
                    before.clone_from(&row);
                    let Some(what) = change(customer, &mut row) else { continue };
                    done.push((customer, what));
                    if !known.contains(&customer) {
                        as_read.extend(months_as_read(customer, &before));
                    }
                    for month in (0..months).filter(|&month| row[month] != before[month]) {
                        stripe.set(customer, month, row[month]);
                    }
                }
                (done, as_read)
            })
            .collect();
        for (of_stripe, read) in changed {
            done.extend(of_stripe);
            as_read.extend(read);
        }
        self.as_read.extend(as_read);
        self.as_read.sort_unstable_by_key(|month| (month.customer, month.month));
        done
    }
}

/// Puts the cells of places into the order of ids, month by month: while a thread orders a month, only the cells of this
/// month are in memory twice.
fn order_by_ids(stripes: &mut [(usize, Vec<Vec<MonthCell>>)], shift: u32, places: &Places, months: usize) {
    let lengths: Vec<usize> = stripes.iter().map(|(customers, _)| *customers).collect();
    let mut by_month: Vec<Vec<Vec<MonthCell>>> = Vec::with_capacity(months);
    for month in 0..months {
        by_month.push(stripes.iter_mut().map(|(_, cells)| std::mem::take(&mut cells[month])).collect());
    }
    by_month.par_iter_mut().for_each(|cells| {
        if cells.iter().any(|of_stripe| !of_stripe.is_empty()) {
            *cells = month_by_ids(cells, &lengths, shift, places);
        }
    });
    for (month, of_month) in by_month.into_iter().enumerate() {
        for ((_, cells), ordered) in stripes.iter_mut().zip(of_month) {
            cells[month] = ordered;
        }
    }
}

/// The cells of a month, by stripe, in the order of ids.
fn month_by_ids(
    cells: &[Vec<MonthCell>],
    lengths: &[usize],
    shift: u32,
    places: &Places,
) -> Vec<Vec<MonthCell>> {
    let mut all = (0..).map(CustomerIx::new);
    let ordered = lengths.iter().map(|&length| {
        let customers = all.by_ref().take(length);
        customers
            .map(|customer| {
                let place = places.of(customer).index();
                let (stripe, member) = (place >> shift, place & ((1 << shift) - 1));
                cells[stripe].get(member).copied().unwrap_or_default()
            })
            .collect()
    });
    ordered.collect()
}

/// Number of months of the window before the one in which the customer opened.
pub(crate) fn months_before_opening(window: Window, customer: &Customer) -> usize {
    let Some(opening) = Month::of_day(customer.opened_on) else { return 0 };
    index((opening.0 - window.start().0).clamp(0, window.months.cast_signed()).cast_unsigned())
}

/// The service months that do not begin after the day of closing.
fn open_months(
    window: Window,
    service: std::ops::Range<usize>,
    closed_on: Option<i32>,
) -> std::ops::Range<usize> {
    let Some(closed_on) = closed_on else { return service };
    let end = service.clone().find(|&month| window.month(month).first_day() > closed_on);
    service.start..end.unwrap_or(service.end)
}

fn months_as_read(customer: CustomerIx, row: &[MonthUse]) -> Vec<CustomerMonth> {
    let read = (0..row.len()).filter(|&month| row[month].readings > 0);
    let mut months: Vec<CustomerMonth> =
        read.map(|month| CustomerMonth { customer, month, used: row[month] }).collect();
    if months.is_empty() {
        months.push(CustomerMonth { customer, month: 0, used: MonthUse::default() });
    }
    months
}
