//! Tests qualities, stamps, intervals, records and openings against a slow, obvious implementation.

use super::*;
use crate::contract::declared::{Declared, NetExport, Stamp, TableDeclared};
use crate::unit::{DAY_US, LocalTime};

const MINUTE_US: i64 = 60_000_000;
const HEADER: &str = "customer_id|meter_id|read_at|read_until|active_kwh|reactive_kvarh|quality";

/// A row of the property test.
#[derive(Clone, Debug)]
struct DrawnRow {
    /// 0 to 2 are accepted customers; greater numbers are not.
    customer: u8,
    /// 0 stands for no meter id.
    meter: u8,
    /// Minutes after the start of the window; negative before it.
    minute: i64,
    /// Minutes from `minute` to the end of the interval.
    length: Option<i64>,
    wh: i64,
    varh: Option<i64>,
    /// 0 stands for no quality, 1 for actual, 2 for estimated, 3 for invalid.
    quality: usize,
    /// When the row was recorded, in days after the start of the window.
    recorded: Option<i64>,
}

const QUALITIES: [&str; 4] = ["-", "actual", "estimated", "invalid"];
/// Days after the start of the window on which the customers open.
const OPENED: [i32; 3] = [-1_000, 40, 70];

/// The columns that a table has besides energy, and how it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    has_ends: bool,
    has_records: bool,
    /// In days after the start of the window.
    known_as_of: Option<i64>,
    stamp: Stamp,
}

impl Shape {
    /// Whether rows are settled one by one. If so, rows before the opening are left out at that step.
    fn is_by_row(self) -> bool {
        self.has_ends || self.has_records
    }
}

impl DrawnRow {
    /// The row's days, counted from the start of the window.
    fn days(&self, shape: Shape) -> Vec<i32> {
        let day = |minute: i64| minute.div_euclid(1_440) as i32;
        match self.length.filter(|&length| shape.has_ends && length > 0) {
            Some(length) => {
                let first = day(self.minute);
                (first..day(self.minute + length).max(first + 1)).collect()
            }
            // The stamp belongs to the instant before, and the minute before has the same day as that instant.
            None if shape.stamp == Stamp::End => vec![(self.minute - 1).div_euclid(1_440) as i32],
            None => vec![day(self.minute)],
        }
    }

    fn value(&self, shape: Shape) -> (i64, Option<i64>, Option<i64>) {
        (self.wh, self.varh, self.length.filter(|_| shape.has_ends))
    }
}

fn month_of(day: i32) -> Month {
    Month::of_day(WINDOW.start().first_day() + day).unwrap()
}

type MonthSums = BTreeMap<(u8, usize), MonthUse>;

/// The slow, obvious implementation of the rules.
fn obvious_rows(rows: &[DrawnRow], shape: Shape) -> (MonthSums, Tally, Vec<(usize, Rule)>) {
    let mut tally = Tally { rows_in: rows.len() as u64, ..Tally::default() };
    let (mut sums, mut rejects) = (MonthSums::new(), Vec::new());
    let mut by_key: BTreeMap<(u8, u8, i64), Vec<usize>> = BTreeMap::new();
    let recorded = |row: &DrawnRow| row.recorded.filter(|_| shape.has_records);
    let is_known = |row: &DrawnRow| {
        recorded(row).zip(shape.known_as_of).is_none_or(|(recorded, known)| recorded <= known)
    };
    let key = |row: &DrawnRow| (row.customer, row.meter, row.minute);
    for (at, row) in rows.iter().enumerate() {
        let is_later = |other: &DrawnRow| is_known(other) && recorded(other) > recorded(row);
        if !is_known(row) {
            tally.not_yet_known += 1;
        } else if rows.iter().any(|other| key(other) == key(row) && is_later(other)) {
            tally.duplicates += 1;
        } else if !row.days(shape).into_iter().any(|day| WINDOW.index(month_of(day)).is_some()) {
            tally.out_of_window += 1;
        } else if usize::from(row.customer) >= OPENED.len() {
            rejects.push((at, Rule::Orphan));
        } else if shape.has_ends && row.length.is_some_and(|length| length <= 0) {
            rejects.push((at, Rule::BadInterval));
        } else if row.quality == 3 {
            rejects.push((at, Rule::InvalidQuality));
        } else {
            by_key.entry((row.customer, row.meter, row.minute)).or_default().push(at);
        }
    }
    for ((customer, ..), group) in by_key {
        let value = |&at: &usize| rows[at].value(shape);
        let values: BTreeSet<_> = group.iter().map(value).collect();
        let firm: BTreeSet<_> = group.iter().filter(|&&at| rows[at].quality != 2).map(value).collect();
        let row = match (values.len(), firm.len()) {
            (1, _) => &rows[group[0]],
            (_, 1) => &rows[*group.iter().find(|&&at| rows[at].quality != 2).unwrap()],
            _ => {
                rejects.extend(group.iter().map(|&at| (at, Rule::ConflictingReading)));
                continue;
            }
        };
        tally.duplicates += group.len() as u64 - 1;
        let opened = if shape.is_by_row() { month_of(OPENED[usize::from(customer)]) } else { Month(0) };
        let days = row.days(shape);
        let all = days.len() as i64;
        let mut is_counted = false;
        for (position, month) in (0..3).map(|position| (position, WINDOW.month(position))) {
            let through = days.iter().filter(|&&day| month_of(day) <= month).count() as i64;
            let before = days.iter().filter(|&&day| month_of(day) < month).count() as i64;
            if month < opened || through == before {
                continue;
            }
            is_counted = true;
            let part =
                |energy: i64| energy.signum() * (energy.abs() * through / all - energy.abs() * before / all);
            let used = sums.entry((customer, position)).or_default();
            used.active_wh += part(row.wh);
            used.reactive_varh += part(row.varh.unwrap_or(0)).abs();
            used.readings += (through - before) as u32;
            used.reactive_readings += if row.varh.is_some() { (through - before) as u32 } else { 0 };
        }
        *(if is_counted { &mut tally.counted } else { &mut tally.out_of_window }) += 1;
    }
    tally.rejected = rejects.len() as u64;
    rejects.sort_unstable();
    (sums, tally, rejects)
}

fn columns(rows: &[DrawnRow], shape: Shape) -> Vec<(&'static str, arrow_array::ArrayRef)> {
    use std::sync::Arc;
    let start_us = i64::from(WINDOW.start().first_day()) * DAY_US;
    let texts = |cell: &dyn Fn(&DrawnRow) -> String| {
        let cells: Vec<String> = rows.iter().map(cell).collect();
        text(&cells.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let times = |minute: &dyn Fn(&DrawnRow) -> Option<i64>| -> arrow_array::ArrayRef {
        let us = rows.iter().map(|row| minute(row).map(|minute| start_us + minute * MINUTE_US));
        Arc::new(us.collect::<arrow_array::TimestampMicrosecondArray>())
    };
    let reactive: arrow_array::Float64Array =
        rows.iter().map(|row| row.varh.map(|varh| varh as f64 / 1000.0)).collect();
    let mut columns = vec![
        ("customer_id", texts(&|row| format!("c{}", row.customer))),
        ("meter_id", texts(&|row| if row.meter == 0 { "-".into() } else { format!("m{}", row.meter) })),
        ("read_at", times(&|row| Some(row.minute))),
        ("active_kwh", numbers(&rows.iter().map(|row| row.wh as f64 / 1000.0).collect::<Vec<_>>())),
        ("reactive_kvarh", Arc::new(reactive)),
        ("quality", texts(&|row| QUALITIES[row.quality].into())),
    ];
    if shape.has_ends {
        columns.push(("read_until", times(&|row| row.length.map(|length| row.minute + length))));
    }
    if shape.has_records {
        columns.push(("recorded_at", times(&|row| row.recorded.map(|day| day * 1_440))));
    }
    columns
}

fn customers(source: MemorySource, shape: Shape) -> MemorySource {
    let rows: Vec<String> = (0..OPENED.len())
        .map(|number| {
            let day = if shape.is_by_row() { OPENED[number] } else { OPENED[0] };
            let opened = crate::unit::date_of_day(WINDOW.start().first_day() + day).unwrap();
            format!("c{number}|other|low_voltage|{opened}|false")
        })
        .collect();
    let header = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
    source.rows(Table::Customers, header, &rows.iter().map(String::as_str).collect::<Vec<_>>())
}

fn declared(shape: Shape) -> Declared {
    let Shape { stamp, known_as_of, .. } = shape;
    let readings = TableDeclared { stamp, net_export: NetExport::Allowed, ..TableDeclared::default() };
    let start_us = i64::from(WINDOW.start().first_day()) * DAY_US;
    Declared {
        known_as_of: known_as_of.map(|day| LocalTime { us: start_us + day * DAY_US }),
        tables: [(Table::MeterReadings, readings)].into(),
        ..Declared::default()
    }
}

fn drawn_row() -> impl Strategy<Value = DrawnRow> {
    let minute = prop_oneof![
        (-2i64..95).prop_map(|day| day * 1_440),
        (0i64..4).prop_map(|step| step * 15),
        (20i64..24).prop_map(|step| step * 1_440 * 4 + 15),
    ];
    let length = prop::option::weighted(0.7, prop_oneof![Just(1_440i64), Just(-5), 0i64..100_000]);
    let wh = prop_oneof![-2i64..3, Just(1_000_000_007)];
    (
        0u8..4,
        0u8..3,
        minute,
        length,
        wh,
        prop::option::of(-1i64..2),
        prop_oneof![6 => 0usize..3, 1 => Just(3)],
        prop::option::of(0i64..4),
    )
        .prop_map(|(customer, meter, minute, length, wh, varh, quality, recorded)| DrawnRow {
            customer,
            meter,
            minute,
            length,
            wh,
            varh,
            quality,
            recorded,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn rows_are_settled_as_by_the_obvious_implementation(
        rows in prop::collection::vec(drawn_row(), 1..60),
        again in prop::collection::vec((0usize..60, 0usize..4, prop::bool::weighted(0.3), prop::option::of(0i64..4)), 0..20),
        cuts in prop::collection::vec(0usize..80, 1..5),
        has_ends in any::<bool>(),
        has_records in any::<bool>(),
        known_as_of in prop::option::of(0i64..4),
        is_stamped_at_end in any::<bool>(),
        threads in 1usize..4,
    ) {
        let mut rows = rows;
        for (at, quality, differs, recorded) in again {
            let mut row = rows[at % rows.len()].clone();
            (row.quality, row.recorded) = (quality, recorded);
            row.wh += i64::from(differs);
            rows.push(row);
        }
        let stamp = if is_stamped_at_end { Stamp::End } else { Stamp::Start };
        let shape = Shape { has_ends, has_records, known_as_of, stamp };
        let mut source = customers(MemorySource::default().declaring(declared(shape)), shape);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        for file in cuts.windows(2) {
            source = source.columns(Table::MeterReadings, columns(&rows[file[0]..file[1]], shape));
        }
        let (sums, tally, rejects) = obvious_rows(&rows, shape);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let results = pool.install(|| {
            if shape.is_by_row() {
                vec![kernel(&source)]
            } else {
                [SlotWidth::Day, SlotWidth::Minute].map(|width| kernel_by(width, &source)).into()
            }
        });
        for (usage, book) in results {
            prop_assert_eq!(book.tally, tally);
            let rejected: Vec<(usize, Rule)> = book.rejects.iter()
                .map(|reject| (cuts[reject.at.file() as usize] + reject.at.row() as usize, reject.rule))
                .collect();
            prop_assert_eq!(&rejected, &rejects);
            for customer in 0..3u8 {
                for month in 0..3 {
                    let used = usage.get(month, CustomerIx::new(customer.into()));
                    prop_assert_eq!(used, sums.get(&(customer, month)).copied().unwrap_or_default());
                }
            }
        }
    }
}

#[test]
fn ids_that_are_too_long_are_rejects_inside_the_window() {
    let long = "m".repeat(129);
    let rows: Vec<String> = [
        format!("a|{long}|2023-10-01|2023-10-02|1|-|-"),
        format!("a|{long}|2023-09-01|2023-10-01|1|-|-"),
        format!("{long}|{long}|2023-10-01|-|1|-|-"),
        "a|-|2023-10-01|-|1|-|-".to_owned(),
    ]
    .into();
    // This is twice the number of rows that are held at once.
    let many = (0..40).map(|day| format!("b|-|2023-10-{:02} {:02}:00|-|1|-|-", day % 30 + 1, day / 30));
    let rows: Vec<String> = many.chain(rows).collect();
    let (usage, book) = read_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(book.rejects.iter().map(|reject| reject.rule.code()).collect::<Vec<_>>(), ["id_too_long"; 2]);
    assert_eq!((book.tally.out_of_window, book.tally.counted), (1, 41));
    assert_eq!([0, 1].map(|customer| usage.get(0, CustomerIx::new(customer)).readings), [1, 40]);
}

#[test]
fn the_row_recorded_last_is_chosen_before_window_and_other_rules() {
    let header = "customer_id|meter_id|read_at|active_kwh|quality|recorded_at";
    let rows = [
        "a|-|2023-10-01|1|-|2023-10-02",
        "a|-|2023-10-01|2|-|2023-10-05 08:00",
        "a|-|2023-10-01|9|-|-",
        // The reading is withdrawn, since its last record is invalid.
        "a|-|2023-10-02|1|-|-",
        "a|-|2023-10-02|1|invalid|2023-10-03",
        // The records have the same time, so quality decides, or none counts.
        "a|-|2023-10-03|1|estimated|2023-10-04",
        "a|-|2023-10-03|2|actual|2023-10-04",
        "a|-|2023-10-04|1|-|2023-10-05",
        "a|-|2023-10-04|2|-|2023-10-05",
        // Rows of unknown customers and rows outside the window are replaced too.
        "x|-|2023-10-01|1|-|-",
        "x|-|2023-10-01|1|-|2023-10-02",
        "a|-|2023-09-01|1|-|-",
        "a|-|2023-09-01|1|-|2023-10-02",
        "a|-|-|1|-|2023-10-02",
        "a|-|2023-10-05|1|-|someday",
        "a|-|2023-10-06|1|-|2023-10-09",
        "a|-|2023-10-06|7|-|2023-10-10 00:00:01",
    ];
    let read = |known_as_of: Option<&str>| {
        let known_as_of =
            known_as_of.map(|text| crate::contract::cell::Dates::default().local_time(text).unwrap());
        let declared = Declared { known_as_of, ..Declared::default() };
        let source = MemorySource::default().declaring(declared).customers(&["a"]);
        let (usage, book) = kernel(&source.rows(Table::MeterReadings, header, &rows));
        let rejects: Vec<_> =
            book.rejects.iter().map(|reject| (reject.at.row(), reject.rule.code())).collect();
        (usage.get(0, CustomerIx::new(0)).active_wh, book.tally, rejects)
    };
    let rejected = vec![
        (4, "invalid_quality"),
        (7, "conflicting_reading"),
        (8, "conflicting_reading"),
        (10, "orphan"),
        (13, "null_key"),
        (14, "bad_date"),
    ];
    let tally =
        Tally { rows_in: 17, counted: 3, out_of_window: 1, rejected: 6, duplicates: 7, ..Tally::default() };
    assert_eq!(read(None), (2_000 + 2_000 + 7_000, tally, rejected.clone()));
    let known = Tally { duplicates: 6, not_yet_known: 1, ..tally };
    assert_eq!(read(Some("2023-10-10")), (2_000 + 2_000 + 1_000, known, rejected));
    // On that day only the row without a time and the first record of the first key are known, and the second reading
    // is not withdrawn yet.
    let (wh, tally, rejected) = read(Some("2023-10-02"));
    assert_eq!((wh, tally.not_yet_known, tally.duplicates), (1_000 + 1_000, 8, 3));
    assert_eq!(rejected, [(10, "orphan"), (13, "null_key"), (14, "bad_date")]);
}

#[test]
fn parts_by_time_of_use_and_the_highest_demand_are_those_of_the_readings_that_count() {
    let header =
        "customer_id|read_at|read_until|active_kwh|sharp_kwh|peak_kwh|flat_kwh|valley_kwh|max_demand_kw";
    let rows = [
        "a|2023-10-01|-|10|1|2|3|4|5.5",
        "a|2023-10-01|-|10|-|2.5|-|-|7",
        "a|2023-10-02|-|10|a word|2|-1|-|-5",
        "a|2023-10-03|-|1|9|9|9|9|9",
        "a|2023-10-03|-|2|9|9|9|9|9",
        "a|2023-11-26|2023-12-06|10|-|-|-|1|3",
    ];
    let source = MemorySource::default().customers(&["a", "b"]);
    let (usage, book) = kernel(&source.rows(Table::MeterReadings, header, &rows));
    let [a, b] = [0, 1].map(CustomerIx::new);
    assert_eq!(usage.parts_wh(a), [1_000, 4_500, 2_000, 5_000]);
    assert_eq!([0, 1, 2].map(|month| usage.demand_w(month, a)), [Some(7_000), Some(3_000), Some(3_000)]);
    assert_eq!((usage.parts_wh(b), usage.demand_w(0, b)), ([0; 4], None));
    assert_eq!((book.tally.counted, book.tally.duplicates, book.tally.rejected), (3, 1, 2));
    // The greatest parts of the first reading sum to 10.5 kWh, and one part of the second reading is negative.
    let (rows, example) = &book.noticed[&Rule::PartsExceedTotal];
    assert_eq!((*rows, example.as_str()), (2, "customer a, 2023-10-01"));
}

fn read_rows(rows: &[&str]) -> (MonthlyUsage, TableBook) {
    kernel(&MemorySource::default().customers(&["a", "b"]).rows(Table::MeterReadings, HEADER, rows))
}

#[test]
fn an_interval_is_spread_over_its_months_by_days_and_counts_as_its_days() {
    let (usage, book) = read_rows(&[
        "a|-|2023-09-21|2023-11-10|0.100|-0.050|-",
        "b|-|2023-12-30 12:00|2024-01-05|6|-|-",
        "b|-|2023-12-01|-|1|-|-",
        "b|-|2023-08-01|2023-10-01|1|-|-",
    ]);
    let [a, b] = [0, 1].map(CustomerIx::new);
    // The interval has 10 + 31 + 9 = 50 days, with 2 Wh a day.
    let october = usage.get(0, a);
    assert_eq!((october.active_wh, october.reactive_varh), (62, 31));
    assert_eq!((october.readings, october.reactive_readings, usage.get(1, a).readings), (31, 31, 9));
    assert_eq!((usage.get(2, b).active_wh, usage.get(2, b).readings), (3_000, 3));
    assert_eq!((book.tally.counted, book.tally.out_of_window), (3, 1));
    assert_eq!(usage.has_ends, [true, true]);
}

#[test]
fn an_interval_must_end_after_it_begins_and_repetitions_must_agree_on_the_end() {
    let (usage, book) = read_rows(&[
        "a|-|2023-10-01|2023-10-01|1|-|-",
        "a|-|2023-10-02|someday|1|-|-",
        "a|-|2023-10-03|2023-10-04|1|-|-",
        "a|-|2023-10-03|2023-10-05|1|-|-",
        "a|-|2023-11-03|2023-11-04|1|-|actual",
        "a|-|2023-11-03|2023-11-05|1|-|estimated",
        "a|-|2023-11-03|2023-11-04|1|-|-",
    ]);
    let rules: Vec<&str> = book.rejects.iter().map(|reject| reject.rule.code()).collect();
    assert_eq!(rules, ["bad_interval", "bad_date", "conflicting_reading", "conflicting_reading"]);
    assert_eq!((book.tally.counted, book.tally.duplicates), (1, 2));
    assert_eq!(usage.get(1, CustomerIx::new(0)).readings, 1);
}

#[test]
fn long_and_overlapping_intervals_are_noticed_and_count() {
    let (_, book) = read_rows(&[
        "a|m|2023-10-01|2023-11-01|1|-|-",
        "a|m|2023-10-31|2023-12-01|1|-|-",
        "a|m|2023-10-15|2023-10-16|1|-|-",
        "a|n|2023-10-31|2023-12-01|1|-|-",
        "b|-|2023-10-01|2024-11-05|1|-|-",
        "b|-|2022-10-01|2023-11-05|1|-|-",
        "b|o|2023-10-01|2023-11-01|1|-|-",
        "b|o|2023-11-01|2023-12-01|1|-|-",
    ]);
    assert_eq!(book.tally.counted, 8);
    let noticed = |rule: Rule| book.noticed.get(&rule).map(|(rows, example)| (*rows, example.as_str()));
    // An interval of 400 days is not too long, one of 401 days is.
    assert_eq!(noticed(Rule::LongInterval), Some((1, "customer b, 2023-10-01")));
    assert_eq!(noticed(Rule::OverlappingIntervals), Some((2, "customer a, meter m, 2023-10-15")));
}

#[test]
fn an_interval_loses_its_days_before_the_month_in_which_its_customer_opened() {
    let source = MemorySource::default().rows(
        Table::Customers,
        "customer_id|use_category|supply_level|opened_on|aged_transformer_area",
        &["a|other|low_voltage|2023-11-20|false"],
    );
    let source = source.rows(
        Table::MeterReadings,
        HEADER,
        &[
            "a|-|2023-10-22|2023-11-11|0.040|-|-",
            "a|-|2023-10-01|2023-10-20|1|-|-",
            "a|-|2023-10-01|2023-10-20|1|-|-",
        ],
    );
    let (usage, book) = kernel(&source);
    let [october, november] = [0, 1].map(|month| usage.get(month, CustomerIx::new(0)));
    assert_eq!((october, november.active_wh, november.readings), (MonthUse::default(), 20, 10));
    assert_eq!((book.tally.counted, book.tally.out_of_window, book.tally.duplicates), (1, 1, 1));
    assert_eq!(book.noticed[&Rule::BeforeOpening].0, 1);
}
