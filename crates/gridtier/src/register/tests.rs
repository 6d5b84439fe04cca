//! Tests of registers on hand-computed cases.

use super::*;
use crate::contract::declared::Declared;
use crate::fact;
use crate::fixture::rejected_rules;
use crate::memory::MemorySource;
use crate::meter::ReadingDetail;
use crate::source::Tally;
use crate::unit::{DAY_US, LocalTime, Month};

/// October to December 2023.
const WINDOW: Window = Window { end: Month(54 * 12), months: 3 };
const HEADER: &str = "customer_id|meter_id|read_at|register_kwh|reactive_register_kvarh|multiplier|\
                      register_digits|kind|quality";

fn source(rows: &[&str]) -> MemorySource {
    MemorySource::default().customers(&["a", "b"]).rows(Table::RegisterReadings, HEADER, rows)
}

fn counted(rows: &[&str]) -> (Registers, TableBook) {
    let source = source(rows);
    let mut book = TableBook::new(Table::RegisterReadings);
    let registers = read(&source, &source.read_customers(), WINDOW, &mut book).unwrap();
    (registers, book)
}

/// Energy by month of all customers, in Wh.
fn energies(rows: &[&str]) -> Vec<(usize, i64)> {
    counted(rows).0.months.iter().map(|month| (month.month, month.used.active_wh)).collect()
}

/// Row and rule of each reject.
fn rejects(rows: &[&str]) -> Vec<(u64, &'static str)> {
    counted(rows).1.rejects.iter().map(|reject| (reject.at.row(), reject.rule.code())).collect()
}

#[test]
fn the_energy_between_two_readings_is_spread_over_their_days() {
    let rows = ["a|1|2023-10-16|100|-|10|-|-|-", "a|1|2023-11-16|131|-|10|-|-|-"];
    let (registers, book) = counted(&rows);
    let months: Vec<_> = registers.months.iter().map(|month| (month.month, month.used)).collect();
    let used = |active_wh, readings| MonthUse { active_wh, readings, ..MonthUse::default() };
    assert_eq!(months, [(0, used(160_000, 16)), (1, used(150_000, 15))]);
    assert_eq!(book.tally, Tally { rows_in: 2, counted: 2, ..Tally::default() });
}

#[test]
fn energy_is_rounded_once_from_whole_wh_and_thousandths_of_the_multiplier() {
    let energies_with = |multiplier: &str| {
        let first = format!("a|1|2023-10-01|0.001|-|{multiplier}|-|-|-");
        let second = format!("a|1|2023-10-02|0.002|-|{multiplier}|-|-|-");
        energies(&[&first, &second])
    };
    assert_eq!(
        (energies_with("0.5"), energies_with("0.499"), energies_with("1.5")),
        (vec![(0, 1)], vec![(0, 0)], vec![(0, 2)])
    );
}

#[test]
fn readings_of_one_day_count_as_one_day() {
    let rows = ["a|1|2023-10-31 08:00|1|-|-|-|-|-", "a|1|2023-10-31 20:00|3|-|-|-|-|-"];
    let month = counted(&rows).0.months[0];
    assert_eq!((month.month, month.used.active_wh, month.used.readings), (0, 2_000, 1));
    let rows = ["a|1|2023-10-31 20:00|1|-|-|-|-|-", "a|1|2023-11-01 08:00|3|-|-|-|-|-"];
    assert_eq!(energies(&rows), [(0, 2_000)], "a night counts as the day on which it began");
}

#[test]
fn a_register_that_passes_its_last_digit_begins_again_at_0() {
    let row = |day: u32, kwh: u32, digits: &str| format!("a|1|2023-10-{day:02}|{kwh}|-|-|{digits}|-|-");
    let pair = |from: (u32, &str), to: (u32, &str)| {
        let rows = [row(1, from.0, from.1), row(2, to.0, to.1)];
        let rows = [rows[0].as_str(), rows[1].as_str()];
        (energies(&rows), rejects(&rows))
    };
    assert_eq!(pair((9_990, "4"), (10, "4")), (vec![(0, 20_000)], vec![]));
    assert_eq!(
        pair((5_000, "4"), (0, "4")),
        (vec![(0, 5_000_000)], vec![]),
        "the move is half of what the register can show"
    );
    for (from, to) in [((4_999, "4"), (0, "4")), ((9_990, "-"), (10, "4")), ((9_990, "5"), (10, "4"))] {
        assert_eq!(pair(from, to), (vec![], vec![(1, "register_decrease")]), "{from:?} {to:?}");
    }
}

#[test]
fn an_exchange_at_one_instant_ends_one_segment_and_begins_the_next() {
    let mut rows = vec![
        "a|1|2023-10-01|100|-|1|-|-|-",
        "a|1|2023-10-11|150|-|1|-|removed|-",
        "a|1|2023-10-11|7|-|20|-|installed|-",
        "a|1|2023-10-21|8|-|20|-|-|-",
    ];
    for _ in 0..4 {
        rows.rotate_left(1);
        let (registers, book) = counted(&rows);
        assert_eq!((registers.months[0].used.active_wh, registers.months[0].used.readings), (70_000, 20));
        assert_eq!((book.tally.counted, book.tally.rejected), (4, 0), "{rows:?}");
    }
    let gone = [
        "a|1|2023-10-01|1|-|-|-|removed|-",
        "a|1|2023-10-02|2|-|-|-|-|-",
        "a|1|2023-10-03|3|-|-|-|removed|-",
    ];
    assert_eq!(rejects(&gone), [(1, "after_removal"), (2, "after_removal")]);
    // Even without a removal, there is no interval between the last reading and an installation.
    let set_anew =
        ["a|1|2023-10-01|5|-|-|-|-|-", "a|1|2023-10-05|0|-|-|-|installed|-", "a|1|2023-10-06|1|-|-|-|-|-"];
    assert_eq!(energies(&set_anew), [(0, 1_000)]);
}

#[test]
fn after_a_decrease_the_reading_that_does_not_fit_is_rejected() {
    let kwh_and_rejects = |rows: &[(u32, &str)]| {
        let rows: Vec<String> = (1..)
            .zip(rows)
            .map(|(day, (kwh, quality))| format!("a|1|2023-10-{day:02}|{kwh}|-|-|-|-|{quality}"))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let sum: i64 = energies(&rows).iter().map(|(_, wh)| wh).sum();
        (sum / 1_000, rejects(&rows).into_iter().map(|(row, _)| row).collect::<Vec<_>>())
    };
    assert_eq!(
        kwh_and_rejects(&[(100, "-"), (200, "estimated"), (150, "-")]),
        (50, vec![1]),
        "the estimate was too high"
    );
    assert_eq!(kwh_and_rejects(&[(100, "-"), (200, "estimated"), (150, "estimated")]), (100, vec![2]));
    assert_eq!(
        kwh_and_rejects(&[(100, "-"), (900, "-"), (150, "-"), (160, "-")]),
        (60, vec![1]),
        "the next reading confirms the low one"
    );
    assert_eq!(kwh_and_rejects(&[(100, "-"), (900, "-"), (150, "-"), (950, "-")]), (850, vec![2]));
    assert_eq!(
        kwh_and_rejects(&[(900, "-"), (150, "-"), (160, "-")]),
        (10, vec![0]),
        "the rejected reading is the first of its segment"
    );
    assert_eq!(kwh_and_rejects(&[(100, "-"), (200, "estimated"), (50, "-"), (60, "-")]), (100, vec![2, 3]));
}

#[test]
fn a_multiplier_changes_at_an_exchange_only() {
    let rows = ["a|1|2023-10-01|1|-|-|-|-|-", "a|1|2023-10-02|2|-|2|-|-|-", "a|1|2023-10-03|3|-|1|-|-|-"];
    assert_eq!((energies(&rows), rejects(&rows)), (vec![(0, 2_000)], vec![(1, "multiplier_changed")]));
}

#[test]
fn reactive_energy_needs_both_ends_and_a_fall_drops_it_alone() {
    let rows = [
        "a|1|2023-10-01|1|10|-|-|-|-",
        "a|1|2023-10-02|2|12|-|-|-|-",
        "a|1|2023-10-03|3|-|-|-|-|-",
        "a|1|2023-10-04|4|20|-|-|-|-",
        "a|1|2023-10-05|5|19|-|-|-|-",
    ];
    let (registers, book) = counted(&rows);
    let expected = MonthUse { active_wh: 4_000, reactive_varh: 2_000, readings: 4, reactive_readings: 1 };
    assert_eq!(registers.months[0].used, expected);
    assert_eq!(book.noticed[&Rule::ReactiveDecrease], (1, "meter 1 of a".to_owned()));
}

#[test]
fn rows_of_one_instant_count_once_or_contradict_themselves() {
    let kwh_and_tally = |rows: &[&str]| {
        let mut all = vec!["a|1|2023-10-01|0|-|-|-|-|-"];
        all.extend(rows);
        let (registers, book) = counted(&all);
        let sum = registers.months.iter().map(|month| month.used.active_wh).sum::<i64>();
        (sum / 1_000, book.tally.counted, book.tally.duplicates, rejected_rules(&book).len())
    };
    let [at_5, same] = ["a|1|2023-10-02|5|-|-|-|-|-", "a|1|2023-10-02|5|-|1|4|-|estimated"];
    let [at_6, estimated] = ["a|1|2023-10-02|6|-|-|-|-|actual", "a|1|2023-10-02|6|-|-|-|-|estimated"];
    assert_eq!(
        kwh_and_tally(&[at_5, same]),
        (5, 2, 1, 0),
        "rows are equal even if digits and quality differ"
    );
    assert_eq!(kwh_and_tally(&[at_5, at_6]), (0, 0, 0, 2));
    assert_eq!(
        kwh_and_tally(&[at_5, estimated]),
        (5, 2, 1, 0),
        "a reading that is not estimated decides against an estimate"
    );
    assert_eq!(kwh_and_tally(&[at_5, estimated, at_6]), (0, 0, 0, 3));
    let removed = "a|1|2023-10-02|5|-|-|-|removed|-";
    assert_eq!(kwh_and_tally(&[removed, at_5]), (5, 2, 1, 0), "a reading that shows what the removal shows");
    assert_eq!(kwh_and_tally(&[removed, estimated]), (5, 2, 1, 0));
    assert_eq!(kwh_and_tally(&[removed, at_6]), (0, 0, 0, 2));
    let guessed = "a|1|2023-10-02|4|-|-|-|removed|estimated";
    assert_eq!(
        kwh_and_tally(&[guessed, at_5]),
        (5, 2, 1, 0),
        "a reading decides against an estimated removal"
    );
    assert_eq!(
        kwh_and_tally(&[guessed, at_5, at_6]),
        (0, 0, 0, 3),
        "nothing counts that the removal repeats"
    );
    let installed = "a|1|2023-10-02|6|-|-|-|installed|-";
    assert_eq!(kwh_and_tally(&[removed, installed, at_6]), (5, 2, 1, 0));
    // The installation, which is the last row, begins a segment without an interval.
    assert_eq!(kwh_and_tally(&[removed, removed, installed]), (5, 2, 1, 0));
}

#[test]
fn the_last_known_record_of_a_reading_counts() {
    let header = "customer_id|meter_id|read_at|register_kwh|kind|recorded_at";
    let rows = [
        "a|1|2023-10-01|0|-|-",
        "a|1|2023-10-11|50|-|2023-10-12",
        "a|1|2023-10-11|-5|-|2023-10-13",
        "a|1|2023-10-11|40|-|2023-10-14",
        "a|1|2023-10-21|60|removed|2023-11-01",
        "a|1|2023-10-21|0|installed|2023-10-22",
        "a|1|2023-10-31|1|-|soon",
    ];
    let counted_as_of = |october: Option<i64>| {
        let first_day = i64::from(Month::new(2023, 10).first_day());
        let known_as_of = october.map(|day| LocalTime { us: (first_day + day - 1) * DAY_US });
        let declared = Declared { known_as_of, ..Declared::default() };
        let source = MemorySource::default()
            .customers(&["a", "b"])
            .rows(Table::RegisterReadings, header, &rows)
            .declaring(declared);
        let mut book = TableBook::new(Table::RegisterReadings);
        let registers = read(&source, &source.read_customers(), WINDOW, &mut book).unwrap();
        let sum: i64 = registers.months.iter().map(|month| month.used.active_wh).sum();
        let Tally { counted, duplicates, not_yet_known, .. } = book.tally;
        (sum / 1_000, [counted, duplicates, not_yet_known], rejected_rules(&book).join(" "))
    };
    // The row of the installation begins no interval.
    assert_eq!(counted_as_of(None), (60, [3, 2, 0], "bad_date".into()));
    assert_eq!(counted_as_of(Some(13)), (0, [0, 1, 3], "negative bad_date".into()));
    assert_eq!(counted_as_of(Some(12)), (50, [2, 0, 4], "bad_date".into()));
}

#[test]
fn impossible_values_are_rejected_by_their_rules() {
    let rows = [
        "a|1|2023-10-01|10000|-|-|4|-|-",
        "a|1|2023-10-01|9999|10000|-|4|-|-",
        "a|1|2023-10-01|-1|-|-|-|-|-",
        "a|1|2023-10-01|1|-|0|-|-|-",
        "a|1|2023-10-01|1|-|-2|-|-|-",
        "a|1|2023-10-01|1|-|1000001|-|-|-",
        "a|1|2023-10-01|1|-|-|13|-|-",
        "a|1|2023-10-01|1|-|-|-|-|invalid",
        "x|1|2023-10-01|1|-|-|-|-|-",
        "a|-|2023-10-01|1|-|-|-|-|-",
        "a|1|-|1|-|-|-|-|-",
        "a|1|2023-10-01|-|-|-|-|-|-",
        "a|1|2023-10-01|1|-|-|-|swapped|-",
    ];
    let rules = [
        "out_of_bounds",
        "out_of_bounds",
        "negative",
        "out_of_bounds",
        "out_of_bounds",
        "out_of_bounds",
        "out_of_bounds",
        "invalid_quality",
        "orphan",
        "null_key",
        "null_key",
        "null_value",
        "bad_enum",
    ];
    assert_eq!(rejected_rules(&counted(&rows).1), rules);
    // The bound is 10⁹ kWh a day.
    let rows = [
        "a|1|2023-10-01|0|-|1000|-|-|-",
        "a|1|2023-10-02|1000001|-|1000|-|-|-",
        "a|1|2023-10-03|1000001|-|1000|-|-|-",
    ];
    assert_eq!((energies(&rows), rejects(&rows)), (vec![(0, 1_000_001_000_000)], vec![(1, "out_of_bounds")]));
}

#[test]
fn a_row_counts_if_an_interval_that_it_begins_or_ends_has_a_day_in_the_window() {
    let rows = [
        "a|1|2023-08-01|0|-|-|-|-|-",
        "a|1|2023-09-01|1|-|-|-|-|-",
        "a|1|2023-10-02|32|-|-|-|-|-",
        "a|1|2024-01-11|133|-|-|-|-|-",
        "a|1|2024-02-11|134|-|-|-|-|-",
        "b|2|2023-11-01|134|-|-|-|-|-",
    ];
    let (registers, book) = counted(&rows);
    assert_eq!(energies(&rows), [(0, 31_000), (1, 30_000), (2, 31_000)]);
    assert_eq!((book.tally.counted, book.tally.out_of_window), (3, 3));
    assert_eq!(book.noticed[&Rule::SingleReading], (1, "meter 2 of b".to_owned()));
    assert_eq!(registers.months[0].used.readings, 31);
}

#[test]
fn days_before_the_opening_month_are_lost() {
    let customers = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
    let rows = [
        "a|1|2023-10-01|0|-|-|-|-|-",
        "a|1|2023-10-22|1|-|-|-|-|-",
        "a|1|2023-11-11|21|-|-|-|-|-",
        "a|1|2023-12-01|41|-|-|-|-|-",
    ];
    let source = MemorySource::default()
        .rows(Table::Customers, customers, &["a|other|low_voltage|2023-11-05|false"])
        .rows(Table::RegisterReadings, HEADER, &rows);
    let mut book = TableBook::new(Table::RegisterReadings);
    let registers = read(&source, &source.read_customers(), WINDOW, &mut book).unwrap();
    assert_eq!(registers.months.len(), 1);
    assert_eq!((registers.months[0].month, registers.months[0].used.active_wh), (1, 30_000));
    assert_eq!((book.tally.counted, book.tally.out_of_window), (3, 1));
    assert_eq!(book.noticed[&Rule::BeforeOpening].0, 1);
}

#[test]
fn registers_stand_alone_or_beside_readings_of_other_meters() {
    let registers = ["a|1|2023-10-01|0|-|-|-|-|-", "a|1|2024-01-01|92|-|-|-|-|-"];
    let alone = fact::read(&source(&registers), WINDOW, ReadingDetail::Energy, None).unwrap();
    assert_eq!((alone.rows[0].energy.active_wh, alone.rows[0].energy.covered_months), (92_000, 3));
    assert!(alone.refusal.is_none() && alone.present(Table::MeterReadings));
    let with = |meter: &str| {
        let reading = format!("a|{meter}|2023-11-01|8");
        let header = "customer_id|meter_id|read_at|active_kwh";
        fact::read(
            &source(&registers).rows(Table::MeterReadings, header, &[&reading]),
            WINDOW,
            ReadingDetail::Energy,
            None,
        )
    };
    assert_eq!(with("2").unwrap().rows[0].energy.active_wh, 100_000);
    let refused = with("1").unwrap_err().to_string();
    assert!(refused.contains("meter 1 of customer a is in meter_readings too"), "{refused}");
}
