//! Readings that an earlier cycle has counted, and which of its months stand.
//!
//! What a month's readings come to follows from the files that have rows in it and from who is a customer, and from
//! nothing else. Where neither has changed, the month is taken over as it was published and its files are not read, so
//! that one more month costs one month. Whether two files are the same is for the caller to say; what follows from it
//! is decided here, and whatever is in doubt is read.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, Int64Array, PrimitiveArray, RecordBatch, StringArray};

use super::calendar::Span;
use super::stripe::Stripes;
use super::usage::MonthUse;
use crate::contract::Table;
use crate::contract::cell::fold_id;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::error::RunError;
use crate::key::KeyIndex;
use crate::source::{Reject, Source, TableBook, Tally};
use crate::unit::{Month, Window};

/// What became of the rows of one file of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileBook {
    /// Its rows.
    pub tally: Tally,
    /// The first and the last month of its rows in the window; nothing where none is in it.
    pub months: Option<(Month, Month)>,
}

impl FileBook {
    /// Whether every row of the file lies in the window `now` as it lay in the window `before`.
    #[must_use]
    pub fn fits(&self, before: Window, now: Window) -> bool {
        let is_inside =
            |(first, last): (Month, Month)| now.index(first).is_some() && now.index(last).is_some();
        before == now || self.tally.out_of_window == 0 && self.months.is_some_and(is_inside)
    }
}

/// Takes batches of a published `monthly_usage`, from several threads and in any order.
pub type UsageSink<'a> = &'a (dyn Fn(&RecordBatch) -> Result<(), RunError> + Sync);

/// What an earlier cycle has published of its readings, told of the files that lie there now.
pub struct Earlier<'a> {
    /// The cycle's window.
    pub window: Window,
    /// By file: what the cycle says of it; nothing where the cycle had no such file with the same bytes.
    pub files: &'a [Option<FileBook>],
    /// By file: its key columns that hold integers.
    pub integer_ids: &'a [Vec<&'static str>],
    /// First and last months of files that are gone or changed.
    pub gone: &'a [(Month, Month)],
    /// Ids of the cycle's accepted customers.
    pub customers: &'a KeyIndex,
    /// By id, as it came: the files with rows that were set aside as orphans.
    pub orphans: &'a BTreeMap<String, Vec<u32>>,
    /// The cycle's rejects, in the files that lie there now.
    pub rejects: &'a [Reject],
    /// Hands the cycle's `monthly_usage` to a sink.
    pub usage: &'a (dyn Fn(UsageSink) -> Result<(), RunError> + Sync),
}

/// The files whose readings stand.
pub(super) struct Standing<'a> {
    earlier: Option<&'a Earlier<'a>>,
    window: Window,
    /// By file.
    stands: Vec<bool>,
    /// By month of the window: whether rows of it are read.
    is_read: Vec<bool>,
}

impl<'a> Standing<'a> {
    pub fn new(earlier: Option<&'a Earlier<'a>>, customers: &Customers, window: Window) -> Self {
        let is_read = vec![false; window.months as usize];
        let Some(earlier) = earlier.filter(|earlier| keeps_all(earlier, customers)) else {
            return Self { earlier: None, window, stands: Vec::new(), is_read };
        };
        let fits = |book: &Option<FileBook>| book.is_some_and(|book| book.fits(earlier.window, window));
        let mut stands: Vec<bool> = earlier.files.iter().map(fits).collect();
        // Who was no customer then may be one now.
        let joined = earlier.orphans.iter().filter(|(id, _)| customers.ids.get(&fold_id(id)).is_some());
        joined.flat_map(|(_, files)| files).for_each(|&file| stands[file as usize] = false);
        let mut standing = Self { earlier: Some(earlier), window, stands, is_read };
        let changed = earlier.files.iter().zip(&standing.stands).filter(|(_, stands)| !**stands);
        let changed = changed.filter_map(|(book, _)| (*book)?.months);
        let months: Vec<_> = changed.chain(earlier.gone.iter().copied()).collect();
        months.into_iter().for_each(|months| standing.mark(months));
        standing.spread();
        standing
    }

    /// Whether a file need not be read.
    pub fn has(&self, file: u32) -> bool {
        self.stands.get(file as usize).is_some_and(|stands| *stands)
    }

    /// Months of which rows were read: other files with rows in them do not stand.
    pub fn doubt(&mut self, spans: impl Iterator<Item = Span>) {
        for (low, high) in spans {
            self.is_read[usize::from(low)..=usize::from(high)].fill(true);
        }
        self.spread();
    }

    fn mark(&mut self, (first, last): (Month, Month)) {
        for month in first.0..=last.0 {
            if let Some(place) = self.window.index(Month(month)) {
                self.is_read[place] = true;
            }
        }
    }

    /// Where a file does not stand, its other months are read too.
    fn spread(&mut self) {
        let Some(earlier) = self.earlier else { return };
        let mut is_done = false;
        while !is_done {
            is_done = true;
            for (file, book) in earlier.files.iter().enumerate().filter(|(_, book)| book.is_some()) {
                let Some(months) = book.and_then(|book| book.months) else { continue };
                if self.stands[file] && self.touches(months) {
                    self.stands[file] = false;
                    self.mark(months);
                    is_done = false;
                }
            }
        }
    }

    fn touches(&self, (first, last): (Month, Month)) -> bool {
        let is_read = |month| self.window.index(Month(month)).is_some_and(|place| self.is_read[place]);
        (first.0..=last.0).any(is_read)
    }

    /// The books of the files that stand.
    pub fn books(&self, source: &dyn Source) -> Vec<(u32, TableBook, FileBook)> {
        let Some(earlier) = self.earlier else { return Vec::new() };
        let mut books = Vec::new();
        for (file, known) in (0..).zip(earlier.files).filter(|(file, _)| self.has(*file)) {
            let Some(known) = known else { continue };
            let mut book = TableBook::new(Table::MeterReadings);
            book.tally = known.tally;
            let start = earlier.rejects.partition_point(|reject| reject.at.file() < file);
            let rejects = earlier.rejects[start..].iter().take_while(|reject| reject.at.file() == file);
            book.rejects = rejects.copied().collect();
            notice_integers(
                source,
                &mut book,
                file,
                &earlier.integer_ids[file as usize],
                known.tally.rows_in,
            );
            source.progress(Table::MeterReadings, known.tally.rows_in);
            books.push((file, book, *known));
        }
        books
    }

    /// Takes over the sums of the months that stand.
    ///
    /// # Errors
    /// The published table cannot be read, or is none of ours.
    pub fn fill(&self, customers: &Customers, stripes: &Stripes) -> Result<(), RunError> {
        let Some(earlier) = self.earlier.filter(|_| self.stands.contains(&true)) else { return Ok(()) };
        (earlier.usage)(&|batch| {
            let rows = UsageRows::of(batch).ok_or_else(|| unlike("its columns"))?;
            self.fill_batch(&rows, customers, stripes)
        })
    }

    fn fill_batch(&self, rows: &UsageRows, customers: &Customers, stripes: &Stripes) -> Result<(), RunError> {
        let mut last = None;
        for row in 0..rows.ids.len() {
            let month = Month::of_day(rows.months.value(row)).and_then(|month| self.window.index(month));
            let Some(month) = month.filter(|&month| !self.is_read[month]) else { continue };
            let id = rows.ids.value(row);
            let number = match last {
                Some((known, number)) if known == id => number,
                _ => customers.ids.get(id).ok_or_else(|| unlike("a customer"))?,
            };
            last = Some((id, number));
            let stripe = stripes.of(number);
            let used = rows.used(row).ok_or_else(|| unlike("a number of readings"))?;
            stripes.lock(stripe).cells(month as u16)[(number - stripes.first(stripe)) as usize].used = used;
        }
        Ok(())
    }
}

/// Whether all customers of the cycle are customers still: else rows that counted are orphans now.
fn keeps_all(earlier: &Earlier, customers: &Customers) -> bool {
    let known = |number| customers.ids.get(earlier.customers.key(number)).is_some();
    (0..earlier.customers.len() as u32).all(known)
}

fn unlike(what: &str) -> RunError {
    RunError::Bug(format!("{what} of a published monthly_usage is not as published"))
}

/// Notes that key columns of a file hold integers, for `rows` of its rows.
pub(super) fn notice_integers(
    source: &dyn Source,
    book: &mut TableBook,
    file: u32,
    columns: &[&'static str],
    rows: u64,
) {
    for column in columns.iter().filter(|_| rows > 0) {
        let file = || format!("column {column} of {}", source.file_name(Table::MeterReadings, file));
        book.notice(Rule::IntegerId, rows, file);
    }
}

/// The columns of a published `monthly_usage`.
struct UsageRows<'b> {
    ids: &'b StringArray,
    months: &'b PrimitiveArray<Date32Type>,
    active_wh: &'b Int64Array,
    reactive_varh: &'b Int64Array,
    readings: &'b Int64Array,
    reactive_readings: &'b Int64Array,
}

impl<'b> UsageRows<'b> {
    fn of(batch: &'b RecordBatch) -> Option<Self> {
        let integers = |name: &str| {
            let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
            (column.null_count() == 0).then_some(column)
        };
        let (ids, months) = (batch.column_by_name("customer_id")?, batch.column_by_name("month")?);
        if ids.null_count() + months.null_count() > 0 {
            return None;
        }
        Some(Self {
            ids: ids.as_string_opt()?,
            months: months.as_primitive_opt()?,
            active_wh: integers("active_wh")?,
            reactive_varh: integers("reactive_varh")?,
            readings: integers("readings")?,
            reactive_readings: integers("reactive_readings")?,
        })
    }

    fn used(&self, row: usize) -> Option<MonthUse> {
        Some(MonthUse {
            active_wh: self.active_wh.value(row),
            reactive_varh: self.reactive_varh.value(row),
            readings: self.readings.value(row).try_into().ok()?,
            reactive_readings: self.reactive_readings.value(row).try_into().ok()?,
        })
    }
}
