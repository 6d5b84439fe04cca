//! The month cells that all threads add to, in stripes of neighbouring customers with one lock for each stripe.
//!
//! A thread locks a stripe once for all rows of a batch that belong to it, so that a lock costs next to nothing for
//! each row. Threads have no sums of their own: these would take memory, and would have to be added up at the end.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::batch::ReadingSlice;
use super::calendar::MonthSlot;
use super::id_cache::MeterIx;
use super::month_cell::{MonthCell, MonthUse, ReadingEnergy, SlotMarks};
use super::places::PlaceIx;
use crate::index::positions;

/// Minimum and maximum number of stripes. With enough stripes, two threads seldom need the same one; with too many, a
/// batch would have few rows for each.
const STRIPES_MIN: usize = 32;
const STRIPES_MAX: usize = 1_024;
/// Minimum and maximum number of customers in a stripe. Stripes exceed the maximum only if there would otherwise be
/// more than [`STRIPES_MAX`] of them. The minimum is small, because with a larger one a utility of a thousand
/// customers had a single stripe, and the threads waited for each other. Tests have few customers, so their minimum
/// is smaller still.
const CUSTOMERS_MIN: usize = if cfg!(test) { 2 } else { 64 };
const CUSTOMERS_MAX: usize = 4_096;

positions! {
    /// A stripe: position among all stripes.
    StripeIx,
    /// A customer of a stripe: position among its customers.
    MemberIx,
    /// A series of a stripe. The series of a customer's first meter has the number of the member. Those of further
    /// meters have the numbers after all members, in the order in which the meters are met.
    SeriesIx,
}

/// The month cells of neighbouring customers.
#[derive(Clone, Debug)]
pub(super) struct Stripe {
    number: StripeIx,
    first: PlaceIx,
    customers: usize,
    /// The cells of each month of the window, by member; empty until the month has a reading.
    pub months: Vec<Vec<MonthCell>>,
    /// For each member, the [code](meter_code) of the meter that was met first; 0 before any was met. The timing of
    /// the threads decides which meter that is, but published results do not depend on it. Empty until a file has
    /// meters.
    first_meter: Vec<u32>,
    /// Whether files without meters have been added.
    is_meterless: bool,
    /// Series of further meters, by member and code.
    further: HashMap<(MemberIx, u32), SeriesIx>,
    /// For each further series, its member.
    further_members: Vec<MemberIx>,
    /// The marks of each month, by further series.
    further_marks: Vec<Vec<SlotMarks>>,
    /// The sums of each month, by further series; those of a first series are what remains of the month cell.
    further_used: Vec<Vec<MonthUse>>,
}

/// A meter as a number above 0; 1 stands for readings without a meter id.
#[inline]
fn meter_code(meter: Option<MeterIx>) -> u32 {
    meter.map_or(1, |meter| meter.number() + 2)
}

impl Stripe {
    fn new(number: StripeIx, first: PlaceIx, customers: usize, months: usize) -> Self {
        Self {
            number,
            first,
            customers,
            months: vec![Vec::new(); months],
            first_meter: Vec::new(),
            is_meterless: false,
            further: HashMap::new(),
            further_members: Vec::new(),
            further_marks: vec![Vec::new(); months],
            further_used: vec![Vec::new(); months],
        }
    }

    /// Position among all stripes.
    pub fn number(&self) -> StripeIx {
        self.number
    }

    /// The customer at a place of the stripe as a member.
    #[inline]
    pub fn member(&self, place: PlaceIx) -> MemberIx {
        member(self.first, place)
    }

    /// The place of the customer of a series.
    pub fn place(&self, series: SeriesIx) -> PlaceIx {
        let member = match series.index().checked_sub(self.customers) {
            None => series.number(),
            Some(further) => self.further_members[further].number(),
        };
        PlaceIx::new(self.first.number() + member)
    }

    /// Number of series so far: one for each customer, and one for each further meter.
    pub fn series_count(&self) -> usize {
        self.customers + self.further_members.len()
    }

    /// Whether a meter is the first or a further meter of a member.
    pub fn has_meter(&self, member: MemberIx, meter: MeterIx) -> bool {
        let code = meter_code(Some(meter));
        self.first_meter.get(member.index()) == Some(&code) || self.further.contains_key(&(member, code))
    }

    /// The series of a customer's meter. `None` stands for readings without a meter id, which count as one meter. The
    /// common case of one meter for each customer needs no table.
    #[inline]
    pub fn series(&mut self, member: MemberIx, meter: Option<MeterIx>) -> SeriesIx {
        let code = meter_code(meter);
        if self.first_meter.get(member.index()) == Some(&code) {
            SeriesIx::new(member.number())
        } else {
            self.other_series(member, code)
        }
    }

    #[inline(never)]
    fn other_series(&mut self, member: MemberIx, code: u32) -> SeriesIx {
        self.distinguish_meters();
        let first = &mut self.first_meter[member.index()];
        if *first == 0 || *first == code {
            *first = code;
            return SeriesIx::new(member.number());
        }
        let next = SeriesIx::from_index(self.series_count());
        let series = *self.further.entry((member, code)).or_insert(next);
        if series == next {
            self.further_members.push(member);
        }
        series
    }

    /// Begins to tell meters apart. If earlier files had no meters, the first meter of every customer has the code of
    /// readings without a meter id.
    fn distinguish_meters(&mut self) {
        if self.first_meter.is_empty() {
            self.first_meter = vec![u32::from(self.is_meterless); self.customers];
        }
    }

    /// Adds neighbouring rows and marks their days. Stops at the first row whose meter is not the first meter of its
    /// customer. Returns the number of rows added. Calls `on_repeated` with each row whose day was marked before.
    ///
    /// There are two loops, because a single loop for all cases does more work for each row: it checks slot and
    /// exclusion, and fetches a cell. The kernel with a single loop took 1.30 times as long as decoding alone if each
    /// row group has one day, 1.43 times with ids as plain text, and 1.45 times in files sorted by customer. With two
    /// loops it takes 1.08, 1.3 and 1.4 times as long (benches/README.md).
    pub fn add_slice(&mut self, rows: &ReadingSlice, on_repeated: &mut dyn FnMut(usize)) -> usize {
        if rows.has_meters() {
            self.distinguish_meters();
        } else if self.first_meter.is_empty() {
            self.is_meterless = true;
        }
        match rows.common_slot.filter(|_| self.first_meter.is_empty()) {
            Some(slot) => self.add_one_slot(rows, slot, on_repeated),
            None => self.add_many_slots(rows, on_repeated),
        }
    }

    /// For slices in which all rows count, have no meter and share one month slot: the month's cells are looked up
    /// once.
    fn add_one_slot(
        &mut self,
        rows: &ReadingSlice,
        slot: MonthSlot,
        on_repeated: &mut dyn FnMut(usize),
    ) -> usize {
        let first = self.first;
        let cells = self.cells(slot.month());
        rows.for_each(|row, place, energy| {
            if cells[member(first, place).index()].add_day(slot, energy) {
                on_repeated(row);
            }
        });
        rows.rows()
    }

    /// Files sorted by customer have many rows for one cell, so a copy of the cell is kept until another cell is
    /// needed.
    fn add_many_slots(&mut self, rows: &ReadingSlice, on_repeated: &mut dyn FnMut(usize)) -> usize {
        let Self { first, customers, months, first_meter, .. } = self;
        let has_meters = !first_meter.is_empty();
        let (mut kept_at, mut kept) = (None, MonthCell::default());
        let added = rows.for_each_counted(|row, reading| {
            let member = member(*first, reading.place).index();
            if has_meters && first_meter[member] != meter_code(reading.meter) {
                return ControlFlow::Break(());
            }
            let at = Some((reading.slot.month(), member));
            if at != kept_at {
                write_back(months, kept_at, kept);
                let cells = &mut months[reading.slot.month()];
                if cells.is_empty() {
                    allocate(cells, *customers);
                }
                (kept_at, kept) = (at, cells[member]);
            }
            if kept.add_day(reading.slot, reading.energy) {
                on_repeated(row);
            }
            ControlFlow::Continue(())
        });
        write_back(months, kept_at, kept);
        added
    }

    /// The cells of a month, by member.
    #[inline]
    pub fn cells(&mut self, month: usize) -> &mut [MonthCell] {
        let cells = &mut self.months[month];
        if cells.is_empty() {
            allocate(cells, self.customers);
        }
        cells
    }

    /// The marks of a series in a month.
    #[inline]
    pub fn marks(&mut self, month: usize, series: SeriesIx) -> &mut SlotMarks {
        let Some(further) = series.index().checked_sub(self.customers) else {
            return &mut self.cells(month)[series.index()].marks;
        };
        let marks = &mut self.further_marks[month];
        if further >= marks.len() {
            marks.resize(further + 1, SlotMarks::default());
        }
        &mut marks[further]
    }

    /// Adds a reading to its month without marking its slot.
    #[inline]
    pub fn add(&mut self, member: MemberIx, series: SeriesIx, slot: MonthSlot, energy: ReadingEnergy) {
        self.cells(slot.month())[member.index()].used.add(energy);
        if let Some(used) = self.further_used(slot.month(), series) {
            used.add(energy);
        }
    }

    /// Takes back a reading that was added.
    pub fn remove(&mut self, member: MemberIx, series: SeriesIx, month: usize, energy: ReadingEnergy) {
        self.cells(month)[member.index()].used.remove(energy);
        if let Some(used) = self.further_used(month, series) {
            used.remove(energy);
        }
    }

    /// The sums of a further series in a month; `None` for a first series.
    #[inline]
    fn further_used(&mut self, month: usize, series: SeriesIx) -> Option<&mut MonthUse> {
        let further = series.index().checked_sub(self.customers)?;
        let used = &mut self.further_used[month];
        if further >= used.len() {
            used.resize(further + 1, MonthUse::default());
        }
        Some(&mut used[further])
    }

    /// The members with several meters, each with its series by the number of the meter (`None` stands for readings
    /// without a meter id).
    pub fn with_several_meters(&self) -> BTreeMap<MemberIx, Vec<(Option<u32>, SeriesIx)>> {
        let meter = |code: u32| code.checked_sub(2);
        let mut members: BTreeMap<MemberIx, Vec<(Option<u32>, SeriesIx)>> = BTreeMap::new();
        // The result is sorted before it is used.
        #[expect(clippy::iter_over_hash_type)]
        for (&(member, code), &series) in &self.further {
            let first = || vec![(meter(self.first_meter[member.index()]), SeriesIx::new(member.number()))];
            members.entry(member).or_insert_with(first).push((meter(code), series));
        }
        members
    }

    /// The sums and the marks of a member's series in a month. `all` are all series of the member.
    pub fn of_series(
        &self,
        month: usize,
        member: MemberIx,
        series: SeriesIx,
        all: &[(Option<u32>, SeriesIx)],
    ) -> (MonthUse, SlotMarks) {
        let further = |series: SeriesIx| {
            let place = series.index().checked_sub(self.customers)?;
            let used = self.further_used[month].get(place).copied().unwrap_or_default();
            Some((used, self.further_marks[month].get(place).copied().unwrap_or_default()))
        };
        if let Some(found) = further(series) {
            return found;
        }
        let cell = self.months[month].get(member.index()).copied().unwrap_or_default();
        let others = all.iter().filter_map(|&(_, other)| further(other));
        (others.fold(cell.used, |rest, (used, _)| rest.minus(used)), cell.marks)
    }

    /// The place of a member.
    pub fn place_of(&self, member: MemberIx) -> PlaceIx {
        PlaceIx::new(self.first.number() + member.number())
    }

    /// The cells of a month, by member; empty if nobody has a reading in it.
    pub fn cells_of(&self, month: usize) -> &[MonthCell] {
        &self.months[month]
    }

    /// Adds a reading and marks its day. Returns whether the day was marked before.
    #[inline]
    pub fn add_day(
        &mut self,
        member: MemberIx,
        series: SeriesIx,
        slot: MonthSlot,
        energy: ReadingEnergy,
    ) -> bool {
        let cell = &mut self.cells(slot.month())[member.index()];
        if series.number() == member.number() {
            return cell.add_day(slot, energy);
        }
        cell.used.add(energy);
        if let Some(used) = self.further_used(slot.month(), series) {
            used.add(energy);
        }
        self.marks(slot.month(), series).mark_day(slot.slot())
    }

    /// Month, series and marks of all doubtful months.
    pub fn doubtful(&self) -> impl Iterator<Item = (usize, SeriesIx, SlotMarks)> + '_ {
        self.months.iter().zip(&self.further_marks).enumerate().flat_map(|(month, (cells, further))| {
            let first = cells.iter().map(|cell| cell.marks).enumerate();
            let further = (self.customers..).zip(further.iter().copied());
            first
                .chain(further)
                .filter(|(_, marks)| marks.is_doubtful())
                .map(move |(series, marks)| (month, SeriesIx::from_index(series), marks))
        })
    }
}

#[inline]
fn member(first: PlaceIx, place: PlaceIx) -> MemberIx {
    MemberIx::new(place.number() - first.number())
}

#[inline]
fn write_back(months: &mut [Vec<MonthCell>], at: Option<(usize, usize)>, cell: MonthCell) {
    if let Some((month, member)) = at {
        months[month][member] = cell;
    }
}

#[cold]
fn allocate(cells: &mut Vec<MonthCell>, customers: usize) {
    *cells = vec![MonthCell::default(); customers];
}

/// All stripes.
pub(super) struct Stripes {
    stripes: Vec<Mutex<Stripe>>,
    /// Stripes have 2^shift customers, so that the stripe of a customer is found without a division.
    shift: u32,
}

impl Stripes {
    pub fn new(customers: usize, months: usize) -> Self {
        let wanted = customers.div_ceil(STRIPES_MIN).clamp(CUSTOMERS_MIN, CUSTOMERS_MAX);
        let size = customers.div_ceil(STRIPES_MAX).max(wanted).next_power_of_two();
        let stripes = (0..customers)
            .step_by(size)
            .enumerate()
            .map(|(number, first)| {
                let (number, length) = (StripeIx::from_index(number), size.min(customers - first));
                Mutex::new(Stripe::new(number, PlaceIx::from_index(first), length, months))
            })
            .collect();
        Self { stripes, shift: size.trailing_zeros() }
    }

    /// Number of stripes.
    pub fn len(&self) -> usize {
        self.stripes.len()
    }

    /// The stripe of the customer at a place.
    #[inline]
    pub fn stripe_of(&self, place: PlaceIx) -> StripeIx {
        StripeIx::new(place.number() >> self.shift)
    }

    /// Whether the customers at all places belong to one stripe.
    #[inline]
    pub fn are_all_of(&self, stripe: StripeIx, places: impl Iterator<Item = PlaceIx>) -> bool {
        // No early exit, so that several are compared at once.
        places.fold(true, |all, place| all & (self.stripe_of(place) == stripe))
    }

    /// Waits for a stripe and locks it.
    pub fn lock(&self, stripe: StripeIx) -> MutexGuard<'_, Stripe> {
        self.stripes[stripe.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks a stripe unless another thread holds it.
    pub fn try_lock(&self, stripe: StripeIx) -> Option<MutexGuard<'_, Stripe>> {
        match self.stripes[stripe.index()].try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// All stripes in their order. Each is waited for and locked when it is reached.
    pub fn iter(&self) -> impl Iterator<Item = MutexGuard<'_, Stripe>> {
        self.stripes.iter().map(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the month cells out of the stripes: for each stripe, the number of its customers and its cells.
    pub fn take_months(&mut self) -> Vec<(usize, Vec<Vec<MonthCell>>)> {
        let stripes = self.stripes.iter_mut();
        let stripes = stripes.map(|stripe| stripe.get_mut().unwrap_or_else(PoisonError::into_inner));
        stripes.map(|stripe| (stripe.customers, std::mem::take(&mut stripe.months))).collect()
    }

    /// How far the number of a place is shifted right to give its stripe.
    pub fn shift(&self) -> u32 {
        self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::calendar::{Calendar, SlotWidth};
    use crate::unit::{Month, Window};

    #[test]
    fn the_first_meter_of_a_customer_has_its_number_and_others_follow() {
        let mut stripe = Stripe::new(StripeIx::new(0), PlaceIx::new(8), 4, 1);
        let [one, two, three] = [1, 2, 3].map(MemberIx::new);
        assert_eq!([meter_code(None), meter_code(Some(MeterIx::new(0)))], [1, 2]);
        let meter = Some(MeterIx::new(5));
        assert_eq!(
            [stripe.series(two, meter), stripe.series(two, None), stripe.series(two, meter)],
            [2, 4, 2].map(SeriesIx::new)
        );
        assert_eq!(
            [stripe.series(three, None), stripe.series(three, meter), stripe.series(two, None)],
            [3, 5, 4].map(SeriesIx::new)
        );
        let slot = Calendar::new(Window { end: Month(1), months: 1 }, SlotWidth::Day, 0).month_slot(0);
        let energy = ReadingEnergy { active_wh: 0, reactive_varh: None };
        let added = [4, 4, 2].map(|series| stripe.add_day(two, SeriesIx::new(series), slot, energy));
        assert_eq!(added, [false, true, false]);
        let places = [4, 5, one.number()].map(|series| stripe.place(SeriesIx::new(series)));
        assert_eq!(places, [10, 11, 9].map(PlaceIx::new));
        let doubtful: Vec<_> = stripe.doubtful().map(|(month, series, _)| (month, series)).collect();
        assert_eq!(doubtful, [(0, SeriesIx::new(4))]);
    }
}
