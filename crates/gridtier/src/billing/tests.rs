mod split;

use proptest::prelude::*;

use super::*;
use crate::contract::rule::Rule;
use crate::fixture::rejected_rules;
use crate::memory::MemorySource;
use crate::unit::{Month, Window};

const WINDOW: Window = Window { end: Month(54 * 12), months: 3 };
const CUSTOMERS: &str = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
const READINGS: &str = "customer_id|read_at|active_kwh";
const BILLS: &str = "bill_id|customer_id|billing_month|amount_due|due_on|reverses";
const PAYMENTS: &str = "payment_id|bill_id|paid_on|amount";
const ON_ACCOUNT: &str = "payment_id|bill_id|customer_id|paid_on|amount";

/// Counts the bills and payments of a source.
fn count_all(source: &MemorySource, window: Window) -> Billed {
    let customers = source.read_customers();
    let mut book = TableBook::new(Table::Bills);
    let bills = Bills::read(source, &customers, window, &mut book).unwrap();
    let usage = source.read_usage(&customers, window);
    let next_read = |customer, from| usage.next_read(customer, from);
    let next_billed = |customer, from| bills.next_billed(window, customer, from);
    let service = ServiceMonths::new(window, &customers, next_read, next_billed);
    count(source, &bills, book, &usage, &service, &customers).unwrap()
}

fn source(bills: &[&str]) -> MemorySource {
    let readings = ["a|2023-10-01|10", "a|2023-11-01|20", "b|2023-10-01|1"];
    MemorySource::default().customers(&["a", "b"]).rows(Table::MeterReadings, READINGS, &readings).rows(
        Table::Bills,
        BILLS,
        bills,
    )
}

fn billed(bills: &[&str], payments: &[&str]) -> Billed {
    count_all(&source(bills).rows(Table::Payments, PAYMENTS, payments), WINDOW)
}

/// Counts with payments whose third column names a customer.
fn billed_on_account(bills: &[&str], payments: &[&str]) -> Billed {
    count_all(&source(bills).rows(Table::Payments, ON_ACCOUNT, payments), WINDOW)
}

/// Counts with customers that opened on the given days.
fn billed_of(opened: &[(&str, &str)], readings: &[&str], bills: &[&str]) -> Billed {
    let rows: Vec<String> =
        opened.iter().map(|(id, day)| format!("{id}|other|low_voltage|{day}|false")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source = MemorySource::default()
        .rows(Table::Customers, CUSTOMERS, &rows)
        .rows(Table::MeterReadings, READINGS, readings)
        .rows(Table::Bills, BILLS, bills);
    count_all(&source, Window { end: Month::new(2024, 1), months: 12 })
}

#[test]
fn overdue_fen_days_run_from_the_due_day_to_payment_or_the_end() {
    let billed = billed(
        &["1|a|2023-10|100|2023-11-25|-"],
        &["p|1|2023-11-25|30", "q|1|2023-11-30|50", "r|1|2024-01-01|20"],
    );
    let fact = billed.facts[0];
    assert_eq!((fact.due_fen, fact.on_time_fen), (10_000, 3_000));
    // 70 yuan for the 5 days from the 25th to the 29th, 20 yuan for the 32 days to the end.
    assert_eq!(fact.overdue_fen_days, 7_000 * 5 + 2_000 * 32);
    assert_eq!(billed.payments.tally.out_of_window, 1);
}

#[test]
fn a_refund_reopens_a_paid_bill_and_an_overpayment_counts_no_more_than_the_bill() {
    let fact =
        billed(&["1|a|2023-10|100|2023-12-22|-"], &["p|1|2023-12-01|150", "q|1|2023-12-27|-100"]).facts[0];
    assert_eq!((fact.on_time_fen, fact.overdue_fen_days), (10_000, 5_000 * 5));
}

#[test]
fn a_reversal_reduces_what_is_due_and_is_revenue_in_its_own_month() {
    let billed = billed(
        &[
            "1|a|2023-10|100|2023-11-25|-",
            "2|a|2023-11|-40|-|1",
            "3|a|2023-11|-500|-|1",
            "4|a|2023-12|-5|-|-",
            "5|b|2023-12|-5|-|1",
        ],
        &["p|1|2023-11-01|10"],
    );
    let fact = billed.facts[0];
    assert_eq!((fact.due_bills, fact.due_fen, fact.on_time_fen, fact.overdue_fen_days), (1, 0, 0, 0));
    assert_eq!((fact.billed_fen, fact.billed_months), (-44_500, 3));
    assert_eq!(billed.bills.noticed[&Rule::UnknownReversal], (2, "of customers a, b".into()));
}

#[test]
fn bad_bills_are_rejected_and_their_payments_are_orphans() {
    let billed = billed(
        &[
            "-|a|2023-10|1|2023-11-25|-",
            "1|a|never|1|2023-11-25|-",
            "2|x|2023-10|1|2023-11-25|-",
            "3|a|2023-10|abc|2023-11-25|-",
            "4|a|2023-10|1|-|-",
            "5|a|2023-10|2000000000000|2023-11-25|-",
            "6|a|2023-10|1|2023-11-25|-",
            "6|a|2023-10|2|2023-11-25|-",
            "7|a|2023-10|1|2023-11-25|-",
            "7|a|2023-10|1.00|2023/11/25|-",
            "8|x|2022-10|1|2023-11-25|-",
            "9|-|2023-10|1|2023-11-25|-",
        ],
        &[
            "p|6|2023-11-01|1",
            "q|8|2023-11-01|1",
            "r|zzz|2024-02-01|1",
            "s|7|2023-11-01|1",
            "t|zzz|2023-11-01|1",
            "u|7|2023-13-01|1",
            "v|-|2023-11-01|1",
        ],
    );
    assert_eq!(
        rejected_rules(&billed.bills),
        [
            "null_key",
            "bad_date",
            "orphan",
            "bad_number",
            "null_value",
            "out_of_bounds",
            "duplicate_key",
            "duplicate_key",
            "null_value",
        ]
    );
    let tally = billed.bills.tally;
    assert_eq!((tally.counted, tally.duplicates, tally.out_of_window), (1, 1, 1));
    assert_eq!(rejected_rules(&billed.payments), ["orphan", "orphan", "bad_date", "null_value"]);
    let tally = billed.payments.tally;
    assert_eq!((tally.counted, tally.out_of_window, tally.rejected), (1, 2, 4));
}

#[test]
fn revenue_is_that_of_the_service_months_in_the_delivered_range_with_and_without_a_bill() {
    let billed = billed_of(
        &[("a", "2010-01-01"), ("b", "2023-03-15"), ("c", "2010-01-01")],
        &["a|2023-02-01|10", "a|2023-03-01|10", "a|2023-04-01|10", "b|2023-06-01|5", "c|2023-05-01|1"],
        &[
            "1|a|2023-02|5|2023-03-25|-",
            "2|a|2023-02|1|2023-03-25|-",
            "3|a|2023-04|7|2023-05-25|-",
            "4|b|2023-03|2|2023-04-25|-",
            "5|b|2023-05|3|2023-06-25|-",
            "6|b|2023-10|4|2023-11-25|-",
        ],
    );
    let [a, b, c] = [0, 1, 2].map(|customer| billed.facts[customer]);
    // Bills were delivered from February to October.
    assert_eq!((a.billed_fen, a.billed_months, a.revenue_fen, a.revenue_months), (1_300, 2, 1_300, 9));
    // March has energy and no bill, and its energy counts in the price.
    assert_eq!((a.priced_fen, a.priced_wh), (1_300, 30_000));
    // Customer b opened in March. Its service begins with the first whole month that has a bill, which is May.
    assert_eq!((b.billed_fen, b.revenue_fen, b.revenue_months), (900, 700, 6));
    assert_eq!((b.priced_fen, b.priced_wh), (0, 5_000));
    assert_eq!((c.revenue_fen, c.revenue_months, c.priced_wh), (0, 0, 0), "customer c has no bill");
}

#[test]
fn a_month_with_less_than_one_percent_of_the_bills_of_the_busiest_does_not_widen_the_delivered_range() {
    let mut bills: Vec<String> =
        (0..201).map(|number| format!("{number}|a|2023-05|1|2023-06-25|-")).collect();
    bills.extend(["x|a|2023-01|1|2023-02-25|-", "y|a|2023-08|1|2023-09-25|-"].map(str::to_owned));
    let range = |bills: &[String]| {
        let bills: Vec<&str> = bills.iter().map(String::as_str).collect();
        billed_of(&[("a", "2010-01-01")], &["a|2023-05-01|1"], &bills).facts[0].revenue_months
    };
    assert_eq!(range(&bills), 1);
    assert_eq!(range(&bills[1..]), 1, "1 of 200 is half a percent");
    assert_eq!(range(&bills[101..]), 8, "1 of 100 is one percent");
}

#[test]
fn customers_billed_monthly_are_reported_if_they_have_use_without_a_bill() {
    let readings: Vec<String> = ["a", "b", "c"]
        .iter()
        .flat_map(|id| (1..=12).map(move |month| format!("{id}|2023-{month:02}-01|10")))
        .collect();
    let readings: Vec<&str> = readings.iter().map(String::as_str).collect();
    let bill = |id: &str, month: u32| format!("{id}{month}|{id}|2023-{month:02}|1|2023-12-25|-");
    let mut bills: Vec<String> = (1..=12).filter(|month| *month != 5).map(|month| bill("a", month)).collect();
    bills.extend((1..=6).map(|number| bill("b", 2 * number)));
    bills.extend((1..=12).map(|month| bill("c", month)));
    let bills: Vec<&str> = bills.iter().map(String::as_str).collect();
    let opened = [("a", "2010-01-01"), ("b", "2010-01-01"), ("c", "2010-01-01")];
    let billed = billed_of(&opened, &readings, &bills);
    assert_eq!(
        billed.bills.noticed[&Rule::UnbilledUse],
        (1, "1 month: 1 customer, first a".into()),
        "b is billed every second month"
    );
}

#[test]
fn bills_and_their_payments_before_the_opening_are_out_of_the_window() {
    let source = MemorySource::default()
        .rows(Table::Customers, CUSTOMERS, &["a|other|low_voltage|2023-11-15|false"])
        .rows(Table::MeterReadings, READINGS, &["a|2023-12-01|1"])
        .rows(
            Table::Bills,
            BILLS,
            &[
                "1|a|2023-10|5|2023-11-25|-",
                "2|a|2023-11|6|2023-12-25|-",
                "3|a|2023-11|-5|-|1",
                "4|x|2023-10|5|2023-11-25|-",
            ],
        )
        .rows(Table::Payments, PAYMENTS, &["p|1|2023-12-01|5", "q|2|2023-12-01|6", "r|3|2023-12-01|6"]);
    let billed = count_all(&source, WINDOW);
    // The reversal of a bill before the opening is outside the window as that bill is, but not itself before the
    // opening.
    let tally = billed.bills.tally;
    assert_eq!((tally.counted, tally.out_of_window, tally.rejected), (1, 2, 1));
    assert_eq!(billed.bills.noticed[&Rule::BeforeOpening], (1, "customer a".into()));
    let tally = billed.payments.tally;
    assert_eq!((tally.counted, tally.out_of_window), (1, 2));
    assert_eq!(billed.payments.noticed[&Rule::BeforeOpening], (1, "customer a".into()));
    assert_eq!((billed.facts[0].billed_fen, billed.facts[0].on_time_fen), (600, 600));
}

#[test]
fn a_payment_in_the_window_for_a_bill_before_the_opening_is_noticed_as_before_the_opening() {
    let counted_and_noticed = |bill: &str, payment: &str| {
        let source = MemorySource::default()
            .rows(Table::Customers, CUSTOMERS, &["a|other|low_voltage|2023-11-15|false"])
            .rows(Table::MeterReadings, READINGS, &["a|2023-12-01|1"])
            .rows(Table::Bills, BILLS, &[bill, "2|a|2023-12|6|2023-12-25|-"])
            .rows(Table::Payments, PAYMENTS, &[payment]);
        let payments = count_all(&source, WINDOW).payments;
        assert_eq!(payments.tally.out_of_window + payments.tally.counted, 1);
        (payments.tally.counted == 1, payments.noticed.contains_key(&Rule::BeforeOpening))
    };
    let before = "1|a|2023-10|5|2023-11-25|-";
    assert_eq!(
        counted_and_noticed(before, "p|1|2023-12-01|5"),
        (false, true),
        "a payment has its bill's place"
    );
    assert_eq!(counted_and_noticed(before, "p|1|2024-01-01|5"), (false, false), "paid after the window");
    assert_eq!(
        counted_and_noticed(before, "p|2|2023-10-01|5"),
        (true, false),
        "paid ahead for a bill that counts"
    );
    assert_eq!(
        counted_and_noticed("1|a|2023-09|5|2023-10-25|-", "p|1|2023-12-01|5"),
        (false, false),
        "a bill outside the window"
    );
    assert_eq!(counted_and_noticed("1|a|2023-12|-5|-|0", "p|2|2023-12-01|5"), (true, false));
}

#[test]
fn a_reversal_of_a_bill_outside_the_window_is_outside_it_and_so_are_its_payments() {
    let billed = billed(
        &[
            "old|a|2023-01|100|2023-02-25|-",
            "1|a|2023-10|-100|-|old",
            "2|a|2023-10|-1|-|1",
            "3|a|2023-10|7|2023-11-25|old",
        ],
        &["p|1|2023-11-01|1", "q|old|2023-11-01|1"],
    );
    assert_eq!((billed.bills.tally.counted, billed.bills.tally.out_of_window), (2, 2));
    assert_eq!(billed.facts[0].billed_fen, 600);
    assert_eq!(billed.payments.tally.out_of_window, 2);
    assert_eq!(billed.bills.noticed[&Rule::ReversesIgnored].0, 1);
    assert_eq!(
        billed.bills.noticed[&Rule::UnknownReversal],
        (1, "of customers a".into()),
        "bill 1 is outside because the bill that it names is, not by its own month"
    );
}

#[test]
fn a_reversal_that_names_no_bill_takes_the_latest_of_exactly_the_opposite_amount() {
    let billed = billed(
        &[
            "1|a|2023-10|100|2023-11-25|-",
            "2|a|2023-11|100|2023-12-25|-",
            "3|a|2023-11|100|2023-12-25|-",
            "4|a|2023-12|100|2024-01-25|-",
            "5|a|2023-11|-100|-|-",
            "6|a|2023-11|-100|-|-",
            "7|a|2023-11|-100|-|-",
            "8|a|2023-11|-100|-|-",
            "9|b|2023-12|-100|-|-",
        ],
        &[],
    );
    let fact = billed.facts[0];
    assert_eq!(
        (fact.due_bills, fact.due_fen),
        (3, 0),
        "the due bills are 3, 2 and 1; bill 4 is of a later month and not yet due"
    );
    assert_eq!(
        billed.bills.noticed[&Rule::ReversalMatched],
        (3, "bill 5 was taken as the reversal of bill 3".into())
    );
    assert_eq!(billed.bills.noticed[&Rule::UnknownReversal], (2, "of customers a, b".into()));
}

#[test]
fn a_bill_that_a_reversal_names_is_taken_first() {
    let billed = billed(
        &[
            "1|a|2023-10|100|2023-11-25|-",
            "2|a|2023-10|100|2023-11-25|-",
            "0|a|2023-10|-100|-|-",
            "9|a|2023-12|-30|-|2",
        ],
        &[],
    );
    assert_eq!(billed.facts[0].due_fen, 7_000, "0 takes 1, since 9 names 2");
}

#[test]
fn a_negative_bill_of_a_customer_who_exports_is_reported_only_if_it_names_a_bill() {
    let mut declared = crate::contract::declared::Declared::default();
    declared.tables.entry(Table::MeterReadings).or_default().net_export =
        crate::contract::declared::NetExport::Allowed;
    let source = MemorySource::default()
        .customers(&["a", "b"])
        .rows(Table::MeterReadings, READINGS, &["a|2023-10-01|-10", "a|2023-11-01|10", "b|2023-10-01|1"])
        .rows(Table::Bills, BILLS, &["1|a|2023-10|-5|-|-", "2|a|2023-10|-5|-|zzz", "3|b|2023-10|-5|-|-"])
        .declaring(declared);
    let billed = count_all(&source, WINDOW);
    assert_eq!(billed.bills.noticed[&Rule::UnknownReversal], (2, "of customers a, b".into()));
    assert_eq!(billed.facts[0].billed_fen, -1_000);
}

#[test]
fn without_payments_a_bill_needs_no_due_day_and_due_days_are_bounded() {
    let rows = ["1|a|2023-10|100|-|-", "2|a|2023-10|100|1969-12-31|-", "3|a|2023-10|100|2200-01-01|-"];
    let unpaid = count_all(&source(&rows), WINDOW);
    assert_eq!(rejected_rules(&unpaid.bills), ["bad_date", "bad_date"]);
    assert_eq!(unpaid.facts[0].billed_fen, 10_000);
    assert_eq!(rejected_rules(&billed(&rows, &[]).bills), ["null_value", "bad_date", "bad_date"]);
    // With payments, only a reversal may lack its due day, and a bill of zero is not a reversal.
    let rows = ["1|a|2023-10|0|-|-", "2|a|2023-10|-1|-|-"];
    assert_eq!(rejected_rules(&billed(&rows, &[]).bills), ["null_value"]);
    assert_eq!(rejected_rules(&count_all(&source(&rows), WINDOW).bills), [""; 0]);
}

#[test]
fn arrears_of_earlier_calendar_years_are_those_due_before_the_year_of_the_end() {
    let source = |bills: &[&str]| {
        MemorySource::default()
            .customers(&["a"])
            .rows(Table::MeterReadings, READINGS, &["a|2023-12-01|1"])
            .rows(Table::Bills, BILLS, bills)
            .rows(Table::Payments, PAYMENTS, &["p|1|2024-02-01|30"])
    };
    let bills = ["1|a|2023-11|100|2023-12-31|-", "2|a|2023-12|50|2024-01-01|-"];
    let window = |end| Window { end, months: 12 };
    let owed = |end| count_all(&source(&bills), window(end)).facts[0].cross_year_arrears_fen;
    assert_eq!(owed(Month::new(2024, 1)), 10_000, "paid in February");
    assert_eq!(owed(Month::new(2024, 6)), 7_000);
}

#[test]
fn what_is_unpaid_at_the_end_has_a_first_due_day_and_a_last_overdue_day() {
    let day = |month: u32, day: i32| Month::new(2023, month).first_day() + day - 1;
    let bills =
        ["1|a|2023-10|100|2023-10-25|-", "2|a|2023-10|50|2023-11-25|-", "3|b|2023-10|50|2023-11-25|-"];
    let payments = ["p1|1|2023-10-30|60", "p2|2|2023-11-28|50", "p3|3|2023-11-28|50"];
    let facts = billed(&bills, &payments).facts;
    assert_eq!((facts[0].unpaid_fen, facts[0].unpaid_since), (4_000, Some(day(10, 25))));
    assert_eq!(facts[0].last_overdue_day, Some(day(12, 31)));
    assert_eq!((facts[1].unpaid_fen, facts[1].unpaid_since), (0, None));
    assert_eq!(facts[1].last_overdue_day, Some(day(11, 27)));
}

#[test]
fn a_payment_names_a_bill_or_a_customer_and_if_it_names_both_the_bill_decides() {
    let billed = billed_on_account(
        &["1|a|2023-10|100|2023-11-25|-", "0|a|2023-09|100|2023-10-25|-"],
        &[
            "p1|1|a|2023-11-01|1",
            "p2|1|b|2023-11-01|1",
            "p3|1|zzz|2023-11-01|1",
            "p4|-|-|2023-11-01|1",
            "p5|-|zzz|2023-11-01|1",
            "p6|-|a|2023-11-01|abc",
            "p7|-|a|2023-11-01|1",
            "p8|-|a|2023-09-30|1",
            "p9|-|a|2024-01-01|1",
            "q1|0|b|2023-11-01|1",
            "q2|-|zzz|2023-09-01|1",
            "q3|-|a|2023-09-01|abc",
            "q4|-|a|1999-09-01|50",
        ],
    );
    assert_eq!(rejected_rules(&billed.payments), ["orphan", "orphan", "null_value", "orphan", "bad_number"]);
    assert_eq!((billed.payments.tally.counted, billed.payments.tally.out_of_window), (2, 6));
}

#[test]
fn a_payment_on_account_before_the_opening_takes_no_part() {
    let source = MemorySource::default()
        .rows(Table::Customers, CUSTOMERS, &["a|other|low_voltage|2023-11-15|false"])
        .rows(Table::MeterReadings, READINGS, &["a|2023-12-01|1"])
        .rows(Table::Bills, BILLS, &["1|a|2023-11|100|2023-12-25|-"])
        .rows(
            Table::Payments,
            ON_ACCOUNT,
            &["p|-|a|2023-11-14|100", "q|-|a|2023-11-15|30", "r|-|a|2020-01-01|100"],
        );
    let billed = count_all(&source, WINDOW);
    assert_eq!((billed.payments.tally.counted, billed.payments.tally.out_of_window), (1, 2));
    assert_eq!(billed.payments.noticed[&Rule::BeforeOpening].0, 1);
    assert_eq!(billed.facts[0].on_time_fen, 3_000);
}

#[test]
fn payments_on_account_first_pay_the_bills_before_the_window_and_these_bills_are_in_no_sum() {
    let bills = ["0|a|2023-09|100|2023-10-25|-", "1|a|2023-10|100|2023-11-25|-"];
    let billed = |payments: &[&str]| billed_on_account(&bills, payments);
    let paid = |payments: &[&str]| billed(payments).facts[0].on_time_fen;
    assert_eq!(paid(&["p|-|a|2023-11-01|100"]), 0, "the payment pays the bill of September");
    assert_eq!(paid(&["p|-|a|2023-11-01|150"]), 5_000);
    assert_eq!(
        paid(&["p|-|a|2023-11-01|100", "q|0|-|2023-12-01|60"]),
        6_000,
        "payments that name a bill are deducted first"
    );
    assert_eq!(paid(&["p|-|a|2023-09-05|130"]), 3_000, "credit from before the window");
    let facts = billed(&["p|-|a|2023-11-01|100"]).facts[0];
    assert_eq!((facts.due_bills, facts.due_fen, facts.billed_fen), (1, 10_000, 10_000));
}

#[test]
fn reversals_before_the_window_that_name_no_bill_cancel_bills_before_it_and_reversals_in_the_window_do_not() {
    let paid = |reversal: &str| {
        let bills = [
            "0|a|2023-08|100|2023-09-25|-",
            reversal,
            "1|a|2023-10|100|2023-11-25|-",
            "2|b|2023-10|1|2023-11-25|-",
        ];
        let billed = billed_on_account(&bills, &["p|-|a|2023-11-01|100"]);
        (billed.facts[0].on_time_fen, billed.bills.noticed.contains_key(&Rule::UnknownReversal))
    };
    assert_eq!(paid("r|b|2023-09|-100|-|-"), (0, false), "the reversal of another customer");
    assert_eq!(paid("r|a|2023-09|-100|-|-"), (10_000, false), "nothing is due on the bill of August");
    assert_eq!(paid("r|a|2023-09|-99|-|-"), (0, false), "not the opposite amount");
    assert_eq!(paid("r|a|2023-10|-100|-|0"), (10_000, false), "the reversal names the bill of August");
    assert_eq!(paid("r|b|2023-10|-100|-|-"), (0, true));
}

#[test]
fn bills_are_paid_after_reversals_and_in_the_order_of_due_days_and_ids() {
    let billed = billed_on_account(
        &[
            "1|a|2023-10|100|2023-11-25|-",
            "2|a|2023-10|100|2023-11-25|-",
            "3|a|2023-10|100|2023-11-20|-",
            "4|a|2023-11|-70|-|3",
            "5|a|2023-12|10|2023-12-20|-",
        ],
        &["p|-|a|2023-11-21|150", "q|-|a|2023-11-30|80", "r|-|a|2023-12-15|-5"],
    );
    // p pays the rest of bill 3 one day late, all of bill 1 and 20 of bill 2; q pays the rest of bill 2 late; r takes
    // back from bill 2.
    let fact = billed.facts[0];
    assert_eq!((fact.due_fen, fact.on_time_fen), (24_000, 12_000));
    let overdue = 3_000 + 8_000 * 5 + 500 * 17 + 1_000 * 12;
    assert_eq!(fact.overdue_fen_days, overdue);
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing(seed in 0usize..24) {
        let bills = ["1|a|2023-10|100|2023-11-25|-", "2|a|2023-11|90|2023-12-25|-", "3|a|2023-09|80|2023-10-25|-"];
        let payments = ["p|-|a|2023-11-01|60", "q|-|a|2023-11-01|120", "r|-|a|2023-10-02|-5", "s|3|-|2023-12-01|7"];
        let rotated = |rows: &[&'static str], by: usize| {
            let mut rows = rows.to_vec();
            rows.rotate_left(by);
            rows
        };
        let straight = billed_on_account(&bills, &payments);
        let turned = billed_on_account(&rotated(&bills, seed % 3), &rotated(&payments, seed % 4));
        prop_assert_eq!(straight.facts, turned.facts);
        prop_assert_eq!(straight.payments.tally, turned.payments.tally);
    }
}

#[test]
fn days_to_pay_and_payments_that_stand_for_none_are_noticed_and_count() {
    let billed = billed(
        &[
            "1|a|2023-10|100|1970-01-01|-",
            "2|a|2023-11|100|2099-12-31|-",
            "3|a|2023-12|100|2025-12-31|-",
            "4|b|2023-10|100|2023-11-20|-",
            "5|b|2023-11|100|2023-12-20|-",
        ],
        &["p|4|1970-01-01|100", "q|5|2099-12-31|100", "r|3|2022-01-01|100", "s|3|2025-01-01|1"],
    );
    let noticed = |book: &TableBook| book.noticed.get(&Rule::DistantDate).cloned();
    assert_eq!(noticed(&billed.bills), Some((2, "1: due_on = 1970-01-01".to_owned())));
    assert_eq!(noticed(&billed.payments), Some((2, "p: paid_on = 1970-01-01".to_owned())));
    assert_eq!(billed.bills.tally.counted, 5);
}
