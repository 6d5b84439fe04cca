use super::*;
use crate::contract::declared::Declared;
use crate::fact::{self, Facts};
use crate::meter::ReadingDetail;
use crate::unit::{Month, Window};

const BILLS: &str = "bill_id|customer_id|billing_month|amount_due|due_on";
const PAYMENTS: &str = "payment_id|bill_id|customer_id|paid_on|amount";

fn data() -> crate::memory::MemorySource {
    crate::memory::MemorySource::default()
        .customers(&["a", "b"])
        .rows(
            Table::MeterReadings,
            "customer_id|read_at|active_kwh",
            &["a|2025-03-01 00:00:00|5", "b|2025-03-01 00:00:00|7"],
        )
        .rows(
            Table::Bills,
            BILLS,
            &["1|a|2025-03|100|2025-04-10", "2|b|2025-03|200|2025-04-10", "3|a|2025-04|50|2025-05-10"],
        )
        .rows(
            Table::Payments,
            PAYMENTS,
            &["p|1|-|2025-04-20|100", "q|2|-|2025-04-20|200", "r|-|a|2025-05-01|50", "s|-|b|2025-05-01|9"],
        )
}

fn accounts(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn read(source: &dyn Source) -> Facts {
    let window = Window { end: Month::try_from("2026-01".to_owned()).unwrap(), months: 12 };
    fact::read(source, window, ReadingDetail::Energy, None).unwrap()
}

fn patched(rows: crate::memory::MemorySource, account: &str) -> Result<Vec<i64>, Vec<String>> {
    let (data, of) = (data(), accounts(&[account]));
    match PatchedSource::new(&data, &[Patch { accounts: &of, rows: &rows }]) {
        Ok(source) => {
            let facts = read(&source);
            let rejected = source.rejected(&facts.books);
            if rejected.is_empty() {
                let billing = facts.rows.iter().map(|row| &row.billing);
                return Ok(billing.flat_map(|billing| [billing.billed_fen, billing.on_time_fen]).collect());
            }
            Err(rejected.into_iter().map(|text| text.en.into_owned()).collect())
        }
        Err(PatchError::OtherRows(what)) => Err(what.into_iter().map(|text| text.en.into_owned()).collect()),
        Err(error) => panic!("{error}"),
    }
}

fn patch(table: Table, header: &str, rows: &[&str]) -> crate::memory::MemorySource {
    crate::memory::MemorySource::default().rows(table, header, rows)
}

#[test]
fn of_each_table_of_a_patch_the_rows_of_its_customer_are_replaced_and_no_others() {
    assert_eq!(
        patched(patch(Table::Bills, BILLS, &["1|a|2025-03|10|2025-04-30"]), "a"),
        Ok(vec![1_000, 1_000, 20_000, 0])
    );
    // Payments of its bills, and those that name only the customer.
    let paid = patch(Table::Payments, PAYMENTS, &["p|1|-|2025-04-01|100"]);
    assert_eq!(patched(paid, "a"), Ok(vec![15_000, 10_000, 20_000, 0]));
}

#[test]
fn a_patch_without_rows_takes_away_what_there_is() {
    assert_eq!(patched(patch(Table::Bills, BILLS, &[]), "b"), Ok(vec![15_000, 5_000, 0, 0]));
}

#[test]
fn a_row_of_somebody_else_is_named() {
    let bills = ["1|a|2025-03|10|2025-04-30", "2|b|2025-03|10|2025-04-30"];
    assert_eq!(
        patched(patch(Table::Bills, BILLS, &bills), "a"),
        Err(vec!["bills/0, row 2: this row does not belong to the customer".into()])
    );
    for other in ["q|2|a|2025-04-20|200", "q|-|b|2025-04-20|200", "q|9|-|2025-04-20|200"] {
        let found = patched(patch(Table::Payments, PAYMENTS, &[other]), "a");
        assert_eq!(
            found,
            Err(vec!["payments/0, row 1: this row does not belong to the customer".into()]),
            "{other}"
        );
    }
}

#[test]
fn a_patch_without_a_table_or_with_one_that_the_data_lack_is_refused() {
    let found = patched(crate::memory::MemorySource::default(), "a");
    assert_eq!(found, Err(vec!["the patch holds no table".into()]));
    let plans = patch(Table::Plans, "customer_id|month|planned_kwh", &["a|2025-03|5"]);
    assert!(patched(plans, "a").unwrap_err()[0].contains("have no table plans"));
}

#[test]
fn a_reject_of_the_patch_is_named_and_one_of_the_data_is_not() {
    let found = patched(patch(Table::Bills, BILLS, &["1|a|2025-03|much|2025-04-30"]), "a").unwrap_err();
    assert!(found.len() == 1 && found[0].starts_with("bills/0, row 1: "), "{found:?}");
    // The number of another customer's bill.
    let found = patched(patch(Table::Bills, BILLS, &["2|a|2025-03|10|2025-04-30"]), "a").unwrap_err();
    assert!(found[0].contains("duplicate_key"), "{found:?}");
}

#[test]
fn a_later_patch_replaces_its_tables_and_leaves_the_others_of_an_earlier_one() {
    let (data, of) = (data(), accounts(&["a"]));
    let first = patch(Table::Bills, BILLS, &["1|a|2025-03|10|2025-04-30"]).rows(
        Table::Payments,
        PAYMENTS,
        &["p|1|-|2025-06-01|10"],
    );
    let second = patch(Table::Bills, BILLS, &["1|a|2025-03|30|2025-07-30"]);
    let patches = [&first, &second].map(|rows| Patch { accounts: &of, rows });
    let facts = read(&PatchedSource::new(&data, &patches).unwrap());
    let billing = &facts.rows[0].billing;
    assert_eq!((billing.billed_fen, billing.on_time_fen), (3_000, 1_000));
    assert_eq!(facts.rows[1].billing.billed_fen, 20_000);
}

#[test]
fn rows_of_a_patch_are_known_whenever_they_were_recorded() {
    let of = accounts(&["a"]);
    let header = "customer_id|month|planned_kwh|recorded_at";
    let known = crate::contract::cell::Dates::default().local_time("2025-06-01 00:00:00");
    let data = data()
        .rows(Table::Plans, header, &["a|2025-03|5|2025-01-01 00:00:00", "b|2025-03|5|2025-09-01 00:00:00"])
        .declaring(Declared { known_as_of: known, ..Declared::default() });
    let rows = patch(Table::Plans, header, &["a|2025-03|8|2025-12-01 00:00:00"]);
    let source = PatchedSource::new(&data, &[Patch { accounts: &of, rows: &rows }]).unwrap();
    let facts = read(&source);
    let book = facts.books.iter().find(|book| book.table == Table::Plans).unwrap();
    assert_eq!((book.tally.counted, book.tally.not_yet_known), (1, 1));
}

#[test]
fn the_rows_of_a_customer_are_found_in_each_table_and_payments_by_their_bill() {
    let (data, own) = (data(), accounts(&["a"]));
    let keys = CustomerKeys::new(&own, &[&data]).unwrap();
    let rows =
        |table| -> Vec<u64> { keys.rows_in(&data, table).unwrap().into_iter().map(RowAt::row).collect() };
    assert_eq!(rows(Table::Customers), [0]);
    assert_eq!(rows(Table::MeterReadings), [0]);
    assert_eq!(rows(Table::Bills), [0, 2]);
    // The first payment names a bill of the customer, the third only who paid it.
    assert_eq!(rows(Table::Payments), [0, 2]);
    assert_eq!(rows(Table::Plans), [0u64; 0]);
}

#[test]
fn of_data_known_up_to_an_instant_only_the_rows_that_counted_then_are_found() {
    const PLANS: &str = "customer_id|month|planned_kwh|recorded_at";
    let plans = [
        "a|2025-03|10|2025-03-01 00:00:00",
        "a|2025-03|20|2025-04-01 00:00:00",
        "a|2025-03|30|2025-06-01 00:00:00",
        "b|2025-03|40|2025-03-01 00:00:00",
    ];
    let own = accounts(&["a"]);
    let rows = |known_as_of: Option<&str>| -> Vec<u64> {
        let known_as_of =
            known_as_of.map(|text| crate::contract::cell::Dates::default().local_time(text).unwrap());
        let data = crate::memory::MemorySource::default()
            .customers(&["a", "b"])
            .rows(Table::Plans, PLANS, &plans)
            .declaring(Declared { known_as_of, ..Declared::default() });
        let keys = CustomerKeys::new(&own, &[&data]).unwrap();
        keys.rows_in(&data, Table::Plans).unwrap().into_iter().map(RowAt::row).collect()
    };
    assert_eq!(rows(Some("2025-05-01 00:00:00")), [1]);
    // The engine chooses among the rows of a patch by itself.
    assert_eq!(rows(None), [0, 1, 2]);
}
