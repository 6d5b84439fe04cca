use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use gridtier::contract::declared::{Declared, TableDeclared};
use gridtier::memory::MemorySource;

use super::*;
use crate::fixture::{base, day, member};

/// A plain instrument of two items and a group of its own.
const INSTRUMENT: &str = "id = \"i\"\nkind = \"plain\"\nscale = [1, 7]\ngroups = [\"hall\"]\n[[dimension]]\nid = \"x\"\n\
                          [[item]]\nid = 1\ndimension = \"x\"\n[[item]]\nid = 2\ndimension = \"x\"\n";

const RESPONSES: &str = "response_id|returned_on|customer_id|Q1|Q2|hall";

/// A table of texts: a header and rows, cells divided by `|`; an empty cell is empty.
fn rows(header: &str, rows: &[&str]) -> RecordBatch {
    RecordBatch::try_from_iter(header.split('|').enumerate().map(|(at, name)| {
        let cells = rows.iter().map(|row| row.split('|').nth(at).filter(|cell| !cell.is_empty()));
        (name, Arc::new(cells.collect::<StringArray>()) as ArrayRef)
    }))
    .unwrap()
}

/// Reads a survey of the customers a and b as of 2026-06-01.
fn read_from(source: &MemorySource) -> Result<(SurveyLog, Vec<TableBook>), RunError> {
    let base = base(vec![("a", member("East")), ("b", member("East"))]);
    let instrument = Instrument::parse("i.toml", INSTRUMENT).unwrap_or_else(|faults| panic!("{faults}"));
    let as_of = day("2026-06-01");
    read_survey(SurveyReading { source, base: &base, instrument: &instrument, as_of })
}

fn responded(header: &str, lines: &[&str]) -> (Responses, TableBook) {
    let source = MemorySource::default().with(Table::Responses, rows(header, lines));
    let (log, mut books) = read_from(&source).unwrap();
    (log.responses.unwrap(), books.remove(1))
}

fn rules(book: &TableBook) -> Vec<Rule> {
    assert!(book.tally.adds_up());
    book.rejects.iter().map(|reject| reject.rule).collect()
}

#[test]
fn an_absent_table_is_none_and_an_empty_one_is_empty() {
    let (log, _) = read_from(&MemorySource::default()).unwrap();
    assert!(log.invitations.is_none() && log.responses.is_none());
    let (responses, book) = responded(RESPONSES, &[]);
    assert!(responses.is_empty() && book.present);
}

#[test]
fn responses_are_sorted_by_id_and_keep_their_cells_as_texts() {
    let (responses, _) = responded(RESPONSES, &["r2|2026-05-02|b|5|x|north", "r1|2026-05-01||| 7 |"]);
    assert_eq!(responses.ids, ["r1".into(), "r2".into()]);
    assert_eq!(responses.returned_on, [day("2026-05-01"), day("2026-05-02")]);
    assert_eq!(responses.customers, [None, Some(CustomerIx::new(1))]);
    let cells =
        |name: &str| -> Vec<Option<&str>> { responses.columns[name].iter().map(Option::as_deref).collect() };
    assert_eq!(cells("Q1"), [None, Some("5")]);
    assert_eq!(cells("Q2"), [Some("7"), Some("x")]);
    assert_eq!(cells("hall"), [None, Some("north")]);
}

#[test]
fn rows_count_before_the_as_of_day_however_old_they_are() {
    let lines = ["r1|1999-01-01||1|1|", "r2|2026-05-31||1|1|", "r3|2026-06-01||1|1|", "r4|||1|1|"];
    let (responses, book) = responded(RESPONSES, &lines);
    assert_eq!(responses.ids, ["r1".into(), "r2".into()]);
    assert_eq!((book.tally.out_of_window, rules(&book)), (1, vec![Rule::NullValue]));
}

#[test]
fn who_is_named_must_be_a_customer_and_nobody_need_be_named() {
    let lines = ["r1|2026-05-01|nobody|1|1|", "r2|2026-05-01||1|1|", "|2026-05-01||1|1|"];
    let (responses, book) = responded(RESPONSES, &lines);
    assert_eq!(responses.ids, ["r2".into()]);
    assert_eq!(rules(&book), [Rule::Orphan, Rule::NullKey]);
}

#[test]
fn responses_of_one_id_are_copies_only_if_their_answers_agree_too() {
    let lines = [
        "r1|2026-05-01|a|1|2|",
        "r1|2026-05-01|a|1|2|",
        "r2|2026-05-01|a|1|2|",
        "r2|2026-05-01|a|1|3|",
        "r3|2026-05-01|a|1|2|north",
        "r3|2026-05-01|a|1|2|south",
    ];
    let (responses, book) = responded(RESPONSES, &lines);
    assert_eq!(responses.ids, ["r1".into()]);
    assert_eq!(book.tally.duplicates, 1);
    assert_eq!(rules(&book), [Rule::DuplicateKey; 4]);
}

#[test]
fn an_answer_is_the_same_however_its_number_is_written_and_a_group_is_a_text() {
    let lines = [
        "r1|2026-05-01|a|5|2|01",
        "r1|2026-05-01|a|5.0|２|01",
        "r2|2026-05-01|a|5|2|01",
        "r2|2026-05-01|a|5|2|1",
        "r3|2026-05-01|a|5||",
        "r3|2026-05-01|a|5|none|",
    ];
    let (responses, book) = responded(RESPONSES, &lines);
    assert_eq!(responses.ids, ["r1".into()]);
    assert_eq!((book.tally.duplicates, rules(&book)), (1, vec![Rule::DuplicateKey; 4]));
}

#[test]
fn a_text_that_is_declared_to_stand_for_an_empty_cell_is_none() {
    let mut declared = Declared::default();
    let nulls = BTreeMap::from([("Q1".to_owned(), vec!["-".to_owned()])]);
    declared.tables.insert(Table::Responses, TableDeclared { nulls, ..TableDeclared::default() });
    let source = MemorySource::default()
        .with(Table::Responses, rows(RESPONSES, &["r1|2026-05-01||-|-|"]))
        .declaring(declared);
    let responses = read_from(&source).unwrap().0.responses.unwrap();
    assert_eq!((&responses.columns["Q1"][0], responses.columns["Q2"][0].as_deref()), (&None, Some("-")));
}

#[test]
fn a_group_that_no_file_has_is_absent_but_each_item_needs_its_column() {
    let (responses, _) = responded("response_id|returned_on|Q1|Q2", &["r1|2026-05-01|1|1"]);
    assert!(!responses.columns.contains_key("hall"));
    let source = MemorySource::default().with(Table::Responses, rows("response_id|returned_on|Q2", &[]));
    let Err(RunError::Refused(refusal)) = read_from(&source) else { panic!("an item is missing") };
    assert_eq!(refusal.what.en, "columns of items of the instrument i are missing: `Q1`");
    assert_eq!(refusal.what.zh, "缺少量表 i 题目的列：`Q1`");
}

#[test]
fn each_customer_is_invited_once_and_two_days_of_one_are_in_doubt() {
    let lines =
        ["b|2026-05-01", "a|2026-05-02", "a|2026-05-02", "c|2026-05-01", "|2026-05-01", "b|2026-06-01"];
    let source = MemorySource::default().with(Table::Invitations, rows("customer_id|sent_on", &lines));
    let (log, books) = read_from(&source).unwrap();
    let invitations = log.invitations.unwrap();
    assert_eq!(invitations.customers, [CustomerIx::new(0), CustomerIx::new(1)]);
    assert_eq!(invitations.sent_on, [day("2026-05-02"), day("2026-05-01")]);
    let tally = books[0].tally;
    assert_eq!((tally.duplicates, tally.out_of_window), (1, 1));
    assert_eq!(rules(&books[0]), [Rule::Orphan, Rule::NullKey]);
    let source = MemorySource::default()
        .with(Table::Invitations, rows("customer_id|sent_on", &["a|2026-05-01", "a|2026-05-02"]));
    let (log, books) = read_from(&source).unwrap();
    assert!(log.invitations.unwrap().customers.is_empty());
    assert_eq!(rules(&books[0]), [Rule::DuplicateKey; 2]);
}
