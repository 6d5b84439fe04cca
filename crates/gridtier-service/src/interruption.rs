//! Interruptions as a customer experiences them: overlapping rows are one interruption (SERVICE §4).
//!
//! A log has a row for each outage that interrupts a customer, and one outage may follow from another before the
//! supply is back. Added up row by row, such hours would count twice. So the rows of a customer are merged, and every
//! figure about interruptions is taken from the merged ones. A log may have 50 million rows, so only an index of them
//! is sorted by customer. Interruptions are kept one by one only where a figure needs them; for earlier ones, only
//! the seconds of each day are kept.

use std::collections::BTreeMap;

use gridtier::contract::OutageKind;
use gridtier::index::{CustomerIx, index};

use crate::log::{Interruption, Log, Outage};
use crate::period::{Period, Run};
use crate::policy::Limits;
use crate::time::Second;

/// An interruption of a customer's supply, merged from rows that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedInterruption {
    /// The customer.
    pub customer: CustomerIx,
    /// The outage of the first row, whose attributes count: position in [`Log::outages`].
    pub outage: u32,
    /// When the first row began. The whole interruption counts in the day and period of its start.
    pub start: Second,
    /// When the last row ended; the as-of time if one of the rows has no end.
    pub end: Second,
    /// Whether the supply was not restored by the as-of time.
    pub open: bool,
}

impl MergedInterruption {
    /// Its length in seconds, up to the as-of time if it is open.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.end.since(self.start)
    }

    /// Whether it is longer than a momentary one.
    #[must_use]
    pub fn is_sustained(&self, limits: &Limits) -> bool {
        self.seconds() > limits.momentary_seconds
    }
}

/// The rows that were merged into an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlaps {
    /// Number of rows.
    pub rows: u64,
    /// The first of them: position in [`Log::interruptions`].
    pub example: Option<u32>,
}

/// The interruptions of all customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruptions {
    /// By customer and start.
    list: Vec<MergedInterruption>,
    /// For each customer, the position in `list` after its last interruption.
    ends: Vec<u32>,
    /// For each day on which sustained interruptions start, the sum of their seconds. The key is the number of days
    /// since 1970-01-01. All days of the log are included.
    pub sustained_seconds: BTreeMap<i32, i64>,
    /// The rows that were merged.
    pub overlaps: Overlaps,
}

impl Interruptions {
    /// Merges the rows of a log; `None` if it has no table of outages or of interruptions. Keeps interruptions that
    /// end on the day `since` or later, and all of the period and of the year that ends with it.
    #[must_use]
    pub fn merged(log: &Log, customers: usize, run: Run, limits: &Limits, since: i32) -> Option<Self> {
        log.outages.as_ref()?;
        let rows = log.interruptions.as_deref()?;
        let period = run.period;
        let since = since.min(period.first_day()).min(period.year_to_end().first_day());
        let (mut order, row_ends) = by_customer(rows, customers);
        let (mut list, mut ends) = (Vec::new(), Vec::with_capacity(customers));
        let (mut sustained_seconds, mut overlaps) = (BTreeMap::new(), Overlaps::default());
        let mut first = 0;
        for end in row_ends {
            let of_customer = &mut order[index(first)..index(end)];
            of_customer.sort_unstable_by_key(|&row| (rows[index(row)].started_at, rows[index(row)].outage));
            merge(rows, of_customer, run.now(), &mut overlaps, |interruption| {
                let day = interruption.start.day();
                if interruption.is_sustained(limits) {
                    *sustained_seconds.entry(day).or_default() += interruption.seconds();
                }
                if interruption.end.day() >= since {
                    list.push(interruption);
                }
            });
            ends.push(list.len() as u32);
            first = end;
        }
        Some(Self { list, ends, sustained_seconds, overlaps })
    }

    /// All interruptions that were kept, by customer and start.
    #[must_use]
    pub fn all(&self) -> &[MergedInterruption] {
        &self.list
    }

    /// A customer's interruptions that were kept, by start.
    #[must_use]
    pub fn of_customer(&self, customer: CustomerIx) -> &[MergedInterruption] {
        let before = customer.index().checked_sub(1);
        let first = before.map_or(0, |before| index(self.ends[before]));
        &self.list[first..index(self.ends[customer.index()])]
    }

    /// The interruptions that start in a period, by customer and start. The period begins no earlier than those kept.
    pub fn starting_in(&self, period: Period) -> impl Iterator<Item = &MergedInterruption> {
        self.list.iter().filter(move |interruption| period.holds(interruption.start))
    }
}

/// Merges the rows of one customer, which are in order, and hands on each interruption.
fn merge(
    rows: &[Interruption],
    of_customer: &[u32],
    now: Second,
    overlaps: &mut Overlaps,
    mut hand_on: impl FnMut(MergedInterruption),
) {
    let mut current: Option<MergedInterruption> = None;
    for &position in of_customer {
        let row = &rows[index(position)];
        let end = row.restored_at.unwrap_or(now);
        let open = row.restored_at.is_none();
        match &mut current {
            Some(earlier) if row.started_at <= earlier.end => {
                earlier.end = earlier.end.max(end);
                earlier.open |= open;
                overlaps.rows += 1;
                overlaps.example = Some(overlaps.example.map_or(position, |known| known.min(position)));
            }
            _ => {
                let (customer, outage, start) = (row.customer, row.outage, row.started_at);
                let begun = MergedInterruption { customer, outage, start, end, open };
                if let Some(ended) = current.replace(begun) {
                    hand_on(ended);
                }
            }
        }
    }
    if let Some(ended) = current {
        hand_on(ended);
    }
}

/// The positions of rows by customer, and for each customer the place after its last row.
fn by_customer(rows: &[Interruption], customers: usize) -> (Vec<u32>, Vec<u32>) {
    let mut places = vec![0_u32; customers + 1];
    for row in rows {
        places[row.customer.index() + 1] += 1;
    }
    for customer in 0..customers {
        places[customer + 1] += places[customer];
    }
    let mut order = vec![0; rows.len()];
    for (position, row) in (0..).zip(rows) {
        let place = &mut places[row.customer.index()];
        order[index(*place)] = position;
        *place += 1;
    }
    // Each place is now that of the next customer's first row.
    places.truncate(customers);
    (order, places)
}

/// Whether an outage is of one of the kinds; every outage is if none is named.
#[must_use]
pub fn is_of_kinds(outage: &Outage, kinds: &[OutageKind]) -> bool {
    kinds.is_empty() || kinds.contains(&outage.kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{LIMITS, at, day, interruption, may_2026, outage};

    fn log(rows: Vec<Interruption>) -> Log {
        let outages = ["O1", "O2", "O3"].map(|id| outage(id, OutageKind::Fault));
        Log { outages: Some(outages.into()), interruptions: Some(rows), ..Log::default() }
    }

    fn merged(rows: Vec<Interruption>) -> Interruptions {
        Interruptions::merged(&log(rows), 3, may_2026(), &LIMITS, i32::MAX).unwrap()
    }

    fn spans(interruptions: &Interruptions) -> Vec<(u32, u32, String, String, bool)> {
        let all = interruptions.all().iter();
        all.map(|i| (i.customer.number(), i.outage, i.start.to_string(), i.end.to_string(), i.open)).collect()
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
        assert_eq!(merged.overlaps, Overlaps { rows: 2, example: Some(1) });
    }

    #[test]
    fn a_row_within_another_does_not_shorten_it() {
        let merged = merged(vec![
            interruption(0, 1, "2026-05-10 10:00", Some("2026-05-10 20:00")),
            interruption(1, 1, "2026-05-10 11:00", Some("2026-05-10 12:00")),
            interruption(2, 1, "2026-05-10 19:00", Some("2026-05-10 19:30")),
        ]);
        assert_eq!(merged.all().len(), 1);
        assert_eq!(merged.all()[0].seconds(), 36_000);
    }

    #[test]
    fn of_rows_that_start_together_the_smaller_outage_id_is_first() {
        let merged = merged(vec![
            interruption(2, 0, "2026-05-10 10:00", Some("2026-05-10 11:00")),
            interruption(1, 0, "2026-05-10 10:00", Some("2026-05-10 10:10")),
        ]);
        assert_eq!((merged.all()[0].outage, merged.all()[0].seconds()), (1, 3_600));
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
        let sustained: Vec<bool> = merged.all().iter().map(|i| i.is_sustained(&LIMITS)).collect();
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
            let merged = Interruptions::merged(&log(rows.clone()), 3, may_2026(), &LIMITS, since).unwrap();
            (merged.of_customer(CustomerIx::new(0)).len(), merged.sustained_seconds.len())
        };
        assert_eq!(merged_from(i32::MAX), (1, 2));
        assert_eq!(merged_from(day("2025-05-31")), (2, 2));
    }

    #[test]
    fn a_log_without_one_of_the_tables_is_not_measured_and_an_empty_table_is() {
        let merged = |log: &Log| Interruptions::merged(log, 3, may_2026(), &LIMITS, i32::MAX);
        let all = log(Vec::new());
        assert_eq!(merged(&all).unwrap().all().len(), 0);
        assert_eq!(merged(&Log { outages: None, ..all.clone() }), None);
        assert_eq!(merged(&Log { interruptions: None, ..all }), None);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_changes_nothing_and_no_second_counts_twice(
            drawn in proptest::collection::vec((0_u32..3, 0_u32..3, 0_i64..500, 0_i64..40), 0..40)
        ) {
            let midnight = at("2026-06-01 23:00");
            let rows: Vec<Interruption> = drawn
                .iter()
                .map(|&(outage, customer, start, length)| Interruption {
                    outage,
                    customer: CustomerIx::new(customer),
                    started_at: midnight.plus(start),
                    restored_at: (length < 39).then(|| midnight.plus(start + length)),
                })
                .collect();
            let mut turned = rows.clone();
            turned.reverse();
            let (forth, back) = (merged(rows.clone()), merged(turned));
            prop_assert_eq!(forth.all(), back.all());
            prop_assert_eq!(forth.overlaps.rows, back.overlaps.rows);
            prop_assert_eq!(forth.all().len() + forth.overlaps.rows as usize, rows.len());
            for customer in (0..3).map(CustomerIx::new) {
                let of_customer = forth.of_customer(customer);
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
}
