//! Finds readings that seem to count twice: under two meters of one customer, or on two neighbouring days.
//!
//! A reading that is delivered again under another key breaks no rule, and both count. What gives it away is that the ids of
//! the meters differ only in how they are written, or that two meters have the same energy in a month. The sums of a
//! customer's further meters are kept while rows are read; those of its first meter are the rest of the month.
//!
//! Each month is judged by itself, from the files that have rows in it, so that reusing the other months of an earlier cycle
//! without such a finding changes nothing.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use super::batch::ReadingContext;
use super::calendar::SlotWidth;
use super::kernel::Kernel;
use super::month_cell::{MonthUse, SlotMarks};
use super::stripe::{SeriesIx, Stripe};
use crate::contract::rule::Rule;
use crate::index::{CustomerIx, count, index};
use crate::source::TableBook;
use crate::unit::Window;

/// Equal months, and readings on neighbouring days, are reported if at least one in this many customers of the month that
/// could have them has them: a few are chance.
const ONE_IN: u64 = 10;
/// Two equal sums show something if they are at least this many of their last digit.
const STEPS_MIN: i64 = 1_000;
/// A customer that is read once a month is not read again within this many days.
const DAYS_MAX: u32 = 3;

/// A meter of a customer in a month.
pub(super) struct MeterMonth {
    /// Its number; `None` stands for readings without a meter id.
    pub meter: Option<u32>,
    pub used: MonthUse,
    pub marks: SlotMarks,
}

/// What was found in one month.
#[derive(Default)]
struct FoundInMonth {
    /// Customers with any reading, and with readings of several meters.
    read: u64,
    several: u64,
    /// Customers with two meters whose ids are one but for how they are written.
    alike: Vec<(CustomerIx, [Option<u32>; 2])>,
    /// Customers with two meters of equal energy.
    equal: Vec<(CustomerIx, [Option<u32>; 2])>,
    /// Customers with two readings on neighbouring days and no other.
    neighbours: Vec<(CustomerIx, u32)>,
}

/// Looks for readings that count twice, month by month.
pub(super) struct TwinFinder<'a> {
    context: &'a ReadingContext<'a>,
    /// For each meter, the number of the first whose id [folds](folded_meter) to the same; filled when it is needed, since
    /// most customers have one meter.
    folded: OnceCell<Vec<u32>>,
    months: Vec<FoundInMonth>,
}

impl<'a> TwinFinder<'a> {
    pub fn new(context: &'a ReadingContext<'a>, window: Window) -> Self {
        let mut months = Vec::new();
        months.resize_with(index(window.months), FoundInMonth::default);
        Self { context, folded: OnceCell::new(), months }
    }

    /// Looks at the stripes after all rows have been settled, and before months are reused.
    pub fn look_at_stripes(kernel: &'a Kernel, window: Window, book: &mut TableBook) {
        let mut finder = Self::new(&kernel.context, window);
        let is_by_day = kernel.context.calendar.slot_width == SlotWidth::Day;
        for stripe in kernel.stripes.iter() {
            finder.look_at_stripe(&stripe, is_by_day);
        }
        finder.notice(window, book);
    }

    fn look_at_stripe(&mut self, stripe: &Stripe, is_by_day: bool) {
        let several = stripe.with_several_meters();
        for month in 0..self.months.len() {
            let found = &mut self.months[month];
            let cells = stripe.cells_of(month).iter().zip(0..);
            for (cell, member) in cells.filter(|(cell, _)| cell.used.readings > 0) {
                found.read += 1;
                if cell.used.readings == 2
                    && is_by_day
                    && let Some((first, last)) = cell.marks.two_days()
                    && last - first <= DAYS_MAX
                    && cell.used.active_wh % 2 == 0
                    && is_telling(cell.used.active_wh / 2)
                {
                    let place = stripe.place(SeriesIx::new(member));
                    let customer = self.context.places.customer(place);
                    found.neighbours.push((customer, last - first));
                }
            }
            for (&member, all) in &several {
                let meters = all.iter().map(|&(meter, series)| {
                    let (used, marks) = stripe.of_series(month, member, series, all);
                    MeterMonth { meter, used, marks }
                });
                let meters: Vec<MeterMonth> = meters.filter(|meter| meter.used.readings > 0).collect();
                let customer = self.context.places.customer(stripe.place_of(member));
                self.look_at_meters(customer, month, &meters, is_by_day);
            }
        }
    }

    /// Looks at the meters of a customer that have readings in a month.
    pub fn look_at_meters(
        &mut self,
        customer: CustomerIx,
        month: usize,
        meters: &[MeterMonth],
        is_by_day: bool,
    ) {
        if meters.len() < 2 {
            return;
        }
        let pairs = || meters.iter().enumerate().flat_map(|(at, a)| meters[..at].iter().map(move |b| (a, b)));
        let folds = self.folded.get_or_init(|| folded_meters(self.context));
        let folded = |meter: u32| folds[index(meter)];
        let alike = pairs().filter(|(a, b)| match (a.meter, b.meter) {
            (Some(a), Some(b)) => folded(a) == folded(b),
            _ => a.marks.shares_days(b.marks, is_by_day),
        });
        let alike = self.first_by_name(alike);
        let equal = pairs().filter(|(a, b)| a.used == b.used && is_telling(a.used.active_wh));
        let equal = self.first_by_name(equal);
        let found = &mut self.months[month];
        found.several += 1;
        found.alike.extend(alike.map(|meters| (customer, meters)));
        found.equal.extend(equal.map(|meters| (customer, meters)));
    }

    /// The first of these pairs by the ids of the meters, since the order in which meters were met depends on the threads.
    fn first_by_name<'m>(
        &self,
        pairs: impl Iterator<Item = (&'m MeterMonth, &'m MeterMonth)>,
    ) -> Option<[Option<u32>; 2]> {
        let ids = self.context.meters.read().unwrap_or_else(PoisonError::into_inner);
        let names = |meters: &[Option<u32>; 2]| {
            let mut names = meters.map(|meter| meter.map(|meter| ids.key(meter)));
            names.sort_unstable();
            names
        };
        pairs.map(|(a, b)| [a.meter, b.meter]).min_by(|a, b| names(a).cmp(&names(b)))
    }

    /// Counts the customers in the finding.
    pub fn notice(self, window: Window, book: &mut TableBook) {
        let (mut customers, mut examples) = (BTreeSet::new(), Vec::new());
        let id = |customer: CustomerIx| self.context.customers.ids.key(customer.number());
        for (position, found) in self.months.iter().enumerate() {
            let month = window.month(position);
            for (customer, meters) in &found.alike {
                customers.insert(*customer);
                examples.push((
                    *customer,
                    position,
                    self.example(*customer, &month.to_string(), *meters, true),
                ));
            }
            if !found.equal.is_empty() && count(found.equal.len()) * ONE_IN >= found.several {
                for (customer, meters) in &found.equal {
                    customers.insert(*customer);
                    let example = self.example(*customer, &month.to_string(), *meters, false);
                    examples.push((*customer, position, example));
                }
            }
            if !found.neighbours.is_empty() && count(found.neighbours.len()) * ONE_IN >= found.read {
                for (customer, days) in &found.neighbours {
                    customers.insert(*customer);
                    let example =
                        format!("{} in {month}: two readings at most {days} days apart", id(*customer));
                    examples.push((*customer, position, example));
                }
            }
            // One example is enough: that of the first customer and month.
            examples.sort_unstable();
            examples.truncate(1);
        }
        if let Some((.., example)) = examples.pop() {
            book.notice(Rule::LikelyRepeated, count(customers.len()), || example);
        }
    }

    fn example(
        &self,
        customer: CustomerIx,
        month: &str,
        meters: [Option<u32>; 2],
        are_alike: bool,
    ) -> String {
        let id = self.context.customers.ids.key(customer.number());
        let mut names: Vec<String> =
            meters.iter().flatten().map(|&meter| self.context.meter_id(meter)).collect();
        names.sort_unstable();
        match (&*names, are_alike) {
            ([one, other], true) => {
                format!(
                    "{id} in {month}: meters {one} and {other}, which differ only in how they are written"
                )
            }
            ([one, other], false) => format!("{id} in {month}: equal energy of meters {one} and {other}"),
            ([one], true) => {
                format!("{id} in {month}: meter {one}, and readings without a meter on the same days")
            }
            ([one], false) => {
                format!("{id} in {month}: equal energy of meter {one} and of readings without a meter")
            }
            _ => id.to_owned(),
        }
    }
}

/// Whether two sums that are equal to this one are hardly equal by chance.
fn is_telling(wh: i64) -> bool {
    let mut steps = wh;
    while steps != 0 && steps % 10 == 0 {
        steps /= 10;
    }
    steps >= STEPS_MIN
}

/// A meter's id without what people write in one way or another: case, blanks, marks, and zeros in front.
fn folded_meter(id: &str) -> String {
    let plain = id.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    plain.trim_start_matches('0').to_owned()
}

fn folded_meters(context: &ReadingContext) -> Vec<u32> {
    let meters = context.meters.read().unwrap_or_else(PoisonError::into_inner);
    let mut first: HashMap<String, u32> = HashMap::new();
    let numbers = (0..).take(meters.len());
    numbers.map(|meter| *first.entry(folded_meter(meters.key(meter))).or_insert(meter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Table;
    use crate::memory::MemorySource;
    use crate::meter::{ReadingDetail, read};
    use crate::unit::Month;

    /// The customers found among readings, and the example.
    fn found(header: &str, rows: &[&str]) -> Option<(u64, String)> {
        let source =
            MemorySource::default().customers(&["a", "b", "c"]).rows(Table::MeterReadings, header, rows);
        let window = Window { end: Month::new(2024, 7), months: 6 };
        let mut book = TableBook::new(Table::MeterReadings);
        read(&source, &source.read_customers(), window, ReadingDetail::Energy, None, &mut book).unwrap();
        book.noticed.get(&Rule::LikelyRepeated).cloned()
    }

    const HEADER: &str = "customer_id|meter_id|read_at|active_kwh";

    #[test]
    fn meters_that_differ_only_in_how_they_are_written_are_one() {
        for other in ["m 01", "M-01", "m01", "00M01", "Ｍ01x"] {
            let second = format!("a|{other}|2024-01-01|3");
            let found = found(HEADER, &["a|M01|2024-01-01|1", &second, "b|M1|2024-01-01|2"]);
            assert_eq!(found.is_some(), other != "Ｍ01x", "{other}");
        }
        let rows = ["a|M01|2024-01-01|1", "a|m01|2024-02-01|1"];
        assert_eq!(found(HEADER, &rows), None, "from one month on the id is written otherwise");
    }

    #[test]
    fn readings_with_and_without_a_meter_on_the_same_days_are_noticed() {
        let example = "a in 2024-01: meter M, and readings without a meter on the same days";
        let rows = ["a|M|2024-01-01|1", "a||2024-01-01|3", "b|M|2024-01-01|1"];
        assert_eq!(found(HEADER, &rows), Some((1, example.to_owned())));
        assert_eq!(found(HEADER, &["a|M|2024-01-01|1", "a||2024-01-02|3"]), None);
    }

    /// Further meters are in a hash table, so that their order differs from run to run.
    #[test]
    fn the_example_names_the_first_meters_by_their_ids_in_every_run() {
        let mut rows = vec!["a||2024-01-01|123.4".to_owned()];
        rows.extend((1..10).rev().map(|meter| format!("a|m{meter}|2024-01-01|123.4")));
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let without_meter = "a in 2024-01: equal energy of meter m1 and of readings without a meter";
        let of_meters = "a in 2024-01: equal energy of meters m1 and m2";
        for _ in 0..20 {
            let (_, example) = found(HEADER, &rows).unwrap();
            assert_eq!(example, without_meter);
            assert_eq!(found(HEADER, &rows[1..]), Some((1, of_meters.to_owned())));
        }
    }

    #[test]
    fn two_meters_with_the_same_energy_in_a_month_are_noticed_unless_it_may_be_chance() {
        let pair = |kwh: &str| [format!("a|M|2024-01-01|{kwh}"), format!("a|N|2024-01-01|{kwh}")];
        let telling = pair("123.4");
        let rows: Vec<&str> = telling.iter().map(String::as_str).collect();
        let example = "a in 2024-01: equal energy of meters M and N";
        assert_eq!(found(HEADER, &rows), Some((1, example.to_owned())));
        let chance = pair("120");
        let rows: Vec<&str> = chance.iter().map(String::as_str).collect();
        assert_eq!(found(HEADER, &rows), None);
        let header = format!("{HEADER}|recorded_at");
        let rows = ["a|M|2024-01-01|123.4|2024-02-01", "a|N|2024-01-01|123.4|2024-02-01"];
        assert_eq!(found(&header, &rows), Some((1, example.to_owned())), "row by row too");
    }

    #[test]
    fn a_month_that_is_read_twice_within_three_days_is_noticed_where_others_are_read_once() {
        let rows = ["a|M|2024-01-01|123.4", "a|M|2024-01-02|123.4", "b|M|2024-01-01|2"];
        let example = "a in 2024-01: two readings at most 1 days apart";
        assert_eq!(found(HEADER, &rows), Some((1, example.to_owned())));
        assert_eq!(found(HEADER, &["a|M|2024-01-01|123.4", "a|M|2024-01-16|123.4"]), None);
    }

    #[test]
    fn quarter_hours_of_two_meters_are_compared_by_month() {
        let row = |meter: &str, at: usize| {
            format!("a|{meter}|2024-01-01 {:02}:{:02}|{}.125", at / 4 % 24, at % 4 * 15, at)
        };
        let all: Vec<String> = (0..96).flat_map(|at| [row("M", at), row("N", at)]).collect();
        let rows: Vec<&str> = all.iter().map(String::as_str).collect();
        assert!(found(HEADER, &rows).is_some());
    }
}
