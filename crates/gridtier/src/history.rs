//! The tier of every customer over time: one row for each span in which tier, stratum and provisional flag stay the
//! same (REGRADE section 8).
//!
//! Cycles come one after the other, each sorted by customer, and are merged with the customers known so far: memory holds the
//! customers' open rows and the finished ones, not the cycles.

use crate::key::{KeyIndex, NearKey};
use crate::method::Tier;

/// A customer's place in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlace {
    /// Final tier.
    pub tier: Tier,
    /// Whether it is provisional.
    pub provisional: bool,
    /// Number of the stratum's name.
    pub stratum: u32,
}

/// A span of a customer's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistorySpan {
    /// Number of the customer.
    pub customer: u32,
    /// The place that it had.
    pub place: HistoryPlace,
    /// As-of of the first cycle, in days since 1970-01-01.
    pub valid_from: i32,
    /// As-of of the first cycle that differs or does not grade the customer; `None` for a span that still holds.
    pub valid_to: Option<i32>,
    /// Number of the first cycle.
    pub first_cycle: u64,
    /// Number of the last cycle.
    pub last_cycle: u64,
}

/// The histories of all customers of several cycles.
#[derive(Debug, Default)]
pub struct TierHistory {
    /// The customers, in the order in which they first came.
    pub customers: KeyIndex,
    /// The names of strata.
    pub strata: Vec<String>,
    /// The spans that have ended; after [`Self::finish`], all spans.
    pub spans: Vec<HistorySpan>,
    /// By customer: the span that still holds.
    open: Vec<Option<HistorySpan>>,
    /// The customer that was added last. Within a cycle customers come in the order of ids, so the next one is likely near.
    last: NearKey,
    cycle: Option<AddedCycle>,
}

/// The cycle that is being added.
#[derive(Clone, Copy, Debug)]
struct AddedCycle {
    number: u64,
    as_of: i32,
}

impl TierHistory {
    /// Begins the next cycle: those before it have earlier as-ofs.
    pub fn begin_cycle(&mut self, number: u64, as_of: i32) {
        self.end_cycle();
        self.cycle = Some(AddedCycle { number, as_of });
    }

    /// The number of a stratum's name.
    pub fn stratum(&mut self, name: &str) -> u32 {
        let known = self.strata.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.strata.push(name.to_owned());
            self.strata.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Adds a customer of the cycle that was begun.
    pub fn add(&mut self, id: &str, place: HistoryPlace) {
        let Some(AddedCycle { number, as_of }) = self.cycle else { return };
        let known = self.customers.get_near(id, &mut self.last);
        let customer = known.unwrap_or_else(|| self.customers.insert(id));
        let at = crate::index::index(customer);
        if self.open.len() <= at {
            self.open.resize(at + 1, None);
        }
        let open = &mut self.open[at];
        match open {
            Some(span) if span.place == place => span.last_cycle = number,
            _ => {
                self.spans.extend(open.take().map(|span| HistorySpan { valid_to: Some(as_of), ..span }));
                let (valid_from, valid_to) = (as_of, None);
                *open = Some(HistorySpan {
                    customer,
                    place,
                    valid_from,
                    valid_to,
                    first_cycle: number,
                    last_cycle: number,
                });
            }
        }
    }

    /// Ends the spans of customers whom the cycle does not grade.
    fn end_cycle(&mut self) {
        let Some(AddedCycle { number, as_of }) = self.cycle.take() else { return };
        for open in &mut self.open {
            if let Some(span) = open.take_if(|span| span.last_cycle != number) {
                self.spans.push(HistorySpan { valid_to: Some(as_of), ..span });
            }
        }
    }

    /// All spans, by customer id and first day.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.end_cycle();
        self.spans.extend(self.open.drain(..).flatten());
        let customers = &self.customers;
        let mut order: Vec<u32> = (0..u32::try_from(customers.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by_key(|&customer| customers.key(customer));
        let mut place = vec![0u32; order.len()];
        for (rank, customer) in (0u32..).zip(order) {
            place[crate::index::index(customer)] = rank;
        }
        self.spans.sort_unstable_by_key(|span| (place[crate::index::index(span.customer)], span.valid_from));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(tier: Tier) -> HistoryPlace {
        HistoryPlace { tier, provisional: false, stratum: 0 }
    }

    /// Each span as `id from to first last`.
    fn spans(history: &TierHistory) -> Vec<String> {
        let spans = history.spans.iter().map(|span| {
            let id = history.customers.key(span.customer);
            let HistorySpan { valid_from, valid_to, first_cycle, last_cycle, .. } = span;
            format!("{id} {valid_from} {valid_to:?} {first_cycle} {last_cycle}")
        });
        spans.collect()
    }

    #[test]
    fn a_span_lasts_while_the_place_stays_and_ends_at_the_first_cycle_where_it_differs_or_is_absent() {
        let mut history = TierHistory::default();
        assert_eq!((history.stratum("all"), history.stratum("other"), history.stratum("all")), (0, 1, 0));
        history.begin_cycle(1, 10);
        history.add("b", place(Tier::Special));
        history.add("c", place(Tier::Grade2));
        history.begin_cycle(4, 20);
        history.add("a", place(Tier::Grade3));
        history.add("b", place(Tier::Special));
        history.begin_cycle(7, 30);
        history.add("b", HistoryPlace { provisional: true, ..place(Tier::Special) });
        history.add("c", place(Tier::Grade2));
        assert_eq!(
            spans(&history.finish()),
            ["a 20 Some(30) 4 4", "b 10 Some(30) 1 4", "b 30 None 7 7", "c 10 Some(20) 1 1", "c 30 None 7 7",]
        );
    }

    #[test]
    fn without_cycles_there_is_no_history() {
        assert_eq!(TierHistory::default().finish().spans, []);
    }
}
