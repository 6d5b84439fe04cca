use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array};
use calamine::Reader as _;

use gridtier::text::{Lang, Voice};
use gridtier_report::customers::table;
use gridtier_report::render::{ByteOrderMark, csv};

use super::*;
use crate::export::{ExportFormat, unnamed};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn strings(cells: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

/// Five customers: A1, A2, A3, B1 and B2. A2 has no score.
fn columns() -> CustomerColumns {
    let mut columns = CustomerColumns::default();
    let tiers = ["special", "grade-2", "grade-1", "special", "grade-3"].map(Some);
    let scores = vec![Some(90), None, Some(70), Some(95), Some(10)];
    columns
        .add_tiers(&batch(vec![
            ("customer_id", strings(&["A1", "A2", "A3", "B1", "B2"].map(Some))),
            ("stratum", strings(&["low", "low", "high", "high", "low"].map(Some))),
            ("rank", Arc::new(Int64Array::from(vec![Some(1), None, Some(2), Some(1), Some(2)]))),
            ("score_e6", Arc::new(Int64Array::from(scores))),
            ("provisional", Arc::new(BooleanArray::from(vec![false, true, false, false, false]))),
            ("tier", strings(&tiers)),
        ]))
        .unwrap();
    let mut at = 0;
    // A0 has attributes and no tier, A2 a tier and no attributes.
    columns
        .add_attributes(
            &batch(vec![
                ("customer_id", strings(&["A0", "A1", "A3", "B1", "B2"].map(Some))),
                ("region", strings(&[Some("N"), Some("N"), None, Some("S"), Some("N")])),
                ("use_category", strings(&["other", "other", "residential", "other", "other"].map(Some))),
            ]),
            &mut at,
        )
        .unwrap();
    columns.fill_attributes();
    columns
}

fn ids(page: &CustomerPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.id.as_str()).collect()
}

#[test]
fn customers_are_found_by_id_and_by_its_first_characters() {
    let columns = columns();
    assert_eq!((columns.position("A3"), columns.position("A"), columns.position("C")), (Some(2), None, None));
    for (prefix, found) in [
        ("", vec!["A1", "A2", "A3", "B1", "B2"]),
        ("A", vec!["A1", "A2", "A3"]),
        ("B2", vec!["B2"]),
        ("C", vec![]),
    ] {
        let filter = CustomerFilter { prefix: prefix.into(), ..CustomerFilter::default() };
        assert_eq!(ids(&columns.page(&filter, CustomerOrder::Id, 0, 10)), found, "{prefix}");
    }
}

#[test]
fn filters_are_combined_and_counted_by_tier() {
    let columns = columns();
    let filter = CustomerFilter { regions: vec!["N".into()], ..CustomerFilter::default() };
    let page = columns.page(&filter, CustomerOrder::Id, 0, 1);
    assert_eq!((ids(&page), page.by_tier, page.total()), (vec!["A1"], [1, 0, 0, 1], 2));
    let filter = CustomerFilter {
        tiers: vec![Tier::Special],
        strata: vec!["high".into()],
        use_categories: vec!["other".into()],
        ..CustomerFilter::default()
    };
    assert_eq!(ids(&columns.page(&filter, CustomerOrder::Id, 0, 9)), ["B1"]);
    let nobody = CustomerFilter { regions: vec!["nowhere".into()], ..CustomerFilter::default() };
    assert_eq!(columns.page(&nobody, CustomerOrder::Id, 0, 9).total(), 0);
}

#[test]
fn every_page_is_a_slice_of_the_whole_sorted_list() {
    let columns = columns();
    let all = CustomerFilter::default();
    for (order, sorted) in [
        (CustomerOrder::Id, ["A1", "A2", "A3", "B1", "B2"]),
        (CustomerOrder::HighestScore, ["B1", "A1", "A3", "B2", "A2"]),
        (CustomerOrder::LowestScore, ["B2", "A3", "A1", "B1", "A2"]),
        (CustomerOrder::Tier, ["B1", "A1", "A3", "A2", "B2"]),
    ] {
        for start in 0..6 {
            for most in 0..6 {
                let part = columns.page(&all, order, start, most);
                assert_eq!(
                    ids(&part),
                    &sorted[start.min(5)..(start + most).min(5)],
                    "{order:?} {start} {most}"
                );
            }
        }
    }
}

#[test]
fn who_was_not_graded_before_is_new() {
    let mut columns = columns();
    assert!(!columns.has_movements());
    let before = batch(vec![
        ("customer_id", strings(&["A2", "A3", "A4"].map(Some))),
        ("tier", strings(&["grade-3", "special", "special"].map(Some))),
    ]);
    let mut at = 0;
    columns.add_movements(&before, &mut at).unwrap();
    columns.fill_movements(columns.len());
    let expected = [Movement::New, Movement::Up, Movement::Down, Movement::New, Movement::New];
    assert_eq!(columns.movements, expected);
    let filter = CustomerFilter { movements: vec![Movement::Down], ..CustomerFilter::default() };
    assert_eq!(ids(&columns.page(&filter, CustomerOrder::Id, 0, 9)), ["A3"]);
}

#[test]
fn a_customer_is_listed_with_what_is_known_of_it() {
    let customer = columns().customer(1);
    assert_eq!(
        (customer.rank, customer.score_e6, customer.region, customer.use_category),
        (None, None, None, None)
    );
    assert!(customer.is_provisional);
}

#[test]
fn a_list_has_the_rows_of_all_pages_in_the_same_words() {
    let mut columns = columns();
    columns.fill_movements(columns.len());
    let south = CustomerFilter { regions: vec!["S".into()], ..CustomerFilter::default() };
    for filter in [CustomerFilter::default(), south] {
        for order in [CustomerOrder::Id, CustomerOrder::LowestScore, CustomerOrder::Tier] {
            for voice in [Voice::In(Lang::En), Voice::In(Lang::Zh)] {
                let (mut paged, mut listed) = (Vec::new(), Vec::new());
                let page = columns.page(&filter, order, 0, 9);
                csv::write(&mut paged, &table(&page.rows), voice, ByteOrderMark::Absent).unwrap();
                let list = columns.list(&filter, order);
                csv::write_list(&mut listed, list, voice, ByteOrderMark::Absent).unwrap();
                assert_eq!(String::from_utf8(listed).unwrap(), String::from_utf8(paged).unwrap());
            }
        }
    }
}

#[test]
fn texts_are_coded_in_a_time_that_does_not_grow_with_their_number() {
    let mut coded = Coded::default();
    // Each text would be compared with all others by whoever looks through them.
    for round in 0..2 {
        for number in 0..200_000 {
            coded.push(Some(&format!("region {number}")));
        }
        assert_eq!((coded.names.len(), coded.places.len()), (200_000, 200_000 * (round + 1)));
    }
    assert_eq!((coded.at(7), coded.at(200_007)), (Some("region 7"), Some("region 7")));
}

#[test]
fn a_workbook_has_more_customers_than_are_made_at_a_time() {
    const CUSTOMERS: usize = 60_000;
    let ids: Vec<String> = (0..CUSTOMERS).map(|number| format!("{number:06}")).collect();
    let ids: Vec<Option<&str>> = ids.iter().map(|id| Some(id.as_str())).collect();
    let mut columns = CustomerColumns::default();
    let read = columns.add_tiers(&batch(vec![
        ("customer_id", strings(&ids)),
        ("stratum", strings(&vec![Some("all"); CUSTOMERS])),
        ("rank", Arc::new(Int64Array::from(vec![Some(1); CUSTOMERS]))),
        ("score_e6", Arc::new(Int64Array::from(vec![Some(1); CUSTOMERS]))),
        ("provisional", Arc::new(BooleanArray::from(vec![false; CUSTOMERS]))),
        ("tier", strings(&vec![Some("grade-1"); CUSTOMERS])),
    ]));
    read.unwrap();
    columns.fill_attributes();
    let list = columns.list(&CustomerFilter::default(), CustomerOrder::HighestScore);
    let file = unnamed(ExportFormat::Xlsx, Voice::In(Lang::En), &[], list).unwrap();
    let mut book = calamine::Xlsx::new(std::io::BufReader::new(file)).unwrap();
    let sheet = book.worksheet_range("Customers").unwrap();
    let last = sheet.rows().next_back().unwrap()[0].to_string();
    assert_eq!((sheet.height(), last.as_str()), (CUSTOMERS + 1, "059999"));
}
