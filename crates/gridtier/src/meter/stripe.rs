//! The cells that all threads sum into, in stripes of neighbouring customers with a lock for each.
//!
//! A thread takes a stripe for all rows of a batch that fall into it, so that a lock costs nothing by the row, and no
//! thread has sums of its own to be added up. A cell holds 32 bytes: its sums, and the marks by which a repeated reading
//! is recognised.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::batch::{Run, month_use};
use super::calendar::Place;
use super::usage::MonthUse;

/// Least and most stripes: enough that threads seldom meet, few enough that a batch brings many rows to each.
const STRIPES_MIN: usize = 32;
const STRIPES_MAX: usize = 1_024;
/// Customers of a stripe: no fewer, and if [`STRIPES_MAX`] allows no more. Small tests have several stripes too.
const CUSTOMERS_MIN: usize = if cfg!(test) { 2 } else { 64 };
const CUSTOMERS_MAX: usize = 4_096;

/// What is known of the slots of one meter in one month.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// By day: a bit for each that has a reading. By minute: the first and (+ 1) the last slot of the readings in order.
    seen: u32,
    /// By day: a bit for each that has more than one. By minute: whether two readings may share a minute.
    twice: u32,
}

impl Marks {
    /// Marks a day; whether it was marked before.
    #[inline]
    fn day(&mut self, slot: u16) -> bool {
        let bit = 1 << slot;
        let again = self.seen & bit;
        self.seen |= bit;
        self.twice |= again;
        again != 0
    }

    /// Marks minutes in which there are readings in strict order, if none lies between earlier ones; else doubts them.
    pub fn minutes(&mut self, first: u16, last: u16) {
        let (low, end) = (self.seen as u16, (self.seen >> 16) as u16);
        let pack = |low: u16, end: u16| u32::from(low) | u32::from(end) << 16;
        if end == 0 {
            self.seen = pack(first, last + 1);
        } else if first >= end {
            self.seen = pack(low, last + 1);
        } else if last < low {
            self.seen = pack(first, end);
        } else {
            self.twice = 1;
        }
    }

    /// Doubts all minutes.
    pub fn doubt(&mut self) {
        self.twice = 1;
    }

    /// Whether a day has more than one reading.
    pub fn has_day_twice(self, slot: u16) -> bool {
        self.twice >> slot & 1 == 1
    }

    /// Whether two readings may share any slot.
    pub fn are_doubtful(self) -> bool {
        self.twice != 0
    }

    /// Days that have more than one reading.
    pub fn days_twice(self) -> u32 {
        self.twice.count_ones()
    }
}

/// One customer in one month.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub used: MonthUse,
    /// Of the customer's first meter.
    pub marks: Marks,
}

impl Cell {
    /// Adds a reading of the first meter and marks its day; whether it was marked before.
    #[inline]
    pub fn add_day(&mut self, place: Place, reading: MonthUse) -> bool {
        self.used.add(reading);
        self.marks.day(place.slot())
    }
}

/// Neighbouring customers.
#[derive(Clone, Debug)]
pub(super) struct Stripe {
    /// By month of the window and customer; no cells until the month has a reading.
    pub months: Vec<Vec<Cell>>,
    customers: usize,
    /// By customer: [`code`] of the meter that was met first, 0 for none yet. Which one that is depends on the threads,
    /// but nothing that is published does. Empty until a file has meters.
    first_meter: Vec<u32>,
    /// Whether there are readings of files without meters.
    is_meterless: bool,
    /// Further meters by customer and code.
    further: HashMap<(u32, u32), u32>,
    further_customers: Vec<u32>,
    /// Their marks by month.
    further_marks: Vec<Vec<Marks>>,
}

/// A meter as a number above 0; 1 is the null meter.
#[inline]
fn code(meter: Option<u32>) -> u32 {
    meter.map_or(1, |meter| meter + 2)
}

impl Stripe {
    pub fn new(customers: usize, months: usize) -> Self {
        Self {
            months: vec![Vec::new(); months],
            customers,
            first_meter: Vec::new(),
            is_meterless: false,
            further: HashMap::new(),
            further_customers: Vec::new(),
            further_marks: vec![Vec::new(); months],
        }
    }

    /// The series of a customer's meter, `None` for the null meter, which is a meter of its own: readings of one series
    /// and time are repetitions. The first meter's has the number of the customer in the stripe, so that the common case
    /// of one meter each needs no table.
    #[inline]
    pub fn series(&mut self, customer: u32, meter: Option<u32>) -> u32 {
        let is_first = self.first_meter.get(customer as usize) == Some(&code(meter));
        if is_first { customer } else { self.other_series(customer, code(meter)) }
    }

    #[inline(never)]
    fn other_series(&mut self, customer: u32, code: u32) -> u32 {
        self.tell_meters();
        let first = &mut self.first_meter[customer as usize];
        if *first == 0 || *first == code {
            *first = code;
            return customer;
        }
        let next = (self.customers + self.further.len()) as u32;
        let series = *self.further.entry((customer, code)).or_insert(next);
        if series == next {
            self.further_customers.push(customer);
        }
        series
    }

    /// From here on meters are told apart. Where files without meters came first, everybody's first is the null meter.
    fn tell_meters(&mut self) {
        if self.first_meter.is_empty() {
            self.first_meter = vec![u32::from(self.is_meterless); self.customers];
        }
    }

    /// Adds neighbouring rows and marks their days, up to the first of a meter that is not its customer's first; the rows
    /// added. `again` is told of rows on a day that was marked before. `first` is the stripe's first customer.
    pub fn add_run(&mut self, first: u32, run: &Run, again: &mut dyn FnMut(usize)) -> usize {
        if run.has_meters() {
            self.tell_meters();
        } else if self.first_meter.is_empty() {
            self.is_meterless = true;
        }
        if let Some(place) = run.place.filter(|_| self.first_meter.is_empty()) {
            let cells = self.cells(place.month());
            run.each(|row, number, energies| {
                if cells[(number.index() - first) as usize].add_day(place, month_use(energies)) {
                    again(row);
                }
            });
            return run.rows();
        }
        let Self { months, customers, first_meter, .. } = self;
        let is_meterless = first_meter.is_empty();
        // Files sorted by customer have many rows for one cell: it is held until another one comes.
        let (mut held, mut cell) = (None, Cell::default());
        let rows = run.each_counted(|row, (number, meter, place, energies)| {
            let customer = (number.index() - first) as usize;
            if !is_meterless && first_meter[customer] != code(meter) {
                return ControlFlow::Break(());
            }
            let own = Some((usize::from(place.month()), customer));
            if own != held {
                put_down(months, held, cell);
                let cells = &mut months[usize::from(place.month())];
                if cells.is_empty() {
                    begin(cells, *customers);
                }
                (held, cell) = (own, cells[customer]);
            }
            if cell.add_day(place, month_use(energies)) {
                again(row);
            }
            ControlFlow::Continue(())
        });
        put_down(months, held, cell);
        rows
    }

    #[inline]
    pub fn cells(&mut self, month: u16) -> &mut [Cell] {
        let cells = &mut self.months[usize::from(month)];
        if cells.is_empty() {
            begin(cells, self.customers);
        }
        cells
    }

    /// The marks of a series in a month.
    #[inline]
    pub fn marks(&mut self, month: u16, series: u32) -> &mut Marks {
        let series = series as usize;
        if series < self.customers {
            return &mut self.cells(month)[series].marks;
        }
        let (marks, place) = (&mut self.further_marks[usize::from(month)], series - self.customers);
        if place >= marks.len() {
            marks.resize(place + 1, Marks::default());
        }
        &mut marks[place]
    }

    /// Adds a reading to its customer's month.
    #[inline]
    pub fn add(&mut self, customer: u32, month: u16, reading: MonthUse) {
        self.cells(month)[customer as usize].used.add(reading);
    }

    /// Adds a reading and marks its day; whether it was marked before.
    #[inline]
    pub fn add_day(&mut self, customer: u32, series: u32, place: Place, reading: MonthUse) -> bool {
        let cell = &mut self.cells(place.month())[customer as usize];
        if series == customer {
            return cell.add_day(place, reading);
        }
        cell.used.add(reading);
        self.marks(place.month(), series).day(place.slot())
    }

    /// Series so far: one for each customer, and further meters.
    pub fn series_count(&self) -> usize {
        self.customers + self.further_customers.len()
    }

    /// The customer of a series.
    pub fn customer(&self, series: u32) -> u32 {
        let further = (series as usize).checked_sub(self.customers);
        further.map_or(series, |place| self.further_customers[place])
    }

    /// Month, series and marks of all that are doubtful.
    pub fn doubtful(&self) -> impl Iterator<Item = (u16, u32, Marks)> + '_ {
        let of_firsts = self.months.iter().map(|cells| cells.iter().map(|cell| cell.marks).zip(0..));
        let first = self.customers as u32;
        let of_further = self.further_marks.iter().map(move |marks| marks.iter().copied().zip(first..));
        let firsts = of_firsts.enumerate().flat_map(|(month, marks)| marks.map(move |m| (month, m)));
        let further = of_further.enumerate().flat_map(|(month, marks)| marks.map(move |m| (month, m)));
        let all = firsts.chain(further).filter(|(_, (marks, _))| marks.are_doubtful());
        all.map(|(month, (marks, series))| (month as u16, series, marks))
    }
}

#[inline]
fn put_down(months: &mut [Vec<Cell>], held: Option<(usize, usize)>, cell: Cell) {
    if let Some((month, customer)) = held {
        months[month][customer] = cell;
    }
}

#[cold]
fn begin(cells: &mut Vec<Cell>, customers: usize) {
    *cells = vec![Cell::default(); customers];
}

/// All stripes.
pub(super) struct Stripes {
    stripes: Vec<Mutex<Stripe>>,
    shift: u32,
}

impl Stripes {
    pub fn new(customers: usize, months: usize) -> Self {
        let few = customers.div_ceil(STRIPES_MIN).clamp(CUSTOMERS_MIN, CUSTOMERS_MAX);
        let size = customers.div_ceil(STRIPES_MAX).max(few).next_power_of_two();
        let stripe = |first: usize| Mutex::new(Stripe::new(size.min(customers - first), months));
        let stripes = (0..customers).step_by(size).map(stripe).collect();
        Self { stripes, shift: size.trailing_zeros() }
    }

    pub fn len(&self) -> usize {
        self.stripes.len()
    }

    /// The stripe of a customer.
    #[inline]
    pub fn of(&self, customer: u32) -> u32 {
        customer >> self.shift
    }

    /// The first customer of a stripe.
    #[inline]
    pub fn first(&self, stripe: u32) -> u32 {
        stripe << self.shift
    }

    /// A stripe, once it is free.
    pub fn lock(&self, stripe: u32) -> MutexGuard<'_, Stripe> {
        self.stripes[stripe as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stripe, if it is free.
    pub fn try_lock(&self, stripe: u32) -> Option<MutexGuard<'_, Stripe>> {
        match self.stripes[stripe as usize].try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The stripes and how far a customer's number is shifted to find its own.
    pub fn into_parts(self) -> (Vec<Stripe>, u32) {
        let open = |stripe: Mutex<Stripe>| stripe.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.stripes.into_iter().map(open).collect(), self.shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_takes_thirty_two_bytes() {
        assert_eq!(size_of::<Cell>(), 32);
    }

    #[test]
    fn minutes_in_order_are_beyond_doubt_and_others_are_not() {
        let doubtful = |runs: &[(u16, u16)]| {
            let mut marks = Marks::default();
            runs.iter().for_each(|&(first, last)| marks.minutes(first, last));
            marks.are_doubtful()
        };
        assert!(!doubtful(&[(0, 0), (1, 5), (44_639, 44_639)]));
        assert!(!doubtful(&[(100, 200), (0, 99), (201, 201)]));
        for runs in [[(0, 0), (0, 0)], [(10, 20), (20, 30)], [(10, 20), (5, 10)], [(10, 20), (0, 44_639)]] {
            assert!(doubtful(&runs), "{runs:?}");
        }
        // What lies in a gap is doubted too: that costs time only.
        assert!(doubtful(&[(0, 1), (10, 11), (5, 6)]));
    }

    #[test]
    fn the_first_meter_of_a_customer_has_its_number_and_others_follow() {
        let mut stripe = Stripe::new(4, 1);
        assert_eq!([code(None), code(Some(0))], [1, 2]);
        let meter = Some(5);
        assert_eq!([stripe.series(2, meter), stripe.series(2, None), stripe.series(2, meter)], [2, 4, 2]);
        assert_eq!([stripe.series(3, None), stripe.series(3, meter), stripe.series(2, None)], [3, 5, 4]);
        let place = super::super::calendar::Calendar::new(
            crate::unit::Window { end: crate::unit::Month(1), months: 1 },
            super::super::calendar::Slots::Days,
        )
        .place(0);
        let mut again = |series| stripe.add_day(2, series, place, MonthUse::default());
        assert_eq!([again(4), again(4), again(2)], [false, true, false]);
        assert_eq!([stripe.customer(4), stripe.customer(5), stripe.customer(1)], [2, 3, 1]);
        assert_eq!(stripe.doubtful().map(|(month, series, _)| (month, series)).collect::<Vec<_>>(), [(0, 4)]);
    }
}
