//! Tests the kernel against hand-computed cases and against a slow, obvious implementation.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::contract::rule::Rule;
use crate::fixture::{numbers, text};
use crate::index::CustomerIx;
use crate::memory::MemorySource;
use crate::source::Tally;
use crate::unit::Month;

mod rows;

const WINDOW: Window = Window { end: Month(54 * 12), months: 3 };

fn kernel(source: &MemorySource) -> (MonthlyUsage, TableBook) {
    let mut customers_book = TableBook::new(Table::Customers);
    let customers = crate::customer::read(source, &mut customers_book).unwrap();
    let mut book = TableBook::new(Table::MeterReadings);
    let usage = read(source, &customers, WINDOW, ReadingDetail::TimeOfUse, None, &mut book).unwrap().usage;
    (usage, book)
}

/// As [`kernel`], but with slots that the kernel might not choose for so few readings.
fn kernel_by(slot_width: SlotWidth, source: &MemorySource) -> (MonthlyUsage, TableBook) {
    let (readings, book) = readings_by(slot_width, source, WINDOW, None);
    (readings.usage, book)
}

const HEADER: &str = "customer_id|meter_id|read_at|active_kwh|reactive_kvarh|quality";

#[test]
fn readings_are_summed_by_customer_and_month_as_exact_integers() {
    let source = MemorySource::default().customers(&["b", "a"]).rows(
        Table::MeterReadings,
        HEADER,
        &[
            "a|-|2023-10-01|1.0005|-0.5|actual",
            "a|-|2023-10-31|2|0.25|estimated",
            "b|-|2023-12-31 23:45|0.0005|-|-",
            "a|-|2023-09-30|7|-|-",
            "a|-|2024-01-01|7|-|-",
        ],
    );
    let (usage, book) = kernel(&source);
    let october = usage.get(0, CustomerIx::new(0));
    assert_eq!(
        (october.active_wh, october.reactive_varh),
        (3_000 + crate::unit::round_half_away(1.0005 * 1e3) - 1_000, 750)
    );
    assert_eq!((october.readings, october.reactive_readings), (2, 2));
    assert_eq!(usage.get(2, CustomerIx::new(1)).active_wh, 1);
    assert_eq!(book.tally, Tally { rows_in: 5, counted: 3, out_of_window: 2, ..Tally::default() });
}

#[test]
fn every_bad_reading_is_set_aside_by_its_rule_and_spoils_no_good_one() {
    let source = MemorySource::default().customers(&["a"]).rows(
        Table::MeterReadings,
        HEADER,
        &[
            "-|-|2023-10-01|1|-|-",
            "a|-|someday|1|-|-",
            "a|-|-|1|-|-",
            "x|-|2023-10-01|1|-|-",
            "a|-|2023-10-01|-|-|-",
            "a|-|2023-10-01|NaN|-|-",
            "a|-|2023-10-01|1000000001|-|-",
            "a|-|2023-10-01|-0.0001|-|-",
            "a|-|2023-10-01|1|inf|-",
            "a|-|2023-10-01|1|-|invalid",
            "a|-|2023-10-01|1|-|Actual",
            "x|-|2020-10-01|-5|-|invalid",
            "a|-|2023-10-01|1|-|-",
            "a|-|2023-10-02|-0|-|-",
        ],
    );
    let (usage, book) = kernel(&source);
    let rules: Vec<&str> = book.rejects.iter().map(|reject| reject.rule.code()).collect();
    assert_eq!(
        rules,
        [
            "null_key",
            "bad_date",
            "null_key",
            "orphan",
            "null_value",
            "not_finite",
            "out_of_bounds",
            "negative",
            "not_finite",
            "invalid_quality",
            "bad_enum",
        ]
    );
    assert_eq!(
        (usage.get(0, CustomerIx::new(0)).active_wh, usage.get(0, CustomerIx::new(0)).readings),
        (1_000, 2)
    );
    assert_eq!((book.tally.out_of_window, book.tally.counted), (1, 2));
}

#[test]
fn equal_repetitions_count_once_and_conflicting_ones_not_at_all() {
    let first = [
        "a|-|2023-10-01|1|-|actual",
        "a|-|2023-10-02|1|-|-",
        "a|m|2023-10-02|1|-|-",
        "a|-|2023-10-03|1|0|-",
        "a|-|2023-10-04|5|-|-",
    ];
    let second = [
        "a|-|2023-10-01|1|-|estimated",
        "a|-|2023-10-02|1.0001|-|-",
        "a|-|2023-10-03|1|-|-",
        "a|-|2023-10-01|1|-|-",
        "a|-|2023-10-02|9|-|-",
    ];
    let source = MemorySource::default().customers(&["a"]).rows(Table::MeterReadings, HEADER, &first).rows(
        Table::MeterReadings,
        HEADER,
        &second,
    );
    let (usage, book) = kernel(&source);
    // 1.0001 kWh is 1000 Wh, as 1 kWh is, but 9 kWh is not; null differs from 0 varh; meter m is a series of its own.
    assert_eq!((book.tally.counted, book.tally.duplicates, book.tally.rejected), (3, 2, 5));
    assert!(book.rejects.iter().all(|reject| reject.rule == Rule::ConflictingReading));
    assert_eq!(
        (usage.get(0, CustomerIx::new(0)).active_wh, usage.get(0, CustomerIx::new(0)).readings),
        (7_000, 3)
    );
}

/// The readings are so far apart that a month has fewer than eight slots, whose bits take less than one byte.
#[test]
fn readings_many_days_apart_are_settled_by_the_minute_too() {
    let rows = ["a|-|2023-10-12|1|-|-", "a|-|2023-10-23|2|-|-", "a|-|2023-10-12|1|-|-"];
    let source = MemorySource::default().customers(&["a"]).rows(Table::MeterReadings, HEADER, &rows);
    let (usage, book) = kernel_by(SlotWidth::Minute, &source);
    assert_eq!((usage.get(0, CustomerIx::new(0)).active_wh, book.tally.duplicates), (3_000, 1));
}

#[test]
fn a_month_is_covered_when_it_has_more_than_half_the_readings_of_the_months_around_it() {
    let daily = |month: u32, days: std::ops::RangeInclusive<u32>| {
        days.map(move |day| format!("a|-|2023-{month:02}-{day:02}|1|-|-")).collect::<Vec<_>>()
    };
    let rows: Vec<String> = [daily(10, 1..=1), daily(11, 1..=16), daily(12, 1..=30)].concat();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source = MemorySource::default().customers(&["a"]).rows(Table::MeterReadings, HEADER, &rows);
    let usage = source.read_usage(&source.read_customers(), WINDOW);
    assert_eq!([0, 1, 2].map(|month| usage.covered(month, CustomerIx::new(0))), [false, true, true]);
}

#[test]
fn a_month_with_a_thousand_times_the_energy_suggests_a_wrong_unit() {
    let rows = [
        "a|-|2023-10-01|100|-|-",
        "a|-|2023-11-01|100|-|-",
        "a|-|2023-12-01|90001|-|-",
        "b|-|2023-10-01|5|-|-",
    ];
    let source = MemorySource::default().customers(&["a", "b"]).rows(Table::MeterReadings, HEADER, &rows);
    let (usage, mut book) = kernel(&source);
    let suspects = unit_suspects(&usage, &source.read_customers(), &mut book);
    assert_eq!(suspects.len(), 1);
    assert_eq!(
        (suspects[0].customer, suspects[0].month, suspects[0].median_wh),
        (CustomerIx::new(0), Month::new(2023, 12), 100_000)
    );
}

/// A reading of the property tests: customer, meter (0 for none), minute of the window, energy in Wh, reactive energy in
/// varh.
type Drawn = (u8, u8, u32, i64, Option<i64>);

/// Energy, reactive energy and readings by customer and month.
type Sums = BTreeMap<(u8, usize), (i64, i64, u32)>;

/// As the customer of a reading, this means that it has no id; as the minute, that it has no time.
const NOBODY: u8 = 9;
const NEVER: u32 = u32::MAX;
/// Minutes of October to December.
const WINDOW_MINUTES: u32 = 92 * 1440;

/// What the kernel must return: sums by customer and month, the tally, and row and rule of each reject.
struct Expected {
    sums: Sums,
    tally: Tally,
    rejects: Vec<(usize, Rule)>,
}

/// The slow, obvious implementation. Customers 0 to 3 are known; energies below 0 are faults; minutes may be outside the
/// window.
fn obvious(drawn: &[Drawn]) -> Expected {
    let mut by_key: BTreeMap<(u8, u8, u32), Vec<usize>> = BTreeMap::new();
    let mut tally = Tally { rows_in: drawn.len() as u64, ..Tally::default() };
    let mut rejects = Vec::new();
    for (row, &(customer, meter, minute, wh, _)) in drawn.iter().enumerate() {
        if minute >= WINDOW_MINUTES {
            tally.out_of_window += 1;
        } else if customer > 3 {
            rejects.push((row, Rule::Orphan));
        } else if wh < 0 {
            rejects.push((row, Rule::Negative));
        } else {
            by_key.entry((customer, meter, minute)).or_default().push(row);
        }
    }
    let mut sums = Sums::new();
    for ((customer, _, minute), rows) in by_key {
        let energy = |row: usize| (drawn[row].3, drawn[row].4);
        if rows.iter().any(|&row| energy(row) != energy(rows[0])) {
            rejects.extend(rows.iter().map(|&row| (row, Rule::ConflictingReading)));
            continue;
        }
        tally.counted += 1;
        tally.duplicates += rows.len() as u64 - 1;
        let day = WINDOW.start().first_day() + (minute / 1440) as i32;
        let month = WINDOW.index(Month::of_day(day).unwrap()).unwrap();
        let sum = sums.entry((customer, month)).or_default();
        let (wh, varh) = energy(rows[0]);
        *sum = (sum.0 + wh, sum.1 + varh.unwrap_or(0).abs(), sum.2 + 1);
    }
    tally.rejected = rejects.len() as u64;
    rejects.sort_unstable();
    Expected { sums, tally, rejects }
}

fn columns_of(drawn: &[Drawn]) -> Vec<(&'static str, arrow_array::ArrayRef)> {
    let start_us = i64::from(WINDOW.start().first_day()) * crate::unit::DAY_US;
    let texts = |cell: &dyn Fn(&Drawn) -> String| {
        let cells: Vec<String> = drawn.iter().map(cell).collect();
        text(&cells.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let times: arrow_array::TimestampMicrosecondArray = drawn
        .iter()
        .map(|reading| (reading.2 != NEVER).then(|| start_us + i64::from(reading.2) * 60_000_000))
        .collect();
    let reactive: arrow_array::Float64Array =
        drawn.iter().map(|reading| reading.4.map(|varh| varh as f64 / 1000.0)).collect();
    vec![
        (
            "customer_id",
            texts(&|reading| if reading.0 == NOBODY { "-".into() } else { format!("c{}", reading.0) }),
        ),
        ("meter_id", texts(&|reading| if reading.1 == 0 { "-".into() } else { format!("m{}", reading.1) })),
        ("read_at", std::sync::Arc::new(times)),
        ("active_kwh", numbers(&drawn.iter().map(|reading| reading.3 as f64 / 1000.0).collect::<Vec<_>>())),
        ("reactive_kvarh", std::sync::Arc::new(reactive)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_kernel_equals_the_obvious_implementation_for_any_split_order_and_threads(
        drawn in prop::collection::vec(
            (prop_oneof![9 => 0u8..4, 1 => Just(4)], 0u8..3,
             prop_oneof![0u32..6, (0u32..90).prop_map(|day| day * 1440), 0u32..94 * 1440],
             prop_oneof![9 => 0i64..3, 1 => Just(-1)], prop::option::of(-1i64..2)), 1..120),
        cuts in prop::collection::vec(0usize..120, 1..6),
        in_order in any::<bool>(),
        threads in prop_oneof![Just(1usize), Just(2), Just(8)],
    ) {
        let mut drawn = drawn;
        if in_order {
            drawn.sort_unstable_by_key(|reading| (reading.2, reading.0));
        }
        let mut source = MemorySource::default().customers(&["c0", "c1", "c2", "c3"]);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(drawn.len())).collect();
        cuts.push(0);
        cuts.push(drawn.len());
        cuts.sort_unstable();
        let mut starts = Vec::new();
        for file in cuts.windows(2).filter(|file| file[0] < file[1]) {
            source = source.columns(Table::MeterReadings, columns_of(&drawn[file[0]..file[1]]));
            starts.push(file[0]);
        }
        let Expected { sums, tally, rejects } = obvious(&drawn);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for slot_width in [SlotWidth::Day, SlotWidth::Minute] {
            let (usage, book) = pool.install(|| kernel_by(slot_width, &source));
            prop_assert_eq!(book.tally, tally);
            let rejected: Vec<(usize, Rule)> = book
                .rejects
                .iter()
                .map(|reject| (starts[reject.at.file() as usize] + reject.at.row() as usize, reject.rule))
                .collect();
            prop_assert_eq!(&rejected, &rejects);
            for customer in 0..4u8 {
                for month in 0..3 {
                    let cell = usage.get(month, CustomerIx::new(customer.into()));
                    let expected = sums.get(&(customer, month)).copied().unwrap_or_default();
                    prop_assert_eq!((cell.active_wh, cell.reactive_varh, cell.readings), expected);
                }
            }
        }
    }
}

/// What a cycle publishes of its readings.
struct EarlierCycle {
    window: Window,
    customers: Customers,
    readings: Readings,
    rejects: Vec<crate::source::Reject>,
}

fn earlier_cycle(source: &MemorySource, window: Window) -> EarlierCycle {
    let customers = crate::customer::read(source, &mut TableBook::new(Table::Customers)).unwrap();
    let mut book = TableBook::new(Table::MeterReadings);
    let readings = read(source, &customers, window, ReadingDetail::Energy, None, &mut book).unwrap();
    EarlierCycle { window, customers, readings, rejects: book.rejects }
}

impl EarlierCycle {
    /// The published `monthly_usage`, in which the months of the first customer differ from those that were read.
    fn usage(&self) -> arrow_array::RecordBatch {
        self.months(|number, used| {
            let readings = if number == 0 { 31 * used.readings } else { used.readings };
            Some(MonthUse { readings, ..used })
        })
    }

    /// The published `usage_as_read`: the months of the first customer.
    fn as_read(&self) -> arrow_array::RecordBatch {
        self.months(|number, used| (number == 0).then_some(used))
    }

    /// Months as a published table; `change` changes a month or leaves it out.
    fn months(&self, change: impl Fn(u32, MonthUse) -> Option<MonthUse>) -> arrow_array::RecordBatch {
        let ids = &self.customers.ids;
        let cells: Vec<(u32, usize, MonthUse)> = (0..self.customers.len() as u32)
            .flat_map(|number| (0..self.window.months as usize).map(move |month| (number, month)))
            .map(|(number, month)| (number, month, self.readings.usage.get(month, CustomerIx::new(number))))
            .filter(|(.., used)| used.readings > 0)
            .filter_map(|(number, month, used)| Some((number, month, change(number, used)?)))
            .collect();
        let integers = |value: &dyn Fn(&MonthUse) -> i64| -> arrow_array::ArrayRef {
            let values = cells.iter().map(|(.., used)| value(used));
            std::sync::Arc::new(arrow_array::Int64Array::from_iter_values(values))
        };
        let names: Vec<&str> = cells.iter().map(|(number, ..)| ids.key(*number)).collect();
        let days = cells.iter().map(|(_, month, _)| self.window.month(*month).first_day());
        let columns: Vec<(&str, arrow_array::ArrayRef)> = vec![
            ("customer_id", std::sync::Arc::new(arrow_array::StringArray::from(names))),
            ("month", std::sync::Arc::new(arrow_array::Date32Array::from_iter_values(days))),
            ("active_wh", integers(&|used| used.active_wh)),
            ("reactive_varh", integers(&|used| used.reactive_varh)),
            ("readings", integers(&|used| used.readings.into())),
            ("reactive_readings", integers(&|used| used.reactive_readings.into())),
        ];
        arrow_array::RecordBatch::try_from_iter(columns).unwrap()
    }

    /// Calls `read` with what this cycle has counted. `before` gives the number in this cycle of each file, and `None`
    /// for a new file. `drawn` are the cycle's own files.
    fn reuse<T>(&self, before: &[Option<u32>], drawn: &[Vec<Drawn>], read: impl FnOnce(&Earlier) -> T) -> T {
        let usage_batch = self.usage();
        let usage = |sink: UsageSink| sink(&usage_batch);
        let as_read_batch = self.as_read();
        let as_read = |sink: UsageSink| sink(&as_read_batch);
        let files = &self.readings.files;
        let known: Vec<Option<FileBook>> =
            before.iter().map(|number| number.and_then(|number| files.get(&number).copied())).collect();
        let mut orphans: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut rejects = Vec::new();
        for reject in &self.rejects {
            let now = (0..).zip(before).find(|(_, number)| **number == Some(reject.at.file()));
            let Some((file, _)) = now else { continue };
            let at = crate::source::RowAt::new(file, reject.at.row());
            rejects.push(crate::source::Reject { at, rule: reject.rule });
            if reject.rule == Rule::Orphan {
                let id = drawn[reject.at.file() as usize][reject.at.row() as usize].0;
                orphans.entry(format!("c{id}")).or_default().push(file);
            }
        }
        rejects.sort_unstable();
        let gone: Vec<_> = files
            .iter()
            .filter(|(file, _)| !before.contains(&Some(**file)))
            .filter_map(|(_, book)| book.months)
            .collect();
        read(&Earlier {
            window: self.window,
            files: &known,
            integer_ids: &vec![Vec::new(); before.len()],
            gone: &gone,
            customers: &self.customers.ids,
            orphans: &orphans,
            rejects: &rejects,
            usage: &usage,
            as_read: &as_read,
        })
    }
}

/// The readings of a source, with slots that the kernel might not choose, and their book.
fn readings_by(
    slot_width: SlotWidth,
    source: &MemorySource,
    window: Window,
    earlier: Option<&Earlier>,
) -> (Readings, TableBook) {
    let customers = crate::customer::read(source, &mut TableBook::new(Table::Customers)).unwrap();
    let parts = source.parts(Table::MeterReadings).unwrap().unwrap();
    let (readings, books) =
        read_by(slot_width, source, &customers, window, earlier, &parts).unwrap().unwrap();
    let mut book = TableBook::new(Table::MeterReadings);
    books.into_values().for_each(|more| book.absorb(more));
    book.close().unwrap();
    (readings, book)
}

fn source_of(customers: &[&str], files: &[Vec<Drawn>]) -> MemorySource {
    let all = MemorySource::default().customers(customers);
    files.iter().fold(all, |source, file| source.columns(Table::MeterReadings, columns_of(file)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Files come, go and change, customers join, the window moves: reuse of an earlier cycle changes no result.
    #[test]
    fn reusing_an_earlier_cycle_gives_the_same_readings(
        files in prop::collection::vec(
            prop::collection::vec(
                (prop_oneof![12 => 0u8..4, 1 => Just(NOBODY)], 0u8..2, prop_oneof![12 => 0u32..5, 1 => Just(NEVER)],
                 -1i64..3, prop::option::of(0i64..2)), 1..6), 1..7),
        days in prop::collection::vec(0u32..3, 7),
        spread in prop::collection::vec(0u32..40, 7),
        gone in prop::collection::vec(prop::bool::weighted(0.2), 7),
        changed in prop::collection::vec(prop::bool::weighted(0.2), 7),
        new in prop::collection::vec(prop::bool::weighted(0.2), 7),
        customers in 2usize..4,
        joins in any::<bool>(),
        shift in -1i32..2,
        months in 2u32..5,
    ) {
        // Each file has readings in one month, or also in the next month.
        let files: Vec<Vec<Drawn>> = files.into_iter().enumerate().map(|(at, mut file)| {
            for (row, reading) in file.iter_mut().enumerate() {
                let day = days[at] * 31 + if row % 2 == 1 { spread[at] } else { 0 };
                // Some of the readings are within a day, others on other days.
                let minute = |step: u32| day.min(91) * 1440 + step % 2 * 1440 + step / 2 * 15;
                reading.2 = if reading.2 == NEVER { NEVER } else { minute(reading.2) };
            }
            file
        }).collect();
        let ids = ["c0", "c1", "c2", "c3"];
        let earlier_window = Window { end: WINDOW.end.plus(-shift), months };
        let then: Vec<usize> = (0..files.len()).filter(|&at| !new[at]).collect();
        let drawn_then: Vec<Vec<Drawn>> = then.iter().map(|&at| files[at].clone()).collect();
        prop_assume!(!drawn_then.is_empty());
        let cycle = earlier_cycle(&source_of(&ids[..customers], &drawn_then), earlier_window);
        let mut before = Vec::new();
        let mut drawn_now = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let number = (0..).zip(&then).find(|(_, known)| **known == at).map(|(number, _)| number);
            if number.is_some() && gone[at] {
                continue;
            }
            let mut file = file.clone();
            if changed[at] {
                file[0].3 += 1;
            }
            before.push(number.filter(|_| !changed[at]));
            drawn_now.push(file);
        }
        prop_assume!(!drawn_now.is_empty());
        let now = source_of(&ids[..customers + usize::from(joins)], &drawn_now);
        for slot_width in [SlotWidth::Day, SlotWidth::Minute] {
            let (reused, book) = cycle.reuse(&before, &drawn_then, |earlier| {
                readings_by(slot_width, &now, WINDOW, Some(earlier))
            });
            let (fresh, fresh_book) = readings_by(slot_width, &now, WINDOW, None);
            prop_assert_eq!(book.tally, fresh_book.tally);
            prop_assert_eq!(&book.rejects, &fresh_book.rejects);
            prop_assert_eq!(&reused.files, &fresh.files);
            for customer in (0..customers + usize::from(joins)).map(CustomerIx::from_index) {
                for month in 0..3 {
                    prop_assert_eq!(reused.usage.get(month, customer), fresh.usage.get(month, customer));
                }
            }
            let is_same = gone.iter().chain(&changed).chain(&new).all(|any| !any) && shift == 0 && months == 3;
            if is_same && !joins {
                prop_assert_eq!(reused.files_reused, before.len());
            }
        }
    }
}
