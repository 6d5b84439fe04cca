//! Tests of merging by hand-made rows.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::fixture::{LIMITS, at, day, interruption, may_2026};

fn merged(rows: Vec<Interruption>) -> Interruptions {
    crate::fixture::merged(rows, 3, may_2026(), &LIMITS)
}

fn list(interruptions: &Interruptions) -> Vec<MergedInterruption> {
    interruptions.all().collect()
}

fn spans(interruptions: &Interruptions) -> Vec<(u32, u32, String, String, bool)> {
    interruptions
        .all()
        .map(|i| (i.customer.number(), i.outage, i.start.to_string(), i.end.to_string(), i.open))
        .collect()
}

#[test]
fn a_chain_of_overlapping_rows_is_one_interruption_with_the_first_rows_outage() {
    let merged = merged(vec![
        interruption(0, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(1, 0, "2026-05-10 10:30", Some("2026-05-10 12:00")),
        interruption(1, 0, "2026-05-10 12:00", Some("2026-05-10 12:10")),
        interruption(2, 0, "2026-05-10 12:10:01", Some("2026-05-10 12:20")),
    ]);
    assert_eq!(
        spans(&merged),
        [
            (0, 0, "2026-05-10 10:00:00".into(), "2026-05-10 12:10:00".into(), false),
            (0, 2, "2026-05-10 12:10:01".into(), "2026-05-10 12:20:00".into(), false),
        ]
    );
    let example = Some(interruption(1, 0, "2026-05-10 10:30", Some("2026-05-10 12:00")));
    assert_eq!(merged.overlaps, Overlaps { rows: 2, example });
}

#[test]
fn a_row_within_another_does_not_shorten_it() {
    let merged = merged(vec![
        interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 20:00")),
        interruption(1, 1, "2026-05-10 11:00", Some("2026-05-10 12:00")),
        interruption(2, 1, "2026-05-10 19:00", Some("2026-05-10 19:30")),
    ]);
    assert_eq!(list(&merged).len(), 1);
    assert_eq!(list(&merged)[0].seconds(), 36_000);
}

#[test]
fn of_rows_that_start_together_the_smaller_outage_id_is_first() {
    let merged = merged(vec![
        interruption(2, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(1, 0, "2026-05-10 10:00", Some("2026-05-10 10:10")),
    ]);
    assert_eq!((list(&merged)[0].outage, list(&merged)[0].seconds()), (1, 3_600));
}

#[test]
fn an_open_row_lasts_until_the_as_of_time_and_takes_in_all_later_rows() {
    let merged = merged(vec![
        interruption(0, 2, "2026-05-31 23:00", None),
        interruption(1, 2, "2026-06-01 08:00", Some("2026-06-01 09:00")),
    ]);
    let end = "2026-06-02 00:00:00".to_owned();
    assert_eq!(spans(&merged), [(2, 0, "2026-05-31 23:00:00".into(), end, true)]);
}

#[test]
fn an_interruption_is_of_the_day_and_the_period_of_its_start() {
    let merged = merged(vec![
        interruption(0, 0, "2026-04-30 23:00", Some("2026-05-03 00:00")),
        interruption(1, 1, "2026-05-31 23:59:59", Some("2026-06-01 12:00")),
        interruption(2, 2, "2026-06-01 00:00", Some("2026-06-01 01:00")),
    ]);
    let starting: Vec<u32> =
        merged.starting_in(may_2026().period).map(|interruption| interruption.outage).collect();
    assert_eq!(starting, [1]);
    assert_eq!(merged.sustained_seconds[&day("2026-04-30")], 49 * 3_600);
}

#[test]
fn exactly_300_seconds_are_momentary_and_301_sustained() {
    let merged = merged(vec![
        interruption(0, 0, "2026-05-01 00:00", Some("2026-05-01 00:05:00")),
        interruption(0, 1, "2026-05-02 00:00", Some("2026-05-02 00:05:01")),
        interruption(0, 2, "2026-05-03 00:00", Some("2026-05-03 00:00")),
    ]);
    let sustained: Vec<bool> = merged.all().map(|i| i.is_sustained(&LIMITS)).collect();
    assert_eq!(sustained, [false, true, false]);
    assert_eq!(merged.sustained_seconds, BTreeMap::from([(day("2026-05-02"), 301)]));
}

#[test]
fn earlier_interruptions_are_kept_only_as_the_seconds_of_their_day() {
    let rows = vec![
        interruption(0, 0, "2025-05-31 10:00", Some("2025-05-31 11:00")),
        interruption(1, 0, "2025-06-01 10:00", Some("2025-06-01 11:00")),
    ];
    let merged_from = |since| {
        let kept = KeptInterruptions { since, ..KeptInterruptions::all(may_2026(), &LIMITS, 2) };
        let merged = Interruptions::of_rows(rows.clone(), kept, 3);
        (
            merged.of_customer(CustomerIx::new(0)).count(),
            merged.sustained_seconds.len(),
            merged.rows_by_day.len(),
        )
    };
    assert_eq!(merged_from(day("2025-06-01")), (1, 2, 2));
    assert_eq!(merged_from(day("2025-05-31")), (2, 2, 2));
}

#[test]
fn the_first_interruption_that_an_outage_caused_is_found_if_a_notice_may_be_owed_for_it() {
    let rows = vec![
        interruption(1, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
        interruption(1, 0, "2026-05-08 10:00", Some("2026-05-08 11:00")),
        interruption(0, 0, "2026-05-08 10:30", Some("2026-05-08 12:00")),
        interruption(0, 0, "2026-05-11 10:30", Some("2026-05-11 12:00")),
        interruption(2, 0, "2026-05-09 10:00", Some("2026-05-09 11:00")),
        interruption(1, 1, "2026-04-30 10:00", Some("2026-04-30 11:00")),
        interruption(1, 1, "2026-05-02 10:00", Some("2026-05-02 11:00")),
        interruption(1, 2, "2026-01-30 10:00", Some("2026-01-30 11:00")),
        interruption(1, 2, "2026-05-02 10:00", Some("2026-05-02 11:00")),
    ];
    let (since, noticed_since) = (day("2026-04-01"), day("2026-05-01"));
    let all = KeptInterruptions::all(may_2026(), &LIMITS, 3);
    let kept = KeptInterruptions { since, noticed_since, noticed: vec![true, true, false], ..all };
    let merged = Interruptions::of_rows(rows, kept, 3);
    let first: Vec<_> = merged.first_of_outages().map(|one| (one.outage, one.start)).collect();
    // The outage 0 began no interruption on 8 May. Customers 1 and 2 were interrupted by outage 1 before May already.
    assert_eq!(first, [(0, at("2026-05-11 10:30")), (1, at("2026-05-08 10:00"))]);
    assert_eq!(merged.noticed_outages().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn rows_of_one_outage_customer_and_start_count_once_and_not_at_all_if_they_differ() {
    let row = |outage, customer, end| interruption(outage, customer, "2026-05-10 10:00", end);
    let rows = [
        row(0, 1, Some("2026-05-10 11:00")),
        row(0, 2, Some("2026-05-10 11:00")),
        row(0, 1, Some("2026-05-10 11:00")),
        row(0, 2, None),
        row(1, 1, Some("2026-05-10 11:00")),
        row(0, 2, Some("2026-05-10 11:00")),
    ];
    let mut pile = InterruptionPile::new(KeptInterruptions::all(may_2026(), &LIMITS, 2), 3);
    (0..).zip(rows).for_each(|(number, row)| pile.add(row, number));
    let mut fates = Vec::new();
    assert!(!pile.settle(|number, fate| fates.push((number, fate))));
    fates.sort_unstable_by_key(|(number, _)| *number);
    use RowFate::{Counted, Differs, Duplicate};
    let expected = [Counted, Differs, Duplicate, Differs, Counted, Differs];
    assert_eq!(fates.iter().map(|(_, fate)| *fate).collect::<Vec<_>>(), expected);
    let merged = pile.finish();
    assert_eq!((list(&merged).len(), merged.overlaps.rows), (1, 1));
    assert_eq!(merged.rows_by_day, BTreeMap::from([(day("2026-05-10"), 2)]));
}

#[test]
fn customers_whose_rows_are_too_many_to_be_held_at_once_are_left_for_another_reading() {
    // Three blocks of customers, each with two customers and three rows of each.
    let customers = [0, 1, 5_000, 5_001, 9_000, 9_001];
    let starts = ["2026-05-10 10:00", "2026-05-10 10:30", "2026-05-12 10:00"];
    let row = |start, customer| interruption(0, customer, start, Some("2026-05-10 11:00"));
    let row = |start, customer| match start {
        "2026-05-12 10:00" => interruption(0, customer, start, Some("2026-05-12 11:00")),
        _ => row(start, customer),
    };
    let rows: Vec<Interruption> =
        starts.iter().flat_map(|start| customers.map(|customer| row(start, customer))).collect();
    let kept = || KeptInterruptions::all(may_2026(), &LIMITS, 1);
    let at_once = Interruptions::of_rows(rows.clone(), kept(), 9_002);
    for (held_max, readings) in [(18, 1), (12, 2), (6, 3), (1, 3)] {
        let mut pile = InterruptionPile::holding(kept(), 9_002, held_max);
        let (mut fates, mut read) = (Vec::new(), 0);
        loop {
            (0..).zip(&rows).for_each(|(number, row)| pile.add(*row, number));
            read += 1;
            if !pile.settle(|number, fate| fates.push((number, fate))) {
                break;
            }
        }
        fates.sort_unstable_by_key(|(number, _)| *number);
        assert_eq!(fates, (0..18).map(|number| (number, RowFate::Counted)).collect::<Vec<_>>());
        assert_eq!((read, &pile.finish()), (readings, &at_once), "{held_max} rows held at once");
    }
    assert_eq!((list(&at_once).len(), at_once.overlaps.rows), (12, 6));
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing_and_no_second_counts_twice(
        drawn in proptest::collection::vec((0_u32..3, 0_u32..3, 0_i64..500, 0_i64..40), 0..40)
    ) {
        let midnight = at("2026-06-01 23:00");
        let mut rows: Vec<Interruption> = drawn
            .iter()
            .map(|&(outage, customer, start, length)| Interruption {
                outage,
                customer: CustomerIx::new(customer),
                started_at: midnight.plus(start),
                restored_at: (length < 39).then(|| midnight.plus(start + length)),
            })
            .collect();
        let mut keys = BTreeSet::new();
        rows.retain(|row| keys.insert((row.outage, row.customer, row.started_at)));
        let mut turned = rows.clone();
        turned.reverse();
        let (forth, back) = (merged(rows.clone()), merged(turned));
        prop_assert_eq!(&forth, &back);
        prop_assert_eq!(list(&forth).len() + forth.overlaps.rows as usize, rows.len());
        for customer in (0..3).map(CustomerIx::new) {
            let of_customer: Vec<MergedInterruption> = forth.of_customer(customer).collect();
            let apart = of_customer.windows(2).all(|pair| pair[0].end < pair[1].start);
            prop_assert!(apart);
            // Each second from the start on counts once, up to the as-of time; a row of no length has none.
            let now = may_2026().now();
            let mut without: BTreeSet<i64> = BTreeSet::new();
            for row in rows.iter().filter(|row| row.customer == customer) {
                let end = row.restored_at.unwrap_or(now).since(midnight);
                without.extend(row.started_at.since(midnight)..end);
            }
            let seconds: i64 = of_customer.iter().map(MergedInterruption::seconds).sum();
            prop_assert_eq!(seconds, without.len() as i64);
        }
    }
}
