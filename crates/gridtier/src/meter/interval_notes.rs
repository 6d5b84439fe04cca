//! Findings about rows that are decided one by one: long and overlapping intervals, parts that exceed their total,
//! and customers with readings from before their opening.
//!
//! Rows come in the order of customers. The meters of a customer come in the order in which threads met them, so
//! several examples are kept, of which the first by customer, meter and time is reported.

use super::batch::ReadingContext;
use super::held::{HeldRow, ReadingKey};
use super::plan::{FileBooks, book_of};
use super::spread::DaySpan;
use crate::contract::rule::Rule;
use crate::index::{CustomerIx, count};
use crate::unit::{DAY_US, date_of_day};

/// An interval of more days than this is long (DATA §2).
const LONG_DAYS: i32 = 400;

/// How often a rule was met, and where.
#[derive(Default)]
struct Noted {
    times: u64,
    /// The meters of the first customer, each with the time of its first row.
    keys: Vec<ReadingKey>,
}

impl Noted {
    fn note(&mut self, key: ReadingKey) {
        self.times += 1;
        match self.keys.last() {
            Some(last) if (last.customer, last.meter) == (key.customer, key.meter) => {}
            Some(last) if last.customer < key.customer => {}
            Some(last) if last.customer > key.customer => self.keys = vec![key],
            _ => self.keys.push(key),
        }
    }

    /// The first example by customer, meter and time, in words.
    fn example(&self, context: &ReadingContext) -> String {
        let named = self.keys.iter().map(|key| {
            let id = context.customers.ids.key(key.customer.number());
            let meter =
                context.meter_name(key.meter).map_or(String::new(), |meter| format!(", meter {meter}"));
            let day = i32::try_from(key.time_us.div_euclid(DAY_US)).ok().and_then(date_of_day);
            (meter, key.time_us, id, day.map(|day| day.to_string()).unwrap_or_default())
        });
        named.min().map_or(String::new(), |(meter, _, id, day)| format!("customer {id}{meter}, {day}"))
    }
}

/// The series that is being followed: customer, meter, the latest end so far, and whether an overlap was noted.
#[derive(Default)]
struct Series {
    key: Option<ReadingKey>,
    end_us: i64,
    is_noted: bool,
}

/// The notes about all rows that count.
pub(super) struct IntervalNotes {
    /// For each customer, whether any reading has an end of its own.
    pub has_ends: Vec<bool>,
    /// For each customer, whether readings of months before its opening were left out.
    is_before_opening: Vec<bool>,
    long: Noted,
    overlapping: Noted,
    excess: Noted,
    series: Series,
}

impl IntervalNotes {
    pub fn new(customers: usize) -> Self {
        Self {
            has_ends: vec![false; customers],
            is_before_opening: vec![false; customers],
            long: Noted::default(),
            overlapping: Noted::default(),
            excess: Noted::default(),
            series: Series::default(),
        }
    }

    /// Notes that readings of a customer, or some of their days, lie before its opening.
    pub fn note_before_opening(&mut self, customer: CustomerIx) {
        self.is_before_opening[customer.index()] = true;
    }

    /// Notes a row that counts. The rows of a meter must come in the order of time.
    pub fn note_counted(&mut self, row: &HeldRow, days: DaySpan) {
        let Some(until_us) = row.until_us else { return };
        self.has_ends[CustomerIx::new(row.key.customer.number()).index()] = true;
        if days.days > LONG_DAYS {
            self.long.note(row.key);
        }
        let series = &mut self.series;
        if series.key.is_none_or(|key| (key.customer, key.meter) != (row.key.customer, row.key.meter)) {
            *series = Series { key: Some(row.key), end_us: until_us, is_noted: false };
            return;
        }
        if row.key.time_us < series.end_us && !series.is_noted {
            self.overlapping.note(row.key);
            series.is_noted = true;
        }
        series.end_us = series.end_us.max(until_us);
    }

    /// Notes a row whose parts by time of use are negative or exceed its energy.
    pub fn note_excess(&mut self, row: &HeldRow) {
        self.excess.note(row.key);
    }

    /// Writes the findings into the book of a file.
    pub fn notice(&self, context: &ReadingContext, books: &mut FileBooks) {
        let Some(&file) = books.keys().next() else { return };
        let book = book_of(books, file);
        for (rule, noted) in [
            (Rule::LongInterval, &self.long),
            (Rule::OverlappingIntervals, &self.overlapping),
            (Rule::PartsExceedTotal, &self.excess),
        ] {
            if noted.times > 0 {
                book.notice(rule, noted.times, || noted.example(context));
            }
        }
        let before = self.is_before_opening.iter().filter(|is_before| **is_before).count();
        if let Some(first) = self.is_before_opening.iter().position(|is_before| *is_before) {
            book.notice(Rule::BeforeOpening, count(before), || {
                format!("customer {}", context.customers.ids.key(CustomerIx::from_index(first).number()))
            });
        }
    }
}
