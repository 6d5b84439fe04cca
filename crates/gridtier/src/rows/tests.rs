use super::duplicates::{settle_duplicates, settle_pieces};
use super::*;
use crate::contract::Table;
use crate::contract::declared::Declared;
use crate::customer;
use crate::fixture::rejected_rules;
use crate::memory::MemorySource;
use crate::plan;
use crate::source::Tally;
use crate::unit::{DAY_US, LocalTime, Month, Window, day_of_date};

/// A tally as counted, duplicates and rejected.
fn tallied(book: &TableBook) -> (u64, u64, u64) {
    (book.tally.counted, book.tally.duplicates, book.tally.rejected)
}

#[test]
fn equal_rows_count_once_and_differing_rows_are_rejected() {
    let mut book = TableBook::new(Table::Bills);
    let row = |key, place, value| CheckedRow { key, at: RowAt::new(0, place), value };
    let rows = vec![row(0, 0, 'a'), row(1, 1, 'b'), row(0, 2, 'a'), row(1, 3, 'c'), row(2, 4, 'd')];
    let kept = settle_duplicates(&mut book, rows, 3);
    assert_eq!(kept.iter().map(|row| row.value).collect::<String>(), "ad");
    assert_eq!(tallied(&book), (2, 1, 2));
    assert!(book.rejects.iter().all(|reject| reject.rule == Rule::DuplicateKey));
}

#[test]
fn rows_in_pieces_are_settled_as_rows_in_one_vector() {
    // A batch of which all rows count and whose keys are new, one with gaps, and one with known keys.
    let pieces = || {
        vec![
            RowPiece::at((0, 0), vec![], vec![0, 1, 2], vec!['a', 'b', 'c']),
            RowPiece::at((0, 10), vec![1, 4], vec![3, 1], vec!['d', 'x']),
            RowPiece::at((1, 0), vec![0, 1, 3], vec![2, 4, 3], vec!['c', 'e', 'd']),
        ]
    };
    let mut rows: Vec<CheckedRow<char>> = Vec::new();
    pieces().into_iter().for_each(|piece| rows.add(piece));
    let places: Vec<(u32, u64)> = rows.iter().map(|row| (row.at.file(), row.at.row())).collect();
    assert_eq!(places, [(0, 0), (0, 1), (0, 2), (0, 11), (0, 14), (1, 0), (1, 1), (1, 3)]);
    let (mut book, mut of_pieces) = (TableBook::new(Table::Bills), TableBook::new(Table::Bills));
    let rows = settle_duplicates(&mut book, rows, 5);
    let pieces = settle_pieces(&mut of_pieces, pieces(), 5);
    let keyed: Vec<(u32, char)> =
        pieces.iter().flat_map(RowPiece::keyed).map(|(key, value)| (key, *value)).collect();
    assert_eq!(keyed, [(0, 'a'), (2, 'c'), (3, 'd'), (4, 'e')]);
    assert_eq!(rows.iter().map(|row| (row.key, row.value)).collect::<Vec<_>>(), keyed);
    assert_eq!(tallied(&book), (4, 2, 2));
    assert_eq!((tallied(&of_pieces), of_pieces.rejects), (tallied(&book), book.rejects));
}

#[test]
fn an_earlier_row_is_kept_once_for_each_key_unless_rows_differ_or_a_row_of_the_key_counts() {
    let row = |key, value| CheckedRow { key, at: RowAt::new(0, 0), value };
    let earlier = vec![row(0, 'a'), row(0, 'a'), row(1, 'b'), row(1, 'c'), row(2, 'd'), row(3, 'e')];
    let kept = settle_earlier(earlier, [2].into_iter(), 4);
    assert_eq!(kept.iter().map(|row| row.value).collect::<String>(), "ae");
}

/// The instant at which a day of 2024 begins.
fn january(day: u32) -> LocalTime {
    let date = chrono::NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
    LocalTime { us: i64::from(day_of_date(date)) * DAY_US }
}

fn declared(known_as_of: Option<LocalTime>) -> Declared {
    Declared { known_as_of, ..Declared::default() }
}

/// The books of customers and plans.
fn books(source: MemorySource) -> (TableBook, TableBook) {
    let mut book = TableBook::new(Table::Customers);
    let customers = customer::read(&source, &mut book).unwrap();
    let usage = source.read_usage(&customers, Window { end: Month::new(2024, 1), months: 12 });
    (book, plan::read(&source, &customers, &usage).unwrap().0)
}

const CUSTOMERS: &str =
    "customer_id|use_category|supply_level|opened_on|closed_on|aged_transformer_area|recorded_at";
const PLANS: &str = "customer_id|month|planned_kwh|recorded_at";

fn plans(rows: &[&str], known_as_of: Option<LocalTime>) -> TableBook {
    let source = MemorySource::default()
        .customers(&["a", "b"])
        .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["a|2023-10-01|1"])
        .rows(Table::Plans, PLANS, rows)
        .declaring(declared(known_as_of));
    books(source).1
}

#[test]
fn a_row_is_known_if_it_was_recorded_by_the_instant_or_has_no_time() {
    let rows = [
        "a|2023-01|1|2024-01-05",
        "a|2023-02|1|2024-01-05 00:00:01",
        "a|2023-03|1|-",
        "a|2023-04|1|soon",
        "-|2023-05|1|soon",
        "-|2023-06|1|2024-01-06",
        "a|1999-01|1|2024-01-06",
    ];
    let book = plans(&rows, Some(january(5)));
    assert_eq!(
        book.tally,
        Tally { rows_in: 7, counted: 2, out_of_window: 0, rejected: 2, duplicates: 0, not_yet_known: 3 }
    );
    assert_eq!(rejected_rules(&book), ["bad_date", "bad_date"]);
    let book = plans(&rows, None);
    assert_eq!((book.tally.counted, book.tally.out_of_window, book.tally.not_yet_known), (3, 1, 0));
    assert_eq!(
        rejected_rules(&book),
        ["bad_date", "bad_date", "null_key"],
        "the rules are the same if no instant is given"
    );
}

#[test]
fn the_last_record_of_a_key_is_chosen_before_window_and_other_rules() {
    let rows = [
        "a|2023-01|1|-",
        "a|2023-01|2|2024-01-02",
        "a|2023-01|3|2024-01-01",
        // A correction that breaks a rule also replaces the row.
        "a|2023-02|1|2024-01-01",
        "a|2023-02|-1|2024-01-02",
        // Of two rows recorded last at one time, equal rows are copies, and differing rows conflict.
        "a|2023-03|1|2024-01-02",
        "a|2023-03|1|2024-01-02",
        "a|2023-04|1|2024-01-02",
        "a|2023-04|2|2024-01-02",
        "a|2023-04|2|2024-01-01",
        // This is the last record that is known.
        "a|2023-05|1|2024-01-01",
        "a|2023-05|2|2024-01-09",
    ];
    let book = plans(&rows, Some(january(5)));
    assert_eq!(
        book.tally,
        Tally { rows_in: 12, counted: 3, out_of_window: 0, rejected: 3, duplicates: 5, not_yet_known: 1 }
    );
    assert_eq!(rejected_rules(&book), ["negative", "duplicate_key", "duplicate_key"]);
}

#[test]
fn rows_without_a_time_of_one_key_conflict_as_before() {
    let book = plans(&["a|2023-01|1|-", "a|2023-01|2|-", "b|2023-01|1|2024-01-02"], None);
    assert_eq!((book.tally.counted, book.tally.rejected, book.tally.duplicates), (1, 2, 0));
}

#[test]
fn a_correction_of_a_customer_replaces_the_row_and_a_bad_one_withdraws_it() {
    let source = MemorySource::default()
        .rows(
            Table::Customers,
            CUSTOMERS,
            &[
                "a|other|low_voltage|2020-01-01|-|false|-",
                "a|other|high_voltage|2020-01-01|-|false|2024-01-02",
                "b|other|low_voltage|2020-01-01|-|false|2024-01-01",
                "b|nonsense|low_voltage|2020-01-01|-|false|2024-01-02",
            ],
        )
        .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["a|2023-10-01|1"]);
    let (book, _) = books(source);
    assert_eq!((book.tally.counted, book.tally.duplicates, book.tally.rejected), (1, 2, 1));
}

#[test]
fn rows_before_the_opening_are_out_of_the_window_and_their_customers_are_counted() {
    let source = MemorySource::default()
        .rows(
            Table::Customers,
            CUSTOMERS,
            &[
                "a|other|low_voltage|2023-05-15|-|false|-",
                "b|other|low_voltage|2023-06-01|-|false|-",
                "c|other|low_voltage|2020-01-01|-|false|-",
            ],
        )
        .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["c|2023-10-01|1"])
        .rows(
            Table::Plans,
            PLANS,
            &[
                "a|2023-04|1|-",
                "a|2023-03|-1|-",
                "a|2023-05|1|-",
                "b|2023-05|1|-",
                "b|2022-05|1|-",
                "c|2023-05|1|-",
                "x|2023-01|1|-",
            ],
        );
    let (_, book) = books(source);
    assert_eq!((book.tally.counted, book.tally.out_of_window, book.tally.rejected), (2, 4, 1));
    assert_eq!(book.noticed[&Rule::BeforeOpening], (2, "customer a".into()));
    assert_eq!(rejected_rules(&book), ["orphan"], "a row without a customer does not lie before an opening");
}

#[test]
fn an_id_that_is_too_long_is_judged_after_the_window() {
    let long = "x".repeat(129);
    let book = plans(
        &[&format!("{long}|2023-01|1|-"), &format!("{long}|2022-01|1|-"), &format!("{long}|never|1|-")],
        None,
    );
    assert_eq!((book.tally.counted, book.tally.out_of_window), (0, 1));
    assert_eq!(rejected_rules(&book), ["id_too_long", "bad_date"]);
}

/// Accepted rows stand between rows outside the window and rows that break a rule.
#[test]
fn rejected_rows_keep_their_places_in_a_batch() {
    let customers = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
    let bills = |rows: &[&str]| {
        let source = MemorySource::default()
            .rows(Table::Customers, customers, &["a|other|low_voltage|2000-01-01|false"])
            .rows(Table::Bills, "bill_id|customer_id|billing_month|amount_due|due_on", rows);
        let customers = source.read_customers();
        let mut book = TableBook::new(Table::Bills);
        let window = Window { end: Month::new(2024, 1), months: 12 };
        crate::billing::Bills::read(&source, &customers, window, &mut book).unwrap();
        let places: Vec<u64> = book.rejects.iter().map(|reject| reject.at.row()).collect();
        (places, book.tally.counted, book.tally.out_of_window)
    };
    let rows = [
        "B1|a|2023-02|10|2023-03-10",
        "B2|a|2013-02|10|2013-03-10",
        "B3|a|2023-03|ten|2023-04-10",
        "B4|a|2023-03|10|2023-04-10",
        "B1|a|2023-02|11|2023-03-10",
        "B5|a|2023-04|x|2023-05-10",
    ];
    assert_eq!(bills(&rows), (vec![0, 2, 4, 5], 1, 1));
    // The rows that count are the first of the batch.
    assert_eq!(bills(&[rows[0], rows[3], rows[0], rows[4], rows[5]]), (vec![0, 2, 3, 4], 1, 0));
}
