//! One thread's share of the readings: what it has summed, and the bit of every reading it has met.

use super::Kernel;
use super::calendar::{Place, Span, widen};
use super::lookup::{KnownMeters, Lookup, Number, OfCustomers, OfMeters, SeriesCache};
use super::usage::{MonthUse, MonthlyUsage};
use crate::contract::Table;
use crate::contract::cell::{Cells, State};
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::rows::{self, Columns};
use crate::source::{Batch, Intake, Part, RowAt};
use crate::unit::DAY_US;

/// The columns that the kernel decodes.
pub(super) const COLUMNS: &[&str] =
    &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];

/// Place of `invalid` in [`QUALITIES`](crate::contract::QUALITIES).
const INVALID: i64 = 2;

/// A reading that passed every rule but the one on repetition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub customer: u32,
    pub series: u32,
    pub place: Place,
    pub read_at_us: i64,
    pub active_wh: i64,
    pub reactive_varh: Option<i64>,
}

impl Reading {
    pub fn month_use(&self) -> MonthUse {
        MonthUse {
            active_wh: self.active_wh,
            reactive_varh: self.reactive_varh.unwrap_or(0).abs(),
            readings: 1,
            reactive_readings: u32::from(self.reactive_varh.is_some()),
        }
    }
}

/// What a thread has learnt of ids; kept from part to part.
struct Names {
    customers: Lookup,
    meters: Lookup,
    known_meters: KnownMeters,
    series: SeriesCache,
}

/// Bits by month and series × slot, allocated month by month as they are needed.
#[derive(Default)]
pub(super) struct Bits(Vec<Vec<u32>>);

impl Bits {
    fn new(months: usize) -> Self {
        Self(vec![Vec::new(); months])
    }

    /// Sets a bit and says whether it was set before. `expected` bits are allocated at once.
    #[inline]
    pub fn set(&mut self, month: u16, bit: usize, expected: usize) -> bool {
        let words = &mut self.0[month as usize];
        let (word, mask) = (bit / 32, 1u32 << (bit % 32));
        if word >= words.len() {
            // Zero pages cost nothing until they are touched; beyond the expectation grow by doubling.
            words.resize(
                (expected / 32 + 1).max(word + 1).max(words.len().saturating_mul(2).min(word + 1024)),
                0,
            );
        }
        let before = words[word];
        words[word] = before | mask;
        before & mask != 0
    }

    /// Whether a bit is set.
    #[inline]
    pub fn get(&self, month: u16, bit: usize) -> bool {
        self.0[month as usize].get(bit / 32).is_some_and(|word| word >> (bit % 32) & 1 == 1)
    }

    /// Whether any bit of a month is set.
    pub fn any(&self, month: usize) -> bool {
        self.0[month].iter().any(|&word| word != 0)
    }
}

/// One thread's sums.
pub(super) struct Worker<'k> {
    kernel: &'k Kernel<'k>,
    names: Names,
    pub usage: MonthlyUsage,
    seen: Bits,
    /// Series in whose month a bit was met twice.
    pub suspects: Bits,
    pub collisions: Collisions,
    pub intake: Intake,
    pub spans: Vec<(usize, Span)>,
    customer_numbers: Vec<Number>,
    meter_numbers: Vec<Number>,
}

/// How often a bit was met twice, and the step that would tell those readings apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collisions {
    pub count: u64,
    pub step_us: i64,
}

impl<'k> Worker<'k> {
    pub fn new(kernel: &'k Kernel<'k>) -> Self {
        let months = kernel.calendar.window.months as usize;
        Self {
            kernel,
            names: Names {
                customers: Lookup::new(),
                meters: Lookup::new(),
                known_meters: KnownMeters::default(),
                series: SeriesCache::default(),
            },
            usage: MonthlyUsage::new(kernel.calendar.window, kernel.customers.len()),
            seen: Bits::new(months),
            suspects: Bits::new(months),
            collisions: Collisions { count: 0, step_us: DAY_US },
            intake: Intake::new(Table::MeterReadings),
            spans: Vec::new(),
            customer_numbers: Vec::new(),
            meter_numbers: Vec::new(),
        }
    }

    /// Reads a part into the sums.
    pub fn read(&mut self, place: usize, part: Part) -> Result<(), RunError> {
        let mut span: Option<Span> = None;
        let kernel = self.kernel;
        kernel.source.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            kernel.source.progress(Table::MeterReadings, batch.record.num_rows() as u64);
            self.take(&batch, &mut |worker, reading, _| {
                widen(&mut span, reading.place.month);
                worker.sum(reading);
            })
        })?;
        self.spans.extend(span.map(|span| (place, span)));
        Ok(())
    }

    #[inline]
    fn sum(&mut self, reading: &Reading) {
        let Reading { customer, series, place, .. } = *reading;
        let cell = &mut self.usage.month_mut(usize::from(place.month))[customer as usize];
        cell.add(reading.month_use());
        let slots = self.kernel.calendar.slots;
        let expected = self.kernel.customers.len() * slots;
        if self.seen.set(place.month, series as usize * slots + place.slot as usize, expected) {
            self.suspects.set(place.month, series as usize, self.kernel.customers.len());
            self.collisions.note(reading.read_at_us);
        }
    }

    /// Hands every accepted reading of a batch, with its place, to `sink`; counts and rejects the others.
    #[inline]
    pub fn take(
        &mut self,
        batch: &Batch,
        sink: &mut impl FnMut(&mut Self, &Reading, RowAt),
    ) -> Result<(), RunError> {
        let mut columns =
            Columns::new(self.kernel.source, Table::MeterReadings, batch, &self.kernel.declared);
        self.number(batch, &columns)?;
        let times = columns.cells("read_at")?;
        let energy = Energies {
            active: columns.cells("active_kwh")?,
            reactive: columns.cells("reactive_kvarh")?,
            quality: columns.cells("quality")?,
        };
        let rows = columns.rows();
        self.intake.tally.rows_in += rows as u64;
        for row in 0..rows {
            let (customer, meter) = (self.customer_numbers[row], self.meter_numbers[row]);
            let fault = columns.reader_fault(row).or_else(|| key_fault(customer, meter, times.states[row]));
            let rule = match (fault, self.kernel.calendar.place(times.values[row])) {
                (Some(rule), _) => rule,
                (None, None) => {
                    self.intake.tally.out_of_window += 1;
                    continue;
                }
                (None, Some(place)) => match (customer.known(), energy.fault(row)) {
                    (None, _) => Rule::Orphan,
                    (Some(_), Some(rule)) => rule,
                    (Some(customer), None) => {
                        let series = self.kernel.series.of(customer, meter.known(), &mut self.names.series);
                        let reading = Reading {
                            customer,
                            series,
                            place,
                            read_at_us: times.values[row],
                            active_wh: energy.active.values[row],
                            reactive_varh: energy.reactive.get(row),
                        };
                        self.intake.tally.counted += 1;
                        sink(self, &reading, columns.at(row));
                        continue;
                    }
                },
            };
            self.intake.reject(columns.at(row), rule);
        }
        Ok(())
    }

    /// The numbers of the batch's customers and meters.
    fn number(&mut self, batch: &Batch, columns: &Columns) -> Result<(), RunError> {
        let Self { kernel, names, intake, customer_numbers, meter_numbers, .. } = self;
        let mut customers = OfCustomers(&kernel.customers.ids);
        columns.numbers_of("customer_id", intake, &mut |array, read| {
            names.customers.numbers(array, &mut customers, read, customer_numbers)
        })?;
        meter_numbers.clear();
        let mut meters = OfMeters { series: &kernel.series, known: &mut names.known_meters };
        columns.numbers_of("meter_id", intake, &mut |array, read| {
            names.meters.numbers(array, &mut meters, read, meter_numbers)
        })?;
        customer_numbers.resize(batch.record.num_rows(), Number::NULL);
        meter_numbers.resize(batch.record.num_rows(), Number::NULL);
        Ok(())
    }

    /// Drops what is in the book.
    pub fn forget(&mut self) {
        self.intake = Intake::new(Table::MeterReadings);
    }

    /// Takes over another thread's sums.
    pub fn absorb(&mut self, other: Self) {
        self.usage.absorb(other.usage);
        self.intake.absorb(other.intake);
        self.collisions.count += other.collisions.count;
        self.collisions.note_step(other.collisions.step_us);
        let slots = self.kernel.calendar.slots;
        for (month, theirs) in other.seen.0.into_iter().enumerate() {
            let mine = &mut self.seen.0[month];
            if mine.is_empty() {
                *mine = theirs;
                continue;
            }
            mine.resize(mine.len().max(theirs.len()), 0);
            for (word, (mine, theirs)) in mine.iter_mut().zip(theirs).enumerate() {
                let mut both = *mine & theirs;
                *mine |= theirs;
                while both != 0 {
                    let series = (word * 32 + both.trailing_zeros() as usize) / slots;
                    self.suspects.set(month as u16, series, self.kernel.customers.len());
                    both &= both - 1;
                }
            }
        }
        for (month, theirs) in other.suspects.0.into_iter().enumerate() {
            let mine = &mut self.suspects.0[month];
            mine.resize(mine.len().max(theirs.len()), 0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }
}

impl Collisions {
    fn note(&mut self, read_at_us: i64) {
        self.count += 1;
        self.note_step(read_at_us.rem_euclid(DAY_US));
    }

    fn note_step(&mut self, step_us: i64) {
        self.step_us = super::calendar::gcd(self.step_us, step_us);
    }
}

/// The energies of a batch with their states.
struct Energies {
    active: Cells,
    reactive: Cells,
    quality: Cells,
}

impl Energies {
    /// The first rule that a row's energies break.
    #[inline]
    fn fault(&self, row: usize) -> Option<Rule> {
        match self.quality.states[row] {
            State::Ok if self.quality.values[row] == INVALID => return Some(Rule::InvalidQuality),
            State::Fault(rule) => return Some(rule),
            State::Ok | State::Null => {}
        }
        rows::fault_or_null(self.active.states[row]).or(rows::fault_if_any(self.reactive.states[row]))
    }
}

/// The fault of what identifies and places a reading.
#[inline]
fn key_fault(customer: Number, meter: Number, time: State) -> Option<Rule> {
    let meter_fault = || meter.key_fault().filter(|&rule| rule != Rule::NullKey);
    customer.key_fault().or_else(meter_fault).or(match time {
        State::Ok => None,
        State::Null => Some(Rule::NullKey),
        State::Fault(rule) => Some(rule),
    })
}
