use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use gridtier::contract::UseCategory;
use gridtier::entitlement::condition;
use gridtier::key::KeyIndex;
use gridtier::memory::MemorySource;

use super::*;
use crate::base::Member;
use crate::period::Period;
use crate::time::Second;

/// A table of texts: a header and rows, cells divided by `|`; an empty cell is empty.
fn rows(header: &str, rows: &[&str]) -> RecordBatch {
    let names: Vec<&str> = header.split('|').collect();
    RecordBatch::try_from_iter(names.iter().enumerate().map(|(at, name)| {
        let cells = rows.iter().map(|row| row.split('|').nth(at).filter(|cell| !cell.is_empty()));
        (*name, Arc::new(cells.collect::<StringArray>()) as ArrayRef)
    }))
    .unwrap()
}

fn base(ids: &[&str]) -> Base {
    let mut keys = KeyIndex::default();
    ids.iter().for_each(|id| {
        keys.insert(id);
    });
    let member = Member {
        opened_on: 0,
        closed_on: None,
        use_category: UseCategory::Other,
        region: None,
        area: None,
        tier: None,
        opted_out: false,
        annual_energy_kwh: None,
        average_price: None,
    };
    let columns = rows("customer_id", ids);
    Base {
        ids: keys,
        members: vec![member; ids.len()],
        regions: Vec::new(),
        columns,
        fields: condition::fields(&[]),
    }
}

struct Outcome {
    log: Log,
    interruptions: Option<Interruptions>,
    books: Vec<TableBook>,
}

impl Outcome {
    fn book(&self, table: Table) -> &TableBook {
        self.books.iter().find(|book| book.table == table).unwrap()
    }

    /// The rules of the rejected rows, in the order of the rows.
    fn rejected(&self, table: Table) -> Vec<Rule> {
        self.book(table).rejects.iter().map(|reject| reject.rule).collect()
    }
}

/// Reads tables of customers a, b and c for May 2026, as of its end.
fn outcome(tables: &[(Table, &str, &[&str])]) -> Outcome {
    let source = tables.iter().fold(MemorySource::default(), |source, (table, header, lines)| {
        source.with(*table, rows(header, lines))
    });
    let base = base(&["a", "b", "c"]);
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let run = Run::new(Period::parse("2026-05").unwrap(), None).unwrap();
    let policy = Policy::shipped("paper", &catalogue).unwrap().unwrap();
    let reading = Reading { source: &source, base: &base, catalogue: &catalogue, policy: &policy, run };
    let ReadLog { log, interruptions, books } = read(reading).unwrap();
    for book in &books {
        assert!(book.tally.adds_up(), "{:?}", book.table);
    }
    Outcome { log, interruptions, books }
}

const OUTAGES: &str = "outage_id|started_at|kind|responsibility|announced_at|promised_at";
const INTERRUPTIONS: &str = "outage_id|customer_id|started_at|restored_at";

fn at(text: &str) -> Second {
    let (date, time) = text.split_once(' ').unwrap();
    let (hours, minutes) = time.split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    Second::of_day(gridtier::unit::day_of_date(date.parse().unwrap())).plus(minutes * 60)
}

#[test]
fn an_absent_table_is_none_and_an_empty_one_is_empty() {
    let none = outcome(&[]);
    assert!(none.log.outages.is_none() && none.log.calendar.is_none() && none.log.contacts.is_none());
    let empty = outcome(&[(Table::Outages, OUTAGES, &[])]);
    assert_eq!(empty.log.outages, Some(Vec::new()));
}

#[test]
fn interruptions_follow_their_outage_into_and_out_of_the_window() {
    let found = outcome(&[
        (
            Table::Outages,
            OUTAGES,
            &[
                "O2|2026-05-10 10:00|fault|utility||",
                "O1|2020-01-01 10:00|fault|utility||",
                "O3|2026-05-11 10:00|flood|utility||",
            ],
        ),
        (
            Table::Interruptions,
            INTERRUPTIONS,
            &[
                "O2|b|2026-05-10 10:00|2026-05-10 11:00",
                "O2|a|2026-05-10 10:00|2026-05-10 11:00",
                "O1|a|2026-05-10 10:00|2026-05-10 11:00",
                "O3|a|2026-05-11 10:00|2026-05-11 11:00",
                "O2|z|2026-05-10 10:00|2026-05-10 11:00",
                "O2|a|2026-05-10 12:00|2026-05-10 11:00",
                "O2|c|2026-05-10 10:00:00.7|",
                "O2||2026-05-10 10:00|",
            ],
        ),
    ]);
    assert_eq!(found.rejected(Table::Outages), [Rule::BadEnum]);
    assert_eq!(
        found.rejected(Table::Interruptions),
        [Rule::Orphan, Rule::Orphan, Rule::BadOrder, Rule::NullKey]
    );
    assert_eq!(found.book(Table::Interruptions).tally.out_of_window, 1);
    let merged = found.interruptions.unwrap();
    let counted: Vec<(u32, usize, Second, bool)> =
        merged.all().map(|one| (one.outage, one.customer.index(), one.end, one.open)).collect();
    let eleven = at("2026-05-10 11:00");
    let now = at("2026-06-01 00:00");
    assert_eq!(counted, [(0, 0, eleven, false), (0, 1, eleven, false), (0, 2, now, true)]);
}

#[test]
fn one_key_cut_to_seconds_counts_once_and_differing_rows_of_it_do_not_count() {
    let found = outcome(&[
        (Table::Outages, OUTAGES, &["O|2026-05-10 10:00|fault|utility||"]),
        (
            Table::Interruptions,
            INTERRUPTIONS,
            &[
                "O|a|2026-05-10 10:00:00.2|2026-05-10 11:00",
                "O|a|2026-05-10 10:00:00.9|2026-05-10 11:00",
                "O|b|2026-05-10 10:00|2026-05-10 11:00",
                "O|b|2026-05-10 10:00|2026-05-10 11:01",
                "O|b|2026-05-10 10:02|2026-05-10 11:01",
            ],
        ),
    ]);
    let tally = found.book(Table::Interruptions).tally;
    assert_eq!((tally.counted, tally.duplicates, tally.rejected), (2, 1, 2));
    assert_eq!(found.rejected(Table::Interruptions), [Rule::DuplicateKey; 2]);
}

#[test]
fn what_lies_at_or_after_the_as_of_day_has_not_happened_but_promises_may_lie_ahead() {
    let found = outcome(&[
        (Table::Outages, OUTAGES, &["O|2026-05-31 23:00|fault|utility|2026-06-01 00:00|2026-06-01 06:00"]),
        (
            Table::Interruptions,
            INTERRUPTIONS,
            &["O|a|2026-05-31 23:00|2026-06-01 03:00", "O|b|2026-06-01 00:00|", "O|c|2026-05-01 23:59|"],
        ),
    ]);
    let outage = &found.log.outages.as_ref().unwrap()[0];
    assert_eq!((outage.announced_at, outage.promised_at), (None, Some(at("2026-06-01 06:00"))));
    let open: Vec<bool> = found.interruptions.as_ref().unwrap().all().map(|one| one.open).collect();
    assert_eq!(open, [true]);
    let book = found.book(Table::Interruptions);
    assert_eq!((book.tally.out_of_window, book.noticed[&Rule::NotYet].0), (1, 1));
    assert_eq!(found.rejected(Table::Interruptions), [Rule::NeverRestored]);
}

#[test]
fn deliveries_name_a_service_of_the_catalogue_and_may_name_no_customer() {
    let found = outcome(&[(
        Table::Deliveries,
        "delivery_id|created_at|customer_id|service|channel|units|cost|sent_at|delivered_at",
        &[
            "d2|2026-05-02|a|S05|visit||12.5||2026-05-02 09:00",
            "d1|2026-05-02||S09|meeting|2.5|||2026-05-02 09:00",
            "d3|2026-05-02|z|S05|visit||||",
            "d4|2026-05-02|a|S99|visit||||",
            "d5|2026-05-02|a|S05|visit||-1||",
            "d6|2026-05-02|a|S05|visit|-1|||",
            "d7|2026-05-02|a|S05|visit|1000000000001|||",
            "d8|2026-05-02|a|S05|visit|||2026-05-02 10:00|2026-05-02 09:00",
            "d9|2026-05-02|a||visit||||",
        ],
    )]);
    use Rule as R;
    assert_eq!(
        found.rejected(Table::Deliveries),
        [R::Orphan, R::UnknownService, R::Negative, R::Negative, R::OutOfBounds, R::BadOrder, R::NullValue]
    );
    let deliveries = found.log.deliveries.unwrap();
    let seen: Vec<_> = deliveries.iter().map(|row| (&*row.id, row.units_e3, row.cost_fen)).collect();
    assert_eq!(seen, [("d1", 2_500, None), ("d2", 1_000, Some(1_250))]);
}

#[test]
fn the_steps_of_a_contact_must_not_precede_one_another() {
    let header = "contact_id|received_at|kind|first_contact_at|answered_at|closed_at|called_back_at";
    let found = outcome(&[(
        Table::Contacts,
        header,
        &[
            "k1|2026-05-02 09:00|complaint|2026-05-02 09:00|2026-05-03 09:00|2026-05-03 09:00|2026-05-02 10:00",
            "k2|2026-05-02 09:00|complaint|2026-05-02 08:59|||",
            "k3|2026-05-02 09:00|complaint||2026-05-04 09:00|2026-05-03 09:00|",
            "k4|2026-05-02 09:00|complaint||||2026-05-01 09:00",
        ],
    )]);
    assert_eq!(found.rejected(Table::Contacts), [Rule::BadOrder; 3]);
    assert_eq!(found.log.contacts.unwrap().len(), 1);
}

#[test]
fn a_calendar_has_one_kind_for_each_day_and_its_absence_is_told() {
    let found = outcome(&[(
        Table::Calendar,
        "day|kind",
        &["2026-05-01|holiday", "2026-05-01|holiday", "2026-05-09|workday", "x|holiday", "|holiday"],
    )]);
    assert_eq!(found.rejected(Table::Calendar), [Rule::BadDate, Rule::NullKey]);
    let book = found.book(Table::Calendar);
    assert_eq!((book.tally.counted, book.tally.duplicates), (2, 1));
    assert!(!book.noticed.contains_key(&Rule::CalendarMissing));
    assert!(outcome(&[]).book(Table::Calendar).noticed.contains_key(&Rule::CalendarMissing));
}

#[test]
fn a_day_that_cannot_be_read_is_a_bad_date_whenever_its_row_was_recorded() {
    let found = outcome(&[(
        Table::Calendar,
        "day|kind|recorded_at",
        &[
            "nonsense|holiday|",
            "2026-13-01|holiday|2026-05-01",
            "2026-05-01|holiday|",
            "2026-05-01|workday|2026-05-02",
        ],
    )]);
    assert_eq!(found.rejected(Table::Calendar), [Rule::BadDate; 2]);
    let book = found.book(Table::Calendar);
    assert_eq!((book.tally.counted, book.tally.duplicates), (1, 1));
}

#[test]
fn checks_and_corrections_are_bounded_by_what_was_sampled_and_by_the_as_of_day() {
    let found = outcome(&[
        (
            Table::Checks,
            "check_id|checked_on|subject|standard|sampled|failed",
            &[
                "q1|2026-05-03|delivery|s|10|2",
                "q2|2026-05-03|delivery|s|1|2",
                "q3|2026-06-01|delivery|s|1|0",
            ],
        ),
        (
            Table::Corrections,
            "correction_id|opened_on|about|action|due_on|done_on",
            &["m1|2026-05-03|promise|call|2026-07-01|2026-06-01"],
        ),
    ]);
    assert_eq!(found.rejected(Table::Checks), [Rule::BadOrder]);
    assert_eq!(found.book(Table::Checks).tally.out_of_window, 1);
    assert_eq!(found.log.corrections.as_ref().unwrap()[0].done_on, None);
    assert_eq!(found.book(Table::Corrections).noticed[&Rule::NotYet].0, 1);
}

#[test]
fn a_row_before_the_opening_of_its_customer_belongs_to_the_earlier_owner_of_the_number() {
    let contacts: &[&str] = &["k1|2026-05-02 09:00|new|complaint", "k2|2026-05-03 00:00|new|complaint"];
    let source = MemorySource::default()
        .with(Table::Contacts, rows("contact_id|received_at|customer_id|kind", contacts));
    let mut base = base(&["new"]);
    base.members[0].opened_on = at("2026-05-03 00:00").day();
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let run = Run::new(Period::parse("2026-05").unwrap(), None).unwrap();
    let policy = Policy::shipped("paper", &catalogue).unwrap().unwrap();
    let reading = Reading { source: &source, base: &base, catalogue: &catalogue, policy: &policy, run };
    let ReadLog { log, books, .. } = read(reading).unwrap();
    assert_eq!(log.contacts.unwrap().iter().map(|row| &*row.id).collect::<Vec<_>>(), ["k2"]);
    let book = books.iter().find(|book| book.table == Table::Contacts).unwrap();
    assert_eq!((book.tally.out_of_window, book.noticed[&Rule::BeforeOpening].0), (1, 1));
}
