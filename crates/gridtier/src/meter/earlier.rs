//! Reuse of what an earlier cycle has counted: which files need not be read again.
//!
//! The sums of a month depend only on the files that have rows in it and on who is a customer. If neither has changed,
//! the month is taken from the published cycle and its files are not read, so that one more month of data costs the
//! reading of one month. Whether two files have the same bytes is for the caller to say. Which files may be reused is
//! decided here; a file that is in any doubt is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, Int64Array, PrimitiveArray, RecordBatch, StringArray};

use super::calendar::MonthSpan;
use super::kernel::Kernel;
use super::month_cell::MonthUse;
use super::sum::FileBook;
use crate::contract::Table;
use crate::contract::cell::fold_id;
use crate::customer::Customers;
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::key::KeyIndex;
use crate::source::{Reject, Source, TableBook};
use crate::unit::{Month, Window};

/// Receives batches of a published `monthly_usage`, from several threads and in any order.
pub type UsageSink<'a> = &'a (dyn Fn(&RecordBatch) -> Result<(), RunError> + Sync);

/// What an earlier cycle has published of its readings. Files are numbered as they are now.
pub struct Earlier<'a> {
    /// The cycle's window.
    pub window: Window,
    /// For each file, what became of its rows; `None` if the cycle had no file with the same bytes.
    pub files: &'a [Option<FileBook>],
    /// For each file, its key columns that contain integers.
    pub integer_ids: &'a [Vec<&'static str>],
    /// First and last month of each file that is gone or has changed.
    pub gone: &'a [(Month, Month)],
    /// Ids of the cycle's accepted customers.
    pub customers: &'a KeyIndex,
    /// For each id as it was spelt, the files with rows that were set aside because the id is no customer's.
    pub orphans: &'a BTreeMap<String, Vec<u32>>,
    /// The cycle's rejects in these files.
    pub rejects: &'a [Reject],
    /// Hands the cycle's `monthly_usage` to a sink.
    pub usage: &'a (dyn Fn(UsageSink) -> Result<(), RunError> + Sync),
    /// Hands the cycle's `usage_as_read` to a sink. It replaces the `monthly_usage` of the customers that it names.
    pub as_read: &'a (dyn Fn(UsageSink) -> Result<(), RunError> + Sync),
}

/// Which files need not be read, because the earlier cycle has counted them as they would be counted now.
pub(super) struct ReusedFiles<'a> {
    earlier: Option<&'a Earlier<'a>>,
    window: Window,
    /// For each file, whether it is reused.
    is_reused: Vec<bool>,
    /// For each month of the window, whether files with rows in it are read. No file is reused that has rows in such a
    /// month.
    is_read: Vec<bool>,
}

impl<'a> ReusedFiles<'a> {
    pub fn new(earlier: Option<&'a Earlier<'a>>, customers: &Customers, window: Window) -> Self {
        let is_read = vec![false; index(window.months)];
        let Some(earlier) = earlier.filter(|earlier| has_all_customers(earlier, customers)) else {
            return Self { earlier: None, window, is_reused: Vec::new(), is_read };
        };
        let is_reused =
            earlier.files.iter().map(|book| book.is_some_and(|book| book.fits(earlier.window, window)));
        let mut reused = Self { earlier: Some(earlier), window, is_reused: is_reused.collect(), is_read };
        // An orphan of the earlier cycle may have become a customer.
        for (id, files) in earlier.orphans {
            if customers.ids.get(&fold_id(id)).is_some() {
                files.iter().for_each(|&file| reused.is_reused[index(file)] = false);
            }
        }
        for (file, book) in earlier.files.iter().enumerate() {
            if let (false, Some(months)) = (reused.is_reused[file], book.and_then(|book| book.months)) {
                reused.read_months(months);
            }
        }
        earlier.gone.iter().for_each(|&months| reused.read_months(months));
        reused.drop_touched();
        reused
    }

    /// Whether a file need not be read.
    pub fn has(&self, file: u32) -> bool {
        self.is_reused.get(index(file)).is_some_and(|is_reused| *is_reused)
    }

    /// Notes months of which rows were read: all other files with rows in these months must be read too.
    pub fn drop_months(&mut self, spans: impl Iterator<Item = MonthSpan>) {
        for span in spans {
            self.is_read[span.first..=span.last].fill(true);
        }
        self.drop_touched();
    }

    fn read_months(&mut self, (first, last): (Month, Month)) {
        for month in first.0..=last.0 {
            if let Some(position) = self.window.index(Month(month)) {
                self.is_read[position] = true;
            }
        }
    }

    /// Drops the files that have rows in a month that is read, then the files that share another month with a dropped
    /// file, and so on until no further file is dropped.
    fn drop_touched(&mut self) {
        let Some(earlier) = self.earlier else { return };
        let mut is_settled = false;
        while !is_settled {
            is_settled = true;
            for (file, book) in earlier.files.iter().enumerate() {
                let Some(months) = book.and_then(|book| book.months) else { continue };
                if self.is_reused[file] && self.is_any_read(months) {
                    self.is_reused[file] = false;
                    self.read_months(months);
                    is_settled = false;
                }
            }
        }
    }

    fn is_any_read(&self, (first, last): (Month, Month)) -> bool {
        (first.0..=last.0)
            .filter_map(|month| self.window.index(Month(month)))
            .any(|position| self.is_read[position])
    }

    /// The books of the reused files: number, book, and the earlier cycle's record of the file.
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
            let rows = known.tally.rows_in;
            for column in earlier.integer_ids[index(file)].iter().filter(|_| rows > 0) {
                book.notice_integer_ids(source, file, column, rows);
            }
            source.progress(Table::MeterReadings, rows);
            books.push((file, book, *known));
        }
        books
    }

    /// Copies the sums of the months that are not read.
    ///
    /// # Errors
    /// The published table cannot be read, or was not published by this program.
    pub fn fill(&self, kernel: &Kernel) -> Result<(), RunError> {
        let Some(earlier) = self.earlier.filter(|_| self.is_reused.contains(&true)) else { return Ok(()) };
        let customers = kernel.context.customers;
        let as_read = Mutex::new(BTreeSet::new());
        (earlier.as_read)(&|batch| {
            let rows = UsageColumns::published(batch)?;
            let mut as_read = as_read.lock().unwrap_or_else(PoisonError::into_inner);
            as_read.extend(rows.ids.iter().flatten().filter_map(|id| customers.ids.get(id)));
            self.fill_batch(&rows, kernel, &BTreeSet::new())
        })?;
        let as_read = as_read.into_inner().unwrap_or_else(PoisonError::into_inner);
        (earlier.usage)(&|batch| self.fill_batch(&UsageColumns::published(batch)?, kernel, &as_read))
    }

    /// Copies the months of a batch, except those of the customers in `others`.
    fn fill_batch(
        &self,
        rows: &UsageColumns,
        kernel: &Kernel,
        others: &BTreeSet<u32>,
    ) -> Result<(), RunError> {
        let Kernel { context, stripes } = kernel;
        let mut last = None;
        for row in 0..rows.ids.len() {
            let month = Month::of_day(rows.months.value(row)).and_then(|month| self.window.index(month));
            let Some(month) = month.filter(|&month| !self.is_read[month]) else { continue };
            let id = rows.ids.value(row);
            let customer = match last {
                Some((known, customer)) if known == id => customer,
                _ => CustomerIx::new(
                    context.customers.ids.get(id).ok_or_else(|| not_as_published("a customer"))?,
                ),
            };
            last = Some((id, customer));
            if others.contains(&customer.number()) {
                continue;
            }
            let used = rows.used(row).ok_or_else(|| not_as_published("a number of readings"))?;
            let place = context.places.of(customer);
            let mut stripe = stripes.lock(stripes.stripe_of(place));
            let member = stripe.member(place);
            stripe.cells(month)[member.index()].used = used;
        }
        Ok(())
    }
}

/// Whether all customers of the earlier cycle are still customers. If not, rows that counted then are orphans now.
fn has_all_customers(earlier: &Earlier, customers: &Customers) -> bool {
    (0..)
        .take(earlier.customers.len())
        .all(|number| customers.ids.get(earlier.customers.key(number)).is_some())
}

fn not_as_published(what: &str) -> RunError {
    RunError::Bug(format!("{what} of a published monthly_usage is not as published"))
}

/// The columns of a published `monthly_usage`.
struct UsageColumns<'b> {
    ids: &'b StringArray,
    months: &'b PrimitiveArray<Date32Type>,
    active_wh: &'b Int64Array,
    reactive_varh: &'b Int64Array,
    readings: &'b Int64Array,
    reactive_readings: &'b Int64Array,
}

impl<'b> UsageColumns<'b> {
    fn published(batch: &'b RecordBatch) -> Result<Self, RunError> {
        Self::new(batch).ok_or_else(|| not_as_published("a column of the months"))
    }

    /// The columns; `None` if a column is missing, has another type, or has nulls.
    fn new(batch: &'b RecordBatch) -> Option<Self> {
        let (ids, months) = (batch.column_by_name("customer_id")?, batch.column_by_name("month")?);
        if ids.null_count() + months.null_count() > 0 {
            return None;
        }
        Some(Self {
            ids: ids.as_string_opt()?,
            months: months.as_primitive_opt()?,
            active_wh: integers(batch, "active_wh")?,
            reactive_varh: integers(batch, "reactive_varh")?,
            readings: integers(batch, "readings")?,
            reactive_readings: integers(batch, "reactive_readings")?,
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

fn integers<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b Int64Array> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    (column.null_count() == 0).then_some(column)
}
